"""The papers of the example region, all together: nothing of one provider stands in what another receives."""

import html
import io
import re
import zipfile

import polars as pl

from settlement.domain.periods import Month
from settlement.domain.records import PositionKey
from settlement.domain.talks import ClientFlow
from settlement.pricing.flow import client_flow
from settlement.pricing.positions import count_lines, targets

MARCH = Month(2018, 3)


def text_of(content: bytes) -> str:
    """All that a file says, whatever part of it says it: a workbook unpacked, entities resolved."""
    if content[:2] == b"PK":
        parts = zipfile.ZipFile(io.BytesIO(content))
        content = b"\n".join(parts.read(name) for name in parts.namelist())
    return html.unescape(content.decode("utf-8", "replace"))


def lines_of(march) -> pl.DataFrame:
    providers = {number: one.provider for number, one in march.settlement.rulebook.contracts.items()}
    return march.lines.with_columns(provider=pl.col("contract").replace_strict(providers))


def words_of(march) -> dict[str, set[str]]:
    """By provider, what is its own and nobody else's: clients, references, files, contracts, account, name."""
    rulebook, frame = march.settlement.rulebook, lines_of(march)
    owner = {number: one.provider for number, one in rulebook.contracts.items()}
    own = {key: {one.name, one.iban, one.kvk, one.agb} for key, one in rulebook.providers.items()}
    for (key,), rows in frame.partition_by("provider", as_dict=True).items():
        for column in ("client", "reference", "delivery"):
            own[key] |= {word for word in rows[column].unique().to_list() if word}
    for number, key in owner.items():
        own[key].add(number)
    for one in march.delivered.deliveries:
        if one.contract is not None:
            own[owner[one.contract]] |= {one.key, one.key.rpartition("/")[2], one.digest}
    named = pl.col("field").is_in(["client", "reference", "previous_reference"])
    refused = march.settlement.refusals.filter(pl.col("contract").is_not_null() & named)
    for contract, found in refused.select("contract", "found").iter_rows():
        if len(found) > 5:
            own[owner[contract]].add(found)
    return {key: words.difference(*(other for k, other in own.items() if k != key)) for key, words in own.items()}


CLIENT = re.compile(r"[A-Z]\d[A-Z]-\d{4}")
"""How every client of the region is called."""


def said(words: set[str], text: str) -> list[str]:
    """The words that a text holds: those of one piece looked up, clients wherever they stand, the others searched for."""
    pieces = {*re.findall(r"[\w-]+", text), *CLIENT.findall(text)}
    return sorted(word for word in words if word in pieces or (not re.fullmatch(r"[\w-]+", word) and word in text))


def test_no_statement_and_no_talk_holds_a_word_of_another_provider(march, files):
    words, looked = words_of(march), 0
    assert min(len(found) for found in words.values()) > 4
    assert len(words["maasoever"]) > 300
    owners = {f"statements/{one.number}.xlsx": one.provider.key for one in march.statements}
    owners |= {path: path.removeprefix("talks/AG-2018-Q1-").partition(".")[0] for path in files if path.startswith("talks/")}
    for path, key in owners.items():
        text = text_of(files[path])
        assert march.settlement.rulebook.providers[key].name in text
        for other, found in words.items():
            if other != key:
                assert said(found, text) == [], path
        looked += 1
    assert looked == 17 + 2 * 13


def test_no_talk_and_no_alert_names_a_client_or_a_reference(march, files):
    identifiers = {word for column in ("client", "reference") for word in march.lines[column].unique().to_list() if word}
    assert len(identifiers) > 1500
    assert all(CLIENT.fullmatch(client) for client in march.lines["client"].unique().to_list())
    told = [path for path in files if path.startswith(("talks/", "alerts."))]
    assert len(told) == 2 * 13 + 2
    for path in told:
        text = text_of(files[path])
        assert said(identifiers, text) == [], path
        assert CLIENT.search(text) is None, path


def test_the_flow_of_every_month_is_what_the_positions_count_in_that_month(march):
    """By contract and service, in every month of the year: as if each month had been settled by itself."""
    tables, lines = march.settlement.tables, march.settlement.accepted.lines
    asked = {}
    for key, number in targets(tables, MARCH).items():
        asked |= {PositionKey(key.contract, key.service, 2018, Month(2018, month)): number for month in range(1, 4)}
    counts = count_lines(lines, march.settlement.refusals, asked, tables).counts
    flow, seen = client_flow(lines, 2018), 0
    for key, number in asked.items():
        service = -1 if key.service is None else tables.service_numbers[key.contract, key.service]
        found = counts.get((number, service, 2018, key.as_of.index), {})
        expected = ClientFlow(
            found.get("clients_in_month", 0), found.get("new_clients_in_month", 0), found.get("ended_clients_in_month", 0)
        )
        assert flow.get((number, service, key.as_of.index), ClientFlow()) == expected, key
        seen += expected.in_care
    assert seen > 2500


def test_a_talk_says_what_the_statements_and_the_positions_say(march):
    from settlement.talks.compose import compose_talks

    talks = compose_talks(march.settlement, march.statements, march.summary)
    statements = {one.contract.number: one for one in march.statements}
    sections = [section for talk in talks for section in talk.sections]
    assert sorted(section.contract.number for section in sections) == sorted(statements)
    for section in sections:
        number = section.contract.number
        assert section.position.measures == march.settlement.stands(number)
        # The ledger is empty: all that is paid in the year is what the statement of March pays.
        assert section.paid_cents == statements[number].to_pay_cents
        # Everybody comes in once.
        assert sum(each.new for _, each in section.flow[None]) == section.position.measures["clients"]
