"""How each office of the example region writes its rows down: headings, notations, workbooks and text files.

Part of ``make_region.py``. The same rows always give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

# openpyxl writes other bytes where lxml happens to be installed; it must be told before it is imported.
os.environ["OPENPYXL_LXML"] = "False"

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from region_children import NAMES, YEAR, Row, Value

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet


@dataclass(frozen=True)
class Sheet:
    """How one provider writes its rows down: its columns, and the habits of its office."""

    provider: str
    file: str
    """Name of the file; {month} is 03, {name} is maart."""
    columns: Mapping[str, str]
    """Field to heading, from left to right."""
    title: str = ""
    """Above the table, with the contract, the provider and the period; empty: the table begins in the first row."""
    amounts: str = "1234.50"
    """How amounts are written as text; also 1234,50 and € 1.234,50."""
    dates: str = "31-01-2018"
    """How dates are written as text; also 2018-01-31, 31/01/2018 and 1-1-2018."""
    # text files
    separator: str = ""
    """Of a CSV; empty for a workbook."""
    encoding: str = "cp1252"
    # workbooks
    sheet: str = "Levering"
    cover: str = ""
    """Name of a sheet with an explanation that comes first."""
    left: int = 1
    """The column in which the table begins."""
    totals: bool = False
    filter: bool = False
    texts: bool = False
    """Dates and numbers stand in the cells as text."""
    calendar_1904: bool = False


_CARE = {"start": "Begindatum", "end": "Einddatum"}
_VOLUME = {"quantity": "Volume", "unit": "Eenheid"}
_NUMBER = {"quantity": "Aantal", "unit": "Eenheid"}
_ENDED = {"end_reason": "Reden beëindiging"}
_OUTCOMES = {
    **_ENDED,
    "goal_attainment": "Doelrealisatie",
    "client_satisfaction": "Cliënttevredenheid",
    "dropout": "Uitval",
}
_REFERENCES = {
    "direction": "Debet/Credit",
    "reference": "Referentienummer",
    "previous_reference": "Vorig referentienummer",
}
_ALLOCATED = {
    "allocation": "Toewijzingnummer",
    "allocation_start": "Begindatum toewijzing",
    "allocation_end": "Einddatum toewijzing",
}
_ARRANGED = {
    "profile": "Profiel",
    "intensity": "Intensiteit",
    "allocation": "Toewijzing",
    "allocation_start": "Begindatum toewijzing",
    **_CARE,
    "result": "Resultaat",
    **_ENDED,
}

SHEETS: dict[str, Sheet] = {
    "UTR-AJ-2018-01": Sheet(
        "Stichting De Linde Jeugdhulp",
        "UTR-AJ-2018-01_levering_2018-{month}.xlsx",
        {"client": "Cliëntnummer", "code": "Productcode", **_CARE, **_ENDED},
        "Maandlevering aanvullende jeugdhulp",
        filter=True,
    ),
    "UTR-AJ-2018-04": Sheet(
        "Stichting Vecht & Vaart Jeugdzorg",
        "Vecht en Vaart {name} 2018.csv",
        {
            "contract": "Contractnummer",
            "client": "Cliënt-id",
            "service": "Zorgcategorie",
            **_CARE,
            **_ENDED,
            "refused_client": "Geweigerd",
        },
        separator=";",
    ),
    "RTM-2018-RG-112": Sheet(
        "Stichting Maasoever Jeugd en Gezin",
        "RTM-2018-RG-112_2018-{month}.xlsx",
        {
            "client": "Cliëntnummer",
            "service": "Resultaatgebied",
            "intensity": "Intensiteit",
            **_ALLOCATED,
            **_CARE,
            **_VOLUME,
            "claimed": "Bedrag",
            **_REFERENCES,
            "municipality": "Gemeente",
            "subcontractor": "Onderaannemer",
            **_OUTCOMES,
        },
        "Levering resultaatgerichte jeugdhulp",
        totals=True,
        filter=True,
    ),
    "RTM-2018-RG-127": Sheet(
        "Noordereiland Jeugdhulp B.V.",
        "noordereiland-{month}-2018.csv",
        {
            "client": "Jeugdige",
            "service": "Onderdeel",
            "intensity": "Zwaarte",
            **_ALLOCATED,
            "start": "Van",
            "end": "Tot en met",
            "claimed": "Ons bedrag",
            "reference": "Referentienummer",
            **_OUTCOMES,
        },
        "Levering resultaatgerichte jeugdhulp",
        amounts="€ 1.234,50",
        dates="1-1-2018",
        separator=";",
    ),
    "RTM-2018-VB-040": Sheet(
        "Stichting Maasoever Jeugd en Gezin",
        "RTM-2018-VB-040_2018-{month}.xlsx",
        {
            "client": "Cliëntnummer",
            "code": "Productcode",
            **_CARE,
            "quantity": "Geleverd volume",
            "unit": "Eenheid",
            "claimed": "Ingediend bedrag",
            "reference": "Referentienummer",
            **_OUTCOMES,
        },
        "Etmalen verblijf",
        amounts="1234,50",
        sheet="Etmalen",
        texts=True,
    ),
    "WBW-2016-ARR-031": Sheet(
        "Stichting Markdal Jeugdhulp",
        "WBW-2016-ARR-031 2018-{month}.csv",
        {"client": "Pseudoniem", "service": "Zorgvorm", **_ARRANGED, "claimed": "Bedrag"},
        dates="2018-01-31",
        separator=",",
        encoding="utf-8-sig",
    ),
    "WBW-2018-ARR-057": Sheet(
        "Coöperatie Jeugdzorg De Zoom U.A.",
        "De Zoom arrangementen {name}.xlsx",
        {"client": "Cliënt", "service": "Perceel", **_ARRANGED},
        "Arrangementen",
        cover="Toelichting",
        left=2,
    ),
    "REG-2017-PQ-009": Sheet(
        "Praktijk Wilgenrijs",
        "declaratie wilgenrijs 2018-{month}.csv",
        {
            "client": "Cliëntnummer",
            "code": "Prestatiecode",
            "allocation": "Toewijzingnummer",
            **_CARE,
            **_NUMBER,
            "claimed": "Bedrag",
            **_REFERENCES,
        },
        "Declaratie",
        amounts="€ 1.234,50",
        separator=";",
    ),
    "REG-2018-PQ-016": Sheet(
        "Kompaspunt Ambulant B.V.",
        "REG-2018-PQ-016 {name}.xlsx",
        {
            "client": "Cliëntnummer",
            "code": "Productcode",
            "allocation": "Toewijzingnummer",
            **_CARE,
            "quantity": "Geleverd volume",
            "unit": "Eenheid",
            "claimed": "Ingediend bedrag",
            **_REFERENCES,
        },
        "Declaratie ambulante jeugdhulp",
        totals=True,
        filter=True,
    ),
    "REG-2018-GZ-011": Sheet(
        "Kompaspunt Ambulant B.V.",
        "REG-2018-GZ-011_2018{month}.csv",
        {"client": "Cliëntnummer", "code": "Productcode", **_CARE, **_VOLUME},
        dates="31/01/2018",
        separator="\t",
        encoding="utf-16",
    ),
    "REG-2018-ED-022": Sheet(
        "Leeskracht Dyslexiezorg",
        "Leeskracht {name} 2018.xlsx",
        {
            "client": "Cliënt",
            "code": "Product",
            **_CARE,
            **_NUMBER,
            "claimed": "Bedrag",
            "reference": "Referentienummer",
        },
        "Dyslexiezorg",
        sheet="Blad1",
        calendar_1904=True,
    ),
    "REG-2018-PV-014": Sheet(
        "Zorgboerderij De Boshoeve v.o.f.",
        "REG-2018-PV-014-2018-{month}.csv",
        {"client": "Cliënt", "code": "Productcode", **_CARE, **_ENDED, "claimed": "Bedrag"},
        separator=",",
        encoding="utf-8-sig",
    ),
    "REG-2018-LO-015": Sheet(
        "Zorgboerderij De Boshoeve v.o.f.",
        "boshoeve/REG-2018-LO-015 logeren {name}.xlsx",
        {"client": "Cliënt", "code": "Productcode", **_CARE, **_NUMBER, "claimed": "Bedrag", **_REFERENCES},
        "Logeren en zaterdagopvang",
        sheet="Blad1",
    ),
    "REG-2018-JB-005": Sheet(
        "Stichting De Schakel Jeugdbescherming",
        "REG-2018-JB-005_2018-{month}.csv",
        {
            "client": "Cliëntnummer",
            "code": "Prestatiecode",
            "intensity": "Intensiteit",
            **_ALLOCATED,
            **_CARE,
            **_VOLUME,
            "claimed": "Ingediend bedrag",
            **_ENDED,
        },
        amounts="1234,50",
        separator=";",
        encoding="utf-8",
    ),
    "REG-2017-TB-003": Sheet(
        "Coöperatie Samen Verder U.A.",
        "samen verder/REG-2017-TB-003 {month}-2018.xlsx",
        {"client": "Cliëntnummer", "service": "Dienst", **_CARE, "municipality": "Gemeente", **_OUTCOMES},
        "Taakgerichte jeugdhulp",
        filter=True,
    ),
}
"""By contract. Two contracts deliver nothing: the neighbourhood teams and the availability of the crisis service."""


@dataclass(frozen=True)
class Written:
    """One file made: its bytes, and the row of the file at which each delivered row stands."""

    data: bytes
    places: tuple[int, ...]


def as_text(value: Value, sheet: Sheet) -> str:
    """A value as text, the way of its office."""
    comma = "," in sheet.amounts
    if isinstance(value, dt.date):
        shape = {"2018-01-31": "%Y-%m-%d", "31/01/2018": "%d/%m/%Y", "31-01-2018": "%d-%m-%Y"}.get(sheet.dates)
        return value.strftime(shape) if shape else f"{value.day}-{value.month}-{value.year}"
    if isinstance(value, Decimal):
        if value.as_tuple().exponent == -1:  # a mark, such as 7.5
            return str(value).replace(".", ",") if comma else str(value)
        if "€" in sheet.amounts:
            return "€ " + f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
        return f"{value:.2f}".replace(".", ",") if comma else f"{value:.2f}"
    return "" if value is None else str(value)


def head_block(contract: str, sheet: Sheet, month: int) -> tuple[tuple[str, str], ...]:
    """What stands above the table."""
    return (("Contractnummer", contract), ("Aanbieder", sheet.provider), ("Periode", f"{NAMES[month]} {YEAR}"))


def write_csv(contract: str, sheet: Sheet, month: int, rows: Sequence[Row]) -> Written:
    """A delivery as text."""

    def line(cells: Iterable[str]) -> str:
        quoted = (f'"{cell}"' if sheet.separator in cell or '"' in cell else cell for cell in cells)
        return sheet.separator.join(quoted) + "\r\n"

    lines = [line(pair) for pair in head_block(contract, sheet, month)] + [line(())] if sheet.title else []
    lines.append(line(sheet.columns.values()))
    first = len(lines) + 1
    for row in rows:
        values = {**row, "contract": contract}
        lines.append(line(as_text(values.get(name), sheet) for name in sheet.columns))
    text = "".join(lines)
    # Python writes UTF-16 in the order of the machine; Excel's Unicode text has the low byte first.
    data = b"\xff\xfe" + text.encode("utf-16-le") if sheet.encoding == "utf-16" else text.encode(sheet.encoding)
    return Written(data, tuple(range(first, first + len(rows))))


def write_workbook(contract: str, sheet: Sheet, month: int, rows: Sequence[Row]) -> Written:
    """A delivery as a workbook, with the title, head block, widths, filter and totals of its office."""
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    if sheet.calendar_1904:
        book.epoch = CALENDAR_MAC_1904
    if sheet.cover:
        page.title = sheet.cover
        page["A1"] = f"{sheet.title} – {sheet.provider}"
        page["A3"] = "Op het volgende blad staan de gestarte en de afgeronde trajecten van deze maand."
        page["A4"] = "Vragen? Bel de backoffice."
        page = book.create_sheet()
    page.title = sheet.sheet
    width = len(sheet.columns)
    page.cell(1, 1, f"{sheet.title} {NAMES[month]} {YEAR}").font = Font(name="Calibri", size=14, bold=True)
    page.merge_cells(start_row=1, start_column=1, end_row=1, end_column=min(width, 5))
    for number, (label, text) in enumerate(head_block(contract, sheet, month), 3):
        page.cell(number, sheet.left, label).font = Font(name="Calibri", bold=True)
        page.cell(number, sheet.left + 1, text)
    top = 8
    for number, heading in enumerate(sheet.columns.values()):
        cell = page.cell(top, sheet.left + number, heading)
        cell.font = Font(name="Calibri", bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", start_color="1F4E79")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        page.column_dimensions[get_column_letter(sheet.left + number)].width = max(16, len(heading) + 2)
    for down, row in enumerate(rows, 1):
        for number, name in enumerate(sheet.columns):
            _write(page, top + down, sheet.left + number, row.get(name), sheet)
        if row.get("hidden"):
            page.row_dimensions[top + down].hidden = True
    bottom = top + len(rows)
    if sheet.filter:
        page.auto_filter.ref = (
            f"{get_column_letter(sheet.left)}{top}:{get_column_letter(sheet.left + width - 1)}{bottom}"
        )
        page.freeze_panes = f"{get_column_letter(sheet.left)}{top + 1}"
    if sheet.totals:
        page.cell(bottom + 2, sheet.left, "Totaal").font = Font(name="Calibri", bold=True)
        for number, name in enumerate(sheet.columns):
            if name == "claimed":
                signs = [(row.get("claimed"), -1 if row.get("direction") == "C" else 1) for row in rows]
                total = sum((amount * sign for amount, sign in signs if isinstance(amount, Decimal)), Decimal(0))
                _write(page, bottom + 2, sheet.left + number, total, sheet)
    book.active = len(book.worksheets) - 1 if sheet.cover else 0
    return Written(_same_bytes(book, sheet), tuple(range(top + 1, bottom + 1)))


def _write(page: Worksheet, row: int, column: int, value: Value, sheet: Sheet) -> None:
    if value is None or value == "":
        return
    cell = page.cell(row, column, as_text(value, sheet) if sheet.texts else value)
    if isinstance(cell.value, str):
        cell.data_type = "s"
    elif isinstance(value, dt.date):
        cell.number_format = "dd-mm-yyyy"
    elif isinstance(value, Decimal):
        cell.number_format = "#,##0.00"


_MADE = "2018-07-02T09:00:00Z"


def _same_bytes(book: openpyxl.Workbook, sheet: Sheet) -> bytes:
    """A workbook without the hour in it: fixed times, and stored, since not every machine compresses alike."""
    book.properties.creator = book.properties.lastModifiedBy = sheet.provider
    book.properties.created = dt.datetime(2018, 1, 2, 9, 0, 0)  # noqa: DTZ001 - the property has no zone
    raw = io.BytesIO()
    book.save(raw)
    packed = io.BytesIO()
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + _MADE.encode(), data)
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 0
            target.writestr(entry, data)
    return packed.getvalue()
