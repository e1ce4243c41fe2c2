"""The children of the example region: chance that always falls the same way, days, money, and who is where how long.

Part of ``make_region.py``. A *book* holds, month by month, the rows that a provider delivers for one contract.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

YEAR = 2018
MONTHS = (1, 2, 3, 4, 5, 6)
NEW_YEAR = dt.date(YEAR, 1, 1)
NAMES = ("", "januari", "februari", "maart", "april", "mei", "juni")

Value = str | int | Decimal | dt.date | None
Row = dict[str, Value]
"""One delivered row, by field of deliveries.md. ``note``: why it is odd. ``hidden``: ja for a row that Excel hides."""
Thing = TypeVar("Thing")


# ---- chance, days and money ------------------------------------------------------------------------------


class Dice:
    """Chance that falls the same way on every Python: only ``Random.random`` is promised to."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(f"drie rivieren {seed}")

    def between(self, low: int, high: int) -> int:
        """Low to high, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def chance(self, percent: int) -> bool:
        """True so many times in a hundred."""
        return self.between(1, 100) <= percent

    def one_of(self, things: Sequence[Thing]) -> Thing:
        """One of them, each as likely."""
        return things[self.between(0, len(things) - 1)]

    def weighted(self, things: Mapping[Thing, int]) -> Thing:
        """One of them, by weight."""
        at = self.between(1, sum(things.values()))
        for thing, weight in things.items():
            at -= weight
            if at <= 0:
                return thing
        raise ValueError("nothing to choose from")


def first_day(month: int) -> dt.date:
    """The first day of a month of the year."""
    return dt.date(YEAR, month, 1)


def last_day(month: int) -> dt.date:
    """The last day of a month of the half year."""
    return dt.date(YEAR, month + 1, 1) - days(1)


def days(count: int) -> dt.timedelta:
    """So many days."""
    return dt.timedelta(days=count)


def workday(day: dt.date) -> dt.date:
    """The day itself, or the Monday after a weekend."""
    return day + days((0, 0, 0, 0, 0, 2, 1)[day.weekday()])


def euros(cents: int) -> Decimal:
    """Cents as an amount in euros."""
    return Decimal(cents).scaleb(-2)


def hourly(tariff_cents: int, minutes: int) -> Decimal:
    """An hourly tariff for minutes, halves up."""
    return euros((2 * tariff_cents * minutes + 60) // 120)


def weeks_counted(begins: dt.date, ends: dt.date, month: int) -> int:
    """The weeks of an allocation that a month counts, day by day: its Sundays, and the last broken week in the month of
    the last Sunday."""
    sundays = [
        day for day in (begins + days(number) for number in range((ends - begins).days + 1)) if day.weekday() == 6
    ]
    counted = sum((day.year, day.month) == (YEAR, month) for day in sundays)
    broken = bool(sundays) and ends.weekday() != 6 and (sundays[-1].year, sundays[-1].month) == (YEAR, month)
    return counted + broken


# ---- children and their stays ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Stay:
    """One child in one service, from a day to a day."""

    client: str
    service: str = ""
    begins: dt.date = NEW_YEAR
    ends: dt.date = NEW_YEAR
    code: str = ""
    profile: str = ""
    intensity: str = ""
    allocation: str = ""
    municipality: str = ""
    subcontractor: str = ""
    pace: int = 0
    """What is usual in a whole month: minutes, day parts, days."""

    def days_in(self, month: int) -> tuple[dt.date, dt.date] | None:
        """The first and last day of the stay in a month; ``None`` when it lies outside."""
        begins, ends = max(self.begins, first_day(month)), min(self.ends, last_day(month))
        return (begins, ends) if begins <= ends else None

    def ends_in(self, month: int) -> bool:
        """Whether it ends in that month."""
        return first_day(month) <= self.ends <= last_day(month)

    def share_of_month(self, month: int) -> float:
        """How much of a month it covers; only to make quantities, never money."""
        span = self.days_in(month)
        return 0.0 if span is None else ((span[1] - span[0]).days + 1) / last_day(month).day


@dataclass(frozen=True)
class Flow:
    """How many children are there at New Year, how many come each month, and how long they stay, in days."""

    start: int
    new: tuple[int, int, int, int, int, int]
    shortest: int
    longest: int
    began_before: int = 0
    """At most so many days before New Year the first ones began."""


SEEN: set[str] = set()
"""Pseudonyms given so far: no child has that of another, also not at another provider."""
TWICE = "K7Q-4821"
"""One child that two providers help with the same in the same days."""


class Book:
    """What a provider delivers for one contract, by claim month."""

    def __init__(self, contract: str) -> None:
        self.dice = Dice(contract)
        self.months: dict[int, list[Row]] = {month: [] for month in MONTHS}
        self._undone: list[tuple[Row, Row]] = []
        self._allocations = 100_000 + self.dice.between(1, 800) * 1000

    def child(self) -> str:
        """A new pseudonym, such as K7Q-4821: letters in it, so that it never looks like a citizen service number."""
        letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
        while True:
            name = (
                f"{self.dice.one_of(letters)}{self.dice.between(1, 9)}{self.dice.one_of(letters)}"
                f"-{self.dice.between(1000, 9999)}"
            )
            if name not in SEEN and name != TWICE:
                SEEN.add(name)
                return name

    def allocation(self) -> str:
        """The next number of an allocation."""
        self._allocations += self.dice.between(1, 9)
        return str(self._allocations)

    def stays(self, flow: Flow, make: Callable[[], Stay]) -> list[Stay]:
        """The stays of a service over the half year; ``make`` gives all but the days."""
        found = []
        for number in range(flow.start):
            before = self.dice.between(1, flow.began_before) if flow.began_before else 0
            length = self.dice.between(flow.shortest, flow.longest)
            # Who was there at New Year leaves by and by, not all at once.
            ends = NEW_YEAR + days(12 + length * (number + 1) // flow.start + self.dice.between(0, 20))
            found.append(replace(make(), begins=NEW_YEAR - days(before), ends=workday(ends)))
        for month, count in zip(MONTHS, flow.new, strict=True):
            for _ in range(count):
                begins = workday(first_day(month) + days(self.dice.between(0, 25)))
                ends = workday(begins + days(self.dice.between(flow.shortest, flow.longest)))
                found.append(replace(make(), begins=begins, ends=ends))
        return found

    def around(self, usual: int, step: int = 5) -> int:
        """A quantity within a fifth of what is usual, mostly in whole steps; at least one step."""
        fifth = max(usual // 5, 1)
        number = usual + self.dice.between(-fifth, fifth)
        return max(number if self.dice.chance(15) else number // step * step, step)

    def outcomes(self, goals: int, mark: int, *, words: bool = True) -> Row:
        """The answers of a child whose help ended.

        Goals are reached ``goals`` times in a hundred; marks lie about ``mark`` tenths.
        """
        reason = self.dice.weighted({"31": 72, "34": 14, "32": 8, "33": 3, "35": 3})
        early = reason in {"32", "33"}
        answered = self.dice.chance(85)
        reached = not early and self.dice.chance(goals)
        tenths = min(100, mark + self.dice.between(-12, 12)) // 5 * 5
        return {
            "end_reason": END_REASONS[reason] if words else reason,
            "goal_attainment": ("ja" if reached else "nee") if answered else None,
            "client_satisfaction": Decimal(tenths).scaleb(-1) if answered else None,
            "dropout": "ja" if early else "nee",
        }

    def find(self, month: int, **wanted: Value) -> list[Row]:
        """The plain debit rows of a month with these values, in the order of the file."""
        rows = [row for row in self.months[month] if "note" not in row and row.get("direction") != "C"]
        return sorted(
            (row for row in rows if all(row.get(key) == value for key, value in wanted.items())), key=in_file_order
        )

    def credit(self, month: int, rows: Iterable[Row], note: str) -> None:
        """Undoes rows of an earlier month."""
        for row in rows:
            credit: Row = {**row, "direction": "C", "note": f"credit: {note}"}
            self.months[month].append(credit)
            self._undone.append((credit, row))

    def correct(self, month: int, rows: Sequence[Row], change: Callable[[Row], Row], note: str) -> None:
        """Undoes rows of an earlier month and delivers them anew, as ``change`` makes them."""
        self.credit(month, rows, note)
        for row in rows:
            self.months[month].append({**row, **change(row), "note": f"the new debit: {note}"})

    def move(self, row: Row, month: int, later: int, note: str) -> None:
        """Takes a row out of one delivery and puts it into a later one."""
        self.months[month] = [other for other in self.months[month] if other is not row]
        row["note"] = note
        self.months[later].append(row)

    def number(self, prefix: str) -> None:
        """Puts the rows of each month in the order of the file, and gives each its reference."""
        for month, rows in self.months.items():
            rows.sort(key=in_file_order)
            for number, row in enumerate(rows, 1):
                row["reference"] = f"{prefix}{month:02d}-{number:04d}"
        for credit, row in self._undone:
            credit["previous_reference"] = row["reference"]


def in_file_order(row: Row) -> tuple[str, ...]:
    """As an administration exports: by child, then service and day, credits first."""
    return tuple(
        str(row.get(key) or "") for key in ("client", "service", "code", "start", "direction", "end", "profile")
    )


END_REASONS = {
    "31": "volgens plan", "32": "voortijdig door cliënt", "33": "voortijdig door aanbieder",
    "34": "in overeenstemming", "35": "externe omstandigheden", "37": "wijzigingsverzoek",
}  # fmt: skip


def fields_of(stay: Stay) -> Row:
    """What every row of a stay says."""
    return {
        "client": stay.client, "service": stay.service, "code": stay.code, "profile": stay.profile,
        "intensity": stay.intensity, "allocation": stay.allocation, "municipality": stay.municipality,
        "subcontractor": stay.subcontractor,
    }  # fmt: skip
