"""Weeks of an allocation and parts of a year, against a count by days."""

import datetime as dt
from collections import Counter
from fractions import Fraction
from math import floor

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import contract, euro, line_values, one_settled

from settlement.domain.contract import Budget, Dated, Price, Step
from settlement.domain.money import divide_half_up
from settlement.domain.periods import ContractYear, Month, sundays_between
from settlement.domain.problems import Place
from settlement.pricing.earn import amounts_by_month, budget_of_year, instalments
from settlement.pricing.tables import BROKEN_MONTH
from settlement.pricing.value import weeks_in_month

law = settings(max_examples=60, deadline=None, derandomize=True)
DAY = dt.timedelta(days=1)
days = st.dates(dt.date(2016, 1, 1), dt.date(2022, 12, 31))
allocations = st.lists(st.tuples(days, st.integers(0, 400)), min_size=1, max_size=25)


def all_days(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + number * DAY for number in range((last - first).days + 1)]


def months_of(first: dt.date, last: dt.date) -> list[Month]:
    return sorted({Month.of(day) for day in all_days(first, last)})


def by_sundays(first: dt.date, last: dt.date) -> Counter[Month]:
    """The national output rule (iJw IV077): Sundays; the last broken week goes to the month of the last Sunday."""
    sundays = [day for day in all_days(first, last) if day.isoweekday() == 7]
    found = Counter(Month.of(day) for day in sundays)
    if sundays and last.isoweekday() != 7:
        found[Month.of(sundays[-1])] += 1
    return found


def by_weeks_started(first: dt.date, last: dt.date) -> Counter[Month]:
    """Every ISO week touched, in the month of its first day in the allocation."""
    begun: dict[tuple[int, int], dt.date] = {}
    for day in all_days(first, last):
        begun.setdefault(day.isocalendar()[:2], day)
    return Counter(Month.of(day) for day in begun.values())


def weeks(rule: str, first: dt.date, last: dt.date, *, short_pays: bool = False) -> dict[Month, int]:
    """What the frames count, month by month."""
    months = months_of(first, last)
    frame = pl.DataFrame({"month": [one.index for one in months]}, schema={"month": pl.Int32}).with_columns(
        allocation_start=pl.lit(first), allocation_end=pl.lit(last), short_allocation_pays=pl.lit(short_pays)
    )
    return dict(zip(months, frame.select(weeks_in_month(pl.lit(rule))).to_series().to_list(), strict=True))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(allocations)
def test_sundays_and_started_weeks_are_those_of_a_count_by_days(drawn):
    for first, length in drawn:
        last = first + length * DAY
        assert {m: n for m, n in weeks("sundays", first, last).items() if n} == dict(by_sundays(first, last))
        assert {m: n for m, n in weeks("started", first, last).items() if n} == dict(by_weeks_started(first, last))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(allocations)
def test_the_weeks_of_an_allocation_add_up_to_the_weeks_it_touches_whichever_months_it_spans(drawn):
    for first, length in drawn:
        last = first + length * DAY
        touched = len({day.isocalendar()[:2] for day in all_days(first, last)})
        has_sunday = any(day.isoweekday() == 7 for day in all_days(first, last))
        assert sum(weeks("started", first, last).values()) == touched
        assert sum(weeks("sundays", first, last).values()) == (touched if has_sunday else 0)
        assert sum(weeks("sundays", first, last, short_pays=True).values()) == touched


@law
@given(days, st.integers(-3, 400))
def test_sundays_between_two_days_are_counted_with_both_ends(first, length):
    last = first + length * DAY
    assert sundays_between(first, last) == sum(day.isoweekday() == 7 for day in all_days(first, last))


def test_the_published_example_of_an_allocation_from_1_october_to_30_november_2025():
    # IV077, recomputed: Sundays in October 2025: 5, 12, 19, 26; in November: 2, 9, 16, 23, 30, and it ends on a Sunday.
    assert weeks("sundays", dt.date(2025, 10, 1), dt.date(2025, 11, 30)) == {Month(2025, 10): 4, Month(2025, 11): 5}


def test_a_last_broken_week_that_crosses_a_month_goes_to_the_month_of_the_last_sunday():
    # Monday 22 January to Thursday 1 February 2018: Sunday 28 January, and the broken week 29 Jan – 1 Feb in January too.
    assert weeks("sundays", dt.date(2018, 1, 22), dt.date(2018, 2, 1)) == {Month(2018, 1): 2, Month(2018, 2): 0}
    # Started: the week of 22 January, and that of 29 January begins in January.
    assert weeks("started", dt.date(2018, 1, 22), dt.date(2018, 2, 1)) == {Month(2018, 1): 2, Month(2018, 2): 0}


def test_a_monday_to_wednesday_counts_no_week_of_sundays_unless_the_contract_pays_one():
    monday = dt.date(2018, 1, 29)
    assert weeks("sundays", monday, monday + 2 * DAY) == {Month(2018, 1): 0}
    assert weeks("sundays", monday, monday + 2 * DAY, short_pays=True) == {Month(2018, 1): 1}
    # From Wednesday 31 January to Friday 2 February it is paid in the month of its first day.
    assert weeks("sundays", monday + 2 * DAY, monday + 4 * DAY, short_pays=True) == {Month(2018, 1): 1, Month(2018, 2): 0}


def test_the_lines_of_an_allocation_over_four_months_pay_its_weeks_once():
    # Saturday 13 January to Tuesday 10 April 2018. Sundays: January 14, 21, 28; February 4, 11, 18, 25; March 4, 11, 18,
    # 25; April 1, 8; and the broken week of 9 April belongs to April. 3 + 4 + 4 + 3 = 14 weeks of 100,00.
    first, last = dt.date(2018, 1, 13), dt.date(2018, 4, 10)
    tariff = {"article": "5.1", "weeks": "sundays", "amounts": {"2018-01-01": "€ 100,00"}}
    lines = [
        {"client": "C1", "service": "herstel", "allocation_start": str(first), "allocation_end": str(last),
         "start": str(max(first, month.first_day)), "end": str(min(last, month.last_day)), "reference": str(month)}
        for month in months_of(first, last)
    ]  # fmt: skip
    found = one_settled(contract("A-1", {"herstel": {"weekly_tariff": tariff}}), {"2018-04": lines}, "2018-04")
    assert list(line_values(found).values()) == [30_000, 40_000, 40_000, 30_000]


# ---- parts of a year -------------------------------------------------------------------------------------

PLACE = Place("rules/a.yaml", 1, 1)
PAID = ("twelfths", "quarters in advance", "at start", "at end")


def a_budget(paid: str, amounts: dict[dt.date, int | None], broken_year: str = "pro rata") -> Budget:
    steps = tuple(
        Step(day, None if cents is None else Price(cents, PLACE), PLACE) for day, cents in sorted(amounts.items())
    )
    return Budget(article="4.1", place=PLACE, paid=paid, amounts=Dated(steps), broken_year=broken_year)


def half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


contract_years = st.tuples(st.dates(dt.date(2018, 1, 1), dt.date(2018, 12, 31)), st.integers(0, 364)).map(
    lambda drawn: ContractYear(2018, drawn[0], min(drawn[0] + drawn[1] * DAY, dt.date(2018, 12, 31)))
)
whole_year = st.just(ContractYear(2018, dt.date(2018, 1, 1), dt.date(2018, 12, 31)))
later = st.dictionaries(st.dates(dt.date(2018, 1, 2), dt.date(2018, 12, 31)), st.one_of(st.none(), st.integers(1, 10**9)), max_size=3)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(1, 10**10), later, st.one_of(whole_year, contract_years), st.sampled_from(PAID), st.sampled_from(["pro rata", "full"]))
def test_instalments_add_up_to_the_year_to_the_cent_in_broken_years_and_when_the_amount_changes(amount, changes, year, paid, broken):
    term = a_budget(paid, {dt.date(2018, 1, 1): amount, **changes}, broken)
    due = instalments(term, year)
    # The year: each month's yearly amount weighs the same; in a broken year pro rata by days.
    monthly = []
    for month in year.months:
        first = max(month.first_day, year.first_day)
        known = [cents for day, cents in sorted({dt.date(2018, 1, 1): amount, **changes}.items()) if day <= first]
        monthly.append(known[-1] or 0)
    part = Fraction(year.days, 365) if broken == "pro rata" else Fraction(1)
    whole = half_up(Fraction(sum(monthly), len(monthly)) * part)
    assert list(due) == list(year.months)
    assert sum(due.values()) == whole == budget_of_year(term, year)
    assert list(amounts_by_month(term, year).values()) == monthly


@law
@given(st.integers(1, 10**10))
def test_twelfths_are_cumulative_and_never_a_cent_apart(amount):
    year = ContractYear(2018, dt.date(2018, 1, 1), dt.date(2018, 12, 31))
    due = list(instalments(a_budget("twelfths", {dt.date(2018, 1, 1): amount}), year).values())
    assert [sum(due[: n + 1]) for n in range(12)] == [divide_half_up(amount * (n + 1), 12) for n in range(12)]
    assert max(due) - min(due) <= 1
    quarters = list(instalments(a_budget("quarters in advance", {dt.date(2018, 1, 1): amount}), year).values())
    assert [cents for n, cents in enumerate(quarters) if n % 3] == [0] * 8
    assert [sum(quarters[: 3 * n + 1]) for n in range(4)] == [divide_half_up(amount * (n + 1), 4) for n in range(4)]


def test_a_hundred_euro_in_twelfths_is_8_33_and_8_34_in_turn():
    # To date: 8,33 16,67 25,00 33,33 … : 833, 834, 833 and again.
    found = one_settled(
        contract("A-1", {"taak": {"budget": {"article": "4.1", "paid": "twelfths", "amounts": {"2018-01-01": euro(100_00)}}}}),
        {}, "2018-12",
    )  # fmt: skip
    assert [row.cents for _, row in sorted(found.entitlements.rows.items(), key=lambda item: item[0][4])] == [833, 834, 833] * 4


def test_a_budget_that_starts_on_15_march_is_paid_pro_rata_in_ten_parts():
    # 292 of 365 days of 365.000,00 = 292.000,00 over March to December: 29.200,00 a month.
    agreed = contract("A-1", {"taak": {"budget": {"article": "4.1", "paid": "twelfths", "amounts": {"2018-01-01": "€ 365.000,00"}}}}, starts="2018-03-15")
    assert one_settled(agreed, {}, "2018-03").payable() == {"A-1": 29_200_00}
    assert one_settled(agreed, {}, "2018-12").payable() == {"A-1": 292_000_00}


# ---- broken months ---------------------------------------------------------------------------------------


@law
@given(
    st.sampled_from(["not paid", "in full", "pro rata"]), st.sampled_from(["not paid", "in full", "pro rata"]),
    st.integers(1, 500_000),
    st.lists(st.tuples(st.integers(1, 12), st.integers(1, 28), st.integers(0, 27)), min_size=1, max_size=12),
)  # fmt: skip
def test_a_broken_month_is_paid_as_the_contract_says(first_rule, last_rule, cents, drawn):
    from settlement.pricing.value import _monthly

    rows, expected = [], []
    for month, day, more in drawn:
        first = dt.date(2018, month, day)
        whole = Month(2018, month)
        last = min(first + more * DAY, whole.last_day)
        rows.append({"month": whole.index, "start": first, "end": last, "price_cents": cents})
        rule = first_rule if first > whole.first_day else last_rule if last < whole.last_day else "in full"
        share = Fraction((last - first).days + 1, whole.last_day.day)
        expected.append({"in full": cents, "not paid": 0, "pro rata": half_up(cents * share)}[rule])
    schema = {"month": pl.Int32, "start": pl.Date, "end": pl.Date, "price_cents": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema).with_columns(
        first_broken=pl.lit(first_rule, dtype=BROKEN_MONTH), last_broken=pl.lit(last_rule, dtype=BROKEN_MONTH),
        allocation_start=pl.lit(None, dtype=pl.Date), allocation_end=pl.lit(None, dtype=pl.Date), rounding=pl.lit("half up per line"),
    )  # fmt: skip
    assert frame.select(_monthly(frame)).get_column("value_cents").to_list() == expected
