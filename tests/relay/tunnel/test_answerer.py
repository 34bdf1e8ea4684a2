"""Answers to sealed questions: the rights of direct mode, verified here, sealed to who asked."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from relay.local import LocalDirectory
from relay.tunnel.bus import Question, Reply
from relay.tunnel.envelope import Answer
from relay.tunnel.suites import Suite
from tests.relay.http.users import PERSONNEL_GROUP, TENANT, claims, signed
from tests.relay.test_tokens import BAD_CLAIMS, BAD_TOKENS
from tests.relay.tunnel.ends import Site

OTHER = "33333333-3333-4333-8333-333333333333"


async def ask(site: Site, op: str, args: object, token: str | None = None) -> Answer:
    sealed = site.seal(op, args, token)
    reply = await site.answerer.answer(Question(sealed.octets, 5000))
    assert reply.refusal is None
    return sealed.open_answer(reply.sealed).answer


async def hits(site: Site, text: str, token: str | None = None) -> list[str]:
    answer = await ask(site, "people.search", {"text": text}, token)
    assert answer.status == 200, answer.body
    return [hit["name"] for hit in json.loads(answer.body)["hits"]]


@pytest.mark.parametrize("suite", list(Suite))
async def test_a_sealed_search_is_answered_to_whom_asked(site: Site, suite: Suite) -> None:
    sealed = site.seal("people.search", {"text": "müller"}, suite=suite)
    reply = await site.answerer.answer(Question(sealed.octets, 5000))
    answer = sealed.open_answer(reply.sealed).answer
    assert json.loads(answer.body)["hits"][0]["name"] == "Erika Müller-Lüdenscheidt"
    assert "müller".encode() not in reply.sealed


async def test_rights_are_those_of_direct_mode(site: Site) -> None:
    assert await hits(site, "geheime") == []
    personnel = signed(claims(groups=[PERSONNEL_GROUP]))
    assert await hits(site, "geheime", personnel) == ["Geheime Personalie"]


async def test_a_card_a_vcard_and_who_is_signed_in(site: Site) -> None:
    card = await ask(site, "people.person", {"id": "crm:1"})
    assert json.loads(card.body)["name"] == "Erika Müller-Lüdenscheidt"
    vcard = await ask(site, "people.vcard", {"id": "crm:1"})
    assert (vcard.status, vcard.media_type) == (200, "text/vcard")
    me = await ask(site, "me", {})
    assert json.loads(me.body)["tenant"] == TENANT


@pytest.mark.parametrize(
    ("op", "args", "status", "slug"),
    [
        ("people.person", {"id": "hr:7"}, 404, "no-such-person"),
        ("people.person", {"id": "nothing"}, 404, "no-such-person"),
        ("people.person", {}, 400, "bad-request"),
        ("people.person", {"id": "x" * 5000}, 400, "bad-request"),
        ("people.search", {"text": "x" * 300}, 400, "bad-request"),
        ("people.search", {"text": "x", "secret": 1}, 400, "bad-request"),
        ("people.search", ["x"], 400, "bad-request"),
        ("people.search", {"text": "x", "cursor": "AAAA"}, 409, "stale-cursor"),
        ("people.delete", {}, 400, "bad-request"),
        ("me", {"x": 1}, 400, "bad-request"),
    ],
)
async def test_what_cannot_be_answered_is_told_as_in_direct_mode(
    site: Site, op: str, args: object, status: int, slug: str
) -> None:
    answer = await ask(site, op, args)
    assert answer.status == status
    assert json.loads(answer.body)["type"] == f"urn:rufname:problem:{slug}"
    assert answer.media_type == "application/problem+json"


@pytest.mark.parametrize("name", BAD_CLAIMS)
async def test_a_token_with_other_claims_gets_no_answer(site: Site, name: str) -> None:
    token = signed(json.dumps(claims(**BAD_CLAIMS[name])).encode())
    assert (await ask(site, "people.search", {"text": "müller"}, token)).status == 401


@pytest.mark.parametrize("name", BAD_TOKENS)
async def test_what_is_no_token_gets_no_answer(site: Site, name: str) -> None:
    token = BAD_TOKENS[name]()
    answer = await ask(site, "people.search", {"text": "müller"}, token[: 12 * 1024])
    assert answer.status == 401
    assert json.loads(answer.body)["type"] == "urn:rufname:problem:not-signed-in"


def test_the_matrix_is_as_wide_as_promised() -> None:
    assert len(BAD_CLAIMS) + len(BAD_TOKENS) >= 40


async def test_a_question_is_answered_once(site: Site) -> None:
    sealed = site.seal("me", {})
    first = await site.answerer.answer(Question(sealed.octets, 5000))
    assert first.refusal is None
    for _ in range(3):
        replayed = await site.answerer.answer(Question(sealed.octets, 5000))
        assert replayed == Reply(refusal="replayed")


async def test_a_repetition_of_the_relay_gets_the_very_octets_again(site: Site) -> None:
    sealed = site.seal("me", {})
    first = await site.answerer.answer(Question(sealed.octets, 5000))
    again = await site.answerer.answer(Question(sealed.octets, 5000, again=True))
    assert again == first
    assert site.answerer.counts["repeated"] == 1


async def test_a_replay_does_not_hide_the_answer_from_a_repetition(site: Site) -> None:
    sealed = site.seal("me", {})
    first = await site.answerer.answer(Question(sealed.octets, 5000))
    await site.answerer.answer(Question(sealed.octets, 5000))
    assert await site.answerer.answer(Question(sealed.octets, 5000, again=True)) == first


async def test_a_repetition_of_a_question_that_never_came_is_answered(site: Site) -> None:
    sealed = site.seal("me", {})
    reply = await site.answerer.answer(Question(sealed.octets, 5000, again=True))
    assert sealed.open_answer(reply.sealed).answer.status == 200


async def test_an_old_answer_is_not_given_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = site.seal("me", {})
    await site.answerer.answer(Question(sealed.octets, 5000))
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 21)
    again = await site.answerer.answer(Question(sealed.octets, 5000, again=True))
    assert again == Reply(refusal="replayed")


async def test_what_is_sealed_for_another_tenant_does_not_open(
    site: Site, local: LocalDirectory, tmp_path: Path
) -> None:
    other = Site(tmp_path / "other", local, OTHER)
    for octets in (other.seal("me", {}).octets, site.seal("me", {}).octets[:-1]):
        reply = await site.answerer.answer(Question(octets, 5000))
        assert reply.refusal in ("unknown-key", "cannot-open")


@pytest.mark.parametrize("octets", [b"", b"\x01", b"\x02" * 300, bytes(70), bytes(65_536)])
async def test_what_is_no_question_is_refused(site: Site, octets: bytes) -> None:
    assert await site.answerer.answer(Question(octets, 5000)) in (
        Reply(refusal="cannot-open"),
        Reply(refusal="unknown-key"),
    )


async def test_a_page_whose_clock_is_off_is_told_the_directorys_time(
    tmp_path: Path, local: LocalDirectory
) -> None:
    site = Site(tmp_path / "keys", local, now=lambda: time.time() + 300)
    sealed = site.seal("me", {})
    reply = await site.answerer.answer(Question(sealed.octets, 5000))
    opened = sealed.open_answer(reply.sealed)
    assert opened.answer.status == 425
    assert abs(opened.now - time.time() - 300) < 60


async def test_many_questions_at_a_time_get_each_its_own_answer(site: Site) -> None:
    texts = ["müller", "anna abel", "ben beck", "berta beleg"] * 5
    found = await asyncio.gather(*(hits(site, text) for text in texts))
    names = ["Erika Müller-Lüdenscheidt", "Anna Abel", "Ben Beck", "Berta Beleg"] * 5
    assert [each[0] for each in found] == names


async def test_a_defect_is_told_and_logged_without_the_question(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise ValueError("the text müller is in it")

    monkeypatch.setattr(site.answerer._desk, "search", broken)
    with caplog.at_level(logging.DEBUG):
        answer = await ask(site, "people.search", {"text": "müller"})
    assert answer.status == 500
    assert "ValueError in broken" in caplog.text
    assert "müller" not in caplog.text
