"""One contract's file to a draft: its terms, signals and how its provider delivers, as far as they can be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from settlement.domain.conditions import Comparison, Figure
from settlement.domain.contract import (
    Band,
    Contract,
    DeliveryTerms,
    Derivation,
    Index,
    Indexation,
    PaidParts,
    Service,
    Signal,
    Term,
)
from settlement.domain.money import BASIS_POINTS, divide_half_up
from settlement.rules.blocks import (
    Keys,
    check_alike,
    read_keys,
    read_one,
    read_table,
    under,
)
from settlement.rules.codes import CodeLevels, check_code_levels, read_codes
from settlement.rules.conditions import check_measure, check_size, read_comparisons, read_conditions
from settlement.rules.grammar import (
    SIGNED_SHARE,
    NotAccepted,
    Value,
    did_you_mean,
    quote,
    read_count,
    read_day,
    read_money,
    read_signed_share,
    write_share,
)
from settlement.rules.headings import read_headings
from settlement.rules.language import (
    CONTRACT,
    CONTRACT_KINDS,
    DELIVERIES,
    INDEX_DAY,
    PAID_PARTS,
    SERVICE,
    SERVICE_KINDS,
    SIGNAL,
    TERMS,
    Block,
)
from settlement.rules.page import Page
from settlement.rules.tree import Entry, List, Mapping, Text


@dataclass(slots=True)
class DraftTerm:
    """A term as read: its keys with their places, and the term itself when all of it could be read."""

    kind: str
    keys: Keys
    term: Term | None


@dataclass(slots=True)
class DraftService:
    """A service as read."""

    name: Text
    keys: Keys
    codes: tuple[str, ...] = ()
    terms: dict[str, DraftTerm] = field(default_factory=dict)
    code_levels: CodeLevels = field(default_factory=dict)


@dataclass(slots=True)
class DraftSignal:
    """A signal as read; ``signal`` is ``None`` when it has a problem."""

    keys: Keys
    signal: Signal | None


@dataclass(slots=True)
class Draft:
    """A contract as read, before it is checked as a whole. What has a problem is there without its record."""

    page: Page
    keys: Keys
    services: dict[str, DraftService] = field(default_factory=dict)
    terms: dict[str, DraftTerm] = field(default_factory=dict)
    signals: list[DraftSignal] = field(default_factory=list)
    deliveries: DeliveryTerms = field(default_factory=DeliveryTerms)
    deliveries_keys: Keys | None = None

    @property
    def number(self) -> str | None:
        """The number of the contract; ``None`` when it cannot be read."""
        return self.keys.fields.get("number")

    def every_term(self) -> list[tuple[DraftService | None, DraftTerm]]:
        """Each term with its service (``None``: the contract's own), in the order of the file."""
        found: list[tuple[DraftService | None, DraftTerm]] = []
        for service in self.services.values():
            found += [(service, term) for term in service.terms.values()]
        return found + [(None, term) for term in self.terms.values()]

    def finish(self) -> Contract:
        """The contract. To be asked only of a draft whose page has no problems."""
        services = {
            name: Service(
                name,
                draft.name.place,
                draft.codes,
                {kind: _whole(term) for kind, term in draft.terms.items()},
                draft.code_levels,
            )
            for name, draft in self.services.items()
        }
        fields = {name: value for name, value in self.keys.fields.items() if name != "broken_year"}
        fields.setdefault("total_budget", None)
        return Contract(
            **fields,
            services=services,
            terms={kind: _whole(term) for kind, term in self.terms.items()},
            signals=tuple(draft.signal for draft in self.signals if draft.signal is not None),
            deliveries=self.deliveries,
            place=self.keys.entries["contract"].key.place,
            digest=self.page.digest,
        )


def _whole(draft: DraftTerm) -> Term:
    if draft.term is None:  # pragma: no cover -- a page without problems has no such term
        raise AssertionError(f"{draft.kind} has no record, and no problem says so")
    return draft.term


# ---- the file --------------------------------------------------------------------------------------------


def read_contract(page: Page, root: Mapping) -> Draft:
    """Reads a contract's file; what cannot be read is a problem on the page."""
    draft = Draft(page, read_keys(page, CONTRACT, root, root.place))
    entries = draft.keys.entries
    broken_year = draft.keys.fields.get("broken_year", "pro rata")
    if "services" in entries:
        services = under(draft.keys, entries["services"], "crisiszorg:")
        check_alike(draft.keys, services)
        for entry in services.entries if services is not None else ():
            draft.services[entry.key.value] = _read_service(draft, entry, broken_year)
    if "terms" in entries:
        terms = under(draft.keys, entries["terms"], "ceiling:")
        if terms is not None:
            block = Block("terms", "The terms of the whole contract.", ())
            keys = read_keys(page, block, terms, entries["terms"].key.place, CONTRACT_KINDS)
            draft.terms = _read_terms(keys, CONTRACT_KINDS, broken_year)
    if "signals" in entries:
        _read_signals(draft, entries["signals"])
    if "deliveries" in entries:
        mapping = under(draft.keys, entries["deliveries"], "claim_deadline: 1 month")
        if mapping is not None:
            draft.deliveries, draft.deliveries_keys = _read_deliveries(page, mapping, entries["deliveries"])
    return draft


def _read_service(draft: Draft, entry: Entry, broken_year: str) -> DraftService:
    block = Block(f"service {quote(entry.key.value)}", SERVICE.says, SERVICE.keys)
    mapping = under(draft.keys, entry, "budget:")
    keys = read_keys(draft.page, block, mapping or Mapping((), entry.key.place), entry.key.place, SERVICE_KINDS)
    if not entry.key.value or len(entry.key.value) > 100:
        keys.problem(
            "service-name",
            entry.key.place,
            "a service needs a name of at most 100 characters",
            "Write the name as the contract does.",
        )
    service = DraftService(entry.key, keys, terms=_read_terms(keys, SERVICE_KINDS, broken_year))
    priced = next((term.keys.fields for term in service.terms.values() if "by" in term.keys.fields), {})
    levels = priced.get("by", ())
    service.codes, service.code_levels = read_codes(keys, levels)
    check_code_levels(keys, service.code_levels, priced.get("amounts"), levels)
    if not service.terms and keys.whole and mapping is not None:
        keys.problem(
            "service-without-terms",
            entry.key.place,
            f"service {quote(entry.key.value)} has no term",
            "Write below it what is paid for it, such as a tariff or a budget; what is not bought is left out.",
        )
    return service


def _read_terms(keys: Keys, kinds: tuple[str, ...], broken_year: str) -> dict[str, DraftTerm]:
    return {
        name: _read_term(keys, entry, TERMS[name], broken_year) for name, entry in keys.entries.items() if name in kinds
    }


def _read_term(above: Keys, entry: Entry, block: Block, broken_year: str) -> DraftTerm:
    mapping = under(above, entry, "article: 6.1")
    if mapping is None:
        keys = Keys(above.page, block, entry.key.place, whole=False)
        return DraftTerm(block.name, keys, None)
    days = (
        [each.key.value for each in mapping.entries if each.key.value[:1].isdigit()]
        if block.name == "indexation"
        else []
    )
    keys = read_keys(above.page, block, mapping, entry.key.place, days)
    read_rest = {
        "arrangement_fee": _read_paid_parts,
        "budget": _read_derived,
        "availability_fee": _read_derived,
        "bonus_malus": _read_bands,
        "indexation": _read_indexes,
        "outcome_bonus": _read_needs,
        "withhold": _read_needs,
        "tariff": _complete_tariff,
        "ceiling": _complete_ceiling,
    }.get(block.name)
    if read_rest is not None:
        read_rest(keys)
    amounts = block.key("amounts")
    if amounts is not None and amounts.shape == "table" and "amounts" in keys.entries:
        levels = keys.fields.get("by", ())
        if levels or "by" not in keys.entries:
            keys.fields["amounts"] = read_table(keys, keys.entries["amounts"], amounts, levels)
    if block.key("broken_year") is not None and keys.fields.get("broken_year") is None:
        keys.fields["broken_year"] = broken_year
    build: Any = block.builds
    return DraftTerm(block.name, keys, build(place=entry.key.place, **keys.fields) if keys.whole else None)


def _complete_tariff(keys: Keys) -> None:
    if keys.fields.get("delivered_in") is None:
        keys.fields["delivered_in"] = keys.fields.get("per")
    keys.fields["whole_hours"] = keys.fields.get("whole_hours") is not None


def _complete_ceiling(keys: Keys) -> None:
    if "over" not in keys.entries:
        keys.fields["over"] = None
    keys.fields["signal_at_bp"] = tuple(sorted(keys.fields.get("signal_at_bp", ())))
    if len(keys.fields["signal_at_bp"]) > MAXIMUM_SIGNAL_SHARES:
        keys.problem(
            "too-many-shares",
            keys.entries["signal_at"].key.place,
            f"{len(keys.fields['signal_at_bp'])} shares stand here",
            f"At most {MAXIMUM_SIGNAL_SHARES} are told apart: leave the ones that somebody acts on.",
        )


def _read_needs(keys: Keys) -> None:
    if "needs" in keys.entries:
        needs = read_conditions(keys, keys.entries["needs"])
        check_size(keys, keys.entries["needs"].key.place, needs)
        keys.fields["needs"] = needs


# ---- parts of one term -----------------------------------------------------------------------------------


def _read_paid_parts(keys: Keys) -> None:
    entry = keys.entries.get("paid")
    if entry is None:
        return
    mapping = under(keys, entry, "at_start: 50 %")
    if mapping is None:
        return
    parts = read_keys(keys.page, PAID_PARTS, mapping, entry.key.place)
    keys.whole = keys.whole and parts.whole
    if not parts.whole:
        return
    paid = PaidParts(**parts.fields)
    if "months" in parts.entries:
        if len(parts.entries) > 1:
            keys.problem(
                "paid-both-ways",
                parts.entries["months"].key.place,
                "'months' stands beside shares: a fee is paid in one way or in the other",
                "Keep 'months', or keep 'at_start' and 'at_result'.",
            )
        elif not 1 <= paid.months <= 120:
            keys.problem(
                "paid-months",
                parts.place_of("months"),
                f"a fee is not paid in {paid.months} month{'' if paid.months == 1 else 's'}",
                "Write from 1 to 120: months: 12",
            )
    elif paid.at_start_bp + paid.at_result_bp != BASIS_POINTS:
        total = write_share(paid.at_start_bp + paid.at_result_bp)
        rest = write_share(BASIS_POINTS - paid.at_start_bp)
        keys.problem(
            "parts-not-whole",
            entry.key.place,
            f"the parts of the fee add up to {total}",
            f"They must add up to 100 %: with at_start: {write_share(paid.at_start_bp)} goes at_result: {rest}",
        )
    keys.fields["paid"] = paid


def _read_derived(keys: Keys) -> None:
    entry = keys.entries.get("derived_from")
    keys.fields["derived_from"] = ()
    if entry is None:
        return
    mapping = under(keys, entry, "overvecht:")
    rows = [_read_derivation(keys, row) for row in mapping.entries] if mapping is not None else []
    keys.fields["derived_from"] = tuple(row for row in rows if row is not None)


def _read_derivation(keys: Keys, entry: Entry) -> Derivation | None:
    mapping = under(keys, entry, "young_residents: 8200")
    if mapping is None:
        return None
    factors: list[tuple[str, Any, int]] = []
    for factor in mapping.entries:
        example = f"{factor.key.value}: 8200"
        kind_and_figure = read_one(keys, factor, Value("a count, money or a share", "8200", _read_factor), example)
        if kind_and_figure is not None:
            factors.append((factor.key.value, *kind_and_figure))
    if len(factors) < len(mapping.entries):
        return None
    amounts = [name for name, kind, _ in factors if kind == "amount"]
    if len(amounts) != 1:
        many = "no amount of money" if not amounts else f"{len(amounts)} amounts of money"
        keys.problem(
            "derivation-amounts",
            entry.key.place,
            f"{many} stand in {quote(entry.key.value)}" if amounts else f"{many} stands in {quote(entry.key.value)}",
            "One of its factors is an amount, the others are counts or shares: per_resident: € 350,00",
        )
        return None
    product = Fraction(1)
    for _, kind, figure in factors:
        product *= Fraction(figure, BASIS_POINTS) if kind == "share" else figure
    return Derivation(entry.key.value, tuple(factors), divide_half_up(product.numerator, product.denominator))


def _read_factor(text: str) -> tuple[str, int]:
    if "€" in text:
        return "amount", read_money(text)
    if "%" in text:
        return "share", read_signed_share(text)
    return "count", read_count(text)


def _read_bands(keys: Keys) -> None:
    measure = keys.fields.get("measure")
    if measure is not None:
        try:
            check_measure(measure)
        except NotAccepted as answer:
            keys.problem(answer.code, keys.place_of("measure"), answer.message, answer.advice)
            measure = None
    entry = keys.entries.get("bands")
    mapping = under(keys, entry, "below 60 %: -2 %") if entry is not None else None
    if mapping is None or measure is None or entry is None:
        return
    bands = []
    for line in mapping.entries:
        share = read_one(keys, line, SIGNED_SHARE, f"{line.key.value}: 2 %")
        holds = None if line.key.value == "otherwise" else _read_band(keys, line.key, measure)
        bands.append(Band(holds, share or 0, line.key.place))
    keys.fields["bands"] = tuple(bands)
    if keys.whole:
        _check_bands(keys, entry, bands)


def _read_band(keys: Keys, text: Text, measure: str) -> Comparison | None:
    try:
        comparisons = read_comparisons(measure, text.value, text.place)
    except NotAccepted as answer:
        advice = answer.advice
        if did_you_mean(text.value, ["otherwise"]) == "Did you mean 'otherwise'?":
            advice = "Did you mean 'otherwise'?"
        keys.problem(answer.code, text.place, answer.message, advice)
        return None
    if (
        len(comparisons) > 1
        or comparisons[0].operator in ("is", "is not")
        or not isinstance(comparisons[0].value, Figure)
    ):
        keys.problem(
            "band-comparison",
            text.place,
            f"{quote(text.value)} is not the limit of a band",
            "Give a band one limit: below 60 %, at most 60 %, above 60 % or at least 60 %",
        )
        return None
    return comparisons[0]


MAXIMUM_BANDS = 20
MAXIMUM_SIGNAL_SHARES = 10
"""More than anybody needs, and few enough for the engine to judge at once."""


def _check_bands(keys: Keys, entry: Entry, bands: list[Band]) -> None:
    """Every band can be reached: limits go one way, and the last is ``otherwise``."""
    if len(bands) > MAXIMUM_BANDS:
        keys.problem(
            "too-many-bands",
            entry.key.place,
            f"{len(bands)} bands stand here",
            f"At most {MAXIMUM_BANDS} can be judged at once: take bands together.",
        )
        return
    if not bands or bands[-1].holds is not None or any(band.holds is None for band in bands[:-1]):
        place = next((band.place for band in bands[:-1] if band.holds is None), entry.key.place)
        keys.problem(
            "bands-otherwise",
            place,
            "the last band must be 'otherwise', and only the last",
            "Put at the end what holds in all other cases: otherwise: 2 %",
        )
        return
    before: Comparison | None = None
    for band in bands[:-1]:
        now = band.holds
        if (
            before is not None
            and now is not None
            and isinstance(now.value, Figure)
            and isinstance(before.value, Figure)
        ):
            up, is_up = before.operator in ("below", "at most"), now.operator in ("below", "at most")
            limit, last = now.value.value, before.value.value
            wider = now.operator in ("at most", "at least") and before.operator in ("below", "above")
            if up != is_up or ((limit <= last if up else limit >= last) and not (limit == last and wider)):
                keys.problem(
                    "bands-order",
                    band.place,
                    f"the band {quote(now.text)} is never reached behind {quote(before.text)}",
                    "The first band that holds counts. With 'below' put the lowest limit first, "
                    "with 'above' or 'at least' the highest, and don't mix the two.",
                )
        before = now


def _read_indexes(keys: Keys) -> None:
    indexes: list[Index] = []
    for name, entry in keys.entries.items():
        if not name[:1].isdigit():
            continue
        try:
            day = read_day(name)
        except NotAccepted as answer:
            keys.problem(answer.code, entry.key.place, answer.message, answer.advice)
            continue
        mapping = under(keys, entry, "forecast: 3,2 %")
        if mapping is None:
            continue
        figures = read_keys(keys.page, INDEX_DAY, mapping, entry.key.place)
        keys.whole = keys.whole and figures.whole
        if indexes and day < indexes[-1].day:
            keys.problem(
                "days-in-disorder",
                entry.key.place,
                f"{day} stands behind {indexes[-1].day}",
                "Put the days in order, the first at the top.",
            )
        elif figures.whole:
            index = Index(day, **figures.fields, place=entry.key.place)
            if index.final_previous_bp is not None and not indexes:
                figures.problem(
                    "no-forecast-before",
                    figures.place_of("final_previous"),
                    "the index before this one is not here, so there is no forecast to correct",
                    "Add the day before with its forecast, or take 'final_previous' out.",
                )
            indexes.append(index)
    if not indexes and keys.whole:
        keys.problem(
            "no-index", keys.owner, "this indexation has no day", "Write below it:\n  2019-01-01:\n    forecast: 3,2 %"
        )
    keys.fields["indexes"] = tuple(indexes)


def indexation_of(draft: Draft) -> Indexation | None:
    """The indexation of a contract; ``None`` when it has none that can be read."""
    term = draft.terms["indexation"].term if "indexation" in draft.terms else None
    return term if isinstance(term, Indexation) else None


# ---- signals, deliveries ---------------------------------------------------------------------------------


def _read_signals(draft: Draft, entry: Entry) -> None:
    if not isinstance(entry.node, List):
        draft.keys.problem(
            "not-a-list",
            entry.key.place,
            "'signals' holds a list",
            "Put each signal behind a dash:\n"
            "  - name: te weinig jeugdigen\n    when:\n      clients: below minimum_to_date",
        )
        return
    for item in entry.node.items:
        if not isinstance(item, Mapping):
            draft.keys.problem(
                "not-an-item",
                item.place,
                "a signal has a name and conditions",
                "Write behind the dash: name: te weinig jeugdigen",
            )
            continue
        keys = read_keys(draft.page, SIGNAL, item, item.place)
        for name in ("when", "unless"):
            keys.fields[name] = read_conditions(keys, keys.entries[name]) if name in keys.entries else ()
        check_size(keys, keys.place_of("name"), keys.fields["when"], keys.fields["unless"])
        draft.signals.append(DraftSignal(keys, Signal(**keys.fields, place=item.place) if keys.whole else None))


def _read_deliveries(page: Page, mapping: Mapping, entry: Entry) -> tuple[DeliveryTerms, Keys]:
    keys = read_keys(page, DELIVERIES, mapping, entry.key.place)
    headings = read_headings(keys)
    fields = {name: value for name, value in keys.fields.items() if name != "headings"}
    return DeliveryTerms(**fields, headings=headings) if keys.whole else DeliveryTerms(), keys
