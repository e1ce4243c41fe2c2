"""What the returned file says to a provider, in Dutch and in English."""

from __future__ import annotations

from settlement.wording.catalogue import Pair

RETURNED: dict[str, Pair] = {
    "sheet returned": ("Teruggave afkeuringen", "Returned refusals"),
    "sheet delivery": ("Levering", "Delivery"),
    "returned title": ("Afgekeurde regels {month}", "Refused lines {month}"),
    "returned count": ("{refused} van {delivered:aangeleverde regel|aangeleverde regels} afgekeurd; wat is afgekeurd telt nergens mee. Al het andere is verwerkt.",
                       "{refused} of {delivered:delivered line|delivered lines} refused; what was refused counts nowhere. All else was processed."),
    "returned remarks": ("Alles wat is aangeleverd is verwerkt ({delivered:regel|regels}). Hieronder staat wat u moet nagaan.",
                         "All that was delivered was processed ({delivered:line|lines}). Below stands what you should look into."),
    "returned whole": ("Het bestand {file} kon niet worden verwerkt: geen van de regels telt mee. Verbeter wat hieronder staat en lever het bestand opnieuw aan.",
                       "The file {file} could not be processed: none of its lines counts. Correct what stands below and deliver the file again."),
    "returned others": ("Het bestand {file} noemt contracten van meer dan één aanbieder en wordt daarom niet teruggestuurd. Verbeter de regels hieronder in uw eigen bestand.",
                        "The file {file} names contracts of more than one provider and is therefore not sent back. Correct the lines below in your own file."),
    "returned made": ("Uw eigen werkmap is anders opgebouwd dan Excel haar bewaart en kon daarom niet worden gemerkt. Op blad {sheet} staan de cellen ervan als waarden. Gebruik dat blad, of verbeter uw eigen bestand; open het in Excel en bewaar het als .xlsx, dan komt het de volgende keer zelf terug.",
                      "Your own workbook is made in another way than Excel saves one, so it could not be marked. Sheet {sheet} holds its cells as values. Use that sheet, or correct your own file; open it in Excel and save it as .xlsx, and next time it comes back itself."),
    "returned ods": ("Uw bestand is een .ods. Kleuren en opmerkingen kunnen daar niet in worden gezet zonder het hele bestand te herschrijven; daarom staan op blad {sheet} de cellen ervan als waarden, zonder opmaak en formules. Gebruik dat blad, of verbeter uw eigen bestand. Bewaart u het voortaan als .xlsx (Excel-werkmap), dan komt uw eigen bestand terug.",
                     "Your file is an .ods. Colours and comments cannot be put into one without writing the whole file anew; so sheet {sheet} holds its cells as values, without layout and formulas. Use that sheet, or correct your own file. When you save it as .xlsx (Excel Workbook) from now on, your own file comes back."),
    "returned csv": ("Van uw CSV is een werkmap gemaakt: op blad {sheet} staat elke regel op zijn eigen rij, als tekst.",
                     "A workbook was made of your CSV: on sheet {sheet} each line stands on its own row, as text."),
    "returned steps": ("De cellen met een fout zijn gekleurd en hebben een opmerking. Verbeter ze daar en lever dit bestand opnieuw aan; laat staan wat goed is. Het hele bestand vervangt het vorige. De kleuren, de opmerkingen en dit blad mogen blijven staan.",
                       "The cells with a fault are coloured and have a comment. Correct them there and deliver this file again; leave what is right. The whole file replaces the one before. The colours, the comments and this sheet may stay."),
    "returned name": ("Houd bij het opnieuw aanleveren de naam van dit bestand: {file}", "Keep the name of this file when you deliver it again: {file}"),
    "returned other name": ("Lever het opnieuw aan onder de naam: {file}", "Deliver it again under the name: {file}"),
    "returned contact": ("Vragen? {contact}", "Questions? {contact}"),
    "returned comment": ("Afgekeurd: {sentence}", "Refused: {sentence}"),
    "returned comment national": ("Afgekeurd ({code}): {sentence}", "Refused ({code}): {sentence}"),
    "returned no line": ("Is dit geen regel van uw levering? Haal deze rij dan weg, of zet haar boven de tabel.",
                         "Is this no line of your delivery? Then take this row out, or put it above the table."),
    "returned hidden rows count": ("Verborgen rijen tellen mee.", "Hidden rows count too."),
    "returned no column": ("geen kolom {column}", "no column {column}"),
    "returned in column": ("kolom {letters}: {column}", "column {letters}: {column}"),
    "returned in hidden row": ("{column} (verborgen rij)", "{column} (hidden row)"),
    "returned nothing": ("(leeg)", "(empty)"),
}  # fmt: skip
"""By key, in the order of the sheet."""
