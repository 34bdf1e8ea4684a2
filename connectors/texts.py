"""Cleaning: any text of a source → one line that hides nothing.

Law: pure; the same text always gives the same answer, and cleaning twice changes nothing more.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache

MAX_EMAIL_CHARS = 254
"""RFC 5321 4.5.3.1.3: a path of 256 octets with its angle brackets."""

_HIDDEN = re.compile("[\u034f\u115f\u1160\u2800\u3164\uffa0]")
"""Letters and marks that show nothing (fillers, joiners): printable to Unicode, not to people."""

_SIGNS = r"@\s<>\"(),;:"
_ONE_EMAIL = re.compile(f"[^{_SIGNS}]+@[^{_SIGNS}]+")
_EMAIL = re.compile(f"(?<![^{_SIGNS[1:]}])[^{_SIGNS}]+@[^{_SIGNS}]+(?![^{_SIGNS[1:]}])")
"""An address between separators, brackets and labels such as `mailto:`; quoted local parts are not
read (RFC 5321 4.1.2 itself advises against them)."""


def clean(text: str) -> str:
    """Return the text on one line, NFC, without anything invisible; idempotent.

    Line breaks, tabs, control characters and odd spaces become one space; bidirectional controls,
    zero-width characters, fillers and lone surrogates go; ends are trimmed.
    """
    if not text.isascii():
        if not text.isprintable() or _HIDDEN.search(text):
            text = "".join(map(_visible, text))
        text = unicodedata.normalize("NFC", text)
    elif not text.isprintable():
        text = "".join(map(_visible, text))
    # Now a space is the only blank that is left.
    return " ".join(text.split()) if "  " in text else text.strip()


@lru_cache(maxsize=4_096)
def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cc", "Zs", "Zl", "Zp"}:
        return " "
    if category in {"Cf", "Cs"} or _HIDDEN.match(character):
        return ""
    return character


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
