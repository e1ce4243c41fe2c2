"""The payment statement as a workbook: the first page for the bookkeeper, and behind it all that it follows from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate

from settlement.domain.contract import Ceiling
from settlement.domain.periods import Month
from settlement.domain.records import Delivery, Statement, StatementLine, StatementRow
from settlement.paper.book import Book, Column, Sheet, Toned, Value, lines_of, ref, row_height
from settlement.paper.charts import Chart, Shape, Stroke
from settlement.paper.logo import Logo
from settlement.paper.looks import (
    AMBER,
    BAR,
    BODY,
    DRAFT,
    HEADING,
    INK,
    LABEL,
    MUTED,
    NAVY,
    NOTE,
    RED,
    RULE,
    SECTION,
    SOFT,
    STRONG,
    SUBTITLE,
    TITLE,
    VALUE,
    Look,
)
from settlement.wording import Wording, wording

_Reader = Callable[[StatementLine], Value]

MOST_ROWS_ON_FIRST_PAGE = 16
"""More rows of the month than this are shown as one for each service, so that the page stays one page."""

MOST_SIGNALS_ON_FIRST_PAGE = 4

MOST_CHARACTERS = 25
"""No column of the lines grows wider than this by a long text."""

_TOTAL = Look(size=9, bold=True, top=NAVY, bottom=NAVY, fill=SOFT)
_CONTROL = Look(size=9, italic=True, ink=MUTED)
_HEAD = Look(size=9, ink=MUTED, bottom=RULE)
_HEAD_RIGHT = _HEAD.but(align="right")
_AMOUNT = Look(kind="amount", align="right")


def write_statement(statement: Statement, logo: bytes | None = None) -> bytes:
    """The workbook of a statement, in the language of its organisation: the same bytes for the same statement.

    ``logo`` holds a PNG or JPEG; ``None``, or a picture of another kind: the organisation's name stands in its place.
    """
    words = wording(statement.organisation.language)
    book = Book(
        title=f"{words.text('statement')} {statement.number}",
        author=statement.organisation.name,
        language=words.language,
        created=statement.period.last_day,
        footer=(
            # An ampersand would start a code of the footer's own.
            statement.number.replace("&", "&&"),
            statement.organisation.name.replace("&", "&&")[:80],
            words.text("page of", page="&P", pages="&N"),
        ),
        header="" if statement.final else words.text("draft mark"),
    )
    _overview(book, statement, words, Logo.read(logo) if logo else None)
    _lines(book, statement, words)
    _calculation(book, statement, words)
    _corrections(book, statement, words)
    _course(book, statement, words)
    _signals(book, statement, words)
    _origin(book, statement, words)
    return book.save()


# ---- the first page --------------------------------------------------------------------------------------

_FIRST, _LAST = 2, 8
_OVERVIEW_WIDTHS = (1.5, 25, 10, 10, 14.5, 14.5, 14.5, 15)


def _overview(book: Book, statement: Statement, words: Wording, logo: Logo | None) -> None:
    sheet = book.sheet(words.text("sheet overview"), _OVERVIEW_WIDTHS, one_page=True)
    row = _letterhead(sheet, statement, words, logo)
    row = _parties(sheet, row, statement, words)
    row = _payment(sheet, row, statement, words)
    row = _position(sheet, row, statement, words)
    row = _attention(sheet, row, statement, words)
    contact = " · ".join(part for part in (statement.organisation.email, statement.organisation.phone) if part)
    text = words.text(
        "objection with contact" if contact else "objection",
        days=statement.organisation.objection_days,
        contact=contact,
        number=statement.number,
    )
    _section(sheet, row, words.text("questions or objection"))
    _paragraph(sheet, row + 1, text, NOTE)


def _letterhead(sheet: Sheet, statement: Statement, words: Wording, logo: Logo | None) -> int:
    sheet.put(1, 1, None, Look(fill=NAVY))
    sheet.height(1, 38)
    if logo is None:
        sheet.put(1, 2, statement.organisation.name, Look(size=15, bold=True, ink=NAVY, indent=1), to=_LAST)
    else:
        sheet.picture(1, 2, logo)
    row = 2
    sheet.height(row, 12)
    if not statement.final:
        row += 1
        sheet.put(row, _FIRST, words.text("draft band"), DRAFT, to=_LAST)
        sheet.height(row, 21)
        row += 1
        sheet.height(row, 8)
    row += 1
    title = f"{words.text('statement')} {words.month(statement.period)}"
    sheet.put(row, _FIRST, title, TITLE, to=_LAST)
    sheet.height(row, 28)
    subtitle = f"{statement.contract.title} · {words.funding(statement.contract.funding)}"
    _paragraph(sheet, row + 1, subtitle, SUBTITLE.but(wrap=True))
    sheet.height(row + 2, 8)
    return row + 3


def _parties(sheet: Sheet, row: int, statement: Statement, words: Wording) -> int:
    provider, contract = statement.provider, statement.contract
    sheet.put(row, 2, words.text("provider"), SECTION, to=5)
    sheet.put(row, 6, words.text("this statement"), SECTION, to=_LAST)
    sheet.height(row, 18)
    left = (
        ("name", provider.name),
        ("address", provider.address),
        ("kvk", provider.kvk),
        ("agb", provider.agb),
        ("iban", _spaced(provider.iban)),
        ("creditor", provider.creditor),
        ("vat", provider.vat),
    )
    right = (
        ("number", statement.number),
        ("contract", contract.number),
        ("municipality", contract.municipality),
        ("month", words.month(statement.period)),
        ("contract period", f"{words.day(contract.starts)} {words.text('up to')} {words.day(contract.ends)}"),
        ("status", words.text("final" if statement.final else "draft")),
    )
    blocks = [[(words.text(key), value) for key, value in block if value] for block in (left, right)]
    for offset in range(max(map(len, blocks))):
        high = 1
        for block, label, value, last in ((blocks[0], 2, 3, 5), (blocks[1], 6, 7, _LAST)):
            if offset < len(block):
                sheet.put(row + 1 + offset, label, block[offset][0], LABEL)
                sheet.put(row + 1 + offset, value, block[offset][1], VALUE.but(wrap=True), to=last)
                high = max(high, lines_of(block[offset][1], sum(_OVERVIEW_WIDTHS[value - 1 : last]), 10))
        sheet.height(row + 1 + offset, row_height(high, 10))
    end = row + 1 + max(map(len, blocks))
    sheet.height(end, 10)
    return end + 1


def _payment(sheet: Sheet, row: int, statement: Statement, words: Wording) -> int:
    """What is paid and why: the month's rows, then what comes from elsewhere, then the bar."""
    _section(sheet, row, words.text("what is paid"))
    row += 1
    heads = (("service", 2, 2), ("term and basis", 3, 6), ("article", 7, 7), ("amount", 8, 8))
    for key, column, to in heads:
        sheet.put(row, column, words.text(key), _HEAD_RIGHT if column == _LAST else _HEAD, to=to)
    row += 1
    month = [each for each in statement.rows if each.month == statement.period]
    other = [each for each in statement.rows if each.month != statement.period and each.difference_cents]
    for service, basis, article, cents in _month_rows(month, words):
        _amount_row(sheet, row, label=service, basis=basis, article=article, cents=cents)
        row += 1
    if not month:
        nothing = words.text("nothing for the month", month=words.month(statement.period))
        _amount_row(sheet, row, label="", basis=nothing, cents=0)
        row += 1
    extra: list[tuple[str, str, int]] = []
    for key, rows in (
        ("earlier months", [each for each in other if each.month < statement.period]),
        ("later months", [each for each in other if each.month > statement.period]),
    ):
        if rows:
            extra.append((words.text(key), words.text("see corrections", count=len(rows)), _changed(rows)))
    if statement.carried_cents:
        key = "carried unpaid" if statement.carried_cents > 0 else "carried too much"
        extra.append((words.text("carried"), words.text(key), statement.carried_cents))
    if extra:
        total = words.text("total of the month", month=words.month(statement.period))
        _amount_row(sheet, row, label=total, cents=_changed(month), strong=True)
        row += 1
        for label, basis, cents in extra:
            _amount_row(sheet, row, label=label, basis=basis, cents=cents)
            row += 1
    if extra or statement.to_pay_cents != statement.payable_cents:
        _amount_row(sheet, row, label=words.text("balance"), cents=statement.payable_cents, strong=True)
        row += 1
    if statement.on_hold and statement.payable_cents > 0:
        label = words.text("on hold")
        _amount_row(sheet, row, label=label, basis=statement.on_hold, cents=-statement.payable_cents)
        row += 1
    sheet.height(row, 4)
    row += 1
    sheet.put(row, 2, words.text("to pay"), BAR.but(indent=1), to=7)
    sheet.put(row, 8, statement.to_pay_cents, BAR.but(kind="amount", align="right"))
    sheet.height(row, 25)
    row += 1
    return _below_bar(sheet, row, statement, words)


def _below_bar(sheet: Sheet, row: int, statement: Statement, words: Wording) -> int:
    if statement.payable_cents < 0:
        key = "open offset" if statement.organisation.negative_payable == "offset" else "open claim"
        _paragraph(sheet, row, words.text(key, amount=words.euro(-statement.payable_cents)), NOTE.but(ink=RED, size=10))
        row += 1
    if statement.held_cents:
        text = words.text(f"held {statement.held_reason}", amount=words.euro(statement.held_cents))
        _paragraph(sheet, row, text, NOTE.but(ink=AMBER, size=10))
        row += 1
    if statement.to_pay_cents:
        iban = _spaced(statement.provider.iban)
        text = words.text("paid by", day=words.day(statement.pay_by), iban=iban)
        text += "\n" + words.text("bank description", reference=statement.payment_reference)
        _paragraph(sheet, row, text, NOTE.but(size=10))
        row += 1
    sheet.height(row, 10)
    return row + 1


def _month_rows(rows: Sequence[StatementRow], words: Wording) -> Iterable[tuple[str, str, str, int]]:
    """Service, basis, article and amount of each row of the month; of each service when they would fill the page."""
    if len(rows) <= MOST_ROWS_ON_FIRST_PAGE:
        shown: str | None = ""
        for each in rows:
            name = each.service if each.service is not None else words.text("whole contract")
            basis = words.term(each.term)
            if each.working is not None:
                basis += f": {words.formula(each.working)[1]}"
            yield (name if name != shown else ""), basis, each.article, each.difference_cents
            shown = name
        return
    for service in dict.fromkeys(each.service for each in rows):
        own = [each for each in rows if each.service == service]
        name = service if service is not None else words.text("whole contract")
        terms = ", ".join(dict.fromkeys(words.term(each.term) for each in own))
        articles = ", ".join(dict.fromkeys(each.article for each in own))
        yield name, words.text("see calculation", terms=terms), articles, _changed(own)


def _amount_row(
    sheet: Sheet, row: int, *, label: str, basis: str = "", article: str = "", cents: int, strong: bool = False
) -> None:
    look = Look(bottom=RULE, wrap=True, bold=strong)
    to = 2 if basis or not strong else 7
    sheet.put(row, 2, label, look, to=to)
    high = lines_of(label, sum(_OVERVIEW_WIDTHS[1:to]), 10, bold=strong)
    if to == 2:
        sheet.put(row, 3, basis, look.but(ink=MUTED), to=6)
        sheet.put(row, 7, article, look.but(ink=MUTED))
        high = max(high, lines_of(basis, sum(_OVERVIEW_WIDTHS[2:6]), 10), lines_of(article, _OVERVIEW_WIDTHS[6], 10))
    amount = look.but(kind="amount", align="right", wrap=False, ink=RED if cents < 0 else INK)
    sheet.put(row, 8, cents, amount)
    sheet.height(row, row_height(high, 10) + 2)


def _position(sheet: Sheet, row: int, statement: Statement, words: Wording) -> int:
    """Where each service stands in the contract year; columns that no service has are left out."""
    year, month = statement.period.year, words.month(statement.period)
    _section(sheet, row, words.text("position in the year", year=year, month=month))
    row += 1
    services = statement.services
    bounds = [each.ceiling_cents if each.ceiling_cents is not None else each.budget_cents for each in services]
    none_of_its_own = all(cents is None for cents in bounds)
    some_ceiling = any(each.ceiling_cents is not None for each in services)
    some_ceiling = some_ceiling or (none_of_its_own and _has_ceiling(statement))
    some_budget = any(each.budget_cents is not None and each.ceiling_cents is None for each in services)
    bound = words.text("ceiling or budget" if some_ceiling and some_budget else "ceiling" if some_ceiling else "budget")
    used = [
        Fraction(each.claimed_cents, cents) if cents else None for each, cents in zip(services, bounds, strict=True)
    ]
    # A bound of the whole contract stands with the total.
    limit = next((each.limit_to_date_cents for each in statement.course if each.month == statement.period), None)
    if not none_of_its_own:
        limit = sum(cents or 0 for cents in bounds) if None not in bounds else None
    columns: list[tuple[str, list[Value], Look]] = [
        (words.text("clients"), [each.clients for each in services], Look(kind="count", align="right")),
        (
            words.text("minimum"),
            [each.minimum_to_date for each in services],
            Look(kind="decimal", align="right"),
        ),
        (words.text("delivered"), [each.claimed_cents for each in services], _AMOUNT),
        (words.text("entitled"), [each.entitled_cents for each in services], _AMOUNT),
        (bound, list(bounds), _AMOUNT),
        (words.text("used"), list(used), Look(kind="share", align="right")),
    ]
    def shown(offset: int, values: Sequence[Value]) -> bool:
        return any(value is not None for value in values) or (offset >= 4 and limit is not None)

    # A column that no service has stays empty: the amounts keep their places, right.
    sheet.put(row, 2, words.text("service"), _HEAD)
    for offset, (name, values, _) in enumerate(columns):
        sheet.put(row, 3 + offset, name if shown(offset, values) else "", _HEAD_RIGHT)
    row += 1
    for index, each in enumerate(services):
        sheet.put(row, 2, each.service, Look(bottom=RULE, wrap=True))
        for offset, (_, values, look) in enumerate(columns):
            sheet.put(row, 3 + offset, values[index], look.but(bottom=RULE))
        sheet.height(row, row_height(lines_of(each.service, _OVERVIEW_WIDTHS[1], 10), 10) + 1)
        row += 1
    if len(services) > 1 or none_of_its_own:
        claimed = sum(each.claimed_cents for each in services)
        entitled = sum(each.entitled_cents for each in services)
        total = Look(bold=True, bottom=NAVY, align="right")
        sheet.put(row, 2, words.text("total"), total.but(align="left", indent=0), to=4)
        sheet.put(row, 5, claimed, total.but(kind="amount"))
        sheet.put(row, 6, entitled, total.but(kind="amount"))
        sheet.put(row, 7, limit, total.but(kind="amount"))
        sheet.put(row, 8, Fraction(claimed, limit) if limit else None, total.but(kind="share"))
        row += 1
    sums = (
        ("entitled to date", statement.entitled_to_date_cents),
        ("paid before", statement.paid_before_cents),
        ("this payment", statement.to_pay_cents),
    )
    sheet.height(row, 6)
    row += 1
    for key, cents in sums:
        sheet.put(row, 2, words.text(key, month=month, year=year), LABEL, to=5)
        sheet.put(row, 6, cents, _AMOUNT.but(ink=RED if cents < 0 else INK))
        row += 1
    sheet.height(row, 10)
    return row + 1


def _attention(sheet: Sheet, row: int, statement: Statement, words: Wording) -> int:
    """What the provider should look at: refused lines and signals."""
    points = []
    if statement.refused_lines:
        delivered = statement.accepted_lines + statement.refused_lines
        points.append(words.text("lines were refused", refused=statement.refused_lines, delivered=delivered))
    # The refused lines have just been told, with the number delivered.
    alerts = [alert for alert in statement.alerts if not (alert.standing and alert.name == "lines refused")]
    for alert in alerts[:MOST_SIGNALS_ON_FIRST_PAGE]:
        name = words.signal(alert.name, standing=alert.standing)
        points.append(" · ".join(part for part in (name, alert.service or "", words.formula(alert.working)[1]) if part))
    left = len(alerts) - MOST_SIGNALS_ON_FIRST_PAGE
    if left > 0:
        points.append(words.text("more signals", count=left))
    if not points:
        return row
    _section(sheet, row, words.text("for your attention"))
    row += 1
    for point in points:
        _paragraph(sheet, row, f"•  {point}", VALUE.but(wrap=True))
        row += 1
    sheet.height(row, 10)
    return row + 1


def _section(sheet: Sheet, row: int, text: str) -> None:
    sheet.put(row, _FIRST, text, SECTION, to=_LAST)
    sheet.height(row, 18)


def _paragraph(sheet: Sheet, row: int, text: str, look: Look) -> None:
    sheet.put(row, _FIRST, text, look, to=_LAST)
    sheet.height(row, row_height(lines_of(text, sum(_OVERVIEW_WIDTHS[1:]), look.size), look.size) + 3)


# ---- the lines -------------------------------------------------------------------------------------------


def _lines(book: Book, statement: Statement, words: Wording) -> None:
    lines = statement.lines
    text = words.text
    all_columns = _line_columns(words)
    # A column that says the same nothing on every line is left out; what identifies and what is paid always stands.
    rows = [[value(line) for _, value, _ in all_columns] for line in lines]
    kept = [
        index
        for index, (_, _, always) in enumerate(all_columns)
        if always or any(row[index] not in {None, "", 0, "D"} for row in rows)
    ]
    columns = [_as_wide_as(all_columns[index][0], (row[index] for row in rows)) for index in kept]
    sheet = book.sheet(text("sheet lines"), [column.width for column in columns], landscape=True)
    _heading(sheet, text("lines title"), text("lines subtitle", month=words.month(statement.period)), statement, words)
    if not lines:
        sheet.put(4, 1, text("no lines"), VALUE)
        return
    heading, first = 7, 8
    sheet.heading(heading, columns)
    after = sheet.rows(first, columns, ([row[index] for index in kept] for row in rows))
    sums = {
        text("value"): sum(line.value_cents for line in lines),
        text("cut"): sum(line.cut_cents for line in lines),
        text("of which held"): sum(line.held_cents for line in lines),
        text("earned"): sum(line.earned_cents for line in lines),
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
    """A text column that holds its longest value, within reason."""
    if column.kind != "text":
        return column
    longest = max((len(value) for value in values if isinstance(value, str)), default=0)
    return replace(column, width=max(column.width, min(longest * 0.9 + 1.5, MOST_CHARACTERS)))


def _line_columns(words: Wording) -> list[tuple[Column, _Reader, bool]]:
    """The columns of a line: how it looks, how it is read, and whether it stands even when empty."""
    text = words.text

    return [
        (Column(text("service"), 20, wrap=True), lambda line: line.service, True),
        (Column(text("client"), 9), lambda line: line.client, True),
        (Column(text("product code"), 9), lambda line: line.product_code, False),
        (Column(text("profile"), 10), lambda line: line.profile, False),
        (Column(text("intensity"), 12), lambda line: line.intensity, False),
        (Column(text("start"), 10, "day"), lambda line: line.start, True),
        (Column(text("end"), 10, "day"), lambda line: line.end, True),
        (Column(text("quantity"), 9, "quantity"), lambda line: line.quantity_milli, False),
        (Column(text("unit"), 8.5), lambda line: words.unit(line.unit), False),
        (Column(text("direction"), 5, center=True), lambda line: line.direction, False),
        (Column(text("reference"), 10), lambda line: line.reference, False),
        (Column(text("price"), 10.5, "amount"), lambda line: line.price_cents, False),
        (Column(text("value"), 12, "amount"), lambda line: line.value_cents, True),
        (Column(text("cut"), 11.5, "amount"), lambda line: line.cut_cents, False),
        (Column(text("of which held"), 12, "amount"), lambda line: line.held_cents, False),
        (Column(text("earned"), 12, "amount"), lambda line: line.earned_cents, True),
        (Column(text("reason"), 10, tone="muted"), lambda line: words.reason(line.reason), False),
        (Column(text("file"), 12, tone="muted"), lambda line: _file_name(line.delivery), True),
        (Column(text("row"), 6, "count", tone="muted"), lambda line: line.row, True),
    ]


# ---- the calculation -------------------------------------------------------------------------------------


def _calculation(book: Book, statement: Statement, words: Wording) -> None:
    text = words.text
    columns = [
        Column(text("service"), 19, wrap=True),
        Column(text("term"), 16, wrap=True),
        Column(text("article"), 8),
        Column(text("care month"), 14, "month"),
        Column(text("was"), 13, "amount"),
        Column(text("is"), 13, "amount"),
        Column(text("difference"), 13, "amount"),
        Column(text("formula"), 27, wrap=True, tone="muted"),
        Column(text("with numbers"), 31, wrap=True),
        Column(text("rule"), 17, wrap=True, tone="muted"),
    ]
    sheet = book.sheet(text("sheet calculation"), [column.width for column in columns], landscape=True)
    _heading(sheet, text("calculation title"), text("calculation subtitle"), statement, words)
    heading, first = 4, 5
    sheet.heading(heading, columns)
    after = sheet.rows(first, columns, (_calculation_row(each, words) for each in statement.rows))
    sums = [sum(each.was_cents for each in statement.rows), sum(each.is_cents for each in statement.rows)]
    sums.append(_changed(statement.rows))
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
    sheet.put(row, 1, text("to pay"), bar, to=6)
    sheet.put(row, 7, statement.to_pay_cents, bar.but(kind="amount", align="right"))
    sheet.height(row, 19)
    sheet.keep_in_view(first)
    sheet.repeat(heading)
    if statement.rows:
        sheet.filter(heading, after - 1, len(columns))


def _calculation_row(each: StatementRow, words: Wording) -> list[Value | Toned]:
    formula, filled = words.formula(each.working) if each.working else ("", words.text("no longer due"))
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
        Column(text("article"), 8),
        Column(text("was"), 13, "amount"),
        Column(text("is"), 13, "amount"),
        Column(text("difference"), 13, "amount"),
        Column(text("with numbers"), 40, wrap=True),
    ]
    sheet = book.sheet(text("sheet corrections"), [column.width for column in columns], landscape=True)
    subtitle = text("corrections subtitle", month=words.month(statement.period))
    _heading(sheet, text("corrections title"), subtitle, statement, words)
    changed = [each for each in statement.rows if each.month != statement.period and each.difference_cents]
    if not changed:
        sheet.put(4, 1, text("no corrections"), VALUE)
        return
    changed.sort(key=lambda each: each.month.index)  # stable: within a month as in the calculation
    sheet.put(4, 1, text("by month"), SECTION, to=7)
    heads = [Column(text("care month"), 15, "month"), *columns[4:7]]
    sheet.put(5, 1, heads[0].heading, HEADING)
    for column in range(2, 8):
        name = columns[column - 1].heading if column >= 5 else ""
        sheet.put(5, column, name, HEADING.but(align="right"))
    row = 6
    months: dict[Month, list[StatementRow]] = {}
    for each in changed:
        months.setdefault(each.month, []).append(each)
    summary = columns[:7]
    by_month: list[list[Value | Toned]] = [
        [month, "", "", "", sum(each.was_cents for each in own), sum(each.is_cents for each in own), _changed(own)]
        for month, own in months.items()
    ]
    row = sheet.rows(row, summary, by_month) + 1
    sheet.put(row, 1, text("by term"), SECTION, to=8)
    sheet.heading(row + 1, columns)
    first = row + 2
    after = sheet.rows(first, columns, (_correction_row(each, words) for each in changed))
    sums = [sum(each.was_cents for each in changed), sum(each.is_cents for each in changed), _changed(changed)]
    _totals(sheet, (first, after), columns, dict(zip((5, 6, 7), sums, strict=True)), words)


def _correction_row(each: StatementRow, words: Wording) -> list[Value | Toned]:
    return [
        each.month,
        each.service if each.service is not None else words.text("whole contract"),
        words.term(each.term),
        each.article,
        each.was_cents,
        each.is_cents,
        _difference(each),
        words.formula(each.working)[1] if each.working else words.text("no longer due"),
    ]


# ---- the course of the year ------------------------------------------------------------------------------


def _course(book: Book, statement: Statement, words: Wording) -> None:
    text = words.text
    course = statement.course
    everything: list[tuple[str, Column, list[Value]]] = [
        ("month", Column(text("month"), 12), [f"{words.short_month(each.month)} {each.month.year}" for each in course]),
        ("paid", Column(text("paid"), 13.5, "amount"), [each.paid_cents for each in course]),
        ("claimed", Column(text("delivered"), 13.5, "amount"), [each.claimed_cents for each in course]),
        ("entitled", Column(text("entitled"), 13.5, "amount"), [each.entitled_cents for each in course]),
        ("paid to date", Column(text("paid to date"), 16, "amount"), _to_date([each.paid_cents for each in course])),
        (
            "claimed to date",
            Column(text("delivered to date"), 16.5, "amount"),
            _to_date([each.claimed_cents for each in course]),
        ),
        (
            "limit",
            Column(text("ceiling" if _has_ceiling(statement) else "budget to date"), 15, "amount"),
            [each.limit_to_date_cents for each in course],
        ),
        ("clients", Column(text("clients"), 11, "count"), [each.clients_to_date for each in course]),
        ("minimum", Column(text("minimum to date"), 14, "decimal"), [each.minimum_to_date for each in course]),
    ]
    shown = [each for each in everything if any(value is not None for value in each[2])]
    columns = [column for _, column, _ in shown]
    sheet = book.sheet(text("sheet course"), [column.width for column in columns], one_page=True)
    _heading(sheet, text("course title", year=statement.period.year), text("course subtitle"), statement, words)
    sheet.heading(4, columns)
    after = sheet.rows(5, columns, zip(*(values for _, _, values in shown), strict=True))
    row = after + 1
    for chart in _charts(shown, words):
        sheet.chart(row, 1, chart)
        row += 17
    sheet.repeat(4)


def _charts(shown: Sequence[tuple[str, Column, list[Value]]], words: Wording) -> list[Chart]:
    """The charts for which there are figures: by month, to date against the bound, clients against the minimum."""

    place = {key: index for index, (key, _, _) in enumerate(shown, start=1)}
    wanted: tuple[tuple[Shape, str, Sequence[tuple[str, Stroke]]], ...] = (
        ("columns", "chart by month", [("paid", "light"), ("claimed", "dark")]),
        ("lines", "chart to date", [("limit", "dashed"), ("paid to date", "light"), ("claimed to date", "dark")]),
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
                    width=sum(column.width for _, column, _ in shown),
                    from_nought=not any(_below_nought(shown[column - 1][2]) for column, _ in series),
                )
            )
    return made


def _has_ceiling(statement: Statement) -> bool:
    return any(isinstance(term, Ceiling) for _, term in statement.contract.every_term())


def _below_nought(values: Iterable[Value]) -> bool:
    return any(isinstance(value, int) and value < 0 for value in values)


def _to_date(amounts: Sequence[int | None]) -> list[Value]:
    """Running totals up to the last month that has a figure; empty after it."""
    known = [index for index, cents in enumerate(amounts) if cents is not None]
    if not known:
        return [None] * len(amounts)
    totals = list(accumulate(cents or 0 for cents in amounts[: known[-1] + 1]))
    return [*totals, *[None] * (len(amounts) - len(totals))]


# ---- signals and refusals --------------------------------------------------------------------------------


def _signals(book: Book, statement: Statement, words: Wording) -> None:
    text = words.text
    alerts = [
        Column(text("severity"), 10, center=True),
        Column(text("service"), 22, wrap=True),
        Column(text("signal"), 28, wrap=True),
        Column(text("figure"), 14),
        Column(text("norm"), 14),
        Column(text("article"), 9),
        Column(text("explanation"), 44, wrap=True),
    ]
    refusals = [
        Column(text("file"), 22, wrap=True),
        Column(text("sheet"), 12, wrap=True),
        Column(text("cell"), 8),
        Column(text("column"), 16, wrap=True),
        Column(text("found"), 20, wrap=True),
        Column(text("what to do"), 52, wrap=True),
        Column(text("national code"), 9, center=True),
    ]
    sheet = book.sheet(text("sheet signals"), [22, 14, 28, 16, 20, 52, 11], landscape=True)
    refusals = _fitted(refusals, (22, 14, 28, 16, 20, 52, 11), (0, 1, 3, 2, 4, 5, 6))
    _heading(sheet, text("signals title"), text("signals subtitle"), statement, words)
    sheet.put(4, 1, text("signals"), SECTION, to=7)
    row = 5
    if statement.alerts:
        alerts = _fitted(alerts, (22, 14, 28, 16, 20, 52, 11), (1, 0, 2, 3, 4, 6, 5))
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
                    words.formula(alert.working)[1],
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
                refusal.cell or (text("at row", row=refusal.row) if refusal.row else ""),
                refusal.found,
                words.refusal(refusal),
                refusal.national,
            ]
            for refusal in statement.refusals
        ),
    )
    sheet.filter(row, after - 1, len(refusals))


def _fitted(columns: Sequence[Column], widths: Sequence[float], order: Sequence[int]) -> list[Column]:
    """Columns in another order on a sheet whose widths are shared by two tables."""
    chosen = [columns[index] for index in order]
    return [replace(each, width=width) for each, width in zip(chosen, widths, strict=True)]


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
    _heading(sheet, text("origin title"), text("origin subtitle"), statement, words)
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
    for key in ("value", "cut", "held", "earned", "was is difference", "carried", "refusal", "digest"):
        explanation = text(f"glossary {key}")
        sheet.put(row, 1, text(f"word {key}"), STRONG.but(size=9, vertical="top"))
        sheet.put(row, 2, explanation, Look(size=9, wrap=True, vertical="top"), to=7)
        sheet.height(row, row_height(lines_of(explanation, width)))
        row += 1


def _delivery_row(each: Delivery, statement: Statement, words: Wording) -> list[Value | Toned]:
    own = [refusal for refusal in statement.refusals if refusal.delivery == each.key]
    refused = each.rows if any(not refusal.row for refusal in own) else len({refusal.row for refusal in own})
    remarks = [words.note(note) for note in each.notes]
    if each.replaced_by is not None:
        remarks.insert(0, words.text("replaced by", file=_file_name(each.replaced_by)))
    return [
        each.key,
        each.claim_month,
        each.rows,
        each.rows - refused if each.used else None,
        refused if each.used else None,
        "; ".join(remarks) or words.text("used file"),
        each.digest,
    ]


# ---- shared ----------------------------------------------------------------------------------------------


def _heading(sheet: Sheet, title: str, subtitle: str, statement: Statement, words: Wording) -> None:
    """The head of every sheet but the first: what it is, and of which statement."""
    sheet.put(1, 1, title, TITLE.but(size=16))
    sheet.height(1, 24)
    whose = " · ".join((statement.number, statement.provider.name, words.month(statement.period)))
    if not statement.final:
        whose = f"{words.text('draft mark')} · {whose}"
    sheet.put(2, 1, f"{whose}. {subtitle}", SUBTITLE.but(size=9))
    sheet.height(3, 6)


def _difference(row: StatementRow) -> Toned:
    cents = row.difference_cents
    return Toned(cents, "negative" if cents < 0 else "strong" if cents else "muted")


def _changed(rows: Iterable[StatementRow]) -> int:
    return sum(each.difference_cents for each in rows)


def _spaced(iban: str) -> str:
    """An IBAN in groups of four, as people read it."""
    return " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))


def _file_name(key: str) -> str:
    return key.rpartition("/")[2]
