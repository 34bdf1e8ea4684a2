"""Where the next page begins, as a text that a client hands back.

Law: a cursor holds the place of the last hit shown, not a count of hits, so that it survives
commits and rebuilds. It is no secret and no right: it only says where to go on in what its bearer
may see anyway.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from engine.errors import InvalidCursor
from engine.ranking import Position
from engine.typed import Typed

MAX_CURSOR_CHARS = 4_096
"""A place with a source's own key of at most some hundred characters is far below."""


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended.

    Attributes:
        words, digits: of which text.
        position: the last hit shown.
        counted: how many records stand in better classes.
        told: how many were said to be found; 0 if that is not known.
    """

    words: tuple[str, ...]
    digits: str
    position: Position
    counted: int
    told: int = 0


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Cursor).decode


def write_cursor(typed: Typed, position: Position, counted: int, told: int) -> str:
    """Return the cursor for the hits behind a position; `counted` as `Ranking` counts."""
    body = _encode(Cursor(typed.words, typed.digits, position, counted, told))
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def read_cursor(text: str, typed: Typed) -> Cursor | None:
    """Return what a cursor says; None for "", the first page.

    Raises:
        InvalidCursor: it was not made by `write_cursor`, or for other words than these.
    """
    if not text:
        return None
    try:
        if len(text) > MAX_CURSOR_CHARS:
            raise InvalidCursor("the cursor is too long")
        cursor = _decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise InvalidCursor("the cursor was not made by this search") from error
    if (cursor.words, cursor.digits) != (typed.words, typed.digits):
        raise InvalidCursor("the cursor belongs to another text")
    return cursor
