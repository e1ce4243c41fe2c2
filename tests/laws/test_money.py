"""The one rounding rule and the two ways of sharing, against exact fractions."""

from fractions import Fraction
from math import floor

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.domain.money import (
    divide_down,
    divide_half_up,
    divide_up,
    share_by_largest_remainder,
    share_of,
    split_by_shares,
)
from settlement.pricing.value import rounded_as

law = settings(max_examples=300, deadline=None, derandomize=True)
cents = st.integers(-(10**12), 10**12)
parts = st.integers(1, 10**6)


def half_up(value: Fraction) -> int:
    """Halves away from zero, from the definition."""
    size = floor(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size


@law
@given(cents, parts)
def test_a_quotient_is_rounded_half_up_away_from_zero(numerator, denominator):
    exact = Fraction(numerator, denominator)
    assert divide_half_up(numerator, denominator) == half_up(exact)
    assert divide_half_up(-numerator, denominator) == -divide_half_up(numerator, denominator)
    assert abs(divide_down(numerator, denominator)) <= abs(exact) <= abs(divide_up(numerator, denominator))
    assert abs(divide_up(numerator, denominator)) - abs(divide_down(numerator, denominator)) <= 1
    for divide in (divide_up, divide_down):
        assert divide(-numerator, denominator) == -divide(numerator, denominator)
        assert divide(numerator, denominator) * numerator >= 0


@pytest.mark.parametrize(
    ("numerator", "denominator", "half_up", "up", "down"),
    [
        # 1,5 and 0,5 and a third, and the same below nothing; what divides is left as it is.
        (3, 2, 2, 2, 1), (-3, 2, -2, -2, -1), (1, 2, 1, 1, 0), (-1, 2, -1, -1, 0), (1, 3, 0, 1, 0), (-1, 3, 0, -1, 0),
        (-2, 3, -1, -1, 0), (2, 1, 2, 2, 2), (-2, 1, -2, -2, -2), (-1, 1, -1, -1, -1), (1, 1, 1, 1, 1), (0, 7, 0, 0, 0),
    ],
)  # fmt: skip
def test_the_three_roundings_are_away_from_nothing_and_towards_it_on_both_sides(numerator, denominator, half_up, up, down):
    assert divide_half_up(numerator, denominator) == half_up
    assert divide_up(numerator, denominator) == up
    assert divide_down(numerator, denominator) == down


@law
@given(st.integers(-(10**9), 10**9), st.integers(1, 10**5))
def test_a_tie_goes_away_from_zero_whatever_its_sign(whole, half):
    # (2·whole + 1) · half ÷ (2 · half) is always a whole number and a half: banker's rounding would differ every other time.
    tie = divide_half_up((2 * whole + 1) * half, 2 * half)
    assert tie == (whole + 1 if whole >= 0 else whole)


@pytest.mark.parametrize("divide", [divide_half_up, divide_up, divide_down])
@pytest.mark.parametrize("denominator", [0, -1])
def test_nothing_is_divided_by_nothing_or_less(divide, denominator):
    with pytest.raises(ValueError, match="positive"):
        divide(1, denominator)


@law
@given(cents, st.lists(st.integers(0, 10_000), min_size=1, max_size=8))
def test_a_split_into_shares_adds_up_and_only_the_last_part_is_the_rest(amount, shares):
    split = split_by_shares(amount, shares)
    assert sum(split) == share_of(amount, sum(shares))
    assert split[:-1] == [half_up(Fraction(amount * one, 10_000)) for one in shares[:-1]]


@law
@given(cents, st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any))
def test_largest_remainders_add_up_and_no_part_is_a_cent_from_its_exact_share(amount, weights):
    shared = share_by_largest_remainder(amount, weights)
    exact = [Fraction(amount * weight, sum(weights)) for weight in weights]
    assert sum(shared) == amount
    assert all(abs(part - whole) < 1 for part, whole in zip(shared, exact, strict=True))
    assert all(part == 0 for part, weight in zip(shared, weights, strict=True) if not weight)
    rests = [abs(whole) - floor(abs(whole)) for whole in exact]
    rounded_up = {index for index, part in enumerate(shared) if abs(part) > floor(abs(exact[index]))}
    # Whoever was rounded up had a larger remainder, or the same and a lower key, than whoever was not.
    for up in rounded_up:
        assert all((-rests[up], up) < (-rests[down], down) for down in range(len(weights)) if down not in rounded_up)


def test_equal_remainders_go_to_the_lowest_keys():
    # 100 over three: 33 each, and the cent to the first; over six: 16 each, the four cents to the first four.
    assert share_by_largest_remainder(100, [1, 1, 1]) == [34, 33, 33]
    assert share_by_largest_remainder(100, [7] * 6) == [17, 17, 17, 17, 16, 16]
    assert share_by_largest_remainder(-100, [1, 1, 1]) == [-34, -33, -33]


def test_what_one_weight_has_it_gets_whole():
    assert share_by_largest_remainder(5, [0, 1]) == [0, 5]
    assert share_by_largest_remainder(-5, [1]) == [-5]
    assert share_by_largest_remainder(0, [2, 1]) == [0, 0]
    # One cent, of either sign, goes to the first.
    assert share_by_largest_remainder(1, [1, 1]) == [1, 0]
    assert share_by_largest_remainder(-1, [1, 1]) == [-1, 0]


def test_nothing_is_shared_by_no_weight():
    for weights in ([], [0, 0], [1, -1, 3]):
        with pytest.raises(ValueError, match="weights"):
            share_by_largest_remainder(1, weights)


@law
@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(1, 10**5)), min_size=1, max_size=50))
def test_the_frames_round_as_the_rule_does(pairs):
    frame = pl.DataFrame(pairs, schema={"n": pl.Int64, "d": pl.Int64}, orient="row")
    for rounding, rule in (("half up per line", divide_half_up), ("up per line", divide_up), ("down per line", divide_down)):
        found = frame.select(rounded_as(pl.lit(rounding), pl.col("n"), pl.col("d"))).to_series().to_list()
        assert found == [rule(numerator, denominator) for numerator, denominator in pairs]
