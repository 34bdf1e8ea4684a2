"""Cleaning: any text of a source, or of somebody who types → one line that hides nothing.

Law: pure; the same text always gives the same answer, and cleaning twice changes nothing more.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_HIDDEN = re.compile("[\u034f\u115f\u1160\u2800\u3164\uffa0]")
"""Letters and marks that show nothing (fillers, joiners): printable to Unicode, not to people."""


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
