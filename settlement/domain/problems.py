"""Places and Problems: what a person must correct in a file, and where. A problem is a value, never an exception."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A spot in a text file. Line and column count from 1; 0 means the file as a whole."""

    file: str
    """Relative to the current folder where possible, with forward slashes, as the user would type it."""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person must correct in a file.

    ``message`` names the thing as the user typed it; ``help`` says what would be accepted, with an example.
    """

    code: str
    """Stable, for tests and the catalogue of messages: ``money-without-euro``, ``unknown-key``, ``no-contract``."""
    place: Place
    message: str
    help: str
    source: str = ""
    """The user's own line, without its end; empty when there is none."""
    width: int = 1
    """How many characters from the column on are meant."""
    contract: str | None = None
    """The contract that is not settled because of it; ``None`` when it stops no contract or all."""

    def __str__(self) -> str:
        lines = [f"{self.place}: {self.message}"]
        if self.source:
            number = str(self.place.line)
            lines += [
                f"  {number:>5} | {self.source}",
                f"        | {' ' * max(self.place.column - 1, 0)}{'^' * max(self.width, 1)}",
            ]
        lines.append(self.help)
        return "\n".join(line for line in lines if line)
