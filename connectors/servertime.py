"""Bookmarks that are points in time: what an interface is asked for "changed since".

Law: pure. The time is the server's own (its header Date), since clocks differ; `OVERLAP_S` earlier,
so that what was saved while it was read comes twice rather than never.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

import msgspec

from engine.source import Bookmark

OVERLAP_S = 300

TimeForm = Literal["iso", "unix", "unix_ms"]
"""`2026-10-01T08:30:00Z`, or seconds, or milliseconds since 1970."""


class _Point(msgspec.Struct, frozen=True, array_like=True):
    """When reading began, in seconds since 1970, and of which interface."""

    began_at: float
    interface: str


_decoder = msgspec.json.Decoder(_Point)


def bookmark_at(date: str, now: datetime, interface: str) -> Bookmark:
    """Return the bookmark of a read.

    Args:
        date: the header Date of its first answer (RFC 9110, 6.6.1); "" or nonsense: `now` counts.
        now: our own time.
        interface: whatever the bookmark is good for and nothing else: its URL.
    """
    try:
        began = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        began = now
    if began.tzinfo is None:
        began = began.replace(tzinfo=UTC)
    return msgspec.json.encode(_Point(began.timestamp(), interface))


def since(bookmark: Bookmark, form: TimeForm, interface: str) -> str:
    """Return the time to ask for; "" where the bookmark is none, or is another interface's."""
    try:
        point = _decoder.decode(bookmark)
        asked = datetime.fromtimestamp(point.began_at, UTC) - timedelta(seconds=OVERLAP_S)
    except (msgspec.DecodeError, ValueError, OverflowError, OSError):
        return ""
    if point.interface != interface:
        return ""
    if form == "iso":
        return asked.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(int(asked.timestamp()) * (1_000 if form == "unix_ms" else 1))
