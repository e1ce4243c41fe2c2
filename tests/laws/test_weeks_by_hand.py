"""The weeks that a line counts, by hand: of its allocation in its month; and of a message, which tells only that part of it."""

import datetime as dt

import polars as pl
import pytest

from settlement.domain.periods import Month
from settlement.pricing.value import month_first, month_last, weeks_in_month, weeks_of_period


def weeks(rule: str, start: str, end: str, claimed: int = 0, short: bool | None = None) -> int:
    """The weeks of a period within one month of 2018, at a price of 1,00; ``claimed`` in weeks."""
    first, last = dt.date.fromisoformat(f"2018-{start}"), dt.date.fromisoformat(f"2018-{end}")
    row = {"rule": rule, "start": first, "end": last, "claimed_cents": claimed * 100, "price_cents": 100, "short_allocation_pays": short}
    frame = pl.DataFrame([row], schema_overrides={"short_allocation_pays": pl.Boolean})
    month_end = (first.replace(day=28) + dt.timedelta(4)).replace(day=1) - dt.timedelta(1)
    found = weeks_of_period(pl.col("rule"), pl.lit(first.replace(day=1)), pl.lit(month_end))
    return frame.select(found).item()


# February 2018 runs from a Thursday to a Wednesday, with Sundays on 4, 11, 18 and 25.
@pytest.mark.parametrize(
    ("start", "end", "claimed", "short", "counted"),
    [
        # The whole month: whether the week behind the 25th is the last broken one, only the claim tells.
        ("02-01", "02-28", 4, None, 4), ("02-01", "02-28", 5, None, 5), ("02-01", "02-28", 6, None, 4), ("02-01", "02-28", 0, None, 4),
        # Ended within the month: the week of 26 and 27 February is broken, and counts whatever was claimed.
        ("02-01", "02-27", 0, None, 5), ("02-01", "02-26", 4, None, 5),
        # Ended on a Sunday, nothing is broken.
        ("02-01", "02-25", 4, None, 4), ("02-01", "02-25", 5, None, 4),
        # A Sunday alone; with the Monday; from a Monday to a Sunday.
        ("02-04", "02-04", 0, None, 1), ("02-04", "02-05", 0, None, 2), ("02-05", "02-11", 0, None, 1),
        # No Sunday: one week where the contract says so, in the month in which it surely began.
        ("02-05", "02-10", 1, None, 0), ("02-05", "02-10", 1, False, 0), ("02-05", "02-10", 0, True, 1), ("02-02", "02-03", 0, True, 1),
        ("02-01", "02-03", 1, True, 0), ("02-05", "02-11", 0, True, 1), ("02-26", "02-28", 0, True, 1),
    ],
)  # fmt: skip
def test_sundays_of_a_period_are_counted_and_the_broken_week_where_it_surely_is_the_last(start, end, claimed, short, counted):
    assert weeks("sundays", start, end, claimed, short) == counted


@pytest.mark.parametrize(
    ("start", "end", "claimed", "counted"),
    [
        # The week of 29 January may have been counted in January: only the claim tells.
        ("02-01", "02-28", 4, 4), ("02-01", "02-28", 5, 5), ("02-01", "02-28", 0, 4), ("02-01", "02-28", 6, 4),
        # Begun on the 2nd it was not. January begins on a Monday: all five are its own.
        ("02-02", "02-28", 4, 5), ("01-01", "01-31", 4, 5), ("01-01", "01-28", 0, 4),
        # A Sunday and the Monday after it touch two weeks; 1 April is a Sunday.
        ("02-04", "02-05", 0, 2), ("02-05", "02-11", 0, 1), ("02-04", "02-04", 0, 1),
        ("04-01", "04-01", 0, 0), ("04-01", "04-01", 1, 1), ("04-01", "04-02", 0, 1), ("04-02", "04-02", 0, 1),
    ],
)  # fmt: skip
def test_weeks_touched_by_a_period_are_counted_but_one_that_began_in_the_month_before(start, end, claimed, counted):
    assert weeks("started", start, end, claimed) == counted


def weeks_by_month(rule: str, start: str, end: str, short: bool | None = None) -> dict[int, int]:
    """Month of 2018 → the weeks of an allocation in it, of those that count any; the same where the days of the month are given."""
    rows = [{"rule": rule, "month": Month(2018, number).index, "allocation_start": dt.date.fromisoformat(f"2018-{start}"),
             "allocation_end": dt.date.fromisoformat(f"2018-{end}"), "short_allocation_pays": short} for number in range(1, 13)]  # fmt: skip
    frame = pl.DataFrame(rows, schema_overrides={"short_allocation_pays": pl.Boolean, "month": pl.Int32})
    found, given = (
        frame.select(weeks_in_month(pl.col("rule"), *days)).to_series().to_list()
        for days in ((), (month_first(pl.col("month")), month_last(pl.col("month"))))
    )
    assert found == given
    return {number: weeks for number, weeks in enumerate(found, start=1) if weeks != 0}


@pytest.mark.parametrize(
    ("start", "end", "short", "counted"),
    [
        # 10 January to Wednesday 14 March: 3 and 4 Sundays, and 2 with the broken week behind them.
        ("01-10", "03-14", None, {1: 3, 2: 4, 3: 3}),
        # To Thursday 1 March: its last Sunday is 25 February, and the broken week stands there. To that Sunday nothing is broken.
        ("01-10", "03-01", None, {1: 3, 2: 5}), ("01-10", "02-25", None, {1: 3, 2: 4}),
        # Whole months; a Sunday alone, and with the Monday; last Sundays on the first and the last day of a month.
        ("01-01", "01-31", None, {1: 5}), ("02-01", "02-28", None, {2: 5}), ("01-07", "01-07", True, {1: 1}), ("01-07", "01-08", None, {1: 2}),
        ("04-01", "04-02", None, {4: 2}), ("03-31", "04-02", None, {4: 2}), ("09-24", "10-02", None, {9: 2}),
        # No Sunday: nothing, or one week in the month of the first day.
        ("01-08", "01-13", None, {}), ("01-08", "01-13", False, {}), ("01-08", "01-13", True, {1: 1}), ("01-29", "02-03", True, {1: 1}),
        ("05-01", "05-02", True, {5: 1}), ("01-31", "02-01", True, {1: 1}),
    ],
)  # fmt: skip
def test_sundays_of_an_allocation_stand_in_their_months_and_the_broken_week_with_the_last(start, end, short, counted):
    assert weeks_by_month("sundays", start, end, short) == counted


@pytest.mark.parametrize(
    ("start", "end", "counted"),
    [
        # The week of Wednesday 10 January, and Mondays 15, 22, 29; 5, 12, 19, 26; 5, 12.
        ("01-10", "03-14", {1: 4, 2: 4, 3: 2}), ("01-10", "03-11", {1: 4, 2: 4, 3: 1}),
        ("01-01", "01-31", {1: 5}), ("01-31", "02-04", {1: 1}), ("01-31", "02-05", {1: 1, 2: 1}),
        ("10-01", "10-01", {10: 1}), ("09-30", "10-01", {9: 1, 10: 1}), ("09-30", "09-30", {9: 1}), ("12-30", "12-31", {12: 2}),
    ],
)  # fmt: skip
def test_weeks_touched_by_an_allocation_stand_in_the_month_of_their_first_day(start, end, counted):
    assert weeks_by_month("started", start, end) == counted


def test_months_of_frames_begin_and_end_as_months_do():
    months = [Month(2017, 12), Month(2018, 1), Month(2018, 2), Month(2020, 2), Month(2018, 12)]
    frame = pl.DataFrame({"month": [month.index for month in months]})
    assert frame.select(month_first(pl.col("month"))).to_series().to_list() == [month.first_day for month in months]
    assert frame.select(month_last(pl.col("month"))).to_series().to_list() == [month.last_day for month in months]
