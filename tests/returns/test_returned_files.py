"""The returned file: the provider's own workbook with its faults marked; corrected and sent again it is accepted."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation
from workbench import Yaml, contract, rulebook_of, settled

from settlement.deliveries.gather import Gathered, gather
from settlement.domain.contract import Rulebook
from settlement.domain.periods import Month
from settlement.returns import child as child_of_returns
from settlement.returns import writing
from settlement.returns.styles import MARK
from settlement.returns.writing import Returned, write_returned

MARCH = Month(2018, 3)
FIRST, LAST = dt.date(2018, 3, 1), dt.date(2018, 3, 31)
HEADINGS = ["Cliëntnummer", "Intensiteit", "Begindatum", "Einddatum", "Volume", "Eenheid", "Referentienummer", "Opmerking"]
LIST = "Teruggave afkeuringen"


def hours(number: str, **more: object) -> Yaml:
    """€ 60,00 an hour light, € 90,00 heavy."""
    return contract(number, {"begeleiding": {"tariff": {
        "article": "6.1", "per": "hour", "by": "intensity", "amounts": {"2018-01-01": {"licht": "€ 60,00", "zwaar": "€ 90,00"}},
    }}}, **more)  # fmt: skip


RULES = rulebook_of(hours("A-1"), email="vragen@regio.example")
# 2 × € 60,00 + 1,5 × € 90,00 = € 255,00; the second line is refused for its intensity until it is corrected: € 120,00.
GOOD = ["K-1", "licht", FIRST, LAST, 2, "uren", "R-1", "eerste"]
FAULTY = ["K-2", "zwaarr", FIRST, LAST, 1.5, "uren", "R-2", "tweede"]
ROWS = [["Contractnummer", "A-1"], [], HEADINGS, GOOD, FAULTY]


def workbook(rows: Sequence[Sequence[object]] = ROWS, change: Callable[[openpyxl.Workbook], None] = lambda book: None) -> bytes:
    """A workbook with a look of its own, and whatever else is done to it."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Maart 'levering'"
    for row in rows:
        sheet.append(list(row))
    for cell in sheet[3]:
        cell.font, cell.fill = Font(name="Verdana", bold=True, color="FFFFFF"), PatternFill("solid", fgColor="336699")
    for row in sheet.iter_rows(min_row=4):
        for cell in row:
            cell.font, cell.alignment = Font(name="Verdana", italic=True), Alignment(horizontal="center")
            cell.border = Border(bottom=Side("dotted", color="112233"))
        row[2].number_format = row[3].number_format = "d mmmm yyyy"
    sheet.column_dimensions["B"].width = 31
    notes = book.create_sheet("Eigen blad")
    notes["A1"] = "=1+1"
    notes["A2"] = "blijft"
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


class Desk:
    """A folder of deliveries, and what comes back."""

    def __init__(self, folder: Path, rulebook: Rulebook = RULES) -> None:
        self.inputs = folder / "inputs"
        self.rulebook = rulebook
        (self.inputs / "2018-03").mkdir(parents=True)

    def deliver(self, name: str, content: bytes | str) -> None:
        content = content.encode() if isinstance(content, str) else content
        (self.inputs / "2018-03" / name).write_bytes(content)

    def gathered(self) -> Gathered:
        known = {number: held.deliveries.headings for number, held in self.rulebook.contracts.items()}
        return gather(self.inputs, MARCH, known)

    def returned(self, seconds: float = 60) -> Returned:
        self.delivered = self.gathered()
        self.settlement = settled(self.rulebook, self.delivered, "2018-03")
        return write_returned(self.settlement, self.delivered, self.inputs, Path("inputs"), seconds)

    def entitled(self) -> Mapping[str, int]:
        self.delivered = self.gathered()
        self.settlement = settled(self.rulebook, self.delivered, "2018-03")
        return self.settlement.entitled()


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(autouse=True)
def quick(request, monkeypatch):
    """Starting a child for each file is most of what such a test costs; those that ask for ``child`` are made in a real one."""
    if "child" in request.fixturenames:
        return

    def made(job, seconds):
        try:
            return child_of_returns.returned(json.loads(json.dumps(job)))
        except Exception:  # noqa: BLE001 - as the child does
            return None

    monkeypatch.setattr(writing, "_made", made)


@pytest.fixture
def child():
    """The real child process, with its bounds."""


def opened(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def only(returned: Returned) -> tuple[str, openpyxl.Workbook]:
    assert returned.problems == ()
    ((path, content),) = returned.files.items()
    return path.removeprefix("returned/"), opened(content)


def look(cell) -> tuple[object, ...]:
    """Value and format of a cell, its fill apart."""
    # openpyxl hands out styles behind proxies, which are equal to nothing; what they say is compared.
    return (cell.value, cell.data_type, *map(repr, (cell.font, cell.border, cell.alignment, cell.number_format, cell.protection)))


def as_it_was(before: openpyxl.Workbook, after: openpyxl.Workbook, marked: set[tuple[str, str]]) -> None:
    """Every sheet, cell, width, merged range and validation of ``before`` stands in ``after``; only the marked cells are filled."""
    assert after.sheetnames[: len(before.sheetnames)] == before.sheetnames
    for sheet in before:
        other = after[sheet.title]
        assert other.dimensions == sheet.dimensions or marked
        for row in sheet.iter_rows():
            for cell in row:
                twin = other[cell.coordinate]
                assert look(twin) == look(cell)
                if (sheet.title, cell.coordinate) in marked:
                    assert twin.fill.fgColor.rgb == f"FF{MARK}"
                else:
                    assert repr(twin.fill) == repr(cell.fill)
        assert {key: each.width for key, each in other.column_dimensions.items()} == {key: each.width for key, each in sheet.column_dimensions.items()}
        assert {key: each.hidden for key, each in other.row_dimensions.items()} == {key: each.hidden for key, each in sheet.row_dimensions.items()}
        assert other.merged_cells.ranges == sheet.merged_cells.ranges
        assert other.auto_filter.ref == sheet.auto_filter.ref
        assert other.protection.sheet == sheet.protection.sheet
        assert other.data_validations.count == sheet.data_validations.count


def listed(book: openpyxl.Workbook) -> list[list[object]]:
    """The rows of the list: cell, column, what stands there, what is wrong, national code."""
    rows = [[cell.value for cell in row] for row in book.worksheets[-1].iter_rows()]
    start = next(at for at, row in enumerate(rows) if row[0] == "Cel")
    return rows[start + 1 :]


def corrected(book: openpyxl.Workbook, **cells: object) -> bytes:
    """The returned file as a person corrects it: on the own sheet, leaving all else."""
    for address, value in cells.items():
        book.worksheets[0][address].value = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# ---- the round trip --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("child")
def test_the_own_workbook_comes_back_with_the_fault_marked_and_is_accepted_when_corrected(desk):
    desk.deliver("A-1 maart.xlsx", workbook())
    name, book = only(desk.returned())
    assert desk.settlement.entitled() == {"A-1": 120_00}
    assert name == "A-1-2018-03-v2.xlsx"
    as_it_was(opened(workbook()), book, {("Maart 'levering'", "B5")})
    comment = book.worksheets[0]["B5"].comment
    assert comment.text == "Afgekeurd: Intensiteit 'zwaarr' staat niet in het contract. Bedoelde u: zwaar?"
    assert listed(book) == [
        ["B5", "kolom B: Intensiteit", "zwaarr", "Intensiteit 'zwaarr' staat niet in het contract. Bedoelde u: zwaar?", None]
    ]
    assert book.worksheets[-1].title == LIST
    desk.deliver(name, corrected(book, B5="zwaar"))
    assert desk.entitled() == {"A-1": 255_00}
    assert desk.settlement.refusals.to_dicts() == []
    assert desk.delivered.problems == ()
    assert [(one.key, one.used) for one in desk.delivered.deliveries] == [("2018-03/A-1 maart.xlsx", False), ("2018-03/A-1-2018-03-v2.xlsx", True)]


@pytest.mark.usefixtures("child")
def test_a_csv_comes_back_as_a_workbook_with_every_row_in_its_place_and_as_text(desk):
    desk.deliver("A-1.csv", (
        "Contractnummer;A-1\n\nCliëntnummer;Intensiteit;Begindatum;Einddatum;Volume;Eenheid;Referentienummer;Opmerking\n"
        "0001;licht;01-03-2018;31-03-2018;2,00;uren;007;=HYPERLINK(\"http://x\")\n"
        "0002;zwaarr;01-03-2018;31-03-2018;1,50;uren;008;@som\n"
    ))  # fmt: skip
    name, book = only(desk.returned())
    sheet = book.worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)] == [
        HEADINGS,
        ["0001", "licht", "01-03-2018", "31-03-2018", "2,00", "uren", "007", '=HYPERLINK("http://x")'],
        ["0002", "zwaarr", "01-03-2018", "31-03-2018", "1,50", "uren", "008", "@som"],
    ]
    assert {cell.data_type for row in sheet.iter_rows(min_row=4) for cell in row} == {"s"}
    assert {cell.quotePrefix for row in sheet.iter_rows(min_row=4) for cell in row} == {True}
    assert sheet["B5"].fill.fgColor.rgb == f"FF{MARK}"
    assert sheet.print_title_rows == "$3:$3"  # the headings, on every page
    desk.deliver(name, corrected(book, B5="zwaar"))
    assert desk.entitled() == {"A-1": 255_00}
    assert desk.settlement.refusals.to_dicts() == []
    assert desk.settlement.accepted.lines["client"].to_list() == ["0001", "0002"]


def test_what_was_right_is_unchanged_to_the_byte(desk):
    content = workbook()
    desk.deliver("A-1.xlsx", content)
    (made,) = desk.returned().files.values()
    before, after = zipfile.ZipFile(io.BytesIO(content)), zipfile.ZipFile(io.BytesIO(made))
    changed = {"[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/worksheets/sheet1.xml"}
    for part in set(before.namelist()) - changed:
        assert after.read(part) == before.read(part)
    own = before.read("xl/worksheets/sheet1.xml")
    drawing = after.read("xl/worksheets/sheet1.xml")
    # One attribute and one element of it differ.
    assert len(drawing) - len(own) < 160
    assert drawing.count(b"<c ") == own.count(b"<c ")


def test_the_same_delivery_gives_the_same_bytes(desk):
    desk.deliver("A-1.xlsx", workbook())
    assert desk.returned().files == desk.returned().files


def chosen(content: bytes) -> tuple[str, list[str]]:
    """The sheet on which a workbook opens, and those that are selected (of several, one edit goes to all)."""
    book = opened(content)
    return book.sheetnames[book._active_sheet_index], [sheet.title for sheet in book if sheet.sheet_view.tabSelected]


def test_it_opens_on_the_list_and_no_other_sheet_stays_selected(desk):
    def on_the_second(book):
        book.active = 1
        for sheet in book:
            sheet.sheet_view.tabSelected = True

    desk.deliver("A-1.xlsx", workbook(change=on_the_second))
    (made,) = desk.returned().files.values()
    assert chosen(made) == (LIST, [LIST])
    desk.deliver("A-1-2018-03-v2.xlsx", corrected(opened(made), B5="zwar"))
    (made,) = desk.returned().files.values()
    assert chosen(made) == (LIST, [LIST])


def test_a_list_that_was_hidden_stands_there_again(desk):
    desk.deliver("A-1.xlsx", workbook())
    name, book = only(desk.returned())
    book[LIST].sheet_state = "hidden"
    book.active = 0
    desk.deliver(name, corrected(book, B5="zwar"))
    (made,) = desk.returned().files.values()
    assert opened(made)[LIST].sheet_state == "visible"
    assert chosen(made) == (LIST, [LIST])


def test_a_workbook_made_of_a_csv_opens_on_the_list_too(desk):
    desk.deliver("A-1.csv", "Cliëntnummer;Intensiteit;Begindatum;Einddatum;Volume;Eenheid\nK-1;zwaarr;01-03-2018;31-03-2018;2,00;uren\n")
    (made,) = desk.returned().files.values()
    assert chosen(made) == (LIST, [LIST])


def test_a_delivery_without_refusals_does_not_come_back(desk):
    desk.deliver("A-1.xlsx", workbook(ROWS[:-1]))
    assert desk.returned() == Returned({}, {}, ())


def test_it_speaks_english_when_the_organisation_does(tmp_path):
    desk = Desk(tmp_path, rulebook_of(hours("A-1"), language="en"))
    desk.deliver("A-1.xlsx", workbook())
    _, book = only(desk.returned())
    assert book.worksheets[-1].title == "Returned refusals"
    assert book.worksheets[0]["B5"].comment.text == "Refused: Intensity 'zwaarr' is not in the contract. Did you mean: zwaar?"


def in_english(rulebook: Rulebook) -> Rulebook:
    """The same, with the one provider written to in English by a Dutch office."""
    providers = {key: dataclasses.replace(one, language="en") for key, one in rulebook.providers.items()}
    return dataclasses.replace(rulebook, providers=providers)


def test_a_provider_written_to_in_english_gets_its_comments_and_list_in_english(tmp_path):
    desk = Desk(tmp_path, in_english(RULES))
    desk.deliver("A-1.xlsx", workbook())
    _, book = only(desk.returned())
    assert book.worksheets[0]["B5"].comment.text == "Refused: Intensity 'zwaarr' is not in the contract. Did you mean: zwaar?"
    assert book.sheetnames[-1] == "Returned refusals"
    assert [cell.value for cell in book.worksheets[-1]["A"]][:3] == [
        "Refused lines March 2018", "Stichting Voorbeeld · A-1 · A-1.xlsx",
        "1 of 2 delivered lines refused; what was refused counts nowhere. All else was processed.",
    ]  # fmt: skip


def test_a_list_in_the_language_of_before_is_replaced_too(tmp_path):
    desk = Desk(tmp_path)
    desk.deliver("A-1.xlsx", workbook())
    name, book = only(desk.returned())
    desk.rulebook = in_english(RULES)
    desk.deliver(name, corrected(book, B5="zwar"))
    _, book = only(desk.returned())
    assert book.sheetnames == ["Maart 'levering'", "Eigen blad", "Returned refusals"]
    assert book.worksheets[0]["B5"].comment.text.count(":") == 2  # Refused, and the near miss: nothing of before


# ---- workbooks as people make them -----------------------------------------------------------------------


def test_a_comment_that_stands_on_the_faulty_cell_is_kept_with_ours_below_it(desk):
    def noted(book):
        book.worksheets[0]["B5"].comment = Comment("Even navragen bij Piet", "Piet")
        book.worksheets[0]["A4"].comment = Comment("Klopt", "Piet")

    desk.deliver("A-1.xlsx", workbook(change=noted))
    name, book = only(desk.returned())
    sheet = book.worksheets[0]
    assert sheet["B5"].comment.text.startswith("Even navragen bij Piet\n\nAfgekeurd: Intensiteit 'zwaarr'")
    assert (sheet["A4"].comment.text, sheet["A4"].comment.author) == ("Klopt", "Piet")
    desk.deliver(name, corrected(book, B5="zwaar"))
    assert desk.entitled() == {"A-1": 255_00}


def test_protection_filters_hidden_rows_validations_and_a_merged_head_block_stay(desk):
    rows = [["Levering van maart", None, None, None], ["Contractnummer", "A-1"], HEADINGS, GOOD, FAULTY, [*GOOD[:6], "R-3", "verborgen"]]
    rows[5][0] = "K-3"

    def arranged(book):
        sheet = book.worksheets[0]
        sheet.merge_cells("A1:D1")
        sheet.auto_filter.ref = "A3:H6"
        sheet.row_dimensions[6].hidden = True
        sheet.protection.sheet = True
        sheet.protection.set_password("geheim")
        sheet.freeze_panes = "B4"
        check = DataValidation(type="list", formula1='"licht,zwaar"')
        check.add("B4:B100")
        sheet.add_data_validation(check)
        book.security.lockStructure = True

    content = workbook(rows, arranged)
    desk.deliver("A-1.xlsx", content)
    name, book = only(desk.returned())
    as_it_was(opened(content), book, {("Maart 'levering'", "B5")})
    assert book.worksheets[0].freeze_panes == "B4"
    desk.deliver(name, corrected(book, B5="zwaar"))
    # And 2 × € 60,00 of the hidden row.
    assert desk.entitled() == {"A-1": 375_00}


def test_a_refused_cell_in_a_row_that_a_filter_hides_is_listed_as_hidden_and_stays_hidden(desk):
    def filtered(book):
        book.worksheets[0].row_dimensions[5].hidden = True

    desk.deliver("A-1.xlsx", workbook([*ROWS, ["K-3", "zwar", FIRST, LAST, 1, "uren", "R-3"]], filtered))
    name, book = only(desk.returned())
    assert [row[:2] for row in listed(book)] == [["B5", "kolom B: Intensiteit (verborgen rij)"], ["B6", "kolom B: Intensiteit"]]
    assert book.worksheets[0].row_dimensions[5].hidden
    desk.deliver(name, corrected(book, B5="zwaar", B6="zwaar"))
    assert desk.entitled() == {"A-1": 345_00}


def test_a_fault_inside_a_merged_range_is_shown_on_the_cell_that_shows_the_range(desk):
    rows = [*ROWS[:3], GOOD, ["K-2", "zwaar", FIRST, LAST, 1.5, "uren", "R-2"], ["K-3", "zwaar", FIRST, LAST, None, "uren", "R-3"]]
    content = workbook(rows, lambda book: book.worksheets[0].merge_cells("E5:E6"))
    desk.deliver("A-1.xlsx", content)
    name, book = only(desk.returned())
    sheet = book.worksheets[0]
    assert sheet["E5"].fill.fgColor.rgb == f"FF{MARK}"
    assert sheet["E5"].comment.text == "Afgekeurd: Deze cel is samengevoegd over meer rijen. Vul elke rij apart in."
    assert [row[0] for row in listed(book)] == ["E5", "E6"]
    sheet.unmerge_cells("E5:E6")
    desk.deliver(name, corrected(book, E5=1.5, E6=1))
    # € 120,00 + 1,5 × € 90,00 + € 90,00
    assert desk.entitled() == {"A-1": 345_00}


def test_a_missing_value_is_marked_where_it_should_have_stood(desk):
    rows = [*ROWS[:4], ["K-2", None, FIRST, LAST, 1.5, "uren", "R-2"]]
    desk.deliver("A-1.xlsx", workbook(rows))
    name, book = only(desk.returned())
    assert book.worksheets[0]["B5"].fill.fgColor.rgb == f"FF{MARK}"
    assert listed(book)[0][:3] == ["B5", "kolom B: Intensiteit", "(leeg)"]
    desk.deliver(name, corrected(book, B5="zwaar"))
    assert desk.entitled() == {"A-1": 255_00}


def test_a_row_below_the_table_that_looks_like_no_line_says_what_to_do_with_it(desk):
    rows = [*ROWS, ["K-3", "zwaar", None, LAST, 1, "uren", "R-3"], ["Akkoord teamleider: 3-4-2018 JdB"]]
    desk.deliver("A-1.xlsx", workbook(rows))
    name, book = only(desk.returned())
    # B5 and C6 are faults of lines; row 7 holds a signature.
    told = {row[0]: row[3] for row in listed(book) if "geen regel van uw levering" in row[3]}
    assert told == {"C7": "Er staat geen begindatum. Is dit geen regel van uw levering? Haal deze rij dan weg, of zet haar boven de tabel."}
    assert book.worksheets[0]["C7"].comment.text.endswith("Haal deze rij dan weg, of zet haar boven de tabel.")
    again = corrected(book, B5="zwaar", C6=FIRST, A7=None)
    desk.deliver(name, again)
    # € 120,00 + € 135,00 + € 90,00
    assert desk.entitled() == {"A-1": 345_00}
    assert desk.settlement.refusals.to_dicts() == []


def test_a_wrong_total_over_hidden_rows_says_that_they_count(desk):
    rows = [*ROWS[:4], ["K-3", "zwaar", FIRST, LAST, 1, "uren", "R-3"], ["Totaal", None, None, None, 2]]

    def filtered(book):
        book.worksheets[0].row_dimensions[5].hidden = True

    desk.deliver("A-1.xlsx", workbook(rows, filtered))
    _, book = only(desk.returned())
    assert [row[3] for row in listed(book)] == ["Het totaal in deze cel is 2; de regels erboven komen samen op 3. Verborgen rijen tellen mee."]
    desk.deliver("A-1.xlsx", workbook(rows))
    _, book = only(desk.returned())
    assert [row[3] for row in listed(book)] == ["Het totaal in deze cel is 2; de regels erboven komen samen op 3."]


def test_a_missing_column_is_told_on_the_first_cell_of_each_line(desk):
    rows = [[cell for at, cell in enumerate(row) if at != 1] for row in ROWS[2:]]
    desk.deliver("A-1.xlsx", workbook(rows))
    _, book = only(desk.returned())
    assert [row[:2] for row in listed(book)] == [["A2", "geen kolom Intensiteit"], ["A3", "geen kolom Intensiteit"]]
    assert book.worksheets[0]["A2"].comment.text == "Afgekeurd: Er staat geen intensiteit; het tarief hangt ervan af."


def test_a_cell_of_forty_thousand_characters_stops_nothing(desk):
    rows = [*ROWS[:3], GOOD, ["K-2", "z" * 32_000, FIRST, LAST, 1.5, "uren", "R-2", "x" * 32_000]]
    desk.deliver("A-1.xlsx", workbook(rows))
    name, book = only(desk.returned())
    assert len(book.worksheets[0]["H5"].value) == 32_000
    assert len(book.worksheets[0]["B5"].comment.text) < 1_000
    desk.deliver(name, corrected(book, B5="zwaar"))
    assert desk.entitled() == {"A-1": 255_00}


def test_a_csv_with_a_cell_longer_than_a_workbook_holds_is_cut_there_and_nowhere_else(desk):
    desk.deliver("A-1.csv", (
        "Cliëntnummer;Intensiteit;Begindatum;Einddatum;Volume;Eenheid;Opmerking\n"
        f"0001;licht;01-03-2018;31-03-2018;2,00;uren;{'x' * 40_000}\n0002;{'z' * 40_000};01-03-2018;31-03-2018;1,50;uren;\n"
    ))  # fmt: skip
    name, book = only(desk.returned())
    assert len(book.worksheets[0]["G2"].value) == 32_767
    desk.deliver(name, corrected(book, B3="zwaar"))
    assert desk.entitled() == {"A-1": 255_00}


def test_text_that_looks_like_a_formula_is_text_in_cells_comments_and_list(desk):
    rows = [*ROWS[:3], GOOD, ["K-2", "x", FIRST, LAST, 1.5, "uren", "R-2"]]

    def typed(book):
        cell = book.worksheets[0]["B5"]
        cell.value, cell.data_type = "=1+1|cmd", "s"

    desk.deliver("A-1.xlsx", workbook(rows, typed))
    _, book = only(desk.returned())
    (row,) = listed(book)
    assert row[2] == "=1+1|cmd"
    assert {cell.data_type for line in book.worksheets[-1].iter_rows() for cell in line if cell.value is not None} == {"s"}
    assert book.worksheets[0]["B5"].data_type == "s"
    # A formula of the provider's own stays one.
    assert (book["Eigen blad"]["A1"].value, book["Eigen blad"]["A1"].data_type) == ("=1+1", "f")


def test_a_file_returned_twice_has_one_list_and_only_the_marks_of_today(desk):
    third = ["K-3", "zwar", FIRST, LAST, 1, "uren", "R-3"]
    desk.deliver("A-1.xlsx", workbook([*ROWS, third]))
    name, book = only(desk.returned())
    assert [row[0] for row in listed(book)] == ["B5", "B6"]
    desk.deliver(name, corrected(book, B5="zwaar"))
    name, book = only(desk.returned())
    assert name == "A-1-2018-03-v3.xlsx"
    assert book.sheetnames == ["Maart 'levering'", "Eigen blad", LIST]
    assert [row[0] for row in listed(book)] == ["B6"]
    sheet = book.worksheets[0]
    assert sheet["B5"].comment is None
    assert sheet["B5"].fill.fill_type is None
    assert sheet["B6"].fill.fgColor.rgb == f"FF{MARK}"
    assert sheet["B6"].comment.text.count("Afgekeurd") == 1
    desk.deliver(name, corrected(book, B6="zwaar"))
    assert desk.entitled() == {"A-1": 345_00}


def anonymous(book: openpyxl.Workbook) -> None:
    """The comments as LibreOffice saves them: without their author."""
    for row in book.worksheets[0].iter_rows():
        for cell in row:
            if cell.comment is not None:
                cell.comment = Comment(cell.comment.text, "")


def test_marks_that_lost_their_author_are_known_by_their_text_and_go(desk):
    third = ["K-3", "zwar", FIRST, LAST, 1, "uren", "R-3"]
    desk.deliver("A-1.xlsx", workbook([*ROWS, third]))
    name, book = only(desk.returned())
    anonymous(book)
    desk.deliver(name, corrected(book, B5="zwaar"))
    _, book = only(desk.returned())
    assert book.worksheets[0]["B5"].comment is None
    assert book.worksheets[0]["B6"].comment.text.count("Afgekeurd") == 1


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        ("Even navragen bij Piet\n", "", "Even navragen bij Piet"),
        ("", "\nNagevraagd bij Piet", "Nagevraagd bij Piet"),
        ("", " Nagevraagd bij Piet", "Nagevraagd bij Piet"),
        ("Jan:\n\n", "\n\nPiet: klopt", "Jan:\n\nPiet: klopt"),
    ],
)
def test_what_a_bookkeeper_wrote_around_a_mark_stays_when_the_mark_goes(desk, before, after, left):
    third = ["K-3", "zwar", FIRST, LAST, 1, "uren", "R-3"]
    desk.deliver("A-1.xlsx", workbook([*ROWS, third]))
    name, book = only(desk.returned())
    for address in ("B5", "B6"):
        cell = book.worksheets[0][address]
        cell.comment = Comment(f"{before}{cell.comment.text}{after}", "")
    desk.deliver(name, corrected(book, B5="zwaar"))
    _, book = only(desk.returned())
    sheet = book.worksheets[0]
    assert sheet["B5"].comment.text == left
    assert sheet["B6"].comment.text == f"{left}\n\nAfgekeurd: Intensiteit 'zwar' staat niet in het contract. Bedoelde u: zwaar?"


def test_a_comment_of_a_person_that_only_resembles_a_mark_stays(desk):
    def noted(book):
        book.worksheets[0]["A4"].comment = Comment("Afgekeurd? Nee: Refused is Engels", "Piet")

    desk.deliver("A-1.xlsx", workbook(change=noted))
    _, book = only(desk.returned())
    assert book.worksheets[0]["A4"].comment.text == "Afgekeurd? Nee: Refused is Engels"


def test_beyond_what_a_spreadsheet_opens_cells_are_coloured_and_listed_without_a_comment(desk, monkeypatch):
    monkeypatch.setattr(child_of_returns, "COMMENTS_AT_MOST", 2)
    desk.deliver("A-1.xlsx", workbook([*ROWS[:4], *([f"K-{at}", "zwaarr", FIRST, LAST, 1, "uren", f"R-{at}"] for at in range(2, 6))]))
    _, book = only(desk.returned())
    column = [book.worksheets[0][f"B{row}"] for row in range(5, 9)]
    assert [cell.comment is not None for cell in column] == [True, True, False, False]
    assert {cell.fill.fgColor.rgb for cell in column} == {f"FF{MARK}"}
    assert [row[0] for row in listed(book)] == ["B5", "B6", "B7", "B8"]


def test_a_delivery_that_libreoffice_saved_goes_the_same_round(desk):
    """Kept: the faulty delivery with a comment, a filter and a merged cell, as LibreOffice 7.4 saved it; and what came back
    of it, corrected in B5 and saved by LibreOffice again."""
    data = Path(__file__).parent / "data"
    delivered = (data / "delivered-by-libreoffice.xlsx").read_bytes()
    desk.deliver("A-1.xlsx", delivered)
    name, book = only(desk.returned())
    own = opened(delivered)
    as_it_was(own, book, {(own.sheetnames[0], "B5")})
    assert book.worksheets[0]["B5"].comment.text.startswith("Even navragen\n\nAfgekeurd: ")
    desk.deliver(name, (data / "corrected-by-libreoffice.xlsx").read_bytes())
    assert desk.entitled() == {"A-1": 255_00}
    assert desk.delivered.problems == ()
    assert desk.settlement.refusals.to_dicts() == []


def test_a_mark_that_libreoffice_saved_goes_and_the_comment_above_it_stays(desk):
    data = Path(__file__).parent / "data"
    book = opened((data / "corrected-by-libreoffice.xlsx").read_bytes())
    sheet = book.worksheets[0]
    assert sheet["B5"].comment.text.startswith("Even navragen\n\nAfgekeurd: ")
    sheet["B4"] = "lichtt"
    desk.deliver("A-1-2018-03-v2.xlsx", corrected(book))
    _, book = only(desk.returned())
    assert book.worksheets[0]["B5"].comment.text == "Even navragen"
    assert "Afgekeurd: Intensiteit 'lichtt'" in book.worksheets[0]["B4"].comment.text


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed; what it saved lies in data/")
def test_no_mark_of_before_is_left_after_a_round_through_this_machines_libreoffice(desk, tmp_path):
    desk.deliver("A-1.xlsx", workbook([*ROWS, ["K-3", "zwar", FIRST, LAST, 1, "uren", "R-3"], ["K-4", "zwaar", None, LAST, 1, "dagen", "R-4"]]))
    name, book = only(desk.returned())
    (tmp_path / name).write_bytes(corrected(book, B5="zwaar", C7=FIRST, F7="uren"))
    profile, out = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", tmp_path / "out"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(tmp_path / name)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    desk.deliver(name, (out / name).read_bytes())
    (made,) = desk.returned().files.values()
    sheet = opened(made).worksheets[0]
    noted = {cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment}
    assert noted == {"B6": "Afgekeurd: Intensiteit 'zwar' staat niet in het contract. Bedoelde u: zwaar?"}
    assert {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.fill.fgColor.rgb == f"FF{MARK}"} == {"B6"}


# ---- who gets what ---------------------------------------------------------------------------------------

TWO = rulebook_of(hours("A-1"), hours("B-1", provider="ander"), hours("A-2"))
COLUMN = ["Contractnummer", *HEADINGS]


def test_a_file_of_two_providers_goes_back_to_neither_and_each_reads_its_own_refusals_only(tmp_path):
    desk = Desk(tmp_path, TWO)
    desk.deliver("samen.xlsx", workbook([COLUMN, ["A-1", "GEHEIM-A", *FAULTY[1:]], ["B-1", "GEHEIM-B", "licht", *FAULTY[2:4], 0, *FAULTY[5:]]]))
    returned = desk.returned()
    assert sorted(returned.files) == ["returned/A-1-2018-03-v2.xlsx", "returned/B-1-2018-03-v2.xlsx"]
    for path, own, other in (("returned/A-1-2018-03-v2.xlsx", "zwaarr", "GEHEIM-B"), ("returned/B-1-2018-03-v2.xlsx", "0", "GEHEIM-A")):
        book = opened(returned.files[path])
        assert book.sheetnames == [LIST]
        assert [row[2] for row in listed(book)] == [own]
        text = b"".join(zipfile.ZipFile(io.BytesIO(returned.files[path])).read(name) for name in zipfile.ZipFile(io.BytesIO(returned.files[path])).namelist())
        assert other.encode() not in text
        assert b"GEHEIM" not in text


def test_a_file_with_two_contracts_of_one_provider_says_under_which_name_it_is_sent_again(tmp_path):
    desk = Desk(tmp_path, TWO)
    desk.deliver("onze levering.xlsx", workbook([COLUMN, ["A-1", *GOOD], ["A-2", *FAULTY]]))
    name, book = only(desk.returned())
    assert name == "A-1-2018-03-v2.xlsx"
    said = [cell.value for cell in book.worksheets[-1]["A"]]
    assert "Lever het opnieuw aan onder de naam: onze levering v2.xlsx" in said
    desk.deliver("onze levering v2.xlsx", corrected(book, C3="zwaar"))
    assert desk.entitled() == {"A-1": 120_00, "A-2": 135_00, "B-1": 0}
    assert desk.settlement.refusals.to_dicts() == []


def test_a_file_refused_as_a_whole_comes_back_as_a_sentence(desk):
    desk.deliver("A-1 maart.xlsx", b"PK\x03\x04 afgebroken")
    name, book = only(desk.returned())
    assert (name, book.sheetnames) == ("A-1-2018-03-v2.xlsx", [LIST])
    assert listed(book) == [[None, "hele bestand", None, "Dit bestand is beschadigd. Bewaar het opnieuw en lever het opnieuw aan.", None]]
    assert "kon niet worden verwerkt" in book.worksheets[-1]["A3"].value


def test_citizen_service_numbers_are_never_sent_back(desk):
    numbers = ["111222333", "123456782", "999991772"]
    desk.deliver("A-1.xlsx", workbook([["BSN", *HEADINGS], *([number, *GOOD] for number in numbers)]))
    ((_, content),) = desk.returned().files.items()
    package = zipfile.ZipFile(io.BytesIO(content))
    assert not any(number.encode() in package.read(part) for part in package.namelist() for number in numbers)
    assert opened(content).sheetnames == [LIST]


def test_a_file_of_an_unknown_contract_goes_to_nobody_and_stays_a_problem(desk):
    desk.deliver("levering.xlsx", workbook([["Contractnummer", "Z-9"], *ROWS[1:]]))
    assert desk.returned().files == {}
    assert [problem.code for problem in desk.delivered.problems] == ["unknown-contract"]


def test_the_name_of_a_returned_file_is_never_of_the_delivery(tmp_path):
    desk = Desk(tmp_path)
    desk.deliver("A-1 ..%2f CON 900123456 v7.xlsx", workbook())
    name, _ = only(desk.returned())
    assert name == "A-1-2018-03-v8.xlsx"


# ---- the list is not taken for a table -------------------------------------------------------------------


def test_the_list_is_not_taken_for_a_table_when_headings_are_what_was_refused(desk):
    # Three headings in one row would be those of a second table.
    rows = [*ROWS[:4], ["K-2", "Cliëntnummer", "Begindatum", LAST, 1.5, "uren", "R-2"]]
    desk.deliver("A-1.xlsx", workbook(rows))
    name, book = only(desk.returned())
    assert len(listed(book)) == 2  # the intensity and the first day
    desk.deliver(name, corrected(book, B5="zwaar", C5=FIRST))
    assert desk.entitled() == {"A-1": 255_00}
    assert desk.delivered.problems == ()
    assert desk.settlement.refusals.to_dicts() == []


# ---- what cannot be marked -------------------------------------------------------------------------------


def rewritten(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, change(source.read(name)) if name == part else source.read(name))
    return out.getvalue()


@pytest.mark.usefixtures("child")
def test_a_workbook_that_cannot_be_marked_comes_back_made_of_its_cells_and_the_run_says_so(desk):
    # Styles without the fills to which one could be added.
    content = rewritten(workbook(), "xl/styles.xml", lambda xml: xml.replace(b"<fills", b"<fillz").replace(b"</fills>", b"</fillz>"))
    desk.deliver("A-1.xlsx", content)
    returned = desk.returned()
    ((path, made),) = returned.files.items()
    (problem,) = returned.problems
    assert str(problem) == (
        "inputs/2018-03/A-1.xlsx: its faults could not be marked in the workbook itself: the provider gets its cells in a workbook made anew\n"
        "Nothing needs to be done; the provider corrects the own file by the list in returned/A-1-2018-03-v2.xlsx."
    )
    book = opened(made)
    assert book.sheetnames == ["Maart 'levering'", LIST]
    first = [cell.value.date() if cell.is_date else cell.value for cell in book.worksheets[0][4]]
    assert first == GOOD
    desk.deliver(path.removeprefix("returned/"), corrected(book, B5="zwaar"))
    assert desk.entitled() == {"A-1": 255_00}


def test_an_ods_comes_back_made_of_its_cells_and_says_why_and_what_to_do(desk):
    rows = "".join(
        f"<table:table-row>{''.join(f'<table:table-cell office:value-type={chr(34)}string{chr(34)}><text:p>{one}</text:p></table:table-cell>' for one in row)}</table:table-row>"
        for row in (HEADINGS[:6], ["K-2", "zwaarr", "01-03-2018", "31-03-2018", "1,5", "uren"])
    )
    namespace = "urn:oasis:names:tc:opendocument:xmlns"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", (
            f'<office:document-content xmlns:office="{namespace}:office:1.0" xmlns:table="{namespace}:table:1.0" xmlns:text="{namespace}:text:1.0">'
            f'<office:body><office:spreadsheet><table:table table:name="Blad1">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
        ))  # fmt: skip
    desk.deliver("A-1.ods", out.getvalue())
    ((_, content),) = desk.returned().files.items()
    book = opened(content)
    assert [row[0] for row in listed(book)] == ["B2"]
    assert book.worksheets[0]["B2"].fill.fgColor.rgb == f"FF{MARK}"
    said = " ".join(str(cell.value) for cell in book.worksheets[-1]["A"])
    assert "Uw bestand is een .ods." in said
    assert "Bewaart u het voortaan als .xlsx (Excel-werkmap), dan komt uw eigen bestand terug." in said


@pytest.mark.usefixtures("child")
def test_what_takes_too_long_still_comes_back_as_a_list_and_the_run_goes_on(desk, monkeypatch):
    desk.deliver("A-1.xlsx", workbook())
    made = writing._made
    monkeypatch.setattr(writing, "_made", lambda job, seconds: made(job, 0.001))
    returned = desk.returned()
    ((_, content),) = returned.files.items()
    assert opened(content).sheetnames == [LIST]
    assert [row[0] for row in listed(opened(content))] == ["B5"]
    assert [problem.code for problem in returned.problems] == ["returned-made"]


def test_xml_with_prefixes_and_comments_is_marked_where_it_stands(desk):
    def prefixed(xml: bytes) -> bytes:
        xml = xml.replace(b"<worksheet xmlns=", b"<!-- van ons pakket --><x:worksheet xmlns:x=").replace(b"</worksheet>", b"</x:worksheet>")
        return re.sub(rb"<(/?)(?!x:|!|\?)([a-zA-Z])", rb"<\1x:\2", xml)

    content = rewritten(workbook(), "xl/worksheets/sheet1.xml", prefixed)
    desk.deliver("A-1.xlsx", content)
    name, book = only(desk.returned())
    as_it_was(opened(content), book, {("Maart 'levering'", "B5")})
    desk.deliver(name, corrected(book, B5="zwaar"))
    assert desk.entitled() == {"A-1": 255_00}


def test_the_law_reading_a_returned_file_gives_what_reading_the_delivery_gave(desk, tmp_path):
    """Lines and refusals alike, whatever was delivered: the file says the same, with colours and a list."""
    rows = [*ROWS, ["", "licht", FIRST, LAST, 1, "uren", "R-4"], ["K-5", "licht", "31-02-2018", LAST, "1,5", "weken", "R-1"], ["Totaal", None, None, None, 99]]
    desk.deliver("A-1.xlsx", workbook(rows))
    name, book = only(desk.returned())
    before = desk.delivered
    again = Desk(tmp_path / "again")
    again.deliver("A-1.xlsx", desk.returned().files[f"returned/{name}"])
    after = again.gathered()
    assert after.lines.equals(before.lines)
    assert after.refusals.equals(before.refusals)
    assert after.partly.equals(before.partly)
    assert [row[0] for row in listed(book)] == ["E8", "B5", "A6", "C7", "F7"]
