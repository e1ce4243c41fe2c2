"""``run.json``, the receipt of a run: what was read, what came out, and what binds it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from settlement.domain.contract import ArrangementFee, Contract, PersonFee, Price, Tariff
from settlement.domain.records import Statement, StatementRow
from settlement.pricing.tables import unit_ratio
from settlement.run.digests import digest_of, to_json
from settlement.run.ledger import Approval
from settlement.run.versions import versions

if TYPE_CHECKING:
    from collections.abc import Iterator

from settlement.run.computing import Computed


def receipt(
    computed: Computed,
    files: Mapping[str, bytes],
    approvals: Sequence[Approval] = (),
    made_with: Mapping[str, str] | None = None,
) -> bytes:
    """``run.json``: what was read, what came out, and what binds it: digests, totals, the amounts with their workings.

    ``made_with`` are the versions that it names: those of a former run, when that is made again.
    """
    made_with = versions() if made_with is None else made_with
    settlement, delivered = computed.settlement, computed.delivered
    refused = dict(
        settlement.refusals.filter(settlement.refusals["row"] > 0)
        .unique(["delivery", "row"]).group_by("delivery").len().iter_rows()
    )  # fmt: skip
    holds = settlement.rulebook.payment_holds
    hold_places = {hold.contract: str(hold.place) for hold in holds if hold.holds_in(computed.period)}
    accepted = dict(settlement.accepted.lines.group_by("delivery").len().iter_rows())
    return to_json(
        {
            "run": computed.name,
            "period": str(computed.period),
            "status": "final" if computed.final else "draft",
            "approved_by": [approval.person for approval in approvals],
            "version": made_with["settlement"],
            "made_with": dict(made_with),
            "organisation": settlement.rulebook.organisation.name,
            "ledger_before": computed.previous,
            "rules": {"digest": computed.rules_digest, "files": computed.rules},
            "inputs": {
                "digest": computed.inputs_digest,
                "files": computed.inputs,
                **({"left_out": computed.left_out} if computed.left_out else {}),
            },
            "results_digest": computed.results_digest,
            **({"client_key": computed.client_key} if computed.client_key else {}),
            "totals": totals(computed),
            "deliveries": [
                {
                    "file": one.key,
                    "digest": one.digest,
                    "contract": one.contract,
                    "claim_month": str(one.claim_month),
                    "used": one.used,
                    "replaced_by": one.replaced_by,
                    "lines": one.rows,
                    "accepted": accepted.get(one.key, 0),
                    "refused": refused.get(one.key, 0),
                    "sheet": one.sheet,
                    "columns": dict(sorted(one.columns.items())),
                    "returned": list(computed.returned.of.get(one.key, ())),
                }
                for one in delivered.deliveries
            ],
            "statements": [_statement_json(one, hold_places.get(one.contract.number, "")) for one in computed.statements],
            "problems": list(computed.recorded_problems),
            "files": {
                path: {"sha256": file.digest, "bytes": file.size}
                for path, file in ((path, digest_of(content)) for path, content in sorted(files.items()))
            },
        }
    )


def totals(computed: Computed) -> dict[str, int]:
    """The figures of the run, in cents and counts."""
    statements, delivered = computed.statements, computed.delivered
    own = [one for one in delivered.deliveries if one.key in computed.settlement.arrived]
    return {
        "statements": len(statements),
        "deliveries": sum(1 for one in own if one.used),
        "deliveries_replaced": sum(1 for one in own if not one.used),
        "deliveries_missing": computed.summary.deliveries_missing,
        "lines_accepted": sum(one.accepted_lines for one in statements),
        "lines_refused": sum(one.refused_lines for one in statements),
        "alerts": len(computed.settlement.alerts),
        "changed_cents": sum(row.difference_cents for one in statements for row in one.rows),
        "payable_cents": sum(one.payable_cents for one in statements),
        "to_pay_cents": sum(one.to_pay_cents for one in statements),
        "held_cents": sum(one.held_cents for one in statements),
        "open_cents": sum(one.payable_cents - one.to_pay_cents for one in statements),
    }


def _statement_json(one: Statement, hold_place: str) -> dict[str, Any]:
    return {
        "number": one.number,
        "contract": one.contract.number,
        "provider": one.provider.key,
        "payable_cents": one.payable_cents,
        "carried_cents": one.carried_cents,
        "to_pay_cents": one.to_pay_cents,
        "held_cents": one.held_cents,
        "on_hold": one.on_hold,
        **({"hold_place": hold_place} if one.on_hold else {}),
        "decided": [
            {"service": each.service, "year": each.year, "decided": each.decided, "reason": each.reason, "by": each.by, "place": str(each.place)}
            for each in one.decided
        ],
        "entitled_to_date_cents": one.entitled_to_date_cents,
        "accepted_lines": one.accepted_lines,
        "refused_lines": one.refused_lines,
        "rules_file": one.rules_file,
        "rules_digest": one.rules_digest,
        "rounding": one.contract.rounding,
        "lines_file": one.lines_file,
        "lines_digest": one.lines_digest,
        "rows": [_row_json(row) for row in one.rows],
        "prices": list(_prices_json(one.contract)),
    }


_PRICED_PER = {"weekly_tariff": "week", "monthly_tariff": "month", "arrangement_fee": "arrangement"}


def _prices_json(contract: Contract) -> Iterator[dict[str, Any]]:
    """Every amount of the terms that price lines, with its place: what ``explain`` goes by from a line to the rule."""
    for service in contract.services.values():
        term = service.line_term
        steps: list[tuple[dt.date, dict[tuple[str, ...], Price]]]
        if isinstance(term, PersonFee):
            steps = [(step.day, {(): step.value}) for step in term.amounts.steps if step.value]
        elif term is not None:
            steps = [(step.day, dict(step.value)) for step in term.amounts.steps if step.value]
        else:
            continue
        levels = () if isinstance(term, PersonFee) else term.by
        more: dict[str, Any] = {}
        if isinstance(term, Tariff):
            more["ratio"] = list(unit_ratio(term.delivered_in, term.per))
        elif isinstance(term, ArrangementFee):
            more["paid"] = dataclasses.asdict(term.paid)
        per = term.per if isinstance(term, PersonFee | Tariff) else _PRICED_PER[term.kind]
        for day, prices in steps:
            for key, price in prices.items():
                yield {
                    "service": service.name,
                    "from": str(day),
                    "per": per,
                    **dict(zip(levels, key, strict=True)),
                    **more,
                    "cents": price.cents,
                    "place": str(price.place),
                    "indexed": None
                    if price.indexed is None
                    else {
                        "before_cents": price.indexed.cents_before,
                        "index_bp": price.indexed.index_bp,
                        "article": price.indexed.article,
                        "place": str(price.indexed.place),
                    },
                }


def _row_json(row: StatementRow) -> dict[str, Any]:
    working = row.working
    return {
        "year": row.year,
        "service": row.service,
        "term": row.term,
        "article": row.article,
        "place": str(row.place),
        "month": str(row.month),
        "is_cents": row.is_cents,
        "was_cents": row.was_cents,
        "formula": working.formula if working else "",
        "numbers": {
            name: [str(value) if isinstance(value, Fraction) else value, unit]
            for name, (value, unit) in (working.numbers.items() if working else ())
        },
    }
