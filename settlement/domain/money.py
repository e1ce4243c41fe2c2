"""Money is whole euro cents in an int; this file holds the one rounding rule and the two ways of sharing.

No float touches an amount. Shares are basis points (2,5 % = 250).
"""

from __future__ import annotations

from collections.abc import Sequence

BASIS_POINTS = 10_000
"""One whole, in basis points."""


def divide_half_up(numerator: int, denominator: int) -> int:
    """The quotient rounded to a whole number, halves away from zero (rule-files.md, *Time and money, once*).

    Raises ``ValueError`` when the denominator is not positive: a rule file never gives one.
    """
    if denominator <= 0:
        raise ValueError(f"denominator must be positive, not {denominator}")
    if numerator < 0:
        return -((-2 * numerator + denominator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def divide_up(numerator: int, denominator: int) -> int:
    """The quotient rounded away from zero, for contracts with ``rounding: up per line``."""
    if denominator <= 0:
        raise ValueError(f"denominator must be positive, not {denominator}")
    return numerator // denominator if numerator < 0 else -(-numerator // denominator)


def divide_down(numerator: int, denominator: int) -> int:
    """The quotient rounded towards zero, for contracts with ``rounding: down per line``."""
    if denominator <= 0:
        raise ValueError(f"denominator must be positive, not {denominator}")
    return -(-numerator // denominator) if numerator < 0 else numerator // denominator


def share_of(cents: int, basis_points: int) -> int:
    """A share of an amount in cents, half up."""
    return divide_half_up(cents * basis_points, BASIS_POINTS)


def split_by_shares(cents: int, shares_bp: Sequence[int]) -> list[int]:
    """An amount in parts by share; every part but the last is rounded half up, the last is the rest.

    The parts add up to ``cents`` when the shares add up to one whole.
    """
    parts = [share_of(cents, share) for share in shares_bp[:-1]]
    return [*parts, share_of(cents, sum(shares_bp)) - sum(parts)]


def share_by_largest_remainder(cents: int, weights: Sequence[int]) -> list[int]:
    """One amount over many by weight; what is left after rounding down goes to the largest remainders.

    Ties go to the lowest index, so the caller orders by key. Negative amounts mirror positive ones.
    """
    total = sum(weights)
    if total <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative and must add up to more than nothing")
    sign, size = (-1, -cents) if cents < 0 else (1, cents)
    parts = [size * weight // total for weight in weights]
    remainders = [size * weight % total for weight in weights]
    for index in sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[: size - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]
