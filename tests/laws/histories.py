"""Histories: what a year and more of deliveries, corrections, replacements, rule changes and approvals can look like.

Many contracts live through one history together, each with events of its own: months are approved for all.
"""

from __future__ import annotations

import copy
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from generated import Made, region
from workbench import File, Line, Yaml, euro, gathered, rulebook_of, settled

from settlement.decisions.engine import Engine
from settlement.domain.contract import Rulebook
from settlement.domain.periods import Month
from settlement.run.balance import check_balance
from settlement.run.month import _postings as postings_for
from settlement.settle import Before, LedgerKey, Settlement
from settlement.statements.compose import Paid, compose, payments_of, settled_lines

FIRST, LAST = Month(2018, 1), Month(2019, 2)
_AMOUNT = re.compile(r"€ ([\d.]+),(\d\d)")


@dataclass
class Books:
    """The ledger in memory: what every final run posted."""

    settled: dict[LedgerKey, int] = field(default_factory=lambda: defaultdict(int))
    paid: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Payments less claims."""

    def before(self) -> Before:
        return Before({key: cents for key, cents in self.settled.items() if cents}, {k: v for k, v in self.paid.items() if v})


@dataclass
class Outcome:
    """How a history ended: what was paid in all its runs, and what one run with all the data would pay."""

    paid: dict[str, int]
    """By contract, over all runs: payments, less what is claimed or still open because too much was paid."""
    once: dict[str, int]
    """Settled once with the same files."""
    clean: dict[str, int]
    """Settled once with only the lines that are right in the end, delivered together."""
    unpaid: dict[str, int]
    """What the last run left open: never positive but for what is held."""
    again: int
    """Cents that the last month, run once more, would change or pay."""
    seen: Counter[str]


@dataclass
class _Life:
    """One contract with what was delivered for it so far."""

    made: Made
    agreed: Yaml
    files: dict[Month, tuple[str, list[Line]]] = field(default_factory=dict)
    """Claim month → name and lines of the delivery in use."""
    credited: dict[str, Month] = field(default_factory=dict)
    """Reference → the month of the credit."""

    @property
    def number(self) -> str:
        return str(self.agreed["contract"])


def live_through(seed: int, size: int) -> Outcome:
    """One history of so many contracts."""
    rng = Random(seed)
    seen: Counter[str] = Counter()
    lives = [_Life(made, _with_end(rng, made.agreed)) for made in region(rng, size)]
    claims = rng.choice(["offset", "claim"])
    books, counter = Books(), iter(range(1, 10**9))
    month, rulebook = FIRST, None
    with Engine() as engine:
        while True:
            for life in lives:
                _deliver(rng, life, month, counter, seen)
            for life in rng.sample(lives, max(len(lives) // 6, 1)):
                if _change_rules(rng, life, seen):
                    rulebook = None
            if month == LAST or rng.random() < 0.4:
                rulebook = rulebook or rulebook_of(*[life.agreed for life in lives], negative_payable=claims)
                seen["month approved"] += 1
                last = _approve(rulebook, lives, month, books, engine, seen)
                if month == LAST:
                    break
            else:
                seen["month skipped"] += 1
            month = month.plus(1)
        unpaid = {n: cents - books.paid[n] for n, cents in last.entitled().items()}
        again = settled(rulebook, _files(lives, LAST), str(LAST), books.before(), engine)
        changed = sum(abs(cents - books.settled[n, y, s or "", t, m.index]) for (n, y, s, t, m), cents in _cents(again).items())
        _count(last, seen)
        return Outcome(
            paid={n: books.paid[n] + min(unpaid[n], 0) for n in unpaid},
            once=settled(rulebook, _files(lives, LAST), str(LAST), engine=engine).payable(),
            clean=settled(rulebook, _clean(lives), str(LAST), engine=engine).payable(),
            unpaid=unpaid,
            again=changed + sum(max(cents, 0) for cents in again.payable().values()),
            seen=seen,
        )


def _with_end(rng: Random, agreed: Yaml) -> Yaml:
    """Most contracts end with the year, some within it, some in the year after."""
    ends = str(agreed["ends"]) if agreed["ends"] != "2018-12-31" else rng.choice(["2018-12-31", "2018-12-31", "2019-12-31", "2019-01-17"])
    return {**copy.deepcopy(agreed), "ends": ends}


def _deliver(rng: Random, life: _Life, month: Month, counter: Iterator[int], seen: Counter[str]) -> None:
    """The file of a month: new lines, late lines, credits with their corrections; or an earlier file is replaced."""
    lines: list[Line] = []
    for _ in range(rng.randrange(5)):
        lines.append(life.made.line(rng, month, next(counter)))
    if month > FIRST and rng.random() < 0.4:
        late = Month.from_index(rng.randrange(FIRST.index, month.index))
        lines.append(life.made.line(rng, late, next(counter)))
        seen["late line"] += 1
    if rng.random() < 0.06:
        lines.append({**life.made.line(rng, month, next(counter)), "service": "bestaat niet"})
        seen["refused line"] += 1
    earlier = [(when, line) for when, (_, found) in life.files.items() for line in found if _can_be_credited(life, line)]
    if earlier and rng.random() < 0.45:
        when, line = rng.choice(earlier)
        life.credited[line["reference"]] = month
        credit = {key: value for key, value in line.items() if key in {"client", "service", "start", "end"}}
        number = next(counter)
        lines.append({**credit, "direction": "C", "reference": f"c{number}", "previous_reference": line["reference"]})
        seen["credit"] += 1
        if rng.random() < 0.7:
            service_month = Month(int(line["start"][:4]), int(line["start"][5:7]))
            lines.append(life.made.line(rng, service_month, next(counter)))
            seen["credit with a correction"] += 1
    rng.shuffle(lines)
    if earlier and rng.random() < 0.15:
        when, line = rng.choice(earlier)
        if _can_be_credited(life, line):
            name, found = life.files[when]
            kept = [one for one in found if one is not line]
            if rng.random() < 0.5:
                kept.append(life.made.line(rng, when, next(counter)))
            life.files[when] = (f"{name} v2", kept)
            seen["replaced delivery"] += 1
    if lines or rng.random() < 0.7:
        life.files[month] = ("levering", lines)
    else:
        seen["missing delivery"] += 1


def _can_be_credited(life: _Life, line: Line) -> bool:
    return "direction" not in line and line["reference"] not in life.credited and line["service"] in life.agreed["services"]


def _change_rules(rng: Random, life: _Life, seen: Counter[str]) -> bool:
    """Changes one clause in retrospect: an amount, a share, the end; or strikes it out."""
    agreed = life.agreed
    terms = [(owner, kind) for owner in [*agreed["services"].values(), agreed.get("terms", {})] for kind in owner]
    owner, kind = rng.choice(terms)
    term = owner[kind]
    draw = rng.random()
    if kind == "ceiling" and draw < 0.15:
        del owner[kind]
        if owner is agreed.get("terms") and not owner:
            del agreed["terms"]
        seen["rule: ceiling struck out"] += 1
    elif kind == "ceiling":
        factor = rng.choice([50, 150, 200, 300])
        owner[kind] = {**term, "amounts": _times(term["amounts"], factor)}
        seen["rule: ceiling raised" if factor > 100 else "rule: ceiling lowered"] += 1
    elif "amounts" in term and kind != "minimum_clients":
        owner[kind] = {**term, "amounts": _times(term["amounts"], rng.choice([90, 101, 120]))}
        seen[f"rule: {kind} changed"] += 1
    elif "share" in term:
        owner[kind] = {**term, "share": "1,75 %"}
        seen[f"rule: {kind} changed"] += 1
    elif draw < 0.2 and agreed["ends"] > "2018-11-30":
        agreed["ends"] = "2018-11-30"
        seen["rule: contract ended earlier"] += 1
    else:
        return False
    return True


def _times(amounts: Yaml, per_cent: int) -> Yaml:
    def scaled(match: re.Match[str]) -> str:
        return euro(max((int(match[1].replace(".", "")) * 100 + int(match[2])) * per_cent // 100, 1))

    return {key: _AMOUNT.sub(scaled, value) if isinstance(value, str) else _times(value, per_cent) for key, value in amounts.items()}


def _files(lives: list[_Life], until: Month) -> list[File]:
    return [
        File(life.number, str(month), lines, name)
        for life in lives
        for month, (name, lines) in life.files.items()
        if month <= until
    ]


def _clean(lives: list[_Life]) -> list[File]:
    """Only what is right in the end, each contract's in one file."""
    found = []
    for life in lives:
        lines = [line for _, (_, lines) in sorted(life.files.items()) for line in lines]
        right = [line for line in lines if "direction" not in line and line["reference"] not in life.credited]
        found.append(File(life.number, str(LAST), right))
    return found


def _approve(
    rulebook: Rulebook, lives: list[_Life], month: Month, books: Books, engine: Engine, seen: Counter[str]
) -> Settlement:
    """One month settled, in balance, and posted."""
    before, delivered = books.before(), gathered(_files(lives, month))
    made = settled(rulebook, delivered, str(month), before, engine)
    lines = settled_lines(made)
    statements = compose(made, delivered, lines, Paid(), final=True)
    payments, postings = payments_of(statements), postings_for(statements, rulebook, month)
    check_balance(made, delivered, lines, statements, payments, postings)
    for posting in postings:
        if posting.account == "entitlement":
            books.settled[posting.contract, posting.year, posting.service, posting.term, posting.month.index] += posting.cents
        elif posting.account in {"payment", "claim"}:
            books.paid[posting.contract] -= posting.cents
    seen["negative payable"] += sum(cents < 0 for cents in made.payable().values())
    seen["correction of an earlier month"] += sum(
        row.month < month and row.was_cents != 0 and row.difference_cents != 0 for one in statements for row in one.rows
    )
    return made


def _cents(settlement: Settlement) -> dict[tuple[str, int, str | None, str, Month], int]:
    return {key: row.cents for key, row in settlement.entitlements.rows.items()}


def _count(settlement: Settlement, seen: Counter[str]) -> None:
    """Which terms gave or took something in the end, what the engine said, and where ceilings and credits met."""
    for (_, _, _, term, _), row in settlement.entitlements.rows.items():
        seen[f"term: {term}"] += row.cents != 0
    for answer in settlement.answers:
        for outcome in answer.outcomes:
            kind = "near" if outcome.startswith("near") else "band" if outcome.startswith("band") else outcome
            seen[f"engine: {answer.asked.kind} {kind}"] += 1
        term = answer.asked.subject
        if answer.asked.kind == "ceiling" and "cut" in answer.outcomes:
            seen[f"ceiling: {term.above}"] += 1
            seen[f"ceiling: per {term.per}"] += 1
    credited = set(settlement.accepted.lines.filter("credited").get_column("contract").to_list())
    cut = {settlement.tables.services.row(n, named=True)["contract"] for (_, n, _) in settlement.counted.monthly.cut}
    seen["late credit under a biting ceiling"] += len(credited & cut)
