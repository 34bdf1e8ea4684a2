"""Puts an open-loop load on a server: questions are due when they are due, answered or not.

Callers do not wait for each other, so arrivals are a Poisson process: the gaps are drawn from an
exponential distribution, and latency counts from the moment a question was due. A server that
falls behind shows it in the latencies instead of slowing its own test down (no coordinated
omission).

Law: one thread, bounded in time, count, open connections, faults and in what may wait. `select` is
used on purpose: its time limit has microseconds, that of epoll only whole milliseconds.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from random import Random

import msgspec

from rufname.latency import LatencySummary, percentile, summarise
from rufname.load_line import Line, LineFault
from rufname.load_questions import KINDS, Kind, Question
from rufname.load_speech import Answer, LoadRefused

MAX_CONNECTIONS = 256
"""`select` takes descriptors below 1024."""

ANSWER_LIMIT_S = 5.0
"""A question without an answer for so long is a fault: no SBC waits longer."""

MAX_FAULTS = 100
WAITING_S = 10.0
"""More questions than become due in so long do not wait: the load stops, and says why."""

MIN_WAITING = 100


class Bounds(msgspec.Struct, frozen=True):
    """What a load may take.

    Attributes:
        rate: questions a second, on average.
        seconds: how long questions become due.
        count: most questions.
        connections: most at once; one question at a time on each.
    """

    rate: float
    seconds: float
    count: int
    connections: int


class KindCount(msgspec.Struct):
    """What came back for one kind of callers; `other`: a name other than the one expected."""

    asked: int = 0
    named: int = 0
    nobody: int = 0
    other: int = 0


class Outcome(msgspec.Struct, frozen=True):
    """What a load found.

    Attributes:
        rate: questions a second that were to be asked.
        asked: questions sent; answered: those that came back in time.
        seconds: from the first question due to the last answer.
        kinds: by kind of caller.
        examples: some wrong names: "number: got, expected".
        faults: what was no answer, by its words, with how often.
        reconnected: connections that the server closed while nothing was asked.
        latency: from when a question was due until its answer was whole.
        tool_lag_ms: 99 % of the questions were sent at most so long after they were due although a
            connection was free: what the load tool itself adds.
        tool_cpu_share: CPU time of the load tool by the time that passed.
        stopped: why it ended before its time, "" if it did not.
    """

    rate: float
    asked: int
    answered: int
    seconds: float
    kinds: dict[Kind, KindCount]
    examples: tuple[str, ...]
    faults: dict[str, int]
    reconnected: int
    latency: LatencySummary
    tool_lag_ms: float
    tool_cpu_share: float
    stopped: str = ""


def poisson(rate: float, seed: int) -> Iterator[float]:
    """Give the gaps in seconds between arrivals of a Poisson process of `rate` a second."""
    draw = Random(seed).expovariate  # noqa: S311 - a load is no secret
    while True:
        yield draw(rate)


def put_load(
    connect: Callable[[], Line], questions: Iterator[Question], bounds: Bounds, seed: int = 1
) -> Outcome:
    """Ask for a while; return what came of it.

    Args:
        connect: opens one connection.
        questions: without end.
        bounds: rate and limits.
        seed: of the gaps between questions.

    Raises:
        LoadRefused: not even the first connections come up.
    """
    with contextlib.ExitStack() as stack:
        lines = []
        for _ in range(bounds.connections):
            line = connect()
            stack.callback(line.socket.close)
            lines.append(line)
        drive = _Drive(connect, lines, questions, bounds, seed)
        stack.callback(drive.close)
        return drive.run()


class _Drive:
    """One load under way."""

    def __init__(
        self,
        connect: Callable[[], Line],
        lines: list[Line],
        questions: Iterator[Question],
        bounds: Bounds,
        seed: int,
    ) -> None:
        self._connect = connect
        self._questions = questions
        self._bounds = bounds
        self._gaps = poisson(bounds.rate, seed)
        self._idle = deque(lines)
        self._open: dict[socket.socket, Line] = {}
        self._waiting: deque[tuple[float, Question]] = deque()
        self._most_waiting = max(MIN_WAITING, int(bounds.rate * WAITING_S))
        self._latencies: list[float] = []
        self._lags: list[float] = []
        self._kinds: dict[Kind, KindCount] = {}
        self._examples: list[str] = []
        self._faults: dict[str, int] = {}
        self._reconnected = self._asked = self._drawn = 0
        self._stopped = ""

    def run(self) -> Outcome:
        clock = time.perf_counter
        cpu, started = time.thread_time(), clock()
        end = started + self._bounds.seconds
        due = started + next(self._gaps)
        while not self._stopped:
            now = clock()
            while due <= now and due < end and self._drawn < self._bounds.count:
                self._waiting.append((due, next(self._questions)))
                self._drawn += 1
                due += next(self._gaps)
            self._send(now)
            drawing = due < end and self._drawn < self._bounds.count
            if not drawing and not self._waiting and not self._open:
                break
            until = due if drawing else now + ANSWER_LIMIT_S
            self._receive(max(0.0, until - clock()))
            self._look_for_the_late(clock())
        seconds = clock() - started
        return Outcome(
            rate=self._bounds.rate,
            asked=self._asked,
            answered=len(self._latencies),
            seconds=seconds,
            kinds={kind: self._kinds[kind] for kind in KINDS if kind in self._kinds},
            examples=tuple(self._examples),
            faults=self._faults,
            reconnected=self._reconnected,
            latency=summarise(self._latencies),
            tool_lag_ms=percentile(sorted(self._lags), 0.99) * 1e3 if self._lags else 0.0,
            tool_cpu_share=(time.thread_time() - cpu) / seconds,
            stopped=self._stopped,
        )

    def close(self) -> None:
        for line in (*self._idle, *self._open.values()):
            line.socket.close()

    def _send(self, now: float) -> None:
        """Send what is due, as far as connections are free; the longest idle one first."""
        while self._waiting and self._idle:
            due, question = self._waiting.popleft()
            line = self._idle.popleft()
            if line.idle_since <= due:
                self._lags.append(now - due)
            self._asked += 1
            self._kinds.setdefault(question.kind, KindCount()).asked += 1
            self._open[line.socket] = line
            try:
                line.send(question, due, now)
            except LineFault as fault:
                self._lose(line, str(fault))
        if len(self._waiting) > self._most_waiting:
            self._stopped = (
                f"the server does not keep up: {len(self._waiting):,} questions wait for a"
                " connection"
            )

    def _receive(self, limit_s: float) -> None:
        """Wait until something comes, at most `limit_s`, and take it."""
        idle = {line.socket: line for line in self._idle}
        watched = [*self._open, *idle]
        oldest = next(iter(self._open.values()), None)
        if oldest is not None:
            left = oldest.asked_at + ANSWER_LIMIT_S - time.perf_counter()
            limit_s = min(limit_s, max(0.0, left))
        ready, _, _ = select.select(watched, (), (), limit_s)
        for peer in ready:
            line = self._open.get(peer)
            if line is None:
                self._renew(idle[peer])
                continue
            try:
                answer = line.take()
            except LineFault as fault:
                self._lose(line, str(fault))
                continue
            if answer is not None:
                self._note(line, answer)

    def _note(self, line: Line, answer: Answer) -> None:
        """Count an answer and free its connection."""
        question = line.question
        assert question is not None
        if answer.fault:
            self._fail(line, answer.fault)
            return
        del self._open[line.socket]
        self._idle.append(line)
        line.answers += 1
        line.idle_since = time.perf_counter()
        self._latencies.append(line.idle_since - line.due)
        count = self._kinds[question.kind]
        if answer.name:
            count.named += 1
        else:
            count.nobody += 1
        if question.name is not None and question.name != answer.name:
            count.other += 1
            if len(self._examples) < 3:  # noqa: PLR2004 - enough to look into it
                got, wanted = answer.name or "nobody", question.name or "nobody"
                self._examples.append(f"{question.number}: {got}, expected was {wanted}")

    def _look_for_the_late(self, now: float) -> None:
        late = [line for line in self._open.values() if now - line.asked_at > ANSWER_LIMIT_S]
        for line in late:
            self._fail(line, f"no answer within {ANSWER_LIMIT_S:g} s")

    def _fail(self, line: Line, words: str) -> None:
        """Count a fault and replace its connection."""
        self._faults[words] = self._faults.get(words, 0) + 1
        del self._open[line.socket]
        line.socket.close()
        if sum(self._faults.values()) >= MAX_FAULTS:
            self._stopped = f"{MAX_FAULTS} faults"
        else:
            self._open_another()

    def _lose(self, line: Line, words: str) -> None:
        """Count a broken connection as a fault; one that was stale is replaced and asked again."""
        question = line.question
        if question is None or not line.is_stale:
            self._fail(line, words)
            return
        self._waiting.appendleft((line.due, question))
        self._asked -= 1
        self._kinds[question.kind].asked -= 1
        self._idle.append(self._open.pop(line.socket))
        self._renew(line)

    def _renew(self, line: Line) -> None:
        """Replace an idle connection that the server has closed, as every client does."""
        self._idle.remove(line)
        line.socket.close()
        self._reconnected += 1
        self._open_another()

    def _open_another(self) -> None:
        try:
            self._idle.append(self._connect())
        except LoadRefused as refused:
            self._stopped = str(refused)
