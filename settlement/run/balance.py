"""What must always hold, checked in the run itself: a run that does not balance writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import polars as pl

from settlement.deliveries.gather import Gathered
from settlement.domain.records import Payment, Statement
from settlement.run.ledger import Posting
from settlement.settle import Settlement


class OutOfBalance(Exception):  # noqa: N818 - it is the name of what happened; a run that meets it writes nothing
    """Two figures that must be the same are not: a fault of this program, not of anybody's file."""

    def __init__(self, found: Sequence[str]) -> None:
        self.found = tuple(found)
        super().__init__("; ".join(self.found))


def check_balance(
    settlement: Settlement,
    delivered: Gathered,
    lines: pl.DataFrame,
    statements: Sequence[Statement],
    payments: Sequence[Payment],
    postings: Sequence[Posting],
) -> None:
    """Raises ``OutOfBalance`` naming every figure that does not agree.

    Accepted + refused = delivered for every file; lines = rows of the statement; rows = total = postings = advice.
    """
    found = [
        *_every_line_counted(settlement, delivered),
        *_lines_are_rows(settlement, lines),
        *_rows_are_totals(settlement, statements),
        *_advice_is_totals(statements, payments),
        *_postings_are_totals(statements, payments, postings),
    ]
    if found:
        raise OutOfBalance(found)


def _every_line_counted(settlement: Settlement, delivered: Gathered) -> Iterator[str]:
    """accepted + refused = delivered, for every file; lines of contracts that are not settled are told apart."""
    accepted = dict(settlement.accepted.lines.group_by("delivery").len().iter_rows())
    refused = dict(
        settlement.refusals.filter(pl.col("row") > 0).unique(["delivery", "row"]).group_by("delivery").len().iter_rows()
    )
    stopped = dict(settlement.accepted.stopped.group_by("delivery").agg(pl.col("lines").sum()).iter_rows())
    for one in delivered.deliveries:
        if not one.used:
            continue
        counted = accepted.get(one.key, 0) + refused.get(one.key, 0) + stopped.get(one.key, 0)
        if counted != one.rows:
            yield f"{one.key}: {one.rows} lines delivered, {counted} accepted or refused"


def _lines_are_rows(settlement: Settlement, lines: pl.DataFrame) -> Iterator[str]:
    """What the lines of a contract and year earned is what the terms that price lines give, less the ceilings."""
    open_years = {(key.contract, key.year) for key in settlement.positions}
    by_line: dict[tuple[str, int], int] = defaultdict(int)
    earned = settlement.earnings.filter(pl.col("line").is_not_null() & pl.col("live") & pl.col("earns"))
    numbers = list(settlement.tables.contracts)
    sums = earned.group_by("contract_no", year=pl.col("month") // 12).agg(
        cents=(pl.col("value_cents") - pl.col("cut_service_cents") - pl.col("cut_contract_cents")).sum()
    )
    for contract_no, year, cents in sums.iter_rows():
        by_line[numbers[contract_no], year] = cents
    by_term: dict[tuple[str, int], int] = defaultdict(int)
    calendar_cut = settlement.earnings.filter(pl.col("line").is_null()).group_by(
        "contract_no", year=pl.col("month") // 12
    ).agg(cents=(pl.col("cut_service_cents") + pl.col("cut_contract_cents")).sum())  # fmt: skip
    for contract_no, year, cents in calendar_cut.iter_rows():
        by_term[numbers[contract_no], year] += cents
    line_terms = {"tariff", "weekly_tariff", "arrangement_fee", "monthly_tariff", "person_fee", "ceiling"}
    for (contract, year, _, term, _), row in settlement.entitlements.rows.items():
        if term in line_terms:
            by_term[contract, year] += row.cents
    for key in sorted(open_years):
        if by_line[key] != by_term[key]:
            yield f"{key[0]} {key[1]}: lines earn {by_line[key]} cents, the terms give {by_term[key]}"
    shown = dict(lines.group_by("contract").agg(pl.col("earned_cents").filter(pl.col("reason") != "credited").sum()).iter_rows())
    for contract in numbers:
        inside = sum(cents for (name, _), cents in by_line.items() if name == contract)
        if shown.get(contract, 0) != inside:
            yield f"{contract}: the lines of the statement earn {shown.get(contract, 0)} cents, pricing says {inside}"


def _rows_are_totals(settlement: Settlement, statements: Sequence[Statement]) -> Iterator[str]:
    payable = settlement.payable()
    settled: dict[str, int] = defaultdict(int)
    for key, cents in settlement.before.settled.items():
        settled[key[0]] += cents
    for one in statements:
        contract = one.contract.number
        carried = settled[contract] - settlement.before.paid.get(contract, 0)
        changed = sum(row.difference_cents for row in one.rows)
        if carried + changed != one.payable_cents or one.payable_cents != payable[contract]:
            yield (
                f"{one.number}: rows {changed} + carried {carried} cents, payable {one.payable_cents}, "
                f"entitled less paid {payable[contract]}"
            )
        if one.to_pay_cents != (0 if one.on_hold else max(one.payable_cents, 0)):
            yield f"{one.number}: to pay {one.to_pay_cents} cents of {one.payable_cents} payable"


def _advice_is_totals(statements: Sequence[Statement], payments: Sequence[Payment]) -> Iterator[str]:
    advice: dict[str, int] = defaultdict(int)
    for payment in payments:
        advice[payment.statement] += payment.cents
    due = {one.number: one.to_pay_cents for one in statements if one.to_pay_cents}
    for number in sorted(advice.keys() | due.keys()):
        if advice.get(number) != due.get(number):
            yield f"{number}: the advice pays {advice.get(number, 0)} cents, the statement {due.get(number, 0)}"


def _postings_are_totals(
    statements: Sequence[Statement], payments: Sequence[Payment], postings: Sequence[Posting]
) -> Iterator[str]:
    by_account: dict[tuple[str, str], int] = defaultdict(int)
    total: dict[str, int] = defaultdict(int)
    for posting in postings:
        by_account[posting.contract, posting.account] += posting.cents
        total[posting.contract] += posting.cents
    paid: dict[str, int] = defaultdict(int)
    for payment in payments:
        paid[payment.contract] += payment.cents
    for one in statements:
        contract = one.contract.number
        changed = sum(row.difference_cents for row in one.rows)
        if by_account[contract, "entitlement"] != changed:
            yield f"{one.number}: postings change {by_account[contract, 'entitlement']} cents, the rows {changed}"
        if -by_account[contract, "payment"] != paid.get(contract, 0):
            yield f"{one.number}: postings pay {-by_account[contract, 'payment']} cents, the advice {paid.get(contract, 0)}"
        if total[contract]:
            yield f"{one.number}: postings add up to {total[contract]} cents, not to nothing"
