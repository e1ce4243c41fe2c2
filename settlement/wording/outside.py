"""Text from outside on its way into a workbook or CSV: what cannot be shown is made visible, what acts is defused."""

from __future__ import annotations

import re

CELL_LIMIT = 32_767
"""Most characters (of UTF-16, as Excel counts them) in one cell."""

_NOT_SHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Control characters, halves of characters, what XML forbids, and marks that turn the direction of what follows."""

_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
"""What Excel would read as a character by its number: ``_x003D_`` is ``=``."""

_ACTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""At the start of a field a spreadsheet reads these as a formula."""


def shown(text: str) -> str:
    """The text with every character that cannot be shown replaced by ``\\ufffd``, and line ends made one kind."""
    return _NOT_SHOWN.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def for_cell(text: str) -> str:
    """The text as a workbook may hold it: shown, without escapes of Excel's own, and no longer than a cell can hold."""
    text = shown(text)
    if len(text) * 2 > CELL_LIMIT and len(text.encode("utf-16-le")) > 2 * CELL_LIMIT:
        text = text.encode("utf-16-le")[: 2 * (CELL_LIMIT - 1)].decode("utf-16-le", "ignore") + "…"
    return _ESCAPE.sub("_x005F_", text)


def for_csv(text: str) -> str:
    """The text as one field of a CSV on one line; what a spreadsheet would take for a formula gets ``'`` before it."""
    text = shown(text)
    text = f"'{text}" if text.lstrip(" ").startswith(_ACTS) else text
    return text.replace("\n", " ").replace("\t", " ")
