"""A connection to NATS that heals: away at the start, killed, frozen, refused, and back again."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from nats.aio.msg import Msg

from relay.errors import BusUnavailable, DirectoryOffline, TryLater
from relay.tunnel.bus import Question, Reply
from relay.tunnel.natsbus import NatsBus
from relay.tunnel.natslink import NatsLink, NatsSettings, end_task
from tests.e2e.nats import NatsCluster, NatsNode, running_nats
from tests.e2e.processes import LOOPBACK, free_port
from tests.ldapd.authority import Authority
from tests.relay.tunnel.test_natsbus import ONE, PATIENT_MS, answering, until

pytestmark = pytest.mark.e2e


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[NatsCluster]:
    with running_nats(tmp_path / "nats") as running:
        yield running


async def test_without_nats_every_call_says_so_in_time_and_all_heals_when_it_comes(
    tmp_path: Path,
) -> None:
    node = NatsNode("late", tmp_path / "late")
    cluster = NatsCluster([node])
    bus, other = NatsBus(cluster.settings(), "early"), NatsBus(cluster.settings(), "other")
    try:
        await bus.open(0.1)
        assert "NATS cannot be reached" in bus.ready().reason
        for call in (bus.ask(ONE, Question(b"?", PATIENT_MS)), bus.serve(ONE, answering(b""))):
            began = time.monotonic()
            with pytest.raises(BusUnavailable, match="NATS cannot be reached"):
                await call
            assert time.monotonic() - began < 20
        cluster.start(node)
        await until(lambda: bus.ready().ready, "the first connection")
        await bus.serve(ONE, answering(b"here "))
        await other.open(20)
        assert await other.ask(ONE, Question(b"?", PATIENT_MS)) == Reply(b"here ?")
    finally:
        await bus.close()
        await other.close()
        if node.program is not None:
            node.program.kill_all()


async def test_a_killed_server_costs_what_is_asked_of_others_and_all_heals_when_it_is_back(
    cluster: NatsCluster,
) -> None:
    serving, asking = NatsBus(cluster.settings(), "a"), NatsBus(cluster.settings(), "b")
    node = cluster.nodes[0]
    try:
        await serving.open(20)
        await asking.open(20)
        await serving.serve(ONE, answering(b"again "))
        assert await asking.ask(ONE, Question(b"1", PATIENT_MS)) == Reply(b"again 1")
        node.kill()
        await until(lambda: not asking.ready().ready, "the loss to be seen")
        with pytest.raises(BusUnavailable):
            await asking.ask(ONE, Question(b"2", PATIENT_MS))
        # the node that holds the line needs no NATS
        assert await serving.ask(ONE, Question(b"3", PATIENT_MS)) == Reply(b"again 3")
        cluster.start(node)
        await until(lambda: asking.ready().ready and serving.ready().ready, "both to be back")
        assert await asking.ask(ONE, Question(b"4", PATIENT_MS)) == Reply(b"again 4")
    finally:
        await serving.close()
        await asking.close()


@pytest.mark.long
async def test_a_frozen_server_is_taken_for_dead_and_used_again_when_it_thaws(
    cluster: NatsCluster,
) -> None:
    bus = NatsBus(cluster.settings(), "patient")
    program = cluster.nodes[0].program
    assert program is not None
    try:
        await bus.open(20)
        program.signal(signal.SIGSTOP)
        try:
            await until(lambda: not bus.ready().ready, "the silence to be noticed")
        finally:
            program.signal(signal.SIGCONT)
        await until(lambda: bus.ready().ready, "it to be used again")
        with pytest.raises(DirectoryOffline):
            await bus.ask(ONE, Question(b"?", PATIENT_MS))
    finally:
        await bus.close()


async def test_questions_under_way_when_the_server_dies_are_asked_over_the_next_one(
    tmp_path: Path,
) -> None:
    with running_nats(tmp_path, nodes=2) as cluster:
        first, second = cluster.nodes
        only_first = NatsSettings((f"nats://{LOOPBACK}:{first.port}",), "questions", _SECRET)
        only_second = NatsSettings((f"nats://{LOOPBACK}:{second.port}",), "questions", _SECRET)
        asking, serving = NatsBus(only_first, "asks"), NatsBus(only_second, "serves")
        begun, go = asyncio.Event(), asyncio.Event()
        seen = []

        async def answer(question: Question) -> Reply:
            seen.append(question.again)
            begun.set()
            await go.wait()
            return Reply(b"answered")

        try:
            await asking.open(20)
            await serving.open(20)
            await serving.serve(ONE, answer)
            while True:  # until the servers have told each other
                asked = asyncio.create_task(asking.ask(ONE, Question(b"?", PATIENT_MS)))
                waiting = asyncio.create_task(begun.wait())
                await asyncio.wait({asked, waiting}, return_when=asyncio.FIRST_COMPLETED)
                if begun.is_set():
                    break
                waiting.cancel()
                assert isinstance(asked.exception(), DirectoryOffline)
            first.kill()
            await until(lambda: len(seen) > 1, "the repetition")
            go.set()
            assert await asked == Reply(b"answered")
            assert seen[:2] == [False, True]
            assert asking._link.connections == 2  # over the server that it learned of
        finally:
            await asking.close()
            await serving.close()


async def test_a_wrong_password_is_refused_and_said(
    cluster: NatsCluster, caplog: pytest.LogCaptureFixture
) -> None:
    settings = NatsSettings(cluster.settings().servers, "questions", "wrong")
    bus = NatsBus(settings, "stranger")
    try:
        await bus.open(0.1)
        words = "NATS cannot be reached as 'questions': Authorization Violation"
        await until(lambda: words in caplog.text, "the refusal")
        assert not bus.ready().ready
        assert "wrong" not in caplog.text
    finally:
        await bus.close()


async def test_over_tls_only_servers_that_the_authority_vouches_for_are_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority, other = (Authority(tmp_path, name) for name in ("own", "other"))
    node = NatsNode("tls", tmp_path / "tls")
    served = authority.sign("server")
    node.tls = served.certificate, served.key
    cluster = NatsCluster([node])
    settings = msgspec.structs.replace(
        cluster.settings(), servers=(f"tls://{LOOPBACK}:{node.port}",)
    )
    trusting = NatsBus(msgspec.structs.replace(settings, ca_file=str(authority.ca)), "trusts")
    wary = NatsBus(msgspec.structs.replace(settings, ca_file=str(other.ca)), "does not")
    try:
        cluster.start(node)
        await trusting.open(20)
        assert trusting.ready().ready
        await wary.open(0.1)
        await until(lambda: "certificate verify failed" in caplog.text, "the refusal")
        assert not wary.ready().ready
    finally:
        await trusting.close()
        await wary.close()
        if node.program is not None:
            node.program.kill_all()


async def test_a_file_of_certificates_that_is_none_is_a_fault_at_once(tmp_path: Path) -> None:
    settings = NatsSettings(("tls://127.0.0.1:1",), ca_file=str(tmp_path / "absent.pem"))
    with pytest.raises(FileNotFoundError):
        settings.tls()
    assert NatsSettings(("nats://127.0.0.1:1",), ca_file="absent").tls() is None


async def test_a_message_larger_than_nats_takes_is_a_fault_of_the_sender(
    cluster: NatsCluster,
) -> None:
    link = NatsLink(cluster.settings(), "large")
    link.start()
    try:
        await link.connected(20)
        with pytest.raises(ValueError, match="larger than NATS takes"):
            await link.publish("rufname.test", bytes(2**20 + 1), "", 1)
    finally:
        await link.close()


async def test_a_subject_can_be_listened_to_before_there_is_a_connection(
    cluster: NatsCluster,
) -> None:
    link = NatsLink(cluster.settings(), "early")
    heard: list[bytes] = []

    async def hear(message: Msg) -> None:
        heard.append(message.data)

    kept = await link.listen("rufname.test", hear)
    forgotten = await link.listen("rufname.test.more", hear)
    await link.forget(forgotten)
    await link.forget(forgotten)
    link.start()
    try:
        await link.connected(20)
        for subject in ("rufname.test.more", "rufname.test"):
            await link.publish(subject, subject.encode(), "", 1)
        await until(lambda: heard, "the message")
        assert heard == [b"rufname.test"]
        await link.forget(kept)
        await link.publish("rufname.test", b"", "", 1)
        await link.barrier()
        assert heard == [b"rufname.test"]
    finally:
        await link.close()


async def test_a_link_to_nowhere_can_be_closed() -> None:
    link = NatsLink(NatsSettings((f"nats://{LOOPBACK}:{free_port()}",)), "nowhere")
    link.start()
    with pytest.raises(TryLater):
        await link.connected(0.05)
    with pytest.raises(TryLater):
        await link.barrier(0.05)
    await link.close()


async def test_a_link_that_is_closed_while_it_connects_leaves_no_connection() -> None:
    met, left = asyncio.Event(), asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.set()
        assert await reader.read() == b""
        left.set()
        writer.close()

    async with await asyncio.start_server(mute, LOOPBACK, 0) as server:
        port = server.sockets[0].getsockname()[1]
        link = NatsLink(NatsSettings((f"nats://{LOOPBACK}:{port}",)), "leaves")
        link.start()
        async with asyncio.timeout(20):
            await met.wait()
            await link.close()
            await left.wait()


async def test_a_task_ends_even_if_a_cancellation_is_lost() -> None:
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1
                if lost > 2:
                    raise

    task = asyncio.create_task(stubborn())
    async with asyncio.timeout(20):
        await asyncio.wait({task}, timeout=0)
        await end_task(task)
    assert lost == 3


_SECRET = "questions-secret"
