"""The monthly service: which months are due, and settling them as drafts under the lock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from settlement.domain.periods import Month
from settlement.run.blocked import Blocked, Note
from settlement.run.checking import delivered_months
from settlement.run.month import draft
from settlement.run.schedule import due_months, serve
from settlement.run.workspace import RECEIPT, Workspace, read_only_ledger


def serve_months(
    workspace: Workspace, log: Callable[[str], None], clock: Callable[[], dt.datetime], *, once: bool = False
) -> None:
    """Serves until told to end. Due is every month from the first that has a folder of deliveries to the last in which a
    contract holds; settled, one that the ledger has, or of which a draft stands in the outputs. After the last
    month for which something was delivered one is settled, and says that nothing came; the next waits until that is final.

    Raises ``Blocked`` when organisation.yaml cannot be read: without it nobody knows when to run.
    """
    from settlement.rules.reader import read_rulebook

    rulebook, problems = read_rulebook(workspace.rules)
    for problem in problems:
        log(str(problem).replace("\n", " | "))
    if not rulebook.contracts:
        raise Blocked(f"No contract in {workspace.rules} can be settled.", f"See what is wrong: settlement check --rules {workspace.rules}")

    told: list[Month] = []
    """The months of which the log has said that they wait."""
    last = max(Month.of(contract.ends) for contract in rulebook.contracts.values())

    def due(now: dt.datetime) -> Sequence[Month]:
        delivered = delivered_months(workspace.inputs)
        if not delivered:
            return []
        final = _final_months(workspace)
        months = due_months(rulebook.organisation.schedule, min(delivered), now, _settled_months(workspace, min(delivered), final))
        ready, waiting = _without_what_waits([month for month in months if month <= last], max(delivered), final)
        if waiting and waiting != told:
            told[:] = waiting
            log(_waits(workspace, waiting))
        return ready

    def settle(month: Month) -> None:
        made = draft(workspace, month, clock(), lambda told: log(told) if isinstance(told, Note) else None)
        for problem in made.computed.problems:
            log(str(problem).replace("\n", " | "))

    serve(due, settle, rulebook.organisation.schedule, log, clock, once=once)


def _without_what_waits(months: Sequence[Month], delivered: Month, final: frozenset[Month]) -> tuple[list[Month], list[Month]]:
    """The due months that can be settled now, and those that wait: a row of drafts of nothing serves nobody. ``delivered`` is
    the last month that has a folder of deliveries."""
    waiting = [month for month in months if month > delivered.plus(1) and month.plus(-1) not in final]
    return [month for month in months if month not in waiting], waiting


def _waits(workspace: Workspace, waiting: Sequence[Month]) -> str:
    which = f"{waiting[0]} waits" if len(waiting) == 1 else f"{len(waiting)} months wait, {waiting[0]} to {waiting[-1]}"
    return (
        f"{which}: nothing was delivered for the month before, and it is not final. "
        f"Put deliveries in {workspace.inputs / str(waiting[0])}, or approve {waiting[0].plus(-1)}."
    )


def _final_months(workspace: Workspace) -> frozenset[Month]:
    """The months that the ledger has."""
    with read_only_ledger(workspace) as ledger:
        return frozenset(run.period for run in ledger.runs())


def _settled_months(workspace: Workspace, first: Month, final: frozenset[Month]) -> frozenset[Month]:
    """The months that are final, stand as a draft, or lie before one that is final, from the first one on."""
    drafts = set()
    for path in workspace.outputs.glob(f"*/{RECEIPT}"):
        try:
            drafts.add(Month.parse(path.parent.name[:7]))
        except ValueError:
            continue
    before = {Month.from_index(index) for index in range(first.index, max(final).index + 1)} if final else set()
    return final | drafts | before
