"""The XML of one part of a workbook, changed in places: every byte that is not meant to change stays as it was.

Expat tells where in the bytes an element stands; what changes is cut out and put in there. Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import escape

_TAG = re.compile(rb"<([^\s/>]+)((?:\s+[^\s=<>]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*(/?)>")
_ATTRIBUTE = re.compile(rb"\s+([^\s=<>]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class NotEditableError(Exception):
    """The workbook is made in a way in which nothing can be marked; another workbook is made instead."""


def local(name: str) -> str:
    """The name of an element without its prefix."""
    return name.rpartition(":")[2]


def prefix(name: str) -> str:
    """The prefix of an element with its colon: ``x:``; empty when there is none."""
    before, colon, _ = name.rpartition(":")
    return before + colon


def text_of(text: str) -> str:
    """Text as it stands between tags."""
    return escape(_NOT_XML.sub("\ufffd", text))


def attribute_of(text: str) -> str:
    """Text as it stands in an attribute, quotes included."""
    return f'"{text_of(text).replace(chr(34), "&quot;").replace(chr(10), "&#10;")}"'


def parser() -> expat.XMLParserType:
    """An expat parser of UTF-8 that refuses a DOCTYPE, and with it every entity."""
    made = expat.ParserCreate()

    def doctype(*_: object) -> None:
        raise NotEditableError("DOCTYPE")

    def declaration(_: str, encoding: str | None, __: int) -> None:
        if encoding is not None and encoding.casefold() not in {"utf-8", "utf8", "us-ascii"}:
            raise NotEditableError("encoding")

    made.StartDoctypeDeclHandler = doctype
    made.XmlDeclHandler = declaration
    return made


def parse(made: expat.XMLParserType, data: bytes) -> None:
    """Runs a parser over a whole part; raises ``NotEditableError`` for what is no XML."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise NotEditableError("encoding")
    try:
        made.Parse(data, True)
    except (expat.ExpatError, ValueError, UnicodeError) as error:
        raise NotEditableError("XML") from error


@dataclass
class Element:
    """One element, and where it stands."""

    name: str
    attributes: Mapping[str, str]
    """As written, with their prefixes."""
    above: Element | None
    start: int
    end: int = 0
    """Behind its end tag."""

    @property
    def kind(self) -> str:
        """Its name without prefix."""
        return local(self.name)

    def get(self, attribute: str) -> str:
        """An attribute by its name without prefix; empty when it is not there."""
        return next((value for key, value in self.attributes.items() if local(key) == attribute), "")


class Spliced:
    """The bytes of a part, and what is to be changed in them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._changes: list[tuple[int, int, bytes]] = []

    def replace(self, start: int, end: int, content: str) -> None:
        """Puts content in the place of these bytes; where ``start`` is ``end`` it is put in."""
        self._changes.append((start, end, content.encode()))

    def tag(self, start: int) -> tuple[int, bool]:
        """Of the start tag at this offset: where it ends, and whether it closes the element at once."""
        match = _TAG.match(self.data, start)
        if match is None:
            raise NotEditableError("XML")
        return match.end(), bool(match[3])

    def with_attributes(self, start: int, values: Mapping[str, str]) -> str:
        """The start tag at this offset with some attributes set."""
        match = _TAG.match(self.data, start)
        if match is None:
            raise NotEditableError("XML")
        left = dict(values)

        def changed(one: re.Match[bytes]) -> bytes:
            name = one[1].decode()
            if name not in left:
                return one[0]
            return f" {name}={attribute_of(left.pop(name))}".encode()

        written = _ATTRIBUTE.sub(changed, match[2]).decode()
        written += "".join(f" {name}={attribute_of(value)}" for name, value in left.items())
        return f"<{match[1].decode()}{written}{match[3].decode()}>"

    def set(self, start: int, values: Mapping[str, str]) -> None:
        """Sets attributes of the start tag at this offset."""
        self.replace(start, self.tag(start)[0], self.with_attributes(start, values))

    def append(self, to: Element, content: str) -> None:
        """Puts content behind the last child of an element."""
        opened, at_once = self.tag(to.start)
        if at_once:
            tag = self.data[to.start : opened].decode().rstrip("/>").rstrip()
            self.replace(to.start, opened, f"{tag}>{content}</{to.name}>")
            return
        closing = self.data.rindex(b"</", to.start, to.end)
        self.replace(closing, closing, content)

    def finished(self) -> bytes:
        """The part with its changes; those at one place in the order in which they were asked for."""
        pieces, at = [], 0
        for start, end, content in sorted(self._changes, key=lambda change: change[:2]):
            if start < at:
                raise NotEditableError("XML")
            pieces += [self.data[at:start], content]
            at = end
        pieces.append(self.data[at:])
        return b"".join(pieces)


def elements(data: bytes) -> list[Element]:
    """Every element of a small part, in the order in which they begin."""
    made = parser()
    found: list[Element] = []
    above: list[Element] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append(Element(name, attributes, above[-1] if above else None, made.CurrentByteIndex))
        above.append(found[-1])

    def end(_: str) -> None:
        one = above.pop()
        at = made.CurrentByteIndex
        # Of an element that closes at once expat points at its tag, or behind it.
        match = _TAG.match(data, one.start)
        if match is None:
            raise NotEditableError("XML")
        one.end = match.end() if match[3] else data.index(b">", at) + 1

    made.StartElementHandler, made.EndElementHandler = start, end
    parse(made, data)
    return found


def characters(data: bytes, one: Element) -> str:
    """The text inside an element, of a part that was read as XML before."""
    made, pieces = parser(), list[str]()
    made.CharacterDataHandler = pieces.append
    parse(made, data[one.start : one.end])
    return "".join(pieces)


def only(found: list[Element], kind: str, *, under: str = "") -> Element:
    """The one element of a kind (under a parent of a kind); raises ``NotEditableError`` when there is none, or two."""
    fitting = [one for one in found if one.kind == kind and (not under or (one.above and one.above.kind == under))]
    if len(fitting) != 1:
        raise NotEditableError(kind)
    return fitting[0]

