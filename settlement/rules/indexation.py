"""Indexation, worked into the amounts when a contract is read: each index date gives steps of its own.

index(t+1) = forecast(t+1) + (final(t) − forecast(t)), and it multiplies the amounts in force on the day before
(national contract standard, article 3.2). Tariffs, fees and budgets are indexed; ceilings, counts and amounts that
stand within a term (such as ``at_most`` or ``per_missing_client``) are not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from settlement.domain.contract import (
    ArrangementFee,
    Budget,
    Dated,
    Index,
    Indexation,
    IndexedFrom,
    MonthlyTariff,
    PersonFee,
    Price,
    Step,
    Tariff,
    Term,
    WeeklyTariff,
)
from settlement.domain.money import BASIS_POINTS, divide_half_up

INDEXED: tuple[type[Term], ...] = (Tariff, WeeklyTariff, ArrangementFee, MonthlyTariff, PersonFee, Budget)
"""The terms whose amounts are indexed (an availability fee is a budget)."""


def index_bp(indexes: tuple[Index, ...], number: int) -> int:
    """The index of a date in basis points: its forecast, corrected by how far the forecast before was off."""
    index = indexes[number]
    if index.final_previous_bp is None or number == 0:
        return index.forecast_bp
    return index.forecast_bp + index.final_previous_bp - indexes[number - 1].forecast_bp


def indexed(term: Term, indexation: Indexation) -> Term:
    """A term with a step for every index date on which no amount of its own begins; other terms as they are.

    Amounts given under a later date replace the indexed ones, and are indexed in turn.
    """
    if not isinstance(term, INDEXED):
        return term
    changed: Any = term
    for number, index in enumerate(indexation.indexes):
        growth = index_bp(indexation.indexes, number)
        changed = replace(changed, amounts=_with_step(changed.amounts, index, growth, indexation.article))
    return changed if isinstance(changed, Term) else term


def _with_step(amounts: Dated[Any], index: Index, growth_bp: int, article: str) -> Dated[Any]:
    before = amounts.on(index.day - dt.timedelta(days=1))
    if before is None or any(step.day == index.day for step in amounts.steps):
        return amounts
    value = (
        {name: _grown(price, index, growth_bp, article) for name, price in before.items()}
        if isinstance(before, Mapping)
        else _grown(before, index, growth_bp, article)
    )
    steps = sorted([*amounts.steps, Step(index.day, value, index.place)], key=lambda step: step.day)
    return Dated(tuple(steps))


def _grown(price: Price, index: Index, growth_bp: int, article: str) -> Price:
    cents = divide_half_up(price.cents * (BASIS_POINTS + growth_bp), BASIS_POINTS)
    return Price(cents, price.place, IndexedFrom(price.cents, growth_bp, article, index.place))
