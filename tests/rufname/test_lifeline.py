from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.client import Client
from engine.rights import SourcePolicy
from rufname.lifeline import (
    MAX_FRAME_BYTES,
    Beat,
    Drain,
    FaceSettings,
    Order,
    Ready,
    Reload,
    Start,
    frame,
    open_line,
    pack,
    read_order,
    read_report,
    unpack,
)

ORDERS: list[Order] = [Start(b"settings", rebuild=True), Reload(b""), Drain()]


def reader_of(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


@pytest.mark.parametrize("order", ORDERS)
async def test_an_order_arrives_as_it_was_sent(order: Order) -> None:
    assert await read_order(reader_of(frame(order))) == order


@given(metrics=st.dictionaries(st.text(), st.integers(0, 2**63)), more=st.binary(max_size=20))
def test_a_report_arrives_whatever_follows_it(metrics: dict[str, int], more: bytes) -> None:
    async def read() -> None:
        reader = reader_of(frame(Beat(metrics)) + more)
        assert await read_report(reader) == Beat(metrics)
        assert await reader.read() == more

    asyncio.run(read())


@given(cut=st.integers(0, len(frame(ORDERS[0])) - 1))
def test_the_end_within_a_message_is_the_end(cut: int) -> None:
    async def read() -> None:
        assert await read_order(reader_of(frame(ORDERS[0])[:cut])) is None

    asyncio.run(read())


async def test_a_frame_beyond_all_bounds_is_refused_unread() -> None:
    with pytest.raises(ValueError, match="a frame of"):
        await read_report(reader_of((MAX_FRAME_BYTES + 1).to_bytes(4) + b"x"))


async def test_what_is_no_report_is_refused() -> None:
    with pytest.raises(msgspec.MsgspecError):
        await read_report(reader_of(frame(Drain())))


async def test_both_ends_of_a_socketpair_talk_and_notice_the_end() -> None:
    ours, theirs = socket.socketpair()
    reader, writer = await open_line(ours)
    other_reader, other_writer = await open_line(theirs)
    writer.write(frame(Drain()))
    other_writer.write(frame(Ready()))
    assert await read_order(other_reader) == Drain()
    assert await read_report(reader) == Ready()
    other_writer.close()
    await other_writer.wait_closed()
    assert await read_report(reader) is None
    writer.close()
    await writer.wait_closed()


def test_settings_survive_packing() -> None:
    settings = FaceSettings(
        index_dir=str(Path("index")),
        run_dir=str(Path("run")),
        policies={"crm": SourcePolicy("CRM", 600, ("sbc",))},
        clients=(Client("sbc", bind="cn=sbc,dc=meta"),),
    )
    assert unpack(pack(settings), FaceSettings) == settings


def test_settings_of_another_kind_are_refused() -> None:
    with pytest.raises(TypeError, match="not FaceSettings"):
        unpack(pack({"index_dir": "x"}), FaceSettings)
