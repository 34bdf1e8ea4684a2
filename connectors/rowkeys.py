"""Keys for records that have none: made of what names them, told apart by their order.

Law: pure; a key quotes nothing of the record, so that it may stand in a report. Whoever changes a
name or an address gets a new key: for the directory one contact went and another came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

KEY_BYTES = 12
"""96 bits: two of a million records are the same by chance once in 10^17."""


class RowKeys:
    """Makes the keys of one read, in the order of its records."""

    def __init__(self) -> None:
        self._met: Counter[str] = Counter()

    def key(self, parts: Sequence[str]) -> str:
        """Return the key of a record that these parts name: 24 hexadecimal digits.

        The second record of the same parts gets "-2" behind them, and so on: none is lost.
        """
        text = "\x1f".join(part.strip() for part in parts)
        digest = blake2b(text.encode("utf-8", "replace"), digest_size=KEY_BYTES).hexdigest()
        self._met[digest] += 1
        number = self._met[digest]
        return digest if number == 1 else f"{digest}-{number}"
