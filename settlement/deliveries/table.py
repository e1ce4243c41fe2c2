"""Tables as text to lines and refusals: what is a line, what a total, what a merged cell says; then the typing.

Many files at once; only what few files have (merged cells, totals) is looked at file by file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from settlement.deliveries.cells import KIND, MERGED, TEXT
from settlement.deliveries.headings import OF_A_LINE, TOTAL, column_number
from settlement.deliveries.lines import FIELDS, REFUSALS
from settlement.deliveries.personal import are_service_numbers
from settlement.deliveries.reading import RawTable, Refused
from settlement.deliveries.typed import FIELD_OF, NATIONAL, Source, amounts_of, typed

_FILLED_DOWN = frozenset(FIELDS) - {"quantity", "claimed", "reference", "previous_reference"}
"""Fields of which a merged cell speaks for all its rows; a quantity stands once, and nobody knows for which row."""
_CONTROLLED = {"quantity": 3, "claimed": 2}
"""Fields that have totals, with their decimals."""
_PERSONAL = ("client", "allocation", "reference", "previous_reference", "code", "service", "profile", "subcontractor",
             "municipality", "intensity")  # fmt: skip
"""Fields whose column could hold citizen service numbers."""
_NOTED_AT_MOST = 30
"""Unknown columns that are named; a sheet may have thousands."""


@dataclass(frozen=True)
class TypedTable:
    """What became of the table of one file."""

    rows: int
    """Lines delivered."""
    contracts: tuple[str, ...]
    """Of its lines."""
    other_contracts: bool
    """Whether refused rows name another contract than the lines do, or none."""
    of_file: tuple[Refused, ...]
    """What is wrong with the file besides; its lines are read all the same."""
    notes: tuple[str, ...]


@dataclass(frozen=True)
class TypedTables:
    """What became of the tables of many files."""

    files: tuple[TypedTable | Refused, ...]
    """In the order given; ``Refused`` where all of a table is: citizen service numbers."""
    lines: pl.DataFrame
    refusals: pl.DataFrame
    partly: pl.DataFrame
    """Schema ``PARTLY``: the refused lines as far as they could be read."""


def typed_tables(tables: Sequence[tuple[Source, RawTable]], known: Mapping[str, str]) -> TypedTables:
    """Every row of every table as a line or a refusal, totals and repeated headings apart. ``known`` as in ``typed``.

    Raises ``RuntimeError`` when the lines and the refused rows of a file are not its delivered rows: a fault of ours.
    """
    sources = [source for source, _ in tables]
    raws = [raw for _, raw in tables]
    cells = _together(raws)
    cells = _without(cells, [(at, row) for at, raw in enumerate(raws) for row in (*raw.outside, *raw.repeated)])
    totals = _totals(cells, raws)
    only_lines = _without(cells, totals)
    personal = _service_numbers(only_lines, raws)
    if personal:
        only_lines = only_lines.filter(~pl.col("file").is_in(sorted(personal)))
    lines, refusals, partly = typed(only_lines, sources, known)
    unsplit = _unsplit([(source, raw) for at, (source, raw) in enumerate(tables) if at not in personal])
    if unsplit.height:
        position = {source.delivery: at for at, source in enumerate(sources)}
        by_file = pl.col("delivery").replace_strict(position, return_dtype=pl.Int32)
        refusals = pl.concat([refusals, unsplit]).sort(by_file, "row", maintain_order=True)
    differing, unchecked = _controlled(cells, only_lines, totals, raws)
    rows = _counted(only_lines.group_by("file").len())
    accepted = _counted(lines.group_by("delivery").len())
    refused = _counted(refusals.group_by("delivery").agg(pl.col("row").n_unique()))
    contracts = dict(lines.group_by("delivery").agg(pl.col("contract").unique().sort()).iter_rows())
    other = set(refusals.filter(pl.col("field") == "contract")["delivery"])
    files: list[TypedTable | Refused] = []
    for at, (source, raw) in enumerate(tables):
        if at in personal:
            files.append(personal[at])
            continue
        delivered = rows.get(at, 0) + len({fault[0] for fault in raw.faults})
        if delivered != accepted.get(source.delivery, 0) + refused.get(source.delivery, 0):
            raise RuntimeError(
                f"{source.delivery}: {delivered} rows delivered, {accepted.get(source.delivery, 0)} accepted and "
                f"{refused.get(source.delivery, 0)} refused"
            )
        has_totals = any(file == at for file, _ in totals)
        other_tables = [Refused("second-table", name, "", name) for name in raw.other_tables]
        files.append(
            TypedTable(
                delivered,
                tuple(contracts.get(source.delivery, ())),
                source.delivery in other,
                (*differing.get(at, ()), *other_tables),
                _notes(raw, has_totals=has_totals, unchecked=at in unchecked),
            )
        )
    return TypedTables(tuple(files), lines, refusals, partly)


def _counted(counts: pl.DataFrame) -> dict[int | str, int]:
    return dict(counts.iter_rows())


def _notes(raw: RawTable, *, has_totals: bool, unchecked: bool) -> tuple[str, ...]:
    """What a person should know of the file."""
    notes = [*raw.notes]
    if raw.hidden:
        notes.append("hidden rows")
    if raw.repeated:
        notes.append("repeated headings")
    if has_totals:
        notes.append("totals, not checked" if unchecked else "totals")
    if raw.outside - set(raw.totals):
        notes.append("text outside the table")
    if _merged_below(raw):
        notes.append("merged cells")
    return (*notes, *(f"unknown column: {name}" for name in raw.others[:_NOTED_AT_MOST]))


def _together(raws: Sequence[RawTable]) -> pl.DataFrame:
    """The cells of all tables, with the position of the file before them."""
    frames = [_merged(raw).select(pl.lit(at, dtype=pl.Int32).alias("file"), pl.all()) for at, raw in enumerate(raws)]
    empty = pl.DataFrame(schema={"file": pl.Int32, "row": pl.Int32})
    return pl.concat([empty, *frames], how="diagonal")


def _without(cells: pl.DataFrame, rows: Sequence[tuple[int, int]]) -> pl.DataFrame:
    if not rows:
        return cells
    return cells.join(_rows(rows), on=["file", "row"], how="anti", maintain_order="left")


def _rows(rows: Sequence[tuple[int, int]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"file": pl.Int32, "row": pl.Int32}, orient="row")


def _unsplit(tables: Sequence[tuple[Source, RawTable]]) -> pl.DataFrame:
    """Rows that have too few or too many cells, and lines of messages that are refused as they stand, as refusals."""
    return pl.DataFrame(
        [
            (
                source.delivery, source.contract or next(iter(contract), None), raw.sheet, row, "",
                FIELD_OF.get(str(code), ""), code, NATIONAL.get(str(code), ""), found, expected,
            )
            for source, raw in tables
            for row, code, found, expected, *contract in raw.faults
        ],
        schema=REFUSALS,
        orient="row",
    )


# ---- merged cells ----------------------------------------------------------------------------------------


def _merged(raw: RawTable) -> pl.DataFrame:
    """The cells, with what merged ones say in every row they cover; or the kind ``MERGED`` where that is not clear."""
    cells = raw.cells
    merged = _merged_below(raw)
    if not merged or cells.is_empty():
        return cells
    for field, column in raw.columns.items():
        own = column_number(column)
        alone = _apart(
            [
                (top, bottom, left == right and field in _FILLED_DOWN and top > raw.header_row)
                for left, top, right, bottom in merged
                if left <= own <= right
            ]
        )
        cells = _filled_down(cells, field, [(top, bottom) for top, bottom, clear in alone if clear])
        cells = _marked(cells, field, [(top, bottom) for top, bottom, clear in alone if not clear])
    return cells


def _merged_below(raw: RawTable) -> list[tuple[int, int, int, int]]:
    """The merged cells that touch the rows and columns of the table: first column and row, last column and row."""
    own = [column_number(column) for column in raw.columns.values()]
    numbered = [(column_number(left), top, column_number(right), bottom) for left, top, right, bottom in raw.merged]
    return [
        (left, top, right, bottom)
        for left, top, right, bottom in numbered
        if bottom > raw.header_row and (left, top) != (right, bottom) and any(left <= each <= right for each in own)
    ]


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


def _totals(cells: pl.DataFrame, raws: Sequence[RawTable]) -> list[tuple[int, int]]:
    """Rows with totals: they begin with the word and have nothing of a line; or hold only amounts, below an empty row."""
    fields = [field for field in FIELDS if field in cells.columns]
    amounts = [field for field in _CONTROLLED if field in fields]
    others = [field for field in fields if field not in amounts]
    begun = cells.join(
        _rows([(at, row) for at, raw in enumerate(raws) for row in raw.totals]), on=["file", "row"], how="semi"
    )
    for field in OF_A_LINE:
        if field in fields:
            begun = begun.filter(_text(field).is_null() | _text(field).str.contains(TOTAL))
    rows = begun.select("file", "row").rows()
    if amounts:
        bare = cells
        for field in others:  # one after the other: after the first, next to nothing is left
            bare = bare.filter(_text(field).is_null())
        bare = bare.filter(pl.any_horizontal(_text(field).is_not_null() for field in amounts)).select("file", "row")
        headings = _rows([(at, raw.header_row) for at, raw in enumerate(raws)])
        filled = pl.concat([cells.select("file", "row"), headings]).with_columns(pl.col("row") + 1)
        rows += bare.join(filled, on=["file", "row"], how="anti").rows()
    return sorted(set(rows))


def _controlled(
    cells: pl.DataFrame, only_lines: pl.DataFrame, totals: Sequence[tuple[int, int]], raws: Sequence[RawTable]
) -> tuple[dict[int, list[Refused]], set[int]]:
    """By file, totals that differ from the lines above them; and the files with a total that could not be checked.

    A total may be of all lines above it or of those since the total before, with credits counted or taken off.
    """
    faults: dict[int, list[Refused]] = {}
    unchecked: set[int] = set()
    if not totals:
        return faults, unchecked
    is_total = pl.struct("file", "row").is_in(_rows(totals).select(pl.struct("file", "row")).to_series().implode())
    cells = cells.filter(pl.col("file").is_in(sorted({file for file, _ in totals})))
    for field, decimals in _CONTROLLED.items():
        if field not in cells.columns:
            continue
        values = amounts_of(cells, field).with_columns(is_total.alias("total"))
        credit = pl.lit(value=False)
        if "direction" in cells.columns:
            values = values.with_columns(cells["direction"])
            credit = (
                pl.col("direction").str.strip_chars().str.to_lowercase().is_in(["c", "credit"]).fill_null(value=False)
            )
        of_line = pl.when("total").then(0).otherwise(pl.col("value").fill_null(0))
        sums = values.with_columns(
            of_line.cum_sum().over("file").alias("all"),
            (of_line * pl.when(credit).then(-1).otherwise(1)).cum_sum().over("file").alias("net"),
            (~pl.col("total") & pl.col("code").is_not_null()).cum_sum().over("file").alias("untyped"),
        ).filter("total")
        since: dict[int, tuple[int, int]] = {}
        for file, row, value, code, everything, net, untyped in sums.select(
            "file", "row", "value", "code", "all", "net", "untyped"
        ).iter_rows():
            before, net_before = since.get(file, (0, 0))
            if value is None and code is None:
                continue
            if value is None or untyped:
                unchecked.add(file)
            elif value not in {everything, everything - before, net, net - net_before}:
                raw = raws[file]
                found, expected = _decimal(value, decimals), _decimal(net, decimals)
                cell = f"{raw.columns[field]}{row}"
                faults.setdefault(file, []).append(
                    Refused("control-total-differs", found, expected, raw.sheet, cell, field)
                )
            since[file] = (everything, net)
    return faults, unchecked


def _decimal(value: int, decimals: int) -> str:
    """A number as the Dutch write it: two decimals of an amount, of a quantity those that say something."""
    whole, part = divmod(value, 10**decimals)
    digits = f"{part:0{decimals}d}" if decimals == 2 else f"{part:0{decimals}d}".rstrip("0")
    return f"{whole},{digits}" if digits else str(whole)


# ---- citizen service numbers -----------------------------------------------------------------------------


def _service_numbers(cells: pl.DataFrame, raws: Sequence[RawTable]) -> dict[int, Refused]:
    """The files with a column of which more than half of the different values are citizen service numbers."""
    found: dict[int, Refused] = {}
    for field in _PERSONAL:
        if field not in cells.columns:
            continue
        digits = pl.col("value").str.contains(r"^[0-9][0-9 .\-]{6,12}[0-9]$")
        values = cells.select("file", _text(field).alias("value"))
        if not values.select(digits.any()).item():
            continue
        values = values.drop_nulls().unique()
        suspect = values.group_by("file").agg(
            pl.col("value").filter(digits).alias("digits"), (~digits).sum().alias("others"), digits.sum().alias("count")
        )
        for file, numbers, others in (
            suspect.filter(pl.col("count") > pl.col("others")).select("file", "digits", "others").iter_rows()
        ):
            if are_service_numbers([*numbers, *["-"] * others]):
                raw = raws[file]
                found.setdefault(file, Refused("service-number-column", raw.headings[field], "", raw.sheet, "", field))
    return found
