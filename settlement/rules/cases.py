"""Cases: the contract managers' own tests, read from the files beside the contracts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from settlement.domain.cases import Case, DeliveredLine, Expectation
from settlement.domain.contract import Contract, Rulebook
from settlement.domain.fields import FIELDS
from settlement.domain.measures import IN_MONTH, MEASURES, measure_of
from settlement.domain.periods import Month
from settlement.domain.problems import Place, Problem
from settlement.domain.signals import STANDING_SIGNALS
from settlement.rules.blocks import Keys, read_keys, read_one, under
from settlement.rules.conditions import check_measure, read_figure
from settlement.rules.grammar import (
    COUNT,
    SIGNED_MONEY,
    TEXT,
    NotAccepted,
    did_you_mean,
    quote,
    read_month,
)
from settlement.rules.language import CASE, EXPECTATIONS
from settlement.rules.page import Page
from settlement.rules.reader import as_typed, is_cases, open_page, rule_paths
from settlement.rules.tree import Entry, List, Mapping, Node, Text

_EMPTY_CASES = "Write a case in it, or delete it. Begin with what must hold: - name: one child below the minimum"


def read_cases(folder: Path, rulebook: Rulebook) -> tuple[list[Case], list[Problem]]:
    """The cases of all contracts in a folder, in order of file and line, and what must be corrected in them.

    A case with a problem is left out; the others are there. A file of cases whose contract is not in the rulebook is a
    problem, once for the file: none of its cases can run.
    """
    by_file = {contract.place.file: contract for contract in rulebook.contracts.values()}
    cases: list[Case] = []
    problems: list[Problem] = []
    if not folder.is_dir():
        return [], []
    paths = rule_paths(folder)
    for path in paths:
        if not is_cases(path):
            continue
        page, root = open_page(folder, path, folder, _EMPTY_CASES)
        contract = _contract_beside(page, path, paths, by_file, folder)
        if root is not None:
            cases += _read_file(page, root, contract)
        number = contract.number if contract is not None else None
        problems += [replace(problem, contract=number) for problem in page.problems]
    return cases, sorted(problems, key=lambda problem: problem.place)


def _contract_beside(
    page: Page, path: str, paths: Sequence[str], by_file: dict[str, Contract], folder: Path
) -> Contract | None:
    stem = path.rpartition(".")[0].rpartition(".")[0]
    beside = [name for name in (f"{stem}.yaml", f"{stem}.yml") if name in paths]
    for name in beside:
        contract = by_file.get(as_typed(folder, name))
        if contract is not None:
            return contract
    if beside:
        page.problem(
            "case-not-runnable",
            Place(page.file),
            f"these cases cannot run: {as_typed(folder, beside[0])} is not in force",
            "Correct the problems of that contract (or of organisation.yaml and providers.yaml) first.",
        )
    else:
        page.problem(
            "case-alone",
            Place(page.file),
            "no contract stands beside these cases",
            f"Cases carry the name of their contract's file: {stem.rpartition('/')[2]}.yaml",
        )
    return None


def _read_file(page: Page, root: Node, contract: Contract | None) -> list[Case]:
    if not isinstance(root, List):
        page.problem(
            "not-a-list",
            root.place,
            "a file of cases holds a list",
            "Put each case behind a dash:\n- name: what must hold\n  period: 2018-03\n  expect:\n    payable: € 2.300",
        )
        return []
    cases = []
    for item in root.items:
        if isinstance(item, Mapping):
            case = _read_case(page, item, contract)
            cases += [case] if case is not None and contract is not None else []
        else:
            page.problem(
                "not-an-item",
                item.place,
                "a case has a name, a period and what it expects",
                "Write behind the dash: name: …",
            )
    return cases


@dataclass(slots=True)
class _Expected:
    """What stands under ``expect``."""

    figures: list[Expectation]
    refused: int | None = None
    refusals: tuple[str, ...] | None = None
    signals: tuple[str, ...] | None = None
    lines_cents: dict[str, int] | None = None


def _read_case(page: Page, item: Mapping, contract: Contract | None) -> Case | None:
    keys = read_keys(page, CASE, item, item.place)
    delivered = _read_delivered(keys, keys.entries["delivered"]) if "delivered" in keys.entries else {}
    expected = _Expected([])
    if "expect" in keys.entries:
        mapping = under(keys, keys.entries["expect"], "payable: € 2.300")
        for entry in mapping.entries if mapping is not None else ():
            _read_expectation(keys, entry, expected, contract)
    period = keys.fields.get("period")
    if period is not None and contract is not None and contract.year(period.year) is None:
        keys.problem(
            "period-outside",
            keys.place_of("period"),
            f"contract {contract.number} does not hold in {period.year}",
            f"It holds from {contract.starts} to {contract.ends}: write a month of those years.",
        )
    if not keys.whole:
        return None
    return Case(
        contract=contract.number if contract is not None else "",
        delivered=delivered,
        expected=tuple(expected.figures),
        refused=expected.refused,
        refusals=expected.refusals,
        signals=expected.signals,
        lines_cents=expected.lines_cents,
        place=keys.place_of("name"),
        **keys.fields,
    )


# ---- what was delivered ----------------------------------------------------------------------------------


def _read_delivered(keys: Keys, entry: Entry) -> dict[Month, tuple[DeliveredLine, ...]]:
    months = under(keys, entry, "2018-03:")
    found: dict[Month, tuple[DeliveredLine, ...]] = {}
    for below in months.entries if months is not None else ():
        try:
            month = read_month(below.key.value)
        except NotAccepted as answer:
            keys.problem(answer.code, below.key.place, answer.message, answer.advice)
            continue
        items = below.node.items if isinstance(below.node, List) else ()
        if not items:
            keys.problem(
                "not-a-list",
                below.key.place,
                f"no lines stand under {quote(below.key.value)}",
                "Put each line behind a dash:\n  - client: C-1\n    start: 2018-03-01",
            )
        lines = [_read_line(keys, item) for item in items]
        found[month] = tuple(line for line in lines if line is not None)
    return found


def _read_line(keys: Keys, item: Node) -> DeliveredLine | None:
    if not isinstance(item, Mapping):
        keys.problem("not-an-item", item.place, "a line has fields", "Write behind the dash: client: C-1")
        return None
    fields: dict[str, str] = {}
    for entry in item.entries:
        name = entry.key.value
        if name not in FIELDS:
            keys.problem(
                "unknown-field", entry.key.place, f"{quote(name)} is not a field of a line", did_you_mean(name, FIELDS)
            )
        elif isinstance(entry.node, Text):
            # Judged where deliveries are: a case may deliver what must be refused, an empty cell too.
            fields[name] = entry.node.value
        else:
            read_one(keys, entry, TEXT, f"{name}: …")
    return DeliveredLine(fields, item.place)


# ---- what is expected ------------------------------------------------------------------------------------


def _read_expectation(keys: Keys, entry: Entry, expected: _Expected, contract: Contract | None) -> None:
    name = entry.key.value
    if name == "refused":
        expected.refused = read_one(keys, entry, COUNT, "refused: 1")
    elif name == "refusals":
        expected.refusals = _read_names(keys, entry)
    elif name == "signals":
        expected.signals = _read_names(keys, entry)
        _check_signals(keys, entry, contract)
    elif name == "lines" and not isinstance(entry.node, Text):
        expected.lines_cents = _read_lines(keys, entry)
    elif name == "in_month":
        mapping = under(keys, entry, "entitled: € 2.300")
        for below in mapping.entries if mapping is not None else ():
            _read_measure(keys, below, below.key.value + IN_MONTH, expected)
    else:
        _read_measure(keys, entry, name, expected)


def _read_measure(keys: Keys, entry: Entry, name: str, expected: _Expected) -> None:
    if measure_of(name) is None:
        _say_unknown(keys, entry.key, name)
        return
    measure = check_measure(name)
    if not isinstance(entry.node, Text) or not entry.node.value:
        read_one(keys, entry, TEXT, f"{entry.key.value}: …")
        return
    text = entry.node.value
    try:
        value: Fraction | None = None if text == "absent" else read_figure(text, measure)
    except NotAccepted as answer:
        keys.problem(answer.code, entry.node.place, answer.message, answer.advice)
        return
    expected.figures.append(Expectation(name, value, text, entry.node.place))


def _say_unknown(keys: Keys, key: Text, name: str) -> None:
    if name.removesuffix(IN_MONTH) in MEASURES:
        try:
            check_measure(name)
        except NotAccepted as answer:
            keys.problem(answer.code, key.place, answer.message, answer.advice)
        return
    known = [*EXPECTATIONS, *MEASURES, *(each + IN_MONTH for each, measure in MEASURES.items() if measure.in_month)]
    keys.problem(
        "unknown-expectation",
        key.place,
        f"{quote(key.value)} is nothing that a case can expect",
        did_you_mean(
            key.value, known, "Expect a measure (such as entitled or payable), refused, refusals, signals or lines."
        ),
    )


def _read_names(keys: Keys, entry: Entry) -> tuple[str, ...]:
    if isinstance(entry.node, Text):
        one = read_one(keys, entry, TEXT, f"{entry.key.value}: none")
        return () if one in ("none", None) else (one,)
    if isinstance(entry.node, Mapping):
        keys.problem(
            "not-a-list",
            entry.key.place,
            f"'{entry.key.value}' holds a list",
            "Put each name behind a dash, or write none.",
        )
        return ()
    return tuple(sorted(item.value for item in entry.node.items if isinstance(item, Text)))


def _check_signals(keys: Keys, entry: Entry, contract: Contract | None) -> None:
    if contract is None:
        return
    known = [*STANDING_SIGNALS, *(signal.name for signal in contract.signals)]
    nodes: tuple[Any, ...] = entry.node.items if isinstance(entry.node, List) else (entry.node,)
    for node in nodes:
        if isinstance(node, Text) and node.value and node.value not in (*known, "none"):
            keys.problem(
                "unknown-signal",
                node.place,
                f"{quote(node.value)} is not a signal of this contract",
                did_you_mean(node.value, known),
            )


def _read_lines(keys: Keys, entry: Entry) -> dict[str, int]:
    mapping = under(keys, entry, "C-1: € 690,00")
    found: dict[str, int] = {}
    for below in mapping.entries if mapping is not None else ():
        cents = read_one(keys, below, SIGNED_MONEY, f"{below.key.value}: € 690,00")
        if cents is not None:
            found[below.key.value] = cents
    return found
