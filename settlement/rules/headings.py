"""The column headings of a provider's own, as a contract or providers.yaml gives them: field to headings."""

from __future__ import annotations

from settlement.domain.fields import FIELDS
from settlement.rules.blocks import Keys, read_many, under, written
from settlement.rules.grammar import Value, did_you_mean, quote

EXAMPLE = "client: Dossiernr"


def read_headings(keys: Keys) -> dict[str, tuple[str, ...]]:
    """What stands under ``headings``; nothing where it is left out. Its problems are on the page of the keys."""
    found: dict[str, tuple[str, ...]] = {}
    if "headings" not in keys.entries:
        return found
    mapping = under(keys, keys.entries["headings"], EXAMPLE)
    key = keys.block.key("headings")
    for heading in mapping.entries if mapping is not None else ():
        if heading.key.value in FIELDS:
            example = written(key) if key else EXAMPLE
            found[heading.key.value] = read_many(keys, heading, Value("heading", "Dossiernr", str), example)
            continue
        keys.problem(
            "unknown-field",
            heading.key.place,
            f"{quote(heading.key.value)} is not a field of a line",
            did_you_mean(heading.key.value, FIELDS),
        )
    return found
