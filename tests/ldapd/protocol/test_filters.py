from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldapd.errors import InvalidFilter
from ldapd.protocol.filters import (
    MAX_TEXT_DEPTH,
    And,
    Approx,
    Equality,
    Extensible,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Not,
    Or,
    Present,
    Substrings,
    format_filter,
    parse_filter,
)
from tests.ldapd.protocol.strategies import filters

WRITTEN = {
    "(cn=Babs Jensen)": Equality("cn", b"Babs Jensen"),
    "(!(cn=Tim Howes))": Not(Equality("cn", b"Tim Howes")),
    "(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))": And(
        (
            Equality("objectClass", b"Person"),
            Or((Equality("sn", b"Jensen"), Substrings("cn", b"Babs J", (), None))),
        )
    ),
    "(o=univ*of*mich*)": Substrings("o", b"univ", (b"of", b"mich"), None),
    "(seeAlso=)": Equality("seeAlso", b""),
    "(cn:caseExactMatch:=Fred Flintstone)": Extensible(
        "caseExactMatch", "cn", b"Fred Flintstone", dn_attributes=False
    ),
    "(cn:=Betty Rubble)": Extensible("", "cn", b"Betty Rubble", dn_attributes=False),
    "(sn:dn:2.4.6.8.10:=Barney Rubble)": Extensible(
        "2.4.6.8.10", "sn", b"Barney Rubble", dn_attributes=True
    ),
    "(o:dn:=Ace Industry)": Extensible("", "o", b"Ace Industry", dn_attributes=True),
    "(:1.2.3:=Wilma Flintstone)": Extensible("1.2.3", "", b"Wilma Flintstone", dn_attributes=False),
    "(:dn:2.4.6.8.10:=Dino)": Extensible("2.4.6.8.10", "", b"Dino", dn_attributes=True),
    "(cn=*\\2a*)": Substrings("cn", None, (b"*",), None),
    "(filename=C:\\5cMyFile)": Equality("filename", b"C:\\MyFile"),
    "(telephoneNumber=5*0*3*8*2)": Substrings("telephoneNumber", b"5", (b"0", b"3", b"8"), b"2"),
    "(cn=*)": Present("cn"),
    "(cn=**)": Substrings("cn", None, (b"",), None),
    "(age>=7)": GreaterOrEqual("age", b"7"),
    "(age<=7)": LessOrEqual("age", b"7"),
    "(sn~=Maier)": Approx("sn", b"Maier"),
    "(cn;lang-de=Lu\u010di\u0107)": Equality("cn;lang-de", "Lučić".encode()),
    "(&)": And(()),
    "(|)": Or(()),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_filters_are_read_and_written_as_the_rfc_shows(text: str) -> None:
    assert parse_filter(text) == WRITTEN[text]
    assert format_filter(WRITTEN[text]) == text


def test_escaped_octets_are_read() -> None:
    assert parse_filter("(bin=\\00\\00\\00\\04)") == Equality("bin", b"\x00\x00\x00\x04")
    assert parse_filter("(sn=Lu\\c4\\8di\\C4\\87)") == Equality("sn", "Lučić".encode())
    assert parse_filter("(cn=a\\28b\\29)") == Equality("cn", b"a(b)")


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("cn=a", 0),
        ("(cn=a", 5),
        ("(cn=a))", 6),
        ("(cn=a)(sn=b)", 6),
        (" (cn=a)", 0),
        ("(cn =a)", 1),
        ("( cn=a)", 1),
        ("()", 1),
        ("(=a)", 1),
        ("(:=a)", 1),
        ("(:dn:=a)", 1),
        ("(cn>a)", 1),
        ("(1.02.3=a)", 1),
        ("(c_n=a)", 1),
        ("(cn=a(b)", 5),
        ("(cn=a\0)", 5),
        ("(cn=a\\2)", 5),
        ("(cn=a\\zz)", 5),
        ("(cn=ab\udc80)", 6),
        ("(age>=1*)", 7),
        ("(&(cn=a)", 8),
        ("(!)", 2),
        ("(!(cn=a)(cn=b))", 8),
        ("(&(cn=a)x)", 8),
    ],
)
def test_a_wrong_filter_is_refused_at_its_position(text: str, position: int) -> None:
    with pytest.raises(InvalidFilter) as caught:
        parse_filter(text)
    assert caught.value.position == position
    assert str(position) in str(caught.value)


def test_a_written_filter_is_bounded_in_depth() -> None:
    def nested(depth: int) -> str:
        return "(!" * depth + "(a=b)" + ")" * depth

    assert parse_filter(nested(MAX_TEXT_DEPTH))
    with pytest.raises(InvalidFilter, match="deeper"):
        parse_filter(nested(MAX_TEXT_DEPTH + 1))
    with pytest.raises(InvalidFilter, match="deeper"):
        parse_filter("(!" * 100_000)


@given(filters)
def test_a_filter_comes_back_from_its_text(item: Filter) -> None:
    text = format_filter(item)
    assert parse_filter(text) == item
    assert text.isprintable()


@given(st.text(max_size=40) | st.text("()&|!=*\\:<>~a1.;", max_size=40))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    try:
        item = parse_filter(text)
    except InvalidFilter as error:
        assert 0 <= error.position <= len(text)  # noqa: PT017 - either outcome is right
    else:
        assert parse_filter(format_filter(item)) == item


def test_names_cannot_break_a_written_line() -> None:
    assert format_filter(Equality("c)n\n", b"\xff\x00")) == "(c\\29n\\0a=\\ff\\00)"
    assert format_filter(Present("\u202ecn")) == "(\\e2\\80\\aecn=*)"
