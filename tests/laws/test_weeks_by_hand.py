"""The weeks that a line of a message counts, by hand: it tells the part of the allocation in its month, and no more."""

import datetime as dt

import polars as pl
import pytest

from settlement.pricing.value import weeks_of_period


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
