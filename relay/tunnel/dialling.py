"""A line from a directory to its relay: dialled, through a proxy if need be, with words for faults.

Law: no frames here (`relay.tunnel.connector`). Every fault becomes a `CannotDial` whose words tell
the administrator what to do; no password is in them.
"""

from __future__ import annotations

import os
import socket
import ssl
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from typing_extensions import override
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    InvalidHandshake,
    InvalidProxy,
    InvalidProxyMessage,
    InvalidProxyStatus,
    InvalidStatus,
    ProxyError,
)
from websockets.proxy import get_proxy
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from relay.tunnel.frames import MAX_FRAME_BYTES_TO_CONNECTOR, PATH, SUBPROTOCOL
from relay.tunnel.settings import FROM_ENVIRONMENT, NO_PROXY, TunnelSettings

DIAL_S = 10.0
"""Name, TCP, proxy, TLS and handshake together."""

PING_S = 20.0
CLOSE_S = 2.0

SOCKS_WORDS = "a SOCKS proxy is not supported: tunnel.proxy takes HTTP proxies"
PROXY_ADDRESS_WORDS = (
    "the proxy's address cannot be used: http://HOST:PORT, in HTTPS_PROXY or tunnel.proxy"
)
MAX_RETRY_AFTER_S = 600


class CannotDial(Exception):
    """There is no line now.

    Attributes:
        wait_s: the relay said to wait so long; 0 = it said nothing.
    """

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class _Connect(connect):
    """The library's `connect` without redirects: a relay is where it is registered."""

    @override
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


def trust(settings: TunnelSettings) -> ssl.SSLContext:
    """Return which certificates are accepted: the system's authorities, and the configured one.

    Raises:
        CannotDial: the configured file cannot be used.
    """
    context = ssl.create_default_context()
    if settings.ca is not None:
        try:
            context.load_verify_locations(settings.ca)
        except OSError as error:  # SSLError is one
            reason = "no certificates in PEM" if isinstance(error, ssl.SSLError) else error.strerror
            raise CannotDial(f"tunnel.ca: {settings.ca}: {reason}") from None
    return context


def line_address(address: str) -> str:
    """Return the WebSocket address of a relay or node: `https://` and `wss://` mean the same."""
    parts = urlsplit(address)
    scheme = {"https": "wss", "http": "ws"}.get(parts.scheme, parts.scheme)
    return f"{scheme}://{parts.netloc}{PATH}"


async def dial(address: str, settings: TunnelSettings, version: str) -> ClientConnection:
    """Return an open WebSocket.

    Args:
        address: made by `line_address`.
        settings: proxy and trust.
        version: of this program, for the relay.

    Raises:
        CannotDial: there is none; the text says why and what to do.
    """
    name = urlsplit(address).netloc
    trusted, proxy = trust(settings), None
    try:
        proxy = _proxy_to(address, settings)
        more = _proxy_trust(proxy, trusted)
        return await _Connect(
            address,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            user_agent_header=f"rufname/{version}",
            proxy=proxy,
            open_timeout=DIAL_S,
            close_timeout=CLOSE_S,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            max_size=MAX_FRAME_BYTES_TO_CONNECTOR,
            ssl=trusted if address.startswith("wss:") else None,
            **more,
        )
    except ssl.SSLCertVerificationError as error:
        raise CannotDial(certificate_words(name, error)) from None
    except ssl.SSLError as error:
        raise CannotDial(f"{name}: no TLS: {error.reason or 'the handshake failed'}") from None
    except (InvalidProxy, ValueError):  # no quotation: a password may stand in it
        raise CannotDial(PROXY_ADDRESS_WORDS) from None
    except (InvalidProxyStatus, InvalidProxyMessage, ProxyError) as error:
        raise CannotDial(_proxy_words(error)) from None
    except InvalidStatus as error:
        raise _refused(name, error) from None
    except InvalidHandshake as error:
        words = type(error).__name__
        raise CannotDial(f"{name} answers, but is no relay of this version ({words})") from None
    except ImportError:
        raise CannotDial(SOCKS_WORDS) from None
    except TimeoutError:
        raise CannotDial(f"{name} did not answer within {DIAL_S:g} s") from None
    except (OSError, EOFError) as error:
        raise CannotDial(_unreached_words(name, proxy, error)) from None


def proxy_of(settings: TunnelSettings) -> str | Literal[True] | None:
    """Return the proxy with its login, True for that of the environment, None for none."""
    if settings.proxy == NO_PROXY:
        return None
    if settings.proxy == FROM_ENVIRONMENT:
        return True
    if not settings.proxy_login:
        return settings.proxy
    scheme, _, rest = settings.proxy.partition("://")
    name, _, password = settings.proxy_login.partition(":")
    return f"{scheme}://{quote(name, safe='')}:{quote(password, safe='')}@{rest}"


def _proxy_to(address: str, settings: TunnelSettings) -> str | None:
    """Return the proxy to an address, that of the environment too; None: none.

    Raises:
        ValueError: what the environment names is none.
    """
    configured = proxy_of(settings)
    if configured is not True:
        return configured
    found = get_proxy(parse_uri(address))
    if found and "://" not in found:  # as curl and others take it
        found = f"http://{found}"
    return found or None


def _proxy_trust(proxy: str | None, trusted: ssl.SSLContext) -> dict[str, Any]:
    """Return what the library takes besides for a proxy that speaks TLS itself."""
    return {"proxy_ssl": trusted} if proxy is not None and proxy.startswith("https:") else {}


def _unreached_words(name: str, proxy: str | None, error: OSError | EOFError) -> str:
    """Return who cannot be reached, and why."""
    if isinstance(error, socket.gaierror):
        return f"{_shown(proxy) if proxy else name}: no such host, or no name server"
    number = error.errno if isinstance(error, OSError) else None
    reason = os.strerror(number) if number else "the connection was cut"  # loops differ in words
    if proxy:  # refused it is by the proxy's machine, all else may be farther away
        by_proxy = isinstance(error, ConnectionRefusedError)
        name = _shown(proxy) if by_proxy else f"{name}, over {_shown(proxy)},"
    return f"{name} cannot be reached: {reason}"


def _shown(proxy: str) -> str:
    """Return how a proxy is named to the administrator: without a login."""
    return f"the proxy {urlsplit(proxy).netloc.rpartition('@')[2]}"


def certificate_words(
    name: str, error: ssl.SSLCertVerificationError, setting: str = "tunnel.ca"
) -> str:
    """Return why the certificate of a relay is refused, and what helps; `setting` names a CA."""
    words = f"the certificate of {name} is refused: {error.verify_message}"
    if "expired" in error.verify_message or "not yet valid" in error.verify_message:
        today = datetime.now(UTC).date().isoformat()
        return f"{words}; if it is right, the clock of this machine is not: it says {today}"
    return f"{words}; if a proxy looks into TLS, name its authority: {setting}"


def _proxy_words(error: Exception) -> str:
    if not isinstance(error, InvalidProxyStatus):
        return "the proxy's answer cannot be read: is it an HTTP proxy?"
    status = error.response.status_code
    if status != HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return f"the proxy refuses to connect to the relay: HTTP {status}"
    offered = " ".join(error.response.headers.get_all("Proxy-Authenticate")).lower()
    if "basic" in offered:
        return "the proxy demands a name and a password (407): tunnel.proxy_login"
    return (
        "the proxy demands a sign-in that is not supported, such as NTLM or Kerberos (407): let it "
        "pass connections to the relay without one, or put a proxy in between that signs in"
    )


def _refused(name: str, error: InvalidStatus) -> CannotDial:
    status = error.response.status_code
    text = error.response.headers.get("Retry-After", "")
    wait_s = min(int(text), MAX_RETRY_AFTER_S) if text.isdigit() and len(text) < 9 else 0  # noqa: PLR2004 - seconds, no date
    return CannotDial(f"{name} refuses the connection: HTTP {status}", wait_s)
