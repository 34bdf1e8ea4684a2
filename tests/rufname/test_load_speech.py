from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldapd.protocol.filters import Equality, Or
from ldapd.protocol.messages import (
    BIND_RESPONSE,
    SEARCH_DONE,
    SearchRequest,
    encode_entry,
    encode_result,
)
from ldapd.protocol.requests import DecodeLimits, decode_message
from rufname.load_speech import Answer, HttpSpeech, LdapSpeech, LoadRefused, Speech, basic


def _ldap(attributes: tuple[str, ...] = ("telephoneNumber",)) -> LdapSpeech:
    speech = LdapSpeech("cn=sbc,dc=meta", b"secret", "dc=meta", attributes)
    speech.greeting()
    return speech


def _http(*, search: bool = False) -> HttpSpeech:
    return HttpSpeech("127.0.0.1:8080", basic("sbc", b"secret"), search=search)


def _read_in_parts(speech: Speech, octets: bytes, cuts: list[int]) -> Answer | None:
    """Hand the octets over in parts, as a network does; return the answer."""
    places = sorted({0, len(octets), *(cut % (len(octets) + 1) for cut in cuts)})
    rest = b""
    answer: Answer | None = None
    for start, stop in pairwise(places):
        assert answer is None, "an answer before all octets had come"
        answer, rest = speech.read(rest + octets[start:stop])
    assert rest == b""
    return answer


CUTS = st.lists(st.integers(0, 10_000), max_size=6)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@given(NAMES, CUTS)
def test_an_ldap_name_is_read_wherever_the_stream_is_cut(name: str, cuts: list[int]) -> None:
    speech = _ldap()
    speech.ask("+498999998123")
    octets = encode_entry(2, "uid=1,dc=meta", [("displayName", [name.encode()])])
    octets += encode_result(2, SEARCH_DONE, 0)
    assert _read_in_parts(speech, octets, cuts) == Answer(name)


@given(NAMES, CUTS)
def test_an_http_name_is_read_wherever_the_stream_is_cut(name: str, cuts: list[int]) -> None:
    body = name.encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\nserver: x\r\n\r\n"
    assert _read_in_parts(_http(), head.encode() + body, cuts) == Answer(name)


@given(st.binary(max_size=400))
def test_whatever_comes_is_an_answer_a_fault_or_not_yet_whole(octets: bytes) -> None:
    for speech in (_ldap(), _http(), _http(search=True)):
        speech.ask("+498999998123")
        answer, rest = speech.read(octets)
        assert answer is not None or rest == octets or len(rest) < len(octets)


def test_nobody_is_no_entry_and_an_empty_404() -> None:
    speech = _ldap()
    speech.ask("+49")
    assert speech.read(encode_result(2, SEARCH_DONE, 0)) == (Answer(""), b"")
    assert _http().read(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") == (Answer(""), b"")


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"HTTP/1.1 401 x\r\ncontent-length: 2\r\n\r\nno", "HTTP status 401"),
        (b"HTTP/1.1 404 x\r\ncontent-length: 2\r\n\r\nno", "HTTP status 404"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "no HTTP/1.1 with a length"),
        (b"SSH-2.0\r\n\r\n", "no HTTP/1.1 with a length"),
        (b"x" * 20_000, "a head without end"),
    ],
)
def test_what_is_no_answer_over_http_is_a_fault(octets: bytes, words: str) -> None:
    answer, _ = _http().read(octets)
    assert answer is not None
    assert words in answer.fault


def test_a_result_code_and_a_notice_of_disconnection_are_faults() -> None:
    for message_id, code, words in ((2, 51, "LDAP code 51"), (0, 52, "disconnected with code 52")):
        speech = _ldap()
        speech.ask("+49")
        answer, _ = speech.read(encode_result(message_id, SEARCH_DONE, code))
        assert answer is not None
        assert answer.fault == words


def test_the_bind_is_greeted_or_refused_with_the_servers_words() -> None:
    speech = _ldap()
    assert not speech.is_greeted(b"")
    assert speech.is_greeted(encode_result(1, BIND_RESPONSE, 0))
    with pytest.raises(LoadRefused, match=r"'cn=sbc,dc=meta' was refused \(49: wrong\)"):
        speech.is_greeted(encode_result(1, BIND_RESPONSE, 49, "wrong"))
    with pytest.raises(LoadRefused, match="no LDAP server"):
        speech.is_greeted(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_one_attribute_is_an_equality_several_are_an_or() -> None:
    for attributes in (("telephoneNumber",), ("telephoneNumber", "mobile")):
        octets = _ldap(attributes).ask("+49")
        request = decode_message(octets, 2, len(octets), DecodeLimits()).request
        assert isinstance(request, SearchRequest)
        terms = tuple(Equality(name, b"+49") for name in attributes)
        assert request.filter == (terms[0] if len(terms) == 1 else Or(terms))
        assert request.attributes == ("displayName",)


def test_a_number_is_escaped_in_the_path_and_a_text_stands_in_the_body() -> None:
    assert _http().ask("+49 (89)/1").startswith(b"GET /v1/caller/%2B49%20%2889%29%2F1 HTTP/1.1\r\n")
    request = _http(search=True).ask("mei an")
    assert request.endswith(b'\r\n\r\n{"text":"mei an","limit":10}')
    assert b"Authorization: Basic c2JjOnNlY3JldA==\r\n" in request


def test_a_search_gives_the_first_hits_name() -> None:
    for body, name in ((b'{"hits":[{"name":"A"},{"name":"B"}]}', "A"), (b'{"hits":[]}', "")):
        head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body)
        assert _http(search=True).read(head + body) == (Answer(name), b"")
    answer, _ = _http(search=True).read(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
    assert answer is not None
    assert "no answer to a search" in answer.fault
