from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldapd.errors import InvalidDn
from ldapd.naming import Naming

NAMING = Naming("dc=meta", ("dc=phone", "ou=people,dc=firm,dc=test"))
UUID = "33c63e08-835b-5cd6-9b7f-e8a01b4c90f4"


@pytest.mark.parametrize(
    ("asked", "base"),
    [
        ("dc=meta", "dc=meta"),
        ("DC=Meta", "DC=Meta"),
        ("dc = meta", "dc = meta"),
        ("dc=phone", "dc=phone"),
        ("OU=People, DC=firm, DC=test", "OU=People, DC=firm, DC=test"),
        ("", "dc=meta"),
        ("  ", "dc=meta"),
    ],
)
def test_the_base_and_its_aliases_are_contexts_in_any_spelling(asked: str, base: str) -> None:
    place = NAMING.locate(asked)
    assert (place.kind, place.base) == ("context", base)
    assert place.own is not None


def test_the_base_object_of_the_empty_name_is_the_root_dse() -> None:
    own = NAMING.locate("").own
    assert own is not None
    assert own.dn == ""
    assert ("namingContexts", (b"dc=meta", b"dc=phone", b"ou=people,dc=firm,dc=test")) in (
        own.attributes
    )


def test_the_subschema_has_a_place_of_its_own() -> None:
    for name in ("cn=subschema", "CN=Subschema"):
        assert NAMING.locate(name).kind == "own"


@pytest.mark.parametrize("context", ["dc=meta", "dc=phone", "ou=people,dc=firm,dc=test"])
def test_entries_stand_below_every_context(context: str) -> None:
    place = NAMING.locate(f"ENTRYUUID={UUID.upper()},{context}")
    assert (place.kind, place.entry_uuid, place.matched) == ("entry", UUID, context)
    assert place.own is None


@pytest.mark.parametrize(
    ("asked", "matched"),
    [
        ("dc=other", ""),
        ("dc=test", ""),
        ("ou=people,dc=meta", "dc=meta"),
        (f"cn=x,entryUUID={UUID},dc=meta", "dc=meta"),
        (f"entryUUID={UUID}+cn=x,dc=phone", "dc=phone"),
        ("ou=people,dc=firm,dc=test,dc=more", ""),
    ],
)
def test_other_names_name_nothing(asked: str, matched: str) -> None:
    place = NAMING.locate(asked)
    assert (place.kind, place.matched) == ("nowhere", matched)


@pytest.mark.parametrize("asked", ["meta", "dc=meta,", "=x", "dc=a\\"])
def test_what_is_no_dn_is_invalid(asked: str) -> None:
    assert NAMING.locate(asked).kind == "invalid"


def test_a_base_that_is_no_dn_is_refused() -> None:
    with pytest.raises(InvalidDn):
        Naming("meta", ())


@given(st.text(max_size=60))
def test_every_text_names_some_place(text: str) -> None:
    assert NAMING.locate(text).kind in ("own", "context", "entry", "nowhere", "invalid")
