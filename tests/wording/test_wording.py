"""The catalogue of wording: figures, words, refusals and formulas in Dutch and English."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

import settlement
from settlement.domain.conditions import AnyOf, Comparison, Figure, OfMeasure
from settlement.domain.contract import CONTRACT_TERMS, SERVICE_TERMS
from settlement.domain.fields import FIELDS
from settlement.domain.periods import Month
from settlement.domain.problems import Place
from settlement.domain.records import Refusal, Working
from settlement.domain.signals import STANDING_SIGNALS
from settlement.wording import catalogue, wording
from settlement.wording.formulas import FORMULAS, NUMBERS
from settlement.wording.outside import CELL_LIMIT, for_cell, for_csv
from settlement.wording.papers import PAPERS

NL, EN = wording("nl"), wording("en")
PACKAGE = Path(settlement.__path__[0])
PLACEHOLDER = re.compile(r"\{(\w+)")


# ---- figures


def test_amounts_are_written_as_the_dutch_write_them():
    assert NL.euro(123_450) == "€ 1.234,50"
    assert NL.euro(-123_450) == "€ -1.234,50"
    assert NL.euro(5) == "€ 0,05"
    assert NL.euro(240_000_000_00) == "€ 240.000.000,00"
    assert EN.euro(-123_450) == "€ -1,234.50"


def test_half_a_cent_is_rounded_away_from_zero():
    assert NL.euro(Fraction(1, 2)) == "€ 0,01"
    assert NL.euro(Fraction(-1, 2)) == "€ -0,01"
    assert NL.whole_euro(49) == "€ 0"
    assert NL.whole_euro(50) == "€ 1"
    # 1.234,50 is half way between 1.234 and 1.235.
    assert NL.whole_euro(123_450) == "€ 1.235"


def test_an_amount_beyond_what_a_float_holds_is_written_to_the_cent():
    assert NL.euro(9_007_199_254_740_993) == "€ 90.071.992.547.409,93"


def test_shares_are_written_exactly_or_to_one_decimal():
    assert NL.share(Fraction(1, 2)) == "50 %"
    assert NL.share(Fraction(25, 1000)) == "2,5 %"
    assert NL.share(Fraction(9_143, 10_000)) == "91,43 %"
    assert NL.share(Fraction(914, 1000)) == "91,4 %"
    # 2/3 is 66,666… percent.
    assert NL.share(Fraction(2, 3)) == "66,7 %"
    assert NL.share(Fraction(-2, 100)) == "-2 %"
    assert EN.share(Fraction(25, 1000)) == "2.5 %"


def test_days_and_months_have_one_reading():
    assert NL.day(dt.date(2018, 3, 31)) == "31-03-2018"
    assert EN.day(dt.date(2018, 3, 4)) == "4 March 2018"
    assert NL.month(Month(2018, 3)) == "maart 2018"
    assert EN.month(Month(2018, 3)) == "March 2018"
    assert NL.short_month(Month(2018, 3)) == "mrt"
    assert (NL.duration(60), NL.duration(12), NL.duration(2), EN.duration(60)) == ("5 jaar", "1 jaar", "2 maanden", "5 years")


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (Fraction(123_450), "amount", "€ 1.234,50"),
        (Fraction(310), "count", "310"),
        (Fraction(1_234_567), "count", "1.234.567"),
        (Fraction(155, 2), "count", "77,5"),
        # What decimals cannot hold is a fraction: the arithmetic can be redone. 13 clients a year, 4 months: 13 × 4 ÷ 12.
        (Fraction(1, 3), "count", "1/3"),
        (Fraction(13, 3), "quantity", "4 1/3"),
        (Fraction(-13, 3), "quantity", "-4 1/3"),
        (Fraction(4_000_001, 7), "quantity", "571.428 5/7"),
        (Fraction(1, 8), "count", "0,125"),
        (Fraction(12_345, 1000), "quantity", "12,345"),
        (Fraction(7), "mark", "7,0"),
        (Fraction(746, 100), "mark", "7,46"),
        (Fraction(1), "months", "1 maand"),
        (Fraction(9), "months", "9 maanden"),
        (Fraction(1), "yes or no", "ja"),
        (Fraction(0), "yes or no", "nee"),
        ("band 2", "word", "band 2"),
    ],
)
def test_a_figure_is_written_by_its_unit(value, unit, expected):
    assert NL.figure(value, unit) == expected


def test_a_deviation_carries_its_sign_and_says_percentage_points():
    assert NL.deviation((Fraction(914, 1000), "share"), (Fraction(95, 100), "share")) == "−3,6 pp"
    assert NL.deviation((Fraction(104_122_000), "amount"), (Fraction(100_000_000), "amount")) == "+€ 41.220,00"
    assert NL.deviation((Fraction(7), "count"), (Fraction(12), "count")) == "−5"
    assert NL.deviation((Fraction(80), "count"), (Fraction(209, 2), "quantity")) == "−24,5"
    assert NL.deviation((Fraction(2), "count"), (Fraction(13, 3), "quantity")) == "−2 1/3"
    assert NL.deviation((Fraction(3), "count"), (Fraction(0), "count")) == ""
    assert NL.deviation((Fraction(3), "count"), (Fraction(3, 4), "share")) == ""
    assert NL.deviation((Fraction(3), "count"), None) == ""
    assert NL.deviation(("ja", "word"), ("nee", "word")) == ""


# ---- completeness


def test_every_term_kind_signal_and_field_has_a_name_in_both_languages():
    for kind in {*SERVICE_TERMS, *CONTRACT_TERMS}:
        assert kind.kind in catalogue.TERMS
    assert set(catalogue.SIGNALS) == set(STANDING_SIGNALS)
    assert set(catalogue.FIELDS) == set(FIELDS)
    for group in (catalogue.TERMS, catalogue.SIGNALS, catalogue.FIELDS, catalogue.REFUSALS, catalogue.NOTES, PAPERS):
        for key, pair in group.items():
            assert all(text.strip() for text in pair), key


def test_both_languages_of_a_sentence_take_the_same_values():
    for group in (catalogue.REFUSALS, PAPERS):
        for key, (dutch, english) in group.items():
            assert set(PLACEHOLDER.findall(dutch)) == set(PLACEHOLDER.findall(english)), key
    for key, formula in FORMULAS.items():
        assert set(PLACEHOLDER.findall(formula.nl_filled)) == set(PLACEHOLDER.findall(formula.en_filled)), key
        assert set(PLACEHOLDER.findall(formula.nl_filled)) <= set(NUMBERS), key


def sources(*folders: str) -> str:
    return "\n".join(path.read_text("utf-8") for folder in folders for path in sorted((PACKAGE / folder).rglob("*.py")))


def test_every_code_with_which_a_line_or_file_is_refused_is_a_sentence():
    text = sources("deliveries", "pricing")
    made = r"(?:UnreadableError|Refused|_refused|_Check|_refuse|pl\.lit|_typed_words)\(\s*(?:[^\"()]*,\s*)?\"([a-z]+(?:-[a-z]+)+)\""
    codes = set(re.findall(made, text)) - {"utf-8", "utf-16"}
    assert len(codes) > 40
    assert codes <= set(catalogue.REFUSALS), sorted(codes - set(catalogue.REFUSALS))


def test_every_formula_key_in_the_code_is_in_the_catalogue():
    text = sources("decisions", "pricing")
    keys = set(re.findall(r"Working\(\s*\"([a-z_]+)\"", text)) | set(re.findall(r"\bformula = \"([a-z_]+)\"", text))
    assert {"lines", "signal", "minimum_missing"} <= keys
    assert keys <= set(FORMULAS), sorted(keys - set(FORMULAS))


def test_every_label_that_the_papers_ask_for_is_in_the_catalogue():
    asked = set(re.findall(r"\btext\(\s*\"([^\"{]+)\"", sources("statements", "alerts", "wording")))
    asked |= set(re.findall(r"text\(\"([^\"]+)\"", (PACKAGE / "alerts" / "page.html").read_text("utf-8")))
    assert len(asked) > 120
    assert asked <= set(PAPERS), sorted(asked - set(PAPERS))


# ---- words


def test_a_contracts_own_signal_keeps_its_name():
    assert NL.signal("te weinig jeugdigen", standing=False) == "Te weinig jeugdigen"
    assert NL.signal("ceiling near", standing=True) == "Plafond bijna bereikt"
    assert EN.signal("ceiling near", standing=True) == "Ceiling near"


def test_a_word_that_the_catalogue_lacks_is_shown_as_it_is():
    assert NL.term("barter") == "barter"
    assert NL.reason("moonlight") == "moonlight"
    assert NL.unit("fortnight") == "fortnight"
    assert NL.note("something new: x") == "something new: x"


def test_a_note_keeps_what_it_is_about():
    assert NL.note("copy of 2018-03/a.xlsx") == "kopie van 2018-03/a.xlsx"
    assert NL.note("unknown column: Kleur") == "onbekende kolom: Kleur"
    assert NL.note("totals, not checked") == "totalen overgeslagen, niet vergeleken"


@pytest.mark.parametrize(
    ("code", "found", "expected", "dutch", "english"),
    [
        ("amount-differs", "€ 29593,85", "€ -0,05", "Het bedrag € 29.593,85 is niet volume maal tarief; dat is € -0,05.",
         "The amount € 29,593.85 is not quantity times tariff, which is € -0.05."),
        ("quantity-not-positive", "-7,5", "", "Het volume -7,5 moet meer dan nul zijn.", "The quantity -7.5 must be more than nought."),
        ("control-total-differs", "1234,50", "12", "Het totaal in deze cel is € 1.234,50; de regels erboven komen samen op € 12,00.",
         "The total in this cell is € 1,234.50; the lines above it add up to € 12.00."),
        ("too-late", "01-02-2018", "2018-03",
         "Zorg van 01-02-2018 is te laat aangeleverd; uiterlijk met de aanlevering van maart 2018.",
         "Care of 1 February 2018 was delivered too late; at the latest with the delivery of March 2018."),
        ("outside-contract", "01-02-2017", "01-01-2018 – 31-12-2018",
         "De begindatum 01-02-2017 ligt buiten de looptijd van het contract (01-01-2018 – 31-12-2018).",
         "The start 1 February 2017 lies outside the contract (1 January 2018 – 31 December 2018)."),
        # As delivered: nobody knows what is meant, so it is shown as it stands; and what to type is shown as it is typed.
        ("ambiguous-number", "1.234", "1234,50",
         "'1.234' kan op twee manieren worden gelezen. Schrijf 1234 of 1,2340, wat u bedoelt.",
         "'1.234' can be read two ways. Write 1234 or 1.2340, whichever you mean."),
    ],
)  # fmt: skip
def test_the_figures_of_a_refusal_are_written_as_its_language_writes_them(code, found, expected, dutch, english):
    one = replace(REFUSAL, field="claimed", code=code, found=found, expected=expected)
    assert (NL.refusal(one), EN.refusal(one)) == (dutch, english)
    assert NL.found(one) in dutch
    assert EN.found(one) in english


def test_a_unit_that_was_understood_is_shown_as_what_it_was_read_as():
    # The cell may hold uur, uren or 04: what stands there is not known any more, what it was read as is.
    one = replace(REFUSAL, field="unit", code="wrong-unit", found="hour", expected="minute")
    assert (NL.found(one), EN.found(one)) == ("gelezen als uren", "read as hours")
    assert NL.refusal(one) == "De eenheid (gelezen als uren) past niet bij dit tarief. Verwacht: minuten."
    unknown = replace(one, code="unknown-unit", found="urn", expected="minuten, uren")
    assert (NL.found(unknown), EN.found(unknown)) == ("urn", "urn")


def test_alternatives_of_a_closed_list_are_told_with_or():
    one = replace(REFUSAL, field="direction", code="unknown-direction", found="X", expected="D, C")
    assert NL.refusal(one).endswith("Verwacht: D of C.")
    assert EN.refusal(one).endswith("Expected: D or C.")
    # The name of a service may hold a comma.
    service = replace(REFUSAL, code="unknown-service", expected="hulp, zorg")
    assert NL.refusal(service).endswith("Bedoelde u: hulp, zorg?")


REFUSAL = Refusal("2018-03/a.xlsx", "C-1", "Levering", 17, "F17", "intensity", "unknown-intensity", "", "zwaarr", "zwaar")


def test_a_refusal_says_what_stands_there_and_what_was_expected():
    assert NL.refusal(REFUSAL) == "Intensiteit 'zwaarr' staat niet in het contract. Bedoelde u: zwaar?"
    assert EN.refusal(REFUSAL) == "Intensity 'zwaarr' is not in the contract. Did you mean: zwaar?"


def test_a_refusal_of_an_unknown_code_still_says_what_it_knows():
    unknown = replace(REFUSAL, code="brand-new")
    assert NL.refusal(unknown) == "'zwaarr' is hier niet toegestaan. Verwacht: zwaar"
    assert NL.refusal(replace(unknown, found="")) == "Deze regel kan niet worden verwerkt (brand-new). Verwacht: zwaar"


def refused(code: str, found: str, expected: str = "", field: str = "quantity") -> Refusal:
    return replace(REFUSAL, code=code, found=found, expected=expected, field=field)


def test_a_number_that_can_be_read_two_ways_is_told_with_both_readings():
    assert NL.refusal(refused("ambiguous-number", "1.200", "12,5")) == "'1.200' kan op twee manieren worden gelezen. Schrijf 1200 of 1,2, wat u bedoelt."
    # 1.234 would be read two ways again.
    assert EN.refusal(refused("ambiguous-number", "1,234", "12,5")) == "'1,234' can be read two ways. Write 1234 or 1.2340, whichever you mean."
    assert NL.refusal(refused("ambiguous-number", "€ 2.000")).endswith("Schrijf 2000 of 2, wat u bedoelt.")


def test_the_amounts_of_a_wrong_total_are_written_as_amounts():
    total = refused("control-total-differs", "4462,70", "1254462,05", "claimed")
    assert NL.refusal(total) == "Het totaal in deze cel is € 4.462,70; de regels erboven komen samen op € 1.254.462,05."
    assert EN.refusal(total) == "The total in this cell is € 4,462.70; the lines above it add up to € 1,254,462.05."
    hours = replace(total, field="quantity", found="1234,125", expected="12")
    assert NL.refusal(hours) == "Het totaal in deze cel is 1.234,125; de regels erboven komen samen op 12."


def test_a_number_of_a_workbook_is_told_as_its_cell_shows_it():
    assert NL.refusal(refused("negative-number", "-63.9")).startswith("'-63,9' is negatief.")
    assert EN.refusal(refused("negative-number", "-63.9")).startswith("'-63.9' is negative.")
    # As text it may be a thousand and more: it stays as it was typed.
    assert NL.refusal(refused("negative-number", "-1.234")).startswith("'-1.234' is negatief.")
    assert NL.refusal(replace(REFUSAL, found="1.5")).startswith("Intensiteit '1.5'")


def test_a_line_that_came_too_late_names_the_month_in_words():
    late = refused("too-late", "01-02-2018", "2018-03", "start")
    assert NL.refusal(late) == "Zorg van 01-02-2018 is te laat aangeleverd; uiterlijk met de aanlevering van maart 2018."
    assert EN.refusal(late) == "Care of 1 February 2018 was delivered too late; at the latest with the delivery of March 2018."


def test_a_credit_without_its_debit_says_what_to_do():
    assert NL.refusal(refused("credit-without-debit", "R-9", field="previous_reference")) == (
        "Er is geen geaccepteerde regel met referentienummer 'R-9' om te crediteren. Noem het referentienummer van een regel die eerder is "
        "geaccepteerd, of haal deze creditregel weg: een regel die is afgekeurd of nooit geleverd hoeft niet te worden gecrediteerd."
    )


def test_a_formula_whose_result_cannot_be_trusted_is_not_said_to_have_none():
    assert NL.refusal(refused("formula-without-result", "", "12,5")) == (
        "De uitkomst van deze formule is niet bewaard, of niet zeker: het bestand vraagt zelf om opnieuw te rekenen. "
        "Open het in Excel, bewaar het en lever het opnieuw aan, of typ de waarde."
    )


def test_braces_in_a_delivered_cell_are_shown_as_they_are():
    assert "'{expected} {0}'" in NL.refusal(replace(REFUSAL, found="{expected} {0}"))


def test_a_condition_is_told_in_words():
    place = Place("x.yaml", 1, 1)
    goal = Comparison("goal_attainment", "at least", Figure(Fraction(3, 4)), place, "at least 75 %")
    few = Comparison("clients_in_month", "below", OfMeasure("minimum_to_date", 8_000), place, "")
    assert NL.condition(goal) == "doelrealisatie ten minste 75 %"
    assert NL.condition(few) == "jeugdigen in de maand onder 80 % van minimum tot en met de maand"
    assert EN.condition(AnyOf(((goal,), (few, goal)))) == (
        "goal attainment at least 75 % or clients in the month below 80 % of minimum to date and goal attainment at least 75 %"
    )


# ---- formulas


def told(key: str, **numbers: tuple[object, str]) -> tuple[str, str]:
    return NL.formula(
        Working(key, {name: (value if isinstance(value, str) else Fraction(value), unit) for name, (value, unit) in numbers.items()})
    )


def test_an_instalment_shows_the_year_the_parts_and_what_earlier_months_had():
    figures = {"yearly": (60_000_000, "amount"), "elapsed": (3, "count"), "parts": (12, "count")}
    symbols, filled = told("instalments", **figures, before=(10_000_000, "amount"))
    assert symbols == "jaarbedrag × verstreken termijnen ÷ alle termijnen − eerdere termijnen"
    assert filled == "€ 600.000,00 × 3 ÷ 12 − € 100.000,00"


def test_what_earlier_months_had_is_left_out_when_it_is_nothing():
    figures = {"yearly": (60_000_000, "amount"), "elapsed": (1, "count"), "parts": (12, "count")}
    assert told("instalments", **figures, before=(0, "amount"))[1] == "€ 600.000,00 × 1 ÷ 12"
    assert told("instalments", **figures)[1] == "€ 600.000,00 × 1 ÷ 12"


def test_one_line_is_a_line_and_two_are_lines():
    assert told("lines", lines=(1, "count"), value=(69_000, "amount"))[1] == "1 regel, samen € 690,00"
    assert told("lines", lines=(2, "count"), value=(69_000, "amount"))[1] == "2 regels, samen € 690,00"


def test_a_corridor_says_of_what_the_margin_is():
    figures = {
        "claimed": (11_000_000, "amount"), "budget": (10_000_000, "amount"),
        "margin": (Fraction(5, 100), "share"), "share": (Fraction(1, 2), "share"),
    }  # fmt: skip
    assert told("corridor_above", **figures)[1] == "(€ 110.000,00 − € 100.000,00 − 5 % van € 100.000,00) × 50 %"


def test_an_unknown_formula_lists_its_names_and_numbers():
    symbols, filled = told("moon_phase", lines=(2, "count"), lunar_share=(Fraction(1, 2), "share"), who=("maan", "word"))
    assert (symbols, filled) == ("moon phase", "regels 2; lunar share 50 %; who maan")


def test_a_number_that_a_formula_does_not_use_is_never_hidden():
    filled = told("bonus", base=(100_000, "amount"), share=(Fraction(2, 100), "share"), clients=(9, "count"))[1]
    assert filled == "€ 1.000,00 × 2 %; jeugdigen 9"


def test_a_formula_that_misses_a_number_lists_what_it_has():
    assert told("bonus", base=(100_000, "amount"))[1] == "grondslag € 1.000,00"
    assert told("signal")[1] == ""


# ---- text from outside


def test_control_characters_and_turning_marks_are_made_visible():
    assert for_cell("a\x00b\x1bc\u202ed\ud800") == "a\ufffdb\ufffdc\ufffdd\ufffd"
    assert for_cell("a\r\nb\tc") == "a\nb\tc"


def test_an_escape_of_excels_own_stays_the_text_it_is():
    assert for_cell("_x003D_1+1") == "_x005F_x003D_1+1"
    assert for_cell("a_xylophone_") == "a_xylophone_"


def test_a_text_is_no_longer_than_a_cell_counts():
    assert len(for_cell("x" * 40_000)) == CELL_LIMIT
    assert for_cell("x" * CELL_LIMIT) == "x" * CELL_LIMIT
    # A face is two characters to Excel.
    assert len(for_cell("\U0001f600" * 20_000).encode("utf-16-le")) <= 2 * CELL_LIMIT


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1"])
def test_what_a_spreadsheet_would_take_for_a_formula_is_defused_in_csv(text):
    assert for_csv(text).startswith("'")


def test_plain_text_passes_into_csv_unchanged():
    assert for_csv("Stichting De Linde – Zuid") == "Stichting De Linde – Zuid"


@pytest.mark.parametrize(
    ("key", "values", "dutch", "english"),
    [
        ("lines were refused", {"refused": 1, "delivered": 1}, "1 van 1 aangeleverde regel afgekeurd", "1 of 1 delivered line refused"),
        ("lines were refused", {"refused": 1, "delivered": 2}, "1 van 2 aangeleverde regels afgekeurd", "1 of 2 delivered lines refused"),
        ("tile to pay", {"statements": 1}, "te betalen, 1 specificatie", "to pay, 1 statement"),
        ("tile to pay", {"statements": 0}, "te betalen, 0 specificaties", "to pay, 0 statements"),
        (
            "alerts run", {"run": "R", "contracts": 1, "deliveries": 1},
            "1 contract · 1 aanlevering verwerkt", "1 contract · 1 delivery processed",
        ),
        (
            "alerts run", {"run": "R", "contracts": 2, "deliveries": 0},
            "2 contracten · 0 aanleveringen verwerkt", "2 contracts · 0 deliveries processed",
        ),
        ("alerts run missing", {"missing": 1}, "1 ontbreekt", "1 missing"),
        ("alerts run missing", {"missing": 2}, "2 ontbreken", "2 missing"),
        ("objection", {"days": 1, "number": "BS"}, "binnen 1 dag weten", "within 1 day,"),
    ],
)  # fmt: skip
def test_a_count_has_its_noun_in_the_right_number(key, values, dutch, english):
    assert dutch in NL.text(key, **values)
    assert english in EN.text(key, **values)
