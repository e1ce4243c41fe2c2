"""holds.yaml: payments that a person keeps back, and what was decided about what lies above a ceiling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from settlement.domain.contract import Ceiling, CeilingDecision, Contract, PaymentHold
from settlement.domain.problems import Place
from settlement.rules import tree
from settlement.rules.blocks import Keys, read_keys
from settlement.rules.grammar import did_you_mean, quote
from settlement.rules.language import CEILING_DECISION, PAYMENT_HOLD, Block
from settlement.rules.page import Page

EXAMPLE = "payments:\n  - contract: UTR-AJ-2018-07\n    from: 2018-03\n    reason: onderzoek loopt\n    by: A. de Vries"
_LISTS = {"payments": PAYMENT_HOLD, "ceilings": CEILING_DECISION}


@dataclass(frozen=True, slots=True)
class Holds:
    """What the file says, as far as it is whole; of contracts that are in force."""

    payments: tuple[PaymentHold, ...] = ()
    ceilings: tuple[CeilingDecision, ...] = ()


def read_holds(page: Page, root: tree.Mapping, contracts: Mapping[str, Contract], known: frozenset[str]) -> Holds:
    """The holds and decisions. ``known`` are the numbers of all contracts, also of those with problems: they are not
    settled, and nothing is said about their holds."""
    payments: list[PaymentHold] = []
    ceilings: list[CeilingDecision] = []
    for entry in root.entries:
        block = _LISTS.get(entry.key.value)
        if block is None:
            advice = did_you_mean(entry.key.value, list(_LISTS), f"Two lists may stand here: {' and '.join(_LISTS)}.")
            page.problem("unknown-key", entry.key.place, f"{quote(entry.key.value)} is not known here", advice)
            continue
        for keys in _items(page, entry, block):
            number = keys.fields.get("contract")
            if number is not None and number not in known:
                keys.problem(
                    "unknown-contract", keys.place_of("contract"), f"there is no contract {number}",
                    did_you_mean(number, sorted(known), "Write the number of a contract in this folder."),
                )  # fmt: skip
            if not keys.whole or number is None or number not in contracts:
                continue
            if block is PAYMENT_HOLD:
                hold = PaymentHold(**{"until": None, **keys.fields}, place=keys.place_of("contract"))
                _check_hold(keys, hold, payments)
                payments.append(hold)
            else:
                decision = CeilingDecision(**{"service": None, **keys.fields}, place=keys.place_of("contract"))
                _check_decision(keys, decision, contracts[number], ceilings)
                ceilings.append(decision)
    return Holds(tuple(payments), tuple(ceilings))


def _items(page: Page, entry: tree.Entry, block: Block) -> Iterator[Keys]:
    if isinstance(entry.node, tree.Text) and not entry.node.value:
        return  # the list is empty: nobody keeps anything back
    if not isinstance(entry.node, tree.List):
        page.problem("not-a-list", entry.key.place, f"{quote(entry.key.value)} holds a list", f"Put each behind a dash:\n{EXAMPLE}")
        return
    for item in entry.node.items:
        if isinstance(item, tree.Mapping):
            yield read_keys(page, block, item, item.place)
        else:
            page.problem("not-an-item", item.place, f"{block.name} has keys", "Write behind the dash: contract: UTR-AJ-2018-07")


def _check_hold(keys: Keys, hold: PaymentHold, before: list[PaymentHold]) -> None:
    if hold.until is not None and hold.until <= hold.since:
        keys.problem(
            "until-before-from", keys.place_of("until"), f"the hold begins in {hold.since} and is released in {hold.until}",
            "'until' is the first claim month that is paid again: write a later one. A hold that was a mistake is taken out of the file.",
        )  # fmt: skip
    if hold.until is not None and not hold.released_by:
        keys.problem(
            "released-by-nobody", keys.place_of("until"), "a hold that is released says who released it",
            "Write below it: released_by: B. Jansen",
        )  # fmt: skip
    for other in before:
        if other.contract == hold.contract and _overlap(other, hold):
            keys.problem(
                "hold-twice", keys.place_of("contract"), f"the payment of {hold.contract} is kept back already, on line {_line(other.place)}",
                "One hold at a time: change that one, or let this one begin when that one is released.",
            )  # fmt: skip


def _overlap(one: PaymentHold, other: PaymentHold) -> bool:
    return (one.until is None or other.since < one.until) and (other.until is None or one.since < other.until)


def _check_decision(keys: Keys, decision: CeilingDecision, contract: Contract, before: list[CeilingDecision]) -> None:
    if decision.service is not None and decision.service not in contract.services:
        keys.problem(
            "unknown-service", keys.place_of("service"), f"{quote(decision.service)} is not a service of {contract.number}",
            did_you_mean(decision.service, list(contract.services), "Write it as the contract does."),
        )  # fmt: skip
        return
    terms = contract.terms if decision.service is None else contract.services[decision.service].terms
    ceiling = terms.get("ceiling")
    if not isinstance(ceiling, Ceiling) or ceiling.above != "held":
        whose = f"{quote(decision.service)} of {contract.number}" if decision.service else f"{contract.number} as a whole"
        keys.problem(
            "nothing-held", keys.place_of("service" if decision.service else "contract"),
            f"{whose} has no ceiling with 'above: held', so nothing of it is kept back",
            "Name the service whose ceiling it is with 'service:', or leave the decision out.",
        )  # fmt: skip
    if contract.year(decision.year) is None:
        keys.problem(
            "outside-contract", keys.place_of("year"), f"{contract.number} does not hold in {decision.year}",
            f"It holds from {contract.starts} to {contract.ends}: write one of those years.",
        )  # fmt: skip
    for other in before:
        if (other.contract, other.service, other.year) == (decision.contract, decision.service, decision.year):
            keys.problem(
                "decided-twice", keys.place_of("contract"), f"this was decided already, on line {_line(other.place)}",
                "Leave one of the two out; to decide otherwise, change the first.",
            )  # fmt: skip


def _line(place: Place) -> int:
    return place.line or 0
