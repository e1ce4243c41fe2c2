"""A workbook of ours: A4 sheets, tables of any length, values that are values, and the same bytes each time.

Three things happen here and nowhere else.
*The gate*: text is written as text (inline, marked with ``quotePrefix``), whatever it begins with; only
``Sheet.formula`` writes a formula, with its result beside it, because readers that do not calculate would show nothing.
*Long tables*: cell by cell 30,000 lines take openpyxl some ten seconds; rows of a table are written as XML with the
styles that openpyxl numbered, and put in their place when the book is saved.
*Sameness*: the archive is packed again with fixed times.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import textwrap
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter

from settlement.domain.periods import Month
from settlement.paper.charts import Chart, drawn
from settlement.paper.logo import Logo
from settlement.paper.looks import BODY, FONT, HEADING, OPEN, TONES, Kind, Look, Tone
from settlement.wording import Language
from settlement.wording.outside import for_cell

if TYPE_CHECKING:
    from openpyxl.styles.cell_style import StyleArray
    from openpyxl.worksheet.worksheet import Worksheet

Value = str | int | Fraction | dt.date | Month | None
"""What a cell can be given; by its kind an int is cents, thousandths or a count, a Fraction a share or a quantity."""

_PACKED = (1980, 1, 1, 0, 0, 0)
"""The time of every part in the archive: the first that a zip can hold."""

_ROW = 15
"""The height of a row that nobody set, in points."""

_EXCEL_DAY_ZERO = dt.date(1899, 12, 30)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    heading: str
    width: float
    """In characters of the body font."""
    kind: Kind = "text"
    wrap: bool = False
    tone: Tone = "plain"
    unlocked: bool = False
    center: bool = False
    right: bool = False
    """Text that stands right, as figures do."""


def side(column: Column) -> Literal["left", "center", "right"]:
    """On which side a column's cells stand: text left, figures right."""
    if column.center:
        return "center"
    return "left" if column.kind in {"text", "entry", "day", "month"} and not column.right else "right"


def sides(columns: Sequence[Column]) -> list[dict[str, object]]:
    """The side of each column of a table; what stands left behind figures that stand right steps in a little."""
    found = [side(column) for column in columns]
    before = ["left", *found]
    return [
        {"align": own, "indent": int(own == "left" and last == "right")} for own, last in zip(found, before, strict=False)
    ]


_INDENT = 1.3
"""What an indent takes of the width of a column, in characters."""


class Toned(NamedTuple):
    """A value of a table that looks other than its column."""

    value: Value
    tone: Tone


def ref(row: int, column: int, *, fixed: bool = False) -> str:
    """``B7``, or ``$B$7``."""
    letter = get_column_letter(column)
    return f"${letter}${row}" if fixed else f"{letter}{row}"


def number_format(kind: Kind, language: Language, parts: int = 0) -> str:
    """The format of a kind; of a fraction when it has ``parts`` (``4 1/3``). The locale fixes month names and the euro sign; separators follow the reader.

    Figures end in the width of a digit: room before the next column that every reader draws (LibreOffice forgets the
    indent of a cell that differs from its neighbour by its format alone).
    """
    locale = "413" if language == "nl" else "809"
    if parts:
        return f"#\\ {'?' * len(str(parts))}/{parts}_0"
    return {
        "text": "General",
        "entry": "@",
        "amount": f"[$€-{locale}]\\ #,##0.00_0;[$€-{locale}]\\ \\-#,##0.00_0",
        "count": "#,##0_0",
        "quantity": "#,##0.0##_0",
        "decimal": "#,##0.0_0",
        "share": "0.0\\ %_0",
        "day": f"[$-{locale}]dd\\-mm\\-yyyy" if language == "nl" else f"[$-{locale}]d\\ mmm\\ yyyy",
        "month": f"[$-{locale}]mmmm\\ yyyy",
    }[kind]


def whole(value: Value, kind: Kind) -> bool:
    """Whether a quantity needs no decimals; a format with optional ones leaves a lone comma behind a whole number."""
    if kind == "quantity" and isinstance(value, int):
        return value % 1000 == 0
    return kind in {"quantity", "decimal"} and isinstance(value, int | Fraction) and Fraction(value).denominator == 1


_MOST_PARTS = 999
"""A spreadsheet writes fractions with denominators of three digits."""


def parts_of(value: Value, kind: Kind) -> int:
    """The denominator of the fraction as which a number must be shown, because a decimal would round it; 0 where it need not."""
    if kind != "decimal" or not isinstance(value, Fraction) or (value * 10).denominator == 1:
        return 0
    return value.denominator if value.denominator <= _MOST_PARTS else 0


def stored(value: Value, kind: Kind) -> str:
    """A figure as the workbook stores it: decimal text, from whole numbers, never through a float."""
    if isinstance(value, Month):
        value = value.first_day
    if isinstance(value, dt.date):
        return str((value - _EXCEL_DAY_ZERO).days)
    if isinstance(value, Fraction):
        # Fifteen digits are what a spreadsheet keeps.
        scaled = Decimal(value.numerator) / Decimal(value.denominator)
        return format(round(scaled, 9).normalize(), "f")
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a figure")
    if kind == "amount":
        return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"
    if kind == "quantity":
        return f"{'-' if value < 0 else ''}{abs(value) // 1000}.{abs(value) % 1000:03d}"
    return str(value)


@lru_cache(maxsize=20_000)
def lines_of(text: str, width: float, size: float = 9, *, bold: bool = False) -> int:
    """How many lines a text takes in a column of this width: a spreadsheet does not grow rows of a paper by itself.

    A width counts digits of 11 points; letters are a little narrower (measured: 1.2 times as many), and one too many
    lines is better than one too few.
    """
    per_line = max(int(width * 11 / size * (1.04 if bold else 1.1)) - 1, 4)
    return sum(max(len(textwrap.wrap(part, per_line)), 1) for part in text.split("\n")) if text else 1


def row_height(lines: int, size: float = 9) -> float:
    """Points for so many lines of a font; a spreadsheet takes 409 at most."""
    return min(round(lines * size * 1.32 + 4.5, 2), 409)


class Book:
    """A workbook being written. ``created`` stands in its properties: a day of the content, never the clock."""

    def __init__(
        self,
        *,
        title: str,
        author: str,
        language: Language,
        created: dt.date,
        footer: tuple[str, str, str],
        header: str = "",
    ) -> None:
        self.language: Language = language
        self.title = title
        self._footer = footer
        self._header = header
        self._book = Workbook()
        self._book.remove(self._book.worksheets[0])
        properties = self._book.properties
        properties.title, properties.creator = for_cell(title), for_cell(author)
        properties.lastModifiedBy = for_cell(author)
        self._created = dt.datetime.combine(created, dt.time())
        properties.created = self._created
        self._styles: dict[tuple[Look, bool], tuple[StyleArray, int]] = {}
        self._sheets: list[Sheet] = []

    def sheet(self, name: str, widths: Sequence[float], *, landscape: bool = False, one_page: bool = False) -> Sheet:
        """A new sheet with these column widths: A4, as wide as one page, as long as it must (or one page)."""
        worksheet = self._book.create_sheet(name)
        setup = worksheet.page_setup
        setup.paperSize = 9  # A4
        setup.orientation = "landscape" if landscape else "portrait"
        setup.fitToWidth, setup.fitToHeight = 1, int(one_page)
        worksheet.sheet_properties.pageSetUpPr.fitToPage = True
        worksheet.print_options.horizontalCentered = True
        margins = worksheet.page_margins
        margins.left = margins.right = 0.5
        margins.top, margins.bottom, margins.header, margins.footer = 0.6, 0.7, 0.3, 0.35
        for part, text in zip(
            (worksheet.oddFooter.left, worksheet.oddFooter.center, worksheet.oddFooter.right), self._footer, strict=True
        ):
            part.text, part.font, part.size, part.color = text, f"{FONT},Regular", 8, "66727F"
        if self._header:
            head = worksheet.oddHeader.right
            head.text, head.font, head.size, head.color = self._header, f"{FONT},Bold", 9, "8A5A00"
        worksheet.sheet_view.showGridLines = False
        # Protected without a password, against slips; filters and widths stay usable.
        protection = worksheet.protection
        protection.sheet = True
        protection.autoFilter = protection.sort = protection.formatColumns = protection.formatRows = False
        for index, width in enumerate(widths, start=1):
            worksheet.column_dimensions[get_column_letter(index)].width = width
        sheet = Sheet(self, worksheet, widths)
        self._sheets.append(sheet)
        return sheet

    def style(self, look: Look, *, text: bool) -> tuple[StyleArray, int]:
        """The style of a look and its number in the workbook; ``quotePrefix`` keeps text text when it is edited."""
        key = (look, text)
        if key not in self._styles:
            cell: Any = Cell(self._book.worksheets[0], row=1, column=1)  # never written: a place to make a style
            cell.font = Font(name=FONT, size=look.size, bold=look.bold, italic=look.italic, color=look.ink)
            cell.fill = PatternFill("solid", fgColor=look.fill) if look.fill else PatternFill()
            # An indent works with an explicit side only.
            cell.alignment = Alignment(
                horizontal=look.align, vertical=look.vertical, wrap_text=look.wrap, indent=look.indent
            )
            style: Literal["medium", "thin"] = "medium" if look.heavy else "thin"
            cell.border = Border(
                top=Side(style, color=look.top) if look.top else Side(),
                bottom=Side(style, color=look.bottom) if look.bottom else Side(),
            )
            kind_format = "@_0" if look.align == "right" else "General"
            cell.number_format = kind_format if text else number_format(look.kind, self.language, look.parts)
            cell.protection = Protection(locked=not look.unlocked)
            cell.quotePrefix = text
            self._styles[key] = (cell._style, cell.style_id)
        return self._styles[key]

    def save(self) -> bytes:
        """The workbook as bytes: the same for the same content, whatever the clock, locale or hash seed."""
        raw = io.BytesIO()
        self._book.save(raw)
        packed = io.BytesIO()
        with zipfile.ZipFile(raw) as source, zipfile.ZipFile(packed, "w") as target:
            for name in source.namelist():
                part = zipfile.ZipInfo(name, _PACKED)
                part.compress_type = zipfile.ZIP_DEFLATED
                part.create_system, part.external_attr = 3, 0o600 << 16
                target.writestr(part, self._finished(name, source.read(name)))
        return packed.getvalue()

    def _finished(self, name: str, content: bytes) -> bytes:
        if name == "docProps/core.xml":
            stamp = self._created.strftime("%Y-%m-%dT%H:%M:%SZ")
            return re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp.encode(), content)
        match = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", name)
        return self._sheets[int(match[1]) - 1].finished(content) if match else content


class Sheet:
    """One sheet being written. Rows and columns count from 1."""

    def __init__(self, book: Book, worksheet: Worksheet, widths: Sequence[float]) -> None:
        self.worksheet = worksheet
        self._book = book
        self._widths = list(widths)
        self._tables: list[tuple[int, str]] = []
        self._results: dict[str, str] = {}
        self._last_row = 1

    # ---- single cells ------------------------------------------------------------------------------------

    def put(self, row: int, column: int, value: Value, look: Look, *, to: int = 0) -> None:
        """A value in a cell, or over the columns up to ``to`` merged. Text is text, whatever it begins with."""
        cell: Any = self.worksheet.cell(row, column)
        text = value is None or isinstance(value, str)
        number_look = look.but(kind="count") if whole(value, look.kind) else look.but(parts=parts_of(value, look.kind))
        cell._style, _ = self._book.style(number_look, text=isinstance(value, str))
        if isinstance(value, str):
            cell.value = for_cell(value)
            cell.data_type = "s"
        elif value is not None:
            cell.value = Decimal(stored(value, look.kind))
        for other in range(column + 1, to + 1):
            beside: Any = self.worksheet.cell(row, other)
            beside._style, _ = self._book.style(look, text=text)
        if to > column:
            self.worksheet.merge_cells(start_row=row, start_column=column, end_row=row, end_column=to)
        self._last_row = max(self._last_row, row)

    def formula(self, row: int, column: int, formula: str, result: Value, look: Look) -> None:
        """A formula of ours with the result it has; the only way by which a formula comes into a workbook."""
        cell: Any = self.worksheet.cell(row, column, formula)
        cell._style, _ = self._book.style(look, text=False)
        self._results[cell.coordinate] = stored(result, look.kind)
        self._last_row = max(self._last_row, row)

    def height(self, row: int, points: float) -> None:
        """How high a row is."""
        self.worksheet.row_dimensions[row].height = points

    def picture(self, row: int, column: int, logo: Logo) -> None:
        """Puts a logo with its upper left corner in a cell."""
        logo.anchor = ref(row, column)
        self.worksheet.add_image(logo)

    def chart(self, row: int, column: int, chart: Chart, of: Sheet | None = None) -> None:
        """Draws a chart of a table of this sheet (or of another) with its upper left corner in a cell."""
        last_width = self._widths[column - 2 + chart.columns]
        self.worksheet.add_chart(drawn(chart, (of or self).worksheet, (row, column), last_width))

    def points(self, to: int) -> float:
        """How high the rows up to one are together."""
        rows = self.worksheet.row_dimensions
        return sum((rows[row].height if row in rows else None) or _ROW for row in range(1, to + 1))

    # ---- tables ------------------------------------------------------------------------------------------

    def heading(self, row: int, columns: Sequence[Column], *, first: int = 1) -> None:
        """The headings of a table; figures stand right, like what is below them."""
        most = 1
        for offset, (column, how) in enumerate(zip(columns, sides(columns), strict=True)):
            self.put(row, first + offset, column.heading, HEADING.but(**how))
            most = max(most, lines_of(column.heading, column.width, bold=True))
        self.height(row, row_height(most) + 3)

    def rows(
        self,
        row: int,
        columns: Sequence[Column],
        rows: Iterable[Sequence[Value | Toned]],
        *,
        first: int = 1,
        least_lines: int = 1,
    ) -> int:
        """The rows of a table from ``row`` on, of any number, each at least so many lines high; answers the row after the
        last."""
        how = sides(columns)
        writers = [
            self._writer(column, get_column_letter(first + offset), how[offset]) for offset, column in enumerate(columns)
        ]
        wrapped = [
            (offset, column.width - (_INDENT if how[offset]["indent"] else 0))
            for offset, column in enumerate(columns)
            if column.wrap
        ]
        parts = []
        number = row
        for values in rows:
            high = least_lines
            for offset, width in wrapped:
                value = values[offset]
                text = value.value if isinstance(value, Toned) else value
                if isinstance(text, str):
                    high = max(high, lines_of(text, width))
            cells = "".join([write(value, number) for write, value in zip(writers, values, strict=True)])
            parts.append(f'<row r="{number}" ht="{row_height(high)}" customHeight="1">{cells}</row>')
            number += 1
        if parts:
            self._tables.append((row, "".join(parts)))
            self._last_row = max(self._last_row, number - 1)
        return number

    def _writer(self, column: Column, letter: str, how: dict[str, object]) -> Callable[[Value | Toned, int], str]:
        """How a value of a column becomes a cell; styles are numbered once."""
        base = BODY.but(kind=column.kind, wrap=column.wrap, unlocked=column.unlocked, **how)
        if column.unlocked:
            base = base.but(fill=OPEN)
        numbered: dict[tuple[Tone, Kind, int], int] = {}

        def style(tone: Tone, kind: Kind, parts: int = 0) -> int:
            if (tone, kind, parts) not in numbered:
                look = base.but(**{**TONES[tone], "kind": kind, "parts": parts})
                numbered[tone, kind, parts] = self._book.style(look, text=kind == "text")[1]
            return numbered[tone, kind, parts]

        def written(value: Value | Toned) -> str:
            tone = column.tone
            if isinstance(value, Toned):
                value, tone = value
            if value is None or value == "":
                return f' s="{style(tone, column.kind)}"/>'
            if isinstance(value, str):
                number = style(tone, "text")
                return f' s="{number}" t="inlineStr"><is><t xml:space="preserve">{escape(for_cell(value))}</t></is></c>'
            if tone == "plain" and column.kind == "amount" and isinstance(value, int) and value < 0:
                tone = "negative"
            kind: Kind = "count" if whole(value, column.kind) else column.kind
            return f' s="{style(tone, kind, parts_of(value, kind))}"><v>{stored(value, column.kind)}</v></c>'

        # Most values of a column come again and again: each is written once.
        known: dict[Value | Toned, str] = {}

        def write(value: Value | Toned, row: int) -> str:
            rest = known.get(value)
            if rest is None:
                rest = known[value] = written(value)
            return f'<c r="{letter}{row}"{rest}'

        return write

    def keep_in_view(self, row: int, column: int = 1) -> None:
        """What stands above and left of this cell stays in view."""
        self.worksheet.freeze_panes = ref(row, column)

    def repeat(self, row: int, *, last: int = 0) -> None:
        """Repeats these rows at the top of every printed page."""
        self.worksheet.print_title_rows = f"{row}:{last or row}"

    def filter(self, row: int, last_row: int, columns: int) -> None:
        """A filter on the headings of a table."""
        self.worksheet.auto_filter.ref = f"A{row}:{ref(max(last_row, row), columns)}"

    # ---- the finished sheet ------------------------------------------------------------------------------

    def finished(self, content: bytes) -> bytes:
        """The sheet's XML with the rows of its tables and the results of its formulas in their places."""
        text = content.decode()
        if self._results:
            text = re.sub(r'(<c r="([A-Z]+\d+)"[^>]*><f>[^<]*</f>)<v\s*/>', self._with_result, text)
        if not self._tables:
            return text.encode()
        head, opening, rest = text.partition("<sheetData>")
        body, closing, tail = rest.partition("</sheetData>")
        if not opening:  # openpyxl writes an empty element when it has no row of its own
            head, _, tail = text.partition("<sheetData />")
            opening, body, closing = "<sheetData>", "", "</sheetData>"
        pieces = [
            (int(match[1]), match[0])
            for match in re.finditer(r'<row r="(\d+)"[^>]*?(?:/>|>.*?</row>)', body, re.DOTALL)
        ]
        rows = "".join(piece for _, piece in sorted([*pieces, *self._tables], key=lambda piece: piece[0]))
        # A dimension that is too small makes readers leave rows out.
        size = f'<dimension ref="A1:{ref(self._last_row, max(len(self._widths), self.worksheet.max_column))}"'
        head = re.sub(r'<dimension ref="[^"]*"', size, head)
        return "".join((head, opening, rows, closing, tail)).encode()

    def _with_result(self, match: re.Match[str]) -> str:
        return f"{match[1]}<v>{self._results[match[2]]}</v>"
