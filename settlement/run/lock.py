"""One run per workspace: a lock that the operating system holds, and a note that tells who has it since when.

The operating system releases the lock when its holder ends, however it ends; the note is only for people.
"""

from __future__ import annotations

import datetime as dt
import errno
import getpass
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from settlement.run.blocked import Blocked
from settlement.run.outbox import advice

LOCK_FILE = ".lock"
_NOTE_BYTES = 4096
_NOTE_ATTEMPTS = 60
_NOTE_PAUSE_SECONDS = 0.025


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a workspace, as its own process wrote it down."""

    user: str
    host: str
    pid: int
    command: str
    since: dt.datetime

    def __str__(self) -> str:
        return (
            f"{self.user} on {self.host} (process {self.pid}, 'settlement {self.command}'), "
            f"since {self.since:%Y-%m-%d %H:%M:%S %Z}".rstrip()
        )

    def killed(self) -> str:
        """What is said of a holder that ended without letting go."""
        return f"The last command here was cut off before its end: {self}. What it had begun is finished or undone first."

    def note(self) -> str:
        """As it is written down."""
        return json.dumps(asdict(self) | {"since": self.since.isoformat()}, ensure_ascii=False)

    @classmethod
    def read(cls, note: str | bytes) -> Holder | None:
        """As it was written down; ``None`` when that cannot be read."""
        try:
            read = json.loads(note)
            return cls(
                str(read["user"]),
                str(read["host"]),
                int(read["pid"]),
                str(read["command"]),
                dt.datetime.fromisoformat(read["since"]),
            )
        except (ValueError, KeyError, TypeError):
            return None


class WorkspaceBusy(Blocked):
    """Another run holds the workspace: its outputs, or its ledger on a server."""

    def __init__(self, held: Path | str, holder: Holder | None) -> None:
        who = str(holder) if holder else "another run that has just started"
        super().__init__(
            f"{held} is in use by {who}.",
            "Nothing was done. Wait until it has finished, then give the command again.",
        )
        self.holder = holder
        """``None`` when the holder had not yet written its note."""


@dataclass(frozen=True, slots=True)
class Held:
    """The workspace is ours until the ``with`` block ends."""

    holder: Holder
    left_by: Holder | None
    """A run that held the workspace before and ended without letting go: it was killed, or the machine stopped."""


@contextmanager
def hold(outputs: Path, *, command: str, now: dt.datetime) -> Iterator[Held]:
    """Holds the workspace of an outputs folder, which is made if needed.

    ``command`` is what the user gave (``run --period 2018-03``) and ``now`` an aware moment: both are shown to
    whoever comes second. Raises ``WorkspaceBusy`` at once when another process or thread holds it, and ``Blocked``
    when the folder cannot be written to.
    """
    path = outputs / LOCK_FILE
    try:
        outputs.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags, 0o666)
    except OSError as error:
        allowed = f"Make sure that {outputs} is a folder in which you may write, or name another one with --outputs."
        told = advice(path, error) if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO} else allowed
        raise Blocked(f"{path} cannot be written: {error.strerror or error}.", told) from error
    owner = os.getpid()
    try:
        with closed_in_children(descriptor):
            if not _lock(descriptor):
                raise WorkspaceBusy(outputs, _read_living_note(descriptor))
            left_by = _read_note(descriptor)
            holder = Holder(_user(), socket.gethostname(), owner, command, now)
            _write_note(descriptor, holder.note())
            try:
                yield Held(holder, left_by)
            finally:
                if os.getpid() == owner:
                    _write_note(descriptor, "")
                    _unlock(descriptor)
    finally:
        if os.getpid() == owner:
            os.close(descriptor)


@contextmanager
def closed_in_children(descriptor: int) -> Iterator[None]:
    """A forked child closes its copy of this descriptor, or it would keep the lock of a parent that was killed."""
    _inherited.add(descriptor)
    try:
        yield
    finally:
        _inherited.discard(descriptor)


_inherited: set[int] = set()
"""Descriptors of locks."""


def _close_inherited() -> None:
    for descriptor in _inherited:
        with suppress(OSError):
            os.close(descriptor)
    _inherited.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_inherited)


if sys.platform == "win32":  # pragma: no cover - the suite runs on Linux
    import msvcrt

    # Windows locks bytes, and nobody else may read them: one byte far behind the note is locked.
    _LOCKED_BYTE = 1 << 30

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, ImportError, OSError):  # a service account without a name
        return "unknown"


def _write_note(descriptor: int, text: str) -> None:
    # A full disk leaves the note empty and the lock as good as ever.
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, text.encode())


def _read_note(descriptor: int) -> Holder | None:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        return Holder.read(os.read(descriptor, _NOTE_BYTES))
    except OSError:
        return None


def _read_living_note(descriptor: int) -> Holder | None:
    """The note of who holds it now; between taking the lock and writing, the one of a killed run may stand there."""
    for _ in range(_NOTE_ATTEMPTS):
        holder = _read_note(descriptor)
        if holder is not None and (holder.host != socket.gethostname() or _is_alive(holder.pid)):
            return holder
        time.sleep(_NOTE_PAUSE_SECONDS)
    return None


def _is_alive(pid: int) -> bool:
    if os.name == "nt":  # pragma: no cover - os.kill would end the process there
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
