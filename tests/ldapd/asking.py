"""A handler over the house's index, asked without a socket."""

from __future__ import annotations

import time
from collections.abc import Callable
from ipaddress import ip_address

import msgspec

from engine.client import Client
from ldapd.auth import Asker, Peer
from ldapd.errors import ProtocolViolation
from ldapd.handler import Answer, LdapHandler
from ldapd.protocol.client import Entry, Response, Result, decode_responses
from ldapd.protocol.filters import parse_filter
from ldapd.protocol.messages import (
    SCOPE_SUB,
    Control,
    LdapMessage,
    Request,
    ResultCode,
    SearchRequest,
)
from ldapd.protocol.session import LdapSession
from ldapd.search import Directory, LongAnswer
from ldapd.settings import LdapLimits, LdapSettings, Profiles
from tests.ldapd.house import CLIENTS

SETTINGS = LdapSettings(listen=(), aliases=("dc=phone",))
LOOPBACK = "127.0.0.1"


def handler_of(
    index: Directory,
    settings: LdapSettings = SETTINGS,
    clients: tuple[Client, ...] = CLIENTS,
    clock: Callable[[], float] = time.monotonic,
) -> LdapHandler:
    return LdapHandler(index, settings, clients, clock)


def limited(**limits: int) -> LdapSettings:
    """Settings with other limits, those of profiles for each of them."""
    own = {name: value for name, value in limits.items() if name in LdapLimits.__struct_fields__}
    profile = {name: value for name, value in limits.items() if name not in own}
    profiles = Profiles(
        **{
            name: msgspec.structs.replace(getattr(SETTINGS.profiles, name), **profile)
            for name in Profiles.__struct_fields__
        }
    )
    return msgspec.structs.replace(SETTINGS, limits=LdapLimits(**own), profiles=profiles)


def peer_of(client: Client | None, address: str = LOOPBACK, *, tls: bool = False) -> Peer:
    peer = Peer(ip_address(address), tls=tls)
    if client is not None:
        peer.asker = Asker.of(client)
    return peer


def ask(
    handler: LdapHandler, peer: Peer, request: Request, *controls: Control, message_id: int = 7
) -> Answer:
    return handler.handle(peer, LdapMessage(message_id, request, controls))


def octets_of(answer: Answer) -> bytes:
    """Return all octets of an answer, those of a long list slice by slice."""
    if isinstance(answer, LongAnswer):
        parts = [answer.first]
        try:
            while True:
                parts.append(next(answer.rest))
        except StopIteration as end:
            parts.append(end.value)
        return b"".join(parts)
    assert isinstance(answer, bytes)
    return answer


def the_long_way(handler: LdapHandler, peer: Peer, data: bytes) -> Answer | None:
    """Answer as the connection does, and learn; None for what is not one whole message.

    A long list comes as all of its octets.
    """
    session = LdapSession()
    session.bound = True
    try:
        messages = session.receive(data)
    except ProtocolViolation:
        return None
    if len(messages) != 1 or session.buffered_bytes:
        return None
    answer = handler.handle(peer, messages[0])
    if isinstance(answer, bytes):
        handler.learn(peer, data, messages[0], answer)
    return octets_of(answer) if isinstance(answer, LongAnswer) else answer


def responses(answer: Answer, message_id: int = 7) -> list[Response]:
    answer = octets_of(answer)
    found, used = decode_responses(answer)
    assert used == len(answer)
    assert all(each.message_id == message_id for each in found)
    return found


def result(answer: Answer) -> Result:
    found = responses(answer)
    assert len(found) == 1
    assert isinstance(found[0], Result)
    return found[0]


class Found(msgspec.Struct):
    """What a search brought."""

    entries: list[Entry]
    code: ResultCode
    matched: str

    def names(self) -> list[str]:
        """Return the common names in the order of the answer."""
        return [each.values("cn")[0].decode() for each in self.entries]

    def values(self, attribute: str) -> list[str]:
        """Return an attribute's values in the only entry."""
        (entry,) = self.entries
        return [each.decode() for each in entry.values(attribute)]


def search(
    handler: LdapHandler,
    client: Client | None,
    text: str,
    *attributes: str,
    base: str = "dc=meta",
    scope: int = SCOPE_SUB,
    size_limit: int = 0,
    time_limit_s: int = 0,
    types_only: bool = False,
) -> Found:
    request = SearchRequest(
        base, scope, 0, size_limit, time_limit_s, types_only, parse_filter(text), attributes
    )
    *entries, done = responses(ask(handler, peer_of(client), request))
    assert isinstance(done, Result)
    assert done.tag == 0x65
    decoded = [each for each in entries if isinstance(each, Entry)]
    assert len(decoded) == len(entries)
    return Found(decoded, ResultCode(done.code), done.matched)
