"""Typing: cells as written to the columns of ``LINES``, or a refusal with cell and code. Strict: nothing is guessed.

A field whose cells repeat is typed on the different ones and joined back: days and units of a million lines cost little. A date or number that can be read two ways is settled by the cells around it or refused:

* ``3-4-2018`` is day first, as Dutch dates with dashes and dots are, unless a cell of the column is month first.
* ``3/4/2018`` is day first when a cell of the column (or else of another date column of the file) shows it.
* ``1.234`` is a thousand when another cell of its column shows a decimal comma, and one when it shows a decimal point.

A number of Excel in a column of identifiers is taken as its digits, unless zeros in front of it can have been lost:
when another cell of the column starts with a zero, when its own format adds zeros, or when its digits are too few.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import polars as pl

from settlement.deliveries.cells import BOOLEAN, DATE, ERROR, KIND, MERGED, NO_RESULT, NUMBER, PADDED, TEXT
from settlement.deliveries.lines import FIELDS, LINES, REFUSALS
from settlement.deliveries.personal import without_service_numbers
from settlement.deliveries.words import END_REASONS, NO, RESULTS, UNITS, YES
from settlement.domain.periods import Month

QUANTITY_AT_MOST = 1_000_000
"""More in one line is a fault of the file: a year has 525,600 minutes."""
AMOUNT_AT_MOST = 1_000_000_000
"""Euros in one line."""
TEXT_AT_MOST = 200
"""Characters in a cell of text."""
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_EXCEL_DIGITS = 15
"""Excel keeps and shows fifteen significant digits; what a file stores beyond them is the error of a float."""
_MUNICIPALITY_DIGITS = 4

_DATES = ("allocation_start", "allocation_end", "start", "end")
_TEXTS = ("contract", "client", "service", "code", "profile", "intensity", "allocation", "reference",
          "previous_reference", "municipality", "subcontractor")  # fmt: skip
_IDENTIFIERS = frozenset({"contract", "client", "code", "allocation", "reference", "previous_reference"})
"""Texts that are compared letter by letter: only Latin letters and plain digits, so that no look-alike hides in them."""

NATIONAL: Mapping[str, str] = {"unknown-unit": "9341"}
"""The national return code of a refusal, where there is one for a cell that can't be read."""

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
    **{(field, ""): "31-01-2018" for field in _DATES},
    **{(field, "date-out-of-range"): f"{_FIRST_YEAR} – {_LAST_YEAR}" for field in _DATES},
    **{(field, "text-too-long"): str(TEXT_AT_MOST) for field in _TEXTS},
}
"""What would be accepted, by field and code, or by field alone. Data: the sentence around it is in the wording."""

_INVISIBLE = (
    r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}"
    r"\u{00A0}\u{2000}-\u{200A}\u{202F}\u{205F}\u{3000}\u{115F}\u{1160}\u{3164}\u{2800}]"
)
"""Characters that show nothing, or a space that is not one."""
_NOT_PLAIN = r"[^\p{Latin}0-9 !-/:-@\[-`{-~€§°´–—‘’“”]|[\u{FF00}-\u{FFEF}]"
_MONTH_NAMES = (
    "januari jan january",
    "februari feb february",
    "maart mrt mar march",
    "april apr",
    "mei may",
    "juni jun june",
    "juli jul july",
    "augustus aug august",
    "september sep sept",
    "oktober okt october oct",
    "november nov",
    "december dec",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}

# ---- texts -----------------------------------------------------------------------------------------------


def _not_readable() -> pl.Expr:
    """The code of a cell that has no value at all, whatever the field; null where there is one."""
    kind = pl.col("kind")
    return (
        pl.when(kind == ERROR)
        .then(pl.lit("error-cell"))
        .when(kind == NO_RESULT)
        .then(pl.lit("formula-without-result"))
        .when(kind == MERGED)
        .then(pl.lit("merged-cell"))
    )


def _typed_texts(cells: pl.DataFrame, field: str) -> pl.DataFrame:
    """Text as written, trimmed and composed (NFC)."""
    text, kind = pl.col("text"), pl.col("kind")
    numeric = kind.is_in([NUMBER, PADDED])
    whole = text.str.contains(r"^[0-9]{1,15}$")
    zeros_around = cells.filter((kind == TEXT) & text.str.contains("^0[0-9]")).height > 0
    too_few = text.str.len_chars() < _MUNICIPALITY_DIGITS if field == "municipality" else pl.lit(value=False)
    code = pl.coalesce(
        _not_readable(),
        pl.when(kind.is_in([DATE, BOOLEAN]))
            .then(pl.lit("not-text"))
            .when(numeric & ~whole)
            .then(pl.lit("not-an-identifier"))
            .when(numeric & (pl.lit(zeros_around) | (kind == PADDED) | too_few))
            .then(pl.lit("leading-zeros-lost"))
            .when(text.str.len_chars() > TEXT_AT_MOST)
            .then(pl.lit("text-too-long"))
            .when(text.str.contains(_INVISIBLE))
            .then(pl.lit("invisible-characters")),
    )
    if field in _IDENTIFIERS:
        code = pl.coalesce(code, pl.when(text.str.contains(_NOT_PLAIN)).then(pl.lit("look-alike-characters")))
    return cells.with_columns(text.alias("value"), code.alias("code"))


def _folded() -> pl.Expr:
    """The text without case, accents and double spaces, for words of a closed list."""
    return (
        pl.col("text")
        .str.normalize("NFD")
        .str.replace_all(r"\p{Mn}", "")
        .str.to_lowercase()
        .str.replace_all(r"\s+", " ")
        .str.strip_chars(" .")
    )


def _typed_words(
    cells: pl.DataFrame, words: Mapping[str, object], unknown: str, type_: pl.DataType | type[pl.DataType]
) -> pl.DataFrame:
    """A word of a closed list."""
    value = _folded().replace_strict(words, default=None, return_dtype=type_)
    code = pl.coalesce(
        _not_readable(),
        pl.when(pl.col("kind") == DATE)
            .then(pl.lit(unknown))
            .when(value.is_null() & pl.col("text").is_not_null())
            .then(pl.lit(unknown)),
    )
    return cells.with_columns(value.alias("value"), code.alias("code"))


# ---- dates -----------------------------------------------------------------------------------------------

_DAY_MONTH_YEAR = r"^([0-9]{1,2})([-/.])([0-9]{1,2})([-/.])([0-9]{4})$"
_YEAR_MONTH_DAY = r"^([0-9]{4})([-/.])([0-9]{1,2})([-/.])([0-9]{1,2})$"
_DAY_NAME_YEAR = r"^([0-9]{1,2})[- ]([a-z]+)\.?[- ]([0-9]{4})$"
_MIDNIGHT = r"[ Tt]0?0:00(:00(\.0+)?)?$"
_TIME = r"[ Tt][0-9]{1,2}:[0-9]{2}"


def _evidence(cells: pl.DataFrame) -> pl.DataFrame:
    """By separator: whether some date of these cells can only be day first, and whether some can only be month first."""
    groups = pl.col("text").str.replace(_MIDNIGHT, "").str.extract_groups(_DAY_MONTH_YEAR)
    parts = (
        cells.filter(pl.col("kind") == TEXT)
        .select(groups.alias("parts"))
        .select(
            pl.col("parts").struct.field("2").alias("separator"),
            pl.col("parts").struct.field("1").cast(pl.Int32).alias("first"),
            pl.col("parts").struct.field("3").cast(pl.Int32).alias("second"),
        )
        .drop_nulls()
    )
    return parts.group_by("separator").agg(
        (pl.col("first") > 12).any().alias("day_first"),
        ((pl.col("second") > 12) & (pl.col("first") <= 12)).any().alias("month_first"),
    )


def _typed_dates(cells: pl.DataFrame, around: pl.DataFrame, calendar_1904: bool) -> pl.DataFrame:
    """Days. ``around`` is the evidence of the file's other date columns."""
    text, kind = pl.col("text"), pl.col("kind")
    own = _evidence(cells)
    cells = (
        cells.with_columns(text.str.to_lowercase().str.replace(_MIDNIGHT, "").alias("day"))
        .with_columns(
            pl.col("day").str.extract_groups(_DAY_MONTH_YEAR).alias("dmy"),
            pl.col("day").str.extract_groups(_YEAR_MONTH_DAY).alias("ymd"),
            pl.col("day").str.extract_groups(_DAY_NAME_YEAR).alias("dny"),
        )
        .with_columns(pl.col("dmy").struct.field("2").alias("separator"))
        .join(own, on="separator", how="left", maintain_order="left")
        .join(around, on="separator", how="left", suffix="_around", maintain_order="left")
    )

    def part(groups: str, number: int) -> pl.Expr:
        return pl.col(groups).struct.field(str(number))

    same = (part("dmy", 2) == part("dmy", 4)).fill_null(value=False)
    same_iso = (part("ymd", 2) == part("ymd", 4)).fill_null(value=False)
    named = part("dny", 2).replace_strict(_MONTHS, default=None, return_dtype=pl.Int32).cast(pl.String)
    iso = (
        pl.when(same)
        .then(pl.concat_str([part("dmy", 5), part("dmy", 3).str.zfill(2), part("dmy", 1).str.zfill(2)], separator="-"))
        .when(same_iso)
        .then(pl.concat_str([part("ymd", 1), part("ymd", 3).str.zfill(2), part("ymd", 5).str.zfill(2)], separator="-"))
        .when(named.is_not_null())
        .then(pl.concat_str([part("dny", 3), named.str.zfill(2), part("dny", 1).str.zfill(2)], separator="-"))
    )
    start = pl.date(1904, 1, 1) if calendar_1904 else pl.date(1899, 12, 30)
    days = text.str.extract(r"^([0-9]{1,7})(?:\.0*)?$").cast(pl.Int64)
    serial = start + pl.duration(days=pl.when(kind == DATE).then(days))
    cells = cells.with_columns(
        pl.when(kind == DATE).then(serial).otherwise(iso.str.to_date("%Y-%m-%d", strict=False)).alias("value")
    )
    two_ways = (
        same & (part("dmy", 1).cast(pl.Int32) <= 12) & (part("dmy", 3).cast(pl.Int32) <= 12)
        & (part("dmy", 1).cast(pl.Int32) != part("dmy", 3).cast(pl.Int32))
    )  # fmt: skip
    day_first, month_first = pl.col("day_first").fill_null(value=False), pl.col("month_first").fill_null(value=False)
    day_first_around = pl.col("day_first_around").fill_null(value=False)
    month_first_around = pl.col("month_first_around").fill_null(value=False)
    slash = pl.col("separator") == "/"
    settled = (day_first & ~month_first) | (
        ~day_first & ~month_first & ~month_first_around & (~slash | day_first_around)
    )
    code = pl.coalesce(
        _not_readable(),
        pl.when(kind.is_in([NUMBER, PADDED, BOOLEAN]))
            .then(pl.lit("date-as-number"))
            .when((kind == DATE) & text.str.contains(r"\.[0-9]*[1-9]"))
            .then(pl.lit("date-with-time"))
            .when((kind == TEXT) & pl.col("day").str.contains(_TIME))
            .then(pl.lit("date-with-time"))
            .when(pl.col("day").str.contains(r"^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}$"))
            .then(pl.lit("two-digit-year"))
            .when(text.is_not_null() & pl.col("value").is_null())
            .then(pl.lit("not-a-date"))
            .when(~pl.col("value").dt.year().is_between(_FIRST_YEAR, _LAST_YEAR))
            .then(pl.lit("date-out-of-range"))
            .when(two_ways & ~settled)
            .then(pl.lit("ambiguous-date")),
    )
    return cells.with_columns(code.alias("code"))


# ---- numbers ---------------------------------------------------------------------------------------------

_DECIMAL_COMMA = r"^(?:[0-9]+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,})$"
_DECIMAL_POINT = r"^(?:[0-9]+\.[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+|[0-9]{1,3}(?:,[0-9]{3}){2,})$"
_TWO_WAYS = r"^[1-9][0-9]{0,2}[.,][0-9]{3}$"


def _as_excel_shows(stored: str) -> str | None:
    """A stored number at fifteen significant digits, without exponent; ``None`` when it is no number."""
    try:
        number = Decimal(format(float(stored), f".{_EXCEL_DIGITS}g"))
    except (ValueError, ArithmeticError):
        return None
    return format(number, "f") if number.is_finite() else None


def _plain(cells: pl.DataFrame) -> pl.DataFrame:
    """Numbers as plain digits: adds ``whole`` and ``fraction`` (digits, without zeros at the outside), ``negative``, and ``code``.

    Works on the column ``number``: the text with everything around the number taken off.
    """
    number, kind = pl.col("number"), pl.col("kind")
    stored = cells.filter(kind.is_in([NUMBER, PADDED]) & ~number.str.contains(r"^-?[0-9]{1,12}(?:\.[0-9]{1,2})?$"))
    shown = {text: _as_excel_shows(text) for text in stored["number"].unique()}
    cells = cells.with_columns(
        pl.when(kind.is_in([NUMBER, PADDED]))
        .then(number.replace_strict(shown, default=number, return_dtype=pl.String) if shown else number)
        .otherwise(number)
        .alias("number")
    )
    is_text = kind == TEXT
    cells = cells.with_columns(
        number.str.starts_with("-").alias("negative"), number.str.strip_prefix("-").alias("digits")
    ).with_columns((is_text & pl.col("digits").str.contains(_TWO_WAYS)).alias("two_ways"))
    sure = cells.filter(is_text & ~pl.col("two_ways"))
    comma = sure.filter(pl.col("digits").str.contains(_DECIMAL_COMMA)).height > 0
    point = sure.filter(pl.col("digits").str.contains(_DECIMAL_POINT)).height > 0
    digits = pl.col("digits")
    comma_reading = digits.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    point_reading = digits.str.replace_all(",", "", literal=True)
    reading = (
        pl.when(~is_text | digits.str.contains(r"^[0-9]+$"))
        .then(digits)
        .when(pl.col("two_ways"))
        .then(comma_reading if comma and not point else point_reading if point and not comma else None)
        .when(digits.str.contains(_DECIMAL_COMMA))
        .then(comma_reading)
        .when(digits.str.contains(_DECIMAL_POINT))
        .then(point_reading)
    )
    parts = reading.str.extract_groups(r"^([0-9]+)(?:\.([0-9]*))?$")
    code = pl.coalesce(
        _not_readable(),
        pl.when(kind.is_in([DATE, BOOLEAN]))
            .then(pl.lit("not-a-number"))
            .when(pl.col("two_ways") & (reading.is_null()))
            .then(pl.lit("ambiguous-number"))
            .when(number.is_null() | parts.struct.field("1").is_null())
            .then(pl.when(pl.col("text").is_not_null()).then(pl.lit("not-a-number"))),
    )
    return cells.with_columns(
        parts.struct.field("1").str.strip_chars_start("0").alias("whole"),
        parts.struct.field("2").fill_null("").str.strip_chars_end("0").alias("fraction"),
        code.alias("code"),
    )


def _scaled(decimals: int) -> pl.Expr:
    """The number of ``_plain`` in units of its last decimal, as a whole number; null where it does not fit."""
    digits = pl.col("whole") + pl.col("fraction").str.slice(0, decimals).str.pad_end(decimals, "0")
    fits = pl.col("whole").str.len_chars() <= 12
    return pl.when(fits & pl.col("code").is_null()).then(pl.lit("0") + digits).cast(pl.Int64)


def _typed_numbers(cells: pl.DataFrame, decimals: int, at_least: int, at_most: int) -> pl.DataFrame:
    """Numbers from ``at_least`` to ``at_most`` with at most so many decimals, as whole numbers of the last of them."""
    if "number" not in cells.columns:
        cells = cells.with_columns(pl.col("text").alias("number"))
    cells = _plain(cells)
    unit = 10**decimals
    cells = cells.with_columns(_scaled(decimals).alias("value"))
    nothing = (pl.col("whole") == "") & (pl.col("fraction") == "")
    code = (
        pl.when(pl.col("code").is_not_null())
        .then(pl.col("code"))
        .when(pl.col("negative") & ~nothing)
        .then(pl.lit("negative-number"))
        .when(pl.col("text").is_not_null() & (pl.col("value").is_null() | (pl.col("value") > at_most * unit)))
        .then(pl.lit("number-too-large"))
        .when(pl.col("fraction").str.len_chars() > decimals)
        .then(pl.lit("too-many-decimals"))
        .when(pl.col("value") < at_least * unit)
        .then(pl.lit("number-too-small"))
    )
    return cells.with_columns(code.alias("code"))


def _typed_amounts(cells: pl.DataFrame) -> pl.DataFrame:
    """Euros to cents; with or without the euro sign, before or behind, and ``€ 10,-``."""
    number = (
        pl.col("text")
        .str.replace(r"^(-?)\s*(?:€|(?i:eur))\s*(-?)", "$1$2")
        .str.replace(r"\s*(?:€|(?i:eur))$", "")
        .str.replace(r"^(-?[0-9.]+),(?:--?|–|—)$", "${1},00")
        .str.strip_chars()
    )
    return _typed_numbers(cells.with_columns(number.alias("number")), 2, 0, AMOUNT_AT_MOST)


def _typed_shares(cells: pl.DataFrame) -> pl.DataFrame:
    """Yes, no, or a share, in basis points: ``80 %``, and 0,8 without the percent sign."""
    answers = {**dict.fromkeys(YES, 10_000), **dict.fromkeys(NO, 0)}
    answer = (
        pl.when(pl.col("kind").is_in([TEXT, NUMBER, BOOLEAN]))
        .then(_folded().replace_strict(answers, default=None, return_dtype=pl.Int64))
        .alias("answer")
    )
    per_cent = ((pl.col("kind") == TEXT) & pl.col("text").str.ends_with("%")).fill_null(value=False)
    number = pl.when(per_cent).then(pl.col("text").str.strip_chars_end("% ")).otherwise(pl.col("text"))
    cells = cells.with_columns(answer, per_cent.alias("per_cent"), number.alias("number"))
    shares = pl.concat(
        [
            _typed_numbers(cells.filter("per_cent"), 2, 0, 100),
            _typed_numbers(cells.filter(~pl.col("per_cent")), 4, 0, 1),
        ]
    )
    code = (
        pl.when(pl.col("answer").is_not_null())
        .then(None)
        .when(pl.col("code").is_in(["number-too-large", "not-a-number"]))
        .then(pl.lit("not-a-share"))
        .otherwise(pl.col("code"))
    )
    return shares.with_columns(pl.coalesce("answer", "value").alias("value"), code.alias("code"))


# ---- all fields ------------------------------------------------------------------------------------------

_COLUMN = {
    "quantity": "quantity_milli",
    "claimed": "claimed_cents",
    "goal_attainment": "goal_attainment_bp",
    "client_satisfaction": "client_satisfaction_centi",
}
"""The column of ``LINES`` of a field, where it carries its unit in its name."""


def _cells_of(cells: pl.DataFrame, field: str) -> pl.DataFrame:
    """The cells of one field: what is ``written``, its ``kind``, and the trimmed and composed ``text``.

    The different ones only, where a month repeats itself (days, units); with their ``row``, where most differ.
    """
    kind = f"{field}{KIND}"
    own = cells.select(
        "row",
        pl.col(field).alias("written"),
        (pl.col(kind) if kind in cells.columns else pl.lit(TEXT)).cast(pl.UInt8).alias("kind"),
    )
    if own.select(pl.col("written").approx_n_unique()).item() * 2 < own.height:
        own = own.select("written", "kind").unique()
    text = pl.col("written").str.normalize("NFC").str.strip_chars()
    return own.with_columns(text.alias("text")).with_columns(pl.when(pl.col("text") != "").then("text").alias("text"))


def _by_row(results: pl.DataFrame, cells: pl.DataFrame, field: str) -> pl.DataFrame:
    """Typed cells of one field for every row, in the order of ``cells``."""
    if "row" in results.columns:
        return cells.select("row").join(results, on="row", how="left", maintain_order="left")
    kind = f"{field}{KIND}"
    if kind not in cells.columns:
        own = cells.select("row", pl.col(field).alias("written"))
        return own.join(results, on="written", how="left", nulls_equal=True, maintain_order="left")
    own = cells.select("row", pl.col(field).alias("written"), pl.col(kind).cast(pl.UInt8).alias("kind"))
    return own.join(results, on=["written", "kind"], how="left", nulls_equal=True, maintain_order="left")


def _typer(field: str, around: pl.DataFrame, *, calendar_1904: bool) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """The function that types the cells of one field: it adds ``value`` and ``code`` to ``_cells_of``."""
    yes_or_no = {**dict.fromkeys(YES, True), **dict.fromkeys(NO, False)}
    by_field: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
        "quantity": lambda cells: _typed_numbers(cells, 3, 0, QUANTITY_AT_MOST),
        "claimed": _typed_amounts,
        "unit": lambda cells: _typed_words(cells, UNITS, "unknown-unit", pl.String),
        "direction": lambda cells: _typed_words(
            cells, {"d": "D", "debet": "D", "debit": "D", "c": "C", "credit": "C"}, "unknown-direction", pl.String
        ),
        "result": lambda cells: _typed_words(cells, RESULTS, "unknown-result", pl.String),
        "end_reason": lambda cells: _typed_words(cells, END_REASONS, "unknown-end-reason", pl.String),
        "goal_attainment": _typed_shares,
        "client_satisfaction": lambda cells: _centi(_typed_numbers(cells, 1, 1, 10)),
        "dropout": lambda cells: _typed_words(cells, yes_or_no, "not-yes-or-no", pl.Boolean),
        "refused_client": lambda cells: _typed_words(cells, yes_or_no, "not-yes-or-no", pl.Boolean),
    }
    if field in _DATES:
        return lambda cells: _typed_dates(cells, around, calendar_1904)
    return by_field.get(field, lambda cells: _typed_texts(cells, field))


def amounts_of(cells: pl.DataFrame, field: str) -> pl.DataFrame:
    """Columns ``row``, ``value`` (in the unit of ``LINES``) and ``code`` of ``quantity`` or ``claimed``, in the order of ``cells``.

    For control totals: the same reading as that of the lines, the totals themselves included.
    """
    results = _typer(field, _NO_EVIDENCE, calendar_1904=False)(_cells_of(cells, field))
    return _by_row(results, cells, field).select("row", "value", "code")


def _centi(marks: pl.DataFrame) -> pl.DataFrame:
    """Tenths to hundredths: a mark has one decimal, its column counts hundredths."""
    return marks.with_columns(pl.col("value") * 10)


def typed(
    cells: pl.DataFrame,
    *,
    delivery: str,
    claim_month: Month,
    sheet: str,
    contract: str | None,
    known: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
    calendar_1904: bool = False,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The lines (schema ``LINES``) and the refusals (schema ``REFUSALS``) of one table, in order of row.

    ``cells`` holds ``row`` and for each field present its text as written, with the kind of the cell beside it
    (``quantity.kind``) where not all are text. ``contract`` is the contract of the file; ``None`` when the column says
    it line by line. ``known`` maps the contract numbers in small letters to how they are written; ``None``: not checked.
    ``columns`` gives the column letters of the fields, for the cells of the refusals.
    """
    present = [field for field in FIELDS if field in cells.columns]
    own = {field: _cells_of(cells, field) for field in present}
    dates = {field: _evidence(own[field]) for field in present if field in _DATES}
    frame = cells.select("row")
    codes: list[pl.DataFrame] = []
    for field in present:
        others = pl.concat([evidence for name, evidence in dates.items() if name != field] or [_NO_EVIDENCE])
        around = others.group_by("separator").agg(pl.col("day_first").any(), pl.col("month_first").any())
        results = _typer(field, around, calendar_1904=calendar_1904)(own[field])
        joined = _by_row(results, cells, field)
        if field == "contract":
            joined = _of_contract(joined, contract, known)
        frame = frame.with_columns(
            pl.when(joined["code"].is_null()).then(joined["value"]).alias(_COLUMN.get(field, field))
        )
        if joined["code"].null_count() < joined.height:
            codes.append(
                joined.filter(pl.col("code").is_not_null()).select(
                    "row", pl.lit(field).alias("field"), "code", "written", "kind"
                )
            )
    faults = pl.concat(codes) if codes else _NO_FAULTS
    lines = _as_lines(
        frame.join(faults.select("row"), on="row", how="anti", maintain_order="left"),
        delivery, claim_month, sheet, contract,
    )  # fmt: skip
    of_row = (
        cells.select("row", pl.col("contract").str.strip_chars().str.to_lowercase().replace_strict(known, default=None))
        if contract is None and known and "contract" in cells.columns
        else None
    )
    return lines, _as_refusals(
        faults, of_row, delivery=delivery, sheet=sheet, contract=contract, columns=columns or {},
        calendar_1904=calendar_1904,
    )  # fmt: skip


_NO_EVIDENCE = pl.DataFrame(
    schema={"separator": pl.String, "day_first": pl.Boolean, "month_first": pl.Boolean},
)
_NO_FAULTS = pl.DataFrame(
    schema={"row": pl.Int32, "field": pl.String, "code": pl.String, "written": pl.String, "kind": pl.UInt8},
)


def _of_contract(joined: pl.DataFrame, contract: str | None, known: Mapping[str, str] | None) -> pl.DataFrame:
    """The column Contractnummer: each a known contract, and the file's own where the file has one."""
    value = pl.col("value")
    if known is not None:
        value = value.str.to_lowercase().replace_strict(known, default=None, return_dtype=pl.String)
    code = (
        pl.when(pl.col("code").is_not_null())
        .then(pl.col("code"))
        .when(pl.col("text").is_null())
        .then(pl.lit("contract-missing") if contract is None else pl.lit(None, dtype=pl.String))
        .when(value.is_null())
        .then(pl.lit("unknown-contract"))
    )
    if contract is not None and known is not None:
        code = pl.coalesce(code, pl.when(value != contract).then(pl.lit("other-contract")))
    return joined.with_columns(value.alias("value"), code.alias("code"))


def _as_lines(frame: pl.DataFrame, delivery: str, claim_month: Month, sheet: str, contract: str | None) -> pl.DataFrame:
    """All columns of ``LINES``, in their order and types."""
    fixed = {
        "delivery": pl.lit(delivery),
        "claim_month": pl.lit(claim_month.index),
        "sheet": pl.lit(sheet),
    }
    if "contract" not in frame.columns:
        fixed["contract"] = pl.lit(contract)
    elif contract is not None:
        fixed["contract"] = pl.col("contract").fill_null(contract)
    if "direction" in frame.columns:
        fixed["direction"] = pl.col("direction").fill_null("D")
    else:
        fixed["direction"] = pl.lit("D")
    frame = frame.with_columns(**fixed)
    missing = {name: pl.lit(None, dtype=type_) for name, type_ in LINES.items() if name not in frame.columns}
    return frame.with_columns(**missing).select(pl.col(name).cast(type_) for name, type_ in LINES.items()).sort("row")


# ---- refusals --------------------------------------------------------------------------------------------


def _as_refusals(
    faults: pl.DataFrame,
    of_row: pl.DataFrame | None,
    *,
    delivery: str,
    sheet: str,
    contract: str | None,
    columns: Mapping[str, str],
    calendar_1904: bool,
) -> pl.DataFrame:
    """The faults as refusals, in order of row and field: with cell, national code, what stands there and what would do."""
    if faults.is_empty():
        return pl.DataFrame(schema=REFUSALS)
    different = faults.select("field", "code", "written", "kind").unique()
    told = different.with_columns(
        pl.Series("found", [_found(*each, calendar_1904=calendar_1904) for each in different.select("written", "kind").iter_rows()], dtype=pl.String),
        pl.Series("expected", [_expected(*each) for each in different.select("field", "code", "written", "kind").iter_rows()], dtype=pl.String),
    )  # fmt: skip
    faults = faults.join(told, on=["field", "code", "written", "kind"], how="left", nulls_equal=True)
    if of_row is None:
        faults = faults.with_columns(pl.lit(contract, dtype=pl.String).alias("contract"))
    else:
        faults = faults.join(of_row, on="row", how="left")
    order = {field: number for number, field in enumerate(FIELDS)}
    letters = pl.col("field").replace_strict(columns, default=None, return_dtype=pl.String)
    return (
        faults.with_columns(
            pl.lit(delivery).alias("delivery"),
            pl.lit(sheet).alias("sheet"),
            (letters + pl.col("row").cast(pl.String)).fill_null("").alias("cell"),
            pl.col("code").replace_strict(NATIONAL, default="", return_dtype=pl.String).alias("national"),
        )
        .sort("row", pl.col("field").replace_strict(order, return_dtype=pl.Int32))
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


def _expected(field: str, code: str, written: str | None, kind: int) -> str:
    """What would be accepted there: a format, a list, or, where zeros were lost, what it should perhaps have been."""
    if code == "leading-zeros-lost" and written is not None:
        if kind == PADDED:
            return written
        return written.zfill(_MUNICIPALITY_DIGITS) if field == "municipality" else f"0{written}"
    return _EXPECTED.get((field, code), _EXPECTED.get((field, ""), ""))


# ---- cases -----------------------------------------------------------------------------------------------


def typed_lines(
    records: Sequence[Mapping[str, str]], *, delivery: str, claim_month: Month, contract: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
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
            "row": range(1, len(records) + 1),
            **{field: [record.get(field) for record in records] for field in present},
        },
        schema={"row": pl.Int32, **dict.fromkeys(present, pl.String)},
    )
    return typed(cells, delivery=delivery, claim_month=claim_month, sheet="", contract=contract)
