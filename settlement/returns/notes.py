"""Comments on the cells of a sheet, beside those that stand there: their texts, and the boxes in which they show."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Collection, Mapping

from settlement.deliveries.headings import column_number
from settlement.returns.package import SPREADSHEET, Package
from settlement.returns.sheet import OwnSheet, Place, address_of
from settlement.returns.spliced import Element, Spliced, attribute_of, characters, elements, only, prefix, text_of
from settlement.wording.returned import RETURNED

AUTHOR = "settlement"
_BEGUN = "|".join(
    re.escape(text).replace(r"\{sentence\}", "").replace(r"\{code\}", "[0-9A-Z]{4}")
    for key in ("returned comment", "returned comment national")
    for text in RETURNED[key]
)
_MARK = re.compile(f"^(?:{_BEGUN})(.*)", re.MULTILINE)
"""A line of a comment that an earlier returned file put there. It is known by its words: LibreOffice keeps no authors."""
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


def comment(package: Package, sheet: OwnSheet, part: str, texts: Mapping[Place, str], told: Collection[str]) -> None:
    """Puts a comment on each of these cells of the sheet in ``part``; one that stands on a cell gets ours below its own.

    What an earlier returned file said is taken out of every comment first; ``told`` holds its sentences, as far as they are
    known: what a person typed behind one of them stays.
    """
    comments = package.related(part, "comments")
    if not comments and not texts:
        return
    data = package.read(comments) if comments else f'<comments xmlns="{_MAIN}"><authors></authors><commentList></commentList></comments>'.encode()
    if not comments:
        comments = package.free(posixpath.join(posixpath.dirname(package.workbook), "comments{}.xml"))
        package.declare(comments, f"{SPREADSHEET}.comments+xml")
        package.relate(part, "comments", comments)
    written, fresh, gone = _with_texts(data, texts, told)
    package.write(comments, written)
    drawing = package.relations(part).get(sheet.drawing, ("", ""))[1] if sheet.drawing else ""
    boxes = package.read(drawing) if drawing else f"{_VML_HEAD}</xml>".encode()
    if not drawing:
        drawing = package.free(posixpath.join(posixpath.dirname(package.workbook), "drawings/vmlDrawing{}.vml"))
        package.declare_extension("vml", _DRAWING)
        sheet.draw(package.relate(part, "vmlDrawing", drawing))
    package.write(drawing, _with_boxes(boxes, gone, {place: texts[place] for place in fresh}))


def _of_a_person(text: str, told: Collection[str]) -> list[bool]:
    """Of each character of a comment whether it stays: all but our marks, and the empty lines that they leave."""
    kept = [True] * len(text)
    for mark in _MARK.finditer(text):
        sentence = next((one for one in sorted(told, key=len, reverse=True) if mark[1].startswith(one)), mark[1])
        start, end = mark.start(), mark.start(1) + len(sentence)
        if text[end : end + 1] in {"", "\n"}:
            start = len(text[:start].rstrip())
        kept[start:end] = [False] * (end - start)
    if not all(kept):
        for at in (*range(len(text)), *reversed(range(len(text)))):
            if kept[at] and not text[at].isspace():
                break
            kept[at] = False
    return kept


def _place(address: str) -> Place:
    match = re.fullmatch(r"([A-Z]{1,3})([0-9]{1,7})", address)
    return (int(match[2]), column_number(match[1])) if match else (0, 0)


def _with_texts(data: bytes, texts: Mapping[Place, str], told: Collection[str]) -> tuple[bytes, list[Place], set[Place]]:
    """The comments with ours; the cells that had none, and those whose comment was ours alone."""
    found, spliced = elements(data), Spliced(data)
    p = prefix(found[0].name)
    authors = [characters(data, one) for one in found if one.kind == "author"]
    if AUTHOR not in authors:
        spliced.append(only(found, "authors"), f"<{p}author>{AUTHOR}</{p}author>")
        authors.append(AUTHOR)
    standing: dict[Place, Element] = {}
    gone: set[Place] = set()
    for one in found:
        if one.kind == "text" and one.above is not None and one.above.kind == "comment":
            place = _place(one.above.get("ref"))
            if _unmarked(spliced, one, found, told):
                standing[place] = one
            else:
                spliced.replace(one.above.start, one.above.end, "")
                gone.add(place)
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
        entries.append(f'<{p}comment ref="{address_of(place)}" authorId="{authors.index(AUTHOR)}"><{p}text>{run}</{p}text></{p}comment>')
    spliced.append(only(found, "commentList"), "".join(entries))
    return spliced.finished(), fresh, gone


def _unmarked(spliced: Spliced, text: Element, found: list[Element], told: Collection[str]) -> bool:
    """Takes our marks out of the text of a comment, run by run; false, and nothing changed, when nothing else stands in it."""
    pieces = [one for one in found if one.kind == "t" and text.start < one.start < text.end and one.above and one.above.kind in {"r", "text"}]
    each = [characters(spliced.data, one) for one in pieces]
    kept = iter(_of_a_person("".join(each), told))
    left = ["".join(itertools.compress(piece, kept)) for piece in each]
    if any(each) and not any(left):
        return False
    for one, before, after in zip(pieces, each, left, strict=True):
        if before == after:
            continue
        if not after and one.above is not None and one.above.kind == "r":
            spliced.replace(one.above.start, one.above.end, "")
        else:
            spliced.replace(one.start, one.end, f'<{one.name} xml:space="preserve">{text_of(after)}</{one.name}>')
    return True


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
