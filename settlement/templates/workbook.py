"""The template as a workbook: an explanation with an example, the table to fill in, and the lists to choose from.

The example stands on the first sheet, a column of the table on each row, so that no row of it can be taken for a line;
the lists stand on a hidden sheet without headings.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from settlement.domain.contract import ArrangementFee, Contract, Organisation, Provider, Tariff
from settlement.domain.periods import Month
from settlement.paper.book import Book, Column, Sheet, Value, lines_of, ref, row_height
from settlement.paper.entry import Check, check, hide, open_columns
from settlement.paper.looks import BODY, HEADING, LABEL, OPEN, SECTION, STRONG, SUBTITLE, TITLE, Kind, Look
from settlement.templates.columns import TemplateColumn, columns_of
from settlement.wording import Language, Wording, wording

HEADING_ROW = 7
FIRST_ROW = HEADING_ROW + 1
YELLOW_ROWS = 200
CHECKED_ROWS = 20_000
"""So many rows are checked while they are typed; what is pasted below is judged when it is delivered."""
_VERSION_CELL = (5, 2)
_WIDTHS: dict[str, float] = {
    "client": 16, "service": 34, "code": 14, "profile": 14, "intensity": 18, "allocation_start": 14, "allocation_end": 14,
    "start": 13, "end": 13, "quantity": 12, "unit": 12, "direction": 9, "reference": 18, "previous_reference": 18,
    "subcontractor": 22, "result": 15, "end_reason": 30, "goal_attainment": 14, "client_satisfaction": 19, "refused_client": 11,
}  # fmt: skip
_WIDEST = 44
_KINDS: dict[str, Kind] = {"text": "entry", "choice": "entry", "day": "day", "quantity": "quantity", "mark": "decimal"}


def file_name(contract: str, period: Month) -> str:
    """``UTR-AJ-2018-01-2018-03.xlsx``: of our own numbers, and the reader finds the contract by it."""
    return f"{contract}-{period}.xlsx"


def write_template(
    contract: Contract, period: Month, provider: Provider, organisation: Organisation, language: Language
) -> bytes:
    """The workbook in which a provider fills in a month of a contract: the same bytes for the same contract and month."""
    words = wording(language)
    columns = columns_of(contract, period, words)
    book = Book(
        title=f"{words.text('template')} {contract.number} {period}",
        author=organisation.name,
        language=language,
        created=period.first_day,
        footer=(
            f"{contract.number} · {period}".replace("&", "&&"),
            organisation.name[:80].replace("&", "&&"),
            words.text("page of", page="&P", pages="&N"),
        ),
    )
    _explanation(book, contract, period, provider, organisation, columns, words)
    _table(book, contract, period, provider, columns, words)
    _lists(book, columns, words)
    return book.save()


# ---- the explanation -------------------------------------------------------------------------------------


def _explanation(
    book: Book, contract: Contract, period: Month, provider: Provider, organisation: Organisation,
    columns: Sequence[TemplateColumn], words: Wording,
) -> None:  # fmt: skip
    text = words.text
    widths = (23, 66, 25)
    sheet = book.sheet(text("template sheet explanation"), widths, one_page=False)
    sheet.put(1, 1, text("template title", month=words.month(period)), TITLE)
    sheet.height(1, 30)
    sheet.put(2, 1, f"{contract.number} · {contract.title}", SUBTITLE)
    sheet.put(3, 1, f"{provider.name} · {contract.municipality}", SUBTITLE)
    row = 5
    for label, said in _paragraphs(contract, period, organisation, columns, words):
        sheet.put(row, 1, label, STRONG.but(vertical="top"))
        sheet.put(row, 2, said, Look(wrap=True, vertical="top"), to=3)
        sheet.height(row, row_height(lines_of(said, widths[1] + widths[2], 10), 10) + 3)
        row += 1
    row += 1
    sheet.put(row, 1, text("template columns"), SECTION, to=3)
    sheet.height(row, 20)
    table = [
        Column(text("template column"), widths[0], wrap=True, tone="strong"),
        Column(text("template fill in"), widths[1], wrap=True),
        Column(text("template example"), widths[2], wrap=True),
    ]
    sheet.heading(row + 1, table)
    rows = [[each.heading, _fill_in(contract, each, words), _shown(each, words)] for each in columns]
    row = sheet.rows(row + 2, table, rows)
    coded = [service for service in contract.services.values() if service.codes]
    if any(each.field == "code" for each in columns) and coded:
        row += 1
        sheet.put(row, 1, text("template products"), SECTION, to=3)
        sheet.height(row, 20)
        sheet.put(row + 1, 1, text("service"), HEADING, to=2)
        sheet.put(row + 1, 3, text("template product codes"), HEADING)
        row += 2
        for service in coded:
            codes = ", ".join(service.codes)
            sheet.put(row, 1, service.name, BODY.but(wrap=True), to=2)
            sheet.put(row, 3, codes, BODY.but(wrap=True))
            sheet.height(row, row_height(lines_of(codes, widths[2])))
            row += 1


def _paragraphs(
    contract: Contract, period: Month, organisation: Organisation, columns: Sequence[TemplateColumn], words: Wording
) -> list[tuple[str, str]]:
    text = words.text
    headings = {each.field: each.heading for each in columns}
    arrangement = any(isinstance(service.line_term, ArrangementFee) for service in contract.services.values())
    per = "arrangement" if arrangement else "service" if "service" in headings else "month"
    deadline = contract.deliveries.claim_deadline
    if deadline is None:
        when = text("template when text", month=words.month(period))
    else:
        first = Month.from_index(max(period.index - deadline.months, Month.of(contract.starts).index))
        when = text("template when deadline", month=words.month(period), first=words.month(first))
    contact = " · ".join(part for part in (organisation.name, organisation.email, organisation.phone) if part)
    return [
        (text("template what"), text("template what text", per=text(f"template per {per}"))),
        (text("template when"), when),
        (text("template again"), text("template again text", cell=ref(*_VERSION_CELL))),
        (
            text("template correction"),
            text(
                "template correction text",
                direction=headings["direction"],
                previous=headings["previous_reference"],
                reference=headings["reference"],
            ),
        ),
        (text("template privacy"), text("template privacy text")),
        (text("template send"), text("template send text", file=file_name(contract.number, period))),
        (text("template questions"), contact),
    ]


def _fill_in(contract: Contract, column: TemplateColumn, words: Wording) -> str:
    arrangements = [service.line_term for service in contract.services.values() if isinstance(service.line_term, ArrangementFee)]
    arrangement, of_allocation = bool(arrangements), any(term.priced_on == "allocation" for term in arrangements)
    key = f"template {column.field}"
    if column.field in {"start", "end"} and arrangement:
        key += " arrangement"
    if column.field == "code" and column.of_service:
        key += " of service"
    tariffs = [service.line_term for service in contract.services.values() if isinstance(service.line_term, Tariff)]
    units = list(dict.fromkeys(words.unit(term.delivered_in) for term in tariffs))
    said = words.text(key, units=f" {words.text('or')} ".join(", ".join(units).rsplit(", ", 1)))
    if of_allocation and column.field == "allocation_start":
        said += words.text("template allocation_start arrangement")
    if of_allocation and column.field == "start":
        said += words.text("template start allocation")
    if column.field in {"profile", "intensity"} and column.of_service and len(column.of_service) < len(contract.services):
        said += words.text("template levels of", services=", ".join(column.of_service))
    if column.field in {"quantity", "unit"} and len(tariffs) < len(contract.services):
        names = [service.name for service in contract.services.values() if isinstance(service.line_term, Tariff)]
        said += words.text("template levels of", services=", ".join(names))
    return words.text("template always", text=said) if column.need == "always" else said


def _shown(column: TemplateColumn, words: Wording) -> str:
    if column.example is None:
        return words.text("template empty")
    if isinstance(column.example, dt.date):
        return words.day(column.example)
    if isinstance(column.example, int):
        return words.number(column.example // 1000)
    return column.example


# ---- the table -------------------------------------------------------------------------------------------


def _table(
    book: Book, contract: Contract, period: Month, provider: Provider, columns: Sequence[TemplateColumn], words: Wording
) -> None:
    text = words.text
    drawn = [
        Column(
            each.heading,
            max(_WIDTHS[each.field], min(max((len(choice) for choice in each.choices), default=0) * 0.95 + 2, _WIDEST)),
            _KINDS[each.entry],
            unlocked=True,
        )
        for each in columns
    ]
    sheet = book.sheet(text("template sheet delivery"), [column.width for column in drawn], landscape=True)
    open_columns(book, sheet, drawn)
    sheet.put(1, 1, text("template title", month=words.month(period)), TITLE.but(size=16))
    sheet.height(1, 26)
    wide = min(4, len(drawn))
    for row, key, value in (
        (2, "template contract", contract.number),
        (3, "template month", words.month(period)),
        (4, "template provider", provider.name),
    ):
        sheet.put(row, 1, text(key), LABEL)
        sheet.put(row, 2, value, STRONG, to=wide)
    sheet.put(5, 1, text("template version"), LABEL)
    sheet.put(*_VERSION_CELL, "1", STRONG.but(kind="entry", fill=OPEN, unlocked=True))
    sheet.put(5, 3, text("template version note"), LABEL.but(size=9), to=max(wide, 6))
    sheet.height(6, 8)
    sheet.heading(HEADING_ROW, drawn)
    empty: list[Value] = [None] * len(drawn)
    sheet.rows(FIRST_ROW, drawn, (empty for _ in range(YELLOW_ROWS)))
    sheet.keep_in_view(FIRST_ROW, 2)
    sheet.repeat(HEADING_ROW)
    for index, each in enumerate(columns, start=1):
        said = _check(contract, period, columns, each, words)
        if said is not None:
            check(sheet, index, (FIRST_ROW, FIRST_ROW + CHECKED_ROWS - 1), said)


def _check(
    contract: Contract, period: Month, columns: Sequence[TemplateColumn], column: TemplateColumn, words: Wording
) -> Check | None:
    """What may be typed in a column; ``None``: anything."""
    text = words.text
    prompt = _fill_in(contract, column, words)
    cells = {each.field: f"${ref(FIRST_ROW, at)}" for at, each in enumerate(columns, start=1)}
    lists = text("template sheet lists")
    last = min(period.last_day, contract.ends)
    example = words.day(max(period.first_day, contract.starts))
    match column.entry:
        case "choice" if column.of_service:
            first = _list_columns(columns)[column.field]
            services, values = ref(1, first, fixed=True), ref(1, first + 1, fixed=True)
            column_of_services = services.rpartition("$")[0]
            whole = f"{lists}!{column_of_services}:{column_of_services}"
            service = cells["service"]
            formula = f"OFFSET({lists}!{values},MATCH({service},{whole},0)-1,0,COUNTIF({whole},{service}),1)"
            return Check("list", formula, title=column.heading, prompt=prompt, refusal=text("template refuse list of service"))
        case "choice":
            at = _list_columns(columns)[column.field]
            formula = f"{lists}!{ref(1, at, fixed=True)}:{ref(len(column.choices), at, fixed=True)}"
            return Check("list", formula, title=column.heading, prompt=prompt, refusal=text("template refuse list"))
        case "quantity":
            return Check("decimal", "0", above=True, title=column.heading, prompt=prompt, refusal=text("template refuse quantity"))
        case "mark":
            return Check("decimal", "1", "10", title=column.heading, prompt=prompt, refusal=text("template refuse mark"))
        case "day":
            return _check_day(contract, column, cells, (contract.starts, last, example), prompt, words)
        case _:
            return None


def _check_day(
    contract: Contract, column: TemplateColumn, cells: dict[str, str], days: tuple[dt.date, dt.date, str], prompt: str,
    words: Wording,
) -> Check:  # fmt: skip
    first, last, example = days
    arrangement = any(isinstance(service.line_term, ArrangementFee) for service in contract.services.values())
    least, most, key = "DATE(1990,1,1)", "DATE(2100,12,31)", "day"
    if column.field == "start":
        least, most, key = _date(first), _date(last), "start"
    elif column.field == "end":
        least, most = cells["start"], _date(last) if arrangement else f"EOMONTH({cells['start']},0)"
        key = "end arrangement" if arrangement else "end"
    elif column.field == "allocation_end" and "allocation_start" in cells:
        least, key = cells["allocation_start"], "allocation_end"
    refusal = words.text(f"template refuse {key}", first=words.day(first), last=words.day(last), example=example)
    return Check("date", least, most, title=column.heading, prompt=prompt, refusal=refusal)


def _date(day: dt.date) -> str:
    return f"DATE({day.year},{day.month},{day.day})"


# ---- the lists -------------------------------------------------------------------------------------------


def _list_columns(columns: Sequence[TemplateColumn]) -> dict[str, int]:
    """Where the list of each column stands; one that differs by service takes two columns: service and value."""
    found, at = {}, 1
    for each in columns:
        if each.choices:
            found[each.field] = at
            at += 2 if each.of_service else 1
    return found


def _lists(book: Book, columns: Sequence[TemplateColumn], words: Wording) -> None:
    places = _list_columns(columns)
    sheet = book.sheet(words.text("template sheet lists"), [24.0] * max(places.values(), default=1))
    for each in columns:
        if not each.choices:
            continue
        at = places[each.field]
        if each.of_service:
            pairs = [(service, choice) for service, choices in each.of_service.items() for choice in choices]
            for row, (service, choice) in enumerate(pairs, start=1):
                _entry(sheet, row, at, service)
                _entry(sheet, row, at + 1, choice)
        else:
            for row, choice in enumerate(each.choices, start=1):
                _entry(sheet, row, at, choice)
    hide(sheet)


def _entry(sheet: Sheet, row: int, column: int, text: str) -> None:
    sheet.put(row, column, text, BODY.but(bottom=""))
