"""What is wrong with a JW323 message or a line of one, in Dutch and in English: the part of the catalogue for messages."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    # ---- the message could not be read: it is not answered
    "no-client-key": (
        "Dit bericht kon nog niet worden verwerkt. U hoeft niets te doen.",
        "This message could not be processed yet. You need do nothing.",
    ),
    "message-encoding": (
        "De letters van dit bericht zijn niet met zekerheid te lezen. Verstuur het als {expected}.",
        "The letters of this message cannot be told for certain. Send it as {expected}.",
    ),
    "message-damaged": (
        "Dit bericht is beschadigd. Verstuur het opnieuw.",
        "This message is damaged. Send it again.",
    ),
    "message-unsafe": (
        "Dit bericht is opgebouwd zoals een JW323 nooit is ({found}).",
        "This message is made in a way that a JW323 never is ({found}).",
    ),
    "not-a-claim": (
        "Dit bestand is geen {expected}.",
        "This file is no {expected}.",
    ),
    "message-structure": (
        "Dit bericht heeft niet de opbouw van een JW323: {found}. Verwacht: {expected}",
        "This message does not have the structure of a JW323: {found}. Expected: {expected}",
    ),
    "message-without-contract": (
        "Er is geen contract waarop van AGB-code {found} aan gemeente {expected} met berichten wordt gedeclareerd.",
        "There is no contract under which AGB code {found} claims with messages from municipality {expected}.",
    ),
    "message-of-two-contracts": (
        "Dit bericht kon nog niet worden verwerkt. U hoeft niets te doen.",
        "This message could not be processed yet. You need do nothing.",
    ),
    "message-of-unread-contract": (
        "Dit bericht kon nog niet worden verwerkt. U hoeft niets te doen.",
        "This message could not be processed yet. You need do nothing.",
    ),
    # ---- the message is rejected as a whole (0001)
    "message-rejected": (
        "Het bericht is als geheel afgekeurd om een andere regel.",
        "The message is rejected as a whole because of another line.",
    ),
    "claim-period-not-a-month": (
        "De declaratieperiode {found} is geen hele kalendermaand ({expected}).",
        "The claim period {found} is not a whole calendar month ({expected}).",
    ),
    "after-message-date": (
        "{found} ligt na de dagtekening van het bericht ({expected}).",
        "{found} lies after the date of the message ({expected}).",
    ),
    "message-total-differs": (
        "Het totaal ingediend bedrag is {found}; de prestaties komen samen op {expected}.",
        "The total submitted is {found}; the lines add up to {expected}.",
    ),
    "nothing-as-credit": (
        "Een bedrag van nul hoort debet te zijn.",
        "An amount of nought must be a debit.",
    ),
    "service-number-invalid": (
        "Het bsn van deze cliënt voldoet niet aan de elfproef.",
        "The citizen service number of this client fails its test.",
    ),
    "client-twice-in-message": (
        "Deze cliënt staat meer dan eens in het bericht.",
        "This client stands in the message more than once.",
    ),
    "period-not-in-a-month": (
        "De productperiode {found} ligt niet binnen één kalendermaand.",
        "The product period {found} does not lie within one calendar month.",
    ),
    "older-than-five-years": (
        "De productperiode eindigt op {found}, meer dan vijf jaar voor de dagtekening van de declaratie ({expected}).",
        "The product period ends on {found}, more than five years before the date of the claim ({expected}).",
    ),
    "reference-and-direction-differ": (
        "Een creditregel noemt het vorige referentienummer, een debetregel niet.",
        "A credit line names the previous reference, and a debit line does not.",
    ),
    "tariff-and-unit-differ": (
        "Het producttarief hoort gevuld te zijn, behalve bij eenheid 83; hier is de eenheid {found}.",
        "The tariff must be filled in, except with unit 83; here the unit is {found}.",
    ),
    "euros-differ": (
        "Bij eenheid 83 is het bedrag {found} gelijk aan het volume, dat is {expected}.",
        "With unit 83 the amount {found} equals the volume, which is {expected}.",
    ),
    "line-twice-in-message": (
        "De prestatie met referentienummer '{found}' staat twee keer in het bericht.",
        "The line with reference '{found}' stands in the message twice.",
    ),
    "credit-of-same-message": (
        "De regel met referentienummer '{found}' staat in hetzelfde bericht en kan daarin niet worden gecrediteerd.",
        "The line with reference '{found}' stands in the same message, in which it cannot be credited.",
    ),
    "credited-twice-in-message": (
        "De regel met referentienummer '{found}' wordt in dit bericht twee keer gecrediteerd.",
        "The line with reference '{found}' is credited twice in this message.",
    ),
    "claimed-twice-in-message": (
        "Deze prestatie staat twee keer in het bericht: zelfde toewijzing, product en periode ('{found}').",
        "This line stands in the message twice: the same allocation, product and period ('{found}').",
    ),
    # ---- the message against earlier ones
    "message-number-used": (
        "De identificatie '{found}' van dit bericht is al gebruikt.",
        "The identification '{found}' of this message was used already.",
    ),
    "claim-number-used": (
        "Declaratienummer '{found}' is al gebruikt.",
        "Claim number '{found}' was used already.",
    ),
    "claim-period-too-early": (
        "De declaratieperiode {found} ligt voor die van een eerdere declaratie ({expected}). Declareer oude zorg in de laatste periode.",
        "The claim period {found} lies before that of an earlier claim ({expected}). Claim old care in the latest period.",
    ),
    # ---- a line by itself
    "after-claim-period": (
        "De productperiode eindigt op {found}, na de declaratieperiode ({expected}).",
        "The product period ends on {found}, after the claim period ({expected}).",
    ),
    "volume-too-large": (
        "Het volume {found} is te groot (ten hoogste {expected}).",
        "The quantity {found} is too large (at most {expected}).",
    ),
    "volume-times-tariff": (
        "Het bedrag {found} is niet volume maal het tarief in het bericht; dat is {expected}. Reken met het tarief van het contract, niet afgerond.",
        "The amount {found} is not quantity times the tariff in the message, which is {expected}. Use the tariff of the contract, not rounded.",
    ),
}
"""By code of the refusal."""
