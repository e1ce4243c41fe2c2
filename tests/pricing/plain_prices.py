"""Tariffs and ceilings in plain Python: loops and fractions, written from rule-files.md, sharing nothing with the frames."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

HOUR_IN = {"minute": Fraction(1, 60), "hour": Fraction(1), "day_part": Fraction(4)}


@dataclass
class PlainTariff:
    """A tariff as the contract has it."""

    per: str
    delivered_in: str
    prices: list[tuple[dt.date, dict[str, int]]]
    """Day, and cents by intensity (the empty text where there are none)."""
    whole_hours: bool = False
    at_most: tuple[Fraction, str] | None = None
    """A quantity in the tariff's unit, within a month, a year or the contract."""


@dataclass
class PlainCeiling:
    """A ceiling on some services."""

    services: list[str]
    per: str
    cents: int
    above: Fraction
    """The share that is paid above it; 0 when nothing is, or it is held."""


@dataclass
class PlainLine:
    """A line, by the order in which it came."""

    number: int
    service: str
    client: str
    intensity: str
    start: dt.date
    quantity: Fraction
    cents: int = 0
    taken: int = 0


@dataclass
class PlainContract:
    """Tariffs by service, ceilings of services, then those of the contract."""

    rounding: str
    tariffs: dict[str, PlainTariff]
    of_services: list[PlainCeiling] = field(default_factory=list)
    of_contract: list[PlainCeiling] = field(default_factory=list)


def half_up(value: Fraction) -> int:
    assert value >= 0
    return floor(value + Fraction(1, 2))


def rounder(rounding: str) -> Callable[[Fraction], int]:
    if rounding == "up per line":
        return lambda value: -floor(-value)
    if rounding == "down per line":
        return floor
    return half_up


def price(tariff: PlainTariff, line: PlainLine) -> int:
    return [by[line.intensity] for day, by in tariff.prices if day <= line.start][-1]


def settle_plainly(contract: PlainContract, lines: list[PlainLine]) -> None:
    """Gives every line its cents, and what ceilings took from it."""
    for service, tariff in contract.tariffs.items():
        own = sorted((one for one in lines if one.service == service), key=lambda one: (one.start, one.number))
        _price(tariff, own, contract.rounding)
    in_order = sorted(lines, key=lambda one: (one.start, one.number))
    for tier in (contract.of_services, contract.of_contract):
        left = {one.number: one.cents - one.taken for one in lines}
        for ceiling in tier:
            _cap(ceiling, in_order, left)


def _price(tariff: PlainTariff, own: list[PlainLine], rounding: str) -> None:
    per_unit = Fraction(1) if tariff.delivered_in == tariff.per else HOUR_IN[tariff.delivered_in] / HOUR_IN[tariff.per]
    counted: dict[int, Fraction] = {}
    used: dict[tuple[object, ...], Fraction] = defaultdict(Fraction)
    for one in own:
        quantity = one.quantity * per_unit
        if tariff.at_most is not None:
            most, within = tariff.at_most
            when = {"month": (one.start.year, one.start.month), "year": one.start.year, "contract": 0}[within]
            room = most - used[one.client, when]
            quantity = max(min(quantity, room), Fraction(0))
            used[one.client, when] += quantity
        counted[one.number] = quantity
    if tariff.whole_hours:
        _whole_hours(tariff, own, counted)
        return
    to_whole = rounder(rounding)
    if rounding != "half up per client and month":
        for one in own:
            one.cents = to_whole(price(tariff, one) * counted[one.number])
        return
    running: dict[tuple[object, ...], Fraction] = defaultdict(Fraction)
    for one in own:
        key = one.client, one.start.year, one.start.month
        before = to_whole(running[key])
        running[key] += price(tariff, one) * counted[one.number]
        one.cents = to_whole(running[key]) - before


def _whole_hours(tariff: PlainTariff, own: list[PlainLine], counted: dict[int, Fraction]) -> None:
    together: dict[tuple[object, ...], list[PlainLine]] = defaultdict(list)
    for one in own:
        together[one.client, one.start.year, one.start.month, one.intensity, price(tariff, one)].append(one)
    for (*_, cents), members in together.items():
        hours = sum(counted[one.number] for one in members)
        if not hours:
            continue
        total = max(half_up(hours), 1) * int(str(cents))
        exact = {one.number: Fraction(total) * counted[one.number] / hours for one in members}
        for one in members:
            one.cents = floor(exact[one.number])
        over = total - sum(one.cents for one in members)
        by_rest = sorted(members, key=lambda one: (-(exact[one.number] - floor(exact[one.number])), one.number))
        for one in by_rest[:over]:
            one.cents += 1


def _cap(ceiling: PlainCeiling, in_order: list[PlainLine], left: dict[int, int]) -> None:
    filled: dict[object, int] = defaultdict(int)
    for one in in_order:
        if one.service not in ceiling.services:
            continue
        bucket = {"year": one.start.year, "month": (one.start.year, one.start.month), "contract": 0}[ceiling.per]
        above_before = max(filled[bucket] - ceiling.cents, 0)
        filled[bucket] += left[one.number]
        above = max(filled[bucket] - ceiling.cents, 0)
        kept = half_up(above * ceiling.above) - half_up(above_before * ceiling.above)
        one.taken += above - above_before - kept
