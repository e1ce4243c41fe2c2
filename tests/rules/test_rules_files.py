"""What is said about files as files: their bytes, their names, and the folder they stand in."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest
import yaml

from settlement.rules import read_cases, read_rulebook, tree
from settlement.rules.page import Page

GOOD = Path(__file__).parent / "good"
BROKEN = Path(__file__).parent / "broken"
TEXT = (GOOD / "good.yaml").read_text(encoding="utf-8")


@pytest.fixture
def rules(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path("rules")
    folder.mkdir()
    for path in GOOD.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def said(folder: Path) -> list[str]:
    return [str(problem) for problem in read_rulebook(folder)[1]]


# ---- bytes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode("utf-8-sig"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        TEXT.replace("€ 62,00", "€\u00a062,00").encode(),
        TEXT.replace("per: hour", "per:\u00a0hour").encode(),
        ("---\n" + TEXT).encode(),
        TEXT.replace("per: hour", "'per': \"hour\"  # het uurtarief").encode(),
    ],
    ids=[
        "byte order mark",
        "Windows",
        "old Mac",
        "no-break space",
        "no-break space behind a colon",
        "dashes",
        "quotes",
    ],
)
def test_what_offices_save_is_read_as_what_was_typed(rules, data):
    (rules / "good.yaml").write_bytes(data)
    rulebook, problems = read_rulebook(rules)
    assert problems == []
    assert rulebook.contracts["VBD-2018-PQ-009"].digest == hashlib.sha256(data).hexdigest()
    assert rulebook.contracts["VBD-2018-PQ-009"].services["begeleiding"].terms["tariff"].per == "hour"


def test_a_letter_of_two_signs_is_the_same_letter(rules):
    # ë as e and a diaeresis, as a Mac writes it in a file name
    (rules / "good.yaml").write_text(TEXT.replace("begeleiding:", "residentie\u0308le hulp:"), encoding="utf-8")
    assert list(read_rulebook(rules)[0].contracts["VBD-2018-PQ-009"].services) == ["residenti\u00eble hulp"]


def test_windows_letters_are_refused_with_how_to_save(rules):
    (rules / "good.yaml").write_bytes(TEXT.replace("groep", "coördinatie").encode("cp1252"))
    assert said(rules) == [
        """\
rules/good.yaml:2:22: the file is not saved as UTF-8
      2 | title: Begeleiding coördinatie
        |                      ^
Save it as UTF-8: in Notepad, File, Save as, Encoding: UTF-8."""
    ]


def test_utf_16_is_refused_with_how_to_save(rules):
    (rules / "good.yaml").write_bytes(TEXT.encode("utf-16"))
    assert said(rules) == [
        """\
rules/good.yaml: the file is saved as UTF-16, which Notepad calls Unicode
Save it as UTF-8: in Notepad, File, Save as, Encoding: UTF-8."""
    ]


def test_tabs_are_refused_once_with_how_many_there_are(rules):
    (rules / "good.yaml").write_text(TEXT.replace("    ", "\t"), encoding="utf-8")
    assert said(rules) == [
        """\
rules/good.yaml:11:1: a tab stands here (and on 5 more lines)
     11 | \ttariff:
        | ^
Use spaces, two for each level. Most editors can replace all tabs at once."""
    ]


@pytest.mark.parametrize("character", ["\u200b", "\u2028", "\u202e", "\x00", "\x1b", "\x85"])
def test_a_character_that_nobody_sees_is_pointed_at(rules, character):
    (rules / "good.yaml").write_text(TEXT.replace("per: hour", f"per: ho{character}ur"), encoding="utf-8")
    (message,) = said(rules)
    assert message.startswith(f"rules/good.yaml:13:14: an invisible character stands here (U+{ord(character):04X})")


def test_a_file_of_more_than_a_megabyte_is_not_read(rules):
    (rules / "good.yaml").write_bytes(TEXT.encode() + b"# " + b"x" * tree.MAXIMUM_BYTES)
    assert said(rules) == [
        """\
rules/good.yaml: the file is larger than 1 MB
A rule file holds one contract, as text. Is it another kind of file?"""
    ]


def test_a_bomb_of_references_is_refused_before_it_grows(rules):
    bomb = "a: &a x\n" + "".join(f"b{n}: &b{n}\n  - *{'a' if not n else f'b{n - 1}'}\n" for n in range(50))
    (rules / "good.yaml").write_text(bomb, encoding="utf-8")
    assert any("a reference (*) is not used in rule files" in message for message in said(rules))


@pytest.mark.parametrize("text", ["- " * 40_000 + "a", "[" * 40_000, "{a: " * 40_000, "? " * 40_000])
def test_nesting_without_end_is_refused_and_not_followed(rules, text):
    (rules / "good.yaml").write_text(text, encoding="utf-8")
    assert said(rules)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_a_file_that_may_not_be_read_is_a_problem(rules):
    (rules / "good.yaml").chmod(0)
    assert said(rules)[0].startswith("rules/good.yaml: the file cannot be read: Permission denied")


def test_a_file_that_disappears_while_it_is_read_is_a_problem(rules):
    (rules / "good.yaml").unlink()
    (rules / "good.yaml").symlink_to("nothing.yaml")
    assert said(rules) == [
        """\
rules/good.yaml: the file cannot be read: No such file or directory
Is it open in another program, or may you not read it?"""
    ]


# ---- both parsers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", sorted(BROKEN.glob("notation/*.yaml")), ids=lambda sample: sample.stem)
def test_both_parsers_of_the_library_give_the_same_message(rules, sample, monkeypatch):
    (rules / "good.yaml").write_bytes(sample.read_bytes())
    monkeypatch.setattr(tree, "_LOADER", yaml.BaseLoader)
    by_python = said(rules)
    monkeypatch.setattr(tree, "_LOADER", yaml.CBaseLoader)
    assert by_python == said(rules)


def test_the_fast_parser_is_the_one_in_use():
    assert tree._LOADER is yaml.CBaseLoader


@pytest.mark.parametrize(
    "text", ["no", "12:30", "1.250", "0x1F", "1e3", "2018-01-01", "~", "null", "true", ".inf", "010"]
)
def test_no_text_is_taken_for_another_type(text):
    page = Page("f.yaml")
    root = tree.compose(page, f"a: {text}\n")
    assert root["a"].value == text
    assert page.problems == []


# ---- the folder ------------------------------------------------------------------------------------------


def test_contracts_stand_in_folders_at_any_depth_under_any_name(rules):
    deep = rules / "utrecht" / "jeugd"
    deep.mkdir(parents=True)
    (deep / "de-linde.yml").write_text(TEXT.replace("PQ-009", "PQ-010"), encoding="utf-8")
    (rules / ".oud.yaml").write_text("geen contract", encoding="utf-8")
    (rules / "README.md").write_text("uitleg", encoding="utf-8")
    rulebook, problems = read_rulebook(rules)
    assert problems == []
    assert list(rulebook.contracts) == ["VBD-2018-PQ-009", "VBD-2018-PQ-010"]
    assert rulebook.contracts["VBD-2018-PQ-010"].place.file == "rules/utrecht/jeugd/de-linde.yml"
    assert list(rulebook.digests) == ["good.yaml", "organisation.yaml", "providers.yaml", "utrecht/jeugd/de-linde.yml"]


def test_the_current_folder_is_not_named_before_a_file(rules, monkeypatch):
    monkeypatch.chdir(rules)
    assert read_rulebook(Path())[0].contracts["VBD-2018-PQ-009"].place.file == "good.yaml"


def test_a_problem_in_one_contract_does_not_stop_another(rules):
    (rules / "other.yaml").write_text(TEXT.replace("PQ-009", "PQ-010").replace("€ 62,00", "62.00"), encoding="utf-8")
    rulebook, problems = read_rulebook(rules)
    assert list(rulebook.contracts) == ["VBD-2018-PQ-009"]
    assert [problem.contract for problem in problems] == ["VBD-2018-PQ-010"]


def test_a_number_used_by_two_files_stops_both_and_names_both(rules):
    (rules / "other.yaml").write_text(TEXT, encoding="utf-8")
    rulebook, problems = read_rulebook(rules)
    assert rulebook.contracts == {}
    assert str(problems[0]) == (
        """\
rules/good.yaml:1:11: contract VBD-2018-PQ-009 stands also in rules/other.yaml:1
      1 | contract: VBD-2018-PQ-009
        |           ^^^^^^^^^^^^^^^
Each file holds one contract with a number of its own: change one of the numbers, or delete a file."""
    )
    assert [problem.place.file for problem in problems] == ["rules/good.yaml", "rules/other.yaml"]


def test_a_provider_without_agb_code_cannot_send_messages(rules):
    text = TEXT.replace("  begeleiding:\n", "  begeleiding:\n    codes: 45A48\n") + "deliveries:\n  messages_to: 0599\n"
    (rules / "good.yaml").write_text(text, encoding="utf-8")
    assert said(rules) == []
    providers = rules / "providers.yaml"
    providers.write_text(providers.read_text(encoding="utf-8").replace("  agb: 22220001\n", ""), encoding="utf-8")
    (problem,) = said(rules)
    assert "provider 'voorbeeld' has no AGB code, by which its messages are known" in problem
    assert "providers.yaml: agb: 22220001" in problem


@pytest.mark.parametrize("name", ["organisation", "providers"])
def test_without_the_organisation_or_the_providers_nothing_can_be_settled(rules, name):
    (rules / f"{name}.yaml").unlink()
    rulebook, problems = read_rulebook(rules)
    assert [(problem.code, problem.contract) for problem in problems] == [(f"no-{name}", None)]
    assert str(problems[0]).startswith(f"rules/{name}.yaml: the rules folder holds no {name}.yaml\nWrite it at the top")
    assert rulebook.contracts == {}


def test_a_problem_in_the_organisation_stops_all_and_one_in_a_provider_only_its_own_contracts(rules):
    (rules / "organisation.yaml").write_text("name: Regio\n", encoding="utf-8")
    assert read_rulebook(rules)[0].contracts == {}
    (rules / "organisation.yaml").write_bytes((GOOD / "organisation.yaml").read_bytes())
    providers = (GOOD / "providers.yaml").read_text(encoding="utf-8")
    (rules / "providers.yaml").write_text(providers + "ander:\n  name: Ander\n", encoding="utf-8")
    (rules / "other.yaml").write_text(
        TEXT.replace("PQ-009", "PQ-010").replace("provider: voorbeeld", "provider: ander"), encoding="utf-8"
    )
    rulebook, problems = read_rulebook(rules)
    assert list(rulebook.contracts) == ["VBD-2018-PQ-009"]
    assert [(problem.code, problem.contract) for problem in problems] == [
        ("provider-with-problems", "VBD-2018-PQ-010"),
        ("key-missing", None),
    ]
    assert str(problems[0]) == (
        """\
rules/other.yaml:5:11: provider 'ander' has problems of its own, on line 8 of providers.yaml
      5 | provider: ander
        |           ^^^^^
Correct them there; then this contract is settled."""
    )


def test_a_folder_that_is_not_there_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert said(Path("ruels")) == [
        "ruels: there is no such folder\nGive the folder that holds organisation.yaml: --rules rules"
    ]
    assert read_cases(Path("ruels"), read_rulebook(Path("ruels"))[0]) == ([], [])


def test_an_organisation_in_a_folder_below_is_not_taken_for_a_contract(rules):
    (rules / "utrecht").mkdir()
    (rules / "utrecht" / "organisation.yaml").write_bytes((GOOD / "organisation.yaml").read_bytes())
    assert said(rules) == [
        """\
rules/utrecht/organisation.yaml: organisation.yaml stands in a folder within the rules folder
It belongs at the top of the rules folder, once. A contract's file needs another name."""
    ]


# ---- cases beside contracts ------------------------------------------------------------------------------


def test_cases_without_a_contract_beside_them_are_a_problem(rules):
    (rules / "goed.cases.yaml").write_text(
        "- name: iets\n  period: 2018-03\n  expect:\n    payable: € 0\n", encoding="utf-8"
    )
    cases, problems = read_cases(rules, read_rulebook(rules)[0])
    assert cases == []
    assert [str(problem) for problem in problems] == [
        """\
rules/goed.cases.yaml: no contract stands beside these cases
Cases carry the name of their contract's file: goed.yaml"""
    ]


def test_cases_of_a_contract_with_problems_cannot_run_and_say_so_once(rules):
    (rules / "good.yaml").write_text(TEXT.replace("€ 62,00", "62.00"), encoding="utf-8")
    case = "- name: iets\n  period: 2018-03\n  expect:\n    payable: € 0\n"
    (rules / "good.cases.yaml").write_text(case + case, encoding="utf-8")
    cases, problems = read_cases(rules, read_rulebook(rules)[0])
    assert cases == []
    assert [str(problem) for problem in problems] == [
        """\
rules/good.cases.yaml: these cases cannot run: rules/good.yaml is not in force
Correct the problems of that contract (or of organisation.yaml and providers.yaml) first."""
    ]


# ---- the house -------------------------------------------------------------------------------------------


def test_the_yaml_library_has_one_room_and_the_rules_import_only_the_domain():
    folder = Path(tree.__file__).parent
    for path in folder.glob("*.py"):
        imported = re.findall(r"^\s*(?:from|import) ([\w.]+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        floors = {name.split(".")[1] for name in imported if name.startswith("settlement.")}
        assert floors <= {"domain", "rules"}, path.name
        assert ("yaml" in imported) == (path.name == "tree.py"), path.name
