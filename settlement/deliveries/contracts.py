"""Which contract a delivered file belongs to: its head block, else a column, else its name. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from settlement.deliveries.mailbox import Mailbox

_VERSION = re.compile(r"[\s_\-.(\[]+(?:v|versie|version)[\s_.\-]{0,2}([0-9]{1,3})[)\]]?(?![0-9A-Za-z])", re.IGNORECASE)
_COPY = re.compile(r"\s*\(([0-9]{1,3})\)\s*$")


@dataclass(frozen=True)
class Found:
    """What a file says of its contract, before its column Contractnummer is looked at."""

    in_head: str
    """As the head block writes it; as the contract writes it when that is known; empty: it says nothing."""
    in_name: str
    """The known contract with whose number the file name begins; empty: none."""
    number: str
    """The known contract of the two, the head block first; empty: none."""


class Contracts:
    """The known contract numbers, each with the column headings of its provider's own; and what messages find them by."""

    def __init__(self, headings: Mapping[str, Mapping[str, Sequence[str]]], mailbox: Mailbox | None = None) -> None:
        self._headings = headings
        self.mailbox = mailbox or Mailbox()
        self.numbers: Mapping[str, str] = {number.casefold(): number for number in headings}
        """In small letters, to how they are written."""

    def headings(self, number: str) -> Mapping[str, Sequence[str]]:
        """The own headings of a contract by field; none of a contract that is not known."""
        return self._headings.get(number, {})

    def find(self, labelled: Sequence[str], name: str) -> Found:
        """The contract by what stands at the head block's label (first what is known) and by the file name."""
        known = next((self.numbers[text.casefold()] for text in labelled if text.casefold() in self.numbers), "")
        in_head = known or next(iter(labelled), "")
        in_name = self._of_name(name)
        return Found(in_head, in_name, known or ("" if in_head else in_name))

    def _of_name(self, name: str) -> str:
        small = name.casefold()
        fitting = [
            number
            for folded, number in self.numbers.items()
            if small.startswith(folded) and not small[len(folded) : len(folded) + 1].isalnum()
        ]
        return max(fitting, key=len, default="")


def version_of_name(stem: str) -> tuple[int, str]:
    """The version in a file name (1 unless said) and the name without it: ``levering v2``, ``levering (2)``, ``_versie-3``.

    ``stem`` is the name without extension, and without the contract's number at its beginning.
    """
    said = list(_VERSION.finditer(stem))
    if said:
        last = said[-1]
        return int(last[1]), (stem[: last.start()] + stem[last.end() :]).strip()
    copy = _COPY.search(stem)
    if copy is not None:
        return max(int(copy[1]), 1), stem[: copy.start()].strip()
    return 1, stem.strip()
