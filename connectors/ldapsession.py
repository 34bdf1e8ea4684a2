"""One connection to an LDAP server: verified, read-only, and never an error that looks like "none".

Law: the only module that knows how ldap3 behaves. After every search the result code is looked at:
ldap3 ends a search that hit a limit, lacked rights or followed a failed bind without any error.

Over 400 lines: all that ldap3 gets wrong is put right in one place.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec

from connectors.addresses import Address, resolve
from connectors.cancelling import break_wire
from connectors.errors import Cancelled, ConnectorError, SourceFailed
from connectors.settings import SecretRef

PAGED = "1.2.840.113556.1.4.319"

MAX_REASON_CHARS = 300

_PORTS = {"ldap": 389, "ldaps": 636}

_ADVICE = {
    "strongerAuthRequired": "the server wants TLS: use ldaps:// or leave allow_plain out",
    "confidentialityRequired": "the server wants TLS: use ldaps:// or leave allow_plain out",
    "invalidCredentials": "wrong bind name or password",
    "inappropriateAuthentication": "wrong bind name or password",
    "sizeLimitExceeded": "the server's size limit cut the answer: raise it for the bind name",
    "timeLimitExceeded": "the server's time limit cut the answer: raise it for the bind name",
    "adminLimitExceeded": "a limit of the server cut the answer: raise it for the bind name",
    "noSuchObject": "the base is not there, or the bind name may not see it",
    "insufficientAccessRights": "the bind name lacks rights",
    "unavailableCriticalExtension": "the server does not know paged results (RFC 2696)",
}


_AD_REASON = re.compile(r"\bdata ([0-9a-f]{3})\b")
_AD_REASONS = {
    "525": "there is no such bind name",
    "530": "the account may not sign in at this time",
    "531": "the account may not sign in from this machine",
    "532": "the password has expired",
    "533": "the account is switched off",
    "701": "the account has expired",
    "773": "the password has to be changed before its first use",
    "775": "the account is locked",
}
"""What stands behind "data" in Active Directory's words on a bind that it refuses."""


_PASSWORD_POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"  # noqa: S105 - a control
_POLICY_REASONS = (_AD_REASONS["532"], _AD_REASONS["775"])
"""passwordExpired and accountLocked of draft-behera-ldap-password-policy 6.2, which OpenLDAP tells
to whoever asks by that control; the others are of no bind."""


class Link(msgspec.Struct, frozen=True):
    """How to reach a directory and as whom.

    Attributes:
        urls: tried in their order; `ldaps://` is TLS, `ldap://` begins TLS by StartTLS.
        bind: a DN, for Active Directory also `reader@firm.example`; "" = anonymous.
        password: of `bind`.
        ca: PEM file of the authorities to trust; None = those of the system.
        server_name: the name in the server's certificate where it is not that of the URL.
        allow_plain: `ldap://` without TLS: name and password travel readable.
        allow_link_local: see `connectors.addresses`.
        connect_timeout_s: seconds for one address.
        timeout_s: seconds in which the server has to say something.
    """

    urls: tuple[str, ...]
    bind: str
    password: SecretRef | None
    ca: Path | None
    server_name: str
    allow_plain: bool
    allow_link_local: bool
    connect_timeout_s: int
    timeout_s: int


URLS_IN_WORDS = "a URL such as ldaps://dc1.firm.example or ldap://host:389, or a list of them"


def url_fault(url: str) -> str:
    """Return why a text is no URL of an LDAP server; "" if it is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return f"{url[:60]!r} is no URL"
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        return f"{url[:60]!r} is no URL of an LDAP server"
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        return f"{url[:60]!r} holds more than scheme, host and port"
    return ""


Entry = dict[str, list[bytes]]
"""Attribute name in lower case → its values: without options (`;lang-de`) all that there are, with
them those alone that have just these."""


class Found(msgspec.Struct, frozen=True):
    """One entry of an answer: its name, its attributes, how those are spelled, its controls."""

    dn: str
    attributes: Entry
    names: tuple[str, ...]
    controls: dict[str, Any]


class LdapSession:
    """A bound connection for a `with` block."""

    def __init__(self, ldap3: Any, link: Link) -> None:
        self._ldap3 = ldap3
        self._link = link
        self._connection: Any = None
        # Besides its own errors, ldap3 lets out what a bad answer makes its decoder raise.
        self._errors: tuple[type[Exception], ...] = (
            ldap3.core.exceptions.LDAPException,
            OSError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
        )
        self._lock = threading.Lock()
        self._cancelled = False
        self.url = link.urls[0]

    def __enter__(self) -> Self:
        failures: list[str] = []
        for url in self._link.urls:
            self.url = url
            try:
                self._connect(url)
                self._require_going_on()
            except Cancelled:
                self._close()
                raise
            except SourceFailed as error:
                failures.append(str(error))
                self._close()
                continue
            return self
        raise SourceFailed("; ".join(failures))

    def __exit__(self, *_: object) -> None:
        self._close()

    def cancel(self) -> None:
        """Make whatever waits for the server end with an error; never waits."""
        with self._lock:
            self._cancelled = True
            break_wire(self._connection.socket if self._connection is not None else None)

    def root(self, *names: str) -> Entry:
        """Return operational attributes of the server itself (RFC 4512 5.1)."""
        found = self.search("", "(objectClass=*)", names, scope="BASE")
        return found[0].attributes if found else {}

    def entry(self, dn: str, names: Sequence[str]) -> Entry | None:
        """Return attributes of one entry, None where it is not there or must not be seen."""
        found = self.search(dn, "(objectClass=*)", names, scope="BASE", may_lack=True)
        return found[0].attributes if found else None

    def pages(
        self, base: str, filter_: str, names: Sequence[str], page_size: int
    ) -> Iterator[list[Found]]:
        """Yield all entries below `base` in pages (RFC 2696).

        Raises:
            SourceFailed: any page ended in another way than success: nothing is known then of
                what did not come.
        """
        cookie: bytes | None = None
        while True:
            found = self.search(base, filter_, names, page_size=page_size, cookie=cookie)
            yield found
            control = self._connection.result.get("controls", {}).get(PAGED)
            # Without it all came in one answer, which is neither behind a page nor just full.
            if control is None and (cookie or len(found) == page_size):
                raise SourceFailed(f"{self.url}: the server lost its place between two pages")
            cookie = (control or {}).get("value", {}).get("cookie")
            if not cookie:
                return

    def search(
        self,
        base: str,
        filter_: str,
        names: Sequence[str],
        *,
        scope: str = "SUBTREE",
        controls: list[Any] | None = None,
        page_size: int | None = None,
        cookie: bytes | None = None,
        may_lack: bool = False,
    ) -> list[Found]:
        """Return the entries of one search, references passed over.

        `may_lack`: an entry that is not there is no error.

        Raises:
            SourceFailed: the server ended the search in another way than success.
        """
        connection = self._connection
        try:
            connection.search(
                base,
                filter_,
                scope,
                dereference_aliases=self._ldap3.DEREF_NEVER,
                attributes=list(names),
                controls=controls,
                paged_size=page_size,
                paged_criticality=True,
                paged_cookie=cookie,
                time_limit=0,
            )
        except self._errors as error:
            raise self._failure(error, "the search failed") from None
        result = connection.result
        if result["result"] != 0 and not (may_lack and result["description"] == "noSuchObject"):
            raise SearchRefused(
                f"{self.url}: the search below {base!r} ended with {self._words(result)}",
                code=result["result"],
            )
        return [
            Found(
                item["dn"],
                _lowered(item["raw_attributes"]),
                tuple(item["raw_attributes"]),
                item.get("controls") or {},
            )
            for item in connection.response or ()
            if item["type"] == "searchResEntry"
        ]

    def intermediate(self, name: str) -> list[bytes]:
        """Return the values of the intermediate responses of this name in the last answer."""
        return [
            bytes(item["responseValue"])
            for item in self._connection.response or ()
            if item["type"] == "intermediateResponse" and str(item["responseName"]) == name
        ]

    def result_control(self, oid: str) -> Any:
        """Return the decoded value of a control of the last result, None without it."""
        return self._connection.result.get("controls", {}).get(oid, {}).get("value")

    def _require_going_on(self) -> None:
        """Make sure that no cancel came before its wire was there to be broken."""
        if self._cancelled:
            raise Cancelled("cancelled")

    def _connect(self, url: str) -> None:
        link = self._link
        parts = urlsplit(url)
        assert parts.hostname is not None, "url_fault saw to it"
        port = parts.port or _PORTS[parts.scheme]
        failure: ConnectorError | None = None
        for address in resolve(parts.hostname, port, allow_link_local=link.allow_link_local):
            try:
                connection = self._opened(parts.hostname, address, secure=parts.scheme == "ldaps")
                break
            except self._errors as error:
                failure = failure or self._failure(error, "cannot connect")
                self._close()
        else:
            assert failure is not None
            raise failure
        try:
            policy = (_PASSWORD_POLICY, False, None)
            bound = connection.bind(read_server_info=False, controls=[policy])
        except self._errors as error:
            raise self._failure(error, "cannot connect") from None
        if not bound:
            raise SourceFailed(f"{url}: cannot bind: {self._words(connection.result)}")

    def _opened(self, host: str, address: Address, *, secure: bool) -> Any:
        """Return an open connection that is not bound yet, with TLS unless it may be plain."""
        link, ldap3 = self._link, self._ldap3
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED)
        # ldap3's own way trusts anybody by default and checks names by a function that is gone.
        context = ssl.create_default_context(cafile=str(link.ca) if link.ca else None)
        tls.wrap_socket = partial(_wrap, self._lock, context, link.server_name or host)
        server = ldap3.Server(
            address.text,
            address.port,
            use_ssl=secure,
            tls=tls,
            get_info=ldap3.NONE,
            connect_timeout=link.connect_timeout_s,
        )
        connection = ldap3.Connection(
            server,
            user=link.bind or None,
            password=self._password(),
            authentication=ldap3.SIMPLE if link.bind else ldap3.ANONYMOUS,
            read_only=True,
            check_names=False,
            auto_referrals=False,
            raise_exceptions=False,
            receive_timeout=link.timeout_s,
        )
        with self._lock:
            self._connection = connection
        self._require_going_on()
        connection.open(read_server_info=False)
        self._require_going_on()
        if not secure and not link.allow_plain:
            connection.start_tls(read_server_info=False)
        return connection

    def _password(self) -> str | None:
        link = self._link
        if not link.bind:
            return None
        password = link.password.read() if link.password is not None else ""
        if not password:  # RFC 4513 5.1.2: a name without one binds as nobody, and finds nothing
            raise SourceFailed(f"{self.url}: the password of {link.bind!r} is empty")
        return password

    def _close(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is None:
            return
        wire = connection.socket
        with contextlib.suppress(*self._errors):  # a broken one cannot end in order
            connection.unbind()
        if wire is not None:  # ldap3 forgets one whose TLS failed
            wire.close()

    def _failure(self, error: Exception, when: str) -> ConnectorError:
        if self._cancelled:
            return Cancelled("cancelled")
        # ldap3 wraps an error into a tuple, and that into an error.
        words = _TUPLE.sub(r"\2", " ".join(str(error).split()))[:MAX_REASON_CHARS]
        if "certificate has expired" in words or "certificate is not yet valid" in words:
            pass  # no setting mends that
        elif "certificate" in words.lower() or "CERTIFICATE_VERIFY_FAILED" in words:
            words += "; ca = … names the authority to trust, server_name = … the server's own name"
        elif "startTLS failed" in words:
            words += "; use ldaps://, or allow_plain = true to talk to it without TLS"
        return SourceFailed(f"{self.url}: {when}: {words}")

    @staticmethod
    def _words(result: Any) -> str:
        description = str(result.get("description"))
        message = " ".join(str(result.get("message") or "").split())[:MAX_REASON_CHARS]
        advice = _ADVICE.get(description, "")
        reason = _AD_REASON.search(message) if description == "invalidCredentials" else None
        advice = _AD_REASONS.get(reason[1], advice) if reason else advice
        policy = result.get("controls", {}).get(_PASSWORD_POLICY, {}).get("value")
        advice = _policy_reason(policy) or advice if isinstance(policy, bytes) else advice
        elsewhere = ", ".join(map(str, result.get("referrals") or ()))[:MAX_REASON_CHARS]
        if elsewhere:
            advice = f"the base is on another server, which is not asked: {elsewhere}"
        return ": ".join(part for part in (description, advice, message) if part)


_TUPLE = re.compile(r"""^\((["'])(.*)\1,\)$""")


class SearchRefused(SourceFailed):
    """A search that did not end in success; `code` is its result code (RFC 4511 4.1.9)."""

    def __init__(self, words: str, code: int) -> None:
        super().__init__(words)
        self.code = code


def _policy_reason(value: bytes) -> str:
    """Return why a password policy refuses a bind, "" where it does not say.

    A sequence: [0] a warning and [1] an error, each if there is one.
    """
    elements = value[2:]
    if elements[:1] == b"\xa0":
        elements = elements[2 + elements[1] :]
    if len(elements) == len(b"\x81\x01x") and elements[2] < len(_POLICY_REASONS):
        return _POLICY_REASONS[elements[2]]
    return ""


def _lowered(attributes: dict[str, list[bytes]]) -> Entry:
    found: Entry = {}
    # The value without options first: of `displayName` and `displayName;lang-ja` it is the name.
    for name, values in sorted(attributes.items(), key=lambda item: ";" in item[0]):
        lower = name.lower()
        plain = lower.partition(";")[0]
        found[plain] = [*found.get(plain, ()), *(values or ())]  # DirSync: a cleared one
        if lower != plain:
            found[lower] = list(values or ())
    return found


def _wrap(
    lock: threading.Lock,
    context: ssl.SSLContext,
    name: str,
    connection: Any,
    *,
    do_handshake: bool = False,
) -> None:
    """Put TLS on the wire of a connection, which has to prove to be that of `name`."""
    with lock:  # a cancel reaches either wire, never one that is just being replaced
        connection.socket = context.wrap_socket(
            connection.socket, server_hostname=name, do_handshake_on_connect=False
        )
    if do_handshake:
        connection.socket.do_handshake()
