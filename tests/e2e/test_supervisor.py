"""The supervisor as an administrator meets it: signals, reloads, schedules, damage at the start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ldapd.protocol.client import Entry, Result, decode_responses, encode_bind, encode_search
from ldapd.protocol.filters import Equality
from tests.e2e.processes import LOOPBACK, free_port, wait_until
from tests.e2e.running import (
    PHONE,
    SBC,
    Row,
    Rufname,
    csv_source,
    rufname_command,
    running_rufname,
    write_rows,
)

pytestmark = pytest.mark.e2e

NUMBER, NAME = "+493023125001", "Jürgen Groß"
ROWS = [Row("1", NAME, phone="030 / 23125-001"), Row("2", "Ada Muster", phone="030 23125-002")]
NOTICE_OF_DISCONNECTION = "1.3.6.1.4.1.1466.20036"


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "contacts.csv", ROWS)


@pytest.fixture
def server(tmp_path: Path, csv_file: Path) -> Iterator[Rufname]:
    with running_rufname(tmp_path, sources=[csv_source(csv_file)]) as running:
        yield running


class Line:
    """A bound LDAP connection that stays open."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((LOOPBACK, port), timeout=10)
        self._id = 1
        self._socket.sendall(encode_bind(1, SBC.bind, SBC.password.encode()))
        (result,) = self.responses()
        assert isinstance(result, Result)
        assert result.code == 0

    def responses(self) -> list[Entry | Result]:
        """Read up to the next result."""
        found: list[Entry | Result] = []
        data = b""
        while not (found and isinstance(found[-1], Result)):
            more = self._socket.recv(65_536)
            assert more, "the server closed the connection"
            responses, taken = decode_responses(data + more)
            data = (data + more)[taken:]
            found += [own for own in responses if isinstance(own, Entry | Result)]
        return found

    def names(self, number: str = NUMBER) -> list[str]:
        self._id += 1
        wanted = Equality("telephoneNumber", number.encode())
        self._socket.sendall(encode_search(self._id, "dc=meta", wanted, ("displayName",)))
        entries = self.responses()[:-1]
        return [e.values("displayName")[0].decode() for e in entries if isinstance(e, Entry)]

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def line(server: Rufname) -> Iterator[Line]:
    opened = Line(server.ldap_port)
    yield opened
    opened.close()


def events(server: Rufname) -> list[dict[str, object]]:
    return [json.loads(text) for text in server.output().splitlines() if text.startswith("{")]


def pids(server: Rufname) -> dict[str, int]:
    return {name: worker["pid"] for name, worker in server.workers_now().items()}


def hang_up(server: Rufname, event: str) -> dict[str, object]:
    """Send SIGHUP and wait for an event of the supervisor; returns it."""
    assert server.program is not None
    before = len(events(server))
    server.program.signal(signal.SIGHUP)

    def found() -> dict[str, object] | None:
        return next((e for e in events(server)[before:] if e["event"] == event), None)

    told = wait_until(found, timeout_s=10, what=event, output=server.output)
    assert told is not None
    return told


def test_the_ready_line_and_the_status_tell_what_listens_where(server: Rufname) -> None:
    ready = wait_until(
        lambda: next((e for e in events(server) if e["event"] == "ready"), None),
        timeout_s=10,
        what="the ready line",
    )
    assert ready is not None
    urls = [f"ldap://127.0.0.1:{server.ldap_port}", f"http://127.0.0.1:{server.http_port}"]
    assert ready["listens"] == ", ".join(urls)
    state = json.loads(server.cli("status", "--json").stdout)
    assert state["serve"]["listens"] == urls
    assert [worker["name"] for worker in state["serve"]["workers"]] == [
        "writer-0", "ldapd-0", "ldapd-1", "relay-0",
    ]  # fmt: skip
    assert state["writer"]["reading"] == ""


def test_a_second_serve_on_one_data_folder_is_refused_in_words(server: Rufname) -> None:
    assert server.program is not None
    done = server.cli("serve", code=3)
    assert f"(process {server.program.pid}) works on {server.data}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_address_is_named(tmp_path: Path, csv_file: Path) -> None:
    installation = Rufname(tmp_path, sources=[csv_source(csv_file)])
    with socket.create_server((LOOPBACK, installation.ldap_port)):
        done = installation.cli("serve", code=3)
    assert f"cannot listen on ldap://127.0.0.1:{installation.ldap_port}" in done.stderr
    assert not (installation.data / "run" / "status.json").exists()


def test_the_drain_tells_clients_that_the_session_ends(server: Rufname, line: Line) -> None:
    assert line.names() == [NAME]
    assert server.program is not None
    server.program.signal(signal.SIGTERM)
    (notice,) = line.responses()
    assert isinstance(notice, Result)
    assert (notice.message_id, notice.name) == (0, NOTICE_OF_DISCONNECTION)
    server.stop()


def test_a_second_signal_ends_at_once(server: Rufname) -> None:
    assert server.program is not None
    for worker in pids(server).values():
        os.kill(worker, signal.SIGSTOP)  # they cannot drain
    server.program.signal(signal.SIGINT)
    wait_until(
        lambda: any(e["event"] == "draining" for e in events(server)),
        timeout_s=5,
        what="the drain to begin",
    )
    server.program.signal(signal.SIGINT)
    assert server.program.wait(5) == 0
    server.program = None


def test_a_good_reload_loses_no_connection_and_takes_new_clients(
    server: Rufname, line: Line
) -> None:
    before = pids(server)
    server.clients[PHONE.name] = PHONE
    server._keep_hashes()
    server.write_config()
    hang_up(server, "configuration reloaded")
    assert line.names() == [NAME]
    wait_until(
        lambda: server.get(f"/v1/caller/{NUMBER}", PHONE) == (200, NAME),
        timeout_s=5,
        what="the new client to be known over HTTP",
    )
    assert server.asker(PHONE).search(f"(telephoneNumber={NUMBER})", "displayName")
    assert pids(server) == before


def test_a_bad_reload_changes_nothing_and_names_every_fault(server: Rufname, line: Line) -> None:
    good = server.config.read_text(encoding="utf-8")
    more = '[nonsense]\nx = 1\n[relaay]\nlisten = "x"\n'
    server.config.write_text(f"{good}\n{more}", encoding="utf-8")
    told = hang_up(server, "configuration not reloaded")
    assert told["faults"] == 2
    assert "nonsense" in server.output()
    assert "relaay" in server.output()
    assert line.names() == [NAME]
    assert server.get(f"/v1/caller/{NUMBER}", SBC) == (200, NAME)


def test_a_worker_replaced_after_a_bad_edit_still_gets_the_good_configuration(
    server: Rufname,
) -> None:
    server.config.write_text("nonsense", encoding="utf-8")
    before = pids(server)
    os.kill(before["ldapd-0"], signal.SIGKILL)
    os.kill(before["relay-0"], signal.SIGKILL)
    wait_until(
        lambda: all(
            worker["state"] == "ready" and worker["pid"] != before[name]
            for name, worker in server.workers_now().items()
            if name in ("ldapd-0", "relay-0")
        ),
        timeout_s=30,
        what="the workers to be replaced",
    )
    assert server.get(f"/v1/caller/{NUMBER}", SBC) == (200, NAME)
    server.write_config()


def test_what_needs_a_restart_is_named(server: Rufname, line: Line) -> None:
    text = server.config.read_text(encoding="utf-8")
    other = text.replace(f":{server.ldap_port}", f":{free_port()}")
    other = other.replace("workers = 2", "workers = 1")
    server.config.write_text(other, encoding="utf-8")
    hang_up(server, "configuration reloaded")
    named = [e["setting"] for e in events(server) if e["event"] == "changed only by a restart"]
    assert named == ["ldap.listen", "ldap.workers"]
    assert line.names() == [NAME]


def test_a_worker_that_stands_still_is_replaced_and_nobody_waits_long(server: Rufname) -> None:
    frozen = pids(server)["ldapd-1"]
    wait_until(lambda: server.workers_now()["ldapd-1"]["metrics"], timeout_s=10, what="a heartbeat")
    os.kill(frozen, signal.SIGSTOP)
    for _ in range(10):
        asker = Line(server.ldap_port)
        assert asker.names() == [NAME]
        asker.close()
    wait_until(
        lambda: (
            server.workers_now()["ldapd-1"]["pid"] != frozen
            and server.workers_now()["ldapd-1"]["state"] == "ready"
        ),
        timeout_s=20,
        what="the frozen worker to be replaced",
        output=server.output,
    )


def test_a_scheduled_source_is_read_at_the_start_and_again(tmp_path: Path, csv_file: Path) -> None:
    sources = [csv_source(csv_file, every="1s")]
    with running_rufname(tmp_path, sources=sources, synced=False) as server:
        wait_until(
            lambda: server.get(f"/v1/caller/{NUMBER}", SBC) == (200, NAME),
            timeout_s=10,
            what="the first read",
        )
        write_rows(csv_file, [*ROWS, Row("3", "Nina Neu", phone="030 23125-003")])
        wait_until(
            lambda: server.get("/v1/caller/+493023125003", SBC) == (200, "Nina Neu"),
            timeout_s=10,
            what="the second read",
        )


def test_a_source_that_leaves_the_configuration_is_no_longer_found(
    server: Rufname, csv_file: Path
) -> None:
    assert server.get(f"/v1/caller/{NUMBER}", SBC)[0] == 200
    server.write_config([csv_source(csv_file, name="other")])
    hang_up(server, "configuration reloaded")
    wait_until(
        lambda: server.get(f"/v1/caller/{NUMBER}", SBC)[0] == 404,
        timeout_s=10,
        what="the contacts to go",
    )


@pytest.mark.parametrize("damage", ["a file cut short", "one changed octet"])
def test_a_damaged_index_is_rebuilt_before_anybody_gets_an_answer(
    server: Rufname, damage: str
) -> None:
    server.stop()
    generation = (server.data / "index" / "current").resolve()
    path = max(generation.glob("*.store"), key=lambda own: own.stat().st_size)
    data = bytearray(path.read_bytes())
    if damage == "one changed octet":
        data[len(data) // 3] ^= 1
    else:
        del data[len(data) // 2 :]
    path.write_bytes(data)
    server.start()
    assert "index damaged" in server.output()
    line = Line(server.ldap_port)
    assert line.names() == [NAME]
    line.close()
    assert (server.data / "index" / "current").resolve() != generation


def test_after_an_upgrade_the_index_is_built_anew_and_nothing_is_said_to_be_damaged(
    server: Rufname,
) -> None:
    server.stop()
    before = len(server.output())
    current = server.data / "index" / "current"
    older = current.with_name("0-1")  # its name begins with the format
    current.resolve().rename(older)
    current.unlink()
    current.symlink_to(older.name)
    server.start()
    said = [line for line in server.output()[before:].splitlines() if "another version" in line]
    assert [json.loads(line)["level"] for line in said] == ["warning"]
    assert "damaged" not in server.output()[before:]
    assert server.get(f"/v1/caller/{NUMBER}", SBC)[0] == 200


def test_an_interrupt_from_the_terminal_ends_all_in_order(tmp_path: Path, csv_file: Path) -> None:
    installation = Rufname(tmp_path, sources=[csv_source(csv_file)])
    installation.sync()
    program = installation.start()
    os.killpg(program.pid, signal.SIGINT)  # a terminal sends it to the whole group
    assert program.wait(15) == 0
    assert "Traceback" not in installation.output()
    program.kill_all()


def test_a_sync_started_while_another_runs_is_carried_out_too(
    server: Rufname, csv_file: Path
) -> None:
    crowd = [Row(f"m{n}", f"Mensch {n}") for n in range(5_000)]
    write_rows(csv_file, [*ROWS, *crowd])
    command = [*rufname_command(), "sync", "-c", str(server.config)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as second,
    ):
        said = first.communicate(timeout=60)[0] + second.communicate(timeout=60)[0]
    assert (first.returncode, second.returncode) == (0, 0)
    assert "5,000 added" in said
