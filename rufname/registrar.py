"""What a directory asks of a relay about its own registration, over HTTPS.

Law: no key is made or read here, and nothing is printed. What the relay refuses comes back in its
own words.
"""

from __future__ import annotations

import ssl
import time
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from relay.http.registration import (
    Close,
    InvitationAnswer,
    Look,
    Said,
    StandingAnswer,
    WaysAnswer,
)
from relay.schema import Problem
from relay.tunnel.dialling import (
    PROXY_ADDRESS_WORDS,
    SOCKS_WORDS,
    CannotDial,
    certificate_words,
    proxy_of,
    trust,
)
from relay.tunnel.registration import SignedOrder
from relay.tunnel.settings import TunnelSettings
from rufname.errors import RufnameError

PATH = "/v1/registration"
TIMEOUT_S = 20.0

PATIENCE, BUSY_PAUSE_S = 5, 1.0
"""How often, and after which pause, something is asked again that came too fast for the relay."""

ANSWER_S = 60.0
MAX_ANSWER_BYTES = 64 * 1024
"""A handover, the longest answer, is some 5 KiB."""

_Answer = TypeVar("_Answer")


class _Answered(msgspec.Struct, frozen=True):
    """What came back: of a body that is too long or too slow its beginning, which is no JSON."""

    status_code: int
    content: bytes


class RelayRefuses(RufnameError):
    """The relay cannot be reached, or does not obey.

    Attributes:
        code: the relay's word for it; "" where it could not be asked.
    """

    def __init__(self, words: str, code: str = "") -> None:
        super().__init__(words)
        self.code = code


class CannotRegister(RufnameError):
    """What is here and what is asked for do not fit."""


def web_client(settings: TunnelSettings) -> httpx.Client:
    """Return what asks over HTTPS, through the proxy and with the trust of `[tunnel]`.

    Raises:
        RelayRefuses: the authorities' file or the proxy cannot be used.
    """
    proxy = proxy_of(settings)
    try:
        trusted, over = trust(settings), None
        if isinstance(proxy, str):
            its_own = trusted if proxy.startswith("https:") else None
            over = httpx.Proxy(proxy, ssl_context=its_own)
        return httpx.Client(
            verify=trusted,
            proxy=over,
            trust_env=proxy is True,
            timeout=TIMEOUT_S,
            follow_redirects=False,
        )
    except CannotDial as error:
        raise RelayRefuses(str(error)) from None
    except ImportError:
        raise RelayRefuses(SOCKS_WORDS) from None
    except (httpx.InvalidURL, ValueError):  # no quotation: a password may stand in it
        raise RelayRefuses(PROXY_ADDRESS_WORDS) from None


class Registrar:
    """One relay."""

    def __init__(self, web: httpx.Client, relay: str) -> None:
        """Ask nothing yet.

        Args:
            web: see `web_client`.
            relay: its address, `https://HOST[:PORT]`.
        """
        self._web = web
        self.relay = relay

    def require_own_name(self) -> None:
        """Make sure that the relay is asked under its own name: what is signed is for that alone.

        Raises:
            CannotRegister: it has another one.
            RelayRefuses: it cannot be asked.
        """
        own = self.ways().relay
        if own != urlsplit(self.relay).hostname:
            raise CannotRegister(
                f"{self.relay} answers, but that relay's name is {own}: register at that name"
            )

    def ways(self) -> WaysAnswer:
        """Return how an administrator signs in at this relay."""
        return self._ask("GET", "", None, WaysAnswer)

    def standing(self, tid: str) -> StandingAnswer | None:
        """Return how a tenant is registered, None if it is not."""
        try:
            return self._ask("GET", f"/{tid}", None, StandingAnswer)
        except RelayRefuses as error:
            if error.code == "no-such-person":
                return None
            raise

    def order(self, signed: SignedOrder, token: str = "") -> StandingAnswer:
        """Give an order; return how the tenant is registered then."""
        return self._ask("POST", "", signed, StandingAnswer, token)

    def knock(self, said: Said) -> None:
        """Say what an invited node says."""
        self._ask("POST", "", said, dict[str, str])

    def look(self, tid: str, invitation: str) -> InvitationAnswer:
        """Return what has become of an invitation."""
        return self._ask("POST", "", Look(tid, invitation), InvitationAnswer)

    def close(self, tid: str, invitation: str) -> None:
        """Let the relay forget an invitation that has done its work."""
        self._ask("POST", "", Close(tid, invitation), dict[str, str])

    def _ask(
        self,
        method: str,
        path: str,
        body: msgspec.Struct | None,
        kind: type[_Answer],
        token: str = "",
    ) -> _Answer:
        """Ask and return the answer.

        Raises:
            RelayRefuses: there is no relay, or it refuses.
        """
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # what is packed is of unknown size
            "Content-Type": "application/json",
        }
        if token:
            headers["Authorization"] = f"Bearer {token}"
        content = None if body is None else msgspec.json.encode(body)
        request = self._web.build_request(
            method, self.relay + PATH + path, content=content, headers=headers
        )
        answer = self._send(request)
        for _ in range(PATIENCE):
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                break
            time.sleep(BUSY_PAUSE_S)
            answer = self._send(request)
        try:
            if answer.status_code == httpx.codes.OK:
                return msgspec.json.decode(answer.content, type=kind)
            problem = msgspec.json.decode(answer.content, type=Problem)
        except (msgspec.DecodeError, UnicodeDecodeError):  # the second for names of fields
            words = f"{self.relay}: status {answer.status_code}: is this the address of a relay?"
            raise RelayRefuses(words) from None
        code = problem.type.rpartition(":")[2]
        raise RelayRefuses(f"{self.relay}: {problem.detail or problem.title}", code)

    def _send(self, request: httpx.Request) -> _Answered:
        """Return what is answered, as far as a relay's own answers go: it is believed nothing."""
        ends_s, octets = time.monotonic() + ANSWER_S, bytearray()
        try:
            answer = self._web.send(request, stream=True)
            try:
                for part in answer.iter_raw():
                    octets += part
                    if len(octets) > MAX_ANSWER_BYTES or time.monotonic() > ends_s:
                        break
            finally:
                answer.close()
        except httpx.HTTPError as error:
            raise RelayRefuses(self._words(error)) from None
        except UnicodeError:
            raise RelayRefuses(PROXY_ADDRESS_WORDS) from None
        return _Answered(answer.status_code, bytes(octets))

    def _words(self, error: httpx.HTTPError) -> str:
        """Return why the relay could not be asked."""
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                name = urlsplit(self.relay).netloc
                return certificate_words(name, cause, "tunnel.ca, or --ca here")
            cause = cause.__cause__ or cause.__context__
        return f"{self.relay}: {str(error) or type(error).__name__}"
