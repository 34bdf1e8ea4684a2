"""A search filter → one question to the index.

Law: pure code: no socket, no clock, no index. Two kinds of plan come out:

- `NumberQuestion`: every filter that names numbers and nothing else (equality, `*N`, `N*`, `*N*`,
  digit-star patterns, any OR of those, an AND with presence and class terms around it) is *one*
  caller look-up, whatever the attribute names. Its clean-up is `engine.phone`'s business.
- `SetQuestion`: everything else is a bounded set of candidates, a superset of what the filter
  finds, and a check of the real filter on each of them, in three-valued logic (RFC 4511 4.5.1.7):
  an unknown attribute, an unknown matching rule or a broken value is Undefined, never an error.

Candidates come from the words of the values (their beginnings, and three letters wherever they
stand), from fields that are set, from stretches of the alphabet; a negation is what its part leaves
where the index knows that part for certain. What is left, such as `(cn=*ei*)` or the negation of a
text, examines entries in turn, up to the limit of the settings.

Over 400 lines: every kind of filter term has its plan here.
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
    Contains,
    Everyone,
    Prefix,
    Selection,
    Without,
)
from ldapd import matching, number_terms
from ldapd.beginnings import beginning
from ldapd.errors import InvalidDn
from ldapd.number_terms import NumberTerm
from ldapd.protocol.dn import parse_dn
from ldapd.protocol.filters import (
    And,
    Approx,
    Equality,
    Extensible,
    Filter,
    Not,
    Or,
    Present,
    Substrings,
)
from ldapd.schema import TYPES, AttributeType, attribute_type, is_of_accounts
from ldapd.terms import (
    EVERYONE,
    FALSE,
    NOBODY,
    TRUE,
    UNDEFINED,
    Check,
    Compiled,
    Leaf,
    compile_term,
    is_known_rule,
    is_person,
    presence,
)

_BEGUN = tuple(each.texts for each in TYPES if each.indexed and not each.cut)


class NumberQuestion(msgspec.Struct, frozen=True):
    """One caller look-up.

    Attributes:
        values: what to look up, in the order of the filter; the first that somebody has counts,
            else the first behind which a company stands, or whose last digits fit one alone. More
            than one only where an OR names different numbers; empty: no digit, nobody.
        attribute: the first number attribute the filter names, "" if that is a pseudo-attribute.
        is_partial: the filter would also take a part of a number ("N*").
        check: what else the filter asks of a contact (`(mail=*)`); None = nothing.
    """

    values: tuple[str, ...]
    attribute: str = ""
    is_partial: bool = False
    check: Check | None = None


class SetQuestion(msgspec.Struct, frozen=True):
    """Candidates, and what to check on each; `check` None: the candidates are the answer.

    Attributes:
        brief: `check` looks at nothing but what an `engine.contact.Card` has.
        begun: what tells who is to be shown first, where the index must not: it knows what is
            hidden from the asker. None = the index does.
    """

    selection: Selection
    check: Check | None = None
    brief: bool = False
    begun: Check | None = None

    def likeliest(self) -> SetQuestion | None:
        """Return the question for those who are to be shown first; None if all are alike.

        Whoever types "mei" into a phone that asks for `*mei*` means Meier, not Schlotmeier.
        """
        first = _word_beginnings(self.selection)
        if first == self.selection:
            return None
        checks = [each for each in (self.check, self.begun) if each is not None]
        return SetQuestion(first, _all_checks(checks) if checks else None, brief=self.brief)


def number_question(search_filter: Filter) -> NumberQuestion | None:
    """Return the caller look-up a filter amounts to, None if it asks for something else.

    Args:
        search_filter: bounded in depth and leaves by the decoder.
    """
    question = None
    if isinstance(search_filter, Equality):  # what every SBC sends: below 1 µs instead of 3
        question = _one_value((search_filter,))
    elif isinstance(search_filter, Or):  # one value over several attributes: 1 µs instead of 7
        question = _one_value(search_filter.parts)
    return question or _number_question(search_filter)


def set_question(
    search_filter: Filter, dial_plan: DialPlan, base: str = "", *, trusting: bool = True
) -> SetQuestion:
    """Return the filter as a set question, number terms included.

    Args:
        search_filter: bounded in depth and leaves by the decoder.
        dial_plan: how the asking client writes numbers.
        base: the DN under which entries are named, for terms on the attributes of DNs.
        trusting: what the index knows holds for what is shown. Where fields are hidden from the
            asker it does not: then every candidate is checked, and nobody is left out unseen.
    """
    names = beginning(search_filter)
    if names is not None:  # what a phone asks: 7 µs instead of 32
        return SetQuestion(names.selection, names.check, brief=names.brief and trusting)
    search_filter = with_dn_terms(search_filter, base)
    compiled = compile_filter(search_filter, dial_plan)
    if not trusting:
        selection, begun = _unreduced(compiled.selection), None
        if _pieces_of(selection):
            begun = _compile(search_filter, dial_plan, _begun_term).check
        return SetQuestion(selection, compiled.check, begun=begun)
    if compiled.exact:
        return SetQuestion(compiled.selection, brief=True)
    return SetQuestion(compiled.selection, compiled.check, brief=_is_brief(search_filter))


def _is_brief(search_filter: Filter) -> bool:
    """Tell whether all attributes of a filter are `AttributeType.brief`; unknown ones ask none."""
    if isinstance(search_filter, (And, Or)):
        return all(map(_is_brief, search_filter.parts))
    if isinstance(search_filter, Not):
        return _is_brief(search_filter.part)
    if isinstance(search_filter, Extensible) and search_filter.rule:
        return False  # perhaps on all attributes
    found = attribute_type(search_filter.attribute)
    return found is None or found.brief


def with_dn_terms(search_filter: Filter, base: str) -> Filter:
    """Return a filter in which `(dc:dn:=meta)` is settled for entries below a base.

    Such a term is true if the DN holds the value, else it asks the entry (RFC 4511 4.5.1.7.7).
    """
    if not _has_dn_terms(search_filter):
        return search_filter

    def settle(leaf: Filter) -> Filter:
        if not isinstance(leaf, Extensible) or not leaf.dn_attributes:
            return leaf
        plain = Extensible(leaf.rule, leaf.attribute, leaf.value, dn_attributes=False)
        return Or((plain, And(()))) if _is_in_dn(leaf, base) else plain

    return _rewritten(search_filter, settle)


def with_mail(search_filter: Filter) -> Filter:
    """Return a filter for a client to which everybody has a `mail`: presence of it is true."""

    def settle(leaf: Filter) -> Filter:
        if isinstance(leaf, Present) and attribute_type(leaf.attribute) is attribute_type("mail"):
            return And(())
        return leaf

    return _rewritten(search_filter, settle)


def _rewritten(search_filter: Filter, settle: Callable[[Filter], Filter]) -> Filter:
    """Return a filter with other leaves; itself where none changes."""
    match search_filter:
        case And(parts) | Or(parts):
            made = tuple(_rewritten(part, settle) for part in parts)
            same = all(new is old for new, old in zip(made, parts, strict=True))
            return search_filter if same else type(search_filter)(made)
        case Not(part):
            inner = _rewritten(part, settle)
            return search_filter if inner is part else Not(inner)
        case _:
            return settle(search_filter)


def _has_dn_terms(search_filter: Filter) -> bool:
    match search_filter:
        case And(parts) | Or(parts):
            return any(map(_has_dn_terms, parts))
        case Not(part):
            return _has_dn_terms(part)
        case _:
            return isinstance(search_filter, Extensible) and search_filter.dn_attributes


def _is_in_dn(leaf: Extensible, base: str) -> bool:
    """Tell whether a base holds the value of a term on DN attributes, case and blanks apart."""
    try:
        rdns = parse_dn(base)
        wanted = matching.prepare(leaf.value.decode())
    except (InvalidDn, UnicodeDecodeError):
        return False
    name = leaf.attribute.lower()
    return any(
        (not name or ava.attribute.lower() == name) and matching.prepare(ava.value) == wanted
        for rdn in rdns
        for ava in rdn
    )


def _one_value(parts: tuple[Filter, ...]) -> NumberQuestion | None:
    """Return the look-up of one value that stands in every part; None for anything less plain."""
    value = b""
    attribute = ""
    for part in parts:
        if type(part) is not Equality:
            return None
        found = attribute_type(part.attribute)
        if found is None or not found.is_number or (value and part.value != value):
            return None
        value = part.value
        if not attribute and found.shown:
            attribute = found.name
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    return NumberQuestion((text,), attribute) if number_terms.has_digit(text) else None


# --- number look-ups ----------------------------------------------------------------------------


def _number_question(search_filter: Filter) -> NumberQuestion | None:
    """Return what `number_question` does, for a filter of any form."""
    parts = _flattened(search_filter, And)
    numbers: list[list[NumberTerm]] = []
    checks: list[Check] = []
    for part in parts:
        terms = _number_terms(part)
        if terms is not None:
            numbers.append(terms)
        elif not _is_decoration(part, checks):
            return None
    if not numbers:
        return None
    values = {tuple(dict.fromkeys(term.value for term in terms)) for terms in numbers}
    if len(values) > 1:
        return None  # two numbers of one contact: a set question
    terms = numbers[0]
    return NumberQuestion(
        values=values.pop(),
        attribute=next((term.attribute for term in terms if term.attribute), ""),
        is_partial=any(term.is_partial for term in terms),
        check=_all_checks(checks) if checks else None,
    )


def _flattened(search_filter: Filter, kind: type[And | Or]) -> list[Filter]:
    """Return the parts of an AND or OR, nested ones flattened in order; else the filter itself."""
    parts: list[Filter] = []
    waiting = [search_filter]
    while waiting:
        part = waiting.pop()
        if isinstance(part, kind):
            waiting.extend(reversed(part.parts))
        else:
            parts.append(part)
    return parts


def people_text(search_filter: Filter) -> str | None:
    """Return what is typed into a people search, None for any other filter.

    That is one term on a pseudo-attribute for anything (`anr`, `searchContact`), alone or beside
    terms that hold for every entry, or ask for a number: `(&(objectClass=person)(anr=mei))`.
    """
    text: str | None = None
    for leaf in _flattened(search_filter, And):
        if isinstance(leaf, (Equality, Approx, Substrings)):
            found = attribute_type(leaf.attribute)
            if found is not None and found.kind == "search_text" and text is None:
                text = _typed_text(leaf)
                if text:
                    continue
        checks: list[Check] = []
        if not _is_decoration(leaf, checks) or checks:
            return None
    return text


def _typed_text(leaf: Equality | Approx | Substrings) -> str:
    """Return the text of a term whose words are all beginnings, "" for any other."""
    if isinstance(leaf, Substrings):
        if leaf.final:
            return ""
        pieces = [piece for piece in (leaf.initial, *leaf.any) if piece]
    else:
        pieces = [leaf.value]
    try:
        return " ".join(piece.decode() for piece in pieces)
    except UnicodeDecodeError:
        return ""


def _number_terms(part: Filter) -> list[NumberTerm] | None:
    """Return the number terms of a leaf or an OR of leaves; None if it holds anything else.

    Terms without a digit are false and those on unknown attributes Undefined: neither can make an
    OR true, so that both are left out and the list may be empty.
    """
    leaves = _flattened(part, Or)
    terms: list[NumberTerm] = []
    met = False
    for leaf in leaves:
        if not isinstance(leaf, (Equality, Substrings, Approx, Extensible)):
            return None
        found = attribute_type(leaf.attribute)
        if found is None:
            continue
        if found.kind not in ("number", "search_number", "search_text"):
            return None
        term = _number_leaf(leaf, found)
        if term is None or (
            found.kind == "search_text" and not number_terms.is_number_like(term.value)
        ):
            return None
        met = True
        if number_terms.has_digit(term.value):
            terms.append(term)
    return terms if met else None


def _number_leaf(
    leaf: Equality | Substrings | Approx | Extensible, found: AttributeType
) -> NumberTerm | None:
    """Return the number a leaf names; None for a pattern, a broken value or an unknown rule."""
    attribute = found.name if found.kind == "number" else ""
    try:
        if isinstance(leaf, Substrings):
            return number_terms.join_substrings(leaf, attribute)
        if isinstance(leaf, Extensible) and not is_known_rule(leaf):
            return None
        return NumberTerm(leaf.value.decode(), attribute)
    except UnicodeDecodeError:
        return None


def _is_decoration(part: Filter, checks: list[Check]) -> bool:
    """Tell whether a part beside a number is presence or true anyway; adds what must be checked."""
    if isinstance(part, Present):
        found = attribute_type(part.attribute)
        if found is None:
            return False
        if not found.always and not found.is_number:
            checks.append(presence(found).check)
        return True
    return _constant(part) is True


def _constant(part: Filter) -> bool | None:  # noqa: PLR0911 - flat for its speed
    """Return what a part is for every contact, None if that hangs on the contact.

    Filters made for Active Directory name the classes they want, and those they do not want:
    `(|(objectClass=user)(objectClass=contact))`, `(!(objectClass=computer))`.
    """
    if isinstance(part, Substrings):  # nearly all of a search for people: first, for its speed
        return False if is_of_accounts(part.attribute) else None
    if isinstance(part, (And, Or)):
        decides = isinstance(part, Or)
        result: bool | None = not decides
        for each in part.parts:
            value = _constant(each)
            if value is decides:
                return decides
            if value is None:
                result = None
        return result
    if isinstance(part, Not):
        value = _constant(part.part)
        return None if value is None else not value
    found = attribute_type(part.attribute)
    if found is not None:
        if isinstance(part, Present):
            return found.always or None
        is_class = isinstance(part, (Equality, Approx)) and found.kind == "object_class"
        return is_person(part.value) if is_class else None
    return False if is_of_accounts(part.attribute) else None


# --- set questions ------------------------------------------------------------------------------


def compile_filter(search_filter: Filter, dial_plan: DialPlan) -> Compiled:
    """Return candidates and check of a filter.

    Constants are folded, double negation is removed. The candidates of a negation are everyone but
    those whom the index knows its part to be true for.
    """
    return _compile(search_filter, dial_plan, compile_term)


def _compile(
    search_filter: Filter, dial_plan: DialPlan, compile_leaf: Callable[[Leaf, DialPlan], Compiled]
) -> Compiled:
    """Return what `compile_filter` does, of terms that are compiled in some way."""
    match search_filter:
        case And(parts):
            return _conjunction([_compile(part, dial_plan, compile_leaf) for part in parts])
        case Or(parts):
            return _disjunction([_compile(part, dial_plan, compile_leaf) for part in parts])
        case Not(Not(part)):
            return _compile(part, dial_plan, compile_leaf)
        case Not(part):
            return _negation(_compile(part, dial_plan, compile_leaf))
        case _:
            return compile_leaf(search_filter, dial_plan)


def _begun_term(leaf: Leaf, dial_plan: DialPlan) -> Compiled:
    """Compile a term whose pieces of texts have to begin words of what is shown of a contact.

    These are the texts that `Prefix` finds, but for those of which the index may lack the end.
    """
    compiled = compile_term(leaf, dial_plan)
    pieces = _pieces_of(compiled.selection)
    if not pieces:
        return compiled
    test = matching.words_test(" ".join(pieces))
    begun: Check = lambda contact: test([each for texts in _BEGUN for each in texts(contact)])  # noqa: E731
    return Compiled(compiled.selection, _all_checks([compiled.check, begun]))


def _pieces_of(selection: Selection) -> list[str]:
    """Return the texts that may begin inside a word."""
    match selection:
        case Contains(text):
            return [text]
        case AllOf(parts) | AnyOf(parts):
            return [text for part in parts for text in _pieces_of(part)]
        case _:
            return []


def _conjunction(parts: list[Compiled]) -> Compiled:
    """AND: false if one part is, else Undefined if one part is (RFC 4511 4.5.1.7)."""
    parts = [part for part in parts if part is not TRUE]
    if any(part is FALSE for part in parts):
        return FALSE
    if not parts:
        return TRUE
    if len(parts) == 1:
        return parts[0]
    selections: list[Selection] = []
    for part in parts:
        if isinstance(part.selection, AllOf):
            selections.extend(part.selection.parts)
        elif not isinstance(part.selection, Everyone):
            selections.append(part.selection)
    selection: Selection = AllOf(tuple(selections)) if selections else EVERYONE
    if NOBODY in selections:
        selection = NOBODY
    elif len(selections) == 1:
        selection = selections[0]
    checks = [part.check for part in parts]
    return Compiled(selection, _all_checks(checks), exact=all(part.exact for part in parts))


def _disjunction(parts: list[Compiled]) -> Compiled:
    """OR: true if one part is, else Undefined if one part is (RFC 4511 4.5.1.7)."""
    parts = [part for part in parts if part is not FALSE]
    if any(part is TRUE for part in parts):
        return TRUE
    if not parts:
        return FALSE
    if len(parts) == 1:
        return parts[0]
    selections: list[Selection] = []
    for part in parts:
        if isinstance(part.selection, AnyOf):
            selections.extend(part.selection.parts)
        else:
            selections.append(part.selection)
    unique = tuple(dict.fromkeys(selections))
    selection: Selection = AnyOf(unique)
    if any(isinstance(each, Everyone) for each in unique):
        selection = EVERYONE
    elif len(unique) == 1:
        selection = unique[0]
    checks = [part.check for part in parts]
    return Compiled(selection, _any_check(checks), exact=all(part.exact for part in parts))


def _negation(part: Compiled) -> Compiled:
    """NOT: Undefined stays Undefined."""
    for constant, opposite in ((TRUE, FALSE), (FALSE, TRUE), (UNDEFINED, UNDEFINED)):
        if part is constant:
            return opposite
    check = part.check

    def negated(contact: Contact) -> bool | None:
        result = check(contact)
        return None if result is None else not result

    if part.exact:
        return Compiled(Without(EVERYONE, part.selection), negated, exact=True)
    return Compiled(EVERYONE, negated)


def _unreduced(selection: Selection) -> Selection:
    """Return a selection that leaves nobody out by what may be hidden from the asker.

    Nothing is taken away from it, and nobody has a place in the alphabet: whoever is called by an
    e-mail address alone stands there under it.
    """
    match selection:
        case Without(included, _):
            return _unreduced(included)
        case AlphabetRange():
            return EVERYONE
        case AllOf(parts):
            return AllOf(tuple(map(_unreduced, parts)))
        case AnyOf(parts):
            return AnyOf(tuple(map(_unreduced, parts)))
        case _:
            return selection


def _word_beginnings(selection: Selection) -> Selection:
    """Return a selection in which pieces of texts stand at the beginning of words alone."""
    match selection:
        case Contains(text):
            return Prefix(text)
        case AllOf(parts):
            return AllOf(tuple(map(_word_beginnings, parts)))
        case AnyOf(parts):
            return AnyOf(tuple(map(_word_beginnings, parts)))
        case _:
            return selection


def _all_checks(checks: list[Check]) -> Check:
    def check(contact: Contact) -> bool | None:
        result: bool | None = True
        for each in checks:
            outcome = each(contact)
            if outcome is False:
                return False
            if outcome is None:
                result = None
        return result

    return check


def _any_check(checks: list[Check]) -> Check:
    def check(contact: Contact) -> bool | None:
        result: bool | None = False
        for each in checks:
            outcome = each(contact)
            if outcome:
                return True
            if outcome is None:
                result = None
        return result

    return check
