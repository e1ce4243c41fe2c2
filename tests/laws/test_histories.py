"""The law: whatever the order of events and approvals, the sum of the payments is what settling once would have paid."""

import json
import os

import pytest
from histories import MUST_OCCUR, Outcome, live_through, table

CONTRACTS = 200
"""Each of them is a history of its own; the months are approved for all together."""
TOGETHER = 480
"""As many in the campaign: a run of many contracts takes little longer than one of few."""
CAMPAIGN = int(os.environ.get("SETTLEMENT_HISTORIES", "10000"))


def holds(outcome: Outcome) -> None:
    assert _differences(outcome.paid, outcome.once) == {}
    assert _differences({n: outcome.once[n] for n in outcome.clean}, outcome.clean) == {}
    # Whatever is owed was paid in the last run; what is open is what was paid too much.
    assert {number: cents for number, cents in outcome.unpaid.items() if cents > 0} == {}
    assert outcome.again == 0


def _differences(one: dict[str, int], other: dict[str, int]) -> dict[str, tuple[int | None, int | None]]:
    return {number: (one.get(number), other.get(number)) for number in one.keys() | other.keys() if one.get(number) != other.get(number)}


def test_the_sum_of_all_payments_is_what_settling_once_with_all_the_data_pays():
    outcome = live_through(364, CONTRACTS)
    assert len(outcome.paid) == CONTRACTS
    holds(outcome)
    assert [name for name in MUST_OCCUR if not outcome.seen[name]] == [], table(outcome.seen)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(1000, 1000 + -(-CAMPAIGN // TOGETHER)))
def test_ten_thousand_histories_hold(seed, record_property):
    """``conftest.py`` adds up what occurred in all of them, on however many cores (``-n 2``), and prints the table; one that
    fails is lived through again with ``-k 1007``."""
    outcome = live_through(seed, min(TOGETHER, CAMPAIGN))
    record_property("occurred", json.dumps(outcome.seen))
    holds(outcome)
