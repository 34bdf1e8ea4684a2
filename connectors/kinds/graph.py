"""`graph`: people of a Microsoft 365 tenant, its organisation's contacts, contacts in mailboxes.

Law: `Complete` is earned: every stream came to its delta link. A delta may repeat an object and may
hold only what changed of it: the last repetition counts, and objects of the directory are read anew
and whole. Several mailboxes are read at once, one request at a time for each (it allows four).

Over 400 lines: whether a read is complete is known where all of its streams are.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

import msgspec
from typing_extensions import override

from connectors.cancelling import Cancelling
from connectors.errors import ConnectorError, SourceFailed
from connectors.graphapi import Crew, DeltaExpired, Graph, GraphAccess, bare, crew_of
from connectors.jsonrecords import compile_record, whole_record
from connectors.mapping import Mapping
from connectors.oauth import Client
from connectors.settings import MapRule, SecretRef, SettingFault, SourceSettings
from connectors.spool import Spool
from connectors.web import PROXY_IN_WORDS, WEB_URL_IN_WORDS, WebLink, refuse_proxy, web_url_fault
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

MANY_CHANGED = 500
"""Objects read anew one by one; beyond, reading everything in pages is quicker."""

KEY = ("id",)
MAP: dict[str, MapRule] = {
    "display_name": "displayName",
    "given_name": "givenName",
    "surname": "surname",
    "title": "title",
    "company": "companyName",
    "department": "department",
    "job": "jobTitle",
    "street": ("streetAddress", "businessAddress.street", "addresses.street"),
    "postcode": ("postalCode", "businessAddress.postalCode", "addresses.postalCode"),
    "city": ("city", "businessAddress.city", "addresses.city"),
    "country": ("country", "businessAddress.countryOrRegion", "addresses.countryOrRegion"),
    "phones.work": ("businessPhones", "phones[type=business].number"),
    "phones.mobile": ("mobilePhone", "phones[type=mobile].number"),
    "phones.home": ("homePhones", "phones[type=home].number"),
    "phones.fax": ("faxNumber", "phones[type=businessFax].number"),
    "phones.other": ("phones[type=other].number",),
    "emails": ("mail", "emailAddresses.address"),
    "url": "businessHomePage",
    "notes": "personalNotes",
    "changed": "lastModifiedDateTime",
}

_SELECT = {
    "users": (
        "id,displayName,givenName,surname,companyName,department,jobTitle,streetAddress,postalCode,"
        "city,country,businessPhones,mobilePhone,faxNumber,mail,accountEnabled,userType"
    ),
    "contacts": (
        "id,displayName,givenName,surname,companyName,department,jobTitle,addresses,phones,mail"
    ),
    "mailboxes": (
        "id,displayName,givenName,surname,title,companyName,department,jobTitle,businessAddress,"
        "businessPhones,mobilePhone,homePhones,emailAddresses,businessHomePage,personalNotes,"
        "lastModifiedDateTime"
    ),
}
_DIRECTORY = {"users": "users", "contacts": "contacts"}
_FOLDERS = "/contactFolders/"
_TENANT = re.compile(r"[A-Za-z0-9.-]+")


class GraphOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The options of `kind = "graph"`.

    Attributes:
        tenant: its id or a domain of it.
        client_id: the application's id.
        certificate: the application's certificate and private key, one PEM text; or
        client_secret: its secret.
        read: "users" and "contacts" of the organisation, "mailboxes": contacts in them.
        mailboxes: ids or addresses of the mailboxes to read.
        disabled: accounts that are switched off too.
        endpoint: of Graph; another one for a national cloud.
        login: where tokens are given; the same.
        ca: a PEM file of the authorities to trust; none = those of the system.
        proxy: `http://HOST:PORT`, the way to the server; "" = none.
        proxy_login: `NAME:PASSWORD` for it.
        timeout_s: longest wait for an answer.
    """

    tenant: Annotated[
        str, msgspec.Meta(description="an id (a GUID), or a domain such as firm.onmicrosoft.com")
    ]
    client_id: str
    certificate: SecretRef | None = None
    client_secret: SecretRef | None = None
    read: tuple[Literal["users", "contacts", "mailboxes"], ...] = ("users",)
    mailboxes: tuple[str, ...] = ()
    disabled: bool = False
    endpoint: Annotated[str, msgspec.Meta(description=WEB_URL_IN_WORDS)] = (
        "https://graph.microsoft.com/v1.0"
    )
    login: Annotated[str, msgspec.Meta(description=WEB_URL_IN_WORDS)] = (
        "https://login.microsoftonline.com"
    )
    ca: Path | None = None
    proxy: Annotated[str, msgspec.Meta(description=PROXY_IN_WORDS)] = ""
    proxy_login: SecretRef | None = None
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=3_600)] = 60

    def __post_init__(self) -> None:
        refuse_proxy(self.proxy, self.proxy_login)
        for name in ("endpoint", "login"):
            fault = web_url_fault(getattr(self, name), allow_plain=False)
            if fault:
                raise SettingFault(name, fault)
        if not _TENANT.fullmatch(self.tenant):
            raise SettingFault("tenant")
        if (self.certificate is None) == (self.client_secret is None):
            raise ValueError("exactly one of certificate = { … } and client_secret = { … }")
        if not self.read:
            raise SettingFault("read", allowed='at least one of "users", "contacts", "mailboxes"')
        if bool(self.mailboxes) != ("mailboxes" in self.read):
            raise ValueError('mailboxes = [ … ] and read = ["mailboxes"] belong together')

    def access(self) -> GraphAccess:
        """Return how Graph is reached with these options."""
        client = Client(
            f"{self.login}/{self.tenant}/oauth2/v2.0/token",
            self.client_id,
            self.client_secret,
            self.certificate,
            f"{self.endpoint.partition('/v1.0')[0]}/.default",
        )
        link = WebLink(
            self.ca,
            allow_plain=False,
            allow_link_local=False,
            timeout_s=self.timeout_s,
            proxy=self.proxy,
            proxy_login=self.proxy_login,
        )
        return GraphAccess(self.tenant, self.endpoint, link, client)


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """A bookmark.

    Attributes:
        links: the delta link of each stream, by the URL where the stream begins.
        came: which ids came from which stream, where they may have moved while it was read:
            another one, read before, tells only next time that they are gone from it.
    """

    links: dict[str, str]
    came: dict[str, tuple[str, ...]] = {}


_decode_kept = msgspec.msgpack.Decoder(_Kept).decode


def complete_graph(settings: SourceSettings) -> SourceSettings:
    """Return the settings with what is usual for Graph where they say nothing."""
    return settings.with_defaults(KEY, MAP)


class _Stream(msgspec.Struct, frozen=True):
    """One thing that has a delta: `what` of `read`, and the URL where it begins."""

    what: str
    url: str


_Part = tuple[_Stream, ...]
"""Streams that are read one after the other: all of a mailbox, or one of the directory."""


class GraphSource(ContactSource):
    """What one application may read of a tenant."""

    def __init__(self, settings: SourceSettings) -> None:
        assert isinstance(settings.options, GraphOptions)
        self._settings = settings
        self._options = settings.options
        self._cancelling = Cancelling()

    @override
    def check(self) -> CheckReport:
        """Get a token, and the first object of each stream."""
        warnings = []
        try:
            Mapping(self._settings)
            with self._asking() as crew:
                streams = [stream for part in self._parts(crew) for stream in part]
                pages = crew.each(lambda graph, stream: graph.json(stream.url), streams)
                warnings += [
                    f"{bare(stream.url)}: there is nobody on the first page"
                    for stream, page in zip(streams, pages, strict=True)
                    if not page.get("value")
                ]
        except ConnectorError as error:
            return CheckReport(faults=(str(error),))
        return CheckReport(warnings=tuple(warnings))

    @override
    def discover(self) -> tuple[SourceField, ...]:
        """Return the paths of all values in the first pages."""
        names: dict[str, None] = dict.fromkeys(KEY)
        for event in self.preview(100):
            if isinstance(event, Upsert):
                names.update(dict.fromkeys(event.record))
        return tuple(
            SourceField(name, key=name == "id", changed=name == "lastModifiedDateTime")
            for name in names
        )

    @override
    def preview(self, rows: int) -> list[Upsert | RejectedRecord]:
        """Return the first objects with all their values."""
        columns = Mapping(self._settings).columns
        found: list[Upsert | RejectedRecord] = []
        with self._asking() as crew:
            streams = [stream for part in self._parts(crew) for stream in part]
            for page in crew.each(lambda graph, stream: graph.json(stream.url), streams[:rows]):
                found += [
                    whole_record(item, columns, self._settings.key, "")
                    for item in page.get("value", ())
                    if self._counts(item)
                ]
        return found[:rows]

    @override
    def read(self, bookmark: Bookmark) -> Iterator[Event]:
        """Stream everything, or what changed since `bookmark`.

        Raises:
            SourceFailed: no token, no rights, an answer that is none, no end.
        """
        mapping = Mapping(self._settings)
        to_event = compile_record(mapping.columns, mapping.several, self._settings.key)
        with self._asking() as crew:
            parts = self._parts(crew)
            kept = self._kept(bookmark, parts)
            if kept is not None:
                with Spool() as spool:
                    heap = _Heap(spool, kept.came)
                    changes = partial(self._changed, kept=kept, heap=heap)
                    try:
                        links = _merged(crew.each(changes, parts))
                    except DeltaExpired:
                        pass
                    else:
                        yield from (to_event(item, "") for item in heap.items())
                        yield from (Delete(key) for key in heap.gone())
                        came = heap.came(moved=False)
                        yield Complete(full=False, bookmark=self._bookmark(links, came))
                        return
        with self._asking() as crew, Spool() as spool:
            heap = _Heap(spool)
            links = _merged(crew.each(partial(self._read_part, heap=heap), parts))
            yield from (to_event(item, "") for item in heap.items() if self._counts(item))
            came = heap.came(moved=True)
            yield Complete(full=True, bookmark=self._bookmark(links, came))

    @override
    def cancel(self) -> None:
        """Break the connection."""
        self._cancelling.cancel()

    @override
    def share_read(self) -> float | None:
        """Return None: the number of pages is not known."""
        return None

    def _read_part(self, graph: Graph, part: _Part, *, heap: _Heap) -> dict[str, str]:
        """Put all objects of some streams on the heap; return their links to go on from."""
        links = {}
        for stream in part:
            try:
                with Spool() as spool:
                    links[stream.url] = self._drained(graph, stream.url, spool, {})
                    heap.put(spool.pairs(), stream)
            except DeltaExpired:
                raise SourceFailed(
                    f"{bare(stream.url)}: the server lost its place; again"
                ) from None
        return links

    def _changed(self, graph: Graph, part: _Part, *, kept: _Kept, heap: _Heap) -> dict[str, str]:
        """Put on the heap what changed in some streams, whole, and what is gone from them.

        Returns:
            The new links.

        Raises:
            DeltaExpired: of one of them; or too much changed to be read one by one.
        """
        links = {}
        for stream in part:
            removed: dict[str, None] = {}
            with Spool() as changed:
                links[stream.url] = self._drained(graph, kept.links[stream.url], changed, removed)
                if stream.what not in _DIRECTORY:
                    heap.put(changed.pairs(), stream)
                elif len(changed) > MANY_CHANGED:
                    raise DeltaExpired
                else:
                    for key, _ in changed.pairs():
                        whole = self._whole(graph, stream.what, key)
                        if whole and self._counts(whole):
                            heap.put([(key, whole)], stream)
                        else:
                            removed[key] = None
            heap.remove(removed, stream)
        return links

    def _whole(self, graph: Graph, what: str, key: str) -> dict[str, Any]:
        """Return an object of the directory with all its values, {} where it is gone."""
        query = urlencode({"$select": _SELECT[what]}, safe="$,")
        place = f"{_DIRECTORY[what]}/{quote(key, safe='')}"
        return graph.json(f"{self._options.endpoint}/{place}?{query}", lacks=True)

    def _drained(self, graph: Graph, url: str, spool: Spool, gone: dict[str, None]) -> str:
        """Read one delta to its end: objects into the spool, removed ids into `gone`.

        Returns:
            The delta link: where the next increment goes on.
        """
        met: set[str] = set()
        for _ in range(MAX_PAGES):
            page = graph.json(url, delta=True)
            met.add(url)
            for item in graph.values(page, url):
                key = str(item.get("id", ""))
                if "@removed" in item:
                    spool.drop(key)
                    gone[key] = None
                elif key:
                    spool.put(key, item)
                    gone.pop(key, None)
            following, delta = page.get("@odata.nextLink"), page.get("@odata.deltaLink")
            if isinstance(delta, str) and not following:
                return graph.checked(delta)
            if not isinstance(following, str) or following in met:
                raise SourceFailed(f"{bare(url)}: a page leads neither on nor to the end")
            url = graph.checked(following)
        raise SourceFailed(f"{bare(url)}: more than {MAX_PAGES:,} pages")

    def _parts(self, crew: Crew) -> list[_Part]:
        """Return all that has a delta, in parts of which each is read by one of the crew."""
        endpoint = self._options.endpoint
        parts: list[_Part] = []
        for what in self._options.read:
            query = urlencode({"$select": _SELECT[what]}, safe="$,")
            if what in _DIRECTORY:
                parts.append((_Stream(what, f"{endpoint}/{_DIRECTORY[what]}/delta?{query}"),))
            else:
                parts += crew.each(self._mailbox, self._options.mailboxes)
        return parts

    def _mailbox(self, graph: Graph, mailbox: str) -> _Part:
        """Return a stream for each folder of contacts in a mailbox."""
        what = "mailboxes"
        query = urlencode({"$select": _SELECT[what]}, safe="$,")
        place = f"{self._options.endpoint}/users/{quote(mailbox, safe='@')}"
        keys = self._folders(graph, f"{place}/contactFolders")
        folders = ["", *(f"{_FOLDERS}{key}" for key in keys)]
        return tuple(_Stream(what, f"{place}{folder}/contacts/delta?{query}") for folder in folders)

    def _folders(self, graph: Graph, url: str) -> Iterator[str]:
        """Yield the ids of all folders below one, their own ones too."""
        start = url.partition("/contactFolders")[0] + "/contactFolders"
        page_url: str | None = f"{url}?$select=id,childFolderCount"
        while page_url:
            page = graph.json(page_url)
            for folder in graph.values(page, page_url):
                key = quote(str(folder.get("id", "")), safe="")
                yield key
                if folder.get("childFolderCount", 1):
                    yield from self._folders(graph, f"{start}/{key}/childFolders")
            following = page.get("@odata.nextLink")
            page_url = graph.checked(following) if isinstance(following, str) else None

    def _counts(self, item: dict[str, Any]) -> bool:
        """Tell whether an object is somebody to be found: no account that is switched off."""
        return self._options.disabled or item.get("accountEnabled") is not False

    def _bookmark(self, links: dict[str, str], came: dict[str, tuple[str, ...]]) -> Bookmark:
        """Return a bookmark, b"" where keys are not the ids by which deletions are told."""
        return msgspec.msgpack.encode(_Kept(links, came)) if self._settings.key == KEY else b""

    @staticmethod
    def _kept(bookmark: Bookmark, parts: list[_Part]) -> _Kept | None:
        """Return what a bookmark holds; None where the streams are not those of then."""
        try:
            kept = _decode_kept(bookmark) if bookmark else None
        except msgspec.DecodeError:
            return None
        urls = {stream.url for part in parts for stream in part}
        return kept if kept is not None and kept.links.keys() == urls else None

    def _asking(self) -> AbstractContextManager[Crew]:
        access = self._options.access()
        return crew_of(access.endpoint, access.link, access.client, self._cancelling)


class _Heap:
    """What several streams hold, which are read at once: objects, and what is gone.

    What went from one stream and came to another has moved: it is not gone.
    """

    def __init__(self, spool: Spool, came: dict[str, tuple[str, ...]] | None = None) -> None:
        """Begin; `came` of the run before, as in `_Kept`."""
        self._spool = spool
        self._turn = threading.Lock()
        self._before = {key: url for url, keys in (came or {}).items() for key in keys}
        self._there: dict[str, _Stream] = {}
        self._moved: set[str] = set()
        self._removed: dict[str, set[str]] = {}

    def put(self, pairs: Iterable[tuple[str, Any]], stream: _Stream) -> None:
        """Put objects of a stream by their ids; the last of an id counts."""
        for key, item in pairs:
            with self._turn:
                if self._there.setdefault(key, stream) is not stream:
                    self._there[key] = stream
                    self._moved.add(key)
                self._spool.put(key, item)

    def remove(self, keys: Iterable[str], stream: _Stream) -> None:
        """Note what a stream no longer has."""
        with self._turn:
            for key in keys:
                self._removed.setdefault(key, set()).add(stream.url)

    def items(self) -> Iterator[dict[str, Any]]:
        """Yield the objects; nothing may follow but `gone` and `came`."""
        return (item for _, item in self._spool.pairs())

    def gone(self) -> list[str]:
        """Return the ids that no stream has."""
        return [
            key
            for key, urls in self._removed.items()
            if key not in self._there and self._before.get(key) in {None, *urls}
        ]

    def came(self, *, moved: bool) -> dict[str, tuple[str, ...]]:
        """Return the ids that came from folders of mailboxes; those that moved, or all.

        Not from a mailbox's first: it was read before all others.
        """
        found: dict[str, list[str]] = {}
        for key, stream in self._there.items():
            if _FOLDERS in stream.url and (not moved or key in self._moved):
                found.setdefault(stream.url, []).append(key)
        return {url: tuple(keys) for url, keys in found.items()}


def _merged(found: Iterable[dict[str, str]]) -> dict[str, str]:
    return {url: link for links in found for url, link in links.items()}
