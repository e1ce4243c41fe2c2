
"""The formulas of the workings: for each key of ``Working.formula`` the rule in words, and how it reads with its numbers.

In the second text ``{name}`` is a number of ``Working.numbers``, written by its unit; ``{lines:regel|regels}`` is the
number and its noun; ``[ … ]`` is left out when a number in it is missing or nil.
A new formula is one entry here; a number that a text does not use is listed behind it, so that none is ever hidden.
"""

from __future__ import annotations

from typing import NamedTuple


class Formula(NamedTuple):
    """One formula in both languages: the rule, and the rule with the numbers filled in."""

    nl: str
    nl_filled: str
    en: str
    en_filled: str


FORMULAS: dict[str, Formula] = {
    # ---- terms that earn
    "lines": Formula(
        "som van de regels",
        "{lines:regel|regels}[, waarvan {paying} betaald], samen {value}",
        "sum of the lines",
        "{lines:line|lines}[, of which {paying} paid], together {value}",
    ),
    # Fees per client: each is paid once, however many lines tell of the client.
    "clients": Formula(
        "jeugdigen die tellen × bedrag per jeugdige",
        "{clients:jeugdige|jeugdigen} × {per_client}[ ({lines:regel|regels})]",
        "clients that count × fee per client",
        "{clients:client|clients} × {per_client}[ ({lines:line|lines})]",
    ),
    "lines_weeks_sundays": Formula(
        "weken × tarief; weken = zondagen, en een laatste gebroken week",
        "{lines:regel|regels}[, waarvan {paying} betaald], samen {value}",
        "weeks × tariff; weeks = Sundays, and a last broken week",
        "{lines:line|lines}[, of which {paying} paid], together {value}",
    ),
    "lines_weeks_started": Formula(
        "weken × tarief; elke begonnen week telt",
        "{lines:regel|regels}[, waarvan {paying} betaald], samen {value}",
        "weeks × tariff; each week that has started counts",
        "{lines:line|lines}[, of which {paying} paid], together {value}",
    ),
    "lines_weeks_days": Formula(
        "dagen ÷ 7 × weektarief",
        "{lines:regel|regels}[, waarvan {paying} betaald], samen {value}",
        "days ÷ 7 × weekly tariff",
        "{lines:line|lines}[, of which {paying} paid], together {value}",
    ),
    "lines_whole_hours": Formula(
        "minuten per jeugdige en maand, afgerond op hele uren, × tarief",
        "{lines:regel|regels}[, waarvan {paying} betaald], samen {value}",
        "minutes by client and month, rounded to whole hours, × tariff",
        "{lines:line|lines}[, of which {paying} paid], together {value}",
    ),
    "lines_cut": Formula(
        "som van de regels − afgetopt",
        "{value} − {cut} ({lines:regel|regels})",
        "sum of the lines − cut by the ceiling",
        "{value} − {cut} ({lines:line|lines})",
    ),
    "instalments": Formula(
        "jaarbedrag × verstreken termijnen ÷ alle termijnen − eerdere termijnen",
        "{yearly} × {elapsed} ÷ {parts}[ − {before}]",
        "yearly amount × instalments due ÷ all instalments − earlier instalments",
        "{yearly} × {elapsed} ÷ {parts}[ − {before}]",
    ),
    # Where the yearly amount changes within the year, or only a part of the year counts by days.
    "instalments_by_month": Formula(
        "jaarbedragen van de verstreken termijnen, opgeteld, ÷ alle termijnen (naar rato van dagen) − eerdere termijnen",
        "{sum} ÷ {parts}[ × {days} ÷ {days_in_year}][ − {before}]",
        "yearly amounts of the instalments due, added up, ÷ all instalments (pro rata by days) − earlier instalments",
        "{sum} ÷ {parts}[ × {days} ÷ {days_in_year}][ − {before}]",
    ),
    "whole_hours": Formula(
        "minuten van de maand, afgerond op hele uren, × tarief",
        "{minutes:minuut|minuten} → {hours} uur × {price}",
        "minutes of the month, rounded to whole hours, × tariff",
        "{minutes:minute|minutes} → {hours:hour|hours} × {price}",
    ),
    # ---- terms that bound
    "ceiling": Formula(
        "wat boven het plafond ligt wordt niet betaald",
        "{value} tegenover een plafond van {ceiling}",
        "what lies above the ceiling is not paid",
        "{value} against a ceiling of {ceiling}",
    ),
    "ceiling_share": Formula(
        "boven het plafond wordt een deel betaald",
        "{value} tegenover een plafond van {ceiling}; het meerdere voor {share}",
        "above the ceiling a share is paid",
        "{value} against a ceiling of {ceiling}; what lies above at {share}",
    ),
    "ceiling_held": Formula(
        "boven het plafond wordt aangehouden",
        "{value} tegenover een plafond van {ceiling}; het meerdere wacht op een besluit",
        "above the ceiling is held back",
        "{value} against a ceiling of {ceiling}; what lies above awaits a decision",
    ),
    "minimum_missing": Formula(
        "− ontbrekende hele jeugdigen × bedrag per jeugdige",
        "minimum {minimum}, geholpen {clients}: − {missing} × {per_client}[; ten hoogste wat is verdiend, {at_most}][ − {before}]",
        "− whole clients missing × amount per client",
        "minimum {minimum}, helped {clients}: − {missing} × {per_client}[; at most what was earned, {at_most}][ − {before}]",
    ),
    "minimum_budget_share": Formula(
        "− ontbrekende hele jeugdigen × budget ÷ minimum",
        "minimum {minimum}[, t/m nu {due}], geholpen {clients}: − {missing} × {budget} ÷ {minimum}[; ten hoogste wat is verdiend, {at_most}][ − {before}]",
        "− whole clients missing × budget ÷ minimum",
        "minimum {minimum}[, to date {due}], helped {clients}: − {missing} × {budget} ÷ {minimum}[; at most what was earned, {at_most}][ − {before}]",
    ),
    "corridor_above": Formula(
        "(waarde van de levering − budget − marge) × deel",
        "({claimed} − {budget} − {margin} van {budget}) × {share}[ − {before}]",
        "(value delivered − budget − margin) × share",
        "({claimed} − {budget} − {margin} of {budget}) × {share}[ − {before}]",
    ),
    "corridor_below": Formula(
        "− (budget − marge − waarde van de levering) × deel",
        "− ({budget} − {margin} van {budget} − {claimed}) × {share}[ − {before}]",
        "− (budget − margin − value delivered) × share",
        "− ({budget} − {margin} of {budget} − {claimed}) × {share}[ − {before}]",
    ),
    # ---- terms that reward
    "bonus": Formula("grondslag × bonus", "{base} × {share}[ − {before}]", "base × bonus", "{base} × {share}[ − {before}]"),
    "bonus_at_most": Formula(
        "grondslag × bonus, met een maximum",
        "{base} × {share}, ten hoogste {at_most}[ − {before}]",
        "base × bonus, up to a maximum",
        "{base} × {share}, at most {at_most}[ − {before}]",
    ),
    "malus": Formula("grondslag × malus", "{base} × {share}[ − {before}]", "base × malus", "{base} × {share}[ − {before}]"),
    "malus_at_most": Formula(
        "grondslag × malus, met een maximum",
        "{base} × {share}, ten hoogste {at_most}[ − {before}]",
        "base × malus, up to a maximum",
        "{base} × {share}, at most {at_most}[ − {before}]",
    ),
    "savings": Formula(
        "(afgesproken − besteed) × deel van de aanbieder",
        "({against} − {spent}) × {share}[ − {before}]",
        "(agreed − spent) × the provider's share",
        "({against} − {spent}) × {share}[ − {before}]",
    ),
    "savings_at_most": Formula(
        "(afgesproken − besteed) × deel van de aanbieder, met een maximum",
        "({against} − {spent}) × {share}, ten hoogste {at_most}[ − {before}]",
        "(agreed − spent) × the provider's share, up to a maximum",
        "({against} − {spent}) × {share}, at most {at_most}[ − {before}]",
    ),
    "withhold": Formula(
        "− grondslag × inhouding",
        "− {base} × {share}",
        "− base × share withheld",
        "− {base} × {share}",
    ),
    # Where the share of the month alone is a cent off: what is kept back adds up to the share of the sum to date.
    "withhold_to_date": Formula(
        "− (grondslag tot en met de maand × inhouding − eerder ingehouden)",
        "− ({to_date} × {share} = {withheld}[; eerder ingehouden {before}]); grondslag van deze maand {base}",
        "− (base up to and including the month × share withheld − withheld before)",
        "− ({to_date} × {share} = {withheld}[; withheld before {before}]); base of this month {base}",
    ),
    "released": Formula(
        "vrijgave van de inhouding: grondslag × inhouding",
        "{base} × {share}[ − {before}]",
        "release of what was withheld: base × share withheld",
        "{base} × {share}[ − {before}]",
    ),
    "postponed": Formula(
        "uitgesteld: te weinig antwoorden om te oordelen",
        "{responses} van de ten minste {minimum:antwoord|antwoorden}",
        "postponed: too few answers to judge",
        "{responses} of at least {minimum:answer|answers}",
    ),
    # ---- signals
    "refused": Formula(
        "afgekeurde regels van de aangeleverde",
        "{refused} van {delivered:regel|regels}",
        "refused lines of those delivered",
        "{refused} of {delivered:line|lines}",
    ),
    "signal": Formula("waarde tegenover norm", "{value}[ tegenover {norm}]", "value against norm", "{value}[ against {norm}]"),
}  # fmt: skip

NUMBERS: dict[str, tuple[str, str]] = {
    "against": ("afgesproken", "agreed"),
    "at_most": ("maximum", "maximum"),
    "base": ("grondslag", "base"),
    "before": ("eerder", "before"),
    "budget": ("budget", "budget"),
    "ceiling": ("plafond", "ceiling"),
    "claimed": ("waarde van de levering", "value delivered"),
    "clients": ("jeugdigen", "clients"),
    "cut": ("afgetopt", "cut"),
    "days": ("dagen", "days"),
    "days_in_year": ("dagen van het jaar", "days of the year"),
    "delivered": ("aangeleverd", "delivered"),
    "due": ("minimum t/m nu", "minimum to date"),
    "elapsed": ("verstreken termijnen", "instalments due"),
    "held": ("aangehouden", "held"),
    "hours": ("uren", "hours"),
    "lines": ("regels", "lines"),
    "margin": ("marge", "margin"),
    "minimum": ("minimum", "minimum"),
    "minutes": ("minuten", "minutes"),
    "missing": ("ontbrekend", "missing"),
    "norm": ("norm", "norm"),
    "parts": ("termijnen", "instalments"),
    "paying": ("betaald", "paid"),
    "per_client": ("bedrag per jeugdige", "amount per client"),
    "price": ("tarief", "tariff"),
    "refused": ("afgekeurd", "refused"),
    "responses": ("antwoorden", "answers"),
    "share": ("deel", "share"),
    "spent": ("besteed", "spent"),
    "sum": ("opgetelde jaarbedragen", "yearly amounts added up"),
    "to_date": ("grondslag tot en met de maand", "base to date"),
    "value": ("waarde", "value"),
    "withheld": ("ingehouden tot en met de maand", "withheld to date"),
    "yearly": ("jaarbedrag", "yearly amount"),
}
"""Names of the numbers, for a formula that lists them."""
