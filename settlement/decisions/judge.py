"""One round of questions: put to the engine, held against the release gate, answered. They must agree on everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from settlement.decisions.ask import Asked
from settlement.decisions.engine import Firing, Question
from settlement.decisions.gate import Difference, differences


class Decides(Protocol):
    """What a judge needs of the engine."""

    def decide(self, questions: Sequence[Question]) -> list[Firing]:
        """The outcomes that fired, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, and the outcomes that fired, in the order of firing."""

    asked: Asked
    outcomes: tuple[str, ...]

    @property
    def first(self) -> str:
        """The outcome that decides; empty when none fired."""
        return self.outcomes[0] if self.outcomes else ""


class GateDisagrees(Exception):  # noqa: N818 - it is the name of what happened; a run that meets it pays nothing
    """The engine and the second evaluation differ on an outcome; nothing may be paid."""

    def __init__(self, found: Sequence[Difference]) -> None:
        self.found = tuple(found)
        told = "; ".join(
            f"{d.contract}{f' · {d.service}' if d.service else ''}: {d.kind} '{d.outcome}' "
            f"{'fired, and should not have' if d.engine_says else 'should have fired, and did not'}"
            for d in self.found[:5]
        )
        more = f" (and {len(self.found) - 5} more)" if len(self.found) > 5 else ""
        super().__init__(f"The rules engine and the second evaluation disagree: {told}{more}")


def judge(engine: Decides, asked: Sequence[Asked]) -> list[Answer]:
    """The answers, in the order asked. Raises ``GateDisagrees`` on the first round with any difference."""
    outcomes: list[list[Firing]] = [[] for _ in asked]
    for firing in engine.decide([one.question for one in asked]):
        outcomes[firing.question].append(firing)
    fired = {(index, firing.outcome) for index, firings in enumerate(outcomes) for firing in firings}
    found = differences(asked, fired)
    twice = [
        Difference(one.key.contract, one.key.service, one.kind, firing.outcome, engine_says=True)
        for one, firings in zip(asked, outcomes, strict=True)
        for firing in firings
        if sum(other.outcome == firing.outcome for other in firings) > 1
    ]
    out_of_order = [
        Difference(one.key.contract, one.key.service, one.kind, firings[0].outcome, engine_says=True)
        for one, firings in zip(asked, outcomes, strict=True)
        if firings and not _in_order(one, firings)
    ]
    if found or twice or out_of_order:
        raise GateDisagrees([*found, *twice, *out_of_order])
    return [
        Answer(one, tuple(firing.outcome for firing in sorted(firings, key=lambda f: f.order)))
        for one, firings in zip(asked, outcomes, strict=True)
    ]


def _in_order(one: Asked, firings: Sequence[Firing]) -> bool:
    """Whether the outcomes fired in the order in which the shape lists them."""
    position = {outcome.name: number for number, outcome in enumerate(one.question.shape.outcomes)}
    places = [position.get(firing.outcome, -1) for firing in sorted(firings, key=lambda f: f.order)]
    return places == sorted(places)
