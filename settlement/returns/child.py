"""The child process in which a returned file is made: a delivered workbook is hostile, and its editing is bounded too.

One job a process, as JSON on its input; the workbook on its output, behind one line that says whether it was made.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from settlement.deliveries.child import bound_memory, bound_work
from settlement.returns.listed import listed_sheet, told_before
from settlement.returns.made import made_of_text, made_of_workbook, packed
from settlement.returns.notes import comment
from settlement.returns.package import Package
from settlement.returns.sheet import OwnSheet, place_of
from settlement.returns.styles import Styles

COMMENTS_AT_MOST = 3_000
"""A spreadsheet with more of them does not open in reasonable time; the cells are coloured, and the sheet lists them all."""


def main() -> None:
    """Makes one returned file."""
    bound_memory()
    bound_work()
    out = sys.stdout.buffer
    try:
        content = returned(json.loads(sys.stdin.buffer.read()))
    except MemoryError:
        out.write(b"too-much-memory\n")
    except Exception:  # noqa: BLE001 - whatever a hostile file brings about is told as one thing: it cannot be marked
        out.write(b"not-editable\n")
    else:
        out.write(b"made\n")
        out.write(content)
    out.flush()


def returned(job: Mapping[str, Any]) -> bytes:
    """The workbook of a job. ``way``: ``own`` marks the provider's workbook, ``made`` one that is made of its cells
    (always for a CSV), ``list`` holds nothing but the list and reads no file."""
    sheet_name = job["sheet"] or job["data_sheet"]
    if job["way"] == "list":
        package = Package(packed(None, ""))
    else:
        data = Path(job["path"]).read_bytes()
        if job["path"].casefold().endswith(".csv"):
            data = made_of_text(data, job["table_headings"], job["header_row"], sheet_name)
        elif job["way"] == "made":
            data = made_of_workbook(data, sheet_name, job["header_row"])
        package = Package(data)
    styles = Styles(package)
    hidden: frozenset[int] = frozenset()
    if job["way"] != "list":
        part = package.sheet(sheet_name)
        places = {place_of(address): text for address, text in job["marks"].items()}
        sheet = OwnSheet(package.read(part), places, styles)
        sheet.mark()
        texts: dict[tuple[int, int], list[str]] = {}
        for place, text in sorted(places.items()):
            texts.setdefault(sheet.shown[place], []).append(text)
        some = dict(sorted(texts.items())[:COMMENTS_AT_MOST])
        told = told_before(data, job["list_sheets"])
        comment(package, sheet, part, {place: "\n\n".join(dict.fromkeys(each)) for place, each in some.items()}, told)
        package.write(part, sheet.finished())
        hidden = sheet.hidden
    content = listed_sheet(job, styles.look, hidden)
    styles.save()
    package.put_list(job["list_sheet"], job["list_sheets"], content)
    return package.save()
