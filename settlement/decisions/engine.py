"""The rules engine: which outcomes hold for a position, in which order. The only room of durable-rules.

A caller asks questions. A question has a *shape* (the kind of rule: which comparisons make which outcome hold) and
*figures* (the numbers of one position). Each shape becomes one ruleset of the engine, each question one flat fact
of whole numbers; a consequence in the engine records that it fired and does nothing else. How much money follows
from an outcome is computed elsewhere.

durable-rules is exact inside a small subset and silently wrong outside it, so this room compiles AND, OR and NOT
away, sends nothing that is not inside bounds, and proves after each question that the engine said what it must have
said. What does not fit raises `EngineFault`, which is fatal to a run. What is relied on, and the faults that are
walked around, are pinned in ``tests/decisions/test_durable_rules_pinned.py``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, Literal, Self

import durable_rules_engine

Test = Literal["at least", "at most", "above", "below", "is", "is not", "absent"]
"""How the left side of a figure is compared with its right side; ``absent`` asks whether there is no figure."""

OPERATORS: Final[dict[Test, str]] = {
    "at least": "$gte",
    "at most": "$lte",
    "above": "$gt",
    "below": "$lt",
    "is": "$eq",
    "is not": "$neq",
}
"""The engine's spelling of each comparison. ``absent`` needs none: it asks for the mark of presence."""

KNOWN_OPERATORS: Final = frozenset({"$gte", "$lte", "$gt", "$lt", "$eq", "$neq"})
"""The engine accepts some misspelt operators and then never matches; these are the only ones sent."""

MOST_RULES: Final = 60
"""In one ruleset, the closing rule included. From 65 rules that match at once the engine fails."""
MOST_CONDITIONS: Final = 511
"""In one ruleset. With more than 512 beside each other the engine searches for ever."""
MOST_FIGURES: Final = 80
"""In one question. A fact of the engine has at most 252 fields of ours; a figure takes three of them."""
MOST_RULESETS: Final = 512
"""In one engine. A ruleset takes some 100 kB, and 20 kB more for each of its rules."""
LARGEST: Final = 2**62
"""A figure's sides lie from -LARGEST to LARGEST: the engine's whole numbers have 64 bits and wrap without a word."""

_ALWAYS: Final = "always"
"""The one field that is 1 in every fact: each rule starts with it, and the closing rule has nothing else."""
_FIELDS: Final = tuple((f"p{i}", f"l{i}", f"r{i}") for i in range(MOST_FIGURES))
"""For each figure: is it present (1 or 0), its left side, its right side."""
# A field that hashed like one of these would be read as something else: the engine's own fields and its keywords.
_TAKEN: Final = (
    *("id", "sid", "$s", "$m", "$i", "$l", "$r", "all", "any", "pri", "count", "cap", "dist", "name"),
    *("$lt", "$lte", "$gt", "$gte", "$eq", "$neq", "$ex", "$nex", "$mt", "$imt", "$iall", "$iany"),
    *("$or", "$and", "$not", "$add", "$sub", "$mul", "$div", "$forward"),
)

# The fact's identity, always the same since there is one fact at a time. Without it the engine makes one from the
# contents, of which it keeps 32 bits.
_IDENTITY: Final = {"id": "position"}

# Without spaces, as the engine hands a fact back letter for letter. All values are whole numbers: the engine reads
# fractions by the locale of the process.
_write: Final = json.JSONEncoder(separators=(",", ":")).encode
_RETRACTION: Final = _write(_IDENTITY)


class EngineFault(Exception):  # noqa: N818 - a fault of ours or the engine's, never an error of the user
    """The engine cannot be trusted with a question, or its answer cannot be. Nothing may be paid on it."""

    question: int | None = None
    """Index of the question at which it came up; ``None`` when it was none in particular."""


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison of a shape: figure number ``index``, its left side against its right side.

    On a figure that is not there every test is false but ``absent``, which is true exactly then.
    """

    index: int
    test: Test


@dataclass(frozen=True, slots=True)
class Outcome:
    """A named outcome. It holds when any of its alternatives holds; an alternative, when all of its checks hold.

    Without alternatives it never holds; with an alternative without checks it always does.
    """

    name: str
    alternatives: tuple[tuple[Check, ...], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of rule, such as a ceiling: its outcomes in the order in which they are judged."""

    kind: str
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One term on one position: which outcomes of the shape hold for these figures?"""

    shape: Shape
    figures: tuple[tuple[int, int] | None, ...]
    """Left and right side, exact whole numbers (cents, basis points, days, counts); ``None`` is an absent figure."""


@dataclass(frozen=True, slots=True)
class Firing:
    """An outcome that holds, once for each question."""

    question: int
    """Index of the question asked."""
    outcome: str
    order: int
    """0, 1, 2 and so on in the order of firing within the question: the order of the shape's outcomes."""


class Engine:
    """Answers questions with durable-rules. Made, asked and closed by one thread; a context manager.

    After a fault it answers nothing any more.
    """

    def __init__(self) -> None:
        refuse_equal_hashes(chain([_ALWAYS], *_FIELDS, _TAKEN))
        self._rulesets: dict[Shape, _Ruleset] = {}
        self._thread = threading.get_ident()
        self._gone: str | None = None
        """Why no question is answered any more; ``None`` while the engine is in use."""

    def decide(self, questions: Sequence[Question]) -> list[Firing]:
        """The outcomes that hold, question after question, in the order of firing.

        Raises `EngineFault` when a question is out of bounds, or when the engine fails, says too little or too much.
        """
        if self._gone:
            raise EngineFault(f"the rules engine answers nothing any more: {self._gone}")
        if threading.get_ident() != self._thread:
            raise EngineFault("the rules engine was asked by another thread than the one that made it")
        firings: list[Firing] = []
        self._gone = "an earlier question failed"
        number = 0
        try:
            for number, question in enumerate(questions):
                ruleset = self._rulesets.get(question.shape) or self._compile(question.shape)
                outcomes = ruleset.ask(question.figures)
                firings += [Firing(number, outcome, order) for order, outcome in enumerate(outcomes)]
        except EngineFault as fault:
            fault.question = number
            raise
        self._gone = None
        return firings

    def close(self) -> None:
        """Gives the engine's memory back; no question is answered after it. Closing twice is closing once."""
        if self._gone is None:
            for ruleset in self._rulesets.values():
                ruleset.close()
        # After a fault the memory is left as it lies: freeing half a state could end the process without a message.
        self._rulesets = {}
        self._gone = self._gone or "it was closed"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _compile(self, shape: Shape) -> _Ruleset:
        if len(self._rulesets) >= MOST_RULESETS:
            raise _fault(shape.kind, f"one engine holds at most {MOST_RULESETS} shapes of rules, and this is one more")
        ruleset = self._rulesets[shape] = _Ruleset(shape)
        return ruleset


class _Ruleset:
    """One shape as a ruleset of the engine."""

    def __init__(self, shape: Shape) -> None:
        alternatives = _alternatives(shape)
        definition = _definition(shape.kind, alternatives)
        self._kind = shape.kind
        self._outcomes = tuple(name for name, _ in alternatives)
        """The outcome of each rule; the closing rule, one further, has none."""
        self._figures = 1 + max((check.index for _, checks in alternatives for check in checks), default=-1)
        """How many figures a question must have at least."""
        self._rules = {f"r{number}": number for number in range(len(alternatives) + 1)}
        self._asked = False
        self._handle: int = self._call("create_ruleset", "shape", _write(definition))

    def ask(self, figures: tuple[tuple[int, int] | None, ...]) -> Iterable[str]:
        """The outcomes that hold for these figures, each once, in the order of firing."""
        fact = _write(self._fact(figures))
        state = self._done("assert_fact", fact)
        # An activation reads {"r4":{"m":<the fact>}}, to the letter.
        end = f'":{{"m":{fact}}}}}'
        held: dict[str, None] = {}
        closing = len(self._outcomes)
        last = -1
        started = self._call("start_action_for_state", self._handle, state)
        activation = started[1] if started else None
        while activation is not None:
            rule = self._rules.get(activation[2 : -len(end)], -1) if activation.endswith(end) else -1
            # Rules fire by priority, each at most once: the numbers rise, so the loop is bounded as well.
            if rule <= last:
                raise _fault(self._kind, f"after rule {last} it fired {activation[:200]}")
            if rule < closing:
                held[self._outcomes[rule]] = None
            last = rule
            activation = self._call("complete_and_start_action", self._handle, state)
        if last != closing:
            raise _fault(self._kind, "the rule that closes every question did not fire")
        if self._done("retract_fact", _RETRACTION) != state or self._call("get_facts", self._handle, None) != "[]":
            raise _fault(self._kind, "something was left behind by a question")
        self._asked = True
        return held

    def close(self) -> None:
        """Frees the ruleset. A state exists from the first question on and is not freed with its ruleset."""
        if self._asked:
            self._call("delete_state", self._handle, None)
        self._call("delete_ruleset", self._handle)

    def _fact(self, figures: tuple[tuple[int, int] | None, ...]) -> Mapping[str, int | str]:
        if not self._figures <= len(figures) <= MOST_FIGURES:
            raise _fault(self._kind, f"{len(figures)} figures, where {self._figures} to {MOST_FIGURES} were expected")
        fact: dict[str, int | str] = {**_IDENTITY, _ALWAYS: 1}
        for (present, left, right), figure in zip(_FIELDS, figures, strict=False):
            # All fields are always there: a comparison with a field that is missing may count as true.
            if figure is None:
                fact[present] = fact[left] = fact[right] = 0
                continue
            fact[present] = 1
            fact[left], fact[right] = figure
            for side in figure:
                if type(side) is not int or not -LARGEST <= side <= LARGEST:
                    raise _fault(self._kind, f"{side!r} of figure {left[1:]} is not a whole number within ±2**62")
        return fact

    def _done(self, function: str, text: str) -> int:
        """Hands a fact to the engine and gives the place of the state; any answer but "handled" is a fault."""
        code, state = self._call(function, self._handle, text)
        if code != 0:
            raise _fault(self._kind, f"{function} answered {code}")
        return int(state)

    def _call(self, function: str, *arguments: object) -> Any:  # noqa: ANN401 - the C module has no types
        try:
            return getattr(durable_rules_engine, function)(*arguments)
        except Exception as error:
            raise _fault(self._kind, f"{function} raised {error!r}") from error


def _fault(kind: str, what: str) -> EngineFault:
    return EngineFault(f"the rules engine, on a rule of the kind {kind!r}: {what}")


def refuse_equal_hashes(names: Iterable[str]) -> None:
    """Raises `EngineFault` when two names have one 32-bit FNV-1a hash: to the engine they would be one field."""
    seen: dict[int, str] = {}
    for name in names:
        digest = fnv_1a(name)
        if digest in seen:
            raise EngineFault(f"the rules engine cannot tell the fields {seen[digest]!r} and {name!r} apart")
        seen[digest] = name


def fnv_1a(name: str) -> int:
    """The 32-bit FNV-1a hash by which the engine knows a field."""
    digest = 0x811C9DC5
    for byte in name.encode("ascii"):
        digest = (digest ^ byte) * 16777619 & 0xFFFFFFFF
    return digest


def _alternatives(shape: Shape) -> list[tuple[str, tuple[Check, ...]]]:
    """Each alternative with its outcome's name, in the order of judging: one rule of the engine for each."""
    names = [outcome.name for outcome in shape.outcomes]
    if len(set(names)) != len(names):
        raise _fault(shape.kind, f"an outcome is named twice: {', '.join(names)}")
    return [(outcome.name, checks) for outcome in shape.outcomes for checks in outcome.alternatives]


def _definition(kind: str, alternatives: Sequence[tuple[str, tuple[Check, ...]]]) -> Mapping[str, object]:
    """The ruleset in the engine's own form: r0, r1 … by falling priority, closed by a rule that always fires."""
    bodies = [*(_conditions(kind, checks) for _, checks in alternatives), _conditions(kind, ())]
    conditions = sum(len(body) for body in bodies)
    if len(bodies) > MOST_RULES or conditions > MOST_CONDITIONS:
        raise _fault(
            kind,
            f"{len(bodies)} rules with {conditions} conditions in one ruleset; "
            f"at most {MOST_RULES} and {MOST_CONDITIONS} are exact",
        )
    # The lowest number goes first. The engine keeps 16 bits of it, far more than there can be rules.
    return {f"r{priority}": {"all": [{"m": {"$and": body}}], "pri": priority} for priority, body in enumerate(bodies)}


def _conditions(kind: str, checks: tuple[Check, ...]) -> list[Mapping[str, object]]:
    """The comparisons of one alternative, all of which must hold, presence in front of each figure."""
    conditions: dict[str, Mapping[str, object]] = {_ALWAYS: {_ALWAYS: 1}}
    for check in checks:
        if type(check.index) is not int or not 0 <= check.index < MOST_FIGURES:
            raise _fault(kind, f"a check on figure {check.index!r}; figures are numbered 0 to {MOST_FIGURES - 1}")
        present, left, right = _FIELDS[check.index]
        if check.test == "absent":
            conditions[f"{present} 0"] = {present: 0}
            continue
        operator = OPERATORS.get(check.test)
        if operator not in KNOWN_OPERATORS:
            raise _fault(kind, f"{check.test!r} is not a comparison that the engine does exactly")
        conditions[f"{present} 1"] = {present: 1}
        conditions[f"{left} {operator}"] = {operator: {left: {"$m": right}}}
    return list(conditions.values())
