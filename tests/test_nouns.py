"""A kind of term is known in every place that must know it, and every word that the code uses has its sentence."""

from __future__ import annotations

import ast
import inspect
import re
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest

from settlement.decisions import gate, rounds, signals
from settlement.deliveries.faults import FILE_FAULTS
from settlement.domain import contract as nouns
from settlement.domain.contract import CALENDAR_TERMS, CONTRACT_TERMS, LINE_TERMS, SERVICE_TERMS, Indexation, Term
from settlement.domain.fields import FIELDS
from settlement.domain.measures import IN_MONTH, MEASURES
from settlement.domain.signals import STANDING_SIGNALS
from settlement.pricing import earn, tables, value
from settlement.rules import language, manual
from settlement.run import left
from settlement.statements import card
from settlement.wording import catalogue
from settlement.wording.formulas import FORMULAS, NUMBERS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "settlement"


def every_kind() -> dict[str, type[Term]]:
    """Every class of term in domain/contract.py that names a kind."""
    return {
        one.kind: one
        for _, one in inspect.getmembers(nouns, inspect.isclass)
        if issubclass(one, Term) and one is not Term and "kind" in vars(one)
    }


KINDS = every_kind()
DECIDED = {kind: one for kind, one in KINDS.items() if one not in (*LINE_TERMS, *CALENDAR_TERMS, Indexation)}


def source(module: object) -> str:
    return inspect.getsource(module)  # type: ignore[arg-type]


def test_there_are_the_fifteen_kinds_of_the_rule_language():
    assert sorted(KINDS) == sorted([
        "tariff", "weekly_tariff", "arrangement_fee", "monthly_tariff", "person_fee", "budget", "availability_fee", "ceiling",
        "minimum_clients", "corridor", "outcome_bonus", "bonus_malus", "withhold", "shared_savings", "indexation",
    ])  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_term_is_known_everywhere(kind):
    """A new kind makes this fail with the list of the places that it was forgotten in."""
    term, forgotten = KINDS[kind], []

    def known(where: str, holds: bool) -> None:
        forgotten.extend([] if holds else [where])

    known("domain/contract.py: SERVICE_TERMS or CONTRACT_TERMS", term in (*SERVICE_TERMS, *CONTRACT_TERMS))
    known("rules/language.py: TERMS", kind in language.TERMS)
    known("rules/language.py: SERVICE_KINDS", (term in SERVICE_TERMS) == (kind in language.SERVICE_KINDS))
    known("rules/language.py: CONTRACT_KINDS", (term in CONTRACT_TERMS) == (kind in language.CONTRACT_KINDS))
    known("rules/manual.py: the reference", f"`{kind}`" in manual.reference())
    known("rules/README.md", f"`{kind}`" in (ROOT / "rules" / "README.md").read_text(encoding="utf-8"))
    known("wording/catalogue.py: TERMS", kind in catalogue.TERMS)
    known("statements/card.py", re.search(rf"\b{term.__name__}\b", source(card)) is not None)
    if term in LINE_TERMS:
        known("pricing/tables.py: KIND", kind in tables.KIND.categories.to_list())
        known("pricing/tables.py: the services' table", re.search(rf"case {term.__name__}\(\)", source(tables)) is not None)
        known("pricing/value.py: what a line is worth", kind in value._VALUES)
        known("pricing/earn.py: what it earns", f'"{kind}"' in source(earn))
        known("run/balance.py: terms that price lines", f'"{kind}"' in (PACKAGE / "run" / "balance.py").read_text(encoding="utf-8"))
    if term in CALENDAR_TERMS:
        known("domain/contract.py: a Budget, for the instalments", issubclass(term, nouns.Budget))
    if kind in DECIDED:
        known("decisions/gate.py", kind in gate._KINDS)
        known("decisions/rounds.py or signals.py", re.search(rf"\b{term.__name__}\b", source(rounds)) is not None)
    assert forgotten == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_term_occurs_in_the_example_region_and_is_described_with_every_key(kind):
    found = [path for path in (ROOT / "rules").rglob("*.yaml") if re.search(rf"^ +{kind}:$", path.read_text(encoding="utf-8"), re.M)]
    assert found
    assert language.TERMS[kind].says
    assert all(key.says for key in language.TERMS[kind].keys)


# ---- formulas --------------------------------------------------------------------------------------------


def strings_in(*folders: str) -> dict[str, set[str]]:
    """Every text constant of the code in these folders, with the files that it stands in; docstrings are left out."""
    found: dict[str, set[str]] = {}
    for folder in folders:
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
                    found.setdefault(node.value, set()).add(path.name)
    return found


def formulas_used() -> set[str]:
    """The first argument of every Working(…), and what is assigned to a name ``formula``, wherever the code makes one."""
    found: set[str] = set()
    for path in [*(PACKAGE / "decisions").glob("*.py"), *(PACKAGE / "pricing").glob("*.py"), *(PACKAGE / "statements").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            given: list[ast.expr] = []
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Working" and node.args:
                given.append(node.args[0])
            elif isinstance(node, ast.Assign):
                targets = [name for target in node.targets for name in (target.elts if isinstance(target, ast.Tuple) else [target])]
                values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
                given += [
                    one for name, one in zip(targets, values, strict=False) if isinstance(name, ast.Name) and name.id == "formula"
                ]
            for one in given:
                if isinstance(one, ast.JoinedStr):
                    assert ast.unparse(one) == "f'corridor_{answer.first}'"
                    found |= {"corridor_above", "corridor_below"}
                elif isinstance(one, ast.Subscript) and isinstance(one.value, ast.Dict):
                    found |= {part.value for part in one.value.values if isinstance(part, ast.Constant)}
                elif isinstance(one, ast.IfExp):
                    found |= {part.value for part in (one.body, one.orelse) if isinstance(part, ast.Constant)}
                elif isinstance(one, ast.Constant):
                    found.add(one.value)
    return found


def test_every_formula_that_the_code_uses_has_its_words():
    used = formulas_used()
    assert {"lines", "instalments", "ceiling", "minimum_missing", "bonus", "savings", "withhold", "signal"} <= used
    assert sorted(used - set(FORMULAS)) == []


def test_every_number_in_a_working_can_be_named():
    """The keys of the mappings given to Working: what a formula's sentence does not use is listed by its name."""
    used: set[str] = set()
    for path in (PACKAGE / "decisions").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict):
                tuples = [(key, one) for key, one in zip(node.keys, node.values, strict=True) if isinstance(one, ast.Tuple) and len(one.elts) == 2]
                units = {"amount", "count", "share", "quantity", "mark", "months", "word"}
                used |= {
                    key.value for key, one in tuples
                    if isinstance(key, ast.Constant) and isinstance(one.elts[1], ast.Constant) and one.elts[1].value in units
                }  # fmt: skip
    assert {"value", "base", "share", "missing"} <= used
    assert sorted(used - set(NUMBERS)) == []


# ---- refusals --------------------------------------------------------------------------------------------

_CODE = re.compile(r"[a-z]+(-[a-z]+)+")
ENCODINGS = {"us-ascii"}


def codes_of_accept() -> set[str]:
    """The first argument of every _Check, and the second of every _refuse, in pricing/accept.py."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / "pricing" / "accept.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            place = {"_Check": 0, "_refuse": 1}.get(node.func.id)
            if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Constant):
                found.add(node.args[place].value)  # type: ignore[attr-defined]
    return found


def codes_of_deliveries() -> set[str]:
    """Everything in deliveries/ that looks like a code (``leading-zeros-lost``), but for those of problems, which carry
    their own message."""
    told = {
        node.args[0].value
        for path in (PACKAGE / "deliveries").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem"
        and node.args and isinstance(node.args[0], ast.Constant)
    }  # fmt: skip
    return {text for text in strings_in("deliveries") if _CODE.fullmatch(text)} - told - ENCODINGS


def test_every_code_of_a_refusal_has_its_sentence():
    accept = codes_of_accept()
    assert {"unknown-intensity", "amount-differs", "credit-without-debit", "already-claimed", "second-arrangement"} <= accept
    assert sorted(accept - set(catalogue.REFUSALS)) == []
    deliveries = codes_of_deliveries() - set(FILE_FAULTS)
    assert {"leading-zeros-lost", "merged-cell"} <= deliveries
    assert sorted(deliveries - set(catalogue.REFUSALS)) == []


def test_no_sentence_is_kept_for_a_code_that_nothing_uses():
    used = codes_of_accept() | codes_of_deliveries() | set(FILE_FAULTS) | left._NO_DELIVERY
    assert sorted(set(catalogue.REFUSALS) - used) == []


def test_every_field_of_a_line_has_its_heading_and_every_signal_its_name():
    assert sorted(set(FIELDS) - set(catalogue.FIELDS)) == []
    assert sorted(set(STANDING_SIGNALS) - set(catalogue.SIGNALS)) == []
    assert set(signals._SEVERITY) == set(STANDING_SIGNALS)


# ---- measures --------------------------------------------------------------------------------------------


def test_a_position_has_every_measure_and_no_other():
    from workbench import contract, euro, one_settled

    tariff = {"article": "1", "per": "hour", "amounts": {"2018-01-01": euro(Random(1).randrange(1, 99_99))}}
    line = {"client": "C1", "service": "taak", "start": "2018-01-05", "end": "2018-01-05", "quantity": "1", "unit": "uren"}
    found = one_settled(contract("A-1", {"taak": {"tariff": tariff}}), {"2018-01": [line]}, "2018-01")
    expected = {*MEASURES, *(f"{name}{IN_MONTH}" for name, measure in MEASURES.items() if measure.in_month)}
    assert len(found.positions) == 2
    for key, measures in found.positions.items():
        assert sorted(expected - set(measures)) == [], key
        # What is kept beside them is for the terms alone, and no condition can name it; what has no month, has none there.
        beside = set(measures) - expected
        assert {name.removesuffix(IN_MONTH) for name in beside} - {"earned", "held"} <= set(MEASURES)
        assert all(measures[name] is None for name in beside if name.removesuffix(IN_MONTH) in MEASURES), key
        assert all(figure is None or isinstance(figure, Fraction) for figure in measures.values())


def test_every_measure_has_its_sentence_its_unit_and_its_source():
    for measure in MEASURES.values():
        assert measure.sentence.endswith(".")
        assert measure.dutch
        assert measure.source
        assert f"`{measure.name}`" in manual.reference()
