"""Texts of a source: addresses, times and encodings in them. What hides in a text goes first.

Law: pure; the same text always gives the same answer. Cleaning itself is `engine.cleaning`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from engine.cleaning import clean

MAX_EMAIL_CHARS = 254
"""RFC 5321 4.5.3.1.3: a path of 256 octets with its angle brackets."""

_SIGNS = r"@\s<>\"(),;:"
_ONE_EMAIL = re.compile(f"[^{_SIGNS}]+@[^{_SIGNS}]+")
_EMAIL = re.compile(f"(?<![^{_SIGNS[1:]}])[^{_SIGNS}]+@[^{_SIGNS}]+(?![^{_SIGNS[1:]}])")
"""An address between separators, brackets and labels such as `mailto:`; quoted local parts are not
read (RFC 5321 4.1.2 itself advises against them)."""


def email_addresses(text: str) -> list[str]:
    """Return the e-mail addresses in a field of any form (`Name <a@b>`, lists, `mailto:`)."""
    if not (text.isascii() and text.isprintable()):
        text = clean(text)
    if _ONE_EMAIL.fullmatch(text):  # what most fields hold; the search gives the same, slower
        return [text] if len(text) <= MAX_EMAIL_CHARS else []
    return [address for address in _EMAIL.findall(text) if len(address) <= MAX_EMAIL_CHARS]


_IN_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z?)", re.ASCII)


ENCODING_IN_WORDS = 'a name such as "utf-8" or "cp1252", "" to find it'


def is_encoding(name: str) -> bool:
    """Tell whether Python can decode texts by an encoding of this name; "" counts as one."""
    try:
        "".encode(name or "utf-8")
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return False
    return True


def utc_time(text: str) -> str:
    """Return a time in UTC to the second; one without a zone is taken as UTC.

    Raises:
        ValueError: it is no ISO 8601 time.
    """
    moment = datetime.fromisoformat(text)
    as_wanted = _IN_UTC.fullmatch(text)
    if as_wanted:
        return text if as_wanted[1] else f"{text}Z"
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("outside the calendar") from error
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
