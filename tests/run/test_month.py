"""The month: a draft that may be made again, an approval that is bound to what it approved, and nothing paid twice."""

from __future__ import annotations

import datetime as dt
import functools
import json
import shutil
from pathlib import Path

import pytest
from workbench import File, Line, Yaml, contract, files_in, write_delivery, write_rules

from settlement.deliveries.gather import gather
from settlement.domain.periods import Month
from settlement.run.blocked import Blocked
from settlement.run.computing import compute
from settlement.run.ledger import Ledger
from settlement.run.month import approve, draft
from settlement.run.replay import replay
from settlement.run.workspace import Workspace

ROOT = Path(__file__).parents[2]
JANUARY, FEBRUARY, MARCH, APRIL = (Month(2018, number) for number in range(1, 5))


def at(month: Month, hour: int = 6) -> dt.datetime:
    """The ninth of the month after."""
    day = month.plus(1).first_day + dt.timedelta(days=8)
    return dt.datetime(day.year, day.month, day.day, hour, tzinfo=dt.UTC)


def agreed(tariff: str = "€ 60,00", ceiling: str = "€ 1.000,00") -> Yaml:
    return contract("A-1", {"begeleiding": {
        "tariff": {"article": "6.1", "per": "hour", "amounts": {"2018-01-01": tariff}},
        "ceiling": {"article": "6.5", "amounts": {"2018-01-01": ceiling}},
    }})  # fmt: skip


BUDGET = contract("B-1", {"taak": {"budget": {"article": "4.1", "paid": "twelfths", "amounts": {"2018-01-01": "€ 100,00"}}}})


def hours(number: int, quantity: str, month: Month = JANUARY, **more: str) -> Line:
    day = f"{number + 1:02d}-{month.month:02d}-2018"
    return {"client": f"C{number}", "service": "begeleiding", "start": day, "end": day, "quantity": quantity,
            "unit": "uren", "reference": f"{month}-{number}", **more}  # fmt: skip


class Office:
    """A workspace with one hourly contract and one budget, and what a person does with it."""

    def __init__(self, folder: Path, **organisation: str) -> None:
        self.workspace = Workspace(folder / "rules", folder / "inputs", folder / "outputs")
        self.organisation = organisation
        self.rules()
        self.deliver(JANUARY, hours(0, "2,5"), hours(1, "1,25"))

    def rules(self, *contracts: Yaml) -> None:
        write_rules(self.workspace.rules, contracts or [agreed(), BUDGET], **self.organisation)

    def deliver(self, month: Month, *lines: Line, name: str = "levering") -> Path:
        return write_delivery(self.workspace.inputs, File("A-1", str(month), lines, name))

    def draft(self, month: Month) -> dict[str, int]:
        """To pay by contract."""
        return {one.contract.number: one.to_pay_cents for one in draft(self.workspace, month, at(month)).computed.statements}

    def approve(self, month: Month, person: str = "A. de Vries") -> int | None:
        """What was paid; ``None`` when another has to approve."""
        final = approve(self.workspace, month, person, at(month, 9)).final
        return None if final is None else final.paid_cents

    def settle(self, month: Month) -> dict[str, int]:
        paid = self.draft(month)
        self.approve(month)
        return paid

    def paid(self) -> dict[str, int]:
        with Ledger.open(self.workspace.ledger, create=False) as ledger:
            return ledger.paid()

    def receipt(self, folder: str) -> dict[str, object]:
        return json.loads((self.workspace.outputs / folder / "run.json").read_bytes())


@pytest.fixture
def office(tmp_path) -> Office:
    return Office(tmp_path)


# ---- draft, final, the month after -----------------------------------------------------------------------


def test_a_draft_is_approved_and_the_next_month_pays_what_is_new(office):
    # 3,75 × 60,00 = 225,00; a twelfth of 100,00 is 8,33, two are 16,67.
    assert office.draft(JANUARY) == {"A-1": 225_00, "B-1": 8_33}
    assert office.receipt("2018-01")["status"] == "draft"
    assert office.paid() == {}
    assert office.approve(JANUARY) == 233_33
    assert office.receipt("2018-01")["status"] == "final"
    assert office.receipt("2018-01")["approved_by"] == ["A. de Vries"]
    office.deliver(FEBRUARY, hours(2, "1,5", FEBRUARY), hours(3, "0,5"))
    assert office.settle(FEBRUARY) == {"A-1": 120_00, "B-1": 8_34}
    assert office.paid() == {"A-1": 345_00, "B-1": 16_67}


def test_the_statement_ledger_receipt_and_advice_say_the_same(office):
    office.settle(JANUARY)
    receipt = office.receipt("2018-01")
    advice = (office.workspace.outputs / "2018-01" / "payments.csv").read_text(encoding="utf-8-sig").splitlines()
    assert receipt["totals"]["to_pay_cents"] == 233_33
    assert [row.split(";")[3] for row in advice[1:]] == ["225,00", "8,33"]
    with Ledger.open(office.workspace.ledger, create=False) as ledger:
        (run,) = ledger.runs()
        assert (run.name, run.paid_cents, run.payments) == ("R-2018-01-0001", 233_33, 2)
        assert {one.contract: one.cents for one in ledger.payments(run)} == {"A-1": 225_00, "B-1": 8_33}
        assert sum(one.cents for one in ledger.postings(run)) == 0
        assert sum(ledger.settled().values()) == 233_33
        assert set(ledger.files(run)) >= {"2018-01/payments.csv", "2018-01/run.json"}


def test_what_goes_back_to_a_provider_is_bound_to_the_draft_like_every_paper(office):
    office.deliver(JANUARY, hours(0, "2,5"), {**hours(1, "1,25"), "service": "begeleidng"})
    assert office.draft(JANUARY) == {"A-1": 150_00, "B-1": 8_33}
    path = "returned/A-1-2018-01-v2.xlsx"
    receipt = office.receipt("2018-01")
    assert path in receipt["files"]
    assert [one["returned"] for one in receipt["deliveries"]] == [[path]]
    returned = office.workspace.outputs / "2018-01" / path
    content = returned.read_bytes()
    returned.write_bytes(content + b" ")
    with pytest.raises(Blocked, match=f"{path} was changed"):
        office.approve(JANUARY)
    returned.write_bytes(content)
    assert office.approve(JANUARY) == 158_33
    assert returned.read_bytes() == content
    with Ledger.open(office.workspace.ledger, create=False) as ledger:
        assert f"2018-01/{path}" in ledger.files(ledger.runs()[0])


def test_a_draft_made_again_has_the_same_bytes(office):
    office.draft(JANUARY)
    first = files_in(office.workspace.outputs)
    office.draft(JANUARY)
    assert files_in(office.workspace.outputs) == first


def test_a_month_settled_twice_pays_nothing_twice(office):
    office.settle(JANUARY)
    made = draft(office.workspace, JANUARY, at(JANUARY, 12))
    assert made.unchanged
    assert {one.contract.number: one.to_pay_cents for one in made.computed.statements} == {"A-1": 0, "B-1": 0}
    with pytest.raises(Blocked, match="2018-01 is final; there is no draft to approve"):
        office.approve(JANUARY)
    assert office.paid() == {"A-1": 225_00, "B-1": 8_33}


def test_a_month_that_is_final_and_unchanged_writes_nothing(office):
    office.settle(JANUARY)
    before = files_in(office.workspace.outputs)
    made = draft(office.workspace, JANUARY, at(JANUARY, 12))
    assert (made.unchanged, made.written) == (True, 0)
    assert files_in(office.workspace.outputs) == before


def test_what_changed_after_a_month_was_final_is_a_correction_with_papers_of_its_own(office):
    office.settle(JANUARY)
    final = files_in(office.workspace.outputs)
    office.deliver(JANUARY, hours(0, "3,5"), hours(1, "1,25"), name="levering v2")
    # 1,00 hour more in the file that replaces: 60,00.
    assert office.draft(JANUARY) == {"A-1": 60_00, "B-1": 0}
    assert {path: content for path, content in files_in(office.workspace.outputs).items() if path in final} == final
    assert office.approve(JANUARY) == 60_00
    assert office.receipt("2018-01-correctie-1")["status"] == "final"
    assert office.paid() == {"A-1": 285_00, "B-1": 8_33}


def test_too_much_paid_is_taken_off_the_next_payments_until_it_is_used_up(office):
    office.settle(JANUARY)
    office.rules(agreed(tariff="€ 40,00"), BUDGET)
    # 3,75 × 40,00 = 150,00: 75,00 too much was paid. February earns 1 × 40,00, March 2 × 40,00.
    office.deliver(FEBRUARY, hours(2, "1,00", FEBRUARY))
    assert office.settle(FEBRUARY)["A-1"] == 0
    office.deliver(MARCH, hours(4, "2,00", MARCH))
    assert office.settle(MARCH)["A-1"] == 45_00
    assert office.paid()["A-1"] == 270_00


def test_a_claim_is_collected_apart_and_the_next_payment_is_whole(tmp_path):
    office = Office(tmp_path, negative_payable="claim")
    office.settle(JANUARY)
    office.rules(agreed(tariff="€ 40,00"), BUDGET)
    office.deliver(FEBRUARY, hours(2, "1,00", FEBRUARY))
    # Entitled 190,00, paid 225,00: a claim of 35,00; in March 80,00 is paid whole.
    assert office.settle(FEBRUARY)["A-1"] == 0
    with Ledger.open(office.workspace.ledger, create=False) as ledger:
        assert ledger.claims() == {"A-1": 35_00}
    office.deliver(MARCH, hours(4, "2,00", MARCH))
    assert office.settle(MARCH)["A-1"] == 80_00


def test_a_month_that_was_skipped_is_paid_with_the_next(office):
    office.deliver(FEBRUARY, hours(2, "1,00", FEBRUARY))
    office.deliver(MARCH, hours(4, "2,00", MARCH))
    # 3,75 + 1 + 2 hours; three twelfths.
    assert office.settle(MARCH) == {"A-1": 405_00, "B-1": 25_00}


def test_a_month_before_one_that_is_final_is_refused(office):
    office.settle(FEBRUARY)
    with pytest.raises(Blocked, match=r"2018-01 cannot be settled: 2018-02 is already final \(R-2018-02-0001\)"):
        office.draft(JANUARY)
    assert not (office.workspace.outputs / "2018-01").exists()


# ---- what an approval is bound to ------------------------------------------------------------------------


def refused(office: Office, told: str) -> None:
    """The approval is refused, says what changed, and records nothing; made again, it can be approved."""
    before = files_in(office.workspace.outputs)
    with pytest.raises(Blocked, match=told):
        office.approve(JANUARY)
    assert files_in(office.workspace.outputs) == before
    assert office.paid() == {}
    office.draft(JANUARY)
    assert office.approve(JANUARY) is not None


def test_without_a_draft_there_is_nothing_to_approve(office):
    with pytest.raises(Blocked, match=r"There is no draft of 2018-01"):
        office.approve(JANUARY)


def test_an_approval_is_refused_when_a_rule_file_was_changed(office):
    office.draft(JANUARY)
    path = office.workspace.rules / "a-1.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("Overeenkomst A-1", "Overeenkomst A1"), encoding="utf-8")
    refused(office, r"no longer holds: rule file a-1.yaml was changed")


def test_an_approval_is_refused_when_a_rule_file_came_or_went(office):
    office.draft(JANUARY)
    write_rules(office.workspace.rules, [{**BUDGET, "contract": "B-2"}])
    with pytest.raises(Blocked, match=r"rule file b-2\.yaml is new"):
        office.approve(JANUARY)
    office.draft(JANUARY)
    (office.workspace.rules / "b-2.yaml").unlink()
    refused(office, "rule file b-2.yaml is gone")


def test_an_approval_is_refused_when_a_delivery_was_changed_or_came(office):
    office.draft(JANUARY)
    office.deliver(JANUARY, hours(0, "2,5"), hours(1, "1,26"))
    with pytest.raises(Blocked, match=r"delivery 2018-01/A-1_levering.csv was changed"):
        office.approve(JANUARY)
    office.draft(JANUARY)
    office.deliver(JANUARY, hours(5, "1,5"), name="nagekomen v2")
    refused(office, r"delivery 2018-01/A-1_nagekomen v2.csv is new")


@pytest.mark.parametrize("name", ["payments.csv", "statements/BS-2018-01-A-1.xlsx", "statements/BS-2018-01-A-1.parquet", "alerts.html", "run.json"])
def test_an_approval_is_refused_when_one_byte_of_the_papers_was_changed(name, office):
    office.draft(JANUARY)
    path = office.workspace.outputs / "2018-01" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(Blocked, match=r"run\.json" if name == "run.json" else rf"{name} was changed"):
        office.approve(JANUARY)
    assert office.paid() == {}


def test_an_approval_is_refused_when_a_paper_is_missing(office):
    office.draft(JANUARY)
    (office.workspace.outputs / "2018-01" / "payments.csv").unlink()
    with pytest.raises(Blocked, match=r"payments\.csv is missing"):
        office.approve(JANUARY)


def test_an_approval_is_refused_when_another_month_was_made_final_since(office):
    office.draft(FEBRUARY)
    office.settle(JANUARY)
    with pytest.raises(Blocked, match="another run was made final since"):
        office.approve(FEBRUARY)


def test_a_month_may_be_drafted_while_an_earlier_draft_is_open(office):
    office.draft(JANUARY)
    office.draft(FEBRUARY)
    assert office.receipt("2018-01")["status"] == office.receipt("2018-02")["status"] == "draft"


# ---- two persons -----------------------------------------------------------------------------------------


@pytest.fixture
def careful_office(tmp_path) -> Office:
    return Office(tmp_path, approval="two persons")


def test_with_two_persons_a_month_is_final_when_a_second_different_one_approves(careful_office):
    careful_office.draft(JANUARY)
    assert careful_office.approve(JANUARY, "A. de Vries") is None
    assert careful_office.paid() == {}
    for same in ("A. de Vries", "a. de vries"):
        with pytest.raises(Blocked, match=f"{same} has approved 2018-01 already; a second, different person has to"):
            careful_office.approve(JANUARY, same)
    assert careful_office.approve(JANUARY, "B. Jansen") == 233_33
    assert careful_office.receipt("2018-01")["approved_by"] == ["A. de Vries", "B. Jansen"]
    with Ledger.open(careful_office.workspace.ledger, create=False) as ledger:
        assert [one.person for one in ledger.runs()[0].approvals] == ["A. de Vries", "B. Jansen"]


def test_a_first_approval_does_not_hold_for_a_draft_that_was_made_again_with_other_amounts(careful_office):
    careful_office.draft(JANUARY)
    careful_office.approve(JANUARY, "A. de Vries")
    careful_office.deliver(JANUARY, hours(0, "9,5"), hours(1, "1,25"))
    careful_office.draft(JANUARY)
    assert careful_office.approve(JANUARY, "B. Jansen") is None
    assert careful_office.paid() == {}
    assert careful_office.approve(JANUARY, "A. de Vries") == 645_00 + 8_33


# ---- preview ---------------------------------------------------------------------------------------------


def test_a_preview_is_the_run_without_its_papers(office):
    previewed = compute(office.workspace, JANUARY)
    assert not office.workspace.outputs.exists()
    made = draft(office.workspace, JANUARY, at(JANUARY)).computed
    assert (previewed.statements, previewed.payments, previewed.postings) == (made.statements, made.payments, made.postings)
    assert previewed.results_digest == made.results_digest
    before = files_in(office.workspace.outputs)
    compute(office.workspace, FEBRUARY)
    assert files_in(office.workspace.outputs) == before


def test_the_command_line_previews_and_writes_nothing(office, monkeypatch, capsys):
    import sys

    from settlement.cli import main

    folders = [f"--{name}={getattr(office.workspace, name)}" for name in ("rules", "inputs", "outputs")]
    monkeypatch.setattr(sys, "argv", ["settlement", "run", "--period", "2018-01", "--preview", "--json", *folders])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["payable"]) == ("preview", {"A-1": 225_00, "B-1": 8_33})
    assert not office.workspace.outputs.exists()


# ---- one contract's fault is its own ---------------------------------------------------------------------


def test_a_contract_with_a_problem_is_not_settled_and_the_others_are(office):
    path = office.workspace.rules / "a-1.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("€ 60,00", "60,00"), encoding="utf-8")
    made = draft(office.workspace, JANUARY, at(JANUARY))
    assert {one.contract.number: one.to_pay_cents for one in made.computed.statements} == {"B-1": 8_33}
    (problem,) = [one for one in made.computed.problems if one.contract == "A-1"]
    assert problem.place.file == path.as_posix()
    office.approve(JANUARY)
    office.rules()
    # Corrected, it is settled whole with the next month.
    assert office.settle(FEBRUARY) == {"A-1": 225_00, "B-1": 8_34}


def test_without_rules_or_inputs_the_run_says_which_folder_is_missing(tmp_path):
    office = Office(tmp_path)
    shutil.rmtree(office.workspace.inputs)
    with pytest.raises(Blocked, match=r"There is no folder .*inputs"):
        office.draft(JANUARY)


# ---- the year --------------------------------------------------------------------------------------------


def settle_six_months(tmp_path: Path) -> tuple[Workspace, dict[str, int]]:
    """The example region with January to June final, and what the payment advices of each contract add up to."""
    workspace = Workspace(ROOT / "rules", ROOT / "inputs", tmp_path / "year")
    advised: dict[str, int] = {}
    for number in range(1, 7):
        month = Month(2018, number)
        made = draft(workspace, month, at(month))
        done = approve(workspace, month, "A. de Vries", at(month, 9))
        assert done.final is not None
        assert done.final.paid_cents == sum(one.to_pay_cents for one in made.computed.statements)
        for payment in made.computed.payments:
            advised[payment.contract] = advised.get(payment.contract, 0) + payment.cents
    return workspace, advised


def test_january_to_june_of_the_region_pay_to_the_cent_what_june_alone_from_nothing_pays(tmp_path):
    """Each month drafted, approved and paid in order, per contract; the statements, the ledger and the advice agree.

    June is then replayed from what it kept; all six are, in the campaign.
    """
    workspace, advised = settle_six_months(tmp_path)
    with Ledger.open(workspace.ledger, create=False) as ledger:
        paid, open_cents = ledger.paid(), ledger.balance()
        assert replay(workspace, ledger, ledger.runs()[-1], lambda _: None).differences == ()
    once = compute(Workspace(workspace.rules, workspace.inputs, tmp_path / "nothing"), Month(2018, 6))
    payable = {one.contract.number: one.payable_cents for one in once.statements}
    assert paid == advised
    assert {number: paid.get(number, 0) + open_cents.get(number, 0) for number in payable} == payable
    assert len(payable) == 17
    # Nothing is left to pay; what is open was paid too much, and waits for the next payment.
    assert all(cents < 0 for cents in open_cents.values())
    again = draft(workspace, Month(2018, 6), at(Month(2018, 6), 12))
    assert again.unchanged


def test_a_delivery_that_was_settled_and_cannot_be_read_today_takes_nothing_back(tmp_path, monkeypatch):
    office = Office(tmp_path)
    office.settle(JANUARY)
    slow = functools.partial(gather, seconds=0.0)
    monkeypatch.setattr("settlement.deliveries.gather.gather", slow)
    office.deliver(FEBRUARY, hours(2, "1", FEBRUARY))
    with pytest.raises(Blocked, match=r"settled before cannot be read now: 2018-01/.*took too long"):
        office.draft(FEBRUARY)
    assert office.paid() == {"A-1": 22_500, "B-1": 833}


def test_a_file_that_is_refused_as_a_whole_is_told_as_refused_and_not_as_missing(tmp_path):
    office = Office(tmp_path)
    for path in office.workspace.inputs.rglob("*.csv"):
        path.write_text("Wie;Wanneer\nC-1;05-01-2018\n", encoding="utf-8")
    made = draft(office.workspace, JANUARY, at(JANUARY)).computed
    assert [alert.name for alert in made.settlement.alerts if alert.contract == "A-1"] == ["delivery refused"]
