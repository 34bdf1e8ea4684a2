"""The directory's lines: held, renewed after every fault, and answered on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from pathlib import Path

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve

from relay.errors import DirectoryOffline
from relay.local import LocalDirectory
from relay.tunnel import connector as connector_module
from relay.tunnel.bus import Question, Reply
from relay.tunnel.connector import Answers, Connector
from relay.tunnel.enrolment import FILE, Enrolment
from relay.tunnel.frames import (
    SUBPROTOCOL,
    Answer,
    Ask,
    Hello,
    Refuse,
    SignIn,
    Welcome,
    decode_from_connector,
    encode,
)
from relay.tunnel.keyring import EXCHANGE_FILE, IDENTITY_FILE, KeyRing
from relay.tunnel.keys import SignedBundle, TenantIdentity
from tests.relay.http.users import TENANT
from tests.relay.tunnel.ends import TUNNEL, Cloud, Site, running, running_cloud, wait_for


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once, so that tests do not wait."""
    monkeypatch.setattr(connector_module, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(connector_module, "LAST_PAUSE_S", 0.1)
    monkeypatch.setattr(connector_module, "REGISTRATION_LOOK_S", 0.02)
    monkeypatch.setattr(connector_module, "LOOK_S", 0.05)


async def enrol(site: Site, cloud: Cloud) -> None:
    await cloud.records.put(site.enrol(cloud.url))


async def asked(site: Site, cloud: Cloud) -> int:
    """Ask who is signed in, over the tunnel; return the answer's status."""
    sealed = site.seal("me", {})
    reply = await cloud.exchange.ask(TENANT, sealed.octets)
    assert reply.refusal is None, reply.refusal
    return sealed.open_answer(reply.sealed).answer.status


async def test_questions_are_answered_over_every_line(site: Site) -> None:
    two = msgspec.structs.replace(TUNNEL, lines=2)
    async with running_cloud() as cloud:
        await enrol(site, cloud)
        async with running(site.connector(two)) as connector:
            await cloud.wait_lines(2)
            assert [await asked(site, cloud) for _ in range(4)] == [200] * 4
            await asyncio.gather(*(asked(site, cloud) for _ in range(20)))
            await wait_for(lambda: connector.metrics()["lines_open"] == 2, "two lines")
    assert cloud.exchange.metrics()["lines"] == 0


async def test_the_days_keys_are_published_with_the_first_line(site: Site) -> None:
    async with running_cloud() as cloud:
        await enrol(site, cloud)
        async with running(site.connector()):
            await cloud.wait_lines(1)
            record = await cloud.records.get(TENANT)
            assert record is not None
            await wait_for(
                lambda: (stored := cloud.records._records[TENANT]).bundle != b"" and stored, "keys"
            )
            octets = cloud.records._records[TENANT].bundle
    public = site.ring.identity.public
    published = SignedBundle.decode(octets).verify(TENANT, public)
    assert published.keys == site.ring.bundle(time.time()).verify(TENANT, public).keys


async def test_a_relay_that_comes_back_is_dialled_again(site: Site) -> None:
    first = Cloud()
    await first.start()
    await enrol(site, first)
    async with running(site.connector()):
        await first.wait_lines(1)
        await first.stop()
        with pytest.raises(DirectoryOffline):
            await first.exchange.ask(TENANT, b"?")
        async with running_cloud() as second:
            record = site.enrol(second.url)  # the file is read anew with every attempt
            await second.records.put(record)
            await second.wait_lines(1)
            assert await asked(site, second) == 200


async def test_a_directory_that_is_registered_while_it_runs_begins_by_itself(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_cloud() as cloud, running(site.connector()):
        await wait_for(lambda: "not registered: run `rufname register`" in caplog.text, "the words")
        await enrol(site, cloud)
        await cloud.wait_lines(1)
        assert await asked(site, cloud) == 200
    assert caplog.text.count("not registered: run") == 1


async def test_another_identity_that_is_registered_meanwhile_is_taken_up(
    site: Site, tmp_path: Path
) -> None:
    taken: list[bytes] = []

    def answers(_enrolment: Enrolment, ring: KeyRing) -> Answers:
        taken.append(ring.identity.public)
        return site.answerer.answer

    async with running_cloud() as cloud:
        await enrol(site, cloud)
        connector = Connector(site.folder, TUNNEL, answers, "test")
        async with running(connector):
            await cloud.wait_lines(1)
            # keys alone, whose registration may still wait, are no reason to stop being the old one
            fresh = Site(tmp_path / "fresh", site.directory)
            for name in (EXCHANGE_FILE, IDENTITY_FILE):
                (fresh.folder / name).replace(site.folder / name)
            await cloud.cut_lines()
            await cloud.wait_lines(1)
            assert taken == [site.ring.identity.public]
            record = await cloud.records.get(TENANT)
            assert record is not None
            changed = fresh.enrol(cloud.url)
            (fresh.folder / FILE).replace(site.folder / FILE)
            await cloud.records.put(msgspec.structs.replace(changed, revision=record.revision))
            await wait_for(lambda: len(taken) > 1, "the other keys")
            await cloud.wait_lines(1)
            public = fresh.ring.identity.public
            assert taken == [site.ring.identity.public, public]
            await wait_for(lambda: cloud.records._records[TENANT].bundle, "the other bundle")
            SignedBundle.decode(cloud.records._records[TENANT].bundle).verify(TENANT, public)


async def test_a_relay_that_does_not_know_the_key_says_so_until_it_does(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_cloud() as cloud:
        record = site.enrol(cloud.url)
        async with running(site.connector()) as connector:
            await wait_for(lambda: connector.counts["lines_failed"] >= 3, "three attempts")
            await cloud.records.put(record)
            await cloud.wait_lines(1)
    words = "the relay closed the line (4401): this connector is not registered here"
    assert caplog.text.count(words) == 1


async def test_deregistration_ends_the_line_and_says_so(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_cloud() as cloud:
        await enrol(site, cloud)
        async with running(site.connector()):
            await cloud.wait_lines(1)
            await cloud.records.delete(TENANT)
            await wait_for(lambda: "(4410)" in caplog.text, "the words")
            await cloud.wait_lines(0)


async def test_a_draining_node_is_left_for_another_line_at_once(site: Site) -> None:
    first, second = Cloud(), Cloud()
    await first.start()
    await second.start()
    record = site.enrol(first.url)
    for cloud in (first, second):
        await cloud.records.put(msgspec.structs.replace(record, revision=0))
    nodes = msgspec.structs.replace(TUNNEL, nodes=(first.url, second.url))
    async with running(site.connector(nodes)):
        await first.wait_lines(1)
        draining = asyncio.create_task(first.exchange.drain(10))
        await second.wait_lines(1)
        assert await asked(site, second) == 200
        began = time.monotonic()
        await draining
        assert time.monotonic() - began < 9
    await first.stop()
    await second.stop()


async def test_what_was_asked_is_answered_while_the_node_drains(site: Site) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()
    answer = site.answerer.answer

    async def slow(question: Question) -> Reply:
        entered.set()
        await go_on.wait()
        return await answer(question)

    site.answerer.answer = slow  # type: ignore[method-assign]  # slower, else as it is
    cloud = Cloud()
    await cloud.start()
    await enrol(site, cloud)
    async with running(site.connector()):
        await cloud.wait_lines(1)
        asking = asyncio.create_task(asked(site, cloud))
        await entered.wait()
        draining = asyncio.create_task(cloud.exchange.drain(10))
        await asyncio.sleep(0)
        go_on.set()
        assert await asking == 200
        draining.cancel()
    await cloud.stop()


async def test_a_directory_that_ends_answers_what_was_asked(site: Site) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()
    answer = site.answerer.answer

    async def slow(question: Question) -> Reply:
        entered.set()
        await go_on.wait()
        return await answer(question)

    site.answerer.answer = slow  # type: ignore[method-assign]  # slower, else as it is
    async with running_cloud() as cloud:
        await enrol(site, cloud)
        async with running(site.connector()):
            await cloud.wait_lines(1)
            asking = asyncio.create_task(asked(site, cloud))
            await entered.wait()
            asyncio.get_running_loop().call_later(0.05, go_on.set)
        assert await asking == 200


async def test_a_question_nobody_waits_for_any_more_is_given_up(site: Site) -> None:
    entered, given_up = asyncio.Event(), asyncio.Event()

    async def endless(_question: Question) -> Reply:
        entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        raise AssertionError

    site.answerer.answer = endless  # type: ignore[method-assign]  # never ends by itself
    async with running_cloud() as cloud:
        await enrol(site, cloud)
        async with running(site.connector()):
            await cloud.wait_lines(1)
            asking = asyncio.create_task(cloud.exchange.ask(TENANT, b"?"))
            await entered.wait()
            asking.cancel()
            await asyncio.wait_for(given_up.wait(), 20)


async def test_a_clock_that_is_a_month_off_is_told_and_the_line_held(
    tmp_path: Path, local: LocalDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    off = [-30 * 86_400.0]
    site = Site(tmp_path / "keys", local, now=lambda: time.time() + off[0])
    async with running_cloud() as cloud:
        await enrol(site, cloud)
        async with running(site.connector()) as connector:
            await wait_for(lambda: connector.metrics()["lines_open"], "a line")
            assert connector.metrics()["clock_off_s"] == pytest.approx(30 * 86_400, abs=60)
            assert "this machine's clock differs from the relay's" in caplog.text
            off[0] = 0.0  # somebody sets the clock right
            await wait_for(lambda: connector.metrics()["clock_off_s"] == 0, "the right clock")
            await wait_for(lambda: connector.metrics()["lines_open"], "another line")
            assert await asked(site, cloud) == 200
    assert "the clock agrees with the relay's again" in caplog.text
    assert "no line to the relay" not in caplog.text  # it was closed here


async def test_a_clock_that_was_off_while_a_line_was_opened_is_known_to_be_right_again(
    tmp_path: Path, local: LocalDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector_module, "LOOK_S", 1.0)
    held: list[Connector] = []
    is_off = [False]

    def now() -> float:  # off until that is seen, between two looks at the clock
        is_off[0] = is_off[0] and held[0].metrics()["clock_off_s"] == 0
        return time.time() + 30 * 86_400 * is_off[0]

    site = Site(tmp_path / "keys", local, now=now)
    async with running_cloud() as cloud:
        await enrol(site, cloud)
        held.append(site.connector())
        async with running(held[0]) as connector:
            await wait_for(lambda: connector.metrics()["lines_open"], "a line")
            is_off[0] = True
            for line in connector._lines.values():
                line.socket.transport.abort()
            await wait_for(lambda: connector.metrics()["clock_off_s"], "the wrong clock")
            await wait_for(lambda: connector.metrics()["clock_off_s"] == 0, "the right clock")


async def test_after_the_clock_was_set_the_keys_are_dated_anew(
    tmp_path: Path, local: LocalDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connector_module, "LOOK_S", 0.02)
    noon = int(time.time() // 86_400) * 86_400 + 43_200
    off = [noon - time.time() + 3600.0]  # an hour ahead of a relay at noon
    site = Site(tmp_path / "keys", local, now=lambda: time.time() + off[0])
    async with running_cloud(lambda: noon) as cloud:
        await enrol(site, cloud)
        async with running(site.connector()):
            await cloud.wait_lines(1)
            off[0] -= 3600
            await wait_for(lambda: cloud.records._records[TENANT].bundle, "the keys")


async def test_lines_that_end_at_once_do_not_wake_each_other_for_ever(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = iter([0.05] + [0.5] * 1000)
    monkeypatch.setattr(connector_module.random, "uniform", lambda _least, _most: next(pauses))
    connector = site.connector(msgspec.structs.replace(TUNNEL, lines=2))
    woken: list[bool] = []

    async def pause(seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            woken.append(await asyncio.wait_for(connector._woken.wait(), seconds))

    connector._pause = pause  # type: ignore[method-assign]  # the same, and it counts

    async def talk(line: ServerConnection) -> None:
        await line.send(encode(Hello(b"n" * 32, int(time.time()))))
        await line.recv()
        await line.send(encode(Welcome(f"node {id(line)}")))
        await line.recv()  # the keys
        await line.close(4401, "")

    async with serve(talk, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL]) as made:  # type: ignore[list-item]  # its own type of text
        site.enrol(f"http://127.0.0.1:{made.sockets[0].getsockname()[1]}")
        async with running(connector):
            await wait_for(lambda: connector.counts["lines_failed"] >= 8, "eight lines")
            assert len(woken) <= 1


class FakeRelay:
    """A relay that breaks the rules in one way each."""

    def __init__(self, misdeed: str) -> None:
        self.misdeed = misdeed
        self.closed: list[int] = []
        self.said: list[object] = []

    async def talk(self, line: ServerConnection) -> None:
        await line.send(encode(Hello(b"n" * 32, int(time.time()))))
        assert isinstance(decode_from_connector(await line.recv(decode=False)), SignIn)
        await line.send(encode(Welcome("node")))
        await line.recv()  # the keys
        match self.misdeed:
            case "replays a frame":
                await line.send(encode(Ask(1, 1000, b"?")))
                await line.send(encode(Ask(1, 1000, b"?")))
            case "skips a frame":
                await line.send(encode(Ask(2, 1000, b"?")))
            case "truncates a frame":
                await line.send(encode(Ask(1, 1000, b"?"))[:-1])
            case "sends a connector's frame":
                await line.send(encode(Answer(1, b"?")))
            case "greets twice":
                await line.send(encode(Hello(b"n" * 32, 0)))
            case "sends text":
                await line.send("text")
        await line.wait_closed()
        self.closed.append(line.close_code or 0)


@pytest.mark.parametrize(
    "misdeed",
    [
        "replays a frame",
        "skips a frame",
        "truncates a frame",
        "sends a connector's frame",
        "greets twice",
        "sends text",
    ],
)
async def test_a_relay_that_breaks_the_rules_loses_its_line(site: Site, misdeed: str) -> None:
    fake = FakeRelay(misdeed)
    async with serve(fake.talk, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL]) as made:  # type: ignore[list-item]  # its own type of text
        site.enrol(f"http://127.0.0.1:{made.sockets[0].getsockname()[1]}")
        async with running(site.connector()):
            await wait_for(lambda: fake.closed, "the line to end")
    assert fake.closed[0] == 4400


async def test_a_question_beyond_the_window_is_refused_as_busy(site: Site) -> None:
    said: list[object] = []

    async def talk(line: ServerConnection) -> None:
        await line.send(encode(Hello(b"n" * 32, int(time.time()))))
        await line.recv()
        await line.send(encode(Welcome("node")))
        await line.recv()
        for number in range(1, 4):
            await line.send(encode(Ask(number, 200, b"?")))
        said.extend([decode_from_connector(await line.recv(decode=False)) for _ in range(3)])

    async def endless(_question: Question) -> Reply:
        await asyncio.Event().wait()
        raise AssertionError

    site.answerer.answer = endless  # type: ignore[method-assign]  # never ends by itself
    narrow = msgspec.structs.replace(TUNNEL, window=2)
    async with serve(talk, "127.0.0.1", 0, subprotocols=[SUBPROTOCOL]) as made:  # type: ignore[list-item]  # its own type of text
        site.enrol(f"http://127.0.0.1:{made.sockets[0].getsockname()[1]}")
        async with running(site.connector(narrow)):
            await wait_for(lambda: len(said) >= 3, "three answers")  # a new line begins again
    assert said[:3] == [Refuse(3, "busy"), Refuse(1, "too-late"), Refuse(2, "too-late")]


async def test_damaged_keys_are_told_by_name(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    Enrolment("https://relay.example", TENANT, "n", TenantIdentity.generate()).store(site.folder)
    for path in site.folder.iterdir():
        path.chmod(0o644)
    async with running(site.connector()):
        await wait_for(lambda: "others may read it" in caplog.text, "the words")


async def test_a_fault_that_lasts_is_told_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.enrol("http://127.0.0.1:1")
    with caplog.at_level(logging.INFO):
        async with running(site.connector()) as connector:
            await wait_for(lambda: connector.counts["lines_failed"] >= 4, "four attempts")
    assert caplog.text.count("no line to the relay") == 1
    assert "127.0.0.1:1 cannot be reached: Connection refused" in caplog.text
