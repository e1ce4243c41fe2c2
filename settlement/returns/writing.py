"""The returned files of a month as bytes: each made in a child process with bounds, and none ever stops the run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from settlement.deliveries.gather import Gathered
from settlement.domain.problems import Place, Problem
from settlement.returns.child import returned
from settlement.returns.compose import Return, job_of, returns, ways_of
from settlement.settle import Settlement

_START = "import sys; sys.path.append(sys.argv[1]); from settlement.returns.child import main; main()"
_PACKAGE = str(Path(__file__).resolve().parents[2])
_AT_ONCE = 4
SECONDS_AT_MOST = 150.0
"""By the clock, for one file; the child bounds its own seconds of work much lower."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What goes back to the providers of a month."""

    files: Mapping[str, bytes]
    """By path in the month's folder."""
    of: Mapping[str, tuple[str, ...]]
    """By key of a delivery, the paths of what is returned of it."""
    problems: tuple[Problem, ...]
    """Of workbooks that could not be marked themselves."""


def write_returned(
    settlement: Settlement, delivered: Gathered, inputs: Path, shown: Path, seconds: float = SECONDS_AT_MOST
) -> Returned:
    """Makes the returned files of a month, from the deliveries in ``inputs``: the same bytes for the same deliveries.

    ``shown`` is where the user has that folder. ``seconds`` bounds the making of each.
    """
    wanted = returns(settlement, delivered)

    def made(one: Return) -> tuple[str, bytes]:
        path = str(inputs / one.delivery.key)
        for way in ways_of(one):
            content = _made(job_of(one, settlement, path, way), seconds)
            if content is not None:
                return way, content
        # The list needs nothing of the delivered file, and is made without a child.
        return "list", returned(job_of(one, settlement, path, "list"))

    with ThreadPoolExecutor(max_workers=min(_AT_ONCE, os.cpu_count() or 1)) as threads:
        done = list(zip(wanted, threads.map(made, wanted), strict=True))
    files = {one.path: content for one, (_, content) in done}
    of: dict[str, tuple[str, ...]] = {}
    for one in wanted:
        of[one.delivery.key] = (*of.get(one.delivery.key, ()), one.path)
    return Returned(files, of, tuple(_problem(one, way, shown) for one, (way, _) in done if way != [*ways_of(one), "list"][0]))


def _made(job: Mapping[str, object], seconds: float) -> bytes | None:
    """The workbook of a job; ``None`` when the child could not make it, took too long or died."""
    command: Sequence[str] = [sys.executable, "-I", "-S", "-X", "utf8", "-c", _START, _PACKAGE]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, our own module, nothing delivered
            command, input=json.dumps(job).encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    said, _, content = done.stdout.partition(b"\n")
    return content if said == b"made" and done.returncode == 0 else None


def _problem(one: Return, way: str, shown: Path) -> Problem:
    told = {
        "made": "its faults could not be marked in the workbook itself: the provider gets its cells in a workbook made anew",
        "list": "its faults could not be marked in the file: the provider gets the list of refusals alone",
    }[way]
    return Problem(
        "returned-made",
        Place((shown / one.delivery.key).as_posix()),
        told,
        f"Nothing needs to be done; the provider corrects the own file by the list in {one.path}.",
    )
