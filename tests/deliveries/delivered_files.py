"""Makes the files that the tests of deliveries read, and reads them: tables as lists, workbooks also from their XML."""

import datetime as dt
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl
import polars as pl

from settlement.deliveries.gather import Gathered, gather
from settlement.deliveries.typed import Source, typed
from settlement.domain.periods import Month

MARCH = Month(2018, 3)
CONTRACT = "UTR-AJ-2018-07"
HEADINGS = ["Cliëntnummer", "Productcode", "Begindatum", "Einddatum", "Volume", "Eenheid", "Bedrag", "Referentienummer"]
DAY = dt.date(2018, 3, 1)
LAST = dt.date(2018, 3, 31)


def line(number: int = 1, quantity: object = 60, claimed: object = 62.5) -> list[object]:
    return [f"C-{number}", "45A48", DAY, LAST, quantity, "minuten", claimed, f"R{number}"]


def month_folder(root: Path, month: str = "2018-03") -> Path:
    folder = root / "inputs" / month
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_workbook(path: Path, rows: Sequence[Sequence[object]], *, sheet: str = "Levering") -> Path:
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in rows:
        page.append(list(row))
    book.save(path)
    return path


def write_csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def read(root: Path, until: Month = MARCH, **contracts: Mapping[str, tuple[str, ...]]) -> Gathered:
    """Everything under ``root/inputs``; the contract of the tests is known, with others by keyword."""
    known = {CONTRACT: {}} | {number.replace("_", "-"): headings for number, headings in contracts.items()}
    return gather(root / "inputs", until, known)


def read_rows(tmp_path: Path, rows: Sequence[Sequence[object]]) -> Gathered:
    write_workbook(month_folder(tmp_path) / f"{CONTRACT}.xlsx", rows)
    return read(tmp_path)


def read_csv(tmp_path: Path, text: str, encoding: str = "utf-8") -> Gathered:
    write_csv(month_folder(tmp_path) / f"{CONTRACT}.csv", text, encoding)
    return read(tmp_path)


def codes(gathered: Gathered) -> list[tuple[int, str, str]]:
    """Row, field and code of every refusal."""
    return gathered.refusals.select("row", "field", "code").rows()


def typed_column(field: str, texts: Sequence[str | None], kinds: Sequence[int] | None = None, **more: object):
    """The values of one column, and the codes of the refusals by row; the rows count from 1."""
    cells = pl.DataFrame(
        {"file": [0] * len(texts), "row": range(1, len(texts) + 1), field: texts},
        schema={"file": pl.Int32, "row": pl.Int32, field: pl.String},
    )
    if kinds is not None:
        cells = cells.with_columns(pl.Series(f"{field}.kind", list(kinds), dtype=pl.UInt8))
    lines, refusals, _ = typed(cells, [Source("2018-03/x.csv", MARCH, "", CONTRACT, {field: "F"}, **more)])
    name = {
        "quantity": "quantity_milli", "claimed": "claimed_cents", "goal_attainment": "goal_attainment_bp",
        "client_satisfaction": "client_satisfaction_centi",
    }.get(field, field)  # fmt: skip
    values = dict(lines.select("row", name).iter_rows())
    faults = dict(refusals.select("row", "code").iter_rows())
    assert values.keys() | faults.keys() == set(range(1, len(texts) + 1))
    assert not values.keys() & faults.keys()
    return [values.get(row, faults.get(row)) for row in range(1, len(texts) + 1)]


# ---- workbooks from their XML ----------------------------------------------------------------------------

_TYPES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/></Types>"""
_RELATIONS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{0}</Relationships>"""
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet_xml(rows: str, *, before: str = "", after: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<worksheet xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f"{before}<sheetData>{rows}</sheetData>{after}</worksheet>"
    )


def text_cell(address: str, text: str) -> str:
    return f'<c r="{address}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def heading_row(headings: Sequence[str] = HEADINGS, row: int = 1) -> str:
    cells = "".join(text_cell(f"{'ABCDEFGHIJKLMNOP'[at]}{row}", heading) for at, heading in enumerate(headings))
    return f'<row r="{row}">{cells}</row>'


def raw_parts(
    sheets: Mapping[str, str],
    *,
    strings: Sequence[str] = (),
    styles: str = "",
    workbook: str = "",
    states: Mapping[str, str] | None = None,
) -> dict[str, str | bytes]:
    """The parts of a workbook with these sheets (name to XML)."""
    names = list(sheets)
    states = states or {}
    listed = "".join(
        f'<sheet name="{name}" sheetId="{at}" r:id="rId{at}"'
        + (f' state="{states[name]}"' if name in states else "")
        + "/>"
        for at, name in enumerate(names, 1)
    )
    relations = "".join(
        f'<Relationship Id="rId{at}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{at}.xml"/>'
        for at in range(1, len(names) + 1)
    )
    if strings:
        relations += f'<Relationship Id="rIdS" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    if styles:
        relations += f'<Relationship Id="rIdY" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _RELATIONS.format(
            f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        ),
        "xl/workbook.xml": f'<?xml version="1.0"?><workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{workbook}<sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _RELATIONS.format(relations),
    }
    for at, xml in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{at}.xml"] = xml
    if strings:
        items = "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{_MAIN}">{items}</sst>'
    if styles:
        parts["xl/styles.xml"] = f'<styleSheet xmlns="{_MAIN}">{styles}</styleSheet>'
    return parts


def zipped(parts: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


DATE_STYLES = (
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="dd\\-mm\\-yyyy"/><numFmt numFmtId="165" formatCode="00000"/></numFmts>'
    '<cellXfs count="4"><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="14"/><xf numFmtId="165"/></cellXfs>'
)
"""Styles 1 and 2 are dates, style 3 fills up with zeros."""


def read_raw(tmp_path: Path, rows: str, *, before: str = "", after: str = "", **more: object) -> Gathered:
    """A workbook of one sheet with these rows below the headings of row 1."""
    xml = sheet_xml(heading_row() + rows, before=before, after=after)
    path = month_folder(tmp_path) / f"{CONTRACT}.xlsx"
    path.write_bytes(zipped(raw_parts({"Levering": xml}, styles=DATE_STYLES, **more)))
    return read(tmp_path)
