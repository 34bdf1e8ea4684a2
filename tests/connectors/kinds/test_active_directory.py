"""Kind `ad` against a true domain controller: Samba. It takes a minute, so it is a long test."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any, ClassVar

import ldap3
import msgspec
import pytest
from typing_extensions import override

from connectors.kinds.directory import DirectoryOptions, DirectorySource
from connectors.registry import completed, open_source
from connectors.report import RunReport
from connectors.settings import SecretRef, SourceSettings
from connectors.sync import sync_source
from engine.source import Complete, Upsert
from engine.store import ContactStore
from tests.connectors.conformance import Conformance
from tests.connectors.making import ANY_DROP, settings, stored
from tests.connectors.sambapeer import (
    ADMIN,
    CERTIFIED_NAME,
    PASSWORD,
    READER,
    STAFF,
    Samba,
    samba,
)
from tests.connectors.worlds import Row, Rows, World

pytestmark = pytest.mark.long

SWITCHED_OFF, NORMAL = 514, 512


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samba]:
    with samba(tmp_path_factory.mktemp("samba")) as made:
        made.ensure_running()
        yield made


def options(peer: Samba, **changes: Any) -> DirectoryOptions:
    values: dict[str, Any] = {
        "url": peer.url,
        "base": STAFF,
        "bind": READER,
        "password": SecretRef(file=peer.secret),
        "ca": peer.ca,
        "server_name": CERTIFIED_NAME,
        "timeout_s": 30,
    }
    return DirectoryOptions(**(values | changes))


def directory(peer: Samba, **changes: Any) -> SourceSettings:
    return settings(kind="ad", key=(), map={"changed": ""}, options=options(peer, **changes))


def source(peer: Samba, **changes: Any) -> DirectorySource:
    opened = open_source(completed(directory(peer, **changes)))
    assert isinstance(opened, DirectorySource)
    return opened


def run(own: SourceSettings, store: ContactStore) -> RunReport:
    """One run of a handful of people, of whom any may leave."""
    report = sync_source(msgspec.structs.replace(own, max_drop=ANY_DROP), store)
    assert report.state == "done", report.reason
    store.settle(store.last_seq())
    return report


class AdWorld(World):
    """Contacts in the unit Staff; a row's key is the entry's `cn`, the controller makes its own."""

    incremental = True
    faults = ()
    lacks: ClassVar[dict[str, str]] = {
        "key change": "the controller makes the keys",
        "duplicate keys": "the controller makes the keys",
        "lost keys": "the controller makes the keys",
        "0 rows": "who comes back is another one to the controller",
        "half": "who comes back is another one to the controller",
        "wrong columns": "an entry may lack any attribute of its schema",
        "lost column": "an entry may lack any attribute of its schema",
        "bad encoding": "the controller refuses what is not UTF-8",
        "killed": "slapd, in a test of its own, is killed behind a page",
        "no rights": "every domain user may read",
        "expired bookmark": "a test of its own asks another controller",
    }

    def __init__(self, peer: Samba, follow: str) -> None:
        self.peer = peer
        self.settings = directory(peer, follow=follow)
        self._rows: dict[str, Row] = {}
        peer.ensure_running()
        with peer.admin() as admin:
            admin.search(STAFF, "(|(objectClass=contact)(objectClass=user))", attributes=["cn"])
            for entry in admin.response:
                if entry["type"] == "searchResEntry":
                    admin.delete(entry["dn"])

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        self.peer.ensure_running()
        self.peer.secret.write_text(PASSWORD)
        wanted = {row[0]: row for row in rows}
        with self.peer.admin() as admin:
            for key in self._rows.keys() - wanted.keys():
                admin.delete(f"CN={key},{STAFF}")
            for key, row in wanted.items():
                new = {"displayName": row[1]} | ({"telephoneNumber": row[2]} if row[2] else {})
                old = self._rows.get(key)
                if old is None:
                    admin.add(f"CN={key},{STAFF}", "contact", new)
                elif old != row:
                    names = ("displayName", "telephoneNumber")
                    changes = {
                        name: [(ldap3.MODIFY_REPLACE, [new[name]] if name in new else [])]
                        for name in names
                    }
                    admin.modify(f"CN={key},{STAFF}", changes)
        self._rows = wanted

    @override
    def damage(self, fault: str) -> None:
        if fault == "wrong password":
            self.peer.secret.write_text("wrong")
        elif fault == "hang":
            self.peer.signal(signal.SIGSTOP)
        elif fault == "error":
            self.peer.kill()
        else:
            raise AssertionError(fault)


@pytest.mark.parametrize("follow", ["dirsync", "usn"])
class TestActiveDirectory(Conformance):
    many = 100

    @pytest.fixture
    @override
    def world(self, peer: Samba, follow: str) -> World:
        return AdWorld(peer, follow)


def user(admin: Any, name: str) -> str:
    dn = f"CN={name},{STAFF}"
    values = {"sAMAccountName": name.replace(" ", "."), "displayName": name, "company": "Contoso"}
    admin.add(dn, "user", values)
    admin.extend.microsoft.modify_password(dn, PASSWORD)
    admin.modify(dn, {"userAccountControl": [(ldap3.MODIFY_REPLACE, [NORMAL])]})
    return dn


@pytest.mark.parametrize("follow", ["dirsync", "usn"])
def test_a_users_life_is_followed_with_a_plain_readers_rights(
    peer: Samba, store: ContactStore, follow: str
) -> None:
    AdWorld(peer, follow).fill([("1", "Anna", "+49 89 99998 1")])
    own = directory(peer, follow=follow)
    assert run(own, store).added == 1
    with peer.admin() as admin:
        dn = user(admin, "Jana Vogt")
    report = run(own, store)
    assert (report.added, report.full) == (1, False)
    (key,) = [key for key, contact in stored(store).items() if contact.name == "Jana Vogt"]

    with peer.admin() as admin:
        admin.modify_dn(dn, "CN=Jana Wolf")
        dn = f"CN=Jana Wolf,{STAFF}"
        admin.modify(dn, {"displayName": [(ldap3.MODIFY_REPLACE, ["Jana Wolf"])]})
    report = run(own, store)
    assert (report.added, report.changed, report.removed) == (0, 1, 0)
    assert stored(store)[key].name == "Jana Wolf"

    with peer.admin() as admin:  # an increment says only that it is empty now
        admin.modify(dn, {"company": [(ldap3.MODIFY_REPLACE, [])]})
    assert run(own, store).changed == 1
    assert (stored(store)[key].company, stored(store)[key].name) == ("", "Jana Wolf")

    with peer.admin() as admin:
        admin.modify(dn, {"userAccountControl": [(ldap3.MODIFY_REPLACE, [SWITCHED_OFF])]})
    assert run(own, store).removed == 1
    with peer.admin() as admin:
        admin.modify(dn, {"userAccountControl": [(ldap3.MODIFY_REPLACE, [NORMAL])]})
    assert run(own, store).added == 1
    assert stored(store)[key].name == "Jana Wolf"

    with peer.admin() as admin:
        admin.delete(dn)
    report = run(own, store)
    assert (report.removed, report.full) == (1, False)
    assert key not in stored(store)


@pytest.mark.parametrize("follow", ["dirsync", "usn"])
def test_a_new_name_alone_is_followed(peer: Samba, store: ContactStore, follow: str) -> None:
    """DirSync tells of it only where the attribute `name` is asked for."""
    AdWorld(peer, follow).fill([("1", "Anna", "")])
    own = msgspec.structs.replace(directory(peer, follow=follow), map={"display_name": "cn"})
    run(own, store)
    with peer.admin() as admin:
        admin.modify_dn(f"CN=1,{STAFF}", "CN=Jana Wolf")
    report = run(own, store)
    assert (report.changed, report.full) == (1, False)
    assert [contact.name for contact in stored(store).values()] == ["Jana Wolf"]


@pytest.mark.parametrize("follow", ["dirsync", "usn"])
def test_what_changes_behind_its_reading_comes_with_the_next_increment(
    peer: Samba, follow: str
) -> None:
    AdWorld(peer, follow).fill([(str(n), f"Name {n}", "") for n in range(20)])
    own = source(peer, follow=follow, page_size=5)
    events = own.read(b"")
    first = next(events)
    assert isinstance(first, Upsert)
    with peer.admin() as admin:
        number = first.record["displayName"].rpartition(" ")[2]
        admin.modify(f"CN={number},{STAFF}", {"title": [(ldap3.MODIFY_REPLACE, ["Leiterin"])]})
    (complete,) = [event for event in events if isinstance(event, Complete)]
    increment = list(own.read(complete.bookmark))
    assert first.key in {event.key for event in increment if isinstance(event, Upsert)}


def test_who_is_moved_out_of_the_base_is_gone(peer: Samba, store: ContactStore) -> None:
    AdWorld(peer, "dirsync").fill([("1", "Anna", ""), ("2", "Bo", "")])
    own = directory(peer)
    assert run(own, store).added == 2
    users = STAFF.partition(",")[2]
    with peer.admin() as admin:
        admin.modify_dn(f"CN=2,{STAFF}", "CN=2", new_superior=f"CN=Users,{users}")
    assert run(own, store).removed == 1
    with peer.admin() as admin:
        admin.modify_dn(f"CN=2,CN=Users,{users}", "CN=2", new_superior=STAFF)
    assert run(own, store).added == 1


@pytest.mark.parametrize("follow", ["dirsync", "usn"])
def test_who_comes_into_the_base_with_a_unit_is_found(
    peer: Samba, store: ContactStore, follow: str
) -> None:
    """None of these entries changes."""
    AdWorld(peer, "dirsync").fill([("1", "Anna", "")])
    own = directory(peer, follow=follow)
    domain = STAFF.partition(",")[2]
    unit, person = f"OU=New,{domain}", f"CN=2,OU=New,{domain}"
    with peer.admin() as admin:
        admin.add(unit, "organizationalUnit")
        admin.add(person, "contact", {"displayName": "Bo"})
    assert run(own, store).added == 1
    assert not run(own, store).full
    with peer.admin() as admin:
        admin.modify_dn(unit, "OU=New", new_superior=STAFF)
    try:
        assert run(own, store).added == 1
        assert not run(own, store).full
    finally:
        with peer.admin() as admin:
            admin.modify_dn(f"OU=New,{STAFF}", "OU=New", new_superior=domain)
            admin.delete(person)
            admin.delete(unit)
    assert run(own, store).removed == 1


@pytest.mark.parametrize("follow", ["dirsync", "usn"])
def test_what_is_neither_user_nor_contact_is_followed_where_the_filter_wants_it(
    peer: Samba, store: ContactStore, follow: str
) -> None:
    AdWorld(peer, "dirsync").fill([("1", "Anna", "")])
    own = directory(peer, follow=follow, filter="(|(objectClass=contact)(objectClass=group))")
    assert run(own, store).added == 1
    dn = f"CN=sales,{STAFF}"
    with peer.admin() as admin:
        admin.add(dn, "group", {"sAMAccountName": "sales", "displayName": "Sales"})
    try:
        report = run(own, store)
        assert (report.added, report.full) == (1, False)
        with peer.admin() as admin:
            admin.modify(dn, {"displayName": [(ldap3.MODIFY_REPLACE, ["Verkauf"])]})
        assert run(own, store).changed == 1
    finally:
        with peer.admin() as admin:
            admin.delete(dn)
    assert run(own, store).removed == 1


def test_an_administrator_reads_the_same(peer: Samba, store: ContactStore) -> None:
    world = AdWorld(peer, "dirsync")
    world.fill([("1", "Anna", ""), ("2", "Bo", "")])
    own = directory(peer, bind=ADMIN)
    assert run(own, store).added == 2
    world.fill([("1", "Anna", "")])
    assert run(own, store).removed == 1


def test_another_controller_or_a_wrong_cookie_is_a_full_read(
    peer: Samba, store: ContactStore
) -> None:
    AdWorld(peer, "dirsync").fill([("1", "Anna", "")])
    for follow in ("dirsync", "usn"):
        own = directory(peer, follow=follow)
        report = run(own, store)
        assert report.full
        opened = source(peer, follow=follow)
        *_, end = opened.read(b"")
        how, scope, _ = msgspec.msgpack.decode(end.bookmark)  # type: ignore[union-attr]  # Complete
        for mark in ("9 CN=NTDS Settings,CN=DC9", "bm8gY29va2ll", "not base64!"):
            bookmark = msgspec.msgpack.encode((how, scope, mark))
            *_, end = opened.read(bookmark)
            assert end.full  # type: ignore[union-attr]  # Complete


def test_a_password_in_clear_is_refused_by_the_controller_with_advice(peer: Samba) -> None:
    peer.ensure_running()
    plain = peer.url.replace("ldaps", "ldap")
    (fault,) = source(peer, url=plain, allow_plain=True).check().faults
    assert "strongerAuthRequired: the server wants TLS" in fault
    assert source(peer, url=plain).check().faults == ()


def test_an_authority_that_is_not_trusted_is_refused(peer: Samba) -> None:
    peer.ensure_running()
    (fault,) = source(peer, ca=None).check().faults
    assert "ca = … names the authority to trust" in fault
    (fault,) = source(peer, server_name="").check().faults
    assert "cannot connect" in fault
