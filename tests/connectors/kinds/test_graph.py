"""Kind `graph` against a simulator of our own (`tests.connectors.graphsim`): there is no other."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest
from typing_extensions import override

from connectors.errors import SourceFailed
from connectors.kinds.graph import MANY_CHANGED, GraphOptions, GraphSource
from connectors.registry import completed
from connectors.report import RunReport
from connectors.settings import SecretRef, SourceSettings
from connectors.sync import sync_source
from engine.store import ContactStore
from tests.connectors.conformance import CANCEL_S, Conformance
from tests.connectors.graphsim import AT_ONCE, CLIENT_ID, TENANT, GraphSimulator, graph_simulator
from tests.connectors.making import ANY_DROP, settings, stored
from tests.connectors.test_oauth import client_certificate
from tests.connectors.webpeer import Request, web_server
from tests.connectors.worlds import ROWS, Row, Rows, World


@pytest.fixture
def graph() -> Iterator[GraphSimulator]:
    with graph_simulator() as made:
        yield made


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text("s3cret")
    return path


def tenant(graph: GraphSimulator, secret: Path, **changes: Any) -> SourceSettings:
    values: dict[str, Any] = {
        "tenant": TENANT,
        "client_id": CLIENT_ID,
        "client_secret": SecretRef(file=secret),
        "endpoint": f"{graph.url}/v1.0",
        "login": graph.url,
        "timeout_s": 20,
    }
    return settings(kind="graph", key=(), map={}, options=GraphOptions(**(values | changes)))


def run(own: SourceSettings, store: ContactStore) -> RunReport:
    report = sync_source(own, store)
    assert report.state == "done", report.reason
    store.settle(store.last_seq())
    return report


class GraphWorld(World):
    """Users of a tenant."""

    incremental = True
    faults = ("no list",)
    lacks: ClassVar[dict[str, str]] = {
        "duplicate keys": "a repeated object is the same object: the last one counts",
        "lost keys": "every object has an id",
        "wrong columns": "an object may lack any property",
        "lost column": "an object may lack any property",
        "bad encoding": "JSON is UTF-8; another one is no JSON",
    }

    def __init__(self, graph: GraphSimulator, secret: Path) -> None:
        self.graph = graph
        self.secret = secret
        self.settings = tenant(graph, secret)
        self._rows: dict[str, Row] = {}
        self._users = graph.collection("users")

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        self.graph.status, self.graph.cut = 200, False
        self.graph.mute.set()
        self.graph.page = 500
        self.graph.collections["users"] = self._users
        self.secret.write_text("s3cret")
        wanted = {row[0]: row for row in rows}
        for key in self._rows.keys() - wanted.keys():
            self._users.remove(key)
        for key, name, phone in wanted.values():
            phones = [phone] if phone else []
            self._users.put(key, displayName=name, businessPhones=phones, accountEnabled=True)
        self._rows = wanted

    @override
    def damage(self, fault: str) -> None:
        if fault == "wrong password":
            self.secret.write_text("wrong")
        elif fault == "no rights":
            self.graph.status = 403
        elif fault == "hang":
            self.graph.mute.clear()
        elif fault == "error":
            self.graph.status = 500
        elif fault == "killed":
            self.graph.cut = True
            self.graph.page = 100
        elif fault == "expired bookmark":
            self._users.forgotten = len(self._users.log) + 1
        elif fault == "no list":
            self.graph.tokens.clear()
            self.graph.secret, self.graph.status = "s3cret", 404
        else:
            raise AssertionError(fault)


class TestGraph(Conformance):
    many = 60

    @pytest.fixture
    @override
    def world(self, graph: GraphSimulator, secret: Path) -> World:
        return GraphWorld(graph, secret)

    def test_a_peer_killed_while_it_is_read_loses_nothing(  # type: ignore[override]
        self, world: GraphWorld, store: ContactStore
    ) -> None:
        """A delta is read to its end before anything of it is told: it is cut off at once."""
        self.fill_and_sync(world, store)
        world.fill([(key, f"Other {key}", phone) for key, _, phone in ROWS])
        world.graph.page, world.graph.cut = 10, True
        report = self.sync(world, store)
        assert (report.state, report.changed, report.removed) == ("failed", 0, 0)
        world.fill([(key, f"Other {key}", phone) for key, _, phone in ROWS])
        assert self.sync(world, store).changed == len(ROWS)


def test_an_increment_of_changed_properties_only_is_read_whole(
    graph: GraphSimulator, secret: Path, store: ContactStore
) -> None:
    users = graph.collection("users")
    whole = {"surname": "Vogt", "givenName": "Jana", "companyName": "Brot", "mobilePhone": "0151 1"}
    users.put("1", **whole)
    own = tenant(graph, secret)
    run(own, store)
    users.put("1", **whole | {"surname": "Wolf"})
    report = run(own, store)
    assert (report.changed, report.full) == (1, False)
    (contact,) = stored(store).values()
    assert (contact.given_name, contact.surname, contact.company) == ("Jana", "Wolf", "Brot")
    assert len(contact.phones) == 1


def test_very_many_changes_are_read_in_pages(
    graph: GraphSimulator, secret: Path, store: ContactStore
) -> None:
    graph.page = 200
    users = graph.collection("users")
    for turn in ("Eins", "Zwei"):
        for n in range(MANY_CHANGED + 1):
            users.put(str(n), displayName=f"{turn} {n}")
        report = run(tenant(graph, secret), store)
        assert report.full
    assert report.changed == MANY_CHANGED + 1


def test_who_is_switched_off_or_removed_is_gone(
    graph: GraphSimulator, secret: Path, store: ContactStore
) -> None:
    users = graph.collection("users")
    for n in range(20):
        users.put(str(n), displayName=f"Name {n}", accountEnabled=True)
    users.put("off", displayName="Off", accountEnabled=False)
    own = tenant(graph, secret)
    assert run(own, store).added == 20
    users.put("1", displayName="Name 1", accountEnabled=False)
    users.remove("2")
    report = run(own, store)
    assert (report.removed, report.full) == (2, False)
    users.put("1", displayName="Name 1", accountEnabled=True)
    assert run(own, store).added == 1
    assert run(tenant(graph, secret, disabled=True), store).added >= 0


def test_every_folder_of_every_mailbox_is_followed(
    graph: GraphSimulator, secret: Path, store: ContactStore
) -> None:
    anna, bo = "anna@firm.example", "bo@firm.example"
    graph.folders[f"users/{anna}/contactFolders"] = ["customers"]
    graph.folders[f"users/{anna}/contactFolders/customers/childFolders"] = ["old"]
    places = [
        f"users/{anna}/contacts",
        f"users/{anna}/contactFolders/customers/contacts",
        f"users/{anna}/contactFolders/old/contacts",
        f"users/{bo}/contacts",
    ]
    for n, place in enumerate(places):
        emails = [{"address": f"p{n}@x.example"}]
        graph.collection(place).put(f"c{n}", displayName=f"Name {n}", emailAddresses=emails,
                                    homePhones=["+49 89 99998 1"])  # fmt: skip
    own = tenant(graph, secret, read=("mailboxes",), mailboxes=(anna, bo))
    assert run(own, store).added == 4
    assert {c.emails[0] for c in stored(store).values()} == {f"p{n}@x.example" for n in range(4)}
    graph.collection(places[2]).put("c2", displayName="Neu")
    report = run(own, store)
    assert (report.changed, report.full) == (1, False)
    graph.collection(places[1]).put("c9", displayName="Dazu")
    graph.collection(places[3]).remove("c3")
    report = run(own, store)
    assert (report.added, report.removed) == (1, 1)
    graph.folders[f"users/{bo}/contactFolders"] = ["more"]
    assert run(own, store).full, "a new folder: everything is read"
    assert 1 <= graph.most_at_once <= AT_ONCE


MAILBOXES = tuple(f"m{n}@firm.example" for n in range(8))


def fill_mailboxes(graph: GraphSimulator) -> None:
    for n, mailbox in enumerate(MAILBOXES):
        for contact in range(3):
            key = f"{n}-{contact}"
            graph.collection(f"users/{mailbox}/contacts").put(key, displayName=f"Name {key}")


def test_four_mailboxes_are_read_at_once_each_by_one_request(
    graph: GraphSimulator, secret: Path, store: ContactStore
) -> None:
    fill_mailboxes(graph)
    graph.meeting = threading.Barrier(AT_ONCE)
    own = tenant(graph, secret, read=("mailboxes",), mailboxes=MAILBOXES)
    assert run(own, store).added == 24
    assert run(own, store).changed == 0
    assert not graph.meeting.broken
    assert graph.most_at_once == 1


def test_each_mailbox_goes_on_from_its_own_bookmark(
    graph: GraphSimulator, secret: Path, store: ContactStore
) -> None:
    fill_mailboxes(graph)
    own = tenant(graph, secret, read=("mailboxes",), mailboxes=MAILBOXES)
    run(own, store)
    for turn in range(1, 4):
        for n in range(turn, 8, 3):
            contacts = graph.collection(f"users/{MAILBOXES[n]}/contacts")
            contacts.put(f"{n}-0", displayName=f"Turn {turn}")
        report = run(own, store)
        assert (report.changed, report.removed, report.full) == (len(range(turn, 8, 3)), 0, False)
    graph.collection(f"users/{MAILBOXES[5]}/contacts").forgotten = 99
    report = run(own, store)
    assert (report.changed, report.removed, report.full) == (0, 0, True)


@pytest.mark.parametrize(
    "said",
    [
        (410, "SyncStateNotFound"),
        (410, "resyncRequired"),
        (400, "SyncStateInvalid"),
        (404, "ErrorItemNotFound"),
    ],
    ids=lambda said: f"{said[0]}-{said[1]}",
)
def test_a_forgotten_delta_is_a_full_read_however_it_is_said(
    graph: GraphSimulator, secret: Path, store: ContactStore, said: tuple[int, str]
) -> None:
    graph.lost = said
    contacts = graph.collection(f"users/{MAILBOXES[0]}/contacts")
    contacts.put("1", displayName="Anna")
    own = tenant(graph, secret, read=("mailboxes",), mailboxes=MAILBOXES[:1])
    run(own, store)
    contacts.forgotten = 99
    assert run(own, store).full


def test_a_busy_mailbox_holds_up_no_other(
    graph: GraphSimulator, secret: Path, store: ContactStore
) -> None:
    fill_mailboxes(graph)
    graph.busy[MAILBOXES[0]] = 2
    own = tenant(graph, secret, read=("mailboxes",), mailboxes=MAILBOXES)
    assert run(own, store).added == 24
    assert graph.answered[-1] == MAILBOXES[0]


def test_a_mailbox_that_may_not_be_read_ends_the_wait_for_the_others(
    graph: GraphSimulator, secret: Path, store: ContactStore
) -> None:
    fill_mailboxes(graph)
    graph.waiting, graph.closed = set(MAILBOXES[:3]), {MAILBOXES[3]}
    own = tenant(graph, secret, read=("mailboxes",), mailboxes=MAILBOXES)
    report = sync_source(own, store)
    assert (report.state, report.removed) == ("failed", 0)
    assert f"{MAILBOXES[3]}/contacts/delta: HTTP 403: ErrorAccessDenied" in report.reason
    assert report.seconds < 15


def test_a_cancel_ends_the_wait_for_all_mailboxes(
    graph: GraphSimulator, secret: Path, store: ContactStore
) -> None:
    fill_mailboxes(graph)
    graph.waiting = set(MAILBOXES)
    own = tenant(graph, secret, read=("mailboxes",), mailboxes=MAILBOXES)
    asked = time.monotonic()
    report = sync_source(own, store, cancelled=lambda: time.monotonic() > asked + 1)
    assert report.state == "failed"
    assert report.seconds < 1 + CANCEL_S
    deadline = time.monotonic() + 10
    while any(thread.name == "source" for thread in threading.enumerate()):
        assert time.monotonic() < deadline


@pytest.mark.parametrize("there", ["contacts", "contactFolders/later/contacts"])
def test_a_contact_that_moves_to_another_folder_stays(
    graph: GraphSimulator, secret: Path, store: ContactStore, there: str
) -> None:
    """Its immutable id stays the same; which of the two folders is read first does not matter."""
    anna = "anna@firm.example"
    graph.folders[f"users/{anna}/contactFolders"] = ["later"]
    places = {f"users/{anna}/contacts", f"users/{anna}/contactFolders/later/contacts"}
    (here,) = places - {f"users/{anna}/{there}"}
    graph.collection(here).put("c1", displayName="Jana Vogt")
    graph.collection(here).put("c2", displayName="Ines Wolf")
    own = tenant(graph, secret, read=("mailboxes",), mailboxes=(anna,))
    assert run(own, store).added == 2
    graph.collection(here).remove("c1")
    graph.collection(f"users/{anna}/{there}").put("c1", displayName="Jana Vogt")
    report = run(own, store)
    assert (report.changed, report.removed, report.full) == (0, 0, False)
    assert len(stored(store)) == 2


@pytest.mark.parametrize("full", [False, True])
def test_a_contact_that_moves_between_two_folders_while_they_are_read_stays(
    graph: GraphSimulator, secret: Path, store: ContactStore, *, full: bool
) -> None:
    """The folder that was read before tells only the next time that the contact is gone from it."""
    anna = "anna@firm.example"
    graph.folders[f"users/{anna}/contactFolders"] = ["later"]
    before, behind = f"users/{anna}/contacts", f"users/{anna}/contactFolders/later/contacts"
    graph.collection(before).put("c1", displayName="Jana Vogt")
    graph.collection(behind).put("c2", displayName="Ines Wolf")
    own = tenant(graph, secret, read=("mailboxes",), mailboxes=(anna,))
    own = msgspec.structs.replace(own, max_drop=ANY_DROP)

    def move() -> None:
        graph.collection(before).remove("c1")
        graph.collection(behind).put("c1", displayName="Jana Vogt")

    if not full:
        run(own, store)
    graph.meanwhile[behind] = move
    assert run(own, store).full == full
    report = run(own, store)
    assert (report.removed, report.full) == (0, False)
    assert stored(store).keys() == {"c1", "c2"}
    graph.collection(behind).remove("c1")
    assert run(own, store).removed == 1
    assert stored(store).keys() == {"c2"}


def test_a_contact_that_moved_and_was_deleted_is_gone(
    graph: GraphSimulator, secret: Path, store: ContactStore
) -> None:
    anna = "anna@firm.example"
    graph.folders[f"users/{anna}/contactFolders"] = ["later"]
    before, behind = f"users/{anna}/contacts", f"users/{anna}/contactFolders/later/contacts"
    graph.collection(behind).put("c2", displayName="Ines Wolf")
    own = tenant(graph, secret, read=("mailboxes",), mailboxes=(anna,))
    own = msgspec.structs.replace(own, max_drop=ANY_DROP)
    run(own, store)
    graph.collection(behind).put("c1", displayName="Jana Vogt")
    run(own, store)
    graph.collection(behind).remove("c1")
    graph.collection(before).put("c1", displayName="Jana Vogt")
    graph.collection(before).remove("c1")
    assert run(own, store).removed == 1
    assert stored(store).keys() == {"c2"}


def test_contacts_of_the_organisation_have_phones_by_type(
    graph: GraphSimulator, secret: Path, store: ContactStore
) -> None:
    phones = [
        {"type": "business", "number": "+49 89 99998 1"},
        {"type": "mobile", "number": "+49 151 99998 2"},
        {"type": "businessFax", "number": "+49 89 99998 3"},
    ]
    addresses = [{"street": "Hauptstr. 1", "city": "München", "postalCode": "80331"}]
    graph.collection("contacts").put(
        "o1", displayName="Brot GmbH", phones=phones, addresses=addresses
    )
    run(tenant(graph, secret, read=("users", "contacts")), store)
    (contact,) = stored(store).values()
    assert [line.kind for line in contact.phones] == ["work", "mobile", "fax"]
    assert (contact.address.city, contact.address.postcode) == ("München", "80331")


def test_a_certificate_signs_in_and_another_does_not(
    graph: GraphSimulator, secret: Path, store: ContactStore, tmp_path: Path
) -> None:
    graph.collection("users").put("1", displayName="Anna")
    pem, graph.certificate = client_certificate()
    (tmp_path / "app.pem").write_text(pem)
    own = tenant(
        graph, secret, client_secret=None, certificate=SecretRef(file=tmp_path / "app.pem")
    )
    assert run(own, store).added == 1
    graph.tokens.clear()
    _, graph.certificate = client_certificate()
    report = sync_source(own, store)
    assert report.state == "failed"
    assert "no token: invalid_client: AADSTS7000215" in report.reason


def test_a_busy_service_and_a_token_taken_back_are_borne(
    graph: GraphSimulator, secret: Path, store: ContactStore
) -> None:
    for n in range(120):
        graph.collection("users").put(str(n), displayName=f"Name {n}")
    graph.throttled = 3
    own = tenant(graph, secret)
    source = GraphSource(completed(own))
    assert source.check().faults == ()
    events = source.read(b"")
    next(events)
    graph.tokens.clear()
    list(events)
    graph.throttled = 2
    assert run(own, store).added == 120


def test_pages_that_lead_round_in_a_circle_end_the_run(secret: Path) -> None:
    def handle(request: Request) -> None:
        if request.command == "POST":
            request.answer(200, b'{"access_token":"one"}')
            return
        at = 1 - int(request.path.rpartition("=")[2] == "1")
        link = f"http://{request.headers['Host']}/v1.0/users/delta?$skiptoken={at}"
        request.answer(200, json.dumps({"value": [], "@odata.nextLink": link}).encode())

    with web_server(handle) as url:
        options = GraphOptions(
            tenant="t",
            client_id="a",
            client_secret=SecretRef(file=secret),
            endpoint=f"{url}/v1.0",
            login=url,
            timeout_s=20,
        )
        own = GraphSource(completed(settings(kind="graph", key=(), map={}, options=options)))
        with pytest.raises(SourceFailed, match="a page leads neither on nor to the end"):
            list(own.read(b""))


def test_a_link_to_another_server_gets_no_token(graph: GraphSimulator, secret: Path) -> None:
    graph.collection("users").put("1", displayName="Anna")
    true_url, original = graph.url, graph._delta
    own = GraphSource(completed(tenant(graph, secret)))

    def elsewhere(request: Any, name: str, query: Any) -> None:
        graph.url = "https://other.example"
        try:
            original(request, name, query)
        finally:
            graph.url = true_url

    graph._delta = elsewhere  # type: ignore[method-assign]  # the fault itself
    with pytest.raises(SourceFailed, match="leads to another server"):
        list(own.read(b""))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tenant": "a b"}, "tenant: bad value"),
        ({"client_secret": None}, "exactly one of certificate"),
        ({"read": ()}, "read: .*at least one of"),
        ({"read": ("mailboxes",)}, "belong together"),
        ({"mailboxes": ("a@b.example",)}, "belong together"),
        ({"endpoint": "http://graph.example"}, "endpoint: .*allow_plain"),
    ],
)
def test_wrong_settings_are_refused(secret: Path, wrong: dict[str, Any], words: str) -> None:
    values: dict[str, Any] = {
        "tenant": TENANT,
        "client_id": CLIENT_ID,
        "client_secret": SecretRef(file=secret),
    }
    with pytest.raises(ValueError, match=words):
        GraphOptions(**(values | wrong))
