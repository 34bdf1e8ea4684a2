from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from connectors.errors import Cancelled, SourceFailed
from connectors.intake import Intake, Tally
from connectors.settings import SecretRef
from engine.runs import RunCounts
from engine.source import (
    Checkpoint,
    Columns,
    Complete,
    Delete,
    Event,
    Present,
    RejectedRecord,
    Upsert,
)
from engine.store import MAX_REJECTED, ContactStore
from tests.connectors.making import ANY_DROP, people, person, settings, stored


def never() -> bool:
    return False


def take(
    store: ContactStore, *batches: list[Event], dry_run: bool = False, **changes: Any
) -> tuple[str, RunCounts]:
    """One run of these batches; what `finish` said, and the counts."""
    tally = Tally()
    intake = Intake(settings(**changes), store, tally, dry_run=dry_run, on_batch=None)
    for batch in batches:
        intake.take(batch)
    return intake.finish(never), tally.counts()


END = Complete(full=True)
PART = Complete(full=False)


def test_records_become_contacts_as_they_stream(store: ContactStore) -> None:
    tally = Tally()
    intake = Intake(settings(), store, tally, dry_run=False, on_batch=None)
    intake.take(people(3))
    assert sorted(stored(store)) == ["0", "1", "2"]
    assert tally.counts() == RunCounts(read=3, added=3)


def test_an_unchanged_record_is_not_written_again(store: ContactStore) -> None:
    take(store, people(10), [END])
    seq = store.last_seq()
    assert take(store, people(10), [END]) == ("", RunCounts(read=10, unchanged=10))
    assert store.last_seq() == seq


def test_a_changed_record_is_written_and_the_others_are_not(store: ContactStore) -> None:
    take(store, people(10), [END])
    seq = store.last_seq()
    events = people(10)
    events[4] = person("4", "Changed")
    assert take(store, events, [END])[1] == RunCounts(read=10, unchanged=9, changed=1)
    assert [change.key for change in store.changes(seq, 10)] == ["4"]
    assert stored(store)["4"].display_name == "Changed"


def test_a_record_that_maps_to_the_same_contact_only_gets_a_new_digest(store: ContactStore) -> None:
    take(store, [person("1", "Anna")], [END])
    before = store.digests("crm", ["1"])
    padded = [person("1", "  Anna ")]
    assert take(store, padded, [END])[1] == RunCounts(read=1, unchanged=1)
    assert store.last_seq() == 1
    assert store.digests("crm", ["1"]) != before


def test_a_contact_keeps_the_time_it_was_first_read(
    store: ContactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(now_s: float, *names: str) -> dict[str, int]:
        monkeypatch.setattr(time, "time", lambda: now_s)
        events: list[Event] = [person(name[0], name) for name in names]
        take(store, events, [END], max_drop=ANY_DROP)
        return {key: contact.created for key, contact in stored(store).items()}

    assert read(1_000.9, "Anna", "Bernd") == {"A": 1_000, "B": 1_000}
    assert read(2_000.0, "Anna Meier", "Bernd", "Carla") == {"A": 1_000, "B": 1_000, "C": 2_000}
    assert read(3_000.0, "Bernd", "Carla") == {"B": 1_000, "C": 2_000}
    assert read(4_000.0, "Anna", "Bernd", "Carla") == {"A": 4_000, "B": 1_000, "C": 2_000}


def test_another_mapping_maps_every_record_again(store: ContactStore) -> None:
    take(store, people(5), [END])
    changed = take(store, people(5), [END], map={"company": "name"})[1]
    assert changed == RunCounts(read=5, changed=5)


@pytest.mark.parametrize("apart", [False, True])
def test_of_records_with_the_same_key_the_first_stays(store: ContactStore, *, apart: bool) -> None:
    first, second = person("1", "First"), person("1", "Second", locator="line 3")
    batches: list[list[Event]] = [[first], [second]] if apart else [[first, second]]
    for _ in range(2):  # new, then known
        reason, counts = take(store, *batches, [END])
        assert (reason, counts.rejected) == ("", 1)
        assert stored(store)["1"].display_name == "First"
        store.begin_run("crm", "CRM")
    take(store, *batches, [END])
    assert store.rejected("crm") == [RejectedRecord("line 3", "duplicate key", key="1")]


def test_a_rejected_first_record_does_not_shadow_a_good_second_one(store: ContactStore) -> None:
    empty = Upsert("1", {"id": "1", "name": "", "phone": ""})
    counts = take(store, [empty], [person("1", "Anna")], [END])[1]
    assert (counts.added, counts.rejected) == (1, 1)


@pytest.mark.parametrize(
    ("key", "words"), [("", "no key"), ("x" * 300, "longer"), ("a\0b", "control"), ("\ud800", "co")]
)
def test_a_record_without_a_usable_key_is_rejected(
    store: ContactStore, key: str, words: str
) -> None:
    event = Upsert(key, {"name": "Anna"}, "line 2")
    counts = take(store, [event, person("1")], [END])[1]
    assert (counts.added, counts.rejected) == (1, 1)
    (record,) = store.rejected("crm")
    assert record.locator == "line 2"
    assert words in record.reason


def test_broken_unicode_rejects_its_record_and_keeps_the_contact_it_had(
    store: ContactStore,
) -> None:
    take(store, people(2), [END])
    broken = Upsert("1", {"name": "\ud800"})
    reason, counts = take(store, [person("0"), broken], [END])
    assert (reason, counts.rejected, counts.removed) == ("", 1, 0)
    assert sorted(stored(store)) == ["0", "1"]


def test_faults_of_fields_are_reported_in_every_run_and_write_nothing(store: ContactStore) -> None:
    events: list[Event] = [person("1", phone="110"), person("2")]
    for run in range(3):
        store.begin_run("crm", "CRM")
        counts = take(store, events, [END])[1]
        assert counts.rejected_fields == 1
        assert [record.field for record in store.rejected("crm")] == ["phones.work"]
        assert counts.unchanged == (2 if run else 0)
        assert store.last_seq() == 2


def test_what_a_full_read_does_not_hold_is_removed(store: ContactStore) -> None:
    take(store, people(10), [END])
    assert take(store, people(9), [END]) == ("", RunCounts(read=9, unchanged=9, removed=1))
    assert "9" not in stored(store)


def test_an_unreadable_record_whose_key_is_known_keeps_its_contact(store: ContactStore) -> None:
    take(store, people(10), [END])
    bad = RejectedRecord("line 9", "bad", key="9")
    assert take(store, [*people(9), bad], [END]) == (
        "",
        RunCounts(read=10, unchanged=9, rejected=1),
    )
    assert "9" in stored(store)
    unknown = RejectedRecord("line 9", "bad", key="\ud800")
    assert take(store, [*people(9), unknown], [END])[1].removed == 1


def test_an_unreadable_record_may_be_followed_by_a_good_one_of_its_key(store: ContactStore) -> None:
    take(store, people(2), [END])
    counts = take(store, [RejectedRecord("x", "bad", key="1")], people(2), [END])[1]
    assert (counts.unchanged, counts.rejected) == (2, 1)


def test_a_record_that_says_nothing_any_more_takes_its_contact_away(store: ContactStore) -> None:
    take(store, people(10), [END])
    emptied = Upsert("9", {"id": "9", "name": "", "phone": ""})
    assert take(store, [*people(9), emptied], [END])[1].removed == 1
    assert "9" not in stored(store)


def test_other_sources_are_not_touched(store: ContactStore) -> None:
    take(store, people(5), [END], id="erp")
    take(store, people(3), [END])
    assert len(stored(store, "erp")) == 5
    take(store, people(1), [END], max_drop=ANY_DROP)
    assert (len(stored(store, "erp")), len(stored(store))) == (5, 1)


def test_without_complete_nothing_is_removed(store: ContactStore) -> None:
    take(store, people(10), [END])
    with pytest.raises(SourceFailed, match="before it was complete"):
        take(store, people(9))
    assert len(stored(store)) == 10


@pytest.mark.parametrize("late", [person("9"), END, Delete("1")])
@pytest.mark.parametrize("apart", [False, True])
def test_a_source_that_goes_on_behind_its_end_fails(
    store: ContactStore, late: Event, *, apart: bool
) -> None:
    batches: list[list[Event]] = [[END], [late]] if apart else [[END, late]]
    with pytest.raises(SourceFailed, match="behind its own end"):
        take(store, *batches)


def test_an_incremental_read_removes_what_it_names_and_nothing_else(store: ContactStore) -> None:
    take(store, people(10), [END])
    reason, counts = take(store, [person("3", "New"), Delete("5"), Delete("unknown"), PART])
    assert (reason, counts) == ("", RunCounts(read=3, changed=1, removed=1))
    assert sorted(stored(store)) == [str(n) for n in range(10) if n != 5]


def test_a_record_that_comes_back_behind_its_deletion_stays(store: ContactStore) -> None:
    take(store, people(10), [END])
    assert take(store, [Delete("5"), person("5", "Back"), PART])[1].removed == 0
    assert stored(store)["5"].display_name == "Back"


@pytest.mark.parametrize("end", [END, PART])
def test_a_deletion_behind_its_record_counts(store: ContactStore, end: Complete) -> None:
    take(store, people(10), [END])
    assert take(store, people(10), [Delete("5"), end])[1].removed == 1
    assert "5" not in stored(store)


def test_too_many_named_deletions_are_refused(store: ContactStore) -> None:
    take(store, people(10), [END])
    reason, counts = take(store, [*(Delete(str(n)) for n in range(4)), PART])
    assert "remove 4 of 10" in reason
    assert counts.removed == 0
    assert len(stored(store)) == 10


def test_a_bookmark_is_kept_for_the_same_mapping_only(store: ContactStore) -> None:
    take(store, people(3), [Complete(full=True, bookmark=b"one")])
    tally = Tally()
    assert Intake(settings(), store, tally, dry_run=False, on_batch=None).since == b""
    store.settle(store.last_seq())
    assert Intake(settings(), store, tally, dry_run=False, on_batch=None).since == b"one"
    other = settings(map={"company": "name"})
    assert Intake(other, store, tally, dry_run=False, on_batch=None).since == b""


class Server(msgspec.Struct, frozen=True):
    """Options of a source on some server."""

    url: str
    password: SecretRef = SecretRef(env="ONE")


def test_a_bookmark_is_kept_for_the_same_server_only(store: ContactStore) -> None:
    """Another one may know the mark as well, and mean what changed since something else."""
    one = settings(options=Server("https://one.example"))
    take(store, people(3), [Complete(full=True, bookmark=b"one")], options=one.options)
    store.settle(store.last_seq())
    for options, since in (
        (one.options, b"one"),
        (Server("https://one.example", SecretRef(env="OTHER")), b"one"),
        (Server("https://two.example"), b""),
    ):
        own = settings(options=options)
        assert Intake(own, store, Tally(), dry_run=False, on_batch=None).since == since


def test_a_bookmark_never_passes_a_deletion_that_waits_for_the_guard(store: ContactStore) -> None:
    take(store, people(10), [Complete(full=True, bookmark=b"first")])
    store.settle(store.last_seq())
    take(store, [Checkpoint(b"before"), person("1", "New")], [PART])
    deletions: list[Event] = [Delete(str(n)) for n in range(9)]
    reason, _ = take(
        store, [*deletions, Checkpoint(b"behind"), Complete(full=False, bookmark=b"z")]
    )
    assert reason
    store.settle(store.last_seq())
    since = Intake(settings(), store, Tally(), dry_run=False, on_batch=None).since
    assert since == b"before"


def test_a_dry_run_says_what_would_happen_and_writes_nothing(store: ContactStore) -> None:
    take(store, [*people(9), person("9", phone="110")], [END])
    before = (store.last_seq(), stored(store), store.digests("crm", ["1"]), store.rejected("crm"))
    events: list[Event] = [
        person("1", "Changed"),
        person("2", " Name  2 ", "+49 89 99998 002"),
        *people(6, start=3),
        person("new"),
        person("bad", phone="110"),
    ]
    reason, counts = take(store, events, [person("new"), END], dry_run=True)
    assert reason == ""
    assert counts == RunCounts(
        read=11, added=2, changed=1, unchanged=7, removed=2, rejected=1, rejected_fields=1
    )
    after = (store.last_seq(), stored(store), store.digests("crm", ["1"]), store.rejected("crm"))
    assert after == before
    assert store.bookmark("crm") == b""


def test_a_dry_run_is_refused_as_the_run_would_be(store: ContactStore) -> None:
    take(store, people(10), [END])
    assert "remove 5 of 10" in take(store, people(5), [END], dry_run=True)[0]


def test_only_the_first_rejected_records_are_kept(store: ContactStore) -> None:
    bad: list[Event] = [RejectedRecord(f"line {n}", "bad") for n in range(MAX_REJECTED + 500)]
    counts = take(store, bad, [person("1"), END])[1]
    assert counts.rejected == MAX_REJECTED + 500
    assert len(store.rejected("crm")) == MAX_REJECTED


def test_a_run_by_change_keeps_what_was_rejected_of_the_records_it_says_nothing_of(
    store: ContactStore,
) -> None:
    end = Complete(full=True, bookmark=b"1")
    bad = [person(key, phone="110") for key in "123"]
    take(store, [*bad, *people(20, start=10), RejectedRecord("line 9", "no record"), end])
    store.settle(store.last_seq())
    assert [(each.key, each.field) for each in store.rejected("crm")] == [
        ("", ""), ("1", "phones.work"), ("2", "phones.work"), ("3", "phones.work"),
    ]  # fmt: skip
    change = Complete(full=False, bookmark=b"2")
    take(store, [person("1", phone="030 23125001"), Delete("2"), change])
    assert [each.key or each.locator for each in store.rejected("crm")] == ["line 9", "3"]
    twice = [person("3", phone="112")], [person("3", phone="116117"), change]
    take(store, *twice)
    assert [(each.key, each.reason) for each in store.rejected("crm")] == [
        ("", "no record"), ("3", "a service number has no subscriber"), ("3", "duplicate key"),
    ]  # fmt: skip
    take(store, [Complete(full=False)])
    assert [each.key for each in store.rejected("crm")] == ["", "3", "3"]


def nothing(key: str) -> Upsert:
    return Upsert(key, {"id": key, "name": "", "phone": ""})


@pytest.mark.parametrize("told", ["by a sweep", "by change"])
def test_a_rejected_record_stays_listed_until_it_changes_or_goes(
    store: ContactStore, told: str
) -> None:
    swept = told == "by a sweep"

    def followed(*events: Event, keys: str) -> list[str]:
        sweep = [Present(tuple(keys))] if swept else []
        take(store, [*events], [*sweep, Complete(full=swept, bookmark=b"1")], max_drop=ANY_DROP)
        store.settle(store.last_seq())
        return [each.key for each in store.rejected("crm")]

    take(store, [*map(nothing, "123"), person("4"), Complete(full=True, bookmark=b"1")])
    store.settle(store.last_seq())
    assert followed(keys="1234") == ["1", "2", "3"]
    assert followed(nothing("1"), keys="1234") == ["2", "3", "1"]
    assert followed(person("2"), keys="1234") == ["3", "1"]
    assert followed(*([] if swept else [Delete("3")]), keys="124") == ["1"]
    assert followed(nothing("4"), keys="124") == ["1", "4"]
    assert followed(keys="124") == ["1", "4"]
    take(store, [person("2"), nothing("4"), Complete(full=True, bookmark=b"1")], max_drop=ANY_DROP)
    assert [each.key for each in store.rejected("crm")] == ["4"]


def test_records_without_key_or_place_are_listed_until_a_sweep_names_none(
    store: ContactStore,
) -> None:
    lost = Upsert("", {"id": "", "name": "Anna", "phone": ""})
    long = Upsert("9" * 300, {"id": "", "name": "Anna", "phone": ""})
    take(store, [lost, lost, person("2"), Complete(full=True, bookmark=b"1")])
    store.settle(store.last_seq())

    def followed(*events: Event, keys: tuple[str, ...]) -> list[str]:
        take(store, [*events, Present(keys), Complete(full=True, bookmark=b"1")])
        return [each.reason for each in store.rejected("crm")]

    assert followed(lost, keys=("", "2")) == ["no key", "no key"]
    assert followed(keys=("", "2")) == ["no key", "no key"]
    assert followed(keys=("2",)) == []
    assert followed(long, keys=("2", long.key)) == ["the key is longer than 255 characters"]
    assert len(followed(keys=("2", long.key))) == 1
    assert followed(keys=("2",)) == []


def test_a_contact_that_stays_as_it_was_keeps_what_was_said_of_its_fields(
    store: ContactStore,
) -> None:
    take(store, [person("1", phone="110"), person("2"), Complete(full=True, bookmark=b"1")])
    store.settle(store.last_seq())
    unread = RejectedRecord("/1.vcf", "no whole vCard", key="1")
    for _ in range(2):
        take(store, [unread, Complete(full=False, bookmark=b"1")])
        assert [each.field for each in store.rejected("crm")] == ["phones.work", ""]
    group = RejectedRecord("1", "a group of other cards, not a contact")
    take(store, [group, Delete("1"), Complete(full=False, bookmark=b"1")], max_drop=ANY_DROP)
    assert store.rejected("crm") == [group]


def test_a_full_list_of_rejected_records_has_room_for_those_that_come_anew(
    store: ContactStore,
) -> None:
    keys = [str(number) for number in range(MAX_REJECTED)]
    take(store, [*map(nothing, keys), person("a"), Complete(full=True, bookmark=b"1")])
    store.settle(store.last_seq())
    take(store, [nothing("5"), Complete(full=False, bookmark=b"1")])
    assert store.rejected("crm")[-1].key == "5"
    assert len(store.rejected("crm")) == MAX_REJECTED


@pytest.mark.parametrize("told", ["by a sweep", "by change"])
def test_a_followed_record_that_no_longer_says_anything_goes(
    store: ContactStore, told: str
) -> None:
    take(store, [*people(10), Complete(full=True, bookmark=b"1")])
    store.settle(store.last_seq())
    blank = Upsert("3", {"id": "3", "name": " ", "phone": ""})
    swept = told == "by a sweep"
    rest = [Present(tuple(map(str, range(10))))] if swept else []
    events = [[blank], [*rest, Complete(full=swept, bookmark=b"2")]]
    assert take(store, *events, dry_run=True)[1].removed == 1
    reason, counts = take(store, *events)
    assert (reason, counts.removed, counts.rejected) == ("", 1, 1)
    assert stored(store).keys() == set("012456789")
    take(store, [person("3")], [*rest, Complete(full=swept, bookmark=b"3")])
    assert "3" in stored(store)


def test_what_is_wrong_with_a_record_that_became_no_contact_is_forgotten_when_it_is_gone(
    store: ContactStore,
) -> None:
    bad = Upsert("1", {"id": "1", "name": "", "phone": "none"})
    take(store, [bad, person("2"), Complete(full=True, bookmark=b"1")])
    store.settle(store.last_seq())
    assert [each.key for each in store.rejected("crm")] == ["1", "1"]
    take(store, [Present(("2",)), Complete(full=True, bookmark=b"2")])
    assert store.rejected("crm") == []


def test_what_a_run_rejects_stays_listed_though_a_faulty_contact_is_mended_or_goes(
    store: ContactStore,
) -> None:
    bad = [person("1", phone="110"), person("2", phone="110")]
    take(store, [*bad, *people(9, start=3), Complete(full=True, bookmark=b"1")])
    store.settle(store.last_seq())
    line = RejectedRecord("line 9", "no record")
    change = [Delete("2"), Complete(full=False, bookmark=b"2")]
    take(store, [line], [person("1", phone="030 23125001")], change)
    assert store.rejected("crm") == [line]


def test_a_full_read_names_all_that_is_rejected_anew(store: ContactStore) -> None:
    take(store, [person("1", phone="110"), person("2", phone="110"), END])
    take(store, [person("1", phone="110"), person("2"), END])
    assert [(each.locator, each.key) for each in store.rejected("crm")] == [("1", "1")]


def test_the_index_may_follow_every_batch(store: ContactStore) -> None:
    seqs: list[int] = []
    for events in (people(10), people(10), people(9)):
        tally = Tally()
        intake = Intake(settings(), store, tally, dry_run=False, on_batch=seqs.append)
        intake.take(events)
        intake.take([END])
        intake.finish(never)
    assert seqs == [10, 11]


def test_a_cancelled_sweep_stops_between_two_batches(store: ContactStore) -> None:
    take(store, people(10), [END])
    intake = Intake(settings(), store, Tally(), dry_run=False, on_batch=None)
    intake.take([*people(9), END])
    with pytest.raises(Cancelled):
        intake.finish(lambda: True)
    assert len(stored(store)) == 10


def test_what_a_key_sweep_names_stays_and_the_rest_goes(store: ContactStore) -> None:
    take(store, people(10), [Complete(full=True, bookmark=b"one")])
    store.settle(store.last_seq())
    sweep = Present(("0", *map(str, range(2, 10)), "unknown"))
    end = Complete(full=True, bookmark=b"two")
    reason, counts = take(store, [person("0", "Changed")], [sweep], [end])
    assert (reason, counts.read, counts.changed, counts.removed) == ("", 1, 1, 1)
    assert "1" not in stored(store)


def test_a_sweep_that_names_nothing_that_is_known_removes_nothing(store: ContactStore) -> None:
    take(store, people(10), [END])
    assert "no usable record" in take(store, [Present(("x",))], [END])[0]


def test_after_a_week_a_source_that_is_followed_is_read_in_full(store: ContactStore) -> None:
    take(store, people(3), [Complete(full=True, bookmark=b"one")])
    store.settle(store.last_seq())
    following = Intake(settings(), store, Tally(), dry_run=False, on_batch=None)
    assert following.since == b"one"
    asked = Intake(settings(), store, Tally(), dry_run=False, on_batch=None, full=True)
    assert asked.since == b""
    always = settings(full_every_s=0)
    assert Intake(always, store, Tally(), dry_run=False, on_batch=None).since == b""
    # an incremental run does not count as one in full
    take(store, [Present(("0", "1", "2")), Complete(full=True, bookmark=b"two")])
    store.settle(store.last_seq())
    assert Intake(settings(), store, Tally(), dry_run=False, on_batch=None).since == b"two"
    assert Intake(always, store, Tally(), dry_run=False, on_batch=None).since == b""


def test_a_full_read_without_a_bookmark_leaves_none(store: ContactStore) -> None:
    take(store, [*people(3), Complete(full=True, bookmark=b"one")])
    store.settle(store.last_seq())
    take(store, [*people(3), Complete(full=True)])
    store.settle(store.last_seq())
    assert Intake(settings(), store, Tally(), dry_run=False, on_batch=None).since == b""


def test_a_bookmark_of_an_unknown_form_is_passed_over(store: ContactStore) -> None:
    take(store, people(3), [END])
    store.keep_bookmark("crm", b"\xc1 of another release", store.last_seq())
    store.settle(store.last_seq())
    assert Intake(settings(), store, Tally(), dry_run=False, on_batch=None).since == b""


def test_a_checkpoint_of_a_full_read_is_nothing_to_go_on_from(store: ContactStore) -> None:
    with pytest.raises(SourceFailed):
        take(store, [*people(3), Checkpoint(b"middle")])
    store.settle(store.last_seq())
    assert Intake(settings(), store, Tally(), dry_run=False, on_batch=None).since == b""


def test_a_new_column_is_a_note(store: ContactStore) -> None:
    def notes(*columns: str) -> list[str]:
        intake = Intake(settings(), store, Tally(), dry_run=False, on_batch=None)
        intake.take([Columns(columns), person("1"), END])
        assert intake.finish(never) == ""
        store.settle(store.last_seq())
        return intake.notes

    assert notes("id", "name") == []
    assert notes("id", "name", "cell") == ["new in the source: 'cell'"]
    assert notes("name", "id", "cell") == []
