"""The load of the HTTP bench: it comes at its rate, whatever the server does."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.bench_http import PACED_CONNECTIONS, PATH, Result, Target, _bare, _load, _post
from bench.servers import Server

SECONDS, SLOW = 2, 30

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not shutil.which("wrk"), reason="no wrk (Debian package wrk)"),
]


class _Answering(BaseHTTPRequestHandler):
    """Answers any question of whoever has the token."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one write
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        right = self.headers["Authorization"] == "Bearer secret" and body == b'{"text": "a"}'
        self.send_response(200 if right else 400)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        return


class _Quiet(ThreadingHTTPServer):
    """Says nothing of connections that the load tool leaves half answered at its end."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        return


@pytest.fixture
def port() -> Iterator[int]:
    with _Quiet(("127.0.0.1", 0), _Answering) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server.server_address[1]
        server.shutdown()
        serving.join()


def load(port: int, folder: Path, token: str = "secret", **how: int) -> Result:
    questions = folder / "questions"
    questions.write_text('{"text": "a"}\n', encoding="utf-8")
    target = Target(Server("answering", os.getpid(), port, "", "", ""), token)
    return _load(target, questions, SECONDS, **how)  # type: ignore[arg-type]  # numbers by name


def test_a_paced_load_comes_at_its_rate_and_a_full_one_above(port: int, tmp_path: Path) -> None:
    paced = load(port, tmp_path, connections=PACED_CONNECTIONS, rate=SLOW)
    assert 0.5 * SLOW * SECONDS <= paced.requests <= 1.6 * SLOW * SECONDS
    assert -2 < paced.lag_ms < 1000 * SECONDS  # its timers count whole milliseconds
    full = load(port, tmp_path, connections=8)
    assert full.late == full.lag_ms == 0
    assert full.requests > 2 * SLOW * SECONDS


def test_the_bare_server_answers_every_question_with_so_many_octets(tmp_path: Path) -> None:
    questions = tmp_path / "questions"
    questions.write_text('{"text": "a"}\n', encoding="utf-8")
    with _bare(tmp_path, 5_000) as target:
        paced = _load(target, questions, 1, connections=PACED_CONNECTIONS, rate=100)
        assert len(_post(target.server.port, PATH, {"text": "a"}, "")) == 5_000
    assert 30 <= paced.requests <= 300


def test_one_connection_is_too_few_for_the_rate_which_is_told(port: int, tmp_path: Path) -> None:
    assert load(port, tmp_path, connections=1, rate=100 * SLOW).late > 0


def test_a_request_that_fails_ends_the_bench(port: int, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="requests failed"):
        load(port, tmp_path, "another", connections=1)
