"""Why an amount is what it is: from a run's receipt and lines down to the delivered cells. Reads, never computes anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from settlement.domain.contract import PaidParts
from settlement.domain.money import divide_half_up
from settlement.domain.periods import Month
from settlement.domain.records import Working
from settlement.run.blocked import Blocked
from settlement.run.workspace import RECEIPT, Workspace
from settlement.wording import wording

if TYPE_CHECKING:
    import polars as pl

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
    """Of the month that is explained: of an arrangement, the parts that fall in it."""
    cut_cents: int
    earned_cents: int
    reason: str
    """Key of the wording, as of ``StatementLine.reason``."""
    working: str
    """How the value comes about, with the numbers filled in; empty when no quantity and price give it."""
    why: str
    """What else is to be said of it, in words: which part of an arrangement it is, or why the working gives another amount."""
    counts: bool
    """False for a line that the amount does not count: it was credited, or is part of another line's arrangement."""


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
    on_hold: str
    """Why a person keeps the payment back, and who does; empty when nobody does."""
    hold_place: str
    """Where in holds.yaml that stands; empty when it is not known."""
    rows: tuple[Explained, ...]


_SPEECH = wording("en", "nl")
_COUNTS_NOT = {"credited", "arrangement", "began_before", "no_result"}
"""Reasons of lines that earn nothing anywhere."""
_NO_WORKING = {*_COUNTS_NOT, "counted", "not_first_day", "not_last_day"}
_ROUNDINGS = {
    "up per line": "rounded up",
    "down per line": "rounded down",
    "half up per client and month": "rounded over the client's lines of the month together",
}
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
        formula, filled = _SPEECH.formula(working) if row["formula"] else ("", "")
        lines = _lines(folder, statement, row, columns) if row["term"] in _LINE_TERMS else ()
        rows.append(
            Explained(
                row["service"], row["term"], row["article"], row["place"], row["year"], row["month"],
                row["is_cents"], row["was_cents"], formula, filled, tuple(lines),
            )
        )  # fmt: skip
    if not rows:
        found = "; ".join(sorted({f"{row['service'] or 'the contract'} · {_SPEECH.term(row['term']).lower()} · {row['month']}" for row in statement["rows"]}))
        raise Blocked(f"No amount of {statement['number']} answers that.", f"It has: {found}")
    return Explanation(
        statement["number"], contract, receipt["run"], receipt["status"], folder.name, statement["carried_cents"],
        statement["payable_cents"], statement["to_pay_cents"], statement["held_cents"], statement["on_hold"],
        statement.get("hold_place", ""), tuple(rows),
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


def _price_of(statement: dict[str, Any], line: dict[str, Any]) -> dict[str, Any] | None:
    """The price of a line: of its service and level, the latest of that amount from before its last day."""
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
    return max(found, key=lambda one: str(one["from"])) if found else None


def _price_place(price: dict[str, Any] | None) -> str:
    if price is None:
        return ""
    place = f"per {_SPEECH.unit(price['per'], several=False)}, {price['place']}"
    if price["indexed"]:
        share = _SPEECH.share(Fraction(price["indexed"]["index_bp"], 10_000))
        return f"{place}, indexed by {share} under article {price['indexed']['article']} ({price['indexed']['place']})"
    return place


def _lines(
    folder: Path, statement: dict[str, Any], row: dict[str, Any], columns: dict[str, tuple[str, dict[str, str]]]
) -> Sequence[LineBehind]:
    """The lines behind a row: of its service and month, or, for a ceiling, those that it cut."""
    import polars as pl

    path = folder / "statements" / statement["lines_file"]
    if not statement["lines_file"] or not path.exists():
        return ()
    month = Month.parse(row["month"])
    lines = pl.read_parquet(path).filter(pl.col("months").list.contains(month.index))
    if row["service"] is not None:
        lines = lines.filter(pl.col("service") == row["service"])
    together = _whole_hours(lines)
    if row["term"] == "ceiling":
        lines = lines.filter(pl.col("cut_cents") != 0)
    found = []
    for line in lines.iter_rows(named=True):
        sheet, fields = columns.get(line["delivery"], ("", {}))
        cells = tuple(f"{fields[name]}{line['row']}" for name in CELLS if name in fields)
        price = _price_of(statement, line)
        # An arrangement is paid in parts, each in a month of its own: here stand those of the month that is explained.
        parts = [one for one in line.get("paid_parts") or () if one["month"] == month.index]
        value = sum(one["value_cents"] for one in parts) if parts else line["value_cents"]
        cut = sum(one["cut_cents"] for one in parts) if parts else line["cut_cents"]
        working, why = _working(statement, line, price, parts, together)
        found.append(
            LineBehind(
                line["delivery"], line["sheet"] or sheet, line["row"], cells, str(Month.from_index(line["claim_month"])),
                _quantity(line), line["price_cents"], _price_place(price), value, cut,
                0 if line["reason"] == "budget" else value - cut, line["reason"],
                working, why, line["reason"] not in _COUNTS_NOT,
            )
        )  # fmt: skip
    return found


def _quantity(line: dict[str, Any]) -> str:
    """``500 minutes``; empty where a line gives none."""
    if line["quantity_milli"] is None:
        return ""
    quantity = Fraction(line["quantity_milli"], 1000)
    return f"{_SPEECH.exact(quantity)} {_SPEECH.unit(line['unit'], several=quantity != 1) if line['unit'] else ''}".strip()


def _whole_hours(lines: pl.DataFrame) -> dict[tuple[object, ...], tuple[int, int]]:
    """The lines that are counted in whole hours together → their quantity in thousandths, and what they are worth."""
    import polars as pl

    keys = ["service", "client", "profile", "intensity", "price_cents", "unit"]
    found = lines.filter(pl.col("reason") == "whole_hours").group_by(keys).agg(pl.col("quantity_milli").sum(), pl.col("value_cents").sum())
    return {tuple(row[:-2]): (row[-2], row[-1]) for row in found.iter_rows()}


def _working(
    statement: dict[str, Any],
    line: dict[str, Any],
    price: dict[str, Any] | None,
    parts: Sequence[dict[str, int]],
    together: dict[tuple[object, ...], tuple[int, int]],
) -> tuple[str, str]:
    """How the value of a line comes about, with its numbers; and why it is another than they say, in words."""
    why = "" if line["reason"] == "whole_hours" else _SPEECH.reason(line["reason"])
    cents = line["price_cents"]
    if price is None or cents is None or line["reason"] in _NO_WORKING:
        return "", why
    if "paid" in price:
        from settlement.statements.compose import line_parts

        paid = PaidParts(**price["paid"])
        named = line_parts(parts)
        told = _SPEECH.parts(named, paid)
        return " + ".join(_SPEECH.part(cents, one.part, paid) for one in named), "; ".join(one for one in (told, why) if one)
    amount, quantity = _SPEECH.euro(cents), _quantity(line)
    if not quantity:
        return f"1 × {amount}", why
    numerator, denominator = _ratio(line, price)
    if line["reason"] == "whole_hours" and line["value_cents"]:
        all_milli, all_cents = together[tuple(line[key] for key in ("service", "client", "profile", "intensity", "price_cents", "unit"))]
        hours = _SPEECH.exact(Fraction(all_cents, cents))
        unit = _SPEECH.unit(line["unit"])
        all_of_it = f"{_SPEECH.exact(Fraction(all_milli, 1000))} {unit}"
        noun = _SPEECH.unit("hour", several=all_cents != cents)
        if all_milli == line["quantity_milli"]:
            return f"{hours} {noun} × {amount}", f"{all_of_it} of the client in the month, in whole hours"
        share = f"{_SPEECH.exact(Fraction(line['quantity_milli'], 1000))} ÷ {_SPEECH.exact(Fraction(all_milli, 1000))}"
        return f"{hours} {noun} × {amount} × {share}", f"its share of {all_of_it} of the client in the month, in whole hours together"
    ratio = (f" × {numerator}" if numerator != 1 else "") + (f" ÷ {denominator}" if denominator != 1 else "")
    working = f"{quantity}{ratio} × {amount}"
    exact = Fraction(line["quantity_milli"] * numerator * cents, 1000 * denominator)
    if line["reason"] != "bound" and abs(line["value_cents"]) != abs(divide_half_up(exact.numerator, exact.denominator)):
        rounding = _ROUNDINGS.get(statement.get("rounding", ""), "")
        why = "; ".join(one for one in (rounding, why) if one)
    return working, why


def _ratio(line: dict[str, Any], price: dict[str, Any]) -> tuple[int, int]:
    """What the quantity of a line is multiplied and divided by to come in the unit of the price."""
    if line["unit"] == "day" and price["per"] == "week":
        return 1, 7
    if line["unit"] == "day" and price["per"] == "month":
        return 1, Month.from_index(line["month"]).last_day.day
    numerator, denominator = price.get("ratio", (1, 1))
    return numerator, denominator
