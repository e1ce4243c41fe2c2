"""The ledger: the append-only memory of final runs, and the only source of *paid to date*.

One SQLite file; or a schema on a PostgreSQL server, with the same records and the same digests. Every record is bound
to the one before it by SHA-256, so that a changed byte is found and named; the database refuses to change or delete a
record. Nothing in it names a client.

Amounts are whole cents. Accounts are kept as bookkeepers do: what is due to us or spent is positive (debit), what
we owe or paid away is negative (credit), and the postings of a contract add up to zero in every run.

    entitlement   what a run changes in what the provider is entitled to          + more, − less
    creditor      what we owe the provider                                        − owed, + settled
    payment       what leaves the bank                                            − paid
    claim         what the provider must pay back, where that is not offset       + claimed
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Literal, Self, TypeVar, cast, get_args

from settlement.domain.periods import Month
from settlement.domain.problems import Place, Problem
from settlement.domain.records import Payment
from settlement.run import ledger_file
from settlement.run.blocked import Blocked
from settlement.run.digests import FileDigest
from settlement.run.ledger_records import (
    GENESIS,
    RECORDS,
    Address,
    Home,
    LedgerDamaged,
    LedgerRefusal,
    describe,
    digest_of_record,
    restore,
)
from settlement.run.lock import Holder

Account = Literal["entitlement", "creditor", "payment", "claim"]

_MAX_CENTS = 2**53
_AFTER_ALL = 2**53
"""A run number that no run reaches: what comes before it is everything."""
Made = TypeVar("Made")


# ---- what is recorded ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Posting:
    """One amount on one account, of one contract."""

    contract: str
    year: int
    """The year of the contract that it belongs to."""
    service: str
    """Empty for the contract as a whole, and on accounts other than ``entitlement``."""
    term: str
    """The kind of the term; empty on accounts other than ``entitlement``."""
    month: Month
    """The month of service; the period of the run on accounts other than ``entitlement``."""
    account: Account
    cents: int
    """Never 0; positive is debit."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved a run, and when."""

    person: str
    at: dt.datetime
    """Aware."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedRun:
    """A draft that was approved, as it is handed to the ledger."""

    period: Month
    approvals: tuple[Approval, ...]
    """At least one, of different people."""
    rules_digest: str
    inputs_digest: str
    results_digest: str
    receipt_digest: str
    """Of run.json."""
    code_version: str
    expected_previous: str
    """The head of the ledger that the draft was computed against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalRun:
    """A run as the ledger holds it."""

    number: int
    """From 1, without gaps."""
    name: str
    """``R-2018-03-0001``."""
    period: Month
    approvals: tuple[Approval, ...]
    rules_digest: str
    inputs_digest: str
    results_digest: str
    receipt_digest: str
    code_version: str
    previous: str
    """The head of the ledger before this run."""
    paid_cents: int
    """The sum of its payments."""
    postings: int
    payments: int
    files: int
    """How many records of each it has."""


SettledKey = tuple[str, int, str, str, int]
"""Contract, year, service (empty for the contract), term, ``Month.index`` of service."""


def postings_of(
    contract: str,
    period: Month,
    changes: Mapping[tuple[int, str, str, Month], int],
    *,
    payment_cents: int = 0,
    claim_cents: int = 0,
) -> tuple[Posting, ...]:
    """The postings of one contract in one run, which balance: each amount with its counter on the creditor's account.

    ``changes`` maps year, service (empty for the contract), term and month of service to the cents by which the
    entitlement changes. ``payment_cents`` is what is paid (0 or more), ``claim_cents`` what becomes a claim on the
    provider (0 or more). What is neither paid nor claimed stays open on the creditor's account.
    """
    if payment_cents < 0 or claim_cents < 0:
        raise ValueError("a payment and a claim are 0 or more")
    postings = [
        Posting(contract, year, service, term, month, "entitlement", cents)
        for (year, service, term, month), cents in sorted(changes.items())
        if cents
    ]
    settled = sum(posting.cents for posting in postings)
    entries: tuple[tuple[Account, int], ...] = (
        ("creditor", -settled),
        ("payment", -payment_cents),
        ("creditor", payment_cents),
        ("claim", claim_cents),
        ("creditor", -claim_cents),
    )
    postings += [
        Posting(contract, period.year, "", "", period, account, cents) for account, cents in entries if cents
    ]
    return tuple(postings)


# ---- the ledger ------------------------------------------------------------------------------------------


@contextmanager
def hold_ledger(address: Address, holder: Holder) -> Iterator[Holder | None]:
    """Holds a ledger that several machines share; a file is held with the outputs beside which it stands.

    Gives a run that held it before and was killed. Raises ``WorkspaceBusy``, which says who holds it since when.
    """
    if isinstance(address, Path):
        yield None
    else:
        with _server_room(address).hold(address, holder) as left_by:
            yield left_by


def _server_room(url: str) -> ModuleType:
    """The room of the library that speaks with a server, which is imported only when it is used."""
    try:
        from settlement.run import ledger_server
    except ImportError as error:
        raise Blocked(
            f"The ledger is on a server ({url}), and psycopg, which speaks with it, is not installed here.",
            "Install it: pip install 'settlement[postgresql]'; in a clone, pip install -c constraints.txt -e '.[postgresql]'",
        ) from error
    return ledger_server


class Ledger:
    """The ledger of one workspace, open. Close it, or use it in a ``with`` block."""

    def __init__(self, home: Home, *, writable: bool) -> None:
        self._home = home
        self._writable = writable
        self._before = _AFTER_ALL

    @classmethod
    def open(cls, address: Address, *, create: bool = True) -> Self:
        """Opens the ledger; with ``create``, makes it when it is missing and brings it to this version.

        Without ``create`` nothing is ever written, and all that is read is of one moment: a missing ledger reads as one
        without runs, and one of an older version is read as if it were brought up to date. Raises ``LedgerRefusal``
        for one of a later version, and for what is no ledger; ``LedgerDamaged`` when it cannot be read; ``Blocked``
        when it cannot be opened or the server not be reached.
        """
        if isinstance(address, Path):
            return cls(ledger_file.open_writable(address) if create else ledger_file.open_readable(address), writable=create)
        server = _server_room(address)
        return cls(server.open_writable(address) if create else server.open_readable(address), writable=create)

    def close(self) -> None:
        """Lets go of it."""
        self._home.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def before(self, run: FinalRun) -> Self:
        """The same ledger as it stood when a run was computed: it answers what it answered then. For reading only."""
        then = type(self)(self._home, writable=False)
        then._before = run.number
        return then

    # ---- what it answers

    def head(self) -> str:
        """The digest of the last record; ``GENESIS`` when there is none."""
        query = "SELECT coalesce((SELECT previous FROM run WHERE number = ?), digest) FROM head"
        return self._select(str, query, self._before)[0]

    def next_name(self, period: Month) -> str:
        """The name that the next run to be recorded will have, if it is of this period."""
        return _name(period, self._next_number())

    def has_receipt(self, receipt_digest: str) -> bool:
        """Whether the run with this run.json was recorded: what an interrupted publication awaits."""
        return bool(self._select(int, "SELECT 1 FROM run WHERE receipt_digest = ?", receipt_digest))

    def settled(self) -> dict[SettledKey, int]:
        """What was settled to date, in cents, by contract, year, service, term and month of service.

        What adds up to 0 is left out.
        """
        return {row[:5]: row[5] for row in self.settled_frame_rows()}

    def settled_frame_rows(self) -> list[tuple[str, int, str, str, int, int]]:
        """``settled`` as rows, in order: contract, year, service, term, month index, cents."""
        return self._select(
            lambda contract, year, service, term, month, cents: (
                str(contract), int(year), str(service), str(term), int(month), int(cents),
            ),
            "SELECT contract, year, service, term, month, sum(cents) FROM posting WHERE account = 'entitlement' "
            "AND run < ? GROUP BY contract, year, service, term, month HAVING sum(cents) <> 0 "
            "ORDER BY contract, year, service, term, month",
            self._before,
        )  # fmt: skip

    def paid(self) -> dict[str, int]:
        """What was paid to date, in cents, by contract; a contract that was never paid is left out."""
        return self._sums("payment", -1)

    def paid_by_month(self, contract: str) -> dict[Month, int]:
        """What was paid to a contract, in cents, by the period of the run that paid it."""
        return dict(
            self._select(
                lambda period, cents: (Month.parse(str(period)), int(cents)),
                "SELECT run.period, -sum(posting.cents) FROM posting JOIN run ON run.number = posting.run "
                "WHERE posting.account = 'payment' AND posting.contract = ? AND posting.run < ? "
                "GROUP BY run.period ORDER BY run.period",
                contract,
                self._before,
            )
        )

    def balance(self) -> dict[str, int]:
        """What was settled and is not yet paid, in cents, by contract: negative was paid too much and is not claimed.

        Contracts on which nothing is open are left out.
        """
        return self._sums("creditor", -1)

    def claims(self) -> dict[str, int]:
        """What providers must pay back, in cents, by contract; contracts without are left out."""
        return self._sums("claim", 1)

    def runs(self) -> list[FinalRun]:
        """All final runs, in order."""
        approvals: dict[int, list[Approval]] = defaultdict(list)
        for run, approval in self._select(
            lambda run, person, at: (int(run), Approval(str(person), dt.datetime.fromisoformat(str(at)))),
            "SELECT run, person, approved_at FROM approval ORDER BY position",
        ):
            approvals[run].append(approval)
        return self._select(
            lambda number, name, period, rules, inputs, results, receipt, version, previous, *counts: FinalRun(
                number=int(number),
                name=str(name),
                period=Month.parse(str(period)),
                approvals=tuple(approvals[int(number)]),
                rules_digest=str(rules),
                inputs_digest=str(inputs),
                results_digest=str(results),
                receipt_digest=str(receipt),
                code_version=str(version),
                previous=str(previous),
                postings=int(counts[0]),
                payments=int(counts[1]),
                files=int(counts[2]),
                paid_cents=int(counts[3]),
            ),
            "SELECT number, name, period, rules_digest, inputs_digest, results_digest, receipt_digest, code_version, "
            "previous, postings, payments, files, "
            "(SELECT coalesce(sum(cents), 0) FROM payment WHERE payment.run = run.number) FROM run WHERE number < ? "
            "ORDER BY number",
            self._before,
        )

    def last_final(self, period: Month) -> FinalRun | None:
        """The latest final run of a period; ``None`` when it has none."""
        return next((run for run in reversed(self.runs()) if run.period == period), None)

    def postings(self, run: FinalRun) -> list[Posting]:
        """The postings of a run, in the order in which they were recorded."""
        return self._select(
            lambda contract, year, service, term, month, account, cents: Posting(
                str(contract), int(year), str(service), str(term), Month.from_index(int(month)),
                cast(Account, account), int(cents),
            ),
            "SELECT contract, year, service, term, month, account, cents FROM posting WHERE run = ? ORDER BY position",
            run.number,
        )  # fmt: skip

    def payments(self, run: FinalRun) -> list[Payment]:
        """The payments of a run, in the order of its payment advice."""
        return self._select(
            lambda statement, contract, provider_name, creditor, iban, cents, reference, pay_by: Payment(
                str(statement), str(contract), str(provider_name), str(creditor), str(iban), int(cents),
                str(reference), dt.date.fromisoformat(str(pay_by)),
            ),
            "SELECT statement, contract, provider_name, creditor, iban, cents, reference, pay_by FROM payment "
            "WHERE run = ? ORDER BY position",
            run.number,
        )  # fmt: skip

    def files(self, run: FinalRun) -> dict[str, FileDigest]:
        """What a run wrote, by path relative to the outputs."""
        return dict(
            self._select(
                lambda path, digest, size: (str(path), FileDigest(str(digest), int(size))),
                "SELECT path, digest_of_content, bytes FROM file WHERE run = ? ORDER BY position",
                run.number,
            )
        )

    # ---- what it records

    def record(
        self,
        run: ApprovedRun,
        postings: Sequence[Posting],
        payments: Sequence[Payment],
        files: Mapping[str, FileDigest],
    ) -> FinalRun:
        """Makes a run final: all its records in one transaction, on disk when this returns.

        Several final runs of one period are allowed: a later one pays the difference. Raises, with nothing recorded,
        ``LedgerRefusal`` when the ledger has moved on since the draft was computed, when a later period is final,
        when the postings of a contract do not add up to zero, when payments and postings differ, or when more would
        be paid than is owed; ``LedgerDamaged`` when the chain before it is not whole; ``Blocked`` when it
        cannot be written. ``ValueError`` is a mistake of the caller.

        After ``Blocked`` the run may yet prove to be recorded, as after a kill: ask ``has_receipt`` when the ledger
        is opened again, as ``outbox.finish_pending`` does.
        """
        if not self._writable:
            raise ValueError("the ledger was opened for reading")
        _check_shapes(run, postings, payments, files)
        with self._home.plainly(), self._home.recording():
            damage = self.verify()
            if damage:
                raise LedgerDamaged(self._home.place, damage[0].message)
            self._refuse_late(run)
            self._refuse_unbalanced(postings, payments)
            self._append(self._next_number(), run, postings, payments, files)
        return self.runs()[-1]

    def _refuse_late(self, run: ApprovedRun) -> None:
        """Nothing may be recorded on figures that another run has changed since."""
        done = self.runs()
        if run.expected_previous != self.head():
            since = [earlier for earlier in done if earlier.previous == run.expected_previous]
            following = done[done.index(since[0]) :] if since else []
            who = ", ".join(f"{other.name} (approved by {_people(other.approvals)})" for other in following)
            if any(other.period == run.period and other.results_digest == run.results_digest for other in following):
                raise LedgerRefusal(
                    f"This draft of {run.period} is already final: {who}.",
                    "Nothing was recorded. There is nothing left to approve.",
                )
            raise LedgerRefusal(
                f"This draft of {run.period} was settled before {who or 'what the ledger holds now'} was recorded.",
                f"Nothing was recorded. Settle it again: 'settlement run --period {run.period}'; then approve that.",
            )
        later = next((other for other in reversed(done) if other.period > run.period), None)
        if later is not None:
            raise LedgerRefusal(
                f"{run.period} cannot become final any more: {later.period} is ({later.name}).",
                f"Nothing was recorded. Late lines of {run.period} are paid by the next month: settle that one.",
            )

    def _refuse_unbalanced(self, postings: Sequence[Posting], payments: Sequence[Payment]) -> None:
        """The laws of bookkeeping, before anything is written: a run that does not add up records nothing."""
        sums: dict[str, int] = defaultdict(int)
        posted: dict[str, int] = defaultdict(int)
        owed = defaultdict(int, self.balance())
        for posting in postings:
            sums[posting.contract] += posting.cents
            posted[posting.contract] -= posting.cents if posting.account == "payment" else 0
            owed[posting.contract] -= posting.cents if posting.account == "creditor" else 0
        paid: dict[str, int] = defaultdict(int)
        for payment in payments:
            paid[payment.contract] += payment.cents
        wrong = [
            f"the postings of {contract} differ by {cents} cents from zero" for contract, cents in sums.items() if cents
        ]
        for contract in sorted(paid.keys() | posted.keys()):
            if paid[contract] != posted[contract]:
                wrong.append(f"{contract} is paid {paid[contract]} cents and posted {posted[contract]}")
            elif paid[contract] and owed[contract] < 0:
                wrong.append(f"{contract} would be paid {-owed[contract]} cents more than it is owed")
        if wrong:
            raise LedgerRefusal(
                f"The run does not add up: {'; '.join(wrong[:10])}.",
                "Nothing was recorded and nothing is paid. This is a fault of the program: report it.",
            )

    def _append(
        self,
        number: int,
        run: ApprovedRun,
        postings: Sequence[Posting],
        payments: Sequence[Payment],
        files: Mapping[str, FileDigest],
    ) -> None:
        records: list[tuple[str, tuple[object, ...]]] = [
            (
                "run",
                (
                    number, _name(run.period, number), str(run.period), run.rules_digest, run.inputs_digest,
                    run.results_digest, run.receipt_digest, run.code_version, run.expected_previous,
                    len(run.approvals), len(postings), len(payments), len(files),
                ),
            ),
            *(("approval", (number, approval.person, approval.at.isoformat())) for approval in run.approvals),
            *(
                ("posting", (number, p.contract, p.year, p.service, p.term, p.month.index, p.account, p.cents))
                for p in postings
            ),
            *(
                (
                    "payment",
                    (
                        number, p.statement, p.contract, p.provider_name, p.creditor, p.iban, p.cents, p.reference,
                        p.pay_by.isoformat(),
                    ),
                )
                for p in payments
            ),
            *(("file", (number, path, files[path].digest, files[path].size)) for path in sorted(files)),
        ]  # fmt: skip
        position = self._select(int, "SELECT records FROM head")[0]
        previous = run.expected_previous
        chained: dict[str, list[tuple[object, ...]]] = {kind: [] for kind in RECORDS}
        for kind, values in records:
            position += 1
            previous = digest_of_record(kind, dict(zip(RECORDS[kind], values, strict=True)), position, previous)
            chained[kind].append((*values, position, previous))
        for kind, rows in chained.items():
            self._insert(kind, rows)

    def _insert(self, kind: str, rows: Sequence[tuple[object, ...]]) -> None:
        columns = (*RECORDS[kind], "position", "digest")
        marks = ", ".join("?" * len(columns))
        self._home.add(f"INSERT INTO {kind} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608 - names are ours

    def copy_from(self, other: Ledger) -> int:
        """Takes over all records of another ledger, digest by digest, in one transaction; answers how many runs they are.

        Raises ``LedgerRefusal`` when this one has records already, and ``LedgerDamaged`` when the other is not whole.
        """
        damage = other.verify()
        if damage:
            raise LedgerDamaged(other._home.place, damage[0].message)
        with self._home.plainly(), self._home.recording():
            if self.head() != GENESIS:
                raise LedgerRefusal(
                    f"{self._home.place} holds runs already.", "Nothing was copied: records only come into a ledger without any."
                )
            for kind, records in groupby(other._chained(), key=lambda record: record[1]):
                self._insert(kind, [(*content.values(), position, digest) for position, _, content, digest in records])
            if self.head() != other.head() or self.verify():
                raise LedgerDamaged(self._home.place, "the copy is not what was copied")
        return len(self.runs())

    # ---- whether it is whole

    def verify(self, known_heads: Collection[str] = ()) -> list[Problem]:
        """Whether every record is what was written, in its place, and adds up; each fault by the record's name.

        ``known_heads`` are digests that receipts outside the ledger name as its head: one that the chain has never
        had shows that runs were taken off its end. Without faults the list is empty. Damage is answered, not raised;
        ``Blocked`` is raised when it cannot be read just now.
        """
        faults: list[str] = []
        try:
            with self._home.plainly():
                faults.extend(self._home.findings())
                faults.extend(self._verify_chain(known_heads))
                if not faults:
                    faults.extend(self._verify_sums())
        except LedgerDamaged as damage:
            faults.append(f"{damage.found}; no more of it can be read")
        place = self._home.place
        file = Place(place.as_posix() if isinstance(place, Path) else place)
        return [Problem("ledger-damaged", file, fault, restore(place)) for fault in faults]

    def _verify_chain(self, known_heads: Collection[str]) -> Iterator[str]:
        known = {GENESIS}
        stored = computed = GENESIS
        expected = 0
        for position, kind, content, digest in self._chained():
            expected += 1
            if position != expected:
                yield f"records are missing from the chain, or there twice, before {describe(kind, content)}"
                # After a gap nothing can be said of a record but that it stands there.
                expected, computed = position, digest
            else:
                # When the digest before this record is what was changed, this record is still bound to the true one.
                before, computed = computed, digest_of_record(kind, content, position, stored)
                if digest not in (computed, digest_of_record(kind, content, position, before) if before != stored else None):
                    yield f"{describe(kind, content)}, record {position} of the chain, is not what was recorded"
                if kind == "run" and content["previous"] not in (before, stored):
                    yield f"{describe(kind, content)} does not follow the record before it"
            stored = digest
            known.add(digest)
        if list(self._home.rows("SELECT id, records, digest FROM head")) != [(1, expected, stored)]:
            yield "the chain does not end where the ledger says: records were added or taken away by something else"
        for head in sorted(set(known_heads) - known):
            yield f"a receipt names the state {head[:12]}… of this ledger, which it has never had: runs are missing"

    def _chained(self) -> Iterator[tuple[int, str, dict[str, object], str]]:
        return heapq.merge(*(self._records(kind) for kind in RECORDS), key=lambda record: record[0])

    def _records(self, kind: str) -> Iterator[tuple[int, str, dict[str, object], str]]:
        columns = RECORDS[kind]
        row_id = "number" if kind == "run" else "position"
        query = f"SELECT position, digest, {', '.join(columns)} FROM {kind} ORDER BY {row_id}"  # noqa: S608 - ours
        for position, digest, *values in self._home.rows(query):
            yield position, kind, dict(zip(columns, values, strict=True)), digest

    def _verify_sums(self) -> Iterator[str]:
        """What the transaction has promised, once more: numbers, counts, balance, payments."""
        parts = ("approval", "posting", "payment", "file")
        has = {
            part: dict(self._home.rows(f"SELECT run, count(*) FROM {part} GROUP BY run"))  # noqa: S608 - ours
            for part in parts
        }
        before = ""
        for number, name, period, *recorded in self._home.rows(
            "SELECT number, name, period, approvals, postings, payments, files FROM run ORDER BY number"
        ):
            if name != _name(Month.parse(period), number) or period < before:
                yield f"run {name} has not the name or the period of run number {number}"
            for part, count in zip(parts, recorded, strict=True):
                if has[part].get(number, 0) != count:
                    yield f"run {name} was recorded with {count} of '{part}' and has {has[part].get(number, 0)}"
            before = period
        for run, contract, cents in self._home.rows(
            "SELECT run, contract, sum(cents) FROM posting GROUP BY run, contract HAVING sum(cents) <> 0"
        ):
            yield f"the postings of {contract} in run {run} differ by {cents} cents from zero"
        posted = self._home.rows(
            "SELECT run, contract, -sum(cents) FROM posting WHERE account = 'payment' GROUP BY run, contract"
        )
        paid = self._home.rows("SELECT run, contract, sum(cents) FROM payment GROUP BY run, contract")
        for run, contract in sorted({(run, contract) for run, contract, _ in set(posted) ^ set(paid)}):
            yield f"the payments of {contract} in run {run} are not what was posted"

    # ---- the database

    def _next_number(self) -> int:
        return 1 + self._select(int, "SELECT count(*) FROM run WHERE number < ?", self._before)[0]

    def _select(self, make: Callable[..., Made], query: str, *values: str | int) -> list[Made]:
        """What ``make`` makes of each row; a value of another type than was written is damage."""
        with self._home.plainly():
            return [make(*row) for row in self._home.rows(query, *values)]

    def _sums(self, account: Account, sign: Literal[1, -1]) -> dict[str, int]:
        """What stands on an account, by contract, in order; contracts with 0 are left out."""
        return dict(
            self._select(
                lambda contract, cents: (str(contract), sign * int(cents)),
                "SELECT contract, sum(cents) FROM posting WHERE account = ? AND run < ? "
                "GROUP BY contract HAVING sum(cents) <> 0 ORDER BY contract",
                account,
                self._before,
            )
        )


def _name(period: Month, number: int) -> str:
    return f"R-{period}-{number:04d}"


def _people(approvals: Iterable[Approval]) -> str:
    return " and ".join(f"{approval.person} on {approval.at:%Y-%m-%d %H:%M}" for approval in approvals)


def _check_shapes(
    run: ApprovedRun, postings: Sequence[Posting], payments: Sequence[Payment], files: Mapping[str, FileDigest]
) -> None:
    """Raises ``ValueError`` for what no caller may hand over: it would be our own mistake, not a user's."""
    people = [approval.person for approval in run.approvals]
    if not people or not all(people) or len(set(people)) != len(people):
        raise ValueError("a run is approved by one or more different people")
    if any(approval.at.utcoffset() is None for approval in run.approvals):
        raise ValueError("the moment of an approval has a time zone")
    digests = [run.rules_digest, run.inputs_digest, run.results_digest, run.receipt_digest, run.expected_previous]
    digests += [file.digest for file in files.values()]
    if any(len(digest) != 64 or set(digest) - set("0123456789abcdef") for digest in digests):
        raise ValueError("a digest is 64 hexadecimal digits")
    for posting in postings:
        if type(posting.cents) is not int or not 0 < abs(posting.cents) < _MAX_CENTS:
            raise ValueError(f"a posting is a whole number of cents and never 0, not {posting.cents!r}")
        if not posting.contract or posting.account not in get_args(Account):
            raise ValueError(f"a posting has a contract and an account: {posting}")
        if posting.account == "payment" and posting.cents > 0:
            raise ValueError("money never comes back through a payment")
    for payment in payments:
        if type(payment.cents) is not int or not 0 < payment.cents < _MAX_CENTS:
            raise ValueError(f"a payment is a whole number of cents above 0, not {payment.cents!r}")
