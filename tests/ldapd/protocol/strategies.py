"""What hypothesis draws for the protocol's tests: filters, requests, controls."""

from __future__ import annotations

from hypothesis import strategies as st

from ldapd.protocol.filters import (
    And,
    Approx,
    Equality,
    Extensible,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Not,
    Or,
    Present,
    Substrings,
)
from ldapd.protocol.messages import (
    MAX_INT,
    AbandonRequest,
    BindRequest,
    CompareRequest,
    Control,
    ExtendedRequest,
    LdapMessage,
    SearchRequest,
    UnbindRequest,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
values = st.binary(max_size=30) | texts.map(str.encode)
full_values = st.binary(min_size=1, max_size=10)
attributes = st.from_regex(
    r"\A(?:[A-Za-z][A-Za-z0-9-]{0,15}|[0-2](?:\.[1-9][0-9]{0,3}){1,3})(?:;[a-z0-9-]{1,5}){0,2}\Z"
)
rules = st.from_regex(r"\A(?:[a-z]{3,20}|[0-2](?:\.[1-9][0-9]{0,3}){1,3})\Z")
message_ids = st.integers(1, MAX_INT)


def _substrings(draw_pieces: tuple[bytes | None, list[bytes], bytes | None]) -> bool:
    initial, pieces, final = draw_pieces
    return initial is not None or final is not None or bool(pieces)


substrings = st.builds(
    lambda attribute, pieces: Substrings(attribute, pieces[0], tuple(pieces[1]), pieces[2]),
    attributes,
    st.tuples(
        st.none() | full_values, st.lists(values, max_size=4), st.none() | full_values
    ).filter(_substrings),
)
extensibles = st.builds(
    Extensible, st.just("") | rules, attributes, values, st.booleans()
) | st.builds(Extensible, rules, st.just(""), values, st.booleans())
terms = (
    st.builds(Equality, attributes, values)
    | substrings
    | st.builds(GreaterOrEqual, attributes, values)
    | st.builds(LessOrEqual, attributes, values)
    | st.builds(Approx, attributes, values)
    | st.builds(Present, attributes)
    | extensibles
)


def _operators(part: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    parts = st.lists(part, max_size=4).map(tuple)
    return st.builds(And, parts) | st.builds(Or, parts) | st.builds(Not, part)


filters: st.SearchStrategy[Filter] = st.recursive(terms, _operators, max_leaves=12)

controls = st.builds(
    Control,
    st.sampled_from(["1.2.840.113556.1.4.319", "2.16.840.1.113730.3.4.2", "1.2.3"]),
    st.booleans(),
    st.none() | values,
)
searches = st.builds(
    SearchRequest,
    texts,
    st.integers(0, 2),
    st.integers(0, 3),
    st.integers(0, MAX_INT),
    st.integers(0, MAX_INT),
    st.booleans(),
    filters,
    st.lists(attributes | st.sampled_from(["*", "+", "1.1"]), max_size=8).map(tuple),
)
requests = (
    searches
    | st.builds(
        BindRequest, st.integers(1, 127), texts, st.sampled_from(["", "PLAIN", "EXTERNAL"]), values
    )
    | st.builds(UnbindRequest)
    | st.builds(CompareRequest, texts, attributes, values)
    | st.builds(AbandonRequest, st.integers(0, MAX_INT))
    | st.builds(ExtendedRequest, rules, st.none() | values)
)
messages = st.builds(LdapMessage, message_ids, requests, st.lists(controls, max_size=3).map(tuple))
