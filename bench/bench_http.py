"""How fast is a search over HTTP, and how many does a CPU second buy, beside FastAPI with SQLite?

Both have the same contacts and get the same questions from `wrk`: beginnings of names as people
type them, ten hits a page. Like is compared with like: the answers have the same fields (names,
company, job, numbers, addresses, what to highlight, how many in all) and much the same size, which
is held to and told; both read HTTP by httptools on uvloop, in one process. Rufname runs as the real
`rufname serve`, with everything that a user's question passes: session, rights, rates, joining of
records; the peer (`bench.fastapi_peer` says what) does without. Each server has core 0 for itself,
`wrk` another one. The rounds alternate, and the median counts.

The latency is that of a steady rate: questions are due by the clock, at random as those of many
people are (a Poisson process), whether the ones before are answered or not. `wrk` has no rate of
its own: its script tells each connection how long to wait, and there are more connections than are
ever busy; how many questions found none free is told. There are two such rounds: the questions of
forty people who type at once, letter by letter, as the tab puts them; and, which is harder than any
company's day, texts of which none comes twice nor goes on from one before, so that nothing is
cheaper for what was remembered. At full load these come again and again, and a core that never
rests keeps its caches: what a request costs in each is told. A server that answers at once
(`bench.bare_server`) has the same rate: what it takes is not ours.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import msgspec

from bench import fastapi_peer, prepared
from bench.people_questions import typing_at_once
from bench.report import Measure, spread
from bench.servers import Server
from rufname.calibrating import typed_texts
from rufname.programs import first_core, free_port, last_core, pin, running, wait_for_port
from rufname.sample import contacts
from rufname.trial import Installation

QUESTION = "people search over HTTP"
P50_GOAL_MS, P99_GOAL_MS, RATIO_GOAL = 2.0, 10.0, 3.0
RATE = 200
CONNECTIONS, PACED_CONNECTIONS = 8, 32
PATH = "/v1/people/search"
TOLD = {"id", "name", "sources", "numbers", "matched", "spans", "total", "total_is_exact", "hits"}
"""What every answer holds; company, job, addresses and so on only where somebody has them."""

ALIKE = 1.25
"""Our answers may be longer by this: `Bjoer` finds Björn too, of whom the peer finds nobody."""

_WRK = """
local ffi = require("ffi")
ffi.cdef("typedef struct { long s, ns; } Time; int clock_gettime(int clock, Time *now);")
local clock, bodies, at, due = ffi.new("Time"), {}, 0, nil
local asked, sent, dues = 0, 0, {}
late, lags = 0, {}
for line in io.lines("QUESTIONS") do bodies[#bodies + 1] = line end
math.randomseed(1)
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer TOKEN"
function setup(thread) only = thread end
local function ms()
  ffi.C.clock_gettime(1, clock)
  return tonumber(clock.s) * 1e3 + tonumber(clock.ns) / 1e6
end
function request() -- those that were due first are sent first
  at = at % #bodies + 1
  if sent < asked then
    sent = sent + 1
    lags[sent] = ms() - dues[sent]
    dues[sent] = nil
  end
  return wrk.format(nil, nil, nil, bodies[at])
end
local function pause() -- in ms, until the next question is due that no connection waits for
  local now = ms()
  due = (due or now) - math.log(1 - math.random()) * 1e3 / RATE
  if due < now then late = late + 1 end
  asked = asked + 1
  dues[asked] = math.max(due, now)
  return math.max(0, due - now)
end
if RATE > 0 then delay = pause end
function done(summary, latency)
  local e, lags = summary.errors, only:get("lags")
  table.sort(lags)
  print(string.format(
    '{"requests": %d, "seconds": %f, "failed": %d, "late": %d, "lag_ms": %f, "p50_ms": %f,'
    .. ' "p99_ms": %f}',
    summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout,
    only:get("late"), lags[math.ceil(#lags * 0.99)] or 0,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
"""


class Result(msgspec.Struct, frozen=True):
    """What `wrk` says of one round.

    Attributes:
        late: questions that were due while no connection was free.
        lag_ms: 99 % were sent at most so long after they were due and a connection was free: what
            the load tool adds, and the latencies leave out.
    """

    requests: int
    seconds: float
    failed: int
    late: int
    lag_ms: float
    p50_ms: float
    p99_ms: float


class Target(msgspec.Struct, frozen=True):
    """A server and the token that it takes."""

    server: Server
    token: str


def measure(count: int, folder: Path, *, quick: bool) -> Iterator[Measure]:
    """Give latencies at a steady rate, requests a CPU second of both, and their ratio."""
    if not shutil.which("wrk"):
        yield Measure(QUESTION, "not measured: needs wrk (apt-get install wrk)", 0, "")
        return
    rounds, seconds = (1, 3) if quick else (3, 10)
    texts = typed_texts(count, RATE * seconds)
    questions = _written(folder / "questions", texts)
    typing = _written(folder / "typing", typing_at_once(contacts(count), RATE * seconds))
    installation, _ = prepared.installation(folder / "rufname", count)
    with ExitStack() as stack:
        own = stack.enter_context(_serving(installation))
        peer = stack.enter_context(_peer(folder, count))
        sizes = {}
        for target in (own, peer):
            sizes[target.server.name] = sum(_check(target, text) for text in texts[-200:]) / 200
        _compare(*sizes.values())
        for name, size in sizes.items():
            yield Measure(QUESTION, f"octets of an answer, {name}", size, "")
        bare = stack.enter_context(_bare(folder, round(sizes[own.server.name])))
        floor = _load(bare, questions, seconds, connections=PACED_CONNECTIONS, rate=RATE)
        yield Measure(
            QUESTION, f"at {RATE}/s, p50 of a server that answers at once", floor.p50_ms, "ms"
        )
        new = len(set(typing.read_bytes().splitlines())) / (RATE * seconds) * 100
        yield Measure(QUESTION, "typed on: texts that nobody asked before", new, "%")
        for order, asked in (("typed on", typing), ("no text twice, in no order", questions)):
            yield from _paced(own, asked, seconds, order)
        rates: dict[str, list[float]] = {own.server.name: [], peer.server.name: []}
        for _ in range(rounds):
            for target in (own, peer):
                before = target.server.cpu_s()
                done = _load(target, questions, seconds, connections=CONNECTIONS)
                rates[target.server.name].append(done.requests / (target.server.cpu_s() - before))
        for name, found in rates.items():
            case = f"at full load, {name}"
            yield Measure(QUESTION, case, median(found), "1/CPU s", spread=spread(found))
        ratio = median(rates[own.server.name]) / median(rates[peer.server.name])
        yield Measure(QUESTION, "rufname by FastAPI", ratio, "ratio", "at least", RATIO_GOAL)


def _written(file: Path, texts: Sequence[str]) -> Path:
    """Write the bodies of the questions, a line each, and return the file."""
    bodies = (json.dumps({"text": text, "limit": 10}) + "\n" for text in texts)
    file.write_text("".join(bodies), encoding="utf-8")
    return file


def _paced(own: Target, asked: Path, seconds: int, order: str) -> Iterator[Measure]:
    """Give what a round at the steady rate takes."""
    before = own.server.cpu_s()
    paced = _load(own, asked, seconds, connections=PACED_CONNECTIONS, rate=RATE)
    cpu_ms = (own.server.cpu_s() - before) / paced.requests * 1e3
    at = f"at {RATE}/s, {order}"
    yield Measure(QUESTION, f"{at}: rate", paced.requests / paced.seconds, "1/s")
    yield Measure(QUESTION, f"{at}: asked later than due", paced.late / paced.requests * 100, "%")
    yield Measure(QUESTION, f"{at}: sent after it was due, p99", paced.lag_ms, "ms")
    yield Measure(QUESTION, f"{at}: CPU time of a request", cpu_ms, "ms")
    for name, value, goal in (
        ("p50", paced.p50_ms, P50_GOAL_MS),
        ("p99", paced.p99_ms, P99_GOAL_MS),
    ):
        yield Measure(QUESTION, f"{at}: {name}", value, "ms", "at most", goal)


@contextlib.contextmanager
def _serving(installation: Installation) -> Iterator[Target]:
    with installation.serving() as serving:
        server = Server("rufname", serving.http_worker, installation.http_port, "", "", "")
        yield Target(server, installation.session())


@contextlib.contextmanager
def _bare(folder: Path, octets: int) -> Iterator[Target]:
    port = free_port()
    argv = [sys.executable, "-m", "bench.bare_server", str(port), str(octets)]
    with running(argv, folder / "bare.log") as process:
        wait_for_port(port, process, folder / "bare.log")
        pin(process.pid, first_core())
        yield Target(Server("at once", process.pid, port, "", "", ""), "")


@contextlib.contextmanager
def _peer(folder: Path, count: int) -> Iterator[Target]:
    database, port = folder / "peer.sqlite", free_port()
    fastapi_peer.fill(database, contacts(count))
    argv = [sys.executable, "-m", "bench.fastapi_peer", str(database), str(port)]
    with running(argv, folder / "peer.log") as process:
        wait_for_port(port, process, folder / "peer.log")
        pin(process.pid, first_core())
        server = Server("FastAPI + FTS5", process.pid, port, "", "", "")
        yield Target(server, fastapi_peer.TOKEN)


def _check(target: Target, text: str) -> int:
    """Ask once; return how many octets the answer has.

    Raises:
        RuntimeError: nobody was found, or the hits lack what both have to tell.
    """
    body = _post(target.server.port, PATH, {"text": text, "limit": 10}, target.token)
    page = json.loads(body)
    if not page["hits"]:
        raise RuntimeError(f"{target.server.name}: nobody for {text!r}")
    told = {field for hit in page["hits"] for field in hit} | set(page)
    if lacking := TOLD - told:
        raise RuntimeError(f"{target.server.name}: {text!r} is answered without {lacking}")
    return len(body)


def _compare(own: float, peer: float) -> None:
    """Hold the answers to much the same size.

    Raises:
        RuntimeError: one has more than a quarter more to write.
    """
    if not 1 / ALIKE <= own / peer <= ALIKE:
        raise RuntimeError(f"answers of {own:.0f} and of {peer:.0f} octets are not alike")


def _post(port: int, path: str, body: object, token: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    connection.request("POST", path, json.dumps(body), headers)
    answer = connection.getresponse()
    found = answer.read()
    connection.close()
    if answer.status != http.client.OK:
        raise RuntimeError(f"{path} answered {answer.status}: {found!r}")
    return found


def _load(
    target: Target, questions: Path, seconds: int, *, connections: int, rate: int = 0
) -> Result:
    """Let `wrk` ask for a while: so many times a second, or (0) as often as it is answered.

    Raises:
        RuntimeError: a request failed.
    """
    script = questions.with_suffix(".lua")
    text = _WRK.replace("QUESTIONS", str(questions)).replace("TOKEN", target.token)
    script.write_text(text.replace("RATE", str(rate)), encoding="utf-8")
    url = f"http://127.0.0.1:{target.server.port}{PATH}"
    argv = ["taskset", "-c", str(last_core()), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
            "-s", str(script), url]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    result = msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=Result)
    if result.failed or not result.requests:
        raise RuntimeError(f"{target.server.name}: {result.failed} requests failed")
    return result
