"""Stopping on request: Ctrl-C and SIGTERM end a command between its steps, and never within one that records or publishes.

A command that is killed loses nothing either; but one that is asked to stop can tidy up, and say the truth.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


class Stopped(BaseException):
    """Somebody asked to stop, and what was under way was not recorded or published."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number
        """The signal: 2 for Ctrl-C, 15 for SIGTERM."""


@dataclass
class _Asking:
    number: int | None = None
    """The signal by which somebody asked to stop, while nobody has answered it."""
    held: bool = False
    """Whether such a request has to wait."""


_asking = _Asking()


@contextmanager
def stoppable() -> Iterator[None]:
    """Within it, Ctrl-C and SIGTERM raise ``Stopped`` in the main thread. One that is ignored from outside stays ignored."""

    def ask(number: int, frame: FrameType | None) -> None:
        _asking.number = number
        if not _asking.held:
            # What is cut off midway (a workbook half written) complains when it is cleared away: nobody needs to read that.
            sys.unraisablehook = lambda _: None
            raise Stopped(number)

    _asking.number, _asking.held = None, False
    in_main = threading.current_thread() is threading.main_thread()
    numbers = [one for one in (signal.SIGINT, signal.SIGTERM) if in_main and signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, ask) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_undisturbed() -> None:
    """For a process that ends: what it did is done, and its exit code says so. Who asks it to stop now is too late."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def can_be_stopped() -> None:
    """From here on a request to stop is obeyed at once, one that came too late for what was done before included."""
    _asking.held = False
    if _asking.number is not None:
        raise Stopped(_asking.number)


@contextmanager
def tidying() -> Iterator[None]:
    """Within it a request to stop waits: what was left halfway is put in order."""
    before, _asking.held = _asking.held, True
    try:
        yield
    finally:
        _asking.held = before


def point_of_no_return() -> None:
    """From here on the command is finished, whoever asks to stop: what follows is recorded and published, whole.

    Raises ``Stopped`` when somebody has asked before.
    """
    _asking.held = True
    if _asking.number is not None:
        raise Stopped(_asking.number)


def asked_too_late() -> bool:
    """Whether somebody asked to stop after the point of no return."""
    return _asking.held and _asking.number is not None
