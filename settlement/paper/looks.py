"""How a cell looks: font, colour, alignment and number format, as small values that workbooks share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

FONT = "Calibri"

INK = "1F2933"
MUTED = "66727F"
NAVY = "1D3F66"
SKY = "8FB4DC"
RULE = "D5DBE3"
SOFT = "F3F6FA"
WHITE = "FFFFFF"
RED = "A4262C"
RED_SOFT = "FBE9E9"
AMBER = "8A5A00"
AMBER_SOFT = "FFF3D6"
GREY_SOFT = "EEF1F5"
OPEN = "FFFBEA"
"""Cells that a reader may fill in."""

Kind = Literal["text", "entry", "amount", "count", "quantity", "decimal", "share", "day", "month"]
"""What a cell holds: text; text that a reader will type, kept as it is typed; cents; a whole number; thousandths; a number shown to one decimal, or as a
fraction where that would round it; a share with 1 for the whole; a date; a Month."""

Tone = Literal["plain", "strong", "muted", "negative", "high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Look:
    """One look. Sizes in points; colours as RRGGBB, empty for none."""

    size: float = 10
    bold: bool = False
    italic: bool = False
    ink: str = INK
    fill: str = ""
    align: Literal["left", "center", "right"] = "left"
    vertical: Literal["top", "center", "bottom"] = "center"
    indent: int = 0
    wrap: bool = False
    top: str = ""
    bottom: str = ""
    heavy: bool = False
    """Borders of medium width instead of hairlines."""
    kind: Kind = "text"
    parts: int = 0
    """Above 0: the denominator of the fraction as which a number is shown."""
    unlocked: bool = False
    """Whether a reader may type here although the sheet is protected."""

    def but(self, **changes: object) -> Look:
        """The same look with some things changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


TITLE = Look(size=20, bold=True, ink=NAVY)
SUBTITLE = Look(size=10.5, ink=MUTED)
SECTION = Look(size=11, bold=True, ink=NAVY, bottom=NAVY, heavy=True, vertical="bottom")
LABEL = Look(ink=MUTED)
VALUE = Look()
STRONG = Look(bold=True)
NOTE = Look(size=9, ink=MUTED, wrap=True)
HEADING = Look(size=9, bold=True, ink=WHITE, fill=NAVY, wrap=True)
BODY = Look(size=9, bottom=RULE)
BAR = Look(size=13, bold=True, ink=WHITE, fill=NAVY)
DRAFT = Look(size=10.5, bold=True, ink=AMBER, fill=AMBER_SOFT, indent=1)

TONES: dict[Tone, dict[str, object]] = {
    "plain": {},
    "strong": {"bold": True},
    "muted": {"ink": MUTED},
    "negative": {"ink": RED},
    "high": {"bold": True, "ink": RED, "fill": RED_SOFT, "align": "center"},
    "medium": {"bold": True, "ink": AMBER, "fill": AMBER_SOFT, "align": "center"},
    "low": {"bold": True, "ink": MUTED, "fill": GREY_SOFT, "align": "center"},
}
"""What a tone changes in a look."""
