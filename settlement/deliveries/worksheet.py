"""The rows of one worksheet of an .xlsx, taken from its XML by one grammar that must account for every character.

XML that is written in another way than the grammar knows is first brought into its form by expat.
Addresses come from the cells themselves; a sheet that says it is a million columns wide costs nothing.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from settlement.deliveries.cells import (
    BOOLEAN,
    DATE,
    ERROR,
    IN_ITS_PLACE,
    NO_RESULT,
    NUMBER,
    PADDED,
    TEXT,
    day_number,
    number_as_shown,
    separable,
)
from settlement.deliveries.headings import column_number, letters
from settlement.deliveries.package import local_name, parse, parser_without_doctype
from settlement.deliveries.runs import Column, Run, Sheet
from settlement.deliveries.unreadable import UnreadableError

_MERGED_AT_MOST = 20_000
_CHUNK = 1 << 20


class OtherwiseWrittenError(Exception):
    """The XML is not written as the grammar knows it; rows up to ``row`` were given out."""

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def decoded(pieces: Iterator[bytes]) -> Iterator[str]:
    """XML in UTF-8 as text, piece by piece, whatever byte a piece ends with."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in pieces:
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise OtherwiseWrittenError(0) from None


# ---- the grammar of a sheet ------------------------------------------------------------------------------

_ATTRIBUTES = r'(?: [A-Za-z_][\w.:-]*="[^"<]*")*'
_CELL = re.compile(
    r'\s*<c r="([A-Z]{1,3})([1-9][0-9]{0,6})"(?: s="([0-9]{1,6})")?(?: t="([a-zA-Z]{1,9})")?'
    rf"(?:/>|>(?:<f({_ATTRIBUTES}) ?(?:/>|>([^<]*)</f>))?"
    r'(?:<v(?: xml:space="preserve")?>([^<]*)</v>|(<v/>))?(?:<is>(.*?)</is>)?</c>)\s*',
    re.DOTALL,
)
_PLAIN_CELL = re.compile(
    r'<c r="([A-Z]{1,3})([1-9][0-9]{0,6})"((?: s="([0-9]{1,6})")?(?: t="(n|s|str|inlineStr)")?)'
    r"(?:(/>)|>(<f>[^<]*</f>)?<v>[^<&]+</v></c>|(><is>)<t>[^<&]*</t></is></c>)"
)
"""The cells that nearly all rows consist of: empty, a number, a string; a formula with its result."""
_SHAPES_AT_MOST = 64
_ROW = re.compile(rf'\s*<row({_ATTRIBUTES}?) r="([1-9][0-9]{{0,6}})"({_ATTRIBUTES}) ?(/?)>')
_NAME = re.compile(r' ([\w.:-]+)="')
_HIDDEN = re.compile(r' hidden="(?:1|true)"')
_T = rf"<t{_ATTRIBUTES}(?:/>|>([^<]*)</t>)"
_OF_A_STRING = re.compile(
    rf"{_T}|<r>(?:<rPr(?:/>|>(?:<([A-Za-z]+){_ATTRIBUTES} ?(?:/>|></\2>))*</rPr>))?{_T}</r>"
    rf"|<rPh{_ATTRIBUTES}>{_T}</rPh>|<phoneticPr{_ATTRIBUTES} ?(?:/>|></phoneticPr>)"
)
"""A part of a string: its text, or that of a piece with a font of its own; what is only there for pronunciation."""
_MERGE = re.compile(r'<mergeCell ref="\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?"')
_ENTITY = re.compile(r"&(?:#([0-9]{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos)|);|&")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ROWS_BEGIN = re.compile(r"<(?:[\w.-]+:)?sheetData[\s/>]")
_HALF = re.compile("[\ud800-\udfff]")
_OF_XML = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ROWS_AT_MOST = 1_048_576
_COLUMNS_AT_MOST = 16_384


def as_shown(text: str) -> str:
    """A string as stored with its escapes as characters; half of a pair is none and becomes one that is refused."""
    if "_x" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
        if not text.isprintable():
            text = _HALF.sub(IN_ITS_PLACE, text)
    return separable(text)


def _unescaped(text: str) -> str:
    """Character references of XML as characters."""
    if "&" not in text:
        return text

    def character(match: re.Match[str]) -> str:
        if match[3]:
            return _ENTITIES[match[3]]
        try:
            character = chr(int(match[1]) if match[1] else int(match[2] or "", 16))
        except (ValueError, OverflowError):
            character = ""
        if not _OF_XML.fullmatch(character):
            raise UnreadableError("damaged-file", found="XML")
        return character

    return _ENTITY.sub(character, text)


def _text(text: str) -> str:
    """A string of Excel as it shows: ``_x000D_`` is a character that XML can't hold."""
    return as_shown(_unescaped(text))


class Grammar:
    """Takes rows from the XML of one sheet; every character between ``<sheetData>`` and its end is accounted for."""

    def __init__(
        self, sheet: Sheet, strings: list[str], formats: Mapping[str, tuple[int, int]], *, results_kept: bool, calendar_1904: bool
    ) -> None:
        self._sheet = sheet
        self._strings = strings
        self._formats = formats
        self._results_kept = results_kept
        self._calendar_1904 = calendar_1904
        self._held = ""
        self._before = ""
        self._state = "before"
        self._shapes: list[_Shape] = []
        self._hidden: dict[str, bool] = {}
        self.last_row = 0
        """The last row that was given out."""
        self._tail: list[str] = []

    def feed(self, text: str) -> list[Run]:
        """The rows completed by this piece of XML."""
        self._held += text
        if self._state == "before":
            opened = re.search(r"<sheetData ?(/?)>", self._held)
            if opened is None:
                if len(self._held) > 4 * _CHUNK:
                    raise OtherwiseWrittenError(0)
                return []
            before = self._held[: opened.start()]
            encoding = re.match(r"\ufeff?<\?xml[^>]* encoding=[\"']([^\"']*)", before)
            if "<!" in before or (encoding and encoding[1].casefold() not in {"utf-8", "utf8", "us-ascii"}):
                raise OtherwiseWrittenError(0)
            self._before = before
            self._held = self._held[opened.end() :]
            self._state = "after" if opened[1] else "rows"
        if self._state == "rows":
            end = self._held.find("</sheetData>")
            if end >= 0:
                body, self._held = self._held[:end], self._held[end + len("</sheetData>") :]
                self._state = "after"
            else:
                cut = self._held.rfind("</row>") + len("</row>")
                if cut < len("</row>"):
                    if len(self._held) > 64 * _CHUNK:
                        raise OtherwiseWrittenError(self.last_row)
                    return []
                body, self._held = self._held[:cut], self._held[cut:]
            return self._rows(body)
        self._tail.append(self._held)
        self._held = ""
        return []

    def finish(self) -> None:
        """Reads what stands behind the rows."""
        tail = "".join(self._tail) + self._held
        if self._state != "after" or "<!" in tail or "<?" in tail:
            raise OtherwiseWrittenError(self.last_row)
        if _ROWS_BEGIN.search(tail):
            raise UnreadableError("damaged-file", sheet=self._sheet.name, found="XML")
        # What stands around the rows is no business of the grammar; whether it is whole, expat says.
        parse(parser_without_doctype(), self._before + tail, final=True)
        for first, top, last, bottom in _MERGE.findall(tail):
            self._sheet.merged.append((first, int(top), last or first, int(bottom or top)))
        if len(self._sheet.merged) != len(re.findall(r"<(?:\w+:)?mergeCell[\s/>]", tail)):
            raise OtherwiseWrittenError(self.last_row)
        if len(self._sheet.merged) > _MERGED_AT_MOST:
            raise UnreadableError("too-many-merged-cells", sheet=self._sheet.name, expected=str(_MERGED_AT_MOST))

    def _rows(self, body: str) -> list[Run]:
        if "\r" in body or "]]>" in body:
            raise OtherwiseWrittenError(self.last_row)
        runs: list[Run] = []
        number = self.last_row
        shape: _Shape | None = None
        numbers: list[int] = []
        values: list[tuple[str, ...]] = []
        hidden = 0
        *rows, behind = body.split("</row>")
        for row in rows:
            opened = _ROW.match(row)
            if opened is not None and opened[4]:
                opened, number = self._past_empty_rows(row, opened, number)
            if opened is None:
                raise OtherwiseWrittenError(self.last_row)
            number = self._row_number(opened, number)
            is_hidden = self._is_hidden(opened[1] + opened[3])
            match = shape.pattern.fullmatch(row, opened.end()) if shape else None
            if match is None:
                if shape:
                    runs.append(self._run(shape, numbers, hidden, values))
                numbers, values, hidden = [], [], 0
                shape, match = self._shape_of(row, opened.end())
            if shape is None or match is None:
                cells = self._any_cells(row[opened.end() :], str(number))
                if cells:
                    columns = [Column(letters, [text], bytes([kind])) for letters, text, kind in cells]
                    runs.append(Run([number], int(is_hidden), columns))
                continue
            if match[1] != str(number):
                raise UnreadableError("cells-out-of-order", sheet=self._sheet.name, found=match[1])
            numbers.append(number)
            values.append(match.groups())
            hidden += is_hidden
        if shape:
            runs.append(self._run(shape, numbers, hidden, values))
        if behind.strip():
            unclosed, number = self._past_empty_rows(behind, _ROW.match(behind), number)
            if unclosed is not None:
                raise OtherwiseWrittenError(self.last_row)
        self.last_row = number
        return [run for run in runs if run.columns]

    def _shape_of(self, row: str, start: int) -> tuple[_Shape | None, re.Match[str] | None]:
        """The shape of this row, of those seen before or a new one; ``None`` when it has cells that are not plain."""
        for at, shape in enumerate(self._shapes):
            match = shape.pattern.fullmatch(row, start)
            if match is not None:
                self._shapes.insert(0, self._shapes.pop(at))
                return shape, match
        shape_of_row = self._learn(row, start) if len(self._shapes) < _SHAPES_AT_MOST else None
        if shape_of_row is None:
            return None, None
        self._shapes.insert(0, shape_of_row)
        return shape_of_row, shape_of_row.pattern.fullmatch(row, start)

    def _learn(self, row: str, start: int) -> _Shape | None:
        pattern: list[str] = []
        columns: list[tuple[str, str, int]] = []
        formulas = before = 0
        for match in _PLAIN_CELL.finditer(row, start):
            if match.start() != start:
                return None
            start = match.end()
            letters, _, attributes, style, kind, nothing, formula, inline = match.groups()
            at = column_number(letters)
            text_kind, zeros = self._formats.get(style or "0", PLAIN)
            if at <= before or at > _COLUMNS_AT_MOST or zeros or (formula and not self._results_kept):
                return None
            if not nothing and (kind == "inlineStr") != bool(inline):
                return None
            before = at
            digits = "([1-9][0-9]{0,6})" if not pattern else r"\1"
            pattern.append(f'<c r="{letters}{digits}"{re.escape(attributes)}')
            if nothing:
                pattern.append("/>")
                continue
            if inline:
                pattern.append("><is><t>([^<&]*)</t></is></c>")
            elif formula:
                pattern.append("><f>[^<]*</f><v>([^<&]+)</v></c>")
                formulas += 1
            else:
                pattern.append("><v>([^<&]+)</v></c>")
            columns.append((letters, kind or "n", text_kind if kind in {None, "n"} else TEXT))
        if start != len(row) or not pattern:
            return None
        return _Shape(re.compile("".join(pattern)), tuple(columns), formulas)

    def _run(self, shape: _Shape, numbers: list[int], hidden: int, values: list[tuple[str, ...]]) -> Run:
        """Rows of one shape by column, their strings looked up."""
        self._sheet.formulas += shape.formulas * len(numbers)
        columns: list[Column] = []
        strings = self._strings
        by_column = list(zip(*values, strict=True))[1:]
        for (at, kind, text_kind), written in zip(shape.columns, by_column, strict=True):
            if kind == "s":
                if not all(map(str.isdecimal, written)) or not all(map(str.isascii, written)):
                    raise UnreadableError("damaged-file", sheet=self._sheet.name, cell=f"{at}{numbers[0]}")
                try:
                    texts = [strings[each] for each in map(int, written)]
                except IndexError:
                    raise UnreadableError(
                        "damaged-file", sheet=self._sheet.name, cell=f"{at}{numbers[0]}"
                    ) from None
            elif kind == "n":
                texts = list(map(separable, written))
            else:
                texts = list(map(_text, written))
            columns.append(Column(at, texts, bytes([text_kind]) * len(texts)))
        return Run(numbers, hidden, columns)

    def _past_empty_rows(self, written: str, opened: re.Match[str] | None, number: int) -> tuple[re.Match[str] | None, int]:
        """The row that opens behind rows that are closed at once, ``None`` when they are all; the number of the last of them."""
        position = 0
        while opened is not None and opened[4]:
            number = self._row_number(opened, number)
            self._is_hidden(opened[1] + opened[3])
            position = opened.end()
            opened = _ROW.match(written, position)
        if opened is None and written[position:].strip():
            raise OtherwiseWrittenError(self.last_row)
        return opened, number

    def _row_number(self, opened: re.Match[str], before: int) -> int:
        number = int(opened[2])
        if number <= before or number > _ROWS_AT_MOST:
            raise UnreadableError("cells-out-of-order", sheet=self._sheet.name, found=opened[2])
        return number

    def _is_hidden(self, attributes: str) -> bool:
        """Of a row, by its attributes but for its number; those of most rows were met before."""
        known = self._hidden.get(attributes)
        if known is None:
            self._check_attributes(f' r=""{attributes}')
            known = _HIDDEN.search(attributes) is not None
            if len(self._hidden) < _SHAPES_AT_MOST:
                self._hidden[attributes] = known
        return known

    def _check_attributes(self, written: str) -> None:
        """An attribute that stands twice is no XML; a reference within one is left to expat."""
        names = _NAME.findall(written)
        if len(set(names)) != len(names) or "&" in written:
            raise OtherwiseWrittenError(self.last_row)

    def _any_cells(self, written: str, digits: str) -> list[tuple[str, str, int]]:
        """The cells of a row, each by the whole grammar."""
        cells: list[tuple[str, str, int]] = []
        position, before = 0, 0
        while position < len(written):
            match = _CELL.match(written, position)
            if match is None:
                if not written[position:].strip():
                    break
                raise OtherwiseWrittenError(self.last_row)
            position = match.end()
            letters, row, style, kind, of_formula, formula, value, no_value, inline = match.groups()
            address = f"{letters}{row}"
            at = column_number(letters)
            if row != digits or at <= before or at > _COLUMNS_AT_MOST:
                raise UnreadableError("cells-out-of-order", sheet=self._sheet.name, cell=address)
            before = at
            if (value if kind == "inlineStr" else inline is not None):
                raise UnreadableError("damaged-file", sheet=self._sheet.name, cell=address)
            if of_formula is not None:
                self._check_attributes(of_formula)
                self._sheet.formulas += 1
                kept = self._results_kept and bool(value)
                if kind != "e" and not kept:
                    # A formula that gives text may have given an empty one; a number is never empty.
                    if not (kind == "str" and self._results_kept and (value is not None or no_value)):
                        cells.append((letters, _text(f"={formula or ''}"), NO_RESULT))
                    continue
            cell = self._cell(kind or "n", value or "", inline or "", style or "0", address)
            if cell[0]:
                cells.append((letters, *cell))
        return cells

    def _cell(self, kind: str, value: str, inline: str, style: str, address: str) -> tuple[str, int]:
        """Text and kind of one cell; an empty text for an empty cell."""
        if kind == "s":
            if not (value.isascii() and value.isdecimal()) or int(value) >= len(self._strings):
                raise UnreadableError("damaged-file", sheet=self._sheet.name, cell=address)
            return self._strings[int(value)], TEXT
        if kind == "inlineStr":
            return self._inline(inline), TEXT
        if kind == "str":
            return _text(value), TEXT
        if kind == "d":
            return day_number(_text(value), calendar_1904=self._calendar_1904), DATE
        written = separable(_unescaped(value))
        if kind == "n":
            text_kind, zeros = self._formats.get(style, PLAIN)
            if text_kind == PADDED:
                digits = number_as_shown(written) or ""
                text_kind = PADDED if digits.isdecimal() else NUMBER
                written = digits.zfill(zeros) if text_kind == PADDED else written
        elif kind in {"b", "e"}:
            text_kind = BOOLEAN if kind == "b" else ERROR
            written = written or "#"
        else:
            raise UnreadableError("damaged-file", sheet=self._sheet.name, cell=address)
        return written, text_kind

    def _inline(self, inline: str) -> str:
        texts: list[str] = []
        position = 0
        while position < len(inline):
            part = _OF_A_STRING.match(inline, position)
            if part is None:
                raise OtherwiseWrittenError(self.last_row)
            texts.append(part[1] or part[3] or "")
            position = part.end()
        return _text("".join(texts))


class _Shape(NamedTuple):
    """What a row looks like but for its number and values, as most rows of a table look alike."""

    pattern: re.Pattern[str]
    """Its first group is the row's number, which all its cells repeat; the others are the values."""
    columns: tuple[tuple[str, str, int], ...]
    """Of each value: the letters of its column, the type that Excel gives it, and its kind."""
    formulas: int


PLAIN = (NUMBER, 0)


def canonical(pieces: Iterator[bytes]) -> Iterator[str]:
    """The same XML as the grammar writes it: no prefixes, comments or CDATA, attributes of cells as r, s, t, rows numbered."""
    parser = parser_without_doctype()
    out: list[str] = []
    place = {"row": 0, "column": 0}
    empty = {"pending": False}

    def start(name: str, attributes: dict[str, str]) -> None:
        local = local_name(name)
        if local == "row":
            number = attributes.get("r", "")
            if number and re.fullmatch(r"[1-9][0-9]{0,6}", number) is None:
                raise UnreadableError("cells-out-of-order", cell=number[:20])
            place["row"] = int(number) if number else place["row"] + 1
            place["column"] = 0
            attributes = {"r": str(place["row"]), "hidden": attributes.get("hidden", "0")}
        elif local == "c":
            reference = attributes.get("r", "")
            if reference:
                match = re.fullmatch(r"([A-Z]{1,3})([1-9][0-9]{0,6})", reference)
                if match is None or int(match[2]) != place["row"]:
                    raise UnreadableError("cells-out-of-order", cell=reference[:20])
                place["column"] = column_number(match[1])
            else:
                place["column"] += 1
            address = f"{letters(place['column'])}{place['row']}"
            attributes = {"r": address} | {key: attributes[key] for key in ("s", "t") if key in attributes}
        elif local in {"v", "sheetData"}:
            attributes = {}
        close_pending()
        out.append(f"<{local}" + "".join(f" {key}={_quoted(value)}" for key, value in attributes.items()))
        empty["pending"] = True

    def close_pending() -> None:
        if empty["pending"]:
            out.append(">")
            empty["pending"] = False

    def end(name: str) -> None:
        close_pending()
        out.append(f"</{local_name(name)}>")

    def text(data: str) -> None:
        close_pending()
        out.append(escape(data, {"\r": "&#13;"}))

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    for piece in pieces:
        parse(parser, piece, final=False)
        if not empty["pending"]:
            yield "".join(out)
            out.clear()
    parse(parser, b"", final=True)
    yield "".join(out)


def _quoted(value: str) -> str:
    return quoteattr(value, {'"': "&quot;"})
