import datetime as dt

import openpyxl
import polars as pl
import pytest
from delivered_files import (
    CONTRACT,
    DATE_STYLES,
    DAY,
    HEADINGS,
    LAST,
    codes,
    heading_row,
    line,
    month_folder,
    raw_parts,
    read,
    read_raw,
    read_rows,
    sheet_xml,
    text_cell,
    write_workbook,
    zipped,
)


def plain_row(number: int, quantity: str = "<v>60</v>", client: str = "C-1") -> str:
    return (
        f'<row r="{number}">{text_cell(f"A{number}", client)}{text_cell(f"B{number}", "45A48")}'
        f'<c r="C{number}" s="1"><v>43160</v></c><c r="D{number}" s="2"><v>43190</v></c>'
        f'<c r="E{number}">{quantity}</c>{text_cell(f"F{number}", "uur")}</row>'
    )


def test_a_plain_sheet_is_read_with_its_rows_and_columns(tmp_path):
    gathered = read_rows(tmp_path, [HEADINGS, line(1), line(2, 95.5, 1234.5)])
    [delivery] = gathered.deliveries
    assert gathered.refusals.is_empty()
    assert not gathered.problems
    assert (delivery.contract, delivery.sheet, delivery.header_row, delivery.rows) == (CONTRACT, "Levering", 1, 2)
    assert delivery.columns["quantity"] == "E"
    assert delivery.headings["client"] == "Cliëntnummer"
    assert gathered.lines.select("row", "client", "code", "start", "end", "quantity_milli", "unit", "claimed_cents", "direction").rows() == [
        (2, "C-1", "45A48", DAY, LAST, 60_000, "minute", 6_250, "D"),
        (3, "C-2", "45A48", DAY, LAST, 95_500, "minute", 123_450, "D"),
    ]  # fmt: skip
    assert gathered.lines["delivery"].unique().to_list() == [f"2018-03/{CONTRACT}.xlsx"]


def test_a_head_block_and_empty_rows_around_the_table_do_no_harm(tmp_path):
    rows = [
        ["Aanlevering jeugdhulp"], [], ["Gemeente", "Utrecht", None, "Maand", "maart 2018"],
        ["Contractnummer", CONTRACT], ["Versie", 3], [], HEADINGS, line(1), [], line(2), [],
    ]  # fmt: skip
    write_workbook(month_folder(tmp_path) / "levering maart.xlsx", rows)
    gathered = read(tmp_path)
    [delivery] = gathered.deliveries
    assert (delivery.contract, delivery.version, delivery.header_row, delivery.rows) == (CONTRACT, 3, 7, 2)
    assert gathered.lines["row"].to_list() == [8, 10]


@pytest.mark.parametrize(
    "block",
    [
        [[f"Contractnummer: {CONTRACT.lower()}"]],
        [["Contractnummer", None, CONTRACT]],
        [["Contractnummer", "Maand"], [CONTRACT, "maart"]],
        [["contract nr.", f" {CONTRACT} "]],
    ],
)
def test_the_contract_number_is_found_behind_beside_or_below_its_label(tmp_path, block):
    write_workbook(month_folder(tmp_path) / "maart.xlsx", [*block, [], HEADINGS, line(1)])
    [delivery] = read(tmp_path).deliveries
    assert delivery.contract == CONTRACT


@pytest.mark.parametrize(
    "block",
    [
        [["Contract", "Jeugdhulp regio"], ["Contractnummer", CONTRACT]],
        [["Contract: Jeugdhulp regio"], ["Contractnummer:", CONTRACT]],
        [["Contractnummer", "zie onder"], [], ["Contract", CONTRACT]],
        [["Contract", "UTR-AJ-2018-99"], ["Contractnummer", CONTRACT]],
    ],
)
def test_of_several_labels_a_known_number_is_the_contract_and_that_of_contractnummer_goes_first(tmp_path, block):
    write_workbook(month_folder(tmp_path) / "maart.xlsx", [*block, [], HEADINGS, line(1)])
    gathered = read(tmp_path, UTR_AJ_2018_99={})
    assert [delivery.contract for delivery in gathered.deliveries] == [CONTRACT]
    assert not gathered.problems


def test_headings_are_known_whatever_their_case_accents_and_brackets(tmp_path):
    headings = [
        "CLIENTNUMMER *",
        " product-code",
        "Begin datum",
        "EINDDATUM (t/m)",
        "Geleverd  volume",
        "eenheid",
        "Bedrag (€)",
        "Referentie nummer",
    ]
    gathered = read_rows(tmp_path, [headings, line(1)])
    assert gathered.refusals.is_empty()
    assert gathered.lines["claimed_cents"].to_list() == [6_250]


def test_the_headings_of_the_contract_itself_are_known_and_go_before_the_general_ones(tmp_path):
    rows = [["Kind", "Product", "Productcode", "Begindatum"], ["C-1", "Ambulant", "45A48", DAY]]
    write_workbook(month_folder(tmp_path) / "X-1 levering.xlsx", rows)
    gathered = read(tmp_path, X_1={"client": ("Kind",), "code": ("Productcode",)})
    assert gathered.lines.select("contract", "client", "code").rows() == [("X-1", "C-1", "45A48")]
    assert "unknown column: Product" in gathered.deliveries[0].notes


def test_two_columns_for_one_field_refuse_the_file_with_both_names(tmp_path):
    gathered = read_rows(tmp_path, [[*HEADINGS, "Aantal"], [*line(1), 3]])
    assert codes(gathered) == [(0, "quantity", "two-columns-one-field")]
    assert gathered.refusals["found"].to_list() == ["Volume (E), Aantal (I)"]
    assert gathered.lines.is_empty()
    assert "Volume (E), Aantal (I)" in gathered.problems[0].message


def test_numbers_as_text_and_text_as_numbers_are_read_as_what_they_say(tmp_path):
    gathered = read_rows(tmp_path, [HEADINGS, [231, 45, "01-03-2018", "2018-03-31", "1.234,50", "01", "€ 10,00", 7]])
    assert gathered.lines.select("client", "code", "start", "quantity_milli", "unit", "claimed_cents", "reference").rows() == [
        ("231", "45", DAY, 1_234_500, "minute", 1_000, "7")
    ]  # fmt: skip


def test_an_empty_cell_with_a_format_is_empty(tmp_path):
    row = '<row r="2"><c r="A2" s="1"/><c r="B2" s="1"/><c r="E2"/></row>'
    gathered = read_raw(tmp_path, row + plain_row(3))
    assert gathered.lines["row"].to_list() == [3]
    assert gathered.deliveries[0].rows == 1


def test_the_1904_calendar_is_followed(tmp_path):
    # 41698 and 41728 are 1 and 31 March 2018 counted from 1904-01-01.
    row = plain_row(2).replace("43160", "41698").replace("43190", "41728")
    gathered = read_raw(tmp_path, row, workbook='<workbookPr date1904="1"/>')
    assert gathered.lines.select("start", "end").rows() == [(DAY, LAST)]


def test_a_formula_is_read_by_its_stored_result_and_refused_without_one(tmp_path):
    rows = (
        plain_row(2, "<f>30*2</f><v>60</v>")
        + plain_row(3, "<f>30*2</f>")
        + plain_row(4, "<f>30*2</f><v></v>")
        + plain_row(5, '<f t="shared" si="0"/><v>61</v>')
    )
    gathered = read_raw(tmp_path, rows)
    assert gathered.lines.select("row", "quantity_milli").rows() == [(2, 60_000), (5, 61_000)]
    assert codes(gathered) == [(3, "quantity", "formula-without-result"), (4, "quantity", "formula-without-result")]
    assert gathered.refusals.select("cell", "found").row(0) == ("E3", "=30*2")
    assert any(note.startswith("formulas") for note in gathered.deliveries[0].notes)


def test_results_that_the_file_itself_says_must_be_calculated_again_are_not_trusted(tmp_path):
    parts = raw_parts({"L": sheet_xml(heading_row() + plain_row(2, "<f>1+1</f><v>0</v>"))}, styles=DATE_STYLES)
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(
        "</workbook>", '<calcPr fullCalcOnLoad="1"/></workbook>'
    )
    (month_folder(tmp_path) / f"{CONTRACT}.xlsx").write_bytes(zipped(parts))
    assert codes(read(tmp_path)) == [(2, "quantity", "formula-without-result")]


def test_a_formula_that_gives_an_empty_text_is_an_empty_cell(tmp_path):
    row = plain_row(2).replace('<c r="E2"><v>60</v></c>', '<c r="E2" t="str"><f>""</f><v></v></c>')
    gathered = read_raw(tmp_path, row)
    assert gathered.lines["quantity_milli"].to_list() == [None]


def test_error_cells_are_refused_with_what_they_show(tmp_path):
    row = plain_row(2).replace('<c r="E2"><v>60</v></c>', '<c r="E2" t="e"><f>A1/0</f><v>#DIV/0!</v></c>')
    gathered = read_raw(tmp_path, row)
    assert gathered.refusals.select("cell", "code", "found").rows() == [("E2", "error-cell", "#DIV/0!")]


@pytest.mark.parametrize("stored", ["231", "231.0", "2.31E2", "2.31E+02"])
def test_a_number_with_a_format_of_zeros_is_not_taken_for_an_identifier(tmp_path, stored):
    row = plain_row(2).replace(text_cell("A2", "C-1"), f'<c r="A2" s="3"><v>{stored}</v></c>')
    gathered = read_raw(tmp_path, row)
    assert gathered.refusals.select("code", "found", "expected").rows() == [("leading-zeros-lost", "00231", "00231")]


def test_hidden_and_filtered_rows_are_read_and_said_so(tmp_path):
    row = plain_row(2).replace('<row r="2">', '<row r="2" hidden="1">')
    gathered = read_raw(tmp_path, row + plain_row(3), after='<autoFilter ref="A1:H3"/>')
    assert gathered.lines["row"].to_list() == [2, 3]
    assert "hidden rows" in gathered.deliveries[0].notes


def test_a_merged_client_speaks_for_all_its_rows_and_a_merged_quantity_for_none(tmp_path):
    rows = (
        plain_row(2, client="C-9")
        + plain_row(3).replace(text_cell("A3", "C-1"), "")
        + plain_row(4).replace('<c r="E4"><v>60</v></c>', '<c r="E4"/>')
        + plain_row(5)
    )
    merged = '<mergeCells count="2"><mergeCell ref="A2:A3"/><mergeCell ref="E3:E4"/></mergeCells>'
    gathered = read_raw(tmp_path, rows, after=merged)
    assert gathered.lines.select("row", "client").rows() == [(2, "C-9"), (5, "C-1")]
    assert codes(gathered) == [(3, "quantity", "merged-cell"), (4, "quantity", "merged-cell")]


def test_a_merged_client_fills_the_rows_below_it(tmp_path):
    rows = plain_row(2, client="C-9") + plain_row(3).replace(text_cell("A3", "C-1"), "") + plain_row(4)
    gathered = read_raw(tmp_path, rows, after='<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>')
    assert gathered.lines["client"].to_list() == ["C-9", "C-9", "C-1"]
    assert "merged cells" in gathered.deliveries[0].notes


def test_a_row_merged_across_the_table_is_refused_and_not_taken_for_a_client(tmp_path):
    rows = plain_row(2) + f'<row r="3">{text_cell("A3", "Locatie Zuid")}</row>' + plain_row(4)
    gathered = read_raw(tmp_path, rows, after='<mergeCells count="1"><mergeCell ref="A3:H3"/></mergeCells>')
    assert gathered.lines["row"].to_list() == [2, 4]
    assert set(gathered.refusals["code"]) == {"merged-cell"}
    assert gathered.deliveries[0].rows == 3


def test_totals_that_agree_are_noted_and_are_no_lines(tmp_path):
    total = ["Totaal", None, None, None, 100, None, 62.5]
    gathered = read_rows(tmp_path, [HEADINGS, line(1, 60, 50), line(2, 40, 12.5), total])
    assert gathered.deliveries[0].rows == 2
    assert gathered.refusals.is_empty()
    assert "totals" in gathered.deliveries[0].notes


def test_a_total_that_differs_is_told_and_the_lines_are_kept(tmp_path):
    total = [None, None, None, None, 120, None, 62.5]
    gathered = read_rows(tmp_path, [HEADINGS, line(1, 60, 50), line(2, 40, 12.5), [], total])
    assert gathered.lines.height == 2
    assert gathered.refusals.select("row", "cell", "code", "found", "expected").rows() == [
        (0, "E5", "control-total-differs", "120", "100")
    ]
    assert [problem.code for problem in gathered.problems] == ["control-total-differs"]


def test_subtotals_are_held_against_the_lines_since_the_one_before(tmp_path):
    rows = [
        HEADINGS, line(1, 10, 1), line(2, 20, 2), ["Subtotaal", None, None, None, 30, None, 3],
        line(3, 40, 4), ["Subtotaal", None, None, None, 40, None, 4], ["Eindtotaal:", None, None, None, 70, None, 7],
    ]  # fmt: skip
    gathered = read_rows(tmp_path, rows)
    assert gathered.lines.height == 3
    assert gathered.refusals.is_empty()


def test_a_client_whose_name_begins_like_a_total_is_a_line_when_it_has_a_day(tmp_path):
    rows = [HEADINGS, ["Total-7", *line(1)[1:]]]
    assert read_rows(tmp_path, rows).lines["client"].to_list() == ["Total-7"]


def test_a_credit_of_a_client_whose_name_begins_like_a_total_is_a_line(tmp_path):
    headings = ["Cliëntnummer", "Begindatum", "Einddatum", "Volume", "Debet/Credit", "Vorig referentienummer"]
    rows = [headings, ["Totaal-3", DAY, LAST, 60], ["Totaal-3", None, None, None, "C", "R1"], [" ", "Totaal", None, 60]]
    gathered = read_rows(tmp_path, rows)
    assert gathered.lines.select("row", "direction").rows() == [(2, "D"), (3, "C")]
    assert gathered.deliveries[0].rows == 2


@pytest.mark.parametrize("again", [HEADINGS, [heading.upper() for heading in HEADINGS], HEADINGS[:5], [None, *HEADINGS[1:]]])
def test_repeated_headings_are_no_lines(tmp_path, again):
    gathered = read_rows(tmp_path, [HEADINGS, line(1), again, line(2)])
    assert gathered.lines["row"].to_list() == [2, 4]
    assert gathered.deliveries[0].rows == 2
    assert gathered.refusals.is_empty()
    assert "repeated headings" in gathered.deliveries[0].notes


def test_repeated_headings_of_the_contract_itself_are_no_lines_whatever_they_begin_with(tmp_path):
    headings = ["Cliënt", "1e dag", "(uren)", "D/C"]
    write_workbook(month_folder(tmp_path) / "X-1 levering.xlsx", [headings, ["C-1", DAY, 5, "D"], headings, ["C-2", DAY, 5, "D"]])
    gathered = read(tmp_path, X_1={"start": ("1e dag",), "quantity": ("(uren)",)})
    assert gathered.lines["row"].to_list() == [2, 4]
    assert gathered.refusals.is_empty()


SHORT = ["Cliëntnummer", "Begindatum", "Einddatum", "Volume", "Bedrag"]
FEW = ["C-1", DAY, LAST, 60, 600]


@pytest.mark.parametrize(
    ("rows", "second"),
    [
        ([SHORT[:4], FEW[:4], FEW[:4], [], SHORT, FEW], 5),
        ([SHORT, FEW, [], [*SHORT[:3], "Bedrag", "Volume"], ["C-3", DAY, LAST, 600, 60]], 4),
        ([SHORT, FEW, [], [], [*SHORT[:4], "Tarief"], FEW], 5),
        ([SHORT, FEW, [], [None] * 6 + SHORT, [None] * 6 + FEW], 4),
        ([SHORT, *[FEW] * 300, SHORT[1:], FEW[1:]], 302),
        ([SHORT, FEW, [*SHORT, "Eenheid"], [*FEW, "uur"]], 3),
        ([["Cliëntnummer", "Periode", None, "Volume", "Bedrag"], [None, "Begindatum", "Einddatum"], FEW], 2),
        ([["Cliëntnummer", "Periode", None, "Volume"], [None, "Begindatum", "Einddatum", None, "Bedrag"], FEW], 2),
    ],
)
def test_a_second_table_on_the_sheet_or_a_second_row_of_headings_refuses_the_file_with_its_row(tmp_path, rows, second):
    gathered = read_rows(tmp_path, rows)
    assert gathered.refusals.select("row", "sheet", "code", "found").rows() == [(0, "Levering", "two-tables", f"{second} (Levering)")]
    assert gathered.lines.is_empty()
    assert f"begins in row {second} (Levering)" in gathered.problems[0].message


def test_a_list_of_words_above_beside_or_below_the_table_is_no_second_table(tmp_path):
    above = [["Dienst", "Jeugdhulp"], ["Product", "x", "Volume", 3], SHORT[:3], []]
    below = [[], ["Dienst", "Volume"], ["Ambulant", 60], [None] * 9 + ["Gemeente", "Utrecht"]]
    gathered = read_rows(tmp_path, [*above, [*SHORT, None, "Tarief", "Soort"], [*FEW, None, 3, "x"], *below])
    assert gathered.lines["row"].to_list()[0] == 6
    assert "two-tables" not in gathered.refusals["code"]


def test_a_heading_over_two_columns_with_values_in_both_refuses_the_file(tmp_path):
    def reading(*lines):
        book = openpyxl.Workbook()
        for row in ([*SHORT[:4], None, "Bedrag"], *lines):
            book.active.append(row)
        book.active.merge_cells("D1:E1")
        book.active.merge_cells("A1:A1")
        book.save(month_folder(tmp_path) / f"{CONTRACT}.xlsx")
        return read(tmp_path)

    gathered = reading([*FEW[:3], None, 60, 600], [*FEW[:3], 3, 60, 600])
    assert gathered.refusals.select("field", "code", "found").rows() == [("quantity", "two-columns-one-field", "Volume (D), Volume (E)")]
    assert reading([*FEW[:4], None, 600]).lines["claimed_cents"].to_list() == [60_000]


def test_a_remark_beside_the_table_is_noted_and_is_no_line(tmp_path):
    rows = [[*HEADINGS, "Opmerking"], line(1), [None] * 8 + ["zie bijlage"]]
    gathered = read_rows(tmp_path, rows)
    assert gathered.deliveries[0].rows == 1
    assert {"text outside the table", "unknown column: Opmerking"} <= set(gathered.deliveries[0].notes)


def test_the_first_visible_sheet_with_a_table_is_read(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Toelichting"
    book.active.append(["Vul het tweede blad in"])
    lists = book.create_sheet("Lijsten")
    lists.append(["Dienst", "Intensiteit", "Profiel", "Productcode"])
    lists.append(["x", "y", "z", "1"])
    lists.sheet_state = "hidden"
    page = book.create_sheet("Levering")
    for row in (HEADINGS, line(1)):
        page.append(row)
    book.save(month_folder(tmp_path) / f"{CONTRACT}.xlsx")
    gathered = read(tmp_path)
    assert gathered.deliveries[0].sheet == "Levering"
    assert gathered.lines.height == 1


def test_a_second_sheet_with_lines_is_told_and_not_passed_over_in_silence(tmp_path):
    book = openpyxl.Workbook()
    for at, name in enumerate(("Maart", "Februari")):
        page = book.active if not at else book.create_sheet()
        page.title = name
        for row in (HEADINGS, line(at)):
            page.append(row)
    book.save(month_folder(tmp_path) / f"{CONTRACT}.xlsx")
    gathered = read(tmp_path)
    assert gathered.lines["sheet"].to_list() == ["Maart"]
    assert gathered.refusals.select("row", "code", "found").rows() == [(0, "second-table", "Februari")]


def test_a_workbook_without_a_table_is_refused(tmp_path):
    gathered = read_rows(tmp_path, [["Beste gemeente,"], ["Hierbij onze gegevens."]])
    assert codes(gathered) == [(0, "", "no-table")]
    assert "none of its lines counts" in gathered.problems[0].message


@pytest.mark.parametrize(
    "way",
    [
        "prefix",
        "order",
        "comment",
        "cdata",
        "spaces",
        "no addresses",
        "utf-16",
        "single quotes",
        "references",
        "windows line ends",
    ],
)
def test_the_same_xml_written_in_another_way_says_the_same(tmp_path, way):
    xml = sheet_xml(
        heading_row() + plain_row(2) + plain_row(3, client="C&2"),
        after='<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>',
    )
    data: str | bytes = xml
    if way == "prefix":
        for name in ("worksheet", "sheetData", "row", "c", "v", "is", "t", "mergeCells", "mergeCell"):
            data = (
                data.replace(f"<{name} ", f"<x:{name} ")
                .replace(f"<{name}>", f"<x:{name}>")
                .replace(f"</{name}>", f"</x:{name}>")
            )
        data = data.replace("xmlns=", "xmlns:x=")
    elif way == "order":
        data = data.replace('<c r="C2" s="1">', '<c s="1" r="C2">')
    elif way == "comment":
        data = data.replace("</row>", "<!-- <c r='A9'><v>1</v></c> --></row>")
    elif way == "cdata":
        data = data.replace("<t>C-1</t>", "<t><![CDATA[C-1]]></t>")
    elif way == "spaces":
        data = data.replace("<row", "\n  <row").replace("<c ", "\n    <c ").replace("</row>", "\n  </row>")
    elif way == "no addresses":
        for column in "ABCDEFGH":
            for row in (1, 2, 3):
                data = data.replace(f'<c r="{column}{row}"', "<c")
        data = data.replace('<row r="1">', "<row>").replace('<row r="2">', "<row>").replace('<row r="3">', "<row>")
    elif way == "utf-16":
        data = data.replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16")
    elif way == "single quotes":
        data = data.replace('"', "'")
    elif way == "references":
        data = data.replace("<v>60</v>", "<v>&#54;0</v>")
    elif way == "windows line ends":
        data = data.replace("<row", "\r\n<row")
    assert data != xml
    parts = raw_parts({"Levering": data}, styles=DATE_STYLES)
    (month_folder(tmp_path) / f"{CONTRACT}.xlsx").write_bytes(zipped(parts))
    gathered = read(tmp_path)
    assert gathered.refusals.is_empty()
    assert gathered.lines.select("row", "client", "start", "quantity_milli").rows() == [
        (2, "C-1", DAY, 60_000),
        (3, "C-1", DAY, 60_000),
    ]


def test_shared_strings_rich_text_and_pronunciation_are_read_as_they_show(tmp_path):
    parts = raw_parts(
        {"L": sheet_xml(heading_row() + plain_row(2).replace(text_cell("A2", "C-1"), '<c r="A2" t="s"><v>1</v></c>'))},
        strings=["x", "y"],
        styles=DATE_STYLES,
    )
    parts["xl/sharedStrings.xml"] = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>x</t></si>'
        "<si><r><rPr><b/></rPr><t>C-</t></r><r><t>231</t></r><rPh sb=\"0\" eb=\"1\"><t>see</t></rPh></si></sst>"
    )  # fmt: skip
    (month_folder(tmp_path) / f"{CONTRACT}.xlsx").write_bytes(zipped(parts))
    assert read(tmp_path).lines["client"].to_list() == ["C-231"]


PIECES_OF_A_STRING = (
    '<r><rPr><b/><sz val="11"/><color theme="1"/><rFont val="Calibri"/></rPr><t xml:space="preserve">C-</t></r><r><t>231</t></r>'
    '<rPh sb="0" eb="1"><t>see</t></rPh><phoneticPr fontId="1" type="noConversion"/>'
)


@pytest.mark.parametrize("before", ["", "<!-- so that expat reads it -->"])
def test_rich_text_within_a_cell_and_rows_with_attributes_are_read_as_they_show(tmp_path, before):
    row = plain_row(2).replace("<t>C-1</t>", PIECES_OF_A_STRING)
    row = row.replace('<row r="2">', '<row r="2" spans="1:8" ht="14.5" hidden="1" x14ac:dyDescent="0.25">')
    assert "spans" in row
    assert "rPh" in row
    empty = '<row r="3" spans="1:8"/><row r="4" spans="1:8" ></row>'
    gathered = read_raw(tmp_path, before + row + empty, before='<cols xmlns:x14ac="x"/>')
    assert gathered.lines["client"].to_list() == ["C-231"]
    assert "hidden rows" in gathered.deliveries[0].notes


def test_rows_of_many_shapes_are_read_alike(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(HEADINGS)
    for at in range(300):
        cells = line(at, at + 0.5, None if at % 3 else 1.25)
        if at % 5 == 0:
            cells[3] = None
        if at % 7 == 0:
            cells[7] = None
        book.active.append(cells)
    book.save(month_folder(tmp_path) / f"{CONTRACT}.xlsx")
    gathered = read(tmp_path)
    assert gathered.lines["quantity_milli"].to_list() == [at * 1000 + 500 for at in range(300)]
    assert gathered.lines["end"].to_list() == [None if at % 5 == 0 else LAST for at in range(300)]
    assert gathered.lines["claimed_cents"].to_list() == [None if at % 3 else 125 for at in range(300)]


@pytest.mark.parametrize("written", ["43160", "2018-03-01T48:00", "2018-03-01T24:00:00", "2018-03-01T00:60:00"])
def test_a_day_that_is_written_out_is_no_number_and_has_no_more_hours_than_a_day(tmp_path, written):
    row = plain_row(2).replace('<c r="C2" s="1"><v>43160</v></c>', f'<c r="C2" t="d"><v>{written}</v></c>')
    assert codes(read_raw(tmp_path, row)) == [(2, "start", "not-a-date")]


def test_a_date_with_a_time_of_day_is_refused(tmp_path):
    gathered = read_rows(tmp_path, [HEADINGS, ["C-1", "45A48", dt.datetime.combine(DAY, dt.time(14, 30)), LAST, 60]])
    assert codes(gathered) == [(2, "start", "date-with-time")]


def test_every_delivered_row_has_its_own_place_in_the_refusals(tmp_path):
    gathered = read_rows(tmp_path, [HEADINGS, line(1, "veel"), line(2), ["C-3", "45A48", "x", "y", "z"]])
    assert gathered.refusals.select("row", "cell", "field").rows() == [
        (2, "E2", "quantity"),
        (4, "C4", "start"),
        (4, "D4", "end"),
        (4, "E4", "quantity"),
    ]
    assert gathered.refusals["contract"].unique().to_list() == [CONTRACT]
    assert gathered.deliveries[0].rows == gathered.lines.height + gathered.refusals["row"].n_unique() == 3
    assert isinstance(gathered.lines, pl.DataFrame)
