"""A round of questions: answers in the order asked, outcomes in the order of firing, and no doubt about either."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from settlement.decisions.ask import Asked, ask_ceiling, ask_standing
from settlement.decisions.engine import Engine, Firing, Question
from settlement.decisions.judge import GateDisagrees, judge
from settlement.domain.contract import Ceiling, Dated
from settlement.domain.periods import Month
from settlement.domain.problems import Place
from settlement.domain.records import PositionKey

PLACE = Place("rules/a.yaml", 1, 1)


class Says:
    """An engine that says what it is told to say."""

    def __init__(self, *fired: Firing) -> None:
        self.fired = list(fired)

    def decide(self, questions: Sequence[Question]) -> list[Firing]:
        return self.fired


def ceiling(filled: int, number: str = "A-1") -> Asked:
    """Of 100 cents, with signals at 70 % and 90 %."""
    key = PositionKey(number, None, 2018, Month(2018, 3))
    term = Ceiling(article="6.5", place=PLACE, signal_at_bp=(7000, 9000), amounts=Dated(()))
    return ask_ceiling(key, term, 0, filled, 100)


def test_answers_come_in_the_order_asked_with_the_outcomes_in_the_order_of_firing():
    asked = [ceiling(cents) for cents in (101, 0, 100, 95, 70, 69)]
    with Engine() as engine:
        answers = judge(engine, asked)
    assert [one.asked for one in answers] == asked
    assert [one.outcomes for one in answers] == [("cut", "reached"), (), ("reached",), ("near 9000",), ("near 7000",), ()]
    assert [one.first for one in answers] == ["cut", "", "reached", "near 9000", "near 7000", ""]


def test_the_first_outcome_is_the_first_that_fired_not_the_first_that_was_reported():
    answers = judge(Says(Firing(0, "reached", 1), Firing(0, "cut", 0)), [ceiling(101)])
    assert answers[0].outcomes == ("cut", "reached")


def test_no_questions_have_no_answers():
    assert judge(Says(), []) == []


def test_an_outcome_that_fired_twice_is_not_believed():
    with pytest.raises(GateDisagrees, match="A-1: ceiling 'reached' fired, and should not have"):
        judge(Says(Firing(0, "reached", 0), Firing(0, "reached", 1)), [ceiling(100)])


def test_outcomes_that_fired_in_another_order_than_that_of_the_terms_are_not_believed():
    with pytest.raises(GateDisagrees):
        judge(Says(Firing(0, "reached", 0), Firing(0, "cut", 1)), [ceiling(101)])


def test_an_outcome_that_no_term_has_is_not_believed():
    with pytest.raises(GateDisagrees, match="'generous' fired"):
        judge(Says(Firing(0, "generous", 0)), [ceiling(0)])


def test_a_disagreement_names_the_contract_and_counts_what_it_leaves_out():
    asked = [ceiling(101, f"A-{number}") for number in range(4)]
    with pytest.raises(GateDisagrees) as raised:
        judge(Says(), asked)
    assert len(raised.value.found) == 8
    assert "A-0: ceiling 'cut' should have fired, and did not" in str(raised.value)
    assert str(raised.value).endswith("(and 3 more)")


def test_a_disagreement_on_a_service_names_the_service():
    key = PositionKey("A-1", "crisiszorg", 2018, Month(2018, 3))
    with pytest.raises(GateDisagrees, match=r"A-1 · crisiszorg: standing 'raised' should have fired"):
        judge(Says(), [ask_standing(key, "lines refused", 1)])
