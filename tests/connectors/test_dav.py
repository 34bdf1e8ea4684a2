from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.dav import (
    Resource,
    decode_multistatus,
    is_invalid_token,
    multiget_request,
    path_of,
    sync_request,
)

ANSWER = b"""<?xml version='1.0'?>
<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">
 <response><href>/anna/one/</href><propstat><prop><resourcetype><collection/><C:addressbook/>
  </resourcetype><displayname>Eins</displayname><sync-token>t1</sync-token></prop>
  <status>HTTP/1.1 200 OK</status></propstat>
  <propstat><prop><getetag>no</getetag></prop><status>HTTP/1.1 404 Not Found</status></propstat>
 </response>
 <response><href>/anna/one/gone%20away.vcf</href><status>HTTP/1.1 404 Not Found</status></response>
 <response><href>/anna/</href><propstat><prop>
  <C:addressbook-home-set><href>/anna/books/</href></C:addressbook-home-set></prop>
  <status>HTTP/1.1 200 OK</status></propstat></response>
 <sync-token>t2</sync-token>
</multistatus>"""


def test_books_deletions_homes_and_the_new_token_are_read() -> None:
    found = decode_multistatus(ANSWER)
    assert found.token == "t2"
    assert found.resources == (
        Resource("/anna/one/", is_book=True, is_collection=True, name="Eins", token="t1"),
        Resource("/anna/one/gone%20away.vcf", 404),
        Resource("/anna/", home="/anna/books/"),
    )
    assert path_of("https://x.example/a%20b/?q") == "/a b/"


def test_one_status_may_stand_for_several_resources() -> None:
    body = (
        b'<multistatus xmlns="DAV:"><response><href>/a.vcf</href><href>/b.vcf</href>'
        b"<status>HTTP/1.1 404 Not Found</status></response></multistatus>"
    )
    assert decode_multistatus(body).resources == (Resource("/a.vcf", 404), Resource("/b.vcf", 404))


@pytest.mark.parametrize("mark", ["\x0b", "\x1b", "\x00", "&#11;", "&#x1F;", "&#0;"])
def test_control_characters_of_a_card_hide_no_other(mark: str) -> None:
    body = (
        '<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><response>'
        f"<href>/a.vcf</href><propstat><prop><C:address-data>NOTE:one{mark}two&#13;\n"
        "</C:address-data></prop></propstat></response></multistatus>"
    )
    (found,) = decode_multistatus(body.encode()).resources
    assert found.data == "NOTE:one two\r\n"


def test_requests_escape_what_they_quote() -> None:
    assert b"<d:sync-token>a&lt;b</d:sync-token>" in sync_request("a<b")
    assert b"<d:href>/a&amp;b.vcf</d:href>" in multiget_request(["/a&b.vcf"])


def test_an_unknown_token_is_told_from_other_errors() -> None:
    assert is_invalid_token(b'<error xmlns="DAV:"><valid-sync-token/></error>')
    assert not is_invalid_token(b'<error xmlns="DAV:"><need-privileges/></error>')


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html/>",
        b"<multistatus",
        b'<!DOCTYPE a [<!ENTITY b "c">]><multistatus xmlns="DAV:"/>',
        '<!DOCTYPE a [<!ENTITY b "c">]><multistatus xmlns="DAV:"/>'.encode("utf-16"),
    ],
)
def test_what_is_no_multistatus_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="XML|multi-status"):  # noqa: RUF043 - two words
        decode_multistatus(body)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"XML|multi-status"):
        decode_multistatus(body)


def test_hrefs_that_a_server_does_not_encode_are_told_by_what_no_url_holds() -> None:
    """SOGo encodes none where it tells of changes, and all where it gives the cards."""

    def hrefs(*written: str) -> list[str]:
        parts = "".join(f"<D:response><D:href>{href}</D:href></D:response>" for href in written)
        body = f'<D:multistatus xmlns:D="DAV:">{parts}</D:multistatus>'
        return [path_of(found.href) for found in decode_multistatus(body.encode()).resources]

    raw = (
        "/c/100%.vcf",
        "/c/M&#252;ller Anna.vcf",
        "/c/a+b&amp;c.vcf",
        "/c/q?m#h.vcf",
        "/c/%41.vcf",
    )
    assert hrefs(*raw) == [
        "/c/100%.vcf", "/c/Müller Anna.vcf", "/c/a+b&c.vcf", "/c/q?m#h.vcf", "/c/%41.vcf",
    ]  # fmt: skip
    encoded = ("/c/100%25.vcf", "/c/M%C3%BCller%20Anna.vcf", "/c/Ü.vcf", "https://h/c/%41.vcf")
    assert hrefs(*encoded) == ["/c/100%.vcf", "/c/Müller Anna.vcf", "/c/Ü.vcf", "/c/A.vcf"]
    assert hrefs("/c/%C3%BC.vcf", "/c/a?b.vcf") == ["/c/ü.vcf", "/c/a?b.vcf"]  # Cyrus
