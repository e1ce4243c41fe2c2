"""Judges mutants: each in a process of its own, forked from one in which everything is imported and nothing has run.

    python tests/mutation/judging.py [module …] [--sample 0.25]

The mutated code is put into the functions that stand there already, so that whoever has imported one has the mutant. A
mutant is judged by the tests that run through its line, until one fails.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import signal
import sys
import tempfile
import time
import types
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, settings
from mutants import Mutant, mutants_of

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
EQUIVALENT = HERE / "equivalent.txt"
SECONDS = 240
"""Of processor time for a test of the program as it is, while it is watched on a busy machine. With a mutant in place, one that takes several times as long as
without hangs, and the mutant is killed by that."""
ALL_PASSED = "all passed"
IGNORED = "ignore::pytest.PytestAssertRewriteWarning"
"""Hypothesis is imported before pytest starts."""

BY_HAND = ("tests/laws/test_prices_by_hand.py", "tests/laws/test_amounts_by_hand.py", "tests/laws/test_terms_by_hand.py")
WORKINGS = "tests/laws/test_workings_by_hand.py"
PRICES = ("tests/pricing", "tests/test_cases.py")
MESSAGES = "tests/messages/test_answers.py"
JUDGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "settlement.domain.money": ((), ("tests/laws/test_money.py",)),
    "settlement.domain.periods": ((), ("tests/laws/test_periods_by_hand.py", "tests/laws/test_calendar_laws.py")),
    "settlement.pricing.value": ((), (
        "tests/laws/test_weeks_by_hand.py", "tests/laws/test_calendar_laws.py", "tests/laws/test_money.py", *BY_HAND, *PRICES,
        f"{MESSAGES}::test_weeks_are_those_of_the_part_of_the_allocation_in_the_month",
        f"{MESSAGES}::test_weeks_of_a_csv_beside_a_message_are_those_of_its_allocation",
    )),
    "settlement.pricing.earn": ((), (*BY_HAND, "tests/laws/test_calendar_laws.py", *PRICES)),
    "settlement.pricing.ceilings": ((), (*BY_HAND, *PRICES)),
    "settlement.pricing.arrangements": ((), (*BY_HAND, *PRICES)),
    "settlement.decisions.worth": ((), ("tests/decisions/test_worth.py", WORKINGS, *BY_HAND)),
    "settlement.decisions.rounds": ((), (WORKINGS, *BY_HAND, "tests/test_cases.py")),
    "settlement.run.ledger": (
        ("postings_of", "Ledger", "_check_shapes"), ("tests/run/test_ledger.py", "tests/run/test_month.py"),
    ),
    "settlement.run.computing": (("postings_of_month",), ("tests/run/test_balance.py", "tests/run/test_month.py")),
    "settlement.run.balance": ((), ("tests/run/test_balance.py", "tests/run/test_month.py")),
}  # fmt: skip
"""Module → the functions in which an amount comes about (none named: all), and the tests that judge it, quickest first."""


@dataclass
class Tally:
    """How the mutants of a module fared."""

    made: int = 0
    killed: int = 0
    equivalent: int = 0
    survived: list[str] = field(default_factory=list)


def equivalent() -> dict[str, dict[str, str]]:
    """Module → key of a mutant that changes no amount → the reason, from the list beside this file."""
    found: dict[str, dict[str, str]] = {}
    module, key = "", ""
    for line in EQUIVALENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            module = line[1:-1]
            found[module] = {}
        elif line.startswith("    "):
            found[module][key] = (found[module].get(key, "") + " " + line.strip()).strip()
        elif line and not line.startswith("#"):
            key = line
            found[module][key] = ""
    return found


def source_of(module: str) -> str:
    """The text of a module."""
    return (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")


def put_in(mutant: Mutant) -> None:
    """Puts the mutant's code into the module as it is imported."""
    module = importlib.import_module(mutant.module)
    tree = ast.fix_missing_locations(mutant.tree)
    made = {"__name__": mutant.module, "__file__": module.__file__, "__package__": mutant.module.rpartition(".")[0]}
    mutated = types.ModuleType(mutant.module)
    mutated.__dict__.update(made)
    # Records look their own module up while they are made.
    sys.modules[mutant.module] = mutated
    try:
        exec(compile(tree, str(module.__file__), "exec"), mutated.__dict__)
    finally:
        sys.modules[mutant.module] = module
    for name, new in vars(mutated).items():
        old = vars(module).get(name)
        if not mutant.function and not isinstance(new, type | types.ModuleType | types.FunctionType):
            _replace_everywhere(name, old, new)
        if getattr(new, "__module__", mutant.module) == mutant.module:
            _replace_code(old, new)


def _replace_code(old: object, new: object) -> None:
    if isinstance(old, type) and isinstance(new, type):
        for name, member in vars(new).items():
            _replace_code(vars(old).get(name), member)
        return
    if isinstance(old, property) and isinstance(new, property):
        _replace_code(old.fget, new.fget)
        return
    for wrapper in ("__func__", "__wrapped__"):
        if hasattr(old, wrapper) and hasattr(new, wrapper) and not isinstance(old, types.MethodType):
            _replace_code(getattr(old, wrapper), getattr(new, wrapper))
            return
    if isinstance(old, types.FunctionType) and isinstance(new, types.FunctionType) and old.__closure__ is None:
        old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__


def _replace_everywhere(name: str, old: object, new: object) -> None:
    for other in [found for key, found in sys.modules.items() if key.startswith("settlement.")]:
        if name in vars(other) and vars(other)[name] is old:
            setattr(other, name, new)


Seen = dict[str, tuple[float, list[int]]]
"""Test → its seconds, and the lines of one module that it runs through."""


class Watched:
    """Notes, while the tests run on the program as it is, how long each takes and through which lines of modules it goes."""

    def __init__(self, modules: Iterable[str]) -> None:
        self._lines: dict[str, set[int]] = {module: set() for module in modules}
        self.found: dict[str, Seen] = {module: {} for module in modules}
        for module, lines in self._lines.items():
            noting = Noting().visit(ast.parse(source_of(module)))
            vars(importlib.import_module(module))[Noting.NAME] = partial(_note, lines)
            put_in(Mutant(module, "every", "", 0, 0, noting))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """One test, its fixtures included."""
        for lines in self._lines.values():
            lines.clear()
        began = time.process_time()
        try:
            return (yield)
        finally:
            taken = time.process_time() - began
            for module, lines in self._lines.items():
                self.found[module][item.nodeid] = (taken, sorted(lines))


def _note(lines: set[int], first: int, last: int) -> None:
    lines.update(range(first, last + 1))


class Noting(ast.NodeTransformer):
    """Puts before every statement of every function a call that notes its lines (of a compound one, those of its head)."""

    NAME = "_note_lines"

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """A function, and what stands in it."""
        for inside in ast.walk(node):
            for name in ("body", "orelse", "finalbody"):
                statements = getattr(inside, name, None)
                if isinstance(statements, list) and not isinstance(inside, ast.ClassDef):
                    setattr(inside, name, [part for one in statements for part in (self._note(one), one)])
        return node

    def _note(self, one: ast.stmt) -> ast.Expr:
        if isinstance(one, ast.Match):
            # What stands behind an ``if`` in a case is looked at before the case is.
            last = max((case.guard or case.pattern).end_lineno or one.lineno for case in one.cases)
        else:
            body = getattr(one, "body", None)
            last = getattr(body[0], "lineno", one.lineno + 1) - 1 if body else (one.end_lineno or one.lineno)
        call = ast.Call(ast.Name(self.NAME, ast.Load()), [ast.Constant(one.lineno), ast.Constant(max(last, one.lineno))], [])
        return ast.copy_location(ast.Expr(call), one)


class Judge:
    """Stands in the place of pytest's own loop: the tests are collected once, and run as they are asked for, in children."""

    def __init__(self, work: Callable[[Judge], None]) -> None:
        self._work = work
        self._failed = ""
        self.items: list[pytest.Item] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judges instead of running everything."""
        # A database server would be started for every mutant; the ledger in a file answers the same.
        self.items = [item for item in session.items if "[server" not in item.name and not _on_server(item)]
        for item in self.items:
            _without_shrinking(getattr(item, "obj", None))
        self._work(self)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The test that killed the mutant."""
        if report.failed:
            self._failed = report.nodeid

    def first_failing(self, items: list[pytest.Item], seconds: Callable[[pytest.Item], float]) -> str:
        """Runs tests until one fails, and names it; nothing when all pass. A test that takes far longer than it should ends
        the process."""
        for item, following in pairwise([*items, None]):
            assert item is not None
            signal.setitimer(signal.ITIMER_PROF, seconds(item))
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                break
        signal.setitimer(signal.ITIMER_PROF, 0)
        return self._failed

    def watched(self, modules: list[str]) -> dict[str, Seen]:
        """What the tests of each module go through; the program as it is must pass them all."""

        def run() -> str:
            plugin = Watched(modules)
            self.items[0].config.pluginmanager.register(plugin)
            failed = self.first_failing(self.items, lambda _: SECONDS)
            return json.dumps({"failed": failed, "found": plugin.found})

        told = in_a_child(run)
        found = json.loads(told) if told else {"failed": "the process ended"}
        if found["failed"]:
            raise SystemExit(f"a test fails on the program as it is: {found['failed']}")
        return {
            module: {name: one for name, one in found["found"][module].items() if name.startswith(JUDGES[module][1])}
            for module in modules
        }

    def survives(self, mutant: Mutant, seen: Seen, deadly: Counter[str], most: float) -> bool:
        """Whether all tests that run through the mutant's lines pass with it in place: those first that killed the most.

        What runs when the module is imported, and what a parameter is when it is left out, is judged by all. Of many tests
        the first, that take ``most`` seconds together.
        """
        lines = set(range(mutant.line, mutant.last_line + 1))
        everywhere = not mutant.function or not mutant.line
        names = {name for name, (_, ran) in seen.items() if everywhere or lines & set(ran)}
        items = [item for item in self.items if item.nodeid in names]
        if not items:
            return True
        items.sort(key=lambda item: _turn(item.nodeid, mutant, seen, deadly))
        within = [taken <= most for taken in accumulate(seen[item.nodeid][0] for item in items)]
        items = items[: max(sum(within), 1)]

        def run() -> str:
            put_in(mutant)
            return self.first_failing(items, lambda item: 5 + 5 * seen[item.nodeid][0]) or ALL_PASSED

        told = in_a_child(run)
        if told and told != ALL_PASSED:
            deadly.update([told, f"{mutant.function} {told}"])
        return told == ALL_PASSED


def _without_shrinking(test: object) -> None:
    """A generated case that fails is enough: nobody looks for the smallest one."""
    own = getattr(test, "_hypothesis_internal_use_settings", None)
    if own is not None:
        few = settings(
            own, phases=[Phase.explicit, Phase.generate], report_multiple_bugs=False, database=None, deadline=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        test._hypothesis_internal_use_settings = few  # type: ignore[attr-defined]


def _on_server(item: pytest.Item) -> bool:
    return not {"server", "emptied", "database"}.isdisjoint(getattr(item, "fixturenames", ()))


def _turn(name: str, mutant: Mutant, seen: Seen, deadly: Counter[str]) -> tuple[float, float, float]:
    """First what killed the most in the mutant's function, then in its module, for its time; then what runs through little."""
    seconds, lines = seen[name]
    return (
        -deadly[f"{mutant.function} {name}"] / (seconds + 0.05), -deadly[name] / (seconds + 0.05),
        (len(lines) or 1000) * (seconds + 0.05),
    )  # fmt: skip


def in_a_child(run: Callable[[], str]) -> str:
    """What a function answers in a forked process, silent; nothing when that ends in any other way."""
    with tempfile.TemporaryFile() as told:
        child = os.fork()
        if child == 0:
            try:
                signal.alarm(10 * SECONDS)
                silent = os.open(os.devnull, os.O_RDWR)
                for stream in range(3):
                    os.dup2(silent, stream)
                told.write(run().encode())
                told.flush()
            finally:
                # Whatever the mutant does, it ends here, as killed.
                os._exit(0)
        os.waitpid(child, 0)
        told.seek(0)
        return told.read().decode()


def judged(
    judge: Judge, module: str, seen: Seen, asked: argparse.Namespace, known: Container[str], again: Collection[str]
) -> Iterator[tuple[Mutant, str]]:
    """Each mutant of a module (of a sample, or of some keys) with ``killed``, ``equivalent`` or ``survived``."""
    # Until it is known what kills: what was worked out by hand first, the quickest of it before the rest.
    drawn, deadly = Random(module), Counter(name for name in seen if name.startswith(BY_HAND))
    for mutant in mutants_of(module, source_of(module), JUDGES[module][0]):
        if (told_of(mutant) not in again) if any(one.startswith(f"{module}  ") for one in again) else drawn.random() >= asked.sample:
            continue
        if mutant.key in known:
            yield mutant, "equivalent"
        else:
            yield mutant, "survived" if judge.survives(mutant, seen, deadly, asked.seconds) else "killed"


def told_of(mutant: Mutant) -> str:
    """A mutant as it is told of, without its line."""
    return f"{mutant.module}  {mutant.key}"


def tell(text: str) -> None:
    """To the person who waits."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def judge_all(judge: Judge, modules: list[str], asked: argparse.Namespace, again: Collection[str]) -> dict[str, Tally]:
    """How the mutants of each module fared: all of them, a sample, or those whose keys are given."""
    known = equivalent()
    seen = judge.watched(modules)
    tallies: dict[str, Tally] = {}
    for module in modules:
        tally, began = tallies.setdefault(module, Tally()), time.monotonic()
        for mutant, fate in judged(judge, module, seen[module], asked, known.get(module, {}), again):
            tally.made += 1
            tally.killed += fate == "killed"
            tally.equivalent += fate == "equivalent"
            if tally.made % 25 == 0:
                tell(f"{module}: {tally.made} mutants, {tally.killed} killed, {time.monotonic() - began:.0f} s")
            if fate == "survived":
                tally.survived.append(mutant.key)
                tell(f"survived  {told_of(mutant)}")
        tell(f"{module}: {tally.made} in {time.monotonic() - began:.0f} s")
    return tallies


def main() -> int:
    """Judges the modules named (all, without) and prints the table; 1 when a mutant survived that is not known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="ends of module names, such as money or pricing.earn")
    parser.add_argument("--sample", type=float, default=1.0, help="the part of the mutants to judge")
    parser.add_argument("--seconds", type=float, default=1e9, help="of tests for a mutant, at most: a survivor is then a suspect")
    parser.add_argument("--again", type=Path, help="judge only what is told as survived in this file, the output of a run before")
    parser.add_argument("--tests", nargs="+", help="the tests to judge by, instead of all those of the modules")
    asked = parser.parse_args()
    again = asked.again.read_text(encoding="utf-8") if asked.again else ""
    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/laws")]
    modules = [name for name in JUDGES if not asked.modules or any(name.endswith(f".{end}") for end in asked.modules)]
    tallies: dict[str, Tally] = {}

    def work(judge: Judge) -> None:
        keys = {line.partition("  ")[2] for line in again.splitlines() if line.startswith("survived")}
        tallies.update(judge_all(judge, modules, asked, keys))

    if asked.tests:
        JUDGES.update({name: (JUDGES[name][0], tuple(asked.tests)) for name in modules})
    tests = dict.fromkeys(path for name in modules for path in JUDGES[name][1])
    with tempfile.TemporaryDirectory() as folder:
        # Imports every test and all they need; polars starts its threads at its first query, which no process does but a child.
        own = ["-p", "no:cacheprovider", "-p", "no:xdist", "-qq", "-s", "-W", IGNORED, "--basetemp", f"{folder}/tests"]
        code = pytest.main([*own, *tests], plugins=[Judge(work)])
    if code or len(tallies) != len(modules):
        return 1
    tell(f"\n{'module':<36}{'mutants':>8}{'killed':>8}{'equivalent':>12}{'survived':>10}")
    for module, tally in tallies.items():
        tell(f"{module:<36}{tally.made:>8}{tally.killed:>8}{tally.equivalent:>12}{len(tally.survived):>10}")
    return int(any(tally.survived for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
