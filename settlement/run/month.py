"""The monthly run: gather, settle, write, record. The only place that joins folders, ledger and settlement.

lock → snapshot of rules and deliveries → pure computation → papers → one publication; on approval, one transaction first.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import io
import json
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from settlement import __version__
from settlement.domain.contract import Contract, Organisation, PersonFee, Price, Rulebook, Tariff
from settlement.domain.periods import Month
from settlement.domain.problems import Problem
from settlement.domain.records import AlertSummary, Payment, Statement, StatementRow
from settlement.run.blocked import Blocked, Note, RulesBlocked
from settlement.run.digests import digest_of
from settlement.run.kept import keep
from settlement.run.ledger import Approval, ApprovedRun, FinalRun, Ledger, Posting, hold_ledger, postings_of
from settlement.run.ledger_records import Address, LedgerDamaged
from settlement.run.lock import hold
from settlement.run.outbox import MANIFEST, STAGING, Finished, finish_pending, stage
from settlement.run.places import RECORDED, as_typed
from settlement.run.private import private_folder, working_room
from settlement.run.snapshot import Snapshot, snapshot
from settlement.run.stopping import Stopped, asked_too_late, can_be_stopped, point_of_no_return, tidying
from settlement.run.unread import refuse_unread
from settlement.run.versions import versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from settlement.deliveries.gather import Gathered
    from settlement.returns.writing import Returned
    from settlement.settle import Settlement

Paper = TypeVar("Paper")

RECEIPT = "run.json"
APPROVALS = "approvals.json"
Report = Callable[[str], None]
"""Called with the name of each stage as it begins, and with notes of what a person wants to know in passing."""


def _silent(_: str) -> None:
    """Reports nothing."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The three folders of an office."""

    rules: Path
    inputs: Path
    outputs: Path

    @property
    def ledger(self) -> Address:
        """Where the ledger lives, as organisation.yaml says now. Raises ``RulesBlocked`` when that file has problems."""
        from settlement.rules.reader import read_organisation_alone

        organisation, problems = read_organisation_alone(self.rules)
        if problems:
            raise RulesBlocked("\n\n".join(map(str, problems)), "\nNothing was done: where the ledger is stands in that file.")
        return self.ledger_of(organisation)

    def ledger_of(self, organisation: Organisation | None) -> Address:
        """Where an organisation keeps the ledger of these outputs."""
        return (organisation and organisation.ledger) or self.outputs / "ledger.sqlite"

    @property
    def sources(self) -> dict[str, Path]:
        """The folders that a run reads, by what it calls them."""
        return {"rules": self.rules, "inputs": self.inputs}


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


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft, published."""

    computed: Computed
    folder: Path
    written: int
    """How many files."""
    unchanged: bool = False
    """The month is final and nothing has changed since: nothing was written."""


def read_only_ledger(workspace: Workspace, address: Address | None = None) -> Ledger:
    """The ledger for reading, of organisation.yaml unless an address is given; one that does not exist yet reads as empty."""
    return Ledger.open(address or workspace.ledger, create=False)


def compute(
    workspace: Workspace,
    period: Month,
    *,
    final: bool = False,
    report: Report = _silent,
    beside: Path | None = None,
    held: Address | None = None,
) -> Computed:
    """Computes a month from a snapshot of the rules and of all deliveries up to it. Writes nothing but that snapshot, in a
    private folder that is gone when it returns: in ``beside``, where the next command finds what a killed run left there;
    else among the system's temporary files. ``held`` is the ledger that this run holds, or looks at; the snapshot must name
    the same. Raises ``Blocked``, ``GateDisagrees``, ``EngineFault`` and ``OutOfBalance``."""
    held = held or workspace.ledger
    with _copied(workspace, period, report, beside) as copied:
        return _compute(workspace, period, copied, final=final, report=report, held=held)


def compute_again(
    workspace: Workspace, run: FinalRun, copied: Snapshot, report: Report = _silent
) -> Computed:
    """Computes a final run again, from a snapshot of what it had read and the ledger as it stood before it."""
    return _compute(workspace, run.period, copied, final=True, report=report, held=workspace.ledger, again=run)


@contextmanager
def _copied(workspace: Workspace, period: Month, report: Report, beside: Path | None) -> Iterator[Snapshot]:
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


def _compute(
    workspace: Workspace,
    period: Month,
    copied: Snapshot,
    *,
    final: bool,
    report: Report,
    held: Address | None = None,
    again: FinalRun | None = None,
) -> Computed:
    from settlement.decisions.engine import Engine
    from settlement.deliveries.gather import gather, left_out
    from settlement.deliveries.mailbox import fingerprint_of
    from settlement.returns.writing import write_returned
    from settlement.rules.reader import read_rulebook
    from settlement.run.balance import check_balance
    from settlement.run.messages import answered, answers_of, mailbox_of
    from settlement.settle import Before, settle
    from settlement.statements.compose import Paid, compose, payments_of, settled_lines

    report("rules")
    rulebook, rule_problems = read_rulebook(copied["rules"].path, shown=RECORDED["rules"])
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
    with read_only_ledger(workspace, address) as whole:
        refuse_foreign(workspace, address, whole.runs())
        damage = [] if again else whole.verify(known_heads(workspace.outputs))
        if damage:
            raise LedgerDamaged(address, damage[0].message)
        ledger = whole.before(again) if again else whole
        earlier = ledger.runs()
        _refuse_earlier_month(period, earlier)
        digests_read = {path: file.digest for path, file in copied["inputs"].files.items()}
        refuse_unread(workspace.outputs, earlier, digests_read, copied["inputs"].left_out, delivered.problems)
        claims = ledger.claims()
        paid = {contract: cents - claims.get(contract, 0) for contract, cents in ledger.paid().items()}
        paid |= {contract: -cents for contract, cents in claims.items() if contract not in paid}
        before = Before(ledger.settled(), paid, earlier[-1].period if earlier else None)
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
    postings = _postings(statements, rulebook, period)
    report("balance")
    check_balance(settlement, delivered, lines, statements, payments, postings)
    report("returned")
    answers = answers_of(settlement, delivered, copied["inputs"].path, answered_before)
    returned = write_returned(settlement, delivered, period, copied["inputs"].path, RECORDED["inputs"])
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
        summary=_summary(settlement, delivered, statements, name, copied["rules"].digest, final=final),
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


_HEAD_BEFORE = re.compile(rb'"ledger_before": "([0-9a-f]{64})"')
_IS_FINAL = re.compile(rb'"status": "final"')


def known_heads(outputs: Path) -> set[str]:
    """The states of the ledger that the receipts in the outputs name: each of them the ledger must have had."""
    return {found[1].decode() for receipt in _receipts_in(outputs) for found in [_HEAD_BEFORE.search(receipt)] if found}


def refuse_foreign(workspace: Workspace, address: Address, earlier: Sequence[FinalRun]) -> None:
    """A ledger without runs is not that of outputs in which a month is final: all would be paid a second time."""
    if not earlier and any(_IS_FINAL.search(receipt) for receipt in _receipts_in(workspace.outputs)):
        raise Blocked(
            f"{address} holds no run, and in {workspace.outputs} a month is final: it is not the ledger of these outputs.",
            "Nothing was done. Put the ledger back where it was; where that is, 'ledger' in organisation.yaml says, or, without "
            f"that key, it is {workspace.outputs / 'ledger.sqlite'}. To take a ledger from a file to a server: "
            f"settlement ledger --copy-from {workspace.outputs / 'ledger.sqlite'}",
        )


def _receipts_in(outputs: Path) -> Iterator[bytes]:
    for path in sorted(outputs.glob(f"*/{RECEIPT}")):
        with suppress(OSError):
            yield path.read_bytes()


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


def _postings(statements: Sequence[Statement], rulebook: Rulebook, period: Month) -> list[Posting]:
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
    rules_digest: str,
    *,
    final: bool,
) -> AlertSummary:
    period = settlement.period
    return AlertSummary(
        period=period,
        run=name,
        organisation=settlement.rulebook.organisation.name,
        language=settlement.rulebook.organisation.language,
        contracts=len(statements),
        deliveries=sum(1 for one in delivered.deliveries if one.claim_month == period and one.used),
        deliveries_missing=len(settlement.counted.missing),
        statements=len(statements),
        to_pay_cents=sum(one.to_pay_cents for one in statements),
        held=sum(1 for one in statements if one.held_cents or one.on_hold),
        final=final,
        rules_digest=rules_digest,
    )


# ---- the receipt -----------------------------------------------------------------------------------------


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
    return hashlib.sha256(_json(content)).hexdigest()


def _row_key(row: StatementRow) -> list[Any]:
    return [row.year, row.service, row.term, str(row.month), row.is_cents, row.was_cents]


def _json(content: object) -> bytes:
    # A file name of bytes that are no text is escaped, as JSON escapes it, and is read back as it was.
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1).encode("utf-8", "backslashreplace") + b"\n"


def receipt(
    computed: Computed,
    files: Mapping[str, bytes],
    approvals: Sequence[Approval] = (),
    made_with: Mapping[str, str] | None = None,
) -> bytes:
    """``run.json``: what was read, what came out, and what binds it: digests, totals, the amounts with their workings.

    ``made_with`` are the versions that it names: those of a former run, when that is made again.
    """
    made_with = versions() if made_with is None else made_with
    settlement, delivered = computed.settlement, computed.delivered
    refused = dict(
        settlement.refusals.filter(settlement.refusals["row"] > 0)
        .unique(["delivery", "row"]).group_by("delivery").len().iter_rows()
    )  # fmt: skip
    accepted = dict(settlement.accepted.lines.group_by("delivery").len().iter_rows())
    return _json(
        {
            "run": computed.name,
            "period": str(computed.period),
            "status": "final" if computed.final else "draft",
            "approved_by": [approval.person for approval in approvals],
            "version": made_with["settlement"],
            "made_with": dict(made_with),
            "organisation": settlement.rulebook.organisation.name,
            "ledger_before": computed.previous,
            "rules": {"digest": computed.rules_digest, "files": computed.rules},
            "inputs": {"digest": computed.inputs_digest, "files": computed.inputs, "left_out": computed.left_out},
            "results_digest": computed.results_digest,
            **({"client_key": computed.client_key} if computed.client_key else {}),
            "totals": totals(computed),
            "deliveries": [
                {
                    "file": one.key,
                    "digest": one.digest,
                    "contract": one.contract,
                    "claim_month": str(one.claim_month),
                    "used": one.used,
                    "replaced_by": one.replaced_by,
                    "lines": one.rows,
                    "accepted": accepted.get(one.key, 0),
                    "refused": refused.get(one.key, 0),
                    "sheet": one.sheet,
                    "columns": dict(sorted(one.columns.items())),
                    "returned": list(computed.returned.of.get(one.key, ())),
                }
                for one in delivered.deliveries
            ],
            "statements": [_statement_json(one) for one in computed.statements],
            "problems": list(computed.recorded_problems),
            "files": {
                path: {"sha256": file.digest, "bytes": file.size}
                for path, file in ((path, digest_of(content)) for path, content in sorted(files.items()))
            },
        }
    )


def totals(computed: Computed) -> dict[str, int]:
    """The figures of the run, in cents and counts."""
    statements, delivered = computed.statements, computed.delivered
    own = [one for one in delivered.deliveries if one.claim_month == computed.period]
    return {
        "statements": len(statements),
        "deliveries": sum(1 for one in own if one.used),
        "deliveries_replaced": sum(1 for one in own if not one.used),
        "deliveries_missing": computed.summary.deliveries_missing,
        "lines_accepted": sum(one.accepted_lines for one in statements),
        "lines_refused": sum(one.refused_lines for one in statements),
        "alerts": len(computed.settlement.alerts),
        "changed_cents": sum(row.difference_cents for one in statements for row in one.rows),
        "payable_cents": sum(one.payable_cents for one in statements),
        "to_pay_cents": sum(one.to_pay_cents for one in statements),
        "held_cents": sum(one.held_cents for one in statements),
        "open_cents": sum(one.payable_cents - one.to_pay_cents for one in statements),
    }


def _statement_json(one: Statement) -> dict[str, Any]:
    return {
        "number": one.number,
        "contract": one.contract.number,
        "provider": one.provider.key,
        "payable_cents": one.payable_cents,
        "carried_cents": one.carried_cents,
        "to_pay_cents": one.to_pay_cents,
        "held_cents": one.held_cents,
        "on_hold": one.on_hold,
        "decided": [
            {"service": each.service, "year": each.year, "decided": each.decided, "reason": each.reason, "by": each.by, "place": str(each.place)}
            for each in one.decided
        ],
        "entitled_to_date_cents": one.entitled_to_date_cents,
        "accepted_lines": one.accepted_lines,
        "refused_lines": one.refused_lines,
        "rules_file": one.rules_file,
        "rules_digest": one.rules_digest,
        "lines_file": one.lines_file,
        "lines_digest": one.lines_digest,
        "rows": [_row_json(row) for row in one.rows],
        "prices": list(_prices_json(one.contract)),
    }


_PRICED_PER = {"weekly_tariff": "week", "monthly_tariff": "month", "arrangement_fee": "arrangement"}


def _prices_json(contract: Contract) -> Iterator[dict[str, Any]]:
    """Every amount of the terms that price lines, with its place: what ``explain`` goes by from a line to the rule."""
    for service in contract.services.values():
        term = service.line_term
        steps: list[tuple[dt.date, dict[tuple[str, ...], Price]]]
        if isinstance(term, PersonFee):
            steps = [(step.day, {(): step.value}) for step in term.amounts.steps if step.value]
        elif term is not None:
            steps = [(step.day, dict(step.value)) for step in term.amounts.steps if step.value]
        else:
            continue
        levels = () if isinstance(term, PersonFee) else term.by
        per = term.per if isinstance(term, PersonFee | Tariff) else _PRICED_PER[term.kind]
        for day, prices in steps:
            for key, price in prices.items():
                yield {
                    "service": service.name,
                    "from": str(day),
                    "per": per,
                    **dict(zip(levels, key, strict=True)),
                    "cents": price.cents,
                    "place": str(price.place),
                    "indexed": None
                    if price.indexed is None
                    else {
                        "before_cents": price.indexed.cents_before,
                        "index_bp": price.indexed.index_bp,
                        "article": price.indexed.article,
                        "place": str(price.indexed.place),
                    },
                }


def _row_json(row: StatementRow) -> dict[str, Any]:
    working = row.working
    return {
        "year": row.year,
        "service": row.service,
        "term": row.term,
        "article": row.article,
        "place": str(row.place),
        "month": str(row.month),
        "is_cents": row.is_cents,
        "was_cents": row.was_cents,
        "formula": working.formula if working else "",
        "numbers": {
            name: [str(value) if isinstance(value, Fraction) else value, unit]
            for name, (value, unit) in (working.numbers.items() if working else ())
        },
    }


# ---- the papers ------------------------------------------------------------------------------------------


def papers(
    computed: Computed, approvals: Sequence[Approval] = (), made_with: Mapping[str, str] | None = None
) -> dict[str, bytes]:
    """Every file of the month's folder, by path in it: statements, lines, returned files, answers to messages, account talks
    at a quarter's end, alerts, payment advice and the receipt."""
    from settlement.alerts.page import render_alerts
    from settlement.alerts.workbook import write_alerts
    from settlement.statements.payments import payment_advice

    files: dict[str, bytes] = {**computed.line_files, **computed.returned.files, **computed.answers}
    for one, content in zip(computed.statements, _workbooks(computed), strict=True):
        files[f"statements/{one.number}.xlsx"] = content
    files |= _talks(computed)
    alerts = computed.settlement.alerts
    files["alerts.xlsx"] = write_alerts(alerts, computed.summary)
    files["alerts.html"] = render_alerts(alerts, computed.summary).encode()
    files["payments.csv"] = payment_advice(computed.payments)
    files[RECEIPT] = receipt(computed, files, approvals, made_with)
    return files


MANY_WORKBOOKS = 40
"""From here on workbooks are written by several processes: below, starting them takes longer than it saves."""


def _workbooks(computed: Computed) -> list[bytes]:
    """The workbook of each statement, in order. They take most of a run's time, and none looks at another."""
    from settlement.statements.workbook import write_statement

    return _written(functools.partial(write_statement, logo=computed.logo), computed.statements)


def _talks(computed: Computed) -> dict[str, bytes]:
    """The page and the workbook of each provider's account talk, by path; none but for a quarter's last month."""
    from settlement.talks.compose import compose_talks
    from settlement.talks.page import render_talk
    from settlement.talks.workbook import write_talk

    suffix = computed.folder.removeprefix(str(computed.period)).replace("-correctie-", "-C")
    talks = compose_talks(computed.settlement, computed.statements, computed.summary, suffix)
    files = {f"talks/{one.number}.html": render_talk(one).encode() for one in talks}
    return files | {
        f"talks/{one.number}.xlsx": content for one, content in zip(talks, _written(write_talk, talks), strict=True)
    }


def _written(write: Callable[[Paper], bytes], papers: Sequence[Paper]) -> list[bytes]:
    """What is written of each, in order."""
    import multiprocessing
    import os
    from concurrent.futures import ProcessPoolExecutor

    if len(papers) < MANY_WORKBOOKS or (os.cpu_count() or 1) < 2:
        return [write(one) for one in papers]
    # Started afresh: a copy of this process would hold locks of the threads that polars runs here.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(os.cpu_count() or 1, 8), mp_context=context, initializer=_begin_worker, initargs=(tempfile.gettempdir(),)
    ) as pool:
        return list(pool.map(write, papers, chunksize=4))


def _begin_worker(room: str) -> None:
    """A worker leaves Ctrl-C to the command that started it, and ends when that is killed: nobody else would end it."""
    import multiprocessing
    import os
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = room
    parent = multiprocessing.parent_process()

    def end_with_parent() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


# ---- draft and final -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Held:
    """The workspace, while it is ours."""

    ledger: Address
    cut_off: bool
    """Whether this very command was cut off here before."""


@contextmanager
def _held(workspace: Workspace, command: str, now: dt.datetime, report: Report) -> Iterator[_Held]:
    """The workspace is ours, its ledger on a server too, and what a killed run left is finished first."""
    can_be_stopped()
    address = workspace.ledger
    with hold(workspace.outputs, command=command, now=now) as outputs, hold_ledger(address, outputs.holder) as left_there:
        left_by = outputs.left_by or left_there
        if left_by is not None:
            report(Note(left_by.killed()))
        with tidying():
            finished = _finish(workspace, address)
        for one in finished:
            report(Note(f"{one.folder}: {_FINISHED[one.outcome]}"))
        try:
            killed = left_by is not None and left_by.command == command
            yield _Held(address, killed or any(one.folder[:7] in command for one in finished))
        except Stopped:
            with tidying(), suppress(OSError, Blocked):
                _finish(workspace, address)
            raise
    if asked_too_late():
        report(Note("Asked to stop when everything was about to be in place: it was finished first."))


def _finish(workspace: Workspace, address: Address) -> tuple[Finished, ...]:
    with read_only_ledger(workspace, address) as ledger:
        refuse_foreign(workspace, address, ledger.runs())
        return finish_pending(workspace.outputs, ledger.has_receipt)


_FINISHED = {
    "completed": "what was being published is in its place now, whole.",
    "undone": "what was being published was taken back; what stood there before stands there again.",
    "discarded": "an approval was cut off before it was recorded; nothing of it is left.",
}


def draft(workspace: Workspace, period: Month, now: dt.datetime, report: Report = _silent) -> Drafted:
    """Settles a month as a draft and publishes its papers; a former draft of the month is replaced.

    Raises what ``compute`` raises, and ``Blocked`` when a file cannot be written; then everything is as it was.
    """
    with _held(workspace, f"run --period {period}", now, report) as held:
        computed = compute(workspace, period, report=report, beside=workspace.outputs / STAGING, held=held.ledger)
        if computed.folder != str(period) and not computed.changes:
            return Drafted(computed, workspace.outputs / str(period), 0, unchanged=True)
        report("writing")
        with working_room(workspace.outputs / STAGING):
            files = papers(computed)
        staged = stage(workspace.outputs, computed.folder, files)
        point_of_no_return()
        staged.publish()
        return Drafted(computed, workspace.outputs / computed.folder, len(files))


@dataclass(frozen=True, slots=True)
class Approved:
    """What became of an approval."""

    person: str
    folder: Path
    final: FinalRun | None
    """``None``: another person has to approve too."""
    approvals: tuple[Approval, ...] = field(default=())


def draft_folder(workspace: Workspace, period: Month) -> Path:
    """Where the draft of a month stands: the last of its folders whose receipt says draft. Raises ``Blocked``."""
    drafts = _drafts(workspace, period)
    if drafts:
        return drafts[-1].parent
    if _receipts(workspace, period):
        raise Blocked(
            f"{period} is final; there is no draft to approve.",
            f"When deliveries or rules have changed, 'settlement run --period {period}' makes a draft of the difference.",
        )
    raise Blocked(f"There is no draft of {period}.", f"Make it first: settlement run --period {period}")


def _receipts(workspace: Workspace, period: Month) -> list[Path]:
    """The receipts of a month, of its corrections after it, in order."""
    return sorted(workspace.outputs.glob(f"{period}*/{RECEIPT}"), key=lambda path: (len(path.parent.name), path.parent.name))


def _drafts(workspace: Workspace, period: Month) -> list[Path]:
    return [path for path in _receipts(workspace, period) if _receipt(path)["status"] == "draft"]


def _receipt(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Blocked(f"{path} cannot be read.", f"Make the draft again: settlement run --period {path.parent.name[:7]}") from error
    if not isinstance(found, dict):
        raise Blocked(f"{path} is not a receipt.", f"Make the draft again: settlement run --period {path.parent.name[:7]}")
    return found


def approve(workspace: Workspace, period: Month, person: str, now: dt.datetime, report: Report = _silent) -> Approved:
    """Makes the draft of a month final: records it in the ledger and publishes its final papers.

    The approval is bound to the rules, the deliveries, the results and the files of the draft; ``Blocked`` says which
    of them has changed. With ``approval: two persons`` the first is kept until a second, different one approves.
    """
    with _held(workspace, f"approve --period {period}", now, report) as held:
        done = _already_final(workspace, held.ledger, period, person) if held.cut_off else None
        if done is not None:
            return done
        folder = draft_folder(workspace, period)
        said = _receipt(folder / RECEIPT)
        _refuse_changed_files(folder, said)
        with _copied(workspace, period, report, workspace.outputs / STAGING) as copied:
            computed = _compute(workspace, period, copied, final=True, report=report, held=held.ledger)
            _refuse_changed_sources(computed, said)
            approvals = _approvals(folder, said, Approval(person, now), computed.settlement.rulebook)
            if approvals is None:
                return Approved(person, folder, None)
            report("writing")
            with working_room(workspace.outputs / STAGING):
                files = papers(computed, approvals)
            made = digest_of(files[RECEIPT]).digest
            report("keeping")
            kept = keep(workspace.outputs, copied, workspace.sources, files[RECEIPT], awaits=made)
        try:
            staged = stage(workspace.outputs, computed.folder, files, awaits=made, remove=(APPROVALS,))
        except BaseException:
            if kept is not None:
                kept.discard()
            raise
        report("ledger")
        point_of_no_return()
        with Ledger.open(held.ledger) as ledger:
            final = ledger.record(
                ApprovedRun(
                    period=period,
                    approvals=approvals,
                    rules_digest=computed.rules_digest,
                    inputs_digest=computed.inputs_digest,
                    results_digest=computed.results_digest,
                    receipt_digest=made,
                    code_version=__version__,
                    expected_previous=computed.previous,
                ),
                computed.postings,
                computed.payments,
                staged.files,
            )
        # What it had read comes first: papers that stand there can be replayed.
        if kept is not None:
            kept.publish()
        staged.publish()
        return Approved(person, folder, final, approvals)


def _already_final(workspace: Workspace, address: Address, period: Month, person: str) -> Approved | None:
    """The answer to an approval that was cut off after it was recorded, and is given again."""
    with read_only_ledger(workspace, address) as ledger:
        final = ledger.last_final(period)
    if final is None or person not in [one.person for one in final.approvals] or _drafts(workspace, period):
        return None
    folder = _receipts(workspace, period)[-1].parent
    return Approved(person, folder, final, final.approvals)


def _refuse_changed_files(folder: Path, said: Mapping[str, Any]) -> None:
    """Every file of the draft must be what its receipt says, and the receipt what the manifest says."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())["files"]
    except (OSError, ValueError, KeyError) as error:
        raise Blocked(f"The list of the draft's files in {folder} cannot be read.", _AGAIN) from error
    expected = {path: entry["sha256"] for path, entry in said["files"].items()} | {RECEIPT: manifest[RECEIPT]["sha256"]}
    changed = []
    for path, digest in expected.items():
        try:
            content = (folder / path).read_bytes()
        except OSError:
            changed.append(f"{path} is missing")
            continue
        if hashlib.sha256(content).hexdigest() != digest:
            changed.append(f"{path} was changed")
    if changed:
        raise Blocked(f"The draft in {folder} is not what was made: {'; '.join(changed[:10])}.", _AGAIN)


_AGAIN = "Make the draft again, look at it, and approve that: settlement run --period …"


def _refuse_changed_sources(computed: Computed, said: Mapping[str, Any]) -> None:
    """Rules, deliveries and results must be those of the draft."""
    changed = []
    for what, now, then in (
        ("rule file", computed.rules, said["rules"]["files"]),
        ("delivery", computed.inputs, said["inputs"]["files"]),
    ):
        changed += [f"{what} {path} was changed" for path in sorted(now.keys() & then.keys()) if now[path] != then[path]]
        changed += [f"{what} {path} is new" for path in sorted(now.keys() - then.keys())]
        changed += [f"{what} {path} is gone" for path in sorted(then.keys() - now.keys())]
    if computed.client_key != said.get("client_key", ""):
        changed.append("the key of client numbers is another")
    if not changed and computed.previous != said["ledger_before"]:
        changed.append("another run was made final since")
    if not changed and computed.results_digest != said["results_digest"]:
        changed.append("the amounts come out otherwise (another version of settlement?)")
    if changed:
        raise Blocked(
            f"The draft of {computed.period} no longer holds: {'; '.join(changed[:10])}.",
            f"Make it again, look at it, and approve that: settlement run --period {computed.period}",
        )


def _approvals(
    folder: Path, said: Mapping[str, Any], own: Approval, rulebook: Rulebook
) -> tuple[Approval, ...] | None:
    """The approvals when they suffice; else keeps this one and gives ``None``."""
    if rulebook.organisation.approval == "one person":
        return (own,)
    path = folder / APPROVALS
    bound = hashlib.sha256((folder / RECEIPT).read_bytes()).hexdigest()
    kept: list[Approval] = []
    if path.exists():
        found = json.loads(path.read_bytes())
        if found.get("receipt") == bound:
            kept = [Approval(one["person"], dt.datetime.fromisoformat(one["at"])) for one in found["approvals"]]
    if any(one.person.casefold() == own.person.casefold() for one in kept):
        raise Blocked(
            f"{own.person} has approved {said['period']} already; a second, different person has to.",
            f"Ask a colleague: settlement approve --period {said['period']} --by 'name'",
        )
    if kept:
        return (*kept, own)
    from settlement.run.outbox import write_atomically

    content = {"receipt": bound, "approvals": [{"person": own.person, "at": own.at.isoformat()}]}
    write_atomically(path, _json(content))
    return None
