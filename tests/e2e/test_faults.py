"""What goes wrong at a customer's: killed processes, hostile peers, sources that fail.

In every case what was indexed stays served, nothing is lost, and nothing is left running.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.asking import ldap_answers
from tests.e2e.postgres import Postgres, odbc_string, running_postgres
from tests.e2e.processes import LOOPBACK, command_line, wait_until
from tests.e2e.running import (
    SBC,
    Row,
    Rufname,
    csv_source,
    rufname_command,
    running_rufname,
    write_rows,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of ldap3 itself, about pyasn1
    import ldap3

pytestmark = pytest.mark.e2e

NUMBER, NAME = "+493023125001", "Jürgen Groß"

MALFORMED = {
    "no LDAP at all": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a length of 2 GiB": bytes.fromhex("30847fffffff02010160"),
    "an indefinite length": bytes.fromhex("3080020101"),
    "an empty message": bytes.fromhex("3000"),
    "a length of five octets": bytes.fromhex("30850000000001"),
    "no message id": bytes.fromhex("30050403414243"),
    "a negative message id": bytes.fromhex("300c0201ff60070201030400800000"),
    "a bind with rubbish inside": bytes.fromhex("300c0201016007ffffffffffffff"),
    "nesting without end": b"\x30\x82\x0e\x10" + b"\xa0\x84\x00\x00\x0f\xf0" * 600,
}


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "contacts.csv", rows_of(200))


@pytest.fixture
def server(tmp_path: Path, csv_file: Path) -> Iterator[Rufname]:
    with running_rufname(tmp_path, sources=[csv_source(csv_file)]) as running:
        yield running


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as running:
        running.run(
            "CREATE TABLE contact (id int PRIMARY KEY, name text, phone text);"
            "INSERT INTO contact VALUES (1, 'Dora Bank', '+49 89 99998 001');"
            "GRANT SELECT ON contact TO crm"
        )
        yield running


def rows_of(count: int) -> list[Row]:
    """Return a known contact and `count` others, all with numbers reserved for fiction."""
    others = [
        Row(f"{index}", f"Person {index}", phone=f"+49 89 99998 {index:03}")
        for index in range(count)
    ]
    return [Row("known", NAME, phone="030 / 23125-001"), *others]


def shown(server: Rufname, number: str = NUMBER) -> list[str]:
    """Return the display names that a new connection is told for a number."""
    return server.display_names(number)


def test_a_killed_ldap_worker_comes_back_and_nobody_waits_for_it(server: Rufname) -> None:
    for name in ("ldapd-0", "ldapd-1"):
        old = server.kill_worker(name)
        assert shown(server) == [NAME]
        server.wait_worker(name, not_pid=old)
    assert shown(server) == [NAME]


def test_questions_wait_while_every_ldap_worker_is_dead(server: Rufname) -> None:
    dead = {name: server.kill_worker(name) for name in ("ldapd-0", "ldapd-1")}
    assert shown(server) == [NAME]
    for name, old in dead.items():
        server.wait_worker(name, not_pid=old)


def test_a_killed_relay_worker_comes_back(server: Rufname) -> None:
    old = server.kill_worker("relay-0")
    server.wait_worker("relay-0", not_pid=old)
    assert server.get(f"/v1/caller/{NUMBER}", SBC) == (200, NAME)
    assert shown(server) == [NAME]


def test_a_killed_writer_comes_back_and_takes_the_next_sync(
    server: Rufname, csv_file: Path
) -> None:
    old = server.kill_worker("writer-0")
    assert shown(server) == [NAME]
    server.wait_worker("writer-0", not_pid=old)
    write_rows(csv_file, [*rows_of(200), Row("new", "Nina Neu", phone="030 23125002")])
    server.sync()
    wait_until(
        lambda: shown(server, "+493023125002") == ["Nina Neu"], timeout_s=10, what="the new row"
    )
    assert shown(server) == [NAME]


def traces(server: Rufname, pattern: str) -> dict[str, int]:
    """Return name → time of the last write of the files of the data folder that match."""
    found = {}
    for path in server.data.glob(pattern):
        with contextlib.suppress(FileNotFoundError):
            found[str(path)] = path.stat().st_mtime_ns
    return found


@pytest.mark.parametrize(
    "pattern",
    ["contacts.sqlite*", "index/*/*"],
    ids=["the store is written", "the index is written"],
)
def test_a_writer_killed_while_it_syncs_loses_nothing(
    server: Rufname, csv_file: Path, pattern: str
) -> None:
    crowd = [Row(f"m{n}", f"Mensch {n}", mail=f"m{n}@x.example") for n in range(20_000)]
    write_rows(csv_file, [*rows_of(200), *crowd, Row("end", "Letzte", phone="030 23125003")])
    before = traces(server, pattern)
    with subprocess.Popen(
        [*rufname_command(), "sync", "-c", str(server.config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as sync:
        wait_until(
            lambda: sync.poll() is not None or traces(server, pattern) != before,
            timeout_s=30,
            what="the sync to write",
        )
        old = server.kill_worker("writer-0")
        said, _ = sync.communicate(timeout=60)
    assert sync.returncode == 3, said
    assert "Traceback" not in said
    assert shown(server) == [NAME]

    server.wait_worker("writer-0", not_pid=old)
    server.sync()
    wait_until(
        lambda: shown(server, "+493023125003") == ["Letzte"], timeout_s=10, what="the last row"
    )
    found = server.display_names(*(row.phone for row in rows_of(200)))
    assert found == [row.name for row in rows_of(200)]


def test_a_killed_supervisor_leaves_no_orphan_and_the_next_serve_starts_clean(
    server: Rufname,
) -> None:
    program = server.program
    assert program is not None
    children = server.crash()
    assert len(children) >= 4
    wait_until(
        lambda: not any(map(command_line, children)),
        timeout_s=10,
        what="the workers to drain and exit",
        output=server.output,
    )
    assert not ldap_answers(server.ldap_port)
    server.start()
    assert shown(server) == [NAME]
    server.sync()
    assert shown(server) == [NAME]


def test_serve_starts_at_once_after_its_supervisor_was_killed(server: Rufname) -> None:
    children = server.crash()
    server.start()
    assert shown(server) == [NAME]
    wait_until(
        lambda: not any(map(command_line, children)), timeout_s=10, what="the old workers to exit"
    )
    assert shown(server) == [NAME]
    assert server.get(f"/v1/caller/{NUMBER}", SBC) == (200, NAME)


def test_a_malformed_message_closes_only_its_own_connection(server: Rufname) -> None:
    good = ldap3.Connection(
        ldap3.Server(LOOPBACK, port=server.ldap_port),
        user=SBC.bind,
        password=SBC.password,
        auto_bind=True,
        raise_exceptions=True,
        receive_timeout=5,
    )
    workers = {name: worker["pid"] for name, worker in server.workers_now().items()}
    for kind, octets in MALFORMED.items():
        # as many lines as both workers surely share
        for _ in range(4):
            with socket.create_connection((LOOPBACK, server.ldap_port), timeout=5) as line:
                line.sendall(octets)
                assert ended(line), kind
        good.search(server.base, f"(telephoneNumber={NUMBER})", attributes=["displayName"])
        assert [str(entry["displayName"]) for entry in good.entries] == [NAME], kind
    good.unbind()
    assert {name: worker["pid"] for name, worker in server.workers_now().items()} == workers


def ended(line: socket.socket) -> bool:
    """Tell whether the server closes the connection, perhaps after a notice of it."""
    try:
        while line.recv(4096):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True


def odbc_source(name: str) -> dict[str, object]:
    return {
        "name": name,
        "kind": "odbc",
        "connection": {"file": "keys/dsn"},
        "query": "SELECT id, name, phone FROM contact",
        "key": ["id"],
        "map": {"display_name": "name", "phones.work": ["phone"]},
    }


def keep_secret(server: Rufname | Path, text: str) -> None:
    folder = server if isinstance(server, Path) else server.folder
    (folder / "keys").mkdir(exist_ok=True)
    path = folder / "keys" / "dsn"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


def complaint(server: Rufname, source: str) -> str:
    """Sync, expecting exit 3 and one line of complaint that names the source; returns it."""
    done = server.sync("--source", source, code=3)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert len(lines) == 1, lines
    assert source in lines[0]
    return lines[0]


@pytest.mark.parametrize("serving", [True, False], ids=["while serving", "alone"])
def test_a_missing_file_is_one_line_and_the_contacts_stay(
    server: Rufname, csv_file: Path, *, serving: bool
) -> None:
    csv_file.unlink()
    if not serving:
        server.stop()
    assert str(csv_file) in complaint(server, "phonelist")
    if not serving:
        server.start()
    assert shown(server) == [NAME]


def test_an_encoding_error_is_one_line_and_the_contacts_stay(
    server: Rufname, csv_file: Path
) -> None:
    wrong = csv_file.read_text(encoding="utf-8").encode("utf-16")
    csv_file.write_bytes(wrong)
    server.write_config([csv_source(csv_file, encoding="utf-8")])
    server.reload()
    complaint(server, "phonelist")
    assert shown(server) == [NAME]


def test_a_line_in_another_encoding_is_rejected_alone_and_counted(
    server: Rufname, csv_file: Path
) -> None:
    with csv_file.open("ab") as sink:
        sink.write('"9","J\xfcrgen","030 23125009","","",""\n'.encode("latin-1"))
    assert "1 rejected" in server.sync().stdout
    assert shown(server) == [NAME]


def test_an_emptied_file_is_refused_and_the_contacts_stay(server: Rufname, csv_file: Path) -> None:
    write_rows(csv_file, [])
    complaint(server, "phonelist")
    assert shown(server) == [NAME]


def test_a_dead_database_and_a_wrong_password_are_one_line_each_and_the_contacts_stay(
    postgres: Postgres, tmp_path: Path
) -> None:
    keep_secret(tmp_path, postgres.connection)
    with running_rufname(tmp_path, sources=[odbc_source("crm")]) as server:
        assert shown(server, "+498999998001") == ["Dora Bank"]

        wrong = "a very secret wrong one"
        keep_secret(server, odbc_string(postgres.port, wrong))
        said = complaint(server, "crm")
        assert "password" in said
        assert wrong not in said + server.output()
        assert shown(server, "+498999998001") == ["Dora Bank"]

        with socket.socket() as nobody:
            nobody.bind((LOOPBACK, 0))  # taken, and nobody listens there
            keep_secret(server, odbc_string(nobody.getsockname()[1], wrong))
            said = complaint(server, "crm")
        assert wrong not in said + server.output()
        assert shown(server, "+498999998001") == ["Dora Bank"]


def test_a_source_that_fails_does_not_hold_up_the_others(
    server: Rufname, csv_file: Path, tmp_path: Path
) -> None:
    missing = csv_source(tmp_path / "missing.csv", name="archive")
    server.write_config([missing, csv_source(csv_file)])
    server.reload()
    write_rows(csv_file, [*rows_of(200), Row("new", "Nina Neu", phone="030 23125002")])
    done = server.sync(code=3)
    assert "archive" in done.stderr
    wait_until(
        lambda: shown(server, "+493023125002") == ["Nina Neu"], timeout_s=10, what="the new row"
    )
    assert shown(server) == [NAME]
