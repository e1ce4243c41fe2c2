"""The year on a statement: a sheet with every month of it, and its charts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from settlement.domain.records import Statement, has_priced_lines, running_totals
from settlement.paper.book import Book, Column, Sheet, Value
from settlement.paper.charts import Chart, Shape, Stroke
from settlement.paper.looks import BODY, SECTION
from settlement.statements.heading import head_of_sheet
from settlement.wording import Wording


def year_sheet(book: Book, statement: Statement, words: Wording) -> tuple[Chart | None, Sheet]:
    """The sheet; answers the chart that says most of the year, for the first page, with the sheet that holds its figures."""
    text = words.text
    course = statement.course
    # A task is paid, not its lines: where no line has a value of its own, nothing is said of it, here as on the first page.
    claimed = [each.claimed_cents if has_priced_lines(course) else None for each in course]
    # Who delivers no lines has no clients to count.
    clients = [each.clients_to_date if any(one.clients_to_date for one in course) else None for each in course]
    everything: list[tuple[str, Column, Sequence[Value]]] = [
        ("month", Column(text("month"), 12), [f"{words.short_month(each.month)} {each.month.year}" for each in course]),
        ("paid", Column(text("paid"), 13.5, "amount"), [each.paid_cents for each in course]),
        ("claimed", Column(text("delivered"), 13.5, "amount"), claimed),
        ("entitled", Column(text("entitled"), 13.5, "amount"), [each.entitled_cents for each in course]),
        ("paid to date", Column(text("paid to date"), 16, "amount"), running_totals([each.paid_cents for each in course])),
        (
            "claimed to date",
            Column(text("delivered to date"), 16.5, "amount"),
            running_totals(claimed),
        ),
        (
            "limit",
            Column(text("ceiling" if statement.contract.yearly_ceiling else "budget to date"), 15, "amount"),
            [each.limit_to_date_cents for each in course],
        ),
        ("clients", Column(text("clients"), 11, "count"), clients),
        ("minimum", Column(text("minimum to date"), 14, "decimal"), [each.minimum_to_date for each in course]),
    ]
    shown = [each for each in everything if any(value is not None for value in each[2])]
    columns = [column for _, column, _ in shown]
    sheet = book.sheet(text("sheet course"), [column.width for column in columns], one_page=True)
    head_of_sheet(sheet, text("course title", year=statement.period.year), text("course subtitle"), statement, words)
    sheet.heading(4, columns)
    after = sheet.rows(5, columns, zip(*(values for _, _, values in shown), strict=True))
    row = _by_service(sheet, after + 1, {key: index for index, (key, _, _) in enumerate(shown, start=1)}, statement, words)
    charts = _charts(shown, words)
    for chart in charts:
        sheet.chart(row, 1, chart)
        row += 17
    sheet.repeat(4)
    return next((chart for chart in reversed(charts) if chart.title != words.text("chart clients")), None), sheet


def _by_service(sheet: Sheet, row: int, place: Mapping[str, int], statement: Statement, words: Wording) -> int:
    """The clients of each service with a minimum, below their sums: a sum may hide a service that is short. Answers the next
    free row."""
    bounded = [each for each in statement.services if each.minimum_to_date is not None]
    if len(bounded) < 2 or not {"clients", "minimum"} <= place.keys():
        return row
    sheet.put(row, 1, words.text("course by service", month=words.month(statement.period)), SECTION, to=max(place.values()))
    for at, each in enumerate(bounded, start=row + 1):
        sheet.put(at, 1, each.service, BODY, to=place["clients"] - 1)
        sheet.put(at, place["clients"], each.clients, BODY.but(kind="count", align="right"))
        sheet.put(at, place["minimum"], each.minimum_to_date, BODY.but(kind="decimal", align="right"))
    return row + len(bounded) + 2


def _charts(shown: Sequence[tuple[str, Column, Sequence[Value]]], words: Wording) -> list[Chart]:
    """The charts for which there are figures: by month, to date against the bound, clients against the minimum."""

    place = {key: index for index, (key, _, _) in enumerate(shown, start=1)}
    wanted: tuple[tuple[Shape, str, Sequence[tuple[str, Stroke]]], ...] = (
        ("columns", "chart by month", [("paid", "light"), ("claimed", "dark")]),
        (
            "lines",
            "chart to date" if "claimed" in place else "chart paid to date",
            [("limit", "dashed"), ("paid to date", "light"), ("claimed to date", "dark")],
        ),
        ("lines", "chart clients", [("minimum", "dashed"), ("clients", "dark")]),
    )
    made = []
    for shape, title, keys in wanted:
        series = [(place[key], stroke) for key, stroke in keys if key in place]
        if len(series) > 1:
            made.append(
                Chart(
                    shape,
                    words.text(title),
                    names=1,
                    series=series,
                    heading_row=4,
                    first_row=5,
                    last_row=4 + len(shown[0][2]),
                    columns=len(shown),
                    from_nought=not any(_below_nought(shown[column - 1][2]) for column, _ in series),
                )
            )
    return made


def _below_nought(values: Iterable[Value]) -> bool:
    return any(isinstance(value, int) and value < 0 for value in values)
