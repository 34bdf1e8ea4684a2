"""Where a client may come from."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from engine.client import Client


def test_a_client_without_networks_may_come_from_anywhere() -> None:
    assert Client("sbc").admits(ip_address("192.0.2.1"))


def test_networks_bind_v4_v6_and_mapped_addresses() -> None:
    client = Client("sbc", networks=(ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")))
    assert client.admits(ip_address("10.1.2.3"))
    assert client.admits(ip_address("::ffff:10.1.2.3"))
    assert client.admits(ip_address("2001:db8::5"))
    assert client.admits(None)
    assert not client.admits(ip_address("192.0.2.1"))
    assert not client.admits(ip_address("2001:db9::5"))
