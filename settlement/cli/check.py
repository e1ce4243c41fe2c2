"""``settlement check``: rule files and deliveries, nothing written."""

from __future__ import annotations

from typing import Annotated

import typer

from settlement.cli.talk import (
    DELIVERY_PROBLEM,
    GOOD,
    INPUTS,
    OUTPUTS,
    RULE_PROBLEM,
    RULES,
    Inputs,
    Json,
    Rules,
    app,
    month_of,
    print_json,
    problem_json,
    progress,
    say,
    show_problems,
    tell,
    workspace_of,
)
from settlement.run.told import counted


@app.command()
def check(
    rules: Rules = RULES, inputs: Inputs = INPUTS, period: Annotated[str, typer.Option(help="Check up to this month; the last that has a folder unless given.")] = "",
    as_json: Json = False,
) -> None:
    """Checks rule files and deliveries; writes nothing."""
    from settlement.run.checking import check_all

    with progress(as_json) as step:
        found = check_all(workspace_of(rules, inputs, OUTPUTS), month_of(period) if period else None, step)
    code = RULE_PROBLEM if found.rule_problems else DELIVERY_PROBLEM if found.delivery_problems or found.refused else GOOD
    if as_json:
        print_json(
            {
                "contracts": found.contracts,
                "rule_problems": [problem_json(one) for one in found.rule_problems],
                "delivery_problems": [problem_json(one) for one in found.delivery_problems],
                "proposed_headings": list(found.proposed),
                "refusals": [{"place": place, "told": told} for place, told in found.refused],
                "exit_code": code,
            }
        )
    else:
        show_problems([*found.rule_problems, *found.delivery_problems])
        for place, told in found.refused:
            tell(f"{place}: {told}")
        for proposal in found.proposed:
            tell(proposal)
        say(
            f"{counted(found.contracts, 'contract')} can be settled; {counted(len(found.rule_problems), 'problem')} in rule files, "
            f"{len(found.delivery_problems)} in deliveries, {counted(len(found.refused), 'refusal')}"
            f"{f' (up to {found.until})' if found.until else ''}."
        )
    raise typer.Exit(code)
