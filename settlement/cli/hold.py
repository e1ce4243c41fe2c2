"""``settlement hold`` and ``release``: payments that a person keeps back, and what a ceiling keeps back."""

from __future__ import annotations

from typing import Annotated

import typer

from settlement.cli.talk import RULES, Json, Rules, app, month_of, print_json, say, table

By = Annotated[str, typer.Option("--by", help="Who decides.")]


@app.command()
def hold(
    contract: Annotated[str | None, typer.Argument(help="The contract whose payment is kept back. Left out: shows what is.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="The first claim month whose payment is kept back, such as 2018-03.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it stands on the provider's statement.")] = "",
    by: By = "",
    rules: Rules = RULES,
    as_json: Json = False,
) -> None:
    """Keeps back the payment of a contract, with a reason; without a contract, shows what is kept back."""
    from settlement.run.holding import current, hold_payment

    if contract is not None:
        _need(("--from", since), ("--reason", reason.strip()), ("--by", by.strip()))
        hold_payment(rules, contract, month_of(str(since)), reason, by)
        if as_json:
            print_json({"contract": contract, "from": since, "reason": reason, "by": by, "file": str(rules / "holds.yaml")})
            return
        say(f"Payments of {contract} are kept back from {since} on: {reason}. It stands in {rules / 'holds.yaml'}; drafts made before no longer hold.")
        return
    rulebook = current(rules)
    payments = [
        {"contract": one.contract, "from": str(one.since), "until": str(one.until) if one.until else None, "reason": one.reason,
         "by": one.by, "released_by": one.released_by, "place": str(one.place)}
        for one in rulebook.payment_holds
    ]  # fmt: skip
    ceilings = [
        {"contract": one.contract, "service": one.service, "year": one.year, "decided": one.decided, "reason": one.reason,
         "by": one.by, "place": str(one.place)}
        for one in rulebook.ceiling_decisions
    ]  # fmt: skip
    if as_json:
        print_json({"payments": payments, "ceilings": ceilings})
        return
    if not payments and not ceilings:
        say(f"Nobody keeps a payment back in {rules}.")
    table(
        ["contract", "from", "paid again", "reason", "by", "released by"],
        [[str(one[key] or "") for key in ("contract", "from", "until", "reason", "by", "released_by")] for one in payments], set(),
    )  # fmt: skip
    table(
        ["contract", "ceiling of", "year", "above it is", "reason", "by"],
        [[str(one["contract"]), str(one["service"] or "the contract"), str(one["year"]), str(one["decided"]), str(one["reason"]), str(one["by"])] for one in ceilings],
        set(),
    )  # fmt: skip


@app.command()
def release(
    contract: Annotated[str, typer.Argument(help="The contract.")],
    since: Annotated[str | None, typer.Option("--from", help="The first claim month that is paid again, such as 2018-05.")] = None,
    ceiling: Annotated[int | None, typer.Option(help="The year of a ceiling with 'above: held', to decide about what lies above it.")] = None,
    service: Annotated[str | None, typer.Option(help="The service whose ceiling it is; left out: the contract's own.")] = None,
    refuse: Annotated[bool, typer.Option("--refuse", help="Decide that what lies above the ceiling is not paid.")] = False,
    reason: Annotated[str, typer.Option(help="Why; it stands on the provider's statement.")] = "",
    by: By = "",
    rules: Rules = RULES,
    as_json: Json = False,
) -> None:
    """Releases a payment that was kept back, or decides about what lies above a ceiling."""
    from settlement.run.holding import decide_ceiling, release_payment

    if ceiling is not None:
        _need(("--reason", reason.strip()), ("--by", by.strip()))
        decided = "not paid" if refuse else "paid"
        decide_ceiling(rules, contract, service, ceiling, decided, reason, by)
        if as_json:
            print_json({"contract": contract, "service": service, "year": ceiling, "decided": decided, "reason": reason, "by": by})
            return
        say(f"What lies above the ceiling of {service or contract} in {ceiling} is {decided}, from the next run on.")
        return
    _need(("--from", since), ("--by", by.strip()))
    release_payment(rules, contract, month_of(str(since)), by)
    if as_json:
        print_json({"contract": contract, "paid_again_from": since, "by": by})
        return
    say(f"{contract} is paid again from {since} on, with all that was kept back.")


def _need(*given: tuple[str, str | None]) -> None:
    missing = [name for name, value in given if not value]
    if missing:
        raise typer.BadParameter(f"Say also {' and '.join(missing)}; --help shows how.")
