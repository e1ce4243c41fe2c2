"""A JW323 message (iJw 3.2) as it was sent: its elements in their order, each as it is written. Runs in the child.

The official schema is not part of this program; the structure below is written after its published contents: order,
number, patterns, lengths and ranges of all elements. Expat checks that the XML is well formed; a document type, and with
it every entity, refuses the file. A fault tells the element and the line, and never what stands there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.parsers import expat

from settlement.deliveries.mailbox import is_day
from settlement.deliveries.unreadable import UnreadableError

MESSAGE = "http://www.istandaarden.nl/ijw/3_2/jw323/schema"
BASE = "http://www.istandaarden.nl/ijw/3_2/basisschema/schema"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_ENCODINGS = {"utf-8", "utf-16", "iso-8859-1", "us-ascii"}
"""What expat reads by itself; another would be guessed."""
_LONGEST = 200
"""Characters of one value; more refuse the message, long before they fill the memory. The longest allowed has twenty."""
_BLANKS = re.compile("[ \t\r\n]+")
"""What XML calls white space; a space that is none of these is part of a value."""


@dataclass(frozen=True)
class _Element:
    """One element of the schema: a value, or elements in order."""

    name: str
    space: str = MESSAGE
    allows: Callable[[str], bool] | None = None
    expected: str = ""
    children: tuple[_Element, ...] = ()
    optional: bool = False
    many: bool = False


def _like(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _whole(digits: int) -> Callable[[str], bool]:
    """A whole number of at most so many digits, not counting zeros in front."""
    return _like(rf"0{{0,20}}[0-9]{{1,{digits}}}")


def _text(most: int) -> Callable[[str], bool]:
    return _like(rf"[!-~](?:[ -~]{{0,{most - 2}}}[!-~])?")


def _day(name: str, space: str = BASE) -> _Element:
    return _Element(name, space, is_day, "2018-01-31")


def _period(name: str) -> _Element:
    return _Element(name, children=(_day("Begindatum"), _day("Einddatum")))


def _amount(name: str, inner: str, digits: int) -> _Element:
    return _Element(name, children=(
        _Element(inner, BASE, _whole(digits), "hele eurocenten"), _Element("DebetCredit", BASE, _like("[DC]"), "D, C"),
    ))  # fmt: skip


_VERSION = _like(r"[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}")
_SCHEMA = _Element("Bericht", children=(
    _Element("Header", children=(
        _Element("BerichtCode", allows=_like("490"), expected="490"),
        _Element("BerichtVersie", allows=_like("0*3"), expected="3"),
        _Element("BerichtSubversie", allows=_like("0*2"), expected="2"),
        _Element("Afzender", allows=_like("[0-9]{8}"), expected="8 cijfers (AGB-code)"),
        _Element("Ontvanger", allows=_like("[0-9]{4}"), expected="4 cijfers (gemeentecode)"),
        _Element("BerichtIdentificatie", children=(
            _Element("Identificatie", BASE, _text(12), "1 – 12 tekens"), _day("Dagtekening"),
        )),
        _Element("XsdVersie", children=(
            _Element("BasisschemaXsdVersie", BASE, _VERSION, "1.0.0"), _Element("BerichtXsdVersie", BASE, _VERSION, "1.0.0"),
        )),
    )),
    _Element("Declaratie", children=(
        _Element("DeclaratieNummer", allows=_like("[a-zA-Z0-9]{1,12}"), expected="1 – 12 letters en cijfers"),
        _period("DeclaratiePeriode"),
        _day("DeclaratieDagtekening", MESSAGE),
        _amount("TotaalIngediendBedrag", "TotaalBedrag", 12),
        _Element("Clienten", children=(
            _Element("Client", many=True, children=(
                _Element("Bsn", allows=_like("[0-9]{9}"), expected="9 cijfers"),
                _Element("Prestaties", children=(
                    _Element("Prestatie", many=True, children=(
                        _Element("ProductReferentie", children=(
                            _Element("ReferentieNummer", BASE, _text(20), "1 – 20 tekens"),
                            _Element("VorigReferentieNummer", BASE, _text(20), "1 – 20 tekens", optional=True),
                        )),
                        _Element("ToewijzingNummer", allows=_whole(9), expected="0 – 999999999"),
                        _Element("ProductCategorie", allows=_text(2), expected="2 tekens"),
                        _Element("ProductCode", allows=_text(5), expected="1 – 5 tekens"),
                        _period("ProductPeriode"),
                        _Element("GeleverdVolume", allows=_whole(8), expected="0 – 99999999"),
                        _Element("Eenheid", allows=_text(2), expected="01, 04, 14, 16, 82, 83, 84"),
                        _Element("ProductTarief", allows=_whole(8), expected="hele eurocenten", optional=True),
                        _amount("IngediendBedrag", "Bedrag", 8),
                    )),
                )),
            )),
        )),
    )),
))  # fmt: skip
_AS_WRITTEN = frozenset({"Identificatie", "ReferentieNummer", "VorigReferentieNummer"})
"""Texts whose spaces count; around all other values XML allows them."""


class Performance(NamedTuple):
    """One Prestatie, each value as written; empty where it is left out."""

    reference: str
    previous_reference: str
    allocation: str
    category: str
    code: str
    start: str
    end: str
    volume: str
    unit: str
    tariff: str
    amount: str
    direction: str

    @property
    def is_credit(self) -> bool:
        """Whether it undoes an earlier one."""
        return self.direction == "C"

    @property
    def cents(self) -> int:
        """IngediendBedrag; a credit counts as less."""
        return -int(self.amount) if self.is_credit else int(self.amount)


@dataclass
class Client:
    """A child with what was done for it."""

    service_number: str = ""
    performances: list[Performance] = field(default_factory=list)


@dataclass
class Claim:
    """A JW323."""

    values: dict[str, str] = field(default_factory=dict)
    """By path below Bericht: ``Header/Afzender``, ``Declaratie/DeclaratiePeriode/Begindatum`` …"""
    clients: list[Client] = field(default_factory=list)

    def __getitem__(self, path: str) -> str:
        return self.values[path]

    @property
    def submitted_cents(self) -> int:
        """TotaalIngediendBedrag; negative when it is a credit."""
        total = int(self["Declaratie/TotaalIngediendBedrag/TotaalBedrag"])
        return -total if self["Declaratie/TotaalIngediendBedrag/DebetCredit"] == "C" else total


_OF_PERFORMANCE = {
    "ProductReferentie/ReferentieNummer": "reference", "ProductReferentie/VorigReferentieNummer": "previous_reference",
    "ToewijzingNummer": "allocation", "ProductCategorie": "category", "ProductCode": "code",
    "ProductPeriode/Begindatum": "start", "ProductPeriode/Einddatum": "end", "GeleverdVolume": "volume",
    "Eenheid": "unit", "ProductTarief": "tariff", "IngediendBedrag/Bedrag": "amount",
    "IngediendBedrag/DebetCredit": "direction",
}  # fmt: skip


def read_claim(data: bytes) -> Claim:
    """The message, or ``UnreadableError``: what is not well formed or not as the schema has it is refused as a whole."""
    return _Reading().read(data)


@dataclass
class _Open:
    """An element that has begun and not ended."""

    element: _Element
    at: int = 0
    """The next of its children that may come."""
    seen: bool = False
    """Whether the child at ``at`` has come, of which more may."""


class _Reading:
    """One message on its way through expat, held against the schema step by step."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.EntityDeclHandler = self._refuse_doctype
        self._parser.XmlDeclHandler = self._declared
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._open: list[_Open] = []
        self._text = ""
        self._claim = Claim()
        self._performance: dict[str, str] = {}
        self._ended = False

    def read(self, data: bytes) -> Claim:
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as error:
            if error.code == expat.errors.codes[expat.errors.XML_ERROR_UNKNOWN_ENCODING]:
                raise UnreadableError("message-encoding", expected="UTF-8") from error
            raise UnreadableError("message-damaged", cell=str(error.lineno)) from error
        except (UnicodeError, ValueError, LookupError) as error:
            raise UnreadableError("message-encoding", expected="UTF-8") from error
        return self._claim

    def _refuse_doctype(self, *_: object) -> None:
        raise UnreadableError("message-unsafe", found="DOCTYPE", cell=str(self._parser.CurrentLineNumber))

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.casefold() not in _ENCODINGS:
            raise UnreadableError("message-encoding", expected="UTF-8")

    def _fault(self, path: str, expected: str) -> UnreadableError:
        return UnreadableError(
            "message-structure", found=path, expected=expected, cell=str(self._parser.CurrentLineNumber)
        )

    def _path(self, *below: str) -> str:
        return "/".join([*(each.element.name for each in self._open), *below])

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if not self._open:
            if (space, local) != (MESSAGE, "Bericht"):
                raise UnreadableError("not-a-claim", expected="JW323 (iJw 3.2)")
            self._open.append(_Open(_SCHEMA))
            return
        if any(not each.startswith(f"{_INSTANCE} ") for each in attributes):
            raise self._fault(self._path(_shown(local)), "")
        parent = self._open[-1]
        children = parent.element.children
        while parent.at < len(children):
            child = children[parent.at]
            if (child.space, child.name) == (space, local) and (not parent.seen or child.many):
                parent.seen = True
                self._begin(child)
                return
            if not (parent.seen or child.optional):
                raise self._fault(self._path(_shown(local)), child.name)
            parent.at, parent.seen = parent.at + 1, False
        raise self._fault(self._path(_shown(local)), "")

    def _begin(self, element: _Element) -> None:
        self._open.append(_Open(element))
        self._text = ""
        if element.name == "Client":
            self._claim.clients.append(Client())
        elif element.name == "Prestatie":
            self._performance = {}

    def _characters(self, text: str) -> None:
        if self._open and self._open[-1].element.allows is not None:
            element = self._open[-1].element
            self._text += text
            if element.name not in _AS_WRITTEN:
                self._text = _BLANKS.sub(" ", self._text)
            if len(self._text) > _LONGEST:
                raise self._fault(self._path(), element.expected)
        elif _BLANKS.sub("", text):
            raise self._fault(self._path(), "")

    def _end(self, _: str) -> None:
        done = self._open[-1]
        element = done.element
        for child in element.children[done.at + (1 if done.seen else 0) :]:
            if not child.optional:
                raise self._fault(self._path(child.name), child.name)
        if element.allows is not None:
            text = self._text if element.name in _AS_WRITTEN else self._text.strip(" ")
            if not element.allows(text):
                raise self._fault(self._path(), element.expected)
            self._keep(text)
        self._open.pop()
        if element.name == "Prestatie":
            values = {name: self._performance.get(name, "") for name in Performance._fields}
            self._claim.clients[-1].performances.append(Performance(**values))

    def _keep(self, text: str) -> None:
        names = [each.element.name for each in self._open]
        if "Prestatie" in names:
            self._performance[_OF_PERFORMANCE["/".join(names[names.index("Prestatie") + 1 :])]] = text
        elif names[-1] == "Bsn":
            self._claim.clients[-1].service_number = text
        else:
            self._claim.values["/".join(names[1:])] = text


def _shown(name: str) -> str:
    """The name of an unknown element: letters and digits only, since anything may stand there; no long numbers."""
    return re.sub(r"[0-9]{5,}", "…", re.sub(r"[^0-9A-Za-z]", "", name))[:40]
