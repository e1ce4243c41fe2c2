"""The ledger in a file: SQLite. Its tables and laws, how it came from version to version, and how it is opened."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from settlement.run.blocked import Blocked
from settlement.run.ledger_records import GENESIS, RECORDS, TABLES, Address, LedgerDamaged, LedgerRefusal, later_version
from settlement.run.outbox import STAGING, sync_folders

_APPLICATION = 0x5345_544C  # "SETL": marks the file as ours
_BUSY_SECONDS = 5.0
OLDEST_SQLITE = (3, 37, 0)  # the first with STRICT tables


# ---- the tables ------------------------------------------------------------------------------------------


def _table(name: str) -> str:
    return f"CREATE TABLE {name} ({TABLES[name]}) STRICT"


_MOVE_HEAD = "UPDATE head SET records = NEW.position, digest = NEW.digest"


def _refuse(name: str, event: str, law: str) -> str:
    """A trigger by which the database refuses an event, saying the law that it breaks."""
    refusal = f"SELECT RAISE(ABORT, 'append-only: {law}')"
    return f"CREATE TRIGGER {name} BEFORE {event} BEGIN {refusal}; END"


def _append_only(table: str) -> tuple[str, ...]:
    """The triggers of a table of records.

    A record takes the position after the last one, so ``INSERT OR REPLACE`` finds nothing to replace.
    """
    out_of_turn = f"INSERT ON {table} WHEN NEW.position IS NOT (SELECT records + 1 FROM head)"  # noqa: S608 - names are ours
    event = f"AFTER INSERT ON {table}"
    return (
        _refuse(f"{table}_is_not_changed", f"UPDATE ON {table}", f"no {table} is ever changed"),
        _refuse(f"{table}_is_not_deleted", f"DELETE ON {table}", f"no {table} is ever deleted"),
        _refuse(f"{table}_follows_the_last", out_of_turn, f"a {table} follows the last record"),
        f"CREATE TRIGGER {table}_is_the_head {event} BEGIN {_MOVE_HEAD}; END",
    )


_VERSION_1: tuple[str, ...] = (
    # No index besides the row ids: every figure is read from the very bytes that verify() reads.
    _table("head"),
    f"INSERT INTO head (id, records, digest) VALUES (1, 0, '{GENESIS}')",  # noqa: S608 - no text from outside
    _refuse("head_moves_on", "UPDATE ON head WHEN NEW.records IS NOT OLD.records + 1", "the head moves by one record"),
    _refuse("head_is_not_deleted", "DELETE ON head", "the head is never deleted"),
    _refuse("head_is_one", "INSERT ON head", "there is one head"),
    *(_table(kind) for kind in RECORDS),
    _refuse(
        "run_takes_the_next_number",
        "INSERT ON run WHEN NEW.number IS NOT (SELECT count(*) + 1 FROM run)",
        "a run takes the next number",
    ),
    *chain.from_iterable(_append_only(table) for table in RECORDS),
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_VERSION_1,)
"""How a ledger comes from each version to the next; its version is how many of these were done.

Never edited, only added to. A column that is added must allow null: a null is no part of a record's digest, so the
records that are there keep theirs.
"""

_SCHEMA = "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"


# ---- opening ---------------------------------------------------------------------------------------------


class FileHome:
    """A ledger file, open."""

    def __init__(self, connection: sqlite3.Connection, place: Address) -> None:
        self.connection = connection
        self.place = place

    def rows(self, query: str, *values: str | int) -> Iterable[tuple[Any, ...]]:
        """What the database answers."""
        return self.connection.execute(query, values)

    def add(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Carries a statement out once for each row, in order."""
        for row in rows:
            self.connection.execute(statement, row)

    def plainly(self) -> AbstractContextManager[None]:
        """Says what the database and its contents say as what it means for this ledger."""
        return _plainly(self.place)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """All of the block is recorded, or nothing of it."""
        with _transaction(self.connection):
            yield
        # Out of the log into the file itself: a copy of the file alone is then a whole ledger.
        with suppress(sqlite3.Error):
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def findings(self) -> Iterator[str]:
        """The database's own judgement of its pages, and whether tables and triggers are the ones we made."""
        for (said,) in self.rows("PRAGMA integrity_check(20)"):
            if said != "ok":
                yield f"the file is damaged: {said}"
        for table, row, *_ in self.rows("PRAGMA foreign_key_check"):
            yield f"{table} record {row} belongs to no run"
        with closing(open_empty(self.place)) as intact:
            made = set(intact.rows(_SCHEMA))
        found = set(self.rows(_SCHEMA))
        for name in sorted({str(part[1]) for part in made ^ found}):
            yield f"the table or trigger '{name}' is not as the ledger made it: records may have been changed"

    def close(self) -> None:
        """Lets go of the file."""
        self.connection.close()


def open_writable(path: Path) -> FileHome:
    """The ledger of this path in this program's version, made when it is missing."""
    with _plainly(path):
        if not path.exists():
            _create(path)
        connection = _connect(path, "rw")
        try:
            version = _version(connection, path)
            _set_durable(connection)
            if version < len(MIGRATIONS):
                _migrate(connection, path)
        except BaseException:
            connection.close()
            raise
        return FileHome(connection, path)


def open_readable(path: Path) -> FileHome:
    """The same without ever writing: an older version is brought up to date in memory, a missing one is empty."""
    with _plainly(path):
        if not path.exists():
            return open_empty(path)
        connection = _connect_for_reading(path)
        try:
            if _version(connection, path) < len(MIGRATIONS):
                copy = _in_memory()
                connection.backup(copy)
                connection.close()
                connection = copy
                _migrate(connection, path)
            # All that is read is of one moment, whatever another process records meanwhile.
            connection.execute("BEGIN")
        except BaseException:
            connection.close()
            raise
        return FileHome(connection, path)


def open_empty(place: Address) -> FileHome:
    """A ledger without records, in memory; ``place`` is for messages."""
    connection = _in_memory()
    _migrate(connection, place, from_version=0)
    return FileHome(connection, place)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    # Immediate: a reading that turns into a writing fails at once in WAL mode, however long it may wait.
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


@contextmanager
def _plainly(path: Address) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        said = str(error).rstrip(".")
        # Errors of the Python module itself carry no code.
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                raise Blocked(
                    f"{path} is in use by another program.",
                    "Nothing was recorded. Close other programs that have it open, then give the command again.",
                ) from error
            case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN:
                raise Blocked(
                    f"{path} cannot be read or written: {said}.",
                    "Make room on the disk and make sure that you may write there, then give the command again.",
                ) from error
            case _:
                raise LedgerDamaged(path, f"the file is damaged ({said})") from error
    except (ValueError, TypeError, OverflowError) as error:
        raise LedgerDamaged(path, "a record holds what the ledger never writes") from error
    except OSError as error:
        raise Blocked(
            f"{path} cannot be opened: {error.strerror or error}.",
            "Make room on the disk and make sure that you may read and write there, then give the command again.",
        ) from error


def _create(path: Path) -> None:
    """Makes a ledger beside its place and puts it there whole: a file that is empty was never made by us.

    In the staging folder, so that the next command clears away what a kill or a full disk leaves of it.
    """
    part = path.parent / STAGING / f"{path.name}.{os.getpid()}"
    part.parent.mkdir(parents=True, exist_ok=True)
    for leaving in ("", "-journal", "-wal", "-shm"):
        part.with_name(part.name + leaving).unlink(missing_ok=True)
    try:
        connection = _connect(part, "rwc")
        try:
            # Without a log: what is committed is in the file itself. A log that could not be emptied into it at the
            # end (the disk is full, and closing says nothing of it) would be left behind, and half a ledger put in place.
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA synchronous = FULL")
            _migrate(connection, part, from_version=0)
            _set_durable(connection)  # here, so that the file in its place never has a journal of another kind beside it
        finally:
            connection.close()
        # A link never takes the place of a ledger that another process has just made; a renaming would.
        with suppress(FileExistsError):
            try:
                path.hardlink_to(part)
            except FileExistsError:
                raise
            except OSError:  # a file system without links
                part.rename(path)
        sync_folders((path.parent,))
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
            part.parent.rmdir()


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise Blocked(
            f"This Python comes with SQLite {sqlite3.sqlite_version}; the ledger needs 3.37 or later.",
            "Install Python 3.11 or later from python.org, or a newer version of your system.",
        )
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return _prepared(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_SECONDS))


def _connect_for_reading(path: Path) -> sqlite3.Connection:
    connection = _connect(path, "ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except sqlite3.OperationalError:
        connection.close()
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise
        # In a folder where nothing may be written; without a log the file is complete as it stands.
        return _connect(path, "ro&immutable=1")
    except BaseException:
        connection.close()
        raise
    return connection


def _in_memory() -> sqlite3.Connection:
    return _prepared(sqlite3.connect(":memory:", isolation_level=None))


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    # A flipped bit can make text that is no text: it must be found as damage, not stop the reading.
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    for setting in ("foreign_keys = ON", "recursive_triggers = ON", "cell_size_check = ON", "trusted_schema = OFF"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def _set_durable(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _migrate(connection: sqlite3.Connection, path: Address, from_version: int | None = None) -> None:
    with _transaction(connection):
        # Asked again within the transaction: another process may have done it while we waited.
        done = _version(connection, path) if from_version is None else from_version
        for migration in MIGRATIONS[done:]:
            for statement in migration:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")


def _version(connection: sqlite3.Connection, path: Address) -> int:
    """The version of a ledger file; refuses what is none, and what comes after this program."""
    version, application, parts = (
        cast(int, connection.execute(question).fetchone()[0])
        for question in ("PRAGMA user_version", "PRAGMA application_id", "SELECT count(*) FROM sqlite_master")
    )
    if not parts:
        raise LedgerDamaged(path, "the file is empty; it was not this program that made it so")
    if application != _APPLICATION or version < 1:
        raise LedgerRefusal(
            f"{path} is a database, but not a ledger of settlement.",
            "Name the right folder with --outputs, or put back the ledger of the last backup.",
        )
    if version > len(MIGRATIONS):
        raise later_version(path, version, len(MIGRATIONS))
    return version
