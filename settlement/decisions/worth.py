"""How much each decision is worth: plain exact arithmetic on what the engine decided, with its working."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from settlement.decisions.ask import Asked
from settlement.decisions.judge import Answer
from settlement.domain.contract import (
    BonusMalus,
    Corridor,
    MinimumClients,
    OutcomeBonus,
    SharedSavings,
    Term,
    Withhold,
)
from settlement.domain.money import divide_half_up, share_of
from settlement.domain.periods import Month
from settlement.domain.records import Decision, Working

Numbers = dict[str, tuple[Fraction | str, str]]


def rounded(figure: Fraction) -> int:
    """An exact figure in whole cents, half up."""
    return divide_half_up(figure.numerator, figure.denominator)


def decision(asked: Asked, outcome: str, cents: int, working: Working, month: Month | None = None, order: int = 0) -> Decision:
    """One term applied to one position."""
    subject = asked.subject
    assert isinstance(subject, Term)
    return Decision(
        key=asked.key,
        term=subject.kind,
        article=subject.article,
        place=subject.place,
        outcome=outcome,
        order=order,
        month=month or asked.key.as_of,
        cents=cents,
        working=working,
    )


def of_minimum(answer: Answer, yearly_budget: int | None, earned_cents: int) -> Decision | None:
    """Each missing client at its amount, or at its share of the budget; never more than was earned.

    Missing clients are whole clients, rounded down (rule-files.md, *minimum_clients*).
    """
    term, measures = answer.asked.subject, answer.asked.measures
    assert isinstance(term, MinimumClients)
    due, clients, whole = measures["minimum_to_date"], measures["clients"], measures["minimum_clients"]
    if "settled" not in answer.outcomes or due is None or clients is None or not whole:
        return None
    missing = int(due - clients)
    numbers: Numbers = {"minimum": (due, "quantity"), "clients": (clients, "count"), "missing": (Fraction(missing), "count")}
    if term.share_of_budget:
        budget = yearly_budget or 0
        cents = rounded(Fraction(budget * missing) / whole)
        numbers |= {"minimum": (whole, "quantity"), "due": (due, "quantity"), "budget": (Fraction(budget), "amount")}
        formula = "minimum_budget_share"
    else:
        cents = (term.per_missing_client_cents or 0) * missing
        numbers["per_client"] = (Fraction(term.per_missing_client_cents or 0), "amount")
        formula = "minimum_missing"
    most = max(earned_cents, 0)
    if cents > most:
        numbers["at_most"] = (Fraction(most), "amount")
    return decision(answer.asked, "settled", -min(cents, most), Working(formula, numbers))


def of_corridor(answer: Answer) -> Decision | None:
    """The difference beyond the margin at the share given: on top when more was delivered, off when less."""
    term, measures = answer.asked.subject, answer.asked.measures
    assert isinstance(term, Corridor)
    budget, claimed = measures["budget_to_date"], measures["valued"]
    if answer.first not in {"above", "below"} or budget is None or claimed is None:
        return None
    margin = budget * term.margin_bp / 10_000
    share = term.above_bp if answer.first == "above" else term.below_bp
    beyond = claimed - budget - margin if answer.first == "above" else -(budget - margin - claimed)
    numbers: Numbers = {
        "claimed": (claimed, "amount"),
        "budget": (budget, "amount"),
        "margin": (Fraction(term.margin_bp, 10_000), "share"),
        "share": (Fraction(share, 10_000), "share"),
    }
    return decision(
        answer.asked, answer.first, rounded(beyond * share / 10_000), Working(f"corridor_{answer.first}", numbers)
    )


def of_bonus(answer: Answer, base_cents: int) -> Decision | None:
    """The share of what was earned (or of the budget), up to the most."""
    term = answer.asked.subject
    assert isinstance(term, OutcomeBonus)
    if answer.first != "earned":
        return None
    cents = share_of(base_cents, term.share_bp)
    numbers: Numbers = {"base": (Fraction(base_cents), "amount"), "share": (Fraction(term.share_bp, 10_000), "share")}
    formula = "bonus"
    if term.at_most_cents is not None and cents > term.at_most_cents:
        cents, formula = term.at_most_cents, "bonus_at_most"
        numbers["at_most"] = (Fraction(term.at_most_cents), "amount")
    return decision(answer.asked, "earned", cents, Working(formula, numbers))


def of_bands(answer: Answer, base_cents: int) -> Decision | None:
    """The share of the band that fired first, of the budget or of what was earned."""
    term, first = answer.asked.subject, answer.first
    assert isinstance(term, BonusMalus)
    if not first.startswith("band "):
        return None
    band = term.bands[int(first.removeprefix("band ")) - 1]
    numbers: Numbers = {"base": (Fraction(base_cents), "amount"), "share": (Fraction(band.share_bp, 10_000), "share")}
    formula = "malus" if band.share_bp < 0 else "bonus"
    return decision(answer.asked, first, share_of(base_cents, band.share_bp), Working(formula, numbers))


def of_savings(answer: Answer) -> Decision | None:
    """The provider's share of what the year cost less than agreed, up to the most."""
    term, measures = answer.asked.subject, answer.asked.measures
    assert isinstance(term, SharedSavings)
    saved, against, spent = measures["saved"], measures["against"], measures["spent"]
    if answer.first != "shared" or saved is None or against is None or spent is None:
        return None
    cents = rounded(saved * term.share_bp / 10_000)
    numbers: Numbers = {
        "against": (against, "amount"),
        "spent": (spent, "amount"),
        "share": (Fraction(term.share_bp, 10_000), "share"),
    }
    formula = "savings"
    if term.at_most_cents is not None and cents > term.at_most_cents:
        cents, formula = term.at_most_cents, "savings_at_most"
        numbers["at_most"] = (Fraction(term.at_most_cents), "amount")
    return decision(answer.asked, "shared", cents, Working(formula, numbers))


def of_withhold(answer: Answer, base_by_month: Mapping[Month, int]) -> list[Decision]:
    """A share of each month kept back, cumulative so that it adds up; nothing once the needs are met at year end."""
    term = answer.asked.subject
    assert isinstance(term, Withhold)
    share = (Fraction(term.share_bp, 10_000), "share")
    if answer.first == "earned":
        base = sum(base_by_month.values())
        working = Working("released", {"base": (Fraction(base), "amount"), "share": share})
        return [decision(answer.asked, "released", 0, working)]
    found: list[Decision] = []
    running = withheld = 0
    for month, cents in sorted(base_by_month.items()):
        running += cents
        to_date = share_of(running, term.share_bp)
        kept = to_date - withheld
        working = Working("withhold", {"base": (Fraction(cents), "amount"), "share": share})
        if kept != share_of(cents, term.share_bp):
            working = Working(
                "withhold_to_date",
                {
                    "to_date": (Fraction(running), "amount"),
                    "share": share,
                    "withheld": (Fraction(to_date), "amount"),
                    "before": (Fraction(withheld), "amount"),
                    "base": (Fraction(cents), "amount"),
                },
            )
        found.append(decision(answer.asked, "withheld", -kept, working, month))
        withheld = to_date
    return found
