"""The fields of a delivered line, each with its meaning; headings, refusals and cases name them so (deliveries.md)."""

from __future__ import annotations

FIELD_MEANINGS: dict[str, str] = {
    "contract": "The number of the contract, where the file does not give one for all its lines.",
    "client": "The provider's pseudonym of the child; never a citizen service number.",
    "service": "A service of the contract, by its own name.",
    "code": "A product code, which finds the service through its `codes`.",
    "profile": "The profile of the arrangement, as in the contract's table of amounts.",
    "intensity": "The intensity, as in the contract's table of amounts.",
    "allocation": "The number of the allocation.",
    "allocation_start": "The first day of the allocation.",
    "allocation_end": "The last day of the allocation.",
    "start": "The first day of care.",
    "end": "The last day of care, in the same month as the first (an arrangement may span months).",
    "quantity": "How much was delivered, in `unit`.",
    "unit": "The unit of the quantity: minutes, hours, day parts, days, overnight days, pieces, weeks, months.",
    "claimed": "What the provider says that the line comes to; checked, never paid as such.",
    "direction": "D, or C for a line that undoes an earlier one, whole; D unless said.",
    "reference": "The provider's own reference of the line.",
    "previous_reference": "On a C line: the reference of the line that it undoes.",
    "municipality": "The municipality responsible for the child, where several share a contract.",
    "subcontractor": "Who delivered it, when it was not the provider.",
    "result": "reached, not reached, or running.",
    "end_reason": "Why the care ended: a national code, or its words.",
    "goal_attainment": "Whether the goals were reached: yes, no, or a share.",
    "client_satisfaction": "The client's mark, from 1 to 10.",
    "dropout": "Whether the care ended early: yes or no; where it is missing it follows from `end_reason`.",
    "refused_client": "yes for a client who was turned away.",
}

FIELDS: tuple[str, ...] = tuple(FIELD_MEANINGS)
"""The names alone, in the order of a template."""
