"""Why an amount is what it is: from a run's receipt and lines down to the delivered cells. Reads, never computes anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from settlement.domain.periods import Month
from settlement.domain.records import Working
from settlement.run.blocked import Blocked
from settlement.run.workspace import RECEIPT, Workspace
from settlement.wording import wording

CELLS = ("client", "service", "code", "intensity", "profile", "start", "end", "quantity", "unit", "claimed", "result")
"""The fields whose cells are named, where the delivery has them."""


@dataclass(frozen=True, slots=True)
class LineBehind:
    """A delivered line behind an amount."""

    file: str
    sheet: str
    row: int
    cells: tuple[str, ...]
    claim_month: str
    quantity: str
    price_cents: int | None
    price_place: str
    """Where the price stands in the rule file; empty when it is not known."""
    value_cents: int
    cut_cents: int
    earned_cents: int
    reason: str


@dataclass(frozen=True, slots=True)
class Explained:
    """One amount of a statement, explained."""

    service: str | None
    term: str
    article: str
    place: str
    year: int
    month: str
    is_cents: int
    was_cents: int
    formula: str
    filled: str
    lines: tuple[LineBehind, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A statement's total and each amount that it adds up from."""

    statement: str
    contract: str
    run: str
    status: str
    folder: str
    carried_cents: int
    payable_cents: int
    to_pay_cents: int
    held_cents: int
    rows: tuple[Explained, ...]


_LINE_TERMS = {"tariff", "weekly_tariff", "arrangement_fee", "monthly_tariff", "person_fee", "ceiling"}


def explain(
    workspace: Workspace,
    contract: str,
    period: Month,
    *,
    service: str | None = None,
    term: str | None = None,
    month: Month | None = None,
    amount_cents: int | None = None,
) -> Explanation:
    """The amounts of a contract's statement for a month that match what is asked; all when nothing is.

    Raises ``Blocked`` when the month was not settled, or has no such contract or amount.
    """
    folder, receipt = _receipt_of(workspace, period)
    statement = next((one for one in receipt["statements"] if one["contract"] == contract), None)
    if statement is None:
        known = ", ".join(one["contract"] for one in receipt["statements"])
        raise Blocked(f"{period} has no statement for {contract}.", f"It has: {known}")
    columns = {one["file"]: (one["sheet"], one["columns"]) for one in receipt["deliveries"]}
    rows = []
    for row in statement["rows"]:
        if (
            (service is not None and row["service"] != service)
            or (term is not None and row["term"] != term)
            or (month is not None and row["month"] != str(month))
            or (amount_cents is not None and amount_cents not in _amounts(row))
        ):
            continue
        working = Working(
            row["formula"],
            {name: (_figure(value, unit), unit) for name, (value, unit) in row["numbers"].items()},
        )
        formula, filled = wording("en", "nl").formula(working) if row["formula"] else ("", "")
        lines = _lines(folder, statement, row, columns) if row["term"] in _LINE_TERMS else ()
        rows.append(
            Explained(
                row["service"], row["term"], row["article"], row["place"], row["year"], row["month"],
                row["is_cents"], row["was_cents"], formula, filled, tuple(lines),
            )
        )  # fmt: skip
    if not rows:
        found = "; ".join(sorted({f"{row['service'] or 'the contract'} · {row['term']} · {row['month']}" for row in statement["rows"]}))
        raise Blocked(f"No amount of {statement['number']} answers that.", f"It has: {found}")
    return Explanation(
        statement["number"], contract, receipt["run"], receipt["status"], folder.name, statement["carried_cents"],
        statement["payable_cents"], statement["to_pay_cents"], statement["held_cents"], tuple(rows),
    )  # fmt: skip


def _amounts(row: dict[str, Any]) -> set[int]:
    return {row["is_cents"], row["was_cents"], row["is_cents"] - row["was_cents"]}


def _figure(value: str, unit: str) -> Fraction | str:
    return value if unit == "word" else Fraction(value)


def _receipt_of(workspace: Workspace, period: Month) -> tuple[Path, dict[str, Any]]:
    """The newest run of a month: its folder and receipt."""
    folders = sorted(
        (path.parent for path in workspace.outputs.glob(f"{period}*/{RECEIPT}")), key=lambda path: (len(path.name), path.name)
    )
    if not folders:
        raise Blocked(f"{period} has not been settled in {workspace.outputs}.", f"Settle it: settlement run --period {period}")
    return folders[-1], json.loads((folders[-1] / RECEIPT).read_bytes())


def _price_place(statement: dict[str, Any], line: dict[str, Any]) -> str:
    """Where the line's price stands: of its service and level, the latest of that amount from before its last day."""
    until = str(line["end"] or line["start"])
    found = [
        price
        for price in statement["prices"]
        if price["service"] == line["service"]
        and price["cents"] == line["price_cents"]
        and price["from"] <= until
        and price.get("profile", line["profile"]).casefold() == line["profile"].casefold()
        and price.get("intensity", line["intensity"]).casefold() == line["intensity"].casefold()
    ]
    if not found:
        return ""
    price = max(found, key=lambda one: str(one["from"]))
    if price["indexed"]:
        share = f"{price['indexed']['index_bp'] / 100:g} %".replace(".", ",")
        return f"per {price['per']}, {price['place']}, indexed by {share} under article {price['indexed']['article']} ({price['indexed']['place']})"
    return f"per {price['per']}, {price['place']}"


def _lines(
    folder: Path, statement: dict[str, Any], row: dict[str, Any], columns: dict[str, tuple[str, dict[str, str]]]
) -> Sequence[LineBehind]:
    """The lines behind a row: of its service and month, or, for a ceiling, those that it cut."""
    import polars as pl

    path = folder / "statements" / statement["lines_file"]
    if not statement["lines_file"] or not path.exists():
        return ()
    lines = pl.read_parquet(path).filter(pl.col("months").list.contains(Month.parse(row["month"]).index))
    if row["service"] is not None:
        lines = lines.filter(pl.col("service") == row["service"])
    if row["term"] == "ceiling":
        lines = lines.filter(pl.col("cut_cents") != 0)
    found = []
    for line in lines.iter_rows(named=True):
        sheet, fields = columns.get(line["delivery"], ("", {}))
        cells = tuple(f"{fields[name]}{line['row']}" for name in CELLS if name in fields)
        quantity = ""
        if line["quantity_milli"] is not None:
            counted = wording("en", "nl").number(Fraction(line["quantity_milli"], 1000), at_most=3)
            quantity = f"{counted} {wording('en').unit(line['unit']) if line['unit'] else ''}".strip()
        found.append(
            LineBehind(
                line["delivery"], line["sheet"] or sheet, line["row"], cells, str(Month.from_index(line["claim_month"])),
                quantity, line["price_cents"], _price_place(statement, line), line["value_cents"], line["cut_cents"], line["earned_cents"], line["reason"],
            )
        )  # fmt: skip
    return found
