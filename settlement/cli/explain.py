"""``settlement explain``: one amount, down to the cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from settlement.cli.talk import INPUTS, OUTPUTS, RULES, Json, Outputs, Period, app, euro, month_of, print_json, say
from settlement.run.told import counted

if TYPE_CHECKING:
    from settlement.run.explain import Explained, LineBehind


@app.command()
def explain(
    contract: Annotated[str, typer.Argument(help="The contract's number.")],
    period: Period,
    service: Annotated[str | None, typer.Option(help="Only this service.")] = None,
    term: Annotated[str | None, typer.Option(help="Only this kind of term, such as ceiling.")] = None,
    month: Annotated[str | None, typer.Option(help="Only this month of service.")] = None,
    amount: Annotated[str | None, typer.Option(help="Only where this amount stands, such as '690,00'.")] = None,
    outputs: Outputs = OUTPUTS,
    most: Annotated[int, typer.Option("--lines", help="How many delivered lines to name for each amount.")] = 10,
    as_json: Json = False,
) -> None:
    """Explains the amounts of a statement: term, article, rule file and line, numbers, delivered cells."""
    import dataclasses

    from settlement.run.explain import explain as why
    from settlement.run.workspace import Workspace
    from settlement.wording import wording
    from settlement.wording.catalogue import TERMS

    # A term may be named as rule files do (arrangement_fee), or as it is told here.
    words = wording("en")
    kinds = {words.term(kind).lower(): kind for kind in TERMS}

    found = why(
        Workspace(RULES, INPUTS, outputs), contract, month_of(period), service=service, term=kinds.get(term.lower(), term) if term else None,
        month=month_of(month) if month else None, amount_cents=_cents(amount) if amount else None,
    )  # fmt: skip
    if as_json:
        print_json(dataclasses.asdict(found))
        return
    say(f"{found.statement} ({found.run}, {found.status}): payable {euro(found.payable_cents)}, to pay {euro(found.to_pay_cents)}")
    if found.carried_cents:
        say(f"  of which carried from earlier settlements {euro(found.carried_cents)}")
    if found.on_hold:
        says = f" ({found.hold_place})" if found.hold_place else ""
        say(f"  the payment is kept back: {found.on_hold}{says}")
    if found.held_cents:
        say(f"  above a ceiling {euro(found.held_cents)} is kept back until somebody decides; it is in no amount payable")
    for row in found.rows:
        say()
        say(f"{row.month} · {row.service or 'the contract'} · {words.term(row.term).lower()} (article {row.article})")
        change = f"  (was {euro(row.was_cents)}, so {euro(row.is_cents - row.was_cents)} now)" if row.was_cents else ""
        say(f"  {euro(row.is_cents)}{change}")
        say(f"  rule     {row.place}")
        if row.formula:
            say(f"  formula  {row.formula}")
            say(f"  numbers  {row.filled}")
        if row.lines:
            say(f"  lines    {_counted(row)}")
        for line in row.lines[:most]:
            say(f"  line     {_told(line)}")
        if len(row.lines) > most:
            say(f"           … and {len(row.lines) - most} more (--lines {len(row.lines)}, or --json)")


def _counted(row: Explained) -> str:
    """How many delivered lines stand behind an amount, and how many of them count in it."""
    every = len(row.lines)
    if row.term == "ceiling":
        return f"{counted(every, 'delivered line')} that the ceiling cut"
    counting = sum(line.counts for line in row.lines)
    told = counted(every, "delivered line")
    if counting == every:
        return told
    why = ", ".join(dict.fromkeys(line.why for line in row.lines if not line.counts))
    return f"{told}: {counting} that {'counts' if counting == 1 else 'count'} and {every - counting} that {'does' if every - counting == 1 else 'do'} not ({why})"


def _told(line: LineBehind) -> str:
    where = f"{line.file}{f', sheet {line.sheet}' if line.sheet else ''}, row {line.row}"
    cells = f" (cells {', '.join(line.cells)})" if line.cells else ""
    gives = f"{line.working} = {euro(line.value_cents)}" if line.working else euro(line.value_cents)
    if line.reason == "bound" and line.working:
        gives = f"{line.working}, of which paid {euro(line.value_cents)}"
    cut = f", less {euro(line.cut_cents)} by the ceiling: {euro(line.earned_cents)}" if line.cut_cents else ""
    price = f" [{line.price_place}]" if line.price_place and line.working else ""
    why = f" ({line.why})" if line.why else ""
    return f"{where}{cells}: {gives}{cut}{why}{price}"


def _cents(text: str) -> int:
    import re

    plain = text.replace("€", "").replace(" ", "").replace(".", "")
    match = re.fullmatch(r"(-?)(\d+)(?:,(\d{1,2}))?", plain)
    if match is None:
        raise typer.BadParameter(f"'{text}' is not an amount. Write it as on the statement: '1.234,50'")
    cents = int(match[2]) * 100 + int((match[3] or "0").ljust(2, "0"))
    return -cents if match[1] else cents
