"""Ways to follow a directory, against slapd; those of Active Directory stand with its kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ldap3
import pytest

from connectors import ldapchanges
from connectors.kinds.directory import DirectoryOptions, DirectorySource
from connectors.ldapsession import LdapSession
from connectors.registry import completed, open_source
from connectors.settings import SecretRef
from engine.source import Complete, Upsert
from tests.connectors.making import settings
from tests.connectors.slapdpeer import PEOPLE_BASE, READER, Slapd, dn_of, slapd
from tests.connectors.worlds import many
from tests.e2e.processes import wait_until


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Slapd]:
    with slapd(tmp_path) as made:
        made.load(many(30))
        made.start()
        yield made


def source(peer: Slapd, follow: str) -> DirectorySource:
    options = DirectoryOptions(
        url=peer.url,
        base=PEOPLE_BASE,
        bind=READER,
        password=SecretRef(file=peer.secret),
        allow_plain=True,
        page_size=5,
        follow=follow,  # type: ignore[arg-type]  # one of its words
    )
    own = settings(kind="ldap", key=(), map={"custom.1": "uid"}, options=options)
    opened = open_source(completed(own))
    assert isinstance(opened, DirectorySource)
    return opened


@pytest.mark.parametrize("follow", ["syncrepl", "modified"])
def test_what_changes_behind_its_reading_comes_with_the_next_increment(
    peer: Slapd, follow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the reading takes: here nothing is read again for good measure."""
    monkeypatch.setattr(ldapchanges, "OVERLAP_S", 0)
    own = source(peer, follow)
    events = own.read(b"")
    first = next(events)
    assert isinstance(first, Upsert)
    with peer.admin() as admin:
        rename(admin, first.record["uid"])
        last = next(row[0] for row in reversed(many(30)) if row[0] != first.record["uid"])

        def is_later() -> bool:
            rename(admin, last)
            return changed_at(admin, last) > changed_at(admin, first.record["uid"])

        wait_until(is_later, timeout_s=20, what="the server's clock to go on by a second")
    (complete,) = [event for event in events if isinstance(event, Complete)]
    increment = list(own.read(complete.bookmark))
    assert first.key in {event.key for event in increment if isinstance(event, Upsert)}


def test_an_increment_without_news_keeps_its_mark(peer: Slapd) -> None:
    own = source(peer, "modified")
    (*_, complete) = own.read(b"")
    for _ in range(2):
        assert isinstance(complete, Complete)
        before = complete.bookmark
        (*_, complete) = own.read(before)
        assert isinstance(complete, Complete)
        assert complete.bookmark >= before


@pytest.mark.parametrize("stamp", ["20990101000000Z", "99991231235959Z"])
def test_a_time_of_change_in_the_future_hides_no_later_change(peer: Slapd, stamp: str) -> None:
    peer.stop()
    first = many(30)[0][0]
    lines = []
    for entry in peer.dump().split("\n\n"):
        own = re.sub(r"(?m)^modifyTimestamp: .*$", f"modifyTimestamp: {stamp}", entry)
        lines.append(own if f"uid: {first}\n" in entry else entry)
    peer.restore("\n\n".join(lines))
    peer.start()
    own = source(peer, "modified")
    *_, complete = own.read(b"")
    assert isinstance(complete, Complete)
    last = many(30)[-1][0]
    with peer.admin() as admin:
        rename(admin, last)
    changed = [event for event in own.read(complete.bookmark) if isinstance(event, Upsert)]
    assert last in {event.record["uid"] for event in changed}


@pytest.mark.parametrize("text", ["", "0000-00-00T00:00:00Z", "2026", "yesterday"])
def test_what_is_no_time_of_change_is_no_mark(text: str) -> None:
    scope = ldapchanges.Scope(PEOPLE_BASE, "(uid=*)", "entryUUID", (), 5)
    follower = ldapchanges._Modified(scope)
    follower.see({"modifytimestamp": [text.encode()]})
    assert follower.last_mark("") == ""
    with pytest.raises(ldapchanges.MarkExpired):
        follower.since(text)


def test_a_time_of_change_in_another_zone_is_asked_for_in_utc() -> None:
    scope = ldapchanges.Scope(PEOPLE_BASE, "(uid=*)", "entryUUID", (), 5)
    follower = ldapchanges._Modified(scope)
    follower.see({"modifytimestamp": [b"20261001023000+0200"]})
    changes = follower.since(follower.last_mark("").replace("00:29", "00:30"))
    assert "(modifyTimestamp>=20261001002" in changes.newer


def test_what_changed_is_read_in_pages_and_not_asked_for_by_its_ids_again(
    peer: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = source(peer, "modified")
    *_, complete = own.read(b"")
    assert isinstance(complete, Complete)
    asked: list[str] = []
    search = LdapSession.search

    def watched(self: LdapSession, base: str, filter_: str, *args: Any, **more: Any) -> Any:
        asked.append(filter_)
        return search(self, base, filter_, *args, **more)

    monkeypatch.setattr(LdapSession, "search", watched)
    changed = [event for event in own.read(complete.bookmark) if isinstance(event, Upsert)]
    assert len(changed) == 30  # all were made within the minute that is read twice
    assert not [filter_ for filter_ in asked if "entryUUID=" in filter_]


def test_a_server_without_entry_uuids_is_followed_by_its_own_ids() -> None:
    class Root:
        def root(self, *_: str) -> dict[str, list[bytes]]:
            return {"supportedcontrol": [b"1.3.6.1.4.1.4203.1.9.1.1"]}  # 389's is another one's

    scope = ldapchanges.Scope(PEOPLE_BASE, "(uid=*)", "nsUniqueId", (), 5)
    (way,) = ldapchanges.followers(Root(), scope, "ldap", None)  # type: ignore[arg-type]  # all that is asked
    assert way.how == "modified"


def rename(admin: Any, key: str) -> None:
    admin.modify(dn_of(key), {"displayName": [(ldap3.MODIFY_REPLACE, ["Neu"])]})


def changed_at(admin: Any, key: str) -> str:
    admin.search(dn_of(key), "(objectClass=*)", "BASE", attributes=["modifyTimestamp"])
    return str(admin.response[0]["attributes"]["modifyTimestamp"])
