"""Signals: deviations that somebody must look at, decided by the engine, told as alerts; they never change an amount."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from settlement.decisions.ask import (
    STANDING,
    Asked,
    ask_budget_left,
    ask_signal,
    ask_smaller,
    ask_standing,
    comparisons_of,
    value_of,
)
from settlement.decisions.judge import Answer, Decides, judge
from settlement.decisions.sources import Sources
from settlement.domain.contract import (
    Ceiling,
    Contract,
    Corridor,
    MinimumClients,
    Provider,
    Severity,
    Signal,
    Term,
)
from settlement.domain.measures import MeasureUnit, measure_of
from settlement.domain.periods import Month
from settlement.domain.problems import Place
from settlement.domain.records import Alert, PositionKey, Replacement, Working
from settlement.pricing.positions import Counted, Measures

Figure = tuple[Fraction | str, str]

_SEVERITY: dict[str, Severity] = {
    "delivery missing": "high",
    "delivery refused": "high",
    "delivery smaller": "high",
    "lines refused": "low",
    "ceiling near": "medium",
    "ceiling reached": "high",
    "minimum not met": "medium",
    "settlement postponed": "medium",
    "negative payable": "high",
    "client at two providers": "medium",
    "more than a day in a day": "medium",
    "budget left": "low",
}
FOR_PROVIDERS = frozenset(_SEVERITY) - {"client at two providers"}
"""The standing signals that a provider sees on its own statement."""
HOLDS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "at least": operator.ge,
    "at most": operator.le,
    "above": operator.gt,
    "below": operator.lt,
    "is": operator.eq,
    "is not": operator.ne,
}
"""For showing which comparison of a signal held, or what falls short of what was agreed; whether the signal is raised is the engine's to say."""
_UNITS: dict[MeasureUnit, str] = {
    "count": "count",
    "quantity": "quantity",
    "amount": "amount",
    "share": "share",
    "mark": "mark",
    "months": "months",
    "yes or no": "count",
}


@dataclass(frozen=True, slots=True)
class AcrossLines:
    """What standing signals count across lines and files, beside the measures, by contract."""

    at_two_providers: Mapping[str, int]
    """Clients."""
    days_too_full: Mapping[str, int]
    """Clients."""
    not_read: Mapping[str, int]
    """Files that were refused as a whole."""
    refused_late: Mapping[str, int]
    """Refused lines of files in the folders of earlier months, that are settled here for the first time."""
    smaller: Mapping[str, Replacement]
    """The replacement that left the smallest share of its lines."""


def signals_round(
    engine: Decides,
    contracts: Mapping[str, Contract],
    positions: Mapping[PositionKey, Measures],
    counted: AcrossLines,
    period: Month,
) -> list[Answer]:
    """The contracts' own signals and the standing ones, on the figures of the month that is settled."""
    asked: list[Asked] = []
    for contract in contracts.values():
        own = PositionKey(contract.number, None, period.year, period)
        if own not in positions:
            asked += _after_the_end(contract, positions, period)
            continue
        measures = positions[own]
        year = contract.year(period.year)
        assert year is not None
        counts: dict[str, Fraction | int] = {
            # Of a file that came and was refused as a whole it is said that it was, and not that none came.
            "delivery missing": 0 if counted.not_read.get(contract.number) else measures["delivery_missing"] or 0,
            "delivery refused": counted.not_read.get(contract.number, 0),
            "lines refused": (measures["refused_lines_in_month"] or 0) + counted.refused_late.get(contract.number, 0),
            "negative payable": -min(measures["payable"] or Fraction(0), Fraction(0)),
            "client at two providers": counted.at_two_providers.get(contract.number, 0),
            "more than a day in a day": counted.days_too_full.get(contract.number, 0),
        }
        asked += [ask_standing(own, name, counts[name]) for name in STANDING]
        smaller = counted.smaller.get(contract.number)
        if smaller is not None:
            asked.append(ask_smaller(own, smaller.earlier_lines, smaller.later_lines))
        for service in contract.services.values():
            if service.budget is not None and service.line_term is not None:
                corridor = service.terms.get("corridor")
                margin = corridor.margin_bp if isinstance(corridor, Corridor) else 0
                key = PositionKey(contract.number, service.name, period.year, period)
                asked.append(ask_budget_left(key, margin, positions[key], period == year.months[-1]))
        for signal in contract.signals:
            key = PositionKey(contract.number, signal.service, period.year, period)
            asked.append(ask_signal(key, signal, positions[key]))
    return judge(engine, asked)


def _after_the_end(contract: Contract, positions: Mapping[PositionKey, Measures], period: Month) -> list[Asked]:
    """Of a contract that has ended, what a late correction may leave: more paid than it is entitled to."""
    known = [key for key in positions if key.contract == contract.number and key.service is None]
    if not known:
        return []
    last = max(known, key=lambda key: (key.year, key.as_of))
    if last.as_of > period:
        return []
    payable = positions[last]["payable"] or Fraction(0)
    key = PositionKey(contract.number, None, last.year, period)
    return [ask_standing(key, "negative payable", -min(payable, Fraction(0)))]


def alerts(
    answers: Sequence[Answer],
    contracts: Mapping[str, Contract],
    providers: Mapping[str, Provider],
    counted: Counted,
    period: Month,
    sources: Sources,
) -> list[Alert]:
    """What the answers of all rounds tell, for the month that is settled: by contract, then severity, then name."""
    numbers = {number: position for position, number in enumerate(contracts)}
    found: list[Alert] = []
    for answer in answers:
        key = answer.asked.key
        if key.as_of != period:
            continue
        contract = contracts[key.contract]
        course = _course(answer, numbers[key.contract], counted, period)
        for name, figures in _named(answer):
            found.append(
                _alert(name, answer, contract, providers[contract.provider].name, figures, course, sources)
            )
    order = {"high": 0, "medium": 1, "low": 2}
    return sorted(found, key=lambda a: (a.contract, order[a.severity], a.name, a.service or ""))


def _named(answer: Answer) -> list[tuple[str, tuple[Figure | None, Figure | None]]]:
    """The names that an answer raises, each with the figure judged and what it was held against."""
    asked, subject = answer.asked, answer.asked.subject
    measures = asked.measures
    raised: list[tuple[str, tuple[Figure | None, Figure | None]]] = []
    if isinstance(subject, Signal):
        if "signal" in answer.outcomes:
            raised.append((subject.name, _judged(subject, measures)))
    elif isinstance(subject, Ceiling):
        figures = (_figure(measures["filled"], "amount"), _figure(measures["limit"], "amount"))
        if "reached" in answer.outcomes:
            raised.append(("ceiling reached", figures))
        elif any(outcome.startswith("near ") for outcome in answer.outcomes):
            raised.append(("ceiling near", figures))
    elif isinstance(subject, MinimumClients):
        if "below" in answer.outcomes:
            figures = (_figure(measures["clients"], "count"), _figure(measures["minimum_to_date"], "quantity"))
            raised.append(("minimum not met", figures))
    elif isinstance(subject, Term):
        if answer.first == "postponed":
            least = Fraction(getattr(subject, "minimum_responses", 0))
            raised.append(("settlement postponed", (_figure(measures.get("responses"), "count"), _figure(least, "count"))))
    elif "raised" in answer.outcomes:
        raised.append((subject, _of_standing(subject, measures)))
    return raised


def _of_standing(name: str, measures: Mapping[str, Fraction | None]) -> tuple[Figure | None, Figure | None]:
    """The figures of a standing signal that follows from no term."""
    match name:
        case "delivery smaller":
            return _figure(measures["later_lines"], "count"), _figure(measures["earlier_lines"], "count")
        case "budget left":
            return _figure(measures["claimed"], "amount"), _figure(measures["budget"], "amount")
        case "negative payable":
            return _figure(-(measures["count"] or Fraction(0)), "amount"), _figure(Fraction(0), "amount")
        case _:
            return _figure(measures["count"] or Fraction(0), "count"), _figure(Fraction(0), "count")


def _figure(value: Fraction | None, unit: str) -> Figure | None:
    return None if value is None else (value, unit)


def _judged(signal: Signal, measures: Mapping[str, Fraction | None]) -> tuple[Figure | None, Figure | None]:
    """The first comparison of a contract's own signal that holds, with its two sides."""
    for comparison in comparisons_of(signal.when):
        measure, left = measure_of(comparison.measure), measures.get(comparison.measure)
        right = value_of(comparison, measures)
        if measure is not None and left is not None and right is not None and HOLDS[comparison.operator](left, right):
            unit = _UNITS[measure.unit]
            return (left, unit), (right, unit)
    return None, None


def _alert(
    name: str,
    answer: Answer,
    contract: Contract,
    provider_name: str,
    figures: tuple[Figure | None, Figure | None],
    course: tuple[int | None, ...],
    sources: Sources,
) -> Alert:
    subject, key = answer.asked.subject, answer.asked.key
    own = isinstance(subject, Signal)
    place: Place = contract.place if isinstance(subject, str) else subject.place
    value, norm = figures
    numbers: dict[str, Figure] = {}
    if value is not None:
        numbers["value"] = value
    if norm is not None:
        numbers["norm"] = norm
    return Alert(
        contract=contract.number,
        provider_name=provider_name,
        service=key.service,
        name=name,
        standing=not own,
        severity=subject.severity if isinstance(subject, Signal) else _SEVERITY[name],
        to=(subject.to or "contract manager") if isinstance(subject, Signal) else "contract manager",
        value=value,
        norm=norm,
        course=course,
        article=subject.article if isinstance(subject, Term) else "",
        place=place,
        sources=sources.of(name, contract.number, standing=not own),
        working=Working("signal", numbers),
    )


def _course(answer: Answer, contract_no: int, counted: Counted, period: Month) -> tuple[int | None, ...]:
    """The figure over the last six months, for those that have one: what fills a ceiling, and refused lines."""
    months = [period.plus(offset) for offset in range(-5, 1) if period.plus(offset).year == period.year]
    subject = answer.asked.subject
    if isinstance(subject, Ceiling):
        claimed = counted.monthly.claimed
        own = [
            sum(cents for (contract, _, m), cents in claimed.items() if contract == contract_no and period.year * 12 <= m <= month.index)
            for month in months
        ]
        return tuple(own) if answer.asked.key.service is None else ()
    if subject == "lines refused":
        return tuple(counted.counts.delivered.get((contract_no, month.index), (0, 0))[1] for month in months)
    return ()
