"""How much each decision is worth, by hand, to the cent: straight from what the engine decided."""

from fractions import Fraction

import pytest

from settlement.decisions import worth
from settlement.decisions.ask import Asked
from settlement.decisions.engine import Question, Shape
from settlement.decisions.judge import Answer
from settlement.domain.contract import (
    Band,
    BonusMalus,
    Corridor,
    Dated,
    MinimumClients,
    OutcomeBonus,
    SharedSavings,
    Step,
    Term,
    Withhold,
)
from settlement.domain.periods import Month
from settlement.domain.problems import Place
from settlement.domain.records import PositionKey

HERE = Place("rules/a.yaml", 1, 1)
WHERE = PositionKey("A-1", "taak", 2018, Month(2018, 12))
TEN = Dated((Step(Month(2018, 1).first_day, 10, HERE),))


def answered(term: Term, *outcomes: str, **measures: Fraction | int | None) -> Answer:
    exact = {name: None if value is None else Fraction(value) for name, value in measures.items()}
    return Answer(Asked(term.kind, WHERE, term, exact, True, Question(Shape(term.kind, ()), ())), outcomes)


def cents(found: object) -> int | None:
    return None if found is None else found.cents  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("figure", "whole"),
    [(Fraction(1, 2), 1), (Fraction(-1, 2), -1), (Fraction(149, 100), 1), (Fraction(-149, 100), -1), (Fraction(0), 0)],
)
def test_an_exact_figure_is_rounded_half_up_away_from_nothing(figure, whole):
    assert worth.rounded(figure) == whole


def minimum(**more: object) -> MinimumClients:
    return MinimumClients(article="4.2", place=HERE, amounts=TEN, settles="year_end", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("terms", "due", "clients", "budget", "earned", "taken"),
    [
        # 10 due, 7 helped: 3 × 50,00. Of 4,1666… due and 3 helped one whole client is missing; of 9,99 and 8 one too.
        ({"per_missing_client_cents": 5000}, 10, 7, None, 100_000, -15_000),
        ({"per_missing_client_cents": 5000}, Fraction(25, 6), 3, None, 100_000, -5_000),
        ({"per_missing_client_cents": 5000}, Fraction(999, 100), 8, None, 100_000, -5_000),
        # Never more than was earned, and nothing where less than nothing was.
        ({"per_missing_client_cents": 5000}, 10, 0, None, 20_000, -20_000),
        ({"per_missing_client_cents": 5000}, 10, 0, None, 50_000, -50_000),
        ({"per_missing_client_cents": 5000}, 10, 0, None, -1, 0),
        ({"per_missing_client_cents": 5000}, 10, 9, None, 1, -1),
        # 1.000,01 ÷ 10 × 3 = 300,003 → 300,00; ÷ 10 × 5 = 500,005 → 500,01. Without a budget nothing.
        ({"share_of_budget": True}, 10, 7, 100_001, 10**9, -30_000),
        ({"share_of_budget": True}, 10, 5, 100_001, 10**9, -50_001),
        ({"share_of_budget": True}, 10, 5, None, 10**9, 0),
        ({}, 10, 5, None, 10**9, 0),
    ],
)  # fmt: skip
def test_each_missing_client_costs_its_amount_or_its_share_of_the_budget(terms, due, clients, budget, earned, taken):
    answer = answered(minimum(**terms), "settled", "below", minimum_to_date=due, clients=clients, minimum_clients=10)
    found = worth.of_minimum(answer, budget, earned)
    assert (cents(found), found.outcome, found.month) == (taken, "settled", Month(2018, 12))
    assert found.working.numbers["missing"] == (int(Fraction(due) - clients), "count")


def test_the_working_of_a_minimum_shows_what_was_due_or_the_whole_of_which_the_budget_is_a_share():
    figures = {"minimum_to_date": Fraction(25, 6), "clients": 3, "minimum_clients": 10}
    by_amount = worth.of_minimum(answered(minimum(per_missing_client_cents=5000), "settled", **figures), None, 10**9)
    assert (by_amount.working.formula, by_amount.working.numbers["minimum"]) == ("minimum_missing", (Fraction(25, 6), "quantity"))
    assert by_amount.working.numbers["per_client"] == (5000, "amount")
    by_share = worth.of_minimum(answered(minimum(share_of_budget=True), "settled", **figures), 1200, 10**9)
    assert (by_share.working.formula, by_share.working.numbers["minimum"]) == ("minimum_budget_share", (10, "quantity"))
    assert by_share.working.numbers["budget"] == (1200, "amount")
    for nothing in (None, 0):
        without = worth.of_minimum(answered(minimum(per_missing_client_cents=5000), "settled", minimum_to_date=1, clients=0, minimum_clients=nothing), 5, 5)
        assert without is None
    for absent in ({"minimum_to_date": None}, {"clients": None}):
        assert worth.of_minimum(answered(minimum(per_missing_client_cents=5000), "settled", **{**figures, **absent}), 5, 5) is None
    assert worth.of_minimum(answered(minimum(per_missing_client_cents=5000), "below", **figures), 5, 5) is None


@pytest.mark.parametrize(
    ("outcome", "claimed", "given"),
    [
        # A budget of 1.000,00 with a margin of 5 %: 950,00 to 1.050,00. 1.100,01: 50,01 beyond, half is 25,005 → 25,01.
        ("above", 110_001, 2501), ("above", 105_001, 1),
        # 900,01: 49,99 short of the margin; 80 % is 39,992 → 39,99 off.
        ("below", 90_001, -3999), ("below", 0, -76_000),
        ("postponed", None, None), ("", 100_000, None),
    ],
)  # fmt: skip
def test_beyond_the_margin_half_is_added_and_four_fifths_taken_off(outcome, claimed, given):
    term = Corridor(article="4.6", place=HERE, margin_bp=500, above_bp=5000, below_bp=8000)
    found = worth.of_corridor(answered(term, *([outcome] if outcome else []), budget_to_date=100_000, valued=claimed))
    assert cents(found) == given
    if found is not None:
        assert found.working.formula == f"corridor_{outcome}"
        assert found.working.numbers["share"] == (Fraction(1, 2) if outcome == "above" else Fraction(4, 5), "share")
        assert found.working.numbers["margin"] == (Fraction(1, 20), "share")
    assert worth.of_corridor(answered(term, "above", budget_to_date=None, valued=1)) is None
    assert worth.of_corridor(answered(term, "above", budget_to_date=1, valued=None)) is None


@pytest.mark.parametrize(
    ("base", "most", "given", "formula"),
    [
        # 2 % of 1.000,25 is 20,005 → 20,01; of −1.000,25 as much less.
        (100_025, None, 2001, "bonus"), (-100_025, None, -2001, "bonus"), (0, None, 0, "bonus"),
        (100_025, 2001, 2001, "bonus"), (100_025, 2000, 2000, "bonus_at_most"), (100_025, 0, 0, "bonus_at_most"),
    ],
)  # fmt: skip
def test_a_bonus_is_its_share_up_to_the_most(base, most, given, formula):
    term = OutcomeBonus(article="7.4", place=HERE, share_bp=200, needs=(), at_most_cents=most)
    found = worth.of_bonus(answered(term, "earned"), base)
    assert (cents(found), found.working.formula, found.outcome) == (given, formula, "earned")
    assert found.working.numbers["share"] == (Fraction(1, 50), "share")
    assert worth.of_bonus(answered(term, "postponed"), base) is None
    assert worth.of_bonus(answered(term), base) is None


@pytest.mark.parametrize(
    ("outcome", "given", "formula"),
    # Of 1.000,25: −2 % is −20,005 → −20,01; 0 %; 1,25 % is 12,503125 → 12,50; −0,01 % is −0,100025 → −0,10.
    [("band 1", -2001, "malus"), ("band 2", 0, "bonus"), ("band 3", 1250, "bonus"), ("band 4", -10, "malus"), ("postponed", None, ""), ("", None, "")],
)
def test_the_band_that_fired_first_gives_its_share(outcome, given, formula):
    bands = tuple(Band(None, share, HERE) for share in (-200, 0, 125, -1))
    term = BonusMalus(article="8.1", place=HERE, measure="goal_attainment", bands=bands)
    found = worth.of_bands(answered(term, *([outcome, "band 3"] if outcome.startswith("band") else [outcome])), 100_025)
    assert cents(found) == given
    if found is not None:
        assert (found.outcome, found.working.formula) == (outcome, formula)
        assert found.working.numbers["share"] == (Fraction(bands[int(outcome[-1]) - 1].share_bp, 10_000), "share")


@pytest.mark.parametrize(
    ("saved", "most", "given", "formula"),
    # 33,33 % of 100,01 is 33,333333 → 33,33; of 150,00 is 49,995 → 50,00, and at most 49,99.
    [(10_001, None, 3333, "savings"), (15_000, None, 5000, "savings"), (15_000, 4999, 4999, "savings_at_most"), (15_000, 5000, 5000, "savings")],
)
def test_savings_are_shared_at_the_providers_share_up_to_the_most(saved, most, given, formula):
    term = SharedSavings(article="8.3", place=HERE, share_bp=3333, against=Dated(()), at_most_cents=most)
    figures = {"saved": saved, "against": 100_000, "spent": 100_000 - saved}
    found = worth.of_savings(answered(term, "shared", **figures))
    assert (cents(found), found.working.formula) == (given, formula)
    assert found.working.numbers["share"] == (Fraction(3333, 10_000), "share")
    assert worth.of_savings(answered(term, "postponed", **figures)) is None
    for name in figures:
        assert worth.of_savings(answered(term, "shared", **{**figures, name: None})) is None


def test_a_withhold_keeps_its_share_of_the_sum_to_date_and_gives_all_back_when_it_is_earned():
    # 3 % of 50,50 is 1,515 → 1,52; of 101,00 is 3,03: 1,51; of 81,00 is 2,43: 0,60 back; of 81,00 still 2,43: nothing.
    term = Withhold(article="6.7", place=HERE, share_bp=300, needs=())
    base = {Month(2018, 3): -2000, Month(2018, 1): 5050, Month(2018, 2): 5050, Month(2018, 4): 0}
    kept = worth.of_withhold(answered(term), base)
    assert [(one.month.month, one.cents) for one in kept] == [(1, -152), (2, -151), (3, 60), (4, 0)]
    # 3 % of February alone is 1,52 too: there the numbers are those of the sum to date, so that 1,51 can be redone by hand.
    of_month, to_date, back, nothing = (one.working for one in kept)
    share = (Fraction(3, 100), "share")
    assert (of_month.formula, of_month.numbers) == ("withhold", {"base": (5050, "amount"), "share": share})
    assert (to_date.formula, to_date.numbers) == (
        "withhold_to_date",
        {
            "to_date": (10_100, "amount"),
            "share": share,
            "withheld": (303, "amount"),
            "before": (152, "amount"),
            "base": (5050, "amount"),
        },
    )
    assert [back.formula, nothing.formula] == ["withhold", "withhold"]
    released = worth.of_withhold(answered(term, "earned"), base)
    assert [(one.outcome, one.cents, one.month) for one in released] == [("released", 0, Month(2018, 12))]
    assert released[0].working.numbers["base"] == (8100, "amount")
