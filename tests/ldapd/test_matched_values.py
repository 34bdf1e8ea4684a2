"""Only the values that fit."""

from __future__ import annotations

import pytest

from ldapd.matched_values import keep_values
from ldapd.protocol.filters import Filter, parse_filter
from tests.ldapd.house import MUNICH

NUMBERS = (b"+49 30 23125001", b"0171 39200001", b"nonsense")
NAMES = ("Anna Müller".encode(), b"Bernd")


def items(*texts: str) -> list[Filter]:
    return [parse_filter(text) for text in texts]


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        (["(mobile=017139200001)"], NUMBERS[1:2]),
        (["(telephoneNumber=+493023125001)"], NUMBERS[:1]),  # any number attribute
        (["(telephoneNumber=*5001)"], NUMBERS[:1]),
        (["(searchNumber=030*)"], NUMBERS[:1]),
        (["(mobile=*)"], NUMBERS),
        (["(mobile=x)"], ()),
        (["(mobile=4*3*1)"], ()),  # the pieces of 431, which nobody has
        (["(mobile>=1)"], ()),
        (["(cn=anna)"], ()),
        (["(unheardOf=*)"], ()),
        (["(mobile=017139200001)", "(mobile=*5001)"], NUMBERS[:2]),
    ],
)
def test_numbers_are_kept_whatever_their_spelling(texts: list[str], kept: object) -> None:
    assert tuple(keep_values(items(*texts), MUNICH)("mobile", NUMBERS)) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("(cn=anna mueller)", NAMES[:1]),
        ("(cn=*nd)", NAMES[1:]),
        ("(cn>=b)", NAMES[1:]),
        ("(cn<=b)", NAMES[:1]),
        ("(cn~=mull)", NAMES[:1]),
        ("(cn:=bernd)", NAMES[1:]),
        ("(cn:caseExactMatch:=Bernd)", ()),  # no rule by name
        ("(name=bernd)", NAMES[1:]),
        ("(sn=bernd)", ()),
        ("(cn=\\ff)", ()),
    ],
)
def test_texts_are_kept_by_every_kind_of_term(text: str, kept: object) -> None:
    assert tuple(keep_values(items(text), MUNICH)("CN", NAMES)) == kept
