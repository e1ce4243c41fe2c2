"""How clients come and go: month by month of a year, counted as the positions count them in their own month.

Only account talks ask for it. A position is of one moment; counting all months beside the positions would slow every run.
"""

from __future__ import annotations

import polars as pl

from settlement.domain.talks import ClientFlow
from settlement.pricing.positions import says_ended

FlowKey = tuple[int, int, int]
"""contract_no, service_no (-1: the contract), month's index."""


def client_flow(lines: pl.DataFrame, year: int) -> dict[FlowKey, ClientFlow]:
    """In-, through- and outflow of every service and contract in every month of a year in which it had a client."""
    seen = (
        lines.lazy()
        .filter(~pl.col("is_credit") & ~pl.col("credited") & pl.col("is_care") & (pl.col("month") // 12 == year))
        .select("contract_no", pl.col("service_no").cast(pl.Int64), "client_no", "month", ended=says_ended())
        .group_by("contract_no", "service_no", "client_no", "month")
        .agg(pl.col("ended").any())
        .collect(engine="streaming")
    )
    of_contracts = (
        seen.group_by("contract_no", "client_no", "month").agg(pl.col("ended").any())
        .with_columns(service_no=pl.lit(-1, pl.Int64)).select(seen.columns)
    )  # fmt: skip
    first = pl.col("month").min().over("contract_no", "service_no", "client_no")
    counts = (
        pl.concat([seen, of_contracts]).with_columns(new=pl.col("month") == first)
        .group_by("contract_no", "service_no", "month").agg(pl.len(), pl.col("new").sum(), pl.col("ended").sum())
    )  # fmt: skip
    return {
        (contract, service, month): ClientFlow(in_care, new, ended)
        for contract, service, month, in_care, new, ended in counts.iter_rows()
    }
