"""Laws of marking: whatever a workbook or CSV holds and whatever is marked in it, the reader reads what it read before."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from settlement.deliveries.cells import SEPARATOR
from settlement.deliveries.child import messages
from settlement.deliveries.contracts import Contracts
from settlement.returns.child import returned
from settlement.returns.styles import MARK

KNOWN = Contracts({"A-1": {}})
HEADINGS = ["Cliëntnummer", "Begindatum", "Einddatum", "Volume", "Eenheid", "Kleur"]
WIDE, HIGH = len(HEADINGS) + 1, 9

text = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn", "Co"]) | st.sampled_from("=+-@'\"<>&;\t_ x0041"), max_size=12)
values = st.one_of(
    st.none(), text, st.sampled_from(["=1+1", "_x0041_", "Totaal", "uren", " ", "€ 10,00", "&#10;"]), st.integers(-9, 10**6),
    st.floats(0, 1e6, width=32), st.booleans(), st.dates(dt.date(1990, 1, 1), dt.date(2050, 1, 1)),
)  # fmt: skip
places = st.sets(st.tuples(st.integers(1, HIGH + 2), st.integers(1, WIDE)), max_size=8)


def said(content: bytes, name: str = "A-1.xlsx") -> list[dict[str, Any]]:
    """What the reader says of a file, but for its digest and size."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return [message for message in messages(path, KNOWN) if message["is"] != "file"]


def marked(content: bytes, name: str, marks: Mapping[str, str], sheet: str = "Levering", header_row: int = 2) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        job = {
            "way": "own", "path": str(path), "sheet": "" if name.endswith(".csv") else sheet, "data_sheet": sheet, "header_row": header_row,
            "table_headings": HEADINGS[:-1], "marks": marks, "list_sheet": "Teruggave afkeuringen",
            "list_sheets": ["Teruggave afkeuringen"], "title": "Afgekeurd",
            "lines": [["=1+1", 15]], "headings": ["Cel", "Kolom", "Wat er staat", "Verwacht", "Code"],
            "refusals": [
                {"row": 0, "texts": [cell, "kolom", found, found, "9341"], "target": f"'{sheet}'!{cell}", "height": 15} for cell, found in marks.items()
            ],
            "footer": "",
        }  # fmt: skip
        return returned(json.loads(json.dumps(job)))


def addresses(chosen: set[tuple[int, int]], found: str) -> dict[str, str]:
    return {f"{get_column_letter(column)}{row}": found for row, column in sorted(chosen)}


@st.composite
def workbooks(draw: st.DrawFn) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Levering"
    sheet.append(["Contractnummer", "A-1"])
    sheet.append(HEADINGS)
    for _ in range(draw(st.integers(0, HIGH - 2))):
        sheet.append(draw(st.lists(values, max_size=WIDE)))
    for row, column in draw(places):
        cell = sheet.cell(row, column)
        cell.font = Font(name=draw(st.sampled_from(["Verdana", "Arial"])), bold=draw(st.booleans()))
        cell.fill = PatternFill("solid", fgColor=draw(st.sampled_from(["00FF00", "123456"])))
    if draw(st.booleans()):
        sheet["A3"].comment = Comment(draw(text) or "x", "Piet")
    if draw(st.booleans()):
        top, left = draw(st.tuples(st.integers(3, HIGH), st.integers(1, WIDE)))
        sheet.merge_cells(start_row=top, start_column=left, end_row=top + draw(st.integers(0, 2)), end_column=left + draw(st.integers(0, 1)))
    if draw(st.booleans()):
        sheet.row_dimensions[4].hidden = True
        sheet.auto_filter.ref = "A2:F9"
    book.create_sheet("Eigen")["A1"] = draw(text)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def holds_of_workbooks(content: bytes, first: set[tuple[int, int]], second: set[tuple[int, int]], found: str) -> None:
    before = said(content)
    once = marked(content, "A-1.xlsx", addresses(first, found))
    assert said(once) == before
    assert once == marked(content, "A-1.xlsx", addresses(first, found))
    # Returned a second time: the marks are those of the second time, and the list stands there once.
    twice = marked(once, "A-1.xlsx", addresses(second, found))
    assert said(twice) == before
    own, book = openpyxl.load_workbook(io.BytesIO(content)), openpyxl.load_workbook(io.BytesIO(twice))
    assert book.sheetnames == [*own.sheetnames, "Teruggave afkeuringen"]
    if not second:
        return  # without a mark a sheet is not touched
    red = {cell.coordinate for row in book["Levering"] for cell in row if cell.fill.fgColor.rgb == f"FF{MARK}"}
    noted = {cell.coordinate for row in book["Levering"] for cell in row if cell.comment and "ongeldig" in cell.comment.text}
    anchors = set()
    for address in addresses(second, found):
        merged = next((each for each in own["Levering"].merged_cells.ranges if address in each), None)
        row = own["Levering"][address].row if merged is None else merged.min_row
        anchor = address if merged is None else f"{get_column_letter(merged.min_col)}{merged.min_row}"
        if row <= own["Levering"].max_row:
            anchors.add(anchor)
    assert red >= {each for each in anchors if own["Levering"][each].row in {row[0].row for row in own["Levering"].iter_rows() if any(cell.value is not None for cell in row)}}
    assert red <= anchors
    assert noted >= red


_EXAMPLE = st.just("ongeldig: =1+1 <&>\"' \u20ac")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(workbooks(), places, places, _EXAMPLE)
def test_a_marked_workbook_reads_as_before_and_can_be_marked_again(content, first, second, found):
    holds_of_workbooks(content, first, second, found)


@pytest.mark.campaign
@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(workbooks(), places, places, _EXAMPLE)
def test_a_thousand_marked_workbooks_read_as_before_and_can_be_marked_again(content, first, second, found):
    holds_of_workbooks(content, first, second, found)


def cells(told: list[dict[str, Any]]) -> dict[int, dict[str, str]]:
    """By row what its cells say, of rows that say anything."""
    rows: dict[int, dict[str, str]] = {}
    for piece in told:
        if piece["is"] == "rows" and piece["rows"]:
            for field, joined in piece["cells"].items():
                for row, value in zip(piece["rows"], joined.split(SEPARATOR), strict=True):
                    if value:
                        rows.setdefault(row, {})[field] = value
    return rows


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.lists(text | st.sampled_from(["=1+1", "@x", "-1", "1,50", "31-03-2018", "a\nb", ""]), min_size=6, max_size=6), max_size=8),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), places,
)  # fmt: skip
def test_a_csv_and_the_workbook_made_of_it_say_the_same_and_nothing_becomes_a_formula(rows, encoding, chosen):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writerows([["Contractnummer", "A-1", "", "", "", ""], HEADINGS, *rows])
    content = out.getvalue().encode(encoding)
    made = marked(content, "A-1.csv", addresses(chosen, "ongeldig"))
    before, after = said(content, "A-1.csv"), said(made)
    assert cells(after) == cells(before)
    book = openpyxl.load_workbook(io.BytesIO(made))
    assert {cell.data_type for sheet in book for row in sheet for cell in row if cell.value is not None} <= {"s"}
