"""One rule file being read: its lines, and the problems found in it so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from settlement.domain.problems import Place, Problem
from settlement.rules.address import without_password

_SHOWN = 200
"""Characters of a line that a message shows: no contract has longer ones, and a screen has an end."""


@dataclass(slots=True)
class Page:
    """One rule file: what stands on its lines, and what somebody must correct in it.

    Everything that reads the file hands its problems to ``problem``, which adds the user's own line; nothing raises.
    """

    file: str
    """As the user would type it, with forward slashes."""
    digest: str = ""
    """SHA-256 of its bytes, hexadecimal; empty when it could not be read."""
    lines: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    widths: dict[tuple[int, int], int] = field(default_factory=dict)
    """How many characters stand at each line and column of the tree."""
    spoiled: set[Place] = field(default_factory=set)
    """Places whose notation was refused already: what stands there is not judged again."""

    def place(self, line: int, column: int, width: int = 1) -> Place:
        """A spot in this file, line and column from 1, with the number of characters that stand there."""
        self.widths[line, column] = max(width, 1)
        return Place(self.file, line, column)

    def problem(self, code: str, place: Place, message: str, advice: str) -> None:
        """Notes one problem; ``advice`` says what would be accepted."""
        if place in self.spoiled:
            return
        source = self.lines[place.line - 1].rstrip() if 0 < place.line <= len(self.lines) else ""
        if len(source) > _SHOWN:
            source = source[:_SHOWN] if place.column <= _SHOWN else ""
        width = min(self.widths.get((place.line, place.column), 1), max(len(source) - place.column + 1, 1))
        self.problems.append(Problem(code, place, message, advice, without_password(source), width))

    def spoil(self, code: str, place: Place, message: str, advice: str) -> None:
        """Notes a problem of notation; nothing else is said about the same place."""
        self.problem(code, place, message, advice)
        self.spoiled.add(place)
