"""The relay's end of all lines: who may hold one, who gets which question, what faults do."""

from __future__ import annotations

import asyncio
import contextlib
import time

import msgspec
import pytest

from relay.errors import DirectoryOffline, DirectoryTooSlow, RecordsUnavailable
from relay.limits import Rate
from relay.tunnel import exchange as room
from relay.tunnel import held
from relay.tunnel.bus import Reply
from relay.tunnel.frames import (
    Answer,
    Ask,
    Cancel,
    Drain,
    Hello,
    Publish,
    Refuse,
    SignIn,
    Welcome,
    encode,
)
from relay.tunnel.held import LineClosed
from relay.tunnel.keys import ExchangeKey, KeyBundle, SignedBundle, TenantIdentity
from relay.tunnel.line import ConnectorEnd
from relay.tunnel.suites import Suite, generate, public_octets
from relay.tunnel.tenants import TenantRecord
from tests.relay.tunnel.ends import wait_for
from tests.relay.tunnel.houses import HOST, ONE, TWO, House, Node, Pipe, SlowPipe, answer_all


async def refusal(pipe: Pipe) -> tuple[int, str]:
    with contextlib.suppress(LineClosed):
        while True:
            await pipe.get()
    assert pipe.closed is not None
    return pipe.closed


async def asked(pipe: Pipe) -> Ask:
    frame = await pipe.get()
    assert isinstance(frame, Ask)
    return frame


def bundle(house: House, issued: float, identity: TenantIdentity | None = None) -> bytes:
    public = public_octets(generate(Suite.X25519))
    key = ExchangeKey.of(Suite.X25519, public, int(issued) + 86_400)
    keys = KeyBundle(v=1, tid=house.tid, issued=int(issued), keys=(key,))
    return SignedBundle.sign(keys, identity or house.identity).encode()


async def test_a_question_goes_over_the_tenants_line_and_its_answer_back() -> None:
    house = House(ONE)
    node = Node(house)
    pipe = await node.open(house)
    task = asyncio.create_task(node.exchange.ask(ONE, b"sealed"))
    frame = await asked(pipe)
    assert (frame.id, frame.sealed, frame.again) == (1, b"sealed", False)
    assert 4000 < frame.deadline_ms <= 5000
    pipe.put(Answer(1, b"answer"))
    assert await task == Reply(b"answer")
    assert node.exchange.metrics() == {
        "tenants": 1, "lines": 1, "questions_in_flight": 0,
        "asked": 1, "answered": 1, "lines_opened": 1,
    }  # fmt: skip


async def test_a_refusal_of_the_directory_is_handed_on() -> None:
    house = House(ONE)
    node = Node(house)
    pipe = await node.open(house)
    task = asyncio.create_task(node.exchange.ask(ONE, b"sealed"))
    pipe.put(Refuse((await asked(pipe)).id, "replayed"))
    assert await task == Reply(refusal="replayed")


async def test_a_key_that_one_machine_has_not_is_asked_of_another_one() -> None:
    """The clock of one of two was ahead for a moment: its keys of the day are others since."""
    house = House(ONE, "node-1", "node-2")
    node = Node(house)
    first, second = [await node.open(house, name) for name in ("node-1", "node-2")]
    task = asyncio.create_task(node.exchange.ask(ONE, b"sealed"))
    first.put(Refuse((await asked(first)).id, "unknown-key"))
    ask = await asked(second)
    assert (ask.sealed, ask.again) == (b"sealed", False)
    second.put(Answer(ask.id, b"answer"))
    assert await task == Reply(b"answer")
    # a key that nobody has is told, and no third time asked for
    task = asyncio.create_task(node.exchange.ask(ONE, b"sealed"))
    for pipe in (first, second):
        pipe.put(Refuse((await asked(pipe)).id, "unknown-key"))
    assert await task == Reply(refusal="unknown-key")


async def test_a_key_that_the_only_machine_has_not_is_asked_for_once() -> None:
    house = House(ONE)
    node = Node(house)
    first, second = await node.open(house), await node.open(house)
    task = asyncio.create_task(node.exchange.ask(ONE, b"sealed"))
    first.put(Refuse((await asked(first)).id, "unknown-key"))
    assert await task == Reply(refusal="unknown-key")
    assert second.is_quiet


async def test_without_a_line_the_directory_is_offline_at_once() -> None:
    node = Node(House(ONE))
    with pytest.raises(DirectoryOffline):
        await node.exchange.ask(ONE, b"sealed")


async def test_a_silent_directory_is_too_slow_at_the_deadline_and_told_to_stop() -> None:
    house = House(ONE)
    node = Node(house, deadline_s=0.05)
    pipe = await node.open(house)
    with pytest.raises(DirectoryTooSlow):
        await node.exchange.ask(ONE, b"sealed")
    frame = await asked(pipe)
    assert await pipe.get() == Cancel(frame.id)
    pipe.put(Answer(frame.id, b"too late"))
    await node.settle()
    assert pipe.closed is None


async def test_a_machine_that_fell_silent_is_asked_no_more_where_another_one_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without power or network it closes nothing: its pings tell after 40 seconds."""
    monkeypatch.setattr(held, "DOUBT_AFTER_S", 0.01)
    house = House(ONE, "node-1", "node-2")
    node = Node(house, deadline_s=0.5)
    silent, well = [await node.open(house, name) for name in ("node-1", "node-2")]
    again: list[bool] = []

    async def answer(ask: Ask) -> bytes:
        again.append(ask.again)
        return b"answer"

    answering = asyncio.create_task(answer_all(well, answer))
    for _ in range(3):
        assert await node.exchange.ask(ONE, b"sealed") == Reply(b"answer")
    assert again == [True, False, False]
    frame = await asked(silent)
    assert await silent.get() == Cancel(frame.id)
    assert silent.is_quiet
    # as soon as it says something it is one like the other
    silent.put(Answer(frame.id, b"late"))
    await node.settle()
    task = asyncio.create_task(node.exchange.ask(ONE, b"sealed"))
    silent.put(Answer((await asked(silent)).id, b"of the first"))
    assert await task == Reply(b"of the first")
    answering.cancel()


async def test_who_gives_a_question_up_cancels_it() -> None:
    house = House(ONE)
    node = Node(house)
    pipe = await node.open(house)
    task = asyncio.create_task(node.exchange.ask(ONE, b"sealed"))
    frame = await asked(pipe)
    task.cancel()
    assert await pipe.get() == Cancel(frame.id)
    assert node.exchange.metrics()["questions_in_flight"] == 0


async def test_a_directory_with_a_full_window_is_busy() -> None:
    house = House(ONE)
    node = Node(house)
    await node.open(house, window=2)
    tasks = [asyncio.create_task(node.exchange.ask(ONE, b"sealed")) for _ in range(2)]
    await node.settle()
    assert await node.exchange.ask(ONE, b"sealed") == Reply(refusal="busy")
    for task in tasks:
        task.cancel()


async def test_questions_are_shared_between_the_lines_of_a_tenant() -> None:
    house = House(ONE, "node-1", "node-2")
    node = Node(house)
    pipes = [await node.open(house, name) for name in ("node-1", "node-2")]
    tasks = [asyncio.create_task(node.exchange.ask(ONE, b"sealed")) for _ in range(6)]
    for pipe in pipes:
        for _ in range(3):
            pipe.put(Answer((await asked(pipe)).id, b"x"))
    assert await asyncio.gather(*tasks) == [Reply(b"x")] * 6


async def test_a_question_whose_line_is_lost_goes_over_another_one_as_a_repetition() -> None:
    house = House(ONE)
    node = Node(house)
    first, second = await node.open(house), await node.open(house)
    task = asyncio.create_task(node.exchange.ask(ONE, b"sealed"))
    await asked(first)
    first.cut()
    again = await asked(second)
    assert (again.sealed, again.again) == (b"sealed", True)
    second.put(Answer(again.id, b"answer"))
    assert await task == Reply(b"answer")


async def test_a_question_whose_only_line_is_lost_finds_the_directory_offline() -> None:
    house = House(ONE)
    node = Node(house)
    pipe = await node.open(house)
    task = asyncio.create_task(node.exchange.ask(ONE, b"sealed"))
    await asked(pipe)
    pipe.cut()
    with pytest.raises(DirectoryOffline):
        await task
    again = await node.open(house)
    task = asyncio.create_task(node.exchange.ask(ONE, b"sealed"))
    again.put(Answer((await asked(again)).id, b"answer"))
    assert await task == Reply(b"answer")


async def test_a_tenant_whose_last_line_ended_is_forgotten() -> None:
    house = House(ONE)
    node = Node(house)
    for _ in range(3):
        pipe = await node.open(house)
        pipe.cut()
        await node.settle()
        assert node.exchange.metrics()["tenants"] == 0
        with pytest.raises(DirectoryOffline):
            await node.exchange.ask(ONE, b"sealed")


class Forged:
    """Sign-ins that are wrong in one way each, made of a right one."""

    def __init__(self) -> None:
        self.house, self.other = House(ONE, "node-1", "node-2"), House(TWO)

    def all(self, hello: Hello) -> dict[str, SignIn]:
        right = self.house.sign_in(hello)
        foreign = Hello(b"x" * 32, 0)
        elsewhere = House(ONE)
        return {
            "a signature of zeros": msgspec.structs.replace(right, signature=bytes(64)),
            "of another nonce": msgspec.structs.replace(
                right, signature=self.house.sign_in(foreign).signature
            ),
            "of another tenant": msgspec.structs.replace(right, tid=TWO),
            "by another tenant": msgspec.structs.replace(self.other.sign_in(hello), tid=ONE),
            "of an unknown tenant": House("33333333-3333-4333-8333-333333333333").sign_in(hello),
            "of another connector": msgspec.structs.replace(right, connector="node-2"),
            "of an unknown connector": msgspec.structs.replace(right, connector="node-9"),
            "by a key that is not registered": elsewhere.sign_in(hello),
            "by the identity key": msgspec.structs.replace(
                right, signature=self.house.identity.sign(b"rufname/1 connector", hello.nonce)
            ),
            "a bit turned": msgspec.structs.replace(
                right, signature=bytes([right.signature[0] ^ 1]) + right.signature[1:]
            ),
        }


FORGED = tuple(Forged().all(Hello(b"n" * 32, 0)))


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_sign_in_is_refused(name: str) -> None:
    forged = Forged()
    node = Node(forged.house, forged.other)
    pipe = node.dial()
    hello = await pipe.get()
    assert isinstance(hello, Hello)
    pipe.put(forged.all(hello)[name])
    assert (await refusal(pipe))[0] == held.REFUSED
    assert node.exchange.metrics()["lines"] == 0
    with pytest.raises(DirectoryOffline):
        await node.exchange.ask(ONE, b"sealed")


async def test_a_sign_in_that_was_overheard_opens_no_other_line() -> None:
    house = House(ONE)
    node = Node(house)
    first = node.dial()
    hello = await first.get()
    assert isinstance(hello, Hello)
    overheard = house.sign_in(hello)
    first.put(overheard)
    assert isinstance(await first.get(), Welcome)
    second = node.dial()
    await second.get()
    second.put(overheard)
    assert (await refusal(second))[0] == held.REFUSED


async def test_what_is_signed_for_another_relay_opens_no_line() -> None:
    house = House(ONE)
    node = Node(house)
    node.exchange._settings = msgspec.structs.replace(node.exchange._settings, host=f"x.{HOST}")
    pipe = node.dial()
    hello = await pipe.get()
    assert isinstance(hello, Hello)
    pipe.put(house.sign_in(hello))
    assert (await refusal(pipe))[0] == held.REFUSED


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xc0",
        encode(Answer(1, b"x")),
        encode(Publish(b"keys")),
        encode(Welcome("node")),
        encode(Drain()),
        b"\x00" * 1000,
    ],
)
async def test_anything_but_a_sign_in_at_first_ends_the_line(octets: bytes) -> None:
    node = Node(House(ONE))
    pipe = node.dial()
    pipe.put(octets)
    assert (await refusal(pipe))[0] == held.BAD_FRAME


async def test_replayed_misdirected_and_truncated_frames_end_their_line_and_no_other() -> None:
    one, two = House(ONE), House(TWO)
    node = Node(one, two)
    other = await node.open(two)
    for wrong in ("replayed", "misdirected", "truncated", "longer", "a second sign-in"):
        pipe = await node.open(one)
        mine = asyncio.create_task(node.exchange.ask(ONE, b"sealed"))
        theirs = asyncio.create_task(node.exchange.ask(TWO, b"sealed"))
        right = encode(Answer((await asked(pipe)).id, b"answer"))
        foreign = await asked(other)
        match wrong:
            case "replayed":
                pipe.put(right)
                assert await mine == Reply(b"answer")
                pipe.put(right)
            case "misdirected":
                pipe.put(Answer(foreign.id + 1, b"of another line"))
            case "truncated":
                pipe.put(right[:-1])
            case "longer":
                pipe.put(right + b"\x00")
            case _:
                pipe.put(one.sign_in(Hello(b"n" * 32, 0)))
        assert (await refusal(pipe))[0] == held.BAD_FRAME, wrong
        other.put(Answer(foreign.id, b"theirs"))
        assert await theirs == Reply(b"theirs")
        await asyncio.gather(mine, return_exceptions=True)
    assert node.exchange.metrics()["bad_frames"] == 5


async def test_who_does_not_sign_in_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SIGN_IN_S", 0.02)
    node = Node(House(ONE))
    assert (await refusal(node.dial()))[0] == held.LATE


async def test_lines_that_do_not_sign_in_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_UNSIGNED", 2)
    house = House(ONE)
    node = Node(house)
    waiting = [node.dial() for _ in range(2)]
    for pipe in waiting:
        await pipe.get()
    assert (await refusal(node.dial()))[0] == held.TRY_AGAIN_LATER
    waiting[0].cut()
    await node.settle()
    await node.open(house)


async def test_lines_of_one_tenant_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_LINES_PER_TENANT", 2)
    house = House(ONE)
    node = Node(house)
    for _ in range(2):
        await node.open(house)
    pipe = node.dial()
    hello = await pipe.get()
    assert isinstance(hello, Hello)
    pipe.put(house.sign_in(hello))
    assert (await refusal(pipe))[0] == held.TOO_MANY_LINES


async def test_a_directory_publishes_its_keys() -> None:
    house = House(ONE)
    node = Node(house)
    pipe = await node.open(house)
    now = time.time()
    for octets in (bundle(house, now - 10), bundle(house, now)):
        pipe.put(Publish(octets))
        await node.settle()
        record = await node.records.get(ONE)
        assert record is not None
        assert record.bundle == octets
    for ignored in (bundle(house, now - 20), bundle(house, now + 3600)):
        pipe.put(Publish(ignored))
        await node.settle()
        assert await node.records.get(ONE) == record
    assert pipe.closed is None


@pytest.mark.parametrize("wrong", ["another identity", "another tenant", "no bundle"])
async def test_keys_that_are_not_the_tenants_end_the_line(wrong: str) -> None:
    house, other = House(ONE), House(TWO)
    node = Node(house, other)
    pipe = await node.open(house)
    octets = {
        "another identity": bundle(house, time.time(), other.identity),
        "another tenant": bundle(other, time.time(), house.identity),
        "no bundle": b"{}",
    }[wrong]
    pipe.put(Publish(octets))
    assert (await refusal(pipe))[0] == held.REFUSED
    record = await node.records.get(ONE)
    assert record is not None
    assert record.bundle == b""


async def test_keys_that_come_too_often_are_published_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "PUBLISH_EVERY_S", 0.05)
    house = House(ONE)
    node = Node(house)
    node.exchange._publishing = Rate(0.001, 1000 * room.PUBLISH_BURST)
    pipe = await node.open(house)
    now = time.time() - 60
    bundles = [bundle(house, now + each) for each in range(room.PUBLISH_BURST + 3)]
    for octets in bundles:
        pipe.put(Publish(octets))
    await node.settle()
    assert node.records._records[ONE].bundle == bundles[room.PUBLISH_BURST - 1]
    await wait_for(lambda: node.records._records[ONE].bundle == bundles[-1], "the last keys")
    assert pipe.closed is None


async def test_keys_that_cannot_be_stored_end_no_line_and_are_published_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "PUBLISH_EVERY_S", 0.01)
    house = House(ONE)
    node = Node(house)
    pipe = await node.open(house)
    put, full = node.records.put, True

    async def may_put(record: TenantRecord) -> TenantRecord:
        if full:
            raise RecordsUnavailable("the tenants' records cannot be written")
        return await put(record)

    monkeypatch.setattr(node.records, "put", may_put)
    octets = bundle(house, time.time())
    pipe.put(Publish(octets))
    await node.settle()
    task = asyncio.create_task(node.exchange.ask(ONE, b"sealed"))
    pipe.put(Answer((await asked(pipe)).id, b"answer"))
    assert await task == Reply(b"answer")
    assert node.records._records[ONE].bundle == b""
    full = False
    await wait_for(lambda: node.records._records[ONE].bundle == octets, "the keys")
    assert pipe.closed is None


async def test_deregistration_closes_the_lines() -> None:
    house, other = House(ONE, "node-1", "node-2"), House(TWO)
    node = Node(house, other)
    lines = [await node.open(house, name) for name in ("node-1", "node-2")]
    kept = await node.open(other)
    record = await node.records.get(ONE)
    assert record is not None
    await node.records.put(msgspec.structs.replace(record, connectors=record.connectors[1:]))
    assert (await refusal(lines[0]))[0] == held.NOT_REGISTERED
    assert lines[1].closed is None
    await node.records.delete(ONE)
    assert (await refusal(lines[1]))[0] == held.NOT_REGISTERED
    assert kept.closed is None


@pytest.mark.parametrize("fault", ["cannot be read", "lags behind"])
async def test_deregistration_closes_the_lines_also_if_it_is_seen_later(
    monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(room, "LOOK_AGAIN_S", 0.01)
    house = House(ONE)
    node = Node(house)
    pipe = await node.open(house)
    record = await node.records.get(ONE)
    now = node.records.get_now
    looks = iter(range(10))

    async def at_first_not(tid: str) -> TenantRecord | None:
        if next(looks):
            return await now(tid)
        if fault == "lags behind":
            return record
        raise RecordsUnavailable("the tenants' records cannot be reached")

    monkeypatch.setattr(node.records, "get_now", at_first_not)
    await node.records.delete(ONE)
    assert (await refusal(pipe))[0] == held.NOT_REGISTERED


async def test_a_node_that_drains_sends_connectors_elsewhere_and_answers_what_is_in_flight() -> (
    None
):
    house = House(ONE)
    node = Node(house)
    pipe = await node.open(house)
    task = asyncio.create_task(node.exchange.ask(ONE, b"sealed"))
    frame = await asked(pipe)
    draining = asyncio.create_task(node.exchange.drain(10))
    assert await pipe.get() == Drain()
    pipe.put(Answer(frame.id, b"answer"))
    assert await task == Reply(b"answer")
    assert (await refusal(node.dial()))[0] == held.GOING_AWAY
    pipe.cut()
    await asyncio.wait_for(draining, 10)


async def test_a_connector_that_does_not_leave_is_closed_at_the_end_of_the_drain() -> None:
    house = House(ONE)
    node = Node(house)
    pipe = await node.open(house)
    await node.exchange.drain(0.02)
    assert await refusal(pipe) == (held.GOING_AWAY, "this node is going down")


async def test_questions_given_up_before_a_slow_directory_read_them_leave_no_gap() -> None:
    house = House(ONE)
    node = Node(house)
    pipe = await node.open(house, window=4, pipe=SlowPipe())
    assert isinstance(pipe, SlowPipe)
    end = ConnectorEnd(4)
    pipe.reads.clear()
    tasks = [asyncio.create_task(node.exchange.ask(ONE, b"%d" % each)) for each in range(4)]
    await node.settle()
    assert node.exchange.metrics()["questions_in_flight"] == 4
    assert await node.exchange.ask(ONE, b"?") == Reply(refusal="busy")
    for given_up in tasks[:2]:
        given_up.cancel()
    await node.settle()
    pipe.reads.set()
    for expected in (b"2", b"3"):
        ask = await asked(pipe)
        assert ask.sealed == expected
        assert end.take(ask)  # raises for an id out of order
        pipe.put(Answer(ask.id, expected))
    assert await asyncio.gather(*tasks[2:]) == [Reply(b"2"), Reply(b"3")]
    assert node.exchange.metrics()["questions_in_flight"] == 0
    assert pipe.closed is None


async def test_a_directory_that_does_not_read_holds_up_no_drain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "CLOSE_S", 0.05)
    house = House(ONE)
    node = Node(house)
    stuck, other = await node.open(house, pipe=SlowPipe()), await node.open(house)
    assert isinstance(stuck, SlowPipe)
    stuck.reads.clear()
    draining = asyncio.create_task(node.exchange.drain(0.1))
    assert await other.get() == Drain()
    other.cut()
    await asyncio.wait_for(draining, 10)


async def test_lines_come_and_go_while_questions_are_asked() -> None:
    house = House(ONE)
    node = Node(house)

    async def echo(frame: Ask) -> bytes:
        return b"answer to " + frame.sealed

    for _ in range(30):
        pipes = [await node.open(house) for _ in range(2)]
        answering = [asyncio.create_task(answer_all(pipe, echo)) for pipe in pipes]
        tasks = [
            asyncio.create_task(node.exchange.ask(ONE, str(number).encode())) for number in range(8)
        ]
        await asyncio.sleep(0)
        pipes[0].cut()
        replies = await asyncio.gather(*tasks)
        assert replies == [Reply(b"answer to " + str(number).encode()) for number in range(8)]
        pipes[1].cut()
        await asyncio.gather(*answering)
