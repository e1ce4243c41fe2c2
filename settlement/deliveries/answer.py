"""The JW325 that answers a JW323 (iJw 3.2), by the rules for filling it (IV087). Standard library only.

It is made from the delivered bytes: what the provider sent of a rejected line, the citizen service number too, goes back
as it was written, into the file for that provider and nowhere else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from settlement.deliveries.claims import Row, rows_of
from settlement.deliveries.message import BASE, Claim, Performance, read_claim

ANSWER = "http://www.istandaarden.nl/ijw/3_2/jw325/schema"
XSD_VERSION = "1.0.0"
"""Of the schemas that the answer is written by."""
NO_REMARK, NOT_JUDGED, GRANTED, OTHER_CLIENT = "0200", "0233", "8001", "8187"
OF_HEADER = frozenset({"0001", "9056"})
"""Codes that reject a message at its header: the answer then holds nothing else."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided of a message."""

    identification: str
    """Of the answer: at most 12 characters, unique for the municipality."""
    dated: dt.date
    rejected: str
    """The code that rejects all of it; empty: its lines were judged."""
    lines: Mapping[int, tuple[str, ...]]
    """The codes of the lines that are refused, by their number in the message."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A JW325, and the sums that it was made with."""

    content: bytes
    submitted_cents: int
    granted_cents: int
    rejected_cents: int
    """Of the lines that come back; a credit counts as less."""
    rejected_lines: int


def answer_to(data: bytes, verdict: Verdict) -> Answer:
    """Answers a message that was read before; raises ``UnreadableError`` when these bytes can't be."""
    claim = read_claim(data)
    rows = rows_of(claim)
    refused = [row for row in rows if row[0] in verdict.lines]
    rejected = sum(line.cents for *_, line in refused)
    header_only = verdict.rejected in OF_HEADER
    granted = 0 if verdict.rejected else claim.submitted_cents - rejected
    out = _Writer()
    out.line('<?xml version="1.0" encoding="UTF-8"?>')
    out.open(f'jw325:Bericht xmlns:ijw="{BASE}" xmlns:jw325="{ANSWER}"')
    _header(out, claim, verdict, verdict.rejected if header_only else NO_REMARK)
    if not header_only:
        out.open("jw325:DeclaratieAntwoord")
        out.leaf("jw325:DeclaratieNummer", claim["Declaratie/DeclaratieNummer"])
        _total(out, "jw325:TotaalIngediendBedrag", claim.submitted_cents)
        _total(out, "jw325:TotaalToegekendBedrag", granted)
        if refused and not verdict.rejected:
            _clients(out, refused, verdict.lines)
        _codes(out, (verdict.rejected or (NO_REMARK if refused else GRANTED),))
        out.close("jw325:DeclaratieAntwoord")
    out.close("jw325:Bericht")
    return Answer(out.bytes(), claim.submitted_cents, granted, 0 if verdict.rejected else rejected, len(refused))


class _Writer:
    """Elements below each other, two spaces further in for each level: the same content gives the same bytes."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0

    def line(self, text: str) -> None:
        self._lines.append("  " * self._depth + text)

    def open(self, name: str) -> None:
        self.line(f"<{name}>")
        self._depth += 1

    def close(self, name: str) -> None:
        self._depth -= 1
        self.line(f"</{name}>")

    def leaf(self, name: str, text: str) -> None:
        self.line(f"<{name}>{escape(text)}</{name}>")

    def bytes(self) -> bytes:
        return ("\n".join(self._lines) + "\n").encode()


def _header(out: _Writer, claim: Claim, verdict: Verdict, code: str) -> None:
    of_claim = "Header/BerichtIdentificatie/"
    out.open("jw325:Header")
    for name, text in (("BerichtCode", "491"), ("BerichtVersie", "3"), ("BerichtSubversie", "2")):
        out.leaf(f"jw325:{name}", text)
    out.leaf("jw325:Afzender", claim["Header/Ontvanger"])
    out.leaf("jw325:Ontvanger", claim["Header/Afzender"])
    _group(out, "BerichtIdentificatie", Identificatie=verdict.identification, Dagtekening=verdict.dated.isoformat())
    _group(out, "XsdVersie", BasisschemaXsdVersie=XSD_VERSION, BerichtXsdVersie=XSD_VERSION)
    _group(
        out, "DeclaratieIdentificatie",
        Identificatie=claim[f"{of_claim}Identificatie"], Dagtekening=claim[f"{of_claim}Dagtekening"],
    )  # fmt: skip
    _group(
        out, "XsdVersieDeclaratie",
        BasisschemaXsdVersie=claim["Header/XsdVersie/BasisschemaXsdVersie"],
        BerichtXsdVersie=claim["Header/XsdVersie/BerichtXsdVersie"],
    )  # fmt: skip
    _codes(out, (code,))
    out.close("jw325:Header")


def _group(out: _Writer, name: str, **values: str) -> None:
    out.open(f"jw325:{name}")
    for inner, text in values.items():
        out.leaf(f"ijw:{inner}", text)
    out.close(f"jw325:{name}")


def _total(out: _Writer, name: str, cents: int) -> None:
    out.open(name)
    out.leaf("ijw:TotaalBedrag", str(abs(cents)))
    out.leaf("ijw:DebetCredit", "C" if cents < 0 else "D")
    out.close(name)


def _codes(out: _Writer, codes: Sequence[str]) -> None:
    out.open("jw325:RetourCodes")
    for code in codes:
        out.leaf("jw325:RetourCode", code)
    out.close("jw325:RetourCodes")


def _clients(out: _Writer, refused: Sequence[Row], codes: Mapping[int, tuple[str, ...]]) -> None:
    """The clients with rejected lines, as in the message; of each, credits before debits."""
    by_client: dict[str, list[Row]] = {}
    for row in refused:
        by_client.setdefault(row[1], []).append(row)
    out.open("jw325:Clienten")
    for service_number, rows in by_client.items():
        is_other = any(OTHER_CLIENT in codes[number] for number, *_ in rows)
        out.open("jw325:Client")
        out.leaf("jw325:Bsn", service_number)
        out.open("jw325:Prestaties")
        for number, _, line in sorted(rows, key=lambda row: (not row[2].is_credit, row[0])):
            _performance(out, line, (NOT_JUDGED,) if is_other else codes[number])
        out.close("jw325:Prestaties")
        _codes(out, (OTHER_CLIENT if is_other else NO_REMARK,))
        out.close("jw325:Client")
    out.close("jw325:Clienten")


def _performance(out: _Writer, line: Performance, codes: Sequence[str]) -> None:
    out.open("jw325:Prestatie")
    previous = {"VorigReferentieNummer": line.previous_reference} if line.previous_reference else {}
    _group(out, "ProductReferentie", ReferentieNummer=line.reference, **previous)
    out.leaf("jw325:ToewijzingNummer", line.allocation)
    out.leaf("jw325:ProductCategorie", line.category)
    out.leaf("jw325:ProductCode", line.code)
    _group(out, "ProductPeriode", Begindatum=line.start, Einddatum=line.end)
    out.leaf("jw325:GeleverdVolume", line.volume)
    out.leaf("jw325:Eenheid", line.unit)
    if line.tariff:
        out.leaf("jw325:ProductTarief", line.tariff)
    _group(out, "IngediendBedrag", Bedrag=line.amount, DebetCredit=line.direction)
    _codes(out, codes)
    out.close("jw325:Prestatie")
