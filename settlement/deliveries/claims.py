"""A JW323 to the messages of the child: its lines as cells without a citizen service number, and what is wrong with it.

The levels of control are those of iJw IV088: the structure (message.py), what can be checked within the message (the
whole of it is rejected, 0001), and what can be said of one line by itself. What takes other messages or the contract
to know is decided further on. Standard library only; runs in the child.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from settlement.deliveries.cells import SEPARATOR
from settlement.deliveries.mailbox import Mailbox, Pseudonyms, placed
from settlement.deliveries.message import Claim, Performance, read_claim
from settlement.deliveries.personal import is_service_number
from settlement.deliveries.unreadable import UnreadableError
from settlement.domain.periods import Month

REJECTED = "0001"
"""The message is rejected for technical reasons: nothing of it is processed."""
_YEARS_AT_MOST = 5
_VOLUME_AT_MOST = 1_000_000
"""More in one line is refused, as in a workbook: a year has 525,600 minutes."""
_UNITS = {"01": "minuut", "04": "uur", "14": "etmaal", "16": "dagdeel", "82": "82", "83": "83", "84": "84"}
_HEADINGS = {
    "client": "Bsn", "code": "ProductCode", "allocation": "ToewijzingNummer", "start": "Begindatum", "end": "Einddatum",
    "quantity": "GeleverdVolume", "unit": "Eenheid", "claimed": "Bedrag", "direction": "DebetCredit",
    "reference": "ReferentieNummer", "previous_reference": "VorigReferentieNummer", "municipality": "Ontvanger",
    "contract": "Afzender, Ontvanger, ProductCode",
}  # fmt: skip
_ROWS_TOGETHER = 4096

Row = tuple[int, str, Performance]
"""The number of the Prestatie in the message, its citizen service number, and itself."""
Fault = tuple[int, str, str, str]
"""Row (0: of the message), code, found, expected."""


def claim_messages(data: bytes, mailbox: Mailbox) -> Iterator[dict[str, Any]]:
    """What there is to say of a delivered message, as for any file: ``table``, ``rows``, ``end``."""
    if not mailbox.key:
        raise UnreadableError("no-client-key", found=mailbox.missing)
    claim = read_claim(data)
    sender, receiver = claim["Header/Afzender"], claim["Header/Ontvanger"]
    routes = mailbox.for_message(sender, receiver)
    if not routes:
        raise UnreadableError("message-without-contract", found=sender, expected=receiver)
    rows = rows_of(claim)
    contracts: dict[int, str] = {}
    for number, _, line in rows:
        fitting = placed(routes, line.code, line.start)
        known = any(line.code.casefold() in route.codes for route in routes)
        if not known and mailbox.unread:
            raise UnreadableError("message-of-unread-contract", found=str(number))
        if len(fitting) > 1:
            raise UnreadableError("message-of-two-contracts", found=" / ".join(fitting), expected=line.code[:5])
        contracts[number] = fitting[0]
    names = Pseudonyms(mailbox.key, sender)
    numbers = {client.service_number for client in claim.clients}
    whole = [(row, code, _safe(names, found, numbers), expected) for row, code, found, expected in rejections(claim, rows)]
    faults = _of_all(whole, rows) if whole else line_faults(claim, rows)
    only = set(contracts.values())
    yield {
        "is": "table", "sheet": "", "header_row": 0, "columns": {}, "fields": list(_HEADINGS), "headings": _HEADINGS,
        "others": [], "in_head": only.pop() if len(only) == 1 else "", "in_name": "", "version": 1, "month": "",
        "message": _head(claim, names, numbers, REJECTED if whole else ""),
    }  # fmt: skip
    refused = {row for row, *_ in faults}
    good = [row for row in rows if row[0] not in refused]
    for at in range(0, max(len(good), 1), _ROWS_TOGETHER):
        piece = good[at : at + _ROWS_TOGETHER]
        yield {
            "is": "rows", "rows": [number for number, _, _ in piece],
            "cells": _cells(piece, names, numbers, receiver, contracts), "kinds": {}, "outside": [], "totals": [],
            "repeated": [], "hidden": 0,
            "faults": [(*fault, contracts[fault[0]]) for fault in faults] if at == 0 else [],
        }  # fmt: skip
    yield {"is": "end", "merged": [], "calendar_1904": False, "notes": [], "other_tables": []}


def rows_of(claim: Claim) -> list[Row]:
    """The lines of a message, numbered from 1."""
    every = [(client.service_number, line) for client in claim.clients for line in client.performances]
    return [(number, service_number, line) for number, (service_number, line) in enumerate(every, 1)]


def _head(claim: Claim, names: Pseudonyms, numbers: set[str], rejected: str) -> dict[str, Any]:
    return {
        "identification": names.covered(claim["Header/BerichtIdentificatie/Identificatie"], numbers),
        "dated": claim["Header/BerichtIdentificatie/Dagtekening"],
        "sender": claim["Header/Afzender"],
        "receiver": claim["Header/Ontvanger"],
        "claim_number": names.covered(claim["Declaratie/DeclaratieNummer"], numbers),
        "claim_period": claim["Declaratie/DeclaratiePeriode/Begindatum"][:7],
        "submitted_cents": claim.submitted_cents,
        "rejected": rejected,
    }


def _cells(
    rows: Sequence[Row], names: Pseudonyms, numbers: set[str], receiver: str, contracts: Mapping[int, str]
) -> dict[str, str]:
    """The cells by field. Of a unit in euros the volume is in cents."""
    clients = {number: names.client(number) for number in {service_number for _, service_number, _ in rows}}
    columns = {
        "client": [clients[service_number] for _, service_number, _ in rows],
        "code": [line.code for *_, line in rows],
        "allocation": [names.covered(str(int(line.allocation)), numbers) for *_, line in rows],
        "start": [line.start for *_, line in rows],
        "end": [line.end for *_, line in rows],
        "quantity": [_euros(int(line.volume)) if line.unit == "83" else str(int(line.volume)) for *_, line in rows],
        "unit": [_UNITS.get(line.unit, f"eenheid {line.unit}") for *_, line in rows],
        "claimed": [_euros(int(line.amount)) for *_, line in rows],
        "direction": [line.direction for *_, line in rows],
        "reference": [names.covered(line.reference, numbers) for *_, line in rows],
        "previous_reference": [names.covered(line.previous_reference, numbers) for *_, line in rows],
        "municipality": [receiver for _ in rows],
        "contract": [contracts[number] for number, _, _ in rows],
    }
    return {name: SEPARATOR.join(values) for name, values in columns.items()}


def _euros(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}"


def _shown(cents: int) -> str:
    return f"€ {'-' if cents < 0 else ''}{_euros(abs(cents))}"


def _safe(names: Pseudonyms, found: str, numbers: set[str]) -> str:
    return names.covered(found, numbers) if found else found


def _of_all(faults: Sequence[Fault], rows: Sequence[Row]) -> list[Fault]:
    """The faults of a message that is rejected: each line has its own, those of the message, or that it was among others."""
    of_message = [fault for fault in faults if not fault[0]]
    own: dict[int, list[Fault]] = {}
    for fault in faults:
        own.setdefault(fault[0], []).append(fault)
    found: list[Fault] = []
    for number, _, _ in rows:
        mine = [(number, code, what, expected) for _, code, what, expected in [*of_message, *own.get(number, [])]]
        found += mine or [(number, "message-rejected", "", "")]
    return found


# ---- within the message (0001) ---------------------------------------------------------------------------


def rejections(claim: Claim, rows: Sequence[Row]) -> list[Fault]:
    """Why a message is rejected as a whole, by what can be checked within it; empty when it is not."""
    return [*_of_message(claim), *_of_clients(claim, rows), *_of_lines(claim, rows), *_between_lines(rows)]


def _of_message(claim: Claim) -> Iterator[Fault]:
    begins, ends = (claim[f"Declaratie/DeclaratiePeriode/{day}"] for day in ("Begindatum", "Einddatum"))
    month = Month.parse(begins[:7])
    if begins != month.first_day.isoformat() or ends != month.last_day.isoformat():  # CS340
        yield 0, "claim-period-not-a-month", f"{begins} – {ends}", f"{month.first_day} – {month.last_day}"
    dated = claim["Header/BerichtIdentificatie/Dagtekening"]
    for day in (ends, claim["Declaratie/DeclaratieDagtekening"]):
        if day > dated:  # TR134, TR137
            yield 0, "after-message-date", day, dated
    total = sum(line.cents for client in claim.clients for line in client.performances)
    if claim.submitted_cents != total:  # TR358
        yield 0, "message-total-differs", _shown(claim.submitted_cents), _shown(total)
    if not claim.submitted_cents and claim["Declaratie/TotaalIngediendBedrag/DebetCredit"] != "D":  # CS325
        yield 0, "nothing-as-credit", "C", "D"


def _of_clients(claim: Claim, rows: Sequence[Row]) -> Iterator[Fault]:
    seen: set[str] = set()
    twice: set[str] = set()
    for client in claim.clients:
        (twice if client.service_number in seen else seen).add(client.service_number)
    for number, service_number, _ in rows:
        if not is_service_number(service_number):  # CS002
            yield number, "service-number-invalid", "", ""
        if service_number in twice:  # TR101
            yield number, "client-twice-in-message", "", ""


def _of_lines(claim: Claim, rows: Sequence[Row]) -> Iterator[Fault]:
    dated = claim["Header/BerichtIdentificatie/Dagtekening"]
    signed = claim["Declaratie/DeclaratieDagtekening"]
    oldest = f"{int(signed[:4]) - _YEARS_AT_MOST:04d}{signed[4:]}"
    for number, _, line in rows:
        if line.start[:7] != line.end[:7] or line.end < line.start:  # CS337, TR137
            yield number, "period-not-in-a-month", f"{line.start} – {line.end}", ""
        if line.end > dated:  # TR137
            yield number, "after-message-date", line.end, dated
        if line.end < oldest:  # TR335
            yield number, "older-than-five-years", line.end, oldest
        if line.is_credit != bool(line.previous_reference):  # CD060
            yield number, "reference-and-direction-differ", line.previous_reference, ""
        if not int(line.amount) and line.is_credit:  # CS325
            yield number, "nothing-as-credit", "C", "D"
        if (line.unit == "83") == bool(line.tariff):  # CD087
            yield number, "tariff-and-unit-differ", line.unit, ""
        if line.unit == "83" and int(line.volume) != int(line.amount):  # CS339
            yield number, "euros-differ", _shown(int(line.amount)), _shown(int(line.volume))


def _between_lines(rows: Sequence[Row]) -> Iterator[Fault]:
    references = {line.reference for *_, line in rows}
    credited: set[str] = set()
    keys: set[tuple[str, str, str]] = set()
    debits: set[tuple[str, ...]] = set()
    for number, service_number, line in rows:
        key = (service_number, line.reference, line.previous_reference)
        if key in keys:  # TR101
            yield number, "line-twice-in-message", line.reference, ""
        keys.add(key)
        if line.is_credit:
            if line.previous_reference in references:  # TR316
                yield number, "credit-of-same-message", line.previous_reference, ""
            if line.previous_reference in credited:  # TR315
                yield number, "credited-twice-in-message", line.previous_reference, ""
            credited.add(line.previous_reference)
            continue
        care = (str(int(line.allocation)), line.category, line.code, line.start, line.end)
        if care in debits:  # TR416
            yield number, "claimed-twice-in-message", line.reference, ""
        debits.add(care)


# ---- one line by itself ----------------------------------------------------------------------------------


def line_faults(claim: Claim, rows: Sequence[Row]) -> list[Fault]:
    """What is wrong with single lines, whatever the contract says."""
    last = claim["Declaratie/DeclaratiePeriode/Einddatum"]
    found: list[Fault] = []
    for number, _, line in rows:
        if line.end > last:  # TR319
            found.append((number, "after-claim-period", line.end, last))
        if line.unit != "83" and int(line.volume) > _VOLUME_AT_MOST:
            found.append((number, "volume-too-large", str(int(line.volume)), str(_VOLUME_AT_MOST)))
        if not line.is_credit and not _adds_up(line):  # TR346
            low, high = _within(line)
            expected = _shown(low) if low == high else f"{_shown(low)} – {_shown(high)}"
            found.append((number, "volume-times-tariff", _shown(int(line.amount)), expected))
    return found


def _adds_up(line: Performance) -> bool:
    """Whether the amount can be volume times tariff."""
    if line.unit == "83":
        return True
    low, high = _within(line)
    return low <= int(line.amount) <= high


def _within(line: Performance) -> tuple[int, int]:
    """The least and the most that volume times tariff can be, in cents. In minutes the tariff is rounded to be shown (iJw IV081),
    and a true one lies within half a cent of it."""
    due = int(line.volume) * int(line.tariff)
    margin = (int(line.volume) + 1) // 2 if line.unit == "01" else 0
    return due - margin, due + margin
