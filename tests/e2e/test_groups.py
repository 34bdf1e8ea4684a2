"""Rights by groups of Entra where the token cannot hold them: `serve`, an issuer, a Graph."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.connectors.graphsim import CLIENT_ID, TENANT, GraphSimulator, graph_simulator
from tests.e2e.running import Row, Rufname, csv_source, running_rufname, write_rows
from tests.e2e.tab.issuer import OID, Issuer, running_issuer

pytestmark = pytest.mark.e2e

PERSONNEL = "77777777-7777-4777-8777-777777777777"
OTHER = "12121212-1212-4212-8212-121212121212"
OVERAGE = {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "x"}}}


@pytest.fixture(scope="module")
def graph() -> Iterator[GraphSimulator]:
    with graph_simulator() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture(scope="module")
def server(
    graph: GraphSimulator, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rufname]:
    tmp_path = tmp_path_factory.mktemp("groups")
    rows = [Row("1", "Geheime Personalie", "+493023125101")]
    (tmp_path / "graph.secret").write_text(graph.secret)
    graph_source = {
        "name": "m365", "kind": "graph", "tenant": TENANT, "client_id": CLIENT_ID,
        "client_secret": {"file": "graph.secret"}, "endpoint": f"{graph.url}/v1.0",
        "login": graph.url, "map": {"display_name": "displayName"},
    }  # fmt: skip
    private = csv_source(write_rows(tmp_path / "c.csv", rows), visible_to=["personnel"])
    with running_rufname(
        tmp_path,
        sources=[private, graph_source],
        ldap=False,
        relay_settings=issuer.settings,
        groups={"personnel": PERSONNEL},
    ) as running:
        yield running


def sources(server: Rufname, token: str) -> list[str]:
    """Return what the owner of a token may search."""
    answer = httpx.get(
        f"http://127.0.0.1:{server.http_port}/v1/me", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["sources"]]


def test_graph_tells_the_groups_that_a_token_cannot_hold(
    server: Rufname, graph: GraphSimulator, issuer: Issuer
) -> None:
    graph.members[OID] = {PERSONNEL}
    before = graph.member_questions
    assert sources(server, issuer.token()) == ["m365"]
    assert sources(server, issuer.token(groups=[PERSONNEL])) == ["phonelist", "m365"]
    assert graph.member_questions == before
    for _ in range(3):
        assert sources(server, issuer.token(**OVERAGE)) == ["phonelist", "m365"]
    assert graph.member_questions == before + 1
    stranger = issuer.token(oid="00000000-0000-4000-8000-000000000000", **OVERAGE)
    assert sources(server, stranger) == ["m365"]


def test_without_graph_no_right_of_a_group_holds_and_a_line_says_so(
    server: Rufname, graph: GraphSimulator, issuer: Issuer
) -> None:
    graph.members[OTHER] = {PERSONNEL}
    graph.status = 403
    try:
        assert sources(server, issuer.token(oid=OTHER, **OVERAGE)) == ["m365"]
    finally:
        graph.status = 200
    said = server.output()
    assert "a user is in more groups than the token tells, and which cannot be asked" in said
    assert "Insufficient privileges" in said
    assert OTHER not in said
