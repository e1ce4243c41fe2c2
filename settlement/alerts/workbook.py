"""The alerts of a run as a workbook: each alert with value, norm, course and source, the contracts, and the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from openpyxl.utils import get_column_letter

from settlement.domain.records import Alert, AlertSummary
from settlement.paper.book import Book, Column, Toned, Value
from settlement.paper.looks import LABEL, NAVY, NOTE, STRONG, SUBTITLE, TITLE, VALUE, Look
from settlement.wording import Wording, wording

SEVERITIES: tuple[str, ...] = ("high", "medium", "low")
"""From what needs eyes first."""

_A3 = 8
_BARS = "▁▂▃▄▅▆▇█"


def write_alerts(alerts: Sequence[Alert], summary: AlertSummary) -> bytes:
    """The workbook of a run's alerts, in the language of the summary: the same bytes for the same alerts.

    Alerts stand by severity, then by contract, service and name, whatever their order. One column is left open,
    for what is done about each.
    """
    words = wording(summary.language)
    title = words.text("alerts title", month=words.month(summary.period))
    book = Book(
        title=title,
        author=summary.organisation,
        language=words.language,
        created=summary.period.last_day,
        footer=(
            summary.run.replace("&", "&&"),
            summary.organisation[:80].replace("&", "&&"),
            words.text("page of", page="&P", pages="&N"),
        ),
        header="" if summary.final else words.text("draft mark"),
    )
    ordered = in_order(alerts)
    _alerts(book, ordered, summary, words)
    _by_contract(book, ordered, words)
    _run(book, summary, words)
    return book.save()


def in_order(alerts: Iterable[Alert]) -> list[Alert]:
    """By severity, then contract, service (the contract's own first) and name."""
    return sorted(
        alerts,
        key=lambda alert: (
            SEVERITIES.index(alert.severity),
            alert.contract,
            alert.service or "",
            alert.name,
            alert.place,
            alert.to,
        ),
    )


def run_line(summary: AlertSummary, words: Wording) -> str:
    """Of which run the alerts are, in one line."""
    told = words.text("alerts run", run=summary.run, contracts=summary.contracts, deliveries=summary.deliveries)
    if summary.deliveries_refused:
        told += words.text("alerts run refused", refused=summary.deliveries_refused)
    if summary.deliveries_missing:
        told += words.text("alerts run missing", missing=summary.deliveries_missing)
    return told


def _alerts(book: Book, alerts: Sequence[Alert], summary: AlertSummary, words: Wording) -> None:
    text = words.text
    columns = [
        Column(text("severity"), 9, center=True),
        Column(text("contract"), 16, wrap=True),
        Column(text("provider"), 17, wrap=True),
        Column(text("service"), 15, wrap=True),
        Column(text("signal"), 20, wrap=True),
        Column(text("figure"), 13, right=True),
        Column(text("norm"), 13, right=True),
        Column(text("deviation"), 12, right=True),
        Column(text("course six months"), 9, center=True),
        Column(text("with numbers"), 22, wrap=True),
        Column(text("to"), 12, wrap=True, tone="muted"),
        Column(text("article"), 7, tone="muted"),
        Column(text("sources"), 19, wrap=True, tone="muted"),
        Column(text("follow-up"), 18, wrap=True, unlocked=True),
    ]
    sheet = book.sheet(text("sheet alerts"), [column.width for column in columns], landscape=True)
    sheet.put(1, 1, text("alerts title", month=words.month(summary.period)), TITLE.but(size=16))
    sheet.height(1, 26)
    line = run_line(summary, words)
    sheet.put(2, 1, line if summary.final else f"{text('draft mark')} · {line}", SUBTITLE.but(size=9.5))
    tiles: list[tuple[Value, str, Look]] = [
        (sum(alert.severity == severity for alert in alerts), words.severity(severity).lower(), Look(kind="count"))
        for severity in SEVERITIES
    ]
    tiles.append((summary.to_pay_cents, text("tile to pay", statements=summary.statements), Look(kind="amount")))
    tiles.append((summary.held, text("tile held", held=summary.held), Look(kind="count")))
    for (first, last), (value, label, look) in zip(((1, 2), (3, 3), (4, 4), (5, 6), (7, 9)), tiles, strict=True):
        sheet.put(4, first, value, look.but(size=15, bold=True, ink=NAVY, top=NAVY, heavy=True), to=last)
        sheet.put(5, first, label, LABEL.but(size=9), to=last)
    sheet.height(4, 27)
    sheet.height(6, 8)
    heading = 7
    if not alerts:
        sheet.put(heading, 1, text("no alerts"), VALUE)
        return
    sheet.heading(heading, columns)
    after = sheet.rows(heading + 1, columns, (_row(alert, words) for alert in alerts))
    sheet.put(after + 1, 1, text("privacy"), NOTE.but(wrap=False))
    sheet.keep_in_view(heading + 1, 3)
    sheet.repeat(heading)
    # Fourteen columns on A4 are too small to read; and the note below the table would come alone on a page of its own.
    sheet.worksheet.page_setup.paperSize = _A3
    sheet.worksheet.print_area = f"A1:{get_column_letter(len(columns))}{after - 1}"
    sheet.filter(heading, after - 1, len(columns))


def _row(alert: Alert, words: Wording) -> list[Value | Toned]:
    return [
        Toned(words.severity(alert.severity), alert.severity),
        alert.contract,
        alert.provider_name,
        alert.service if alert.service is not None else words.text("whole contract"),
        Toned(words.signal(alert.name, standing=alert.standing), "strong"),
        words.figure(*alert.value) if alert.value else "",
        words.figure(*alert.norm) if alert.norm else "",
        words.deviation(alert.value, alert.norm),
        bars(alert.course),
        words.explained(alert.working, alert.value),
        words.role(alert.to),
        alert.article,
        "\n".join(alert.sources),
        "",
    ]


def bars(course: Sequence[int | None]) -> str:
    """The course as a row of bars in text, which every reader shows: ``▂▃▅▇``; a month without a figure is a dot."""
    known = [figure for figure in course if figure is not None]
    if len(known) < 2:
        return ""
    low, high = min(0, *known), max(0, *known)
    span = high - low or 1
    return "".join(
        "·" if figure is None else _BARS[(figure - low) * (len(_BARS) - 1) // span] for figure in course
    )


def _by_contract(book: Book, alerts: Sequence[Alert], words: Wording) -> None:
    text = words.text
    columns = [
        Column(text("contract"), 24),
        Column(text("provider"), 40, wrap=True),
        *(Column(words.severity(severity), 11, "count") for severity in SEVERITIES),
        Column(text("total"), 11, "count"),
    ]
    sheet = book.sheet(text("sheet by contract"), [column.width for column in columns])
    sheet.put(1, 1, text("sheet by contract"), TITLE.but(size=16))
    sheet.height(1, 26)
    contracts = sorted({(alert.contract, alert.provider_name) for alert in alerts})
    rows: list[list[Value | Toned]] = []
    for contract, provider in contracts:
        own = [alert.severity for alert in alerts if (alert.contract, alert.provider_name) == (contract, provider)]
        counts = [own.count(severity) for severity in SEVERITIES]  # type: ignore[arg-type]
        rows.append([contract, provider, *(count or None for count in counts), Toned(len(own), "strong")])
    rows.sort(key=lambda row: [-(count if isinstance(count, int) else 0) for count in row[2:5]])
    sheet.heading(3, columns)
    after = sheet.rows(4, columns, rows)
    sheet.keep_in_view(4)
    sheet.repeat(3)
    if rows:
        sheet.filter(3, after - 1, len(columns))


def _run(book: Book, summary: AlertSummary, words: Wording) -> None:
    text = words.text
    sheet = book.sheet(text("sheet run"), (30, 72))
    sheet.put(1, 1, text("sheet run"), TITLE.but(size=16))
    sheet.height(1, 26)
    figures: tuple[tuple[str, Value, Look], ...] = (
        ("organisation", summary.organisation, VALUE),
        ("month", words.month(summary.period), VALUE),
        ("run name", summary.run, VALUE),
        ("status", text("final" if summary.final else "draft"), STRONG),
        ("contracts", summary.contracts, VALUE.but(kind="count")),
        ("deliveries processed", summary.deliveries, VALUE.but(kind="count")),
        ("deliveries refused", summary.deliveries_refused, VALUE.but(kind="count")),
        ("deliveries missing", summary.deliveries_missing, VALUE.but(kind="count")),
        ("statements", summary.statements, VALUE.but(kind="count")),
        ("to pay", summary.to_pay_cents, VALUE.but(kind="amount")),
        ("contracts held", summary.held, VALUE.but(kind="count")),
        ("rules", summary.rules_digest, VALUE),
    )
    for row, (key, value, look) in enumerate(figures, start=3):
        sheet.put(row, 1, text(key), LABEL)
        sheet.put(row, 2, value, look)
    if summary.left:
        below = len(figures) + 4
        sheet.put(below, 1, text("left title"), STRONG, to=2)
        for row, (file, reason) in enumerate(summary.left, start=below + 1):
            sheet.put(row, 1, file, LABEL)
            sheet.put(row, 2, reason, VALUE)
