"""The child process in which delivered files are read: bounded in memory, killed when it takes too long.

It speaks JSON, a line at a time. In: first the contracts, then the mailbox of messages, then one file a line. Out, for each file:
``file`` (digest and size of the very bytes that are read), then ``table`` and any number of ``rows``, then ``end``;
or ``refused``. Only columns that mean a field leave it. Standard library only, so that it starts in an instant.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from settlement.deliveries import contracts, personal
from settlement.deliveries.cells import SEPARATOR, TEXT
from settlement.deliveries.claims import claim_messages
from settlement.deliveries.delimited import Delimited
from settlement.deliveries.formats import open_workbook
from settlement.deliveries.headings import (
    OF_A_LINE,
    HeadBlock,
    HeadingRow,
    Row,
    column_number,
    find_heading_row,
    head_block,
    is_repeated,
    is_total,
    letters,
    meaning,
    own_headings,
    shown,
    table_above,
)
from settlement.deliveries.likely import LISTED, likely_headings
from settlement.deliveries.mailbox import Mailbox
from settlement.deliveries.opendocument import OpenDocument
from settlement.deliveries.runs import Run, Sheet, after
from settlement.deliveries.unreadable import UnreadableError
from settlement.deliveries.workbook import Workbook

MEMORY_AT_MOST = 512 * 1024 * 1024
"""Bytes of address space."""
SECONDS_OF_WORK_AT_MOST = 15
FILE_AT_MOST = 200 * 1024 * 1024
"""Bytes of a delivered file."""
ROWS_AT_MOST = 1_048_576
"""Rows of a table, as many as a sheet of Excel has."""
_HEAD_ROWS = 200
"""Within so many rows that are not empty the headings stand."""
_NAMED_AT_MOST = 5
"""Columns for one field that are named; a hostile sheet may have thousands."""
_SAMPLE = 500
"""Different values looked at of a column that means no field, to see whether they are citizen service numbers."""
_MAY_BE_ODD = frozenset(
    written
    for two in ("al", "ei", "ge", "gr", "sa", "so", "su", "to")
    for written in (two, two.upper(), two.title(), two.title().swapcase())
)
"""A row whose first cell begins with one of these, or not with a plain letter or digit, is looked at: total or empty?"""
_PLAIN, _NOT_PLAIN = "0", "\x7f"
"""Between these lie texts that begin with a plain letter or digit; a space is less, and a space of another kind is more."""
_SELDOM_WORDS = frozenset({"start", "end", "quantity", "claimed"})
"""Fields of which a cell begins with a letter in few rows that are lines."""


def main() -> None:
    """Reads files until its input ends."""
    bound_memory()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n", errors="surrogatepass")
    headings, mailbox = (json.loads(sys.stdin.readline()) for _ in range(2))
    known = contracts.Contracts(headings, Mailbox.from_json(mailbox))
    for line in sys.stdin:
        bound_work()
        for message in messages(Path(json.loads(line)["path"]), known):
            out.write(json.dumps(message, ensure_ascii=False))
            out.write("\n")
        out.flush()


def bound_memory() -> None:
    """Bounds the memory where the machine can (not on Windows)."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_AT_MOST, MEMORY_AT_MOST))


def bound_work(seconds: int = SECONDS_OF_WORK_AT_MOST) -> None:
    """Bounds the work of what follows where the machine can (not on Windows): the process is ended when it has worked so
    long. Work and not time: on a busy machine a file gets no less than on an idle one, and what was read once is read again."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        until = int(used.ru_utime + used.ru_stime) + 1 + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def messages(path: Path, known: contracts.Contracts) -> Iterator[dict[str, Any]]:
    """What there is to say about one file; the last is ``end`` or ``refused``."""
    try:
        data = _read(path)
        yield {"is": "file", "digest": hashlib.sha256(data).hexdigest(), "size": len(data)}
        if path.suffix.casefold() == ".csv":
            yield from _delimited(data, path.name, known)
        elif path.suffix.casefold() == ".xml":
            yield from claim_messages(data, known.mailbox)
        else:
            yield from _workbook(open_workbook(data, path.suffix.casefold()), path.name, known)
    except UnreadableError as error:
        yield {"is": "refused", "code": error.code, "found": error.found, "expected": error.expected,
               "sheet": error.sheet, "cell": error.cell, "field": error.field}  # fmt: skip
    except MemoryError:
        yield _refused("too-much-memory")
    except OSError:
        yield _refused("cannot-open")
    except Exception:  # noqa: BLE001 - whatever a hostile file brings about is a refusal of that file
        yield _refused("reading-failed")


def _refused(code: str) -> dict[str, Any]:
    return {"is": "refused", "code": code}


def _read(path: Path) -> bytes:
    """The bytes, once; a file that changes meanwhile is still being copied."""
    with path.open("rb") as stream:
        before = os.fstat(stream.fileno())
        if before.st_size > FILE_AT_MOST:
            raise UnreadableError("file-too-large", expected=f"{FILE_AT_MOST // 2**20} MB")
        data = stream.read(FILE_AT_MOST + 1)
        after = os.fstat(stream.fileno())
    if len(data) != before.st_size or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise UnreadableError("still-being-copied")
    if not data:
        raise UnreadableError("empty-file")
    return data


# ---- what both kinds of file have ------------------------------------------------------------------------


@dataclass(frozen=True)
class _Table:
    """A table that was found: its headings and what the head block and the name say of the contract."""

    headings: HeadingRow
    own: Mapping[str, str]
    """The contract's own headings."""
    block: HeadBlock
    contract: contracts.Found
    lower: bool
    """Whether another table stands above it."""


def _find_table(head: Sequence[Row], name: str, known: contracts.Contracts) -> _Table | None:
    """The table of which these are the first rows; ``None`` when they hold no row of headings."""
    headings = find_heading_row(head, {})
    block = head_block(head, headings.row if headings else sys.maxsize)
    found = known.find(block.contract, name)
    own = own_headings(known.headings(found.number))
    headings = find_heading_row(head, own) if own else headings
    return None if headings is None else _Table(headings, own, block, found, table_above(head, headings, own))


def _opening(table: _Table, sheet: str) -> dict[str, Any]:
    """The message ``table``; raises ``UnreadableError`` for headings with which no line can be read."""
    headings = table.headings
    if headings.service_numbers is not None:
        raise UnreadableError("service-number-column", found=shown(headings.service_numbers), sheet=sheet)
    if headings.doubles:
        field, columns = next(iter(headings.doubles.items()))
        both = ", ".join(f"{shown(text)} ({letters(column)})" for column, text in columns[:_NAMED_AT_MOST])
        raise UnreadableError("two-columns-one-field", found=both, sheet=sheet, field=field)
    if table.lower:
        raise _two_tables(headings.row, sheet)
    return {
        "is": "table",
        "sheet": sheet,
        "header_row": headings.row,
        "columns": {field: letters(column) for field, column in headings.columns.items()},
        "headings": {field: shown(text) for field, text in headings.headings.items()},
        "others": [shown(text) for _, text in sorted(headings.others.items())],
        "in_head": table.contract.in_head,
        "in_name": table.contract.in_name,
        "version": table.block.version,
        "month": table.block.month,
    }


def _head(table: _Table | None, head: Sequence[Row], name: str, known: contracts.Contracts) -> Iterator[dict[str, Any]]:
    """The message ``head``: whose file this is, also when nothing more of it can be read; none where it does not say."""
    found = known.find(head_block(head, sys.maxsize).contract, name) if table is None else table.contract
    if found.in_head:
        yield {"is": "head", "in_head": found.in_head}


def _two_tables(row: int, sheet: str) -> UnreadableError:
    return UnreadableError("two-tables", found=f"{row} ({shown(sheet)})" if sheet else str(row), sheet=sheet)


class _Samples:
    """Values of the columns that mean no field: looked at for citizen service numbers, never given out."""

    def __init__(self, headings: HeadingRow) -> None:
        self._headings = headings
        self._values: dict[int, set[str]] = {}

    def add(self, column: int, values: Sequence[str]) -> None:
        """Looks at some values of a column."""
        seen = self._values.setdefault(column, set())
        if len(seen) < _SAMPLE:
            seen.update(value.strip() for value in values[:_SAMPLE] if value.strip())

    def within(self, first: int, last: int) -> int:
        """The first of these columns in which something stands; 0: none."""
        return min((column for column, values in self._values.items() if first <= column <= last and values), default=0)

    def refuse(self, sheet: str) -> None:
        """Raises ``UnreadableError`` when a column holds citizen service numbers."""
        for column, values in sorted(self._values.items()):
            if personal.are_service_numbers(values):
                name = self._headings.others.get(column, letters(column))
                raise UnreadableError("service-number-column", found=shown(name), sheet=sheet)


def _repeated(
    rows: Iterable[Row], numbers: Sequence[int], columns: Mapping[str, Sequence[str]], outside: Sequence[int], table: _Table, sheet: str
) -> list[int]:
    """The rows that say nothing but the headings once more; raises ``UnreadableError`` for the headings of another table.

    Looked at are the rows outside the table, those with a heading in its own column, and those with any heading where lines
    have a number or a day.
    """
    looked_at = set(outside)
    for field, heading in table.headings.headings.items():
        texts = columns[field]
        if heading in texts:
            looked_at |= {number for number, text in zip(numbers, texts, strict=True) if text == heading}
        if field in _SELDOM_WORDS and max(texts, default="") >= "A":
            looked_at |= {
                number
                for number, text in zip(numbers, texts, strict=True)
                if "A" <= text < "€" and meaning(text, table.own) is not None
            }
    repeated: list[int] = []
    if not looked_at:
        return repeated
    for row in rows:
        again = is_repeated(row, table.headings, table.own) if row[0] in looked_at else None
        if again:
            repeated.append(row[0])
        elif again is False:
            raise _two_tables(row[0], sheet)
    return repeated


def _packed(columns: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {field: SEPARATOR.join(values) for field, values in columns.items()}


# ---- workbooks -------------------------------------------------------------------------------------------


def _workbook(
    workbook: Workbook | OpenDocument, name: str, known: contracts.Contracts
) -> Iterator[dict[str, Any]]:
    # What was hidden on purpose, such as lists to choose from, is only looked at when nothing else is there.
    in_order = sorted(workbook.sheets, key=lambda sheet: sheet.hidden)
    likely: tuple[str, ...] = ()
    for at, sheet in enumerate(in_order):
        pieces = workbook.rows(sheet)
        first, table = _first_rows(pieces, name, known)
        head = list(itertools.islice(_as_rows(first), _HEAD_ROWS))
        yield from _head(table, head, name, known)
        if table is None:
            likely = likely or likely_headings(head)
            continue
        yield _opening(table, sheet.name)
        yield from _sheet_rows(itertools.chain([first], pieces), table, sheet)
        notes = ["hidden sheet"] if sheet.hidden else []
        if workbook.macros:
            notes.append("macros, not run")
        if sheet.formulas:
            notes.append("formulas, read by their stored results")
        others = [
            each.name for each in in_order[at + 1 :] if not each.hidden and _is_table(workbook, each, name, known)
        ]
        yield {
            "is": "end",
            "merged": sheet.merged,
            "calendar_1904": workbook.calendar_1904,
            "notes": notes,
            "other_tables": [shown(each) for each in others],
        }
        return
    raise UnreadableError("no-table", found=LISTED.join(likely))


def _first_rows(pieces: Iterator[list[Run]], name: str, known: contracts.Contracts) -> tuple[list[Run], _Table | None]:
    runs: list[Run] = []
    for piece in pieces:
        runs += piece
        if sum(len(run.numbers) for run in runs) >= _HEAD_ROWS:
            break
    return runs, _find_table(list(itertools.islice(_as_rows(runs), _HEAD_ROWS)), name, known)


def _is_table(workbook: Workbook | OpenDocument, sheet: Sheet, name: str, known: contracts.Contracts) -> bool:
    """Whether a later sheet also holds lines: headings with a client among them, and something below."""
    rows, table = _first_rows(workbook.rows(sheet), name, known)
    return table is not None and "client" in table.headings.columns and rows[-1].numbers[-1] > table.headings.row


def _as_rows(runs: Iterable[Run]) -> Iterator[Row]:
    for run in runs:
        columns = [(column_number(column.letters), column.texts) for column in run.columns]
        for at, number in enumerate(run.numbers):
            yield number, {column: texts[at] for column, texts in columns}


def _sheet_rows(pieces: Iterable[list[Run]], table: _Table, sheet: Sheet) -> Iterator[dict[str, Any]]:
    fields = {letters(column): field for field, column in table.headings.columns.items()}
    samples = _Samples(table.headings)
    count = 0
    for piece in pieces:
        runs = [after(run, table.headings.row) for run in piece if run.numbers[-1] > table.headings.row]
        count += sum(len(run.numbers) for run in runs)
        if count > ROWS_AT_MOST:
            raise UnreadableError("too-many-rows", expected=str(ROWS_AT_MOST), sheet=sheet.name)
        if runs:
            yield _sheet_piece(runs, fields, samples, table, sheet.name)
    samples.refuse(sheet.name)
    _refuse_divided(table.headings, samples, sheet)


def _refuse_divided(headings: HeadingRow, samples: _Samples, sheet: Sheet) -> None:
    """Raises ``UnreadableError`` for a heading that is merged over several columns with values in more than its own."""
    fields = {column: field for field, column in headings.columns.items()}
    for left, top, right, bottom in sheet.merged:
        field = fields.get(column_number(left))
        if field is None or not top <= headings.row <= bottom:
            continue
        other = samples.within(column_number(left) + 1, column_number(right))
        if other:
            name = shown(headings.headings[field])
            raise UnreadableError("two-columns-one-field", found=f"{name} ({left}), {name} ({letters(other)})", sheet=sheet.name, field=field)


def _sheet_piece(
    runs: Sequence[Run], fields: Mapping[str, str], samples: _Samples, table: _Table, sheet: str
) -> dict[str, Any]:
    numbers = [number for run in runs for number in run.numbers]
    values = {field: [""] * len(numbers) for field in fields.values()}
    kinds = {field: bytearray(len(numbers)) for field in fields.values()}
    outside: list[int] = []
    totals: list[int] = []
    at = 0
    for run in runs:
        until = at + len(run.numbers)
        read = False
        for column in run.columns:
            field = fields.get(column.letters)
            if field is None:
                samples.add(column_number(column.letters), column.texts)
                continue
            read = True
            values[field][at:until] = column.texts
            kinds[field][at:until] = column.kinds
        if not read:
            outside += run.numbers
        totals += [
            run.numbers[at]
            for at, text in enumerate(run.columns[0].texts)
            if (text[:2] in _MAY_BE_ODD or not _PLAIN <= text < _NOT_PLAIN) and _begins_with_total(run, at)
        ]
        at = until
    return {
        "is": "rows",
        "rows": numbers,
        "cells": _packed(values),
        "kinds": {field: "".join(map(str, marks)) for field, marks in kinds.items() if any(marks)},
        "outside": outside,
        "totals": totals,
        "repeated": _repeated(_as_rows(runs), numbers, values, outside, table, sheet),
        "hidden": sum(run.hidden for run in runs),
        "faults": [],
    }


def _begins_with_total(run: Run, at: int) -> bool:
    """Whether the first cell of a row in which something stands is the word of a total."""
    first = next((column for column in run.columns if column.texts[at].strip()), run.columns[0])
    return first.kinds[at] == TEXT and is_total(first.texts[at])


# ---- CSV -------------------------------------------------------------------------------------------------


def _delimited(data: bytes, name: str, known: contracts.Contracts) -> Iterator[dict[str, Any]]:
    def fields(head: Sequence[Row]) -> float:
        table = _find_table(head, name, known)
        return len(likely_headings(head)) / 100 if table is None else len(table.headings.columns)

    file = Delimited(data, fields, _HEAD_ROWS)
    table = _find_table(file.head, name, known)
    yield from _head(table, file.head, name, known)
    if table is None:
        raise UnreadableError("no-table", found=LISTED.join(likely_headings(file.head)))
    yield _opening(table, "")
    samples = _Samples(table.headings)
    count = 0
    longest = sys.maxsize
    for number, rows in file.records():
        of_headings = table.headings.row - number
        if file.separator == "," and 0 <= of_headings < len(rows):
            # In a row with more cells than that of the headings, 12,5 may be two of them, whatever stands at its end.
            longest = len(rows[of_headings])
        below = rows[max(of_headings + 1, 0) :]
        count += len(below)
        if count > ROWS_AT_MOST:
            raise UnreadableError("too-many-rows", expected=str(ROWS_AT_MOST))
        if below:
            yield _csv_piece(number + len(rows) - len(below), below, table, samples, longest)
    samples.refuse("")
    yield {"is": "end", "merged": [], "calendar_1904": False, "notes": [], "other_tables": []}


def _csv_piece(
    number: int, rows: list[list[str]], table: _Table, samples: _Samples, longest: int
) -> dict[str, Any]:
    """Rows as wide as the headings; the others are made so where that takes nothing away, or are faults."""
    headings = table.headings
    width = headings.width
    numbers = list(range(number, number + len(rows)))
    outside: list[int] = []
    totals: list[int] = []
    faults: list[tuple[int, str, str, str]] = []
    columns = {field: column - 1 for field, column in headings.columns.items()}
    of_a_line = [columns[field] for field in OF_A_LINE if field in columns]
    dropped: set[int] = set()
    for at, cells in enumerate(rows):
        if len(cells) == width and _PLAIN <= (lead := cells[0][:2]) < _NOT_PLAIN and lead not in _MAY_BE_ODD:
            continue
        first = next((cell for cell in cells if cell.strip()), "")
        if not first:
            dropped.add(at)
            continue
        total = is_total(first) and not any(
            cells[column].strip() not in {"", first.strip()} for column in of_a_line if column < len(cells)
        )
        if len(cells) != width:
            taken_away = not width <= len(cells) <= longest or any(cell.strip() for cell in cells[width:])
            if taken_away and not total:
                code = "row-too-short" if len(cells) < width else "row-too-long"
                faults.append((numbers[at], code, str(len(cells)), str(width)))
                dropped.add(at)
                continue
            rows[at] = cells = (cells + [""] * width)[:width]  # noqa: PLW2901 - the same row, made as wide as the headings
        if total:
            totals.append(numbers[at])
        if not any(cells[column].strip() for column in columns.values()):
            outside.append(numbers[at])
    if dropped:
        numbers = [each for at, each in enumerate(numbers) if at not in dropped]
        rows = [cells for at, cells in enumerate(rows) if at not in dropped]
    by_column: list[Sequence[str]] = list(zip(*rows, strict=True)) if rows else [()] * width
    for column in range(width):
        if column not in columns.values():
            samples.add(column + 1, by_column[column])
    # A row that begins with a cell that means no field may have nothing else.
    if 0 not in columns.values():
        empty = [not any(cells[column].strip() for column in columns.values()) for cells in rows]
        outside = [each for each, nothing in zip(numbers, empty, strict=True) if nothing]
    of_fields = {field: by_column[column] for field, column in columns.items()}
    as_rows = ((row, {at: cell for at, cell in enumerate(cells, 1) if cell.strip()}) for row, cells in zip(numbers, rows, strict=True))
    return {
        "is": "rows",
        "rows": numbers,
        "cells": _packed(of_fields),
        "kinds": {},
        "outside": outside,
        "totals": totals,
        "repeated": _repeated(as_rows, numbers, of_fields, outside, table, ""),
        "hidden": 0,
        "faults": faults,
    }
