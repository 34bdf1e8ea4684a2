"""Real nats-servers on loopback: one, or a cluster, as the manual sets them up.

The account of the questions stores nothing; the account of the tenants' records has JetStream.
"""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx

from relay.tunnel.natslink import NatsSettings
from tests.e2e.processes import (
    LOOPBACK,
    Program,
    find_program,
    free_port,
    start_program,
    wait_until,
)

QUESTIONS, RECORDS = "questions", "records"
"""The users; each has its name with "-secret" for a password."""


class NatsNode:
    """One server; its ports and its folder stay the same over restarts."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.port, self.route_port, self.watch_port = free_port(), free_port(), free_port()
        self.tls: tuple[Path, Path] | None = None
        """Certificate and key; None: without TLS."""
        self.traced = False
        """Whether it logs every message with its payload, as a curious operator can set it."""
        self.program: Program | None = None

    @property
    def store(self) -> Path:
        """Where JetStream keeps what it stores."""
        return self.folder / "store"

    def start(self, cluster: list[NatsNode], *, jetstream_everywhere: bool = False) -> None:
        """Start it; `jetstream_everywhere` makes the mistake of letting questions be stored."""
        self.folder.mkdir(parents=True, exist_ok=True)
        store = "jetstream: enabled," if jetstream_everywhere else ""
        lines = [
            f"listen: {LOOPBACK}:{self.port}",
            f"http: {LOOPBACK}:{self.watch_port}",
            f"server_name: {self.name}",
            f"jetstream {{ store_dir: {json.dumps(str(self.store))} }}",
            "accounts {",
            f"  QUESTIONS {{ {store} users: [{_user(QUESTIONS)}] }}",
            f"  RECORDS {{ jetstream: enabled, users: [{_user(RECORDS)}] }}",
            "}",
        ]
        if self.tls is not None:
            certificate, key = (json.dumps(str(path)) for path in self.tls)
            lines.append(f"tls {{ cert_file: {certificate}, key_file: {key} }}")
        if self.traced:
            lines += ["debug: true", "trace: true"]
        if len(cluster) > 1:
            routes = ", ".join(f"nats://{LOOPBACK}:{node.route_port}" for node in cluster)
            cluster_lines = f"name: relay, listen: {LOOPBACK}:{self.route_port}"
            lines.append(f"cluster {{ {cluster_lines}, routes: [{routes}] }}")
        path = self.folder / "nats.conf"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        argv = [find_program("nats-server"), "-c", str(path)]
        self.program = start_program(f"nats-{self.name}", argv, self.folder)

    def healthy(self) -> bool:
        """Tell whether it serves clients, JetStream too."""
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"http://{LOOPBACK}:{self.watch_port}/healthz").status_code == 200
        return False

    def watch(self, page: str) -> dict[str, object]:
        """Return a page of NATS's own monitoring, such as `varz`."""
        return dict(httpx.get(f"http://{LOOPBACK}:{self.watch_port}/{page}").json())

    def kill(self) -> None:
        """Kill it (SIGKILL); what it stored stays."""
        program, self.program = self.program, None
        assert program is not None
        program.signal(signal.SIGKILL)
        program.wait(10)

    def output(self) -> str:
        return "".join(
            log.read_text(encoding="utf-8", errors="replace")
            for log in sorted(self.folder.glob("*.log"))
        )


class NatsCluster:
    """Servers that run; attributes: `nodes`."""

    def __init__(self, nodes: list[NatsNode]) -> None:
        self.nodes = nodes

    def start(self, node: NatsNode, *, jetstream_everywhere: bool = False) -> None:
        """Start a server that does not run, and wait until it serves clients."""
        node.start(self.nodes, jetstream_everywhere=jetstream_everywhere)
        self.wait_healthy(node)

    def wait_healthy(self, node: NatsNode) -> None:
        wait_until(node.healthy, timeout_s=60, what=f"{node.name} to serve", output=node.output)

    def settings(self, user: str = QUESTIONS) -> NatsSettings:
        return NatsSettings(
            servers=tuple(f"nats://{LOOPBACK}:{node.port}" for node in self.nodes),
            user=user,
            password=f"{user}-secret",
        )

    def table(self) -> dict[str, object]:
        """Return `[nats]` of a node of a relay; its passwords are beside the servers' files."""
        folder = self.nodes[0].folder
        passwords = {}
        for user in (QUESTIONS, RECORDS):
            passwords[user] = folder / f"{user}.password"
            passwords[user].write_text(f"{user}-secret\n", encoding="utf-8")
            passwords[user].chmod(0o600)
        return {
            "servers": list(self.settings().servers),
            "user": QUESTIONS,
            "password": {"file": str(passwords[QUESTIONS])},
            "records_user": RECORDS,
            "records_password": {"file": str(passwords[RECORDS])},
            "replicas": len(self.nodes),
        }


def _user(name: str) -> str:
    return f"{{ user: {name}, password: {name}-secret }}"


@contextlib.contextmanager
def running_nats(
    folder: Path, nodes: int = 1, *, jetstream_everywhere: bool = False, traced: bool = False
) -> Iterator[NatsCluster]:
    """Run fresh servers for a `with` block; several form a cluster."""
    cluster = NatsCluster(
        [NatsNode(f"n{each + 1}", folder / f"n{each + 1}") for each in range(nodes)]
    )
    try:
        for node in cluster.nodes:
            node.traced = traced
            node.start(cluster.nodes, jetstream_everywhere=jetstream_everywhere)
        for node in cluster.nodes:
            cluster.wait_healthy(node)
        yield cluster
    finally:
        for node in cluster.nodes:
            if node.program is not None:
                node.program.kill_all()
