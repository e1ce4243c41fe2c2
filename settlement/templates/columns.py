"""Which columns the lines of a contract need, from its terms; what may stand in each, and an example."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from settlement.deliveries.headings import meaning, own_headings
from settlement.deliveries.words import END_REASONS, UNITS
from settlement.domain.conditions import AnyOf, Condition, OfMeasure
from settlement.domain.contract import (
    ArrangementFee,
    BonusMalus,
    Contract,
    MonthlyTariff,
    OutcomeBonus,
    PersonFee,
    Service,
    Tariff,
    WeeklyTariff,
    Withhold,
)
from settlement.domain.fields import FIELDS
from settlement.domain.measures import IN_MONTH, MEASURES
from settlement.domain.periods import Month
from settlement.wording import Wording

_LineTerm = Tariff | WeeklyTariff | ArrangementFee | MonthlyTariff | PersonFee
Entry = Literal["text", "choice", "day", "quantity", "mark"]
_FROM_LINES = re.compile(r"lines|clients|claimed")
_CORRECTIONS = ("direction", "reference", "previous_reference")
_ENDS = frozenset({"ended_clients", "active_clients", "dropout"})
"""Measures for which a line says that the care has ended, and why."""
_BY_MEASURE = {
    "goal_attainment": "goal_attainment",
    "client_satisfaction": "client_satisfaction",
    "refused_clients": "refused_client",
    "subcontracted_share": "subcontractor",
}
"""Measure to the field that it is taken from."""


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    """One column of a template."""

    field: str
    heading: str
    entry: Entry
    need: Literal["always", "sometimes"]
    choices: tuple[str, ...]
    """What may be chosen, of whatever service."""
    of_service: Mapping[str, tuple[str, ...]]
    """What may be chosen of each service, where that differs; empty where it does not."""
    example: str | dt.date | int | None
    """A quantity in thousandths."""


def needs_lines(contract: Contract) -> bool:
    """Whether anything of a contract follows from delivered lines: a term, or a signal."""
    measures = set(_measures(contract))
    return contract.needs_lines or any(_FROM_LINES.search(MEASURES[name].source) for name in measures if name in MEASURES)


def columns_of(contract: Contract, period: Month, words: Wording) -> list[TemplateColumn]:
    """The columns that the terms of a contract need in a month, in the order of deliveries.md."""
    fields = set(_fields(contract))
    example = example_service(contract)
    found = []
    for name in sorted(fields, key=FIELDS.index):
        of_service = _choices(contract, period, name, words)
        alike = len(set(of_service.values())) == 1 and len(of_service) == len(contract.services)
        choices = tuple(dict.fromkeys(itertools.chain.from_iterable(of_service.values()))) or _closed(name, words)
        if name == "service":
            choices, of_service = tuple(contract.services), {}
        found.append(
            TemplateColumn(
                name,
                _heading(contract, name, words),
                _entry(name, choices),
                "always" if _always(contract, name) else "sometimes",
                choices,
                of_service if "service" in fields and not alike else {},
                _example(contract, example, period, name, of_service, words),
            )
        )
    return found


# ---- which ----------------------------------------------------------------------------------------------


def _fields(contract: Contract) -> Iterator[str]:
    yield from ("client", "start", "end", *_CORRECTIONS)
    services = contract.services.values()
    if len(services) > 1:
        yield "service"
    if any(len(service.codes) > 1 for service in services):
        yield "code"
    if len(_units(contract)) > 1:
        yield "unit"
    for term in _line_terms(contract):
        yield from _fields_of(term)
    for measure in _measures(contract):
        if measure in _ENDS:
            yield "end_reason"
        if measure in _BY_MEASURE:
            yield _BY_MEASURE[measure]


def _fields_of(term: _LineTerm) -> Iterator[str]:
    """What a term that prices lines looks at."""
    if isinstance(term, Tariff):
        yield "quantity"
    if isinstance(term, PersonFee):
        return
    yield from term.by
    weekly = isinstance(term, WeeklyTariff) and term.weeks in {"sundays", "started"}
    if weekly:
        yield "allocation_end"
    if weekly or term.priced_on == "allocation":
        yield "allocation_start"
    if isinstance(term, ArrangementFee):
        yield "result"
        if term.on_change == "credit all":
            yield "end_reason"


def _units(contract: Contract) -> list[str]:
    """The units in which its tariffs are delivered, each once."""
    return list(dict.fromkeys(term.delivered_in for term in _line_terms(contract) if isinstance(term, Tariff)))


def _line_terms(contract: Contract) -> list[_LineTerm]:
    return [term for service in contract.services.values() if (term := service.line_term) is not None]


def _measures(contract: Contract) -> Iterator[str]:
    """Every measure that a term or signal of a contract looks at, without ``_in_month``."""
    for _, term in contract.every_term():
        if isinstance(term, OutcomeBonus | Withhold):
            yield from _named(term.needs)
        elif isinstance(term, BonusMalus):
            yield term.measure.removesuffix(IN_MONTH)
    for signal in contract.signals:
        yield from _named((*signal.when, *signal.unless))


def _named(conditions: Iterable[Condition]) -> Iterator[str]:
    for condition in conditions:
        if isinstance(condition, AnyOf):
            yield from _named(itertools.chain.from_iterable(condition.alternatives))
            continue
        yield condition.measure.removesuffix(IN_MONTH)
        if isinstance(condition.value, OfMeasure):
            yield condition.value.measure.removesuffix(IN_MONTH)


def _always(contract: Contract, name: str) -> bool:
    """Whether every line of every service needs the field."""
    terms = [service.line_term for service in contract.services.values()]
    arrangement = [isinstance(term, ArrangementFee) for term in terms]
    match name:
        case "client" | "start" | "service":
            return True
        case "end":
            return not any(arrangement)
        case "quantity" | "unit":
            return all(isinstance(term, Tariff) for term in terms)
        case "profile" | "intensity":
            return all(term is not None and not isinstance(term, PersonFee) and name in term.by for term in terms)
        case "allocation_start" | "allocation_end":
            return all(isinstance(term, WeeklyTariff) and term.weeks in {"sundays", "started"} for term in terms)
        case _:
            return False


# ---- what may stand there -------------------------------------------------------------------------------


def _heading(contract: Contract, name: str, words: Wording) -> str:
    """The contract's own heading, else that of the catalogue, else the field's name: the first that the reader knows."""
    own = own_headings(contract.deliveries.headings)
    plain_name = name.replace("_", " ").capitalize()
    candidates = [*contract.deliveries.headings.get(name, ()), words.field(name), plain_name]
    heading = next((each for each in candidates if meaning(each, own) == name), plain_name)
    units = _units(contract)
    if name == "quantity" and len(units) == 1:
        # What stands between brackets is for people; the reader leaves it out.
        return f"{heading} ({words.unit(units[0])})"
    return heading


def _entry(name: str, choices: tuple[str, ...]) -> Entry:
    if choices:
        return "choice"
    if name in {"start", "end", "allocation_start", "allocation_end"}:
        return "day"
    return {"quantity": "quantity", "client_satisfaction": "mark"}.get(name, "text")  # type: ignore[return-value]


def _choices(contract: Contract, period: Month, name: str, words: Wording) -> dict[str, tuple[str, ...]]:
    """By service what may be chosen for it; services without a choice are left out."""
    found: dict[str, tuple[str, ...]] = {}
    for service in contract.services.values():
        term = service.line_term
        chosen: tuple[str, ...] = ()
        if name == "code":
            chosen = service.codes
        elif name == "unit" and isinstance(term, Tariff):
            chosen = (_unit(term.delivered_in, words),)
        elif name in {"profile", "intensity"}:
            chosen = tuple(dict.fromkeys(level[name] for level in levels_of(service, period) if name in level))
        if chosen:
            found[service.name] = chosen
    return found


def levels_of(service: Service, period: Month) -> list[dict[str, str]]:
    """The levels of a service's tariff that had a price on some day up to the end of a month: level to its value."""
    term = service.line_term
    if term is None or isinstance(term, PersonFee):
        return []
    keys = [key for step in term.amounts.steps if step.day <= period.last_day and step.value for key in step.value]
    return [dict(zip(term.by, key, strict=True)) for key in dict.fromkeys(keys)]


def _unit(unit: str, words: Wording) -> str:
    return next((each for each in (words.unit(unit), f"{unit}s", unit) if each in UNITS), unit)


def _closed(name: str, words: Wording) -> tuple[str, ...]:
    """What may be chosen where every contract has the same list."""
    dutch = words.language == "nl"
    match name:
        case "direction":
            return ("D", "C")
        case "result":
            return ("behaald", "niet behaald", "loopt") if dutch else ("reached", "not reached", "running")
        case "goal_attainment" | "dropout" | "refused_client":
            return (words.text("yes"), words.text("no"))
        case "end_reason":
            codes = dict.fromkeys(END_REASONS.values())
            if not dutch:
                return tuple(codes)
            told = {code: next(text for text in END_REASONS if re.match(rf"{code} [a-z]", text)) for code in codes}
            return tuple(told.values())
        case _:
            return ()


# ---- an example -----------------------------------------------------------------------------------------


def example_service(contract: Contract) -> Service:
    """The service that the example line is of: the first that is paid by its lines, else the first."""
    services = list(contract.services.values())
    return next((service for service in services if service.line_term is not None), services[0])


def _example(
    contract: Contract, service: Service, period: Month, name: str, of_service: Mapping[str, tuple[str, ...]], words: Wording
) -> str | dt.date | int | None:
    """What the example line has in a column; ``None``: nothing."""
    first, last = max(period.first_day, contract.starts), min(period.last_day, contract.ends)
    arrangement = isinstance(service.line_term, ArrangementFee)
    level = next(iter(levels_of(service, period)), {})
    tariff = service.line_term if isinstance(service.line_term, Tariff) else None
    return {
        "client": "K-1024",
        "service": service.name,
        "code": next(iter(service.codes), None),
        "profile": level.get("profile"),
        "intensity": level.get("intensity"),
        "allocation_start": first if not isinstance(service.line_term, Tariff | None) else None,
        "allocation_end": contract.ends if isinstance(service.line_term, WeeklyTariff) else None,
        "start": first,
        "end": None if arrangement else last,
        "quantity": None if tariff is None else 90_000 if tariff.delivered_in == "minute" else 2_000,
        "unit": next(iter(of_service.get(service.name, ())), None),
        "direction": "D",
        "reference": f"{period}-0001",
    }.get(name)
