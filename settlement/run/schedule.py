"""The monthly service: a clock that wakes, and nothing more. The only room of APScheduler.

At the start, every hour and at the planned moment it asks which months are due and not settled, and settles those in
order. What it forgets, sleeps through or is killed in is therefore made up for at the next waking: whether a month
is settled is known by the outputs and the ledger, never by the scheduler.
"""

from __future__ import annotations

import datetime as dt
import logging
import signal
import threading
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from settlement.domain.contract import Schedule
from settlement.domain.periods import Month
from settlement.run.blocked import Blocked
from settlement.run.calendar import planned_moment

HOUR = dt.timedelta(hours=1)
_NOTICE_SECONDS = 0.2
"""How long it may take until the service notices that it is asked to end."""


def due_months(schedule: Schedule, first: Month, now: dt.datetime, already: Collection[Month]) -> list[Month]:
    """The claim months from ``first`` on whose planned moment has come and that are not ``already`` settled, in order.

    ``now`` is aware. A month settled as a draft counts as settled as much as a final one.
    """
    due = []
    month = first
    while _has_come(schedule, month, now):
        if month not in already:
            due.append(month)
        month = month.plus(1)
    return due


def next_moment(schedule: Schedule, now: dt.datetime) -> dt.datetime:
    """The first planned moment after ``now``."""
    month = Month.of(now.astimezone(dt.UTC).date()).plus(-2)
    while _has_come(schedule, month, now):
        month = month.plus(1)
    return planned_moment(schedule, month)


def serve(
    due: Callable[[dt.datetime], Sequence[Month]],
    settle: Callable[[Month], None],
    schedule: Schedule,
    log: Callable[[str], None],
    clock: Callable[[], dt.datetime],
    *,
    once: bool = False,
    every: dt.timedelta = HOUR,
) -> None:
    """Runs the service until it is told to end (SIGTERM, or Ctrl-C); with ``once``, wakes once and returns.

    ``due`` answers which months are due and not settled at a moment, ``settle`` settles one of them as a draft, both
    in a thread of the service's own. ``clock`` gives aware moments. What goes wrong in a waking is logged, the
    months after it wait (they build on it), and the next waking tries again. A signal lets the month that is being
    settled finish and starts no other.
    """
    waker = _Waker(due, settle, log, clock)
    if once:
        waker.wake()
        return
    from apscheduler.schedulers.background import BackgroundScheduler
    from apscheduler.triggers.base import BaseTrigger

    class WhenPlanned(BaseTrigger):  # type: ignore[misc]  # it has no types
        """Every hour, and at the planned moment."""

        def get_next_fire_time(self, previous: dt.datetime | None, now: dt.datetime) -> dt.datetime:
            """The earlier of the two; ``previous`` is ``None`` when it never fired."""
            return min(now + every, next_moment(schedule, now))

    # Its own log says in a programmer's words what ours says in plain ones.
    logging.getLogger("apscheduler").addHandler(logging.NullHandler())
    # In the background, so that this thread has nothing to do but to notice that it is asked to end: a signal that
    # reaches a thread in the middle of the scheduler's locks can leave them locked.
    scheduler = BackgroundScheduler(timezone=dt.UTC)
    scheduler.add_job(
        waker.wake,
        WhenPlanned(),
        next_run_time=dt.datetime.now(dt.UTC),
        misfire_grace_time=None,  # however late: the default drops what is a second late
        coalesce=True,
        max_instances=1,
    )
    with _told_to_end(waker):
        log(f"The service has started; it wakes every {_in_words(every)} and at the planned moments.")
        log(f"The next planned moment is {next_moment(schedule, clock()):%Y-%m-%d %H:%M %Z}.")
        scheduler.start()
        while not waker.ending:
            time.sleep(_NOTICE_SECONDS)
        if waker.working:
            log("Asked to end: the month that is being settled is finished first.")
        scheduler.shutdown(wait=True)
    log("The service has ended.")


@contextmanager
def _told_to_end(waker: _Waker) -> Iterator[None]:
    """Within it, SIGTERM and Ctrl-C ask the service to end, and do nothing else."""

    def end(number: int, frame: FrameType | None) -> None:
        # Nothing else is safe in a signal handler: no lock may be taken, nothing logged.
        waker.ending = True

    numbers = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Waker:
    """One waking at a time: asks what is due, settles it, says so."""

    def __init__(
        self,
        due: Callable[[dt.datetime], Sequence[Month]],
        settle: Callable[[Month], None],
        log: Callable[[str], None],
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._due, self._settle, self._log, self._clock = due, settle, log, clock
        self._one = threading.Lock()
        self.ending = False
        """Set when the service was asked to end: no other month is begun."""

    @property
    def working(self) -> bool:
        """Whether a waking is going on."""
        return self._one.locked()

    def wake(self) -> None:
        """Settles what is due; at once nothing when another waking is still at it."""
        if not self._one.acquire(blocking=False):
            return
        try:
            self._settle_due()
        finally:
            self._one.release()

    def _settle_due(self) -> None:
        doing = "asking which months are due"
        try:
            months = list(self._due(self._clock()))
            for month in months:
                if self.ending:
                    self._log(f"{month} is due and will be settled when the service runs again.")
                    return
                doing = f"settling {month}"
                self._log(f"{month} is due: settling it as a draft.")
                self._settle(month)
                self._log(f"{month} is settled as a draft; it is paid after 'settlement approve'.")
        except Blocked as blocked:
            self._log(f"Stopped while {doing}: {blocked.message} {blocked.help}".rstrip())
            self._log("The service goes on and tries again at the next waking.")
        except Exception as error:  # noqa: BLE001 - the service outlives whatever one waking meets
            # Its text may hold what was delivered: the log gets its kind and its place, and no client.
            self._log(f"Stopped while {doing}: {_kind_and_place(error)}.")
            self._log("The service goes on and tries again at the next waking; give the command by hand to see more.")


def _has_come(schedule: Schedule, claim_month: Month, now: dt.datetime) -> bool:
    # In UTC: two moments of one zone are compared by their clock faces, which say 02:30 twice a year.
    return planned_moment(schedule, claim_month).astimezone(dt.UTC) <= now.astimezone(dt.UTC)


def _kind_and_place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"an unexpected fault ({type(error).__name__}{place})"


def _in_words(duration: dt.timedelta) -> str:
    return "hour" if duration == HOUR else f"{duration.total_seconds():g} seconds"
