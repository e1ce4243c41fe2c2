"""Which deliveries go back to their providers, under which names, and what is said of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from settlement.deliveries.contracts import version_of_name
from settlement.deliveries.gather import Gathered
from settlement.domain.contract import Provider
from settlement.domain.periods import Month
from settlement.domain.records import Delivery, Refusal
from settlement.paper.book import lines_of, row_height
from settlement.returns.listed import WIDTHS
from settlement.settle import Settlement
from settlement.wording import Wording, wording
from settlement.wording.outside import for_cell
from settlement.wording.returned import RETURNED

FOLDER = "returned"
_BESIDES = frozenset({"control-total-differs", "second-table"})
"""What may be wrong with a file of which the lines were read all the same."""
_FOUND_AT_MOST = 400
"""Characters of what stands in a cell that the list and a comment repeat."""


@dataclass(frozen=True, slots=True)
class Return:
    """One delivery on its way back to one provider."""

    path: str
    """In the month's folder: ``returned/UTR-AJ-2018-01-2018-03-v2.xlsx``; the name is of our own numbers only."""
    delivery: Delivery
    provider: Provider
    refusals: tuple[Refusal, ...]
    """In order of row and cell."""
    refused: int
    """How many lines."""
    readable: bool
    """False: the file was refused as a whole."""
    alone: bool
    """False: the file names contracts of other providers too, and is not shown to this one."""
    no_lines: frozenset[int]
    """Rows that look like a remark or a signature rather than a line."""
    send_as: str
    """The file name under which it replaces the delivery when it is sent again; empty: its own."""


def returns(settlement: Settlement, delivered: Gathered) -> list[Return]:
    """What goes back of the deliveries that arrived, in order of delivery and provider.

    A file goes back whole to the one provider whose contracts it names. When it names contracts of several, each gets a
    list of its own refusals and nothing else. A file that names no contract that we know goes to nobody: it is a problem.
    """
    by_delivery: dict[str, list[Refusal]] = {}
    names = ["delivery", "contract", "sheet", "row", "cell", "field", "code", "national", "found", "expected"]
    for row in settlement.refusals_told().select(names).iter_rows():
        by_delivery.setdefault(row[0], []).append(Refusal(*row))
    named = delivered.lines.filter(pl.col("delivery").is_in(list(by_delivery))).select("delivery", "contract").unique()
    contracts: dict[str, set[str]] = {}
    for delivery, contract in named.iter_rows():
        contracts.setdefault(delivery, set()).add(contract)
    found: list[Return] = []
    taken: set[str] = set()
    for one in delivered.deliveries:
        refusals = by_delivery.get(one.key)
        # A message goes back as its own answer.
        if refusals is None or one.message is not None:
            continue
        own = contracts.get(one.key, set()) | {each.contract for each in refusals if each.contract}
        own |= {one.contract} if one.contract else set()
        providers = sorted({settlement.rulebook.contracts[contract].provider for contract in own if contract in settlement.rulebook.contracts})
        for key in providers:
            of_provider = [contract for contract in sorted(own) if _provider(settlement, contract) == key]
            told = [each for each in refusals if len(providers) == 1 or each.contract in of_provider]
            if told:
                path = _path(one.contract or of_provider[0], one.claim_month, one.version, taken)
                found.append(_return(one, settlement.rulebook.providers[key], told, path, alone=len(providers) == 1))
    return found


def _provider(settlement: Settlement, contract: str) -> str | None:
    held = settlement.rulebook.contracts.get(contract)
    return None if held is None else held.provider


def _path(contract: str, month: Month, version: int, taken: set[str]) -> str:
    """A name with which the file replaces the one that it came from: the contract's number, the month, a higher version."""
    while True:
        version += 1
        path = f"{FOLDER}/{contract}-{month}-v{version}.xlsx"
        if path.casefold() not in taken:
            taken.add(path.casefold())
            return path


def _return(delivery: Delivery, provider: Provider, refusals: list[Refusal], path: str, *, alone: bool) -> Return:
    readable = delivery.header_row > 0 and all(each.row or each.code in _BESIDES for each in refusals)
    send_as = ""
    if delivery.contract is None:
        # Files whose contracts stand in a column replace each other by name.
        stem = delivery.key.rpartition("/")[2].rpartition(".")[0]
        send_as = f"{version_of_name(stem)[1] or stem} v{delivery.version + 1}.xlsx"
    return Return(
        path,
        delivery,
        provider,
        tuple(sorted(refusals, key=lambda each: (each.row, each.cell, each.field, each.code))),
        len({each.row for each in refusals if each.row}),
        readable,
        alone,
        _no_lines(refusals),
        send_as,
    )


# ---- what the child is told ------------------------------------------------------------------------------


def job_of(one: Return, settlement: Settlement, path: str, way: str) -> dict[str, Any]:
    """What the child needs to make the returned file in one of its ways (``settlement.returns.child``)."""
    organisation = settlement.rulebook.organisation
    words = wording(organisation.language_for(one.provider))
    delivery, data_sheet = one.delivery, words.text("sheet delivery")
    sheet = delivery.sheet or data_sheet
    marks = {} if way == "list" else _marks(one, words)
    contact = " · ".join(part for part in (organisation.email, organisation.phone) if part)
    said = [f"{one.provider.name} · {delivery.contract or ', '.join(_contracts(one.refusals))} · {_file_name(delivery.key)}"]
    said.append(_outcome(one, words))
    if way == "made":
        of_oasis = delivery.key.casefold().endswith(".ods")
        said.append(words.text("returned ods" if of_oasis else "returned made", sheet=sheet))
    elif way == "own" and delivery.key.casefold().endswith(".csv"):
        said.append(words.text("returned csv", sheet=sheet))
    if way != "list":
        said.append(words.text("returned steps"))
        kept = words.text("returned name", file=_file_name(one.path))
        said.append(words.text("returned other name", file=one.send_as) if one.send_as else kept)
    if contact:
        said.append(words.text("returned contact", contact=f"{organisation.name} · {contact}"))
    width = sum(WIDTHS)
    return {
        "way": way,
        "path": path,
        "sheet": delivery.sheet,
        "data_sheet": data_sheet,
        "header_row": delivery.header_row,
        "table_headings": sorted(delivery.headings.values()),
        "marks": marks,
        "list_sheet": words.text("sheet returned"),
        "list_sheets": list(RETURNED["sheet returned"]),
        "title": words.text("returned title", month=words.month(delivery.claim_month)),
        "lines": [(for_cell(text), row_height(lines_of(text, width, 10), 10)) for text in said],
        "headings": [words.text(key) for key in ("cell", "column", "found", "what to do", "national code")],
        "refusals": [_listed(each, one, words, linked=way != "list", sheet=sheet) for each in one.refusals],
        # A size is set off from what follows by a space: a number would become part of it.
        "footer": f"&L&8 {_of_footer(one)}&R&8 {words.text('page of', page='&P', pages='&N')}",
    }


def _of_footer(one: Return) -> str:
    """An ampersand would start a code of the footer's own."""
    return _file_name(one.path).replace("&", "&&")


def _outcome(one: Return, words: Wording) -> str:
    file = _file_name(one.delivery.key)
    if not one.alone:
        return words.text("returned others", file=file)
    if not one.readable:
        return words.text("returned whole", file=file)
    if not one.refused:
        return words.text("returned remarks", delivered=one.delivery.rows)
    return words.text("returned count", refused=one.refused, delivered=one.delivery.rows)


def _contracts(refusals: Iterable[Refusal]) -> list[str]:
    return sorted({each.contract for each in refusals if each.contract})


def _marks(one: Return, words: Wording) -> Mapping[str, str]:
    """What is said on each cell; a fault of a whole row stands on the first cell of its line."""
    texts: dict[str, list[str]] = {}
    for each in one.refusals:
        if each.sheet not in {one.delivery.sheet, ""}:
            continue
        cell = _cell(each, one.delivery)
        if cell:
            sentence = _sentence(each, one, words)
            key = "returned comment national" if each.national else "returned comment"
            texts.setdefault(cell, []).append(words.text(key, code=each.national, sentence=sentence))
    return {cell: "\n\n".join(dict.fromkeys(found)) for cell, found in texts.items()}


def _sentence(refusal: Refusal, one: Return, words: Wording) -> str:
    """What is wrong, and what to do where the row is perhaps no line, or where rows that nobody sees count."""
    sentence = words.refusal(_short(refusal))
    if refusal.code == "missing-start" and refusal.row in one.no_lines:
        return f"{sentence} {words.text('returned no line')}"
    if refusal.code == "control-total-differs" and "hidden rows" in one.delivery.notes:
        return f"{sentence} {words.text('returned hidden rows count')}"
    return sentence


def _no_lines(refusals: Iterable[Refusal]) -> frozenset[int]:
    """Rows without a day and without most of what else a line needs: rather a remark or a signature below the table. Where the
    service is missing, nothing more is asked that would follow from it."""
    missing: dict[int, set[str]] = {}
    for each in refusals:
        if each.row and each.code.startswith("missing-"):
            missing.setdefault(each.row, set()).add(each.code)
    return frozenset(row for row, codes in missing.items() if "missing-start" in codes and (len(codes) > 2 or "missing-service" in codes))


def _cell(refusal: Refusal, delivery: Delivery) -> str:
    if refusal.cell or not refusal.row:
        return refusal.cell
    if refusal.field in delivery.columns:
        return f"{delivery.columns[refusal.field]}{refusal.row}"
    first = min(delivery.columns.values(), key=lambda each: (len(each), each), default="")
    return f"{first}{refusal.row}" if first else ""


def _short(refusal: Refusal) -> Refusal:
    cut = _FOUND_AT_MOST
    return replace(
        refusal,
        found=refusal.found if len(refusal.found) <= cut else f"{refusal.found[:cut]} …",
        expected=refusal.expected if len(refusal.expected) <= cut else f"{refusal.expected[:cut]} …",
    )


def _listed(refusal: Refusal, one: Return, words: Wording, *, linked: bool, sheet: str) -> dict[str, Any]:
    """A row of the list: its texts, where its first cell leads to, how high it is; and the same where its row is hidden,
    which only shows when the sheet is marked."""
    short = _short(refusal)
    cell = _cell(refusal, one.delivery)
    letters = one.delivery.columns.get(refusal.field, "")
    if not refusal.field:
        column = words.text("whole line" if refusal.row else "whole file")
    elif letters:
        # As the provider wrote it, behind its letters: a row of this list must never look like a row of headings.
        heading = one.delivery.headings.get(refusal.field) or words.field(refusal.field)
        column = words.text("returned in column", letters=letters, column=heading)
    else:
        column = words.text("returned no column", column=words.field(refusal.field))
    missing = refusal.code.startswith("missing-") and not refusal.found
    found = words.text("returned nothing") if missing else words.found(short)
    texts = [for_cell(each) for each in (cell, column, found, _sentence(refusal, one, words), refusal.national)]
    column_hidden = for_cell(words.text("returned in hidden row", column=column))
    own = linked and bool(cell) and refusal.sheet in {one.delivery.sheet, ""}
    target = f"'{sheet.replace(chr(39), chr(39) * 2)}'!{cell}" if own else ""
    return {
        "row": refusal.row,
        "texts": texts,
        "target": target,
        "height": _height(texts),
        "column_hidden": column_hidden,
        "height_hidden": _height([texts[0], column_hidden, *texts[2:]]),
    }


def _height(texts: Sequence[str]) -> float:
    return row_height(max(lines_of(text, width - 2) for text, width in zip(texts, WIDTHS, strict=True)))


def _file_name(key: str) -> str:
    return key.rpartition("/")[2]


def ways_of(one: Return) -> Sequence[str]:
    """How its workbook may be made, the best first; none: it gets the list alone."""
    if not one.readable or not one.alone:
        return ()
    return ("own",) if one.delivery.key.casefold().endswith(".csv") else ("own", "made")
