"""The words that a delivered cell may hold where the answer comes from a closed list: small letters, without accents.

Units and reasons carry their national codes (iJw 3.2: WJ756 units, JZ588 reasons of ending). Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping

_UNITS = {
    "minute": "minuten minuut min 01 1 minutes minute",
    "hour": "uren uur 04 4 hours hour",
    "day_part": "dagdelen dagdeel 16 day_parts day_part",
    "day": "dagen dag days day",
    "overnight_day": "etmalen etmaal 14 overnight_days overnight_day",
    "piece": "stuks stuk 82 84 pieces piece",
    "week": "weken week weeks",
    "month": "maanden maand months month",
    "euro": "euro euro's euros 83",
}
UNITS: Mapping[str, str] = {word: unit for unit, words in _UNITS.items() for word in words.split()} | {
    "stuks (output)": "piece",
    "stuks (inspanning)": "piece",
    "dagdeel (4 uur)": "day_part",
}
"""Word to a Unit of ``domain.contract``."""

_MONTH_NAMES = (
    "januari jan january",
    "februari feb february",
    "maart mrt mar march",
    "april apr",
    "mei may",
    "juni jun june",
    "juli jul july",
    "augustus aug august",
    "september sep sept",
    "oktober okt october oct",
    "november nov",
    "december dec",
)
MONTHS: Mapping[str, int] = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
"""Word to the number of a month."""

RESULTS: Mapping[str, str] = {
    "behaald": "reached",
    "niet behaald": "not reached",
    "loopt": "running",
    "reached": "reached",
    "not reached": "not reached",
    "running": "running",
}

_REASONS = {
    "02": ("overlijden", "overleden", "wegens overlijden"),
    "20": ("tijdelijk", "tijdelijk beeindigd"),
    "31": ("volgens plan", "volgens plan beeindigd"),
    "32": ("voortijdig door client", "voortijdig afgesloten: eenzijdig door client"),
    "33": ("voortijdig door aanbieder", "voortijdig afgesloten: eenzijdig door aanbieder"),
    "34": ("in overeenstemming", "voortijdig afgesloten: in overeenstemming"),
    "35": ("externe omstandigheden", "voortijdig afgesloten: wegens externe omstandigheden"),
    "36": ("geinitieerd door gemeente",),
    "37": ("wijzigingsverzoek",),
    "38": ("andere aanbieder",),
    "39": ("ander domein",),
}
END_REASONS: Mapping[str, str] = {
    spelling: code
    for code, words in _REASONS.items()
    for word in words
    for spelling in (code, word, f"{code} {word}", f"{code} - {word}", f"{code}: {word}")
} | {"2": "02"}
"""Word or code to the national code; ``2`` is what Excel makes of ``02``."""

YES: tuple[str, ...] = ("ja", "j", "yes", "y", "1", "true", "waar")
NO: tuple[str, ...] = ("nee", "n", "no", "0", "false", "onwaar")
