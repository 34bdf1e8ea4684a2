"""One request in, its answer out: one function per operation.

Law: pure but for the index it asks: no socket, no loop, no log. Time is handed in. A bind whose
password must be verified comes out as a `BindCheck`; the shell has it verified elsewhere and hands
the outcome to `finish_bind`. Whoever is not bound reads the root DSE and the subschema, no more.

Over 400 lines: every operation of RFC 4511 has its function here.

Sources: RFC 4511 4 (operations), RFC 4513 5.1, 5.2.3 and 6.3.1 (binds), RFC 4532 (who am I).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import msgspec

from engine.client import Client
from engine.contact import Contact
from engine.credentials import Verified
from ldapd import planner
from ldapd.auth import Accounts, Asker, BindCheck, FailedBinds, Peer, PeerAddress, stored_hash
from ldapd.calls import is_search
from ldapd.cookies import CookieSeal
from ldapd.counters import Counters
from ldapd.errors import InvalidDn, ProtocolError
from ldapd.naming import Naming
from ldapd.protocol.ber import message_end
from ldapd.protocol.controls import APPLIED_CONTROLS, SEARCH_CONTROLS, unavailable_control
from ldapd.protocol.dn import parse_dn
from ldapd.protocol.filters import Equality, Present
from ldapd.protocol.messages import (
    BIND_REQUEST,
    BIND_RESPONSE,
    CANCEL,
    COMPARE_REQUEST,
    COMPARE_RESPONSE,
    EXTENDED_REQUEST,
    RESPONSE_TAGS,
    SEARCH_DONE,
    SEARCH_REQUEST,
    START_TLS,
    WHO_AM_I,
    AbandonRequest,
    BindRequest,
    CompareRequest,
    ExtendedRequest,
    LdapMessage,
    RefusedRequest,
    Request,
    ResultCode,
    SearchRequest,
    UnbindRequest,
    UnknownRequest,
    WriteRequest,
    encode_extended,
    encode_result,
    notice_of_disconnection,
)
from ldapd.protocol.requests import decode_cancel
from ldapd.sasl import EXTERNAL, PLAIN, authorization_name, read_plain
from ldapd.search import Directory, LongAnswer, Searcher
from ldapd.settings import LdapSettings

VERSION = 3
OLD_VERSION = 2
"""RFC 1777: the same octets for what old phones do, simple bind and search."""


class Hangup(msgspec.Struct, frozen=True):
    """The session is over: send `reply` (may be b""), then close."""

    reply: bytes = b""


class StartTls(msgspec.Struct, frozen=True):
    """TLS is to begin (RFC 4511 4.14): the shell knows whether it can, and answers."""

    message_id: int

    def reply(self, code: ResultCode) -> bytes:
        """Return the answer that says whether TLS begins."""
        return encode_extended(self.message_id, code, START_TLS)


Answer = bytes | BindCheck | Hangup | StartTls | LongAnswer
"""Octets to send (b"" for an abandon), a password to verify first, TLS to begin, a list to be sent
in slices, or the end."""

_R = TypeVar("_R", bound=Request)
_Operation = Callable[[Peer, int, Request], Answer]


class LdapHandler:
    """Answers requests for every connection of one process."""

    def __init__(
        self,
        index: Directory,
        settings: LdapSettings,
        clients: tuple[Client, ...],
        clock: Callable[[], float],
    ) -> None:
        """Answer from `index`.

        Args:
            index: asked on the calling thread.
            settings: see there.
            clients: who may bind; those without a bind name and a hash, or a certificate, may not.
            clock: monotonic seconds.

        Raises:
            InvalidDn: the base or an alias is no distinguished name.
        """
        self.counters = Counters()
        self._index = index
        self._clock = clock
        self._verified = Verified()
        self._failures = FailedBinds()
        self._operations: dict[type[Request], _Operation] = {
            BindRequest: _typed(self._bind),
            SearchRequest: _typed(self._search),
            CompareRequest: _typed(self._compare),
            ExtendedRequest: _typed(self._extended),
            WriteRequest: _typed(self._write),
            RefusedRequest: _typed(self._refused),
        }
        self.replace(settings, clients)

    def replace(self, settings: LdapSettings, clients: tuple[Client, ...]) -> None:
        """Take new settings and clients; remembered passwords stay.

        Raises:
            InvalidDn: as above; the old settings stay in force.
        """
        naming = Naming(settings.base, settings.aliases, start_tls=settings.tls is not None)
        self._naming = naming
        self._settings = settings
        self._accounts = Accounts(clients, (settings.base, *settings.aliases))
        limits = settings.limits
        self._failures.limit(limits.bind_failures, limits.bind_failure_time_s)
        self._searcher = Searcher(
            self._index,
            settings.profiles,
            naming,
            seal=CookieSeal({client.name: client.password_hash for client in clients}),
            counters=self.counters,
            clock=self._clock,
        )

    def renew(self, peer: Peer) -> bool:
        """Give a peer its client as it is after `replace`.

        Returns:
            False if the client it is bound as is gone: end the connection.
        """
        if peer.asker is None:
            return True
        peer.asker = self._accounts.renewed(peer.asker, peer.address)
        return peer.asker is not None

    def is_known(self, address: PeerAddress) -> bool:
        """Tell whether an address is one that some client is said to come from."""
        return self._accounts.knows(address)

    def known_answer(self, peer: Peer, data: bytes) -> bytes | None:
        """Return the answer to octets that were asked so, or nearly so, before; None: read them.

        Args:
            peer: who sent them.
            data: what was received, with nothing waiting before it.
        """
        asker = peer.asker
        if asker is None:
            return None
        if asker.is_sbc:
            return self._searcher.known_call(asker, data)
        return self._searcher.known_list(asker, data)

    def known_answers(self, peer: Peer, data: bytes, most: int) -> tuple[bytes, int]:
        """Answer the first messages in what was received, as far as `known_answer` knows them.

        Returns:
            The answers to at most `most` of them, and how many octets were read for it.
        """
        asker = peer.asker
        if asker is None:
            return b"", 0
        return self._searcher.known_answers(asker, data, most)

    def search_end(self, peer: Peer, data: bytes) -> int:
        """Return where an SBC's search ends that more messages follow; 0 for anything else."""
        asker = peer.asker
        if asker is None or not asker.is_sbc:
            return 0
        end = message_end(data, 0)
        return end if end < len(data) and is_search(data) else 0

    def learn(self, peer: Peer, data: bytes, message: LdapMessage, answer: bytes) -> None:
        """Remember what kind of call a message was, or the list that it was answered with.

        Args:
            peer: who sent it.
            data: what was received, the message alone.
            message: what was read.
            answer: what `handle` has just returned.
        """
        request, asker = message.request, peer.asker
        if type(request) is not SearchRequest or asker is None:
            return
        if asker.is_sbc:
            self._searcher.learn_call(asker, data, request)
        elif not message.controls:
            self._searcher.learn_list(asker, data, answer)

    def handle(self, peer: Peer, message: LdapMessage) -> Answer:
        """Return the answer to one request.

        Args:
            peer: who sent it; a bind changes it.
            message: the request.
        """
        request = message.request
        operation = self._operations.get(type(request))
        if operation is None:
            return _without_response(request)
        if message.controls:
            return self._controlled(peer, message, operation)
        return operation(peer, message.message_id, request)

    def _controlled(self, peer: Peer, message: LdapMessage, operation: _Operation) -> Answer:
        """Answer a request with controls; to an SBC those of lists are unknown."""
        request = message.request
        is_list = isinstance(request, SearchRequest) and not (peer.asker and peer.asker.is_sbc)
        applied = SEARCH_CONTROLS if is_list else APPLIED_CONTROLS
        if unavailable_control(message, applied) is not None:
            return _failure(
                peer, message, ResultCode.UNAVAILABLE_CRITICAL_EXTENSION, "unknown control"
            )
        if isinstance(request, SearchRequest):
            return self._searcher.search(peer, message.message_id, request, message.controls)
        return operation(peer, message.message_id, request)

    def failed(self, peer: Peer, message: LdapMessage) -> bytes:
        """Return the answer to a request that `handle` raised on; other requests are unharmed."""
        self.counters.faults += 1
        return _failure(peer, message, ResultCode.OTHER, "internal error")

    def too_late(self, peer: Peer, message: LdapMessage) -> Answer:
        """Return the answer to a request that has waited longer than any may.

        What asks the index is not worth its time any more: the call has rung without it. All else
        is cheap, or decides what follows, and is done.
        """
        if type(message.request) not in (SearchRequest, CompareRequest):
            return self.handle(peer, message)
        self.counters.answered_busy += 1
        return _failure(peer, message, ResultCode.BUSY, "waited too long")

    def broken_off(self, answer: LongAnswer) -> bytes:
        """Return the end of a list whose next slice raised."""
        self.counters.faults += 1
        return encode_result(answer.message_id, SEARCH_DONE, ResultCode.OTHER, "internal error")

    def busy(self, check: BindCheck) -> bytes:
        """Return the answer to a bind whose password finds no place in the queue."""
        self.counters.binds_delayed += 1
        return _bound(check.message_id, ResultCode.BUSY, "too many binds at once")

    def finish_bind(self, peer: Peer, check: BindCheck, *, right: bool) -> bytes:
        """Return the answer to a bind whose password has been verified; `right`: it fits."""
        asker = check.asker
        if asker is not None and right:
            asker = self._accounts.renewed(asker, peer.address)  # a reload may lie in between
        if asker is None or not right:
            self.counters.binds_failed += 1
            self._failures.record(peer.address, self._clock())
            return _bound(check.message_id, ResultCode.INVALID_CREDENTIALS)
        self._verified.remember(check.fingerprint, self._clock())
        self._failures.forget(peer.address)
        self.counters.binds += 1
        peer.asker = asker
        return _bound(check.message_id, ResultCode.SUCCESS)

    # --- operations -----------------------------------------------------------------------------

    def _bind(self, peer: Peer, message_id: int, request: BindRequest) -> Answer:
        """RFC 4511 4.2: whoever binds anew is nobody until it succeeds."""
        peer.asker = None
        refusal = self._bind_refusal(peer, request)
        if refusal is not None:
            return _bound(message_id, *refusal)
        if request.mechanism == EXTERNAL:
            return self._bind_external(peer, message_id, request)
        name, password = request.name, request.credentials
        if request.mechanism:
            try:
                plain = read_plain(request.credentials)
            except ProtocolError as error:
                return _bound(message_id, ResultCode.PROTOCOL_ERROR, error.reason)
            if not plain.password:
                return _bound(message_id, *_NO_PASSWORD)
            name, password = plain.name, plain.password
            if plain.acts_as and not self._accounts.is_same(plain.acts_as, name):
                name = ""  # nobody may act as somebody else
        elif not name:
            return _bound(message_id, ResultCode.SUCCESS)
        return self._bind_with(peer, message_id, name, password)

    def why_refused(self, request: BindRequest, peer: Peer) -> str:
        """Say for whoever watches why a simple bind was refused, "" of other binds."""
        return "" if request.mechanism else self._accounts.why_refused(request.name, peer.address)

    def _bind_with(self, peer: Peer, message_id: int, name: str, password: bytes) -> Answer:
        """Sign in with a name and a password."""
        now_s = self._clock()
        asker = self._accounts.find(name, peer.address)
        stored = stored_hash(asker)
        account = asker.client.name if asker else ""
        fingerprint = self._verified.fingerprint(account, password, stored)
        check = BindCheck(message_id, asker, stored, password, fingerprint)
        if asker is not None and self._verified.knows(fingerprint, now_s):
            self.counters.binds += 1
            peer.asker = asker
            return _bound(message_id, ResultCode.SUCCESS)
        if self._failures.must_wait(peer.address, now_s) and not self.is_known(peer.address):
            self.counters.binds_delayed += 1
            return _bound(message_id, ResultCode.BUSY, "too many failed binds: wait a minute")
        return check

    def _bind_external(self, peer: Peer, message_id: int, request: BindRequest) -> bytes:
        """Sign in with the certificate that TLS has verified (RFC 4513 5.2.3)."""
        if peer.certificate is None:
            code = ResultCode.INAPPROPRIATE_AUTHENTICATION
            return _bound(message_id, code, "no client certificate")
        asker = self._accounts.holder(peer.certificate, peer.address)
        try:
            acts_as = authorization_name(request.credentials)
        except UnicodeDecodeError:
            asker, acts_as = None, ""
        if asker is None or (acts_as and not self._accounts.is_same(acts_as, asker.client.bind)):
            self.counters.binds_failed += 1
            return _bound(message_id, ResultCode.INVALID_CREDENTIALS)
        self.counters.binds += 1
        peer.asker = asker
        return _bound(message_id, ResultCode.SUCCESS)

    def _bind_refusal(self, peer: Peer, request: BindRequest) -> tuple[ResultCode, str] | None:
        """Return why a bind is refused before any name is looked at; None if it is not."""
        if request.version != VERSION and not (
            request.version == OLD_VERSION and self._settings.ldap_v2 and not request.mechanism
        ):
            return ResultCode.PROTOCOL_ERROR, "LDAP version 3 only"
        if request.mechanism == EXTERNAL:
            return None
        if request.mechanism not in ("", PLAIN):
            return ResultCode.AUTH_METHOD_NOT_SUPPORTED, "simple bind, PLAIN and EXTERNAL only"
        if not request.mechanism and not (request.name and request.credentials):
            return _incomplete_bind(request)
        if not (peer.secure or self._settings.allow_plain):
            return ResultCode.CONFIDENTIALITY_REQUIRED, "passwords over TLS only"
        return None

    def _search(self, peer: Peer, message_id: int, request: SearchRequest) -> bytes | LongAnswer:
        return self._searcher.search(peer, message_id, request)

    def _compare(self, peer: Peer, message_id: int, request: CompareRequest) -> bytes:
        """RFC 4511 4.10, on the entries of contacts; by the same rules as an equality filter."""
        asker = peer.asker
        if asker is None or asker.is_sbc:
            return _compared(message_id, ResultCode.INSUFFICIENT_ACCESS_RIGHTS)
        place = self._naming.locate(request.name)
        contact = None
        if place.kind == "entry":
            contact = self._searcher.contact_at(place, asker.principal)
        elif place.kind == "invalid":
            return _compared(message_id, ResultCode.INVALID_DN_SYNTAX)
        elif place.own is not None:
            return _compared(message_id, ResultCode.UNWILLING_TO_PERFORM)
        if contact is None:
            code = ResultCode.NO_SUCH_OBJECT
            return encode_result(message_id, COMPARE_RESPONSE, code, matched=place.matched)
        return _compared(message_id, _comparison(asker, contact, request))

    def _extended(self, peer: Peer, message_id: int, request: ExtendedRequest) -> Answer:
        """RFC 4511 4.12: who am I (RFC 4532), StartTLS, cancel; anything else is unknown."""
        if request.name == START_TLS and self._settings.tls is not None:
            if peer.tls:
                code = ResultCode.OPERATIONS_ERROR
                return encode_extended(message_id, code, START_TLS, message="TLS is up already")
            if request.value is not None:
                code = ResultCode.PROTOCOL_ERROR
                return encode_extended(message_id, code, START_TLS, message="a value is not due")
            return StartTls(message_id)
        if request.name == CANCEL:
            return _cancelled(message_id, request)
        if request.name != WHO_AM_I:
            code = ResultCode.PROTOCOL_ERROR
            return encode_extended(message_id, code, message="unknown extended operation")
        identity = "" if peer.asker is None else _authorization_id(peer.asker.client)
        return encode_extended(message_id, ResultCode.SUCCESS, value=identity.encode())

    def _write(self, _peer: Peer, message_id: int, request: WriteRequest) -> bytes:
        """RFC 4511 4.6-4.9: sources are written, not this directory."""
        tag = RESPONSE_TAGS[request.tag]
        return encode_result(
            message_id, tag, ResultCode.UNWILLING_TO_PERFORM, "the directory is read-only"
        )

    def _refused(self, peer: Peer, message_id: int, request: RefusedRequest) -> bytes:
        """Answer what the decoder refused."""
        if request.tag == BIND_REQUEST:
            peer.asker = None
        tag = RESPONSE_TAGS.get(request.tag)
        if tag is None:
            return b""
        return encode_result(message_id, tag, request.code, request.message)


_NO_PASSWORD = (ResultCode.UNWILLING_TO_PERFORM, "a name without a password")
"""RFC 4513 5.1.2: a client that forgot the password would take success for a right one."""


def _incomplete_bind(request: BindRequest) -> tuple[ResultCode, str] | None:
    """Return why a simple bind without a name or without a password is refused: RFC 4513 5.1."""
    if request.name:
        return _NO_PASSWORD
    return (ResultCode.INVALID_CREDENTIALS, "") if request.credentials else None


def _typed(operation: Callable[[Peer, int, _R], Answer]) -> _Operation:
    """Let a function for one kind of request stand in the table of all."""
    return cast("_Operation", operation)


_REQUEST_TAGS: dict[type[Request], int] = {
    BindRequest: BIND_REQUEST,
    SearchRequest: SEARCH_REQUEST,
    CompareRequest: COMPARE_REQUEST,
    ExtendedRequest: EXTENDED_REQUEST,
}


def _failure(peer: Peer, message: LdapMessage, code: ResultCode, text: str) -> bytes:
    """Return the response to a request that is not done, whatever its kind."""
    request = message.request
    if isinstance(request, (WriteRequest, RefusedRequest)):
        tag = RESPONSE_TAGS.get(request.tag)
    else:
        tag = RESPONSE_TAGS.get(_REQUEST_TAGS.get(type(request), 0))
    if tag is None:
        return b""
    if tag == BIND_RESPONSE:
        peer.asker = None
    return encode_result(message.message_id, tag, code, text)


def _without_response(request: Request) -> Answer:
    """Abandon: every answer is out already; unbind: the end; unknown: RFC 4511 4.1.1."""
    if isinstance(request, AbandonRequest):
        return b""
    if isinstance(request, UnknownRequest):
        reason = "an operation that LDAP does not know"
        return Hangup(notice_of_disconnection(ResultCode.PROTOCOL_ERROR, reason))
    assert isinstance(request, UnbindRequest)
    return Hangup()


def _cancelled(message_id: int, request: ExtendedRequest) -> bytes:
    """RFC 3909: what reaches the handler is not outstanding; `connection` stops what is."""
    try:
        decode_cancel(request.value)
    except ProtocolError as error:
        return encode_extended(message_id, ResultCode.PROTOCOL_ERROR, message=error.reason)
    return encode_extended(message_id, ResultCode.NO_SUCH_OPERATION)


def _bound(message_id: int, code: ResultCode, text: str = "") -> bytes:
    return encode_result(message_id, BIND_RESPONSE, code, text)


def _comparison(asker: Asker, contact: Contact, request: CompareRequest) -> ResultCode:
    """Compare an assertion with an entry (RFC 4511 4.10)."""
    plan = asker.plan
    outcome = planner.compile_filter(Equality(request.attribute, request.value), plan).check(
        contact
    )
    if outcome is None:
        return ResultCode.UNDEFINED_ATTRIBUTE_TYPE
    if outcome:
        return ResultCode.COMPARE_TRUE
    is_there = planner.compile_filter(Present(request.attribute), plan).check(contact)
    return ResultCode.COMPARE_FALSE if is_there else ResultCode.NO_SUCH_ATTRIBUTE


def _compared(message_id: int, code: ResultCode) -> bytes:
    return encode_result(message_id, COMPARE_RESPONSE, code)


def _authorization_id(client: Client) -> str:
    """Return a bind name, or a name that only a certificate proves, as an authzId (RFC 4513)."""
    bind = client.bind
    if not bind:
        return f"u:{client.name}"
    try:
        parse_dn(bind)
    except InvalidDn:
        return f"u:{bind}"
    return f"dn:{bind}"
