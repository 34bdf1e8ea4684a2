"""Values of databases and spreadsheets → the text of a record.

Law: pure; the same value gives the same text in every run, else unchanged rows would look changed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

MAX_WHOLE_FLOAT = 2**53
"""Up to here a float holds every integer: a number column may be one."""


def as_text(value: object) -> str:
    """Return a database value as a record's text: NULL "", numbers without ".0", times ISO 8601.

    Bytes become hexadecimal digits, truth values "true" and "false".
    """
    return _WRITERS.get(type(value), str)(value)


_ELEMENT = r'"(?:[^"\\]|\\.)*"|[^"{},\\\s](?:[^"{},\\]*[^"{},\\\s])?'
_ARRAY = re.compile(rf"\{{(?:(?:{_ELEMENT})(?:,(?:{_ELEMENT}))*)?\}}", re.DOTALL)
_ELEMENTS = re.compile(_ELEMENT, re.DOTALL)


def listed(text: str) -> str:
    """Return a line for each text of an array, as PostgreSQL or JSON writes it; else the text.

    `{"089 99998 11",NULL}` and `["089 99998 11", 112]`: NULL, and what is no text or whole number,
    says nothing; an array of arrays or of objects stays as it is written.
    """
    if _ARRAY.fullmatch(text):
        found = [element for element in _ELEMENTS.findall(text) if element.upper() != "NULL"]
        return "\n".join(_unquoted(element) for element in found)
    if text.startswith("[") and text.endswith("]"):
        try:
            return "\n".join(map(str, filter(None, _decode_list(text))))
        except (msgspec.DecodeError, RecursionError):
            pass
    return text


_decode_list = msgspec.json.Decoder(list[str | int | None]).decode


def _unquoted(element: str) -> str:
    if not element.startswith('"'):
        return element
    return re.sub(r"\\(.)", r"\1", element[1:-1], flags=re.DOTALL)


class OutsideCalendar(str):
    """A date as MariaDB keeps it and no calendar has it: "0000-05-03", "2026-00-00", zeros alone.

    Zeros say nothing to people, but the database puts them in order and compares with them.
    """

    __slots__ = ()


def date_of(raw: bytes | None) -> dt.date | OutsideCalendar | None:
    """Return the date that a driver gives as digits; None: NULL."""
    return _time_of(raw, dt.date.fromisoformat)


def moment_of(raw: bytes | None) -> dt.datetime | OutsideCalendar | None:
    """Return the date with a time of day that a driver gives as digits; else as `date_of`."""
    return _time_of(raw, dt.datetime.fromisoformat)


_Time = TypeVar("_Time", dt.date, dt.datetime)


def _time_of(raw: bytes | None, read: Callable[[str], _Time]) -> _Time | OutsideCalendar | None:
    if raw is None:
        return None
    text = raw.decode("ascii", "replace")
    try:
        return read(text)
    except ValueError:
        return OutsideCalendar(text)


def _of_float(value: float) -> str:
    whole = value.is_integer() and abs(value) <= MAX_WHOLE_FLOAT
    return str(int(value)) if whole else repr(value)


def _of_decimal(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_WRITERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "",
    bool: lambda value: "true" if value else "false",
    float: _of_float,
    Decimal: _of_decimal,
    dt.datetime: dt.datetime.isoformat,
    dt.date: dt.date.isoformat,
    dt.time: dt.time.isoformat,
    bytes: bytes.hex,
    bytearray: bytearray.hex,
    OutsideCalendar: lambda value: str(value) if value.strip("0-: .") else "",
}
