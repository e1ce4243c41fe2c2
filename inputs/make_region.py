"""Makes what the providers of the example region delivered, January to June 2018: the same bytes each time.

    python inputs/make_region.py            writes beside itself: 2018-01 to 2018-06, and README.md
    python inputs/make_region.py --to DIR   writes into another folder

Every child, provider and figure is invented. The tariffs stand here once more, as a provider's own administration
knows them: the claimed amounts are computed by this script and not by ``settlement``, so that each checks the other.

How to read it: a *book* holds, month by month, the rows that a provider delivers for one contract; its *sheet* says how
that provider writes them down. What is odd on purpose carries a ``note``, and README.md tells where it stands.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import os
import random
import re
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

# openpyxl writes other bytes where lxml happens to be installed; it must be told before it is imported.
os.environ["OPENPYXL_LXML"] = "False"

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import CALENDAR_MAC_1904

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
        self._random = random.Random(f"drie rivieren {seed}")  # noqa: S311 - an example region, no secret

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
    sundays = [day for day in (begins + days(number) for number in range((ends - begins).days + 1)) if day.weekday() == 6]
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
        """The answers of a child whose help ended: goals reached so many times in a hundred, marks about ``mark`` tenths."""
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
        return sorted((row for row in rows if all(row.get(key) == value for key, value in wanted.items())), key=_order)

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
            rows.sort(key=_order)
            for number, row in enumerate(rows, 1):
                row["reference"] = f"{prefix}{month:02d}-{number:04d}"
        for credit, row in self._undone:
            credit["previous_reference"] = row["reference"]


def _order(row: Row) -> tuple[str, ...]:
    """As an administration exports: by child, then service and day, credits first."""
    return tuple(str(row.get(key) or "") for key in ("client", "service", "code", "start", "direction", "end", "profile"))


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


# ---- Utrecht ---------------------------------------------------------------------------------------------


def counted_rows(book: Book, stays: Iterable[Stay], goals: int = 0) -> None:
    """A row a month for each child, that only counts: days, and how it ended. With ``goals``, the outcomes too."""
    for stay in stays:
        for month in MONTHS:
            span = stay.days_in(month)
            if span is None:
                continue
            row = fields_of(stay) | {"start": span[0], "end": span[1]}
            if stay.ends_in(month):
                row |= book.outcomes(goals, 76) if goals else {"end_reason": book.outcomes(0, 0, words=False)["end_reason"]}
            book.months[month].append(row)


def de_linde(book: Book) -> None:
    """Four squares. Specialised support starts well, falls behind in February and March, and recovers."""

    def child(*codes: str) -> Callable[[], Stay]:
        return lambda: Stay(book.child(), code=book.dice.one_of(codes))

    counted_rows(book, book.stays(Flow(28, (8, 26, 18, 40, 40, 38), 35, 120, 200), child("45A04", "45A05", "54001")))
    counted_rows(book, book.stays(Flow(27, (2, 1, 3, 2, 2, 2), 90, 330, 400), child("43A01", "43A02")))
    counted_rows(book, book.stays(Flow(38, (2, 1, 1, 2, 1, 2), 120, 500, 900), child("44A08", "44A08", "44A09")))
    counted_rows(book, book.stays(Flow(1, (7, 7, 8, 9, 8, 8), 3, 18, 6), child("46A03")))
    for month, rows in book.months.items():
        rows.sort(key=_order)
        if month == 2:
            rows[17] |= {"hidden": "ja", "note": "a hidden row; it counts like any other"}
    book.find(3, code="43A01")[4] |= {"code": "43B01", "note": "product code 43B01 is not in the contract: refused (9340)"}


def vecht_en_vaart(book: Book) -> None:
    """Two squares. Crisis care falls below 80 % of its minimum in March and April, and makes it up in May."""

    def child(service: str) -> Callable[[], Stay]:
        return lambda: Stay(book.child(), service)

    counted_rows(book, book.stays(Flow(44, (1, 2, 1, 2, 1, 1), 200, 700, 900), child("gezinsvervanging")))
    counted_rows(book, book.stays(Flow(0, (5, 5, 2, 6, 8, 6), 4, 20), child("crisiszorg")))
    for rows in book.months.values():
        for row in rows:
            row["refused_client"] = "nee"
    for day in (6, 19, 22):
        book.months[3].append({
            "client": book.child(), "service": "crisiszorg", "start": dt.date(YEAR, 3, day), "refused_client": "ja",
            "note": "a child turned away: counts for the duty to accept, not as helped",
        })  # fmt: skip


# ---- Rotterdam Rijnmond ----------------------------------------------------------------------------------

WEEKS_112 = {
    "sociaal en persoonlijk functioneren": {"licht": 9250, "middel": 16800, "zwaar": 30450, "intensief": 53900},
    "stoornis en gedragsproblemen": {"licht": 10800, "middel": 19650, "zwaar": 35200, "intensief": 61850},
    "opvoeding en mogelijkheden van ouders": {"licht": 8400, "middel": 15150, "zwaar": 27600, "intensief": 48900},
    "vervangende opvoeding": {"": 102900},
    "dagbesteding": {"": 21400},
    "respijthulp": {"": 13750},
}
WEEKS_127 = {
    "sociaal en persoonlijk functioneren": {"licht": 9000, "middel": 16450, "zwaar": 29800, "intensief": 52750},
    "stoornis en gedragsproblemen": {"licht": 10550, "middel": 19200, "zwaar": 34450, "intensief": 60500},
    "dagbesteding": {"": 21900},
}
INTENSITIES = {"licht": 30, "middel": 40, "zwaar": 23, "intensief": 7}
RIJNMOND = {"Rotterdam": 70, "Schiedam": 9, "Vlaardingen": 8, "Capelle aan den IJssel": 7, "Ridderkerk": 6}


def weekly_rows(
    book: Book, stays: Iterable[Stay], cents: Mapping[str, Mapping[str, int]], goals: int, by_days: str = ""
) -> None:
    """A row a month for each running allocation, with its weeks; ``by_days`` is a service that counts sevenths a day."""
    for stay in stays:
        for month in MONTHS:
            span = stay.days_in(month)
            weeks = weeks_counted(stay.begins, stay.ends, month)
            if stay.service == "respijthulp" and stay.ends - stay.begins < days(6) and stay.begins.month == month:
                weeks = 1
            if span is None or (weeks == 0 and stay.service != by_days):
                continue
            price = cents[stay.service][stay.intensity]
            length = (span[1] - span[0]).days + 1
            row = fields_of(stay) | {
                "allocation_start": stay.begins, "allocation_end": stay.ends, "start": span[0], "end": span[1],
                "quantity": weeks, "unit": "weken", "direction": "D", "claimed": euros(price * weeks),
            }  # fmt: skip
            if stay.service == by_days:
                row["claimed"] = euros((2 * price * length + 7) // 14)
            if stay.ends_in(month):
                row |= book.outcomes(goals, 80)
            book.months[month].append(row)


def heavier_halfway(book: Book, stays: list[Stay], every: int) -> list[Stay]:
    """Of every so many long stays one changes intensity halfway: two allocations."""
    found = []
    for number, stay in enumerate(stays):
        length = (stay.ends - stay.begins).days
        middle = stay.begins + days(length // 2 - (stay.begins + days(length // 2)).weekday() - 1)  # a Sunday
        if number % every or stay.intensity not in {"licht", "middel"} or length < 100:
            found.append(stay)
        else:
            heavier = "middel" if stay.intensity == "licht" else "zwaar"
            found += [
                replace(stay, ends=middle),
                replace(stay, begins=middle + days(1), intensity=heavier, allocation=book.allocation()),
            ]
    return found


def maasoever(book: Book) -> None:
    """Weeks by intensity in three result areas, with support elements for some."""
    areas = {"sociaal en persoonlijk functioneren": 40, "stoornis en gedragsproblemen": 38,
             "opvoeding en mogelijkheden van ouders": 22}  # fmt: skip
    support = {"vervangende opvoeding": 25, "dagbesteding": 50, "respijthulp": 25}

    def child() -> Stay:
        return Stay(
            book.child(), book.dice.weighted(areas), intensity=book.dice.weighted(INTENSITIES),
            allocation=book.allocation(), municipality=book.dice.weighted(RIJNMOND),
            subcontractor="Zuiderpunt Ambulant" if book.dice.chance(9) else "",
        )  # fmt: skip

    areas_stays = book.stays(Flow(84, (6, 8, 9, 8, 9, 7), 70, 300), child)
    stays = heavier_halfway(book, areas_stays, 12)
    for stay in areas_stays:
        if book.dice.chance(24):
            stays.append(replace(stay, service=book.dice.weighted(support), intensity="", allocation=book.allocation()))
    for begins in (dt.date(YEAR, 2, 12), dt.date(YEAR, 3, 5), dt.date(YEAR, 5, 7)):
        guest = replace(child(), service="respijthulp", intensity="", begins=begins, ends=begins + days(2))
        stays.append(guest)
    stays.append(Stay(
        TWICE, "stoornis en gedragsproblemen", NEW_YEAR, dt.date(YEAR, 8, 31), intensity="zwaar",
        allocation=book.allocation(), municipality="Rotterdam",
    ))  # fmt: skip
    weekly_rows(book, stays, WEEKS_112, 79)
    whole_february = {"start": first_day(2), "end": last_day(2)}
    late = [row for row in book.find(2, **whole_february) if row["client"] != TWICE][10:40:10]
    for row in late:
        book.move(row, 2, 4, "a late line of February: the deadline is three months, so it is paid")
    book.find(2, **whole_february)[3] |= {
        "allocation_start": dt.date(YEAR, 2, 8), "note": "the care begins before the allocation: refused (9307)",
    }  # fmt: skip
    book.correct(
        3, book.find(2, intensity="middel", **whole_february)[5:7],
        lambda row: {"intensity": "zwaar", "claimed": euros(WEEKS_112[str(row["service"])]["zwaar"] * 4)},
        "a heavier intensity for February, agreed afterwards",
    )  # fmt: skip
    for row in book.find(3, client=TWICE):
        row["note"] = "the same child, service and days stand in the file of RTM-2018-RG-127: both are paid, and signalled"
    book.number("MO18")


def noordereiland(book: Book) -> None:
    """Weeks by intensity, and day activities by the day. The columns have headings of the provider's own."""

    def child() -> Stay:
        service = book.dice.weighted({"sociaal en persoonlijk functioneren": 50, "stoornis en gedragsproblemen": 50})
        return Stay(book.child(), service, intensity=book.dice.weighted(INTENSITIES), allocation=book.allocation())

    stays = heavier_halfway(book, book.stays(Flow(44, (4, 5, 6, 4, 5, 4), 60, 260), child), 9)
    for stay in stays[::6]:
        stays.append(replace(stay, service="dagbesteding", intensity="", allocation=book.allocation()))
    stays.append(Stay(
        TWICE, "stoornis en gedragsproblemen", dt.date(YEAR, 3, 5), dt.date(YEAR, 3, 25), intensity="middel",
        allocation=book.allocation(),
    ))  # fmt: skip
    weekly_rows(book, stays, WEEKS_127, 76, by_days="dagbesteding")
    for row in book.find(3, client=TWICE):
        row["note"] = "the same child, service and days stand in the file of RTM-2018-RG-112: both are paid, and signalled"
    wrong = book.find(3, intensity="zwaar")[2]
    book.months[4].append({**wrong, "note": "the line that was refused in March, delivered again as it should be"})
    wrong |= {"intensity": "zwaarr", "note": "intensity 'zwaarr' does not exist: refused; delivered again in April"}
    early = book.find(3, intensity="licht", start=first_day(3))[1]
    early |= {"allocation_start": dt.date(YEAR, 3, 12), "note": "the care begins before the allocation: refused (9307)"}
    book.number("NE-")


def maasoever_verblijf(book: Book) -> None:
    """Days in residence, as present; two files came for March, of which the second replaces the first."""
    cents = {"43A05": 26840, "43A06": 26840, "44A12": 15175}

    def child(*codes: str) -> Callable[[], Stay]:
        return lambda: Stay(book.child(), code=book.dice.one_of(codes), pace=book.dice.between(0, 5))

    stays = book.stays(Flow(33, (3, 3, 4, 2, 3, 3), 60, 320, 300), child("43A05", "43A05", "43A06"))
    stays += book.stays(Flow(21, (1, 0, 2, 1, 1, 1), 150, 600, 700), child("44A12"))
    for stay in stays:
        for month in MONTHS:
            span = stay.days_in(month)
            if span is None:
                continue
            present = (span[1] - span[0]).days + 1
            away = min(book.dice.between(0, stay.pace), present - 1)
            row = fields_of(stay) | {
                "start": span[0], "end": span[1], "quantity": present - away, "unit": "etmalen",
                "claimed": euros(cents[stay.code] * (present - away)),
            }  # fmt: skip
            if stay.ends_in(month):
                row |= book.outcomes(70, 74)
            book.months[month].append(row)
    row = book.find(6, start=first_day(6), end=last_day(6))[7]
    row |= {"quantity": 32, "claimed": euros(cents[str(row["code"])] * 32), "note": "32 days in a month of 30: refused (9321)"}
    book.number("VB18")


# ---- West-Brabant West -----------------------------------------------------------------------------------

LEVELS = ("perspectief", "intensief", "duurzaam", "hoog")
FEES_2016 = {
    1: (1450, 3050, 4250, 7900), 2: (1850, 3850, 5100, 9350), 3: (2150, 4400, 5650, 10200),
    4: (2300, 4750, 6050, 11050), 5: (2650, 5300, 6800, 12150), 6: (1950, 4100, 6300, 11400),
    7: (2900, 5850, 7450, 13300), 8: (3150, 6400, 7900, 14150), 9: (3400, 6950, 8600, 15300),
    10: (4100, 8250, 10400, 18750),
}  # fmt: skip
FEES_2018 = {
    1: (1490, 3130, 4360, 8110), 2: (1900, 3950, 5230, 9590), 3: (2210, 4510, 5800, 10470),
    4: (2360, 4870, 6210, 11340), 5: (2720, 5440, 6980, 12470), 6: (2000, 4210, 6460, 11700),
    7: (2980, 6000, 7640, 13650), 8: (3230, 6570, 8110, 14520), 9: (3490, 7130, 8820, 15700),
    10: (4210, 8460, 10670, 19240),
}  # fmt: skip
"""Whole euros, by profile and level."""


def arrangement_rows(book: Book, stays: Iterable[Stay], behaald: int, half_euros: Callable[[Stay], int | None]) -> None:
    """A row when an arrangement starts and one when it ends; nothing in the months between."""
    for stay in stays:
        half = half_euros(stay)
        common = fields_of(stay) | {"allocation_start": stay.begins, "start": stay.begins}
        if stay.begins >= NEW_YEAR:
            claimed = None if half is None else euros(half)
            book.months[stay.begins.month].append(common | {"result": "loopt", "claimed": claimed})
        for month in MONTHS:
            if stay.ends_in(month):
                reached = book.dice.chance(behaald)
                book.months[month].append(common | {
                    "end": stay.ends, "result": "behaald" if reached else "niet behaald",
                    "end_reason": "31" if reached else book.dice.one_of(("32", "34")),
                    "claimed": euros(half) if half is not None and reached else None,
                })  # fmt: skip


def markdal(book: Book) -> None:
    """Arrangements by profile and level; those begun in 2017 bring their result in 2018, at the price of 2016."""

    def child() -> Stay:
        return Stay(
            book.child(), "opgroeien en opvoeden", profile=f"profiel {book.dice.between(1, 10)}",
            intensity=book.dice.weighted({"perspectief": 46, "intensief": 30, "duurzaam": 18, "hoog": 6}),
            allocation=book.allocation(),
        )  # fmt: skip

    def half(stay: Stay) -> int:
        fees = FEES_2018 if stay.begins >= NEW_YEAR else FEES_2016
        return fees[int(stay.profile.split()[1])][LEVELS.index(stay.intensity)] * 50

    stays = book.stays(Flow(46, (33, 27, 35, 31, 29, 26), 60, 200, 190), child)
    arrangement_rows(book, stays, 88, half)
    first = book.find(3, result="loopt")[6]
    second = {
        **first, "profile": "profiel 7" if first["profile"] != "profiel 7" else "profiel 2", "intensity": "perspectief",
        "allocation": book.allocation(), "allocation_start": dt.date(YEAR, 5, 7), "start": dt.date(YEAR, 5, 7), "claimed": None,
        "note": "a second arrangement of a child that is still in one: refused",
    }  # fmt: skip
    book.months[5].append(second)
    book.number("")


def de_zoom(book: Book) -> None:
    """Complex trajectories, and a yearly amount in twelve parts; one trajectory is changed and starts afresh."""

    def complex_one() -> Stay:
        return Stay(
            book.child(), "hoogcomplexe trajecten", profile=f"profiel {book.dice.one_of((2, 3, 5, 7, 8, 9))}",
            intensity=book.dice.weighted({"perspectief": 35, "intensief": 35, "duurzaam": 20, "hoog": 10}),
            allocation=book.allocation(),
        )  # fmt: skip

    def lasting() -> Stay:
        return Stay(
            book.child(), "duurzame ondersteuning", intensity=book.dice.weighted({"licht": 60, "zwaar": 40}),
            allocation=book.allocation(),
        )  # fmt: skip

    stays = book.stays(Flow(0, (17, 12, 14, 12, 13, 11), 70, 210), complex_one)
    stays += book.stays(Flow(0, (24, 4, 5, 3, 4, 4), 150, 500), lasting)
    changed = next(stay for stay in stays if stay.begins.month == 2 and stay.ends > dt.date(YEAR, 5, 31))
    stays.remove(changed)
    arrangement_rows(book, stays, 80, lambda _: None)
    common = fields_of(changed) | {"allocation_start": changed.begins, "start": changed.begins}
    book.months[2].append(common | {"result": "loopt"})
    book.months[4].append(common | {
        "end": dt.date(YEAR, 4, 15), "result": "niet behaald", "end_reason": "37",
        "note": "a trajectory that is changed: what was paid for it is taken back, and a heavier one starts the next day",
    })  # fmt: skip
    book.months[4].append(common | {
        "profile": "profiel 9", "intensity": "hoog", "allocation": book.allocation(), "result": "loopt",
        "allocation_start": dt.date(YEAR, 4, 16), "start": dt.date(YEAR, 4, 16), "note": "the trajectory that comes in its place",
    })  # fmt: skip
    book.number("")


# ---- the region ------------------------------------------------------------------------------------------


def minute_rows(book: Book, stays: Iterable[Stay], cents: Mapping[str, int], unit: str = "minuten") -> None:
    """A row a month for each child with the minutes of help, and their price."""
    for stay in stays:
        for month in MONTHS:
            span = stay.days_in(month)
            if span is None:
                continue
            minutes = book.around(max(int(stay.pace * stay.share_of_month(month)), 30))
            row = fields_of(stay) | {"start": span[0], "end": span[1], "quantity": minutes, "unit": unit, "direction": "D"}
            if stay.code in cents:
                row["claimed"] = hourly(cents[stay.code], minutes)
            book.months[month].append(row)


def wilgenrijs(book: Book) -> None:
    """More children than agreed: the ceiling of the year is near in March and full in May."""
    cents = {"45A48": 6261, "45A53": 9453}  # 61,20 and 92,40 of 2017, indexed by 2,3 %

    def child() -> Stay:
        code = book.dice.weighted({"45A48": 60, "45A53": 40})
        return Stay(book.child(), code=code, allocation=book.allocation(), pace=book.dice.between(240, 720))

    minute_rows(book, book.stays(Flow(66, (8, 9, 9, 10, 9, 8), 50, 260, 300), child), cents)
    for row in book.find(2, code="45A48")[4:24:12]:
        book.move(row, 2, 4, "a line of February later than the deadline of one month: refused")
    wrong = book.find(3, code="45A53")[7]
    book.months[4].append({**wrong, "note": "the line that was refused in March, delivered again as it should be"})
    wrong |= {"code": "45A99", "note": "product code 45A99 is not in the contract: refused (9340); delivered again in April"}

    def fewer(row: Row) -> Row:
        minutes = int(str(row["quantity"])) - 60
        return {"quantity": minutes, "claimed": hourly(cents[str(row["code"])], minutes)}

    book.correct(4, book.find(3, code="45A48")[10:12], fewer, "an hour too many in March")
    book.number("WR18")


def kompaspunt(book: Book) -> None:
    """Individual and group guidance, consultations up to an amount a month, and crisis help outside the ceiling."""
    cents = {"45A48": 6390, "46A01": 9650}

    def child(code: str, low: int, high: int) -> Callable[[], Stay]:
        return lambda: Stay(book.child(), code=code, allocation=book.allocation(), pace=book.dice.between(low, high))

    minute_rows(book, book.stays(Flow(54, (6, 7, 6, 8, 6, 7), 60, 280, 300), child("45A48", 180, 720)), cents)
    minute_rows(book, book.stays(Flow(0, (5, 4, 6, 5, 7, 4), 6, 24), child("46A01", 600, 1500)), cents)
    minute_rows(book, book.stays(Flow(0, (6, 8, 7, 9, 8, 7), 1, 12), child("45A60", 400, 900)), {})
    for stay in book.stays(Flow(22, (3, 2, 3, 2, 4, 2), 90, 300, 200), child("41A12", 8, 26)):
        for month in MONTHS:
            span = stay.days_in(month)
            if span is not None:
                parts = book.around(max(int(stay.pace * stay.share_of_month(month)), 1), 1)
                book.months[month].append(fields_of(stay) | {
                    "start": span[0], "end": span[1], "quantity": parts, "unit": "dagdelen", "direction": "D",
                    "claimed": euros(5420 * parts),
                })  # fmt: skip

    def more(row: Row) -> Row:
        minutes = int(str(row["quantity"])) + 90
        return {"quantity": minutes, "claimed": hourly(cents[str(row["code"])], minutes)}

    book.correct(3, book.find(2, code="45A48")[3:18:6], more, "a conversation of ninety minutes was left out")
    for number, row in enumerate(book.find(3, code="45A48")[2:17:5]):
        good = {**row, "note": "the line that was refused in March, delivered again as it should be"}
        book.months[4].append(good)
        if number == 0:
            row |= {"unit": "dagen", "note": "unit 'dagen' where the tariff is delivered in minutes: refused (9341)"}
        else:
            # A rounded price for a minute, 63,90 / 60 = 1,07 (1,065): the fault that a contract warns of.
            rounded = euros(107 * int(str(row["quantity"])))
            row |= {"claimed": rounded, "note": "the amount is minutes times a rounded price of a minute: refused (9346)"}
    book.number("KP18")


def kompaspunt_ggz(book: Book) -> None:
    """Minutes that value the delivery beside a budget; they lag behind it."""

    def child() -> Stay:
        return Stay(book.child(), code="54002", pace=book.dice.between(260, 720))

    minute_rows(book, book.stays(Flow(78, (9, 11, 12, 14, 13, 12), 60, 260, 250), child), {})
    book.find(3)[20] |= {"end": "31-02-2018", "note": "31 February does not exist: refused"}
    child_of_may = book.find(5)[30]
    book.months[5].append({
        **child_of_may, "start": dt.date(YEAR, 5, 14), "end": dt.date(YEAR, 5, 14), "quantity": 1560,
        "note": "26 hours in one day: accepted, and signalled",
    })  # fmt: skip
    book.number("")


def leeskracht(book: Book) -> None:
    """Dyslexia: examinations by the piece and treatment by the hour; in June the ceiling is full and the rest is held."""

    def child() -> Stay:
        return Stay(book.child(), code="54R02", pace=book.dice.between(150, 240))

    minute_rows(book, book.stays(Flow(33, (2, 3, 3, 4, 3, 2), 120, 420, 300), child), {"54R02": 7980}, "01")
    for month, count in zip(MONTHS, (3, 3, 4, 3, 4, 3), strict=True):
        for _ in range(count):
            day = workday(first_day(month) + days(book.dice.between(0, 24)))
            book.months[month].append({
                "client": book.child(), "code": "54R01", "start": day, "end": day, "quantity": 1, "unit": "84",
                "direction": "D", "claimed": euros(110500),
            })  # fmt: skip
    book.number("LK")
    book.months[3][9] |= {
        "reference": book.months[3][8]["reference"], "note": "the reference of the line above it: refused (8021)",
    }  # fmt: skip


def boshoeve(book: Book) -> None:
    """Children who chose the farm. Nothing came for March; the lines of March stand in the file of April."""
    cents = {"41A11": 39200, "41A13": 21450, "45A30": 114000}
    coached: set[str] = set()

    def child(code: str) -> Callable[[], Stay]:
        return lambda: Stay(book.child(), code=code)

    stays = book.stays(Flow(25, (2, 1, 2, 1, 3, 1), 80, 400, 400), child("41A11"))
    stays += book.stays(Flow(13, (1, 2, 1, 1, 2, 1), 60, 300, 300), child("41A13"))
    stays += book.stays(Flow(6, (1, 0, 1, 1, 0, 1), 120, 365, 100), child("45A30"))
    for stay in stays:
        for month in MONTHS:
            span = stay.days_in(month)
            if span is None:
                continue
            counts = span[0].day == 1 if stay.code == "41A11" else stay.client not in coached
            if stay.code == "45A30":
                coached.add(stay.client)
            row = fields_of(stay) | {"start": span[0], "end": span[1], "claimed": euros(cents[stay.code] if counts else 0)}
            if stay.ends_in(month):
                row["end_reason"] = book.outcomes(0, 0)["end_reason"]
            book.months[month].append(row)
    for row in list(book.months[3]):
        book.move(row, 3, 4, "")
        del row["note"]
    book.number("")


def boshoeve_logeren(book: Book) -> None:
    """A small contract from February. In April more is credited than delivered: the payment is negative."""
    cents = {"44A30": 11860, "41A20": 7425}

    def child(code: str) -> Callable[[], Stay]:
        return lambda: Stay(book.child(), code=code, pace=book.dice.between(2, 3))

    guests = book.stays(Flow(12, (0, 1, 2, 1, 1, 2), 100, 400), child("44A30"))
    saturdays = book.stays(Flow(8, (0, 1, 1, 0, 1, 0), 90, 300), child("41A20"))
    leaving = {stay.client for stay in guests[-15::2]}
    for stay in guests + saturdays:
        for month in MONTHS[1:]:
            span = stay.days_in(month)
            if span is None or (stay.client in leaving and month > 3):
                continue
            length = (span[1] - span[0]).days + 1
            quantity = min(book.dice.between(stay.pace, stay.pace * 2 if stay.code == "44A30" else 4), length)
            book.months[month].append(fields_of(stay) | {
                "start": span[0], "end": span[1], "quantity": quantity, "direction": "D",
                "unit": "etmalen" if stay.code == "44A30" else "dagen", "claimed": euros(cents[stay.code] * quantity),
            })  # fmt: skip
    for month in (2, 3):
        moved = [row for row in book.find(month) if row["client"] in leaving]
        book.credit(4, moved, "the child belongs to another municipality")
    book.number("LO18")
    book.months[5].append({
        **book.months[5][0], "direction": "C", "reference": "LO1805-0099", "previous_reference": "LO1803-0077",
        "note": "a credit of a line that was never delivered: refused (8017)",
    })  # fmt: skip


def de_schakel(book: Book) -> None:
    """Measures by the month: the first broken month earns nothing, the last is paid in full."""
    cents = {"48A01": 71245, "48A02": 54830, "47A01 regulier": 63490, "47A01 intensief": 121875}

    def child(code: str) -> Callable[[], Stay]:
        def make() -> Stay:
            level = book.dice.weighted({"regulier": 80, "intensief": 20}) if code == "47A01" else ""
            return Stay(book.child(), code=code, intensity=level, allocation=book.allocation())

        return make

    stays = book.stays(Flow(74, (4, 5, 6, 5, 6, 4), 150, 700, 600), child("48A01"))
    stays += book.stays(Flow(37, (1, 0, 1, 1, 0, 1), 400, 1500, 2000), child("48A02"))
    stays += book.stays(Flow(24, (3, 2, 3, 3, 2, 3), 120, 400, 300), child("47A01"))
    for stay in stays:
        for month in MONTHS:
            span = stay.days_in(month)
            if span is None:
                continue
            begins_broken = span[0] > first_day(month)
            price = 0 if begins_broken else cents[f"{stay.code} {stay.intensity}".strip()]
            row = fields_of(stay) | {
                "allocation_start": stay.begins, "allocation_end": stay.ends if stay.ends_in(month) else None,
                "start": span[0], "end": span[1], "claimed": euros(price),
            }  # fmt: skip
            if stay.ends_in(month):
                row["end_reason"] = book.outcomes(0, 0, words=False)["end_reason"]
            book.months[month].append(row)
    for month, count in zip(MONTHS, (1, 2, 1, 3, 1, 2), strict=True):
        for _ in range(count):
            day = workday(first_day(month) + days(book.dice.between(3, 24)))
            book.months[month].append({
                "client": book.child(), "code": "48A05", "allocation": book.allocation(), "allocation_start": day,
                "start": day, "end": day, "quantity": 1, "unit": "stuks", "claimed": euros(211800),
            })  # fmt: skip
    book.number("")
    again = {**book.find(2, code="48A02")[5], "note": "the line above it once more: refused (9389)"}
    book.months[2].append(again)
    book.months[2].sort(key=_order)


def samen_verder(book: Book) -> None:
    """A budget with an agreement on results: the lines count children and carry the outcomes of those who left."""

    def child() -> Stay:
        return Stay(book.child(), "ambulante jeugdhulp", municipality=book.dice.one_of(("Lekoever", "Merwestein", "Heidelaar")))

    counted_rows(book, book.stays(Flow(104, (12, 14, 15, 13, 16, 12), 50, 320, 300), child), 74)
    book.number("")


# ---- how they write it down ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sheet:
    """How one provider writes its rows down: its columns, and the habits of its office."""

    provider: str
    columns: tuple[tuple[str, str], ...]
    """Field and heading, from left to right."""
    file: str
    """Name of the file; {month} is 03, {name} is maart."""
    title: str = ""
    head: bool = True
    """A block above the table with contract, provider and period."""
    # text files
    separator: str = ""
    """Of a CSV; empty for a workbook."""
    encoding: str = "cp1252"
    bom: bytes = b""
    dates: str = "%d-%m-%Y"
    amounts: str = "{:.2f}"
    """``€`` writes € 1.234,50; a comma in it means a decimal comma."""
    # workbooks
    sheet: str = "Levering"
    cover: str = ""
    """Name of a sheet with an explanation that comes first."""
    left: int = 1
    """The column in which the table begins."""
    totals: bool = False
    filter: bool = False
    texts: bool = False
    """Dates and numbers stand in the cells as text."""
    calendar_1904: bool = False


CARE = (("start", "Begindatum"), ("end", "Einddatum"))
REFERENCES = (("direction", "Debet/Credit"), ("reference", "Referentienummer"), ("previous_reference", "Vorig referentienummer"))
OUTCOMES = (
    ("end_reason", "Reden beëindiging"), ("goal_attainment", "Doelrealisatie"),
    ("client_satisfaction", "Cliënttevredenheid"), ("dropout", "Uitval"),
)  # fmt: skip
ALLOCATED = (
    ("allocation", "Toewijzingnummer"), ("allocation_start", "Begindatum toewijzing"), ("allocation_end", "Einddatum toewijzing"),
)

BOOKS: dict[str, tuple[Callable[[Book], None], Sheet]] = {
    "UTR-AJ-2018-01": (de_linde, Sheet(
        "Stichting De Linde Jeugdhulp",
        (("client", "Cliëntnummer"), ("code", "Productcode"), *CARE, ("end_reason", "Reden beëindiging")),
        "UTR-AJ-2018-01_levering_2018-{month}.xlsx", "Maandlevering aanvullende jeugdhulp", filter=True, sheet="Levering",
    )),
    "UTR-AJ-2018-04": (vecht_en_vaart, Sheet(
        "Stichting Vecht & Vaart Jeugdzorg",
        (("contract", "Contractnummer"), ("client", "Cliënt-id"), ("service", "Zorgcategorie"), *CARE,
         ("end_reason", "Reden beëindiging"), ("refused_client", "Geweigerd")),
        "Vecht en Vaart {name} 2018.csv", head=False, separator=";",
    )),
    "RTM-2018-RG-112": (maasoever, Sheet(
        "Stichting Maasoever Jeugd en Gezin",
        (("client", "Cliëntnummer"), ("service", "Resultaatgebied"), ("intensity", "Intensiteit"), *ALLOCATED, *CARE,
         ("quantity", "Volume"), ("unit", "Eenheid"), ("claimed", "Bedrag"), *REFERENCES, ("municipality", "Gemeente"),
         ("subcontractor", "Onderaannemer"), *OUTCOMES),
        "RTM-2018-RG-112_2018-{month}.xlsx", "Levering resultaatgerichte jeugdhulp", totals=True, filter=True,
    )),
    "RTM-2018-RG-127": (noordereiland, Sheet(
        "Noordereiland Jeugdhulp B.V.",
        (("client", "Jeugdige"), ("service", "Onderdeel"), ("intensity", "Zwaarte"), *ALLOCATED, ("start", "Van"),
         ("end", "Tot en met"), ("claimed", "Ons bedrag"), ("reference", "Referentienummer"), *OUTCOMES),
        "noordereiland-{month}-2018.csv", separator=";", dates="%-d-%-m-%Y", amounts="€,",
    )),
    "RTM-2018-VB-040": (maasoever_verblijf, Sheet(
        "Stichting Maasoever Jeugd en Gezin",
        (("client", "Cliëntnummer"), ("code", "Productcode"), *CARE, ("quantity", "Geleverd volume"), ("unit", "Eenheid"),
         ("claimed", "Ingediend bedrag"), ("reference", "Referentienummer"), *OUTCOMES),
        "RTM-2018-VB-040_2018-{month}.xlsx", "Etmalen verblijf", sheet="Etmalen", texts=True, amounts=",",
    )),
    "WBW-2016-ARR-031": (markdal, Sheet(
        "Stichting Markdal Jeugdhulp",
        (("client", "Pseudoniem"), ("service", "Zorgvorm"), ("profile", "Profiel"), ("intensity", "Intensiteit"),
         ("allocation", "Toewijzing"), ("allocation_start", "Begindatum toewijzing"), *CARE, ("result", "Resultaat"),
         ("end_reason", "Reden beëindiging"), ("claimed", "Bedrag")),
        "WBW-2016-ARR-031 2018-{month}.csv", head=False, separator=",", encoding="utf-8", bom=b"\xef\xbb\xbf", dates="%Y-%m-%d",
    )),
    "WBW-2018-ARR-057": (de_zoom, Sheet(
        "Coöperatie Jeugdzorg De Zoom U.A.",
        (("client", "Cliënt"), ("service", "Perceel"), ("profile", "Profiel"), ("intensity", "Intensiteit"),
         ("allocation", "Toewijzing"), ("allocation_start", "Begindatum toewijzing"), *CARE, ("result", "Resultaat"),
         ("end_reason", "Reden beëindiging")),
        "De Zoom arrangementen {name}.xlsx", "Arrangementen", cover="Toelichting", left=2,
    )),
    "REG-2017-PQ-009": (wilgenrijs, Sheet(
        "Praktijk Wilgenrijs",
        (("client", "Cliëntnummer"), ("code", "Prestatiecode"), ("allocation", "Toewijzingnummer"), *CARE,
         ("quantity", "Aantal"), ("unit", "Eenheid"), ("claimed", "Bedrag"), *REFERENCES),
        "declaratie wilgenrijs 2018-{month}.csv", separator=";", amounts="€,",
    )),
    "REG-2018-PQ-016": (kompaspunt, Sheet(
        "Kompaspunt Ambulant B.V.",
        (("client", "Cliëntnummer"), ("code", "Productcode"), ("allocation", "Toewijzingnummer"), *CARE,
         ("quantity", "Geleverd volume"), ("unit", "Eenheid"), ("claimed", "Ingediend bedrag"), *REFERENCES),
        "REG-2018-PQ-016 {name}.xlsx", "Declaratie ambulante jeugdhulp", totals=True, filter=True,
    )),
    "REG-2018-GZ-011": (kompaspunt_ggz, Sheet(
        "Kompaspunt Ambulant B.V.",
        (("client", "Cliëntnummer"), ("code", "Productcode"), *CARE, ("quantity", "Volume"), ("unit", "Eenheid")),
        "REG-2018-GZ-011_2018{month}.csv", head=False, separator="\t", encoding="utf-16-le", bom=b"\xff\xfe", dates="%d/%m/%Y",
    )),
    "REG-2018-ED-022": (leeskracht, Sheet(
        "Leeskracht Dyslexiezorg",
        (("client", "Cliënt"), ("code", "Product"), *CARE, ("quantity", "Aantal"), ("unit", "Eenheid"), ("claimed", "Bedrag"),
         ("reference", "Referentienummer")),
        "Leeskracht {name} 2018.xlsx", "Dyslexiezorg", calendar_1904=True, sheet="Blad1",
    )),
    "REG-2018-PV-014": (boshoeve, Sheet(
        "Zorgboerderij De Boshoeve v.o.f.",
        (("client", "Cliënt"), ("code", "Productcode"), *CARE, ("end_reason", "Reden beëindiging"), ("claimed", "Bedrag")),
        "REG-2018-PV-014-2018-{month}.csv", head=False, separator=",", encoding="utf-8", bom=b"\xef\xbb\xbf",
    )),
    "REG-2018-LO-015": (boshoeve_logeren, Sheet(
        "Zorgboerderij De Boshoeve v.o.f.",
        (("client", "Cliënt"), ("code", "Productcode"), *CARE, ("quantity", "Aantal"), ("unit", "Eenheid"),
         ("claimed", "Bedrag"), *REFERENCES),
        "boshoeve/REG-2018-LO-015 logeren {name}.xlsx", "Logeren en zaterdagopvang", sheet="Blad1",
    )),
    "REG-2018-JB-005": (de_schakel, Sheet(
        "Stichting De Schakel Jeugdbescherming",
        (("client", "Cliëntnummer"), ("code", "Prestatiecode"), ("intensity", "Intensiteit"), *ALLOCATED, *CARE,
         ("quantity", "Volume"), ("unit", "Eenheid"), ("claimed", "Ingediend bedrag"), ("end_reason", "Reden beëindiging")),
        "REG-2018-JB-005_2018-{month}.csv", head=False, separator=";", encoding="utf-8", amounts=",",
    )),
    "REG-2017-TB-003": (samen_verder, Sheet(
        "Coöperatie Samen Verder U.A.",
        (("client", "Cliëntnummer"), ("service", "Dienst"), *CARE, ("municipality", "Gemeente"), *OUTCOMES),
        "samen verder/REG-2017-TB-003 {month}-2018.xlsx", "Taakgerichte jeugdhulp", filter=True,
    )),
}  # fmt: skip
"""By contract. Two contracts deliver nothing: the neighbourhood teams and the availability of the crisis service."""


@dataclass(frozen=True)
class Written:
    """One file made: its bytes, and the row of the file at which each delivered row stands."""

    data: bytes
    places: tuple[int, ...]


def dutch(amount: Decimal, pattern: str) -> str:
    """An amount as its office writes it: 1234.50, 1234,50 or € 1.234,50."""
    if "€" in pattern:
        return "€ " + f"{amount:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    return f"{amount:.2f}".replace(".", ",") if "," in pattern else f"{amount:.2f}"


def as_text(value: Value, sheet: Sheet) -> str:
    """A value as text, the way of its office."""
    if value is None:
        return ""
    if isinstance(value, dt.date):
        # Not every platform can leave the zeros of a date out.
        shape = sheet.dates.replace("%-d", str(value.day)).replace("%-m", str(value.month))
        return value.strftime(shape)
    if isinstance(value, Decimal):
        if value.as_tuple().exponent == -1:
            return str(value).replace(".", ",") if "," in sheet.amounts else str(value)
        return dutch(value, sheet.amounts)
    return str(value)


def head_block(contract: str, sheet: Sheet, month: int) -> tuple[tuple[str, str], ...]:
    """What stands above the table."""
    return (("Contractnummer", contract), ("Aanbieder", sheet.provider), ("Periode", f"{NAMES[month]} {YEAR}"))


def write_csv(contract: str, sheet: Sheet, month: int, rows: Sequence[Row]) -> Written:
    """A delivery as text."""

    def line(cells: Iterable[str]) -> str:
        quoted = (f'"{cell}"' if sheet.separator in cell or '"' in cell else cell for cell in cells)
        return sheet.separator.join(quoted) + "\r\n"

    lines = [line(pair) for pair in head_block(contract, sheet, month)] + [line(())] if sheet.head else []
    lines.append(line(heading for _, heading in sheet.columns))
    first = len(lines) + 1
    for row in rows:
        values = {**row, "contract": contract}
        lines.append(line(as_text(values.get(name), sheet) for name, _ in sheet.columns))
    data = sheet.bom + "".join(lines).encode(sheet.encoding)
    return Written(data, tuple(range(first, first + len(rows))))


def write_workbook(contract: str, sheet: Sheet, month: int, rows: Sequence[Row]) -> Written:
    """A delivery as a workbook, with the title, head block, widths, filter and totals of its office."""
    book = openpyxl.Workbook()
    page: Any = book.active
    if sheet.calendar_1904:
        book.epoch = CALENDAR_MAC_1904
    if sheet.cover:
        page.title = sheet.cover
        page["A1"] = f"{sheet.title} – {sheet.provider}"
        page["A3"] = "Op het volgende blad staan de gestarte en de afgeronde trajecten van deze maand."
        page["A4"] = "Vragen? Bel de backoffice."
        page = book.create_sheet()
    page.title = sheet.sheet
    width = len(sheet.columns)
    page.cell(1, 1, f"{sheet.title} {NAMES[month]} {YEAR}").font = Font(name="Calibri", size=14, bold=True)
    page.merge_cells(start_row=1, start_column=1, end_row=1, end_column=min(width, 5))
    for number, (label, text) in enumerate(head_block(contract, sheet, month), 3):
        page.cell(number, sheet.left, label).font = Font(name="Calibri", bold=True)
        page.cell(number, sheet.left + 1, text)
    top = 8
    for number, (_, heading) in enumerate(sheet.columns):
        cell = page.cell(top, sheet.left + number, heading)
        cell.font = Font(name="Calibri", bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", start_color="1F4E79")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        page.column_dimensions[get_column_letter(sheet.left + number)].width = max(12, len(heading) + 2)
    for down, row in enumerate(rows, 1):
        for number, (name, _) in enumerate(sheet.columns):
            _write_cell(page.cell(top + down, sheet.left + number), row.get(name), sheet)
        if row.get("hidden"):
            page.row_dimensions[top + down].hidden = True
    bottom = top + len(rows)
    if sheet.filter:
        page.auto_filter.ref = f"{get_column_letter(sheet.left)}{top}:{get_column_letter(sheet.left + width - 1)}{bottom}"
        page.freeze_panes = page.cell(top + 1, sheet.left)
    if sheet.totals:
        page.cell(bottom + 2, sheet.left, "Totaal").font = Font(name="Calibri", bold=True)
        for number, (name, _) in enumerate(sheet.columns):
            if name == "claimed":
                signs = [(row.get("claimed"), -1 if row.get("direction") == "C" else 1) for row in rows]
                total = sum((amount * sign for amount, sign in signs if isinstance(amount, Decimal)), Decimal(0))
                _write_cell(page.cell(bottom + 2, sheet.left + number), total, sheet)
    book.active = len(book.worksheets) - 1 if sheet.cover else 0
    return Written(_same_bytes(book, sheet), tuple(range(top + 1, bottom + 1)))


def _write_cell(cell: Any, value: Value, sheet: Sheet) -> None:
    if value is None or value == "":
        return
    if sheet.texts or isinstance(value, str):
        cell.value = as_text(value, sheet)
        cell.data_type = "s"
        return
    cell.value = value
    if isinstance(value, dt.date):
        cell.number_format = "dd-mm-yyyy"
    elif isinstance(value, Decimal):
        cell.number_format = "#,##0.00"


MADE = "2018-07-02T09:00:00Z"


def _same_bytes(book: Any, sheet: Sheet) -> bytes:
    """A workbook without the hour in it: fixed times, and stored, since not every machine compresses alike."""
    book.properties.creator = book.properties.lastModifiedBy = sheet.provider
    book.properties.created = dt.datetime(2018, 1, 2, 9, 0, 0)  # noqa: DTZ001 - the property has no zone
    raw = io.BytesIO()
    book.save(raw)
    packed = io.BytesIO()
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + MADE.encode(), data)
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 0
            target.writestr(entry, data)
    return packed.getvalue()


# ---- all of it -------------------------------------------------------------------------------------------


@dataclass
class Region:
    """The files of the half year, and what is to be said of them."""

    files: dict[str, bytes] = field(default_factory=dict)
    """By path below the folder of inputs."""
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    """File, rows and what is odd there."""
    rows: dict[str, list[int]] = field(default_factory=dict)
    """Rows delivered, by contract and month."""

    def add(self, contract: str, sheet: Sheet, month: int, rows: Sequence[Row], path: str) -> None:
        """Writes one file and notes what is odd in it."""
        write = write_csv if sheet.separator else write_workbook
        written = write(contract, sheet, month, rows)
        self.files[path] = written.data
        odd: dict[str, list[int]] = {}
        for row, place in zip(rows, written.places, strict=True):
            if "note" in row:
                odd.setdefault(str(row["note"]), []).append(place)
        for note, places in odd.items():
            said = f"row {places[0]}" if len(places) == 1 else f"rows {', '.join(map(str, places))}"
            self.notes.append((path, said, note))


def make_region() -> Region:
    """Everything that was delivered."""
    SEEN.clear()
    region = Region()
    for contract, (fill, sheet) in BOOKS.items():
        book = Book(contract)
        fill(book)
        region.rows[contract] = [len(book.months[month]) for month in MONTHS]
        for month, rows in book.months.items():
            path = f"{YEAR}-{month:02d}/{sheet.file.format(month=f'{month:02d}', name=NAMES[month])}"
            if not rows:
                continue
            if contract == "RTM-2018-VB-040" and month == 3:
                _first_version(region, contract, sheet, rows, path)
                path = path.replace(".xlsx", "_v2.xlsx")
            region.add(contract, sheet, month, rows, path)
            if contract == "WBW-2016-ARR-031" and month == 2:
                copy = path.replace("2018-02/", "2018-02/nagezonden/").replace(".csv", " (kopie).csv")
                region.files[copy] = region.files[path]
                region.notes.append((copy, "file", f"the same bytes as `{path}`: counts once"))
            if contract == "REG-2018-PV-014" and month == 4:
                region.notes.append(("2018-03", "", "no file of REG-2018-PV-014: the delivery of March is missing"))
                region.notes.append((path, "rows of March", "the lines of March came with those of April: paid then"))
    return region


def _first_version(region: Region, contract: str, sheet: Sheet, rows: Sequence[Row], path: str) -> None:
    """The file of March that was replaced: three children were forgotten, and one stay is two days short."""
    first = [dict(row) for number, row in enumerate(rows) if number not in {11, 12, 30}]
    short = int(str(first[4]["quantity"])) - 2
    first[4] |= {"quantity": short, "claimed": euros(26840 * short if first[4]["code"] != "44A12" else 15175 * short)}
    region.add(contract, sheet, 3, first, path)
    region.notes.append((path, "file", "replaced as a whole by its version `_v2`, which has three more lines and one other amount"))


def readme(region: Region) -> str:
    """README.md: what stands here, and where the odd things are."""
    total = sum(map(sum, region.rows.values()))
    lines = [
        "# What the providers delivered",
        "",
        "Made by `python inputs/make_region.py`, which gives the same bytes each time; every child, provider and figure is",
        "invented. Change the script and run it again rather than a file: a test compares them.",
        "",
        f"{len(region.files)} files, {total} delivered rows (files that were replaced or sent twice not counted):",
        "",
        "| contract | " + " | ".join(f"2018-{month:02d}" for month in MONTHS) + " |",
        "|---|" + "--:|" * len(MONTHS),
    ]
    for contract, counts in sorted(region.rows.items()):
        lines.append(f"| {contract} | " + " | ".join(str(count) if count else "–" for count in counts) + " |")
    lines += [
        "",
        "UTR-BT-2018-01 (neighbourhood teams) and REG-2018-BE-003 (availability) are paid without lines and deliver none;",
        "REG-2018-LO-015 begins in February.",
        "",
        "## What is odd in them, and where",
        "",
        "| file | where | what |",
        "|---|---|---|",
    ]
    lines += [f"| `{path}` | {where} | {note} |" for path, where, note in sorted(region.notes)]
    lines += [
        "",
        "And without a row of its own: in `2018-03` Utrecht's specialised support stays below 90 % of its minimum, Vecht &",
        "Vaart's crisis care below 80 % (settled at once, and given back in May), Wilgenrijs passes 70 % of its ceiling (full",
        "in May), Leeskracht passes its ceiling in June (held), and REG-2018-LO-015 has more credits than lines in April.",
        "",
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Writes the region into a folder."""
    parser = argparse.ArgumentParser(description="Makes the deliveries of the example region.")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="the folder to write into")
    folder: Path = parser.parse_args(arguments).to
    region = make_region()
    for path, data in region.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    (folder / "README.md").write_bytes(readme(region).encode())
    sys.stdout.write(f"{len(region.files)} files, {sum(map(sum, region.rows.values()))} rows in {folder}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
