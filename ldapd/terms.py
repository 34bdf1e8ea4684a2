"""One term of a filter → candidates in the index and a check of the term itself.

Law: pure code. A term is True, False or Undefined for a contact (RFC 4511 4.5.1.7). Undefined are:
an attribute nobody knows, a matching rule nobody knows, a value that is no UTF-8, a comparison the
attribute has no rule for. False are: a number without a digit, a text that is prepared away.
The candidates are a superset of what the term finds, with the one exception that `planner` names.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from engine.contact import Contact
from engine.phone import DialPlan
from engine.schema import MAX_PREFIX
from engine.selection import AnyOf, Everyone, Prefix, Selection
from engine.tokens import words
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
from ldapd.schema import ASSUMED_CLASSES, TYPES, AttributeType, Texts, attribute_type

Leaf = Equality | Substrings | GreaterOrEqual | LessOrEqual | Present | Approx | Extensible
"""A filter without parts."""

Check = Callable[[Contact], bool | None]
"""A filter on one contact: True, False, or None for Undefined."""

MAX_PREFIX_CHARS = 100
"""Longer assertions are cut where candidates are sought: a shorter prefix finds a superset."""

RULES = frozenset(
    {
        "caseignorematch", "2.5.13.2", "caseignoresubstringsmatch", "2.5.13.4",
        "caseignoreia5match", "1.3.6.1.4.1.1466.109.114.2",
        "telephonenumbermatch", "2.5.13.20", "telephonenumbersubstringsmatch", "2.5.13.21",
    }
)  # fmt: skip
"""Matching rules (RFC 4517 4.2) that an extensible term may name; all mean equality here."""


NOBODY = AnyOf(())
EVERYONE = Everyone()


class Compiled(msgspec.Struct, frozen=True, eq=False):
    """A filter made ready: candidates where it can be true, and the filter itself as a check.

    Attributes:
        selection: a superset of the contacts the check is true for.
        check: the filter itself.
        exact: the check is true for every candidate, so that it need not be run.
        beside: what to select instead in an OR whose other parts are selective; None = `selection`.
    """

    selection: Selection
    check: Check
    exact: bool = False
    beside: Selection | None = None


TRUE = Compiled(EVERYONE, lambda _contact: True, exact=True)
FALSE = Compiled(NOBODY, lambda _contact: False, exact=True)
UNDEFINED = Compiled(NOBODY, lambda _contact: None, exact=True)


def compile_term(leaf: Leaf, dial_plan: DialPlan) -> Compiled:
    """Compile one term: by the kind of its attribute, then by its own kind."""
    found = attribute_type(leaf.attribute)
    if found is None or (isinstance(leaf, Extensible) and not is_known_rule(leaf)):
        return UNDEFINED
    if isinstance(leaf, Present) or _is_bare_star(leaf):
        return presence(found)
    try:
        return _compile(leaf, found, dial_plan)
    except UnicodeDecodeError:
        return UNDEFINED


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
    if found.is_number:
        return Compiled(EVERYONE, lambda contact: bool(contact.phones))
    texts = found.texts
    return Compiled(EVERYONE, lambda contact: bool(texts(contact)))


def _number(leaf: Leaf, found: AttributeType, dial_plan: DialPlan) -> Compiled:
    """A number among other terms: exact, open at either side, or a pattern."""
    if isinstance(leaf, Substrings):
        term = number_terms.join_substrings(leaf, found.name)
        if term is None:
            pattern = number_terms.pattern_of(leaf, dial_plan)
            if not pattern:
                return FALSE
            return Compiled(
                number_terms.pattern_selection(pattern), number_terms.pattern_test(pattern)
            )
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
    return Compiled(EVERYONE, lambda contact: asked in texts(contact))


def _text(leaf: Leaf, found: AttributeType) -> Compiled:
    """A term on a text: candidates by the beginnings of words, where the index holds them."""
    texts: Texts = found.asked
    sought, any_test = "", None
    match leaf:
        case Equality(_, value) | Extensible(_, _, value, _):
            sought = value.decode()
            test = matching.equality_test(sought)
        case Substrings(_, initial, middle, final):
            begin = (initial or b"").decode()
            between = [piece.decode() for piece in middle]
            sought = begin or " ".join(between)
            test = matching.substrings_test(begin, between, (final or b"").decode())
        case GreaterOrEqual(_, value):
            texts = found.texts  # a guess on either side would make any range hold
            test = matching.ordering_test(value.decode(), least=True)
        case LessOrEqual(_, value):
            texts = found.texts
            test = matching.ordering_test(value.decode(), least=False)
        case Approx(_, value):
            sought = value.decode()
            any_test = matching.words_test(sought)
        case _:
            return UNDEFINED
    sought = sought[:MAX_PREFIX_CHARS]
    near = Prefix(sought) if words(sought) else EVERYONE
    selection = near if found.indexed else EVERYONE
    if any_test is not None:
        return Compiled(selection, lambda contact: any_test(texts(contact)), beside=near)
    return Compiled(selection, lambda contact: any(map(test, texts(contact))), beside=near)


def _is_bare_star(leaf: Leaf) -> bool:
    """Tell whether a substring term is nothing but stars: `(cn=**)`, as some clients send."""
    if not isinstance(leaf, Substrings):
        return False
    return leaf.initial is None and leaf.final is None and not any(leaf.any)


def is_known_rule(leaf: Extensible) -> bool:
    """Tell whether an extensible term names an attribute and no rule beyond `RULES`."""
    return leaf.attribute != "" and (leaf.rule == "" or leaf.rule.lower() in RULES)
