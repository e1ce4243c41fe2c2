"""Gives several commands at the same moment: a program that has imported everything once, and forks for each command.

It reads rounds from its input, one a line: a JSON list of commands, each a list of words. It answers each with a line: a
JSON list of exit code and what was said, in the same order.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback


def load() -> None:
    """Everything that a run imports; nothing is computed, so that no thread runs that a fork would lose."""
    import settlement.alerts.workbook
    import settlement.decisions.engine
    import settlement.deliveries.gather
    import settlement.run.ledger_server
    import settlement.run.month
    import settlement.settle
    import settlement.statements.compose
    import settlement.statements.workbook  # noqa: F401


def command(words: list[str], go: int, said: int) -> None:
    """In a child: waits for the others, then does as the program does."""
    from settlement import cli

    os.read(go, 1)
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.argv = ["settlement", *words]
    code = 0
    try:
        cli.main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 99
    except BaseException:  # noqa: BLE001 - told to the test
        traceback.print_exc()
        code = 98
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def one_round(commands: list[list[str]]) -> list[tuple[int, str]]:
    go, start = os.pipe()
    children = []
    for words in commands:
        said = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it is read
        child = os.fork()
        if not child:
            os.close(start)
            command(words, go, said.fileno())
        children.append((child, said))
    os.close(go)
    os.close(start)  # all of them go on
    answers = []
    for child, said in children:
        _, status = os.waitpid(child, 0)
        said.seek(0)
        answers.append((os.waitstatus_to_exitcode(status), said.read().decode()))
        said.close()
    return answers


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    load()
    tell("ready")
    for line in sys.stdin:
        tell(json.dumps(one_round(json.loads(line))))
