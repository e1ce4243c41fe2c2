"""Taking a ledger from the file in which an office began to the server that several people share."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from settlement.run.blocked import Blocked
from settlement.run.ledger import Ledger, hold_ledger
from settlement.run.ledger_records import Address
from settlement.run.lock import hold
from settlement.run.workspace import Workspace


def copy_ledger(workspace: Workspace, file: Path, now: dt.datetime) -> tuple[Address, int]:
    """Copies the records of a ledger file into the ledger that organisation.yaml names, which must have none yet.

    Answers where that is and how many runs it has. Raises ``Blocked`` with nothing copied.
    """
    address = workspace.ledger
    if not file.is_file() or file == address:
        raise Blocked(
            f"{file} is {'the ledger itself' if file == address else 'not there'}: there is nothing to copy.",
            "Name the file in which the ledger was kept, and under 'ledger' in organisation.yaml the server that keeps it now.",
        )
    with (
        hold(workspace.outputs, command=f"ledger --copy-from {file}", now=now) as held,
        hold_ledger(address, held.holder),
        Ledger.open(file, create=False) as source,
        Ledger.open(address) as ledger,
    ):
        return address, ledger.copy_from(source)
