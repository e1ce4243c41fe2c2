"""What binds a run to its files: SHA-256 digests, of one file and of many."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileDigest:
    """The bytes of one file, by their digest and their number."""

    digest: str
    """SHA-256, hexadecimal."""
    size: int
    """In bytes."""


def digest_of(content: bytes) -> FileDigest:
    """The digest of bytes in memory."""
    return FileDigest(hashlib.sha256(content).hexdigest(), len(content))


def combined_digest(digests: Mapping[str, str]) -> str:
    """One SHA-256 over names and their digests.

    It depends on nothing else: not on the order in which they are given, not on where the files lie or how old
    they are.
    """
    combined = hashlib.sha256()
    for name in sorted(digests):
        combined.update(json.dumps([name, digests[name]]).encode() + b"\n")
    return combined.hexdigest()


def to_json(content: object) -> bytes:
    """JSON of which the same content always gives the same bytes."""
    # A file name of bytes that are no text is escaped, as JSON escapes it, and is read back as it was.
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1).encode("utf-8", "backslashreplace") + b"\n"
