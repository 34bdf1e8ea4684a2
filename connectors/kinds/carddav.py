"""`carddav`: the address books of a server (Nextcloud, SOGo, Radicale …), followed by change.

Law: reads only (PROPFIND, REPORT). `Complete` is earned: every book was listed to its end and every
card that was asked for came. A contact's key is the path of its card, since a deletion names no
more. Over 400 lines: following by sync-token and by ctag share books, pages and keys.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import urljoin

import msgspec
from typing_extensions import override

from connectors.cancelling import Cancelling
from connectors.dav import (
    FIND_BOOKS,
    FIND_CARDS,
    FIND_WAY,
    INSUFFICIENT_STORAGE,
    NOT_FOUND,
    Multistatus,
    Resource,
    decode_multistatus,
    is_invalid_token,
    multiget_request,
    path_of,
    sync_request,
)
from connectors.digest import Digest
from connectors.errors import ConnectorError, SourceFailed
from connectors.mapping import Mapping
from connectors.rules import compile_key
from connectors.settings import SecretRef, SettingFault, SourceSettings
from connectors.vcards import COLUMNS, DEFAULT_MAP, GROUP_IN_WORDS, CardReader
from connectors.web import (
    PROXY_IN_WORDS,
    WEB_URL_IN_WORDS,
    Answer,
    AnswerTooLarge,
    WebSession,
    link_of,
    refuse_proxy,
    same_origin,
    target_of,
    web_url_fault,
)
from engine.source import (
    Bookmark,
    CheckReport,
    Complete,
    ContactSource,
    Delete,
    Event,
    Record,
    RejectedRecord,
    SourceField,
    Upsert,
)

CARDS_AT_ONCE = 50
"""Cards of one multiget, at first: servers cap it, and photos make an answer of many MiB."""

FEW_CARDS = 10
"""So many cards may have changed in a small book; of more, see `_is_whole`."""

KEY = ("href",)
BOOK = "book"

_TOKEN_REFUSED = frozenset({400, 403, 409, 410, 412})
"""What servers answer to a sync-token that they do not know; whether it is a matter of rights, the
full read that follows will tell."""

_BROKEN = 500
"""From this status on, what is wrong may be gone the next time."""

_UNAUTHORIZED = 401
_GONE = 410
_BASIC = re.compile(r"\bbasic\b", re.IGNORECASE)
_XML = "application/xml; charset=utf-8"
_ERRORS = {
    _UNAUTHORIZED: "wrong user or password",
    403: "the user may not read it",
    404: "there is nothing at this URL",
    405: "there is no address book at this URL",
}


class CarddavOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of `kind = "carddav"`.

    Attributes:
        url: an address book, the folder of all books of a user, or where the server begins.
        user: and
        password: an app password, where the server has such things.
        books: read only books of these names; empty = all.
        ca: a PEM file of the authorities to trust; none = those of the system.
        allow_plain: `http://` beyond this machine.
        allow_link_local: ask link-local and metadata addresses too.
        proxy: `http://HOST:PORT`, the way to the server; "" = none.
        proxy_login: `NAME:PASSWORD` for it.
        timeout_s: longest wait for the server.
    """

    url: Annotated[str, msgspec.Meta(description=WEB_URL_IN_WORDS)]
    user: str = ""
    password: SecretRef | None = None
    books: tuple[str, ...] = ()
    ca: Path | None = None
    allow_plain: bool = False
    allow_link_local: bool = False
    proxy: Annotated[str, msgspec.Meta(description=PROXY_IN_WORDS)] = ""
    proxy_login: SecretRef | None = None
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=3_600)] = 30

    def __post_init__(self) -> None:
        refuse_proxy(self.proxy, self.proxy_login)
        fault = web_url_fault(self.url, allow_plain=self.allow_plain)
        if fault:
            raise SettingFault("url", fault)
        if bool(self.user) != (self.password is not None):
            raise ValueError("user and password = { … } belong together")


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """A bookmark, of each book by its path.

    Attributes:
        books: ctag and sync-token. The ctag only behind a run in which nothing had changed: that of
            SOGo is a time in seconds, and another change may follow in the same one.
        names: what it is called.
        cards: how many the last full read found.
    """

    books: dict[str, tuple[str, str]]
    names: dict[str, str] = {}
    cards: dict[str, int] = {}


class _TokenExpired(Exception):
    """The server no longer knows a sync-token: read everything."""


_decode_kept = msgspec.msgpack.Decoder(_Kept).decode


def complete_carddav(settings: SourceSettings) -> SourceSettings:
    """Return the settings with what is usual for vCards where they say nothing."""
    return settings.with_defaults(KEY, DEFAULT_MAP)


class CarddavSource(ContactSource):
    """The address books of one user of a server."""

    def __init__(self, settings: SourceSettings) -> None:
        assert isinstance(settings.options, CarddavOptions)
        self._settings = settings
        self._options = settings.options
        self._cancelling = Cancelling()
        self._cards = self._read = 0
        self._digest: Digest | None = None  # what the server wants, where that is not Basic
        self._to_ask_again: set[str] = set()  # books of which a card was not given, by their paths

    @override
    def check(self) -> CheckReport:
        """Find the books and the number of their cards."""
        warnings: list[str] = []
        rows = 0
        try:
            Mapping(self._settings)
            with self._session() as web:
                for book in self._books(web):
                    rows += len(self._listed(web, book)[0])
                    if not book.token:
                        warnings.append(
                            f"{book.href}: no sync-token: every run reads the whole book"
                        )
        except ConnectorError as error:
            return CheckReport(faults=(str(error),))
        if not rows:
            warnings.append(f"{self._options.url}: there are no cards, or the user may see none")
        return CheckReport(warnings=tuple(warnings), estimated_rows=rows)

    @override
    def discover(self) -> tuple[SourceField, ...]:
        """Return what a card may hold, then what else the first hundred cards hold."""
        names = dict.fromkeys((*KEY, *COLUMNS))
        for event in self.preview(100):
            if isinstance(event, Upsert):
                names.update(dict.fromkeys(event.record))
        return tuple(
            SourceField(name, key=name in {"href", "UID"}, changed=name == "REV") for name in names
        )

    @override
    def preview(self, rows: int) -> list[Upsert | RejectedRecord]:
        """Return the first cards with all that they hold."""
        found: list[Upsert | RejectedRecord] = []
        with self._session() as web:
            for book in self._books(web):
                hrefs = self._listed(web, book)[0][: rows - len(found)]
                found += self._fetched(web, book, hrefs)
        return found[:rows]

    @override
    def read(self, bookmark: Bookmark) -> Iterator[Event]:
        """Stream all cards, or what changed since `bookmark`.

        Raises:
            SourceFailed: no connection, wrong password, no rights, no address book, an answer that
                is none or lacks a card.
        """
        mapping = Mapping(self._settings)
        self._to_ask_again.clear()
        with self._session() as web:
            books = self._books(web)
            names = {path_of(book.href): book.name for book in books}
            kept = self._kept(bookmark, names, mapping)
            if kept is not None:
                try:
                    changes = self._changes(web, books, kept)
                except _TokenExpired:
                    pass
                else:
                    kept = msgspec.structs.replace(kept, names=names)
                    yield from self._increment(web, changes, mapping, kept)
                    return
            state: dict[str, tuple[str, str]] = {}
            listed = [(book, *self._listed(web, book)) for book in books]
            self._cards, self._read = sum(len(hrefs) for _, hrefs, _ in listed), 0
            for book, hrefs, token in listed:
                yield from self._slim(self._fetched(web, book, hrefs), mapping)
                token = "" if path_of(book.href) in self._to_ask_again else token  # noqa: PLW2901
                state[path_of(book.href)] = ("", token)
            counts = {path_of(book.href): len(hrefs) for book, hrefs, _ in listed}
            yield Complete(full=True, bookmark=self._bookmark(_Kept(state, names, counts)))

    @override
    def cancel(self) -> None:
        """Break the connection."""
        self._cancelling.cancel()

    @override
    def share_read(self) -> float | None:
        """Return how many of the listed cards were read."""
        return min(self._read / self._cards, 1.0) if self._cards else None

    def _changes(
        self, web: WebSession, books: list[Resource], kept: _Kept
    ) -> list[tuple[Resource, list[str], list[str], str]]:
        """Return for each book what changed, what is gone, and its new token.

        All of it is asked for before anything is told: a token may have expired.
        """
        changes: list[tuple[Resource, list[str], list[str], str]] = []
        for book in books:
            ctag, token = kept.books[path_of(book.href)]
            if ctag and ctag == book.ctag:
                changes.append((book, [], [], token))
                continue
            changed, gone, token = self._synced(web, book, token)
            if self._is_whole(changed, kept.cards.get(path_of(book.href))):
                raise _TokenExpired
            changes.append((book, changed, gone, token))
        return changes

    @staticmethod
    def _is_whole(changed: list[str], cards: int | None) -> bool:
        """Tell whether what is said to have changed may be all that there is.

        So DAViCal answers to a token that it does not know, and tells of no deletion. To read all
        costs no more then.
        """
        return cards is not None and len(changed) >= max(FEW_CARDS, cards / 2)

    def _increment(
        self,
        web: WebSession,
        changes: list[tuple[Resource, list[str], list[str], str]],
        mapping: Mapping,
        kept: _Kept,
    ) -> Iterator[Event]:
        state = dict(kept.books)
        for book, changed, gone, token in changes:
            came: set[str] = set()
            for event in self._slim(self._fetched(web, book, changed), mapping):
                came.add(event.key)
                yield event
            path = path_of(book.href)
            again = path in self._to_ask_again
            ctag = "" if changed or gone else book.ctag
            state[path] = ("", kept.books[path][1]) if again else (ctag, token)
            lost = [path_of(href) for href in (*gone, *changed)]
            yield from (Delete(key) for key in dict.fromkeys(lost) if key not in came)
        kept = msgspec.structs.replace(kept, books=state)
        yield Complete(full=False, bookmark=self._bookmark(kept))

    def _slim(
        self, events: Iterator[Upsert | RejectedRecord], mapping: Mapping
    ) -> Iterator[Upsert | RejectedRecord]:
        """Keep the mapped columns only."""
        for event in events:
            if isinstance(event, Upsert):
                record = {column: event.record.get(column, "") for column in mapping.columns}
                yield Upsert(event.key, record)
            else:
                yield event

    def _books(self, web: WebSession) -> list[Resource]:
        """Return the address books at the URL, below it, or in the user's home, by their path."""
        url = self._options.url
        for _ in range(3):  # the URL, the user's principal, the home of the user's books
            answer = self._ask(web, "PROPFIND", url, FIND_BOOKS, depth="1")
            if answer.status == _BROKEN:
                answer = self._ask(web, "PROPFIND", url, FIND_WAY, depth="0")
            found = self._decoded(answer, url).resources
            own = [r for r in found if path_of(r.href).rstrip("/") == path_of(url).rstrip("/")]
            books = [r for r in own if r.is_book] or [r for r in found if r.is_book]
            if books:
                return self._chosen(sorted(books, key=lambda book: book.href))
            leads = [r.home or r.principal for r in own or found if r.home or r.principal]
            if not leads:
                break
            url = self._absolute(leads[0])
        raise SourceFailed(
            f"{self._options.url}: no address book there; write the URL that the server shows for"
            " one book, or for the user"
        )

    def _chosen(self, books: list[Resource]) -> list[Resource]:
        wanted = self._options.books
        if not wanted:
            return books
        names = {book.name for book in books}
        lost = [name for name in wanted if name not in names]
        if lost:
            raise SourceFailed(
                f"{self._options.url}: no address book {lost[0]!r}; there are: "
                + ", ".join(sorted(map(repr, names)))
            )
        return [book for book in books if book.name in wanted]

    def _listed(self, web: WebSession, book: Resource) -> tuple[list[str], str]:
        """Return the hrefs of all cards of a book, and the token from which it can be followed."""
        if book.token:
            hrefs, _, token = self._synced(web, book, "")
            return hrefs, token
        url = self._absolute(book.href)
        found = self._multistatus(web, "PROPFIND", url, FIND_CARDS, depth="1").resources
        own = path_of(book.href).rstrip("/")
        return [r.href for r in found if path_of(r.href).rstrip("/") != own and r.etag], ""

    def _synced(
        self, web: WebSession, book: Resource, token: str
    ) -> tuple[list[str], list[str], str]:
        """Return changed and gone hrefs since a token, and the new one (RFC 6578 3.2, 3.6)."""
        url = self._absolute(book.href)
        changed: list[str] = []
        gone: list[str] = []
        kept = token
        while True:
            answer = self._ask(web, "REPORT", url, sync_request(token), depth="0")
            if kept and (answer.status in _TOKEN_REFUSED or is_invalid_token(answer.body)):
                raise _TokenExpired
            found = self._decoded(answer, url)
            cut = False
            for resource in found.resources:
                if path_of(resource.href).rstrip("/") == path_of(book.href).rstrip("/"):
                    cut = cut or resource.status == INSUFFICIENT_STORAGE
                elif resource.status == NOT_FOUND:
                    gone.append(resource.href)
                elif not resource.is_collection:
                    changed.append(resource.href)
            if not found.token or (cut and found.token == token):
                raise SourceFailed(f"{url}: the server gave no new sync-token")
            token = found.token
            if not cut:
                return list(dict.fromkeys(changed)), gone, token

    def _fetched(
        self, web: WebSession, book: Resource, hrefs: list[str]
    ) -> Iterator[Upsert | RejectedRecord]:
        """Yield the cards of these hrefs; one that is gone by now is passed over."""
        url = self._absolute(book.href)
        key_of = compile_key(self._settings.key)
        at_once, done = CARDS_AT_ONCE, 0
        while done < len(hrefs):
            asked = hrefs[done : done + at_once]
            try:
                found = self._multistatus(web, "REPORT", url, multiget_request(asked), depth="1")
            except AnswerTooLarge:
                if at_once == 1:
                    raise
                at_once = max(1, at_once // 4)  # of cards with large photos, fewer
                continue
            done += len(asked)
            missing = {path_of(href): href for href in asked}
            for resource in found.resources:
                missing.pop(path_of(resource.href), None)
                yield from self._told(book, resource, key_of)
            for href in missing.values():  # Xandikos leaves out whose names have a "?"
                answer = self._ask(web, "GET", self._absolute(href), b"", depth="0")
                card = answer.body.decode("utf-8", "replace") if answer.ok else ""
                status = NOT_FOUND if answer.status == _GONE else answer.status
                yield from self._told(book, Resource(href, status, data=card), key_of)

    def _told(
        self, book: Resource, resource: Resource, key_of: object
    ) -> Iterator[Upsert | RejectedRecord]:
        """Yield what was answered to the question for one card; nothing of one that is gone."""
        path = path_of(resource.href)
        self._read += 1
        if resource.status == NOT_FOUND:
            return
        if resource.data:
            yield self._event(resource, path, book.name, key_of)
            return
        if self._settings.key != KEY:  # nobody knows whose card it is, to let it stay
            url = self._absolute(book.href)
            raise SourceFailed(f"{url}: no card at {path}: HTTP {resource.status}")
        if resource.status >= _BROKEN:
            self._to_ask_again.add(path_of(book.href))
        words = f"the server does not give the card: HTTP {resource.status}"
        yield RejectedRecord(path, words, key=path)

    @staticmethod
    def _event(resource: Resource, path: str, book: str, key_of: object) -> Upsert | RejectedRecord:
        assert callable(key_of)
        if resource.data.lstrip().upper().startswith("BEGIN:VLIST"):  # SOGo's way of groups
            return RejectedRecord(path, GROUP_IN_WORDS)
        reader = CardReader("utf-8")
        card = next(reader.cards(resource.data.encode().splitlines(keepends=True)), None)
        if card is None or reader.ends_open:
            return RejectedRecord(path, "no whole vCard", key=path)
        if card.fault:
            return RejectedRecord(path, card.fault)
        record: Record = {**card.record, "href": path, BOOK: book}
        return Upsert(key_of(record), record)

    def _multistatus(
        self, web: WebSession, method: str, url: str, body: bytes, depth: str
    ) -> Multistatus:
        return self._decoded(self._ask(web, method, url, body, depth), url)

    def _decoded(self, answer: Answer, url: str) -> Multistatus:
        if not answer.ok:
            offered = answer.headers.get("www-authenticate", "").strip() or "Basic"
            words = _ERRORS.get(answer.status, "")
            if answer.status == _UNAUTHORIZED and not (
                _BASIC.search(offered) or Digest.of(offered, "", "")
            ):
                first = offered.split()[0]
                words = f"the server offers {first} only, but Basic and Digest are what is spoken"
            raise SourceFailed(f"{url}: HTTP {answer.status}{': ' if words else ''}{words}")
        try:
            return decode_multistatus(answer.body)
        except ValueError as error:
            raise SourceFailed(f"{url}: {error}") from None

    def _ask(self, web: WebSession, method: str, url: str, body: bytes, depth: str) -> Answer:
        headers = {"Content-Type": _XML, "Depth": depth}
        if self._options.password is None:
            return web.request(method, url, headers, body)
        user, password = self._options.user, self._options.password.read()
        basic = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        target = target_of(url)
        login = self._digest.header(method, target) if self._digest else f"Basic {basic}"
        answer = web.request(method, url, {**headers, "Authorization": login}, body)
        offered = answer.headers.get("www-authenticate", "")
        if answer.status != _UNAUTHORIZED or _BASIC.search(offered):
            return answer
        self._digest = Digest.of(offered, user, password)  # the first, or an old one has ended
        if self._digest is None:
            return answer
        login = self._digest.header(method, target)
        return web.request(method, url, {**headers, "Authorization": login}, body)

    def _absolute(self, href: str) -> str:
        url = urljoin(self._options.url, href)
        if not same_origin(url, self._options.url):  # the password is for this server only
            raise SourceFailed(f"{self._options.url}: leads to another server: {url}")
        return url

    def _bookmark(self, state: _Kept) -> Bookmark:
        """Return a bookmark, b"" where a book cannot be followed or keys are not the paths."""
        if self._settings.key != KEY or not all(token for _, token in state.books.values()):
            return b""
        return msgspec.msgpack.encode(state)

    @staticmethod
    def _kept(bookmark: Bookmark, names: dict[str, str], mapping: Mapping) -> _Kept | None:
        """Return what a bookmark holds; None where the books are not those of then.

        Args:
            bookmark: of the last run.
            names: of the books there are, by their paths. A new name changes every card of a book
                where it is mapped, and no server tells of that.
            mapping: of the source.
        """
        try:
            kept = _decode_kept(bookmark) if bookmark else None
        except msgspec.DecodeError:
            return None
        if kept is None or kept.books.keys() != names.keys():
            return None
        return None if BOOK in mapping.columns and kept.names != names else kept

    @contextmanager
    def _session(self) -> Iterator[WebSession]:
        with closing(WebSession(link_of(self._options))) as web, self._cancelling.reaching(web):
            yield web
