from __future__ import annotations

import hashlib
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from typing_extensions import override

from connectors import web
from connectors.dav import Resource
from connectors.errors import SourceFailed
from connectors.kinds.carddav import CarddavOptions, CarddavSource
from connectors.registry import completed
from connectors.settings import SecretRef, SourceSettings
from connectors.sync import sync_source
from connectors.web import Answer, WebSession
from engine.source import Complete, Upsert
from engine.store import ContactStore
from tests.connectors.conformance import Conformance
from tests.connectors.kinds.test_vcard import card
from tests.connectors.making import settings, stored
from tests.connectors.radicalepeer import PASSWORD, USER, Radicale, radicale
from tests.connectors.webpeer import Request, web_server
from tests.connectors.worlds import ROWS, Row, Rows, World


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    with radicale(tmp_path_factory.mktemp("radicale")) as made:
        yield made


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(PASSWORD)
    return path


def address_books(peer: Radicale, secret: Path, **changes: Any) -> SourceSettings:
    values: dict[str, Any] = {
        "url": peer.home,
        "user": USER,
        "password": SecretRef(file=secret),
        "timeout_s": 20,
    }
    return settings(kind="carddav", key=(), map={}, options=CarddavOptions(**(values | changes)))


def source(peer: Radicale, secret: Path, **changes: Any) -> CarddavSource:
    return CarddavSource(completed(address_books(peer, secret, **changes)))


class CarddavWorld(World):
    """Two address books: rows go to one or the other by their key."""

    incremental = True
    faults = ()
    lacks: ClassVar[dict[str, str]] = {
        "duplicate keys": "a path names one card only",
        "lost keys": "every card has a path",
        "wrong columns": "the properties of a vCard are those of the standard",
        "lost column": "the properties of a vCard are those of the standard",
        "bad encoding": "the server refuses what is not UTF-8",
        "killed": "thousands of cards take long; a test of its own kills it between two answers",
    }

    def __init__(self, peer: Radicale, secret: Path) -> None:
        self.peer = peer
        self.secret = secret
        self._rows: dict[str, Row] = {}
        self._url = peer.home
        peer.ensure_running()
        empty(peer)
        for book in ("one", "two"):
            peer.make_book(book)

    @property
    def settings(self) -> SourceSettings:  # type: ignore[override]
        return address_books(self.peer, self.secret, url=self._url)

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        self.peer.ensure_running()
        self.secret.write_text(PASSWORD)
        self._url = self.peer.home
        wanted = {row[0]: row for row in rows}
        for key in self._rows.keys() - wanted.keys():
            self.peer.delete(path_of(key))
        for key, row in wanted.items():
            if self._rows.get(key) != row:
                self.peer.put(path_of(key), card(*row))
        self._rows = wanted

    @override
    def damage(self, fault: str) -> None:
        if fault == "wrong password":
            self.secret.write_text("wrong")
        elif fault == "no rights":
            self._url = self.peer.root + "bo/"
        elif fault == "hang":
            self.peer.signal(signal.SIGSTOP)
        elif fault == "error":
            self.peer.kill()
        elif fault == "expired bookmark":
            self.peer.forget()
        else:
            raise AssertionError(fault)


def path_of(key: str) -> str:
    return f"{'one' if len(key) % 2 else 'two'}/{key}.vcf"


def empty(peer: Radicale) -> None:
    for book in ("one", "two", "three"):
        answer = peer.ask("DELETE", f"{book}/")
        assert answer.status_code in {200, 204, 404}, answer.text


class TestCarddav(Conformance):
    many = 100

    @pytest.fixture
    @override
    def world(self, peer: Radicale, secret: Path) -> World:
        return CarddavWorld(peer, secret)


def test_books_are_found_from_the_servers_root_or_set(peer: Radicale, secret: Path) -> None:
    CarddavWorld(peer, secret).fill(ROWS[:12])  # keys of one and of two digits
    for url, names in ((peer.root, None), (peer.home, None), (peer.home + "one/", {"one"})):
        events = list(source(peer, secret, url=url).read(b""))
        books = {event.record["book"] for event in source(peer, secret, url=url).preview(20)}  # type: ignore[union-attr]  # Upsert
        assert books == (names or {"one", "two"})
        assert len(events) == (11 if names else 13)
    only = source(peer, secret, books=("two",)).preview(20)
    assert len(only) == 2
    with pytest.raises(SourceFailed, match="no address book 'three'; there are: 'one', 'two'"):
        source(peer, secret, books=("three",)).preview(1)


def test_another_set_of_books_is_a_full_read(
    peer: Radicale, secret: Path, store: ContactStore
) -> None:
    CarddavWorld(peer, secret).fill(ROWS[:3])
    own = address_books(peer, secret)
    assert sync_source(own, store).full
    store.settle(store.last_seq())
    assert not sync_source(own, store).full
    store.settle(store.last_seq())
    peer.make_book("three")
    peer.put("three/x.vcf", card("x", "Neu", ""))
    report = sync_source(own, store)
    assert (report.state, report.full, report.added) == ("done", True, 1)
    assert len(stored(store)) == 4


def test_a_new_name_of_a_book_is_read_where_it_is_mapped(
    peer: Radicale, secret: Path, store: ContactStore
) -> None:
    CarddavWorld(peer, secret).fill(ROWS[:3])  # all in one book
    own = msgspec.structs.replace(address_books(peer, secret), map={"custom.1": "{book}"})
    plain = msgspec.structs.replace(address_books(peer, secret), id="plain", name="plain")
    for source in (own, plain):
        sync_source(source, store)
        store.settle(store.last_seq())
    body = (
        '<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>Kunden</d:displayname>'
        "</d:prop></d:set></d:propertyupdate>"
    )
    peer.ask("PROPPATCH", "one/", body).raise_for_status()
    report = sync_source(own, store)
    assert (report.state, report.full, report.changed) == ("done", True, 3)
    assert {contact.custom["1"] for contact in stored(store).values()} == {"Kunden"}
    store.settle(store.last_seq())
    assert not sync_source(own, store).full
    assert not sync_source(plain, store).full


def test_a_book_whose_ctag_is_the_same_is_not_looked_at(
    peer: Radicale, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CarddavWorld(peer, secret).fill(ROWS[:12])  # two books
    own = source(peer, secret)
    *_, complete = own.read(b"")
    assert isinstance(complete, Complete)
    asked: list[str] = []
    ask = own._ask

    def counted(web: WebSession, method: str, url: str, body: bytes, depth: str) -> Answer:
        asked.append(f"{method} {url.removeprefix(peer.home)}")
        return ask(web, method, url, body, depth)

    monkeypatch.setattr(own, "_ask", counted)
    (complete,) = own.read(complete.bookmark)
    assert isinstance(complete, Complete)
    assert asked == ["PROPFIND ", "REPORT one/", "REPORT two/"]  # nothing had changed
    asked.clear()
    assert len(list(own.read(complete.bookmark))) == 1
    assert asked == ["PROPFIND "]
    asked.clear()
    peer.ask("PUT", "two/new.vcf", card("new", "Neu", "")).raise_for_status()
    assert len(list(own.read(complete.bookmark))) == 2
    assert asked == ["PROPFIND ", "REPORT two/", "REPORT two/"]  # what changed, and that card


def test_a_server_killed_between_two_answers_fails_the_run(peer: Radicale, secret: Path) -> None:
    world = CarddavWorld(peer, secret)
    world.fill([(str(n), f"Name {n}", "") for n in range(10, 75)])  # two multigets of one book
    events = source(peer, secret).read(b"")
    assert isinstance(next(events), Upsert)
    peer.kill()
    with pytest.raises(SourceFailed):
        list(events)


def test_a_key_of_ones_own_reads_everything_each_time(
    peer: Radicale, secret: Path, store: ContactStore
) -> None:
    CarddavWorld(peer, secret).fill(ROWS[:3])
    own = settings(
        kind="carddav", key=("UID",), map={}, options=address_books(peer, secret).options
    )
    for _ in range(2):
        report = sync_source(own, store)
        assert (report.state, report.full) == ("done", True)
        store.settle(store.last_seq())
    assert set(stored(store)) == {"0", "1", "2"}


BOOK = "/books/anna/"


def report(*responses: tuple[str, int], token: str) -> bytes:
    """A sync report (RFC 6578): what changed (200) or went (404); the book, if it is cut (507)."""
    lines = [
        f"<response><href>{BOOK}{href}</href>"
        + (
            f"<status>HTTP/1.1 {status} x</status>"
            if status != 200
            else '<propstat><prop><getetag>"1"</getetag></prop>'
            "<status>HTTP/1.1 200 OK</status></propstat>"
        )
        + "</response>"
        for href, status in responses
    ]
    text = f"<sync-token>{token}</sync-token>"
    return f'<multistatus xmlns="DAV:">{"".join(lines)}{text}</multistatus>'.encode()


def test_a_sync_report_that_was_cut_is_asked_for_to_its_end(secret: Path) -> None:
    answers = {
        "": report(("a.vcf", 200), ("b.vcf", 200), ("", 507), token="one"),
        "one": report(("c.vcf", 200), ("b.vcf", 404), token="two"),
        "stuck": report(("", 507), token="stuck"),
    }

    def handle(request: Request) -> None:
        token = request.content.partition(b"sync-token>")[2].partition(b"</")[0].decode()
        request.answer(207, answers[token], {"Content-Type": "application/xml"})

    with web_server(handle) as url:
        options = CarddavOptions(url=url + BOOK, user=USER, password=SecretRef(file=secret))
        own = CarddavSource(completed(settings(kind="carddav", key=(), map={}, options=options)))
        with own._session() as asking:
            changed, gone, token = own._synced(asking, Resource(BOOK), "")
            assert ([Path(href).name for href in changed], token) == (
                ["a.vcf", "b.vcf", "c.vcf"],
                "two",
            )
            assert [Path(href).name for href in gone] == ["b.vcf"]
            with pytest.raises(SourceFailed, match="no new sync-token"):
                own._synced(asking, Resource(BOOK), "stuck")


def hashed(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class OneBook:
    """A server with one book, whose cards and answers a test sets."""

    def __init__(self) -> None:
        self.token = "one"
        self.cards = {"a.vcf": card("a", "Anna", ""), "b.vcf": card("b", "Bo", "")}
        self.status: dict[str, int] = {}
        self.refused = 0
        self.asked: list[str] = []
        self.login = 'Basic realm="x"'
        self.logins: list[str] = []
        self.left_out: set[str] = set()
        self.fails_at_root = False
        self.has_more = False  # than its token tells

    def handle(self, request: Request) -> None:
        body = request.content.decode()
        self.logins.append(request.headers.get("Authorization") or "")
        if not self._knows(request):
            request.answer(401, b"", {"WWW-Authenticate": self.login})
        elif self.fails_at_root and request.path == "/":
            self._answer_at_root(request, body)
        elif request.command == "GET":
            name = request.path.removeprefix(BOOK)
            request.answer(self.status.get(name, 200), self.cards[name].encode())
        elif request.command == "PROPFIND":
            self._answer(
                request,
                self._response(
                    "",
                    "<d:resourcetype><d:collection/><c:addressbook/></d:resourcetype>"
                    f"<s:getctag>{self.token}</s:getctag><d:sync-token>{self.token}</d:sync-token>",
                ),
            )
        elif "sync-collection" in body:
            if self.refused and "<d:sync-token></d:sync-token>" not in body:
                request.answer(self.refused)
                return
            known = f"<d:sync-token>{self.token}</d:sync-token>" in body and not self.has_more
            names = [] if known else self.cards
            listed = [self._response(name, "<d:getetag>1</d:getetag>") for name in names]
            self._answer(request, *listed, f"<d:sync-token>{self.token}</d:sync-token>")
        else:
            self.asked = [name for name in self.cards if name in body]
            self._answer(request, *map(self._card, set(self.asked) - self.left_out))

    def _knows(self, request: Request) -> bool:
        word, _, answer = (request.headers.get("Authorization") or "").partition(" ")
        if word != self.login.split()[0]:
            return False
        if word != "Digest":
            return word == "Basic"
        own = dict(re.findall(r'(\w+)="?([^",]*)', answer))
        password = hashed(f"{USER}:SabreDAV:{PASSWORD}")
        asked = hashed(f"{request.command}:{request.path}")
        parts = (password, "6a0b1", own["nc"], own["cnonce"], "auth", asked)
        return own["response"] == hashed(":".join(parts)) and own["opaque"] == "df58bd"

    def _answer_at_root(self, request: Request, body: str) -> None:
        if "sync-token" in body:
            request.answer(500, b"DAViCal Fatal Error")
            return
        home = f"<c:addressbook-home-set><d:href>{BOOK}</d:href></c:addressbook-home-set>"
        self._answer(request, self._response("", home).replace(BOOK, "/", 1))

    def _card(self, name: str) -> str:
        if name in self.status:
            return (
                f"<d:response><d:href>{BOOK}{name}</d:href>"
                f"<d:status>HTTP/1.1 {self.status[name]} x</d:status></d:response>"
            )
        return self._response(name, f"<c:address-data>{self.cards[name]}</c:address-data>")

    @staticmethod
    def _response(name: str, properties: str) -> str:
        return (
            f"<d:response><d:href>{BOOK}{name}</d:href><d:propstat><d:prop>{properties}</d:prop>"
            "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
        )

    @staticmethod
    def _answer(request: Request, *parts: str) -> None:
        names = (
            'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"'
            ' xmlns:s="http://calendarserver.org/ns/"'
        )
        text = f"<d:multistatus {names}>{''.join(parts)}</d:multistatus>"
        request.answer(207, text.encode(), {"Content-Type": "application/xml"})


@pytest.fixture
def one_book(secret: Path) -> Iterator[tuple[OneBook, SourceSettings]]:
    server = OneBook()
    with web_server(server.handle) as url:
        options = CarddavOptions(url=url + BOOK, user=USER, password=SecretRef(file=secret))
        yield server, settings(kind="carddav", key=(), map={}, options=options)


@pytest.mark.parametrize("again", [{"full": True}, {}])
@pytest.mark.parametrize("status", [403, 500])
def test_a_card_that_the_server_does_not_give_stays_and_is_told(
    one_book: tuple[OneBook, SourceSettings], store: ContactStore, status: int, again: Any
) -> None:
    server, own = one_book
    assert sync_source(own, store).added == 2
    store.settle(store.last_seq())
    server.token, server.status = "two", {"b.vcf": status}
    report = sync_source(own, store, **again)
    assert (report.state, report.removed, report.rejected) == ("done", 0, 1)
    (rejected,) = store.rejected("crm")
    assert rejected.reason == f"the server does not give the card: HTTP {status}"
    assert {contact.name for contact in stored(store).values()} == {"Anna", "Bo"}
    store.settle(store.last_seq())
    server.status, server.asked = {}, []
    assert sync_source(own, store).rejected == 0 or status == 403
    assert ("b.vcf" in server.asked) == (status == 500)  # what may be mended is asked for again


def test_a_card_that_is_not_given_fails_the_run_where_keys_are_no_paths(
    one_book: tuple[OneBook, SourceSettings], store: ContactStore
) -> None:
    server, own = one_book
    own = settings(kind="carddav", key=("UID",), map={}, options=own.options)
    assert sync_source(own, store).added == 2
    server.status = {"b.vcf": 500}
    report = sync_source(own, store)
    assert report.state == "failed"
    assert f"no card at {BOOK}b.vcf: HTTP 500" in report.reason
    assert store.count("crm") == 2


@pytest.mark.parametrize("status", [400, 403, 409, 410, 412])
def test_a_token_that_is_refused_without_a_word_is_a_full_read(
    one_book: tuple[OneBook, SourceSettings], store: ContactStore, status: int
) -> None:
    server, own = one_book
    assert sync_source(own, store).added == 2
    store.settle(store.last_seq())
    server.token, server.refused = "two", status
    report = sync_source(own, store)
    assert (report.state, report.full) == ("done", True)


def test_of_cards_with_large_photos_fewer_are_asked_for_at_once(
    one_book: tuple[OneBook, SourceSettings], store: ContactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "MAX_BODY_BYTES", 200_000)
    server, own = one_book
    photo = f"PHOTO;ENCODING=b:{'A' * 40_000}\r\nEND:VCARD"
    server.cards = {
        f"{n:02}.vcf": card(str(n), f"Name {n}", "").replace("END:VCARD", photo) for n in range(60)
    }
    report = sync_source(own, store)
    assert (report.state, report.added, report.rejected) == ("done", 60, 0)
    monkeypatch.setattr(web, "MAX_BODY_BYTES", 20_000)
    report = sync_source(own, store, full=True)
    assert (report.state, report.removed) == ("failed", 0)
    assert "an answer larger than" in report.reason


def test_another_server_with_the_same_token_is_read_in_full(
    one_book: tuple[OneBook, SourceSettings], secret: Path, store: ContactStore
) -> None:
    """Tokens of some servers are plain numbers; a firm may move from one such server to another."""
    _, own = one_book
    assert sync_source(own, store).added == 2
    store.settle(store.last_seq())
    moved = OneBook()
    moved.cards["c.vcf"] = card("c", "Cleo", "")
    with web_server(moved.handle) as url:
        options = CarddavOptions(url=url + BOOK, user=USER, password=SecretRef(file=secret))
        report = sync_source(settings(kind="carddav", key=(), map={}, options=options), store)
    assert (report.full, report.added) == (True, 1)


def test_a_server_with_another_login_than_ours_is_told(
    one_book: tuple[OneBook, SourceSettings],
) -> None:
    server, own = one_book
    server.login = "Negotiate"
    (fault,) = CarddavSource(completed(own)).check().faults
    assert fault.endswith("offers Negotiate only, but Basic and Digest are what is spoken")


def test_a_server_that_wants_digest_gets_it_and_no_new_login_for_each_question(
    one_book: tuple[OneBook, SourceSettings], secret: Path, store: ContactStore
) -> None:
    """As sabre/dav (Baikal) asks for it."""
    server, own = one_book
    server.login = 'Digest realm="SabreDAV",qop="auth",nonce="6a0b1",opaque="df58bd"'
    assert sync_source(own, store).added == 2
    assert [line.split()[0] for line in server.logins[:3]] == ["Basic", "Digest", "Digest"]
    assert len({line for line in server.logins if "nc=00000001" in line}) == 1
    secret.write_text("wrong")
    report = sync_source(own, store)
    assert report.reason.endswith("HTTP 401: wrong user or password")


def test_a_card_that_is_left_out_of_an_answer_is_asked_for_by_itself(
    one_book: tuple[OneBook, SourceSettings], store: ContactStore
) -> None:
    """Xandikos leaves out those that have a question mark in their names."""
    server, own = one_book
    server.cards["q%3F.vcf"] = card("q", "Quint", "")
    server.left_out = {"q%3F.vcf", "b.vcf"}
    assert sync_source(own, store).added == 3
    store.settle(store.last_seq())
    server.token, server.status = "two", {"b.vcf": 500, "q%3F.vcf": 404}
    report = sync_source(own, store)
    assert (report.state, report.removed, report.rejected) == ("done", 1, 1)
    assert {contact.name for contact in stored(store).values()} == {"Anna", "Bo"}


def test_all_cards_as_an_answer_to_an_old_token_are_a_full_read(
    one_book: tuple[OneBook, SourceSettings], store: ContactStore
) -> None:
    """DAViCal answers so to a token that it has forgotten, and tells of no deletion."""
    server, own = one_book
    server.cards = {f"{n}.vcf": card(str(n), f"Name {n}", "") for n in range(20)}
    assert sync_source(own, store).added == 20
    store.settle(store.last_seq())
    server.token = "two"
    del server.cards["3.vcf"]
    report = sync_source(own, store)
    assert (report.full, report.removed) == (True, 1)


def test_a_change_in_the_same_second_as_one_that_was_read_is_not_lost(
    one_book: tuple[OneBook, SourceSettings], store: ContactStore
) -> None:
    """The ctag of SOGo is the time of the last change, in seconds."""
    server, own = one_book
    assert sync_source(own, store).added == 2
    store.settle(store.last_seq())
    server.cards["c.vcf"], server.has_more = card("c", "Cleo", ""), True
    report = sync_source(own, store)
    assert (report.full, report.added) == (False, 1)


def test_a_list_of_sogo_is_told_as_a_group(
    one_book: tuple[OneBook, SourceSettings], store: ContactStore
) -> None:
    server, own = one_book
    server.cards["l.vlf"] = (
        "BEGIN:VLIST\r\nUID:l\r\nFN:Liste\r\nCARD;FN=Anna:a.vcf\r\nEND:VLIST\r\n"
    )
    report = sync_source(own, store)
    assert (report.state, report.added, report.rejected) == ("done", 2, 1)
    (rejected,) = store.rejected("crm")
    assert rejected.reason == "a group of other cards, not a contact"


def test_the_way_to_the_books_is_found_where_the_first_question_is_too_much(
    one_book: tuple[OneBook, SourceSettings], store: ContactStore
) -> None:
    """DAViCal fails at its root when it is asked for a sync-token there."""
    server, own = one_book
    assert isinstance(own.options, CarddavOptions)
    server.fails_at_root = True
    root = msgspec.structs.replace(own.options, url=own.options.url.removesuffix(BOOK) + "/")
    report = sync_source(msgspec.structs.replace(own, options=root), store)
    assert (report.state, report.added) == ("done", 2)


def test_a_redirect_is_not_followed_but_named(peer: Radicale, secret: Path) -> None:
    peer.ensure_running()
    url = peer.root + ".well-known/carddav"
    (fault,) = source(peer, secret, url=url).check().faults
    assert "redirects to" in fault
    assert peer.root in fault


def test_what_is_no_address_book_is_said(peer: Radicale, secret: Path) -> None:
    peer.ensure_running()
    empty(peer)
    (fault,) = source(peer, secret).check().faults
    assert "no address book there" in fault
    peer.make_book("one")
    report = source(peer, secret).check()
    assert report.faults == ()
    assert "there are no cards" in report.warnings[0]
    assert list(source(peer, secret).read(b""))[-1] == Complete(
        full=True,
        bookmark=list(source(peer, secret).read(b""))[-1].bookmark,  # type: ignore[union-attr]  # Complete
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": "ftp://x"}, "no URL of a web server"),
        ({"url": "http://server.example/x"}, "without allow_plain"),
        ({"url": "https://a:b@server.example/"}, "no user or password in the URL"),
        ({"user": ""}, "belong together"),
    ],
)
def test_wrong_settings_are_refused(secret: Path, wrong: dict[str, Any], words: str) -> None:
    values: dict[str, Any] = {
        "url": "https://x.example/",
        "user": "a",
        "password": SecretRef(file=secret),
    }
    with pytest.raises(ValueError, match=words):
        CarddavOptions(**(values | wrong))
