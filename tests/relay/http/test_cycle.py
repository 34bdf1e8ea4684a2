"""An answer in one piece: octet for octet what uvicorn sends in two, and what it refuses too."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from relay.http.cycle import WholeAnswers

DATE = (b"date", b"Fri, 27 Nov 2026 07:00:00 GMT")
Message = dict[str, Any]


class Sink(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.is_closed = False

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    @override
    def close(self) -> None:
        self.is_closed = True


class Ended:
    """How one answer went."""

    def __init__(
        self, kind: type[RequestResponseCycle], messages: list[Message], method: str, *, stays: bool
    ) -> None:
        sink, log = Sink(), logging.getLogger("none")
        self.completed = 0
        self.cycle = kind(
            scope={"type": "http", "method": method},  # type: ignore[typeddict-item]
            transport=sink,
            flow=FlowControl(sink),
            logger=log,
            access_logger=log,
            access_log=False,
            default_headers=[DATE],
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=stays,
            on_response=self._complete,
        )
        self.error = ""
        asyncio.run(self._send(messages))
        self.writes, self.is_closed = sink.writes, sink.is_closed

    async def _send(self, messages: list[Message]) -> None:
        try:
            for message in messages:
                await self.cycle.send(message)  # type: ignore[arg-type]
        except RuntimeError as error:
            self.error = str(error)

    def _complete(self) -> None:
        self.completed += 1

    def told(self) -> tuple[object, ...]:
        return (
            b"".join(self.writes), self.error, self.completed, self.is_closed,
            self.cycle.response_complete, self.cycle.keep_alive,
        )  # fmt: skip


def start(status: int, *fields: tuple[bytes, bytes]) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(fields)}


def body(octets: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": octets, "more_body": more}


fields = st.tuples(
    st.sampled_from([b"X-Own", b"server-timing", b"connection", b"transfer-encoding", b"bad name"]),
    st.sampled_from([b"close", b"chunked", b"plain", b"", b"caf\xe9", b"two\r\nlines", b"\0"]),
)
lengths = st.sampled_from([b"content-length", b"Content-Length"])


@st.composite
def answers(draw: st.DrawFn) -> list[Message]:
    pieces = draw(st.lists(st.binary(max_size=40), min_size=1, max_size=3))
    known = draw(st.lists(fields, max_size=3))
    if draw(st.booleans()):
        off = draw(st.sampled_from([0, 0, 0, 1, -1]))
        length = max(0, sum(map(len, pieces)) + off)
        known.append((draw(lengths), b"%d" % length))
    status = draw(st.sampled_from([200, 204, 304, 401, 404, 500]))
    last = len(pieces) - 1
    bodies = [body(each, more=place != last) for place, each in enumerate(pieces)]
    return [start(status, *known), *bodies]


@given(messages=answers(), method=st.sampled_from(["GET", "POST", "HEAD"]), stays=st.booleans())
def test_the_octets_and_the_errors_are_those_of_uvicorn(
    *, messages: list[Message], method: str, stays: bool
) -> None:
    own = Ended(WholeAnswers, messages, method, stays=stays)
    usual = Ended(RequestResponseCycle, messages, method, stays=stays)
    assert own.told() == usual.told()


def test_a_whole_answer_is_one_write() -> None:
    found = Ended(
        WholeAnswers, [start(200, (b"content-length", b"4")), body(b"Anna")], "GET", stays=True
    )
    assert len(found.writes) == 1
    assert found.writes[0].endswith(b"\r\ncontent-length: 4\r\n\r\nAnna")


def test_a_head_alone_is_not_sent() -> None:
    assert not Ended(
        WholeAnswers, [start(200, (b"content-length", b"4"))], "GET", stays=True
    ).writes


def test_an_error_before_the_body_is_still_an_answer_of_its_own() -> None:
    messages = [start(200, (b"content-length", b"4")), start(500, (b"content-length", b"0"))]
    found = Ended(WholeAnswers, [*messages, body(b"")], "GET", stays=True)
    assert b"".join(found.writes).startswith(b"HTTP/1.1 500 ")
    assert found.completed == 1
