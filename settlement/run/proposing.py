"""Headings that were not known and probably mean a field: what to write in providers.yaml, for a person to judge.

Nothing is written, and no run uses a proposal: a mapping counts from the moment that it stands in a rule file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from settlement.deliveries.gather import Gathered
from settlement.deliveries.likely import LISTED, likely_field
from settlement.domain.contract import Rulebook

_UNKNOWN = "unknown column: "


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the headings of one provider's files probably mean."""

    provider: str
    """Its key in providers.yaml; empty where the contract of the file is not known."""
    files: tuple[str, ...]
    headings: Mapping[str, tuple[str, ...]]
    """Field to headings, in order of field."""

    def __str__(self) -> str:
        lines = [
            f"{', '.join(self.files)}: these headings are not known, and probably mean:",
            f"in providers.yaml, under {self.provider or 'the provider'}:",
            "  headings:",
        ]
        for field, headings in self.headings.items():
            if len(headings) == 1:
                lines.append(f"    {field}: {_quoted(headings[0])}")
            else:
                lines += [f"    {field}:", *(f"      - {_quoted(heading)}" for heading in headings)]
        return "\n".join([*lines, "Add what is right of it, and check again."])


def _quoted(heading: str) -> str:
    """A heading as it may stand in a rule file."""
    plain = re.fullmatch(r"[^\W\d_][\w ./()%-]*", heading)
    return heading if plain else "'" + heading.replace("'", "''") + "'"


def proposals(delivered: Gathered, rulebook: Rulebook) -> tuple[Proposal, ...]:
    """What could be added to providers.yaml, by provider; nothing that its files have a column for already."""
    unread = {
        row["delivery"]: row["found"]
        for row in delivered.refusals.filter(code="no-table").iter_rows(named=True)
        if row["found"]
    }
    found: dict[str, dict[str, dict[str, None]]] = {}
    files: dict[str, list[str]] = {}
    for delivery in delivered.deliveries:
        unknown = [note.removeprefix(_UNKNOWN) for note in delivery.notes if note.startswith(_UNKNOWN)]
        unknown += unread.get(delivery.key, "").split(LISTED) if delivery.key in unread else []
        contract = rulebook.contracts.get(delivery.contract or "")
        provider = contract.provider if contract is not None else ""
        known = {heading.casefold() for headings in rulebook.headings().get(delivery.contract or "", {}).values() for heading in headings}
        for heading in unknown:
            field = likely_field(heading)
            if field is None or field in delivery.columns or heading.casefold() in known:
                continue
            found.setdefault(provider, {}).setdefault(field, {})[heading] = None
            if delivery.key not in files.setdefault(provider, []):
                files[provider].append(delivery.key)
    return tuple(
        Proposal(provider, tuple(files[provider]), {field: tuple(headings) for field, headings in sorted(fields.items())})
        for provider, fields in sorted(found.items())
    )
