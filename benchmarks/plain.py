"""The plain alternative: the same lines priced with pandas, as an analyst would write it.

Tariff by date, price, cap by ceiling in order, sums by contract, service and month, and the counts of every position:
distinct, new and ended clients and quantities, to date and in the month. For the kinds of contract that ``region.py`` makes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl

from settlement.pricing.ceilings import CeilingTables
from settlement.pricing.tables import Tables

_ORDINAL = 719_163
"""Days of numpy begin at 1970; with this added, Sundays are those divisible by seven."""


COUNTS = (
    "clients", "clients_in_month", "new_clients_in_month", "ended_clients", "ended_clients_in_month",
    "quantity", "quantity_in_month",
)  # fmt: skip
"""What a position counts over lines, to date in the year and in the month."""


@dataclass(frozen=True)
class Terms:
    """The terms as pandas tables. A product is a code, or the name of a service where lines name that."""

    services: pd.DataFrame
    """contract, product, service, kind, numerator, denominator, pays_by_line, pro_rata."""
    prices: pd.DataFrame
    """contract, product, intensity (empty: any), day, until (not included), cents."""
    ceilings: pd.DataFrame
    """ceiling_no, contract, service, limit, of_service."""


@dataclass(frozen=True)
class Priced:
    """What is compared: cents by (contract, service, month), and the counts of the positions."""

    claimed: dict[tuple[str, str, int], int]
    earned: dict[tuple[str, str, int], int]
    cut: dict[tuple[str, str, int], int]
    counts_of_service: dict[str, dict[tuple[str, str], int]]
    """Each of ``COUNTS`` by contract and service; what is 0 is left out."""
    counts_of_contract: dict[str, dict[str, int]]


def terms_in_pandas(tables: Tables, ceilings: CeilingTables) -> Terms:
    """The same terms, made ready; this is not timed."""
    by_code = tables.codes.select("service_no", product=pl.col("code").str.to_uppercase())
    by_name = tables.names.join(by_code, on="service_no", how="anti").select("service_no", product="name")
    products = pl.concat([by_code, by_name])
    services = tables.services.join(products, on="service_no").select(
        "contract", "product", "service", pl.col("kind").cast(pl.String), "ratio_numerator", "ratio_denominator",
        pays_by_line=~pl.col("has_budget"), pro_rata=(pl.col("first_broken").cast(pl.String) == "pro rata").fill_null(False),
    )  # fmt: skip
    steps = [
        tables.prices.select("level_no", day=f"day_{step}", cents=f"cents_{step}") for step in range(tables.price_steps)
    ]
    prices = (
        pl.concat(steps).drop_nulls("day").join(tables.levels, on="level_no").join(products, on="service_no")
        .join(tables.services.select("service_no", "contract"), on="service_no").sort("day", "level_no")
        .select(
            "contract", "product", "day", "cents", intensity="intensity_name",
            until=pl.col("day").shift(-1).over("level_no", "product").fill_null(dt.date(9999, 1, 1)),
        )
    )  # fmt: skip
    limits = (
        ceilings.ceilings.rename({"service": "own"}).join(ceilings.over, on="ceiling_no")
        .join(tables.services.select("service_no", "service"), on="service_no")
        .select("ceiling_no", "contract", "service", limit="limit_cents", of_service=pl.col("own").is_not_null())
    )  # fmt: skip
    return Terms(_frame(services), _frame(prices), _frame(limits))


def lines_in_pandas(lines: pl.DataFrame) -> pd.DataFrame:
    """The accepted lines that count, as they were delivered, in memory; this is not timed."""
    live = lines.filter(~pl.col("is_credit") & ~pl.col("credited") & pl.col("is_care"))
    return _frame(
        live.select(
            "line", "contract", "end_reason", "result", pl.col("client").cast(pl.String), "start", "end", "allocation_start", "allocation_end", "quantity_milli",
            product=pl.coalesce(pl.col("code", "service").cast(pl.String)), intensity=pl.col("intensity").cast(pl.String).fill_null(""),
        )
    )  # fmt: skip


def _frame(frame: pl.DataFrame) -> pd.DataFrame:
    columns = {}
    for column in frame:
        if column.dtype == pl.Date:
            columns[column.name] = pd.Series(column.to_numpy().astype("datetime64[s]"))
        elif column.dtype.is_integer() and not column.null_count():
            columns[column.name] = pd.Series(column.cast(pl.Int64).to_numpy())
        else:
            columns[column.name] = pd.Series(column.to_list())
    return pd.DataFrame(columns)


def price(lines: pd.DataFrame, terms: Terms, as_of: int) -> Priced:
    """Everything that is timed. ``as_of`` is the month settled, ``Month.index``."""
    product = ["contract", "product"]
    priced = lines.merge(terms.prices, on=[*product, "intensity"], how="left")
    in_force = (priced["day"] <= priced["start"]) & (priced["start"] < priced["until"])
    priced = priced[in_force | priced["day"].isna()].merge(terms.services, on=product, how="left")
    priced["month"] = priced["start"].dt.year * 12 + priced["start"].dt.month - 1
    priced["value"] = _values(priced)
    priced["left"] = priced["value"].where(priced["pays_by_line"], 0)
    priced["cut"] = 0
    for of_service in (True, False):
        over = terms.ceilings.loc[terms.ceilings["of_service"] == of_service].drop(columns="of_service")
        under = priced[["line", "contract", "service", "start", "left"]].merge(over, on=["contract", "service"])
        under = under.sort_values(["ceiling_no", "start", "line"])
        after = under.groupby("ceiling_no")["left"].cumsum()
        above = (after - under["limit"]).clip(lower=0)
        above_before = (after - under["left"] - under["limit"]).clip(lower=0)
        cuts = pd.DataFrame({"line": under["line"], "taken": above - above_before})
        taken = priced[["line"]].merge(cuts, on="line", how="left")["taken"].fillna(0).astype("int64")
        priced["cut"] += taken
        priced["left"] -= taken
    sums = priced.groupby(["contract", "service", "month"])[["value", "left", "cut"]].sum()
    return Priced(
        claimed=_nonzero(sums["value"]),
        earned=_nonzero(sums["left"]),
        cut=_nonzero(sums["cut"]),
        counts_of_service=_counts(priced, ["contract", "service"], as_of),
        counts_of_contract=_counts(priced, ["contract"], as_of),
    )


def _counts(priced: pd.DataFrame, by: list[str], as_of: int) -> dict[str, dict]:
    """Each of ``COUNTS`` by contract, or by contract and service."""
    to_date = priced[(priced["month"] // 12 == as_of // 12) & (priced["month"] <= as_of)]
    now = to_date[to_date["month"] == as_of]
    first = to_date.groupby([*by, "client"])["month"].min().reset_index()
    has_ended = to_date["end_reason"].notna() | to_date["result"].isin(["reached", "not reached"])
    ended = to_date[has_ended]
    found = {
        "clients": to_date.groupby(by)["client"].nunique(),
        "clients_in_month": now.groupby(by)["client"].nunique(),
        "new_clients_in_month": first[first["month"] == as_of].groupby(by)["client"].count(),
        "ended_clients": ended.groupby(by)["client"].nunique(),
        "ended_clients_in_month": ended[ended["month"] == as_of].groupby(by)["client"].nunique(),
        "quantity": to_date.groupby(by)["quantity_milli"].sum(),
        "quantity_in_month": now.groupby(by)["quantity_milli"].sum(),
    }
    return {name: {_key(key): int(count) for key, count in counts.to_dict().items() if count} for name, counts in found.items()}


def _key(key: object) -> object:
    return key[0] if isinstance(key, tuple) and len(key) == 1 else key


def _nonzero(sums: pd.Series) -> dict[tuple[str, str, int], int]:
    return {key: value for key, value in sums.to_dict().items() if value}


def _values(lines: pd.DataFrame) -> pd.Series:
    """The value of each line in cents, kind by kind."""
    value = pd.Series(0, index=lines.index, dtype="int64")
    kinds = {kind: part for kind, part in lines.groupby("kind") if kind != "none"}
    for kind, part in kinds.items():
        cents = part["cents"].astype("int64")
        match kind:
            case "tariff":
                numerator = cents * part["quantity_milli"].astype("int64") * part["ratio_numerator"].astype("int64")
                denominator = part["ratio_denominator"].astype("int64") * 1000
                value.loc[part.index] = (2 * numerator + denominator) // (2 * denominator)
            case "weekly_tariff":
                value.loc[part.index] = cents * _sundays(part)
            case "monthly_tariff":
                first, last = _month_days(part["month"])
                begins = _ordinal(part["allocation_start"].fillna(part["start"]))
                whole = last - first + 1
                days = np.where((begins > first) & part["pro_rata"].astype(bool), last - begins + 1, whole)
                value.loc[part.index] = (2 * cents * days + whole) // (2 * whole)
            case "person_fee":
                counts = _ordinal(part["start"]) <= _month_days(part["month"])[0]
                counting = part[counts].sort_values("line")
                first_of_client = counting[~counting.duplicated(["contract", "service", "client", "month"])]
                value.loc[first_of_client.index] = first_of_client["cents"].astype("int64")
    return value


def _ordinal(days: pd.Series) -> np.ndarray:
    return days.to_numpy().astype("datetime64[D]").astype("int64") + _ORDINAL


def _month_days(months: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last day of each month, as ordinals."""
    index = months.to_numpy() - 1970 * 12
    first = index.astype("datetime64[M]").astype("datetime64[D]").astype("int64") + _ORDINAL
    after = (index + 1).astype("datetime64[M]").astype("datetime64[D]").astype("int64") + _ORDINAL
    return first, after - 1


def _sundays(lines: pd.DataFrame) -> np.ndarray:
    first_of_month, last_of_month = _month_days(lines["month"])
    begins, ends = _ordinal(lines["allocation_start"]), _ordinal(lines["allocation_end"])
    first, last = np.maximum(begins, first_of_month), np.minimum(ends, last_of_month)
    whole = np.where(last >= first, last // 7 - (first - 1) // 7, 0)
    last_sunday = ends // 7 * 7
    broken = (ends % 7 != 0) & (last_sunday >= begins) & (last_sunday >= first_of_month) & (last_sunday <= last_of_month)
    return whole + broken
