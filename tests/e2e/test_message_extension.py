"""The message extension with real programs: schemathesis holds the route to its OpenAPI file."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from relay.teams.package import AppSettings, app_package
from tests.e2e.running import Row
from tests.e2e.tab.issuer import CLIENT_ID, Issuer, running_issuer
from tests.e2e.tunnelled import House, Relay, running_house, running_relay

pytestmark = [pytest.mark.e2e, pytest.mark.long]

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
ERIKA = Row("1", "Erika Beispiel", "+49 30 23125001", "Beispiel GmbH", mail="erika@firm.example")


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with running_issuer() as made:
        yield made


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Relay]:
    folder = tmp_path_factory.mktemp("relay")
    with running_relay(folder, issuer, message_extension=True) as made:
        yield made


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, relay: Relay) -> Iterator[House]:
    tunnel = {"message_extension": True}
    with running_house(tmp_path_factory.mktemp("house"), relay, [ERIKA], tunnel=tunnel) as made:
        yield made


def test_a_contact_is_found_for_a_message(house: House, relay: Relay) -> None:
    headers = {"Authorization": f"Bearer {house.token()}"}
    answer = httpx.post(f"{relay.url}/api/search", json={"text": "beisp"}, headers=headers)
    assert answer.status_code == 200, answer.text
    [card] = answer.json()["contacts"]
    assert card["name"] == "Erika Beispiel"
    assert card["mail"] == "erika@firm.example"
    assert "eispiel" not in relay.logs()


def test_schemathesis_finds_nothing(house: House, relay: Relay, tmp_path: Path) -> None:
    package = app_package(AppSettings("relay.example", CLIENT_ID, message_extension=True))
    description = tmp_path / "openapi.json"
    description.write_bytes(zipfile.ZipFile(io.BytesIO(package)).read("openapi.json"))
    done = subprocess.run(
        [str(SCHEMATHESIS), "run", str(description), "--url", relay.url,
         "-H", f"Authorization: Bearer {house.token()}",
         "--checks", "all", "--mode", "all", "--max-examples", "100", "--no-color"],
        capture_output=True, text=True, timeout=600, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    assert re.search(r"\b\d+ passed", done.stdout)
