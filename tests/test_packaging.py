"""What a built wheel holds: the programs and the page, and nothing that only builds them."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parent.parent
PACKAGES = {"connectors", "engine", "ldapd", "relay", "rufname"}
PAGE = "relay/web/page/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """Build the wheel as `pip install .` does."""
    built = next(WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("dist"))))
    with zipfile.ZipFile(built) as opened:
        yield opened


def _files(wheel: zipfile.ZipFile) -> set[str]:
    return {name for name in wheel.namelist() if ".dist-info/" not in name}


def test_it_holds_the_five_packages_whole_and_no_other(wheel: zipfile.ZipFile) -> None:
    files = _files(wheel)
    assert {name.partition("/")[0] for name in files} == PACKAGES
    sources = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    assert {name for name in files if name.endswith(".py")} == sources


def test_it_holds_the_page_with_all_that_it_loads_and_its_notices(wheel: zipfile.ZipFile) -> None:
    page = {name for name in _files(wheel) if name.startswith("relay/web/")}
    built = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "relay/web/page").rglob("*")
        if path.is_file()
    }
    assert page == built
    assert {PAGE + "index.html", PAGE + "NOTICES.txt"} <= page
    index = wheel.read(PAGE + "index.html").decode()
    assets = [name.rpartition("/")[2] for name in page if "/assets/" in name]
    assert any(name.endswith(".js") and name in index for name in assets)


def test_it_holds_no_sources_of_the_page_no_tests_and_nothing_that_was_made_here(
    wheel: zipfile.ZipFile,
) -> None:
    unwanted = (".ts", ".map", ".pyc", ".sqlite", ".lock", ".toml", ".tsbuildinfo")
    assert [name for name in _files(wheel) if name.endswith(unwanted)] == []
    assert [name for name in _files(wheel) if "package.json" in name or "/src/" in name] == []


def test_its_metadata_name_the_command_the_licence_and_the_oldest_python(
    wheel: zipfile.ZipFile,
) -> None:
    kept = {name.partition(".dist-info/")[2]: name for name in wheel.namelist()}
    assert b"rufname = rufname.__main__:main" in wheel.read(kept["entry_points.txt"])
    assert any(name.startswith("licenses/LICENSE") for name in kept)
    metadata = message_from_bytes(wheel.read(kept["METADATA"]))
    assert metadata["Name"] == "rufname"
    assert metadata["Requires-Python"] == ">=3.11"
    assert "Private :: Do Not Upload" in metadata.get_all("Classifier", [])


def test_no_other_distribution_provides_our_packages() -> None:
    provided = packages_distributions()
    for package in PACKAGES:
        assert set(provided.get(package, ())) <= {"rufname"}
        assert package not in sys.stdlib_module_names
