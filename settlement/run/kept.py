"""What final runs have read, kept below the outputs so that each can be replayed: every content once, under its digest.

    kept/3f/9a…e1       a content as it was
    kept/b0/17…44.gz    one that is much smaller compressed

A content is placed by the outbox, and awaits the run that needs it: what no run needs is never kept. The receipt of a
run is kept too, under the digest that the ledger holds; it names all the others.
"""

from __future__ import annotations

import hashlib
import json
import stat
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from settlement.run.blocked import Blocked
from settlement.run.digests import FileDigest, digest_of
from settlement.run.outbox import Staged, Streamed, stage
from settlement.run.snapshot import MAX_FILE_BYTES, CopiedFolder, Snapshot

KEPT = "kept"
"""The folder, below the outputs."""
SOURCES = ("rules", "inputs")
"""What a run reads: the names of its two snapshots, and of their lists in its receipt."""

_COMPRESSED = ".gz"
_CHUNK = 1 << 20
_GZIP = 31
"""As zlib counts: a gzip file, whose header has no time and no name."""


class NotKept(Exception):  # noqa: N818 - an answer about a content, not an error of the program
    """A content cannot be had any more; its text says why."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a run had read, in a folder as its snapshot was."""

    copied: Snapshot
    lost: Mapping[str, str]
    """File (``inputs/2018-03/…``) → why it is not there: missing, or damaged. Empty when all of it is."""


# ---- keeping ---------------------------------------------------------------------------------------------


def keep(
    outputs: Path, copied: Snapshot, sources: Mapping[str, Path], receipt: bytes, *, awaits: str
) -> Staged | None:
    """Stages every content of a run that is not kept yet, to be published once the run is recorded; ``None``: all are.

    ``sources`` are the folders that were copied: who may read a file there may read it here, and nobody else. A content
    that stands there damaged is written anew. Raises ``OutputsBlocked``, with nothing changed.
    """
    own = digest_of(receipt).digest
    files: dict[str, bytes | Path | Streamed] = {} if is_kept(outputs, own) else {_name(own): receipt}
    seen = {own}
    for source, folder in copied.items():
        for path, file in folder.files.items():
            if file.digest in seen or is_kept(outputs, file.digest):
                continue
            seen.add(file.digest)
            content, mode = folder.path / path, _readers(sources[source], path)
            compressed = _pays(content)
            chunks = _squeezed(_chunks(content)) if compressed else _chunks(content)
            files[_name(file.digest, compressed=compressed)] = Streamed(chunks, mode)
    return stage(outputs, KEPT, files, awaits=awaits, adds=True) if files else None


def _name(digest: str, *, compressed: bool = False) -> str:
    return f"{digest[:2]}/{digest[2:]}{_COMPRESSED if compressed else ''}"


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _squeezed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    press = zlib.compressobj(wbits=_GZIP)
    for chunk in chunks:
        yield press.compress(chunk)
    yield press.flush()


def _pays(path: Path) -> bool:
    """Whether the beginning of a file becomes a quarter smaller: text does, and a workbook is compressed already."""
    first = next(_chunks(path), b"")
    return len(zlib.compress(first)) < len(first) * 3 // 4


def _readers(root: Path, path: str) -> int:
    """Who may read a file: as its own permissions say, less those who cannot come into a folder above it."""
    mode = 0o666
    try:
        mode &= stat.S_IMODE((root / path).stat().st_mode)
        for above in (root / path).parents:
            entered = stat.S_IMODE(above.stat().st_mode)
            mode &= ~(0 if entered & 0o010 else 0o060) & ~(0 if entered & 0o001 else 0o006)
            if above == root:
                break
    except OSError:  # it has gone meanwhile: for the owner alone
        return 0o600
    return mode


# ---- giving back -----------------------------------------------------------------------------------------


def is_kept(outputs: Path, digest: str) -> bool:
    """Whether a content is kept and whole."""
    try:
        for _ in kept_chunks(outputs, digest):
            pass
    except NotKept:
        return False
    return True


def kept_chunks(outputs: Path, digest: str) -> Iterator[bytes]:
    """A kept content, piece by piece. Raises ``NotKept`` when it is missing; at the end, when it is not what was kept."""
    plain, pressed = (outputs / KEPT / _name(digest, compressed=compressed) for compressed in (False, True))
    found = hashlib.sha256()
    size = 0
    try:
        compressed = not plain.exists()
        for chunk in _expanded(_chunks(pressed)) if compressed else _chunks(plain):
            size += len(chunk)
            if size > MAX_FILE_BYTES:
                raise NotKept("is damaged in the store of kept files")
            found.update(chunk)
            yield chunk
    except FileNotFoundError:
        raise NotKept("is missing from the store of kept files") from None
    except zlib.error:
        raise NotKept("is damaged in the store of kept files") from None
    except OSError as error:
        raise NotKept(f"cannot be read in the store of kept files ({error.strerror or error})") from error
    if found.hexdigest() != digest:
        raise NotKept("is damaged in the store of kept files")


def _expanded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    press = zlib.decompressobj(wbits=_GZIP)
    for chunk in chunks:
        rest = chunk
        while rest and not press.eof:
            yield press.decompress(rest, _CHUNK)
            rest = press.unconsumed_tail
        if press.eof and (press.unused_data or rest):
            raise zlib.error("there is more behind the end")
    yield press.flush()
    if not press.eof:
        raise zlib.error("the end is missing")


def kept_receipt(outputs: Path, digest: str) -> dict[str, Any] | None:
    """The receipt of a run, by the digest in the ledger; ``None`` when it is not kept, or not whole."""
    try:
        found = json.loads(b"".join(kept_chunks(outputs, digest)))
    except (NotKept, ValueError):
        return None
    return found if isinstance(found, dict) else None


def restore(outputs: Path, receipt: Mapping[str, Any], into: Path) -> Restored:
    """Puts everything that a run had read into a private folder, as its snapshot was.

    Raises ``Blocked`` when there is no room for it.
    """
    copied, lost = {}, {}
    for source in SOURCES:
        root = into / source
        files: dict[str, FileDigest] = {}
        _make(root)
        for path, digest in sorted(receipt[source]["files"].items()):
            if ".." in Path(path).parts or Path(path).is_absolute() or Path(path).drive:
                lost[f"{source}/{path}"] = "has a name that no file of ours has"
                continue
            try:
                files[path] = _put(kept_chunks(outputs, digest), root / path, digest)
            except NotKept as why:
                lost[f"{source}/{path}"] = str(why)
        copied[source] = CopiedFolder(root, files, receipt[source].get("left_out", {}))
    return Restored(copied, lost)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _no_room(folder, error) from error


def _put(chunks: Iterator[bytes], target: Path, digest: str) -> FileDigest:
    _make(target.parent)
    size = 0
    try:
        with target.open("wb") as file:
            for chunk in chunks:
                size += len(chunk)
                file.write(chunk)
    except OSError as error:
        raise _no_room(target, error) from error
    return FileDigest(digest, size)


def _no_room(path: Path, error: OSError) -> Blocked:
    return Blocked(
        f"{path.name} could not be laid out to replay it: {error.strerror or error}.",
        "Nothing was changed. Make room on the disk of temporary files, then give the command again.",
    )
