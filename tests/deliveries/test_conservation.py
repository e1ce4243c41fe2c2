"""accepted + refused = delivered, for every file; and a table says the same in a workbook and in a CSV."""

import csv
import io
import tempfile
from pathlib import Path

import openpyxl
from delivered_files import CONTRACT, MARCH
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.deliveries.child import messages
from settlement.deliveries.contracts import Contracts
from settlement.deliveries.reading import RawTable, _Parts
from settlement.deliveries.table import TypedTable, TypedTables, typed_tables
from settlement.deliveries.typed import Source

COLUMNS = ["Cliënt", "Begindatum", "Einddatum", "Volume", "Eenheid", "Bedrag", "Notitie", "Uitval"]
CELLS = st.sampled_from(
    ["", "", "C-1", "01-03-2018", "31/03/2018", "03/04/2018", "2018-03-05", "1,5", "1.234", "2.5", "uur", "min", "€ 10,00",
     "ja", "nee", "-1", "x", "1e9", "Zoë", "=1+1", "  ", "a;b", 'q"q']
)  # fmt: skip
ROWS = st.lists(st.lists(CELLS, min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=12)


def typed_file(path: Path) -> TypedTables:
    parts = _Parts()
    for message in messages(path, Contracts({CONTRACT: {}})):
        read = parts.take(message)
    assert read is not None
    raw = read.content
    assert isinstance(raw, RawTable), raw
    source = Source("d", MARCH, raw.sheet, CONTRACT, raw.columns)
    tables = typed_tables([(source, raw)], {CONTRACT.casefold(): CONTRACT})
    assert isinstance(tables.files[0], TypedTable), tables.files
    return tables


def as_csv(folder: Path, rows: list[list[str]], separator: str) -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([COLUMNS, *rows])
    path = folder / "a.csv"
    path.write_bytes(text.getvalue().encode())
    return path


def as_workbook(folder: Path, rows: list[list[str]]) -> Path:
    book = openpyxl.Workbook()
    for row in [COLUMNS, *rows]:
        book.active.append([None] * len(row))
        for at, cell in enumerate(row, 1):
            if cell:
                book.active.cell(book.active.max_row, at, cell).data_type = "s"
    # Rows that are wholly empty must keep their place.
    path = folder / "a.xlsx"
    book.save(path)
    return path


def says_something(row: list[str]) -> bool:
    return any(cell.strip() for cell in row)


def is_bare_total(rows: list[list[str]], at: int) -> bool:
    """Only amounts, with nothing in the row above: a total, as deliveries.md has them below a table."""
    row = rows[at]
    read = [cell for name, cell in zip(COLUMNS, row, strict=True) if name != "Notitie"]
    amounts = [row[COLUMNS.index("Volume")], row[COLUMNS.index("Bedrag")]]
    others = sum(bool(cell.strip()) for cell in read) - sum(bool(cell.strip()) for cell in amounts)
    return others == 0 and any(cell.strip() for cell in amounts)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from([";", ",", "\t"]))
def test_every_row_that_says_something_in_a_field_is_a_line_a_refusal_or_a_total(rows, separator):
    with tempfile.TemporaryDirectory() as folder:
        table = typed_file(as_csv(Path(folder), rows, separator))
    note = COLUMNS.index("Notitie")
    delivered = {at + 2 for at, row in enumerate(rows) if says_something(row[:note] + row[note + 1 :])}
    accepted, refused = set(table.lines["row"]), set(table.refusals["row"])
    assert not accepted & refused
    totals = delivered - accepted - refused
    assert all(is_bare_total(rows, row - 2) for row in totals)
    assert table.files[0].rows == len(accepted) + len(refused) == len(delivered) - len(totals)


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_a_table_says_the_same_in_a_workbook_and_in_a_csv(rows):
    with tempfile.TemporaryDirectory() as folder:
        of_csv = typed_file(as_csv(Path(folder), rows, ";"))
        of_workbook = typed_file(as_workbook(Path(folder), rows))
    assert of_workbook.lines.drop("sheet").equals(of_csv.lines.drop("sheet"))
    assert of_workbook.refusals.drop("sheet").equals(of_csv.refusals.drop("sheet"))
    assert of_workbook.files[0].rows == of_csv.files[0].rows
