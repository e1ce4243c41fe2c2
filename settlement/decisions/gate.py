"""The release gate: every decision of every run, computed a second time by polars expressions.

It shares no code with the engine's path: it starts from the terms and the measures, not from the questions that were
put to the engine, and evaluates conditions from the inside out instead of as alternatives. One difference, and
nothing is paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from settlement.decisions.ask import Asked
from settlement.domain.conditions import AnyOf, Comparison, Condition, Figure
from settlement.domain.contract import (
    BonusMalus,
    Ceiling,
    Corridor,
    MinimumClients,
    OutcomeBonus,
    SharedSavings,
    Signal,
    Withhold,
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One outcome on which the engine and the second evaluation disagree."""

    contract: str
    service: str | None
    kind: str
    outcome: str
    engine_says: bool


_WIDE = pl.Int128


def second_opinion(asked: Sequence[Asked]) -> set[tuple[int, str]]:
    """Every (index of what was asked, outcome) that holds, by the second evaluation."""
    found: set[tuple[int, str]] = set()
    by_kind: dict[str, list[int]] = {}
    for index, one in enumerate(asked):
        by_kind.setdefault(one.kind, []).append(index)
    for kind, indexes in by_kind.items():
        found |= _KINDS[kind](asked, indexes)
    return found


def differences(asked: Sequence[Asked], fired: set[tuple[int, str]]) -> list[Difference]:
    """Where the engine's firings and the second evaluation differ; empty when they agree on everything."""
    expected = second_opinion(asked)
    return [
        Difference(asked[index].key.contract, asked[index].key.service, asked[index].kind, outcome, (index, outcome) in fired)
        for index, outcome in sorted(fired ^ expected)
    ]


def _frame(asked: Sequence[Asked], indexes: Sequence[int], **columns: Sequence[Fraction | int | bool | None]) -> pl.DataFrame:
    """One row for each index; every figure as two columns, ``name`` over ``name_den``; null when absent."""
    data: dict[str, pl.Series] = {"index": pl.Series("index", indexes, dtype=pl.Int64)}
    for name, values in columns.items():
        exact = [None if value is None else Fraction(value) for value in values]
        data[name] = pl.Series(name, [None if v is None else v.numerator for v in exact], dtype=_WIDE)
        data[f"{name}_den"] = pl.Series(name, [1 if v is None else v.denominator for v in exact], dtype=_WIDE)
    data["now"] = pl.Series("now", [asked[index].settles_now for index in indexes], dtype=pl.Boolean)
    return pl.DataFrame(data)


def _less(left: str, right: str, numerator: str | int = 1, denominator: str | int = 1) -> pl.Expr:
    """left < right × numerator ÷ denominator, exactly; null when either is absent."""
    n = pl.col(numerator) if isinstance(numerator, str) else pl.lit(numerator, dtype=_WIDE)
    d = pl.col(denominator) if isinstance(denominator, str) else pl.lit(denominator, dtype=_WIDE)
    return pl.col(left) * pl.col(f"{right}_den") * d < pl.col(right) * pl.col(f"{left}_den") * n


def _greater(left: str, right: str, numerator: str | int = 1, denominator: str | int = 1) -> pl.Expr:
    n = pl.col(numerator) if isinstance(numerator, str) else pl.lit(numerator, dtype=_WIDE)
    d = pl.col(denominator) if isinstance(denominator, str) else pl.lit(denominator, dtype=_WIDE)
    return pl.col(left) * pl.col(f"{right}_den") * d > pl.col(right) * pl.col(f"{left}_den") * n


def _rows(frame: pl.DataFrame, outcome: str, holds: pl.Expr) -> set[tuple[int, str]]:
    return {(index, outcome) for index in frame.filter(holds.fill_null(False)).get_column("index").to_list()}


def _ceilings(asked: Sequence[Asked], indexes: Sequence[int]) -> set[tuple[int, str]]:
    frame = _frame(
        asked, indexes,
        filled=[asked[i].measures["filled"] for i in indexes], limit=[asked[i].measures["limit"] for i in indexes],
    )  # fmt: skip
    used = pl.col("filled") > 0
    found = _rows(frame, "cut", _greater("filled", "limit"))
    found |= _rows(frame, "reached", used & ~_less("filled", "limit"))
    steps = []
    for index in indexes:
        term = asked[index].subject
        assert isinstance(term, Ceiling)
        steps += [{"index": index, "share": share} for share in term.signal_at_bp if share < 10_000]
    if steps:
        passed = (
            frame.join(pl.DataFrame(steps, schema={"index": pl.Int64, "share": _WIDE}), on="index")
            .filter(used & _less("filled", "limit") & ~_less("filled", "limit", "share", 10_000))
            .group_by("index").agg(pl.col("share").cast(pl.Int64).max())
        )  # fmt: skip
        found |= {(index, f"near {share}") for index, share in passed.iter_rows()}
    return found


def _minimums(asked: Sequence[Asked], indexes: Sequence[int]) -> set[tuple[int, str]]:
    terms = [term for i in indexes if isinstance(term := asked[i].subject, MinimumClients)]
    frame = _frame(
        asked, indexes,
        clients=[asked[i].measures["clients"] for i in indexes], due=[asked[i].measures["minimum_to_date"] for i in indexes],
        signal=[term.signal_below_bp for term in terms], allowed=[10_000 - term.tolerance_bp for term in terms],
    ).with_columns(settles=pl.Series([term.settles for term in terms], dtype=pl.String))  # fmt: skip
    substantial = _less("clients", "due", "signal", 10_000)
    beyond = _less("clients", "due", "allowed", 10_000)
    settled = (
        pl.when(pl.col("settles") == "year_end").then(pl.col("now") & beyond)
        .when(pl.col("settles") == "on substantial deviation").then(substantial & beyond)
        .otherwise(pl.lit(False))
    )  # fmt: skip
    return _rows(frame, "below", substantial) | _rows(frame, "settled", settled)


def _corridors(asked: Sequence[Asked], indexes: Sequence[int]) -> set[tuple[int, str]]:
    terms = [term for i in indexes if isinstance(term := asked[i].subject, Corridor)]
    frame = _frame(
        asked, indexes,
        claimed=[asked[i].measures["claimed"] for i in indexes], budget=[asked[i].measures["budget_to_date"] for i in indexes],
        clients=[asked[i].measures["clients"] for i in indexes],
        upper=[10_000 + term.margin_bp for term in terms], lower=[10_000 - term.margin_bp for term in terms],
    )  # fmt: skip
    served = pl.col("clients") > 0
    return (
        _rows(frame, "above", pl.col("now") & served & _greater("claimed", "budget", "upper", 10_000))
        | _rows(frame, "below", pl.col("now") & served & _less("claimed", "budget", "lower", 10_000))
        | _rows(frame, "postponed", pl.col("now") & (~served.fill_null(False) | pl.col("budget").is_null()))
    )


def _needs(asked: Sequence[Asked], indexes: Sequence[int]) -> set[tuple[int, str]]:
    rows: list[dict[str, object]] = []
    for index in indexes:
        term = asked[index].subject
        assert isinstance(term, OutcomeBonus | Withhold)
        rows += _comparison_rows(index, "when", term.needs, asked[index])
    met = _conditions_met(rows, indexes)
    now = {index for index in indexes if asked[index].settles_now}
    lacking = (
        pl.DataFrame(rows, schema=_COMPARISONS)
        .filter(pl.col("left").is_null() | pl.col("right_measure").is_null())
        .get_column("index").to_list()
    )  # fmt: skip
    return {(index, "earned") for index in met & now} | {(index, "postponed") for index in set(lacking) & now}


def _bands(asked: Sequence[Asked], indexes: Sequence[int]) -> set[tuple[int, str]]:
    rows: list[dict[str, object]] = []
    found: set[tuple[int, str]] = set()
    for index in indexes:
        term = asked[index].subject
        assert isinstance(term, BonusMalus)
        measured = asked[index].measures.get(term.measure)
        for number, band in enumerate(term.bands, 1):
            if band.holds is not None:
                rows += _comparison_rows(index, f"band {number}", (band.holds,), asked[index])
            elif asked[index].settles_now and measured is not None:
                found.add((index, f"band {number}"))
        if asked[index].settles_now and measured is None:
            found.add((index, "postponed"))
    held = _evaluated(rows).filter("holds")
    now = {index for index in indexes if asked[index].settles_now}
    return found | {(i, block) for i, block in held.select("index", "block").iter_rows() if i in now}


def _savings(asked: Sequence[Asked], indexes: Sequence[int]) -> set[tuple[int, str]]:
    terms = [term for i in indexes if isinstance(term := asked[i].subject, SharedSavings)]
    frame = _frame(
        asked, indexes,
        spent=[asked[i].measures["spent"] for i in indexes], against=[asked[i].measures["against"] for i in indexes],
        left_of=[10_000 - term.savings_from_bp for term in terms],
    )  # fmt: skip
    # Saved at least so much of the agreed figure: spent at most the rest of it.
    enough = ~_greater("spent", "against", "left_of", 10_000)
    return _rows(frame, "shared", pl.col("now") & _less("spent", "against") & enough) | _rows(
        frame, "postponed", pl.col("now") & pl.col("spent").is_null()
    )


def _signals(asked: Sequence[Asked], indexes: Sequence[int]) -> set[tuple[int, str]]:
    when: list[dict[str, object]] = []
    unless: list[dict[str, object]] = []
    excepted: list[int] = []
    for index in indexes:
        signal = asked[index].subject
        assert isinstance(signal, Signal)
        when += _comparison_rows(index, "when", signal.when, asked[index])
        unless += _comparison_rows(index, "unless", signal.unless, asked[index])
        if signal.unless:
            excepted.append(index)
    return {(index, "signal") for index in _conditions_met(when, indexes) - _conditions_met(unless, excepted)}


def _standing(asked: Sequence[Asked], indexes: Sequence[int]) -> set[tuple[int, str]]:
    frame = _frame(asked, indexes, count=[asked[i].measures["count"] for i in indexes])
    return _rows(frame, "raised", pl.col("count") > 0)


def _smaller(asked: Sequence[Asked], indexes: Sequence[int]) -> set[tuple[int, str]]:
    frame = _frame(
        asked, indexes,
        earlier=[asked[i].measures["earlier_lines"] for i in indexes], later=[asked[i].measures["later_lines"] for i in indexes],
    )  # fmt: skip
    return _rows(frame, "raised", _less("later", "earlier", 1, 2))


def _budget_left(asked: Sequence[Asked], indexes: Sequence[int]) -> set[tuple[int, str]]:
    frame = _frame(
        asked, indexes,
        claimed=[asked[i].measures["claimed"] for i in indexes], budget=[asked[i].measures["budget"] for i in indexes],
        lower=[10_000 - (asked[i].measures["margin_bp"] or 0) for i in indexes],
    )  # fmt: skip
    return _rows(frame, "raised", pl.col("now") & _less("claimed", "budget", "lower", 10_000))


_KINDS = {
    "ceiling": _ceilings,
    "minimum_clients": _minimums,
    "corridor": _corridors,
    "outcome_bonus": _needs,
    "withhold": _needs,
    "bonus_malus": _bands,
    "shared_savings": _savings,
    "signal": _signals,
    "standing": _standing,
    "delivery smaller": _smaller,
    "budget left": _budget_left,
}

_COMPARISONS: dict[str, pl.DataType | type[pl.DataType]] = {
    "index": pl.Int64,
    "block": pl.String,
    "condition": pl.Int32,
    "alternative": pl.Int32,
    "operator": pl.String,
    "left": _WIDE,
    "left_den": _WIDE,
    "right": _WIDE,
    "right_den": _WIDE,
    "right_measure": pl.Boolean,  # null: the measure on the right is absent
}


def _comparison_rows(index: int, block: str, conditions: Sequence[Condition], one: Asked) -> list[dict[str, object]]:
    """Each comparison as a row: condition by condition, alternative by alternative."""
    rows = []
    for number, condition in enumerate(conditions):
        groups = condition.alternatives if isinstance(condition, AnyOf) else ((condition,),)
        for alternative, group in enumerate(groups):
            rows += [_comparison_row(index, block, number, alternative, comparison, one) for comparison in group]
    return rows


def _comparison_row(
    index: int, block: str, condition: int, alternative: int, comparison: Comparison, one: Asked
) -> dict[str, object]:
    left = one.measures.get(comparison.measure)
    if isinstance(comparison.value, Figure):
        right: Fraction | None = comparison.value.value
    else:
        other = one.measures.get(comparison.value.measure)
        right = other if other is None else other * Fraction(comparison.value.share_bp, 10_000)
    return {
        "index": index,
        "block": block,
        "condition": condition,
        "alternative": alternative,
        "operator": comparison.operator,
        "left": None if left is None else left.numerator,
        "left_den": 1 if left is None else left.denominator,
        "right": None if right is None else right.numerator,
        "right_den": 1 if right is None else right.denominator,
        "right_measure": None if right is None else True,
    }


def _evaluated(rows: list[dict[str, object]]) -> pl.DataFrame:
    """Each comparison with ``holds``: false when a figure is absent."""
    left, right = pl.col("left") * pl.col("right_den"), pl.col("right") * pl.col("left_den")
    by_operator = (
        pl.when(pl.col("operator") == "at least").then(left >= right)
        .when(pl.col("operator") == "at most").then(left <= right)
        .when(pl.col("operator") == "above").then(left > right)
        .when(pl.col("operator") == "below").then(left < right)
        .when(pl.col("operator") == "is").then(left == right)
        .when(pl.col("operator") == "is not").then(left != right)
    )  # fmt: skip
    return pl.DataFrame(rows, schema=_COMPARISONS).with_columns(holds=by_operator.fill_null(False))


def _conditions_met(rows: list[dict[str, object]], indexes: Sequence[int]) -> set[int]:
    """Those of the indexes whose conditions all hold: some alternative of each, with all its comparisons."""
    failed = (
        _evaluated(rows)
        .group_by("index", "condition", "alternative").agg(pl.col("holds").all())
        .group_by("index", "condition").agg(pl.col("holds").any())
        .filter(~pl.col("holds"))
        .get_column("index").to_list()
    )  # fmt: skip
    return set(indexes) - set(failed)
