"""How far the cells of a sheet reach, before all cells between them are given memory.

Law: pure, and streams: what reads a sheet gives every place between its outermost values 32 bytes,
and where there is no memory for them it ends the process. A value that strayed into the last column
and the last row asks for half a tebibyte.
"""

from __future__ import annotations

import html
import re
import struct
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
_BINARY_BOOK, _BINARY_RELATIONS = "xl/workbook.bin", "xl/_rels/workbook.bin.rels"
_TABLES = "content.xml"
_MAX_BOOK_BYTES = 4 * 1024 * 1024
_FAR = re.compile(rb'r="[A-Z]{2}')
"""Most sheets have no such cell; to look at the others in full takes as long as to read them."""

_FAR_CELL = re.compile(
    rb'<(?:\w+:)?c\s[^<>]*?\br="([A-Z]{2,3})([0-9]{1,7})"[^<>]*(?<!/)>\s*<(?:\w+:)?(?:f|v|is)\b'
)
_PLACE = re.compile(rb'c\s[^<>]*?\br="[A-Z]{1,3}([0-9]{1,7})"')

_ROW_BEGIN = b"<table:table-row"
_ROW = tuple(_ROW_BEGIN + end for end in (b" ", b">", b"\t", b"\r", b"\n"))
"""Not so what groups rows, whose names begin as theirs do."""

_VALUE, _FORMULA = b" office:value", b" table:formula="
_MAX_ROW = 8 * 1024 * 1024
_TABLE = re.compile(rb"""<table:table\s[^<>]*?\btable:name=["']([^"'<>]*)["']""")
_CELL = re.compile(rb"<table:(?:covered-)?table-cell(?=[\s/>])([^<>]*)>")
_REPEATED = re.compile(rb"""\btable:number-(?:rows|columns)-repeated=["']([0-9]{1,18})["']""")

_ROW_HEADER, _LAST_CELL, _SHEET, _END_OF_CELLS = 0, 11, 156, 146
_U32 = struct.Struct("<I")
_LONGEST_HEAD = 10
"""Bytes: the type and length of a record, and the number that it begins with."""


def stray_cell(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return a cell that lies so far out that the sheet is too large; "" if none does.

    Args:
        archive: a workbook of Excel; of any other, nothing is said.
        sheet: the name of one of its sheets.

    Raises:
        zipfile.BadZipFile: the archive is damaged.
    """
    names = archive.namelist()
    if _BINARY_BOOK in names:
        return _stray_binary_cell(archive, sheet)
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


def stray_table_cell(archive: zipfile.ZipFile) -> tuple[str, str]:
    """Return the table and the cell that make an OpenDocument workbook too large; "" if none do.

    All its tables are read when it is opened, so that they count together. A row or cell that is
    repeated without a value takes no memory, unless one with a value comes after it.

    Args:
        archive: a workbook of OpenDocument; of any other, nothing is said.

    Raises:
        zipfile.BadZipFile: the archive is damaged.
    """
    if _TABLES not in archive.namelist():
        return "", ""
    total, widest = 0, (0, b"", "")  # cells, table, cell
    table, row, rows, columns, cell = b"", 0, 0, 0, ""
    with archive.open(_TABLES) as file:
        for part in _rows_of(file):
            line, _, rest = part.partition(b"</table:table>")
            if line.startswith(_ROW):
                repeats = _repeats(line[: line.find(b">")])
                if _VALUE in line or _FORMULA in line:
                    rows = row + repeats
                    if _at_most(line) > columns and (reached := _last_column(line)) > columns:
                        columns, cell = reached, f"{_letters_of(reached)}{rows}"
                row += repeats
            else:
                rest = part
            if begin := _TABLE.search(rest):
                total += rows * columns
                widest = max(widest, (rows * columns, table, cell))
                table, row, rows, columns, cell = begin[1], 0, 0, 0, ""
    total += rows * columns
    _, table, cell = max(widest, (rows * columns, table, cell))
    return (html.unescape(table.decode(errors="replace")), cell) if total > MAX_CELLS else ("", "")


def _rows_of(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what stands before the first row, then each row with what follows it.

    Of a row that is longer than `_MAX_ROW` bytes, the middle is left out.
    """
    kept = b""
    while chunk := file.read(_CHUNK):
        first, *others = (kept + chunk).split(_ROW_BEGIN)
        *whole, kept = [first, *(_ROW_BEGIN + other for other in others)]
        yield from whole
        kept = kept[:_MAX_ROW]
    yield kept


def _repeats(attributes: bytes) -> int:
    found = _REPEATED.search(attributes) if b"-repeated=" in attributes else None
    return int(found[1]) if found else 1


def _at_most(row: bytes) -> int:
    """Return a column that the last value of a row does not lie beyond; quickly."""
    last = row.rfind(b"<table:table-cell")
    if last >= 0 and _VALUE not in row[last:] and _FORMULA not in row[last:]:
        row = row[:last]
    cells = row.count(b"<table:") - 1  # without the row itself
    if b"columns-repeated=" not in row:
        return cells
    return cells + sum(map(int, _REPEATED.findall(row)))


def _last_column(row: bytes) -> int:
    """Return the column of the last value of a row, from 1; 0 for none."""
    column = reached = 0
    for attributes in _CELL.findall(row):
        column += _repeats(attributes)
        if _VALUE in attributes or _FORMULA in attributes:
            reached = column
    return reached


def _stray_binary_cell(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the same of a workbook in Excel's binary format."""
    try:
        relations = _parsed(archive, _BINARY_RELATIONS)
    except (KeyError, ValueError, ET.ParseError):
        return ""
    member = _target_of(archive, relations, _binary_relation(archive, sheet))
    if not member:
        return ""
    row, rows, column, cell = 0, 0, NARROW, ""
    with archive.open(member) as file:
        for kind, data, at in _records(file):
            if kind == _ROW_HEADER:
                row = _U32.unpack_from(data, at)[0] + 1
            elif 1 < kind <= _LAST_CELL:  # 1: a cell without a value
                rows = max(rows, row)
                reached = _U32.unpack_from(data, at)[0] + 1
                if reached > column:
                    column, cell = reached, f"{_letters_of(reached)}{row}"
            elif kind == _END_OF_CELLS:
                break
    return cell if rows * column > MAX_CELLS else ""


def _binary_relation(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the relation that leads to a sheet; "" for none."""
    with archive.open(_BINARY_BOOK) as file:
        for kind, data, at in _records(file, _MAX_BOOK_BYTES):
            if kind == _SHEET:
                relation, behind = _text(data, at + 8)  # past its state and its number
                if _text(data, behind)[0] == sheet:
                    return relation
    return ""


def _records(file: IO[bytes], size: int = _CHUNK) -> Iterator[tuple[int, bytes, int]]:
    """Yield the type of each record, with bytes that hold its beginning, and where it is in them.

    Args:
        file: a part of a workbook in Excel's binary format.
        size: how much is read at once, in bytes.
    """
    data, at, ended = b"", 0, False
    while True:
        while at + _LONGEST_HEAD > len(data) and not ended:
            chunk = file.read(size)
            gone = min(at, len(data))
            ended = not chunk
            # a last one that is cut off has zeros
            data, at = data[gone:] + (chunk or bytes(_LONGEST_HEAD)), at - gone
        if ended and at + _LONGEST_HEAD >= len(data):
            return
        kind, at = data[at], at + 1
        if kind & 0x80:
            kind, at = (kind & 0x7F) | (data[at] & 0x7F) << 7, at + 1
        length = 0
        for shift in (0, 7, 14, 21):
            byte, at = data[at], at + 1
            length |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
        yield kind, data, at
        at += length


def _text(data: bytes, at: int) -> tuple[str, int]:
    """Return a text of Excel's binary format and the place behind it; "" where there is none."""
    if at + 4 > len(data):
        return "", at
    end = at + 4 + 2 * int(_U32.unpack_from(data, at)[0])
    return data[at + 4 : end].decode("utf-16-le", errors="replace"), end


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
    return _target_of(archive, relations, own)


def _target_of(archive: zipfile.ZipFile, relations: ET.Element, own: str) -> str:
    """Return the archive's name of what a relation leads to; "" where there is nothing."""
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


def _letters_of(number: int) -> str:
    """Return the letters of a column, from 1: the opposite of `_number_of`."""
    letters = ""
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters
