"""Writing holds.yaml for finance: a payment kept back, released, and what was decided above a ceiling.

The file is what counts and may be edited by hand; these commands add to it, and write nothing that it could not hold.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from settlement.domain.contract import PaymentHold, Rulebook
from settlement.domain.periods import Month
from settlement.run.blocked import Blocked, RulesBlocked
from settlement.run.outbox import write_atomically

HOLDS = "holds.yaml"


def current(rules: Path) -> Rulebook:
    """The rulebook, with its holds. Raises ``RulesBlocked`` when holds.yaml, or what all contracts depend on, has problems."""
    from settlement.rules.reader import read_rulebook

    rulebook, problems = read_rulebook(rules)
    if problems and not rulebook.contracts:
        raise RulesBlocked(problems, "Nothing was done: no contract can be settled.")
    return rulebook


def hold_payment(rules: Path, contract: str, since: Month, reason: str, by: str) -> PaymentHold:
    """Keeps back the payments of a contract from a claim month on. Raises ``Blocked`` when that cannot be."""
    rulebook = _change(
        rules, contract, "payments",
        [("contract", contract), ("from", str(since)), ("reason", reason), ("by", by)],
    )  # fmt: skip
    return next(hold for hold in reversed(rulebook.payment_holds) if hold.contract == contract)


def release_payment(rules: Path, contract: str, until: Month, by: str) -> PaymentHold:
    """Releases what is kept back: paid again from this claim month on. Raises ``Blocked`` when nothing is kept back."""
    rulebook = current(rules)
    open_ones = [hold for hold in rulebook.payment_holds if hold.contract == contract and hold.until is None]
    if not open_ones:
        raise Blocked(f"No payment of {contract} is kept back.", "See what is: settlement hold")
    hold = open_ones[0]
    path = _path(rules)
    lines = path.read_text(encoding="utf-8").split("\n")
    at = (hold.place.line or 1) - 1
    indent = re.match(r"[ -]*", lines[at])
    width = len(indent[0]) if indent else 4
    end = at + 1
    while end < len(lines) and len(lines[end]) - len(lines[end].lstrip()) >= width and lines[end].strip():
        end += 1
    lines[end:end] = [f"{' ' * width}until: {until}", f"{' ' * width}released_by: {_text(by)}"]
    rulebook = _write(rules, "\n".join(lines))
    return next(one for one in rulebook.payment_holds if one.place == hold.place)


def decide_ceiling(rules: Path, contract: str, service: str | None, year: int, decided: str, reason: str, by: str) -> None:
    """Decides what is done with all that a ceiling with ``above: held`` keeps back in a year. Raises ``Blocked``."""
    whose = [("service", service)] if service is not None else []
    _change(
        rules, contract, "ceilings",
        [("contract", contract), *whose, ("year", str(year)), ("decided", decided), ("reason", reason), ("by", by)],
    )  # fmt: skip


def _change(rules: Path, contract: str, name: str, entry: Sequence[tuple[str, str]]) -> Rulebook:
    rulebook = current(rules)
    if contract not in rulebook.contracts:
        known = ", ".join(rulebook.contracts) or "none without problems"
        raise Blocked(f"There is no contract {contract} in {rules} that can be settled.", f"There are: {known}")
    path = _path(rules)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    added = [f"  {'- ' if position == 0 else '  '}{key}: {_text(value)}" for position, (key, value) in enumerate(entry)]
    start = next((number for number, line in enumerate(lines) if line.split("#")[0].rstrip() == f"{name}:"), None)
    if start is None:
        lines += [f"{name}:", *added]
    else:
        end = start + 1
        while end < len(lines) and (not lines[end].strip() or lines[end].startswith((" ", "#"))):
            end += 1
        lines[end:end] = added
    return _write(rules, "\n".join(lines) + "\n")


def _text(value: str) -> str:
    """A text as the file holds it: on one line, and quoted where it could be read as something else."""
    plain = " ".join(value.split())
    if re.fullmatch(r"[\w€(][\w .,;€%()/+-]*", plain) and not plain.endswith(" "):
        return plain
    return "'" + plain.replace("'", "''") + "'"


def _path(rules: Path) -> Path:
    found = [rules / f"holds{ending}" for ending in (".yaml", ".yml") if (rules / f"holds{ending}").exists()]
    return found[0] if found else rules / HOLDS


def _write(rules: Path, text: str) -> Rulebook:
    """Writes the file when it is right: read first in a copy of the folder, so that a mistake changes nothing."""
    path = _path(rules)
    with tempfile.TemporaryDirectory(prefix="holds-") as private:
        copy = Path(private) / "rules"
        shutil.copytree(rules, copy)
        (copy / path.name).write_text(text, encoding="utf-8", newline="\n")
        from settlement.rules.reader import read_rulebook

        rulebook, problems = read_rulebook(copy, shown=rules)
    own = [problem for problem in problems if Path(problem.place.file).name == path.name]
    if own:
        raise Blocked(f"{path} was not changed: {own[0].message}.", own[0].help)
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise Blocked(f"{path} cannot be written: {error.strerror or error}.", "Close it in other programs, and try again.") from error
    return rulebook
