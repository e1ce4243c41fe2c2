"""The same inputs, rules and ledger give the same bytes, whatever machine they are settled on."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from workbench import File, contract, files_in, write_delivery, write_rules

from settlement.run.ledger import Ledger

ROOT = Path(__file__).parents[2]
DRIVER = Path(__file__).parent / "elsewhere.py"
NOON = "2018-04-09T12:00:00+02:00"


@dataclass(frozen=True)
class Machine:
    """Circumstances in which nothing may come out otherwise."""

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    place: str = "office"
    """Where the folders lie, below the test's own."""
    creation: int | None = None
    """Files are made in the order of this seed."""
    circumstances: Mapping[str, Any] = field(default_factory=dict)
    by_name: bool = False
    """The folders are named on the command line instead of standing in the current one."""


MACHINES = (
    Machine("the time zone is UTC", {"TZ": "UTC"}),
    Machine("the time zone is Amsterdam's", {"TZ": "Europe/Amsterdam"}),
    Machine("the time zone is Auckland's", {"TZ": "Pacific/Auckland"}),
    Machine("the locale is C", {"LC_ALL": "C", "LANG": "C"}, circumstances={"locale": True}),
    Machine("the locale is C and nothing makes up for it", {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}),
    Machine("the locale is C.UTF-8", {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}, circumstances={"locale": True}),
    Machine("the locale is Dutch", {"LC_ALL": "nl_NL.UTF-8", "LANG": "nl_NL.UTF-8"}, circumstances={"locale": True}),
    Machine("hashes begin at 0", {"PYTHONHASHSEED": "0"}),
    Machine("hashes begin at 4242", {"PYTHONHASHSEED": "4242"}),
    Machine("folders are listed in another order", circumstances={"shuffle": 1}),
    Machine("folders are listed in a third order", circumstances={"shuffle": 2}),
    Machine("files were made in another order", creation=3),
    Machine("the folders lie elsewhere", place="elders/kantoor van jeugdzorg é"),
    Machine("the folders are named", place="elders/kantoor", by_name=True),
    Machine("others may read nothing", circumstances={"umask": 0o077}),
    Machine("others may write", circumstances={"umask": 0o000}),
    Machine("polars has one thread", {"POLARS_MAX_THREADS": "1"}),
    Machine("polars has five threads", {"POLARS_MAX_THREADS": "5"}),
    Machine("several processes write the statements", circumstances={"processes": True}),
)
EVERYTHING = Machine(
    "everything at once",
    {"TZ": "Pacific/Auckland", "LC_ALL": "nl_NL.UTF-8", "LANG": "nl_NL.UTF-8", "PYTHONHASHSEED": "77", "POLARS_MAX_THREADS": "1"},
    place="elders/kantoor é",
    creation=5,
    circumstances={"locale": True, "shuffle": 5, "umask": 0o077, "processes": True},
    by_name=True,
)
HERE = Machine("here")


@pytest.fixture(scope="session")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """A folder with the Dutch locale; ``None`` where it cannot be made."""
    folder = tmp_path_factory.mktemp("locales")
    try:
        made = subprocess.run(
            ["localedef", "-i", "nl_NL", "-f", "UTF-8", str(folder / "nl_NL.UTF-8")], capture_output=True, check=False, timeout=120
        )
    except OSError:
        return None
    return folder if made.returncode == 0 else None


def lay_out(source: Path, office: Path, creation: int | None) -> None:
    """Rules and deliveries of an office, made in an order of its own."""
    paths = sorted(path for name in ("rules", "inputs") for path in (source / name).rglob("*") if path.is_file())
    if creation is not None:
        random.Random(creation).shuffle(paths)
    for path in paths:
        target = office / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def settled_on(machine: Machine, source: Path, own: Path, locales: Path | None, months: Sequence[str]) -> dict[str, str | bytes]:
    """Every file in the outputs and the head of the ledger, after these months were drafted and approved there."""
    office = own / machine.place
    lay_out(source, office, machine.creation)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "TZ", "PYTHONHASH"))}
    environment |= {"PYTHONPATH": str(ROOT), **machine.environment}
    if machine.environment.get("LC_ALL") == "nl_NL.UTF-8":
        if locales is None:
            pytest.skip("the Dutch locale cannot be made here")
        environment["LOCPATH"] = str(locales)
    folders = [f"--{name}={office / name}" for name in ("rules", "inputs", "outputs")] if machine.by_name else []
    words: list[str] = []
    for month in months:
        words += ["run", "--period", month, "--json", *folders, "--"]
        words += ["approve", "--period", month, "--by", "A. de Vries", "--json", *folders, "--"]
    done = subprocess.run(
        [sys.executable, str(DRIVER), json.dumps({"at": NOON, **machine.circumstances}), *words[:-1]],
        cwd=own if machine.by_name else office, env=environment, capture_output=True, check=False, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    outputs = office / "outputs"
    with Ledger.open(outputs / "ledger.sqlite", create=False) as ledger:
        assert ledger.verify() == []
        assert [str(run.period) for run in ledger.runs()] == list(months), done.stderr.decode(errors="replace")
        head = ledger.head()
    # The pages of the database may be laid out otherwise; its records may not.
    return {path: content for path, content in files_in(outputs).items() if path != "ledger.sqlite"} | {"head": head}


def differing(one: Mapping[str, str | bytes], other: Mapping[str, str | bytes]) -> list[str]:
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """An office whose files tempt what is not exact: a logo, names with other letters, a replaced and a refused delivery."""
    rules, inputs = tmp_path / "source" / "rules", tmp_path / "source" / "inputs"
    agreed = [
        contract(f"A-{number}", {"begeleiding": {
            "tariff": {"article": "6.1", "per": "hour", "amounts": {"2018-01-01": f"€ {60 + number},35"}},
            "ceiling": {"article": "6.5", "amounts": {"2018-01-01": "€ 1.000,00"}},
        }}, title=f"Begeleiding coöperatie {number}")
        for number in range(1, 4)
    ]  # fmt: skip
    budget = contract("B-1", {"taak": {"budget": {"article": "4.1", "paid": "twelfths", "amounts": {"2018-01-01": "€ 100,00"}}}})
    write_rules(rules, [*agreed, budget], logo="logo.png", name="Coöperatief Regio'tje Één")
    shutil.copyfile(ROOT / "tests" / "rules" / "every" / "logo.png", rules / "logo.png")
    (rules / "c-1.yaml").write_text("contract: C-1\ntitle: half\n", encoding="utf-8")
    for month in ("2018-01", "2018-02"):
        for number in range(1, 4):
            lines = [
                {"client": f"C{client}", "service": "begeleiding", "start": f"0{client + 1}-{month[5:]}-2018", "end": f"0{client + 1}-{month[5:]}-2018",
                 "quantity": f"{client + number},25", "unit": "uren", "reference": f"{month}-{number}-{client}"}
                for client in range(4)
            ]  # fmt: skip
            lines.append({**lines[0], "client": "Cé", "service": "begeleidng", "reference": "mis"})
            write_delivery(inputs, File(f"A-{number}", month, lines))
            if number == 2:
                write_delivery(inputs, File(f"A-{number}", month, lines[:-1], "levering v2"))
    (inputs / "2018-01" / "notitie é.txt").write_text("geen levering", encoding="utf-8")
    return tmp_path / "source"


def test_a_month_is_the_same_in_another_place_language_time_zone_order_and_number_of_processes(office, tmp_path, locales):
    everything = EVERYTHING
    if locales is None:
        english = {**EVERYTHING.environment, "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
        everything = dataclasses.replace(EVERYTHING, environment=english)
    here = settled_on(HERE, office, tmp_path / "here", locales, ["2018-02"])
    there = settled_on(everything, office, tmp_path / "there", locales, ["2018-02"])
    assert differing(here, there) == []
    assert {"2018-02/run.json", "2018-02/alerts.xlsx", "2018-02/statements/BS-2018-02-A-2.xlsx", "head"} <= here.keys()
    assert any(path.startswith("kept/") for path in here)


@pytest.fixture(scope="module")
def region_here(tmp_path_factory, locales) -> dict[str, str | bytes]:
    return settled_on(HERE, ROOT, tmp_path_factory.mktemp("here"), locales, ["2018-03"])


@pytest.mark.campaign
@pytest.mark.parametrize("machine", [*MACHINES, EVERYTHING], ids=lambda machine: machine.name)
def test_march_of_the_region_drafted_and_approved_through_the_command_line_is_the_same_where(machine, region_here, tmp_path, locales):
    assert differing(region_here, settled_on(machine, ROOT, tmp_path, locales, ["2018-03"])) == []
