"""``settlement schedule``: the monthly service."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from settlement.cli.talk import INPUTS, OUTPUTS, RULES, Inputs, Outputs, Rules, app, now, say, workspace_of


@app.command()
def schedule(
    rules: Rules = RULES,
    inputs: Inputs = INPUTS,
    outputs: Outputs = OUTPUTS,
    once: Annotated[bool, typer.Option("--once", help="Settle what is due now, and stop.")] = False,
) -> None:
    """Runs the month by itself: a service that settles each month as a draft when it comes due."""
    from settlement.run.service import serve_months

    def log(text: str) -> None:
        say(f"{now():%Y-%m-%d %H:%M:%S}  {text}")
        sys.stdout.flush()

    serve_months(workspace_of(rules, inputs, outputs), log, now, once=once)
