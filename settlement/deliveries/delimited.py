"""A delivered CSV to rows of text, exactly or not at all. Standard library only; runs in the child.

Semicolon, comma, tab or bar, whichever gives the row of headings most fields; quoted cells as in RFC 4180, strictly.
UTF-8 with or without mark, UTF-16 with mark, else Windows-1252.
"""

from __future__ import annotations

import codecs
import collections
import contextlib
import csv
import io
import itertools
import re
from collections.abc import Callable, Iterator, Sequence

from settlement.deliveries.cells import IN_ITS_PLACE, SEPARATOR
from settlement.deliveries.headings import Row
from settlement.deliveries.unreadable import UnreadableError

_SEPARATORS = (";", ",", "\t", "|")
_LINES_LOOKED_AT, _CHARACTERS_LOOKED_AT, _OTHERS_AT_MOST = 40, 4_000, 12
"""In which lines, how far, and for how many marks a file without headings is looked at for a separator that is not read."""
_PIECE = 1 << 20
_UTF8_PAIR = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
_TEXT_AS_FORMULA = re.compile(r'="([^"]*)"\s*')
_HINT = re.compile(r"sep=([;,|\t])[\r\n]*", re.IGNORECASE)
"""What Excel reads as the separator of the lines below it."""


def _encoding(data: bytes) -> str:
    """The encoding of a text file; raises ``UnreadableError`` where it can't be told for certain."""
    if data[:4] == b"PK\x03\x04":
        raise UnreadableError("wrong-extension", found=".csv", expected=".xlsx")
    if data[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        try:
            _walk(data, "utf-16")
        except UnicodeDecodeError:
            raise UnreadableError("unknown-encoding", expected="UTF-8") from None
        return "utf-16"
    if b"\0" in data:
        raise UnreadableError("nul-bytes")
    encoding = "utf-8-sig" if data[:3] == codecs.BOM_UTF8 else "utf-8"
    try:
        _walk(data, encoding)
    except UnicodeDecodeError:
        # One damaged byte in a file of UTF-8 would make all its other accents into two strange letters.
        if encoding == "utf-8-sig" or _UTF8_PAIR.search(data):
            raise UnreadableError("unknown-encoding", expected="UTF-8") from None
    else:
        return encoding
    try:
        _walk(data, "cp1252")
    except UnicodeDecodeError:
        raise UnreadableError("unknown-encoding", expected="UTF-8") from None
    return "cp1252"


def _walk(data: bytes, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    for start in range(0, len(data), _PIECE):
        decoder.decode(data[start : start + _PIECE])
    decoder.decode(b"", final=True)


class Delimited:
    """A delivered CSV, opened: its separator chosen, its first rows read."""

    def __init__(self, data: bytes, judge: Callable[[Sequence[Row]], float], head_rows: int) -> None:
        """``judge`` says how many fields the best row of headings among these rows has; less than 1 where none is known."""
        self._data = data
        self._encoding = _encoding(data)
        self._formulas = b'="' in data or b'=\0"' in data
        self._quotes = self._encoding == "utf-16" or b' "' in data
        self._odd = self._encoding == "utf-16" or SEPARATOR.encode() in data
        with self._text() as text:
            first = text.readline()
        hint = _HINT.fullmatch(first)
        self._skip = 1 if hint else 0
        separators = (hint[1],) if hint else _SEPARATORS
        best: tuple[float, str, list[Row]] = (-1, separators[0], [])
        fault: UnreadableError | None = None
        for separator in separators:
            try:
                head = self._head(separator, head_rows)
            except UnreadableError as error:
                fault = fault or error
                continue
            fields = judge(head)
            if fields > best[0]:
                best = (fields, separator, head)
        if best[0] < 1 and (other := self._other_separator(judge, head_rows)):
            raise UnreadableError("unknown-separator", found=other)
        if best[0] <= 0 and fault is not None:
            raise fault
        self.separator = best[1]
        self.head: list[Row] = best[2]
        """The first rows that are not empty."""

    def _head(self, separator: str, head_rows: int) -> list[Row]:
        rows = next(self.records(separator, head_rows), (0, []))[1]
        numbered = (
            (number, {at: cell for at, cell in enumerate(cells, 1) if cell.strip()})
            for number, cells in enumerate(rows, self._skip + 1)
        )
        return [(number, cells) for number, cells in numbered if cells]

    def _other_separator(self, judge: Callable[[Sequence[Row]], float], head_rows: int) -> str:
        """A mark with which there would be headings, in a file where none of those that are read gives any; empty: none."""
        with self._text() as text:
            looked_at = "".join(text.readline(_CHARACTERS_LOOKED_AT) for _ in range(_LINES_LOOKED_AT))
        marks = collections.Counter(each for each in looked_at if each.isprintable() and not (each.isalnum() or each in ' "'))
        for mark, _ in marks.most_common(_OTHERS_AT_MOST):
            with contextlib.suppress(UnreadableError):
                if mark not in _SEPARATORS and judge(self._head(mark, head_rows)) >= 1:
                    return mark
        return ""

    def _text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(self._data), encoding=self._encoding, errors="strict", newline="")

    def records(self, separator: str | None = None, at_once: int = 4096) -> Iterator[tuple[int, list[list[str]]]]:
        """All rows, the empty ones too, some thousands at a time: the number of the first, and their cells.

        Rows count as a spreadsheet counts them: a line end between quotes is inside its row.
        """
        number = self._skip + 1
        with self._text() as text:
            for _ in range(self._skip):
                text.readline()
            lines = map(_without_separators, text) if self._odd else text
            reader = csv.reader(lines, delimiter=separator or self.separator, strict=True)
            try:
                while rows := list(itertools.islice(reader, at_once)):
                    if self._quotes and (at := _quoted_behind_blanks(rows)) is not None:
                        raise UnreadableError("csv-quotes", cell=str(number + at))
                    yield number, [list(map(_plain, row)) for row in rows] if self._formulas else rows
                    number += len(rows)
            except csv.Error as error:
                raise UnreadableError("csv-quotes", cell=str(self._skip + reader.line_num)) from error
            except UnicodeDecodeError as error:
                raise UnreadableError("unknown-encoding", expected="UTF-8") from error


def _quoted_behind_blanks(rows: Sequence[Sequence[str]]) -> int | None:
    """The first row with a cell such as `` "C-1"``: whether its quotes hold separators together is not told by them."""
    for at, row in enumerate(rows):
        if any(cell[:1] == " " and cell.lstrip(" ")[:1] == '"' for cell in row):
            return at
    return None


def _plain(cell: str) -> str:
    """A cell without the formula around its text, by which exports keep Excel from taking zeros off: ``="0231"``."""
    match = _TEXT_AS_FORMULA.fullmatch(cell) if cell.startswith("=") else None
    return match[1] if match else cell


def _without_separators(line: str) -> str:
    """A line without the character that separates cells on their way out of the child, and without NUL."""
    if "\0" in line:
        raise UnreadableError("nul-bytes")
    return line.replace(SEPARATOR, IN_ITS_PLACE)
