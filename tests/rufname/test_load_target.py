from __future__ import annotations

import pytest

from rufname.load_target import BadTarget, Target, is_this_machine, own_target, parse_target
from tests.rufname.place import SERVICES, Place


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("ldap://sbc.example", Target("ldap", "sbc.example", 389)),
        ("ldaps://10.0.0.1:1636", Target("ldaps", "10.0.0.1", 1636)),
        ("http://[::1]:8080/", Target("http", "::1", 8080)),
        ("https://relay.example", Target("https", "relay.example", 443)),
    ],
)
def test_a_target_is_a_scheme_a_host_and_a_port(text: str, target: Target) -> None:
    assert parse_target(text) == target
    assert parse_target(target.url) == target


@pytest.mark.parametrize("text", ["", "ldap://", "ftp://x", "ldap://x:99999", "ldap://x/path"])
def test_what_is_no_target_is_named(text: str) -> None:
    with pytest.raises(BadTarget, match="is no address"):
        parse_target(text)


def test_only_loopback_is_this_machine() -> None:
    assert is_this_machine(parse_target("ldap://127.0.0.1"))
    assert is_this_machine(parse_target("ldap://[::1]"))
    assert not is_this_machine(parse_target("ldap://192.0.2.1"))
    with pytest.raises(BadTarget, match=r"nowhere\.invalid"):
        is_this_machine(parse_target("ldap://nowhere.invalid"))


def test_the_own_target_is_the_plain_listener_reached_from_here(place: Place) -> None:
    place.write_config(end='[ldap]\nlisten = ["ldap://0.0.0.0:1389"]\nallow_plain = true\n')
    assert own_target(place.config, http=False).url == "ldap://127.0.0.1:1389"
    with pytest.raises(BadTarget, match=r"has no \[relay\]"):
        own_target(place.config, http=True)


def test_a_port_that_is_not_known_has_to_be_named(place: Place) -> None:
    place.write_config(end=SERVICES)
    with pytest.raises(BadTarget, match="takes any free port"):
        own_target(place.config, http=True)
