"""The payment statement as a workbook: the first page for the bookkeeper, and behind it all that it follows from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from settlement.domain.contract import ArrangementFee, Contract, PersonFee, Tariff, WeeklyTariff
from settlement.domain.periods import Month
from settlement.domain.records import Delivery, Refusal, Statement, StatementLine, StatementRow
from settlement.paper.book import Book, Column, Sheet, Toned, Value, lines_of, ref, row_height
from settlement.paper.logo import Logo
from settlement.paper.looks import (
    BAR,
    BODY,
    HEADING,
    INK,
    LABEL,
    MUTED,
    NAVY,
    NOTE,
    RED,
    SECTION,
    SOFT,
    STRONG,
    VALUE,
    Look,
)
from settlement.statements.first_page import changed, first_page, year_chart
from settlement.statements.heading import head_of_sheet
from settlement.statements.year import year_sheet
from settlement.wording import Wording, wording

_Reader = Callable[[StatementLine], Value]

MOST_CHARACTERS = 36
"""No column of the lines grows wider than this by a long text."""

_TOTAL = Look(size=9, bold=True, top=NAVY, bottom=NAVY, fill=SOFT)
_CONTROL = Look(size=9, italic=True, ink=MUTED)
_AMOUNT = Look(kind="amount", align="right")


def write_statement(statement: Statement, logo: bytes | None = None) -> bytes:
    """The workbook of a statement, in the language that its provider is written to: the same bytes for the same statement.

    ``logo`` holds a PNG or JPEG; ``None``, or a picture of another kind: the organisation's name stands in its place.
    """
    words = wording(statement.language)
    book = Book(
        title=f"{words.text('statement')} {statement.number}",
        author=statement.organisation.name,
        language=words.language,
        created=statement.period.last_day,
        footer=(
            # An ampersand would start a code of the footer's own.
            statement.number.replace("&", "&&"),
            statement.organisation.name[:80].replace("&", "&&"),
            words.text("page of", page="&P", pages="&N"),
        ),
        header="" if statement.final else words.text("draft mark"),
    )
    page = first_page(book, statement, words, Logo.read(logo) if logo else None)
    _lines(book, statement, words)
    _calculation(book, statement, words)
    _corrections(book, statement, words)
    year_chart(page, *year_sheet(book, statement, words))
    _signals(book, statement, words)
    _origin(book, statement, words)
    return book.save()


# ---- the lines -------------------------------------------------------------------------------------------


def _lines(book: Book, statement: Statement, words: Wording) -> None:
    lines = statement.lines
    text = words.text
    all_columns = _line_columns(statement.contract, words)
    # A column that says the same nothing on every line is left out; what identifies and what is paid always stands.
    rows = [[value(line) for _, value, _ in all_columns] for line in lines]
    kept = [
        index
        for index, (_, _, always) in enumerate(all_columns)
        if always or any(row[index] not in {None, "", 0, "D"} for row in rows)
    ]
    columns = [_as_wide_as(all_columns[index][0], (row[index] for row in rows)) for index in kept]
    sheet = book.sheet(text("sheet lines"), [column.width for column in columns], landscape=True)
    month = words.month(statement.period)
    head_of_sheet(sheet, text("lines title"), text("lines subtitle", month=month), statement, words)
    if not lines:
        sheet.put(4, 1, text("no lines"), VALUE)
        return
    heading, first = 7, 8
    earned = sum(line.earned_cents for line in lines)
    if earned and earned != changed(statement.rows):
        note = text("lines are not the payment", month=month)
        sheet.put(3, 1, note, NOTE, to=len(columns))
        sheet.height(3, row_height(lines_of(note, sum(column.width for column in columns))) + 3)
    sheet.heading(heading, columns)
    after = sheet.rows(first, columns, ([row[index] for index in kept] for row in rows))
    sums = {
        text("value"): sum(line.value_cents for line in lines),
        text("cut"): sum(line.cut_cents for line in lines),
        text("of which held"): sum(line.held_cents for line in lines),
        text("earned"): earned,
    }
    for row, key, look in ((4, "total", _TOTAL), (5, "control sum", _CONTROL), (6, "selection", _CONTROL)):
        sheet.put(row, 1, text(key), look)
        for index, column in enumerate(columns, start=1):
            if index > 1:
                sheet.put(row, index, None, look)
            if column.heading not in sums:
                continue
            amount = look.but(kind="amount", align="right")
            cells = f"{ref(first, index)}:{ref(after - 1, index)}"
            if key == "total":
                sheet.put(row, index, sums[column.heading], amount)
            elif key == "control sum":
                sheet.formula(row, index, f"=SUM({cells})", sums[column.heading], amount)
            else:
                sheet.formula(row, index, f"=SUBTOTAL(109,{cells})", sums[column.heading], amount)
    sheet.keep_in_view(first)
    sheet.repeat(heading)
    sheet.filter(heading, after - 1, len(columns))


def _as_wide_as(column: Column, values: Iterable[Value]) -> Column:
    """A text column that holds its longest value, within reason; a column of amounts that holds its total, in bold."""
    if column.kind == "amount":
        total = sum(abs(value) for value in values if isinstance(value, int))
        return replace(column, width=max(column.width, len(wording("nl").euro(-total)) * 0.9 + 1.5))
    if column.kind == "text":
        longest = max((len(value) for value in values if isinstance(value, str)), default=0)
        return replace(column, width=max(column.width, min(longest * 0.9 + 1.5, MOST_CHARACTERS)))
    return column


def _line_columns(contract: Contract, words: Wording) -> list[tuple[Column, _Reader, bool]]:
    """The columns of a line: how it looks, how it is read, and whether it stands even when empty."""
    text = words.text

    def part(line: StatementLine) -> str:
        term = contract.services[line.service].line_term if line.parts else None
        return words.parts(line.parts, term.paid) if isinstance(term, ArrangementFee) else ""

    def reason(line: StatementLine) -> str:
        term = contract.services[line.service].line_term
        if isinstance(term, PersonFee) and line.reason in {"not_first_day", "not_last_day"}:
            return text("reason with article", reason=words.reason(line.reason), article=term.article)
        return words.reason("credit" if line.reason == "credited" and line.direction == "C" else line.reason)

    return [
        (Column(text("service"), 20, wrap=True), lambda line: line.service, True),
        (Column(text("client"), 9), lambda line: line.client, True),
        (Column(text("product code"), 9), lambda line: line.product_code, False),
        (Column(text("profile"), 10), lambda line: line.profile, False),
        (Column(text("intensity"), 12), lambda line: line.intensity, False),
        (Column(text("start"), 10, "day"), lambda line: line.start, True),
        (Column(text("end"), 10, "day"), lambda line: line.end, False),
        (Column(text("quantity"), 9, "quantity"), lambda line: line.quantity_milli, False),
        (Column(text("unit"), 8.5), lambda line: words.unit(line.unit), False),
        (Column(text("direction"), 5, center=True), lambda line: line.direction, False),
        (Column(text("reference"), 10), lambda line: line.reference, False),
        (Column(text("previous reference"), 10), lambda line: line.previous_reference, False),
        (Column(text("price"), 10.5, "amount"), lambda line: line.price_cents, False),
        (Column(text("part"), 10), part, False),
        (Column(text("value"), 12, "amount"), lambda line: line.value_cents, True),
        (Column(text("cut"), 11.5, "amount"), lambda line: line.cut_cents, False),
        (Column(text("of which held"), 12, "amount"), lambda line: line.held_cents, False),
        (Column(text("earned"), 12, "amount"), lambda line: line.earned_cents, True),
        (Column(text("reason"), 10, wrap=True, tone="muted"), reason, False),
        (Column(text("file"), 12, tone="muted"), lambda line: _file_name(line.delivery), True),
        (Column(text("row"), 6, "count", tone="muted"), lambda line: line.row, True),
    ]


# ---- the calculation -------------------------------------------------------------------------------------


def _calculation(book: Book, statement: Statement, words: Wording) -> None:
    text = words.text
    columns = [
        Column(text("service"), 19, wrap=True),
        Column(text("term"), 16, wrap=True),
        Column(text("article"), 11, wrap=True),
        Column(text("care month"), 14, "month"),
        Column(text("was"), 15, "amount"),
        Column(text("is"), 15, "amount"),
        Column(text("difference"), 15, "amount"),
        Column(text("formula"), 31, wrap=True, tone="muted"),
        Column(text("with numbers"), 31, wrap=True),
        Column(text("rule"), 17, wrap=True, tone="muted"),
    ]
    sheet = book.sheet(text("sheet calculation"), [column.width for column in columns], landscape=True)
    head_of_sheet(sheet, text("calculation title"), text("calculation subtitle"), statement, words)
    heading, first = 4, 5
    sheet.heading(heading, columns)
    after = sheet.rows(first, columns, (_calculation_row(each, statement, words) for each in statement.rows))
    sums = [sum(each.was_cents for each in statement.rows), sum(each.is_cents for each in statement.rows)]
    sums.append(changed(statement.rows))
    row = _totals(sheet, (first, after), columns, dict(zip((5, 6, 7), sums, strict=True)), words) + 1
    payable = statement.payable_cents
    steps = [("sum of differences", sums[2]), ("carried", statement.carried_cents), ("balance", payable)]
    if payable < 0:
        offset = statement.organisation.negative_payable == "offset"
        steps.append(("taken along" if offset else "claimed back", -payable))
    elif statement.on_hold:
        steps.append(("on hold", -payable))
    for key, cents in steps:
        sheet.put(row, 1, text(key), LABEL.but(size=9), to=6)
        sheet.put(row, 7, cents, _AMOUNT.but(size=9, ink=RED if cents < 0 else INK))
        row += 1
    bar = BAR.but(size=10.5)
    sheet.put(row, 1, text("to pay"), bar, to=5)
    sheet.put(row, 6, statement.to_pay_cents, bar.but(kind="amount", align="right"), to=7)
    sheet.height(row, 19)
    sheet.keep_in_view(first)
    sheet.repeat(heading)
    if statement.rows:
        sheet.filter(heading, after - 1, len(columns))


def _gone(each: StatementRow, statement: Statement, words: Wording) -> str:
    """Why what was settled before is there no more: the lines behind it, or the term itself."""
    service = statement.contract.services.get(each.service or "")
    if service is None or service.line_term is None or service.line_term.kind != each.term:
        return words.text("no longer due")
    credited = any(
        line.direction == "C" and line.service == each.service and Month.of(line.start) == each.month for line in statement.lines
    )
    return words.text("lines credited" if credited else "lines gone")


def _calculation_row(each: StatementRow, statement: Statement, words: Wording) -> list[Value | Toned]:
    formula, filled = words.formula(each.working) if each.working else ("", _gone(each, statement, words))
    return [
        each.service if each.service is not None else words.text("whole contract"),
        words.term(each.term),
        each.article,
        each.month,
        each.was_cents,
        each.is_cents,
        _difference(each),
        formula,
        filled,
        f"{_file_name(each.place.file)}:{each.place.line}" if each.place.line else _file_name(each.place.file),
    ]


def _totals(
    sheet: Sheet, rows: tuple[int, int], columns: Sequence[Column], sums: Mapping[int, int], words: Wording
) -> int:
    """Totals in values with control sums as formulas below them; answers the row after the control sums.

    ``rows`` are the first row of the table and the one after its last; ``sums`` are by column.
    """
    first, row = rows
    for key, look in (("total", _TOTAL), ("control sum", _CONTROL)):
        sheet.put(row, 1, words.text(key), look)
        for index in range(2, len(columns) + 1):
            sheet.put(row, index, None, look)
        for column, cents in sums.items():
            amount = look.but(kind="amount", align="right")
            if key == "total":
                sheet.put(row, column, cents, amount)
            else:
                last = max(rows[1] - 1, first)
                sheet.formula(row, column, f"=SUM({ref(first, column)}:{ref(last, column)})", cents, amount)
        row += 1
    return row


# ---- the corrections -------------------------------------------------------------------------------------


def _corrections(book: Book, statement: Statement, words: Wording) -> None:
    text = words.text
    columns = [
        Column(text("care month"), 15, "month"),
        Column(text("service"), 22, wrap=True),
        Column(text("term"), 18, wrap=True),
        Column(text("article"), 11, wrap=True),
        Column(text("was"), 15, "amount"),
        Column(text("is"), 15, "amount"),
        Column(text("difference"), 15, "amount"),
        Column(text("with numbers"), 40, wrap=True),
    ]
    sheet = book.sheet(text("sheet corrections"), [column.width for column in columns], landscape=True)
    subtitle = text("corrections subtitle", month=words.month(statement.period))
    head_of_sheet(sheet, text("corrections title"), subtitle, statement, words)
    others = [each for each in statement.rows if each.month != statement.period and each.difference_cents]
    if not others:
        sheet.put(4, 1, text("no corrections"), VALUE)
        return
    others.sort(key=lambda each: each.month.index)  # stable: within a month as in the calculation
    sheet.put(4, 1, text("by month"), SECTION, to=7)
    heads = [Column(text("care month"), 15, "month"), *columns[4:7]]
    sheet.put(5, 1, heads[0].heading, HEADING)
    for column in range(2, 8):
        name = columns[column - 1].heading if column >= 5 else ""
        sheet.put(5, column, name, HEADING.but(align="right"))
    row = 6
    summary = columns[:7]
    by_month: list[list[Value | Toned]] = [
        [each.month, "", "", "", each.was_cents, each.is_cents, each.is_cents - each.was_cents] for each in statement.other_months
    ]
    row = sheet.rows(row, summary, by_month) + 1
    sheet.put(row, 1, text("by term"), SECTION, to=8)
    sheet.heading(row + 1, columns)
    first = row + 2
    after = sheet.rows(first, columns, (_correction_row(each, statement, words) for each in others))
    sums = [sum(each.was_cents for each in others), sum(each.is_cents for each in others), changed(others)]
    _totals(sheet, (first, after), columns, dict(zip((5, 6, 7), sums, strict=True)), words)


def _correction_row(each: StatementRow, statement: Statement, words: Wording) -> list[Value | Toned]:
    return [
        each.month,
        each.service if each.service is not None else words.text("whole contract"),
        words.term(each.term),
        each.article,
        each.was_cents,
        each.is_cents,
        _difference(each),
        words.formula(each.working)[1] if each.working else _gone(each, statement, words),
    ]


# ---- signals and refusals --------------------------------------------------------------------------------


def _signals(book: Book, statement: Statement, words: Wording) -> None:
    text = words.text
    # Two tables share the widths of one sheet.
    alerts = [
        Column(text("service"), 22, wrap=True),
        Column(text("severity"), 14, center=True),
        Column(text("signal"), 28, wrap=True),
        Column(text("figure"), 16),
        Column(text("norm"), 20),
        Column(text("explanation"), 52, wrap=True),
        Column(text("article"), 11, wrap=True),
    ]
    refusals = [
        Column(text("file"), 22, wrap=True),
        Column(text("sheet"), 14, wrap=True),
        Column(text("column"), 28, wrap=True),
        Column(text("cell"), 16),
        Column(text("found"), 20, wrap=True),
        Column(text("what to do"), 52, wrap=True),
        Column(text("national code"), 11, center=True),
    ]
    sheet = book.sheet(text("sheet signals"), [column.width for column in alerts], landscape=True)
    head_of_sheet(sheet, text("signals title"), text("signals subtitle"), statement, words)
    sheet.put(4, 1, text("signals"), SECTION, to=7)
    row = 5
    if statement.alerts:
        sheet.heading(row, alerts)
        row = sheet.rows(
            row + 1,
            alerts,
            (
                [
                    alert.service if alert.service is not None else text("whole contract"),
                    Toned(words.severity(alert.severity), alert.severity),
                    words.signal(alert.name, standing=alert.standing),
                    words.figure(*alert.value) if alert.value else "",
                    words.figure(*alert.norm) if alert.norm else "",
                    words.explained(alert.working, alert.value),
                    alert.article,
                ]
                for alert in statement.alerts
            ),
        )
    else:
        sheet.put(row, 1, text("no signals"), VALUE)
        row += 1
    row += 1
    sheet.put(row, 1, text("refusals"), SECTION, to=7)
    row += 1
    if not statement.refusals:
        sheet.put(row, 1, text("no refusals"), VALUE)
        return
    sheet.heading(row, refusals)
    sheet.repeat(row)
    after = sheet.rows(
        row + 1,
        refusals,
        (
            [
                _file_name(refusal.delivery),
                refusal.sheet,
                words.field(refusal.field) if refusal.field else text("whole line" if refusal.row else "whole file"),
                _where(refusal, words),
                words.found(refusal),
                words.refusal(refusal),
                refusal.national,
            ]
            for refusal in statement.refusals
        ),
    )
    sheet.filter(row, after - 1, len(refusals))


def _where(refusal: Refusal, words: Wording) -> str:
    """The cell; the row where a line as a whole is at fault, or where reading a file without cells stopped."""
    if refusal.cell and not refusal.cell.isdigit():
        return refusal.cell
    row = refusal.cell or refusal.row
    return words.text("at row", row=row) if row else ""


# ---- the origin ------------------------------------------------------------------------------------------


def _origin(book: Book, statement: Statement, words: Wording) -> None:
    text = words.text
    columns = [
        Column(text("file"), 30, wrap=True),
        Column(text("month"), 13, "month"),
        Column(text("rows"), 9, "count"),
        Column(text("accepted"), 13, "count"),
        Column(text("refused"), 11, "count"),
        Column(text("remarks"), 30, wrap=True),
        Column(text("digest"), 58, wrap=True, tone="muted"),
    ]
    sheet = book.sheet(text("sheet origin"), [column.width for column in columns], landscape=True)
    head_of_sheet(sheet, text("origin title"), text("origin subtitle"), statement, words)
    sheet.put(4, 1, text("deliveries"), SECTION, to=7)
    row = 5
    if statement.deliveries:
        sheet.heading(row, columns)
        row = sheet.rows(row + 1, columns, (_delivery_row(each, statement, words) for each in statement.deliveries))
        delivered = statement.accepted_lines + statement.refused_lines
        for index in range(1, 8):
            sheet.put(row, index, None, _TOTAL)
        sheet.put(row, 1, text("counted"), _TOTAL)
        for index, count in ((3, delivered), (4, statement.accepted_lines), (5, statement.refused_lines)):
            sheet.put(row, index, count, _TOTAL.but(kind="count", align="right"))
        row += 1
    else:
        sheet.put(row, 1, text("no deliveries"), VALUE)
        row += 1
    row += 1
    sheet.put(row, 1, text("rules and lines"), SECTION, to=7)
    row += 1
    for key, file, digest in (
        ("rule file", statement.rules_file, statement.rules_digest),
        ("lines file", statement.lines_file, statement.lines_digest),
    ):
        sheet.put(row, 1, text(key), LABEL.but(size=9))
        sheet.put(row, 2, file, BODY.but(bottom=""), to=5)
        sheet.put(row, 6, digest, BODY.but(bottom="", ink=MUTED), to=7)
        row += 1
    row += 1
    sheet.put(row, 1, text("glossary"), SECTION, to=7)
    row += 1
    width = sum(column.width for column in columns[1:])
    for key, explanation in _glossary(statement.contract, words):
        sheet.put(row, 1, text(f"word {key}"), STRONG.but(size=9))
        sheet.put(row, 2, explanation, Look(size=9, wrap=True), to=7)
        sheet.height(row, row_height(lines_of(explanation, width)))
        row += 1


def _glossary(contract: Contract, words: Wording) -> Iterable[tuple[str, str]]:
    """The words of these papers with what they mean; how weeks and hours are counted only where the contract has them."""
    text = words.text
    whole_hours = False
    weekly: dict[str, list[str]] = {}
    for service in contract.services.values():
        term = service.line_term
        if isinstance(term, WeeklyTariff):
            weekly.setdefault(_weeks(term, words), []).append(service.name)
        whole_hours = whole_hours or (isinstance(term, Tariff) and term.whole_hours)
    for key in ("value", "cut", "held", "earned", "was is difference", "carried", "refusal", "digest"):
        yield key, text(f"glossary {key}")
        if key == "value" and weekly:
            # Where services count alike, the rule is told once, of all.
            rules = [rule if len(weekly) == 1 else f"{', '.join(names)}: {rule}" for rule, names in weekly.items()]
            yield "weeks", "\n".join(rules)
        if key == "value" and whole_hours:
            yield "whole hours", text("glossary whole hours")


def _weeks(term: WeeklyTariff, words: Wording) -> str:
    """How the weeks of a tariff are counted, with an example of the rule that nobody guesses."""
    said = [f"card weeks {term.weeks}"]
    if term.weeks == "sundays":
        said += [f"card short {term.short_allocation}", "glossary weeks sundays"]
    return " ".join(map(words.text, said))


def _delivery_row(each: Delivery, statement: Statement, words: Wording) -> list[Value | Toned]:
    own = [refusal for refusal in statement.refusals if refusal.delivery == each.key]
    if each.refused and each.used:
        # Nothing of it could be read: nobody knows how many lines it holds.
        reason = "; ".join(dict.fromkeys(words.refusal(refusal) for refusal in own))
        remark = Toned(words.text("refused file", reason=reason), "negative")
        return [each.key, each.claim_month, None, None, None, remark, each.digest]
    refused = len({refusal.row for refusal in own if refusal.row})
    # Where a column says the contract, the rows of other contracts and of none are nothing of this one.
    rows = each.rows if each.contract else sum(line.delivery == each.key for line in statement.lines) + refused
    remarks = [words.note(note) for note in each.notes]
    if rows != each.rows and each.used:
        remarks.append(words.text("rows of this contract"))
    if each.replaced_by is not None:
        remarks.insert(0, words.text("replaced by", file=_file_name(each.replaced_by)))
    return [
        each.key,
        each.claim_month,
        rows if each.used else each.rows,
        rows - refused if each.used else None,
        refused if each.used else None,
        "; ".join(remarks) or words.text("used file" if rows else "used file without lines"),
        each.digest,
    ]


# ---- shared ----------------------------------------------------------------------------------------------


def _difference(row: StatementRow) -> Toned:
    cents = row.difference_cents
    return Toned(cents, "negative" if cents < 0 else "strong" if cents else "muted")


def _file_name(key: str) -> str:
    return key.rpartition("/")[2]
