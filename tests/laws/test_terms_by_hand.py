"""What bounds and what rewards, each worked out by hand, to the cent."""

import pytest
from workbench import Line, Yaml, amounts, contract, one_settled, refusal_codes


def names(found: object) -> set[str]:
    return {alert.name for alert in found.alerts}  # type: ignore[attr-defined]


def hours(number: int, quantity: str, day: str = "2018-01-05", **more: str) -> Line:
    return {"client": f"C{number}", "service": "taak", "start": day, "end": day, "quantity": quantity, "unit": "uren",
            "reference": f"r{number}-{day}", **more}  # fmt: skip


def task(**terms: Yaml) -> Yaml:
    """A budget of 120.000,00 in twelfths, lines valued at 100,00 an hour, and more terms."""
    return contract("A-1", {"taak": {
        "tariff": {"article": "4.5", "per": "hour", "amounts": {"2018-01-01": "€ 100,00"}},
        "budget": {"article": "4.1", "paid": "twelfths", "amounts": {"2018-01-01": "€ 120.000"}},
        **terms,
    }})  # fmt: skip


CORRIDOR = {"article": "4.6", "measure": "claimed", "margin": "5 %", "above": "50 %", "below": "100 %", "settles": "year_end"}
BUDGET = 120_000_00


@pytest.mark.parametrize(
    ("delivered", "settles"),
    [
        # The margin runs from 114.000,00 to 126.000,00; on its edges nothing is settled.
        ("1260", 0), ("1140", 0), ("1200", 0),
        # 130.000,00: 4.000,00 beyond it, half of it on top.
        ("1300", 2_000_00),
        # 100.000,00: 14.000,00 short of it, all of it off.
        ("1000", -14_000_00),
        # 1.139,99 hours = 113.999,00: 1,00 off; 1.260,01 hours: half of 1,00 on top.
        ("1139,99", -1_00), ("1260,01", 50),
    ],
)  # fmt: skip
def test_outside_the_corridor_only_what_lies_beyond_the_margin_is_settled(delivered, settles):
    found = one_settled(task(corridor=CORRIDOR), {"2018-12": [hours(1, delivered, "2018-12-05")]}, "2018-12")
    assert refusal_codes(found) == []
    assert found.payable() == {"A-1": BUDGET + settles}
    assert amounts(found, "A-1").get(("taak", "corridor", "2018-12"), 0) == settles


def test_a_corridor_is_not_settled_before_the_year_has_ended():
    found = one_settled(task(corridor=CORRIDOR), {"2018-11": [hours(1, "3000")]}, "2018-11")
    assert found.payable() == {"A-1": BUDGET * 11 // 12}


def test_a_corridor_without_any_delivery_is_postponed_and_costs_nothing():
    found = one_settled(task(corridor=CORRIDOR), {}, "2018-12")
    assert found.payable() == {"A-1": BUDGET}
    assert "settlement postponed" in names(found)


def minimum(**more: object) -> Yaml:
    return {"article": "4.2", **more, "amounts": {"2018-01-01": "10"}}


@pytest.mark.parametrize(
    ("clients", "terms", "settles"),
    [
        # 10 due, 7 helped: 3 × 7.741,00 = 23.223,00.
        (7, {"settles": "year_end", "per_missing_client": "€ 7.741"}, -23_223_00),
        # A share of the budget: 120.000,00 × 3 ÷ 10.
        (7, {"settles": "year_end", "per_missing_client": "share of budget"}, -36_000_00),
        # A tolerance of 30 %: 7 is not below 7; of 29 %: beyond it the whole shortfall counts.
        (7, {"settles": "year_end", "per_missing_client": "€ 100,00", "tolerance": "30 %"}, 0),
        (7, {"settles": "year_end", "per_missing_client": "€ 100,00", "tolerance": "29 %"}, -300_00),
        # Never more than was earned.
        (1, {"settles": "year_end", "per_missing_client": "€ 50.000"}, -120_000_00),
        (10, {"settles": "year_end", "per_missing_client": "€ 7.741"}, 0),
        (12, {"settles": "year_end", "per_missing_client": "€ 7.741"}, 0),
        # 90 % of 10 is 9: 9 is not a substantial deviation, 8 is, and then both missing clients count.
        (9, {"settles": "on substantial deviation", "signal_below": "90 %", "per_missing_client": "€ 100,00"}, 0),
        (8, {"settles": "on substantial deviation", "signal_below": "90 %", "per_missing_client": "€ 100,00"}, -200_00),
        (0, {"settles": "never"}, 0),
    ],
)
def test_missing_clients_are_settled_at_year_end_as_the_contract_says(clients, terms, settles):
    lines = [hours(number, "1") for number in range(clients)]
    found = one_settled(task(minimum_clients=minimum(**terms)), {"2018-01": lines}, "2018-12")
    assert amounts(found, "A-1").get(("taak", "minimum_clients", "2018-12"), 0) == settles
    assert found.payable() == {"A-1": BUDGET + settles}


def test_during_the_year_missing_clients_are_whole_and_only_a_substantial_deviation_settles():
    # After May 10 × 5 ÷ 12 = 4,1666… are due; 90 % of it is 3,75. Three helped: 1,1666… missing is 1 whole client.
    terms = minimum(settles="on substantial deviation", signal_below="90 %", per_missing_client="€ 5.000")
    lines = {"2018-01": [hours(n, "1") for n in range(3)], "2018-05": [hours(0, "1", "2018-05-05")]}
    found = one_settled(task(minimum_clients=terms), lines, "2018-05")
    assert found.payable() == {"A-1": BUDGET * 5 // 12 - 5_000_00}
    assert "minimum not met" in names(found)
    at_year_end = minimum(settles="year_end", signal_below="90 %", per_missing_client="€ 5.000")
    found = one_settled(task(minimum_clients=at_year_end), {"2018-01": [hours(n, "1") for n in range(3)]}, "2018-05")
    assert found.payable() == {"A-1": BUDGET * 5 // 12}


def test_a_missing_file_is_no_substantial_deviation_and_gives_nothing_back():
    terms = minimum(settles="on substantial deviation", signal_below="90 %", per_missing_client="€ 5.000")
    agreed = task(minimum_clients=terms)
    three = {"2018-01": [hours(n, "1") for n in range(3)]}
    # Three helped in January, when 10 ÷ 12 were due; nothing came since. In June that is told, and nothing is taken.
    found = one_settled(agreed, three, "2018-06")
    assert found.payable() == {"A-1": BUDGET * 6 // 12}
    assert "delivery missing" in names(found)
    assert "minimum not met" not in names(found)
    # A file in May with nobody new in it: 4,1666… due, 1 whole client missing. In June, without a file, that stands as it is.
    with_may = {**three, "2018-05": [hours(0, "1", "2018-05-05")]}
    for month in (5, 6):
        assert one_settled(agreed, with_may, f"2018-{month:02d}").payable() == {"A-1": BUDGET * month // 12 - 5_000_00}
    # The file of June says the same: 5 due, 2 missing.
    with_june = {**with_may, "2018-06": [hours(0, "1", "2018-06-05")]}
    assert one_settled(agreed, with_june, "2018-06").payable() == {"A-1": BUDGET * 6 // 12 - 10_000_00}
    # At year end the whole minimum is due, whatever came: 7 missing.
    assert one_settled(agreed, with_june, "2018-12").payable() == {"A-1": BUDGET - 35_000_00}


def test_where_nothing_was_ever_delivered_no_minimum_is_settled_before_the_year_ends():
    terms = minimum(settles="on substantial deviation", signal_below="90 %", per_missing_client="€ 5.000")
    assert one_settled(task(minimum_clients=terms), {}, "2018-06").payable() == {"A-1": BUDGET * 6 // 12}
    assert one_settled(task(minimum_clients=terms), {}, "2018-12").payable() == {"A-1": BUDGET - 50_000_00}


def test_a_client_helped_twice_or_credited_does_not_fill_the_minimum():
    lines = [*(hours(n, "1") for n in range(9)), hours(0, "1", "2018-02-02")]
    credit = {"client": "C8", "service": "taak", "direction": "C", "reference": "c", "previous_reference": "r8-2018-01-05"}
    terms = minimum(settles="year_end", per_missing_client="€ 1,00")
    found = one_settled(task(minimum_clients=terms), {"2018-02": lines, "2018-03": [credit]}, "2018-12")
    assert found.payable() == {"A-1": BUDGET - 2_00}


def test_in_a_broken_year_the_minimum_holds_pro_rata_by_days():
    # 1 July to 31 December: 184 of 365 days of 10 = 5,04: 5 due whole; 3 helped, 2 missing.
    agreed = {**task(minimum_clients=minimum(settles="year_end", per_missing_client="€ 100,00")), "starts": "2018-07-01"}
    lines = [hours(n, "1", "2018-07-05") for n in range(3)]
    found = one_settled(agreed, {"2018-07": lines}, "2018-12")
    assert amounts(found, "A-1")["taak", "minimum_clients", "2018-12"] == -200_00


GOOD = {"goal_attainment": "ja", "client_satisfaction": "8", "dropout": "nee"}


def paid_by_the_hour(**terms: Yaml) -> Yaml:
    return contract("A-1", {"taak": {"tariff": {"article": "6.1", "per": "hour", "amounts": {"2018-01-01": "€ 100,00"}}, **terms}})


def bonus(**more: object) -> Yaml:
    needs = {"goal_attainment": "at least 75 %", "client_satisfaction": "at least 7,5", "dropout": "at most 10 %"}
    return {"article": "7.4", "share": "2 %", "of": "entitled", "needs": needs, **more}


def four_clients(goals: str = "jjjn", day: str = "2018-03-05") -> list[Line]:
    return [
        hours(n, "10", day, **{**GOOD, "goal_attainment": "ja" if goal == "j" else "nee"}) for n, goal in enumerate(goals)
    ]


def test_a_bonus_of_two_percent_of_what_was_earned_is_paid_at_year_end_when_all_needs_are_met():
    # 4 × 10 × 100,00 = 4.000,00; goals 3 of 4 is 75 %, just enough: 80,00.
    agreed = paid_by_the_hour(outcome_bonus=bonus())
    assert one_settled(agreed, {"2018-03": four_clients()}, "2018-12").payable() == {"A-1": 4_080_00}
    assert one_settled(agreed, {"2018-03": four_clients()}, "2018-11").payable() == {"A-1": 4_000_00}
    assert one_settled(agreed, {"2018-03": four_clients("jjnn")}, "2018-12").payable() == {"A-1": 4_000_00}


def test_a_bonus_has_a_most():
    found = one_settled(paid_by_the_hour(outcome_bonus=bonus(at_most="€ 60,00")), {"2018-03": four_clients()}, "2018-12")
    assert found.payable() == {"A-1": 4_060_00}


def test_a_bonus_from_july_looks_at_what_ended_and_was_earned_from_july():
    # March failed its goals, August met them: 2 % of August's 4.000,00.
    lines = {"2018-03": four_clients("nnnn"), "2018-08": [{**one, "client": f"D{one['client']}"} for one in four_clients(day="2018-08-05")]}
    found = one_settled(paid_by_the_hour(outcome_bonus=bonus(**{"from": "2018-07-01"})), lines, "2018-12")
    assert found.payable() == {"A-1": 8_080_00}


def test_with_too_few_answers_a_bonus_is_postponed_and_told():
    found = one_settled(paid_by_the_hour(outcome_bonus=bonus(minimum_responses="5")), {"2018-03": four_clients()}, "2018-12")
    assert found.payable() == {"A-1": 4_000_00}
    assert "settlement postponed" in names(found)


def test_a_bonus_by_the_quarter_adds_what_each_quarter_gives_more():
    # To the end of March 4.000,00: 80,00. To the end of June 4.000,00 + 8.000,00: 240,00, of which 80,00 was March's.
    june = [{**hours(n, "20", "2018-06-05", **GOOD), "client": f"D{n}"} for n in range(4)]
    agreed = paid_by_the_hour(outcome_bonus=bonus(settles="quarter_end"))
    found = one_settled(agreed, {"2018-03": four_clients(), "2018-06": june}, "2018-07")
    given = {month: cents for (_, term, month), cents in amounts(found, "A-1").items() if term == "outcome_bonus"}
    assert given == {"2018-03": 80_00, "2018-06": 160_00}


BANDS = {"article": "8.1", "measure": "goal_attainment", "of": "budget", "settles": "year_end",
         "bands": {"below 60 %": "-2 %", "below 80 %": "0 %", "otherwise": "2 %"}}  # fmt: skip


@pytest.mark.parametrize(("goals", "cents"), [("jjnnn", -2_400_00), ("jjjnn", 0), ("jjjjn", 2_400_00), ("jjjjj", 2_400_00)])
def test_a_band_of_goals_gives_or_takes_two_percent_of_the_budget(goals, cents):
    # 40 %: −2 % of 120.000,00. 60 % is not below 60 %. 80 % is not below 80 %.
    found = one_settled(task(bonus_malus=BANDS), {"2018-03": four_clients(goals)}, "2018-12")
    assert found.payable() == {"A-1": BUDGET + cents}


SAVINGS = {"article": "8.3", "share": "50 %", "against": {"2018-01-01": "€ 5.000"}, "savings_from": "2 %", "settles": "year_end"}


@pytest.mark.parametrize(
    ("quantity", "more", "shared"),
    [
        # Spent 4.000,00 of 5.000,00: half of 1.000,00. At most 300,00 where there is a most.
        ("40", {}, 500_00), ("40", {"at_most": "€ 300,00"}, 300_00),
        # 2 % of 5.000,00 is 100,00: 4.900,00 is just enough, 4.901,00 is not, 5.100,00 saves nothing.
        ("49", {}, 50_00), ("49,01", {}, 0), ("51", {}, 0),
    ],
)  # fmt: skip
def test_savings_are_shared_from_two_percent_on(quantity, more, shared):
    found = one_settled(paid_by_the_hour(shared_savings={**SAVINGS, **more}), {"2018-03": [hours(1, quantity)]}, "2018-12")
    assert refusal_codes(found) == []
    spent = sum(cents for (_, term, _), cents in amounts(found, "A-1").items() if term == "tariff")
    assert amounts(found, "A-1").get(("taak", "shared_savings", "2018-12"), 0) == shared
    assert found.payable() == {"A-1": spent + shared}


WITHHOLD = {"article": "6.7", "share": "3 %", "needs": {"dropout": "at most 10 %"}, "minimum_responses": "2", "settles": "year_end"}


def test_a_withhold_keeps_back_three_percent_of_every_month_and_gives_it_back_when_the_needs_are_met():
    # At a tariff of 50,50: 3 % of 50,50 is 1,515 → 1,52; of 101,00 to date 3,03, so 1,51; of 151,50 to date 4,545 → 4,55.
    agreed = paid_by_the_hour(withhold=WITHHOLD)
    agreed["services"]["taak"]["tariff"]["amounts"] = {"2018-01-01": "€ 50,50"}
    lines = {f"2018-0{n}": [hours(n, "1", f"2018-0{n}-05", **GOOD)] for n in (1, 2, 3)}
    during = one_settled(agreed, lines, "2018-03")
    withheld = {month: cents for (_, term, month), cents in amounts(during, "A-1").items() if term == "withhold"}
    assert withheld == {"2018-01": -152, "2018-02": -151, "2018-03": -152}
    assert one_settled(agreed, lines, "2018-12").payable() == {"A-1": 151_50}


def test_a_withhold_whose_needs_are_not_met_or_not_known_is_kept():
    lines = [hours(n, "10", **{**GOOD, "dropout": "ja"}) for n in range(2)]
    failed = one_settled(paid_by_the_hour(withhold=WITHHOLD), {"2018-01": lines}, "2018-12")
    assert failed.payable() == {"A-1": 2_000_00 - 60_00}
    assert "settlement postponed" not in names(failed)
    unknown = one_settled(paid_by_the_hour(withhold=WITHHOLD), {"2018-01": lines[:1]}, "2018-12")
    assert unknown.payable() == {"A-1": 1_000_00 - 30_00}
    assert "settlement postponed" in names(unknown)


def test_an_index_multiplies_what_is_in_force_on_31_december_and_lines_take_the_price_of_their_day():
    # 100,00 × 1,032 = 103,20 from 2019.
    agreed = {**paid_by_the_hour(), "ends": "2019-12-31",
              "terms": {"indexation": {"article": "3.2", "2019-01-01": {"forecast": "3,2 %"}}}}  # fmt: skip
    found = one_settled(agreed, {"2019-01": [hours(1, "1", "2018-12-31"), hours(2, "1", "2019-01-01")]}, "2019-01")
    assert found.payable() == {"A-1": 203_20}
