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


_TOKEN = re.compile(rf"{_QUIET.pattern}|(?P<sign>\S)", re.DOTALL)


def sendable(query: str) -> str:
    """Return a query as drivers and subqueries take it, though a comment stands at its end.

    A ";" with a comment behind it is cut off, and a comment to the end of the line ends there: of
    one that is the end of the query, PostgreSQL's driver makes a failure without a reason.
    """
    found = list(_TOKEN.finditer(query))
    if not found or not found[-1]["comment"]:
        return query
    last = next((token for token in reversed(found) if not token["comment"]), None)
    if last is not None and last[0] == ";":
        return query[: last.start()]
    return f"{query}\n"


_TABLE = re.compile(r"(?:\w+|\[[^\[\]]+\])(?:\.(?:\w+|\[[^\[\]]+\])){0,2}")


def table_fault(name: str) -> str:
    """Return why a text is no name of a table (`dbo.Contact`, `[my schema].[t]`); "" if it is."""
    if len(name) > MAX_TABLE_CHARS or not _TABLE.fullmatch(name):
        return f"{name[:60]!r} is no name of a table such as dbo.Contact"
    return ""


def hex_literals(query: str) -> str:
    """Return a statement for MariaDB whose texts outside ASCII are hexadecimal literals.

    What is left of such characters stands in names, or in texts of a query with a backslash; see
    `taken_for_half`.
    """
    if query.isascii() or "\\" in query:  # an escaped quote would end a text elsewhere
        return query
    return _QUIET.sub(_hex_literal, query)


_TAKEN_FOR_HALVES = frozenset(range(0xD8, 0xDC))


def taken_for_half(statement: str) -> str:
    """Return the first character that MariaDB's ODBC driver cannot send; "" if it can send all.

    Version 3.1.15 takes what has a low byte of D8 to DB in UTF-16 (Ø, Ù, Ú, Û, 付) for half of a
    surrogate pair: for each, it reads one unit of memory behind the statement's end. What lies
    there is sent as well, cannot be converted at times, and with many of them the process aborts.
    """
    if statement.isascii():
        return ""
    for character in statement:
        units = character.encode("utf-16-le", "surrogatepass")
        if not _TAKEN_FOR_HALVES.isdisjoint(units[::2]):
            return character
    return ""


def _hex_literal(found: re.Match[str]) -> str:
    text = found[0]
    if found["comment"]:
        return " "
    if text.isascii() or not text.startswith("'"):
        return text
    value = text[1:-1].replace("''", "'")
    return f"_utf8mb4 x'{value.encode('utf-8', 'surrogatepass').hex()}'"
