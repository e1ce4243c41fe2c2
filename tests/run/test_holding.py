"""What a person keeps back stays owed, is paid by nobody's slip, and is paid whole when it is released."""

from __future__ import annotations

import pytest
from test_month import FEBRUARY, JANUARY, MARCH, Office, hours
from workbench import Yaml, contract

from settlement.domain.periods import Month
from settlement.run.blocked import Blocked
from settlement.run.holding import current, decide_ceiling, hold_payment, release_payment
from settlement.run.ledger import Ledger


def kept_back(ceiling: str = "€ 100,00", per: str = "year") -> Yaml:
    return contract("A-1", {"begeleiding": {
        "tariff": {"article": "6.1", "per": "hour", "amounts": {"2018-01-01": "€ 60,00"}},
        "ceiling": {"article": "6.5", "above": "held", "per": per, "amounts": {"2018-01-01": ceiling}},
    }})  # fmt: skip


def test_a_payment_kept_back_stays_owed_and_is_paid_whole_with_the_month_that_releases_it(tmp_path):
    office = Office(tmp_path)
    rules = office.workspace.rules
    # January: 2,5 × € 60 + 1,25 × € 60 = € 225 for A-1; a twelfth of € 100 is € 8,33 for B-1.
    hold_payment(rules, "A-1", JANUARY, "onderzoek loopt", "A. de Vries")
    assert office.settle(JANUARY) == {"A-1": 0, "B-1": 833}
    with Ledger.open(office.workspace.ledger, create=False) as ledger:
        assert ledger.balance() == {"A-1": 22_500}
    statement = next(one for one in office.receipt("2018-01")["statements"] if one["contract"] == "A-1")
    assert (statement["payable_cents"], statement["to_pay_cents"]) == (22_500, 0)
    assert statement["on_hold"] == "onderzoek loopt (A. de Vries)"
    office.deliver(FEBRUARY, hours(2, "1", FEBRUARY))
    assert office.settle(FEBRUARY)["A-1"] == 0
    release_payment(rules, "A-1", MARCH, "B. Jansen")
    office.deliver(MARCH, hours(3, "1", MARCH))
    # € 225 and € 60 that were kept back, and € 60 of March.
    assert office.settle(MARCH)["A-1"] == 34_500
    assert office.paid()["A-1"] == 34_500


@pytest.mark.parametrize("text", ["", "\n", "# niemand houdt iets aan\n", "payments:\n", "payments:\nceilings:\n"])
def test_a_file_in_which_nobody_keeps_anything_back_stops_nothing_and_takes_a_hold(tmp_path, text):
    office = Office(tmp_path)
    rules = office.workspace.rules
    (rules / "holds.yaml").write_text(text, encoding="utf-8")
    assert current(rules).payment_holds == ()
    assert office.settle(JANUARY) == {"A-1": 22_500, "B-1": 833}
    hold_payment(rules, "A-1", FEBRUARY, "onderzoek loopt", "A. de Vries")
    assert [(one.contract, one.reason) for one in current(rules).payment_holds] == [("A-1", "onderzoek loopt")]


def test_a_draft_made_before_a_hold_can_not_be_approved(tmp_path):
    office = Office(tmp_path)
    office.draft(JANUARY)
    hold_payment(office.workspace.rules, "A-1", JANUARY, "onderzoek loopt", "A. de Vries")
    with pytest.raises(Blocked, match=r"rule file holds.yaml is new"):
        office.approve(JANUARY)
    assert office.paid() == {}


@pytest.mark.parametrize("per", ["year", "month", "contract"])
def test_what_a_ceiling_keeps_back_is_paid_when_that_is_decided(tmp_path, per):
    office = Office(tmp_path)
    office.rules(kept_back(per=per))
    assert office.settle(JANUARY)["A-1"] == 10_000
    assert office.receipt("2018-01")["totals"]["held_cents"] == 12_500
    decide_ceiling(office.workspace.rules, "A-1", "begeleiding", 2018, "paid", "extra instroom", "A. de Vries")
    office.deliver(FEBRUARY)
    # € 225 in all, of which € 100 was paid.
    assert office.settle(FEBRUARY)["A-1"] == 12_500
    assert office.receipt("2018-02")["totals"]["held_cents"] == 0


def test_what_a_ceiling_keeps_back_is_refused_when_that_is_decided_and_nothing_stays_open(tmp_path):
    office = Office(tmp_path)
    office.rules(kept_back())
    assert office.settle(JANUARY)["A-1"] == 10_000
    decide_ceiling(office.workspace.rules, "A-1", "begeleiding", 2018, "not paid", "geen afspraak", "A. de Vries")
    office.deliver(FEBRUARY)
    assert office.settle(FEBRUARY)["A-1"] == 0
    receipt = office.receipt("2018-02")
    assert receipt["totals"]["held_cents"] == 0
    assert receipt["statements"][0]["decided"][0]["reason"] == "geen afspraak"


def test_what_cannot_be_kept_back_or_released_is_said_and_the_file_stays_as_it_was(tmp_path):
    office = Office(tmp_path)
    rules = office.workspace.rules
    with pytest.raises(Blocked, match="no contract A-9"):
        hold_payment(rules, "A-9", JANUARY, "x", "y")
    with pytest.raises(Blocked, match="No payment of A-1 is kept back"):
        release_payment(rules, "A-1", JANUARY, "y")
    with pytest.raises(Blocked, match="no ceiling with 'above: held'"):
        decide_ceiling(rules, "A-1", "begeleiding", 2018, "paid", "x", "y")
    assert not (rules / "holds.yaml").exists()
    hold_payment(rules, "A-1", JANUARY, "zie mail: 'spoed' #3", "A. de Vries")
    before = (rules / "holds.yaml").read_bytes()
    with pytest.raises(Blocked, match="kept back already, on line 2"):
        hold_payment(rules, "A-1", FEBRUARY, "nog eens", "A. de Vries")
    with pytest.raises(Blocked, match="is released in 2018-01"):
        release_payment(rules, "A-1", JANUARY, "B. Jansen")
    assert (rules / "holds.yaml").read_bytes() == before


def test_a_hold_stands_where_a_person_wrote_it_and_remarks_stay(tmp_path):
    office = Office(tmp_path)
    rules = office.workspace.rules
    (rules / "holds.yaml").write_text(
        "# afgesproken in het overleg van maart\npayments:\n  - contract: B-1\n    from: 2018-02\n    reason: wacht\n    by: X  # tel.\n"
    )
    hold_payment(rules, "A-1", JANUARY, "onderzoek", "A. de Vries")
    release_payment(rules, "B-1", Month(2018, 4), "B. Jansen")
    assert (rules / "holds.yaml").read_text() == (
        "# afgesproken in het overleg van maart\npayments:\n  - contract: B-1\n    from: 2018-02\n    reason: wacht\n    by: X  # tel.\n"
        "    until: 2018-04\n    released_by: B. Jansen\n"
        "  - contract: A-1\n    from: 2018-01\n    reason: onderzoek\n    by: A. de Vries\n"
    )
