"""WebDAV as address books speak it (RFC 4918, 6352, 6578): requests written, answers read.

Law: pure; text in, values out. Answers with a document type are refused: entities of XML are how a
small answer becomes a large one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import msgspec

_DAV, _CARD, _CALENDARSERVER = (
    "DAV:",
    "urn:ietf:params:xml:ns:carddav",
    "http://calendarserver.org/ns/",
)
_NAMESPACES = f'xmlns:d="{_DAV}" xmlns:c="{_CARD}" xmlns:s="{_CALENDARSERVER}"'
_HEAD = '<?xml version="1.0" encoding="utf-8"?>'

FIND_BOOKS = (
    f"{_HEAD}<d:propfind {_NAMESPACES}><d:prop><d:resourcetype/><d:displayname/><d:sync-token/>"
    "<s:getctag/><d:current-user-principal/><c:addressbook-home-set/></d:prop></d:propfind>"
).encode()
"""The body of a PROPFIND for what address books there are and in which state."""

FIND_WAY = (
    f"{_HEAD}<d:propfind {_NAMESPACES}><d:prop><d:resourcetype/><d:current-user-principal/>"
    "<c:addressbook-home-set/></d:prop></d:propfind>"
).encode()
"""The same for what leads on alone: DAViCal fails at its root where more is asked for."""

FIND_CARDS = f"{_HEAD}<d:propfind {_NAMESPACES}><d:prop><d:getetag/></d:prop></d:propfind>".encode()
"""The body of a PROPFIND for the cards of a book, where it knows no sync-collection."""

INSUFFICIENT_STORAGE = 507
NOT_FOUND = 404


class Resource(msgspec.Struct, frozen=True):
    """One `response` of a multi-status answer.

    Attributes:
        href: its path on the server, or its URL, percent-encoded.
        status: its own; else that of a card which it does not give; else 200.
        is_book: it is an address book.
        is_collection: it is a folder of any sort.
        name, ctag, token, etag, data: its properties, "" for none.
        principal, home: the paths of properties that lead on, "" for none.
    """

    href: str
    status: int = 200
    is_book: bool = False
    is_collection: bool = False
    name: str = ""
    ctag: str = ""
    token: str = ""
    etag: str = ""
    data: str = ""
    principal: str = ""
    home: str = ""


class Multistatus(msgspec.Struct, frozen=True):
    """A multi-status answer (RFC 4918 13); `token` is that of a sync-collection report."""

    resources: tuple[Resource, ...]
    token: str = ""


def sync_request(token: str) -> bytes:
    """Return the body of a sync-collection report (RFC 6578 3.2); "" asks for everything."""
    return (
        f"{_HEAD}<d:sync-collection {_NAMESPACES}><d:sync-token>{escape(token)}</d:sync-token>"
        "<d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>"
    ).encode()


def multiget_request(raw_hrefs: Sequence[str]) -> bytes:
    """Return the body of an addressbook-multiget report (RFC 6352 8.7)."""
    hrefs = "".join(f"<d:href>{escape(href)}</d:href>" for href in raw_hrefs)
    return (
        f"{_HEAD}<c:addressbook-multiget {_NAMESPACES}><d:prop><d:getetag/><c:address-data/>"
        f"</d:prop>{hrefs}</c:addressbook-multiget>"
    ).encode()


def is_invalid_token(body: bytes) -> bool:
    """Tell whether an error names `valid-sync-token` (RFC 6578 3.2): the token is not known."""
    return b"valid-sync-token" in body


def path_of(href: str) -> str:
    """Return the path of a URL or an absolute path, percent-decoded: what tells resources apart."""
    return unquote(urlsplit(href).path)


def decode_multistatus(body: bytes) -> Multistatus:
    """Decode a multi-status answer.

    Raises:
        ValueError: it is none, or holds a document type.
    """
    if b"\0" in body[:4]:  # as UTF-16 it could hold what is looked for below
        raise ValueError("an XML answer that is not UTF-8")
    if b"<!DOCTYPE" in body[:4096].upper() or b"<!ENTITY" in body.upper():
        raise ValueError("an XML answer with a document type")
    try:
        root = _root(body)
    except (ET.ParseError, ValueError, LookupError) as error:
        raise ValueError(f"no XML: {error}") from None
    if root.tag != f"{{{_DAV}}}multistatus":
        raise ValueError("no multi-status answer of WebDAV")
    resources = [
        resource
        for element in root.findall(f"{{{_DAV}}}response")
        for resource in _resources(element)
    ]
    if any(_NOT_ENCODED.search(resource.href) for resource in resources):
        resources = [
            msgspec.structs.replace(resource, href=quote(resource.href, safe=_IN_PATHS))
            for resource in resources
        ]
    resources = [
        msgspec.structs.replace(resource, href=resource.href.replace("?", "%3F"))
        if "?" in resource.href  # Cyrus writes it into a name as it stands; a query no card has
        else resource
        for resource in resources
    ]
    return Multistatus(tuple(resources), _text(root, f"{{{_DAV}}}sync-token"))


def _root(body: bytes) -> ET.Element:
    """Return the root of an XML document.

    A card may hold control characters, as the notes of Outlook do, and a server may quote it as it
    is: XML knows none of them, and one card must not hide all others.
    """
    try:
        return ET.fromstring(body)  # noqa: S314 - without a document type there are no entities
    except ET.ParseError:
        cleaned = _CONTROLS.sub(b" ", body)
        if cleaned == body:
            raise
        return ET.fromstring(cleaned)  # noqa: S314 - as above


def _resources(element: ET.Element) -> Iterator[Resource]:
    """Yield what a response is about: a status may stand for several (RFC 4918 14.24)."""
    found = _resource(element)
    yield found
    for other in element.findall(f"{{{_DAV}}}href")[1:]:
        yield msgspec.structs.replace(found, href=(other.text or "").strip())


def _resource(element: ET.Element) -> Resource:
    found: dict[str, str] = {}
    is_book = is_collection = False
    status = 200
    for propstat in element.findall(f"{{{_DAV}}}propstat"):
        own = _status(propstat, 200)
        if own // 100 != 2:  # noqa: PLR2004 - the class of success
            if propstat.find(f"{{{_DAV}}}prop/{_DATA}") is not None:
                status = own
            continue
        for prop in propstat.iterfind(f"{{{_DAV}}}prop/*"):
            if prop.tag == f"{{{_DAV}}}resourcetype":
                is_book = prop.find(f"{{{_CARD}}}addressbook") is not None
                is_collection = prop.find(f"{{{_DAV}}}collection") is not None
            elif prop.tag in _PROPERTIES:
                inner = prop.find(f"{{{_DAV}}}href")
                text = (inner.text if inner is not None else prop.text) or ""
                found[_PROPERTIES[prop.tag]] = text.strip() if prop.tag != _DATA else text
    return Resource(
        _text(element, f"{{{_DAV}}}href"),
        _status(element, status),
        is_book,
        is_collection,
        **found,
    )


_NOT_ENCODED = re.compile(r" |%(?![0-9A-Fa-f]{2})")
"""What stands in no URL: whoever writes it (SOGo, where it tells of changes) encodes nothing in
that answer, so that a "%41" in it is no "A" either."""

_IN_PATHS = "/:@!$&'()*+,;=~"
"""Of a path or a URL all but this, letters and digits is encoded (RFC 3986, 3.3)."""

_CONTROLS = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|[xX]0*(?:[0-8bcBC]|[eE]|1[0-9a-fA-F]));"
)
"""What no XML document holds (XML 1.0, 2.2), as it is and as a reference to it."""

_DATA = f"{{{_CARD}}}address-data"
_PROPERTIES = {
    f"{{{_DAV}}}displayname": "name",
    f"{{{_DAV}}}sync-token": "token",
    f"{{{_DAV}}}getetag": "etag",
    f"{{{_DAV}}}current-user-principal": "principal",
    f"{{{_CALENDARSERVER}}}getctag": "ctag",
    f"{{{_CARD}}}addressbook-home-set": "home",
    _DATA: "data",
}


def _text(element: ET.Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()


def _status(element: ET.Element, default: int) -> int:
    """Return the code of a status line such as "HTTP/1.1 404 Not Found"."""
    parts = _text(element, f"{{{_DAV}}}status").split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else default
