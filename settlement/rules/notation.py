"""What is not the notation of rule files, said to a contract manager: braces, references, open quotes, odd dashes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from settlement.domain.problems import Place
from settlement.rules.page import Page

_SIGNS = {
    "{": ("a list or block in braces", "Put each key on a line of its own, two spaces further in:\n  key: value"),
    "[": ("a list in brackets", "Put each item on a line of its own, behind a dash:\n  - item"),
    "&": ("an anchor (&)", "Write the value out, or put it between quotes if the & is part of it: 'A & B'"),
    "*": ("a reference (*)", "Write the value out, or put it between quotes if the * is part of it."),
    "!": ("a tag (!)", "Leave the exclamation mark out, or put the value between quotes if it is part of it."),
    "|": ("a block of text (| or >)", "Write the value on one line, behind its key."),
    "%YAML": ("a directive (%)", "Take this line out."),
    "%": ("a percent sign at the start", "Write the number first: 50 %"),
    "---": ("a second document (---)", "One file holds one contract: put the other in a file of its own."),
}

_ABOUT = {
    "flow mapping": "{",
    "flow sequence": "[",
    "alias": "*",
    "anchor": "&",
    "tag": "!",
    "block scalar": "|",
    "directive": "%YAML",
}
"""What the parser says it was reading, and the sign that made it think so."""

_ESCAPE = ("a backslash has a meaning of its own between double quotes", "Use single quotes: 'text'")
_TWO_SPACES = "Two spaces a level: give it the same indentation as the keys that it stands beside."


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the parser gave up: what it was reading, what it says, and the two spots (from 0) that it names."""

    context: str
    said: str
    line: int
    column: int
    opened_line: int
    opened_column: int


def say_dialect(page: Page, sign: str, place: Place) -> None:
    """Says that a sign of YAML is not used in rule files; nothing else is said about its place."""
    what, advice = _SIGNS[sign]
    page.spoil("not-our-notation", place, f"{what} is not used in rule files", advice)


def _said_with_sign(page: Page, place: Place) -> bool:
    """Whether a comparison stands here that is written with a sign, which means something else in YAML; says so."""
    behind = page.lines[place.line - 1][place.column - 1 :].strip()
    match = re.match(r"(>=?|!=) ?(?=[0-9€])(.*)", behind)
    if match is None:
        return False
    words = {">": "above", ">=": "at least", "!=": "is not"}[match[1]]
    page.widths[place.line, place.column] = len(behind)
    page.spoil(
        "comparison-sign",
        place,
        f"'{behind}' compares with a sign, and rule files compare in words",
        f"Write: {words} {match[2]}",
    )
    return True


def say_escape(page: Page, place: Place) -> None:
    """Says that a backslash between double quotes would put in signs that nobody sees."""
    page.spoil("quote-escape", place, *_ESCAPE)


def say_block(page: Page, place: Place) -> None:
    """Says that a block of text is not used, or that a comparison is not written with a sign."""
    if not _said_with_sign(page, place):
        say_dialect(page, "|", place)


def say_tag(page: Page, place: Place) -> None:
    """Says that a tag is not used, or that a comparison is not written with a sign."""
    if not _said_with_sign(page, place):
        say_dialect(page, "!", place)


def spaces(count: int) -> str:
    """``1 space``, ``3 spaces``."""
    return "1 space" if count == 1 else f"{count} spaces"


def say_not_yaml(page: Page, fault: Fault) -> None:
    """One problem for a text without a tree. The C parser and the Python parser word theirs differently, we do not."""
    opened = page.place(fault.opened_line + 1, fault.opened_column + 1)
    for about, sign in _ABOUT.items():
        if about in fault.context:
            if sign not in "|!" or not _said_with_sign(page, opened):
                say_dialect(page, sign, opened)
            return
    simple_key = "simple key" in fault.context
    named = fault.opened_line if simple_key else fault.line
    line = min(named, max(len(page.lines) - 1, 0))
    written = page.lines[line] if page.lines else ""
    column = fault.opened_column if simple_key else fault.column
    page.problem(*next(_findings(page, fault, written, line, column if line == named else len(written), opened)))


def _findings(
    page: Page, fault: Fault, written: str, line: int, at: int, opened: Place
) -> Iterator[tuple[str, Place, str, str]]:
    """What may be wrong with a line, the likeliest first; the last always fits."""
    here = page.place(line + 1, at + 1)
    bare = written.strip()
    indentation = len(written) - len(written.lstrip())
    whole = page.place(line + 1, indentation + 1, len(bare)) if bare else here
    sign, before = written[at : at + 1], written[:at]
    if bare.startswith(":"):
        yield "no-key", whole, "a colon stands here without a key before it", "Write it as: key: value"
    if "scalar" in fault.context and "escape" in fault.said:
        yield "quote-escape", opened, *_ESCAPE
    if "scalar" in fault.context:
        yield (
            "quote-open",
            opened,
            "this quote is never closed",
            "Put the same quote at the end of the text, or leave both out. An apostrophe goes between double quotes.",
        )
    if "cannot start any token" in fault.said and sign == "%":
        yield "not-our-notation", here, f"{_SIGNS['%'][0]} is not used in rule files", _SIGNS["%"][1]
    if "cannot start any token" in fault.said or "node content" in fault.said:
        yield "odd-start", here, f"a value cannot start with {sign}", "Put the value between quotes: '…'"
    if "simple key" in fault.context:
        glued = re.match(r"\s*(?:- )?([A-Za-z_]+):(\S.*)", written)
        example = f"{glued[1]}: {glued[2].strip()}" if glued else "key: value"
        yield (
            "no-colon",
            whole,
            "a colon with a space behind it is missing on this line",
            f"Write a key, a colon, a space and the value: {example}",
        )
    if "mapping values are not allowed" in fault.said and ": " in before:
        key, _, value = written.partition(": ")
        yield (
            "colon-in-value",
            here,
            "a second colon stands in this line",
            f"Put the value between quotes: {key.strip()}: '{value.strip()}'",
        )
    if "sequence entries are not allowed" in fault.said:
        yield (
            "dash-behind-key",
            here,
            "a dash stands behind a key on the same line",
            "Put each item on a line of its own, two spaces further in:\n  - item",
        )
    if bare.startswith("- ") and "-' indicator" not in fault.said:
        yield (
            "dash-out-of-place",
            whole,
            "a dash stands where a key is expected",
            "A list belongs under a key, two spaces further in than the key.",
        )
    if at > indentation and before.count("'") + before.count('"') >= 2:
        yield (
            "behind-quote",
            here,
            "text stands behind the closing quote",
            "Put the whole value between the quotes. A quote within it is written twice: 'zo''n'",
        )
    yield (
        "indentation",
        whole,
        f"this line is indented by {spaces(indentation)}, and nothing above it opens there",
        _TWO_SPACES,
    )
