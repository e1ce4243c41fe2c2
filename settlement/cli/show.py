"""``settlement show``: a contract as a card in plain Dutch."""

from __future__ import annotations

from typing import Annotated

import typer

from settlement.cli.talk import RULE_PROBLEM, RULES, Json, Rules, app, print_json, say, show_problems


@app.command()
def show(
    contract: Annotated[str, typer.Argument(help="The contract's number.")],
    rules: Rules = RULES,
    english: Annotated[bool, typer.Option("--english", help="In English instead of Dutch.")] = False,
    as_json: Json = False,
) -> None:
    """Shows a contract as a card in plain Dutch, to lay beside the signed one."""
    import difflib

    from settlement.rules.reader import read_rulebook
    from settlement.statements.card import contract_card

    rulebook, problems = read_rulebook(rules)
    held = rulebook.contracts.get(contract)
    if held is None:
        own = [problem for problem in problems if problem.contract == contract]
        show_problems(own)
        if own:
            raise typer.Exit(RULE_PROBLEM)
        near = difflib.get_close_matches(contract, list(rulebook.contracts), n=1)
        known = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(rulebook.contracts)}"
        raise typer.BadParameter(f"There is no contract {contract} in {rules}. {known}")
    card = contract_card(held, rulebook.providers[held.provider], "en" if english else "nl")
    print_json({"contract": contract, "card": card}) if as_json else say(card)
