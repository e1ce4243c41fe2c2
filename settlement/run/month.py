"""The monthly run: gather, settle, write, record. The only place that joins folders, ledger and settlement.

lock → snapshot of rules and deliveries → pure computation → papers → one publication; on approval, one transaction first.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from settlement import __version__
from settlement.domain.contract import Rulebook
from settlement.domain.periods import Month
from settlement.run.blocked import Blocked, Note
from settlement.run.digests import digest_of, to_json
from settlement.run.kept import keep
from settlement.run.ledger import Approval, ApprovedRun, FinalRun, Ledger, hold_ledger
from settlement.run.ledger_records import Address
from settlement.run.lock import hold
from settlement.run.outbox import MANIFEST, STAGING, Finished, finish_pending, stage
from settlement.run.private import working_room
from settlement.run.stopping import Stopped, asked_too_late, can_be_stopped, point_of_no_return, tidying

if TYPE_CHECKING:
    from collections.abc import Iterator

from settlement.run.computing import Computed, compute, compute_from, private_copy
from settlement.run.papers import papers
from settlement.run.workspace import RECEIPT, Report, Workspace, read_only_ledger, refuse_foreign, silent

APPROVALS = "approvals.json"


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft, published."""

    computed: Computed
    folder: Path
    written: int
    """How many files."""
    unchanged: bool = False
    """The month is final and nothing has changed since: nothing was written."""


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


def draft(workspace: Workspace, period: Month, now: dt.datetime, report: Report = silent) -> Drafted:
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


def approve(workspace: Workspace, period: Month, person: str, now: dt.datetime, report: Report = silent) -> Approved:
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
        with private_copy(workspace, period, report, workspace.outputs / STAGING) as copied:
            computed = compute_from(workspace, period, copied, final=True, report=report, held=held.ledger)
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
    again = f"Make the draft again, look at it, and approve that: settlement run --period {said['period']}"
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())["files"]
    except (OSError, ValueError, KeyError) as error:
        raise Blocked(f"The list of the draft's files in {folder} cannot be read.", again) from error
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
        raise Blocked(f"The draft in {folder} is not what was made: {'; '.join(changed[:10])}.", again)


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
    write_atomically(path, to_json(content))
    return None
