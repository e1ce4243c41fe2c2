import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from delivered_files import (
    CONTRACT,
    DATE_STYLES,
    HEADINGS,
    MARCH,
    codes,
    heading_row,
    line,
    month_folder,
    raw_parts,
    read,
    read_csv,
    read_raw,
    read_rows,
    sheet_xml,
    text_cell,
    write_csv,
    write_workbook,
    zipped,
)

import settlement
from settlement.deliveries import reading
from settlement.deliveries.child import messages
from settlement.deliveries.contracts import Contracts
from settlement.deliveries.gather import gather

ROW = (
    f'<row r="2">{text_cell("A2", "C-1")}{text_cell("B2", "45A48")}<c r="C2" s="1"><v>43160</v></c>'
    f'<c r="E2"><v>60</v></c>{text_cell("F2", "uur")}</row>'
)
GOOD = sheet_xml(heading_row() + ROW)


def good_parts():
    return raw_parts({"Levering": GOOD}, styles=DATE_STYLES)


def read_bytes(tmp_path, data, name=f"{CONTRACT}.xlsx"):
    (month_folder(tmp_path) / name).write_bytes(data)
    return read(tmp_path)


def assert_refused(gathered, code):
    assert codes(gathered) == [(0, "", code)]
    assert gathered.lines.is_empty()
    assert [problem.code for problem in gathered.problems] == [code]
    assert gathered.problems[0].message
    assert gathered.problems[0].help


def test_the_good_workbook_of_these_tests_is_good(tmp_path):
    assert read_bytes(tmp_path, zipped(good_parts())).lines.height == 1


# ---- workbooks


def test_a_cell_in_the_last_corner_of_the_sheet_costs_nothing(tmp_path):
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    gathered = read_raw(tmp_path, ROW + far, before='<dimension ref="A1:XFD1048576"/>')
    assert gathered.lines["row"].to_list() == [2]
    assert "text outside the table" in gathered.deliveries[0].notes


def test_a_false_dimension_hides_no_rows(tmp_path):
    gathered = read_raw(tmp_path, ROW, before='<dimension ref="A1:A1"/>')
    assert gathered.lines.height == 1


@pytest.mark.parametrize("address", ["XFE2", "ZZZ2", "A1048577"])
def test_a_cell_beyond_the_sheet_refuses_the_file(tmp_path, address):
    row = address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    gathered = read_raw(tmp_path, f'<row r="{row}"><c r="{address}"><v>1</v></c></row>')
    assert codes(gathered) == [(0, "", "cells-out-of-order")]


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="2"><c r="B2"><v>1</v></c><c r="A2"><v>1</v></c></row>',
        '<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row>',
        '<row r="2"><c r="A3"><v>1</v></c></row>',
        '<row r="3"><c r="A3"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>',
        '<row r="2"><c r="A2"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>',
    ],
)
def test_a_cell_that_stands_twice_or_out_of_order_refuses_the_file(tmp_path, rows):
    assert codes(read_raw(tmp_path, rows)) == [(0, "", "cells-out-of-order")]


BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "_rels/.rels", "xl/sharedStrings.xml"]
)
def test_a_document_type_in_any_part_refuses_the_file(tmp_path, part):
    parts = raw_parts({"L": GOOD}, strings=["x"], styles=DATE_STYLES)
    text = parts[part]
    body = text.partition("?>")[2] if text.startswith("<?xml") else text
    parts[part] = BILLION_LAUGHS + body
    assert_refused(read_bytes(tmp_path, zipped(parts)), "unsafe-file")


def test_a_part_packed_a_thousandfold_is_not_unpacked(tmp_path):
    parts = good_parts()
    parts["xl/media/image1.bin"] = b"\0" * (40 * 1024 * 1024)
    assert_refused(read_bytes(tmp_path, zipped(parts)), "unsafe-file")


def test_more_than_half_a_gigabyte_unpacked_is_refused_by_what_the_zip_itself_says(tmp_path):
    data = bytearray(zipped(good_parts() | {"xl/media/image1.bin": b"x"}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (600 * 1024 * 1024).to_bytes(4, "little")
    assert_refused(read_bytes(tmp_path, bytes(data)), "too-large-unpacked")


def test_two_parts_of_one_name_refuse_the_file(tmp_path):
    path = month_folder(tmp_path) / f"{CONTRACT}.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        for name, content in good_parts().items():
            package.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate name"):
            package.writestr("xl/worksheets/sheet1.xml", sheet_xml(heading_row()))
    assert_refused(read(tmp_path), "unsafe-file")


def test_parts_that_overlap_refuse_the_file(tmp_path):
    data = bytearray(zipped(good_parts()))
    first = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", first + 4)
    data[second + 42 : second + 46] = data[first + 42 : first + 46]
    assert codes(read_bytes(tmp_path, bytes(data)))[0][2] in {"unsafe-file", "damaged-file"}


def test_a_part_that_is_named_but_missing_refuses_the_file(tmp_path):
    for part in ("xl/styles.xml", "xl/worksheets/sheet1.xml", "xl/workbook.xml"):
        parts = good_parts()
        del parts[part]
        assert_refused(read_bytes(tmp_path, zipped(parts)), "damaged-file")


def test_a_target_outside_the_workbook_opens_nothing(tmp_path):
    parts = good_parts()
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(
        "worksheets/sheet1.xml", "../../../../etc/passwd"
    )
    assert_refused(read_bytes(tmp_path, zipped(parts)), "damaged-file")


def test_a_string_that_does_not_exist_refuses_the_file(tmp_path):
    row = ROW.replace(text_cell("A2", "C-1"), '<c r="A2" t="s"><v>7</v></c>')
    assert codes(read_raw(tmp_path, row, strings=["x"])) == [(0, "", "damaged-file")]


def test_a_password_is_said_so(tmp_path):
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    assert_refused(read_bytes(tmp_path, ole + "EncryptedPackage".encode("utf-16-le")), "password-protected")


def test_the_old_format_under_the_new_name_is_said_so(tmp_path):
    assert_refused(read_bytes(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600), "old-format")


@pytest.mark.parametrize("data", [b"<html></html>", b"PK", b"\x00" * 100, b"%PDF-1.7"])
def test_what_is_no_workbook_is_said_so(tmp_path, data):
    assert_refused(read_bytes(tmp_path, data), "not-a-workbook")


def test_a_zip_that_is_no_workbook_is_said_so(tmp_path):
    assert read_bytes(tmp_path, zipped({"a.txt": "x"})).problems[0].code in {"not-a-workbook", "damaged-file"}


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_a_workbook_that_was_cut_off_is_damaged(tmp_path, kept):
    data = zipped(good_parts())
    assert codes(read_bytes(tmp_path, data[: int(len(data) * kept)])) == [(0, "", "damaged-file")]


def test_xml_that_stops_in_the_middle_is_damaged(tmp_path):
    for cut in (
        GOOD[:-20],
        GOOD[:-60],
        GOOD.replace("</row>", "", 1),
        GOOD.replace("<v>60</v>", "<v>60<v>"),
        GOOD.replace("<v>60</v>", "<v>&x;</v>"),
    ):
        gathered = read_bytes(tmp_path, zipped(raw_parts({"L": cut}, styles=DATE_STYLES)))
        assert gathered.problems[0].code in {"damaged-file", "cells-out-of-order"}, cut[-80:]
        assert gathered.lines.is_empty()


ITEM = text_cell("F2", "uur")
DAMAGED = {
    "a string that ends in another cell": GOOD.replace("<v>43160</v>", "<is><t><v>43160</v>"),
    "a string in a cell that says it is a number": GOOD.replace("<v>60</v>", "<is><t>60</t></is>"),
    "a value and a string": GOOD.replace(ITEM, ITEM.replace("<is>", "<v>60</v><is>")),
    "a value where a string should stand": GOOD.replace(ITEM, ITEM.replace("<is><t>uur</t></is>", "<v>uur</v>")),
    "a font that is not closed": GOOD.replace("<is><t>uur</t></is>", "<is><r><rPr><b></rPr><t>uur</t></r></is>"),
    "a pronunciation that is not closed": GOOD.replace("<t>uur</t>", '<t>uur</t><rPh sb="0" eb="1"><t>u</rPh>'),
    "the last row not closed": GOOD.replace("</row></sheetData>", "</sheetData>"),
    "a row closed twice": GOOD.replace("</row></sheetData>", "</row></row></sheetData>"),
    "an empty row closed twice": GOOD.replace("</sheetData>", '<row r="9"/></row></sheetData>'),
    "an attribute of a row twice": GOOD.replace('<row r="2">', '<row r="2" ht="1" ht="2">'),
    "the number of a row twice": GOOD.replace('<row r="2">', '<row r="2" r="3">'),
    "the number of an empty row twice": GOOD.replace("</sheetData>", '<row r="8" r="9"/></sheetData>'),
    "an attribute without a value": GOOD.replace('<row r="2">', '<row r="2" hidden>'),
    "an attribute of a formula twice": GOOD.replace("<v>60</v>", '<f t="shared" t="array">1</f><v>60</v>'),
    "a reference that is none": GOOD.replace('<row r="2">', '<row r="2" spans="&x;">'),
    "an end of CDATA": GOOD.replace("uur", "uur]]>"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_sheet_that_is_no_xml_or_says_a_cell_twice_is_damaged(tmp_path, what):
    assert DAMAGED[what] != GOOD
    assert_refused(read_bytes(tmp_path, zipped(raw_parts({"L": DAMAGED[what]}, styles=DATE_STYLES))), "damaged-file")


@pytest.mark.parametrize("reference", ["A1:XFD1048576", "A2:A1048576"])
def test_a_merged_cell_of_a_million_rows_costs_nothing(tmp_path, reference):
    gathered = read_raw(tmp_path, ROW, after=f'<mergeCells count="1"><mergeCell ref="{reference}"/></mergeCells>')
    assert gathered.deliveries[0].rows == 1


def test_merged_cells_that_overlap_are_refused_and_not_guessed(tmp_path):
    rows = ROW + ROW.replace('r="2"', 'r="3"').replace('2"', '3"')
    merged = '<mergeCells count="2"><mergeCell ref="A2:A3"/><mergeCell ref="A3:A4"/></mergeCells>'
    assert {code for _, _, code in codes(read_raw(tmp_path, rows, after=merged))} == {"merged-cell"}


def test_thousands_of_merged_cells_refuse_the_file(tmp_path):
    merged = "".join(f'<mergeCell ref="J{at}:J{at + 1}"/>' for at in range(1, 50_000, 2))
    gathered = read_raw(tmp_path, ROW, after=f"<mergeCells>{merged}</mergeCells>")
    assert codes(gathered) == [(0, "", "too-many-merged-cells")]


def test_a_control_character_in_an_escape_of_excel_shifts_no_cells(tmp_path):
    row = ROW.replace("C-1", "C_x007F_1")
    assert codes(read_raw(tmp_path, row)) == [(2, "client", "invisible-characters")]


def one_bit_flipped(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def told(path, known):
    return [message if message["is"] != "file" else "file" for message in messages(path, known)]


MADE_BY = Path(__file__).parent / "made_by"


def ten_workbooks(folder):
    """Written by openpyxl, XlsxWriter, LibreOffice (two formats, two calendars) and by hand."""
    made = []
    for name in ("openpyxl.xlsx", "xlsxwriter.xlsx", "libreoffice.xlsx", "libreoffice.ods", "libreoffice-1904.xlsx", "libreoffice-1904.ods"):
        path = folder / name
        path.write_bytes((MADE_BY / name).read_bytes())
        made.append(path)
    for at in (3, 40):
        rows = [["Contractnummer", CONTRACT], ["Versie", at], [], HEADINGS, *(line(n, n + at) for n in range(at))]
        made.append(write_workbook(folder / f"w{at}.xlsx", rows))
    for at in range(2):
        path = folder / f"r{at}.xlsx"
        rows = ROW + '<row r="3"><c r="E3" t="e"><v>#N/A</v></c></row>' * at
        sheet = sheet_xml(heading_row() + rows, after="<mergeCells/>" * at)
        path.write_bytes(zipped(raw_parts({"L": sheet}, strings=["x"] * at, styles=DATE_STYLES)))
        made.append(path)
    assert len(made) == 10
    return made


def flips_that_changed_something(tmp_path, flips):
    """Flips one bit at a time, so many in each of ten workbooks: how often what was read differed and was not refused."""
    rng = random.Random(20180301)
    known = Contracts({CONTRACT: {}})
    wrong = []
    for path in ten_workbooks(tmp_path):
        data = path.read_bytes()
        good = told(path, known)
        assert good[-1]["is"] == "end"
        for _ in range(flips):
            bit = rng.randrange(len(data) * 8)
            path.write_bytes(one_bit_flipped(data, bit))
            now = told(path, known)
            if now[-1]["is"] != "refused" and now != good:
                wrong.append((path.name, bit))
            if now[-1].get("code") == "reading-failed":
                wrong.append((path.name, bit, "reading-failed"))
    return wrong


def test_a_flipped_bit_is_refused_or_changes_nothing(tmp_path):
    assert flips_that_changed_something(tmp_path, 25) == []


@pytest.mark.campaign
def test_a_thousand_flipped_bits_in_each_of_ten_workbooks_are_refused_or_change_nothing(tmp_path):
    assert flips_that_changed_something(tmp_path, 1000) == []


# ---- the child


def test_a_file_that_takes_too_long_is_refused_and_the_next_is_read(tmp_path):
    for name in ("X-1", "X-2"):
        write_workbook(month_folder(tmp_path) / f"{name}.xlsx", [HEADINGS, line(1)])
    gathered = gather(tmp_path / "inputs", MARCH, {"X-1": {}, "X-2": {}}, seconds=0.0)
    assert [problem.code for problem in gathered.problems] == ["took-too-long"] * 2
    assert [delivery.contract for delivery in gathered.deliveries] == ["X-1", "X-2"]


def test_a_file_that_takes_too_much_work_is_refused_and_the_next_is_read(tmp_path, monkeypatch):
    # A stand-in for the reading child that works without end at the first file, within the child's own bound.
    monkeypatch.setattr(
        reading, "_START",
        "import sys; sys.path.append(sys.argv[1]); from settlement.deliveries import child\n"
        "real, first = child.messages, []\n"
        "def messages(path, known):\n"
        "    first.append(path)\n"
        "    while len(first) == 1 and path.name.startswith('X-1'): pass\n"
        "    return real(path, known)\n"
        "child.messages = messages\n"
        "child.bound_work.__defaults__ = (0,)\n"
        "child.main()",
    )  # fmt: skip
    for name in ("X-1", "X-2"):
        write_workbook(month_folder(tmp_path) / f"{name}.xlsx", [HEADINGS, line(1)])
    gathered = gather(tmp_path / "inputs", MARCH, {"X-1": {}, "X-2": {}})
    assert [problem.code for problem in gathered.problems] == ["took-too-long"]
    assert gathered.lines.height == 1


def test_a_child_that_dies_costs_its_own_file_only(tmp_path, monkeypatch):
    # A stand-in for the reading child that dies at the first file and reads the others.
    for name in ("X-1", "X-2", "X-3"):
        write_workbook(month_folder(tmp_path) / f"{name}.xlsx", [HEADINGS, line(1)])
    monkeypatch.setattr(
        "settlement.deliveries.reading._START",
        "import sys; sys.path.append(sys.argv[1]); from settlement.deliveries import child; import os;"
        "real = child.messages;"
        "child.messages = lambda path, known: os._exit(139) if path.name == 'X-2.xlsx' else real(path, known);"
        "child.main()",
    )
    gathered = gather(tmp_path / "inputs", MARCH, {"X-1": {}, "X-2": {}, "X-3": {}})
    assert [problem.code for problem in gathered.problems] == ["reading-failed"]
    assert gathered.lines["contract"].to_list() == ["X-1", "X-3"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows bounds no memory")
def test_the_child_may_not_take_more_than_half_a_gigabyte():
    package = str(Path(next(iter(settlement.__path__))).parent)
    script = (
        f"import sys; sys.path.append({package!r}); from settlement.deliveries import child; child.bound_memory();"
        "bytearray(600 * 2**20)"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=False)
    assert "MemoryError" in done.stderr


def test_a_file_larger_than_a_delivery_can_be_is_not_read(tmp_path):
    path = month_folder(tmp_path) / f"{CONTRACT}.csv"
    with path.open("wb") as stream:
        stream.truncate(201 * 1024 * 1024)
    assert_refused(read(tmp_path), "file-too-large")


# ---- personal data


@pytest.mark.parametrize("heading", ["BSN", "Burgerservicenummer", "BSN-nummer", "Sofinummer", "bsn cliënt"])
def test_a_column_that_names_service_numbers_refuses_the_file_without_repeating_one(tmp_path, heading):
    gathered = read_rows(tmp_path, [[*HEADINGS, heading], [*line(1), "111222333"]])
    assert_refused(gathered, "service-number-column")
    assert gathered.refusals["found"].to_list() == [heading]
    assert "111222333" not in str(gathered)


NUMBERS = ["111222333", "123456782", "999999990"]


@pytest.mark.parametrize("form", ["{}", "{:.3}.{:.0}", "numbers"])
def test_a_client_column_of_service_numbers_refuses_the_file_without_repeating_one(tmp_path, form):
    values = [
        int(number) if form == "numbers" else f"{number[:3]}.{number[3:6]}.{number[6:]}" if "." in form else number
        for number in NUMBERS
    ]
    gathered = read_rows(tmp_path, [HEADINGS, *([value, *line(1)[1:]] for value in values)])
    assert [code for _, _, code in codes(gathered)] == ["service-number-column"]
    assert gathered.lines.is_empty()
    assert not any(number in str(gathered) for number in NUMBERS)


def test_two_clients_that_are_both_service_numbers_refuse_the_file_without_repeating_one(tmp_path):
    gathered = read_rows(tmp_path, [HEADINGS, *([number, *line(1)[1:]] for number in NUMBERS[:2])])
    assert codes(gathered) == [(0, "client", "service-number-column")]
    assert gathered.lines.is_empty()
    assert not any(number in str(gathered) for number in NUMBERS)


def test_a_column_that_means_nothing_but_holds_service_numbers_refuses_the_file(tmp_path):
    gathered = read_rows(tmp_path, [[*HEADINGS, "Kenmerk"], *([*line(1), number] for number in NUMBERS)])
    assert_refused(gathered, "service-number-column")
    text = "Cliënt;Begindatum;Kenmerk\n" + "".join(f"C-1;2018-03-01;{number}\n" for number in NUMBERS)
    write_csv(month_folder(tmp_path) / f"{CONTRACT} v2.csv", text)
    assert codes(read(tmp_path))[0][2] == "service-number-column"


def test_one_service_number_in_a_wrong_cell_is_covered_in_its_refusal(tmp_path):
    gathered = read_csv(tmp_path, "Cliënt;Begindatum;Volume\nC-1;111222333;1\n")
    assert gathered.refusals["found"].to_list() == ["•••••••••"]


# ---- a folder of odd files


def test_a_folder_of_odd_files_stops_no_good_one(tmp_path):
    folder = month_folder(tmp_path)
    rng = random.Random(7)
    odd = {
        "leeg.xlsx": b"",
        "ruis.xlsx": rng.randbytes(5000),
        "ruis.csv": rng.randbytes(5000),
        "html.xlsx": b"<table><tr><td>x</td></tr></table>",
        "zip.xlsx": zipped({"a": "b"}),
        "nul.csv": b"\0" * 1000,
        "json.csv": b'{"a": [1, 2]}',
        "aaa koppen.csv": "Cliënt;Begindatum\n".encode(),
        "aanhaling.csv": b'"' * 1001,
        "regels.csv": b"\r" * 10_000,
        "puntkomma.csv": b";" * 10_000,
        "breed.csv": ("Cli\u00ebnt;" * 5000).encode(),
        "oud.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + rng.randbytes(2000),
    }
    for name, data in odd.items():
        (folder / f"X-1 {name}").write_bytes(data)
    write_workbook(folder / f"{CONTRACT}.xlsx", [HEADINGS, line(1)])
    gathered = read(tmp_path, X_1={})
    assert gathered.lines["client"].to_list() == ["C-1"]
    assert len(gathered.deliveries) == len(odd) + 1
    assert not {problem.code for problem in gathered.problems} & {"reading-failed", "took-too-long"}
    named = {problem.place.file.rpartition("X-1 ")[2] for problem in gathered.problems}
    assert set(odd) - named == {"aaa koppen.csv"}
