"""One connection: octets in, answers out, and what holds it back or ends it.

Law: thin shell around `LdapSession` (octets to requests) and `LdapHandler` (requests to answers).
No task and no future per request: requests are answered where they are read, in their order, and
joined to one write. Three things make requests wait in `_inbox`, with reading paused so that a peer
cannot make it grow: a password being verified (RFC 4511 4.2.1: a bind is answered before anything
behind it), a peer that does not read its answers, and a turn that has lasted `max_pending` requests
while other connections wait. A long list holds them as well: it is sent in slices, one a turn of
the loop, and whoever waits behind it may still abandon or cancel it.

Over 400 lines: what may hold back or end a connection is decided over the same few flags.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from functools import partial
from ipaddress import ip_address
from typing import Protocol, cast

from typing_extensions import override

from ldapd.auth import BindCheck, Peer, PeerAddress
from ldapd.errors import ProtocolViolation
from ldapd.handler import Answer, Hangup, LdapHandler, StartTls
from ldapd.handshaking import Handshake, Securable, upgrade
from ldapd.interrupting import EVERYTHING, remove_waiting, stop_of
from ldapd.passwords import PasswordPool
from ldapd.protocol.ber import message_end
from ldapd.protocol.messages import BindRequest, LdapMessage, ResultCode, notice_of_disconnection
from ldapd.protocol.session import LdapSession
from ldapd.search import LongAnswer
from ldapd.tls import accept_tls, certificate_of

HIGH_WATER_BYTES = 256 * 1024
"""Unsent octets at which a peer counts as not reading; two full answers of a phone fit."""

JOIN_BYTES = 64 * 1024
"""Answers are written together up to this size, so that back-pressure is noticed in between."""

KEEPALIVE_IDLE_S = 60
KEEPALIVE_INTERVAL_S = 15
KEEPALIVE_PROBES = 4
"""A peer that vanished without a word is noticed after two minutes, whatever the idle limit."""


class Host(Protocol):
    """What a connection needs of its server."""

    handler: LdapHandler
    passwords: PasswordPool
    loop: asyncio.AbstractEventLoop
    max_pending: int
    max_wait_s: float
    handshake_time_s: float
    tls_context: ssl.SSLContext | None

    def open_session(self) -> LdapSession:
        """Return the decoder for a new connection, with the limits in force."""

    def admit(self, connection: Connection) -> str:
        """Count a new connection in; return why it must go, "" if it may stay."""

    def leave(self, connection: Connection) -> None:
        """Count a connection out; it may never have been admitted."""

    def note_bind(self, connection: Connection) -> None:
        """Take notice that a connection may have changed between bound and unbound."""

    def note_fault(self, error: BaseException) -> None:
        """Log that a request failed inside."""

    def note_handshake(self, address: PeerAddress, error: Exception) -> None:
        """Count and log a handshake that failed."""


class Connection(Securable):
    """One client's connection.

    Attributes:
        peer: where it comes from, and as whom it is bound.
        heard_s: when it last sent something (loop time).
        unbound_since_s: since when nobody is bound; None while somebody is.
        blocked_since_s: since when it does not read its answers; None while it does.
        closing_since_s: since when it is being closed; None = it is not.
        counted_as: the name of the client as which the host counts it; "" = as nobody.
        is_dropped: the host ends it and has counted that; what is being answered may delay it.
    """

    __slots__ = (
        "_binding",
        "_farewell",
        "_handshake",
        "_host",
        "_inbox",
        "_long",
        "_reading",
        "_scheduled",
        "_session",
        "_slicing",
        "_transport",
        "blocked_since_s",
        "closing_since_s",
        "counted_as",
        "heard_s",
        "is_dropped",
        "peer",
        "unbound_since_s",
    )

    _transport: asyncio.Transport

    def __init__(self, host: Host, peer: Peer | None = None) -> None:
        """Begin a connection; `peer`: of one that was admitted before it speaks (TLS)."""
        self._host = host
        self._handshake: Handshake | None = None
        self._session = host.open_session()
        self._inbox: deque[LdapMessage] = deque()
        self._farewell: bytes | None = None
        self._long: LongAnswer | None = None
        self._binding = False
        self._reading = True
        self._scheduled = False
        self._slicing = False
        self.peer = peer or Peer(None)
        self.heard_s = host.loop.time()
        self.unbound_since_s: float | None = self.heard_s
        self.blocked_since_s: float | None = None
        self.closing_since_s: float | None = None
        self.counted_as = ""
        self.is_dropped = False

    # --- what the loop calls --------------------------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self._transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        if self.peer.tls:  # admitted when it was accepted
            self._handshake = None
            self.peer.certificate = certificate_of(transport)
            return
        self.peer = Peer(peer_address(transport.get_extra_info("peername")))
        tune(transport.get_extra_info("socket"))
        refusal = self._host.admit(self)
        if refusal:
            self._close(notice_of_disconnection(ResultCode.BUSY, refusal))

    @override
    def data_received(self, data: bytes) -> None:
        host = self._host
        self.heard_s = host.loop.time()
        if (
            self._inbox
            or self._session.buffer
            or self._binding  # as `_is_held`: every call passes here
            or self._long is not None
            or self.blocked_since_s is not None
            or self.closing_since_s is not None
        ):
            if self.closing_since_s is None:
                self._read(data)
            return
        used = len(data)
        try:
            known = host.handler.known_answer(self.peer, data)  # nearly every call and list is
            if known is None and message_end(data, 0) == used:
                known, used = b"", 0
            elif known is None:
                known, used = host.handler.known_answers(self.peer, data, host.max_pending)
        except (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError):
            raise
        except BaseException:  # noqa: BLE001 - `_answer` meets it again, and answers
            known, used = b"", 0
        if known:
            self._transport.write(known)
        if used < len(data):
            self._read_rest(data[used:], alone=not used)

    def _read_rest(self, data: bytes, *, alone: bool) -> None:
        """Answer what begins with nothing known; an SBC's search apart, to know the next like it.

        Args:
            data: what was received and not answered yet.
            alone: that is all that was received.
        """
        end = self._host.handler.search_end(self.peer, data)
        if end:
            self._read(data[:end], learn=True, alone=False)
            data, alone = data[end:], False
        if self.closing_since_s is None:
            self._read(data, learn=not end, alone=alone)

    def _read(self, data: bytes, *, learn: bool = False, alone: bool = True) -> None:
        """Answer what is whole.

        Args:
            data: what was received.
            learn: remember a search that is alone in `data`.
            alone: it is all that was received.
        """
        try:
            messages = self._session.receive(data)
        except ProtocolViolation as violation:
            self._host.handler.counters.violations += 1
            self._inbox.extend(violation.messages)
            self._farewell = violation.reply
            self._work()
            return
        if len(messages) == 1 and not self._inbox and not self._is_held():
            answer = self._answer(messages[0])
            if isinstance(answer, bytes):
                if answer:
                    self._transport.write(answer)
                if learn:
                    self._host.handler.learn(self.peer, data, messages[0], answer)
            else:
                self._take(answer, alone=alone)
                self._work()
        elif messages:
            if self._inbox or self._long is not None:
                messages = [each for each in messages if not self._stop(each)]
            self._inbox.extend(messages)
            self._work()

    @override
    def eof_received(self) -> bool:
        return False  # closes; a client that half-closes has nobody left to answer

    @override
    def pause_writing(self) -> None:
        self.blocked_since_s = self._host.loop.time()

    @override
    def resume_writing(self) -> None:
        self.blocked_since_s = None
        self.heard_s = self._host.loop.time()  # what the peer itself held up is not late
        if self._long is not None:
            self._schedule_slice()
        self._work()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.closing_since_s = self._host.loop.time()
        self._inbox.clear()
        self._end_long()
        if self._handshake is not None:
            self._handshake.abort()
        self._host.leave(self)

    # --- what the server calls ------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        """Whether a request of this connection is still to be answered."""
        return self._binding or bool(self._inbox) or self._long is not None

    def shake_hands(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        """Begin TLS on an accepted socket; `connection_made` follows, or the host's `leave`."""
        shaking = accept_tls(self, sock, context, self._host.handshake_time_s)
        self._handshake = Handshake(self._host.loop, shaking, self._shaken, sock)

    def end(self, code: ResultCode, reason: str) -> None:
        """Answer what has been read, then send the notice of disconnection and close."""
        if self._handshake is not None:
            self.abort()  # a notice in clear would break the handshake, one in TLS cannot be sent
        elif self.closing_since_s is None and self._farewell is None:
            self._farewell = notice_of_disconnection(code, reason)
            self._work()

    def abort(self) -> None:
        """Close at once; unsent octets are lost."""
        if self._handshake is not None:
            self._handshake.abort()
        else:
            self._transport.abort()

    # --- requests -------------------------------------------------------------------------------

    def _work(self) -> None:
        """Answer what waits, as far as nothing holds it; pause or resume reading to fit.

        Reading is paused while anything waits, so that all of it came at `heard_s`.
        """
        if self.closing_since_s is not None:
            return
        host = self._host
        budget, clock = host.max_pending, host.loop.time
        late_s = self.heard_s + host.max_wait_s
        parts: list[bytes] = []
        size = 0
        while self._inbox and budget and not self._is_held():
            budget -= 1
            answer = self._answer(self._inbox.popleft(), late=clock() > late_s)
            if isinstance(answer, bytes):
                parts.append(answer)
                size += len(answer)
            else:
                self._write(parts)
                size = 0
                self._take(answer)
            if size >= JOIN_BYTES:
                self._write(parts)
                size = 0
        self._write(parts)
        self._go_on()

    def _go_on(self) -> None:
        """Decide what happens after a turn: nothing, the next turn, or the end."""
        if self.closing_since_s is not None:
            return
        if self._inbox and not self._is_held() and not self._scheduled:
            self._scheduled = True
            self._host.loop.call_soon(self._next_turn)
        if self._farewell is not None and not self.is_busy:
            self._close(self._farewell)
            return
        most = self._host.max_pending if self._long is not None else 1
        wanted = len(self._inbox) < most and self.blocked_since_s is None and self._farewell is None
        if wanted and not self._reading:
            self._reading = True
            self._transport.resume_reading()
        elif not wanted and self._reading:
            self._reading = False
            self._transport.pause_reading()

    def _next_turn(self) -> None:
        self._scheduled = False
        self._work()

    def _is_held(self) -> bool:
        return (
            self._binding
            or self._long is not None
            or self.blocked_since_s is not None
            or self.closing_since_s is not None
        )

    def _answer(self, message: LdapMessage, *, late: bool = False) -> Answer:
        """Answer one request; whatever goes wrong inside harms this request alone.

        tantivy raises `PanicException`, which is no `Exception` but a `BaseException`.
        """
        handler = self._host.handler
        try:
            if late:
                answer = handler.too_late(self.peer, message)
            else:
                answer = handler.handle(self.peer, message)
        except (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError):
            raise
        except BaseException as error:  # noqa: BLE001 - see above
            self._host.note_fault(error)
            answer = handler.failed(self.peer, message)
        if type(message.request) is BindRequest:
            self._note_bind()
        return answer

    def _take(
        self, answer: BindCheck | Hangup | StartTls | LongAnswer, *, alone: bool = False
    ) -> None:
        """Have a password verified, begin TLS, send a long list, or close.

        Args:
            answer: what the handler wants to be done.
            alone: the request came when nothing else of this connection was to be answered.
        """
        if isinstance(answer, Hangup):
            self._close(answer.reply)
            return
        if isinstance(answer, StartTls):
            self._start_tls(answer, alone=alone)
            return
        if isinstance(answer, LongAnswer):
            self._long = answer
            self._transport.write(answer.first)
            self._schedule_slice()
            return
        finish = partial(self._finish_bind, answer)
        loop = self._host.loop

        def verified(right: bool) -> None:  # noqa: FBT001 - called in the pool's thread
            try:
                loop.call_soon_threadsafe(finish, right)
            except RuntimeError:
                return  # the loop is closed: the process ends

        self._binding = True
        if not self._host.passwords.submit(answer, verified):
            self._binding = False
            self._transport.write(self._host.handler.busy(answer))

    def _finish_bind(self, check: BindCheck, right: bool) -> None:  # noqa: FBT001 - a callback
        self._binding = False
        if self.closing_since_s is not None:
            return
        reply = self._host.handler.finish_bind(self.peer, check, right=right)
        self.heard_s = self._host.loop.time()  # what waited for the bind may wait as long again
        self._note_bind()
        self._transport.write(reply)
        self._work()

    # --- long lists -----------------------------------------------------------------------------

    def _schedule_slice(self) -> None:
        if not self._slicing:
            self._slicing = True
            self._host.loop.call_soon(self._next_slice)

    def _next_slice(self) -> None:
        """Send one more slice of a list, unless the peer does not read."""
        self._slicing = False
        answer = self._long
        if answer is None or self.blocked_since_s is not None or self.closing_since_s is not None:
            return
        octets = b""
        is_over = False
        try:
            octets = next(answer.rest)
        except StopIteration as end:
            octets, is_over = end.value, True
        except (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError):
            raise
        except BaseException as error:  # noqa: BLE001 - as in `_answer`
            self._host.note_fault(error)
            octets, is_over = self._host.handler.broken_off(answer), True
        if octets:
            self._transport.write(octets)
        if is_over:
            self._end_long()
            self.heard_s = self._host.loop.time()  # what its own list held up is not late
            self._work()
        elif self.blocked_since_s is None:
            self._schedule_slice()

    def _stop(self, message: LdapMessage) -> bool:
        """Do what a request asks that stops others; tell whether that was all it asked."""
        stop = stop_of(message)
        if stop is None:
            return False
        if stop.message_id == EVERYTHING:
            self._end_long()
            self._inbox.clear()
            return False  # the unbind itself is still to be done
        if self._long is not None and self._long.message_id == stop.message_id:
            self._end_long()
        elif not remove_waiting(self._inbox, stop.message_id):
            return False
        self._transport.write(stop.reply())
        return True

    def _end_long(self) -> None:
        if self._long is not None:
            self._long.rest.close()
            self._long = None

    # --- TLS ------------------------------------------------------------------------------------

    def _start_tls(self, request: StartTls, *, alone: bool) -> None:
        """RFC 4511 4.14: from the answer on, every octet belongs to TLS.

        Octets behind the request end the connection: they were sent in clear, by somebody who may
        have put them there (RFC 4513 3.1.1), and must not be read as if they had come inside TLS.
        """
        context = self._host.tls_context
        if self._session.buffered_bytes or self._inbox:
            self._host.handler.counters.violations += 1
            self._close(b"")
            return
        if context is None or not alone:
            code = ResultCode.OPERATIONS_ERROR if context else ResultCode.UNAVAILABLE
            self._transport.write(request.reply(code))
            return
        self._transport.pause_reading()  # now, and not in the task: no octet may come in between
        self._transport.write(request.reply(ResultCode.SUCCESS))
        host = self._host
        shaking = upgrade(self, self._transport, context, host.handshake_time_s)
        self._handshake = Handshake(host.loop, shaking, self._shaken)

    @override
    def take_secured(self, transport: asyncio.Transport) -> None:
        """Begin anew inside TLS: nothing said in clear counts any more."""
        self._handshake = None
        self._transport = transport
        self._transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)
        self.peer = Peer(self.peer.address, tls=True, certificate=certificate_of(transport))
        self._session = self._host.open_session()
        self._note_bind()

    def _shaken(self, error: BaseException | None) -> None:
        """Go on after a handshake, or take a connection out that never became one."""
        self._handshake = None
        if error is None:
            return
        if hasattr(self, "_transport"):
            self._transport.abort()
        self.closing_since_s = self._host.loop.time()
        self._host.leave(self)
        if isinstance(error, Exception):
            self._host.note_handshake(self.peer.address, error)

    def _note_bind(self) -> None:
        self._session.bound = self.peer.asker is not None
        self._host.note_bind(self)

    def _write(self, parts: list[bytes]) -> None:
        if parts:
            self._transport.write(b"".join(parts))
            parts.clear()

    def _close(self, reply: bytes) -> None:
        self.closing_since_s = self._host.loop.time()
        self._inbox.clear()
        self._end_long()
        if reply:
            self._transport.write(reply)
        self._transport.close()


def peer_address(peername: object) -> PeerAddress:
    """Return where a connection comes from; None for a local socket."""
    if isinstance(peername, tuple) and peername:
        return ip_address(str(peername[0]))
    return None


def tune(sock: socket.socket | None) -> None:
    """No delay for small answers; probes for peers that vanished."""
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
