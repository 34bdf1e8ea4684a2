"""One term of a filter → candidates in the index and a check of the term itself.

Law: pure code. A term is True, False or Undefined for a contact (RFC 4511 4.5.1.7). Undefined are:
an attribute nobody knows, a matching rule nobody knows, a value that is no UTF-8, a comparison the
attribute has no rule for. False are: a number without a digit, a text that is prepared away.
The candidates are a superset of what the term finds.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from engine.contact import Contact
from engine.phone import DialPlan
from engine.selection import (
    AllOf,
    AlphabetRange,
    AnyOf,
    Called,
    Contains,
    Cut,
    EntryIs,
    Everyone,
    Has,
    Prefix,
    Selection,
)
from engine.terms import MAX_PREFIX
from engine.tokens import sort_ranks, words
from ldapd import matching, number_terms
from ldapd.number_terms import NumberTerm
from ldapd.protocol.filters import (
    Approx,
    Equality,
    Extensible,
    GreaterOrEqual,
    LessOrEqual,
    Present,
    Substrings,
)
from ldapd.schema import (
    ASSUMED_CLASSES,
    DN_SYNTAX,
    TYPES,
    AttributeType,
    Texts,
    attribute_type,
    has_language_tag,
    is_of_accounts,
    no_texts,
)

Leaf = Equality | Substrings | GreaterOrEqual | LessOrEqual | Present | Approx | Extensible
"""A filter without parts."""

Check = Callable[[Contact], bool | None]
"""A filter on one contact: True, False, or None for Undefined."""

MAX_PREFIX_CHARS = 100
"""Longer assertions are cut where candidates are sought: a shorter prefix finds a superset."""

EQUALITY_RULES = frozenset(
    {
        "caseignorematch", "2.5.13.2", "caseignoreia5match", "1.3.6.1.4.1.1466.109.114.2",
        "telephonenumbermatch", "2.5.13.20", "objectidentifiermatch", "2.5.13.0",
        "uuidmatch", "1.3.6.1.1.16.2",
    }
)  # fmt: skip
EXACT_RULES = frozenset({"caseexactmatch", "2.5.13.5", "caseexactia5match",
                         "1.3.6.1.4.1.1466.109.114.1"})  # fmt: skip
SUBSTRINGS_RULES = frozenset(
    {
        "caseignoresubstringsmatch", "2.5.13.4", "caseignoreia5substringsmatch",
        "1.3.6.1.4.1.1466.109.114.3", "telephonenumbersubstringsmatch", "2.5.13.21",
    }
)  # fmt: skip
NUMBER_RULES = frozenset({"telephonenumbermatch", "2.5.13.20",
                          "telephonenumbersubstringsmatch", "2.5.13.21"})  # fmt: skip
RULES = EQUALITY_RULES | EXACT_RULES | SUBSTRINGS_RULES
"""Matching rules (RFC 4517 4.2) that an extensible term may name."""


ANY_NUMBER = "searchNumber"
"""What a rule for numbers fits where it names no attribute: all numbers of a contact."""

NOBODY = AnyOf(())
EVERYONE = Everyone()


class Compiled(msgspec.Struct, frozen=True, eq=False):
    """A filter made ready: candidates where it can be true, and the filter itself as a check.

    Attributes:
        selection: a superset of the contacts the check is true for.
        check: the filter itself.
        exact: the check is true for every candidate and never Undefined: it need not be run, and
            the filter's negation is what the selection leaves.
    """

    selection: Selection
    check: Check
    exact: bool = False


TRUE = Compiled(EVERYONE, lambda _contact: True, exact=True)
FALSE = Compiled(NOBODY, lambda _contact: False, exact=True)
UNDEFINED = Compiled(NOBODY, lambda _contact: None)


def compile_term(leaf: Leaf, dial_plan: DialPlan) -> Compiled:
    """Compile one term: by the kind of its attribute, then by its own kind."""
    if isinstance(leaf, Extensible) and leaf.rule:
        return FALSE if is_of_accounts(leaf.attribute) else _ruled(leaf, dial_plan)
    found = attribute_type(leaf.attribute)
    if found is None:
        absent = has_language_tag(leaf.attribute) or is_of_accounts(leaf.attribute)
        return FALSE if absent else UNDEFINED
    if isinstance(leaf, Present) or _is_bare_star(leaf):
        return presence(found)
    if found.syntax == DN_SYNTAX:
        return UNDEFINED  # names of entries have no rule here
    try:
        return _compile(leaf, found, dial_plan)
    except UnicodeDecodeError:
        return UNDEFINED


def _ruled(leaf: Extensible, dial_plan: DialPlan) -> Compiled:
    """An extensible term that names a rule: on one attribute, or on all that the rule fits."""
    rule = leaf.rule.lower()
    if rule not in RULES:
        return UNDEFINED
    if not leaf.attribute:
        return _all_that_fit(leaf, rule, dial_plan)
    if rule in SUBSTRINGS_RULES:
        first, *others = leaf.value.split(b"*")
        if not others:
            return UNDEFINED  # RFC 4517 3.3.30: a substring assertion has a star
        pieces = Substrings(leaf.attribute, first or None, tuple(others[:-1]), others[-1] or None)
        return compile_term(pieces, dial_plan)
    plain = compile_term(Equality(leaf.attribute, leaf.value), dial_plan)
    found = attribute_type(leaf.attribute)
    if rule in EQUALITY_RULES or plain is UNDEFINED or found is None or found.kind != "text":
        return plain
    test, texts = matching.exact_test(leaf.value.decode()), found.texts
    return Compiled(plain.selection, lambda contact: any(map(test, texts(contact))))


def _all_that_fit(leaf: Extensible, rule: str, dial_plan: DialPlan) -> Compiled:
    """A known rule without an attribute (RFC 4511 4.5.1.7.7): true if one that it fits is."""
    fitting = [each.name for each in TYPES if each.kind == "text"]
    if rule in NUMBER_RULES:
        fitting = [ANY_NUMBER]
    parts = [
        _ruled(Extensible(rule, name, leaf.value, dn_attributes=False), dial_plan)
        for name in fitting
    ]
    if parts[0] is UNDEFINED or len(parts) == 1:  # by the value alone, and so all
        return parts[0]
    return Compiled(
        AnyOf(tuple(dict.fromkeys(part.selection for part in parts))),
        lambda contact: any(part.check(contact) for part in parts),
    )


def _compile(leaf: Leaf, found: AttributeType, dial_plan: DialPlan) -> Compiled:
    match found.kind:
        case "number" | "search_number":
            return _number(leaf, found, dial_plan)
        case "search_text":
            return _search_text(leaf, found, dial_plan)
        case "object_class":
            return _object_class(leaf)
        case "id":
            return _identity(leaf, found)
        case "text":
            return _text(leaf, found)


def presence(found: AttributeType) -> Compiled:
    """`(attribute=*)`. On number attributes: any number, as every term on a number asks for any."""
    if found.always:
        return TRUE
    fields = tuple(map(Has, found.fields))
    selection = (fields[0] if len(fields) == 1 else AnyOf(fields)) if fields else EVERYONE
    exact = bool(fields) and not found.inexact
    if found.is_number:
        return Compiled(selection, lambda contact: bool(contact.phones), exact=exact)
    texts = found.texts
    return Compiled(selection, lambda contact: bool(texts(contact)), exact=exact)


def _number_pattern(leaf: Substrings, found: AttributeType, dial_plan: DialPlan) -> Compiled:
    """Several pieces of a number: a pattern of its digits, or the number typed with spaces."""
    patterns = number_terms.pattern_of(leaf, dial_plan)
    if not patterns:
        return FALSE
    selection = number_terms.pattern_selection(patterns)
    fits = number_terms.pattern_test(patterns)
    number = number_terms.spaced_number(leaf, found.name)
    if number is None:
        return Compiled(selection, fits)
    is_it = number_terms.term_test(number, dial_plan)
    if selection != EVERYONE:
        selection = AnyOf((selection, number_terms.term_selection(number, dial_plan)))
    return Compiled(selection, lambda contact: fits(contact) or is_it(contact))


def _number(leaf: Leaf, found: AttributeType, dial_plan: DialPlan) -> Compiled:
    """A number among other terms: exact, open at either side, or a pattern."""
    if isinstance(leaf, Substrings):
        term = number_terms.join_substrings(leaf, found.name)
        if term is None:
            return _number_pattern(leaf, found, dial_plan)
    elif isinstance(leaf, (Equality, Approx, Extensible)):
        term = NumberTerm(leaf.value.decode(), found.name)
    else:
        return UNDEFINED  # RFC 4519 gives numbers no ordering rule
    if not number_terms.has_digit(term.value):
        return FALSE
    return Compiled(
        number_terms.term_selection(term, dial_plan),
        number_terms.term_test(term, dial_plan),
        exact=not term.is_partial,
    )


def _search_text(leaf: Leaf, found: AttributeType, dial_plan: DialPlan) -> Compiled:
    """A pseudo-attribute for anything: each word begins a word in some field; or a number."""
    if isinstance(leaf, Substrings):
        pieces = [piece for piece in (leaf.initial, *leaf.any, leaf.final) if piece]
        text = " ".join(piece.decode() for piece in pieces)
    elif isinstance(leaf, (Equality, Approx, Extensible)):
        text = leaf.value.decode()
    else:
        return UNDEFINED
    if number_terms.is_number_like(text):
        return _number(Substrings(found.name, text.encode(), (), None), found, dial_plan)
    test = matching.words_test(text)
    asked = words(text[:MAX_PREFIX_CHARS])
    if not asked:
        return FALSE
    indexed = [each.texts for each in TYPES if each.indexed]
    return Compiled(
        Prefix(text[:MAX_PREFIX_CHARS]),
        lambda contact: test([text for texts in indexed for text in texts(contact)]),
        exact=all(len(word) <= MAX_PREFIX for word in asked),
    )


def _object_class(leaf: Leaf) -> Compiled:
    """Every entry is a person; classes of other things are false, not Undefined."""
    if isinstance(leaf, (Equality, Approx, Extensible)):
        return TRUE if is_person(leaf.value) else FALSE
    return UNDEFINED  # objectIdentifierMatch has no substrings and no order


def is_person(value: bytes) -> bool:
    """Tell whether an object class, or AD's category (a name or a DN), is one of every entry."""
    name = value.decode(errors="replace").strip().lower()
    return name in ASSUMED_CLASSES or name.startswith("cn=person,")


def _identity(leaf: Leaf, found: AttributeType) -> Compiled:
    if not isinstance(leaf, (Equality, Approx, Extensible)):
        return UNDEFINED
    asked = leaf.value.decode().strip().lower()
    texts = found.texts
    return Compiled(EntryIs(asked), lambda contact: asked in texts(contact), exact=True)


def _text(leaf: Leaf, found: AttributeType) -> Compiled:
    """A term on a text: candidates by the words of the value, wherever they stand in a contact."""
    texts: Texts = found.texts if found.found_by is no_texts else found.asked
    match leaf:
        case Equality(_, value) | Extensible(_, _, value, _):
            selection = _begins(value.decode(), found)
            test = matching.equality_test(value.decode())
        case Substrings(_, initial, middle, final):
            begin, end = (initial or b"").decode(), (final or b"").decode()
            between = [piece.decode() for piece in middle]
            selection = _pieces(begin, [*between, end], found)
            test = matching.substrings_test(begin, between, end)
        case GreaterOrEqual(_, value) | LessOrEqual(_, value):
            texts = found.texts  # a guess on either side would make any range hold
            least = isinstance(leaf, GreaterOrEqual)
            selection = _range(value.decode(), found, least=least)
            test = matching.ordering_test(value.decode(), least=least)
        case Approx(_, value):
            selection = _begins(value.decode(), found)
            any_test = matching.words_test(value.decode())
            return Compiled(selection, lambda contact: any_test(texts(contact)))
        case _:
            return UNDEFINED

    single = found.single
    if single is not None:
        guesses = no_texts if texts is found.texts else found.found_by
        if guesses is no_texts:
            return Compiled(selection, lambda contact: test(single(contact)))

        def single_or_guess(contact: Contact) -> bool:
            return test(single(contact)) or _any(test, guesses(contact))

        return Compiled(selection, single_or_guess)

    return Compiled(selection, lambda contact: _any(test, texts(contact)))


def _any(test: matching.ValueTest, texts: tuple[str, ...]) -> bool:
    for text in texts:  # noqa: SIM110 - any() takes twice as long
        if test(text):
            return True
    return False


def _begins(value: str, found: AttributeType) -> Selection:
    """Return who has words that begin as those of a value do; everyone if it has no word."""
    value = value[:MAX_PREFIX_CHARS]
    if not words(value):
        return EVERYONE
    return Called(value) if found.calls else Prefix(value, everywhere=not found.indexed)


def _pieces(begin: str, others: list[str], found: AttributeType) -> Selection:
    """Return who has the pieces of a substring term somewhere; everyone if they hold no word."""
    parts = [_begins(begin, found)]
    parts += [_contains(piece[:MAX_PREFIX_CHARS], found) for piece in others if words(piece)]
    parts = [part for part in parts if part is not EVERYONE]
    if not parts:
        return EVERYONE
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _contains(piece: str, found: AttributeType) -> Selection:
    """Return who has a piece of an attribute's text somewhere, or more text than is indexed."""
    inside = Contains(piece)
    return AnyOf((inside, *map(Cut, found.fields))) if found.cut else inside


def _range(value: str, found: AttributeType, *, least: bool) -> Selection:
    """Return a stretch of the alphabet for a surname; other attributes have no order of theirs."""
    if found.name != "sn":
        return EVERYONE
    low, high = sort_ranks(matching.prepare(value))
    return AlphabetRange(low=low) if least else AlphabetRange(high=high)


def _is_bare_star(leaf: Leaf) -> bool:
    """Tell whether a substring term is nothing but stars: `(cn=**)`, as some clients send."""
    if not isinstance(leaf, Substrings):
        return False
    return leaf.initial is None and leaf.final is None and not any(leaf.any)


def is_known_rule(leaf: Extensible) -> bool:
    """Tell whether an extensible term names an attribute and no rule but one of equality."""
    return leaf.attribute != "" and (leaf.rule == "" or leaf.rule.lower() in EQUALITY_RULES)
