"""JSON texts (RFC 8259) → values, forgiving what programs really write.

Law: pure; whatever the bytes are, a value or `ValueError` with words that quote nothing of them.
Forgiven are a byte order mark, half a surrogate pair (a text that was cut within an emoji), which
becomes U+FFFD, and the NaN and Infinity of Python's writers, which are no values.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from typing import Any

import msgspec

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""An escape of a text: a pair, one that lacks its other half (group 1), or any other."""


def decode_json(body: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: it is none, is not UTF-8, or is nested too deeply.
    """
    text = body.removeprefix(codecs.BOM_UTF8)
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        raise ValueError("JSON that is nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("JSON that is not UTF-8") from None
    except ValueError as error:
        words = str(error)
    whole = _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], text)
    try:
        return json.loads(whole.decode(), parse_constant=_nothing, parse_float=_finite)
    except (ValueError, RecursionError):
        raise ValueError(words) from None


def _nothing(_name: str) -> None:
    """What NaN and Infinity say."""


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
