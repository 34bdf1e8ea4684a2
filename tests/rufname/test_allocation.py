"""Passwords that were verified leave no memory behind."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc; mallopt of glibc")

VERIFYING = """
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from engine.credentials import DUMMY_HASH, verify_password
from rufname.allocation import give_large_pieces_back

def anonymous_kib():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))

fixed = {fixed} and give_large_pieces_back()
with ThreadPoolExecutor(1) as thread:
    thread.submit(int).result()
    before = anonymous_kib()
    for _ in range(3):
        thread.submit(verify_password, DUMMY_HASH, b"a guess").result()
    print(int(fixed), anonymous_kib() - before)
"""


def kept_kib(*, fixed: bool) -> tuple[bool, int]:
    """Return whether large pieces go back, and what three passwords left behind in KiB."""
    run = subprocess.run(
        [sys.executable, "-c", VERIFYING.format(fixed=fixed)],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    was_fixed, kept = run.stdout.split()
    return was_fixed == "1", int(kept)


def test_memory_of_verified_passwords_goes_back() -> None:
    was_fixed, kept = kept_kib(fixed=True)
    if not was_fixed:
        pytest.skip("this C library cannot be told")
    assert kept < 8 * 1024
    assert kept_kib(fixed=False)[1] > kept
