"""The house holds: each floor imports only from those below it, and each third-party library has its rooms."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "settlement"

FLOORS = {
    "cli": 9, "run": 8, "statements": 7, "alerts": 7, "talks": 7, "returns": 7, "templates": 7, "settle": 6, "decisions": 5, "pricing": 4,
    "rules": 3,
    "deliveries": 3, "paper": 2, "wording": 1, "domain": 0, "": 0,
}  # fmt: skip
"""Higher is higher up; floors of one height are neighbours. The empty name is the package itself: its version."""

MAY_IMPORT_ITS_EQUAL: set[tuple[str, str]] = set()
"""Neighbours that may know each other: none. Rules and deliveries, statements, alerts and talks meet on the floor above."""

ROOMS: dict[str, dict[str, str]] = {
    "durable_rules_engine": {"decisions/engine.py": "its one room: what is exact of it, and the proof that it stayed so"},
    "polars": {
        "deliveries/": "lines are a frame from the moment they are read",
        "pricing/": "lines are priced and added up as frames",
        "decisions/gate.py": "the second evaluation shares no code with the engine's path",
        "decisions/rounds.py": "ceilings cut the lines where they bite, and earnings are summed by month",
        "decisions/sources.py": "the cells and rows of refused lines are taken from the frame, all contracts at once",
        "settle.py": "the hallway joins refusals and hands frames from room to room",
        "returns/compose.py": "which contracts a delivery names is taken from the frame, and its refusals become records",
        "statements/compose.py": "the lines of a statement are taken from the frame, all contracts at once",
        "talks/compose.py": "refusals are counted by reason, all contracts at once",
        "run/": "the lines behind a final run are written as Parquet, counted in the balance, and read back to explain",
    },
    "openpyxl": {"paper/": "workbooks are drawn here", "statements/workbook.py": "the statement", "alerts/workbook.py": "the alert list"},
    "apscheduler": {"run/schedule.py": "the clock that wakes"},
    "yaml": {"rules/tree.py": "text with positions"},
    "typer": {"cli/": "commands and options"},
    "click": {"cli/": "what typer raises"},
    "jinja2": {"alerts/page.py": "pages with automatic escaping", "talks/page.py": "pages with automatic escaping"},
    "stdnum": {"rules/": "account numbers of master data", "deliveries/personal.py": "citizen service numbers are recognised"},
    "holidays": {"run/calendar.py": "the working day on which a month is settled"},
    "fastexcel": {},
    "psycopg": {"run/ledger_server.py": "the ledger of an office where several people run it"},
}
"""Each third-party library with the only files (or folders) that may import it, and why there."""

FILES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def floor_of(name: str) -> str:
    """``pricing/earn.py`` is of the floor pricing, ``settle.py`` of settle, ``__init__.py`` of the package."""
    first = name.split("/")[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Every module that a file imports, at any depth of its code, with the line. Relative imports count as what they mean."""
    package = ["settlement", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            # from settlement import settle: the module is what is named behind import.
            yield from ((node.lineno, f"{module}.{alias.name}" if module == "settlement" else module) for alias in node.names)


def floor_imported(module: str) -> str:
    parts = module.split(".")
    if len(parts) == 1 or parts[1].startswith("__"):
        return ""
    return parts[1]


def test_every_file_stands_on_a_floor():
    assert sorted({floor_of(name_of(path)) for path in FILES} - set(FLOORS)) == []
    assert {floor for floor in FLOORS if floor} <= {floor_of(name_of(path)) for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_imports_only_from_floors_below_its_own(path):
    own = floor_of(name_of(path))
    above = []
    for line, module in imported(path):
        if module.split(".")[0] != "settlement":
            continue
        other = floor_imported(module)
        assert other in FLOORS, f"{name_of(path)}:{line} imports {module}, which stands on no floor"
        if other != own and FLOORS[other] >= FLOORS[own] and (own, other) not in MAY_IMPORT_ITS_EQUAL and other:
            above.append(f"{name_of(path)}:{line}: {own} imports {module}")
    assert above == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_third_party_library_is_imported_only_in_its_rooms(path):
    name, strangers = name_of(path), []
    for line, module in imported(path):
        library = module.split(".")[0]
        if library in sys.stdlib_module_names or library == "settlement":
            continue
        rooms = ROOMS.get(library)
        if rooms is None or not any(name == room or (room.endswith("/") and name.startswith(room)) for room in rooms):
            strangers.append(f"{name}:{line} imports {module}")
    assert strangers == []


@pytest.mark.parametrize("floor", ["domain", "wording"])
def test_the_lowest_floors_need_nothing_but_the_standard_library(floor):
    modules = {module.split(".")[0] for path in FILES if floor_of(name_of(path)) == floor for _, module in imported(path)}
    assert modules - set(sys.stdlib_module_names) <= {"settlement"}


def test_every_room_that_is_named_exists():
    names = [name_of(path) for path in FILES]
    rooms = [room for found in ROOMS.values() for room in found]
    assert [room for room in rooms if not any(name == room or name.startswith(room) for name in names)] == []


def test_the_test_itself_sees_an_import_that_climbs(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    path = tmp_path / "pricing" / "wrong.py"
    path.parent.mkdir()
    path.write_text("def late():\n    from ..settle import settle\n    from settlement import settle\n    import settlement.run.month\n")
    assert [floor_imported(module) for _, module in imported(path)] == ["settle", "settle", "run"]


def test_help_imports_neither_polars_nor_openpyxl():
    """So that it answers at once; how fast that is depends on the machine and is not asserted."""
    help_of = [sys.executable, "-X", "importtime", "-m", "settlement.cli", "--help"]
    done = subprocess.run(help_of, capture_output=True, text=True, cwd=ROOT, check=True, timeout=60)
    assert "Usage" in done.stdout
    loaded = {line.rsplit("|", 1)[1].strip().split(".")[0] for line in done.stderr.splitlines() if line.count("|") == 2}
    assert "typer" in loaded
    heavy = {"polars", "openpyxl", "durable_rules_engine", "apscheduler", "yaml", "jinja2", "holidays", "stdnum", "fastexcel", "psycopg"}
    assert loaded & heavy == set()
