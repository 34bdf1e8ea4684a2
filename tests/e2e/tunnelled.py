"""A relay, directories behind it, and users who ask sealed questions: all real programs.

    with running_relay(folder, issuer) as relay, relay.directory(rows) as house:
        house.search("beispiel")

Law: programs are started from their command lines; what registration would leave in the keys folder
and in the relay's records is written by the same modules that registration uses.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from ldapd.settings import TlsSettings
from relay.tunnel.enrolment import Enrolment
from relay.tunnel.envelope import Answer, Question, SealedQuestion, seal_question
from relay.tunnel.keyring import KeyRing
from relay.tunnel.keys import KeyBundle, SignedBundle, TenantIdentity, fingerprint
from relay.tunnel.suites import Suite
from relay.tunnel.tenants import ConnectorKey, TenantRecord
from relay.tunnel.tenantstore import NatsRecords, SqliteRecords
from tests.e2e.nats import RECORDS, NatsCluster
from tests.e2e.notation import table
from tests.e2e.processes import LOOPBACK, Program, free_port, start_program, wait_until
from tests.e2e.running import Row, Rufname, csv_source, rufname_command, write_rows
from tests.e2e.tab.issuer import CLIENT_ID, TENANT, Issuer

WAIT_S = 40.0


class Relay:
    """One node of a relay: its folder, its ports, perhaps a running `rufname relay`."""

    def __init__(
        self,
        folder: Path,
        issuer: Issuer,
        nats: NatsCluster | None = None,
        tls: TlsSettings | None = None,
        ca: Path | None = None,
        **settings: object,
    ) -> None:
        self.folder = folder
        self.nats = nats
        self.tls = tls
        self.verify = ssl.create_default_context(cafile=ca)
        self.issuer = issuer
        self.port, self.metrics_port = free_port(), free_port()
        self.url = f"{'https' if tls else 'http'}://{LOOPBACK}:{self.port}"
        self.program: Program | None = None
        self.environment: dict[str, str] = {}
        self._settings = settings

    def write_config(self) -> Path:
        limits = {"user_rate": 0, "tenant_rate": 0, "max_in_flight": 1000, "drain_s": 3}
        top = {
            "url": self.url, "client_id": CLIENT_ID, "node": "node-a",
            "listen": f"http://{LOOPBACK}:{self.port}",
            "authority": self.issuer.address, **self._settings,
        }  # fmt: skip
        lines = [f"{key} = {json.dumps(value)}" for key, value in top.items()]
        lines += table("limits", limits)
        if self.nats is not None:
            lines += table("nats", self.nats.table())
        if self.tls is not None:
            files = {"certificate": self.tls.certificate, "key": self.tls.key}
            lines += table("tls", files)
        lines += table("metrics", {"listen": f"http://{LOOPBACK}:{self.metrics_port}"})
        path = self.folder / "relay.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    def start(self) -> Program:
        argv = [*rufname_command(), "relay", "-c", str(self.write_config())]
        self.program = start_program(
            "relay", argv, self.folder, environment=self.environment, cwd=self.folder
        )
        self.program.wait_for(
            lambda: self.get("/readyz") == 200, timeout_s=WAIT_S, what="the relay to be ready"
        )
        return self.program

    def stop(self, expected: int = 0) -> None:
        program, self.program = self.program, None
        assert program is not None
        code = program.stop(timeout_s=30)
        assert code == expected, program.output()

    def get(self, path: str) -> int:
        try:
            return httpx.get(self.url + path, timeout=5, verify=self.verify).status_code
        except httpx.HTTPError:
            return 0

    def metrics(self) -> dict[str, int]:
        text = httpx.get(f"http://{LOOPBACK}:{self.metrics_port}/metrics", timeout=5).text
        rows = (line.split() for line in text.splitlines() if not line.startswith("#"))
        return {name.removeprefix("rufname_node_"): int(value) for name, value in rows}

    def logs(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("relay-*.log")))

    def register(self, keys: Path, tid: str = TENANT, connector: str = "node-1") -> Enrolment:
        """Do what registration does: keys on site, public keys in the relay's records."""
        ring = KeyRing.create(keys, tid, time.time())
        enrolment = Enrolment(self.url, tid, connector, TenantIdentity.generate())
        enrolment.store(keys)
        public = ring.identity.public
        record = TenantRecord(
            tid, public, fingerprint(public),
            (ConnectorKey(connector, enrolment.public, int(time.time())),),
            registered_at=int(time.time()),
        )  # fmt: skip

        async def put() -> None:
            records: SqliteRecords | NatsRecords
            if self.nats is None:
                records = SqliteRecords(self.folder / "var" / "tenants.sqlite")
            else:
                records = NatsRecords(self.nats.settings(RECORDS), "test", len(self.nats.nodes))
                await records.open(WAIT_S)
            await records.put(record)
            await records.close()

        with ThreadPoolExecutor(1) as thread:  # the caller's may run the browser's loop
            thread.submit(lambda: asyncio.run(put())).result()
        return enrolment


@contextmanager
def running_relay(folder: Path, issuer: Issuer, **settings: object) -> Iterator[Relay]:
    """Run one node for a `with` block; it has to end by SIGTERM with exit code 0."""
    folder.mkdir(exist_ok=True)
    relay = Relay(folder, issuer, **settings)
    relay.start()
    try:
        yield relay
    finally:
        if relay.program is not None and relay.program.exit_code is None:
            relay.stop()
        elif relay.program is not None:
            relay.program.kill_all()


class House:
    """A directory behind a relay, and a user of it."""

    def __init__(
        self,
        folder: Path,
        relay: Relay,
        rows: Sequence[Row],
        *,
        tid: str = TENANT,
        tunnel: Mapping[str, object] | None = None,
        direct: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.tid = tid
        self.relay = relay
        limits = {"user_rate": 0, "tenant_rate": 0, "max_in_flight": 1000}
        settings = {"client_id": CLIENT_ID, "authority": relay.issuer.address, **(tunnel or {})}
        more = ["", *table("tunnel", settings), *table("tunnel.limits", limits)]
        if direct:
            more += table("relay.limits", limits)
        relay_settings = dict(relay.issuer.settings) if direct else {}
        self.server = Rufname(
            folder,
            sources=[csv_source(write_rows(folder / "rows.csv", rows))],
            ldap=False,
            relay=direct,
            relay_settings=relay_settings,
            environment=environment,
            more="\n".join(more),
        )
        self.enrolment = relay.register(self.server.data / "keys", tid)
        # no connection is kept: nobody closes this client
        one_each = httpx.Limits(max_keepalive_connections=0)
        self.http = httpx.Client(
            base_url=relay.url, timeout=20, limits=one_each, verify=relay.verify
        )
        self._bundle: KeyBundle | None = None

    def start(self) -> None:
        self.server.start()
        self.wait_lines()

    def wait_lines(self, lines: int = 2) -> None:
        """Wait until this directory holds its lines."""
        wait_until(
            lambda: self.lines() == lines,
            timeout_s=WAIT_S,
            what=f"{lines} lines to the relay",
            output=lambda: self.server.output() + self.relay.logs(),
        )

    def lines(self) -> int:
        """Return how many lines the worker says it holds."""
        worker = self.server.workers_now().get("tunnel-0", {"metrics": {}})
        return int(worker["metrics"].get("lines_open", 0))

    def token(self, **claims: Any) -> str:
        issuer = self.relay.issuer
        return issuer.token(tid=self.tid, iss=f"{issuer.address}/{self.tid}/v2.0", **claims)

    def bundle(self, *, fresh: bool = False) -> KeyBundle:
        """Return the published keys, checked as a page checks them."""
        if self._bundle is None or fresh:
            answer = self.http.get(f"/v1/keys/{self.tid}")
            assert answer.status_code == 200, answer.text
            signed = SignedBundle.decode(answer.content)
            ring = KeyRing.load(self.server.data / "keys")
            assert ring is not None
            self._bundle = signed.verify(self.tid, ring.identity.public)
        return self._bundle

    def seal(
        self, op: str, args: object, token: str | None = None, suite: Suite = Suite.X25519
    ) -> SealedQuestion:
        question = Question(op, json.dumps(args).encode(), self.token() if token is None else token)
        key = self.bundle().newest(suite, time.time())
        return seal_question(question, self.tid, key, time.time())

    def post(self, octets: bytes, token: str | None = None) -> httpx.Response:
        """Send octets as a sealed question."""
        headers = {
            "Authorization": f"Bearer {token or self.token()}",
            "Content-Type": "application/octet-stream",
        }
        return self.http.post("/v1/rpc", content=octets, headers=headers)

    def ask(self, op: str, args: object, **changed: Any) -> Answer:
        """Ask as a page does; the answer has to open."""
        sealed = self.seal(op, args, **changed)
        answer = self.post(sealed.octets)
        assert answer.status_code == 200, answer.text
        return sealed.open_answer(answer.content).answer

    def search(self, text: str) -> list[str]:
        """Return the names of the hits for a text."""
        answer = self.ask("people.search", {"text": text})
        assert answer.status == 200, answer.body
        return [hit["name"] for hit in json.loads(answer.body)["hits"]]

    def finds(self, text: str) -> bool:
        """Tell whether a text finds somebody now; False also where there is no answer."""
        try:
            return bool(self.search(text))
        except (AssertionError, httpx.HTTPError):
            self._bundle = None  # the next attempt fetches the keys anew, as a page does
            return False

    def wait_found(self, text: str, what: str) -> None:
        """Wait until a text finds somebody again."""
        wait_until(
            lambda: self.finds(text), timeout_s=WAIT_S, what=what,
            output=lambda: self.server.output()[-3000:] + self.relay.logs()[-3000:],
        )  # fmt: skip


@contextmanager
def running_house(
    folder: Path, relay: Relay, rows: Sequence[Row], **settings: Any
) -> Iterator[House]:
    """Run a directory behind a relay for a `with` block."""
    house = House(folder, relay, rows, **settings)
    try:
        house.server.sync()
        house.start()
        yield house
    finally:
        house.http.close()
        if house.server.program is not None and house.server.program.exit_code is None:
            house.server.stop()
