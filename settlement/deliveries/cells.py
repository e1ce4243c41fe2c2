"""What kind of cell a delivered text came from. Standard library only: the reading child shares it with the run."""

from __future__ import annotations

TEXT = 0
"""Text, as written; every cell of a CSV."""
NUMBER = 1
"""A number of Excel, as stored: ``95.499999999999986``, ``1E-3``."""
PADDED = 2
"""A whole number of Excel that its format shows with leading zeros; the text is as shown: ``00123``."""
DATE = 3
"""A number of Excel with a date format: days since the start of the workbook's calendar."""
BOOLEAN = 4
"""``1`` or ``0``."""
ERROR = 5
"""``#REF!``, ``#N/B``: a formula that failed."""
NO_RESULT = 6
"""A formula whose result was never stored; the text is the formula, with its equals sign."""
MERGED = 7
"""Part of a merged cell, so that it is not clear which row or column its value is of."""

KIND = ".kind"
"""Behind a field's name: the column that holds the kinds. Left out where all cells are text."""

SEPARATOR = "\x7f"
"""Between the cells of a column on their way out of the reading child."""
IN_ITS_PLACE = "\x1f"
"""What a delivered separator is replaced by; a cell with either is refused for invisible characters."""
