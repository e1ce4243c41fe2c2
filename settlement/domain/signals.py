"""The standing signals: what every contract signals unasked, for the month settled (rule-files.md, *Conditions*)."""

from __future__ import annotations

STANDING_SIGNALS: dict[str, str] = {
    "delivery missing": "The contract's terms need lines, and no file came for the month.",
    "delivery refused": "A file that came for the month is refused as a whole: nothing of it could be read.",
    "delivery smaller": "A file took the place of an earlier one that had more than twice as many lines.",
    "lines refused": "Some of the lines that were delivered are refused.",
    "ceiling near": "A share of `signal_at` of a ceiling was passed.",
    "ceiling reached": "A ceiling is full: what lies above it is not paid, held, or paid at a share.",
    "minimum not met": "Fewer clients than `signal_below` of the minimum that is due to date.",
    "settlement postponed": "A term could not be judged: too few answers, or no data. It neither pays nor costs.",
    "negative payable": "More was paid before than the provider is entitled to now.",
    "client at two providers": "The same client gets the same service on the same days from two providers.",
    "more than a day in a day": "The lines of one client come to more than 24 hours in a day.",
    "budget left": "At year end less was delivered than the budget, by more than the corridor's margin.",
}
"""Name and meaning; the names are translated where they leave the building."""
