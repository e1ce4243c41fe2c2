"""Times a month of a region of a given size, stage by stage, and pricing beside a plain pandas pricing of the same lines.

    python -m benchmarks.bench --providers 300 --lines 1000000

What is measured, and how, stands in README.md beside this file.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import polars as pl

from benchmarks.plain import COUNTS, Priced, lines_in_pandas, price, terms_in_pandas
from benchmarks.region import Made, make_region
from settlement import __version__
from settlement.decisions.engine import Engine
from settlement.decisions.rounds import ceilings_round, filled_of
from settlement.deliveries.lines import LINES
from settlement.pricing.ceilings import ceiling_tables, with_cuts
from settlement.pricing.earn import earn
from settlement.pricing.positions import (
    Counted,
    Measures,
    count_lines,
    count_outcomes,
    monthly_sums,
    positions,
    targets,
)
from settlement.pricing.resolve import resolve
from settlement.pricing.tables import Tables, build_tables
from settlement.pricing.value import value_lines
from settlement.run.computing import Computed, compute
from settlement.run.digests import digest_of
from settlement.run.ledger import Approval, ApprovedRun, Ledger
from settlement.run.outbox import stage
from settlement.run.papers import papers
from settlement.run.receipt import receipt
from settlement.run.workspace import RECEIPT, Workspace
from settlement.settle import Settlement

NOW = dt.datetime(2018, 7, 1, 6, 0, tzinfo=dt.UTC)
NAMING = "naming"
"""What the words of a line mean: a part of accepting it in ``settle``; pandas does as much where it merges on them."""
COMPARED = (NAMING, "pricing", "ceilings", "positions")
"""The stages that are held against pandas."""


@dataclass
class Clock:
    """Seconds by stage; a stage that comes again is added up."""

    seconds: dict[str, float] = field(default_factory=dict)
    _name: str = ""
    _since: float = 0.0

    def begin(self, name: str) -> None:
        """A stage begins, and the one before ends; ``""`` only ends."""
        now = time.perf_counter()
        if self._name:
            self.seconds[self._name] = self.seconds.get(self._name, 0.0) + now - self._since
        self._name, self._since = name, now

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """One stage."""
        self.begin(name)
        yield
        self.begin("")


@dataclass(frozen=True)
class Figures:
    """What a benchmark found."""

    made: Made
    accepted: int
    refused: int
    statements: int
    to_pay_cents: int
    stages: dict[str, float]
    """Seconds of each stage of the whole run, in order."""
    ours: dict[str, list[float]]
    """Seconds of each compared stage in each repetition."""
    pandas: list[float]
    peak_gigabytes: float
    """Of this process; the workers that read and write files are not in it."""

    def ratios(self, *, without_naming: bool = False) -> list[float]:
        """How many times as long pandas took, in each repetition."""
        timed = [seconds for name, seconds in self.ours.items() if not (without_naming and name == NAMING)]
        return [theirs / sum(own) for theirs, own in zip(self.pandas, zip(*timed, strict=True), strict=True)]


class ResultsDifferError(Exception):
    """The two do not come to the same cents or clients; then their times mean nothing."""


# ---- the whole run ---------------------------------------------------------------------------------------


def settle_month(made: Made, outputs: Path, clock: Clock, *, with_papers: bool) -> Computed:
    """Files to files, through the pieces of the monthly run, and the month made final."""
    workspace = Workspace(made.rules, made.inputs, outputs)
    computed = compute(workspace, made.period, final=True, report=clock.begin)
    approvals = (Approval("de meting", NOW),)
    if with_papers:
        with clock.running("papers"):
            files = papers(computed, approvals)
    else:
        clock.begin("")
        files = dict(computed.line_files)
        files[RECEIPT] = receipt(computed, files, approvals)
    with clock.running("publishing"):
        made_receipt = digest_of(files[RECEIPT]).digest
        staged = stage(outputs, computed.folder, files, awaits=made_receipt)
    with clock.running("ledger"), Ledger.open(workspace.ledger) as ledger:
        run = ApprovedRun(
            period=made.period,
            approvals=approvals,
            rules_digest=computed.rules_digest,
            inputs_digest=computed.inputs_digest,
            results_digest=computed.results_digest,
            receipt_digest=made_receipt,
            code_version=__version__,
            expected_previous=computed.previous,
        )
        ledger.record(run, computed.postings, computed.payments, staged.files)
    with clock.running("publishing"):
        staged.publish()
    return computed


# ---- pricing beside pandas -------------------------------------------------------------------------------


def price_ours(
    settled: Settlement, lines: pl.DataFrame, tables: Tables, clock: Clock
) -> tuple[Counted, dict[str, Measures]]:
    """From accepted lines, as they were delivered, to positions, with the engine and its gate; and all they count.

    ``naming`` finds the service and price level that the words of a line mean, and numbers its client: in ``settle`` that,
    and the price of each line, belongs to accepting it.
    """
    period = settled.period
    ceilings, asked = ceiling_tables(tables, period), targets(tables, period)
    with Engine() as engine:
        clock.begin(NAMING)
        named = resolve(lines, tables)
        clock.begin("pricing")
        valued = value_lines(named, tables)
        earnings = with_cuts(earn(valued, tables, period))
        clock.begin("ceilings")
        earnings, of_services = ceilings_round(engine, earnings, ceilings, tables, period, of_services=True)
        earnings, of_contracts = ceilings_round(engine, earnings, ceilings, tables, period, of_services=False)
        clock.begin("positions")
        counted = Counted(
            monthly=monthly_sums(earnings, valued),
            counts=count_lines(valued, settled.refusals, asked, tables),
            outcomes=count_outcomes(valued, asked, tables),
            outcomes_in_month=count_outcomes(valued, asked, tables, in_month=True),
            filled=filled_of([*of_services, *of_contracts], ceilings),
            missing=settled.counted.missing,
        )
        found = positions(tables, asked, counted)
        clock.begin("")
    return counted, {str(key): measures for key, measures in found.items()}


def compare(settled: Settlement, repetitions: int) -> tuple[dict[str, list[float]], list[float]]:
    """Both prices of the same accepted lines, by turns; raises ``ResultsDifferError`` when a cent or a client differs."""
    tables = build_tables(settled.rulebook)
    lines = settled.accepted.lines.select(*LINES, "is_credit", "is_care", "credited", "undoes").rechunk()
    terms = terms_in_pandas(tables, ceiling_tables(tables, settled.period))
    plain_lines = lines_in_pandas(settled.accepted.lines)
    ours: dict[str, list[float]] = {name: [] for name in COMPARED}
    theirs: list[float] = []
    for _ in range(repetitions):
        clock = Clock()
        counted, _ = price_ours(settled, lines, tables, clock)
        for name in COMPARED:
            ours[name].append(clock.seconds[name])
        with clock.running("pandas"):
            priced = price(plain_lines, terms, settled.period.index)
        theirs.append(clock.seconds["pandas"])
        _check_same(settled, counted, priced, tables)
    return ours, theirs


def _check_same(settled: Settlement, counted: Counted, priced: Priced, tables: Tables) -> None:
    """The same cents and clients as the settlement itself, here and in pandas.

    Instalments of budgets are no lines: pandas has none of them, and what services with a budget earn is not compared.
    """
    if counted.monthly != settled.counted.monthly or counted.counts != settled.counted.counts:
        raise ResultsDifferError("what is timed is not what the settlement counted")
    numbers = list(tables.contracts)
    services = {row[0]: row[1:] for row in tables.services.select("service_no", "contract", "service", "has_budget").rows()}
    own: dict[str, dict[tuple[str, str, int], int]] = {}
    for name in ("claimed", "earned", "cut"):
        sums = getattr(counted.monthly, name)
        own[name] = {
            (numbers[contract], services[service][1], month): cents
            for (contract, service, month), cents in sums.items()
            if name != "earned" or not services[service][2]
        }
    year, as_of = settled.period.year, settled.period.index
    here = [(key, found) for key, found in counted.counts.counts.items() if key[2:] == (year, as_of)]
    of_service = {name: {services[key[1]][:2]: found[name] for key, found in here if key[1] >= 0 and found.get(name)} for name in COUNTS}
    of_contract = {name: {numbers[key[0]]: found[name] for key, found in here if key[1] < 0 and found.get(name)} for name in COUNTS}
    pairs: tuple[tuple[str, object, object], ...] = (
        ("claimed", own["claimed"], priced.claimed),
        ("earned", own["earned"], priced.earned),
        ("cut", own["cut"], priced.cut),
        *((f"{name} of services", of_service[name], priced.counts_of_service[name]) for name in COUNTS),
        *((f"{name} of contracts", of_contract[name], priced.counts_of_contract[name]) for name in COUNTS),
    )
    for name, mine, plain in pairs:
        if mine != plain:
            raise ResultsDifferError(f"{name}: settlement and pandas differ")


# ---- the whole benchmark ---------------------------------------------------------------------------------


def run(
    providers: int,
    lines: int,
    *,
    months: int = 3,
    repetitions: int = 5,
    with_papers: bool = True,
    say: Callable[[str], None] = print,
) -> Figures:
    """Makes the region in a temporary folder, settles it, and compares."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        say(f"making {lines} lines of {providers} providers over {months} months ...")
        made = make_region(Path(folder), providers, lines, months)
        clock = Clock()
        say("settling the month ...")
        computed = settle_month(made, Path(folder) / "outputs", clock, with_papers=with_papers)
        settled = computed.settlement
        accepted, refused = settled.accepted.lines.height, computed.delivered.lines.height - settled.accepted.lines.height
        statements, to_pay = len(computed.statements), sum(one.to_pay_cents for one in computed.statements)
        del computed
        say(f"pricing beside pandas, {repetitions} times by turns ...")
        ours, theirs = compare(settled, repetitions)
    # Linux counts it in kilobytes, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return Figures(
        made=made,
        accepted=accepted,
        refused=refused,
        statements=statements,
        to_pay_cents=to_pay,
        stages=clock.seconds,
        ours=ours,
        pandas=theirs,
        peak_gigabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9,
    )


def table(figures: Figures) -> str:
    """The figures as people read them."""
    made, total = figures.made, sum(figures.stages.values())
    found = [
        "",
        f"Python {platform.python_version()}, polars {pl.__version__}, pandas {pd.__version__}, {os.cpu_count()} cores",
        f"{made.lines} lines delivered: {figures.accepted} accepted, {figures.refused} refused",
        f"{figures.statements} statements, together € {figures.to_pay_cents / 100:,.2f}",
        "",
        "The whole run, files to files",
        *(f"  {name:<12}{seconds:8.2f} s" for name, seconds in figures.stages.items()),
        f"  {'together':<12}{total:8.2f} s",
        f"  peak memory {figures.peak_gigabytes:.1f} GB",
        "",
        f"From accepted lines to positions, medians of {len(figures.pandas)} (fastest to slowest)",
    ]
    own = [sum(each) for each in zip(*figures.ours.values(), strict=True)]
    rows = {**{f"  {name}": seconds for name, seconds in figures.ours.items()}, "settlement": own, "pandas": figures.pandas}
    found += [
        f"  {name:<12}{statistics.median(each):8.2f} s   ({min(each):.2f} to {max(each):.2f})" for name, each in rows.items()
    ]
    for told, ratios in (("", figures.ratios()), (", naming left out", figures.ratios(without_naming=True))):
        found.append(
            f"  pandas takes {statistics.median(ratios):.1f} times as long ({min(ratios):.1f} to {max(ratios):.1f}){told}"
        )
    found.append("  the same cents and counts, each time")
    return "\n".join(found)


def main(arguments: Sequence[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--providers", type=int, default=300)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--months", type=int, default=3, help="over how many months the lines were delivered (1 to 12)")
    parser.add_argument("--repetitions", type=int, default=5, help="of the comparison with pandas")
    parser.add_argument("--no-papers", action="store_true", help="leave out the workbooks, which take longest")
    asked = parser.parse_args(arguments)
    figures = run(
        asked.providers,
        asked.lines,
        months=asked.months,
        repetitions=asked.repetitions,
        with_papers=not asked.no_papers,
    )
    print(table(figures))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
