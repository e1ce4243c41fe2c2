"""Sheets as offices lay them out: every line that was meant is accepted as it is meant, or refused, or the file says why not.

    .venv/bin/python -m pytest -m campaign -s tests/deliveries/test_fuzz_tables.py
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest
from delivered_files import CONTRACT
from test_fuzz import LONG, SHORT, Came, Counts, tell

from settlement.deliveries.reading import RawTable
from settlement.deliveries.table import TypedTable

HEADINGS = {
    "client": "Cliëntnummer", "service": "Dienst", "start": "Begindatum", "end": "Einddatum", "quantity": "Volume", "unit": "Eenheid", "claimed": "Bedrag",
    "allocation": "Toewijzing", "allocation_start": "Begindatum toewijzing", "allocation_end": "Einddatum toewijzing",
    "direction": "Debet/Credit", "reference": "Referentienummer", "previous_reference": "Vorig referentienummer",
}  # fmt: skip
ALWAYS = ["client", "start", "end", "quantity"]
OTHERS = ["Naam", "Opmerking", "Tarief", "Uren (totaal)"]
TOTALS = ["Totaal", "Subtotaal", "TOTAAL:", "Totaal maart", "Eindtotaal", "totaal generaal", "Sub totaal"]


class Table(NamedTuple):
    columns: list[str]
    rows: list[list[object]]
    lines: dict[int, dict[str, object]]
    """By place in ``rows``."""


def a_line(rng: random.Random, number: int) -> dict[str, object]:
    first = dt.date(2018, 3, rng.randrange(1, 29))
    line = {
        "client": rng.choice(["C-1", "C-2", "Totaal-3", "S1", "E2"]), "service": rng.choice(["Ambulant", "Totaal pakket", "Totaal", "Subtotaal"]),
        "start": first, "end": dt.date(2018, 3, 31), "quantity": rng.randrange(1, 500), "unit": "uur", "claimed": rng.randrange(1, 900),
        "allocation": f"A{number}", "allocation_start": dt.date(2018, 1, 1), "allocation_end": dt.date(2018, 12, 31),
        "direction": "D", "reference": f"R{number}", "previous_reference": None,
    }  # fmt: skip
    if rng.random() < 0.15:  # a credit says no more than what it undoes
        line |= dict.fromkeys(["start", "end", "quantity", "claimed", "unit"]) | {"direction": "C", "previous_reference": f"R{number - 1}"}
    return line


def a_table(rng: random.Random, columns: list[str] | None = None, first: int = 1) -> Table:
    if columns is None:
        columns = ALWAYS + rng.sample([each for each in HEADINGS if each not in ALWAYS], rng.randrange(0, 7)) + rng.sample(OTHERS, rng.randrange(0, 3))
        rng.shuffle(columns)
    rows: list[list[object]] = [[HEADINGS.get(each, each) for each in columns]]
    lines: dict[int, dict[str, object]] = {}
    sums = {"quantity": 0, "claimed": 0}

    def total() -> None:
        row: list[object] = [sums.get(each) for each in columns]
        places = [at for at, each in enumerate(columns) if each not in sums]
        if any(each is None for each in row[: places[0] + 1]):
            row[places[0]] = rng.choice(TOTALS)
        if all(isinstance(each, str) or each is None for each in row):
            return
        # The word stands before every other cell of its row.
        if any(each is not None for each in row[: places[0]]):
            return
        rows.append(row)

    for number in range(first, first + rng.choice([1, 2, 3, 6])):
        line = a_line(rng, number)
        if "direction" not in columns or "previous_reference" not in columns:
            line = a_line(random.Random(number), number) | {"direction": "D", "start": dt.date(2018, 3, 1), "end": dt.date(2018, 3, 31),
                                                            "quantity": 7, "claimed": 8, "unit": "uur", "previous_reference": None}  # fmt: skip
        for each in sums:
            sums[each] += line[each] or 0  # type: ignore[operator]
        lines[len(rows)] = line
        rows.append([line.get(each, rng.choice([None, "x"])) for each in columns])
        if rng.random() < 0.1:
            rows.append([])
        if rng.random() < 0.1:
            rows.append(list(rows[0]))
    if rng.random() < 0.3:
        total()
    return Table(columns, rows, lines)


class Sheet(NamedTuple):
    rows: list[list[object]]
    lines: dict[int, dict[str, object]]
    """By row, from 1."""
    columns: dict[int, list[str]]


def a_sheet(rng: random.Random) -> Sheet:
    rows: list[list[object]] = rng.choice([[], [], [["Levering"], []], [["Contractnummer", CONTRACT], ["Gemeente", "Utrecht"], []]])
    rows = [list(row) for row in rows]
    lines: dict[int, dict[str, object]] = {}
    columns: dict[int, list[str]] = {}
    shift = rng.choice([0, 0, 1, 3])
    tables = [a_table(rng)]
    if rng.random() < 0.3:  # a second table below the first
        own = list(tables[0].columns)
        kind = rng.randrange(4)
        if kind == 0:
            rng.shuffle(own)
        elif kind == 1:
            own += [each for each in HEADINGS if each not in own][:2]
        elif kind == 2:
            own = [each for each in own if each in ALWAYS]
        tables.append(a_table(rng, own, 50))
    for table in tables:
        rows += [[]] * rng.choice([0, 1, 2]) if rows and table is not tables[0] else []
        for at, row in enumerate(table.rows):
            rows.append([None] * shift + row if row else [])
            if at in table.lines:
                lines[len(rows)] = table.lines[at]
                columns[len(rows)] = table.columns
    if rng.random() < 0.2:
        rows += [[], ["Opgemaakt door J. de Vries"]]
    return Sheet(rows, lines, columns)


def written(sheet: Sheet, path: Path) -> None:
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in sheet.rows:
            book.active.append(row)
        book.save(path)
        return
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    width = max(len(row) for row in sheet.rows)
    writer.writerows([*row, *[None] * (width - len(row))] for row in sheet.rows)
    path.write_text(text.getvalue(), newline="")


SAID = {"quantity": ("quantity_milli", 1000), "claimed": ("claimed_cents", 100)}


def sheets_of_offices(folder: Path, rounds: int, seed: int = 20180308) -> Counts:
    """Asserts that no line that was meant is read as another, and that none is gone without a word."""
    rng, counts = random.Random(seed), Counts()
    for turn in range(rounds):
        sheet = a_sheet(rng)
        path = folder / rng.choice(["x.xlsx", "x.csv"])
        written(sheet, path)
        came = Came(path)
        counts.add(came)
        where = (turn, path.name, sheet.rows)
        if not isinstance(came.raw, RawTable) or came.code:
            continue
        tables = came.tables
        (table,) = tables.files
        assert isinstance(table, TypedTable)
        refused = set(tables.refusals["row"])
        accepted = {line["row"]: line for line in tables.lines.iter_rows(named=True)}
        for row, line in accepted.items():
            if line["start"] is None and line["quantity_milli"] is None and line["direction"] == "D":
                continue  # a word below the table: refused later, for what is missing
            assert row in sheet.lines, (row, where)
            for field, said in sheet.lines[row].items():
                name, unit = SAID.get(field, (field, None))
                if field in sheet.columns[row]:
                    meant = {"uur": "hour"}.get(said, said) if unit is None else None if said is None else said * unit
                    assert line[name] == meant, (row, field, line[name], meant, where)
        if not table.of_file:
            assert sheet.lines.keys() <= accepted.keys() | refused, (sheet.lines.keys() - accepted.keys() - refused, where)
    return counts


def test_no_line_of_a_sheet_is_read_as_another_or_lost(tmp_path):
    assert sheets_of_offices(tmp_path, SHORT // 2)["files"] == SHORT // 2


@pytest.mark.campaign
def test_no_line_of_thousands_of_sheets_is_read_as_another_or_lost(tmp_path):
    counts = sheets_of_offices(tmp_path, LONG)
    tell("sheets of offices", counts)
    assert counts["files"] == LONG
    assert counts["lines accepted"] > 0
