from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from uuid import NAMESPACE_OID, uuid5

import ldap3
import msgspec
import pytest
from typing_extensions import override

from connectors.errors import SourceFailed
from connectors.kinds.directory import DirectoryOptions, DirectorySource
from connectors.registry import completed, open_source
from connectors.settings import SecretRef, SourceSettings
from connectors.sync import sync_source
from engine.source import CheckReport, Complete, Upsert
from engine.store import ContactStore
from tests.connectors.conformance import Conformance
from tests.connectors.making import ANY_DROP, settings, stored
from tests.connectors.slapdpeer import (
    BASE,
    LIMITED,
    NOBODY,
    PEOPLE_BASE,
    READER,
    Slapd,
    attributes,
    dn_of,
    slapd,
)
from tests.connectors.worlds import ROWS, Row, Rows, World, many

RELAX_RULES = "1.3.6.1.4.1.4203.666.5.12"
"""draft-zeilenga-ldap-relax: lets the administrator set what the server sets."""


def options(peer: Slapd, **changes: Any) -> DirectoryOptions:
    values: dict[str, Any] = {
        "url": peer.url,
        "base": PEOPLE_BASE,
        "bind": READER,
        "password": SecretRef(file=peer.secret),
        "allow_plain": True,
        "timeout_s": 20,
    }
    return DirectoryOptions(**(values | changes))


def directory(peer: Slapd, **changes: Any) -> SourceSettings:
    return settings(kind="ldap", key=(), map={}, options=options(peer, **changes))


def source(peer: Slapd, **changes: Any) -> DirectorySource:
    opened = open_source(completed(directory(peer, **changes)))
    assert isinstance(opened, DirectorySource)
    return opened


class LdapWorld(World):
    incremental = True
    faults = ()
    lacks: ClassVar[dict[str, str]] = {
        "duplicate keys": "the server makes the keys",
        "lost keys": "the server makes the keys",
        "wrong columns": "an entry may lack any attribute of its schema",
        "lost column": "an entry may lack any attribute of its schema",
        "bad encoding": "the server refuses what is not UTF-8",
        "killed": "thousands of entries take long; a test of its own kills it behind a page",
        "expired bookmark": "slapd forgets nothing; a test of its own restores a backup",
    }

    def __init__(self, peer: Slapd, follow: str) -> None:
        self.peer = peer
        self._options = options(peer, follow=follow)
        self._rows: dict[str, Row] = {}
        peer.ensure_running()
        with peer.admin() as admin:
            admin.search(PEOPLE_BASE, "(uid=*)", attributes=["1.1"], paged_size=None)
            for entry in admin.response:
                admin.delete(entry["dn"])

    @property
    def settings(self) -> SourceSettings:  # type: ignore[override]
        # A row that comes back has another time of change, which is no fault.
        return settings(kind="ldap", key=(), map={"changed": ""}, options=self._options)

    @override
    def fill(self, rows: Rows, *, name_column: str = "name") -> None:
        self.peer.ensure_running()
        self.peer.secret.write_text("bra{ces}")
        self._options = msgspec.structs.replace(self._options, bind=READER)
        wanted = {row[0]: row for row in rows}
        with self.peer.admin() as admin:
            for key in self._rows.keys() - wanted.keys():
                admin.delete(dn_of(key))
            for key, row in wanted.items():
                old = self._rows.get(key)
                if old is None:
                    # By the relaxed rules a row that comes back gets the id that it had.
                    values = {"uid": key, "entryUUID": str(uuid5(NAMESPACE_OID, key))}
                    admin.add(
                        dn_of(key),
                        "inetOrgPerson",
                        values | attributes(row),
                        controls=[(RELAX_RULES, True, None)],
                    )
                elif old != row:
                    names = attributes(old).keys() | attributes(row).keys()
                    new = attributes(row)
                    changes = {
                        name: [(ldap3.MODIFY_REPLACE, [new[name]] if name in new else [])]
                        for name in names
                    }
                    admin.modify(dn_of(key), changes)
        self._rows = wanted

    @override
    def damage(self, fault: str) -> None:
        if fault == "wrong password":
            self.peer.secret.write_text("wrong")
        elif fault == "no rights":
            self._options = msgspec.structs.replace(self._options, bind=NOBODY)
        elif fault == "hang":
            self.peer.signal(signal.SIGSTOP)
        elif fault == "error":
            self.peer.kill()
        else:
            raise AssertionError(fault)


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd(tmp_path_factory.mktemp("slapd")) as made:
        made.load([])
        yield made


@pytest.fixture(scope="module")
def forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """A slapd that remembers no deletions: it tells what is left instead."""
    with slapd(tmp_path_factory.mktemp("slapd"), session_log=False) as made:
        made.load([])
        yield made


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd(tmp_path_factory.mktemp("slapd")) as made:
        made.load(many(5_000))
        yield made


@pytest.fixture
def crowd(loaded: Slapd) -> Slapd:
    """5,000 entries behind a size limit of 100."""
    loaded.ensure_running()
    return loaded


class TestSyncRepl(Conformance):
    many = 200

    @pytest.fixture
    @override
    def world(self, peer: Slapd) -> World:
        return LdapWorld(peer, "syncrepl")


class TestSyncReplWithoutSessionLog:
    def test_what_is_added_changed_and_gone_is_followed(
        self, forgetful: Slapd, store: ContactStore
    ) -> None:
        suite = Conformance()
        suite.test_what_is_added_changed_and_gone_is_followed(
            LdapWorld(forgetful, "syncrepl"), store
        )


class TestModifyTimestamp(Conformance):
    many = 200

    @pytest.fixture
    @override
    def world(self, peer: Slapd) -> World:
        return LdapWorld(peer, "modified")


def test_five_thousand_entries_come_past_a_size_limit_and_a_cut_answer_is_no_success(
    crowd: Slapd, store: ContactStore
) -> None:
    report = sync_source(directory(crowd), store)
    assert (report.state, report.added) == ("done", 5_000)
    for follow in ("none", "modified", "syncrepl"):
        limited = directory(crowd, bind=LIMITED, follow=follow)
        report = sync_source(limited, store, full=True)
        assert (report.state, report.removed) == ("failed", 0)
        assert "sizeLimitExceeded: the server's size limit cut the answer" in report.reason
    assert store.count("crm") == 5_000


def test_a_size_limit_that_cuts_what_changed_fails_the_run(
    crowd: Slapd, store: ContactStore
) -> None:
    """The limit holds for a search by syncrepl too, and its answer is no error to ldap3."""
    few = "(uid=10*)"
    own = directory(crowd, follow="syncrepl", filter=few)
    assert sync_source(own, store).added == 111
    store.settle(store.last_seq())
    with crowd.admin() as admin:
        for number in [10, *range(100, 110), *range(1_000, 1_100)]:
            admin.modify(dn_of(str(number)), {"title": [(ldap3.MODIFY_REPLACE, [f"{number}"])]})
    limited = directory(crowd, follow="syncrepl", filter=few, bind=LIMITED)
    report = sync_source(limited, store)
    assert (report.state, report.changed, report.removed) == ("failed", 0, 0)
    assert "sizeLimitExceeded" in report.reason
    report = sync_source(own, store)
    assert (report.state, report.full, report.changed) == ("done", False, 111)


def test_a_server_killed_behind_a_page_fails_the_run(crowd: Slapd) -> None:
    events = source(crowd, page_size=100).read(b"")
    for _ in range(150):
        assert isinstance(next(events), Upsert)
    crowd.kill()
    with pytest.raises(SourceFailed, match="the search failed"):
        list(events)


def test_a_server_restored_from_a_backup_is_read_in_full(
    tmp_path: Path, store: ContactStore
) -> None:
    with slapd(tmp_path) as peer:
        peer.load(ROWS[:30])
        peer.start()
        own = directory(peer, follow="syncrepl")
        with peer.admin() as admin:
            admin.modify(dn_of("2"), {"title": [(ldap3.MODIFY_REPLACE, ["Leiterin"])]})
        peer.stop()
        backup = peer.dump()
        peer.start()
        with peer.admin() as admin:
            admin.modify(dn_of("1"), {"displayName": [(ldap3.MODIFY_REPLACE, ["Neu"])]})
        assert sync_source(own, store).state == "done"
        store.settle(store.last_seq())
        peer.kill()
        peer.restore(backup)
        peer.start()
        report = sync_source(own, store)
        assert (report.state, report.full, report.changed) == ("done", True, 1)
        assert {contact.name for contact in stored(store).values()} == {r[1] for r in ROWS[:30]}


def test_the_rights_that_the_manual_names_are_enough(tmp_path: Path, store: ContactStore) -> None:
    page = (Path(__file__).parents[3] / "docs/sources/ldap.md").read_text()
    rules = re.findall(r"^    (access to .*)$", page, re.MULTILINE)
    assert len(rules) == 2
    access = "\n".join(rule.replace("cn=rufname,…", READER) for rule in rules)
    assert f'"{PEOPLE_BASE}"' in access
    assert f'"{BASE}"' in access
    with slapd(tmp_path, access=access) as peer:
        peer.load(ROWS)
        peer.start()
        (plain,) = source(peer).check().warnings
        assert "readable" in plain
        assert sync_source(directory(peer), store).added == len(ROWS)
        store.settle(store.last_seq())
        with peer.admin() as admin:
            admin.delete(dn_of("1"))
            admin.modify(dn_of("2"), {"title": [(ldap3.MODIFY_REPLACE, ["Leiterin"])]})
        report = sync_source(directory(peer), store)
        # syncrepl tells of these two; by modifyTimestamp all of the last minute would be read.
        assert (report.state, report.full, report.read, report.removed) == ("done", False, 2, 1)


def test_another_base_or_filter_is_a_full_read(peer: Slapd, store: ContactStore) -> None:
    LdapWorld(peer, "auto").fill(ROWS)
    assert sync_source(directory(peer), store).full
    store.settle(store.last_seq())
    assert not sync_source(directory(peer), store).full
    store.settle(store.last_seq())
    narrower = directory(peer, filter="(uid=1*)")
    report = sync_source(msgspec.structs.replace(narrower), store)
    assert report.full
    assert report.held_back == 29


@pytest.mark.parametrize("follow", ["modified", "syncrepl"])
def test_changes_that_are_told_by_ids_which_are_not_shown_are_not_lost(
    tmp_path: Path, store: ContactStore, follow: str
) -> None:
    """Some directories have no entryUUID, and the rights of some show it to nobody."""
    access = f'access to attrs=entryUUID by * none\naccess to * by dn.exact="{READER}" read'
    with slapd(tmp_path, access=access) as peer:
        peer.load(ROWS)
        peer.start()
        own = settings(kind="ldap", key=("uid",), map={}, options=options(peer, follow=follow))
        assert sync_source(own, store).added == len(ROWS)
        store.settle(store.last_seq())
        warnings = open_source(completed(own)).check().warnings
        assert "changes cannot be followed: every run reads all entries" in warnings
        with peer.admin() as admin:
            admin.modify(dn_of("1"), {"displayName": [(ldap3.MODIFY_REPLACE, ["Neu"])]})
        report = sync_source(own, store)
        assert (report.state, report.full, report.changed) == ("done", True, 1)


@pytest.mark.parametrize("follow", ["modified", "syncrepl"])
def test_of_entries_with_the_same_key_the_first_stays_whatever_changes(
    peer: Slapd, store: ContactStore, follow: str
) -> None:
    """A key of one's own may be that of several entries; else it is followed by change."""
    peer.ensure_running()
    own = settings(kind="ldap", key=("mail",), map={}, options=options(peer, follow=follow))
    own = msgspec.structs.replace(own, max_drop=ANY_DROP)

    def run(mail: dict[str, str], name: dict[str, str]) -> tuple[bool, str]:
        """Give entries these addresses, then these names; whether all was read, and who stays."""
        with peer.admin() as admin:
            for attribute, chosen in (("mail", mail), ("displayName", name)):
                for uid, text in chosen.items():
                    admin.modify(dn_of(uid), {attribute: [(ldap3.MODIFY_REPLACE, [text])]})
        report = sync_source(own, store)
        assert report.state == "done", report.reason
        store.settle(store.last_seq())
        named = {key: contact.display_name for key, contact in stored(store).items()}
        return report.full, named.get("info@firm.example", "")

    info = "info@firm.example"
    with peer.admin() as admin:
        for uid in ("a", "b", "c"):
            admin.add(dn_of(uid), "inetOrgPerson", {"cn": uid, "sn": uid})
    run({uid: f"{uid}@firm.example" for uid in "abc"}, {})
    assert run({"a": info}, {"a": "Erste"}) == (False, "Erste")
    assert run({"b": info}, {"b": "Zweite"}) == (True, "Erste")
    assert run({}, {"b": "Neu"}) == (True, "Erste")
    assert run({"a": "a@firm.example"}, {}) == (True, "Neu")
    assert run({}, {"b": "Neuer"}) == (False, "Neuer")
    with peer.admin() as admin:
        for uid in ("a", "b", "c"):
            admin.delete(dn_of(uid))


@pytest.mark.parametrize("follow", ["syncrepl", "modified"])
def test_who_stands_in_a_unit_that_is_moved_out_is_gone(
    tmp_path: Path, store: ContactStore, follow: str
) -> None:
    """None of these entries changes; the session log tells of the unit alone."""
    with slapd(tmp_path) as peer:
        peer.load(ROWS)
        peer.start()
        with peer.admin() as admin:
            admin.add(f"ou=former,{BASE}", "organizationalUnit")
            for unit in (f"ou=sales,{PEOPLE_BASE}", f"ou=new,ou=former,{BASE}"):
                admin.add(unit, "organizationalUnit")
                name = unit[3:6]
                admin.add(f"uid={name},{unit}", "inetOrgPerson", {"cn": name, "sn": name})
        own = directory(peer, follow=follow)
        assert sync_source(own, store).added == len(ROWS) + 1
        store.settle(store.last_seq())
        report = sync_source(own, store)
        assert (report.state, report.full) == ("done", False)
        store.settle(store.last_seq())
        with peer.admin() as admin:
            admin.modify_dn(f"ou=sales,{PEOPLE_BASE}", "ou=sales", new_superior=f"ou=former,{BASE}")
        report = sync_source(own, store)
        assert (report.state, report.removed) == ("done", 1)
        store.settle(store.last_seq())
        with peer.admin() as admin:
            admin.modify_dn(f"ou=new,ou=former,{BASE}", "ou=new", new_superior=PEOPLE_BASE)
        report = sync_source(own, store)
        assert (report.state, report.added) == ("done", 1)
        store.settle(store.last_seq())
        report = sync_source(own, store)
        assert (report.state, report.full) == ("done", False)


def test_a_value_in_another_language_does_not_stand_for_the_name(peer: Slapd) -> None:
    LdapWorld(peer, "auto").fill([])
    with peer.admin() as admin:
        values = {"cn;lang-ja": ["花子"], "cn": ["Hanako"], "sn": ["Sato"]}
        admin.add(dn_of("1"), "inetOrgPerson", {"displayName;lang-ja": ["花子"], **values})
        admin.modify(dn_of("1"), {"displayName": [(ldap3.MODIFY_ADD, ["Hanako Sato"])]})
    chosen = {"display_name": "displayName;lang-JA", "notes": "displayName"}
    own = settings(kind="ldap", key=(), map=chosen, options=options(peer))
    try:
        (record, _) = source(peer).read(b"")
        (japanese, _) = open_source(completed(own)).read(b"")
        (shown,) = source(peer).preview(1)
    finally:
        with peer.admin() as admin:
            admin.delete(dn_of("1"))
    assert isinstance(record, Upsert)
    assert (record.record["displayName"], record.record["cn"]) == ("Hanako Sato", "Hanako")
    assert isinstance(japanese, Upsert)
    assert japanese.record["displayName;lang-JA"] == "花子"
    assert japanese.record["displayName"] == "Hanako Sato"
    assert isinstance(shown, Upsert)
    assert shown.record["displayName"] == "Hanako Sato"


def test_a_renamed_entry_stays_the_same_contact(peer: Slapd, store: ContactStore) -> None:
    LdapWorld(peer, "auto").fill(ROWS)
    assert sync_source(directory(peer), store).state == "done"
    store.settle(store.last_seq())
    with peer.admin() as admin:
        admin.modify_dn(dn_of("1"), "uid=renamed")
        admin.modify(dn_of("renamed"), {"displayName": [(ldap3.MODIFY_REPLACE, ["Neu"])]})
    try:
        report = sync_source(directory(peer), store)
        assert (report.added, report.changed, report.removed, report.full) == (0, 1, 0, False)
    finally:
        with peer.admin() as admin:
            admin.delete(dn_of("renamed"))


def test_an_entry_out_of_the_filter_is_gone(peer: Slapd, store: ContactStore) -> None:
    LdapWorld(peer, "auto").fill(ROWS)
    for follow in ("syncrepl", "modified"):
        own = directory(peer, follow=follow, filter="(&(objectClass=person)(!(title=left)))")
        assert sync_source(own, store).state == "done"
        store.settle(store.last_seq())
        with peer.admin() as admin:
            admin.modify(dn_of("1"), {"title": [(ldap3.MODIFY_REPLACE, ["left"])]})
        report = sync_source(own, store)
        assert (report.state, report.removed, report.full) == ("done", 1, False)
        store.settle(store.last_seq())
        with peer.admin() as admin:
            admin.modify(dn_of("1"), {"title": [(ldap3.MODIFY_REPLACE, [])]})
        assert sync_source(own, store).added == 1
        store.settle(store.last_seq())


def test_every_phone_counts_and_the_first_of_other_values(peer: Slapd) -> None:
    world = LdapWorld(peer, "auto")
    world.fill([("1", "Anna", "+49 89 99998 1")])
    with peer.admin() as admin:
        changes = {
            "telephoneNumber": [(ldap3.MODIFY_ADD, ["+49 89 99998 2"])],
            "facsimileTelephoneNumber": [(ldap3.MODIFY_ADD, ["+49 89 3$twoDimensional"])],
            "postalAddress": [(ldap3.MODIFY_ADD, ["Hauptstr. 1$80331 München"])],
            "labeledURI": [(ldap3.MODIFY_ADD, ["https://firm.example/anna Her page"])],
        }
        admin.modify(dn_of("1"), changes)
        admin.modify(dn_of("1"), {"cn": [(ldap3.MODIFY_ADD, ["Anni"])]})
    (record, end) = source(peer).read(b"")
    assert isinstance(record, Upsert)
    assert record.record["telephoneNumber"] == "+49 89 99998 1\n+49 89 99998 2"
    assert record.record["facsimileTelephoneNumber"] == "+49 89 3"
    assert record.record["postalAddress"] == "Hauptstr. 1, 80331 München"
    assert record.record["labeledURI"] == "https://firm.example/anna"
    assert record.record["cn"] == "Anna"
    assert record.record["modifyTimestamp"].endswith("Z")
    assert isinstance(end, Complete)


def test_what_is_wrong_with_a_base_or_a_bind_is_said(peer: Slapd) -> None:
    peer.ensure_running()
    LdapWorld(peer, "auto").fill([])
    (fault,) = source(peer, base=f"ou=none,{BASE}").check().faults
    assert "noSuchObject: the base is not there, or the bind name may not see it" in fault
    (warning, plain) = source(peer).check().warnings
    assert "no entry below 'ou=people,dc=firm,dc=example' matches" in warning
    assert "readable" in plain
    peer.secret.write_text("")
    (fault,) = source(peer).check().faults
    assert fault.endswith("the password of 'cn=reader,dc=firm,dc=example' is empty")
    peer.secret.write_text("bra{ces}")


def test_an_unknown_authority_or_another_name_is_refused(tmp_path: Path) -> None:
    with slapd(tmp_path, tls_host="ldap.firm.example") as peer:
        peer.load(ROWS[:3])
        peer.start()
        assert peer.authority is not None
        tls: dict[str, Any] = {"allow_plain": False}
        trusted = tls | {"ca": peer.authority.path}
        (fault,) = source(peer, **tls).check().faults
        assert "cannot connect" in fault
        assert "ca = … names the authority" in fault
        assert "cannot connect: wrap socket error: " in fault
        assert "'," not in fault
        (fault,) = source(peer, **trusted).check().faults
        assert "cannot connect" in fault
        right = trusted | {"server_name": "ldap.firm.example"}
        assert source(peer, **right).check() == CheckReport()
        assert len(list(source(peer, **right).read(b""))) == 4


def test_a_server_that_offers_no_tls_gets_no_password(peer: Slapd) -> None:
    peer.ensure_running()
    (fault,) = source(peer, allow_plain=False).check().faults
    assert "cannot connect: startTLS failed" in fault
    assert fault.endswith("use ldaps://, or allow_plain = true to talk to it without TLS")


def test_the_second_server_is_asked_where_the_first_is_gone(peer: Slapd) -> None:
    LdapWorld(peer, "auto").fill(ROWS[:2])
    assert source(peer, url=("ldap://127.0.0.1:1", peer.url)).check().faults == ()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": "http://x"}, "is no URL of an LDAP server"),
        ({"url": "ldap://x/dc=a"}, "more than scheme, host and port"),
        ({"url": ()}, "url: bad value"),
        ({"url": "ldap://["}, "is no URL"),
        ({"password": None}, "bind needs password"),
        ({"filter": "objectClass=person"}, "filter: bad value"),
    ],
)
def test_wrong_settings_are_refused(tmp_path: Path, wrong: dict[str, Any], words: str) -> None:
    values: dict[str, Any] = {
        "url": "ldap://x",
        "base": BASE,
        "bind": READER,
        "password": SecretRef(file=tmp_path),
    }
    with pytest.raises(ValueError, match=words):
        DirectoryOptions(**(values | wrong))
