"""The rules engine answers exactly what plain Python answers, in order, within its bounds, or it raises EngineFault."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from itertools import product

import durable_rules_engine
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.decisions import engine as room
from settlement.decisions.engine import (
    LARGEST,
    MOST_FIGURES,
    MOST_RULES,
    Check,
    Engine,
    EngineFault,
    Firing,
    Outcome,
    Question,
    Shape,
    Test,
    fnv_1a,
    refuse_equal_hashes,
)

Figure = tuple[int, int] | None

TESTS: tuple[Test, ...] = ("at least", "at most", "above", "below", "is", "is not", "absent")


def check_holds(test: Test, figure: Figure) -> bool:
    if figure is None:
        return test == "absent"
    left, right = figure
    return {
        "at least": left >= right,
        "at most": left <= right,
        "above": left > right,
        "below": left < right,
        "is": left == right,
        "is not": left != right,
        "absent": False,
    }[test]


def expected(questions: Sequence[Question]) -> list[Firing]:
    """The same answer in plain Python, sharing nothing with the engine."""
    firings = []
    for number, question in enumerate(questions):
        holding = [
            outcome.name
            for outcome in question.shape.outcomes
            if any(
                all(check_holds(check.test, question.figures[check.index]) for check in alternative)
                for alternative in outcome.alternatives
            )
        ]
        firings += [Firing(number, name, order) for order, name in enumerate(holding)]
    return firings


def decide(questions: Sequence[Question]) -> list[Firing]:
    with Engine() as engine:
        return engine.decide(questions)


def single(test: Test, index: int = 0) -> Shape:
    return Shape("single", (Outcome("holds", ((Check(index, test),),)),))


CEILING = Shape(
    "ceiling",
    (
        Outcome("no ceiling", ((Check(0, "absent"),),)),
        # Above the ceiling, and either the year is over or the contract says so at once.
        Outcome("binds", ((Check(0, "above"), Check(1, "at least")), (Check(0, "above"), Check(2, "is")))),
        Outcome("near", ((Check(1, "at most"),),)),
    ),
)


# What is answered


def test_a_ceiling_that_binds_and_is_near_fires_both_in_the_order_of_the_shape() -> None:
    # 120 is above 100 and month 3 at least 3: binds; 3 is at most 3: near; there is a ceiling: not the first.
    question = Question(CEILING, ((120, 100), (3, 3), None))
    assert decide([question]) == [Firing(0, "binds", 0), Firing(0, "near", 1)]


def test_an_outcome_with_two_alternatives_that_both_hold_fires_once() -> None:
    question = Question(CEILING, ((120, 100), (5, 3), (1, 1)))
    assert decide([question]) == [Firing(0, "binds", 0)]


def test_each_firing_carries_the_number_of_its_question_also_when_questions_between_fire_nothing() -> None:
    silent = Question(CEILING, ((1, 100), (5, 3), None))
    absent = Question(CEILING, (None, (5, 3), None))
    assert decide([silent, absent, silent, absent]) == [Firing(1, "no ceiling", 0), Firing(3, "no ceiling", 0)]


def test_every_comparison_answers_as_python_does_on_every_pair_of_small_figures() -> None:
    figures: list[Figure] = [None, *product((-2, -1, 0, 1, 2), (-2, -1, 0, 1, 2))]
    questions = [Question(single(test), (figure,)) for test in TESTS for figure in figures]
    assert decide(questions) == expected(questions)


def test_every_comparison_is_exact_at_the_edges_of_what_may_be_sent() -> None:
    edges = (
        -LARGEST,
        -LARGEST + 1,
        -(2**53) - 1,
        -(2**53),
        -(2**31),
        -1,
        0,
        1,
        2**31,
        2**53,
        2**53 + 1,
        LARGEST - 1,
        LARGEST,
    )
    questions = [Question(single(test), (figure,)) for test in TESTS for figure in product(edges, edges)]
    assert decide(questions) == expected(questions)


def test_two_checks_of_one_alternative_hold_only_together_and_of_two_alternatives_each_alone() -> None:
    figures: list[Figure] = [None, (1, 2), (2, 2), (3, 2)]
    questions = []
    for first, second in product(TESTS, repeat=2):
        shape = Shape(
            "pair",
            (
                Outcome("both", ((Check(0, first), Check(1, second)),)),
                Outcome("either", ((Check(0, first),), (Check(1, second),))),
                Outcome("on one figure", ((Check(0, first), Check(0, second)),)),
            ),
        )
        questions += [Question(shape, pair) for pair in product(figures, repeat=2)]
    assert decide(questions) == expected(questions)


def test_an_absent_figure_makes_every_comparison_false_and_absent_true() -> None:
    answers = {test: bool(decide([Question(single(test), (None,))])) for test in TESTS}
    assert answers == {test: test == "absent" for test in TESTS}


def test_an_outcome_without_alternatives_never_holds_and_an_alternative_without_checks_always_does() -> None:
    shape = Shape("edge", (Outcome("never", ()), Outcome("always", ((),))))
    assert decide([Question(shape, ()), Question(shape, (None,))]) == [Firing(0, "always", 0), Firing(1, "always", 0)]


def test_a_shape_without_outcomes_fires_nothing() -> None:
    assert decide([Question(Shape("empty", ()), ((1, 2),))]) == []


def test_no_questions_have_no_answers() -> None:
    assert decide([]) == []


def test_the_same_figures_asked_twice_are_answered_twice() -> None:
    question = Question(single("is"), ((5, 5),))
    assert decide([question, question]) == [Firing(0, "holds", 0), Firing(1, "holds", 0)]


def test_two_shapes_that_differ_in_kind_only_keep_their_questions_apart() -> None:
    one, other = single("above"), Shape("other", single("above").outcomes)
    questions = [
        Question(one, ((2, 1),)),
        Question(other, ((1, 2),)),
        Question(one, ((1, 2),)),
        Question(other, ((2, 1),)),
    ]
    assert decide(questions) == [Firing(0, "holds", 0), Firing(3, "holds", 0)]


def test_names_of_kinds_and_outcomes_may_hold_any_sign() -> None:
    shape = Shape('plafond "2018" \\ €$and', (Outcome('bindt "nu" \\ $or.€', ((),)),))
    assert decide([Question(shape, ())]) == [Firing(0, 'bindt "nu" \\ $or.€', 0)]


def test_outcomes_fire_in_the_order_of_the_shape_up_to_the_greatest_shape() -> None:
    # 59 outcomes and the closing rule are the 60 rules of a ruleset; 80 figures are all that fit in a fact.
    outcomes = tuple(Outcome(f"o{i}", ((Check(79 - i, "is"),),)) for i in range(MOST_RULES - 1))
    question = Question(Shape("greatest", outcomes), tuple((i - LARGEST, i - LARGEST) for i in range(MOST_FIGURES)))
    assert decide([question]) == [Firing(0, f"o{i}", i) for i in range(59)]


figures_ = st.one_of(
    st.none(),
    st.tuples(*[st.integers(-3, 3)] * 2),
    st.tuples(
        *[st.one_of(st.integers(-LARGEST, LARGEST), st.sampled_from((-LARGEST, 1 - LARGEST, LARGEST - 1, LARGEST)))] * 2
    ),
    st.integers(-LARGEST, LARGEST).map(lambda side: (side, side)),
)
checks_ = st.builds(Check, st.integers(0, 3), st.sampled_from(TESTS))
alternatives_ = st.lists(st.lists(checks_, max_size=3).map(tuple), max_size=3).map(tuple)
shapes_ = st.lists(alternatives_, max_size=5).map(
    lambda outcomes: Shape("random", tuple(Outcome(f"o{i}", alternatives) for i, alternatives in enumerate(outcomes)))
)
questions_ = st.builds(Question, shapes_, st.tuples(figures_, figures_, figures_, figures_))


@settings(max_examples=300, deadline=None)
@given(st.lists(questions_, min_size=1, max_size=6))
def test_random_questions_are_answered_as_plain_python_answers_them(questions: list[Question]) -> None:
    assert decide(questions) == expected(questions)


@settings(max_examples=100, deadline=None)
@given(shapes_, st.lists(st.tuples(figures_, figures_, figures_, figures_), min_size=1, max_size=20))
def test_an_answer_does_not_depend_on_what_was_asked_before(shape: Shape, positions: list[tuple[Figure, ...]]) -> None:
    questions = [Question(shape, figures) for figures in positions]
    alone = [[firing.outcome for firing in decide([question])] for question in questions]
    together = decide(questions)
    assert [[f.outcome for f in together if f.question == number] for number in range(len(questions))] == alone


# What it costs


def test_twenty_thousand_positions_are_decided_in_one_go() -> None:
    questions = [Question(CEILING, ((i % 300, 150), (i % 7, 3), None if i % 3 else (i, 7))) for i in range(20_000)]
    with Engine() as engine:
        firings = engine.decide(questions)
    assert firings == expected(questions)


MEMORY = """
import resource
from settlement.decisions.engine import Check, Engine, Outcome, Question, Shape

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

shape = Shape("ceiling", (Outcome("binds", ((Check(0, "above"), Check(1, "at least")), (Check(0, "is"),))),))
questions = [Question(shape, ((i, 500), (3, i))) for i in range(1000)]
with Engine() as engine:
    engine.decide(questions)
    before = peak()
    for _ in range({rounds}):
        engine.decide(questions)
asked = peak() - before
for _ in range(50):
    with Engine() as engine:
        engine.decide(questions[:1])
before = peak()
for _ in range(500):
    with Engine() as engine:
        engine.decide(questions[:1])
print(asked, peak() - before)
"""


def memory_growth(rounds: int) -> tuple[int, int]:
    """Growth in kB of a process that asks ``rounds`` times 1,000 questions, then makes and closes 500 engines."""
    program = MEMORY.replace("{rounds}", str(rounds))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=300
    )
    asked, made = done.stdout.split()
    return int(asked), int(made)


def test_neither_questions_nor_engines_that_were_closed_leave_memory_behind() -> None:
    # 20,000 facts of some 100 bytes kept would be 2 MB and more; one ruleset and its state take 130 kB.
    asked, made = memory_growth(20)
    assert asked < 1_000
    assert made < 5_000


@pytest.mark.campaign
def test_two_hundred_thousand_questions_leave_no_memory_behind() -> None:
    asked, made = memory_growth(200)
    assert asked < 1_000
    assert made < 5_000


# What is refused before anything is sent


@pytest.mark.parametrize("side", [LARGEST + 1, -LARGEST - 1, 2**63, 2**64, 1.0, 0.5, True, "5", None])
@pytest.mark.parametrize("place", ["left", "right"])
def test_a_side_that_is_not_a_whole_number_within_bounds_is_refused(side: object, place: str) -> None:
    figure = (side, 0) if place == "left" else (0, side)
    with pytest.raises(EngineFault, match="is not a whole number"):
        decide([Question(single("above"), (figure,))])  # type: ignore[arg-type]


def test_a_check_on_a_figure_that_the_question_does_not_have_is_refused() -> None:
    with pytest.raises(EngineFault, match="1 figures, where 2 to 80 were expected"):
        decide([Question(single("above", 1), ((1, 2),))])


def test_more_figures_than_a_fact_can_hold_are_refused() -> None:
    with pytest.raises(EngineFault, match="81 figures"):
        decide([Question(single("above"), ((1, 2),) * 81)])


@pytest.mark.parametrize("index", [-1, 80, True, 1.0])
def test_a_check_on_a_number_that_no_figure_has_is_refused(index: int) -> None:
    with pytest.raises(EngineFault, match="figures are numbered 0 to 79"):
        decide([Question(single("above", index), ((1, 2), (1, 2)))])


@pytest.mark.parametrize("test", ["atleast", ">=", "$gte", "", None])
def test_a_comparison_that_is_not_on_the_list_is_refused(test: Test) -> None:
    with pytest.raises(EngineFault, match="is not a comparison"):
        decide([Question(single(test), ((1, 2),))])


@pytest.mark.parametrize("operator", ["$gtee", "$or", "$not", "$ex", "$mt", ""])
def test_a_spelling_of_the_engine_that_is_not_on_the_list_is_refused(
    operator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(room.OPERATORS, "above", operator)
    with pytest.raises(EngineFault, match="is not a comparison"):
        decide([Question(single("above"), ((1, 2),))])


def test_more_rules_than_one_ruleset_can_hold_are_refused() -> None:
    outcome = Outcome("one", ((Check(0, "is"),),) * 60)
    with pytest.raises(EngineFault, match="61 rules"):
        decide([Question(Shape("too many", (outcome,)), ((1, 1),))])


def test_more_conditions_than_one_ruleset_can_hold_are_refused() -> None:
    # Per alternative one condition for the constant and two for each of 20 figures: 41. 13 times: 533, and the last 1.
    alternative = tuple(Check(i, "is") for i in range(20))
    within = Shape("within", (Outcome("one", (alternative,) * 12),))
    beyond = Shape("beyond", (Outcome("one", (alternative,) * 13),))
    figures = ((1, 1),) * 20
    assert decide([Question(within, figures)]) == [Firing(0, "one", 0)]
    with pytest.raises(EngineFault, match="14 rules with 534 conditions"):
        decide([Question(beyond, figures)])


def test_two_outcomes_of_one_name_are_refused() -> None:
    shape = Shape("double", (Outcome("one", ((),)), Outcome("one", ((),))))
    with pytest.raises(EngineFault, match="an outcome is named twice: one, one"):
        decide([Question(shape, ())])


def test_more_shapes_than_one_engine_can_hold_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_RULESETS", 3)
    questions = [Question(Shape(f"kind {i}", ()), ()) for i in range(4)]
    assert decide(questions[:3] * 2) == []
    with pytest.raises(EngineFault, match="of the kind 'kind 3': one engine holds at most 3 shapes"):
        decide(questions)


def test_fields_that_the_engine_cannot_tell_apart_are_refused() -> None:
    # A known pair with one 32-bit FNV-1a hash; the pinned tests show what the engine makes of it.
    assert fnv_1a("costarring") == fnv_1a("liquid")
    with pytest.raises(EngineFault, match="'costarring' and 'liquid'"):
        refuse_equal_hashes(["p0", "costarring", "liquid"])


def test_the_hash_is_the_published_one() -> None:
    # The test vectors of the FNV pages.
    assert [fnv_1a(text) for text in ("", "a", "foobar")] == [0x811C9DC5, 0xE40C292C, 0xBF9CF968]


def test_an_engine_is_asked_by_the_thread_that_made_it_only() -> None:
    faults: list[str] = []

    def ask() -> None:
        try:
            engine.decide([Question(single("is"), ((1, 1),))])
        except EngineFault as fault:
            faults.append(str(fault))

    with Engine() as engine:
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        assert faults == ["the rules engine was asked by another thread than the one that made it"]
        assert engine.decide([Question(single("is"), ((1, 1),))]) == [Firing(0, "holds", 0)]


def test_a_closed_engine_answers_nothing_and_may_be_closed_again() -> None:
    engine = Engine()
    engine.decide([Question(single("is"), ((1, 1),))])
    engine.close()
    engine.close()
    with pytest.raises(EngineFault, match="it was closed"):
        engine.decide([])


def test_an_engine_closes_when_a_ruleset_was_made_but_never_asked() -> None:
    engine = Engine()
    engine._compile(single("is"))
    engine.close()


# What is noticed when the engine fails


def test_an_operator_compiled_wrongly_changes_the_answer_so_that_the_release_gate_can_see_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    question = Question(single("at least"), ((5, 5),))
    assert decide([question]) == [Firing(0, "holds", 0)]
    monkeypatch.setitem(room.OPERATORS, "at least", "$gt")
    assert decide([question]) == []


def ask_until_fault(match: str) -> None:
    with Engine() as engine:
        with pytest.raises(EngineFault, match=match):
            engine.decide([Question(single("is"), ((1, 1),)), Question(single("is"), ((2, 2),))])
        with pytest.raises(EngineFault, match="answers nothing any more: an earlier question failed"):
            engine.decide([])


def test_an_exception_of_the_engine_is_a_fault_and_the_last_thing_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise durable_rules_engine.error("Could not assert fact, error code: 303")

    monkeypatch.setattr(durable_rules_engine, "assert_fact", fail)
    ask_until_fault("of the kind 'single': assert_fact raised .*303")


@pytest.mark.parametrize("code", [1, 2, 3])
def test_a_fact_that_the_engine_does_not_handle_is_a_fault(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable_rules_engine, "assert_fact", lambda *_: (code, 1))
    ask_until_fault(f"assert_fact answered {code}")


def test_an_engine_that_fires_nothing_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable_rules_engine, "start_action_for_state", lambda *_: None)
    ask_until_fault("the rule that closes every question did not fire")


def test_an_engine_that_stops_before_the_closing_rule_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable_rules_engine, "complete_and_start_action", lambda *_: None)
    ask_until_fault("the rule that closes every question did not fire")


def test_a_rule_that_fires_twice_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    first: list[str] = []
    start, complete = durable_rules_engine.start_action_for_state, durable_rules_engine.complete_and_start_action

    def remember(handle: int, state: int) -> tuple[str, str]:
        answer: tuple[str, str] = start(handle, state)
        first.append(answer[1])
        return answer

    def again(handle: int, state: int) -> str:
        complete(handle, state)
        return first[-1]

    monkeypatch.setattr(durable_rules_engine, "start_action_for_state", remember)
    monkeypatch.setattr(durable_rules_engine, "complete_and_start_action", again)
    ask_until_fault("after rule 0 it fired")


def test_a_rule_that_fires_on_another_fact_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        durable_rules_engine, "start_action_for_state", lambda *_: ("{}", '{"r0":{"m":{"id":"other"}}}')
    )
    ask_until_fault("after rule -1 it fired")


def test_a_fact_that_stays_behind_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable_rules_engine, "retract_fact", lambda *_: (0, 1))
    ask_until_fault("something was left behind by a question")


def test_a_fault_tells_the_question_and_the_kind_of_rule() -> None:
    good, bad = Question(single("is"), ((1, 1),)), Question(CEILING, ((1, 1), (2**63, 1), None))
    with Engine() as engine, pytest.raises(EngineFault) as caught:
        engine.decide([good, good, bad, good])
    assert caught.value.question == 2
    assert str(caught.value) == (
        "the rules engine, on a rule of the kind 'ceiling': 9223372036854775808 of figure 1 is not a whole number "
        "within ±2**62"
    )


def test_a_question_out_of_bounds_ends_the_engine_as_well() -> None:
    with Engine() as engine:
        with pytest.raises(EngineFault):
            engine.decide([Question(single("is"), ((2**63, 1),))])
        with pytest.raises(EngineFault, match="an earlier question failed"):
            engine.decide([])
