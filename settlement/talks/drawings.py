"""Charts of a page as geometry: a template draws them as inline SVG, so that no text is ever pasted into markup.

Exact figures in, whole tenths of a pixel out: the same figures give the same drawing everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Tone = Literal["light", "dark", "dashed", "hollow"]

HEIGHT = 206
_TOP, _RIGHT, _BOTTOM = 10, 12, 24
_DIGIT = Fraction(13, 2)
"""The width of one character of an axis, in pixels."""
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Series:
    """Figures by month under one name; ``None`` where a month has none yet."""

    name: str
    tone: Tone
    figures: Sequence[Fraction | int | None]


@dataclass(frozen=True, slots=True)
class Mark:
    """A text beside the drawing, at a place."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of a column."""

    x: str
    y: str
    width: str
    height: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Line:
    """A course; its last point is marked."""

    points: str
    tone: Tone
    x: str
    y: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart, ready to be drawn."""

    title: str
    width: int
    right: int
    """Where the plot ends."""
    says: str
    """The figures in words, for who cannot see it."""
    left: str
    floor: str
    """The height of nought."""
    ticks: tuple[Mark, ...]
    names: tuple[Mark, ...]
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    legend: tuple[Series, ...]


def drawing(
    title: str,
    names: Sequence[str],
    write: Callable[[Fraction], str],
    *,
    lines: Sequence[Series] = (),
    stacked: Sequence[Series] = (),
    below: Sequence[Series] = (),
    least_step: int = 1,
    width: int = 420,
) -> Drawing | None:
    """A chart over months: lines, columns stacked upward, and columns that hang below nought. ``None`` when there is no
    figure above nought. ``write`` says a figure of the axis; ``least_step`` is the least distance of its lines."""
    every = (*lines, *stacked, *below)
    sums = [_sum(stacked, month) for month in range(len(names))]
    hanging = [_sum(below, month) for month in range(len(names))]
    known = [Fraction(figure) for one in lines for figure in one.figures if figure is not None]
    high, low = max([Fraction(0), *sums, *known]), min([Fraction(0), *known, *(-one for one in hanging)])
    if not names or high <= 0:
        return None
    step = _step((high - low) / 4, least_step)
    top, bottom = -(-high // step) * step, low // step * step
    ticks = [Fraction(bottom + number * step) for number in range(int((top - bottom) / step) + 1)]
    left = _DIGIT * max(len(write(tick)) for tick in ticks) + 10
    wide = Fraction(width - _RIGHT - left) / len(names)

    def down(figure: Fraction | int) -> Fraction:
        return _TOP + Fraction(top - figure) * (HEIGHT - _TOP - _BOTTOM) / (top - bottom)

    def middle(month: int) -> Fraction:
        return left + wide * (month + Fraction(1, 2))

    bars: list[Bar] = []
    for month in range(len(names)):
        for series, sign in ((stacked, 1), (below, -1)):
            base = Fraction(0)
            for one in series:
                figure = Fraction(one.figures[month] or 0)
                if figure:
                    upper, lower = sorted((down(sign * base), down(sign * (base + figure))))
                    x = middle(month) - wide * Fraction(3, 10)
                    bars.append(Bar(_px(x), _px(upper), _px(wide * Fraction(3, 5)), _px(lower - upper), one.tone))
                base += figure
    drawn = []
    for one in lines:
        points = [(_px(middle(month)), _px(down(each))) for month, each in enumerate(one.figures) if each is not None]
        if points:
            drawn.append(Line(" ".join(f"{x},{y}" for x, y in points), one.tone, *points[-1]))
    last = [(one.name, next((each for each in reversed(one.figures) if each is not None), None)) for one in every]
    return Drawing(
        title=title,
        width=width,
        right=width - _RIGHT,
        says="; ".join(f"{name} {write(Fraction(figure))}" for name, figure in last if figure is not None),
        left=_px(left),
        floor=_px(down(0)),
        ticks=tuple(Mark(_px(down(tick)), write(tick)) for tick in ticks),
        names=tuple(Mark(_px(middle(month)), name) for month, name in enumerate(names)),
        bars=tuple(bars),
        lines=tuple(drawn),
        legend=tuple(one for one in every if any(one.figures)),
    )


def _sum(series: Sequence[Series], month: int) -> Fraction:
    return sum((Fraction(one.figures[month] or 0) for one in series), Fraction(0))


def _step(wanted: Fraction, least: int) -> int:
    """The least of 1, 2, 5, 10, 20, 50 … that is not below what is wanted."""
    power = least
    while True:
        for digit in _STEPS:
            if digit * power >= wanted:
                return digit * power
        power *= 10


def _px(value: Fraction) -> str:
    tenths = round(value * 10)
    return f"{tenths // 10}.{tenths % 10}"
