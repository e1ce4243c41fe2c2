"""The account talk as a workbook: a sheet to fill in agreements on, and behind it every figure, contract by contract."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from settlement.domain.money import divide_half_up
from settlement.domain.records import Position, has_priced_lines, running_totals
from settlement.domain.talks import ClientFlow, Talk, TalkSection
from settlement.paper.book import Book, Column, Sheet, Toned, Value
from settlement.paper.charts import Chart
from settlement.paper.looks import DRAFT, NAVY, NOTE, SECTION, SUBTITLE, TITLE, VALUE, Look
from settlement.talks.page import BLANK_ROWS, OUTCOMES, outcome
from settlement.wording import Wording, wording

_TOTAL = Look(size=9, bold=True, top=NAVY, bottom=NAVY, fill="F3F6FA")
_CHART_ROWS = 16
"""Rows of a sheet that one chart covers."""


def write_talk(talk: Talk) -> bytes:
    """The workbook, in the language that the provider is written to: the same bytes for the same talk."""
    words = wording(talk.organisation.language_for(talk.provider))
    book = Book(
        title=f"{words.text('talk')} {talk.number}",
        author=talk.organisation.name,
        language=words.language,
        created=talk.period.last_day,
        footer=(
            talk.number.replace("&", "&&"),
            talk.organisation.name[:80].replace("&", "&&"),
            words.text("page of", page="&P", pages="&N"),
        ),
        header="" if talk.final else words.text("draft mark"),
    )
    _agreements(book, talk, words)
    for section in talk.sections:
        _figures(book, section, talk, words)
        _course(book, section, talk, words)
        _clients(book, section, talk, words)
    return book.save()


def _head(sheet: Sheet, title: str, talk: Talk, words: Wording, subtitle: str = "") -> int:
    """The head of a sheet; answers the row after it."""
    sheet.put(1, 1, title, TITLE.but(size=16))
    sheet.height(1, 24)
    about = words.text("talk about", provider=talk.provider.name, month=words.month(talk.period))
    sheet.put(2, 1, " · ".join(part for part in (words.quarter(talk.quarter), about, subtitle) if part), SUBTITLE.but(size=9.5))
    if talk.final:
        sheet.height(3, 6)
        return 4
    sheet.put(3, 1, words.text("talk draft"), DRAFT.but(size=9), to=6)
    sheet.height(4, 6)
    return 5


# ---- what is agreed --------------------------------------------------------------------------------------


def _agreements(book: Book, talk: Talk, words: Wording) -> None:
    """Every open signal with room for question, agreement, owner and date, and some rows for other points."""
    text = words.text
    columns = [
        Column(text("contract"), 17, wrap=True),
        Column(text("severity"), 9, center=True),
        Column(text("signal"), 26, wrap=True),
        Column(text("service"), 20, wrap=True),
        Column(text("figure"), 13, right=True),
        Column(text("norm"), 13, right=True),
        Column(text("question"), 30, wrap=True, unlocked=True),
        Column(text("agreement"), 30, wrap=True, unlocked=True),
        Column(text("owner"), 14, wrap=True, unlocked=True),
        Column(text("by when"), 12, unlocked=True),
    ]
    sheet = book.sheet(text("sheet agreements"), [column.width for column in columns], landscape=True)
    row = _head(sheet, f"{text('talk')} {words.quarter(talk.quarter)}", talk, words, text("agreements subtitle"))
    sheet.heading(row, columns)
    rows: list[list[Value | Toned]] = []
    for section in talk.sections:
        number = section.contract.number
        for alert in section.alerts:
            rows.append(
                [
                    number,
                    Toned(words.severity(alert.severity), alert.severity),
                    Toned(words.signal(alert.name, standing=alert.standing), "strong"),
                    alert.service if alert.service is not None else text("whole contract"),
                    words.figure(*alert.value) if alert.value else "",
                    words.figure(*alert.norm) if alert.norm else "",
                    *[""] * 4,
                ]
            )
        if not section.alerts:
            rows.append([number, "", text("no open signals"), *[""] * 7])
    rows += [["", "", text("other points") if not index else "", *[""] * 7] for index in range(BLANK_ROWS + 2)]
    after = sheet.rows(row + 1, columns, rows, least_lines=2)
    sheet.keep_in_view(row + 1)
    sheet.repeat(row)
    sheet.put(after + 1, 1, text("talk privacy"), NOTE.but(wrap=False))
    sheet.put(after + 2, 1, text("talk made", run=talk.run), NOTE.but(wrap=False))
    sheet.put(after + 3, 1, text("rules digest", digest=talk.rules_digest), NOTE.but(wrap=False))


# ---- the figures -----------------------------------------------------------------------------------------


def _figures(book: Book, section: TalkSection, talk: Talk, words: Wording) -> None:
    """A sheet by contract: where each service stands, outcomes and refusals."""
    text, contract = words.text, section.contract
    columns = [
        Column(text("service"), 27, wrap=True),
        Column(text("clients"), 11, "count"),
        Column(text("minimum to date"), 14, "decimal"),
        Column(text("minimum of year"), 14, "decimal"),
        Column(text("met"), 10, "share"),
        Column(text("delivered"), 16, "amount"),
        Column(text("entitled"), 16, "amount"),
        Column(text("ceiling or budget"), 16, "amount"),
        Column(text("forecast"), 16, "amount"),
        Column(text("average"), 15, "amount"),
    ]
    sheet = book.sheet(contract.number[:31], [column.width for column in columns], landscape=True)
    row = _head(sheet, contract.title, talk, words, section.statement)
    sheet.put(row, 1, text("by service", month=words.month(section.position.key.as_of)), SECTION, to=10)
    sheet.heading(row + 1, columns)
    row = sheet.rows(row + 2, columns, (_service(each, section) for each in section.services))
    whole = [text("whole contract"), *_service(section.position, section)[1:]]
    if section.limit_cents is not None:
        whole[7] = section.limit_cents
    for index, (value, column) in enumerate(zip(whole, columns, strict=True), start=1):
        kind = column.kind
        sheet.put(row, index, value, _TOTAL.but(kind=kind, align="left" if kind == "text" else "right"))
    paid = Look(size=9, kind="amount", align="right")
    sheet.put(row + 1, 1, text("tile paid", month=words.month(talk.period)).capitalize(), VALUE.but(size=9), to=6)
    sheet.put(row + 1, 7, section.paid_cents, paid)
    sheet.put(row + 2, 1, f"{text('clients note')} {text('forecast note')}", NOTE, to=10)
    sheet.height(row + 2, 27)
    row = _outcomes(sheet, row + 4, section, words)
    _refusals(sheet, row + 1, section, words)


def _service(position: Position, section: TalkSection) -> list[Value]:
    at = position.measures
    ceiling = section.ceiling_of(position)
    limit = at["budget"] if ceiling is None else ceiling
    minimum = at["minimum_to_date"]
    return [
        position.key.service or "",
        int(at["clients"] or 0),
        minimum,
        at["minimum_clients"],
        (at["clients"] or Fraction(0)) / minimum if minimum else None,
        *(None if cents is None else _cents(cents) for cents in (at["claimed"] or None, at["entitled"], limit)),
        None if at["forecast_year_end"] is None else _cents(at["forecast_year_end"]),
        None if at["average_per_client"] is None else _cents(at["average_per_client"]),
    ]


def _cents(value: Fraction) -> int:
    """Whole cents; a forecast or an average is rounded half up, as it is written everywhere."""
    return divide_half_up(value.numerator, value.denominator)


def _outcomes(sheet: Sheet, row: int, section: TalkSection, words: Wording) -> int:
    text = words.text
    sheet.put(row, 1, text("outcomes", month=words.month(section.position.key.as_of)), SECTION, to=10)
    positions = [each for each in (*section.services, section.position) if each.measures["responses"]]
    if not positions and not section.agreed:
        sheet.put(row + 1, 1, text("no outcomes"), VALUE.but(size=9))
        return row + 2
    columns = [
        Column(text("service"), 27, wrap=True),
        Column(text("goal attainment"), 11, right=True),
        Column(text("client satisfaction"), 14, right=True),
        Column(text("dropout"), 14, right=True),
        Column(text("responses"), 10, "count"),
    ]
    sheet.heading(row + 1, columns)
    for index in range(6, 11):
        name = text("agreed") if index == 6 else None
        sheet.put(row + 1, index, name, Look(size=9, bold=True, ink="FFFFFF", fill=NAVY))
    first = row + 2
    rows: list[list[Value]] = [
        [
            each.key.service or text("whole contract"),
            *(outcome(each.measures, name, words) for name in OUTCOMES),
            int(each.measures["responses"] or 0),
        ]
        for each in positions
    ]
    after = sheet.rows(first, columns, rows)
    told = [
        f"{name or text('whole contract')}: {'; '.join(words.condition(one) for one in asked)}"
        for name, asked in section.agreed.items()
    ]
    for offset, line in enumerate(told):
        sheet.put(after + offset, 1, f"{text('agreed')} – {line}", NOTE.but(wrap=False))
    return after + len(told)


def _refusals(sheet: Sheet, row: int, section: TalkSection, words: Wording) -> None:
    text = words.text
    sheet.put(row, 1, text("refusals of quarter"), SECTION, to=10)
    columns = [
        Column(text("month"), 27, "month"),
        Column(text("delivered lines"), 11, "count"),
        Column(text("accepted"), 14, "count"),
        Column(text("refused"), 14, "count"),
        Column(text("refused share"), 10, "share"),
    ]
    sheet.heading(row + 1, columns)
    rows: list[list[Value]] = [
        [
            each.month,
            each.accepted + each.refused,
            each.accepted,
            each.refused,
            Fraction(each.refused, each.accepted + each.refused) if each.refused else None,
        ]
        for each in section.delivered
    ]
    row = sheet.rows(row + 2, columns, rows) + 1
    if not section.refusals:
        sheet.put(row, 1, text("talk no refusals"), VALUE.but(size=9))
        return
    head = Look(size=9, bold=True, ink="FFFFFF", fill=NAVY)
    body = Look(size=9, bottom="D5DBE3")
    sheet.put(row, 1, text("reason"), head, to=7)
    sheet.put(row, 8, text("column"), head)
    sheet.put(row, 9, text("national code"), head)
    sheet.put(row, 10, text("times"), head.but(align="right"))
    for offset, each in enumerate(section.refusals, start=1):
        sheet.put(row + offset, 1, words.refusal_reason(each.code), body, to=7)
        sheet.put(row + offset, 8, words.field(each.field) if each.field else text("whole line"), body)
        sheet.put(row + offset, 9, each.national, body)
        sheet.put(row + offset, 10, each.count, body.but(kind="count", align="right"))
    sheet.put(row + len(section.refusals) + 1, 1, text("refusals note"), NOTE.but(wrap=False))


# ---- the course of the year, and the clients -------------------------------------------------------------


def _course(book: Book, section: TalkSection, talk: Talk, words: Wording) -> None:
    """Month by month: delivered, entitled, paid, the bound, clients against the minimum; with charts of what there is."""
    text, course = words.text, section.course
    claimed = has_priced_lines(course)
    limit = text("ceiling" if section.limit == "ceiling" else "budget to date")
    every: list[tuple[str, Column, Sequence[Value]]] = [
        ("month", Column(text("month"), 12), [f"{words.short_month(each.month)} {each.month.year}" for each in course]),
        ("paid", Column(text("paid"), 14, "amount"), [each.paid_cents for each in course]),
        ("claimed", Column(text("delivered"), 14, "amount"), [each.claimed_cents if claimed else None for each in course]),
        ("entitled", Column(text("entitled"), 14, "amount"), [each.entitled_cents for each in course]),
        ("paid to date", Column(text("paid to date"), 16, "amount"), running_totals([each.paid_cents for each in course])),
        ("claimed to date", Column(text("delivered to date"), 16, "amount"), running_totals([each.claimed_cents for each in course]) if claimed else []),
        ("limit", Column(limit, 16, "amount"), [each.limit_to_date_cents for each in course]),
        ("clients", Column(text("clients"), 11, "count"), [each.clients_to_date for each in course]),
        ("minimum", Column(text("minimum to date"), 15, "decimal"), [each.minimum_to_date for each in course]),
    ]
    shown = [each for each in every if any(value is not None for value in each[2])]
    columns = [column for _, column, _ in shown]
    sheet = book.sheet(_named(section, text("sheet course")), [column.width for column in columns], one_page=True)
    row = _head(sheet, text("course title", year=talk.quarter.year), talk, words, section.contract.number)
    sheet.heading(row, columns)
    after = sheet.rows(row + 1, columns, zip(*(values for _, _, values in shown), strict=True))
    place = {key: index for index, (key, _, _) in enumerate(shown, start=1)}
    at = after + 1
    for title, keys in (
        ("chart to date" if claimed else "chart paid to date", (("limit", "dashed"), ("paid to date", "light"), ("claimed to date", "dark"))),
        ("chart clients", (("minimum", "dashed"), ("clients", "dark"))),
    ):
        series = [(place[key], stroke) for key, stroke in keys if key in place]
        if len(series) > 1:
            sheet.chart(
                at,
                1,
                Chart(
                    "lines",
                    text(title),
                    names=1,
                    series=series,  # type: ignore[arg-type]
                    heading_row=row,
                    first_row=row + 1,
                    last_row=after - 1,
                    columns=len(columns),
                    from_nought=not any(isinstance(v, int) and v < 0 for c, _ in series for v in shown[c - 1][2]),
                ),
            )
            at += _CHART_ROWS


def _clients(book: Book, section: TalkSection, talk: Talk, words: Wording) -> None:
    """In-, through- and outflow by month, of the contract and of each service."""
    text = words.text
    columns = [
        Column(text("service"), 34, wrap=True),
        Column(text("month"), 18, "month"),
        Column(text("inflow"), 12, "count"),
        Column(text("stayed"), 12, "count"),
        Column(text("in care"), 12, "count"),
        Column(text("outflow"), 12, "count"),
    ]
    sheet = book.sheet(_named(section, text("clients")), [column.width for column in columns])
    row = _head(sheet, text("flow"), talk, words, section.contract.number)
    sheet.put(row, 1, text("flow note"), NOTE, to=6)
    sheet.height(row, 39)
    sheet.heading(row + 1, columns)
    rows: list[list[Value]] = []
    for service, months in section.flow.items():
        name = text("whole contract") if service is None else service
        rows += [[name, month, *_counts(each)] for month, each in months]
    after = sheet.rows(row + 2, columns, rows)
    sheet.keep_in_view(row + 2)
    sheet.repeat(row + 1)
    if rows:
        sheet.filter(row + 1, after - 1, len(columns))


def _counts(each: ClientFlow) -> list[Value]:
    return [each.new, each.stayed, each.in_care, each.ended]


def _named(section: TalkSection, name: str) -> str:
    """The name of a sheet of a contract: no longer than a spreadsheet takes."""
    return f"{section.contract.number[: 30 - len(name)]} {name}"
