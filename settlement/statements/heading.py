"""The head of every sheet of a statement but the first."""

from __future__ import annotations

from settlement.domain.records import Statement
from settlement.paper.book import Sheet
from settlement.paper.looks import SUBTITLE, TITLE
from settlement.wording import Wording


def head_of_sheet(sheet: Sheet, title: str, subtitle: str, statement: Statement, words: Wording) -> None:
    """The head of every sheet but the first: what it is, and of which statement."""
    sheet.put(1, 1, title, TITLE.but(size=16))
    sheet.height(1, 24)
    whose = " · ".join((statement.number, statement.provider.name, words.month(statement.period)))
    if not statement.final:
        whose = f"{words.text('draft mark')} · {whose}"
    sheet.put(2, 1, f"{whose}. {subtitle}", SUBTITLE.but(size=9))
    sheet.height(3, 6)
