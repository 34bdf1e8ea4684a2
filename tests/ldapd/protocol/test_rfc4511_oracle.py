"""A second coder, made from RFC 4511's ASN.1 by other people, reads and writes the same octets."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ldapd.protocol.client import encode_request
from ldapd.protocol.filters import And, Not, Or, parse_filter
from ldapd.protocol.messages import (
    SCOPE_SUB,
    SEARCH_DONE,
    LdapMessage,
    ResultCode,
    SearchRequest,
    UnbindRequest,
    encode_entry,
    encode_extended,
    encode_result,
)
from ldapd.protocol.session import LdapSession
from tests.ldapd.protocol.strategies import full_values, message_ids, messages, texts

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of ldap3 itself, about pyasn1
    from ldap3.operation.search import search_operation
    from ldap3.protocol import rfc4511
    from pyasn1.codec.ber import decoder, encoder


def judged(data: bytes) -> object:
    """Return what the other coder makes of exactly these octets."""
    message, rest = decoder.decode(data, asn1Spec=rfc4511.LDAPMessage())
    assert rest == b""
    return message


def known(message: LdapMessage) -> bool:
    """Tell whether the other coder can read the request: its schema loses and, or, not on reading.

    It writes them well, as `test_the_other_client_sends_what_its_filter_says` shows.
    """
    request = message.request
    return not (isinstance(request, SearchRequest) and isinstance(request.filter, And | Or | Not))


# the other coder takes milliseconds a message, and its errors take pages: few, and not shrunk
@settings(max_examples=60, phases=[Phase.explicit, Phase.generate])
@given(messages.filter(known))
def test_the_other_coder_reads_and_writes_our_requests(message: LdapMessage) -> None:
    data = encode_request(message)
    other = judged(data)
    [again] = LdapSession().receive(encoder.encode(other))
    assert again == message


@pytest.mark.parametrize(
    "text",
    [
        "(telephoneNumber=+498999998123)",
        "(&(objectClass=person)(|(telephoneNumber=*8123)(mobile=5*0*3)(cn=mei*)))",
        "(!(cn=*))",
        "(|(!(&(age>=7)(age<=9)))(sn~=Maier)(cn:dn:2.4.6.8:=x)(cn=a\\2ab))",
    ],
)
def test_the_other_client_sends_what_its_filter_says(text: str) -> None:
    message = rfc4511.LDAPMessage()
    message["messageID"] = 7
    message["protocolOp"] = rfc4511.ProtocolOp().setComponentByName(
        "searchRequest",
        search_operation("dc=meta", text, "SUBTREE", "NEVER", ["cn"], 0, 0, False, None, None),  # noqa: FBT003 - its signature
    )
    [received] = LdapSession().receive(encoder.encode(message))
    assert received == LdapMessage(
        7,
        SearchRequest(
            "dc=meta",
            SCOPE_SUB,
            0,
            0,
            0,
            types_only=False,
            filter=parse_filter(text),
            attributes=("cn",),
        ),
    )


@given(
    message_ids,
    texts,
    st.lists(st.tuples(texts.filter(bool), st.lists(full_values, max_size=3)), max_size=4),
)
def test_the_other_coder_reads_our_entries(
    message_id: int, dn: str, attributes: list[tuple[str, list[bytes]]]
) -> None:
    other = judged(encode_entry(message_id, dn, attributes))
    assert other["messageID"] == message_id
    entry = other["protocolOp"]["searchResEntry"]
    assert bytes(entry["object"]) == dn.encode()
    found = [
        (bytes(item["type"]).decode(), [bytes(value) for value in item["vals"]])
        for item in entry["attributes"]
    ]
    assert [(name, sorted(values)) for name, values in found] == [
        (name, sorted(values)) for name, values in attributes
    ]


@given(message_ids, st.sampled_from(list(ResultCode)), texts)
def test_the_other_coder_reads_our_results(message_id: int, code: ResultCode, text: str) -> None:
    done = judged(encode_result(message_id, SEARCH_DONE, code, text))["protocolOp"]["searchResDone"]
    assert int(done["resultCode"]) == code
    assert bytes(done["diagnosticMessage"]) == text.encode()
    extended = judged(encode_extended(message_id, code, "1.2.3", b"v", message=text))
    response = extended["protocolOp"]["extendedResp"]
    assert bytes(response["responseName"]) == b"1.2.3"
    assert bytes(response["responseValue"]) == b"v"


def test_the_other_coder_knows_an_unbind() -> None:
    other = judged(encode_request(LdapMessage(1, UnbindRequest())))
    assert other["protocolOp"].getName() == "unbindRequest"
    with pytest.raises(KeyError):
        other["nothing"]
