from __future__ import annotations

import socket

import pytest

from connectors.addresses import Address, is_forbidden, resolve
from connectors.errors import SourceFailed


@pytest.mark.parametrize(
    "text",
    [
        "169.254.169.254", "169.254.1.1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254",
        "100.100.100.200", "192.0.0.192", "168.63.129.16", "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe", "0.0.0.0", "::", "255.255.255.255", "224.0.0.1", "ff02::1",
        "0.1.2.3",
    ],
)  # fmt: skip
def test_link_local_and_metadata_addresses_are_never_asked(text: str) -> None:
    assert is_forbidden(text)


@pytest.mark.parametrize(
    "text", ["127.0.0.1", "::1", "10.0.0.5", "192.168.1.1", "172.16.0.1", "fd12::1", "8.8.8.8"]
)
def test_servers_of_the_company_and_of_the_world_are(text: str) -> None:
    assert not is_forbidden(text)


def test_a_name_that_leads_to_one_is_refused_unless_allowed() -> None:
    with pytest.raises(SourceFailed, match="allow_link_local = true if the source really is"):
        resolve("169.254.169.254", 80)
    (address,) = resolve("169.254.169.254", 80, allow_link_local=True)
    assert address == Address(socket.AF_INET, "169.254.169.254", 80)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "x" * 80 + ".example", "a..b"])
def test_a_name_that_nobody_knows_is_named(host: str) -> None:
    with pytest.raises(SourceFailed, match=host[:10]):
        resolve(host, 80)
