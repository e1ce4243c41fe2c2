"""Amounts worked out by hand where a small slip of the program would change a cent: what mutation testing asked for."""

from dataclasses import replace

from workbench import File, Line, Yaml, amounts, contract, one_settled, refusal_codes, rulebook_of, settled

from settlement.domain.contract import CeilingDecision
from settlement.domain.periods import Month
from settlement.domain.problems import Place
from settlement.settle import Before, Settlement
from settlement.statements.compose import settled_lines


def shown(found: Settlement) -> dict[str, int]:
    """Reference → cents, as the lines of the statement show them."""
    return dict(settled_lines(found).select("reference", "earned_cents").iter_rows())


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
    # Each half stands on the line that told of it first.
    assert shown(one_settled(arrangement(), lines, "2018-05")) == {"start": 500_01, "end": 500_00}
    # The line of the end credited: the arrangement runs again. Both: it never was.
    assert one_settled(arrangement(), {**lines, "2018-05": [credit("end")]}, "2018-05").payable() == {"A-1": 500_01}
    both = one_settled(arrangement(), {**lines, "2018-05": [credit("start"), credit("end")]}, "2018-05")
    assert both.payable() == {"A-1": 0}
    assert refusal_codes(both) == []


def test_of_an_arrangement_that_began_before_the_first_year_settled_here_it_is_said_that_what_fell_due_then_is_not_paid():
    before = {"allocation_start": "2017-12-15"}
    lines = [child("runs", **before), {**child("ended", end="2018-02-20", result="reached", **before), "client": "C2"}, {**child("own"), "client": "C3"}]
    agreed = {**arrangement(), "starts": "2017-01-01"}
    agreed["services"]["opvoeding"]["arrangement_fee"]["amounts"] = {"2017-01-01": "€ 1.000,01"}
    found = one_settled(agreed, {"2018-02": lines}, "2018-02", first_year=2018)
    told = settled_lines(found).select("reference", "earned_cents", "reason").sort("reference").rows()
    # Of the second only the result is paid: 1.000,01 less the 500,01 of its start.
    assert told == [("ended", 500_00, "parts_before"), ("own", 500_01, ""), ("runs", 0, "began_before")]


def test_an_arrangement_in_months_is_paid_until_the_month_in_which_it_ends():
    # 1.000,01 in 3 parts: 333,34 (333,336…), 666,67 less 333,34 = 333,33, and 333,34. Ended in March: two parts.
    agreed = arrangement(paid={"months": "3"})
    ended = one_settled(agreed, {"2018-03": [child("a", end="2018-03-02")]}, "2018-06")
    assert amounts(ended, "A-1") == {("opvoeding", "arrangement_fee", "2018-02"): 333_34, ("opvoeding", "arrangement_fee", "2018-03"): 333_33}
    running = one_settled(agreed, {"2018-02": [child("a")]}, "2018-06")
    assert list(amounts(running, "A-1").values()) == [333_34, 333_33, 333_34]
    assert one_settled(agreed, {"2018-02": [child("a")]}, "2018-03").payable() == {"A-1": 666_67}
    # A result gives nothing beside the parts; and of one part the first is all.
    reached = child("a", end="2018-04-20", result="reached")
    assert list(amounts(one_settled(agreed, {"2018-04": [reached]}, "2018-06"), "A-1").values()) == [333_34, 333_33, 333_34]
    once = one_settled(arrangement(paid={"months": "1"}), {"2018-04": [reached]}, "2018-06")
    assert amounts(once, "A-1") == {("opvoeding", "arrangement_fee", "2018-02"): 1_000_01}
    # Beside one in halves, each goes by its own.
    agreed["services"]["pleegzorg"] = arrangement()["services"]["opvoeding"]
    both = one_settled(agreed, {"2018-04": [reached, {**reached, "service": "pleegzorg", "reference": "b"}]}, "2018-04")
    assert [(service, month, cents) for (service, _, month), cents in amounts(both, "A-1").items()] == [
        ("opvoeding", "2018-02", 333_34), ("opvoeding", "2018-03", 333_33), ("opvoeding", "2018-04", 333_34),
        ("pleegzorg", "2018-02", 500_01), ("pleegzorg", "2018-04", 500_00),
    ]  # fmt: skip


def test_of_ends_that_were_told_the_last_holds_and_a_line_that_says_it_runs_is_no_end():
    missed, reached = child("a", end="2018-04-20", result="not reached"), child("b", end="2018-05-10", result="reached")
    start, end = ("opvoeding", "arrangement_fee", "2018-02"), ("opvoeding", "arrangement_fee", "2018-05")
    found = one_settled(arrangement(), {"2018-04": [missed], "2018-05": [reached]}, "2018-06")
    assert (amounts(found, "A-1"), shown(found)) == ({start: 500_01, end: 500_00}, {"a": 500_01, "b": 500_00})
    # The other way round nothing was reached.
    found = one_settled(arrangement(), {"2018-04": [{**reached, "end": "2018-04-20"}], "2018-05": [{**missed, "end": "2018-05-10"}]}, "2018-06")
    assert (amounts(found, "A-1"), shown(found)) == ({start: 500_01}, {"a": 0, "b": 500_01})
    # Lines that say that it runs, with or without a day to which they go, end nothing and stand beside the end.
    for runs in (child("c"), child("c", end="2018-06-20", result="running")):
        found = one_settled(arrangement(), {"2018-05": [reached], "2018-06": [runs]}, "2018-06")
        assert (amounts(found, "A-1"), shown(found)) == ({start: 500_01, end: 500_00}, {"b": 1_000_01, "c": 0})


def test_a_hundredth_of_a_percent_at_the_result_is_its_own_part():
    # 99,99 % of 1.000,01 is 999,91 (999,909999); the rest is 0,10.
    agreed = arrangement(paid={"at_start": "99,99 %", "at_result": "0,01 %"})
    found = one_settled(agreed, {"2018-04": [child("a", end="2018-04-20", result="reached")]}, "2018-04")
    assert list(amounts(found, "A-1").values()) == [999_91, 10]


def test_an_arrangement_that_changed_is_credited_whole_or_kept_as_the_contract_says():
    changed = child("a", end="2018-04-20", result="not reached", end_reason="37")
    assert one_settled(arrangement(on_change="credit all"), {"2018-04": [changed]}, "2018-05").payable() == {"A-1": 0}
    assert one_settled(arrangement(on_change="keep"), {"2018-04": [changed]}, "2018-05").payable() == {"A-1": 500_01}
    other_reason = {**changed, "end_reason": "32"}
    assert one_settled(arrangement(on_change="credit all"), {"2018-04": [other_reason]}, "2018-05").payable() == {"A-1": 500_01}


def test_a_later_line_with_another_intensity_takes_the_place_of_the_arrangement():
    agreed = arrangement(by="intensity", on_change="credit all")
    fee = agreed["services"]["opvoeding"]["arrangement_fee"]
    fee["amounts"] = {"2018-01-01": {"licht": "€ 1.000,00", "zwaar": "€ 3.000,00"}}
    lines = {"2018-02": [child("a", intensity="licht")], "2018-03": [child("b", intensity="zwaar")]}
    assert one_settled(agreed, {"2018-02": lines["2018-02"]}, "2018-02").payable() == {"A-1": 500_00}
    assert one_settled(agreed, lines, "2018-03").payable() == {"A-1": 1_500_00}
    fee["on_change"] = "keep"
    assert one_settled(agreed, lines, "2018-03").payable() == {"A-1": 2_000_00}


def test_the_second_half_is_earned_by_a_result_that_is_reached_or_where_the_contract_pays_without():
    reached, missed = child("a", end="2018-04-20", result="reached"), child("a", end="2018-04-20", result="not reached")
    runs, silent = child("a", end="2018-04-20", result="running"), child("a", end="2018-04-20")
    found = [one_settled(arrangement(), {"2018-04": [line]}, "2018-04").payable()["A-1"] for line in (reached, missed, runs, silent)]
    assert found == [1_000_01, 500_01, 500_01, 500_01]
    paid = arrangement(without_result="paid")
    found = [one_settled(paid, {"2018-04": [line]}, "2018-04").payable()["A-1"] for line in (reached, missed, runs, silent)]
    assert found == [1_000_01, 1_000_01, 500_01, 1_000_01]
    # Each half stands in its month; at the start alone, and at the result alone.
    assert amounts(one_settled(arrangement(), {"2018-04": [reached]}, "2018-04"), "A-1") == {
        ("opvoeding", "arrangement_fee", "2018-02"): 500_01, ("opvoeding", "arrangement_fee", "2018-04"): 500_00,
    }  # fmt: skip
    at_result = arrangement(paid={"at_result": "100 %"})
    assert amounts(one_settled(at_result, {"2018-04": [reached]}, "2018-04"), "A-1") == {("opvoeding", "arrangement_fee", "2018-04"): 1_000_01}
    assert one_settled(at_result, {"2018-04": [missed]}, "2018-04").payable() == {"A-1": 0}


def test_a_second_arrangement_of_a_child_begins_the_day_after_the_first_has_ended():
    agreed = arrangement(one_at_a_time="yes")
    first = child("a", end="2018-03-10", result="reached")
    for day, codes, cents in (("2018-03-10", ["second-arrangement"], 1_000_01), ("2018-03-11", [], 1_500_02)):
        second = {**child("b"), "start": day}
        found = one_settled(agreed, {"2018-03": [first, second]}, "2018-03")
        assert (refusal_codes(found), found.payable()) == (codes, {"A-1": cents})
    # One that still runs leaves place for no other.
    later = {**child("b"), "start": "2018-03-20"}
    found = one_settled(agreed, {"2018-03": [child("a"), later]}, "2018-03")
    assert (refusal_codes(found), found.payable()) == (["second-arrangement"], {"A-1": 500_01})
    # What overlaps two that do not overlap each other is refused, whichever of them began before it.
    third = {**child("c", end="2018-03-25", result="reached"), "start": "2018-03-05"}
    found = one_settled(agreed, {"2018-03": [first, {**later, "end": "2018-03-30", "result": "reached"}, third]}, "2018-03")
    assert (refusal_codes(found), found.payable()) == (["second-arrangement"], {"A-1": 2_000_02})
    # Told of among another child's, which ended before: those of one child are held beside each other.
    other = {**child("o", end="2018-02-20", result="reached"), "client": "C2"}
    found = one_settled(agreed, {"2018-03": [first, other, {**later, "start": "2018-03-10"}]}, "2018-03")
    assert (refusal_codes(found), found.payable()) == (["second-arrangement"], {"A-1": 2_000_02})
    # One told of later that ended on the day on which the first began is in its way; one that ended the day before is not.
    for day, codes, cents in (("2018-02-10", ["second-arrangement"], 1_000_01), ("2018-02-09", [], 2_000_02)):
        before = {**child("b", end=day, result="reached"), "start": "2018-01-10"}
        found = one_settled(agreed, {"2018-03": [first, before]}, "2018-03")
        assert (refusal_codes(found), found.payable()) == (codes, {"A-1": cents})
    # Of one that was told of twice and credited once, the line that stands is refused; the credit and its debit are nothing.
    twice = [{**child(name), "start": "2018-03-01"} for name in ("b", "c")]
    undone = {"client": "C1", "service": "opvoeding", "direction": "C", "reference": "x", "previous_reference": "b"}
    found = one_settled(agreed, {"2018-03": [first, *twice], "2018-04": [undone]}, "2018-04")
    assert (refusal_codes(found), found.payable()) == (["second-arrangement"], {"A-1": 1_000_01})
    # One that overlaps is refused, and the one after it, which does not, stands.
    others = [{**child("b"), "start": "2018-03-10"}, {**child("c"), "start": "2018-03-11"}]
    found = one_settled(agreed, {"2018-03": [first, *others]}, "2018-03")
    assert (refusal_codes(found), found.payable()) == (["second-arrangement"], {"A-1": 1_500_02})
    # Of another child, and where the contract does not say so, both stand.
    found = one_settled(agreed, {"2018-03": [first, {**child("b"), "client": "C2", "start": "2018-03-01"}]}, "2018-03")
    assert found.payable() == {"A-1": 1_500_02}
    found = one_settled(arrangement(), {"2018-03": [first, {**child("b"), "start": "2018-03-01"}]}, "2018-03")
    assert found.payable() == {"A-1": 1_500_02}


def test_the_half_that_was_earned_in_a_year_that_has_closed_is_not_earned_again():
    # 2018 closed with January 2019. The result is of January or April: 500,00, and nothing of the start in February 2018.
    agreed = {**arrangement(), "ends": "2019-12-31", "deliveries": {"corrections_until": "1 month"}}
    paid = Before({("A-1", 2018, "opvoeding", "arrangement_fee", Month(2018, 2).index): 500_01}, {"A-1": 500_01}, Month(2019, 3))
    for day in ("2019-01-20", "2019-04-20"):
        files = [File("A-1", "2018-02", [child("a")]), File("A-1", "2019-04", [child("b", end=day, result="reached")])]
        found = settled(rulebook_of(agreed), files, "2019-04", paid)
        assert found.payable() == {"A-1": 500_00}
        assert {key: cents for key, cents in amounts(found, "A-1").items() if cents} == {("opvoeding", "arrangement_fee", day[:7]): 500_00}


def test_of_an_arrangement_begun_before_the_first_year_that_is_settled_here_only_the_result_is_earned_and_fills_a_ceiling():
    # The start of February 2018 was settled elsewhere. Of a ceiling of 600,00 over the whole contract it takes nothing.
    agreed = {**arrangement(), "ends": "2019-12-31"}
    agreed["services"]["opvoeding"]["ceiling"] = {"article": "6.5", "per": "contract", "amounts": {"2018-01-01": "€ 600,00"}}
    for day in ("2019-01-20", "2019-04-20"):
        lines = {"2019-02": [child("a")], "2019-04": [child("b", end=day, result="reached")]}
        found = one_settled(agreed, lines, "2019-04", first_year=2019)
        assert (refusal_codes(found), found.payable()) == ([], {"A-1": 500_00})
        assert found.earnings.select("month", "value_cents").rows() == [(Month.parse(day[:7]).index, 500_00)]


def test_what_lies_before_a_contract_fills_no_ceiling_of_it_whatever_contracts_stand_beside_it():
    # Allocated in November 2018 and begun under a contract of 2019: its start was another's, its result is 500,00.
    agreed = {**arrangement(), "starts": "2019-01-01", "ends": "2019-12-31"}
    agreed["services"]["opvoeding"]["ceiling"] = {"article": "6.5", "per": "contract", "amounts": {"2018-01-01": "€ 600,00"}}
    beside = {**contract("B-1", {"een": task()}), "ends": "2019-12-31"}
    line = {**child("b", end="2019-04-20", result="reached"), "start": "2019-01-10", "allocation_start": "2018-11-10"}
    for contracts in ((agreed,), (agreed, beside)):
        assert settled(rulebook_of(*contracts), [File("A-1", "2019-04", [line])], "2019-04").payable()["A-1"] == 500_00


# ---- ceilings --------------------------------------------------------------------------------------------


def by_the_hour(ends: str = "2018-12-31", starts: str = "2018-01-01", terms: Yaml | None = None, **ceiling: object) -> Yaml:
    """Hours of 60,00 in two services, under a ceiling on the first or under ``terms``."""
    price: Yaml = {"article": "6.1", "per": "hour", "amounts": {"2018-01-01": "€ 60,00"}}
    first = {"tariff": price, **({"ceiling": {"article": "6.5", **ceiling}} if ceiling else {})}
    return contract("A-1", {"een": first, "twee": {"tariff": price}}, starts=starts, ends=ends, **({"terms": terms} if terms else {}))


def worked(day: str, hours: str, service: str = "een") -> Line:
    return {"client": "C1", "service": service, "start": day, "end": day, "quantity": hours, "unit": "uren", "reference": f"{service}-{day}"}


def paid_by_month(agreed: Yaml, lines: list[Line], period: str) -> dict[str, int]:
    """Month → hours less ceilings, all lines delivered in the last month."""
    found = one_settled(agreed, {period: lines}, period)
    assert refusal_codes(found) == []
    by_month: dict[str, int] = {}
    for (_, _, month), cents in amounts(found, "A-1").items():
        by_month[month] = by_month.get(month, 0) + cents
    return by_month


def test_a_yearly_ceiling_that_changes_counts_by_months_and_one_that_starts_or_stops_bounds_the_year():
    lines = [worked("2018-01-10", "10")]
    for steps, limit in (
        # Six months of 100,00 and six of 200,00; from 15 July: seven and five: 141,666… → 141,67.
        ({"2018-01-01": "€ 100,00", "2018-07-01": "€ 200,00"}, 150_00),
        ({"2018-01-01": "€ 100,00", "2018-07-15": "€ 200,00"}, 141_67),
        ({"2018-01-01": "none", "2018-07-01": "€ 200,00"}, 200_00),
        ({"2018-01-01": "€ 100,00", "2018-07-01": "none"}, 100_00),
        ({"2018-01-01": "€ 100,00", "2018-03-01": "€ 170,00", "2018-04-01": "none"}, 170_00),
        ({"2018-01-01": "none", "2019-01-01": "€ 100,00"}, 600_00),
    ):
        agreed = by_the_hour(ends="2019-12-31", amounts=steps)
        assert paid_by_month(agreed, lines, "2018-12") == {"2018-01": limit}, steps


def test_in_a_broken_year_a_ceiling_that_changes_holds_by_months_and_then_by_days():
    # July to September 100,00, October to December 300,00: 200,00 × 184 ÷ 365 = 100,82(19).
    agreed = by_the_hour(starts="2018-07-01", amounts={"2018-01-01": "€ 100,00", "2018-10-01": "€ 300,00"})
    assert paid_by_month(agreed, [worked("2018-08-10", "10")], "2018-12") == {"2018-08": 100_82}
    # A year of one month: 31 days of 365 of 100,00 are 8,49(3).
    agreed = by_the_hour(starts="2018-12-01", amounts={"2018-01-01": "€ 100,00"})
    assert paid_by_month(agreed, [worked("2018-12-10", "10")], "2018-12") == {"2018-12": 8_49}


def test_a_ceiling_by_the_month_bounds_each_month_by_the_figure_of_its_first_day():
    lines = [worked("2018-01-10", "2"), worked("2018-02-10", "1"), worked("2018-03-10", "2"), worked("2018-04-10", "2")]
    agreed = by_the_hour(per="month", amounts={"2018-01-01": "€ 100,00", "2018-03-01": "€ 50,00", "2018-04-02": "€ 10,00"})
    assert paid_by_month(agreed, lines, "2018-05") == {"2018-01": 100_00, "2018-02": 60_00, "2018-03": 50_00, "2018-04": 50_00}
    later = by_the_hour(per="month", amounts={"2018-01-01": "none", "2018-03-01": "€ 50,00"})
    assert paid_by_month(later, lines, "2018-04") == {"2018-01": 120_00, "2018-02": 60_00, "2018-03": 50_00, "2018-04": 50_00}


def test_a_ceiling_of_the_whole_contract_is_the_figure_of_the_period_and_fills_over_the_years():
    lines = [worked("2018-12-10", "2"), worked("2019-01-10", "2"), worked("2019-02-10", "2")]
    agreed = by_the_hour(ends="2019-12-31", per="contract", amounts={"2018-01-01": "€ 100,00", "2019-02-01": "€ 250,00"})
    assert paid_by_month(agreed, lines[:2], "2019-01") == {"2018-12": 100_00, "2019-01": 0}
    assert paid_by_month(agreed, lines, "2019-02") == {"2018-12": 120_00, "2019-01": 120_00, "2019-02": 10_00}
    stopped = by_the_hour(ends="2019-12-31", per="contract", amounts={"2018-01-01": "€ 100,00", "2019-02-01": "none"})
    assert paid_by_month(stopped, lines, "2019-02") == {"2018-12": 100_00, "2019-01": 0, "2019-02": 0}
    # Stopped, it is the last figure that it had; and it holds on after the contract has ended.
    raised = by_the_hour(ends="2019-12-31", per="contract", amounts={"2018-01-01": "€ 100,00", "2019-01-01": "€ 250,00", "2019-02-01": "none"})
    assert paid_by_month(raised, lines, "2019-02") == {"2018-12": 120_00, "2019-01": 120_00, "2019-02": 10_00}
    ended = by_the_hour(per="contract", amounts={"2018-01-01": "€ 100,00"})
    assert paid_by_month(ended, lines[:1], "2019-01") == {"2018-12": 100_00}


def test_a_ceiling_of_the_contract_is_over_its_services_but_the_exempt():
    lines = [worked("2018-01-10", "1"), worked("2018-01-11", "1", "twee"), worked("2018-01-12", "1")]
    ceiling: Yaml = {"article": "6.6", "amounts": {"2018-01-01": "€ 90,00"}}
    for more, cents in (({}, 90_00), ({"exempt": ["twee"]}, 90_00 + 60_00), ({"over": ["twee"]}, 120_00 + 60_00)):
        agreed = by_the_hour(terms={"ceiling": {**ceiling, **more}})
        assert paid_by_month(agreed, lines, "2018-01") == {"2018-01": cents}, more


def test_the_ceiling_of_the_contract_comes_over_what_those_of_services_left():
    # 180,00 in the first service is cut to 100,00; with 60,00 of the second that is 160,00, cut to 150,00; above it 40 %.
    lines = [worked("2018-01-10", "3"), worked("2018-01-11", "1", "twee")]
    contracts = {"ceiling": {"article": "6.6", "above": "paid at 40 %", "amounts": {"2018-01-01": "€ 150,00"}}}
    agreed = by_the_hour(terms=contracts, amounts={"2018-01-01": "€ 100,00"})
    assert paid_by_month(agreed, lines, "2018-01") == {"2018-01": 154_00}
    held = {"ceiling": {**contracts["ceiling"], "above": "held"}}
    found = one_settled(by_the_hour(terms=held, amounts={"2018-01-01": "€ 100,00"}), {"2018-01": lines}, "2018-01")
    assert (found.payable(), found.held()) == ({"A-1": 150_00}, {"A-1": 10_00})


def test_lines_fill_a_ceiling_before_the_instalment_of_the_same_day_and_instalments_in_order():
    budget = {"article": "4.1", "paid": "twelfths", "amounts": {"2018-01-01": "€ 1.200,00"}}
    price = {"article": "6.1", "per": "hour", "amounts": {"2018-01-01": "€ 60,00"}}
    agreed = contract("A-1", {"taak": {"budget": budget}, "uren": {"tariff": price}},
                      terms={"ceiling": {"article": "6.5", "amounts": {"2018-01-01": "€ 250,00"}}})  # fmt: skip
    lines = {"2018-01": [worked("2018-01-01", "1", "uren")]}
    # 60,00, then 100,00 of January and 90,00 of February's 100,00; nothing in March.
    found = one_settled(agreed, lines, "2018-03")
    assert {key: cents for key, cents in amounts(found, "A-1").items() if key[1] == "ceiling"} == {
        ("", "ceiling", "2018-02"): -10_00, ("", "ceiling", "2018-03"): -100_00,
    }  # fmt: skip
    agreed["terms"]["ceiling"]["amounts"] = {"2018-01-01": "€ 100,00"}
    found = one_settled(agreed, lines, "2018-01")
    from_line = found.earnings.filter(found.earnings["line"].is_not_null())
    assert (found.payable(), from_line["cut_contract_cents"].to_list()) == ({"A-1": 100_00}, [0])
    # What begins on a day pays its first instalment on that day: 60,00 first, and 40,00 of what a twelfth is.
    begun = {**agreed, "starts": "2018-01-15", "terms": {"ceiling": {"article": "6.5", "per": "contract", "amounts": {"2018-01-01": "€ 100,00"}}}}
    found = one_settled(begun, {"2018-01": [worked("2018-01-15", "1", "uren")]}, "2018-01")
    from_line = found.earnings.filter(found.earnings["line"].is_not_null())
    assert (found.payable(), from_line["cut_contract_cents"].to_list()) == ({"A-1": 100_00}, [0])
    # Of two lines of that day 60,00 and 40,00, and nothing of the instalment.
    two = [worked("2018-01-15", "1", "uren"), {**worked("2018-01-15", "1", "uren"), "client": "C2", "reference": "other"}]
    found = one_settled(begun, {"2018-01": two}, "2018-01")
    from_line = found.earnings.filter(found.earnings["line"].is_not_null())
    assert (found.payable(), from_line["cut_contract_cents"].to_list()) == ({"A-1": 100_00}, [0, 20_00])
    # The instalment of 1 January comes before what was done on the 2nd: 100,00 of it; of 120,00 there 20,00 is left for two hours.
    agreed["terms"]["ceiling"]["amounts"] = {"2018-01-01": "€ 120,00"}
    lines = {"2018-01": [worked("2018-01-02", "1", "uren"), {**worked("2018-01-02", "1", "uren"), "client": "C2", "reference": "other"}]}
    found = one_settled(agreed, lines, "2018-01")
    from_line = found.earnings.filter(found.earnings["line"].is_not_null())
    assert (found.payable(), from_line["cut_contract_cents"].to_list()) == ({"A-1": 120_00}, [40_00, 60_00])


def test_the_earlier_day_fills_a_ceiling_first_in_whatever_year():
    for year in (2010, 2018, 2038):
        agreed = by_the_hour(starts=f"{year}-01-01", ends=f"{year}-12-31", amounts={f"{year}-01-01": "€ 100,00"})
        agreed["services"]["een"]["tariff"]["amounts"] = agreed["services"]["twee"]["tariff"]["amounts"] = {f"{year}-01-01": "€ 60,00"}
        # An hour on the first of four months: 60,00 and 40,00, and nothing after those.
        lines = [worked(f"{year}-{month:02d}-01", "1") for month in (11, 2, 12, 3)]
        found = one_settled(agreed, {f"{year}-12": lines}, f"{year}-12")
        assert refusal_codes(found) == []
        assert found.earnings.sort("date").select("cut_service_cents").to_series().to_list() == [0, 20_00, 60_00, 60_00]


def test_a_credited_line_leaves_its_place_under_a_ceiling_to_another_of_the_same_day():
    # An hour and two hours of 60,00 under 100,00; the first, delivered first, is credited: 100,00 of the other's 120,00.
    other = {**worked("2018-01-10", "2"), "client": "C2", "reference": "other"}
    credit = {"client": "C1", "service": "een", "direction": "C", "reference": "c", "previous_reference": "een-2018-01-10"}
    lines = {"2018-01": [worked("2018-01-10", "1"), other], "2018-02": [credit]}
    terms: Yaml = {"ceiling": {"article": "6.6", "amounts": {"2018-01-01": "€ 100,00"}}}
    for agreed in (by_the_hour(amounts={"2018-01-01": "€ 100,00"}), by_the_hour(terms=terms)):
        assert one_settled(agreed, {"2018-01": lines["2018-01"]}, "2018-01").payable() == {"A-1": 100_00}
        found = one_settled(agreed, lines, "2018-02")
        assert (refusal_codes(found), found.payable()) == ([], {"A-1": 100_00})


def test_what_is_held_above_a_ceiling_is_paid_or_not_as_was_decided_about_its_year():
    lines = {"2019-02": [worked("2018-01-10", "2"), worked("2019-01-10", "2")]}

    def due(per: str, *decided: tuple[int, str]) -> tuple[int, int]:
        agreed = by_the_hour(ends="2019-12-31", per=per, above="held", amounts={"2018-01-01": "€ 100,00"})
        rulebook = rulebook_of(agreed)
        decisions = tuple(
            CeilingDecision("A-1", "een", year, what, "besluit", "A. de Vries", Place("holds.yaml", 1)) for year, what in decided  # type: ignore[arg-type]
        )
        found = settled(replace(rulebook, ceiling_decisions=decisions), [File("A-1", "2019-02", lines["2019-02"])], "2019-02")
        return found.payable()["A-1"], found.held().get("A-1", 0)

    # 120,00 in each year over 100,00: 20,00 of each is held until it is decided.
    assert due("year") == (200_00, 40_00)
    assert due("year", (2018, "paid")) == (220_00, 20_00)
    assert due("year", (2019, "not paid")) == (200_00, 20_00)
    assert due("year", (2018, "paid"), (2019, "not paid")) == (220_00, 0)
    # Of one over the whole contract 140,00 is held, and the last decision holds.
    assert due("contract") == (100_00, 140_00)
    assert due("contract", (2018, "not paid"), (2019, "paid")) == (240_00, 0)
    assert due("contract", (2019, "not paid"), (2018, "paid")) == (100_00, 0)


# ---- what bounds and what rewards ------------------------------------------------------------------------


def task(cents: str = "€ 1.000,00", **terms: Yaml) -> Yaml:
    return {"budget": {"article": "4.1", "paid": "at start", "amounts": {"2018-01-01": cents}}, **terms}


def helped(number: int, service: str, month: int = 1) -> Line:
    day = f"2018-{month:02d}-05"
    return {"client": f"C{number}", "service": service, "start": day, "end": day, "reference": f"{service}-{number}-{month}"}


def least(cents: str) -> Yaml:
    return {"article": "4.2", "settles": "year_end", "per_missing_client": cents, "amounts": {"2018-01-01": "10"}}


def test_the_minimums_of_services_and_contract_together_take_no_more_than_was_earned():
    # Budgets of 1.000,00 and 500,00. Of ten clients one and two came: 9 × 90,00 = 810,00 and 8 × 20,00 = 160,00 are missing. Of the
    # contract's ten two came: 8 × 70,00 = 560,00, of which 1.500,00 − 810,00 − 160,00 = 530,00 is left.
    services = {"een": task(minimum_clients=least("€ 90,00")), "twee": task("€ 500,00", minimum_clients=least("€ 20,00"))}
    agreed = contract("A-1", services, terms={"minimum_clients": least("€ 70,00")})
    lines = {"2018-01": [helped(1, "een"), helped(1, "twee"), helped(2, "twee")]}
    found = amounts(one_settled(agreed, lines, "2018-12"), "A-1")
    assert {key[0]: cents for key, cents in found.items() if key[1] == "minimum_clients"} == {"een": -810_00, "twee": -160_00, "": -530_00}
    agreed["terms"] = {"minimum_clients": least("€ 60,00")}
    found = amounts(one_settled(agreed, lines, "2018-12"), "A-1")
    assert found["", "minimum_clients", "2018-12"] == -480_00


def test_savings_are_measured_against_a_figure_by_months_and_by_days_in_a_broken_year():
    savings = {"article": "8.3", "share": "50 %", "savings_from": "0 %", "settles": "year_end"}
    # Six months of 5.000,00 and six of 7.000,00: 6.000,00, of which 1.000,00 was spent: half of 5.000,00.
    changed = contract("A-1", {"een": task()}, terms={"shared_savings": {**savings, "against": {"2018-01-01": "€ 5.000", "2018-07-01": "€ 7.000"}}})
    assert one_settled(changed, {}, "2018-12").payable() == {"A-1": 3_500_00}
    # From July a figure of 6.000,00, of nothing before: 3.000,00. Half of 2.000,00.
    begun = contract("A-1", {"een": task()}, terms={"shared_savings": {**savings, "against": {"2018-01-01": "none", "2018-07-01": "€ 6.000"}}})
    assert one_settled(begun, {}, "2018-12").payable() == {"A-1": 2_000_00}
    # July to December: 184 of 365 days of 6.000,00 are 3.024,66 and of 1.000,00 504,11: half of 2.520,55 is 1.260,275 → 1.260,28.
    broken = {**contract("A-1", {"een": task()}, terms={"shared_savings": {**savings, "against": {"2018-01-01": "€ 6.000"}}}), "starts": "2018-07-01"}
    assert one_settled(broken, {}, "2018-12").payable() == {"A-1": 504_11 + 1_260_28}
    # With the year's figure in full: half of 6.000,00 − 504,11 is 2.747,945 → 2.747,95.
    broken["terms"] = {"shared_savings": {**savings, "broken_year": "full", "against": {"2018-01-01": "€ 6.000"}}}
    assert one_settled(broken, {}, "2018-12").payable() == {"A-1": 504_11 + 2_747_95}


def test_a_bonus_of_the_contract_from_a_day_is_on_what_all_services_earned_from_it():
    good = {"goal_attainment": "ja"}
    bonus = {"article": "7.4", "from": "2018-04-01", "share": "10 %", "of": "entitled", "needs": {"goal_attainment": "at least 50 %"},
             "settles": "quarter_end"}  # fmt: skip
    agreed = by_the_hour(terms={"outcome_bonus": bonus}, amounts={"2018-01-01": "€ 1.000,00"})
    lines = [worked("2018-03-31", "1"), {**worked("2018-04-01", "1"), **good}, worked("2018-06-30", "2", "twee"), worked("2018-07-01", "4", "twee")]
    # At the end of June 60,00 + 120,00: 18,00; at the end of September 420,00: 42,00, so 24,00 more.
    found = one_settled(agreed, {"2018-09": lines}, "2018-09")
    assert {key: cents for key, cents in amounts(found, "A-1").items() if key[1] == "outcome_bonus"} == {
        ("", "outcome_bonus", "2018-06"): 18_00, ("", "outcome_bonus", "2018-09"): 24_00,
    }  # fmt: skip
    # What each was given on, and what was given before.
    assert shown_of(found, "outcome_bonus") == [
        ("2018-06", 18_00, {"base": 180_00, "share": 0.1}), ("2018-09", 24_00, {"base": 420_00, "share": 0.1, "before": 18_00}),
    ]  # fmt: skip
    # In one service: its own lines only.
    own = by_the_hour(amounts={"2018-01-01": "€ 1.000,00"})
    own["services"]["een"]["outcome_bonus"] = bonus
    found = one_settled(own, {"2018-09": lines}, "2018-09")
    assert {key: cents for key, cents in amounts(found, "A-1").items() if key[1] == "outcome_bonus"} == {("een", "outcome_bonus", "2018-06"): 6_00}


def test_a_withhold_of_the_contract_is_taken_of_what_ceilings_and_minimums_left():
    withhold = {"article": "6.7", "share": "10 %", "needs": {"dropout": "at most 10 %"}, "settles": "year_end"}
    agreed = contract("A-1", {"een": task(minimum_clients=least("€ 50,00"))}, terms={"withhold": withhold})
    # 1.000,00 at the start: 100,00 kept. In December 9 × 50,00 off: 10 % of 550,00 is 55,00, so 45,00 comes back.
    found = amounts(one_settled(agreed, {"2018-01": [helped(1, "een")]}, "2018-12"), "A-1")
    assert {key[2]: cents for key, cents in found.items() if key[1] == "withhold"} == {"2018-01": -100_00, "2018-12": 45_00}


def test_a_bonus_and_the_bound_of_a_minimum_look_at_what_the_ceilings_of_service_and_contract_left():
    # 600,00 in the first service is cut to 550,00; with 60,00 of the second 610,00 is cut to 500,00: 10 % is 50,00.
    bonus = {"article": "7.4", "share": "10 %", "of": "entitled", "needs": {"goal_attainment": "at least 50 %"}}
    terms = {"ceiling": {"article": "6.6", "amounts": {"2018-01-01": "€ 500,00"}}, "outcome_bonus": bonus}
    lines = {"2018-12": [{**worked("2018-12-10", "10"), "goal_attainment": "ja"}, worked("2018-12-11", "1", "twee")]}
    agreed = by_the_hour(terms=terms, amounts={"2018-01-01": "€ 550,00"})
    assert one_settled(agreed, lines, "2018-12").payable() == {"A-1": 550_00}
    # From a day: what lies before it has filled the ceilings. 60,00 of 1 November leaves 440,00 of December: 44,00.
    before = {"2018-12": [*lines["2018-12"], worked("2018-11-01", "1", "twee")]}
    agreed = by_the_hour(terms={**terms, "outcome_bonus": {**bonus, "from": "2018-12-01"}}, amounts={"2018-01-01": "€ 550,00"})
    assert one_settled(agreed, before, "2018-12").payable() == {"A-1": 544_00}
    # Nine clients at 90,00 are missing: all of the 500,00 that is left, and no more.
    agreed = by_the_hour(terms={"ceiling": terms["ceiling"], "minimum_clients": least("€ 90,00")}, amounts={"2018-01-01": "€ 550,00"})
    assert one_settled(agreed, lines, "2018-12").payable() == {"A-1": 0}


# ---- where a cent or a day decides -----------------------------------------------------------------------


def shown_of(found: Settlement, term: str) -> list[tuple[str, int, dict[str, float]]]:
    """(month, cents, the figures of the working) of each amount of a term."""
    return [
        (str(key[4]), row.cents, {name: float(figure) for name, (figure, _) in row.working.numbers.items()})
        for key, row in sorted(found.entitlements.rows.items(), key=lambda pair: pair[0][4])
        if key[3] == term
    ]


def test_a_ceiling_a_cent_below_what_was_earned_takes_that_cent_and_shows_its_share():
    lines = {"2018-01": [worked("2018-01-10", "1")]}
    of_service = one_settled(by_the_hour(amounts={"2018-01-01": "€ 59,99"}), lines, "2018-01")
    assert shown_of(of_service, "ceiling") == [("2018-01", -1, {"value": 60_00, "ceiling": 59_99})]
    terms: Yaml = {"ceiling": {"article": "6.6", "amounts": {"2018-01-01": "€ 59,99"}}}
    of_contract = one_settled(by_the_hour(terms=terms), lines, "2018-01")
    assert shown_of(of_contract, "ceiling") == [("2018-01", -1, {"value": 60_00, "ceiling": 59_99})]
    # Half of that cent is a cent.
    terms = {"ceiling": {"article": "6.6", "above": "paid at 50 %", "amounts": {"2018-01-01": "€ 59,99"}}}
    assert one_settled(by_the_hour(terms=terms), lines, "2018-01").payable() == {"A-1": 60_00}
    # Of 10,00 above it 40 % is paid: 6,00 is taken.
    terms = {"ceiling": {"article": "6.6", "above": "paid at 40 %", "amounts": {"2018-01-01": "€ 50,00"}}}
    at_a_share = one_settled(by_the_hour(terms=terms), lines, "2018-01")
    assert shown_of(at_a_share, "ceiling") == [("2018-01", -6_00, {"value": 60_00, "ceiling": 50_00, "share": 0.4})]


def test_what_is_paid_by_line_shows_how_many_lines_and_what_they_were_worth():
    lines = {"2018-01": [worked("2018-01-10", "1"), worked("2018-01-11", "2")], "2018-02": [worked("2018-02-10", "1")]}
    assert shown_of(one_settled(by_the_hour(), lines, "2018-02"), "tariff") == [
        ("2018-01", 180_00, {"lines": 2, "value": 180_00}), ("2018-02", 60_00, {"lines": 1, "value": 60_00}),
    ]  # fmt: skip
    # A credited line is no line, and a month of which all is credited is no month.
    credits = [
        {"client": "C1", "service": "een", "direction": "C", "reference": f"c-{day}", "previous_reference": f"een-{day}"}
        for day in ("2018-01-10", "2018-02-10")
    ]
    assert shown_of(one_settled(by_the_hour(), {**lines, "2018-03": credits}, "2018-03"), "tariff") == [
        ("2018-01", 120_00, {"lines": 1, "value": 120_00}),
    ]  # fmt: skip


def test_a_withhold_beside_a_bonus_by_the_quarter_is_kept_once():
    # 100,00 at the start, 10 % kept: 10,00. No answers: the bonus is postponed at every quarter's end, and nothing comes back.
    bonus = {"article": "7.4", "share": "10 %", "of": "entitled", "needs": {"goal_attainment": "at least 50 %"}, "settles": "quarter_end"}
    withhold = {"article": "6.7", "share": "10 %", "needs": {"dropout": "at most 10 %"}, "settles": "year_end"}
    agreed = contract("A-1", {"een": task("€ 100,00", outcome_bonus=bonus)}, terms={"withhold": withhold})
    for month in ("2018-05", "2018-09", "2018-12"):
        assert amounts(one_settled(agreed, {"2018-01": [helped(1, "een")]}, month), "A-1") == {
            ("een", "budget", "2018-01"): 100_00, ("", "withhold", "2018-01"): -10_00,
        }  # fmt: skip


def test_a_minimum_takes_nothing_where_nothing_was_earned():
    agreed = by_the_hour(terms={"minimum_clients": least("€ 90,00")})
    found = one_settled(agreed, {}, "2018-12")
    assert (found.payable(), amounts(found, "A-1")) == ({"A-1": 0}, {})
    agreed["services"]["een"]["minimum_clients"] = least("€ 90,00")
    assert one_settled(agreed, {}, "2018-12").payable() == {"A-1": 0}


def test_before_the_first_delivery_no_client_is_missing_however_many_are_agreed():
    # 120 a year are ten a month. Nothing came in January; in February one did, when twenty were due: 19 × 1,00.
    minimum = {"article": "4.2", "settles": "on substantial deviation", "signal_below": "90 %", "per_missing_client": "€ 1,00",
               "amounts": {"2018-01-01": "120"}}  # fmt: skip
    agreed = contract("A-1", {"een": task(minimum_clients=minimum)})
    lines = {"2018-02": [helped(1, "een", 2)]}
    for month, cents in (("2018-01", 1_000_00), ("2018-02", 981_00), ("2018-03", 981_00)):
        delivered = {name: found for name, found in lines.items() if name <= month}
        assert one_settled(agreed, delivered, month).payable() == {"A-1": cents}, month
    # Another contract's delivery is not this one's.
    other = {**contract("B-1", {"een": task(minimum_clients=minimum)})}
    files = [File("A-1", "2018-02", lines["2018-02"]), File("B-1", "2018-03", [helped(1, "een", 3)])]
    # Of B one came in March, when thirty were due: 29,00.
    assert settled(rulebook_of(agreed, other), files, "2018-03").payable() == {"A-1": 981_00, "B-1": 971_00}


def test_a_bonus_from_a_day_counts_that_day_and_each_year_apart():
    good = {"goal_attainment": "ja"}
    bonus = {"article": "7.4", "share": "10 %", "of": "entitled", "needs": {"goal_attainment": "at least 50 %"}, "settles": "year_end"}
    # From the last day of the year: that day's hour of 60,00.
    agreed = by_the_hour(terms={"outcome_bonus": {**bonus, "from": "2018-12-31"}})
    lines = {"2018-12": [worked("2018-12-30", "1"), {**worked("2018-12-31", "1"), **good}]}
    assert one_settled(agreed, lines, "2018-12").payable() == {"A-1": 126_00}
    # From April 2018: two hours of that year, and of the next those of January and December.
    agreed = by_the_hour(ends="2020-12-31", terms={"outcome_bonus": {**bonus, "from": "2018-04-01"}})
    days = (("2018-03-31", "8"), ("2018-04-01", "1"), ("2018-12-31", "1"), ("2019-01-01", "3"), ("2019-12-31", "1"), ("2020-01-01", "9"))
    found = one_settled(agreed, {"2020-01": [{**worked(day, hours), **good} for day, hours in days]}, "2020-01")
    assert refusal_codes(found) == []
    assert {key: cents for key, cents in amounts(found, "A-1").items() if key[1] == "outcome_bonus"} == {
        ("", "outcome_bonus", "2018-12"): 12_00, ("", "outcome_bonus", "2019-12"): 24_00,
    }  # fmt: skip


def test_a_bonus_of_the_whole_is_nothing_where_nothing_was_earned():
    # Lines of a task whose budget begins next year: they carry answers and earn nothing.
    bonus = {"article": "7.4", "share": "100 %", "of": "entitled", "needs": {"goal_attainment": "at least 50 %"}}
    terms = {"budget": {"article": "4.1", "paid": "twelfths", "amounts": {"2018-01-01": "none", "2019-01-01": "€ 1.200,00"}}}
    for of in ("entitled", "budget"):
        agreed = {**contract("A-1", {"een": {**terms, "outcome_bonus": {**bonus, "of": of}}}), "ends": "2019-12-31"}
        found = one_settled(agreed, {"2018-12": [{**helped(1, "een"), "goal_attainment": "ja"}]}, "2018-12")
        assert (refusal_codes(found), found.payable()) == ([], {"A-1": 0})


def test_at_the_end_of_a_year_its_last_month_counts_for_savings_and_for_what_is_kept():
    # An hour in November and two in December: 180,00. Half of what is left of 200,00: 10,00. A tenth of 180,00 kept: 18,00.
    savings = {"article": "8.3", "share": "50 %", "against": {"2018-01-01": "€ 200,00"}, "savings_from": "0 %", "settles": "year_end"}
    withhold = {"article": "6.7", "share": "10 %", "needs": {"dropout": "at most 10 %"}, "settles": "year_end"}
    lines = {"2018-12": [worked("2018-11-10", "1"), worked("2018-12-10", "2")]}
    for terms, cents in (({"shared_savings": savings}, 190_00), ({"withhold": withhold}, 162_00)):
        assert one_settled(by_the_hour(terms=terms), lines, "2018-12").payable() == {"A-1": cents}
    # Half of the year's savings, of which nothing is left when exactly as much was spent.
    none_left = by_the_hour(terms={"shared_savings": {**savings, "against": {"2018-01-01": "€ 180,00"}}})
    assert one_settled(none_left, lines, "2018-12").payable() == {"A-1": 180_00}


def test_a_bonus_of_the_contract_asks_the_clients_of_all_its_services():
    # One met the goal and one did not: a half, where 60 % is needed; and where 50 % is, 10 % of 120,00.
    lines = {"2018-12": [{**worked("2018-12-10", "1"), "goal_attainment": "ja"},
                         {**worked("2018-12-11", "1", "twee"), "client": "C2", "goal_attainment": "nee"}]}  # fmt: skip
    for needed, cents in (("60 %", 120_00), ("50 %", 132_00)):
        bonus = {"article": "7.4", "share": "10 %", "of": "entitled", "needs": {"goal_attainment": f"at least {needed}"}}
        assert one_settled(by_the_hour(terms={"outcome_bonus": bonus}), lines, "2018-12").payable() == {"A-1": cents}
    # In a service: only those whom it helped.
    bonus = {"article": "7.4", "share": "10 %", "of": "entitled", "needs": {"goal_attainment": "at least 50 %"}}
    for service, cents in (("een", 126_00), ("twee", 120_00)):
        agreed = by_the_hour()
        agreed["services"][service] = {**agreed["services"][service], "outcome_bonus": bonus}
        assert one_settled(agreed, lines, "2018-12").payable() == {"A-1": cents}
