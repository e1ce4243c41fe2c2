"""Kills, fills the disk of, and breaks a run and an approval at every operation on the file system; prints what was seen.

A process of its own, with the disturber loaded: it has imported everything and computed nothing, so that each command
is a fork of it that goes through the real command line, with only the clock fixed. Started by test_killed_anywhere.py.

Each time: the outputs as they were, the command disturbed at one operation, then the same command again, undisturbed.
Then everything below the outputs must be, byte for byte, what it is when nothing is disturbed: it is never told which
files those are. What the first attempt said and left behind is held to what it may say and leave.
"""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import shim
from remembered import remember
from six_providers import FEBRUARY, JANUARY, write_office

from settlement import cli
from settlement.run.blocked import Blocked
from settlement.run.ledger import Ledger
from settlement.run.ledger_file import open_readable

NOW = dt.datetime(2018, 3, 9, 6, tzinfo=dt.UTC)
HOWS = {"kill": 0, "full": errno.ENOSPC, "once": errno.EIO, "broken": errno.EIO}
"""A kill; a full disk; an input/output error, once or from then on."""
LEDGER = "ledger.sqlite"
RUN_JANUARY, RUN_FEBRUARY = ["run", "--period", JANUARY], ["run", "--period", FEBRUARY]
APPROVE_JANUARY, APPROVE_FEBRUARY = (["approve", "--period", month, "--by", "A. de Vries"] for month in (JANUARY, FEBRUARY))
APPROVE_AS_WELL = ["approve", "--period", JANUARY, "--by", "B. Jansen"]

State = dict[str, bytes | str]


@dataclass(frozen=True)
class Answer:
    """How a command ended: its exit code, ``None`` when it was killed, and what it said."""

    code: int | None
    out: str
    err: str
    operations: tuple[str, ...]


@dataclass
class Office:
    """A workspace, its commands, and its outputs as they stood at some moment."""

    folder: Path
    seen: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    said: Counter[str] = field(default_factory=Counter)

    @property
    def outputs(self) -> Path:
        return self.folder / "outputs"

    def give(self, words: list[str], at: int = 0, how: str = "kill") -> Answer:
        """Gives a command in a fork of this process, disturbed at an operation (0: at none)."""
        out, err, log = (self.folder / name for name in ("said.out", "said.err", "operations"))
        for path in (out, err, log):
            path.unlink(missing_ok=True)
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                for number, path in ((1, out), (2, err)):
                    os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666), number)
                os.chdir(self.folder)
                (self.folder / "tmp").mkdir(exist_ok=True)
                tempfile.tempdir = str(self.folder / "tmp")
                sys.argv = ["settlement", *words]
                cli.run.now = lambda: NOW
                shim.arm([self.outputs, self.folder / "tmp"], at, how, HOWS[how], log=os.open(log, os.O_WRONLY | os.O_CREAT, 0o666))
                cli.main()
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        return Answer(
            os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"), tuple(log.read_text().splitlines()),
        )  # fmt: skip

    def state(self) -> State:
        """All that stands below the outputs: every name with its bytes; the ledger by its records, and whether it is whole."""
        found: State = {}
        for path in sorted(self.outputs.rglob("*")):
            name = path.relative_to(self.outputs).as_posix()
            if name == LEDGER or name.startswith(f"{LEDGER}-"):
                continue
            found[name] = "folder" if path.is_dir() else path.read_bytes()
        ledger = self.outputs / LEDGER
        if ledger.exists():
            try:
                with closing(open_readable(ledger)) as home:
                    book = Ledger(home, writable=False)
                    found["whole"] = "; ".join(map(str, book.verify()))
                    if book.runs():
                        found["records"] = "\n".join(home.connection.iterdump())
            except Blocked as blocked:
                found["whole"] = str(blocked)
        return found

    def put_back(self, kept: Path) -> None:
        """The outputs as they were kept; none when they were not there."""
        shutil.rmtree(self.outputs, ignore_errors=True)
        if kept.exists():
            shutil.copytree(kept, self.outputs)

    def keep(self, kept: Path) -> None:
        shutil.rmtree(kept, ignore_errors=True)
        if self.outputs.exists():
            shutil.copytree(self.outputs, kept)


def published(state: State) -> State:
    """Without the staging folder, the lock and files in the making, which are nobody's but the next command's."""
    return {
        name: content
        for name, content in state.items()
        if name.split("/")[0] not in (".staging", ".lock") and not (name.endswith(".part") and name.rpartition("/")[2].startswith("."))
    }


def scenes(folder: Path) -> Iterator[tuple[str, Office, list[str], int]]:
    """A command, the office in which it is given (its outputs are as they were before it), and at one in how many of the
    wanted operations it is disturbed: less often where another scene does the same and more."""
    office = Office(folder / "office")
    write_office(office.folder)
    yield "first run", office, RUN_JANUARY, 5
    done(office, RUN_JANUARY)
    yield "first approval", office, APPROVE_JANUARY, 5
    done(office, APPROVE_JANUARY)
    # A draft of February with a contract more and another tariff: it is replaced, and one of its papers goes.
    extra = office.folder / "rules" / "g-1.yaml"
    tariff = office.folder / "rules" / "a-1.yaml"
    agreed = tariff.read_text(encoding="utf-8")
    extra.write_text(agreed.replace("A-1", "G-1"), encoding="utf-8")
    tariff.write_text(agreed.replace("€ 60,00", "€ 61,00"), encoding="utf-8")
    done(office, RUN_FEBRUARY, 4)
    extra.unlink()
    tariff.write_text(agreed, encoding="utf-8")
    (office.outputs / FEBRUARY / "notes.txt").write_text("the office's own", encoding="utf-8")
    yield "run again", office, RUN_FEBRUARY, 1
    done(office, RUN_FEBRUARY)
    yield "next approval", office, APPROVE_FEBRUARY, 1
    careful = Office(folder / "careful")
    write_office(careful.folder, approval="two persons")
    done(careful, RUN_JANUARY)
    yield "first of two approvals", careful, APPROVE_JANUARY, 1
    done(careful, APPROVE_JANUARY)
    yield "second of two approvals", careful, APPROVE_AS_WELL, 1


def done(office: Office, words: list[str], code: int = 0) -> None:
    """Gives a command that nothing disturbs."""
    answer = office.give(words)
    assert answer.code == code, answer.err


def play(name: str, office: Office, words: list[str], wanted: dict[str, int], phase: int) -> None:
    """Disturbs a command at every operation, in each of the ways: at each so-manieth point, beginning at ``phase``."""
    kept = office.folder / "kept"
    office.keep(kept)
    before = published(office.state()) if office.outputs.exists() else {}
    done(office, words)  # really computed, and remembered
    office.put_back(kept)
    undisturbed = office.give(words)
    after = office.state()
    assert after[".lock"] == b""
    count = len(undisturbed.operations)
    for what, times in Counter(line.split(" ")[1] for line in undisturbed.operations).items():
        office.seen[f"operations of {name}: {what}"] = times
    for how, every in wanted.items():
        for at in range(1 + phase % every, count + 1, every):
            office.put_back(kept)
            first = office.give(words, at, how)
            faults = [*judge(how, first, undisturbed, published(office.state()) if office.outputs.exists() else {}, before, published(after), office)]
            if len(first.operations) < at:
                faults.append("did not come so far")
            again = office.give(words)
            faults += judge_again(words, again, undisturbed, office.state(), after)
            office.seen[f"{name}, {how}: {'killed' if first.code is None else f'exit code {first.code}'}"] += 1
            place = first.operations[at - 1].replace(str(office.folder), "") if len(first.operations) >= at else "nowhere"
            told = [f"{name}, {how} at {at} of {count} ({place}): {fault}" for fault in faults]
            sys.stderr.write("".join(f"{fault}\n" for fault in told))
            office.faults += told
    office.put_back(kept)


def judge(how: str, first: Answer, undisturbed: Answer, found: State, before: State, after: State, office: Office) -> Iterator[str]:
    """What is wrong with how the disturbed command ended, and with what it left."""
    for name in found.keys() | before.keys() | after.keys():
        if found.get(name) not in (before.get(name), after.get(name)):
            yield f"{name} is half written" if name in found else f"{name} is lost"
    if "Traceback" in first.err or "Exception ignored" in first.err or "unexpected fault" in first.err:
        yield f"said: {first.err}"
    if how == "kill":
        if first.code is not None:
            yield f"ended with exit code {first.code}, not by the kill"
        return
    if first.code == undisturbed.code:
        if found != after:
            yield "ended well, and the result is another"
        if first.out != undisturbed.out:
            yield f"ended well, and said: {first.out}"
        return
    if first.code != 2:
        yield f"exit code {first.code}: {first.err}"
    said = "\n".join(line for line in first.err.splitlines() if not re.match(r" *[\d.]+ s  ", line))
    if not re.search("No space left|disk is full|nput/output error|disk I/O error|unable to open database file|readonly database", said):
        yield f"does not say what is the matter: {said}"
    if "then" not in said:
        yield f"does not say what to do: {said}"
    if re.search("Nothing was (changed|done|recorded)", said) and found != before:
        yield f"says that nothing was changed, and it was: {said}"
    office.said[re.sub(r"(/|snapshot-|\.ledger\.sqlite\.)[^ :,]*", "…", said.strip())] += 1


def judge_again(words: list[str], again: Answer, undisturbed: Answer, found: State, after: State) -> Iterator[str]:
    """What is wrong after the same command was given again."""
    finished = words[0] == "approve" and again.code == 2 and "is final" in again.err
    waits = words[0] == "approve" and again.code == 2 and "has approved 2018-01 already" in again.err
    if again.code != undisturbed.code and not finished and not waits:
        yield f"given again, it ended with exit code {again.code}: {again.err}"
    if "Traceback" in again.err or "unexpected fault" in again.err:
        yield f"given again, it said: {again.err}"
    for name in sorted(found.keys() | after.keys()):
        if found.get(name) != after.get(name):
            yield f"given again, {name} is {'another' if name in found and name in after else 'left over' if name in found else 'lost'}"


def main(folder: Path, wanted: dict[str, int], phase: int, names: list[str]) -> dict[str, object]:
    """Plays every scene (or those named); what was seen, said and wrong."""
    remember(folder / "remembered")
    seen: Counter[str] = Counter()
    faults: list[str] = []
    said: Counter[str] = Counter()
    for name, office, words, coarser in scenes(folder):
        if names and name not in names:
            continue
        play(name, office, words, {how: every * coarser for how, every in wanted.items()}, phase)
        seen.update(office.seen)
        said.update(office.said)
        faults += office.faults
        office.seen.clear()
        office.said.clear()
        office.faults.clear()
        if name == (names or [""])[-1]:
            break
    return {"seen": dict(sorted(seen.items())), "said": dict(said.most_common()), "faults": faults}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]), indent=1))  # noqa: T201
