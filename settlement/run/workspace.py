"""The workspace of an office: its three folders, and the ledger that belongs to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from settlement.domain.contract import Organisation
from settlement.run.blocked import Blocked, RulesBlocked
from settlement.run.ledger import FinalRun, Ledger
from settlement.run.ledger_records import Address

if TYPE_CHECKING:
    from collections.abc import Iterator



RECEIPT = "run.json"


Report = Callable[[str], None]
"""Called with the name of each stage as it begins, and with notes of what a person wants to know in passing."""


def silent(_: str) -> None:
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
            raise RulesBlocked(problems, "Nothing was done: where the ledger is stands in that file.")
        return self.ledger_of(organisation)

    def ledger_of(self, organisation: Organisation | None) -> Address:
        """Where an organisation keeps the ledger of these outputs."""
        return (organisation and organisation.ledger) or self.outputs / "ledger.sqlite"

    @property
    def sources(self) -> dict[str, Path]:
        """The folders that a run reads, by what it calls them."""
        return {"rules": self.rules, "inputs": self.inputs}


def read_only_ledger(workspace: Workspace, address: Address | None = None) -> Ledger:
    """The ledger for reading, of organisation.yaml unless an address is given; one that does not exist yet reads as empty."""
    return Ledger.open(address or workspace.ledger, create=False)


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
