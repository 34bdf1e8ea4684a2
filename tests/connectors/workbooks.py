"""Workbooks for tests: Excel's by openpyxl, OpenDocument's (ISO 26300) as plain XML in a ZIP."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl

_ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_ODS_MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODS_TYPE}"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
</manifest:manifest>"""
_ODS_CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">
<office:body><office:spreadsheet><table:table table:name="Sheet1">{rows}</table:table>
</office:spreadsheet></office:body></office:document-content>"""

_XLSB_RELATIONS = """<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship
 Id="rId1" Target="worksheets/sheet1.bin"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>
</Relationships>"""


def write_xlsx(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    """Write one sheet."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    for row in rows:
        sheet.append(row)
    book.save(path)


def write_ods(path: Path, rows: Sequence[Sequence[Any]]) -> None:
    """Write one sheet of texts."""
    lines = "".join(
        "<table:table-row>" + "".join(map(_cell, row)) + "</table:table-row>" for row in rows
    )
    write_ods_content(path, lines)


def write_ods_content(path: Path, rows: str) -> None:
    """Write one sheet of rows in XML."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", _ODS_TYPE, zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", _ODS_MANIFEST)
        archive.writestr("content.xml", _ODS_CONTENT.format(rows=rows))


def write_xlsb(path: Path, cells: Mapping[tuple[int, int], str | None]) -> None:
    """Write one sheet in Excel's binary format (MS-XLSB): what readers need of it.

    Args:
        path: the file.
        cells: row and column from 0 → text, None for a cell without a value; in order.
    """
    sheet, before = _record(129) + _record(148, struct.pack("<4I", 0, 0, 0, 0)) + _record(145), -1
    for (row, column), text in cells.items():
        if row != before:
            sheet += _record(0, struct.pack("<I", row) + bytes(13))
            before = row
        place = struct.pack("<II", column, 0)
        sheet += _record(1, place) if text is None else _record(6, place + _wide(text))
    book = _record(143) + _record(156, struct.pack("<II", 0, 1) + _wide("rId1") + _wide("Sheet1"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/_rels/workbook.bin.rels", _XLSB_RELATIONS)
        archive.writestr("xl/workbook.bin", _record(131) + book + _record(144) + _record(132))
        archive.writestr("xl/worksheets/sheet1.bin", sheet + _record(146) + _record(130))


def _record(kind: int, data: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return head + bytes([len(data)]) + data


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _cell(value: Any) -> str:
    if value in {None, ""}:
        return "<table:table-cell/>"
    text = escape(str(value))
    return (
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
    )
