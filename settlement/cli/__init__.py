"""The command line: commands, exit codes, progress; nothing else. Heavy imports happen inside the commands."""

from __future__ import annotations

import atexit
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from settlement.cli.talk import (
    FAULT,
    GOOD,
    HELD,
    RULE_PROBLEM,
    STOPPED,
    WRONG_USE,
    app,
    flush,
    problem_json,
    say,
    tell,
)  # fmt: skip
from settlement.run.stopping import end_undisturbed

if TYPE_CHECKING:
    from settlement.domain.problems import Problem

# Each adds its commands to the app; help shows them in this order.
from settlement.cli import check, run, hold, explain, show, template, cases, ledger, verify, schedule, doctor, key  # isort: skip

__all__ = ["app", "cases", "check", "doctor", "explain", "hold", "key", "ledger", "main", "run", "schedule", "show", "template", "verify"]


def main() -> None:
    """The program: no traceback for what a person can mend; with ``--json`` an answer that programs read, faults included."""
    for stream in (sys.stdout, sys.stderr):
        # In a language without the euro sign the answer has a question mark for it, and is given all the same.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    atexit.register(end_undisturbed)
    try:
        sys.exit(_give(as_json="--json" in sys.argv[1:]))
    finally:
        flush(sys.stdout)


def _give(*, as_json: bool) -> int:
    """Gives the command that was typed; the exit code. Without ``as_json`` typer itself tells what was typed wrongly, and exits."""
    from settlement.run.blocked import Blocked, RulesBlocked
    from settlement.run.stopping import Stopped, stoppable

    problems: tuple[Problem, ...] = ()
    try:
        with stoppable():
            return int(app(standalone_mode=not as_json) or GOOD)
    except typer.TyperException as wrong:
        told, code = wrong.format_message(), wrong.exit_code
    except RulesBlocked as blocked:
        told, code, problems = str(blocked), RULE_PROBLEM, blocked.problems
    except Blocked as blocked:
        told, code = str(blocked), WRONG_USE
        # What could not be written (a workbook on a full disk) complains once more when it is cleared away: it was told.
        sys.unraisablehook = lambda _: None
    except Stopped as stopped:
        told, code = "Stopped. What was under way was not recorded and not published.", STOPPED + stopped.number
    except Exception as error:  # noqa: BLE001 - the last place where a fault can be told in words
        told, code = _unexpected(error)
    if as_json:
        # On one line, as each line of the service's log is an object of its own.
        say(json.dumps({"error": told, "problems": [problem_json(one) for one in problems], "exit_code": code}, ensure_ascii=False))
    else:
        tell(told)
    return code


def _unexpected(error: Exception) -> tuple[str, int]:
    """A fault that no file of the user's explains: what it is, without a traceback, and the exit code."""
    name = type(error).__name__
    if name == "GateDisagrees":
        return f"{error}\nNothing was paid and nothing was written. This is a fault of the program or the machine: report it.", HELD
    if name == "OutOfBalance":
        return f"The run does not balance: {error}\nNothing was written. This is a fault of the program: report it.", FAULT
    import os
    import traceback

    if os.environ.get("SETTLEMENT_TRACEBACK"):
        traceback.print_exception(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    # The text of an unexpected fault may hold what was delivered: its kind and place are told, and no client.
    return f"An unexpected fault ({name}{place}). Nothing was recorded. Set SETTLEMENT_TRACEBACK=1 to see where it happened.", FAULT
