"""From a settled month to the statement of each contract: the records that the papers are made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import starmap

import polars as pl

from settlement.decisions.signals import FOR_PROVIDERS
from settlement.deliveries.gather import Gathered
from settlement.domain.contract import Ceiling, Contract, MinimumClients
from settlement.domain.money import divide_half_up
from settlement.domain.periods import ContractYear, Month
from settlement.domain.problems import Place
from settlement.domain.records import (
    AT_RESULT,
    Delivery,
    LinePart,
    MonthCourse,
    MonthTotal,
    Payment,
    Refusal,
    ServicePosition,
    Statement,
    StatementLine,
    StatementRow,
)
from settlement.pricing.ceilings import ceiling_of_year
from settlement.pricing.earn import in_care
from settlement.pricing.positions import minimum_to_date
from settlement.pricing.value import month_days
from settlement.settle import Settlement

MOST_CHARACTERS = 35
"""Of a description on a bank statement, where banks cut it."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What the ledger says was paid, by contract and claim month, for the course of the year."""

    by_month: Mapping[str, Mapping[Month, int]] = field(default_factory=dict)


_LINE_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "delivery": pl.String,
    "sheet": pl.String,
    "row": pl.Int32,
    "claim_month": pl.Int32,
    "service": pl.String,
    "client": pl.String,
    "product_code": pl.String,
    "profile": pl.String,
    "intensity": pl.String,
    "start": pl.Date,
    "end": pl.Date,
    "quantity_milli": pl.Int64,
    "unit": pl.String,
    "direction": pl.String,
    "reference": pl.String,
    "price_cents": pl.Int64,
    "value_cents": pl.Int64,
    "cut_cents": pl.Int64,
    "held_cents": pl.Int64,
    "earned_cents": pl.Int64,
    "reason": pl.String,
}


def settled_lines(settlement: Settlement) -> pl.DataFrame:
    """Every accepted line to date with what it earned: the columns of ``StatementLine``, with ``contract``, ``month`` and
    ``months`` (those of service in which it earned: an arrangement's start, result or each of its months). ``paid_parts`` are
    those of an arrangement's fee (``LinePart``), null for every other line.

    In order of contract, service (as in the contract), first day, delivery and row. This is what the Parquet file beside
    a statement holds, and what the lines of the statement are taken from.
    """
    lines = settlement.accepted.lines
    by_line = (
        settlement.earnings.filter(pl.col("line").is_not_null())
        .group_by("line")
        .agg(
            value=pl.col("value_cents").sum(),
            cut=(pl.col("cut_service_cents") + pl.col("cut_contract_cents")).sum(),
            held_cents=pl.col("held_cents").sum(),
            months=pl.col("month").unique().sort(),
            earning=pl.col("earns").all(),
            live=pl.col("live").all(),
        )
    )
    parts = (
        settlement.earnings.filter(pl.col("part").is_not_null())
        .sort("line", "month", pl.col("part") == AT_RESULT, "part")
        .group_by("line", maintain_order=True)
        .agg(
            paid_parts=pl.struct(
                "month", "part", "value_cents", cut_cents=pl.col("cut_service_cents") + pl.col("cut_contract_cents")
            )
        )
    )
    names = settlement.tables.services.select("service_no", service_name="service")
    priced_by_itself = pl.col("kind").is_in(["tariff", "weekly_tariff", "monthly_tariff"])
    counted, unit = _counted()
    value = pl.coalesce("value", pl.lit(0, dtype=pl.Int64))
    cut = pl.col("cut").fill_null(0)
    earned = pl.when(pl.col("earning").fill_null(False)).then(value - cut).otherwise(0)
    first, last = month_days(lines)
    reason = (
        pl.when(pl.col("is_credit") | pl.col("credited")).then(pl.lit("credited"))
        .when(pl.col("has_budget")).then(pl.lit("budget"))
        .when((cut > 0) & (pl.col("held_cents") > 0)).then(pl.lit("held"))
        .when(cut > 0).then(pl.lit("ceiling"))
        .when((pl.col("kind") == "person_fee") & (value == 0)).then(
            pl.when((pl.col("counted_on") == "first day") & ~in_care(first)).then(pl.lit("not_first_day"))
            .when((pl.col("counted_on") == "last day") & ~in_care(last)).then(pl.lit("not_last_day"))
            .otherwise(pl.lit("counted"))
        )
        .when((pl.col("kind") == "arrangement_fee") & _began_before(settlement))
        .then(pl.when(value == 0).then(pl.lit("began_before")).otherwise(pl.lit("parts_before")))
        .when((pl.col("kind") == "arrangement_fee") & (value == 0))
        .then(pl.when(pl.col("result") == "not reached").then(pl.lit("no_result")).otherwise(pl.lit("arrangement")))
        .when((pl.col("kind") == "weekly_tariff") & (pl.col("parts") == 0)).then(pl.lit("no_sunday"))
        .when((pl.col("kind") == "tariff") & pl.col("whole_hours")).then(pl.lit("whole_hours"))
        .when(priced_by_itself & pl.col("bound_milli").is_not_null() & (value < pl.col("value_cents"))).then(pl.lit("bound"))
        .otherwise(pl.lit(""))
    )  # fmt: skip
    return (
        lines.join(by_line, on="line", how="left", maintain_order="left")
        .join(parts, on="line", how="left", maintain_order="left")
        .join(names, on="service_no", how="left", maintain_order="left")
        .select(
            "contract",
            "month",
            pl.when(pl.col("months").is_null()).then(pl.concat_list("month")).otherwise(pl.col("months")).alias("months"),
            "service_no",
            "line",
            "delivery",
            "sheet",
            "row",
            "claim_month",
            pl.col("service_name").alias("service"),
            # As text again: how they were numbered says nothing outside this process.
            pl.col("client", "profile", "intensity").cast(pl.String).fill_null(""),
            pl.col("code").cast(pl.String).fill_null("").alias("product_code"),
            "start",
            "end",
            counted.alias("quantity_milli"),
            unit.fill_null("").alias("unit"),
            "direction",
            pl.col("reference").fill_null(""),
            "price_cents",
            value.alias("value_cents"),
            cut.alias("cut_cents"),
            pl.col("held_cents").fill_null(0),
            earned.alias("earned_cents"),
            reason.alias("reason"),
            "paid_parts",
            pl.col("previous_reference").fill_null(""),
        )
        .sort("contract", "service_no", "start", "line", nulls_last=True)
        .drop("service_no", "line")
    )


def _began_before(settlement: Settlement) -> pl.Expr:
    """Whether a line's arrangement began before the first day that is settled of its contract: what falls due before that day is
    nowhere paid here."""
    first_year = settlement.rulebook.organisation.first_year
    opens = [
        max(contract.starts, dt.date(first_year, 1, 1)) if first_year else contract.starts for contract in settlement.tables.contracts.values()
    ]
    began = pl.coalesce("allocation_start", "start")
    return (began < pl.col("contract_no").replace_strict(dict(enumerate(opens)), return_dtype=pl.Date)) if opens else pl.lit(False)


def _counted() -> tuple[pl.Expr, pl.Expr]:
    """The quantity that was priced, and its unit: the weeks, days or month that a tariff counts, else what the line says."""
    sign = pl.when("is_credit").then(-1).otherwise(1)
    parts = pl.col("parts") * 1000 * sign
    by_weeks = (pl.col("kind") == "weekly_tariff") & (pl.col("weeks") != "days")
    by_days = (pl.col("kind") == "weekly_tariff") & (pl.col("weeks") == "days")
    monthly = pl.col("kind") == "monthly_tariff"
    whole = monthly & (pl.col("parts") >= 28) & (pl.col("value_cents").abs() == pl.col("price_cents"))
    nothing = monthly & (pl.col("parts") == 0)
    quantity = (
        pl.when(whole).then(1000 * sign).when(nothing).then(0)
        .when(by_weeks | by_days | monthly).then(parts).otherwise(pl.col("quantity_milli"))
    )  # fmt: skip
    unit = (
        pl.when(whole | nothing).then(pl.lit("month")).when(by_weeks).then(pl.lit("week"))
        .when(by_days | monthly).then(pl.lit("day")).otherwise(pl.col("unit"))
    )  # fmt: skip
    return quantity, unit


def statement_number(contract: str, period: Month, suffix: str = "") -> str:
    """``BS-2018-03-UTR-AJ-2018-07``: from our own numbers only, so that it may name a file."""
    return f"BS-{period}-{contract}{suffix}"


def compose(
    settlement: Settlement,
    delivered: Gathered,
    lines: pl.DataFrame,
    paid: Paid,
    *,
    final: bool,
    suffix: str = "",
    line_files: Mapping[str, tuple[str, str]] = {},
    on_hold: Mapping[str, str] = {},
) -> list[Statement]:
    """The statement of every contract that holds in the month, or for which something changed; in order of number.

    ``lines`` are ``settled_lines``; ``line_files`` the name and digest of each contract's Parquet file. ``on_hold`` names
    contracts whose payment a person keeps back, with the reason. ``suffix`` tells a correction run of a month apart.
    """
    period = settlement.period
    arrived = pl.col("delivery").is_in(list(settlement.arrived))
    shown = lines.filter(arrived | pl.col("months").list.contains(period.index))
    by_contract = {key[0]: frame for key, frame in shown.partition_by("contract", as_dict=True).items()}
    refusals = _refusals(settlement)
    rows_of = rows_by_contract(settlement)
    files_of = _files(delivered, settlement.arrived)
    course = _course_sums(settlement)
    payables, held_above = settlement.payable(), settlement.held()
    accepted = dict(lines.filter(arrived).group_by("contract").len().iter_rows())
    statements = []
    for contract_no, contract in enumerate(settlement.tables.contracts.values()):
        own = rows_of.get(contract.number, [])
        rows = tuple(row for row in own if row.month == period or row.difference_cents)
        payable, held = payables[contract.number], held_above.get(contract.number, 0)
        files = files_of.get(contract.number, ())
        in_force = contract.starts <= period.last_day and contract.ends >= period.first_day
        # After its end a contract has a statement as long as anything changes, came in, or is still open.
        if not (in_force or payable or files or any(row.difference_cents for row in rows)):
            continue
        reason = on_hold.get(contract.number, "")
        own_refusals = refusals.get(contract.number, ())
        number = statement_number(contract.number, period, suffix)
        position = settlement.stands(contract.number)
        to_pay = 0 if reason else max(payable, 0)
        name, digest = line_files.get(contract.number, ("", ""))
        statements.append(
            Statement(
                number=number,
                period=period,
                contract=contract,
                provider=settlement.rulebook.providers[contract.provider],
                organisation=settlement.rulebook.organisation,
                final=final,
                rows=rows,
                lines=tuple(starmap(StatementLine, _line_rows(by_contract.get(contract.number)))),
                carried_cents=payable - sum(row.difference_cents for row in rows),
                payable_cents=payable,
                held_cents=held,
                held_reason="above ceiling" if held else "",
                on_hold=reason,
                decided=tuple(
                    one for one in settlement.rulebook.ceiling_decisions
                    if one.contract == contract.number and one.year == period.year
                ),
                to_pay_cents=to_pay,
                payment_reference=f"{period} {contract.number}"[:MOST_CHARACTERS],
                pay_by=period.last_day + dt.timedelta(days=settlement.rulebook.organisation.payment_days),
                entitled_to_date_cents=int(position.get("entitled") or 0),
                paid_before_cents=settlement.before.paid.get(contract.number, 0),
                other_months=tuple(_other_months(own, period)),
                services=tuple(_services(contract, settlement)),
                course=tuple(
                    _course(contract, contract_no, settlement, course, paid.by_month.get(contract.number, {}), to_pay)
                ),
                alerts=tuple(
                    alert
                    for alert in settlement.alerts
                    if alert.contract == contract.number
                    and (alert.to == "provider" or (alert.standing and alert.name in FOR_PROVIDERS))
                ),
                deliveries=files,
                refusals=own_refusals,
                accepted_lines=accepted.get(contract.number, 0),
                refused_lines=len({(refusal.delivery, refusal.row) for refusal in own_refusals if refusal.row}),
                rules_file=contract.place.file,
                rules_digest=contract.digest,
                lines_file=name,
                lines_digest=digest,
            )
        )
    return statements


def rows_by_contract(settlement: Settlement) -> dict[str, list[StatementRow]]:
    """What every term gives for every month of service in the open years, now and as it was settled before."""
    found: dict[str, list[StatementRow]] = {}
    settled = settlement.before.settled
    keys = {(c, year, service or "", term, month.index) for c, year, service, term, month in settlement.entitlements.rows}
    keys |= {key for key in settled if key[0] in settlement.tables.contracts and key[:2] not in settlement.closed}
    order = {
        (contract.number, name): position
        for contract in settlement.tables.contracts.values()
        for position, name in enumerate(contract.services)
    }
    for contract, year, service, term, index in sorted(
        keys, key=lambda k: (k[0], k[1], order.get((k[0], k[2]), len(order)), k[2], k[3], k[4])
    ):
        month = Month.from_index(index)
        now = settlement.entitlements.rows.get((contract, year, service or None, term, month))
        was = settled.get((contract, year, service, term, index), 0)
        article, place = (now.article, now.place) if now else _clause(settlement, contract, service, term)
        found.setdefault(contract, []).append(
            StatementRow(
                year=year,
                service=service or None,
                term=term,
                article=article,
                place=place,
                month=month,
                is_cents=now.cents if now else 0,
                was_cents=was,
                working=now.working if now else None,
            )
        )
    return found


def _other_months(rows: Sequence[StatementRow], period: Month) -> Iterable[MonthTotal]:
    """The months in which a row changes, but for the period, with all their rows."""
    for month in sorted({row.month for row in rows if row.month != period and row.difference_cents}, key=lambda one: one.index):
        own = [row for row in rows if row.month == month]
        yield MonthTotal(month, sum(row.was_cents for row in own), sum(row.is_cents for row in own))


def _clause(settlement: Settlement, contract: str, service: str, term: str) -> tuple[str, Place]:
    """The clause of a term that gives nothing now; where it stands no more, the contract's own place."""
    held = settlement.tables.contracts[contract]
    terms = held.services[service].terms if service in held.services else held.terms
    found = terms.get(term)
    return (found.article, found.place) if found else ("", held.place)


def _line_rows(frame: pl.DataFrame | None) -> Iterable[tuple[object, ...]]:
    if frame is None:
        return []
    rows = frame.select(*(pl.col(name).cast(dtype) for name, dtype in _LINE_COLUMNS.items()), "paid_parts", "previous_reference").iter_rows()
    return (
        (*row[:3], Month.from_index(row[3]), *row[4:-2], line_parts(row[-2]) if row[-2] else (), row[-1]) for row in rows
    )


def line_parts(found: Iterable[Mapping[str, int]]) -> tuple[LinePart, ...]:
    """The parts of a line as a frame holds them (``settled_lines``)."""
    return tuple(
        LinePart(Month.from_index(one["month"]), one["part"], one["value_cents"], one["cut_cents"]) for one in found
    )


def _refusals(settlement: Settlement) -> dict[str, tuple[Refusal, ...]]:
    """The refusals of what arrived, by contract, in order of file and row."""
    names = ["delivery", "contract", "sheet", "row", "cell", "field", "code", "national", "found", "expected"]
    own = settlement.refusals_told().filter(pl.col("contract").is_not_null())
    found: dict[str, list[Refusal]] = {}
    for row in own.select(names).iter_rows():
        found.setdefault(row[1], []).append(Refusal(*row))
    return {contract: tuple(refusals) for contract, refusals in found.items()}


def _files(delivered: Gathered, arrived: frozenset[str]) -> dict[str, tuple[Delivery, ...]]:
    """Contract → its files that arrived: those that name it, and those in which a column names it."""
    by_row = (
        delivered.lines.filter(pl.col("delivery").is_in(list(arrived))).select("delivery", "contract").unique()
        .group_by("delivery").agg("contract")
    )  # fmt: skip
    named = dict(by_row.iter_rows())
    found: dict[str, list[Delivery]] = {}
    for one in delivered.deliveries:
        if one.key in arrived:
            for contract in named.get(one.key, []) if one.contract is None else [one.contract]:
                found.setdefault(contract, []).append(one)
    return {contract: tuple(files) for contract, files in found.items()}


def _services(contract: Contract, settlement: Settlement) -> Iterable[ServicePosition]:
    for service in contract.services.values():
        measures = settlement.stands(contract.number, service.name)
        if not measures:
            continue
        budget = measures["budget"]
        ceiling = None if contract.monthly_ceiling(service.name) else measures["ceiling"]
        yield ServicePosition(
            service=service.name,
            clients=int(measures["clients"] or 0),
            minimum_to_date=measures["minimum_to_date"],
            claimed_cents=int(measures["claimed"] or 0),
            entitled_cents=int(measures["entitled"] or 0),
            budget_cents=None if budget is None else int(budget),
            ceiling_cents=None if ceiling is None else int(ceiling),
            quantity=measures["quantity"] or None,
        )


def _clients_to_date(settlement: Settlement) -> dict[tuple[int, int], int]:
    """(contract_no, month) → clients seen for the first time in the year, of services with a minimum or, without any, all."""
    period = settlement.period
    with_minimum = {
        (contract_no, name)
        for contract_no, contract in enumerate(settlement.tables.contracts.values())
        for name, service in contract.services.items()
        if "minimum_clients" in service.terms
    }
    services = settlement.tables.services.select("contract_no", "service_no", "service").rows()
    counted = {number for contract_no, number, name in services if (contract_no, name) in with_minimum}
    bounded = {contract_no for contract_no, _ in with_minimum}
    counted |= {number for contract_no, number, _ in services if contract_no not in bounded}
    lines = settlement.accepted.lines.filter(
        ~pl.col("is_credit") & ~pl.col("credited") & pl.col("is_care") & (pl.col("month") // 12 == period.year)
        & pl.col("service_no").is_in(sorted(counted))
    )  # fmt: skip
    # With minimums a client counts in each of its services, as the minimums do; without, once in the contract.
    scope = pl.when(pl.col("contract_no").is_in(sorted(bounded))).then(pl.col("service_no").cast(pl.Int64)).otherwise(-1)
    first = (
        lines.group_by("contract_no", "client_no", scope=scope).agg(first=pl.col("month").min())
        .group_by("contract_no", "first").len()
    )  # fmt: skip
    return {(contract_no, month): count for contract_no, month, count in first.iter_rows()}


@dataclass(frozen=True, slots=True)
class _CourseSums:
    """By contract_no (or contract) and month: what the course of the year is drawn from."""

    claimed: Mapping[tuple[int, int], int]
    clients: Mapping[tuple[int, int], int]
    entitled: Mapping[tuple[str, int], Mapping[Month, int]]


def _course_sums(settlement: Settlement) -> _CourseSums:
    claimed: dict[tuple[int, int], int] = {}
    for (contract_no, _, month), cents in settlement.counted.monthly.claimed.items():
        claimed[contract_no, month] = claimed.get((contract_no, month), 0) + cents
    entitled = {
        (contract, year): months
        for (contract, year, service), months in settlement.entitlements.by_month().items()
        if service is None
    }
    return _CourseSums(claimed, _clients_to_date(settlement), entitled)


def _course(
    contract: Contract,
    contract_no: int,
    settlement: Settlement,
    sums: _CourseSums,
    paid: Mapping[Month, int],
    to_pay: int,
) -> Iterable[MonthCourse]:
    """Every month of the contract year of the period."""
    period = settlement.period
    year = contract.year(period.year)
    if year is None:
        return
    months = sums.entitled.get((contract.number, year.year), {})
    stands = settlement.stands(contract.number)
    budget, ceiling = stands.get("budget"), _ceiling(contract, year)
    helped = 0
    for position, month in enumerate(year.months, 1):
        so_far = month <= period
        helped += sums.clients.get((contract_no, month.index), 0)
        to_date = None if budget is None else divide_half_up(int(budget) * position, len(year.months))
        yield MonthCourse(
            month=month,
            claimed_cents=sums.claimed.get((contract_no, month.index), 0) if so_far else None,
            entitled_cents=months.get(month, 0) if so_far else None,
            paid_cents=(paid.get(month, 0) + (to_pay if month == period else 0)) if so_far else None,
            limit_to_date_cents=to_date if ceiling is None else ceiling,
            clients_to_date=helped if so_far else None,
            minimum_to_date=_minimum_to_date(contract, year, position),
        )


def _ceiling(contract: Contract, year: ContractYear) -> int | None:
    """The yearly ceiling of the contract, or those of all its services together; ``None`` when not all are bounded."""
    own = contract.terms.get("ceiling")
    if isinstance(own, Ceiling):
        return ceiling_of_year(own, contract, year.year) if own.per == "year" else None
    limits = []
    for service in contract.services.values():
        term = service.terms.get("ceiling")
        if not isinstance(term, Ceiling) or term.per != "year":
            return None
        limits.append(ceiling_of_year(term, contract, year.year))
    known = [limit for limit in limits if limit is not None]
    return sum(known) if known and len(known) == len(limits) else None


def _minimum_to_date(contract: Contract, year: ContractYear, elapsed: int) -> Fraction | None:
    found = None
    for _, term in contract.every_term():
        if isinstance(term, MinimumClients):
            due = minimum_to_date(term, contract, year.year, year.months[elapsed - 1])
            if due is not None:
                found = (found or Fraction(0)) + due
    return found


def payments_of(statements: Sequence[Statement]) -> list[Payment]:
    """The payment advice: what is to be paid, statement by statement."""
    return [
        Payment(
            statement=one.number,
            contract=one.contract.number,
            provider_name=one.provider.name,
            creditor=one.provider.creditor,
            iban=one.provider.iban,
            cents=one.to_pay_cents,
            reference=one.payment_reference,
            pay_by=one.pay_by,
        )
        for one in statements
        if one.to_pay_cents > 0
    ]
