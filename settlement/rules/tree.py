"""The only room of PyYAML: a rule file to a small tree of text with places.

The dialect is that of rule-files.md: block style only, two spaces a level, every value text. Nothing here guesses
types: ``no``, ``12:30`` and ``1.250`` stay as written. The parser's events are read rather than its ready tree,
because they still show what the dialect refuses (aliases, braces, tags) and because their depth can be bounded.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

import yaml

from settlement.domain.problems import Place
from settlement.rules.notation import Fault, say_block, say_dialect, say_escape, say_not_yaml, say_tag, spaces
from settlement.rules.page import Page

MAXIMUM_BYTES = 1_000_000
"""A rule file of a megabyte is no contract but a mistake (or an attack)."""
MAXIMUM_DEPTH = 20
"""Levels of a rule file; the language itself needs eight."""

# The C parser is some thirty times faster; PyYAML without it reads the same.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_NOT_TEXT = re.compile("[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
# Spaces that word processors put in for the eye; every one is as wide as a space, so columns stay right.
_SPACES = {0xA0: " ", 0x2007: " ", 0x2009: " ", 0x202F: " "}


@dataclass(frozen=True, slots=True)
class Text:
    """One value or key, as written."""

    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping with what stands behind or under it."""

    key: Text
    node: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their values, in the order of the file; never a key twice."""

    entries: tuple[Entry, ...]
    place: Place

    def __getitem__(self, name: str) -> Node | None:
        """What stands under a key; ``None`` when the key is not there."""
        return next((entry.node for entry in self.entries if entry.key.value == name), None)


@dataclass(frozen=True, slots=True)
class List:
    """Items behind dashes, in the order of the file."""

    items: tuple[Node, ...]
    place: Place


Node = Text | Mapping | List


def read_text(page: Page, data: bytes) -> str | None:
    """The text of a rule file; ``None``, and a problem on the page, when its bytes are no text that we read.

    Also gives the page its lines and digest. Windows line ends and a byte order mark are taken off; the wide and
    narrow spaces of word processors are read as spaces.
    """
    page.digest = hashlib.sha256(data).hexdigest()
    if len(data) > MAXIMUM_BYTES:
        page.problem(
            "file-too-large",
            Place(page.file),
            f"the file is larger than {MAXIMUM_BYTES // 1_000_000} MB",
            "A rule file holds one contract, as text. Is it another kind of file?",
        )
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _say_not_utf8(page, data, error)
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_SPACES)
    page.lines = tuple(text.split("\n"))
    return text if _is_clean(page, text) else None


def _say_not_utf8(page: Page, data: bytes, error: UnicodeDecodeError) -> None:
    advice = "Save it as UTF-8: in Notepad, File, Save as, Encoding: UTF-8."
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        page.problem("not-utf-8", Place(page.file), "the file is saved as UTF-16, which Notepad calls Unicode", advice)
        return
    page.lines = tuple(data.decode("cp1252", "replace").replace("\r\n", "\n").split("\n"))
    start = data.rfind(b"\n", 0, error.start) + 1
    line, column = data.count(b"\n", 0, error.start) + 1, len(data[start : error.start].decode("utf-8", "replace")) + 1
    page.problem("not-utf-8", page.place(line, column), "the file is not saved as UTF-8", advice)


def _is_clean(page: Page, text: str) -> bool:
    """Whether a text holds no tab and no character that nobody can see; says so on the page when it does."""
    found = len(page.problems)
    if "\t" in text:
        rows = [row for row, line in enumerate(page.lines, 1) if "\t" in line]
        others = f" (and on {len(rows) - 1} more lines)" if len(rows) > 1 else ""
        page.problem(
            "tab",
            page.place(rows[0], page.lines[rows[0] - 1].index("\t") + 1),
            f"a tab stands here{others}",
            "Use spaces, two for each level. Most editors can replace all tabs at once.",
        )
    for pattern in (_NOT_TEXT, _UNSEEN):
        match = pattern.search(text.replace("\t", " "))
        if match is not None:
            line = text.count("\n", 0, match.start()) + 1
            column = match.start() - text.rfind("\n", 0, match.start())
            page.problem(
                "unseen-character",
                page.place(line, column),
                f"an invisible character stands here (U+{ord(match[0]):04X})",
                "Delete it and type the words around it again; it often comes along when text is pasted.",
            )
    return len(page.problems) == found


AN_EMPTY_CONTRACT = "Write the contract in it, or delete it. Begin with its number: contract: UTR-AJ-2018-07"


def compose(page: Page, text: str, when_empty: str | None = AN_EMPTY_CONTRACT) -> Node | None:
    """The tree of a text; ``None``, and a problem on the page, when there is none to be had.

    ``when_empty`` says what to type in a file without a key; ``None`` where a file may be empty: it then holds no keys.

    Duplicate keys, odd indentation and refused notation are problems too, but leave a tree that can be read on.
    """
    builder = _Builder(page)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if not builder.take(event):
                return None
    except yaml.MarkedYAMLError as error:
        found = error.problem_mark or error.context_mark
        opened = error.context_mark or found
        if found is not None and opened is not None:
            fault = Fault(
                error.context or "", error.problem or "", found.line, found.column, opened.line, opened.column
            )
            say_not_yaml(page, fault)
            return None
        page.problem(
            "not-keys", Place(page.file), "the file cannot be read", "Write a key, a colon and a value on each line."
        )
        return None
    if builder.root is None:
        if when_empty is None:
            return Mapping((), Place(page.file))
        page.problem("empty-file", Place(page.file), "the file is empty", when_empty)
    return builder.root


# ---- events to tree --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not been read."""

    place: Place
    is_mapping: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    key: Text | None = None


class _Builder:
    """Builds the tree from the parser's events, with our own stack: depth is bounded, and nothing recurses."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root: Node | None = None
        self.open: list[_Open] = []
        self.documents = 0

    def take(self, event: yaml.Event) -> bool:
        """Takes one event; False when it makes no sense to read on."""
        if isinstance(event, yaml.ScalarEvent):
            return self._add(self._text(event))
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            return self._begin(event)
        if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            return self._end()
        if isinstance(event, yaml.AliasEvent):
            say_dialect(self.page, "*", self._place(event))
            return False
        if isinstance(event, yaml.DocumentStartEvent):
            return self._document(event)
        return True

    def _place(self, event: yaml.Event, width: int = 1) -> Place:
        mark: Any = event.start_mark
        return self.page.place(mark.line + 1, mark.column + 1, width)

    def _document(self, event: yaml.DocumentStartEvent) -> bool:
        self.documents += 1
        if self.documents > 1:
            say_dialect(self.page, "---", self._place(event, 3))
            return False
        if event.version or event.tags:
            say_dialect(self.page, "%YAML", self._place(event))
            return False
        return True

    def _signs(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, place: Place) -> None:
        if event.anchor is not None:
            say_dialect(self.page, "&", place)
        if event.tag is not None:
            say_tag(self.page, place)

    def _text(self, event: yaml.ScalarEvent) -> Text:
        begin: Any = event.start_mark
        end: Any = event.end_mark
        same_line = end.line == begin.line
        place = self._place(event, end.column - begin.column if same_line else 1)
        self._signs(event, place)
        if event.style in ("|", ">"):
            say_block(self.page, place)
        elif not same_line:
            self.page.spoil(
                "runs-on",
                place,
                "this text runs on to the next line",
                "Write it on one line. If the next line is a key of its own, its colon or its indentation is missing.",
            )
        elif event.style == '"' and "\\" in self.page.lines[begin.line][begin.column : end.column]:
            say_escape(self.page, place)
        value = event.value if event.value.isascii() else unicodedata.normalize("NFC", event.value)
        return Text(value.strip(), place)

    def _begin(self, event: yaml.CollectionStartEvent) -> bool:
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        place = self._place(event)
        top = self.open[-1] if self.open else None
        self._signs(event, place)
        if event.flow_style:
            say_dialect(self.page, "{" if is_mapping else "[", place)
        else:
            self._check_indentation(place, top)
        if top is not None and top.is_mapping and top.key is None:
            self.page.problem("key-not-text", place, "a key must be a word", "Write it as: key: value")
            return False
        if len(self.open) >= MAXIMUM_DEPTH:
            self.page.problem(
                "too-deep",
                place,
                f"this lies more than {MAXIMUM_DEPTH} levels deep",
                "No key of a rule file lies so deep. Look at the indentation of the lines above.",
            )
            return False
        self.open.append(_Open(place, is_mapping))
        return True

    def _check_indentation(self, place: Place, top: _Open | None) -> None:
        expected = 1 if top is None else top.place.column + 2
        if place.column == expected:
            return
        if (top is not None and top.place.line < place.line) or top is None:
            message = f"this line is indented by {spaces(place.column - 1)}, where {expected - 1} are expected"
            advice = "Two spaces a level: what belongs to a key stands two spaces further in than the key."
        else:
            message = f"{spaces(place.column - expected + 1)} stand behind the dash, where one is expected"
            advice = "One space behind the dash; the keys of an item stand straight below each other."
        self.page.problem("indentation", place, message, advice)

    def _end(self) -> bool:
        done = self.open.pop()
        if done.is_mapping:
            return self._add(Mapping(tuple(done.entries.values()), done.place))
        return self._add(List(tuple(done.items), done.place))

    def _add(self, node: Node) -> bool:
        if not self.open:
            self.root = node if not isinstance(node, Text) or node.value else None
            return True
        top = self.open[-1]
        if not top.is_mapping:
            top.items.append(node)
        elif top.key is not None:
            self._add_entry(top, top.key, node)
            top.key = None
        elif isinstance(node, Text):
            top.key = node
        return True

    def _add_entry(self, top: _Open, key: Text, node: Node) -> None:
        first = top.entries.get(key.value)
        if first is None:
            top.entries[key.value] = Entry(key, node)
            return
        self.page.problem(
            "key-twice",
            key.place,
            f"'{key.value}' stands here twice: on line {first.key.place.line} and on line {key.place.line}",
            "Keep one of the two, or put them under different keys.",
        )
