from __future__ import annotations

from ipaddress import ip_address, ip_network

import msgspec
import pytest

from engine.client import Client
from engine.credentials import DUMMY_HASH
from ldapd.auth import (
    MAX_REMEMBERED_ADDRESSES,
    Accounts,
    Asker,
    FailedBinds,
    Peer,
    stored_hash,
)
from tests.ldapd.house import BOOK, CLIENTS, PASSWORD_HASH, PHONE, SBC

HERE = ip_address("127.0.0.1")


@pytest.mark.parametrize(
    ("name", "client"),
    [
        ("cn=sbc,dc=meta", SBC),
        ("CN=SBC, DC=Meta", SBC),
        ("commonName=sbc,domainComponent=meta", SBC),
        ("BOOK@example.test", BOOK),
        ("cn=phone,dc=meta", PHONE),
    ],
)
def test_bind_names_are_compared_as_dns_or_without_case(name: str, client: Client) -> None:
    asker = Accounts(CLIENTS).find(name, HERE)
    assert asker is not None
    assert asker.client is client
    assert asker.principal == client.principal()


@pytest.mark.parametrize("name", ["cn=nobody,dc=meta", "sbc", "cn=unset,dc=meta", "", "cn=sbc"])
def test_other_names_and_clients_without_a_hash_are_nobody(name: str) -> None:
    assert Accounts(CLIENTS).find(name, HERE) is None


def test_names_with_a_domain_in_front_are_texts() -> None:
    domain = msgspec.structs.replace(BOOK, bind="FIRM\\book")
    assert Accounts((domain,)).find("firm\\Book", HERE) is not None


def test_a_client_outside_its_networks_is_nobody() -> None:
    accounts = Accounts(CLIENTS)
    assert accounts.find("cn=far,dc=meta", HERE) is None
    assert accounts.find("cn=far,dc=meta", ip_address("192.0.2.7")) is not None
    assert accounts.find("cn=far,dc=meta", ip_address("::ffff:192.0.2.7")) is not None


def test_known_addresses_are_those_of_a_clients_networks() -> None:
    accounts = Accounts(CLIENTS)
    assert accounts.knows(ip_address("192.0.2.7"))
    assert accounts.knows(None)
    assert not accounts.knows(HERE)  # clients without networks come from anywhere: nobody is known


@pytest.mark.parametrize(
    ("address", "secure"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.0.2.1", False)],
)
def test_loopback_is_secure_without_tls(address: str, *, secure: bool) -> None:
    assert Peer(ip_address(address)).secure is secure
    assert Peer(ip_address(address), tls=True).secure


def test_a_local_socket_is_secure() -> None:
    assert Peer(None).secure


def test_a_bound_client_is_renewed_unless_it_is_gone_or_moved() -> None:
    asker = Asker.of(SBC)
    assert Accounts((PHONE,)).renewed(asker, HERE) is None
    faster = msgspec.structs.replace(SBC, number_format="national", password_hash=DUMMY_HASH)
    renewed = Accounts((PHONE, faster)).renewed(asker, HERE)
    assert renewed is not None
    assert renewed.client is faster
    for changed in (
        msgspec.structs.replace(SBC, bind="cn=other"),
        msgspec.structs.replace(SBC, networks=(ip_network("192.0.2.0/24"),)),
        msgspec.structs.replace(SBC, password_hash=""),
    ):
        assert Accounts((changed,)).renewed(asker, HERE) is None


@pytest.mark.parametrize("most", [1, 2, 5, 30])
def test_failures_in_a_minute_make_an_address_wait_and_no_other(most: int) -> None:
    failures = FailedBinds(most, 60.0)
    other = ip_address("192.0.2.2")
    for number in range(most):
        assert not failures.must_wait(HERE, 100.0 + number)
        failures.record(HERE, 100.0 + number)
    assert failures.must_wait(HERE, 130.0)
    assert not failures.must_wait(other, 130.0)
    assert failures.must_wait(HERE, 159.9)
    assert not failures.must_wait(HERE, 160.1)


def test_nobody_waits_where_the_limit_is_none() -> None:
    failures = FailedBinds(0, 60.0)
    for _ in range(10):
        failures.record(HERE, 0.0)
    assert not failures.must_wait(HERE, 1.0)


def test_another_limit_counts_what_was_counted() -> None:
    failures = FailedBinds(5, 60.0)
    for _ in range(3):
        failures.record(HERE, 0.0)
    assert not failures.must_wait(HERE, 1.0)
    failures.limit(3, 30.0)
    assert failures.must_wait(HERE, 1.0)
    assert not failures.must_wait(HERE, 31.0)


def test_a_success_ends_the_waiting() -> None:
    failures = FailedBinds()
    for _ in range(5):
        failures.record(HERE, 0.0)
    failures.forget(HERE)
    assert not failures.must_wait(HERE, 1.0)


def test_failures_of_many_addresses_stay_bounded_and_the_quietest_is_forgotten() -> None:
    failures = FailedBinds()
    for _ in range(5):
        failures.record(HERE, 0.0)
    for number in range(MAX_REMEMBERED_ADDRESSES):
        failures.record(ip_address(number + 1), 0.0)
    assert len(failures._times_s) == MAX_REMEMBERED_ADDRESSES
    assert not failures.must_wait(HERE, 1.0)


def test_nobody_is_verified_against_a_hash_that_nothing_fits() -> None:
    assert stored_hash(None) == DUMMY_HASH
    assert stored_hash(Asker.of(SBC)) == PASSWORD_HASH
