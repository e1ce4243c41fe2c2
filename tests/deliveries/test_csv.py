import datetime as dt

import pytest
from delivered_files import CONTRACT, DAY, LAST, MARCH, codes, month_folder, read, read_csv, write_csv

from settlement.deliveries.child import messages
from settlement.deliveries.contracts import Contracts

HEAD = "Cliëntnummer;Begindatum;Einddatum;Volume;Eenheid;Bedrag\n"
LINE = "C-1;01-03-2018;31-03-2018;1.234,50;min;€ 10,00\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_encoding_of_a_dutch_office_reads_the_same(tmp_path, encoding):
    gathered = read_csv(tmp_path, HEAD + LINE.replace("C-1", "Zoë"), encoding)
    assert gathered.refusals.is_empty()
    assert gathered.lines.select("client", "start", "end", "quantity_milli", "unit", "claimed_cents").rows() == [
        ("Zoë", DAY, LAST, 1_234_500, "minute", 1_000)
    ]


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_every_separator_is_found_by_the_headings(tmp_path, separator):
    text = HEAD.replace(";", separator) + '"C-1";01-03-2018;31-03-2018;"1.234,50";min;"€ 10,00"\n'.replace(
        ";", separator
    )
    gathered = read_csv(tmp_path, text)
    assert gathered.lines["quantity_milli"].to_list() == [1_234_500]


@pytest.mark.parametrize("separator", [":", "~", "^", "#", "¦", "::"])
def test_another_separator_is_told_with_what_to_type_instead(tmp_path, separator):
    gathered = read_csv(tmp_path, HEAD.replace(";", separator) + separator.join(["C-1", "01-03-2018", "31-03-2018", "60", "min", "10"]))
    assert gathered.refusals.select("row", "code", "found").rows() == [(0, "unknown-separator", separator[0])]
    (problem,) = gathered.problems
    assert f"separated by {separator[0]}, which is not read" in problem.message
    assert "a semicolon (;)" in problem.help


def test_a_csv_without_headings_is_not_said_to_have_another_separator(tmp_path):
    gathered = read_csv(tmp_path, "Wie:Wanneer\nC-1:01-03-2018\n")
    assert gathered.refusals.get_column("code").to_list() == ["no-table"]


def test_a_bar_inside_a_cell_is_text(tmp_path):
    gathered = read_csv(tmp_path, HEAD + "C|1;01-03-2018;31-03-2018;60;min;10\n")
    assert gathered.lines.get_column("client").to_list() == ["C|1"]


def test_the_hint_of_excel_for_the_separator_is_followed_and_counted_as_a_row(tmp_path):
    gathered = read_csv(tmp_path, "sep=,\n" + HEAD.replace(";", ",") + "C-1,2018-03-01,,1.5,uur,\n")
    assert gathered.lines.select("row", "quantity_milli").rows() == [(3, 1_500)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_ends_a_line_the_lone_one_too(tmp_path, end):
    gathered = read_csv(tmp_path, (HEAD + LINE + LINE).replace("\n", end))
    assert gathered.lines["row"].to_list() == [2, 3]


def test_a_last_line_without_an_end_is_a_line(tmp_path):
    assert read_csv(tmp_path, (HEAD + LINE).rstrip("\n")).lines.height == 1


def test_a_row_with_too_few_or_too_many_cells_is_refused_and_counted(tmp_path):
    text = (
        HEAD
        + LINE
        + "C-2;01-03-2018\n"
        + "C-3;01-03-2018;31-03-2018;1;min;2;extra\n"
        + "C-4;01-03-2018;31-03-2018;1;min;2;;\n"
    )
    gathered = read_csv(tmp_path, text)
    assert gathered.refusals.select("row", "code", "found", "expected").rows() == [
        (3, "row-too-short", "2", "6"),
        (4, "row-too-long", "7", "6"),
    ]
    assert gathered.lines["client"].to_list() == ["C-1", "C-4"]
    assert gathered.deliveries[0].rows == 4


def test_a_decimal_comma_without_quotes_in_a_file_of_commas_is_refused_and_not_read_as_two_cells(tmp_path):
    gathered = read_csv(tmp_path, HEAD.replace(";", ",") + "C-1,01-03-2018,31-03-2018,1,5,min,10\n")
    assert codes(gathered) == [(2, "", "row-too-long")]


@pytest.mark.parametrize(("end", "row_end"), [(",Opmerking", ","), (",Onderaannemer", ","), ("", ",")])
def test_half_of_a_decimal_comma_is_no_cell_whatever_stands_at_the_end_of_its_row(tmp_path, end, row_end):
    head = f"Cliëntnummer,Begindatum,Einddatum,Volume,Bedrag{end}\n"
    gathered = read_csv(tmp_path, f"{head}C-1,01-03-2018,31-03-2018,12,5,750{row_end}\nC-2,01-03-2018,31-03-2018,12,750{row_end if end else ''}\n")
    assert codes(gathered) == [(2, "", "row-too-long")]
    assert gathered.lines.select("client", "quantity_milli", "claimed_cents").rows() == [("C-2", 12_000, 75_000)]


def test_a_row_of_a_file_of_commas_may_be_as_long_as_the_row_of_headings_is_written(tmp_path):
    gathered = read_csv(tmp_path, "Cliëntnummer,Begindatum,Volume,,\nC-1,01-03-2018,12,,\nC-2,01-03-2018,12,5,\n")
    assert codes(gathered) == [(3, "", "row-too-long")]
    assert gathered.lines["client"].to_list() == ["C-1"]


def test_quotes_behind_a_blank_refuse_the_file_because_nobody_knows_where_their_cell_ends(tmp_path):
    assert codes(read_csv(tmp_path, HEAD + 'C-2;01-03-2018;31-03-2018;1;min;2\n "C-1";01-03-2018;31-03-2018;1;min;2\n')) == [(0, "", "csv-quotes")]
    assert codes(read_csv(tmp_path, '"Cliënt"; "Begindatum"; "Volume"\n"C-1"; "01-03-2018"; "60"\n')) == [(0, "", "csv-quotes")]
    gathered = read_csv(tmp_path, HEAD.replace("Bedrag", "Opmerking") + 'C-1;01-03-2018;31-03-2018;1;min;"zei; ""nee"""\nC-2;01-03-2018;31-03-2018;1;min;een "ja"\n')
    assert gathered.lines["client"].to_list() == ["C-1", "C-2"]


def test_quoted_cells_may_hold_separators_quotes_and_line_ends(tmp_path):
    text = (
        HEAD.replace("Eenheid", "Dienst").replace("Bedrag", "Eenheid")
        + 'C-1;01-03-2018;;1;"a;b ""c""";min\n"C\n2";01-03-2018;;1;x;min\nC-3;01-03-2018;;1;x;min\n'
    )
    gathered = read_csv(tmp_path, text)
    assert gathered.lines.select("row", "service").rows() == [(2, 'a;b "c"'), (4, "x")]
    assert codes(gathered) == [(3, "client", "invisible-characters")]


@pytest.mark.parametrize("damage", ['"C-1;01-03-2018;31-03-2018;1;min;2\n', '"C"1;01-03-2018;31-03-2018;1;min;2\n'])
def test_quotes_that_do_not_close_refuse_the_file(tmp_path, damage):
    gathered = read_csv(tmp_path, HEAD + damage)
    assert codes(gathered) == [(0, "", "csv-quotes")]


def test_empty_rows_are_skipped_and_rows_keep_their_own_numbers(tmp_path):
    gathered = read_csv(tmp_path, f"Contractnummer;{CONTRACT}\n\n{HEAD}\n{LINE};;;;;\n{LINE}")
    assert gathered.lines["row"].to_list() == [5, 7]


def test_totals_of_a_csv_are_checked(tmp_path):
    gathered = read_csv(tmp_path, HEAD + LINE + "Totaal;;;1.234,50;;€ 11,00\n")
    assert gathered.refusals.select("cell", "code", "found", "expected").rows() == [
        ("F3", "control-total-differs", "11,00", "10,00")
    ]
    assert gathered.lines.height == 1


def test_a_row_that_begins_like_a_total_is_a_line_when_it_has_what_only_lines_have(tmp_path):
    head = "Dienst;Cliëntnummer;Begindatum;Einddatum;Volume;Bedrag;Debet/Credit;Referentienummer;Vorig referentienummer\n"
    text = (
        head + "Totaal pakket;C-1;01-03-2018;31-03-2018;12;5;750;D;R1;R0\n" + "Totaal pakket;C-1;01-03-2018\n"
        + "Totaal pakket;C-1;01-03-2018;31-03-2018;12;750;D;R1;\n" + "Totaal pakket;C-1;;;;;C;R2;R1\n" + "Totaal pakket;;;;12;750;;;\n"
    )  # fmt: skip
    gathered = read_csv(tmp_path, text)
    assert codes(gathered) == [(2, "", "row-too-long"), (3, "", "row-too-short")]
    assert gathered.lines.select("row", "direction", "reference").rows() == [(4, "D", "R1"), (5, "C", "R2")]
    assert gathered.deliveries[0].rows == 4


@pytest.mark.parametrize(
    "word",
    [
        "Totaal", "TOTAAL:", "tOTAAL", "Subtotaal maart", "Sub-totaal", "Sub totaal", "Totalen", "Totale uren", "Totaalbedrag", "Algemeen totaal",
        "Generaal totaal", "Grand total", "Saldo", "Som", "Tot.", "Tot. maart", "*Totaal*", "  Totaal", "Eindtotaal",
    ],
)  # fmt: skip
def test_a_total_is_known_by_its_word_also_behind_an_empty_cell(tmp_path, word):
    for total in (f"{word};;;1234,5;;10", f" ;{word};;1234,5;;10"):
        gathered = read_csv(tmp_path, f"{HEAD}{LINE}{total}\n")
        assert gathered.deliveries[0].rows == 1
        assert gathered.refusals.is_empty()
        assert "totals" in gathered.deliveries[0].notes


@pytest.mark.parametrize("word", ["Totaalpakket", "Sommer", "Tot maart", "Saldomans", "Totem"])
def test_a_word_that_only_begins_like_that_of_a_total_makes_none(tmp_path, word):
    assert read_csv(tmp_path, f"{HEAD}{LINE}{word};;;1234,5;;10\n").deliveries[0].rows == 2


def test_a_second_table_in_a_csv_refuses_it_also_far_below(tmp_path):
    lines = LINE * 5_000
    gathered = read_csv(tmp_path, HEAD + lines + HEAD.upper() + LINE)
    assert gathered.lines.height == 5_001
    assert "repeated headings" in gathered.deliveries[0].notes
    gathered = read_csv(tmp_path, HEAD + lines + "Cliëntnummer;Begindatum;Einddatum;Bedrag;Eenheid;Volume\n" + LINE)
    assert gathered.refusals.select("code", "found").rows() == [("two-tables", "5002")]


def test_a_table_of_many_pieces_is_one_table(tmp_path):
    rows = "".join(f"C-{at};01-03-2018;31-03-2018;{at},5;min;\n" for at in range(10_000))
    gathered = read_csv(tmp_path, HEAD + rows)
    assert gathered.lines["quantity_milli"].to_list() == [at * 1000 + 500 for at in range(10_000)]
    assert gathered.lines["row"].to_list() == list(range(2, 10_002))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-file"),
        (b"Client;Begindatum\nC-1\0;2018-03-01\n", "nul-bytes"),
        ("Cliënt;Begindatum\nC-1\0;2018-03-01\n".encode("utf-16"), "nul-bytes"),
        (b"\xff\xfeC\x00l\x00", "no-table"),
        (b"\xff\xfeC\x00l\x00\x00", "unknown-encoding"),
        (b"\xef\xbb\xbfCli\xebnt;Begindatum\n", "unknown-encoding"),
        ("Cliënt;Begindatum\nZoë;".encode() + b"\xeb\n", "unknown-encoding"),
        (b"Client;Begindatum\n\x81\n", "unknown-encoding"),
        (b"PK\x03\x04....", "wrong-extension"),
        (b"zomaar wat tekst\n", "no-table"),
        (b'{"client": 1}', "no-table"),
    ],
)
def test_a_file_that_is_no_csv_is_refused_with_its_reason(tmp_path, data, code):
    (month_folder(tmp_path) / f"{CONTRACT}.csv").write_bytes(data)
    gathered = read(tmp_path)
    assert codes(gathered) == [(0, "", code)]
    assert [problem.code for problem in gathered.problems] == [code]
    assert gathered.lines.is_empty()


def test_the_separator_of_our_own_protocol_in_a_cell_does_not_shift_the_cells(tmp_path):
    gathered = read_csv(tmp_path, HEAD + "C\x7f1;01-03-2018;;1;min;\n" + LINE)
    assert codes(gathered) == [(2, "client", "invisible-characters")]
    assert gathered.lines["row"].to_list() == [3]


def test_columns_that_mean_no_field_never_leave_the_reading_child(tmp_path):
    path = write_csv(
        month_folder(tmp_path) / f"{CONTRACT}.csv", "Cliënt;Begindatum;Geheim\nC-1;2018-03-01;thuissituatie\n"
    )
    told = str(list(messages(path, Contracts({CONTRACT: {}}))))
    assert "C-1" in told
    assert "thuissituatie" not in told


def test_a_line_of_an_earlier_month_is_read_like_any_other(tmp_path):
    gathered = read_csv(tmp_path, HEAD + LINE.replace("-03-", "-01-"))
    assert gathered.lines.select("claim_month", "start").row(0) == (MARCH.index, dt.date(2018, 1, 1))
