"""How a contract writes its figures: money, shares, counts, days, months, durations and the closed lists of words.

Each reader takes the text as written and gives the figure, or raises ``NotAccepted`` with what would be accepted,
spelled for what the user probably meant. Nothing is guessed: a suggestion is shown, never taken.
"""

from __future__ import annotations

import calendar
import datetime as dt
import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from settlement.domain.contract import QuantityBound
from settlement.domain.money import divide_half_up
from settlement.domain.periods import Duration, Month


class NotAccepted(ValueError):  # noqa: N818 -- it is an answer, not an error of ours
    """A text that a reader does not accept: the code of the message, the message and what would be accepted."""

    def __init__(self, code: str, message: str, advice: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Value:
    """A way of writing: what it is called in the manual, how it looks, and how it is read."""

    name: str
    example: str
    read: Callable[[str], Any]


# ---- nearest words ---------------------------------------------------------------------------------------

_DUTCH = {
    "ja": "yes", "nee": "no", "true": "yes", "false": "no", "uur": "hour", "uren": "hours", "minuut": "minute",
    "minuten": "minutes", "dagdeel": "day_part", "dagdelen": "day_parts", "dag": "day", "dagen": "days",
    "etmaal": "overnight_day", "etmalen": "overnight_days", "stuk": "piece", "stuks": "pieces", "maand": "month",
    "maanden": "months", "jaar": "year", "hoog": "high", "laag": "low", "middel": "medium", "midden": "medium",
    "nooit": "never", "niet betaald": "not paid", "aangehouden": "held", "zondagen": "sundays", "twaalfden": "twelfths",
    "levering": "delivery", "toewijzing": "allocation", "intensiteit": "intensity", "profiel": "profile",
    "taakgericht": "task-based", "inspanningsgericht": "effort-based", "outputgericht": "output-based",
    "persoonsvolgend": "person-following", "artikel": "article", "bedragen": "amounts", "diensten": "services",
    "begindatum": "starts", "einddatum": "ends", "gemeente": "municipality", "aanbieder": "provider", "titel": "title",
    "plafond": "ceiling", "tarief": "tariff", "indexering": "indexation", "bepalingen": "terms", "geen": "none",
    "jeugdigen": "clients", "naam": "name", "adres": "address", "anders": "otherwise", "bekostiging": "funding",
    "weektarief": "weekly_tariff", "maandtarief": "monthly_tariff", "signalen": "signals", "aandeel": "share",
}  # fmt: skip
"""Dutch words that a tired contract manager types, and the word of the language; for suggestions only."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant; ``None`` when none looks like it."""
    choices = {choice.casefold(): choice for choice in known}
    asked = word.casefold().strip()
    meant = _DUTCH.get(asked)
    if meant in choices:
        return choices[meant]
    for spelling in (asked, re.sub(r"[\s-]+", "_", asked), re.sub(r"[\s_-]+", " ", asked)):
        found = difflib.get_close_matches(spelling[:80], choices, n=1, cutoff=0.7)
        if found:
            return choices[found[0]]
    return None


def listed(words: Iterable[str], last: str = "or") -> str:
    """Words as a sentence lists them: ``minute, hour or day``; cut off when there are very many."""
    every = list(words)
    if len(every) > 40:
        every = [*every[:39], "…"]
    return f"{', '.join(every[:-1])} {last} {every[-1]}" if len(every) > 1 else "".join(every)


def did_you_mean(word: str, known: Sequence[str], otherwise: str = "") -> str:
    """The advice for an unknown word: the nearest one, or else all of them (or ``otherwise``)."""
    found = nearest(word, known)
    if found is not None:
        return f"Did you mean '{found}'?"
    return otherwise or (f"Accepted here: {listed(known)}." if known else "Nothing of the kind is known here.")


def quote(text: str) -> str:
    """A text as a message names it: between quotes, and not longer than a line."""
    return f"'{text}'" if len(text) <= 80 else f"'{text[:79]}…'"


# ---- numbers as people type them -------------------------------------------------------------------------

_NUMBER = r"(?:[1-9][0-9]{0,2}(?:\.[0-9]{3})+|0|[1-9][0-9]*)"
_MONEY = re.compile(rf"€ ?(-?)({_NUMBER})(?:,([0-9]{{1,2}}))?")
_SHARE = re.compile(r"(-?)(0|[1-9][0-9]*)(?:,([0-9]{1,2}))? ?%")
_COUNT = re.compile(r"0|[1-9][0-9]*")
_DECIMAL = re.compile(r"(0|[1-9][0-9]*)(?:,([0-9]{1,3}))?")

MAXIMUM_CENTS = 10_000_000_000_00
"""Ten thousand million euros: above any year of any municipality, and far inside 64 bits."""
MAXIMUM_COUNT = 1_000_000_000
LONGEST_FIGURE = 40
"""Characters of a figure; a longer one is none, whatever it says."""
MAXIMUM_SHARE_BP = 100_000
"""A thousand percent."""


def write_money(cents: int, *, decimals: bool = True) -> str:
    """An amount as a contract writes it: ``€ 2.400.000,00``, or ``€ 2.400.000`` for whole euros without decimals."""
    euros, rest = divmod(abs(cents), 100)
    whole = f"€ {'-' if cents < 0 else ''}{euros:,}".replace(",", ".")
    return f"{whole},{rest:02d}" if decimals or rest else whole


def write_share(basis_points: int) -> str:
    """A share as a contract writes it: ``2,5 %``."""
    whole, rest = divmod(abs(basis_points), 100)
    decimals = f",{rest:02d}".rstrip("0") if rest else ""
    return f"{'-' if basis_points < 0 else ''}{whole}{decimals} %"


@dataclass(frozen=True, slots=True)
class _Typed:
    """A number as somebody typed it: sign, whole part, decimals as typed."""

    negative: bool
    whole: str
    decimals: str


def _typed_number(text: str) -> _Typed | None:
    """What number somebody probably meant, whatever the thousands and decimal signs; ``None`` when it is unclear."""
    body = re.sub(r"(?i)€|\beuros?\b|\beur\b|\s|_|'", "", text)
    body = re.sub(r"[,.][-–—]+$", "", body)
    negative = bool(re.match(r"[-–−]", body)) or body.startswith("(")
    body = body.strip("-–−()+")
    if not re.fullmatch(r"[0-9][0-9.,]*", body) or len(body) > 30:
        return None
    cut = max(body.rfind(","), body.rfind("."))
    if cut < 0:
        return _Typed(negative, body, "")
    sign, tail = body[cut], body[cut + 1 :]
    both = "," in body and "." in body
    is_thousands = len(tail) == 3 and not both and (sign == "." or body.count(sign) > 1)
    if is_thousands or body.count(sign) > 1:
        return _Typed(negative, re.sub("[.,]", "", body), "")
    return _Typed(negative, re.sub("[.,]", "", body[:cut]) or "0", tail)


def read_money(text: str) -> int:
    """An amount in cents: ``€ 2.400.000``, ``€ 172,50``, ``€ -90,00``."""
    match = _MONEY.fullmatch(text) if len(text) <= LONGEST_FIGURE else None
    if match is None:
        raise _not_money(text)
    cents = int(match[2].replace(".", "")) * 100 + int((match[3] or "").ljust(2, "0"))
    if cents > MAXIMUM_CENTS:
        raise NotAccepted(
            "beyond-reason",
            f"{quote(text)} is more than any contract is worth",
            f"At most {write_money(MAXIMUM_CENTS, decimals=False)} can be settled. Is a digit typed twice?",
        )
    return -cents if match[1] else cents


def _not_money(text: str) -> NotAccepted:
    message = f"{quote(text)} is not an amount of money"
    typed = _typed_number(text)
    if typed is None:
        return NotAccepted("money", message, "Write it as the contract does: € 172,50")
    if len(typed.decimals) > 2:
        tenths = 10 ** (len(typed.decimals) - 2)
        cents = divide_half_up(int(typed.whole + typed.decimals), tenths)
        thousands = f"; if thousands are meant, {write_money(int(typed.whole + typed.decimals) * 100, decimals=False)}"
        return NotAccepted(
            "money-decimals",
            f"{quote(text)} has more than two decimals",
            f"Money is whole cents: {_signed(cents, typed)}{thousands if len(typed.decimals) == 3 else ''}",
        )
    cents = int(typed.whole) * 100 + int(typed.decimals.ljust(2, "0"))
    meant = _signed(cents, typed)
    return NotAccepted("money", message, f"Write it as the contract does: {meant}")


def _signed(cents: int, typed: _Typed) -> str:
    return write_money(-cents if typed.negative else cents, decimals=bool(typed.decimals))


def _read_share(text: str, least_bp: int, most_bp: int) -> int:
    match = _SHARE.fullmatch(text) if len(text) <= LONGEST_FIGURE else None
    if match is None:
        raise _not_share(text)
    basis_points = int(match[2]) * 100 + int((match[3] or "").ljust(2, "0"))
    basis_points = -basis_points if match[1] else basis_points
    if not least_bp <= basis_points <= most_bp:
        raise NotAccepted(
            "share-range",
            f"{quote(text)} is not possible here",
            f"A share here lies between {write_share(least_bp)} and {write_share(most_bp)}.",
        )
    return basis_points


def _not_share(text: str) -> NotAccepted:
    message = f"{quote(text)} is not a share"
    typed = _typed_number(re.sub(r"(?i)%|\bprocenten\b|\bprocent\b|\bpercent\b|\bpct\b", "", text))
    if typed is None:
        return NotAccepted("share", message, "Write it with a percent sign: 2,5 %")
    sign = "-" if typed.negative else ""
    if len(typed.decimals) > 2:
        tenths = 10 ** (len(typed.decimals) - 2)
        return NotAccepted(
            "share-decimals",
            f"{quote(text)} has more than two decimals",
            f"A share has at most two: {sign}{write_share(divide_half_up(int(typed.whole + typed.decimals), tenths))}",
        )
    meant = f"{sign}{int(typed.whole)}{',' + typed.decimals if typed.decimals else ''} %"
    if int(typed.whole) == 0 and typed.decimals and "%" not in text:
        part = write_share(int(typed.decimals.ljust(2, "0")) * 100)
        return NotAccepted("share", message, f"Write it with a percent sign: {sign}{part} (or {meant})")
    return NotAccepted("share", message, f"Write it with a percent sign: {meant}")


def read_share(text: str) -> int:
    """A part of a whole in basis points, from nothing to all: ``2,5 %``."""
    return _read_share(text, 0, 10_000)


def read_signed_share(text: str) -> int:
    """A share that may be above the whole or below nothing, in basis points: ``-2 %``, ``110 %``."""
    return _read_share(text, -MAXIMUM_SHARE_BP, MAXIMUM_SHARE_BP)


def read_index(text: str) -> int:
    """The growth of a year in basis points: ``3,2 %``; negative when prices fall."""
    return _read_share(text, -5_000, 5_000)


def read_count(text: str) -> int:
    """A bare whole number: ``310``."""
    if _COUNT.fullmatch(text):
        if len(text) > 10 or int(text) > MAXIMUM_COUNT:
            raise NotAccepted(
                "beyond-reason", f"{quote(text)} is more than can be counted here", "Is a digit typed twice?"
            )
        return int(text)
    digits = re.match(r"[0-9][0-9.,]*", text)
    typed = _typed_number(digits[0].rstrip(".,")) if digits else None
    meant = str(int(typed.whole)) if typed is not None and not typed.decimals else "310"
    raise NotAccepted("count", f"{quote(text)} is not a count", f"Write it as a bare whole number: {meant}")


def read_decimal(text: str) -> Fraction:
    """A bare number with at most three decimals behind a comma: ``58``, ``7,5``."""
    match = _DECIMAL.fullmatch(text)
    if match is not None and len(match[1]) <= 9:
        return int(match[1]) + Fraction(int(match[2] or "0"), 10 ** len(match[2] or ""))
    digits = re.match(r"[0-9][0-9.,]*", text)
    typed = _typed_number(digits[0].rstrip(".,")) if digits else None
    meant = "12" if typed is None or len(typed.whole) > 9 else str(int(typed.whole))
    if typed is not None and typed.decimals:
        meant += f",{typed.decimals[:3]}"
    raise NotAccepted("number", f"{quote(text)} is not a number", f"Write it bare, with a comma for decimals: {meant}")


def read_mark(text: str) -> Fraction:
    """A mark from 1 to 10: ``7,5``."""
    match = _DECIMAL.fullmatch(text)
    mark = read_decimal(text) if match is not None and len(match[1]) <= 2 else None
    if mark is None or not 1 <= mark <= 10:
        typed = _typed_number(text)
        meant = "7,5"
        if typed is not None and len(typed.whole) <= 2 and 1 <= int(typed.whole) <= 9:
            meant = f"{int(typed.whole)}{',' + typed.decimals[:2] if typed.decimals else ''}"
        raise NotAccepted("mark", f"{quote(text)} is not a mark", f"A mark lies between 1 and 10: {meant}")
    return mark


# ---- time ------------------------------------------------------------------------------------------------

FIRST_YEAR, LAST_YEAR = 1900, 2200
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_MONTHS_DUTCH = ("jan", "feb", "m", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")


def read_day(text: str) -> dt.date:
    """A day: ``2018-01-31``."""
    match = _DAY.fullmatch(text)
    if match is not None:
        year, month, day = int(match[1]), int(match[2]), int(match[3])
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise NotAccepted(
                "day-range",
                f"{quote(text)} lies in a year that is not settled",
                f"Years run from {FIRST_YEAR} to {LAST_YEAR}. Without an end, write the last day agreed so far.",
            )
        if 1 <= month <= 12 and not 1 <= day <= _last_of(year, month):
            raise NotAccepted(
                "no-such-day",
                f"{quote(text)} does not exist",
                f"The month ends on {year}-{month:02d}-{_last_of(year, month)}.",
            )
        if not 1 <= month <= 12:
            raise NotAccepted(
                "no-such-day", f"{quote(text)} does not exist", "Months run from 01 to 12, behind the year: 2018-01-31"
            )
        return dt.date(year, month, day)
    raise NotAccepted("day", f"{quote(text)} is not a day", f"Write year, month and day: {_meant_day(text)}")


def _last_of(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _meant_day(text: str) -> str:
    """How the day that somebody probably meant is written; a sample when it is unclear."""
    bare = text.strip().casefold()
    found = None
    for pattern, order in (
        (r"([0-9]{4})[-/. ]([0-9]{1,2})", (1, 2, 0)),
        (r"([0-9]{4})[-/. ]?([0-9]{1,2})[-/. ]?([0-9]{1,2})", (1, 2, 3)),
        (r"([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{4})", (3, 2, 1)),
    ):
        match = re.fullmatch(pattern, bare)
        if match is not None:
            found = [int(match[group]) if group else 1 for group in order]
            break
    else:
        match = re.fullmatch(r"([0-9]{1,2}) +([a-z]+)\.? +([0-9]{4})", bare)
        if match is not None and (month := _month_named(match[2])):
            found = [int(match[3]), month, int(match[1])]
    if found is None or not (FIRST_YEAR <= found[0] <= LAST_YEAR and 1 <= found[1] <= 12):
        return "2018-01-31"
    return f"{found[0]}-{found[1]:02d}-{min(max(found[2], 1), _last_of(found[0], found[1])):02d}"


def _month_named(word: str) -> int:
    """The number of a month by its Dutch or English name; 0 when it is none."""
    for number, start in enumerate(_MONTHS_DUTCH, 1):
        if word.startswith(start) and (start != "m" or word.startswith(("maa", "mar", "mrt"))):
            return number
    return {"may": 5, "oct": 10}.get(word[:3], 0)


def read_month(text: str) -> Month:
    """A month: ``2018-03``."""
    match = _MONTH.fullmatch(text)
    if match is not None and FIRST_YEAR <= int(match[1]) <= LAST_YEAR and 1 <= int(match[2]) <= 12:
        return Month(int(match[1]), int(match[2]))
    bare = text.strip().casefold()
    meant = "2018-03"
    for pattern, year, month in (
        (r"([0-9]{4})[-/. ]?([0-9]{1,2})(?:[-/. ][0-9]{1,2})?", 1, 2),
        (r"([0-9]{1,2})[-/. ]([0-9]{4})", 2, 1),
    ):
        typed = re.fullmatch(pattern, bare)
        if typed is not None and 1 <= int(typed[month]) <= 12 and FIRST_YEAR <= int(typed[year]) <= LAST_YEAR:
            meant = f"{typed[year]}-{int(typed[month]):02d}"
    named = re.fullmatch(r"([a-z]+)\.? +([0-9]{4})", bare)
    if named is not None and _month_named(named[1]):
        meant = f"{named[2]}-{_month_named(named[1]):02d}"
    raise NotAccepted("month", f"{quote(text)} is not a month", f"Write year and month: {meant}")


def read_duration(text: str) -> Duration:
    """A length of time in months or years: ``1 month``, ``5 years``."""
    match = re.fullmatch(r"([1-9][0-9]{0,2}) (months?|years?)", text)
    if match is not None:
        months = int(match[1]) * (12 if match[2].startswith("year") else 1)
        if months <= 1200:
            return Duration(months)
    typed = re.fullmatch(r"([1-9][0-9]{0,2}) ?([a-z]*)", text.strip().casefold())
    meant = "1 month"
    if typed is not None:
        number, word = int(typed[1]), typed[2]
        if word.startswith(("j", "y")) and number <= 100:
            meant = str(Duration(number * 12))
        elif word.startswith("m") or not word:
            meant = "1 month" if number == 1 else f"{number} months"
    raise NotAccepted("duration", f"{quote(text)} is not a length of time", f"Write months or years: {meant}")


def read_time(text: str) -> tuple[int, int]:
    """A time of the day, hour and minute: ``06:00``."""
    match = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", text)
    if match is not None:
        return int(match[1]), int(match[2])
    typed = re.fullmatch(r"([0-9]{1,2})(?:[:.u]([0-9]{2}))?(?: *uur)?", text.strip().casefold())
    meant = "06:00"
    if typed is not None and int(typed[1]) < 24 and int(typed[2] or "0") < 60:
        meant = f"{int(typed[1]):02d}:{typed[2] or '00'}"
    raise NotAccepted("time", f"{quote(text)} is not a time of the day", f"Write hours and minutes: {meant}")


# ---- words -----------------------------------------------------------------------------------------------


def read_text(text: str) -> str:
    """A name or title, as written."""
    if len(text) > 200:
        raise NotAccepted("text-too-long", "this text is longer than 200 characters", "Shorten it to one line.")
    return text


def words(name: str, *accepted: str, spelled: dict[str, str] | None = None) -> Value:
    """One of a closed list of words. ``spelled`` gives other spellings (plurals), each with its word."""
    by_spelling = {word: word for word in accepted} | (spelled or {})

    def read(text: str) -> str:
        if text in by_spelling:
            return by_spelling[text]
        advice = did_you_mean(text, list(by_spelling))
        every = f" Accepted here: {listed(accepted)}."
        raise NotAccepted(
            "unknown-word", f"{quote(text)} is not {name}", advice if advice.startswith("Accepted") else advice + every
        )

    return Value(listed(f"`{word}`" for word in accepted), accepted[0], read)


def read_yes_or_no(text: str) -> bool:
    """``yes`` or ``no``."""
    if text in ("yes", "no"):
        return text == "yes"
    meant = nearest(text, ("yes", "no"))
    raise NotAccepted("yes-or-no", f"{quote(text)} is neither yes nor no", f"Write {meant or 'yes or no'}.")


def read_contract_number(text: str) -> str:
    """The number of a contract: capitals, digits and hyphens, at most 24, so that it fits on a bank statement."""
    if len(text) <= 24 and re.fullmatch(r"[A-Z0-9]+(?:-[A-Z0-9]+)*", text):
        return text
    meant = re.sub(r"[^A-Z0-9]+", "-", text.upper()).strip("-")[:24].strip("-")
    raise NotAccepted(
        "contract-number",
        f"{quote(text)} is not the number of a contract",
        f"Use capitals, digits and hyphens, at most 24 together: {meant or 'UTR-AJ-2018-07'}",
    )


def read_iban(text: str) -> str:
    """A bank account by its check digits, without spaces."""
    from stdnum import iban

    if iban.is_valid(text):
        return str(iban.compact(text))
    raise NotAccepted(
        "iban",
        f"{quote(text)} is not an IBAN: its check digits do not fit",
        "Copy it again from the bank's letter: NL91 ABNA 0417 1643 00",
    )


def digits(name: str, count: int, example: str) -> Value:
    """A registration of a fixed number of digits, leading zeros included."""

    def read(text: str) -> str:
        if re.fullmatch(rf"[0-9]{{{count}}}", text):
            return text
        raise NotAccepted(
            "registration", f"{quote(text)} is not {name}", f"It has {count} digits, leading zeros included: {example}"
        )

    return Value(f"{count} digits", example, read)


def read_email(text: str) -> str:
    """An e-mail address."""
    if len(text) <= 254 and re.fullmatch(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\".]+", text):
        return text
    raise NotAccepted("email", f"{quote(text)} is not an e-mail address", "Write one address: finance@example.nl")


def read_time_zone(text: str) -> str:
    """A time zone by its name in the time zone data."""
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(text).key
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        advice = did_you_mean(text, sorted(zoneinfo.available_timezones()), "In the Netherlands: Europe/Amsterdam")
        raise NotAccepted("time-zone", f"{quote(text)} is not a time zone", advice) from None


# ---- figures that are more than one ----------------------------------------------------------------------


def read_above(text: str) -> dict[str, Any]:
    """What is done with what lies above a ceiling: ``not paid``, ``held`` or ``paid at 40 %``."""
    if text in ("not paid", "held"):
        return {"above": text}
    if text.startswith("paid at "):
        return {"above": "paid at a share", "above_share_bp": read_share(text.removeprefix("paid at "))}
    raise NotAccepted(
        "unknown-word",
        f"{quote(text)} is not what can be done above a ceiling",
        "Accepted here: not paid, held or paid at 40 %.",
    )


def read_per_missing_client(text: str) -> dict[str, Any]:
    """The amount for each missing client: money, or ``share of budget``."""
    if text == "share of budget":
        return {"share_of_budget": True}
    if nearest(text, ["share of budget"]):
        raise NotAccepted("money", f"{quote(text)} is not an amount of money", "Did you mean 'share of budget'?")
    return {"per_missing_client_cents": _not_negative(text)}


def read_bound(text: str) -> QuantityBound:
    """A bound on a quantity: ``58 per client and year``, ``58 per client``."""
    match = re.fullmatch(rf"({_DECIMAL.pattern}) per client(?: and (month|year))?", text)
    if match is not None and len(match[1]) <= 12:
        within: Any = match[4] or "contract"
        return QuantityBound(int(read_decimal(match[1]) * 1000), within)
    digits = re.match(r"[0-9][0-9.,]*", text)
    typed = _typed_number(digits[0].rstrip(".,")) if digits else None
    meant = "58 per client and year, 10 per client and month, or 200 per client"
    if typed is not None and len(typed.whole) <= 9:
        per = (
            " and month"
            if "m" in text.partition("per")[2]
            else ""
            if re.fullmatch(r"\S+ per \w+", text)
            else " and year"
        )
        meant = f"{int(typed.whole)}{',' + typed.decimals[:3] if typed.decimals else ''} per client{per}"
    raise NotAccepted("bound", f"{quote(text)} does not bound a quantity", f"Write how many and within what: {meant}")


def _not_negative(text: str) -> int:
    cents = read_money(text)
    if cents < 0:
        raise NotAccepted(
            "negative",
            f"{quote(text)} is less than nothing",
            f"Write what is agreed as a positive amount: {write_money(-cents)}",
        )
    return cents


TARIFF_MAXIMUM_CENTS = 1_000_000_00
"""A million euros for an hour, a week, a month or an arrangement."""


def _tariff(text: str) -> int:
    cents = _not_negative(text)
    if cents > TARIFF_MAXIMUM_CENTS:
        raise NotAccepted(
            "beyond-reason",
            f"{quote(text)} is more than any tariff",
            f"A tariff is at most {write_money(TARIFF_MAXIMUM_CENTS, decimals=False)}. Is a digit typed twice?",
        )
    return cents


TEXT = Value("text", "De Linde", read_text)
MONEY = Value("money", "€ 172,50", _not_negative)
TARIFF = Value("money", "€ 172,50", _tariff)
SIGNED_MONEY = Value("money", "€ -90,00", read_money)
SHARE = Value("share", "2,5 %", read_share)
SIGNED_SHARE = Value("share", "-2 %", read_signed_share)
INDEX = Value("share", "3,2 %", read_index)
COUNT = Value("count", "310", read_count)
DAY = Value("day", "2018-01-31", read_day)
MONTH = Value("month", "2018-03", read_month)
DURATION = Value("length of time", "1 month", read_duration)
TIME = Value("time", "06:00", read_time)
YES_OR_NO = Value("`yes` or `no`", "yes", read_yes_or_no)
IBAN = Value("IBAN", "NL91 ABNA 0417 1643 00", read_iban)
EMAIL = Value("e-mail address", "finance@example.nl", read_email)
