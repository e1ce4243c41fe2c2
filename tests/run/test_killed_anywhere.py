"""Killed, out of room or broken, at any operation and at any moment: started again, all is as if nothing had happened."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import shim
from disturbed_runs import APPROVE_FEBRUARY, APPROVE_JANUARY, RUN_FEBRUARY, RUN_JANUARY, Office, State
from six_providers import write_office

SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture
def workspace() -> Iterator[Path]:
    """A folder in memory where there is such a thing: fsync is disturbed before it reaches a disk, and takes its time there."""
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None) as folder:
        yield Path(folder).resolve()


# ---- at every operation ----------------------------------------------------------------------------------


def disturbed(workspace: Path, wanted: dict[str, int], phase: int, *scenes: str) -> dict[str, dict[str, int]]:
    """What was seen when the commands of these scenes (all, when none is named) were disturbed; any fault fails the test."""
    command = [sys.executable, str(shim.HERE / "disturbed_runs.py"), str(workspace), json.dumps(wanted), str(phase), *scenes]
    environment = shim.loaded(shim.compiled(workspace), POLARS_MAX_THREADS="1")
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["faults"] == [], "\n".join(found["faults"])
    return found


def count(seen: dict[str, int], what: str) -> int:
    return sum(times for name, times in seen.items() if what in name)


def test_disturbed_at_some_operations_a_run_and_an_approval_end_as_undisturbed_when_given_again(workspace):
    seen = disturbed(workspace, {"kill": 67, "full": 131, "once": 131}, 7, "run again", "next approval")["seen"]
    assert count(seen, "kill: killed") >= 6
    assert count(seen, "full: ") + count(seen, "once: ") >= 6
    # The ledger's own writes are among what is disturbed.
    assert count(seen, "operations of next approval: fdatasync") > 2


@pytest.mark.campaign
def test_disturbed_at_every_operation_a_run_and_an_approval_end_as_undisturbed_when_given_again(workspace, capsys):
    began = time.monotonic()
    found = disturbed(workspace, {"kill": 1, "full": 1, "once": 1, "broken": 4}, 0)
    seen = found["seen"]
    for scene in ("run again", "next approval", "first of two approvals", "second of two approvals"):
        for how in ("kill: killed", "full: ", "once: "):
            assert count(seen, f"{scene}, {how}") == count(seen, f"operations of {scene}: ")
    with capsys.disabled():
        print()  # noqa: T201 - the counts that the campaign is asked for
        for what, times in [*seen.items(), *found["said"].items()]:
            print(f"{times:>6}  {what}")  # noqa: T201
        disturbances = sum(times for name, times in seen.items() if not name.startswith("operations"))
        minutes = (time.monotonic() - began) / 60
        print(f"{disturbances} disturbances in {minutes:.0f} minutes: 0 lost, 0 double, 0 half-written, no wrong result")  # noqa: T201


# ---- at any moment ---------------------------------------------------------------------------------------


class Attempt:
    """A command as a real process that is killed at a moment after it began a stage."""

    def __init__(self, office: Office, words: list[str]) -> None:
        self.stages: dict[str, float] = {}
        self.told: list[str] = []
        self._come = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "settlement.cli", *words],
            cwd=office.folder, env=shim.plain(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stderr or ():
            with self._come:
                self.told.append(line)
                stage = re.match(r" *[\d.]+ s  (.*)", line)
                if stage:
                    self.stages[stage[1]] = time.monotonic()
                self._come.notify()
        with self._come:
            self.stages["the end"] = time.monotonic()
            self._come.notify()

    def kill_after(self, stage: str, seconds: float) -> bool:
        """Whether it was killed, and had not ended before."""
        with self._come:
            self._come.wait_for(lambda: stage in self.stages or "the end" in self.stages, 120)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGKILL)
        self.end()
        return self.process.returncode == -signal.SIGKILL

    def end(self) -> int:
        self.process.wait(120)
        self._reader.join()
        if self.process.stdout:
            self.process.stdout.read()
            self.process.stdout.close()
        if self.process.stderr:
            self.process.stderr.close()
        return self.process.returncode


def without_moments(state: State) -> State:
    """Without what differs because it was approved at another moment: the moments and the digests over them."""
    records = str(state.get("records", ""))
    plain = re.sub(r"'(\d{4}-\d\d-\d\dT[^']*|[0-9a-f]{64})'", "'…'", records)
    return {name: content for name, content in state.items() if name != ".lock"} | {"records": plain}



def killed_at_random(workspace: Path, times: int, seed: str) -> Counter[str]:
    """Kills real commands at random moments until that many were killed; what was seen."""
    rng = Random(seed)
    seen: Counter[str] = Counter()
    office = Office(workspace / "office")
    write_office(office.folder)
    for words in (RUN_JANUARY, APPROVE_JANUARY):
        assert Attempt(office, words).end() == 0
    for name, words in (("run", RUN_FEBRUARY), ("approve", APPROVE_FEBRUARY)):
        kept = workspace / f"before {name}"
        office.keep(kept)
        before = without_moments(office.state())
        whole = Attempt(office, words)
        assert whole.end() == 0, whole.told
        after = without_moments(office.state())
        stages = list(whole.stages)
        writing = whole.stages["the end"] - whole.stages["writing the papers"]
        killed = 0
        while killed < times // 2:
            office.put_back(kept)
            # Anywhere in one time of three; else where files and ledger are written, up to its last moments.
            stage = rng.choice(stages[:-1]) if rng.random() < 1 / 3 else "writing the papers"
            attempt = Attempt(office, words)
            if not attempt.kill_after(stage, rng.uniform(0, 1.1 * writing if stage == "writing the papers" else 0.2)):
                seen[f"{name}: had ended before the kill"] += 1
                continue
            killed += 1
            left = without_moments(office.state())
            seen[f"{name}: killed during '{list(attempt.stages)[-2]}'" if len(attempt.stages) > 1 else f"{name}: killed at its start"] += 1
            for file in left.keys() - {"records"}:
                if not file.startswith(".staging"):
                    assert left[file] in (before.get(file), after.get(file)), f"{file} is half written"
            again = Attempt(office, words)
            code = again.end()
            assert code == 0 or (name == "approve" and "is final" in "".join(again.told)), again.told
            found = without_moments(office.state())
            assert found == after, sorted(file for file in found.keys() | after.keys() if found.get(file) != after.get(file))
            seen[f"{name}: started again, all as undisturbed"] += 1
            seen[f"{name}: told that the former was cut off"] += any("cut off" in line for line in again.told)
        if name == "run":
            shutil.rmtree(kept)
    return seen


@pytest.mark.campaign
def test_killed_at_two_hundred_random_moments_real_commands_end_as_undisturbed_when_given_again(workspace, capsys):
    began = time.monotonic()
    seen = killed_at_random(workspace, 200, "campaign")
    assert count(seen, "all as undisturbed") == 200
    with capsys.disabled():
        print()  # noqa: T201 - the counts that the campaign is asked for
        for what, times in sorted(seen.items()):
            print(f"{times:>6}  {what}")  # noqa: T201
        print(f"200 kills in {(time.monotonic() - began) / 60:.0f} minutes: 0 lost, 0 double, 0 half-written files")  # noqa: T201
