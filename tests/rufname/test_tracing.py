"""`rufname trace` as an administrator reads it; against a running service in `tests/e2e`."""

from __future__ import annotations

import msgspec
import pytest

from ldapd.traced import Traced
from rufname.cli import run
from rufname.tracing import request_lines
from tests.rufname.place import Place

CALL = Traced(
    at=1_795_700_000.25,
    operation="search",
    client="sbc",
    address="10.0.0.5",
    base="dc=meta",
    scope="sub",
    filter="(telephoneNumber=+493023125001)",
    attributes=("displayName",),
    code=0,
    entries=1,
    shown={"displayName": ("Jürgen Groß",)},
    number="+493023125001",
    name="Jürgen Groß",
    match_class=2,
    duration_us=87.4,
)


def lines_of(**changes: object) -> list[str]:
    first, *rest = request_lines(msgspec.structs.replace(CALL, **changes))
    return [first.partition("  ")[2], *rest]


def test_a_call_is_who_what_found_and_sent() -> None:
    assert lines_of() == [
        "sbc  10.0.0.5  search  success (0)  1 entry  87 µs",
        '    (telephoneNumber=+493023125001)  below "dc=meta" sub  [displayName]',
        "    +493023125001 → Jürgen Groß  (class 2: exact number)",
        "    displayName: Jürgen Groß",
    ]


def test_nobody_found_and_runners_up_are_said() -> None:
    nobody = lines_of(name="", match_class=0, entries=0, shown={}, attributes=())
    assert nobody[1:] == [
        '    (telephoneNumber=+493023125001)  below "dc=meta" sub  [*]',
        "    +493023125001 → nobody",
    ]
    assert nobody[0].endswith("0 entries  87 µs")
    shared = lines_of(name="Nordlicht AG", match_class=3, runners_up=2)
    assert shared[2].endswith("Nordlicht AG  (class 3: number shared by several, 2 more fit)")


def test_a_refused_bind_says_why() -> None:
    bind = Traced(
        at=1.0, operation="bind", detail="simple", code=53, message="a name without a password"
    )
    (line,) = request_lines(bind)
    assert line.partition("  ")[2] == (
        "(nobody)  bind  simple  unwilling to perform (53)  “a name without a password”"
    )
    (unknown,) = request_lines(Traced(at=1.0, operation="refused", code=4711))
    assert unknown.endswith("result (4711)")


def test_what_was_missed_comes_first_and_nothing_acts_on_the_terminal() -> None:
    missed, *_ = request_lines(msgspec.structs.replace(CALL, missed=7))
    assert missed == "(7 requests were not shown: they came too fast)"
    assert lines_of(shown={"cn": ("a\x1b[2Jb", "c\u202ed")})[-1] == r"    cn: a\x1b[2Jb | c\u202ed"


def test_without_a_service_there_is_nothing_to_follow(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["trace", "-c", str(place.path)]) == 3
    assert "nobody answers: run `rufname serve -c" in capsys.readouterr().err


def test_an_unknown_client_is_wrong_use(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trace", "-c", str(place.path), "--client", "sbd"]) == 2
    assert '"sbc"' in capsys.readouterr().err
