"""Many delivered files at once, each read in a child process: what comes back is a table of text, or why there is none.

A child that dies or takes too long costs its own file and is replaced for the next.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import polars as pl

from settlement.deliveries.cells import KIND, SEPARATOR
from settlement.deliveries.mailbox import Mailbox

SECONDS_AT_MOST = 150.0
"""For one file, whatever the machine does besides; its work is bounded much closer, by the child itself."""
_TOO_MUCH_WORK = int(getattr(signal, "SIGXCPU", 0))
_CHILDREN_AT_MOST = 4
_START = "import sys; sys.path.append(sys.argv[1]); from settlement.deliveries.child import main; main()"
_PACKAGE = str(Path(__file__).resolve().parents[2])

_OF_REFUSAL = ("code", "found", "expected", "sheet", "cell", "field")


@dataclass(frozen=True)
class Refused:
    """Why a file is refused as a whole."""

    code: str
    found: str = ""
    expected: str = ""
    sheet: str = ""
    cell: str = ""
    field: str = ""


@dataclass(frozen=True)
class RawTable:
    """The table of a file as text: nothing in it is typed yet."""

    sheet: str
    header_row: int
    columns: Mapping[str, str]
    """Field to column letters."""
    headings: Mapping[str, str]
    others: Sequence[str]
    """Headings that mean no field."""
    in_head: str
    in_name: str
    version: int
    """Of the head block; 1 unless said."""
    month: str
    """That the head block says to be a delivery of: ``2018-03``; empty: not said."""
    cells: pl.DataFrame
    """``row`` and for each field its text, with the kind of the cell beside it where not all are text."""
    outside: frozenset[int]
    """Rows with something, but nothing in a column that means a field."""
    totals: tuple[int, ...]
    """Rows that begin with a word for total."""
    repeated: tuple[int, ...]
    """Rows that repeat the headings, as printed tables do on every page."""
    faults: Sequence[tuple[int | str, ...]]
    """Rows that can't be split into cells: row, code, found, expected; of a message also the contract."""
    hidden: int
    merged: Sequence[tuple[str, int, str, int]]
    calendar_1904: bool
    notes: Sequence[str]
    other_tables: Sequence[str]
    message: Mapping[str, Any] | None = None
    """What a JW323 says of itself; ``None`` for a table."""


@dataclass(frozen=True)
class RawFile:
    """What came out of one file."""

    digest: str
    """Empty when not even its bytes could be read."""
    size: int
    content: RawTable | Refused
    in_head: str = ""
    """The contract that its head block names, also of a file that is refused; empty: none, or not read so far."""


@dataclass
class _Parts:
    """The messages of the child about one file, as they come."""

    file: dict[str, Any] = field(default_factory=dict)
    head: dict[str, Any] = field(default_factory=dict)
    table: dict[str, Any] = field(default_factory=dict)
    pieces: list[dict[str, Any]] = field(default_factory=list)

    def take(self, message: dict[str, Any]) -> RawFile | None:
        """Keeps a message; the file, when it was the last of it."""
        match message["is"]:
            case "file":
                self.file = message
            case "head":
                self.head = message
            case "table":
                self.table = message
            case "rows":
                self.pieces.append(message)
            case _:
                return self.finished(message)
        return None

    def finished(self, last: Mapping[str, Any]) -> RawFile:
        digest, size = self.file.get("digest", ""), self.file.get("size", 0)
        if last["is"] == "refused":
            refused = Refused(**{name: str(last[name]) for name in _OF_REFUSAL if name in last})
            return RawFile(digest, size, refused, self.head.get("in_head", ""))
        table, pieces = self.table, self.pieces
        return RawFile(
            digest,
            size,
            RawTable(
                sheet=table["sheet"],
                header_row=table["header_row"],
                columns=table["columns"],
                headings=table["headings"],
                others=table["others"],
                in_head=table["in_head"],
                in_name=table["in_name"],
                version=table["version"],
                month=table["month"],
                cells=_frame(table.get("fields", table["columns"]), pieces),
                outside=frozenset(row for piece in pieces for row in piece["outside"]),
                totals=tuple(row for piece in pieces for row in piece["totals"]),
                repeated=tuple(row for piece in pieces for row in piece["repeated"]),
                faults=[tuple(fault) for piece in pieces for fault in piece["faults"]],
                hidden=sum(piece["hidden"] for piece in pieces),
                merged=[tuple(merged) for merged in last["merged"]],
                calendar_1904=last["calendar_1904"],
                notes=last["notes"],
                other_tables=last["other_tables"],
                message=table.get("message"),
            ),
        )


def _frame(fields: Iterable[str], pieces: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The cells of all pieces, by column; split by polars and never by a loop."""
    filled = [piece for piece in pieces if piece["rows"]]
    rows = pl.Series("row", [row for piece in filled for row in piece["rows"]], dtype=pl.Int32)
    frame = pl.DataFrame([rows])
    for name in fields:
        if not filled:
            frame = frame.with_columns(pl.Series(name, [], dtype=pl.String))
            continue
        together = SEPARATOR.join(piece["cells"][name] for piece in filled)
        texts = pl.DataFrame({name: [together]}).select(pl.col(name).str.split(SEPARATOR).explode()).to_series()
        frame = frame.with_columns(texts)
        if any(name in piece["kinds"] for piece in filled):
            marks = "".join(piece["kinds"].get(name) or "0" * len(piece["rows"]) for piece in filled)
            frame = frame.with_columns(pl.Series(f"{name}{KIND}", marks.encode()).cast(pl.UInt8) - 48)
    return frame


class _Child:
    """One reading process, started when first needed, again after it died."""

    def __init__(self, first_line: str, seconds: float) -> None:
        self._first_line = first_line
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._greet = True

    def _running(self) -> tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]:
        process = self._process
        if process is None:
            process = self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own module, nothing delivered
                [sys.executable, "-I", "-S", "-X", "utf8", "-c", _START, _PACKAGE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=1 << 20,
            )
            self._greet = True
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the reading child has no pipes")
        return process, process.stdin, process.stdout

    def read(self, path: Path) -> RawFile:
        """What the child says of a file; its death or slowness is a refusal."""
        parts = _Parts()
        late = threading.Event()
        process, to_child, from_child = self._running()

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self._seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            if self._greet:
                to_child.write(self._first_line.encode())
                self._greet = False
            to_child.write(f"{json.dumps({'path': str(path)})}\n".encode())
            to_child.flush()
            for line in from_child:
                if not line.endswith(b"\n"):
                    break
                read = parts.take(json.loads(line))
                if read is not None:
                    return read
        except (OSError, json.JSONDecodeError):
            pass  # the child is gone, or died in the middle of a line: said below
        finally:
            timer.cancel()
        self.close()
        code = "took-too-long" if late.is_set() or process.returncode == -_TOO_MUCH_WORK else "reading-failed"
        return parts.finished({"is": "refused", "code": code})

    def close(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what was left to write has no reader any more
                    stream.close()
        process.wait()


class Reader:
    """Reads files in a few children at once and hands on each as it is done.

    Use it in a ``with``: leaving it ends the children.
    """

    def __init__(
        self,
        headings: Mapping[str, Mapping[str, Sequence[str]]],
        *,
        seconds: float = SECONDS_AT_MOST,
        children: int | None = None,
        mailbox: Mailbox | None = None,
    ) -> None:
        """``headings`` holds each known contract with its own headings by field; ``mailbox`` is for JW323 messages."""
        lists = {number: {name: list(names) for name, names in own.items()} for number, own in headings.items()}
        self._first_line = f"{json.dumps(lists)}\n{json.dumps((mailbox or Mailbox()).as_json())}\n"
        self._seconds = seconds
        self._count = children or min(_CHILDREN_AT_MOST, os.cpu_count() or 1)
        self._own = threading.local()
        self._children: list[_Child] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children:
            child.close()

    def _child(self) -> _Child:
        child: _Child | None = getattr(self._own, "child", None)
        if child is None:
            child = self._own.child = _Child(self._first_line, self._seconds)
            with self._lock:
                self._children.append(child)
        return child

    def each(self, paths: Sequence[Path]) -> Iterator[tuple[int, RawFile]]:
        """The position of each file with what came out of it, in the order in which they are done."""

        def one(at: int) -> tuple[int, RawFile]:
            return at, self._child().read(paths[at])

        with ThreadPoolExecutor(max_workers=max(1, min(self._count, len(paths)))) as threads:
            waiting: set[Future[tuple[int, RawFile]]] = set()
            # The largest first, so that none of them is waited for alone at the end.
            positions = iter(sorted(range(len(paths)), key=lambda at: _size(paths[at]), reverse=True))
            try:
                while True:
                    # Only a few at a time, so that no more tables are in memory than there are children.
                    for at in itertools.islice(positions, self._count + 1 - len(waiting)):
                        waiting.add(threads.submit(one, at))
                    if not waiting:
                        return
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for each in done:
                        yield each.result()
            except BaseException:
                # Stopped from outside or by the one who reads on: nothing is started any more, and no child is left.
                threads.shutdown(wait=False, cancel_futures=True)
                for child in self._children:
                    child.close()
                raise


def _size(path: Path) -> int:
    """Bytes of a file; 0 when it can't be told, which its reading will say."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
