"""What a run computes, computed once: for whoever gives the same commands thousands of times to see what they write.

Between the snapshot and the papers a run is pure. Each of its larger steps is really done the first time, for all that it
depends on (the copied rules and deliveries, what the ledger says, draft or final), and remembered in a file after that.
All that touches a disk is done each time: lock, snapshot, ledger, staging, publishing, tidying.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import settlement.alerts.page
import settlement.alerts.workbook
import settlement.deliveries.gather
import settlement.returns.writing
import settlement.run.balance
import settlement.run.computing
import settlement.run.papers
import settlement.settle
import settlement.statements.compose
from settlement.domain.periods import Month
from settlement.domain.records import AlertSummary
from settlement.run.computing import Computed
from settlement.settle import Before
from settlement.statements.compose import Paid


def _folder_digest(copy: Path) -> str:
    """Over the copied deliveries and the copied rules beside them."""
    digest = hashlib.sha256()
    for path in sorted(copy.parent.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            digest.update(f"{path.relative_to(copy.parent)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _told(value: object) -> str:
    """What a step is given that the steps before it were not: figures, names, months, what the ledger says. The rest (the
    rulebook, the lines, the settlement) they made themselves."""
    if isinstance(value, Computed):
        return f"{value.name} {value.final} {value.results_digest}"
    if isinstance(value, Mapping) and all(isinstance(key, str | tuple) for key in value):
        return repr({key: _told(one) for key, one in value.items()})
    return repr(value) if isinstance(value, str | int | tuple | Month | Before | Paid | AlertSummary | None) else type(value).__name__


_STEPS: tuple[tuple[Any, str], ...] = (
    (settlement.deliveries.gather, "gather"),
    (settlement.settle, "settle"),
    (settlement.statements.compose, "settled_lines"),
    (settlement.run.computing, "_line_files"),
    (settlement.statements.compose, "compose"),
    (settlement.run.balance, "check_balance"),
    (settlement.returns.writing, "write_returned"),
    (settlement.run.papers, "_workbooks"),
    (settlement.run.papers, "_talks"),
    (settlement.alerts.workbook, "write_alerts"),
    (settlement.alerts.page, "render_alerts"),
)


def remember(folder: Path) -> None:
    """From now on this process and its forks remember in this folder."""
    folder.mkdir(exist_ok=True)
    trail = [hashlib.sha256()]

    def remembered(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any, **more: Any) -> Any:
            if name == "gather":
                trail[0] = hashlib.sha256(_folder_digest(given[0]).encode())
            told = [_told(one) for one in (*given, *(more[key] for key in sorted(more)))]
            trail[0].update(f"{name} {told}\n".encode())
            path = folder / trail[0].hexdigest()
            if path.exists():
                return pickle.loads(path.read_bytes())
            result = real(*given, **more)
            part = path.with_suffix(".part")
            part.write_bytes(pickle.dumps(result))
            part.rename(path)
            return result

        return step

    for module, name in _STEPS:
        setattr(module, name, remembered(name, getattr(module, name)))
