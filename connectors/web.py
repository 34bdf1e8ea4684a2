"""HTTP to a source's server: one request at a time, and to nowhere that nobody named.

Law: the address is checked before it is connected to (`connectors.addresses`), certificates are
verified, redirects are not followed, credentials go to one origin only, and every answer has a cap
in time and size. A proxy is a tunnel (RFC 9110, 9.3.6): it reads nothing that is under TLS.
Standard library only.

Over 400 lines: each of these bounds holds for the session and for its connection.
"""

from __future__ import annotations

import base64
import contextlib
import email.utils
import http.client
import random
import socket
import ssl
import threading
import time
import zlib
from datetime import UTC
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import msgspec
from typing_extensions import override

from connectors.addresses import Address, refuse_forbidden, resolve
from connectors.cancelling import break_wire
from connectors.errors import Cancelled, SourceFailed
from connectors.settings import SecretRef, SettingFault

MAX_BODY_BYTES = 64 * 1024 * 1024
"""A page of a thousand contacts is one or two MiB."""

MAX_TRIES = 5
MAX_WAIT_S = 300.0
"""Longest wait that a server may ask for by Retry-After."""

_CHUNK = 64 * 1024
_BUSY = frozenset({429, 502, 503, 504})
_LOGINS = frozenset({401, 407})
"""A proxy wants a login; tinyproxy says 401 to a wrong one."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WRITTEN = "%!$&'()*+,;=:@/?#[]~|{}^`<>\\\""
"""Of a URL all but letters beyond ASCII, spaces and controls stays as it is written."""

_NOT_FOR_CA = frozenset({9, 10, 62, 64})
"""Faults of a certificate that no other authority mends: its time (X509_V_ERR_CERT_NOT_YET_VALID,
HAS_EXPIRED), and the name or address of the server (HOSTNAME_, IP_ADDRESS_MISMATCH)."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class AnswerTooLarge(SourceFailed):
    """An answer beyond `MAX_BODY_BYTES`: whoever can ask for less at once may do so."""


class _TooLarge(ValueError):
    """It is being read, and is too large."""


class WebLink(msgspec.Struct, frozen=True):
    """How to reach a server.

    Attributes:
        ca: PEM file of the authorities to trust; None = those of the system.
        allow_plain: `http://` beyond loopback.
        allow_link_local: see `connectors.addresses`.
        timeout_s: for connecting, for each wait, and (times ten) for a whole answer.
        proxy: `http://HOST:PORT`, the way to every server; "" = none. It resolves their names.
        proxy_login: `NAME:PASSWORD` for it.
    """

    ca: Path | None
    allow_plain: bool
    allow_link_local: bool
    timeout_s: int
    proxy: str = ""
    proxy_login: SecretRef | None = None


class LinkOptions(Protocol):
    """The options of a kind that say how its server is reached, named as in `WebLink`."""

    @property
    def ca(self) -> Path | None: ...  # noqa: D102

    @property
    def allow_plain(self) -> bool: ...  # noqa: D102

    @property
    def allow_link_local(self) -> bool: ...  # noqa: D102

    @property
    def timeout_s(self) -> int: ...  # noqa: D102

    @property
    def proxy(self) -> str: ...  # noqa: D102

    @property
    def proxy_login(self) -> SecretRef | None: ...  # noqa: D102


def link_of(options: LinkOptions) -> WebLink:
    """Return how to reach the server of some options."""
    return WebLink(
        options.ca,
        options.allow_plain,
        options.allow_link_local,
        options.timeout_s,
        options.proxy,
        options.proxy_login,
    )


class Answer(msgspec.Struct, frozen=True):
    """What a server said; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return self.status // 100 == 2  # noqa: PLR2004 - the class of success


WEB_URL_IN_WORDS = "a URL such as https://server.firm.example/path"


def web_url_fault(url: str, *, allow_plain: bool) -> str:
    """Return why a text is no URL to ask; "" if it is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return f"{url[:60]!r} is no URL"
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        return f"{url[:60]!r} is no URL of a web server"
    if parts.username or parts.password:
        return "no user or password in the URL: they are settings of their own"
    if parts.scheme == "http" and not allow_plain and parts.hostname not in _LOOPBACK:
        return f"{url[:60]!r} without allow_plain = true: what is sent travels readable"
    return ""


PROXY_IN_WORDS = '"http://HOST:PORT", "" for none'


def refuse_proxy(proxy: str, login: SecretRef | None) -> None:
    """Check the settings of a proxy.

    Raises:
        SettingFault: what is no address of one, or a login for none.
    """
    if not proxy:
        if login is not None:
            raise SettingFault("proxy_login", "has no proxy to sign in at", "with proxy = …")
        return
    with contextlib.suppress(ValueError):
        parts = urlsplit(proxy)
        more = parts.path.strip("/") or parts.query or parts.fragment
        if parts.scheme == "http" and parts.hostname and parts.port and not (more or "@" in proxy):
            return
    raise SettingFault("proxy", allowed=f"{PROXY_IN_WORDS}; its login stands in proxy_login")


class WebSession:
    """Requests of one run. Keeps one connection open between requests to the same origin."""

    def __init__(self, link: WebLink) -> None:
        self._link = link
        self._context = ssl.create_default_context(cafile=str(link.ca) if link.ca else None)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._connection: http.client.HTTPConnection | None = None
        self._origin: tuple[str, str, int] | None = None

    def cancel(self) -> None:
        """Make whatever waits end with an error; never waits."""
        self._stop.set()
        with self._lock:
            break_wire(self._connection.sock if self._connection is not None else None)

    def close(self) -> None:
        """Close the connection, if one is open."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            self._origin = None

    def request(
        self, method: str, url: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Ask, and ask again where the server is busy: 429 and 503 name when.

        Raises:
            SourceFailed: no connection, an untrusted certificate, a redirect, too large, too slow,
                busy for too long.
            Cancelled: `cancel` was called.
        """
        answer = self._ask(method, url, headers or {}, body)
        for attempt in range(1, MAX_TRIES):
            if answer.status not in _BUSY:
                break
            self._wait(_retry_after_s(answer, attempt), url)
            answer = self._ask(method, url, headers or {}, body)
        if answer.status in _REDIRECTS:
            target = urljoin(url, answer.headers.get("location", ""))
            raise SourceFailed(f"{_bare(url)}: redirects to {_bare(target)}: write that URL")
        return answer

    def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        kept = self._connection is not None
        try:
            return self._exchange(method, url, headers, body)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as error:
            self.close()
            if not kept or self._stop.is_set():
                raise self._failure(url, error) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise self._failure(url, error) from None
        try:  # a connection that was kept may have been closed since
            return self._exchange(method, url, headers, body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise self._failure(url, error) from None

    def _exchange(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        parts = urlsplit(url)
        connection = self._connected(parts)
        target = target_of(url)
        sent = {"Accept-Encoding": "identity", "User-Agent": "rufname", **headers}
        connection.request(method, target, body=body or None, headers=sent)
        response = connection.getresponse()
        deadline = time.monotonic() + 10 * self._link.timeout_s
        pieces: list[bytes] = []
        size = 0
        while piece := response.read1(_CHUNK):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_BODY_BYTES:
                raise _TooLarge
            if time.monotonic() > deadline:
                raise TimeoutError("an answer that does not end")
        response.close()  # it is read: the connection is free again
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        found: dict[str, str] = {}
        for name, value in response.getheaders():  # one that comes again is a list (RFC 9110, 5.3)
            lower = name.lower()
            found[lower] = f"{found[lower]}, {value}" if lower in found else value
        if response.will_close:
            self.close()
        body = _unpacked(b"".join(pieces), found.get("content-encoding", ""))
        return Answer(response.status, found, body)

    def _connected(self, parts: SplitResult) -> http.client.HTTPConnection:
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        origin = (parts.scheme, host, port)
        if self._connection is not None and self._origin == origin:
            return self._connection
        self.close()
        if self._stop.is_set():
            raise Cancelled("cancelled")
        connection = _Connection(
            host,
            port,
            self._way(host, port),
            self._link.timeout_s,
            context=self._context if parts.scheme == "https" else None,
            stop=self._stop,
        )
        if self._link.proxy:
            connection.proxy, connection.proxy_login = self._link.proxy, self._login()
        with self._lock:
            self._connection, self._origin = connection, origin
        connection.connect()
        return connection

    def _way(self, host: str, port: int) -> tuple[Address, ...]:
        """Return the addresses to connect to: the server's, or those of the proxy."""
        allow = self._link.allow_link_local
        if not self._link.proxy:
            return resolve(host, port, allow_link_local=allow)
        with contextlib.suppress(ValueError):  # a name, which the proxy looks up
            refuse_forbidden(host, host.strip("[]"), allow_link_local=allow)
        parts = urlsplit(self._link.proxy)
        return resolve(parts.hostname or "", parts.port or 0, allow_link_local=allow)

    def _login(self) -> str:
        """Return the login at the proxy, "" for none.

        Raises:
            SourceFailed: it cannot be read, or is none.
        """
        reference = self._link.proxy_login
        if reference is None:
            return ""
        login = reference.read().strip()
        if ":" not in login:
            raise SourceFailed("proxy_login: not NAME:PASSWORD")
        return login

    def _wait(self, seconds: float, url: str) -> None:
        if seconds > MAX_WAIT_S:
            raise SourceFailed(f"{_bare(url)}: busy: it asks to come back in {seconds:.0f} s")
        if self._stop.wait(seconds):
            raise Cancelled("cancelled")

    def _failure(self, url: str, error: Exception) -> Exception:
        if self._stop.is_set():
            return Cancelled("cancelled")
        reason = error.strerror if isinstance(error, OSError) else ""
        words = " ".join((reason or str(error)).split()) or type(error).__name__
        if isinstance(error, _TooLarge):
            return AnswerTooLarge(
                f"{_bare(url)}: an answer larger than {MAX_BODY_BYTES // 1024**2} MiB"
            )
        if isinstance(error, ssl.SSLCertVerificationError):
            words = error.verify_message
            if error.verify_code not in _NOT_FOR_CA:
                words += "; ca = … names the authority to trust"
        return SourceFailed(f"{_bare(url)}: {words}")


class _Connection(http.client.HTTPConnection):
    """A connection to an address that was checked, with TLS for the name that was asked.

    Attributes:
        proxy: that the address is of, "" = it is the server's; proxy_login: for it, "" = none.
    """

    proxy = proxy_login = ""

    def __init__(
        self,
        host: str,
        port: int,
        addresses: tuple[Address, ...],
        timeout_s: int,
        *,
        context: ssl.SSLContext | None,
        stop: threading.Event,
    ) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self._addresses = addresses
        self._stop = stop
        self._context = context
        self.default_port = 443 if context else 80

    @override
    def connect(self) -> None:
        failure: OSError | None = None
        for address in self._addresses:
            # Each wire is `sock` before anything waits for it: a cancel has to reach it.
            self.sock = wire = socket.socket(address.family, socket.SOCK_STREAM)
            try:
                self._reach(wire, address)
            except OSError as error:
                wire.close()
                failure = failure or error
                continue
            if self.proxy:
                self._pass(wire)
            if self._context is not None:
                self.sock = self._context.wrap_socket(
                    wire, server_hostname=self.host, do_handshake_on_connect=False
                )
                self._require_going_on()
                self.sock.do_handshake()
            return
        assert failure is not None
        raise failure

    def _reach(self, wire: socket.socket, address: Address) -> None:
        wire.settimeout(self.timeout)
        self._require_going_on()
        wire.connect((address.text, address.port))
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _pass(self, wire: socket.socket) -> None:
        """Let the proxy connect to the server.

        Raises:
            OSError: it does not; its words.
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        lines = [f"CONNECT {host}:{self.port} HTTP/1.1", f"Host: {host}:{self.port}"]
        if self.proxy_login:
            login = base64.b64encode(self.proxy_login.encode()).decode()
            lines.append(f"Proxy-Authorization: Basic {login}")
        wire.sendall("\r\n".join([*lines, "", ""]).encode())
        response = http.client.HTTPResponse(wire, method="CONNECT")
        try:
            response.begin()
        finally:
            response.close()
        if response.status in _LOGINS:
            wanted = "another login" if self.proxy_login else "a login: proxy_login = { … }"
            raise OSError(f"the proxy {self.proxy} wants {wanted}")
        if response.status // 100 != 2:  # noqa: PLR2004 - the class of success
            raise OSError(f"the proxy {self.proxy} answers {response.status} {response.reason}")

    def _require_going_on(self) -> None:
        """Make sure that no cancel came before its wire was there to be broken."""
        if self._stop.is_set():
            raise Cancelled("cancelled")


def _unpacked(body: bytes, encoding: str) -> bytes:
    """Return what a body says; some servers pack it though nobody asked them to (RFC 9110, 8.4).

    Raises:
        ValueError: packed in another way than gzip, or too large.
    """
    if not body or encoding.strip().lower() in {"", "identity"}:
        return body
    if encoding.strip().lower() not in {"gzip", "x-gzip"}:
        raise ValueError(f"an answer that is packed as {encoding[:60]!r}, though it was not to be")
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        whole = unpacking.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise ValueError(f"an answer that is not packed as gzip: {error}") from None
    if len(whole) > MAX_BODY_BYTES:
        raise _TooLarge
    if not unpacking.eof or unpacking.unused_data:
        raise ValueError("an answer that is not one whole gzip")
    return whole


def target_of(url: str) -> str:
    """Return path and query of a URL as they are sent (RFC 9112, 3.2.1)."""
    parts = urlsplit(url)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return quote(path, safe=_WRITTEN)


def same_origin(one: str, other: str) -> bool:
    """Tell whether two URLs lead to the same scheme, host and port."""
    return _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _bare(url: str) -> str:
    """A URL without its query, which may hold a token."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _time_of(text: str) -> float | None:
    """Return a time of HTTP (RFC 9110, 5.6.7) in epoch seconds, None where it is none."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _retry_after_s(answer: Answer, attempt: int) -> float:
    """Return how long to wait: what the server says, else longer each time, by chance."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text)
    until = _time_of(text)
    if until is not None:
        said = _time_of(answer.headers.get("date", ""))
        wait = until - (time.time() if said is None else said)  # its clock may differ from ours
        if wait > 0:
            return wait
    return random.uniform(0.5, 1.0) * 2.0 ** (attempt - 1)  # noqa: S311 - no secret depends on it
