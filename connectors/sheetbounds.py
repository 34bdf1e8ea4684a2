"""How far the cells of an Excel sheet reach, before all cells between them are given memory.

Law: pure, and streams: what reads a sheet gives every place between its outermost values 32 bytes,
and where there is no memory for them it ends the process. A value that strayed into the last column
and the last row asks for half a tebibyte.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from typing import IO
from xml.etree import ElementTree as ET

MAX_CELLS = 32 * 1024 * 1024
"""1 GiB of cells: a million rows of 32 columns."""

NARROW = 26
"""So few columns (A to Z) may be filled down to the last row that there is: 27 million cells."""

_CHUNK = 1024 * 1024
_OVERLAP = 1024
"""Longer than the beginning of any cell."""

_BOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_MAX_BOOK_BYTES = 4 * 1024 * 1024
_FAR = re.compile(rb'r="[A-Z]{2}')
"""Most sheets have no such cell; to look at the others in full takes as long as to read them."""

_FAR_CELL = re.compile(
    rb'<(?:\w+:)?c\s[^<>]*?\br="([A-Z]{2,3})([0-9]{1,7})"[^<>]*(?<!/)>\s*<(?:\w+:)?(?:f|v|is)\b'
)
_PLACE = re.compile(rb'c\s[^<>]*?\br="[A-Z]{1,3}([0-9]{1,7})"')


def stray_cell(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return a cell that lies so far out that the sheet is too large; "" if none does.

    Args:
        archive: a workbook of Excel; of any other, nothing is said.
        sheet: the name of one of its sheets.

    Raises:
        zipfile.BadZipFile: the archive is damaged.
    """
    member = _member_of(archive, sheet)
    if not member:
        return ""
    rows, column, cell = 0, NARROW, ""
    with archive.open(member) as file:
        for piece in _pieces(file):
            for letters, number in _FAR_CELL.findall(piece) if _FAR.search(piece) else ():
                reached = _number_of(letters)
                if reached > column:
                    column, cell = reached, (letters + number).decode()
            rows = max(rows, _last_row(piece))
    return cell if rows * column > MAX_CELLS else ""


def _member_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the archive's name of a sheet; "" where it cannot be told."""
    try:
        book, relations = (_parsed(archive, name) for name in (_BOOK, _RELATIONS))
    except (KeyError, ValueError, ET.ParseError):
        return ""
    own = ""
    for element in book.iter():
        if element.tag.endswith("}sheet") and element.get("name") == sheet:
            own = next((text for name, text in element.items() if name.endswith("}id")), "")
    targets = {item.get("Id", ""): item.get("Target", "") for item in relations}
    target = targets.get(own, "")
    member = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return member if target and member in archive.namelist() else ""


def _parsed(archive: zipfile.ZipFile, name: str) -> ET.Element:
    if archive.getinfo(name).file_size > _MAX_BOOK_BYTES:
        raise ValueError(name)
    return ET.fromstring(archive.read(name))  # noqa: S314 - expat itself bounds what entities grow to


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a file in pieces that begin a little before the end of the piece before them."""
    kept = b""
    while chunk := file.read(_CHUNK):
        yield kept + chunk
        kept = (kept + chunk)[-_OVERLAP:]


def _last_row(piece: bytes) -> int:
    """Return the row of the last cell with a value, 0 for none; there are rows without values."""
    value = max(piece.rfind(b"v>"), piece.rfind(b"is>"))
    if value < 0:
        return 0
    begin = max(piece.rfind(b"<c ", 0, value), piece.rfind(b":c ", 0, value))
    place = _PLACE.match(piece, begin + 1) if begin >= 0 else None
    return int(place[1]) if place else 0


def _number_of(letters: bytes) -> int:
    """Return the number of a column, from 1: A is 1, XFD is 16,384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
