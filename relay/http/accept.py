"""Which form of an answer an asker wants: the fields `Accept` and `Accept-Encoding`.

Source: RFC 9110, 12.5.1 and 12.5.3.
"""

from __future__ import annotations

import re
from functools import lru_cache

from litestar.datastructures.headers import Accept

TEXT = "text/plain"
JSON = "application/json"
PROBLEM = "application/problem+json"

_MAX_CHARS = 1024

_REFUSED = re.compile(r"q=0(\.0*)?")


@lru_cache(maxsize=256)
def wants_json(accept: str) -> bool:
    """Tell whether an Accept field prefers JSON to text; "" and what fits neither get text."""
    if not accept or len(accept) > _MAX_CHARS:
        return False
    try:
        return Accept(accept).best_match([TEXT, JSON, PROBLEM], TEXT) != TEXT
    except OverflowError:  # a weight that is endless: "q=1e999"
        return False


@lru_cache(maxsize=256)
def takes_gzip(codings: str) -> bool:
    """Tell whether an Accept-Encoding field takes gzip; "", as of who sends none, does not."""
    if len(codings) > _MAX_CHARS:
        return False
    taken: dict[str, bool] = {}
    for each in codings.lower().split(","):
        coding, *weights = (part.strip(" \t") for part in each.split(";"))
        taken[coding] = not any(map(_REFUSED.fullmatch, weights))
    return taken.get("gzip", taken.get("x-gzip", taken.get("*", False)))
