"""The example region: its rules can be read, its cases hold, and its deliveries are what the script makes."""

import re
import subprocess
import sys
from pathlib import Path

from stdnum import iban

from settlement.decisions.engine import Engine
from settlement.deliveries.gather import gather
from settlement.domain.periods import Month
from settlement.rules import read_cases, read_rulebook
from settlement.run.cases import run_cases
from settlement.settle import Before, settle

ROOT = Path(__file__).parents[2]
RULES, INPUTS = ROOT / "rules", ROOT / "inputs"


def delivered(folder: Path) -> dict[str, bytes]:
    """Every file of the months and the README, by path below the folder."""
    paths = [folder / "README.md", *(path for path in folder.glob("2018-*/**/*") if path.is_file())]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_the_script_makes_the_deliveries_that_stand_in_the_repository(tmp_path):
    subprocess.run([sys.executable, Path(__file__).parent / "make_region.py", "--to", tmp_path], check=True, capture_output=True)
    made, kept = delivered(tmp_path), delivered(INPUTS)
    assert sorted(made) == sorted(kept)
    assert [path for path in made if made[path] != kept[path]] == []


def test_no_rule_file_of_the_region_has_a_problem():
    rulebook, problems = read_rulebook(RULES)
    assert [str(problem) for problem in problems] == []
    assert len(rulebook.contracts) == 17
    assert len(rulebook.providers) == 13


def test_every_contract_has_its_cases_and_every_provider_a_contract():
    rulebook, _ = read_rulebook(RULES)
    cases, problems = read_cases(RULES, rulebook)
    assert [str(problem) for problem in problems] == []
    assert {case.contract for case in cases} == set(rulebook.contracts)
    assert {contract.provider for contract in rulebook.contracts.values()} == set(rulebook.providers)


def test_the_accounts_of_the_region_are_well_formed_and_can_be_nobodys():
    rulebook, _ = read_rulebook(RULES)
    accounts = [rulebook.organisation.iban, *(provider.iban for provider in rulebook.providers.values())]
    assert all(iban.is_valid(account) for account in accounts)
    # The test of eleven of Dutch account numbers: weights 10 down to 1. Theirs all fail it.
    for account in accounts:
        weighted = sum(weight * int(digit) for weight, digit in zip(range(10, 0, -1), account[-10:], strict=True))
        assert weighted % 11 != 0


def test_every_case_of_the_region_holds():
    rulebook, _ = read_rulebook(RULES)
    cases, _ = read_cases(RULES, rulebook)
    outcomes = run_cases(cases, rulebook, Engine())
    assert len(outcomes) >= 17 * 2
    assert [(one.case.contract, one.case.name, one.misses) for one in outcomes if not one.holds] == []


def test_exactly_the_rows_that_the_readme_calls_refused_are_refused():
    rulebook, _ = read_rulebook(RULES)
    headings = {number: contract.deliveries.headings for number, contract in rulebook.contracts.items()}
    june = Month(2018, 6)
    settled = settle(rulebook, gather(INPUTS, june, headings), june, Before(), Engine())
    refused = {(file, row) for file, row in settled.refusals.select("delivery", "row").iter_rows()}
    told = set()
    for line in (INPUTS / "README.md").read_text(encoding="utf-8").splitlines():
        found = re.fullmatch(r"\| `(.+?)` \| rows? ([0-9, ]+) \| .*: refused.* \|", line)
        if found is not None:
            told |= {(found[1], int(row)) for row in found[2].split(", ")}
    assert refused == told
    assert len(told) == 16
