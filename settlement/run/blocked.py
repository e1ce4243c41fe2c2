"""Blocked: what keeps a run from being done now, and what a person can do about it; and notes, which stop nothing."""

from __future__ import annotations

from collections.abc import Sequence

from settlement.domain.problems import Problem


class Blocked(Exception):  # noqa: N818 - it is a state of the workspace that ends, not an error of the program
    """A run cannot go on, through no fault in a rule file or a delivery.

    Another run is going, a file is open elsewhere, the disk is full, the ledger refuses.
    Whoever raises it has left everything as it was, or says in ``help`` how it is finished.
    """

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(f"{message}\n{help}" if help else message)
        self.message = message
        """What is the matter, with the names of the things concerned."""
        self.help = help
        """What to do; empty when there is nothing to do but wait."""


class RulesBlocked(Blocked):
    """A run cannot begin, because a rule file that all of it depends on has problems: ``problems``."""

    def __init__(self, problems: Sequence[Problem], help: str = "") -> None:
        super().__init__("\n\n".join(map(str, problems)), f"\n{help}" if help else "")
        self.problems = tuple(problems)


class Note(str):
    """What a run tells in passing, to whoever is told its stages: a sentence for people that stops nothing."""

    __slots__ = ()
