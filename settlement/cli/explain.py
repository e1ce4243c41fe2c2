"""``settlement explain``: one amount, down to the cell."""

from __future__ import annotations

from typing import Annotated

import typer

from settlement.cli.talk import INPUTS, OUTPUTS, RULES, Json, Outputs, Period, app, euro, month_of, print_json, say


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

    found = why(
        Workspace(RULES, INPUTS, outputs), contract, month_of(period), service=service, term=term,
        month=month_of(month) if month else None, amount_cents=_cents(amount) if amount else None,
    )  # fmt: skip
    if as_json:
        print_json(dataclasses.asdict(found))
        return
    say(f"{found.statement} ({found.run}, {found.status}): payable {euro(found.payable_cents)}, to pay {euro(found.to_pay_cents)}")
    if found.carried_cents:
        say(f"  of which carried from earlier settlements {euro(found.carried_cents)}")
    for row in found.rows:
        say()
        say(f"{row.month} · {row.service or 'the contract'} · {row.term} (article {row.article})")
        change = f"  (was {euro(row.was_cents)}, so {euro(row.is_cents - row.was_cents)} now)" if row.was_cents else ""
        say(f"  {euro(row.is_cents)}{change}")
        say(f"  rule     {row.place}")
        if row.formula:
            say(f"  formula  {row.formula}")
            say(f"  numbers  {row.filled}")
        for line in row.lines[:most]:
            where = f"{line.file}{f', sheet {line.sheet}' if line.sheet else ''}, row {line.row}"
            cells = f" (cells {', '.join(line.cells)})" if line.cells else ""
            price = f" × {euro(line.price_cents)}" if line.price_cents is not None else ""
            price += f" [{line.price_place}]" if line.price_place else ""
            cut = f", ceiling took {euro(line.cut_cents)}" if line.cut_cents else ""
            say(f"  line     {where}{cells}: {line.quantity or '1'}{price} = {euro(line.value_cents)}{cut}, earned {euro(line.earned_cents)}{f' [{line.reason}]' if line.reason else ''}")
        if len(row.lines) > most:
            say(f"           … and {len(row.lines) - most} more lines (--lines {len(row.lines)}, or --json)")


def _cents(text: str) -> int:
    import re

    plain = text.replace("€", "").replace(" ", "").replace(".", "")
    match = re.fullmatch(r"(-?)(\d+)(?:,(\d{1,2}))?", plain)
    if match is None:
        raise typer.BadParameter(f"'{text}' is not an amount. Write it as on the statement: '1.234,50'")
    cents = int(match[2]) * 100 + int((match[3] or "0").ljust(2, "0"))
    return -cents if match[1] else cents
