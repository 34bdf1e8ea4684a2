"""anynode's question about a caller, and its answer."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar import Litestar

from engine.index import ContactIndex
from relay.errors import MalformedRequest
from relay.http.anynode import read_question, write_answer
from relay.http.app import create_app
from relay.local import LocalDirectory
from relay.settings import RelaySettings
from tests.engine.building import Directory
from tests.octets import has_digit, octets
from tests.relay.http.asking import CLIENTS, CONTACTS, asker, basic
from tests.relay.http.conftest import SETTINGS

URL = "/v1/caller/anynode"
ERIKA = "Erika Müller-Lüdenscheidt"
NUMBER = "+498999998123"

WHOLE: dict[str, Any] = {
    "sourceAddress": {
        "dialString": NUMBER,
        "displayName": "as the carrier wrote it",
        "tagSet": ["a", {"b": None}],
        "numberType": "international",
    },
    "destinationAddress": {"dialString": "+493023125001", "displayName": ""},
    "routingDomain": "7f6c",
    "attempt": 1,
}


def question(number: object, **more: object) -> dict[str, Any]:
    return {"sourceAddress": {"dialString": number, **more}}


async def test_a_known_caller_gets_its_name_and_all_else_comes_back(app: Litestar) -> None:
    async with asker(app) as ask:
        answer = await ask.post(URL, json=WHOLE)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {
        **WHOLE,
        "routeContinue": True,
        "sourceAddress": {**WHOLE["sourceAddress"], "displayName": ERIKA},
    }
    assert answer.headers["Server-Timing"].startswith("lookup;dur=")


@pytest.mark.parametrize("number", [NUMBER, "498999998123", "08999998123", "99998123", "123"])
async def test_the_number_is_read_under_the_clients_dial_plan(app: Litestar, number: str) -> None:
    async with asker(app) as ask:
        answer = await ask.post(URL, json=question(number))
    assert answer.json() == {"routeContinue": True, **question(number, displayName=ERIKA)}


@pytest.mark.parametrize(
    "sent",
    [
        question("+493023125999"),
        question("+493023125999", displayName="Wer auch immer"),
        question("+493023125999", displayName=None),
        question("anonymous", displayName="Anonymous"),
        question("110"),
        question(""),
        question(None),
        question("*"),
        question("+498999998123".rjust(201, "0")),
        question("\0" * 50),
        {"sourceAddress": {}},
        {"sourceAddress": {"displayName": "nur ein Name"}, "x": 1e3},
    ],
)
async def test_an_unknown_caller_goes_on_unchanged(app: Litestar, sent: dict[str, Any]) -> None:
    async with asker(app) as ask:
        answer = await ask.post(URL, json=sent)
    assert answer.status_code == 200
    assert answer.json() == {"routeContinue": True, **sent}


async def test_the_call_goes_on_whatever_the_question_said_of_it(app: Litestar) -> None:
    async with asker(app) as ask:
        answer = await ask.post(URL, json={"routeContinue": False, **question(NUMBER)})
    assert answer.json()["routeContinue"] is True


async def test_the_rights_and_the_networks_of_the_client_hold(app: Litestar) -> None:
    secret = question("+493023125004")
    async with asker(app) as ask:
        assert (await ask.post(URL, json=secret)).json() == {"routeContinue": True, **secret}
    async with asker(app, basic("personnel", "personnel")) as ask:
        named = (await ask.post(URL, json=secret)).json()["sourceAddress"]["displayName"]
        assert named == "Geheime Personalie"
    for authorization, peer in (
        (None, "127.0.0.1"),
        (basic("sbc", "wrong"), "127.0.0.1"),
        (basic("inside", "inside"), "192.0.2.1"),
    ):
        async with asker(app, authorization, peer) as ask:
            refused = await ask.post(URL, json=secret)
        assert refused.status_code == 401
        assert refused.json()["type"] == "urn:rufname:problem:not-authenticated"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the body cannot be read: Input data was truncated"),
        (b"{", "the body cannot be read: Input data was truncated"),
        (b"Geheim", "the body cannot be read: JSON is malformed: invalid character (byte 0)"),
        (b'{"a":1} Geheim', "the body cannot be read: JSON is malformed: trailing characters"),
        (b'{"Geheim":\xff}', "the body is not UTF-8 (byte 10)"),
        (b'["Geheim"]', "the body is no JSON object"),
        (b"null", "the body is no JSON object"),
        (b'{"Geheim":' * 1600, "the body is nested too deeply"),
        (b'{"Geheim":{}}', "sourceAddress is missing"),
        (b'{"sourceAddress":null}', "sourceAddress is no JSON object"),
        (b'{"sourceAddress":"Geheim"}', "sourceAddress is no JSON object"),
        (b'{"sourceAddress":["Geheim"]}', "sourceAddress is no JSON object"),
        (
            b'{"sourceAddress":{"dialString":498999998123}}',
            "sourceAddress.dialString is neither a text nor null",
        ),
        (
            b'{"sourceAddress":{"dialString":["Geheim"]}}',
            "sourceAddress.dialString is neither a text nor null",
        ),
        (
            b'{"sourceAddress":{"dialString":"\\ud800Geheim"}}',
            "the body cannot be read: JSON is malformed: ",
        ),
        (
            b'{"sourceAddress":{"displayName":{"Geheim":1}}}',
            "sourceAddress.displayName is neither a text nor null",
        ),
    ],
)
@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/plain"])
async def test_a_question_that_cannot_be_read_says_why_and_quotes_nothing(
    app: Litestar, log: Callable[[], str], body: bytes, detail: str, accept: str
) -> None:
    async with asker(app, accept=accept) as ask:
        answer = await ask.post(URL, content=body)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert told["type"] == "urn:rufname:problem:bad-request"
    assert told["detail"].startswith(detail)
    assert "Geheim" not in answer.text + log()
    assert "99998123" not in answer.text + log()


@pytest.mark.parametrize("field", [{}, {"Transfer-Encoding": "chunked"}], ids=str)
async def test_a_question_over_the_bound_is_refused(
    local: LocalDirectory, field: dict[str, str]
) -> None:
    app = create_app(local, lambda: CLIENTS, RelaySettings("127.0.0.1", 0, max_body_bytes=1024))
    bare = json.dumps(question(NUMBER, x="")).encode()
    async with asker(app) as ask:
        for length, status in ((1024, 200), (1025, 413)):
            body = bare[:-3] + b"x" * (length - len(bare)) + bare[-3:]
            assert len(body) == length
            answer = await ask.post(URL, content=body, headers=field)
            assert answer.status_code == status
    assert answer.json()["type"] == "urn:rufname:problem:too-large"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
async def test_only_post_is_taken(app: Litestar, method: str) -> None:
    async with asker(app) as ask:
        answer = await ask.request(method, URL)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "OPTIONS, POST"


async def test_the_longer_path_is_a_number_as_any_other(app: Litestar) -> None:
    async with asker(app) as ask:
        assert (await ask.get(f"{URL}/1")).status_code == 404
        assert (await ask.post(f"{URL}/", json=question(NUMBER))).status_code == 200


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[tuple[Litestar, Callable[[], None]]]:
    """The application before its first source was read, and a way to read it."""
    made = Directory(tmp_path)
    index = ContactIndex.open(tmp_path / "elsewhere", {})
    local = LocalDirectory(index)

    def read() -> None:
        local._index = made.hold(*CONTACTS[:1])

    yield create_app(local, lambda: CLIENTS, SETTINGS), read
    made.close()
    index.close()


async def test_without_an_index_calls_go_on_and_the_log_says_so_once(
    waiting: tuple[Litestar, Callable[[], None]], log: Callable[[], str]
) -> None:
    app, read_the_source = waiting
    async with asker(app) as ask:
        for _ in range(3):
            answer = await ask.post(URL, json=question(NUMBER))
            assert answer.status_code == 200
            assert answer.json() == {"routeContinue": True, **question(NUMBER)}
        assert log().count("calls of 'sbc' go on without names: there is no contact index") == 1
        assert "99998123" not in log()
        read_the_source()
        answer = await ask.post(URL, json=question(NUMBER))
    assert answer.json()["sourceAddress"]["displayName"] == ERIKA


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
TEXT = st.none() | st.text()


@given(
    rest=st.dictionaries(st.text(), JSON, max_size=4),
    more=st.dictionaries(st.text(), JSON, max_size=4),
    number=TEXT,
    shown=TEXT,
    name=st.text(),
    ascii_only=st.booleans(),
)
def test_nothing_of_a_question_is_lost(
    *,
    rest: dict[str, object],
    more: dict[str, object],
    number: str | None,
    shown: str | None,
    name: str,
    ascii_only: bool,
) -> None:
    source = {**more, "dialString": number, "displayName": shown}
    body = json.dumps({**rest, "sourceAddress": source}, ensure_ascii=ascii_only)
    asked = read_question(body.encode())
    assert asked.number == (number or "")
    source["displayName"] = name or shown
    answered = json.loads(write_answer(asked, name))
    assert answered == {**rest, "routeContinue": True, "sourceAddress": source}


@pytest.mark.parametrize(
    "value", [b"1.10", b"1e999", b"123456789012345678901234567890", b'"\\u00e9\\/"', b"[1,  2]"]
)
def test_a_value_comes_back_as_it_was_written(value: bytes) -> None:
    body = b'{"x":%b,"sourceAddress":{"y":%b}}' % (value, value)
    answer = write_answer(read_question(body), "")
    assert answer == b'{"routeContinue":true,"x":%b,"sourceAddress":{"y":%b}}' % (value, value)


@given(
    st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace"))
)
def test_octets_are_a_question_or_refused(body: bytes) -> None:
    with contextlib.suppress(MalformedRequest):
        json.loads(write_answer(read_question(body), "x"))


@given(st.data())
def test_a_question_cut_or_changed_anywhere_is_a_question_or_refused(data: st.DataObject) -> None:
    body = bytearray(json.dumps(WHOLE).encode())
    for place in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=3)):
        body[place] = data.draw(st.integers(0, 255))
    cut = bytes(body[: data.draw(st.integers(0, len(body)))])
    with contextlib.suppress(MalformedRequest):
        assert json.loads(write_answer(read_question(cut), "x"))["routeContinue"] is True


@settings(deadline=None, max_examples=40)  # the first example verifies a password
@given(number=octets)
async def test_any_octets_as_a_dial_string_let_the_call_go_on(
    local: LocalDirectory, number: bytes
) -> None:
    text = number.decode("utf-8", "replace")
    question = {"sourceAddress": {"dialString": text, "displayName": "as it was"}}
    body = json.dumps(question, ensure_ascii=False).encode()
    wide = RelaySettings("127.0.0.1", 0, max_body_bytes=64 * 1024)
    async with asker(create_app(local, lambda: CLIENTS, wide)) as ask:
        answer = await ask.post("/v1/caller/anynode", content=body)
        raw = await ask.post("/v1/caller/anynode", content=number)
    assert answer.status_code == 200
    told = answer.json()
    assert told["routeContinue"] is True
    assert told["sourceAddress"]["dialString"] == text
    assert has_digit(text) or told["sourceAddress"]["displayName"] == "as it was"
    assert raw.status_code == 400
