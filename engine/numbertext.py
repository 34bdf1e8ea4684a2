"""What a text says before any dial plan reads it: digits, perhaps a "+", an extension apart.

Law: pure and regular. Cut are URI parts, display names, labels and separators, never digits; text
that is no number is refused with a reason that does not quote it. Every expression here is linear
or works on at most `MAX_RAW_CHARS` characters.

Sources: RFC 3966 (`tel:`), RFC 3261 19.1 and 25.1 (`sip:`, name-addr), RFC 3323 4.1.1.3
(anonymous.invalid), ITU-T E.123 (notation).
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

import msgspec

from engine.countries import COUNTRY_CODES, KEEPS_ZERO
from engine.errors import InvalidNumber

MAX_RAW_CHARS = 200
"""Longer texts are no number: the longest real spelling (a SIP URI with parameters) is near 120."""

TOO_LONG = f"too long for a phone number: more than {MAX_RAW_CHARS} characters"

OUTSIDE_LINE = "perhaps an outside line that the dial plan does not have stands before a number"
"""Ends the reason for `0 089 …` and `0 +49 89 …` where no outside line is dialled."""

TEXT_MARKS = "'`\u00b4\u2018\u2019"
"""Before a number: spreadsheets begin a text of digits with an apostrophe, in any of its forms."""

MAX_EXTENSION_DIGITS = 8

_ZEROS = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0xFF10)
"""The 0 of Arabic, Persian, Devanagari, Bengali, Thai and full-width digits."""

_SEPARATORS = (
    " \t\r\n\v\f.-/()[]{}_~'\u00a0\u00ad\u058a\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u200b\u200c\u200d\u200e\u200f\u2010\u2011\u2012\u2013\u2014\u2015"
    "\u2019\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u202f\u2044\u205f\u2060\u2066\u2067\u2068\u2069"
    "\u2212\u2215\u3000\ufe58\ufe63\ufeff\uff08\uff09\uff0d\uff0e\uff0f"
    "\u2121\u260e\u260f\u2706\ufe0f\U0001f4de\U0001f4f1"  # signs and pictures of a telephone
)

DIGITS_ONLY: dict[int, str | None] = {
    **dict.fromkeys(map(ord, _SEPARATORS)),
    **{zero + digit: str(digit) for zero in _ZEROS for digit in range(10)},
    0xFF0B: "+",
    0xFE62: "+",
}
"""For `str.translate`: separators go, digits of other scripts and the wide "+" become ASCII."""


_ASCII_SEPARATORS = "".join(filter(str.isascii, _SEPARATORS)).encode()


def digits_only(text: str) -> str:
    """Return `text.translate(DIGITS_ONLY)`; ASCII, nearly every text, in a third of the time."""
    if text.isascii():
        return text.encode().translate(None, _ASCII_SEPARATORS).decode()
    return text.translate(DIGITS_ONLY)


def _sign(character: str) -> str:
    """Return the ASCII sign, or the en dash, that a separator stands for; a line break as it is."""
    if character.isascii():
        return character
    if character in "\u2012\u2013\u2014\u2015\u2212":
        return "–"
    if unicodedata.category(character) == "Pd" or character == "\u00ad":
        return "-"
    wide = unicodedata.normalize("NFKC", character)
    if character in "\u2044\u2215":
        return "/"
    return wide if len(wide) == 1 and wide.isascii() else " "


_SIGNS: dict[int, str] = {
    **{0xFEE0 + code: chr(code) for code in range(0x21, 0x7F)},
    **{code: digit or _sign(chr(code)) for code, digit in DIGITS_ONLY.items()},
}
"""For `str.translate` of texts that are not ASCII."""


_NOBODY = frozenset({
    "", "anonymous", "anonym", "anonyme", "anonimo", "restricted", "unavailable", "unknown",
    "unbekannt", "private", "withheld",
})  # fmt: skip
_ANONYMOUS_HOST = "anonymous.invalid"
_SCHEMES = frozenset({"tel", "sip", "sips", "callto", "fax", "h323"})
_HOSTED = frozenset({"sip", "sips", "h323"})
_LABEL = re.compile(r"\s*[^\W\d]{1,20}\.?(?:\s[^\W\d]{1,20}\.?)?\s*[:.]\s*(?=[+(\d])")
_EXTENSION = re.compile(
    r"(?:#|(?<![^\W\d_])(?:ext(?:ension|ensión|n)?|extensi[oó]n|poste|interno?|int|toestel|tst|wewn?"
    r"|anexo|w|x)[.:]{0,2})\s*(\d{1,8})\s*#?\)?\s*$",
    re.IGNORECASE | re.ASCII,
)
_PAUSED = re.compile(r"(?<=\d)\s*(?:,{1,4}|[pw])\s*(\d{1,8})\s*#?\s*$", re.IGNORECASE | re.ASCII)
_DIRECT_DIAL = re.compile(
    r"(?<![\s,;(-])[\s,;(-]*+(?<![^\W\d_])(?:durchwahl|dw|nebenstelle|nst|app(?:arat)?|klappe|kl)\.?:?\s*-?\s*"
    r"(?=\d{1,6}(?:\s*+/\s*+\d{1,6})*+\)?\s*$)",
    re.IGNORECASE,
)
_DOUBLED = re.compile(r"\s*(?:\+|00)\s*([1-9]\d{0,2})[\s/.()-]*\+\s*\1", re.ASCII)


class NumberText(msgspec.Struct, frozen=True):
    """What a text says.

    Attributes:
        digits: with a "+" before them if the text names the country; never empty.
        extension: dialled afterwards, "" for none.
    """

    digits: str
    extension: str = ""


def read_text(raw: str) -> NumberText:
    """Return the digits of a text, without anything that is not dialled.

    Raises:
        InvalidNumber: too long, anonymous, no digits, letters or signs among the digits.
    """
    if len(raw) > MAX_RAW_CHARS:
        raise InvalidNumber(TOO_LONG)
    text = fold_signs(raw).strip().lstrip(TEXT_MARKS).lstrip()
    if "<" in text and ">" in text:  # "Display Name" <sip:number@host>;tag=...
        text = text[text.rindex("<") + 1 :].partition(">")[0].strip()
    text, scheme = _cut_uri(text)
    parameters = text.split(";") if ";" in text else [text]
    extension, context = _read_parameters(parameters)
    digits, written = _read_user(parameters[0].strip())
    if context and digits[0] != "+":
        national = context[1:] in COUNTRY_CODES and context[1:] not in KEEPS_ZERO
        digits = context + (digits.removeprefix("0") if national else digits)
    if scheme == "tel" and len(extension) > 1 and digits.endswith(extension):
        extension = ""  # as AD keeps lines for Teams: tel:+498999998123;ext=123
    return NumberText(digits, extension or written)


def fold_signs(text: str) -> str:
    """Return a text of the same length with ASCII digits, signs, blanks; only "–" is kept apart."""
    return text if text.isascii() else text.translate(_SIGNS)


def join_direct_dial(text: str) -> str:
    """Write `089 99998 Durchwahl 12` as `089 99998-12`: direct dialling is part of the number."""
    return _DIRECT_DIAL.sub("-", text)


def _cut_uri(text: str) -> tuple[str, str]:
    """Cut scheme, host and password; return what names the user, and the scheme ("" for none)."""
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower() if colon and scheme.lower() in _SCHEMES else ""
    if scheme:
        text = rest.lstrip("/")
    user, at, host = text.partition("@")
    if at:
        if host.lower().startswith(_ANONYMOUS_HOST):
            raise InvalidNumber("no number: the caller is anonymous")
        text = user.partition(":")[0]
    elif scheme in _HOSTED and "." in text and text[0] != "+":
        raise InvalidNumber("no number: a SIP address without a user")
    return (unquote(text) if "%" in text else text), scheme


def _read_parameters(parameters: list[str]) -> tuple[str, str]:
    """Read `;name=value` behind a number (RFC 3966 3): extension, and country of its context.

    Digits alone behind the ";" are an extension, as phones write a pause.
    """
    extension = context = ""
    for parameter in parameters[1:]:
        name, equals, value = parameter.partition("=")
        name, value = name.strip().lower(), value.strip()
        if name == "ext" or (not equals and _is_number(name.translate(DIGITS_ONLY))):
            extension = (value if equals else name).translate(DIGITS_ONLY)
            if extension and not (extension.isascii() and extension.isdigit()):
                raise InvalidNumber("letters or signs in the extension")
            if len(extension) > MAX_EXTENSION_DIGITS:
                raise InvalidNumber("more than one number, or an extension of more than 8 digits")
        elif name == "phone-context" and value.startswith("+"):
            context = _digits(value)
    return extension, context


def _read_user(text: str) -> tuple[str, str]:
    """Return the digits of a text without URI parts, and the extension written behind them."""
    if text.lower() in _NOBODY:
        raise InvalidNumber("no number: the caller is anonymous or the field is empty")
    digits = digits_only(text)
    if _is_number(digits):  # no label and no extension: those have letters or signs
        return digits, ""
    if not any(map(str.isdigit, digits)):
        raise InvalidNumber("no digits")
    label = _LABEL.match(text)
    if label:
        text = text[label.end() :]
    text = join_direct_dial(text)
    doubled = _DOUBLED.match(text)
    if doubled:
        text = f"+{doubled[1]}{text[doubled.end() :]}"
    found = _EXTENSION.search(text) or _PAUSED.search(text)
    if found and any(map(str.isdigit, text[: found.start()])):
        return _digits(text[: found.start()].rstrip(" ,;")), found[1]
    return _digits(text), ""


def _digits(text: str) -> str:
    """Remove separators; what is left are digits, perhaps behind a "+".

    Raises:
        InvalidNumber: nothing is left, or something else.
    """
    digits = digits_only(text)
    if _is_number(digits):
        return digits
    if not any(map(str.isdigit, digits)):
        raise InvalidNumber("no digits")
    if digits[1:2] == "+" and digits[0].isdigit() and _is_number(digits[1:]):
        raise InvalidNumber(f"signs among the digits; {OUTSIDE_LINE}")
    raise InvalidNumber("letters or signs among the digits")


def _is_number(text: str) -> bool:
    body = text[1:] if text[:1] == "+" else text
    return body.isascii() and body.isdigit()
