from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.drivers import (
    MARIADB,
    POSTGRESQL,
    SQLITE,
    UNKNOWN,
    format_connection,
    parse_connection,
    prepare_drivers,
    profile_of,
    redacted,
    secrets_in,
)
from connectors.errors import SourceFailed


@pytest.mark.parametrize(
    ("driver", "name"),
    [
        ("PostgreSQL Unicode", "PostgreSQL"),
        ("psqlodbcw.so", "PostgreSQL"),
        ("/usr/lib/x86_64-linux-gnu/odbc/libmaodbc.so", "MariaDB"),
        ("MySQL ODBC 8.0 Unicode Driver", "MariaDB"),
        ("SQLite3", "SQLite"),
        ("ODBC Driver 18 for SQL Server", "SQL Server"),
        ("MDBTools", "Access"),
        ("Firebird", UNKNOWN.name),
        ("", UNKNOWN.name),
    ],
)
def test_a_profile_is_found_by_name_library_or_path(driver: str, name: str) -> None:
    assert profile_of(driver).name == name


def test_what_was_found_by_trying_stands_in_the_profiles() -> None:
    assert dict(POSTGRESQL.attributes)["UseDeclareFetch"] == "1"
    assert not POSTGRESQL.utf8  # its driver breaks under LC_ALL=C with it
    assert MARIADB.utf8  # its driver cuts names without it
    assert dict(MARIADB.attributes)["CONN_TIMEOUT"] == "{connect_seconds}"
    assert dict(SQLITE.attributes)["NoCreat"] == "1"


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("", ()),
        (" ;", None),
        ("DSN=crm", (("DSN", "crm"),)),
        (
            "Driver={PostgreSQL Unicode};Port=5432;",
            (("Driver", "PostgreSQL Unicode"), ("Port", "5432")),
        ),
        ("UID=a;PWD={les;en}}x};X=1", (("UID", "a"), ("PWD", "les;en}x"), ("X", "1"))),
        ("PWD={only; {braces}}}", (("PWD", "only; {braces}"),)),
        ("A=;B=x=y", (("A", ""), ("B", "x=y"))),
        ("nonsense", None),
        ("PWD={open", None),
        ("PWD={closed}early;X=1", None),
    ],
)
def test_a_connection_string_is_read_as_odbc_writes_it(
    text: str, attributes: tuple[tuple[str, str], ...] | None
) -> None:
    if attributes is not None:
        assert parse_connection(text) == attributes
        return
    with pytest.raises(SourceFailed) as failure:
        parse_connection(text)
    assert text not in str(failure.value) or not text.strip(" ;")


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=5))
def test_every_connection_string_comes_back_as_it_was_written(pairs: list[tuple[str, str]]) -> None:
    read = parse_connection(format_connection(pairs))
    assert [(name, value.strip()) for name, value in read] == [
        (name, value.strip()) for name, value in pairs
    ]


def test_the_file_of_a_database_stands_without_braces() -> None:
    attributes = (("Driver", "SQLite3 (new)"), ("database", "file:/srv/a (b)/k,1.db?mode=ro"))
    assert format_connection(attributes, "Database") == (
        "Driver={SQLite3 (new)};database=file:/srv/a (b)/k,1.db?mode=ro"
    )
    with pytest.raises(SourceFailed, match=r"/srv/a;b\.db: the driver takes no file with ;"):
        format_connection([("Database", "/srv/a;b.db")], "Database")


@given(st.text(max_size=80))
def test_any_text_is_a_connection_string_or_refused(text: str) -> None:
    try:
        attributes = parse_connection(text)
    except SourceFailed:
        return
    assert all(name for name, _ in attributes)


def test_passwords_are_found_and_never_shown() -> None:
    attributes = parse_connection("UID=reader;Pwd={s3;cr}}t};PASSWORD=other")
    secrets = secrets_in(attributes)
    assert secrets == ("s3;cr}t", "other")
    shown = redacted("failed\n for PWD={s3;cr}}t};password=x y; 's3;cr}t' other", secrets)
    assert "s3;cr" not in shown
    assert "other" not in shown
    assert "=x" not in shown
    assert "\n" not in shown


@pytest.fixture
def system(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "odbcinst.ini").write_text(
        "[PostgreSQL Unicode]\nDriver=psqlodbcw.so\nCommLog=1\nDebug=1\nUsageCount=1\n"
        "[Oracle]\nDriver=/opt/oracle/libsqora.so\nTrace=Yes\n"
        "[ODBC]\nTrace=Yes\nTraceFile=/var/log/odbc\n"
    )
    (folder / "odbc.ini").write_text("[crm]\nDriver=Oracle\n")
    return folder


@pytest.fixture
def run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ODBCSYSINI", "")
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


def test_the_own_list_has_the_systems_drivers_without_their_logging(
    run_dir: Path, system: Path
) -> None:
    text = prepare_drivers(run_dir, system).read_text()
    assert "Driver=psqlodbcw.so" in text
    assert "[Oracle]" in text
    assert "[SQLite3]" in text  # Debian's package, which the system's list lacks
    assert "Pooling=No" in text
    for word in ("CommLog", "Debug", "TraceFile", "Trace=Yes"):
        assert word not in text
    assert os.environ["ODBCSYSINI"] == str(run_dir)
    assert (run_dir / "odbc.ini").read_text().startswith("[crm]")


def test_the_list_is_made_anew_from_the_system_each_time(run_dir: Path, system: Path) -> None:
    first = prepare_drivers(run_dir, system).read_text()
    (system / "odbc.ini").unlink()
    assert prepare_drivers(run_dir, system).read_text() == first
    assert not (run_dir / "odbc.ini").exists()


def test_on_a_full_disk_the_list_that_is_there_is_used_and_without_one_its_file_is_named(
    run_dir: Path, system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of any source, and SIGHUP, had failed for want of room for what was there already."""

    def full(path: Path, *_: object, **__: object) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_text", full)
        disk.setattr(Path, "symlink_to", full)
        with pytest.raises(OSError, match=r"No space left on device: '.*odbcinst\.ini'"):
            prepare_drivers(run_dir, system)
    first = prepare_drivers(run_dir, system).read_text()
    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_text", full)
        disk.setattr(Path, "symlink_to", full)
        assert prepare_drivers(run_dir, system).read_text() == first
        (system / "odbcinst.ini").write_bytes(b"[Another]\nDriver=another.so\n")
        assert prepare_drivers(run_dir, system).read_text() == first
    assert sorted(path.name for path in run_dir.iterdir()) == ["odbc.ini", "odbcinst.ini"]
    assert "[Another]" in prepare_drivers(run_dir, system).read_text()


def test_a_list_that_the_administrator_chose_is_the_one_to_follow(
    run_dir: Path, system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ODBCSYSINI", str(system))
    assert "[Oracle]" in prepare_drivers(run_dir, tmp_path / "none").read_text()


def test_a_broken_or_missing_list_leaves_the_installed_drivers(run_dir: Path, system: Path) -> None:
    (system / "odbcinst.ini").write_bytes(b"no section\xff\n[")
    assert "[SQLite3]" in prepare_drivers(run_dir, system).read_text()
    (system / "odbcinst.ini").unlink()
    assert "[SQLite3]" in prepare_drivers(run_dir, system).read_text()


def test_the_driver_manager_reads_the_own_list(run_dir: Path, system: Path) -> None:
    prepare_drivers(run_dir, system)
    listed = subprocess.run(
        [sys.executable, "-c", "import pyodbc; print(pyodbc.drivers())"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Oracle" in listed.stdout
