"""An office whose ledger is on a server: the months as in a file, to the byte, and what is said when homes are mixed up."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from test_month import FEBRUARY, JANUARY, MARCH, Office, at, hours
from workbench import files_in

from settlement import cli
from settlement.domain.periods import Month
from settlement.run import computing
from settlement.run import month as rooms
from settlement.run.blocked import Blocked, Note, RulesBlocked
from settlement.run.computing import compute
from settlement.run.copying import copy_ledger
from settlement.run.ledger import Ledger, hold_ledger
from settlement.run.ledger_records import RECORDS
from settlement.run.lock import Holder, WorkspaceBusy
from settlement.run.month import draft
from settlement.run.workspace import Workspace

JUNE = Month(2018, 6)


def deliver_and_settle(office: Office, until: Month) -> list[dict[str, int]]:
    """Month after month, with lines of its own and one of the month before."""
    paid = []
    for index in range(JANUARY.index, until.index + 1):
        month = Month.from_index(index)
        lines = [hours(3, "1,5", month)] + ([hours(4, "0,5", month.plus(-1), reference=f"late-{month}")] if index > JANUARY.index else [])
        office.deliver(month, *lines, name="maand")
        paid.append(office.settle(month))
    return paid


def chain(workspace: Workspace) -> list[tuple[str, int, str]]:
    """Every record of the ledger by kind, position and digest."""
    with Ledger.open(workspace.ledger, create=False) as ledger:
        assert ledger.verify() == []
        return sorted(
            (kind, *row) for kind in RECORDS for row in ledger._home.rows(f"SELECT position, digest FROM {kind} ORDER BY position")
        )


@pytest.mark.parametrize("until", [FEBRUARY, pytest.param(JUNE, marks=pytest.mark.campaign)], ids=str)
def test_months_on_a_server_are_the_same_payments_papers_and_digests_as_in_a_file(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch, until: Month
) -> None:
    for folder in ("server", "file"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "server")
    on_server = Office(Path(), ledger=database)
    paid = deliver_and_settle(on_server, until)
    assert on_server.workspace.ledger == database
    digests, papers = chain(on_server.workspace), files_in(on_server.workspace.outputs)
    assert not (on_server.workspace.outputs / "ledger.sqlite").exists()
    # The same rule files, so that digests can be the same; but the ledger in a file after all.
    monkeypatch.chdir(tmp_path / "file")
    monkeypatch.setattr(Workspace, "ledger_of", lambda self, _: self.outputs / "ledger.sqlite")
    in_file = Office(Path(), ledger=database)
    assert deliver_and_settle(in_file, until) == paid
    assert chain(in_file.workspace) == digests
    assert len(digests) > 9 * until.month
    of_file = files_in(in_file.workspace.outputs)
    assert of_file.pop("ledger.sqlite")
    assert of_file == papers


def test_a_colleague_on_another_machine_settles_on_from_the_same_ledger(tmp_path: Path, database: str) -> None:
    mine = Office(tmp_path, ledger=database)
    mine.settle(JANUARY)
    theirs = Workspace(mine.workspace.rules, mine.workspace.inputs, tmp_path / "elsewhere")
    mine.deliver(FEBRUARY, hours(2, "1,5", FEBRUARY))
    made = draft(theirs, FEBRUARY, at(FEBRUARY))
    # 1,5 × 60,00 = 90,00, and the second twelfth of 100,00: 16,67 − 8,33.
    assert {one.contract.number: one.to_pay_cents for one in made.computed.statements} == {"A-1": 90_00, "B-1": 8_34}
    with pytest.raises(Blocked, match="no draft of 2018-01"):
        rooms.approve(theirs, JANUARY, "B. Bakker", at(JANUARY))


def test_whoever_comes_second_on_another_machine_is_told_who_holds_the_ledger(tmp_path: Path, database: str) -> None:
    office = Office(tmp_path, ledger=database)
    holder = Holder("bakker", "werkplek8", 1234, "approve --period 2018-01", at(JANUARY))
    with hold_ledger(database, holder):
        with pytest.raises(WorkspaceBusy) as busy:
            office.draft(JANUARY)
        assert busy.value.message == f"{database} is in use by {holder}."
        assert not (office.workspace.outputs / "2018-01").exists()
        # Looking is always possible.
        assert compute(office.workspace, JANUARY).changes
    assert office.draft(JANUARY)["A-1"] == 225_00


def test_a_run_that_finds_the_ledger_of_a_killed_one_says_so(tmp_path: Path, database: str) -> None:
    office = Office(tmp_path, ledger=database)
    with hold_ledger(database, Holder("bakker", "werkplek8", 1234, "approve", at(JANUARY))), Ledger.open(database) as beside:
        note = next(iter(beside._home.rows("SELECT note FROM holder")))[0]
    with Ledger.open(database) as beside:
        beside._home.add("INSERT INTO holder VALUES (1, 0, ?)", [(note,)])
    told: list[str] = []
    draft(office.workspace, JANUARY, at(JANUARY), told.append)
    cut_off = "The last command here was cut off before its end: bakker on werkplek8 (process 1234, 'settlement approve'), since "
    assert next(one for one in told if isinstance(one, Note)).startswith(cut_off)
    told.clear()
    draft(office.workspace, JANUARY, at(JANUARY), told.append)
    assert not any(isinstance(one, Note) for one in told)


def test_an_organisation_that_is_moved_to_an_empty_ledger_is_not_paid_a_second_time(tmp_path: Path, database: str) -> None:
    office = Office(tmp_path)
    office.settle(JANUARY)
    office.organisation["ledger"] = database
    office.rules()
    for act in (office.draft, lambda month: compute(office.workspace, month)):
        with pytest.raises(Blocked, match="it is not the ledger of these outputs") as blocked:
            act(FEBRUARY)
        assert "settlement ledger --copy-from" in blocked.value.help
    del office.organisation["ledger"]
    office.rules()
    assert office.draft(FEBRUARY)["B-1"] == 8_34


def test_a_ledger_is_copied_from_its_file_to_a_server_and_settled_on_there(tmp_path: Path, database: str) -> None:
    office = Office(tmp_path)
    office.settle(JANUARY)
    file, digests = office.workspace.outputs / "ledger.sqlite", chain(office.workspace)
    with pytest.raises(Blocked, match="is the ledger itself"):
        copy_ledger(office.workspace, file, at(JANUARY))
    office.organisation["ledger"] = database
    office.rules()
    assert copy_ledger(office.workspace, file, at(JANUARY)) == (database, 1)
    assert chain(office.workspace) == digests
    assert office.draft(FEBRUARY)["B-1"] == 8_34
    with pytest.raises(Blocked, match="holds runs already"):
        copy_ledger(office.workspace, file, at(JANUARY))
    with pytest.raises(Blocked, match="not there"):
        copy_ledger(office.workspace, tmp_path / "nothing.sqlite", at(JANUARY))


def test_a_ledger_from_before_the_last_final_month_is_not_settled_on(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.settle(JANUARY)
    backup = (office.workspace.outputs / "ledger.sqlite").read_bytes()
    office.settle(FEBRUARY)
    office.draft(MARCH)
    (office.workspace.outputs / "ledger.sqlite").write_bytes(backup)
    with pytest.raises(Blocked, match="runs are missing"):
        office.draft(MARCH)


def test_an_address_that_changes_while_a_run_begins_stops_it(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office(tmp_path)

    def changed(*given: object) -> object:
        office.organisation["ledger"] = database
        office.rules()
        return real(*given)

    real = computing.take_snapshot
    monkeypatch.setattr(computing, "take_snapshot", changed)
    with pytest.raises(Blocked, match="was changed while this began: the ledger is no longer"):
        office.draft(JANUARY)
    assert not (office.workspace.outputs / "2018-01").exists()


def test_an_organisation_file_with_a_problem_stops_a_run_before_anything(tmp_path: Path) -> None:
    office = Office(tmp_path, ledger="postgresql://settlement:Welkom01@db.example/settlement")
    with pytest.raises(RulesBlocked, match="a password stands in the address of the ledger") as blocked:
        office.draft(JANUARY)
    assert "Welkom01" not in str(blocked.value)
    assert not office.workspace.outputs.exists()


# ---- as commands -----------------------------------------------------------------------------------------


def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["settlement", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out + said.err


def test_the_ledger_command_finds_a_ledger_on_a_server_through_the_rules(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    office = Office(tmp_path, ledger=database)
    office.settle(JANUARY)
    monkeypatch.chdir(tmp_path)
    assert "R-2018-01-0001" in told(monkeypatch, capsys, "ledger")[1]
    code, said = told(monkeypatch, capsys, "ledger", "--verify")
    assert (code, said[:28]) == (0, "The ledger is whole: 1 run, ")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    code, said = told(monkeypatch, capsys, "ledger")
    assert code == 2
    assert "which says where the ledger is" in " ".join(said.replace("│", " ").split())
    assert "R-2018-01-0001" in told(monkeypatch, capsys, "ledger", "--rules", "../rules")[1]
    (tmp_path / "rules" / "organisation.yaml").write_text("name: Regio\n", encoding="utf-8")
    code, said = told(monkeypatch, capsys, "ledger", "--rules", "../rules")
    assert (code, "has no 'address' or 'iban'" in said) == (3, True)


def test_a_command_tells_of_a_run_that_was_killed_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    office = Office(tmp_path)
    office.workspace.outputs.mkdir()
    killed = Holder("bakker", "werkplek8", 1234, "approve --period 2018-01", at(JANUARY))
    (office.workspace.outputs / ".lock").write_text(killed.note(), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    code, said = told(monkeypatch, capsys, "run", "--period", "2018-01")
    assert code == 0
    assert (
        "The last command here was cut off before its end: bakker on werkplek8 (process 1234, 'settlement approve --period 2018-01'), "
        "since 2018-02-09 06:00:00 UTC. What it had begun is finished or undone first."
    ) in said
    assert "was cut off" not in told(monkeypatch, capsys, "run", "--period", "2018-01")[1]
