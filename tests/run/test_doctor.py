"""The doctor names what is missing on a machine, and says what to do about it."""

from __future__ import annotations

import importlib
import json
import os
import sqlite3
import sys
from pathlib import Path

import pytest
from test_month import Office
from workbench import files_in

from settlement.cli import main
from settlement.decisions import engine as engine_room
from settlement.run import doctor
from settlement.run.doctor import Finding, examine


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def found(office: Office, name: str) -> Finding:
    return next(one for one in examine(office.workspace) if one.name == name)


def test_on_a_machine_that_can_settle_everything_is_good_and_nothing_is_left_behind(office):
    office.workspace.outputs.mkdir()
    before = files_in(office.workspace.outputs.parent)
    states = {one.name: one.state for one in examine(office.workspace)}
    assert {name for name, state in states.items() if state == "missing"} == set()
    assert list(states) == [
        "Python", "libraries", "rules engine", "SQLite", "time zones", "rules", "deliveries", "outputs", "disk", "place", "ledger",
    ]  # fmt: skip
    assert files_in(office.workspace.outputs.parent) == before
    assert list(office.workspace.outputs.iterdir()) == []


def test_outputs_that_are_not_there_yet_are_not_made(office):
    assert found(office, "outputs").told.endswith("is not there yet and can be made")
    assert not office.workspace.outputs.exists()


def test_an_engine_that_judges_wrongly_does_not_pass(office, monkeypatch):
    assert found(office, "rules engine").state == "good"
    monkeypatch.setitem(engine_room.OPERATORS, "above", "$gte")
    wrong = found(office, "rules engine")
    assert wrong.state == "missing"
    assert "disagree" in wrong.told


def test_a_library_that_cannot_be_imported_is_named_with_how_to_install_it(office, monkeypatch):
    real = importlib.import_module

    def broken(name: str) -> object:
        if name == "durable_rules_engine":
            raise ImportError("undefined symbol: PyEval_CallObject")
        return real(name)

    monkeypatch.setattr(importlib, "import_module", broken)
    one = found(office, "libraries")
    assert (one.state, "durable_rules_engine (undefined symbol: PyEval_CallObject)" in one.told) == ("missing", True)
    assert "CPPFLAGS" in one.help


def test_an_sqlite_without_strict_tables_is_missing(office, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 31, 1))
    assert found(office, "SQLite").state == "missing"
    assert "3.37" in found(office, "SQLite").told


def test_a_python_that_is_too_old_is_missing_and_one_that_is_not_tried_is_to_look_at(office, monkeypatch):
    monkeypatch.setattr(doctor, "OLDEST_PYTHON", (9, 0))
    assert found(office, "Python").state == "missing"
    monkeypatch.setattr(doctor, "OLDEST_PYTHON", (3, 0))
    monkeypatch.setattr(doctor, "TRIED_UP_TO", (3, 1))
    assert found(office, "Python").state == "attention"


def test_time_zone_data_that_is_not_there_is_missing(office, monkeypatch):
    def unknown(name: str) -> None:
        raise doctor.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(doctor, "ZoneInfo", unknown)
    assert found(office, "time zones").help == "pip install tzdata"


def test_rules_that_cannot_be_read_and_deliveries_that_are_not_there_are_missing(office):
    (office.workspace.rules / "organisation.yaml").write_text("name:\n", encoding="utf-8")
    one = found(office, "rules")
    assert (one.state, "organisation.yaml" in one.told) == ("missing", True)
    for path in sorted(office.workspace.inputs.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    assert found(office, "deliveries").state == "attention"
    office.workspace.inputs.rmdir()
    assert found(office, "deliveries").state == "missing"


def test_a_rule_file_with_a_problem_is_to_look_at(office):
    path = office.workspace.rules / "a-1.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("€ 60,00", "60,00"), encoding="utf-8")
    one = found(office, "rules")
    assert (one.state, one.told) == ("attention", "1 contract of Regio Voorbeeld; 1 problem")


def test_outputs_in_which_nothing_can_be_written_are_missing(office, monkeypatch):
    office.workspace.outputs.mkdir()

    def refused(*_: object) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(os, "fsync", refused)
    one = found(office, "outputs")
    assert (one.state, "Permission denied" in one.told, "--outputs" in one.help) == ("missing", True, True)
    monkeypatch.undo()
    office.workspace.outputs.rmdir()
    office.workspace.outputs.write_text("a file", encoding="utf-8")
    assert found(office, "outputs").state == "missing"


def test_a_disk_that_is_nearly_full_is_to_look_at(office, monkeypatch):
    monkeypatch.setattr(doctor, "_ROOM_BYTES", 1 << 62)
    assert found(office, "disk").state == "attention"


@pytest.mark.parametrize(("kind", "shared"), [("cifs", True), ("nfs4", True), ("fuse.sshfs", True), ("ext4", False), ("xfs", False)])
def test_a_network_share_is_known_by_its_file_system(kind, shared, tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/a / ext4 rw 0 0\n//server/data /srv/zorg\\040kantoor {kind} rw 0 0\nproc /proc proc rw 0 0\n", encoding="utf-8")
    assert (doctor._file_system(Path("/srv/zorg kantoor/outputs"), mounts) in doctor._SHARES) is shared
    assert doctor._file_system(Path("/srv/elders"), mounts) == "ext4"
    assert doctor._file_system(Path("/srv"), tmp_path / "none") is None


def test_outputs_on_a_share_are_missing_a_place(office, monkeypatch):
    monkeypatch.setattr(doctor, "_file_system", lambda at: "cifs")
    assert found(office, "place").state == "missing"
    monkeypatch.setattr(doctor, "_file_system", lambda at: None)
    assert found(office, "place").state == "attention"


def test_a_ledger_that_is_damaged_is_told(office):
    office.workspace.outputs.mkdir()
    office.workspace.ledger.write_bytes(b"")
    one = found(office, "ledger")
    assert (one.state, "the file is empty" in one.told) == ("missing", True)


def test_the_command_answers_with_its_exit_code_and_as_json(office, monkeypatch, capsys):
    def give(*words: str) -> tuple[int, str]:
        folders = [f"--{name}={getattr(office.workspace, name)}" for name in ("rules", "inputs", "outputs")]
        monkeypatch.setattr(sys, "argv", ["settlement", "doctor", *words, *folders])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().out

    code, out = give()
    assert (code, "Months can be settled here" in out) == (0, True)
    (office.workspace.rules / "organisation.yaml").unlink()
    code, out = give("--json")
    answer = json.loads(out)
    assert (code, answer["exit_code"]) == (2, 2)
    assert [one["name"] for one in answer["findings"] if one["state"] == "missing"] == ["rules"]
