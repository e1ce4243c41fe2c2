"""Every message that a rule file can call forth, to the letter: one broken sample and what is said about it.

A sample stands in a folder of good files, in the place that its own folder names.
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from settlement import rules
from settlement.domain.problems import Problem
from settlement.rules import read_cases, read_rulebook

BROKEN = Path(__file__).parent / "broken"
GOOD = Path(__file__).parent / "good"
SAMPLES = sorted(BROKEN.glob("*/*.yaml"))

STANDS_AS = {
    "contracts": "contract.yaml",
    "notation": "contract.yaml",
    "organisation": "organisation.yaml",
    "providers": "providers.yaml",
    "cases": "good.cases.yaml",
    "holds": "holds.yaml",
}


def problems_of(sample: Path, folder: Path) -> list[Problem]:
    """What is said about a folder ``rules`` in which one file is broken; the current folder is ``folder``."""
    shutil.copytree(GOOD, folder / "rules")
    shutil.copy(sample, folder / "rules" / STANDS_AS[sample.parent.name])
    if sample.parent.name == "holds":
        shutil.copy(BROKEN.parent / "ceiling-that-holds.yaml", folder / "rules" / "ceiling.yaml")
    rulebook, problems = read_rulebook(Path("rules"))
    _, of_cases = read_cases(Path("rules"), rulebook)
    return problems + of_cases


def messages_of(sample: Path, folder: Path) -> str:
    return "\n\n".join(str(problem) for problem in problems_of(sample, folder)) + "\n"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.parent.name}/{sample.stem}")
def test_a_broken_file_is_told_to_the_letter_what_is_wrong_and_what_to_type(sample, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert messages_of(sample, tmp_path) == sample.with_suffix(".expected").read_text(encoding="utf-8")


def codes_in_the_source() -> set[str]:
    """The codes of all messages: the first argument of everything that notes a problem or refuses a text."""
    found = set()
    for path in Path(rules.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                named = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if named in {"problem", "spoil", "NotAccepted", "Problem"} and node.args:
                    found |= {node.args[0].value} if isinstance(node.args[0], ast.Constant) else set()
            if isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
                found |= {node.value.elts[0].value} if isinstance(node.value.elts[0], ast.Constant) else set()
    return found


SHOWN_ELSEWHERE = {
    # in test_rules_files.py, where the bytes of the file or the folder around it matter
    "file-too-large", "not-utf-8", "tab", "unseen-character", "cannot-read", "no-folder", "not-at-top",
    "contract-twice", "provider-with-problems", "case-alone", "case-not-runnable", "messages-without-agb",
}  # fmt: skip


def test_no_message_is_without_a_broken_sample(tmp_path, monkeypatch):
    shown = set()
    for number, sample in enumerate(SAMPLES):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        shown |= {problem.code for problem in problems_of(sample, folder)}
    assert codes_in_the_source() - shown - SHOWN_ELSEWHERE == set()
