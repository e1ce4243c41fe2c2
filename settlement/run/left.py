"""What was delivered and is told in no alert, as no contract is known for it: for whoever looks at the alerts of the month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from settlement.deliveries.lines import REFUSALS
from settlement.domain.records import Refusal
from settlement.run.places import RECORDED
from settlement.wording import Wording, wording

if TYPE_CHECKING:
    from settlement.deliveries.gather import Gathered
    from settlement.settle import Settlement

_ROWS_AT_MOST = 6
_NO_DELIVERY = frozenset({
    "unknown-format", "unprintable-name", "link", "link-outside", "not-a-file", "folder-as-file", "too-deep", "not-in-a-month",
    "not-a-month", "cannot-open", "still-being-copied",
})  # fmt: skip
"""The codes of problems of what lies among the deliveries and was not read at all."""


def left(settlement: Settlement, delivered: Gathered, left_out: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Files and lines of files, each with the reason, in the language of the organisation; in order of file.

    Files of the month that are no deliveries or could not be copied (``left_out``: path to code) or read; files that were
    refused as a whole and name no contract that is known; lines that name none.
    """
    words = wording(settlement.rulebook.organisation.language)
    month = f"{settlement.period}/"
    prefix = f"{RECORDED['inputs'].as_posix()}/"
    found = {path: words.refusal_reason(code) for path, code in left_out.items() if path.startswith(month)}
    for problem in delivered.problems:
        path = problem.place.file.removeprefix(prefix)
        if problem.code in _NO_DELIVERY and (path.startswith(month) or problem.code in {"not-in-a-month", "not-a-month"}):
            found[path] = words.refusal_reason(problem.code)
    whole = [one.key for one in delivered.deliveries if one.refused and one.used and one.contract is None]
    of_none = settlement.refusals_told().filter(pl.col("contract").is_null())
    for row in of_none.filter((pl.col("row") == 0) & pl.col("delivery").is_in(whole)).select(list(REFUSALS)).iter_rows(named=True):
        found[row["delivery"]] = words.refusal(Refusal(**row))
    for delivery, reason in _lines(of_none, words):
        found.setdefault(delivery, reason)
    return tuple(sorted(found.items()))


def _lines(refusals: pl.DataFrame, words: Wording) -> list[tuple[str, str]]:
    rows = (
        refusals.filter(pl.col("row") > 0).group_by("delivery", maintain_order=True)
        .agg(rows=pl.col("row").unique().sort().head(_ROWS_AT_MOST), count=pl.col("row").n_unique())
    )  # fmt: skip
    return [
        (delivery, words.text("left lines", count=count, rows=", ".join(map(str, some)) + (" …" if count > len(some) else "")))
        for delivery, some, count in rows.iter_rows()
    ]
