from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tracemalloc
from collections import Counter, defaultdict
from itertools import pairwise

import msgspec
import phonenumbers
import pytest

from engine.errors import InvalidNumber
from engine.phone import PhoneNumber, read_number, split_numbers
from rufname.sample import contacts, questions
from rufname.sample_contact import MadeContact
from rufname.sample_numbers import SAMPLE_PLAN, UNREADABLE

COUNT = 20_000
DIGEST = (
    "import hashlib, msgspec; from rufname.sample import contacts; "
    "print(hashlib.sha256(msgspec.msgpack.encode(list(contacts(3000, seed=7)))).hexdigest())"
)


@pytest.fixture(scope="module")
def sample() -> list[MadeContact]:
    return list(contacts(COUNT, seed=3))


def test_as_many_contacts_come_as_are_asked_for() -> None:
    assert [len(list(contacts(count))) for count in (0, 1, 7, 1_000)] == [0, 1, 7, 1_000]


def test_a_larger_sample_begins_with_the_smaller_one() -> None:
    assert list(contacts(2_000))[:500] == list(contacts(500))


def test_another_seed_gives_other_contacts_behind_the_same_probe_set() -> None:
    first, second = list(contacts(200, seed=1)), list(contacts(200, seed=2))
    assert first[:20] == second[:20]
    assert first[20:] != second[20:]


def test_the_same_seed_gives_the_same_contacts_in_another_process() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    other = subprocess.run(
        [sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True
    )
    own = hashlib.sha256(msgspec.msgpack.encode(list(contacts(3_000, seed=7)))).hexdigest()
    assert other.stdout.strip() == own


def test_keys_rise_and_are_never_used_twice(sample: list[MadeContact]) -> None:
    keys = [int(made.key) for made in sample]
    assert all(one < two for one, two in pairwise(keys))


def test_memory_does_not_grow_with_the_number_of_contacts() -> None:
    for _ in contacts(100):  # tables are made once
        pass
    tracemalloc.start()
    for _ in contacts(16_000, seed=5):
        pass
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 512 * 1024  # 32 bytes a contact: all that is kept are free lists


def test_a_reader_gets_exactly_the_true_numbers_out_of_every_spelling(
    sample: list[MadeContact],
) -> None:
    for made in sample:
        for line in made.lines:
            if line.truth:
                read = [read_number(part, SAMPLE_PLAN) for part in split_numbers(line.written)]
                assert tuple(reading.numbers[0] for reading in read) == line.truth, line.written


def test_what_cannot_be_read_has_no_truth_and_no_answer(sample: list[MadeContact]) -> None:
    lost = [line for made in sample for line in made.lines if not line.truth]
    assert len(lost) / sum(len(made.lines) for made in sample) == pytest.approx(0.013, abs=0.006)
    assert all(line.answer == "" for line in lost)
    unread = 0
    for line in lost:
        try:
            read_number(line.written, SAMPLE_PLAN)
        except InvalidNumber:
            unread += 1
    assert unread > len(lost) / 3  # cut zeros look like other numbers


def test_a_number_with_an_answer_has_one_right_name(sample: list[MadeContact]) -> None:
    answers: dict[PhoneNumber, set[str]] = defaultdict(set)
    names: dict[PhoneNumber, set[str]] = defaultdict(set)
    for made in sample:
        for line in made.lines:
            for number in line.truth:
                names[number].add(made.name)
            if line.truth:
                answers[line.truth[0]].add(line.answer)
    assert all(len(each) == 1 for each in answers.values())
    for number, (answer,) in answers.items():
        if answer and len(names[number]) == 1:
            assert names[number] == {answer} or number.digits.endswith("0")


def test_people_without_a_direct_line_answer_with_their_company(
    sample: list[MadeContact],
) -> None:
    people = [made for made in sample[20:] if not made.is_company and not made.twin_of]
    shared = [
        made
        for made in people
        for line in made.lines
        if line.kind == "work" and line.answer and line.answer == made.company != made.name
    ]
    assert len(shared) / len(people) == pytest.approx(0.03, abs=0.01)
    assert all(made.company for made in shared)


def test_main_lines_are_records_of_their_own_with_a_0_behind_a_hyphen(
    sample: list[MadeContact],
) -> None:
    mains = [made for made in sample[1:] if made.is_company]
    assert len(mains) > COUNT / 100
    for made in mains:
        assert made.name == made.company
        work = next(line for line in made.lines if line.kind == "work")
        assert work.written.endswith(("-0", "–0"))
        assert work.truth[0].digits.endswith("0")


def test_shares_are_those_of_real_directories(sample: list[MadeContact]) -> None:
    people = [made for made in sample if not made.is_company and not made.twin_of]
    twins = [made for made in sample if made.twin_of]
    mobiles = [made for made in people if len([n for line in made.lines for n in line.truth]) > 1]
    other_scripts = [made for made in people[20:] if not made.name[-1] < "\u0370"]
    assert len(twins) / len(people) == pytest.approx(0.08, abs=0.01)
    assert len(mobiles) / len(people) == pytest.approx(0.58, abs=0.03)
    assert len(other_scripts) / len(people) == pytest.approx(0.02, abs=0.008)
    assert len({made.surname for made in people}) > 1_000
    common = Counter(made.surname for made in people).most_common(1)[0]
    assert common[1] > len(people) / 100


def test_company_sizes_are_skewed(sample: list[MadeContact]) -> None:
    sizes = Counter(made.customer_no for made in sample if made.customer_no and not made.is_company)
    ordered = [size for _, size in sizes.most_common()]
    assert ordered[0] > 50 * ordered[len(ordered) // 2]
    assert sum(size == 1 for size in ordered) > len(ordered) / 3


def test_a_twin_shares_one_number_or_the_mail_address_and_nothing_else(
    sample: list[MadeContact],
) -> None:
    by_key = {made.key: made for made in sample}
    twins = [made for made in sample if made.twin_of]
    assert twins
    for twin in twins:
        person = by_key[twin.twin_of]
        numbers = {number for line in person.lines for number in line.truth}
        same = {number for line in twin.lines for number in line.truth} & numbers
        assert twin.source != person.source
        assert len(same) + (bool(twin.mail) and twin.mail == person.mail) == 1
        for line in person.lines:
            assert not (line.answer and same.intersection(line.truth))


def test_no_number_can_ring_anywhere(sample: list[MadeContact]) -> None:
    reserved = "498999998"
    for made in sample:
        for line in made.lines:
            for number in line.truth:
                parsed = phonenumbers.parse(f"+{number.digits}")
                assert number.digits.startswith(reserved) or not phonenumbers.is_valid_number(
                    parsed
                ), number


def test_numbers_fit_into_e164(sample: list[MadeContact]) -> None:
    digits = [n.digits for made in sample for line in made.lines for n in line.truth]
    assert max(map(len, digits)) <= 15
    assert UNREADABLE not in [n for made in sample for line in made.lines for n in line.truth]


def test_questions_name_the_person_behind_each_unshared_number() -> None:
    main, probe = list(contacts(2))
    assert list(questions(main)) == [("+498999998000", "Musterwerk Rufname GmbH")]
    assert list(questions(probe)) == [("+49899999810" + "1", "Ø Ù Ú Û 付")]


def test_questions_leave_out_what_e164_cannot_say(sample: list[MadeContact]) -> None:
    apart = [
        made
        for made in sample
        if made.lines and made.lines[0].truth[:1] and made.lines[0].truth[0].extension
    ]
    assert apart
    asked = {number for made in apart for number, _ in questions(made)}
    assert not asked & {f"+{made.lines[0].truth[0].digits}" for made in apart}
