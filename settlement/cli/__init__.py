"""The command line: commands, exit codes, progress; nothing else. Heavy imports happen inside the commands."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from settlement.cli.talk import FAULT, HELD, RULE_PROBLEM, STOPPED, WRONG_USE, app, tell

# Each adds its commands to the app; help shows them in this order.
from settlement.cli import check, run, hold, explain, show, template, cases, ledger, verify, schedule, doctor, key  # isort: skip

__all__ = ["app", "cases", "check", "doctor", "explain", "hold", "key", "ledger", "main", "run", "schedule", "show", "template", "verify"]


def main() -> None:
    """The program: no traceback for what a person can mend."""
    from settlement.run.blocked import Blocked, RulesBlocked
    from settlement.run.stopping import Stopped, stoppable

    for stream in (sys.stdout, sys.stderr):
        # In a language without the euro sign the answer has a question mark for it, and is given all the same.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        with stoppable():
            app()
    except RulesBlocked as blocked:
        tell(str(blocked))
        sys.exit(RULE_PROBLEM)
    except Blocked as blocked:
        tell(str(blocked))
        # What could not be written (a workbook on a full disk) complains once more when it is cleared away: it was told.
        sys.unraisablehook = lambda _: None
        sys.exit(WRONG_USE)
    except Stopped as stopped:
        tell("Stopped. What was under way was not recorded and not published.")
        sys.exit(STOPPED + stopped.number)
    except Exception as error:  # noqa: BLE001 - the last place where a fault can be told in words
        sys.exit(_unexpected(error))


def _unexpected(error: Exception) -> int:
    """Tells a fault that no file of the user's explains: what it is, without a traceback."""
    name = type(error).__name__
    if name == "GateDisagrees":
        tell(f"{error}\nNothing was paid and nothing was written. This is a fault of the program or the machine: report it.")
        return HELD
    if name == "OutOfBalance":
        tell(f"The run does not balance: {error}\nNothing was written. This is a fault of the program: report it.")
        return FAULT
    import os
    import traceback

    if os.environ.get("SETTLEMENT_TRACEBACK"):
        traceback.print_exception(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    # The text of an unexpected fault may hold what was delivered: its kind and place are told, and no client.
    tell(f"An unexpected fault ({name}{place}). Nothing was recorded. Set SETTLEMENT_TRACEBACK=1 to see where it happened.")
    return FAULT
