"""How far a word, or a contact, is from what somebody typed: by sound and by spelling.

Law: pure. Every word is compared once for a question and remembered: a hundred records that sound
alike share a dozen names, so that a record costs 3 µs instead of 40.

Sources: F. J. Damerau, A technique for computer detection and correction of spelling errors,
CACM 7 (1964), as optimal string alignment; sounds as in `engine.phonetics`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rapidfuzz.distance import OSA

from engine.contact import Contact
from engine.phonetics import sound
from engine.scope import Searched
from engine.terms import MAX_PREFIX, WHOLE, name_texts, other_texts, words_of_field
from engine.tokens import fold_once, words
from engine.typed import Typed, is_number_part

MIN_SOUND_LETTERS, MIN_SOUND_CODE, MIN_SOUND_START = 3, 2, 3
"""Shorter words sound like half the directory, and digits have no sound: a customer's number sounds
like anybody. Shorter sounds are no beginning of others."""

MIN_TYPO_LETTERS, MIN_TWO_TYPOS_LETTERS = 4, 8
"""From how many letters on one typo, and two, are forgiven."""

ELSEWHERE, SOUND_COST, TYPO_COST = 4, 10, 20
"""The cost of a word of another field, of one that sounds alike, of one with a typo."""

FAR_LETTERS, FAR_COST, MIN_FAR_LETTERS = 3, 26, 5
"""So many letters spelled otherwise, and what sounds alike is less like than one typo; in words of
five letters and more, since Mayr and Meier are three apart."""

FAR_COSTS = (FAR_COST, FAR_COST + 2)
"""The costs of these: with just so many letters, and with more."""

IN_COMPANY = 2
"""What is added for a word of the company instead of the name."""

NEVER = 999
"""The cost of a word that a contact does not answer."""


def begins(word: str, asked: str) -> bool:
    """Tell whether a word begins with an asked one; longer ones are compared by 12 letters."""
    return word.startswith(asked[:MAX_PREFIX])


def is_whole(word: str, asked: str) -> bool:
    """Tell whether a word is the asked one, as far as the index tells words apart."""
    return (word + WHOLE)[:MAX_PREFIX] == (asked + WHOLE)[:MAX_PREFIX]


def typos_allowed(word: str) -> int:
    """Return how many typos are forgiven in a word: none in numbers and short ones."""
    if len(word) < MIN_TYPO_LETTERS or any(letter.isdigit() for letter in word):
        return 0
    return 2 if len(word) >= MIN_TWO_TYPOS_LETTERS else 1


def sound_of(word: str) -> str:
    """Return the sound by which an asked word may be found, "" if it is too short for one."""
    if len(word) < MIN_SOUND_LETTERS:
        return ""
    if not word.isalpha() and sum(map(str.isalpha, word)) < MIN_SOUND_LETTERS:
        return ""
    code = sound(word)
    return code if len(code) >= MIN_SOUND_CODE else ""


class Likeness:
    """How far contacts are from one text."""

    def __init__(self, typed: Typed) -> None:
        self._several = len(typed.words) > 1
        self._asked = [_Asked(word, alone=not self._several) for word in typed.words]

    def of_each(
        self, contacts: Sequence[Contact], searched_in: Mapping[str, Searched]
    ) -> list[int]:
        """Return how far each contact is, added up over the words of the text; lower is better.

        Whole words of the name cost nothing, beginnings 1, other fields 2 to 4; what sounds alike
        10 and 2 for each letter that differs, at most 18, but 26 with three letters of a longer
        word and 28 with more; each typo 20, one less where the word sounds alike too (a beginning 1
        more, the company 2 more). At least `NEVER` if some word is not answered at all. Other
        fields count beside other words only: whom a single word finds there was found as it was
        typed. So was whoever has its beginning in the company: of a single word a company counts
        where the name costs more than one typo in it.

        Args:
            contacts: any number.
            searched_in: by source, which of its fields may be searched.
        """
        costs = []
        for contact in contacts:
            names, company = name_texts(contact), contact.company
            cost = 0
            for asked in self._asked:
                least = asked.cost(names, company)
                if (
                    least > ELSEWHERE
                    and self._several
                    and asked.is_elsewhere(contact, searched_in[contact.id.source])
                ):
                    least = ELSEWHERE
                cost += least
            costs.append(cost)
        return costs


class Nearby:
    """Tells who has a word that is one typo away from an asked one, as the index tells it."""

    def __init__(self, word: str) -> None:
        self._begin = word[:MAX_PREFIX]
        self._known: dict[str, bool] = {}

    def has(self, contact: Contact) -> bool:
        """Tell whether a name of a contact has one, or the beginning of one."""
        return any(map(self._in_text, name_texts(contact)))

    def _in_text(self, text: str) -> bool:
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = any(map(self._near, words_of_field(text)))
        return known

    def _near(self, word: str) -> bool:
        marked, length = (word + WHOLE)[:MAX_PREFIX], len(self._begin)
        return any(
            OSA.distance(self._begin, marked[:end], score_cutoff=1) <= 1
            for end in range(length - 1, length + 2)
        )


class _Asked:
    """One word of a text, and what the texts that it was compared with have cost."""

    def __init__(self, word: str, *, alone: bool) -> None:
        self._word = word
        self._begin = word[:MAX_PREFIX]
        self._near = TYPO_COST + IN_COMPANY if alone else IN_COMPANY
        self._code = sound_of(word)
        self._allowed = typos_allowed(word)
        self._in_names: dict[str, int] = {}
        self._in_companies: dict[str, int] = {}
        self._of_words: dict[str, dict[str, int]] = {self._code: {}, "": {}}
        self._begins_in: dict[str, bool] = {}

    def cost(self, names: Iterable[str], company: str) -> int:
        """Return what the word costs in the texts of the names and in a company."""
        best = NEVER
        known = self._in_names
        for text in names:
            found = known.get(text)
            if found is None:
                found = known[text] = self._least(text, self._code)
            if found < best:  # noqa: PLR1730 - a call costs more than the rest of the loop
                best = found
        if company and best > self._near:
            found = self._in_companies.get(company)
            if found is None:
                found = self._in_companies[company] = self._least(company, "") + IN_COMPANY
            best = min(best, found)
        return best

    def _least(self, text: str, code: str) -> int:
        """Return what the word costs in a text; companies share most of their words."""
        known, least = self._of_words[code], NEVER
        for word in words_of_field(text):
            cost = known.get(word)
            if cost is None:
                cost = known[word] = cost_in_word(self._word, word, code, self._allowed)
            if cost < least:  # noqa: PLR1730 - likewise
                least = cost
        return least

    def is_elsewhere(self, contact: Contact, searched: Searched) -> bool:
        """Tell whether a word of another searched field begins with it, or a number has it."""
        if is_number_part(self._word) and any(
            self._word in line.number.digits
            for line in contact.phones
            if f"phones.{line.kind}" in searched.fields
        ):
            return True
        begins_in = self._begins_in
        for field, text in other_texts(contact):
            if field not in searched.fields:
                continue
            if field == "emails":  # hardly two contacts have the same
                if self._begin in fold_once(text) and self._is_among(words(text)):
                    return True
                continue
            found = begins_in.get(text)
            if found is None:
                found = begins_in[text] = self._is_among(words_of_field(text))
            if found:
                return True
        return False

    def _is_among(self, found: Iterable[str]) -> bool:
        """Tell whether one of some words begins with this one."""
        return any(word.startswith(self._begin) for word in found)


def cost_in_word(asked: str, word: str, code: str, allowed: int) -> int:
    """Return how far one word is from an asked one: 0 whole, 1 begins, 10 and more a guess.

    Args:
        asked: folded.
        word: folded.
        code: the asked word's sound, "" if sounds do not count.
        allowed: typos that are forgiven.
    """
    if word.startswith(asked[:MAX_PREFIX]):
        return 0 if is_whole(word, asked) else 1
    best = NEVER
    alike = code != "" and sounds_like(sound(word), code)
    if alike:
        letters = OSA.distance(asked, word[: len(asked) + 1])
        best = SOUND_COST + 2 * min(letters, 4)
        if letters >= FAR_LETTERS and len(asked) >= MIN_FAR_LETTERS:
            best = FAR_COSTS[letters > FAR_LETTERS]
    if allowed and (allowed > 1 or _may_be_one_typo_away(asked, word)):
        distance, part = OSA.distance(asked, word, score_cutoff=allowed), 0
        if distance > allowed:
            distance, part = _distance_of_beginning(asked, word, allowed), 1
        if distance <= allowed:
            best = min(best, TYPO_COST * distance + part - alike)
    return best


def _may_be_one_typo_away(asked: str, word: str) -> bool:
    """Tell whether a word may begin with an asked one with one typo: most need no other look.

    The typo stands behind the first letters, or before the last ones, which are as they were asked.
    """
    middle = (len(asked) + 1) // 2
    return word.startswith(asked[: middle - 1]) or asked[middle:] in word


def _distance_of_beginning(asked: str, word: str, allowed: int) -> int:
    """Return how far the nearest beginning of a word is; more than `allowed` where none is near."""
    least = allowed + 1
    for length in range(len(asked) - allowed, min(len(asked) + allowed + 1, len(word))):
        least = min(least, OSA.distance(asked, word[:length], score_cutoff=allowed))
    return least


def sounds_like(spoken: str, code: str) -> bool:
    """Tell whether a word's sound answers an asked one: short ones only as a whole."""
    return spoken == code or (len(code) >= MIN_SOUND_START and spoken.startswith(code))
