"""What the OpenAPI description says is what the server does: schemathesis finds no difference."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import SBC, ClientSpec, Rufname, UserSpec, running_rufname
from tests.e2e.tab.world import ERIKA, address_of, company_source

pytestmark = [pytest.mark.e2e, pytest.mark.long]

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rufname]:
    folder = tmp_path_factory.mktemp("contract")
    with running_rufname(
        folder,
        sources=[company_source(folder)],
        users=(ERIKA,),
        groups={"sales": ""},
        ldap=False,
        relay_settings={"limits": {"user_rate": 0, "tenant_rate": 0}},
    ) as running:
        yield running


REFUSALS = """\
[checks]
negative_data_rejection.expected-statuses = [400, 401, 404, 405, 409, 413, 415, 429]
"""
"""What refuses a wrong request; 413 is among them, since 2,049 escaped letters are 24 KiB."""


@pytest.mark.parametrize(
    ("who", "paths"),
    [(ERIKA, "/v1/(people|me|sign-in)|healthz|readyz"), (SBC, "/v1/caller")],
    ids=["a user", "a client"],
)
def test_schemathesis_finds_nothing(
    server: Rufname, tmp_path: Path, who: UserSpec | ClientSpec, paths: str
) -> None:
    (tmp_path / "schemathesis.toml").write_text(REFUSALS, encoding="utf-8")
    token = base64.b64encode(f"{who.name}:{who.password}".encode()).decode()
    done = subprocess.run(
        [str(SCHEMATHESIS), "run", f"{address_of(server)}/schema/openapi.json",
         "-H", f"Authorization: Basic {token}", "--include-path-regex", paths,
         "--checks", "all", "--mode", "all", "--max-examples", "100", "--no-color"],
        capture_output=True, text=True, timeout=600, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    assert re.search(r"\b\d+ passed", done.stdout)
