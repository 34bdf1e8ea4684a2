from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from typing_extensions import override

from connectors.errors import SourceFailed
from connectors.kinds.rest import RestOptions, RestSource
from connectors.servertime import OVERLAP_S
from connectors.settings import SecretRef
from engine.source import Complete, Delete, Event, SourceField, Upsert
from tests.connectors.certificates import Authority
from tests.connectors.conformance import Conformance
from tests.connectors.making import settings
from tests.connectors.webpeer import Request, web_server
from tests.connectors.worlds import Rows, World

PASSWORD = "bra{ces}"
PAGE = 500


class PeopleServer:
    """An interface as many have it: pages by a cursor, a bearer token."""

    def __init__(self) -> None:
        self.people: list[dict[str, Any]] = []
        self.status = 200
        self.cut = False
        self.mute = threading.Event()
        self.mute.set()

    def handle(self, request: Request) -> None:
        self.mute.wait(30)
        if request.headers.get("Authorization") != f"Bearer {PASSWORD}":
            request.answer(401, b"{}")
            return
        start = int(parse_qs(urlsplit(request.path).query).get("after", ["0"])[0])
        if self.status != 200 or (self.cut and start):
            request.answer(self.status if self.status != 200 else 500, b"{}")
            return
        rest = start + PAGE < len(self.people)
        page = {"data": self.people[start : start + PAGE], "next": start + PAGE if rest else None}
        request.answer(200, json.dumps(page).encode())


class RestWorld(World):
    incremental = False
    faults = ("no list",)
    lacks: ClassVar[dict[str, str]] = {
        "expired bookmark": "an interface of this kind is read as a whole",
        "bad encoding": "JSON is UTF-8; another one is no JSON",
        "wrong columns": "an object may lack any value",
        "lost column": "an object may lack any value",
    }

    def __init__(self, server: PeopleServer, url: str, secret: Path) -> None:
        self.server = server
        self.secret = secret
        self.settings = settings(
            kind="rest",
            map={"display_name": "name", "phones.work": "phones[type=work].number"},
            options=RestOptions(
                url=f"{url}/people",
                items="data",
                paging="cursor",
                next="next",
                parameter="after",
                token=SecretRef(file=secret),
                timeout_s=20,
            ),
        )

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        self.server.status, self.server.cut = 200, False
        self.server.mute.set()
        self.secret.write_text(PASSWORD)
        self.server.people = [
            {"id": key, "name": name, "phones": [{"type": "work", "number": phone}]}
            for key, name, phone in rows
        ]

    @override
    def damage(self, fault: str) -> None:
        if fault == "wrong password":
            self.secret.write_text("wrong")
        elif fault == "no rights":
            self.server.status = 403
        elif fault == "hang":
            self.server.mute.clear()
        elif fault == "error":
            self.server.status = 500
        elif fault == "killed":
            self.server.cut = True
        elif fault == "no list":
            self.server.people = "none"  # type: ignore[assignment]  # the fault itself
        else:
            raise AssertionError(fault)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[PeopleServer, str]]:
    server = PeopleServer()
    with web_server(server.handle) as url:
        yield server, url
        server.mute.set()


class TestRest(Conformance):
    @pytest.fixture
    @override
    def world(self, served: tuple[PeopleServer, str], tmp_path: Path) -> World:
        return RestWorld(*served, tmp_path / "token")


def read(options: dict[str, Any], url: str) -> list[Event]:
    return list(source(options, url).read(b""))


def source(options: dict[str, Any], url: str) -> RestSource:
    made = RestOptions(**({"url": f"{url}/people", "timeout_s": 10} | options))
    return RestSource(settings(kind="rest", map={"display_name": "name"}, options=made))


def keys(events: list[Event]) -> list[str]:
    assert events[-1] == Complete(full=True)
    return [event.key for event in events if isinstance(event, Upsert)]


@pytest.mark.parametrize(
    "options",
    [
        {"items": "value", "paging": "link", "next": '"@odata.nextLink"'},
        {"items": "value", "paging": "link"},
        {"items": "value", "paging": "page", "parameter": "page"},
        {"items": "value", "paging": "page", "parameter": "page", "first": 1},
        {"items": "value", "paging": "offset", "parameter": "skip"},
        {"items": "value", "paging": "cursor", "next": "cursor", "parameter": "c"},
    ],
)
def test_every_way_of_paging_comes_to_its_end(options: dict[str, Any]) -> None:
    def handle(request: Request) -> None:
        query = {k: v[0] for k, v in parse_qs(urlsplit(request.path).query).items()}
        start = int(query.get("skip") or query.get("c") or query.get("at") or 0)
        start = (int(query["page"]) - 1) * 2 if "page" in query else start
        page: dict[str, Any] = {"value": [{"id": n} for n in range(start, min(start + 2, 5))]}
        headers = {}
        if start + 2 < 5:
            page |= {"cursor": start + 2, "@odata.nextLink": f"/people?at={start + 2}"}
            headers["Link"] = f'</x>; rel="prev", </people?at={start + 2}>; rel="next"'
        request.answer(200, json.dumps(page).encode(), headers)

    with web_server(handle) as url:
        assert keys(read(options, url)) == ["0", "1", "2", "3", "4"]


def test_numbered_pages_end_where_an_answer_says_that_there_are_no_more() -> None:
    """As Django REST framework answers: behind the last page there is an error."""

    def handle(request: Request) -> None:
        at = request.path.partition("page=")[2] or "1"
        if at == "3":
            request.answer(404, b'{"detail":"Invalid page."}')
            return
        following = '"http://testserver/people?page=2"' if at == "1" else "null"
        body = f'{{"count":2,"next":{following},"previous":null,"results":[{{"id":{at}}}]}}'
        request.answer(200, body.encode())

    options = {"items": "results", "paging": "page", "parameter": "page"}
    with web_server(handle) as url:
        assert keys(read({**options, "next": "next"}, url)) == ["1", "2"]
        with pytest.raises(SourceFailed, match="HTTP 404 for page 3; where it is none behind"):
            read(options, url)


@pytest.mark.parametrize("paging", ["page", "offset"])
def test_an_answer_without_content_is_an_empty_page(paging: str) -> None:
    def handle(request: Request) -> None:
        if request.path.endswith(("at=1", "at=2")):
            request.answer(200, b'{"data":[{"id":"' + request.path[-1:].encode() + b'"}]}')
        elif request.path.endswith("at=0"):
            request.answer(200, b'{"data":[{"id":"0"}]}')
        else:
            request.answer(204)

    options = {"items": "data", "paging": paging, "parameter": "at"}
    with web_server(handle) as url:
        assert keys(read(options, url))[-1] == "2"
        nothing = read({"items": "data"}, url)
    assert nothing == [Complete(full=True)]


def test_contacts_are_counted_from_the_number_that_the_url_has() -> None:
    """As SCIM does (RFC 7644 3.4.2.4): the first is 1, and 0 is taken for 1."""

    def handle(request: Request) -> None:
        query = {k: v[0] for k, v in parse_qs(urlsplit(request.path).query).items()}
        start = max(int(query["startIndex"]), 1)
        found = [{"id": n} for n in range(start, min(start + 2, 6))]
        request.answer(200, json.dumps({"totalResults": 5, "Resources": found}).encode())

    options = {"items": "Resources", "paging": "offset", "parameter": "startIndex"}
    with web_server(handle) as url:
        own = {**options, "url": f"{url}/people?startIndex=1&count=2"}
        assert keys(read(own, url)) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    "links",
    [
        ['</people?at=2>; rel="next"', '</people?at=0>; rel="first"', '</people?at=4>; rel="last"'],
        ['</a?b=1,2>; rel=prev; title="a, b", </people?at=2>; title="on, and on"; rel=NEXT'],
        ['<?at=2>; rel="last next"'],
    ],
)
def test_a_link_to_the_next_page_is_found_wherever_it_stands(links: list[str]) -> None:
    def handle(request: Request) -> None:
        if request.path.endswith("at=2"):
            request.answer(200, b'[{"id": 2}]', {"Link": '</people?at=0>; rel="first"'})
            return
        request.send_response(200)
        for link in links:
            request.send_header("Link", link)
        request.send_header("Content-Length", "11")
        request.end_headers()
        request.wfile.write(b'[{"id": 1}]')

    with web_server(handle) as url:
        assert keys(read({"paging": "link"}, url)) == ["1", "2"]


def test_a_link_is_relative_to_the_page_that_it_stands_on() -> None:
    def handle(request: Request) -> None:
        page = {"/people": "pages/2", "/pages/2": "3", "/pages/3": False}
        body = {"v": [{"id": request.path}], "n": page[request.path]}
        request.answer(200, json.dumps(body).encode())

    with web_server(handle) as url:
        found = keys(read({"items": "v", "paging": "link", "next": "n"}, url))
    assert found == ["/people", "/pages/2", "/pages/3"]


@pytest.mark.parametrize(
    ("options", "body", "words"),
    [
        ({"items": "value", "paging": "page", "parameter": "p"}, '{"value":[{"id":1}]}', "twice"),
        ({"paging": "cursor", "next": "c", "parameter": "p", "items": "v"},
         '{"v":[],"c":1}', "twice"),
        ({"items": "value"}, '{"error":"sorry"}', "no list of objects at `items`"),
        ({}, "{}", "no list of objects at `items`"),
        ({}, "[1]", "no list of objects at `items`"),
        ({}, "<html>", "no JSON"),
        ({"items": "v", "paging": "link", "next": "n"},
         '{"v":[],"n":"https://other.example/?a=1"}', "on another server: https://other.example/$"),
    ],
)  # fmt: skip
def test_what_is_no_page_fails_the_run(options: dict[str, Any], body: str, words: str) -> None:
    with (
        web_server(lambda request: request.answer(200, body.encode())) as url,
        pytest.raises(SourceFailed, match=words),
    ):
        read(options, url)


def test_a_page_that_comes_again_at_another_time_of_day_ends_the_run() -> None:
    times = iter(range(100))  # the server knows `page` by another name

    def handle(request: Request) -> None:
        request.answer(200, json.dumps({"v": [{"id": 1}], "at": next(times)}).encode())

    for paging in ("page", "offset"):
        options = {"items": "v", "paging": paging, "parameter": "p"}
        with web_server(handle) as url, pytest.raises(SourceFailed, match="twice"):
            read(options, url)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'[{"id":1,"name":"M\xfcller"}]', "the answer is no JSON: JSON that is not UTF-8"),
        (b'[{"id":' + b"[" * 5_000 + b"]" * 5_000 + b"}]", "JSON that is nested too deeply"),
    ],
)
def test_an_answer_that_is_damaged_is_told_with_its_place(body: bytes, words: str) -> None:
    with web_server(lambda request: request.answer(200, body)) as url:
        with pytest.raises(SourceFailed, match=f"^{url}/people: .*{words}"):
            read({}, url)
        (fault,) = source({}, url).check().faults
    assert words in fault


def test_a_page_of_the_web_is_told_from_broken_json() -> None:
    """A sign-in page, or the words of a proxy."""
    html = {"Content-Type": "text/html; charset=utf-8"}
    with (
        web_server(lambda request: request.answer(200, b"<html>", html)) as url,
        pytest.raises(SourceFailed, match="the answer is text/html, no JSON: "),
    ):
        read({}, url)


def test_half_an_emoji_of_one_contact_hides_no_other() -> None:
    body = rb'[{"id":1,"name":"Anna \ud83d"},{"id":2,"name":"Bo"}]'
    with web_server(lambda request: request.answer(200, body)) as url:
        assert keys(read({}, url)) == ["1", "2"]


def test_deep_values_are_no_fields() -> None:
    body = b'[{"id":1,"x":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}]"
    with web_server(lambda request: request.answer(200, body)) as url:
        assert [field.name for field in source({}, url).discover()] == ["id"]


def test_a_page_that_comes_again_under_a_new_cursor_ends_the_run() -> None:
    cursors = iter(range(100))  # the server knows `after` by another name

    def handle(request: Request) -> None:
        request.answer(200, json.dumps({"v": [{"id": 1}], "c": next(cursors)}).encode())

    options = {"items": "v", "paging": "cursor", "next": "c", "parameter": "after"}
    with web_server(handle) as url, pytest.raises(SourceFailed, match="twice"):
        read(options, url)


def test_a_server_that_does_not_know_of_its_tls_is_read_on_by_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    def handle(request: Request) -> None:
        host = request.headers["Host"]
        page: dict[str, Any] = {"v": [{"id": request.path}]}
        if request.path == "/people":
            page["n"] = f"http://{host}/people/2"
        request.answer(200, json.dumps(page).encode())

    with web_server(handle, authority) as url:
        options = {"items": "v", "paging": "link", "next": "n", "ca": authority.path}
        assert keys(read(options, url)) == ["/people", "/people/2"]


def test_a_token_is_asked_for_by_client_credentials(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")

    def handle(request: Request) -> None:
        if request.path == "/token":
            assert b"client_secret=s3cret" in request.content
            request.answer(200, b'{"access_token":"abc","expires_in":60}')
        elif request.headers.get("Authorization") == "Bearer abc":
            assert request.headers.get("X-Tenant") == "9"
            request.answer(200, b'[{"id":1,"name":"Anna"}]')
        else:
            request.answer(401)

    with web_server(handle) as url:
        options = {
            "token_url": f"{url}/token",
            "client_id": "app",
            "client_secret": SecretRef(file=tmp_path / "secret"),
            "headers": {"X-Tenant": "9"},
        }
        assert keys(read(options, url)) == ["1"]


def test_a_token_that_ends_before_it_says_is_asked_for_anew(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    given: list[str] = []
    pages: list[str] = []

    def handle(request: Request) -> None:
        if request.path == "/token":
            given.append(f"t{len(given)}")
            request.answer(200, json.dumps({"access_token": given[-1]}).encode())
        elif request.headers.get("Authorization") != f"Bearer t{len(pages)}":
            request.answer(401)
        else:  # each token is good for one page
            pages.append(request.path)
            body = [{"id": len(pages)}] if len(pages) < 4 else []
            request.answer(200, json.dumps(body).encode())

    with web_server(handle) as url:
        options = {
            "paging": "page",
            "parameter": "p",
            "token_url": f"{url}/token",
            "client_id": "app",
            "client_secret": SecretRef(file=tmp_path / "secret"),
        }
        assert keys(read(options, url)) == ["1", "2", "3"]


def test_the_first_page_shows_what_there_is() -> None:
    body = b'[{"id":1,"name":"A","phones":[{"no":"5"},{"no":"6"}]},{"id":2,"name":"A"}]'
    with web_server(lambda request: request.answer(200, body)) as url:
        own = source({}, url)
        assert own.discover() == (
            SourceField("id", "number", key=True),
            SourceField("name", "text"),
            SourceField("phones.no", "text"),
        )
        (first, _) = own.preview(5)
        assert isinstance(first, Upsert)
        assert first.record == {"id": "1", "name": "A", "phones.no": "5\n6"}
        other = RestSource(settings(kind="rest", key=("uid",), options=own._options))
        assert "has no uid" in other.check().warnings[0]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": ""}, "no URL of a web server"),
        ({"items": "a["}, "items: .* is no path"),
        ({"paging": "cursor"}, "next: missing"),
        ({"paging": "page"}, "parameter: missing"),
        ({"client_id": "a", "token_url": "https://x.example"}, "belong together"),
        ({"headers": {"A b": "c"}}, "is no name of a header"),
        ({"headers": {"A": "c\n"}}, "cannot be sent"),
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        RestOptions(**({"url": "https://x.example/"} | wrong))


class ChangesServer:
    """An interface that tells what changed since a time, and marks what is gone."""

    def __init__(self) -> None:
        self.people: list[dict[str, Any]] = []
        self.asked: list[str] = []

    def handle(self, request: Request) -> None:
        query = {k: v[0] for k, v in parse_qs(urlsplit(request.path).query).items()}
        self.asked.append(query.get("since", ""))
        start = int(query.get("skip", "0"))
        changed = [each for each in self.people if each["at"] >= query.get("since", "")]
        request.answer(200, json.dumps(changed[start : start + 2]).encode())


FOLLOWED = {
    "changed_since": "since",
    "deleted": "gone",
    "paging": "offset",
    "parameter": "skip",
}


def test_an_interface_that_tells_changes_is_followed_from_page_to_page() -> None:
    server = ChangesServer()
    long_ago, soon = "2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
    server.people = [{"id": n, "name": "A", "at": long_ago, "gone": n == 3} for n in range(5)]
    with web_server(server.handle) as url:
        own = source(FOLLOWED, url)
        *first, complete = own.read(b"")
        assert [event.key for event in first if isinstance(event, Upsert)] == ["0", "1", "2", "4"]
        assert not [event for event in first if isinstance(event, Delete)]
        assert isinstance(complete, Complete)
        assert complete.full
        for number in (0, 1, 4):
            server.people[number] |= {"name": "B", "at": soon, "gone": number == 1 and "2100"}
        server.asked.clear()
        *second, after = own.read(complete.bookmark)
        assert [type(event) for event in second] == [Upsert, Delete, Upsert]
        assert second[1] == Delete("1")
        assert isinstance(after, Complete)
        assert not after.full
        assert len(set(server.asked)) == 1
        age = datetime.now(UTC) - datetime.fromisoformat(server.asked[0])
        assert timedelta(seconds=OVERLAP_S) <= age < timedelta(hours=1)


def test_a_bookmark_of_another_interface_is_none() -> None:
    server = ChangesServer()
    server.people = [{"id": 1, "name": "A", "at": "2020"}]
    with web_server(server.handle) as url:
        *_, complete = source(FOLLOWED, url).read(b"")
        assert isinstance(complete, Complete)
        other = source(FOLLOWED | {"url": f"{url}/others"}, url)
        *found, again = other.read(complete.bookmark)
        assert len(found) == 1
        assert again == Complete(full=True, bookmark=again.bookmark)  # type: ignore[union-attr]
