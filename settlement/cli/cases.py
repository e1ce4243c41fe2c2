"""``settlement test``: the managers' cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from settlement.cli.talk import (
    FAULT,
    GOOD,
    RULE_PROBLEM,
    RULES,
    Json,
    app,
    print_json,
    problem_json,
    say,
    show_problems,
)
from settlement.run.told import counted


@app.command("test")
def run_tests(
    folder: Annotated[Path, typer.Argument(help="Folder with rule files and their cases.")] = RULES,
    as_json: Json = False,
) -> None:
    """Runs the managers' cases: each through the same code as the monthly run."""
    from settlement.decisions.engine import Engine
    from settlement.rules.cases import read_cases
    from settlement.rules.reader import read_rulebook
    from settlement.run.cases import run_case

    if not folder.is_dir():
        raise typer.BadParameter(f"There is no folder {folder}. Give the one with the rule files and their cases: settlement test rules")
    rulebook, problems = read_rulebook(folder)
    cases, case_problems = read_cases(folder, rulebook)
    problems = [*problems, *case_problems]
    with Engine() as engine:
        outcomes = [run_case(case, rulebook, engine) for case in cases]
    failed = [one for one in outcomes if not one.holds]
    code = RULE_PROBLEM if problems else FAULT if failed else GOOD
    if as_json:
        print_json(
            {
                "cases": [
                    {
                        "contract": one.case.contract, "name": one.case.name, "place": str(one.case.place), "holds": one.holds,
                        "misses": [{"what": m.what, "expected": m.expected, "came": m.came} for m in one.misses],
                        "trace": one.trace,
                    }
                    for one in outcomes
                ],
                "problems": [problem_json(one) for one in problems],
                "exit_code": code,
            }
        )  # fmt: skip
        raise typer.Exit(code)
    show_problems(problems)
    for one in outcomes:
        say(f"{'holds' if one.holds else 'FAILS'}  {one.case.contract}  {one.case.name}")
        if not one.holds:
            say(f"       {one.case.place}")
            for miss in one.misses:
                say(f"       {miss.what}: expected {miss.expected}, came out {miss.came}")
            say("       the terms that bit, in order:")
            for told in one.trace:
                say(f"         {told}")
    if not cases and not problems:
        say(f"There are no cases in {folder}. A case stands in a file beside its contract: de-linde.cases.yaml")
    say(f"\n{len(cases) - len(failed)} of {counted(len(cases), 'case')} {'holds' if len(cases) - len(failed) == 1 else 'hold'}." + (f" {counted(len(problems), 'problem')} in the files." if problems else ""))
    raise typer.Exit(code)
