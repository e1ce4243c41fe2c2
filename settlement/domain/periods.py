"""Time as contracts count it: days inclusive at both ends, calendar months, calendar years."""

from __future__ import annotations

import calendar
import datetime as dt
import functools
import re
from dataclasses import dataclass

_MONTH = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One calendar month, such as 2018-03."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1900 <= self.year <= 2200 and 1 <= self.month <= 12):
            raise ValueError(f"not a month: {self.year}-{self.month}")

    @classmethod
    def parse(cls, text: str) -> Month:
        """Reads ``2018-03``; raises ``ValueError`` for anything else."""
        match = _MONTH.fullmatch(text)
        if match is None:
            raise ValueError(f"'{text}' is not a month; write it as 2018-03")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: dt.date) -> Month:
        """The month a day falls in."""
        return cls(day.year, day.month)

    @classmethod
    def from_index(cls, index: int) -> Month:
        """The month with this ``index``; the way back from frames, which hold months as whole numbers."""
        return cls(index // 12, index % 12 + 1)

    @property
    def index(self) -> int:
        """Months since the year 0: the form in which frames and the ledger's order hold a month."""
        return self.year * 12 + self.month - 1

    @property
    def first_day(self) -> dt.date:
        """The first day."""
        return dt.date(self.year, self.month, 1)

    @property
    def last_day(self) -> dt.date:
        """The last day."""
        return dt.date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    @property
    def quarter(self) -> int:
        """1 to 4."""
        return (self.month + 2) // 3

    def plus(self, months: int) -> Month:
        """The month so many months later (or earlier, when negative)."""
        return Month.from_index(self.index + months)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """Three calendar months, such as 2018-Q1: what an account talk is held about."""

    year: int
    number: int
    """1 to 4."""

    @classmethod
    def ending_with(cls, month: Month) -> Quarter | None:
        """The quarter of which this is the last month; ``None`` when it is the last of none."""
        return cls(month.year, month.quarter) if month.month % 3 == 0 else None

    @property
    def months(self) -> tuple[Month, Month, Month]:
        """Its months, in order."""
        first = Month(self.year, self.number * 3 - 2)
        return first, first.plus(1), first.plus(2)

    def __str__(self) -> str:
        return f"{self.year:04d}-Q{self.number}"


@dataclass(frozen=True, slots=True)
class ContractYear:
    """The part of a calendar year in which a contract holds; the unit of budgets, ceilings and counts."""

    year: int
    first_day: dt.date
    last_day: dt.date

    @classmethod
    def of(cls, year: int, starts: dt.date, ends: dt.date) -> ContractYear | None:
        """The contract's part of this year; ``None`` when it does not hold in it."""
        first, last = max(starts, dt.date(year, 1, 1)), min(ends, dt.date(year, 12, 31))
        return cls(year, first, last) if first <= last else None

    @property
    def days(self) -> int:
        """Days on which the contract holds in this year."""
        return (self.last_day - self.first_day).days + 1

    @property
    def days_in_year(self) -> int:
        """365 or 366."""
        return 366 if calendar.isleap(self.year) else 365

    @property
    def months(self) -> tuple[Month, ...]:
        """The calendar months touched, in order: twelve in a whole year."""
        return _months(self.first_day, self.last_day)

    @property
    def is_broken(self) -> bool:
        """Whether the contract holds in only a part of the year."""
        return self.days != self.days_in_year

    def months_elapsed(self, as_of: Month) -> int:
        """Months of the contract year up to and including ``as_of``: 0 before it starts, all after it ends."""
        return sum(1 for month in self.months if month <= as_of)


@functools.lru_cache(maxsize=4096)
def _months(first_day: dt.date, last_day: dt.date) -> tuple[Month, ...]:
    """The calendar months from one day to another. Asked for every contract and measure, and mostly the same."""
    first, last = Month.of(first_day), Month.of(last_day)
    return tuple(Month.from_index(index) for index in range(first.index, last.index + 1))


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time as contracts say it: ``1 month``, ``5 years``; held in months."""

    months: int

    def __str__(self) -> str:
        if self.months and self.months % 12 == 0:
            years = self.months // 12
            return f"{years} year" if years == 1 else f"{years} years"
        return f"{self.months} month" if self.months == 1 else f"{self.months} months"


def sundays_between(first: dt.date, last: dt.date) -> int:
    """How many Sundays lie in the days ``first`` to ``last``, both included; 0 when ``last`` is earlier."""
    if last < first:
        return 0
    # Day 1 of the calendar (0001-01-01) is a Monday: Sundays are the ordinals divisible by seven.
    return last.toordinal() // 7 - (first.toordinal() - 1) // 7
