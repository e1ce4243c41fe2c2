"""The measures: every figure that a condition, an alert or a case may name. Each stands once, here.

A measure of a service or of a contract is to date in the year; with ``_in_month`` behind its name, of the month alone.
The value is exact (a fraction) or absent; an absent measure makes no condition true (rule-files.md, *Outcomes*).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MeasureUnit = Literal["count", "quantity", "amount", "share", "mark", "months", "yes or no"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure, with what it answers."""

    name: str
    unit: MeasureUnit
    sentence: str
    """What it answers, in one English sentence, for the manual."""
    dutch: str
    """Its name in alerts and statements."""
    source: str
    """Where it comes from: lines, rule files, the ledger, or a formula of other measures."""
    in_month: bool = True
    """Whether the month alone has a figure of its own."""


_ALL = (
    Measure("clients", "count", "Distinct clients with an accepted line that was not credited.", "jeugdigen", "lines"),
    Measure("new_clients", "count", "Clients whose first line of the year lies in the period.", "nieuwe jeugdigen", "lines"),
    Measure("ended_clients", "count", "Clients with a line that carries a reason of ending or a result that is not running.", "beëindigde jeugdigen", "lines"),
    Measure("active_clients", "count", "Clients less ended clients.", "jeugdigen in zorg", "clients − ended_clients"),
    Measure("quantity", "quantity", "The quantity of the lines, in the unit delivered.", "geleverd volume", "lines"),
    Measure("claimed", "amount", "The value of the lines at the contract's tariffs, before any ceiling.", "waarde van de levering", "lines × tariffs"),
    Measure("entitled", "amount", "What the provider is entitled to, after every term.", "recht", "all terms"),
    Measure("paid", "amount", "What was paid for the contract in earlier final runs; a service has none of its own.", "betaald", "ledger", in_month=False),
    Measure("payable", "amount", "Entitled in all open years less paid; a service has none of its own.", "te betalen", "entitled − paid", in_month=False),
    Measure("budget", "amount", "The budget of the year.", "jaarbudget", "rule file"),
    Measure("budget_to_date", "amount", "The part of the year's budget for the months elapsed, counted by months whatever the instalments.", "budget tot en met de maand", "budget × months elapsed ÷ months", in_month=False),
    Measure("ceiling", "amount", "The ceiling of the year (of the month or the contract when it is per month or contract).", "plafond", "rule file", in_month=False),
    Measure("spent_share", "share", "What fills the ceiling as a share of it; without a ceiling, claimed as a share of the budget.", "benut", "claimed ÷ ceiling", in_month=False),
    Measure("minimum_clients", "count", "The minimum number of clients of the year.", "minimum aantal jeugdigen", "rule file", in_month=False),
    Measure("minimum_to_date", "count", "The minimum due to date: minimum × months elapsed ÷ months, unrounded.", "minimum tot en met de maand", "minimum_clients × months elapsed ÷ months", in_month=False),
    Measure("delivered_share", "share", "Claimed as a share of the budget to date.", "geleverd ten opzichte van budget", "claimed ÷ budget_to_date"),
    Measure("lines", "count", "Accepted lines.", "regels", "deliveries"),
    Measure("refused_lines", "count", "Refused lines.", "afgekeurde regels", "deliveries"),
    Measure("refused_share", "share", "Refused lines as a share of the delivered lines.", "aandeel afgekeurd", "refused_lines ÷ (lines + refused_lines)"),
    Measure("amount_above_ceiling", "amount", "What ceilings took from the lines, held amounts included.", "boven plafond", "ceilings"),
    Measure("average_per_client", "amount", "Claimed (entitled where a budget pays) divided by clients.", "gemiddeld per jeugdige", "claimed ÷ clients"),
    Measure("change_on_previous_month", "share", "How much more was claimed for the month than for the month before.", "verandering ten opzichte van vorige maand", "claimed_in_month ÷ claimed of the month before − 1", in_month=False),
    Measure("refused_clients", "count", "Clients that the provider turned away.", "geweigerde jeugdigen", "lines"),
    Measure("subcontracted_share", "share", "The part of claimed that subcontractors delivered.", "aandeel onderaannemers", "lines"),
    Measure("goal_attainment", "share", "The share of the goals reached, over clients with an answer.", "doelrealisatie", "last answers of clients"),
    Measure("client_satisfaction", "mark", "The mean mark, over clients with an answer.", "cliënttevredenheid", "last answers of clients"),
    Measure("dropout", "share", "The share of clients that ended early, over clients with an answer.", "uitval", "last answers of clients"),
    Measure("responses", "count", "Clients with an answer on any of the three outcomes.", "respons", "last answers of clients"),
    Measure("months_elapsed", "months", "Months of the contract year up to and including the period.", "verstreken maanden", "calendar", in_month=False),
    Measure("share_of_year", "share", "Months elapsed as a share of the contract year's months.", "deel van het jaar", "calendar", in_month=False),
    Measure("delivery_missing", "yes or no", "Whether the contract needs lines and no file came for the month.", "aanlevering ontbreekt", "deliveries", in_month=False),
    Measure("forecast_year_end", "amount", "Claimed (entitled where a budget pays) to date, stretched to the whole contract year.", "prognose jaareinde", "claimed × months ÷ months elapsed", in_month=False),
    Measure("months_until_ceiling", "months", "After how many more months at today's pace the ceiling is full.", "maanden tot plafond", "(ceiling − claimed) × months elapsed ÷ claimed", in_month=False),
)  # fmt: skip

MEASURES: dict[str, Measure] = {measure.name: measure for measure in _ALL}
"""By name, without ``_in_month``."""

IN_MONTH = "_in_month"


def measure_of(name: str) -> Measure | None:
    """The measure that a name in a rule file means; ``None`` when it means none (also ``…_in_month`` where the month has no figure of its own)."""
    if name.endswith(IN_MONTH):
        measure = MEASURES.get(name.removesuffix(IN_MONTH))
        return measure if measure is not None and measure.in_month else None
    return MEASURES.get(name)
