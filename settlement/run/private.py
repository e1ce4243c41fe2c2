"""Private folders: what a command holds for a moment, for its owner alone, and which the next command clears away.

Copied deliveries and half-written workbooks hold clients: in the system's own temporary folder a killed run would leave
them for good. In the staging folder it does not.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from settlement.run.outbox import OutputsBlocked


@contextmanager
def private_folder(beside: Path | None) -> Iterator[Path]:
    """A folder that is gone afterwards, in ``beside`` (which is made, and goes too when it is empty), else among the
    system's temporary files. Raises ``OutputsBlocked`` when it cannot be made; that it cannot be removed stops nothing."""
    where = beside or Path(tempfile.gettempdir())
    try:
        where.mkdir(parents=True, exist_ok=True)
        made = tempfile.TemporaryDirectory(prefix="private-", dir=where, ignore_cleanup_errors=True)
    except OSError as error:
        raise OutputsBlocked(where, error, "Nothing was changed.") from error
    try:
        with made as private:
            yield Path(private)
    finally:
        if beside is not None:
            with suppress(OSError):
                beside.rmdir()


@contextmanager
def working_room(beside: Path) -> Iterator[None]:
    """Within it every temporary file of this process stands in a private folder: whole sheets are written to them.

    Raises ``OutputsBlocked`` when one cannot be written.
    """
    before = tempfile.tempdir
    with private_folder(beside) as room:
        tempfile.tempdir = str(room)
        try:
            yield
        except OSError as error:
            raise OutputsBlocked(Path(error.filename or room), error, "Nothing was changed.") from error
        finally:
            tempfile.tempdir = before
