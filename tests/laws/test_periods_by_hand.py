"""Months, contract years and Sundays, by hand: at their edges, where a slip of one shows."""

import datetime as dt

import pytest

from settlement.domain.periods import ContractYear, Duration, Month, Quarter, sundays_between


def test_months_are_counted_from_the_year_nought_and_back():
    assert [Month(2018, 1).index, Month(2018, 12).index] == [24216, 24227]
    assert [Month.from_index(24215), Month.from_index(24216), Month.from_index(24227)] == [Month(2017, 12), Month(2018, 1), Month(2018, 12)]
    assert [Month(2018, 11).plus(2), Month(2018, 1).plus(-1), Month(2018, 6).plus(0)] == [Month(2019, 1), Month(2017, 12), Month(2018, 6)]
    assert str(Month(2018, 3)) == "2018-03"
    assert Month.parse("2018-03") == Month(2018, 3)
    assert Month.of(dt.date(2018, 3, 31)) == Month(2018, 3)


def test_a_month_begins_on_its_first_day_and_ends_on_its_last():
    assert (Month(2018, 2).first_day, Month(2018, 2).last_day) == (dt.date(2018, 2, 1), dt.date(2018, 2, 28))
    assert Month(2020, 2).last_day == dt.date(2020, 2, 29)
    assert Month(2018, 12).last_day == dt.date(2018, 12, 31)
    assert [Month(2018, number).quarter for number in range(1, 13)] == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]


def test_a_quarter_is_three_months_and_ends_with_its_third():
    assert [Quarter.ending_with(Month(2018, number)) for number in range(1, 13)] == [
        None, None, Quarter(2018, 1), None, None, Quarter(2018, 2), None, None, Quarter(2018, 3), None, None, Quarter(2018, 4),
    ]  # fmt: skip
    assert [month.month for number in range(1, 5) for month in Quarter(2018, number).months] == list(range(1, 13))
    assert str(Quarter(2018, 4)) == "2018-Q4"


@pytest.mark.parametrize(("year", "month"), [(1899, 12), (2201, 1), (2018, 0), (2018, 13)])
def test_what_is_no_month_is_refused(year, month):
    with pytest.raises(ValueError, match="not a month"):
        Month(year, month)
    assert (Month(1900, 1).index, Month(2200, 12).index) == (22800, 26411)


@pytest.mark.parametrize("text", ["2018-13", "2018-3", "18-03", "2018-03-01", ""])
def test_what_is_not_written_as_a_month_is_refused(text):
    with pytest.raises(ValueError, match="month"):
        Month.parse(text)


def year(number: int, starts: str, ends: str) -> ContractYear | None:
    return ContractYear.of(number, dt.date.fromisoformat(starts), dt.date.fromisoformat(ends))


def test_a_contract_year_is_the_part_of_the_calendar_year_in_which_the_contract_holds():
    whole = year(2018, "2017-05-01", "2019-12-31")
    assert (whole.first_day, whole.last_day, whole.days, whole.is_broken) == (dt.date(2018, 1, 1), dt.date(2018, 12, 31), 365, False)
    assert len(whole.months) == 12
    broken = year(2018, "2018-03-15", "2018-10-02")
    assert (broken.first_day, broken.last_day, broken.days, broken.is_broken) == (dt.date(2018, 3, 15), dt.date(2018, 10, 2), 202, True)
    assert (broken.months[0], broken.months[-1], len(broken.months)) == (Month(2018, 3), Month(2018, 10), 8)
    one_day = year(2018, "2018-12-31", "2019-01-31")
    assert (one_day.days, one_day.months) == (1, (Month(2018, 12),))
    assert year(2018, "2018-01-01", "2018-01-01").days == 1
    assert year(2017, "2018-01-01", "2018-12-31") is None
    assert year(2019, "2018-01-01", "2018-12-31") is None
    leap = year(2020, "2020-01-01", "2020-12-31")
    assert (leap.days, leap.days_in_year, leap.is_broken) == (366, 366, False)
    assert year(2019, "2019-01-01", "2019-12-30").is_broken


def test_months_have_elapsed_up_to_and_including_the_month():
    broken = year(2018, "2018-03-15", "2018-10-02")
    assert [broken.months_elapsed(Month(2018, number)) for number in (2, 3, 4, 10, 12)] == [0, 1, 2, 8, 8]


def test_a_length_of_time_is_told_in_years_where_it_can_be():
    assert [str(Duration(months)) for months in (0, 1, 2, 12, 18, 132)] == ["0 months", "1 month", "2 months", "1 year", "18 months", "11 years"]


def test_sundays_are_counted_with_both_days():
    # 7 and 14 January 2018 are Sundays.
    first, second = dt.date(2018, 1, 7), dt.date(2018, 1, 14)
    day = dt.timedelta(days=1)
    assert [sundays_between(first, second), sundays_between(first, second - day), sundays_between(first + day, second)] == [2, 1, 1]
    assert [sundays_between(first, first), sundays_between(first + day, second - day), sundays_between(first + day, first)] == [1, 0, 0]
    assert sundays_between(second, first) == 0
