"""Typing of one field: cells as written to values, or the code of a refusal. Strict: nothing is guessed.

A date or number that can be read two ways is settled by the cells around it or refused:

* ``3-4-2018`` is day first, as Dutch dates with dashes and dots are, unless a cell of the column is month first.
* ``3/4/2018`` is day first when a cell of the column (or else of another date column of the file) shows it.
* ``1.234`` is a thousand when another cell of its column shows a decimal comma, and one when it shows a decimal point.

A number of Excel in a column of identifiers is taken as its digits, unless zeros in front of it can have been lost:
when another cell of the column starts with a zero, when its own format adds zeros, or when its digits are too few.

All work on frames of cells of many files at once: ``file`` (a number), ``kind`` and ``text`` (trimmed; null when empty);
what settles a cell is always looked for in its own file. They add ``value`` and ``code``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import polars as pl

from settlement.deliveries.cells import (
    AFFIXED,
    BOOLEAN,
    DATE,
    ERROR,
    MERGED,
    NO_RESULT,
    NUMBER,
    PADDED,
    TEXT,
    number_as_shown,
)
from settlement.deliveries.words import END_REASONS, MONTHS, NO, RESULTS, UNITS, YES

QUANTITY_AT_MOST = 1_000_000
"""More in one line is a fault of the file: a year has 525,600 minutes."""
AMOUNT_AT_MOST = 1_000_000_000
"""Euros in one line."""
TEXT_AT_MOST = 200
"""Characters in a cell of text."""
FIRST_YEAR, LAST_YEAR = 1990, 2100
MUNICIPALITY_DIGITS = 4
_NUMERIC = (NUMBER, PADDED, AFFIXED)
_PLAINLY_STORED = r"^(?:0|-?[1-9][0-9]{0,11}|-?(?:0|[1-9][0-9]{0,11})\.[0-9]?[1-9])$"
"""Numbers that need no rewriting: short, and without zeros at the end of their decimals."""

DATES = ("allocation_start", "allocation_end", "start", "end")
TEXTS = ("contract", "client", "service", "code", "profile", "intensity", "allocation", "reference",
          "previous_reference", "municipality", "subcontractor")  # fmt: skip
_IDENTIFIERS = frozenset({"contract", "client", "code", "allocation", "reference", "previous_reference"})
"""Texts that are compared letter by letter: only Latin letters and plain digits, so that no look-alike hides in them."""

_INVISIBLE = (
    r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}"
    r"\u{00A0}\u{2000}-\u{200A}\u{202F}\u{205F}\u{3000}\u{115F}\u{1160}\u{3164}\u{2800}]"
)
"""Characters that show nothing, or a space that is not one."""
_NOT_PLAIN = r"[^\p{Latin}0-9 !-/:-@\[-`{-~€§°´–—‘’“”]|[\u{FF00}-\u{FFEF}]"

def as_excel_shows(cells: pl.DataFrame) -> pl.DataFrame:
    """The cells with the ``text`` of each number as Excel shows it: 95.499999999999986 is 95.5, 231.0 and 2.31E2 are 231."""
    text = pl.col("text")
    stored = cells.filter(pl.col("kind").is_in(_NUMERIC) & ~text.str.contains(_PLAINLY_STORED))["text"]
    shown = {number: as_shown for number in stored.unique() if (as_shown := number_as_shown(number)) is not None}
    if not shown:
        return cells
    number = text.replace_strict(shown, default=text, return_dtype=pl.String)
    return cells.with_columns(pl.when(pl.col("kind").is_in(_NUMERIC)).then(number).otherwise(text).alias("text"))


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
    numeric = kind.is_in(_NUMERIC)
    whole = text.str.contains(r"^[0-9]{1,15}$")
    zeros_around = ((kind == TEXT) & text.str.contains("^0[0-9]").fill_null(value=False)).any().over("file")
    too_few = text.str.len_chars() < MUNICIPALITY_DIGITS if field == "municipality" else pl.lit(value=False)
    code = pl.coalesce(
        _not_readable(),
        pl.when(kind.is_in([DATE, BOOLEAN]))
        .then(pl.lit("not-text"))
        .when((numeric & ~whole) | (kind == AFFIXED))
        .then(pl.lit("not-an-identifier"))
        .when(numeric & (zeros_around | (kind == PADDED) | too_few))
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
    """A word of a closed list. A truth value is one only where yes and no are asked; a day or ``1 dag`` for 1 never is."""
    no_words = [DATE, AFFIXED] if type_ == pl.Boolean else [DATE, AFFIXED, BOOLEAN]
    value = _folded().replace_strict(words, default=None, return_dtype=type_)
    code = pl.coalesce(
        _not_readable(),
        pl.when(pl.col("kind").is_in(no_words))
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


NO_EVIDENCE = pl.DataFrame(
    schema={"file": pl.Int32, "separator": pl.String, "day_first": pl.Boolean, "month_first": pl.Boolean}
)


def evidence(cells: pl.DataFrame) -> pl.DataFrame:
    """By file and separator: whether some date of these cells can only be day first, and some only month first."""
    parts = (
        cells.filter(pl.col("kind") == TEXT)
        .select("file", pl.col("text").str.replace(_MIDNIGHT, "").str.extract_groups(_DAY_MONTH_YEAR).alias("parts"))
        .select(
            "file",
            pl.col("parts").struct.field("2").alias("separator"),
            pl.col("parts").struct.field("1").cast(pl.Int32).alias("first"),
            pl.col("parts").struct.field("3").cast(pl.Int32).alias("second"),
        )
        .drop_nulls()
    )
    first, second = pl.col("first"), pl.col("second")
    return parts.group_by("file", "separator").agg(
        # What is no date in either order, such as 21/26/2018, shows nothing.
        (first.is_between(13, 31) & second.is_between(1, 12)).any().alias("day_first"),
        (second.is_between(13, 31) & first.is_between(1, 12)).any().alias("month_first"),
    )


def _typed_dates(cells: pl.DataFrame, around: pl.DataFrame, files_of_1904: Collection[int]) -> pl.DataFrame:
    """Days. ``around`` is the evidence of the other date columns of each file."""
    text, kind = pl.col("text"), pl.col("kind")
    own = evidence(cells)
    cells = (
        cells.with_columns(text.str.to_lowercase().str.replace(_MIDNIGHT, "").alias("day"))
        .with_columns(
            pl.col("day").str.extract_groups(_DAY_MONTH_YEAR).alias("dmy"),
            pl.col("day").str.extract_groups(_YEAR_MONTH_DAY).alias("ymd"),
            pl.col("day").str.extract_groups(_DAY_NAME_YEAR).alias("dny"),
        )
        .with_columns(pl.col("dmy").struct.field("2").alias("separator"))
        .join(own, on=["file", "separator"], how="left", maintain_order="left")
        .join(around, on=["file", "separator"], how="left", suffix="_around", maintain_order="left")
    )

    def part(groups: str, number: int) -> pl.Expr:
        return pl.col(groups).struct.field(str(number))

    same = (part("dmy", 2) == part("dmy", 4)).fill_null(value=False)
    same_iso = (part("ymd", 2) == part("ymd", 4)).fill_null(value=False)
    named = part("dny", 2).replace_strict(MONTHS, default=None, return_dtype=pl.Int32).cast(pl.String)
    iso = (
        pl.when(same)
        .then(pl.concat_str([part("dmy", 5), part("dmy", 3).str.zfill(2), part("dmy", 1).str.zfill(2)], separator="-"))
        .when(same_iso)
        .then(pl.concat_str([part("ymd", 1), part("ymd", 3).str.zfill(2), part("ymd", 5).str.zfill(2)], separator="-"))
        .when(named.is_not_null())
        .then(pl.concat_str([part("dny", 3), named.str.zfill(2), part("dny", 1).str.zfill(2)], separator="-"))
    )
    of_1904 = pl.col("file").is_in(sorted(files_of_1904))
    start = pl.when(of_1904).then(pl.date(1904, 1, 1)).otherwise(pl.date(1899, 12, 30))
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
        pl.when(kind.is_in([*_NUMERIC, BOOLEAN]))
        .then(pl.lit("date-as-number"))
        .when((kind == DATE) & text.str.contains(r"\.[0-9]*[1-9]"))
        .then(pl.lit("date-with-time"))
        .when((kind == TEXT) & pl.col("day").str.contains(_TIME))
        .then(pl.lit("date-with-time"))
        .when(pl.col("day").str.contains(r"^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}$"))
        .then(pl.lit("two-digit-year"))
        .when(text.is_not_null() & pl.col("value").is_null())
        .then(pl.lit("not-a-date"))
        .when(~pl.col("value").dt.year().is_between(FIRST_YEAR, LAST_YEAR))
        .then(pl.lit("date-out-of-range"))
        .when(two_ways & ~settled)
        .then(pl.lit("ambiguous-date")),
    )
    return cells.with_columns(code.alias("code"))


# ---- numbers ---------------------------------------------------------------------------------------------

_DECIMAL_COMMA = r"^(?:[0-9]+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,})$"
_DECIMAL_POINT = r"^(?:[0-9]+\.[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+|[0-9]{1,3}(?:,[0-9]{3}){2,})$"
_TWO_WAYS = r"^[1-9][0-9]{0,2}[.,][0-9]{3}$"


def _plain(cells: pl.DataFrame) -> pl.DataFrame:
    """Numbers as plain digits: adds ``whole`` and ``fraction`` (digits, without zeros at the outside), ``negative``, and ``code``.

    Works on the column ``number``: the text with everything around the number taken off.
    """
    number, kind = pl.col("number"), pl.col("kind")
    is_text = kind == TEXT
    cells = cells.with_columns(
        number.str.starts_with("-").alias("negative"), number.str.strip_prefix("-").alias("digits")
    ).with_columns((is_text & pl.col("digits").str.contains(_TWO_WAYS)).alias("two_ways"))
    digits = pl.col("digits")
    sure = is_text & ~pl.col("two_ways")
    comma = (sure & digits.str.contains(_DECIMAL_COMMA)).fill_null(value=False).any().over("file")
    point = (sure & digits.str.contains(_DECIMAL_POINT)).fill_null(value=False).any().over("file")
    comma_reading = digits.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    point_reading = digits.str.replace_all(",", "", literal=True)
    reading = (
        pl.when(~is_text | digits.str.contains(r"^[0-9]+$"))
        .then(digits)
        .when(pl.col("two_ways"))
        .then(pl.when(comma & ~point).then(comma_reading).when(point & ~comma).then(point_reading))
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


# ---- by field ------------------------------------------------------------------------------------------


def typer(field: str, around: pl.DataFrame, files_of_1904: Collection[int]) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """The function that types the cells of one field. ``around`` is ``evidence`` of the other date columns."""
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
    if field in DATES:
        return lambda cells: _typed_dates(cells, around, files_of_1904)
    return by_field.get(field, lambda cells: _typed_texts(cells, field))


def _centi(marks: pl.DataFrame) -> pl.DataFrame:
    """Tenths to hundredths: a mark has one decimal, its column counts hundredths."""
    return marks.with_columns(pl.col("value") * 10)
