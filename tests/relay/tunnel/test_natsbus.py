"""The bus of several nodes over real nats-servers: who is asked, who waited for, what is kept."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import nats
import nats.js.errors
import pytest
from nats.aio.msg import Msg

from relay.errors import BusUnavailable, DirectoryOffline, DirectoryTooSlow
from relay.tunnel.bus import Handler, Question, Reply
from relay.tunnel.natsbus import QUEUE, SILENCE_S, NatsBus
from tests.e2e.nats import QUESTIONS, RECORDS, NatsCluster, running_nats

pytestmark = pytest.mark.e2e

ONE = "11111111-1111-1111-1111-111111111111"
TWO = "22222222-2222-2222-2222-222222222222"
PATIENT_MS = 30_000

Nodes = Callable[[], Awaitable[NatsBus]]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsCluster]:
    with running_nats(tmp_path_factory.mktemp("nats")) as running:
        yield running


@pytest.fixture
async def node(cluster: NatsCluster) -> AsyncIterator[Nodes]:
    """Makes connected nodes of a relay."""
    made = []

    async def make() -> NatsBus:
        made.append(NatsBus(cluster.settings(), f"node {len(made)}"))
        await made[-1].open(20)
        assert made[-1].ready().ready
        return made[-1]

    yield make
    for bus in made:
        await bus.close()


def answering(words: bytes) -> Handler:
    async def answer(question: Question) -> Reply:
        return Reply(words + question.sealed)

    return answer


async def until(condition: Callable[[], object], what: str, timeout_s: float = 30) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.01)


async def test_a_question_reaches_the_node_that_serves_the_tenant(node: Nodes) -> None:
    asking, one, two = await node(), await node(), await node()
    await one.serve(ONE, answering(b"one "))
    await two.serve(TWO, answering(b"two "))
    for bus in (asking, one, two):
        assert await bus.ask(ONE, Question(b"?", PATIENT_MS)) == Reply(b"one ?")
        assert await bus.ask(TWO, Question(b"!", PATIENT_MS)) == Reply(b"two !")


async def test_a_refusal_of_the_directory_comes_back_and_is_not_asked_again(node: Nodes) -> None:
    asking, serving = await node(), await node()
    asked = []

    async def refuse(question: Question) -> Reply:
        asked.append(question)
        return Reply(refusal="replayed")

    await serving.serve(ONE, refuse)
    assert await asking.ask(ONE, Question(b"?", PATIENT_MS)) == Reply(refusal="replayed")
    assert [question.again for question in asked] == [False]
    assert 0 < asked[0].deadline_ms <= PATIENT_MS


async def test_two_nodes_that_serve_a_tenant_share_its_questions(node: Nodes) -> None:
    asking, first, second = await node(), await node(), await node()
    await first.serve(ONE, answering(b"first"))
    await second.serve(ONE, answering(b"second"))
    replies = await asyncio.gather(
        *(asking.ask(ONE, Question(b"", PATIENT_MS)) for _ in range(100))
    )
    assert {reply.sealed for reply in replies} == {b"first", b"second"}


async def test_a_node_that_is_busy_or_lost_its_line_is_passed_over(node: Nodes) -> None:
    asking, other = await node(), await node()
    seen = []

    async def busy(question: Question) -> Reply:
        seen.append(question.again)
        return Reply(refusal="busy")

    async def offline(_question: Question) -> Reply:
        raise DirectoryOffline

    await other.serve(ONE, answering(b"other "))
    for own in (busy, offline):
        await asking.serve(ONE, own)
        # the queue group may choose this node once more, so it takes several questions
        replies = await asyncio.gather(
            *(_outcome(asking, ONE) for _ in range(40)), return_exceptions=False
        )
        assert "other " in replies
    assert {False, True} == set(seen)


async def _outcome(bus: NatsBus, tid: str) -> str:
    try:
        reply = await bus.ask(tid, Question(b"", PATIENT_MS))
    except DirectoryOffline:
        return "offline"
    return reply.refusal or reply.sealed.decode()


async def test_nobody_there_is_said_long_before_the_deadline(node: Nodes) -> None:
    asking = await node()
    began = time.monotonic()
    with pytest.raises(DirectoryOffline):
        await asking.ask(ONE, Question(b"?", 60_000))
    assert time.monotonic() - began < 20


async def test_a_tenant_that_was_left_is_not_there_any_more(node: Nodes) -> None:
    asking, serving = await node(), await node()
    await serving.serve(ONE, answering(b""))
    await serving.leave(ONE)
    await serving.leave(ONE)
    with pytest.raises(DirectoryOffline):
        await asking.ask(ONE, Question(b"?", PATIENT_MS))


async def test_a_slow_directory_is_waited_for_and_asked_once(node: Nodes) -> None:
    asking, serving = await node(), await node()
    asked = []

    async def slowly(question: Question) -> Reply:
        asked.append(question)
        await asyncio.sleep(2.5 * SILENCE_S)
        return Reply(b"at last")

    await serving.serve(ONE, slowly)
    assert await asking.ask(ONE, Question(b"?", PATIENT_MS)) == Reply(b"at last")
    assert len(asked) == 1
    assert not asking.repeated


async def test_the_deadline_ends_a_question_at_both_nodes(node: Nodes) -> None:
    asking, serving = await node(), await node()
    given_up = asyncio.Event()

    async def never(_question: Question) -> Reply:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        raise AssertionError

    await serving.serve(ONE, never)
    with pytest.raises(DirectoryTooSlow):
        await asking.ask(ONE, Question(b"?", 300))
    await asyncio.wait_for(given_up.wait(), 20)


async def test_a_question_that_is_given_up_ends_at_the_node_that_works_on_it(node: Nodes) -> None:
    asking, serving = await node(), await node()
    begun, given_up = asyncio.Event(), asyncio.Event()

    async def never(_question: Question) -> Reply:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        raise AssertionError

    await serving.serve(ONE, never)
    asked = asyncio.create_task(asking.ask(ONE, Question(b"?", 60_000)))
    await asyncio.wait_for(begun.wait(), 20)
    await until(
        lambda: any(waiting.stop for waiting in asking._asked.values()), "a sign of the work"
    )
    asked.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asked
    await asyncio.wait_for(given_up.wait(), 20)
    assert not asking._asked


async def test_a_question_that_a_dead_node_took_goes_to_another_one(
    node: Nodes, cluster: NatsCluster
) -> None:
    asking, living = await node(), await node()
    settings = cluster.settings()
    dead = await nats.connect(
        list(settings.servers), user=settings.user, password=settings.password
    )
    taken = asyncio.Event()

    async def take(_message: Msg) -> None:
        taken.set()

    try:
        grave = await dead.subscribe(f"rufname.ask.{ONE}", QUEUE, take)
        await dead.flush()
        await dead.flush()
        asked = asyncio.create_task(asking.ask(ONE, Question(b"?", PATIENT_MS)))
        await asyncio.wait_for(taken.wait(), 20)
        seen = []

        async def answer(question: Question) -> Reply:
            seen.append(question)
            return Reply(b"alive")

        await grave.unsubscribe()
        await dead.flush()
        await dead.flush()
        await living.serve(ONE, answer)
        assert await asked == Reply(b"alive")
    finally:
        await dead.close()
    assert [(question.sealed, question.again) for question in seen] == [(b"?", True)]
    assert asking.repeated == 1


async def test_no_question_is_lost_while_nodes_come_and_go(node: Nodes) -> None:
    """What one flush alone loses in one of a hundred such changes."""
    asking, steady, moody = await node(), await node(), await node()
    await steady.serve(ONE, answering(b"steady"))
    done = asyncio.Event()

    async def ask_on() -> int:
        count = 0
        while not done.is_set():
            await asking.ask(ONE, Question(b"", PATIENT_MS))
            count += 1
        return count

    askers = [asyncio.create_task(ask_on()) for _ in range(4)]
    for _ in range(100):
        await moody.serve(ONE, answering(b"moody"))
        await moody.leave(ONE)
    done.set()
    assert sum(await asyncio.gather(*askers)) > 0
    assert asking.repeated == 0


async def test_a_tenant_is_found_as_soon_as_serve_returns(node: Nodes) -> None:
    asking, serving = await node(), await node()
    for each in range(100):
        tid = f"{each:08x}-1111-4111-8111-111111111111"
        await serving.serve(tid, answering(b"here"))
        assert await asking.ask(tid, Question(b"", PATIENT_MS)) == Reply(b"here")
    assert asking.repeated == 0


async def test_what_is_no_message_of_ours_changes_nothing(
    node: Nodes, cluster: NatsCluster, caplog: pytest.LogCaptureFixture
) -> None:
    asking, serving = await node(), await node()
    await serving.serve(ONE, answering(b"still "))
    settings = cluster.settings()
    stranger = await nats.connect(
        list(settings.servers), user=settings.user, password=settings.password
    )
    chance = random.Random(7)
    try:
        for subject in (
            f"rufname.ask.{ONE}",
            f"rufname.re.{asking._id}.1",
            f"rufname.re.{asking._id}.x",
            f"rufname.stop.{serving._id}",
        ):
            for size in range(40):
                await stranger.publish(subject, chance.randbytes(size), reply="nowhere")
        await stranger.flush()
        await stranger.flush()
        assert await asking.ask(ONE, Question(b"?", PATIENT_MS)) == Reply(b"still ?")
    finally:
        await stranger.close()
    assert "cannot be read: is it of this version?" in caplog.text
    assert "Traceback" not in caplog.text


async def test_the_account_of_the_questions_can_store_nothing(cluster: NatsCluster) -> None:
    settings = cluster.settings(QUESTIONS)
    client = await nats.connect(
        list(settings.servers), user=settings.user, password=settings.password
    )
    try:
        with pytest.raises(nats.js.errors.ServiceUnavailableError):
            await client.jetstream().add_stream(name="spy", subjects=["rufname.>"])
    finally:
        await client.close()


async def test_an_account_that_could_store_questions_is_not_used_until_it_cannot(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running_nats(tmp_path, jetstream_everywhere=True) as cluster:
        bus = NatsBus(cluster.settings(), "wary")
        try:
            await bus.open(0.2)
            await until(lambda: "could store them" in bus.ready().reason, "the refusal")
            assert not bus.ready().ready
            with pytest.raises(BusUnavailable, match="could store them"):
                await bus.ask(ONE, Question(b"?", PATIENT_MS))
            with pytest.raises(BusUnavailable, match="could store them"):
                await bus.serve(ONE, answering(b""))
            cluster.nodes[0].kill()
            cluster.start(cluster.nodes[0])
            await until(lambda: bus.ready().ready, "the next connection")
        finally:
            await bus.close()
    said = [record.message for record in caplog.records if record.levelno >= logging.ERROR]
    assert len([words for words in said if "could store them" in words]) == 1


async def test_nothing_that_was_asked_is_left_in_nats(tmp_path: Path) -> None:
    """The search finds what is stored on purpose, in the other account, and no question."""
    canary, kept = b"Zinnoberzwerg", b"kept on purpose"
    with running_nats(tmp_path) as cluster:
        asking, serving = (NatsBus(cluster.settings(), name) for name in "ab")
        settings = cluster.settings(RECORDS)
        client = await nats.connect(
            list(settings.servers), user=settings.user, password=settings.password
        )
        try:
            await asking.open(20)
            await serving.open(20)
            await serving.serve(ONE, answering(canary))
            for _ in range(200):
                reply = await asking.ask(ONE, Question(canary, PATIENT_MS))
                assert reply.sealed == canary + canary
            store = await client.jetstream().create_key_value(bucket="control")
            await store.put("key", kept)
        finally:
            await client.close()
            await asking.close()
            await serving.close()
        assert cluster.nodes[0].watch("varz")["in_msgs"] >= 400  # type: ignore[operator]
    files = _contents(tmp_path)
    assert any(kept in octets for octets in files)
    assert not any(canary in octets for octets in files)


def _contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
