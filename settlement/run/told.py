"""How sentences for people count, in messages and answers."""

from __future__ import annotations


def counted(count: int, one: str, several: str | None = None) -> str:
    """A count with its noun: ``1 delivery``, ``2 deliveries``, ``0 deliveries``."""
    return f"{count:,}".replace(",", ".") + f" {one if count == 1 else several or one + 's'}"
