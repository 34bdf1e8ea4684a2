"""What ldap3 and servers do that looks like something else: each trap is a test, against slapd."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import ldap3
import msgspec
import pytest

from connectors import ldapsession
from connectors.addresses import Address
from connectors.errors import SourceFailed
from connectors.ldapsession import LdapSession, Link, SearchRefused, url_fault
from connectors.settings import SecretRef
from tests.connectors.slapdpeer import (
    BASE,
    LIMITED,
    NOBODY,
    PAGELESS,
    PEOPLE_BASE,
    POLICY,
    READER,
    Slapd,
    dn_of,
    slapd,
)
from tests.connectors.worlds import many

PEOPLE = "(objectClass=inetOrgPerson)"


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd(tmp_path_factory.mktemp("slapd")) as made:
        made.load(many(150))
        made.start()
        yield made


def session(peer: Slapd, bind: str = READER, password: Path | None = None) -> LdapSession:
    secret = SecretRef(file=password or peer.secret)
    return LdapSession(
        ldap3,
        Link(
            urls=(peer.url,),
            bind=bind,
            password=secret,
            ca=None,
            server_name="",
            allow_plain=True,
            allow_link_local=False,
            connect_timeout_s=10,
            timeout_s=20,
        ),
    )


def test_pages_hold_every_entry_once(peer: Slapd) -> None:
    with session(peer) as asking:
        pages = list(asking.pages(PEOPLE_BASE, PEOPLE, ["uid"], 40))
    assert [len(page) for page in pages] == [40, 40, 40, 30]
    assert len({entry.dn for page in pages for entry in page}) == 150
    assert pages[0][0].names == ("uid",), "what was not asked for does not come"


def test_an_answer_that_a_limit_cut_is_an_error_and_no_answer(peer: Slapd) -> None:
    with session(peer, LIMITED) as asking:
        with pytest.raises(SearchRefused, match="sizeLimitExceeded") as refused:
            list(asking.pages(PEOPLE_BASE, PEOPLE, ["uid"], 40))
        assert refused.value.code == 4
        with pytest.raises(SearchRefused, match="sizeLimitExceeded"):
            asking.search(PEOPLE_BASE, PEOPLE, ["uid"])


def test_what_is_not_there_or_not_to_be_seen_is_an_error_and_no_empty_answer(peer: Slapd) -> None:
    with session(peer) as asking:
        with pytest.raises(SearchRefused, match="noSuchObject"):
            asking.search(f"ou=none,{BASE}", PEOPLE, ["uid"])
        assert asking.entry(f"ou=none,{BASE}", ["uid"]) is None
        assert asking.search(PEOPLE_BASE, "(uid=none)", ["uid"]) == []
    with session(peer, NOBODY) as asking, pytest.raises(SearchRefused, match="may not see it"):
        asking.search(PEOPLE_BASE, PEOPLE, ["uid"])


def test_a_bind_that_fails_is_an_error(peer: Slapd, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("wrong")
    with pytest.raises(SourceFailed, match="cannot bind: invalidCredentials: wrong bind name"):
        session(peer, password=tmp_path / "wrong").__enter__()


def test_a_name_without_a_password_is_not_bound_as_nobody(peer: Slapd, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(SourceFailed, match=r"the password of 'cn=reader,.*' is empty"):
        session(peer, password=tmp_path / "empty").__enter__()


def test_a_server_that_gives_no_pages_is_told_from_one_with_few_entries(peer: Slapd) -> None:
    with (
        session(peer, PAGELESS) as asking,
        pytest.raises(SearchRefused, match="pagedResults control not allowed"),
    ):
        list(asking.pages(PEOPLE_BASE, PEOPLE, ["uid"], 40))


def test_a_referral_is_passed_over_and_its_server_gets_no_password(peer: Slapd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, peer.admin() as admin:
        other.settimeout(0.5)
        elsewhere = f"ou=elsewhere,{PEOPLE_BASE}"
        url = f"ldap://127.0.0.1:{other.getsockname()[1]}/{elsewhere}"
        admin.add(elsewhere, ["referral", "extensibleObject"], {"ou": "elsewhere", "ref": url})
        try:
            with session(peer) as asking:
                found = asking.search(PEOPLE_BASE, PEOPLE, ["uid"])
                assert len(found) == 150
                with pytest.raises(SearchRefused, match="referral"):
                    asking.search(elsewhere, PEOPLE, ["uid"])
            with pytest.raises(TimeoutError):
                other.accept()
        finally:
            manage = ("2.16.840.1.113730.3.4.2", True, None)  # ManageDsaIT (RFC 3296)
            admin.delete(elsewhere, controls=[manage])


def test_a_base_on_another_server_is_told_with_its_place(peer: Slapd) -> None:
    with peer.admin() as admin:
        there = f"ldap://dc2.firm.example/ou=far,{BASE}"
        values = {"ou": "far", "ref": there}
        admin.add(f"ou=far,{BASE}", ["referral", "extensibleObject"], values)
    try:
        words = f"referral: the base is on another server, which is not asked: {there}"
        with session(peer) as asking, pytest.raises(SourceFailed, match=words):
            asking.search(f"ou=far,{BASE}", PEOPLE, ["uid"])
    finally:
        with peer.admin() as admin:
            manage = ("2.16.840.1.113730.3.4.2", True, None)
            admin.delete(f"ou=far,{BASE}", controls=[manage])


def test_an_alias_is_not_followed(peer: Slapd) -> None:
    """ldap3 follows them by default, which a search by syncrepl forbids."""
    alias = f"uid=alias,{BASE}"
    with peer.admin() as admin:
        admin.add(alias, ["alias", "extensibleObject"], {"aliasedObjectName": dn_of("1")})
        try:
            with session(peer) as asking:
                assert asking.search(BASE, "(&(uid=1)(objectClass=inetOrgPerson))", ["uid"])
                assert len(asking.search(BASE, PEOPLE, ["uid"])) == 150
                assert asking.search(alias, PEOPLE, ["uid"], scope="BASE") == []
        finally:
            admin.delete(alias)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("ldaps://dc1.firm.example", ""),
        ("ldap://[::1]:389", ""),
        ("https://dc1.firm.example", "no URL of an LDAP server"),
        ("ldap://dc1/dc=firm", "more than scheme, host and port"),
        ("ldap://[", "is no URL"),
        ("ldap://dc1:0", "no URL of an LDAP server"),
    ],
)
def test_urls_of_servers(url: str, fault: str) -> None:
    found = url_fault(url)
    assert (fault in found) if fault else not found


def test_every_address_of_a_name_is_tried(peer: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
    """A domain's name leads to all its controllers, and `localhost` to two addresses."""
    dead = Address(socket.AF_INET, "127.0.0.1", 1)
    live = Address(socket.AF_INET, "127.0.0.1", peer.port)
    monkeypatch.setattr(ldapsession, "resolve", lambda *_args, **_more: (dead, live))
    with session(peer) as asking:
        assert asking.entry(PEOPLE_BASE, ["ou"])
    monkeypatch.setattr(ldapsession, "resolve", lambda *_args, **_more: (dead, dead))
    with pytest.raises(SourceFailed, match="cannot connect"), session(peer):
        pass


def test_what_is_wrong_with_each_server_of_a_list_is_said(peer: Slapd, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("wrong")
    asking = session(peer, password=tmp_path / "wrong")
    asking._link = msgspec.structs.replace(asking._link, urls=("ldap://127.0.0.1:1", peer.url))
    with (
        pytest.raises(SourceFailed, match=r"127\.0\.0\.1:1: cannot connect.*; ldap.*cannot bind"),
        asking,
    ):
        pass


def test_a_server_that_loses_its_place_between_pages_fails(peer: Slapd) -> None:
    with session(peer) as asking:
        pages = asking.pages(PEOPLE_BASE, PEOPLE, ["uid"], 40)
        next(pages)
        next(pages)
        del asking._connection.result["controls"]
        with pytest.raises(SourceFailed, match="lost its place between two pages"):
            next(pages)
        pages = asking.pages(PEOPLE_BASE, PEOPLE, ["uid"], 40)
        next(pages)
        del asking._connection.result["controls"]  # nobody knows whether that was all
        with pytest.raises(SourceFailed, match="lost its place between two pages"):
            next(pages)


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        ("pwdChangedTime: 20200101000000Z", "the password has expired"),
        ("pwdAccountLockedTime: 000001010000Z", "the account is locked"),
    ],
)
def test_why_a_password_policy_refuses_a_bind_is_said(
    tmp_path: Path, attribute: str, words: str
) -> None:
    with slapd(tmp_path, policy=True) as made:
        made.load([])
        rules = (
            f"dn: {POLICY}\nobjectClass: organizationalRole\nobjectClass: pwdPolicy\ncn: policy\n"
            "pwdAttribute: userPassword\npwdMaxAge: 86400\npwdLockout: TRUE\n"
        )
        entries = [
            f"{entry.strip()}\n{attribute}\n"
            if entry.strip().startswith(f"dn: {READER}")
            else entry
            for entry in made.dump().split("\n\n")
        ]
        made.restore("\n\n".join([*entries, rules]))
        made.start()
        with pytest.raises(SourceFailed, match=f"cannot bind: invalidCredentials: {words}"):
            session(made).__enter__()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("52e", "wrong bind name or password"),
        ("532", "the password has expired"),
        ("773", "the password has to be changed"),
        ("775", "the account is locked"),
        ("57", "wrong bind name or password"),
    ],
)
def test_why_active_directory_refuses_a_bind_is_said(data: str, words: str) -> None:
    message = (
        f"80090308: LdapErr: DSID-0C09042A, comment: AcceptSecurityContext, data {data}, v3839"
    )
    result = {"description": "invalidCredentials", "message": message}
    assert LdapSession._words(result).startswith(f"invalidCredentials: {words}")


def test_no_setting_is_advised_against_a_certificate_out_of_its_time(peer: Slapd) -> None:
    words = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired"
    asking = session(peer)
    assert str(asking._failure(OSError(words), "cannot connect")).endswith("has expired")
    unknown = asking._failure(OSError("certificate verify failed: unknown"), "cannot connect")
    assert "ca = … names the authority" in str(unknown)
