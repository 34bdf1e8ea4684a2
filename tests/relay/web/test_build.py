"""The committed page is what its sources build, and its texts are whole in both languages."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.relay.web.node import WEB, install_packages, needs_node, run

SOURCES = ("package.json", "tsconfig.json", "vite.config.ts", "index.html", "public", "src")


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@needs_node
def test_the_committed_page_is_what_the_sources_build(tmp_path: Path) -> None:
    packages = install_packages() / "node_modules"
    for name in SOURCES:
        copy = shutil.copytree if (WEB / name).is_dir() else shutil.copy
        copy(WEB / name, tmp_path / name)
    (tmp_path / "node_modules").symlink_to(packages)
    run("node", str(packages / "vite/bin/vite.js"), "build", folder=tmp_path)
    built, committed = files_below(tmp_path / "page"), files_below(WEB / "page")
    assert built.keys() == committed.keys(), "npm run build, then commit relay/web/page"
    assert [name for name in built if built[name] != committed[name]] == []


@needs_node
def test_the_sources_are_well_typed() -> None:
    run("node", str(install_packages() / "node_modules/typescript/bin/tsc"), "--noEmit")


def catalogue(language: str) -> dict[str, str]:
    path = WEB / "src/texts" / f"{language}.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_every_text_stands_in_both_languages_with_the_same_values() -> None:
    english, german = catalogue("en"), catalogue("de")
    assert list(english) == list(german)
    for key, text in english.items():
        assert text.strip()
        values = set(re.findall(r"\{\w+\}", text))
        assert values == set(re.findall(r"\{\w+\}", german[key])), key


def test_every_text_is_used() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in (WEB / "src").glob("*.ts")
    )  # fmt: skip
    families = ("kind.", "field.", "hits.")
    unused = [
        key
        for key in catalogue("en")
        if f'"{key}"' not in code and not key.startswith(families)
    ]  # fmt: skip
    assert unused == []


def test_the_lock_names_versions_and_sums_and_no_addresses() -> None:
    lock = (WEB / "package-lock.json").read_text(encoding="utf-8")
    assert "://" not in lock
    packages = json.loads(lock)["packages"]
    assert all(each.get("integrity") for name, each in packages.items() if name)


@pytest.mark.parametrize("name", ["package.json", ".npmrc", "vite.config.ts"])
def test_the_build_asks_no_address(name: str) -> None:
    assert "://" not in (WEB / name).read_text(encoding="utf-8")
