"""A firm's own page for customers, on another origin: it keeps what it is told and may ask back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

_PAGE = b"""<!doctype html><html lang="en"><head><title>customer</title></head><body><p>Customer</p>
<script>
window.told = [];
addEventListener("message", (event) => { told.push([event.origin, event.data]); });
function ask(type, value) { parent.postMessage({type, value}, "*"); }
</script></body></html>"""


@contextmanager
def running_customer_page() -> Iterator[str]:
    """Serve the page on loopback for a `with` block; gives its address."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(_PAGE)))
            self.end_headers()
            self.wfile.write(_PAGE)

        @override
        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/card?from=rufname"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
