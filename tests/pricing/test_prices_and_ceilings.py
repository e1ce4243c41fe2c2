"""The frames price lines and fill ceilings exactly as a plain reading of the contract does, line by line."""

import datetime as dt
import os
from fractions import Fraction
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_prices import PlainCeiling, PlainContract, PlainLine, PlainTariff, settle_plainly
from workbench import File, Yaml, contract, euro, line_values, one_settled, rulebook_of, settled

from settlement.decisions.engine import Engine

UNITS = {"minute": "minuten", "hour": "uren", "day_part": "dagdelen", "piece": "stuks"}
ROUNDINGS = ("half up per line", "up per line", "down per line", "half up per client and month")
ABOVE = {"not paid": 0, "held": 0, "paid at 40 %": 4000, "paid at 12,5 %": 1250}


def drawn_tariff(rng: Random) -> tuple[Yaml, PlainTariff]:
    per = rng.choice(["minute", "hour", "hour", "day_part", "piece"])
    delivered_in = per if per == "piece" else rng.choice(["minute", "hour", "day_part"])
    by = rng.random() < 0.4
    days = [dt.date(2018, 1, 1), *([dt.date(2018, 2, rng.randrange(1, 28))] if rng.random() < 0.6 else [])]
    levels = ["licht", "zwaar"] if by else [""]
    prices = [(day, {level: rng.randrange(1, 20_000) for level in levels}) for day in days]
    told = {"article": "6.1", "per": per, **({"delivered_in": delivered_in} if delivered_in != per else {})}
    plain = PlainTariff(per, delivered_in, prices)
    if per == "hour" and delivered_in == "minute" and rng.random() < 0.5:
        told["whole_hours"], plain.whole_hours = "per period", True
    if rng.random() < 0.35:
        most, within = Fraction(rng.randrange(1, 80), 2), rng.choice(["month", "year", "contract"])
        number = f"{most.numerator // most.denominator}{',5' if most.denominator == 2 else ''}"
        told["at_most"] = f"{number} per client" + ("" if within == "contract" else f" and {within}")
        plain.at_most = most, within
    if by:
        told["by"] = "intensity"
    told["amounts"] = {str(day): {k: euro(v) for k, v in found.items()} if by else euro(found[""]) for day, found in prices}
    return told, plain


def drawn_ceiling(rng: Random, services: list[str], per: tuple[str, ...]) -> tuple[Yaml, PlainCeiling]:
    above, when, cents = rng.choice(list(ABOVE)), rng.choice(per), rng.randrange(1, 400_000)
    told = {"article": "6.5", "per": when, "above": above, "amounts": {"2018-01-01": euro(cents)}}
    return told, PlainCeiling(services, when, cents, Fraction(ABOVE[above], 10_000))


def drawn(rng: Random, number: str) -> tuple[Yaml, PlainContract]:
    rounding = rng.choice(ROUNDINGS)
    plain = PlainContract(rounding, {})
    services: Yaml = {}
    for name in ("begeleiding", "behandeling", "dagbesteding")[: rng.randrange(1, 4)]:
        told, plain.tariffs[name] = drawn_tariff(rng)
        services[name] = {"tariff": told}
        if rng.random() < 0.5:
            services[name]["ceiling"], ceiling = drawn_ceiling(rng, [name], ("year", "month", "contract"))
            plain.of_services.append(ceiling)
    more: Yaml = {}
    if rng.random() < 0.6:
        told, ceiling = drawn_ceiling(rng, list(services), ("year", "month", "contract"))
        if len(services) > 1 and rng.random() < 0.5:
            left_out = rng.choice(list(services))
            ceiling.services = [name for name in services if name != left_out]
            told |= {"exempt": [left_out]} if rng.random() < 0.5 else {"over": ceiling.services}
        plain.of_contract.append(ceiling)
        more["terms"] = {"ceiling": told}
    return contract(number, services, rounding=rounding, **more), plain


def drawn_lines(rng: Random, plain: PlainContract, many: int) -> list[PlainLine]:
    """Ties on purpose: a fifth of the quantities make the price end in exactly half a cent."""
    found = []
    for number in range(many):
        service = rng.choice(list(plain.tariffs))
        tariff = plain.tariffs[service]
        intensity = rng.choice(list(tariff.prices[0][1]))
        start = dt.date(2018, rng.randrange(1, 4), rng.randrange(1, 29))
        quantity = Fraction(rng.choice([rng.randrange(1, 400), rng.randrange(1, 12_000)]), rng.choice([1, 2, 4, 8, 1000]))
        quantity = max(Fraction(int(quantity * 1000), 1000), Fraction(1, 1000))
        found.append(PlainLine(number, service, f"C{rng.randrange(4)}", intensity, start, quantity))
    return found


def as_written(number: Fraction) -> str:
    return f"{number.numerator // number.denominator},{int(number * 1000) % 1000:03d}"


def compare(seed: int, contracts: int, lines: int, engine: Engine) -> int:
    """Settles so many contracts both ways; gives how many lines a ceiling took something from."""
    rng = Random(seed)
    agreed, files, expected, touched = [], [], {}, 0
    for position in range(contracts):
        number = f"A-{position:03d}"
        told, plain = drawn(rng, number)
        agreed.append(told)
        own = drawn_lines(rng, plain, lines)
        settle_plainly(plain, own)
        touched += sum(one.taken > 0 for one in own)
        rows = [
            {"client": one.client, "service": one.service, "intensity": one.intensity, "start": str(one.start),
             "end": str(one.start), "quantity": as_written(one.quantity),
             "unit": UNITS[plain.tariffs[one.service].delivered_in], "reference": f"r{one.number}"}
            for one in own
        ]  # fmt: skip
        files.append(File(number, "2018-03", rows))
        expected |= {(f"2018-03/{number} levering.csv", one.number + 1): one.cents - one.taken for one in own}
    found = settled(rulebook_of(*agreed), files, "2018-03", engine=engine)
    assert found.refusals.height == 0
    assert line_values(found) == expected
    return touched


@given(seed=st.integers(0, 2**40))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_every_line_of_random_contracts_earns_what_a_plain_reading_gives_it(seed):
    with Engine() as engine:
        compare(seed, contracts=16, lines=25, engine=engine)


def test_in_those_contracts_ceilings_took_from_many_lines():
    with Engine() as engine:
        assert compare(3, contracts=16, lines=25, engine=engine) > 50


@pytest.mark.campaign
def test_a_million_lines_of_random_contracts_earn_what_a_plain_reading_gives_them():
    with Engine() as engine:
        for seed in range(int(os.environ.get("SETTLEMENT_BATCHES", "200"))):
            compare(seed, contracts=100, lines=50, engine=engine)


# ---- worked by hand --------------------------------------------------------------------------------------


def minutes(*worked: str, intensity: str = "", client: str = "C1") -> list[dict[str, str]]:
    return [
        {"client": client, "service": "begeleiding", "intensity": intensity, "start": f"2018-01-{day:02d}", "end": f"2018-01-{day:02d}",
         "quantity": quantity, "unit": "minuten", "reference": f"{client}{intensity}{day}"}
        for day, quantity in enumerate(worked, 1)
    ]  # fmt: skip


def by_the_hour(cents: int = 6200, **more: object) -> Yaml:
    tariff = {"article": "6.1", "per": "hour", "delivered_in": "minutes", **more}
    return contract("A-1", {"begeleiding": {"tariff": {**tariff, "amounts": {"2018-01-01": euro(cents)}}}})


def values(found: object) -> list[int]:
    return list(line_values(found).values())  # type: ignore[arg-type]


def test_an_hour_of_62_euro_delivered_as_37_minutes_is_38_euro_23():
    # 6200 × 37 ÷ 60 = 3823,33: not 37 rounded minute tariffs of 1,03.
    assert values(one_settled(by_the_hour(), {"2018-01": minutes("37")}, "2018-01")) == [3823]


@pytest.mark.parametrize(
    ("rounding", "cents"), [("half up per line", 103), ("up per line", 103), ("down per line", 102)]
)
def test_half_a_cent_goes_up_unless_the_contract_says_otherwise(rounding, cents):
    # € 62,05 × 0,0165 hour would be no tie; € 2,05 an hour × 30 minutes = 102,5 cents exactly.
    agreed = {**by_the_hour(205), "rounding": rounding}
    assert values(one_settled(agreed, {"2018-01": minutes("30")}, "2018-01")) == [cents]


def test_four_visits_of_95_minutes_are_six_whole_hours():
    # iJw IV079: 4 × 95 = 380 minutes = 6 h 20 → 6 hours × 62,00 = 372,00; 93,00 a visit.
    found = one_settled(by_the_hour(whole_hours="per period"), {"2018-01": minutes("95", "95", "95", "95")}, "2018-01")
    assert values(found) == [9300] * 4


@pytest.mark.parametrize(("worked", "hours"), [("1", 1), ("29", 1), ("30", 1), ("89", 1), ("90", 2), ("89,99", 1)])
def test_whole_hours_are_rounded_at_the_half_hour_and_are_at_least_one(worked, hours):
    assert values(one_settled(by_the_hour(whole_hours="per period"), {"2018-01": minutes(worked)}, "2018-01")) == [hours * 6200]


def test_whole_hours_of_two_intensities_are_counted_apart_each_at_its_own_tariff():
    # 60 minutes light = 1 × 30,00; 60 minutes heavy = 1 × 90,00. Together never 2 hours of the lightest.
    tariff = {"article": "6.1", "per": "hour", "delivered_in": "minutes", "whole_hours": "per period", "by": "intensity",
              "amounts": {"2018-01-01": {"licht": "€ 30,00", "zwaar": "€ 90,00"}}}  # fmt: skip
    agreed = contract("A-1", {"begeleiding": {"tariff": tariff}})
    lines = [*minutes("60", intensity="licht"), *minutes("60", intensity="zwaar")]
    assert sorted(values(one_settled(agreed, {"2018-01": lines}, "2018-01"))) == [3000, 9000]


def test_a_bound_of_two_hours_a_month_is_filled_in_order_of_day():
    # 90 + 60 minutes: 90 whole, then 30 of the 60: 93,00 and 31,00; the third earns nothing. Another client starts afresh.
    lines = [*minutes("90", "60", "10"), *minutes("45", client="C2")]
    found = one_settled(by_the_hour(at_most="2 per client and month"), {"2018-01": lines}, "2018-01")
    assert values(found) == [9300, 3100, 0, 4650]


def test_rounded_per_client_and_month_the_lines_add_up_to_the_rounded_sum():
    # 3 × 10 minutes of 1,00 an hour: 16,67 cents each, 50 together: 17 + 16 + 17.
    agreed = {**by_the_hour(100), "rounding": "half up per client and month"}
    assert values(one_settled(agreed, {"2018-01": minutes("10", "10", "10")}, "2018-01")) == [17, 16, 17]


def hours_under(**ceiling: object) -> Yaml:
    agreed = by_the_hour(6000)
    agreed["services"]["begeleiding"]["ceiling"] = {"article": "6.5", **ceiling}
    return agreed


def test_the_line_that_crosses_a_ceiling_is_paid_in_part():
    # 60,00 + 60,00 under a ceiling of 100,00: 60,00 and 40,00.
    found = one_settled(hours_under(amounts={"2018-01-01": "€ 100,00"}), {"2018-01": minutes("60", "60", "60")}, "2018-01")
    assert values(found) == [6000, 4000, 0]
    assert found.payable() == {"A-1": 10_000}


def test_above_a_ceiling_paid_at_a_share_the_shares_add_up_to_the_share_of_the_whole():
    # Above 100,00 lies 80,00; a third (33,33 %) of it is 26,66(4): 20,00 × 33,33 % = 6,666 → 6,67; 26,66 − 6,67 = 19,99.
    agreed = hours_under(above="paid at 33,33 %", amounts={"2018-01-01": "€ 100,00"})
    found = one_settled(agreed, {"2018-01": minutes("60", "60", "60")}, "2018-01")
    assert values(found) == [6000, 4000 + 667, 1999]


def test_what_is_held_above_a_ceiling_is_not_payable_and_is_told():
    agreed = hours_under(above="held", amounts={"2018-01-01": "€ 100,00"})
    found = one_settled(agreed, {"2018-01": minutes("60", "60")}, "2018-01")
    assert (found.payable(), found.held()) == ({"A-1": 10_000}, {"A-1": 2_000})


def test_a_late_line_of_an_earlier_day_fills_the_ceiling_first():
    # The line of 1 January came in March: it is paid whole, and the one of 2 January gives way.
    early, late = minutes("60", "60")[1:], minutes("60", "60")[:1]
    agreed = hours_under(amounts={"2018-01-01": "€ 100,00"})
    found = one_settled(agreed, {"2018-01": early, "2018-03": late}, "2018-03")
    assert values(found) == [4000, 6000]


def test_in_a_broken_year_a_ceiling_holds_pro_rata_by_days():
    # From 1 July: 184 of 365 days of 1.000,00 = 504,109… → 504,11. 20 hours of 60,00 are cut to it.
    agreed = {**hours_under(amounts={"2018-01-01": "€ 1.000,00"}), "starts": "2018-07-01"}
    line = {**minutes("1200")[0], "start": "2018-07-02", "end": "2018-07-02"}
    assert one_settled(agreed, {"2018-07": [line]}, "2018-07").payable() == {"A-1": 50_411}
    whole = {**hours_under(broken_year="full", amounts={"2018-01-01": "€ 1.000,00"}), "starts": "2018-07-01"}
    assert one_settled(whole, {"2018-07": [line]}, "2018-07").payable() == {"A-1": 100_000}


def test_a_ceiling_of_the_whole_contract_stays_filled_by_years_that_have_closed():
    # 100,00 in 2018 and 100,00 in 2019 under 150,00 for the contract: when 2018 has closed, 2019 still gets 50,00.
    agreed = {**hours_under(per="contract", amounts={"2018-01-01": "€ 150,00"}), "ends": "2019-12-31",
              "deliveries": {"corrections_until": "3 months"}}  # fmt: skip
    first = {**minutes("100")[0], "start": "2018-12-05", "end": "2018-12-05"}
    second = {**first, "start": "2019-01-05", "end": "2019-01-05", "reference": "other"}
    lines = {"2018-12": [first], "2019-01": [second]}
    while_open, closed = one_settled(agreed, lines, "2019-03"), one_settled(agreed, lines, "2019-04")
    assert while_open.payable() == {"A-1": 15_000}
    # Nothing was settled before: of the closed year nothing is paid any more.
    assert closed.payable() == {"A-1": 5_000}
    assert closed.refusals.height == 0


def test_the_claimed_amount_of_a_line_must_be_the_computed_one():
    right, wrong = {**minutes("37")[0], "claimed": "38,23"}, {**minutes("37", "37")[1], "claimed": "38,11"}
    found = one_settled(by_the_hour(), {"2018-01": [right, wrong]}, "2018-01")
    told = found.refusals.select("row", "code", "national", "found", "expected").rows()
    assert told == [(2, "amount-differs", "9346", "€ 38,11", "€ 38,23")]


def test_amounts_of_hundreds_of_millions_are_exact():
    # 999.999,99 an hour × 999.999,99 minutes: price × thousandths × ratio passes 2**61 on the way, and must not wrap.
    agreed = by_the_hour(99_999_999)
    found = one_settled(agreed, {"2018-01": minutes("999999,99")}, "2018-01")
    exact = Fraction(99_999_999) * Fraction(99_999_999, 100) / 60
    assert values(found) == [int(exact + Fraction(1, 2))]
    assert found.earnings.schema["value_cents"] == pl.Int64
