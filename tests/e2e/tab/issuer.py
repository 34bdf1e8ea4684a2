"""An issuer of tokens as Entra is one: a key set at Entra's path, tokens with Entra's claims."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jws
from joserfc.jwk import RSAKey
from typing_extensions import override

TENANT = "11111111-2222-4333-8444-555555555555"
CLIENT_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
OID = "99999999-8888-4777-8666-555555555555"
TEAMS = "1fec8e78-bce4-4aaf-ab1b-5451cc387264"


class Issuer:
    """Attributes: `address`, the authority; `asked`, how often its keys were fetched."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked = 0
        self.key = RSAKey.generate_key(2048, {"kid": "test", "use": "sig"})

    @property
    def settings(self) -> dict[str, object]:
        """What `[relay]` says of it."""
        return {"tenant": TENANT, "client_id": CLIENT_ID, "authority": self.address}

    def token(self, **changed: Any) -> str:
        """Return a user's token for us; what is given replaces a claim."""
        now = int(time.time())
        claims = {
            "aud": CLIENT_ID, "iss": f"{self.address}/{TENANT}/v2.0", "iat": now, "nbf": now,
            "exp": now + 3600, "azp": TEAMS, "name": "Erika Beispiel", "oid": OID,
            "scp": "access_as_user", "tid": TENANT, "ver": "2.0", **changed,
        }  # fmt: skip
        header = {"typ": "JWT", "alg": "RS256", "kid": "test"}
        return jws.serialize_compact(header, json.dumps(claims).encode(), self.key)


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """Serve the key set on loopback for a `with` block."""

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            known = self.path.endswith("/discovery/v2.0/keys")  # of one tenant, or of all
            body = json.dumps({"keys": [issuer.key.as_dict(private=False)]}).encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
