"""The managers' cases: each settled by the same code as the monthly run, and held against what it expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from settlement.domain.cases import Case
from settlement.domain.contract import Rulebook
from settlement.domain.periods import Month
from settlement.domain.records import Delivery

if TYPE_CHECKING:
    from settlement.decisions.judge import Decides
    from settlement.settle import Settlement


@dataclass(frozen=True, slots=True)
class Miss:
    """One figure that came out otherwise."""

    what: str
    expected: str
    came: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case went: nothing missed, or what was expected and what came out, with the terms that bit, in order."""

    case: Case
    misses: tuple[Miss, ...]
    trace: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether everything expected came out."""
        return not self.misses


def run_case(case: Case, rulebook: Rulebook, engine: Decides) -> Outcome:
    """Settles one case."""
    settlement = settle_case(case, rulebook, engine)
    misses = [*_figures(case, settlement), *_counts(case, settlement)]
    return Outcome(case, tuple(misses), tuple(_trace(settlement)) if misses else ())


def settle_case(case: Case, rulebook: Rulebook, engine: Decides) -> Settlement:
    """The month of a case, settled for its contract alone."""
    import polars as pl

    from settlement.deliveries.gather import Gathered
    from settlement.deliveries.lines import LINES, PARTLY, REFUSALS
    from settlement.deliveries.typed import typed_lines
    from settlement.settle import Before, settle

    deliveries, lines, refusals, partly = [], [pl.DataFrame(schema=LINES)], [pl.DataFrame(schema=REFUSALS)], [pl.DataFrame(schema=PARTLY)]
    for month, delivered in sorted(case.delivered.items()):
        if month > case.period:
            continue
        key = f"{month}/{case.contract}.case"
        read, refused, as_far = typed_lines(
            [line.fields for line in delivered], delivery=key, claim_month=month, contract=case.contract
        )
        deliveries.append(_delivery(key, month, case.contract, len(delivered)))
        lines.append(read)
        refusals.append(refused)
        partly.append(as_far)
    alone = replace(rulebook, contracts={case.contract: rulebook.contracts[case.contract]})
    gathered = Gathered(tuple(deliveries), pl.concat(lines), pl.concat(refusals), (), pl.concat(partly))
    return settle(alone, gathered, case.period, Before(paid={case.contract: case.paid_before_cents}), engine)


def _delivery(key: str, month: Month, contract: str, rows: int) -> Delivery:
    return Delivery(key, month, "", 0, contract, 1, "", 1, rows=rows)


def _figures(case: Case, settlement: Settlement) -> list[Miss]:
    measures = settlement.stands(case.contract)
    misses = []
    for expected in case.expected:
        came = (
            Fraction(settlement.payable()[case.contract])
            if expected.measure == "payable"
            else measures.get(expected.measure)
        )
        if came != expected.value:
            misses.append(Miss(expected.measure, expected.text, written(expected.measure, came)))
    return misses


def _counts(case: Case, settlement: Settlement) -> list[Miss]:
    import polars as pl

    misses = []
    refused = settlement.refusals.unique(["delivery", "row"]).height
    if case.refused is not None and case.refused != refused:
        misses.append(Miss("refused", str(case.refused), str(refused)))
    if case.refusals is not None:
        ours = settlement.refusals.get_column("code").sort().to_list()
        nationals = settlement.refusals.get_column("national").sort().to_list()
        if list(case.refusals) not in (ours, nationals):
            misses.append(Miss("refusals", ", ".join(case.refusals) or "none", ", ".join(ours) or "none"))
    if case.signals is not None:
        names = sorted({alert.name for alert in settlement.alerts})
        if sorted(case.signals) != names:
            misses.append(Miss("signals", ", ".join(sorted(case.signals)) or "none", ", ".join(names) or "none"))
    if case.lines_cents is not None:
        from settlement.pricing.ceilings import left_cents

        earned = dict(
            settlement.earnings.with_columns(left=left_cents())
            .join(settlement.accepted.lines.select("line", "client"), on="line")
            .filter(pl.col("live"))
            .group_by("client")
            .agg(pl.col("left").sum())
            .iter_rows()
        )
        for client, cents in case.lines_cents.items():
            if earned.get(client, 0) != cents:
                misses.append(Miss(f"lines {client}", written("entitled", Fraction(cents)), written("entitled", Fraction(earned.get(client, 0)))))
    return misses


def written(measure: str, value: Fraction | None) -> str:
    """A figure as a rule file writes it."""
    from settlement.domain.measures import measure_of

    if value is None:
        return "absent"
    found = measure_of(measure)
    unit = found.unit if found else "amount"
    if unit == "amount":
        cents = round(value)
        whole, rest = divmod(abs(cents), 100)
        return f"€ {'-' if cents < 0 else ''}{whole:,}".replace(",", ".") + f",{rest:02d}"
    if unit == "share":
        return f"{float(value * 100):.4g} %".replace(".", ",")
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.6g}".replace(".", ",")


def _trace(settlement: Settlement) -> list[str]:
    """The terms that bit, in order."""
    told = []
    for (_, year, service, term, month), row in sorted(
        settlement.entitlements.rows.items(), key=lambda item: (item[0][1], item[0][4], item[0][2] or "", item[0][3])
    ):
        name = f"{service} · {term}" if service else term
        told.append(f"{month} {name} (art. {row.article}): {written('entitled', Fraction(row.cents))} [{year}]")
    for answer in settlement.answers:
        if answer.outcomes:
            subject = answer.asked.subject if isinstance(answer.asked.subject, str) else answer.asked.kind
            told.append(f"{answer.asked.key.as_of} {answer.asked.key.service or 'contract'} · {subject}: {', '.join(answer.outcomes)}")
    for code, row, field in settlement.refusals.select("code", "row", "field").iter_rows():
        told.append(f"line {row} refused: {code}{f' ({field})' if field else ''}")
    return told


def run_cases(cases: Sequence[Case], rulebook: Rulebook, engine: Decides) -> list[Outcome]:
    """Every case, in order."""
    return [run_case(case, rulebook, engine) for case in cases]
