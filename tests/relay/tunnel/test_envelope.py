"""Questions and answers: sealed, opened, padded; replayed, stale, cut, misdirected ones refused."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import BundleRefused, EnvelopeRefused
from relay.octets import encode_octets
from relay.tunnel.envelope import (
    BUCKETS,
    MAX_ANSWER_BYTES,
    MAX_ANSWER_PLAIN,
    MAX_REQUEST_BYTES,
    MAX_REQUEST_PLAIN,
    Answer,
    Envelope,
    OpenedRequest,
    Question,
    SealedQuestion,
    pad,
    request_info,
    seal_answer,
    seal_question,
    unpad,
)
from relay.tunnel.keyring import PERIOD_S, KeyRing
from relay.tunnel.keys import ExchangeKey
from relay.tunnel.replay import REPLAY_WINDOW_S, ReplayWindow
from relay.tunnel.suites import Suite, generate, public_octets, seal

TID = "11111111-2222-4333-8444-555555555555"
OTHER_TID = "99999999-2222-4333-8444-555555555555"
NOW = 1_800_000_000
ASKED = Question("people.search", b'{"text":"meier"}', "a.b.c")
SUITES = st.sampled_from(list(Suite))


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    return KeyRing.create(tmp_path_factory.mktemp("ring") / "keys", TID, NOW)


@pytest.fixture
def directory(ring: KeyRing) -> Envelope:
    return Envelope(TID, ring)


def key_of(ring: KeyRing, suite: Suite = Suite.X25519) -> ExchangeKey:
    return ring.bundle(NOW).verify(TID, ring.identity.public).newest(suite, NOW)


def ask(ring: KeyRing, suite: Suite = Suite.X25519, now_s: float = NOW) -> SealedQuestion:
    return seal_question(ASKED, TID, key_of(ring, suite), now_s)


def code_of(directory: Envelope, octets: bytes, now_s: float = NOW) -> str:
    with pytest.raises(EnvelopeRefused) as refused:
        directory.open_request(octets, now_s)
    return refused.value.code


@pytest.mark.parametrize("suite", list(Suite))
def test_a_question_and_its_answer_open(directory: Envelope, ring: KeyRing, suite: Suite) -> None:
    asked = ask(ring, suite)
    opened = directory.open_request(asked.octets, NOW)
    assert opened.question == ASKED
    answer = Answer(503, "Müller\n\0".encode(), "text/vcard", 3)
    back = asked.open_answer(seal_answer(opened.reply, answer, NOW + 0.9))
    assert back.answer == answer
    assert back.now == NOW


@given(SUITES, st.binary(max_size=40_000), st.text(max_size=2000))
def test_any_token_and_any_body_come_through(
    ring: KeyRing, suite: Suite, body: bytes, token: str
) -> None:
    asked = seal_question(Question("me", b"{}", token), TID, key_of(ring, suite), NOW)
    opened = Envelope(TID, ring).open_request(asked.octets, NOW)
    assert opened.question.token == token
    assert asked.open_answer(seal_answer(opened.reply, Answer(200, body), NOW)).answer.body == body


def test_a_question_is_answered_once(directory: Envelope, ring: KeyRing) -> None:
    asked = ask(ring)
    directory.open_request(asked.octets, NOW)
    assert code_of(directory, asked.octets) == "replayed"
    assert code_of(directory, asked.octets, NOW + REPLAY_WINDOW_S) == "replayed"
    assert code_of(directory, asked.octets, NOW + REPLAY_WINDOW_S + 1) == "clock"


@pytest.mark.parametrize("suite", list(Suite))
@pytest.mark.parametrize("off_s", [-REPLAY_WINDOW_S - 1, REPLAY_WINDOW_S + 1, 30 * 3600])
def test_a_question_of_another_time_is_told_the_directorys(
    directory: Envelope, ring: KeyRing, suite: Suite, off_s: int
) -> None:
    asked = ask(ring, suite, NOW + off_s)
    with pytest.raises(EnvelopeRefused) as refused:
        directory.open_request(asked.octets, NOW)
    assert refused.value.code == "clock"
    back = asked.open_answer(refused.value.answer)
    assert (back.answer.status, back.now) == (425, NOW)


@pytest.mark.parametrize("off_s", [-REPLAY_WINDOW_S, 0, REPLAY_WINDOW_S])
def test_clocks_may_differ_by_two_minutes(directory: Envelope, ring: KeyRing, off_s: int) -> None:
    assert directory.open_request(ask(ring, now_s=NOW + off_s).octets, NOW).question == ASKED


def test_a_question_to_a_key_that_ended_is_told_to_fetch_the_keys_again(tmp_path: Path) -> None:
    ring = KeyRing.create(tmp_path / "keys", TID, NOW)
    asked = ask(ring)
    assert code_of(Envelope(TID, ring), asked.octets, NOW + 2 * PERIOD_S) == "unknown-key"


def test_a_question_to_another_tenant_does_not_open(ring: KeyRing) -> None:
    asked = seal_question(ASKED, OTHER_TID, key_of(ring), NOW)
    assert code_of(Envelope(TID, ring), asked.octets) == "cannot-open"
    assert Envelope(OTHER_TID, ring).open_request(asked.octets, NOW).question == ASKED


def test_a_question_to_another_directory_is_no_question_here(
    directory: Envelope, tmp_path: Path
) -> None:
    other = KeyRing.create(tmp_path / "keys", OTHER_TID, NOW)
    key = other.bundle(NOW).verify(OTHER_TID, other.identity.public).newest(Suite.X25519, NOW)
    asked = seal_question(ASKED, OTHER_TID, key, NOW)
    assert code_of(directory, asked.octets) == "unknown-key"


def test_every_cut_question_is_refused(directory: Envelope, ring: KeyRing) -> None:
    for suite in Suite:
        octets = ask(ring, suite).octets
        for end in [*range(120), len(octets) - 1]:
            assert code_of(directory, octets[:end]) in ("cannot-open", "unknown-key")
        assert code_of(directory, octets + b"\0") == "cannot-open"
        directory.open_request(octets, NOW)  # untouched by all of that


@given(SUITES, st.data())
def test_a_question_with_one_changed_octet_is_refused(
    ring: KeyRing, suite: Suite, data: st.DataObject
) -> None:
    octets = bytearray(ask(ring, suite).octets)
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] ^= data.draw(st.integers(1, 255))
    assert code_of(Envelope(TID, ring), bytes(octets)) in ("cannot-open", "unknown-key")


@given(st.binary(max_size=400))
def test_octets_that_are_no_question_are_refused(ring: KeyRing, octets: bytes) -> None:
    assert code_of(Envelope(TID, ring), octets) in ("cannot-open", "unknown-key")


def test_a_question_that_is_too_large_is_refused_unread(directory: Envelope) -> None:
    assert code_of(directory, bytes((1, 1)) + bytes(MAX_REQUEST_BYTES)) == "cannot-open"


GOOD = {
    "v": 1,
    "rid": encode_octets(bytes(16)),
    "ts": NOW,
    "op": "me",
    "args": {},
    "rpk": encode_octets(public_octets(generate(Suite.X25519))),
    "tok": "",
}


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"rid": encode_octets(bytes(15))},
        {"rid": "*" * 22},
        {"ts": -1},
        {"ts": "1"},
        {"op": ""},
        {"op": "people/search"},
        {"op": "me\n"},
        {"op": "m" * 40},
        {"rpk": encode_octets(public_octets(generate(Suite.P256)))},
        {"rpk": encode_octets(bytes(31))},
        {"tok": None},
        {"tok": "x" * (16 * 1024 + 1)},
        {"more": 1},
        {"args": msgspec.Raw(b"[" * 5000 + b"]" * 5000)},
    ],
)
def test_a_sealed_question_of_another_form_is_refused(
    directory: Envelope, ring: KeyRing, change: dict[str, object]
) -> None:
    def sealed(plain: dict[str, object]) -> bytes:
        key = key_of(ring)
        padded = pad(msgspec.json.encode(plain), MAX_REQUEST_PLAIN)
        info = request_info(TID, Suite.X25519, key.id)
        return bytes((1, 1)) + key.id + seal(Suite.X25519, padded, key.read(), info)

    assert code_of(directory, sealed(GOOD | change)) == "cannot-open"
    assert directory.open_request(sealed(GOOD), NOW).question.op == "me"


def test_an_answer_cannot_be_sealed_to_a_point_of_small_order(
    directory: Envelope, ring: KeyRing
) -> None:
    key = key_of(ring)
    plain = pad(msgspec.json.encode(GOOD | {"rpk": encode_octets(bytes(32))}), MAX_REQUEST_PLAIN)
    info = request_info(TID, Suite.X25519, key.id)
    octets = bytes((1, 1)) + key.id + seal(Suite.X25519, plain, key.read(), info)
    opened = directory.open_request(octets, NOW)
    with pytest.raises(EnvelopeRefused):
        seal_answer(opened.reply, Answer(200, b""), NOW)


def test_an_answer_opens_for_its_own_question_only(directory: Envelope, ring: KeyRing) -> None:
    asked, other = ask(ring), ask(ring)
    octets = seal_answer(directory.open_request(asked.octets, NOW).reply, Answer(200, b""), NOW)
    with pytest.raises(EnvelopeRefused, match="does not open"):
        other.open_answer(octets)
    asked.open_answer(octets)


@given(SUITES, st.data())
def test_an_answer_with_one_changed_octet_or_cut_is_refused(
    ring: KeyRing, suite: Suite, data: st.DataObject
) -> None:
    asked = ask(ring, suite)
    reply = Envelope(TID, ring).open_request(asked.octets, NOW).reply
    octets = seal_answer(reply, Answer(200, b"x" * 300), NOW)
    place = data.draw(st.integers(0, len(octets) - 1))
    changed = bytearray(octets)
    changed[place] ^= data.draw(st.integers(1, 255))
    for wrong in (bytes(changed), octets[:place], octets + b"\0"):
        with pytest.raises(EnvelopeRefused):
            asked.open_answer(wrong)


@pytest.mark.parametrize("line", [b"", b"{}", b"x\n", b'{"v":1,"now":1,"status":99,"type":""}\n'])
def test_an_answer_without_its_head_is_refused(
    directory: Envelope, ring: KeyRing, line: bytes
) -> None:
    asked = ask(ring)
    reply = directory.open_request(asked.octets, NOW).reply
    sealed = seal(reply.suite, pad(line, MAX_ANSWER_PLAIN), reply.key, reply.info)
    with pytest.raises(EnvelopeRefused, match="cannot be read"):
        asked.open_answer(bytes((1, reply.suite)) + sealed)


@given(st.binary(max_size=70_000))
def test_padding_hides_all_but_the_bucket(message: bytes) -> None:
    plain = pad(message, MAX_ANSWER_PLAIN)
    assert len(plain) in BUCKETS or len(plain) % BUCKETS[-1] == 0
    assert len(plain) >= len(message) + 4
    assert unpad(plain) == message


def test_the_buckets_are_as_small_as_they_can_be() -> None:
    for bucket in (*BUCKETS, 2 * BUCKETS[-1]):
        assert len(pad(bytes(bucket - 4), MAX_ANSWER_PLAIN)) == bucket
        assert len(pad(bytes(bucket - 3), MAX_ANSWER_PLAIN)) > bucket


@pytest.mark.parametrize(
    "plain",
    [b"", b"\0\0\0", bytes(255), b"\0\0\0\xfd" + bytes(252), bytes(255) + b"\1", bytes(300)],
)
def test_padding_of_another_form_is_refused(plain: bytes) -> None:
    with pytest.raises(EnvelopeRefused, match="padding"):
        unpad(plain)


def test_what_is_too_large_is_not_sealed(ring: KeyRing, directory: Envelope) -> None:
    large = Question("people.search", b'"' + b"x" * MAX_REQUEST_PLAIN + b'"', "")
    with pytest.raises(EnvelopeRefused, match="too large"):
        seal_question(large, TID, key_of(ring), NOW)
    opened: OpenedRequest = directory.open_request(ask(ring).octets, NOW)
    with pytest.raises(EnvelopeRefused, match="too large"):
        seal_answer(opened.reply, Answer(200, bytes(MAX_ANSWER_PLAIN)), NOW)


def test_the_largest_question_and_answer_fit_their_limits(ring: KeyRing) -> None:
    for suite in Suite:
        args = b'"' + b"x" * (MAX_REQUEST_PLAIN - 400) + b'"'
        asked = seal_question(Question("me", args, ""), TID, key_of(ring, suite), NOW)
        assert len(asked.octets) <= MAX_REQUEST_BYTES
        reply = Envelope(TID, ring).open_request(asked.octets, NOW).reply
        answer = seal_answer(reply, Answer(200, bytes(MAX_ANSWER_PLAIN - 400)), NOW)
        assert len(answer) <= MAX_ANSWER_BYTES
        assert len(asked.open_answer(answer).answer.body) == MAX_ANSWER_PLAIN - 400


def test_nothing_is_sealed_to_a_key_that_is_none() -> None:
    key = ExchangeKey(1, "AA", NOW + 1)
    with pytest.raises(BundleRefused):
        seal_question(ASKED, TID, key, NOW)


def test_a_full_memory_refuses_new_questions(ring: KeyRing) -> None:
    directory = Envelope(TID, ring, ReplayWindow(capacity=1))
    directory.open_request(ask(ring).octets, NOW)
    assert code_of(directory, ask(ring).octets) == "busy"
