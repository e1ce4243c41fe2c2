"""Earnings: what each line, and each instalment of a budget, gives in which month of service. One row an earning.

A line usually gives one earning; an arrangement gives one for its start, its result or each of its months.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from settlement.domain.contract import Budget, Contract
from settlement.domain.money import divide_half_up
from settlement.domain.periods import ContractYear, Month
from settlement.domain.records import AT_RESULT, AT_START
from settlement.pricing.arrangements import arrangements_of
from settlement.pricing.tables import KIND, Tables
from settlement.pricing.value import month_days, month_first, rounded_as

EARNINGS: dict[str, pl.DataType | type[pl.DataType]] = {
    "line": pl.UInt32,  # null: by the calendar
    "contract_no": pl.UInt32,
    "service_no": pl.UInt32,
    "month": pl.Int32,  # month of service, Month.index
    "date": pl.Date,  # for the order in which a ceiling fills
    "term": KIND,
    "value_cents": pl.Int64,  # before any ceiling
    "earns": pl.Boolean,  # false where a budget pays and the value only shows the use
    "live": pl.Boolean,  # false for a credit and its debit: together they are nothing
    "part": pl.Int16,  # of an arrangement's fee: AT_START, AT_RESULT, or the number of its month; null for all others
}


def earn(lines: pl.DataFrame, tables: Tables, period: Month) -> pl.DataFrame:
    """All earnings up to and including a month, in no order but that instalments come last.

    What belongs to a year before the first that is settled here (an arrangement begun in it) was settled elsewhere.
    """
    frames = [
        _plain(lines),
        _tariffs(lines),
        _person_fees(lines),
        _arrangements(lines, period),
        _instalments(tables.contracts, tables, period),
    ]
    first = tables.services.select("service_no", "first_open_month")
    found = pl.concat([frame.select(EARNINGS.keys()).cast(pl.Schema(EARNINGS)) for frame in frames])
    if not _reaches_outside(found, first, period):
        return found
    return (
        found.join(first, on="service_no", how="left", maintain_order="left")
        .filter((pl.col("month") <= period.index) & (pl.col("month") >= pl.col("first_open_month")))
        .drop("first_open_month")
    )


def _reaches_outside(found: pl.DataFrame, first: pl.DataFrame, period: Month) -> bool:
    """Whether any earning may lie before the first month that is open, or after the period."""
    earliest, latest, opens = found["month"].min(), found["month"].max(), first["first_open_month"].max()
    return not (
        isinstance(earliest, int) and isinstance(latest, int) and isinstance(opens, int)
        and opens <= earliest and latest <= period.index
    )  # fmt: skip


def _is_live() -> pl.Expr:
    return ~pl.col("is_credit") & ~pl.col("credited")


def _earning(lines: pl.DataFrame, value: pl.Expr | None = None, where: pl.Expr | None = None) -> pl.DataFrame:
    """The earnings of lines (those ``where``), each of its own value unless another is given."""
    # Lazily: of the many columns of the lines only these are touched.
    chosen = lines.lazy() if where is None else lines.lazy().filter(where)
    return chosen.select(
        "line",
        "contract_no",
        "service_no",
        "month",
        date="start",
        term="kind",
        value_cents=(pl.col("value_cents") if value is None else value),
        earns=~pl.col("has_budget"),
        live=_is_live(),
        part=pl.lit(None, dtype=EARNINGS["part"]),
    ).collect()


def _plain(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines whose value depends on nothing else: weeks, months, plain tariffs, and every credit with its debit."""
    alone = (
        pl.col("kind").is_in(["weekly_tariff", "monthly_tariff"])
        | ((pl.col("kind") == "tariff") & ~_together())
        | (~_is_live() & ~pl.col("kind").is_in(["none", "arrangement_fee", "person_fee"]))
    )
    return _earning(lines, where=alone & pl.col("is_care"))


def _together() -> pl.Expr:
    """Whether a tariff looks at all lines of the client: whole hours, a bound, or rounding per client and month."""
    return (
        pl.col("whole_hours")
        | pl.col("bound_milli").is_not_null()
        | (pl.col("rounding") == "half up per client and month")
    )


_OF_CLIENTS = [
    "line", "contract_no", "service_no", "level_no", "client_no", "month", "start", "end", "kind", "has_budget",
    "is_credit", "credited", "price_cents", "value_cents", "quantity_milli", "ratio_numerator", "ratio_denominator",
    "rounding", "whole_hours", "bound_milli", "bound_within", "counted_on", "person_per_year",
]  # fmt: skip
"""What is looked at where the lines of a client are taken together: those columns are sorted, and no others."""


def _of_clients(lines: pl.DataFrame, where: pl.Expr) -> pl.DataFrame:
    return lines.lazy().filter(where & pl.col("is_care")).select(_OF_CLIENTS).collect()


def _tariffs(lines: pl.DataFrame) -> pl.DataFrame:
    """Tariffs that look at all lines of a client: the bound first, then the rounding."""
    part = _of_clients(lines, (pl.col("kind") == "tariff") & _together() & _is_live())
    if not part.height:
        return _earning(part)
    client = ["service_no", "client_no"]
    # The quantity in thousandths of the tariff's unit times the ratio's denominator: whole numbers throughout.
    scaled = pl.col("quantity_milli").cast(pl.Int128) * pl.col("ratio_numerator")
    bucket = (
        pl.when(pl.col("bound_within") == "month").then(pl.col("month"))
        .when(pl.col("bound_within") == "year").then(pl.col("month") // 12).otherwise(0)
    )  # fmt: skip
    bound = pl.col("bound_milli") * pl.col("ratio_denominator")
    part = part.sort("start", "line").with_columns(scaled=scaled, bucket=bucket)
    filled = pl.col("scaled").cum_sum().over(*client, "bucket")
    part = part.with_columns(
        scaled=pl.when(bound.is_null()).then(pl.col("scaled"))
        .otherwise((bound - (filled - pl.col("scaled"))).clip(0, pl.col("scaled")))
    )  # fmt: skip
    numerator, denominator = pl.col("price_cents") * pl.col("scaled"), pl.col("ratio_denominator") * 1000
    by_line = rounded_as(pl.col("rounding"), numerator, denominator.cast(pl.Int128))
    # Rounded per client and month: each line gets what the rounded running sum grows by.
    month = [*client, "month"]
    running = numerator.cum_sum().over(month)
    by_month = rounded_as(pl.col("rounding"), running, denominator.cast(pl.Int128)) - rounded_as(
        pl.col("rounding"), running - numerator, denominator.cast(pl.Int128)
    )
    part = part.with_columns(
        value=pl.when(pl.col("rounding") == "half up per client and month").then(by_month).otherwise(by_line)
    )
    # Whole hours (iJw IV079): the client's minutes of the month at one tariff, half up to hours, at least 1; shared over
    # the lines by largest remainder, ties to the earliest line.
    month = [*client, "month", "level_no", "price_cents"]
    minutes = pl.col("scaled").sum().over(month)
    hours = pl.max_horizontal((2 * minutes + denominator) // (2 * denominator), pl.lit(1, dtype=pl.Int128))
    total = pl.when(minutes > 0).then(hours * pl.col("price_cents")).otherwise(0)
    part = part.with_columns(total=total, all=pl.max_horizontal(minutes, pl.lit(1, dtype=pl.Int128)))
    share = pl.col("total") * pl.col("scaled")
    part = part.with_columns(down=share // pl.col("all"), rest=share % pl.col("all"))
    missing = pl.col("total") - pl.col("down").sum().over(month)
    rank = pl.struct((pl.col("all") - pl.col("rest")).cast(pl.Int64), "line").rank("ordinal").over(month)
    value = pl.when(pl.col("whole_hours")).then(pl.col("down") + (rank <= missing).cast(pl.Int128)).otherwise(pl.col("value"))
    return _earning(part, value.cast(pl.Int64))


def in_care(day: pl.Expr) -> pl.Expr:
    """Whether a line says that its client was in care on a day."""
    return (pl.col("start") <= day) & (pl.col("end") >= day)


def _person_fees(lines: pl.DataFrame) -> pl.DataFrame:
    """One fee for each client and month (or year) that counts; it stands on the client's first line that makes it count."""
    part = _of_clients(lines, pl.col("kind") == "person_fee")
    if not part.height:
        return _earning(part)
    first, last = month_days(part)
    counts = (
        pl.when(pl.col("counted_on") == "first day").then(in_care(first))
        .when(pl.col("counted_on") == "last day").then(in_care(last))
        .otherwise(pl.lit(True))
    )  # fmt: skip
    bucket = pl.when(pl.col("person_per_year")).then(pl.col("month") // 12).otherwise(pl.col("month"))
    paying = (
        part.filter(counts & _is_live()).select("line", "start", "service_no", "client_no", bucket=bucket)
        .sort("start", "line").unique(["service_no", "client_no", "bucket"], keep="first").get_column("line")
    )  # fmt: skip
    value = pl.when(pl.col("line").is_in(paying.implode())).then(pl.col("price_cents")).otherwise(0)
    return _earning(part, value)


def _arrangements(lines: pl.DataFrame, period: Month) -> pl.DataFrame:
    """The parts of each arrangement's fee: at its start, at its result, or a part a month."""
    kind = lines.filter(pl.col("kind") == "arrangement_fee")
    if not kind.height:
        return pl.DataFrame(schema=EARNINGS)
    prices = kind.select(
        pl.col("line").alias("first_line"), "price_cents", "at_start_bp", "paid_months", "pays_without_result", "has_budget",
        "ends",
    )  # fmt: skip
    found = arrangements_of(lines).filter(~pl.col("void")).join(prices, on="first_line", how="left", maintain_order="left")
    at_start = (2 * pl.col("price_cents") * pl.col("at_start_bp") + 10_000) // 20_000
    result_earned = pl.col("ended").is_not_null() & ((pl.col("result") == "reached") | pl.col("pays_without_result"))
    shares = found.filter(pl.col("paid_months") == 0)
    first = _part_of(shares, "first_line", "began", at_start, pl.lit(AT_START))
    result = _part_of(shares.filter(result_earned), "last_line", "ended", pl.col("price_cents") - at_start, pl.lit(AT_RESULT))
    # In no months: no part.
    monthly = (
        found.with_columns(number=pl.int_ranges(1, pl.col("paid_months") + 1)).explode("number", empty_as_null=False)
        .with_columns(month=(_month_of("began") + pl.col("number") - 1).cast(pl.Int32))
        .filter((pl.col("month") <= period.index) & (pl.col("ended").is_null() | (pl.col("month") <= _month_of("ended"))))
        .with_columns(day=month_first(pl.col("month")))
    )  # fmt: skip
    fee, number, parts = pl.col("price_cents"), pl.col("number"), pl.col("paid_months")
    months = _part_of(
        monthly, "first_line", "day",
        (2 * fee * number + parts) // (2 * parts) - (2 * fee * (number - 1) + parts) // (2 * parts),
        number,
    )  # fmt: skip
    return pl.concat([first, result, months]).filter(pl.col("value_cents") != 0)


def _month_of(column: str) -> pl.Expr:
    return pl.col(column).dt.year().cast(pl.Int32) * 12 + pl.col(column).dt.month().cast(pl.Int32) - 1


def _part_of(found: pl.DataFrame, line: str, day: str, value: pl.Expr, part: pl.Expr) -> pl.DataFrame:
    return found.select(
        line=pl.col(line).cast(pl.UInt32),
        contract_no="contract_no",
        service_no="service_no",
        # What is earned after the contract has ended (a result in the next year) belongs to its last month.
        month=pl.min_horizontal(_month_of(day), _month_of("ends")),
        date=pl.col(day),
        term=pl.lit("arrangement_fee", dtype=KIND),
        value_cents=value,
        earns=~pl.col("has_budget"),
        live=pl.lit(True),
        part=part.cast(EARNINGS["part"]),
    ).select(EARNINGS.keys())


# ---- by the calendar -------------------------------------------------------------------------------------


def amounts_by_month(term: Budget, year: ContractYear) -> dict[Month, int]:
    """The yearly amount in force in each month of a contract year, in cents: on the first day that the contract holds in it."""
    found = {}
    for month in year.months:
        step = term.amounts.on(max(month.first_day, year.first_day))
        found[month] = step.cents if step is not None else 0
    return found


@dataclass(frozen=True, slots=True)
class DueToDate:
    """What of a year's budget has fallen due up to and including a month, as the quotient that it is."""

    sum_cents: int
    """The yearly amounts in force, once for each month (or quarter) that has fallen due."""
    parts: int
    """How many of those make a year."""
    days: int
    days_in_year: int
    """Both 1, but in a broken year that counts pro rata."""

    @property
    def cents(self) -> int:
        """The quotient in whole cents, half up."""
        return divide_half_up(self.sum_cents * self.days, self.parts * self.days_in_year)


def due_to_date(term: Budget, year: ContractYear) -> dict[Month, DueToDate]:
    """What of a budget has fallen due at each month of a contract year.

    to date = yearly × parts elapsed ÷ parts (rule-files.md, *Time and money, once*). A yearly amount that changes within
    the year counts by months.
    """
    months = year.months
    amounts = list(amounts_by_month(term, year).values())
    days, in_year = (year.days, year.days_in_year) if term.broken_year == "pro rata" and year.is_broken else (1, 1)
    running = list(itertools.accumulate(amounts))
    quarters = sorted({(month.year, month.quarter) for month in months})
    due: dict[Month, DueToDate] = {}
    for position, month in enumerate(months):
        parts = len(months)
        match term.paid:
            case "twelfths":
                sum_to_date = running[position]
            case "quarters in advance" if len(set(amounts)) == 1:
                # Equal quarters: a quarter of the figure of its months, whatever their number in a broken year.
                sum_to_date = amounts[0] * (quarters.index((month.year, month.quarter)) + 1)
                parts = len(quarters)
            case "quarters in advance":
                sum_to_date = sum(
                    cents for other, cents in zip(months, amounts, strict=True)
                    if (other.year, other.quarter) <= (month.year, month.quarter)
                )  # fmt: skip
            case "at start":
                sum_to_date = running[-1]
            case "at end":
                sum_to_date = running[-1] if position == len(months) - 1 else 0
        due[month] = DueToDate(sum_to_date, parts, days, in_year)
    return due


def instalments(term: Budget, year: ContractYear) -> dict[Month, int]:
    """What a budget pays in each month of a contract year: cumulative, so that the parts add up to the year to the cent."""
    found: dict[Month, int] = {}
    paid = 0
    for month, due in due_to_date(term, year).items():
        found[month] = due.cents - paid
        paid = due.cents
    return found


def budget_of_year(term: Budget, year: ContractYear) -> int:
    """The budget of a contract year, in cents."""
    return sum(instalments(term, year).values())


def budget_to_date(term: Budget, year: ContractYear, as_of: Month) -> Fraction:
    """The part of a year's budget for the months up to and including one, in cents, counted by months whatever the
    instalments; at the end of the year the budget itself."""
    by_month = amounts_by_month(term, year)
    whole = sum(by_month.values())
    due = sum(cents for month, cents in by_month.items() if month <= as_of)
    return Fraction(budget_of_year(term, year) * due, whole) if whole else Fraction(0)


def _instalments(contracts: Mapping[str, Contract], tables: Tables, period: Month) -> pl.DataFrame:
    """Every instalment of every budget in the open years, up to the period."""
    rows: list[tuple[object, ...]] = []
    services = {(row["contract"], row["service"]): row for row in tables.services.iter_rows(named=True)}
    for contract in contracts.values():
        for service in contract.services.values():
            term = service.budget
            if term is None:
                continue
            own = services[contract.number, service.name]
            for number in range(own["first_open_month"] // 12, period.year + 1):
                year = contract.year(number)
                if year is None:
                    continue
                for month, cents in instalments(term, year).items():
                    if cents and month <= period:
                        day = max(month.first_day, contract.starts)
                        rows.append((None, own["contract_no"], own["service_no"], month.index, day, term.kind, cents, True, True, None))
    return pl.DataFrame(rows, schema=EARNINGS, orient="row")
