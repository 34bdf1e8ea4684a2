"""The answer to a call, filled into what depends on its lengths alone.

Law: pure code; the octets are those of `messages.encode_entry` and a result of success.

Source: RFC 4511 4.5.2.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ldapd.protocol.ber import encode_length
from ldapd.protocol.messages import SUCCESS_DONE


class SingleFrame(msgspec.Struct, frozen=True, gc=False):
    """What stands around the parts of an answer of one entry whose attributes all say the same.

    The answer to a call: whatever of it depends on lengths alone is made once for equal lengths.

    Attributes:
        before_id: the head of the entry's message.
        before_name: from behind the message ID to what is one entry's own of its DN.
        around_value: the rest of the entry where its values are left out, and the head of the
            result's message.
    """

    before_id: bytes
    before_name: bytes
    around_value: tuple[bytes, ...]

    @classmethod
    def of(
        cls,
        identifier_octets: int,
        dn: tuple[bytes, int, bytes],
        names: Sequence[bytes],
        value_octets: int,
    ) -> SingleFrame:
        """Return the frame of an answer.

        Args:
            identifier_octets: of the whole element of the message ID.
            dn: how all DNs begin, how many octets are each one's own, and how all end.
            names: the elements of the attribute descriptions, at least one.
            value_octets: of the one value of each attribute.
        """
        value_head = b"\x04" + encode_length(value_octets)
        set_head = b"\x31" + encode_length(len(value_head) + value_octets) + value_head
        heads = [
            b"\x30" + encode_length(len(name) + len(set_head) + value_octets) + name + set_head
            for name in names
        ]
        listed = sum(map(len, heads)) + len(names) * value_octets
        list_head = b"\x30" + encode_length(listed)
        beginning, name_octets, ending = dn
        dn_octets = len(beginning) + name_octets + len(ending)
        dn_head = b"\x04" + encode_length(dn_octets)
        entry = len(dn_head) + dn_octets + len(list_head) + listed
        entry_head = b"\x64" + encode_length(entry)
        message = identifier_octets + len(entry_head) + entry
        done_head = b"\x30" + encode_length(identifier_octets + len(SUCCESS_DONE))
        return cls(
            b"\x30" + encode_length(message),
            entry_head + dn_head + beginning,
            (ending + list_head + heads[0], *heads[1:], done_head),
        )

    def answer(self, identifier: bytes, name: bytes, value: bytes) -> bytes:
        """Return the entry and the result; the parts are as long as they were said to be.

        `name` is what is the entry's own of its DN.
        """
        return b"".join(
            (
                self.before_id,
                identifier,
                self.before_name,
                name,
                value.join(self.around_value),
                identifier,
                SUCCESS_DONE,
            )
        )
