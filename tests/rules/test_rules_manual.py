"""The manual of rules/README.md says what the reader does."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from settlement.rules import read_cases, read_rulebook
from settlement.rules.language import TERMS
from settlement.rules.manual import main, page_with_reference

HERE = Path(__file__).parent
MANUAL = HERE.parents[1] / "rules" / "README.md"
PAGE = MANUAL.read_text(encoding="utf-8")


def test_the_reference_is_what_the_tables_of_the_language_say():
    assert page_with_reference(PAGE) == PAGE, "run: python -m settlement.rules.manual"


def test_every_message_in_the_manual_is_one_that_is_really_given():
    given = "\n".join(path.read_text(encoding="utf-8") for path in HERE.glob("broken/*/*.expected"))
    shown = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(shown) >= 7
    for message in shown:
        assert message in given


def test_every_kind_of_term_is_in_the_table_that_leads_to_it():
    guide = PAGE.partition("Which term is which?")[2].partition("## Time")[0]
    assert [kind for kind in TERMS if f"`{kind}`" not in guide] == []


def test_the_contract_and_the_case_in_the_manual_can_be_read(tmp_path):
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    (contract,) = [block for block in blocks if block.startswith("contract:")]
    (case,) = [block for block in blocks if "- name: eight hours" in block]
    for name in ("organisation.yaml", "providers.yaml"):
        shutil.copy(HERE / "every" / name, tmp_path / name)
    shutil.copy(HERE / "every" / "logo.png", tmp_path)
    (tmp_path / "contract.yaml").write_text(contract, encoding="utf-8")
    (tmp_path / "contract.cases.yaml").write_text(case, encoding="utf-8")
    rulebook, problems = read_rulebook(tmp_path)
    cases, of_cases = read_cases(tmp_path, rulebook)
    assert problems + of_cases == []
    assert [case.contract for case in cases] == ["VBD-2018-PQ-020"]


def test_the_command_rewrites_the_reference_and_nothing_else(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(PAGE.replace("Shares of the ceiling", "Something else"), encoding="utf-8")
    assert main([str(path)]) == 0
    assert path.read_text(encoding="utf-8") == PAGE


def test_a_page_without_the_markers_is_not_rewritten():
    with pytest.raises(ValueError, match="needs both markers"):
        page_with_reference("# A page\n")
