"""The ledger on a server: PostgreSQL. Its tables and laws, how it is opened, and who holds it. The only room of psycopg.

The ledger is the schema ``settlement`` of the database that the URL names, owned by the role that the URL names. The
records and their digests are those of a file; what an office gains is that several people, on several machines, share it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, LiteralString, cast

import psycopg
from psycopg import errors
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from settlement.run import ledger_file, ledger_laws
from settlement.run.blocked import Blocked
from settlement.run.ledger_laws import (
    CONSTRAINTS_IN_FORCE,
    FUNCTIONS,
    FUNCTIONS_IN_FORCE,
    LAWS,
    LAWS_IN_FORCE,
    SCHEMA,
    constraints,
)
from settlement.run.ledger_records import Address, Home, LedgerDamaged, LedgerRefusal, later_version
from settlement.run.lock import Holder, WorkspaceBusy, closed_in_children

_OLDEST_SERVER = 140000
_LOCK = 0x5345_544C  # "SETL"
_RUNNING, _MIGRATING = 1, 2
"""What the advisory locks of that number are for: a run of a workspace, and making or changing the tables."""
_BUSY = "5s"
_NOTE_ATTEMPTS = 60
_NOTE_PAUSE_SECONDS = 0.025

_ABOUT_THE_CONNECTION = {
    "application_name": "settlement",
    "client_encoding": "UTF8",
    "connect_timeout": "10",
    # A server that vanished is noticed within half a minute, not after two hours.
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""What the URL may overrule."""

_OF_THE_SESSION = {
    # Nobody else's tables or functions are meant, and what is recorded is on disk, whatever the server's defaults are.
    "search_path": f"{SCHEMA}, pg_temp",
    "synchronous_commit": "on",
    "lock_timeout": _BUSY,
    "statement_timeout": "0",
    # A run holds its lock while it computes: it may be silent for minutes.
    "idle_session_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    # And the server notices a machine that vanished, and frees what it held.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30000",
}


# ---- the home --------------------------------------------------------------------------------------------


class ServerHome:
    """A ledger on a server, open."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]], place: str) -> None:
        self.connection = connection
        self.place: Address = place

    def rows(self, query: str, *values: str | int) -> Iterable[tuple[Any, ...]]:
        """What the database answers."""
        return self.connection.execute(_marked(query), values)

    def add(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Carries a statement out once for each row, in order."""
        with self.connection.cursor() as cursor:
            cursor.executemany(_marked(statement), rows)

    def plainly(self) -> AbstractContextManager[None]:
        """Says what the server and the contents say as what it means for this ledger."""
        return _plainly(str(self.place))

    @contextmanager
    def recording(self) -> Iterator[None]:
        """All of the block is recorded, or nothing of it; readers go on, other writers wait."""
        with _transaction(self.connection, "REPEATABLE READ"):
            # Before anything is read: what is read from here on is what is there until the end.
            self.connection.execute("LOCK TABLE head IN EXCLUSIVE MODE")
            yield

    def findings(self) -> Iterator[str]:
        """Whether tables, functions and triggers are the ones we made, and are in force."""
        laws = {(*law[:4], law[4], "O") for law in LAWS}
        found = set(self.rows(LAWS_IN_FORCE, SCHEMA))
        for name in sorted({str(law[1]) for law in laws ^ found}):
            yield f"the trigger '{name}' is not as the ledger made it: records may have been changed"
        functions = set(self.rows(FUNCTIONS_IN_FORCE, SCHEMA))
        for name in sorted({str(one[0]) for one in set(FUNCTIONS.items()) ^ functions}):
            yield f"the function '{name}' is not as the ledger made it: records may have been changed"
        kept = {str(name) for (name,) in self.rows(CONSTRAINTS_IN_FORCE, SCHEMA)}
        for name in sorted(set(constraints()) - kept):
            yield f"the constraint '{name}' is gone: records may have been changed"

    def close(self) -> None:
        """Lets go of the server."""
        self.connection.close()


def _marked(query: str) -> Any:  # noqa: ANN401 - psycopg takes only literal text, unless it is told otherwise
    return query.replace("?", "%s")


class _WholeNumber(Loader):
    """A sum of whole numbers, which PostgreSQL answers as a decimal."""

    def load(self, data: Any) -> int:  # noqa: ANN401 - bytes of any kind
        """The number; what has decimals was never written."""
        return int(bytes(data))


# ---- opening ---------------------------------------------------------------------------------------------


def open_writable(url: str) -> ServerHome:
    """The ledger at this URL in this program's version, made when it is missing."""
    with _plainly(url):
        connection = _connect(url)
        try:
            if _version(connection, url) < len(ledger_laws.MIGRATIONS):
                with _transaction(connection, "READ COMMITTED"):
                    _migrate(connection, url)
        except BaseException:
            connection.close()
            raise
        return ServerHome(connection, url)


def open_readable(url: str) -> Home:
    """The same without ever writing: an older version is brought up to date in a transaction that never ends well."""
    with _plainly(url):
        connection = _connect(url)
        try:
            version = _version(connection, url)
            if not version:
                connection.close()
                return ledger_file.open_empty(url)
            # All that is read is of one moment, whatever another machine records meanwhile.
            if version < len(ledger_laws.MIGRATIONS):
                connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
                _migrate(connection, url)
                connection.execute("LOCK TABLE head IN SHARE MODE")
            else:
                connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        except BaseException:
            connection.close()
            raise
        return ServerHome(connection, url)


def _connect(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise Blocked(
            f"{url} is not the address of a database.",
            "Write it in organisation.yaml as: ledger: postgresql://settlement@db.example/settlement",
        ) from error
    # What the URL leaves out, the environment and a service file say, as everywhere with PostgreSQL.
    connection = psycopg.connect(make_conninfo("", **cast("dict[str, Any]", {**_ABOUT_THE_CONNECTION, **given})), autocommit=True)
    try:
        _refuse_unfit(connection, url)
        connection.adapters.register_loader("numeric", _WholeNumber)
        for name, value in _OF_THE_SESSION.items():
            connection.execute(f"SET {name} = {value if name == 'search_path' else repr(value)}")
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_unfit(connection: psycopg.Connection[tuple[Any, ...]], url: str) -> None:
    if connection.info.server_version < _OLDEST_SERVER:
        raise Blocked(
            f"The server of {url} is PostgreSQL {connection.info.server_version // 10000}; the ledger needs 14 or later.",
            "Ask whoever keeps the server for a database on a newer one.",
        )
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise Blocked(
            f"The database of {url} holds text as {encoding}, not UTF8.",
            "Have one made that can hold every name: CREATE DATABASE settlement ENCODING 'UTF8' TEMPLATE template0",
        )


@contextmanager
def _transaction(connection: psycopg.Connection[tuple[Any, ...]], level: LiteralString) -> Iterator[None]:
    connection.execute(f"BEGIN ISOLATION LEVEL {level}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(psycopg.Error):
            connection.execute("ROLLBACK")
        raise


def _migrate(connection: psycopg.Connection[tuple[Any, ...]], url: str) -> None:
    """Within a transaction that sees what others have committed since it began; one process at a time."""
    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_LOCK, _MIGRATING))
    # Asked again behind the lock: another process may have done it while we waited.
    done = _version(connection, url)
    if not done and not _one(connection, "SELECT count(*) FROM pg_namespace WHERE nspname = %s", SCHEMA):
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
    for number, migration in enumerate(ledger_laws.MIGRATIONS[done:], done + 1):
        for statement in migration:
            connection.execute(cast(Any, statement))
        connection.execute("INSERT INTO migration (version) VALUES (%s)", (number,))


def _version(connection: psycopg.Connection[tuple[Any, ...]], url: str) -> int:
    """The version of the ledger, 0 when there is none yet; refuses what is none, and what comes after this program."""
    # Asked of the catalogue itself: the server keeps the answers to questions for names, and some time also old ones.
    tables = connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')",
        (SCHEMA,),
    ).fetchall()
    if ("migration",) not in tables:
        if tables:
            raise LedgerRefusal(
                f"The schema '{SCHEMA}' of {url} holds tables, but they are not a ledger of settlement.",
                "Name a database of the ledger's own in organisation.yaml, or have the last backup of it put back.",
            )
        return 0
    version = _one(connection, f"SELECT max(version) FROM {SCHEMA}.migration")  # noqa: S608 - the name is ours
    if version is None:
        raise LedgerDamaged(url, "it has no version any more; it was not this program that took it away")
    if version > len(ledger_laws.MIGRATIONS):
        raise later_version(url, int(version), len(ledger_laws.MIGRATIONS))
    return int(version)


def _one(connection: psycopg.Connection[tuple[Any, ...]], query: str, *values: object) -> Any:  # noqa: ANN401 - any column
    row = connection.execute(cast(Any, query), values).fetchone()
    return row[0] if row else None


# ---- who holds it ----------------------------------------------------------------------------------------


@contextmanager
def hold(url: str, holder: Holder) -> Iterator[Holder | None]:
    """Holds the ledger for a run: an advisory lock of the database, which the server frees when the holder ends.

    Gives the run that held it before and ended without letting go, ``None`` when there was none. Makes the ledger, or
    brings it to this version, when it has to. Raises ``WorkspaceBusy`` at once when another run holds it, of whatever
    machine; and what ``open_writable`` raises.
    """
    home, owner = open_writable(url), os.getpid()
    try:
        with _plainly(url):
            if not _one(home.connection, "SELECT pg_try_advisory_lock(%s, %s)", _LOCK, _RUNNING):
                raise WorkspaceBusy(url, _living_note(home.connection))
            note = _one(home.connection, "SELECT note FROM holder")
            home.connection.execute(
                "INSERT INTO holder (id, backend, note) VALUES (1, pg_backend_pid(), %s) "
                "ON CONFLICT (id) DO UPDATE SET backend = excluded.backend, note = excluded.note",
                (holder.note(),),
            )
        with closed_in_children(home.connection.fileno()):
            try:
                yield None if note is None else Holder.read(note)
            finally:
                if os.getpid() == owner:
                    with suppress(psycopg.Error):
                        home.connection.execute("DELETE FROM holder")
    finally:
        if os.getpid() == owner:
            home.close()


def _living_note(connection: psycopg.Connection[tuple[Any, ...]]) -> Holder | None:
    """The note of who holds the lock now; between taking it and writing, the one of a killed run may stand there."""
    for _ in range(_NOTE_ATTEMPTS):
        note = _one(
            connection,
            "SELECT note FROM holder WHERE backend IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND classid = %s AND objid = %s)",
            _LOCK, _RUNNING,
        )  # fmt: skip
        if note is not None:
            return Holder.read(note)
        time.sleep(_NOTE_PAUSE_SECONDS)
    return None


# ---- what it says, in plain words ------------------------------------------------------------------------


@contextmanager
def _plainly(url: str) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise _in_words(url, error) from error
    except (ValueError, TypeError, OverflowError) as error:
        raise LedgerDamaged(url, "a record holds what the ledger never writes") from error


def _in_words(url: str, error: psycopg.Error) -> Blocked:
    said = _first_line(error)
    unreachable = isinstance(error, psycopg.OperationalError) and error.sqlstate is None
    match error:
        case errors.LockNotAvailable() | errors.DeadlockDetected() | errors.SerializationFailure():
            what = "is in use by another program."
            advice = "Wait until it has finished, then give the command again."
        case errors.InsufficientPrivilege():
            what = f"cannot be used by this user: {said}."
            advice = (
                f"Have the owner of the database run: CREATE SCHEMA {SCHEMA} AUTHORIZATION settlement, with the user of "
                "the URL in place of settlement; that user owns the ledger and everything in it."
            )
        case errors.ReadOnlySqlTransaction():
            what = "is a copy that can only be read."
            advice = "Name the server that is written to in organisation.yaml."
        case errors.DataCorrupted() | errors.IndexCorrupted():
            return LedgerDamaged(url, f"the database is damaged ({said})")
        case psycopg.OperationalError() | psycopg.InterfaceError():
            what, advice = _why_unreachable(said) if unreachable else (f"cannot be read or written: {said}.", _IS_IT_UP)
        case _:
            return LedgerDamaged(url, f"the ledger is damaged ({said})")
    return Blocked(f"{url} {what}", advice)


_IS_IT_UP = (
    "Ask whoever keeps the server whether it is up and has room, then give the command again. Whether a run was recorded "
    "just before this, that command finds out."
)

_WHY_UNREACHABLE = (
    (
        "password|authentication failed|no pg_hba.conf entry",
        "does not let this user in",
        ("A password belongs in the environment (PGPASSWORD), in the file .pgpass of whoever runs this, or in a service file; "
        "is it there, and is it the right one? The user is the one that organisation.yaml names."),
    ),
    (
        'database ".*" does not exist',
        "is not there",
        "Correct the name behind the last / in organisation.yaml, or have it made: CREATE DATABASE settlement OWNER settlement ENCODING 'UTF8'",
    ),
    (
        'role ".*" does not exist',
        "does not know this user",
        "Correct the name before the @ in organisation.yaml, or have it made: CREATE ROLE settlement LOGIN",
    ),
    (
        "too many clients|remaining connection slots|too many connections",
        "has no place left",
        "Try again in a minute; else ask whoever keeps the server.",
    ),
)


def _why_unreachable(said: str) -> tuple[str, str]:
    for pattern, what, advice in _WHY_UNREACHABLE:
        if re.search(pattern, said):
            return f"{what}: {said}.", advice
    advice = (
        "Is the address in organisation.yaml right, is the server up, and is this machine on its network? "
        "Then give the command again."
    )
    return f"cannot be reached: {said}.", advice


def _first_line(error: psycopg.Error) -> str:
    """What was said, on one line."""
    said = error.diag.message_primary or next(iter(str(error).splitlines()), "") or type(error).__name__
    return " ".join(said.split()).rstrip(".")
