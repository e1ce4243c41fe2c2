"""JW323 messages among each other: which are rejected as a whole because of what came before them (iJw IV088, level 3).

A message that is rejected counts as not sent: its numbers are free for the one that is sent in its place.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import polars as pl

from settlement.deliveries.lines import REFUSALS
from settlement.deliveries.typed import NATIONAL
from settlement.domain.periods import Month
from settlement.domain.records import Delivery, Message


def refuse_claims(
    deliveries: Sequence[Delivery], lines: pl.DataFrame, refusals: pl.DataFrame
) -> tuple[list[Delivery], pl.DataFrame, pl.DataFrame]:
    """The deliveries with the messages that are rejected marked; all their lines are refusals."""
    rejected = _rejected(deliveries)
    if not rejected:
        return list(deliveries), lines, refusals
    marked = [
        one
        if one.key not in rejected or one.message is None
        else dataclasses.replace(one, message=dataclasses.replace(one.message, rejected=NATIONAL[rejected[one.key][0]]))
        for one in deliveries
    ]
    told = pl.DataFrame(
        [(key, code, NATIONAL[code], found, expected) for key, (code, found, expected) in rejected.items()],
        schema=dict.fromkeys(("delivery", "code", "national", "found", "expected"), pl.String),
        orient="row",
    )
    places = lines.select("delivery", "contract", "sheet", "row")
    refused = places.join(told, on="delivery", how="inner", maintain_order="left").with_columns(
        cell=pl.lit(""), field=pl.lit("")
    )
    return (
        marked,
        lines.join(told, on="delivery", how="anti", maintain_order="left"),
        pl.concat([refusals, refused.select(pl.col(name).cast(kind) for name, kind in REFUSALS.items())]),
    )


def in_order(deliveries: Sequence[Delivery]) -> list[tuple[Delivery, Message]]:
    """The messages in use in the order in which they count: by claim month, the date and period they bear, and name."""
    messages = [(one, one.message) for one in deliveries if one.used and one.message is not None]
    return sorted(messages, key=lambda pair: (pair[0].claim_month, pair[1].dated, pair[1].claim_period, pair[0].key))


def _rejected(deliveries: Sequence[Delivery]) -> dict[str, tuple[str, str, str]]:
    """By delivery: code, found, expected."""
    identifications: set[tuple[str, str]] = set()
    claims: set[tuple[str, str]] = set()
    latest: dict[tuple[str, str], Month] = {}
    found: dict[str, tuple[str, str, str]] = {}
    for delivery, message in in_order(deliveries):
        if message.rejected:
            continue
        own, claim = (message.sender, message.identification), (message.sender, message.claim_number)
        between = (message.sender, message.receiver)
        before = latest.get(between, message.claim_period)
        if own in identifications:  # TR056
            found[delivery.key] = ("message-number-used", message.identification, "")
        elif claim in claims:  # TR333
            found[delivery.key] = ("claim-number-used", message.claim_number, "")
        elif message.claim_period < before:  # TR318 by IV090: late care is claimed in the latest period
            found[delivery.key] = ("claim-period-too-early", str(message.claim_period), str(before))
        else:
            identifications.add(own)
            claims.add(claim)
            latest[between] = message.claim_period
    return found
