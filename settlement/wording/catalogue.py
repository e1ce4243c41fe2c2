
"""The catalogue: every word that leaves the building, in Dutch and in English beside each other.

Grouped by what is named; within a group in the order in which people meet it, or by name.
"""

from __future__ import annotations

from settlement.wording.messages import MESSAGES

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
    "delivery refused": ("aanlevering afgekeurd", "delivery refused"),
    "delivery smaller": ("aanlevering kleiner dan de vorige", "delivery smaller than the one before"),
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
    "year": (("jaar", "jaar"), ("year", "years")),
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
    "began_before": ("arrangement begon vóór de eerste afgerekende dag", "arrangement began before the first day settled"),
    "parts_before": ("deel vóór de eerste afgerekende dag telt niet", "part before the first day settled does not count"),
    "not_first_day": ("niet in zorg op de eerste dag van de maand", "not in care on the first day of the month"),
    "not_last_day": ("niet in zorg op de laatste dag van de maand", "not in care on the last day of the month"),
    "counted": ("jeugdige telt al met een andere regel", "client counts by another line already"),
    "no_sunday": ("geen zondag in de periode", "no Sunday in the period"),
    "no_result": ("resultaat niet behaald", "result not reached"),
    "whole_hours": ("verdeling hele uren", "share of whole hours"),
}
"""Why a line earned something else than its value (``StatementLine.reason``)."""

NOTES: dict[str, Pair] = {
    "hidden sheet": ("verborgen blad gelezen", "a hidden sheet was read"),
    "hidden rows": ("verborgen rijen meegelezen", "hidden rows were read too"),
    "merged cells": ("samengevoegde cellen", "merged cells"),
    "repeated headings": ("herhaalde kopregels overgeslagen", "repeated headings were left out"),
    "totals": ("totalen vergeleken met de regels", "totals were compared with the lines"),
    "totals, not checked": ("totalen overgeslagen, niet vergeleken", "totals were left out and not compared"),
    "text outside the table": ("tekst buiten de tabel overgeslagen", "text outside the table was left out"),
    "formulas, read by their stored results": ("formules gelezen zoals bewaard", "formulas were read by their stored results"),
    "unknown column": ("onbekende kolom", "unknown column"),
    "copy of": ("kopie van", "copy of"),
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
    "cannot-open": (
        "Dit bestand kan niet worden geopend.",
        "This file cannot be opened.",
    ),
    "still-being-copied": (
        "Dit bestand veranderde terwijl het werd gelezen. Lever het opnieuw aan.",
        "This file changed while it was read. Deliver it again.",
    ),
    "unknown-format": (
        "Dit bestand wordt niet gelezen: het is geen .xlsx, geen .ods, geen .csv en geen JW323.",
        "This file is not read: it is no .xlsx, no .ods, no .csv and no JW323.",
    ),
    "unprintable-name": (
        "De naam van dit bestand bevat tekens die niet te zien zijn.",
        "The name of this file holds characters that cannot be shown.",
    ),
    "link": (
        "Dit is een snelkoppeling en geen bestand.",
        "This is a link, not a file.",
    ),
    "link-outside": (
        "Dit is een snelkoppeling en geen bestand.",
        "This is a link, not a file.",
    ),
    "not-a-file": (
        "Dit is geen gewoon bestand.",
        "This is not an ordinary file.",
    ),
    "folder-as-file": (
        "Dit is een map met de naam van een bestand.",
        "This is a folder under the name of a file.",
    ),
    "too-deep": (
        "De mappen liggen te diep in elkaar.",
        "The folders lie too deep in each other.",
    ),
    "not-in-a-month": (
        "Dit bestand ligt niet in de map van een maand.",
        "This file does not lie in the folder of a month.",
    ),
    "not-a-month": (
        "Deze map is niet naar een maand genoemd.",
        "This folder is not named after a month.",
    ),
    "empty-file": (
        "Dit bestand is leeg. Lever het opnieuw aan.",
        "This file is empty. Deliver it again.",
    ),
    "file-too-large": (
        "Dit bestand is te groot (ten hoogste {expected}). Lever een bestand met alleen de regels, zonder plaatjes.",
        "This file is too large (at most {expected}). Deliver a file with the lines only, without pictures.",
    ),
    "took-too-long": (
        "Het lezen van dit bestand duurde te lang. Bewaar het opnieuw als .xlsx, met alleen de regels.",
        "Reading this file took too long. Save it anew as .xlsx, with the lines only.",
    ),
    "too-much-memory": (
        "Het lezen van dit bestand vroeg te veel geheugen. Bewaar het opnieuw als .xlsx, met alleen de regels.",
        "Reading this file needed too much memory. Save it anew as .xlsx, with the lines only.",
    ),
    "reading-failed": (
        "Dit bestand kan niet worden gelezen. Bewaar het opnieuw als .xlsx en lever het opnieuw aan.",
        "This file cannot be read. Save it anew as .xlsx and deliver it again.",
    ),
    "damaged-file": (
        "Dit bestand is beschadigd. Bewaar het opnieuw en lever het opnieuw aan.",
        "This file is damaged. Save it anew and deliver it again.",
    ),
    "unsafe-file": (
        "Dit bestand is opgebouwd zoals een werkmap nooit is ({found}). Bewaar het opnieuw als .xlsx.",
        "This file is made in a way that a workbook never is ({found}). Save it anew as .xlsx.",
    ),
    "too-large-unpacked": (
        "Deze werkmap is uitgepakt te groot (ten hoogste {expected}). Lever een werkmap met alleen de regels.",
        "This workbook is too large when unpacked (at most {expected}). Deliver a workbook with the lines only.",
    ),
    "too-many-rows": (
        "De tabel heeft te veel rijen (ten hoogste {expected}). Lever de regels van één maand.",
        "The table has too many rows (at most {expected}). Deliver the lines of one month.",
    ),
    "too-many-merged-cells": (
        "Dit blad heeft te veel samengevoegde cellen (ten hoogste {expected}). Maak de samenvoeging in de tabel ongedaan.",
        "This sheet has too many merged cells (at most {expected}). Unmerge the cells of the table.",
    ),
    "cells-out-of-order": (
        "Een cel staat dubbel of op de verkeerde plaats in het bestand. Open het in Excel en bewaar het opnieuw als .xlsx.",
        "A cell stands twice or out of order in the file. Open it in Excel and save it anew as .xlsx.",
    ),
    "password-protected": (
        "Dit bestand is met een wachtwoord beveiligd. Bewaar het zonder wachtwoord.",
        "This file is protected with a password. Save it without one.",
    ),
    "old-format": (
        "Dit bestand heeft het oude formaat van Excel (.xls). Open het in Excel en bewaar het als {expected} (Excel-werkmap).",
        "This file has the old format of Excel (.xls). Open it in Excel and save it as {expected} (Excel Workbook).",
    ),
    "binary-format": (
        "Dit bestand is een binaire werkmap (.xlsb). Open het in Excel en bewaar het als {expected} (Excel-werkmap).",
        "This file is a binary workbook (.xlsb). Open it in Excel and save it as {expected} (Excel Workbook).",
    ),
    "not-a-workbook": (
        "Dit bestand is geen werkmap van Excel. Bewaar het als {expected} (Excel-werkmap).",
        "This file is not a workbook of Excel. Save it as {expected} (Excel Workbook).",
    ),
    "wrong-extension": (
        "Dit bestand is een werkmap, maar heet {found}. Geef het een naam die eindigt op {expected}.",
        "This file is a workbook, but is called {found}. Give it a name that ends in {expected}.",
    ),
    "nul-bytes": (
        "Dit bestand bevat tekens die in geen tekst voorkomen. Bewaar het opnieuw als CSV (UTF-8).",
        "This file holds characters that no text has. Save it anew as CSV (UTF-8).",
    ),
    "unknown-encoding": (
        "De letters van dit bestand zijn niet met zekerheid te lezen. Bewaar het als CSV ({expected}).",
        "The letters of this file cannot be told for certain. Save it as CSV ({expected}).",
    ),
    "csv-quotes": (
        "De aanhalingstekens in dit bestand sluiten niet. Bewaar het opnieuw als CSV, of lever het aan als .xlsx.",
        "The quotes in this file do not close. Save it anew as CSV, or deliver it as .xlsx.",
    ),
    "unknown-separator": (
        "De cellen van dit bestand zijn gescheiden door {found}; zo wordt het niet gelezen. Sla het op als CSV met een puntkomma (;) tussen de cellen, of als .xlsx. Een komma, een tab en een streep (|) worden ook gelezen.",
        "The cells of this file are separated by {found}, which is not read. Save it as CSV with a semicolon (;) between the cells, or as .xlsx. A comma, a tab and a bar (|) are read too.",
    ),
    "no-table": (
        "In dit bestand is geen rij met herkenbare kolomkoppen gevonden, zoals Cliëntnummer, Begindatum en Volume.",
        "No row of headings that can be recognised was found in this file, such as Cliëntnummer, Begindatum and Volume.",
    ),
    "two-columns-one-field": (
        "Twee kolommen betekenen hetzelfde: {found}. Geef één ervan een andere naam.",
        "Two columns mean the same: {found}. Give one of them another name.",
    ),
    "two-tables": (
        "In rij {found} begint een tweede tabel, of een tweede rij met kolomkoppen. Zet alle regels in één tabel onder één rij met kolomkoppen, of elke tabel in een eigen bestand.",
        "A second table, or a second row of headings, begins in row {found}. Put all lines in one table under one row of headings, or each table in a file of its own.",
    ),
    "service-number-column": (
        "Kolom '{found}' bevat burgerservicenummers. Lever nooit een bsn aan; gebruik uw eigen cliëntnummers.",
        "Column '{found}' holds citizen service numbers. Never deliver one; use your own client numbers.",
    ),
    "control-total-differs": (
        "Het totaal in deze cel is {found}; de regels erboven komen samen op {expected}.",
        "The total in this cell is {found}; the lines above it add up to {expected}.",
    ),
    "second-table": (
        "Ook op blad '{found}' staan regels; alleen het eerste blad met een tabel wordt gelezen. Zet alle regels op één blad.",
        "Sheet '{found}' holds lines as well; only the first sheet with a table is read. Put all lines on one sheet.",
    ),
    "no-contract": (
        "Dit bestand hoort bij geen contract. Zet het contractnummer in de kop of vooraan in de bestandsnaam.",
        "This file belongs to no contract. Put the contract number in the head, or at the start of the file name.",
    ),
    "other-month": (
        "Dit bestand zegt de levering van {found} te zijn, maar is aangeleverd voor {expected}. Lever het aan voor {found}, of verbeter de leveringsmaand boven de tabel of in de naam.",
        "This file says that it is the delivery of {found}, but it was delivered for {expected}. Deliver it for {found}, or correct the month above the table or in its name.",
    ),
    "unknown-contract": (
        "Contract '{found}' is niet bekend. Schrijf het nummer zoals het in het contract staat.",
        "Contract '{found}' is not known. Write the number as it stands in the contract.",
    ),
    "contract-missing": (
        "Bij deze regel staat geen contractnummer.",
        "This line has no contract number.",
    ),
    "other-contract": (
        "Deze regel noemt contract '{found}', maar het bestand is van een ander contract.",
        "This line names contract '{found}', but the file is of another contract.",
    ),
    # ---- the row and the cell
    "row-too-short": (
        "Deze rij heeft {found} velden; de kopregel heeft er {expected}.",
        "This row has {found} fields; the headings have {expected}.",
    ),
    "row-too-long": (
        "Deze rij heeft {found} velden; de kopregel heeft er {expected}.",
        "This row has {found} fields; the headings have {expected}.",
    ),
    "error-cell": (
        "In deze cel staat een fout ({found}). Herstel de formule of typ de waarde.",
        "This cell holds an error ({found}). Mend the formula or type the value.",
    ),
    "formula-without-result": (
        "De uitkomst van deze formule is niet bewaard, of niet zeker: het bestand vraagt zelf om opnieuw te rekenen. Open het in Excel, bewaar het en lever het opnieuw aan, of typ de waarde.",
        "The result of this formula was not stored, or is not certain: the file itself asks to calculate again. Open it in Excel, save it and deliver it again, or type the value.",
    ),
    "merged-cell": (
        "Deze cel is samengevoegd over meer rijen. Vul elke rij apart in.",
        "This cell is merged over several rows. Fill in each row by itself.",
    ),
    "not-text": (
        "Hier hoort tekst te staan, geen datum of ja/nee: {found}.",
        "Text belongs here, not a date or yes/no: {found}.",
    ),
    "not-an-identifier": (
        "'{found}' is geen nummer of kenmerk. Zet de kolom op tekst.",
        "'{found}' is not an identifier. Make the column text.",
    ),
    "leading-zeros-lost": (
        "Uit '{found}' zijn nullen aan het begin verdwenen. Zet de kolom op tekst en typ het kenmerk opnieuw.",
        "Zeros at the start of '{found}' were lost. Make the column text and type it again.",
    ),
    "text-too-long": (
        "Deze tekst is te lang (ten hoogste {expected} tekens).",
        "This text is too long (at most {expected} characters).",
    ),
    "invisible-characters": (
        "In '{found}' staan onzichtbare tekens. Typ het opnieuw.",
        "'{found}' holds invisible characters. Type it again.",
    ),
    "look-alike-characters": (
        "In '{found}' staan tekens die op gewone letters lijken maar het niet zijn. Typ het opnieuw.",
        "'{found}' holds characters that look like plain letters but are not. Type it again.",
    ),
    "not-a-date": (
        "'{found}' is geen datum. Schrijf bijvoorbeeld {expected}.",
        "'{found}' is not a date. Write it as {expected}.",
    ),
    "date-as-number": (
        "'{found}' is een getal en geen datum. Schrijf bijvoorbeeld {expected}.",
        "'{found}' is a number, not a date. Write it as {expected}.",
    ),
    "date-with-time": (
        "'{found}' is een datum met een tijd. Schrijf alleen de dag, bijvoorbeeld {expected}.",
        "'{found}' is a date with a time. Write the day alone, such as {expected}.",
    ),
    "date-out-of-range": (
        "'{found}' ligt te ver weg. Verwacht wordt een jaar van {expected}.",
        "'{found}' lies too far off. Expected is a year of {expected}.",
    ),
    "two-digit-year": (
        "'{found}' heeft een jaar van twee cijfers. Schrijf het jaar voluit, bijvoorbeeld {expected}.",
        "'{found}' has a year of two digits. Write the whole year, such as {expected}.",
    ),
    "ambiguous-date": (
        "'{found}' kan op twee manieren worden gelezen. Schrijf de hele kolom als {expected}.",
        "'{found}' can be read two ways. Write the whole column as {expected}.",
    ),
    "not-a-number": (
        "'{found}' is geen getal. Schrijf bijvoorbeeld {expected}.",
        "'{found}' is not a number. Write it as {expected}.",
    ),
    "ambiguous-number": (
        "'{found}' kan op twee manieren worden gelezen. Schrijf {thousands} of {decimals}, wat u bedoelt.",
        "'{found}' can be read two ways. Write {thousands} or {decimals}, whichever you mean.",
    ),
    "negative-number": (
        "'{found}' is negatief. Gebruik een creditregel om een eerdere regel ongedaan te maken.",
        "'{found}' is negative. Use a credit line to undo an earlier line.",
    ),
    "number-too-large": (
        "'{found}' is te groot (ten hoogste {expected}).",
        "'{found}' is too large (at most {expected}).",
    ),
    "number-too-small": (
        "'{found}' is te klein. Verwacht wordt bijvoorbeeld {expected}.",
        "'{found}' is too small. Expected is, for instance, {expected}.",
    ),
    "too-many-decimals": (
        "'{found}' heeft te veel decimalen. Schrijf bijvoorbeeld {expected}.",
        "'{found}' has too many decimals. Write it as {expected}.",
    ),
    "not-a-share": (
        "'{found}' is geen ja, nee of percentage. Verwacht: {expected}.",
        "'{found}' is not yes, no or a share. Expected: {expected}.",
    ),
    "not-yes-or-no": (
        "'{found}' is geen ja of nee. Verwacht: {expected}.",
        "'{found}' is not yes or no. Expected: {expected}.",
    ),
    "unknown-unit": (
        "Eenheid '{found}' is niet bekend. Verwacht: {expected}.",
        "Unit '{found}' is not known. Expected: {expected}.",
    ),
    "unknown-direction": (
        "'{found}' is geen debet of credit. Verwacht: {expected}.",
        "'{found}' is not debit or credit. Expected: {expected}.",
    ),
    "unknown-result": (
        "Resultaat '{found}' is niet bekend. Verwacht: {expected}.",
        "Result '{found}' is not known. Expected: {expected}.",
    ),
    "unknown-end-reason": (
        "Reden '{found}' is niet bekend. Verwacht een code: {expected}.",
        "Reason '{found}' is not known. Expected a code: {expected}.",
    ),
    # ---- the line against the contract
    "missing-service": (
        "Er staat geen zorgvorm en geen productcode die een zorgvorm aanwijst.",
        "There is no service, and no product code that finds one.",
    ),
    "unknown-service": (
        "Zorgvorm '{found}' staat niet in het contract. Bedoelde u: {expected}?",
        "Service '{found}' is not in the contract. Did you mean: {expected}?",
    ),
    "unknown-code": (
        "Productcode '{found}' staat niet in het contract. Bedoelde u: {expected}?",
        "Product code '{found}' is not in the contract. Did you mean: {expected}?",
    ),
    "service-and-code-differ": (
        "Productcode '{found}' hoort niet bij de zorgvorm, het profiel of de intensiteit van deze regel.",
        "Product code '{found}' does not belong to the service, profile or intensity of this line.",
    ),
    "missing-profile": (
        "Er staat geen profiel; het tarief hangt ervan af.",
        "There is no profile; the tariff depends on it.",
    ),
    "unknown-profile": (
        "Profiel '{found}' staat niet in het contract. Bedoelde u: {expected}?",
        "Profile '{found}' is not in the contract. Did you mean: {expected}?",
    ),
    "missing-intensity": (
        "Er staat geen intensiteit; het tarief hangt ervan af.",
        "There is no intensity; the tariff depends on it.",
    ),
    "unknown-intensity": (
        "Intensiteit '{found}' staat niet in het contract. Bedoelde u: {expected}?",
        "Intensity '{found}' is not in the contract. Did you mean: {expected}?",
    ),
    "no-such-level": (
        "Intensiteit '{found}' bestaat niet bij dit profiel.",
        "Intensity '{found}' does not exist for this profile.",
    ),
    "missing-client": (
        "Er staat geen cliëntnummer.",
        "There is no client number.",
    ),
    "missing-start": (
        "Er staat geen begindatum.",
        "There is no start.",
    ),
    "missing-end": (
        "Er staat geen einddatum.",
        "There is no end.",
    ),
    "result-without-end": (
        "Er staat een resultaat, maar geen einddatum.",
        "There is a result, but no end.",
    ),
    "end-before-start": (
        "De einddatum {found} ligt voor de begindatum {expected}.",
        "The end {found} lies before the start {expected}.",
    ),
    "spans-months": (
        "Deze regel loopt door tot {found}. Maak een regel per maand; deze tot en met {expected}.",
        "This line runs until {found}. Make one line a month; this one up to {expected}.",
    ),
    "outside-contract": (
        "De begindatum {found} ligt buiten de looptijd van het contract ({expected}).",
        "The start {found} lies outside the contract ({expected}).",
    ),
    "after-contract": (
        "De einddatum {found} ligt na het einde van het contract op {expected}.",
        "The end {found} lies after the end of the contract on {expected}.",
    ),
    "in-the-future": (
        "{found} ligt na de maand van aanlevering; uiterlijk {expected}.",
        "{found} lies after the month of delivery; at the latest {expected}.",
    ),
    "too-late": (
        "Zorg van {found} is te laat aangeleverd; uiterlijk met de aanlevering van {expected}.",
        "Care of {found} was delivered too late; at the latest with the delivery of {expected}.",
    ),
    "year-closed": (
        "Het jaar van {found} is afgesloten; correcties zijn niet meer mogelijk.",
        "The year of {found} is closed; it can no longer be corrected.",
    ),
    "missing-quantity": (
        "Er staat geen volume.",
        "There is no quantity.",
    ),
    "quantity-not-positive": (
        "Het volume {found} moet meer dan nul zijn.",
        "The quantity {found} must be more than nought.",
    ),
    "more-than-days": (
        "Het volume {found} is meer dan het aantal dagen van de regel ({expected}).",
        "The quantity {found} is more than the days of the line ({expected}).",
    ),
    "not-one-month": (
        "Het volume {found} moet {expected} maand zijn.",
        "The quantity {found} must be {expected} month.",
    ),
    "wrong-unit": (
        "De eenheid ({found}) past niet bij dit tarief. Verwacht: {expected}.",
        "The unit ({found}) does not fit this tariff. Expected: {expected}.",
    ),
    "missing-allocation-start": (
        "Er staat geen begindatum van de toewijzing.",
        "There is no start of the allocation.",
    ),
    "missing-allocation-end": (
        "Er staat geen einddatum van de toewijzing.",
        "There is no end of the allocation.",
    ),
    "allocation-ends-before-start": (
        "De toewijzing eindigt op {found}, voor haar begin op {expected}.",
        "The allocation ends on {found}, before its start on {expected}.",
    ),
    "before-allocation": (
        "De begindatum {found} ligt voor het begin van de toewijzing op {expected}.",
        "The start {found} lies before the start of the allocation on {expected}.",
    ),
    "after-allocation": (
        "De einddatum {found} ligt na het einde van de toewijzing op {expected}.",
        "The end {found} lies after the end of the allocation on {expected}.",
    ),
    "no-price": (
        "Voor {found} staat in het contract geen tarief.",
        "The contract has no tariff for {found}.",
    ),
    "amount-differs": (
        "Het bedrag {found} is niet volume maal tarief; dat is {expected}.",
        "The amount {found} is not quantity times tariff, which is {expected}.",
    ),
    "tariff-differs": (
        "Het bedrag {found} volgt niet uit het tarief van het contract; dat geeft {expected}.",
        "The amount {found} does not follow from the contract's tariff, which gives {expected}.",
    ),
    "other-weeks": (
        "Het volume {found} is niet het aantal weken van deze periode ({expected}).",
        "The quantity {found} is not the number of weeks of this period ({expected}).",
    ),
    "second-arrangement": (
        "Deze cliënt heeft in deze dagen al een arrangement; er kan er één tegelijk zijn.",
        "This client has an arrangement in these days already; there can be one at a time.",
    ),
    # ---- the line against other lines
    "missing-previous-reference": (
        "Een creditregel moet het referentienummer noemen van de regel die zij ongedaan maakt.",
        "A credit line must name the reference of the line that it undoes.",
    ),
    "credit-of-itself": (
        "Deze creditregel noemt haar eigen referentienummer ({found}).",
        "This credit line names its own reference ({found}).",
    ),
    "credit-without-debit": (
        "Er is geen geaccepteerde regel met referentienummer '{found}' om te crediteren. Noem het referentienummer van een regel die eerder is geaccepteerd, of haal deze creditregel weg: een regel die is afgekeurd of nooit geleverd hoeft niet te worden gecrediteerd.",
        "There is no accepted line with reference '{found}' to credit. Name the reference of a line that was accepted before, or take this credit line out: a line that was refused or never delivered need not be credited.",
    ),
    "credit-differs": (
        "De regel met referentienummer '{found}' is van een andere cliënt of zorgvorm.",
        "The line with reference '{found}' is of another client or service.",
    ),
    "credit-altered": (
        "Deze creditregel is niet gelijk aan de regel met referentienummer '{found}' die zij ongedaan maakt.",
        "This credit line is not equal to the line with reference '{found}' that it undoes.",
    ),
    "client-not-judged": (
        "Niet beoordeeld: een creditregel van deze cliënt noemt een regel van een andere cliënt.",
        "Not judged: a credit line of this client names a line of another client.",
    ),
    "already-credited": (
        "De regel met referentienummer '{found}' is al gecrediteerd.",
        "The line with reference '{found}' was credited already.",
    ),
    "reference-used": (
        "Referentienummer '{found}' is al gebruikt.",
        "Reference '{found}' was used already.",
    ),
    "already-claimed": (
        "Deze zorg is al eerder aangeleverd en niet gecrediteerd.",
        "This care was delivered before and not credited.",
    ),
    # ---- JW323 messages
    **MESSAGES,
}
"""What is wrong with a line or a file, and what would be accepted (``Refusal.code``)."""

FIGURES_JUDGED = {
    "end-before-start", "spans-months", "outside-contract", "after-contract", "in-the-future",
    "too-late", "year-closed", "quantity-not-positive", "more-than-days", "not-one-month", "other-weeks",
    "allocation-ends-before-start", "before-allocation", "after-allocation", "no-price", "amount-differs", "tariff-differs",
    "volume-times-tariff", "message-total-differs", "euros-differ",
}  # fmt: skip
"""Refusals of figures that were read and then judged: they are told as a language writes them, not as they were delivered."""

CLOSED_LISTS = {"unknown-unit", "unknown-direction", "unknown-result", "unknown-end-reason", "not-a-share", "not-yes-or-no"}
"""Refusals that tell all that would be accepted."""
