"""Two and eight runs at once, in a file and on a server: nothing double, no traceback, and the losers say who holds it."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_month import JANUARY, Office, at

import settlement
from settlement.run.ledger import Ledger, hold_ledger
from settlement.run.ledger_records import Address
from settlement.run.lock import Holder, WorkspaceBusy, hold
from settlement.run.month import draft

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(settlement.__path__[0]).parent)}
Round = Callable[[list[list[str]]], list[tuple[int, str]]]

NAMES_THE_HOLDER = re.compile(r"in use by \S+ on \S+ \(process \d+, 'settlement (run|approve) --period 2018-01'\), since \d{4}-")
JUST_STARTED = "in use by another run that has just started"
TOO_LATE = re.compile(r"is final; there is no draft to approve|another run was made final since|is already final")


@pytest.fixture(scope="module")
def give() -> Iterator[Round]:
    """Gives commands at the same moment, and answers exit code and words of each."""
    program = [sys.executable, str(Path(__file__).with_name("at_once.py"))]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

        def at_once(commands: list[list[str]]) -> list[tuple[int, str]]:
            process.stdin.write(json.dumps(commands) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield at_once
        process.stdin.close()


@pytest.fixture(params=["file", "server"])
def rounds(request: pytest.FixtureRequest, tmp_path: Path, give: Round) -> Callable[[int, int], Counter[str]]:
    """Has a draft of January approved by so many at once, again and again; counts what became of each command.

    In a file all share the outputs; on a server each has outputs of its own, as on a machine of its own.
    """
    emptied = request.getfixturevalue("emptied") if request.param == "server" else None
    office = Office(tmp_path / "office", **({"ledger": emptied()} if emptied else {}))
    draft(office.workspace, JANUARY, at(JANUARY))
    made = office.workspace

    def play(times: int, many: int) -> Counter[str]:
        became: Counter[str] = Counter()
        for turn in range(times):
            address: Address = emptied() if emptied else tmp_path / f"{turn}-0" / "ledger.sqlite"
            own = [tmp_path / f"{turn}-{number if emptied else 0}" for number in range(many)]
            for outputs in sorted(set(own)):
                shutil.copytree(made.outputs, outputs, ignore=shutil.ignore_patterns(".lock"))
            # Every third makes a draft while the others approve.
            words = [
                ["run", "--period", "2018-01"] if number % 3 == 2 else ["approve", "--period", "2018-01", "--by", f"Collega {number}"]
                for number in range(many)
            ]
            folders = [["--rules", str(made.rules), "--inputs", str(made.inputs), "--outputs", str(outputs)] for outputs in own]
            answers = give([word + folder for word, folder in zip(words, folders, strict=True)])
            finals = 0
            for (command, *_), (code, said) in zip(words, answers, strict=True):
                assert "Traceback" not in said, said
                assert code in (0, 2), said
                if code == 0:
                    finals += command == "approve"
                    became[f"{command} done"] += 1
                elif NAMES_THE_HOLDER.search(said):
                    became["told who holds it"] += 1
                elif JUST_STARTED in said:
                    became["told that one has just started"] += 1
                else:
                    assert TOO_LATE.search(said), said
                    became["came after it was final"] += 1
            with Ledger.open(address, create=False) as ledger:
                assert ledger.verify() == []
                assert len(ledger.runs()) == finals
                # Where only one could hold it and that one made a draft, nothing is final; twice, never.
                assert ledger.paid() == ({"A-1": 225_00, "B-1": 8_33} if finals else {})
                assert finals <= 1
                became["final"] += finals
            for outputs in set(own):
                shutil.rmtree(outputs)
        return became

    return play


def test_two_at_once_pay_once_and_the_loser_says_who_holds_it(rounds: Callable[[int, int], Counter[str]]) -> None:
    became = rounds(3, 2)
    assert became["final"] == became["approve done"] == 3
    assert became.total() - became["final"] == 6


def test_eight_at_once_pay_once_and_the_losers_say_who_holds_it(rounds: Callable[[int, int], Counter[str]]) -> None:
    became = rounds(1, 8)
    assert became["final"] <= 1
    assert became["told who holds it"] > 0


@pytest.mark.campaign
def test_two_runs_at_once_fifty_times(rounds: Callable[[int, int], Counter[str]], request: pytest.FixtureRequest) -> None:
    became = rounds(50, 2)
    print(f"\n50 rounds of 2 at once, {request.node.callspec.id}: {dict(became)}")  # noqa: T201
    assert became["final"] == 50


@pytest.mark.campaign
def test_eight_runs_at_once_twenty_times(rounds: Callable[[int, int], Counter[str]], request: pytest.FixtureRequest) -> None:
    became = rounds(20, 8)
    print(f"\n20 rounds of 8 at once, {request.node.callspec.id}: {dict(became)}")  # noqa: T201
    assert became["told who holds it"] > 0


# ---- a holder that is killed -----------------------------------------------------------------------------

HOLDING = """
import datetime as dt, sys, time
from pathlib import Path
from settlement.run.ledger import hold_ledger
from settlement.run.lock import hold
with hold(Path(sys.argv[1]), command="run", now=dt.datetime.now(dt.UTC)) as held:
    with hold_ledger(sys.argv[2] if sys.argv[2].startswith("postgres") else Path(sys.argv[2]), held.holder):
        print("held", flush=True)
        time.sleep(60)
"""
ME = Holder("avries", "werkplek7", os.getpid(), "run", dt.datetime(2018, 4, 9, 9, tzinfo=dt.UTC))


def seconds_until_free(outputs: Path, address: Address, theirs: Path) -> float:
    """From the moment that a holder is killed until another holds; what it left must be recognised."""
    program = [sys.executable, "-c", HOLDING, str(theirs), str(address)]
    with subprocess.Popen(program, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        while True:
            try:
                with hold(outputs, command="run", now=dt.datetime.now(dt.UTC)) as held, hold_ledger(address, held.holder) as left_by:
                    taken = time.monotonic() - killed
                    assert (left_by or held.left_by).pid == process.pid  # type: ignore[union-attr]
                    return taken
            except WorkspaceBusy:
                assert time.monotonic() - killed < 10
                time.sleep(0.01)


def kill_holders(address: Address, folder: Path, times: int) -> float:
    """The longest that it took."""
    ours = folder / "ours"
    theirs = ours if isinstance(address, Path) else folder / "theirs"
    return max(seconds_until_free(ours, address, theirs) for _ in range(times))


def test_a_holder_that_is_killed_frees_it_within_seconds(address: Address, tmp_path: Path) -> None:
    assert kill_holders(address, tmp_path, 1) < 5


@pytest.mark.campaign
def test_fifty_holders_that_are_killed_free_it_within_seconds(address: Address, tmp_path: Path) -> None:
    longest = kill_holders(address, tmp_path, 50)
    print(f"\n50 holders killed, {'file' if isinstance(address, Path) else 'server'}: free after {longest:.2f} s at most")  # noqa: T201
    assert longest < 5
