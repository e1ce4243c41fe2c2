"""A workbench for tests of the settlement: contracts and lines written down small, settled in memory.

A contract is a mapping as its YAML would be; a line, the text of its fields. Nothing here computes an amount.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from settlement.decisions.engine import Engine
from settlement.deliveries.gather import Gathered
from settlement.deliveries.lines import LINES, REFUSALS
from settlement.deliveries.typed import typed_lines
from settlement.domain.contract import Rulebook
from settlement.domain.periods import Month
from settlement.domain.records import Delivery
from settlement.rules.reader import read_rulebook
from settlement.settle import Before, LedgerKey, Settlement, settle

Line = dict[str, str]
Yaml = dict[str, Any]

PROVIDER = {"name": "Stichting Voorbeeld", "address": "Havenstraat 12, 1234 AB Voorbeeld", "kvk": "12345678",
            "agb": "22220001", "iban": "NL20INGB0001234567", "email": "administratie@voorbeeld.example"}  # fmt: skip


def euro(cents: int) -> str:
    """An amount as a rule file writes it: ``€ 1.234,50``."""
    return f"€ {cents // 100:,}".replace(",", ".") + f",{cents % 100:02d}"


def share(basis_points: int) -> str:
    """A share as a rule file writes it: ``2,5 %``."""
    sign = "-" if basis_points < 0 else ""
    whole, rest = divmod(abs(basis_points), 100)
    return f"{sign}{whole}{f',{rest:02d}' if rest else ''} %"


def as_yaml(content: Any, indent: int = 0) -> str:
    """A mapping or list in block style."""
    space = "  " * indent
    if isinstance(content, Mapping):
        return "".join(
            f"{space}{key}:\n{as_yaml(value, indent + 1)}" if isinstance(value, Mapping | list) else f"{space}{key}: {value}\n"
            for key, value in content.items()
        )
    return "".join(
        f"{space}- {as_yaml(one, indent + 1).lstrip()}" if isinstance(one, Mapping) else f"{space}- {one}\n" for one in content
    )


def contract(number: str, services: Yaml, **more: Any) -> Yaml:
    """A contract over the whole of 2018 unless said otherwise."""
    return {
        "contract": number, "title": f"Overeenkomst {number}", "funding": "task-based", "municipality": "Gemeente Voorbeeld",
        "provider": "voorbeeld", "starts": "2018-01-01", "ends": "2018-12-31", **more, "services": services,
    }  # fmt: skip


def write_rules(folder: Path, contracts: Iterable[Yaml], **organisation: Any) -> None:
    """The rule files of a workspace; other providers than ``voorbeeld`` are made as its namesakes."""
    folder.mkdir(parents=True, exist_ok=True)
    contracts = list(contracts)
    head = {"name": "Regio Voorbeeld", "address": "Stadsplein 1, 1234 AB Voorbeeld", "iban": "NL91ABNA0417164300"}
    (folder / "organisation.yaml").write_text(as_yaml({**head, **organisation}), encoding="utf-8")
    providers = sorted({"voorbeeld", *(one["provider"] for one in contracts)})
    (folder / "providers.yaml").write_text(as_yaml(dict.fromkeys(providers, PROVIDER)), encoding="utf-8")
    for one in contracts:
        (folder / f"{one['contract'].lower()}.yaml").write_text(as_yaml(one), encoding="utf-8")


def rulebook_of(*contracts: Yaml, **organisation: Any) -> Rulebook:
    """The rulebook of these contracts; a problem in one fails the test that wrote it."""
    with tempfile.TemporaryDirectory() as folder:
        write_rules(Path(folder), contracts, **organisation)
        rulebook, problems = read_rulebook(Path(folder))
    assert not problems, "\n".join(map(str, problems))
    return rulebook


@dataclass(frozen=True)
class File:
    """One delivery: a contract's lines in a claim month. A later file of the same name replaces it."""

    contract: str
    claim_month: str
    lines: Sequence[Line]
    name: str = "levering"
    fields: Mapping[str, str] = field(default_factory=dict)
    """Column letters by field, where a test asks for cells."""


def gathered(files: Iterable[File]) -> Gathered:
    """What these files deliver, in order of claim month and key, as the folder would give it.

    All lines are typed at once, and get their file and row back by their number.
    """
    keyed = sorted((f"{one.claim_month}/{one.contract} {one.name}.csv", one) for one in files)
    assert len({key for key, _ in keyed}) == len(keyed), "two files of one name"
    deliveries, records, places = [], [], []
    for key, one in keyed:
        month = Month.parse(one.claim_month)
        deliveries.append(
            Delivery(key, month, "", 0, one.contract, 1, "", 1, columns=dict(one.fields), rows=len(one.lines))
        )
        records += [{"contract": one.contract, **line} for line in one.lines]
        places += [(key, month.index, row) for row in range(1, len(one.lines) + 1)]
    if not records:
        return Gathered(tuple(deliveries), pl.DataFrame(schema=LINES), pl.DataFrame(schema=REFUSALS), ())
    read, refused, partly = typed_lines(records, delivery="", claim_month=Month(2018, 1), contract="")
    schema = {"placed": pl.String, "placed_month": pl.Int32, "placed_row": pl.Int32}
    where = pl.DataFrame(places, schema=schema, orient="row").with_columns(row=pl.int_range(1, pl.len() + 1, dtype=pl.Int32))

    def placed(frame: pl.DataFrame) -> pl.DataFrame:
        months = {"claim_month": "placed_month"} if "claim_month" in frame.columns else {}
        return (
            frame.join(where, on="row", how="left", maintain_order="left")
            .with_columns(delivery="placed", row="placed_row", **months)
            .select(frame.columns)
        )

    return Gathered(tuple(deliveries), placed(read), placed(refused), (), placed(partly))


def settled(
    rulebook: Rulebook, files: Iterable[File] | Gathered, period: str, before: Before | None = None, engine: Engine | None = None
) -> Settlement:
    """The month, settled."""
    delivered = files if isinstance(files, Gathered) else gathered(files)
    if engine is not None:
        return settle(rulebook, delivered, Month.parse(period), before or Before(), engine)
    with Engine() as own:
        return settle(rulebook, delivered, Month.parse(period), before or Before(), own)


def one_settled(agreed: Yaml, lines: Mapping[str, Sequence[Line]], period: str, **organisation: Any) -> Settlement:
    """One contract with lines by claim month, settled for a month."""
    files = [File(agreed["contract"], month, delivered) for month, delivered in lines.items()]
    return settled(rulebook_of(agreed, **organisation), files, period)


def recorded(settlement: Settlement, paid: Mapping[str, int], before: Before) -> Before:
    """What the ledger says after a month was made final: every entitlement of an open year as it is now."""
    kept: dict[LedgerKey, int] = {}
    open_years = {(key.contract, key.year) for key in settlement.positions}
    for key, cents in before.settled.items():
        if (key[0], key[1]) not in open_years:
            kept[key] = cents
    for (number, year, service, term, month), row in settlement.entitlements.rows.items():
        kept[number, year, service or "", term, month.index] = row.cents
    together = dict(before.paid)
    for number, cents in paid.items():
        together[number] = together.get(number, 0) + cents
    return Before({key: cents for key, cents in kept.items() if cents}, together)


def refusal_codes(settlement: Settlement) -> list[str]:
    """Every refusal's code, sorted."""
    return settlement.refusals.get_column("code").sort().to_list()


def amounts(settlement: Settlement, number: str) -> dict[tuple[str, str, str], int]:
    """(service or empty, term, month) → cents, of one contract."""
    return {
        (service or "", term, str(month)): row.cents
        for (own, _, service, term, month), row in settlement.entitlements.rows.items()
        if own == number
    }


def line_values(settlement: Settlement) -> dict[tuple[str, int], int]:
    """(delivery, row) → cents that the line earned, after ceilings; lines that earn nothing too."""
    rows = (
        settlement.accepted.lines.select("line", "delivery", "row")
        .join(
            settlement.earnings.filter(pl.col("live") & pl.col("earns") & pl.col("line").is_not_null())
            .group_by("line")
            .agg(cents=(pl.col("value_cents") - pl.col("cut_service_cents") - pl.col("cut_contract_cents")).sum()),
            on="line",
            how="left",
        )
        .select("delivery", "row", pl.col("cents").fill_null(0))
    )
    return {(delivery, row): cents for delivery, row, cents in rows.iter_rows()}


# ---- a workspace on disk ---------------------------------------------------------------------------------

_HEADINGS = {
    "client": "Cliënt", "service": "Zorgvorm", "intensity": "Intensiteit", "start": "Begindatum", "end": "Einddatum",
    "quantity": "Aantal", "unit": "Eenheid", "direction": "Debet/Credit", "reference": "Referentienummer",
    "previous_reference": "Vorig referentienummer", "goal_attainment": "Doelrealisatie", "dropout": "Uitval",
}  # fmt: skip


def write_delivery(inputs: Path, one: File) -> Path:
    """A delivery as a CSV that an office sends: the contract's number in its name."""
    present = [name for name in _HEADINGS if any(name in line for line in one.lines)] or ["client"]
    rows = [[_HEADINGS[name] for name in present], *([line.get(name, "") for name in present] for line in one.lines)]
    path = inputs / one.claim_month / f"{one.contract}_{one.name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(";".join(row) + "\r\n" for row in rows), encoding="utf-8-sig")
    return path


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by path; but for the lock and what SQLite keeps beside an open ledger."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock" and not path.name.startswith("ledger.sqlite-")
    }
