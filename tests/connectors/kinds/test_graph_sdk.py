"""Microsoft's own client against the simulator: it speaks Graph, as far as the client can tell."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.graphsim import GraphSimulator, graph_simulator

TOP = Path(__file__).parents[3]
INTERPRETER = TOP / ".venv" / "graph" / "bin" / "python"
CLIENT = TOP / "tests" / "connectors" / "foreign" / "graph_sdk.py"


def followed(graph: GraphSimulator, link: str = "") -> dict[str, Any]:
    assert INTERPRETER.exists(), "Microsoft's client is not installed: make .venv/.graph"
    argv = [INTERPRETER, CLIENT, f"{graph.url}/v1.0", "a token", *([link] if link else [])]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.long
def test_microsofts_own_client_follows_the_users_of_the_simulator() -> None:
    with graph_simulator() as graph:
        graph.tokens.add("a token")
        graph.page = 3
        users = graph.collection("users")
        for number in range(8):
            users.put(f"u{number}", displayName=f"Name {number}", businessPhones=["+49 89 1"])
        first = followed(graph)
        assert first["users"] == {f"u{number}": f"Name {number}" for number in range(8)}
        assert first["pages"] == 3
        users.remove("u2")
        users.put("u3", displayName="Neu")
        graph.throttled = 1
        second = followed(graph, first["link"])
        assert second["users"] == {"u2": None, "u3": "Neu"}
        assert not graph.throttled
        assert followed(graph, second["link"])["users"] == {}
