"""``settlement ledger``: what was settled, and whether the chain is whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from settlement.cli.talk import (
    FAULT,
    GOOD,
    INPUTS,
    OUTPUTS,
    RULES,
    Json,
    Outputs,
    Rules,
    app,
    euro,
    now,
    print_json,
    problem_json,
    say,
    show_problems,
    table,
    workspace_of,
)
from settlement.run.told import counted


@app.command()
def ledger(
    rules: Rules = RULES,
    outputs: Outputs = OUTPUTS,
    verify: Annotated[bool, typer.Option("--verify", help="Check the whole chain of records.")] = False,
    contract: Annotated[str | None, typer.Option(help="What was settled for this contract, by year, service, term and month.")] = None,
    copy_from: Annotated[Path | None, typer.Option(help="Copy the records of this ledger file to the server that organisation.yaml names.")] = None,
    as_json: Json = False,
) -> None:
    """Shows what was settled, and whether the chain of records is whole."""
    from settlement.domain.periods import Month
    from settlement.run.workspace import known_heads, read_only_ledger

    workspace = workspace_of(rules, INPUTS, outputs)
    where = workspace.ledger
    if isinstance(where, Path) and not where.exists() and not any(rules.glob("organisation.y*ml")):
        raise typer.BadParameter(f"There is no organisation.yaml in {rules}, which says where the ledger is. Name its folder: --rules rules")
    if copy_from is not None:
        from settlement.run.copying import copy_ledger

        where, count = copy_ledger(workspace, copy_from, now())
        if as_json:
            print_json({"ledger": str(where), "runs": count})
        else:
            say(f"{counted(count, 'run was', 'runs were')} copied to {where}, digest by digest. Keep {copy_from} as a backup: it is not used any more.")
        return
    with read_only_ledger(workspace, where) as book:
        if verify:
            findings = book.verify(known_heads(outputs))
            if as_json:
                print_json({"whole": not findings, "head": book.head(), "findings": [problem_json(one) for one in findings]})
            else:
                show_problems(findings)
                say(f"The ledger is {'not whole' if findings else 'whole'}: {counted(len(book.runs()), 'run')}, last record {book.head()[:16]}…")
            raise typer.Exit(FAULT if findings else GOOD)
        if contract and contract not in {key[0] for key in book.settled()} | book.paid().keys():
            known = ", ".join(sorted({key[0] for key in book.settled()} | book.paid().keys()))
            raise typer.BadParameter(f"Nothing was settled for {contract} in {where}. There are: {known or 'no contracts yet'}")
        if contract:
            settled = {key: cents for key, cents in sorted(book.settled().items()) if key[0] == contract}
            paid, balance = book.paid().get(contract, 0), book.balance().get(contract, 0)
            if as_json:
                rows = [{"year": y, "service": s or None, "term": t, "month": str(Month.from_index(m)), "cents": c} for (_, y, s, t, m), c in settled.items()]
                print_json({"contract": contract, "settled": rows, "paid_cents": paid, "open_cents": balance})
                return
            table(
                ["year", "service", "term", "month", "settled"],
                [[str(y), s or "(contract)", t, str(Month.from_index(m)), euro(c)] for (_, y, s, t, m), c in settled.items()], {4},
            )  # fmt: skip
            say(f"\nSettled {euro(sum(settled.values()))}, paid {euro(paid)}, open {euro(balance)}.")
            return
        runs = book.runs()
        if as_json:
            print_json(
                [
                    {"run": r.name, "period": str(r.period), "approved_by": [a.person for a in r.approvals], "paid_cents": r.paid_cents,
                     "payments": r.payments, "rules_digest": r.rules_digest, "inputs_digest": r.inputs_digest}
                    for r in runs
                ]
            )  # fmt: skip
            return
        if not runs:
            say(f"Nothing is final yet in {where}.")
            return
        table(
            ["run", "month", "approved by", "on", "payments", "paid"],
            [
                [r.name, str(r.period), ", ".join(a.person for a in r.approvals), f"{r.approvals[-1].at:%Y-%m-%d %H:%M}", str(r.payments), euro(r.paid_cents)]
                for r in runs
            ],
            {4, 5},
        )  # fmt: skip
