"""Pages of a number look-up: its few entries, cut, in the order they have without pages.

Law: pure code. A page goes on behind the entry that the one before ended with, wherever that stands
by now; nothing is remembered here. Its cookie serves no list of the same search, nor a list's one a
look-up: which of the two a search is may change with a commit.

Source: RFC 2696.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.contact import contact_uuid_text
from ldapd.asked import Asked
from ldapd.cookies import Bookmark, CookieSeal
from ldapd.entries import Shown
from ldapd.listing import START, page_size
from ldapd.protocol.messages import Control, ResultCode
from ldapd.protocol.search_controls import page_response

_SUCCESS = 0
"""As a plain integer, which hashes faster than `ResultCode.SUCCESS`."""


class LookUpPages:
    """Cuts look-ups into pages."""

    def __init__(self, seal: CookieSeal) -> None:
        self._seal = seal

    def begin(self, asked: Asked) -> Bookmark | None:
        """Return where a page begins, or a look-up without pages; None: a list goes on, or none."""
        page = asked.controls.page
        if page is None or not page.cookie:
            return START
        return self._seal.open(page.cookie, asked.asker.client.name, _name(asked))

    def cut(
        self, asked: Asked, shown: Sequence[Shown], most: int, mark: Bookmark
    ) -> tuple[Sequence[Shown], int, tuple[Control, ...]]:
        """Return the entries of a page, or of a look-up without pages.

        Args:
            asked: the search.
            shown: all entries, in order.
            most: how many entries all pages together may bring.
            mark: from `begin`.

        Returns:
            The entries, the result code, and the page's response control if there is one.
        """
        page = asked.controls.page
        if page is None and len(shown) <= most:  # nearly every look-up
            return shown, _SUCCESS, ()
        begin, left = _place_behind(mark, shown), most - mark.sent
        wanted = page_size(left if page is None else page.size, left)
        found = shown[begin : begin + wanted]
        is_last = begin + wanted >= len(shown)
        if not is_last and wanted >= left:
            return found, ResultCode.SIZE_LIMIT_EXCEEDED, ()
        if page is None:
            return found, _SUCCESS, ()
        cookie = b""
        if not is_last and found:
            last = Bookmark(0, 0, mark.sent + len(found), (_uuid_of(found[-1]),))
            cookie = self._seal.seal(last, asked.asker.client.name, _name(asked))
        return found, _SUCCESS, (page_response(cookie),)


def _name(asked: Asked) -> bytes:
    return asked.digest_text() + b"\0look-up"


def _uuid_of(shown: Shown) -> str:
    return contact_uuid_text(shown.contact.id)


def _place_behind(mark: Bookmark, shown: Sequence[Shown]) -> int:
    """Return where the entries behind a page begin; whose last entry is gone, its place was."""
    if not mark.keys:
        return 0
    places = {_uuid_of(each): at for at, each in enumerate(shown)}
    return places.get(mark.keys[0], mark.sent - 2) + 1
