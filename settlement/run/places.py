"""Places in rule files and deliveries: as a run records them, the same wherever its folders lie, and as its user types them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from settlement.domain.problems import Problem

RECORDED = {"rules": Path("rules"), "inputs": Path("inputs")}
"""What a run calls its two folders in everything that it writes."""

_RECORDED_PATH = re.compile(r"(?<![\w./\\-])(rules|inputs)(?=/)")


def as_typed(problem: Problem, folders: Mapping[str, Path]) -> Problem:
    """A problem of a run with its places as the user names the folders."""
    if folders == RECORDED:
        return problem

    def typed(text: str) -> str:
        return _RECORDED_PATH.sub(lambda found: folders[found[1]].as_posix().rstrip("/"), text)

    file = problem.place.file
    place = replace(problem.place, file=folders[file].as_posix() if file in folders else typed(file))
    return replace(problem, place=place, message=typed(problem.message), help=typed(problem.help))
