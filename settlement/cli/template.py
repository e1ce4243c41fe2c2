"""``settlement template``: the workbook that a provider fills in for a contract and a month."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from settlement.cli.talk import RULES, Json, Period, Rules, app, month_of, print_json, rulebook_with, say


@app.command()
def template(
    contract: Annotated[str, typer.Option("--contract", help="The contract's number.")],
    period: Period,
    rules: Rules = RULES,
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; by default it is named after contract and month.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Write over a file that is there already.")] = False,
    english: Annotated[bool, typer.Option("--english", help="In English instead of Dutch.")] = False,
    as_json: Json = False,
) -> None:
    """Makes the workbook that a provider fills in: the columns that the contract's terms need, with lists and checks."""
    from settlement.run.blocked import Blocked
    from settlement.run.outbox import write_atomically
    from settlement.templates.columns import needs_lines
    from settlement.templates.workbook import file_name, write_template

    month = month_of(period)
    rulebook = rulebook_with(contract, rules)
    held = rulebook.contracts[contract]
    if month.last_day < held.starts or month.first_day > held.ends:
        raise typer.BadParameter(f"{contract} does not hold in {month}: it runs from {held.starts} to {held.ends}.")
    if not needs_lines(held):
        raise Blocked(
            f"{contract} needs no deliveries: it is paid by the calendar, and nothing in it follows from lines.",
            "There is nothing for the provider to fill in.",
        )
    path = out or Path(file_name(contract, month))
    if path.exists() and not replace:
        raise typer.BadParameter(f"{path} is there already, and may be filled in. Name another file with --out, or say --replace.")
    provider = rulebook.providers[held.provider]
    content = write_template(held, month, provider, rulebook.organisation, "en" if english else "nl")
    write_atomically(path, content)
    if as_json:
        print_json({"contract": contract, "period": period, "file": str(path), "bytes": len(content)})
    else:
        say(f"{path} is for {provider.name} to fill in for {month}.")
