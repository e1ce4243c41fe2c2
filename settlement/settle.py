"""Settling a month, from rules and deliveries to what everybody is owed: the hallway, one line for each room.

It reads no folder, no clock and no ledger, and writes nothing: everything comes in, and the same gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import polars as pl

from settlement.decisions.judge import Answer, Decides
from settlement.decisions.rounds import (
    EntitlementKey,
    Entitlements,
    Stands,
    bounds_round,
    ceilings_round,
    earned_entitlements,
    filled_of,
    rewards_round,
)
from settlement.decisions.signals import AcrossLines, alerts, signals_round
from settlement.decisions.sources import sources
from settlement.deliveries.gather import Gathered
from settlement.deliveries.lines import REFUSALS
from settlement.domain.contract import Rulebook
from settlement.domain.measures import IN_MONTH
from settlement.domain.periods import Month
from settlement.domain.records import Alert, PositionKey, Refusal, Replacement
from settlement.pricing.accept import Accepted, accept
from settlement.pricing.ceilings import ceiling_tables, with_cuts
from settlement.pricing.deviations import clients_at_two_providers, days_too_full
from settlement.pricing.earn import earn
from settlement.pricing.positions import (
    Counted,
    Measures,
    count_lines,
    count_outcomes,
    is_closed,
    monthly_sums,
    positions,
    targets,
)
from settlement.pricing.tables import Tables, build_tables

LedgerKey = tuple[str, int, str, str, int]
"""Contract, year, service (empty: the contract's own), kind of term, month's index: how the ledger knows an entitlement."""


@dataclass(frozen=True, slots=True)
class Before:
    """What was settled and paid in earlier final runs; empty for a first one."""

    settled: Mapping[LedgerKey, int] = field(default_factory=dict)
    paid: Mapping[str, int] = field(default_factory=dict)
    """By contract."""
    last: Month | None = None
    """The latest month that is final."""
    read: Mapping[str, str] | None = None
    """The deliveries that the last final run had read: key to digest. ``None``: there was none, or nobody knows any more."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """A month settled: what each contract is entitled to, and everything that tells why."""

    period: Month
    rulebook: Rulebook
    tables: Tables
    accepted: Accepted
    refusals: pl.DataFrame
    """All refusals of used deliveries: of cells that could not be read, and of lines that the contract does not allow.
    REFUSALS with ``claim_month``."""
    earnings: pl.DataFrame
    """EARNINGS with what ceilings took."""
    entitlements: Entitlements
    positions: Mapping[PositionKey, Measures]
    counted: Counted
    answers: tuple[Answer, ...]
    alerts: tuple[Alert, ...]
    before: Before
    arrived: frozenset[str]
    """The keys of the deliveries that this run tells of (``arrived``)."""
    closed: frozenset[tuple[str, int]]
    """Contract and year of what was settled before and can change no more; it stays as it was settled."""
    smaller: tuple[Replacement, ...] = ()
    """Deliveries of which the engine found that they are much smaller than the ones that they replaced."""

    def refusals_told(self) -> pl.DataFrame:
        """The refusals of the deliveries that this run tells of: as ``refusals``."""
        return self.refusals.filter(pl.col("delivery").is_in(list(self.arrived)))

    def entitled(self) -> dict[str, int]:
        """Entitled by contract in all years, in cents; the closed ones as they were settled."""
        found = dict.fromkeys(self.tables.contracts, 0)
        for key, row in self.entitlements.rows.items():
            found[key[0]] += row.cents
        for ledger_key, cents in self.before.settled.items():
            if ledger_key[:2] in self.closed:
                found[ledger_key[0]] += cents
        return found

    def payable(self) -> dict[str, int]:
        """Entitled to date less paid to date, by contract: what this idea is all about."""
        return {contract: cents - self.before.paid.get(contract, 0) for contract, cents in self.entitled().items()}

    def stands(self, contract: str, service: str | None = None) -> Measures:
        """Where a contract (or a service) stands in the year of the period: at the period, or at its own last month when it
        has ended before; empty when it does not hold in the year."""
        year = self.tables.contracts[contract].year(self.period.year)
        if year is None:
            return {}
        key = PositionKey(contract, service, year.year, min(self.period, year.months[-1]))
        return dict(self.positions.get(key, {}))

    def held(self) -> dict[str, int]:
        """Above ceilings with ``above: held``, by contract: kept back until somebody decides, in no amount payable."""
        numbers = list(self.tables.contracts)
        found: dict[str, int] = {}
        for (number, _, _), cents in self.counted.monthly.held.items():
            found[numbers[number]] = found.get(numbers[number], 0) + cents
        return found


def settle(
    rulebook: Rulebook,
    delivered: Gathered,
    period: Month,
    before: Before,
    engine: Decides,
    step: Callable[[str], None] = lambda name: None,
) -> Settlement:
    """Settles every contract to date.

    ``step`` is called with the name of each stage as it begins. Raises ``GateDisagrees`` when the engine and its second
    evaluation differ, and ``EngineFault`` when the engine cannot be trusted: then nothing may be paid.
    """
    step("terms")
    tables = build_tables(rulebook)
    ceilings = ceiling_tables(tables, period, rulebook.ceiling_decisions)
    asked = targets(tables, period, before.last)
    step("lines")
    accepted = accept(delivered.lines, tables, cells_of(delivered), delivered.partly)
    refusals = refusals_of(delivered, accepted)
    came = arrived(delivered, period, before)
    step("pricing")
    earnings = with_cuts(earn(accepted.lines, tables, period))
    step("ceilings")
    earnings, of_services = ceilings_round(engine, earnings, ceilings, tables, period, of_services=True)
    earnings, of_contracts = ceilings_round(engine, earnings, ceilings, tables, period, of_services=False)
    step("positions")
    counted = Counted(
        monthly=monthly_sums(earnings, accepted.lines),
        counts=count_lines(accepted.lines, refusals, asked, tables),
        outcomes=count_outcomes(accepted.lines, asked, tables),
        outcomes_in_month=count_outcomes(accepted.lines, asked, tables, in_month=True),
        filled=filled_of([*of_services, *of_contracts], ceilings),
        missing=_missing(rulebook, delivered, period),
    )
    stands = Stands(tables, positions(tables, asked, counted), asked, counted, earnings, period)
    step("decisions")
    entitled = earned_entitlements(earnings, ceilings, [*of_services, *of_contracts], tables, asked)
    bounds = bounds_round(engine, stands, entitled)
    rewards = rewards_round(engine, stands, entitled)
    step("signals")
    closed = _closed_years(rulebook, before, period)
    final = _finished(stands.positions, entitled, before, closed)
    shared, not_read = clients_at_two_providers(accepted.lines, tables, period), _not_read(refusals, delivered, came)
    smaller = _smaller(delivered.replacements, entitled, before, closed, period)
    across = AcrossLines(
        {contract: each.clients for contract, each in shared.items()}, days_too_full(accepted.lines, period),
        {contract: len(each) for contract, each in not_read.items()}, _refused_late(refusals, period, came), smaller,
    )  # fmt: skip
    told = signals_round(engine, tables.contracts, final, across, period)
    answers = (*of_services, *of_contracts, *bounds, *rewards, *told)
    return Settlement(
        period=period,
        rulebook=rulebook,
        tables=tables,
        accepted=accepted,
        refusals=refusals,
        earnings=earnings,
        entitlements=entitled,
        positions=final,
        counted=counted,
        answers=answers,
        alerts=tuple(
            alerts(
                answers,
                tables.contracts,
                rulebook.providers,
                counted,
                period,
                sources(rulebook, delivered, refusals, came, not_read, smaller, shared),
            )
        ),
        before=before,
        arrived=came,
        closed=closed,
        smaller=tuple(
            smaller[answer.asked.key.contract] for answer in told
            if answer.asked.subject == "delivery smaller" and "raised" in answer.outcomes
        ),
    )  # fmt: skip


def arrived(delivered: Gathered, period: Month, before: Before) -> frozenset[str]:
    """The keys of the deliveries of the claim month, and of those in the folders of earlier months that the last final run had
    not read as they are now: what they say is settled here for the first time. Those that they replace are among them.

    Where no run is final yet, or what it read is not known, those of the claim month only.
    """
    read = before.read
    new = {
        one.key for one in delivered.deliveries
        if one.claim_month == period or (read is not None and read.get(one.key) != one.digest)
    }  # fmt: skip
    return frozenset(new | {one.key for one in delivered.deliveries if one.replaced_by in new})


def cells_of(delivered: Gathered) -> pl.DataFrame:
    """Where each field stands in each file: delivery, field, column letters."""
    rows = [(one.key, name, letters) for one in delivered.deliveries for name, letters in one.columns.items()]
    schema = {"delivery": pl.String, "field": pl.String, "letters": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def refusals_of(delivered: Gathered, accepted: Accepted) -> pl.DataFrame:
    """All refusals of used deliveries, of reading and of the contracts: REFUSALS with ``claim_month``."""
    months = pl.DataFrame(
        [(one.key, one.claim_month.index) for one in delivered.deliveries],
        schema={"delivery": pl.String, "claim_month": pl.Int32},
        orient="row",
    )
    read = delivered.refusals.join(months, on="delivery", how="left", maintain_order="left")
    held = accepted.refusals.select(read.columns)
    return pl.concat([read, held]).sort("claim_month", "delivery", "row", "cell", "code")


def _missing(rulebook: Rulebook, delivered: Gathered, period: Month) -> frozenset[tuple[str, Month]]:
    """Contracts that need lines, hold in the month, and of which nothing could be read for it: no file came, or one that was
    refused as a whole, which says nothing of how many were helped."""
    refused = set(delivered.refusals.filter(pl.col("row") == 0).get_column("delivery"))
    came = {(one.contract, one.claim_month) for one in delivered.deliveries if one.used and (one.rows or one.key not in refused)}
    by_row = delivered.lines.select("contract", "claim_month").unique()
    came |= {(contract, Month.from_index(index)) for contract, index in by_row.iter_rows()}
    return frozenset(
        (contract.number, period)
        for contract in rulebook.contracts.values()
        if contract.needs_lines
        and contract.starts <= period.last_day
        and contract.ends >= period.first_day
        and (contract.number, period) not in came
    )


def _refused_late(refusals: pl.DataFrame, period: Month, came: frozenset[str]) -> dict[str, int]:
    """Contract → refused lines of files that came late, into the folder of an earlier month."""
    late = refusals.filter((pl.col("claim_month") != period.index) & (pl.col("row") > 0) & pl.col("delivery").is_in(list(came)))
    counts = late.filter(pl.col("contract").is_not_null()).unique(["delivery", "row"]).group_by("contract").len()
    return dict(counts.iter_rows())


def _not_read(refusals: pl.DataFrame, delivered: Gathered, came: frozenset[str]) -> dict[str, tuple[Refusal, ...]]:
    """Contract → why files that arrived are refused as a whole, one refusal a file."""
    whole = {one.key for one in delivered.deliveries if one.refused and one.used and one.key in came}
    own = refusals.filter((pl.col("row") == 0) & pl.col("contract").is_not_null() & pl.col("delivery").is_in(list(whole)))
    found: dict[str, list[Refusal]] = {}
    for row in own.select(list(REFUSALS)).unique("delivery", keep="first", maintain_order=True).iter_rows(named=True):
        found.setdefault(row["contract"], []).append(Refusal(**row))
    return {contract: tuple(each) for contract, each in found.items()}


def _smaller(
    replacements: Sequence[Replacement],
    entitled: Entitlements,
    before: Before,
    closed: frozenset[tuple[str, int]],
    period: Month,
) -> dict[str, Replacement]:
    """Contract → of the replacements whose effect is not settled yet, the one that left the smallest share of the lines.

    Those of the claim month; and those of earlier ones as long as the contract comes to another amount up to their month
    than was settled.
    """
    now = {(contract, year, service or "", term, month.index): row.cents
           for (contract, year, service, term, month), row in entitled.rows.items()}  # fmt: skip
    changed: dict[str, int] = {}
    for key in now.keys() | before.settled.keys():
        if key[:2] not in closed and now.get(key, 0) != before.settled.get(key, 0):
            changed[key[0]] = min(key[4], changed.get(key[0], key[4]))
    found: dict[str, Replacement] = {}
    for one in replacements:
        settled = one.claim_month < period and changed.get(one.contract, period.index) > one.claim_month.index
        if one.earlier_lines and not settled:
            least = found.setdefault(one.contract, one)
            if one.later_lines * least.earlier_lines < least.later_lines * one.earlier_lines:
                found[one.contract] = one
    return found


def _closed_years(rulebook: Rulebook, before: Before, period: Month) -> frozenset[tuple[str, int]]:
    """The settled years that can change no more: before the first that is settled here, or past their corrections.

    A year that a contract no longer has (its end was moved forward) is not closed: what was settled in it is undone.
    """
    first_year = rulebook.organisation.first_year or 0
    return frozenset(
        (number, year)
        for number, year in {key[:2] for key in before.settled}
        if number in rulebook.contracts
        and (year < first_year or is_closed(rulebook.contracts[number], year, period, before.last))
    )


def _finished(
    stands: Mapping[PositionKey, Measures],
    entitled: Entitlements,
    before: Before,
    closed: frozenset[tuple[str, int]],
) -> dict[PositionKey, Measures]:
    """The positions with the measures that follow from the decisions: entitled, paid, payable."""
    by_month = entitled.by_month()
    own: dict[str, int] = {}
    for key, row in entitled.rows.items():
        own[key[0]] = own.get(key[0], 0) + row.cents
    for ledger_key, cents in before.settled.items():
        if ledger_key[:2] in closed:
            own[ledger_key[0]] = own.get(ledger_key[0], 0) + cents
    found: dict[PositionKey, Measures] = {}
    for at, measures in stands.items():
        months = by_month.get((at.contract, at.year, at.service), {})
        to_date = sum(cents for month, cents in months.items() if month <= at.as_of)
        finished = {
            **measures,
            "entitled": Fraction(to_date),
            "entitled" + IN_MONTH: Fraction(months.get(at.as_of, 0)),
            "paid": None,
            "payable": None,
        }
        if at.service is None:
            paid = before.paid.get(at.contract, 0)
            finished |= {"paid": Fraction(paid), "payable": Fraction(own.get(at.contract, 0) - paid)}
        found[at] = finished
    return found


__all__ = ["Before", "EntitlementKey", "LedgerKey", "Settlement", "settle"]
