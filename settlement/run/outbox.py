"""Publishing files: all of a set or none, whatever happens halfway, and repeatable until it is done.

What is to be published is first written beside its place, under ``outputs/.staging``. A note of intent then decides:
before it nothing was published, after it everything will be, now or by ``finish_pending`` at the next command.
What is replaced is kept until the end, so that a file that cannot be replaced undoes the others.

    .staging/2018-03/new/…         what is to be published
    .staging/2018-03/old/…         what it replaces
    .staging/2018-03/intent.json   publish it; or, when it awaits a run: if the ledger has recorded that run
    .staging/2018-03/undo.json     put back what was replaced

Whoever calls holds the workspace (lock.py): there is never more than one at work here.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from settlement.run.blocked import Blocked
from settlement.run.digests import FileDigest, digest_of

STAGING = ".staging"
MANIFEST = ".manifest.json"
"""In a published folder: which files are ours, with their digests. All others belong to the office."""

_INTENT, _UNDO, _NEW, _OLD = "intent.json", "undo.json", "new", "old"
_CHUNK = 1 << 20
_MAX_NAME = 200
_SYNCS_AT_ONCE = 16
_FORBIDDEN = re.compile(r'[<>:"\\|?*\x00-\x1f\x7f]')
_WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class OutputsBlocked(Blocked):
    """A file of the outputs cannot be written or replaced."""

    def __init__(self, path: Path, error: OSError, state: str) -> None:
        super().__init__(f"{path} cannot be written: {error.strerror or error}. {state}", advice(path, error))
        self.path = path


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a publication that was interrupted."""

    folder: str
    """Relative to the outputs."""
    outcome: Literal["completed", "undone", "discarded"]
    """``completed``: it stands there whole. ``undone``, ``discarded``: what stood there before stands there."""


@dataclass(frozen=True, slots=True)
class Staged:
    """Files that are written and safe on disk, and not yet published."""

    outputs: Path
    folder: str
    files: Mapping[str, FileDigest]
    """By path relative to the outputs, in order; the manifest is among them."""

    def publish(self) -> None:
        """Puts the files in their places and takes away those of the former publication that are no longer made.

        Raises ``OutputsBlocked`` when one cannot be placed. All is then as it was before; or, when it awaits a
        run (which is recorded by now, or this would not be called), it is finished by the next ``finish_pending``.
        """
        _publish(self.outputs, self.folder)

    def discard(self) -> None:
        """Forgets the files. Not when recording them failed: then ``finish_pending`` finds out whether it did."""
        _discard(_slot(self.outputs, self.folder))


@dataclass(frozen=True, slots=True)
class Streamed:
    """Content that is written as it comes, to a file that only those of ``mode`` may read (and its owner)."""

    chunks: Iterable[bytes]
    mode: int


def stage(
    outputs: Path,
    folder: str,
    files: Mapping[str, bytes | Path | Streamed],
    *,
    awaits: str | None = None,
    adds: bool = False,
    remove: Sequence[str] = (),
) -> Staged:
    """Writes the complete new contents of a folder beside it, ready to be published.

    ``files`` maps paths in the folder to their bytes, or to a file that is moved (by preference on the same disk).
    With ``adds`` they are added to what the folder has, which keeps no manifest then.
    ``awaits`` names the run that must be recorded first, by whatever ``finish_pending`` can ask the ledger for:
    from here on the publication is finished if that run is recorded, and forgotten if it is not.

    Files of the former publication (those in its manifest) that are not in ``files`` will be taken away, and those of
    ``remove`` that are there; files that the office put there are not touched. Raises ``OutputsBlocked``, with nothing changed, when the disk is full, when
    the folder cannot be written to or a file in it is open elsewhere; ``ValueError`` for a path that no file of
    ours may have.
    """
    _check_paths(folder, files)
    slot = _slot(outputs, folder)
    if (slot / _INTENT).exists() or (slot / _UNDO).exists():
        raise RuntimeError("a publication is pending: finish_pending comes first")
    at = slot
    try:
        _remove_tree(slot)
        written: dict[str, FileDigest] = {}
        for name in sorted(files):
            at = outputs / folder / name
            written[name] = _write_new(slot / _NEW / name, files[name])
        former = [] if adds else _read_manifest(outputs / folder / MANIFEST)
        if not adds:
            written[MANIFEST] = _write_new(slot / _NEW / MANIFEST, manifest_of(written))
        obsolete = sorted(name for name in {*former, *remove} if name not in written and (outputs / folder / name).is_file())
        intent = {
            "folder": folder,
            "awaits": awaits,
            "files": _listed(written),
            "existing": sorted(name for name in written if (outputs / folder / name).exists()),
            "remove": obsolete,
        }
        for name in (*written, *obsolete):
            at = outputs / folder / name
            _check_target(outputs, at)
        at = slot
        _write_new(slot / f"{_INTENT}.ready", _json(intent))
        for path, error in _sync_files([path for path in sorted(slot.rglob("*")) if path.is_file()]):
            at = outputs / folder / path.relative_to(slot / _NEW) if path.is_relative_to(slot / _NEW) else slot
            raise error
        sync_folders(path.parent for path in slot.rglob("*"))
        sync_folders((slot.parent, outputs))
        if awaits is not None:
            _commit(slot)
    except OSError as error:
        _discard(slot)
        raise OutputsBlocked(at, error, "Nothing was changed.") from error
    return Staged(outputs, folder, {f"{folder}/{name}": written[name] for name in sorted(written)})


def manifest_of(files: Mapping[str, FileDigest]) -> bytes:
    """The manifest of a folder with these files."""
    return _json({"files": _listed(files)})


def _listed(files: Mapping[str, FileDigest]) -> dict[str, dict[str, int | str]]:
    return {name: {"bytes": file.size, "sha256": file.digest} for name, file in files.items()}


def is_pending(outputs: Path, folder: str) -> bool:
    """Whether a publication of this folder was interrupted: the next command that writes finishes or undoes it."""
    return any((_slot(outputs, folder) / name).exists() for name in (_INTENT, _UNDO))


def finish_pending(outputs: Path, recorded: Callable[[str], bool]) -> tuple[Finished, ...]:
    """Completes, undoes or forgets what a killed run left in the staging folder; also its other leavings there.

    ``recorded`` answers whether the ledger holds the run that a publication awaits. To be called, under the lock,
    at the start of every command that writes. Raises ``OutputsBlocked`` when a file can still not be replaced.
    """
    finished = []
    for slot in _slots(outputs):
        committed = next((slot / name for name in (_UNDO, _INTENT) if (slot / name).is_file()), None)
        intent = _read_intent(committed) if committed else None
        if committed is None or intent is None:
            _discard(slot)
        elif committed.name == _UNDO:
            _undo(outputs, slot, intent)
            finished.append(Finished(intent.folder, "undone"))
        elif intent.awaits is None or recorded(intent.awaits):
            _publish(outputs, intent.folder)
            finished.append(Finished(intent.folder, "completed"))
        else:
            _discard(slot)
            finished.append(Finished(intent.folder, "discarded"))
    with suppress(OSError):  # there when a run was killed between the last two steps of its tidying
        (outputs / STAGING).rmdir()
    return tuple(finished)


def write_atomically(path: Path, content: bytes) -> None:
    """Writes one file so that at any moment either the old or the new content stands there, whole and on disk.

    Raises ``OutputsBlocked``, which says which of them stands there.
    """
    part = path.with_name(f".{path.name}.part")
    state = "Nothing was changed."
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            _write(file, content)
            _sync(file)
        part.replace(path)
        state = "It was written, but a power cut may still undo that."
        sync_folders((path.parent,))
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise OutputsBlocked(path, error, state) from error


def sync_folders(folders: Iterable[Path]) -> None:
    """Makes the names in these folders survive a power cut; Windows does so by itself."""
    if os.name == "nt":
        return
    for folder in sorted(set(folders)):
        try:
            descriptor = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:  # a file system that cannot
                raise
        finally:
            os.close(descriptor)


# ---- the intent ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Intent:
    folder: str
    awaits: str | None
    files: Mapping[str, FileDigest]
    existing: frozenset[str]
    """Those of ``files`` that stood there before."""
    remove: tuple[str, ...]


def _read_intent(path: Path) -> _Intent:
    try:
        read = json.loads(path.read_bytes())
        names = sorted(read["files"], key=lambda name: (name == MANIFEST, name))  # the manifest last
        intent = _Intent(
            read["folder"],
            read["awaits"],
            {name: FileDigest(read["files"][name]["sha256"], read["files"][name]["bytes"]) for name in names},
            frozenset(read["existing"]),
            tuple(read["remove"]),
        )
        _check_paths(intent.folder, [name for name in (*intent.files, *intent.remove) if name != MANIFEST])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Blocked(
            f"{path} is damaged: what a former run was publishing is not known.",
            f"Move {path.parent} elsewhere, then settle that month again.",
        ) from error
    return intent


def _commit(slot: Path) -> None:
    (slot / f"{_INTENT}.ready").replace(slot / _INTENT)
    sync_folders((slot,))


def _publish(outputs: Path, folder: str) -> None:
    slot = _slot(outputs, folder)
    at = slot
    awaits = None
    try:
        if not (slot / _INTENT).exists():
            _commit(slot)
        intent = _read_intent(slot / _INTENT)
        awaits = intent.awaits
        home = outputs / folder
        for name in intent.files:
            at = home / name
            _check_target(outputs, at)
            if (slot / _NEW / name).exists():
                _keep(at, slot / _OLD / name)
        sync_folders(path.parent for path in (slot / _OLD).rglob("*"))
        for name in intent.files:
            at = home / name
            if (slot / _NEW / name).exists():
                at.parent.mkdir(parents=True, exist_ok=True)
                (slot / _NEW / name).replace(at)
        for name in intent.remove:
            at = home / name
            if at.exists() and not (slot / _OLD / name).exists():
                (slot / _OLD / name).parent.mkdir(parents=True, exist_ok=True)
                at.replace(slot / _OLD / name)
        at = home
        sync_folders((home / name).parent for name in (*intent.files, *intent.remove))
        sync_folders(parent for parent in home.parents if parent.is_relative_to(outputs))
        at = slot
        (slot / _INTENT).unlink()
    except OSError as error:
        if awaits is not None:
            state = "The run is recorded; the rest of its files will be written by the next command."
            raise OutputsBlocked(at, error, state) from error
        _abandon(outputs, slot, at, error)
        raise OutputsBlocked(at, error, "Nothing was changed.") from error
    _remove_empty_folders(home, intent.remove)
    _discard(slot)


def _abandon(outputs: Path, slot: Path, at: Path, cause: OSError) -> None:
    """Puts everything back after a file could not be placed."""
    try:
        if (slot / _INTENT).exists():
            (slot / _INTENT).replace(slot / _UNDO)
            sync_folders((slot,))
        if (slot / _UNDO).exists():
            _undo(outputs, slot, _read_intent(slot / _UNDO))
    except (OSError, OutputsBlocked):
        state = "Some files of the folder are new and some are not; the next command sets that right."
        raise OutputsBlocked(at, cause, state) from cause
    _discard(slot)


def _undo(outputs: Path, slot: Path, intent: _Intent) -> None:
    home = outputs / intent.folder
    at = home
    try:
        for name in (*intent.files, *intent.remove):
            at, old = home / name, slot / _OLD / name
            if (slot / _NEW / name).exists():
                continue  # it was never placed; whoever has the present file open may keep it open
            if old.exists():
                at.parent.mkdir(parents=True, exist_ok=True)
                old.replace(at)
            elif name in intent.files and name not in intent.existing:
                at.unlink(missing_ok=True)
        sync_folders((home / name).parent for name in (*intent.files, *intent.remove))
        at = slot
        _remove_empty_folders(home, intent.files)
        (slot / _UNDO).unlink()
    except OSError as error:
        state = "Some files of the folder are new and some are not; the next command sets that right."
        raise OutputsBlocked(at, error, state) from error
    _discard(slot)


def _discard(slot: Path) -> None:
    """Forgets a slot; first what would make the next command act on it."""
    with suppress(OSError):
        if slot.is_dir():
            (slot / _INTENT).unlink(missing_ok=True)
            (slot / _UNDO).unlink(missing_ok=True)
        _remove_tree(slot)
        slot.parent.rmdir()


# ---- files -----------------------------------------------------------------------------------------------


def _slot(outputs: Path, folder: str) -> Path:
    return outputs / STAGING / folder.replace("/", "+")


def _slots(outputs: Path) -> list[Path]:
    staging = outputs / STAGING
    try:
        return sorted(staging.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise OutputsBlocked(staging, error, "Nothing was changed.") from error


def _json(content: object) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _write(file: BinaryIO, content: bytes) -> None:
    """The one place where bytes go to a file: a test fills the disk here."""
    file.write(content)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _write_new(path: Path, content: bytes | Path | Streamed) -> FileDigest:
    """Writes (or moves) a file to its place in the staging folder; not yet for certain on disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        with path.open("wb") as file:
            _write(file, content)
        return digest_of(content)
    digest, size = hashlib.sha256(), 0
    if isinstance(content, Streamed):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with open(os.open(path, flags, content.mode | 0o600), "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            for chunk in content.chunks:
                _write(file, chunk)
                digest.update(chunk)
                size += len(chunk)
        return FileDigest(digest.hexdigest(), size)
    try:
        content.replace(path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(content, path)
        content.unlink()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return FileDigest(digest.hexdigest(), size)


def _sync_file(path: Path) -> OSError | None:
    """Has a file on disk for certain; the error, when it cannot be."""
    try:
        with path.open("r+b") as file:
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None


def _sync_files(paths: Sequence[Path]) -> Iterator[tuple[Path, OSError]]:
    """Has files on disk for certain, many at once (a disk takes them together); those that could not be."""
    with ThreadPoolExecutor(_SYNCS_AT_ONCE) as pool:
        for path, error in zip(paths, pool.map(_sync_file, paths), strict=True):
            if error is not None:
                yield path, error


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("wb") as writer:
        while chunk := reader.read(_CHUNK):
            _write(writer, chunk)
        _sync(writer)


def _keep(target: Path, old: Path) -> None:
    """Keeps the present file under a second name: a second link to it, or a copy where there are no links."""
    if old.exists() or not target.exists():
        return
    old.parent.mkdir(parents=True, exist_ok=True)
    try:
        old.hardlink_to(target)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV, errno.EACCES}:
            raise
        part = old.with_name(f".{old.name}.part")
        _copy(target, part)
        part.replace(old)


def _remove_tree(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_empty_folders(home: Path, names: Iterable[str]) -> None:
    """Takes away folders that became empty, the deepest first."""
    folders = {home / parent for name in names for parent in PurePosixPath(name).parents}
    for folder in sorted(folders, key=lambda folder: -len(folder.parts)):
        with suppress(OSError):
            folder.rmdir()


def _read_manifest(path: Path) -> list[str]:
    """The names of the former publication, without those that no file of ours may have."""
    try:
        names = list(json.loads(path.read_bytes())["files"])
        _check_paths("x", names)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return []
    return names


# ---- what may be written where ---------------------------------------------------------------------------


def _check_paths(folder: str, names: Iterable[str]) -> None:
    """File names come from our own master data; here is checked that no other got through."""
    seen: dict[str, str] = {}
    for name in (folder, *names):
        for part in name.split("/"):
            if (
                not part
                or part.startswith(".")
                or part.endswith((".", " "))
                or len(part.encode()) > _MAX_NAME
                or _FORBIDDEN.search(part)
                or _WINDOWS_DEVICES.fullmatch(part)
            ):
                raise ValueError(f"'{name}' cannot be the path of an output file")
    for name in names:
        if seen.setdefault(name.casefold(), name) != name:
            raise ValueError(f"'{name}' and '{seen[name.casefold()]}' are one file on many machines")


def _check_target(outputs: Path, target: Path) -> None:
    """Raises ``OSError`` when a file cannot be placed there, as far as can be known beforehand."""
    if target.is_symlink():
        raise OSError(errno.ELOOP, "a link stands there")
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "a folder of that name stands there")
    parent = next(folder for folder in target.parents if folder.exists())
    if not parent.resolve().is_relative_to(outputs.resolve()):
        raise OSError(errno.ELOOP, "the folder is a link that leads out of the outputs")
    if not parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, f"{parent} is a file, not a folder")
    if not os.access(parent, os.W_OK):
        raise PermissionError(errno.EACCES, f"nothing may be written in {parent}")
    if os.name == "nt" and target.exists():  # pragma: no cover - only Windows keeps open files from being replaced
        with target.open("r+b"):
            pass


def advice(path: Path, error: OSError) -> str:
    """What a person can do about a file that cannot be written."""
    again = "then give the command again."
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return f"The disk is full. Make room on it, {again}"
    if error.errno == errno.EROFS:
        return f"The disk is read-only. Name a folder that can be written to with --outputs, {again}"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EBUSY, errno.ETXTBSY}:
        return f"If {path.name} is open in Excel, close it; if the folder is read-only, make it writable; {again}"
    if error.errno in {errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.EEXIST}:
        return f"Move what stands there elsewhere, {again}"
    return f"Check the disk, {again}"
