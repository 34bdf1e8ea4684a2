"""The app's page: the built files of `relay/web`, out of memory, with what keeps them safe.

Law: no template and no user's data; the page asks the API. The policy lets scripts and styles come
from here only and lets the page be shown within Teams, Outlook and Microsoft 365, nowhere else.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import Parameter
from litestar.response.base import ASGIResponse

from relay.http.accept import takes_gzip
from relay.settings import RelaySettings

FOLDER = Path(__file__).parent.parent / "web" / "page"

FRAMES = (
    "'self'",
    "https://*.cloud.microsoft",
    "https://teams.microsoft.com",
    "https://*.teams.microsoft.com",
    "https://*.microsoft365.com",
    "https://*.office.com",
    "https://outlook.office.com",
    "https://outlook.office365.com",
)
"""Where Microsoft shows tabs (Teams developer documentation, "Tab requirements")."""

TEAMS_ORIGINS = "https://res.cdn.office.net"
"""Where the Teams library fetches the list of Microsoft hosts; without it a built-in one holds."""

_TEXTS = {".html", ".js", ".css", ".svg", ".txt", ".json"}
_FOR_EVER = "public, max-age=31536000, immutable"
"""Of files whose names change with their content."""

_ASK_ANEW = "no-cache"
_LASTING_NAMES = frozenset({"loading.js"})
"""Files that every build has, whatever they contain: what helps where the others do not arrive."""


class _File(msgspec.Struct, frozen=True):
    """A file of the page; `packed` is its gzip form, empty where that is not worth it."""

    body: bytes
    packed: bytes
    media_type: str
    tag: str


def content_policy(settings: RelaySettings) -> str:
    """Return the Content-Security-Policy (CSP level 3) of the page."""
    customer = urlsplit(settings.customer_page)
    frames = f"{customer.scheme}://{customer.netloc}" if customer.netloc else "'none'"
    return _policy(frames, [settings.authority] if settings.tenant else [])


def node_content_policy(authority: str) -> str:
    """Return the policy of the page that a relay serves; users sign in at `authority`.

    Which customer page is framed says the directory, in a sealed answer; the relay knows none.
    """
    return _policy("https:", [authority])


def _policy(frames: str, connects: Sequence[str]) -> str:
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": " ".join(["'self'", TEAMS_ORIGINS, *connects]),
        "frame-src": frames,
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": " ".join(FRAMES),
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def page_routes(policy: str, folder: Path = FOLDER) -> Router:
    """Return the routes of the page, under a Content-Security-Policy.

    Raises:
        OSError: the built files are not there.
    """
    files = _read(folder)
    shell = files["index.html"]
    fields = {
        "content-security-policy": policy,
        "referrer-policy": "no-referrer",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
        "cross-origin-resource-policy": "same-origin",
    }

    @get("/", sync_to_thread=False, include_in_schema=False)
    def page(request: Request[Any, Any, Any]) -> ASGIResponse:
        """Return the page; asked for anew each time, since it names the other files."""
        return _answer(request, shell, {**fields, "cache-control": _ASK_ANEW})

    @get("/assets/{name:str}", sync_to_thread=False, include_in_schema=False)
    def asset(
        request: Request[Any, Any, Any], name: Annotated[str, Parameter(max_length=200)]
    ) -> ASGIResponse:
        """Return a script, style or picture of the page."""
        file = files.get(f"assets/{name}")
        if file is None:
            raise NotFoundException
        keeping = _ASK_ANEW if name in _LASTING_NAMES else _FOR_EVER
        return _answer(request, file, {"cache-control": keeping})

    return Router("/", route_handlers=[page, asset])


def _answer(
    request: Request[Any, Any, Any], file: _File, fields: Mapping[str, str]
) -> ASGIResponse:
    """Return a file, or 304 where the asker has it."""
    codings = ",".join(request.headers.getall("accept-encoding", []))
    is_packed = bool(file.packed) and takes_gzip(codings)
    tag = f'{file.tag[:-1]}-gzip"' if is_packed else file.tag  # a form each: RFC 9110, 8.8.3.3
    headers = {"etag": tag, "vary": "accept-encoding", **fields}
    if _knows(request.headers.get("if-none-match", ""), tag):
        return ASGIResponse(status_code=304, headers=headers)
    if not is_packed:
        return ASGIResponse(body=file.body, headers=headers, media_type=file.media_type)
    headers["content-encoding"] = "gzip"
    return ASGIResponse(body=file.packed, headers=headers, media_type=file.media_type)


def _knows(known: str, tag: str) -> bool:
    """Tell whether a tag is among those of `If-None-Match`; proxies that pack weaken it."""
    return any(each.strip().removeprefix("W/") in (tag, "*") for each in known.split(","))


def _read(folder: Path) -> dict[str, _File]:
    """Read every file of the page, by its path below the folder."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        body = path.read_bytes()
        packed = gzip.compress(body, mtime=0) if path.suffix in _TEXTS else b""
        media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        tag = hashlib.blake2b(body, digest_size=12).hexdigest()
        files[path.relative_to(folder).as_posix()] = _File(body, packed, media_type, f'"{tag}"')
    if "index.html" not in files:
        raise FileNotFoundError(f"{folder}: the built page is missing: npm run build in relay/web")
    return files
