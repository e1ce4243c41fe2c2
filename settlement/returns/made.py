"""A workbook made from the text of a delivery: for a CSV, and for a workbook that cannot be marked. Standard library only.

Every cell is a value: text is text, whatever it begins with, and a formula becomes the text of it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from settlement.deliveries.cells import BOOLEAN, DATE, NUMBER
from settlement.deliveries.delimited import Delimited
from settlement.deliveries.formats import open_workbook
from settlement.deliveries.headings import Row, column_number, letters, shown
from settlement.paper.looks import FONT, NAVY, SOFT
from settlement.returns.spliced import NotEditableError, attribute_of, text_of
from settlement.wording.outside import for_cell

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TEXT, _DAY, _HEADING = 1, 2, 3
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="dd\\-mm\\-yyyy"/></numFmts>'
    f'<fonts count="2"><font><sz val="10"/><name val="{FONT}"/><family val="2"/></font>'
    f'<font><b/><sz val="10"/><color rgb="FF{NAVY}"/><name val="{FONT}"/><family val="2"/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    f'<fill><patternFill patternType="solid"><fgColor rgb="FF{SOFT}"/><bgColor indexed="64"/></patternFill></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" fillId="2" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1" applyFont="1" applyFill="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
_WIDEST, _MEASURED = 40, 2000
_ROWS_AT_MOST, _COLUMNS_AT_MOST = 1_048_576, 16_384

Cells = Iterable[tuple[int, list[tuple[int, str, int]]]]
"""Rows: their number, and of each cell that holds something its column, text and kind."""


def made_of_text(data: bytes, headings: Iterable[str], header_row: int, name: str) -> bytes:
    """The workbook of a CSV: each row where it was counted, each cell as text."""
    wanted = set(headings)

    def judge(head: Sequence[Row]) -> int:
        return max((sum(shown(text) in wanted for text in cells.values()) for row, cells in head if row == header_row), default=0)

    file = Delimited(data, judge, 200)

    def rows() -> Iterator[tuple[int, list[tuple[int, str, int]]]]:
        for first, records in file.records():
            for number, cells in enumerate(records, first):
                yield number, [(column, text, 0) for column, text in enumerate(cells, 1) if text]

    return packed(sheet_of(rows(), header_row), name, header_row=header_row)


def made_of_workbook(data: bytes, sheet_name: str, header_row: int) -> bytes:
    """The workbook of the sheet with the table of another: values, dates and merged cells, and nothing else."""
    book = open_workbook(data, ".xlsx")
    sheet = next(one for one in book.sheets if one.name == sheet_name)

    def rows() -> Iterator[tuple[int, list[tuple[int, str, int]]]]:
        for runs in book.rows(sheet):
            for run in runs:
                columns = [(column_number(one.letters), one) for one in run.columns]
                for at, number in enumerate(run.numbers):
                    yield number, [(column, one.texts[at], one.kinds[at]) for column, one in columns]

    content = sheet_of(rows(), header_row, lambda: [f"{left}{top}:{right}{bottom}" for left, top, right, bottom in sheet.merged])
    return packed(content, sheet.name, header_row=header_row, calendar_1904=book.calendar_1904)


def sheet_of(rows: Cells, header_row: int, merged: Callable[[], list[str]] = list) -> bytes:
    """The XML of a sheet with these rows; ``merged`` is asked for its merged cells when the last row was taken."""
    written: list[str] = []
    widths: dict[int, int] = {}
    for number, cells in rows:
        if number > _ROWS_AT_MOST or (cells and cells[-1][0] > _COLUMNS_AT_MOST):
            raise NotEditableError("too large")
        if len(written) < _MEASURED:
            for column, text, _ in cells:
                widths[column] = max(widths.get(column, 0), len(text))
        if cells:
            look = _HEADING if number == header_row else _TEXT
            inside = "".join(_cell(f"{letters(column)}{number}", text, kind, look) for column, text, kind in cells)
            written.append(f'<row r="{number}">{inside}</row>')
    columns = "".join(
        f'<col min="{column}" max="{column}" width="{min(max(width * 1.1 + 2, 9), _WIDEST):.1f}" style="{_TEXT}" customWidth="1"/>'
        for column, width in sorted(widths.items())
    )
    pane = f'<pane ySplit="{header_row}" topLeftCell="A{header_row + 1}" activePane="bottomLeft" state="frozen"/>' if header_row else ""
    ranges = "".join(f"<mergeCell ref={attribute_of(one)}/>" for one in merged())
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
        + (f"<cols>{columns}</cols>" if columns else "")
        + f"<sheetData>{''.join(written)}</sheetData>"
        + (f"<mergeCells>{ranges}</mergeCells>" if ranges else "")
        + '<pageMargins left="0.5" right="0.5" top="0.6" bottom="0.7" header="0.3" footer="0.35"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/></worksheet>'
    ).encode()


def _cell(address: str, text: str, kind: int, look: int) -> str:
    if kind in {NUMBER, DATE}:
        return f'<c r="{address}" s="{_DAY if kind == DATE else 0}"><v>{text_of(text)}</v></c>'
    if kind == BOOLEAN:
        return f'<c r="{address}" t="b"><v>{text_of(text)}</v></c>'
    return f'<c r="{address}" s="{look}" t="inlineStr"><is><t xml:space="preserve">{text_of(for_cell(text))}</t></is></c>'


def packed(sheet: bytes | None, name: str, *, header_row: int = 0, calendar_1904: bool = False) -> bytes:
    """A workbook with this sheet, or with none yet; the headings stand on every page of it in print."""
    quoted = text_of("'" + name.replace("'", "''") + f"'!${header_row}:${header_row}")
    titles = f'<definedNames><definedName name="_xlnm.Print_Titles" localSheetId="0">{quoted}</definedName></definedNames>'
    titles = titles if sheet and header_row else ""
    listed = f'<sheet name={attribute_of(name)} sheetId="1" r:id="rId2"/>' if sheet else ""
    parts: Mapping[str, str | bytes] = {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        + (f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>' if sheet else "")
        + "</Types>",
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        + ('<workbookPr date1904="1"/>' if calendar_1904 else "")
        + f"<sheets>{listed}</sheets>{titles}</workbook>",
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        + (f'<Relationship Id="rId2" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>' if sheet else "")
        + "</Relationships>",
        "xl/styles.xml": _STYLES,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for part, content in parts.items():
            package.writestr(zipfile.ZipInfo(part), content)
        if sheet is not None:
            package.writestr(zipfile.ZipInfo("xl/worksheets/sheet1.xml"), sheet, zipfile.ZIP_DEFLATED)
    return out.getvalue()
