"""Where one number of a phone field ends and the next begins; and the words around them.

Law: pure; no dial plan and no number here, only texts. Every text keeps its length and places
(`fold_signs`), so that a part can be shown as the source wrote it. The expressions work on at most
`MAX_FIELD_CHARS` characters and repeat nothing that can be matched in two ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.numbertext import fold_signs

MAX_FIELD_CHARS = 1_000
"""A field of twenty numbers has below 500; longer ones are notes."""

MIN_WHOLE_DIGITS = 6
"""Fewer digits before or behind a blank or a slash are a group of one number, not a number."""

_LONG_WORDS = (
    "telefonnummer|telefon|telephone|téléphone|tel|phone|fon|rufnummer|ruf|mobiltelefon|mobile"
    "|mobil|mob|kom|cel|handy|cellular|cell|natel|gsm|faxnummer|telefax|fax|zentrale|büro|buero|office|work"
    "|privat|private|home|dienstlich|geschäftlich|geschaeftlich|firma|company|main|direkt|direct"
    "|sekretariat|number|nummer"
)
_INSIDE_WORDS = "durchwahl|dw|nebenstelle|nst|apparat|app|klappe|kl|intern|ext|faxdw"
_WORD = f"(?:{_LONG_WORDS}|{_INSIDE_WORDS}|nr|no|t|m|f|p|g|n|d)"
_LABEL = re.compile(
    rf"\s*\(?(?P<label>{_WORD}(?:[\s.:/()-]+{_WORD})*)\)?(?![^\W\d_])\s*[.:]*\s*(?=[-–+(\d])",
    re.IGNORECASE,
)
_TRAILING_LABEL = re.compile(
    rf"[\s–-]*\(?(?<![^\W\d_])(?P<label>{_WORD}(?:[./]{_WORD})?)[.):]*\s*", re.IGNORECASE
)
_NOTE = re.compile(r"\s*\([^()\d]*[^\W\d_][^()\d]*\)\s*")
_FAX = re.compile(r"fax|^f$", re.IGNORECASE)
_VOICE = re.compile(r"tel(?!efax)|fon|phone|^t\b", re.IGNORECASE)

_SPLIT = re.compile(
    r"(?:,{1,4}+(?!\s*(?:ext(?:ension|n)?|x)[.:]{0,2}\s*\d{1,8}+(?!\s*[\d/-]))|[|\n\r]|;(?!\s*[a-z-]+\s*=)"
    r"|:::)\s*"  # Google's
    r"|(?<!\s)\s++(?:o\.|od\.|oder|or|ou|bzw\.?|resp\.?|u\.|und|and|et|&)\s+"
    r"|(?<=\d)\s*+/\s*+(?=\+)"
    rf"|(?<=\d)[\s/–-]*\s(?=(?:{_LONG_WORDS})(?![^\W\d_])[.:]*\s*[-–+(\d])"
    r"|(?<=\d)[\s/]++(?=[tfmgpnd][.:]?\s*(?:\+|\(?0))",
    re.IGNORECASE,
)
_PARTED = re.compile(
    r"(?<=[\d)])(?:[\s/]+(?=\+|\(?0)|\s[-–]\s(?=\+|\(?0)|\s{2,}(?=[+(\d]))"
    r"|(?<=[^\W\d_]\))[\s/]+(?=[-–+(\d])"
)
_URI = re.compile(r"\s*(?:tel|sips?|callto):\S", re.IGNORECASE)
_EDGES = re.compile(r"""^\s*=?["'’`]+|["'’`]+\s*$""")


def parts_of(field: str) -> Iterator[tuple[str, int, int]]:
    """Give the parts of a folded field: the separator before, begin and end; no empty ones."""
    begin, separator = 0, ""
    for found in _SPLIT.finditer(field):
        if not field[begin : found.start()].strip():
            begin, separator = found.end(), separator or found.group()
            continue
        yield separator, begin, found.start()
        begin, separator = found.end(), found.group()
    if field[begin:].strip():
        yield separator, begin, len(field)


def split_numbers(field: str) -> list[str]:
    """Split a source's field that may hold several numbers; empty parts are dropped."""
    folded = fold_signs(field)
    return [field[begin:end].strip() for _, begin, end in parts_of(folded)]


def parted(text: str) -> list[tuple[int, int]]:
    """Return begin and end of the whole numbers in a part that is none itself.

    Only blanks or slashes lie between them, as in `089 99998123 0171 3920012`.
    """
    places, begin = [], 0
    for found in _PARTED.finditer(text):
        left, right = text[begin : found.start()], text[found.end() :]
        if min(_count(left), _count(right)) >= MIN_WHOLE_DIGITS:
            places.append((begin, found.start()))
            begin = found.end()
    return [*places, (begin, len(text))]


def cut_labels(part: str) -> tuple[str, str]:
    """Cut quotes, notes in brackets and words that name the kind of line; return text and label."""
    labels = []
    text = _EDGES.sub("", part)
    if text.isascii() and text[-1:].isdigit() and not text[:1].isalpha() and text[:1] != "(":
        return text, ""
    leading = None if _URI.match(text) else _LABEL.match(text)
    if leading and _count(text[leading.end() :]):
        labels.append(leading["label"])
        text = text[leading.end() :]
    for pattern in (_TRAILING_LABEL, _NOTE):
        found = _at_end(pattern, text)
        if found and _count(text[: found.start()]):
            labels.append(found.groupdict().get("label") or "")
            text = text[: found.start()]
    return text.rstrip(" –-").lstrip() if labels else text, " ".join(filter(None, labels)).lower()


def without_label(text: str) -> str:
    """Return a number that somebody copied without what stood before it: "Tel.: 030 23125001"."""
    leading = None if _URI.match(text) else _LABEL.match(text)
    number = text[leading.end() :] if leading else ""
    return number if _count(number) >= MIN_WHOLE_DIGITS else text


def is_fax(label: str) -> bool:
    """Tell whether a label names a fax alone; one for both is a telephone."""
    return _FAX.search(label) is not None and _VOICE.search(label) is None


def _at_end(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Return where a pattern matches up to the end of a text, tried from the last digit on."""
    last = max((place for place, sign in enumerate(text) if sign.isdigit()), default=-1)
    return pattern.fullmatch(text, last + 1)


def _count(text: str) -> int:
    return sum(map(str.isdigit, text))
