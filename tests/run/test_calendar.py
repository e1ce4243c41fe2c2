"""Working days and planned moments."""

from __future__ import annotations

import datetime as dt

import pytest

from settlement.domain.contract import Schedule
from settlement.domain.periods import Month
from settlement.run.calendar import planned_moment, public_holidays, working_days


def test_liberation_day_is_free_in_the_years_that_end_in_0_or_5_only() -> None:
    free = [year for year in range(2010, 2031) if dt.date(year, 5, 5) in public_holidays(year)]
    # 5 May 2016 was Ascension Day.
    assert free == [2010, 2015, 2016, 2020, 2025, 2030]


def test_the_holidays_of_2018_are_the_dutch_ones() -> None:
    # Easter 2018 is 1 April: Good Friday 30 March, Easter Monday 2 April, Ascension 10 May, Whit Monday 21 May.
    on_working_days = sorted(day for day in public_holidays(2018) if day.weekday() < 5)
    assert [f"{day:%d-%m}" for day in on_working_days] == [
        "01-01", "30-03", "02-04", "27-04", "10-05", "21-05", "25-12", "26-12",
    ]  # fmt: skip


def test_kings_day_is_on_the_saturday_when_it_falls_on_a_sunday() -> None:
    assert dt.date(2025, 4, 26) in public_holidays(2025)  # 27 April 2025 is a Sunday
    assert dt.date(2025, 4, 27) not in public_holidays(2025)


def test_the_working_days_of_april_2018_begin_after_easter_monday() -> None:
    # 1 April is Easter Sunday, 2 April Easter Monday; 27 April is King's Day. 30 days − 9 weekend days − 2 = 19.
    days = working_days(Month(2018, 4))
    assert days[:5] == tuple(dt.date(2018, 4, day) for day in (3, 4, 5, 6, 9))
    assert len(days) == 19
    assert dt.date(2018, 4, 27) not in days


def test_march_2018_is_settled_on_the_fifth_working_day_of_april_in_dutch_summer_time() -> None:
    moment = planned_moment(Schedule(working_day=5, hour=6), Month(2018, 3))
    assert moment.isoformat() == "2018-04-09T06:00:00+02:00"


def test_december_is_settled_in_january_of_the_next_year() -> None:
    # 1 January 2019 is a Tuesday; working days: 2, 3, 4, 7, 8 January.
    moment = planned_moment(Schedule(working_day=5, hour=6, minute=30), Month(2018, 12))
    assert moment.isoformat() == "2019-01-08T06:30:00+01:00"


def test_a_month_without_so_many_working_days_is_settled_on_its_last_one() -> None:
    assert planned_moment(Schedule(working_day=31), Month(2018, 3)).date() == dt.date(2018, 4, 30)


def test_an_hour_that_the_clock_skips_is_one_moment_after_it() -> None:
    # Tehran skipped from 00:00 to 01:00 on Thursday 22 March 2018 (a Thursday): the 16th working day of March 2018
    # in this calendar (1, 2, 5-9, 12-16, 19-22 March).
    schedule = Schedule(working_day=16, hour=0, minute=30, time_zone="Asia/Tehran")
    moment = planned_moment(schedule, Month(2018, 2))
    assert moment.isoformat() == "2018-03-22T01:30:00+04:30"
    assert moment.astimezone(dt.UTC).isoformat() == "2018-03-21T21:00:00+00:00"


def test_an_hour_that_comes_twice_is_the_first_of_the_two() -> None:
    # Tehran went back from 24:00 to 23:00 on Friday 21 September 2018: 23:30 came twice, first at +04:30.
    # Friday 21 September is the 15th working day of September (3-7, 10-14, 17-21).
    schedule = Schedule(working_day=15, hour=23, minute=30, time_zone="Asia/Tehran")
    moment = planned_moment(schedule, Month(2018, 8))
    assert moment.isoformat() == "2018-09-21T23:30:00+04:30"
    assert moment.astimezone(dt.UTC).isoformat() == "2018-09-21T19:00:00+00:00"


def test_planned_moments_come_one_a_month_in_order() -> None:
    moments = [planned_moment(Schedule(), Month(2018, 1).plus(number)) for number in range(120)]
    assert moments == sorted(set(moments))
    assert {moment.hour for moment in moments} == {6}


def test_a_time_zone_that_does_not_exist_is_named_with_an_example() -> None:
    with pytest.raises(ValueError, match="'Europe/Amstedam' is not a time zone; write it as Europe/Amsterdam"):
        planned_moment(Schedule(time_zone="Europe/Amstedam"), Month(2018, 3))
    with pytest.raises(ValueError, match="1 or more"):
        planned_moment(Schedule(working_day=0), Month(2018, 3))
