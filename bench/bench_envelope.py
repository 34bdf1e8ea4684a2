"""What does sealing cost a question through the tunnel, and what would JWE cost in its place?

A question of a search with a real-sized token goes in (a bucket of 4 KiB), ten hits come back (a
bucket of 8 KiB). Three figures a suite: HPKE alone, sealed and opened once; the directory's part of
a question, which is opening it and sealing the answer, with padding, JSON, key look-up and the
memory of what was asked; and the asker's part. The peer is joserfc's JWE, ECDH-ES with A256GCM,
over the same octets. All in CPU time of one core: nothing here waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import process_time

import msgspec
from joserfc import jwe
from joserfc.jwk import ECKey, OKPKey

from bench.report import Goal, Measure
from relay.tunnel.envelope import Answer, Envelope, Question, seal_answer, seal_question
from relay.tunnel.keyring import KeyRing
from relay.tunnel.replay import ReplayWindow
from relay.tunnel.suites import Suite, generate, public_octets, read_public, seal, unseal

QUESTION = "sealing a question"
GOAL_US = 300.0
BATCH = 20
TID = "0f8fad5b-d9cb-469f-a165-70867728950e"
NOW = 1_795_000_000
ASKED = Question("people.search", b'{"text":"meier muenchen","limit":10}', "e" * 2_000)
HIT = {"id": "crm:4711", "name": "Jörg Großmann-Weiß", "company": "Abel & Söhne GmbH",
       "numbers": [{"kind": "work", "e164": "+493023125101", "display": "+49 30 23125 101"}],
       "emails": [{"address": "joerg@firm.example", "source": "crm"}], "x": "x" * 300}  # fmt: skip
BODY = msgspec.json.encode({"hits": [HIT] * 10, "total": 10})

PEER_KEYS: dict[Suite, OKPKey | ECKey] = {
    Suite.X25519: OKPKey.generate_key("X25519"),
    Suite.P256: ECKey.generate_key("P-256"),
}
PEER_HEADER = {"alg": "ECDH-ES", "enc": "A256GCM"}


def measure(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give the medians of each suite; `count` is not used."""
    del count
    rounds = 5 if quick else 100
    ring = KeyRing.create(folder / "keys", TID, NOW)
    for suite in Suite:
        name = suite.name
        hpke_us = _median_us(_hpke(suite), rounds)
        goal: Goal = "at most" if suite is Suite.X25519 else ""
        yield Measure(QUESTION, f"{name}, HPKE seal + open, median", hpke_us, "µs", goal, GOAL_US)
        directory_us, asker_us = _exchange(ring, suite, rounds)
        yield Measure(
            QUESTION, f"{name}, the directory's part, median", directory_us, "µs", goal, GOAL_US
        )
        yield Measure(QUESTION, f"{name}, the asker's part, median", asker_us, "µs")
        peer_us = _median_us(_peer(suite), rounds)
        yield Measure(QUESTION, f"{name}, JWE of joserfc, median", peer_us, "µs")
        yield Measure(QUESTION, f"{name}, JWE's time by HPKE's", peer_us / hpke_us, "ratio")


def _hpke(suite: Suite) -> Callable[[], None]:
    key, plain = generate(suite), bytes(4096)
    public = read_public(suite, public_octets(key))

    def once() -> None:
        assert unseal(suite, seal(suite, plain, public, b"info"), key, b"info") == plain

    return once


def _peer(suite: Suite) -> Callable[[], None]:
    key, plain = PEER_KEYS[suite], bytes(4096)
    algorithms = list(PEER_HEADER.values())

    def once() -> None:
        text = jwe.encrypt_compact(PEER_HEADER, plain, key, algorithms=algorithms)
        assert jwe.decrypt_compact(text, key, algorithms=algorithms).plaintext == plain

    return once


def _exchange(ring: KeyRing, suite: Suite, rounds: int) -> tuple[float, float]:
    """Return the medians of the directory's part and of the asker's, in microseconds."""
    key = ring.bundle(NOW).verify(TID, ring.identity.public).newest(suite, NOW)
    directory = Envelope(TID, ring, ReplayWindow())
    directory_us, asker_us = [], []
    for _ in range(rounds):
        started = process_time()
        asked = [seal_question(ASKED, TID, key, NOW) for _ in range(BATCH)]
        sealed = process_time()
        answers = []
        for each in asked:
            opened = directory.open_request(each.octets, NOW)
            assert opened.question == ASKED
            answers.append(seal_answer(opened.reply, Answer(200, BODY), NOW))
        answered = process_time()
        for each, octets in zip(asked, answers, strict=True):
            assert each.open_answer(octets).answer.body == BODY
        ended = process_time()
        directory_us.append((answered - sealed) / BATCH * 1e6)
        asker_us.append((ended - answered + sealed - started) / BATCH * 1e6)
    return median(directory_us), median(asker_us)


def _median_us(once: Callable[[], None], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        started = process_time()
        for _ in range(BATCH):
            once()
        times.append((process_time() - started) / BATCH * 1e6)
    return median(times)
