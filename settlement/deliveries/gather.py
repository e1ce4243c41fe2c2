"""All delivered files of a run, to lines, refusals and problems. Nothing is written, and no file ever stops another.

**Replacement.** Files of one contract and claim month replace each other as a whole: the highest version (in the name
or the head block, whichever says more) is used, of equal versions the later name, numbers in names counted as numbers.
A file whose contracts stand in a column replaces the file of the same name but for its version. A file that can't be
read replaces nothing: the readable one before it stays in use, and the problem says that a later one came.
A file that says to be a delivery of another month than its folder, in its head block (Leveringsmaand) or in its name behind
the contract (``…-2018-03``), is refused as a whole: of two months that one folder holds, one would push the other out.
A file with the same bytes for the same contract as an earlier one counts once, in whichever month it came again.
JW323 messages replace nothing: each is a claim of its own, and what it corrects it credits.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import difflib
import itertools
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from settlement.deliveries.contracts import Contracts, version_of_name
from settlement.deliveries.faults import FILE_FAULTS
from settlement.deliveries.formats import EXTENSIONS
from settlement.deliveries.lines import LINES, MESSAGE_SUFFIX, PARTLY, REFUSALS
from settlement.deliveries.mailbox import Mailbox
from settlement.deliveries.order import refuse_claims
from settlement.deliveries.personal import without_service_numbers
from settlement.deliveries.reading import SECONDS_AT_MOST, RawFile, RawTable, Reader, Refused
from settlement.deliveries.table import TypedTable, typed_tables
from settlement.deliveries.typed import Source
from settlement.domain.periods import Month
from settlement.domain.problems import Place, Problem
from settlement.domain.records import Delivery, Message, Replacement

_READ = EXTENSIONS | {".csv", MESSAGE_SUFFIX}
_TO_SAVE_AS = {
    ".fods": "Open it and save it as .ods or .xlsx.",
    ".xltx": "Open it in Excel and save it as .xlsx (Excel Workbook).",
    ".numbers": "Export it as .xlsx (Excel Workbook).",
    ".txt": "If it holds the lines, rename it so that it ends in .csv.",
    ".tsv": "Rename it so that it ends in .csv.",
    ".zip": "Unpack it, and put the .xlsx and .csv files in this folder.",
}
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".download")
_DEPTH_AT_MOST = 20
_ROWS_TOGETHER = 200_000
"""So many rows are typed together: many small files at once, and never all of a region in memory as text."""
_SHOWN_AT_MOST = 60


@dataclass(frozen=True)
class Gathered:
    """What was delivered up to and including a month."""

    deliveries: tuple[Delivery, ...]
    """Every file, the replaced and the refused too, in order of claim month and key."""
    lines: pl.DataFrame
    """Schema ``LINES``: of the files in use, in order of claim month, delivery, sheet and row."""
    refusals: pl.DataFrame
    """Schema ``REFUSALS``: of the files in use and of the refused, in the same order; row 0 for a whole file."""
    problems: tuple[Problem, ...]
    """What a person must look at, in order of place."""
    partly: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PARTLY))
    """Schema ``PARTLY``: the lines of ``refusals`` with a cell that could not be read, as far as they could."""
    replacements: tuple[Replacement, ...] = ()
    """Which files took the place of which, contract by contract, in order of claim month and contract."""


@dataclass(frozen=True)
class _Inputs:
    """The folder of deliveries: where it is read, and where the user has it."""

    path: Path
    shown: Path

    def place(self, path: Path) -> Place:
        """A path below it as the user would type it: from the current folder where it lies below that."""
        own = (self.shown / path.relative_to(self.path)).absolute()
        with contextlib.suppress(ValueError):
            own = own.relative_to(Path.cwd())
        return Place(own.as_posix().encode("utf-8", "backslashreplace").decode())


@dataclass(frozen=True)
class _File:
    path: Path
    key: str
    month: Month


@dataclass(frozen=True)
class _Outcome:
    """One file, read and typed."""

    delivery: Delivery
    readable: bool
    """False: refused as a whole."""
    refused: tuple[Refused, ...]
    """Why it is refused as a whole; or what else is wrong with a file that could be read."""
    group: str
    """Files of one group and month replace each other."""


@dataclass(frozen=True)
class _Pending:
    """A file that was read and waits to be typed together with others."""

    at: int
    delivery: Delivery
    bare: str
    """Its name without contract and version."""
    raw: RawTable


def gather(
    inputs: Path,
    until: Month,
    contracts: Mapping[str, Mapping[str, tuple[str, ...]]],
    *,
    progress: Callable[[int, int, str], None] | None = None,
    shown: Path | None = None,
    seconds: float = SECONDS_AT_MOST,
    mailbox: Mailbox | None = None,
) -> Gathered:
    """Reads every file in ``inputs/YYYY-MM/`` up to and including ``until``.

    ``contracts`` maps each known contract number to its provider's own column headings by field. ``progress`` is called
    with the files done, the number of files and the key of the last. ``shown`` is where the user has the folder, when
    ``inputs`` is a copy of it: problems name their files there. ``seconds`` bounds the reading of one file. ``mailbox``
    is what JW323 messages need; without it they are refused.
    """
    problems: list[Problem] = []
    folder = _Inputs(inputs, shown or inputs)
    files = list(_files(folder, until, problems))
    known = Contracts(contracts)
    outcomes: dict[int, _Outcome] = {}
    lines, refusals, partly = [pl.DataFrame(schema=LINES)], [pl.DataFrame(schema=REFUSALS)], [pl.DataFrame(schema=PARTLY)]
    waiting: list[_Pending] = []

    def type_waiting() -> None:
        tables = typed_tables([(_source(each), each.raw) for each in waiting], known.numbers)
        lines.append(tables.lines)
        refusals.append(tables.refusals)
        partly.append(tables.partly)
        outcomes.update({each.at: _typed(each, table) for each, table in zip(waiting, tables.files, strict=True)})
        waiting.clear()

    with Reader(contracts, seconds=seconds, mailbox=mailbox) as reader:
        for done, (at, raw) in enumerate(reader.each([file.path for file in files]), 1):
            read = _read(at, files[at], raw, known)
            if isinstance(read, _Pending):
                waiting.append(read)
                if sum(each.raw.cells.height for each in waiting) >= _ROWS_TOGETHER:
                    type_waiting()
            else:
                outcomes[at] = read
            if progress is not None:
                progress(done, len(files), files[at].key)
        if waiting:
            type_waiting()
    settled = _replaced([outcomes[at] for at in range(len(files))])
    problems += [_problem(folder, outcome, refused, known) for outcome in settled for refused in outcome.refused]
    used = [outcome.delivery.key for outcome in settled if outcome.delivery.used]
    deliveries, of_used, of_rows = refuse_claims(
        [outcome.delivery for outcome in settled], _of_used(pl.concat(lines), used), _of_used(pl.concat(refusals), used)
    )
    problems += _side_by_side(folder, deliveries, of_used)
    # Of a message that is rejected as a whole no line is judged any more.
    judged = [one.key for one in deliveries if one.used and not (one.message is not None and one.message.rejected)]
    return Gathered(
        tuple(deliveries),
        of_used.sort("claim_month", "delivery", "sheet", "row"),
        _refusals(settled, of_rows),
        tuple(sorted(problems, key=lambda problem: (problem.place, problem.code, problem.message))),
        _of_used(pl.concat(partly), judged).sort("claim_month", "delivery", "sheet", "row"),
        _replacements(settled, pl.concat(lines), pl.concat(refusals)),
    )


def left_out(inputs: Path, paths: Mapping[str, str]) -> tuple[Problem, ...]:
    """The problems of files that could not even be copied to be read: path below ``inputs`` to the code of why."""
    folder = _Inputs(inputs, inputs)
    problems = []
    for path, code in sorted(paths.items()):
        message, help_ = FILE_FAULTS[code]
        problems.append(Problem(code, folder.place(inputs / path), f"{message}: it counts for nothing", help_))
    return tuple(problems)


# ---- which files -----------------------------------------------------------------------------------------


def _files(inputs: _Inputs, until: Month, problems: list[Problem]) -> Iterator[_File]:
    """The files to read, in order of month and key; what can't be one becomes a problem."""
    if not inputs.path.is_dir():
        problems.append(
            Problem("no-inputs", inputs.place(inputs.path), f"there is no folder '{inputs.place(inputs.path)}'",
                    "Make it, with a folder for each month, such as 2018-03, for what providers deliver.")
        )  # fmt: skip
        return
    root = inputs.path.resolve()
    for entry in _entries(inputs.path, inputs, problems):
        path = Path(entry.path)
        if not entry.is_dir():
            if path.suffix.casefold() not in _READ | _TO_SAVE_AS.keys():
                continue  # a script or a note beside the months is nobody's delivery
            problems.append(
                Problem("not-in-a-month", inputs.place(path), f"'{entry.name}' does not lie in the folder of a month",
                        "Move it to the folder of its claim month, such as 2018-03.")
            )  # fmt: skip
            continue
        if entry.is_symlink():
            problems.append(_link(path, inputs))
            continue
        try:
            month = Month.parse(entry.name)
        except ValueError:
            if any(True for _ in _below(path, inputs, root, [], 0)):
                problems.append(
                    Problem("not-a-month", inputs.place(path), f"folder '{entry.name}' holds files and is not a month",
                            "Name it after the claim month of its files, such as 2018-03.")
                )  # fmt: skip
            continue
        if month > until:
            continue
        for found in _below(path, inputs, root, problems, 0):
            key = found.relative_to(inputs.path).as_posix()
            if found.suffix.casefold() not in _READ:
                help_ = _TO_SAVE_AS.get(
                    found.suffix.casefold(), "Providers deliver .xlsx and .csv. Remove it from the folder."
                )
                problems.append(
                    Problem("unknown-format", inputs.place(found), f"'{found.name}' is not read: it is no .xlsx and no .csv", help_)
                )  # fmt: skip
            elif not found.name.isprintable() or not key.isprintable():
                problems.append(
                    Problem("unprintable-name", inputs.place(path), f"a file name holds characters that can't be shown: {key!a}",
                            "Rename it with letters, digits and hyphens.")
                )  # fmt: skip
            else:
                yield _File(found, key, month)


def _below(folder: Path, inputs: _Inputs, root: Path, problems: list[Problem], depth: int) -> Iterator[Path]:
    """The files in a folder and the folders in it, in order of name."""
    for entry in _entries(folder, inputs, problems):
        path = Path(entry.path)
        if entry.is_symlink():
            target = Path(os.path.realpath(path))
            if path.is_dir() or not target.is_relative_to(root) or not target.is_file():
                problems.append(_link(path, inputs))
                continue
            yield path
        elif entry.is_dir():
            if path.suffix.casefold() in _READ | _TO_SAVE_AS.keys():
                message, help_ = FILE_FAULTS["folder-as-file"]
                problems.append(Problem("folder-as-file", inputs.place(path), message, help_))
            elif depth < _DEPTH_AT_MOST:
                yield from _below(path, inputs, root, problems, depth + 1)
            else:
                problems.append(Problem("too-deep", inputs.place(path), *FILE_FAULTS["too-deep"]))
        elif entry.is_file():
            yield path
        else:
            problems.append(Problem("not-a-file", inputs.place(path), *FILE_FAULTS["not-a-file"]))


def _entries(folder: Path, inputs: _Inputs, problems: list[Problem]) -> list[os.DirEntry[str]]:
    """What stands in a folder and counts, in order of name: no hidden, lock, unfinished or system files, no README."""
    try:
        with os.scandir(folder) as entries:
            every = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        problems.append(
            Problem("cannot-open", inputs.place(folder), "the folder can't be opened", "Check that you may read it.")
        )
        return []
    return [entry for entry in every if not _ignored(entry.name)]


def _ignored(name: str) -> bool:
    small = name.casefold()
    return (
        small.startswith((".", "~$", "readme")) or small.endswith(_UNFINISHED) or small in {"thumbs.db", "desktop.ini"}
    )


def _link(path: Path, inputs: _Inputs) -> Problem:
    return Problem(
        "link-outside", inputs.place(path), f"'{path.name}' is a link that leads out of the folder of deliveries",
        "Put the file itself there.",
    )  # fmt: skip


# ---- one file --------------------------------------------------------------------------------------------


def _read(at: int, file: _File, raw: RawFile, known: Contracts) -> _Pending | _Outcome:
    """A file as it was read, with the contract that it belongs to; or why it is refused as a whole."""
    in_name = known.find((), file.path.name).in_name
    version, bare = version_of_name(file.path.stem[len(in_name) :])
    delivery = Delivery(
        key=file.key, claim_month=file.month, digest=raw.digest, size=raw.size, contract=in_name or None,
        version=version, sheet="", header_row=0,
    )  # fmt: skip
    content = raw.content
    if isinstance(content, Refused):
        if raw.in_head:
            delivery = dataclasses.replace(delivery, contract=known.numbers.get(raw.in_head.casefold()))
        return _refused(delivery, content)
    delivery = dataclasses.replace(
        delivery,
        version=max(version, content.version),
        sheet=content.sheet,
        header_row=content.header_row,
        columns=dict(content.columns),
        headings=dict(content.headings),
    )
    contract: str | None = content.in_head or None
    if content.message is not None:
        said = _message(content.message)
        return _Pending(at, dataclasses.replace(delivery, contract=contract, version=1, message=said), bare, content)
    if contract is not None and contract not in known.numbers.values():
        nearest = difflib.get_close_matches(contract.casefold(), list(known.numbers), n=1, cutoff=0.7)
        expected = known.numbers[nearest[0]] if nearest else ""
        found = without_service_numbers(contract[:_SHOWN_AT_MOST])
        unknown = Refused("unknown-contract", found, expected, content.sheet, field="contract")
        return _refused(dataclasses.replace(delivery, contract=None), unknown)
    if contract is None and not ("contract" in content.cells.columns and _says_something(content.cells["contract"])):
        contract = in_name or None
        if contract is None:
            return _refused(delivery, Refused("no-contract", sheet=content.sheet))
    of_month = content.month or (in_name and _month_of_name(file.path.stem[len(in_name) :]))
    if of_month not in {"", str(file.month)}:
        other = Refused("other-month", found=of_month, expected=str(file.month), sheet=content.sheet)
        return _refused(dataclasses.replace(delivery, contract=contract), other)
    return _Pending(at, dataclasses.replace(delivery, contract=contract), bare, content)


def _month_of_name(behind: str) -> str:
    """The month that stands in a file name directly behind its contract, as in those that we make; empty: none does."""
    said = re.match(r"[ _-]?(20[0-9]{2}-(?:0[1-9]|1[0-2]))(?![0-9])", behind)
    return said[1] if said else ""


def _message(said: Mapping[str, Any]) -> Message:
    return Message(**{
        **said, "dated": dt.date.fromisoformat(said["dated"]), "claim_period": Month.parse(said["claim_period"])
    })  # fmt: skip


def _source(pending: _Pending) -> Source:
    delivery, raw = pending.delivery, pending.raw
    return Source(
        delivery.key, delivery.claim_month, delivery.sheet, delivery.contract, delivery.columns, raw.calendar_1904
    )


def _typed(pending: _Pending, table: TypedTable | Refused) -> _Outcome:
    """A file after its table was typed."""
    delivery = pending.delivery
    if isinstance(table, Refused):
        return _refused(delivery, table)
    contract = delivery.contract
    if contract is None and len(table.contracts) == 1 and not table.other_contracts:
        # A column that names one contract only says what a head block would have said.
        contract = table.contracts[0]
    delivery = dataclasses.replace(delivery, contract=contract, rows=table.rows, notes=table.notes)
    return _Outcome(delivery, readable=True, refused=table.of_file, group=_group(delivery, pending.bare))


def _group(delivery: Delivery, bare: str) -> str:
    contract = delivery.contract
    if delivery.key.casefold().endswith(MESSAGE_SUFFIX):
        return f"message {delivery.key}"
    return f"contract {contract}" if contract is not None else f"name {bare.casefold()}"


def _says_something(column: pl.Series) -> bool:
    return bool((column.str.strip_chars() != "").any())


def _refused(delivery: Delivery, refused: Refused) -> _Outcome:
    delivery = dataclasses.replace(delivery, refused=True)
    return _Outcome(delivery, readable=False, refused=(refused,), group=_group(delivery, delivery.key))


# ---- which of them count ---------------------------------------------------------------------------------


def _later(outcome: _Outcome) -> tuple[int, list[tuple[int, int, str]], str]:
    """The order in which files of one contract and month replace each other."""
    stem = outcome.delivery.key.rpartition("/")[2].rpartition(".")[0].casefold()
    natural = [(int(part), 0, "") if part.isdecimal() else (-1, 0, part) for part in re.split("([0-9]+)", stem) if part]
    return outcome.delivery.version, natural, outcome.delivery.key


def _replaced(outcomes: Sequence[_Outcome]) -> list[_Outcome]:
    """The same files, with what replaced which; in order of claim month and key."""
    by_key = {outcome.delivery.key: outcome for outcome in outcomes}
    groups: dict[tuple[Month, str], list[_Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.delivery.claim_month, outcome.group].append(outcome)
    used: list[_Outcome] = []
    for group in groups.values():
        in_order = sorted(group, key=_later)
        readable = [outcome for outcome in in_order if outcome.readable]
        if not readable:
            continue
        last = readable[-1]
        # Of the same file sent again at the end, the first is the file and the others are its copies.
        copies = list(itertools.takewhile(lambda each, last=last: _same(each, last), reversed(readable)))  # type: ignore[misc]
        kept = copies[-1]
        used.append(kept)
        for outcome in in_order[: in_order.index(last) + 1]:
            if outcome is not kept:
                by_key[outcome.delivery.key] = _unused(outcome, kept, same=outcome in copies)
    first_of: dict[tuple[str, str | None], _Outcome] = {}
    for outcome in sorted(used, key=lambda each: (each.delivery.claim_month, each.delivery.key)):
        first = first_of.setdefault((outcome.delivery.digest, outcome.delivery.contract), outcome)
        # A file without lines says that there were none: it may say so every month.
        if first is not outcome and (
            outcome.delivery.rows or first.delivery.claim_month == outcome.delivery.claim_month
        ):
            by_key[outcome.delivery.key] = _unused(outcome, first, same=True)
    return sorted(by_key.values(), key=lambda each: (each.delivery.claim_month, each.delivery.key))


def _side_by_side(inputs: _Inputs, deliveries: Sequence[Delivery], lines: pl.DataFrame) -> list[Problem]:
    """Where a file names its contracts in a column, another may hold lines of one of them: neither is said to replace the
    other, and lines that were meant to be corrected would count in both."""
    tables = {one.key: one for one in deliveries if one.used and one.message is None}
    if all(one.contract is not None for one in tables.values()):
        return []
    together = (
        lines.lazy()
        .filter(pl.col("delivery").is_in(list(tables)) & pl.col("contract").is_not_null())
        .select("claim_month", "contract", "delivery")
        .unique()
        .sort("delivery")
        .group_by("claim_month", "contract")
        .agg("delivery")
        .filter(pl.col("delivery").list.len() > 1)
        .sort("claim_month", "contract")
        .collect()
    )
    problems = []
    for month, contract, keys in together.iter_rows():
        named = " and ".join(f"'{key}'" for key in keys)
        message = f"{named} hold lines of {contract} for {Month.from_index(month)}, and neither replaces the other: all of them count"
        help_ = "If one came instead of the other, take the other out of the folder, or give them one name, with v1 and v2 behind it."
        problems.append(Problem("side-by-side", inputs.place(inputs.path / keys[-1]), message, help_))
    return problems


def _replacements(settled: Sequence[_Outcome], lines: pl.DataFrame, refusals: pl.DataFrame) -> tuple[Replacement, ...]:
    """What each file that took another's place has of its lines, and how many the largest that it replaced had."""
    by_key = {outcome.delivery.key: outcome.delivery for outcome in settled}
    pairs = [
        (outcome.delivery, by_key[outcome.delivery.replaced_by])
        for outcome in settled
        if outcome.readable and outcome.delivery.replaced_by is not None
    ]
    # A copy of a file has taken no place.
    pairs = [(earlier, later) for earlier, later in pairs if earlier.digest != later.digest]
    if not pairs:
        return ()
    # Where a column says the contract, the lines are counted by what it says.
    by_row = {key: earlier.contract is None or later.contract is None for earlier, later in pairs for key in (earlier.key, later.key)}
    shared = [key for key, column in by_row.items() if column]
    rows = [frame.filter(pl.col("delivery").is_in(shared)).select("delivery", "contract", "row") for frame in (lines, refusals)]
    counted: dict[str, dict[str, int]] = defaultdict(dict)
    for key, contract, count in pl.concat(rows).drop_nulls().unique().group_by("delivery", "contract").len().iter_rows():
        counted[key][contract] = count
    counted |= {one.key: {one.contract: one.rows} for pair in pairs for one in pair if not by_row[one.key] and one.contract is not None}
    found: dict[tuple[Month, str], Replacement] = {}
    for earlier, later in pairs:
        for contract, count in counted[earlier.key].items():
            now = counted[later.key].get(contract, 0) if later.used else 0
            at, before = (earlier.claim_month, contract), found.get((earlier.claim_month, contract))
            if before is None or count >= before.earlier_lines:
                found[at] = Replacement(contract, earlier.claim_month, earlier.key, count, later.key, now)
    return tuple(found[at] for at in sorted(found))


def _same(one: _Outcome, other: _Outcome) -> bool:
    return one.delivery.digest == other.delivery.digest


def _unused(outcome: _Outcome, by: _Outcome, *, same: bool) -> _Outcome:
    notes = (*outcome.delivery.notes, f"copy of {by.delivery.key}") if same else outcome.delivery.notes
    delivery = dataclasses.replace(outcome.delivery, used=False, replaced_by=by.delivery.key, notes=notes)
    # What is wrong with a file that was replaced needs nobody any more.
    return dataclasses.replace(outcome, delivery=delivery, refused=())


# ---- together --------------------------------------------------------------------------------------------


def _of_used(frame: pl.DataFrame, used: Sequence[str]) -> pl.DataFrame:
    return frame.filter(pl.col("delivery").is_in(used))


def _refusals(outcomes: Sequence[_Outcome], of_rows: pl.DataFrame) -> pl.DataFrame:
    """The refusals of rows and those of whole files, in the order of the files; of a file, its own before its rows'."""
    whole = [
        {
            "delivery": outcome.delivery.key,
            "contract": outcome.delivery.contract,
            "sheet": refused.sheet,
            "row": 0,
            "cell": refused.cell,
            "field": refused.field,
            "code": refused.code,
            "national": "",
            "found": refused.found,
            # Another provider's contract number is nothing for this one to read.
            "expected": "" if refused.code == "unknown-contract" else refused.expected,
        }
        for outcome in outcomes
        for refused in outcome.refused
    ]
    position = {outcome.delivery.key: at for at, outcome in enumerate(outcomes)}
    every = pl.concat([pl.DataFrame(whole, schema=REFUSALS), of_rows])
    if every.is_empty():
        return every
    return every.sort(pl.col("delivery").replace_strict(position, return_dtype=pl.Int32), "row", maintain_order=True)


def _problem(inputs: _Inputs, outcome: _Outcome, refused: Refused, known: Contracts) -> Problem:
    delivery = outcome.delivery
    says = {"found": refused.found, "expected": refused.expected, "sheet": refused.sheet, "cell": refused.cell or "somewhere"}
    told, help_ = (text.format(**says) for text in FILE_FAULTS[refused.code])
    if refused.code == "unknown-contract" and refused.expected in known.numbers.values():
        help_ = f"Did you mean '{refused.expected}'? {help_}"
    if refused.code == "no-table" and refused.found:
        told += f" (perhaps it is: {refused.found})"
        help_ += " Say in providers.yaml what the provider's own headings mean; settlement check proposes it."
    if not outcome.readable:
        told += ": none of its lines counts"
    return Problem(refused.code, inputs.place(inputs.path / delivery.key), told, help_)
