"""A contract as a card in plain words: every term in sentences with its article, to lay beside the signed contract."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from settlement.domain.conditions import Condition
from settlement.domain.contract import (
    ArrangementFee,
    AvailabilityFee,
    BonusMalus,
    Budget,
    Ceiling,
    Contract,
    Corridor,
    Dated,
    DeliveryTerms,
    Indexation,
    MinimumClients,
    MonthlyTariff,
    OutcomeBonus,
    PaymentHold,
    PersonFee,
    Price,
    Provider,
    Service,
    SharedSavings,
    Signal,
    Tariff,
    Term,
    Value,
    WeeklyTariff,
    Withhold,
)
from settlement.wording import Language, Wording, wording

_WIDTH = 92


def contract_card(
    contract: Contract, provider: Provider, language: Language = "nl", holds: Sequence[PaymentHold] = ()
) -> str:
    """The card: who and when, each service with its terms, the terms of the whole contract, signals and deliveries.

    Every figure of the rule file stands in it, by date; nothing in it is computed but the index that was worked in.
    """
    words = wording(language)
    text = words.text
    card = _Card()
    card.title(text("card contract", number=contract.number, title=contract.title))
    card.line(text("card parties", municipality=contract.municipality, provider=provider.name))
    funding = words.funding(contract.funding)
    card.line(text("card period", starts=words.day(contract.starts), ends=words.day(contract.ends), funding=funding))
    details = (("kvk", provider.kvk), ("agb", provider.agb), ("iban", provider.iban))
    told = [provider.name, *(f"{text(name)} {value}" for name, value in details if value)]
    card.line(f"{text('card provider')}: {', '.join(told)}")
    card.line(text(f"card rounding {contract.rounding}"))
    if contract.total_budget is not None:
        card.line(text("card total budget"))
        card.table(_prices(contract.total_budget, words))
    for service in contract.services.values():
        card.heading(service.name)
        if service.codes:
            card.line(text("card codes", codes=", ".join(_code(service, code) for code in service.codes)))
        for term in service.terms.values():
            _term(card, term, words)
        if not service.terms:
            card.line(text("card no terms"))
    if contract.terms:
        card.heading(text("card terms"))
        for term in contract.terms.values():
            _term(card, term, words)
    if contract.signals:
        card.heading(text("card signals"))
        for signal in contract.signals:
            card.item(_signal(signal, words))
    _deliveries(card, contract.deliveries, words)
    if holds:
        card.heading(text("card holds"))
        for hold in holds:
            card.item(_hold(hold, words))
    return str(card)


class _Card:
    """Lines of plain text, wrapped at 92 characters."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def title(self, text: str) -> None:
        self._lines += [text, "=" * min(len(text), _WIDTH)]

    def heading(self, text: str) -> None:
        self._lines += ["", text, "-" * min(len(text), _WIDTH)]

    def term(self, name: str, article: str) -> None:
        self._lines += ["", f"{name} ({article})"]

    def line(self, text: str, indent: str = "") -> None:
        self._lines += textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent)

    def item(self, text: str, indent: str = "") -> None:
        self._lines += textwrap.wrap(text, _WIDTH, initial_indent=f"{indent}- ", subsequent_indent=f"{indent}  ")

    def table(self, rows: Sequence[tuple[str, ...]], indent: str = "  ") -> None:
        """Rows in columns; the last one ragged."""
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)] if rows else []
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
            self._lines.append((indent + "  ".join([*cells, row[-1]])).rstrip())

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"


def _deliveries(card: _Card, terms: DeliveryTerms, words: Wording) -> None:
    """How the provider delivers, and until when."""
    text = words.text
    card.heading(text("card deliveries"))
    if terms.messages_to:
        card.line(text("card messages", receivers=", ".join(terms.messages_to)))
    deadline = terms.claim_deadline
    if deadline is None:
        card.line(text("card no deadline"))
    else:
        card.line(text("card claim deadline", months=words.duration(deadline.months)))
    card.line(text("card corrections", months=words.duration(terms.corrections_until.months)))
    if terms.headings:
        card.line(text("card headings"))
        card.table([(words.field(field), ", ".join(names)) for field, names in terms.headings.items()])


def _hold(hold: PaymentHold, words: Wording) -> str:
    """What a person keeps back, from when, why and who; and since when it is paid again."""
    since = words.month(hold.since)
    if hold.until is None:
        return words.text("card hold", since=since, reason=hold.reason, by=hold.by)
    until, released_by = words.month(hold.until), hold.released_by
    return words.text("card hold released", since=since, reason=hold.reason, by=hold.by, until=until, released_by=released_by)


def _code(service: Service, code: str) -> str:
    """A product code, with the profile and intensity that it stands for."""
    levels = service.code_levels.get(code, {})
    said = ", ".join(levels[level] for level in ("profile", "intensity") if level in levels)
    return f"{code} ({said})" if said else code


def _term(card: _Card, term: Term, words: Wording) -> None:
    card.term(words.term(term.kind), words.text("card article", article=term.article))
    for part in _TOLD[type(term)](term, words):
        if isinstance(part, str):
            card.line(part, "  ")
        elif part and isinstance(part[0], str):
            for item in part:
                card.item(str(item), "    ")
        elif part:
            card.table([tuple(map(str, row)) for row in part], "    ")


_Part = str | Sequence[str] | Sequence[tuple[str, ...]]
"""A sentence, a list of items, or a table."""


# ---- dated figures ---------------------------------------------------------------------------------------


def _dated(amounts: Dated[Value], words: Wording, told: Callable[[Value], str]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for step in amounts.steps:
        value = words.text("card stops") if step.value is None else told(step.value)
        rows.append((words.text("card from", day=words.day(step.day)), value))
    return rows


def _price(price: Price, words: Wording) -> str:
    amount = words.euro(price.cents)
    if price.indexed is None:
        return amount
    before, index = words.euro(price.indexed.cents_before), words.share(Fraction(price.indexed.index_bp, 10_000))
    return f"{amount} {words.text('card indexed', before=before, index=index, article=price.indexed.article)}"


def _prices(amounts: Dated[Price], words: Wording) -> list[tuple[str, ...]]:
    return _dated(amounts, words, lambda price: _price(price, words))


def _counts(amounts: Dated[int], words: Wording) -> list[tuple[str, ...]]:
    return _dated(amounts, words, words.number)


def _tariffs(amounts: Dated[Mapping[tuple[str, ...], Price]], words: Wording) -> list[tuple[str, ...]]:
    """The table of each date: a row for each level, the day on the first."""
    rows: list[tuple[str, ...]] = []
    for step in amounts.steps:
        day = words.text("card from", day=words.day(step.day))
        if step.value is None:
            rows.append((day, "", words.text("card stops")))
            continue
        for levels, price in step.value.items():
            rows.append((day, ", ".join(levels), _price(price, words)))
            day = ""
    if all(not row[1] for row in rows):
        return [(row[0], row[2]) for row in rows]
    return rows


def _by(levels: Sequence[str], words: Wording) -> str:
    if not levels:
        return ""
    both = f" {words.text('and')} ".join(words.text(f"card by {level}") for level in levels)
    return words.text("card by", levels=both)


def _share(basis_points: int, words: Wording) -> str:
    return words.share(Fraction(basis_points, 10_000))


# ---- terms that earn -------------------------------------------------------------------------------------


def _tariff(term: Tariff, words: Wording) -> Iterator[_Part]:
    text = words.text
    yield text("card tariff", unit=words.unit(term.per, several=False), by=_by(term.by, words))
    yield _tariffs(term.amounts, words)
    if term.delivered_in != term.per:
        yield text("card tariff delivered in", unit=words.unit(term.delivered_in))
    yield text(f"card priced on {term.priced_on}")
    if term.whole_hours:
        yield text("card tariff whole hours")
    if term.at_most is not None:
        quantity = words.number(Fraction(term.at_most.quantity_milli, 1000), at_most=3)
        yield text(f"card at most {term.at_most.within}", quantity=quantity, unit=words.unit(term.per))


def _weekly_tariff(term: WeeklyTariff, words: Wording) -> Iterator[_Part]:
    text = words.text
    yield text("card weekly_tariff", by=_by(term.by, words))
    yield _tariffs(term.amounts, words)
    yield text(f"card weeks {term.weeks}")
    if term.weeks == "sundays":
        yield text(f"card short {term.short_allocation}")
    yield text(f"card priced on {term.priced_on}")


def _arrangement_fee(term: ArrangementFee, words: Wording) -> Iterator[_Part]:
    text, paid = words.text, term.paid
    yield text("card arrangement_fee", by=_by(term.by, words))
    yield _tariffs(term.amounts, words)
    yield text(f"card priced on {term.priced_on}")
    if paid.months:
        yield text("card paid months", months=paid.months)
    elif paid.at_start_bp and paid.at_result_bp:
        yield text("card paid shares", start=_share(paid.at_start_bp, words), result=_share(paid.at_result_bp, words))
    else:
        yield text("card paid at start" if paid.at_start_bp else "card paid at result")
    if paid.at_result_bp:
        yield text(f"card without result {term.without_result}")
    yield text("card longer or heavier")
    yield text("card one at a time" if term.one_at_a_time else "card several at a time")
    yield text(f"card change {term.on_change}")


def _monthly_tariff(term: MonthlyTariff, words: Wording) -> Iterator[_Part]:
    text = words.text
    yield text("card monthly_tariff", by=_by(term.by, words))
    yield _tariffs(term.amounts, words)
    yield text(f"card first {term.first_broken_month}")
    yield text(f"card last {term.last_broken_month}")
    yield text(f"card priced on {term.priced_on}")


def _person_fee(term: PersonFee, words: Wording) -> Iterator[_Part]:
    yield words.text(f"card person_fee {term.per}")
    yield _prices(term.amounts, words)
    yield words.text(f"card counted {term.counted_on}")


def _budget(term: Budget, words: Wording) -> Iterator[_Part]:
    text = words.text
    whole = {"at start": "card paid all at start", "at end": "card paid all at end"}
    paid = whole.get(term.paid, f"card paid {term.paid}")
    yield text(f"card {term.kind}", paid=text(paid))
    yield _prices(term.amounts, words)
    yield text(f"card broken year {term.broken_year}")
    if term.derived_from:
        yield text("card derived", within=words.euro(term.derived_within_cents))
        kinds: dict[str, Callable[[int], str]] = {
            "count": words.number,
            "amount": words.euro,
            "share": lambda basis_points: _share(basis_points, words),
        }
        yield [
            (row.name, " × ".join(kinds[kind](figure) for _, kind, figure in row.factors), f"= {words.euro(row.cents)}")
            for row in term.derived_from
        ]


# ---- terms that bound ------------------------------------------------------------------------------------


def _ceiling(term: Ceiling, words: Wording) -> Iterator[_Part]:
    text = words.text
    yield text(f"card ceiling {term.per}")
    yield _prices(term.amounts, words)
    yield text(f"card above {term.above}", share=_share(term.above_share_bp, words))
    if term.over is not None:
        yield text("card ceiling over", services=", ".join(term.over))
    if term.exempt:
        yield text("card ceiling exempt", services=", ".join(term.exempt))
    if term.signal_at_bp:
        both = f" {words.text('and')} "
        yield text("card signal at", shares=both.join(_share(share, words) for share in term.signal_at_bp))
    yield text(f"card broken year {term.broken_year}")


def _minimum_clients(term: MinimumClients, words: Wording) -> Iterator[_Part]:
    text = words.text
    yield text("card minimum_clients")
    yield _counts(term.amounts, words)
    yield text("card signal below", share=_share(term.signal_below_bp, words))
    yield text(f"card settles {term.settles}")
    if term.share_of_budget:
        yield text("card per missing share")
    elif term.per_missing_client_cents is not None:
        yield text("card per missing", amount=words.euro(term.per_missing_client_cents))
    if term.tolerance_bp:
        yield text("card tolerance", share=_share(term.tolerance_bp, words))
    yield text(f"card broken year {term.broken_year}")


def _corridor(term: Corridor, words: Wording) -> Iterator[_Part]:
    margin, above, below = (_share(share, words) for share in (term.margin_bp, term.above_bp, term.below_bp))
    yield words.text("card corridor", margin=margin, above=above, below=below)
    yield words.text(f"card settles {term.settles}")


# ---- terms that reward -----------------------------------------------------------------------------------


def _needs(needs: Iterable[Condition], words: Wording) -> list[str]:
    return [words.condition(condition) for condition in needs]


def _responses(count: int, words: Wording) -> Iterator[_Part]:
    if count:
        yield words.text("card minimum responses", count=count)


def _outcome_bonus(term: OutcomeBonus, words: Wording) -> Iterator[_Part]:
    text = words.text
    yield text("card outcome_bonus", share=_share(term.share_bp, words), of=text(f"card of {term.of}"))
    yield text("card needs")
    yield _needs(term.needs, words)
    if term.from_day is not None:
        yield text("card bonus from", day=words.day(term.from_day))
    if term.at_most_cents is not None:
        yield text("card at most amount", amount=words.euro(term.at_most_cents))
    yield from _responses(term.minimum_responses, words)
    yield text(f"card settles {term.settles}")


def _bonus_malus(term: BonusMalus, words: Wording) -> Iterator[_Part]:
    text = words.text
    yield text("card bonus_malus", measure=words.measure(term.measure), of=text(f"card of {term.of}"))
    yield [
        text(
            "card band",
            condition=text("card otherwise") if band.holds is None else words.condition(band.holds),
            share=_share(band.share_bp, words),
        )
        for band in term.bands
    ]
    yield from _responses(term.minimum_responses, words)
    yield text(f"card settles {term.settles}")


def _withhold(term: Withhold, words: Wording) -> Iterator[_Part]:
    yield words.text("card withhold", share=_share(term.share_bp, words))
    yield _needs(term.needs, words)
    yield from _responses(term.minimum_responses, words)
    yield words.text(f"card settles {term.settles}")


def _shared_savings(term: SharedSavings, words: Wording) -> Iterator[_Part]:
    text = words.text
    yield text("card shared_savings", share=_share(term.share_bp, words))
    yield _prices(term.against, words)
    if term.savings_from_bp:
        yield text("card savings from", share=_share(term.savings_from_bp, words))
    if term.at_most_cents is not None:
        yield text("card at most amount", amount=words.euro(term.at_most_cents))
    yield text(f"card settles {term.settles}")
    yield text(f"card broken year {term.broken_year}")


def _indexation(term: Indexation, words: Wording) -> Iterator[_Part]:
    text = words.text
    yield text("card indexation")
    rows: list[tuple[str, ...]] = []
    for index in term.indexes:
        told = text("card forecast", share=_share(index.forecast_bp, words))
        if index.final_previous_bp is not None:
            told += f"; {text('card final previous', share=_share(index.final_previous_bp, words))}"
        rows.append((text("card from", day=words.day(index.day)), told))
    yield rows


def _signal(signal: Signal, words: Wording) -> str:
    both = f" {words.text('and')} "
    name = signal.name
    if signal.service is not None:
        name += f", {words.text('card for service', service=signal.service)}"
    told = words.text(
        "card signal",
        name=name,
        severity=words.severity(signal.severity).lower(),
        when=both.join(_needs(signal.when, words)),
    )
    if signal.unless:
        told += f", {words.text('card unless', when=both.join(_needs(signal.unless, words)))}"
    if signal.to is not None:
        told += f"; {words.text('card signal to', role=words.role(signal.to))}"
    return told


_TOLD: Mapping[type[Term], Callable[..., Iterator[_Part]]] = {
    Tariff: _tariff,
    WeeklyTariff: _weekly_tariff,
    ArrangementFee: _arrangement_fee,
    MonthlyTariff: _monthly_tariff,
    PersonFee: _person_fee,
    Budget: _budget,
    AvailabilityFee: _budget,
    Ceiling: _ceiling,
    MinimumClients: _minimum_clients,
    Corridor: _corridor,
    OutcomeBonus: _outcome_bonus,
    BonusMalus: _bonus_malus,
    Withhold: _withhold,
    SharedSavings: _shared_savings,
    Indexation: _indexation,
}
"""How each kind of term is told; a test holds that every kind of domain/contract.py is here."""
