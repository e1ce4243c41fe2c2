"""One run per workspace, with real processes."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import settlement
from settlement.run.blocked import Blocked
from settlement.run.lock import LOCK_FILE, Holder, WorkspaceBusy, hold

NINE = dt.datetime(2018, 4, 9, 9, 0, 5, tzinfo=dt.UTC)

HOLDING = """
import datetime as dt, sys, time
from pathlib import Path
from settlement.run.lock import WorkspaceBusy, hold
go = Path(sys.argv[2])
while not go.exists():
    time.sleep(0.001)
try:
    with hold(Path(sys.argv[1]), command="run --period 2018-03", now=dt.datetime(2018, 4, 9, 9, 0, 5, tzinfo=dt.UTC)):
        print("held", flush=True)
        time.sleep(float(sys.argv[3]))
except WorkspaceBusy as busy:
    print("busy", busy.message, flush=True)
"""


def holding(outputs: Path, go: Path, seconds: float = 30) -> subprocess.Popen[str]:
    root = Path(settlement.__path__[0]).parent
    return subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(outputs), str(go), str(seconds)],
        env=os.environ | {"PYTHONPATH": str(root)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=10)


def test_the_workspace_is_free_again_when_a_run_has_ended(tmp_path: Path) -> None:
    for _ in range(2):
        with hold(tmp_path / "outputs", command="run", now=NINE) as held:
            assert held.left_by is None
            assert held.holder.pid == os.getpid()
    assert (tmp_path / "outputs" / LOCK_FILE).read_bytes() == b""


def test_the_workspace_is_free_again_when_a_run_has_failed(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold(tmp_path, command="run", now=NINE):
        raise ZeroDivisionError
    with hold(tmp_path, command="run", now=NINE) as held:
        assert held.left_by is None


def test_a_second_run_is_refused_at_once_and_told_who_holds_it_since_when(tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.touch()
    first = holding(tmp_path, go)
    try:
        assert said(first) == "held"
        with pytest.raises(WorkspaceBusy) as busy, hold(tmp_path, command="approve", now=NINE):
            pass
        holder = busy.value.holder
        assert holder is not None
        assert (holder.pid, holder.command, holder.since) == (first.pid, "run --period 2018-03", NINE)
        assert f"(process {first.pid}, 'settlement run --period 2018-03'), since 2018-04-09 09:00:05" in str(busy.value)
        assert "Nothing was done" in busy.value.help
    finally:
        end(first)


def test_a_second_thread_or_call_of_the_same_process_is_refused_too(tmp_path: Path) -> None:
    with (
        hold(tmp_path, command="run", now=NINE),
        pytest.raises(WorkspaceBusy),
        hold(tmp_path, command="run", now=NINE),
    ):
        pass
    with hold(tmp_path, command="run", now=NINE):
        pass


def test_of_two_runs_at_once_one_holds_it_and_the_other_says_who(tmp_path: Path) -> None:
    for attempt in range(4):
        go = tmp_path / f"go-{attempt}"
        both = [holding(tmp_path / "outputs", go, 1) for _ in range(2)]
        go.touch()
        answers = sorted(said(process) for process in both)
        for process in both:
            end(process)
        assert answers[1] == "held"
        assert answers[0].startswith("busy")
        assert f"process {both[0].pid}" in answers[0] or f"process {both[1].pid}" in answers[0], answers


def test_the_lock_of_a_killed_run_is_free_and_its_holder_is_named(tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.touch()
    killed = holding(tmp_path, go)
    assert said(killed) == "held"
    killed.send_signal(signal.SIGKILL)
    killed.wait(10)
    end(killed)
    with hold(tmp_path, command="run", now=NINE) as held:
        assert held.left_by is not None
        assert (held.left_by.pid, held.left_by.since) == (killed.pid, NINE)
    with hold(tmp_path, command="run", now=NINE) as held:
        assert held.left_by is None


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_that_outlives_a_killed_run_does_not_keep_the_workspace(tmp_path: Path) -> None:
    script = """
import datetime as dt, os, signal, sys, time
from pathlib import Path
from settlement.run.lock import hold
with hold(Path(sys.argv[1]), command="run", now=dt.datetime.now(dt.UTC)):
    if os.fork() == 0:
        print(os.getpid(), flush=True)
        time.sleep(30)
        os._exit(0)
    time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(settlement.__path__[0]).parent
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(root)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    child = int(said(parent))
    try:
        parent.wait(10)
        with hold(tmp_path, command="run", now=NINE) as held:
            assert held.left_by is not None
    finally:
        os.kill(child, signal.SIGKILL)
        parent.communicate(timeout=10)


def test_a_note_of_a_killed_run_is_not_taken_for_the_holder_that_has_not_written_yet(tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.touch()
    process = holding(tmp_path, go)
    try:
        assert said(process) == "held"
        dead = subprocess.Popen([sys.executable, "-c", ""])
        dead.wait(10)
        note = json.loads((tmp_path / LOCK_FILE).read_text())
        (tmp_path / LOCK_FILE).write_text(json.dumps(note | {"pid": dead.pid}))
        with pytest.raises(WorkspaceBusy, match="another run that has just started") as busy, hold(
            tmp_path, command="run", now=NINE
        ):
            pass
        assert busy.value.holder is None
    finally:
        end(process)


def test_a_note_that_cannot_be_read_does_not_matter(tmp_path: Path) -> None:
    for note in ("", "{", "[]", '{"pid": "x"}', "\udcff" * 3):
        (tmp_path / LOCK_FILE).write_text(note, errors="surrogateescape")
        with hold(tmp_path, command="run", now=NINE) as held:
            assert held.left_by is None


def test_outputs_that_cannot_be_written_to_are_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("a file")
    with pytest.raises(Blocked, match="cannot be written") as blocked, hold(
        tmp_path / "outputs", command="run", now=NINE
    ):
        pass
    assert "--outputs" in blocked.value.help


def test_a_lock_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    (tmp_path / LOCK_FILE).symlink_to(tmp_path / "precious")
    with pytest.raises(Blocked), hold(tmp_path, command="run", now=NINE):
        pass
    assert (tmp_path / "precious").read_text() == "x"


def test_a_holder_reads_as_a_sentence_part() -> None:
    holder = Holder("avries", "werkplek7", 4711, "run --period 2018-03", NINE)
    assert str(holder) == (
        "avries on werkplek7 (process 4711, 'settlement run --period 2018-03'), since 2018-04-09 09:00:05 UTC"
    )
