"""The command line on another machine: the real commands, with the moment given and the circumstances of a machine changed.

    python elsewhere.py '{"at": "2018-04-09T09:00:00+02:00", "shuffle": 3, …}' run --period 2018-03 -- approve --period …
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import locale
import os
import random
import sys
from collections.abc import Iterator
from typing import Any


class Shuffled:
    """What ``os.scandir`` gives, in another order."""

    def __init__(self, listing: Any, chance: random.Random) -> None:
        with listing:
            self._entries = list(listing)
        chance.shuffle(self._entries)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if not self._entries:
            raise StopIteration
        return self._entries.pop()

    def __enter__(self) -> Shuffled:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        self._entries.clear()


def shuffle_folders(seed: int) -> None:
    """Folders are listed in another order than the file system's."""
    chance = random.Random(seed)
    scandir, listdir = os.scandir, os.listdir

    def shuffled(*where: Any) -> list[Any]:
        names = listdir(*where)
        chance.shuffle(names)
        return names

    os.scandir = lambda *where: Shuffled(scandir(*where), chance)  # type: ignore[assignment]
    os.listdir = shuffled  # type: ignore[assignment]


def main() -> None:
    circumstances, words = json.loads(sys.argv[1]), sys.argv[2:]
    if circumstances.get("locale"):
        # No part of Python asks for this by itself; a library with C inside might.
        locale.setlocale(locale.LC_ALL, "")
    if "umask" in circumstances:
        os.umask(circumstances["umask"])
    if "shuffle" in circumstances:
        shuffle_folders(circumstances["shuffle"])
    from settlement import cli
    from settlement.cli import run as commands
    from settlement.run import papers

    moment = dt.datetime.fromisoformat(circumstances["at"])
    commands.now = lambda: moment
    if circumstances.get("processes"):
        papers.MANY_WORKBOOKS = 1
    given: list[list[str]] = [[]]
    for word in words:
        if word == "--":
            given.append([])
        else:
            given[-1].append(word)
    for command in given:
        sys.argv = ["settlement", *command]
        with contextlib.suppress(SystemExit):
            cli.main()


if __name__ == "__main__":
    main()
