from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import SecretUnavailable
from connectors.settings import DropLimit, Schedule, SecretRef


def test_a_secret_comes_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    file.write_bytes("gehéim \r\n".encode())
    assert SecretRef(file=file).read() == "gehéim "
    monkeypatch.setenv("SECRET", "x")
    assert SecretRef(env="SECRET").read() == "x"


@pytest.mark.parametrize("keys", [{}, {"file": Path("a"), "env": "b"}])
def test_a_secret_has_exactly_one_place(keys: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"names (no place|several places)"):
        SecretRef(**keys)  # type: ignore[arg-type]  # as a configuration may say


def test_a_secret_that_cannot_be_read_is_named_and_never_shown(tmp_path: Path) -> None:
    with pytest.raises(SecretUnavailable, match=r"none: No such file"):
        SecretRef(file=tmp_path / "none").read()
    with pytest.raises(SecretUnavailable, match="RUFNAME_NO_SUCH is not set"):
        SecretRef(env="RUFNAME_NO_SUCH").read()
    odd = tmp_path / "odd"
    odd.write_bytes(b"\xffgeheim")
    with pytest.raises(SecretUnavailable, match="not UTF-8") as failure:
        SecretRef(file=odd).read()
    assert "geheim" not in str(failure.value)


def test_a_drop_limit_reads_as_it_is_written() -> None:
    assert str(DropLimit()) == "20%"
    assert str(DropLimit(percent=None, count=7)) == "7"
    assert DropLimit(percent=0).allows(0, 0)


def test_a_schedule_exists_if_it_says_when() -> None:
    assert not Schedule().exists
    assert Schedule(every_s=900).exists
    assert Schedule(at=("02:00",)).exists
