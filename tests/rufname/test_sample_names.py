from __future__ import annotations

from collections import Counter

import pytest

from rufname.sample_names import GIVEN_BITS, SURNAME_BITS, ascii_form, locales, zipf_table


def test_a_zipf_table_has_every_name_and_the_frequent_ones_first() -> None:
    words = [(str(rank), "") for rank in range(100)]
    counts = Counter(zipf_table(words, 0.9, 4_096))
    assert counts.total() == 4_096
    assert set(counts) == set(words)
    ranked = [counts[word] for word in words]
    assert ranked == sorted(ranked, reverse=True)
    assert ranked[0] / ranked[9] == pytest.approx(10**0.9, rel=0.1)


def test_locales_are_256_with_two_percent_in_other_scripts() -> None:
    every = locales()
    assert len(every) == 256
    other = [locale for locale in every if locale.code in {"ru", "el", "ar", "zh"}]
    assert len(other) == 5


def test_every_name_has_a_plain_ascii_form_for_mail_addresses() -> None:
    for locale in set(locales()):
        assert len(locale.given) == 1 << GIVEN_BITS
        assert len(locale.surnames) == 1 << SURNAME_BITS
        for _, plain in {*locale.given, *locale.surnames}:
            assert plain.isascii()
            assert plain.replace("-", "").isalpha()
            assert plain == plain.lower()


def test_ascii_forms_spell_umlauts_out_and_drop_accents() -> None:
    assert ascii_form("Müller Großmann Żółć Ødegård Çağlar") == (
        "Mueller Grossmann Zolc Odegard Caglar"
    )


def test_there_are_more_german_surnames_than_a_search_needs() -> None:
    german = locales()[0]
    assert len(set(german.surnames)) > 1_500
