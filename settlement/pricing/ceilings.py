"""Ceilings on the lines: how full each one is, and, where one bites, what it takes from which line.

Lines fill a ceiling in order of service date, then of delivery, then of row; the line that crosses it is paid in part
(rule-files.md, *ceiling*). Whether a ceiling bites is decided elsewhere (settlement.decisions).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from settlement.domain.contract import Ceiling, CeilingDecision, Contract
from settlement.domain.money import divide_half_up
from settlement.domain.periods import Month
from settlement.pricing.tables import Tables

CEILINGS: dict[str, pl.DataType | type[pl.DataType]] = {
    "ceiling_no": pl.UInt32,
    "contract_no": pl.UInt32,
    "contract": pl.String,
    "service": pl.String,  # null: the contract's own
    "per": pl.String,
    "bucket": pl.Int32,  # the year, the month's index, or 0
    "year": pl.Int32,  # the contract year it is judged in
    "limit_cents": pl.Int64,
    "above": pl.String,
    "above_share_bp": pl.Int64,
}
"""One row a ceiling and the year (or month, or whole contract) that it bounds."""


@dataclass(frozen=True, slots=True)
class CeilingTables:
    """The ceilings of all contracts, and the services each is over."""

    ceilings: pl.DataFrame
    """CEILINGS."""
    over: pl.DataFrame
    """ceiling_no, service_no."""


def ceiling_of_year(term: Ceiling, contract: Contract, number: int) -> int | None:
    """The ceiling of a contract year in cents; ``None`` when none is in force in it.

    A yearly ceiling that changes within the year counts by months; in a broken year it holds pro rata by days.
    """
    year = contract.year(number)
    if year is None:
        return None
    amounts = [term.amounts.on(max(month.first_day, year.first_day)) for month in year.months]
    known = [amount.cents for amount in amounts if amount is not None]
    if len(known) != len(amounts):
        # A ceiling that starts or stops within the year bounds the year by the figure that it has.
        if not known:
            return None
        known = known[-1:]
    days, in_year = (year.days, year.days_in_year) if term.broken_year == "pro rata" and year.is_broken else (1, 1)
    return divide_half_up(sum(known) * days, len(known) * in_year)


def ceiling_tables(tables: Tables, period: Month, decided: Collection[CeilingDecision] = ()) -> CeilingTables:
    """The ceilings that hold in the years up to the period. What was ``decided`` about a year of a ceiling with
    ``above: held`` takes the place of that: all of it is paid, or not."""
    decisions = {(one.contract, one.service, one.year): one.decided for one in decided}
    # A ceiling of the whole contract has no year of its own: the last decision holds.
    of_contracts = {(one.contract, one.service): one.decided for one in sorted(decided, key=lambda one: one.year)}
    rows: list[tuple[object, ...]] = []
    over: list[tuple[int, int]] = []
    numbers = tables.service_numbers
    for contract_no, contract in enumerate(tables.contracts.values()):
        for service, term in contract.every_term():
            if not isinstance(term, Ceiling):
                continue
            names = (service,) if service else term.services_under(contract.services)
            for bucket, year, limit in _limits(term, contract, period):
                number = len(rows)
                above, share_bp = term.above, term.above_share_bp
                whose = (contract.number, service)
                decision = of_contracts.get(whose) if term.per == "contract" else decisions.get((*whose, year))
                if decision is not None and above == "held":
                    above, share_bp = ("paid at a share", 10_000) if decision == "paid" else ("not paid", share_bp)
                rows.append((number, contract_no, contract.number, service, term.per, bucket, year, limit, above, share_bp))
                over.extend((number, numbers[contract.number, name]) for name in names)
    return CeilingTables(
        pl.DataFrame(rows, schema=CEILINGS, orient="row"),
        pl.DataFrame(over, schema={"ceiling_no": pl.UInt32, "service_no": pl.UInt32}, orient="row"),
    )


def _limits(term: Ceiling, contract: Contract, period: Month) -> list[tuple[int, int, int]]:
    """(bucket, year, cents) of each year, month or the whole contract that a ceiling bounds."""
    found: list[tuple[int, int, int]] = []
    last_year = min(period.year, contract.ends.year)
    if last_year < contract.starts.year:
        return []
    if term.per == "contract":
        known = [step.value.cents for step in term.amounts.steps if step.value is not None]
        amount = term.amounts.on(min(period.last_day, contract.ends))
        limit = amount.cents if amount is not None else (known[-1] if known else None)
        return [] if limit is None else [(0, last_year, limit)]
    for number in range(contract.starts.year, last_year + 1):
        if term.per == "year":
            limit = ceiling_of_year(term, contract, number)
            if limit is not None:
                found.append((number, number, limit))
            continue
        year = contract.year(number)
        for month in year.months if year else ():
            amount = term.amounts.on(max(month.first_day, contract.starts))
            if amount is not None and month <= period:
                found.append((month.index, number, amount.cents))
    return found


def with_cuts(earnings: pl.DataFrame) -> pl.DataFrame:
    """Earnings before any ceiling has bitten: nothing cut. ``row_no`` keeps their order."""
    nothing = pl.lit(0, dtype=pl.Int64)
    return earnings.with_row_index("row_no").with_columns(
        cut_service_cents=nothing, cut_contract_cents=nothing, held_cents=nothing
    )


def left_cents() -> pl.Expr:
    """What an earning still gives: nothing where it does not earn."""
    return (
        pl.when("earns").then(pl.col("value_cents") - pl.col("cut_service_cents") - pl.col("cut_contract_cents")).otherwise(0)
    )


def of_month() -> pl.Expr:
    """A service and a month as one whole number: a million lines are grouped twice as fast on one as on two."""
    return pl.col("service_no").cast(pl.UInt64) * 2**32 + pl.col("month").cast(pl.UInt32)


def service_and_month() -> tuple[pl.Expr, pl.Expr]:
    """``service_no`` and ``month`` from ``at``, that number."""
    return (
        (pl.col("at") // 2**32).cast(pl.UInt32).alias("service_no"),
        (pl.col("at") % 2**32).cast(pl.Int32).alias("month"),
    )


def filled(earnings: pl.DataFrame, ceilings: CeilingTables, of_services: bool) -> pl.DataFrame:
    """How full each ceiling of services (or of contracts) is: CEILINGS with ``filled_cents``, in order of ``ceiling_no``."""
    chosen = _tier(ceilings.ceilings, of_services)
    # Added up by month first: ceilings are then laid over a few sums, not over the lines.
    by_month = (
        earnings.lazy().filter(pl.col("live") & pl.col("earns"))
        .select(at=of_month(), left=left_cents()).group_by("at").agg(pl.col("left").sum())
        .select("left", *service_and_month()).collect(engine="streaming")
    )  # fmt: skip
    sums = _in_scope(by_month, chosen, ceilings.over).group_by("ceiling_no").agg(filled_cents=pl.col("left").sum())
    return chosen.join(sums, on="ceiling_no", how="left", maintain_order="left").with_columns(pl.col("filled_cents").fill_null(0))


def cap(
    earnings: pl.DataFrame, ceilings: CeilingTables, biting: Collection[int], of_services: bool
) -> pl.DataFrame:
    """Takes from the earnings what lies above the ceilings that bite (their ``ceiling_no``)."""
    if not biting:
        return earnings
    chosen = ceilings.ceilings.filter(pl.col("ceiling_no").is_in(list(biting)))
    column = "cut_service_cents" if of_services else "cut_contract_cents"
    bounded = ceilings.over.join(chosen, on="ceiling_no", how="semi").get_column("service_no")
    earning = (
        earnings.lazy().filter(pl.col("live") & pl.col("earns") & pl.col("service_no").is_in(bounded.implode()))
        .select("service_no", "month", "date", "line", "row_no", left=left_cents()).collect()
    )  # fmt: skip
    scope = _in_scope(earning, chosen, ceilings.over).sort(*_in_order())
    left = pl.col("left")
    after = left.cum_sum().over("ceiling_no")
    excess = (after - pl.col("limit_cents")).clip(lower_bound=0)
    excess_before = (after - left - pl.col("limit_cents")).clip(lower_bound=0)
    share = pl.col("above_share_bp")

    def paid_above(cents: pl.Expr) -> pl.Expr:
        return pl.when(pl.col("above") == "paid at a share").then((2 * cents * share + 10_000) // 20_000).otherwise(0)

    cut = (excess - paid_above(excess)) - (excess_before - paid_above(excess_before))
    cuts = scope.select(
        "row_no", cut=cut, held=pl.when(pl.col("above") == "held").then(cut).otherwise(pl.lit(0, dtype=pl.Int64))
    )
    def added(name: str, more: str) -> pl.Series:
        # An earning has one ceiling of each tier, and its ``row_no`` is where it stands.
        before = earnings.get_column(name)
        return before.scatter(cuts.get_column("row_no"), before.gather(cuts.get_column("row_no")) + cuts.get_column(more))

    return earnings.with_columns(added(column, "cut"), added("held_cents", "held"))


def _in_order() -> list[pl.Expr]:
    """By what the earnings under a ceiling are sorted: day and line as one number, which is quicker than two; what comes by
    the calendar after the lines of its day."""
    line = pl.col("line").fill_null(2**32 - 1)
    return [pl.col("date").to_physical().cast(pl.Int64) * 2**32 + line, pl.col("row_no")]


def _tier(ceilings: pl.DataFrame, of_services: bool) -> pl.DataFrame:
    return ceilings.filter(pl.col("service").is_not_null() if of_services else pl.col("service").is_null())


def _in_scope(earnings: pl.DataFrame, chosen: pl.DataFrame, over: pl.DataFrame) -> pl.DataFrame:
    """Those of earnings (live and earning ones, or their sums by month) that stand under each ceiling: of its services,
    in its year or month."""
    bounded = chosen.join(over, on="ceiling_no").select(
        "ceiling_no", "service_no", "per", "bucket", "limit_cents", "above", "above_share_bp"
    )
    frames = []
    for per, bucket in (("year", pl.col("month") // 12), ("month", pl.col("month")), ("contract", pl.lit(0, dtype=pl.Int32))):
        part = bounded.filter(pl.col("per") == per)
        if part.height:
            frames.append(earnings.with_columns(bucket=bucket).join(part.drop("per"), on=["service_no", "bucket"]))
    if not frames:
        return earnings.clear().join(bounded.drop("per", "bucket"), on="service_no")
    return pl.concat(frames)
