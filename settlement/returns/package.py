"""A workbook as the parts in its zip: read, changed, added, and packed again with the same bytes each time."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Collection

from settlement.returns.spliced import Element, NotEditableError, Spliced, attribute_of, elements, local, only, prefix

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKED = (1980, 1, 1, 0, 0, 0)
_TYPES = "[Content_Types].xml"
_VIEW = re.compile(rb"<(?:\w+:)?sheetView\s[^<>]*\btabSelected\s*=\s*[\"'](?:1|true)[\"'][^<>]*>")
"""A view in which a sheet is selected; no text of a cell can hold the sign that it begins with."""
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"


class Package:
    """The parts of a workbook. What is not changed is packed again as it was."""

    def __init__(self, data: bytes) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(data))
        self._changed: dict[str, bytes] = {}
        self.workbook = self._one(self.relations(""), "officeDocument")
        root = elements(self.read(self.workbook))[0]
        if _MAIN not in root.attributes.values():
            raise NotEditableError("strict")

    # ---- parts

    def names(self) -> list[str]:
        """Every part, in order."""
        return [*self._zip.namelist(), *(name for name in self._changed if name not in self._zip.NameToInfo)]

    def read(self, part: str) -> bytes:
        """The bytes of a part; raises ``NotEditableError`` when it is not there."""
        if part in self._changed:
            return self._changed[part]
        try:
            return self._zip.read(part)
        except KeyError:
            raise NotEditableError(part) from None

    def write(self, part: str, content: bytes) -> None:
        """Gives a part other bytes, or adds it."""
        self._changed[part] = content

    def free(self, pattern: str) -> str:
        """The first name of a pattern such as ``xl/comments{}.xml`` that no part has."""
        taken = {name.casefold() for name in self.names()}
        return next(name for at in range(1, len(taken) + 2) if (name := pattern.format(at)).casefold() not in taken)

    # ---- relations

    def _relations_part(self, part: str) -> str:
        folder, name = posixpath.split(part)
        return posixpath.join(folder, "_rels", f"{name}.rels")

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Identifier to kind and target of the relations of a part; ``""`` is the package. None: there are none."""
        own = self._relations_part(part)
        if own not in self.names():
            return {}
        folder = posixpath.dirname(part)
        found = {}
        for one in elements(self.read(own)):
            if one.kind == "Relationship" and one.get("TargetMode") != "External":
                target = one.get("Target")
                path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
                found[one.get("Id")] = (local(one.get("Type")).rpartition("/")[2], posixpath.normpath(path))
        return found

    def _one(self, relations: dict[str, tuple[str, str]], kind: str) -> str:
        targets = [target for each, target in relations.values() if each == kind]
        if len(targets) != 1:
            raise NotEditableError(kind)
        return targets[0]

    def related(self, part: str, kind: str) -> str:
        """The one part of a kind that a part points at; empty when there is none."""
        targets = [target for each, target in self.relations(part).values() if each == kind]
        if len(targets) > 1:
            raise NotEditableError(kind)
        return targets[0] if targets else ""

    def relate(self, part: str, kind: str, target: str) -> str:
        """Makes a part point at another; gives the identifier."""
        own = self._relations_part(part)
        folder = posixpath.dirname(part)
        if own not in self.names():
            self.write(own, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="{_RELATIONS}"></Relationships>'.encode())
        data = self.read(own)
        found = elements(data)
        taken = {one.get("Id") for one in found}
        identifier = next(name for at in range(1, len(taken) + 2) if (name := f"rIdS{at}") not in taken)
        spliced = Spliced(data)
        path = posixpath.relpath(target, folder or ".")
        spliced.append(
            found[0],
            f'<{prefix(found[0].name)}Relationship Id="{identifier}" Type="{_OFFICE}/{kind}" Target={attribute_of(path)}/>',
        )
        self.write(own, spliced.finished())
        return identifier

    # ---- content types

    def declare(self, part: str, content_type: str) -> None:
        """Says of what type a part is."""
        self._type("Override", "PartName", f"/{part}", content_type)

    def declare_extension(self, extension: str, content_type: str) -> None:
        """Says of what type the parts with an extension are, unless it was said."""
        self._type("Default", "Extension", extension, content_type)

    def _type(self, kind: str, key: str, value: str, content_type: str) -> None:
        data = self.read(_TYPES)
        found = elements(data)
        if any(one.kind == kind and one.get(key).casefold() == value.casefold() for one in found):
            return
        spliced = Spliced(data)
        entry = f"<{prefix(found[0].name)}{kind} {key}={attribute_of(value)} ContentType={attribute_of(content_type)}/>"
        first = next((one for one in found[1:] if one.kind == "Override"), None)
        if kind == "Default" and first is not None:
            spliced.replace(first.start, first.start, entry)
        else:
            spliced.append(found[0], entry)
        self.write(_TYPES, spliced.finished())

    # ---- sheets

    def _sheets(self) -> list[Element]:
        return [one for one in elements(self.read(self.workbook)) if one.kind == "sheet"]

    def sheet(self, name: str) -> str:
        """The part of the worksheet of a name; raises ``NotEditableError`` when there is none."""
        relations = self.relations(self.workbook)
        for one in self._sheets():
            kind, target = relations.get(one.get("id"), ("", ""))
            if one.get("name") == name and kind == "worksheet":
                return target
        raise NotEditableError("sheet")

    def put_list(self, name: str, names: Collection[str], content: bytes) -> None:
        """Adds a worksheet behind all others; one that an earlier returned file added, under any of these names, is replaced
        where it stands. The workbook opens on it, and it alone is selected: of several selected sheets each takes every edit."""
        data = self.read(self.workbook)
        found, spliced = elements(data), Spliced(data)
        holder = only(found, "sheets")
        sheets = [one for one in found if one.above is holder]
        alike = {each.casefold() for each in names}
        at = next((at for at, one in enumerate(sheets) if one.get("name").casefold() in alike), len(sheets))
        for other in (*sheets[:at], *sheets[at + 1 :]):
            self._deselect(other)
        if at < len(sheets):
            self.write(self.sheet(sheets[at].get("name")), content)
            spliced.set(sheets[at].start, {"name": name} | ({"state": "visible"} if sheets[at].get("state") else {}))
        else:
            part = self.free(posixpath.join(posixpath.dirname(self.workbook), "worksheets/sheet{}.xml"))
            self.write(part, content)
            self.declare(part, f"{SPREADSHEET}.worksheet+xml")
            identifier = self.relate(self.workbook, "worksheet", part)
            number = max((int(one.get("sheetId")) for one in sheets if one.get("sheetId").isdecimal()), default=0) + 1
            spliced.append(
                holder,
                f'<{prefix(holder.name)}sheet name={attribute_of(name)} sheetId="{number}" xmlns:r="{_OFFICE}" r:id="{identifier}"/>',
            )
        views = [one for one in found if one.kind == "workbookView"]
        for view in views:
            spliced.set(view.start, {"activeTab": str(at)})
        if not views:
            p = prefix(holder.name)
            spliced.replace(holder.start, holder.start, f'<{p}bookViews><{p}workbookView activeTab="{at}"/></{p}bookViews>')
        self.write(self.workbook, spliced.finished())

    def _deselect(self, sheet: Element) -> None:
        """Takes the selection from a sheet; nothing else of it is touched."""
        _, part = self.relations(self.workbook).get(sheet.get("id"), ("", ""))
        if part not in self.names():
            return
        spliced = Spliced(self.read(part))
        views = list(_VIEW.finditer(spliced.data))
        for view in views:
            spliced.set(view.start(), {"tabSelected": "0"})
        if views:
            self.write(part, spliced.finished())

    # ---- packing

    def save(self) -> bytes:
        """The workbook as bytes: the same for the same parts, whatever the clock."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as target:
            for name in self.names():
                part = zipfile.ZipInfo(name, _PACKED)
                part.compress_type = zipfile.ZIP_DEFLATED
                part.create_system, part.external_attr = 3, 0o600 << 16
                target.writestr(part, self.read(name))
        return packed.getvalue()
