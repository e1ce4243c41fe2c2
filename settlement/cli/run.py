"""``settlement run`` and ``approve``: a month as a draft, and final."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from settlement.cli.talk import (
    DELIVERY_PROBLEM,
    GOOD,
    HELD,
    INPUTS,
    OUTPUTS,
    RULE_PROBLEM,
    RULES,
    Inputs,
    Json,
    Outputs,
    Period,
    Rules,
    app,
    euro,
    month_of,
    now,
    print_json,
    problem_json,
    progress,
    say,
    show_problems,
    table,
    workspace_of,
)
from settlement.run.told import counted

if TYPE_CHECKING:
    from settlement.run.computing import Computed


@app.command()
def run(
    period: Period,
    rules: Rules = RULES,
    inputs: Inputs = INPUTS,
    outputs: Outputs = OUTPUTS,
    preview: Annotated[bool, typer.Option("--preview", help="Show the differences only; write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Settles a month as a draft, with all its papers."""
    from settlement.run.computing import compute
    from settlement.run.month import draft
    from settlement.run.receipt import totals

    workspace, month = workspace_of(rules, inputs, outputs), month_of(period)
    with progress(as_json) as step:
        if preview:
            computed, written = compute(workspace, month, report=step), None
        else:
            made = draft(workspace, month, now(), step)
            computed, written = made.computed, made
    code = _run_code(computed)
    if as_json:
        print_json(
            {
                "run": computed.name,
                "period": period,
                "status": "preview" if preview else "draft",
                "folder": None if written is None or written.unchanged else str(written.folder),
                "totals": totals(computed),
                "problems": [problem_json(one) for one in computed.problems],
                "smaller_deliveries": [
                    {"contract": one.contract, "file": one.later, "lines": one.later_lines, "replaced": one.earlier, "lines_before": one.earlier_lines}
                    for one in computed.settlement.smaller
                ],
                "payable": {one.contract.number: one.payable_cents for one in computed.statements},
                "exit_code": code,
            }
        )
        raise typer.Exit(code)
    show_problems(computed.problems)
    _show_month(computed, preview=preview)
    if written is not None and written.unchanged:
        say(f"\n{month} is final and nothing has changed since; nothing was written.")
    elif written is not None:
        say(f"\n{counted(written.written, 'file')} in {written.folder}. This is a draft: look at it, then settlement approve --period {month} --by 'your name'")
    else:
        say("\nA preview: nothing was written.")
    raise typer.Exit(code)


def _run_code(computed: Computed) -> int:
    from settlement.run.receipt import totals

    if any(problem.contract is not None or problem.place.file.endswith((".yaml", ".yml")) for problem in computed.problems):
        return RULE_PROBLEM
    if any(one.held_cents or one.on_hold for one in computed.statements):
        return HELD
    if computed.problems or totals(computed)["deliveries_missing"]:
        return DELIVERY_PROBLEM
    return GOOD


def _show_month(computed: Computed, *, preview: bool) -> None:
    rows = []
    for one in computed.statements:
        now = sum(row.difference_cents for row in one.rows if row.month == one.period)
        earlier = sum(row.difference_cents for row in one.rows if row.month != one.period)
        rows.append(
            [one.contract.number, one.provider.name, euro(now), euro(earlier), euro(one.carried_cents), euro(one.to_pay_cents),
             str(one.refused_lines or ""), str(len([a for a in computed.settlement.alerts if a.contract == one.contract.number]) or "")]
        )  # fmt: skip
    table(
        ["contract", "provider", str(computed.period), "earlier months", "carried", "to pay", "refused", "alerts"],
        rows, {2, 3, 4, 5, 6, 7},
    )  # fmt: skip
    total = sum(one.to_pay_cents for one in computed.statements)
    # What waits for a decision about a ceiling, and payments that somebody keeps back.
    held = sum(one.held_cents + (max(one.payable_cents, 0) if one.on_hold else 0) for one in computed.statements)
    for one in computed.statements:
        if one.on_hold:
            say(f"\nThe payment of {one.contract.number} is kept back, {euro(max(one.payable_cents, 0))}: {one.on_hold}.")
    say(f"\nTo pay {euro(total)} on {len(computed.payments)} of {counted(len(computed.statements), 'statement')}" + (f"; held back {euro(held)}" if held else "") + ".")
    if computed.returned.files:
        if preview:
            say(f"{counted(len(computed.returned.files), 'delivery has', 'deliveries have')} refusals: a draft marks them in the folder returned.")
        else:
            say(f"{counted(len(computed.returned.files), 'delivery goes back with its', 'deliveries go back with their')} refusals marked: folder returned.")
    for each in computed.settlement.smaller:
        say(f"Warning: {each.later} replaces {each.earlier}, and has {counted(each.later_lines, 'line')} of {each.contract} instead of {counted(each.earlier_lines, 'line')}. Is that meant?")
    for contract, month in sorted(computed.settlement.counted.missing):
        say(f"No delivery of {contract} for {month}.")


@app.command()
def approve(
    period: Period,
    by: Annotated[str, typer.Option("--by", help="Who approves.")],
    rules: Rules = RULES,
    inputs: Inputs = INPUTS,
    outputs: Outputs = OUTPUTS,
    as_json: Json = False,
) -> None:
    """Makes the draft of a month final and records it in the ledger."""
    from settlement.run.month import approve as make_final

    person = " ".join(by.split())
    if not person:
        raise typer.BadParameter("Say who approves: --by 'A. de Vries'")
    with progress(as_json) as step:
        done = make_final(workspace_of(rules, inputs, outputs), month_of(period), person, now(), step)
    if as_json:
        print_json(
            {
                "approved_by": [one.person for one in done.approvals] or [person],
                "final": done.final is not None,
                "run": done.final.name if done.final else None,
                "paid_cents": done.final.paid_cents if done.final else 0,
                "folder": str(done.folder),
            }
        )
    elif done.final is None:
        say(f"{person} has approved {period}. A second, different person has to, before it is final.")
    else:
        say(f"{done.final.name} is final: {euro(done.final.paid_cents)} in {done.final.payments} payments. The payment advice is {done.folder / 'payments.csv'}.")
