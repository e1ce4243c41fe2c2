"""``settlement schedule``: the monthly service."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from settlement.cli.talk import INPUTS, OUTPUTS, RULES, Inputs, Json, Outputs, Rules, app, now, say, workspace_of


@app.command()
def schedule(
    rules: Rules = RULES,
    inputs: Inputs = INPUTS,
    outputs: Outputs = OUTPUTS,
    once: Annotated[bool, typer.Option("--once", help="Settle what is due now, and stop.")] = False,
    as_json: Json = False,
) -> None:
    """Runs the month by itself: a service that settles each month as a draft when it comes due.

    With --json each line of its log is a JSON object.
    """
    from settlement.run.service import serve_months

    def log(text: str) -> None:
        at = now()
        line = json.dumps({"at": at.isoformat(timespec="seconds"), "told": text}, ensure_ascii=False)
        say(line if as_json else f"{at:%Y-%m-%d %H:%M:%S}  {text}", at_once=True)

    serve_months(workspace_of(rules, inputs, outputs), log, now, once=once)
