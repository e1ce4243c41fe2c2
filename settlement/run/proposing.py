"""Headings that were not known and probably mean a field: what to write in providers.yaml, for a person to judge.

Nothing is written, and no run uses a proposal: a mapping counts from the moment that it stands in a rule file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from settlement.deliveries.gather import Gathered
from settlement.deliveries.headings import meaning, own_headings
from settlement.deliveries.likely import LISTED, likely_field
from settlement.domain.contract import Contract, Rulebook
from settlement.domain.fields import FIELDS
from settlement.domain.records import Delivery
from settlement.templates.columns import columns_of
from settlement.wording import wording

_UNKNOWN = "unknown column: "
_ALWAYS = ("client", "start")
"""What a line needs of whatever contract."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the headings of one provider's files probably mean; of a file whose provider is not known, of that file alone."""

    provider: str
    """Its key in providers.yaml; empty where it is not known."""
    files: tuple[str, ...]
    headings: Mapping[str, tuple[str, ...]]
    """Field to headings, in order of field."""
    others: tuple[str, ...]
    """Headings that nothing is proposed for, as written."""
    missing: tuple[str, ...]
    """Fields that every line needs, and for which there is neither a column nor a proposal."""

    def __str__(self) -> str:
        files, others, missing = (", ".join(each) for each in (self.files, self.others, self.missing))
        lines = []
        if self.headings:
            lines.append(f"{files}: these headings are not known, and probably mean:")
            lines.append(f"in providers.yaml, under {self.provider or 'the provider of this file'}:")
            lines.append("  headings:")
            for field, headings in self.headings.items():
                if len(headings) == 1:
                    lines.append(f"    {field}: {_quoted(headings[0])}")
                else:
                    lines += [f"    {field}:", *(f"      - {_quoted(heading)}" for heading in headings)]
            if others:
                lines.append(f"Not known besides: {others}.")
        else:
            lines.append(f"{files}: these headings are not known: {others}.")
        if missing:
            lines.append(f"Every line needs these fields, and no column is known to hold them: {missing}.")
            lines.append(
                f"Write in providers.yaml, under headings of {self.provider or 'the provider of this file'}, which heading each of them has, "
                f"one on a line: '{self.missing[0]}: ' and the heading."
            )
        lines.append("Add what is right of it, and check again." if self.headings else "Then check again.")
        return "\n".join(lines)


def _quoted(heading: str) -> str:
    """A heading as it may stand in a rule file."""
    plain = re.fullmatch(r"[^\W\d_][\w ./()%-]*", heading)
    return heading if plain else "'" + heading.replace("'", "''") + "'"


def proposals(delivered: Gathered, rulebook: Rulebook) -> tuple[Proposal, ...]:
    """What could be added to providers.yaml, by provider; nothing that is known, or that its files have a column for."""
    no_table = delivered.refusals.filter(code="no-table").iter_rows(named=True)
    unread = {row["delivery"]: row["found"].split(LISTED) if row["found"] else [] for row in no_table}
    named: dict[str, set[str]] = {}
    for frame in (delivered.lines, delivered.refusals):
        for delivery, contract in frame.select("delivery", "contract").drop_nulls().unique().iter_rows():
            named.setdefault(delivery, set()).add(contract)
    found: dict[tuple[str, str], list[tuple[str, Mapping[str, str], list[str], list[str]]]] = {}
    for one in delivered.deliveries:
        contracts = [rulebook.contracts[each] for each in sorted(named.get(one.key, set()) | {one.contract or ""}) if each in rulebook.contracts]
        providers = {contract.provider for contract in contracts}
        proposed, others, missing = _of_file(one, unread.get(one.key, []), contracts, rulebook)
        if proposed or (others and missing):
            provider = providers.pop() if len(providers) == 1 else ""
            found.setdefault((provider, "" if provider else one.key), []).append((one.key, proposed, others, missing))
    return tuple(_together(provider, files) for (provider, _), files in sorted(found.items(), key=lambda each: each[0]))


def _of_file(
    one: Delivery, likely: Sequence[str], contracts: Sequence[Contract], rulebook: Rulebook
) -> tuple[Mapping[str, str], list[str], list[str]]:
    """Of one file: field to the heading that probably means it, the headings beside those, and the fields that are missing."""
    own = own_headings({name: headings for held in contracts for name, headings in rulebook.headings()[held.number].items()})
    unknown = [note.removeprefix(_UNKNOWN) for note in one.notes if note.startswith(_UNKNOWN)]
    there = {*one.columns, *(field for heading in likely if (field := meaning(heading, own)))}
    proposed: dict[str, str] = {}
    others = []
    for heading in (*unknown, *(each for each in likely if meaning(each, own) is None)):
        field = likely_field(heading)
        if field is None or field in there or field in proposed:
            others.append(heading)
        else:
            proposed[field] = heading
    if not (proposed or others):
        return proposed, others, []
    needed = {column.field for held in contracts for column in columns_of(held, one.claim_month, wording("en")) if column.need == "always"}
    there |= proposed.keys()
    if "code" in there:
        there.add("service")  # a product code finds it
    return proposed, others, [field for field in FIELDS if field in (needed or _ALWAYS) and field not in there]


def _together(provider: str, files: Sequence[tuple[str, Mapping[str, str], list[str], list[str]]]) -> Proposal:
    headings: dict[str, dict[str, None]] = {}
    for _, proposed, _, _ in files:
        for field, heading in proposed.items():
            headings.setdefault(field, {})[heading] = None
    return Proposal(
        provider,
        tuple(key for key, *_ in files),
        {field: tuple(each) for field, each in sorted(headings.items())},
        tuple(dict.fromkeys(heading for _, _, others, _ in files for heading in others)),
        tuple(field for field in FIELDS if any(field in missing for *_, missing in files)),
    )
