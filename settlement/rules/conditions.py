"""Conditions: a measure, a comparison and a value, read to the records of settlement/domain/conditions.py."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from math import prod
from typing import Any

from settlement.domain.conditions import AnyOf, Comparison, Condition, Figure, OfMeasure, Operator
from settlement.domain.measures import IN_MONTH, MEASURES, Measure, measure_of
from settlement.domain.money import BASIS_POINTS
from settlement.domain.problems import Place
from settlement.rules.blocks import Keys
from settlement.rules.grammar import (
    NotAccepted,
    did_you_mean,
    listed,
    nearest,
    quote,
    read_decimal,
    read_mark,
    read_money,
    read_signed_share,
    read_yes_or_no,
)
from settlement.rules.tree import Entry, List, Mapping, Node, Text

OPERATORS: dict[Operator, str] = {
    "at least": "this value or more",
    "at most": "this value or less",
    "above": "more than this value",
    "below": "less than this value",
    "is": "exactly this value",
    "is not": "any other value",
}
"""The comparisons, each with its meaning; ``between a and b`` means at least a and at most b."""

MAXIMUM_ALTERNATIVES = 16
MAXIMUM_COMPARISONS = 12

_SIGNS = (
    (">=", "at least"), ("≥", "at least"), ("=>", "at least"), ("<=", "at most"), ("≤", "at most"), ("=<", "at most"),
    ("!=", "is not"), ("<>", "is not"), ("==", "is"), ("=", "is"), (">", "above"), ("<", "below"),
    ("more than", "above"), ("greater than", "above"), ("over", "above"), ("less than", "below"), ("under", "below"),
    ("minimaal", "at least"), ("ten minste", "at least"), ("maximaal", "at most"), ("ten hoogste", "at most"),
    ("meer dan", "above"), ("boven", "above"), ("minder dan", "below"), ("onder", "below"), ("equals", "is"),
    ("tussen", "between"), ("not", "is not"),
)  # fmt: skip
"""Signs and words that people type for a comparison, for suggestions only; longer ones first where they overlap."""

_EXAMPLES = {
    "count": "12", "quantity": "12,5", "amount": "€ 60.000", "share": "80 %", "mark": "7,5", "months": "9",
    "yes or no": "yes",
}  # fmt: skip
_SHARE_OF = re.compile(r"(.+?%) +of +(.+)")


# ---- measures --------------------------------------------------------------------------------------------


def check_measure(name: str) -> Measure:
    """The measure of a name; raises ``NotAccepted`` when there is none, with the nearest."""
    measure = measure_of(name)
    if measure is not None:
        return measure
    bare = name.removesuffix(IN_MONTH)
    if bare != name and bare in MEASURES:
        raise NotAccepted(
            "no-measure-in-month", f"'{bare}' has no figure of the month alone", f"Write it without the month: {bare}"
        )
    names = [*MEASURES, *(each + IN_MONTH for each, measure in MEASURES.items() if measure.in_month)]
    raise NotAccepted(
        "unknown-measure",
        f"{quote(name)} is not a measure",
        did_you_mean(name, names, f"The measures are: {listed(MEASURES, 'and')}."),
    )


# ---- one comparison --------------------------------------------------------------------------------------


def read_figure(text: str, measure: Measure) -> Fraction:
    """A value in the unit of a measure: amounts in cents, shares with 1 for the whole, yes 1 and no 0."""
    if measure.unit == "amount":
        return Fraction(read_money(text))
    if measure.unit == "share":
        return Fraction(read_signed_share(text), BASIS_POINTS)
    if measure.unit == "mark":
        return read_mark(text)
    if measure.unit == "yes or no":
        return Fraction(read_yes_or_no(text))
    return read_decimal(text)


def _read_value(text: str, measure: Measure) -> Figure | OfMeasure:
    share = _SHARE_OF.fullmatch(text)
    name = share[2] if share is not None else text
    if share is not None or _may_be_measure(text):
        other = check_measure(name)
        if other.unit != measure.unit:
            raise NotAccepted(
                "measures-differ",
                f"'{measure.name}' is {_unit(measure)}, and '{name}' is {_unit(other)}: they cannot be compared",
                f"Compare it with {_unit(measure)}, such as {_EXAMPLES[measure.unit]}.",
            )
        return OfMeasure(name, read_signed_share(share[1]) if share is not None else BASIS_POINTS)
    try:
        return Figure(read_figure(text, measure))
    except NotAccepted as answer:
        if measure.unit in ("count", "quantity", "months") and ("€" in text or "%" in text):
            raise _wrong_unit(text, measure) from None
        if (measure.unit == "share" and "€" in text) or (measure.unit == "amount" and "%" in text):
            raise _wrong_unit(text, measure) from None
        raise answer from None


def _may_be_measure(text: str) -> bool:
    """Whether a value names a measure, or looks so much like one that it should have."""
    return measure_of(text) is not None or (("_" in text or len(text) > 3) and nearest(text, MEASURES) is not None)


def _unit(measure: Measure) -> str:
    article = "an" if measure.unit == "amount" else "a"
    named = {"amount": "amount of money", "months": "number of months", "yes or no": "question of yes or no"}
    return f"{article} {named.get(measure.unit, measure.unit)}"


def _wrong_unit(text: str, measure: Measure) -> NotAccepted:
    other = {"amount": "budget", "count": "minimum_to_date"}.get(measure.unit)
    hint = f" or a share of another measure, such as 80 % of {other}" if "%" in text and other else ""
    return NotAccepted(
        "unit-differs",
        f"'{measure.name}' is {_unit(measure)}, and {quote(text)} is not",
        f"Compare it with {_unit(measure)}: {_EXAMPLES[measure.unit]}{hint}",
    )


def read_comparisons(name: str, text: str, place: Place) -> tuple[Comparison, ...]:
    """The comparison that a text means for a measure; two for ``between``. Raises ``NotAccepted``."""
    measure = check_measure(name)
    between = re.fullmatch(r"between +(.+?) +and +(.+)", text)
    if between is not None:
        return (
            Comparison(name, "at least", _read_value(between[1], measure), place, text),
            Comparison(name, "at most", _read_value(between[2], measure), place, text),
        )
    for operator in sorted(OPERATORS, key=len, reverse=True):
        if text.startswith(f"{operator} "):
            if measure.unit == "yes or no" and operator not in ("is", "is not"):
                break
            return (Comparison(name, operator, _read_value(text.removeprefix(operator).strip(), measure), place, text),)
    raise _not_comparison(text, measure)


def _not_comparison(text: str, measure: Measure) -> NotAccepted:
    example = _EXAMPLES[measure.unit]
    operator = "is" if measure.unit == "yes or no" else "at least"
    rest = re.sub(r"^(at least|at most|above|below|is not|is)\b", "", text).strip()
    for sign, meant in _SIGNS:
        if text.casefold().startswith(sign):
            rest = text[len(sign) :].strip()
            operator = meant if measure.unit != "yes or no" else "is"
            break
    try:
        for part in rest.split(" and ") if operator == "between" else [rest]:
            _read_value(part, measure)
        example = rest
    except NotAccepted:
        operator = "at least" if operator == "between" else operator
    return NotAccepted(
        "comparison",
        f"{quote(text)} is not a comparison",
        f"Begin with {listed(OPERATORS)}, or write between … and …: {operator} {example}",
    )


def comparisons_of(keys: Keys, name: Text, node: Node) -> tuple[Comparison, ...]:
    """The comparisons of one line under ``when`` or ``needs``; none, and a problem, when it cannot be read."""
    if not isinstance(node, Text):
        keys.problem(
            "not-one-value",
            name.place,
            f"'{name.value}' holds one comparison, and more stand under it",
            f"Write it on the same line: {name.value}: at least 12",
        )
        return ()
    try:
        check_measure(name.value)
    except NotAccepted as answer:
        keys.problem(answer.code, name.place, answer.message, answer.advice)
        return ()
    if node.place in keys.page.spoiled:
        keys.whole = False
        return ()
    if not node.value:
        keys.problem(
            "no-value", name.place, f"'{name.value}' has no value", f"Write a comparison: {name.value}: at least 12"
        )
        return ()
    try:
        return read_comparisons(name.value, node.value, node.place)
    except NotAccepted as answer:
        keys.problem(answer.code, node.place, answer.message, answer.advice)
        return ()


# ---- all that must hold ----------------------------------------------------------------------------------


def read_conditions(keys: Keys, entry: Entry) -> tuple[Condition, ...]:
    """What stands under ``when``, ``unless`` or ``needs``: a mapping or a list, with ``any`` for one of many."""
    found: list[Condition] = []
    for mapping in _mappings(keys, entry):
        for line in mapping.entries:
            if line.key.value == "any":
                alternatives = _read_any(keys, line)
                found += [AnyOf(alternatives)] if alternatives else []
            else:
                found += comparisons_of(keys, line.key, line.node)
    return tuple(found)


def check_size(keys: Keys, place: Place, when: Sequence[Condition], unless: Sequence[Condition] = ()) -> None:
    """Conditions that are judged together stay within what can be judged at once.

    Counted as ``domain.conditions.alternatives`` writes them out: what each ``any`` offers, times each other.
    """
    comparisons = sum(
        1 if isinstance(each, Comparison) else sum(map(len, each.alternatives)) for each in (*when, *unless)
    )
    offered = prod(1 if isinstance(each, Comparison) else len(each.alternatives) for each in when)
    denied = sum(1 if isinstance(each, Comparison) else prod(map(len, each.alternatives)) for each in unless)
    ways = offered * max(denied, 1)
    if comparisons > MAXIMUM_COMPARISONS:
        keys.problem(
            "too-many-comparisons",
            place,
            f"{comparisons} comparisons stand here together",
            f"At most {MAXIMUM_COMPARISONS} can be judged at once: make several of it.",
        )
    elif ways > MAXIMUM_ALTERNATIVES:
        keys.problem(
            "too-many-alternatives",
            place,
            f"these conditions can hold in {ways} ways",
            f"At most {MAXIMUM_ALTERNATIVES} can be judged at once: each 'any' multiplies them by what it offers.",
        )


def _mappings(keys: Keys, entry: Entry) -> list[Mapping]:
    node = entry.node
    if isinstance(node, Mapping):
        return [node]
    items: tuple[Any, ...] = node.items if isinstance(node, List) else ()
    for item in items:
        if not isinstance(item, Mapping):
            keys.problem(
                "not-a-condition",
                item.place,
                "a condition is missing here",
                "Write a measure and a comparison: clients: at least 12",
            )
    if not items:
        place = node.place if isinstance(node, Text) and node.value else entry.key.place
        keys.problem(
            "not-a-condition",
            place,
            f"no condition stands under '{entry.key.value}'",
            "Write below it, two spaces further in:\n  clients: at least 12",
        )
    return [item for item in items if isinstance(item, Mapping)]


def _read_any(keys: Keys, entry: Entry) -> tuple[tuple[Comparison, ...], ...]:
    alternatives = []
    if isinstance(entry.node, Mapping):
        lines = [[line] for line in entry.node.entries]
    else:
        lines = [list(mapping.entries) for mapping in _mappings(keys, entry)]
    for alternative in lines:
        comparisons: list[Comparison] = []
        for line in alternative:
            if line.key.value == "any":
                keys.problem(
                    "any-in-any",
                    line.key.place,
                    "an 'any' stands within an 'any'",
                    "Put its conditions beside the others: one of all must hold.",
                )
            else:
                comparisons += comparisons_of(keys, line.key, line.node)
        alternatives.append(tuple(comparisons))
    return tuple(alternative for alternative in alternatives if alternative)
