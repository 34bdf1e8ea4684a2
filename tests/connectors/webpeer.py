"""A small HTTP server of our own: a test says what it answers."""

from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

from typing_extensions import override

from tests.connectors.certificates import Authority

Handle = Callable[["Request"], None]


class Request(http.server.BaseHTTPRequestHandler):
    """One request, as a test sees it: `command`, `path`, `headers`, `content`, `answer`."""

    protocol_version = "HTTP/1.1"
    handle_request: Handle
    content = b""

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def dispatch(self) -> None:
        self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
            type(self).handle_request(self)

    do_GET = do_POST = do_REPORT = do_PROPFIND = dispatch  # noqa: N815 - named by http.server

    @override
    def log_message(self, format: str, *args: object) -> None:
        return


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        return  # a client that goes away is what some tests are about


@contextlib.contextmanager
def web_server(
    handle: Handle, authority: Authority | None = None, name: str = "localhost"
) -> Iterator[str]:
    """Serve for a `with` block; yields the URL, without a slash at its end."""
    kind = type("Handler", (Request,), {"handle_request": staticmethod(handle)})
    server = _Server(("127.0.0.1", 0), kind)
    scheme = "http"
    if authority is not None:
        scheme = "https"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.server(name))
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"{scheme}://{name}:{server.server_address[1]}"
    finally:
        server.shutdown()
        with contextlib.suppress(OSError):
            server.socket.shutdown(socket.SHUT_RDWR)
        server.server_close()
        thread.join(5)
