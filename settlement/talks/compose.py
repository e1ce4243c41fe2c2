"""From a settled month that ends a quarter to the talk of each provider: the records that its page and workbook are made of."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from settlement.decisions.signals import FOR_PROVIDERS
from settlement.domain.conditions import Comparison
from settlement.domain.contract import Contract, OutcomeBonus, Withhold
from settlement.domain.periods import Month, Quarter
from settlement.domain.records import Alert, AlertSummary, Position, PositionKey, Statement
from settlement.domain.talks import ClientFlow, MonthDelivered, RefusalCount, Talk, TalkSection
from settlement.pricing.flow import FlowKey, client_flow
from settlement.pricing.positions import OUTCOMES
from settlement.settle import Settlement

_PRESSING = ("high", "medium", "low")


def compose_talks(
    settlement: Settlement, statements: Sequence[Statement], summary: AlertSummary, suffix: str = ""
) -> list[Talk]:
    """The talk of every provider that has a contract in the year, in order of the provider's key; none when the month does
    not end a quarter. ``statements`` are those of the same run; ``suffix`` tells a correction run of the month apart."""
    quarter = Quarter.ending_with(settlement.period)
    if quarter is None:
        return []
    flow = client_flow(settlement.accepted.lines, quarter.year)
    refusals = _refusals(settlement, quarter)
    numbers = {number: position for position, number in enumerate(settlement.tables.contracts)}
    sections: dict[str, list[TalkSection]] = {}
    for one in statements:
        if one.course:
            section = _section(settlement, one, quarter, numbers[one.contract.number], flow, refusals)
            sections.setdefault(one.provider.key, []).append(section)
    return [
        Talk(
            number=talk_number(key, quarter, suffix),
            quarter=quarter,
            provider=settlement.rulebook.providers[key],
            organisation=settlement.rulebook.organisation,
            final=summary.final,
            run=summary.run,
            rules_digest=summary.rules_digest,
            sections=tuple(own),
        )
        for key, own in sorted(sections.items())
    ]


def talk_number(provider: str, quarter: Quarter, suffix: str = "") -> str:
    """``AG-2018-Q1-de-linde``; a key that cannot name a file as it stands is spelled so, and told apart by its digest."""
    safe = re.sub(r"[^a-z0-9]+", "-", provider.casefold()).strip("-")
    if safe != provider:
        safe = f"{safe}-{hashlib.sha256(provider.encode()).hexdigest()[:8]}".strip("-")
    return f"AG-{quarter}-{safe}{suffix}"


def _section(
    settlement: Settlement,
    statement: Statement,
    quarter: Quarter,
    contract_no: int,
    flow: Mapping[FlowKey, ClientFlow],
    refusals: Mapping[str, tuple[RefusalCount, ...]],
) -> TalkSection:
    contract = statement.contract
    numbers = {name: settlement.tables.service_numbers[contract.number, name] for name in contract.services}
    months = [each.month for each in statement.course if each.month <= settlement.period]
    delivered = settlement.counted.counts.delivered
    limited = any(each.limit_to_date_cents is not None for each in statement.course)
    return TalkSection(
        contract=contract,
        statement=statement.number,
        position=_position(settlement, contract, None),
        services=tuple(_position(settlement, contract, name) for name in contract.services),
        course=statement.course,
        limit="" if not limited else "ceiling" if contract.yearly_ceiling else "budget",
        flow={
            name: tuple((month, flow.get((contract_no, number, month.index), ClientFlow())) for month in months)
            for name, number in ((None, -1), *numbers.items())
        },
        agreed=_agreed(contract),
        delivered=tuple(
            MonthDelivered(month, *delivered.get((contract_no, month.index), (0, 0))) for month in quarter.months
        ),
        refusals=refusals.get(contract.number, ()),
        alerts=tuple(_open_signals(settlement.alerts, contract.number)),
    )


def _position(settlement: Settlement, contract: Contract, service: str | None) -> Position:
    """Where the contract (or a service) stands at the quarter's end, as the settlement says it."""
    year = contract.year(settlement.period.year)
    as_of: Month = settlement.period if year is None else min(settlement.period, year.months[-1])
    key = PositionKey(contract.number, service, settlement.period.year, as_of)
    return Position(key, settlement.stands(contract.number, service))


def _agreed(contract: Contract) -> dict[str | None, tuple[Comparison, ...]]:
    """What terms with money in them ask of the outcomes."""
    found: dict[str | None, list[Comparison]] = {}
    for service, term in contract.every_term():
        if isinstance(term, OutcomeBonus | Withhold):
            asked = (one for one in term.needs if isinstance(one, Comparison) and one.measure in OUTCOMES)
            found.setdefault(service, []).extend(asked)
    return {service: tuple(dict.fromkeys(asked)) for service, asked in found.items() if asked}


def _open_signals(alerts: Iterable[Alert], contract: str) -> list[Alert]:
    """The contract's own signals for the contract manager or the provider, and the standing ones that a provider may see."""
    own = (
        alert for alert in alerts
        if alert.contract == contract and (alert.name in FOR_PROVIDERS if alert.standing else alert.to != "finance")
    )  # fmt: skip
    return sorted(own, key=lambda one: (_PRESSING.index(one.severity), one.service or "", one.name))


def _refusals(settlement: Settlement, quarter: Quarter) -> dict[str, tuple[RefusalCount, ...]]:
    """By contract, how many lines (or files) were refused for each reason in the claim months of the quarter."""
    months = [month.index for month in quarter.months]
    own = settlement.refusals.filter(pl.col("claim_month").is_in(months) & pl.col("contract").is_not_null())
    counts: dict[str, Counter[tuple[str, str, str]]] = {}
    columns = ["contract", "delivery", "row", "code", "field", "national"]
    for contract, _, _, *reason in own.select(columns).unique(maintain_order=True).iter_rows():
        counts.setdefault(contract, Counter())[tuple(reason)] += 1
    return {
        contract: tuple(
            RefusalCount(code, field, national, count)
            for (code, field, national), count in sorted(found.items(), key=lambda one: (-one[1], one[0]))
        )
        for contract, found in counts.items()
    }
