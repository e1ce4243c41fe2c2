"""A month in which providers send hostile files: the others are settled, and no client number leaves the team."""

from __future__ import annotations

import datetime as dt
import io
import os
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest
from workbench import File, contract, write_delivery, write_rules

from settlement.domain.periods import Month
from settlement.run import snapshot as snapshots
from settlement.run.computing import compute
from settlement.run.month import approve, draft
from settlement.run.workspace import Workspace

JANUARY = Month(2018, 1)
NINTH = dt.datetime(2018, 2, 9, 6, tzinfo=dt.UTC)
SECRET = "KIND-7QX4Z"
"""Begins every client number of this file."""
NUMBERS = ("111222333", "123456782", "999999990", "100000009")
"""Pass the test of a citizen service number."""


def agreed(number: str) -> dict[str, object]:
    tariff = {"article": "6.1", "per": "hour", "amounts": {"2018-01-01": "€ 60,00"}}
    return contract(number, {"begeleiding": {"tariff": tariff}})


def line(client: str, quantity: str = "1", day: str = "05-01-2018", **more: str) -> dict[str, str]:
    return {"client": client, "service": "begeleiding", "start": day, "end": day, "quantity": quantity, "unit": "uren", **more}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    write_rules(tmp_path / "rules", [agreed("A-1"), agreed("B-1")])
    return Workspace(tmp_path / "rules", tmp_path / "inputs", tmp_path / "outputs")


def test_links_devices_folders_and_a_file_that_is_still_growing_hold_up_no_other_provider(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "_PAUSE_SECONDS", 0.03)
    write_delivery(workspace.inputs, File("A-1", "2018-01", [line("C-1", "2,5")]))
    folder = workspace.inputs / "2018-01"
    (folder / "B-1 link.csv").symlink_to("/etc/passwd")
    (folder / "B-1 map.xlsx").mkdir()
    (folder / "B-1 map.xlsx" / "inhoud.csv").write_text("Cliënt;Begindatum\nC-3;05-01-2018\n")
    os.mkfifo(folder / "B-1 pijp.csv")
    growing = folder / "B-1 groeit.csv"
    growing.write_text("Cliënt;Begindatum\n")
    end = threading.Event()

    def write() -> None:
        with growing.open("a") as file:
            while not end.is_set():
                file.write("C-2;05-01-2018\n")
                file.flush()
                time.sleep(0.002)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        computed = compute(workspace, JANUARY, final=False)
    finally:
        end.set()
        writer.join()
    # 2,5 hours at 60,00.
    assert {one.contract.number: one.to_pay_cents for one in computed.statements} == {"A-1": 150_00, "B-1": 0}
    told = {Path(problem.place.file).name: problem.code for problem in computed.problems}
    assert told == {"B-1 link.csv": "link", "B-1 pijp.csv": "not-a-file", "B-1 groeit.csv": "still-being-copied", "B-1 map.xlsx": "folder-as-file"}
    assert "it counts for nothing" in str(computed.problems[0])


def every_byte(data: bytes) -> bytes:
    """The bytes of a file, and of all that is packed in it."""
    found = [data]
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            found += [name.encode() + b"\n" + package.read(name) for name in package.namelist()]
    return b"\n".join(found)


def test_no_client_number_stands_in_a_log_a_name_the_ledger_an_alert_or_what_another_provider_gets(
    workspace: Workspace, capfd: pytest.CaptureFixture[str]
) -> None:
    clients = [f"{SECRET}-{at}" for at in range(30)]
    lines = [line(client, reference=f"R{at}") for at, client in enumerate(clients[:8])]
    lines += [
        line(clients[8], "veel"), line(clients[9], day="31-02-2018"), line(clients[10], "1.234"), line(clients[11], service="iets"),
        line(clients[12], unit="kwartier"), line(clients[13], quantity=clients[13]), line(clients[14], reference=clients[14]),
        line(clients[15], unit=clients[15]), line(clients[16], service=clients[16]), line(clients[17], start=clients[17]),
        line(f"{clients[18]}\u200b"), line(f"{clients[19]}\u0421"), line(clients[0], reference="R0"), line(clients[20], day="05-06-2018"),
        line(clients[21], direction="C", previous_reference=clients[21]), line(NUMBERS[3], reference=NUMBERS[3]),
        line(clients[22], quantity=NUMBERS[3]), line(clients[23], day="05-01-1917"),
    ]  # fmt: skip
    write_delivery(workspace.inputs, File("A-1", "2018-01", lines))
    folder = workspace.inputs / "2018-01"
    write_delivery(workspace.inputs, File("B-1", "2018-01", [line(number) for number in NUMBERS[:3]], "bsn"))
    (folder / "onbekend.csv").write_text(f"Contractnummer;A-9\nCliënt;Begindatum\n{SECRET};05-01-2018\n", encoding="utf-8")
    (folder / "kapot.csv").write_text(f'Cliënt;Begindatum\n"{SECRET};05-01-2018\n', encoding="utf-8")
    (folder / "A-1 los.csv").write_text(f"Wie;Wanneer\n{SECRET};05-01-2018\n", encoding="utf-8")

    made = draft(workspace, JANUARY, NINTH)
    approve(workspace, JANUARY, "A. de Vries", NINTH)
    for problem in made.computed.problems:
        sys.stdout.write(f"{problem}\n")
    out, err = capfd.readouterr()
    leaks = [name for name, data in (("stdout", out), ("stderr", err)) if SECRET in data or any(each in data for each in NUMBERS)]
    own = 0
    for path in sorted(workspace.outputs.rglob("*")):
        name = path.relative_to(workspace.outputs).as_posix()
        assert SECRET.casefold() not in name.casefold()
        if not path.is_file():
            continue
        data = every_byte(path.read_bytes())
        has = SECRET.encode() in data or SECRET.encode("utf-16-le") in data
        if name.startswith("kept/"):
            continue  # the deliveries themselves, for those who may read them in the inputs
        if ("statements/" in name or "returned/" in name) and "A-1" in name:
            own += has  # what goes back to the provider that sent it
        elif has or any(number.encode() in data for number in NUMBERS):
            leaks.append(name)
    assert leaks == []
    assert own >= 1
    assert made.computed.settlement.accepted.lines.height >= 8
