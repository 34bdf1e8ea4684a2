"""A short run of the coverage-guided fuzzer on decoder and filters, from valid requests on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.ldapd.protocol.test_fuzz import SEEDS

HARNESS = Path(__file__).with_name("octets_to_requests.py")
ROOT = Path(__file__).parents[3]
RUNS = 20_000


def test_a_guided_fuzzer_finds_nothing(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS):
        (corpus / str(number)).write_bytes(seed)
    done = subprocess.run(
        [sys.executable, str(HARNESS), f"-runs={RUNS}", "-seed=1", "-max_len=4096", str(corpus)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert f"Done {RUNS} runs" in done.stderr, done.stderr[-4000:]
    assert len(list(corpus.iterdir())) > len(SEEDS)  # octets that reach new lines were found
