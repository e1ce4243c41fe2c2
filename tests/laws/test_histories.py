"""The law: whatever the order of events and approvals, the sum of the payments is what settling once would have paid."""

import os
from collections import Counter

import pytest
from histories import Outcome, live_through

CONTRACTS = 48
"""In one history; each of them is a history of its own, approved together."""
SUITE = 4

_seen: Counter[str] = Counter()
_lived: list[int] = []

MUST_OCCUR = (
    "late line", "credit", "credit with a correction", "replaced delivery", "missing delivery", "refused line",
    "month approved", "month skipped", "negative payable", "correction of an earlier month",
    "late credit under a biting ceiling",
    "rule: ceiling raised", "rule: ceiling lowered", "rule: ceiling struck out", "rule: tariff changed",
    "rule: weekly_tariff changed", "rule: budget changed", "rule: withhold changed", "rule: contract ended earlier",
    "term: tariff", "term: weekly_tariff", "term: arrangement_fee", "term: monthly_tariff", "term: person_fee",
    "term: budget", "term: availability_fee", "term: ceiling", "term: minimum_clients", "term: corridor",
    "term: outcome_bonus", "term: bonus_malus", "term: withhold", "term: shared_savings",
    "ceiling: not paid", "ceiling: held", "ceiling: paid at a share", "ceiling: per year", "ceiling: per month",
    "engine: ceiling cut", "engine: ceiling reached", "engine: ceiling near", "engine: minimum_clients settled",
    "engine: minimum_clients below", "engine: corridor above", "engine: corridor below", "engine: outcome_bonus earned",
    "engine: outcome_bonus postponed", "engine: bonus_malus band", "engine: withhold earned",
    "engine: shared_savings shared",
)  # fmt: skip


def holds(outcome: Outcome) -> None:
    assert outcome.paid == outcome.once
    assert outcome.clean == outcome.once
    # Whatever is owed was paid in the last run; what is open is what was paid too much.
    assert all(cents <= 0 for cents in outcome.unpaid.values()), outcome.unpaid
    assert outcome.again == 0


@pytest.mark.parametrize("seed", range(SUITE))
def test_the_sum_of_all_payments_is_what_settling_once_with_all_the_data_pays(seed):
    outcome = live_through(seed, CONTRACTS)
    _seen.update(outcome.seen)
    _lived.append(len(outcome.paid))
    holds(outcome)


def test_every_term_and_every_event_occurred_in_these_histories():
    if len(_lived) < SUITE:
        pytest.skip("counts the histories of the test above, which was not run whole")
    assert sum(_lived) == SUITE * CONTRACTS
    assert [name for name in MUST_OCCUR if not _seen[name]] == []


@pytest.mark.campaign
def test_ten_thousand_histories_hold(capsys):
    counted: Counter[str] = Counter()
    number = int(os.environ.get("SETTLEMENT_HISTORIES", "10000"))
    for seed in range(1000, 1000 + -(-number // CONTRACTS)):
        outcome = live_through(seed, CONTRACTS)
        counted.update(outcome.seen)
        holds(outcome)
    with capsys.disabled():
        for name, count in sorted(counted.items()):
            print(f"{count:>9}  {name}")  # noqa: T201 - the table that the campaign is asked for
