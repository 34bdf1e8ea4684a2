from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldapd.errors import InvalidDn
from ldapd.protocol.dn import (
    MAX_CACHED_CHARS,
    Ava,
    depth_below,
    normal_dn,
    parse_dn,
)
from tests.ldapd.protocol.strategies import texts

READ = {
    "": (),
    "  ": (),
    "UID=jsmith,DC=example,DC=net": (
        (Ava("UID", "jsmith"),),
        (Ava("DC", "example"),),
        (Ava("DC", "net"),),
    ),
    "OU=Sales+CN=J.  Smith,DC=example": (
        (Ava("OU", "Sales"), Ava("CN", "J.  Smith")),
        (Ava("DC", "example"),),
    ),
    'CN=James \\"Jim\\" Smith\\, III': ((Ava("CN", 'James "Jim" Smith, III'),),),
    "CN=Before\\0dAfter": ((Ava("CN", "Before\rAfter"),),),
    "1.3.6.1.4.1.1466.0=#04024869": ((Ava("1.3.6.1.4.1.1466.0", "Hi"),),),
    "1.2.3=#0500": ((Ava("1.2.3", "#0500"),),),
    "1.2.3=#0500 , cn=a": ((Ava("1.2.3", "#0500"),), (Ava("cn", "a"),)),
    "CN=Lu\\C4\\8Di\\C4\\87": ((Ava("CN", "Lučić"),),),
    "cn=": ((Ava("cn", ""),),),
    "cn=a=b": ((Ava("cn", "a=b"),),),
    "cn=\\20a\\ ,o=x": ((Ava("cn", " a "),), (Ava("o", "x"),)),
    " cn = a b  ,  o = x ": ((Ava("cn", "a b"),), (Ava("o", "x"),)),
    'cn="Smith, John" ; o=x': ((Ava("cn", "Smith, John"),), (Ava("o", "x"),)),
    'cn="a\\"b"': ((Ava("cn", 'a"b'),),),
    "OID.2.5.4.3=a": ((Ava("2.5.4.3", "a"),),),
}


@pytest.mark.parametrize("text", READ)
def test_names_are_read_as_the_rfcs_show(text: str) -> None:
    assert parse_dn(text) == READ[text]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("cn", 0),
        ("a user", 0),
        ("user@firm.example", 0),
        ("dom\\user", 0),
        ("=a", 0),
        ("cn=a,", 5),
        ("cn=a,,o=b", 5),
        ("cn=a+", 5),
        ("cn=a\\", 5),
        ("cn=a\\zb", 5),
        ("cn=a<b", 4),
        ('cn=a"b"', 4),
        ('cn="a', 5),
        ('cn="a"b', 6),
        ("cn=#", 4),
        ("cn=#0", 4),
        ("cn=#04", 3),
        ("cn=#0405", 3),
        ("cn=#040061", 3),
        ("cn=#0401ff", 3),
        ("cn=\\ff", 3),
        ("cn=\udc80", 3),
        ("cn=a\0", 4),
    ],
)
def test_what_is_no_name_is_refused_at_its_position(text: str, position: int) -> None:
    with pytest.raises(InvalidDn) as caught:
        parse_dn(text)
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("cn=SBC,dc=Meta", "CN = sbc , DC=meta"),
        ("cn=Jörg  Müßig", "commonName=jörg müssig"),
        ("2.5.4.3=a,0.9.2342.19200300.100.1.25=b", "cn=a,domainComponent=b"),
        ("cn=a+sn=b,dc=c", "sn=B+cn=A,dc=c"),
        ("cn=\\41\\2c", 'cn="a,"'),
        ("cn=#0c0141", "cn=a"),
        ("", " "),
        ("cn=\uff21", "cn=a"),
    ],
)
def test_equal_names_are_the_same(left: str, right: str) -> None:
    assert normal_dn(left) == normal_dn(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [("cn=a", "cn=b"), ("cn=a", "sn=a"), ("cn=a,dc=b", "dc=b,cn=a"), ("cn=a+sn=b", "cn=a,sn=b")],
)
def test_other_names_are_not(left: str, right: str) -> None:
    assert normal_dn(left) != normal_dn(right)


def test_a_name_is_under_its_ancestors() -> None:
    assert depth_below("cn=a,dc=meta", "DC=Meta") == 1
    assert depth_below("cn=a,dc=meta", "") == 2
    assert depth_below("dc=meta", "cn=a,dc=meta") is None
    assert depth_below("cn=a,dc=metal", "dc=meta") is None
    assert depth_below("cn=a,ou=b,dc=meta", "dc=meta") == 2
    assert depth_below("dc=meta", "dc=meta") == 0
    assert depth_below("dc=phone", "dc=meta") is None
    with pytest.raises(InvalidDn):
        depth_below("nobody", "dc=meta")


def test_long_names_are_compared_as_well() -> None:
    long = "cn=" + "A" * MAX_CACHED_CHARS
    assert normal_dn(long) == normal_dn(long.lower())


@given(texts)
def test_a_value_of_escaped_octets_comes_back(value: str) -> None:
    written = "".join(f"\\{octet:02x}" for octet in value.encode())
    assert parse_dn(f"cn={written},dc=meta") == ((Ava("cn", value),), (Ava("dc", "meta"),))


@given(st.text(max_size=40) | st.text('cnd=,+;"\\#04 a', max_size=30))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    try:
        normal_dn(text)
    except InvalidDn as error:
        assert 0 <= error.position <= len(text)  # noqa: PT017 - either outcome is right
    else:
        assert depth_below(text, "") is not None
