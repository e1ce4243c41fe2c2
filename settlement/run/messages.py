"""The messages of a run: the key that they are read with, and a JW325 for every JW323 that no final run has answered.

Answers due = messages delivered to date − messages answered before: a message that came late, or could not be read
until a rule file was mended, is answered by the first run that can.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from settlement.deliveries.answer import Answer, Verdict, answer_to
from settlement.deliveries.mailbox import KEY_BYTES, Mailbox, routes_of
from settlement.domain.contract import Rulebook
from settlement.domain.periods import Month
from settlement.domain.problems import Problem
from settlement.domain.records import Delivery, Message
from settlement.run.balance import OutOfBalance

if TYPE_CHECKING:
    from settlement.deliveries.gather import Gathered
    from settlement.run.ledger import FinalRun, Ledger
    from settlement.run.workspace import Workspace
    from settlement.settle import Settlement

FOLDER = "messages"
"""Below the month's folder; in it a folder for each provider, by AGB code."""

WITHOUT_NATIONAL: Mapping[str, str] = {
    "outside-contract": "9307",
    "after-contract": "9308",
    "too-late": "9319",
    "year-closed": "9319",
    "number-too-large": "9321",
    "missing-service": "9340",
}
"""The nearest national code of refusals that follow from our contracts and have none of their own."""


# ---- the key ---------------------------------------------------------------------------------------------


class KeyMissing(Exception):  # noqa: N818 - what is the case, told to a person; messages are refused with it
    """Why there is no key."""


def key_path(workspace: Workspace, named: str) -> Path:
    """Where the key lies that organisation.yaml names, seen from the rules folder. Raises ``KeyMissing``."""
    if not named:
        raise KeyMissing("organisation.yaml names no client_key")
    path = workspace.rules / named
    for folder in (workspace.rules, workspace.inputs, workspace.outputs):
        if path.resolve().is_relative_to(folder.resolve()):
            raise KeyMissing(f"client_key lies in {folder}, of which copies are kept")
    return path


def read_key(workspace: Workspace, named: str) -> str:
    """The key, hexadecimal. Raises ``KeyMissing``."""
    path = key_path(workspace, named)
    try:
        with path.open("rb") as file:
            content = file.read(4096).decode("ascii", "replace")
    except OSError as error:
        raise KeyMissing(f"{path} cannot be read: {error.strerror or 'unknown reason'}") from error
    own = [line.strip() for line in content.splitlines() if line.strip() and not line.startswith("#")]
    if len(own) != 1 or not re.fullmatch(rf"[0-9a-f]{{{KEY_BYTES * 2}}}", own[0]):
        raise KeyMissing(f"{path} holds no key")
    return own[0]


def key_file(key: bytes) -> bytes:
    """What stands in the file of a key."""
    return (
        b"# Makes client numbers of the citizen service numbers in JW323 messages. Secret: who has it can undo them.\n"
        b"# Keep it outside rules, inputs and outputs, with a copy in a safe place.\n" + key.hex().encode() + b"\n"
    )


def mailbox_of(workspace: Workspace, rulebook: Rulebook, problems: Sequence[Problem]) -> Mailbox:
    """What the reading of messages needs; without a key it says why."""
    unread = any(problem.contract is not None for problem in problems)
    try:
        return Mailbox(routes_of(rulebook), read_key(workspace, rulebook.organisation.client_key), "", unread)
    except KeyMissing as missing:
        return Mailbox(routes_of(rulebook), "", str(missing), unread)


# ---- the answers -----------------------------------------------------------------------------------------


def answered(ledger: Ledger, runs: Sequence[FinalRun]) -> set[str]:
    """The names of the answers that final runs gave."""
    paths = (path for run in runs for path in ledger.files(run))
    return {path.rpartition("/")[2] for path in paths if f"/{FOLDER}/" in path}


def answers_of(
    settlement: Settlement, delivered: Gathered, inputs: Path, before: Collection[str]
) -> dict[str, bytes]:
    """The answers that are due, by path in the month's folder. ``inputs`` holds the very bytes that were read.

    Raises ``OutOfBalance`` when an answer does not grant what was accepted.
    """
    due = [
        (one, one.message)
        for one in delivered.deliveries
        if one.message is not None and one.used and name_of(one, one.message) not in before
    ]
    if not due:
        return {}
    refused = _codes(settlement, [one.key for one, _ in due])
    accepted = _granted(settlement, [one.key for one, _ in due])
    found: dict[str, bytes] = {}
    faults: list[str] = []
    for delivery, message in due:
        data = (inputs / delivery.key).read_bytes()
        if hashlib.sha256(data).hexdigest() != delivery.digest:
            raise OutOfBalance([f"{delivery.key} is not what was read"])
        verdict = Verdict(
            delivery.digest[:12].upper(), _dated(message, settlement.period), message.rejected, refused.get(delivery.key, {})
        )
        answer = answer_to(data, verdict)
        faults += _out_of_balance(delivery, message, answer, accepted.get(delivery.key, (0, 0)))
        found[f"{FOLDER}/{message.sender}/{name_of(delivery, message)}"] = answer.content
    if faults:
        raise OutOfBalance(faults)
    return dict(sorted(found.items()))


def name_of(delivery: Delivery, message: Message) -> str:
    """The name of an answer: municipality and a part of the digest of what it answers, the same in every run."""
    return f"JW325-{message.receiver}-{delivery.digest[:12]}.xml"


def _dated(message: Message, period: Month) -> dt.date:
    """The date of an answer: the last day of the month that is settled, and never before the message itself."""
    return max(period.last_day, message.dated)


def _codes(settlement: Settlement, keys: Sequence[str]) -> dict[str, dict[int, tuple[str, ...]]]:
    """The national codes of refused lines, by delivery and number of the line."""
    own = settlement.refusals.filter(pl.col("delivery").is_in(keys) & (pl.col("row") > 0))
    found: dict[str, dict[int, dict[str, None]]] = {}
    for delivery, row, code, national in own.select("delivery", "row", "code", "national").iter_rows():
        told = national or WITHOUT_NATIONAL.get(code)
        if told is None:
            raise OutOfBalance([f"{delivery}: no national code for {code}"])
        found.setdefault(delivery, {}).setdefault(row, {})[told] = None
    return {delivery: {row: tuple(codes) for row, codes in rows.items()} for delivery, rows in found.items()}


def _granted(settlement: Settlement, keys: Sequence[str]) -> dict[str, tuple[int, int]]:
    """What the accepted lines of a delivery claimed together, and how many they are; credits count as less."""
    signed = pl.when(pl.col("direction") == "C").then(-pl.col("claimed_cents")).otherwise(pl.col("claimed_cents"))
    own = settlement.accepted.lines.filter(pl.col("delivery").is_in(keys))
    sums = own.group_by("delivery").agg(cents=signed.sum(), lines=pl.len())
    return {delivery: (cents, lines) for delivery, cents, lines in sums.iter_rows()}


def _out_of_balance(delivery: Delivery, message: Message, answer: Answer, accepted: tuple[int, int]) -> list[str]:
    """The arithmetic of an answer (iJw TR342), and that it grants what was accepted."""
    cents, lines = accepted
    found = []
    if answer.submitted_cents != message.submitted_cents:
        found.append(f"answers {answer.submitted_cents} cents submitted, the message says {message.submitted_cents}")
    if answer.granted_cents != cents:
        found.append(f"grants {answer.granted_cents} cents, accepted are {cents}")
    if not message.rejected and answer.rejected_cents != answer.submitted_cents - answer.granted_cents:
        found.append(f"rejects {answer.rejected_cents} cents of {answer.submitted_cents}, and grants {answer.granted_cents}")
    if answer.rejected_lines + lines != delivery.rows:
        found.append(f"rejects {answer.rejected_lines} lines, accepted are {lines} of {delivery.rows}")
    return [f"the answer to {delivery.key} {fault}" for fault in found]
