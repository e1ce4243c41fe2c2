"""No small fault in the code that makes amounts goes unnoticed by the tests."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from judging import JUDGES, ROOT, equivalent  # noqa: E402 - the folder is put on the path first
from mutants import mutants_of  # noqa: E402

SOURCE = '''
"""A module."""
LIMIT = 3

def left(cents: int, taken: int = 0) -> int:
    """What is left."""
    assert cents >= 0, "never"
    if taken and not cents:
        raise ValueError(f"nothing of {taken + 1}")
    return max(cents - taken, 0) if cents > LIMIT else abs(taken)
'''
CHANGES = [
    "module: LIMIT = 3 → LIMIT = 4", "module: LIMIT = 3 → LIMIT = 2",
    "left: taken and (not cents) → taken or not cents", "left: not cents → not not cents",
    "left: cents > LIMIT → cents >= LIMIT", "left: cents > LIMIT → cents <= LIMIT",
    "left: max(cents - taken, 0) → min(cents - taken, 0)", "left: cents - taken → cents + taken",
    "left: max(cents - taken, 0) → max(cents - taken, 1)", "left: max(cents - taken, 0) → max(cents - taken, -1)",
    "left: abs(taken) → (lambda it: it)(taken)",
]  # fmt: skip


def test_arithmetic_comparisons_figures_branches_and_calls_are_changed_one_at_a_time():
    made = list(mutants_of("sample", SOURCE))
    keys = [mutant.key for mutant in made]
    assert [change for change in CHANGES if change not in keys] == []
    assert len(keys) == len(set(keys))
    # Nothing in assertions, messages or types; and afterwards everything is as it was.
    assert not any(">= 0" in key or "taken + 1" in key for key in keys)
    (again, *_) = mutants_of("sample", SOURCE)
    assert again.key == keys[0]


def test_each_mutant_differs_from_the_module_and_can_be_run():
    plain = ast.unparse(ast.parse(SOURCE))
    for mutant in mutants_of("sample", SOURCE):
        assert ast.unparse(mutant.tree) != plain
        compile(ast.fix_missing_locations(mutant.tree), "sample", "exec")


def test_every_mutant_that_is_called_equivalent_can_still_be_made_and_has_its_reason():
    listed = equivalent()
    assert set(listed) <= set(JUDGES)
    for module, reasons in listed.items():
        source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        made = {mutant.key for mutant in mutants_of(module, source, JUDGES[module][0])}
        assert sorted(set(reasons) - made) == []
        assert [key for key, reason in reasons.items() if len(reason) < 20] == []


@pytest.mark.campaign
def test_no_mutant_that_changes_an_amount_survives(capsys):
    with capsys.disabled():
        ended = subprocess.run([sys.executable, str(HERE / "judging.py")], check=False, cwd=ROOT)
    assert ended.returncode == 0
