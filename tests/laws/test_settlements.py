"""What must hold for any contracts and any deliveries: nothing lost, nothing twice, whatever the order."""

import dataclasses
from dataclasses import replace
from random import Random

import polars as pl
import pytest
from generated import KINDS, Made, arrangements, hours, persons, region
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from workbench import (
    File,
    Line,
    amounts,
    contract,
    gathered,
    line_values,
    one_settled,
    recorded,
    refusal_codes,
    rulebook_of,
    settled,
)

from settlement.decisions.engine import Engine
from settlement.domain.contract import Ceiling, Contract, Dated, Price, Rulebook, Step
from settlement.domain.periods import Month
from settlement.domain.records import MonthTotal
from settlement.pricing.ceilings import left_cents
from settlement.run.balance import check_balance
from settlement.run.computing import postings_of_month as postings_for
from settlement.settle import Before, Settlement
from settlement.statements.compose import Paid, compose, payments_of, settled_lines

seeds = st.integers(0, 2**40)
# A seed has nothing to shrink: a failing one is told as it is.
law = settings(max_examples=6, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
FAULTS = (
    {"service": "bestaat niet"}, {"start": "2017-12-31", "end": "2017-12-31"}, {"client": ""}, {"quantity": "veel"},
    {"start": "31-02-2018"}, {"end": "2018-01-01", "start": "2018-05-05"}, {"start": "2019-03-01", "end": "2019-03-01"},
)  # fmt: skip


@pytest.fixture(scope="module")
def engine():
    with Engine() as made:
        yield made


def delivered(rng: Random, made: list[Made], months: int = 6, lines: int = 4, *, faults: float = 0.1) -> list[File]:
    """Files of so many months, with faults, and lines that came twice, in them."""
    files, number = [], 0
    for one in made:
        for month in range(1, months + 1):
            rows: list[Line] = []
            for _ in range(rng.randrange(lines + 1)):
                number += 1
                row = one.line(rng, Month(2018, rng.randrange(1, month + 1)), number)
                rows.append({**row, **rng.choice(FAULTS)} if rng.random() < faults else row)
                if rng.random() < faults / 2:
                    rows.append(rows[-1])
            files.append(File(one.agreed["contract"], f"2018-{month:02d}", rows))
    return files


def made_final(found: Settlement, files: list[File], rulebook: Rulebook) -> dict[str, int]:
    """Composes, checks the balance as the run does, and gives what is paid by contract."""
    given_in, lines = gathered(files), settled_lines(found)
    statements = compose(found, given_in, lines, Paid(), final=True)
    payments = payments_of(statements)
    postings = postings_for(statements, rulebook, found.period)
    check_balance(found, given_in, lines, statements, payments, postings)
    entitlement = sum(posting.cents for posting in postings if posting.account == "entitlement")
    assert entitlement == sum(row.difference_cents for one in statements for row in one.rows)
    assert sum(payment.cents for payment in payments) == sum(one.to_pay_cents for one in statements)
    return {payment.contract: payment.cents for payment in payments}


@law
@given(seeds)
def test_accepted_and_refused_are_what_was_delivered_and_every_figure_is_the_same_figure(engine, seed):
    rng = Random(seed)
    made = region(rng, 12)
    rulebook, files = rulebook_of(*[one.agreed for one in made]), delivered(rng, made)
    found = settled(rulebook, files, "2018-06", engine=engine)
    accepted = found.accepted.lines.select("delivery", "row").rows()
    refused = found.refusals.select("delivery", "row").unique().rows()
    came = [(f"{one.claim_month}/{one.contract} levering.csv", row) for one in files for row in range(1, len(one.lines) + 1)]
    assert sorted([*accepted, *refused]) == sorted(came)
    assert len(accepted) == len(set(accepted))
    assert refused
    paid = made_final(found, files, rulebook)
    assert paid == {number: cents for number, cents in found.payable().items() if cents > 0}
    # Lines less ceilings, instalments and decisions: the sum of all rows is what is payable.
    for number, cents in found.payable().items():
        assert sum(amounts(found, number).values()) == cents


@law
@given(seeds)
def test_what_was_settled_and_paid_is_not_paid_again(engine, seed):
    rng = Random(seed)
    made = region(rng, 12)
    rulebook, files = rulebook_of(*[one.agreed for one in made]), delivered(rng, made)
    first = settled(rulebook, files, "2018-06", engine=engine)
    after = recorded(first, {number: max(cents, 0) for number, cents in first.payable().items()}, Before())
    again = settled(rulebook, files, "2018-06", after, engine)
    assert all(cents <= 0 for cents in again.payable().values())
    assert made_final(again, files, rulebook) == {}
    statements = compose(again, gathered(files), settled_lines(again), Paid(), final=True)
    assert [row for one in statements for row in one.rows if row.difference_cents] == []


@law
@given(seeds)
def test_the_order_of_lines_files_and_contracts_changes_no_total(engine, seed):
    rng = Random(seed)
    made = region(rng, 12)
    files = delivered(rng, made, faults=0)
    one_way = settled(rulebook_of(*[one.agreed for one in made]), files, "2018-06", engine=engine)
    shuffled = [replace(one, lines=rng.sample(list(one.lines), len(one.lines))) for one in files]
    rng.shuffle(shuffled)
    # The frame's own order is turned too: months and files may come in as they like.
    turned = gathered(shuffled)
    other_way = settled(
        rulebook_of(*reversed([one.agreed for one in made])),
        dataclasses.replace(turned, deliveries=turned.deliveries[::-1]), "2018-06", engine=engine,
    )  # fmt: skip
    assert other_way.payable() == one_way.payable()
    assert {k: r.cents for k, r in other_way.entitlements.rows.items()} == {k: r.cents for k, r in one_way.entitlements.rows.items()}
    assert [(a.asked.key, a.outcomes) for a in other_way.answers] == [(a.asked.key, a.outcomes) for a in one_way.answers]


@law
@given(seeds)
def test_the_same_inputs_give_the_same_frames_and_answers(engine, seed):
    rng = Random(seed)
    made = region(rng, 6)
    rulebook, files = rulebook_of(*[one.agreed for one in made]), delivered(rng, made)
    one, other = settled(rulebook, files, "2018-06", engine=engine), settled(rulebook, files, "2018-06", engine=engine)
    assert settled_lines(one).equals(settled_lines(other), null_equal=True)
    assert one.refusals.equals(other.refusals, null_equal=True)
    assert one.alerts == other.alerts
    assert one.positions == other.positions


@law
@given(seeds)
def test_a_credit_undoes_its_debit_and_nothing_else(engine, seed):
    """As though the credited line had never come: in money, in counts and in every measure but those of lines."""
    rng = Random(seed)
    made = region(rng, 12)
    whole_years = [{**one.agreed, "starts": "2018-01-01", "ends": "2018-12-31"} for one in made]
    rulebook, files = rulebook_of(*whole_years), delivered(rng, made, faults=0)
    undone: dict[str, list[Line]] = {}
    without = []
    for one in files:
        gone = [line for line in one.lines if rng.random() < 0.3]
        undone.setdefault(one.contract, []).extend(
            {"client": line["client"], "service": line["service"], "start": line["start"], "direction": "C",
             "reference": f"c-{line['reference']}", "previous_reference": line["reference"]}
            for line in gone
        )  # fmt: skip
        without.append(replace(one, lines=[line for line in one.lines if line not in gone]))
    credits = [File(number, "2018-07", lines) for number, lines in undone.items()]
    never = [File(number, "2018-07", []) for number in undone]
    with_credits = settled(rulebook, [*files, *credits], "2018-07", engine=engine)
    never_came = settled(rulebook, [*without, *never], "2018-07", engine=engine)
    assert refusal_codes(with_credits) == []
    assert with_credits.accepted.lines.filter("credited").height == sum(len(lines) for lines in undone.values()) > 0
    assert with_credits.payable() == never_came.payable()
    of_lines = {"lines", "lines_in_month", "refused_share", "refused_share_in_month"}
    for key, measures in with_credits.positions.items():
        other = never_came.positions[key]
        assert {k: v for k, v in measures.items() if k not in of_lines} == {k: v for k, v in other.items() if k not in of_lines}


def with_higher_ceilings(agreed: Contract, more: int) -> Contract:
    """The same contract with every ceiling so many cents higher."""

    def higher(term: object) -> object:
        if not isinstance(term, Ceiling):
            return term
        steps = tuple(
            Step(step.day, None if step.value is None else Price(step.value.cents + more, step.value.place), step.place)
            for step in term.amounts.steps
        )
        return replace(term, amounts=Dated(steps))

    services = {
        name: replace(service, terms={kind: higher(term) for kind, term in service.terms.items()})
        for name, service in agreed.services.items()
    }
    return replace(agreed, services=services, terms={kind: higher(term) for kind, term in agreed.terms.items()})


@law
@given(seeds, st.integers(1, 500_000))
def test_a_higher_ceiling_never_lets_lines_earn_less(engine, seed, more):
    rng = Random(seed)
    made = [rng.choice([hours, arrangements, persons])(rng, f"A-{n}") for n in range(12)]
    rulebook, files = rulebook_of(*[one.agreed for one in made]), delivered(rng, made, faults=0)
    higher = replace(rulebook, contracts={n: with_higher_ceilings(one, more) for n, one in rulebook.contracts.items()})

    def earned(book: Rulebook) -> dict[str, int]:
        found = settled(book, files, "2018-12", engine=engine)
        numbers = list(found.tables.contracts)
        sums = found.earnings.filter("live").group_by("contract_no").agg(left_cents().sum())
        return {numbers[number]: cents for number, cents in sums.iter_rows()}

    before, after = earned(rulebook), earned(higher)
    assert all(after[number] >= cents for number, cents in before.items())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_month_without_a_line_settles(kind, engine):
    made = kind(Random(5), "A-1")
    found = settled(rulebook_of(made.agreed), [], "2018-03", engine=engine)
    if made.agreed["services"].keys() & {"wijkteam", "bereikbaarheid"}:
        assert found.payable()["A-1"] > 0
    else:
        assert found.payable() == {"A-1": 0}
    assert made_final(found, [], rulebook_of(made.agreed)) == {n: c for n, c in found.payable().items() if c > 0}


# ---- persons, arrangements -------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.sampled_from(["first day", "any day", "last day"]), st.sampled_from(["client and month", "client and year"]),
       st.lists(st.tuples(st.integers(0, 3), st.integers(1, 6), st.integers(1, 28), st.integers(0, 31)), max_size=25, unique=True))  # fmt: skip
def test_a_client_is_paid_once_a_period_when_its_counted_day_is_in_care(counted_on, per, drawn):
    term = {"article": "4.4", "per": per, "counted_on": counted_on, "amounts": {"2018-01-01": "€ 385,00"}}
    lines, periods = [], set()
    for number, (client, month, day, more) in enumerate(drawn):
        whole = Month(2018, month)
        first, last = day, min(day + more, whole.last_day.day)
        lines.append({"client": f"C{client}", "service": "keuze", "allocation": str(number), "start": f"{whole}-{first:02d}",
                      "end": f"{whole}-{last:02d}", "reference": f"r{number}"})  # fmt: skip
        counts = {"first day": first == 1, "any day": True, "last day": last == whole.last_day.day}[counted_on]
        if counts:
            periods.add((client, whole if per == "client and month" else 2018))
    found = one_settled(contract("A-1", {"keuze": {"person_fee": term}}), {"2018-06": lines}, "2018-06")
    assert refusal_codes(found) == []
    assert found.payable() == {"A-1": 385_00 * len(periods)}


def arrangement(paid: dict[str, object], cents: str = "€ 1.000,01", **more: object) -> dict[str, object]:
    fee = {"article": "3.2", "paid": paid, **more, "amounts": {"2018-01-01": cents}}
    return contract("A-1", {"opvoeding": {"arrangement_fee": fee}})


CHILD = {"client": "C1", "service": "opvoeding", "start": "2018-02-10"}


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(1, 10**8), st.integers(1, 99))
def test_the_two_parts_of_an_arrangement_are_its_fee_to_the_cent(cents, start):
    written = f"€ {cents // 100:,}".replace(",", ".") + f",{cents % 100:02d}"
    agreed = arrangement({"at_start": f"{start} %", "at_result": f"{100 - start} %"}, written)
    ended = {**CHILD, "end": "2018-05-20", "result": "reached"}
    running = one_settled(agreed, {"2018-02": [CHILD]}, "2018-05")
    whole = one_settled(agreed, {"2018-02": [CHILD], "2018-05": [ended]}, "2018-05")
    assert running.payable() == {"A-1": (2 * cents * start + 100) // 200}
    assert whole.payable() == {"A-1": cents}


def test_twelve_monthly_parts_of_an_arrangement_add_up_to_its_fee():
    # 1.000,01 in twelve: to date 83,33(4) 166,67 250,00(25) … 1.000,01.
    agreed = {**arrangement({"months": "12"}), "ends": "2019-12-31"}
    found = one_settled(agreed, {"2018-02": [CHILD]}, "2019-12")
    by_month = amounts(found, "A-1")
    assert [by_month["opvoeding", "arrangement_fee", f"2018-{month:02d}"] for month in range(2, 6)] == [8333, 8334, 8333, 8334]
    assert len(by_month) == 12
    assert sum(by_month.values()) == 100_001


def test_monthly_parts_stop_with_the_month_in_which_the_arrangement_ends():
    ended = {**CHILD, "end": "2018-04-03", "result": "not reached"}
    found = one_settled(arrangement({"months": "12"}), {"2018-02": [CHILD], "2018-04": [ended]}, "2018-12")
    # February, March, April: round(100001 × 3 ÷ 12) = 25000 (25.000,25).
    assert found.payable() == {"A-1": 25_000}


def test_without_its_result_the_second_part_is_paid_only_where_the_contract_says_so():
    ended = {**CHILD, "end": "2018-04-03", "result": "not reached"}
    halves = {"at_start": "50 %", "at_result": "50 %"}
    # Half of 1.000,01 is 500,005: 500,01 at the start, the rest, 500,00, at the result.
    assert one_settled(arrangement(halves), {"2018-04": [CHILD, ended]}, "2018-04").payable() == {"A-1": 500_01}
    paid = arrangement(halves, without_result="paid")
    assert one_settled(paid, {"2018-04": [CHILD, ended]}, "2018-04").payable() == {"A-1": 1000_01}


def test_an_arrangement_that_lasts_longer_or_is_told_of_every_month_is_paid_once():
    running = [{**CHILD, "reference": f"r{month}", "end": f"2018-{month:02d}-28", "result": "running"} for month in range(2, 7)]
    ended = {**CHILD, "end": "2018-07-03", "result": "reached", "reference": "r7"}
    found = one_settled(arrangement({"at_start": "50 %", "at_result": "50 %"}), {"2018-07": [*running, ended]}, "2018-07")
    assert refusal_codes(found) == []
    assert found.payable() == {"A-1": 1000_01}


def test_a_second_arrangement_of_a_child_in_the_same_days_is_refused_and_earns_nothing():
    agreed = arrangement({"at_start": "50 %", "at_result": "50 %"}, one_at_a_time="yes")
    second = {**CHILD, "start": "2018-03-01", "reference": "r2"}
    found = one_settled(agreed, {"2018-02": [{**CHILD, "reference": "r1"}], "2018-03": [second]}, "2018-03")
    assert refusal_codes(found) == ["second-arrangement"]
    assert found.payable() == {"A-1": 500_01}
    after = one_settled(agreed, {"2018-02": [{**CHILD, "reference": "r1", "end": "2018-02-27", "result": "reached"}], "2018-03": [second]}, "2018-03")
    assert refusal_codes(after) == []


# ---- years that close, contracts that end ----------------------------------------------------------------


def an_hour(number: str, day: str) -> Line:
    return {"client": f"C{number}", "service": "begeleiding", "start": day, "end": day, "quantity": "1", "unit": "uren", "reference": number}


def hourly(ends: str, **more: object) -> dict[str, object]:
    return contract("A-1", {"begeleiding": {"tariff": {"article": "6.1", "per": "hour", "amounts": {"2018-01-01": "€ 100,00"}}}}, ends=ends, **more)


LATE = [File("A-1", "2018-12", [an_hour("r1", "2018-12-05")]), File("A-1", "2019-01", [an_hour("r2", "2019-01-05")])]


def test_what_was_settled_in_a_year_that_the_contract_no_longer_has_is_undone():
    first = settled(rulebook_of(hourly("2019-12-31")), LATE, "2019-01")
    assert first.payable() == {"A-1": 200_00}
    shortened = settled(rulebook_of(hourly("2018-12-31")), LATE, "2019-02", recorded(first, first.payable(), Before()))
    assert refusal_codes(shortened) == ["outside-contract"]
    assert shortened.payable() == {"A-1": -100_00}
    assert made_final(shortened, LATE, shortened.rulebook) == {}


def test_what_a_closed_year_was_settled_at_stays_whatever_the_rules_say_later():
    agreed = hourly("2019-12-31", deliveries={"corrections_until": "3 months"})
    first = settled(rulebook_of(agreed), LATE, "2019-01")
    agreed["services"]["begeleiding"]["tariff"]["amounts"] = {"2018-01-01": "€ 110,00"}
    before = recorded(first, first.payable(), Before())
    # 2018 is open until March 2019: 2 × 10,00 more. From April only 2019 is: 1 × 10,00.
    assert settled(rulebook_of(agreed), LATE, "2019-03", before).payable() == {"A-1": 20_00}
    assert settled(rulebook_of(agreed), LATE, "2019-04", before).payable() == {"A-1": 10_00}


def test_a_credit_of_a_closed_year_is_refused_and_said():
    agreed = hourly("2019-12-31", deliveries={"corrections_until": "3 months"})
    credit = {"client": "Cr1", "service": "begeleiding", "direction": "C", "reference": "c1", "previous_reference": "r1"}
    assert refusal_codes(settled(rulebook_of(agreed), [*LATE, File("A-1", "2019-04", [credit])], "2019-04")) == ["year-closed"]
    assert refusal_codes(settled(rulebook_of(agreed), [*LATE, File("A-1", "2019-03", [credit])], "2019-04")) == []


def test_what_is_still_open_when_a_contract_has_ended_gets_a_statement_until_it_is_paid():
    rulebook, files = rulebook_of(hourly("2018-12-31")), LATE[:1]
    first = settled(rulebook, files, "2018-12")
    held = compose(first, gathered(files), settled_lines(first), Paid(), final=True, on_hold={"A-1": "onderzoek"})
    assert [one.to_pay_cents for one in held] == [0]
    after = recorded(first, {}, Before())
    released = settled(rulebook, files, "2019-02", after)
    assert made_final(released, files, rulebook) == {"A-1": 100_00}
    nothing_left = settled(rulebook, files, "2019-03", recorded(released, {"A-1": 100_00}, after))
    assert compose(nothing_left, gathered(files), settled_lines(nothing_left), Paid(), final=True) == []


def test_another_month_that_changes_stands_on_the_statement_as_a_whole_as_its_own_statement_had_it():
    agreed = hourly("2018-12-31")
    agreed["services"]["taak"] = {"budget": {"article": "4.1", "paid": "twelfths", "amounts": {"2018-01-01": "€ 1.200,00"}}}
    rulebook, march, april, none = rulebook_of(agreed), Month(2018, 3), Month(2018, 4), Before()
    hours = {"client": "C1", "service": "begeleiding", "quantity": "1", "unit": "uren", "start": "2018-03-05", "end": "2018-03-05"}
    first = [File("A-1", "2018-03", [{**hours, "reference": "r1"}])]
    before = recorded(settled(rulebook, first, "2018-03"), {"A-1": 400_00}, none)
    credit = {**hours, "direction": "C", "reference": "c1", "previous_reference": "r1"}
    files = [*first, File("A-1", "2018-04", [credit])]
    found = settled(rulebook, files, "2018-04", before)
    [statement] = compose(found, gathered(files), settled_lines(found), Paid(), final=True)
    # A twelfth of 1.200,00 and one hour of 100,00; the hour is credited. April is the month of the statement itself.
    assert [row.month for row in statement.rows if row.difference_cents] == [march, april]
    assert statement.other_months == (MonthTotal(march, was_cents=200_00, is_cents=100_00),)
    [line] = [line for line in statement.lines if line.direction == "C"]
    assert line.previous_reference == "r1"


def test_a_settlement_holds_no_float():
    made = region(Random(1), 6)
    found = settled(rulebook_of(*[one.agreed for one in made]), delivered(Random(1), made), "2018-06")
    for frame in (found.earnings, settled_lines(found)):
        assert not [name for name, dtype in frame.schema.items() if dtype in {pl.Float32, pl.Float64}]
    assert all(type(row.cents) is int for row in found.entitlements.rows.values())
    assert line_values(found)
