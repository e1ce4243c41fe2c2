"""A contract as a card: every kind of term and every option is told, in Dutch and in English."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import get_args

import pytest
import samples
from samples import amounts, place

from settlement.domain import contract as nouns
from settlement.domain.conditions import AnyOf, Comparison, Figure, OfMeasure
from settlement.domain.contract import (
    ArrangementFee,
    AvailabilityFee,
    Band,
    BonusMalus,
    Budget,
    Ceiling,
    Corridor,
    Dated,
    DeliveryTerms,
    Derivation,
    Index,
    Indexation,
    IndexedFrom,
    MinimumClients,
    MonthlyTariff,
    OutcomeBonus,
    PaidParts,
    PersonFee,
    Price,
    QuantityBound,
    Service,
    SharedSavings,
    Signal,
    Step,
    Tariff,
    WeeklyTariff,
    Withhold,
)  # fmt: skip
from settlement.domain.periods import Duration
from settlement.rules import read_rulebook
from settlement.statements.card import _TOLD, contract_card

FIRST = dt.date(2018, 1, 1)
GOAL = Comparison("goal_attainment", "at least", Figure(Fraction(3, 4)), place(1), "")
FEW = Comparison("clients", "below", OfMeasure("minimum_to_date", 8_000), place(1), "")
BASE = {"article": "6.1", "place": place(1)}


def table(cents: int = 17_250, *levels: str) -> Dated:
    return Dated((Step(FIRST, {levels: Price(cents, place(1))}, place(1)),))


def counts(*steps: tuple[dt.date, int | None]) -> Dated:
    return Dated(tuple(Step(day, count, place(1)) for day, count in steps))


def card(*terms: nouns.Term, language: str = "nl", **changes: object) -> str:
    """The card of a contract with one service that has these terms, on one line."""
    service = Service("zorg", place(1), ("45A04",), {term.kind: term for term in terms})
    held = replace(samples.contract({}), services={"zorg": service}, signals=(), **changes)
    return " ".join(contract_card(held, samples.PROVIDER, language).split())


def test_every_kind_of_term_is_told():
    kinds = {*nouns.SERVICE_TERMS, *nouns.CONTRACT_TERMS}
    assert set(_TOLD) == kinds


def test_the_head_names_both_parties_the_period_and_the_rounding():
    text = card(total_budget=amounts(FIRST, 540_000_000))
    assert "Contract UTR-AJ-2018-07: Aanvullende jeugdhulp Utrecht" in text
    assert "Gemeente Utrecht en Stichting De Linde Jeugdhulp" in text
    assert "Geldt van 01-01-2018 tot en met 31-12-2018; taakgericht bekostigd." in text
    assert "KvK-nummer 12345678, AGB-code 22220001, IBAN NL20INGB0001234567" in text
    assert "rekenkundig afgerond" in text
    assert "zijn samen: vanaf 01-01-2018 € 5.400.000,00" in text
    assert "productcode 45A04" in text


def test_a_tariff_tells_unit_table_conversion_and_bound():
    bound = QuantityBound(58_500, "year")
    text = card(
        Tariff(**BASE, per="hour", delivered_in="minute", by=("profile", "intensity"), amounts=table(6_200, "p1", "licht"),
               at_most=bound, whole_hours=True, priced_on="allocation")
    )  # fmt: skip
    assert "Tarief (artikel 6.1) Per uur wordt een tarief betaald, naar profiel en intensiteit." in text
    assert "vanaf 01-01-2018 p1, licht € 62,00" in text
    assert "De regels vermelden minuten" in text
    assert "afgerond op hele uren, ten minste 1 uur" in text
    assert "Ten hoogste 58,5 uren per jeugdige per jaar" in text
    assert "de eerste dag van de toewijzing" in text


def test_an_amount_that_stops_and_one_that_was_indexed_say_so():
    indexed = Price(6_261, place(1), IndexedFrom(6_120, 230, "3.2", place(1)))
    steps = (Step(FIRST, indexed, place(1)), Step(dt.date(2018, 7, 1), None, place(1)))
    text = card(PersonFee(**BASE, per="client and year", counted_on="last day", amounts=Dated(steps)))
    assert "vanaf 01-01-2018 € 62,61 (€ 61,20 met index 2,3 %, artikel 3.2)" in text
    assert "vanaf 01-07-2018 vervalt" in text
    assert "eens per jaar" in text
    assert "op de laatste dag van de maand" in text


def options(kind: type, name: str) -> list[object]:
    """The values that a field of a term may have, from its own type."""
    annotation = {
        "weeks": ("sundays", "started", "days"),
        "short_allocation": ("nothing", "one week"),
        "paid": get_args(nouns.Instalments),
        "per": ("year", "month", "contract"),
        "above": ("not paid", "held", "paid at a share"),
        "settles": get_args(nouns.Settles),
        "first_broken_month": get_args(nouns.BrokenMonth),
        "last_broken_month": get_args(nouns.BrokenMonth),
        "counted_on": ("first day", "any day", "last day"),
        "without_result": ("not paid", "paid"),
        "on_change": ("credit all", "keep"),
        "one_at_a_time": (True, False),
        "broken_year": ("pro rata", "full"),
        "of": ("entitled", "budget"),
        "priced_on": get_args(nouns.PricedOn),
    }
    return list(annotation[name])


PLAIN: dict[type, nouns.Term] = {
    Tariff: Tariff(**BASE, per="day", delivered_in="day", amounts=table()),
    WeeklyTariff: WeeklyTariff(**BASE, weeks="sundays", amounts=table()),
    ArrangementFee: ArrangementFee(**BASE, paid=PaidParts(5_000, 5_000), amounts=table()),
    MonthlyTariff: MonthlyTariff(**BASE, amounts=table()),
    PersonFee: PersonFee(**BASE, per="client and month", amounts=amounts(FIRST, 38_500)),
    Budget: Budget(**BASE, paid="twelfths", amounts=amounts(FIRST, 240_000_000)),
    AvailabilityFee: AvailabilityFee(**BASE, paid="twelfths", amounts=amounts(FIRST, 9_650_000)),
    Ceiling: Ceiling(**BASE, above_share_bp=4_000, amounts=amounts(FIRST, 46_200_000)),
    MinimumClients: MinimumClients(**BASE, amounts=counts((FIRST, 310))),
    Corridor: Corridor(**BASE, margin_bp=500, above_bp=5_000, below_bp=10_000),
    OutcomeBonus: OutcomeBonus(**BASE, share_bp=200, needs=(GOAL,)),
    BonusMalus: BonusMalus(**BASE, measure="goal_attainment", bands=(Band(GOAL, -200, place(1)), Band(None, 200, place(1)))),
    Withhold: Withhold(**BASE, share_bp=200, needs=(GOAL,)),
    SharedSavings: SharedSavings(**BASE, share_bp=5_000, against=amounts(FIRST, 310_000_000)),
}
OPTIONS = [
    (Tariff, "priced_on"), (WeeklyTariff, "weeks"), (WeeklyTariff, "short_allocation"), (ArrangementFee, "without_result"),
    (ArrangementFee, "on_change"), (ArrangementFee, "one_at_a_time"), (MonthlyTariff, "first_broken_month"),
    (MonthlyTariff, "last_broken_month"), (PersonFee, "counted_on"), (Budget, "paid"), (Budget, "broken_year"),
    (AvailabilityFee, "paid"), (Ceiling, "per"), (Ceiling, "above"), (Ceiling, "broken_year"), (MinimumClients, "settles"),
    (Corridor, "settles"), (OutcomeBonus, "of"), (OutcomeBonus, "settles"), (BonusMalus, "of"), (Withhold, "settles"),
    (SharedSavings, "settles"), (SharedSavings, "broken_year"),
]  # fmt: skip


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize(("kind", "name"), OPTIONS)
def test_every_choice_of_an_option_reads_differently(kind, name, language):
    values = options(kind, name)
    told = [card(replace(PLAIN[kind], **{name: value}), language=language) for value in values]
    assert len(set(told)) == len(values)
    assert not any("card " in text or "{" in text for text in told)


def test_an_arrangement_tells_how_it_is_paid():
    def paid(parts: PaidParts) -> str:
        return card(replace(PLAIN[ArrangementFee], paid=parts))

    assert "70 % wordt betaald bij de start en 30 % als het resultaat is behaald" in paid(PaidParts(7_000, 3_000))
    assert "geheel betaald als het resultaat" in paid(PaidParts(0, 10_000))
    assert "geheel betaald bij de start" in paid(PaidParts(10_000, 0))
    months = paid(PaidParts(months=12))
    assert "in 12 gelijke maandelijkse delen" in months
    assert "zonder resultaat" not in months


def test_a_budget_tells_how_it_was_arrived_at():
    # 8.200 × € 350,00 × 110 % = € 3.157.000,00
    factors = (("young_residents", "count", 8_200), ("per_resident", "amount", 35_000), ("weight", "share", 11_000))
    term = replace(
        PLAIN[Budget], derived_from=(Derivation("overvecht", factors, 315_700_000),), derived_within_cents=10_000
    )
    text = card(term)
    assert "binnen € 100,00" in text
    assert "overvecht 8.200 × € 350,00 × 110 % = € 3.157.000,00" in text


def test_a_ceiling_tells_its_services_its_exceptions_and_its_signals():
    term = replace(PLAIN[Ceiling], over=("a", "b"), exempt=("crisiszorg",), signal_at_bp=(7_000, 9_000), above="paid at a share")
    text = card(term)
    assert "Het plafond gaat over: a, b." in text
    assert "Er vallen niet onder: crisiszorg." in text
    assert "bij 70 % en 90 % van het plafond" in text
    assert "wordt voor 40 % betaald" in text


def test_a_minimum_tells_what_a_missing_client_costs():
    term = replace(
        PLAIN[MinimumClients], settles="year_end", per_missing_client_cents=774_100, tolerance_bp=500, signal_below_bp=9_000
    )
    text = card(term)
    assert "vanaf 01-01-2018 310" in text
    assert "Per ontbrekende jeugdige gaat er € 7.741,00 af." in text
    assert "Binnen een tekort van 5 %" in text
    assert "onder 90 %" in text
    assert "het budget gedeeld door het minimum" in card(replace(term, share_of_budget=True))


def test_rewards_tell_their_needs_bands_and_most():
    bonus = replace(
        PLAIN[OutcomeBonus], needs=(GOAL, AnyOf(((FEW,), (GOAL,)))), from_day=dt.date(2018, 7, 1), minimum_responses=20,
        at_most_cents=6_000_000,
    )  # fmt: skip
    text = card(bonus, PLAIN[BonusMalus], replace(PLAIN[SharedSavings], savings_from_bp=200, at_most_cents=100))
    assert "een bonus van 2 %" in text
    assert "- doelrealisatie ten minste 75 %" in text
    assert "- jeugdigen onder 80 % van minimum tot en met de maand of doelrealisatie ten minste 75 %" in text
    assert "eindigen op of na 01-07-2018" in text
    assert "Bij minder dan 20 antwoorden" in text
    assert "Ten hoogste € 60.000,00." in text
    assert "- doelrealisatie ten minste 75 %: -2 % - anders: 2 %" in text
    assert "50 % van de besparing" in text
    assert "Een besparing onder 2 % wordt niet gedeeld. Ten hoogste € 1,00." in text


def test_indexation_signals_and_deliveries_are_told():
    indexation = Indexation(
        **BASE, indexes=(Index(dt.date(2019, 1, 1), 320, None, place(1)), Index(dt.date(2020, 1, 1), 290, 350, place(1)))
    )
    service = Service("zorg", place(1))
    held = replace(
        samples.contract({}),
        services={"zorg": service},
        terms={"indexation": indexation},
        signals=(Signal("plafond bijna bereikt", (GOAL, FEW), (GOAL,), "zorg", "high", "finance", place(1)),),
        deliveries=DeliveryTerms(Duration(1), Duration(60), {"client": ("Pseudo-id", "Dossier")}),
    )
    text = " ".join(contract_card(held, samples.PROVIDER).split())
    assert "zorg ---- Geen bepalingen." in text
    assert "vanaf 01-01-2019 raming 3,2 % vanaf 01-01-2020 raming 2,9 %; definitief cijfer van het jaar ervoor 3,5 %" in text
    assert (
        "plafond bijna bereikt, over zorg (hoog): als doelrealisatie ten minste 75 % en jeugdigen onder 80 % van minimum tot en "
        "met de maand, tenzij doelrealisatie ten minste 75 %; aan financiën"
    ) in text
    assert "uiterlijk 1 maand na het eind" in text
    assert "blijft na afloop 5 jaar open" in text
    assert "Cliënt Pseudo-id, Dossier" in text


def test_every_sentence_of_a_card_fits_a_page_of_text():
    text = contract_card(replace(samples.squares().contract), samples.PROVIDER)
    assert max(map(len, text.splitlines())) <= 92
    assert text.endswith("\n")


def test_a_code_is_told_with_what_it_stands_for_and_messages_with_where_they_go():
    rulebook, _ = read_rulebook(Path(__file__).parents[1] / "rules" / "every")
    contract = rulebook.contracts["VBD-2018-ALL-3"]
    card = contract_card(contract, rulebook.providers[contract.provider], "nl")
    assert "Geleverd onder productcode 45R01 (licht), 45R02 (middel)." in card
    assert "43R02 (profiel 1, dag en nacht)" in " ".join(card.split())
    assert "Gedeclareerd met landelijke berichten (JW323) aan gemeente 0599, 0502." in card
