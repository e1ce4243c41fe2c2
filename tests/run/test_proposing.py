"""Headings of a provider's own: proposed by check, kept in providers.yaml by a person, then known for all its contracts."""

from __future__ import annotations

from pathlib import Path

import pytest
from workbench import contract, files_in, write_rules

from settlement.deliveries.likely import likely_field, likely_headings
from settlement.domain.periods import Month
from settlement.rules.reader import read_rulebook
from settlement.run.checking import check_all
from settlement.run.computing import compute
from settlement.run.workspace import Workspace

JANUARY = Month(2018, 1)
TARIFF = {"tariff": {"article": "6.1", "per": "hour", "amounts": {"2018-01-01": "€ 60,00"}}}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write_rules(tmp_path / "rules", [contract("A-1", {"begeleiding": TARIFF}), contract("A-2", {"begeleiding": TARIFF})])
    folder = tmp_path / "inputs" / "2018-01"
    folder.mkdir(parents=True)
    (folder / "A-1.csv").write_text("Dossiernr;Van;T/m;Uren;Eenheid\nC-1;05-01-2018;05-01-2018;2,5;uren\n", encoding="utf-8")
    (folder / "A-2.csv").write_text("Dossiernr,Van,Tot,Uren\nC-1,05-01-2018,05-01-2018,2\n", encoding="utf-8")
    return Workspace(tmp_path / "rules", tmp_path / "inputs", tmp_path / "outputs")


def checked(workspace: Workspace):
    return check_all(workspace, None, lambda name: None)


def keep(workspace: Workspace, proposal: str) -> None:
    """What a person does: puts the proposed lines under the provider."""
    path = workspace.rules / "providers.yaml"
    lines = [line for line in proposal.splitlines() if line.startswith("  ")]
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + "\n" + "\n".join(lines) + "\n", encoding="utf-8")


def test_what_check_proposes_makes_the_files_of_all_contracts_of_the_provider_readable(workspace: Workspace) -> None:
    before = files_in(workspace.rules)
    found = checked(workspace)
    assert [problem.code for problem in found.delivery_problems] == ["no-table", "no-table"]
    assert "perhaps it is: Dossiernr · Van · T/m · Uren · Eenheid" in found.delivery_problems[0].message
    [proposal] = found.proposed
    assert "client: Dossiernr" in proposal
    assert "    end:\n      - T/m\n      - Tot\n" in proposal
    assert files_in(workspace.rules) == before, "check writes nothing"

    keep(workspace, proposal)
    assert checked(workspace).rule_problems == ()
    computed = compute(workspace, JANUARY, final=False)
    # 2,5 and 2 hours at 60,00.
    assert {one.contract.number: one.to_pay_cents for one in computed.statements} == {"A-1": 150_00, "A-2": 120_00}
    assert [delivery.headings["client"] for delivery in computed.delivered.deliveries] == ["Dossiernr", "Dossiernr"]
    assert checked(workspace).proposed == ()


def deliver(workspace: Workspace, **files: str) -> None:
    """These files and no others, with their rows separated by bars."""
    folder = workspace.inputs / "2018-01"
    for path in folder.iterdir():
        path.unlink()
    for name, rows in files.items():
        (folder / f"{name}.csv").write_text("\n".join(rows.split("|")) + "\n", encoding="utf-8")


def test_each_file_of_an_unknown_provider_is_proposed_for_by_itself_and_nothing_known_is_proposed(workspace: Workspace) -> None:
    deliver(workspace, linde="Contractnummer;Dossiernr;Van|X-8;C-1;05-01-2018", oever="Contractnummer,Kindnummer,Startdatum|X-9,C-1,05-01-2018")
    assert checked(workspace).proposed == (
        """\
2018-01/linde.csv: these headings are not known, and probably mean:
in providers.yaml, under the provider of this file:
  headings:
    client: Dossiernr
    start: Van
Add what is right of it, and check again.""",
        """\
2018-01/oever.csv: these headings are not known, and probably mean:
in providers.yaml, under the provider of this file:
  headings:
    client: Kindnummer
    start: Startdatum
Add what is right of it, and check again.""",
    )


def test_a_file_whose_contracts_stand_in_a_column_is_proposed_for_under_their_provider(workspace: Workspace) -> None:
    deliver(workspace, alles="Contractnummer;Cliënt;Startdatum;Volume|A-1;C-1;05-01-2018;2|A-2;C-2;05-01-2018;2")
    [proposal] = checked(workspace).proposed
    assert "in providers.yaml, under voorbeeld:\n  headings:\n    start: Startdatum\n" in proposal


def test_headings_that_nothing_is_proposed_for_are_named_with_the_fields_that_are_missing(workspace: Workspace) -> None:
    deliver(workspace, **{"A-1": "Cliënt;Wanneer;Tijd;Eenheid|C-1;05-01-2018;2;uren"})
    assert checked(workspace).proposed == (
        """\
2018-01/A-1.csv: these headings are not known: Wanneer, Tijd.
Every line needs these fields, and no column is known to hold them: start, end, quantity.
Write in providers.yaml, under headings of voorbeeld, which heading each of them has, one on a line: 'start: ' and the heading.
Then check again.""",
    )
    keep(workspace, "  headings:\n    start: Wanneer")
    [proposal] = checked(workspace).proposed
    assert "these headings are not known: Tijd.\n" in proposal
    assert "no column is known to hold them: end, quantity.\n" in proposal


def test_one_heading_of_a_file_is_proposed_for_a_field_and_the_next_is_named(workspace: Workspace) -> None:
    deliver(workspace, **{"A-1": "Cliënt;Begindatum;Einddatum;Uren;Minuten|C-1;05-01-2018;05-01-2018;2;120"})
    [proposal] = checked(workspace).proposed
    assert "    quantity: Uren\n" in proposal
    assert "Not known besides: Minuten." in proposal


def test_columns_that_say_nothing_of_a_line_are_no_reason_for_a_proposal(workspace: Workspace) -> None:
    deliver(workspace, **{"A-1": "Cliënt;Begindatum;Einddatum;Volume;Opmerking|C-1;05-01-2018;05-01-2018;2;x"})
    assert checked(workspace).proposed == ()


def test_a_run_uses_no_proposal_and_writes_none(workspace: Workspace) -> None:
    before = files_in(workspace.rules)
    computed = compute(workspace, JANUARY, final=False)
    assert computed.settlement.accepted.lines.is_empty()
    assert files_in(workspace.rules) == before


def test_the_heading_of_a_contract_goes_before_that_of_its_provider(tmp_path: Path) -> None:
    own = contract("A-1", {"begeleiding": TARIFF}, deliveries={"headings": {"reference": "Dossiernr", "client": "Kind"}})
    write_rules(tmp_path, [own, contract("A-2", {"begeleiding": TARIFF})])
    path = tmp_path / "providers.yaml"
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + "\n  headings:\n    client:\n      - Dossiernr\n      - Wie\n", encoding="utf-8")
    rulebook, problems = read_rulebook(tmp_path)
    assert problems == []
    assert rulebook.headings() == {
        "A-1": {"reference": ("Dossiernr",), "client": ("Kind", "Wie")}, "A-2": {"client": ("Dossiernr", "Wie")}
    }  # fmt: skip


def test_a_field_that_does_not_exist_is_told_with_its_place(tmp_path: Path) -> None:
    write_rules(tmp_path, [contract("A-1", {"begeleiding": TARIFF})])
    path = tmp_path / "providers.yaml"
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + "\n  headings:\n    klient: Dossiernr\n", encoding="utf-8")
    [problem] = [each for each in read_rulebook(tmp_path)[1] if each.place.file.endswith("providers.yaml")]
    assert (problem.code, "client" in problem.help, problem.source) == ("unknown-field", True, "    klient: Dossiernr")


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Dossiernr.", "client"), ("Cliëntnumer", "client"), ("Startdatum", "start"), ("T/m", "end"), ("Aantal kinderen", None),
        ("Hoeveelheid", "quantity"), ("Bedrag incl.", "claimed"), ("Beschikkingsnummer", "allocation"), ("Naam", None),
        ("Startmoment", "start"), ("Eindmoment", "end"), ("Aantal minuten", "quantity"), ("Aantal uren", "quantity"), ("Pseudo-id", "client"),
        ("Ref.", "reference"), ("Zorgproduct", "code"), ("Tijd", None), ("Kind1", None), ("C-0231", None), ("", None), ("x" * 1000, None),
    ],
)  # fmt: skip
def test_a_heading_is_proposed_for_what_it_comes_near(heading: str, field: str | None) -> None:
    assert likely_field(heading) == field


def test_no_cell_of_a_line_is_taken_for_a_heading() -> None:
    rows = [(1, {1: "Wie", 2: "Dossiernr", 3: "Van"}), (2, {1: "Kind1", 2: "Kind 12", 3: "Van den Berg"})]
    assert likely_headings(rows) == ("Dossiernr", "Van")
    assert likely_headings(rows[1:]) == ()
