"""A delivered workbook (.xlsx) to rows of cells, exactly or not at all. Standard library only; runs in the child.

With macros (.xlsm) or without: they are never looked at. The package is judged by ``package``, the rows of its sheets
are taken from their XML by ``worksheet``.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping

from settlement.deliveries.cells import AFFIXED, DATE, PADDED
from settlement.deliveries.package import (
    each_element,
    local_name,
    parse,
    parser_without_doctype,
    pieces_of,
    read_part,
)
from settlement.deliveries.runs import Run, Sheet, after
from settlement.deliveries.unreadable import UnreadableError
from settlement.deliveries.worksheet import PLAIN, Grammar, OtherwiseWrittenError, as_shown, canonical, decoded


class Workbook:
    """A delivered workbook: its sheets in order, and their rows.

    Raises ``UnreadableError`` from every method for what can't be read exactly.
    """

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self._names = set(self._package.namelist())
        self.macros = any(name.endswith("vbaProject.bin") for name in self._names)
        self.calendar_1904 = False
        self._recalculates = False
        self.sheets: list[Sheet] = []
        workbook = self._only(self._relations(""), "officeDocument")
        relations = self._relations(workbook)
        self._read_workbook(workbook, relations)
        styles = self._one(relations, "styles")
        self._formats = _formats(self._read(styles)) if styles else {}
        strings = self._one(relations, "sharedStrings")
        self._strings = _shared_strings(self._read(strings)) if strings else []

    def _read(self, part: str) -> bytes:
        return read_part(self._package, part)

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Identifier to kind and target, of the relations of a part; ``""`` is the package."""
        folder, name = posixpath.split(part)
        relations: dict[str, tuple[str, str]] = {}

        def seen(element: str, attributes: dict[str, str], _: str) -> None:
            if element == "Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "")
                path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
                relations[attributes.get("Id", "")] = (
                    attributes.get("Type", "").rpartition("/")[2],
                    posixpath.normpath(path),
                )

        each_element(self._read(posixpath.join(folder, "_rels", f"{name}.rels")), seen)
        return relations

    def _one(self, relations: Mapping[str, tuple[str, str]], kind: str) -> str | None:
        targets = [target for each, target in relations.values() if each == kind]
        if len(targets) > 1:
            raise UnreadableError("damaged-file", found=kind)
        return targets[0] if targets else None

    def _only(self, relations: Mapping[str, tuple[str, str]], kind: str) -> str:
        target = self._one(relations, kind)
        if target is None:
            raise UnreadableError("not-a-workbook", expected=".xlsx")
        return target

    def _read_workbook(self, part: str, relations: Mapping[str, tuple[str, str]]) -> None:
        def seen(element: str, attributes: dict[str, str], _: str) -> None:
            if element == "workbookPr":
                self.calendar_1904 = attributes.get("date1904", "0") in {"1", "true"}
            elif element == "calcPr":
                self._recalculates = attributes.get("fullCalcOnLoad", "0") in {"1", "true"}
            elif element == "sheet":
                kind, target = relations.get(attributes.get("id", ""), ("", ""))
                if not target:
                    raise UnreadableError("damaged-file", found=attributes.get("name", ""))
                if kind == "worksheet":
                    hidden = attributes.get("state", "visible") != "visible"
                    self.sheets.append(Sheet(attributes.get("name", ""), target, hidden))

        each_element(self._read(part), seen)

    # ---- rows

    def rows(self, sheet: Sheet) -> Iterator[list[Run]]:
        """The rows of a sheet in order, some thousands at a time; fills in what the sheet says behind its rows."""
        if sheet.part not in self._names:
            raise UnreadableError("damaged-file", found=sheet.name)
        try:
            yield from self._rows(sheet, decoded(pieces_of(self._package, sheet.part)))
        except OtherwiseWrittenError as where:
            given_out = where.row
        else:
            return
        # Written in another way: expat brings the same XML into the grammar's form. Given out were whole pieces of XML,
        # which may end in the middle of the pieces that come now.
        sheet.merged.clear()
        sheet.formulas = 0
        try:
            for runs in self._rows(sheet, canonical(pieces_of(self._package, sheet.part))):
                fresh = [after(run, given_out) for run in runs if run.numbers[-1] > given_out]
                if fresh:
                    yield fresh
        except OtherwiseWrittenError as error:
            raise UnreadableError("damaged-file", sheet=sheet.name, found="XML") from error

    def _rows(self, sheet: Sheet, pieces: Iterator[str]) -> Iterator[list[Run]]:
        grammar = Grammar(
            sheet,
            self._strings,
            self._formats,
            results_kept=not self._recalculates,
            calendar_1904=self.calendar_1904,
        )
        for text in pieces:
            rows = grammar.feed(text)
            if rows:
                yield rows
        grammar.finish()


# ---- strings and formats ---------------------------------------------------------------------------------


def _shared_strings(data: bytes) -> list[str]:
    """The shared strings in order; what is only there for pronunciation is left out."""
    strings: list[str] = []
    parts: list[str] = []
    parser = parser_without_doctype()
    phonetic = False

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal phonetic
        local = local_name(name)
        if local == "si":
            parts.clear()
        elif local == "rPh":
            phonetic = True
        elif local == "t" and not phonetic:
            parser.CharacterDataHandler = parts.append

    def end(name: str) -> None:
        nonlocal phonetic
        local = local_name(name)
        if local == "t":
            parser.CharacterDataHandler = None
        elif local == "rPh":
            phonetic = False
        elif local == "si":
            strings.append(as_shown("".join(parts)))

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parse(parser, data, final=True)
    return strings


_DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
"""The numbers of the formats that Excel knows without their code and that show a day or a time."""


def _formats(data: bytes) -> dict[str, tuple[int, int]]:
    """By the style number of a cell: the kind of number that it shows, and how many digits it fills up with zeros."""
    codes: dict[int, str] = {}
    styles: list[int] = []

    def seen(element: str, attributes: dict[str, str], parent: str) -> None:
        if element == "numFmt" and parent == "numFmts":
            codes[_whole(attributes.get("numFmtId", ""))] = attributes.get("formatCode", "")
        elif element == "xf" and parent == "cellXfs":
            styles.append(_whole(attributes.get("numFmtId", "0")))

    each_element(data, seen)
    kinds = {number: _kind_of(number, codes.get(number)) for number in set(styles)}
    return {str(style): kinds[number] for style, number in enumerate(styles) if kinds[number] != PLAIN}


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise UnreadableError("damaged-file", found="styles")
    return int(text)


_FIRST_SECTION = re.compile(r'(?:"[^"]*"|\\.|\[[^\]]*\]|[^;])*')
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
_SHOWS_MORE = re.compile(r"L.*[0#?]|[0#?].*L|[0#?][-/ ]+[0#?]")
"""In a format with its letters as L: letters around a number, or marks within it."""


def _kind_of(number: int, code: str | None) -> tuple[int, int]:
    if code is None:
        return (DATE, 0) if number in _DATE_FORMATS else PLAIN
    first = _FIRST_SECTION.match(code)
    section = first[0] if first else ""
    bare = _LITERAL.sub("", section)
    if bare.casefold() not in {"general", "standard", "@"} and re.search("[dmyhs]", bare, re.IGNORECASE):
        return (DATE, 0)
    if _SHOWS_MORE.search(re.sub("general", "0", _LITERAL.sub(_as_itself, section), flags=re.IGNORECASE)):
        return (AFFIXED, 0)
    if re.fullmatch("0{2,}", bare):
        return (PADDED, len(bare))
    return PLAIN


def _as_itself(literal: re.Match[str]) -> str:
    """What a literal of a format shows, with letters and digits as ``L``; nothing for colours, widths and fillings."""
    text = literal[0]
    shown = text[1:-1] if text.startswith('"') else text[1:] if text.startswith("\\") else ""
    return re.sub(r"[^\W_]", "L", shown)
