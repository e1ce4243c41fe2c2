"""What all commands share: options, exit codes, and how they talk."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

if TYPE_CHECKING:
    from settlement.domain.contract import Rulebook
    from settlement.domain.periods import Month
    from settlement.domain.problems import Problem
    from settlement.run.workspace import Workspace

app = typer.Typer(
    help="Settles care contracts: rule files and deliveries in; payment statements, alerts and a ledger out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

GOOD, FAULT, WRONG_USE, RULE_PROBLEM, DELIVERY_PROBLEM, HELD = 0, 1, 2, 3, 4, 5
"""The exit codes (see the README): what a scheduler or a script can go by."""
STOPPED = 128
"""With the number of the signal added, as shells do: 130 for Ctrl-C, 143 for SIGTERM."""

Rules = Annotated[Path, typer.Option("--rules", help="Folder of the rule files.")]
Inputs = Annotated[Path, typer.Option("--inputs", help="Folder of the deliveries.")]
Outputs = Annotated[Path, typer.Option("--outputs", help="Folder of the results and the ledger.")]
Period = Annotated[str, typer.Option("--period", help="The claim month, such as 2018-03.")]
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]

RULES, INPUTS, OUTPUTS = Path("rules"), Path("inputs"), Path("outputs")


def say(text: str = "", *, at_once: bool = False) -> None:
    """One line of the answer; ``at_once`` where somebody may be waiting for each."""
    _write(sys.stdout, text + "\n", at_once)


def tell(text: str) -> None:
    """To the error stream: what is wrong, and what is going on."""
    _write(sys.stderr, text + "\n")


def _write(stream: TextIO | None, text: str, at_once: bool = False) -> None:
    # There is none where whoever gave the command closed it.
    if stream is not None:
        try:
            stream.write(text)
            if at_once:
                stream.flush()
        except OSError:
            _let_go(stream)


def flush(stream: TextIO | None) -> None:
    """Writes out what was said."""
    _write(stream, "", at_once=True)


def _let_go(stream: TextIO) -> None:
    """Lets go of a stream whose reader has left (``settlement run | head``) or whose disk is full: the work goes on, and its
    exit code stays true."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def print_json(content: object) -> None:
    """The answer for programs."""
    say(json.dumps(content, ensure_ascii=False, indent=1, default=str))


def euro(cents: int) -> str:
    """An amount as it is written here: ``€ 1.234,50``."""
    whole, rest = divmod(abs(cents), 100)
    return f"€ {'-' if cents < 0 else ''}{whole:,}".replace(",", ".") + f",{rest:02d}"


def table(headings: list[str], rows: list[list[str]], right: set[int]) -> None:
    """A plain table: columns as wide as their widest cell."""
    if not rows:
        return
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]
    for row in [headings, ["-" * width for width in widths], *rows]:
        cells = [cell.rjust(width) if n in right else cell.ljust(width) for n, (cell, width) in enumerate(zip(row, widths, strict=True))]
        say("  ".join(cells).rstrip())


_STAGES = {
    "snapshot": "copying rules and deliveries",
    "rules": "reading rule files",
    "deliveries": "reading deliveries",
    "terms": "laying out the terms",
    "lines": "holding lines to the contracts",
    "pricing": "pricing",
    "ceilings": "ceilings",
    "positions": "adding up positions",
    "decisions": "deciding",
    "signals": "signals",
    "statements": "composing statements",
    "balance": "checking the balance",
    "returned": "marking refusals in the providers' files",
    "writing": "writing the papers",
    "keeping": "keeping what was read",
    "ledger": "recording in the ledger",
}


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str], None]]:
    """Shows the stages: one changing line on a terminal, plain lines with times in a log; nothing when quiet.

    What a run tells in passing (``Note``) is always told, and stays on the screen.
    """
    import time

    from settlement.run.blocked import Note

    began = time.monotonic()
    on_terminal = sys.stderr.isatty() and not quiet

    def step(name: str) -> None:
        if isinstance(name, Note):
            tell(("\r\x1b[2K" if on_terminal else "") + name)
            return
        if quiet:
            return
        words = _STAGES.get(name, name)
        elapsed = time.monotonic() - began
        if on_terminal:
            _write(sys.stderr, f"\r\x1b[2K{elapsed:5.1f} s  {words} …", at_once=True)
        else:
            tell(f"{elapsed:5.1f} s  {words}")

    try:
        yield step
    finally:
        if on_terminal:
            _write(sys.stderr, "\r\x1b[2K", at_once=True)


def month_of(text: str) -> Month:
    """The month that a user typed; wrong use otherwise."""
    from settlement.domain.periods import Month

    try:
        return Month.parse(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a month. Write the year and the month: 2018-03") from None


def workspace_of(rules: Path, inputs: Path, outputs: Path) -> Workspace:
    """The three folders."""
    from settlement.run.workspace import Workspace

    return Workspace(rules, inputs, outputs)


def rulebook_with(contract: str, rules: Path) -> Rulebook:
    """The rulebook, in which the contract that a user typed stands; wrong use when there is none, with the nearest."""
    import difflib

    from settlement.rules.reader import read_rulebook
    from settlement.run.blocked import RulesBlocked

    rulebook, problems = read_rulebook(rules)
    if contract in rulebook.contracts:
        return rulebook
    own = [problem for problem in problems if problem.contract == contract]
    if own:
        raise RulesBlocked(own)
    near = difflib.get_close_matches(contract.upper(), list(rulebook.contracts), n=1)
    known = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(rulebook.contracts)}"
    raise typer.BadParameter(f"There is no contract {contract} in {rules}. {known}")


def now() -> dt.datetime:
    """The clock of the commands: aware, in local time."""
    return dt.datetime.now(dt.UTC).astimezone()


def show_problems(problems: tuple[Problem, ...] | list[Problem]) -> None:
    """All problems, each as it is told to people."""
    for problem in problems:
        tell(f"{problem}\n")


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem for programs."""
    place = problem.place
    return {
        "code": problem.code, "file": place.file, "line": place.line, "column": place.column,
        "message": problem.message, "help": problem.help, "contract": problem.contract,
    }  # fmt: skip
