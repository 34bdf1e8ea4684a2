from __future__ import annotations

from pathlib import Path

from bench.bench_caller import CASES, ask, check
from bench.directory import commit_small_changes, fill, open_index
from bench.questions import Asked, draw
from rufname.sample import contacts

COUNT = 600


def test_a_filled_directory_answers_every_question_also_after_small_commits(
    tmp_path: Path,
) -> None:
    fill(tmp_path, contacts(COUNT))
    index = open_index(tmp_path)
    questions = draw(contacts(COUNT))
    before = index.status()
    assert before.documents == COUNT
    for case in CASES:
        check(index, getattr(questions, case))
    commit_small_changes(tmp_path, contacts(100), 5)
    assert index.refresh()
    assert index.status().documents == COUNT
    assert index.status().seq == before.seq + 100
    for case in CASES:
        check(index, getattr(questions, case))
    assert ask(index, Asked("anonymous", "")) == ""
    index.close()
