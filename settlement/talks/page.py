"""The account talk as one page that stands by itself: no script, no other file, no network; for a desk, for paper and by mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template

from settlement.decisions.signals import HOLDS
from settlement.domain.conditions import Comparison, Figure
from settlement.domain.contract import MinimumClients
from settlement.domain.periods import Month
from settlement.domain.records import Alert, MonthCourse, Position, has_priced_lines, running_totals
from settlement.domain.talks import Talk, TalkSection
from settlement.talks.drawings import HEIGHT, Drawing, Series, drawing
from settlement.wording import Wording, wording
from settlement.wording.outside import shown

OUTCOMES = ("goal_attainment", "client_satisfaction", "dropout")

BLANK_ROWS = 3
"""Rows to write on below the open signals of a contract."""

_FULL = Fraction(5, 4)
"""How much of a minimum (or a bound) the small bar can show: the norm stands at four fifths of it."""
_BAR_WIDTH = 70

_TWO, _THREE = 600, 420
"""How wide a chart is drawn where two or three stand beside each other: letters are as large in either."""


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(resources.files(__package__).joinpath("page.html").read_text("utf-8"))


def render_talk(talk: Talk) -> str:
    """The page, in the language that the provider is written to: the same for the same talk. Text from outside is escaped."""
    words = wording(talk.organisation.language_for(talk.provider))
    return _template().render(
        language=words.language,
        title=f"{words.text('talk')} {words.quarter(talk.quarter)}",
        organisation=shown(talk.organisation.name),
        about=shown(words.text("talk about", provider=talk.provider.name, month=words.month(talk.period))),
        made=words.text("talk made", run=talk.run),
        final=talk.final,
        number=talk.number,
        rules_digest=talk.rules_digest,
        index=_index(talk, words) if len(talk.sections) > 1 else [],
        sections=[_section(section, talk, words) for section in talk.sections],
        blank_rows=range(BLANK_ROWS),
        height=HEIGHT,
        text=words.text,
        shown=shown,
    )


def _index(talk: Talk, words: Wording) -> list[dict[str, object]]:
    """A row for each contract, and what they come to together where adding up means something."""
    rows = [_index_row(section, words) for section in talk.sections]
    entitled = sum(((each.position.measures["entitled"] or Fraction(0)) for each in talk.sections), Fraction(0))
    paid = sum(section.paid_cents for section in talk.sections)
    rows.append(
        {
            **dict.fromkeys(rows[0], ""),
            "title": words.text("total"),
            "entitled": words.euro(entitled),
            "paid": words.euro(paid),
            "signals": sum(len(section.alerts) for section in talk.sections),
            "whole": True,
        }
    )
    return rows


def _index_row(section: TalkSection, words: Wording) -> dict[str, object]:
    at = section.position.measures
    return {
        "whole": False,
        "number": shown(section.contract.number),
        "title": shown(section.contract.title),
        "limit": _euro(section.limit_cents, words),
        "claimed": _euro(at["claimed"] or None, words),
        "entitled": _euro(at["entitled"], words),
        "paid": _euro(section.paid_cents, words),
        "forecast": _euro(at["forecast_year_end"], words),
        "clients": words.number(at["clients"] or 0),
        "signals": len(section.alerts),
    }


def _section(section: TalkSection, talk: Talk, words: Wording) -> dict[str, object]:
    contract, services = section.contract, _services(section, words)
    line = words.text(
        "talk contract line",
        number=contract.number,
        funding=words.funding(contract.funding),
        municipality=contract.municipality,
        starts=words.day(contract.starts),
        ends=words.day(contract.ends),
    )
    return {
        "number": shown(contract.number),
        "title": shown(contract.title),
        "line": shown(line),
        "statement": words.text("talk statement", number=section.statement),
        "tiles": _tiles(section, talk.period, words),
        "drawings": [one for one in _drawings(section, words) if one is not None],
        "month": words.month(section.position.key.as_of),
        "columns": _columns(services, section, words),
        "services": services,
        "flow": _flow(section, words),
        "outcomes": _outcomes(section, words),
        "agreed": bool(section.agreed),
        "delivered": [
            {
                "month": words.month(each.month),
                "all": words.number(each.accepted + each.refused),
                "accepted": words.number(each.accepted),
                "refused": words.number(each.refused),
                "share": words.share(Fraction(each.refused, each.accepted + each.refused)) if each.refused else "",
            }
            for each in section.delivered
        ],
        "refusals": [
            {
                "reason": words.refusal_reason(each.code),
                "field": words.field(each.field) if each.field else words.text("whole line"),
                "national": each.national,
                "count": words.number(each.count),
            }
            for each in section.refusals
        ],
        "alerts": [_alert(each, words) for each in section.alerts],
    }


def _tiles(section: TalkSection, period: Month, words: Wording) -> list[dict[str, str]]:
    at, limit = section.position.measures, section.limit_cents
    claimed, forecast = at["claimed"] or Fraction(0), at["forecast_year_end"]
    named = words.text(f"the {section.limit}") if section.limit else ""

    def share_of_limit(key: str, measure: str) -> str:
        cents = section.counting(measure)
        if not limit or not cents:
            return words.text(key)
        return words.text(f"{key} share", share=_percent(cents / limit, words), limit=named)

    delivered = (words.whole_euro(claimed), share_of_limit("tile delivered", "claimed"))
    if not claimed:
        # A task is paid, not its lines: where they have no value of their own, the clients are what was delivered.
        minimum = section.course[section.position.key.as_of.index - section.course[0].month.index].minimum_to_date
        label = "tile clients" if minimum is None else "tile clients minimum"
        clients = at["clients"] or 0
        delivered = (words.number(clients), words.text(label, clients=clients, minimum=words.exact(minimum or 0)))
    tiles = [
        ("–" if limit is None else words.whole_euro(limit), words.text(f"tile {section.limit or 'no limit'}")),
        delivered,
        (words.whole_euro(at["entitled"] or 0), words.text("tile entitled")),
        (words.whole_euro(section.paid_cents), words.text("tile paid", month=words.month(period))),
        ("–" if forecast is None else words.whole_euro(forecast), share_of_limit("tile forecast", "forecast_year_end")),
    ]
    return [{"figure": figure, "label": label} for figure, label in tiles]


# ---- charts ----------------------------------------------------------------------------------------------


def _drawings(section: TalkSection, words: Wording) -> Iterable[Drawing | None]:
    course = section.course
    names = [words.short_month(each.month) for each in course]
    text = words.text
    delivered = running_totals([each.claimed_cents for each in course])
    lines = [Series(text("paid"), "light", running_totals([each.paid_cents for each in course]))]
    if section.limit:
        limits = [each.limit_to_date_cents for each in course]
        lines.insert(0, Series(text("ceiling" if section.limit == "ceiling" else "budget to date"), "dashed", limits))
    if has_priced_lines(course):
        lines.append(Series(text("delivered"), "dark", delivered))
    bounded = any(each.minimum_to_date is not None for each in course)
    width = _THREE if bounded else _TWO
    title = text(f"{_to_date_title(course)} of", limit=text(f"the {section.limit}")) if section.limit else text(_to_date_title(course))
    yield drawing(title, names, words.whole_euro, lines=lines, least_step=100, width=width)
    if bounded:
        minimum = Series(text("minimum"), "dashed", [each.minimum_to_date for each in course])
        clients = Series(text("clients"), "dark", [each.clients_to_date for each in course])
        yield drawing(text("chart clients"), names, words.number, lines=[minimum, clients], width=width)
    flow = dict(section.flow[None])
    months = [each.month for each in course]

    def counts(what: str) -> list[int | None]:
        return [getattr(flow[month], what) if month in flow else None for month in months]

    yield drawing(
        text("chart flow"),
        names,
        lambda figure: words.number(abs(figure)),
        stacked=[Series(text("stayed"), "light", counts("stayed")), Series(text("inflow"), "dark", counts("new"))],
        below=[Series(text("outflow"), "hollow", counts("ended"))],
        width=width,
    )


def _to_date_title(course: Sequence[MonthCourse]) -> str:
    return "chart to date" if has_priced_lines(course) else "chart paid to date"


# ---- tables ----------------------------------------------------------------------------------------------


_COLUMNS = (
    ("clients", "clients"), ("minimum", "minimum to date"), ("year", "minimum of year"), ("met", "met"), ("claimed", "delivered"),
    ("entitled", "entitled"), ("limit", "ceiling or budget"), ("forecast", "forecast"), ("average", "average"),
)  # fmt: skip


def _columns(services: Sequence[dict[str, object]], section: TalkSection, words: Wording) -> list[dict[str, str]]:
    """The columns of the services for which one of them has a figure; the bound is called what it is."""
    ceilings = any(section.ceiling_of(each) is not None for each in section.services) or section.limit == "ceiling"
    budgets = any(each.measures["budget"] is not None for each in section.services)
    limit = "ceiling or budget" if ceilings and budgets else "ceiling" if ceilings else "budget"
    return [
        {"key": key, "heading": words.text(limit if key == "limit" else heading)}
        for key, heading in _COLUMNS
        if any(each[key] for each in services)
    ]


def _services(section: TalkSection, words: Wording) -> list[dict[str, object]]:
    rows = [_service(each, words, section) for each in section.services]
    if len(rows) > 1 or section.limit_cents != section.position.measures["budget"]:
        rows.append(_service(section.position, words, section, whole=True))
    return rows


def _service(position: Position, words: Wording, section: TalkSection, *, whole: bool = False) -> dict[str, object]:
    at = position.measures
    clients, minimum = at["clients"] or Fraction(0), at["minimum_to_date"]
    ceiling = section.ceiling_of(position)
    limit = at["budget"] if ceiling is None else ceiling
    if whole and section.limit_cents is not None:
        limit = Fraction(section.limit_cents)
    met = clients / minimum if minimum else None
    return {
        "name": words.text("whole contract") if whole else shown(position.key.service or ""),
        "whole": whole,
        "clients": words.number(clients),
        "minimum": "" if minimum is None else words.exact(minimum),
        "year": "" if at["minimum_clients"] is None else words.exact(at["minimum_clients"]),
        "met": "" if met is None else _percent(met, words),
        "bar": None if met is None else _bar(met),
        "short": met is not None and met < _least(section, position),
        "claimed": _euro(at["claimed"] or None, words),
        "entitled": _euro(at["entitled"], words),
        "limit": _euro(limit, words),
        "forecast": _euro(at["forecast_year_end"], words),
        "average": _euro(at["average_per_client"], words),
    }


def _least(section: TalkSection, position: Position) -> Fraction:
    """The share of a minimum below which it is signalled; of the whole contract, of the minimum that asks most."""
    services = section.contract.services
    own = services.values() if position.key.service is None else [services[position.key.service]]
    terms = [term for each in own for term in each.terms.values() if isinstance(term, MinimumClients)]
    return Fraction(max((term.signal_below_bp for term in terms), default=10_000), 10_000)


def _bar(share: Fraction) -> str:
    tenths = round(min(share / _FULL, Fraction(1)) * _BAR_WIDTH * 10)
    return f"{tenths // 10}.{tenths % 10}"


def _flow(section: TalkSection, words: Wording) -> list[dict[str, object]]:
    """A row a month for the contract; none when nobody was in care."""
    rows = section.flow[None]
    if not any(each.in_care for _, each in rows):
        return []
    return [
        {
            "month": words.month(month),
            "counts": [words.number(count) for count in (each.new, each.stayed, each.in_care, each.ended)],
        }
        for month, each in rows
    ]


def _outcomes(section: TalkSection, words: Wording) -> list[dict[str, object]]:
    """A row for each service with an answer or with something agreed, and for the contract where it differs from its one
    service; none when nobody answered and nothing was agreed."""
    positions = [*section.services, section.position] if len(section.services) > 1 else [section.position]
    rows: list[dict[str, object]] = []
    for position in positions:
        at, service = position.measures, position.key.service
        agreed = section.agreed.get(service, ())
        if len(section.services) == 1:
            agreed = tuple(dict.fromkeys(one for each in section.agreed.values() for one in each))
        if not at["responses"] and not agreed:
            continue
        rows.append(
            {
                "name": shown(service) if service is not None else words.text("whole contract"),
                "figures": [{"text": outcome(at, name, words), "short": _short(at[name], name, agreed)} for name in OUTCOMES],
                "responses": words.text(
                    "responses of", responses=int(at["responses"] or 0), clients=int(at["clients"] or 0)
                ),
                "agreed": "; ".join(words.condition(one) for one in agreed),
            }
        )
    return rows


def _short(value: Fraction | None, name: str, agreed: Iterable[Comparison]) -> bool:
    """Whether an outcome is not what was agreed of it."""
    asked = [each for each in agreed if each.measure == name]
    return value is not None and any(isinstance(each.value, Figure) and not HOLDS[each.operator](value, each.value.value) for each in asked)


def outcome(at: Mapping[str, Fraction | None], name: str, words: Wording) -> str:
    """An outcome as it is written; a dash where nobody answered."""
    value = at[name]
    return "–" if value is None else words.figure(value, "mark" if name == "client_satisfaction" else "share")


def _alert(alert: Alert, words: Wording) -> dict[str, object]:
    return {
        "tone": alert.severity,
        "severity": words.severity(alert.severity),
        "signal": shown(words.signal(alert.name, standing=alert.standing)),
        "service": shown(alert.service) if alert.service is not None else words.text("whole contract"),
        "article": shown(alert.article),
        "value": shown(words.figure(*alert.value)) if alert.value else "",
        "norm": shown(words.figure(*alert.norm)) if alert.norm else "",
    }


def _euro(cents: Fraction | int | None, words: Wording) -> str:
    return "" if cents is None else words.euro(cents)


def _percent(value: Fraction, words: Wording) -> str:
    """A share to one decimal, for reading beside a figure that is exact."""
    return words.share(Fraction(round(value * 1000), 1000))
