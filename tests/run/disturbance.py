"""Disturbs one operation on the file system: the n-th write, fsync, rename, link, removal or folder that is made."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from settlement.run import outbox

OPERATIONS = ("replace", "link", "unlink", "fsync", "mkdir", "rmdir")


def kill() -> None:
    """The machine stops here, as far as this process goes."""
    os.kill(os.getpid(), signal.SIGKILL)


class Fails:
    """An operation that fails, once or from then on."""

    def __init__(self, number: int, *, forever: bool = False) -> None:
        self.number, self.forever = number, forever

    def __call__(self) -> None:
        raise OSError(self.number, os.strerror(self.number))


@contextmanager
def disturbed(at: int, how: Callable[[], None]) -> Iterator[list[str]]:
    """Within it, operation number ``at`` (from 1) is disturbed; answers the operations that were begun."""
    begun: list[str] = []

    def watched(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def operation(*values: Any, **options: Any) -> Any:
            begun.append(name)
            if len(begun) == at or (len(begun) > at and getattr(how, "forever", False)):
                how()
            return real(*values, **options)

        return operation

    real = {name: getattr(os, name) for name in OPERATIONS}
    real_write = outbox._write
    for name, operation in real.items():
        setattr(os, name, watched(name, operation))
    outbox._write = watched("write", real_write)  # type: ignore[assignment]
    try:
        yield begun
    finally:
        for name, operation in real.items():
            setattr(os, name, operation)
        outbox._write = real_write  # type: ignore[assignment]
