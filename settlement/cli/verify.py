"""``settlement verify``: past runs, computed again and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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
    month_of,
    print_json,
    progress,
    say,
    tell,
)
from settlement.run.told import counted

if TYPE_CHECKING:
    from settlement.run.ledger import FinalRun, Ledger
    from settlement.run.replay import Replayed


@app.command()
def verify(
    period: Annotated[str, typer.Option("--period", help="Only the runs of this month, such as 2018-03.")] = "",
    run: Annotated[str, typer.Option("--run", help="Only this run, such as R-2018-03-0003.")] = "",
    rules: Rules = RULES,
    outputs: Outputs = OUTPUTS,
    most: Annotated[int, typer.Option("--differences", help="How many differences to show for each run.")] = 10,
    as_json: Json = False,
) -> None:
    """Computes past runs again from what they kept, and compares every amount and every byte."""
    from settlement.run.replay import chain_faults, replay
    from settlement.run.workspace import Workspace, read_only_ledger

    # Neither rules nor deliveries are read: a run is replayed from what it kept.
    workspace = Workspace(rules, INPUTS, outputs)
    with read_only_ledger(workspace) as ledger:
        faults = chain_faults(workspace, ledger)
        chosen = [] if faults else _chosen(ledger, period, run)
        with progress(as_json) as step:
            replayed = [replay(workspace, ledger, one, step) for one in chosen]
    code = FAULT if faults or any(one.differences for one in replayed) else GOOD
    if as_json:
        print_json({"ledger": faults, "runs": [_as_json(one) for one in replayed], "exit_code": code})
        raise typer.Exit(code)
    for fault in faults:
        tell(f"{workspace.ledger}: {fault}")
    if faults:
        say("The ledger is not whole, so no run can be held against it. See: settlement ledger --verify")
        raise typer.Exit(code)
    for one in replayed:
        _show(one, most)
    _conclude(replayed, outputs)
    raise typer.Exit(code)


def _chosen(ledger: Ledger, period: str, name: str) -> list[FinalRun]:
    runs = ledger.runs()
    month = month_of(period) if period else None
    chosen = [one for one in runs if month in {None, one.period} and name in {"", one.name}]
    if not chosen and (period or name):
        known = f"There are: {', '.join(one.name for one in runs)}" if runs else "Nothing is final yet."
        raise typer.BadParameter(f"There is no final run{f' {name}' if name else ''}{f' of {period}' if period else ''}. {known}")
    return chosen


def _show(one: Replayed, most: int) -> None:
    outcome = "differs" if one.differences else "same" if one.kept else "not kept"
    say(f"{one.run.name}  {outcome:8}  {counted(one.run.files, 'file')}, {euro(one.run.paid_cents)} in {counted(one.run.payments, 'payment')}")
    for difference in one.differences[:most]:
        say(f"  {difference}")
    if len(one.differences) > most:
        say(f"  … and {len(one.differences) - most} more (--differences {len(one.differences)}, or --json)")
    for reason in one.reasons:
        say(f"  {reason}")
    if not one.kept:
        say("  It was made before runs kept what they read: its files were compared with the ledger, its amounts not computed again.")


def _conclude(replayed: list[Replayed], outputs: object) -> None:
    if not replayed:
        say(f"Nothing is final yet in {outputs}.")
        return
    same = sum(1 for one in replayed if one.kept and not one.differences)
    different = sum(1 for one in replayed if one.differences)
    older = len(replayed) - same - different
    say(
        f"\n{same} of {counted(len(replayed), 'run')} {'comes' if same == 1 else 'come'} out the same, to the last byte"
        + (f"; {different} differ" if different else "")
        + (f"; {older} cannot be computed again" if older else "")
        + "."
    )


def _as_json(one: Replayed) -> dict[str, object]:
    return {
        "run": one.run.name,
        "period": str(one.run.period),
        "outcome": "differs" if one.differences else "same" if one.kept else "not kept",
        "differences": [
            {"kind": each.kind, "what": each.what, "was": each.was or None, "now": each.now or None} for each in one.differences
        ],
        "reasons": list(one.reasons),
        "files": one.run.files,
        "payments": one.run.payments,
        "paid_cents": one.run.paid_cents,
    }
