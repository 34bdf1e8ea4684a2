"""The real `rufname` for end-to-end tests: a configuration on disk, its command line, `serve`.

    with running_rufname(tmp_path, sources=[csv_source(path)]) as server:
        server.ldap_port, server.http_port, server.base, server.cli("lookup", "+493023125001")

Law: only the public surface is used (configuration file, command line, ports); nothing of the
packages is imported. Everything started here ends with the block, and that is asserted.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

from tests.e2e.asking import Asker, http_get, ldap_answers
from tests.e2e.notation import table
from tests.e2e.processes import (
    LOOPBACK,
    Program,
    command_line,
    free_port,
    start_program,
    wait_until,
)

BASE = "dc=meta"
CLI_TIMEOUT_S = 120.0
READY_TIMEOUT_S = 30.0


class ClientSpec(NamedTuple):
    """One `[[client]]`: who may ask, with its password in clear (the file gets only the hash)."""

    name: str = "sbc"
    bind: str = f"cn=sbc,{BASE}"
    password: str = "correct horse, battery"
    profile: str = "sbc"
    dialplan: str = "berlin"
    number_format: str = "e164"
    sources: tuple[str, ...] = ("*",)
    networks: tuple[str, ...] = ()


SBC = ClientSpec()
PHONE = ClientSpec(
    name="phone", bind=f"cn=phone,{BASE}", password="another one", profile="phone"
)  # fmt: skip


class UserSpec(NamedTuple):
    """One `[[user]]`, with its password in clear; "" = none."""

    name: str
    password: str = ""
    groups: tuple[str, ...] = ()
    entra: str = ""
    sources: tuple[str, ...] = ("*",)


BERLIN: Mapping[str, object] = {
    "country_code": "49",
    "area_code": "30",
    "national_prefix": "0",
    "international_prefix": "00",
    "trunks": ["+49 30 23125"],
    "extension_length": [3, 3],
}
"""A made-up office: +49 30 23125 000–999 is reserved for fiction."""


class Row(NamedTuple):
    """One contact of a test's CSV file."""

    id: str
    name: str
    phone: str = ""
    company: str = ""
    mobile: str = ""
    mail: str = ""


def write_rows(path: Path, rows: Iterable[Row]) -> Path:
    """Write a UTF-8 CSV file with all fields quoted, replaced in one step."""
    fresh = path.with_suffix(".fresh")
    with fresh.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.writer(sink, quoting=csv.QUOTE_ALL)
        writer.writerow(Row._fields)
        writer.writerows(rows)
    return fresh.replace(path)


def csv_source(path: Path, *, name: str = "phonelist", **changes: object) -> dict[str, object]:
    """Return the `[[source]]` of a file made by `write_rows`; `changes` override its keys."""
    return {
        "name": name,
        "kind": "csv",
        "path": str(path),
        "key": ["id"],
        "map": {
            "display_name": "name",
            "company": "company",
            "phones.work": ["phone"],
            "phones.mobile": "mobile",
            "emails": ["mail"],
        },
        **changes,
    }


class Rufname:
    """An installation: one folder with a configuration, its data, and perhaps a running `serve`.

    Attributes:
        folder: the configuration's folder.
        config: the configuration file.
        data: its `data_dir`.
        base: the LDAP base.
        ldap_port: 0 without `[ldap]`.
        http_port: 0 without `[relay]`.
        clients: by name.
        directory: settings of `[directory]`; changes count from the next `write_config` on.
        program: the running `rufname serve`, None between two of them.
    """

    def __init__(
        self,
        folder: Path,
        *,
        sources: Sequence[Mapping[str, object]],
        clients: Sequence[ClientSpec] = (SBC,),
        dialplans: Mapping[str, Mapping[str, object]] | None = None,
        ldap: bool = True,
        relay: bool = True,
        workers: int = 2,
        environment: Mapping[str, str] | None = None,
        users: Sequence[UserSpec] = (),
        groups: Mapping[str, str] | None = None,
        relay_settings: Mapping[str, object] | None = None,
        more: str = "",
    ) -> None:
        self.folder = folder
        self.config = folder / "rufname.toml"
        self.data = folder / "var"
        self.base = BASE
        self.ldap_port = free_port() if ldap else 0
        self.http_port = free_port() if relay else 0
        self.workers = workers
        self.clients = {client.name: client for client in clients}
        self.users = {user.name: user for user in users}
        self.groups = dict(groups or {})
        self.relay_settings = dict(relay_settings or {})
        self.more = more
        self.directory: dict[str, object] = {"data_dir": "var", "region": "DE"}
        self.program: Program | None = None
        self._environment = dict(environment or {})
        self._sources = [dict(source) for source in sources]
        self._dialplans = {"berlin": BERLIN} if dialplans is None else dict(dialplans)
        self._keep_hashes()
        self.write_config()

    def cli(
        self,
        *arguments: str,
        stdin: str | None = None,
        code: int | None = 0,
        config: bool = True,
        timeout_s: float = CLI_TIMEOUT_S,
    ) -> subprocess.CompletedProcess[str]:
        """Run `rufname ARGUMENTS -c CONFIG` and return what it said.

        Args:
            arguments: a command and its arguments.
            stdin: its standard input; None closes it.
            code: the exit code that is expected; None takes any.
            config: whether the command takes `-c`.
            timeout_s: the longest it may take.
        """
        tail = ["-c", str(self.config)] if config else []
        done = subprocess.run(
            [*rufname_command(), *arguments, *tail],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            env={**os.environ, "NO_COLOR": "1", **self._environment},
            cwd=self.folder,
        )
        assert code is None or done.returncode == code, (
            f"rufname {' '.join(arguments)}: exit {done.returncode}, not {code}\n"
            f"{done.stdout}{done.stderr}"
        )
        return done

    def lookup(self, number: str, *options: str) -> dict[str, Any] | None:
        """Return the object that `rufname lookup --json` prints, None for nobody."""
        done = self.cli("lookup", number, "--json", *options, code=None)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def sync(self, *options: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run `rufname sync`."""
        return self.cli("sync", *options, code=code)

    def write_config(self, sources: Sequence[Mapping[str, object]] | None = None) -> None:
        """Write the configuration file, with other sources if given."""
        if sources is not None:
            self._sources = [dict(source) for source in sources]
        lines = table("directory", self.directory)
        for name, plan in self._dialplans.items():
            lines += table(f"dialplan.{name}", plan)
        for source in self._sources:
            lines += table("[source]", {k: v for k, v in source.items() if k != "map"})
            lines += table("source.map", source["map"])
        if self.ldap_port:
            listen = [f"ldap://{LOOPBACK}:{self.ldap_port}"]
            lines += table("ldap", {"listen": listen, "base": BASE, "workers": self.workers})
        if self.http_port:
            relay = {"listen": f"http://{LOOPBACK}:{self.http_port}", **self.relay_settings}
            lines += table("relay", relay)
        for client in self.clients.values():
            entry = {**client._asdict(), "password": {"file": f"keys/{client.name}.hash"}}
            lines += table("[client]", entry)
        for user in self.users.values():
            entry = {**user._asdict(), "password": {"file": f"keys/{user.name}.hash"}}
            if not user.password:
                del entry["password"]
            lines += table("[user]", entry)
        for group, entra in self.groups.items():
            lines += table("[group]", {"name": group, "entra": entra})
        self.config.write_text("\n".join((*lines, self.more)), encoding="utf-8")

    def start(self) -> Program:
        """Start `rufname serve` and wait until it answers on every port."""
        assert self.program is None or self.program.exit_code is not None
        argv = [*rufname_command(), "serve", "-c", str(self.config)]
        program = start_program(
            "serve", argv, self.folder, environment=self._environment, cwd=self.folder
        )
        self.program = program
        try:
            self.wait_ready()
        except BaseException:
            program.kill_all()
            self.program = None
            raise
        return program

    def wait_ready(self, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Wait until this `serve` says so and LDAP and HTTP answer; fails at once if it ends."""
        program = self.program
        assert program is not None
        program.wait_for(
            lambda: (status := self.status()).get("pid") == program.pid and status["ready"],
            timeout_s=timeout_s,
            what="all workers to be ready",
        )
        if self.ldap_port:
            program.wait_for(
                lambda: ldap_answers(self.ldap_port), timeout_s=timeout_s, what="LDAP to answer"
            )
        if self.http_port:
            program.wait_for(
                lambda: self.get("/readyz")[0] == HTTPStatus.OK,
                timeout_s=timeout_s,
                what="/readyz to say yes",
            )

    def reload(self) -> None:
        """Make `serve` read its configuration anew (SIGHUP) and wait until it has."""
        program, said = self.program, "configuration reloaded"
        assert program is not None
        before = program.output().count(said)
        program.signal(signal.SIGHUP)
        program.wait_for(
            lambda: program.output().count(said) > before, timeout_s=10, what="the reload"
        )

    def stop(self) -> None:
        """End `serve` by SIGTERM; asserts exit code 0 and that nothing is left running."""
        program, self.program = self.program, None
        assert program is not None
        code = program.stop()
        assert code == 0, f"rufname serve ended with {code}\n{program.output()[-4000:]}"

    def crash(self) -> list[int]:
        """Kill the supervisor alone (SIGKILL); returns the pids that were its children."""
        program = self.program
        assert program is not None
        children = [pid for pid in program.family() if pid != program.pid]
        program.signal(signal.SIGKILL)
        program.wait(5)
        return children

    def output(self) -> str:
        """Return all that every `serve` of this folder has written so far."""
        logs = sorted(self.folder.glob("serve-*.log"))
        return "".join(log.read_text(encoding="utf-8", errors="replace") for log in logs)

    def processes(self) -> dict[int, str]:
        """Return pid → command line of the running `serve` and its children."""
        assert self.program is not None
        return {pid: command_line(pid) for pid in self.program.family()}

    def status(self) -> dict[str, Any]:
        """Return what the supervisor last said of itself, {} if it said nothing."""
        try:
            said = json.loads((self.data / "run" / "status.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return dict(said)

    def workers_now(self) -> dict[str, dict[str, Any]]:
        """Return what the supervisor last said of each worker (name, pid, state …), by name."""
        return {worker["name"]: worker for worker in self.status().get("workers", ())}

    def wait_worker(self, name: str, *, not_pid: int = 0) -> int:
        """Wait until a worker is ready as another process than `not_pid`; returns its pid."""

        def pid() -> int:
            worker = self.workers_now().get(name, {"state": "", "pid": 0})
            ready = worker["state"] == "ready" and worker["pid"] != not_pid
            return int(worker["pid"]) if ready else 0

        return wait_until(
            pid, timeout_s=READY_TIMEOUT_S, what=f"{name} to be ready", output=self.output
        )

    def kill_worker(self, name: str) -> int:
        """Kill a worker (SIGKILL) once it is ready; returns its pid."""
        pid = self.wait_worker(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def get(
        self, path: str, client: ClientSpec | None = None, *, accept: str = ""
    ) -> tuple[int, str]:
        """Ask the HTTP side; returns status and body, (0, reason) if nobody answers."""
        name, password = (client.name, client.password) if client else ("", "")
        return http_get(self.http_port, path, name, password, accept=accept)

    def asker(self, client: ClientSpec | None = None) -> Asker:
        """Return how a client asks over LDAP; None: the first one."""
        who = client or next(iter(self.clients.values()))
        return Asker(self.ldap_port, who.bind, who.password, self.base)

    def display_names(self, *numbers: str) -> list[str]:
        """Ask for numbers with `ldapsearch` as the first client; the names, in order of asking."""
        pattern = "(telephoneNumber=%s)"
        found = self.asker().search_many(pattern, list(numbers), "displayName")
        return [name for entry in found for name in entry["displayName"]]

    def _keep_hashes(self) -> None:
        keys = self.folder / "keys"
        keys.mkdir(exist_ok=True)
        for name, password in (
            *((client.name, client.password) for client in self.clients.values()),
            *((user.name, user.password) for user in self.users.values() if user.password),
        ):
            done = self.cli("password", "--stdin", stdin=f"{password}\n", config=False)
            path = keys / f"{name}.hash"
            path.write_text(done.stdout, encoding="utf-8")
            path.chmod(0o600)


@contextlib.contextmanager
def running_rufname(
    folder: Path,
    *,
    sources: Sequence[Mapping[str, object]],
    clients: Sequence[ClientSpec] = (SBC,),
    synced: bool = True,
    dialplans: Mapping[str, Mapping[str, object]] | None = None,
    ldap: bool = True,
    relay: bool = True,
    workers: int = 2,
    environment: Mapping[str, str] | None = None,
    users: Sequence[UserSpec] = (),
    groups: Mapping[str, str] | None = None,
    relay_settings: Mapping[str, object] | None = None,
    more: str = "",
    sync_timeout_s: float = CLI_TIMEOUT_S,
) -> Iterator[Rufname]:
    """Run `rufname serve` on a fresh configuration for a `with` block.

    Args:
        folder: an empty folder of the test.
        sources: `[[source]]` tables with a `map`, such as `csv_source` gives.
        clients: who may ask.
        synced: run `rufname sync` first, so that the first question already has an answer.
        dialplans: `[dialplan.NAME]` tables; None: "berlin".
        ldap: whether there is an `[ldap]`.
        relay: whether there is a `[relay]`.
        workers: LDAP worker processes.
        environment: further environment variables (secrets by reference).
        users: who may use the app.
        groups: names of groups, with their object ids in Entra or "".
        relay_settings: further settings of `[relay]`.
        more: text behind the configuration: sections of their own.
        sync_timeout_s: the longest that the first `rufname sync` may take.

    Yields:
        The installation, ready. At the end it is stopped by SIGTERM if it still runs, and nothing
        may be left of it.
    """
    server = Rufname(
        folder,
        sources=sources,
        clients=clients,
        dialplans=dialplans,
        ldap=ldap,
        relay=relay,
        workers=workers,
        environment=environment,
        users=users,
        groups=groups,
        relay_settings=relay_settings,
        more=more,
    )
    if synced:
        server.cli("sync", timeout_s=sync_timeout_s)
    server.start()
    try:
        yield server
        if server.program is not None:
            server.stop()
    finally:
        if server.program is not None:
            server.program.kill_all()


def rufname_command() -> list[str]:
    """Return the console script beside this interpreter, else `python -m rufname`."""
    script = Path(sys.executable).with_name("rufname")
    return [str(script)] if script.exists() else [sys.executable, "-m", "rufname"]
