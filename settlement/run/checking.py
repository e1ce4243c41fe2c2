"""What ``settlement check`` answers: every problem of the rule files and every refusal of the deliveries, at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from settlement.domain.periods import Month
from settlement.domain.problems import Problem
from settlement.domain.records import Refusal

if TYPE_CHECKING:
    from settlement.run.workspace import Report, Workspace


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found."""

    contracts: int
    """How many contracts can be settled."""
    until: Month | None
    """The last month whose deliveries were read; ``None`` when there are none, or no contract to hold them to."""
    rule_problems: tuple[Problem, ...]
    delivery_problems: tuple[Problem, ...]
    refused: tuple[tuple[str, str], ...]
    """Place and sentence of each refusal."""
    proposed: tuple[str, ...] = ()
    """What could be written in providers.yaml so that headings are known; nothing is."""


def check_all(workspace: Workspace, until: Month | None, report: Report) -> Checked:
    """Reads everything and settles nothing; writes nothing."""
    from settlement.deliveries.gather import gather
    from settlement.pricing.accept import accept
    from settlement.pricing.tables import build_tables
    from settlement.rules.cases import read_cases
    from settlement.rules.reader import read_rulebook
    from settlement.run.messages import mailbox_of
    from settlement.run.proposing import proposals
    from settlement.settle import cells_of, refusals_of
    from settlement.wording import wording

    report("rules")
    rulebook, rule_problems = read_rulebook(workspace.rules)
    _, case_problems = read_cases(workspace.rules, rulebook)
    problems = tuple(dict.fromkeys([*rule_problems, *case_problems]))
    last = until or last_month(workspace.inputs)
    if last is None or not rulebook.contracts:
        return Checked(len(rulebook.contracts), None, problems, (), ())
    report("deliveries")
    delivered = gather(workspace.inputs, last, rulebook.headings(), mailbox=mailbox_of(workspace, rulebook, rule_problems))
    report("lines")
    accepted = accept(delivered.lines, build_tables(rulebook), cells_of(delivered), delivered.partly)
    words = wording("en", "nl")
    refused = []
    for row in refusals_of(delivered, accepted).iter_rows(named=True):
        texts = {name: row[name] or "" for name in ("sheet", "cell", "field", "code", "national", "found", "expected")}
        refusal = Refusal(delivery=row["delivery"], contract=row["contract"], row=row["row"], **texts)
        sheet = f", sheet {refusal.sheet}" if refusal.sheet else ""
        where = f", cell {refusal.cell}" if refusal.cell else f", row {refusal.row}" if refusal.row else ""
        refused.append((f"{(workspace.inputs / refusal.delivery).as_posix()}{sheet}{where}", words.refusal(refusal)))
    proposed = tuple(str(one) for one in proposals(delivered, rulebook))
    return Checked(len(rulebook.contracts), last, problems, delivered.problems, tuple(refused), proposed)


def last_month(inputs: Path) -> Month | None:
    """The last month that has a folder of deliveries."""
    return max(delivered_months(inputs), default=None)


def delivered_months(inputs: Path) -> list[Month]:
    """The months that have a folder of deliveries, in no order."""
    months = []
    for folder in inputs.iterdir() if inputs.is_dir() else ():
        try:
            months.append(Month.parse(folder.name))
        except ValueError:
            continue
    return months
