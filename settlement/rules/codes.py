"""The product codes of a service: a list, or each with the intensity and profile that it stands for.

A JW323 message knows neither intensity nor profile; what a code says of them is all that it can say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from settlement.domain.contract import Level
from settlement.rules.blocks import Keys, read_many, read_one
from settlement.rules.grammar import TEXT, did_you_mean, quote
from settlement.rules.tree import Entry, List, Mapping, Text

LEVELS = ("intensity", "profile")
CodeLevels = dict[str, dict[Level, str]]


def code_places(entry: Entry | None) -> list[Text]:
    """Where each code stands, in order; nothing that is no single text."""
    if entry is None:
        return []
    node = entry.node
    found = (
        [each.key for each in node.entries] if isinstance(node, Mapping) else node.items if isinstance(node, List) else [node]
    )
    return [each for each in found if isinstance(each, Text) and each.value]


def read_codes(keys: Keys, levels: Sequence[str]) -> tuple[tuple[str, ...], CodeLevels]:
    """The codes of a service, and what each says of its level. ``levels`` is what the service's amounts differ by."""
    entry = keys.entries.get("codes")
    if entry is None:
        return (), {}
    if not isinstance(entry.node, Mapping):
        return read_many(keys, entry, TEXT, "codes: 46A03"), {}
    found: CodeLevels = {}
    for each in entry.node.entries:
        said = _levels_of(keys, each, levels)
        if said:
            found[each.key.value] = cast("dict[Level, str]", said)
    return tuple(each.key.value for each in entry.node.entries), found


def _levels_of(keys: Keys, code: Entry, levels: Sequence[str]) -> dict[str, str]:
    """What a code says: the word behind it of the one level, or a word for each under it."""
    if not levels:
        keys.problem(
            "code-level", code.key.place,
            f"code {quote(code.key.value)} says a level, and the amounts of this service have none",
            f"Write the codes as a list: - {code.key.value}",
        )  # fmt: skip
        return {}
    node = code.node
    if isinstance(node, Mapping):
        said = {each.key.value: read_one(keys, each, TEXT, f"{each.key.value}: middel") for each in node.entries}
        strange = [each.key for each in node.entries if each.key.value not in levels]
        if strange:
            keys.problem(
                "code-level", strange[0].place,
                f"{quote(strange[0].value)} is nothing that the amounts of this service differ by",
                did_you_mean(strange[0].value, list(levels)),
            )  # fmt: skip
            return {}
        return {name: word for name, word in said.items() if word is not None}
    if len(levels) > 1:
        keys.problem(
            "code-level", code.key.place,
            f"the amounts differ by {' and '.join(levels)}, and code {quote(code.key.value)} says one word",
            "Write below the code, two spaces further in: " + ", ".join(f"{level}: …" for level in levels),
        )  # fmt: skip
        return {}
    word = read_one(keys, code, TEXT, f"{code.key.value}: middel")
    return {} if word is None else {levels[0]: word}


def check_code_levels(keys: Keys, code_levels: CodeLevels, amounts: Any, levels: Sequence[str]) -> None:  # noqa: ANN401 -- a table of prices by day, when it could be read
    """Each word behind a code must stand in the table of amounts, as the contract writes it."""
    if amounts is None:
        return
    names = {key for step in amounts.steps if step.value for key in step.value}
    places = {text.value: text for text in code_places(keys.entries.get("codes"))}
    for code, said in code_levels.items():
        for at, level in enumerate(levels):
            known = sorted({name[at] for name in names})
            if level in said and said[level] not in known:
                keys.problem(
                    "code-level", places[code].place,
                    f"code {quote(code)} stands for {level} {quote(said[level])}, which has no amount",
                    did_you_mean(said[level], known),
                )  # fmt: skip
