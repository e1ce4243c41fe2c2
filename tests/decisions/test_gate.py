"""The release gate: whatever the engine drops, adds or gets wrong, nothing is paid; and where it is right, both agree."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from workbench import File, contract, gathered, rulebook_of

from settlement.decisions import engine as engine_room
from settlement.decisions.ask import (
    Asked,
    ask_bands,
    ask_budget_left,
    ask_ceiling,
    ask_corridor,
    ask_minimum,
    ask_needs,
    ask_savings,
    ask_signal,
    ask_smaller,
    ask_standing,
)
from settlement.decisions.engine import Engine, Firing, Outcome, Question, Shape
from settlement.decisions.gate import differences, second_opinion
from settlement.decisions.judge import GateDisagrees, judge
from settlement.deliveries.gather import Gathered, gather
from settlement.domain.conditions import AnyOf, Comparison, Condition, Figure, OfMeasure, alternatives
from settlement.domain.contract import (
    CONTRACT_TERMS,
    SERVICE_TERMS,
    Band,
    BonusMalus,
    Ceiling,
    Corridor,
    Dated,
    Indexation,
    MinimumClients,
    OutcomeBonus,
    Rulebook,
    SharedSavings,
    Signal,
    Withhold,
)
from settlement.domain.periods import Month
from settlement.domain.problems import Place
from settlement.domain.records import PositionKey, Replacement
from settlement.rules.reader import read_rulebook
from settlement.settle import Before, Settlement, settle

ROOT = Path(__file__).parents[2]
KINDS = (
    "ceiling", "minimum_clients", "corridor", "outcome_bonus", "bonus_malus", "withhold", "shared_savings",
    "signal", "standing", "delivery smaller", "budget left",
)  # fmt: skip
YEAR_END = Month(2018, 12)
PLACE = Place("rules/a.yaml", 1, 1)

Change = Callable[[Sequence[Question], list[Firing]], list[Firing]]


class Tampered:
    """The engine, with its answers changed on the way. Counts the answers it changed."""

    def __init__(self, engine: Engine, change: Change) -> None:
        self._engine, self._change = engine, change
        self.changed = 0

    def decide(self, questions: Sequence[Question]) -> list[Firing]:
        fired = self._engine.decide(questions)
        told = self._change(questions, list(fired))
        self.changed += told != fired
        return told


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    found, problems = read_rulebook(ROOT / "rules")
    assert not problems
    return found


@pytest.fixture(scope="module")
def delivered(rulebook) -> Gathered:
    headings = {number: one.deliveries.headings for number, one in rulebook.contracts.items()}
    found = gather(ROOT / "inputs", Month(2018, 6), headings)
    # Nobody in the region sends an empty template by mistake; here somebody does.
    empty = Replacement("UTR-AJ-2018-01", Month(2018, 6), "2018-06/gevuld.xlsx", 12, "2018-06/leeg.xlsx", 0)
    return replace(found, replacements=(*found.replacements, empty))


def settled_with(engine: object, rulebook: Rulebook, delivered: Gathered, period: Month = YEAR_END) -> Settlement:
    return settle(rulebook, delivered, period, Before(), engine)


def a_bonus_that_is_earned() -> tuple[Rulebook, Gathered]:
    """In the region nobody has answered yet for a bonus; here somebody has."""
    bonus = {"article": "7.4", "share": "2 %", "needs": {"goal_attainment": "at least 75 %", "dropout": "at most 10 %"}, "settles": "year_end"}
    tariff = {"article": "6.1", "per": "hour", "amounts": {"2018-01-01": "€ 100,00"}}
    line = {"client": "C1", "service": "taak", "start": "2018-01-05", "end": "2018-01-05", "quantity": "1", "unit": "uren",
            "goal_attainment": "ja", "dropout": "nee"}  # fmt: skip
    agreed = contract("A-1", {"taak": {"tariff": tariff, "outcome_bonus": bonus}})
    return rulebook_of(agreed), gathered([File("A-1", "2018-01", [line])])


# ---- faults injected into a real settlement --------------------------------------------------------------


def test_the_region_at_year_end_asks_and_decides_something_of_every_kind(rulebook, delivered):
    with Engine() as engine:
        answers = settled_with(engine, rulebook, delivered).answers
    fired = Counter(one.asked.kind for one in answers if one.outcomes)
    assert [kind for kind in KINDS if not fired[kind]] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_firing_that_was_dropped_lets_nothing_be_settled(kind, rulebook, delivered):
    def drop(questions: Sequence[Question], fired: list[Firing]) -> list[Firing]:
        found = next((one for one in fired if questions[one.question].shape.kind == kind), None)
        return [one for one in fired if one is not found]

    with Engine() as engine:
        tampered = Tampered(engine, drop)
        with pytest.raises(GateDisagrees, match=rf"{kind} .* should have fired, and did not"):
            settled_with(tampered, rulebook, delivered)
    assert tampered.changed == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_firing_that_was_added_lets_nothing_be_settled(kind, rulebook, delivered):
    def add(questions: Sequence[Question], fired: list[Firing]) -> list[Firing]:
        for index, question in enumerate(questions):
            own = [one.outcome for one in fired if one.question == index]
            missing = [one.name for one in question.shape.outcomes if one.name not in own]
            if question.shape.kind == kind and missing:
                return [*fired, Firing(index, missing[-1], len(own))]
        return fired

    # At year end savings are shared and a budget is left; in June neither is.
    period = Month(2018, 6) if kind in {"shared_savings", "budget left"} else YEAR_END
    with Engine() as engine:
        tampered = Tampered(engine, add)
        with pytest.raises(GateDisagrees, match=rf"{kind} .* fired, and should not have"):
            settled_with(tampered, rulebook, delivered, period)
    assert tampered.changed == 1


OPPOSITE = {"$gte": "$lt", "$lt": "$gte", "$lte": "$gt", "$gt": "$lte", "$eq": "$neq", "$neq": "$eq"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_operator_compiled_wrongly_lets_nothing_be_settled(kind, rulebook, delivered, monkeypatch):
    """Every operator that a kind uses is turned round, for that kind alone, in an engine of its own."""

    class OneKindWrong:
        """Answers one kind with an engine whose rules were compiled with a changed operator."""

        def __init__(self, right: Engine, wrong: Engine, test: str) -> None:
            self.right, self.wrong, self.test, self.changed = right, wrong, test, 0

        def decide(self, questions: Sequence[Question]) -> list[Firing]:
            fired = self.right.decide(questions)
            own = [index for index, one in enumerate(questions) if one.shape.kind == kind]
            if not own:
                return fired
            with monkeypatch.context() as patch:
                patch.setitem(engine_room.OPERATORS, self.test, OPPOSITE[engine_room.OPERATORS[self.test]])
                answered = self.wrong.decide([questions[index] for index in own])
            told = [Firing(own[one.question], one.outcome, one.order) for one in answered]
            other = [one for one in fired if one.question not in own]
            self.changed += sorted(map(str, [*other, *told])) != sorted(map(str, fired))
            return [*other, *told]

    if kind == "outcome_bonus":
        rulebook, delivered = a_bonus_that_is_earned()
    with Engine() as engine:
        used = {
            check.test
            for answer in settled_with(engine, rulebook, delivered).answers
            if answer.asked.kind == kind
            for outcome in answer.asked.question.shape.outcomes
            for checks in outcome.alternatives
            for check in checks
        } - {"absent"}
    assert used
    for test in sorted(used):
        with Engine() as right, Engine() as wrong:
            tampered = OneKindWrong(right, wrong, test)
            with pytest.raises(GateDisagrees):
                settled_with(tampered, rulebook, delivered)
            assert tampered.changed == 1


@pytest.mark.parametrize(
    ("test", "nearly", "asked"),
    [
        # On the very edge: full to the cent, exactly at the norm, exactly the share that is needed.
        ("above", "$gte", lambda: ceiling_at(100, 100)),
        ("at least", "$gt", lambda: ceiling_at(100, 100)),
        ("below", "$lte", lambda: minimum_at(Fraction(9), Fraction(9))),
        ("at least", "$gt", lambda: goals_needed(Fraction(3, 4))),
    ],
)
def test_an_operator_that_is_wrong_on_the_edge_alone_is_caught_there(test, nearly, asked, monkeypatch):
    with Engine() as engine:
        judge(engine, [asked()])
    monkeypatch.setitem(engine_room.OPERATORS, test, nearly)
    with Engine() as engine, pytest.raises(GateDisagrees):
        judge(engine, [asked()])


def test_an_operator_changed_in_the_engine_of_a_whole_run_is_caught(rulebook, delivered, monkeypatch):
    monkeypatch.setitem(engine_room.OPERATORS, "above", "$lt")
    with Engine() as engine, pytest.raises(GateDisagrees):
        settled_with(engine, rulebook, delivered)


def test_a_question_that_was_put_wrongly_is_caught():
    """The gate starts from the term and the measures: a figure of the question that is off by a cent shows."""
    one = ceiling_at(100, 100)
    off = Question(one.question.shape, tuple((left + 1, right) for left, right in one.question.figures))
    wrong = Asked(one.kind, one.key, one.subject, one.measures, one.settles_now, off, one.ceiling_no)
    with Engine() as engine, pytest.raises(GateDisagrees):
        judge(engine, [wrong])


# ---- through the run and the command line ----------------------------------------------------------------


@pytest.fixture
def dropping(monkeypatch) -> list[int]:
    """The engine drops the first ceiling that cuts; gives where it counts how often it did."""
    dropped: list[int] = []
    decide = Engine.decide

    def without(self: Engine, questions: Sequence[Question]) -> list[Firing]:
        fired = decide(self, questions)
        found = next((one for one in fired if one.outcome == "cut"), None)
        dropped.extend([1] if found else [])
        return [one for one in fired if one is not found]

    monkeypatch.setattr(Engine, "decide", without)
    return dropped


def published(outputs: Path) -> list[str]:
    return sorted(path.relative_to(outputs).as_posix() for path in outputs.rglob("*") if path.is_file() and path.name != ".lock")


def test_a_run_with_which_the_gate_disagrees_writes_nothing(dropping, tmp_path):
    import datetime as dt

    from settlement.run.month import draft
    from settlement.run.workspace import Workspace

    workspace = Workspace(ROOT / "rules", ROOT / "inputs", tmp_path / "outputs")
    with pytest.raises(GateDisagrees, match="ceiling 'cut' should have fired, and did not"):
        draft(workspace, Month(2018, 3), dt.datetime(2018, 4, 9, 6, tzinfo=dt.UTC))
    assert dropping
    assert published(tmp_path / "outputs") == []


def test_the_command_line_says_so_and_ends_with_5(dropping, tmp_path, monkeypatch, capsys):
    from settlement.cli import main

    arguments = ["run", "--period", "2018-03", "--rules", ROOT / "rules", "--inputs", ROOT / "inputs", "--outputs", tmp_path / "outputs"]
    monkeypatch.setattr(sys, "argv", ["settlement", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 5
    assert dropping
    told = capsys.readouterr()
    assert "Nothing was paid and nothing was written" in told.err
    assert "ceiling 'cut' should have fired, and did not" in told.err
    assert told.out == ""
    assert published(tmp_path / "outputs") == []


# ---- both evaluations on whatever a contract may say -----------------------------------------------------

KEY = PositionKey("A-1", "taak", 2018, YEAR_END)
MEASURES = ("clients", "spent_share", "goal_attainment", "claimed", "budget", "dropout")
TESTS = ("at least", "at most", "above", "below", "is", "is not")


def ceiling_at(filled: int, limit: int) -> Asked:
    return ask_ceiling(KEY, Ceiling(article="1", place=PLACE, signal_at_bp=(7000, 9000), amounts=Dated(())), 0, filled, limit)


def minimum_at(clients: Fraction, due: Fraction) -> Asked:
    term = MinimumClients(article="1", place=PLACE, amounts=Dated(()))
    return ask_minimum(KEY, term, {"clients": clients, "minimum_to_date": due}, year_end=True)


def goals_needed(reached: Fraction) -> Asked:
    needs = (Comparison("goal_attainment", "at least", Figure(Fraction(3, 4)), PLACE, "at least 75 %"),)
    return ask_needs(KEY, OutcomeBonus(article="1", place=PLACE, share_bp=200, needs=needs), {"goal_attainment": reached}, settles_now=True)


def a_figure(rng: Random) -> Fraction | None:
    """Few different ones, so that edges are hit; now and then absent, a third, or very large."""
    draw = rng.random()
    if draw < 0.12:
        return None
    if draw < 0.2:
        return Fraction(rng.randrange(-(10**15), 10**15), rng.choice([1, 3, 7, 365]))
    return Fraction(rng.randrange(-2, 9), rng.choice([1, 1, 2, 3]))


def measures(rng: Random) -> dict[str, Fraction | None]:
    return {name: a_figure(rng) for name in MEASURES}


def comparison(rng: Random, *, measure: str | None = None) -> Comparison:
    value = Figure(Fraction(rng.randrange(-1, 8), rng.choice([1, 2, 3]))) if rng.random() < 0.6 else OfMeasure(rng.choice(MEASURES), rng.choice([10_000, 8_000, 3_333]))
    return Comparison(measure or rng.choice(MEASURES), rng.choice(TESTS), value, PLACE, "")


def conditions(rng: Random, least: int = 1, most: int = 8) -> tuple[Condition, ...]:
    """So many that they hold in at most 8 ways: with as many denied ones within what the engine does exactly."""
    while True:
        found = any_conditions(rng, least)
        if max(len(alternatives(found)), len(alternatives((), found))) <= most:
            return found


def any_conditions(rng: Random, least: int) -> tuple[Condition, ...]:
    def one() -> Condition:
        if rng.random() < 0.7:
            return comparison(rng)
        return AnyOf(tuple(tuple(comparison(rng) for _ in range(rng.randrange(1, 3))) for _ in range(rng.randrange(1, 4))))

    return tuple(one() for _ in range(rng.randrange(least, 4)))


def an_asked(rng: Random, kind: str) -> Asked:
    """One term with random clauses, on a random position."""
    now, found = rng.random() < 0.8, measures(rng)
    said = {"article": "1", "place": PLACE}
    match kind:
        case "ceiling":
            shares = tuple(rng.sample(range(1, 11_000), rng.randrange(4)))
            limit = rng.choice([0, 1, 10, 10_000, 10**12])
            filled = rng.choice([0, -1, limit, limit - 1, limit + 1, limit * 7 // 10, limit * 9 // 10, rng.randrange(2 * limit + 2)])
            return ask_ceiling(KEY, Ceiling(**said, signal_at_bp=shares, amounts=Dated(())), 0, filled, limit)
        case "minimum_clients":
            term = MinimumClients(
                **said, signal_below_bp=rng.choice([10_000, 9_000, 5_000]), settles=rng.choice(["never", "year_end", "on substantial deviation"]),
                tolerance_bp=rng.choice([0, 500, 5_000]), amounts=Dated(()),
            )  # fmt: skip
            due = a_figure(rng)
            return ask_minimum(KEY, term, {"clients": abs(a_figure(rng) or 0), "minimum_to_date": None if due is None else abs(due)}, now)
        case "corridor":
            term = Corridor(**said, margin_bp=rng.choice([0, 500, 2_500]), above_bp=5_000, below_bp=10_000)
            budget = rng.choice([None, Fraction(0), Fraction(1000), Fraction(10**9, 12)])
            claimed = Fraction(rng.choice([0, 950, 1000, 1050, 1051, 10**8, rng.randrange(2000)]))
            return ask_corridor(KEY, term, {"clients": rng.choice([None, Fraction(0), Fraction(3)]), "claimed": claimed, "budget_to_date": budget}, now)
        case "outcome_bonus":
            return ask_needs(KEY, OutcomeBonus(**said, share_bp=200, needs=conditions(rng)), found, now)
        case "withhold":
            return ask_needs(KEY, Withhold(**said, share_bp=200, needs=conditions(rng)), found, now)
        case "bonus_malus":
            measure = rng.choice(MEASURES)
            bands = [Band(comparison(rng, measure=measure), rng.randrange(-500, 500), PLACE) for _ in range(rng.randrange(1, 5))]
            last = [Band(None, 100, PLACE)] if rng.random() < 0.8 else []
            return ask_bands(KEY, BonusMalus(**said, measure=measure, bands=(*bands, *last)), found, now)
        case "shared_savings":
            term = SharedSavings(**said, share_bp=5_000, against=Dated(()), savings_from_bp=rng.choice([0, 200, 1_000, 10_000]))
            against = rng.choice([0, 1000, 10_000, 10**11])
            spent = rng.choice([None, 0, 980, 981, 1000, 9_800, 9_801, 9_799, 10**11, rng.randrange(20_000)])
            return ask_savings(KEY, term, {"spent": None if spent is None else Fraction(spent)}, against, now)
        case "signal":
            unless = conditions(rng, 0, 4) if rng.random() < 0.6 else ()
            return ask_signal(KEY, Signal("x", conditions(rng), unless, None, "low", None, PLACE), found)
        case "standing":
            return ask_standing(KEY, "lines refused", rng.choice([0, 1, -1, Fraction(1, 3), 10**12]))
        case "delivery smaller":
            return ask_smaller(KEY, rng.choice([0, 1, 2, 3, 99, 100, 10**6]), rng.choice([0, 1, 2, 49, 50, 51, 10**6]))
        case _:
            claimed, budget = rng.choice([0, 950, 949, 1000, 10**9]), rng.choice([None, 0, 1000, 10**9])
            return ask_budget_left(
                KEY, rng.choice([0, 500, 10_000]), {"claimed": Fraction(claimed), "budget": None if budget is None else Fraction(budget)}, now
            )


@pytest.mark.parametrize("kind", KINDS)
def test_both_evaluations_agree_on_random_terms_and_positions(kind):
    """Some 400 of each kind. ``judge`` itself raises where they differ; both answers must occur for the test to count."""
    rng = Random(f"gate {kind}")
    asked = [an_asked(rng, kind) for _ in range(400)]
    fired = Counter()
    for first in range(0, len(asked), 100):
        with Engine() as engine:
            for answer in judge(engine, asked[first : first + 100]):
                fired.update(answer.outcomes or ["nothing"])
                if answer.asked.kind == kind and not answer.outcomes:
                    assert second_opinion([answer.asked]) == set()
    assert fired["nothing"] > 10
    names = {outcome.name for one in asked for outcome in one.question.shape.outcomes if outcome.alternatives}
    often = {name for name in names if not name.startswith(("near", "band"))}
    assert [name for name in often if fired[name] < 10] == []


@pytest.mark.campaign
@pytest.mark.parametrize("kind", KINDS)
def test_both_evaluations_agree_on_a_hundred_thousand_of_each_kind(kind):
    rng = Random(f"gate campaign {kind}")
    for _ in range(1000):
        with Engine() as engine:
            judge(engine, [an_asked(rng, kind) for _ in range(100)])


def test_the_gate_knows_every_kind_of_term_that_is_decided():
    """A term that earns is priced, indexation is worked into the amounts; every other kind must be known to the gate."""
    from settlement.decisions.gate import _KINDS
    from settlement.domain.contract import CALENDAR_TERMS, LINE_TERMS

    decided = {term.kind for term in (*SERVICE_TERMS, *CONTRACT_TERMS)}
    decided -= {term.kind for term in (*LINE_TERMS, *CALENDAR_TERMS, Indexation)}
    assert decided <= set(_KINDS)
    assert set(_KINDS) == set(KINDS)


def test_the_gate_tells_which_side_said_what():
    one = ceiling_at(150, 100)
    shape = one.question.shape
    assert isinstance(shape, Shape)
    assert all(isinstance(outcome, Outcome) for outcome in shape.outcomes)
    assert second_opinion([one]) == {(0, "cut"), (0, "reached")}
    dropped, added = differences([one], {(0, "cut"), (0, "near 9000")})
    assert (dropped.outcome, dropped.engine_says) == ("near 9000", True)
    assert (added.outcome, added.engine_says) == ("reached", False)
    assert (added.contract, added.service, added.kind) == ("A-1", "taak", "ceiling")
