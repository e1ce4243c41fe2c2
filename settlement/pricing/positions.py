"""Positions: where each service of a contract, and each contract, stands, to date and in the month.

Frames end here: what comes out is one small record for each service, year and month asked for.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import polars as pl

from settlement.domain.contract import Contract, MinimumClients, OutcomeBonus
from settlement.domain.measures import IN_MONTH
from settlement.domain.periods import ContractYear, Month
from settlement.domain.records import PositionKey
from settlement.pricing.ceilings import left_cents, of_month, service_and_month
from settlement.pricing.earn import budget_of_year, budget_to_date
from settlement.pricing.tables import Tables

Measures = dict[str, Fraction | None]


@dataclass(frozen=True, slots=True)
class Monthly:
    """Sums by contract, service and month of service: the course of the year, and all that money is judged by."""

    claimed: Mapping[tuple[int, int, int], int] = field(default_factory=dict)
    """(contract_no, service_no, month) → value of the lines, before any ceiling."""
    earned: Mapping[tuple[int, int, int], int] = field(default_factory=dict)
    """Left after the ceilings, instalments included."""
    cut: Mapping[tuple[int, int, int], int] = field(default_factory=dict)
    held: Mapping[tuple[int, int, int], int] = field(default_factory=dict)
    subcontracted: Mapping[tuple[int, int, int], int] = field(default_factory=dict)


def _total(sums: Mapping[tuple[int, int, int], int], keys: list[tuple[int, int, int]]) -> int:
    """One figure over services and months."""
    return sum([sums.get(key, 0) for key in keys])


def monthly_sums(earnings: pl.DataFrame, lines: pl.DataFrame) -> Monthly:
    """The sums by contract, service and month. Credits and their debits add up to nothing."""
    if not earnings.height:
        return Monthly()
    by_subcontractor = lines.filter(pl.col("subcontractor").is_not_null()).select("line", by_other=pl.lit(True))
    if by_subcontractor.height:
        earnings = earnings.join(by_subcontractor, on="line", how="left", maintain_order="left")
    else:
        earnings = earnings.with_columns(by_other=pl.lit(False))
    of_line = pl.col("line").is_not_null() & pl.col("live")
    claimed = pl.when(of_line).then("value_cents").otherwise(0)
    sums = (
        earnings.lazy()
        .select(
            "contract_no", "held_cents", at=of_month(), claimed=claimed,
            earned=pl.when("live").then(left_cents()).otherwise(0),
            cut=pl.col("cut_service_cents") + pl.col("cut_contract_cents"),
            subcontracted=pl.when(pl.col("by_other").fill_null(False)).then(claimed).otherwise(0),
        )
        .group_by("at")
        .agg(pl.col("contract_no").first(), pl.col("claimed", "earned", "cut", "subcontracted").sum(), held=pl.col("held_cents").sum())
        .with_columns(*service_and_month())
        .collect(engine="streaming")
    )  # fmt: skip
    keys = list(zip(*(sums.get_column(name).to_list() for name in ("contract_no", "service_no", "month")), strict=True))

    def of(name: str) -> dict[tuple[int, int, int], int]:
        return {key: value for key, value in zip(keys, sums.get_column(name).to_list(), strict=True) if value}

    return Monthly(of("claimed"), of("earned"), of("cut"), of("held"), of("subcontracted"))


def targets(tables: Tables, period: Month, last: Month | None = None) -> dict[PositionKey, int]:
    """Every position that is asked for, with its contract_no: each open year of each contract up to the period (or the
    year's end), and each quarter's end where a term settles by quarter. ``last`` is the latest month that is final."""
    first_open = dict(tables.services.select("contract_no", "first_open_month").unique().iter_rows())
    found: dict[PositionKey, int] = {}
    for contract_no, contract in enumerate(tables.contracts.values()):
        quarterly = any(getattr(term, "settles", None) == "quarter_end" for _, term in contract.every_term())
        first_year = first_open.get(contract_no, contract.starts.year * 12) // 12
        for number in range(first_year, period.year + 1):
            year = contract.year(number)
            if year is None or year.months[0] > period or is_closed(contract, number, period, last):
                continue
            moments = {min(period, year.months[-1])}
            if quarterly:
                moments |= {month for month in year.months if ends_quarter(month, year) and month <= period}
            for as_of in sorted(moments):
                for service in (None, *contract.services):
                    found[PositionKey(contract.number, service, number, as_of)] = contract_no
    return found


def is_closed(contract: Contract, year: int, period: Month, last: Month | None) -> bool:
    """Whether a year can change no more in a period: its ``corrections_until`` lies before it, and a run that is final saw
    all that came until then. Where months were skipped, the first run after them settles the year once more, with the
    lines that came in time. ``last`` is the latest month that is final (``None``: a first run closes by the calendar)."""
    until = Month(year, 12).plus(contract.deliveries.corrections_until.months)
    return until < period and (last is None or last >= until)


def ends_quarter(month: Month, year: ContractYear) -> bool:
    """Whether a quarter of the contract year ends with this month; the year's last month always does."""
    return month.month % 3 == 0 or month == year.months[-1]


@dataclass(frozen=True, slots=True)
class Counts:
    """What is counted over lines, by contract_no, service_no (-1: the contract), year and as_of."""

    counts: Mapping[tuple[int, int, int, int], Mapping[str, int]]
    delivered: Mapping[tuple[int, int], tuple[int, int]]
    """(contract_no, claim month) → accepted and refused lines delivered in it."""


_IN_CARE = ["contract_no", "service_no", "client_no", "month"]


_OF_CLIENT = [pl.col("ended").max(), pl.col("first").min(), pl.col("last").max()]
"""What is known of a client at a place or a moment; ``ended`` is 1 for one that ended earlier, 2 for one in the month."""


def _at(place: str, client: str) -> pl.Expr:
    """Two whole numbers below 2³² as one."""
    return pl.col(place).cast(pl.UInt64) * 2**32 + pl.col(client)


def _at_places(care: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """The lines at each place of their service and year, with ``place`` and ``as_of``; a line without a place is left out.

    A place is a service at a moment that is asked for; most services have one in a year. They are looked up by position:
    there are a few places, and a million lines.
    """
    if not places.height:
        return care.clear().with_columns(place=pl.lit(None, dtype=pl.UInt32), as_of=pl.lit(None, dtype=pl.Int32))
    first, last = _ends(places.get_column("year"))
    years, services = last - first + 1, 1 + max(_ends(places.get_column("service_no"))[1], _ends(care.get_column("service_no"))[1])
    # The last slot is of the years in which nothing is asked.
    year = pl.col("month") // 12 - first
    slot = pl.when((year >= 0) & (year < years)).then(pl.col("service_no") * years + year).otherwise(services * years)
    slots = care.select(slot.cast(pl.UInt32)).to_series()
    places = places.with_columns(slot=(pl.col("service_no") * years + pl.col("year") - first).cast(pl.UInt32))
    found = []
    for _, moment in places.with_columns(nth=pl.int_range(pl.len()).over("slot")).group_by("nth", maintain_order=True):
        looked_up = [
            pl.Series(name, [None], dtype=type_).new_from_index(0, services * years + 1)
            .scatter(moment.get_column("slot"), moment.get_column(name)).gather(slots)
            for name, type_ in (("place", pl.UInt32), ("as_of", pl.Int32))
        ]  # fmt: skip
        here = care.hstack(looked_up)
        found.append(here.filter(pl.col("place").is_not_null()) if looked_up[0].null_count() else here)
    return pl.concat(found)


def _ends(numbers: pl.Series) -> tuple[int, int]:
    """The least and the greatest; 0 of none."""
    least, greatest = numbers.min(), numbers.max()
    return (least, greatest) if isinstance(least, int) and isinstance(greatest, int) else (0, 0)


def says_ended() -> pl.Expr:
    """Whether a line says that its client ended: a reason of ending, or a result that is not running."""
    return pl.col("end_reason").is_not_null() | pl.col("result").is_in(["reached", "not reached"]).fill_null(False)


def count_lines(lines: pl.DataFrame, refusals: pl.DataFrame, asked: Mapping[PositionKey, int], tables: Tables) -> Counts:
    """Counts clients and quantities for every position asked for. ``refusals`` has contract, delivery, row, claim_month."""
    moments = pl.DataFrame(
        sorted({(number, key.year, key.as_of.index) for key, number in asked.items()}),
        schema={"contract_no": pl.UInt32, "year": pl.Int32, "as_of": pl.Int32},
        orient="row",
    )
    in_month = pl.col("month") == pl.col("as_of")
    # Lazily: of the many columns of the lines only these are touched.
    live = lines.lazy().filter(~pl.col("is_credit") & ~pl.col("credited"))
    # First one row for each client of a service (at a place), and from these one for each of a contract (at a moment):
    # every count below is over these, far fewer than the lines. Place and client are grouped on as one number: quickest.
    moments = moments.with_row_index("moment")
    places = moments.join(tables.services.select("contract_no", "service_no"), on="contract_no").with_row_index("place")
    care = _at_places(
        live.filter("is_care")
        .select(
            "service_no", "client_no", "month", quantity="quantity_milli", ended=says_ended(),
        )
        .collect(),
        places,
    ).lazy().filter(pl.col("month") <= pl.col("as_of")).select(
        "place", "quantity", first="month", last="month",
        ended=pl.when("ended").then(1 + in_month.cast(pl.UInt8)).otherwise(0).cast(pl.UInt8),
        quantity_now=pl.when(in_month).then("quantity").otherwise(0), client=_at("place", "client_no"),
    ).collect()  # fmt: skip
    arrived = lines.lazy().select(at=pl.col("contract_no").cast(pl.UInt64) * 2**32 + pl.col("claim_month"))
    # Asked together, so that they are worked out side by side.
    quantities, of_services, of_claim_months = pl.collect_all(
        [
            care.lazy().group_by("place").agg(pl.col("quantity", "quantity_now").sum()),
            care.lazy().group_by("client").agg(_OF_CLIENT)
            .with_columns(place=(pl.col("client") // 2**32).cast(pl.UInt32), client_no=pl.col("client") % 2**32),
            arrived.group_by("at").len(),
        ],
        engine="streaming",
    )  # fmt: skip
    of_contracts = (
        of_services.lazy().join(places.lazy().select("place", "moment"), on="place")
        .with_columns(client=_at("moment", "client_no"))
        .group_by("client").agg(_OF_CLIENT)
        .with_columns(moment=(pl.col("client") // 2**32).cast(pl.UInt32))
        .collect(engine="streaming")
    )  # fmt: skip
    turned_away = (
        live.filter(~pl.col("is_care")).select(*_IN_CARE, year=pl.col("month") // 12)
        .join(moments.lazy(), on=["contract_no", "year"]).filter(pl.col("month") <= pl.col("as_of")).collect()
    )  # fmt: skip
    counts: dict[tuple[int, int, int, int], dict[str, int]] = {}
    client = pl.col("client_no")
    for scope, by_client, at, named in (
        ("service", of_services, "place", places), ("contract", of_contracts, "moment", moments),
    ):  # fmt: skip
        keys = ["contract_no", "service_no", "year", "as_of"] if scope == "service" else ["contract_no", "year", "as_of"]
        as_of = pl.col("as_of")
        found = by_client.join(named.select(at, "as_of"), on=at).group_by(at).agg(
            clients=pl.len(), clients_in_month=(pl.col("last") == as_of).sum(),
            new_clients_in_month=(pl.col("first") == as_of).sum(),
            ended_clients=(pl.col("ended") > 0).sum(), ended_clients_in_month=(pl.col("ended") == 2).sum(),
        ).join(
            quantities.join(places.select("place", "moment"), on="place")
            .group_by(at).agg(quantity=pl.col("quantity").sum(), quantity_in_month=pl.col("quantity_now").sum()), on=at,
        ).join(named.select(at, *keys), on=at).drop(at)  # fmt: skip
        _collect(counts, found, scope)
        if turned_away.height:
            refused = turned_away.group_by(keys).agg(
                refused_clients=client.n_unique(), refused_clients_in_month=client.filter(in_month).n_unique()
            )
            _collect(counts, refused, scope)
    numbers = {number: position for position, number in enumerate(tables.contracts)}
    delivered: dict[tuple[int, int], tuple[int, int]] = {}
    for at, count in of_claim_months.iter_rows():
        delivered[at // 2**32, at % 2**32] = (count, 0)
    refused_rows = (
        refusals.filter(pl.col("row") > 0).unique(["delivery", "row"]).group_by("contract", "claim_month").len()
    )  # fmt: skip
    for contract, claim_month, count in refused_rows.iter_rows():
        if contract in numbers:
            accepted, _ = delivered.get((numbers[contract], claim_month), (0, 0))
            delivered[numbers[contract], claim_month] = (accepted, count)
    return Counts(counts, delivered)


def _collect(counts: dict[tuple[int, int, int, int], dict[str, int]], found: pl.DataFrame, scope: str) -> None:
    for row in found.iter_rows(named=True):
        key = (row["contract_no"], row["service_no"] if scope == "service" else -1, row["year"], row["as_of"])
        kept = counts.setdefault(key, {})
        kept |= {name: value for name, value in row.items() if name not in {"contract_no", "service_no", "year", "as_of"}}


OUTCOMES = ("goal_attainment", "client_satisfaction", "dropout")
_ANSWERS = {"goal_attainment": "goal_attainment_bp", "client_satisfaction": "client_satisfaction_centi", "dropout": "dropout_bp"}
_WHOLE = {"goal_attainment": 10_000, "client_satisfaction": 100, "dropout": 10_000}
_EARLY_ENDS = ("32", "33", "34", "35", "36", "38", "39")
"""National reasons of ending that are not according to plan (JZ588), for dropout where no column says it."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The three outcome measures with the answers behind each, by contract_no, service_no (-1) and question asked."""

    found: Mapping[tuple[int, int, int, int, int], Mapping[str, tuple[int, int]]]
    """(contract_no, service_no, year, as_of, from day's number or 0) → measure → (sum of answers, clients that answered)."""
    responses: Mapping[tuple[int, int, int, int, int], int]


def count_outcomes(
    lines: pl.DataFrame, asked: Mapping[PositionKey, int], tables: Tables, in_month: bool = False
) -> Outcomes:
    """Taken over the clients for whom lines of the year carry an answer; each client counts once, with the last answer
    (rule-files.md, *Outcomes*). With a bonus ``from`` a day: over lines that end on or after it."""
    end_reason_says = pl.col("end_reason").is_in(list(_EARLY_ENDS))
    dropout = pl.coalesce(pl.col("dropout"), end_reason_says)
    answers = (
        lines.lazy().filter(~pl.col("is_credit") & ~pl.col("credited") & pl.col("is_care"))
        .select(
            "line", *_IN_CARE, "end", "goal_attainment_bp", "client_satisfaction_centi", day=pl.coalesce("end", "start"),
            dropout_bp=dropout.cast(pl.Int64) * 10_000, year=pl.col("month") // 12,
        )
        .filter(pl.any_horizontal(pl.col(*_ANSWERS.values()).is_not_null()))
        .collect()
    )  # fmt: skip
    if not answers.height:
        return Outcomes({}, {})
    days = {(number, key.year, key.as_of.index, 0) for key, number in asked.items()}
    for contract_no, contract in enumerate(tables.contracts.values()):
        starts = {term.from_day for _, term in contract.every_term() if isinstance(term, OutcomeBonus) and term.from_day}
        days |= {(n, y, m, (day - _EPOCH).days) for day in starts for n, y, m, f in list(days) if n == contract_no and f == 0}
    moments = pl.DataFrame(
        sorted(days), schema={"contract_no": pl.UInt32, "year": pl.Int32, "as_of": pl.Int32, "since": pl.Int32}, orient="row"
    )
    up_to = (pl.col("month") == pl.col("as_of")) if in_month else (pl.col("month") <= pl.col("as_of"))
    told = answers.join(moments, on=["contract_no", "year"]).filter(
        up_to & ((pl.col("since") == 0) | (pl.col("end").to_physical() >= pl.col("since")))
    )
    found: dict[tuple[int, int, int, int, int], dict[str, tuple[int, int]]] = {}
    responses: dict[tuple[int, int, int, int, int], int] = {}
    for scope in ("service", "contract"):
        keys = ["contract_no", "service_no"] if scope == "service" else ["contract_no"]
        keys += ["year", "as_of", "since"]
        last = told.sort("day", "line").group_by(*keys, "client_no").agg(
            **{name: pl.col(column).drop_nulls().last() for name, column in _ANSWERS.items()}
        )
        sums = last.group_by(keys).agg(
            responses=pl.len(),
            **{name: pl.col(name).sum() for name in OUTCOMES},
            **{f"{name}_answers": pl.col(name).count() for name in OUTCOMES},
        )
        for row in sums.iter_rows(named=True):
            service = row["service_no"] if scope == "service" else -1
            key = (row["contract_no"], service, row["year"], row["as_of"], row["since"])
            responses[key] = row["responses"]
            found[key] = {name: (row[name], row[f"{name}_answers"]) for name in OUTCOMES if row[f"{name}_answers"]}
    return Outcomes(found, responses)


_EPOCH = dt.date(1970, 1, 1)


def minimum_of_year(term: MinimumClients, contract: Contract, number: int) -> Fraction | None:
    """The minimum of a contract year, exact; ``None`` when none is in force. In a broken year pro rata by days."""
    year = contract.year(number)
    if year is None:
        return None
    counts = [term.amounts.on(max(month.first_day, year.first_day)) for month in year.months]
    known = [count for count in counts if count is not None]
    if not known:
        return None
    whole = Fraction(sum(known), len(counts))
    return whole * year.days / year.days_in_year if term.broken_year == "pro rata" and year.is_broken else whole


def minimum_to_date(term: MinimumClients, contract: Contract, number: int, as_of: Month) -> Fraction | None:
    """The minimum due for the months up to and including one, unrounded: minimum × months elapsed ÷ months; a minimum that
    changes within the year counts by months."""
    year, whole = contract.year(number), minimum_of_year(term, contract, number)
    if year is None or whole is None:
        return None
    counts = [(month, term.amounts.on(max(month.first_day, year.first_day)) or 0) for month in year.months]
    total = sum(count for _, count in counts)
    return whole * sum(count for month, count in counts if month <= as_of) / total if total else Fraction(0)


@dataclass(frozen=True, slots=True)
class Counted:
    """Everything counted over the lines that positions are made of."""

    monthly: Monthly
    counts: Counts
    outcomes: Outcomes
    outcomes_in_month: Outcomes
    filled: Mapping[tuple[str, str | None, int, str], tuple[int, int]]
    """(contract, service, bucket, per) → what fills the ceiling, and the ceiling."""
    missing: frozenset[tuple[str, Month]]
    """Contracts that need lines and sent nothing for a claim month."""


def positions(tables: Tables, asked: Mapping[PositionKey, int], counted: Counted) -> dict[PositionKey, Measures]:
    """The measures of every position asked for, but for those that follow from decisions (entitled, paid, payable)."""
    numbers = tables.service_numbers
    return {key: _measures(key, number, tables.contracts[key.contract], numbers, counted) for key, number in asked.items()}


@functools.lru_cache(maxsize=10_000)
def _whole(number: int) -> Fraction:
    """A whole number as a fraction. Most are small and come again."""
    return Fraction(number)


def _measures(  # noqa: PLR0915 - one statement a measure, in the order of measures.py
    key: PositionKey, contract_no: int, contract: Contract, numbers: Mapping[tuple[str, str], int], counted: Counted
) -> Measures:
    year = contract.year(key.year)
    assert year is not None, "positions are asked for in years in which the contract holds"
    names = list(contract.services) if key.service is None else [key.service]
    services = [numbers[contract.number, name] for name in names]
    scope = -1 if key.service is None else services[0]
    months = [month.index for month in year.months if month <= key.as_of]
    elapsed, parts = year.months_elapsed(key.as_of), len(year.months)
    counts = counted.counts.counts.get((contract_no, scope, key.year, key.as_of.index), {})
    found: Measures = {}

    def put(name: str, to_date: Fraction | int | None, month: Fraction | int | None = None) -> None:
        found[name] = _whole(to_date) if isinstance(to_date, int) else to_date
        found[name + IN_MONTH] = _whole(month) if isinstance(month, int) else month

    for name in ("clients", "ended_clients", "refused_clients"):
        put(name, counts.get(name, 0), counts.get(name + IN_MONTH, 0))
    put("new_clients", counts.get("clients", 0), counts.get("new_clients_in_month", 0))
    put(
        "active_clients",
        counts.get("clients", 0) - counts.get("ended_clients", 0),
        counts.get("clients_in_month", 0) - counts.get("ended_clients_in_month", 0),
    )
    put("quantity", Fraction(counts.get("quantity") or 0, 1000), Fraction(counts.get("quantity_in_month") or 0, 1000))
    monthly = counted.monthly
    to_date = [(contract_no, service, month) for service in services for month in months]
    this_month = [(contract_no, service, key.as_of.index) for service in services]
    claimed, claimed_now = _total(monthly.claimed, to_date), _total(monthly.claimed, this_month)
    claimed_before = _total(monthly.claimed, [(contract_no, service, key.as_of.index - 1) for service in services])
    earned, earned_now = _total(monthly.earned, to_date), _total(monthly.earned, this_month)
    put("claimed", claimed, claimed_now)
    put("earned", earned, earned_now)
    put("amount_above_ceiling", _total(monthly.cut, to_date), _total(monthly.cut, this_month))
    put("held", _total(monthly.held, to_date))
    terms = [term for name in names if (term := contract.services[name].budget) is not None]
    budget = sum(budget_of_year(term, year) for term in terms) if terms else None
    put("budget", budget, None if budget is None else Fraction(budget, parts))
    due = sum((budget_to_date(term, year, key.as_of) for term in terms), Fraction(0))
    put("budget_to_date", due if terms else None)
    found |= _ceiling_measures(key, claimed, elapsed, budget, counted)
    minimum = _minimum_term(contract, key)
    put("minimum_clients", None if minimum is None else minimum_of_year(minimum, contract, key.year))
    put("minimum_to_date", None if minimum is None else minimum_to_date(minimum, contract, key.year, key.as_of))
    put(
        "delivered_share",
        claimed / due if budget and due else None,
        Fraction(claimed_now * parts, budget) if budget else None,
    )
    claims = range(key.year * 12, key.as_of.index + 1)
    delivered = [counted.counts.delivered.get((contract_no, month), (0, 0)) for month in claims]
    accepted, refused = sum(a for a, _ in delivered), sum(r for _, r in delivered)
    accepted_now, refused_now = delivered[-1] if delivered else (0, 0)
    if key.service is None:
        put("lines", accepted, accepted_now)
        put("refused_lines", refused, refused_now)
        put(
            "refused_share",
            Fraction(refused, accepted + refused) if accepted + refused else None,
            Fraction(refused_now, accepted_now + refused_now) if accepted_now + refused_now else None,
        )
    else:
        put("lines", None)
        put("refused_lines", None)
        put("refused_share", None)
    put(
        "average_per_client",
        Fraction(claimed or earned, counts["clients"]) if counts.get("clients") else None,
        Fraction(claimed_now or earned_now, counts["clients_in_month"]) if counts.get("clients_in_month") else None,
    )
    put("change_on_previous_month", Fraction(claimed_now, claimed_before) - 1 if claimed_before else None)
    by_others, by_others_now = _total(monthly.subcontracted, to_date), _total(monthly.subcontracted, this_month)
    put(
        "subcontracted_share",
        Fraction(by_others, claimed) if claimed else None,
        Fraction(by_others_now, claimed_now) if claimed_now else None,
    )
    outcomes = outcome_measures(counted.outcomes, (contract_no, scope, key.year, key.as_of.index, 0), 0)
    now = outcome_measures(counted.outcomes_in_month, (contract_no, scope, key.year, key.as_of.index, 0), 0)
    for name in (*OUTCOMES, "responses"):
        put(name, outcomes[name], now[name])
    put("months_elapsed", elapsed)
    put("share_of_year", Fraction(elapsed, parts))
    put("delivery_missing", int((contract.number, key.as_of) in counted.missing))
    put("forecast_year_end", Fraction((claimed or earned) * parts, elapsed) if elapsed else None)
    return found


def _ceiling_measures(key: PositionKey, claimed: int, elapsed: int, budget: int | None, counted: Counted) -> Measures:
    found: Measures = {}
    filled = None
    for per, bucket in (("year", key.year), ("month", key.as_of.index), ("contract", 0)):
        filled = filled or counted.filled.get((key.contract, key.service, bucket, per))
    found["ceiling"] = Fraction(filled[1]) if filled else None
    if filled and filled[1]:
        found["spent_share"] = Fraction(filled[0], filled[1])
    else:
        found["spent_share"] = Fraction(claimed, budget) if budget and not filled else None
    if filled and filled[0]:
        found["months_until_ceiling"] = Fraction(max(filled[1] - filled[0], 0) * elapsed, filled[0])
    else:
        found["months_until_ceiling"] = None
    return found


def _minimum_term(contract: Contract, key: PositionKey) -> MinimumClients | None:
    terms = contract.terms if key.service is None else contract.services[key.service].terms
    term = terms.get("minimum_clients")
    return term if isinstance(term, MinimumClients) else None


def earned_since(earnings: pl.DataFrame, day: dt.date) -> dict[tuple[int, int, int], int]:
    """(contract_no, service_no, month) → what was earned, after ceilings, for service from a day on."""
    sums = (
        earnings.filter(pl.col("live") & (pl.col("date") >= day))
        .group_by("contract_no", "service_no", "month").agg(cents=left_cents().sum())
    )  # fmt: skip
    return {(contract, service, month): cents for contract, service, month, cents in sums.iter_rows()}


def outcome_measures(outcomes: Outcomes, key: tuple[int, int, int, int, int], minimum_responses: int) -> Measures:
    """The three outcomes and the responses; an outcome is absent when nobody answered or fewer than asked."""
    answers = outcomes.found.get(key, {})
    found: Measures = {"responses": Fraction(outcomes.responses.get(key, 0))}
    for name in OUTCOMES:
        total, count = answers.get(name, (0, 0))
        enough = count > 0 and count >= minimum_responses
        found[name] = Fraction(total, count * _WHOLE[name]) if enough else None
    return found
