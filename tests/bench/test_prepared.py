"""What several questions ask of: each has its own, made once a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import prepared
from bench.directory import SBC, commit_small_changes, open_index
from bench.installation import open_index as open_installed
from engine.query import CallerQuery
from rufname.sample import contacts, questions
from rufname.sample_numbers import SAMPLE_PLAN

FEW = 60


def known() -> tuple[str, str]:
    return next(found for each in contacts(FEW) if not each.is_company for found in questions(each))


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "kept"
    monkeypatch.setenv(prepared.KEPT_IN, str(folder))
    monkeypatch.setattr(prepared, "_first_runs", {})
    return folder


def test_every_question_has_a_directory_of_its_own(kept: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        prepared.directory(folder, FEW)
    commit_small_changes(one, contacts(FEW), 2)
    number, name = known()
    seqs = []
    for folder in (one, other):
        index = open_index(folder)
        seqs.append(index.status().seq)
        match = index.caller(CallerQuery(number, SAMPLE_PLAN, SBC))
        assert match is not None
        assert match.name == name
        index.close()
    assert seqs[0] > seqs[1]
    assert [each.name for each in kept.iterdir()] == [f"directory-{FEW}"]


def test_contacts_are_read_once_for_installations_with_ports_of_their_own(
    kept: Path, tmp_path: Path
) -> None:
    one, first = prepared.installation(tmp_path / "one", FEW)
    other, again = prepared.installation(tmp_path / "other", FEW)
    assert first is again
    ports = {one.ldap_port, one.http_port, other.ldap_port, other.http_port}
    assert len(ports) == 4
    for installation in (one, other):
        text = installation.config.read_text(encoding="utf-8")
        assert f'"ldap://127.0.0.1:{installation.ldap_port}"' in text
        assert f'"http://127.0.0.1:{installation.http_port}"' in text
        index = open_installed(installation)
        assert index.status().documents > FEW / 2
        index.close()
    generation = (other.index_dir / "current").resolve().name
    other.sync()
    assert (other.index_dir / "current").resolve().name == generation  # it needed no new index
    assert [each.name for each in kept.iterdir()] == [f"installation-{FEW}"]


def test_without_a_place_to_keep_it_a_question_makes_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(prepared.KEPT_IN, raising=False)
    prepared.directory(tmp_path / "alone", FEW)
    index = open_index(tmp_path / "alone")
    assert index.status().documents > FEW / 2
    index.close()
    assert [each.name for each in tmp_path.iterdir()] == ["alone"]
