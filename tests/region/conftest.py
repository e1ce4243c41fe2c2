"""What the tests of the region share: its March, settled once."""

from pathlib import Path

import pytest

from settlement.domain.periods import Month
from settlement.run.computing import Computed, compute
from settlement.run.papers import papers
from settlement.run.workspace import Workspace

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def march(tmp_path_factory: pytest.TempPathFactory) -> Computed:
    """March of the region with all that came before it, settled from an empty ledger."""
    return compute(Workspace(ROOT / "rules", ROOT / "inputs", tmp_path_factory.mktemp("outputs")), Month(2018, 3))


@pytest.fixture(scope="session")
def files(march: Computed) -> dict[str, bytes]:
    """Its papers, by their names below the month's folder."""
    return dict(papers(march))
