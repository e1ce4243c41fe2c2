"""What a contract must be like for its provider to claim under it with JW323 messages."""

from __future__ import annotations

from settlement.domain.contract import MonthlyTariff, Provider, Tariff, WeeklyTariff
from settlement.rules.codes import code_places
from settlement.rules.contracts import Draft, DraftService
from settlement.rules.grammar import quote

_CLAIMED = (Tariff, WeeklyTariff, MonthlyTariff)
"""The terms of which a message can claim lines: a quantity, weeks or a month at a price."""


def check_messages(draft: Draft, provider: Provider | None) -> None:
    """Of a contract with ``messages_to``: its provider has an AGB code, and each line of a message can be priced."""
    if not draft.deliveries.messages_to:
        return
    keys = draft.deliveries_keys or draft.keys
    if provider is not None and not provider.agb:
        keys.problem(
            "messages-without-agb", keys.place_of("messages_to"),
            f"provider {quote(provider.key)} has no AGB code, by which its messages are known",
            "Add it in providers.yaml: agb: 22220001",
        )  # fmt: skip
    coded = [service for service in draft.services.values() if service.codes]
    for service in coded:
        _check_service(service)
    if not coded:
        keys.problem(
            "messages-cannot-say", keys.place_of("messages_to"),
            "no service of this contract has a product code, and a JW323 knows services by nothing else",
            "Write below a service: codes: 46A03",
        )  # fmt: skip


def _check_service(service: DraftService) -> None:
    """A code that a message may carry must lead to one price by itself."""
    name = quote(service.name.value)
    lines = [term for term in service.terms.values() if isinstance(term.term, _CLAIMED)]
    unread = any(term.term is None for term in service.terms.values())
    if unread:
        return
    if not lines or any(kind in service.terms for kind in ("budget", "availability_fee")):
        service.keys.problem(
            "messages-cannot-say", service.name.place,
            f"service {name} is delivered by messages, which claim amounts, and has no tariff by quantity, week or month "
            "that pays them",
            "Take its codes out, so that it is delivered in Excel or CSV, or 'messages_to'.",
        )  # fmt: skip
        return
    term = lines[0].term
    assert isinstance(term, _CLAIMED)
    if term.priced_on == "allocation":
        service.keys.problem(
            "messages-cannot-say", lines[0].keys.owner,
            f"service {name} is priced on the start of the allocation, which a JW323 does not say",
            "Have it delivered in Excel or CSV: take its codes out, or 'messages_to'.",
        )  # fmt: skip
    for code in code_places(service.keys.entries.get("codes")):
        missing = [level for level in term.by if level not in service.code_levels.get(code.value, {})]
        if missing:
            service.keys.problem(
                "messages-cannot-say", code.place,
                f"code {quote(code.value)} says no {missing[0]}, and neither does a JW323",
                f"Write what it stands for behind it: {code.value}: middel",
            )  # fmt: skip
