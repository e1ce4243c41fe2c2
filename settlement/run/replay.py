"""Replaying final runs: each computed again from what it kept and the ledger as it stood then, and held against what it
recorded, to the last byte. Reads only what lies below the outputs, and writes nothing there."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from settlement.run.blocked import Blocked
from settlement.run.computing import compute_again
from settlement.run.digests import FileDigest, digest_of
from settlement.run.kept import KEPT, kept_receipt, restore
from settlement.run.ledger import FinalRun, Ledger, Posting
from settlement.run.outbox import MANIFEST, is_pending, manifest_of
from settlement.run.papers import papers
from settlement.run.versions import changed_since
from settlement.run.workspace import RECEIPT, Report, Workspace
from settlement.wording.numbers import euro

if TYPE_CHECKING:
    from settlement.domain.records import Payment
    from settlement.run.computing import Computed

_CHUNK = 1 << 20
_NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was recorded."""

    kind: Literal["output", "kept", "figure", "paper"]
    """A file in the outputs; a kept file; an amount that comes out otherwise; a paper that comes out otherwise."""
    what: str
    was: str = ""
    now: str = ""
    """As recorded, and as it comes out now; both empty where ``what`` says it all."""

    def __str__(self) -> str:
        return f"{self.what}: was {self.was}, comes out {self.now}" if self.was or self.now else self.what


@dataclass(frozen=True, slots=True)
class Replayed:
    """A final run, held against its records."""

    run: FinalRun
    kept: bool
    """False: it was made before runs kept what they read. Its files were compared; it could not be computed again."""
    differences: tuple[Difference, ...] = ()
    """In the order in which they are to be looked at; empty: all is the same."""
    reasons: tuple[str, ...] = ()
    """What may explain the differences."""


def chain_faults(workspace: Workspace, ledger: Ledger) -> list[str]:
    """What is wrong with the ledger as a whole, by its own chain and by the receipts that stand in the outputs."""
    heads = set()
    for path in sorted(workspace.outputs.glob(f"*/{RECEIPT}")):
        head = _json_file(path).get("ledger_before")
        if isinstance(head, str):
            heads.add(head)
    return [fault.message for fault in ledger.verify(heads)]


def replay(workspace: Workspace, ledger: Ledger, run: FinalRun, report: Report) -> Replayed:
    """Computes a run again and compares. The chain of the ledger was found whole before (``chain_faults``)."""
    report(f"{run.name}: the files that it wrote")
    recorded = ledger.files(run)
    differences = [Difference("output", told) for told in _changed_outputs(workspace.outputs, recorded)]
    reasons = []
    if differences and any(is_pending(workspace.outputs, folder) for folder in (KEPT, _folder(recorded))):
        reasons.append("Its publication was interrupted: the next 'settlement run' or 'settlement approve' finishes that.")
    elif differences:
        reasons.append("Files in the outputs were changed, moved or removed after the run; the ledger holds what was paid.")
    said = kept_receipt(workspace.outputs, run.receipt_digest)
    if said is None:
        said = _published_receipt(workspace.outputs, recorded, run)
        if said is not None and "made_with" not in said:
            return Replayed(run, False, tuple(differences), tuple(reasons))
        differences.append(Difference("kept", f"{RECEIPT} is missing from the store of kept files, or damaged there"))
    if said is not None:
        report(f"{run.name}: the files that it kept")
        with tempfile.TemporaryDirectory(prefix="replay-") as private:
            restored = restore(workspace.outputs, said, Path(private) / "copy")
            lost = [Difference("kept", f"{path} {why}") for path, why in sorted(restored.lost.items())]
            differences += lost
            if not lost:
                report(f"{run.name}: computing it again")
                again = list(_compared(ledger, run, said, lambda: compute_again(workspace, run, restored.copied)))
                differences += again
                reasons += _versions(said) if again else ()
    if any(one.kind == "kept" for one in differences):
        reasons.append(
            f"What it read is not whole in {workspace.outputs / KEPT}, so it was not computed again. "
            "Put that folder back from the last backup."
        )
    return Replayed(run, True, tuple(differences), tuple(reasons))


# ---- what stands there -----------------------------------------------------------------------------------


def _folder(recorded: Mapping[str, FileDigest]) -> str:
    return next(iter(recorded), "").partition("/")[0]


def _changed_outputs(outputs: Path, recorded: Mapping[str, FileDigest]) -> Iterator[str]:
    for path, file in recorded.items():
        digest = hashlib.sha256()
        try:
            with (outputs / path).open("rb") as reader:
                while chunk := reader.read(_CHUNK):
                    digest.update(chunk)
        except FileNotFoundError:
            yield f"{path} is gone from the outputs"
        except OSError as error:
            yield f"{path} cannot be read in the outputs ({error.strerror or error})"
        else:
            if digest.hexdigest() != file.digest:
                yield f"{path} in the outputs is not what the run wrote"


def _published_receipt(outputs: Path, recorded: Mapping[str, FileDigest], run: FinalRun) -> dict[str, Any] | None:
    """The receipt that stands in the outputs, if it is still the one of the ledger."""
    for path, file in recorded.items():
        if file.digest == run.receipt_digest:
            try:
                content = (outputs / path).read_bytes()
            except OSError:
                return None
            return json.loads(content) if digest_of(content).digest == run.receipt_digest else None
    return None


def _json_file(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


# ---- what comes out --------------------------------------------------------------------------------------


def _compared(
    ledger: Ledger, run: FinalRun, said: Mapping[str, Any], compute: Callable[[], Computed]
) -> Iterator[Difference]:
    """What comes out otherwise: first the figures, then the papers."""
    try:
        computed = compute()
        made = papers(computed, run.approvals, said["made_with"])
    except Blocked:
        raise
    except Exception as fault:  # noqa: BLE001 - whatever keeps an old run from being computed is an answer about that run
        # The text of a fault may hold what was delivered; its kind does not.
        yield Difference("figure", f"it cannot be computed again: {type(fault).__name__}")
        return
    now = json.loads(made[RECEIPT])
    figures = [*_differing(_figures(said), _figures(now))]
    figures += _differing(_posted(ledger.postings(run)), _posted(computed.postings))
    figures += _differing(_paid(ledger.payments(run)), _paid(computed.payments))
    yield from figures
    if not figures:
        whole = (
            ("the results", run.results_digest, computed.results_digest),
            ("the rules", run.rules_digest, computed.rules_digest),
            ("the deliveries", run.inputs_digest, computed.inputs_digest),
            ("the records of the ledger", str(len(ledger.postings(run))), str(len(computed.postings))),
        )
        yield from (Difference("figure", what, was, is_) for what, was, is_ in whole if was != is_)
    recorded = {path: file.digest for path, file in ledger.files(run).items()}
    digests = {name: digest_of(content) for name, content in sorted(made.items())}
    digests[MANIFEST] = digest_of(manifest_of(digests))
    came = {f"{computed.folder}/{name}": file.digest for name, file in digests.items()}
    for path in sorted(recorded.keys() | came.keys()):
        if path not in came:
            yield Difference("paper", f"{path} is not made any more")
        elif path not in recorded:
            yield Difference("paper", f"{path} was not made then")
        elif recorded[path] != came[path] and not (path.endswith(f"/{MANIFEST}")):
            yield Difference("paper", f"{path} comes out with other bytes")


def _differing(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Difference]:
    for what in dict.fromkeys((*then, *now)):
        was, is_ = then.get(what, _NOTHING), now.get(what, _NOTHING)
        if was != is_:
            yield Difference("figure", what, was, is_)


def _figures(receipt: Mapping[str, Any]) -> dict[str, str]:
    """Every amount of the statements of a receipt, by what it is, in the order of the statements."""
    found = {}
    for one in receipt["statements"]:
        for row in one["rows"]:
            what = f"{one['number']}, {row['service'] or 'the contract'}, {row['term']} of {row['month']} (contract year {row['year']})"
            found[what] = euro("nl", row["is_cents"])
            found[f"{what}, settled before"] = euro("nl", row["was_cents"])
        for name in ("carried", "payable", "to_pay", "held"):
            found[f"{one['number']}, {name.replace('_', ' ')}"] = euro("nl", one[f"{name}_cents"])
    return found


def _posted(postings: Sequence[Posting]) -> dict[str, str]:
    sums: dict[str, int] = {}
    for one in postings:
        of = f"{one.service or 'the contract'}, {one.term} of {one.month}, " if one.account == "entitlement" else ""
        what = f"the posting of {one.contract}: {of}{one.account} (contract year {one.year})"
        sums[what] = sums.get(what, 0) + one.cents
    return {what: euro("nl", cents) for what, cents in sums.items()}


def _paid(payments: Sequence[Payment]) -> dict[str, str]:
    return {
        f"the payment of {one.statement}": f"{euro('nl', one.cents)} to {one.iban} ({one.provider_name}, creditor {one.creditor}), "
        f"reference {one.reference}, by {one.pay_by}"
        for one in payments
    }


def _versions(said: Mapping[str, Any]) -> list[str]:
    """What the program was then and is now, where that differs."""
    changed = changed_since(said["made_with"])
    code = changed.pop("code", None)
    found = [f"It was made with {name} {then or '(none)'}; this is {now or '(none)'}." for name, (then, now) in changed.items()]
    if code is not None and "settlement" not in changed:
        found.append(f"The code of settlement {said['version']} is not what it was: a change without another version number.")
    return found or [
        "Nothing explains it: the same program, libraries, files and ledger. This is a fault of the program or the machine: report it."
    ]
