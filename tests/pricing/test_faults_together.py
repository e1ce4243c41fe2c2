"""All faults of one line are told at once: a cell that cannot be read hides nothing but what follows from it."""

from __future__ import annotations

import functools
import itertools

import polars as pl
import pytest
from workbench import File, Line, Yaml, contract, gathered, one_settled, rulebook_of, write_delivery

from settlement.deliveries.gather import Gathered, gather
from settlement.deliveries.typed import Source, typed
from settlement.domain.periods import Month
from settlement.pricing.accept import accept
from settlement.pricing.tables import Tables, build_tables
from settlement.settle import cells_of, refusals_of

HOURS: Yaml = {"tariff": {"article": "6.1", "per": "hour", "by": "intensity",
                          "amounts": {"2018-01-01": {"licht": "€ 60,00", "zwaar": "€ 80,00"}}}}  # fmt: skip
WEEKS: Yaml = {"weekly_tariff": {"article": "6.2", "weeks": "sundays", "amounts": {"2018-01-01": "€ 100,00"}}}
STAYS: Yaml = {
    "arrangement_fee": {
        "article": "6.3",
        "paid": {"at_start": "50 %", "at_result": "50 %"},
        "amounts": {"2018-01-01": "€ 900,00"},
    }
}
AGREED = contract(
    "A-1", {"begeleiding": HOURS, "wonen": WEEKS, "traject": STAYS}, deliveries={"claim_deadline": "1 month"}
)
CODED = contract("A-1", {
    "begeleiding": {**HOURS, "codes": {"45A01": "licht", "45A02": "zwaar"}},
    "wonen": {**WEEKS, "codes": ["44A01"]},
})  # fmt: skip

GOOD: Line = {
    "client": "C1", "service": "begeleiding", "intensity": "licht", "start": "05-03-2018", "end": "06-03-2018",
    "quantity": "2,5", "unit": "uren", "claimed": "150,00", "reference": "r1",
}  # fmt: skip


@functools.cache
def tables_of(name: str) -> Tables:
    return build_tables(rulebook_of({"agreed": AGREED, "coded": CODED}[name]))


def told(*lines: Line, month: str = "2018-03", agreed: str = "agreed") -> list[list[str]]:
    """The codes of each line, sorted: of its cells, and of what the contract allows."""
    delivered = gathered([File("A-1", month, lines)])
    accepted = accept(delivered.lines, tables_of(agreed), cells_of(delivered), delivered.partly)
    refusals = refusals_of(delivered, accepted)
    assert accepted.lines.height + refusals.get_column("row").n_unique() == len(lines)
    return [sorted(refusals.filter(pl.col("row") == row).get_column("code")) for row in range(1, len(lines) + 1)]


def changed(**cells: str) -> Line:
    return {**GOOD, **cells}


# ---- what the trial met ----------------------------------------------------------------------------------


def test_a_line_without_a_fault_is_accepted():
    assert told(GOOD) == [[]]


def test_a_typing_fault_hides_none_of_the_other_faults_of_its_line():
    line = changed(client="", claimed="12.5.3", end="04-03-2018", service="begeleidng")
    assert told(line) == [["end-before-start", "missing-client", "not-a-number", "unknown-service"]]


def test_a_line_with_three_faults_is_one_refused_line_and_the_others_are_paid():
    settlement = one_settled(
        AGREED, {"2018-03": [GOOD, changed(client="", claimed="12.5.3", intensity="zwar", reference="r2")]}, "2018-03"
    )
    assert settlement.refusals.height == 3
    assert settlement.refusals.unique(["delivery", "row"]).height == 1
    assert settlement.stands("A-1")["refused_lines_in_month"] == 1
    assert settlement.accepted.lines.height == 1
    # 2,5 hours of € 60,00.
    assert settlement.payable() == {"A-1": 150_00}


def test_each_fault_stands_on_its_own_cell_with_its_national_code_and_what_was_expected(tmp_path):
    line = changed(unit="kwartier", end="04-03-2018", intensity="zwar")
    write_delivery(tmp_path, File("A-1", "2018-03", [line]))
    delivered = gather(tmp_path, Month(2018, 3), {"A-1": {}})
    accepted = accept(delivered.lines, tables_of("agreed"), cells_of(delivered), delivered.partly)
    refusals = refusals_of(delivered, accepted)
    assert refusals.get_column("row").unique().to_list() == [2]
    assert refusals.select("cell", "code", "national", "found", "expected").rows() == [
        ("C2", "unknown-intensity", "", "zwar", "zwaar"),
        ("E2", "end-before-start", "", "04-03-2018", "05-03-2018"),
        ("G2", "unknown-unit", "9341", "kwartier", "minuten, uren, dagdelen, dagen, etmalen, stuks, weken, maanden, euro"),
    ]  # fmt: skip


# ---- two faults, each in a column of its own -------------------------------------------------------------

UNREADABLE: dict[str, tuple[str, str]] = {
    "client": ("C\u200b1", "invisible-characters"),
    "start": ("31-02-2018", "not-a-date"),
    "end": ("6 foo 2018", "not-a-date"),
    "quantity": ("2,5,1", "not-a-number"),
    "unit": ("kwartier", "unknown-unit"),
    "claimed": ("12.5.3", "not-a-number"),
    "reference": ("r" * 201, "text-too-long"),
    "direction": ("X", "unknown-direction"),
    "service": ("begel\u00adeiding", "invisible-characters"),
    "intensity": ("li\u200bcht", "invisible-characters"),
    "result": ("misschien", "unknown-result"),
    "dropout": ("misschien", "not-yes-or-no"),
    "allocation_end": ("30-02-2018", "not-a-date"),
}
"""By field: what cannot be read there, and its code."""

WRONG: dict[str, tuple[Line, str, frozenset[str]]] = {
    "missing-client": ({"client": ""}, "missing-client", frozenset()),
    "missing-start": ({"start": ""}, "missing-start", frozenset()),
    "missing-end": ({"end": ""}, "missing-end", frozenset({"service"})),
    "end-before-start": ({"end": "01-03-2018"}, "end-before-start", frozenset({"start"})),
    "spans-months": ({"end": "02-04-2018"}, "spans-months", frozenset({"start", "service"})),
    "outside-contract": ({"start": "05-03-2017", "end": "06-03-2017"}, "outside-contract", frozenset({"start"})),
    "in-the-future": ({"start": "05-04-2018", "end": "06-04-2018"}, "in-the-future", frozenset({"start"})),
    "too-late": ({"start": "05-01-2018", "end": "06-01-2018"}, "too-late", frozenset({"start", "client"})),
    "missing-quantity": ({"quantity": ""}, "missing-quantity", frozenset({"service"})),
    "nothing": ({"quantity": "0"}, "quantity-not-positive", frozenset({"service"})),
    "wrong-unit": ({"unit": "dagen"}, "wrong-unit", frozenset({"service"})),
    "unknown-service": ({"service": "begeleidng"}, "unknown-service", frozenset()),
    "unknown-intensity": ({"intensity": "zwar"}, "unknown-intensity", frozenset({"service"})),
    "missing-intensity": ({"intensity": ""}, "missing-intensity", frozenset({"service"})),
    "before-allocation": ({"allocation_start": "06-03-2018"}, "before-allocation", frozenset({"start"})),
    "allocation-turned": (
        {"allocation_start": "04-03-2018", "allocation_end": "03-03-2018"}, "allocation-ends-before-start", frozenset(),
    ),
    "amount": ({"claimed": "151,00"}, "amount-differs", frozenset({"start", "end", "quantity", "unit", "service", "intensity", "allocation_start", "allocation_end"})),
}  # fmt: skip
"""A readable fault: the cells that are wrong, its code, and the other fields that it follows from."""


@pytest.mark.parametrize("unread", UNREADABLE)
def test_a_fault_is_told_beside_a_cell_that_cannot_be_read_unless_it_follows_from_that_cell(unread):
    text, first = UNREADABLE[unread]
    judged = [wrong for wrong, (cells, *_) in WRONG.items() if unread not in cells]
    alone = told(*(changed(**WRONG[wrong][0]) for wrong in judged))
    beside = told(*(changed(**{**WRONG[wrong][0], unread: text}) for wrong in judged))
    for wrong, faults, found in zip(judged, alone, beside, strict=True):
        _, code, follows = WRONG[wrong]
        assert code in faults
        assert first in found
        assert (code in found) == (unread not in follows), (wrong, found)
        # What is told of the line as far as it can be read is told of the line as it should have been.
        assert set(found) <= {first, *faults}, wrong


def test_of_two_cells_that_cannot_be_read_both_are_told_and_nothing_else():
    pairs = list(itertools.combinations(UNREADABLE, 2))
    found = told(*(changed(**{name: UNREADABLE[name][0] for name in pair}) for pair in pairs))
    assert found == [sorted(UNREADABLE[name][1] for name in pair) for pair in pairs]


def test_of_two_faults_in_columns_of_their_own_that_do_not_follow_from_each_other_both_are_told():
    pairs = [
        (one, other) for one, other in itertools.combinations(WRONG, 2)
        if not {*WRONG[one][0], *WRONG[one][2]} & WRONG[other][0].keys() and not WRONG[other][2] & WRONG[one][0].keys()
    ]  # fmt: skip
    assert len(pairs) > 50
    found = told(*(changed(**{**WRONG[one][0], **WRONG[other][0]}) for one, other in pairs))
    assert [
        pair for pair, codes in zip(pairs, found, strict=True) if not {WRONG[name][1] for name in pair} <= set(codes)
    ] == []


@pytest.mark.parametrize("unread", UNREADABLE)
def test_a_cell_that_cannot_be_read_is_the_only_fault_of_a_line_that_is_right_besides(unread):
    text, code = UNREADABLE[unread]
    for line in (
        GOOD,
        {**GOOD, "service": "wonen", "intensity": "", "quantity": "", "unit": "", "claimed": "100,00", "end": "11-03-2018",
         "allocation_start": "05-03-2018", "allocation_end": "11-03-2018"},
        {**GOOD, "service": "traject", "intensity": "", "quantity": "", "unit": "", "claimed": "450,00", "end": ""},
    ):  # fmt: skip
        assert told(line) == [[]]
        assert told({**line, unread: text}) == [[code]]


# ---- what a fault follows from ---------------------------------------------------------------------------


def test_a_product_code_that_cannot_be_read_hides_nothing_of_a_line_that_names_its_service_and_level():
    assert told(changed(code="45\u200bA01", quantity="0", claimed=""), agreed="coded") == [
        ["invisible-characters", "quantity-not-positive"]
    ]
    assert told(changed(code="45\u200bA01", claimed="151,00"), agreed="coded") == [
        ["amount-differs", "invisible-characters"]
    ]


def test_where_only_the_code_says_the_level_nothing_is_said_of_a_level():
    line = changed(code="45\u200bA01", intensity="", unit="dagen", claimed="151,00")
    assert told(line, agreed="coded") == [["invisible-characters", "wrong-unit"]]


def test_where_only_the_code_says_the_service_nothing_is_said_of_a_service():
    line = changed(code="45\u200bA01", service="", intensity="", unit="dagen", quantity="", client="")
    assert told(line, agreed="coded") == [["invisible-characters", "missing-client"]]


def test_of_a_line_whose_direction_cannot_be_read_nothing_is_said_that_a_credit_need_not_have():
    assert told(changed(direction="X", previous_reference="r0", quantity="", client="")) == [["unknown-direction"]]
    assert told(changed(direction="X", quantity="", client="")) == [
        ["missing-client", "missing-quantity", "unknown-direction"]
    ]


def test_a_credit_with_a_cell_that_cannot_be_read_still_needs_to_name_what_it_undoes():
    line = changed(direction="C", claimed="12.5.3", quantity="", intensity="")
    assert told(line) == [["missing-previous-reference", "not-a-number"]]


def test_an_arrangement_whose_end_cannot_be_read_is_not_called_late_or_of_a_closed_year():
    line = {"client": "C1", "service": "traject", "start": "05-01-2018", "end": "foo", "reference": "r1"}
    assert told(line) == [["not-a-date"]]
    assert told({**line, "end": "", "claimed": "12.5.3"}) == [["not-a-number", "too-late"]]


def test_a_line_of_an_unknown_service_is_not_called_late_where_that_may_be_an_arrangement_that_ended_in_time():
    line = changed(service="trajct", start="05-01-2018", end="06-03-2018", claimed="")
    assert told(line) == [["unknown-service"]]
    assert told({**line, "end": "06-01-2018"}) == [["too-late", "unknown-service"]]


def test_a_line_that_corrects_what_is_credited_in_the_same_month_is_not_too_late_whatever_else_is_wrong_with_it():
    first = changed(start="05-01-2018", end="06-01-2018")
    credit = {"direction": "C", "previous_reference": "r1", "reference": "r2", "client": "C1"}
    again = changed(start="05-01-2018", end="06-01-2018", reference="r3")
    for cells, codes in (({"unit": "dagen"}, ["wrong-unit"]), ({"claimed": "12.5.3"}, ["not-a-number"])):
        wrong = {**again, **cells}
        settlement = one_settled(AGREED, {"2018-01": [first], "2018-03": [credit, wrong]}, "2018-03")
        assert settlement.refusals.get_column("code").to_list() == codes
        late = one_settled(AGREED, {"2018-01": [first], "2018-03": [wrong]}, "2018-03")
        assert sorted(late.refusals.get_column("code").to_list()) == sorted([*codes, "too-late"])


def test_a_line_that_names_another_contract_than_its_file_is_held_to_neither():
    cells = pl.DataFrame({"file": [0], "row": [2], "contract": ["A-2"], "unit": ["dagen"], "service": ["begeleiding"]},
                         schema_overrides={"file": pl.Int32, "row": pl.Int32})  # fmt: skip
    read = typed(cells, [Source("2018-03/a.csv", Month(2018, 3), "", "A-1")], {"a-1": "A-1", "a-2": "A-2"})
    assert read.refusals.get_column("code").to_list() == ["other-contract"]
    assert read.partly.select("contract", "unit", "unread").rows() == [(None, "day", ["contract"])]
    delivered = Gathered((), read.lines, read.refusals, (), read.partly)
    assert accept(read.lines, tables_of("agreed"), cells_of(delivered), read.partly).refusals.is_empty()
