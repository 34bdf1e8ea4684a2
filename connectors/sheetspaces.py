"""Sheets of OpenDocument that are written with indents (Gnumeric), for a reader that knows none.

Law: pure. Between the elements of a table there is no text (OpenDocument 1.2, 9.1): white space
there says nothing. That inside of a paragraph stays as it is.
"""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
import zlib

MAX_BYTES = 256 * 1024 * 1024
"""Of the tables, unpacked: they are held in memory while the indents are taken out."""

_TABLES = "content.xml"
_TAG_OF_TABLE = rb"</?table:(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>"
_INDENT = re.compile(rb"(" + _TAG_OF_TABLE + rb")\s+(?=<)|>\s+(?=</?table:)")


def without_indents(data: bytes) -> bytes | None:
    """Return a workbook without white space around the elements of its tables.

    Returns:
        None where there is none; for what is no workbook of OpenDocument, damaged, or too large.
    """
    with contextlib.suppress(zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):
        return _rewritten(data)
    return None


def _rewritten(data: bytes) -> bytes | None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        if _TABLES not in names or archive.getinfo(_TABLES).file_size > MAX_BYTES:
            return None
        tables, found = _INDENT.subn(lambda match: match[1] or b">", archive.read(_TABLES))
        if not found:
            return None
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as plain:
            for name in dict.fromkeys(names):
                plain.writestr(name, tables if name == _TABLES else archive.read(name))
    return written.getvalue()
