"""organisation.yaml and providers.yaml: what is the municipality's own, and each provider once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from settlement.domain.contract import Organisation, Provider, Schedule
from settlement.domain.problems import Place
from settlement.rules.blocks import Keys, read_keys, read_one, under
from settlement.rules.grammar import EMAIL, FIRST_YEAR, LAST_YEAR, quote
from settlement.rules.headings import read_headings
from settlement.rules.language import ORGANISATION, PROVIDER, SCHEDULE, Block
from settlement.rules.page import Page
from settlement.rules.tree import Entry, Mapping

NO_ORGANISATION = Organisation(name="", address="", iban="")
"""What stands in a rulebook whose organisation.yaml cannot be read: no contract stands beside it."""

_LOGO_TYPES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True, slots=True)
class Providers:
    """The providers as read: those without problems, and where each one stands."""

    whole: dict[str, Provider]
    places: dict[str, Place]
    """Of every provider in the file, also those with problems."""


# ---- organisation.yaml -----------------------------------------------------------------------------------


def read_organisation(page: Page, root: Mapping, folder: Path) -> Organisation | None:
    """The organisation; ``None`` when the page got a problem. ``folder`` is where its logo must lie."""
    keys = read_keys(page, ORGANISATION, root, Place(page.file))
    schedule, alerts = Schedule(), {}
    if "schedule" in keys.entries:
        schedule = _read_schedule(keys, keys.entries["schedule"])
    if "alerts" in keys.entries:
        alerts = _read_alerts(keys, keys.entries["alerts"])
    _check_days(keys)
    _check_logo(keys, folder)
    if page.problems:
        return None
    return Organisation(**keys.fields, schedule=schedule, alerts_to=alerts)


def _read_schedule(above: Keys, entry: Entry) -> Schedule:
    mapping = under(above, entry, "working_day: 5")
    keys = read_keys(above.page, SCHEDULE, mapping or Mapping((), entry.key.place), entry.key.place)
    if not 1 <= keys.fields.get("working_day", 1) <= 15:
        keys.problem(
            "working-day",
            keys.place_of("working_day"),
            f"a month has no working day {keys.fields['working_day']} to wait for",
            "Write from 1 to 15: working_day: 5",
        )
    if not keys.whole:
        return Schedule()
    hour, minute = keys.fields.pop("time")
    return Schedule(hour=hour, minute=minute, **keys.fields)


def _read_alerts(keys: Keys, entry: Entry) -> dict[str, str]:
    mapping = under(keys, entry, "contract manager: cm@example.nl")
    found: dict[str, str] = {}
    for line in mapping.entries if mapping is not None else ():
        address = read_one(keys, line, EMAIL, f"{line.key.value}: {EMAIL.example}")
        if address is not None:
            found[line.key.value] = address
    return found


def _check_days(keys: Keys) -> None:
    for name, least, most in (
        ("objection_days", 1, 365),
        ("payment_days", 1, 365),
        ("first_year", FIRST_YEAR, LAST_YEAR),
    ):
        value = keys.fields.get(name)
        if value is not None and not least <= value <= most:
            keys.problem(
                "out-of-range",
                keys.place_of(name),
                f"{value} is not possible for '{name}'",
                f"Write a number from {least} to {most}.",
            )


def _check_logo(keys: Keys, folder: Path) -> None:
    logo = keys.fields.get("logo")
    if logo is None:
        return
    if "/" in logo or "\\" in logo or not logo.lower().endswith(_LOGO_TYPES):
        keys.problem(
            "logo",
            keys.place_of("logo"),
            f"{quote(logo)} is not the name of a PNG or JPEG beside this file",
            "Put the picture beside organisation.yaml and write its name alone: logo.png",
        )
    elif not (folder / logo).is_file():
        keys.problem(
            "logo-missing",
            keys.place_of("logo"),
            f"there is no file {quote(logo)} beside organisation.yaml",
            "Put it there, or leave 'logo' out: the name then stands in its place.",
        )


# ---- providers.yaml --------------------------------------------------------------------------------------


def read_providers(page: Page, root: Mapping) -> Providers:
    """The providers by key; one with a problem is not among the whole ones."""
    providers = Providers({}, {})
    for entry in root.entries:
        key = entry.key.value
        providers.places[key] = entry.key.place
        block = Block(f"provider {quote(key)}", PROVIDER.says, PROVIDER.keys)
        top = Keys(page, block, entry.key.place)
        mapping = under(top, entry, "name: Stichting De Linde")
        if mapping is None:
            continue
        keys = read_keys(page, block, mapping, entry.key.place)
        if not key or len(key) > 60:
            keys.problem(
                "provider-key",
                entry.key.place,
                "a provider needs a key of at most 60 characters",
                "Use a short word that contracts can name: de-linde",
            )
        headings = read_headings(keys)
        if keys.whole:
            fields = {name: value for name, value in keys.fields.items() if name != "headings"}
            providers.whole[key] = Provider(key, **fields, headings=headings)
    return providers
