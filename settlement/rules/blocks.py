"""Reading keys by the table of the language: a mapping of the tree becomes the fields of a record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from settlement.domain.contract import Dated, Price, PriceTable, Step
from settlement.domain.problems import Place
from settlement.rules.grammar import NotAccepted, Value, did_you_mean, listed, nearest, quote, read_day
from settlement.rules.language import CONTRACT, CONTRACT_KINDS, SERVICE_KINDS, TERMS, Block, Key
from settlement.rules.page import Page
from settlement.rules.tree import Entry, List, Mapping, Node, Text


@dataclass(slots=True)
class Keys:
    """The keys of one block as read. ``fields`` holds what could be read, by field of the record, defaults included."""

    page: Page
    block: Block
    owner: Place
    """Where the block is named, for problems of the block as a whole."""
    fields: dict[str, Any] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    """What was given, by key; also what could not be read."""
    whole: bool = True
    """False when something of it has a problem: then no record can be made of it."""

    def place_of(self, name: str) -> Place:
        """Where the value of a key stands, or the key when keys stand under it; the block's own name when not given."""
        entry = self.entries.get(name)
        if entry is None:
            return self.owner
        return entry.node.place if isinstance(entry.node, Text) and entry.node.value else entry.key.place

    def problem(self, code: str, place: Place, message: str, advice: str) -> None:
        """Notes a problem of this block, which then makes no record."""
        self.whole = False
        self.page.problem(code, place, message, advice)


def read_keys(page: Page, block: Block, mapping: Mapping, owner: Place, others: Sequence[str] = ()) -> Keys:
    """Reads what the table of the language says may stand in a block; ``others`` are keys that the caller reads itself.

    Keys with the shape ``other``, ``table`` or ``block`` are left to the caller, in ``entries``.
    """
    keys = Keys(page, block, owner)
    meant: set[str] = set()
    for entry in mapping.entries:
        name = entry.key.value
        keys.entries[name] = entry
        key = block.key(name)
        if key is not None:
            _read_key(keys, key, entry)
        elif name not in others:
            found = _unknown_key(keys, entry.key, [*(key.name for key in block.keys), *others])
            meant.add(found or "")
    absent = [key for key in block.keys if key.name not in keys.entries]
    _say_missing(keys, [key for key in absent if key.required and key.name not in meant])
    keys.whole = keys.whole and not any(key.required for key in absent)
    for key in absent:
        if not key.required and key.shape in ("one", "many") and key.field != "":
            _set_default(keys, key)
    return keys


def _say_missing(keys: Keys, missing: Sequence[Key]) -> None:
    if not missing:
        return
    if len(missing) == 1:
        line = written(missing[0])
        advice = f"{missing[0].says} Write: {line}" if "\n" not in line else f"{missing[0].says} Write:\n{line}"
    else:
        advice = "\n  ".join(["Write:", *(written(key).replace("\n", "\n  ") for key in missing)])
    lacking = listed([f"'{key.name}'" for key in missing])
    keys.problem("key-missing", keys.owner, f"{_name(keys)} has no {lacking}", advice)


def written(key: Key) -> str:
    """A key as a line of a rule file, with its example."""
    example = key.example or key.value.example
    if key.shape in ("one", "many"):
        return f"{key.name}: {example}"
    return f"{key.name}:\n  {example}"


def _name(keys: Keys) -> str:
    block, owner = keys.block, keys.owner
    if block.name in TERMS:
        return f"this {block.name}"
    if block is CONTRACT or owner.line == 0:
        return "the contract" if block is CONTRACT else block.name
    return f"this {block.name.removeprefix('a ')}" if block.name.startswith("a ") else block.name


def _set_default(keys: Keys, key: Key) -> None:
    target = key.field or key.name
    if key.default is None:
        keys.fields[target] = () if key.shape == "many" else None
    else:
        keys.fields[target] = key.value.read(key.default) if key.default else ""


def _unknown_key(keys: Keys, word: Text, known: Sequence[str]) -> str | None:
    """Says that a key is not known here; gives the known key that was probably meant."""
    found = nearest(word.value, known)
    remark = "" if found is not None or not known else " A remark of your own stands behind a #."
    advice = did_you_mean(word.value, known) + remark
    if (
        found is None
        and keys.block is not CONTRACT
        and word.value in CONTRACT_KINDS
        and word.value not in SERVICE_KINDS
    ):
        advice = f"'{word.value}' is a term of the whole contract: it stands under 'terms'."
    elif word.value in SERVICE_KINDS and word.value not in known:
        advice = f"'{word.value}' is a term of a service: it stands under the name of the service, under 'services'."
    if not word.value:
        keys.problem("no-key", word.place, "a colon stands here without a key before it", "Write it as: key: value")
        return None
    if word.place not in keys.page.spoiled:
        keys.problem("unknown-key", word.place, f"{quote(word.value)} is not known here", advice)
    keys.whole = False
    return found


def _read_key(keys: Keys, key: Key, entry: Entry) -> None:
    if key.shape == "one":
        value = read_one(keys, entry, key.value, written(key))
        if value is None:
            keys.whole = False
        elif key.field == "":
            keys.fields.update(value if isinstance(value, dict) else {})
        else:
            keys.fields[key.field or key.name] = value
    elif key.shape == "many":
        keys.fields[key.field or key.name] = read_many(keys, entry, key.value, written(key))
    elif key.shape == "by day":
        keys.fields[key.field or key.name] = read_by_day(keys, entry, key)


def read_one(keys: Keys, entry: Entry, value: Value, example: str) -> Any:  # noqa: ANN401 -- what it is, the key decides
    """The figure behind a key; ``None``, and a problem, when there is none that we accept."""
    node = entry.node
    if not isinstance(node, Text):
        keys.problem(
            "not-one-value",
            entry.key.place,
            f"'{entry.key.value}' holds one value, and more stand under it",
            f"Write it on the same line: {example}",
        )
        return None
    if node.place not in keys.page.spoiled and not node.value:
        keys.problem(
            "no-value", entry.key.place, f"'{entry.key.value}' has no value", f"Write it behind the colon: {example}"
        )
        return None
    return read_value(keys, node, value)


def read_value(keys: Keys, text: Text, value: Value) -> Any:  # noqa: ANN401 -- what it is, the value decides
    """A text read by a way of writing; ``None``, and a problem, when it is not accepted."""
    if text.place in keys.page.spoiled:
        keys.whole = False
        return None
    try:
        return value.read(text.value)
    except NotAccepted as answer:
        keys.problem(answer.code, text.place, answer.message, answer.advice)
        return None


def read_many(keys: Keys, entry: Entry, value: Value, example: str) -> tuple[Any, ...]:
    """The figures of a list, or of one text; what is not accepted is a problem and left out. Nothing stands twice."""
    if isinstance(entry.node, Mapping):
        keys.problem(
            "not-a-list",
            entry.key.place,
            f"'{entry.key.value}' holds a list, and keys stand under it",
            f"Put each item on a line of its own, behind a dash:\n  - {example.partition(': ')[2]}",
        )
        return ()
    if isinstance(entry.node, Text):
        found = read_one(keys, entry, value, example)
        return () if found is None else (found,)
    figures: list[Any] = []
    for item in entry.node.items:
        if not isinstance(item, Text) or not item.value:
            keys.problem(
                "not-an-item",
                item.place,
                f"'{entry.key.value}' holds a list of single values",
                f"Write one behind each dash: - {example.partition(': ')[2]}",
            )
            continue
        figure = read_value(keys, item, value)
        if figure in figures:
            keys.problem(
                "item-twice", item.place, f"{quote(item.value)} stands in this list twice", "Keep one of the two."
            )
        elif figure is not None:
            figures.append(figure)
    return tuple(figures)


def under(keys: Keys, entry: Entry, example: str) -> Mapping | None:
    """The keys that must stand under a key; ``None``, and a problem, when none do."""
    node = entry.node
    if isinstance(node, Mapping):
        return node
    if isinstance(node, List):
        message = f"'{entry.key.value}' holds keys, and a list stands under it"
    elif node.value:
        message = f"'{entry.key.value}' holds keys, and {quote(node.value)} stands behind it"
    else:
        message = f"nothing stands under '{entry.key.value}'"
    place = node.place if isinstance(node, Text) and node.value else entry.key.place
    keys.problem("not-keys", place, message, f"Write below it, two spaces further in:\n  {example}")
    return None


# ---- figures in time -------------------------------------------------------------------------------------


def days(keys: Keys, entry: Entry, example: str) -> list[tuple[Text, Node]]:
    """What stands under each day, in order of day; days that cannot be read or stand in disorder are problems."""
    mapping = under(keys, entry, example)
    if mapping is None:
        return []
    found: list[tuple[Text, Node]] = []
    last = None
    for step in mapping.entries:
        try:
            day = read_day(step.key.value)
        except NotAccepted as answer:
            keys.problem(answer.code, step.key.place, answer.message, answer.advice)
            continue
        if last is not None and day < last:
            keys.problem(
                "days-in-disorder",
                step.key.place,
                f"{day} stands behind {last}",
                "Put the days in order, the first at the top.",
            )
            continue
        last = day
        found.append((step.key, step.node))
    return found


def read_by_day(keys: Keys, entry: Entry, key: Key) -> Dated[Any]:
    """A figure that changes in time. Amounts of money become prices with their own place."""
    steps = []
    for day, node in days(keys, entry, f"{key.example}"):
        figure = read_one(keys, Entry(day, node), _or_none(key.value), f"{day.value}: {key.value.example}")
        if figure is None:
            continue
        if figure is not NONE and key.value.name == "money":
            figure = Price(figure, node.place)
        steps.append(Step(read_day(day.value), None if figure is NONE else figure, day.place))
    return Dated(tuple(steps))


NONE = object()
"""What ``none`` is read to: from this day it stops."""


def _or_none(value: Value) -> Value:
    return Value(value.name, value.example, lambda text: NONE if text == "none" else value.read(text))


def read_table(keys: Keys, entry: Entry, key: Key, levels: tuple[str, ...]) -> PriceTable:
    """A table of amounts that changes in time, keyed by the values of the levels in their order.

    An amount that an earlier day has and a later one lacks is a problem, unless it was stopped with ``none``.
    """
    steps: list[Step[Any]] = []
    expected: dict[tuple[str, ...], None] = {}
    spelled: dict[tuple[str, ...], tuple[str, ...]] = {}
    for day, node in days(keys, entry, _table_example(levels)):
        if isinstance(node, Text) and node.value == "none":
            steps.append(Step(read_day(day.value), None, day.place))
            expected = {}
            continue
        prices: dict[tuple[str, ...], Price | None] = {}
        before = len(keys.page.problems)
        _read_level(keys, Entry(day, node), key, levels, (), prices)
        if len(keys.page.problems) == before:
            _check_spelling(keys, day, prices, spelled)
            missing = [name for name in expected if not any(name[: len(given)] == given for given in prices)]
            lacking = listed([quote(" / ".join(name)) for name in missing], "and")
            if missing:
                keys.problem(
                    "amount-missing",
                    day.place,
                    f"the amounts from {day.value} lack {lacking}, which the amounts before have",
                    f"Add its amount, or stop it: {missing[0][-1]}: none",
                )
        amounts = {name: price for name, price in prices.items() if price is not None}
        expected = dict.fromkeys(amounts)
        steps.append(Step(read_day(day.value), amounts, day.place))
    return Dated(tuple(steps))


def _check_spelling(
    keys: Keys, day: Text, names: Iterable[tuple[str, ...]], spelled: dict[tuple[str, ...], tuple[str, ...]]
) -> None:
    """A name is spelled the same under every date; ``spelled`` keeps the names of the dates before."""
    for name in names:
        first = spelled.setdefault(tuple("".join(part.casefold().split()) for part in name), name)
        if first != name:
            keys.problem(
                "names-alike",
                day.place,
                f"{quote(' / '.join(name))} under {day.value} is too like {quote(' / '.join(first))} before it",
                f"A delivered line could mean either. Write it the same under every date: {' / '.join(first)}",
            )


def _table_example(levels: tuple[str, ...]) -> str:
    names = {"intensity": "middel", "profile": "profiel 3"}
    below = "".join(f"\n{'  ' * (depth + 2)}{names[level]}:" for depth, level in enumerate(levels))
    return f"2018-01-01:{below} € 172,50"


def _read_level(
    keys: Keys, entry: Entry, key: Key, levels: tuple[str, ...], name: tuple[str, ...],
    prices: dict[tuple[str, ...], Price | None],
) -> None:  # fmt: skip
    node = entry.node
    if not levels:
        if isinstance(node, Mapping):
            keys.problem(
                "too-many-levels",
                entry.key.place,
                f"{quote(entry.key.value)} holds one amount, and more stand under it",
                "If the amounts differ by intensity or profile, say so beside 'amounts': by: intensity",
            )
            return
        cents = read_one(keys, entry, _or_none(key.value), f"{entry.key.value}: {key.value.example}")
        if cents is not None:
            prices[name] = None if cents is NONE else Price(cents, node.place)
        return
    if name and isinstance(node, Text) and node.value == "none":
        prices[name] = None
        return
    if isinstance(node, Text) and node.value:
        keys.problem(
            "too-few-levels",
            node.place,
            f"{quote(entry.key.value)} holds a table by {levels[0]}, and one amount stands here",
            f"Put the amounts below it, two spaces further in: {_one_of(levels[0])}: {key.value.example}",
        )
        return
    mapping = under(keys, entry, f"{_one_of(levels[0])}: {key.value.example}")
    check_alike(keys, mapping)
    for below in mapping.entries if mapping is not None else ():
        _read_level(keys, below, key, levels[1:], (*name, below.key.value), prices)


def check_alike(keys: Keys, mapping: Mapping | None) -> None:
    """No two names of the contract differ only in capitals or spaces: a delivered line could mean either."""
    seen: dict[str, Text] = {}
    for entry in mapping.entries if mapping is not None else ():
        first = seen.setdefault("".join(entry.key.value.casefold().split()), entry.key)
        if first is not entry.key:
            keys.problem(
                "names-alike",
                entry.key.place,
                f"{quote(entry.key.value)} is too like {quote(first.value)} on line {first.place.line}",
                "A delivered line could mean either. Write them more differently, or keep one.",
            )


def _one_of(level: str) -> str:
    return "middel" if level == "intensity" else "profiel 3"
