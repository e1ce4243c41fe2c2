"""Mutated deliveries: no crash, and no silent change: every line is accepted as written or refused.

    .venv/bin/python -m pytest -m campaign -s tests/deliveries/test_fuzz.py

What is written is read a second time by a plain reader that shares no code with ours: the csv module, ElementTree.
"""

from __future__ import annotations

import collections
import csv
import datetime as dt
import io
import random
import re
import sys
import unicodedata
import zipfile
from decimal import Decimal, InvalidOperation
from pathlib import Path
from xml.etree import ElementTree

import pytest
from delivered_files import CONTRACT, MARCH, zipped
from odd_files import CSV_HEAD, CSV_LINE, SHEET, cells, parts

from settlement.deliveries.child import messages
from settlement.deliveries.contracts import Contracts
from settlement.deliveries.reading import RawTable, _Parts
from settlement.deliveries.table import TypedTable, typed_tables
from settlement.deliveries.typed import Source

MADE_BY = Path(__file__).parent / "made_by"
KNOWN = Contracts({CONTRACT: {}})
NUMBERED = {CONTRACT.casefold(): CONTRACT}
PACKAGES = ["openpyxl.xlsx", "xlsxwriter.xlsx", "libreoffice.xlsx", "libreoffice-1904.xlsx", "libreoffice.ods", "libreoffice-1904.ods"]
SHORT, LONG = 60, 4000
LAST_RESORT = {"reading-failed", "took-too-long", "too-much-memory"}


class Came:
    """What came of one file."""

    def __init__(self, path: Path) -> None:
        self.raw = raw_of(path)
        self.lines: list[tuple[object, ...]] = []
        self.refused_rows = 0
        self.code = ""
        if not isinstance(self.raw, RawTable):
            self.code = self.raw.code
            return
        source = Source("d", MARCH, self.raw.sheet, CONTRACT, self.raw.columns, self.raw.calendar_1904)
        self.tables = tables = typed_tables([(source, self.raw)], NUMBERED)
        if not isinstance(tables.files[0], TypedTable):
            self.code = tables.files[0].code
            return
        self.lines = tables.lines.select("row", "client", "quantity_milli", "claimed_cents", "start", "end", "unit").rows()
        self.refused_rows = tables.refusals["row"].n_unique()
        assert tables.files[0].rows == len(self.lines) + self.refused_rows


def raw_of(path: Path):
    parts = _Parts()
    for message in messages(path, KNOWN):
        assert message.get("code") not in LAST_RESORT, message
        read = parts.take(message)
        if read is not None:
            return read.content
    raise AssertionError("nothing said at the end")


class Counts(collections.Counter[str]):
    def add(self, came: Came) -> None:
        self["files"] += 1
        self["lines accepted"] += len(came.lines)
        self["lines refused"] += came.refused_rows
        self[f"file refused: {came.code}" if came.code else "files read"] += 1


def tell(what: str, counts: Counts) -> None:
    sys.stdout.write(f"\n{what}: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) + "\n")


# ---- bytes of packages -----------------------------------------------------------------------------------


def mutated(data: bytes, rng: random.Random) -> bytes:
    """The bytes with a bit flipped, a piece lost, doubled, moved or overwritten, or the end cut off."""
    out = bytearray(data)
    at, size = rng.randrange(len(out)), rng.choice((1, 2, 4, 16, 200))
    kind = rng.randrange(6)
    if kind == 0:
        out[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del out[at : at + size]
    elif kind == 2:
        out[at:at] = out[at : at + size]
    elif kind == 3:
        out[at : at + size] = rng.randbytes(min(size, len(out) - at))
    elif kind == 4:
        del out[at:]
    else:
        other = rng.randrange(len(out))
        out[at : at + size] = out[other : other + size]
    return bytes(out)


def changed_packages(folder: Path, rounds: int) -> Counts:
    """Mutates the bytes of workbooks; asserts that each is refused or says what it said before."""
    rng, counts = random.Random(20180301), Counts()
    good = {}
    for name in PACKAGES:
        path = folder / name
        path.write_bytes((MADE_BY / name).read_bytes())
        good[name] = Came(path)
    for turn in range(rounds):
        name = PACKAGES[turn % len(PACKAGES)]
        path = folder / name
        path.write_bytes(mutated((MADE_BY / name).read_bytes(), rng))
        came = Came(path)
        counts.add(came)
        assert came.code or came.lines == good[name].lines, (name, turn)
    return counts


# ---- XML of sheets ---------------------------------------------------------------------------------------

PIECES = ["<v>", "</v>", "<c ", "</c>", "/>", "<row>", "</row>", "<row r=\"9\">", "<is><t>", "</t></is>", " t=\"s\"", " t=\"str\"", " t=\"e\"",
          " t=\"b\"", " s=\"1\"", " s=\"3\"", " r=\"E2\"", "&amp;", "&#54;", "&x;", "<!-- x -->", "<![CDATA[7]]>", "<f>1+1</f>", "9", "0",
          ".", "-", "E3", "é", "\u200b", "\u0421", "_x000D_", "<?x?>", "\n", " "]  # fmt: skip
GOOD_SHEET = str(parts("".join(cells(at) for at in range(2, 7)))[SHEET])


def mutated_xml(xml: str, rng: random.Random) -> str:
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        body = xml.index("<row r=\"2\"")
        at = rng.randrange(body, len(xml))
        kind = rng.randrange(4)
        if kind == 0:
            xml = xml[:at] + rng.choice(PIECES) + xml[at:]
        elif kind == 1:
            xml = xml[:at] + xml[at + rng.choice((1, 2, 5, 20)) :]
        elif kind == 2:
            xml = xml[:at] + rng.choice("0123456789.-eABCé<>&\"' ") + xml[at + 1 :]
        else:  # a cell or row taken out, doubled or moved
            found = list(re.finditer(r"<c [^>]*(?:/>|>.*?</c>)|<row.*?</row>", xml[body:]))
            if found:
                piece, other = rng.choice(found), rng.choice(found)
                part = xml[body + piece.start() : body + piece.end()]
                spot = body + other.start()
                xml = xml[:spot] + part + xml[spot:]
                if rng.random() < 0.5:
                    xml = xml.replace(part, "", 1)
        if "<row r=\"2\"" not in xml:
            return xml
    return xml


def named(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [each for each in element.iter() if each.tag.rpartition("}")[2] == name]


def plainly_read(xml: str) -> dict[str, tuple[str, str]]:
    """Address → type and text of every cell, by ElementTree; raises ``ParseError`` for what is no XML."""
    found: dict[str, tuple[str, str]] = {}
    row_number = 0
    for row in named(ElementTree.fromstring(xml), "row"):
        row_number = int(row.get("r", row_number + 1))
        column = 0
        for cell in named(row, "c"):
            address = cell.get("r") or f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[column]}{row_number}"
            column = ord(address[0]) - 64
            kind = cell.get("t", "n")
            texts = named(cell, "t" if kind == "inlineStr" else "v")
            found[address] = kind, "".join(each.text or "" for each in texts)
    return found


def as_number(text: str) -> Decimal | None:
    try:
        return Decimal(format(float(text), ".15g"))
    except (ValueError, InvalidOperation):
        return None


def changed_sheets(folder: Path, rounds: int) -> Counts:
    """Mutates the XML inside a sound package; asserts that every accepted line says what a plain reader finds there."""
    rng, counts = random.Random(20180302), Counts()
    path = folder / "x.xlsx"
    package = parts()
    for turn in range(rounds):
        xml = mutated_xml(GOOD_SHEET, rng)
        path.write_bytes(zipped(package | {SHEET: xml}))
        came = Came(path)
        counts.add(came)
        if came.code or not came.lines:
            continue
        try:
            written = plainly_read(xml)
        except ElementTree.ParseError:
            raise AssertionError(f"turn {turn}: read although it is no XML: {xml[-400:]}") from None
        assert_as_written(came, written, turn)
    return counts


def assert_as_written(came: Came, written: dict[str, tuple[str, str]], turn: int) -> None:
    """Every accepted line says what a plain reader finds in its cells."""
    for row, client, quantity, claimed, start, end, _ in came.lines:
        for column, day in (("C", start), ("D", end)):
            kind, text = written.get(f"{column}{row}", ("n", ""))
            if not text.strip():
                assert day is None, (turn, row, day)
            elif kind == "n":
                assert day == dt.date(1899, 12, 30) + dt.timedelta(days=int(text)), (turn, row, day, text)
            else:
                assert day is not None, (turn, row, text)
        kind, text = written.get(f"A{row}", ("n", ""))
        text = unicodedata.normalize("NFC", re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)).strip()
        number = as_number(text) if kind == "n" else None
        assert client == (None if not text else text if number is None else format(number, "f")), (turn, row, client, text)
        for column, value, unit in (("E", quantity, 1000), ("G", claimed, 100)):
            kind, text = written.get(f"{column}{row}", ("n", ""))
            if not text.strip():
                assert value is None, (turn, row, value)
            elif kind == "n":
                assert value == as_number(text.strip()) * unit, (turn, row, value, text)  # type: ignore[operator]
            else:
                assert value in readings(text, unit), (turn, row, value, text)


# ---- cells and how they are written ---------------------------------------------------------------------

VALUES = ["60", "62.5", "43160", "0060", "1e2", "1E308", "-0", "-5", " 60 ", "", "٣", "é", "e\u0301", "=1+1", "_x0041_", "_x000D_", "&", "<", ">",
          "\u200b", "NaN", "1.234", "1,5", "C-2", "2018-03-01", "2018-03-01T00:00:00", "43160.5", "true", "#REF!", "'", '"', "a\tb"]  # fmt: skip
KINDS = ["n", "s", "str", "inlineStr", "b", "e", "d", None]


class Cell:
    """A cell as it is meant: where it stands, its attributes, its text, its formula (``None`` without)."""

    def __init__(self, element: ElementTree.Element) -> None:
        self.attributes = dict(element.attrib)
        self.text = "".join(element.itertext())
        self.formula: str | None = None


def a_sheet() -> list[tuple[dict[str, str], list[Cell]]]:
    return [(dict(row.attrib), [Cell(cell) for cell in named(row, "c")]) for row in named(ElementTree.fromstring(GOOD_SHEET), "row")]


def change_cells(rows: list[tuple[dict[str, str], list[Cell]]], rng: random.Random) -> None:
    """One change that leaves the XML sound: another value, type, style or address; a cell or row gone, double or elsewhere."""
    attributes, row = rng.choice(rows[1:])
    if not row:
        return
    cell = rng.choice(row)
    kind = rng.randrange(9)
    if kind <= 2:
        cell.text = rng.choice(VALUES)
    elif kind == 3:
        cell.attributes.pop("t", None)
        if of := rng.choice(KINDS):
            cell.attributes["t"] = of
    elif kind == 4:
        cell.attributes["s"] = str(rng.randrange(6))
    elif kind == 5:
        cell.formula = rng.choice(["1+1", "A1&B1", ""])
    elif kind == 6:
        row.remove(cell)
        if rng.random() < 0.6:
            other = rng.choice(rows[1:])[1]
            other.insert(rng.randrange(len(other) + 1), cell)
    elif kind == 7:
        cell.attributes["r"] = rng.choice([f"{rng.choice('ABCDEFGHI')}{rng.randrange(2, 8)}", "A0", "XFE2", "a2", "A2:B2"])
    else:
        attributes["r"] = str(rng.choice([*range(1, 9), "0", "x"]))


class Hand:
    """How one program writes XML."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.quote = rng.choice("\"'")
        self.prefix = rng.choice(["", "", "x:"])
        self.between = rng.choice(["", "", "", "\n  ", "\r\n", "<!-- <c> -->", "<?pi x?>"])
        self.in_text = rng.choice(["plain", "plain", "CDATA", "numbers", "comment"])
        self.bare = rng.choice(["addresses", "addresses", "none"])
        self.strings = rng.choice(["as meant", "runs", "sound"])
        self.more = rng.choice([{}, {}, {"spans": "1:8"}, {"ht": "14.5", "hidden": "1"}])

    def element(self, name: str, attributes: dict[str, str], inside: str) -> str:
        named_ = self.prefix + name
        said = "".join(f" {key}={self.quote}{self.text(value, plain=True)}{self.quote}" for key, value in attributes.items())
        if not inside and self.rng.random() < 0.5:
            return f"<{named_}{said}/>"
        return f"<{named_}{said}>{inside}</{named_}>"

    def text(self, text: str, *, plain: bool = False) -> str:
        if not text:
            return ""
        if self.in_text == "numbers":
            return "".join(f"&#{ord(each)};" for each in text)
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;").replace("'", "&apos;")
        if plain or self.in_text == "plain":
            return escaped
        return f"<![CDATA[{text}]]>" if self.in_text == "CDATA" else f"<!-- x -->{escaped}"

    def cell(self, cell: Cell) -> str:
        inside = "" if cell.formula is None else self.element("f", {}, self.text(cell.formula))
        if cell.attributes.get("t") != "inlineStr":
            value = self.element("v", {}, self.text(cell.text))
            return self.element("c", cell.attributes, inside + (value if cell.text else ""))
        string = self.element("t", {}, self.text(cell.text))
        if self.strings == "runs":
            half = len(cell.text) // 2
            first, second = (self.element("t", {"xml:space": "preserve"}, self.text(part)) for part in (cell.text[:half], cell.text[half:]))
            font = self.element("rPr", {}, self.element("b", {}, "") + self.element("sz", {"val": "11"}, ""))
            string = self.element("r", {}, first) + self.element("r", {}, font + second)
        elif self.strings == "sound":
            string += self.element("phoneticPr", {"fontId": "1"}, "")
        return self.element("c", cell.attributes, inside + self.element("is", {}, string))

    def sheet(self, rows: list[tuple[dict[str, str], list[Cell]]]) -> str:
        written = []
        for attributes, cells_ in rows:
            written.append(self.element("row", attributes | self.more, self.between.join(["", *map(self.cell, cells_), ""])))
        data = self.element("sheetData", {}, self.between.join(["", *written, ""]))
        name = "xmlns:x" if self.prefix else "xmlns"
        space = {name: "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
        return '<?xml version="1.0"?>' + self.element("worksheet", space, data)


def changed_cells(folder: Path, rounds: int) -> Counts:
    """Sound XML in the hands of many programs, its cells as they were or changed; asserts that unchanged ones are read the
    same, and that every accepted line says what a plain reader finds there."""
    rng, counts = random.Random(20180304), Counts()
    path = folder / "x.xlsx"
    package = parts()
    path.write_bytes(zipped(package | {SHEET: GOOD_SHEET}))
    good = Came(path).lines
    for turn in range(rounds):
        rows = a_sheet()
        changes = rng.choice((0, 1, 1, 2, 4))
        for _ in range(changes):
            change_cells(rows, rng)
        hand = Hand(rng)
        if hand.bare == "none" and not changes:
            for attributes, row in rows:
                attributes.pop("r")
                for cell in row:
                    cell.attributes.pop("r")
        xml = hand.sheet(rows)
        path.write_bytes(zipped(package | {SHEET: xml}))
        came = Came(path)
        counts.add(came)
        if not changes:
            assert came.lines == good, (turn, xml)
        if came.lines:
            assert_as_written(came, plainly_read(xml), turn)
    return counts


# ---- CSV -------------------------------------------------------------------------------------------------

GOOD_CSV = CSV_HEAD + "".join(CSV_LINE.replace("C-1", f"C-{at}").replace("60", f"{at},5") for at in range(1, 6))
CSV_PIECES = [";", ",", "\t", "\n", "\r", "\"", "\"\"", "=\"1\"", "€", "é", "\u200b", "0", "9", ".", ",", "-", "1.234", "NaN", "1e5", " ", "\u00a0", "Totaal"]


def readings(text: str, unit: int) -> set[Decimal | None]:
    """Every number that a text can mean, the Dutch way and the English way, in the unit of a line."""
    text = re.sub(r"(?i)€|eur", "", text).strip()
    text = re.sub(r"^-\s+", "-", re.sub(r",(?:--?|–|—)$", ",00", text))
    found: set[Decimal | None] = set()
    for decimal, thousand in ((",", "."), (".", ",")):
        try:
            found.add(Decimal(text.replace(thousand, "").replace(decimal, ".")) * unit)
        except InvalidOperation:
            continue
    return found


def changed_csv(folder: Path, rounds: int) -> Counts:
    """Mutates a CSV; asserts that every accepted line says what the csv module finds in its row."""
    rng, counts = random.Random(20180303), Counts()
    path = folder / "x.csv"
    start = len(CSV_HEAD)
    for turn in range(rounds):
        text = GOOD_CSV
        for _ in range(rng.choice((1, 1, 2, 4))):
            at = rng.randrange(start, len(text))
            text = rng.choice((text[:at] + rng.choice(CSV_PIECES) + text[at:], text[:at] + text[at + rng.choice((1, 2, 9)) :],
                               text[:at] + rng.choice("0123456789,.;-\"C") + text[at + 1 :]))  # fmt: skip
        data = text.encode()
        if rng.random() < 0.1:
            # The headings stay: without one of them the cells below stand under another, and are read as that says.
            head = len(CSV_HEAD.encode())
            data = data[:head] + mutated(data[head:], rng)
        path.write_bytes(data)
        came = Came(path)
        counts.add(came)
        if came.code or not came.lines:
            continue
        try:
            decoded = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            decoded = data.decode("cp1252")
        rows = list(csv.reader(io.StringIO(decoded, newline=""), delimiter=";"))
        for row, client, quantity, claimed, *_ in came.lines:
            cells_ = [re.sub(r'^="([^"]*)"\s*$', r"\1", each).strip() for each in rows[row - 1]]
            assert (client or "") == unicodedata.normalize("NFC", cells_[0]), (turn, row, client)
            assert quantity in readings(cells_[3], 1000) or (quantity is None and not cells_[3]), (turn, row, quantity, cells_)
            assert claimed in readings(cells_[5], 100) or (claimed is None and not cells_[5]), (turn, row, claimed, cells_)
    return counts


@pytest.mark.parametrize("number", ["3_x000D_", "0", "-3", "3.0", "٣", "99999999"])
def test_a_row_whose_number_is_none_is_refused(tmp_path, number):
    sheet = GOOD_SHEET.replace('<row r="3"', f'<row r="{number}"')
    assert sheet != GOOD_SHEET
    (tmp_path / "x.xlsx").write_bytes(zipped(parts() | {SHEET: sheet}))
    assert Came(tmp_path / "x.xlsx").code != ""


FUZZED = {"bytes of workbooks": changed_packages, "XML of sheets": changed_sheets, "cells": changed_cells, "CSV": changed_csv}


@pytest.mark.parametrize("what", FUZZED)
def test_a_mutated_delivery_is_accepted_as_written_or_refused(tmp_path, what):
    counts = FUZZED[what](tmp_path, SHORT)
    assert counts["files"] == SHORT


@pytest.mark.campaign
@pytest.mark.parametrize("what", FUZZED)
def test_thousands_of_mutated_deliveries_are_accepted_as_written_or_refused(tmp_path, what):
    counts = FUZZED[what](tmp_path, LONG)
    tell(what, counts)
    assert counts["files"] == LONG
    assert counts["lines accepted"] > 0
    assert any(name.startswith("file refused") for name in counts)


def test_the_packages_that_are_mutated_are_sound():
    for name in PACKAGES:
        with zipfile.ZipFile(MADE_BY / name) as package:
            assert package.testzip() is None
