"""A logo on a workbook: PNG or JPEG, its size read from its own head, so that no picture library is needed."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import Literal

from openpyxl.drawing.image import Image

_PNG = b"\x89PNG\r\n\x1a\n"
_PIXELS_HIGH, _PIXELS_WIDE = 48, 360


class Logo(Image):
    """A picture as openpyxl writes it; its own way in would open the picture with a library that we do without."""

    def __init__(self, content: bytes, kind: Literal["png", "jpeg"], width: int, height: int) -> None:
        self._content = content
        self.format = kind
        shown = min(Fraction(_PIXELS_HIGH, height), Fraction(_PIXELS_WIDE, width))
        self.width, self.height = round(width * shown), round(height * shown)

    @classmethod
    def read(cls, content: bytes) -> Logo | None:
        """The logo in these bytes; ``None`` when they are no PNG or JPEG: the name then stands in its place."""
        if content.startswith(_PNG) and content[12:16] == b"IHDR" and len(content) >= 24:
            width, height = struct.unpack(">II", content[16:24])
            return cls(content, "png", width, height) if width and height else None
        if content.startswith(b"\xff\xd8"):
            size = _jpeg_size(content)
            return cls(content, "jpeg", *size) if size and all(size) else None
        return None

    def _data(self) -> bytes:
        return self._content


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Width and height from the frame header; ``None`` when there is none."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        # SOF0 to SOF15 hold the size, but for the three that define tables.
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + struct.unpack(">H", content[at + 2 : at + 4])[0]
    return None
