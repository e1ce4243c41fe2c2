"""Deliveries that were settled before and cannot be read today: nothing is taken back because a machine had a bad day."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from settlement.domain.problems import Problem
from settlement.run.blocked import Blocked
from settlement.run.places import RECORDED

OF_THE_MACHINE = frozenset({"cannot-open", "still-being-copied", "took-too-long", "too-much-memory", "reading-failed"})
"""The codes of file problems that say nothing about the file: the same bytes were read before."""


def refuse_unread(
    before: Mapping[str, str] | None, inputs: Mapping[str, str], left_out: Mapping[str, str], problems: Collection[Problem]
) -> None:
    """Raises ``Blocked`` when a file that the last final run read is left out now, or has the same bytes and is not read.

    Its lines would count for nothing, and what was paid for them would be claimed back. ``before`` maps the files that it read
    to their digests (``None``: not known), ``inputs`` those that are read now.
    """
    if before is None:
        return
    prefix = f"{RECORDED['inputs'].as_posix()}/"
    unread = {problem.place.file.removeprefix(prefix): problem.message for problem in problems if problem.code in OF_THE_MACHINE}
    lost = sorted(path for path in before if path in left_out or (path in unread and inputs.get(path) == before[path]))
    if lost:
        told = "; ".join(f"{path} ({unread.get(path, 'it cannot be copied')})" for path in lost[:5])
        raise Blocked(
            f"Deliveries that were settled before cannot be read now: {told}.",
            "Nothing was done: without them, what was paid for them would be claimed back. Close them in other programs, "
            "give the machine some rest, and give the command again.",
        )
