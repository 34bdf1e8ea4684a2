from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.jsontexts import decode_json


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"\xef\xbb\xbf[1]", [1]),
        (rb'["Anna \ud83d"]', ["Anna \ufffd"]),
        (rb'["\ude00 \ud83d\ude00 \ud83dx"]', ["\ufffd \U0001f600 \ufffdx"]),
        (rb'["\\ud83d", "\ud83d"]', ["\\ud83d", "\ufffd"]),
        (b'{"a":NaN,"b":-Infinity,"c":1e999,"d":1.5}', {"a": None, "b": None, "c": None, "d": 1.5}),
        (b"[9007199254740993, 12345678901234567890123]",
         [9007199254740993, 12345678901234567890123]),
    ],
)  # fmt: skip
def test_what_programs_write_for_json_is_read(body: bytes, value: Any) -> None:
    assert decode_json(body) == value


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "JSON|truncated"),
        (b"<html>", "malformed"),
        (b'["M\xfcller"]', "not UTF-8"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b"[" + b"1" * 5_000 + b"]", "out of range"),
        (rb'["\ud83d]', "truncated"),
    ],
)
def test_what_is_no_json_is_said(body: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words) as failure:
        decode_json(body)
    assert type(failure.value) is ValueError


@given(st.binary(max_size=100))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    with contextlib.suppress(ValueError):
        decode_json(body)
