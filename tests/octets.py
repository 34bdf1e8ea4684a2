"""What hypothesis draws where a client may send anything: octets up to 16 KiB."""

from __future__ import annotations

from hypothesis import strategies as st

MOST = 16 * 1024

_PIECES = st.one_of(
    st.binary(max_size=24),
    st.text(max_size=12).map(lambda text: text.encode("utf-8", "replace")),
    st.sampled_from(
        [b"+49", b"0", b"*", b"%2B", b";ext=", b"sip:", b"@", b"(0)", b"\0", b"\xff", b"-", b" ",
         "\uff11".encode(), "\u0661".encode(), b"tel:", b"\r\n", b"\\2a", b"%", b"<", b'"']
    ),
)  # fmt: skip


def _joined(pieces: list[bytes], times: int) -> bytes:
    return (b"".join(pieces) * times)[:MOST]


octets = st.builds(
    _joined, st.lists(_PIECES, min_size=1, max_size=6), st.sampled_from([1, 1, 1, 2, 50, MOST])
)
"""Short ones, and long ones that repeat themselves: hypothesis has no 16 KiB of chance to spend."""


def has_digit(text: str) -> bool:
    """Tell whether a text has a digit of any script."""
    return any(map(str.isdigit, text))
