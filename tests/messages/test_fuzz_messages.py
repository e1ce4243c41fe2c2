"""Sound JW323 messages in the hands of many programs, and changed ones: each line is accepted as a plain reader finds it.

    .venv/bin/python -m pytest -m campaign -s tests/messages/test_fuzz_messages.py
"""

from __future__ import annotations

import collections
import datetime as dt
import random
import re
import sys
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from claims import AGB, ANNA, BRAM, CARLA, KEY, MARCH, RECEIVER, euros, message, minutes, nights, weeks

from settlement.deliveries.child import messages
from settlement.deliveries.contracts import Contracts
from settlement.deliveries.mailbox import Mailbox, Pseudonyms, Route
from settlement.deliveries.reading import RawTable, _Parts
from settlement.deliveries.table import typed_tables
from settlement.deliveries.typed import Source

SHORT, LONG = 100, 4000
CONTRACT = "M-1"
CODES = ("45a48", "43a12", "45r01", "45a49")
MAILBOX = Mailbox((Route(CONTRACT, AGB, (RECEIVER,), "2018-01-01", "2018-12-31", CODES),), KEY.hex())
KNOWN = Contracts({CONTRACT: {}}, MAILBOX)
LAST_RESORT = {"reading-failed", "took-too-long", "too-much-memory"}
BASE = "http://www.istandaarden.nl/ijw/3_2/basisschema/schema"
UNITS = {"01": "minute", "04": "hour", "14": "overnight_day", "16": "day_part", "82": "piece", "83": "euro", "84": "piece"}
NUMBERS = {"ToewijzingNummer", "GeleverdVolume", "ProductTarief", "Bedrag", "TotaalBedrag", "BerichtVersie", "BerichtSubversie"}
AS_WRITTEN = {"Identificatie", "ReferentieNummer", "VorigReferentieNummer"}
VALUES = ["0", "1", "60", "6235", "00060", "-5", "+5", "1.5", "1e2", "", " ", "٣", "99999999", "999999999999", "45A49", "45a48", "X", "C", "D", "01", "04",
          "14", "16", "82", "83", "84", "99", "1", "R1", "R1 2", "2018-03-01", "2018-03-31", "2018-02-29", "20180301", "2018-W09-4", "2018-3-1", "2018-03-01Z",
          "01-03-2018", "2018-04-02", "2012-03-01", "2018-04-05", ANNA, BRAM, "123456789", "0599", AGB, "é", "€ 10", "\u00a060", "\u200b", "=1", "~"]  # fmt: skip

Tree = tuple[str, str, object]
"""Namespace, name, and a text or the trees in it."""


def tree_of(element: ElementTree.Element) -> Tree:
    space, _, name = element.tag[1:].partition("}")
    return (space, name, [tree_of(each) for each in element] if len(element) else element.text or "")


def good(rng: random.Random) -> Tree:
    number = iter(range(1, 99))
    kinds = [
        lambda: minutes(f"R{next(number)}"), lambda: nights(f"R {next(number)}", rng.choice([1, 31])), lambda: weeks(f"R-{next(number)}", 4),
        lambda: euros(f"R{next(number)}~", rng.choice([10_000, 99])), lambda: minutes(f"R{next(number)}", previous=f"OUD{next(number)}"),
    ]  # fmt: skip
    clients = {bsn: [rng.choice(kinds)() for _ in range(rng.choice((1, 1, 2)))] for bsn in rng.sample([ANNA, BRAM, CARLA], rng.choice((1, 2, 3)))}
    allocation = iter(range(10_000, 10_099))
    for lines in clients.values():  # no care is claimed twice
        lines[:] = [type(line)(**{**line.__dict__, "allocation": str(next(allocation))}) for line in lines]
    return tree_of(ElementTree.fromstring(message(clients)))


def leaves(tree: Tree, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    if isinstance(tree[2], str):
        return [path]
    return [each for at, child in enumerate(tree[2]) for each in leaves(child, (*path, at))]  # type: ignore[arg-type]


def with_changed(tree: Tree, path: tuple[int, ...], change) -> Tree:
    if len(path) == 1:
        children = list(tree[2])  # type: ignore[call-overload]
        change(children, path[0])
        return tree[0], tree[1], children
    return tree[0], tree[1], [with_changed(each, path[1:], change) if at == path[0] else each for at, each in enumerate(tree[2])]  # type: ignore[arg-type]


def changed(tree: Tree, rng: random.Random) -> Tree:
    """One change that leaves the XML sound: another value; an element gone, double, renamed or elsewhere."""
    path = rng.choice(leaves(tree))
    kind = rng.randrange(8)

    def change(children: list[Tree], at: int) -> None:
        space, name, text = children[at]
        if kind <= 3:
            children[at] = space, name, rng.choice(VALUES)
        elif kind == 4:
            del children[at]
        elif kind == 5:
            children.insert(rng.randrange(len(children) + 1), children[at])
        elif kind == 6:
            children[at] = rng.choice([(BASE, name, text), ("urn:x", name, text), (space, name.lower(), text), (space, name, [children[at]])])
        else:
            rng.shuffle(children)

    cut = path[: rng.randrange(1, len(path) + 1)] if kind in {4, 5, 7} and rng.random() < 0.3 else path
    return with_changed(tree, cut, change)


class Hand:
    """How one program writes a message."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.quote = rng.choice("\"'")
        self.between = rng.choice(["", "", "\n  ", "\r\n\t", "<!-- <m:Bedrag>9</m:Bedrag> -->", "<?pi x?>"])
        self.in_text = rng.choice(["plain", "plain", "CDATA", "numbers", "comment", "instruction"])
        self.around = rng.choice(["", "", "", " ", "\n      ", "\t", " " * 150, " " * 190, " " * 198, " " * 400])
        self.zeros = rng.choice(["", "", "0", "000"])
        self.encoding = rng.choice(["UTF-8", "UTF-8", "utf-8", None, "ISO-8859-1", "UTF-16", "US-ASCII"])
        self.mark = rng.random() < 0.3
        self.where = rng.choice(["root", "each", "default"])
        self.prefixes: dict[str, str] = {}

    def prefix(self, space: str) -> str:
        return self.prefixes.setdefault(space, f"{self.rng.choice(['a', 'm', 'ns', '_'])}{len(self.prefixes)}")

    def text(self, name: str, text: str) -> str:
        if name in NUMBERS and re.fullmatch("[0-9]{1,8}", text):
            text = self.zeros + text
        if text and text.isascii() and self.in_text == "CDATA" and self.rng.random() < 0.5:
            out = f"<![CDATA[{text}]]>"
        elif text and self.in_text == "numbers":
            out = "".join(f"&#{ord(each)};" for each in text)
        else:
            out = "".join(f"&#x{ord(each):x};" if each in "&<>" or ord(each) > 126 else each for each in text)
            if text and text.isalnum() and text.isascii() and self.in_text in {"comment", "instruction"}:
                middle = len(text) // 2
                out = text[:middle] + {"comment": "<!-- 9 -->", "instruction": "<?p 9?>"}[self.in_text] + text[middle:]
        return out if name in AS_WRITTEN else self.around + out + self.around

    def element(self, tree: Tree, *, root: bool = False, default: str = "") -> str:
        space, name, inside = tree
        said = []
        if self.where == "default" and self.rng.random() < 0.7:
            own = name
            if default != space:
                said.append(("xmlns", space))
                default = space
        else:
            own = f"{self.prefix(space)}:{name}"
            if self.where != "root" or root or space not in self.known:
                said.append((f"xmlns:{self.prefix(space)}", space))
        if root:
            said += [(f"xmlns:{self.prefix(each)}", each) for each in self.known if (f"xmlns:{self.prefix(each)}", each) not in said]
            said.append(("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"))
            said.append(("xsi:schemaLocation", "urn:a b.xsd"))
            self.rng.shuffle(said)
        if isinstance(inside, str):
            written = self.text(name, inside)
        else:
            written = self.between.join(["", *(self.element(each, default=default) for each in inside), ""])  # type: ignore[attr-defined]
        attributes = "".join(f" {key}={self.quote}{value}{self.quote}" for key, value in said)
        if not written and self.rng.random() < 0.5:
            return f"<{own}{attributes}/>"
        return f"<{own}{attributes}>{written}</{own}{self.rng.choice(['', '', ' '])}>"

    def written(self, tree: Tree) -> bytes:
        self.known = [tree[0], BASE]
        said = "" if self.encoding is None else f' encoding="{self.encoding}"'
        start = self.rng.choice(["", "\n"]) if not said else "\n"
        head = f'<?xml version="1.0"{said}?>{start}' if said or self.rng.random() < 0.5 else ""
        text = head + self.element(tree, root=True) + self.rng.choice(["", "\n", "<!-- x -->"])
        if self.encoding == "UTF-16":
            return text.encode("utf-16")
        data = text.encode("ascii")
        return b"\xef\xbb\xbf" + data if self.mark and self.encoding in {"UTF-8", "utf-8", None} else data


class Came:
    """What came of one message."""

    def __init__(self, path: Path) -> None:
        parts = _Parts()
        for each in messages(path, KNOWN):
            assert each.get("code") not in LAST_RESORT, each
            read = parts.take(each)
        assert read is not None
        raw = read.content
        self.code, self.lines, self.refused, self.head = "", [], {}, None
        if not isinstance(raw, RawTable):
            self.code = raw.code
            return
        self.head = raw.message
        tables = typed_tables([(Source("x.xml", MARCH, "", None, {}), raw)], {CONTRACT.casefold(): CONTRACT})
        self.lines = list(tables.lines.iter_rows(named=True))
        for row, code in tables.refusals.select("row", "code").rows():
            self.refused.setdefault(row, set()).add(code)


def value(element: ElementTree.Element, path: str) -> str | None:
    found = element
    for name in path.split("/"):
        (found,) = [each for each in found if each.tag.rpartition("}")[2] == name] or (None,)  # type: ignore[assignment]
        if found is None:
            return None
    text = found.text or ""
    return text if path.rpartition("/")[2] in AS_WRITTEN else text.strip(" \t\r\n")


def assert_as_written(came: Came, data: bytes, where: object) -> None:
    """The message and every accepted line say what the plain reader finds, and what the schema allows."""
    root = ElementTree.fromstring(data)
    total = int(value(root, "Declaratie/TotaalIngediendBedrag/TotaalBedrag") or "")
    credit = value(root, "Declaratie/TotaalIngediendBedrag/DebetCredit") == "C"
    assert came.head["submitted_cents"] == (-total if credit else total), where
    for name, path in (("dated", "Header/BerichtIdentificatie/Dagtekening"), ("identification", "Header/BerichtIdentificatie/Identificatie"),
                       ("claim_number", "Declaratie/DeclaratieNummer"), ("sender", "Header/Afzender"), ("receiver", "Header/Ontvanger")):  # fmt: skip
        said = value(root, path)
        assert came.head[name] == said or re.search("[0-9]{9}", said or ""), (where, name, came.head[name], said)
    for path in ("Header/BerichtIdentificatie/Dagtekening", "Declaratie/DeclaratieDagtekening", "Declaratie/DeclaratiePeriode/Begindatum"):
        assert re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value(root, path) or ""), (where, path)
    clients = [each for each in root.iter() if each.tag.endswith("}Client")]
    rows = [(value(client, "Bsn"), line) for client in clients for line in client.iter() if line.tag.endswith("}Prestatie")]
    assert len(came.lines) + len(came.refused) == len(rows), where
    names = Pseudonyms(KEY.hex(), AGB)
    summed = 0
    for line in came.lines:
        bsn, element = rows[line["row"] - 1]
        here = (where, line["row"])
        unit, amount = value(element, "Eenheid"), int(value(element, "IngediendBedrag/Bedrag") or "")
        volume = Decimal(value(element, "GeleverdVolume") or "")
        meant = {
            "client": names.client(bsn or ""), "code": value(element, "ProductCode"), "allocation": str(int(value(element, "ToewijzingNummer") or "")),
            "start": dt.datetime.strptime(value(element, "ProductPeriode/Begindatum") or "", "%Y-%m-%d").date(),  # noqa: DTZ007
            "end": dt.datetime.strptime(value(element, "ProductPeriode/Einddatum") or "", "%Y-%m-%d").date(),  # noqa: DTZ007
            "quantity_milli": volume * 10 if unit == "83" else volume * 1000, "unit": UNITS[unit or ""], "claimed_cents": amount,
            "direction": value(element, "IngediendBedrag/DebetCredit"), "reference": value(element, "ProductReferentie/ReferentieNummer"),
            "previous_reference": value(element, "ProductReferentie/VorigReferentieNummer"),
        }  # fmt: skip
        for name, said in meant.items():
            if name in {"reference", "previous_reference", "allocation"} and re.search("[0-9]{9}", said or ""):
                continue  # may hold a citizen service number
            assert line[name] == said, (here, name, line[name], said)
        summed += -amount if meant["direction"] == "C" else amount
    if not came.refused:
        assert summed == came.head["submitted_cents"], where


def sound_messages(folder: Path, rounds: int, seed: int = 20180307) -> collections.Counter[str]:
    """Asserts that unchanged messages are read whole, and that what is accepted of changed ones is what a plain reader finds."""
    rng, counts = random.Random(seed), collections.Counter[str]()
    path = folder / "x.xml"
    for turn in range(rounds):
        tree = good(rng)
        changes = rng.choice((0, 0, 1, 1, 2, 3))
        for _ in range(changes):
            tree = changed(tree, rng)
        data = Hand(rng).written(tree)
        path.write_bytes(data)
        came = Came(path)
        where = (turn, data)
        counts["messages"] += 1
        counts[f"refused: {came.code}" if came.code else "rejected" if came.head["rejected"] else "read"] += 1
        counts["lines accepted"] += len(came.lines)
        counts["lines refused"] += len(came.refused)
        if not changes:
            assert not came.code, (came.code, where)
            assert not came.refused, (came.refused, where)
        if not came.code:
            assert_as_written(came, data, where)
    return counts


def test_sound_messages_are_accepted_as_written_or_refused(tmp_path):
    assert sound_messages(tmp_path, SHORT)["messages"] == SHORT


@pytest.mark.campaign
def test_thousands_of_sound_messages_are_accepted_as_written_or_refused(tmp_path):
    counts = sound_messages(tmp_path, LONG)
    sys.stdout.write("\nmessages: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) + "\n")
    assert counts["messages"] == LONG
    assert counts["lines accepted"] > 0
