"""Wordings are numbered in one of three ways, by how many there could be; each finds the same."""

from __future__ import annotations

import polars as pl
import pytest

from settlement.deliveries.lines import LINES
from settlement.pricing import resolve

WORDS = ("service", "code", "profile", "intensity")
SAID = {
    "contract_no": [0, 1, 0, 1, 0],
    "service": ["a", None, "a", "b", None],
    "code": [None, "x", None, "x", "y"],
    "profile": [None] * 5,
    "intensity": ["l", "z", "l", "z", "z"],
}


@pytest.mark.parametrize("way", ["a table", "one number", "as they are"])
def test_lines_that_say_the_same_have_one_wording_however_many_there_could_be(monkeypatch, way):
    if way != "a table":
        monkeypatch.setattr(resolve, "_DENSE", 0)
    if way == "as they are":
        monkeypatch.setattr(resolve.math, "prod", lambda sizes: 2**63)
    said = pl.DataFrame(SAID, schema={"contract_no": pl.UInt32, **{word: LINES[word] for word in WORDS}})
    first, which = resolve._wordings(said)
    # The third line says what the first does; where a word is missing is a wording of its own.
    assert [first.to_list()[at] for at in which.to_list()] == [0, 1, 0, 3, 4]
