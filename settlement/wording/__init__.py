"""The one catalogue of wording: what statements, alerts and cards say, in Dutch and in English. Standard library only.

``wording("nl")`` gives a ``Wording``; everything that leaves the building asks it for its words and its figures.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache

from settlement.domain.conditions import AnyOf, Comparison, Condition, Figure
from settlement.domain.contract import PaidParts
from settlement.domain.measures import IN_MONTH, measure_of
from settlement.domain.money import divide_half_up, share_of
from settlement.domain.periods import Month, Quarter
from settlement.domain.records import AT_RESULT, AT_START, LinePart, Refusal, Working
from settlement.wording import catalogue, numbers
from settlement.wording.catalogue import Pair
from settlement.wording.formulas import FORMULAS, NUMBERS
from settlement.wording.numbers import Language
from settlement.wording.papers import PAPERS

__all__ = ["Language", "Wording", "wording"]

_PLACEHOLDER = re.compile(r"\{(\w+)(?::(?P<alone>:?)(?P<one>[^|}:]*)\|(?P<several>[^}]*))?\}")
"""``{held}``; ``{held:contract|contracts}`` with its noun; ``{held::contract|contracts}`` the noun alone, where the figure stands elsewhere."""
_NOT_GROUPED = {"year", "row"}
"""Whole numbers in sentences that are names: they get no thousands separator."""
_FIGURE = re.compile(
    r"€ (?P<amount>-?\d+,\d\d)(?!\d)"
    r"|(?<![\d-])(?:(?P<day>\d\d-\d\d-\d{4})|(?P<month>\d{4}-\d\d)|(?P<number>-?\d+(?:,\d+)?))(?![\d-])"
)
"""A figure in a refusal, in the one way in which those are written when lines are judged."""
_NUMBERS = frozenset({"negative-number", "number-too-large", "number-too-small", "too-many-decimals", "not-an-identifier"})
"""Refusals of what was read as a number."""
_STORED = re.compile(r"-?[0-9]+\.[0-9]+")
_TWO_WAYS = re.compile(r"(?<![0-9.,])([0-9]{1,3})[.,]([0-9]{3})(?![0-9.,])")
_TOTAL = re.compile(r"-?[0-9]+(,[0-9]+)?")
_SENTENCE = re.compile(r"(?<=[.!?])\s")
_OPTIONAL = re.compile(r"\[([^\]]*)\]")


@cache
def wording(language: Language, notation: Language | None = None) -> Wording:
    """The wording of a language: ``nl`` or ``en``; figures in its own notation, or in another (the command line speaks
    English with figures as the statements write them)."""
    return Wording(language, notation)


class Wording:
    """Words and figures in one language. A key that the catalogue lacks is shown as it is: no word stops a paper."""

    def __init__(self, language: Language, notation: Language | None = None) -> None:
        self.language: Language = language
        self.notation: Language = notation or language
        self._index = 0 if language == "nl" else 1

    # ---- figures -----------------------------------------------------------------------------------------

    def euro(self, cents: Fraction | int) -> str:
        """``€ 1.234,50``."""
        return numbers.euro(self.notation, cents)

    def whole_euro(self, cents: Fraction | int) -> str:
        """``€ 1.235``."""
        return numbers.whole_euro(self.notation, cents)

    def number(self, value: Fraction | int, *, at_least: int = 0, at_most: int = 2) -> str:
        """``1.234,5``."""
        return numbers.number(self.notation, value, at_least=at_least, at_most=at_most)

    def exact(self, value: Fraction | int) -> str:
        """``24,5``, or ``4 1/3``: nothing is rounded away."""
        return numbers.exact(self.notation, value)

    def share(self, value: Fraction | int) -> str:
        """``91,4 %``; the value has 1 for the whole."""
        return numbers.share(self.notation, value)

    def day(self, value: dt.date) -> str:
        """``31-03-2018``."""
        return numbers.day(self.notation, value)

    def month(self, value: Month) -> str:
        """``maart 2018``."""
        return numbers.month(self.language, value)

    def short_month(self, value: Month) -> str:
        """``mrt``."""
        return numbers.short_month(self.language, value)

    def figure(self, value: Fraction | int | str, unit: str) -> str:
        """A figure of a working, an alert or a condition, written by its unit (``Working``, ``MeasureUnit``)."""
        if isinstance(value, str):
            return value
        match unit:
            case "amount":
                text = self.euro(value)
            case "share":
                text = self.share(value)
            case "mark":
                text = self.number(value, at_least=1)
            case "months":
                text = f"{self.number(value, at_most=1)} {self.unit('month', several=value != 1)}"
            case "yes or no":
                text = self.text("yes" if value else "no")
            case _:  # a count, or a quantity
                text = self.exact(value)
        return text

    def duration(self, months: int) -> str:
        """A length of time as contracts say it: ``5 jaar``, ``2 maanden``."""
        if months and months % 12 == 0:
            return f"{months // 12} {self.unit('year', several=months != 12)}"
        return self.figure(months, "months")

    def deviation(self, value: tuple[Fraction | str, str] | None, norm: tuple[Fraction | str, str] | None) -> str:
        """How far a figure lies from its norm, with its sign; empty when they cannot be compared."""
        if value is None or norm is None or (value[1] != norm[1] and {value[1], norm[1]} != {"count", "quantity"}):
            return ""
        if isinstance(value[0], str) or isinstance(norm[0], str):
            return ""
        difference, unit = Fraction(value[0]) - Fraction(norm[0]), norm[1]
        # A norm of nought is no yardstick: the figure itself is the deviation.
        if unit == "yes or no" or not difference or not norm[0]:
            return ""
        sign = "+" if difference > 0 else "−"
        if unit == "share":
            points = numbers.grouped(self.language, numbers.rounded(abs(difference) * 100, 1), 1)
            return f"{sign}{points} {self.text('points')}"
        return sign + self.figure(abs(difference), unit)

    # ---- words -------------------------------------------------------------------------------------------

    def text(self, key: str, **values: object) -> str:
        """A sentence or label of the papers, with ``{name}`` filled in."""
        sentence = self._of(PAPERS, key)
        return _PLACEHOLDER.sub(lambda match: self._placed(match, values), sentence) if values else sentence

    def _placed(self, match: re.Match[str], values: Mapping[str, object]) -> str:
        value = values.get(match[1], match[0])
        text = self.number(value) if isinstance(value, int) and match[1] not in _NOT_GROUPED else str(value)
        return _with_noun(text, value, match)

    def term(self, kind: str) -> str:
        """``weekly_tariff`` is *Weektarief*."""
        return self._of(catalogue.TERMS, kind)

    def signal(self, name: str, *, standing: bool) -> str:
        """The name of a signal, with a capital; a contract's own name is kept as it was written."""
        found = self._of(catalogue.SIGNALS, name) if standing else name
        return found[:1].upper() + found[1:]

    def severity(self, severity: str) -> str:
        """``high`` is *Hoog*."""
        return self._of(catalogue.SEVERITIES, severity)

    def role(self, role: str) -> str:
        """``contract manager`` is *contractmanager*."""
        return self._of(catalogue.ROLES, role)

    def funding(self, funding: str) -> str:
        """``task-based`` is *taakgericht*."""
        return self._of(catalogue.FUNDING, funding)

    def unit(self, unit: str, *, several: bool = True) -> str:
        """``hour`` is *uren*, or *uur*."""
        words = catalogue.UNITS.get(unit)
        return unit if words is None else words[self._index][1 if several else 0]

    def end_reason(self, code: str) -> str:
        """The words of a national code of ending."""
        return self._of(catalogue.END_REASONS, code)

    def reason(self, key: str) -> str:
        """Why a line earned something else than its value."""
        return self._of(catalogue.REASONS, key)

    def note(self, note: str) -> str:
        """What a person should know of a delivered file; what follows the words is kept: ``unknown column: Kleur``."""
        for words, pair in catalogue.NOTES.items():
            if note == words or note.startswith((f"{words}:", f"{words} ")):
                return pair[self._index] + note.removeprefix(words)
        return note

    def field(self, field: str) -> str:
        """The heading of a field of a delivered line."""
        return self._of(catalogue.FIELDS, field)

    def measure(self, name: str) -> str:
        """The name of a measure: *jeugdigen*, *jeugdigen in de maand*."""
        measure = measure_of(name)
        if measure is None:
            return name.replace("_", " ")
        words = measure.dutch if self._index == 0 else measure.name.replace("_", " ")
        return f"{words} {self.text('in the month')}" if name.endswith(IN_MONTH) else words

    def refusal(self, refusal: Refusal) -> str:
        """What is wrong with a line and what would be accepted, in a sentence."""
        sentence = self._of(catalogue.REFUSALS, refusal.code)
        if sentence == refusal.code:
            sentence = self._of(PAPERS, "refusal found expected" if refusal.found else "refusal expected")
        found, expected = self.found(refusal), refusal.expected
        if refusal.code in catalogue.FIGURES_JUDGED:
            expected = _FIGURE.sub(self._judged, expected)
        elif refusal.code in catalogue.CLOSED_LISTS:
            expected = f" {self.text('or')} ".join(expected.rsplit(", ", 1))
        elif refusal.field == "unit":
            expected = self.unit(expected)
        elif refusal.code == "other-month":
            expected = self.month(Month.parse(expected))
        values = {"found": found, "expected": expected, "code": refusal.code}
        if refusal.code == "control-total-differs":
            values["expected"] = self._total(expected, refusal.field)
        elif readings := _TWO_WAYS.search(found):
            values |= {"thousands": readings[1] + readings[2], "decimals": self._decimals(readings[1], readings[2])}
        return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), sentence).strip()

    def found(self, refusal: Refusal) -> str:
        """What stands in a refused cell: as delivered; what was understood first, as it was understood; a number that the file
        stores as one with the decimals of the language, as its cell shows it."""
        if refusal.code == "wrong-unit":
            return self.text("read as", unit=self.unit(refusal.found))
        if refusal.code == "control-total-differs":
            return self._total(refusal.found, refusal.field)
        if refusal.code in catalogue.FIGURES_JUDGED:
            return _FIGURE.sub(self._judged, refusal.found)
        if refusal.code == "other-month":
            return self.month(Month.parse(refusal.found))
        if refusal.code in _NUMBERS and _STORED.fullmatch(refusal.found) and not _TWO_WAYS.search(refusal.found):
            return refusal.found.replace(".", numbers.point(self.notation))
        return refusal.found

    def _judged(self, match: re.Match[str]) -> str:
        text = match[match.lastgroup or 0]
        match match.lastgroup:
            case "amount":
                return self.euro(int(text.replace(",", "")))
            case "day":
                return self.day(dt.date(int(text[6:]), int(text[3:5]), int(text[:2])))
            case "month":
                return self.month(Month.parse(text))
            case _:
                decimals = len(text.partition(",")[2])
                return self.number(Fraction(text.replace(",", ".")), at_least=decimals, at_most=decimals)

    def _total(self, written: str, field: str) -> str:
        """A control total, an amount or a quantity, as figures are written; what is no number stays."""
        if not _TOTAL.fullmatch(written):
            return written
        value = Fraction(written.replace(",", "."))
        return self.euro(value * 100) if field == "claimed" else self.number(value, at_most=3)

    def _decimals(self, whole: str, thousandths: str) -> str:
        """A number of three decimals so that it can be read one way only: ``1,2``, and ``1,2340`` where all three say something."""
        rest = thousandths.rstrip("0")
        rest += "0" if len(rest) == len(thousandths) else ""
        return f"{whole}{numbers.point(self.notation)}{rest}" if rest else whole

    def refusal_reason(self, code: str) -> str:
        """What is wrong, for a count of refusals: the sentence of the code without what stood in any file."""
        sentence = _PLACEHOLDER.sub("…", self._of(catalogue.REFUSALS, code))
        return _SENTENCE.split(sentence, maxsplit=1)[0]

    def parts(self, parts: Sequence[LinePart], paid: PaidParts) -> str:
        """Which parts of an arrangement's fee a line earned: *50 % bij de start*, *maand 1 t/m 3 van 12*."""
        if not parts:
            return ""
        if paid.months:
            first, last = parts[0].part, parts[-1].part
            if first == last:
                return self.text("part month", number=first, months=paid.months)
            return self.text("part months", first=first, last=last, months=paid.months)
        at_start = Fraction(paid.at_start_bp, 10_000)
        shares = {AT_START: ("part at start", at_start), AT_RESULT: ("part at result", 1 - at_start)}
        named = (shares[one.part] for one in parts)
        return " + ".join(self.text(key, share=self.share(value)) for key, value in named)

    def part(self, price_cents: int, part: int, paid: PaidParts) -> str:
        """How one part of an arrangement's fee comes from the fee: *€ 8.420,00 × 3 ÷ 12 − € 1.403,33*."""
        price = self.euro(price_cents)
        if paid.months:
            before = divide_half_up(price_cents * (part - 1), paid.months)
            earlier = f" − {self.euro(before)}" if before else ""
            return f"{price} × {self.number(part)} ÷ {self.number(paid.months)}{earlier}"
        at_start = share_of(price_cents, paid.at_start_bp)
        if part == AT_START:
            return f"{price} × {self.share(Fraction(paid.at_start_bp, 10_000))}" if at_start != price_cents else price
        return f"{price} − {self.euro(at_start)}" if at_start else price

    def quarter(self, quarter: Quarter) -> str:
        """``1e kwartaal 2018``."""
        return self.text("quarter", number=quarter.number, year=quarter.year)

    def condition(self, condition: Condition) -> str:
        """A condition in words: *doelrealisatie is ten minste 75 %*."""
        if isinstance(condition, AnyOf):
            both = f" {self.text('and')} "
            ways = [both.join(map(self.condition, way)) for way in condition.alternatives]
            return f" {self.text('or')} ".join(ways)
        return self._comparison(condition)

    def _comparison(self, comparison: Comparison) -> str:
        measure = measure_of(comparison.measure)
        if isinstance(comparison.value, Figure):
            value = self.figure(comparison.value.value, measure.unit if measure else "count")
        else:
            value = self.measure(comparison.value.measure)
            if comparison.value.share_bp != 10_000:
                value = f"{self.share(Fraction(comparison.value.share_bp, 10_000))} {self.text('of')} {value}"
        operator = self.text(f"operator {comparison.operator}")
        return f"{self.measure(comparison.measure)} {operator} {value}"

    # ---- workings ----------------------------------------------------------------------------------------

    def explained(self, working: Working, figure: tuple[Fraction | str, str] | None) -> str:
        """The formula of a signal with its numbers; empty where it says no more than the figure that stands beside it."""
        filled = self.formula(working)[1]
        return "" if figure is not None and filled == self.figure(*figure) else filled

    def formula(self, working: Working) -> tuple[str, str]:
        """How an amount came about: the formula in words, and the same with its numbers filled in.

        A key that the catalogue lacks gives the key and a list of names and numbers.
        """
        entry = FORMULAS.get(working.formula)
        if entry is None:
            return working.formula.replace("_", " "), self._listed(working, list(working.numbers))
        symbols, filled = (entry.nl, entry.nl_filled) if self._index == 0 else (entry.en, entry.en_filled)
        present = {name for name, (value, _) in working.numbers.items() if value not in {0, ""}}

        def kept(match: re.Match[str]) -> str:
            return match[1] if all(name[1] in present for name in _PLACEHOLDER.finditer(match[1])) else ""

        filled = _OPTIONAL.sub(kept, filled)
        used = {match[1] for match in _PLACEHOLDER.finditer(filled)}
        if not used <= set(working.numbers):
            return symbols, self._listed(working, list(working.numbers))
        filled = _PLACEHOLDER.sub(lambda match: self._filled(working, match), filled)
        optional = {match[1] for match in _PLACEHOLDER.finditer(entry.nl_filled)}
        rest = [name for name in working.numbers if name not in used | optional]
        return symbols, f"{filled}; {self._listed(working, rest)}" if rest else filled

    def _filled(self, working: Working, match: re.Match[str]) -> str:
        value, unit = working.numbers[match[1]]
        return _with_noun(self.figure(value, unit), value, match)

    def _listed(self, working: Working, names: list[str]) -> str:
        parts = []
        for name in names:
            value, unit = working.numbers[name]
            word = NUMBERS[name][self._index] if name in NUMBERS else name.replace("_", " ")
            parts.append(f"{word} {self.figure(value, unit)}")
        return "; ".join(parts)

    def _of(self, group: dict[str, Pair], key: str) -> str:
        pair = group.get(key)
        return key if pair is None else pair[self._index]


def _with_noun(text: str, value: object, match: re.Match[str]) -> str:
    """A figure as a placeholder asks for it, with the noun in its number."""
    if match["one"] is None:
        return text
    noun = match["one"] if value == 1 else match["several"]
    return noun if match["alone"] else f"{text} {noun}"
