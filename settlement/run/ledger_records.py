"""What a ledger records, wherever it lives: the kinds of record, their tables, what binds them, and what can be wrong.

A ledger lives in a file (ledger_file.py, SQLite) or on a server (ledger_server.py, PostgreSQL). Tables and questions
are plain SQL that both understand, with INTEGER, TEXT and ``?``; a home says them in its own words where it must.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, cast

from settlement.domain.periods import Month
from settlement.run.blocked import Blocked

Address = Path | str
"""Where a ledger lives: a file, or the URL of a database on a PostgreSQL server, as organisation.yaml gives it."""

GENESIS = "0" * 64
"""The head of a ledger without records: what the first record is bound to."""

_RESTORE = (
    "Nothing is recorded or paid on a damaged ledger. Put back {backup}, then run 'settlement ledger --verify'."
)


class LedgerRefusal(Blocked):
    """The ledger does not record a run, or is not one that this program can use."""


class LedgerDamaged(Blocked):
    """The ledger is not what the ledger wrote. Nothing is paid on it."""

    def __init__(self, place: Address, found: str) -> None:
        super().__init__(f"{place}: {found}", restore(place))
        self.found = found
        """What is wrong with it, without its place."""


def restore(place: Address) -> str:
    """What to do about a damaged ledger."""
    backup = "the file of the last backup" if isinstance(place, Path) else "the last backup of the database"
    return _RESTORE.format(backup=backup)


def later_version(place: Address, version: int, known: int) -> LedgerRefusal:
    """What is said of a ledger that comes after this program."""
    return LedgerRefusal(
        f"{place} was written by a later version of settlement "
        f"(ledger version {version}; this one knows up to {known}).",
        "Nothing was changed. Install the version of settlement that was used last.",
    )


class Home(Protocol):
    """An open ledger's database. All it raises within ``plainly`` is ``Blocked``, in words for people."""

    place: Address

    def rows(self, query: str, *values: str | int) -> Iterable[tuple[Any, ...]]:
        """What the database answers; ``?`` in the question stands for a value."""

    def add(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Carries a statement out once for each row, in order."""

    def plainly(self) -> AbstractContextManager[None]:
        """Says what the database says as what it means for this ledger."""

    def recording(self) -> AbstractContextManager[None]:
        """All of the block is recorded, on disk when it ends, or nothing of it; nobody else records meanwhile."""

    def findings(self) -> Iterator[str]:
        """What the database itself finds wrong, and which tables and laws are not as the ledger made them."""

    def close(self) -> None:
        """Lets go of it."""


# ---- the records -----------------------------------------------------------------------------------------

RECORDS: Mapping[str, tuple[str, ...]] = {
    "run": (
        "number", "name", "period", "rules_digest", "inputs_digest", "results_digest", "receipt_digest",
        "code_version", "previous", "approvals", "postings", "payments", "files",
    ),
    "approval": ("run", "person", "approved_at"),
    "posting": ("run", "contract", "year", "service", "term", "month", "account", "cents"),
    "payment": (
        "run", "statement", "contract", "provider_name", "creditor", "iban", "cents", "reference", "pay_by",
    ),
    "file": ("run", "path", "digest_of_content", "bytes"),
}  # fmt: skip
"""The kinds of record and what each says, in the order in which the records of a run are chained."""

TABLES: Mapping[str, str] = {
    "head": """
    id INTEGER PRIMARY KEY CHECK (id = 1),
    records INTEGER NOT NULL,
    digest TEXT NOT NULL CHECK (length(digest) = 64)
""",
    "run": """
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    period TEXT NOT NULL,
    rules_digest TEXT NOT NULL CHECK (length(rules_digest) = 64),
    inputs_digest TEXT NOT NULL CHECK (length(inputs_digest) = 64),
    results_digest TEXT NOT NULL CHECK (length(results_digest) = 64),
    receipt_digest TEXT NOT NULL CHECK (length(receipt_digest) = 64),
    code_version TEXT NOT NULL,
    previous TEXT NOT NULL CHECK (length(previous) = 64),
    approvals INTEGER NOT NULL CHECK (approvals > 0),
    postings INTEGER NOT NULL,
    payments INTEGER NOT NULL,
    files INTEGER NOT NULL,
    position INTEGER NOT NULL,
    digest TEXT NOT NULL CHECK (length(digest) = 64)
""",
    "approval": """
    run INTEGER NOT NULL REFERENCES run (number),
    person TEXT NOT NULL CHECK (length(person) > 0),
    approved_at TEXT NOT NULL,
    position INTEGER PRIMARY KEY,
    digest TEXT NOT NULL CHECK (length(digest) = 64)
""",
    "posting": """
    run INTEGER NOT NULL REFERENCES run (number),
    contract TEXT NOT NULL CHECK (length(contract) > 0),
    year INTEGER NOT NULL,
    service TEXT NOT NULL,
    term TEXT NOT NULL,
    month INTEGER NOT NULL,
    account TEXT NOT NULL CHECK (account IN ('entitlement', 'creditor', 'payment', 'claim')),
    cents INTEGER NOT NULL CHECK (cents <> 0),
    position INTEGER PRIMARY KEY,
    digest TEXT NOT NULL CHECK (length(digest) = 64)
""",
    "payment": """
    run INTEGER NOT NULL REFERENCES run (number),
    statement TEXT NOT NULL,
    contract TEXT NOT NULL CHECK (length(contract) > 0),
    provider_name TEXT NOT NULL,
    creditor TEXT NOT NULL,
    iban TEXT NOT NULL,
    cents INTEGER NOT NULL CHECK (cents > 0),
    reference TEXT NOT NULL,
    pay_by TEXT NOT NULL,
    position INTEGER PRIMARY KEY,
    digest TEXT NOT NULL CHECK (length(digest) = 64)
""",
    "file": """
    run INTEGER NOT NULL REFERENCES run (number),
    path TEXT NOT NULL,
    digest_of_content TEXT NOT NULL CHECK (length(digest_of_content) = 64),
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    position INTEGER PRIMARY KEY,
    digest TEXT NOT NULL CHECK (length(digest) = 64)
""",
}
"""The columns of version 1, in the order in which the tables are made. Never edited: a later version adds to them."""


# ---- the chain -------------------------------------------------------------------------------------------


def digest_of_record(kind: str, content: Mapping[str, object], position: int, previous: str) -> str:
    """What binds a record to its place: over its kind, place, content and the digest before it.

    Nulls are left out, so that a column added by a later version leaves earlier records as they are.
    """
    written = {name: value for name, value in content.items() if value is not None}
    # A value of a type that was never written can only be damage; its text form is then as good as any.
    serialised = _CANONICAL.encode([previous, position, kind, written])
    return hashlib.sha256(serialised.encode()).hexdigest()


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=repr)


def describe(kind: str, content: Mapping[str, object]) -> str:
    """A record by the names that its readers know it by."""
    match kind:
        case "run":
            return f"run {content['name']}"
        case "posting":
            service = content["service"] or "the contract"
            return (
                f"the posting of {content['contract']} in run {content['run']} "
                f"({service}, {content['term'] or content['account']}, {_month(content['month'])})"
            )
        case "payment":
            return f"the payment of {content['statement']} in run {content['run']}"
        case "approval":
            return f"the approval by {content['person']} of run {content['run']}"
        case _:
            return f"the file {content['path']} of run {content['run']}"


def _month(index: object) -> str:
    try:
        return str(Month.from_index(cast(int, index)))
    except (ValueError, TypeError, OverflowError):
        return repr(index)
