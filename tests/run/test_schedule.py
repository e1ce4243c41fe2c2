"""The service: which months are due, and a clock that wakes."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import settlement
from settlement.domain.contract import Schedule
from settlement.domain.periods import Month
from settlement.run.blocked import Blocked
from settlement.run.schedule import due_months, next_moment, serve

FIFTH_AT_SIX = Schedule(working_day=5, hour=6)
JANUARY, FEBRUARY, MARCH = Month(2018, 1), Month(2018, 2), Month(2018, 3)
# March 2018 is due on Monday 9 April, 06:00 in Amsterdam, which is 04:00 UTC.
DUE = dt.datetime(2018, 4, 9, 4, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


# ---- which months are due


def test_a_month_is_due_from_its_planned_moment_on_and_not_a_second_before() -> None:
    assert due_months(FIFTH_AT_SIX, MARCH, DUE - SECOND, ()) == []
    assert due_months(FIFTH_AT_SIX, MARCH, DUE, ()) == [MARCH]


def test_months_that_came_due_while_nothing_ran_are_due_in_order() -> None:
    assert due_months(FIFTH_AT_SIX, JANUARY, DUE, ()) == [JANUARY, FEBRUARY, MARCH]
    assert due_months(FIFTH_AT_SIX, JANUARY, DUE, {FEBRUARY}) == [JANUARY, MARCH]
    assert due_months(FIFTH_AT_SIX, JANUARY, DUE, {JANUARY, FEBRUARY, MARCH}) == []


def test_a_first_month_that_is_still_to_come_is_not_due() -> None:
    assert due_months(FIFTH_AT_SIX, Month(2019, 1), DUE, ()) == []


def test_the_moment_is_compared_across_time_zones() -> None:
    tokyo = dt.timezone(dt.timedelta(hours=9))
    assert due_months(FIFTH_AT_SIX, MARCH, DUE.astimezone(tokyo), ()) == [MARCH]
    assert due_months(FIFTH_AT_SIX, MARCH, (DUE - SECOND).astimezone(tokyo), ()) == []


def test_every_month_of_four_years_comes_due_exactly_once() -> None:
    settled: list[Month] = []
    now = dt.datetime(2018, 1, 1, tzinfo=dt.UTC)
    while now.year < 2022:
        settled += due_months(FIFTH_AT_SIX, Month(2017, 12), now, settled)
        now += dt.timedelta(hours=31)
    assert settled == [Month(2017, 12).plus(number) for number in range(48)]


def test_the_next_moment_is_the_first_one_still_to_come() -> None:
    assert next_moment(FIFTH_AT_SIX, DUE - SECOND) == DUE
    # April is settled in May: 1, 2, 3, 4 and 7 May are working days (5 May 2018 is a Saturday).
    assert next_moment(FIFTH_AT_SIX, DUE).isoformat() == "2018-05-07T06:00:00+02:00"
    assert next_moment(FIFTH_AT_SIX, dt.datetime(2018, 12, 31, 23, 30, tzinfo=dt.UTC)) > DUE


# ---- one waking


class Office:
    """Settles in memory, with a clock of its own."""

    def __init__(self, now: dt.datetime = DUE) -> None:
        self.now = now
        self.settled: list[Month] = []
        self.log: list[str] = []

    def due(self, now: dt.datetime) -> list[Month]:
        return due_months(FIFTH_AT_SIX, JANUARY, now, self.settled)

    def settle(self, month: Month) -> None:
        self.settled.append(month)

    def wake(self) -> None:
        serve(self.due, self.settle, FIFTH_AT_SIX, self.log.append, lambda: self.now, once=True)


def test_one_waking_settles_what_is_due_in_order_and_says_so() -> None:
    office = Office()
    office.wake()
    assert office.settled == [JANUARY, FEBRUARY, MARCH]
    assert office.log[:2] == [
        "2018-01 is due: settling it as a draft.",
        "2018-01 is settled as a draft; it is paid after 'settlement approve'.",
    ]
    assert len(office.log) == 6


def test_a_month_is_settled_once_however_often_it_wakes() -> None:
    office = Office(DUE - SECOND)
    for _ in range(3):
        office.wake()
    assert office.settled == [JANUARY, FEBRUARY]
    office.now = DUE
    for _ in range(3):
        office.wake()
    assert office.settled == [JANUARY, FEBRUARY, MARCH]


def test_a_blocked_month_is_told_with_its_advice_and_the_months_after_it_wait() -> None:
    office = Office()

    def blocked(month: Month) -> None:
        raise Blocked("outputs is in use by avries.", "Wait until it has finished.")

    serve(office.due, blocked, FIFTH_AT_SIX, office.log.append, lambda: DUE, once=True)
    assert office.log == [
        "2018-01 is due: settling it as a draft.",
        "Stopped while settling 2018-01: outputs is in use by avries. Wait until it has finished.",
        "The service goes on and tries again at the next waking.",
    ]
    office.wake()
    assert office.settled == [JANUARY, FEBRUARY, MARCH]


def test_an_unexpected_fault_is_told_by_kind_and_place_and_never_by_its_text() -> None:
    office = Office()

    def broken(month: Month) -> None:
        raise KeyError("client 123456782")

    serve(office.due, broken, FIFTH_AT_SIX, office.log.append, lambda: DUE, once=True)
    assert "an unexpected fault (KeyError in test_schedule.py, line " in office.log[1]
    assert "123456782" not in " ".join(office.log)


def test_a_fault_while_asking_what_is_due_does_not_end_the_service() -> None:
    log: list[str] = []

    def due(now: dt.datetime) -> list[Month]:
        raise OSError(5, "Input/output error")

    serve(due, lambda month: None, FIFTH_AT_SIX, log.append, lambda: DUE, once=True)
    assert log[0].startswith("Stopped while asking which months are due: an unexpected fault (OSError")


# ---- the service

SERVICE = """
import datetime as dt, os, sys, time
from pathlib import Path
from settlement.domain.contract import Schedule
from settlement.domain.periods import Month
from settlement.run.schedule import due_months, serve
outputs, seconds, start, every = Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3], float(sys.argv[4])
shift = dt.datetime.fromisoformat(start) - dt.datetime.now(dt.UTC)
schedule = Schedule(working_day=5, hour=6)
def say(text):
    print(text, flush=True)
def due(now):
    already = [Month.parse(path.name) for path in outputs.iterdir()]
    return due_months(schedule, Month(2018, 1), now, already)
def settle(month):
    say(f"begin {month}")
    time.sleep(seconds)
    (outputs / str(month)).mkdir()
    say(f"end {month}")
serve(due, settle, schedule, say, lambda: dt.datetime.now(dt.UTC) + shift, every=dt.timedelta(seconds=every))
"""


def service(outputs: Path, seconds: float, start: dt.datetime, every: float = 0.2) -> subprocess.Popen[str]:
    outputs.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SERVICE, str(outputs), str(seconds), start.isoformat(), str(every)],
        env=os.environ | {"PYTHONPATH": str(Path(settlement.__path__[0]).parent)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    while line := process.stdout.readline():
        if text in line:
            return
    raise AssertionError(f"the service ended without '{text}'")


def ended(process: subprocess.Popen[str], number: int) -> str:
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert err == ""
    return out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_that_waits_ends_at_once_on_a_signal(tmp_path: Path, number: int) -> None:
    process = service(tmp_path / "outputs", 0, DUE, every=3600)
    until(process, "2018-03 is settled as a draft")
    time.sleep(0.2)
    # Of the hour that it would wait, ``ended`` allows it seconds.
    assert ended(process, number).splitlines() == ["The service has ended."]
    assert sorted(path.name for path in (tmp_path / "outputs").iterdir()) == ["2018-01", "2018-02", "2018-03"]


def test_a_service_that_is_settling_finishes_that_month_and_starts_no_other(tmp_path: Path) -> None:
    process = service(tmp_path / "outputs", 1.5, DUE)
    until(process, "begin 2018-01")
    process.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    assert ended(process, signal.SIGTERM).splitlines() == [
        "Asked to end: the month that is being settled is finished first.",
        "end 2018-01",
        "2018-01 is settled as a draft; it is paid after 'settlement approve'.",
        "2018-02 is due and will be settled when the service runs again.",
        "The service has ended.",
    ]
    assert [path.name for path in (tmp_path / "outputs").iterdir()] == ["2018-01"]


def test_a_month_that_comes_due_while_the_service_runs_is_settled_at_its_moment_and_once(tmp_path: Path) -> None:
    process = service(tmp_path / "outputs", 0, DUE - dt.timedelta(seconds=2))
    until(process, "end 2018-02")
    until(process, "end 2018-03")
    time.sleep(0.7)
    assert ended(process, signal.SIGTERM).count("begin") == 0


def test_a_service_that_was_killed_makes_up_for_it_when_it_is_started_again(tmp_path: Path) -> None:
    process = service(tmp_path / "outputs", 0.3, DUE)
    until(process, "begin 2018-02")
    process.kill()
    process.communicate(timeout=10)
    assert [path.name for path in (tmp_path / "outputs").iterdir()] == ["2018-01"]
    process = service(tmp_path / "outputs", 0, DUE)
    until(process, "end 2018-03")
    ended(process, signal.SIGTERM)
    assert len(list((tmp_path / "outputs").iterdir())) == 3


def test_a_waking_that_lasts_longer_than_an_hour_is_not_disturbed_by_the_next(tmp_path: Path) -> None:
    # Wakes every 0.1 seconds, while each month takes 0.4.
    process = service(tmp_path / "outputs", 0.4, DUE, every=0.1)
    until(process, "end 2018-03")
    ended(process, signal.SIGTERM)
    assert len(list((tmp_path / "outputs").iterdir())) == 3  # a month begun twice would have failed on its folder


def test_two_wakes_at_once_are_one() -> None:
    from settlement.run.schedule import _Waker

    office, begun, go = Office(), threading.Event(), threading.Event()

    def slow(month: Month) -> None:
        begun.set()
        go.wait(10)
        office.settle(month)

    waker = _Waker(office.due, slow, office.log.append, lambda: DUE)
    first = threading.Thread(target=waker.wake)
    first.start()
    assert begun.wait(10)
    waker.wake()
    assert office.settled == []
    go.set()
    first.join(10)
    assert office.settled == [JANUARY, FEBRUARY, MARCH]


def test_the_scheduler_is_imported_by_the_service_only() -> None:
    script = "import sys, settlement.run.schedule; print('apscheduler' in sys.modules, 'holidays' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(Path(settlement.__path__[0]).parent)},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert ran.stdout.split() == ["False", "False"]
