"""Why a file can't be read. Raised while reading, answered as one refusal of the whole file. Standard library only."""

from __future__ import annotations


class UnreadableError(Exception):
    """A file that is refused as a whole. ``code`` is stable; the sentence is in the wording and in ``gather``."""

    def __init__(
        self, code: str, *, found: str = "", expected: str = "", sheet: str = "", cell: str = "", field: str = ""
    ) -> None:
        super().__init__(code)
        self.code = code
        self.found = found
        self.expected = expected
        self.sheet = sheet
        self.cell = cell
        self.field = field
