"""A private copy of everything a run reads, made before it computes, so that nothing can change under it."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from settlement.run.blocked import Blocked
from settlement.run.digests import FileDigest, combined_digest
from settlement.run.outbox import advice

MAX_FILES = 50_000
MAX_FILE_BYTES = 2 * 1024**3
MAX_TOTAL_BYTES = 16 * 1024**3
MAX_DEPTH = 12
ROUNDS = 5
"""How often what changed while it was read is read again before it is called changing."""
_PAUSE_SECONDS = 0.2
_TICK_NANOSECONDS = 20_000_000
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class CopiedFolder:
    """One source folder, copied."""

    path: Path
    """Where the copy is."""
    files: Mapping[str, FileDigest]
    """By path relative to the folder, with forward slashes, in order."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """What could not be copied of a source that is taken one by one: path to the code of why, in order."""

    @property
    def digest(self) -> str:
        """One digest for all of it: of names and bytes only, not of where it lies or when it was written."""
        return combined_digest({name: copied.digest for name, copied in self.files.items()})


Snapshot = Mapping[str, CopiedFolder]
"""The copied folders by the name of their source: ``rules``, ``inputs``."""

_Signature = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Found:
    """Something in a source: where, and why it can't be copied or what tells whether it changed."""

    path: str
    signature: _Signature | None
    """``None``: it can't be copied."""
    code: str = ""
    told: str = ""


class _CannotOpenError(Exception):
    """A file that may not be read."""


def is_office_litter(name: str) -> bool:
    """Whether a file of this name was left by a program and is nobody's input: hidden files, Excel's own locks."""
    return name.startswith((".", "~$")) or name.lower() in {"thumbs.db", "desktop.ini"}


def snapshot(
    sources: Mapping[str, Path],
    into: Path,
    *,
    wanted: Callable[[str, str], bool] = lambda source, path: True,
    one_by_one: Collection[str] = (),
) -> Snapshot:
    """Copies source folders into ``into`` (made, for the owner alone), one folder under each source's name.

    ``wanted`` is asked for each file with the source's name and the relative path. What programs leave behind
    (``is_office_litter``) is never copied; a source that does not exist is an empty folder.

    The copy is of one moment: when something changed while it was being made, what changed is read again.
    Raises ``Blocked`` when it goes on changing, when there are links or other things that are not files, when
    there is more than the bounds of this file allow, and when the disk is full. What was copied is then of no use.

    Of the sources in ``one_by_one`` a file that can't be copied (a link, a device, one that goes on changing or may not
    be read) is left out and told with the copy: what one sender does holds up nobody else.
    """
    _make_folder(into)
    for name in sources:
        _make_folder(into / name)
    known: dict[tuple[str, str], tuple[_Signature, FileDigest]] = {}
    left_out: dict[tuple[str, str], str] = {}
    changed: list[tuple[str, str]] = []
    present = {name for name, root in sources.items() if root.exists()}
    for attempt in range(ROUNDS):
        if attempt:
            time.sleep(_PAUSE_SECONDS)
        listing, left_out = _listed(sources, wanted, one_by_one)
        _check_still_there(sources[name] for name in present)
        for gone in known.keys() - listing.keys():
            (into / gone[0] / gone[1]).unlink(missing_ok=True)
            del known[gone]
        changed = [key for key, signature in listing.items() if key not in known or known[key][0] != signature]
        if not changed:
            return _taken(sources, into, known, left_out)
        for key in changed:
            known.pop(key, None)
            source = sources[key[0]] / key[1]
            try:
                copied = _copy(source, into / key[0] / key[1])
            except _CannotOpenError as error:
                if key[0] not in one_by_one:
                    raise Blocked(
                        f"{_shown(source)} cannot be read: {error}.",
                        "Close it in other programs and make sure that you may read it, then give the command again.",
                    ) from error
                left_out[key] = "cannot-open"
                continue
            if copied is not None:
                known[key] = copied
    if all(key[0] in one_by_one for key in changed):
        # All the others stood still while these were looked at once more.
        for key in changed:
            known.pop(key, None)
            (into / key[0] / key[1]).unlink(missing_ok=True)
        return _taken(sources, into, known, dict.fromkeys(changed, "still-being-copied") | left_out)
    places = ", ".join(sorted(_shown(sources[name] / path) for name, path in changed)[:5])
    raise Blocked(
        f"{places} changed while being read, {ROUNDS} times in a row.",
        "Nothing was done. Wait until the file has been saved or copied completely, then give the command again.",
    )


def _check_still_there(roots: Iterable[Path]) -> None:
    """A folder that has gone is not taken for empty: it was moved, or the share on which it stands was lost."""
    for root in roots:
        if not root.exists():
            raise Blocked(
                f"{_shown(root)} has gone while it was being read.",
                "Nothing was done. Put it back, or see why it cannot be reached; then give the command again.",
            )


def _taken(
    sources: Mapping[str, Path],
    into: Path,
    known: Mapping[tuple[str, str], tuple[_Signature, FileDigest]],
    left_out: Mapping[tuple[str, str], str],
) -> Snapshot:
    """The copies, by source."""
    files: dict[str, dict[str, FileDigest]] = {name: {} for name in sources}
    for (name, path), (_, digest) in sorted(known.items()):
        files[name][path] = digest
    out: dict[str, dict[str, str]] = {name: {} for name in sources}
    for (name, path), code in sorted(left_out.items()):
        out[name][path] = code
    return {name: CopiedFolder(into / name, files[name], out[name]) for name in sources}


def _listed(
    sources: Mapping[str, Path], wanted: Callable[[str, str], bool], one_by_one: Collection[str]
) -> tuple[dict[tuple[str, str], _Signature], dict[tuple[str, str], str]]:
    """The files to copy with their signatures; and those that are left out, with why."""
    listing: dict[tuple[str, str], _Signature] = {}
    left_out: dict[tuple[str, str], str] = {}
    for name, root in sources.items():
        refused: list[str] = []
        for found in _list_files(name, root, wanted):
            if found.signature is not None:
                listing[name, found.path] = found.signature
            elif name in one_by_one:
                left_out[name, found.path] = found.code
            else:
                refused.append(found.told)
        if refused:
            raise Blocked(
                "; ".join(sorted(refused)[:10]) + ".",
                "Put the file itself in its place, or take it out of the folder.",
            )
    _check_bounds(listing)
    return listing, left_out


def _list_files(name: str, root: Path, wanted: Callable[[str, str], bool]) -> Iterator[_Found]:
    """What lies below a source; nothing when the source does not exist."""
    folders = [root] if root.exists() else []
    while folders:
        folder = folders.pop()
        for path in _entries(folder):
            relative = path.relative_to(root)
            # Not from the listing of the folder: on Windows that knows less than asking the file itself.
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            if stat.S_ISDIR(status.st_mode):
                if len(relative.parts) >= MAX_DEPTH:
                    told = f"{_shown(path)} lies more than {MAX_DEPTH} folders deep"
                    yield _Found(relative.as_posix(), None, "too-deep", told)
                else:
                    folders.append(path)
            elif wanted(name, relative.as_posix()):
                if stat.S_ISREG(status.st_mode):
                    yield _Found(relative.as_posix(), _signature(status))
                else:
                    code = "link" if stat.S_ISLNK(status.st_mode) else "not-a-file"
                    told = f"{_shown(path)} is a link or a device, not a file"
                    yield _Found(relative.as_posix(), None, code, told)


def _entries(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if not is_office_litter(path.name)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Blocked(
            f"{_shown(folder)} cannot be read: {error.strerror or error}.",
            "Make sure that it is a folder that you may read, then give the command again.",
        ) from error


def _check_bounds(listing: Mapping[tuple[str, str], _Signature]) -> None:
    if len(listing) > MAX_FILES:
        raise Blocked(
            f"There are {len(listing)} files to read; at most {MAX_FILES} are.",
            "Check that --rules and --inputs name the folders that you mean.",
        )
    for (_, path), signature in listing.items():
        if signature[0] > MAX_FILE_BYTES:
            raise Blocked(
                f"{path} holds {signature[0]} bytes; at most {MAX_FILE_BYTES} are read.",
                "Ask the provider for the delivery in smaller files, or take it out of the folder.",
            )
    total = sum(signature[0] for signature in listing.values())
    if total > MAX_TOTAL_BYTES:
        raise Blocked(
            f"The files to read hold {total} bytes; at most {MAX_TOTAL_BYTES} are read.",
            "Check that --rules and --inputs name the folders that you mean.",
        )


def _signature(status: os.stat_result) -> _Signature:
    """What changes when a file is written to or replaced."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev


def _copy(source: Path, target: Path) -> tuple[_Signature, FileDigest] | None:
    """Copies and hashes one file; ``None`` when it went away or changed meanwhile."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(source, flags)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _CannotOpenError(error.strerror or str(error)) from error
    digest, size = hashlib.sha256(), 0
    with open(descriptor, "rb", buffering=0) as reader:  # noqa: PTH123 - a descriptor, not a path
        _let_clock_pass(os.fstat(descriptor))
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            return None
        try:
            _make_folder(target.parent)
            with target.open("wb") as writer:
                while chunk := reader.read(_CHUNK):
                    size += len(chunk)
                    if size > before.st_size:
                        return None
                    digest.update(chunk)
                    writer.write(chunk)
        except OSError as error:
            raise Blocked(
                f"{_shown(source)} could not be copied to {target.parent}: {error.strerror or error}.",
                f"Nothing was done. {advice(target, error)}",
            ) from error
        after = os.fstat(descriptor)
    # Size first: on a file system with coarse times a file that grew is still seen.
    if size != before.st_size or _signature(before) != _signature(after):
        return None
    return _signature(after), FileDigest(digest.hexdigest(), size)


def _let_clock_pass(status: os.stat_result) -> None:
    """Waits until a write from now on must get another time than the last one had: file systems count in ticks."""
    age = time.time_ns() - max(status.st_ctime_ns, status.st_mtime_ns)
    if 0 <= age < _TICK_NANOSECONDS:
        time.sleep((_TICK_NANOSECONDS - age) / 1e9)


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Blocked(
            f"{path} cannot be made: {error.strerror or error}.",
            f"Nothing was done. {advice(path, error)}",
        ) from error


def _shown(path: Path) -> str:
    """A path that can be printed anywhere, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "replace")
