"""The disturber (disturb.c): compiled by the machine's own compiler, loaded into a process before the C library.

Why a library in the process: patching Python misses what SQLite writes by itself, which is the ledger; a file system of
our own would need rights and a daemon. It counts and disturbs each write, fsync, rename, link, removal, cut, folder made
and file opened for writing below the folders that it is given, whoever asks for it, and nothing else of the machine.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sysconfig
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import settlement

HERE = Path(__file__).parent
ROOT = Path(settlement.__path__[0]).parent


def compiled(folder: Path) -> Path:
    """The disturber as a library in this folder. The rules engine needs a C compiler too, so there is one."""
    library = folder / "disturb.so"
    if not library.exists():
        compiler = os.environ.get("CC") or (sysconfig.get_config_var("CC") or "cc").split()[0]
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(HERE / "disturb.c"), "-ldl"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return library


def plain(**variables: str) -> dict[str, str]:
    """The environment of a process that imports the package and these tests."""
    paths = os.pathsep.join(map(str, (ROOT, HERE.parent, HERE)))
    return os.environ | {"PYTHONPATH": paths} | variables


def loaded(library: Path, **variables: str) -> dict[str, str]:
    """The environment of a process into which it is loaded."""
    return plain(LD_PRELOAD=str(library), **variables)


def armed(library: Path, folders: list[Path], at: int, how: str, error: int = 0, *, only: str = "") -> Mapping[str, str]:
    """The environment of a program that is disturbed from its start: what stands at the head of disturb.c says how."""
    below = "|".join(map(str, folders))
    return loaded(library, DISTURB=f"{at}|{how}|{error}||{only}|{below}")


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def arm(folders: list[Path], at: int, how: str, error: int = 0, *, log: int = -1, only: str = "") -> None:
    """Arms the disturber that is loaded into this process; ``log`` is a descriptor."""
    _library().disturb("|".join(map(str, folders)).encode(), ctypes.c_long(at), how.encode(), error, log, only.encode())
