from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from engine.client import Client
from engine.credentials import DUMMY_HASH, hash_password
from relay.errors import NotAuthenticated, Overloaded
from relay.http import authentication
from relay.http.app import create_app
from relay.http.authentication import (
    MAX_PENDING,
    MAX_PENDING_PER_PEER,
    REFUSED_FOR_S,
    Authenticator,
    read_basic,
)
from relay.local import LocalDirectory
from tests.relay.http.asking import CLIENTS, PASSWORD, SBC, asker, basic, cheap_hash
from tests.relay.http.conftest import SETTINGS

URL = "/v1/caller/+498999998123"


class Clock:
    """The time of a test, moved by hand."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Verifier:
    """Counts verifications, and holds them back until it is told to let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[tuple[str, bytes]] = []
        self.threads: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()
        self._verify = authentication.verify_password
        monkeypatch.setattr(authentication, "verify_password", self)

    def __call__(self, stored: str, password: bytes) -> bool:
        self.seen.append((stored, password))
        self.threads.add(threading.current_thread().name)
        assert self.gate.wait(10)
        return stored != DUMMY_HASH and self._verify(stored, password)


@pytest.fixture
def verifier(monkeypatch: pytest.MonkeyPatch) -> Verifier:
    return Verifier(monkeypatch)


@pytest.mark.parametrize(
    ("authorization", "peer"),
    [
        (basic("sbc", PASSWORD), "127.0.0.1"),
        (basic("sbc", PASSWORD), None),
        (basic("sbc", PASSWORD), "::1"),
        (basic("sbc", PASSWORD).replace("Basic", "bAsIc"), "192.0.2.7"),
        (basic("zürich", "Zoë"), "127.0.0.1"),
        (basic("zürich", "Zoë", "latin-1"), "127.0.0.1"),
        (basic("inside", "inside"), "10.1.2.3"),
        (basic("inside", "inside"), "::ffff:10.1.2.3"),
        (basic("inside", "inside"), None),
    ],
)
async def test_a_client_with_its_password_from_its_network_is_let_in(
    app: Litestar, authorization: str, peer: str | None
) -> None:
    async with asker(app, authorization, peer) as ask:
        assert (await ask.get(URL)).status_code == 200


REFUSED = [
    (None, "127.0.0.1"),
    ("Basic", "127.0.0.1"),
    ("Basic ", "127.0.0.1"),
    ("Basic !!!", "127.0.0.1"),
    ("Basic c2Jj", "127.0.0.1"),
    ("Bearer abc", "127.0.0.1"),
    ("Basic " + "A" * 10_000, "127.0.0.1"),
    (basic("sbc", ""), "127.0.0.1"),
    (basic("sbc", PASSWORD.lower()), "127.0.0.1"),
    (basic("sbc", PASSWORD + " "), "127.0.0.1"),
    (basic("SBC", PASSWORD), "127.0.0.1"),
    (basic("", PASSWORD), "127.0.0.1"),
    (basic("unknown", PASSWORD), "127.0.0.1"),
    (basic("nobody", ""), "127.0.0.1"),
    (basic("nobody", "x"), "127.0.0.1"),
    (basic("broken", "x"), "127.0.0.1"),
    (basic("inside", "inside"), "192.0.2.7"),
    (basic("inside", "inside"), "11.0.0.1"),
    (basic("inside", "inside"), "::1"),
    (basic("sbc", "x" * 1025), "127.0.0.1"),
]


@pytest.mark.parametrize(("authorization", "peer"), REFUSED)
async def test_everybody_else_gets_one_and_the_same_401(
    app: Litestar, authorization: str | None, peer: str
) -> None:
    async with asker(app, authorization, peer, accept="application/json") as ask:
        answer = await ask.get(URL)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="rufname", charset="UTF-8"'
    assert answer.json() == {
        "type": "urn:rufname:problem:not-authenticated",
        "title": "Name and password of a client are needed",
        "status": 401,
    }


async def test_a_header_field_sent_twice_counts_once_and_the_last_one(app: Litestar) -> None:
    fields = [("Authorization", basic("sbc", PASSWORD)), ("Authorization", basic("sbc", "no"))]
    async with asker(app, authorization=None) as ask:
        assert (await ask.get(URL, headers=fields)).status_code == 401


async def test_a_reload_of_the_clients_holds_for_the_next_request(local: LocalDirectory) -> None:
    clients = CLIENTS
    app = create_app(local, lambda: clients, SETTINGS)
    async with asker(app) as ask:
        assert (await ask.get(URL)).status_code == 200
        clients = (msgspec.structs.replace(SBC, password_hash=cheap_hash("new")),)
        assert (await ask.get(URL)).status_code == 401
        new = {"Authorization": basic("sbc", "new")}
        assert (await ask.get(URL, headers=new)).status_code == 200
        clients = ()
        assert (await ask.get(URL, headers=new)).status_code == 401


async def test_a_success_is_remembered_for_ten_minutes_and_verified_in_a_thread(
    verifier: Verifier,
) -> None:
    clock = Clock()
    authenticator = Authenticator(lambda: CLIENTS, clock)
    for now_s in (1000.0, 1000.1, 1599.9):
        clock.now_s = now_s
        assert await authenticator.authenticate(basic("sbc", PASSWORD), "192.0.2.1") is SBC
    assert len(verifier.seen) == 1
    clock.now_s = 1600.0
    await authenticator.authenticate(basic("sbc", PASSWORD), "192.0.2.1")
    assert len(verifier.seen) == 2
    assert threading.current_thread().name not in verifier.threads
    authenticator.close()


async def test_a_wrong_password_is_remembered_for_seconds_only(verifier: Verifier) -> None:
    clock = Clock()
    authenticator = Authenticator(lambda: CLIENTS, clock)
    for _ in range(3):
        with pytest.raises(NotAuthenticated):
            await authenticator.authenticate(basic("sbc", "wrong"), "192.0.2.1")
    assert len(verifier.seen) == 1
    clock.now_s += REFUSED_FOR_S
    with pytest.raises(NotAuthenticated):
        await authenticator.authenticate(basic("sbc", "wrong"), "192.0.2.1")
    assert len(verifier.seen) == 2
    authenticator.close()


@pytest.mark.parametrize(
    ("name", "peer"), [("unknown", "192.0.2.1"), ("nobody", "192.0.2.1"), ("inside", "192.0.2.1")]
)
async def test_who_cannot_be_a_client_costs_the_same_work(
    verifier: Verifier, name: str, peer: str
) -> None:
    authenticator = Authenticator(lambda: CLIENTS, Clock())
    with pytest.raises(NotAuthenticated):
        await authenticator.authenticate(basic(name, "inside"), peer)
    assert verifier.seen == [(DUMMY_HASH, b"inside")]
    authenticator.close()


async def test_equal_requests_wait_for_one_verification(verifier: Verifier) -> None:
    authenticator = Authenticator(lambda: CLIENTS, Clock())
    verifier.gate.clear()
    asked = [
        asyncio.create_task(authenticator.authenticate(basic("sbc", PASSWORD), "192.0.2.1"))
        for _ in range(100)
    ]
    await asyncio.wait(asked, timeout=0)
    verifier.gate.set()
    assert await asyncio.gather(*asked) == [SBC] * 100
    assert len(verifier.seen) == 1
    authenticator.close()


async def test_the_queue_is_bounded_for_a_peer_and_for_all(verifier: Verifier) -> None:
    authenticator = Authenticator(lambda: CLIENTS, Clock())
    await authenticator.authenticate(basic("sbc", PASSWORD), "192.0.2.9")
    verifier.gate.clear()
    waiting: list[asyncio.Task[Client]] = []

    async def guess(number: int, peer: int) -> None:
        attempt = authenticator.authenticate(basic("sbc", f"guess {number}"), f"192.0.2.{peer}")
        waiting.append(asyncio.create_task(attempt))
        await asyncio.wait(waiting[-1:], timeout=0)

    for number in range(MAX_PENDING_PER_PEER):
        await guess(number, 0)
    with pytest.raises(Overloaded):
        await authenticator.authenticate(basic("sbc", "one more"), "192.0.2.0")
    for number in range(MAX_PENDING_PER_PEER, MAX_PENDING):
        await guess(number, 1 + number // MAX_PENDING_PER_PEER)
    with pytest.raises(Overloaded) as caught:
        await authenticator.authenticate(basic("sbc", "one more"), "192.0.2.100")
    assert caught.value.retry_after_s >= 1

    known = await authenticator.authenticate(basic("sbc", PASSWORD), "192.0.2.0")
    assert known is SBC  # who is remembered does not wait
    verifier.gate.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(result) for result in results} == {NotAuthenticated}
    again = await authenticator.authenticate(basic("zürich", "Zoë"), "192.0.2.0")
    assert again.name == "zürich"
    authenticator.close()


async def test_a_full_queue_is_a_503_with_retry_after(local: LocalDirectory) -> None:
    async def too_much(_authorization: str, _peer: str) -> Client:
        raise Overloaded("too many passwords wait to be verified")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Authenticator, "authenticate", staticmethod(too_much))
        app = create_app(local, lambda: CLIENTS, SETTINGS)
        async with asker(app, accept="application/json") as ask:
            answer = await ask.get(URL)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.json()["detail"] == "too many passwords wait to be verified"


async def test_the_loop_turns_while_a_real_password_is_verified() -> None:
    clients = (Client("sbc", password_hash=hash_password(PASSWORD)),)
    authenticator = Authenticator(lambda: clients)
    asked = asyncio.create_task(authenticator.authenticate(basic("sbc", PASSWORD), ""))
    turns = 0
    while not asked.done():
        await asyncio.sleep(0)
        turns += 1
    assert await asked is clients[0]
    assert turns > 10
    authenticator.close()


async def test_the_log_names_configured_clients_and_nothing_that_was_sent(
    app: Litestar, log: Callable[[], str]
) -> None:
    for name in ("sbc", "secret typed as name", "inside", "broken"):
        async with asker(app, basic(name, "secret"), "192.0.2.7") as ask:
            assert (await ask.get(URL)).status_code == 401
            assert (await ask.get(URL)).status_code == 401
    text = log()
    assert text.count("client 'sbc' refused: wrong password") == 1
    assert "client 'inside' refused: not from its networks" in text
    assert "hash is unusable" in text
    assert "secret" not in text
    assert "argon2id$" not in text
    assert "99998123" not in text


@given(st.text(st.characters(max_codepoint=255), max_size=200))
def test_any_field_is_credentials_or_none(field: str) -> None:
    for authorization in (field, f"Basic {field}"):
        try:
            name, password = read_basic(authorization)
        except NotAuthenticated:
            continue
        assert ":" not in name
        assert isinstance(password, bytes)


@given(
    st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_what_was_encoded_is_read_back(name: str, password: str) -> None:
    assert read_basic(basic(name, password)) == (name, password.encode())
