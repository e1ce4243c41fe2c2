"""The alerts of a run as one page that stands by itself: no other file, no network; for a desk, paper and a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources

from jinja2 import Environment, StrictUndefined

from settlement.alerts.workbook import SEVERITIES, in_order, run_line
from settlement.domain.records import Alert, AlertSummary
from settlement.wording import Wording, wording
from settlement.wording.outside import shown

_SHOWN_SOURCES = 3
"""More sources than this are counted in the table, and named where the reader asks how the alert came about."""

_TONES = {
    "figure": "figure", "norm": "figure", "deviation": "figure", "provider": "provider", "signal": "signal", "sources": "sources",
}  # fmt: skip
"""How a column is laid out, by the name of its heading."""

_WIDTH, _HEIGHT, _EDGE = 104, 30, 4
"""Of the small drawing, in pixels."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A course as points of a drawing, with the height of the norm and the last point."""

    points: str
    norm: str
    x: str
    y: str
    label: str


def render_alerts(alerts: Sequence[Alert], summary: AlertSummary) -> str:
    """The page, in the language of the summary: the same for the same alerts. Every text from outside is escaped."""
    words = wording(summary.language)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(resources.files(__package__).joinpath("page.html").read_text("utf-8"))
    keys = ("severity", "contract", "provider", "signal", "figure", "norm", "deviation", "course six months", "sources")
    return template.render(
        language=words.language,
        title=words.text("alerts title", month=words.month(summary.period)),
        organisation=shown(summary.organisation),
        run=shown(run_line(summary, words)),
        final=summary.final,
        tiles=_tiles(alerts, summary, words),
        headings=[{"text": words.text(key), "tone": _TONES.get(key, "")} for key in keys],
        rows=[_row(alert, words) for alert in in_order(alerts)],
        left=[(shown(file), shown(reason)) for file, reason in summary.left],
        rules_digest=summary.rules_digest,
        text=words.text,
        shown_sources=_SHOWN_SOURCES,
    )


def _tiles(alerts: Sequence[Alert], summary: AlertSummary, words: Wording) -> list[dict[str, str]]:
    tiles = [
        {
            "tone": severity,
            "figure": words.number(sum(alert.severity == severity for alert in alerts)),
            "label": words.severity(severity).lower(),
        }
        for severity in SEVERITIES
    ]
    label = words.text("tile to pay", statements=summary.statements)
    tiles.append({"tone": "wide", "figure": words.whole_euro(summary.to_pay_cents), "label": label})
    tiles.append({"tone": "wide", "figure": words.number(summary.held), "label": words.text("tile held", held=summary.held)})
    return tiles


def _row(alert: Alert, words: Wording) -> dict[str, object]:
    formula, filled = words.formula(alert.working)
    left = len(alert.sources) - _SHOWN_SOURCES
    return {
        "rank": SEVERITIES.index(alert.severity),
        "tone": alert.severity,
        "severity": words.severity(alert.severity),
        "contract": shown(alert.contract),
        "provider": shown(alert.provider_name),
        "signal": shown(words.signal(alert.name, standing=alert.standing)),
        "service": shown(alert.service) if alert.service is not None else words.text("whole contract").lower(),
        "to": words.role(alert.to),
        "formula": formula[:1].upper() + formula[1:],
        "filled": shown(filled),
        "article": shown(alert.article),
        "place": shown(str(alert.place)),
        "value": shown(words.figure(*alert.value)) if alert.value else "",
        "norm": shown(words.figure(*alert.norm)) if alert.norm else "",
        "value_sort": _sortable(alert.value),
        "norm_sort": _sortable(alert.norm),
        "deviation": words.deviation(alert.value, alert.norm),
        "line": _line(alert, words),
        "sources": [shown(source) for source in alert.sources],
        "more": words.text("more sources", count=left) if left > 0 else "",
    }


def _sortable(figure: tuple[Fraction | str, str] | None) -> str:
    """What a browser sorts by: the figure with a point, or its text."""
    if figure is None:
        return ""
    value = figure[0]
    return value if isinstance(value, str) else f"{Fraction(value).numerator * 10_000 // Fraction(value).denominator}"


def _line(alert: Alert, words: Wording) -> _Line | None:
    """The course as a line with its norm; ``None`` when fewer than two months have a figure.

    A norm that lies so far off that it would flatten the course to nothing still stands: it is what the figure was held
    against.
    """
    known = [(month, figure) for month, figure in enumerate(alert.course) if figure is not None]
    if len(known) < 2:
        return None
    norm = _in_course_units(alert)
    figures = [Fraction(figure) for _, figure in known] + ([norm] if norm is not None else [])
    low, high = min(figures), max(figures)
    span = high - low or Fraction(1)
    step = Fraction(_WIDTH - 2 * _EDGE, len(alert.course) - 1)

    def down(figure: Fraction) -> str:
        return _pixels(_HEIGHT - _EDGE - (figure - low) * (_HEIGHT - 2 * _EDGE) / span)

    points = [(_pixels(_EDGE + month * step), down(Fraction(figure))) for month, figure in known]
    return _Line(
        points=" ".join(f"{x},{y}" for x, y in points),
        norm=down(norm) if norm is not None else "",
        x=points[-1][0],
        y=points[-1][1],
        label=f"{words.text('course six months')}: {', '.join(words.number(figure) for _, figure in known)}",
    )


def _in_course_units(alert: Alert) -> Fraction | None:
    """The norm in the whole units of the course: amounts are cents in both, shares percent in the course."""
    if alert.norm is None or isinstance(alert.norm[0], str):
        return None
    value, unit = Fraction(alert.norm[0]), alert.norm[1]
    return value * 100 if unit == "share" else value


def _pixels(value: Fraction) -> str:
    tenths = round(value * 10)
    return f"{tenths // 10}.{tenths % 10}"
