"""A run in which one figure differs from another that must be the same writes nothing, and says which."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from workbench import File, Line, contract, files_in, write_delivery, write_rules

from settlement.domain.periods import Month
from settlement.domain.records import Payment, Statement
from settlement.run.balance import OutOfBalance, check_balance
from settlement.run.month import approve, draft
from settlement.run.workspace import Workspace

NOW = dt.datetime(2018, 4, 9, 6, tzinfo=dt.UTC)
MARCH = Month(2018, 3)


def hour(number: int, quantity: str = "1,5") -> Line:
    day = f"{number + 1:02d}-03-2018"
    return {"client": f"C{number}", "service": "begeleiding", "start": day, "end": day, "quantity": quantity,
            "unit": "uren", "reference": f"r{number}"}  # fmt: skip


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    """Two contracts: hours under a ceiling that bites, and a budget in twelfths."""
    tariff = {"article": "6.1", "per": "hour", "amounts": {"2018-01-01": "€ 62,00"}}
    ceiling = {"article": "6.5", "amounts": {"2018-01-01": "€ 250,00"}}
    budget = {"article": "4.1", "paid": "twelfths", "amounts": {"2018-01-01": "€ 120.000"}}
    write_rules(tmp_path / "rules", [
        contract("A-1", {"begeleiding": {"tariff": tariff, "ceiling": ceiling}}), contract("B-1", {"taak": {"budget": budget}}),
    ])  # fmt: skip
    write_delivery(tmp_path / "inputs", File("A-1", "2018-03", [hour(0), hour(1), hour(2), {**hour(3), "unit": "dagen"}]))
    return Workspace(tmp_path / "rules", tmp_path / "inputs", tmp_path / "outputs")


def test_without_a_fault_the_month_is_in_balance_and_written(workspace):
    made = draft(workspace, MARCH, NOW)
    # 3 × 1,5 × 62,00 = 279,00, cut to 250,00; three twelfths of 120.000,00.
    assert {one.contract.number: one.to_pay_cents for one in made.computed.statements} == {"A-1": 250_00, "B-1": 30_000_00}
    assert "2018-03/run.json" in files_in(workspace.outputs)


def test_a_refusal_of_the_first_row_of_a_file_counts_as_any_other(workspace):
    # A message has no headings: its first line is row 1.
    made = draft(workspace, MARCH, NOW).computed
    first = made.settlement.refusals.with_columns(row=pl.lit(1, dtype=pl.Int32))
    assert first.height == 1
    check_balance(replace(made.settlement, refusals=first), made.delivered, made.lines, made.statements, made.payments, made.postings)


def test_what_was_paid_before_is_carried_in_balance(workspace):
    draft(workspace, MARCH, NOW)
    approve(workspace, MARCH, "A. de Vries", NOW)
    # One line is taken out afterwards: 2 × 93,00 = 186,00, of which 250,00 was paid. The budget pays April's 10.000,00.
    write_delivery(workspace.inputs, File("A-1", "2018-03", [hour(0), hour(1)]))
    made = draft(workspace, MARCH.plus(1), NOW).computed
    assert {one.contract.number: (one.payable_cents, one.to_pay_cents) for one in made.statements} == {
        "A-1": (-64_00, 0), "B-1": (10_000_00, 10_000_00),
    }  # fmt: skip


def test_a_month_with_lines_and_instalments_above_ceilings_with_refusals_and_a_hold_is_in_balance(tmp_path):
    tariff = {"article": "6.1", "per": "hour", "amounts": {"2018-01-01": "€ 62,00"}}
    budget = {"article": "4.1", "paid": "twelfths", "amounts": {"2018-01-01": "€ 120.000"}}

    def ceiling(amount: str) -> dict[str, object]:
        return {"article": "6.5", "amounts": {"2018-01-01": amount}}

    above = {"begeleiding": {"tariff": tariff, "ceiling": ceiling("€ 250,00")}, "taak": {"budget": budget, "ceiling": ceiling("€ 25.000")}}
    hours = {"begeleiding": {"tariff": tariff}}
    unreadable = {"begeleiding": {"tariff": {**tariff, "amounts": {"2018-01-01": "62,00"}}}}
    write_rules(tmp_path / "rules", [
        contract("A-1", above, terms={"ceiling": ceiling("€ 20.100")}), contract("B-1", hours), contract("C-1", hours), contract("D-1", unreadable),
        contract("E-1", hours),
    ])  # fmt: skip
    hold = "payments:\n  - contract: B-1\n    from: 2018-03\n    reason: onderzoek loopt\n    by: A. de Vries\n"
    (tmp_path / "rules" / "holds.yaml").write_text(hold, encoding="utf-8")
    two_faults = {**hour(4), "start": "ergens", "end": "in maart"}
    for number, lines in (
        ("A-1", [*map(hour, range(4)), two_faults]), ("B-1", [hour(0), hour(1)]), ("C-1", [{**hour(0), "unit": "dagen"}]),
        ("D-1", [hour(0), hour(1)]),
    ):  # fmt: skip
        write_delivery(tmp_path / "inputs", File(number, "2018-03", lines))
    (tmp_path / "inputs" / "2018-03" / "E-1_levering.csv").write_text("Wie;Wanneer\r\nC0;05-03-2018\r\n", encoding="utf-8-sig")
    made = draft(Workspace(tmp_path / "rules", tmp_path / "inputs", tmp_path / "outputs"), MARCH, NOW).computed
    # A: 4 × 93,00 is cut to 250,00 and three twelfths of 10.000,00 to 25.000,00; together to 20.100,00. B: 186,00, on hold.
    # Of C the only line is refused; D's rules cannot be read, and its two lines wait; E's file is refused as a whole.
    assert {one.contract.number: (one.payable_cents, one.to_pay_cents) for one in made.statements} == {
        "A-1": (20_100_00, 20_100_00), "B-1": (186_00, 0), "C-1": (0, 0), "E-1": (0, 0),
    }  # fmt: skip
    assert made.settlement.refusals.get_column("code").to_list() == ["not-a-date", "not-a-date", "wrong-unit", "no-table"]
    assert made.settlement.accepted.stopped.rows() == [("2018-03/D-1_levering.csv", "D-1", 2)]


def broken(monkeypatch: pytest.MonkeyPatch, where: str, change: Callable[[Any], Any]) -> list[int]:
    """What a function gives is changed on its way; gives where it counts that it was called."""
    module_name, _, name = where.rpartition(".")
    __import__(module_name)
    module, called = sys.modules[module_name], []
    right = getattr(module, name)

    def wrong(*arguments: object, **named: object) -> object:
        called.append(1)
        return change(right(*arguments, **named))

    monkeypatch.setattr(module, name, wrong)
    return called


def first_statement(**changes: Callable[[Statement], object]) -> Callable[[list[Statement]], list[Statement]]:
    def change(made: list[Statement]) -> list[Statement]:
        return [replace(made[0], **{name: of(made[0]) for name, of in changes.items()}), *made[1:]]

    return change


def first_payment(made: list[Payment]) -> list[Payment]:
    return [replace(made[0], cents=made[0].cents + 1), *made[1:]]


def without_a_row(one: Statement) -> object:
    return one.rows[1:]


def one_cent_more_in_a_row(one: Statement) -> object:
    return (replace(one.rows[0], is_cents=one.rows[0].is_cents + 1), *one.rows[1:])


COMPOSE, PAYMENTS = "settlement.statements.compose.compose", "settlement.statements.compose.payments_of"
LINES, POSTINGS, SETTLE = "settlement.statements.compose.settled_lines", "settlement.run.computing.postings_of_month", "settlement.settle.settle"


def a_line_lost(settled: Any) -> Any:
    return replace(settled, accepted=replace(settled.accepted, lines=settled.accepted.lines.slice(1)))


def a_refusal_lost(settled: Any) -> Any:
    return replace(settled, refusals=settled.refusals.clear())


def an_earning_changed(settled: Any) -> Any:
    return replace(settled, earnings=settled.earnings.with_columns(value_cents=pl.col("value_cents") + 1))


def an_entitlement_changed(settled: Any) -> Any:
    key = next(key for key in settled.entitlements.rows if key[3] == "tariff")
    settled.entitlements.rows[key] = replace(settled.entitlements.rows[key], cents=settled.entitlements.rows[key].cents + 1)
    return settled


def a_cent_on_a_line(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.with_columns(earned_cents=pl.col("earned_cents") + (pl.int_range(pl.len()) == 0).cast(pl.Int64))


FAULTS = {
    "a line is accepted nowhere and refused nowhere": (SETTLE, a_line_lost, "4 lines delivered, 3 accepted or refused"),
    "a refusal is lost": (SETTLE, a_refusal_lost, "4 lines delivered, 3 accepted or refused"),
    "the lines earn more than the terms give": (SETTLE, an_earning_changed, r"lines earn \d+ cents, the terms give \d+"),
    "a term gives a cent that no line earned": (SETTLE, an_entitlement_changed, r"lines earn \d+ cents, the terms give \d+"),
    "a line of the statement shows a cent more": (LINES, a_cent_on_a_line, r"the lines of the statement earn 25001 cents, pricing says 25000"),
    "a row of the statement is missing": (COMPOSE, first_statement(rows=without_a_row), r"rows -?\d+ \+ carried"),
    "a row says a cent more": (COMPOSE, first_statement(rows=one_cent_more_in_a_row), r"rows \d+ \+ carried"),
    "the total is a cent more": (COMPOSE, first_statement(payable_cents=lambda one: one.payable_cents + 1), r"payable 25001"),
    "to pay is not the payable": (COMPOSE, first_statement(to_pay_cents=lambda one: one.to_pay_cents - 1), r"to pay 24999 cents of 25000"),
    "what is on hold is paid": (COMPOSE, first_statement(on_hold=lambda one: "onderzoek"), r"to pay 25000 cents of 25000"),
    "the advice pays a cent more": (PAYMENTS, first_payment, r"the advice pays 25001 cents, the statement 25000"),
    "a payment is left out of the advice": (PAYMENTS, lambda made: made[1:], r"the advice pays 0 cents, the statement 25000"),
    "a payment stands twice in the advice": (PAYMENTS, lambda made: [made[0], *made], r"the advice pays 50000 cents, the statement 25000"),
    "a posting is missing": (POSTINGS, lambda made: made[1:], r"postings (change|pay|add up)"),
    "a posting is a cent more": (POSTINGS, lambda made: [replace(made[0], cents=made[0].cents + 1), *made[1:]], r"add up to 1 cents"),
    "a payment is posted twice": (POSTINGS, lambda made: [*made, *(one for one in made if one.account == "payment")], r"postings pay 50000 cents, the advice 25000"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_figure_that_is_broken_is_named_and_nothing_is_written(fault, workspace, monkeypatch):
    where, change, told = FAULTS[fault]
    called = broken(monkeypatch, where, change)
    with pytest.raises(OutOfBalance, match=told):
        draft(workspace, MARCH, NOW)
    assert called
    assert files_in(workspace.outputs) == {}


def test_all_figures_that_differ_are_told_at_once(workspace, monkeypatch):
    broken(monkeypatch, PAYMENTS, lambda made: [])
    with pytest.raises(OutOfBalance) as raised:
        draft(workspace, MARCH, NOW)
    assert {told.split(":")[0] for told in raised.value.found} == {"BS-2018-03-A-1", "BS-2018-03-B-1"}


def test_the_command_line_says_that_it_does_not_balance_and_ends_with_1(workspace, monkeypatch, capsys):
    from settlement.cli import main

    broken(monkeypatch, PAYMENTS, first_payment)
    folders = ["--rules", workspace.rules, "--inputs", workspace.inputs, "--outputs", workspace.outputs]
    monkeypatch.setattr(sys, "argv", ["settlement", "run", "--period", "2018-03", *map(str, folders)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "The run does not balance: BS-2018-03-A-1: the advice pays 25001 cents, the statement 25000" in capsys.readouterr().err
    assert files_in(Path(workspace.outputs)) == {}
