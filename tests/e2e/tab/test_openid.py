"""Tokens of a real OpenID provider, taken and refused by the real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.processes import free_port, start_program
from tests.e2e.running import Row, Rufname, csv_source, running_rufname, write_rows
from tests.e2e.tab.issuer import CLIENT_ID, OID, TEAMS, TENANT
from tests.relay.web.node import install_packages, needs_node

pytestmark = [pytest.mark.e2e, needs_node]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    install_packages()
    port = free_port()
    script = Path(__file__).with_name("provider.mjs")
    folder = tmp_path_factory.mktemp("provider")
    program = start_program("provider", ["node", str(script), str(port)], folder)
    try:
        program.wait_for(lambda: "ready" in program.output(), timeout_s=30, what="the provider")
        yield f"http://127.0.0.1:{port}"
    finally:
        program.kill_all()


@pytest.fixture(scope="module")
def server(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rufname]:
    folder = tmp_path_factory.mktemp("openid")
    rows = [Row("1", "Anna Abel", "+493023125101")]
    settings = {"tenant": TENANT, "client_id": CLIENT_ID, "authority": provider}
    with running_rufname(
        folder,
        sources=[csv_source(write_rows(folder / "c.csv", rows))],
        ldap=False,
        relay_settings=settings,
    ) as running:
        yield running


def token(provider: str, client: str = TEAMS, scope: str = "access_as_user") -> str:
    answer = httpx.post(
        f"{provider}/{TENANT}/oauth2/v2.0/token",
        data={"grant_type": "client_credentials", "scope": scope, "resource": "urn:api"},
        auth=(client, "secret"),
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def ask(server: Rufname, bearer: str) -> httpx.Response:
    return httpx.get(
        f"http://127.0.0.1:{server.http_port}/v1/me", headers={"Authorization": f"Bearer {bearer}"}
    )


def test_a_real_providers_token_signs_in_and_others_do_not(server: Rufname, provider: str) -> None:
    right = ask(server, token(provider))
    assert right.status_code == 200, right.text
    assert (right.json()["tenant"], right.json()["user"]) == (TENANT, OID)
    assert right.json()["name"] == "Erika Beispiel"
    assert [each["name"] for each in right.json()["sources"]] == ["phonelist"]
    for bad in (
        token(provider, client="foreign"),
        token(provider, scope="other"),
        token(provider)[:-2],
        "x",
    ):
        assert ask(server, bad).status_code == 401
    said = server.output()
    assert "a token was refused: the token was made for another client" in said
    assert "a token was refused: the token lacks the scope" in said
    assert "Erika" not in said
