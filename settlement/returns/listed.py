"""The sheet that is added to a returned file: each refusal with its cell, what stands there, and what was expected."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from settlement.deliveries.formats import open_workbook
from settlement.returns.spliced import attribute_of, text_of

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
WIDTHS = (10, 25, 27, 66, 12)
"""Of its columns: cell, column, what stands there, what is wrong, national code."""
_SENTENCES = "D"


def told_before(data: bytes, names: Collection[str]) -> set[str]:
    """The sentences in the list that an earlier returned file added to this workbook, under any of these names."""
    book = open_workbook(data, ".xlsx")
    return {
        text
        for sheet in book.sheets
        if sheet.name in names
        for runs in book.rows(sheet)
        for run in runs
        for column in run.columns
        if column.letters == _SENTENCES
        for text in column.texts
        if text
    }


def listed_sheet(job: Mapping[str, Any], style: Callable[[str], int], hidden: Collection[int]) -> bytes:
    """Its XML. ``job`` holds ``title``, ``lines``, ``headings`` and ``refusals``, with the height of each row; all its
    text is written as text, and no cell of it is a formula. Of a refusal in a ``hidden`` row it says so."""
    rows: list[str] = []
    links: list[str] = []
    merged: list[str] = []

    def cell(letter: str, look: str, text: str) -> str:
        address = f"{letter}{len(rows) + 1}"
        if not text:
            return f'<c r="{address}" s="{style(look)}"/>'
        return f'<c r="{address}" s="{style(look)}" t="inlineStr"><is><t xml:space="preserve">{text_of(text)}</t></is></c>'

    def row(cells: str, height: float) -> None:
        rows.append(f'<row r="{len(rows) + 1}" ht="{height}" customHeight="1">{cells}</row>')

    row(cell("A", "title", job["title"]), 26)
    for text, height in job["lines"]:
        merged.append(f"A{len(rows) + 1}:E{len(rows) + 1}")
        row(cell("A", "line", text), height)
    row("", 6)
    heading = len(rows) + 1
    looks = ("heading", "heading", "heading", "heading", "head centre")
    row("".join(cell(letter, look, text) for letter, look, text in zip("ABCDE", looks, job["headings"], strict=True)), 28)
    for one in job["refusals"]:
        texts, target, height = one["texts"], one["target"], one["height"]
        if one["row"] in hidden:
            texts, height = [texts[0], one["column_hidden"], *texts[2:]], one["height_hidden"]
        looks = ("link" if target else "body", "body", "found", "body", "muted")
        if target:
            links.append(f"<hyperlink ref=\"A{len(rows) + 1}\" location={attribute_of(target)} display={attribute_of(texts[0])}/>")
        row("".join(cell(letter, look, text) for letter, look, text in zip("ABCDE", looks, texts, strict=True)), height)
    widths = "".join(f'<col min="{at}" max="{at}" width="{width}" customWidth="1"/>' for at, width in enumerate(WIDTHS, 1))
    last = len(rows)
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{_MAIN}">'
        f'<sheetPr><tabColor rgb="FFA4262C"/><pageSetUpPr fitToPage="1"/></sheetPr><dimension ref="A1:E{last}"/>'
        '<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0">'
        f'<pane ySplit="{heading}" topLeftCell="A{heading + 1}" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols><sheetData>{"".join(rows)}</sheetData>'
        + (f'<mergeCells count="{len(merged)}">{"".join(f"<mergeCell ref={attribute_of(one)}/>" for one in merged)}</mergeCells>' if merged else "")
        + (f"<hyperlinks>{''.join(links)}</hyperlinks>" if links else "")
        + '<printOptions horizontalCentered="1"/><pageMargins left="0.5" right="0.5" top="0.6" bottom="0.7" header="0.3" footer="0.35"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/>'
        f"<headerFooter><oddFooter>{text_of(job['footer'])}</oddFooter></headerFooter></worksheet>"
    ).encode()
