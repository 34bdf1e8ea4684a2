"""Where in a contact the typed words stand: for highlighting and for explanations.

Law: pure; worked out only for what is shown. Letters are counted in code points of the text as it
is written, so that "Müller" is highlighted for "muell" as "Müll".

Over 400 lines: a short way for what stands in the name, and a long one that gives the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

import msgspec
from msgspec.structs import replace

from engine.contact import Contact
from engine.likeness import (
    FAR_COSTS,
    NEVER,
    SOUND_COST,
    TYPO_COST,
    begins,
    cost_in_word,
    is_whole,
    sound_of,
    typos_allowed,
)
from engine.matching import (
    COMPANY,
    COMPANY_WHOLE,
    FULL_NAME,
    NAME,
    NAME_COMPANY,
    NAME_WHOLE,
    NUMBER_PART,
    is_on_keys,
    national_begins,
)
from engine.matching import KEYS as KEYS_CLASS
from engine.phone import country_code_of
from engine.terms import MAX_PREFIX, words_of_field
from engine.tokens import (
    MAX_WORD_CHARS,
    first_letters,
    fold,
    fold_once,
    is_written_together,
    letters_of,
    spans_of_words,
    without_digraphs,
)
from engine.typed import Typed, is_number_part

How = Literal["whole", "begins", "part", "keys", "initials", "sounds", "spelled"]


class Span(msgspec.Struct, frozen=True, gc=False):
    """What to highlight: letters `start` to `end` (exclusive, in code points) of a field's text.

    `field` is named as in a source's map; `at` is the place in `numbers` or `emails`, else 0.
    For numbers the letters are digits of the E.164 form without "+".
    """

    field: str
    at: int
    start: int
    end: int


class WordAnswer(msgspec.Struct, frozen=True, gc=False):
    """One typed word, or the digits, and where and how it was found.

    Attributes:
        word: as it was read: folded.
        text: what answers it, as it is written.
        how: whole word, its beginning, part of a number, …
        span: where that stands.
    """

    word: str
    text: str
    how: How
    span: Span

    @property
    def field(self) -> str:
        """The field, named as in a source's map."""
        return self.span.field


def texts_of(contact: Contact) -> list[tuple[str, str]]:
    """Return the single texts of a contact by their names in a source's map."""
    address = contact.address
    return [
        ("display_name", contact.display_name),
        ("given_name", contact.given_name),
        ("surname", contact.surname),
        ("title", contact.title),
        ("company", contact.company),
        ("department", contact.department),
        ("job", contact.job),
        ("street", address.street),
        ("postcode", address.postcode),
        ("city", address.city),
        ("country", address.country),
        ("url", contact.url),
        ("photo", contact.photo),
        ("birthday", contact.birthday),
        ("notes", contact.notes),
        *((f"custom.{number}", text) for number, text in contact.custom.items()),
    ]


Spot = tuple[str, int, str, str, str]
"""A field, the place in it, its text, that text folded letter by letter ("" if it cannot be), and
folded."""

_DIGRAPH = re.compile("[aou]e")
"""Two letters of which the fold makes one."""

_REST = re.compile(r"[a-z0-9]*")
"""What is left of a word in plain letters, folded."""

_Words = tuple[tuple[int, int, tuple[str, ...]], ...]

MAX_KEPT_CHARS = 128
"""Names, companies and towns are shorter; longer texts are split each time."""

MAX_JOINED = 4
"""Words that are found as one: of a compound, or particles and a name."""

_IN_COMPANY_TOO = (FULL_NAME, NAME_COMPANY)
"""Classes of names that companies answer as well."""

_IN_NAME = (NAME_WHOLE, NAME)
"""Classes whose words all stand in the name."""

_NAMES = ("display_name", "given_name", "surname", "company")


def answers_of(
    typed: Typed, contact: Contact, searched: frozenset[str], match_class: int
) -> list[WordAnswer]:
    """Return for each typed word the best place in a contact; words without one are left out.

    Args:
        typed: what was read.
        contact: as the asker may see it.
        searched: the fields that may be searched, beside names and company.
        match_class: how the contact was found: only then are guesses, keys, initials considered.
    """
    if match_class <= NUMBER_PART and typed.digits:
        return list(_number_answers(typed, contact, searched))
    if len(typed.words) == 1 and (run := _run_together(typed.words[0], contact)):
        return run
    near = _near(contact, match_class)
    places: list[Spot] | None = None
    answers = []
    for word in typed.words:
        found = _typed_answer(word, near)
        if typed.turned and match_class == NAME_WHOLE and (found is None or found.how != "whole"):
            found = _turned_answer(typed.turned, near) or found
        if found is None:
            if places is None:
                places = _places(contact, searched)
            found = _answer_anywhere(word, places, contact, searched, match_class)
        if found is None:  # a guess; or this one is shown for a record that it is linked to
            found = _best_answer(word, places or [], keys=typed.keys)
        if found is not None:
            answers.append(found)
    if not answers and len(typed.words) == 1:
        answers = _initials(typed.words[0], contact)
    return answers


def _answer_anywhere(
    word: str, places: list[Spot], contact: Contact, searched: frozenset[str], match_class: int
) -> WordAnswer | None:
    """Return what answers a word as it was typed, in any field; None for nothing."""
    is_typed = match_class < KEYS_CLASS
    found = _typed_answer(word, places) if is_typed else None
    if found is None and is_number_part(word):
        return next(_digit_answers(word, contact, searched), None)
    return _joined_answer(word, places) if found is None and is_typed else found


def spans_of(answers: list[WordAnswer]) -> list[Span]:
    """Return what to highlight for answers, each place once."""
    if len(answers) == 1:
        return [answers[0].span]
    return list(dict.fromkeys([answer.span for answer in answers]))


def spans_in_name(typed: Typed, contact: Contact, match_class: int) -> list[Span] | None:
    """Return what to highlight where all words stand in the name as it is shown, as of most hits.

    It is what `answers_of` leads to, in a quarter of its time; None where that has to be asked.
    """
    if match_class not in _IN_NAME or typed.turned:
        return None
    text = contact.display_name
    letters = text.lower() if text.isascii() else letters_of(text)
    if not letters:
        return None
    folded = without_digraphs(letters)
    as_written = len(folded) == len(letters)
    spans: list[Span] = []
    for word in typed.words:
        begin = folded.find(word)
        while begin > 0 and folded[begin - 1].isalnum():
            begin = folded.find(word, begin + 1)
        end = begin + len(word)
        if begin < 0 or end - begin >= MAX_PREFIX:
            return None
        is_begun = folded[end : end + 1].isalnum()
        if is_begun and (folded.find(word, end) >= 0 or not _is_of_both(contact)):
            return None  # a whole word comes first, wherever it stands
        if not as_written:
            begin = _written_at(letters, begin)
            end = _written_at(letters, end - 1) + 1 if is_begun else _written_at(letters, end)
        span = Span("display_name", 0, begin, end)
        if span not in spans:
            spans.append(span)
    return spans


def _is_of_both(contact: Contact) -> bool:
    """Tell whether a name is shown as given name and surname, if any, perhaps behind a title."""
    shown, given, surname = contact.display_name, contact.given_name, contact.surname
    if not given and not surname:
        return True
    return shown == f"{given} {surname}" or f" {shown}".endswith(
        (f" {given} {surname}", f" {surname}, {given}")
    )


def _near(contact: Contact, match_class: int) -> list[Spot]:
    """Return where a class finds its words: names, companies; nothing where it may be anywhere."""
    if match_class >= COMPANY_WHOLE:
        return [_spot("company", 0, contact.company)] if match_class <= COMPANY else []
    shown, given, surname = contact.display_name, contact.given_name, contact.surname
    near = [_spot("display_name", 0, shown)]
    if not _is_of_both(contact):  # else no word is looked at twice
        near += (_spot("given_name", 0, given), _spot("surname", 0, surname))
    if match_class in _IN_COMPANY_TOO:
        near.append(_spot("company", 0, contact.company))
    return near


def _spot(field: str, at: int, text: str) -> Spot:
    letters = letters_of(text)
    return field, at, text, letters, without_digraphs(letters) if letters else fold_once(text)


def _places(contact: Contact, searched: frozenset[str]) -> list[Spot]:
    """Return all that may be found by words, the best fields first."""
    said_already = ("given_name", "surname") if _is_of_both(contact) else ()
    spots = [
        _spot(field, 0, text)
        for field, text in texts_of(contact)
        if text and field not in said_already and (field in _NAMES or field in searched)
    ]
    if "emails" in searched:
        spots += [_spot("emails", at, address) for at, address in enumerate(contact.emails)]
    return spots


def _typed_answer(word: str, places: list[Spot]) -> WordAnswer | None:
    """Return the first whole word, else the first beginning; None for none.

    Most texts are passed over without being split: they do not hold the letters, and have no
    reading in Latin ones.
    """
    best: WordAnswer | None = None
    first = word[:MAX_PREFIX]
    for spot in places:
        _, _, _, letters, folded = spot
        if first not in folded and folded.isascii():
            continue
        found = (_plain_answer if letters else _split_answer)(word, spot)
        if found is not None:
            if found.how == "whole":
                return found
            best = best or found
    return best


def _turned_answer(word: str, places: list[Spot]) -> WordAnswer | None:
    """Return the first whole word that is the typed one with two letters turned round."""
    found = _typed_answer(word, places)
    return replace(found, how="spelled") if found is not None and found.how == "whole" else None


def _split_answer(word: str, spot: Spot) -> WordAnswer | None:
    """Return what `_typed_answer` does for one text: each of its words has one form or more."""
    field, at, text, _, _ = spot
    best: WordAnswer | None = None
    for begin, end, forms in _words_in(text):
        written = text[begin:end]
        for form in forms:
            if not begins(form, word):
                continue
            if is_whole(form, word):
                return WordAnswer(word, written, "whole", Span(field, at, begin, end))
            if best is None:
                length = _length_of(written, form, word)
                best = WordAnswer(word, written, "begins", Span(field, at, begin, begin + length))
    return best


def _joined_answer(word: str, places: list[Spot]) -> WordAnswer | None:
    """Return the first words side by side that the typed one begins without what is between them.

    Compounds and particles are indexed so: "meiervogt", "vonderheide".
    """
    for field, at, text, _, _ in places:
        found = [(begin, end, fold(text[begin:end])) for begin, end, _ in _words_in(text)]
        for place, (begin, _, joined) in enumerate(found):
            run = joined
            for last, end, form in found[place + 1 : place + MAX_JOINED]:
                if not word.startswith(run):
                    break
                rest, run = word[len(run) :], (run + form)[:MAX_WORD_CHARS]
                if not begins(run, word):
                    continue
                how: How = "whole" if is_whole(run, word) else "begins"
                stop = end if how == "whole" else last + _length_of(text[last:end], form, rest)
                return WordAnswer(word, text[begin:end], how, Span(field, at, begin, stop))
    return None


def _run_together(word: str, contact: Contact) -> list[WordAnswer]:
    """Return surname and given name where they were typed without a gap, as in East Asia."""
    surname, given = contact.surname, contact.given_name
    if word.isascii() or not is_written_together(surname, given):
        return []
    run, first = fold(surname + given), fold(surname)
    if len(word) <= len(first) or not begins(run, word):
        return []
    how: How = "whole" if is_whole(run, word) else "begins"
    parts = ("surname", surname), ("given_name", given)
    return [WordAnswer(word, text, how, Span(field, 0, 0, len(text))) for field, text in parts]


def _plain_answer(word: str, spot: Spot) -> WordAnswer | None:
    """Return what `_typed_answer` does for one text that is folded letter by letter.

    Its words need not be told apart to be found.
    """
    field, at, text, letters, folded = spot
    first = word[:MAX_PREFIX]
    size = len(first)
    as_written = len(folded) == len(letters)
    best: WordAnswer | None = None
    begin = folded.find(first)
    while begin >= 0:
        if not begin or not folded[begin - 1].isalnum():
            end = _REST.match(folded, begin + size).end()  # type: ignore[union-attr]  # may be empty
            is_whole_word = end == begin + size or size == MAX_PREFIX  # longer ones are not known
            if is_whole_word or best is None:
                start, last, stop = begin, begin + size, end
                if not as_written:
                    start, stop = _written_at(letters, begin), _written_at(letters, end)
                    last = _written_at(letters, begin + size - 1) + 1
                written = text[start:stop]
                if is_whole_word:
                    return WordAnswer(word, written, "whole", Span(field, at, start, stop))
                best = WordAnswer(word, written, "begins", Span(field, at, start, last))
        begin = folded.find(first, begin + 1)
    return best


def _written_at(letters: str, place: int) -> int:
    """Return where a letter of a folded text stands in it as it is written, digraphs as two."""
    for found in _DIGRAPH.finditer(letters):
        if found.start() >= place:
            break
        place += 1
    return place


def _words_in(text: str) -> _Words:
    """Return begin, end and folded forms of each word of a text."""
    return _words_of(text) if len(text) <= MAX_KEPT_CHARS else _words_of.__wrapped__(text)


@lru_cache(maxsize=16_384)
def _words_of(text: str) -> _Words:
    """Remember the words of the texts that were shown last: some 8 MiB of them at the most."""
    return tuple([(begin, end, _forms_of(text[begin:end])) for begin, end in spans_of_words(text)])


def _forms_of(word: str) -> tuple[str, ...]:
    """Return under which words the index has one word; one in plain letters is one of them."""
    return (fold(word)[:MAX_WORD_CHARS],) if word.isascii() else words_of_field(word)


def _best_answer(word: str, places: list[Spot], *, keys: bool) -> WordAnswer | None:
    """Return the first whole word, else the first beginning, else the likest; None for none."""
    best: WordAnswer | None = None
    best_cost = NEVER
    code, allowed, first = sound_of(word), typos_allowed(word), word[:MAX_PREFIX]
    for field, at, text, _, folded in places:
        named = field in _NAMES
        if not named and first not in folded and folded.isascii():
            continue  # as in `_typed_answer`: elsewhere nothing is guessed
        for begin, end, forms in _words_in(text):
            written = text[begin:end]
            for form in forms:
                cost = cost_in_word(word, form, code if named else "", allowed if named else 0)
                if keys and named and is_on_keys(form, word):
                    cost = min(cost, 5)
                if cost < best_cost:
                    length = _length_of(written, form, word) if cost == 1 else len(written)
                    span = Span(field, at, begin, begin + length)
                    best, best_cost = WordAnswer(word, written, _how(cost), span), cost
        if best_cost == 0:
            break
    if best_cost >= SOUND_COST:
        joined = _joined_guess(word, places, best_cost)
        best = joined[0] if joined else best
    return best


def _joined_guess(word: str, places: list[Spot], least: int) -> tuple[WordAnswer, int] | None:
    """Return the words of a name that are indexed as one and are likest to an asked one: "obrian".

    None where none is likelier than `least` says.
    """
    best: WordAnswer | None = None
    for field, at, text, _, _ in places:
        found = _words_in(text)
        indexed = words_of_field(text) if field in _NAMES and len(found) > 1 else ()
        if len(indexed) <= len(found):
            continue
        for place, (begin, end, _) in enumerate(found):
            run = fold(text[begin:end])
            for first, last, _ in found[place + 1 : place + MAX_JOINED]:
                run = (run + fold(text[first:last]))[:MAX_WORD_CHARS]
                if run not in indexed:
                    continue
                cost = cost_in_word(word, run, sound_of(word), typos_allowed(word))
                if cost < least:
                    span = Span(field, at, begin, last)
                    best, least = WordAnswer(word, text[begin:last], _how(cost), span), cost
    return None if best is None else (best, least)


def _how(cost: int) -> How:
    if cost <= 1:
        return "whole" if cost == 0 else "begins"
    if cost == 5:  # noqa: PLR2004 - as given above
        return "keys"
    is_typo = cost >= TYPO_COST - 1 and cost not in FAR_COSTS
    return "spelled" if is_typo else "sounds"


def _length_of(written: str, form: str, asked: str) -> int:
    """Return how many letters of a written word are its asked beginning."""
    if len(form) == len(written) and form.startswith(asked) and written.isascii():
        return len(asked)  # letter by letter
    folded = fold(written)
    if not begins(form, asked) or not folded.startswith(asked):
        return len(written)  # a reading in Latin letters
    for length in range(1, len(written)):
        if len(fold(written[:length])) >= len(asked) and fold(written[:length]).startswith(asked):
            return length
    return len(written)


def _initials(word: str, contact: Contact) -> list[WordAnswer]:
    """Return the two names whose first letters were typed."""
    given, surname, shown = contact.given_name, contact.surname, contact.display_name
    if given and surname:
        parts = ("given_name", given), ("surname", surname)
        ends = [(field, 0, text, fold(text)[:1]) for field, text in parts]
    else:
        ends = [
            ("display_name", begin, shown[begin:end], letter)
            for begin, end, letter in first_letters(shown)
        ]
    letters = "".join(letter for _, _, _, letter in ends)
    if not letters or word not in {letters, letters[::-1]}:
        return []
    return [
        WordAnswer(word, text, "initials", Span(field, 0, begin, begin + 1))
        for field, begin, text, _ in ends
    ]


def _number_answers(
    typed: Typed, contact: Contact, searched: frozenset[str]
) -> Iterator[WordAnswer]:
    """Give every number in which the typed digits stand."""
    for at, line in enumerate(contact.phones):
        field, digits = f"phones.{line.kind}", line.number.digits
        if field not in searched:
            continue
        asked, start = typed.digits, digits.rfind(typed.digits)
        if typed.begins and not digits.startswith(asked):
            start = -1
        if start < 0 and typed.national and national_begins(digits, typed.national):
            asked, start = typed.national, len(country_code_of(digits))
        if start >= 0:
            yield WordAnswer(asked, digits, "part", Span(field, at, start, start + len(asked)))


def _digit_answers(word: str, contact: Contact, searched: frozenset[str]) -> Iterator[WordAnswer]:
    for at, line in enumerate(contact.phones):
        field, digits = f"phones.{line.kind}", line.number.digits
        start = digits.find(word)
        if field in searched and start >= 0:
            yield WordAnswer(word, digits, "part", Span(field, at, start, start + len(word)))
