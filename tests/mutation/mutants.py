"""Mutants: small faults put into a module, one at a time, as a tired programmer makes them.

A mutant is known by its function and by what it changes there, not by its line: the list of equivalent ones stays true
when lines move.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
}  # fmt: skip
_SWAPPED = {
    "min": "max", "max": "min", "any": "all", "all": "any", "first": "last", "last": "first",
    "max_horizontal": "min_horizontal", "min_horizontal": "max_horizontal",
}  # fmt: skip
_REMOVED = {"abs", "cum_sum", "cum_max", "clip", "fill_null", "sort", "unique", "shift", "sum", "over", "filter"}
"""Calls on a value that are left out: ``x.abs()`` becomes ``x``."""


@dataclass(frozen=True)
class Mutant:
    """One fault in one place."""

    module: str
    function: str
    """Dotted below the module; empty for what stands in the module itself."""
    change: str
    """``a + b → a - b``; with ``(2)`` behind it for the second place in the function that reads the same."""
    line: int
    last_line: int
    tree: ast.Module

    @property
    def key(self) -> str:
        """By which the list of equivalent mutants knows it."""
        return f"{self.function or 'module'}: {self.change}"


def mutants_of(module: str, source: str, functions: tuple[str, ...] = ()) -> Iterator[Mutant]:
    """Every mutant of a module (of some of its functions, when named), in order of place.

    The tree of each is the same object, changed for as long as the iteration rests on it.
    """
    tree = ast.parse(source)
    seen: Counter[tuple[str, str]] = Counter()
    for function, node, around in _places(tree):
        if functions and function.split(".")[0] not in functions:
            continue
        for field, old, new in _changes(node):
            shown = around if isinstance(node, ast.Constant) else node
            before = _short(shown)
            setattr(node, field, new)
            change = f"{before} → {_short(shown)}"
            seen[function, change] += 1
            number = seen[function, change]
            first, last = getattr(shown, "lineno", 0), getattr(shown, "end_lineno", None) or 0
            yield Mutant(module, function, change + (f" ({number})" if number > 1 else ""), first, last, tree)
            setattr(node, field, old)


def _short(node: ast.AST) -> str:
    """A node as it is read; of a branch, only what decides it."""
    text = f"if {ast.unparse(node.test)}" if isinstance(node, ast.If | ast.While) else " ".join(ast.unparse(node).split())
    return text if len(text) <= 160 else f"{text[:78]} … {text[-78:]}"


def _places(tree: ast.Module) -> Iterator[tuple[str, ast.AST, ast.AST]]:
    """Every node that may be changed, with the function it stands in and the node around it; no types, no assertions, no
    messages of errors."""

    def walk(node: ast.AST, inside: str) -> Iterator[tuple[str, ast.AST, ast.AST]]:
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list", "type_params"}:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AnnAssign):
                    child = child.value  # noqa: PLW2901 - of a value with its type, the value
                if isinstance(child, ast.AST) and not isinstance(child, ast.Assert | ast.Raise | ast.JoinedStr):
                    yield from visit(child, inside, node)

    def visit(node: ast.AST, inside: str, around: ast.AST) -> Iterator[tuple[str, ast.AST, ast.AST]]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            inside = f"{inside}.{node.name}" if inside else node.name
        yield inside, node, around
        yield from walk(node, inside)

    yield from walk(tree, "")


def _changes(node: ast.AST) -> Iterator[tuple[str, object, object]]:
    """The field to change in a node, what stands there, and what the fault puts there."""
    match node:
        case ast.BinOp(op=op) if type(op) in _ARITHMETIC and not _is_text(node):
            yield "op", op, _ARITHMETIC[type(op)]()
        case ast.Compare(ops=[op]):
            for other in _COMPARISONS.get(type(op), ()):
                yield "ops", node.ops, [other()]
        case ast.Compare(ops=[first, second]):
            for other in _COMPARISONS.get(type(first), ()):
                yield "ops", node.ops, [other(), second]
            for other in _COMPARISONS.get(type(second), ()):
                yield "ops", node.ops, [first, other()]
        case ast.BoolOp(op=op):
            yield "op", op, ast.Or() if isinstance(op, ast.And) else ast.And()
        case ast.UnaryOp(op=ast.USub(), operand=ast.expr()):
            yield "op", node.op, ast.UAdd()
        case ast.UnaryOp(op=ast.Invert()):
            # ``~~x`` is ``x``, for frames and for numbers.
            yield "operand", node.operand, ast.UnaryOp(ast.Invert(), node.operand)
        case ast.UnaryOp(op=ast.Not()):
            yield "operand", node.operand, ast.UnaryOp(ast.Not(), node.operand)
        case ast.IfExp():
            yield "test", node.test, ast.UnaryOp(ast.Not(), node.test)
        case ast.If() | ast.While():
            yield "test", node.test, ast.UnaryOp(ast.Not(), node.test)
        case ast.Constant(value=bool() as value):
            yield "value", value, not value
        case ast.Constant(value=int() as value):
            yield "value", value, value + 1
            yield "value", value, value - 1
        case ast.Call(func=ast.Name(id=name), args=args) if name in _SWAPPED and args:
            yield "func", node.func, ast.Name(_SWAPPED[name], ast.Load())
        case ast.Call(func=ast.Name(id="abs" | "sorted"), args=[only]):
            yield from _instead(node, only)
        case ast.Call(func=ast.Attribute(value=value, attr=name) as func):
            if name in _SWAPPED:
                yield "func", func, ast.Attribute(value, _SWAPPED[name], ast.Load())
            if name == "when" and len(node.args) == 1:
                yield "args", node.args, [ast.UnaryOp(ast.Invert(), node.args[0])]
            if name in _REMOVED:
                yield from _instead(node, value)


def _instead(node: ast.Call, value: ast.expr) -> Iterator[tuple[str, object, object]]:
    """The value alone instead of the call: ``(value)`` as the only choice of an ``if`` that always holds."""
    # A call cannot become another node in place: what it calls becomes "give me my first argument".
    kept = (node.func, node.args, node.keywords)
    node.args, node.keywords = [value], []
    yield "func", kept[0], ast.Lambda(_ONE, ast.Name("it", ast.Load()))
    node.args, node.keywords = kept[1], kept[2]


_ONE = ast.arguments(posonlyargs=[], args=[ast.arg("it")], kwonlyargs=[], kw_defaults=[], defaults=[])


def _is_text(node: ast.BinOp) -> bool:
    """Whether a sum joins text or lists, or makes a type, rather than adds numbers."""
    parts = [part for part in ast.walk(node) if isinstance(part, ast.Constant | ast.JoinedStr)]
    if isinstance(node.op, ast.Add):
        return any(isinstance(part, ast.JoinedStr) or isinstance(part.value, str) for part in (node.left, node.right) if part in parts)
    return False
