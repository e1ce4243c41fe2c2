"""What a delivered workbook is by its own bytes, whatever its name says; and what is refused unread. Standard library only.

Read exactly: .xlsx and .xlsm (``workbook``), .ods (``opendocument``): packages with checksums, whose formats say all that
a cell holds. Refused with how to save them: .xls and .xlsb. A file of .xls has no checksum, so that a changed bit is
another quantity and nobody sees it, and doesn't tell a formula that was never calculated from one that is zero.
"""

from __future__ import annotations

import re

from settlement.deliveries.opendocument import OpenDocument
from settlement.deliveries.package import open_package
from settlement.deliveries.unreadable import UnreadableError
from settlement.deliveries.workbook import Workbook

EXTENSIONS = frozenset({".xlsx", ".xlsm", ".ods", ".xls", ".xlsb"})
"""Names under which workbooks come; the last two are opened only to say what they are."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x08\x00", b"\x09\x08\x10\x00")
"""How files of Excel 2 to 5 begin, which have no container around them."""
_PASSWORD_OF_OLD = re.compile(rb"\x09\x08[\x08\x10]\x00\x00[\x05\x06]\x05\x00.{4,12}(?:\x86\x00\x00\x00)?\x2f\x00", re.DOTALL)
"""In .xls: the record with which a workbook begins, and behind it at once the one that says how it is encrypted."""
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"


def open_workbook(data: bytes, extension: str) -> Workbook | OpenDocument:
    """A workbook, opened as what it is. Raises ``UnreadableError`` for what is refused unread, and for a name under which
    neither is read."""
    if data[:8] == _OLE:
        encrypted = "EncryptedPackage".encode("utf-16-le") in data or _PASSWORD_OF_OLD.search(data)
        raise UnreadableError("password-protected" if encrypted else "old-format", expected=".xlsx")
    if data[:4] in _OLD:
        raise UnreadableError("old-format", expected=".xlsx")
    if data[:4] != b"PK\x03\x04":
        raise UnreadableError("not-a-workbook", expected=".xlsx")
    package = open_package(data)
    names = set(package.namelist())
    if "xl/workbook.bin" in names:
        raise UnreadableError("binary-format", expected=".xlsx")
    of_oasis = "mimetype" in names and package.read("mimetype").startswith(_ODS)
    if not of_oasis and "_rels/.rels" not in names:
        raise UnreadableError("not-a-workbook", expected=".xlsx")
    if extension in {".xls", ".xlsb"}:
        raise UnreadableError("wrong-extension", found=extension, expected=".ods" if of_oasis else ".xlsx")
    return OpenDocument(package) if of_oasis else Workbook(package)
