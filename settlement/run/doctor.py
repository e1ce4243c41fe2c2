"""What is missing on this machine, before a month finds out: each thing that a run needs, tried once and told in words."""

from __future__ import annotations

import datetime as dt
import importlib
import itertools
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from settlement.run.blocked import Blocked
from settlement.run.ledger_file import OLDEST_SQLITE
from settlement.run.told import counted
from settlement.run.versions import versions
from settlement.run.workspace import Workspace, read_only_ledger

OLDEST_PYTHON, TRIED_UP_TO = (3, 11), (3, 13)
_MODULES = ("durable_rules_engine", "polars", "openpyxl", "yaml", "apscheduler", "jinja2", "stdnum", "holidays")
_SHARES = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "9p", "fuse.sshfs", "fuse.s3fs", "fuse.gvfsd-fuse", "davfs"}
_ROOM_BYTES = 200_000_000
_ROOM_TIMES_INPUTS = 3
"""What a month takes beside its papers: the snapshot, the copies that are staged, and what is kept."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a run needs, and how it stands with it."""

    name: str
    state: Literal["good", "attention", "missing"]
    """``attention``: a run can be done; ``missing``: it cannot, or it cannot be trusted."""
    told: str
    help: str = ""


def examine(workspace: Workspace) -> list[Finding]:
    """Everything that a run needs, in the order in which a run meets it. Leaves nothing behind."""
    asked: tuple[Callable[[Workspace], Finding], ...] = (
        _python, _libraries, _engine, _sqlite, _time_zones, _rules, _inputs, _outputs, _room, _share, _ledger,
    )  # fmt: skip
    return [one(workspace) for one in asked]


def _python(_: Workspace) -> Finding:
    version = sys.version_info[:2]
    told = f"Python {versions()['python']}"
    if version < OLDEST_PYTHON:
        return Finding("Python", "missing", told, "Install Python 3.11, 3.12 or 3.13.")
    if version > TRIED_UP_TO:
        return Finding("Python", "attention", f"{told}: not tried with settlement", "Python 3.11, 3.12 and 3.13 are.")
    return Finding("Python", "good", told)


_INSTALL = "Install again: CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject pip install -c constraints.txt -e ."


def _libraries(_: Workspace) -> Finding:
    wrong = []
    for name in _MODULES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            wrong.append(f"{name} ({error})")
    if wrong:
        return Finding("libraries", "missing", f"cannot be imported: {'; '.join(wrong)}", _INSTALL)
    return Finding("libraries", "good", ", ".join(f"{name} {versions()[name]}" for name in ("durable-rules", "polars", "openpyxl")))


def _engine(_: Workspace) -> Finding:
    """Ceilings around every edge, judged by the engine and by the second evaluation, and by what is known of them."""
    try:
        from settlement.decisions.ask import ask_ceiling
        from settlement.decisions.engine import Engine
        from settlement.decisions.judge import judge
        from settlement.domain.contract import Ceiling, Dated
        from settlement.domain.periods import Month
        from settlement.domain.problems import Place
        from settlement.domain.records import PositionKey

        key = PositionKey("SELF-TEST", None, 2018, Month(2018, 1))
        term = Ceiling(article="1", place=Place("self-test"), signal_at_bp=(7000, 9000), amounts=Dated(()))
        limits = (100, 99_999_999, 2**40)
        edges = [(limit, filled) for limit in limits for filled in _around(limit)]
        with Engine() as engine:
            answers = judge(engine, [ask_ceiling(key, term, 0, filled, limit) for limit, filled in edges])
        for (limit, filled), answer in zip(edges, answers, strict=True):
            if ("cut" in answer.outcomes) != (filled > limit) or ("reached" in answer.outcomes) != (filled >= limit):
                return Finding("rules engine", "missing", f"judges {filled} against {limit} wrongly", _INSTALL)
    except Exception as fault:  # noqa: BLE001 - whatever is wrong with the engine is the answer
        return Finding("rules engine", "missing", f"does not pass its own test ({type(fault).__name__}: {fault})", _INSTALL)
    return Finding("rules engine", "good", f"judges {len(edges)} positions as the second evaluation does")


def _around(limit: int) -> list[int]:
    shares = (0, limit * 7 // 10, limit * 9 // 10, limit)
    return sorted({edge + near for edge, near in itertools.product(shares, (-1, 0, 1)) if edge + near >= 0})


def _sqlite(_: Workspace) -> Finding:
    told = f"SQLite {sqlite3.sqlite_version}"
    update = "Install Python 3.11 or later from python.org, or a newer version of your system."
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        return Finding("SQLite", "missing", f"{told}: the ledger needs 3.37 or later", update)
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE TABLE one (cents INTEGER NOT NULL) STRICT")
            try:
                connection.execute("INSERT INTO one VALUES ('0.6')")
            except sqlite3.IntegrityError:
                return Finding("SQLite", "good", told)
    except sqlite3.Error as error:
        return Finding("SQLite", "missing", f"{told}: {error}", update)
    return Finding("SQLite", "missing", f"{told}: takes text for an amount", update)


def _time_zones(_: Workspace) -> Finding:
    try:
        zone = ZoneInfo("Europe/Amsterdam")
    except (ZoneInfoNotFoundError, OSError):
        return Finding("time zones", "missing", "Europe/Amsterdam is not known here", "pip install tzdata")
    hours = [dt.datetime(2018, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)]
    if hours != [dt.timedelta(hours=1), dt.timedelta(hours=2)]:
        return Finding("time zones", "missing", "Europe/Amsterdam has another summer time here", "pip install --upgrade tzdata")
    return Finding("time zones", "good", "Europe/Amsterdam")


def _rules(workspace: Workspace) -> Finding:
    from settlement.rules.reader import read_rulebook

    rulebook, problems = read_rulebook(workspace.rules)
    check = f"settlement check --rules {workspace.rules}"
    if not rulebook.contracts:
        first = str(problems[0]).splitlines()[0] if problems else f"{workspace.rules} holds no contract"
        return Finding("rules", "missing", first, f"See what is wrong: {check}" if problems else "Name the folder with --rules.")
    told = f"{counted(len(rulebook.contracts), 'contract')} of {rulebook.organisation.name}"
    if problems:
        return Finding("rules", "attention", f"{told}; {counted(len(problems), 'problem')}", f"See them: {check}")
    return Finding("rules", "good", told)


def _inputs(workspace: Workspace) -> Finding:
    from settlement.run.checking import delivered_months

    if not workspace.inputs.is_dir():
        return Finding("deliveries", "missing", f"there is no folder {workspace.inputs}", "Make it, or name another with --inputs.")
    try:
        months = sorted(map(str, delivered_months(workspace.inputs)))
    except OSError as error:
        return Finding("deliveries", "missing", f"{workspace.inputs} cannot be read: {error.strerror}", "Make sure that you may read it.")
    if not months:
        return Finding("deliveries", "attention", f"{workspace.inputs} has no month yet", f"Put deliveries in {workspace.inputs / '2018-03'}")
    return Finding("deliveries", "good", f"{counted(len(months), 'month')}, {months[0]} up to {months[-1]}")


def _existing(path: Path) -> Path:
    """The folder itself, or the nearest above it that there is."""
    whole = path.absolute()
    return next(folder for folder in (whole, *whole.parents) if folder.exists())


def _outputs(workspace: Workspace) -> Finding:
    at = _existing(workspace.outputs)
    help_ = f"Make {at} a folder in which you may write, or name another with --outputs."
    if not at.is_dir():
        return Finding("outputs", "missing", f"{at} is no folder", help_)
    if at != workspace.outputs.absolute():
        able = os.access(at, os.W_OK | os.X_OK)
        told = f"{workspace.outputs} is not there yet and {'can' if able else 'cannot'} be made"
        return Finding("outputs", "good" if able else "missing", told, "" if able else help_)
    try:
        # All that publishing asks of a disk: write, make certain, rename.
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=at) as folder:
            part = Path(folder) / "part"
            with part.open("wb") as file:
                file.write(b"tried")
                file.flush()
                os.fsync(file.fileno())
            part.replace(Path(folder) / "whole")
    except OSError as error:
        return Finding("outputs", "missing", f"nothing can be written in {at}: {error.strerror or error}", help_)
    return Finding("outputs", "good", f"{workspace.outputs} can be written")


def _room(workspace: Workspace) -> Finding:
    at = _existing(workspace.outputs)
    free = shutil.disk_usage(at).free
    delivered = sum(path.stat().st_size for path in workspace.inputs.rglob("*") if path.is_file()) if workspace.inputs.is_dir() else 0
    wanted = _ROOM_BYTES + _ROOM_TIMES_INPUTS * delivered
    told = f"{free // 1_000_000:,} MB free at {at}".replace(",", ".")
    if free < wanted:
        return Finding("disk", "attention", f"{told}; a run takes up to {wanted // 1_000_000} MB", "Make room, or name another folder with --outputs.")
    return Finding("disk", "good", told)


def _share(workspace: Workspace) -> Finding:
    at = _existing(workspace.outputs).resolve()
    kind = _file_system(at)
    if kind is None:
        return Finding("place", "attention", f"whether {at} lies on a network share is not known here", "The ledger must lie on a disk of this machine.")
    if kind in _SHARES:
        return Finding(
            "place", "missing", f"{at} lies on a network share ({kind}), where SQLite can lose what it wrote",
            "Name a folder on a disk of this machine with --outputs, and copy the papers from there.",
        )  # fmt: skip
    return Finding("place", "good", f"{at} lies on a disk of this machine ({kind})")


def _file_system(at: Path, mounts: Path = Path("/proc/mounts")) -> str | None:
    """The kind of file system of a path; ``None`` where the system does not tell."""
    if sys.platform == "win32":  # pragma: no cover - the suite runs on Linux
        import ctypes

        remote = 4
        return "smb3" if at.drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(at.anchor) == remote else "disk"
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    found: tuple[int, str] | None = None
    for where, kind in _mounted(lines):
        if at.is_relative_to(where) and (found is None or len(where.parts) >= found[0]):
            found = len(where.parts), kind
    return found[1] if found else None


def _mounted(lines: list[str]) -> Iterator[tuple[Path, str]]:
    for line in lines:
        _, where, kind, *_ = [*line.split(" "), "", "", ""]
        # Spaces in a path are written as \040 there.
        yield Path(where.encode("latin-1", "replace").decode("unicode_escape") if "\\" in where else where), kind


def _ledger(workspace: Workspace) -> Finding:
    try:
        address = workspace.ledger
        if isinstance(address, Path) and not address.exists():
            return Finding("ledger", "good", "none yet; the first approval makes it")
        with read_only_ledger(workspace, address) as ledger:
            faults = ledger.verify()
            runs = len(ledger.runs()) if not faults else 0
    except Blocked as blocked:
        return Finding("ledger", "missing", blocked.message, blocked.help)
    if faults:
        return Finding("ledger", "missing", faults[0].message, faults[0].help)
    return Finding("ledger", "good", f"whole: {counted(runs, 'run')}")
