"""Citizen service numbers (BSN): recognised so that they can be refused, and never repeated. Standard library only."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection

_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
_AT_LEAST = 2
"""So many before a column is judged: one number in eleven passes the test by chance, two in a hundred and twenty-one."""


def is_service_number(digits: str) -> bool:
    """Whether these digits pass the test of a BSN: nine of them (or eight, a zero lost), weighted, by eleven."""
    if len(digits) not in {8, 9} or not (digits.isascii() and digits.isdigit()) or int(digits) == 0:
        return False
    return sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits.zfill(9), strict=True)) % 11 == 0


def are_service_numbers(values: Collection[str]) -> bool:
    """Whether these different values of a column are citizen service numbers: two when there are no others, else at least
    three and more than half."""
    passing = sum(1 for value in values if is_service_number(re.sub(r"[ .\-]", "", value)))
    return passing >= _AT_LEAST and (passing == len(values) or (passing > _AT_LEAST and passing * 2 > len(values)))


def without_service_numbers(text: str) -> str:
    """The text with the digits of every BSN in it covered."""
    if re.fullmatch(r"\s*[0-9][0-9 .\-]{6,14}[0-9]\s*", text) and is_service_number(
        re.sub(r"[ .\-]", "", text.strip())
    ):
        return re.sub("[0-9]", "•", text)
    runs = itertools.groupby(text, key=lambda each: each.isascii() and each.isdigit())
    parts = [(digits, "".join(run)) for digits, run in runs]
    return "".join("•" * len(part) if digits and is_service_number(part) else part for digits, part in parts)
