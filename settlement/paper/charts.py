"""Charts on a sheet: columns and lines over the months of a year, in the colours of the papers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.chart.layout import Layout, ManualLayout
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.drawing.text import (
    CharacterProperties,
    Font,
    Paragraph,
    ParagraphProperties,
    RegularTextRun,
    RichTextProperties,
)

from settlement.paper.looks import FONT, INK, MUTED, NAVY, RULE, SKY

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

Shape = Literal["columns", "lines"]
Stroke = Literal["light", "dark", "dashed"]

_WIDTHS: dict[Stroke, int] = {"light": 44450, "dark": 19050, "dashed": 19050}
"""How wide a line is drawn: a light one shows on both sides of a dark one that covers it."""


_CHARACTER, _INSIDE = 66_675, 19_050
"""A character of a column and two pixels, in the units of drawings: seven pixels of 9525 each."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of columns of a table on the same sheet. The first row of each column is the name of its series."""

    shape: Shape
    title: str
    names: int
    """The column with the names of the months."""
    series: Sequence[tuple[int, Stroke]]
    """Columns with figures, and how they are drawn."""
    heading_row: int
    first_row: int
    last_row: int
    columns: int
    """Over how many columns of the sheet it stands: its edges are theirs, however wide a reader draws a character."""
    from_nought: bool
    """Whether the axis of amounts starts at 0; not when something lies below it."""
    number_format: str = "#,##0"
    rows: int = 14
    """How many rows of the sheet it is high."""


def drawn(chart: Chart, worksheet: Worksheet, at: tuple[int, int], last_width: float) -> BarChart | LineChart:
    """The chart as openpyxl writes it, with its upper left corner in a cell (row, column).

    It ends just inside its last column, which is ``last_width`` wide: beyond it, a printed page would grow a column.

    Both axes are asked for by name, or some readers leave them out.
    """
    made: Any = BarChart() if chart.shape == "columns" else LineChart()
    made.anchor = TwoCellAnchor(
        editAs="oneCell",
        _from=AnchorMarker(col=at[1] - 1, row=at[0] - 1),
        to=AnchorMarker(
            col=at[1] - 2 + chart.columns,
            colOff=round(last_width * _CHARACTER) - _INSIDE,
            row=at[0] - 1 + chart.rows,
        ),
    )
    made.title = _title(chart.title)
    for column, _ in chart.series:
        figures = Reference(worksheet, min_col=column, min_row=chart.heading_row, max_row=chart.last_row)
        made.add_data(figures, titles_from_data=True)
    made.set_categories(Reference(worksheet, min_col=chart.names, min_row=chart.first_row, max_row=chart.last_row))
    for series, (_, how) in zip(made.series, chart.series, strict=True):
        colour = {"light": SKY, "dark": NAVY, "dashed": MUTED}[how]
        if chart.shape == "columns":
            series.graphicalProperties = GraphicalProperties(solidFill=colour, ln=LineProperties(noFill=True))
            series.invertIfNegative = False
        else:
            line = LineProperties(solidFill=colour, w=_WIDTHS[how], prstDash="dash" if how == "dashed" else "solid")
            series.graphicalProperties = GraphicalProperties(ln=line)
            series.smooth = False
            series.marker.symbol = "none"
    if chart.shape == "columns":
        made.gapWidth, made.overlap = 60, 0
    made.legend.position = "b"
    made.legend.txPr = _text(900, INK)
    for axis in (made.x_axis, made.y_axis):
        axis.delete = False
        axis.txPr = _text(900, INK)
        axis.title = None
        axis.majorTickMark = "none"
        axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=RULE))
    made.x_axis.tickLblPos = "low"
    if chart.from_nought:
        made.y_axis.scaling.min = 0
    made.y_axis.number_format = chart.number_format
    made.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill=RULE, w=6350))
    made.graphical_properties = GraphicalProperties(solidFill="FFFFFF", ln=LineProperties(solidFill=RULE, w=6350))
    made.roundedCorners = False
    # Months that are not settled yet are empty cells: a gap, not a nought.
    made.display_blanks = "gap"
    inside = ManualLayout(x=0.09, y=0.15, w=0.88, h=0.62, layoutTarget="inner", xMode="edge", yMode="edge")
    made.layout = Layout(manualLayout=inside)
    drawn_chart: BarChart | LineChart = made
    return drawn_chart


def _characters(size: int, colour: str, *, bold: bool = False) -> CharacterProperties:
    return CharacterProperties(sz=size, b=bold, solidFill=colour, latin=Font(typeface=FONT))


def _text(size: int, colour: str) -> RichText:
    properties = ParagraphProperties(defRPr=_characters(size, colour))
    return RichText(bodyPr=RichTextProperties(), p=[Paragraph(pPr=properties, endParaRPr=_characters(size, colour))])


def _title(text: str) -> Title:
    look = _characters(1100, NAVY, bold=True)
    paragraph = Paragraph(pPr=ParagraphProperties(defRPr=look), r=[RegularTextRun(rPr=look, t=text)])
    return Title(tx=Text(rich=RichText(bodyPr=RichTextProperties(), p=[paragraph])), overlay=False)
