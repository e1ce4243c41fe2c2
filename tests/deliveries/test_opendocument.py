import datetime as dt
import re
from xml.sax.saxutils import escape

import pytest
from delivered_files import CONTRACT, codes, month_folder, read, zipped

FIRST, LAST = dt.date(2018, 3, 1), dt.date(2018, 3, 31)
_SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"), ("draw", "drawing"))
) + ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'  # fmt: skip
HEADINGS = ["Cliëntnummer", "Begindatum", "Einddatum", "Volume", "Eenheid"]
HIDDEN_STYLE = '<style:style style:name="ta9" style:family="table"><style:table-properties table:display="false"/></style:style>'


def text(content, more=""):
    return f'<table:table-cell office:value-type="string"{more}><text:p>{escape(content)}</text:p></table:table-cell>'


def number(value, shown=None, type_="float", more=""):
    return f'<table:table-cell office:value-type="{type_}" office:value="{value}"{more}><text:p>{shown or value}</text:p></table:table-cell>'


def day(iso):
    return f'<table:table-cell office:value-type="date" office:date-value="{iso}"><text:p>1 mrt</text:p></table:table-cell>'


def row(*cells, more=""):
    return f"<table:table-row{more}>{''.join(cells)}</table:table-row>"


HEADING_ROW = row(*(text(heading) for heading in HEADINGS))


def line(client=None, start=None, quantity=None, more=""):
    return row(client or text("C-1"), start or day("2018-03-01"), day("2018-03-31"), quantity or number(60), text("uur"), more=more)


def content(*tables, styles=""):
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_SPACES}><office:automatic-styles>{styles}'
        f"</office:automatic-styles><office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )


def table(*rows, name="Levering", style=""):
    return f'<table:table table:name="{name}" table:style-name="{style}"><table:table-column/>{"".join(rows)}</table:table>'


def packed(xml, **parts):
    return zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": xml, **parts})


@pytest.fixture
def read_ods(tmp_path):
    def reading(*rows, xml=None, data=None):
        data = data or packed(xml or content(table(HEADING_ROW, *rows)))
        (month_folder(tmp_path) / f"{CONTRACT}.ods").write_bytes(data)
        return read(tmp_path)

    return reading


def quantities(gathered):
    return gathered.lines.select("row", "quantity_milli").rows()


def test_a_line_is_read_by_its_stored_values_and_not_by_how_they_are_shown(read_ods):
    gathered = read_ods(line(quantity=number("95.5", "96")))
    assert gathered.lines.select("row", "client", "start", "end", "quantity_milli", "unit").rows() == [
        (2, "C-1", FIRST, LAST, 95_500, "hour")
    ]
    assert gathered.refusals.is_empty()


@pytest.mark.parametrize(
    ("client", "code"),
    [
        (number("231", "00231"), "leading-zeros-lost"), (number("231.0", "00231"), "leading-zeros-lost"), (number("2.31E2", "00231"), "leading-zeros-lost"),
        (number("231", "C-231"), "not-an-identifier"),
        (number("231", "0-231"), "not-an-identifier"), (number("231.5"), "not-an-identifier"), (day("2018-03-01"), "not-text"),
        (number("1", "WAAR"), "not-text"), (text("C\u200b1"), "invisible-characters"), (text("С-1"), "look-alike-characters"),
    ],
)  # fmt: skip
def test_an_identifier_that_a_cell_does_not_hold_as_it_shows_is_refused(read_ods, client, code):
    assert codes(read_ods(line(client=client))) == [(2, "client", code)]


def test_a_whole_number_is_a_client_as_it_is_in_a_workbook_of_excel(read_ods):
    assert read_ods(line(client=number("231.0", "231"))).lines["client"].to_list() == ["231"]


@pytest.mark.parametrize(
    ("quantity", "code"),
    [
        (number("1E+308"), "number-too-large"), (number("NaN"), "not-a-number"), (number("INF"), "not-a-number"), (number("2018-03-01", "0"), "not-a-number"),
        (number("-1"), "negative-number"), (day("2018-03-01"), "not-a-number"),
        ('<table:table-cell office:value-type="time" office:time-value="PT02H00M00S"><text:p>2:00</text:p></table:table-cell>', "not-a-number"),
        ('<table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>WAAR</text:p></table:table-cell>', "not-a-number"),
        ('<table:table-cell table:formula="of:=[.A1]*2"/>', "formula-without-result"),
        ('<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#DEEL/0!</text:p></table:table-cell>', "error-cell"),
        (number("0", "Err:502", more=' table:formula="of:=FOUT()"'), "error-cell"),
    ],
)  # fmt: skip
def test_a_quantity_that_is_none_is_refused_with_its_cell(read_ods, quantity, code):
    gathered = read_ods(line(quantity=quantity))
    assert codes(gathered) == [(2, "quantity", code)]
    assert gathered.refusals["cell"].to_list() == ["D2"]


def test_a_day_with_a_time_and_a_day_in_the_year_9999_are_refused(read_ods):
    gathered = read_ods(line(start=day("2018-03-01T14:30:00")), line(start=day("9999-12-31")), line(start=day("2018-03-01T00:00:00")))
    assert codes(gathered) == [(2, "start", "date-with-time"), (3, "start", "date-out-of-range")]
    assert gathered.refusals["found"].to_list()[1] == "31-12-9999"
    assert gathered.lines["row"].to_list() == [4]


@pytest.mark.parametrize("written", ["43160", "43160.0", "2018-03-01T48:00:00"])
def test_a_day_that_is_written_out_is_no_number_and_has_no_more_hours_than_a_day(read_ods, written):
    assert codes(read_ods(line(start=day(written)))) == [(2, "start", "not-a-date")]


def test_a_stored_text_that_is_empty_takes_nothing_from_what_the_cell_shows(read_ods):
    gathered = read_ods(line(client=text("C-1", ' office:string-value=""')), line(client=text("C-1", ' office:string-value="C-9"')))
    assert gathered.lines["client"].to_list() == ["C-1", "C-9"]


def test_remarks_and_drawings_at_a_cell_are_not_its_text_and_spaces_are_as_they_show(read_ods):
    cell = (
        '<table:table-cell office:value-type="string"><office:annotation><text:p>moeder belde</text:p></office:annotation>'
        '<text:p>C<text:span>-</text:span>\n  1<text:s text:c="2"/><draw:frame><draw:text-box><text:p>x</text:p></draw:text-box></draw:frame>b</text:p>'
        "</table:table-cell>"
    )
    assert read_ods(line(client=cell)).lines["client"].to_list() == ["C- 1  b"]


def test_repeated_rows_and_cells_are_counted_out(read_ods):
    empty = row('<table:table-cell table:number-columns-repeated="16384"/>', more=' table:number-rows-repeated="3"')
    gathered = read_ods(line(), empty, line(more=' table:number-rows-repeated="2"'), line(quantity=number(5)))
    assert quantities(gathered) == [(2, 60_000), (6, 60_000), (7, 60_000), (8, 5_000)]
    last = row('<table:table-cell table:number-columns-repeated="16384"/>', more=' table:number-rows-repeated="1048574"')
    assert read_ods(line(), last).deliveries[0].rows == 1


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([line(more=' table:number-rows-repeated="1048576"')], "too-many-rows"),
        ([line(more=' table:number-rows-repeated="999999999"')], "too-many-rows"),
        ([line(more=' table:number-rows-repeated="0"')], "damaged-file"),
        ([row(text("x", ' table:number-columns-repeated="16384"'), more=' table:number-rows-repeated="1000"')], "unsafe-file"),
        ([row(text("x", ' table:number-columns-repeated="16385"'))], "cells-out-of-order"),
        ([line(client='<table:table-cell office:value-type="string"><text:p><text:s text:c="99999999"/></text:p></table:table-cell>')], "unsafe-file"),
        ([line(quantity='<table:table-cell office:value-type="float"/>')], "damaged-file"),
        ([line(quantity='<table:table-cell office:value-type="matrix" office:value="1"/>')], "damaged-file"),
    ],
)  # fmt: skip
def test_what_would_grow_without_bound_or_is_no_cell_refuses_the_file(read_ods, rows, code):
    assert codes(read_ods(*rows)) == [(0, "", code)]


def test_hidden_and_filtered_rows_are_read_and_said_so(read_ods):
    gathered = read_ods(line(more=' table:visibility="collapse"'), line(more=' table:visibility="filter"'))
    assert gathered.lines.height == 2
    assert "hidden rows" in gathered.deliveries[0].notes


def test_merged_cells_speak_as_in_a_workbook_of_excel(read_ods):
    client = text("C-7", ' table:number-rows-spanned="2"')
    quantity = number(60, more=' table:number-rows-spanned="2"')
    covered = row("<table:covered-table-cell/>", day("2018-03-01"), day("2018-03-31"), number(7), text("uur"))
    gathered = read_ods(line(client=client), covered)
    assert gathered.lines.select("row", "client").rows() == [(2, "C-7"), (3, "C-7")]
    covered = row(text("C-2"), day("2018-03-01"), day("2018-03-31"), "<table:covered-table-cell/>", text("uur"))
    assert codes(read_ods(line(quantity=quantity), covered)) == [(2, "quantity", "merged-cell"), (3, "quantity", "merged-cell")]


def test_what_a_merged_cell_hides_is_not_read_when_nothing_else_stands_in_its_first_row(read_ods):
    first = row("<table:table-cell/>" * 3, '<table:table-cell table:number-rows-spanned="2"/>')
    hidden = '<table:covered-table-cell office:value-type="float" office:value="7"><text:p>7</text:p></table:covered-table-cell>'
    second = row(text("C-2"), day("2018-03-01"), day("2018-03-31"), hidden, text("uur"))
    assert codes(read_ods(first, second)) == [(3, "quantity", "merged-cell")]


def test_the_first_visible_sheet_with_a_table_is_read_and_another_is_told(read_ods):
    lists = table(row(*(text(name) for name in ("Dienst", "Productcode"))), name="Lijsten", style="ta9")
    kept = table(HEADING_ROW, line(), name="'file:///x.ods'#$Blad1", style="ta_extref")
    xml = content(lists, kept, table(HEADING_ROW, line(), name="Maart"), table(HEADING_ROW, line(), name="April"), styles=HIDDEN_STYLE)
    gathered = read_ods(xml=xml)
    assert gathered.deliveries[0].sheet == "Maart"
    assert [(each["code"], each["found"]) for each in gathered.refusals.iter_rows(named=True)] == [("second-table", "April")]


def test_other_prefixes_say_the_same(read_ods):
    xml = content(table(HEADING_ROW, line()))
    for prefix in ("table", "text", "office"):
        xml = re.sub(rf"([< /]){prefix}:", rf"\1{prefix}2:", xml).replace(f"xmlns:{prefix}=", f"xmlns:{prefix}2=")
    assert "<table:" not in xml
    gathered = read_ods(xml=xml)
    assert quantities(gathered) == [(2, 60_000)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (packed("<x/>"), "no-table"),
        (packed(content(table(HEADING_ROW, line()))[:-40]), "damaged-file"),
        (packed('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'), "unsafe-file"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}), "damaged-file"),
        (packed(content(table(HEADING_ROW, line())))[:-300], "damaged-file"),
        (packed("<x/>", **{"META-INF/manifest.xml": '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:encryption-data/></m:manifest>'}), "password-protected"),
        (packed("<x/>", **{"encrypted-package": "x"}), "password-protected"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_whole_document_is_refused_with_its_reason(read_ods, data, code):
    assert codes(read_ods(data=data)) == [(0, "", code)]
