from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.bench_ldap import SHAPES
from bench.ldap_load import (
    Load,
    Question,
    WrongAnswer,
    display_name,
    encode_bind,
    encode_search,
    encode_tlv,
    run,
    split_messages,
)
from bench.questions import beginnings, work_numbers
from bench.servers import Server, has_slapd, put_load, running_slapd
from ldapd.protocol.filters import format_filter
from ldapd.protocol.messages import BindRequest, SearchRequest
from ldapd.protocol.requests import DecodeLimits, decode_message
from rufname.load_questions import missing
from rufname.programs import first_core
from rufname.sample import contacts

COUNT = 300
SEARCH = 0x63


@given(st.integers(0, 255), st.binary(max_size=70_000))
def test_lengths_are_definite_and_the_shortest(tag: int, content: bytes) -> None:
    encoded = encode_tlv(tag, content)
    assert encoded[0] == tag
    assert encoded.endswith(content)
    assert len(encoded) - len(content) == (
        2 if len(content) < 128 else 3 if len(content) < 256 else 4
    )


@given(st.lists(st.binary(max_size=300), max_size=6), st.integers(0, 400))
def test_messages_are_split_wherever_the_stream_is_cut(bodies: list[bytes], cut: int) -> None:
    stream = b"".join(
        encode_tlv(0x30, bytes((2, 1, number)) + encode_tlv(0x64, body))
        for number, body in enumerate(bodies, 1)
    )
    first, rest = split_messages(stream[:cut])
    second, end = split_messages(rest + stream[cut:])
    assert end == b""
    assert [(number, tag) for number, tag, _ in first + second] == [
        (number, 0x64) for number in range(1, len(bodies) + 1)
    ]


def _some_load(**settings: object) -> Load:
    load = Load(1, "cn=sbc,dc=meta", "secret", "dc=meta", SHAPES["OR of two"], ())
    return msgspec.structs.replace(load, **settings)


def test_the_daemon_reads_what_the_tool_writes() -> None:
    octets = encode_search(77, _some_load(), "+49879100000")
    message = decode_message(octets, 2, len(octets), DecodeLimits())
    assert message.message_id == 77
    assert isinstance(message.request, SearchRequest)
    assert (message.request.base, message.request.attributes) == ("dc=meta", ("displayName",))
    assert format_filter(message.request.filter) == (
        "(|(telephoneNumber=+49879100000)(mobile=+49879100000))"
    )
    load = _some_load(attributes=("cn", "sn"), limit=20, returned=("displayName", "mobile"))
    octets = encode_search(78, load, "mei")
    request = decode_message(octets, 2, len(octets), DecodeLimits()).request
    assert isinstance(request, SearchRequest)
    assert (request.size_limit, request.attributes) == (20, ("displayName", "mobile"))
    assert format_filter(request.filter) == "(|(cn=mei*)(sn=mei*))"
    octets = encode_bind("cn=sbc,dc=meta", "secret")
    bind = decode_message(octets, 2, len(octets), DecodeLimits()).request
    assert isinstance(bind, BindRequest)
    assert bind.name == "cn=sbc,dc=meta"


def test_something_else_than_ldap_is_refused() -> None:
    with pytest.raises(WrongAnswer, match="no LDAPMessage"):
        split_messages(b"HTTP/1.1 400 Bad Request\r\n")


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_the_display_name_of_an_entry_is_read_wherever_it_stands(name: bytes, more: bytes) -> None:
    value = encode_tlv(4, name)
    attribute = encode_tlv(0x30, encode_tlv(4, b"displayName") + encode_tlv(0x31, value))
    other = encode_tlv(0x30, encode_tlv(4, b"mobile") + encode_tlv(0x31, encode_tlv(4, more)))
    for attributes in (attribute, attribute + other, other.replace(b"display", b"") + attribute):
        entry = encode_tlv(0x64, encode_tlv(4, b"uid=1") + encode_tlv(0x30, attributes))
        assert display_name(entry) == value


@pytest.mark.parametrize("values", [b"", encode_tlv(4, b"A") + encode_tlv(4, b"B")])
def test_an_entry_with_no_or_two_display_names_is_refused(values: bytes) -> None:
    attribute = encode_tlv(4, b"displayName" if values else b"cn") + encode_tlv(0x31, values)
    with pytest.raises(WrongAnswer):
        display_name(encode_tlv(0x64, encode_tlv(4, b"uid=1") + encode_tlv(0x30, attribute)))


def test_a_pipeline_that_would_use_a_message_id_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="pipeline: got 65, allowed: 1 to 64"):
        _some_load(pipeline=65)


def test_a_question_that_is_answered_after_all_others_keeps_its_message_id() -> None:
    questions = tuple(Question(str(number), "") for number in range(400))
    load = _some_load(pipeline=8, questions=questions, connections=1)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = threading.Thread(
            target=_answer_the_first_last, args=(listening, len(questions))
        )
        answering.start()
        result = run(msgspec.structs.replace(load, port=listening.getsockname()[1]))
        answering.join()
    assert result.answered == len(questions)


def _answer_the_first_last(listening: socket.socket, questions: int) -> None:
    """Take a bind and so many searches on one connection; answer the first search at the end."""
    peer, _ = listening.accept()
    rest, asked, first = b"", 0, 0
    with peer:
        while asked < questions:
            messages, rest = split_messages(rest + peer.recv(65_536))
            for message_id, operation, _ in messages:
                asked += operation == SEARCH
                if operation == SEARCH and not first:
                    first = message_id
                else:
                    _answer(peer, message_id, 0x65 if operation == SEARCH else 0x61)
        _answer(peer, first, 0x65)


def _answer(peer: socket.socket, message_id: int, operation: int) -> None:
    body = encode_tlv(operation, b"\x0a\x01\x00\x04\x00\x04\x00")
    peer.sendall(encode_tlv(0x30, bytes((2, 1, message_id)) + body))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if not has_slapd():
        pytest.skip("slapd is not installed (Debian package slapd)")
    with running_slapd(tmp_path_factory.mktemp("slapd") / "peer", contacts(COUNT)) as running:
        yield running


def _load(server: Server, questions: list[Question], **settings: object) -> Load:
    load = Load(
        port=server.port,
        bind=server.bind,
        password=server.password,
        base=server.base,
        attributes=("telephoneNumber",),
        questions=tuple(questions),
        connections=4,
    )
    return msgspec.structs.replace(load, **settings)


def _questions() -> list[Question]:
    asked = work_numbers(contacts(COUNT))
    known = [Question(each.number, each.name) for each in asked]
    return known + [Question(missing(each.number), "") for each in asked]


@pytest.mark.e2e
@pytest.mark.parametrize("attributes", SHAPES.values())
def test_slapd_answers_every_question_rightly(server: Server, attributes: tuple[str, ...]) -> None:
    questions = _questions()
    result = run(_load(server, questions, attributes=attributes))
    assert result.answered == len(questions)
    assert 0 < result.p50_us <= result.p99_us <= result.p999_us <= result.max_us


@pytest.mark.e2e
@pytest.mark.parametrize("connections", [1, 3])
def test_eight_requests_open_on_a_connection_are_all_answered(
    server: Server, connections: int
) -> None:
    questions = _questions()
    load = _load(server, questions, connections=connections, pipeline=8)
    assert run(load).answered == len(questions)
    questions[-1] = Question(questions[-1].number, "Somebody")
    with pytest.raises(WrongAnswer, match="0 entries for 'Somebody'"):
        run(msgspec.structs.replace(load, questions=tuple(questions)))


@pytest.mark.e2e
def test_the_beginning_of_a_name_brings_twenty_of_those_that_fit(server: Server) -> None:
    names = beginnings(contacts(COUNT), 20)
    asked = [Question(text, "") for text in names] * 10
    load = _load(
        server, asked, attributes=("cn", "sn"), limit=20, returned=("mobile", "displayName"),
        names=names,
    )  # fmt: skip
    assert run(load).answered == len(asked) > 0
    for changed in ({"limit": 19, "names": dict.fromkeys(names, ("Nobody",))}, {"limit": 120}):
        with pytest.raises(WrongAnswer, match=f"{asked[0].number}"):
            run(msgspec.structs.replace(load, **changed))


@pytest.mark.e2e
def test_each_question_can_come_on_a_connection_of_its_own(server: Server) -> None:
    questions = _questions()[:50]
    assert run(_load(server, questions, anew=True)).answered == 50
    with pytest.raises(WrongAnswer, match="expected 'Somebody Else'"):
        run(_load(server, [Question(questions[0].number, "Somebody Else")], anew=True))


@pytest.mark.e2e
def test_an_open_loop_takes_as_long_as_its_rate_says(server: Server) -> None:
    questions = _questions()[:100]
    result = run(_load(server, questions, rate=1_000.0))
    assert result.answered == 100
    assert result.seconds >= 0.099


@pytest.mark.e2e
def test_the_load_runs_as_a_program_of_its_own_and_the_servers_time_is_read(
    server: Server,
) -> None:
    questions = _questions()
    result, cpu_s = put_load(server, _load(server, questions))
    assert result.answered == len(questions)
    assert 0 <= cpu_s <= result.seconds + 1
    assert server.cpu_s() > 0
    allowed = Path(f"/proc/{server.pid}/status").read_text(encoding="utf-8")
    assert f"Cpus_allowed_list:\t{first_core()}\n" in allowed


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda asked: Question(asked.number, "Somebody Else"), "expected 'Somebody Else'"),
        (lambda asked: Question(asked.number, ""), "expected ''"),
        (lambda asked: Question(missing(asked.number), "Somebody"), "0 entries for 'Somebody'"),
    ],
)
def test_a_wrong_answer_ends_the_run(server: Server, wrong: object, words: str) -> None:
    assert callable(wrong)
    questions = _questions()
    questions[5] = wrong(questions[5])
    with pytest.raises(WrongAnswer, match=words):
        run(_load(server, questions))
    with pytest.raises(RuntimeError, match=words):
        put_load(server, _load(server, questions))


@pytest.mark.e2e
def test_a_refused_bind_is_told(server: Server) -> None:
    with pytest.raises(WrongAnswer, match="was refused"):
        run(_load(server, _questions(), password="wrong"))


@pytest.mark.e2e
def test_a_server_that_is_gone_is_told(server: Server) -> None:
    with pytest.raises(ConnectionRefusedError):
        run(_load(server, _questions(), port=1))


def test_the_program_refuses_a_load_it_cannot_read() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.ldap_load", "0"],
        input=b"{}",
        capture_output=True,
        check=False,
    )
    assert done.returncode != 0
