"""What the configuration says of the HTTP side: `[relay]`, checked and resolved."""

from __future__ import annotations

import msgspec
from typing_extensions import override


class RelaySettings(msgspec.Struct, frozen=True):
    """`[relay]`.

    Attributes:
        host: address to listen on; plain HTTP beyond loopback needs `allow_plain`.
        port: 1–65535; 0 takes a free one.
        tenant: Entra tenant id; "" = no Teams sign-in.
        allow_plain: serve passwords without TLS beyond loopback.
        max_body_bytes: largest request body.
        max_number_chars: longest caller number that is looked up.
    """

    host: str
    port: int
    tenant: str = ""
    allow_plain: bool = False
    max_body_bytes: int = 16 * 1024
    max_number_chars: int = 200

    @override
    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"
