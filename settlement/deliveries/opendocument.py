"""A delivered .ods (OpenDocument, as LibreOffice and others write it) to rows of cells, exactly or not at all.

What counts is the stored value of a cell (``office:value``, ``office:date-value``), not how it is shown; where it is shown
with leading zeros or with letters around it, the kind of the cell says so. Repeated cells and rows are counted out, within
bounds. Names are taken with their namespaces, so prefixes don't matter. Standard library only; runs in the child.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from xml.parsers import expat

from settlement.deliveries.cells import (
    AFFIXED,
    BOOLEAN,
    DATE,
    ERROR,
    NO_RESULT,
    NUMBER,
    PADDED,
    TEXT,
    day_number,
    never_counted,
    number_as_shown,
    separable,
)
from settlement.deliveries.headings import letters
from settlement.deliveries.package import parse, parser_without_doctype, pieces_of, read_part
from settlement.deliveries.runs import Column, Run, Sheet
from settlement.deliveries.unreadable import UnreadableError

_OASIS = "urn:oasis:names:tc:opendocument:xmlns"
_OFFICE, _TABLE, _TEXT, _STYLE, _MANIFEST = (
    f"{_OASIS}:{name}:1.0" for name in ("office", "table", "text", "style", "manifest")
)
_CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
_CELL = f"{_TABLE} table-cell"
_COVERED = f"{_TABLE} covered-table-cell"
_ROW = f"{_TABLE} table-row"
_SHEET = f"{_TABLE} table"
_SPREADSHEET = f"{_OFFICE} spreadsheet"
_PARAGRAPH = f"{_TEXT} p"
_CELLS = frozenset({_CELL, _COVERED})
_VALUE_TYPE = f"{_OFFICE} value-type"
_FORMULA = f"{_TABLE} formula"
_CALC_TYPE = f"{_CALC} value-type"
_VALUE = f"{_OFFICE} value"
_STRING = f"{_OFFICE} string-value"
_COLUMNS_REPEATED = f"{_TABLE} number-columns-repeated"
_COLUMNS_SPANNED = f"{_TABLE} number-columns-spanned"
_ROWS_SPANNED = f"{_TABLE} number-rows-spanned"
_ROWS_REPEATED = f"{_TABLE} number-rows-repeated"
_NOT_SHOWN = (f"{_OFFICE} annotation", f"{_OFFICE} forms", f"{_TABLE} shapes", f"{_TEXT} ruby-text", f"{_OASIS}:drawing:1.0 ")
"""Elements, or their namespaces, whose text is not that of a cell: remarks, forms, drawings."""
_EXTERNAL = "ta_extref"
"""The style of what is kept of other files for formulas that point to them: nobody's sheet."""
_SHOWN_ERROR = re.compile(r"#[A-Z/0-9]+[!?]?|(?:Err|Fout):[0-9]+", re.IGNORECASE)
"""What a formula that failed shows; some programs store 0 or an empty text beside it."""
_SHOWN_OTHERWISE = re.compile(r"[^\W\d_]|[0-9][-/ ][0-9]")
_SCIENTIFIC = re.compile(r"-?[0-9.,]+E[+-]?[0-9]+")
_ROWS_AT_MOST = 1_048_576
_COLUMNS_AT_MOST = 16_384
_REPEATED_AT_MOST = 1_000_000
"""Cells with something in them that stand in the file once for many."""
_SPACES = re.compile(r"[ \t\r\n]+")
_SPACES_AT_MOST = 1_000
_MERGED_AT_MOST = 20_000
_ROWS_TOGETHER = 4096
_WRITTEN_OUT = {0: " ", 1: "\t", 2: "\n"}
"""Spaces and line ends that are elements of their own, held as characters that XML can't have until the others are folded."""


class OpenDocument:
    """A delivered .ods: its sheets in order, and their rows. The same to its reader as a ``workbook.Workbook``.

    Raises ``UnreadableError`` for what can't be read exactly.
    """

    calendar_1904 = False
    """Days are written out in this format: nothing to count from."""
    macros = False

    def __init__(self, package: zipfile.ZipFile) -> None:
        names = set(package.namelist())
        if "META-INF/manifest.xml" in names:
            _refuse_password(read_part(package, "META-INF/manifest.xml"))
        if any(name.partition("-")[0] == "encrypted" for name in names):
            raise UnreadableError("password-protected", expected=".ods")
        if "content.xml" not in names:
            raise UnreadableError("damaged-file", found="content.xml")
        tables = _Tables()
        for piece in pieces_of(package, "content.xml"):
            parse(tables.parser, piece, final=False)
        parse(tables.parser, b"", final=True)
        self._runs = {sheet.part: runs for sheet, runs in tables.found}
        self.sheets = [sheet for sheet, _ in tables.found]

    def rows(self, sheet: Sheet) -> Iterator[list[Run]]:
        """The rows of a sheet in order, some thousands at a time."""
        for run in self._runs[sheet.part]:
            yield [run]


def _refuse_password(manifest: bytes) -> None:
    def start(name: str, _: dict[str, str]) -> None:
        if name == f"{_MANIFEST} encryption-data":
            raise UnreadableError("password-protected", expected=".ods")

    parser = parser_without_doctype(with_namespaces=True)
    parser.StartElementHandler = start
    parse(parser, manifest, final=True)


class _Tables:
    """Takes the tables from ``content.xml`` as expat reads it."""

    def __init__(self) -> None:
        self.found: list[tuple[Sheet, list[Run]]] = []
        self.parser: expat.XMLParserType = parser_without_doctype(with_namespaces=True)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = None
        self._starts: Mapping[str, Callable[[dict[str, str]], None]] = {
            _CELL: self._begin_cell,
            _COVERED: self._begin_cell,
            _PARAGRAPH: self._begin_paragraph,
            _ROW: self._begin_row,
            _SHEET: self._begin_sheet,
            f"{_TEXT} s": self._spaces,
            f"{_TEXT} tab": lambda _: self._text.append("\1"),
            f"{_TEXT} line-break": lambda _: self._text.append("\2"),
            f"{_STYLE} style": self._begin_style,
            f"{_STYLE} table-properties": self._style_of_table,
        }
        self._ends: Mapping[str, Callable[[], None]] = {
            _CELL: self._end_cell,
            _COVERED: self._end_cell,
            _PARAGRAPH: self._end_paragraph,
            _ROW: self._end_row,
            _SHEET: self._end_sheet,
        }
        self._above: list[str] = [""]
        self._skipped = 0
        """How deep in something that is not shown."""
        self._style = ""
        self._hidden_styles: set[str] = set()
        self._sheet: Sheet | None = None
        self._row = 0
        self._row_attributes: Mapping[str, str] = {}
        self._column = 0
        self._row_cells: list[tuple[int, str, int]] = []
        self._row_merged: list[tuple[int, int, int]] = []
        self._cell: Mapping[str, str] = {}
        self._paragraphs: list[str] = []
        self._text: list[str] = []
        self._in_paragraph = False
        self._expanded = 0
        self._group = _Group()

    # ---- elements

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        above = self._above[-1]
        self._above.append(name)
        if self._skipped:
            self._skipped += 1
            return
        begin = self._starts.get(name)
        if begin is None:
            if name.startswith(_NOT_SHOWN):
                self._skip()
        elif name == _SHEET and above != _SPREADSHEET:
            self._skip()
        elif name != _PARAGRAPH or above in _CELLS:
            begin(attributes)

    def _skip(self) -> None:
        self._skipped = 1
        self.parser.CharacterDataHandler = None

    def _end(self, name: str) -> None:
        self._above.pop()
        if self._skipped:
            self._skipped -= 1
            if not self._skipped and self._in_paragraph:
                self.parser.CharacterDataHandler = self._text.append
            return
        end = self._ends.get(name)
        if end is not None and (name != _PARAGRAPH or self._above[-1] in _CELLS):
            end()

    def _begin_style(self, attributes: Mapping[str, str]) -> None:
        self._style = attributes.get(f"{_STYLE} name", "")

    def _style_of_table(self, attributes: Mapping[str, str]) -> None:
        if attributes.get(f"{_TABLE} display") == "false":
            self._hidden_styles.add(self._style)

    def _begin_sheet(self, attributes: Mapping[str, str]) -> None:
        style = attributes.get(f"{_TABLE} style-name", "")
        self._sheet = Sheet(attributes.get(f"{_TABLE} name", ""), str(len(self.found)), style in self._hidden_styles)
        self._row = 0
        if style != _EXTERNAL:
            self.found.append((self._sheet, []))

    def _end_sheet(self) -> None:
        self._flush()
        self._sheet = None

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        self._row_attributes = attributes
        self._column = 0
        self._row_cells, self._row_merged = [], []

    # ---- the text of a cell

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        self._cell = attributes
        self._paragraphs = []

    def _begin_paragraph(self, _: Mapping[str, str]) -> None:
        self._text = []
        self._in_paragraph = True
        self.parser.CharacterDataHandler = self._text.append

    def _end_paragraph(self) -> None:
        self._in_paragraph = False
        self.parser.CharacterDataHandler = None
        shown = "".join(self._text)
        if not shown.isalnum():
            shown = _SPACES.sub(" ", shown).strip(" ")
            if not shown.isprintable():
                shown = shown.translate(_WRITTEN_OUT)
        self._paragraphs.append(shown)

    def _spaces(self, attributes: Mapping[str, str]) -> None:
        count = _count(attributes.get(f"{_TEXT} c", "1"))
        if count > _SPACES_AT_MOST:
            raise UnreadableError("unsafe-file", found="repeated spaces", sheet=self._name())
        self._text.append("\0" * count)

    # ---- cells and rows

    def _end_cell(self) -> None:
        attributes = self._cell
        first = self._column + 1
        said = attributes.get(_COLUMNS_REPEATED)
        repeated = 1 if said is None else _count(said)
        self._column += repeated
        text, kind = self._value("\n".join(self._paragraphs))
        if text:
            if self._column > _COLUMNS_AT_MOST:
                raise UnreadableError("cells-out-of-order", sheet=self._name(), cell=f"{letters(first)}{self._row + 1}")
            text = separable(text)
            if repeated == 1:
                self._row_cells.append((first, text, kind))
            else:
                self._expand(repeated - 1)
                self._row_cells += [(column, text, kind) for column in range(first, self._column + 1)]
        if _COLUMNS_SPANNED in attributes or _ROWS_SPANNED in attributes:
            wide = _count(attributes.get(_COLUMNS_SPANNED, "1"))
            high = _count(attributes.get(_ROWS_SPANNED, "1"))
            if wide > 1 or high > 1:
                self._row_merged.append((first, min(wide, _COLUMNS_AT_MOST), min(high, _ROWS_AT_MOST)))

    def _value(self, shown: str) -> tuple[str, int]:  # noqa: PLR0911 - one for each type that a cell can have
        """Text and kind of the cell that ends; an empty text for an empty one."""
        type_ = self._cell.get(_VALUE_TYPE, "")
        formula = self._cell.get(_FORMULA)
        if formula is not None and self._sheet is not None:
            self._sheet.formulas += 1
        if self._cell.get(_CALC_TYPE) == "error" or (formula is not None and _SHOWN_ERROR.fullmatch(shown)):
            return shown or "#", ERROR
        if type_ in {"float", "percentage", "currency"}:
            return self._number(shown, type_)
        if type_ == "date":
            return day_number(self._stored("date")), DATE
        if type_ == "time":
            return never_counted(shown or self._stored("time")), DATE
        if type_ == "boolean":
            return str(int(self._stored("boolean") == "true")), BOOLEAN
        if type_ in {"", "string"}:
            if formula is not None and not type_:
                return f"={formula.partition('=')[2]}", NO_RESULT
            return self._cell.get(_STRING) or shown, TEXT
        raise self._damaged()

    def _number(self, shown: str, type_: str) -> tuple[str, int]:
        value = self._cell.get(_VALUE, "")
        if not value:
            raise self._damaged()
        if shown != value and shown.isdecimal():
            digits = number_as_shown(value)
            if digits is not None and shown != digits and shown.lstrip("0") == digits.lstrip("0"):
                return shown, PADDED
        if shown.isalpha() and value in {"0", "1"}:
            return value, BOOLEAN  # TRUE, WAAR: how a truth value of Excel is kept here
        if type_ == "float" and _SHOWN_OTHERWISE.search(shown) and not _SCIENTIFIC.fullmatch(shown):
            return value, AFFIXED
        return value, NUMBER

    def _stored(self, name: str) -> str:
        value = self._cell.get(f"{_OFFICE} {name}-value", "")
        if not value:
            raise self._damaged()
        return value

    def _damaged(self) -> UnreadableError:
        return UnreadableError(
            "damaged-file", sheet=self._name(), cell=f"{letters(min(self._column, _COLUMNS_AT_MOST))}{self._row + 1}"
        )

    def _end_row(self) -> None:
        repeated = _count(self._row_attributes.get(_ROWS_REPEATED, "1"))
        first = self._row + 1
        self._row += repeated
        # An empty row may begin a merged cell that covers something in the rows below it.
        merged = [each for each in self._row_merged if self._row_cells or each[2] > 1]
        if self._sheet is None or not (self._row_cells or merged):
            return
        if self._row > _ROWS_AT_MOST:
            raise UnreadableError("too-many-rows", expected=str(_ROWS_AT_MOST), sheet=self._name())
        if len(self._sheet.merged) + repeated * len(merged) > _MERGED_AT_MOST:
            raise UnreadableError("too-many-merged-cells", sheet=self._name(), expected=str(_MERGED_AT_MOST))
        self._sheet.merged += [
            (letters(column), row, letters(column + wide - 1), row + high - 1)
            for row in range(first, self._row + 1)
            for column, wide, high in merged
        ]
        if not self._row_cells:
            return
        self._expand((repeated - 1) * len(self._row_cells))
        hidden = self._row_attributes.get(f"{_TABLE} visibility", "visible") != "visible"
        for row in range(first, self._row + 1):
            if not self._group.fits(self._row_cells):
                self._flush()
            self._group.add(row, self._row_cells, hidden=hidden)

    def _expand(self, cells: int) -> None:
        self._expanded += cells
        if self._expanded > _REPEATED_AT_MOST:
            raise UnreadableError("unsafe-file", found="repeated cells", sheet=self._name())

    def _flush(self) -> None:
        run = self._group.run()
        self._group = _Group()
        if run is not None and self.found and self.found[-1][0] is self._sheet:
            self.found[-1][1].append(run)

    def _name(self) -> str:
        return self._sheet.name if self._sheet else ""


class _Group:
    """Rows that follow each other with something in the same columns, being gathered into a ``Run``."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._hidden = 0
        self._columns: list[int] = []
        self._texts: list[list[str]] = []
        self._kinds: list[bytearray] = []

    def fits(self, cells: list[tuple[int, str, int]]) -> bool:
        """Whether a row with these cells can be added."""
        return len(self._numbers) < _ROWS_TOGETHER and (
            not self._numbers or self._columns == [column for column, _, _ in cells]
        )

    def add(self, row: int, cells: list[tuple[int, str, int]], *, hidden: bool) -> None:
        """Adds a row that fits."""
        if not self._numbers:
            self._columns = [column for column, _, _ in cells]
            self._texts = [[] for _ in cells]
            self._kinds = [bytearray() for _ in cells]
        self._numbers.append(row)
        self._hidden += hidden
        for (_, text, kind), texts, kinds in zip(cells, self._texts, self._kinds, strict=True):
            texts.append(text)
            kinds.append(kind)

    def run(self) -> Run | None:
        """What was gathered; ``None`` when nothing was."""
        if not self._numbers:
            return None
        columns = [
            Column(letters(column), texts, bytes(kinds))
            for column, texts, kinds in zip(self._columns, self._texts, self._kinds, strict=True)
        ]
        return Run(self._numbers, self._hidden, columns)


def _count(written: str) -> int:
    """How often something stands there."""
    if not (written.isascii() and written.isdecimal()) or len(written) > 9 or int(written) < 1:
        raise UnreadableError("damaged-file", found="XML")
    return int(written)
