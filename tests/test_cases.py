"""The managers' cases hold: the worked ones that came with the specification, and those of the example region."""

from pathlib import Path

import pytest

from settlement.decisions.engine import Engine
from settlement.domain.cases import Case
from settlement.domain.contract import Rulebook
from settlement.rules.cases import read_cases
from settlement.rules.reader import read_rulebook
from settlement.run.cases import run_case

ROOT = Path(__file__).parent.parent
FOLDERS = {name: ROOT / name for name in ("tests/cases_shared", "tests/cases_found", "rules")}


def _cases() -> list[tuple[str, Rulebook, Case]]:
    found = []
    for name, folder in FOLDERS.items():
        rulebook, problems = read_rulebook(folder)
        cases, case_problems = read_cases(folder, rulebook)
        assert not problems, problems[0]
        assert not case_problems, case_problems[0]
        found += [(name, rulebook, case) for case in cases]
    return found


CASES = _cases()


@pytest.mark.parametrize(
    ("rulebook", "case"),
    [(rulebook, case) for _, rulebook, case in CASES],
    ids=[f"{case.contract}: {case.name}" for _, _, case in CASES],
)
def test_the_case_holds(rulebook: Rulebook, case: Case) -> None:
    with Engine() as engine:
        outcome = run_case(case, rulebook, engine)
    assert outcome.holds, "\n".join([*(str(miss) for miss in outcome.misses), *outcome.trace])


def test_every_contract_of_the_region_has_cases() -> None:
    rulebook, _ = read_rulebook(FOLDERS["rules"])
    assert {case.contract for name, _, case in CASES if name == "rules"} == set(rulebook.contracts)


def test_a_case_that_fails_tells_what_came_out_and_which_terms_bit(tmp_path: Path) -> None:
    for path in (ROOT / "tests/cases_shared").glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        if path.name == "hours-with-ceiling.cases.yaml":
            text = text.replace("entitled: € 600,00", "entitled: € 601,00")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    rulebook, _ = read_rulebook(tmp_path)
    cases, _ = read_cases(tmp_path, rulebook)
    with Engine() as engine:
        failed = [outcome for case in cases if not (outcome := run_case(case, rulebook, engine)).holds]
    assert [outcome.case.name for outcome in failed] == ["what lies above the ceiling is not paid"]
    assert [(miss.what, miss.expected, miss.came) for miss in failed[0].misses] == [("entitled", "€ 601,00", "€ 600,00")]
    assert any("ceiling" in told and "cut" in told for told in failed[0].trace)
