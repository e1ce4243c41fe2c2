"""Makes the workbooks beside it again: one delivery, written by openpyxl and XlsxWriter and saved by LibreOffice.

    python tests/deliveries/made_by/make.py         (needs soffice; the passwords need LibreOffice's own Python with uno)

The tests read the files as they lie here, so that they run where LibreOffice is not installed.
"""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
HEADINGS = ["Cliëntnummer", "Productcode", "Begindatum", "Einddatum", "Volume", "Eenheid", "Bedrag", "Referentienummer",
            "Uitval", "Doelrealisatie", "Opmerking"]  # fmt: skip
FIRST, LAST = dt.date(2018, 3, 1), dt.date(2018, 3, 31)
LINES: list[list[object]] = [
    ["0231", "45A48", FIRST, LAST, 60, "minuten", 62.5, "R-1", False, 0.8, None],
    ["0232", "45A48", "01-03-2018", "31-03-2018", "1.234,50", "min", "€ 10,00", "R-2", "nee", "80 %", "zie bijlage"],
    ["0233", "45A48", dt.datetime.combine(dt.date(2018, 3, 5), dt.time()), "2018-03-09", 95.499999999999986, "uur", "=62.5*2", "R-3", True, 1, None],
    [],
    ["0234", "45A48", FIRST, LAST, "=15*4", "minuten", 0.1 + 0.2, "R-4", "ja", None, "Zoë  &\nJoost <3"],
    ["0235", "45A48", FIRST, LAST, "=1/0", "minuten", 5, "R-5", None, None, None],
    ["0236", "45A48", "=DATE(2018,3,7)", LAST, 7, "=\"min\"&\"uten\"", 5, "=\"R-\"&6", None, 0, None],
]
RESULTS = {"=62.5*2": 125, "=15*4": 60, "=1/0": "#DIV/0!", "=DATE(2018,3,7)": 43166, "=\"min\"&\"uten\"": "minuten",
           "=\"R-\"&6": "R-6"}  # fmt: skip
HEAD = [["Aanlevering jeugdhulp"], ["Contractnummer", "UTR-AJ-2018-07"], ["Versie", 2], []]
TOP = len(HEAD) + 1
"""The row of the headings."""
HIDDEN = TOP + 2


def of_openpyxl(path: Path, *, calendar_1904: bool = False) -> None:
    import openpyxl
    from openpyxl.comments import Comment
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = openpyxl.Workbook()
    if calendar_1904:
        book.epoch = CALENDAR_MAC_1904
    page = book.active
    page.title = "Levering maart"
    for row in [*HEAD, HEADINGS, *LINES]:
        page.append(row)
    for row in page.iter_rows(min_row=TOP + 1):
        for cell in row:
            if isinstance(cell.value, str) and not cell.value.startswith("="):
                cell.number_format = "@"
    page.merge_cells("A1:C1")
    page.row_dimensions[HIDDEN].hidden = True
    page.auto_filter.ref = f"A{TOP}:K{TOP + len(LINES)}"
    page.cell(TOP + 1, 1).comment = Comment("Klopt dit? 123456", "de boekhouder")
    for at, number_format in ((3, "dd-mm-yyyy"), (4, "d mmmm yyyy"), (7, "€ #,##0.00"), (10, "0%")):
        page.cell(TOP + 1, at).number_format = number_format
    page.cell(TOP + 7, 3).number_format = "dd-mm-yyyy"
    end = TOP + len(LINES)
    page.cell(end + 2, 1, "Totaal")
    lists = book.create_sheet("Lijsten")
    for value in ("Productcode", "45A48", "45A53"):
        lists.append([value])
    lists.sheet_state = "hidden"
    book.save(path)


def of_xlsxwriter(path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": dt.datetime.combine(LAST, dt.time())})
        page = book.add_worksheet("Levering maart")
        day, euro = book.add_format({"num_format": "dd-mm-yyyy"}), book.add_format({"num_format": "€ #,##0.00"})
        page.merge_range(0, 0, 0, 2, HEAD[0][0])
        for at, row in enumerate([*HEAD[1:], HEADINGS, *LINES], 1):
            for column, value in enumerate(row):
                if isinstance(value, dt.date):
                    page.write_datetime(at, column, value, day)
                elif isinstance(value, str) and value.startswith("="):
                    page.write_formula(at, column, value, day if "DATE" in value else None, RESULTS[value])
                elif isinstance(value, bool):
                    page.write_boolean(at, column, value)
                elif isinstance(value, str):
                    page.write_string(at, column, value)
                elif value is not None:
                    page.write_number(at, column, value, euro if column == 6 else None)
        page.set_row(HIDDEN - 1, options={"hidden": True})
        page.autofilter(TOP - 1, 0, TOP - 1 + len(LINES), 10)
        page.write_comment(TOP, 0, "Klopt dit? 123456")
        page.write_rich_string(TOP, 1, "45", book.add_format({"bold": True}), "A48")
        page.write(TOP + len(LINES) + 1, 0, "Totaal")
        book.add_worksheet("Lijsten").hide()


def saved_by_libreoffice(source: Path, kind: str, into: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation=file://{folder}/profile"
        subprocess.run(["soffice", profile, "--headless", "--convert-to", kind, "--outdir", folder, str(source)],
                       check=True, capture_output=True, timeout=180)  # fmt: skip
        shutil.copyfile(Path(folder) / f"{source.stem}.{kind.partition(':')[0]}", into)


WITH_PASSWORD = """
import sys, time, uno
from com.sun.star.beans import PropertyValue
def p(name, value): return PropertyValue(name, 0, value, 0)
context = uno.getComponentContext()
resolver = context.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", context)
for _ in range(60):
    try:
        there = resolver.resolve("uno:pipe,name=readers;urp;StarOffice.ComponentContext")
        break
    except Exception:
        time.sleep(1)
desktop = there.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", there)
document = desktop.loadComponentFromURL("file://" + sys.argv[1], "_blank", 0, (p("Hidden", True),))
for kind, name in (("calc8", "ods"), ("MS Excel 97", "xls")):
    document.storeToURL("file://" + sys.argv[2] + "." + name, (p("FilterName", kind), p("Password", "geheim")))
document.close(True)
desktop.terminate()
"""


def with_passwords(source: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        office = subprocess.Popen(
            ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--accept=pipe,name=readers;urp;"]
        )
        try:
            subprocess.run(["/usr/bin/python3", "-c", WITH_PASSWORD, str(source), str(HERE / "libreoffice-wachtwoord")],
                           check=True, timeout=180)  # fmt: skip
            office.wait(timeout=60)
        finally:
            office.kill()


def with_password_of_excel(source: Path, into: Path) -> None:
    """As Excel does it: the package encrypted in an OLE container. Needs msoffcrypto-tool, which no test does."""
    from msoffcrypto.format.ooxml import OOXMLFile

    with source.open("rb") as plain, into.open("wb") as out:
        OOXMLFile(plain).encrypt("geheim", out)


def main() -> None:
    of_xlsxwriter(HERE / "xlsxwriter.xlsx")
    with tempfile.TemporaryDirectory() as folder:
        source, source_1904 = Path(folder) / "levering.xlsx", Path(folder) / "levering-1904.xlsx"
        of_openpyxl(source)
        of_openpyxl(source_1904, calendar_1904=True)
        for kind in ("xlsx", "ods", "xls"):
            saved_by_libreoffice(source, kind, HERE / f"libreoffice.{kind}")
            if kind != "xls":
                saved_by_libreoffice(source_1904, kind, HERE / f"libreoffice-1904.{kind}")
        saved_by_libreoffice(source, "csv:Text - txt - csv (StarCalc):59,34,76,1,,1043,false,true", HERE / "libreoffice.csv")
        shutil.copyfile(source, HERE / "openpyxl.xlsx")
        with_passwords(source)
        with_password_of_excel(source, HERE / "excel-wachtwoord.xlsx")
    sys.stdout.write(f"{time.strftime('%H:%M')} {sorted(path.name for path in HERE.iterdir())}\n")


if __name__ == "__main__":
    main()
