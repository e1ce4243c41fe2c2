"""The frame of delivered lines: its columns, types and meaning. What a line says is defined in deliveries.md."""

from __future__ import annotations

import polars as pl

from settlement.domain.fields import FIELDS

__all__ = ["COLUMN_OF", "FIELDS", "LINES", "PARTLY", "REFUSALS", "of_message"]

MESSAGE_SUFFIX = ".xml"
"""How the file of a JW323 message ends, in any case."""


def of_message(lines: pl.DataFrame) -> pl.Expr:
    """Whether a line was delivered by a JW323: it says the part of the allocation in its month, not the allocation itself."""
    files = [key for key in lines.get_column("delivery").unique().to_list() if key and key.casefold().endswith(MESSAGE_SUFFIX)]
    return pl.col("delivery").is_in(files) if files else pl.lit(value=False)



def _numbered(field: str) -> pl.Categorical:
    """Text of which a field has few different values, or that lines are grouped by: kept once and numbered.

    Each field has its own numbers, so that they stay small. They follow the order in which texts came, and mean nothing.
    """
    return pl.Categorical(pl.Categories(f"settlement.{field}"))


LINES: dict[str, pl.DataType | type[pl.DataType]] = {
    # where it stands
    "delivery": pl.String,  # Delivery.key
    "claim_month": pl.Int32,  # Month.index of the delivery's folder
    "sheet": pl.String,
    "row": pl.Int32,  # row in the file, from 1
    # what it says; null where the cell is empty or the column is missing
    "contract": pl.String,  # of the file, or of the row's own Contractnummer
    "client": _numbered("client"),
    "service": _numbered("service"),  # as written
    "code": _numbered("code"),
    "profile": _numbered("profile"),
    "intensity": _numbered("intensity"),
    "allocation": pl.String,
    "allocation_start": pl.Date,
    "allocation_end": pl.Date,
    "start": pl.Date,
    "end": pl.Date,
    "quantity_milli": pl.Int64,  # thousandths of `unit`
    "unit": pl.String,  # a Unit of domain.contract
    "claimed_cents": pl.Int64,
    "direction": pl.String,  # D or C, D unless said
    "reference": pl.String,
    "previous_reference": pl.String,
    "municipality": pl.String,
    "subcontractor": pl.String,
    "result": pl.String,  # reached, not reached, running
    "end_reason": pl.String,  # national code (02, 20, 31 … 39)
    "goal_attainment_bp": pl.Int64,  # yes 10000, no 0, or a share
    "client_satisfaction_centi": pl.Int64,  # the mark times 100
    "dropout": pl.Boolean,
    "refused_client": pl.Boolean,
}
"""Lines that could be read: every cell of theirs has the type of its column. Rows that could not are refusals."""

PARTLY: dict[str, pl.DataType | type[pl.DataType]] = {**LINES, "unread": pl.List(pl.String)}
"""Refused lines as far as they could be read. ``unread`` names the fields of the cells that could not: null there is no
empty cell but an unknown one."""

COLUMN_OF = {
    "quantity": "quantity_milli",
    "claimed": "claimed_cents",
    "goal_attainment": "goal_attainment_bp",
    "client_satisfaction": "client_satisfaction_centi",
}
"""The column of ``LINES`` of a field, where it carries its unit in its name."""

REFUSALS: dict[str, pl.DataType | type[pl.DataType]] = {
    "delivery": pl.String,
    "contract": pl.String,
    "sheet": pl.String,
    "row": pl.Int32,
    "cell": pl.String,
    "field": pl.String,
    "code": pl.String,
    "national": pl.String,
    "found": pl.String,
    "expected": pl.String,
}
"""A frame of ``domain.records.Refusal``, one row a fault."""
