"""Comments on the cells of a sheet, beside those that stand there: their texts, and the boxes in which they show."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from settlement.deliveries.headings import column_number
from settlement.returns.package import SPREADSHEET, Package
from settlement.returns.sheet import OwnSheet, Place, address_of
from settlement.returns.spliced import Spliced, attribute_of, elements, only, prefix, text_of

AUTHOR = "settlement"
"""By it the comments of an earlier returned file are known again."""
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DRAWING = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_BOX = "_x0000_t202"
_SHAPE = re.compile(rb"<v:shape\s[^>]*>.*?</v:shape>", re.DOTALL)
_VML_HEAD = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="1"/></o:shapelayout>'
)
_VML_TYPE = (
    f'<v:shapetype id="{_BOX}" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)


def comment(package: Package, sheet: OwnSheet, part: str, texts: Mapping[Place, str]) -> None:
    """Puts a comment on each of these cells of the sheet in ``part``; one that stands on a cell gets ours below its own.

    Comments of an earlier returned file are taken away first.
    """
    comments = package.related(part, "comments")
    data = package.read(comments) if comments else f'<comments xmlns="{_MAIN}"><authors></authors><commentList></commentList></comments>'.encode()
    old = _ours(data)
    if not comments:
        comments = package.free(posixpath.join(posixpath.dirname(package.workbook), "comments{}.xml"))
        package.declare(comments, f"{SPREADSHEET}.comments+xml")
        package.relate(part, "comments", comments)
    written, fresh = _with_texts(data, texts)
    package.write(comments, written)
    drawing = package.relations(part).get(sheet.drawing, ("", ""))[1] if sheet.drawing else ""
    boxes = package.read(drawing) if drawing else f"{_VML_HEAD}</xml>".encode()
    if not drawing:
        drawing = package.free(posixpath.join(posixpath.dirname(package.workbook), "drawings/vmlDrawing{}.vml"))
        package.declare_extension("vml", _DRAWING)
        sheet.draw(package.relate(part, "vmlDrawing", drawing))
    package.write(drawing, _with_boxes(boxes, old, {place: texts[place] for place in fresh}))


def _ours(data: bytes) -> set[Place]:
    """The cells whose whole comment is of an earlier returned file."""
    found = elements(data)
    authors = _authors(data)
    return {
        _place(one.get("ref"))
        for one in found
        if one.kind == "comment" and one.get("authorId").isdecimal() and authors.get(int(one.get("authorId"))) == AUTHOR
    }


def _authors(data: bytes) -> dict[int, str]:
    found = [one for one in elements(data) if one.kind == "author"]
    texts = [re.sub(rb"<[^>]*>", b"", data[one.start : one.end]).decode() for one in found]
    return dict(enumerate(texts))


def _place(address: str) -> Place:
    match = re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7})", address)
    return (int(match[2]), column_number(match[1])) if match else (0, 0)


def _with_texts(data: bytes, texts: Mapping[Place, str]) -> tuple[bytes, list[Place]]:
    """The comments with ours, and the cells that had none."""
    found, spliced = elements(data), Spliced(data)
    p = prefix(found[0].name)
    authors = _authors(data)
    own = next((at for at, name in authors.items() if name == AUTHOR), None)
    if own is None:
        own = len(authors)
        spliced.append(only(found, "authors"), f"<{p}author>{AUTHOR}</{p}author>")
    ours = _ours(data)
    standing = {}
    for one in found:
        if one.kind == "text" and one.above is not None and one.above.kind == "comment":
            place = _place(one.above.get("ref"))
            if place in ours:
                spliced.replace(one.above.start, one.above.end, "")
            else:
                standing[place] = one
    fresh = []
    entries = []
    for place in sorted(texts):
        # The properties of a run are asked for by some readers; the font has a name.
        properties = f'<{p}rPr><{p}sz val="9"/><{p}color rgb="FF1F2933"/><{p}rFont val="Calibri"/><{p}family val="2"/></{p}rPr>'
        if place in standing:
            run = f'<{p}r>{properties}<{p}t xml:space="preserve">\n\n{text_of(texts[place])}</{p}t></{p}r>'
            spliced.append(standing[place], run)
            continue
        fresh.append(place)
        run = f'<{p}r>{properties}<{p}t xml:space="preserve">{text_of(texts[place])}</{p}t></{p}r>'
        entries.append(f'<{p}comment ref="{address_of(place)}" authorId="{own}"><{p}text>{run}</{p}text></{p}comment>')
    spliced.append(only(found, "commentList"), "".join(entries))
    return spliced.finished(), fresh


def _with_boxes(data: bytes, old: set[Place], texts: Mapping[Place, str]) -> bytes:
    """The drawing with a box for each of these cells, and without those of an earlier returned file. The drawing itself
    is in a language that is not always XML; it is searched as bytes."""

    def kept(match: re.Match[bytes]) -> bytes:
        row, column = re.search(rb"<x:Row>(\d+)</x:Row>", match[0]), re.search(rb"<x:Column>(\d+)</x:Column>", match[0])
        gone = row and column and (int(row[1]) + 1, int(column[1]) + 1) in old
        return b"" if gone else match[0]

    if old:
        data = _SHAPE.sub(kept, data)
    number = max((int(found) for found in re.findall(rb"_x0000_s(\d{1,9})\b", data)), default=1024)
    parts = [] if _BOX.encode() in data else [_VML_TYPE]
    for at, (place, text) in enumerate(sorted(texts.items()), start=number + 1):
        parts.append(_box(at, place, text))
    end = data.rfind(b"</xml>")
    if end < 0:
        end = len(data)
    return data[:end] + "".join(parts).encode() + data[end:]


def _box(number: int, place: Place, text: str) -> str:
    lines = sum(len(line) // 42 + 1 for line in text.split("\n"))
    row, column = place[0] - 1, place[1] - 1
    style = f"position:absolute;margin-left:60pt;margin-top:2pt;width:210pt;height:{min(lines * 12 + 10, 220)}pt;z-index:1;visibility:hidden"
    return (
        f'<v:shape id="_x0000_s{number}" type="#{_BOX}" style={attribute_of(style)} fillcolor="#fffbea" o:insetmode="auto">'
        '<v:fill color2="#fffbea"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
        f'<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:AutoFill>False</x:AutoFill>'
        f"<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
    )
