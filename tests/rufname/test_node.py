"""What a node of a relay asks of the system."""

from __future__ import annotations

import resource

import pytest

from rufname import node

ENDLESS = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("soft", "hard", "connections", "files"),
    [
        (ENDLESS, ENDLESS, 1000, None),
        (2000, 2000, 1000, None),
        (1024, ENDLESS, 1000, 1256),
        (1024, 4096, 1000, 1256),
        (1024, 1024, 768, 1024),  # as many as leave room for all else
        (100, 300, 150, 300),
    ],
)
def test_connections_leave_open_files_for_all_else(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, connections: int, files: int | None
) -> None:
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(node.resource, "getrlimit", lambda _kind: (soft, hard))
    monkeypatch.setattr(node.resource, "setrlimit", lambda _kind, limit: limits.append(limit))
    assert node.allow_descriptors(1000) == connections
    assert limits == ([] if files is None else [(files, hard)])
