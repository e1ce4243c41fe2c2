"""Replaying: a final run keeps what it read, and comes out of it again to the last byte, or it is said what differs."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import random
import shutil
import stat
import sys
from pathlib import Path

import pytest
from disturbance import Fails, disturbed
from test_month import BUDGET, FEBRUARY, JANUARY, MARCH, Office, agreed, at, hours, settle_six_months
from workbench import files_in

from settlement.cli import main
from settlement.run import computing, kept, month, replay
from settlement.run import receipt as receipts
from settlement.run.blocked import Blocked
from settlement.run.digests import FileDigest, combined_digest, digest_of
from settlement.run.kept import KEPT, NotKept, is_kept, keep, kept_chunks, restore
from settlement.run.ledger import Ledger
from settlement.run.month import approve, draft
from settlement.run.outbox import STAGING, finish_pending
from settlement.run.replay import Replayed, chain_faults
from settlement.run.snapshot import CopiedFolder, snapshot
from settlement.run.versions import versions

LOGO = Path(__file__).parents[1] / "rules" / "every" / "logo.png"


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an office with a logo, whose January is final."""
    folder = tmp_path_factory.mktemp("settled")
    office = Office(folder, logo="logo.png")
    shutil.copyfile(LOGO, office.workspace.rules / "logo.png")
    office.settle(JANUARY)
    return folder


@pytest.fixture
def office(tmp_path: Path, settled: Path) -> Office:
    """It, moved to a place of its own."""
    office = Office(tmp_path, logo="logo.png")
    shutil.copytree(settled, tmp_path, dirs_exist_ok=True)
    return office


@pytest.fixture(scope="module")
def drafted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an office that has a draft of January."""
    folder = tmp_path_factory.mktemp("drafted")
    Office(folder).draft(JANUARY)
    return folder


@pytest.fixture
def undecided_office(tmp_path: Path, drafted: Path) -> Office:
    """It, moved to a place of its own."""
    office = Office(tmp_path)
    shutil.copytree(drafted, tmp_path, dirs_exist_ok=True)
    return office


def replayed(office: Office) -> list[Replayed]:
    with Ledger.open(office.workspace.ledger, create=False) as ledger:
        assert chain_faults(office.workspace, ledger) == []
        return [replay.replay(office.workspace, ledger, run, lambda _: None) for run in ledger.runs()]


def told(one: Replayed) -> list[str]:
    return [str(difference) for difference in one.differences]


def flip(path: Path, chance: random.Random) -> None:
    """One bit of one byte is changed."""
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(bytes(content))


def kept_path(office: Office, source: Path) -> Path:
    """Where the content of a file is kept."""
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    (found,) = (office.workspace.outputs / KEPT / digest[:2]).glob(f"{digest[2:]}*")
    return found


# ---- the same again --------------------------------------------------------------------------------------


def test_every_run_comes_out_the_same_when_rules_and_deliveries_are_gone(office):
    """A month, the next, a correction of it, a tariff changed in retrospect, and a month in which that is offset."""
    office.deliver(FEBRUARY, hours(2, "1,5", FEBRUARY))
    office.settle(FEBRUARY)
    office.deliver(FEBRUARY, hours(2, "2,5", FEBRUARY), name="levering v2")
    office.settle(FEBRUARY)
    office.rules(agreed(tariff="€ 40,00"), BUDGET)
    shutil.copyfile(LOGO, office.workspace.rules / "logo.png")
    office.deliver(MARCH, hours(4, "2,00", MARCH))
    office.settle(MARCH)
    shutil.rmtree(office.workspace.rules)
    shutil.rmtree(office.workspace.inputs)
    before = files_in(office.workspace.outputs)
    found = replayed(office)
    assert [one.run.name for one in found] == ["R-2018-01-0001", "R-2018-02-0002", "R-2018-02-0003", "R-2018-03-0004"]
    assert (office.workspace.outputs / "2018-02-correctie-1" / "run.json").exists()
    assert [(told(one), one.kept) for one in found] == [([], True)] * 4
    assert files_in(office.workspace.outputs) == before


def test_a_run_with_claims_and_two_persons_comes_out_the_same(tmp_path):
    office = Office(tmp_path, negative_payable="claim", approval="two persons")
    for change in (lambda: None, lambda: office.rules(agreed(tariff="€ 40,00"), BUDGET)):
        change()
        period = JANUARY if not office.paid() else FEBRUARY
        office.draft(period)
        office.approve(period, "A. de Vries")
        office.approve(period, "B. Jansen")
    with Ledger.open(office.workspace.ledger, create=False) as ledger:
        assert ledger.claims() == {"A-1": 75_00}
    assert [told(one) for one in replayed(office)] == [[], []]


def test_the_ledger_answers_what_it_answered_before_each_run(office):
    states = []

    def state(ledger: Ledger) -> tuple[object, ...]:
        return (
            ledger.head(), ledger.next_name(MARCH), ledger.settled(), ledger.paid(), ledger.balance(), ledger.claims(),
            ledger.paid_by_month("A-1"), ledger.runs(), ledger.last_final(FEBRUARY),
        )  # fmt: skip

    for period in (FEBRUARY, MARCH):
        with Ledger.open(office.workspace.ledger, create=False) as ledger:
            states.append(state(ledger))
        office.deliver(period, hours(period.month, "1,25", period))
        office.settle(period)
    with Ledger.open(office.workspace.ledger, create=False) as ledger:
        empty, *_ = (state(ledger.before(run)) for run in ledger.runs())
        assert [state(ledger.before(run)) for run in ledger.runs()[1:]] == states
        assert state(ledger)[0] not in {one[0] for one in states}
        assert empty[1:] == ("R-2018-03-0001", {}, {}, {}, {}, {}, [], None)
        with pytest.raises(ValueError, match="opened for reading"):
            ledger.before(ledger.runs()[0]).record(None, [], [], {})  # type: ignore[arg-type]


@pytest.mark.campaign
def test_every_month_of_the_region_comes_out_the_same_after_the_ledger_has_six(tmp_path, monkeypatch, capsys):
    """Through the command line, in a folder where there are no rules and no deliveries."""
    workspace = settle_six_months(tmp_path)[0]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["settlement", "verify", "--json", f"--outputs={workspace.outputs}"])
    with pytest.raises(SystemExit) as ended:
        main()
    answer = json.loads(capsys.readouterr().out)
    assert [(one["period"], one["outcome"]) for one in answer["runs"]] == [(f"2018-0{number}", "same") for number in range(1, 7)]
    assert (ended.value.code, answer["ledger"]) == (0, [])
    sys.stdout.write(f"{sum(one['files'] for one in answer['runs'])} files of six months the same to the last byte\n")


# ---- what differs ----------------------------------------------------------------------------------------


def test_every_file_that_a_run_wrote_is_named_when_a_byte_of_it_changes_or_it_is_gone(office):
    chance = random.Random(1)
    with Ledger.open(office.workspace.ledger, create=False) as ledger:
        (run,) = ledger.runs()
        written = list(ledger.files(run))
    assert sorted(written) == sorted(path for path in files_in(office.workspace.outputs) if path.startswith("2018-01/"))
    for path in written:
        flip(office.workspace.outputs / path, chance)
    (one,) = replayed(office)
    assert told(one) == [f"{path} in the outputs is not what the run wrote" for path in written]
    assert one.reasons == ("Files in the outputs were changed, moved or removed after the run; the ledger holds what was paid.",)
    shutil.rmtree(office.workspace.outputs / "2018-01")
    (one,) = replayed(office)
    assert told(one) == [f"{path} is gone from the outputs" for path in written]


def test_every_file_that_a_run_read_is_named_when_what_is_kept_of_it_is_damaged_or_missing(office):
    read = [*(office.workspace.rules.iterdir()), *(office.workspace.inputs.rglob("*.csv"))]
    names = sorted(f"{'rules' if path.parent.name == 'rules' else 'inputs/2018-01'}/{path.name}" for path in read)
    receipt = json.loads((office.workspace.outputs / "2018-01" / "run.json").read_bytes())
    assert names == sorted(f"{source}/{path}" for source in ("rules", "inputs") for path in receipt[source]["files"])
    for path in read:
        place = kept_path(office, path)
        content = place.read_bytes()
        place.write_bytes(content[:-5] + bytes([content[-5] ^ 1]) + content[-4:])
    (one,) = replayed(office)
    assert told(one) == [f"{name} is damaged in the store of kept files" for name in names]
    assert "was not computed again" in one.reasons[0]
    for path in read:
        kept_path(office, path).unlink()
    (one,) = replayed(office)
    assert told(one) == [f"{name} is missing from the store of kept files" for name in names]


def test_without_its_kept_receipt_a_run_is_replayed_by_the_one_that_was_published_and_it_is_told(office):
    kept_path(office, office.workspace.outputs / "2018-01" / "run.json").unlink()
    (one,) = replayed(office)
    assert told(one) == ["run.json is missing from the store of kept files, or damaged there"]
    (office.workspace.outputs / "2018-01" / "run.json").unlink()
    (one,) = replayed(office)
    assert told(one) == ["2018-01/run.json is gone from the outputs", "run.json is missing from the store of kept files, or damaged there"]


def otherwise(monkeypatch: pytest.MonkeyPatch, change: tuple[str, str]) -> None:
    """A program that computes otherwise: as if a rule file said something else."""
    real = computing.compute_again

    def again(workspace, run, copied):
        path = copied["rules"].path / "a-1.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
        return real(workspace, run, copied)

    monkeypatch.setattr(replay, "compute_again", again)


def test_the_first_figure_that_comes_out_otherwise_is_told_with_what_it_was(office, monkeypatch):
    otherwise(monkeypatch, ("€ 60,00", "€ 61,00"))
    (one,) = replayed(office)
    # 3,75 hours of 60,00 are 225,00; of 61,00, 228,75.
    assert told(one)[0] == "BS-2018-01-A-1, begeleiding, tariff of 2018-01 (contract year 2018): was € 225,00, comes out € 228,75"
    assert "the payment of BS-2018-01-A-1: was € 225,00 to NL20INGB0001234567" in "\n".join(told(one))
    assert [path for path in told(one) if path.endswith("with other bytes")] == [
        f"2018-01/{name} comes out with other bytes"
        for name in ("alerts.html", "alerts.xlsx", "payments.csv", "run.json", "statements/BS-2018-01-A-1.parquet", "statements/BS-2018-01-A-1.xlsx")
    ]
    assert one.reasons == (
        "Nothing explains it: the same program, libraries, files and ledger. This is a fault of the program or the machine: report it.",
    )


def test_a_paper_that_comes_out_with_other_bytes_is_named_where_no_amount_differs(office, monkeypatch):
    otherwise(monkeypatch, ("Overeenkomst A-1", "Overeenkomst A1"))
    (one,) = replayed(office)
    assert told(one) == [
        "2018-01/run.json comes out with other bytes", "2018-01/statements/BS-2018-01-A-1.xlsx comes out with other bytes",
    ]  # fmt: skip


def test_other_versions_are_no_difference_by_themselves_and_explain_one_that_there_is(tmp_path, monkeypatch):
    office = Office(tmp_path)
    with monkeypatch.context() as then:
        then.setattr(receipts, "versions", lambda: {**versions(), "polars": "2.0.0", "code": "0" * 64})
        office.settle(JANUARY)
    assert json.loads((office.workspace.outputs / "2018-01" / "run.json").read_bytes())["made_with"]["polars"] == "2.0.0"
    assert [(told(one), one.reasons) for one in replayed(office)] == [([], ())]
    otherwise(monkeypatch, ("€ 60,00", "€ 61,00"))
    (one,) = replayed(office)
    assert one.reasons == (
        f"It was made with polars 2.0.0; this is {versions()['polars']}.",
        f"The code of settlement {versions()['settlement']} is not what it was: a change without another version number.",
    )


def test_a_run_that_cannot_be_computed_any_more_is_told_and_the_others_are_replayed(office, monkeypatch):
    office.settle(FEBRUARY)
    real = computing.compute_again

    def again(workspace, run, copied):
        if run.period == JANUARY:
            raise ZeroDivisionError("C-1 lives at Havenstraat 12")
        return real(workspace, run, copied)

    monkeypatch.setattr(replay, "compute_again", again)
    assert [told(one) for one in replayed(office)] == [["it cannot be computed again: ZeroDivisionError"], []]


def test_a_publication_that_was_interrupted_explains_what_is_missing_and_the_next_command_mends_it(undecided_office, monkeypatch):
    office = undecided_office
    with monkeypatch.context() as killed:
        killed.setattr("settlement.run.outbox.Staged.publish", lambda self: sys.exit("killed"))
        with pytest.raises(SystemExit):
            office.approve(JANUARY)
    (one,) = replayed(office)
    assert one.differences
    assert one.reasons[0] == "Its publication was interrupted: the next 'settlement run' or 'settlement approve' finishes that."
    office.draft(FEBRUARY)
    assert [told(one) for one in replayed(office)] == [[]]


# ---- before runs kept anything ---------------------------------------------------------------------------


@pytest.fixture
def older_office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """January was made final by a version that kept nothing; February by this one."""
    office, real = Office(tmp_path), receipts.to_json
    with monkeypatch.context() as then:
        then.setattr(month, "keep", lambda *_, **__: None)
        then.setattr(receipts, "to_json", lambda content: real({name: value for name, value in content.items() if name != "made_with"}))
        office.settle(JANUARY)
    office.settle(FEBRUARY)
    return office


def test_a_run_of_before_runs_kept_anything_is_told_as_such_and_its_files_are_compared(older_office):
    january, february = replayed(older_office)
    assert (january.kept, told(january)) == (False, [])
    assert (february.kept, told(february)) == (True, [])
    flip(older_office.workspace.outputs / "2018-01" / "payments.csv", random.Random(2))
    january, _ = replayed(older_office)
    assert told(january) == ["2018-01/payments.csv in the outputs is not what the run wrote"]


# ---- the receipt -----------------------------------------------------------------------------------------


def test_the_receipt_has_every_file_that_was_read_and_written_with_its_digest(office):
    workspace = office.workspace
    receipt = json.loads((workspace.outputs / "2018-01" / "run.json").read_bytes())
    for source, folder in workspace.sources.items():
        digests = {path: hashlib.sha256(content).hexdigest() for path, content in files_in(folder).items()}
        assert receipt[source] == {"digest": combined_digest(digests), "files": digests}
    assert "logo.png" in receipt["rules"]["files"]
    written = files_in(workspace.outputs / "2018-01")
    own = {name: written.pop(name) for name in ("run.json", ".manifest.json")}
    assert receipt["files"] == {
        path: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)} for path, content in written.items()
    }
    with Ledger.open(workspace.ledger, create=False) as ledger:
        (run,) = ledger.runs()
        assert ledger.files(run) == {f"2018-01/{path}": digest_of(content) for path, content in {**written, **own}.items()}
        assert run.receipt_digest == hashlib.sha256(own["run.json"]).hexdigest()
        assert receipt["ledger_before"] == run.previous
    assert receipt["made_with"] == versions()
    assert {"settlement", "code", "python", "polars", "openpyxl", "durable-rules"} <= versions().keys()


def test_a_byte_changed_in_any_file_that_was_read_is_named_by_the_approval(office):
    office.deliver(FEBRUARY, hours(2, "1,5", FEBRUARY))
    office.draft(FEBRUARY)
    chance = random.Random(3)
    read = {path: path.read_bytes() for folder in office.workspace.sources.values() for path in folder.rglob("*") if path.is_file()}
    for path, content in read.items():
        flip(path, chance)
        what = "rule file" if path.is_relative_to(office.workspace.rules) else "delivery"
        with pytest.raises(Blocked, match=f"{what} .*{path.name} was changed"):
            office.approve(FEBRUARY)
        path.write_bytes(content)
    assert office.approve(FEBRUARY) == 98_34


def test_a_receipt_names_places_the_same_wherever_the_folders_lie_and_the_user_sees_his_own(office, tmp_path):
    path = office.workspace.rules / "a-1.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("€ 60,00", "60,00"), encoding="utf-8")
    made = draft(office.workspace, FEBRUARY, at(FEBRUARY))
    (problem,) = [one for one in made.computed.problems if one.contract == "A-1"]
    assert str(problem).startswith(f"{path.as_posix()}:")
    assert office.receipt("2018-02")["problems"][0].startswith("rules/a-1.yaml:")
    assert not any(str(tmp_path).encode() in content for name, content in files_in(office.workspace.outputs).items() if "2018" in name)


# ---- keeping ---------------------------------------------------------------------------------------------


def test_a_draft_keeps_nothing(undecided_office):
    assert not (undecided_office.workspace.outputs / KEPT).exists()


def test_each_content_is_kept_once_however_many_files_and_runs_have_it(office):
    first = files_in(office.workspace.outputs / KEPT)
    office.deliver(FEBRUARY, hours(2, "1,5", FEBRUARY))
    shutil.copyfile(office.workspace.rules / "logo.png", office.workspace.rules / "logo-oud.png")
    office.settle(FEBRUARY)
    second = files_in(office.workspace.outputs / KEPT)
    # New are February's delivery and February's receipt.
    assert (len(first), len(second) - len(first)) == (7, 2)
    assert {path: second[path] for path in first} == first


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="file names are text there")
def test_a_delivery_whose_name_is_no_text_is_told_and_kept_as_any_other(office):
    name = os.fsencode(office.workspace.inputs / "2018-02") + b"/na\xefm.csv"
    office.deliver(FEBRUARY, hours(2, "1,5", FEBRUARY))
    with open(name, "wb") as file:  # noqa: PTH123 - bytes
        file.write(b"a;b\n")
    made = draft(office.workspace, FEBRUARY, at(FEBRUARY))
    assert [one.code for one in made.computed.problems] == ["unprintable-name"]
    assert office.approve(FEBRUARY) == 98_34
    assert [told(one) for one in replayed(office)] == [[], []]


def test_text_is_kept_compressed_and_a_picture_as_it_is(tmp_path):
    office = Office(tmp_path, logo="logo.png")
    picture = random.Random(5).randbytes(5_000)
    shutil.copyfile(LOGO, office.workspace.rules / "logo.png")
    (office.workspace.rules / "scan.png").write_bytes(picture)
    office.deliver(JANUARY, *(hours(number % 28, "0,25", reference=str(number)) for number in range(400)))
    office.settle(JANUARY)
    delivered = next(office.workspace.inputs.rglob("*.csv"))
    assert kept_path(office, delivered).suffix == ".gz"
    assert kept_path(office, delivered).stat().st_size < delivered.stat().st_size / 4
    assert kept_path(office, office.workspace.rules / "scan.png").read_bytes() == picture
    assert [told(one) for one in replayed(office)] == [[]]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps permissions otherwise")
def test_who_may_not_read_a_delivery_may_not_read_what_is_kept_of_it(tmp_path):
    office = Office(tmp_path)
    delivered = next(office.workspace.inputs.rglob("*.csv"))
    delivered.chmod(0o644)
    delivered.parent.chmod(0o750)
    (office.workspace.rules / "b-1.yaml").chmod(0o600)
    (office.workspace.rules / "a-1.yaml").chmod(0o644)
    office.settle(JANUARY)

    def bits(source: Path) -> int:
        return stat.S_IMODE(kept_path(office, source).stat().st_mode)

    assert bits(delivered) & 0o007 == 0
    assert bits(office.workspace.rules / "b-1.yaml") == 0o600
    assert bits(office.workspace.rules / "a-1.yaml") & 0o600 == 0o600


def test_what_is_kept_damaged_is_written_anew_by_the_next_run_that_reads_it(office):
    flip(kept_path(office, office.workspace.rules / "logo.png"), random.Random(7))
    kept_path(office, office.workspace.rules / "b-1.yaml").unlink()
    (one,) = replayed(office)
    assert len(told(one)) == 2
    office.settle(FEBRUARY)
    assert [told(one) for one in replayed(office)] == [[], []]


@pytest.mark.parametrize("operation", ["the first", "the first that writes what is kept"])
def test_when_the_disk_is_full_nothing_is_done_and_it_is_said(operation, undecided_office, monkeypatch):
    office, full = undecided_office, Fails(errno.ENOSPC, forever=True)
    before = files_in(office.workspace.outputs)
    with monkeypatch.context() as then:
        if operation != "the first":
            then.setattr("settlement.run.outbox._write", lambda *_: full())
        begin = disturbed(1, full) if operation == "the first" else contextlib.nullcontext()
        with pytest.raises(Blocked, match="The disk is full"), begin:
            office.approve(JANUARY)
    assert files_in(office.workspace.outputs) == before
    assert office.paid() == {}
    assert not (office.workspace.outputs / KEPT).exists()


def test_when_the_papers_find_no_room_what_was_kept_for_them_is_gone_at_once(undecided_office, monkeypatch):
    office = undecided_office
    before = files_in(office.workspace.outputs)

    def full(*_: object, **__: object) -> None:
        raise Blocked("The disk is full.")

    with monkeypatch.context() as then:
        then.setattr(month, "stage", full)
        with pytest.raises(Blocked):
            office.approve(JANUARY)
    assert files_in(office.workspace.outputs) == before
    assert not (office.workspace.outputs / STAGING).exists()


@pytest.fixture
def read(tmp_path: Path) -> tuple[dict[str, Path], dict[str, CopiedFolder]]:
    """A snapshot of two folders."""
    sources = {"rules": tmp_path / "rules", "inputs": tmp_path / "inputs"}
    for name, folder in sources.items():
        folder.mkdir()
        (folder / "one.csv").write_text(f"{name};" * 500, encoding="utf-8")
        (folder / "two.bin").write_bytes(random.Random(name).randbytes(300))
    return sources, dict(snapshot(sources, tmp_path / "copy"))


@pytest.mark.parametrize("recorded", [True, False])
def test_a_fault_at_any_operation_leaves_all_of_a_run_kept_or_nothing_of_it(recorded, read, tmp_path):
    sources, copied = read
    outputs, at_operation = tmp_path / "outputs", 0
    while True:
        at_operation += 1
        shutil.rmtree(outputs, ignore_errors=True)
        outputs.mkdir()
        with disturbed(at_operation, Fails(errno.EIO)) as begun:
            try:
                staged = keep(outputs, copied, sources, b"{}", awaits="run")
                assert staged is not None
                if recorded:
                    staged.publish()
                complete = True
            except Blocked:
                complete = False
        finish_pending(outputs, lambda _: recorded)
        found = {path for path in files_in(outputs) if path.startswith(KEPT)}
        assert len(found) in ({5, 0} if recorded else {0})
        assert not (outputs / STAGING).exists()
        assert len(found) == (5 if recorded and complete else len(found))
        assert all(is_kept(outputs, file.digest) == bool(found) for folder in copied.values() for file in folder.files.values())
        if len(begun) < at_operation:
            break
    assert at_operation > 25


def test_what_is_kept_is_laid_out_as_it_was_read(read, tmp_path):
    sources, copied = read
    staged = keep(tmp_path / "outputs", copied, sources, b"{}", awaits="run")
    assert staged is not None
    staged.publish()
    assert keep(tmp_path / "outputs", copied, sources, b"{}", awaits="run") is None
    receipt = {name: {"files": {path: file.digest for path, file in folder.files.items()}} for name, folder in copied.items()}
    restored = restore(tmp_path / "outputs", receipt, tmp_path / "again")
    assert restored.lost == {}
    assert {name: folder.files for name, folder in restored.copied.items()} == {name: folder.files for name, folder in copied.items()}
    for name, folder in sources.items():
        assert files_in(tmp_path / "again" / name) == files_in(folder)


def test_a_receipt_cannot_have_a_file_laid_out_elsewhere(read, tmp_path):
    sources, copied = read
    staged = keep(tmp_path / "outputs", copied, sources, b"{}", awaits="run")
    assert staged is not None
    staged.publish()
    digest = copied["rules"].files["one.csv"].digest
    paths = ["../../planted", str(tmp_path / "planted"), "a/../../b"]
    restored = restore(tmp_path / "outputs", {"rules": {"files": dict.fromkeys(paths, digest)}, "inputs": {"files": {}}}, tmp_path / "again")
    assert set(restored.lost) == {f"rules/{path}" for path in paths}
    assert not list(tmp_path.rglob("planted"))
    assert not list(tmp_path.rglob("b"))


def test_a_kept_file_that_expands_without_end_is_called_damaged(tmp_path, monkeypatch):
    import gzip

    content = bytes(5_000_000)
    digest = hashlib.sha256(content).hexdigest()
    path = tmp_path / KEPT / digest[:2] / f"{digest[2:]}.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(content))
    assert is_kept(tmp_path, digest)
    assert FileDigest(digest, len(content)) == digest_of(b"".join(kept_chunks(tmp_path, digest)))
    monkeypatch.setattr(kept, "MAX_FILE_BYTES", 4_000_000)
    with pytest.raises(NotKept, match="damaged"):
        list(kept_chunks(tmp_path, digest))
    monkeypatch.undo()
    path.write_bytes(path.read_bytes()[:-9])
    assert not is_kept(tmp_path, digest)


# ---- the command -----------------------------------------------------------------------------------------


@pytest.fixture
def settlement(capsys, monkeypatch, office):
    """The command line on the office."""

    def give(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["settlement", *words, f"--outputs={office.workspace.outputs}"])
        with pytest.raises(SystemExit) as ended:
            main()
        answer = capsys.readouterr()
        return int(ended.value.code or 0), answer.out, answer.err

    return give


def test_the_command_tells_which_runs_come_out_the_same_and_which_differ(office, settlement):
    office.settle(FEBRUARY)
    code, out, _ = settlement("verify")
    assert code == 0
    assert "R-2018-01-0001  same      8 files, € 233,33 in 2 payments" in out
    assert "2 of 2 runs come out the same, to the last byte." in out
    (office.workspace.outputs / "2018-02" / "payments.csv").write_text("niets")
    code, out, _ = settlement("verify")
    assert code == 1
    assert "R-2018-02-0002  differs" in out
    assert "2018-02/payments.csv in the outputs is not what the run wrote" in out
    assert "1 of 2 runs comes out the same, to the last byte; 1 differ" in out
    assert settlement("verify", "--period", "2018-01")[0] == 0
    code, out, _ = settlement("verify", "--run", "R-2018-02-0002", "--json")
    answer = json.loads(out)
    assert (code, answer["exit_code"], answer["ledger"]) == (1, 1, [])
    assert [(one["run"], one["outcome"], [each["kind"] for each in one["differences"]]) for one in answer["runs"]] == [
        ("R-2018-02-0002", "differs", ["output"])
    ]


def test_the_command_says_what_to_type_when_there_is_no_such_run(office, settlement):
    for words in (["--run", "R-2018-09-0009"], ["--period", "2018-09"], ["--period", "maart"]):
        code, _, err = settlement("verify", *words)
        assert code == 2
        assert "R-2018-01-0001" in err or "2018-03" in err
    shutil.rmtree(office.workspace.outputs)
    code, out, _ = settlement("verify")
    assert (code, "Nothing is final yet" in out) == (0, True)
    assert not office.workspace.outputs.exists()


def test_an_answer_is_given_where_the_terminal_has_no_euro_sign(office, monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii", write_through=True))
    monkeypatch.setattr(sys, "argv", ["settlement", "verify", f"--outputs={office.workspace.outputs}"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, b"8 files, ? 233,33 in 2 payments" in written.getvalue()) == (0, True)


def test_no_run_is_held_against_a_ledger_that_is_not_whole(office, settlement):
    """A ledger of before February is put in its place: its chain is whole, but the receipts know of more."""
    older = office.workspace.ledger.read_bytes()
    office.settle(FEBRUARY)
    office.draft(MARCH)
    office.workspace.ledger.write_bytes(older)
    for beside in office.workspace.outputs.glob("ledger.sqlite-*"):
        beside.unlink()
    code, out, err = settlement("verify")
    assert code == 1
    assert "runs are missing" in err
    assert "The ledger is not whole" in out


def test_an_approval_moment_is_the_only_thing_of_time_in_a_run(undecided_office, drafted, tmp_path):
    """Approved at another moment, every file is the same; only the chain of the ledger is not."""
    other = Office(tmp_path / "other")
    shutil.copytree(drafted, tmp_path / "other", dirs_exist_ok=True)
    found = []
    for office, hour in ((undecided_office, 9), (other, 17)):
        approve(office.workspace, JANUARY, "A. de Vries", at(JANUARY, hour))
        with Ledger.open(office.workspace.ledger, create=False) as ledger:
            head = ledger.head()
        found.append(({path: content for path, content in files_in(office.workspace.outputs).items() if path != "ledger.sqlite"}, head))
    assert found[0][0] == found[1][0]
    assert found[0][1] != found[1][1]
