"""Cases: the contract manager's own tests, beside the rule file they are about (rule-files.md, *Cases*)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from settlement.domain.periods import Month
from settlement.domain.problems import Place


@dataclass(frozen=True, slots=True)
class DeliveredLine:
    """One line of a case, as text: field of deliveries.md to what is written, with the place of the line."""

    fields: Mapping[str, str]
    place: Place


@dataclass(frozen=True, slots=True)
class Expectation:
    """One figure that a case expects: a measure of the contract, to date in the year of the period."""

    measure: str
    """A name of measures.py (with ``_in_month`` for the month alone)."""
    value: Fraction | None
    """Exact; amounts in cents, shares with 1 for the whole; ``None`` for ``absent``."""
    text: str
    """As written."""
    place: Place


@dataclass(frozen=True, slots=True)
class Case:
    """What was delivered, what was paid before, and what must come of it."""

    name: str
    contract: str
    period: Month
    delivered: Mapping[Month, tuple[DeliveredLine, ...]]
    """By the month of the folder in which the lines arrived."""
    paid_before_cents: int
    expected: tuple[Expectation, ...]
    refused: int | None
    """How many lines are refused; ``None``: not asked."""
    refusals: tuple[str, ...] | None
    """The exact codes (ours or national) of the refusals, sorted; ``None``: not asked."""
    signals: tuple[str, ...] | None
    """The exact set of names; empty for ``none``; ``None``: not asked."""
    lines_cents: Mapping[str, int] | None
    """What the lines of each client earned together, by client; ``None``: not asked."""
    place: Place
