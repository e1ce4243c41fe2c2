"""``settlement show``: a contract as a card in plain Dutch."""

from __future__ import annotations

from typing import Annotated

import typer

from settlement.cli.talk import RULES, Json, Rules, app, print_json, rulebook_with, say


@app.command()
def show(
    contract: Annotated[str, typer.Argument(help="The contract's number.")],
    rules: Rules = RULES,
    english: Annotated[bool, typer.Option("--english", help="In English instead of Dutch.")] = False,
    as_json: Json = False,
) -> None:
    """Shows a contract as a card in plain Dutch, to lay beside the signed one."""
    from settlement.statements.card import contract_card

    rulebook = rulebook_with(contract, rules)
    held = rulebook.contracts[contract]
    holds = [hold for hold in rulebook.payment_holds if hold.contract == contract]
    card = contract_card(held, rulebook.providers[held.provider], "en" if english else "nl", holds)
    print_json({"contract": contract, "card": card}) if as_json else say(card)
