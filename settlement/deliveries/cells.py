"""What kind of cell a delivered text came from. Standard library only: the reading child shares it with the run."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

TEXT = 0
"""Text, as written; every cell of a CSV."""
NUMBER = 1
"""A number of Excel, as stored: ``95.499999999999986``, ``1E-3``."""
PADDED = 2
"""A whole number of Excel that its format shows with leading zeros; the text is as shown: ``00123``."""
DATE = 3
"""A number of Excel with a date format: days since the start of the workbook's calendar."""
BOOLEAN = 4
"""``1`` or ``0``."""
ERROR = 5
"""``#REF!``, ``#N/B``: a formula that failed."""
NO_RESULT = 6
"""A formula whose result was never stored; the text is the formula, with its equals sign."""
MERGED = 7
"""Part of a merged cell, so that it is not clear which row or column its value is of."""

AFFIXED = 8
"""A number that its format shows with letters or marks around or in it (``C-0231`` for 231); the text is as stored."""

KIND = ".kind"
"""Behind a field's name: the column that holds the kinds. Left out where all cells are text."""

SEPARATOR = "\x7f"
"""Between the cells of a column on their way out of the reading child."""
IN_ITS_PLACE = "\x1f"
"""What a delivered separator is replaced by; a cell with either is refused for invisible characters."""


def separable(text: str) -> str:
    """Without the character that separates cells on their way out of the child; the one put in its place is refused too."""
    return text.replace(SEPARATOR, IN_ITS_PLACE) if SEPARATOR in text else text


_STORED_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_EXCEL_DIGITS = 15
"""Excel keeps and shows fifteen significant digits; what a file stores beyond them is the error of a float."""


def number_as_shown(stored: str) -> str | None:
    """A stored number at fifteen significant digits, without exponent; ``None`` when it is no number.

    95.499999999999986 is 95.5, and 231.0 and 2.31E2 are 231.
    """
    if not _STORED_NUMBER.fullmatch(stored):
        return None
    try:
        number = Decimal(format(float(stored), f".{_EXCEL_DIGITS}g"))
    except (ValueError, ArithmeticError):
        return None
    return format(number, "f") if number.is_finite() else None


_ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.[0-9]+)?)?Z?)?"
)


def never_counted(written: str) -> str:
    """What is written where a day or a time should be: a bare number in quotes, or it would be counted as days."""
    return f'"{written}"' if written.strip().replace(".", "").isdecimal() else written


def day_number(iso: str, *, calendar_1904: bool = False) -> str:
    """A day that a workbook writes out (``2018-03-01T00:00:00``) as the number that others store; itself when it is none."""
    match = _ISO.fullmatch(iso.strip())
    try:
        day = dt.date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        day = None
    if match is None or day is None:
        return never_counted(iso)
    days = (day - (dt.date(1904, 1, 1) if calendar_1904 else dt.date(1899, 12, 30))).days
    hour, minute, second = (int(part or 0) for part in match.group(4, 5, 6))
    seconds = 3600 * hour + 60 * minute + second
    return f"{days + seconds / 86_400:.6f}" if seconds else str(days)
