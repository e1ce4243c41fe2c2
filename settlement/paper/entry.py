"""Cells that a reader fills in: what may be typed there is chosen from a list or checked, with a message that helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from settlement.paper.book import Book, Column, Sheet
from settlement.paper.looks import BODY

_TITLE_AT_MOST, _TEXT_AT_MOST = 32, 255
"""Characters that a spreadsheet shows of a message."""
LAST_COLUMN = 16_384


@dataclass(frozen=True, slots=True)
class Check:
    """What may be typed in some cells."""

    kind: Literal["list", "date", "decimal"]
    first: str
    """A formula: the range of a list, or the least that is allowed. Relative to the first cell that is checked."""
    last: str = ""
    """The most that is allowed; empty: anything above the least."""
    above: bool = False
    """The least itself is not allowed."""
    title: str = ""
    prompt: str = ""
    """Shown when the cell is chosen."""
    refusal: str = ""
    """Shown when something else is typed."""


def check(sheet: Sheet, column: int, rows: tuple[int, int], said: Check) -> None:
    """Checks what is typed in a column, from its first row to its last."""
    operator: Literal["between", "greaterThan", "greaterThanOrEqual"] = "between"
    if not said.last:
        operator = "greaterThan" if said.above else "greaterThanOrEqual"
    validation = DataValidation(
        type=said.kind,
        operator=None if said.kind == "list" else operator,
        formula1=said.first,
        formula2=said.last or None,
        allow_blank=True,
        showErrorMessage=True,
        showInputMessage=bool(said.prompt),
        errorStyle="stop",
        errorTitle=said.title[:_TITLE_AT_MOST],
        error=said.refusal[:_TEXT_AT_MOST],
        promptTitle=said.title[:_TITLE_AT_MOST],
        prompt=said.prompt[:_TEXT_AT_MOST],
    )
    letter = get_column_letter(column)
    validation.add(f"{letter}{rows[0]}:{letter}{rows[1]}")
    sheet.worksheet.add_data_validation(validation)


def open_columns(book: Book, sheet: Sheet, columns: Sequence[Column]) -> None:
    """Below what is drawn a reader may go on typing, in cells of the same format, and may take rows out."""
    protection = sheet.worksheet.protection
    protection.insertRows = protection.deleteRows = False
    for index, column in enumerate(columns, start=1):
        look = BODY.but(kind=column.kind, bottom="", unlocked=True)
        dimension: Any = sheet.worksheet.column_dimensions[get_column_letter(index)]
        dimension._style, _ = book.style(look, text=False)
    rest: Any = sheet.worksheet.column_dimensions[get_column_letter(len(columns) + 1)]
    rest.min, rest.max, rest.width = len(columns) + 1, LAST_COLUMN, 9
    rest._style, _ = book.style(BODY.but(kind="entry", bottom="", unlocked=True), text=False)


def hide(sheet: Sheet) -> None:
    """A sheet that only lists are taken from."""
    sheet.worksheet.sheet_state = "hidden"


