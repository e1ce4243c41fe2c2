"""Rule files to records: what contract managers wrote, read with its places; every problem at once.

``read_rulebook`` gives the contracts, ``read_cases`` their managers' own tests. The language is said once, in
language.py; README.md is the manual.
"""

from settlement.rules.cases import read_cases
from settlement.rules.reader import read_rulebook

__all__ = ["read_cases", "read_rulebook"]
