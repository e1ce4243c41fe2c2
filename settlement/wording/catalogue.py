# ruff: noqa: E501 - a sentence stands on one line, so that it can be found by searching
"""The catalogue: every word that leaves the building, in Dutch and in English beside each other.

Grouped by what is named; within a group in the order in which people meet it, or by name.
"""

from __future__ import annotations

Pair = tuple[str, str]
"""Dutch, English."""

TERMS: dict[str, Pair] = {
    "tariff": ("Tarief", "Tariff"),
    "weekly_tariff": ("Weektarief", "Weekly tariff"),
    "arrangement_fee": ("Arrangement", "Arrangement fee"),
    "monthly_tariff": ("Maandtarief", "Monthly tariff"),
    "person_fee": ("Bedrag per jeugdige", "Fee per client"),
    "budget": ("Budget", "Budget"),
    "availability_fee": ("Beschikbaarheid", "Availability fee"),
    "ceiling": ("Plafond", "Ceiling"),
    "minimum_clients": ("Minimum aantal jeugdigen", "Minimum number of clients"),
    "corridor": ("Bandbreedte", "Corridor"),
    "outcome_bonus": ("Resultaatbonus", "Outcome bonus"),
    "bonus_malus": ("Bonus-malus", "Bonus-malus"),
    "withhold": ("Inhouding", "Withhold"),
    "shared_savings": ("Gedeelde besparing", "Shared savings"),
    "indexation": ("Indexering", "Indexation"),
    "signal": ("Signaal", "Signal"),
    "delivery": ("Aanlevering", "Delivery"),
}
"""Kinds of terms (``Term.kind``, ``Decision.term``)."""

SIGNALS: dict[str, Pair] = {
    "delivery missing": ("aanlevering ontbreekt", "delivery missing"),
    "lines refused": ("regels afgekeurd", "lines refused"),
    "ceiling near": ("plafond bijna bereikt", "ceiling near"),
    "ceiling reached": ("plafond bereikt", "ceiling reached"),
    "minimum not met": ("minimum aantal jeugdigen niet gehaald", "minimum not met"),
    "settlement postponed": ("afrekening uitgesteld", "settlement postponed"),
    "negative payable": ("saldo is negatief", "negative payable"),
    "client at two providers": ("jeugdige bij twee aanbieders", "client at two providers"),
    "more than a day in a day": ("meer dan 24 uur op een dag", "more than a day in a day"),
    "budget left": ("budget niet besteed", "budget left"),
}
"""The signals that every contract gives unasked (rule-files.md, *Conditions*)."""

SEVERITIES: dict[str, Pair] = {"high": ("Hoog", "High"), "medium": ("Middel", "Medium"), "low": ("Laag", "Low")}

ROLES: dict[str, Pair] = {
    "contract manager": ("contractmanager", "contract manager"),
    "finance": ("financiën", "finance"),
    "provider": ("aanbieder", "provider"),
}

FUNDING: dict[str, Pair] = {
    "effort-based": ("inspanningsgericht", "effort-based"),
    "output-based": ("outputgericht", "output-based"),
    "task-based": ("taakgericht", "task-based"),
    "person-following": ("persoonsvolgend", "person-following"),
}

UNITS: dict[str, tuple[Pair, Pair]] = {
    "minute": (("minuut", "minuten"), ("minute", "minutes")),
    "hour": (("uur", "uren"), ("hour", "hours")),
    "day_part": (("dagdeel", "dagdelen"), ("day part", "day parts")),
    "day": (("dag", "dagen"), ("day", "days")),
    "overnight_day": (("etmaal", "etmalen"), ("overnight day", "overnight days")),
    "piece": (("stuk", "stuks"), ("piece", "pieces")),
    "week": (("week", "weken"), ("week", "weeks")),
    "month": (("maand", "maanden"), ("month", "months")),
    "euro": (("euro", "euro"), ("euro", "euros")),
}
"""Units of quantity: one, and several, in each language."""

END_REASONS: dict[str, Pair] = {
    "02": ("overlijden", "death"),
    "20": ("tijdelijk beëindigd", "ended for a time"),
    "31": ("volgens plan", "according to plan"),
    "32": ("voortijdig door cliënt", "early, by the client"),
    "33": ("voortijdig door aanbieder", "early, by the provider"),
    "34": ("voortijdig in overeenstemming", "early, by agreement"),
    "35": ("externe omstandigheden", "external circumstances"),
    "36": ("geïnitieerd door gemeente", "started by the municipality"),
    "37": ("wijzigingsverzoek", "request for change"),
    "38": ("overgang naar andere aanbieder", "passed to another provider"),
    "39": ("overgang naar ander domein", "passed to another domain"),
}
"""National codes JZ588."""

REASONS: dict[str, Pair] = {
    "ceiling": ("boven plafond", "above the ceiling"),
    "held": ("boven plafond, aangehouden", "above the ceiling, held back"),
    "budget": ("zit in budget", "covered by the budget"),
    "credited": ("gecrediteerd", "credited"),
    "credit": ("credit van eerdere regel", "credit of an earlier line"),
    "bound": ("boven maximaal volume", "above the maximum quantity"),
    "arrangement": ("al in arrangement begrepen", "covered by the arrangement"),
    "counted": ("telt alleen mee", "only counts"),
    "no_sunday": ("geen zondag in de periode", "no Sunday in the period"),
    "no_result": ("resultaat niet behaald", "result not reached"),
    "whole_hours": ("verdeling hele uren", "share of whole hours"),
}
"""Why a line earned something else than its value (``StatementLine.reason``)."""

HELD_REASONS: dict[str, Pair] = {
    "ceiling": ("het deel boven het plafond wacht op een besluit", "what lies above the ceiling awaits a decision"),
    "gate": ("de controle op de beslissingen sluit niet", "the check of the decisions does not agree"),
    "negative": ("het saldo is negatief", "the balance is negative"),
}
"""Why a payment is held back; a person's own words pass as they are."""

NOTES: dict[str, Pair] = {
    "hidden rows": ("verborgen rijen meegelezen", "hidden rows were read too"),
    "copy of": ("kopie van een ander bestand", "copy of another file"),
    "totals below the table": ("totaalregels onder de tabel overgeslagen", "totals below the table were left out"),
}
"""What a person should know of a delivered file (``Delivery.notes``)."""

FIELDS: dict[str, Pair] = {
    "contract": ("Contractnummer", "Contract number"),
    "client": ("Cliënt", "Client"),
    "service": ("Zorgvorm", "Service"),
    "code": ("Productcode", "Product code"),
    "profile": ("Profiel", "Profile"),
    "intensity": ("Intensiteit", "Intensity"),
    "allocation": ("Toewijzing", "Allocation"),
    "allocation_start": ("Begindatum toewijzing", "Start of allocation"),
    "allocation_end": ("Einddatum toewijzing", "End of allocation"),
    "start": ("Begindatum", "Start"),
    "end": ("Einddatum", "End"),
    "quantity": ("Volume", "Quantity"),
    "unit": ("Eenheid", "Unit"),
    "claimed": ("Bedrag", "Amount"),
    "direction": ("Debet/Credit", "Debit/Credit"),
    "reference": ("Referentienummer", "Reference"),
    "previous_reference": ("Vorig referentienummer", "Previous reference"),
    "municipality": ("Gemeente", "Municipality"),
    "subcontractor": ("Onderaannemer", "Subcontractor"),
    "result": ("Resultaat", "Result"),
    "end_reason": ("Reden beëindiging", "Reason of ending"),
    "goal_attainment": ("Doelrealisatie", "Goal attainment"),
    "client_satisfaction": ("Cliënttevredenheid", "Client satisfaction"),
    "dropout": ("Uitval", "Dropout"),
    "refused_client": ("Geweigerd", "Turned away"),
}
"""Fields of a delivered line, as their columns are called."""

REFUSALS: dict[str, Pair] = {
    # ---- the file
    "no-table": ("In dit bestand is geen tabel met regels gevonden. Gebruik het aanleverformulier.",
                 "No table with lines was found in this file. Use the delivery form."),
    "no-contract": ("Bij dit bestand is geen contract gevonden. Zet het contractnummer in de kop of in de bestandsnaam.",
                    "No contract was found for this file. Put the contract number in the head or in the file name."),
    "unreadable": ("Dit bestand kan niet worden gelezen: {found}. {expected}", "This file cannot be read: {found}. {expected}"),
    "citizen-service-number": ("Deze kolom lijkt burgerservicenummers te bevatten. Gebruik een pseudoniem; lever nooit een bsn aan.",
                               "This column looks like citizen service numbers. Use a pseudonym; never deliver one."),
    # ---- the cell
    "missing": ("Hier staat niets. Verwacht: {expected}.", "Nothing stands here. Expected: {expected}."),
    "not-a-date": ("'{found}' is geen datum. Schrijf bijvoorbeeld {expected}.", "'{found}' is not a date. Write it as {expected}."),
    "ambiguous-date": ("'{found}' kan op twee manieren worden gelezen. Schrijf bijvoorbeeld {expected}.",
                       "'{found}' can be read two ways. Write it as {expected}."),
    "not-a-number": ("'{found}' is geen getal. Schrijf bijvoorbeeld {expected}.", "'{found}' is not a number. Write it as {expected}."),
    "ambiguous-number": ("'{found}' kan op twee manieren worden gelezen. Schrijf bijvoorbeeld {expected}.",
                         "'{found}' can be read two ways. Write it as {expected}."),
    "not-an-amount": ("'{found}' is geen bedrag. Schrijf bijvoorbeeld {expected}.", "'{found}' is not an amount. Write it as {expected}."),
    "unknown-unit": ("Eenheid '{found}' is niet bekend. Verwacht: {expected}.", "Unit '{found}' is not known. Expected: {expected}."),
    "unknown-service": ("Zorgvorm '{found}' staat niet in het contract. Verwacht: {expected}.",
                        "Service '{found}' is not in the contract. Expected: {expected}."),
    "unknown-code": ("Productcode '{found}' staat niet in het contract. Verwacht: {expected}.",
                     "Product code '{found}' is not in the contract. Expected: {expected}."),
    "unknown-profile": ("Profiel '{found}' staat niet in het contract. Verwacht: {expected}.",
                        "Profile '{found}' is not in the contract. Expected: {expected}."),
    "unknown-intensity": ("Intensiteit '{found}' staat niet in het contract. Verwacht: {expected}.",
                          "Intensity '{found}' is not in the contract. Expected: {expected}."),
}  # fmt: skip
"""What is wrong with a line or a file, and what would be accepted (``Refusal.code``)."""
