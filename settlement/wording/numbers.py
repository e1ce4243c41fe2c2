"""How figures are written in Dutch and in English: euros, counts, shares, days and months. Exact, from whole numbers.

Dutch: ``€ 1.234,50``, ``€ -1.234,50``, ``91,4 %``, ``31-03-2018``, ``maart 2018``.
English: ``€ 1,234.50``, ``€ -1,234.50``, ``91.4 %``, ``31 March 2018``, ``March 2018``.
"""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Literal

from settlement.domain.money import divide_half_up
from settlement.domain.periods import Month

Language = Literal["nl", "en"]

_MONTHS: dict[Language, tuple[str, ...]] = {
    "nl": ("januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober",
           "november", "december"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
}  # fmt: skip
_SHORT_MONTHS: dict[Language, tuple[str, ...]] = {
    "nl": ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
_SEPARATORS: dict[Language, tuple[str, str]] = {"nl": (".", ","), "en": (",", ".")}
"""Between thousands, and before decimals."""


def point(language: Language) -> str:
    """What stands before decimals."""
    return _SEPARATORS[language][1]


def grouped(language: Language, scaled: int, decimals: int) -> str:
    """A whole number of ``10**-decimals``, with thousands grouped: 123450 with 2 decimals is ``1.234,50``."""
    thousands, point = _SEPARATORS[language]
    whole, rest = divmod(abs(scaled), 10**decimals)
    text = f"{whole:,}".replace(",", thousands)
    if decimals:
        text += f"{point}{rest:0{decimals}d}"
    return f"-{text}" if scaled < 0 else text


def rounded(value: Fraction | int, decimals: int) -> int:
    """A value in whole ``10**-decimals``, halves away from zero."""
    value = Fraction(value)
    return divide_half_up(value.numerator * 10**decimals, value.denominator)


def number(language: Language, value: Fraction | int, *, at_least: int = 0, at_most: int = 2) -> str:
    """A number with as many decimals as it needs, from ``at_least``; rounded half up where ``at_most`` do not do."""
    for decimals in range(at_least, at_most + 1):
        if (Fraction(value) * 10**decimals).denominator == 1:
            return grouped(language, rounded(value, decimals), decimals)
    return grouped(language, rounded(value, at_most), at_most)


def exact(language: Language, value: Fraction | int) -> str:
    """A number that loses nothing, so that who reads it can reckon on with it: ``24,5``; where three decimals do not do, the
    fraction: ``4 1/3``."""
    value = Fraction(value)
    if (value * 1000).denominator == 1:
        return number(language, value, at_most=3)
    whole, rest = divmod(abs(value), 1)
    fraction = f"{rest.numerator}/{rest.denominator}"
    text = f"{grouped(language, whole, 0)} {fraction}" if whole else fraction
    return f"-{text}" if value < 0 else text


def euro(language: Language, cents: Fraction | int) -> str:
    """An amount in cents: ``€ 1.234,50``; a fraction of a cent is rounded half up."""
    return f"€ {grouped(language, rounded(cents, 0), 2)}"


def whole_euro(language: Language, cents: Fraction | int) -> str:
    """An amount in cents to the nearest euro: ``€ 1.235``; for tiles and charts, never for what is paid."""
    return f"€ {grouped(language, rounded(Fraction(cents) / 100, 0), 0)}"


def share(language: Language, value: Fraction | int) -> str:
    """A share of one: ``2,5 %``. What two decimals cannot hold exactly is rounded to one: ``91,4 %``."""
    percent = Fraction(value) * 100
    exact = (percent * 100).denominator == 1
    return f"{number(language, percent, at_most=2)} %" if exact else f"{grouped(language, rounded(percent, 1), 1)} %"


def day(language: Language, value: dt.date) -> str:
    """``31-03-2018``; in English ``31 March 2018``, which nobody reads the other way round."""
    if language == "nl":
        return f"{value.day:02d}-{value.month:02d}-{value.year:04d}"
    return f"{value.day} {_MONTHS['en'][value.month - 1]} {value.year}"


def month(language: Language, value: Month) -> str:
    """``maart 2018``."""
    return f"{_MONTHS[language][value.month - 1]} {value.year}"


def short_month(language: Language, value: Month) -> str:
    """``mrt``: for the axis of a chart."""
    return _SHORT_MONTHS[language][value.month - 1]
