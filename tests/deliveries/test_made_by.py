"""One delivery as openpyxl, XlsxWriter and LibreOffice write it (made_by/make.py): all say the same, or are refused."""

import datetime as dt
import shutil
import subprocess
from pathlib import Path

import pytest
from delivered_files import CONTRACT, MARCH, codes, month_folder, read

MADE_BY = Path(__file__).parent / "made_by"
FIRST, LAST = dt.date(2018, 3, 1), dt.date(2018, 3, 31)
COLUMNS = ["row", "client", "code", "start", "end", "quantity_milli", "unit", "claimed_cents", "reference", "dropout",
           "goal_attainment_bp"]  # fmt: skip
LINES = [
    (6, "0231", "45A48", FIRST, LAST, 60_000, "minute", 6_250, "R-1", False, 8_000),
    (7, "0232", "45A48", FIRST, LAST, 1_234_500, "minute", 1_000, "R-2", False, 8_000),
    # 95.499999999999986 is 95.5 as Excel shows it, and 0.1 + 0.2 are thirty cents; 62.5 * 2 is a formula.
    (8, "0233", "45A48", dt.date(2018, 3, 5), dt.date(2018, 3, 9), 95_500, "hour", 12_500, "R-3", True, 10_000),
    (10, "0234", "45A48", FIRST, LAST, 60_000, "minute", 30, "R-4", True, None),
    (12, "0236", "45A48", dt.date(2018, 3, 7), LAST, 7_000, "minute", 500, "R-6", None, 0),
]
ERROR = [(11, "quantity", "error-cell")]


def read_made(tmp_path, name):
    shutil.copyfile(MADE_BY / name, month_folder(tmp_path) / name)
    return read(tmp_path)


@pytest.mark.parametrize(
    "name", ["libreoffice.xlsx", "libreoffice.ods", "libreoffice-1904.xlsx", "libreoffice-1904.ods", "libreoffice.csv"]
)
def test_what_libreoffice_saves_is_read_as_it_stands_in_either_format_and_calendar(tmp_path, name):
    gathered = read_made(tmp_path, name)
    assert gathered.lines.select(COLUMNS).rows() == LINES
    expected = ERROR if name != "libreoffice.csv" else [(11, "quantity", "not-a-number")]
    assert codes(gathered) == expected
    [delivery] = gathered.deliveries
    assert (delivery.contract, delivery.version, delivery.rows) == (CONTRACT, 2, 6)
    if name != "libreoffice.csv":
        assert delivery.sheet == "Levering maart"
        assert {"hidden rows", "formulas, read by their stored results", "unknown column: Opmerking"} <= set(delivery.notes)


@pytest.mark.parametrize("name", ["openpyxl.xlsx", "xlsxwriter.xlsx"])
def test_what_a_program_wrote_without_calculating_is_read_but_for_its_formulas(tmp_path, name):
    gathered = read_made(tmp_path, name)
    assert gathered.lines.select(COLUMNS).rows() == LINES[:2]
    assert codes(gathered) == [
        (8, "claimed", "formula-without-result"),
        (10, "quantity", "formula-without-result"),
        # XlsxWriter stores the error that it was given.
        (11, "quantity", "formula-without-result" if name == "openpyxl.xlsx" else "error-cell"),
        (12, "start", "formula-without-result"),
        (12, "unit", "formula-without-result"),
        (12, "reference", "formula-without-result"),
    ]
    assert "hidden rows" in gathered.deliveries[0].notes


@pytest.mark.parametrize("name", ["excel-wachtwoord.xlsx", "libreoffice-wachtwoord.ods", "libreoffice-wachtwoord.xls"])
def test_a_workbook_with_a_password_is_said_to_have_one(tmp_path, name):
    gathered = read_made(tmp_path, name)
    assert codes(gathered) == [(0, "", "password-protected")]
    assert gathered.problems[0].help == "Ask the provider to save it without a password."


def test_the_old_format_is_refused_with_how_to_save_it(tmp_path):
    gathered = read_made(tmp_path, "libreoffice.xls")
    assert codes(gathered) == [(0, "", "old-format")]
    assert "save it as .xlsx" in gathered.problems[0].help


@pytest.mark.parametrize(("name", "as_"), [("libreoffice.xlsx", "a.xlsm"), ("libreoffice.ods", "a.xlsx"), ("libreoffice.xlsx", "a.ods")])
def test_a_workbook_is_read_as_what_it_is(tmp_path, name, as_):
    shutil.copyfile(MADE_BY / name, month_folder(tmp_path) / as_)
    assert read(tmp_path).lines.select(COLUMNS).rows() == LINES


@pytest.mark.parametrize(("name", "expected"), [("libreoffice.xlsx", ".xlsx"), ("libreoffice.ods", ".ods")])
def test_a_workbook_under_the_name_of_the_old_format_is_told_what_to_be_called(tmp_path, name, expected):
    shutil.copyfile(MADE_BY / name, month_folder(tmp_path) / "a.xls")
    gathered = read(tmp_path)
    assert codes(gathered) == [(0, "", "wrong-extension")]
    assert f"ends in {expected}" in gathered.problems[0].help


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed; its files lie in made_by/")
@pytest.mark.campaign
@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_what_this_machines_libreoffice_makes_now_is_read_the_same(tmp_path, kind):
    folder = month_folder(tmp_path)
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", kind, "--outdir",
         str(folder), str(MADE_BY / "openpyxl.xlsx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    gathered = read(tmp_path)
    assert gathered.lines.select(COLUMNS).rows() == LINES
    assert gathered.deliveries[0].claim_month == MARCH
