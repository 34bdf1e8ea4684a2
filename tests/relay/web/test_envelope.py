"""What Chromium seals this side opens, what this side seals Chromium opens, and nothing else."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from relay.errors import EnvelopeRefused
from relay.octets import decode_octets, encode_octets
from relay.tunnel.envelope import Answer, Envelope, OpenedRequest, seal_answer
from relay.tunnel.keyring import KeyRing
from relay.tunnel.keys import BUNDLE_LABEL, TenantIdentity, fingerprint
from relay.tunnel.suites import Suite, public_octets
from tests.relay.tunnel import vectors
from tests.relay.web.browser import built_modules, call, chromium_with, needs_chromium
from tests.relay.web.node import needs_node

pytestmark = [needs_node, needs_chromium]

VECTORS = vectors.read()
TID, NOW = str(VECTORS["tid"]), int(VECTORS["now"])

SEAL = """
  const bundle = await tab.readBundle(signed, tid);
  const key = tab.newest(bundle, suite, now);
  window.sealed ??= [];
  const one = await tab.sealQuestion({ op, args, token }, tid, key, now);
  window.sealed.push(one);
  return tab.encodeOctets(one.octets);
"""
OPEN = """
  const answer = await window.sealed.at(at).open(tab.decodeOctets(octets)).catch(String);
  return typeof answer === "string" ? answer : { ...answer, body: tab.encodeOctets(answer.body) };
"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    scripts = built_modules(
        tmp_path_factory.mktemp("modules"), "envelope.ts", "keys.ts", "octets.ts"
    )
    with chromium_with(scripts) as page:
        yield page


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    return KeyRing.create(tmp_path_factory.mktemp("ring") / "keys", TID, NOW)


def seal(tab: Page, ring: KeyRing, suite: Suite, **question: Any) -> bytes:
    signed = json.loads(ring.bundle(NOW).encode())
    asked = {"op": "me", "args": {}, "token": "a.b.c", "now": NOW, **question}
    return decode_octets(call(tab, SEAL, signed=signed, tid=TID, suite=int(suite), **asked))


def open_answer(tab: Page, octets: bytes, at: int = -1) -> Any:
    return call(
        tab, OPEN.replace("sealed[at]", "sealed.at(at)"), octets=encode_octets(octets), at=at
    )


@pytest.mark.parametrize("suite", list(Suite))
def test_questions_and_answers_of_any_size_cross_both_ways(
    tab: Page, ring: KeyRing, suite: Suite
) -> None:
    directory, seeded = Envelope(TID, ring), random.Random(8)
    for size in (0, 1, 200, 5_000, 40_000, 300_000):
        args = {"text": "Zoë Ö " + "x" * min(size, 30_000), "deep": [1, None, {"é": True}]}
        octets = seal(tab, ring, suite, op="people.search", args=args, token="t" * 1500)
        opened = directory.open_request(octets, NOW + 1)
        assert opened.question.op == "people.search"
        assert json.loads(opened.question.args) == args
        assert opened.question.token == "t" * 1500
        body = seeded.randbytes(size)
        answer = seal_answer(opened.reply, Answer(503, body, "text/vcard", 7), NOW + 2)
        assert open_answer(tab, answer) == {
            "now": NOW + 2, "status": 503, "type": "text/vcard", "waitS": 7,
            "body": encode_octets(body),
        }  # fmt: skip


@pytest.mark.parametrize("suite", list(Suite))
def test_a_question_of_the_page_is_padded_and_bound_as_every_other(
    tab: Page, ring: KeyRing, suite: Suite
) -> None:
    directory = Envelope(TID, ring)
    octets = seal(tab, ring, suite)
    assert len(octets) == 2 + 8 + {Suite.X25519: 32, Suite.P256: 65}[suite] + 256 + 16
    with pytest.raises(EnvelopeRefused):
        Envelope(TID.replace("0", "1"), ring).open_request(octets, NOW)
    directory.open_request(octets, NOW)
    with pytest.raises(EnvelopeRefused) as refused:
        directory.open_request(octets, NOW)
    assert refused.value.code == "replayed"


@pytest.mark.parametrize("suite", list(Suite))
def test_the_page_refuses_answers_that_are_not_the_directorys_to_this_question(
    tab: Page, ring: KeyRing, suite: Suite
) -> None:
    def ask() -> OpenedRequest:
        return Envelope(TID, ring).open_request(seal(tab, ring, suite), NOW)

    first = seal_answer(ask().reply, Answer(200, b"{}"), NOW)
    second = seal_answer(ask().reply, Answer(200, b"{}"), NOW)
    flipped = [second[:at] + bytes((second[at] ^ 1,)) + second[at + 1 :] for at in range(0, 90, 5)]
    for wrong in (first, b"", second[:20], second[:-1], second + b"\0", *flipped):
        assert isinstance(open_answer(tab, wrong), str), "an error"
    assert open_answer(tab, second)["status"] == 200
    assert open_answer(tab, first, at=-2)["status"] == 200


@pytest.mark.parametrize(
    "exchange", VECTORS["exchanges"], ids=lambda each: f"{each['suite']}-{each['op']}"
)
def test_the_published_answers_open_in_the_browser(tab: Page, exchange: dict[str, Any]) -> None:
    answer = call(
        tab,
        """
        const octets = Object.fromEntries(["request", "rid", "answer", "reply_private"]
          .map((name) => [name, tab.decodeOctets(exchange[name])]));
        const { answer: sealed, request, rid } = octets;
        const kem = tab.suites[exchange.suite].kem;
        const key = await kem.importKey("raw", octets.reply_private, false);
        const answer = await tab.openAnswer(sealed, request, rid, exchange.suite, key);
        return { ...answer, body: tab.textOf(answer.body) };
        """,
        exchange=exchange,
    )
    assert answer == {
        "now": NOW, "status": exchange["status"], "type": exchange["type"],
        "waitS": exchange["wait_s"], "body": exchange["body"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "exchange", VECTORS["exchanges"], ids=lambda each: f"{each['suite']}-{each['op']}"
)
def test_the_browser_seals_the_published_questions_octet_for_octet(
    tab: Page, exchange: dict[str, Any]
) -> None:
    suite = Suite(exchange["suite"])
    drawn = [
        {"private": exchange[name], "public": public_text(suite, exchange[name])}
        for name in ("reply_private", "request_ephemeral")
    ]
    octets = call(
        tab,
        """
        const kem = tab.suites[exchange.suite].kem;
        const pairs = await Promise.all(drawn.map(async (pair) => ({
          privateKey: await kem.importKey("raw", tab.decodeOctets(pair.private), false),
          publicKey: await kem.importKey("raw", tab.decodeOctets(pair.public), true) })));
        const bundle = await tab.readBundle(signed, tid);
        const key = tab.newest(bundle, exchange.suite, now);
        const { op, args, token } = exchange;
        // what the page draws by chance is given: the reply key, the question's id, HPKE's own key
        const ids = [tab.decodeOctets(exchange.rid)];
        const { getRandomValues } = crypto, { generateKey } = crypto.subtle;
        crypto.getRandomValues = (into) => (into.set(ids.shift()), into);
        crypto.subtle.generateKey = async () => pairs.shift();
        try {
          const sealed = await tab.sealQuestion({ op, args, token }, tid, key, now);
          if (ids.length || pairs.length) throw new Error("not all of it was drawn");
          const answer = await sealed.open(tab.decodeOctets(exchange.answer));
          if (answer.status !== exchange.status) throw new Error("another answer");
          return tab.encodeOctets(sealed.octets);
        } finally {
          crypto.getRandomValues = getRandomValues;
          crypto.subtle.generateKey = generateKey;
        }
        """,
        exchange=exchange, drawn=drawn, signed=VECTORS["bundle"], tid=TID, now=NOW,
    )  # fmt: skip
    assert octets == exchange["request"]


def public_text(suite: Suite, private: str) -> str:
    return encode_octets(public_octets(vectors.read_private(suite, decode_octets(private))))


def read_bundle(tab: Page, signed: object, tid: str = TID) -> Any:
    return call(
        tab,
        """
        try {
          const bundle = await tab.readBundle(signed, tid);
          const ids = [1, 2].map((suite) => tab.newest(bundle, suite, now))
            .map((key) => key && tab.encodeOctets(key.id));
          return { fingerprint: bundle.fingerprint, ids };
        } catch (error) {
          if (error instanceof tab.BundleRefused) return error.message;
          throw error;
        }
        """,
        signed=signed,
        tid=tid,
        now=NOW,
    )


def test_the_published_bundle_is_read_in_the_browser(tab: Page) -> None:
    read = read_bundle(tab, VECTORS["bundle"])
    assert read["fingerprint"] == VECTORS["identity"]["fingerprint"]
    assert read["ids"] == list(dict.fromkeys(each["key_id"] for each in VECTORS["exchanges"]))
    shown = call(tab, "return tab.grouped(text);", text=read["fingerprint"])
    assert shown.startswith("5647 5aa7 ")
    assert shown.endswith(" 708c")


def test_both_sides_take_the_same_key_of_a_ring(tab: Page, ring: KeyRing) -> None:
    signed = ring.bundle(NOW)
    bundle = signed.verify(TID, ring.identity.public)
    read = read_bundle(tab, json.loads(signed.encode()))
    assert read["fingerprint"] == fingerprint(ring.identity.public)
    assert read["ids"] == [encode_octets(bundle.newest(suite, NOW).id) for suite in Suite]


def test_the_page_refuses_a_bundle_that_is_forged_foreign_or_odd(tab: Page, ring: KeyRing) -> None:
    good = json.loads(ring.bundle(NOW).encode())
    other = TenantIdentity.generate()

    def signed(change: dict[str, object]) -> dict[str, str]:
        plain = json.loads(decode_octets(good["bundle"])) | change
        octets = json.dumps(plain).encode()
        return {
            "identity": encode_octets(other.public),
            "bundle": encode_octets(octets),
            "signature": encode_octets(other.sign(BUNDLE_LABEL, octets)),
        }

    assert "fingerprint" in read_bundle(tab, signed({}))
    assert read_bundle(tab, good, TID.replace("0", "1")) == "the keys are another tenant's"
    unsigned = "the keys are not signed by the directory"
    assert read_bundle(tab, good | {"identity": encode_octets(other.public)}) == unsigned
    assert read_bundle(tab, good | {"signature": signed({})["signature"]}) == unsigned
    key = {"suite": 1, "public": encode_octets(bytes(32)), "not_after": NOW + 1}
    for odd in (
        None, [], "x", {}, good | {"more": 1}, good | {"bundle": 1}, good | {"signature": "AA"},
        good | {"identity": good["identity"] + "="}, good | {"bundle": "*"},
        signed({"v": 2}), signed({"keys": {}}), signed({"keys": [key] * 17}), signed({"more": 1}),
        signed({"keys": [key | {"suite": 3}]}), signed({"keys": [key | {"public": "AA"}]}),
        signed({"keys": [key | {"suite": 2}]}), signed({"keys": [key | {"not_after": -1}]}),
        signed({"keys": [key | {"more": 1}]}), signed({"issued": "now"}),
    ):  # fmt: skip
        assert isinstance(read_bundle(tab, odd), str), odd


def test_a_bundle_without_a_valid_key_gives_none(tab: Page) -> None:
    signed = VECTORS["bundle"]
    bundle = json.loads(decode_octets(signed["bundle"]))
    ended = call(
        tab,
        "return tab.newest(await tab.readBundle(signed, tid), 1, now) ?? null;",
        signed=signed, tid=TID, now=bundle["keys"][0]["not_after"],
    )  # fmt: skip
    assert ended is None


def test_a_browser_without_x25519_takes_p256(tab: Page) -> None:
    assert call(tab, "return tab.bestSuite();") == Suite.X25519
    script = """
      const real = crypto.subtle.generateKey.bind(crypto.subtle);
      crypto.subtle.generateKey = (what, ...rest) => {
        const unknown = (what.name ?? what) === "X25519";
        if (unknown) return Promise.reject(new DOMException("no", "NotSupportedError"));
        return real(what, ...rest);
      };
      const fresh = await import("/again/modules.js");
      const best = await fresh.bestSuite();
      crypto.subtle.generateKey = real;
      return best;
    """
    assert call(tab, script) == Suite.P256
