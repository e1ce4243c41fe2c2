"""What a heading that is not known may well mean: proposed to a person, never used to read. Standard library only."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from settlement.deliveries.headings import STANDARD, Row, plain, shown

_WIDER = {
    "contract": "contractnr contract overeenkomst",
    "client": "clientnr clientcode clientid dossier dossiernr dossiernummer jeugdige jeugdigenummer kind kindnummer kindcode "
    "patientnummer zorgvrager deelnemer deelnemernummer registratienummer pseudoid pseudo pseudonummer",
    "service": "zorgsoort hulpvorm productomschrijving ondersteuning voorziening voorzieningsoort",
    "code": "productnummer zorgcode zorgproduct declaratiecode artikelcode productid",
    "allocation": "toewijzingsnummer beschikking beschikkingnummer beschikkingsnummer toekenning indicatienummer",
    "start": "van vanaf start startdatum ingangsdatum datumvan begin datumbegin eerstedag datum zorgdatum behandeldatum startmoment beginmoment",
    "end": "tot tm totenmet eind einde stopdatum datumtot datumeind laatstedag eindmoment stopmoment",
    "quantity": "hoeveelheid aantaleenheden aantaluren aantalminuten aantaldagdelen aantaletmalen omvang uren minuten dagdelen etmalen "
    "geleverd productie volumegeleverd",
    "unit": "eenh soorteenheid eenheidsoort tijdseenheid",
    "claimed": "declaratie declaratiebedrag totaalbedrag factuurbedrag ingediend kosten bedragincl",
    "direction": "debitcredit dc soortregel boekingsoort",
    "reference": "referentie ref refnr refnummer regelnummer regelid factuurregel kenmerk declaratieregel",
    "previous_reference": "vorigereferentie oudereferentie creditvan verwijzing",
}
_LIKELY: Mapping[str, str] = {
    **{plain(word): field for field, words in _WIDER.items() for word in words.split()},
    **STANDARD,
}
LISTED = " · "
"""Between the headings of a row that looks like one."""
_ALIKE = 0.84
_LEAST = 2
"""So many headings make a row look like one of headings."""
_SHOWN_AT_MOST = 12
_LONG = 60
_ROWS_AT_MOST, _COLUMNS_AT_MOST = 30, 60
"""Where a row of headings is looked for: a hostile sheet has thousands of columns."""


def likely_field(heading: str) -> str | None:
    """The field that a heading probably stands for; ``None`` when nothing comes near."""
    name = plain(heading) if len(heading) <= _LONG else ""
    if name in _LIKELY:
        return _LIKELY[name]
    # A word with a number in it is rather the number of somebody than a heading that was misspelt.
    if len(name) <= 3 or any(each.isdigit() for each in name):
        return None
    near = difflib.get_close_matches(name, _LIKELY, n=1, cutoff=_ALIKE)
    return _LIKELY[near[0]] if near else None


def likely_headings(rows: Sequence[Row]) -> tuple[str, ...]:
    """The headings of the row that looks most like one, of a table in which too few are known; empty when none does.

    Only what comes near a heading is given: no cell of a line leaves the reading child this way.
    """
    best: tuple[str, ...] = ()
    for _, cells in rows[:_ROWS_AT_MOST]:
        found: dict[str, str] = {}
        for _, text in sorted(cells.items())[:_COLUMNS_AT_MOST]:
            field = likely_field(text)
            if field is not None:
                found.setdefault(field, shown(text))
        if len(found) > len(best):
            best = tuple(found.values())
    return best[:_SHOWN_AT_MOST] if len(best) >= _LEAST else ()
