"""The contracts' terms as tables: what lines are joined to. Small frames, one row a service, level or ceiling.

Contracts, services and levels get whole numbers (``contract_no``, ``service_no``, ``level_no``) in the order of the
contracts' numbers and of the rule files, so that a million lines are joined and grouped on integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from settlement.domain.contract import (
    ArrangementFee,
    Contract,
    MonthlyTariff,
    PersonFee,
    Rulebook,
    Tariff,
    WeeklyTariff,
)
from settlement.domain.periods import Month

KIND = pl.Enum(
    ["none", "tariff", "weekly_tariff", "arrangement_fee", "monthly_tariff", "person_fee", "budget", "availability_fee"]
)
"""The term that earns: the one that prices a service's lines (``none`` where lines only count), or one that pays by the calendar."""
ROUNDING = pl.Enum(["half up per line", "up per line", "down per line", "half up per client and month"])
BROKEN_MONTH = pl.Enum(["not paid", "in full", "pro rata"])
ANY_LEVEL = ""
"""What a profile or intensity is in the tables where the term has no such level."""

_MINUTES = {"minute": 1, "hour": 60, "day_part": 240}


@dataclass(frozen=True, slots=True)
class Tables:
    """All terms that price or accept lines."""

    contracts: Mapping[str, Contract]
    """In order of number; the position is ``contract_no``."""
    service_numbers: Mapping[tuple[str, str], int]
    """(contract, service) → service_no."""
    services: pl.DataFrame
    """One row a service: contract_no, contract, service_no, service, its acceptance and pricing attributes."""
    names: pl.DataFrame
    """contract_no, name (folded) → service_no: the services by their names."""
    codes: pl.DataFrame
    """contract_no, code (folded) → service_no, and the profile and intensity that it stands for, as the contract writes
    them; null where it stands for the service alone."""
    levels: pl.DataFrame
    """service_no, profile (folded), intensity (folded) → level_no, with profile and intensity as the contract writes them."""
    prices: pl.DataFrame
    """level_no, day_0, cents_0, day_1, cents_1 …: the steps of its price, side by side; null cents: it stopped.
    Level 0 is the first row, and so on."""
    price_steps: int
    """How many steps the widest has."""


def folded(text: str) -> str:
    """A name as it is compared: case and runs of spaces don't matter."""
    return " ".join(text.casefold().split())


def unit_ratio(delivered: str, per: str) -> tuple[int, int]:
    """How many of the tariff's unit one delivered unit is, as numerator and denominator.

    Raises ``ValueError`` for units that cannot be converted; the rules reader has refused such a contract.
    """
    if delivered == per:
        return 1, 1
    if delivered in _MINUTES and per in _MINUTES:
        return _MINUTES[delivered], _MINUTES[per]
    raise ValueError(f"no ratio between {delivered} and {per}")


def build_tables(rulebook: Rulebook) -> Tables:
    """The tables of all contracts of a rulebook."""
    contracts = dict(sorted(rulebook.contracts.items()))
    first_year = rulebook.organisation.first_year or 0
    services: list[dict[str, object]] = []
    names: list[tuple[int, str, int]] = []
    codes: list[tuple[int, str, int, str | None, str | None]] = []
    levels: list[tuple[int, str, str, int, str, str]] = []
    price_rows: list[list[object]] = []
    price_steps = 1
    for contract_no, contract in enumerate(contracts.values()):
        for service in contract.services.values():
            service_no = len(services)
            services.append(_service_row(contract_no, contract, service_no, service.name, first_year))
            names.append((contract_no, folded(service.name), service_no))
            for code in service.codes:
                says = service.code_levels.get(code, {})
                codes.append((contract_no, folded(code), service_no, says.get("profile"), says.get("intensity")))
            for (profile, intensity), steps in _levels_of(contract, service.name).items():
                level_no = len(levels)
                levels.append((service_no, folded(profile), folded(intensity), level_no, profile, intensity))
                price_rows.append([level_no, *(part for step in steps for part in step)])
                price_steps = max(price_steps, len(steps))
    width = 1 + 2 * price_steps
    schema: dict[str, pl.DataType | type[pl.DataType]] = {"level_no": pl.UInt32}
    for step in range(price_steps):
        schema[f"day_{step}"] = pl.Date
        schema[f"cents_{step}"] = pl.Int64
    return Tables(
        contracts=contracts,
        service_numbers={(str(row["contract"]), str(row["service"])): number for number, row in enumerate(services)},
        services=pl.DataFrame(services, schema=_SERVICES),
        names=pl.DataFrame(names, schema={"contract_no": pl.UInt32, "name": pl.String, "service_no": pl.UInt32}, orient="row"),
        codes=pl.DataFrame(
            codes,
            schema={
                "contract_no": pl.UInt32,
                "code": pl.String,
                "service_no": pl.UInt32,
                "code_profile": pl.String,
                "code_intensity": pl.String,
            },
            orient="row",
        ),
        levels=pl.DataFrame(
            levels,
            schema={
                "service_no": pl.UInt32,
                "profile_key": pl.String,
                "intensity_key": pl.String,
                "level_no": pl.UInt32,
                "profile_name": pl.String,
                "intensity_name": pl.String,
            },
            orient="row",
        ),
        prices=pl.DataFrame([row + [None] * (width - len(row)) for row in price_rows], schema=schema, orient="row"),
        price_steps=price_steps,
    )


def price_on(day: pl.Expr, price_steps: int) -> pl.Expr:
    """The cents in force on a day, from the columns of ``Tables.prices``; null where none is."""
    price = pl.lit(None, dtype=pl.Int64)
    for step in range(price_steps):
        price = pl.when(pl.col(f"day_{step}") <= day).then(pl.col(f"cents_{step}")).otherwise(price)
    return price


_SERVICES: dict[str, pl.DataType | type[pl.DataType]] = {
    "contract_no": pl.UInt32,
    "contract": pl.String,
    "provider": pl.String,
    "starts": pl.Date,
    "ends": pl.Date,
    "first_open_month": pl.Int32,  # Month.index: service before it belongs to a closed year
    "deadline_months": pl.Int32,  # null: none
    "open_months": pl.Int32,  # corrections_until
    "rounding": ROUNDING,
    "service_no": pl.UInt32,
    "service": pl.String,
    "kind": KIND,
    "has_budget": pl.Boolean,
    "by_profile": pl.Boolean,
    "by_intensity": pl.Boolean,
    "priced_on_allocation": pl.Boolean,
    "delivered_in": pl.String,
    "per": pl.String,
    "ratio_numerator": pl.Int64,
    "ratio_denominator": pl.Int64,
    "whole_hours": pl.Boolean,
    "bound_milli": pl.Int64,  # null: unbounded
    "bound_within": pl.String,
    "weeks": pl.String,
    "short_allocation_pays": pl.Boolean,
    "first_broken": BROKEN_MONTH,
    "last_broken": BROKEN_MONTH,
    "person_per_year": pl.Boolean,
    "counted_on": pl.String,
    "at_start_bp": pl.Int64,
    "paid_months": pl.Int64,
    "pays_without_result": pl.Boolean,
    "one_at_a_time": pl.Boolean,
    "credits_on_change": pl.Boolean,
}


def _service_row(contract_no: int, contract: Contract, service_no: int, name: str, first_year: int) -> dict[str, object]:
    service = contract.services[name]
    term = service.line_term
    first_open = Month(max(first_year, contract.starts.year), 1)
    row: dict[str, object] = dict.fromkeys(_SERVICES)
    row |= {
        "contract_no": contract_no,
        "contract": contract.number,
        "provider": contract.provider,
        "starts": contract.starts,
        "ends": contract.ends,
        "first_open_month": first_open.index,
        "deadline_months": contract.deliveries.claim_deadline.months if contract.deliveries.claim_deadline else None,
        "open_months": contract.deliveries.corrections_until.months,
        "rounding": contract.rounding,
        "service_no": service_no,
        "service": name,
        "kind": "none" if term is None else term.kind,
        "has_budget": service.budget is not None,
        "by_profile": False,
        "by_intensity": False,
        "priced_on_allocation": False,
        "whole_hours": False,
        "one_at_a_time": False,
    }
    if isinstance(term, Tariff | WeeklyTariff | ArrangementFee | MonthlyTariff):
        row |= {
            "by_profile": "profile" in term.by,
            "by_intensity": "intensity" in term.by,
            "priced_on_allocation": term.priced_on == "allocation",
        }
    match term:
        case Tariff():
            numerator, denominator = unit_ratio(term.delivered_in, term.per)
            row |= {
                "delivered_in": term.delivered_in,
                "per": term.per,
                "ratio_numerator": numerator,
                "ratio_denominator": denominator,
                "whole_hours": term.whole_hours,
                "bound_milli": term.at_most.quantity_milli if term.at_most else None,
                "bound_within": term.at_most.within if term.at_most else None,
            }
        case WeeklyTariff():
            row |= {"weeks": term.weeks, "short_allocation_pays": term.short_allocation == "one week"}
        case MonthlyTariff():
            row |= {"first_broken": term.first_broken_month, "last_broken": term.last_broken_month}
        case PersonFee():
            row |= {"person_per_year": term.per == "client and year", "counted_on": term.counted_on}
        case ArrangementFee():
            row |= {
                "at_start_bp": term.paid.at_start_bp,
                "paid_months": term.paid.months,
                "pays_without_result": term.without_result == "paid",
                "one_at_a_time": term.one_at_a_time,
                "credits_on_change": term.on_change == "credit all",
            }
        case None:
            pass
    return row


def _levels_of(contract: Contract, name: str) -> dict[tuple[str, str], list[tuple[object, int | None]]]:
    """Every (profile, intensity) of a service's tariff with its steps of (day, cents)."""
    term = contract.services[name].line_term
    found: dict[tuple[str, str], list[tuple[object, int | None]]] = {}
    if term is None:
        return {(ANY_LEVEL, ANY_LEVEL): []}
    if isinstance(term, PersonFee):
        steps = [(step.day, step.value.cents if step.value else None) for step in term.amounts.steps]
        return {(ANY_LEVEL, ANY_LEVEL): list(steps)}
    keys = {key for step in term.amounts.steps if step.value is not None for key in step.value}
    for key in sorted(keys):
        by = dict(zip(term.by, key, strict=True))
        level = (by.get("profile", ANY_LEVEL), by.get("intensity", ANY_LEVEL))
        found[level] = [
            (step.day, step.value[key].cents if step.value is not None and key in step.value else None)
            for step in term.amounts.steps
        ]
    return found
