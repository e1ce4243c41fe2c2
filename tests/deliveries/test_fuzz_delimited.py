"""Sound CSV files in the hands of many programs: read as they are meant, or refused because they can be read two ways.

    .venv/bin/python -m pytest -m campaign -s tests/deliveries/test_fuzz_delimited.py
"""

from __future__ import annotations

import codecs
import datetime as dt
import random
import re
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
from delivered_files import CONTRACT
from test_fuzz import LONG, SHORT, Came, Counts, tell

HEADINGS = {
    "client": ["Cliëntnummer", "CLIENT", "cliënt-id", "Pseudoniem", '"Cliënt"'], "start": ["Begindatum", "BEGINDATUM ", "Begin-\ndatum"],
    "end": ["Einddatum", "eind datum"], "quantity": ["Volume", "Aantal (uren; minuten)", "Geleverd volume"], "unit": ["Eenheid"],
    "claimed": ["Bedrag", "Bedrag (€)", "Ingediend bedrag"],
}  # fmt: skip
UNITS = {"minute": ["min", "Minuten", "01"], "hour": ["uur", "uren "], "day": ["dagen"]}
REMARKS = ["", "", "x", "a;b", "a,b", "a|b", "a\tb", 'zei "nee"', '"', "regel 1\nregel 2", "é€", "1.234,50", "Totaal", "€ 10,00", "z" * 300, "=1+1", " ", "'"]
MONTHS = ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"]


class Line(NamedTuple):
    """What a line means."""

    client: str
    quantity: Decimal | None
    claimed: Decimal | None
    start: dt.date
    end: dt.date
    unit: str
    remark: str


def a_line(rng: random.Random) -> Line:
    client = rng.choice(["C-1", "0231", "231", "C;2", "C,3", "C|4", 'C"5', "Totaal pakket", "totaal-1", "  ", "é-6", "=7", "000", "1.234", "S-1", "E 1", "subtotaal x"])
    quantity = rng.choice([Decimal(rng.randrange(2000)), Decimal(rng.randrange(3_000_000)) / 1000, Decimal("1234.5"), Decimal(0), None])
    claimed = rng.choice([Decimal(rng.randrange(200_000)) / 100, Decimal(rng.randrange(2000)), Decimal("1234.50"), Decimal("1234"), None])
    start = dt.date(2018, rng.choice([1, 3, 12]), rng.randrange(1, 29))
    end = start.replace(day=rng.randrange(start.day, 32 if start.month != 2 else 29))
    return Line(client, quantity, claimed, start, end, rng.choice([*UNITS]), rng.choice(REMARKS))


class Hand:
    """How one program writes CSV."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.separator = rng.choice(";;;,,\t|")
        self.end = rng.choice(["\n", "\r\n", "\r\n", "\r"])
        self.quoting = rng.choice(["needed", "needed", "all", "texts"])
        self.decimal = rng.choice(",,.")
        self.thousands = rng.random() < 0.3
        self.places = rng.choice([None, None, 2, 3])
        self.euro = rng.choice(["", "", "€ ", "€", "EUR "])
        self.date = rng.choice(["d-m-y", "dd-mm-yyyy", "dd/mm/yyyy", "d/m/yyyy", "yyyy-mm-dd", "dd.mm.yyyy", "d mmm yyyy", "yyyy-mm-dd 00:00:00", "m/d/yyyy"])
        self.formulas = rng.random() < 0.15
        self.trailing = rng.choice([0, 0, 0, 1, 3])
        self.encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "cp1252"])
        self.spaces = rng.choice(["", "", " "])

    def field(self, text: str, *, is_text: bool) -> str:
        needs = any(each in text for each in (self.separator, '"', "\n", "\r"))
        if self.quoting == "all" or needs or (self.quoting == "texts" and is_text):
            return '"' + text.replace('"', '""') + '"'
        return text

    def identifier(self, text: str) -> str:
        if self.formulas and '"' not in text:
            return f'="{text}"'
        return text

    def number(self, value: Decimal | None, places: int | None) -> str:
        if value is None:
            return ""
        text = f"{value:,.{places}f}" if places is not None else f"{value.normalize():,f}"
        if not self.thousands:
            text = text.replace(",", "")
        if self.decimal == ",":
            text = text.replace(".", "x").replace(",", ".").replace("x", ",")
        return text + self.spaces

    def day(self, day: dt.date) -> str:
        return {
            "d-m-y": f"{day.day}-{day.month}-{day.year}", "dd-mm-yyyy": f"{day:%d-%m-%Y}", "dd/mm/yyyy": f"{day:%d/%m/%Y}",
            "d/m/yyyy": f"{day.day}/{day.month}/{day.year}", "yyyy-mm-dd": f"{day}", "dd.mm.yyyy": f"{day:%d.%m.%Y}",
            "d mmm yyyy": f"{day.day} {MONTHS[day.month - 1]} {day.year}", "yyyy-mm-dd 00:00:00": f"{day} 00:00:00", "m/d/yyyy": f"{day.month}/{day.day}/{day.year}",
        }[self.date] + self.spaces  # fmt: skip

    def cells(self, line: Line, columns: list[str]) -> list[str]:
        """A line as cells, in the order of the columns."""
        rng = self.rng
        claimed = self.number(line.claimed, 2 if self.places else None)
        own = {
            "client": self.field(self.identifier(line.client), is_text=True), "start": self.field(self.day(line.start), is_text=False),
            "end": self.field(self.day(line.end), is_text=False), "quantity": self.field(self.number(line.quantity, self.places), is_text=False),
            "claimed": self.field(claimed and self.euro + claimed, is_text=False),
            "unit": self.field(rng.choice(UNITS[line.unit]), is_text=True), "remark": self.field(line.remark, is_text=True),
        }  # fmt: skip
        return [own[column] for column in columns]


class Made(NamedTuple):
    data: bytes
    hand: Hand
    lines: dict[int, Line]
    """By row as a spreadsheet counts them."""
    columns: list[str]


def made(rng: random.Random) -> Made:
    hand = Hand(rng)
    columns = ["client", "start", "end", "quantity", "unit", "claimed", *["remark"] * rng.choice([0, 1, 1])]
    rng.shuffle(columns)
    rows: list[list[str]] = []
    for _ in range(rng.choice([0, 0, 0, 1, 4])):
        rows.append(rng.choice([[], [hand.field("Contractnummer", is_text=True), CONTRACT], [hand.field("Levering; maart, 2018", is_text=True)],
                                [""] * len(columns), ["Versie", "2", "", ""], ["Aanbieder"] + ["x"] * rng.randrange(9)]))  # fmt: skip
    rows.append([hand.field(rng.choice(HEADINGS[each]) if each in HEADINGS else "Opmerking", is_text=True) for each in columns])
    lines: dict[int, Line] = {}
    for _ in range(rng.choice([1, 2, 5, 9])):
        line = a_line(rng)
        if hand.places == 2 and line.quantity is not None:
            line = line._replace(quantity=round(line.quantity, 2))
        if "remark" not in columns:
            line = line._replace(remark="")
        lines[len(rows) + 1] = line
        rows.append(hand.cells(line, columns))
        rows += [rng.choice([[], [""] * len(columns), [" "] * len(columns)]) for _ in range(rng.choice([0, 0, 0, 0, 1, 3]))]
    rows = [row + [""] * hand.trailing for row in rows]
    text = "".join(hand.separator.join(row) + hand.end for row in rows)
    if rng.random() < 0.3:
        text = text[: -len(hand.end)]
    first = 0
    if rng.random() < 0.15:
        text, first = f"sep={hand.separator}{hand.end}{text}", 1
    if hand.encoding == "cp1252":
        data = text.encode("cp1252")
    elif hand.encoding == "utf-16-be":
        data = codecs.BOM_UTF16_BE + text.encode("utf-16-be")
    else:
        data = text.encode(hand.encoding)
    return Made(data, hand, {row + first: line for row, line in lines.items()}, columns)


def two_ways(text: str) -> bool:
    return re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}", re.sub("€|EUR", "", text).strip()) is not None


def allowed(file: Made, line: Line) -> set[str]:
    """The refusals that a sound line may get: what can be read two ways, and what no line may say."""
    hand = file.hand
    codes = set()
    if hand.date in {"d-m-y", "dd-mm-yyyy", "dd/mm/yyyy", "d/m/yyyy", "dd.mm.yyyy", "m/d/yyyy"}:
        codes |= {"ambiguous-date"} if any(day.day <= 12 and day.day != day.month for day in (line.start, line.end)) else set()
    if hand.date == "m/d/yyyy":
        codes |= {"not-a-date"}
    if two_ways(hand.number(line.quantity, hand.places)) or two_ways(hand.number(line.claimed, 2 if hand.places else None)):
        codes |= {"ambiguous-number"}
    return codes


def sound_csv(folder: Path, rounds: int, seed: int = 20180306) -> Counts:
    """Asserts that every line of a sound CSV is read as it is meant, or refused because it can be read two ways."""
    rng, counts = random.Random(seed), Counts()
    path = folder / "x.csv"
    for turn in range(rounds):
        file = made(rng)
        path.write_bytes(file.data)
        came = Came(path)
        counts.add(came)
        where = (turn, file.data)
        hand = file.hand
        if came.code:
            # Letters that can't be told, as UPPERCASE accents before a sign are in Windows-1252.
            assert came.code == "unknown-encoding", (came.code, where)
            assert hand.encoding == "cp1252", where
            continue
        accepted = {row: rest for row, *rest in came.lines}
        for row, (client, quantity, claimed, start, end, unit) in accepted.items():
            assert row in file.lines, (row, where)
            line = file.lines[row]
            meant = (line.client.strip() or None, None if line.quantity is None else line.quantity * 1000,
                     None if line.claimed is None else line.claimed * 100, line.start, line.end, line.unit)  # fmt: skip
            if hand.date == "m/d/yyyy" and "ambiguous-date" in allowed(file, line):
                assert not any(each.day > 12 for other in file.lines.values() for each in (other.start, other.end)), where
                continue  # nothing in it shows that months stand first
            assert (client, quantity, claimed, start, end, unit) == meant, (row, where)
        refused: dict[int, set[str]] = {}
        for row, code in came.tables.refusals.select("row", "code").rows():
            refused.setdefault(row, set()).add(code)
        for row in file.lines.keys() - accepted.keys():
            assert refused[row] <= allowed(file, file.lines[row]), (row, refused[row], where)
    return counts


def test_sound_files_are_read_as_they_are_meant(tmp_path):
    assert sound_csv(tmp_path, SHORT // 2)["files"] == SHORT // 2


@pytest.mark.campaign
def test_thousands_of_sound_files_are_read_as_they_are_meant(tmp_path):
    counts = sound_csv(tmp_path, LONG)
    tell("sound CSV", counts)
    assert counts["files"] == LONG
    assert counts["lines accepted"] > 0
