"""Contracts of every kind and the lines that fit them, drawn from a seed: what the laws are tried on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from workbench import Line, Yaml, contract, euro, share

from settlement.domain.periods import Month

JANUARY = "2018-01-01"


@dataclass
class Made:
    """A contract, and how to make a line of one of its clients in a month."""

    agreed: Yaml
    line: Callable[[Random, Month, int], Line]
    """Of a service month, with a number of its own (which makes its client, reference and days its own)."""
    clients: int = 6
    """How many clients its lines are of; 0: each line has a client of its own."""
    tags: set[str] = field(default_factory=set)


def _days(rng: Random, month: Month) -> tuple[dt.date, dt.date]:
    first = month.first_day + dt.timedelta(days=rng.randrange(month.last_day.day))
    return first, first + dt.timedelta(days=rng.randrange((month.last_day - first).days + 1))


def _answers(rng: Random, number: int) -> Line:
    """The outcomes of a client, always the same for one client, so that the order of lines cannot matter."""
    own = Random(number * 7919 + 11)
    if own.random() < 0.3:
        return {}
    return {
        "goal_attainment": "ja" if own.random() < 0.75 else "nee",
        "client_satisfaction": own.choice(["6", "7,5", "8", "9,5"]),
        "dropout": "ja" if own.random() < 0.12 else "nee",
    }


def _ceiling(rng: Random, largest: int, *, may_be_held: bool = True) -> Yaml:
    above = rng.choice(["not paid", "not paid", "paid at 40 %", "paid at 33,33 %", *(["held"] if may_be_held else [])])
    per = rng.choice(["year", "year", "month"])
    amount = rng.randrange(1, largest) // (8 if per == "month" else 1) + 1
    return {"article": "6.5", "per": per, "above": above, "signal_at": ["70 %", "90 %"], "amounts": {JANUARY: euro(amount)}}


def _bonus(rng: Random, settles: str) -> Yaml:
    found: Yaml = {"article": "7.4", "share": share(rng.randrange(1, 500)), "of": "entitled"}
    if rng.random() < 0.5:
        found["from"] = "2018-04-01"
    return {
        **found,
        "needs": {"goal_attainment": "at least 60 %", "client_satisfaction": "at least 7", "dropout": "at most 30 %"},
        "minimum_responses": rng.choice([1, 3]),
        "at_most": euro(rng.randrange(1_00, 900_00)),
        "settles": settles,
    }


def hours(rng: Random, number: str) -> Made:
    """A tariff by the hour, delivered in minutes, with ceilings on service and contract, and a bonus by the quarter."""
    rounding = rng.choice(["half up per line", "up per line", "down per line", "half up per client and month"])
    tariff: Yaml = {"article": "6.1", "per": "hour", "delivered_in": "minutes"}
    if rng.random() < 0.3:
        tariff["whole_hours"] = "per period"
    if rng.random() < 0.3:
        tariff["at_most"] = f"{rng.randrange(2, 12)} per client and {rng.choice(['month', 'year'])}"
    tariff["amounts"] = {JANUARY: euro(rng.randrange(20_00, 90_00)), "2018-07-01": euro(rng.randrange(20_00, 90_00))}
    services: Yaml = {"begeleiding": {"tariff": tariff, "ceiling": _ceiling(rng, 4000_00)}}
    services["dagdeel"] = {"tariff": {"article": "6.2", "per": "day_part", "amounts": {JANUARY: euro(rng.randrange(50_00, 90_00))}}}
    services["dagdeel"]["outcome_bonus"] = _bonus(rng, "quarter_end")
    terms = {"ceiling": _ceiling(rng, 6000_00)} if rng.random() < 0.6 else {}
    if terms and rng.random() < 0.4:
        terms["ceiling"]["exempt"] = ["dagdeel"]

    def line(rng: Random, month: Month, number: int) -> Line:
        client, day = number % 6, month.first_day + dt.timedelta(days=number % 28)
        minutes = {"service": "begeleiding", "quantity": str(rng.randrange(1, 400)), "unit": "minuten"}
        parts = {"service": "dagdeel", "quantity": f"{rng.randrange(1, 4)},{rng.randrange(10)}5", "unit": "dagdelen", **_answers(rng, client)}
        own = minutes if rng.random() < 0.7 else parts
        return {"client": f"C{client}", "start": str(day), "end": str(day), "reference": f"r{number}", **own}

    more = {"terms": terms} if terms else {}
    return Made(contract(number, services, rounding=rounding, **more), line)


def weeks(rng: Random, number: str) -> Made:
    """Weeks by intensity, under a ceiling, with a withhold."""
    rule = rng.choice(["sundays", "started", "days"])
    amounts = {"licht": euro(rng.randrange(80_00, 120_00)), "zwaar": euro(rng.randrange(200_00, 400_00))}
    later = {"licht": euro(rng.randrange(80_00, 120_00)), "zwaar": euro(rng.randrange(200_00, 400_00))}
    weekly: Yaml = {"article": "5.1", "by": "intensity", "weeks": rule, "amounts": {JANUARY: amounts, "2018-05-01": later}}
    if rule == "sundays" and rng.random() < 0.5:
        weekly["short_allocation"] = "one week"
    withhold = {"article": "6.7", "share": share(rng.randrange(50, 700)), "needs": {"dropout": "at most 20 %"},
                "minimum_responses": 1, "settles": "year_end"}  # fmt: skip
    service = {"weekly_tariff": weekly, "ceiling": _ceiling(rng, 20000_00), "withhold": withhold}

    def line(rng: Random, month: Month, number: int) -> Line:
        begins = month.first_day + dt.timedelta(days=rng.randrange(-40, month.last_day.day))
        begins = max(begins, dt.date(2018, 1, 1))
        ends = begins + dt.timedelta(days=rng.randrange(90))
        ends = max(ends, month.first_day)
        first, last = max(begins, month.first_day), min(ends, month.last_day)
        return {
            "client": f"C{number}", "service": "herstel", "intensity": rng.choice(["licht", "zwaar"]),
            "allocation": f"T{number}", "allocation_start": str(begins), "allocation_end": str(ends), "start": str(first),
            "end": str(last), "reference": f"r{number}", **_answers(rng, number),
        }  # fmt: skip

    return Made(contract(number, {"herstel": service}), line, clients=0)


def arrangements(rng: Random, number: str) -> Made:
    """One fee for a child's arrangement, in parts."""
    start = rng.randrange(1, 100)
    paid = rng.choice([{"at_start": f"{start} %", "at_result": f"{100 - start} %"}, {"at_result": "100 %"}, {"months": rng.randrange(2, 13)}])
    fee = {
        "article": "3.2", "by": ["profile", "intensity"], "paid": paid, "without_result": rng.choice(["not paid", "paid"]),
        "amounts": {JANUARY: {"profiel 1": {"hoog": euro(rng.randrange(1000_00, 9000_00)), "laag": euro(rng.randrange(500_00, 900_00))}}},
    }  # fmt: skip
    services: Yaml = {"opvoeding": {"arrangement_fee": fee}}
    if rng.random() < 0.5:
        services["opvoeding"]["ceiling"] = _ceiling(rng, 40000_00)
    savings = {"article": "8.3", "share": share(rng.randrange(1000, 9000)), "against": {JANUARY: euro(rng.randrange(5000_00, 60000_00))},
               "savings_from": "2 %", "at_most": euro(rng.randrange(100_00, 9000_00)), "settles": "year_end"}  # fmt: skip

    def line(rng: Random, month: Month, number: int) -> Line:
        first, last = _days(rng, month)
        found = {"client": f"C{number}", "service": "opvoeding", "profile": "profiel 1", "intensity": rng.choice(["hoog", "laag"]),
                 "start": str(first), "reference": f"r{number}"}  # fmt: skip
        if rng.random() < 0.6:
            found |= {"end": str(last), "result": rng.choice(["reached", "not reached"])}
        return found

    return Made(contract(number, services, terms={"shared_savings": savings}), line, clients=0)


def months(rng: Random, number: str) -> Made:
    """A price for each month, with broken months."""
    broken = ["not paid", "in full", "pro rata"]
    term = {"article": "2.3", "first_broken_month": rng.choice(broken), "last_broken_month": rng.choice(broken),
            "amounts": {JANUARY: euro(rng.randrange(300_00, 900_00)), "2018-06-01": euro(rng.randrange(300_00, 900_00))}}  # fmt: skip

    def line(rng: Random, month: Month, number: int) -> Line:
        first, last = _days(rng, month)
        return {"client": f"C{number}", "service": "toezicht", "start": str(first), "end": str(last), "reference": f"r{number}"}

    bonus = _bonus(rng, "year_end")
    return Made(contract(number, {"toezicht": {"monthly_tariff": term, "outcome_bonus": bonus}}), line, clients=0)


def persons(rng: Random, number: str) -> Made:
    """A fee for each client, under a ceiling."""
    term = {"article": "4.4", "per": rng.choice(["client and month", "client and year"]),
            "counted_on": rng.choice(["first day", "any day", "last day"]),
            "amounts": {JANUARY: euro(rng.randrange(300_00, 900_00))}}  # fmt: skip
    services: Yaml = {"vrije keuze": {"person_fee": term, "ceiling": _ceiling(rng, 12000_00)}}

    def line(rng: Random, month: Month, number: int) -> Line:
        first, last = _days(rng, month)
        if rng.random() < 0.6:
            first, last = month.first_day, month.last_day
        return {"client": f"C{number % 5}", "service": "vrije keuze", "allocation": f"T{number}", "start": str(first), "end": str(last), "reference": f"r{number}"}

    return Made(contract(number, services), line)


def budgets(rng: Random, number: str) -> Made:
    """A budget in instalments with all that may stand around it."""
    paid = rng.choice(["twelfths", "quarters in advance", "at start", "at end"])
    amount, later = rng.randrange(5_000_00, 50_000_00), rng.randrange(5_000_00, 50_000_00)
    dated = {JANUARY: euro(amount), **({"2018-09-01": euro(later)} if rng.random() < 0.3 else {})}
    service: Yaml = {
        "tariff": {"article": "4.5", "per": "hour", "amounts": {JANUARY: euro(rng.randrange(40_00, 90_00))}},
        "budget": {"article": "4.1", "paid": paid, "amounts": dated},
        "corridor": {"article": "4.6", "measure": "claimed", "margin": share(rng.randrange(0, 2500)),
                     "above": share(rng.randrange(1000, 10000)), "below": share(rng.randrange(1000, 10000)),
                     "settles": "year_end"},
        "bonus_malus": {"article": "8.1", "measure": "goal_attainment", "of": "budget", "settles": "year_end", "minimum_responses": 2,
                        "bands": {"below 50 %": "-2,25 %", "below 75 %": "0 %", "otherwise": "2 %"}},
    }  # fmt: skip
    settles = rng.choice(["never", "year_end", "on substantial deviation"])
    minimum: Yaml = {"article": "4.2", "signal_below": "90 %", "settles": settles, "amounts": {JANUARY: str(rng.randrange(1, 15))}}
    if settles != "never":
        minimum["per_missing_client"] = rng.choice(["share of budget", euro(rng.randrange(50_00, 900_00))])
        minimum["tolerance"] = "5 %"
    service["minimum_clients"] = minimum
    services: Yaml = {"wijkteam": service}
    services["bereikbaarheid"] = {"availability_fee": {"article": "2.1", "paid": "twelfths", "amounts": {JANUARY: euro(rng.randrange(1000_00, 9999_99))}}}
    starts, ends = rng.choice([("2018-01-01", "2018-12-31"), ("2018-01-01", "2018-12-31"), ("2018-02-15", "2018-12-31"), ("2018-01-01", "2018-10-20")])
    terms = {"ceiling": _ceiling(rng, 60000_00)} if rng.random() < 0.3 else {}

    def line(rng: Random, month: Month, number: int) -> Line:
        client, day = number % 6, month.first_day + dt.timedelta(days=number % 28)
        return {"client": f"C{client}", "service": "wijkteam", "start": str(day), "end": str(day), "quantity": f"{rng.randrange(1, 60)},5",
                "unit": "uren", "reference": f"r{number}", **_answers(rng, client)}  # fmt: skip

    more = {"terms": terms} if terms else {}
    return Made(contract(number, services, starts=starts, ends=ends, **more), line)


KINDS = (hours, weeks, arrangements, months, persons, budgets)


def region(rng: Random, size: int) -> list[Made]:
    """So many contracts, of every kind in turn."""
    return [KINDS[position % len(KINDS)](rng, f"A-{position:03d}") for position in range(size)]
