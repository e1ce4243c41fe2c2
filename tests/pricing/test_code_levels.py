"""A product code that stands for an intensity or profile fills it in, and is held against the one that a line gives."""

from __future__ import annotations

from workbench import contract, one_settled, refusal_codes

WEEKS = contract("A-1", {"gedrag": {
    "codes": {"45R01": "licht", "45R02": "zwaar", "45R03": "zwaar"},
    "weekly_tariff": {"article": "5.1", "by": "intensity", "weeks": "sundays",
                      "amounts": {"2018-01-01": {"licht": "€ 100,00", "zwaar": "€ 300,00"}}},
}})  # fmt: skip


def line(**more: str) -> dict[str, str]:
    return {"client": "C1", "start": "2018-01-01", "end": "2018-01-31", "allocation_start": "2018-01-01",
            "allocation_end": "2018-12-31", **more}  # fmt: skip


def entitled(*lines: dict[str, str]) -> int:
    return one_settled(WEEKS, {"2018-01": lines}, "2018-01").entitled()["A-1"]


def test_a_code_says_the_intensity_that_the_line_leaves_out():
    # January 2018 has four Sundays.
    assert entitled(line(code="45R01")) == 400_00
    assert entitled(line(code="45r02")) == 1_200_00
    assert entitled(line(code="45R03", client="C2"), line(code="45R01")) == 1_600_00


def test_the_lines_show_the_intensity_of_their_code():
    settled = one_settled(WEEKS, {"2018-01": [line(code="45R01"), line(code="45R02", client="C2", intensity="Zwaar")]}, "2018-01")
    assert settled.accepted.lines.sort("line").get_column("intensity").to_list() == ["licht", "Zwaar"]


def test_an_intensity_that_is_not_that_of_the_code_is_refused():
    settled = one_settled(WEEKS, {"2018-01": [line(code="45R01", intensity="zwaar")]}, "2018-01")
    assert refusal_codes(settled) == ["service-and-code-differ"]
    assert settled.refusals.get_column("national").to_list() == ["9340"]


def test_a_line_may_still_name_service_and_intensity_without_a_code():
    assert entitled(line(service="gedrag", intensity="zwaar")) == 1_200_00
