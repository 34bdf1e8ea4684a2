from __future__ import annotations

from rufname.machine import cpu_model, this_machine


def test_a_machine_is_told_in_words_that_name_no_host() -> None:
    assert cpu_model()
    assert cpu_model() in this_machine()
    assert "GiB" in this_machine()
