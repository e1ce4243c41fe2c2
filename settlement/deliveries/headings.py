"""Which heading means which field, and where in a sheet the table begins. Standard library only.

Case, spaces, accents, punctuation and what stands between brackets don't matter: ``Cliënt-ID``, ``Bedrag (€)``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from settlement.deliveries.words import MONTHS

_ALIASES: Mapping[str, str] = {
    "contract": "Contractnummer",
    "client": "Cliënt, Cliëntnummer, Cliënt-id, Pseudoniem",
    "service": "Dienst, Zorgvorm, Zorgcategorie, Resultaatgebied, Perceel",
    "code": "Productcode, Prestatiecode, Product",
    "profile": "Profiel",
    "intensity": "Intensiteit",
    "allocation": "Toewijzing, Toewijzingnummer",
    "allocation_start": "Begindatum toewijzing",
    "allocation_end": "Einddatum toewijzing",
    "start": "Begindatum",
    "end": "Einddatum",
    "quantity": "Volume, Geleverd volume, Aantal",
    "unit": "Eenheid",
    "claimed": "Bedrag, Ingediend bedrag",
    "direction": "Debet/Credit, D/C",
    "reference": "Referentienummer",
    "previous_reference": "Vorig referentienummer",
    "municipality": "Gemeente, Gemeentecode",
    "subcontractor": "Onderaannemer",
    "result": "Resultaat",
    "end_reason": "Reden beëindiging",
    "goal_attainment": "Doelrealisatie",
    "client_satisfaction": "Cliënttevredenheid",
    "dropout": "Uitval",
    "refused_client": "Geweigerd",
}
"""As deliveries.md gives them. A field's own name is a heading too."""

_HEAD_LABELS = ("contractnummer", "contractnr", "contract")
"""What is most surely followed by the number goes first."""
_VERSION_LABELS = ("versie", "version")
_MONTH_LABELS = ("leveringsmaand", "monthofdelivery")
_TELLING = frozenset({"client", "service", "code", "start", "quantity", "claimed"})
"""A row of headings has at least one of these; a head block with Contractnummer and Gemeente has none."""
_LEAST = 3
"""So many known headings make a row one of headings, wherever it stands besides those of the table."""
_LEAST_BELOW = 2
"""So many do directly above or below them: then one row of headings was made in two."""
_SHOWN_AT_MOST = 60
"""Characters of a provider's own heading in notes and messages."""


def plain(heading: str) -> str:
    """The letters and digits of a heading, small and without accents; empty when there are none."""
    outside = re.sub(r"\([^()]*\)", " ", heading)
    text = outside if any(each.isalnum() for each in outside) else heading
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in decomposed if each.isalnum())


STANDARD: Mapping[str, str] = {
    plain(heading): field for field, headings in _ALIASES.items() for heading in (*headings.split(", "), field)
}
"""Plain heading to field: what is known without anybody saying so."""


def names_service_numbers(heading: str) -> bool:
    """Whether a column says by its name that it holds citizen service numbers (BSN)."""
    text = plain(heading)
    return "bsn" in text or "burgerservice" in text or text.startswith("sofi")


def shown(heading: str) -> str:
    """A provider's heading as it may stand in a note: one line, not too long."""
    return " ".join(heading.split())[:_SHOWN_AT_MOST]


def letters(column: int) -> str:
    """The letters of a column, counted from 1: 1 is ``A``, 28 is ``AB``."""
    text = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def column_number(name: str) -> int:
    """The number of a column from its letters, counted from 1."""
    number = 0
    for each in name:
        number = number * 26 + ord(each) - ord("A") + 1
    return number


@dataclass(frozen=True)
class HeadingRow:
    """The row of headings of a table."""

    row: int
    columns: Mapping[str, int]
    """Field to column, counted from 1."""
    headings: Mapping[str, str]
    """Field to heading as written."""
    doubles: Mapping[str, tuple[tuple[int, str], ...]]
    """Fields for which more than one column stands there, with column and heading of each."""
    others: Mapping[int, str]
    """Columns with a heading that means no field."""
    width: int
    """The last column with a heading."""

    @property
    def service_numbers(self) -> str | None:
        """The first heading that names citizen service numbers; ``None`` when none does."""
        every = [*self.headings.values(), *self.others.values()]
        every += [heading for columns in self.doubles.values() for _, heading in columns]
        return next((heading for heading in every if names_service_numbers(heading)), None)


Row = tuple[int, Mapping[int, str]]
"""A row of a sheet: its number, and the texts of its cells by column, both counted from 1."""


def _heading_row(row: Row, own: Mapping[str, str]) -> HeadingRow:
    number, cells = row
    found: dict[str, list[tuple[int, str, bool]]] = {}
    others: dict[int, str] = {}
    for column, text in sorted(cells.items()):
        field = meaning(text, own)
        if field is not None:
            found.setdefault(field, []).append((column, text, plain(text) in own))
        elif text.strip():
            others[column] = text
    columns: dict[str, int] = {}
    headings: dict[str, str] = {}
    doubles: dict[str, tuple[tuple[int, str], ...]] = {}
    for field, candidates in found.items():
        # The contract's own heading goes before one that only happens to mean the same.
        chosen = [each for each in candidates if each[2]] or candidates
        if len(chosen) > 1:
            doubles[field] = tuple((column, text) for column, text, _ in chosen)
        columns[field], headings[field] = chosen[0][0], chosen[0][1]
        if len(chosen) < len(candidates):
            others.update({column: text for column, text, own_one in candidates if not own_one})
    return HeadingRow(number, columns, headings, doubles, others, max(cells, default=0))


def own_headings(headings: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """A contract's own headings, ready to look up: plain heading to field."""
    return {plain(heading): field for field, names in headings.items() for heading in names}


def meaning(heading: str, own: Mapping[str, str]) -> str | None:
    """The field that a heading means; ``None`` when it means none. ``own`` comes from ``own_headings``."""
    name = plain(heading)
    return own.get(name, STANDARD.get(name))


def find_heading_row(rows: Sequence[Row], own: Mapping[str, str]) -> HeadingRow | None:
    """The row with most recognised headings, the first of equals; ``None`` when no row has two.

    ``own`` comes from ``own_headings``.
    """
    best: HeadingRow | None = None
    for row in rows:
        candidate = _heading_row(row, own)
        if len(candidate.columns) < 2 or not _TELLING & candidate.columns.keys():
            continue
        if best is None or len(candidate.columns) > len(best.columns):
            best = candidate
    return best


def table_above(rows: Sequence[Row], chosen: HeadingRow, own: Mapping[str, str]) -> bool:
    """Whether another table stands above the chosen row of headings, or the other half of its headings."""
    above = [row for row in rows if row[0] < chosen.row]
    for at, row in enumerate(above):
        other = _heading_row(row, own).columns
        if "client" not in other or len(other) < _LEAST_BELOW:
            continue
        lines = any(sum(column in cells for column in other.values()) >= _LEAST_BELOW for _, cells in above[at + 1 :])
        if row[0] == chosen.row - 1 or (lines and len(other) >= _LEAST):
            return True
    return False


def is_repeated(row: Row, headings: HeadingRow, own: Mapping[str, str]) -> bool | None:
    """Whether a row below the headings says them once more, each in its own column; ``None`` when it is no row of headings,
    ``False`` when it is one of another table."""
    other = _heading_row(row, own)
    least = _LEAST_BELOW if row[0] == headings.row + 1 else _LEAST
    if len(other.columns) < min(least, len(headings.columns)):
        return None
    elsewhere = other.columns.items() - headings.columns.items()
    return not elsewhere and not other.doubles and not other.others.keys() & set(headings.columns.values())


@dataclass(frozen=True)
class HeadBlock:
    """What the rows above the table say."""

    contract: tuple[str, ...]
    """What may be meant by the cells labelled Contractnummer: behind a colon, to the right, below; empty: no such cell."""
    version: int
    """1 unless said."""
    month: str
    """The month that it says to be a delivery of: ``2018-03``; empty: not said, or not in a way that is one month."""


def head_block(rows: Sequence[Row], until: int) -> HeadBlock:
    """The head block: the labelled cells of the rows above row ``until``."""
    above = [(number, cells) for number, cells in rows if number < until]
    contract = _labelled(above, _HEAD_LABELS)
    version = next((each for text in _labelled(above, _VERSION_LABELS) if (each := _version(text))), 1)
    month = next((said for text in _labelled(above, _MONTH_LABELS) if (said := _month(text))), "")
    return HeadBlock(tuple(contract), version, month)


def _labelled(rows: Sequence[Row], labels: Sequence[str]) -> list[str]:
    """What stands at all cells with these labels, in the order of the labels."""
    by_number = dict(rows)
    found: dict[str, list[str]] = {label: [] for label in labels}
    for number, cells in rows:
        for column, text in sorted(cells.items()):
            label, colon, value = text.partition(":")
            values = found.get(plain(label))
            if values is None:
                continue
            if colon and value.strip():
                values.append(value.strip())
                continue
            right = next((each for at, each in sorted(cells.items()) if at > column and each.strip()), "")
            below = by_number.get(number + 1, {}).get(column, "")
            values += [each.strip() for each in (right, below) if each.strip()]
    return [value for values in found.values() for value in values]


def _version(text: str) -> int | None:
    match = re.fullmatch(r"\s*[vV]?\.?\s*([0-9]{1,4})(?:[.,]0)?\s*", text)
    return int(match[1]) if match else None


def _month(text: str) -> str:
    """A month as people write it: ``maart 2018``, ``2018-03``, ``3-2018``; empty when it is none."""
    words = re.fullmatch(r"\s*([A-Za-z]+)\.?\s+(20[0-9]{2})\s*", text)
    if words is not None:
        number, year = MONTHS.get(words[1].casefold(), 0), words[2]
    elif (digits := re.fullmatch(r"\s*(?:(20[0-9]{2})-([0-9]{1,2})|([0-9]{1,2})[-/](20[0-9]{2}))\s*", text)) is not None:
        number, year = int(digits[2] or digits[3]), digits[1] or digits[4]
    else:
        return ""
    return f"{year}-{number:02d}" if 1 <= number <= 12 else ""


TOTAL = (
    r"(?i)^[\s*]*(?:(?:(?:sub|eind|generaal|gen\.|algemeen|grand)[\s-]*)?tota(?:al|albedrag|l|le|len)\b|(?:som|saldo)\b|tot\.(?:\W|$))"
)
"""How the word begins by which a total is known: Totaal, Subtotaal maart, Eindtotaal. Polars reads it as well."""
OF_A_LINE = ("client", "allocation", "start", "end", "direction", "reference", "previous_reference")
"""Fields of which a total has none, but for the one in which its word stands."""
_TOTAL = re.compile(TOTAL)


def is_total(text: str) -> bool:
    """Whether a row that begins with this text is a total where it has nothing that only lines have."""
    return _TOTAL.match(text) is not None
