"""The styles of a workbook with ours beside them: a cell's own look with another fill, and the looks of the added sheet."""

from __future__ import annotations

from settlement.paper.looks import FONT, INK, MUTED, NAVY, RULE, WHITE
from settlement.returns.package import Package
from settlement.returns.spliced import Element, NotEditableError, Spliced, elements, only, prefix

MARK = "FFC9CE"
"""The fill of a cell with a fault: a red of our own, that no palette offers, so that it is known again."""
_STYLES_AT_MOST = 60_000
"""A workbook may hold 65,490 formats of cells."""

LOOKS = {
    "title": (f'<{{0}}b/><{{0}}sz val="16"/><{{0}}color rgb="FF{NAVY}"/>', "", "", 'vertical="center"'),
    "line": (f'<{{0}}sz val="10"/><{{0}}color rgb="FF{INK}"/>', "", "", 'vertical="top" wrapText="1"'),
    "heading": (f'<{{0}}b/><{{0}}sz val="9"/><{{0}}color rgb="FF{WHITE}"/>', NAVY, "", 'horizontal="left" vertical="center" wrapText="1" indent="1"'),
    "body": (f'<{{0}}sz val="9"/><{{0}}color rgb="FF{INK}"/>', "", RULE, 'horizontal="left" vertical="center" wrapText="1" indent="1"'),
    "link": (f'<{{0}}u/><{{0}}sz val="9"/><{{0}}color rgb="FF{NAVY}"/>', "", RULE, 'horizontal="left" vertical="center" indent="1"'),
    "found": (f'<{{0}}sz val="9"/><{{0}}color rgb="FF{INK}"/>', MARK, RULE, 'horizontal="left" vertical="center" wrapText="1" indent="1"'),
    "muted": (f'<{{0}}sz val="9"/><{{0}}color rgb="FF{MUTED}"/>', "", RULE, 'horizontal="center" vertical="center"'),
    "head centre": (f'<{{0}}b/><{{0}}sz val="9"/><{{0}}color rgb="FF{WHITE}"/>', NAVY, "", 'horizontal="center" vertical="center" wrapText="1"'),
}  # fmt: skip
"""By name: font, fill, line below, and alignment of the looks of the added sheet."""


class Styles:
    """The styles of a package, being added to."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._part = package.related(package.workbook, "styles")
        self._spliced = Spliced(package.read(self._part))
        found = elements(self._spliced.data)
        self._holders = {kind: only(found, kind) for kind in ("fonts", "fills", "borders", "cellXfs")}
        self._counts = dict.fromkeys(self._holders, 0)
        self._formats: list[Element] = []
        self._fills: list[str] = []
        for one in found:
            holder = one.above
            if holder is None or holder is not self._holders.get(holder.kind):
                continue
            self._counts[holder.kind] += 1
            if holder.kind == "cellXfs":
                self._formats.append(one)
        if not self._formats:
            raise NotEditableError("cellXfs")
        self._added: dict[str, list[str]] = {kind: [] for kind in self._holders}
        self._p = prefix(self._holders["cellXfs"].name)
        self._refilled: dict[tuple[int, int], int] = {}
        self.marked_before = self._fills_of_ours(found)
        """The formats that an earlier returned file left on cells."""

    def _fills_of_ours(self, found: list[Element]) -> frozenset[int]:
        fills = [one for one in found if one.above is self._holders["fills"]]
        ours = set()
        for one in found:
            if one.kind == "fgColor" and one.get("rgb").upper() == f"FF{MARK}":
                fill: Element | None = one
                while fill is not None and fill.above is not self._holders["fills"]:
                    fill = fill.above
                ours |= {at for at, each in enumerate(fills) if each is fill}
        return frozenset(at for at, one in enumerate(self._formats) if one.get("fillId").isdecimal() and int(one.get("fillId")) in ours)

    def _add(self, kind: str, content: str) -> int:
        if content in self._added[kind] and kind != "cellXfs":
            return self._counts[kind] + self._added[kind].index(content)
        self._added[kind].append(content)
        number = self._counts[kind] + len(self._added[kind]) - 1
        if number > _STYLES_AT_MOST:
            raise NotEditableError("styles")
        return number

    def _fill(self, colour: str) -> int:
        p = self._p
        return self._add(
            "fills",
            f'<{p}fill><{p}patternFill patternType="solid"><{p}fgColor rgb="FF{colour}"/><{p}bgColor indexed="64"/></{p}patternFill></{p}fill>',
        )

    def marked(self, style: int) -> int:
        """The number of the same look with the fill of a fault."""
        return self._filled(style, self._fill(MARK))

    def unmarked(self, style: int) -> int:
        """The number of the same look without fill, for a cell that an earlier returned file marked and that is right now."""
        return self._filled(style, 0)

    def _filled(self, style: int, fill: int) -> int:
        if (style, fill) not in self._refilled:
            if style >= len(self._formats):
                raise NotEditableError("style")
            own = self._formats[style]
            tag = self._spliced.with_attributes(own.start, {"fillId": str(fill), "applyFill": "1"})
            rest = self._spliced.data[self._spliced.tag(own.start)[0] : own.end].decode()
            self._refilled[style, fill] = self._add("cellXfs", tag + rest)
        return self._refilled[style, fill]

    def look(self, name: str) -> int:
        """The number of a look of the added sheet: text, in a font with a name."""
        font, fill, rule, alignment = LOOKS[name]
        p = self._p
        fonts = self._add("fonts", f'<{p}font>{font.format(p)}<{p}name val="{FONT}"/><{p}family val="2"/></{p}font>')
        fills = self._fill(fill) if fill else 0
        below = f'<{p}bottom style="thin"><{p}color rgb="FF{rule}"/></{p}bottom>' if rule else f"<{p}bottom/>"
        borders = self._add("borders", f"<{p}border><{p}left/><{p}right/><{p}top/>{below}<{p}diagonal/></{p}border>")
        return self._add(
            "cellXfs",
            f'<{p}xf numFmtId="0" fontId="{fonts}" fillId="{fills}" borderId="{borders}" xfId="0" quotePrefix="1" '
            f'applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1"><{p}alignment {alignment}/></{p}xf>',
        )

    def save(self) -> None:
        """Puts what was added into the package."""
        for kind, added in self._added.items():
            if not added:
                continue
            holder = self._holders[kind]
            if self._spliced.tag(holder.start)[1]:
                raise NotEditableError(kind)
            if "count" in holder.attributes:
                self._spliced.set(holder.start, {"count": str(self._counts[kind] + len(added))})
            self._spliced.append(holder, "".join(added))
        self._package.write(self._part, self._spliced.finished())
