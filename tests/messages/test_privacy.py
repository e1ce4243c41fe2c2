"""The children in messages stay unknown: a pseudonym under the office's key, and their numbers in no file but their answer."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path

import polars as pl
import pytest
from claims import ANNA, APRIL, BRAM, CARLA, KEY, MARCH, Office, agreed, message, minutes, nights, weeks
from workbench import files_in

from settlement.cli import main
from settlement.deliveries.mailbox import Pseudonyms, fingerprint_of
from settlement.run.messages import key_file

OTHER_AGB = "22220002"


def written(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with what is packed in it: workbooks by their parts, Parquet by its values."""
    found = {}
    for path, content in files_in(folder).items():
        packed = [content]
        if str(path).endswith(".xlsx"):
            with zipfile.ZipFile(io.BytesIO(content)) as book:
                packed += [book.read(name) for name in book.namelist()]
        if str(path).endswith(".parquet"):
            packed.append(repr(pl.read_parquet(io.BytesIO(content)).rows()).encode())
        found[str(path)] = b"\n".join(packed)
    return found


def command(office: Office, capsys, monkeypatch, *words: str) -> str:
    """What a command says, on both streams."""
    folders = [f"--{name}={getattr(office.workspace, name)}" for name in ("rules", "inputs", "outputs")]
    kept = folders if words[0] != "check" else folders[:2]
    monkeypatch.setattr(sys, "argv", ["settlement", *words, *kept])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr()
    return said.out + said.err


@pytest.fixture
def two_providers(tmp_path) -> Office:
    other = {**agreed("N-1"), "provider": "ander"}
    office = Office(tmp_path, (agreed("M-1"), other))
    path = office.workspace.rules / "providers.yaml"
    mine, both = path.read_text(encoding="utf-8").partition("voorbeeld:")[::2]
    path.write_text(f"{mine.replace('22220001', OTHER_AGB)}voorbeeld:{both}", encoding="utf-8")
    return office


def test_no_service_number_stands_in_any_file_but_the_answer_to_the_provider_that_sent_it(two_providers, capsys, monkeypatch):
    office = two_providers
    # Refused and granted lines, a number in a reference, a rejected message, one that cannot be read, and both providers.
    office.receive(message({
        ANNA: [minutes("R1", 60, 62_40), nights("R2", 31)],
        BRAM: [minutes(BRAM, allocation=CARLA), nights(f"X{ANNA}Y", 32, "4"), minutes("R3", 30, 31_18, allocation="6", previous=ANNA)],
    }))  # fmt: skip
    office.receive(message({ANNA: [minutes("R4")]}, total=1, number="DN2", identification=ANNA), "b.xml")
    office.receive(message({ANNA: [minutes("R5")]}).replace("DN001", f"DN-{ANNA}"), "c.xml")
    office.receive(message({CARLA: [weeks("R1", 9)]}, sender=OTHER_AGB), "d.xml")
    said = command(office, capsys, monkeypatch, "check")
    said += command(office, capsys, monkeypatch, "run", "--period", "2018-03")
    said += command(office, capsys, monkeypatch, "approve", "--period", "2018-03", "--by", "A. de Vries")
    said += command(office, capsys, monkeypatch, "explain", "M-1", "--period", "2018-03")
    files = written(office.workspace.outputs)
    assert any(path.endswith("ledger.sqlite") for path in files)
    holding = {number: sorted(path for path, content in files.items() if number.encode() in content) for number in (ANNA, BRAM, CARLA)}
    for number, folder in ((ANNA, "22220001"), (BRAM, "22220001"), (CARLA, OTHER_AGB)):
        assert number not in said
        assert any(f"/messages/{folder}/" in f"/{path}" for path in holding[number])
        # What a provider wrote into its own numbers goes back to itself as well.
        assert [path for path in holding[number] if f"/messages/{folder}/" not in f"/{path}" and "/messages/22220001/" not in f"/{path}"] == []
    assert not any(number.encode() in content for path, content in files.items() for number in (ANNA, BRAM) if OTHER_AGB in path)


def test_a_child_is_the_same_in_every_month_and_nobody_elses(tmp_path):
    office = Office(tmp_path)
    office.receive(message({ANNA: [minutes("R1")], BRAM: [nights("R2", 31)]}))
    office.receive(
        message({ANNA: [minutes("R3", start="2018-04-01", end="2018-04-30")]}, number="DN2", identification="ID2", period=APRIL, dated="2018-05-04"),
        month=APRIL,
    )
    lines = office.compute(APRIL).settlement.accepted.lines
    by_reference = dict(lines.select("reference", "client").iter_rows())
    assert by_reference["R1"] == by_reference["R3"] != by_reference["R2"]
    assert lines.get_column("client").n_unique() == 2


def test_a_pseudonym_depends_on_the_key_and_on_the_provider_and_not_on_anything_that_can_be_tried():
    mine = Pseudonyms(KEY.hex(), "22220001")
    assert mine.client(ANNA) == Pseudonyms(KEY.hex(), "22220001").client(ANNA)
    others = [Pseudonyms(KEY.hex(), "22220002"), Pseudonyms(bytes(32).hex(), "22220001")]
    assert len({mine.client(ANNA), mine.client(BRAM), *(other.client(ANNA) for other in others)}) == 4
    plain = {hashlib.new(name, ANNA.encode()).hexdigest()[:20] for name in ("md5", "sha1", "sha256")}
    assert mine.client(ANNA)[2:].lower() not in plain
    assert KEY.hex() not in fingerprint_of(KEY.hex())


def test_a_number_of_the_providers_is_covered_only_when_a_service_number_can_be_read_in_it():
    names = Pseudonyms(KEY.hex(), "22220001")
    # 123456789 gives 9+16+21+24+25+24+21+16−9 = 147, which is no multiple of eleven.
    assert [names.covered(text, {ANNA}) for text in ("R1", "2018-03-001", "123456789", "20180301000")] == [
        "R1", "2018-03-001", "123456789", "20180301000",
    ]  # fmt: skip
    for text in (ANNA, f"R{ANNA}", f"00{ANNA}11", BRAM, f"x-{BRAM}"):
        assert names.covered(text, {ANNA}).startswith("V-")
        assert names.covered(text, {ANNA}) == names.covered(text, {ANNA, BRAM})
    # Within longer digits only the numbers of the message itself are looked for: else every third number would be one.
    assert names.covered(f"00{BRAM}", {ANNA}) == f"00{BRAM}"


def test_two_runs_with_the_same_key_are_the_same_to_the_byte_and_another_key_changes_no_amount(tmp_path):
    first, second = Office(tmp_path / "a"), Office(tmp_path / "b")
    other = Office(tmp_path / "c", key=bytes(32))
    for office in (first, second, other):
        office.receive(message({ANNA: [minutes("R1", 60, 62_40)], BRAM: [nights("R2", 31)]}))
    made = [office.compute() for office in (first, second, other)]
    assert made[0].answers == made[1].answers == made[2].answers
    assert made[0].line_files == made[1].line_files != made[2].line_files
    assert made[0].client_key == made[1].client_key != made[2].client_key
    assert [one.to_pay_cents for one in made[0].statements] == [one.to_pay_cents for one in made[2].statements]


# ---- the key ---------------------------------------------------------------------------------------------


def test_the_command_makes_a_key_that_organisation_yaml_can_name_and_never_shows_it(tmp_path, capsys, monkeypatch):
    office = Office(tmp_path, key=None)
    said = command(office, capsys, monkeypatch, "key")
    assert "organisation.yaml names no client_key" in said
    said = command(office, capsys, monkeypatch, "key", "--make", str(tmp_path / "client.key"))
    assert "client_key: ../client.key" in said
    key = (tmp_path / "client.key").read_text(encoding="ascii").splitlines()[-1]
    assert len(key) == 64
    assert key not in said
    if sys.platform != "win32":
        assert (tmp_path / "client.key").stat().st_mode & 0o077 == 0
    path = office.workspace.rules / "organisation.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "client_key: ../client.key\n", encoding="utf-8")
    said = command(office, capsys, monkeypatch, "key", "--json")
    assert json.loads(said) == {"client_key": "../client.key", "fingerprint": fingerprint_of(key), "missing": ""}


def test_a_key_is_never_overwritten_and_never_lies_where_copies_are_kept(tmp_path, capsys, monkeypatch):
    office = Office(tmp_path)
    kept = (tmp_path / "client.key").read_bytes()
    assert "exists already" in command(office, capsys, monkeypatch, "key", "--make", str(tmp_path / "client.key"))
    assert (tmp_path / "client.key").read_bytes() == kept
    assert "of which copies are kept" in command(office, capsys, monkeypatch, "key", "--make", str(office.workspace.rules / "k"))
    assert not (office.workspace.rules / "k").exists()


@pytest.mark.parametrize(
    ("named", "content", "told"),
    [
        ("../weg.key", None, "cannot be read"),
        ("../leeg.key", b"# niets\n", "holds no key"),
        ("../kort.key", b"0011\n", "holds no key"),
        ("binnen.key", key_file(KEY), "of which copies are kept"),
    ],
)
def test_a_key_that_cannot_be_used_refuses_the_messages_and_says_why(named, content, told, tmp_path):
    office = Office(tmp_path)
    path = office.workspace.rules / "organisation.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("../client.key", named), encoding="utf-8")
    if content is not None:
        (office.workspace.rules / named).write_bytes(content)
    office.receive(message({ANNA: [minutes("R1")]}))
    (problem,) = office.compute(MARCH).problems
    assert problem.code == "no-client-key"
    assert told in problem.message


