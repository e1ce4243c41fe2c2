"""``settlement doctor``: what is missing on this machine."""

from __future__ import annotations

import typer

from settlement.cli.talk import (
    GOOD,
    INPUTS,
    OUTPUTS,
    RULES,
    WRONG_USE,
    Inputs,
    Json,
    Outputs,
    Rules,
    app,
    print_json,
    say,
    workspace_of,
)


@app.command()
def doctor(rules: Rules = RULES, inputs: Inputs = INPUTS, outputs: Outputs = OUTPUTS, as_json: Json = False) -> None:
    """Tells what is missing on this machine to settle a month; changes nothing."""
    import dataclasses

    from settlement.run.doctor import examine

    found = examine(workspace_of(rules, inputs, outputs))
    missing = [one for one in found if one.state == "missing"]
    code = WRONG_USE if missing else GOOD
    if as_json:
        print_json({"findings": [dataclasses.asdict(one) for one in found], "exit_code": code})
        raise typer.Exit(code)
    for one in found:
        say(f"{one.state:9}  {one.name:12}  {one.told}")
        if one.help:
            say(f"{'':9}  {'':12}  {one.help}")
    attention = sum(1 for one in found if one.state == "attention")
    say(f"\n{'Months can be settled here' if not missing else 'Before a month can be settled here, mend what is missing'}"
        + (f"; {attention} to look at." if attention else "."))  # fmt: skip
    raise typer.Exit(code)
