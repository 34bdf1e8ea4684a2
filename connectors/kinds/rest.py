"""`rest`: any HTTP interface that lists its contacts as pages of JSON.

Law: GET only. `Complete` is earned: the last page came, every page held a list where the items are
to be, and no page came twice. Credentials go to the origin of the URL and of the token URL only.
Followed by change only where the interface has a parameter for it; what is deleted then shows by a
mark in the object, or at the next full read.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import msgspec
from typing_extensions import override

from connectors.cancelling import Cancelling
from connectors.errors import ConnectorError, SourceFailed
from connectors.jsonpaths import PATH_IN_WORDS, Find, compile_path, path_fault, texts_at
from connectors.jsonrecords import compile_record, whole_record
from connectors.jsontexts import decode_json
from connectors.mapping import Mapping
from connectors.oauth import Client, Tokens
from connectors.servertime import TimeForm, bookmark_at, since
from connectors.settings import SecretRef, SettingFault, SourceSettings
from connectors.suggestions import DISCOVERED, found_fields
from connectors.web import (
    PROXY_IN_WORDS,
    WEB_URL_IN_WORDS,
    Answer,
    WebSession,
    link_of,
    refuse_proxy,
    same_origin,
    web_url_fault,
)
from engine.source import (
    Bookmark,
    CheckReport,
    Complete,
    ContactSource,
    Delete,
    Event,
    RejectedRecord,
    SourceField,
    Upsert,
)

MAX_PAGES = 100_000

_LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)')
_RELATION = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]*))', re.IGNORECASE)
_HEADER = re.compile(r"[A-Za-z0-9-]+")
_HEADERS_IN_WORDS = 'a table such as { "X-Api" = "text" }: ASCII, each text on one line'
_UNAUTHORIZED = 401
_NO_CONTENT = 204
_NOTHING_THERE = 404
_BEHIND_LAST = (
    "where it is none behind the last one, say in `next` what an answer has as long as there are"
    ' more, or take paging = "link"'
)
_ERRORS = {
    _UNAUTHORIZED: "wrong token or password",
    403: "no rights",
    _NOTHING_THERE: "nothing is there",
}


class RestOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of `kind = "rest"`.

    Attributes:
        url: of the first page.
        items: the path of the list of contacts in a page; "" = the page is that list.
        paging: how the next page is found.
        next: the path of the next page's URL ("link"; "" = the header Link) or cursor ("cursor");
            of what is empty or false in the last page ("page", "offset"; "" = an empty page ends).
        parameter: of the query, that takes the cursor, the page's number or the offset.
        first: the number of the first page ("page").
        changed_since: the parameter of the query that asks for what changed since a time; "" = the
            interface has none, and every read is full.
        changed_form: how that time is written.
        deleted: the path of a mark in contacts that are gone, "" for none; "", "false" and "0" are
            no mark.
        headers: sent with each request; no secrets.
        token: sent in `token_header`, behind `token_prefix`.
        token_header: and
        token_prefix: where the token stands.
        token_url: asks there for a token (OAuth client credentials), with
        client_id: and
        client_secret: and
        scope: as the server wants them.
        ca: a PEM file of the authorities to trust; none = those of the system.
        allow_plain: `http://` beyond this machine.
        allow_link_local: ask link-local and metadata addresses too.
        proxy: `http://HOST:PORT`, the way to the server; "" = none.
        proxy_login: `NAME:PASSWORD` for it.
        timeout_s: longest wait for the server.
    """

    url: Annotated[str, msgspec.Meta(description=WEB_URL_IN_WORDS)]
    items: str = ""
    paging: Literal["none", "link", "cursor", "page", "offset"] = "none"
    next: str = ""
    parameter: str = ""
    first: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 1
    changed_since: str = ""
    changed_form: TimeForm = "iso"
    deleted: str = ""
    headers: dict[str, str] = {}
    token: SecretRef | None = None
    token_header: str = "Authorization"  # noqa: S105 - the name of a header
    token_prefix: str = "Bearer "  # noqa: S105 - no secret itself
    token_url: Annotated[str, msgspec.Meta(description=f'{WEB_URL_IN_WORDS}, "" for none')] = ""
    client_id: str = ""
    client_secret: SecretRef | None = None
    scope: str = ""
    ca: Path | None = None
    allow_plain: bool = False
    allow_link_local: bool = False
    proxy: Annotated[str, msgspec.Meta(description=PROXY_IN_WORDS)] = ""
    proxy_login: SecretRef | None = None
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=3_600)] = 30

    def __post_init__(self) -> None:
        refuse_proxy(self.proxy, self.proxy_login)
        for name, url in (("url", self.url), ("token_url", self.token_url)):
            fault = web_url_fault(url, allow_plain=self.allow_plain)
            if fault and (url or name == "url"):
                raise SettingFault(name, fault)
        self._refuse_paging()
        self._refuse_login()

    def _refuse_paging(self) -> None:
        paths = {"items": self.items, "next": self.next, "deleted": self.deleted}
        for name, path in paths.items():
            fault = path_fault(path)
            if fault:
                raise SettingFault(name, fault, PATH_IN_WORDS)
        if self.paging == "cursor" and not self.next:
            raise SettingFault("next", "missing", 'the path of the cursor, with paging = "cursor"')
        if self.paging in {"cursor", "page", "offset"} and not self.parameter:
            allowed = f'a name in the query, with paging = "{self.paging}"'
            raise SettingFault("parameter", "missing", allowed)

    def _refuse_login(self) -> None:
        if bool(self.token_url) != (self.client_secret is not None and bool(self.client_id)):
            raise ValueError("token_url, client_id and client_secret = { … } belong together")
        if self.token_url and self.token is not None:
            raise ValueError("either token = { … } or token_url, not both")
        for name, text in self.headers.items():
            if not _HEADER.fullmatch(name):
                raise SettingFault("headers", f"{name!r} is no name of a header", _HEADERS_IN_WORDS)
            if not _sendable(text):
                raise SettingFault(
                    "headers", f"the text of {name} cannot be sent", _HEADERS_IN_WORDS
                )
        if not _HEADER.fullmatch(self.token_header):
            raise SettingFault("token_header", allowed="the name of a header")
        if not _sendable(self.token_prefix):
            raise SettingFault("token_prefix", allowed="printable ASCII, on one line")


def _sendable(text: str) -> bool:
    return text.isprintable() and text.isascii()


_NO_PAGE: tuple[()] = ()
"""An answer without content: Zoho's way to say that there are no contacts, or no more."""


class RestSource(ContactSource):
    """One list of JSON objects."""

    def __init__(self, settings: SourceSettings) -> None:
        assert isinstance(settings.options, RestOptions)
        self._settings = settings
        self._options = settings.options
        self._cancelling = Cancelling()
        self._date = ""  # of the first answer of the last read

    @override
    def check(self) -> CheckReport:
        """Ask for the first page; look whether its first contact has a key."""
        warnings = []
        try:
            columns = Mapping(self._settings).columns
            to_event = compile_record(columns, frozenset(), self._settings.key)
            with self._pages() as pages:
                items = next(pages)
            if not items:
                warnings.append(f"{self._options.url}: the first page holds no contact")
            elif not to_event(items[0], "").key:
                keys = ", ".join(self._settings.key)
                warnings.append(f"{self._options.url}: the first contact has no {keys}")
        except ConnectorError as error:
            return CheckReport(faults=(str(error),))
        return CheckReport(warnings=tuple(warnings))

    @override
    def discover(self) -> tuple[SourceField, ...]:
        """Return the paths of all values in the first page's contacts."""
        with self._pages() as pages:
            items = next(pages)[:DISCOVERED]
        return found_fields(None, [whole_record(item, (), (), "").record for item in items])

    @override
    def preview(self, rows: int) -> list[Upsert | RejectedRecord]:
        """Return the first contacts with all their values."""
        columns = Mapping(self._settings).columns
        found: list[Upsert | RejectedRecord] = []
        with self._pages() as pages:
            for items in pages:
                for item in items[: rows - len(found)]:
                    locator = f"item {len(found) + 1}"
                    found.append(whole_record(item, columns, self._settings.key, locator))
                if len(found) >= rows:
                    break
        return found

    @override
    def read(self, bookmark: Bookmark) -> Iterator[Event]:
        """Stream all pages, or those of what changed.

        Raises:
            SourceFailed: no connection, no rights, a page that is none, the same page twice.
        """
        options, mapping = self._options, Mapping(self._settings)
        to_event = compile_record(mapping.columns, mapping.several, self._settings.key)
        is_gone = self._gone()
        asked = since(bookmark, options.changed_form, options.url) if options.changed_since else ""
        number = 0
        with self._pages(asked) as pages:
            for items in pages:
                for item in items:
                    number += 1
                    event = to_event(item, f"item {number}")
                    if not is_gone(item):
                        yield event
                    elif asked and event.key:
                        yield Delete(event.key)
        if not options.changed_since:
            yield Complete(full=True)
            return
        began = bookmark_at(self._date, datetime.now(UTC), options.url)
        yield Complete(full=not asked, bookmark=began)

    def _gone(self) -> Callable[[Any], bool]:
        """Return what tells whether an object is marked as deleted."""
        if not self._options.deleted:
            return lambda _item: False
        find = compile_path(self._options.deleted)
        return lambda item: any(
            text.casefold() not in {"", "false", "0"} for text in texts_at(find, item)
        )

    @override
    def cancel(self) -> None:
        """Break the connection."""
        self._cancelling.cancel()

    @override
    def share_read(self) -> float | None:
        """Return None: the number of pages is not known."""
        return None

    @contextmanager
    def _pages(self, asked: str = "") -> Iterator[Iterator[list[Any]]]:
        """Give the pages; `asked` is the time since which, "" for all."""
        with closing(WebSession(link_of(self._options))) as web, self._cancelling.reaching(web):
            yield self._paged(web, asked)

    def _paged(self, web: WebSession, asked: str) -> Iterator[list[Any]]:
        options = self._options
        find_items, find_next = compile_path(options.items, flat=False), compile_path(options.next)
        ask = self._asking(web)
        first = _with_parameter(options.url, options.changed_since, asked) if asked else options.url
        url = first
        counted = options.paging in {"page", "offset"}
        position = options.first
        if options.paging == "offset":  # of SCIM the first contact has the number 1
            position = _number_in(options.url, options.parameter)
        if counted:
            url = _with_parameter(url, options.parameter, str(position))
        met: set[bytes] = set()
        for read in range(MAX_PAGES):
            answer = ask(url)
            if not read:
                self._date = str(answer.headers.get("date", ""))
            elif counted and answer.status == _NOTHING_THERE:
                raise SourceFailed(f"{options.url}: HTTP 404 for page {read + 1}; {_BEHIND_LAST}")
            page = self._decoded(answer, url)
            items = self._items(find_items, page, url)
            yield items
            if counted and not (items and self._goes_on(find_next, page)):
                return
            if counted:
                position += 1 if options.paging == "page" else len(items)
                following = _with_parameter(first, options.parameter, str(position))
                marks = []
            else:
                following = self._following(find_next, page, answer, first, url)
                marks = [following.encode()]
            # Cursors that differ each time (encrypted ones do) tell of no repetition, nor does what
            # stands beside the contacts (the time of day).
            marks += [msgspec.json.encode(items)] if items else []
            if not following:
                return
            digests = {hashlib.blake2b(mark, digest_size=16).digest() for mark in marks}
            if digests & met:
                raise SourceFailed(f"{options.url}: the same page came twice: is paging right?")
            met |= digests
            url = following
        raise SourceFailed(f"{options.url}: more than {MAX_PAGES:,} pages")

    def _following(
        self, find_next: Find, page: Any, answer: Answer, first: str, current: str
    ) -> str:
        """Return the URL of the next page by link or cursor, "" behind the last one.

        Args:
            find_next: the path of link or cursor.
            page: what the answer holds.
            answer: to the last request.
            first: the URL of the first page.
            current: the URL of this one.
        """
        options = self._options
        if options.paging == "link" and not options.next:
            text = _next_link(answer.headers.get("link", ""))
        elif options.paging in {"link", "cursor"}:
            text = _first_text(find_next, page)
        else:
            return ""
        if not text:
            return ""
        if options.paging == "cursor":
            return _with_parameter(first, options.parameter, text)
        url = urljoin(current, text)
        secure = f"https{url.removeprefix('http')}"
        if url.startswith("http:") and same_origin(secure, options.url):
            url = secure  # a server behind a proxy does not know that it is reached by TLS
        if not same_origin(url, options.url):
            other = url.partition("?")[0]
            raise SourceFailed(f"{options.url}: its next page is on another server: {other}")
        return url

    def _goes_on(self, find_next: Find, page: Any) -> bool:
        """Tell whether there are more behind a page; where it does not say, there may be."""
        return not self._options.next or bool(_first_text(find_next, page))

    @staticmethod
    def _items(find_items: Find, page: Any, url: str) -> list[Any]:
        """Return the list of contacts of a page; an answer without a list is no page."""
        if page is _NO_PAGE:
            return []
        found = find_items(page)
        items = found[0] if len(found) == 1 else None
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise SourceFailed(f"{url.partition('?')[0]}: there is no list of objects at `items`")
        return items

    def _decoded(self, answer: Answer, url: str) -> Any:
        bare = url.partition("?")[0]
        if not answer.ok:
            words = _ERRORS.get(answer.status, "")
            raise SourceFailed(f"{bare}: HTTP {answer.status}{': ' if words else ''}{words}")
        if answer.status == _NO_CONTENT:
            return _NO_PAGE
        try:
            return decode_json(answer.body)
        except ValueError as error:
            what = answer.headers.get("content-type", "").partition(";")[0].strip()
            own = f"{what[:60]}, no JSON" if what and "json" not in what.lower() else "no JSON"
            raise SourceFailed(f"{bare}: the answer is {own}: {error}") from None

    def _asking(self, web: WebSession) -> Callable[[str], Answer]:
        """Return what asks for a URL, signed in."""
        options = self._options
        fixed = {"Accept": "application/json", **options.headers}
        if options.token is not None:
            token = f"{options.token_prefix}{options.token.read()}"
            if not token.isprintable() or not token.isascii():
                raise SourceFailed("token: holds what cannot be sent in a header")
            fixed[options.token_header] = token
        if not options.token_url:
            return lambda url: web.request("GET", url, fixed)
        client = Client(
            options.token_url, options.client_id, options.client_secret, None, options.scope
        )
        tokens = Tokens(web, client)

        def ask(url: str) -> Answer:
            signed = {**fixed, options.token_header: tokens.header()}
            return web.request("GET", url, signed)

        def ask_again(url: str) -> Answer:
            answer = ask(url)
            if answer.status != _UNAUTHORIZED:
                return answer
            tokens.forget()  # it ended before it said, or did not say
            return ask(url)

        return ask_again


def _next_link(header: str) -> str:
    """Return the link to the next page of a header Link (RFC 8288), "" where there is none."""
    for target, parameters in _LINK.findall(header):
        relation = _RELATION.search(parameters)
        if relation and "next" in (relation[1] or relation[2] or "").casefold().split():
            return str(target)
    return ""


def _first_text(find: Find, page: Any) -> str:
    """Return the first value at a path; "" where there is none, or it is false."""
    found = [value for value in find(page) if value is not False]
    return (texts_at(lambda _page: found, page) or [""])[0]


def _number_in(url: str, name: str) -> int:
    """Return the number that a parameter of the query has, 0 where it has none."""
    text = dict(parse_qsl(urlsplit(url).query)).get(name, "")
    return int(text) if text.isascii() and text.isdigit() else 0


def _with_parameter(url: str, name: str, text: str) -> str:
    """Return a URL with a parameter of its query set."""
    parts = urlsplit(url)
    query = [
        (key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != name
    ]
    return urlunsplit(parts._replace(query=urlencode([*query, (name, text)])))
