"""Deviations that only show across lines: the same client at two providers, more than 24 hours in a day."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from settlement.domain.periods import Month
from settlement.pricing.resolve import fold
from settlement.pricing.tables import Tables

_HOURS_MILLI = {"minute": (1, 60), "hour": (1, 1), "day_part": (4, 1)}


_CLIENTS_AT_MOST = 6
"""Of a contract, of whom it is told where their lines stand."""
_ROWS_AT_MOST = 6
"""Of a client in a file."""
_FILES_AT_MOST = 6
"""Of a client, at a provider or at the others."""

Rows = tuple[str, tuple[int, ...]]
"""The key of a delivery, and some of its rows."""


@dataclass(frozen=True, slots=True)
class Shared:
    """The clients of a contract who get the same service on the same days from another provider."""

    clients: int
    where: tuple[tuple[tuple[Rows, ...], tuple[Rows, ...]], ...]
    """Of the first few clients: where their lines of the contract stand, and those of other providers."""


def clients_at_two_providers(lines: pl.DataFrame, tables: Tables, period: Month) -> dict[str, Shared]:
    """Contract → its clients with the same service on the same days at another provider, for service in the month.

    The same service is the same product code, or without codes the same name.
    """
    care = (
        lines.lazy()
        .filter((pl.col("month") == period.index) & ~pl.col("is_credit") & ~pl.col("credited") & pl.col("is_care"))
        .select("contract", "provider", "client", "client_no", "start", "end", "code", "service_no", "delivery", "row")
        .join(tables.services.lazy().select("service_no", service_name="service"), on="service_no")
        .with_columns(care=pl.coalesce(fold("code"), fold("service_name")))
        .collect()
    )  # fmt: skip
    shared = care.filter(
        (pl.col("provider").n_unique().over("client_no", "care") > 1) & (pl.col("start") <= pl.col("end"))
    ).with_row_index("stay")
    if not shared.height:
        return {}
    # The stays that a stay meets are those that begin by its end, less those that end before it begins. Counted once over
    # all providers and once over its own: where the two differ it meets another's. Pairs are never made: providers that
    # number their children alike would make millions.
    days = pl.concat([
        shared.select("stay", "client_no", "care", "provider", day="start", ends=pl.lit(0)),
        shared.select("stay", "client_no", "care", "provider", day="end", ends=pl.lit(1)),
    ]).sort("day", "ends")  # fmt: skip
    begun, ended = (1 - pl.col("ends")).cum_sum(), pl.col("ends").cum_sum()
    met = pl.when(pl.col("ends") == 1).then(begun.over("client_no", "care") - begun.over("client_no", "care", "provider"))
    gone = pl.when(pl.col("ends") == 0).then(ended.over("client_no", "care") - ended.over("client_no", "care", "provider"))
    meets = (
        days.select("stay", met=met, gone=gone)
        .group_by("stay").agg(pl.col("met").sum(), pl.col("gone").sum())
        .filter(pl.col("met") > pl.col("gone"))
    )  # fmt: skip
    found = shared.join(meets, on="stay", how="semi", maintain_order="left")
    clients = found.group_by("contract").agg(pl.col("client_no").n_unique())
    where = _where(found)
    return {contract: Shared(count, where[contract]) for contract, count in clients.sort("contract").iter_rows()}


def _where(stays: pl.DataFrame) -> dict[str, tuple[tuple[tuple[Rows, ...], tuple[Rows, ...]], ...]]:
    """Contract → of its first few clients, the rows of their own stays and of those at other providers."""
    places = (
        stays.group_by("contract", "provider", "client_no", "care", "delivery")
        .agg(pl.col("row").unique().sort().head(_ROWS_AT_MOST))
        .sort("delivery", "row", "contract", "care")
    )
    # In order of where their lines stand: how clients are numbered means nothing.
    first = places.select("contract", "client_no").unique(maintain_order=True).group_by("contract", maintain_order=True).head(_CLIENTS_AT_MOST)
    own = places.join(first, on=["contract", "client_no"], how="semi", maintain_order="left")
    beside = (
        own.select("contract", "provider", "client_no", "care").unique()
        .join(places.drop("contract"), on=["client_no", "care"], how="inner", suffix="_other")
        .filter(pl.col("provider") != pl.col("provider_other"))
    )  # fmt: skip
    both = first.join(_rows(own, "own"), on=["contract", "client_no"], how="left", maintain_order="left").join(
        _rows(beside, "other"), on=["contract", "client_no"], how="left", maintain_order="left"
    )
    found: dict[str, list[tuple[tuple[Rows, ...], tuple[Rows, ...]]]] = {}
    for contract, *parts in both.select("contract", "own", "other").iter_rows():
        own_rows, others = (tuple((each["delivery"], tuple(each["row"])) for each in part) for part in parts)
        found.setdefault(contract, []).append((own_rows, others))
    return {contract: tuple(pairs) for contract, pairs in found.items()}


def _rows(places: pl.DataFrame, name: str) -> pl.DataFrame:
    """Contract, client and, under ``name``, the first few of their files, each with the first few rows."""
    return (
        places.group_by("contract", "client_no", "delivery")
        .agg(pl.col("row").explode().unique().sort().head(_ROWS_AT_MOST))
        .sort("contract", "client_no", "delivery")
        .group_by("contract", "client_no")
        .agg(pl.struct("delivery", "row").head(_FILES_AT_MOST).alias(name))
    )


def days_too_full(lines: pl.DataFrame, period: Month) -> dict[str, int]:
    """Contract → clients whose lines over the same days of the month come to more than 24 hours a day."""
    hours = pl.lit(None, dtype=pl.Int64)
    for unit, (numerator, denominator) in _HOURS_MILLI.items():
        hours = pl.when(pl.coalesce("unit", "delivered_in") == unit).then(pl.col("quantity_milli") * numerator * 60 // denominator).otherwise(hours)
    timed = (
        lines.lazy()
        .filter((pl.col("month") == period.index) & ~pl.col("is_credit") & ~pl.col("credited") & pl.col("is_care"))
        .select("contract", "client_no", "start", "end", minutes=hours)
        .filter(pl.col("minutes").is_not_null() & pl.col("end").is_not_null())
        .collect()
    )  # fmt: skip
    too_full = (
        timed.group_by("contract", "client_no", "start", "end").agg(pl.col("minutes").sum())
        .filter(pl.col("minutes") > ((pl.col("end") - pl.col("start")).dt.total_days() + 1) * 24 * 60 * 1000)
        .group_by("contract").agg(pl.col("client_no").n_unique())
    )  # fmt: skip
    return dict(too_full.sort("contract").iter_rows())
