"""One table as text to lines and refusals: what is a line, what a total, what a merged cell says; then the typing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from settlement.deliveries.cells import KIND, MERGED, TEXT
from settlement.deliveries.headings import column_number
from settlement.deliveries.lines import FIELDS, REFUSALS
from settlement.deliveries.personal import are_service_numbers
from settlement.deliveries.reading import RawTable, Refused
from settlement.deliveries.typed import amounts_of, typed
from settlement.domain.periods import Month

_FILLED_DOWN = frozenset(FIELDS) - {"quantity", "claimed", "reference", "previous_reference"}
"""Fields of which a merged cell speaks for all its rows; a quantity or a reference stands once, for nobody knows which row."""
_CONTROLLED = ("quantity", "claimed")
_DECIMALS = {"quantity": 3, "claimed": 2}
_PERSONAL = ("client", "allocation", "reference", "previous_reference", "code", "service", "profile", "subcontractor",
             "municipality", "intensity")  # fmt: skip
_NOTED_AT_MOST = 30
"""Unknown columns that are named; a sheet may have thousands."""


@dataclass(frozen=True)
class TypedTable:
    """The table of one file, every row of it a line or a refusal."""

    rows: int
    """Lines delivered."""
    lines: pl.DataFrame
    refusals: pl.DataFrame
    of_file: tuple[Refused, ...]
    """What is wrong with the file besides; its lines are read all the same."""
    notes: tuple[str, ...]
    other_contracts: bool
    """Whether refused rows name another contract than the lines do, or none."""


def typed_table(
    raw: RawTable, *, delivery: str, claim_month: Month, contract: str | None, known: Mapping[str, str]
) -> TypedTable | Refused:
    """The lines and refusals of a table; or why all of it is refused: citizen service numbers.

    ``contract`` is the file's; ``None`` when its column says it line by line. ``known`` as in ``typed``.
    """
    notes = [*raw.notes]
    cells = _merged(raw)
    cells = cells.filter(~pl.col("row").is_in(raw.outside)) if raw.outside else cells
    repeated = _repeated_headings(cells, raw)
    totals = _totals(cells, raw)
    lines_only = cells.filter(~pl.col("row").is_in(sorted({*repeated, *totals}))) if repeated or totals else cells
    for field in _PERSONAL:
        if field in lines_only.columns and _holds_service_numbers(lines_only[field]):
            return Refused("service-number-column", raw.headings[field], "", raw.sheet, "", field)
    lines, refusals = typed(
        lines_only, delivery=delivery, claim_month=claim_month, sheet=raw.sheet, contract=contract, known=known,
        columns=raw.columns, calendar_1904=raw.calendar_1904,
    )  # fmt: skip
    faults = _unsplit(raw, delivery, contract)
    refusals = pl.concat([refusals, faults]).sort("row", maintain_order=True) if faults.height else refusals
    of_file, unchecked = _controlled(cells, lines_only, totals, raw)
    of_file += [Refused("second-table", name, "", name) for name in raw.other_tables]
    if raw.hidden:
        notes.append("hidden rows")
    if repeated:
        notes.append("repeated headings")
    if totals:
        notes.append("totals, not checked" if unchecked else "totals")
    if raw.outside - set(raw.totals):
        notes.append("text outside the table")
    if raw.merged:
        notes.append("merged cells")
    notes += [f"unknown column: {name}" for name in raw.others[:_NOTED_AT_MOST]]
    return TypedTable(
        lines_only.height + len(raw.faults),
        lines,
        refusals,
        tuple(of_file),
        tuple(notes),
        bool((refusals["field"] == "contract").any()),
    )


def _unsplit(raw: RawTable, delivery: str, contract: str | None) -> pl.DataFrame:
    """Rows that have too few or too many cells, as refusals."""
    return pl.DataFrame(
        [
            (delivery, contract, raw.sheet, row, "", "", code, "", found, expected)
            for row, code, found, expected in raw.faults
        ],
        schema=REFUSALS,
        orient="row",
    )


# ---- merged cells ----------------------------------------------------------------------------------------


def _merged(raw: RawTable) -> pl.DataFrame:
    """The cells, with what merged ones say in every row they cover; or the kind ``MERGED`` where that is not clear."""
    cells = raw.cells
    if not raw.merged or cells.is_empty():
        return cells
    fields = {column_number(column): field for field, column in raw.columns.items()}
    first_row, last_row = int(cells["row"][0]), int(cells["row"][-1])
    for column, field in fields.items():
        ranges: list[tuple[int, int, bool]] = []
        for left, top, right, bottom in raw.merged:
            at, until = column_number(left), column_number(right)
            if not at <= column <= until or bottom < first_row or top > last_row or (top == bottom and at == until):
                continue
            ranges.append((top, bottom, at == until and field in _FILLED_DOWN and top >= first_row))
        alone = _apart(ranges)
        cells = _filled_down(cells, field, [(top, bottom) for top, bottom, clear in alone if clear])
        cells = _marked(cells, field, [(top, bottom) for top, bottom, clear in alone if not clear])
    return cells


def _apart(ranges: Sequence[tuple[int, int, bool]]) -> list[tuple[int, int, bool]]:
    """The ranges in order; those that overlap (Excel makes none) as one that is not clear."""
    apart: list[tuple[int, int, bool]] = []
    for top, bottom, clear in sorted(ranges):
        if apart and top <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(bottom, apart[-1][1]), False)
        else:
            apart.append((top, bottom, clear))
    return apart


def _in_ranges(cells: pl.DataFrame, ranges: Sequence[tuple[int, int]]) -> pl.Series:
    """For each row the first row of the range that covers it; null when none does."""
    tops = pl.DataFrame({"top": [top for top, _ in ranges], "bottom": [bottom for _, bottom in ranges]},
                        schema={"top": pl.Int32, "bottom": pl.Int32}).sort("top")  # fmt: skip
    covering = cells.select("row").set_sorted("row").join_asof(tops.set_sorted("top"), left_on="row", right_on="top")
    return covering.select(pl.when(pl.col("row") <= pl.col("bottom")).then("top")).to_series()


def _filled_down(cells: pl.DataFrame, field: str, ranges: Sequence[tuple[int, int]]) -> pl.DataFrame:
    if not ranges:
        return cells
    kind = f"{field}{KIND}"
    columns = [field, kind] if kind in cells.columns else [field]
    above = cells.select(pl.col("row").alias("top"), *(pl.col(name).alias(f"{name}.above") for name in columns))
    joined = cells.with_columns(_in_ranges(cells, ranges).alias("top")).join(
        above, on="top", how="left", maintain_order="left"
    )
    covered = pl.col("top").is_not_null() & (pl.col("row") > pl.col("top"))
    filled = [pl.when(covered).then(f"{name}.above").otherwise(name).alias(name) for name in columns]
    return joined.with_columns(filled).select(cells.columns)


def _marked(cells: pl.DataFrame, field: str, ranges: Sequence[tuple[int, int]]) -> pl.DataFrame:
    if not ranges:
        return cells
    kind = f"{field}{KIND}"
    before = pl.col(kind) if kind in cells.columns else pl.lit(TEXT, dtype=pl.UInt8)
    covered = _in_ranges(cells, ranges).is_not_null()
    return cells.with_columns(pl.when(covered).then(pl.lit(MERGED, dtype=pl.UInt8)).otherwise(before).alias(kind))


# ---- rows that are no lines ------------------------------------------------------------------------------


def _text(field: str) -> pl.Expr:
    stripped = pl.col(field).str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def _repeated_headings(cells: pl.DataFrame, raw: RawTable) -> list[int]:
    """Rows that repeat the headings, as printed tables do on every page."""
    same = [_text(field).is_null() | (pl.col(field) == heading) for field, heading in raw.headings.items()]
    some = [(pl.col(field) == heading) for field, heading in raw.headings.items()]
    rows: list[int] = cells.filter((pl.sum_horizontal(some) >= 2) & pl.all_horizontal(same))["row"].to_list()
    return rows


def _totals(cells: pl.DataFrame, raw: RawTable) -> list[int]:
    """Rows with totals: they begin with the word and have no day; or hold only amounts, below an empty row."""
    fields = [field for field in FIELDS if field in cells.columns]
    amounts = [field for field in _CONTROLLED if field in fields]
    others = [field for field in fields if field not in amounts]
    begun = cells.filter(pl.col("row").is_in(raw.totals))
    if "start" in fields:
        begun = begun.filter(_text("start").is_null())
    bare: list[int] = []
    if amounts:
        below_empty = pl.col("row") - pl.col("row").shift(1, fill_value=raw.header_row) > 1
        bare = cells.filter(
            below_empty
            & pl.all_horizontal(_text(field).is_null() for field in others)
            & pl.any_horizontal(_text(field).is_not_null() for field in amounts)
        )["row"].to_list()
    return sorted({*begun["row"].to_list(), *bare})


def _controlled(
    cells: pl.DataFrame, lines_only: pl.DataFrame, totals: Sequence[int], raw: RawTable
) -> tuple[list[Refused], bool]:
    """Totals that differ from the lines above them; and whether some total could not be checked.

    A total may be of all lines above it or of those since the total before, with credits counted or taken off.
    """
    faults: list[Refused] = []
    unchecked = False
    if not totals:
        return faults, unchecked
    for field in _CONTROLLED:
        if field not in cells.columns:
            continue
        values = amounts_of(cells, field)
        values = values.with_columns(
            pl.col("row").is_in(list(totals)).alias("total"),
            pl.col("row").is_in(lines_only["row"].implode()).alias("line"),
        )
        signs = pl.lit(1)
        if "direction" in cells.columns:
            credit = cells["direction"].str.strip_chars().str.to_lowercase().is_in(["c", "credit"])
            values = values.with_columns(credit.alias("credit"))
            signs = pl.when("credit").then(-1).otherwise(1)
        of_line = pl.when("line").then(pl.col("value").fill_null(0))
        sums = values.with_columns(
            of_line.fill_null(0).cum_sum().alias("all"),
            (of_line.fill_null(0) * signs).cum_sum().alias("net"),
            (pl.col("line") & pl.col("code").is_not_null()).cum_sum().alias("untyped"),
        ).filter("total")
        since, net_since = 0, 0
        for row, value, code, everything, net, untyped in sums.select(
            "row", "value", "code", "all", "net", "untyped"
        ).iter_rows():
            if value is None and code is None:
                continue
            if value is None or untyped:
                unchecked = True
            elif value not in {everything, everything - since, net, net - net_since}:
                cell = f"{raw.columns[field]}{row}"
                decimals = _DECIMALS[field]
                faults.append(Refused("control-total-differs", _decimal(value, decimals), _decimal(everything, decimals), raw.sheet, cell, field))  # fmt: skip
            since, net_since = everything, net
    return faults, unchecked


def _decimal(value: int, decimals: int) -> str:
    whole, part = divmod(abs(value), 10**decimals)
    sign = "-" if value < 0 else ""
    digits = f"{part:0{decimals}d}".rstrip("0") if decimals != 2 else f"{part:02d}"
    return f"{sign}{whole},{digits}" if digits else f"{sign}{whole}"


# ---- citizen service numbers -----------------------------------------------------------------------------


def _holds_service_numbers(column: pl.Series) -> bool:
    """Whether more than half of the different values of a column are citizen service numbers (at least three)."""
    values = column.str.strip_chars().unique()
    values = values.filter(values != "")
    digits = values.filter(values.str.contains(r"^[0-9][0-9 .\-]{6,12}[0-9]$"))
    if digits.len() * 2 <= values.len():
        return False
    others = ["-"] * (values.len() - digits.len())
    return are_service_numbers([*digits.to_list(), *others])
