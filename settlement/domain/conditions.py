"""Conditions: a measure, a comparison and a value, as rule-files.md writes them under ``when``, ``unless`` and ``needs``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class Holds:
    """One comparison in an alternative, or its denial: a denied comparison also holds when a measure is absent."""

    comparison: Comparison
    denied: bool = False


def alternatives(when: Sequence[Condition], unless: Sequence[Condition] = ()) -> list[tuple[Holds, ...]]:
    """The same conditions as a list of alternatives, one of which must hold whole: no *any*, no *unless* is left.

    The engine is asked in this form. Their number is the product of what each ``any`` offers and each ``unless`` denies.
    """
    found: list[tuple[Holds, ...]] = [()]
    for condition in when:
        choices = (
            [(Holds(condition),)]
            if isinstance(condition, Comparison)
            else [tuple(Holds(comparison) for comparison in group) for group in condition.alternatives]
        )
        found = [left + right for left in found for right in choices]
    if not unless:
        return found
    # Denying a list: one of its conditions is denied; denying an *any*: something in each of its alternatives is.
    denials: list[tuple[Holds, ...]] = []
    for condition in unless:
        groups = ((condition,),) if isinstance(condition, Comparison) else condition.alternatives
        denials += [
            tuple(Holds(comparison, denied=True) for comparison in choice) for choice in itertools.product(*groups)
        ]
    return [left + right for left in found for right in denials]
