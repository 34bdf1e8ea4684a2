"""`rufname load` against the real `rufname serve`, over LDAP and HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import SBC, Row, Rufname, csv_source, running_rufname, write_rows

pytestmark = pytest.mark.e2e

ROWS = [Row(str(n), f"Person {n}", phone=f"030 23125-{n:03d}") for n in range(200, 240)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rufname]:
    folder = tmp_path_factory.mktemp("load")
    source = csv_source(write_rows(folder / "contacts.csv", ROWS))
    with running_rufname(folder, sources=[source]) as running:
        yield running


@pytest.mark.parametrize("road", [(), ("--http",)])
def test_every_kind_of_caller_gets_the_name_that_the_own_index_says(
    server: Rufname, road: tuple[str, ...], tmp_path: Path
) -> None:
    page = tmp_path / "load.html"
    done = server.cli(
        "load", *road, "--password-file", "-", "--rate", "50", "--rate", "200", "--seconds", "1",
        "--mix", "known=40,unknown=20,extension=20,anonymous=20", "--json", "--html", str(page),
        stdin=f"{SBC.password}\n",
    )  # fmt: skip
    report = json.loads(done.stdout)
    for outcome in report["outcomes"]:
        assert outcome["asked"] == outcome["answered"] > 10
        assert outcome["faults"] == {}
        kinds = outcome["kinds"]
        assert set(kinds) == {"known", "unknown", "extension", "anonymous"}
        assert kinds["known"]["named"] == kinds["known"]["asked"]
        assert kinds["extension"]["named"] == kinds["extension"]["asked"]
        assert kinds["anonymous"]["nobody"] == kinds["anonymous"]["asked"]
        assert not any(each["other"] for each in kinds.values())
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == 3
    assert "Person 2" not in text


def test_a_wrong_password_puts_no_load(server: Rufname) -> None:
    done = server.cli("load", "--password-file", "-", stdin="wrong\n", code=3)
    assert "was refused (49" in done.stderr


def test_a_name_that_differs_from_the_own_index_is_exit_code_1(server: Rufname) -> None:
    done = server.cli(
        "load", "--password-file", "-", "--sample", "300", "--mix", "known=1", "--seconds", "0.5",
        stdin=f"{SBC.password}\n", code=1,
    )  # fmt: skip
    assert "OTHER than expected" in done.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--target", "ldap://192.0.2.1"), "needs --confirm 192.0.2.1"),
        (("--target", "telnet://127.0.0.1"), "is no address"),
        (("--mix", "fax=3"), "is no share"),
        (("--client", "sbk"), 'did you mean "sbc"?'),
        (("--rate", "1e9"), "range"),
    ],
)
def test_wrong_use_is_named_before_anything_is_asked(
    server: Rufname, options: tuple[str, ...], words: str
) -> None:
    done = server.cli("load", "--password-file", "-", *options, stdin="x\n", code=2)
    assert words in done.stderr
