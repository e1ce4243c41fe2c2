"""What lines, persons and budgets earn by themselves, worked out by hand where a small slip would change a cent."""

import pytest
from workbench import Line, Yaml, amounts, contract, one_settled, refusal_codes

from settlement.domain.periods import Month
from settlement.settle import Settlement
from settlement.statements.compose import settled_lines

# ---- whole hours and bounds ------------------------------------------------------------------------------


def visits(*found: tuple[str, str]) -> list[Line]:
    return [{"client": "C1", "service": "begeleiding", "start": day, "end": day, "quantity": minutes, "unit": "minuten",
             "reference": day} for day, minutes in found]  # fmt: skip


def test_a_bound_counts_the_time_delivered_and_whole_hours_are_rounded_after_it():
    # One hour a client: 30 minutes in January and 30 in February fill it. Each month is rounded to an hour: 2 × 60,00.
    tariff: Yaml = {"article": "6.1", "per": "hour", "delivered_in": "minutes", "whole_hours": "per period",
                    "at_most": "1 per client", "amounts": {"2018-01-01": "€ 60,00"}}  # fmt: skip
    agreed = contract("A-1", {"begeleiding": {"tariff": tariff}})
    lines = {"2018-03": visits(("2018-01-05", "30"), ("2018-02-05", "30"), ("2018-03-05", "30"))}
    found = one_settled(agreed, lines, "2018-03")
    assert {month: cents for (_, _, month), cents in amounts(found, "A-1").items()} == {"2018-01": 60_00, "2018-02": 60_00, "2018-03": 0}


def test_what_was_credited_leaves_its_place_under_a_bound_to_what_came_after_it():
    # An hour a client at 60,00: of twice 45 minutes 60,00; the first credited, the second is paid whole.
    tariff: Yaml = {"article": "6.1", "per": "hour", "delivered_in": "minutes", "at_most": "1 per client", "amounts": {"2018-01-01": "€ 60,00"}}
    agreed = contract("A-1", {"begeleiding": {"tariff": tariff}})
    lines = {"2018-02": visits(("2018-01-05", "45"), ("2018-02-05", "45"))}
    assert list(amounts(one_settled(agreed, lines, "2018-03"), "A-1").values()) == [45_00, 15_00]
    credit = {"client": "C1", "service": "begeleiding", "direction": "C", "reference": "c", "previous_reference": "2018-01-05"}
    assert one_settled(agreed, {**lines, "2018-03": [credit]}, "2018-03").payable() == {"A-1": 45_00}
    # And so on one day.
    other = {**visits(("2018-01-05", "45"))[0], "start": "2018-01-06", "end": "2018-01-06", "reference": "other"}
    same_day = {**visits(("2018-01-05", "45"))[0], "quantity": "44", "reference": "same day"}
    for second, cents in ((other, 45_00), (same_day, 44_00)):
        lines = {"2018-02": [visits(("2018-01-05", "45"))[0], second], "2018-03": [credit]}
        assert one_settled(agreed, lines, "2018-03").payable() == {"A-1": cents}


def shown(found: Settlement) -> dict[str, int]:
    """Reference → cents, as the lines of the statement show them."""
    return dict(settled_lines(found).select("reference", "earned_cents").iter_rows())


def test_a_credited_line_shows_what_it_would_have_earned_alone_and_its_credit_the_same_the_other_way():
    # 20 and 25 minutes at 60,00: 20,00 and 25,00. The first is credited; the second is 25,00, or a whole hour.
    credit = {"client": "C1", "service": "begeleiding", "direction": "C", "reference": "c", "previous_reference": "2018-01-05"}
    lines = {"2018-01": visits(("2018-01-05", "20"), ("2018-01-06", "25")), "2018-02": [credit]}
    for more, cents in (({}, 25_00), ({"at_most": "1 per client"}, 25_00), ({"whole_hours": "per period"}, 60_00)):
        tariff: Yaml = {"article": "6.1", "per": "hour", "delivered_in": "minutes", **more, "amounts": {"2018-01-01": "€ 60,00"}}
        found = one_settled(contract("A-1", {"begeleiding": {"tariff": tariff}}), lines, "2018-02")
        assert shown(found) == {"2018-01-05": 20_00, "c": -20_00, "2018-01-06": cents}, more
        assert found.payable() == {"A-1": cents}
    # A fee for a person credited is one earning for the line and one for its credit.
    term = {"article": "4.4", "per": "client and month", "counted_on": "any day", "amounts": {"2018-01-01": "€ 385,00"}}
    helped: Line = {"client": "C1", "service": "begeleiding", "start": "2018-01-01", "end": "2018-01-31", "reference": "2018-01-05"}
    found = one_settled(contract("A-1", {"begeleiding": {"person_fee": term}}), {"2018-01": [helped], "2018-02": [credit]}, "2018-02")
    assert (shown(found), found.earnings.height, found.payable()) == ({"2018-01-05": 0, "c": 0}, 2, {"A-1": 0})


def test_the_least_time_is_a_whole_hour_and_none_at_all_is_nothing():
    # A thousandth of a minute in January; in February 60 minutes, which fill the bound; after it none of March's are left.
    tariff: Yaml = {"article": "6.1", "per": "hour", "delivered_in": "minutes", "whole_hours": "per period",
                    "at_most": "1 per client", "amounts": {"2018-01-01": "€ 60,00"}}  # fmt: skip
    agreed = contract("A-1", {"begeleiding": {"tariff": tariff}})
    found = one_settled(agreed, {"2018-03": visits(("2018-01-05", "0,001"))}, "2018-03")
    assert (refusal_codes(found), found.payable()) == ([], {"A-1": 60_00})
    found = one_settled(agreed, {"2018-03": visits(("2018-02-05", "60"), ("2018-03-05", "60"), ("2018-03-06", "60"))}, "2018-03")
    assert found.earnings.select("month", "value_cents").rows() == [
        (Month(2018, 2).index, 60_00), (Month(2018, 3).index, 0), (Month(2018, 3).index, 0),
    ]  # fmt: skip


def test_a_bound_holds_within_a_month_a_year_or_the_contract():
    # An hour at 60,00 in December, twice in January and in February: bound at an hour and a half, by months by years, or over all.
    days = [("2018-12-05", "60"), ("2019-01-05", "60"), ("2019-01-06", "60"), ("2019-02-05", "60")]
    for within, found in (
        (" and month", {"2018-12": 60_00, "2019-01": 90_00, "2019-02": 60_00}),
        (" and year", {"2018-12": 60_00, "2019-01": 90_00, "2019-02": 0}),
        ("", {"2018-12": 60_00, "2019-01": 30_00, "2019-02": 0}),
    ):
        tariff: Yaml = {"article": "6.1", "per": "hour", "delivered_in": "minutes", "at_most": f"1,5 per client{within}",
                        "amounts": {"2018-01-01": "€ 60,00"}}  # fmt: skip
        agreed = {**contract("A-1", {"begeleiding": {"tariff": tariff}}), "ends": "2019-12-31"}
        settled_now = one_settled(agreed, {"2019-02": visits(*days)}, "2019-02")
        assert {month: cents for (_, _, month), cents in amounts(settled_now, "A-1").items()} == found, within


def test_hours_at_a_price_a_minute_are_sixty_minutes_each():
    # 1,25 hours are 75 minutes of 0,91: 68,25; 0,333 hours are 19,98: 18,18(18).
    tariff: Yaml = {"article": "6.1", "per": "minute", "delivered_in": "hours", "amounts": {"2018-01-01": "€ 0,91"}}
    agreed = contract("A-1", {"begeleiding": {"tariff": tariff}})
    for hours, cents in (("1,25", 68_25), ("0,333", 18_18)):
        line = {**visits(("2018-01-05", hours))[0], "unit": "uren"}
        assert one_settled(agreed, {"2018-01": [line]}, "2018-01").payable() == {"A-1": cents}


def test_a_line_of_absurd_size_is_computed_as_exactly_as_any_other():
    # 999.999 hours of 60 minutes at 999.999,99: 59.999.940 × 999.999,99. In thousandths that is beyond what 64 bits hold twice.
    # Beside it an hour of 0,01.
    minute: Yaml = {"article": "6.1", "per": "minute", "delivered_in": "hours", "amounts": {"2018-01-01": "€ 999.999,99"}}
    hour: Yaml = {"article": "6.2", "per": "hour", "amounts": {"2018-01-01": "€ 0,01"}}
    agreed = contract("A-1", {"begeleiding": {"tariff": minute}, "dagbesteding": {"tariff": hour}})
    lines = {"2018-01": [{**visits(("2018-01-05", "999999"))[0], "unit": "uren"},
                         {**visits(("2018-01-06", "1"))[0], "unit": "uren", "service": "dagbesteding"}]}  # fmt: skip
    assert one_settled(agreed, lines, "2018-01").payable() == {"A-1": 59_999_939_400_000_61}


def test_hours_before_the_first_price_are_refused_also_where_no_line_has_one():
    price: Yaml = {"article": "6.1", "per": "minute", "amounts": {"2018-01-01": "none", "2018-03-01": "€ 1,00"}}
    agreed = contract("A-1", {"begeleiding": {"tariff": price}})
    early, late = visits(("2018-02-28", "30"), ("2018-03-01", "30"))
    for lines, cents in (([early], 0), ([early, late], 30_00)):
        found = one_settled(agreed, {"2018-03": lines}, "2018-03")
        assert (refusal_codes(found), found.payable()) == (["no-price"], {"A-1": cents})


def test_a_broken_month_is_paid_by_the_rule_of_its_first_or_last_month_and_a_whole_one_in_full():
    # 310,00 a month: 10,00 a day of January. Broken at both ends it is the first month's.
    for first, last, start, end, cents in (
        ("not paid", "not paid", "01", "31", 310_00), ("not paid", "in full", "02", "31", 0), ("not paid", "in full", "02", "30", 0),
        ("in full", "not paid", "01", "30", 0), ("in full", "not paid", "02", "30", 310_00), ("in full", "pro rata", "01", "30", 300_00),
        ("pro rata", "not paid", "02", "30", 290_00), ("pro rata", "in full", "31", "31", 10_00), ("pro rata", "in full", "01", "30", 310_00),
    ):  # fmt: skip
        term = {"article": "2.3", "first_broken_month": first, "last_broken_month": last, "amounts": {"2018-01-01": "€ 310,00"}}
        line = {"client": "C1", "service": "toezicht", "start": f"2018-01-{start}", "end": f"2018-01-{end}", "reference": "r"}
        found = one_settled(contract("A-1", {"toezicht": {"monthly_tariff": term}}), {"2018-01": [line]}, "2018-01")
        assert found.payable() == {"A-1": cents}, (first, last, start, end)


def test_lines_of_every_kind_of_price_are_each_worth_what_their_own_gives():
    # Half an hour of 60,00; 30 of 31 days of 310,00; the four Sundays of January at 70,00, of 2 to 28 January.
    services = {
        "uren": {"tariff": {"article": "6.1", "per": "hour", "amounts": {"2018-01-01": "€ 60,00"}}},
        "maanden": {"monthly_tariff": {"article": "6.2", "first_broken_month": "pro rata", "last_broken_month": "in full",
                                       "amounts": {"2018-01-01": "€ 310,00"}}},
        "weken": {"weekly_tariff": {"article": "6.3", "weeks": "sundays", "amounts": {"2018-01-01": "€ 70,00"}}},
    }  # fmt: skip
    dates = {"allocation_start": "2018-01-02", "allocation_end": "2018-01-28", "start": "2018-01-02", "end": "2018-01-28"}
    lines: list[Line] = [
        {"client": "C1", "service": "uren", "start": "2018-01-02", "end": "2018-01-02", "quantity": "0,5", "unit": "uren", "reference": "a"},
        {"client": "C1", "service": "maanden", "start": "2018-01-02", "end": "2018-01-31", "reference": "b"},
        {"client": "C1", "service": "weken", **dates, "reference": "c"},
    ]
    found = one_settled(contract("A-1", services), {"2018-01": lines}, "2018-01")
    assert refusal_codes(found) == []
    assert {key[0]: cents for key, cents in amounts(found, "A-1").items()} == {"uren": 30_00, "maanden": 300_00, "weken": 280_00}


# ---- a fee for a person ----------------------------------------------------------------------------------


def fee_of(days: list[tuple[str, str, str]], counted_on: str, per: str = "client and month") -> dict[str, int]:
    """Month → fees of 385,00, for lines of (client, first day, last day) in 2018."""
    term = {"article": "4.4", "per": per, "counted_on": counted_on, "amounts": {"2018-01-01": "€ 385,00"}}
    lines: list[Line] = [
        {"client": client, "service": "pgb", "start": f"2018-{start}", "end": f"2018-{end}", "reference": f"r{number}"}
        for number, (client, start, end) in enumerate(days)
    ]
    found = one_settled(contract("A-1", {"pgb": {"person_fee": term}}), {"2018-03": lines}, "2018-03")
    assert refusal_codes(found) == []
    return {month: cents for (_, _, month), cents in amounts(found, "A-1").items() if cents}


def test_a_fee_is_due_for_who_is_helped_on_the_day_that_counts():
    for start, end, on_first, on_last in (
        ("01-01", "01-31", 1, 1), ("01-01", "01-01", 1, 0), ("01-02", "01-31", 0, 1), ("01-31", "01-31", 0, 1),
        ("01-01", "01-30", 1, 0), ("01-02", "01-30", 0, 0),
    ):  # fmt: skip
        days = [("C1", start, end)]
        assert fee_of(days, "first day") == ({"2018-01": 385_00} if on_first else {}), (start, end)
        assert fee_of(days, "last day") == ({"2018-01": 385_00} if on_last else {}), (start, end)
        assert fee_of(days, "any day") == {"2018-01": 385_00}


def test_a_fee_is_due_once_for_a_client_and_month_or_year():
    # Two lines in January and one in February of one client, one in February of another: 1 and 2 fees; by the year 1 and 1.
    days = [("C1", "01-01", "01-10"), ("C1", "01-12", "01-31"), ("C1", "02-01", "02-28"), ("C2", "02-01", "02-28")]
    assert fee_of(days, "any day") == {"2018-01": 385_00, "2018-02": 770_00}
    assert fee_of(days, "any day", "client and year") == {"2018-01": 385_00, "2018-02": 385_00}
    # Counted on the first day, the line of the 12th makes nobody count; on the last, that of the 10th.
    assert fee_of(days[:2], "first day") == fee_of(days[:2], "last day") == {"2018-01": 385_00}
    assert fee_of(days[1:2], "first day") == {}
    # It stands on the line of the first day, in whatever order the lines came.
    term = {"article": "4.4", "per": "client and month", "counted_on": "any day", "amounts": {"2018-01-01": "€ 385,00"}}
    lines: list[Line] = [
        {"client": "C1", "service": "pgb", "start": f"2018-01-{day}", "end": "2018-01-31", "reference": day} for day in ("12", "01", "20")
    ]
    found = one_settled(contract("A-1", {"pgb": {"person_fee": term}}), {"2018-01": lines}, "2018-01")
    assert shown(found) == {"12": 0, "01": 385_00, "20": 0}


@pytest.mark.parametrize(
    ("counted_on", "start", "end", "reason"),
    [
        ("first day", "01-02", "01-31", "not_first_day"),
        ("last day", "01-01", "01-30", "not_last_day"),
        ("first day", "01-01", "01-30", "counted"),
        ("any day", "01-02", "01-30", "counted"),
    ],
)
def test_a_line_that_earns_no_fee_says_whether_the_day_or_another_line_of_the_client_is_why(counted_on, start, end, reason):
    term = {"article": "4.4", "per": "client and month", "counted_on": counted_on, "amounts": {"2018-01-01": "€ 385,00"}}
    days = (("01-01", "01-31"), (start, end))
    lines: list[Line] = [
        {"client": "C1", "service": "pgb", "start": f"2018-{first}", "end": f"2018-{last}", "reference": f"r{number}"}
        for number, (first, last) in enumerate(days)
    ]
    found = one_settled(contract("A-1", {"pgb": {"person_fee": term}}), {"2018-01": lines}, "2018-01")
    reasons = dict(settled_lines(found).select("reference", "reason").iter_rows())
    assert reasons == {"r0": "", "r1": reason}


def test_a_fee_by_the_year_is_due_once_from_january_to_december_and_again_the_year_after():
    term = {"article": "4.4", "per": "client and year", "counted_on": "any day", "amounts": {"2018-01-01": "€ 385,00"}}
    lines: list[Line] = [
        {"client": "C1", "service": "pgb", "start": f"{month}-01", "end": f"{month}-28", "reference": month}
        for month in ("2018-01", "2018-06", "2018-12", "2019-01", "2019-12")
    ]
    agreed = {**contract("A-1", {"pgb": {"person_fee": term}}), "ends": "2019-12-31"}
    found = one_settled(agreed, {"2019-12": lines}, "2019-12")
    assert shown(found) == {"2018-01": 385_00, "2018-06": 0, "2018-12": 0, "2019-01": 385_00, "2019-12": 0}


def test_instalments_in_quarters_and_of_amounts_that_begin_late():
    def paid(amounts_of: Yaml, how: str, starts: str = "2018-01-01") -> dict[str, int]:
        term = {"article": "4.1", "paid": how, "amounts": amounts_of}
        found = one_settled(contract("A-1", {"taak": {"budget": term}}, starts=starts), {}, "2018-12")
        return {month[5:]: cents for (_, _, month), cents in amounts(found, "A-1").items() if cents}

    # To date 300,0025; 600,005 → 600,01; 900,0075 → 900,01; 1.200,01.
    assert paid({"2018-01-01": "€ 1.200,01"}, "quarters in advance") == {"01": 300_00, "04": 300_01, "07": 300_00, "10": 300_00}
    # 1.200,00 a year, and 2.400,00 from July: by months.
    changed = {"2018-01-01": "€ 1.200,00", "2018-07-01": "€ 2.400,00"}
    assert paid(changed, "quarters in advance") == {"01": 300_00, "04": 300_00, "07": 600_00, "10": 600_00}
    # From 15 February 320 of 365 days of 1.200,00 are 1.052,05(48): to date 263,01(37), 526,02(74), 789,04(11), 1.052,05.
    quarters = paid({"2018-01-01": "€ 1.200,00"}, "quarters in advance", "2018-02-15")
    assert quarters == {"02": 263_01, "04": 263_02, "07": 263_01, "10": 263_01}
    # An amount from April or December on: nothing before it, a twelfth for each of its months.
    late = {"2018-01-01": "none", "2018-04-01": "€ 1.200,00"}
    assert paid(late, "quarters in advance") == {"04": 300_00, "07": 300_00, "10": 300_00}
    for how, month in (("twelfths", "12"), ("quarters in advance", "10"), ("at start", "01"), ("at end", "12")):
        assert paid({"2018-01-01": "none", "2018-12-01": "€ 1.200,00"}, how) == {month: 100_00}


def test_what_is_paid_at_the_end_or_at_the_start_gives_nothing_in_any_other_month():
    # Two months, the year in full: a cent in the first of them would be half a cent to date.
    for how, month in (("at end", "2018-12"), ("at start", "2018-11")):
        term = {"article": "4.1", "paid": how, "broken_year": "full", "amounts": {"2018-01-01": "€ 1.200,00"}}
        found = one_settled(contract("A-1", {"taak": {"budget": term}}, starts="2018-11-01"), {}, "2018-12")
        assert found.earnings.select("month", "value_cents").rows() == [(Month.parse(month).index, 1_200_00)]
        assert amounts(found, "A-1") == {("taak", "budget", month): 1_200_00}


def test_a_budget_that_begins_next_year_is_nothing_this_year_to_the_cent():
    # 10 hours of 100,00 beside a budget of nothing: all of it lies above the margin. Of a cent 999,99 would be left.
    terms = {"tariff": {"article": "4.5", "per": "hour", "amounts": {"2018-01-01": "€ 100,00"}},
             "budget": {"article": "4.1", "paid": "twelfths", "amounts": {"2018-01-01": "none", "2019-01-01": "€ 1.200,00"}},
             "corridor": {"article": "4.6", "measure": "claimed", "margin": "5 %", "above": "100 %", "below": "100 %", "settles": "year_end"}}  # fmt: skip
    agreed = {**contract("A-1", {"begeleiding": terms}), "ends": "2019-12-31"}
    found = one_settled(agreed, {"2018-12": [{**visits(("2018-12-05", "10"))[0], "unit": "uren"}]}, "2018-12")
    assert (refusal_codes(found), found.payable()) == ([], {"A-1": 1_000_00})


def test_an_instalment_shows_the_year_the_parts_so_far_and_what_they_gave_before():
    # 1.200,01 in twelfths: 200,00(17) to the end of February, 300,00(25) to the end of March.
    term = {"article": "4.1", "paid": "twelfths", "amounts": {"2018-01-01": "€ 1.200,01"}}
    found = one_settled(contract("A-1", {"taak": {"budget": term}}), {}, "2018-04")
    march = found.entitlements.rows["A-1", 2018, "taak", "budget", Month(2018, 3)]
    shown = {name: figure for name, (figure, _) in march.working.numbers.items()}
    assert (march.cents, shown) == (100_00, {"yearly": 1_200_01, "elapsed": 3, "parts": 12, "before": 200_00})


def test_a_bound_in_minutes_is_filled_by_hours_and_cents_are_rounded_by_line_or_by_client_and_month():
    # 90 minutes at 0,91: an hour is 54,60, and half of the second 27,30.
    minute: Yaml = {"article": "6.1", "per": "minute", "delivered_in": "hours", "at_most": "90 per client", "amounts": {"2018-01-01": "€ 0,91"}}
    lines = {"2018-01": [{**line, "unit": "uren"} for line in visits(("2018-01-05", "1"), ("2018-01-06", "1"))]}
    assert one_settled(contract("A-1", {"begeleiding": {"tariff": minute}}), lines, "2018-01").payable() == {"A-1": 81_90}
    # A minute of 61,50 an hour is 1,025: 1,03 by the line and twice that; 2,05 by the client and month.
    hour: Yaml = {"article": "6.1", "per": "hour", "delivered_in": "minutes", "amounts": {"2018-01-01": "€ 61,50"}}
    lines = {"2018-01": visits(("2018-01-05", "1"), ("2018-01-06", "1"))}
    for rounding, cents in (("half up per line", 2_06), ("half up per client and month", 2_05)):
        agreed = contract("A-1", {"begeleiding": {"tariff": hour}}, rounding=rounding)
        assert one_settled(agreed, lines, "2018-01").payable() == {"A-1": cents}
