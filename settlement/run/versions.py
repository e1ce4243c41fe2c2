"""What a run was made with: the versions that its receipt names, and by which a difference later can be explained."""

from __future__ import annotations

import functools
import hashlib
import platform
from importlib import metadata
from pathlib import Path

from settlement import __version__

LIBRARIES = ("durable-rules", "polars", "openpyxl", "PyYAML", "jinja2")
"""Those whose work is in the amounts or the bytes of a paper."""


@functools.cache
def versions() -> dict[str, str]:
    """Each part with its version; ``code`` is one digest over the files of the program itself."""
    return {
        "settlement": __version__,
        "code": _code_digest(Path(__file__).parents[1]),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in LIBRARIES},
    }


def changed_since(then: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Part → version then and now, of the parts that are not what they were; empty when a part is missing."""
    now = versions()
    return {
        name: (then.get(name, ""), now.get(name, ""))
        for name in sorted(then.keys() | now.keys())
        if then.get(name, "") != now.get(name, "")
    }


def _code_digest(package: Path) -> str:
    combined = hashlib.sha256()
    for path in sorted(package.rglob("*"), key=lambda path: path.relative_to(package).as_posix()):
        if path.suffix in {".py", ".html", ".css"}:
            # A checkout on Windows may have other line ends, and is the same code.
            content = path.read_bytes().replace(b"\r\n", b"\n")
            combined.update(f"{path.relative_to(package).as_posix()} {len(content)}\n".encode() + content)
    return combined.hexdigest()
