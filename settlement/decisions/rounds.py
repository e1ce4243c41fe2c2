"""The rounds of decisions, in the order in which terms build on each other: ceilings, what bounds, what rewards.

Every term of every contract is put to the engine in its round; the amounts are added to the entitlements.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import polars as pl

from settlement.decisions import worth
from settlement.decisions.ask import (
    Asked,
    ask_bands,
    ask_ceiling,
    ask_corridor,
    ask_minimum,
    ask_needs,
    ask_savings,
)
from settlement.decisions.judge import Answer, Decides, judge
from settlement.domain.contract import (
    BonusMalus,
    Budget,
    Ceiling,
    Contract,
    Corridor,
    MinimumClients,
    OutcomeBonus,
    PersonFee,
    SharedSavings,
    Tariff,
    Term,
    WeeklyTariff,
    Withhold,
)
from settlement.domain.money import divide_half_up
from settlement.domain.periods import ContractYear, Month
from settlement.domain.problems import Place
from settlement.domain.records import Decision, PositionKey, Working
from settlement.pricing.ceilings import CeilingTables, cap, filled
from settlement.pricing.earn import budget_of_year, due_to_date, instalments
from settlement.pricing.positions import (
    Counted,
    Measures,
    earned_since,
    ends_quarter,
    minimum_to_date,
    outcome_measures,
)
from settlement.pricing.tables import Tables

EntitlementKey = tuple[str, int, str | None, str, Month]
"""Contract, year, service (``None``: the contract's own), kind of term, month of service."""
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What one term of one service gives for one month of service, with its clause and its working."""

    cents: int
    article: str
    place: Place
    working: Working


@dataclass
class Entitlements:
    """All that providers are entitled to, by contract, year, service, term and month of service."""

    rows: dict[EntitlementKey, Entitlement] = field(default_factory=dict)

    def add(self, key: EntitlementKey, entitlement: Entitlement) -> None:
        """One more amount; a term gives one amount for a service and month."""
        assert key not in self.rows, f"two amounts for {key}"
        self.rows[key] = entitlement

    def add_decision(self, found: Decision | None) -> None:
        """A decision with an amount."""
        if found is not None and found.cents:
            key = (found.key.contract, found.key.year, found.key.service, found.term, found.month)
            self.add(key, Entitlement(found.cents, found.article, found.place, found.working))

    def by_month(self) -> dict[tuple[str, int, str | None], dict[Month, int]]:
        """(contract, year, service) → month → cents; service ``None`` is the whole contract, services included."""
        sums: dict[tuple[str, int, str | None], dict[Month, int]] = {}
        for (contract, year, service, _, month), row in self.rows.items():
            for scope in {service, None}:
                months = sums.setdefault((contract, year, scope), {})
                months[month] = months.get(month, 0) + row.cents
        return sums


# ---- ceilings --------------------------------------------------------------------------------------------


def ceilings_round(
    engine: Decides, earnings: pl.DataFrame, ceilings: CeilingTables, tables: Tables, period: Month, *, of_services: bool
) -> tuple[pl.DataFrame, list[Answer]]:
    """Puts the ceilings of services (or of contracts) to the engine and cuts where they bite."""
    asked: list[Asked] = []
    for row in filled(earnings, ceilings, of_services).iter_rows(named=True):
        contract = tables.contracts[row["contract"]]
        terms = contract.terms if row["service"] is None else contract.services[row["service"]].terms
        term = terms["ceiling"]
        assert isinstance(term, Ceiling)
        key = PositionKey(contract.number, row["service"], row["year"], _judged_at(row, contract, period))
        asked.append(ask_ceiling(key, term, row["ceiling_no"], row["filled_cents"], row["limit_cents"]))
    answers = judge(engine, asked)
    biting = [a.asked.ceiling_no for a in answers if "cut" in a.outcomes and a.asked.ceiling_no is not None]
    return cap(earnings, ceilings, biting, of_services), answers


def _judged_at(row: Mapping[str, object], contract: Contract, period: Month) -> Month:
    if row["per"] == "month":
        return Month.from_index(int(str(row["bucket"])))
    year = contract.year(int(str(row["year"])))
    assert year is not None
    return min(period, year.months[-1])


def filled_of(answers: list[Answer], ceilings: CeilingTables) -> dict[tuple[str, str | None, int, str], tuple[int, int]]:
    """How full each ceiling is: (contract, service, bucket, per) → what fills it, the ceiling."""
    rows = {row["ceiling_no"]: row for row in ceilings.ceilings.iter_rows(named=True)}
    found = {}
    for answer in answers:
        row = rows[answer.asked.ceiling_no]
        fills, limit = answer.asked.measures["filled"], answer.asked.measures["limit"]
        assert fills is not None
        assert limit is not None
        found[row["contract"], row["service"], row["bucket"], row["per"]] = (int(fills), int(limit))
    return found


# ---- what lines and budgets earn -------------------------------------------------------------------------


def earned_entitlements(
    earnings: pl.DataFrame, ceilings: CeilingTables, answers: list[Answer], tables: Tables, asked: Iterable[PositionKey]
) -> Entitlements:
    """The amounts of the terms that earn, month by month, and what ceilings took from them, in the open years."""
    found = Entitlements()
    numbers = {number: position for position, number in enumerate(tables.contracts)}
    still_open = pl.DataFrame(
        sorted({(numbers[key.contract], key.year) for key in asked}),
        schema={"contract_no": pl.UInt32, "year": pl.Int32},
        orient="row",
    )
    earnings = earnings.with_columns(year=pl.col("month") // 12).join(still_open, on=["contract_no", "year"], how="semi")
    names = {n: (c, s) for n, c, s in tables.services.select("service_no", "contract", "service").iter_rows()}
    live = earnings.filter("live")
    sums = (
        live.filter("earns")
        .group_by("service_no", "term", "month")
        .agg(
            value=pl.col("value_cents").sum(), lines=pl.col("line").n_unique(),
            paying=pl.col("line").filter(pl.col("value_cents") != 0).n_unique(), highest=pl.col("value_cents").max(),
        )
        .sort("service_no", "term", "month")
    )  # fmt: skip
    for service_no, kind, index, value, lines, paying, highest in sums.iter_rows():
        contract_number, service = names[service_no]
        contract, month = tables.contracts[contract_number], Month.from_index(index)
        term = contract.services[service].terms[kind]
        if isinstance(term, Budget):
            working = _instalment_working(term, contract, month)
        else:
            working = _lines_working(term, value, lines, paying, highest)
        found.add((contract_number, month.year, service, kind, month), Entitlement(value, term.article, term.place, working))
    _add_cuts(found, live, ceilings, answers, tables, names)
    return found


def _lines_working(term: Term, value: int, lines: int, paying: int, highest: int) -> Working:
    """What lines earned together. Fees of one height are clients times the fee; a line may earn nothing by itself."""
    count, amount = (Fraction(lines), "count"), (Fraction(value), "amount")
    if isinstance(term, PersonFee) and paying and value == paying * highest:
        numbers: worth.Numbers = {"clients": (Fraction(paying), "count"), "per_client": (Fraction(highest), "amount")}
        return Working("clients", numbers if paying == lines else {**numbers, "lines": count})
    formula = "lines"
    if isinstance(term, WeeklyTariff):
        formula = {"sundays": "lines_weeks_sundays", "started": "lines_weeks_started", "days": "lines_weeks_days"}[term.weeks]
    elif isinstance(term, Tariff) and term.whole_hours:
        formula = "lines_whole_hours"
    some: worth.Numbers = {"paying": (Fraction(paying), "count")} if paying != lines else {}
    return Working(formula, {"lines": count, **some, "value": amount})


def _instalment_working(term: Budget, contract: Contract, month: Month) -> Working:
    year = contract.year(month.year)
    assert year is not None
    due = instalments(term, year)
    steps = [other for other, cents in due.items() if cents] or [month]
    elapsed = sum(1 for other in steps if other <= month)
    before = sum(cents for other, cents in due.items() if other < month)
    yearly = budget_of_year(term, year)
    if divide_half_up(yearly * elapsed, len(steps)) - before == due[month]:
        return Working(
            "instalments",
            {
                "yearly": (Fraction(yearly), "amount"),
                "elapsed": (Fraction(elapsed), "count"),
                "parts": (Fraction(len(steps)), "count"),
                "before": (Fraction(before), "amount"),
            },
        )
    # A yearly amount that changes within the year, or a broken year in which the whole was rounded first.
    to_date = due_to_date(term, year)[month]
    numbers: worth.Numbers = {
        "sum": (Fraction(to_date.sum_cents), "amount"),
        "parts": (Fraction(to_date.parts), "count"),
    }
    if to_date.days != to_date.days_in_year:
        numbers |= {
            "days": (Fraction(to_date.days), "count"),
            "days_in_year": (Fraction(to_date.days_in_year), "count"),
        }
    return Working("instalments_by_month", {**numbers, "before": (Fraction(before), "amount")})


def _add_cuts(
    found: Entitlements,
    live: pl.DataFrame,
    ceilings: CeilingTables,
    answers: list[Answer],
    tables: Tables,
    names: Mapping[int, tuple[str, str]],
) -> None:
    """What each ceiling took, by month of service; a service's stands under the service, a contract's under the contract."""
    levels = filled_of(answers, ceilings)
    above_of = {
        (row["contract"], row["service"], row["bucket"], row["per"]): (row["above"], row["above_share_bp"])
        for row in ceilings.ceilings.iter_rows(named=True)
    }
    by_service = (
        live.filter(pl.col("cut_service_cents") != 0)
        .group_by("service_no", "month").agg(cut=pl.col("cut_service_cents").sum()).sort("service_no", "month")
    )  # fmt: skip
    by_contract = (
        live.filter(pl.col("cut_contract_cents") != 0)
        .group_by("contract_no", "month").agg(cut=pl.col("cut_contract_cents").sum()).sort("contract_no", "month")
    )  # fmt: skip
    numbers = list(tables.contracts)
    cuts: list[tuple[str, str | None, int, int]] = [
        (*names[service_no], index, cut) for service_no, index, cut in by_service.iter_rows()
    ]
    cuts += [(numbers[contract_no], None, index, cut) for contract_no, index, cut in by_contract.iter_rows()]
    for contract_number, service, index, cut in cuts:
        contract, month = tables.contracts[contract_number], Month.from_index(index)
        term = (contract.terms if service is None else contract.services[service].terms)["ceiling"]
        assert isinstance(term, Ceiling)
        bucket = {"year": month.year, "month": index, "contract": 0}[term.per]
        fills, limit = levels[contract_number, service, bucket, term.per]
        above, share_bp = above_of[contract_number, service, bucket, term.per]
        formula = {"not paid": "ceiling", "held": "ceiling_held", "paid at a share": "ceiling_share"}[above]
        figures: worth.Numbers = {"value": (Fraction(fills), "amount"), "ceiling": (Fraction(limit), "amount")}
        if above == "paid at a share":
            figures["share"] = (Fraction(share_bp, 10_000), "share")
        found.add(
            (contract_number, month.year, service, "ceiling", month),
            Entitlement(-cut, term.article, term.place, Working(formula, figures)),
        )


# ---- what bounds and what rewards ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stands:
    """What the rounds judge by."""

    tables: Tables
    positions: Mapping[PositionKey, Measures]
    numbers: Mapping[PositionKey, int]
    """contract_no of each position."""
    counted: Counted
    earnings: pl.DataFrame
    period: Month


def _placed(stands: Stands) -> Iterator[tuple[Contract, ContractYear, str | None, Term, list[PositionKey]]]:
    """Each term of each contract in each open year, with the positions at which it is judged, in order of month.

    A term that settles by quarter is judged at each quarter's end so far; all others where the year stands now.
    """
    keys: dict[tuple[str, int, str | None], list[PositionKey]] = {}
    for key in sorted(stands.positions, key=lambda key: key.as_of):
        keys.setdefault((key.contract, key.year, key.service), []).append(key)
    for (number, year_number, _), found in sorted(
        ((scope, found) for scope, found in keys.items() if scope[2] is None), key=lambda pair: pair[0][:2]
    ):
        contract = stands.tables.contracts[number]
        year = contract.year(year_number)
        assert year is not None
        for service, term in contract.every_term():
            own = keys[number, year_number, service] if service else found
            if getattr(term, "settles", None) == "quarter_end":
                yield contract, year, service, term, [key for key in own if ends_quarter(key.as_of, year)]
            else:
                yield contract, year, service, term, own[-1:]


def _settles_now(term: Term, key: PositionKey, year: ContractYear) -> bool:
    return getattr(term, "settles", None) == "quarter_end" or key.as_of == year.months[-1]


def bounds_round(engine: Decides, stands: Stands, entitled: Entitlements) -> list[Answer]:
    """Minimum client counts and corridors."""
    asked: list[Asked] = []
    for contract, year, _, term, keys in _placed(stands):
        for key in keys:
            measures, now = stands.positions[key], _settles_now(term, key, year)
            if isinstance(term, MinimumClients):
                asked.append(ask_minimum(key, term, _as_delivered(term, key, contract, year, stands), now))
            elif isinstance(term, Corridor):
                asked.append(ask_corridor(key, term, measures, now))
    answers = judge(engine, asked)
    found: list[Decision | None] = []
    taken: dict[tuple[str, int], int] = {}
    for answer in answers:
        if isinstance(answer.asked.subject, MinimumClients):
            earned, budget = answer.asked.measures["earned"], answer.asked.measures["budget"]
            key = answer.asked.key
            # A contract's own minimum comes after those of its services: together they take no more than was earned.
            assert earned is not None
            left = int(earned) - (taken.get((key.contract, key.year), 0) if key.service is None else 0)
            one = worth.of_minimum(answer, None if budget is None else int(budget), left)
            if one is not None and key.service is not None:
                taken[key.contract, key.year] = taken.get((key.contract, key.year), 0) - one.cents
            found.append(one)
        else:
            found.append(worth.of_corridor(answer))
    _add_to_date(entitled, found)
    return answers


def _as_delivered(term: MinimumClients, key: PositionKey, contract: Contract, year: ContractYear, stands: Stands) -> Measures:
    """The measures by which a minimum is judged. Where it settles within the year and the file of the month has not come, the
    minimum is due up to the last month that was delivered: a missing file is told of, and is no deviation in clients."""
    measures = stands.positions[key]
    if term.settles != "on substantial deviation" or key.as_of == year.months[-1]:
        return measures
    if (contract.number, key.as_of) not in stands.counted.missing:
        return measures
    came = (month for number, month in stands.counted.counts.delivered if number == stands.numbers[key])
    until = Month.from_index(max((month for month in came if month < key.as_of.index), default=year.months[0].index - 1))
    return {**measures, "minimum_to_date": minimum_to_date(term, contract, key.year, until)}


def rewards_round(engine: Decides, stands: Stands, entitled: Entitlements) -> list[Answer]:
    """Bonuses, bands, savings and withholds, on what the terms before them gave."""
    so_far = entitled.by_month()
    since: dict[dt.date, dict[tuple[int, int, int], int]] = {}
    asked: list[Asked] = []
    for contract, year, service, term, keys in _placed(stands):
        for key in keys:
            now = _settles_now(term, key, year)
            measures = stands.positions[key]
            if isinstance(term, OutcomeBonus) and term.from_day is not None and term.from_day > key.as_of.last_day:
                continue  # it does not hold yet: nothing to settle, and nothing to postpone
            if isinstance(term, OutcomeBonus | Withhold):
                asked.append(ask_needs(key, term, _with_outcomes(key, term, measures, stands), now))
            elif isinstance(term, BonusMalus):
                asked.append(ask_bands(key, term, _with_outcomes(key, term, measures, stands), now))
            elif isinstance(term, SharedSavings):
                against = _against(term, year)
                if against is None:
                    continue
                months = so_far.get((contract.number, year.year, service), {})
                spent = Fraction(sum(cents for month, cents in months.items() if month <= key.as_of))
                # Where lines are due and none came, nothing was saved that anybody could judge.
                judged = None if contract.needs_lines and not measures["clients"] else spent
                asked.append(ask_savings(key, term, {**measures, "spent": judged}, against, now))
    answers = judge(engine, asked)
    found: list[Decision | None] = []
    for answer in answers:
        key = answer.asked.key
        match answer.asked.subject:
            case OutcomeBonus() as bonus:
                found.append(worth.of_bonus(answer, _bonus_base(bonus, key, stands, since)))
            case BonusMalus() as bands:
                found.append(worth.of_bands(answer, _base(bands.of, key, stands)))
            case SharedSavings():
                found.append(worth.of_savings(answer))
            case Withhold():
                months = so_far.get((key.contract, key.year, key.service), {})
                due = {month: cents for month, cents in months.items() if month <= key.as_of}
                found.extend(worth.of_withhold(answer, due))
    _add_to_date(entitled, found)
    return answers


def _add_to_date(entitled: Entitlements, found: list[Decision | None]) -> None:
    """Adds decisions; of those that stand at several quarters' ends, each adds what it gives more than the one before."""
    before: dict[tuple[str, int, str | None, str], int] = {}
    for one in found:
        if one is None:
            continue
        if one.term == "withhold":
            entitled.add_decision(one)
            continue
        scope = (one.key.contract, one.key.year, one.key.service, one.term)
        earlier = before.get(scope, 0)
        before[scope] = one.cents
        numbers = {**one.working.numbers, "before": (Fraction(earlier), "amount")} if earlier else one.working.numbers
        entitled.add_decision(
            Decision(
                one.key, one.term, one.article, one.place, one.outcome, one.order, one.month,
                one.cents - earlier, Working(one.working.formula, numbers),
            )
        )  # fmt: skip


def _with_outcomes(key: PositionKey, term: OutcomeBonus | Withhold | BonusMalus, measures: Measures, stands: Stands) -> Measures:
    """The measures with the outcomes as this term takes them: from its day on, absent below its number of responses."""
    day = getattr(term, "from_day", None)
    scope = -1 if key.service is None else stands.tables.service_numbers[key.contract, key.service]
    asked = (stands.numbers[key], scope, key.year, key.as_of.index, (day - _EPOCH).days if day else 0)
    return {**measures, **outcome_measures(stands.counted.outcomes, asked, term.minimum_responses)}


def _base(of: str, key: PositionKey, stands: Stands) -> int:
    measures = stands.positions[key]
    # At the end of a year the budget to date is the year's; at a quarter's end it is what has fallen due.
    figure = measures["budget_to_date"] if of == "budget" else measures["earned"]
    return worth.rounded(figure or Fraction(0))


def _bonus_base(
    term: OutcomeBonus, key: PositionKey, stands: Stands, since: dict[dt.date, dict[tuple[int, int, int], int]]
) -> int:
    """The budget, or what was earned in the year for service from the bonus's day on."""
    if term.of == "budget" or term.from_day is None:
        return _base(term.of, key, stands)
    if term.from_day not in since:
        since[term.from_day] = earned_since(stands.earnings, term.from_day)
    contract_no = stands.numbers[key]
    own = None if key.service is None else stands.tables.service_numbers[key.contract, key.service]
    return sum(
        cents
        for (contract, service, month), cents in since[term.from_day].items()
        if contract == contract_no and own in {None, service} and key.year * 12 <= month <= key.as_of.index
    )


def _against(term: SharedSavings, year: ContractYear) -> int | None:
    """What savings are measured against in a year, in cents; by months when it changes, pro rata in a broken year."""
    amounts = [term.against.on(max(month.first_day, year.first_day)) for month in year.months]
    known = [amount.cents for amount in amounts if amount is not None]
    if not known:
        return None
    days, in_year = (year.days, year.days_in_year) if term.broken_year == "pro rata" and year.is_broken else (1, 1)
    return divide_half_up(sum(known) * days, len(amounts) * in_year)
