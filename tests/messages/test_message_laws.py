"""Laws of messages, over generated ones: nothing disappears, and an answer rejects what it does not grant (TR342)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import re
import tempfile
from pathlib import Path

import pytest
from claims import ANNA, BRAM, CARLA, KEY, Line, agreed, message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workbench import rulebook_of, settled

from settlement.decisions.engine import Engine
from settlement.deliveries.claims import claim_messages
from settlement.deliveries.gather import Gathered
from settlement.deliveries.mailbox import Mailbox, routes_of
from settlement.deliveries.order import refuse_claims
from settlement.deliveries.reading import RawTable, _Parts
from settlement.deliveries.table import TypedTable, typed_tables
from settlement.deliveries.typed import Source
from settlement.domain.periods import Month
from settlement.domain.records import Delivery, Message
from settlement.run.balance import check_balance
from settlement.run.messages import answers_of
from settlement.statements.compose import settled_lines

RULEBOOK = rulebook_of(agreed())
MAILBOX = Mailbox(routes_of(RULEBOOK), KEY.hex(), "")
MONTHS = (Month(2018, 2), Month(2018, 3))


PRODUCTS = [("45A48", "01", 62_35), ("43A12", "14", 210_00), ("45R01", "82", 100_00), ("45R02", "83", 300_00)]


@st.composite
def lines(draw: st.DrawFn, reference: str, allocation: str, month: Month) -> Line:
    """A line that is mostly right, in some unit of some product; one thing in ten is wrong."""

    def seldom() -> bool:
        return draw(st.integers(0, 9)) == 0

    code, unit, price = draw(st.sampled_from(PRODUCTS))
    volume, tariff = draw(st.integers(1, 6)), price + seldom()
    if unit == "82":
        volume = 4 + seldom()
    amount = volume * tariff
    if unit == "01":
        amount, tariff = (volume * price * 2 + 60) // 120, 104
    if unit == "83":
        volume = amount = price * 4 + seldom()
    own = MONTHS[0] if seldom() else month
    return Line(
        reference, "99X99" if seldom() else code, volume, unit, None if unit == "83" else tariff,
        amount + (unit != "83" and seldom()), str(own.first_day), str(own.last_day), allocation, code[:2],
    )  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[Month, str]]:
    """Messages of two months: lines, credits of what was claimed before (mostly of the same child), and faulty totals."""
    found: list[tuple[Month, str]] = []
    claimed: list[tuple[str, Line]] = []
    for at, month in enumerate([MONTHS[0], MONTHS[0], MONTHS[1], MONTHS[1]]):
        clients: dict[str, list[Line]] = {}
        for count in range(draw(st.integers(1, 4))):
            client = draw(st.sampled_from([ANNA, BRAM, CARLA]))
            reference = draw(st.sampled_from([f"R{at}-{count}"] * 9 + ["R0-0"]))
            if claimed and draw(st.booleans()):
                of, earlier = draw(st.sampled_from(claimed))
                credit = dataclasses.replace(earlier, reference=f"C{at}-{count}", previous=earlier.reference)
                clients.setdefault(draw(st.sampled_from([of] * 5 + [client])), []).append(credit)
            line = draw(lines(reference, f"{at}{count}" if draw(st.booleans()) else "1", month))
            clients.setdefault(client, []).append(line)
        number = draw(st.sampled_from([f"D{at}"] * 9 + ["D0"]))
        total = draw(st.sampled_from([None] * 9 + [1]))
        dated = str(month.plus(1).first_day)
        found.append((month, message(clients, number=number, identification=f"I{at}", period=month, dated=dated, total=total)))
        claimed += [(client, line) for client, own in clients.items() for line in own if not line.previous]
    return found


def delivered(messages: list[tuple[Month, str]], folder: Path) -> Gathered:
    """The messages as ``gather`` gives them, read in this process."""
    tables = []
    for at, (month, text) in enumerate(messages):
        key = f"{month}/{at}.xml"
        (folder / str(month)).mkdir(exist_ok=True)
        (folder / key).write_text(text, encoding="utf-8")
        parts = _Parts()
        for one in claim_messages(text.encode(), MAILBOX):
            read = parts.take(one)
        assert read is not None
        raw = read.content
        assert isinstance(raw, RawTable)
        tables.append((key, month, raw))
    sources = [Source(key, month, "", raw.in_head) for key, month, raw in tables]
    typed = typed_tables([(source, raw) for source, (*_, raw) in zip(sources, tables, strict=True)], {"m-1": "M-1"})
    deliveries = [_delivery(key, month, raw, table, folder) for (key, month, raw), table in zip(tables, typed.files, strict=True)]
    every, read, refused = refuse_claims(deliveries, typed.lines, typed.refusals)
    return Gathered(tuple(every), read.sort("claim_month", "delivery", "row"), refused, ())


def _delivery(key: str, month: Month, raw: RawTable, table: object, folder: Path) -> Delivery:
    assert isinstance(table, TypedTable)
    assert raw.message is not None
    said = {**raw.message, "dated": dt.date.fromisoformat(raw.message["dated"]), "claim_period": Month.parse(raw.message["claim_period"])}
    digest = hashlib.sha256((folder / key).read_bytes()).hexdigest()
    return Delivery(key, month, digest, 0, "M-1", 1, "", 0, rows=table.rows, message=Message(**said))


def hold(messages: list[tuple[Month, str]], engine: Engine) -> None:
    with tempfile.TemporaryDirectory() as folder:
        gathered = delivered(messages, Path(folder))
        found = settled(RULEBOOK, gathered, "2018-03", engine=engine)
        # Accepted + refused = delivered, and the lines are worth what the terms give.
        check_balance(found, gathered, settled_lines(found), [], [], [])
        answers = answers_of(found, gathered, Path(folder), ())
    assert len(answers) == len({one.digest for one in gathered.deliveries})
    accepted = found.accepted.lines
    by_delivery = {one.digest[:12]: one for one in gathered.deliveries}
    for path, content in answers.items():
        delivery = by_delivery[path.rpartition("-")[2].removesuffix(".xml")]
        text = content.decode()
        if delivery.message is not None and delivery.message.rejected in {"0001", "9056"}:
            assert "DeclaratieAntwoord" not in text
            continue
        totals = [int(cents) * (1 if sign == "D" else -1) for cents, sign in re.findall(r"TotaalBedrag>(\d+)<.*?DebetCredit>(.)<", text, re.DOTALL)]
        rejected = [int(cents) * (1 if sign == "D" else -1) for cents, sign in re.findall(r":Bedrag>(\d+)<.*?DebetCredit>(.)<", text, re.DOTALL)]
        if delivery.message is not None and delivery.message.rejected:
            assert (totals[1], rejected) == (0, [])
            continue
        assert sum(rejected) == totals[0] - totals[1]
        own = accepted.filter(accepted["delivery"] == delivery.key)
        assert own.height + len(rejected) == delivery.rows
        assert set(re.findall(r"RetourCode>(\w+)<", text)) <= CODES


CODES = {
    "0001", "0200", "0233", "0611", "8001", "8017", "8021", "8187", "8214", "9056", "9307", "9308", "9319", "9321", "9333",
    "9340", "9341", "9346", "9389", "9390", "8848",
}  # fmt: skip
"""The national codes that an answer of ours may hold; all of them are codes of claims (WJ001)."""


@pytest.fixture(scope="module")
def engine():
    with Engine() as own:
        yield own


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(histories())
def test_nothing_of_a_message_disappears_and_what_is_not_granted_is_rejected(engine, messages):
    hold(messages, engine)


@pytest.mark.campaign
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(histories())
def test_nothing_of_many_messages_disappears_and_what_is_not_granted_is_rejected(engine, messages):
    hold(messages, engine)
