"""Publishing: all or nothing, whatever happens halfway."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from disturbance import Fails, disturbed
from kill_publications import NEW, OFFICE, OLD, contents, draft, final, prepare, recover

import settlement
from settlement.run import outbox
from settlement.run.blocked import Blocked
from settlement.run.digests import digest_of
from settlement.run.outbox import MANIFEST, STAGING, Finished, OutputsBlocked, finish_pending, stage, write_atomically


def never(run: str) -> bool:
    raise AssertionError(f"nothing awaits {run}")


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    outputs = tmp_path / "outputs"
    prepare(outputs)
    return outputs


def month(files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"2018-03/{name}": content for name, content in files.items()}


def without_manifest(outputs: Path) -> dict[str, bytes]:
    return {name: content for name, content in contents(outputs).items() if not name.endswith(MANIFEST)}


# ---- what a publication does


def test_a_new_draft_replaces_the_former_one_whole_and_leaves_what_is_the_offices_own(outputs: Path) -> None:
    assert without_manifest(outputs) == month(OLD | OFFICE)
    stage(outputs, "2018-03", NEW).publish()
    assert without_manifest(outputs) == month(NEW | OFFICE)
    assert not (outputs / STAGING).exists()


def test_a_folder_that_becomes_empty_goes_and_one_with_the_offices_files_stays(outputs: Path) -> None:
    stage(outputs, "2018-03", {"a.xlsx": b"a"}).publish()
    assert not (outputs / "2018-03" / "deep").exists()
    assert [file.name for file in (outputs / "2018-03" / "gone").iterdir()] == ["remarks.txt"]


def test_what_was_staged_is_known_by_path_and_digest_before_it_is_published(outputs: Path) -> None:
    before = contents(outputs)
    staged = stage(outputs, "2018-03", NEW)
    assert contents(outputs) == before
    manifest = staged.files[f"2018-03/{MANIFEST}"]
    assert dict(staged.files) == {
        f"2018-03/{name}": digest_of(content) for name, content in NEW.items()
    } | {f"2018-03/{MANIFEST}": manifest}  # fmt: skip
    staged.publish()
    for name, file in staged.files.items():
        assert digest_of((outputs / name).read_bytes()) == file


def test_files_that_were_written_elsewhere_are_moved_in(outputs: Path, tmp_path: Path) -> None:
    lines = tmp_path / "lines.parquet"
    lines.write_bytes(b"PAR1" * 1000)
    staged = stage(outputs, "2018-03", {"lines.parquet": lines})
    assert staged.files["2018-03/lines.parquet"] == digest_of(b"PAR1" * 1000)
    staged.publish()
    assert (outputs / "2018-03" / "lines.parquet").read_bytes() == b"PAR1" * 1000
    assert not lines.exists()


def test_files_on_another_disk_are_copied_in(
    outputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = tmp_path / "lines.parquet"
    lines.write_bytes(b"PAR1" * 1000)
    real = os.replace

    def replace(source: Path, target: Path) -> None:
        if Path(source) == lines:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    stage(outputs, "2018-03", {"lines.parquet": lines}).publish()
    assert (outputs / "2018-03" / "lines.parquet").read_bytes() == b"PAR1" * 1000
    assert not lines.exists()


def test_the_same_files_give_the_same_manifest_byte_for_byte(tmp_path: Path) -> None:
    stage(tmp_path / "one", "2018-03", NEW).publish()
    stage(tmp_path / "two", "2018-03", dict(reversed(NEW.items()))).publish()
    first, second = ((tmp_path / name / "2018-03" / MANIFEST).read_bytes() for name in ("one", "two"))
    assert first == second
    assert list(json.loads(first)["files"]) == sorted(NEW)


def test_a_file_system_without_links_is_served_by_copies(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    draft(outputs)
    assert without_manifest(outputs) == month(NEW | OFFICE)


def test_staged_files_that_are_forgotten_leave_nothing(outputs: Path) -> None:
    before = contents(outputs)
    stage(outputs, "2018-03", NEW, awaits="the run").discard()
    assert contents(outputs) == before
    assert not (outputs / STAGING).exists()


def test_a_pending_publication_is_not_overwritten_by_the_next(outputs: Path) -> None:
    stage(outputs, "2018-03", NEW, awaits="the run")
    with pytest.raises(RuntimeError, match="finish_pending comes first"):
        stage(outputs, "2018-03", OLD)


# ---- after a kill


def test_a_publication_that_awaits_a_run_is_finished_if_the_ledger_has_it(outputs: Path) -> None:
    stage(outputs, "2018-03", NEW, awaits="abc")
    assert finish_pending(outputs, lambda run: run == "abc") == (Finished("2018-03", "completed"),)
    assert without_manifest(outputs) == month(NEW | OFFICE)
    assert finish_pending(outputs, never) == ()


def test_a_publication_that_awaits_a_run_is_forgotten_if_the_ledger_has_it_not(outputs: Path) -> None:
    before = contents(outputs)
    stage(outputs, "2018-03", NEW, awaits="abc")
    assert finish_pending(outputs, lambda run: False) == (Finished("2018-03", "discarded"),)
    assert contents(outputs) == before


def test_staged_files_of_a_draft_and_other_leavings_are_cleared_away(outputs: Path) -> None:
    before = contents(outputs)
    stage(outputs, "2018-03", NEW)
    (outputs / STAGING / "snapshot").mkdir()
    (outputs / STAGING / "snapshot" / "delivery.csv").write_bytes(b"x")
    (outputs / STAGING / "stray").write_bytes(b"x")
    assert finish_pending(outputs, never) == ()
    assert contents(outputs) == before
    assert not (outputs / STAGING).exists()


def test_a_workspace_without_outputs_has_nothing_pending(tmp_path: Path) -> None:
    assert finish_pending(tmp_path / "outputs", never) == ()
    assert not (tmp_path / "outputs").exists()


def test_a_damaged_intent_is_said_and_not_guessed(outputs: Path) -> None:
    stage(outputs, "2018-03", NEW, awaits="abc")
    intent = outputs / STAGING / "2018-03" / "intent.json"
    whole = json.loads(intent.read_bytes())
    for damage in (b"{", b"[]", json.dumps(whole | {"files": {"../../x": {"sha256": "", "bytes": 1}}}).encode()):
        intent.write_bytes(damage)
        with pytest.raises(Blocked, match="damaged"):
            finish_pending(outputs, lambda run: True)


def test_killed_at_every_operation_a_month_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    here = Path(__file__).parent
    environment = os.environ | {"PYTHONPATH": f"{Path(settlement.__path__[0]).parent}{os.pathsep}{here}"}
    ran = subprocess.run(
        [sys.executable, str(here / "kill_publications.py"), str(tmp_path), "50"],
        env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen.pop("repeated wrongly") == seen.pop("recovery torn") == 0
    killed_in_recovery = seen.pop("recovery killed")
    # Nothing torn, nothing left in the staging folder, no final month that is not as the ledger says.
    assert set(seen) == {"draft old", "draft new", "final old", "final new"}
    assert min(seen.values()) > 20
    assert killed_in_recovery > 30


# ---- when something fails


def failing(work: Callable[[Path], None], outputs: Path, at: int, how: Fails) -> tuple[OutputsBlocked | None, bool]:
    """What it was blocked by, if it was, and whether it got as far as that operation."""
    blocked = None
    with disturbed(at, how) as begun:
        try:
            work(outputs)
        except OutputsBlocked as error:
            blocked = error
    return blocked, len(begun) >= at


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EACCES])
def test_failed_at_any_operation_a_draft_changes_nothing_or_everything(tmp_path: Path, error: int) -> None:
    outputs = tmp_path / "outputs"
    prepare(outputs)
    before = contents(outputs)
    draft(outputs)
    after = contents(outputs)
    at, refused, reached = 0, 0, True
    while reached:
        at += 1
        prepare(outputs)
        blocked, reached = failing(draft, outputs, at, Fails(error))
        if blocked is None:
            assert contents(outputs) == after
        else:
            refused += 1
            assert blocked.help
            assert os.strerror(error) in blocked.message
            assert "Nothing was changed." in blocked.message
            assert contents(outputs) == before, at
        finish_pending(outputs, never)
        assert not (outputs / STAGING).exists()
    assert refused > 40


def test_failed_for_good_at_any_operation_the_next_command_sets_it_right(tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    prepare(outputs)
    before = contents(outputs)
    draft(outputs)
    after = contents(outputs)
    for work in (draft, final):
        at, reached = 0, True
        while reached:
            at += 1
            prepare(outputs)
            blocked, reached = failing(work, outputs, at, Fails(errno.EIO, forever=True))
            said = blocked.message if blocked else ""
            if "Nothing was changed." in said:
                assert contents(outputs) == before
            recover(outputs)
            found = contents(outputs)
            if not said or (outputs / "recorded").exists():
                assert found == after, at
            elif work is final or "Nothing was changed." in said:
                assert found == before, at
            else:  # a draft that was said to be half placed: whole again
                assert "the next command sets that right" in said
                assert found in (before, after), at
            (outputs / "recorded").unlink(missing_ok=True)
            assert not (outputs / STAGING).exists()


def test_a_recorded_run_whose_workbook_is_open_is_finished_when_it_is_closed(
    outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace

    def replace(source: Path, target: Path) -> None:
        if Path(target) == outputs / "2018-03" / "a.xlsx":
            raise PermissionError(errno.EACCES, "The process cannot access the file because it is being used")
        real(source, target)

    with monkeypatch.context() as excel:
        excel.setattr(os, "replace", replace)
        with pytest.raises(OutputsBlocked) as blocked:
            final(outputs)
        assert blocked.value.path == outputs / "2018-03" / "a.xlsx"
        assert "The run is recorded; the rest of its files will be written by the next command." in str(blocked.value)
        assert "If a.xlsx is open in Excel, close it" in blocked.value.help
        with pytest.raises(OutputsBlocked):
            recover(outputs)
    recover(outputs)
    (outputs / "recorded").unlink()
    assert without_manifest(outputs) == month(NEW | OFFICE)


def test_a_draft_whose_workbook_is_open_changes_nothing(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(outputs)
    real = os.replace

    def replace(source: Path, target: Path) -> None:
        if Path(target) == outputs / "2018-03" / "run.json":
            raise PermissionError(errno.EACCES, "The process cannot access the file because it is being used")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OutputsBlocked, match=r"run\.json cannot be written.*Nothing was changed") as blocked:
        draft(outputs)
    assert "If run.json is open in Excel, close it" in blocked.value.help
    assert contents(outputs) == before


def test_what_stands_in_the_way_is_named_before_anything_is_replaced(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for number, block in enumerate(("folder", "link", "leads out", "file for a folder", "dangling")):
        outputs = tmp_path / f"outputs{number}"
        target = outputs / "2018-03" / "a.xlsx"
        target.parent.parent.mkdir()
        if block == "leads out":
            target.parent.symlink_to(elsewhere)
        elif block == "dangling":
            target.parent.symlink_to(tmp_path / "nowhere")
        elif block == "file for a folder":
            target.parent.write_text("x")
        else:
            target.parent.mkdir()
            target.mkdir() if block == "folder" else target.symlink_to(elsewhere / "x")
        with pytest.raises(OutputsBlocked, match="Nothing was changed") as blocked:
            stage(outputs, "2018-03", {"a.xlsx": b"a"}).publish()
        assert "Move what stands there elsewhere" in blocked.value.help
        assert list(elsewhere.iterdir()) == []
        assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_may_not_be_written_to_is_named(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(outputs)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != outputs / "2018-03")
    with pytest.raises(OutputsBlocked, match="nothing may be written in") as blocked:
        stage(outputs, "2018-03", NEW)
    assert "make it writable" in blocked.value.help
    assert contents(outputs) == before


@pytest.mark.parametrize(
    "name",
    [
        "", "/etc/passwd", "../x", "a/../b", "a//b", ".hidden", "a/.staging", "con", "NUL.xlsx", "a:b", "a\\b", "a\n",
        "a.", "a ", "x" * 201, MANIFEST,
    ],
)  # fmt: skip
def test_no_path_leads_outside_or_is_another_file_on_another_machine(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the path of an output file"):
        stage(tmp_path, "2018-03", {name: b"x"})
    with pytest.raises(ValueError, match="are one file on many machines"):
        stage(tmp_path, "2018-03", {"a.xlsx": b"x", "A.xlsx": b"x"})
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_that_somebody_edited_removes_nothing_outside_the_folder(outputs: Path) -> None:
    (outputs / "precious").write_text("x")
    (outputs / "2018-03" / MANIFEST).write_text(json.dumps({"files": {"../precious": {}}}))
    stage(outputs, "2018-03", {"a.xlsx": b"a"}).publish()
    assert (outputs / "precious").read_text() == "x"


# ---- one file


def test_one_file_is_written_whole_or_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.json"
    at, reached = 0, True
    while reached:
        at += 1
        write_atomically(path, b"old")
        blocked, reached = failing(lambda path: write_atomically(path, b"new"), path, at, Fails(errno.ENOSPC))
        nothing_changed = blocked is not None and "Nothing was changed." in blocked.message
        assert path.read_bytes() == (b"old" if nothing_changed else b"new")
        assert [file.name for file in path.parent.iterdir()] == ["log.json"]
    assert at > 4


def test_a_disk_that_is_really_full_changes_nothing(tmp_path: Path) -> None:
    """A child process that may write no file above 64 kB: the operating system itself refuses the write."""
    script = """
import resource, signal, sys
from pathlib import Path
from settlement.run.outbox import OutputsBlocked, stage
outputs = Path(sys.argv[1])
stage(outputs, "2018-03", {"a.xlsx": b"old"}).publish()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
try:
    stage(outputs, "2018-03", {"a.xlsx": b"new", "b.xlsx": b"x" * 100000}).publish()
except OutputsBlocked as blocked:
    print(blocked)
"""
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(Path(settlement.__path__[0]).parent)},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "b.xlsx cannot be written: File too large. Nothing was changed." in ran.stdout
    assert "Make room" in ran.stdout
    assert (tmp_path / "2018-03" / "a.xlsx").read_bytes() == b"old"
    assert not (tmp_path / outbox.STAGING).exists()
