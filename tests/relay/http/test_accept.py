from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.http.accept import takes_gzip, wants_json


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "application/json, */*;q=0.1",
        "text/plain;q=0.5, application/json",
        "application/*",
        "application/problem+json",
        "application/json; charset=utf-8",
    ],
)
def test_json_goes_to_who_prefers_it(accept: str) -> None:
    assert wants_json(accept)


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "text/plain",
        "text/*",
        "text/html,application/xhtml+xml,*/*;q=0.8",
        "application/json;q=0.5, text/plain",
        "image/png",
        ",,,",
        "application/json," * 200,
        "application/json;q=1e999",
        "application/json;q=inf, text/plain",
    ],
)
def test_text_goes_to_everybody_else(accept: str) -> None:
    assert not wants_json(accept)


@given(st.text(st.characters(max_codepoint=255), max_size=1100))
def test_any_field_gets_an_answer(accept: str) -> None:
    assert wants_json(accept) in {True, False}


@pytest.mark.parametrize(
    ("codings", "takes"),
    [
        ("gzip", True), ("br, GZIP", True), ("x-gzip", True), ("*", True), ("gzip;q=0.001", True),
        ("gzip, *;q=0", True), ("gzip;q=nonsense", True), ("", False), ("identity", False),
        ("gzip;q=0", False), ("gzip; q=0.000", False), ("*;q=0", False), ("gzip;q=0, *", False),
        ("gzipped", False), (",;,", False), ("gzip," * 300, False),
    ],
)  # fmt: skip
def test_gzip_goes_to_who_takes_it(codings: str, takes: bool) -> None:  # noqa: FBT001
    assert takes_gzip(codings) is takes
