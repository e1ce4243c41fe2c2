"""What goes wrong in an office: each ends with a clear message and nothing half done, and works when it is over."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import shim
from six_providers import JANUARY, write_office
from workbench import files_in

from settlement import cli
from settlement.run import month as months
from settlement.run import snapshot as snapshots
from settlement.run.blocked import Blocked
from settlement.run.ledger import Ledger

RUN, APPROVE = ["run", "--period", JANUARY], ["approve", "--period", JANUARY, "--by", "A. de Vries"]
ROOT = os.name == "posix" and os.geteuid() == 0


class Answer:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


class Office:
    """A small office, whose commands are given in this process or as a process of their own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._capsys, self._monkeypatch = folder, capsys, monkeypatch
        write_office(folder, only="AB")
        monkeypatch.chdir(folder)

    @property
    def outputs(self) -> Path:
        return self.folder / "outputs"

    def give(self, *words: str) -> Answer:
        self._monkeypatch.setattr(sys, "argv", ["settlement", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = self._capsys.readouterr()
        assert "Traceback" not in said.err
        assert "unexpected fault" not in said.err
        return Answer(int(ended.value.code or 0), said.out, said.err)

    def start(self, *words: str, program: tuple[str, ...] = ("-m", "settlement.cli"), **more: str) -> subprocess.Popen[str]:
        with obeying_ctrl_c():
            return subprocess.Popen(
                [sys.executable, *program, *words], cwd=self.folder, env=shim.plain(**more), text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip

    def refused(self, words: list[str], *told: str) -> None:
        """The command is refused, says what is told, changes nothing and records nothing."""
        before, records = files_in(self.outputs), self.runs()
        answer = self.give(*words)
        assert answer.code == 2, answer.err
        for text in told:
            assert text in answer.err
        assert files_in(self.outputs) == before
        assert self.runs() == records

    def runs(self) -> list[str]:
        with Ledger.open(self.outputs / "ledger.sqlite", create=False) as ledger:
            assert ledger.verify() == []
            return [run.name for run in ledger.runs()]

    def settled(self) -> None:
        """January is settled now, once and whole."""
        assert self.give(*RUN).code == 0
        assert self.give(*APPROVE).code == 0
        assert self.runs() == ["R-2018-01-0001"]
        assert not (self.outputs / ".staging").exists()


@pytest.fixture
def office(tmp_path, capsys, monkeypatch) -> Office:
    return Office(tmp_path / "office", capsys, monkeypatch)


def until(process: subprocess.Popen[str], words: str) -> list[str]:
    """What the process has told, up to these words."""
    told = []
    for line in process.stderr or ():
        told.append(line)
        if words in line:
            return told
    raise AssertionError("".join(told))


def ended(process: subprocess.Popen[str]) -> Answer:
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    return Answer(process.returncode, out, err)


# ---- the disk --------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(office) -> Iterator[Office]:
    """The outputs on a disk of 3 MB."""
    office.outputs.mkdir()
    mounted = ROOT and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(office.outputs)], capture_output=True, check=False)
    if not mounted or mounted.returncode:
        pytest.skip("a disk can only be mounted by the administrator; test_killed_anywhere.py fills it otherwise")
    yield office
    subprocess.run(["umount", str(office.outputs)], check=True)


def fill(disk: Path) -> Path:
    """Fills a disk to its last byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    return filler


def test_a_disk_that_is_full_is_said_and_the_command_works_when_there_is_room_again(small_disk):
    for words in (RUN, APPROVE):
        filler = fill(small_disk.outputs)
        small_disk.refused(words, "No space left on device", "ake room", "then give the command again")
        filler.unlink()
        assert small_disk.give(*words).code == 0
    assert small_disk.runs() == ["R-2018-01-0001"]


def test_a_ledger_is_made_whole_or_not_at_all_however_little_room_there_is(small_disk):
    ledger = small_disk.outputs / "ledger.sqlite"
    filler = fill(small_disk.outputs)
    helps = []
    for _ in range(50):
        with filler.open("r+b") as file:
            file.truncate(max(filler.stat().st_size - 4096, 0))
        try:
            Ledger.open(ledger).close()
        except Blocked as blocked:
            helps.append(blocked.help)
        if ledger.exists():
            assert small_disk.runs() == []
    assert len(helps) > 5
    assert all("room" in told for told in helps)


def test_a_disk_on_which_nothing_may_be_written_is_said(small_disk):
    assert small_disk.give(*RUN).code == 0
    for words in (RUN, APPROVE):
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk.outputs)], check=True)
        small_disk.refused(words, "Read-only file system", "--outputs")
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk.outputs)], check=True)
    small_disk.settled()


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Within it this process is no administrator, who may write anywhere."""
    if ROOT:
        os.seteuid(65534)
    try:
        yield
    finally:
        if ROOT:
            os.seteuid(0)


def test_outputs_in_which_one_may_not_write_are_said(capsys, monkeypatch):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        office = Office(Path(folder) / "office", capsys, monkeypatch)
        assert office.give(*RUN).code == 0
        for path in (office.outputs, *office.outputs.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        with ordinary_user():
            for words in (RUN, APPROVE):
                office.refused(words, "Permission denied", "--outputs")
        for path in (office.outputs, *office.outputs.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        office.settled()


def test_a_quota_that_is_used_up_is_said(office, tmp_path):
    assert office.give(*RUN).code == 0
    before = files_in(office.outputs)
    environment = shim.armed(shim.compiled(tmp_path), [office.outputs], 40, "full", errno.EDQUOT)
    answer = ended(office.start(*APPROVE, **{name: environment[name] for name in ("LD_PRELOAD", "DISTURB")}))
    assert answer.code == 2
    assert os.strerror(errno.EDQUOT) in answer.err
    assert "ake room" in answer.err
    assert {name: content for name, content in files_in(office.outputs).items() if not name.startswith(".staging")} == before
    office.settled()


# ---- a workbook that is open -----------------------------------------------------------------------------


@pytest.fixture
def open_in_excel(office) -> Iterator[Callable[[str], None]]:
    """Keeps a file from being replaced: it is a place of mounting, and the system says that it is in use."""
    kept: list[Path] = []

    def keep(name: str) -> None:
        path = office.outputs / JANUARY / name
        mounted = ROOT and subprocess.run(["mount", "--bind", str(path), str(path)], capture_output=True, check=False)
        if not mounted or mounted.returncode:
            pytest.skip("only the administrator can mount; the next test fails the renaming otherwise")
        kept.append(path)

    yield keep
    for path in kept:
        subprocess.run(["umount", str(path)], check=True)


WORKBOOK = "statements/BS-2018-01-B-1.xlsx"


def test_a_draft_of_which_a_workbook_is_open_is_not_replaced_at_all(office, open_in_excel):
    assert office.give(*RUN).code == 0
    path = office.folder / "rules" / "b-1.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("€ 100,00", "€ 101,00"), encoding="utf-8")
    open_in_excel(WORKBOOK)
    office.refused(RUN, f"{WORKBOOK} cannot be written", "Nothing was changed", "If BS-2018-01-B-1.xlsx is open in Excel, close it")


def test_an_approval_of_which_a_workbook_is_open_is_finished_by_the_next_command(office, tmp_path):
    assert office.give(*RUN).code == 0
    environment = shim.armed(shim.compiled(tmp_path), [office.outputs / JANUARY], 1, "broken", errno.EBUSY, only=WORKBOOK)
    answer = ended(office.start(*APPROVE, **{name: environment[name] for name in ("LD_PRELOAD", "DISTURB")}))
    assert answer.code == 2
    assert f"{WORKBOOK} cannot be written: Device or resource busy. The run is recorded" in answer.err
    assert "If BS-2018-01-B-1.xlsx is open in Excel, close it" in answer.err
    assert office.runs() == ["R-2018-01-0001"]
    again = office.give(*APPROVE)
    assert "2018-01: what was being published is in its place now, whole." in again.err
    assert (again.code, office.runs()) == (0, ["R-2018-01-0001"])
    assert "R-2018-01-0001 is final" in again.out
    assert b'"status": "final"' in (office.outputs / JANUARY / "run.json").read_bytes()
    assert not (office.outputs / ".staging").exists()


# ---- what is read changes --------------------------------------------------------------------------------


def test_a_delivery_that_goes_on_changing_is_named_and_left_out_and_the_draft_does_not_hold_when_it_has_come(office):
    script = "import sys, time\nwhile True:\n    open(sys.argv[1], 'ab').write(b';\\n')\n    time.sleep(0.001)"
    path = office.folder / "inputs" / JANUARY / "B-1_levering.csv"
    whole = path.read_bytes()
    writer = subprocess.Popen([sys.executable, "-S", "-c", script, str(path)])
    try:
        while path.read_bytes() == whole:
            time.sleep(0.01)
        answer = office.give(*RUN)
        assert answer.code == 4
        assert "B-1_levering.csv: the file changed while it was read: it counts for nothing" in answer.err
        assert "No delivery of B-1" in answer.out
    finally:
        writer.kill()
        writer.wait()
    path.write_bytes(whole)
    office.refused(APPROVE, "delivery 2018-01/B-1_levering.csv is new")
    office.settled()


def test_a_delivery_that_is_still_being_copied_is_waited_for_and_read_whole(office, monkeypatch):
    path = office.folder / "inputs" / JANUARY / "B-1_levering.csv"
    whole, real = path.read_bytes(), snapshots._copy
    path.write_bytes(whole[:40])

    def copy(source: Path, target: Path) -> object:
        copied = real(source, target)
        if source.name == path.name:
            with path.open("ab") as file:  # another program writes the next piece
                file.write(whole[path.stat().st_size :][:70])
        return copied

    monkeypatch.setattr(snapshots, "_copy", copy)
    answer = office.give(*RUN)
    # 31 days of 100,00 and of 300,00 a week: 442,86 and 1.328,57.
    assert answer.code == 0
    assert "€ 1.771,43" in answer.out
    assert path.read_bytes() == whole
    assert len(whole) > 40 + 70  # it took more than one piece


def when(stage: str, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Does something at the moment at which a run begins a stage, once."""
    real = months.compute
    done: list[bool] = []

    def compute(*given: object, report: months.Report, **more: object) -> months.Computed:
        def watched(name: str) -> None:
            if name == stage and not done:
                done.append(True)
                act()
            report(name)

        return real(*given, report=watched, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(months, "compute", compute)


def test_a_rule_file_that_is_saved_halfway_is_not_in_the_run_and_the_approval_says_so(office, monkeypatch):
    path = office.folder / "rules" / "a-1.yaml"
    agreed = path.read_text(encoding="utf-8")
    when("rules", lambda: path.write_text(agreed.replace("€ 60,00", "€ 90,00"), encoding="utf-8"), monkeypatch)
    answer = office.give(*RUN)
    assert answer.code == 0
    assert "€ 210,00" in answer.out  # 3,5 hours of 60,00, as it was when the run began
    office.refused(APPROVE, "rule file a-1.yaml was changed", "settlement run --period 2018-01")
    path.write_text(agreed, encoding="utf-8")
    office.settled()


@pytest.mark.parametrize("source", ["rules", "inputs"])
def test_a_folder_that_vanishes_before_it_is_copied_is_said_and_after_that_is_not_missed(source, office, monkeypatch):
    assert office.give(*RUN).code == 0
    first = files_in(office.outputs)
    gone = office.folder / "elsewhere"
    with monkeypatch.context() as patch:
        when("snapshot", lambda: (office.folder / source).rename(gone), patch)
        office.refused(RUN, f"There is no folder {source}", f"--{source}")
        gone.rename(office.folder / source)
    when("rules", lambda: (office.folder / source).rename(gone), monkeypatch)
    assert office.give(*RUN).code == 0
    assert files_in(office.outputs) == first


def test_a_folder_that_vanishes_while_it_is_copied_is_not_taken_for_empty(office, monkeypatch):
    """As when a share is lost: a month without deliveries would be settled."""
    gone, real = office.folder / "elsewhere", snapshots._copy

    def copy(source: Path, target: Path) -> object:
        copied = real(source, target)
        if not gone.exists():
            (office.folder / "inputs").rename(gone)
        return copied

    monkeypatch.setattr(snapshots, "_copy", copy)
    office.refused(RUN, "inputs has gone while it was being read", "then give the command again")


# ---- stopped ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "number", "stage", "code"),
    [(RUN, signal.SIGINT, "reading deliveries", 130), (APPROVE, signal.SIGTERM, "writing the papers", 143)],
)
def test_a_command_that_is_stopped_says_so_and_leaves_nothing_half_done(words, number, stage, code, office):
    if words is APPROVE:
        assert office.give(*RUN).code == 0
    before = files_in(office.outputs)
    process = office.start(*words)
    until(process, stage)
    os.killpg(process.pid, number)
    answer = ended(process)
    assert (answer.code, answer.err.splitlines()[-1]) == (code, "Stopped. What was under way was not recorded and not published.")
    assert files_in(office.outputs) == before
    assert office.runs() == []
    assert not (office.outputs / ".staging").exists()
    office.settled()


@contextmanager
def obeying_ctrl_c() -> Iterator[None]:
    """As at a keyboard: tests that run in the background are often started deaf to Ctrl-C, and so are their children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_that_comes_while_a_run_is_recorded_waits_until_all_is_in_place(number, office, monkeypatch):
    assert office.give(*RUN).code == 0
    real = Ledger.record

    def record(self: Ledger, *given: object) -> object:
        os.kill(os.getpid(), number)
        return real(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "record", record)
    with obeying_ctrl_c():
        answer = office.give(*APPROVE)
    assert answer.code == 0
    assert "R-2018-01-0001 is final" in answer.out
    assert "Asked to stop when everything was about to be in place: it was finished first." in answer.err
    assert office.runs() == ["R-2018-01-0001"]
    assert not (office.outputs / ".staging").exists()


def test_who_asks_to_stop_a_process_that_ends_changes_no_exit_code(office):
    asks = "import atexit, os, signal; atexit.register(lambda: [os.kill(os.getpid(), each) for each in (signal.SIGINT, signal.SIGTERM)])"
    process = office.start(*RUN, program=("-c", f"{asks}; import settlement.cli as c; c.main()"))
    assert ended(process).code == 0


@pytest.mark.campaign
def test_workers_that_write_workbooks_end_without_a_word_when_the_command_is_stopped_or_killed(office):
    program = "-c", "import settlement.run.papers as m; m.MANY_WORKBOOKS = 2; import settlement.cli as c; c.main()"
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)):
        for wait in (0.3, 0.8, 1.5):
            process = office.start(*RUN, program=program)
            until(process, "writing the papers")
            time.sleep(wait)
            if number == signal.SIGINT:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
            answer = ended(process)  # which waits until no worker has its output any more
            if answer.code:
                assert answer.code == code
                # Python's own housekeeper may speak of a process that was killed.
                told = re.sub(r".*resource_tracker: There appear to be .*\n.*\n", "", answer.err)
                assert [line for line in told.splitlines() if not re.match(r" *[\d.]+ s ", line)] == (
                    [] if code < 0 else ["Stopped. What was under way was not recorded and not published."]
                )
    office.settled()


# ---- killed, and two at once -----------------------------------------------------------------------------


def test_a_second_command_is_told_who_is_at_work_and_after_a_kill_what_was_cut_off(office):
    process = office.start(*RUN)
    until(process, "reading deliveries")
    os.kill(process.pid, signal.SIGSTOP)
    office.refused(RUN, "outputs is in use by", f"(process {process.pid}, 'settlement run --period 2018-01'), since 20", "Nothing was done.")
    process.kill()
    ended(process)
    answer = office.give(*RUN)
    assert answer.code == 0
    assert "The last command here was cut off before its end: " in answer.err
    assert f"(process {process.pid}, 'settlement run --period 2018-01')" in answer.err
    assert "cut off" not in office.give(*RUN).err


def test_the_service_that_was_killed_midway_settles_every_month_once_when_it_is_started_again(office):
    for path in (office.folder / "rules").glob("?-1.yaml"):
        path.write_text(path.read_text(encoding="utf-8").replace("2018-12-31", "2018-02-28"), encoding="utf-8")
    process = office.start("schedule")
    for line in process.stdout or ():
        if "2018-02 is due" in line:
            break
    process.kill()
    process.communicate()
    assert [path.parent.name for path in office.outputs.glob("*/run.json")] == ["2018-01"]
    first = files_in(office.outputs / "2018-01")
    answer = office.give("schedule", "--once")
    assert "2018-02 is settled as a draft" in answer.out
    assert "2018-01 is due" not in answer.out
    assert files_in(office.outputs / "2018-01") == first
    assert sorted(path.parent.name for path in office.outputs.glob("*/run.json")) == ["2018-01", "2018-02"]
    assert not (office.outputs / ".staging").exists()
    assert office.give("schedule", "--once").out == ""
    assert office.runs() == []
