"""What alerts follow from: files, rows and cells, in the language of those who read them; never a client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from settlement.deliveries.gather import Gathered
from settlement.domain.contract import Rulebook
from settlement.domain.records import Refusal, Replacement
from settlement.pricing.deviations import Rows, Shared
from settlement.wording import Wording, wording


@dataclass(frozen=True, slots=True)
class Sources:
    """What alerts follow from, by contract, as it is told to people."""

    files: Mapping[str, tuple[str, ...]]
    """The files that arrived."""
    by_signal: Mapping[str, Mapping[str, tuple[str, ...]]]
    """For standing signals that can say it closer: the cells, rows and files that they follow from."""

    def of(self, name: str, contract: str, *, standing: bool) -> tuple[str, ...]:
        """Of a signal of a contract."""
        closer = self.by_signal.get(name, {}) if standing else {}
        return closer.get(contract) or self.files.get(contract, ())


def sources(
    rulebook: Rulebook,
    delivered: Gathered,
    refusals: pl.DataFrame,
    arrived: frozenset[str],
    not_read: Mapping[str, Sequence[Refusal]],
    smaller: Mapping[str, Replacement],
    shared: Mapping[str, Shared],
) -> Sources:
    """What alerts follow from, in the language of those who read them. Files, rows and cells; never a client."""
    words = wording(rulebook.organisation.language)
    whole = {
        contract: tuple(f"{each.delivery} · {words.refusal(each)}" for each in files) for contract, files in not_read.items()
    }
    replaced = {
        contract: (
            words.text(
                "source smaller", later=one.later, now=one.later_lines, earlier=one.earlier, before=one.earlier_lines
            ),
        )
        for contract, one in smaller.items()
    }
    beside = {
        contract: tuple(
            words.text("source beside", own=_rows_told(own, words), other=_rows_told(other, words)) for own, other in each.where
        )
        for contract, each in shared.items()
    }
    return Sources(
        _files(delivered, arrived),
        {
            "delivery refused": whole,
            "delivery smaller": replaced,
            "lines refused": _refused_cells(refusals, arrived, words),
            "client at two providers": beside,
        },
    )


def _rows_told(places: Sequence[Rows], words: Wording) -> str:
    return "; ".join(f"{file} · {words.text('source row', row=', '.join(map(str, rows)))}" for file, rows in places)


def _refused_cells(refusals: pl.DataFrame, arrived: frozenset[str], words: Wording) -> dict[str, tuple[str, ...]]:
    """Contract → each file that arrived with refused lines, with the cells (or rows) of the first few."""
    row = words.text("source row", row="")
    where = pl.when(pl.col("cell") != "").then(pl.col("cell")).otherwise(pl.lit(row) + pl.col("row").cast(pl.String))
    cells = (
        refusals.filter(pl.col("delivery").is_in(list(arrived)) & (pl.col("row") > 0) & pl.col("contract").is_not_null())
        .group_by("contract", "delivery", maintain_order=True)
        .agg(cells=where.unique(maintain_order=True).head(6).str.join(", "), more=where.n_unique() > 6)
    )
    found: dict[str, list[str]] = {}
    for contract, delivery, named, more in cells.iter_rows():
        found.setdefault(contract, []).append(f"{delivery} · {named}{' …' if more else ''}")
    return {contract: tuple(files) for contract, files in found.items()}


def _files(delivered: Gathered, arrived: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Contract → the files that arrived."""
    found: dict[str, list[str]] = {}
    for one in delivered.deliveries:
        if one.contract is not None and one.used and one.key in arrived:
            found.setdefault(one.contract, []).append(one.key)
    return {contract: tuple(keys) for contract, keys in found.items()}
