"""The first page of a statement: who, which contract and month, what is paid and why, and where the year stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from settlement.domain.records import Statement, StatementRow
from settlement.paper.book import Book, Sheet, Value, lines_of, row_height
from settlement.paper.charts import Chart
from settlement.paper.logo import Logo
from settlement.paper.looks import (
    AMBER,
    BAR,
    DRAFT,
    INK,
    LABEL,
    MUTED,
    NAVY,
    NOTE,
    RED,
    RULE,
    SECTION,
    SUBTITLE,
    TITLE,
    VALUE,
    Look,
)
from settlement.wording import Wording

MOST_ROWS_ON_FIRST_PAGE = 16
"""More rows of the month than this are shown as one for each service, so that the page stays one page."""

MOST_SIGNALS_ON_FIRST_PAGE = 4

_HEAD = Look(size=9, ink=MUTED, bottom=RULE)
_HEAD_RIGHT = _HEAD.but(align="right")
_AMOUNT = Look(kind="amount", align="right")

_FIRST, _LAST = 2, 8
_OVERVIEW_WIDTHS = (1.5, 25.5, 9.5, 9.5, 16, 16, 16, 16.5)
"""Wide enough for amounts of nine figures in bold: an amount that does not fit would show as ###."""


_PAGE = 930
"""What an A4 holds, in points, when it is printed a little smaller than its width alone asks for (then it holds 870)."""
_CHART = 150
"""What the chart takes of it."""


def first_page(book: Book, statement: Statement, words: Wording, logo: Logo | None) -> tuple[Sheet, int | None]:
    """Writes the page: one A4, whatever the number of rows and services. Answers it with the row from which a chart of the
    year has room; ``None`` when the page is full."""
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
    room = sheet.points(row + 1) + _CHART <= _PAGE
    return sheet, row + 3 if room else None


def year_chart(page: tuple[Sheet, int | None], chart: Chart | None, of: Sheet) -> None:
    """Draws the year below what the page says, where there is room and something to draw. ``of`` holds its figures."""
    sheet, row = page
    if row is not None and chart is not None:
        sheet.chart(row, _FIRST, replace(chart, columns=_LAST - _FIRST + 1, rows=10), of)


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
        # Where the right block has ended, the left one has the whole width.
        wide = 5 if offset < len(blocks[1]) else _LAST
        here = [
            (*block[offset], label, value, last)
            for block, label, value, last in ((blocks[0], 2, 3, wide), (blocks[1], 6, 7, _LAST))
            if offset < len(block)
        ]
        high = max(lines_of(said, sum(_OVERVIEW_WIDTHS[value - 1 : last]), 10) for _, said, _, value, last in here)
        side = "center" if high == 1 else "top"
        for name, said, label, value, last in here:
            sheet.put(row + 1 + offset, label, name, LABEL.but(vertical=side))
            sheet.put(row + 1 + offset, value, said, VALUE.but(wrap=True, vertical=side), to=last)
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
            extra.append((words.text(key), words.text("see corrections", count=len(rows)), changed(rows)))
    if statement.carried_cents:
        key = "carried unpaid" if statement.carried_cents > 0 else "carried too much"
        extra.append((words.text("carried"), words.text(key), statement.carried_cents))
    if extra:
        total = words.text("total of the month", month=words.month(statement.period))
        _amount_row(sheet, row, label=total, cents=changed(month), strong=True)
        row += 1
        for label, basis, cents in extra:
            _amount_row(sheet, row, label=label, basis=basis, cents=cents)
            row += 1
    if statement.to_pay_cents != statement.payable_cents:
        _amount_row(sheet, row, label=words.text("balance"), cents=statement.payable_cents, strong=True)
        row += 1
    if statement.on_hold and statement.payable_cents > 0:
        label = words.text("on hold")
        _amount_row(sheet, row, label=label, basis=statement.on_hold, cents=-statement.payable_cents)
        row += 1
    sheet.height(row, 4)
    row += 1
    sheet.put(row, 2, words.text("to pay"), BAR.but(indent=1), to=6)
    sheet.put(row, 7, statement.to_pay_cents, BAR.but(kind="amount", align="right"), to=_LAST)
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
    for one in statement.decided:
        whose = one.service if one.service is not None else words.text("whole contract")
        text = words.text(f"decided {one.decided}", whose=whose, year=str(one.year), reason=one.reason, by=one.by)
        _paragraph(sheet, row, text, NOTE.but(size=10))
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
        yield name, words.text("see calculation", terms=terms), articles, changed(own)


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
    some_ceiling = some_ceiling or statement.contract.yearly_ceiling
    some_budget = any(each.budget_cents is not None and each.ceiling_cents is None for each in services)
    bound = words.text("ceiling or budget" if some_ceiling and some_budget else "ceiling" if some_ceiling else "budget")
    # Where lines have no value of their own (a task is paid, not its lines), nothing is said of it.
    valued = any(each.claimed_cents for each in services)
    used = [
        Fraction(each.claimed_cents, cents) if cents and valued else None
        for each, cents in zip(services, bounds, strict=True)
    ]
    # A bound of the whole contract stands with the total.
    limit = next((each.limit_to_date_cents for each in statement.course if each.month == statement.period), None)
    if not none_of_its_own and not statement.contract.yearly_ceiling:
        limit = sum(cents or 0 for cents in bounds) if None not in bounds else None
    counted = any(each.clients or each.minimum_to_date is not None for each in services)
    outside = statement.contract.outside_ceiling
    shown_bounds: list[Value] = [
        words.text("not under ceiling") if cents is None and each.service in outside else cents
        for each, cents in zip(services, bounds, strict=True)
    ]
    columns: list[tuple[str, list[Value], Look]] = [
        (words.text("clients"), [each.clients if counted else None for each in services], Look(kind="count", align="right")),
        (
            words.text("minimum"),
            [each.minimum_to_date for each in services],
            Look(kind="decimal", align="right"),
        ),
        (words.text("delivered"), [each.claimed_cents if valued else None for each in services], _AMOUNT),
        (words.text("entitled"), [each.entitled_cents for each in services], _AMOUNT),
        (bound, shown_bounds, _AMOUNT),
        (words.text("used"), list(used), Look(kind="share", align="right")),
    ]
    def shown(offset: int, values: Sequence[Value]) -> bool:
        whole_contracts = {4: limit is not None, 5: limit is not None and valued}
        return any(value is not None for value in values) or whole_contracts.get(offset, False)

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
    of_contract = statement.entitled_to_date_cents - sum(each.entitled_cents for each in services)
    if of_contract:
        _of_contract(sheet, row, of_contract, words)
        row += 1
    if len(services) > 1 or none_of_its_own or of_contract:
        _total(sheet, row, statement, limit, words)
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


def _total(sheet: Sheet, row: int, statement: Statement, limit: int | None, words: Wording) -> None:
    """The services together, beside the bound of the whole contract."""
    services = statement.services
    outside = statement.contract.outside_ceiling
    claimed = sum(each.claimed_cents for each in services)
    used = sum(each.claimed_cents for each in services if each.service not in outside)
    look = Look(bold=True, bottom=NAVY, align="right")
    sheet.put(row, 2, words.text("total"), look.but(align="left", indent=0), to=4)
    sheet.put(row, 5, claimed or None, look.but(kind="amount"))
    sheet.put(row, 6, statement.entitled_to_date_cents, look.but(kind="amount"))
    sheet.put(row, 7, limit, look.but(kind="amount"))
    sheet.put(row, 8, Fraction(used, limit) if limit and claimed else None, look.but(kind="share"))


def _of_contract(sheet: Sheet, row: int, cents: int, words: Wording) -> None:
    """What terms of the whole contract give or take (its ceiling, a bonus, what is withheld): it belongs to no service."""
    sheet.put(row, 2, words.text("whole contract"), Look(bottom=RULE))
    for column in range(3, _LAST + 1):
        sheet.put(row, column, None, Look(bottom=RULE))
    sheet.put(row, 6, cents, _AMOUNT.but(bottom=RULE, ink=RED if cents < 0 else INK))


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


def changed(rows: Iterable[StatementRow]) -> int:
    """What rows add to the payment together, in cents."""
    return sum(each.difference_cents for each in rows)


def _spaced(iban: str) -> str:
    """An IBAN in groups of four, as people read it."""
    return " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
