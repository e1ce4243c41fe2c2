"""What a rule file says is what the records hold."""

from __future__ import annotations

import dataclasses
import datetime as dt
from fractions import Fraction
from pathlib import Path

import pytest

from settlement.domain.conditions import AnyOf, Comparison, Figure, OfMeasure
from settlement.domain.contract import (
    ArrangementFee,
    AvailabilityFee,
    BonusMalus,
    Budget,
    Ceiling,
    MinimumClients,
    MonthlyTariff,
    OutcomeBonus,
    PaidParts,
    PersonFee,
    QuantityBound,
    Schedule,
    Tariff,
    WeeklyTariff,
)
from settlement.domain.periods import Duration, Month
from settlement.domain.problems import Place
from settlement.rules import read_cases, read_rulebook
from settlement.rules.language import CONTRACT, DELIVERIES, ORGANISATION, PROVIDER, SCHEDULE, SERVICE, SIGNAL, TERMS
from settlement.rules.page import Page
from settlement.rules.tree import List, Mapping, compose

HERE = Path(__file__).parent
SHARED = HERE.parent / "cases_shared"
EVERY = HERE / "every"


@pytest.fixture(scope="module")
def every():
    rulebook, problems = read_rulebook(EVERY)
    assert problems == []
    return rulebook


@pytest.fixture(scope="module")
def lines(every):
    return every.contracts["VBD-2018-ALL-1"]


@pytest.fixture(scope="module")
def budgets(every):
    return every.contracts["VBD-2018-ALL-2"]


# ---- the shared cases ------------------------------------------------------------------------------------


def test_every_file_of_the_shared_cases_reads_without_a_problem():
    rulebook, problems = read_rulebook(SHARED)
    cases, of_cases = read_cases(SHARED, rulebook)
    assert problems + of_cases == []
    assert len(rulebook.contracts) == 8
    assert len(cases) == 16


def test_the_squares_hold_their_budgets_and_their_minimum_of_clients():
    rulebook, _ = read_rulebook(SHARED)
    crisis = rulebook.contracts["UTR-AJ-2018-07"].services["crisiszorg"]
    assert crisis.codes == ("46A03",)
    assert crisis.budget is not None
    assert crisis.budget.amounts.on(dt.date(2018, 5, 1)).cents == 600_000_00
    minimum = crisis.terms["minimum_clients"]
    assert (minimum.signal_below_bp, minimum.per_missing_client_cents) == (8_000, 5_000_00)
    assert minimum.amounts.on(dt.date(2018, 12, 31)) == 4


def test_a_case_holds_its_lines_as_text_and_its_figures_exactly():
    rulebook, _ = read_rulebook(SHARED)
    cases, _ = read_cases(SHARED, rulebook)
    case = next(case for case in cases if case.name.startswith("a credited line"))
    assert case.contract == "VBD-2017-PQ-009"
    assert case.period == Month(2017, 4)
    assert case.paid_before_cents == 240_00
    credit = case.delivered[Month(2017, 4)][0]
    assert credit.fields["direction"] == "C"
    assert credit.fields["quantity"] == "480"
    assert [(figure.measure, figure.value) for figure in case.expected] == [("entitled", 150_00), ("payable", -90_00)]
    assert case.refused == 0
    assert case.signals is None
    goals = next(case for case in cases if case.name.startswith("sixty percent")).delivered[Month(2018, 10)]
    # 'no' stays what was written; a guessing reader would make it false.
    assert [line.fields["goal_attainment"] for line in goals] == ["yes", "yes", "yes", "no", "no"]


# ---- every key -------------------------------------------------------------------------------------------


def test_a_tariff_holds_its_units_its_bound_and_its_table_in_time(lines):
    tariff = lines.services["begeleiding"].terms["tariff"]
    assert isinstance(tariff, Tariff)
    assert (tariff.article, tariff.per, tariff.delivered_in, tariff.priced_on) == (
        "6.1",
        "hour",
        "minute",
        "allocation",
    )
    assert tariff.whole_hours is True
    assert tariff.by == ("intensity",)
    assert tariff.at_most == QuantityBound(58_500, "year")
    first = tariff.amounts.steps[0]
    assert {name: price.cents for name, price in first.value.items()} == {("licht",): 30_00, ("zwaar",): 40_50}
    assert first.place.line == 26
    assert first.value[("zwaar",)].place == Place(f"{EVERY.as_posix()}/lines.yaml", 28, 18)


def test_an_amount_that_stops_is_not_in_the_table_and_a_table_that_stops_is_none(lines):
    tariff = lines.services["begeleiding"].terms["tariff"]
    assert set(tariff.amounts.on(dt.date(2019, 1, 1))) == {("licht",)}
    assert tariff.amounts.on(dt.date(2020, 1, 1)) is None
    fee = lines.services["gedrag en opvoeding"].terms["arrangement_fee"]
    assert set(fee.amounts.on(dt.date(2019, 6, 1))) == {("profiel 3", "perspectief"), ("profiel 3", "intensief")}


def test_the_other_prices_hold_their_options(lines):
    weekly = lines.services["sociaal en persoonlijk functioneren"].terms["weekly_tariff"]
    assert isinstance(weekly, WeeklyTariff)
    assert (weekly.weeks, weekly.short_allocation, weekly.by) == ("sundays", "one week", ("intensity",))
    fee = lines.services["gedrag en opvoeding"].terms["arrangement_fee"]
    assert isinstance(fee, ArrangementFee)
    assert fee.by == ("profile", "intensity")
    assert fee.paid == PaidParts(7_000, 3_000, 0)
    assert (fee.without_result, fee.one_at_a_time, fee.on_change) == ("paid", True, "keep")
    monthly_fee = lines.services["duurzaam"].terms["arrangement_fee"]
    assert monthly_fee.paid == PaidParts(0, 0, 12)
    assert (monthly_fee.priced_on, monthly_fee.one_at_a_time, monthly_fee.on_change) == (
        "allocation",
        False,
        "credit all",
    )
    monthly = lines.services["verblijf"].terms["monthly_tariff"]
    assert isinstance(monthly, MonthlyTariff)
    assert (monthly.first_broken_month, monthly.last_broken_month) == ("not paid", "pro rata")
    person = lines.services["dagbesteding"].terms["person_fee"]
    assert isinstance(person, PersonFee)
    assert (person.per, person.counted_on) == ("client and year", "last day")


def test_ceilings_hold_what_they_are_over_and_when_they_signal(lines):
    monthly = lines.services["begeleiding"].terms["ceiling"]
    assert isinstance(monthly, Ceiling)
    assert (monthly.per, monthly.above, monthly.over, monthly.broken_year) == ("month", "held", None, "pro rata")
    assert monthly.amounts.on(dt.date(2018, 4, 1)) is None
    whole = lines.terms["ceiling"]
    assert (whole.above, whole.above_share_bp) == ("paid at a share", 4_000)
    assert whole.signal_at_bp == (7_000, 9_000)
    assert (whole.over, whole.exempt) == (("begeleiding", "verblijf"), ("verblijf",))
    # the contract says 'broken_year: full', and this ceiling says nothing else
    assert whole.broken_year == "full"


def test_needs_hold_lists_ranges_and_alternatives(lines):
    bonus = lines.services["sociaal en persoonlijk functioneren"].terms["outcome_bonus"]
    assert isinstance(bonus, OutcomeBonus)
    assert (bonus.from_day, bonus.share_bp, bonus.at_most_cents) == (dt.date(2018, 7, 1), 200, 60_000_00)
    assert (bonus.minimum_responses, bonus.settles) == (20, "quarter_end")
    goals, least, most, either = bonus.needs
    assert (goals.measure, goals.operator, goals.value) == ("goal_attainment", "at least", Figure(Fraction(3, 4)))
    assert (least.operator, least.value) == ("at least", Figure(Fraction(15, 2)))
    assert (most.operator, most.value, most.text) == ("at most", Figure(Fraction(9)), "between 7,5 and 9")
    assert isinstance(either, AnyOf)
    assert [[each.measure for each in group] for group in either.alternatives] == [
        ["dropout", "responses"],
        ["dropout_in_month"],
    ]


def test_signals_hold_what_they_judge_and_whom_they_tell(lines):
    few, unrest = lines.signals
    assert (few.name, few.service, few.severity, few.to) == (
        "te weinig jeugdigen",
        "begeleiding",
        "high",
        "wijkregisseur",
    )
    assert few.when[0].value == OfMeasure("minimum_to_date", 8_000)
    assert few.unless[0].value == Figure(Fraction(12))
    assert (unrest.service, unrest.severity, unrest.to, unrest.unless) == (None, "medium", None, ())
    either, average, not_three, within = unrest.when
    assert isinstance(either, AnyOf)
    assert either.alternatives[1][0].value == Figure(Fraction(1))
    assert isinstance(average, Comparison)
    assert average.value == Figure(Fraction(60_000_00))
    assert not_three.operator == "is not"
    assert within.value == OfMeasure("budget", 10_000)


def test_a_contract_holds_its_top_and_how_its_provider_delivers(lines):
    assert lines.title == "Alles wat regels prijst: een voorbeeld"
    assert lines.rounding == "half up per client and month"
    assert (lines.starts, lines.ends) == (dt.date(2018, 3, 15), dt.date(2020, 12, 31))
    assert lines.deliveries.claim_deadline == Duration(1)
    assert lines.deliveries.corrections_until == Duration(24)
    assert lines.deliveries.headings == {"client": ("Dossiernr",), "quantity": ("Aantal uren", "Uren")}
    assert lines.place == Place(f"{EVERY.as_posix()}/lines.yaml", 2, 1)


def test_budgets_and_the_terms_around_them_hold_their_figures(budgets):
    team = budgets.services["wijkteam"].terms
    budget = team["budget"]
    assert isinstance(budget, Budget)
    assert (budget.paid, budget.broken_year) == ("quarters in advance", "full")
    # 1000 x 350,00 x 110 % = 385.000,00 and 15.000,00: together 400.000,00
    assert [row.cents for row in budget.derived_from] == [385_000_00, 15_000_00]
    assert budget.derived_from[0].factors == (
        ("young_residents", "count", 1000),
        ("per_resident", "amount", 350_00),
        ("weight", "share", 11_000),
    )
    corridor = team["corridor"]
    assert (corridor.margin_bp, corridor.above_bp, corridor.below_bp) == (500, 5_000, 10_000)
    minimum = team["minimum_clients"]
    assert isinstance(minimum, MinimumClients)
    assert (minimum.share_of_budget, minimum.per_missing_client_cents, minimum.tolerance_bp) == (True, None, 500)
    savings = team["shared_savings"]
    assert (savings.share_bp, savings.savings_from_bp, savings.at_most_cents) == (5_000, 200, 60_000_00)
    assert savings.against.on(dt.date(2019, 1, 1)).cents == 450_000_00
    fee = budgets.services["crisisdienst"].terms["availability_fee"]
    assert isinstance(fee, AvailabilityFee)
    assert fee.derived_within_cents == 35
    assert budgets.services["crisisdienst"].budget is fee
    assert budgets.total_budget.on(dt.date(2019, 7, 1)).cents == 586_000_00


def test_bands_stand_in_order_and_the_last_has_no_limit(budgets):
    bands = budgets.services["wijkteam"].terms["bonus_malus"]
    assert isinstance(bands, BonusMalus)
    assert [band.share_bp for band in bands.bands] == [-200, -150, 0, 200]
    assert [band.holds.text if band.holds else None for band in bands.bands] == [
        "below 60 %", "at most 60 %", "below 80 %", None,
    ]  # fmt: skip


def test_a_code_may_stand_for_an_intensity_or_for_a_profile_and_an_intensity(every):
    contract = every.contracts["VBD-2018-ALL-3"]
    weeks, stay = contract.services.values()
    assert weeks.codes == ("45R01", "45R02")
    assert weeks.code_levels == {"45R01": {"intensity": "licht"}, "45R02": {"intensity": "middel"}}
    assert stay.code_levels["43R02"] == {"profile": "profiel 1", "intensity": "dag en nacht"}
    assert contract.deliveries.messages_to == ("0599", "0502")
    # Codes in a list stand for the service alone.
    assert every.contracts["VBD-2018-ALL-1"].services["begeleiding"].code_levels == {}


def test_the_organisation_and_the_providers_hold_what_is_written(every):
    organisation, provider = every.organisation, every.providers["de-linde"]
    assert organisation.iban == "NL91ABNA0417164300"
    assert (organisation.language, organisation.approval, organisation.negative_payable) == (
        "en",
        "two persons",
        "claim",
    )
    assert (organisation.objection_days, organisation.payment_days, organisation.first_year) == (21, 14, 2018)
    assert organisation.schedule == Schedule(7, 6, 30, "Europe/Brussels")
    assert organisation.alerts_to["wijkregisseur"] == "wijk@voorbeeld.example"
    assert organisation.logo == "logo.png"
    assert organisation.ledger == "postgresql://settlement@db.example:5433/settlement?sslmode=verify-full"
    assert organisation.client_key == "../client.key"
    # A leading zero is part of a registration.
    assert (provider.kvk, provider.agb, provider.iban) == ("01234567", "02220001", "NL20INGB0001234567")
    assert (provider.creditor, provider.vat) == ("104233", "NL001234567B01")
    assert (provider.language, organisation.language_for(provider)) == ("nl", "nl")


def test_no_key_of_the_language_is_missing_from_the_files_that_have_every_key():
    written: dict[str, set[str]] = {}

    def note(block: str, node: object) -> None:
        if isinstance(node, Mapping):
            written.setdefault(block, set()).update(entry.key.value for entry in node.entries)

    def tree(name: str) -> Mapping:
        page = Page(name)
        root = compose(page, (EVERY / name).read_text(encoding="utf-8"))
        assert isinstance(root, Mapping)
        return root

    for name in ("lines.yaml", "budgets.yaml", "messages.yaml"):
        root = tree(name)
        note("contract", root)
        note("deliveries", root["deliveries"])
        for service in root["services"].entries:
            note("service", service.node)
            for term in service.node.entries:
                note(term.key.value, term.node)
        for term in root["terms"].entries if root["terms"] is not None else ():
            note(term.key.value, term.node)
        signals = root["signals"]
        for signal in signals.items if isinstance(signals, List) else ():
            note("signal", signal)
    note("organisation", tree("organisation.yaml"))
    note("schedule", tree("organisation.yaml")["schedule"])
    for provider in tree("providers.yaml").entries:
        note("provider", provider.node)
    blocks = {
        **TERMS, "contract": CONTRACT, "deliveries": DELIVERIES, "service": SERVICE, "signal": SIGNAL,
        "organisation": ORGANISATION, "schedule": SCHEDULE, "provider": PROVIDER,
    }  # fmt: skip
    missing = {(name, key.name) for name, block in blocks.items() for key in block.keys} - {
        (name, key) for name, keys in written.items() for key in keys
    }
    assert missing == set()


def test_what_holds_when_a_key_is_left_out_is_the_same_in_the_table_and_in_the_record():
    for block in TERMS.values():
        fields = {field.name: field for field in dataclasses.fields(block.builds)}
        for key in block.keys:
            target = fields.get(key.field or key.name)
            if target is None or target.default is dataclasses.MISSING or key.shape == "other" or key.field == "":
                continue
            table = key.value.read(key.default) if key.default is not None else None
            expected = {"whole_hours": None, "broken_year": None}.get(key.name, target.default)
            if key.shape == "many":
                table, expected = (), target.default or ()
            assert table == expected, (block.name, key.name)


# ---- words -----------------------------------------------------------------------------------------------

TOP = """\
contract: VBD-2018-PQ-001
title: Begeleiding individueel
funding: {funding}
municipality: Gemeente Voorbeeld
provider: voorbeeld
starts: 2018-01-01
ends: 2019-12-31
rounding: {rounding}

services:
  begeleiding:
    tariff:
      article: 6.1
      per: {per}
      amounts:
        2018-01-01: € 62,00
  wijkteam:
    budget:
      article: 4.1
      paid: {paid}
      amounts:
        2018-01-01: € 62,00
"""
USUAL = {"funding": "task-based", "rounding": "half up per line", "per": "hour", "paid": "twelfths"}


def read(folder: Path, text: str):
    rules = folder / "rules"
    rules.mkdir(exist_ok=True)
    for name in ("organisation.yaml", "providers.yaml"):
        (rules / name).write_bytes((HERE / "good" / name).read_bytes())
    (rules / "contract.yaml").write_text(text, encoding="utf-8")
    rulebook, problems = read_rulebook(rules)
    assert [str(problem) for problem in problems] == []
    (contract,) = rulebook.contracts.values()
    return contract


@pytest.mark.parametrize(
    ("name", "word"),
    [
        *(("funding", word) for word in ("effort-based", "output-based", "task-based", "person-following")),
        *(
            ("rounding", word)
            for word in ("half up per line", "up per line", "down per line", "half up per client and month")
        ),
        *(("per", word) for word in ("minute", "hour", "day_part", "day", "overnight_day", "piece", "month")),
        *(("paid", word) for word in ("twelfths", "quarters in advance", "at start", "at end")),
    ],
)
def test_every_word_of_a_closed_list_is_read_as_itself(tmp_path, name, word):
    contract = read(tmp_path, TOP.format(**{**USUAL, name: word}))
    held = {
        "funding": contract.funding,
        "rounding": contract.rounding,
        "per": contract.services["begeleiding"].terms["tariff"].per,
        "paid": contract.services["wijkteam"].terms["budget"].paid,
    }
    assert held[name] == word


def test_lines_carry_the_unit_of_the_tariff_unless_the_rule_file_says_otherwise(tmp_path):
    assert read(tmp_path, TOP.format(**USUAL)).services["begeleiding"].terms["tariff"].delivered_in == "hour"


# ---- indexation ------------------------------------------------------------------------------------------


def test_indexed_amounts_follow_the_forecast_and_correct_the_forecast_before(lines):
    # 2019: 3,2 %. 2020: 2,9 % + (3,5 % - 3,2 %) = 3,2 %.
    # middel 172,50 x 1,032 = 178,02; 178,02 x 1,032 = 183,71664 -> 183,72
    weekly = lines.services["sociaal en persoonlijk functioneren"].terms["weekly_tariff"]
    first, second, third = weekly.amounts.steps
    assert [step.day for step in weekly.amounts.steps] == [
        dt.date(2018, 1, 1), dt.date(2019, 1, 1), dt.date(2020, 1, 1),
    ]  # fmt: skip
    assert first.value[("middel",)].indexed is None
    assert second.value[("middel",)].cents == 178_02
    assert third.value[("middel",)].cents == 183_72
    how = third.value[("middel",)].indexed
    assert (how.cents_before, how.index_bp, how.article) == (178_02, 320, "3.2")
    assert how.place.line == 145
    assert second.value[("middel",)].indexed.index_bp == 320


def test_amounts_given_on_the_index_date_replace_the_index_and_are_indexed_in_turn(lines):
    # given on 2019-01-01: 4.720; on 2020-01-01: 4.720 x 1,032 = 4.871,04
    fee = lines.services["gedrag en opvoeding"].terms["arrangement_fee"]
    name = ("profiel 3", "perspectief")
    assert fee.amounts.on(dt.date(2019, 1, 1))[name].cents == 4_720_00
    assert fee.amounts.on(dt.date(2019, 1, 1))[name].indexed is None
    assert fee.amounts.on(dt.date(2020, 1, 1))[name].cents == 4_871_04


def test_what_has_stopped_is_not_indexed(lines):
    tariff = lines.services["begeleiding"].terms["tariff"]
    # 31,00 from 2019 is given; from 2020 it has stopped: neither gets a step of the index.
    assert [step.day.year for step in tariff.amounts.steps] == [2017, 2019, 2020]


def test_fees_of_all_kinds_are_indexed_and_ceilings_are_not(lines):
    # 812,00 x 1,032 = 837,984 -> 837,98; 385,00 x 1,032 = 397,32; 1.200,00 x 1,032 = 1.238,40
    day = dt.date(2019, 5, 1)
    assert lines.services["verblijf"].terms["monthly_tariff"].amounts.on(day)[("profiel 1",)].cents == 837_98
    assert lines.services["dagbesteding"].terms["person_fee"].amounts.on(day).cents == 397_32
    assert lines.services["duurzaam"].terms["arrangement_fee"].amounts.on(day)[()].cents == 1_238_40
    assert lines.terms["ceiling"].amounts.on(day).cents == 900_000_00


def test_budgets_are_indexed_and_a_total_is_compared_on_its_own_days_only(tmp_path):
    text = TOP.format(**USUAL).replace("\nservices:", "total_budget:\n  2018-01-01: € 62,00\n\nservices:")
    text += "\nterms:\n  indexation:\n    article: 3.2\n    2019-01-01:\n      forecast: -0,5 %\n"
    contract = read(tmp_path, text)
    # 62,00 x 0,995 = 61,69
    assert contract.services["wijkteam"].budget.amounts.on(dt.date(2019, 1, 1)).cents == 61_69
    assert contract.total_budget.on(dt.date(2019, 1, 1)).cents == 62_00


def test_half_a_cent_of_an_index_is_rounded_up(tmp_path):
    text = TOP.format(**USUAL).replace("€ 62,00", "€ 0,50")
    text += "\nterms:\n  indexation:\n    article: 3.2\n    2019-01-01:\n      forecast: 1 %\n"
    # 0,50 x 1,01 = 0,505 -> 0,51
    assert read(tmp_path, text).services["wijkteam"].budget.amounts.on(dt.date(2019, 1, 1)).cents == 51


# ---- cases -----------------------------------------------------------------------------------------------

CASE = """\
- name: what a case may expect
  period: 2018-03
  expect:
    entitled_in_month: € 690,00
    spent_share: 12,5 %
    client_satisfaction: absent
    lines: 3
    in_month:
      clients: 2
    refused: 1
    refusals:
      - unknown-intensity
      - 9341
    signals: none
- name: lines may be expected by client
  period: 2018-03
  paid_before: € -1,50
  expect:
    lines:
      C-1: € 690,00
      C-2: € -12,00
    signals:
      - lines refused
      - ceiling near
"""


def test_a_case_expects_measures_refusals_signals_and_lines_by_client(tmp_path):
    read(tmp_path, TOP.format(**USUAL))
    rules = tmp_path / "rules"
    (rules / "contract.cases.yaml").write_text(CASE, encoding="utf-8")
    rulebook, _ = read_rulebook(rules)
    (first, second), problems = read_cases(rules, rulebook)
    assert problems == []
    assert [(each.measure, each.value) for each in first.expected] == [
        ("entitled_in_month", Fraction(690_00)),
        ("spent_share", Fraction(1, 8)),
        ("client_satisfaction", None),
        ("lines", Fraction(3)),
        ("clients_in_month", Fraction(2)),
    ]
    assert (first.refused, first.refusals, first.signals) == (1, ("9341", "unknown-intensity"), ())
    assert second.lines_cents == {"C-1": 690_00, "C-2": -12_00}
    assert second.signals == ("ceiling near", "lines refused")
    assert second.paid_before_cents == -150
    assert (second.refused, second.refusals) == (None, None)


# ---- speed -----------------------------------------------------------------------------------------------


def test_three_hundred_contracts_are_read_at_once(tmp_path):
    text = (SHARED / "utrecht-squares.yaml").read_text(encoding="utf-8")
    for name in ("organisation.yaml", "providers.yaml"):
        (tmp_path / name).write_bytes((SHARED / name).read_bytes())
    for number in range(300):
        (tmp_path / f"c{number}.yaml").write_text(text.replace("UTR-AJ-2018-07", f"UTR-{number}"), encoding="utf-8")
    rulebook, problems = read_rulebook(tmp_path)
    assert problems == []
    assert len(rulebook.contracts) == 300
