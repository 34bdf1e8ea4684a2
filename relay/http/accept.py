"""Which form of an answer an asker wants: the `Accept` field (RFC 9110, 12.5.1)."""

from __future__ import annotations

from functools import lru_cache

from litestar.datastructures.headers import Accept

TEXT = "text/plain"
JSON = "application/json"
PROBLEM = "application/problem+json"

_MAX_CHARS = 1024


@lru_cache(maxsize=256)
def wants_json(accept: str) -> bool:
    """Tell whether an Accept field prefers JSON to text; "" and what fits neither get text."""
    if not accept or len(accept) > _MAX_CHARS:
        return False
    try:
        return Accept(accept).best_match([TEXT, JSON, PROBLEM], TEXT) != TEXT
    except OverflowError:  # a weight that is endless: "q=1e999"
        return False
