"""Amounts worked out by hand where a small slip of the program would change a cent: what mutation testing asked for."""

from workbench import Line, Yaml, amounts, contract, one_settled, refusal_codes, rulebook_of, settled

from settlement.domain.periods import Month
from settlement.settle import Before

# ---- years that close ------------------------------------------------------------------------------------

CLOSES = {**contract("A-1", {"taak": {"budget": {"article": "4.1", "paid": "twelfths", "amounts": {"2018-01-01": "€ 1.200,00"}}}}),
          "ends": "2019-12-31", "deliveries": {"corrections_until": "1 month"}}  # fmt: skip


def settled_after(last: Month | None, period: str) -> dict[str, int]:
    """Payable when all months up to ``last`` were paid: 100,00 each."""
    paid = 0 if last is None else 100_00 * (last.index - Month(2018, 1).index + 1)
    posted = {} if last is None else {("A-1", 2018, "taak", "budget", Month(2018, n).index): 100_00 for n in range(1, min(paid // 100_00, 12) + 1)}
    before = Before(posted, {"A-1": paid}, last)
    return settled(rulebook_of(CLOSES), [], period, before).payable()


def test_a_year_that_closed_in_a_month_that_was_skipped_is_settled_by_the_next_run():
    # 2018 may change until January 2019. November was the last month settled; December, January and February are due.
    assert settled_after(Month(2018, 11), "2019-02") == {"A-1": 300_00}
    # January was settled, and with it December: 2018 has closed, and February is due.
    assert settled_after(Month(2019, 1), "2019-02") == {"A-1": 100_00}
    # A first run in February is too late for 2018: January and February.
    assert settled_after(None, "2019-02") == {"A-1": 200_00}


# ---- whole hours and bounds ------------------------------------------------------------------------------


def visits(*found: tuple[str, str]) -> list[Line]:
    return [{"client": "C1", "service": "begeleiding", "start": day, "end": day, "quantity": minutes, "unit": "minuten",
             "reference": day} for day, minutes in found]  # fmt: skip


def test_a_bound_counts_the_time_delivered_and_whole_hours_are_rounded_after_it():
    # One hour a client: 30 minutes in January and 30 in February fill it. Each month is rounded to an hour: 2 × 60,00.
    tariff: Yaml = {"article": "6.1", "per": "hour", "delivered_in": "minutes", "whole_hours": "per period",
                    "at_most": "1 per client", "amounts": {"2018-01-01": "€ 60,00"}}  # fmt: skip
    agreed = contract("A-1", {"begeleiding": {"tariff": tariff}})
    lines = {"2018-03": visits(("2018-01-05", "30"), ("2018-02-05", "30"), ("2018-03-05", "30"))}
    found = one_settled(agreed, lines, "2018-03")
    assert {month: cents for (_, _, month), cents in amounts(found, "A-1").items()} == {"2018-01": 60_00, "2018-02": 60_00, "2018-03": 0}


# ---- arrangements ----------------------------------------------------------------------------------------


def arrangement(**fee: object) -> Yaml:
    return contract("A-1", {"opvoeding": {"arrangement_fee": {
        "article": "3.2", "paid": {"at_start": "50 %", "at_result": "50 %"}, **fee, "amounts": {"2018-01-01": "€ 1.000,01"},
    }}})  # fmt: skip


def child(reference: str, **more: str) -> Line:
    return {"client": "C1", "service": "opvoeding", "start": "2018-02-10", "reference": reference, **more}


def credit(of: str) -> Line:
    return {"client": "C1", "service": "opvoeding", "direction": "C", "reference": f"c-{of}", "previous_reference": of}


def test_a_credit_of_the_line_that_told_of_a_start_changes_nothing_while_the_line_of_the_end_tells_of_it_too():
    start, end = child("start"), child("end", end="2018-04-20", result="reached")
    lines = {"2018-02": [start], "2018-04": [end]}
    # Half of 1.000,01 is 500,005 → 500,01 at the start; the rest, 500,00, at the result.
    assert one_settled(arrangement(), lines, "2018-05").payable() == {"A-1": 1_000_01}
    assert one_settled(arrangement(), {**lines, "2018-05": [credit("start")]}, "2018-05").payable() == {"A-1": 1_000_01}
    # The line of the end credited: the arrangement runs again. Both: it never was.
    assert one_settled(arrangement(), {**lines, "2018-05": [credit("end")]}, "2018-05").payable() == {"A-1": 500_01}
    both = one_settled(arrangement(), {**lines, "2018-05": [credit("start"), credit("end")]}, "2018-05")
    assert both.payable() == {"A-1": 0}
    assert refusal_codes(both) == []


def test_an_arrangement_in_months_is_paid_until_the_month_in_which_it_ends():
    # 1.000,01 in 3 parts: 333,34 (333,336…), 666,67 less 333,34 = 333,33, and 333,34. Ended in March: two parts.
    agreed = arrangement(paid={"months": "3"})
    ended = one_settled(agreed, {"2018-03": [child("a", end="2018-03-02")]}, "2018-06")
    assert amounts(ended, "A-1") == {("opvoeding", "arrangement_fee", "2018-02"): 333_34, ("opvoeding", "arrangement_fee", "2018-03"): 333_33}
    running = one_settled(agreed, {"2018-02": [child("a")]}, "2018-06")
    assert list(amounts(running, "A-1").values()) == [333_34, 333_33, 333_34]
    assert one_settled(agreed, {"2018-02": [child("a")]}, "2018-03").payable() == {"A-1": 666_67}
