"""What a load says and reads: LDAP searches, HTTP look-ups and searches, as octets.

Law: pure; no socket, no clock. One value holds the state of one connection, on which one question
is open at a time.
"""

from __future__ import annotations

import base64
import re
from typing import Protocol
from urllib.parse import quote

import msgspec

from ldapd.errors import ProtocolError
from ldapd.protocol.client import (
    Entry,
    Result,
    decode_responses,
    encode_bind,
    encode_search,
)
from ldapd.protocol.filters import Equality, Filter, Or
from rufname.errors import RufnameError

MAX_MESSAGE_ID = 1_000_000
MAX_HEAD_BYTES = 16 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


class LoadRefused(RufnameError):
    """The server does not let this client in, or does not speak the protocol: no load is put."""


class Answer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What came back: a name, "" for nobody; `fault` is "" or says why it is no answer."""

    name: str
    fault: str = ""


class Speech(Protocol):
    """The protocol of one connection."""

    def greeting(self) -> bytes:
        """Return what is sent first, b"" for nothing."""

    def is_greeted(self, octets: bytes) -> bool:
        """Tell whether the answer to the greeting is whole.

        Raises:
            LoadRefused: the server said no.
        """

    def ask(self, number: str) -> bytes:
        """Return the request for a number."""

    def read(self, octets: bytes) -> tuple[Answer | None, bytes]:
        """Return the answer, None while it is not whole, and the octets not yet used."""


class LdapSpeech:
    """A simple bind, then searches for `displayName` by number."""

    def __init__(self, bind: str, password: bytes, base: str, attributes: tuple[str, ...]) -> None:
        self._bind, self._password = bind, password
        self._base, self._attributes = base, attributes
        self._id = 0
        self._name = ""

    def greeting(self) -> bytes:
        """Return the bind."""
        self._id = 1
        return encode_bind(1, self._bind, self._password)

    def is_greeted(self, octets: bytes) -> bool:
        """Tell whether the bind is answered; raises `LoadRefused` if it was refused."""
        try:
            responses, _ = decode_responses(octets)
        except ProtocolError as error:
            raise LoadRefused(f"that is no LDAP server: {error}") from error
        for response in responses:
            if isinstance(response, Result) and response.code:
                words = f": {response.message}" if response.message else ""
                raise LoadRefused(
                    f"the bind as {self._bind!r} was refused ({response.code}{words})"
                )
        return bool(responses)

    def ask(self, number: str) -> bytes:
        """Return a search, equality of each attribute."""
        self._id = self._id % MAX_MESSAGE_ID + 1
        self._name = ""
        terms: tuple[Filter, ...] = tuple(
            Equality(attribute, number.encode()) for attribute in self._attributes
        )
        wanted = terms[0] if len(terms) == 1 else Or(terms)
        return encode_search(self._id, self._base, wanted, ("displayName",))

    def read(self, octets: bytes) -> tuple[Answer | None, bytes]:
        """Return the first entry's name once the search is done."""
        try:
            responses, taken = decode_responses(octets)
        except ProtocolError as error:
            return Answer("", f"no LDAP: {error}"), b""
        for response in responses:
            if isinstance(response, Entry) and response.message_id == self._id:
                values = response.values("displayName")
                self._name = self._name or (values[0].decode(errors="replace") if values else "")
            elif isinstance(response, Result):
                if response.message_id != self._id:
                    return Answer("", f"disconnected with code {response.code}"), b""
                fault = f"LDAP code {response.code}" if response.code else ""
                return Answer(self._name, fault), octets[taken:]
        return None, octets[taken:]


class HttpSpeech:
    """HTTP/1.1 over a connection that is kept: GET of the caller's name, or a search.

    Args:
        host: for the Host field.
        authorization: the whole field.
        search: ask for people by text instead of a caller by number; the name is the first hit's.
    """

    def __init__(self, host: str, authorization: str, *, search: bool = False) -> None:
        self._search = search
        self._fields = f"Host: {host}\r\nAuthorization: {authorization}\r\n"

    def greeting(self) -> bytes:
        """Return nothing: every request says who asks."""
        return b""

    def is_greeted(self, octets: bytes) -> bool:
        """Return True: nothing was sent."""
        return not octets

    def ask(self, number: str) -> bytes:
        """Return a request; the number stands in the path, a text to search in the body."""
        if not self._search:
            return (
                f"GET /v1/caller/{quote(number, safe='')} HTTP/1.1\r\n{self._fields}\r\n".encode()
            )
        body = msgspec.json.encode({"text": number, "limit": 10})
        head = (
            f"POST /v1/people/search HTTP/1.1\r\n{self._fields}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def read(self, octets: bytes) -> tuple[Answer | None, bytes]:
        """Return the name in the body once that has come whole; only bodies with a length."""
        end = octets.find(b"\r\n\r\n")
        if end < 0:
            if len(octets) > MAX_HEAD_BYTES:
                return Answer("", "no HTTP: a head without end"), b""
            return None, octets
        status, length = _STATUS.match(octets), _LENGTH.search(octets, 0, end + 2)
        if status is None or length is None:
            return Answer("", "no HTTP/1.1 with a length"), b""
        stop = end + 4 + int(length[1])
        if len(octets) < stop:
            return None, octets
        return self._answer(int(status[1]), octets[end + 4 : stop]), octets[stop:]

    def _answer(self, status: int, body: bytes) -> Answer:
        if status == 404 and not body:  # noqa: PLR2004 - nobody was found
            return Answer("")
        if status != 200:  # noqa: PLR2004 - OK
            return Answer("", f"HTTP status {status}")
        if not self._search:
            return Answer(body.decode(errors="replace"))
        try:
            hits = msgspec.json.decode(body, type=_Page).hits
        except msgspec.DecodeError as error:
            return Answer("", f"no answer to a search: {error}")
        return Answer(hits[0].name if hits else "")


class _Hit(msgspec.Struct):
    name: str


class _Page(msgspec.Struct):
    hits: list[_Hit]


def basic(client: str, password: bytes) -> str:
    """Return the Authorization field of HTTP Basic authentication (RFC 7617)."""
    return f"Basic {base64.b64encode(client.encode() + b':' + password).decode()}"
