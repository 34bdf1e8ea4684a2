"""A call gets one answer, whether it goes past the framework or through it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar import Litestar
from typing_extensions import override

from engine.client import Client
from engine.index import ContactIndex
from engine.query import CallerMatch
from relay.errors import DirectoryUnavailable
from relay.http.app import create_app
from relay.http.authentication import Authenticator
from relay.local import LocalDirectory
from relay.settings import RelaySettings
from tests.relay.http.asking import CLIENTS, PASSWORD, asker, basic

SETTINGS = RelaySettings("127.0.0.1", 0)
PIECES = [*"+-0149 .:;=@()*/_%x#?&ä", "%2B", "%20", "%09", "%2F", "%25", "+49", "&number=", "%FF"]
ERIKA = "/v1/caller/+498999998123"


class Watched(LocalDirectory):
    """Keeps what it was asked, and may be away or fall."""

    def __init__(self, index: ContactIndex) -> None:
        super().__init__(index)
        self.asked: list[str] = []
        self.fails: Exception | None = None

    @override
    def caller(self, number: str, client: Client) -> CallerMatch | None:
        self.asked.append(number)
        if self.fails is not None:
            raise self.fails
        return super().caller(number, client)


@pytest.fixture
def watched(local: LocalDirectory) -> Watched:
    return Watched(local._index)


class Roads:
    """The application, and the framework in it without the road past it."""

    def __init__(self, directory: LocalDirectory) -> None:
        self.counts: Counter[str] = Counter()
        self.app = create_app(directory, lambda: CLIENTS, SETTINGS, counts=self.counts)

    async def framework(self, scope: Any, receive: Any, send: Any) -> None:
        await Litestar.__call__(self.app, scope, receive, send)

    async def ask(self, way: Any, url: str, who: str, **asked: Any) -> tuple[object, ...]:
        """Return the answer without the time that it took, and what was counted."""
        self.counts.clear()
        method = asked.pop("method", "GET")
        accept = asked.pop("accept", "*/*")
        async with asker(way, who, accept=accept, peer=asked.pop("peer", "127.0.0.1")) as client:
            answer: httpx.Response = await client.request(method, url, **asked)
        fields = sorted(
            (name, "" if name == "server-timing" else value)
            for name, value in answer.headers.multi_items()
        )
        return answer.status_code, answer.content, fields, dict(self.counts)

    async def both(self, url: str, who: str = "", **asked: Any) -> tuple[object, ...]:
        known = await self.ask(self.framework, url, who, **asked)  # the password is right, or wrong
        past = await self.ask(self.app, url, who, **asked)
        through = await self.ask(self.framework, url, who, **asked)
        assert known == past == through
        return past


@pytest.mark.parametrize(
    ("url", "status"),
    [
        (ERIKA, 200),
        ("/v1/caller?number=%2B498999998123", 200),
        ("/v1/caller?number=+498999998123", 200),
        ("/v1/caller/089%2F99998-123", 200),
        ("/v1/caller/089/99998-123/", 200),
        ("/v1/caller/+493023125999", 404),
        ("/v1/caller/" + "1" * 201, 404),
        ("/v1/caller/", 404),
        ("/v1/caller", 404),
        ("/v1/caller?number=", 404),
        ("/v1/caller?number=1&number=2", 404),
        (f"{ERIKA}?format=json", 200),
        (f"{ERIKA}?format=xml", 400),
        ("/v1/caller/anynode", 405),
        ("/v1/callers", 404),
    ],
)
async def test_both_roads_tell_and_count_the_same(watched: Watched, url: str, status: int) -> None:
    roads = Roads(watched)
    for accept in ("*/*", "", "application/json", "text/plain;q=0.1, */*"):
        assert (await roads.both(url, accept=accept))[0] == status


@pytest.mark.parametrize(
    ("who", "asked"),
    [
        (basic("sbc", "wrong"), {}),
        (basic("nobody", ""), {}),
        (basic("unknown", PASSWORD), {}),
        (basic("inside", "inside"), {"peer": "192.0.2.1"}),
        ("Bearer x", {}),
        ("Basic ?", {}),
    ],
    ids=["wrong", "no hash", "unknown", "foreign network", "scheme", "octets"],
)
async def test_who_is_not_known_is_refused_on_both_roads(
    watched: Watched, who: str, asked: dict[str, Any]
) -> None:
    assert (await Roads(watched).both(ERIKA, who, **asked))[0] == 401
    assert watched.asked == []


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"method": "OPTIONS"}, 204),
        ({"method": "POST"}, 405),
        ({"content": b"x" * 20_000}, 413),
        ({"headers": {"Transfer-Encoding": "chunked"}}, 411),
        ({"headers": [("Accept", "text/plain"), ("Accept", "application/json")]}, 200),
    ],
    ids=["options", "post", "body", "chunks", "two accept fields"],
)
async def test_what_is_no_plain_question_is_the_frameworks(
    watched: Watched, asked: dict[str, Any], status: int
) -> None:
    assert (await Roads(watched).both(ERIKA, **asked))[0] == status


@pytest.mark.parametrize(
    ("fails", "status"),
    [(DirectoryUnavailable("no index", retry_after_s=7), 503), (RuntimeError("Erika"), 500)],
    ids=["away", "fault"],
)
async def test_a_directory_without_an_answer_is_told_the_same(
    watched: Watched, fails: Exception, status: int
) -> None:
    watched.fails = fails
    for accept in ("*/*", "application/json"):
        answer = await Roads(watched).both(ERIKA, accept=accept)
        assert answer[0] == status
        assert b"Erika" not in answer[1]  # type: ignore[operator]


async def test_a_known_client_goes_past_the_framework(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    roads = Roads(watched)
    await roads.both(ERIKA)

    async def no_framework(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(Litestar, "__call__", no_framework)
    assert (await roads.ask(roads.app, ERIKA, ""))[0] == 200
    with pytest.raises(AssertionError):
        await roads.ask(roads.app, ERIKA, basic("sbc", "wrong"))


@settings(deadline=None, max_examples=60)  # the first example verifies a password
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=12))
@pytest.mark.parametrize("form", ["/v1/caller/{}", "/v1/caller?number={}"])
async def test_both_roads_read_the_same_number(
    local: LocalDirectory, form: str, pieces: list[str]
) -> None:
    number = "".join(pieces)
    watched = Watched(local._index)
    roads, asked = Roads(watched), []
    await roads.ask(roads.framework, ERIKA, "")
    for way in (roads.app, roads.framework):
        watched.asked = []
        answer = await roads.ask(way, form.format(number), "")
        asked.append((answer, watched.asked))
    assert asked[0] == asked[1]


async def test_an_account_is_known_while_its_password_is_remembered_and_from_its_networks() -> None:
    now = [0.0]
    authenticator = Authenticator(lambda: CLIENTS, lambda: now[0])
    field = basic("inside", "inside")
    assert authenticator.known(field, "10.0.0.1") is None
    await authenticator.authenticate(field, "10.0.0.1")
    known = authenticator.known(field, "10.0.0.1")
    assert known is not None
    assert known.name == "inside"
    assert authenticator.known(field, "192.0.2.1") is None
    assert authenticator.known(basic("inside", "other"), "10.0.0.1") is None
    now[0] = 3600.0
    assert authenticator.known(field, "10.0.0.1") is None
    authenticator.close()
