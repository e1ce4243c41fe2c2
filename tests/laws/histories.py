"""Histories: a year and more of deliveries, corrections, rule changes and approvals, for many contracts at once.

Each contract has events of its own (``happenings.py``); months are approved, skipped and run again for all together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random

from generated import region
from happenings import FIRST, LAST, Life, agreed_anew, change_rules, deliver, replace_a_file, right_in_the_end
from workbench import File, Yaml, gathered, rulebook_of, settled

from settlement.decisions.engine import Engine
from settlement.deliveries.gather import Gathered
from settlement.domain.contract import Rulebook
from settlement.domain.periods import Month
from settlement.run.balance import check_balance
from settlement.run.computing import postings_of_month as postings_for
from settlement.settle import Before, LedgerKey, Settlement
from settlement.statements.compose import Paid, compose, payments_of, settled_lines


@dataclass(frozen=True)
class Run:
    """What a final run saw."""

    period: Month
    rulebook: Rulebook
    delivered: Gathered


@dataclass
class Books:
    """The ledger in memory: what every final run posted."""

    settled: dict[LedgerKey, int] = field(default_factory=lambda: defaultdict(int))
    paid: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Payments less claims."""
    runs: list[Run] = field(default_factory=list)

    def before(self) -> Before:
        return Before(
            {key: cents for key, cents in self.settled.items() if cents},
            {number: cents for number, cents in self.paid.items() if cents},
            self.runs[-1].period if self.runs else None,
        )


@dataclass
class Outcome:
    """How a history ended: what was paid in all its runs, and what one run with all the data would pay."""

    paid: dict[str, int]
    """By contract, over all runs: payments, less what is claimed or still open because too much was paid."""
    once: dict[str, int]
    """Settled once with the same files; a year that has closed, settled once when it closed."""
    clean: dict[str, int]
    """Settled once with only the lines that are right in the end, delivered together; contracts that closed a year are not
    here."""
    unpaid: dict[str, int]
    """What the last run left open: never positive."""
    again: int
    """Cents that the last month, run once more, would change or pay."""
    seen: Counter[str]
    """How often what occurred; ``a × b`` where both did in one contract."""


def plan(seed: int) -> dict[Month, int]:
    """How often each month is made final: most are skipped, some are run once, some twice; the last is run."""
    rng, month = Random(f"months of {seed}"), FIRST
    found = {}
    while month < LAST:
        found[month] = rng.choices([0, 1, 2], [60, 30, 10])[0]
        month = month.plus(1)
    return {**found, LAST: 1}


def live_through(seed: int, size: int) -> Outcome:
    """One history of so many contracts."""
    rng = Random(seed)
    seen: Counter[str] = Counter()
    lives = [agreed_anew(rng, made) for made in region(rng, size)]
    claims, rules = rng.choice(["offset", "claim"]), _Rules()
    books, counter = Books(), iter(range(1, 10**9))
    with Engine() as engine:
        for month, times in plan(seed).items():
            for life in lives:
                deliver(rng, life, month, counter)
            for life in rng.sample(lives, max(len(lives) // 5, 1)):
                change_rules(rng, life)
            seen[("month skipped", "month approved", "month approved twice")[times]] += 1
            for again in range(times):
                if again:
                    for life in rng.sample(lives, len(lives) // 3):
                        replace_a_file(rng, life, counter)
                        change_rules(rng, life)
                        life.happened.add("month run twice")
                last = _approve(rules.read(lives, claims), lives, month, books, engine)
        rulebook, everything = books.runs[-1].rulebook, books.runs[-1].delivered
        unpaid = {n: cents - books.paid[n] for n, cents in last.entitled().items()}
        again = settled(rulebook, everything, str(LAST), books.before(), engine)
        changed = sum(abs(cents - books.settled[n, y, s or "", t, m.index]) for (n, y, s, t, m), cents in _cents(again).items())
        once = settled(rulebook, everything, str(LAST), engine=engine).payable()
        for number, cents in _closed_years(lives, books, engine, seen).items():
            once[number] += cents
        outcome = Outcome(
            paid={n: books.paid[n] + min(unpaid[n], 0) for n in unpaid},
            once=once,
            clean=_clean(rulebook, lives, engine),
            unpaid=unpaid,
            again=changed + sum(max(cents, 0) for cents in again.payable().values()),
            seen=seen,
        )
    _count(last, lives, claims, seen)
    return outcome


class _Rules:
    """Reads rule files as they are now: of the contracts that changed since the last time, and no others."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._read: Rulebook | None = None

    def read(self, lives: Iterable[Life], claims: str) -> Rulebook:
        texts = {life.number: repr(life.agreed) for life in lives}
        changed = [life.agreed for life in lives if self._texts.get(life.number) != texts[life.number]]
        if changed or self._read is None:
            now = rulebook_of(*changed, negative_payable=claims)
            kept = self._read.contracts if self._read is not None else {}
            self._texts, self._read = texts, replace(now, contracts={**kept, **now.contracts})
        return self._read


def _approve(rulebook: Rulebook, lives: list[Life], month: Month, books: Books, engine: Engine) -> Settlement:
    """One month settled, in balance, and posted."""
    files = [File(life.number, str(when), lines, name) for life in lives for when, (name, lines) in life.files.items()]
    before, delivered = books.before(), gathered(files)
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
    books.runs.append(Run(month, rulebook, delivered))
    _note(made, {life.number: life for life in lives}, month)
    return made


def _note(made: Settlement, lives: dict[str, Life], month: Month) -> None:
    """What bit in this run, and what it undid."""
    for (number, _, _, term, _), cents in _cents(made).items():
        if cents:
            lives[number].bit.add(term)
    for answer in made.answers:
        term = answer.asked.subject
        if answer.asked.kind == "ceiling" and "cut" in answer.outcomes:
            lives[answer.asked.key.contract].bit |= {f"ceiling {term.above}", f"ceiling per {term.per}"}
    for number, cents in made.payable().items():
        if cents < 0:
            lives[number].happened.add("negative payable")
    now = {(n, y, s or "", t, m.index): cents for (n, y, s, t, m), cents in _cents(made).items()}
    for key, cents in made.before.settled.items():
        if key[4] < month.index and key[:2] not in made.closed and now.get(key, 0) != cents:
            lives[key[0]].happened.add("earlier month corrected")


def _closed_years(lives: list[Life], books: Books, engine: Engine, seen: Counter[str]) -> dict[str, int]:
    """What each year that has closed gave, settled once: by the last run that could still change it, with all it saw."""
    by_run: dict[int, list[Life]] = defaultdict(list)
    for life in lives:
        months = life.months_of("corrections_until")
        until = None if months is None else Month(2018, 12).plus(months)
        if until is None or until >= LAST or not books.runs[0].period <= until:
            continue
        in_time = [position for position, run in enumerate(books.runs) if run.period <= until]
        position = in_time[-1]
        if books.runs[position].period < until:
            position += 1
            life.happened.add("year closed in a month that was skipped")
        life.happened.add("year closed")
        by_run[position].append(life)
    found: dict[str, int] = {}
    for position, own in by_run.items():
        run = books.runs[position]
        chosen = replace(run.rulebook, contracts={life.number: run.rulebook.contracts[life.number] for life in own})
        # A ledger that ends in January 2018 has closed none of these years yet.
        made = settled(chosen, run.delivered, str(run.period), Before(last=FIRST), engine)
        for (number, year, *_), cents in _cents(made).items():
            if year == 2018:
                found[number] = found.get(number, 0) + cents
    return found


def _clean(rulebook: Rulebook, lives: list[Life], engine: Engine) -> dict[str, int]:
    """Without deadlines, credits and refusals: only what is right in the end, each contract's in one file."""
    files: list[File] = []
    agreed: list[Yaml] = []
    for life in lives:
        right = right_in_the_end(life)
        if life.months_of("corrections_until") is None:
            files.append(File(life.number, str(LAST), right))
            agreed.append({key: value for key, value in life.agreed.items() if key != "deliveries"})
    silent = [one for one in agreed if rulebook.contracts[one["contract"]].deliveries.claim_deadline is not None]
    own = {**rulebook.contracts, **rulebook_of(*silent).contracts}
    chosen = replace(rulebook, contracts={one["contract"]: own[one["contract"]] for one in agreed})
    return settled(chosen, files, str(LAST), engine=engine).payable()


def _cents(settlement: Settlement) -> dict[tuple[str, int, str | None, str, Month], int]:
    return {key: row.cents for key, row in settlement.entitlements.rows.items()}


# ---- what occurred ---------------------------------------------------------------------------------------

EVENTS = (
    "late line", "too late", "credit", "correction", "replaced file", "missing file", "refused line", "rule changed",
    "month run twice", "earlier month corrected", "negative payable", "year closed", "year closed in a month that was skipped",
)  # fmt: skip
TERMS = (
    "tariff", "weekly_tariff", "arrangement_fee", "monthly_tariff", "person_fee", "budget", "availability_fee", "ceiling",
    "minimum_clients", "corridor", "outcome_bonus", "bonus_malus", "withhold", "shared_savings",
)  # fmt: skip
RULES = (
    "ceiling raised", "ceiling lowered", "ceiling agreed", "ceiling struck out", "tariff changed", "weekly_tariff changed",
    "arrangement_fee changed", "monthly_tariff changed", "person_fee changed", "budget changed", "availability_fee changed",
    "minimum_clients changed", "minimum_clients struck out", "corridor changed", "corridor struck out",
    "bonus_malus changed", "outcome_bonus changed", "outcome_bonus struck out", "withhold changed", "withhold struck out",
    "shared_savings changed", "shared_savings struck out", "contract ended earlier", "contract prolonged",
)  # fmt: skip
MUST_OCCUR = (
    "month approved", "month approved twice", "month skipped", "result in a later file",
    *EVENTS, *TERMS, *(f"rule: {rule}" for rule in RULES),
    "ceiling not paid", "ceiling held", "ceiling paid at a share", "ceiling per year", "ceiling per month",
    "ceiling per contract", "instalments twelfths", "instalments quarters in advance", "instalments at start",
    "instalments at end", "settles year_end", "settles quarter_end", "settles on substantial deviation",
    "engine: ceiling cut", "engine: ceiling reached", "engine: ceiling near", "engine: minimum_clients settled",
    "engine: minimum_clients below", "engine: corridor above", "engine: corridor below", "engine: outcome_bonus earned",
    "engine: outcome_bonus postponed", "engine: bonus_malus band", "engine: withhold earned",
    "engine: shared_savings shared",
    *(f"{event} × {term}" for event in EVENTS for term in TERMS),
)  # fmt: skip
"""Every row of the table: none of them may be nought."""


def _count(last: Settlement, lives: list[Life], claims: str, seen: Counter[str]) -> None:
    seen["history"] += len(lives)
    for life in lives:
        contract = last.tables.contracts[life.number]
        negative = {f"negative payable: {claims}"} if "negative payable" in life.happened else set()
        seen.update(life.happened | life.bit | negative)
        seen.update(f"{event} × {term}" for event in EVENTS if event in life.happened for term in TERMS if term in life.bit)
        for _, term in contract.every_term():
            if term.kind in life.bit and hasattr(term, "paid") and term.kind == "budget":
                seen[f"instalments {term.paid}"] += 1
            if term.kind in life.bit and hasattr(term, "settles"):
                seen[f"settles {term.settles}"] += 1
    for answer in last.answers:
        for outcome in answer.outcomes:
            kind = "near" if outcome.startswith("near") else "band" if outcome.startswith("band") else outcome
            seen[f"engine: {answer.asked.kind} {kind}"] += 1


def table(seen: Counter[str]) -> str:
    """What occurred how often, for people: single things in a list, events against terms in a grid."""
    single = sorted(name for name in {*seen, *MUST_OCCUR} if "×" not in name)
    rows = [f"{seen[name]:>9}  {name}" for name in single]
    rows += ["", "events in contracts in which the term gave or took something:", ""]
    rows.append(" " * 41 + " ".join(f"{term[:9]:>9}" for term in TERMS))
    rows += [f"{event:<41}" + " ".join(f"{seen[f'{event} × {term}']:>9}" for term in TERMS) for event in EVENTS]
    return "\n".join(rows)
