"""All fields of many files at once: cells as written to lines (``LINES``) and refusals (``REFUSALS``).

A line with any cell that can't be typed is refused, with every such cell; what it says in the others is kept (``PARTLY``),
so that what is wrong there is told with it. A field whose cells repeat is typed on the different ones and joined back:
days and units of a million lines cost little.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from settlement.deliveries.cells import BOOLEAN, DATE, KIND, PADDED, TEXT
from settlement.deliveries.lines import COLUMN_OF, FIELDS, LINES, PARTLY, REFUSALS
from settlement.deliveries.personal import without_service_numbers
from settlement.deliveries.typers import (
    DATES,
    FIRST_YEAR,
    LAST_YEAR,
    MUNICIPALITY_DIGITS,
    NO_EVIDENCE,
    TEXT_AT_MOST,
    TEXTS,
    as_excel_shows,
    evidence,
    typer,
)
from settlement.domain.periods import Month

NATIONAL: Mapping[str, str] = {
    "unknown-unit": "9341",
    # lines of JW323 messages, and messages as a whole
    "after-claim-period": "9319", "volume-too-large": "9321", "volume-times-tariff": "9346",
    "message-number-used": "9056", "claim-number-used": "9333", "claim-period-too-early": "8214",
    **dict.fromkeys(
        (
            "message-rejected", "claim-period-not-a-month", "after-message-date", "message-total-differs",
            "nothing-as-credit", "service-number-invalid", "client-twice-in-message", "period-not-in-a-month",
            "older-than-five-years", "reference-and-direction-differ", "tariff-and-unit-differ", "euros-differ",
            "line-twice-in-message", "credit-of-same-message", "credited-twice-in-message", "claimed-twice-in-message",
        ),
        "0001",
    ),
}  # fmt: skip
"""The national return code of a refusal, where there is one for a cell that can't be read."""

FIELD_OF: Mapping[str, str] = {
    "after-claim-period": "end", "volume-too-large": "quantity", "volume-times-tariff": "claimed",
    "service-number-invalid": "client", "client-twice-in-message": "client", "period-not-in-a-month": "end",
    "older-than-five-years": "end", "reference-and-direction-differ": "previous_reference",
    "tariff-and-unit-differ": "unit", "euros-differ": "claimed", "line-twice-in-message": "reference",
    "credit-of-same-message": "previous_reference", "credited-twice-in-message": "previous_reference",
    "claimed-twice-in-message": "reference",
}  # fmt: skip
"""The field of a line that a refusal of a message is about."""

_EXPECTED: Mapping[tuple[str, str], str] = {
    ("unit", ""): "minuten, uren, dagdelen, dagen, etmalen, stuks, weken, maanden, euro",
    ("direction", ""): "D, C",
    ("result", ""): "behaald, niet behaald, loopt",
    ("end_reason", ""): "02, 20, 31, 32, 33, 34, 35, 36, 37, 38, 39",
    ("goal_attainment", ""): "ja, nee, 80 %",
    ("dropout", ""): "ja, nee",
    ("refused_client", ""): "ja, nee",
    ("client_satisfaction", ""): "7,5",
    ("quantity", ""): "12,5",
    ("quantity", "number-too-large"): "1.000.000",
    ("claimed", ""): "1234,50",
    ("claimed", "number-too-large"): "1.000.000.000,00",
    **{(name, ""): "31-01-2018" for name in DATES},
    **{(name, "date-out-of-range"): f"{FIRST_YEAR} – {LAST_YEAR}" for name in DATES},
    **{(name, "text-too-long"): str(TEXT_AT_MOST) for name in TEXTS},
}
"""What would be accepted, by field and code, or by field alone. Data: the sentence around it is in the wording."""


@dataclass(frozen=True)
class Source:
    """What is the same for all lines of one file."""

    delivery: str
    claim_month: Month
    sheet: str
    contract: str | None
    """``None``: its column Contractnummer says it line by line."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Field to column letters, for the cells of refusals; empty where there are none, as in a case."""
    calendar_1904: bool = False


class Typed(NamedTuple):
    """What cells say: each row is a line, or a refused one with its refusals."""

    lines: pl.DataFrame
    """Schema ``LINES``."""
    refusals: pl.DataFrame
    """Schema ``REFUSALS``: of the cells that could not be read."""
    partly: pl.DataFrame
    """Schema ``PARTLY``: the refused rows as far as they could be read."""


_NO_FAULTS = pl.DataFrame(
    schema={
        "file": pl.Int32, "row": pl.Int32, "field": pl.String, "code": pl.String, "written": pl.String, "kind": pl.UInt8
    },
)  # fmt: skip


def _cells_of(cells: pl.DataFrame, name: str) -> pl.DataFrame:
    """The cells of one field: what is ``written``, its ``kind``, and the trimmed and composed ``text``.

    The different ones of each file only, where a month repeats itself (days, units); with ``row``, where most differ.
    """
    own = cells.select("file", "row", pl.col(name).alias("written"), _kind(cells, name))
    if own.select(pl.col("written").approx_n_unique()).item() * 2 < own.height:
        own = own.select("file", "written", "kind").unique()
    text = pl.col("written").str.normalize("NFC").str.strip_chars()
    own = own.with_columns(text.alias("text")).with_columns(pl.when(pl.col("text") != "").then("text").alias("text"))
    return as_excel_shows(own)


def _kind(cells: pl.DataFrame, name: str) -> pl.Expr:
    column = f"{name}{KIND}"
    kind = pl.col(column).fill_null(TEXT) if column in cells.columns else pl.lit(TEXT)
    return kind.cast(pl.UInt8).alias("kind")


def _by_row(results: pl.DataFrame, cells: pl.DataFrame, name: str) -> pl.DataFrame:
    """Typed cells of one field for every row, in the order of ``cells``."""
    if "row" in results.columns:
        return cells.select("file", "row").join(results, on=["file", "row"], how="left", maintain_order="left")
    own = cells.select("file", "row", pl.col(name).alias("written"), _kind(cells, name))
    return own.join(results, on=["file", "written", "kind"], how="left", nulls_equal=True, maintain_order="left")


def amounts_of(cells: pl.DataFrame, name: str) -> pl.DataFrame:
    """``file``, ``row``, ``value`` (in the unit of ``LINES``) and ``code`` of ``quantity`` or ``claimed``, in order of ``cells``.

    For control totals: the same reading as that of the lines, the totals themselves included.
    """
    results = typer(name, NO_EVIDENCE, ())(_cells_of(cells, name))
    return _by_row(results, cells, name).select("file", "row", "value", "code")


def typed(
    cells: pl.DataFrame, sources: Sequence[Source], known: Mapping[str, str] | None = None
) -> Typed:
    """The lines and the refusals, in order of source and row.

    ``cells`` holds ``file`` (position in ``sources``), ``row`` and for each field present its text as written, with the
    kind of the cell beside it (``quantity.kind``) where not all are text. ``known`` maps the contract numbers in small
    letters to how they are written; ``None``: not checked.
    """
    present = [name for name in FIELDS if name in cells.columns]
    own = {name: _cells_of(cells, name) for name in present}
    dates = {name: evidence(own[name]) for name in present if name in DATES}
    files_of_1904 = [at for at, source in enumerate(sources) if source.calendar_1904]
    frame = cells.select("file", "row")
    faults: list[pl.DataFrame] = []
    for name in present:
        others = pl.concat([each for other, each in dates.items() if other != name] or [NO_EVIDENCE])
        around = others.group_by("file", "separator").agg(pl.col("day_first").any(), pl.col("month_first").any())
        joined = _by_row(typer(name, around, files_of_1904)(own[name]), cells, name)
        if name == "contract":
            joined = _of_contract(joined, sources, known)
        value = pl.when(joined["code"].is_null()).then(joined["value"])
        frame = frame.with_columns(value.alias(COLUMN_OF.get(name, name)))
        if joined["code"].null_count() < joined.height:
            faulty = joined.filter(pl.col("code").is_not_null())
            faults.append(faulty.select("file", "row", pl.lit(name).alias("field"), "code", "written", "kind"))
    found = pl.concat(faults) if faults else _NO_FAULTS
    accepted = frame.join(found.select("file", "row"), on=["file", "row"], how="anti", maintain_order="left")
    unread = found.group_by("file", "row", maintain_order=True).agg(unread="field")
    partly = frame.join(unread, on=["file", "row"], how="inner", maintain_order="left")
    return Typed(_as_lines(accepted, sources), _as_refusals(found, partly, sources), _as_partly(partly, sources))


def _of_contract(joined: pl.DataFrame, sources: Sequence[Source], known: Mapping[str, str] | None) -> pl.DataFrame:
    """The column Contractnummer: each a known contract, and the file's own where the file has one."""
    value, of_file = pl.col("value"), _of_source(sources, "contract", pl.String)
    if known is not None:
        value = value.str.to_lowercase().replace_strict(known, default=None, return_dtype=pl.String)
    nothing = pl.col("text").is_null()
    checked = pl.lit(known is not None)
    code = (
        pl.when(pl.col("code").is_not_null())
        .then(pl.col("code"))
        .when(nothing & of_file.is_null())
        .then(pl.lit("contract-missing"))
        .when(~nothing & value.is_null())
        .then(pl.lit("unknown-contract"))
        .when(checked & (value != of_file))
        .then(pl.lit("other-contract"))
    )
    return joined.with_columns(value.alias("value"), code.alias("code"))


def _of_source(sources: Sequence[Source], name: str, type_: pl.DataType | type[pl.DataType]) -> pl.Expr:
    """What the source of each row says, by its number in ``file``."""
    says = {at: getattr(source, name) for at, source in enumerate(sources)}
    return pl.col("file").replace_strict(says, return_dtype=type_) if says else pl.lit(None, dtype=type_)


def _as_partly(frame: pl.DataFrame, sources: Sequence[Source]) -> pl.DataFrame:
    """All columns of ``PARTLY``. Nothing is filled in for a cell that could not be read; but what names no earlier line can
    only be a debit."""
    unread = pl.col("unread").list
    may_be_credit = pl.col("previous_reference").is_not_null() | unread.contains("previous_reference")
    return _as_lines(frame, sources, PARTLY).with_columns(
        contract=pl.when(~unread.contains("contract")).then("contract"),
        direction=pl.when(~(unread.contains("direction") & may_be_credit)).then("direction"),
    )


def _as_lines(
    frame: pl.DataFrame, sources: Sequence[Source], schema: Mapping[str, pl.DataType | type[pl.DataType]] = LINES
) -> pl.DataFrame:
    """All columns of ``LINES`` (or ``PARTLY``), in their order and types."""
    months = {at: source.claim_month.index for at, source in enumerate(sources)}
    contract = _of_source(sources, "contract", pl.String)
    frame = frame.sort("file", "row").with_columns(
        _of_source(sources, "delivery", pl.String).alias("delivery"),
        (pl.col("file").replace_strict(months, return_dtype=pl.Int32) if months else pl.lit(0)).alias("claim_month"),
        _of_source(sources, "sheet", pl.String).alias("sheet"),
        (pl.col("contract").fill_null(contract) if "contract" in frame.columns else contract).alias("contract"),
        (pl.col("direction").fill_null("D") if "direction" in frame.columns else pl.lit("D")).alias("direction"),
    )
    missing = {name: pl.lit(None, dtype=type_) for name, type_ in schema.items() if name not in frame.columns}
    return frame.with_columns(**missing).select(pl.col(name).cast(type_) for name, type_ in schema.items())


# ---- refusals --------------------------------------------------------------------------------------------


def _as_refusals(faults: pl.DataFrame, partly: pl.DataFrame, sources: Sequence[Source]) -> pl.DataFrame:
    """The faults as refusals: with cell, national code, what stands there and what would be accepted.

    ``partly`` holds what the same rows say as far as they could be read, and so their contract.
    """
    if faults.is_empty():
        return pl.DataFrame(schema=REFUSALS)
    calendars = _of_source(sources, "calendar_1904", pl.Boolean)
    faults = faults.with_columns(calendars.alias("calendar_1904"))
    shown = faults.select("written", "kind", "calendar_1904").unique()
    found = [_found(written, kind, calendar_1904=of_1904) for written, kind, of_1904 in shown.iter_rows()]
    wanted = faults.select("field", "code", "written", "kind").unique()
    expected = [_expected(*each) for each in wanted.iter_rows()]
    faults = faults.join(
        shown.with_columns(pl.Series("found", found, dtype=pl.String)),
        on=["written", "kind", "calendar_1904"], how="left", nulls_equal=True,
    ).join(
        wanted.with_columns(pl.Series("expected", expected, dtype=pl.String)),
        on=["field", "code", "written", "kind"], how="left", nulls_equal=True,
    )  # fmt: skip
    letters = pl.DataFrame(
        [(at, name, column) for at, source in enumerate(sources) for name, column in source.columns.items()],
        schema={"file": pl.Int32, "field": pl.String, "column": pl.String},
        orient="row",
    )
    order = {name: number for number, name in enumerate(FIELDS)}
    contract = _of_source(sources, "contract", pl.String)
    if "contract" in partly.columns:
        faults = faults.join(partly.select("file", "row", named="contract"), on=["file", "row"], how="left")
        contract = contract.fill_null(pl.col("named"))
    return (
        faults.join(letters, on=["file", "field"], how="left")
        .sort("file", "row", pl.col("field").replace_strict(order, return_dtype=pl.Int32))
        .with_columns(
            _of_source(sources, "delivery", pl.String).alias("delivery"),
            _of_source(sources, "sheet", pl.String).alias("sheet"),
            contract.alias("contract"),
            (pl.col("column") + pl.col("row").cast(pl.String)).fill_null("").alias("cell"),
            pl.col("code").replace_strict(NATIONAL, default="", return_dtype=pl.String).alias("national"),
        )
        .select(pl.col(name).cast(type_) for name, type_ in REFUSALS.items())
    )


def _found(written: str | None, kind: int, *, calendar_1904: bool) -> str:
    """What stands in the cell, to show to the provider: a date as a date, invisible characters by their number, never a BSN."""
    text = (written or "").strip()
    if kind == DATE and text.split(".")[0].isdecimal():
        text = _shown_date(text, calendar_1904=calendar_1904)
    if kind == BOOLEAN:
        text = {"1": "WAAR", "0": "ONWAAR"}.get(text, text)
    text = "".join(
        each if each.isprintable() or each == " " else f"‹U+{ord(each):04X}›" for each in text[:TEXT_AT_MOST]
    )
    return without_service_numbers(text)


def _shown_date(serial: str, *, calendar_1904: bool) -> str:
    start = dt.date(1904, 1, 1) if calendar_1904 else dt.date(1899, 12, 30)
    try:
        day = start + dt.timedelta(days=int(serial.split(".", maxsplit=1)[0]))
    except (OverflowError, ValueError):
        return serial
    return f"{day.day:02d}-{day.month:02d}-{day.year:04d}"


def _expected(name: str, code: str, written: str | None, kind: int) -> str:
    """What would be accepted there: a format, a list, or, where zeros were lost, what it should perhaps have been."""
    if code == "leading-zeros-lost" and written is not None:
        if kind == PADDED:
            return written
        return written.zfill(MUNICIPALITY_DIGITS) if name == "municipality" else f"0{written}"
    return _EXPECTED.get((name, code), _EXPECTED.get((name, ""), ""))


# ---- cases -----------------------------------------------------------------------------------------------


def typed_lines(
    records: Sequence[Mapping[str, str]], *, delivery: str, claim_month: Month, contract: str
) -> Typed:
    """The lines of a case, text by field name, as lines and refusals; ``row`` counts them from 1.

    A record that names a contract of its own keeps it. Raises ``ValueError`` for a name that is no field of
    deliveries.md: the reader of cases refuses those with a place.
    """
    unknown = sorted({name for record in records for name in record} - set(FIELDS))
    if unknown:
        raise ValueError(f"not fields of a delivered line: {', '.join(unknown)}")
    present = [field for field in FIELDS if any(field in record for record in records)]
    cells = pl.DataFrame(
        {
            "file": [0] * len(records),
            "row": range(1, len(records) + 1),
            **{field: [record.get(field) for record in records] for field in present},
        },
        schema={"file": pl.Int32, "row": pl.Int32, **dict.fromkeys(present, pl.String)},
    )
    return typed(cells, [Source(delivery, claim_month, "", contract)])
