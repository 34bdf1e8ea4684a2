"""Which SQL an ODBC source may run: one statement that reads.

Law: pure; a check against accidents and pasted scripts, no barrier against an administrator who
means harm. The barrier is a login that may only SELECT; the session is set read-only besides.
"""

from __future__ import annotations

import re

MAX_QUERY_CHARS = 100_000
MAX_TABLE_CHARS = 400

_QUIET = re.compile(
    r"(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|'(?:[^']|'')*'"  # 'text', '' inside
    r'|"(?:[^"]|"")*"'  # "name"
    r"|`[^`]*`"  # `name` (MariaDB)
    r"|\[[^\]]*\]",  # [name] (SQL Server, Access)
    re.DOTALL,
)
_OPEN = re.compile(r"['\"`]|/\*")
_WRITES = re.compile(
    r"\b(insert|update|delete|merge|into|drop|alter|create|truncate|grant|revoke|call|execute)\b",
    re.IGNORECASE,
)


def query_fault(query: str) -> str:
    """Return why a text is no query that may run, "" if it is one.

    Allowed: one SELECT, or one WITH … SELECT, perhaps with one ";" at its end.
    """
    if len(query) > MAX_QUERY_CHARS:
        return f"longer than {MAX_QUERY_CHARS:,} characters"
    bare = _QUIET.sub(lambda found: " " if found["comment"] else " x ", query)
    if _OPEN.search(bare):
        return "a quote or comment is never closed"
    bare = bare.strip().removesuffix(";").strip()
    if ";" in bare:
        return "more than one statement; allowed: one SELECT"
    if not re.match(r"[\s(]*(select|with)\b", bare, re.IGNORECASE):
        return "it begins with neither SELECT nor WITH; allowed: one SELECT"
    writes = _WRITES.search(bare)
    if writes:
        return f"{writes[1].upper()} writes; allowed: one SELECT (quote a column of that name)"
    return ""


_TABLE = re.compile(r"(?:\w+|\[[^\[\]]+\])(?:\.(?:\w+|\[[^\[\]]+\])){0,2}")


def table_fault(name: str) -> str:
    """Return why a text is no name of a table (`dbo.Contact`, `[my schema].[t]`); "" if it is."""
    if len(name) > MAX_TABLE_CHARS or not _TABLE.fullmatch(name):
        return f"{name[:60]!r} is no name of a table such as dbo.Contact"
    return ""


def hex_literals(query: str) -> str:
    """Return a statement for MariaDB whose texts outside ASCII are hexadecimal literals.

    Its ODBC driver 3.1.15 takes Ø, Ú, 付 and others (low byte D8 to DB in UTF-16) for halves of
    surrogate pairs, and reads on behind the statement's end, one character for each. Where such a
    character is left in a name, what is read too much falls into a comment.
    """
    if query.isascii():
        return query
    if "\\" not in query:  # an escaped quote would end a text elsewhere
        query = _QUIET.sub(_hex_literal, query)
    return f"{query}\n-- " if any(ord(c) & 0xFF in _TAKEN_FOR_HALVES for c in query) else query


_TAKEN_FOR_HALVES = range(0xD8, 0xDC)


def _hex_literal(found: re.Match[str]) -> str:
    text = found[0]
    if found["comment"]:
        return " "
    if text.isascii() or not text.startswith("'"):
        return text
    value = text[1:-1].replace("''", "'")
    return f"_utf8mb4 x'{value.encode('utf-8', 'surrogatepass').hex()}'"
