"""What must hold between the parts of one contract, and between its dates; each breach is a problem with its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from settlement.domain.conditions import AnyOf, Comparison, Condition, OfMeasure
from settlement.domain.contract import (
    CALENDAR_TERMS,
    LINE_TERMS,
    BonusMalus,
    Budget,
    MinimumClients,
    OutcomeBonus,
    Price,
    Step,
    Tariff,
    WeeklyTariff,
)
from settlement.domain.measures import IN_MONTH
from settlement.domain.problems import Place
from settlement.domain.signals import STANDING_SIGNALS
from settlement.rules.codes import code_places
from settlement.rules.contracts import Draft, DraftService, DraftTerm, indexation_of
from settlement.rules.grammar import MAXIMUM_CENTS, did_you_mean, quote, write_money
from settlement.rules.indexation import indexed
from settlement.rules.tree import List, Text

LONGEST_CONTRACT_YEARS = 50
ROLES = ("contract manager", "finance", "provider")
"""Who can be told of a deviation, besides the roles that organisation.yaml names."""

_LINE_KINDS = tuple(term.kind for term in LINE_TERMS)
_CALENDAR_KINDS = tuple(term.kind for term in CALENDAR_TERMS)
_TIME_UNITS = ("minute", "hour", "day_part")
"""Units that convert into each other exactly: 60 minutes are an hour, 4 hours a day part."""
_DECIDED = ("entitled", "paid", "payable")
"""The measures that follow from all terms together: no term can be judged by them."""
_OF_CONTRACT_ONLY = ("paid", "payable", "lines", "refused_lines", "refused_share")


def check_contract(draft: Draft, roles: Sequence[str]) -> None:
    """Checks a contract as a whole and works its indexation into the amounts.

    ``roles`` are those that organisation.yaml names. What could not be read silences the checks that depend on it.
    """
    starts, ends = draft.keys.fields.get("starts"), draft.keys.fields.get("ends")
    if starts is not None and ends is not None:
        _check_days(draft, starts, ends)
    for service in draft.services.values():
        _check_kinds(service)
    _check_codes(draft)
    for owner, term in draft.every_term():
        _check_term(draft, owner, term)
    _check_signals(draft, roles)
    _apply_indexation(draft)
    _check_totals(draft)


# ---- days ------------------------------------------------------------------------------------------------


def _check_days(draft: Draft, starts: dt.date, ends: dt.date) -> None:
    keys = draft.keys
    if ends < starts:
        keys.problem(
            "ends-before-starts",
            keys.place_of("ends"),
            f"the contract ends on {ends}, before it starts on {starts}",
            "Both are days on which the contract holds: the first and the last.",
        )
        return
    if ends.year - starts.year > LONGEST_CONTRACT_YEARS:
        keys.problem(
            "contract-too-long",
            keys.place_of("ends"),
            f"the contract runs for {ends.year - starts.year} years",
            f"At most {LONGEST_CONTRACT_YEARS} can be settled. Without an end, write the last day agreed so far.",
        )
        return
    total = keys.fields.get("total_budget")
    if total is not None:
        _check_in_force(draft, "total_budget", total.steps, starts, ends, early=False)
    for owner, term in draft.every_term():
        record: Any = term.term
        if record is None:
            continue
        early = getattr(record, "priced_on", "") == "allocation"
        for name in ("amounts", "against"):
            if hasattr(record, name) and name in term.keys.entries:
                steps = getattr(record, name).steps
                _check_in_force(draft, term.kind, steps, starts, ends, early=early)
                _check_first(draft, owner, term, steps, starts)
        if isinstance(record, OutcomeBonus) and record.from_day is not None and record.from_day > ends:
            term.keys.problem(
                "outside-contract",
                term.keys.place_of("from"),
                f"{record.from_day} lies after the contract, which ends on {ends}",
                f"Write a day from {starts} to {ends}.",
            )
    indexation = indexation_of(draft)
    for index in indexation.indexes if indexation is not None else ():
        if not starts < index.day <= ends:
            draft.page.problem(
                "outside-contract",
                index.place,
                f"{index.day} lies outside the contract, which holds from {starts} to {ends}",
                "An index changes the amounts in force on the day before: write a later day of the contract.",
            )


def _check_in_force(
    draft: Draft, kind: str, steps: tuple[Step[Any], ...], starts: dt.date, ends: dt.date, *, early: bool
) -> None:
    """No amount stands there that never holds. Where allocations price a line, they may lie before the contract."""
    for number, step in enumerate(steps):
        later = steps[number + 1].day if number + 1 < len(steps) else None
        if step.day > ends:
            message = f"the {kind} from {step.day} lies after the contract, which ends on {ends}"
        elif later is not None and later <= starts and not early:
            message = f"the {kind} from {step.day} never holds in this contract: the one from {later} takes its place"
        else:
            continue
        draft.page.problem(
            "outside-contract", step.place, message, f"Take it out, or correct the day: {starts} to {ends}"
        )


def _check_first(
    draft: Draft, owner: DraftService | None, term: DraftTerm, steps: tuple[Step[Any], ...], starts: dt.date
) -> None:
    if not steps or steps[0].day <= starts:
        return
    of = f"of {quote(owner.name.value)} " if owner is not None else ""
    draft.page.problem(
        "no-amount-at-start",
        steps[0].place,
        f"the {term.kind} {of}has no amount from {starts}, when the contract starts, to {steps[0].day}",
        f"Add what holds from the start, before this line: {starts}: none says that nothing is agreed yet",
    )


# ---- which terms stand together --------------------------------------------------------------------------


def _check_kinds(service: DraftService) -> None:
    for kinds, code, what in (
        (_LINE_KINDS, "two-prices", "prices its lines"),
        (_CALENDAR_KINDS, "two-budgets", "is its budget"),
    ):
        found = [kind for kind in service.terms if kind in kinds]
        for kind in found[1:]:
            service.keys.problem(
                code,
                service.terms[kind].keys.owner,
                f"'{kind}' {what}, and '{found[0]}' does so already"
                if kinds is _LINE_KINDS
                else f"'{kind}' stands beside '{found[0]}'",
                "A service has one of them. Make it two services, each with a name of its own, or keep one.",
            )
    corridor = service.terms.get("corridor")
    if corridor is not None:
        has_price = any(kind in _LINE_KINDS for kind in service.terms)
        if "budget" not in service.terms or not has_price:
            lacks = "budget" if "budget" not in service.terms else "tariff"
            corridor.keys.problem(
                "corridor-alone",
                corridor.keys.owner,
                f"this corridor has no {lacks} to compare with",
                "A corridor compares the value of the lines, at the tariff of its service, with its budget: "
                f"add a {lacks} beside it.",
            )


def _check_codes(draft: Draft) -> None:
    seen: dict[str, tuple[str, int, str]] = {}
    for name, service in draft.services.items():
        for node in code_places(service.keys.entries.get("codes")):
            first = seen.setdefault("".join(node.value.casefold().split()), (name, node.place.line, node.value))
            # The same code twice in one list is told where lists are read; here, what lines could take for another's.
            if first[0] != name or first[2] != node.value:
                draft.page.problem(
                    "code-twice",
                    node.place,
                    f"code {quote(node.value)} is also of service {quote(first[0])}, on line {first[1]}",
                    "A line with this code would have two services. Give each code to one of them.",
                )


# ---- within one term -------------------------------------------------------------------------------------


def _check_term(draft: Draft, owner: DraftService | None, term: DraftTerm) -> None:
    record = term.term
    if isinstance(record, Tariff):
        _check_tariff(term, record)
    elif isinstance(record, WeeklyTariff):
        if record.weeks != "sundays" and "short_allocation" in term.keys.entries:
            term.keys.problem(
                "short-allocation",
                term.keys.place_of("short_allocation"),
                f"'short_allocation' has no meaning under weeks: {record.weeks}",
                "Only where Sundays are counted can an allocation have none: take it out.",
            )
    elif isinstance(record, MinimumClients):
        _check_minimum(draft, owner, term, record)
    elif isinstance(record, OutcomeBonus | BonusMalus) and record.of == "budget":
        _check_has_budget(draft, owner, term, "of", "the share is of a budget")
    if term.kind == "ceiling":
        _check_ceiling(draft, owner, term)
    needs = getattr(record, "needs", ())
    if owner is not None:
        _check_measures_of_service(term.keys.problem, needs)
    for name, place in _judged_by(term, needs):
        if name.removesuffix(IN_MONTH) in _DECIDED:
            term.keys.problem(
                "measure-decided-later",
                place,
                f"'{name}' is only known when every term has been settled, so no term can wait for it",
                "Judge by what is known before: claimed, spent_share, clients, or an outcome such as goal_attainment",
            )


def _judged_by(term: DraftTerm, needs: Iterable[Condition]) -> Iterator[tuple[str, Place]]:
    """The measures that a term that rewards is judged by, each with its place."""
    if isinstance(term.term, BonusMalus):
        yield term.term.measure, term.keys.place_of("measure")
    for comparison in _comparisons(needs):
        yield comparison.measure, comparison.place
        if isinstance(comparison.value, OfMeasure):
            yield comparison.value.measure, comparison.place


def _check_tariff(term: DraftTerm, tariff: Tariff) -> None:
    keys = term.keys
    if tariff.whole_hours and (tariff.per != "hour" or tariff.delivered_in != "minute"):
        keys.problem(
            "whole-hours",
            keys.place_of("whole_hours"),
            "minutes can only be rounded to whole hours where an hour is priced and minutes are delivered",
            "Write beside it: per: hour and delivered_in: minutes",
        )
    elif tariff.per != tariff.delivered_in and not (tariff.per in _TIME_UNITS and tariff.delivered_in in _TIME_UNITS):
        keys.problem(
            "units-differ",
            keys.place_of("delivered_in"),
            f"a price per {tariff.per} does not fit lines in {tariff.delivered_in}",
            "Minutes, hours and day parts (of 4 hours) can stand for each other; for others the price and the lines "
            "have the same unit.",
        )


def _check_minimum(draft: Draft, owner: DraftService | None, term: DraftTerm, minimum: MinimumClients) -> None:
    keys = term.keys
    if minimum.settles != "never" and "per_missing_client" not in keys.entries:
        keys.problem(
            "missing-client-amount",
            keys.place_of("settles"),
            "this minimum settles, and does not say what a missing client costs",
            "Add an amount, or a share of the budget: per_missing_client: € 7.741",
        )
    if minimum.settles == "on substantial deviation" and "signal_below" not in keys.entries:
        keys.problem(
            "deviation-missing",
            keys.place_of("settles"),
            "this minimum settles on a substantial deviation, and does not say what is substantial",
            "Add the share of the minimum below which it is: signal_below: 90 %",
        )
    if minimum.share_of_budget:
        _check_has_budget(draft, owner, term, "per_missing_client", "a missing client costs a share of the budget")


def _check_has_budget(draft: Draft, owner: DraftService | None, term: DraftTerm, key: str, what: str) -> None:
    services = [owner] if owner is not None else list(draft.services.values())
    if not any(kind in service.terms for service in services for kind in _CALENDAR_KINDS):
        where = f"service {quote(owner.name.value)}" if owner is not None else "the contract"
        term.keys.problem(
            "needs-budget",
            term.keys.place_of(key),
            f"{what}, and {where} has no budget",
            "Add a budget, or take it of something else: of: entitled"
            if key == "of"
            else "Add a budget, or write an amount: € 7.741",
        )


def _check_ceiling(draft: Draft, owner: DraftService | None, term: DraftTerm) -> None:
    for key in ("over", "exempt"):
        entry = term.keys.entries.get(key)
        if entry is None:
            continue
        if owner is not None:
            term.keys.problem(
                "ceiling-of-service",
                entry.key.place,
                f"'{key}' has no meaning here: this ceiling is of one service",
                "Take it out, or put the ceiling under 'terms', where it is of the whole contract.",
            )
            continue
        nodes = entry.node.items if isinstance(entry.node, List) else [entry.node]
        for node in nodes:
            if isinstance(node, Text) and node.value:
                _check_service(draft, node.value, node.place)


def _check_service(draft: Draft, name: str, place: Place) -> None:
    if name not in draft.services:
        draft.page.problem(
            "unknown-service",
            place,
            f"{quote(name)} is not a service of this contract",
            did_you_mean(name, list(draft.services)),
        )


# ---- signals ---------------------------------------------------------------------------------------------


def _check_signals(draft: Draft, roles: Sequence[str]) -> None:
    seen: dict[tuple[str, str | None], int] = {}
    for each in draft.signals:
        keys, name, service = each.keys, each.keys.fields.get("name"), each.keys.fields.get("service")
        if service is not None:
            _check_service(draft, service, keys.place_of("service"))
            _check_measures_of_service(keys.problem, (*keys.fields["when"], *keys.fields["unless"]))
        to, known = keys.fields.get("to"), [*ROLES, *(role for role in roles if role not in ROLES)]
        if to is not None and to not in known:
            keys.problem(
                "unknown-role",
                keys.place_of("to"),
                f"nobody is known as {quote(to)}",
                f"{did_you_mean(to, known)} Other roles are named under 'alerts' in organisation.yaml.",
            )
        if name is None:
            continue
        if name in STANDING_SIGNALS:
            keys.problem(
                "signal-taken",
                keys.place_of("name"),
                f"every contract signals {quote(name)} already",
                "Give this signal a name of the contract's own.",
            )
        first = seen.setdefault((name, service), keys.place_of("name").line)
        if first != keys.place_of("name").line:
            keys.problem(
                "signal-twice",
                keys.place_of("name"),
                f"{quote(name)} is also the name of the signal on line {first}",
                "Give each signal a name of its own.",
            )


def _comparisons(conditions: Iterable[Condition]) -> Iterable[Comparison]:
    for condition in conditions:
        if isinstance(condition, AnyOf):
            for alternative in condition.alternatives:
                yield from alternative
        else:
            yield condition


def _check_measures_of_service(say: Callable[[str, Place, str, str], None], conditions: Iterable[Condition]) -> None:
    for comparison in _comparisons(conditions):
        names = [comparison.measure]
        if isinstance(comparison.value, OfMeasure):
            names.append(comparison.value.measure)
        for name in names:
            if name.removesuffix(IN_MONTH) in _OF_CONTRACT_ONLY:
                say(
                    "measure-of-contract",
                    comparison.place,
                    f"'{name}' is of the whole contract: a service has none of its own",
                    "Judge the contract (take 'service' out), or use another measure, such as entitled.",
                )


# ---- amounts that must agree -----------------------------------------------------------------------------


def _apply_indexation(draft: Draft) -> None:
    indexation = indexation_of(draft)
    if indexation is None:
        return
    for _, term in draft.every_term():
        if term.term is None:
            continue
        term.term = indexed(term.term, indexation)
        amounts: Any = getattr(term.term, "amounts", None)
        for step in amounts.steps if amounts is not None else ():
            prices = step.value.values() if isinstance(step.value, dict) else [step.value]
            grown = [price for price in prices if isinstance(price, Price) and price.cents > MAXIMUM_CENTS]
            if grown:
                draft.page.problem(
                    "beyond-reason",
                    step.place,
                    f"with this index the {term.kind} is more than any contract is worth",
                    f"At most {write_money(MAXIMUM_CENTS, decimals=False)} can be settled. Is the forecast right?",
                )


def _check_totals(draft: Draft) -> None:
    budgets: list[Budget | None] = []
    for _, term in draft.every_term():
        if term.kind not in _CALENDAR_KINDS:
            continue
        budgets.append(term.term if isinstance(term.term, Budget) else None)
        if isinstance(term.term, Budget) and term.term.derived_from:
            _check_derived(term, term.term)
    total = draft.keys.fields.get("total_budget")
    known = [budget for budget in budgets if budget is not None]
    if total is None or len(known) < len(budgets) or any(not service.keys.whole for service in draft.services.values()):
        return
    starts, ends = draft.keys.fields.get("starts", dt.date.min), draft.keys.fields.get("ends", dt.date.max)
    for number, step in enumerate(total.steps):
        later = total.steps[number + 1].day if number + 1 < len(total.steps) else dt.date.max
        day = max(step.day, starts)
        if step.value is None or not day < later or day > ends:
            continue
        amounts = [price.cents for budget in known if (price := budget.amounts.on(day)) is not None]
        difference = sum(amounts) - step.value.cents
        if difference:
            draft.page.problem(
                "total-differs",
                step.value.place,
                f"the budgets of the services add up to {write_money(sum(amounts))} on {day}: "
                f"{write_money(abs(difference))} {'more' if difference > 0 else 'less'} than this",
                "Correct this total or one of the budgets.",
            )


def _check_derived(draft: DraftTerm, budget: Budget) -> None:
    """The rows of ``derived_from`` are those of the first amount."""
    amount = next((step.value for step in budget.amounts.steps if step.value is not None), None)
    if amount is None:
        return
    total = sum(row.cents for row in budget.derived_from)
    difference = total - amount.cents
    if abs(difference) > budget.derived_within_cents:
        draft.keys.problem(
            "derived-differs",
            draft.keys.place_of("derived_from"),
            f"the rows add up to {write_money(total)}, {write_money(abs(difference))} "
            f"{'more' if difference > 0 else 'less'} than the amount of {write_money(amount.cents)}",
            f"Correct the rows, or say how far they may lie from it: derived_within: {write_money(abs(difference))}",
        )
