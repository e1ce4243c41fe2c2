"""Terms and signals on positions, as questions to the engine: which comparisons make which outcome hold.

The first outcome that fires decides, except for ceilings and signals, where each says something of its own.
Nothing here computes an amount; that is ``worth.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from settlement.decisions.engine import LARGEST, Check, Outcome, Question, Shape, Test
from settlement.domain.conditions import Comparison, Condition, Holds, OfMeasure, alternatives
from settlement.domain.contract import (
    BonusMalus,
    Ceiling,
    Corridor,
    MinimumClients,
    OutcomeBonus,
    SharedSavings,
    Signal,
    Term,
    Withhold,
)
from settlement.domain.records import PositionKey

Measures = Mapping[str, Fraction | None]
_DENIED: dict[str, Test] = {
    "at least": "below",
    "at most": "above",
    "above": "at most",
    "below": "at least",
    "is": "is not",
    "is not": "is",
}
_TRUE: dict[Test, tuple[Fraction, Fraction]] = {
    "below": (Fraction(0), Fraction(1)),
    "above": (Fraction(1), Fraction(0)),
    "at least": (Fraction(0), Fraction(0)),
    "at most": (Fraction(0), Fraction(0)),
    "is": (Fraction(0), Fraction(0)),
    "is not": (Fraction(0), Fraction(1)),
}
"""Figures for which each comparison holds."""
_YES = (1, 1)
_NO = (0, 1)


@dataclass(frozen=True, slots=True)
class Asked:
    """One term (or signal) on one position, as it is put to the engine and, apart from it, to the release gate."""

    kind: str
    key: PositionKey
    subject: Term | Signal | str
    """The term, the contract's own signal, or the name of a standing signal."""
    measures: Measures
    """The figures it is judged by; those of the position, with what the kind adds."""
    settles_now: bool
    """Whether the position stands at the moment at which the term settles."""
    question: Question
    ceiling_no: int | None = None


def compared(left: Fraction | None, right: Fraction | None) -> tuple[int, int] | None:
    """Two exact figures as two whole numbers that compare the same; ``None`` when one is absent.

    Cross-multiplied; where that would leave 62 bits (a share against a share of very large amounts), the sign of the
    difference against nothing, which compares the same.
    """
    if left is None or right is None:
        return None
    a, b = left.numerator * right.denominator, right.numerator * left.denominator
    if max(abs(a), abs(b)) > LARGEST:
        return (a > b) - (a < b), 0
    return a, b


@dataclass
class _Form:
    """Collects the figures of a question while its outcomes are written down."""

    figures: list[tuple[int, int] | None] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def check(self, left: Fraction | int | None, test: Test, right: Fraction | int | None) -> Check:
        self.figures.append(
            compared(None if left is None else Fraction(left), None if right is None else Fraction(right))
        )
        return Check(len(self.figures) - 1, test)

    def flag(self, holds: bool) -> Check:
        self.figures.append(_YES if holds else _NO)
        return Check(len(self.figures) - 1, "is")

    def outcome(self, name: str, *choices: Sequence[Check]) -> None:
        self.outcomes.append(Outcome(name, tuple(tuple(choice) for choice in choices)))

    def question(self, kind: str) -> Question:
        return Question(Shape(kind, tuple(self.outcomes)), tuple(self.figures))

    def conditions(
        self, when: Sequence[Condition], unless: Sequence[Condition], measures: Measures, first: Sequence[Check] = ()
    ) -> list[list[Check]]:
        """The alternatives of conditions as checks; the same comparison is one figure wherever it stands."""
        seen: dict[Holds, Check] = {}
        choices: list[list[Check]] = []
        for alternative in alternatives(when, unless):
            choice = list(first)
            for holds in alternative:
                if holds not in seen:
                    seen[holds] = self._holds(holds, measures)
                choice.append(seen[holds])
            choices.append(choice)
        return choices

    def _holds(self, holds: Holds, measures: Measures) -> Check:
        comparison = holds.comparison
        left, right = measures.get(comparison.measure), value_of(comparison, measures)
        if not holds.denied:
            return self.check(left, comparison.operator, right)
        # What is denied holds too when a measure is absent: it is then put as a figure for which the denial is true.
        denied = _DENIED[comparison.operator]
        if left is None or right is None:
            left, right = _TRUE[denied]
        return self.check(left, denied, right)


def value_of(comparison: Comparison, measures: Measures) -> Fraction | None:
    """The right side of a comparison; ``None`` when it is a measure that is absent."""
    if isinstance(comparison.value, OfMeasure):
        other = measures.get(comparison.value.measure)
        return None if other is None else other * comparison.value.share_bp / 10_000
    return comparison.value.value


def ask_ceiling(key: PositionKey, term: Ceiling, ceiling_no: int, filled: int, limit: int) -> Asked:
    """``reached`` when it is full, ``cut`` when more was earned than it holds, ``near 90 %`` for the highest share passed."""
    form = _Form()
    any_use = form.check(filled, "above", 0)
    form.outcome("cut", [form.check(filled, "above", limit)])
    form.outcome("reached", [any_use, form.check(filled, "at least", limit)])
    below = form.check(filled, "below", limit)
    shares = sorted(share for share in term.signal_at_bp if share < 10_000)
    for position, share in enumerate(shares):
        checks = [any_use, below, form.check(filled, "at least", Fraction(limit * share, 10_000))]
        if position + 1 < len(shares):
            checks.append(form.check(filled, "below", Fraction(limit * shares[position + 1], 10_000)))
        form.outcome(f"near {share}", checks)
    measures = {"filled": Fraction(filled), "limit": Fraction(limit)}
    return Asked("ceiling", key, term, measures, False, form.question("ceiling"), ceiling_no)


def ask_minimum(key: PositionKey, term: MinimumClients, measures: Measures, year_end: bool) -> Asked:
    """``below`` when the count is a substantial deviation; ``settled`` when each missing client is settled."""
    form = _Form()
    clients, due = measures["clients"], measures["minimum_to_date"]
    substantial = form.check(clients, "below", None if due is None else due * term.signal_below_bp / 10_000)
    beyond = form.check(clients, "below", None if due is None else due * (10_000 - term.tolerance_bp) / 10_000)
    at_year_end = form.flag(year_end)
    match term.settles:
        case "year_end":
            form.outcome("settled", [at_year_end, beyond])
        case "on substantial deviation":
            form.outcome("settled", [substantial, beyond])
        case _:
            form.outcome("settled")
    form.outcome("below", [substantial])
    return Asked("minimum_clients", key, term, measures, year_end, form.question("minimum_clients"))


def ask_corridor(key: PositionKey, term: Corridor, measures: Measures, settles_now: bool) -> Asked:
    """``above`` or ``below`` the margin; ``postponed`` when nothing was delivered that could be valued."""
    form = _Form()
    claimed = measures["claimed"] if measures["clients"] else None
    budget = measures["budget_to_date"]
    now = form.flag(settles_now)
    upper = None if budget is None else budget * (10_000 + term.margin_bp) / 10_000
    lower = None if budget is None else budget * (10_000 - term.margin_bp) / 10_000
    over = form.check(claimed, "above", upper)
    form.outcome("above", [now, over])
    form.outcome("below", [now, form.check(claimed, "below", lower)])
    form.outcome("postponed", [now, Check(over.index, "absent")])
    return Asked("corridor", key, term, {**measures, "valued": claimed}, settles_now, form.question("corridor"))


def ask_needs(key: PositionKey, term: OutcomeBonus | Withhold, measures: Measures, settles_now: bool) -> Asked:
    """``earned`` when all needs are met; ``postponed`` when they are not and a measure they ask for is absent."""
    form = _Form()
    now = form.flag(settles_now)
    form.outcome("earned", *form.conditions(term.needs, (), measures, [now]))
    absent = [
        [now, Check(form.check(measures.get(name), "is", 0).index, "absent")] for name in _asked_for(term.needs)
    ]
    form.outcome("postponed", *absent)
    return Asked(term.kind, key, term, measures, settles_now, form.question(term.kind))


def _asked_for(conditions: Iterable[Condition]) -> list[str]:
    """The measures that conditions name, each once, in order."""
    names: dict[str, None] = {}
    for comparison in comparisons_of(conditions):
        names[comparison.measure] = None
        if isinstance(comparison.value, OfMeasure):
            names[comparison.value.measure] = None
    return list(names)


def comparisons_of(conditions: Iterable[Condition]) -> Iterator[Comparison]:
    """Every comparison in conditions, in order."""
    for condition in conditions:
        if isinstance(condition, Comparison):
            yield condition
        else:
            for group in condition.alternatives:
                yield from group


def ask_bands(key: PositionKey, term: BonusMalus, measures: Measures, settles_now: bool) -> Asked:
    """``band 1``, ``band 2`` …: the first that fires is the band; ``postponed`` when the measure is absent."""
    form = _Form()
    now = form.flag(settles_now)
    measured = measures.get(term.measure)
    present = form.flag(measured is not None)
    for number, band in enumerate(term.bands, 1):
        if band.holds is None:
            form.outcome(f"band {number}", [now, present])
        else:
            form.outcome(f"band {number}", [now, form.check(measured, band.holds.operator, value_of(band.holds, measures))])
    form.outcome("postponed", [now, Check(form.check(measured, "is", 0).index, "absent")])
    return Asked("bonus_malus", key, term, measures, settles_now, form.question("bonus_malus"))


def ask_savings(
    key: PositionKey, term: SharedSavings, measures: Measures, against: int, settles_now: bool
) -> Asked:
    """``shared`` when the year cost less than agreed, by at least the share from which savings count; ``postponed`` when it
    cannot be said what it cost."""
    form = _Form()
    spent = measures["spent"]
    saved = None if spent is None else against - spent
    now = form.flag(settles_now)
    form.outcome(
        "shared",
        [
            now,
            form.check(saved, "above", 0),
            form.check(saved, "at least", Fraction(against * term.savings_from_bp, 10_000)),
        ],
    )
    form.outcome("postponed", [now, Check(form.check(saved, "is", 0).index, "absent")])
    extended = {**measures, "against": Fraction(against), "saved": saved}
    return Asked("shared_savings", key, term, extended, settles_now, form.question("shared_savings"))


def ask_signal(key: PositionKey, signal: Signal, measures: Measures) -> Asked:
    """``signal`` when its conditions hold and what is under ``unless`` does not."""
    form = _Form()
    form.outcome("signal", *form.conditions(signal.when, signal.unless, measures))
    return Asked("signal", key, signal, measures, True, form.question("signal"))


STANDING = (
    "delivery missing", "delivery refused", "lines refused", "negative payable", "client at two providers", "more than a day in a day",
)  # fmt: skip
"""The standing signals that are raised by a count of their own; the others follow from terms."""


def ask_standing(key: PositionKey, name: str, count: Fraction | int) -> Asked:
    """``raised`` when there is anything of it; a negative payable counts as its size."""
    form = _Form()
    form.outcome("raised", [form.check(count, "above", 0)])
    return Asked("standing", key, name, {"count": Fraction(count)}, True, form.question("standing"))


def ask_smaller(key: PositionKey, earlier_lines: int, later_lines: int) -> Asked:
    """``raised`` when a delivery has fewer than half of the lines of the one that it replaced; so when none is left."""
    form = _Form()
    form.outcome("raised", [form.check(later_lines, "below", Fraction(earlier_lines, 2))])
    measures = {"earlier_lines": Fraction(earlier_lines), "later_lines": Fraction(later_lines)}
    return Asked("delivery smaller", key, "delivery smaller", measures, True, form.question("delivery smaller"))


def ask_budget_left(key: PositionKey, margin_bp: int, measures: Measures, year_end: bool) -> Asked:
    """``raised`` at year end when less was delivered than the budget, by more than the corridor's margin."""
    form = _Form()
    budget = measures["budget"]
    lower = None if budget is None else budget * (10_000 - margin_bp) / 10_000
    form.outcome("raised", [form.flag(year_end), form.check(measures["claimed"], "below", lower)])
    extended = {**measures, "margin_bp": Fraction(margin_bp)}
    return Asked("budget left", key, "budget left", extended, year_end, form.question("budget left"))
