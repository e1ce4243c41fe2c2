"""A provider's own sheet with its faulty cells coloured: other cells keep every byte that they had."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from settlement.deliveries.headings import column_number, letters
from settlement.returns.spliced import NotEditableError, Spliced, attribute_of, local, parse, parser, prefix
from settlement.returns.styles import Styles

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ADDRESS = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")
_BEHIND = frozenset({"legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts",
                     "extLst", "AlternateContent"})  # fmt: skip
"""What stands behind the drawing of comments in a sheet."""

Place = tuple[int, int]
"""Row and column of a cell, counted from 1."""


def place_of(address: str) -> Place:
    """Row and column of ``F17``."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise NotEditableError("address")
    return int(match[2]), column_number(match[1])


def address_of(place: Place) -> str:
    """``F17``."""
    return f"{letters(place[1])}{place[0]}"


@dataclass
class _Row:
    start: int
    style: int | None
    hidden: bool
    cells: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By column: where its start tag stands, and its style."""
    closing: int = 0


@dataclass
class _Scan:
    """What of a sheet is needed to mark cells."""

    prefix: str = ""
    rows: dict[int, _Row] = field(default_factory=dict)
    columns: list[tuple[int, int, int]] = field(default_factory=list)
    """First and last column, and their style."""
    merged: list[tuple[Place, Place]] = field(default_factory=list)
    left_over: list[tuple[Place, int, int]] = field(default_factory=list)
    """Cells that an earlier returned file marked: place, where the start tag stands, style."""
    drawing: str = ""
    """The identifier of the drawing of comments; empty when there is none."""
    behind: int = 0
    """Where that drawing stands, or would."""


def _scanned(data: bytes, rows: Collection[int], marked_before: Collection[int]) -> _Scan:
    made, scan = parser(), _Scan()
    depth = number = column = 0
    inside = False
    row: _Row | None = None

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, number, column, row, inside
        depth += 1
        if depth > 3 and row is None and not marked_before:
            return  # nearly every cell: of a row in which nothing is looked for
        kind = local(name)
        if kind == "c" and inside and depth == 4:
            written = attributes.get("r", "")
            column = place_of(written)[1] if written else column + 1
            style = int(attributes.get("s", "0"))
            if row is not None:
                row.cells[column] = (made.CurrentByteIndex, style)
            if style in marked_before:
                scan.left_over.append(((number, column), made.CurrentByteIndex, style))
        elif kind == "row" and inside and depth == 3:
            number, column = int(attributes.get("r", number + 1)), 0
            row = None
            if number in rows:
                look = int(attributes["s"]) if "s" in attributes else None
                row = scan.rows[number] = _Row(made.CurrentByteIndex, look, attributes.get("hidden") in {"1", "true"})
        elif depth == 1:
            scan.prefix = prefix(name)
        elif kind == "sheetData" and depth == 2:
            inside = True
        elif kind == "col" and depth == 3 and "style" in attributes:
            scan.columns.append((int(attributes["min"]), int(attributes["max"]), int(attributes["style"])))
        elif kind == "mergeCell" and depth == 3:
            first, _, last = attributes.get("ref", "").partition(":")
            scan.merged.append((place_of(first), place_of(last or first)))
        elif kind == "legacyDrawing" and depth == 2:
            scan.drawing = next((value for key, value in attributes.items() if local(key) == "id"), "")
        elif depth == 2 and kind in _BEHIND and not scan.behind:
            scan.behind = made.CurrentByteIndex

    def end(name: str) -> None:
        nonlocal depth, inside
        if depth == 3 and inside and row is not None and local(name) == "row":
            row.closing = made.CurrentByteIndex
        elif depth == 2 and local(name) == "sheetData":
            inside = False
        elif depth == 1 and not scan.behind:
            scan.behind = made.CurrentByteIndex
        depth -= 1

    made.StartElementHandler, made.EndElementHandler = start, end
    try:
        parse(made, data)
    except (ValueError, KeyError) as error:
        raise NotEditableError("sheet") from error
    return scan


class OwnSheet:
    """A sheet of a provider in which cells are marked."""

    def __init__(self, data: bytes, places: Iterable[Place], styles: Styles) -> None:
        self._spliced = Spliced(data)
        self._styles = styles
        wanted = set(places)
        scan = _scanned(data, {row for row, _ in wanted}, styles.marked_before)
        self.shown = _shown(wanted, scan.merged)
        """Of each place the cell that shows it: of a merged range its first."""
        if {row for row, _ in self.shown.values()} - scan.rows.keys():
            scan = _scanned(data, {row for row, _ in self.shown.values()}, styles.marked_before)
        self._scan = scan

    @property
    def hidden(self) -> frozenset[int]:
        """The rows with marked cells that do not show: a filter or a person hid them."""
        return frozenset(number for number, row in self._scan.rows.items() if row.hidden)

    @property
    def drawing(self) -> str:
        """The identifier of its drawing of comments; empty when there is none."""
        return self._scan.drawing

    def mark(self) -> None:
        """Colours the cells, and takes the colour from those that an earlier returned file marked and that are right now."""
        places = set(self.shown.values())
        for place, start, style in self._scan.left_over:
            if place not in places:
                self._spliced.set(start, {"s": str(self._styles.unmarked(style))})
        for row, cells in itertools.groupby(sorted(places), key=lambda place: place[0]):
            # A row that the sheet does not have can hold no fault that was read in it.
            if row in self._scan.rows:
                self._mark_row(self._scan.rows[row], row, [column for _, column in cells])

    def _mark_row(self, row: _Row, number: int, columns: list[int]) -> None:
        new: dict[int, str] = {}
        for column in columns:
            if column in row.cells:
                start, style = row.cells[column]
                if style not in self._styles.marked_before:
                    self._spliced.set(start, {"s": str(self._styles.marked(style))})
            else:
                style = self._styles.marked(self._style_of(row, column))
                new[column] = f'<{self._scan.prefix}c r="{letters(column)}{number}" s="{style}"/>'
        if not new:
            return
        opened, at_once = self._spliced.tag(row.start)
        if at_once:
            tag = self._spliced.data[row.start : opened].decode().rstrip("/>").rstrip()
            cells = "".join(new[column] for column in sorted(new))
            self._spliced.replace(row.start, opened, f"{tag}>{cells}</{self._scan.prefix}row>")
            return
        for column in sorted(new):
            behind = [start for at, (start, _) in row.cells.items() if at > column]
            at = min(behind, default=row.closing)
            self._spliced.replace(at, at, new[column])

    def _style_of(self, row: _Row, column: int) -> int:
        """The style that an empty cell shows: its row's, else its column's."""
        if row.style is not None:
            return row.style
        return next((style for first, last, style in self._scan.columns if first <= column <= last), 0)

    def draw(self, identifier: str) -> None:
        """Points the sheet at its drawing of comments."""
        tag = f"<{self._scan.prefix}legacyDrawing xmlns:r={attribute_of(_OFFICE)} r:id={attribute_of(identifier)}/>"
        self._spliced.replace(self._scan.behind, self._scan.behind, tag)

    def finished(self) -> bytes:
        """The sheet's XML."""
        return self._spliced.finished()


def _shown(places: Collection[Place], merged: Sequence[tuple[Place, Place]]) -> dict[Place, Place]:
    rows = sorted({row for row, _ in places})
    touching: dict[int, list[tuple[Place, Place]]] = {}
    for first, last in merged:
        for row in rows[bisect.bisect_left(rows, first[0]) : bisect.bisect_right(rows, last[0])]:
            touching.setdefault(row, []).append((first, last))
    return {
        (row, column): next((first for first, last in touching.get(row, ()) if first[1] <= column <= last[1]), (row, column))
        for row, column in places
    }
