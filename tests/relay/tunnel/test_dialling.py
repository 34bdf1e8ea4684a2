"""A line that cannot be dialled: each fault in words that tell what to do, without passwords."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from cryptography import x509

from relay.tunnel import dialling
from relay.tunnel.dialling import CannotDial, dial, line_address
from relay.tunnel.frames import Hello, decode_from_relay
from relay.tunnel.settings import TunnelSettings
from tests.ldapd.authority import Authority
from tests.relay.tunnel.ends import TUNNEL, running_cloud

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def server(talk: Talk, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Run a server that says what `talk` says; yields its port."""
    talking: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await talk(reader, writer)
        finally:
            talking.discard(task)
            await end(writer)

    made = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with made:
        yield made.sockets[0].getsockname()[1]
        for task in talking:
            task.cancel()
        await asyncio.gather(*talking, return_exceptions=True)


async def end(writer: asyncio.StreamWriter) -> None:
    """Close a connection and wait until it is."""
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def says(text: str) -> Talk:
    """Answer any request with these octets."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text.encode())
        await writer.drain()

    return talk


class ConnectProxy:
    """A proxy that speaks CONNECT, and asks for a login if `login` is set."""

    def __init__(self, login: str = "") -> None:
        self.login = login
        self.asked: list[str] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head.partition("\r\n")[0])
        wanted = "Basic " + base64.b64encode(self.login.encode()).decode()
        if self.login and f"Proxy-Authorization: {wanted}\r\n" not in head:
            writer.write(b'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n')
            return
        host, _, port = head.split()[1].rpartition(":")
        there, back = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            await asyncio.gather(pump(reader, back), pump(there, writer))
        finally:
            await end(back)


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


async def words(address: str, settings: TunnelSettings = TUNNEL) -> str:
    with pytest.raises(CannotDial) as caught:
        await dial(line_address(address), settings, "test")
    return str(caught.value)


def proxied(port: int, login: str = "") -> TunnelSettings:
    return msgspec.structs.replace(TUNNEL, proxy=f"http://127.0.0.1:{port}", proxy_login=login)


async def greeted(url: str, settings: TunnelSettings) -> None:
    """Dial a relay and take its greeting."""
    line = await dial(line_address(url), settings, "test")
    octets = await line.recv()
    assert isinstance(octets, bytes)
    assert isinstance(decode_from_relay(octets), Hello)
    await line.close()


async def test_a_relay_is_dialled_directly_and_through_a_proxy() -> None:
    proxy = ConnectProxy()
    async with running_cloud() as cloud, server(proxy.talk) as port:
        await greeted(cloud.url, TUNNEL)
        assert proxy.asked == []
        await greeted(cloud.url, proxied(port))
        assert proxy.asked == [f"CONNECT 127.0.0.1:{cloud.port} HTTP/1.1"]


async def test_the_proxy_of_the_environment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = ConnectProxy()
    async with running_cloud() as cloud, server(proxy.talk) as port:
        for name in ("https_proxy", "http_proxy", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, "")
        settings = msgspec.structs.replace(TUNNEL, proxy="environment")
        await greeted(cloud.url, settings)
    assert len(proxy.asked) == 1


def environment(monkeypatch: pytest.MonkeyPatch, proxy: str) -> TunnelSettings:
    """Let the environment name one proxy."""
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    return msgspec.structs.replace(TUNNEL, proxy="environment")


async def test_a_proxy_of_the_environment_needs_no_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = ConnectProxy()
    async with running_cloud() as cloud, server(proxy.talk) as port:
        await greeted(cloud.url, environment(monkeypatch, f"127.0.0.1:{port}"))
    assert len(proxy.asked) == 1


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://me:se#cret@proxy.example:3128", "the proxy's address cannot be used"),
        ("http://proxy.example:port", "the proxy's address cannot be used"),
        ("http://proxy..example:3128", "the proxy's address cannot be used"),
        ("socks5://127.0.0.1:1080", "a SOCKS proxy is not supported"),
        ("http://me:secret@proxy.invalid:3128", "the proxy proxy.invalid:3128: no such host"),
    ],
)
async def test_a_proxy_that_cannot_be_used_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch, address: str, said: str
) -> None:
    told = await words("https://relay.example", environment(monkeypatch, address))
    assert told.startswith(said)
    assert "cret" not in told


async def test_a_proxy_that_speaks_tls_may_have_the_own_authority(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    made = authority.sign("proxy")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificate, made.key)
    proxy = ConnectProxy()
    async with running_cloud() as cloud, server(proxy.talk, context) as port:
        settings = msgspec.structs.replace(
            TUNNEL, proxy=f"https://127.0.0.1:{port}", ca=authority.ca
        )
        await greeted(cloud.url, settings)
    assert len(proxy.asked) == 1


async def test_a_proxy_that_asks_for_a_login_gets_it() -> None:
    login = "domain\\name:pass:word@ /%"
    proxy = ConnectProxy(login)
    async with running_cloud() as cloud, server(proxy.talk) as port:
        await greeted(cloud.url, proxied(port, login))
        said = await words(cloud.url, proxied(port, "name:wrong secret"))
        assert said == await words(cloud.url, proxied(port))
    assert said == "the proxy demands a name and a password (407): tunnel.proxy_login"


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate", "Kerberos", ""])
async def test_a_proxy_that_wants_another_sign_in_is_named_as_unsupported(scheme: str) -> None:
    field = f"Proxy-Authenticate: {scheme}\r\n" if scheme else ""
    async with server(says(f"HTTP/1.1 407 No\r\n{field}Content-Length: 0\r\n\r\n")) as port:
        said = await words("https://relay.example", proxied(port, "a:secret"))
    assert said.startswith("the proxy demands a sign-in that is not supported, such as NTLM")
    assert "secret" not in said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "the proxy refuses to connect to the relay: HTTP 403"),
        ("HTTP/1.1 502 Bad\r\n\r\n", "the proxy refuses to connect to the relay: HTTP 502"),
        (
            "220 mail.example ESMTP\r\n\r\n",
            "the proxy's answer cannot be read: is it an HTTP proxy?",
        ),
    ],
)
async def test_what_a_proxy_refuses_is_told(answer: str, said: str) -> None:
    async with server(says(answer)) as port:
        assert await words("https://relay.example", proxied(port)) == said


async def test_a_proxy_that_is_not_there_is_told() -> None:
    async with server(says("")) as port:
        pass
    said = await words("https://relay.example", proxied(port, "me:secret"))
    assert said == f"the proxy 127.0.0.1:{port} cannot be reached: Connection refused"


async def test_a_relay_that_is_not_there_is_told() -> None:
    async with server(says("")) as port:
        pass
    assert await words(f"http://127.0.0.1:{port}") == (
        f"127.0.0.1:{port} cannot be reached: Connection refused"
    )
    said = await words("https://no-such-relay.invalid")
    assert said == "no-such-relay.invalid: no such host, or no name server"


async def test_a_relay_that_says_nothing_ends_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dialling, "DIAL_S", 0.1)
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()

    async with server(silent) as port:
        assert await words(f"http://127.0.0.1:{port}") == (
            f"127.0.0.1:{port} did not answer within 0.1 s"
        )
    assert asked.is_set()


@pytest.mark.parametrize(
    ("answer", "said", "wait_s"),
    [
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "refuses the connection: HTTP 403", 0),
        ("HTTP/1.1 503 X\r\nRetry-After: 7\r\n\r\n", "refuses the connection: HTTP 503", 7),
        ("HTTP/1.1 503 X\r\nRetry-After: 999999\r\n\r\n", "refuses the connection: HTTP 503", 600),
        ("HTTP/1.1 503 X\r\nRetry-After: soon\r\n\r\n", "refuses the connection: HTTP 503", 0),
        ("HTTP/1.1 302 X\r\nLocation: /x\r\n\r\n", "refuses the connection: HTTP 302", 0),
        ("HTTP/1.1 101 X\r\nUpgrade: tea\r\n\r\n", "answers, but is no relay of this version", 0),
        ("hello\r\n\r\n", "answers, but is no relay of this version", 0),
    ],
)
async def test_a_refusal_is_told_and_its_waiting_time_kept(
    answer: str, said: str, wait_s: float
) -> None:
    async with server(says(answer)) as port:
        with pytest.raises(CannotDial, match=said) as caught:
            await dial(line_address(f"http://127.0.0.1:{port}"), TUNNEL, "test")
    assert caught.value.wait_s == wait_s


async def test_certificates_are_checked_and_own_authorities_trusted(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    made = authority.sign("relay")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificate, made.key)
    trusting = msgspec.structs.replace(TUNNEL, ca=authority.ca)
    async with server(says("HTTP/1.1 403 X\r\n\r\n"), context) as port:
        url = f"https://127.0.0.1:{port}"
        said = await words(url)
        assert said.startswith(f"the certificate of 127.0.0.1:{port} is refused: ")
        assert said.endswith("if a proxy looks into TLS, name its authority: tunnel.ca")
        assert "HTTP 403" in await words(url, trusting)
    other = authority.sign("other", x509.DNSName("other.example"))
    context.load_cert_chain(other.certificate, other.key)
    async with server(says("HTTP/1.1 403 X\r\n\r\n"), context) as port:
        assert "mismatch" in await words(f"https://127.0.0.1:{port}", trusting)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"itself": True}, "self-signed certificate; if a proxy looks into TLS"),
        (
            {"ended": True},
            "certificate has expired; if it is right, the clock of this machine is not: it says 20",
        ),
    ],
)
async def test_a_certificate_that_has_ended_or_vouches_for_itself_is_told(
    tmp_path: Path, fault: dict[str, bool], said: str
) -> None:
    authority = Authority(tmp_path)
    made = authority.sign("relay", **fault)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificate, made.key)
    trusting = msgspec.structs.replace(TUNNEL, ca=authority.ca)
    async with server(says("HTTP/1.1 403 X\r\n\r\n"), context) as port:
        told = await words(f"https://127.0.0.1:{port}", trusting)
    assert told.startswith(f"the certificate of 127.0.0.1:{port} is refused: {said}")


async def test_a_relay_without_tls_is_told() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()

    async with server(plain) as port:
        assert "no TLS" in await words(f"https://127.0.0.1:{port}")


async def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.pem", "No such file"), (tmp_path / "x", "in PEM")):
        if reason == "in PEM":
            path.write_text("x")
        settings = msgspec.structs.replace(TUNNEL, ca=path)
        said = await words("https://relay.example", settings)
        assert said.startswith(f"tunnel.ca: {path}: ")
        assert reason in said
