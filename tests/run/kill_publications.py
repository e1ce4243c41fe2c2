"""Kills a publication at every operation on the file system, and its recovery too; prints what was seen as JSON.

Run by test_outbox.py in a process of its own: it forks, which a process with threads must not do.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from disturbance import disturbed, kill

from settlement.run.outbox import finish_pending, stage

OLD = {"a.xlsx": b"old a", "deep/b.xlsx": b"old b", "gone/c.xlsx": b"old c", "run.json": b"{}"}
NEW = {"a.xlsx": b"new a", "deep/b.xlsx": b"old b", "fresh/d.xlsx": b"new d", "run.json": b"{ }"}
OFFICE = {"notes.docx": b"the office's own", "gone/remarks.txt": b"too"}


def contents(outputs: Path) -> dict[str, bytes]:
    """Every file but ledger and staging, with its bytes."""
    return {
        path.relative_to(outputs).as_posix(): path.read_bytes()
        for path in sorted(outputs.rglob("*"))
        if path.is_file() and ".staging" not in path.parts and path.name != "recorded"
    }


def prepare(outputs: Path) -> None:
    """A folder with a published draft and files of the office."""
    shutil.rmtree(outputs, ignore_errors=True)
    template = outputs.with_name(f"{outputs.name} before")
    if not template.exists():
        stage(template, "2018-03", OLD).publish()
        for name, content in OFFICE.items():
            (template / "2018-03" / name).write_bytes(content)
    shutil.copytree(template, outputs)


def draft(outputs: Path) -> None:
    """Replaces the draft."""
    stage(outputs, "2018-03", NEW).publish()


def final(outputs: Path) -> None:
    """Replaces it by a final one, in the order of the protocol: stage, record, publish."""
    staged = stage(outputs, "2018-03", NEW, awaits="the run")
    (outputs / "recorded").write_text("the ledger's one transaction")
    staged.publish()


def recover(outputs: Path) -> None:
    """What every command does first."""
    finish_pending(outputs, lambda run: run == "the run" and (outputs / "recorded").exists())


def in_child(work: Callable[[], None]) -> bool:
    """Whether it was killed."""
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 0, "the child failed"
    return os.WIFSIGNALED(status)


def killed_at(at: int, work: Callable[[Path], None], outputs: Path) -> bool:
    """Runs it in a child that is killed at this operation; whether it got that far."""

    def disturbed_work() -> None:
        with disturbed(at, kill):
            work(outputs)

    return in_child(disturbed_work)


def campaign(folder: Path, recovery_every: int) -> dict[str, int]:
    """Kills at every point; every ``recovery_every``-th one also at every point of its recovery."""
    outputs = folder / "outputs"
    prepare(outputs)
    before = contents(outputs)
    draft(outputs)
    after = contents(outputs)
    seen: Counter[str] = Counter()
    for name, work in (("draft", draft), ("final", final)):
        at = 1
        while True:
            prepare(outputs)
            if not killed_at(at, work, outputs):
                break
            recover(outputs)
            found = contents(outputs)
            which = "new" if found == after else "old" if found == before else "torn"
            seen[f"{name} {which}"] += 1
            if work is final and (which == "new") != (outputs / "recorded").exists():
                seen["final not as recorded"] += 1
            if (outputs / ".staging").exists():
                seen["left in staging"] += 1
            (outputs / "recorded").unlink(missing_ok=True)
            if at % 5 == 0:
                draft(outputs)
                seen["repeated wrongly"] += contents(outputs) != after
            if at % recovery_every == 0:
                again = 1
                while True:
                    prepare(outputs)
                    killed_at(at, work, outputs)
                    recovering = killed_at(again, recover, outputs)
                    recover(outputs)
                    if not recovering:
                        break
                    seen["recovery torn"] += contents(outputs) != (after if which == "new" else before)
                    seen["recovery killed"] += 1
                    again += 1
            at += 1
    return dict(seen)


if __name__ == "__main__":
    print(json.dumps(campaign(Path(sys.argv[1]), int(sys.argv[2]))))  # noqa: T201
