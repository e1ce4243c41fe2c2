"""A year that closes while no month is settled is not lost: from the folders to the ledger."""

import datetime as dt

from workbench import contract, write_rules

from settlement.domain.periods import Month
from settlement.run.ledger import Ledger
from settlement.run.month import approve, draft
from settlement.run.workspace import Workspace

NOW = dt.datetime(2019, 4, 5, 6, tzinfo=dt.UTC)
AGREED = {
    **contract("B-1", {"taak": {"budget": {"article": "4.1", "paid": "twelfths", "amounts": {"2018-01-01": "€ 1.200,00"}}}}),
    "ends": "2019-12-31", "deliveries": {"corrections_until": "1 month"},
}  # fmt: skip


def settled(workspace: Workspace, month: Month) -> int:
    draft(workspace, month, NOW)
    final = approve(workspace, month, "A. de Vries", NOW).final
    assert final is not None
    return final.paid_cents


def test_settling_november_and_then_february_pays_december_too_and_never_again(tmp_path):
    workspace = Workspace(tmp_path / "rules", tmp_path / "inputs", tmp_path / "outputs")
    workspace.inputs.mkdir()
    write_rules(workspace.rules, [AGREED])
    # 100,00 a month. 2018 may change until January 2019, in which nothing was settled.
    assert settled(workspace, Month(2018, 11)) == 1_100_00
    assert settled(workspace, Month(2019, 2)) == 300_00
    # A budget raised in retrospect: 2018 has closed; of 2019 three months of 200,00 less 200,00 paid.
    AGREED["services"]["taak"]["budget"]["amounts"] = {"2018-01-01": "€ 2.400,00"}
    write_rules(workspace.rules, [AGREED])
    assert settled(workspace, Month(2019, 3)) == 400_00
    with Ledger.open(workspace.ledger, create=False) as ledger:
        assert ledger.paid() == {"B-1": 1_800_00}
