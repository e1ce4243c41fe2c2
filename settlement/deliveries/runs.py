"""Rows of cells as they come out of any delivered workbook, some thousands at a time. Standard library only."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from typing import NamedTuple


class Column(NamedTuple):
    """What stands in one column of some rows."""

    letters: str
    texts: list[str]
    kinds: bytes
    """A byte a row (``settlement.deliveries.cells``)."""


class Run(NamedTuple):
    """Rows that follow each other and have something in the same columns; every cell in it holds something."""

    numbers: list[int]
    hidden: int
    """How many of them are hidden."""
    columns: list[Column]
    """From left to right."""


@dataclass
class Sheet:
    """One worksheet. What stands behind the rows is known when all rows were read."""

    name: str
    part: str
    hidden: bool
    merged: list[tuple[str, int, str, int]] = field(default_factory=list)
    """First column, first row, last column, last row."""
    formulas: int = 0


def after(run: Run, row: int) -> Run:
    """The part of a run behind a row."""
    start = bisect.bisect_right(run.numbers, row)
    columns = [Column(letters, texts[start:], kinds[start:]) for letters, texts, kinds in run.columns]
    return Run(run.numbers[start:], run.hidden if not start else min(run.hidden, len(run.numbers) - start), columns)
