"""Arrangements: the lines of one child's arrangement taken together (rule-files.md, *arrangement_fee*).

The same client, service, profile, intensity and start (of the allocation; without one, of the line) is one arrangement,
however many lines tell of it. It has ended when a line gives its end, unless that line says that it is still running.
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from settlement.deliveries.lines import LINES

_OPEN = dt.date(9999, 12, 31)
_CHANGED = "37"
"""National reason of ending: a request to change (JZ588 37, wijzigingsverzoek)."""


def arrangements_of(lines: pl.DataFrame) -> pl.DataFrame:
    """One row an arrangement, from accepted lines: contract_no, service_no, client, level_no, ``began``,
    ``ended`` (null: running), ``result`` (null: not known), ``first_line``, ``last_line`` (the line that tells of the end,
    else the first), ``void`` (changed and credited whole)."""
    told = lines.filter((pl.col("kind") == "arrangement_fee") & ~pl.col("is_credit") & ~pl.col("credited") & pl.col("is_care"))
    is_end = pl.col("end").is_not_null() & (pl.col("result").is_null() | (pl.col("result") != "running"))
    grouped = (
        told.with_columns(began=pl.coalesce("allocation_start", "start"))
        .group_by("contract_no", "service_no", "client", "level_no", "began", maintain_order=True)
        .agg(
            first_line=pl.col("line").min(),
            ended=pl.col("end").filter(is_end).last(),
            result=pl.col("result").filter(is_end).last(),
            end_line=pl.col("line").filter(is_end).last(),
            changed=(pl.col("end_reason") == _CHANGED).any(),
            one_at_a_time=pl.col("one_at_a_time").first(),
            credits_on_change=pl.col("credits_on_change").first(),
        )
        .with_columns(last_line=pl.coalesce("end_line", "first_line"))
        .drop("end_line")
    )
    replaced = pl.col("first_line") < pl.col("first_line").max().over("contract_no", "service_no", "client", "began")
    return grouped.with_columns(void=(pl.col("changed") | replaced) & pl.col("credits_on_change")).drop(
        "changed", "credits_on_change"
    )


def second_arrangements(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines of arrangements that overlap one of the same child that was delivered earlier, where
    ``one_at_a_time: yes``; empty with the columns of ``lines`` when there are none."""
    found = arrangements_of(lines).filter(pl.col("one_at_a_time") & ~pl.col("void"))
    ends = pl.col("ended").fill_null(_OPEN)
    # Where each begins after the one before it has ended, in whatever order they came, none overlap; only children of whom
    # that cannot be said are looked at one by one.
    overlapping = (
        found.with_columns(before=ends.shift(1).over("contract_no", "client"))
        .filter(pl.col("began") <= pl.col("before"))
        .select("contract_no", "client")
    )  # fmt: skip
    if not overlapping.height:
        return lines.clear()
    refused: list[tuple[int, int, str, int, dt.date]] = []
    looked_at = found.join(overlapping, on=["contract_no", "client"], how="semi").sort("first_line")
    for (_, _), child in looked_at.group_by("contract_no", "client", maintain_order=True):
        kept: list[tuple[dt.date, dt.date]] = []
        for row in child.iter_rows(named=True):
            began, ended = row["began"], row["ended"] or _OPEN
            if any(began <= last and ended >= first for first, last in kept):
                refused.append((row["contract_no"], row["service_no"], row["client"], row["level_no"], began))
            else:
                kept.append((began, ended))
    keys = ["contract_no", "service_no", "client", "level_no", "began"]
    bad = pl.DataFrame(
        refused,
        schema={"contract_no": pl.UInt32, "service_no": pl.UInt32, "client": LINES["client"], "level_no": pl.UInt32, "began": pl.Date},
        orient="row",
    )
    return (
        lines.filter((pl.col("kind") == "arrangement_fee") & ~pl.col("is_credit") & ~pl.col("credited"))
        .with_columns(began=pl.coalesce("allocation_start", "start"))
        .join(bad, on=keys, how="semi", maintain_order="left")
        .drop("began")
    )
