"""Sound content of .ods files, as many programs write it: every line is accepted as a plain reader finds it, or refused.

    .venv/bin/python -m pytest -m campaign -s tests/deliveries/test_fuzz_opendocument.py

The plain reader is ElementTree and the rules of OpenDocument 1.2 about repeated cells, covered cells and white space.
"""

from __future__ import annotations

import copy
import datetime as dt
import random
import re
import unicodedata
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from test_fuzz import LONG, SHORT, Came, Counts, as_number, readings, tell
from test_opendocument import packed

OASIS = "urn:oasis:names:tc:opendocument:xmlns"
URI = {
    **{short: f"{OASIS}:{name}:1.0" for short, name in (
        ("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"), ("draw", "drawing"), ("svg", "svg-compatible"))},
    "calcext": "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0",
    "xlink": "http://www.w3.org/1999/xlink", "dc": "http://purl.org/dc/elements/1.1/",
}  # fmt: skip
HEADINGS = ["Cliëntnummer", "Begindatum", "Einddatum", "Volume", "Eenheid", "Bedrag"]
LETTERS = "ABCDEFGHIJKLMNOP"

# ---- what is meant ---------------------------------------------------------------------------------------


class Cell:
    """A cell as it is meant: its attributes, the pieces of its text, and how many columns and rows it spans."""

    def __init__(self, attributes: dict[str, str] | None = None, pieces: list[object] | None = None) -> None:
        self.attributes = attributes or {}
        self.pieces = pieces if pieces is not None else []
        self.covered = False

    def key(self) -> str:
        return repr((sorted(self.attributes.items()), self.pieces, self.covered))


def texts(text: str) -> Cell:
    return Cell({"office:value-type": "string"}, [text])


def number(value: str, shown: str | None = None, kind: str = "float") -> Cell:
    more = {"office:currency": "EUR"} if kind == "currency" else {}
    return Cell({"office:value-type": kind, "office:value": value, **more}, [value if shown is None else shown])


def day(iso: str, shown: str = "1 mrt") -> Cell:
    return Cell({"office:value-type": "date", "office:date-value": iso}, [shown])


class Row:
    def __init__(self, cells: list[Cell], line: tuple[object, ...] | None = None, **attributes: str) -> None:
        self.cells = cells
        self.line = line
        """Client, quantity, claimed, start, end and unit, where it is a line."""
        self.attributes = attributes


def a_line(rng: random.Random) -> Row:
    client = rng.choice(["C-1", "C-2", "C 3", "é-4", "231", "60", "Totaal pakket"])
    first, last = rng.choice([("2018-03-01", "2018-03-31"), ("2018-03-05", "2018-03-05"), ("2018-03-12", "2018-03-20")])
    quantity, claimed = Decimal(rng.choice(["60", "62.5", "0", "1234.567", "5"])), Decimal(rng.choice(["10", "1234.5", "62.35", "0"]))
    as_number_ = client.isdecimal() and rng.random() < 0.5
    start = day(first + rng.choice(["", "", "T00:00:00", "T00:00:00.000000000"]))
    if rng.random() < 0.3:
        start = texts(dt.date.fromisoformat(first).strftime(rng.choice(["%d-%m-%Y", "%Y-%m-%d", "%d.%m.%Y"])))
    amount = rng.choice([
        number(str(claimed), f"€ {claimed}", "currency"), number(str(claimed)), number(str(claimed), str(round(claimed))),
        texts(f"€ {claimed:.2f}".replace(".", ",")),
    ])  # fmt: skip
    volume = rng.choice([number(str(quantity)), number(str(quantity), str(round(quantity))), number(str(quantity), f"{quantity} uur"),
                         number(f"{float(quantity)!r}"), number(str(quantity), "12%", "percentage")])  # fmt: skip
    if rng.random() < 0.3:
        volume.attributes["table:formula"] = "of:=[.A1]*2"
    cells = [number(client) if as_number_ else texts(client), start, day(last), volume, texts("uur"), amount]
    line = (client, int(quantity * 1000), int(claimed * 100), dt.date.fromisoformat(first), dt.date.fromisoformat(last), "hour")
    return Row(cells, line)


def a_table(rng: random.Random) -> list[Row]:
    shift = rng.choice([0, 0, 0, 1, 3])
    rows = [Row([])] * rng.choice([0, 0, 1, 2])
    if rng.random() < 0.3:
        rows += [Row([texts("Levering maart")]), Row([texts("Versie"), number("2")]), Row([])]
    lines = [a_line(rng) for _ in range(rng.choice((1, 2, 3, 5)))]
    body: list[Row] = []
    for line in lines:
        body += [line] * rng.choice([1, 1, 1, 1, 2, 4])
        body += [Row([])] * rng.choice([0, 0, 0, 0, 1, 5])
        if rng.random() < 0.1:
            body.append(Row([texts("x")] * 0 + [Cell()] * 6 + [texts("opmerking naast de tabel")]))
    rows += [Row([texts(heading) for heading in HEADINGS]), *body]
    if rng.random() < 0.3:
        quantity, claimed = (sum(row.line[at] for row in body if row.line) for at in (1, 2))
        rows.append(Row([texts("Totaal"), Cell(), Cell(), number(str(Decimal(quantity) / 1000)), Cell(), number(str(Decimal(claimed) / 100))]))
    shifted = [Row([Cell() for _ in range(shift)] + row.cells if row.cells else [], row.line, **row.attributes) for row in rows]
    for row in shifted:
        if rng.random() < 0.1:
            row.attributes["table:visibility"] = rng.choice(["collapse", "filter", "visible"])
    return shifted


# ---- changes ---------------------------------------------------------------------------------------------

VALUES = ["60", "62.5", "43160", "0060", "1E2", "1E+308", "-0", "-5", " 60", "", "٣", "é", "e\u0301", "\u200b", "NaN", "1.234", "1,5", "C-2",
          "2018-03-01", "2018-03-01T00:00:00", "2018-03-01T14:00:00", "2018-02-30", "03/04/2018", "true", "#REF!", "Err:502", "#DEEL/0!", "WAAR",
          "Totaal", "a\tb", "a  b", "\u00a060", "231.0", "00231"]  # fmt: skip
SHOWN = [*VALUES, "00060", "C-60", "60 uur", "1,2E+03"]
TYPES = ["float", "currency", "percentage", "date", "time", "boolean", "string", None]
OF_TYPE = {"date": "date-value", "time": "time-value", "boolean": "boolean-value", "string": "string-value"}


def change(rows: list[Row], rng: random.Random) -> None:
    """One change that leaves the XML sound."""
    row = rng.choice([each for each in rows if each.cells])
    at = rng.randrange(len(row.cells))
    cell = row.cells[at]
    kind = rng.randrange(10)
    if kind == 0:
        cell.pieces = [rng.choice(SHOWN)]
    elif kind in {1, 2}:
        for name in [name for name in cell.attributes if "value" in name]:
            del cell.attributes[name]
        if type_ := rng.choice(TYPES):
            cell.attributes["office:value-type"] = type_
            if rng.random() < 0.9 and not (type_ == "string" and rng.random() < 0.7):
                cell.attributes[f"office:{OF_TYPE.get(type_, 'value')}"] = rng.choice(VALUES)
        if rng.random() < 0.5:
            cell.pieces = [rng.choice(SHOWN)]
    elif kind == 3:
        cell.attributes["table:formula"] = rng.choice(["of:=[.A1]", "msoxl:=A1", "=1+1"])
    elif kind == 4:
        cell.attributes["calcext:value-type"] = rng.choice(["error", "float", "string"])
    elif kind == 5:
        wide, high = rng.choice([(1, 2), (2, 1), (1, 3), (2, 2)])
        cell.attributes |= {"table:number-columns-spanned": str(wide), "table:number-rows-spanned": str(high)}
        top = rows.index(row)
        for other in rows[top : top + high]:
            other.cells += [Cell() for _ in range(at + wide - len(other.cells))]
            for each in other.cells[at : at + wide]:
                each.covered = each.covered or each is not cell
                if rng.random() < 0.5 and each is not cell:
                    each.attributes, each.pieces = {}, []
    elif kind == 6:
        del row.cells[at]
    elif kind == 7:
        row.cells.insert(at, Cell())
    elif kind == 8:
        cell.pieces = [rng.choice(["C", "1"]), rng.choice(["<s>", "<tab>", "<br>", "<p>", "  \n ", "<note>", "<draw>", "<ruby>", "-"]), rng.choice(["1", " 2"])]
    else:
        cell.attributes["table:number-columns-repeated"] = rng.choice(["2", "3", "1"])


# ---- how it is written -----------------------------------------------------------------------------------


class Hand:
    """How one program writes content.xml."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        other = rng.choice(["", "", "ns0", "_"])
        self.prefix = {short: f"{short}{other}" for short in URI}
        self.quote = rng.choice("\"'")
        self.between = rng.choice(["", "", "", "\n  ", "\r\n", "<!-- <table:table-cell/> -->", "<?pi x?>"])
        self.in_text = rng.choice(["plain", "plain", "CDATA", "numbers", "comment", "spans", "link"])
        self.repeats = rng.random() < 0.7
        self.trailing = rng.random() < 0.5
        self.groups = rng.random() < 0.3
        self.remarks = rng.random() < 0.2
        self.default = rng.choice([None, None, "table", "text"])
        """The namespace without a prefix."""

    def name(self, name: str) -> str:
        short, _, local = name.partition(":")
        return local if short == self.default else f"{self.prefix[short]}:{local}"

    def element(self, name: str, attributes: dict[str, str], inside: str) -> str:
        said = [(self.name(key) if not key.startswith("table:") or self.default != "table" else f"{self.prefix['table']}:{key[6:]}", value)
                for key, value in attributes.items()]  # fmt: skip
        if self.default == "text":
            said = [(f"{self.prefix['text']}:{key}" if key == "c" else key, value) for key, value in said]
        self.rng.shuffle(said)
        written = "".join(f" {key}={self.quote}{self.escaped(value)}{self.quote}" for key, value in said)
        if not inside and self.rng.random() < 0.7:
            return f"<{self.name(name)}{written}/>"
        return f"<{self.name(name)}{written}>{inside}</{self.name(name)}>"

    def escaped(self, text: str) -> str:
        if self.in_text == "numbers":
            return "".join(f"&#x{ord(each):X};" for each in text)
        for each, name in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot"), ("'", "apos"), ("\t", "#9"), ("\n", "#10")):
            text = text.replace(each, f"&{name};")
        return text

    def plain(self, text: str) -> str:
        if not text:
            return ""
        if self.in_text == "CDATA":
            return f"<![CDATA[{text}]]>"
        if self.in_text == "comment":
            return f"{self.escaped(text[:1])}<!-- 9 -->{self.escaped(text[1:])}"
        if self.in_text == "spans":
            return self.element("text:span", {}, self.escaped(text[:1])) + self.escaped(text[1:])
        if self.in_text == "link":
            return self.element("text:a", {"xlink:href": "x.html"}, self.escaped(text))
        return self.escaped(text)

    def paragraphs(self, pieces: list[object]) -> str:
        inside, out = "", ""
        for piece in pieces:
            if piece == "<p>":
                out, inside = out + self.element("text:p", {}, inside), ""
            elif piece == "<s>":
                inside += self.element("text:s", {} if self.rng.random() < 0.5 else {"text:c": "3"}, "")
            elif piece == "<tab>":
                inside += self.element("text:tab", {}, "")
            elif piece == "<br>":
                inside += self.element("text:line-break", {}, "")
            elif piece == "<note>":
                inside += self.element("office:annotation", {}, self.element("text:p", {}, "9"))
            elif piece == "<draw>":
                inside += self.element("draw:frame", {}, self.element("draw:text-box", {}, self.element("text:p", {}, "9")))
            elif piece == "<ruby>":
                inside += self.element("text:ruby", {}, self.element("text:ruby-base", {}, "b") + self.element("text:ruby-text", {}, "9"))
            else:
                inside += self.plain(str(piece))
        return out + (self.element("text:p", {}, inside) if inside or not pieces or self.rng.random() < 0.5 else "")

    def cell(self, cell: Cell, repeated: int) -> str:
        more = {"table:number-columns-repeated": str(repeated)} if repeated > 1 else {}
        inside = self.paragraphs(cell.pieces) if cell.pieces else ""
        if self.remarks and self.rng.random() < 0.3:
            note = self.element("office:annotation", {}, self.element("dc:date", {}, "2018-03-01T00:00:00") + self.element("text:p", {}, "9"))
            inside = note + inside if self.rng.random() < 0.5 else inside + note
        return self.element("table:covered-table-cell" if cell.covered else "table:table-cell", cell.attributes | more, inside)

    def row(self, row: Row, repeated: int, width: int) -> str:
        cells = list(row.cells)
        written, at = [], 0
        while at < len(cells):
            count = 1
            alone = "table:number-columns-repeated" in cells[at].attributes or "table:number-columns-spanned" in cells[at].attributes
            while self.repeats and not alone and at + count < len(cells) and cells[at + count].key() == cells[at].key():
                count += 1
            written.append(self.cell(cells[at], count))
            at += count
        if self.trailing or not cells:
            written.append(self.element("table:table-cell", {"table:number-columns-repeated": str(max(width - len(cells) - 8, 1))}, ""))
        more = {"table:number-rows-repeated": str(repeated)} if repeated > 1 else {}
        return self.element("table:table-row", row.attributes | more, self.between.join(["", *written, ""]))

    def table(self, rows: list[Row], name: str, style: str) -> str:
        written, at = [], 0
        while at < len(rows):
            count, row = 1, rows[at]
            key = (repr([cell.key() for cell in row.cells]), row.attributes)
            alone = any("spanned" in name for cell in row.cells for name in cell.attributes) or any(cell.covered for cell in row.cells)
            while self.repeats and not alone and at + count < len(rows):
                other = rows[at + count]
                if (repr([cell.key() for cell in other.cells]), other.attributes) != key:
                    break
                count += 1
            one = self.row(row, count, 1024)
            if self.groups and self.rng.random() < 0.3:
                one = self.element(self.rng.choice(["table:table-row-group", "table:table-header-rows", "table:table-rows"]), {}, one)
            written.append(one)
            at += count
        if self.trailing:
            written.append(self.row(Row([]), 1_048_576 - len(rows), 1024))
        inside = self.element("table:table-column", {"table:number-columns-repeated": "1024"}, "") + self.between.join(["", *written, ""])
        return self.element("table:table", {"table:name": name, "table:style-name": style}, inside)

    def content(self, tables: list[tuple[list[Row], str, str]]) -> str:
        spaces = {f"xmlns:{self.prefix[short]}": uri for short, uri in URI.items()}
        if self.default:
            spaces["xmlns"] = URI[self.default]
        said = "".join(f' {key}="{value}"' for key, value in spaces.items())
        hidden = self.element("style:style", {"style:name": "ta9", "style:family": "table"}, self.element("style:table-properties", {"table:display": "false"}, ""))
        sheets = self.between.join(self.table(*each) for each in tables)
        body = self.element("office:body", {}, self.element("office:spreadsheet", {}, self.more() + sheets))
        root = self.name("office:document-content")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}{said}>{self.element("office:automatic-styles", {}, hidden)}{body}</{root}>'

    def more(self) -> str:
        """What stands before the tables: the changes that were tracked, with the old text of a cell."""
        if self.rng.random() < 0.8:
            return ""
        old = self.element("table:change-track-table-cell", {"office:value-type": "float", "office:value": "9"}, self.element("text:p", {}, "9"))
        return self.element("table:tracked-changes", {}, self.element("table:cell-content-change", {}, self.element("table:previous", {}, old)))


# ---- the plain reader ------------------------------------------------------------------------------------


def q(name: str) -> str:
    short, _, local = name.partition(":")
    return f"{{{URI[short]}}}{local}"


class Found:
    """A cell as the plain reader finds it."""

    def __init__(self, element: ElementTree.Element) -> None:
        self.type = element.get(q("office:value-type"), "")
        self.attributes = {name: element.get(q(f"office:{name}")) for name in ("value", "date-value", "time-value", "boolean-value", "string-value")}
        self.formula = element.get(q("table:formula"))
        self.error = element.get(q("calcext:value-type")) == "error"
        self.shown = "\n".join(shown(each) for each in element if each.tag == q("text:p"))
        self.anchor: Found | None = None
        """Of a cell in a merged one: its first."""
        self.upright = True

    @property
    def text(self) -> str:
        return self.attributes["string-value"] or self.shown

    @property
    def empty(self) -> bool:
        return self.type in {"", "string"} and not self.text.strip() and self.formula is None


def shown(paragraph: ElementTree.Element) -> str:
    """The text of a paragraph, by the rules of OpenDocument 1.2, 6.1.2."""
    found: list[str] = []

    def say(text: str | None) -> None:
        for each in text or "":
            if each not in " \t\r\n":
                found.append(each)
            elif found and found[-1] != "":
                found.append("")  # a space that may stand at the end

    def walk(element: ElementTree.Element) -> None:
        say(element.text)
        for child in element:
            if child.tag == q("text:s"):
                found.append(" " * int(child.get(q("text:c"), "1")))
            elif child.tag == q("text:tab"):
                found.append("\t")
            elif child.tag == q("text:line-break"):
                found.append("\n")
            elif child.tag not in {q("office:annotation"), q("text:ruby-text")} and not child.tag.startswith(f"{{{URI['draw']}}}"):
                walk(child)
            say(child.tail)

    walk(paragraph)
    while found and found[-1] == "":
        found.pop()
    return "".join(each or " " for each in found)


def plainly_read(xml: str) -> dict[tuple[int, int], Found]:
    """Row and column (from 1) → cell, of the first table that is not hidden."""
    root = ElementTree.fromstring(xml)
    hidden = {style.get(q("style:name")) for style in root.iter(q("style:style"))
              if any(each.get(q("table:display")) == "false" for each in style)}  # fmt: skip
    spreadsheet = next(root.iter(q("office:spreadsheet")))
    tables = [each for each in spreadsheet if each.tag == q("table:table") and each.get(q("table:style-name")) != "ta_extref"]
    sheet = sorted(tables, key=lambda each: each.get(q("table:style-name")) in hidden)[0]
    cells: dict[tuple[int, int], Found] = {}
    spans: list[tuple[int, int, int, int]] = []
    number_ = 1
    for row in sheet.iter(q("table:table-row")):
        for _ in range(min(int(row.get(q("table:number-rows-repeated"), "1")), 50)):
            column = 1
            for each in row:
                if each.tag not in {q("table:table-cell"), q("table:covered-table-cell")}:
                    continue
                repeated = int(each.get(q("table:number-columns-repeated"), "1"))
                high, wide = (int(each.get(q(f"table:number-{way}-spanned"), "1")) for way in ("rows", "columns"))
                if (high, wide) != (1, 1):
                    spans.append((number_, column, high, wide))
                for at in range(min(repeated, 50)):
                    cells[number_, column + at] = Found(each)
                column += repeated
            number_ += 1
    for top, left, high, wide in spans:
        for row_ in range(top, top + high):
            for column in range(left, left + wide):
                if (row_, column) in cells and (row_, column) != (top, left):
                    cells[row_, column].anchor = cells[top, left]
                    cells[row_, column].upright = wide == 1
        cells[top, left].anchor = cells[top, left]
        cells[top, left].upright = wide == 1
    return cells


_NAMES = ("%d-%m-%Y", "%m-%d-%Y", "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%dT%H:%M:%S")


def days(text: str) -> set[dt.date]:
    """Every day that a text can mean."""
    found = set()
    for name in _NAMES:
        try:
            found.add(dt.datetime.strptime(text.strip(), name).date())  # noqa: DTZ007
        except ValueError:
            continue
    return found


def assert_text(value: object, cell: Found, where: object) -> None:
    if cell.empty:
        assert value is None, (where, value)
    elif cell.type in {"", "string"}:
        assert value == unicodedata.normalize("NFC", cell.text).strip(), (where, value, cell.text)
    else:
        assert cell.type in {"float", "currency", "percentage"}, (where, value, cell.type)
        number_ = as_number(cell.attributes["value"] or "")
        assert number_ is not None, (where, value)
        assert value == format(number_, "f"), (where, value, cell.attributes)
        # What is shown with zeros in front is somebody's number with them.
        assert not (re.fullmatch(r"0[0-9]+", cell.shown) and int(cell.shown) == number_), (where, value, cell.shown)


def assert_number(value: object, cell: Found, unit: int, where: object) -> None:
    if cell.empty:
        assert value is None, (where, value)
    elif cell.type in {"", "string"}:
        assert value in readings(unicodedata.normalize("NFC", cell.text), unit), (where, value, cell.text)
    else:
        assert cell.type in {"float", "currency", "percentage"}, (where, value, cell.type)
        number_ = as_number((cell.attributes["value"] or "").strip())
        assert number_ is not None, (where, value, cell.attributes)
        assert value == number_ * unit, (where, value, cell.attributes)


def assert_day(value: object, cell: Found, where: object) -> None:
    if cell.empty:
        assert value is None, (where, value)
    elif cell.type in {"", "string"}:
        assert value in days(cell.text), (where, value, cell.text)
    else:
        assert cell.type == "date", (where, value, cell.type)
        written = (cell.attributes["date-value"] or "").strip()
        assert re.fullmatch(r"(?:T00:00:00(?:\.0+)?)?", written[10:]), (where, value, written)
        assert value == dt.date.fromisoformat(written[:10]), (where, value, written)


def assert_as_written(came: Came, cells: dict[tuple[int, int], Found], turn: object) -> None:
    """Every accepted line says what the plain reader finds in its cells; of a merged one its first, if that is clear."""
    columns = {field: LETTERS.index(column) + 1 for field, column in came.raw.columns.items()}
    blank = Found(ElementTree.Element("x"))
    for row, client, quantity, claimed, start, end, _ in came.lines:
        for field, value in (("client", client), ("start", start), ("end", end), ("quantity", quantity), ("claimed", claimed)):
            where = (turn, row, field)
            if field not in columns:
                assert value is None, where
                continue
            cell = cells.get((row, columns[field]), blank)
            if cell.anchor is not None:
                assert field not in {"quantity", "claimed"}, where
                assert cell.upright, where
                cell = cell.anchor
            assert not cell.error, where
            assert cell.formula is None or cell.type, where
            if field in {"quantity", "claimed"}:
                assert_number(value, cell, 1000 if field == "quantity" else 100, where)
            elif field == "client":
                assert_text(value, cell, where)
            else:
                assert_day(value, cell, where)


# ---- the rounds ------------------------------------------------------------------------------------------


def sheets(rng: random.Random, rows: list[Row]) -> list[tuple[list[Row], str, str]]:
    own = [(rows, "Levering", "ta1")]
    if rng.random() < 0.2:
        own.insert(0, ([Row([texts(each) for each in ("Dienst", "Productcode")]), Row([texts("x")] * 2)], "Lijst", "ta9"))
    if rng.random() < 0.2:
        own.insert(0, (copy.deepcopy(rows), "'file:///x.ods'#$Blad1", "ta_extref"))
    if rng.random() < 0.2:
        own.append(([Row([texts("Toelichting")])], "Toelichting", "ta1"))
    return own


def changed_documents(folder: Path, rounds: int, seed: int = 20180305) -> Counts:
    """Asserts that unchanged tables are read as they are meant, and that of changed ones every accepted line says what a
    plain reader finds there."""
    rng, counts = random.Random(seed), Counts()
    path = folder / "x.ods"
    for turn in range(rounds):
        rows = copy.deepcopy(a_table(rng))
        rows = [copy.deepcopy(row) for row in rows]
        changes = rng.choice((0, 1, 1, 2, 4))
        for _ in range(changes):
            change(rows, rng)
        xml = Hand(rng).content(sheets(rng, rows))
        path.write_bytes(packed(xml))
        came = Came(path)
        counts.add(came)
        if not changes:
            meant = [(at, *row.line) for at, row in enumerate(rows, 1) if row.line]
            assert came.lines == meant, (turn, came.code, xml)
            assert came.refused_rows == 0, (turn, xml)
        if came.lines:
            assert_as_written(came, plainly_read(xml), (turn, xml))
    return counts


def test_sound_documents_are_accepted_as_written_or_refused(tmp_path):
    assert changed_documents(tmp_path, SHORT // 2)["files"] == SHORT // 2


@pytest.mark.campaign
def test_thousands_of_sound_documents_are_accepted_as_written_or_refused(tmp_path):
    counts = changed_documents(tmp_path, LONG)
    tell("documents", counts)
    assert counts["files"] == LONG
    assert counts["lines accepted"] > 0
    assert any(name.startswith("file refused") for name in counts)
