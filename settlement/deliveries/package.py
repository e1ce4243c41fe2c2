"""A delivered workbook as a zip of XML parts: judged before anything of it is unpacked. Standard library only.

Sizes, doubles, overlaps and checksums first; then every part is read by expat, which refuses a DOCTYPE and with it
every entity. Both kinds of workbook that are read (``workbook``, ``opendocument``) are such packages.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Callable, Iterator
from xml.parsers import expat

from settlement.deliveries.unreadable import UnreadableError

UNPACKED_AT_MOST = 512 * 1024 * 1024
_PART_AT_MOST = 256 * 1024 * 1024
_RATIO_AT_MOST = 300
"""How many times its packed size a large part may be; sheets of lines are 10 to 60."""
_RATIO_FROM = 8 * 1024 * 1024
"""Smaller parts may be packed as tightly as they like."""
_PARTS_AT_MOST = 10_000
_PIECE = 1 << 20


def open_package(data: bytes) -> zipfile.ZipFile:
    """The zip, after everything that can be judged before unpacking, and its checksums."""
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        _judge(package, data)
        broken = package.testzip()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise UnreadableError("damaged-file") from error
    if broken is not None:
        raise UnreadableError("damaged-file", found=posixpath.basename(broken))
    return package


def _judge(package: zipfile.ZipFile, data: bytes) -> None:
    parts = package.infolist()
    names = [part.filename.casefold() for part in parts]
    if len(parts) > _PARTS_AT_MOST or len(set(names)) != len(names):
        raise UnreadableError("unsafe-file", found="duplicate parts")
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableError("password-protected", expected=".xlsx")
    if sum(part.file_size for part in parts) > UNPACKED_AT_MOST or any(
        part.file_size > _PART_AT_MOST for part in parts
    ):
        raise UnreadableError("too-large-unpacked", expected=f"{UNPACKED_AT_MOST // 2**20} MB")
    for part in parts:
        if part.file_size > _RATIO_FROM and part.file_size > _RATIO_AT_MOST * max(part.compress_size, 1):
            raise UnreadableError("unsafe-file", found="packed too tightly")
        if part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise UnreadableError("unsafe-file", found="unknown packing")
    in_order = sorted(parts, key=lambda part: part.header_offset)
    ends = [part.header_offset for part in in_order[1:]] + [package.start_dir]
    for part, end in zip(in_order, ends, strict=True):
        name_and_extra = sum(
            int.from_bytes(data[part.header_offset + at : part.header_offset + at + 2], "little") for at in (26, 28)
        )
        if part.header_offset + 30 + name_and_extra + part.compress_size > end:
            raise UnreadableError("unsafe-file", found="overlapping parts")
    if in_order and in_order[0].header_offset != 0:
        raise UnreadableError("damaged-file")


# ---- small XML -------------------------------------------------------------------------------------------


def _refuse_doctype(*_: object) -> None:
    raise UnreadableError("unsafe-file", found="DOCTYPE")


def parser_without_doctype(*, with_namespaces: bool = False) -> expat.XMLParserType:
    """An expat parser that refuses a DOCTYPE, and with it every entity.

    ``with_namespaces``: names are the namespace, a space and the local name, whatever prefix the file uses.
    """
    parser = expat.ParserCreate(namespace_separator=" ") if with_namespaces else expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.buffer_text = True
    return parser


def local_name(name: str) -> str:
    """The name of an element or attribute without its prefix."""
    return name.rpartition(":")[2]


def each_element(data: bytes, seen: Callable[[str, dict[str, str], str], None]) -> None:
    """Calls ``seen`` with name, attributes (both without prefix) and the name of the parent, for each element."""
    parser = parser_without_doctype()
    above: list[str] = [""]

    def start(name: str, attributes: dict[str, str]) -> None:
        local = local_name(name)
        seen(local, {local_name(key): value for key, value in attributes.items()}, above[-1])
        above.append(local)

    def end(_: str) -> None:
        above.pop()

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parse(parser, data, final=True)


def parse(parser: expat.XMLParserType, data: bytes | str, *, final: bool) -> None:
    """Hands a parser some more of a part; raises ``UnreadableError`` for XML that is not well-formed."""
    try:
        parser.Parse(data, final)
    except (expat.ExpatError, ValueError, UnicodeError) as error:
        raise UnreadableError("damaged-file", found="XML") from error


def read_part(package: zipfile.ZipFile, name: str) -> bytes:
    """A part as a whole; raises ``UnreadableError`` when it is not there."""
    try:
        return package.read(name)
    except KeyError:
        raise UnreadableError("damaged-file", found=posixpath.basename(name)) from None


def pieces_of(package: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A part, a megabyte at a time."""
    with package.open(name) as stream:
        while piece := stream.read(_PIECE):
            yield piece
