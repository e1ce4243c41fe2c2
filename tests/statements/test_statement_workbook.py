"""The statement workbook, read back: its values add up, its text is text, and the same statement gives the same bytes."""

from __future__ import annotations

import datetime as dt
import html
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import openpyxl
import pytest
import samples
from openpyxl.worksheet.worksheet import Worksheet

from settlement.domain.contract import Ceiling, PersonFee, Tariff
from settlement.paper.book import number_format, parts_of
from settlement.statements.workbook import write_statement
from settlement.wording import Wording, catalogue
from settlement.wording.outside import for_cell
from settlement.wording.papers import PAPERS

SAMPLES = ("squares", "weeks", "negative", "on_hold", "empty", "english", "hostile")
SHEETS = ["Overzicht", "Regels", "Berekening", "Correcties", "Verloop", "Signalen & afkeuringen", "Herkomst"]


@cache
def book(name: str):
    """The workbook of a sample, read back; for tests that only look."""
    return book_of(getattr(samples, name)())


def book_of(statement):
    return openpyxl.load_workbook(io.BytesIO(write_statement(statement)))


def cells(sheet: Worksheet):
    return [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]


def texts(sheet: Worksheet) -> str:
    return "\n".join(str(cell.value) for cell in cells(sheet))


def beside(sheet: Worksheet, label: str, column: str):
    """The value in a column on the row of a label."""
    row = next(cell.row for cell in cells(sheet) if cell.value == label)
    return sheet[f"{column}{row}"].value


def cents(value) -> int:
    return int(Decimal(str(value)).scaleb(2).to_integral_exact())


def column_of(sheet: Worksheet, row: int, heading: str) -> int:
    return next(cell.column for cell in sheet[row] if cell.value == heading)


# ---- what is paid


def test_a_statement_has_its_seven_sheets_in_order():
    assert book("squares").sheetnames == SHEETS
    assert book("english").sheetnames == [
        "Overview", "Lines", "Calculation", "Corrections", "Course", "Signals & refusals", "Origin"
    ]  # fmt: skip


def test_the_first_page_pays_what_the_statement_pays_and_says_why():
    page = book("squares")["Overzicht"]
    # March 459.004,75 and the corrections of January and February −295,25.
    assert cents(beside(page, "Totaal maart 2018", "H")) == 45_900_475
    assert cents(beside(page, "Correcties eerdere maanden", "H")) == -29_525
    assert cents(beside(page, "Te betalen", "G")) == 45_870_950
    text = texts(page)
    assert "Budget: € 2.400.000,00 × 3 ÷ 12 − € 400.000,00" in text
    assert "Omschrijving op uw bankafschrift: BS-2018-03-UTR-AJ-2018-07" in text
    assert "uiterlijk 30-04-2018" in text
    assert "binnen 14 dagen" in text
    assert text.count("niet eens") == 1
    assert "3 van 67 aangeleverde regels afgekeurd" in text


def test_the_amounts_above_the_bar_add_up_to_the_bar():
    for name in ("squares", "weeks", "negative"):
        statement = getattr(samples, name)()
        page = book_of(statement)["Overzicht"]
        first = next(cell.row for cell in cells(page) if cell.value == "Bepaling en berekening") + 1
        last = next(cell.row for cell in cells(page) if cell.value == "Te betalen")
        bold = {"Totaal maart 2018", "Saldo"}
        shown = [
            cents(page[f"H{row}"].value)
            for row in range(first, last)
            if page[f"H{row}"].value is not None and page[f"B{row}"].value not in bold
        ]
        assert sum(shown) == statement.payable_cents
        assert cents(page[f"G{last}"].value) == statement.to_pay_cents


def test_a_negative_balance_is_paid_as_nothing_and_its_offset_is_told():
    page = book("negative")["Overzicht"]
    # −50,00 + 1.200,00 − 4.500,00 = −3.350,00
    assert cents(beside(page, "Saldo", "H")) == -335_000
    assert beside(page, "Te betalen", "G") == 0
    assert "€ 3.350,00 wordt verrekend met volgende betalingen" in texts(page)
    assert "bankafschrift" not in texts(page)
    claim = replace(samples.negative(), organisation=replace(samples.ORGANISATION, negative_payable="claim"))
    assert "voor € 3.350,00 ontvangt u een vordering" in texts(book_of(claim)["Overzicht"])


def test_a_payment_on_hold_says_why_and_pays_nothing():
    page = book("on_hold")["Overzicht"]
    assert cents(beside(page, "Betaling aangehouden", "H")) == -45_870_950
    assert "Wacht op het gesprek van 12 april over de wachtlijst" in texts(page)
    assert beside(page, "Te betalen", "G") == 0


def test_what_is_held_above_a_ceiling_is_told_and_not_subtracted_twice():
    page = book("weeks")["Overzicht"]
    assert cents(beside(page, "Te betalen", "G")) == 3_105_000
    assert "Boven het plafond is € 1.725,00 aangehouden" in texts(page)


def test_many_rows_of_a_month_stand_on_the_first_page_by_service():
    statement = samples.squares()
    row = statement.rows[2]
    many = tuple(replace(row, service=f"zorgvorm {n // 5}", term=f"term {n % 5}") for n in range(60))
    page = book_of(replace(statement, rows=many))["Overzicht"]
    assert "zorgvorm 11" in texts(page)
    assert "zie blad Berekening" in texts(page)
    # 60 rows of 200.000,00 in 12 services of 5 rows: 1.000.000,00 each.
    assert cents(beside(page, "zorgvorm 11", "H")) == 100_000_000


@pytest.mark.parametrize("name", ["weeks", "english"])
def test_a_draft_says_so_on_every_sheet_and_a_final_on_none(name):
    statement = getattr(samples, name)()
    mark = "DRAFT" if statement.organisation.language == "en" else "CONCEPT"
    for final in (True, False):
        for sheet in book_of(replace(statement, final=final)).worksheets:
            assert (mark in texts(sheet)) is not final, sheet.title
            assert ((sheet.oddHeader.right.text or "").strip() == mark) is not final


# ---- lines, calculation, corrections


@pytest.mark.parametrize("name", ["squares", "weeks", "hostile"])
def test_every_line_stands_on_the_lines_sheet_and_their_totals_agree(name):
    statement = getattr(samples, name)()
    sheet = book(name)["Regels"]
    earned, value = column_of(sheet, 7, "Verdiend"), column_of(sheet, 7, "Waarde")
    rows = list(sheet.iter_rows(min_row=8, values_only=True))
    assert len(rows) == len(statement.lines)
    assert sum(cents(row[earned - 1]) for row in rows) == sum(line.earned_cents for line in statement.lines)
    assert cents(sheet.cell(4, earned).value) == sum(line.earned_cents for line in statement.lines)
    assert cents(sheet.cell(4, value).value) == sum(line.value_cents for line in statement.lines)
    last = 7 + len(statement.lines)
    letter = sheet.cell(5, earned).column_letter
    assert sheet.cell(5, earned).value == f"=SUM({letter}8:{letter}{last})"
    assert sheet.freeze_panes == "A8"
    assert sheet.print_title_rows == "$7:$7"
    assert sheet.auto_filter.ref.startswith("A7:")


def test_a_line_shows_what_it_earned_what_a_ceiling_took_and_why():
    sheet = book("weeks")["Regels"]
    headings = [cell.value for cell in sheet[7]]
    rows = [dict(zip(headings, row, strict=True)) for row in sheet.iter_rows(min_row=8, values_only=True)]
    cut = [row for row in rows if row["Afgetopt"]]
    assert [cents(row["Afgetopt"]) for row in cut] == [34_500, 69_000, 69_000]
    assert {row["Reden"] for row in cut} == {"boven plafond, aangehouden"}
    assert rows[-1]["D/C"] == "C"
    assert cents(rows[-1]["Verdiend"]) == -34_500
    assert (rows[0]["Volume"], rows[0]["Eenheid"], rows[0]["Rij"]) == (4, "weken", 12)
    assert rows[0]["Begin"].isoformat()[:10] == "2018-03-01"


def test_columns_that_no_line_uses_are_left_out():
    headings = [cell.value for cell in book("squares")["Regels"][7]]
    assert "Profiel" not in headings
    assert "Intensiteit" not in headings
    assert "Afgetopt" not in headings
    assert {"Zorgvorm", "Cliënt", "Waarde", "Verdiend", "Bestand", "Rij"} <= set(headings)


def test_a_month_without_lines_or_amounts_has_a_statement_all_the_same():
    written = book("empty")
    assert "Er zijn geen regels." in texts(written["Regels"])
    assert "Er zijn geen correcties op andere maanden." in texts(written["Correcties"])
    assert "Voor deze maand is niets aangeleverd." in texts(written["Herkomst"])
    assert beside(written["Overzicht"], "Te betalen", "G") == 0


@pytest.mark.parametrize("name", ["squares", "weeks", "negative", "on_hold"])
def test_the_differences_and_what_was_carried_add_up_to_the_balance(name):
    statement = getattr(samples, name)()
    sheet = book(name)["Berekening"]
    rows = list(sheet.iter_rows(min_row=5, max_row=4 + len(statement.rows), values_only=True))
    assert sum(cents(row[6]) for row in rows) + statement.carried_cents == statement.payable_cents
    assert [cents(row[5]) - cents(row[4]) for row in rows] == [cents(row[6]) for row in rows]
    assert cents(beside(sheet, "Saldo", "G")) == statement.payable_cents
    assert cents(beside(sheet, "Te betalen", "F")) == statement.to_pay_cents


def test_every_row_of_the_calculation_names_article_formula_numbers_and_line_of_the_rule_file():
    sheet = book("squares")["Berekening"]
    row = next(row for row in sheet.iter_rows(min_row=5, values_only=True) if row[0] == "Hele contract")
    assert row[1:3] == ("Inhouding", "8.2")
    assert row[7:] == ("− grondslag × inhouding", "− € 450.000,00 × 2 %", "de-linde.yaml:81")


def test_corrections_stand_by_original_month_with_was_is_and_difference():
    sheet = book("squares")["Correcties"]
    january = [cell for cell in cells(sheet) if getattr(cell.value, "month", None) == 1]
    assert len(january) == 2
    by_month, by_term = (sheet[january[0].row], sheet[january[1].row])
    # 18.240,00 − 19.010,50 = −770,50; the month as a whole has the budget of 450.000,00 too.
    assert [cents(by_term[column].value) for column in (4, 5, 6)] == [1_901_050, 1_824_000, -77_050]
    assert [cents(by_month[column].value) for column in (4, 5, 6)] == [46_901_050, 46_824_000, -77_050]
    assert (by_term[1].value, by_term[2].value, by_term[3].value) == ("crisiszorg", "Tarief", "4.4")
    assert cents(beside(sheet, "Totaal", "G")) == -29_525


def test_a_row_that_is_no_longer_due_says_whether_its_lines_or_its_term_are_gone():
    statement = samples.negative()
    gone = statement.rows[1]
    assert "er zijn geen regels meer" in texts(book("negative")["Correcties"])
    credit = replace(statement.lines[-1], service=gone.service, start=dt.date(2018, 1, 8), direction="C")
    credited = replace(statement, lines=(*statement.lines, credit))
    assert "gecrediteerd; er zijn geen regels meer" in texts(book_of(credited)["Correcties"])
    for rows in ((statement.rows[0], replace(gone, term="outcome_bonus")), (statement.rows[0], replace(gone, service="weg"))):
        assert "niet langer van toepassing" in texts(book_of(replace(statement, rows=rows))["Correcties"])


def test_a_credit_line_names_the_line_that_it_undoes():
    statement = samples.weeks()
    credit = replace(statement.lines[-1], previous_reference="R20180312", reason="credited")
    sheet = book_of(replace(statement, lines=(*statement.lines[:-1], credit)))["Regels"]
    row = dict(zip([cell.value for cell in sheet[7]], [cell.value for cell in sheet[sheet.max_row]], strict=True))
    assert (row["Vorige ref."], row["Reden"]) == ("R20180312", "credit van eerdere regel")
    assert "Vorige ref." not in [cell.value for cell in book("weeks")["Regels"][7]]


def test_a_line_that_earns_no_fee_because_of_its_days_says_so_with_the_article():
    fee = PersonFee(
        article="4.4", place=samples.place(20), per="client and month", counted_on="first day",
        amounts=samples.amounts(dt.date(2018, 1, 1), 39_200),
    )  # fmt: skip
    statement = samples.weeks()
    unpaid = samples.line(12, service="keuze", reason="not_first_day", value_cents=0, earned_cents=0)
    agreed = samples.contract({"keuze": {"person_fee": fee}})
    sheet = book_of(replace(statement, contract=agreed, lines=(unpaid,)))["Regels"]
    assert "niet in zorg op de eerste dag van de maand (art. 4.4)" in texts(sheet)


# ---- course, signals, origin


def test_the_course_leaves_months_empty_that_are_not_settled_and_draws_what_there_is():
    written = book("squares")
    sheet = written["Verloop"]
    rows = {row[0]: row for row in sheet.iter_rows(min_row=5, max_row=16, values_only=True)}
    assert cents(rows["mrt 2018"][1]) == 45_870_950
    # 469.010,50 + 466.980,00 + 458.709,50 = 1.394.700,00
    assert cents(rows["mrt 2018"][4]) == 139_470_000
    assert rows["apr 2018"][1] is None
    assert rows["apr 2018"][4] is None
    assert cents(rows["dec 2018"][6]) == 540_000_000
    assert len(sheet._charts) == 3
    assert len(book("weeks")["Verloop"]._charts) == 2


def test_a_refusal_names_cell_what_stands_there_what_was_expected_and_the_national_code():
    sheet = book("squares")["Signalen & afkeuringen"]
    row = next(cell.row for cell in cells(sheet) if cell.value == "H23")
    values = [cell.value for cell in sheet[row]]
    assert values == [
        "de-linde_v2.xlsx", "Levering", "Bedrag", "H23", "€ 412,00",
        "Het bedrag € 412,00 is niet volume maal tarief; dat is € 410,20.", "9346",
    ]  # fmt: skip


def test_a_csv_refused_as_a_whole_names_the_row_where_reading_stopped():
    whole = replace(samples.squares().refusals[0], sheet="", row=0, cell="2", field="", code="csv-quotes", found="", expected="")
    sheet = book_of(replace(samples.squares(), refusals=(whole,)))["Signalen & afkeuringen"]
    row = next(cell.row for cell in cells(sheet) if cell.value == "hele bestand")
    assert sheet.cell(row, 4).value == "rij 2"


def test_where_several_services_have_a_minimum_the_course_shows_each_beside_the_sum():
    # Together 126 helped of the 109 due hide a service that is below its own.
    statement = samples.squares()
    sheet = book("squares")["Verloop"]
    clients, minimum = column_of(sheet, 4, "Jeugdigen"), column_of(sheet, 4, "Minimum t/m nu")
    start = next(cell.row for cell in cells(sheet) if cell.value == "Per zorgvorm, tot en met maart 2018")
    shown = [[sheet.cell(row, column).value for column in (1, clients, minimum)] for row in range(start + 1, start + 5)]
    assert shown == [[each.service, each.clients, float(each.minimum_to_date)] for each in statement.services]
    one = replace(statement, services=statement.services[:1])
    assert "Per zorgvorm" not in texts(book_of(one)["Verloop"])


def test_the_words_tell_how_weeks_and_whole_hours_are_counted_where_the_contract_has_them():
    statement = samples.weeks()
    text = texts(book_of(statement)["Herkomst"])
    assert "1 t/m 18 april 2018: de zondagen 1, 8 en 15 april, en de gebroken week tot en met de 18e: 4 weken." in text
    assert "Een toewijzing zonder zondag geeft geen week." in text
    assert "Hele uren" not in text
    # Two services that count alike and one that doesn't.
    services = statement.contract.services
    first = next(iter(services))
    other = replace(services[first], terms={"weekly_tariff": replace(services[first].line_term, short_allocation="one week")})
    text = texts(book_of(replace(statement, contract=replace(statement.contract, services={**services, first: other})))["Herkomst"])
    assert f"{first}: Het aantal weken" in text
    assert f"{', '.join(list(services)[1:])}: Het aantal weken" in text
    hours = Tariff(
        article="4.2", place=samples.place(20), per="hour", delivered_in="minute", whole_hours=True,
        amounts=samples.amounts(dt.date(2018, 1, 1), 6_000),
    )  # fmt: skip
    agreed = samples.contract({"uren": {"tariff": hours}})
    text = texts(book_of(replace(statement, contract=agreed, lines=()))["Herkomst"])
    assert "Hele uren" in text
    assert "over de regels verdeeld" in text
    assert "zondag" not in text


def test_the_origin_counts_delivered_accepted_and_refused_and_names_replaced_files():
    sheet = book("squares")["Herkomst"]
    row = next(cell.row for cell in cells(sheet) if cell.value == "Meegeteld")
    assert [sheet.cell(row, column).value for column in (3, 4, 5)] == [67, 64, 3]
    text = texts(sheet)
    assert "telt niet mee: vervangen door de-linde_v2.xlsx" in text
    assert samples.squares().rules_digest in text
    assert samples.squares().lines_digest in text
    assert "verborgen rijen meegelezen" in text


# ---- how it is made


def shown_width(cell) -> float:
    """How much of a column an amount takes, in characters: digits of Calibri, the bold ones a little wider."""
    figures = len(Wording("nl").euro(cents(cell.value)))
    return figures * (0.98 if cell.font.bold else 0.92) * cell.font.size / 11 + 0.5


def test_no_amount_up_to_hundreds_of_millions_is_too_wide_for_its_column():
    statement = samples.squares()
    much = 987_654_321_00
    rows = tuple(replace(row, is_cents=much) for row in statement.rows[2::3])
    total = sum(row.difference_cents for row in rows)
    services = tuple(
        replace(service, claimed_cents=much // 4, entitled_cents=much // 4, budget_cents=much // 4)
        for service in statement.services
    )
    lines = tuple(replace(line, value_cents=much // 64, earned_cents=much // 64) for line in statement.lines)
    large = replace(
        statement, rows=rows, payable_cents=total, to_pay_cents=total, services=services, lines=lines,
        entitled_to_date_cents=much, paid_before_cents=much,
    )  # fmt: skip
    for sheet in book_of(large).worksheets[:4]:
        merged = {area.coord.split(":")[0]: area for area in sheet.merged_cells.ranges}
        for cell in cells(sheet):
            if "€" in cell.number_format and cell.data_type == "n":
                area = merged.get(cell.coordinate)
                columns = range(cell.column, (area.max_col if area else cell.column) + 1)
                width = sum(sheet.column_dimensions[openpyxl.utils.get_column_letter(at)].width for at in columns)
                assert shown_width(cell) <= width, (sheet.title, cell.coordinate, cell.value)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sheet_prints_on_a4_as_wide_as_the_page_and_is_protected_without_a_password(name):
    statement = getattr(samples, name)()
    for sheet in book(name).worksheets:
        assert sheet.page_setup.paperSize == 9
        assert sheet.page_setup.fitToWidth == 1
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.protection.sheet
        assert sheet.protection.password is None
        assert not sheet.protection.autoFilter
        assert not sheet.protection.formatColumns
        assert statement.number in sheet.oddFooter.left.text
        assert "&P" in sheet.oddFooter.right.text
    assert book(name).worksheets[0].page_setup.fitToHeight == 1


@pytest.mark.parametrize("name", SAMPLES)
def test_every_cell_names_its_font(name):
    for sheet in book(name).worksheets:
        assert {cell.font.name for row in sheet.iter_rows() for cell in row} == {"Calibri"}


@pytest.mark.parametrize("name", SAMPLES)
def test_only_our_control_sums_are_formulas_and_all_text_is_marked_as_text(name):
    for sheet in book(name).worksheets:
        for cell in cells(sheet):
            if cell.data_type == "f":
                assert re.fullmatch(r"=(SUM\(|SUBTOTAL\(109,)[A-Z]+\d+:[A-Z]+\d+\)", cell.value)
            elif isinstance(cell.value, str):
                assert cell.data_type in {"s", "inlineStr"}
                assert cell.quotePrefix, cell.coordinate


def test_hostile_text_stands_in_the_workbook_as_what_it_is():
    written = book("hostile")
    clients = {row[1] for row in written["Regels"].iter_rows(min_row=8, values_only=True)}
    # openpyxl gives an escape back as it stands in the file.
    assert clients == {for_cell(text) for text in samples.HOSTILE}
    assert written["Overzicht"]["B1"].value == "@Regio &D & Co"
    assert written["Overzicht"].oddFooter.center.text.strip() == "@Regio &&D && Co"


def test_no_part_of_a_workbook_holds_a_macro_a_link_or_another_file():
    with zipfile.ZipFile(io.BytesIO(write_statement(samples.hostile()))) as archive:
        for name in archive.namelist():
            assert not re.search("vba|externalLink|activeX|embed", name)
            assert b'TargetMode="External"' not in archive.read(name)


def test_the_results_of_formulas_are_stored_for_readers_that_do_not_calculate():
    content = write_statement(samples.squares())
    formulas, values = (openpyxl.load_workbook(io.BytesIO(content), data_only=only) for only in (False, True))
    found = 0
    for sheet in formulas.worksheets:
        for cell in cells(sheet):
            if cell.data_type == "f":
                found += 1
                assert values[sheet.title][cell.coordinate].value is not None
    assert found == 10


SUM = re.compile(r"=(?:SUM\(|SUBTOTAL\(109,)([A-Z]+)(\d+):([A-Z]+)(\d+)\)")


@pytest.mark.parametrize("name", SAMPLES)
def test_every_control_sum_adds_up_to_the_value_that_is_stored_and_to_the_total_beside_it(name):
    """The small evaluation of our own, for where no LibreOffice is installed: a sum over one column, nothing else."""
    content = write_statement(getattr(samples, name)())
    formulas, values = (openpyxl.load_workbook(io.BytesIO(content), data_only=only) for only in (False, True))
    checked = 0
    for sheet in formulas.worksheets:
        for cell in cells(sheet):
            if cell.data_type != "f":
                continue
            column, first, same, last = SUM.fullmatch(cell.value).groups()
            assert column == same == cell.column_letter
            read = values[sheet.title]
            added = sum(cents(read[f"{column}{row}"].value or 0) for row in range(int(first), int(last) + 1))
            assert added == cents(read[cell.coordinate].value), cell.coordinate
            total = next(row for row in range(cell.row, 0, -1) if sheet.cell(row, 1).value in {"Totaal", "Total"})
            assert cents(read[f"{column}{total}"].value) == added
            checked += 1
    assert checked >= 3


def test_a_read_only_reader_sees_every_row():
    book = openpyxl.load_workbook(io.BytesIO(write_statement(samples.weeks())), read_only=True)
    assert len(list(book["Regels"].iter_rows(values_only=True))) == 7 + 49


def test_every_label_that_a_statement_asks_for_is_in_the_catalogue(monkeypatch):
    asked = set()
    plain = Wording.text

    def recorded(self, key, **values):
        asked.add(key)
        return plain(self, key, **values)

    monkeypatch.setattr(Wording, "text", recorded)
    for name in SAMPLES:
        write_statement(getattr(samples, name)())
    assert len(asked) > 100
    assert asked <= set(PAPERS)


# ---- the language


def everything(content: bytes) -> str:
    """Every word that a workbook shows, in any part of it: cells, names of sheets, charts, headers, properties."""
    parts = zipfile.ZipFile(io.BytesIO(content))
    read = [parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml")]
    return html.unescape("\n".join(re.sub(r"<[^>]*>", "\n", part) + "\n".join(re.findall(r'="([^"]*)"', part)) for part in read))


@pytest.mark.parametrize("name", ["squares", "weeks", "negative", "on_hold", "empty"])
def test_a_statement_in_english_holds_no_word_of_the_dutch_catalogue(name):
    statement = getattr(samples, name)()
    english = replace(statement, provider=replace(statement.provider, language="en"))
    assert (statement.language, english.language) == ("nl", "en")
    dutch, said = everything(write_statement(statement)), everything(write_statement(english))
    # Every Dutch phrase that the Dutch statement does say, and that English says otherwise.
    groups = (PAPERS, catalogue.TERMS, catalogue.REASONS, catalogue.SEVERITIES, catalogue.FUNDING, catalogue.FIELDS, catalogue.NOTES)
    phrases = {pair[0] for group in groups for pair in group.values() if pair[0] != pair[1] and "{" not in pair[0] and len(pair[0]) > 3}
    lines = set(dutch.split("\n"))
    # What the provider calls a sheet of its own is the provider's.
    theirs = {refusal.sheet for refusal in statement.refusals}
    spoken = {phrase for phrase in phrases - theirs if phrase in lines}
    assert len(spoken) > 40
    assert spoken & set(said.split("\n")) == set()
    months = r"\b(januari|februari|maart|april 2018|mei|juni|juli|augustus|oktober|jan|mrt) 2018"
    assert re.search(months, dutch)
    assert not re.search(r"\b(januari|februari|maart|mei|juni|juli|augustus|oktober|mrt) 2018", said)
    assert '"413"' not in said
    assert "$€-413" not in said


def test_without_a_language_of_its_own_a_provider_is_written_to_in_the_organisations():
    statement = samples.squares()
    organisation = replace(statement.organisation, language="en")
    assert replace(statement, organisation=organisation).language == "en"
    own = replace(statement.provider, language="nl")
    assert replace(statement, organisation=organisation, provider=own).language == "nl"


# ---- the chart of the first page


def charts_of(content: bytes) -> int:
    return len(openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]._charts)


def test_the_first_page_shows_the_year_where_there_is_room_and_stays_one_page():
    # The squares fill the page; what pays nothing has half of it free.
    assert charts_of(write_statement(samples.squares())) == 0
    content = write_statement(samples.empty())
    assert charts_of(content) == 1
    chart = next(
        zipfile.ZipFile(io.BytesIO(content)).read(name).decode()
        for name in zipfile.ZipFile(io.BytesIO(content)).namelist()
        if name.endswith("charts/chart1.xml")
    )
    assert "'Verloop'!" in chart


def test_a_chart_ends_inside_the_last_column_of_its_table():
    # Beyond it a printed page would be one column wider, and all else on it smaller and out of the middle.
    written = book_of(samples.empty())
    for name, last in (("Overzicht", 8), ("Verloop", written["Verloop"].max_column)):
        charts = written[name]._charts
        assert charts
        for chart in charts:
            end = chart.anchor.to
            width = written[name].column_dimensions[openpyxl.utils.get_column_letter(last)].width
            assert end.col == last - 1  # counted from 0
            assert 0 < end.colOff < width * 7 * 9525


def test_a_service_that_does_not_count_towards_the_ceiling_says_so_and_is_not_in_the_share_used():
    plain = samples.weeks()
    services = plain.services
    limit = Ceiling(
        place=samples.place(30), article="6.5", exempt=(services[0].service,), amounts=samples.amounts(plain.contract.starts, 1)
    )
    course = tuple(replace(each, limit_to_date_cents=1_000_000_00) for each in plain.course)
    bare = tuple(replace(each, ceiling_cents=None, budget_cents=None) for each in services)
    contract = replace(plain.contract, terms={"ceiling": limit})
    page = book_of(replace(plain, contract=contract, course=course, services=bare))["Overzicht"]
    assert beside(page, "Totaal", "G") == 1_000_000
    counted = sum(each.claimed_cents for each in services[1:])
    assert round(Decimal(str(beside(page, "Totaal", "H"))), 9) == round(Decimal(counted) / 100_000_000, 9)
    told = [cell.row for cell in cells(page) if cell.value == "telt niet mee"]
    assert [page.cell(row, 2).value for row in told] == [services[0].service]


def test_a_ceiling_of_each_month_is_no_bound_of_what_was_delivered_in_the_year():
    monthly = Ceiling(place=samples.place(30), article="6.4", per="month", amounts=samples.amounts(samples.contract({}).starts, 1_900_00))
    contract = samples.contract({"consultatie": {"ceiling": monthly}, "begeleiding": {"ceiling": replace(monthly, per="year")}})
    assert [contract.monthly_ceiling(name) for name in ("consultatie", "begeleiding", None)] == [True, False, False]


def test_lines_that_add_up_to_something_else_than_the_payment_say_why():
    # The lines earn 690,00 each; the month's rows add up to something else.
    plain = samples.weeks()
    rows = plain.rows[:1]
    earned = sum(line.earned_cents for line in plain.lines)
    other = (replace(rows[0], was_cents=0, is_cents=earned + 1),)
    same = (replace(rows[0], was_cents=0, is_cents=earned),)
    assert "Een regel telt met alle zorgmaanden" in texts(book_of(replace(plain, rows=other))["Regels"])
    assert "Een regel telt met alle zorgmaanden" not in texts(book_of(replace(plain, rows=same))["Regels"])


def test_a_task_without_priced_lines_says_nothing_of_their_value():
    statement = samples.empty()
    course = tuple(replace(each, claimed_cents=None if each.claimed_cents is None else 0) for each in statement.course)
    plain = book_of(replace(statement, course=course))["Verloop"]
    assert "Geleverd" not in [cell.value for cell in plain[4]]
    valued = tuple(replace(each, claimed_cents=None if each.claimed_cents is None else 1_00) for each in statement.course)
    assert "Geleverd" in [cell.value for cell in book_of(replace(statement, course=valued))["Verloop"][4]]


# ---- the logo

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000020000000108060000009d74667a0000000f49444154789c636460f8cf00820000080a0201"
    "6cc1ba4b0000000049454e44ae426082"
)


def test_a_logo_stands_where_the_name_would():
    content = write_statement(samples.squares(), PNG)
    assert zipfile.ZipFile(io.BytesIO(content)).read("xl/media/image1.png") == PNG
    assert openpyxl.load_workbook(io.BytesIO(content))["Overzicht"]["B1"].value is None


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\xff\xd8\xff", PNG[:20], b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_a_logo_that_is_no_picture_we_know_gives_the_name(content):
    assert book("squares")["Overzicht"]["B1"].value == "Regio Midden-Nederland"
    written = openpyxl.load_workbook(io.BytesIO(write_statement(samples.squares(), content)))
    assert written["Overzicht"]["B1"].value == "Regio Midden-Nederland"


# ---- the same again

ONE = """
import sys, hashlib, samples
from settlement.statements.workbook import write_statement
content = write_statement(getattr(samples, sys.argv[1])(), bytes.fromhex(sys.argv[2]))
print(hashlib.sha256(content).hexdigest())
"""


def test_the_same_statement_gives_the_same_bytes_whatever_the_seed_the_locale_and_the_clock():
    digests = set()
    for seed, locale, zone in (("1", "C", "UTC"), ("2", "nl_NL.UTF-8", "Europe/Amsterdam"), ("3", "tr_TR.UTF-8", "Asia/Tokyo")):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone,
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)]),
        }  # fmt: skip
        digests.add(
            subprocess.run(
                [sys.executable, "-c", ONE, "squares", PNG.hex()], env=environment, check=True, capture_output=True, text=True
            ).stdout
        )
    assert len(digests) == 1


def test_thirty_thousand_lines_are_written_whole():
    statement = samples.weeks()
    many = tuple(replace(statement.lines[n % 48], row=n + 9, client=f"C-{n % 4000}") for n in range(30_000))
    content = write_statement(replace(statement, lines=many))
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True)["Regels"]
    assert sheet.max_row == 30_007
    assert len(content) < 4_000_000


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed: the sums are added up by ourselves")
def test_libreoffice_recalculates_every_control_sum_to_the_value_beside_it(tmp_path):
    content = write_statement(samples.weeks())
    stripped = tmp_path / "statement.xlsx"
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(stripped, "w") as target:
        for name in source.namelist():
            # Without stored results LibreOffice has to calculate.
            target.writestr(name, re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", source.read(name)))
    (tmp_path / "out").mkdir()
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "xlsx", "--outdir",
         str(tmp_path / "out"), str(stripped)],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    ours = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    theirs = openpyxl.load_workbook(tmp_path / "out" / "statement.xlsx", data_only=True)
    checked = 0
    for sheet in openpyxl.load_workbook(io.BytesIO(content)).worksheets:
        for cell in cells(sheet):
            if cell.data_type == "f":
                checked += 1
                calculated = theirs[sheet.title][cell.coordinate].value
                assert round(calculated * 100) == cents(ours[sheet.title][cell.coordinate].value)
    assert checked == 14


def test_a_number_that_a_decimal_would_round_is_shown_as_the_fraction_that_it_is():
    # 13 clients a year after four months: 13 × 4 ÷ 12 = 4 1/3.
    assert number_format("decimal", "nl", parts_of(Fraction(13, 3), "decimal")) == "#\\ ?/3_0"
    assert number_format("decimal", "nl", parts_of(Fraction(171, 292), "decimal")) == "#\\ ???/292_0"
    assert [parts_of(value, "decimal") for value in (Fraction(4), Fraction(49, 2), Fraction(1, 1001), None)] == [
        0,
        0,
        0,
        0,
    ]
    assert parts_of(Fraction(1, 3), "share") == 0
