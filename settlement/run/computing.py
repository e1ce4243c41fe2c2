"""A month computed: from a snapshot of rules and deliveries, and the ledger as it stands, to what everybody is owed. Writes nothing."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from settlement.domain.contract import Rulebook
from settlement.domain.periods import Month
from settlement.domain.problems import Problem
from settlement.domain.records import AlertSummary, Payment, Statement, StatementRow
from settlement.run.blocked import Blocked, RulesBlocked
from settlement.run.digests import to_json
from settlement.run.kept import kept_receipt
from settlement.run.ledger import FinalRun, Ledger, Posting, postings_of
from settlement.run.ledger_records import Address, LedgerDamaged
from settlement.run.places import RECORDED, as_typed
from settlement.run.private import private_folder
from settlement.run.snapshot import Snapshot, snapshot
from settlement.run.unread import refuse_unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from settlement.deliveries.gather import Gathered
    from settlement.returns.writing import Returned
    from settlement.settle import Before, Settlement
from settlement.run.workspace import Report, Workspace, known_heads, read_only_ledger, refuse_foreign, silent


@dataclass(frozen=True, slots=True)
class Computed:
    """A month computed and in balance; nothing of it is written yet."""

    period: Month
    name: str
    """The name that the run will have in the ledger."""
    folder: str
    """Below the outputs; a correction run of a month that is final has a folder of its own."""
    final: bool
    settlement: Settlement
    delivered: Gathered
    lines: pl.DataFrame
    statements: tuple[Statement, ...]
    payments: tuple[Payment, ...]
    postings: tuple[Posting, ...]
    summary: AlertSummary
    problems: tuple[Problem, ...]
    """With places as the user names the folders."""
    recorded_problems: tuple[str, ...]
    """The same as the receipt has them, wherever the folders lie."""
    rules: Mapping[str, str]
    inputs: Mapping[str, str]
    """Digests by path, of the files read."""
    left_out: Mapping[str, str]
    """Deliveries that could not be copied to be read, by path, with the code of why."""
    rules_digest: str
    inputs_digest: str
    results_digest: str
    previous: str
    """The head of the ledger that it was computed against."""
    line_files: Mapping[str, bytes]
    """The Parquet file of each contract, by path in the folder."""
    returned: Returned
    """The files that go back to providers: their own, with what was refused marked."""
    logo: bytes | None
    answers: Mapping[str, bytes] = field(default_factory=dict)
    """The JW325 answers that are due, by path in the folder."""
    client_key: str = ""
    """The fingerprint of the key that messages were read with; empty where none were."""

    @property
    def changes(self) -> bool:
        """Whether anything differs from what was settled before, is to be paid or answered."""
        return bool(self.answers) or any(
            one.to_pay_cents or any(row.difference_cents for row in one.rows) for one in self.statements
        )


def compute(
    workspace: Workspace,
    period: Month,
    *,
    final: bool = False,
    report: Report = silent,
    beside: Path | None = None,
    held: Address | None = None,
) -> Computed:
    """Computes a month from a snapshot of the rules and of all deliveries up to it. Writes nothing but that snapshot, in a
    private folder that is gone when it returns: in ``beside``, where the next command finds what a killed run left there;
    else among the system's temporary files. ``held`` is the ledger that this run holds, or looks at; the snapshot must name
    the same. Raises ``Blocked``, ``GateDisagrees``, ``EngineFault`` and ``OutOfBalance``."""
    held = held or workspace.ledger
    with private_copy(workspace, period, report, beside) as copied:
        return compute_from(workspace, period, copied, final=final, report=report, held=held)


def compute_again(
    workspace: Workspace, run: FinalRun, copied: Snapshot, report: Report = silent
) -> Computed:
    """Computes a final run again, from a snapshot of what it had read and the ledger as it stood before it."""
    return compute_from(workspace, run.period, copied, final=True, report=report, held=workspace.ledger, again=run)


@contextmanager
def private_copy(workspace: Workspace, period: Month, report: Report, beside: Path | None) -> Iterator[Snapshot]:
    """The rule files and deliveries of one moment, in a private folder that is gone afterwards."""
    with private_folder(beside) as private:
        report("snapshot")
        yield take_snapshot(workspace, period, private / "copy")


def take_snapshot(workspace: Workspace, period: Month, into: Path) -> Snapshot:
    """Copies the rule files and the deliveries up to a month; computation reads only the copy."""

    def wanted(source: str, path: str) -> bool:
        if source == "rules":
            return True
        first = path.split("/", 1)[0]
        return not _is_month(first) or first <= str(period)

    for name, folder in workspace.sources.items():
        if not folder.is_dir():
            raise Blocked(
                f"There is no folder {folder}.", f"Give the folder of the {name} with --{name}, or go to where it stands."
            )
    return snapshot(workspace.sources, into, wanted=wanted, one_by_one=("inputs",))


def _is_month(name: str) -> bool:
    try:
        Month.parse(name)
    except ValueError:
        return False
    return True


def compute_from(
    workspace: Workspace,
    period: Month,
    copied: Snapshot,
    *,
    final: bool,
    report: Report,
    held: Address | None = None,
    again: FinalRun | None = None,
) -> Computed:
    """Computes a month from what was copied. ``held`` is the ledger that this run holds; ``again`` the final run that is computed
    once more, against the ledger as it stood before it. Raises what ``compute`` raises."""
    from settlement.decisions.engine import Engine
    from settlement.deliveries.gather import gather, left_out
    from settlement.deliveries.mailbox import fingerprint_of
    from settlement.returns.writing import write_returned
    from settlement.run.balance import check_balance
    from settlement.run.messages import answered, answers_of, mailbox_of
    from settlement.settle import settle
    from settlement.statements.compose import Paid, compose, payments_of, settled_lines

    report("rules")
    rulebook, rule_problems = _rules(workspace, copied)
    # What is replayed may have been settled when the ledger lived elsewhere: it is where it is now.
    address = held if again is not None and held is not None else workspace.ledger_of(rulebook.organisation)
    if held not in (None, address):
        raise Blocked(
            f"{workspace.rules / 'organisation.yaml'} was changed while this began: the ledger is no longer {held}.",
            "Nothing was done. Give the command again when the file is as it should be.",
        )
    report("deliveries")
    mailbox = mailbox_of(workspace, rulebook, rule_problems)
    delivered = gather(
        copied["inputs"].path,
        period,
        rulebook.headings(),
        shown=RECORDED["inputs"],
        mailbox=mailbox,
    )
    has_messages = any(one.message is not None for one in delivered.deliveries)
    digests_read = {path: file.digest for path, file in copied["inputs"].files.items()}
    with read_only_ledger(workspace, address) as whole:
        refuse_foreign(workspace, address, whole.runs())
        damage = [] if again else whole.verify(known_heads(workspace.outputs))
        if damage:
            raise LedgerDamaged(address, damage[0].message)
        ledger = whole.before(again) if again else whole
        earlier = ledger.runs()
        _refuse_earlier_month(period, earlier)
        before = _before(ledger, earlier, workspace.outputs)
        refuse_unread(before.read, digests_read, copied["inputs"].left_out, delivered.problems)
        by_month = Paid({contract: ledger.paid_by_month(contract) for contract in rulebook.contracts})
        previous, name = ledger.head(), ledger.next_name(period)
        answered_before = answered(ledger, earlier) if has_messages else set()
    corrections = sum(1 for run in earlier if run.period == period)
    with Engine() as engine:
        settlement = settle(rulebook, delivered, period, before, engine, report)
    report("statements")
    lines = settled_lines(settlement)
    line_files = _line_files(lines, period, f"-C{corrections}" if corrections else "")
    digests = {
        contract: (path.rpartition("/")[2], hashlib.sha256(content).hexdigest())
        for contract, (path, content) in line_files.items()
    }
    statements = compose(
        settlement,
        delivered,
        lines,
        by_month,
        final=final,
        suffix=f"-C{corrections}" if corrections else "",
        line_files=digests,
        on_hold=rulebook.on_hold(period),
    )
    payments = payments_of(statements)
    postings = postings_of_month(statements, rulebook, period)
    report("balance")
    check_balance(settlement, delivered, lines, statements, payments, postings)
    report("returned")
    answers = answers_of(settlement, delivered, copied["inputs"].path, answered_before)
    returned = write_returned(settlement, delivered, copied["inputs"].path, RECORDED["inputs"])
    problems = (
        *rule_problems, *left_out(RECORDED["inputs"], copied["inputs"].left_out), *delivered.problems, *returned.problems,
    )  # fmt: skip
    return Computed(
        period=period,
        name=name,
        folder=f"{period}-correctie-{corrections}" if corrections else str(period),
        final=final,
        settlement=settlement,
        delivered=delivered,
        lines=lines,
        statements=tuple(statements),
        payments=tuple(payments),
        postings=tuple(postings),
        summary=_summary(settlement, delivered, statements, name, copied, final=final),
        problems=tuple(as_typed(problem, workspace.sources) for problem in problems),
        recorded_problems=tuple(map(str, problems)),
        rules={path: file.digest for path, file in copied["rules"].files.items()},
        inputs=digests_read,
        left_out=dict(copied["inputs"].left_out),
        rules_digest=copied["rules"].digest,
        inputs_digest=copied["inputs"].digest,
        results_digest=_results_digest(statements, payments),
        previous=previous,
        line_files=dict(line_files.values()),
        returned=returned,
        logo=_logo(rulebook, copied),
        answers=answers,
        client_key=fingerprint_of(mailbox.key) if has_messages else "",
    )


def _rules(workspace: Workspace, copied: Snapshot) -> tuple[Rulebook, list[Problem]]:
    """The rules of the copy, and what is wrong in them. Raises ``RulesBlocked`` when no contract can be settled at all: a good
    draft is not replaced by one without contracts."""
    from settlement.rules.reader import read_rulebook

    rulebook, problems = read_rulebook(copied["rules"].path, shown=RECORDED["rules"])
    if problems and not rulebook.contracts:
        told = [as_typed(problem, workspace.sources) for problem in problems]
        raise RulesBlocked(told, "Nothing was done: no contract can be settled.")
    return rulebook, problems


def _before(ledger: Ledger, earlier: Sequence[FinalRun], outputs: Path) -> Before:
    """What was settled, paid and read in earlier runs; what is claimed apart counts as paid back."""
    from settlement.settle import Before

    claims = ledger.claims()
    paid = {contract: cents - claims.get(contract, 0) for contract, cents in ledger.paid().items()}
    paid |= {contract: -cents for contract, cents in claims.items() if contract not in paid}
    last = earlier[-1] if earlier else None
    said = kept_receipt(outputs, last.receipt_digest) if last else None
    return Before(ledger.settled(), paid, last.period if last else None, said["inputs"]["files"] if said else None)


def _refuse_earlier_month(period: Month, earlier: Sequence[FinalRun]) -> None:
    later = [run for run in earlier if run.period > period]
    if later:
        raise Blocked(
            f"{period} cannot be settled: {later[-1].period} is already final ({later[-1].name}).",
            f"What changed in {period} is settled with the next month, as a correction of {period}.",
        )


def _line_files(lines: pl.DataFrame, period: Month, suffix: str) -> dict[str, tuple[str, bytes]]:
    """Contract → path in the folder and bytes of the Parquet file with all its lines to date."""
    from settlement.statements.compose import statement_number

    found = {}
    for (contract,), frame in lines.partition_by("contract", as_dict=True, maintain_order=True).items():
        buffer = io.BytesIO()
        frame.drop("contract").write_parquet(buffer, compression="zstd", compression_level=3)
        found[str(contract)] = (f"statements/{statement_number(str(contract), period, suffix)}.parquet", buffer.getvalue())
    return found


def postings_of_month(statements: Sequence[Statement], rulebook: Rulebook, period: Month) -> list[Posting]:
    """The postings of all statements, in their order."""
    claims = rulebook.organisation.negative_payable == "claim"
    found: list[Posting] = []
    for one in statements:
        changes = {(row.year, row.service or "", row.term, row.month): row.difference_cents for row in one.rows}
        found += postings_of(
            one.contract.number,
            period,
            changes,
            payment_cents=one.to_pay_cents,
            claim_cents=max(-one.payable_cents, 0) if claims else 0,
        )
    return found


def _logo(rulebook: Rulebook, copied: Snapshot) -> bytes | None:
    name = rulebook.organisation.logo
    return (copied["rules"].path / name).read_bytes() if name and name in copied["rules"].files else None


def _summary(
    settlement: Settlement,
    delivered: Gathered,
    statements: Sequence[Statement],
    name: str,
    copied: Snapshot,
    *,
    final: bool,
) -> AlertSummary:
    from settlement.run.left import left

    period = settlement.period
    return AlertSummary(
        period=period,
        run=name,
        organisation=settlement.rulebook.organisation.name,
        language=settlement.rulebook.organisation.language,
        contracts=len(statements),
        deliveries=sum(1 for one in delivered.deliveries if one.key in settlement.arrived and one.used and not one.refused),
        deliveries_refused=sum(1 for one in delivered.deliveries if one.key in settlement.arrived and one.used and one.refused),
        deliveries_missing=sum(alert.standing and alert.name == "delivery missing" for alert in settlement.alerts),
        statements=len(statements),
        to_pay_cents=sum(one.to_pay_cents for one in statements),
        held=sum(1 for one in statements if one.held_cents or one.on_hold),
        final=final,
        rules_digest=copied["rules"].digest,
        left=left(settlement, delivered, copied["inputs"].left_out),
    )


def _results_digest(statements: Sequence[Statement], payments: Sequence[Payment]) -> str:
    """One digest over every amount: the same for a draft and for the final run that it becomes."""
    content = {
        "statements": [
            {
                "number": one.number,
                "rows": [_row_key(row) for row in one.rows],
                "carried": one.carried_cents,
                "payable": one.payable_cents,
                "to_pay": one.to_pay_cents,
                "held": one.held_cents,
                "lines": one.lines_digest,
            }
            for one in statements
        ],
        "payments": [[p.statement, p.contract, p.iban, p.cents, p.reference] for p in payments],
    }
    return hashlib.sha256(to_json(content)).hexdigest()


def _row_key(row: StatementRow) -> list[Any]:
    return [row.year, row.service, row.term, str(row.month), row.is_cents, row.was_cents]
