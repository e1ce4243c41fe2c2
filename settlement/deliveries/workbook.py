"""A delivered workbook (.xlsx) to rows of cells, exactly or not at all. Standard library only; runs in the child.

The zip is judged before anything is unpacked (sizes, doubles, overlaps, checksums), the XML is checked by expat
(well-formed, no DOCTYPE), and the cells are taken from it by one grammar that must account for every character.
XML that is written in another way than the grammar knows is first brought into its form by expat.
Addresses come from the cells themselves; a sheet that says it is a million columns wide costs nothing.
"""

from __future__ import annotations

import bisect
import codecs
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from settlement.deliveries.cells import BOOLEAN, DATE, ERROR, IN_ITS_PLACE, NO_RESULT, NUMBER, PADDED, SEPARATOR, TEXT
from settlement.deliveries.headings import column_number
from settlement.deliveries.unreadable import UnreadableError

UNPACKED_AT_MOST = 512 * 1024 * 1024
_PART_AT_MOST = 256 * 1024 * 1024
_RATIO_AT_MOST = 300
"""How many times its packed size a large part may be; sheets of lines are 10 to 60."""
_RATIO_FROM = 8 * 1024 * 1024
"""Smaller parts may be packed as tightly as they like."""
_PARTS_AT_MOST = 10_000
_MERGED_AT_MOST = 20_000
_CHUNK = 1 << 20

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Column(NamedTuple):
    """What stands in one column of some rows."""

    letters: str
    texts: list[str]
    kinds: bytes
    """A byte a row (``settlement.deliveries.cells``)."""


class Run(NamedTuple):
    """Rows that follow each other and have something in the same columns; every cell in it holds something."""

    numbers: list[int]
    hidden: int
    """How many of them are hidden."""
    columns: list[Column]
    """From left to right."""


@dataclass
class Sheet:
    """One worksheet. What stands behind the rows is known when all rows were read."""

    name: str
    part: str
    hidden: bool
    merged: list[tuple[str, int, str, int]] = field(default_factory=list)
    """First column, first row, last column, last row."""
    formulas: int = 0


# ---- the zip ---------------------------------------------------------------------------------------------


def _checked(data: bytes) -> zipfile.ZipFile:
    """The zip, after everything that can be judged before unpacking, and its checksums."""
    if data[:8] == _OLE:
        encrypted = "EncryptedPackage".encode("utf-16-le") in data
        raise UnreadableError("password-protected" if encrypted else "old-format", expected=".xlsx")
    if data[:4] != b"PK\x03\x04":
        raise UnreadableError("not-a-workbook", expected=".xlsx")
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        _judge(package, data)
        broken = package.testzip()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise UnreadableError("damaged-file") from error
    if broken is not None:
        raise UnreadableError("damaged-file", found=posixpath.basename(broken))
    return package


def _judge(package: zipfile.ZipFile, data: bytes) -> None:
    parts = package.infolist()
    names = [part.filename.casefold() for part in parts]
    if len(parts) > _PARTS_AT_MOST or len(set(names)) != len(names):
        raise UnreadableError("unsafe-file", found="duplicate parts")
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableError("password-protected", expected=".xlsx")
    if sum(part.file_size for part in parts) > UNPACKED_AT_MOST or any(
        part.file_size > _PART_AT_MOST for part in parts
    ):
        raise UnreadableError("too-large-unpacked", expected=f"{UNPACKED_AT_MOST // 2**20} MB")
    for part in parts:
        if part.file_size > _RATIO_FROM and part.file_size > _RATIO_AT_MOST * max(part.compress_size, 1):
            raise UnreadableError("unsafe-file", found="packed too tightly")
        if part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise UnreadableError("unsafe-file", found="unknown packing")
    in_order = sorted(parts, key=lambda part: part.header_offset)
    ends = [part.header_offset for part in in_order[1:]] + [package.start_dir]
    for part, end in zip(in_order, ends, strict=True):
        name_and_extra = sum(
            int.from_bytes(data[part.header_offset + at : part.header_offset + at + 2], "little") for at in (26, 28)
        )
        if part.header_offset + 30 + name_and_extra + part.compress_size > end:
            raise UnreadableError("unsafe-file", found="overlapping parts")
    if in_order and in_order[0].header_offset != 0:
        raise UnreadableError("damaged-file")


# ---- small XML -------------------------------------------------------------------------------------------


def _refuse_doctype(*_: object) -> None:
    raise UnreadableError("unsafe-file", found="DOCTYPE")


def _parser() -> expat.XMLParserType:
    """An expat parser that refuses a DOCTYPE, and with it every entity."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.buffer_text = True
    return parser


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _each_element(data: bytes, seen: Callable[[str, dict[str, str], str], None]) -> None:
    """Calls ``seen`` with name, attributes (both without prefix) and the name of the parent, for each element."""
    parser = _parser()
    above: list[str] = [""]

    def start(name: str, attributes: dict[str, str]) -> None:
        local = _local(name)
        seen(local, {_local(key): value for key, value in attributes.items()}, above[-1])
        above.append(local)

    def end(_: str) -> None:
        above.pop()

    parser.StartElementHandler, parser.EndElementHandler = start, end
    _parse(parser, data, final=True)


def _parse(parser: expat.XMLParserType, data: bytes | str, *, final: bool) -> None:
    try:
        parser.Parse(data, final)
    except (expat.ExpatError, ValueError, UnicodeError) as error:
        raise UnreadableError("damaged-file", found="XML") from error


# ---- the workbook ----------------------------------------------------------------------------------------


class Workbook:
    """A delivered workbook: its sheets in order, and their rows.

    Raises ``UnreadableError`` from every method for what can't be read exactly.
    """

    def __init__(self, data: bytes) -> None:
        self._package = _checked(data)
        self._names = set(self._package.namelist())
        self.calendar_1904 = False
        self._recalculates = False
        self.sheets: list[Sheet] = []
        workbook = self._only(self._relations(""), "officeDocument")
        relations = self._relations(workbook)
        self._read_workbook(workbook, relations)
        styles = self._one(relations, "styles")
        self._formats = _formats(self._read(styles)) if styles else {}
        strings = self._one(relations, "sharedStrings")
        self._strings = _shared_strings(self._read(strings)) if strings else []

    def _read(self, part: str) -> bytes:
        if part not in self._names:
            raise UnreadableError("damaged-file", found=posixpath.basename(part))
        return self._package.read(part)

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Identifier to kind and target, of the relations of a part; ``""`` is the package."""
        folder, name = posixpath.split(part)
        relations: dict[str, tuple[str, str]] = {}

        def seen(element: str, attributes: dict[str, str], _: str) -> None:
            if element == "Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "")
                path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
                relations[attributes.get("Id", "")] = (
                    attributes.get("Type", "").rpartition("/")[2],
                    posixpath.normpath(path),
                )

        _each_element(self._read(posixpath.join(folder, "_rels", f"{name}.rels")), seen)
        return relations

    def _one(self, relations: Mapping[str, tuple[str, str]], kind: str) -> str | None:
        targets = [target for each, target in relations.values() if each == kind]
        if len(targets) > 1:
            raise UnreadableError("damaged-file", found=kind)
        return targets[0] if targets else None

    def _only(self, relations: Mapping[str, tuple[str, str]], kind: str) -> str:
        target = self._one(relations, kind)
        if target is None:
            raise UnreadableError("not-a-workbook", expected=".xlsx")
        return target

    def _read_workbook(self, part: str, relations: Mapping[str, tuple[str, str]]) -> None:
        def seen(element: str, attributes: dict[str, str], _: str) -> None:
            if element == "workbookPr":
                self.calendar_1904 = attributes.get("date1904", "0") in {"1", "true"}
            elif element == "calcPr":
                self._recalculates = attributes.get("fullCalcOnLoad", "0") in {"1", "true"}
            elif element == "sheet":
                kind, target = relations.get(attributes.get("id", ""), ("", ""))
                if not target:
                    raise UnreadableError("damaged-file", found=attributes.get("name", ""))
                if kind == "worksheet":
                    hidden = attributes.get("state", "visible") != "visible"
                    self.sheets.append(Sheet(attributes.get("name", ""), target, hidden))

        _each_element(self._read(part), seen)

    # ---- rows

    def rows(self, sheet: Sheet) -> Iterator[list[Run]]:
        """The rows of a sheet in order, some thousands at a time; fills in what the sheet says behind its rows."""
        if sheet.part not in self._names:
            raise UnreadableError("damaged-file", found=sheet.name)
        try:
            yield from self._rows(sheet, _decoded(self._pieces(sheet.part)))
        except _OtherwiseWrittenError as where:
            given_out = where.row
        else:
            return
        # Written in another way: expat brings the same XML into the grammar's form. Given out were whole pieces of XML,
        # which may end in the middle of the pieces that come now.
        sheet.merged.clear()
        sheet.formulas = 0
        try:
            for runs in self._rows(sheet, _canonical(self._pieces(sheet.part))):
                fresh = [after(run, given_out) for run in runs if run.numbers[-1] > given_out]
                if fresh:
                    yield fresh
        except _OtherwiseWrittenError as error:
            raise UnreadableError("damaged-file", sheet=sheet.name, found="XML") from error

    def _pieces(self, part: str) -> Iterator[bytes]:
        with self._package.open(part) as stream:
            while piece := stream.read(_CHUNK):
                yield piece

    def _rows(self, sheet: Sheet, pieces: Iterator[str]) -> Iterator[list[Run]]:
        grammar = _Grammar(sheet, self._strings, self._formats, results_kept=not self._recalculates)
        for text in pieces:
            rows = grammar.feed(text)
            if rows:
                yield rows
        grammar.finish()


def after(run: Run, row: int) -> Run:
    """The part of a run behind a row."""
    start = bisect.bisect_right(run.numbers, row)
    columns = [Column(letters, texts[start:], kinds[start:]) for letters, texts, kinds in run.columns]
    return Run(run.numbers[start:], run.hidden if not start else min(run.hidden, len(run.numbers) - start), columns)


class _OtherwiseWrittenError(Exception):
    """The XML is not written as the grammar knows it; rows up to ``row`` were given out."""

    def __init__(self, row: int) -> None:
        super().__init__(row)
        self.row = row


def _decoded(pieces: Iterator[bytes]) -> Iterator[str]:
    """XML in UTF-8 as text, piece by piece, whatever byte a piece ends with."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in pieces:
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _OtherwiseWrittenError(0) from None


# ---- the grammar of a sheet ------------------------------------------------------------------------------

_CELL = re.compile(
    r'\s*<c r="([A-Z]{1,3})([1-9][0-9]{0,6})"(?: s="([0-9]{1,6})")?(?: t="([a-zA-Z]{1,9})")?'
    r"(?:/>|>(?:<f(?:>|(?: [^<>]*)?(?<!/)>)([^<]*)</f>|(<f(?: [^<>]*)?/>))?"
    r'(?:<v(?: xml:space="preserve")?>([^<]*)</v>|(<v/>))?(?:<is>(.*?)</is>)?</c>)\s*',
    re.DOTALL,
)
_PLAIN_CELL = re.compile(
    r'<c r="([A-Z]{1,3})([1-9][0-9]{0,6})"((?: s="([0-9]{1,6})")?(?: t="(n|s|str|inlineStr)")?)'
    r"(?:(/>)|>(<f>[^<]*</f>)?<v>[^<&]+</v></c>|(><is>)<t>[^<&]*</t></is></c>)"
)
"""The cells that nearly all rows consist of: empty, a number, a string; a formula with its result."""
_SHAPES_AT_MOST = 64
_ROW = re.compile(r"\s*<row(?: [^<>]*)?>")
_NUMBER_OF_ROW = re.compile(r' r="([1-9][0-9]{0,6})"')
_HIDDEN = re.compile(r' hidden="(?:1|true)"')
_INLINE = re.compile(r"<t(?: [^<>]*)?>([^<]*)</t>|<t/>")
_INLINE_WHOLE = re.compile(
    r"(?:<t(?: [^<>]*)?>[^<]*</t>|<t/>|<r>(?:<rPr>.*?</rPr>|<rPr/>)?(?:<t(?: [^<>]*)?>[^<]*</t>|<t/>)</r>|"
    r"<rPh [^<>]*>.*?</rPh>|<phoneticPr[^<>]*/>)*",
    re.DOTALL,
)
_MERGE = re.compile(r'<mergeCell ref="\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?"')
_ENTITY = re.compile(r"&(?:#([0-9]{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos)|);|&")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ROWS_AT_MOST = 1_048_576
_COLUMNS_AT_MOST = 16_384


def _unescaped(text: str) -> str:
    """Character references of XML as characters."""
    if "&" not in text:
        return text

    def character(match: re.Match[str]) -> str:
        if match[3]:
            return _ENTITIES[match[3]]
        try:
            return chr(int(match[1]) if match[1] else int(match[2] or "", 16))
        except (ValueError, OverflowError):
            raise UnreadableError("damaged-file", found="XML") from None

    return _ENTITY.sub(character, text)


def _text(text: str) -> str:
    """A string of Excel as it shows: ``_x000D_`` is a character that XML can't hold."""
    text = _unescaped(text)
    if "_x" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return _separable(text)


def _separable(text: str) -> str:
    """Without the character that separates cells on their way out of the child; the one put in its place is refused too."""
    return text.replace(SEPARATOR, IN_ITS_PLACE) if SEPARATOR in text else text


class _Grammar:
    """Takes rows from the XML of one sheet; every character between ``<sheetData>`` and its end is accounted for."""

    def __init__(
        self, sheet: Sheet, strings: list[str], formats: Mapping[str, tuple[int, int]], *, results_kept: bool
    ) -> None:
        self._sheet = sheet
        self._strings = strings
        self._formats = formats
        self._results_kept = results_kept
        self._held = ""
        self._state = "before"
        self._shapes: list[_Shape] = []
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
                    raise _OtherwiseWrittenError(0)
                return []
            before = self._held[: opened.start()]
            encoding = re.match(r"\ufeff?<\?xml[^>]* encoding=[\"']([^\"']*)", before)
            if "<!" in before or (encoding and encoding[1].casefold() not in {"utf-8", "utf8", "us-ascii"}):
                raise _OtherwiseWrittenError(0)
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
                        raise _OtherwiseWrittenError(self.last_row)
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
            raise _OtherwiseWrittenError(self.last_row)
        for first, top, last, bottom in _MERGE.findall(tail):
            self._sheet.merged.append((first, int(top), last or first, int(bottom or top)))
        if len(self._sheet.merged) != len(re.findall(r"<(?:\w+:)?mergeCell[\s/>]", tail)):
            raise _OtherwiseWrittenError(self.last_row)
        if len(self._sheet.merged) > _MERGED_AT_MOST:
            raise UnreadableError("too-many-merged-cells", sheet=self._sheet.name, expected=str(_MERGED_AT_MOST))

    def _rows(self, body: str) -> list[Run]:
        if "\r" in body:
            raise _OtherwiseWrittenError(self.last_row)
        runs: list[Run] = []
        number = self.last_row
        shape: _Shape | None = None
        numbers: list[int] = []
        values: list[tuple[str, ...]] = []
        hidden = 0
        for row in body.split("</row>"):
            opened = _ROW.match(row)
            while opened is not None and row.endswith("/>", 0, opened.end()):
                number = self._row_number(opened[0], number)
                row = row[opened.end() :]  # noqa: PLW2901 - an empty row, closed at once, stands before the next
                opened = _ROW.match(row)
            if opened is None:
                if row.strip():
                    raise _OtherwiseWrittenError(self.last_row)
                continue
            number = self._row_number(opened[0], number)
            is_hidden = " hidden=" in opened[0] and _HIDDEN.search(opened[0]) is not None
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
            text_kind, zeros = self._formats.get(style or "0", _PLAIN)
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
        for (letters, kind, text_kind), written in zip(shape.columns, by_column, strict=True):
            if kind == "s":
                if not all(map(str.isdecimal, written)) or not all(map(str.isascii, written)):
                    raise UnreadableError("damaged-file", sheet=self._sheet.name, cell=f"{letters}{numbers[0]}")
                try:
                    texts = [strings[at] for at in map(int, written)]
                except IndexError:
                    raise UnreadableError(
                        "damaged-file", sheet=self._sheet.name, cell=f"{letters}{numbers[0]}"
                    ) from None
            elif kind == "n":
                texts = list(map(_separable, written))
            else:
                texts = list(map(_text, written))
            columns.append(Column(letters, texts, bytes([text_kind]) * len(texts)))
        return Run(numbers, hidden, columns)

    def _row_number(self, opened: str, before: int) -> int:
        said = _NUMBER_OF_ROW.search(opened)
        if said is None:
            raise _OtherwiseWrittenError(self.last_row)
        number = int(said[1])
        if number <= before or number > _ROWS_AT_MOST:
            raise UnreadableError("cells-out-of-order", sheet=self._sheet.name, found=said[1])
        return number

    def _any_cells(self, written: str, digits: str) -> list[tuple[str, str, int]]:
        """The cells of a row, each by the whole grammar."""
        cells: list[tuple[str, str, int]] = []
        position, before = 0, 0
        while position < len(written):
            match = _CELL.match(written, position)
            if match is None:
                if not written[position:].strip():
                    break
                raise _OtherwiseWrittenError(self.last_row)
            position = match.end()
            letters, row, style, kind, formula, shared, value, no_value, inline = match.groups()
            address = f"{letters}{row}"
            at = column_number(letters)
            if row != digits or at <= before or at > _COLUMNS_AT_MOST:
                raise UnreadableError("cells-out-of-order", sheet=self._sheet.name, cell=address)
            before = at
            if formula is not None or shared is not None:
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
        if kind in {"str", "d"}:
            return _text(value), TEXT
        written = _separable(_unescaped(value))
        if kind == "n":
            text_kind, zeros = self._formats.get(style, _PLAIN)
            if text_kind == PADDED:
                text_kind = PADDED if written.isdecimal() else NUMBER
                written = written.zfill(zeros) if text_kind == PADDED else written
        elif kind in {"b", "e"}:
            text_kind = BOOLEAN if kind == "b" else ERROR
            written = written or "#"
        else:
            raise UnreadableError("damaged-file", sheet=self._sheet.name, cell=address)
        return written, text_kind

    def _inline(self, inline: str) -> str:
        if _INLINE_WHOLE.fullmatch(inline) is None:
            raise _OtherwiseWrittenError(self.last_row)
        spoken = re.sub(r"<rPh .*?</rPh>", "", inline, flags=re.DOTALL)
        return _text("".join(_INLINE.findall(spoken)))


class _Shape(NamedTuple):
    """What a row looks like but for its number and values, as most rows of a table look alike."""

    pattern: re.Pattern[str]
    """Its first group is the row's number, which all its cells repeat; the others are the values."""
    columns: tuple[tuple[str, str, int], ...]
    """Of each value: the letters of its column, the type that Excel gives it, and its kind."""
    formulas: int


_PLAIN = (NUMBER, 0)


def _canonical(pieces: Iterator[bytes]) -> Iterator[str]:
    """The same XML as the grammar writes it: no prefixes, comments or CDATA, attributes of cells as r, s, t, rows numbered."""
    parser = _parser()
    out: list[str] = []
    place = {"row": 0, "column": 0}
    empty = {"pending": False}

    def start(name: str, attributes: dict[str, str]) -> None:
        local = _local(name)
        if local == "row":
            place["row"] = int(attributes["r"]) if attributes.get("r", "").isdecimal() else place["row"] + 1
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
            address = f"{_letters(place['column'])}{place['row']}"
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
        out.append(f"</{_local(name)}>")

    def text(data: str) -> None:
        close_pending()
        out.append(escape(data, {"\r": "&#13;"}))

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    for piece in pieces:
        _parse(parser, piece, final=False)
        if not empty["pending"]:
            yield "".join(out)
            out.clear()
    _parse(parser, b"", final=True)
    yield "".join(out)


def _quoted(value: str) -> str:
    return quoteattr(value, {'"': "&quot;"})


def _letters(column: int) -> str:
    from settlement.deliveries.headings import letters

    return letters(column)


# ---- strings and formats ---------------------------------------------------------------------------------


def _shared_strings(data: bytes) -> list[str]:
    """The shared strings in order; what is only there for pronunciation is left out."""
    strings: list[str] = []
    parts: list[str] = []
    parser = _parser()
    phonetic = False

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal phonetic
        local = _local(name)
        if local == "si":
            parts.clear()
        elif local == "rPh":
            phonetic = True
        elif local == "t" and not phonetic:
            parser.CharacterDataHandler = parts.append

    def end(name: str) -> None:
        nonlocal phonetic
        local = _local(name)
        if local == "t":
            parser.CharacterDataHandler = None
        elif local == "rPh":
            phonetic = False
        elif local == "si":
            text = "".join(parts)
            if "_x" in text:
                text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
            strings.append(_separable(text))

    parser.StartElementHandler, parser.EndElementHandler = start, end
    _parse(parser, data, final=True)
    return strings


_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
"""The numbers of the formats that Excel knows without their code and that show a day or a time."""


def _formats(data: bytes) -> dict[str, tuple[int, int]]:
    """By the style number of a cell: the kind of number that it shows, and how many digits it fills up with zeros."""
    codes: dict[int, str] = {}
    styles: list[int] = []

    def seen(element: str, attributes: dict[str, str], parent: str) -> None:
        if element == "numFmt" and parent == "numFmts":
            codes[_whole(attributes.get("numFmtId", ""))] = attributes.get("formatCode", "")
        elif element == "xf" and parent == "cellXfs":
            styles.append(_whole(attributes.get("numFmtId", "0")))

    _each_element(data, seen)
    kinds = {number: _kind_of(number, codes.get(number)) for number in set(styles)}
    return {str(style): kinds[number] for style, number in enumerate(styles) if kinds[number] != _PLAIN}


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise UnreadableError("damaged-file", found="styles")
    return int(text)


def _kind_of(number: int, code: str | None) -> tuple[int, int]:
    if code is None:
        return (DATE, 0) if number in _DATE_FORMATS else _PLAIN
    first = re.sub(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', "", code, flags=re.IGNORECASE).partition(";")[0]
    if first.casefold() not in {"general", "standard", "@"} and re.search("[dmyhs]", first, re.IGNORECASE):
        return (DATE, 0)
    if re.fullmatch("0{2,}", first):
        return (PADDED, len(first))
    return _PLAIN
