"""Conditions: a measure, a comparison and a value, as rule-files.md writes them under ``when``, ``unless`` and ``needs``."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from settlement.domain.problems import Place

Operator = Literal["at least", "at most", "above", "below", "is", "is not"]
"""``between a and b`` is read as two comparisons, at least a and at most b."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A value written in the rule file: a count, a share (1 is the whole), an amount (cents), a mark, or yes (1) and no (0)."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class OfMeasure:
    """Another measure, or a share of it: ``minimum_to_date``, ``80 % of minimum_to_date``."""

    measure: str
    share_bp: int = 10_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """``clients: below 80 % of minimum_to_date``. A comparison with an absent measure is never true."""

    measure: str
    """A name of ``settlement.domain.measures.MEASURES``, with ``_in_month`` behind it for the month alone."""
    operator: Operator
    value: Figure | OfMeasure
    place: Place
    text: str
    """The comparison and value as written: ``below 80 % of minimum_to_date``."""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of these must hold; each alternative is a list of comparisons that must all hold."""

    alternatives: tuple[tuple[Comparison, ...], ...]


Condition = Comparison | AnyOf
