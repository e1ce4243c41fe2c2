"""The account talk: what stands on it is what the quarter settled, it needs nothing but itself, and it names no client."""

import datetime as dt
import html
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import File, contract, gathered, rulebook_of, settled, write_delivery, write_rules

from settlement.domain.periods import Month, Quarter
from settlement.domain.records import Alert, AlertSummary, Working
from settlement.domain.talks import ClientFlow, Talk
from settlement.run.ledger import Ledger
from settlement.run.month import approve, draft
from settlement.run.workspace import Workspace
from settlement.settle import Before
from settlement.statements.compose import Paid, compose, settled_lines
from settlement.talks.compose import compose_talks, talk_number
from settlement.talks.drawings import Series, drawing
from settlement.talks.page import render_talk
from settlement.talks.workbook import write_talk
from settlement.wording import Wording
from settlement.wording.papers import PAPERS

AMOUNTS = {"2018-01-01": "€ 60,00"}
AGREED = contract("A-1", {
    "begeleiding": {
        "tariff": {"article": "6.1", "per": "hour", "amounts": AMOUNTS},
        "minimum_clients": {"article": "6.2", "counts": "distinct clients", "settles": "never", "amounts": {"2018-01-01": "8"}},
    },
    "behandeling": {"tariff": {"article": "6.3", "per": "hour", "amounts": {"2018-01-01": "€ 90,00"}}},
}, terms={
    "ceiling": {"article": "6.5", "amounts": {"2018-01-01": "€ 10.000,00"}},
    "outcome_bonus": {"article": "7.1", "share": "2 %", "needs": {"goal_attainment": "at least 75 %"}, "settles": "year_end"},
})  # fmt: skip


def line(client: str, month: int, service: str = "begeleiding", hours: str = "2", **more: str) -> dict[str, str]:
    day = f"15-{month:02d}-2018"
    return {"client": client, "service": service, "start": day, "end": day, "quantity": hours, "unit": "uren", **more}


LINES = {
    "2018-01": [line("C1", 1), line("C2", 1), line("C2", 1, "behandeling")],
    # C2 ends in one service and goes on in the other; nobody ends twice in a month.
    "2018-02": [line("C1", 2), line("C2", 2, end_reason="31"), line("C3", 2, "behandeling", hours="1")],
    "2018-03": [
        line("C1", 3, goal_attainment="80 %"), line("C3", 3, "behandeling", goal_attainment="50 %", dropout="ja"),
        line("C4", 3, "begeleidng"), line("C5", 3, "begeleidng"),
    ],
}  # fmt: skip


def summary(period: str = "2018-03", **changes: object) -> AlertSummary:
    plain = AlertSummary(
        period=Month.parse(period), run="R-2018-03-0003", organisation="Regio Voorbeeld", language="nl", final=True,
        contracts=1, deliveries=1, deliveries_missing=0, statements=1, to_pay_cents=0, held=0, rules_digest="c" * 64,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def talks_of(*contracts, lines=LINES, period: str = "2018-03", paid=None, **organisation: object) -> list[Talk]:
    """The talks of contracts that all get the same lines."""
    files = [File(one["contract"], month, own) for one in contracts for month, own in lines.items()]
    settlement = settled(rulebook_of(*contracts, **organisation), files, period, Before(paid=paid or {}))
    delivered = gathered(files)
    by_month = Paid({number: {Month(2018, 2): cents} for number, cents in (paid or {}).items()})
    statements = compose(settlement, delivered, settled_lines(settlement), by_month, final=True)
    return compose_talks(settlement, statements, summary(period))


@pytest.fixture(scope="module")
def talk() -> Talk:
    (found,) = talks_of(AGREED, paid={"A-1": 30_000})
    return found


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page.partition("<body>")[2])))


# ---- the figures


def test_in_through_and_outflow_are_counted_by_month():
    (talk,) = talks_of(AGREED)
    months = [Month(2018, 1), Month(2018, 2), Month(2018, 3)]
    flow = talk.sections[0].flow
    # The contract: January C1, C2 (both new); February C1, C2, C3 (C3 new, C2 ended); March C1, C3.
    assert flow[None] == tuple(zip(months, (ClientFlow(2, 2, 0), ClientFlow(3, 1, 1), ClientFlow(2, 0, 0)), strict=True))
    assert [each.stayed for _, each in flow[None]] == [0, 2, 2]
    # Begeleiding: C1, C2; C1, C2 (ended); C1. Behandeling: C2; C3 (new here); C3.
    assert [each for _, each in flow["begeleiding"]] == [ClientFlow(2, 2, 0), ClientFlow(2, 0, 1), ClientFlow(1, 0, 0)]
    assert [each for _, each in flow["behandeling"]] == [ClientFlow(1, 1, 0), ClientFlow(1, 1, 0), ClientFlow(1, 0, 0)]


def test_delivered_paid_and_forecast_are_those_of_the_settlement(talk):
    section = talk.sections[0]
    # Begeleiding 5 × 2 hours × 60,00 = 600,00; behandeling (2 + 1 + 2) hours × 90,00 = 450,00.
    assert section.position.measures["claimed"] == 105_000
    assert section.position.measures["forecast_year_end"] == 420_000
    # 300,00 paid in February; March pays 1.050,00 − 300,00.
    assert section.paid_cents == 105_000
    assert (section.limit, section.limit_cents) == ("ceiling", 1_000_000)
    text = text_of(render_talk(talk))
    for figure in ("€ 10.000", "geleverd, 10,5 % van plafond", "prognose jaareinde, 42 % van plafond", "€ 600,00", "€ 450,00"):
        assert figure in text, figure


def test_what_is_outside_the_ceiling_is_not_in_its_share_on_the_page_as_on_the_statement():
    exempt = {**AGREED, "terms": {**AGREED["terms"], "ceiling": {**AGREED["terms"]["ceiling"], "exempt": "behandeling"}}}
    (one,) = talks_of(exempt)
    page = render_talk(one)
    # Begeleiding alone: 5 × 2 hours × 60 = 600 of 10.000; with behandeling it was 1.050. A year: 4 × 600.
    assert "geleverd, 6 % van plafond" in page
    assert "prognose jaareinde, 24 % van plafond" in page
    assert "€ 1.050" in page


def test_clients_stand_against_their_minimum_by_service(talk):
    begeleiding = talk.sections[0].services[0].measures
    # C1 and C2; a minimum of 8 a year is 2 after three months.
    assert (begeleiding["clients"], begeleiding["minimum_to_date"], begeleiding["minimum_clients"]) == (2, 2, 8)
    assert "begeleiding 2 2 8 100 %" in text_of(render_talk(talk))


def cells_in_red(talk: Talk) -> list[str]:
    return re.findall(r'<td class="n short">(?:<svg.*?</svg>)?(?:<span class="share">)?([^<]*)', render_talk(talk))


def test_what_falls_short_of_what_was_agreed_is_red_and_what_is_within_it_is_not():
    # Goals 65 %, agreed at least 75 %. C1 and C2 are 2 of a minimum of 8 × 3/12 = 2.
    (talk,) = talks_of(AGREED)
    assert cells_in_red(talk) == ["65 %"]
    bonus = {**AGREED["terms"]["outcome_bonus"], "needs": {"goal_attainment": "at least 65 %", "dropout": "below 50 %"}}
    (talk,) = talks_of({**AGREED, "terms": {"outcome_bonus": bonus}})
    # Of two that ended one dropped out: 50 % is not below 50 %.
    assert cells_in_red(talk) == ["50 %"]


@pytest.mark.parametrize(("signal_below", "red"), [("80 %", []), ("90 %", ["80 %"]), (None, ["80 %"])])
def test_a_minimum_is_red_from_the_share_at_which_its_signal_stands(signal_below, red):
    # 2 clients of a minimum of 10 × 3/12 = 2,5 are 80 %: not fewer than 80 %.
    services = AGREED["services"]
    minimum = {**services["begeleiding"]["minimum_clients"], "amounts": {"2018-01-01": "10"}}
    minimum |= {"signal_below": signal_below} if signal_below else {}
    services = {**services, "begeleiding": {**services["begeleiding"], "minimum_clients": minimum}}
    (talk,) = talks_of({**AGREED, "services": services, "terms": {"ceiling": AGREED["terms"]["ceiling"]}})
    assert list(dict.fromkeys(cells_in_red(talk))) == red


def test_outcomes_stand_with_their_responses_and_with_what_was_agreed(talk):
    # C1 reached 80 %, C3 50 %: 65 %. C2 ended as planned and C3 dropped out: one of two. Together three gave an answer.
    measures = talk.sections[0].position.measures
    assert (measures["goal_attainment"], measures["dropout"], measures["responses"]) == (Fraction(65, 100), Fraction(1, 2), 3)
    text = text_of(render_talk(talk))
    assert "Hele contract 65 % – 50 % 3 van 3 doelrealisatie ten minste 75 %" in text


def test_refusals_are_counted_by_reason_without_what_was_delivered(talk):
    section = talk.sections[0]
    assert [(each.code, each.field, each.count) for each in section.refusals] == [
        ("unknown-service", "service", 2)
    ]
    assert [(each.accepted, each.refused) for each in section.delivered] == [(3, 0), (3, 0), (2, 2)]
    page = render_talk(talk)
    assert "Zorgvorm '…' staat niet in het contract. Zorgvorm" in text_of(page)
    for told in (page, "".join(workbook_texts(talk))):
        assert "begeleidng" not in told


def workbook_texts(talk: Talk) -> list[str]:
    book = openpyxl.load_workbook(io.BytesIO(write_talk(talk)))
    return [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]


def test_no_client_stands_on_a_talk(talk):
    page = render_talk(talk)
    texts = [*re.findall(r"\w+", text_of(page)), *(word for text in workbook_texts(talk) for word in re.findall(r"\w+", text))]
    assert not {f"C{number}" for number in range(1, 7)} & set(texts)


def test_a_provider_has_a_section_for_each_of_its_contracts_and_another_provider_a_talk_of_its_own():
    other = contract("B-1", AGREED["services"], provider="andere")
    first, second = talks_of(AGREED, contract("A-2", AGREED["services"]), other)[::-1]
    assert [section.contract.number for section in first.sections] == ["A-1", "A-2"]
    assert [section.contract.number for section in second.sections] == ["B-1"]
    # Together: 1.050,00 twice.
    assert "Totaal € 2.100,00 € 2.100,00" in text_of(render_talk(first))
    assert "B-1" not in render_talk(first)
    assert "A-1" not in render_talk(second)


def test_only_signals_that_the_provider_may_see_are_on_the_table(talk):
    def alert(name: str, to: str, *, standing: bool, severity: str = "low") -> Alert:
        return Alert("A-1", "Stichting Voorbeeld", None, name, standing, severity, to, None, None, (), "", talk.sections[0].contract.place, (), Working("signal", {}))  # type: ignore[arg-type]  # fmt: skip

    from settlement.talks.compose import _open_signals

    alerts = [
        alert("instroom stokt", "contract manager", standing=False),
        alert("iets voor de boeken", "finance", standing=False, severity="high"),
        alert("client at two providers", "contract manager", standing=True, severity="high"),
        alert("ceiling reached", "contract manager", standing=True, severity="high"),
        replace(alert("van een ander", "provider", standing=False), contract="B-1"),
    ]
    assert [one.name for one in _open_signals(alerts, "A-1")] == ["ceiling reached", "instroom stokt"]


# ---- when it is made


def office(folder: Path, **provider: str) -> Workspace:
    workspace = Workspace(folder / "rules", folder / "inputs", folder / "outputs")
    write_rules(workspace.rules, [AGREED])
    if provider:
        path = workspace.rules / "providers.yaml"
        path.write_text(path.read_text() + "".join(f"  {key}: {value}\n" for key, value in provider.items()))
    for month, lines in LINES.items():
        kept = [{key: value for key, value in one.items() if key != "end_reason"} for one in lines]
        write_delivery(workspace.inputs, File("A-1", month, kept))
    return workspace


def test_a_quarters_last_month_prepares_the_talks_and_its_receipt_covers_them(tmp_path):
    workspace, now = office(tmp_path), dt.datetime(2018, 4, 9, 6, tzinfo=dt.UTC)
    for month in (Month(2018, 1), Month(2018, 2)):
        made = draft(workspace, month, now)
        assert not (made.folder / "talks").exists()
        approve(workspace, month, "A. de Vries", now)
    folder = draft(workspace, Month(2018, 3), now).folder
    names = ["talks/AG-2018-Q1-voorbeeld.html", "talks/AG-2018-Q1-voorbeeld.xlsx"]
    assert sorted(path.relative_to(folder).as_posix() for path in (folder / "talks").iterdir()) == names
    assert set(names) <= set(json.loads((folder / "run.json").read_bytes())["files"])
    assert "CONCEPT" in (folder / names[0]).read_text()
    approve(workspace, Month(2018, 3), "A. de Vries", now)
    page = (folder / names[0]).read_text()
    assert "CONCEPT" not in page
    # What the ledger has paid, now that March is final.
    with Ledger.open(workspace.ledger, create=False) as ledger:
        assert ledger.paid() == {"A-1": 105_000}
    assert "€ 1.050 betaald, met de betaling over maart 2018" in text_of(page)
    # What comes later makes a correction of March with a talk of its own; the first stays.
    write_delivery(workspace.inputs, File("A-1", "2018-03", [line("C9", 3, hours="1")], "nalevering"))
    again = draft(workspace, Month(2018, 3), now).folder
    assert again != folder
    assert [path.name for path in sorted((again / "talks").iterdir())] == [
        "AG-2018-Q1-voorbeeld-C1.html", "AG-2018-Q1-voorbeeld-C1.xlsx"
    ]  # fmt: skip
    assert (folder / names[0]).read_text() == page


def test_a_month_within_a_quarter_has_no_talks():
    assert [Quarter.ending_with(Month(2018, month)) is not None for month in range(1, 13)] == [
        month in {3, 6, 9, 12} for month in range(1, 13)
    ]
    assert talks_of(AGREED, period="2018-02", lines={"2018-02": LINES["2018-02"]}) == []


@pytest.mark.parametrize(("key", "number"), [("de-linde", "AG-2018-Q1-de-linde"), ("../../x", "AG-2018-Q1-x-"), ("ë", "AG-2018-Q1-")])
def test_the_name_of_a_talk_can_name_a_file_whatever_the_key(key, number):
    found = talk_number(key, Quarter(2018, 1))
    assert found.startswith(number)
    assert re.fullmatch(r"AG-2018-Q1-[a-z0-9-]+", found)
    assert talk_number(key.upper() + "!", Quarter(2018, 1)) != found


# ---- the page


class Parts(HTMLParser):
    """The tags of a page with their attributes, and that every one is closed."""

    EMPTY = frozenset({"meta", "br", "line", "rect", "circle", "polyline"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_needs_nothing_but_itself(talk):
    page = render_talk(talk)
    parts = Parts(page)
    assert parts.open == []
    tags = [tag for tag, _ in parts.found]
    assert tags.count("style") == 1
    assert tags.count("figure") == 3
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form", "a", "foreignobject"} & set(tags)
    attributes = {name for _, attrs in parts.found for name in attrs}
    assert not {name for name in attributes if name.startswith("on") or name in {"src", "href", "xlink:href", "srcset", "action"}}
    for outside in ("http:", "https:", "//", "url(", "@import"):
        assert outside not in page, outside


def test_text_from_outside_is_escaped(talk):
    sharp = "<script>alert(1)</script> & \"x\" ={7} \u202e"
    section = talk.sections[0]
    hostile = replace(
        talk,
        provider=replace(talk.provider, name=sharp),
        organisation=replace(talk.organisation, name=sharp),
        sections=(replace(section, contract=replace(section.contract, title=sharp, municipality=sharp)),),
    )
    page = render_talk(hostile)
    assert "<script" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "{7}" in page
    formula = replace(hostile, provider=replace(talk.provider, name="=1+1"), organisation=replace(talk.organisation, name="@x"))
    section = replace(hostile.sections[0], contract=replace(section.contract, title="=HYPERLINK(1)"))
    for sheet in openpyxl.load_workbook(io.BytesIO(write_talk(replace(formula, sections=(section,))))):
        for row in sheet.iter_rows():
            assert not [cell.coordinate for cell in row if cell.data_type == "f"]


def test_a_talk_speaks_the_language_of_its_provider(talk):
    english = replace(talk, provider=replace(talk.provider, language="en"))
    page = render_talk(english)
    assert '<html lang="en">' in page
    assert "Account talk Quarter 1 of 2018" in text_of(page)
    assert "goal attainment at least 75 %" in text_of(page)
    dutch = {"jeugdigen", "instroom", "uitstroom", "betaald", "afgekeurd", "zorgvorm", "plafond", "maand", "kwartaal", "afspraak"}
    for text in (text_of(page), " ".join(workbook_texts(english))):
        assert not dutch & set(re.findall(r"\w+", text.casefold())), text


def test_every_label_that_a_talk_asks_for_is_in_the_catalogue(monkeypatch, talk):
    asked, plain = set(), Wording.text

    def recorded(self, key, **values):
        asked.add(key)
        return plain(self, key, **values)

    monkeypatch.setattr(Wording, "text", recorded)
    render_talk(talk)
    write_talk(talk)
    assert len(asked) > 60
    assert asked <= set(PAPERS)


# ---- the drawings


def test_a_drawing_stands_on_round_figures_and_keeps_every_point_inside():
    made = drawing("t", ["jan", "feb"], str, lines=[Series("a", "dark", [Fraction(0), Fraction(730)])], least_step=100)
    assert made is not None
    # 730 in four steps asks for 182,5 at least: 200.
    assert [tick.text for tick in made.ticks] == ["0", "200", "400", "600", "800"]
    # Nought on the floor at 206 − 24; 730 of 800 over the 172 between: 182 − 156,95.
    assert [point.split(",")[1] for point in made.lines[0].points.split()] == ["182.0", "25.0"]


FIGURES = st.lists(st.one_of(st.none(), st.integers(-(10**12), 10**12)), min_size=1, max_size=12)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(figures=FIGURES, others=st.lists(st.integers(0, 10**9), min_size=12, max_size=12), least=st.sampled_from([1, 100]))
def test_whatever_the_figures_nothing_is_drawn_outside_the_frame(figures, others, least):
    names = [str(month) for month in range(len(figures))]
    stacked, below = (Series("s", "dark", others[: len(names)]), Series("b", "hollow", others[: len(names)][::-1]))
    made = drawing("t", names, str, lines=[Series("l", "dark", figures)], stacked=[stacked], below=[below], least_step=least)
    if made is None:
        assert not any(others[: len(names)])
        assert max(figure or 0 for figure in figures) <= 0
        return
    heights = [float(point.split(",")[1]) for one in made.lines for point in one.points.split()]
    heights += [float(bar.y) for bar in made.bars] + [float(bar.y) + float(bar.height) for bar in made.bars]
    assert all(10 - 0.2 <= height <= 206 - 24 + 0.2 for height in heights)
    assert all(float(bar.x) >= 0 and float(bar.x) + float(bar.width) <= made.width for bar in made.bars)
    assert 2 <= len(made.ticks) <= 7


def test_columns_stack_upward_and_hang_below_nought():
    made = drawing(
        "t", ["jan"], str, stacked=[Series("a", "light", [3]), Series("b", "dark", [1])], below=[Series("c", "hollow", [2])]
    )
    assert made is not None
    stayed, new, ended = made.bars
    assert float(new.y) + float(new.height) == pytest.approx(float(stayed.y), abs=0.11)
    assert float(stayed.y) + float(stayed.height) == pytest.approx(float(made.floor), abs=0.11)
    assert float(ended.y) == pytest.approx(float(made.floor), abs=0.11)
    assert float(stayed.height) == pytest.approx(3 * float(new.height), abs=0.3)


def test_nothing_is_drawn_where_nothing_happened():
    assert drawing("t", ["jan"], str, stacked=[Series("a", "light", [0])]) is None
    assert drawing("t", [], str) is None


# ---- the workbook


def test_the_workbook_has_the_figures_as_figures_and_room_to_write(talk):
    book = openpyxl.load_workbook(io.BytesIO(write_talk(talk)))
    assert book.sheetnames == ["Afspraken", "A-1", "A-1 Verloop", "A-1 Jeugdigen"]
    agreements = book["Afspraken"]
    head = {cell.value: cell.column for cell in agreements[4]}
    open_cells = [agreements.cell(5, head[name]) for name in ("Vraag", "Afspraak", "Wie", "Wanneer")]
    assert [cell.protection.locked for cell in open_cells] == [False] * 4
    assert agreements.cell(5, head["Signaal"]).protection.locked
    figures = {row[0].value: [cell.value for cell in row] for row in book["A-1"].iter_rows(min_row=5, max_row=9)}
    assert figures["begeleiding"][1:7] == [2, 2, 8, 1, 600, 600]
    assert figures["Hele contract"][5:9] == [1050, 1050, 10000, 4200]
    assert [cell.value for cell in book["A-1 Jeugdigen"][7]][2:] == [1, 2, 3, 1]
    assert len(book["A-1 Verloop"]._charts) == 2
    for sheet in book:
        assert sheet.page_setup.paperSize == 9
        assert sheet.page_setup.fitToWidth == 1
        assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


_SAME = """
import hashlib, sys
sys.path[:0] = {paths!r}
from test_talks import AGREED, talks_of
from settlement.talks.page import render_talk
from settlement.talks.workbook import write_talk
(talk,) = talks_of(AGREED, paid={{"A-1": 30_000}})
print(hashlib.sha256(render_talk(talk).encode()).hexdigest(), hashlib.sha256(write_talk(talk)).hexdigest())
"""


def test_the_same_quarter_gives_the_same_bytes_whatever_the_seed_and_the_zone(talk):
    import hashlib

    here = hashlib.sha256(render_talk(talk).encode()).hexdigest(), hashlib.sha256(write_talk(talk)).hexdigest()
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-c", _SAME.format(paths=paths)], capture_output=True, text=True, env=environment, check=True
    )
    assert tuple(done.stdout.split()) == here
