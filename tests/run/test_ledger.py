"""The ledger: append-only, balanced, chained. Real files, real damage."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import settlement
from settlement.domain.periods import Month
from settlement.domain.records import Payment
from settlement.run import ledger_file, ledger_records
from settlement.run.blocked import Blocked
from settlement.run.digests import digest_of
from settlement.run.ledger import Approval, ApprovedRun, Ledger, Posting, postings_of
from settlement.run.ledger_records import GENESIS, Address, LedgerDamaged, LedgerRefusal

LINDE, OEVER = "UTR-AJ-2018-07", "RTM-2018-RG-112"
JANUARY, FEBRUARY, MARCH = Month(2018, 1), Month(2018, 2), Month(2018, 3)
NOON = dt.datetime(2018, 4, 9, 12, 0, tzinfo=dt.timezone(dt.timedelta(hours=2)))


def hexes(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def approved(ledger: Ledger, period: Month, results: str = "results") -> ApprovedRun:
    return ApprovedRun(
        period=period,
        approvals=(Approval("A. de Vries", NOON),),
        rules_digest=hexes("rules"),
        inputs_digest=hexes(f"inputs {period}"),
        results_digest=hexes(f"{results} {period}"),
        receipt_digest=hexes(f"receipt {period} {ledger.head()}"),
        code_version="0.1.0",
        expected_previous=ledger.head(),
    )


def payment(contract: str, period: Month, cents: int) -> Payment:
    return Payment(
        f"BS-{period}-{contract}", contract, "De Linde", "40011", "NL91ABNA0417164300", cents,
        f"BS-{period}-{contract}"[:35], dt.date(2018, 4, 30),
    )  # fmt: skip


def settle(ledger: Ledger, period: Month, cents: int, contract: str = LINDE) -> None:
    """One contract whose budget earns so much in this month, and all of it is paid."""
    changes = {(2018, "crisiszorg", "budget", period): cents}
    files = {f"{period}/BS-{period}-{contract}.xlsx": digest_of(b"workbook"), f"{period}/run.json": digest_of(b"{}")}
    ledger.record(
        approved(ledger, period),
        postings_of(contract, period, changes, payment_cents=cents),
        [payment(contract, period, cents)],
        files,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outputs" / "ledger.sqlite"


@pytest.fixture
def three_months(path: Path) -> Path:
    with Ledger.open(path) as ledger:
        for period in (JANUARY, FEBRUARY, MARCH):
            settle(ledger, period, 5_000_000)
    return path


# ---- what it answers


def test_a_missing_ledger_reads_as_empty_and_is_not_made(address: Address) -> None:
    for _ in range(2):
        reads_as_empty(address)
    assert not isinstance(address, Path) or not address.parent.exists()


def reads_as_empty(address: Address) -> None:
    with Ledger.open(address, create=False) as ledger:
        assert ledger.head() == GENESIS
        assert ledger.settled() == {}
        assert ledger.settled_frame_rows() == []
        assert ledger.paid() == ledger.balance() == ledger.claims() == {}
        assert ledger.runs() == []
        assert ledger.last_final(MARCH) is None
        assert ledger.verify() == []


def test_what_a_run_records_is_what_is_read_back(address: Address) -> None:
    changes = {(2018, "crisiszorg", "budget", MARCH): 5_000_000, (2018, "", "ceiling", FEBRUARY): -200_001}
    postings = postings_of(LINDE, MARCH, changes, payment_cents=4_799_999)
    payments = [payment(LINDE, MARCH, 4_799_999)]
    files = {"2018-03/run.json": digest_of(b"{}"), "2018-03/BS.xlsx": digest_of(b"PK")}
    with Ledger.open(address) as ledger:
        run = approved(ledger, MARCH)
        assert ledger.next_name(MARCH) == "R-2018-03-0001"
        final = ledger.record(run, postings, payments, files)
    with Ledger.open(address, create=False) as ledger:
        assert ledger.runs() == [final]
        assert ledger.last_final(MARCH) == final
        assert (final.number, final.name, final.period) == (1, "R-2018-03-0001", MARCH)
        assert final.approvals == (Approval("A. de Vries", NOON),)
        assert (final.previous, final.receipt_digest) == (GENESIS, run.receipt_digest)
        assert (final.paid_cents, final.postings, final.payments, final.files) == (4_799_999, 5, 1, 2)
        assert ledger.has_receipt(run.receipt_digest)
        assert not ledger.has_receipt(hexes("another"))
        assert ledger.postings(final) == list(postings)
        assert ledger.payments(final) == payments
        assert ledger.files(final) == files
        # In the chain they stand by path, in whatever order they were handed over.
        assert list(ledger.files(final)) == ["2018-03/BS.xlsx", "2018-03/run.json"]
        assert ledger.next_name(Month(2018, 4)) == "R-2018-04-0002"


def test_settled_paid_and_open_are_to_date_over_all_runs(address: Address) -> None:
    with Ledger.open(address) as ledger:
        # January: 1000,00 earned, 600,00 paid, so 400,00 stays open.
        first = {(2018, "hulp", "tariff", JANUARY): 100_000}
        ledger.record(
            approved(ledger, JANUARY), postings_of(LINDE, JANUARY, first, payment_cents=60_000),
            [payment(LINDE, JANUARY, 60_000)], {},
        )  # fmt: skip
        # February: 500,00 for itself, 100,00 of January is credited; all that is open is paid: 400 + 500 - 100.
        second = {(2018, "hulp", "tariff", FEBRUARY): 50_000, (2018, "hulp", "tariff", JANUARY): -10_000}
        ledger.record(
            approved(ledger, FEBRUARY), postings_of(LINDE, FEBRUARY, second, payment_cents=80_000),
            [payment(LINDE, FEBRUARY, 80_000)], {},
        )  # fmt: skip
        assert ledger.settled() == {
            (LINDE, 2018, "hulp", "tariff", JANUARY.index): 90_000,
            (LINDE, 2018, "hulp", "tariff", FEBRUARY.index): 50_000,
        }
        assert ledger.settled_frame_rows() == [
            (LINDE, 2018, "hulp", "tariff", JANUARY.index, 90_000),
            (LINDE, 2018, "hulp", "tariff", FEBRUARY.index, 50_000),
        ]
        assert ledger.paid() == {LINDE: 140_000}
        assert ledger.paid_by_month(LINDE) == {JANUARY: 60_000, FEBRUARY: 80_000}
        assert ledger.paid_by_month(OEVER) == {}
        assert ledger.balance() == {}


def test_what_was_paid_too_much_stays_open_as_a_negative_balance_or_becomes_a_claim(address: Address) -> None:
    with Ledger.open(address) as ledger:
        settle(ledger, JANUARY, 100_000, LINDE)
        settle(ledger, JANUARY, 100_000, OEVER)
        taken = {(2018, "crisiszorg", "budget", JANUARY): -30_000}
        postings = (
            *postings_of(LINDE, FEBRUARY, taken),
            *postings_of(OEVER, FEBRUARY, taken, claim_cents=30_000),
        )
        ledger.record(approved(ledger, FEBRUARY), postings, [], {})
        assert ledger.balance() == {LINDE: -30_000}
        assert ledger.claims() == {OEVER: 30_000}
        assert ledger.paid() == {LINDE: 100_000, OEVER: 100_000}
        assert ledger.verify() == []


def test_what_adds_up_to_nothing_is_not_named_as_settled(address: Address) -> None:
    with Ledger.open(address) as ledger:
        for period, cents in ((JANUARY, 700), (FEBRUARY, -700)):
            changes = {(2018, "hulp", "tariff", JANUARY): cents}
            ledger.record(approved(ledger, period), postings_of(LINDE, period, changes), [], {})
        assert ledger.settled() == {}


def test_the_postings_of_a_contract_balance_and_say_nothing_about_nothing() -> None:
    changes = {(2018, "hulp", "tariff", JANUARY): 500, (2018, "hulp", "tariff", FEBRUARY): 0}
    assert postings_of(LINDE, MARCH, changes, payment_cents=500) == (
        Posting(LINDE, 2018, "hulp", "tariff", JANUARY, "entitlement", 500),
        Posting(LINDE, 2018, "", "", MARCH, "creditor", -500),
        Posting(LINDE, 2018, "", "", MARCH, "payment", -500),
        Posting(LINDE, 2018, "", "", MARCH, "creditor", 500),
    )
    assert sum(posting.cents for posting in postings_of(LINDE, MARCH, changes, payment_cents=3, claim_cents=7)) == 0
    assert postings_of(LINDE, MARCH, {}) == ()
    with pytest.raises(ValueError, match="0 or more"):
        postings_of(LINDE, MARCH, {}, payment_cents=-1)
    with pytest.raises(ValueError, match="0 or more"):
        postings_of(LINDE, MARCH, {}, claim_cents=-1)


def test_the_ledger_has_no_column_for_a_client() -> None:
    columns = {column for columns in ledger_records.RECORDS.values() for column in columns}
    assert columns == {
        "number", "name", "period", "rules_digest", "inputs_digest", "results_digest", "receipt_digest",
        "code_version", "previous", "approvals", "postings", "payments", "files", "run", "person", "approved_at",
        "contract", "year", "service", "term", "month", "account", "cents", "statement", "provider_name", "creditor",
        "iban", "reference", "pay_by", "path", "digest_of_content", "bytes",
    }  # fmt: skip


# ---- what it refuses


def test_a_run_whose_postings_do_not_add_up_records_nothing(address: Address) -> None:
    with Ledger.open(address) as ledger:
        whole = postings_of(LINDE, MARCH, {(2018, "hulp", "tariff", MARCH): 500}, payment_cents=500)
        broken = (dataclasses.replace(whole[0], cents=499), *whole[1:])
        with pytest.raises(LedgerRefusal, match=f"the postings of {LINDE} differ by -1 cents from zero"):
            ledger.record(approved(ledger, MARCH), broken, [payment(LINDE, MARCH, 500)], {})
        assert ledger.head() == GENESIS
        assert ledger.runs() == []


def test_postings_that_balance_over_contracts_but_not_in_each_are_refused(address: Address) -> None:
    with Ledger.open(address) as ledger:
        postings = (
            Posting(LINDE, 2018, "hulp", "tariff", MARCH, "entitlement", 500),
            Posting(OEVER, 2018, "", "", MARCH, "creditor", -500),
        )
        with pytest.raises(LedgerRefusal, match="does not add up"):
            ledger.record(approved(ledger, MARCH), postings, [], {})


@pytest.mark.parametrize("advice", [[], [499], [501], [500, 500]])
def test_a_payment_advice_that_differs_from_the_postings_is_refused(address: Address, advice: list[int]) -> None:
    with Ledger.open(address) as ledger:
        postings = postings_of(LINDE, MARCH, {(2018, "hulp", "tariff", MARCH): 500}, payment_cents=500)
        with pytest.raises(LedgerRefusal, match="is paid"):
            ledger.record(approved(ledger, MARCH), postings, [payment(LINDE, MARCH, cents) for cents in advice], {})
        assert ledger.runs() == []


def test_nothing_is_paid_twice_even_when_the_run_asks_for_it(address: Address) -> None:
    with Ledger.open(address) as ledger:
        settle(ledger, MARCH, 500)
        again = postings_of(LINDE, MARCH, {}, payment_cents=500)
        with pytest.raises(LedgerRefusal, match=r"would be paid 500 cents more than it is owed"):
            ledger.record(approved(ledger, MARCH), again, [payment(LINDE, MARCH, 500)], {})


def test_the_same_draft_cannot_be_approved_twice(address: Address) -> None:
    with Ledger.open(address) as ledger:
        run = approved(ledger, MARCH)
        postings = postings_of(LINDE, MARCH, {(2018, "hulp", "tariff", MARCH): 500}, payment_cents=500)
        ledger.record(run, postings, [payment(LINDE, MARCH, 500)], {})
        with pytest.raises(LedgerRefusal) as refusal:
            ledger.record(run, postings, [payment(LINDE, MARCH, 500)], {})
        assert refusal.value.message == (
            "This draft of 2018-03 is already final: R-2018-03-0001 (approved by A. de Vries on 2018-04-09 12:00)."
        )
        assert ledger.paid() == {LINDE: 500}


def test_a_draft_from_before_another_run_is_refused_and_names_that_run(address: Address) -> None:
    with Ledger.open(address) as ledger:
        stale = approved(ledger, FEBRUARY)
        settle(ledger, JANUARY, 500)
        with pytest.raises(LedgerRefusal) as refusal:
            ledger.record(stale, (), [], {})
        assert "settled before R-2018-01-0001 (approved by A. de Vries" in refusal.value.message
        assert "settlement run --period 2018-02" in refusal.value.help


def test_a_later_run_of_a_final_month_pays_the_difference(address: Address) -> None:
    with Ledger.open(address) as ledger:
        settle(ledger, MARCH, 500)
        changes = {(2018, "crisiszorg", "budget", MARCH): 25}
        final = ledger.record(
            approved(ledger, MARCH, "more"), postings_of(LINDE, MARCH, changes, payment_cents=25),
            [payment(LINDE, MARCH, 25)], {},
        )  # fmt: skip
        assert (final.name, final.paid_cents) == ("R-2018-03-0002", 25)
        assert [run.name for run in ledger.runs()] == ["R-2018-03-0001", "R-2018-03-0002"]
        assert ledger.last_final(MARCH) == ledger.runs()[1]
        assert ledger.paid_by_month(LINDE) == {MARCH: 525}
        assert ledger.verify() == []


def test_a_month_before_a_final_one_cannot_become_final(address: Address) -> None:
    with Ledger.open(address) as ledger:
        settle(ledger, MARCH, 500)
        with pytest.raises(LedgerRefusal, match=r"2018-02 cannot become final any more: 2018-03 is \(R-2018-03-0001\)"):
            ledger.record(approved(ledger, FEBRUARY), (), [], {})


def test_what_only_a_caller_can_get_wrong_is_refused_before_the_file_is_touched(address: Address) -> None:
    with Ledger.open(address) as ledger:
        run = approved(ledger, MARCH)
        zero = Posting(LINDE, 2018, "hulp", "tariff", MARCH, "entitlement", 0)
        twice = (Approval("A", NOON), Approval("A", NOON))
        said = r"people|time zone|64 hexadecimal|whole number|account|never comes back"
        for wrong in (
            lambda: ledger.record(dataclasses.replace(run, approvals=()), (), [], {}),
            lambda: ledger.record(dataclasses.replace(run, approvals=twice), (), [], {}),
            lambda: ledger.record(
                dataclasses.replace(run, approvals=(Approval("A", dt.datetime(2018, 4, 9)),)), (), [], {}  # noqa: DTZ001
            ),
            lambda: ledger.record(dataclasses.replace(run, approvals=(Approval("", NOON), Approval("B", NOON))), (), [], {}),
            lambda: ledger.record(
                dataclasses.replace(run, approvals=(Approval("A", NOON), Approval("B", dt.datetime(2018, 4, 9)))), (), [], {}  # noqa: DTZ001
            ),
            lambda: ledger.record(dataclasses.replace(run, rules_digest="abc"), (), [], {}),
            lambda: ledger.record(dataclasses.replace(run, rules_digest="g" * 64), (), [], {}),
            lambda: ledger.record(run, (dataclasses.replace(zero, cents=1, contract=""),), [], {}),
            lambda: ledger.record(run, (), [dataclasses.replace(payment(LINDE, MARCH, 1), cents=1.5)], {}),  # type: ignore[arg-type]
            lambda: ledger.record(run, (zero,), [], {}),
            lambda: ledger.record(run, (dataclasses.replace(zero, cents=1.5),), [], {}),  # type: ignore[arg-type]
            lambda: ledger.record(run, (dataclasses.replace(zero, cents=1, account="bank"),), [], {}),  # type: ignore
            lambda: ledger.record(run, (dataclasses.replace(zero, cents=1, account="payment"),), [], {}),
            lambda: ledger.record(run, (), [payment(LINDE, MARCH, 0)], {}),
        ):
            with pytest.raises(ValueError, match=said):
                wrong()
        assert ledger.head() == GENESIS


def test_a_cent_is_an_amount_and_so_is_one_below_what_a_float_holds_exactly(path: Path) -> None:
    with Ledger.open(path) as ledger:
        settle(ledger, JANUARY, 1)
        settle(ledger, FEBRUARY, 2**53 - 1)
        assert ledger.paid_by_month(LINDE) == {JANUARY: 1, FEBRUARY: 2**53 - 1}
        for cents in (2**53, -(2**53)):
            posting = Posting(LINDE, 2018, "hulp", "tariff", MARCH, "entitlement", cents)
            with pytest.raises(ValueError, match="whole number of cents"):
                ledger.record(approved(ledger, MARCH), [posting], [], {})
        with pytest.raises(ValueError, match="whole number of cents"):
            ledger.record(approved(ledger, MARCH), [], [payment(LINDE, MARCH, 2**53)], {})
        assert len(ledger.runs()) == 2


def test_more_than_is_owed_is_not_paid_and_what_is_owed_is_paid_to_the_cent(path: Path) -> None:
    with Ledger.open(path) as ledger:
        # 5,00 earned and 2,00 paid: 3,00 is owed. 3,01 is refused, 3,00 paid; then nothing more is.
        first = postings_of(LINDE, JANUARY, {(2018, "hulp", "tariff", JANUARY): 500}, payment_cents=200)
        ledger.record(approved(ledger, JANUARY), first, [payment(LINDE, JANUARY, 200)], {})
        assert ledger.balance() == {LINDE: 300}
        with pytest.raises(LedgerRefusal, match="would be paid 1 cents more than it is owed"):
            ledger.record(
                approved(ledger, FEBRUARY), postings_of(LINDE, FEBRUARY, {}, payment_cents=301),
                [payment(LINDE, FEBRUARY, 301)], {},
            )  # fmt: skip
        ledger.record(
            approved(ledger, FEBRUARY), postings_of(LINDE, FEBRUARY, {}, payment_cents=300),
            [payment(LINDE, FEBRUARY, 300)], {},
        )  # fmt: skip
        assert (ledger.balance(), ledger.paid()) == ({}, {LINDE: 500})


def test_postings_stand_in_the_same_order_however_the_changes_come() -> None:
    changes = {(2018, "wonen", "tariff", MARCH): 300, (2018, "hulp", "tariff", MARCH): 200, (2018, "hulp", "budget", JANUARY): 100}
    backwards = dict(reversed(changes.items()))
    assert postings_of(LINDE, MARCH, changes) == postings_of(LINDE, MARCH, backwards)
    assert [posting.cents for posting in postings_of(LINDE, MARCH, changes)] == [100, 200, 300, -600]


def test_a_ledger_as_it_stood_before_a_run_records_nothing(three_months: Path) -> None:
    with Ledger.open(three_months) as ledger:
        then = ledger.before(ledger.runs()[2])
        assert then.paid() == {LINDE: 10_000_000}
        with pytest.raises(ValueError, match="opened for reading"):
            then.record(approved(ledger, MARCH), (), [], {})
        assert ledger.paid() == {LINDE: 15_000_000}


def test_a_ledger_is_copied_record_by_record_into_an_empty_one_and_no_other(three_months: Path, tmp_path: Path) -> None:
    with Ledger.open(three_months) as ledger, Ledger.open(tmp_path / "copy" / "ledger.sqlite") as copy:
        assert copy.copy_from(ledger) == 3
        assert (copy.head(), copy.paid(), copy.verify()) == (ledger.head(), {LINDE: 15_000_000}, [])
        assert [copy.postings(run) for run in copy.runs()] == [ledger.postings(run) for run in ledger.runs()]
        with pytest.raises(LedgerRefusal, match="holds runs already"):
            copy.copy_from(ledger)
        assert copy.paid() == {LINDE: 15_000_000}


def test_a_copy_that_lacks_the_last_run_is_refused_and_nothing_is_copied(three_months: Path, tmp_path: Path, monkeypatch) -> None:
    with Ledger.open(three_months) as ledger, Ledger.open(tmp_path / "copy" / "ledger.sqlite") as copy:
        last = ledger.runs()[2].number
        records = [one for one in ledger._chained() if (one[2]["number"] if one[1] == "run" else one[2]["run"]) != last]
        # Read once to see that it is whole, as it is; then, on the way over, the last run is lost.
        whole = ledger.verify()
        monkeypatch.setattr(ledger, "verify", lambda: whole)
        monkeypatch.setattr(ledger, "_chained", lambda: iter(records))
        with pytest.raises(LedgerDamaged, match="the copy is not what was copied"):
            copy.copy_from(ledger)
        assert (copy.head(), copy.runs()) == (GENESIS, [])


def test_verify_finds_a_run_recorded_after_a_later_month_or_under_another_name(path: Path, monkeypatch) -> None:
    # The laws that a record is held to when it is made are switched off: what is written is found afterwards.
    with Ledger.open(path) as ledger:
        settle(ledger, MARCH, 500)
        monkeypatch.setattr(ledger, "_refuse_late", lambda run: None)
        settle(ledger, FEBRUARY, 500)
        assert [fault.message for fault in ledger.verify()] == ["run R-2018-02-0002 has not the name or the period of run number 2"]
    other = path.with_name("other.sqlite")
    with Ledger.open(other) as ledger:
        with monkeypatch.context() as named:
            named.setattr("settlement.run.ledger._name", lambda period, number: f"R-{period}-{number + 7:04d}")
            settle(ledger, MARCH, 500)
        assert [fault.message for fault in ledger.verify()] == ["run R-2018-03-0008 has not the name or the period of run number 1"]


def test_a_ledger_on_a_server_is_opened_for_writing_or_for_reading_as_was_asked(monkeypatch) -> None:
    made: list[str] = []
    room = SimpleNamespace(open_writable=lambda url: made.append(f"to write {url}"), open_readable=lambda url: made.append(f"to read {url}"))
    monkeypatch.setattr("settlement.run.ledger._server_room", lambda url: room)
    address = "postgresql://kluis/ledger"
    opened = [Ledger.open(address), Ledger.open(address, create=True), Ledger.open(address, create=False)]
    assert made == [f"to write {address}", f"to write {address}", f"to read {address}"]
    assert [ledger._writable for ledger in opened] == [True, True, False]


def test_two_people_can_approve_a_run(address: Address) -> None:
    both = (Approval("A. de Vries", NOON), Approval("B. Bakker", NOON))
    with Ledger.open(address) as ledger:
        final = ledger.record(dataclasses.replace(approved(ledger, MARCH), approvals=both), (), [], {})
        assert final.approvals == both
        assert ledger.verify() == []


def test_a_ledger_that_was_opened_for_reading_records_nothing(three_months: Path) -> None:
    before = three_months.read_bytes()
    with Ledger.open(three_months, create=False) as ledger:
        with pytest.raises(ValueError, match="opened for reading"):
            ledger.record(approved(ledger, MARCH), (), [], {})
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            ledger._home.connection.execute("UPDATE posting SET cents = 1")
    assert three_months.read_bytes() == before


# ---- append-only


@pytest.mark.parametrize("table", list(ledger_records.RECORDS))
def test_the_database_itself_refuses_to_change_or_delete_a_record(three_months: Path, table: str) -> None:
    content = ledger_records.RECORDS[table][-1]
    key = "number" if table == "run" else "position"
    # As another program would open it: without our settings.
    connection = sqlite3.connect(three_months, isolation_level=None)
    columns = ", ".join((*ledger_records.RECORDS[table], "position", "digest"))
    for statement in (
        f"UPDATE {table} SET {content} = {content}",
        f"UPDATE OR REPLACE {table} SET {key} = {key} + 1",
        f"DELETE FROM {table}",
        f"INSERT OR REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table} LIMIT 1",
        f"REPLACE INTO {table} ({columns}) SELECT {columns} FROM {table} ORDER BY {key} DESC LIMIT 1",
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} ORDER BY {key} DESC LIMIT 1",
        "UPDATE head SET digest = 'x'",
        "UPDATE head SET records = 0",
        "DELETE FROM head",
        "INSERT OR REPLACE INTO head VALUES (1, 0, 'x')",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.close()
    with Ledger.open(three_months) as ledger:
        assert ledger.verify() == []


def test_a_replaced_run_number_is_refused_even_at_the_next_place_of_the_chain(three_months: Path) -> None:
    connection = sqlite3.connect(three_months, isolation_level=None)
    columns = ", ".join(ledger_records.RECORDS["run"])
    with pytest.raises(sqlite3.IntegrityError, match="a run takes the next number"):
        connection.execute(
            f"INSERT OR REPLACE INTO run ({columns}, position, digest) "
            f"SELECT {columns}, (SELECT records + 1 FROM head), digest FROM run WHERE number = 1"
        )
    connection.close()


def test_an_amount_that_is_no_whole_number_is_refused_by_the_table(three_months: Path) -> None:
    connection = sqlite3.connect(three_months, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match=r"cannot store REAL value in INTEGER column posting\.cents"):
        connection.execute(
            "INSERT INTO posting SELECT run, contract, year, service, term, month, account, 0.5, "
            "(SELECT records + 1 FROM head), digest FROM posting LIMIT 1"
        )
    connection.close()


# ---- the chain


def tampered(path: Path, *statements: str) -> list[str]:
    """What verify finds after somebody took the triggers off, changed records and put the triggers back."""
    connection = sqlite3.connect(path, isolation_level=None)
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    for _, sql in triggers:
        connection.execute(sql)
    connection.close()
    with Ledger.open(path, create=False) as ledger:
        return [problem.message for problem in ledger.verify()]


def test_verify_names_the_posting_that_was_changed_and_no_other(three_months: Path) -> None:
    # A run here is 9 records: run, approval, 4 postings, payment, 2 files. Run 2 begins at 10, its postings at 12.
    found = tampered(three_months, "UPDATE posting SET cents = 5000001 WHERE run = 2 AND account = 'entitlement'")
    place = "the posting of UTR-AJ-2018-07 in run 2 (crisiszorg, budget, 2018-02), record 12 of the chain"
    assert found == [f"{place}, is not what was recorded"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE payment SET iban = 'NL20INGB0001234567' WHERE run = 1", "the payment of BS-2018-01-UTR-AJ-2018-07"),
        ("UPDATE approval SET person = 'Z' WHERE run = 3", "the approval by Z of run 3"),
        ("UPDATE file SET bytes = 1 WHERE path LIKE '2018-02/%json'", "the file 2018-02/run.json of run 2"),
        ("UPDATE run SET rules_digest = inputs_digest WHERE number = 2", "run R-2018-02-0002"),
        ("UPDATE posting SET digest = replace(digest, '0', '1') WHERE run = 3 AND account = 'payment'", "in run 3"),
    ],
)
def test_verify_names_every_kind_of_record(three_months: Path, change: str, named: str) -> None:
    found = tampered(three_months, change)
    assert len(found) == 1
    assert named in found[0]


def test_verify_misses_no_record_that_was_taken_out_or_put_in(three_months: Path) -> None:
    copy = three_months.with_name("copy.sqlite")
    shutil.copy(three_months, copy)
    assert any("missing" in fault for fault in tampered(three_months, "DELETE FROM payment WHERE run = 2"))
    assert tampered(copy, "INSERT INTO payment SELECT run, statement, contract, provider_name, creditor, iban, cents, "
                          "reference, pay_by, 1000, digest FROM payment WHERE run = 2")  # fmt: skip


def test_verify_sees_that_the_last_records_are_gone(three_months: Path) -> None:
    found = tampered(three_months, "DELETE FROM file WHERE run = 3")
    assert found == ["the chain does not end where the ledger says: records were added or taken away by something else"]


def test_a_whole_run_taken_off_the_end_with_its_traces_is_betrayed_by_the_receipts(three_months: Path) -> None:
    with Ledger.open(three_months, create=False) as ledger:
        head_after_three = ledger.head()
        head_after_two = ledger.runs()[2].previous
    for table in ("file", "payment", "posting", "approval"):
        assert tampered(three_months, f"DELETE FROM {table} WHERE run = 3")
    tampered(
        three_months, "DELETE FROM run WHERE number = 3",
        f"UPDATE head SET digest = '{head_after_two}', records = (SELECT max(position) FROM file)",
    )  # fmt: skip
    with Ledger.open(three_months, create=False) as ledger:
        assert ledger.verify([head_after_two]) == []
        assert "runs are missing" in ledger.verify([head_after_two, head_after_three])[0].message


def test_verify_sees_a_law_of_the_database_that_was_taken_away(three_months: Path) -> None:
    connection = sqlite3.connect(three_months, isolation_level=None)
    connection.execute("DROP TRIGGER posting_is_not_changed")
    connection.close()
    with Ledger.open(three_months) as ledger:
        found = ledger.verify()
        assert "'posting_is_not_changed' is not as the ledger made it" in found[0].message
        assert found[0].place.file == three_months.as_posix()
        assert "last backup" in found[0].help


def test_nothing_is_recorded_on_a_damaged_ledger(three_months: Path) -> None:
    tampered(three_months, "UPDATE posting SET cents = cents + 1 WHERE run = 1")
    before = three_months.read_bytes()
    with Ledger.open(three_months) as ledger, pytest.raises(LedgerDamaged, match="is not what was recorded"):
        ledger.record(approved(ledger, MARCH), (), [], {})
    assert three_months.read_bytes() == before


def everything(path: Path) -> str:
    """All that a ledger answers, as text, read past the chain."""
    with Ledger.open(path, create=False) as ledger:
        runs = ledger.runs()
        answers = [
            ledger.head(), ledger.settled(), ledger.paid(), ledger.balance(), ledger.claims(), runs,
            [(ledger.postings(run), ledger.payments(run), ledger.files(run)) for run in runs],
        ]  # fmt: skip
    return repr(answers)


def faults(path: Path) -> list[str]:
    """What is found wrong with a ledger file, whether it can be opened or not."""
    try:
        with Ledger.open(path, create=False) as ledger:
            return [problem.message for problem in ledger.verify()]
    except Blocked as refused:
        return [refused.message]


def flip_bits(ledger: Path, scratch: Path, number: int) -> tuple[int, int]:
    """Flips as many bits one by one; answers how many were found, and how many changed nothing that is answered.

    A bit that changes an answer and is not found fails the test that asks.
    """
    intact = ledger.read_bytes()
    answers = everything(ledger)
    random_bits = random.Random(2018)
    used = [byte for byte in range(len(intact)) if intact[byte]]
    found = harmless = 0
    for turn in range(number):
        # Most of a small file is empty pages: two of three bits are taken where something stands.
        byte = random_bits.choice(used) if turn % 3 else random_bits.randrange(len(intact))
        damaged = bytearray(intact)
        damaged[byte] ^= 1 << random_bits.randrange(8)
        scratch.write_bytes(damaged)
        if faults(scratch):
            found += 1
        else:
            harmless += 1
            assert everything(scratch) == answers, f"bit in byte {byte} changed an answer and was not found"
    return found, harmless


def test_every_flipped_bit_that_changes_an_answer_is_found(three_months: Path, tmp_path: Path) -> None:
    found, _ = flip_bits(three_months, tmp_path / "flipped.sqlite", 60)
    assert found > 20  # else the flips did not meet the records


@pytest.mark.campaign
def test_five_hundred_flipped_bits_that_change_the_ledger_are_found(three_months: Path, tmp_path: Path) -> None:
    """Flips bits until five hundred were damage: every one that changes what the ledger answers is among the found."""
    flipped = 1000
    found, harmless = flip_bits(three_months, tmp_path / "flipped.sqlite", flipped)
    print(f"\n{flipped} bits flipped: {found} found, {harmless} in unused bytes, which change nothing; none missed")  # noqa: T201
    assert found >= 500


def test_every_flipped_bit_of_a_record_is_found(three_months: Path, tmp_path: Path) -> None:
    intact = three_months.read_bytes()
    for text in (b"crisiszorgbudget", b"NL91ABNA0417164300", b"A. de Vries", b"De Linde40011"):
        start = intact.index(text)
        for byte in range(start, start + 8):
            damaged = bytearray(intact)
            damaged[byte] ^= 1 << byte % 8
            path = tmp_path / "flipped.sqlite"
            path.write_bytes(damaged)
            with Ledger.open(path, create=False) as ledger:
                found = [problem.message for problem in ledger.verify()]
                assert any("is not what was recorded" in fault for fault in found), (byte, found)


def test_a_damaged_value_is_refused_in_words_when_it_is_read(three_months: Path) -> None:
    tampered(three_months, "PRAGMA ignore_check_constraints = ON", "UPDATE run SET period = 'march' WHERE number = 2")
    with Ledger.open(three_months, create=False) as ledger, pytest.raises(LedgerDamaged, match="never writes"):
        ledger.runs()


# ---- the file


def test_a_file_that_is_no_ledger_is_refused_in_words(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("geen register\n" * 100)
    for create in (True, False):
        with pytest.raises(LedgerDamaged, match="not a database"):
            Ledger.open(path, create=create)
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE klant (naam TEXT)")
    connection.close()
    for create in (True, False):
        with pytest.raises(LedgerRefusal, match="not a ledger of settlement"):
            Ledger.open(path, create=create)


def test_a_ledger_that_was_emptied_is_damaged_and_not_new(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    for create in (True, False):
        with pytest.raises(LedgerDamaged, match="the file is empty"):
            Ledger.open(path, create=create)


def test_a_ledger_that_was_cut_off_is_refused_or_found(three_months: Path) -> None:
    intact = three_months.read_bytes()
    for share in (1, 3, 5, 7):
        three_months.write_bytes(intact[: len(intact) * share // 8])
        assert faults(three_months)


def test_an_opened_ledger_leaves_one_file(three_months: Path) -> None:
    assert [file.name for file in three_months.parent.iterdir()] == ["ledger.sqlite"]


def test_the_log_is_in_the_file_once_a_run_is_recorded(path: Path, tmp_path: Path) -> None:
    with Ledger.open(path) as ledger:
        settle(ledger, MARCH, 500)
        # A backup that copies the one file, while it is open, has the run.
        shutil.copy(path, tmp_path / "backup.sqlite")
    with Ledger.open(tmp_path / "backup.sqlite", create=False) as backup:
        assert backup.paid() == {LINDE: 500}
        assert backup.verify() == []


def test_the_ledger_is_written_to_disk_before_a_run_counts_as_recorded(path: Path) -> None:
    with Ledger.open(path) as ledger:
        settings = {
            name: ledger._home.connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}


def test_a_ledger_in_a_folder_without_write_access_can_be_read(three_months: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    three_months.parent.chmod(0o500)
    try:
        with Ledger.open(three_months, create=False) as ledger:
            assert ledger.paid() == {LINDE: 15_000_000}
    finally:
        three_months.parent.chmod(0o700)


def test_a_full_disk_records_nothing_and_says_so(three_months: Path) -> None:
    with Ledger.open(three_months) as ledger:
        pages = ledger._home.connection.execute("PRAGMA page_count").fetchone()[0]
        ledger._home.connection.execute(f"PRAGMA max_page_count = {pages}")
        changes = {(2018, f"zorgvorm {number}", "budget", MARCH): 100 for number in range(2000)}
        with pytest.raises(Blocked, match="full") as blocked:
            ledger.record(approved(ledger, MARCH), postings_of(LINDE, MARCH, changes), [], {})
        assert "Make room" in blocked.value.help
        assert len(ledger.runs()) == 3
        assert ledger.verify() == []


def test_a_ledger_that_another_program_writes_to_is_said_to_be_in_use(
    three_months: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_file, "_BUSY_SECONDS", 0.05)
    other = sqlite3.connect(three_months, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Ledger.open(three_months) as ledger, pytest.raises(Blocked, match="in use by another program"):
        settle(ledger, MARCH, 500)
    other.execute("ROLLBACK")
    other.close()


KILLED_WHILE_RECORDING = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_ledger import JANUARY, settle
from settlement.run.ledger import Ledger
ledger = Ledger.open(Path(sys.argv[1]))
statements = 0
def count(statement):
    global statements
    statements += 1
    if statements == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
ledger._home.connection.set_trace_callback(count)
settle(ledger, JANUARY, 500)
"""


# Statement 3 begins the transaction, 27 is its first record, 73 commits it, 74 takes the log into the file.
@pytest.mark.parametrize("statement", [3, 27, 41, 62, 72, 73, 74, 75])
def test_a_run_that_is_killed_while_it_is_recorded_is_recorded_whole_or_not_at_all(path: Path, statement: int) -> None:
    root = Path(settlement.__path__[0]).parent
    subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_RECORDING, str(path), str(Path(__file__).parent), str(statement)],
        env=os.environ | {"PYTHONPATH": str(root)}, check=False, timeout=60,
    )  # fmt: skip
    recorded = {LINDE: 500} if statement > 73 else {}
    with Ledger.open(path, create=False) as ledger:
        assert ledger.verify() == []
        assert ledger.paid() == recorded
        assert len(ledger.runs()) == len(recorded)
    with Ledger.open(path) as ledger:
        assert ledger.verify() == []
        if not ledger.runs():
            settle(ledger, JANUARY, 500)
        assert ledger.paid() == {LINDE: 500}


# ---- versions


def test_a_migration_that_was_released_is_never_edited() -> None:
    text = json.dumps(ledger_file.MIGRATIONS[0])
    assert hashlib.sha256(text.encode()).hexdigest() == (
        "6f22982ed96b120f87ee42fc262ce15821061e4a4961a6bdb3b5353ee8677723"
    )


def test_a_ledger_of_an_earlier_version_is_brought_up_to_date_and_keeps_its_chain(
    three_months: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = (*ledger_file.MIGRATIONS, ("ALTER TABLE posting ADD COLUMN reason TEXT",))
    monkeypatch.setattr(ledger_file, "MIGRATIONS", later)
    monkeypatch.setitem(ledger_records.RECORDS, "posting", (*ledger_records.RECORDS["posting"], "reason"))  # type: ignore
    before = three_months.read_bytes()
    with Ledger.open(three_months, create=False) as ledger:
        assert ledger.verify() == []
        assert ledger.paid() == {LINDE: 15_000_000}
    assert three_months.read_bytes() == before
    with Ledger.open(three_months) as ledger:
        assert ledger.verify() == []
        assert ledger._home.connection.execute("SELECT DISTINCT reason FROM posting").fetchall() == [(None,)]
    assert three_months.read_bytes() != before


def test_a_ledger_of_a_later_version_is_refused_and_left_alone(
    three_months: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        later.setattr(
            ledger_file, "MIGRATIONS", (*ledger_file.MIGRATIONS, ("ALTER TABLE posting ADD COLUMN reason TEXT",))
        )
        Ledger.open(three_months).close()
    before = three_months.read_bytes()
    for create in (True, False):
        with pytest.raises(LedgerRefusal, match="written by a later version of settlement") as refusal:
            Ledger.open(three_months, create=create)
        assert "Install the version of settlement that was used last" in refusal.value.help
    assert three_months.read_bytes() == before
