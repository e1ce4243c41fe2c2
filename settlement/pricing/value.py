"""What each line is worth by itself, at the tariff of its own date: whole cents, rounded once a line.

What depends on other lines of the client (whole hours, bounds, one fee a month, arrangements) is in ``earn.py``.
"""

from __future__ import annotations

import polars as pl

from settlement.pricing.tables import Tables, price_on

_MONDAY_ONE = 719_163
"""Day numbers of dates start at 1970-01-01; with this added they are those of the calendar, where Sundays divide by 7."""
_BIG = 2**61
"""Above it, products of cents, quantity and ratio are computed in 128 bits."""


def ordinal(day: pl.Expr) -> pl.Expr:
    """The number of a day in the calendar; Sundays are those divisible by seven."""
    return day.to_physical().cast(pl.Int64) + _MONDAY_ONE


def rounded_as(rounding: pl.Expr, numerator: pl.Expr, denominator: pl.Expr | int) -> pl.Expr:
    """A line's quotient as its contract rounds it (rule-files.md, *Time and money, once*); numerator not negative."""
    return (
        pl.when(rounding == "up per line").then((numerator + denominator - 1) // denominator)
        .when(rounding == "down per line").then(numerator // denominator)
        .otherwise((2 * numerator + denominator) // (2 * denominator))
    )  # fmt: skip


def month_first(month: pl.Expr) -> pl.Expr:
    """The first day of a month given by its index."""
    return pl.date(month // 12, month % 12 + 1, 1)


def month_last(month: pl.Expr) -> pl.Expr:
    """The last day of a month given by its index."""
    return (month_first(month + 1).to_physical() - 1).cast(pl.Date)


def month_days(lines: pl.DataFrame) -> tuple[pl.Expr, pl.Expr]:
    """The first and last day of each line's month, looked up: making a date for each line costs more than all the rest."""
    months = lines.get_column("month")
    earliest, latest = months.min(), months.max()
    if not isinstance(earliest, int) or not isinstance(latest, int):
        return month_first(pl.col("month")), month_last(pl.col("month"))
    every = pl.select(month=pl.int_range(earliest, latest + 1, dtype=pl.Int32))
    at = pl.col("month") - earliest
    first, last = every.select(first=month_first(pl.col("month")), last=month_last(pl.col("month")))
    return pl.lit(first).gather(at), pl.lit(last).gather(at)


def weeks_in_month(rule: pl.Expr, first_day: pl.Expr | None = None, last_day: pl.Expr | None = None) -> pl.Expr:
    """How many weeks of its allocation a line's month counts: under ``sundays`` and ``started``.

    Sundays: the national output rule (iJw IV077): the Sundays in the part of the allocation in the month; the last broken
    week belongs to the month of the allocation's last Sunday. An allocation without a Sunday counts 0, or 1 in the
    month of its first day where ``short_allocation: one week``.
    Started: each ISO week touched by the allocation, in the month of its first day in the allocation.
    ``first_day`` and ``last_day`` of the month are worked out unless they are given.
    """
    first_of_month = ordinal(month_first(pl.col("month")) if first_day is None else first_day)
    last_of_month = ordinal(month_last(pl.col("month")) if last_day is None else last_day)
    begins, ends = ordinal(pl.col("allocation_start")), ordinal(pl.col("allocation_end"))
    first, last = pl.max_horizontal(begins, first_of_month), pl.min_horizontal(ends, last_of_month)
    sundays = pl.when(last >= first).then(last // 7 - (first - 1) // 7).otherwise(0)
    last_sunday = ends // 7 * 7
    broken = (
        (ends % 7 != 0) & (last_sunday >= begins) & (last_sunday >= first_of_month) & (last_sunday <= last_of_month)
    )
    begins_here = (begins >= first_of_month) & (begins <= last_of_month)
    short = (last_sunday < begins) & pl.col("short_allocation_pays").fill_null(False) & begins_here
    after_first = pl.max_horizontal(begins + 1, first_of_month)
    mondays = pl.when(last >= after_first).then((last - 1) // 7 - (after_first - 2) // 7).otherwise(0)
    return (
        pl.when(rule == "sundays").then(sundays + broken.cast(pl.Int64) + short.cast(pl.Int64))
        .when(rule == "started").then(mondays + begins_here.cast(pl.Int64))
        .otherwise(None)
    )  # fmt: skip


def weeks_of_period(rule: pl.Expr, first_day: pl.Expr, last_day: pl.Expr) -> pl.Expr:
    """How many weeks a line of a JW323 counts, which says only its ProductPeriode: the allocation within the month.

    Where the period ends within the month the allocation ends there, and where it begins within it, it begins there.
    At the month's own first and last day it may as well go on, and then one week is open: under ``sundays`` the broken
    week behind the last Sunday, under ``started`` the broken week before the first Monday. The claim settles that one.
    """
    first, last = ordinal(pl.col("start")), ordinal(pl.col("end"))
    begins_here, ends_here = pl.col("start") > first_day, pl.col("end") < last_day
    sundays = last // 7 - (first - 1) // 7
    broken = (last % 7 != 0) & (sundays > 0)
    short = (sundays == 0) & begins_here & pl.col("short_allocation_pays").fill_null(False)
    started = (last - 1) // 7 - (first - 1) // 7 + 1
    by_sundays = rule == "sundays"
    surely = (
        pl.when(by_sundays).then(sundays + (broken & ends_here).cast(pl.Int64) + short.cast(pl.Int64))
        .otherwise(started - (~begins_here & (first % 7 != 1)).cast(pl.Int64))
    )  # fmt: skip
    at_most = pl.when(by_sundays).then(pl.max_horizontal(surely, sundays + broken.cast(pl.Int64))).otherwise(started)
    return pl.when(pl.col("claimed_cents") == pl.col("price_cents") * at_most).then(at_most).otherwise(surely)


_PRICED_BY = [
    "kind", "rounding", "start", "end", "allocation_start", "allocation_end", "month", "quantity_milli",
    "ratio_numerator", "ratio_denominator", "weeks", "short_allocation_pays", "first_broken", "last_broken",
    "claimed_cents", "is_message",
]  # fmt: skip
"""The columns that the value of a line follows from, besides its price."""


def value_lines(lines: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Adds to resolved lines ``price_cents`` (null: none in force on its date), ``parts`` (weeks or days counted; null
    where the tariff counts none) and ``value_cents`` (null where it cannot be priced; 0 where lines only count)."""
    priced_on = (
        pl.when(pl.col("priced_on_allocation"))
        .then(
            pl.when(pl.col("kind") == "arrangement_fee")
            .then(pl.coalesce("allocation_start", "start"))
            .otherwise(pl.col("allocation_start"))
        )
        .otherwise(pl.col("start"))
    )
    # A level's prices stand in the row of its number.
    level = lines.get_column("level_no")
    steps = [column.gather(level) for column in tables.prices.drop("level_no")]
    prices = lines.select(day=priced_on).hstack(steps).select(price_cents=price_on(pl.col("day"), tables.price_steps))
    # Worked out on the few columns that it takes, kind by kind; the whole frame is wide and is not moved for it.
    slim = lines.select(_PRICED_BY).hstack(prices).with_row_index("at")
    nothing = pl.lit(None, dtype=pl.Int64)
    kinds = slim.get_column("kind").drop_nulls().unique().to_list()
    parts = pl.collect_all([
        slim.lazy().filter(pl.col("kind") == kind).with_columns(parts=nothing).with_columns(*_VALUES[kind](slim))
        .select("at", "parts", "value_cents")
        for kind in kinds
    ])  # fmt: skip
    worked_out = pl.concat(parts) if parts else pl.DataFrame(schema={"at": pl.UInt32, "parts": pl.Int64, "value_cents": pl.Int64})
    counted, value = (
        pl.Series(name, [None], dtype=pl.Int64).new_from_index(0, lines.height)
        .scatter(worked_out.get_column("at"), worked_out.get_column(name))
        for name in ("parts", "value_cents")
    )  # fmt: skip
    return lines.hstack(prices).hstack([counted, value])


def _tariff(lines: pl.DataFrame) -> list[pl.Expr]:
    numerator = pl.col("price_cents") * pl.col("quantity_milli") * pl.col("ratio_numerator")
    denominator = pl.col("ratio_denominator") * 1000
    largest = lines.select(
        pl.col("price_cents").max().cast(pl.Float64)
        * pl.col("quantity_milli").max().cast(pl.Float64)
        * pl.col("ratio_numerator").max().cast(pl.Float64)
    ).item()
    if largest is not None and largest > _BIG:
        numerator = pl.col("price_cents").cast(pl.Int128) * pl.col("quantity_milli") * pl.col("ratio_numerator")
        denominator = denominator.cast(pl.Int128)
    return [rounded_as(pl.col("rounding"), numerator, denominator).cast(pl.Int64).alias("value_cents")]


def _weekly(lines: pl.DataFrame) -> list[pl.Expr]:
    days = (pl.col("end") - pl.col("start")).dt.total_days() + 1
    by_days = pl.col("weeks") == "days"
    first_day, last_day = month_days(lines)
    weeks = weeks_in_month(pl.col("weeks"), first_day, last_day)
    if lines.get_column("is_message").any():
        weeks = pl.when("is_message").then(weeks_of_period(pl.col("weeks"), first_day, last_day)).otherwise(weeks)
    value = (
        pl.when(by_days).then(rounded_as(pl.col("rounding"), pl.col("price_cents") * days, 7))
        .otherwise(pl.col("price_cents") * weeks)
    )  # fmt: skip
    return [pl.when(by_days).then(days).otherwise(weeks).alias("parts"), value.alias("value_cents")]


def _monthly(lines: pl.DataFrame) -> list[pl.Expr]:
    first, last = month_days(lines)
    begins, ends = pl.coalesce("allocation_start", "start"), pl.coalesce("allocation_end", "end")
    # A month that is broken at both ends is its client's first: the rule of the first month decides.
    rule = (
        pl.when(begins > first).then(pl.col("first_broken"))
        .when(ends < last).then(pl.col("last_broken"))
        .otherwise(pl.lit("in full"))
    )  # fmt: skip
    days_in_month = (last - first).dt.total_days() + 1
    days = (pl.min_horizontal(ends, last) - pl.max_horizontal(begins, first)).dt.total_days() + 1
    counted = (
        pl.when(rule == "not paid").then(0).when(rule == "pro rata").then(pl.max_horizontal(days, 0))
        .otherwise(days_in_month)
    )  # fmt: skip
    value = rounded_as(pl.col("rounding"), pl.col("price_cents") * counted, days_in_month)
    return [counted.alias("parts"), value.alias("value_cents")]


def _as_priced(_: pl.DataFrame) -> list[pl.Expr]:
    return [pl.col("price_cents").alias("value_cents")]


def _only_counts(_: pl.DataFrame) -> list[pl.Expr]:
    return [pl.lit(0, dtype=pl.Int64).alias("value_cents")]


_VALUES = {
    "none": _only_counts,
    "tariff": _tariff,
    "weekly_tariff": _weekly,
    "monthly_tariff": _monthly,
    "arrangement_fee": _as_priced,
    "person_fee": _as_priced,
}
