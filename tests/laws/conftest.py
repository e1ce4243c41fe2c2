"""Adds up what occurred in the histories of a campaign, whichever process lived through them, and prints the table."""

import json
from collections import Counter


def pytest_terminal_summary(terminalreporter):
    seen: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties if report.when == "call" else ():
                if name == "occurred":
                    seen.update(json.loads(value))
    if not seen:
        return
    from histories import MUST_OCCUR, table

    terminalreporter.section(f"{seen['history']} histories")
    terminalreporter.write_line(table(seen))
    nought = [name for name in MUST_OCCUR if not seen[name]]
    terminalreporter.write_line(f"\nnot once: {', '.join(nought)}" if nought else "\nevery row occurred")
