"""The private copy: of one moment, of files only, the same digest everywhere."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from settlement.run import snapshot as snapshots
from settlement.run.blocked import Blocked
from settlement.run.digests import FileDigest, combined_digest, digest_of
from settlement.run.snapshot import snapshot


@pytest.fixture
def workspace(tmp_path: Path) -> dict[str, Path]:
    rules, inputs = tmp_path / "rules", tmp_path / "inputs"
    for path, content in {
        rules / "organisation.yaml": b"name: Regio\n",
        rules / "utrecht" / "de-linde.yaml": b"contract: UTR-AJ-2018-07\n",
        inputs / "2018-03" / "maasoever.xlsx": b"PK\x03\x04",
        inputs / "2018-03" / "de linde \xeb.csv": b"Contract;Klant\r\n",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return {"rules": rules, "inputs": inputs}


def test_every_file_is_copied_with_its_digest_and_size(workspace: dict[str, Path], tmp_path: Path) -> None:
    taken = snapshot(workspace, tmp_path / "copy")
    assert dict(taken["rules"].files) == {
        "organisation.yaml": digest_of(b"name: Regio\n"),
        "utrecht/de-linde.yaml": digest_of(b"contract: UTR-AJ-2018-07\n"),
    }
    assert list(taken["inputs"].files) == ["2018-03/de linde \xeb.csv", "2018-03/maasoever.xlsx"]
    for name, folder in taken.items():
        assert folder.path == tmp_path / "copy" / name
        for path in folder.files:
            assert (folder.path / path).read_bytes() == (workspace[name] / path).read_bytes()


def test_the_copy_is_for_its_owner_alone(workspace: dict[str, Path], tmp_path: Path) -> None:
    snapshot(workspace, tmp_path / "copy")
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o700


def test_the_digest_depends_on_names_and_bytes_only(workspace: dict[str, Path], tmp_path: Path) -> None:
    first = snapshot(workspace, tmp_path / "one")
    os.utime(workspace["rules"] / "organisation.yaml", (1, 1))
    moved = workspace["rules"].rename(tmp_path / "elsewhere")
    second = snapshot({"rules": moved}, tmp_path / "two")
    assert second["rules"].digest == first["rules"].digest
    (moved / "organisation.yaml").rename(moved / "Organisation.yaml")
    assert snapshot({"rules": moved}, tmp_path / "three")["rules"].digest != first["rules"].digest


def test_the_combined_digest_is_a_plain_one_over_names_and_digests_in_order_of_name() -> None:
    lines = "".join(json.dumps([name, digest]) + "\n" for name, digest in (("a", "1"), ("b", "2")))
    assert combined_digest({"b": "2", "a": "1"}) == hashlib.sha256(lines.encode()).hexdigest()
    assert combined_digest({"a": "2", "b": "1"}) != combined_digest({"a": "1", "b": "2"})


def test_what_programs_leave_behind_and_what_is_not_wanted_is_not_copied(
    workspace: dict[str, Path], tmp_path: Path
) -> None:
    march = workspace["inputs"] / "2018-03"
    for name in ("~$maasoever.xlsx", ".DS_Store", "Thumbs.db", ".~lock.maasoever.xlsx#"):
        (march / name).write_bytes(b"x")
    (workspace["inputs"] / "2018-04").mkdir()
    (workspace["inputs"] / "2018-04" / "later.csv").write_bytes(b"x")
    taken = snapshot(workspace, tmp_path / "copy", wanted=lambda source, path: not path.startswith("2018-04"))
    assert list(taken["inputs"].files) == ["2018-03/de linde \xeb.csv", "2018-03/maasoever.xlsx"]


def test_a_source_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    taken = snapshot({"inputs": tmp_path / "nowhere"}, tmp_path / "copy")
    assert dict(taken["inputs"].files) == {}
    assert taken["inputs"].path.is_dir()


def test_a_file_that_changes_once_while_it_is_read_is_read_again(
    workspace: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = workspace["rules"] / "organisation.yaml"
    real = snapshots._copy
    seen = []

    def copy(source: Path, target: Path) -> object:
        copied = real(source, target)
        if source == rules:
            seen.append(source)
            if len(seen) == 1:
                rules.write_bytes(b"name: Regio, saved halfway\n")
        return copied

    monkeypatch.setattr(snapshots, "_copy", copy)
    taken = snapshot(workspace, tmp_path / "copy")
    assert len(seen) == 2
    assert taken["rules"].files["organisation.yaml"] == digest_of(b"name: Regio, saved halfway\n")
    assert (taken["rules"].path / "organisation.yaml").read_bytes() == b"name: Regio, saved halfway\n"


def test_files_that_were_saved_together_are_copied_together(
    workspace: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first file was copied both are saved: the copy holds both as saved, never one old and one new."""
    real = snapshots._copy
    seen: list[Path] = []

    def copy(source: Path, target: Path) -> object:
        copied = real(source, target)
        seen.append(source)
        if len(seen) == 1:
            for path in workspace["rules"].rglob("*.yaml"):
                path.write_bytes(b"saved\n")
        return copied

    monkeypatch.setattr(snapshots, "_copy", copy)
    taken = snapshot({"rules": workspace["rules"]}, tmp_path / "copy")
    assert set(taken["rules"].files.values()) == {digest_of(b"saved\n")}


def test_a_file_that_is_replaced_or_taken_away_meanwhile_is_followed(
    workspace: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, replaced = workspace["rules"] / "organisation.yaml", workspace["rules"] / "utrecht" / "de-linde.yaml"
    real = snapshots._copy
    seen: list[Path] = []

    def copy(source: Path, target: Path) -> object:
        copied = real(source, target)
        seen.append(source)
        if len(seen) == 2:
            gone.unlink()
            fresh = replaced.with_name("fresh.tmp")
            fresh.write_bytes(replaced.read_bytes().upper())  # as long, and another file
            fresh.replace(replaced)
        return copied

    monkeypatch.setattr(snapshots, "_copy", copy)
    taken = snapshot({"rules": workspace["rules"]}, tmp_path / "copy")
    assert dict(taken["rules"].files) == {"utrecht/de-linde.yaml": digest_of(b"CONTRACT: UTR-AJ-2018-07\n")}
    assert [path.name for path in taken["rules"].path.rglob("*.yaml")] == ["de-linde.yaml"]


@contextmanager
def growing(path: Path) -> Iterator[None]:
    """Another program goes on writing to a file."""
    end = threading.Event()

    def write() -> None:
        with path.open("ab") as file:
            while not end.is_set():
                file.write(b"x" * 1000)
                file.flush()
                time.sleep(0.002)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        end.set()
        writer.join()


def test_a_file_that_goes_on_changing_is_named(
    workspace: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "_PAUSE_SECONDS", 0.03)
    with growing(workspace["inputs"] / "2018-03" / "maasoever.xlsx"):
        with pytest.raises(Blocked, match=r"maasoever\.xlsx changed while being read, 5 times in a row") as blocked:
            snapshot(workspace, tmp_path / "copy")
        assert "Wait until the file has been saved" in blocked.value.help


def test_links_and_devices_are_refused_by_name(workspace: dict[str, Path], tmp_path: Path) -> None:
    march = workspace["inputs"] / "2018-03"
    (march / "passwd.csv").symlink_to("/etc/passwd")
    (march / "month").symlink_to(workspace["rules"], target_is_directory=True)
    os.mkfifo(march / "pipe.csv")
    with pytest.raises(Blocked) as blocked:
        snapshot(workspace, tmp_path / "copy")
    for name in ("passwd.csv", "month", "pipe.csv"):
        assert f"{name} is a link or a device, not a file" in blocked.value.message


def test_a_source_folder_may_itself_be_a_link(workspace: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "shared").symlink_to(workspace["rules"], target_is_directory=True)
    assert len(snapshot({"rules": tmp_path / "shared"}, tmp_path / "copy")["rules"].files) == 2


def test_a_source_that_is_a_file_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "rules").write_text("x")
    with pytest.raises(Blocked, match="cannot be read"):
        snapshot({"rules": tmp_path / "rules"}, tmp_path / "copy")


@pytest.mark.parametrize(
    ("bound", "value", "said"),
    [
        ("MAX_FILES", 3, "There are 4 files to read; at most 3 are"),
        ("MAX_FILE_BYTES", 20, "utrecht/de-linde.yaml holds 25 bytes; at most 20 are read"),
        ("MAX_TOTAL_BYTES", 50, "The files to read hold 57 bytes; at most 50 are read"),
        ("MAX_DEPTH", 1, "lies more than 1 folders deep"),
    ],
)
def test_more_than_a_month_can_hold_is_refused(
    workspace: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, value: int, said: str
) -> None:
    # 12 + 25 + 4 + 16 = 57 bytes in four files.
    if bound == "MAX_DEPTH":
        (workspace["rules"] / "utrecht" / "deeper").mkdir()
    monkeypatch.setattr(snapshots, bound, value)
    with pytest.raises(Blocked, match=said):
        snapshot(workspace, tmp_path / "copy")


def test_a_name_that_is_no_text_is_copied_and_can_be_printed(tmp_path: Path) -> None:
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    (inputs / os.fsdecode(b"linde\xff.csv")).write_bytes(b"x")
    taken = snapshot({"inputs": inputs}, tmp_path / "copy")
    assert list(taken["inputs"].files.values()) == [FileDigest(digest_of(b"x").digest, 1)]
    assert len(taken["inputs"].digest) == 64


def test_a_full_disk_is_said_with_the_file_that_did_not_fit(
    workspace: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open

    def full(self: Path, mode: str = "r", **options: object) -> object:
        if "w" in mode:
            raise OSError(28, "No space left on device")
        return real(self, mode, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(Blocked, match=r"could not be copied .* No space left on device") as blocked:
        snapshot(workspace, tmp_path / "copy")
    assert "Make room" in blocked.value.help


# ---- sources that are taken one by one -------------------------------------------------------------------


def test_links_and_devices_of_one_sender_are_left_out_and_told_and_hold_up_no_other(
    workspace: dict[str, Path], tmp_path: Path
) -> None:
    march = workspace["inputs"] / "2018-03"
    (march / "passwd.csv").symlink_to("/etc/passwd")
    (march / "month").symlink_to(workspace["rules"], target_is_directory=True)
    os.mkfifo(march / "pipe.csv")
    taken = snapshot(workspace, tmp_path / "copy", one_by_one=["inputs"])
    assert taken["inputs"].left_out == {
        "2018-03/month": "link", "2018-03/passwd.csv": "link", "2018-03/pipe.csv": "not-a-file"
    }  # fmt: skip
    assert sorted(taken["inputs"].files) == ["2018-03/de linde ë.csv", "2018-03/maasoever.xlsx"]
    assert taken["rules"].left_out == {}
    (workspace["rules"] / "link.yaml").symlink_to("/etc/passwd")
    with pytest.raises(Blocked, match=r"link\.yaml is a link"):
        snapshot(workspace, tmp_path / "other", one_by_one=["inputs"])


def test_a_delivery_that_goes_on_changing_is_left_out_and_the_others_are_copied(
    workspace: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "_PAUSE_SECONDS", 0.03)
    with growing(workspace["inputs"] / "2018-03" / "maasoever.xlsx"):
        taken = snapshot(workspace, tmp_path / "copy", one_by_one=["inputs"])
    assert taken["inputs"].left_out == {"2018-03/maasoever.xlsx": "still-being-copied"}
    assert not (tmp_path / "copy" / "inputs" / "2018-03" / "maasoever.xlsx").exists()
    assert len(taken["inputs"].files) == 1
    assert len(taken["rules"].files) == 2


def test_a_delivery_that_may_not_be_read_is_left_out(
    workspace: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def closed(path: Path, *options: int) -> int:
        if Path(path).name == "maasoever.xlsx":
            raise PermissionError(13, "Permission denied")
        return real(path, *options)

    monkeypatch.setattr(snapshots.os, "open", closed)
    taken = snapshot(workspace, tmp_path / "copy", one_by_one=["inputs"])
    assert taken["inputs"].left_out == {"2018-03/maasoever.xlsx": "cannot-open"}
    with pytest.raises(Blocked, match=r"maasoever\.xlsx cannot be read: Permission denied"):
        snapshot(workspace, tmp_path / "other")
