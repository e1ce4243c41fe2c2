"""A small office with a provider for each way of paying, for whoever settles it hundreds of times: January and February."""

from __future__ import annotations

from pathlib import Path

from workbench import File, Line, contract, write_delivery, write_rules

JANUARY, FEBRUARY = "2018-01", "2018-02"

CONTRACTS = [
    contract("A-1", {"begeleiding": {
        "tariff": {"article": "6.1", "per": "hour", "amounts": {"2018-01-01": "€ 60,00"}},
        "ceiling": {"article": "6.5", "amounts": {"2018-01-01": "€ 250,00"}},
    }}, provider="de-linde"),
    contract("B-1", {"herstel": {
        "weekly_tariff": {"article": "5.1", "by": "intensity", "weeks": "days",
                          "amounts": {"2018-01-01": {"licht": "€ 100,00", "zwaar": "€ 300,00"}}},
    }}, provider="maasoever"),
    contract("C-1", {"opvoeding": {
        "arrangement_fee": {"article": "3.2", "by": "intensity", "paid": {"at_start": "70 %", "at_result": "30 %"},
                            "amounts": {"2018-01-01": {"hoog": "€ 5.000", "laag": "€ 700"}}},
    }}, provider="wilgenrijs"),
    contract("D-1", {"toezicht": {
        "monthly_tariff": {"article": "2.3", "first_broken_month": "pro rata", "last_broken_month": "pro rata",
                           "amounts": {"2018-01-01": "€ 812,00"}},
    }}, provider="noordereiland"),
    contract("E-1", {"vrije keuze": {
        "person_fee": {"article": "4.4", "per": "client and month", "counted_on": "first day", "amounts": {"2018-01-01": "€ 385,00"}},
    }}, provider="markdal"),
    contract("F-1", {
        "wijkteam": {
            "budget": {"article": "4.1", "paid": "twelfths", "amounts": {"2018-01-01": "€ 40.000"}},
            "minimum_clients": {"article": "4.2", "signal_below": "90 %", "settles": "on substantial deviation",
                                "per_missing_client": "€ 120,00", "amounts": {"2018-01-01": "24"}},
        },
        "bereikbaarheid": {"availability_fee": {"article": "2.1", "paid": "twelfths", "amounts": {"2018-01-01": "€ 1.000"}}},
    }, provider="buurtpost"),
]  # fmt: skip
"""Hours under a ceiling, weeks, arrangements, months, fees for clients, a budget with its minimum."""


def _days(month: str, first: int, last: int) -> Line:
    return {"start": f"{first:02d}-{month[5:]}-2018", "end": f"{last:02d}-{month[5:]}-2018"}


def _lines(month: str) -> dict[str, list[Line]]:
    last = {JANUARY: 31, FEBRUARY: 28}[month]
    return {
        "A-1": [
            {"client": f"C{n}", "service": "begeleiding", **_days(month, n, n), "quantity": f"{n},25", "unit": "uren", "reference": f"{month}-{n}"}
            for n in range(1, 3)
        ],
        "B-1": [
            {"client": f"C{n}", "service": "herstel", "intensity": level, **_days(month, 1, last), "reference": f"{month}-{n}"}
            for n, level in enumerate(("licht", "zwaar"))
        ],
        "C-1": [
            {"client": f"C{month}{n}", "service": "opvoeding", "intensity": level, **_days(month, 2, 20), "reference": f"{month}-{n}"}
            for n, level in enumerate(("hoog", "laag"))
        ],
        "D-1": [{"client": f"C{n}", "service": "toezicht", **_days(month, 1 + n, last), "reference": f"{month}-{n}"} for n in range(2)],
        "E-1": [{"client": f"C{n}", "service": "vrije keuze", **_days(month, 1, last), "reference": f"{month}-{n}"} for n in range(3)],
        "F-1": [
            {"client": f"C{n}", "service": "wijkteam", **_days(month, 1 + n, 1 + n), "quantity": "2,5", "unit": "uren", "reference": f"{month}-{n}"}
            for n in range(2)
        ],
    }  # fmt: skip


def write_office(folder: Path, only: str = "ABCDEF", **organisation: str) -> None:
    """``rules`` and ``inputs`` with what six providers (or only some, by letter) delivered for January and February."""
    write_rules(folder / "rules", [one for one in CONTRACTS if one["contract"][0] in only], **organisation)
    for month in (JANUARY, FEBRUARY):
        for number, lines in _lines(month).items():
            if number[0] in only:
                write_delivery(folder / "inputs", File(number, month, lines))
