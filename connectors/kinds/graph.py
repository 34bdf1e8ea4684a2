"""`graph`: people of a Microsoft 365 tenant, its organisation's contacts, contacts in mailboxes.

Law: GET only, one request at a time (a mailbox allows four). `Complete` is earned: every stream
came to its delta link. A delta may repeat an object and may hold only what changed of it: the last
repetition counts, and objects of the directory are read anew and whole. Over 400 lines: three
kinds of streams, whose deltas differ in what they leave out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

import msgspec
from typing_extensions import override

from connectors.cancelling import Cancelling
from connectors.errors import ConnectorError, SourceFailed
from connectors.jsonrecords import compile_record, whole_record
from connectors.mapping import Mapping
from connectors.oauth import Client, Tokens
from connectors.settings import MapRule, SecretRef, SourceSettings
from connectors.spool import Spool
from connectors.web import Answer, WebLink, WebSession, same_origin, web_url_fault
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

PAGE = 200
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
_GONE, _NOT_FOUND, _UNAUTHORIZED = 410, 404, 401
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
        timeout_s: longest wait for an answer.
    """

    tenant: str
    client_id: str
    certificate: SecretRef | None = None
    client_secret: SecretRef | None = None
    read: tuple[Literal["users", "contacts", "mailboxes"], ...] = ("users",)
    mailboxes: tuple[str, ...] = ()
    disabled: bool = False
    endpoint: str = "https://graph.microsoft.com/v1.0"
    login: str = "https://login.microsoftonline.com"
    ca: Path | None = None
    timeout_s: Annotated[int, msgspec.Meta(ge=1, le=3_600)] = 60

    def __post_init__(self) -> None:
        for name in ("endpoint", "login"):
            fault = web_url_fault(getattr(self, name), allow_plain=False)
            if fault:
                raise ValueError(f"{name}: {fault}")
        if not _TENANT.fullmatch(self.tenant):
            raise ValueError("tenant: its id, or a domain such as firm.onmicrosoft.com")
        if (self.certificate is None) == (self.client_secret is None):
            raise ValueError("exactly one of certificate = { … } and client_secret = { … }")
        if not self.read:
            raise ValueError("read: an empty list")
        if bool(self.mailboxes) != ("mailboxes" in self.read):
            raise ValueError('mailboxes = [ … ] and read = ["mailboxes"] belong together')


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """A bookmark: the delta link of each stream, by the URL where the stream begins."""

    links: dict[str, str]


class _DeltaExpired(Exception):
    """The server no longer knows what changed since a delta link: read everything."""


_decode_kept = msgspec.msgpack.Decoder(_Kept).decode


def complete_graph(settings: SourceSettings) -> SourceSettings:
    """Return the settings with what is usual for Graph where they say nothing."""
    return settings.with_defaults(KEY, MAP)


class _Stream(msgspec.Struct, frozen=True):
    """One thing that has a delta: `what` of `read`, and the URL where it begins."""

    what: str
    url: str


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
            with self._asking() as graph:
                warnings += [
                    f"{_bare(stream.url)}: there is nobody on the first page"
                    for stream in self._streams(graph)
                    if not graph.json(stream.url).get("value")
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
        with self._asking() as graph:
            for stream in self._streams(graph):
                found += [
                    whole_record(item, columns, self._settings.key, "")
                    for item in graph.json(stream.url).get("value", ())
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
        with self._asking() as graph:
            streams = self._streams(graph)
            kept = self._kept(bookmark, streams)
            if kept is not None:
                with Spool() as spool:
                    try:
                        links, gone = self._changes(graph, streams, kept, spool)
                    except _DeltaExpired:
                        pass
                    else:
                        for _, item in spool.pairs():
                            yield to_event(item, "")
                        yield from (Delete(key) for key in gone)
                        yield Complete(full=False, bookmark=self._bookmark(links))
                        return
            links = {}
            with Spool() as spool:
                for stream in streams:
                    try:
                        links[stream.url] = self._drained(graph, stream.url, spool, {})
                    except _DeltaExpired:
                        bare = _bare(stream.url)
                        raise SourceFailed(f"{bare}: the server lost its place; again") from None
                for _, item in spool.pairs():
                    if self._counts(item):
                        yield to_event(item, "")
            yield Complete(full=True, bookmark=self._bookmark(links))

    @override
    def cancel(self) -> None:
        """Break the connection."""
        self._cancelling.cancel()

    @override
    def share_read(self) -> float | None:
        """Return None: the number of pages is not known."""
        return None

    def _changes(
        self, graph: _Graph, streams: list[_Stream], kept: _Kept, spool: Spool
    ) -> tuple[dict[str, str], list[str]]:
        """Put what changed into the spool, whole; return the new links, and what is gone."""
        links: dict[str, str] = {}
        gone: dict[str, None] = {}
        for stream in streams:
            with Spool() as changed:
                links[stream.url] = self._drained(graph, kept.links[stream.url], changed, gone)
                if stream.what in _DIRECTORY and len(changed) > MANY_CHANGED:
                    raise _DeltaExpired
                for key, item in changed.pairs():
                    whole = item
                    if stream.what in _DIRECTORY:
                        place = f"{_DIRECTORY[stream.what]}/{quote(key, safe='')}"
                        query = urlencode({"$select": _SELECT[stream.what]}, safe="$,")
                        whole = graph.json(f"{self._options.endpoint}/{place}?{query}", lacks=True)
                    if whole and self._counts(whole):
                        spool.put(key, whole)
                        gone.pop(key, None)
                    else:
                        gone[key] = None
        return links, list(gone)

    def _drained(self, graph: _Graph, url: str, spool: Spool, gone: dict[str, None]) -> str:
        """Read one delta to its end: objects into the spool, removed ids into `gone`.

        Returns:
            The delta link: where the next increment goes on.
        """
        for _ in range(MAX_PAGES):
            page = graph.json(url, delta=True)
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
            if not isinstance(following, str) or following == url:
                raise SourceFailed(f"{_bare(url)}: a page leads neither on nor to the end")
            url = graph.checked(following)
        raise SourceFailed(f"{_bare(url)}: more than {MAX_PAGES:,} pages")

    def _streams(self, graph: _Graph) -> list[_Stream]:
        """Return all that has a delta: for mailboxes, one for each folder of contacts."""
        endpoint = self._options.endpoint
        found = []
        for what in self._options.read:
            query = urlencode({"$select": _SELECT[what]}, safe="$,")
            if what in _DIRECTORY:
                found.append(_Stream(what, f"{endpoint}/{_DIRECTORY[what]}/delta?{query}"))
                continue
            for mailbox in self._options.mailboxes:
                place = f"{endpoint}/users/{quote(mailbox, safe='@')}"
                found.append(_Stream(what, f"{place}/contacts/delta?{query}"))
                found += [
                    _Stream(what, f"{place}/contactFolders/{folder}/contacts/delta?{query}")
                    for folder in self._folders(graph, f"{place}/contactFolders")
                ]
        return found

    def _folders(self, graph: _Graph, url: str) -> Iterator[str]:
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

    def _bookmark(self, links: dict[str, str]) -> Bookmark:
        """Return a bookmark, b"" where keys are not the ids by which deletions are told."""
        return msgspec.msgpack.encode(_Kept(links)) if self._settings.key == KEY else b""

    @staticmethod
    def _kept(bookmark: Bookmark, streams: list[_Stream]) -> _Kept | None:
        """Return what a bookmark holds; None where the streams are not those of then."""
        try:
            kept = _decode_kept(bookmark) if bookmark else None
        except msgspec.DecodeError:
            return None
        same = kept is not None and kept.links.keys() == {stream.url for stream in streams}
        return kept if same else None

    @contextmanager
    def _asking(self) -> Iterator[_Graph]:
        options = self._options
        link = WebLink(
            options.ca, allow_plain=False, allow_link_local=False, timeout_s=options.timeout_s
        )
        client = Client(
            f"{options.login}/{options.tenant}/oauth2/v2.0/token",
            options.client_id,
            options.client_secret,
            options.certificate,
            f"{options.endpoint.partition('/v1.0')[0]}/.default",
        )
        with closing(WebSession(link)) as web, self._cancelling.reaching(web):
            yield _Graph(web, Tokens(web, client), options.endpoint)


class _Graph:
    """Asks Graph as one application."""

    def __init__(self, web: WebSession, tokens: Tokens, endpoint: str) -> None:
        self._web = web
        self._tokens = tokens
        self._endpoint = endpoint

    def json(self, url: str, *, delta: bool = False, lacks: bool = False) -> dict[str, Any]:
        """Return an answer; {} for what is not there, where it may lack.

        Raises:
            SourceFailed: any other status than 200, or no JSON object.
            _DeltaExpired: a delta that the server no longer knows (410; resyncRequired).
        """
        answer = self._get(url)
        if answer.status == _UNAUTHORIZED:  # a token may be taken back before it ends
            self._tokens.forget()
            answer = self._get(url)
        if lacks and answer.status == _NOT_FOUND:
            return {}
        code, words = _error(answer.body) if not answer.ok else ("", "")
        if delta and (answer.status == _GONE or code.lower() in _EXPIRED):
            raise _DeltaExpired
        if not answer.ok:
            raise SourceFailed(f"{_bare(url)}: HTTP {answer.status}: {code}: {words}".rstrip(": "))
        try:
            found = msgspec.json.decode(answer.body, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise SourceFailed(f"{_bare(url)}: the answer is no JSON object: {error}") from None
        return found

    def values(self, page: dict[str, Any], url: str) -> list[dict[str, Any]]:
        """Return the objects of a page."""
        items = page.get("value")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise SourceFailed(f"{_bare(url)}: a page without a list of objects")
        return items

    def checked(self, url: str) -> str:
        """Return a link of an answer, if it leads to the server that gave it."""
        if not same_origin(url, self._endpoint):
            raise SourceFailed(f"{self._endpoint}: leads to another server: {_bare(url)}")
        return url

    def _get(self, url: str) -> Answer:
        headers = {
            "Accept": "application/json",
            "Authorization": self._tokens.header(),
            "Prefer": f'odata.maxpagesize={PAGE}, IdType="ImmutableId"',
        }
        return self._web.request("GET", url, headers)


_EXPIRED = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})


def _error(body: bytes) -> tuple[str, str]:
    """Return code and words of an error of Graph, on one line; "" for what it does not say."""
    try:
        said = msgspec.json.decode(body)["error"]
        return str(said["code"]), " ".join(str(said.get("message", "")).split())[:300]
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return "", ""


def _bare(url: str) -> str:
    return url.partition("?")[0]
