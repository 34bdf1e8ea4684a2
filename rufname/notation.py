"""How the configuration writes durations, times of day, weekdays, shares, addresses, numbers.

Law: text in, value out; no file, no clock. Every function raises ValueError with what is wrong
and what is allowed, in words that can stand behind the name of a setting.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from connectors.settings import DropLimit
from engine.errors import InvalidNumber
from engine.phone import MAX_E164_DIGITS, DialPlan, ExtensionRange, read_number
from ldapd.settings import Listener
from rufname.tomltables import quote, shown

MIN_PERIOD_S = 1
MAX_PERIOD_S = 31 * 24 * 3600
MAX_DROP_COUNT = 1_000_000_000

DURATION = 'a text from "1s" to "31d": a whole number and s, m, h or d'
TIME_OF_DAY = '"HH:MM" from "00:00" to "23:59", local time'
WINDOW = 'two different times of day such as "20:00-06:00", local time, or "" for all day'
WEEKDAYS = 'mon, tue, wed, thu, fri, sat, sun, or a range of them such as "mon-fri"'
SHARE = f'a share from "0%" to "100%", or a whole number from 0 to {MAX_DROP_COUNT}'
NETWORK = 'a network such as "10.0.0.0/8", "2001:db8::/32", or one address'
LDAP_ADDRESS = '"ldap://HOST:PORT" or "ldaps://HOST:PORT"; without a port 389 or 636'
HTTP_ADDRESS = '"http://HOST:PORT"; without a port 80'
AUTHORITY = '"https://HOST"; "http://HOST:PORT" on this machine'
PROXY = '"environment", "none", or "http://HOST:PORT"; "https://…" for a proxy that speaks TLS'
PAGE_ADDRESS = 'the address of a page, "https://HOST/…", "" for none'
DOMAIN = 'a domain such as "firm.example"'
TRUNK = 'a main number with country code, such as "+49 89 12345"'
EXTENSION_RANGE = 'first and last extension behind a main number: "+49 89 12345-100..-199"'

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DURATION = re.compile(r"(\d{1,9})\s*([smhd])", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)\s*%", re.ASCII)
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_-]+)*\.?", re.ASCII)
_EXTENSION_RANGE = re.compile(
    r"(?P<trunk>.+?)\s*[-–]\s*(?P<low>\d{1,8})\s*(?:\.{2,3}|…)\s*[-–]?\s*(?P<high>\d{1,8})\s*",
    re.ASCII,
)
_MAIN_NUMBER_ZERO = re.compile(r"\s*[-–]\s*0\s*$")


def duration_s(text: str) -> int:
    """Return "15m" as seconds: 1 second to 31 days."""
    found = _DURATION.fullmatch(text.strip())
    seconds = int(found[1]) * _UNITS_S[found[2]] if found else 0
    if not MIN_PERIOD_S <= seconds <= MAX_PERIOD_S:
        raise ValueError(f"got {quote(text)}; allowed: {DURATION}")
    return seconds


def time_of_day(text: str) -> str:
    """Return "HH:MM" as it stands if it is a time of day."""
    if _TIME.fullmatch(text) is None:
        raise ValueError(f"got {quote(text)}; allowed: {TIME_OF_DAY}")
    return text


def window(text: str) -> tuple[str, ...]:
    """Return "HH:MM-HH:MM" as its two times; () for ""."""
    if not text:
        return ()
    first, dash, last = (part.strip() for part in text.partition("-"))
    whole = dash and _TIME.fullmatch(first) and _TIME.fullmatch(last) and first != last
    if not whole:
        raise ValueError(f"got {quote(text)}; allowed: {WINDOW}")
    return first, last


def weekdays(texts: Sequence[str]) -> tuple[int, ...]:
    """Return days and ranges as rising numbers, 0 = Monday; a range may run over Sunday."""
    days: set[int] = set()
    for text in texts:
        first, dash, last = text.strip().lower().partition("-")
        if first not in _DAYS or (dash and last not in _DAYS):
            raise ValueError(f"got {quote(text)}; allowed: {WEEKDAYS}")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        days.update(day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))
    return tuple(sorted(days))


def drop_limit(value: str | int) -> DropLimit:
    """Return "20%" or a count as the most contacts a run may drop; 0 = none at all."""
    if isinstance(value, int):
        if 0 <= value <= MAX_DROP_COUNT:
            return DropLimit(percent=None, count=value)
    else:
        found = _PERCENT.fullmatch(value.strip())
        if found and float(found[1]) <= 100:  # noqa: PLR2004 - a percentage
            return DropLimit(percent=float(found[1]))
    raise ValueError(f"got {shown(value)}; allowed: {SHARE}")


def network(text: str) -> IPv4Network | IPv6Network:
    """Return a network in CIDR notation, or one address as a network of its own."""
    try:
        return ip_network(text.strip())
    except ValueError as error:
        hint = " (bits set behind the prefix length)" if "host bits" in str(error) else ""
        raise ValueError(f"got {quote(text)}{hint}; allowed: {NETWORK}") from None


def ldap_listener(text: str) -> Listener:
    """Return "ldap://HOST:PORT" or "ldaps://…"; port 0 takes a free one."""
    scheme, host, port = _address(text, LDAP_ADDRESS)
    if scheme not in {"ldap", "ldaps"}:
        raise ValueError(f"got {quote(text)}; allowed: {LDAP_ADDRESS}")
    default = 636 if scheme == "ldaps" else 389
    return Listener(host=host, port=default if port is None else port, tls=scheme == "ldaps")


def http_address(text: str) -> tuple[str, int]:
    """Return host and port of "http://HOST:PORT"; port 0 takes a free one."""
    scheme, host, port = _address(text, HTTP_ADDRESS)
    if scheme == "https":
        raise ValueError(f"got https: a proxy before it does TLS; allowed: {HTTP_ADDRESS}")
    if scheme != "http":
        raise ValueError(f"got {quote(text)}; allowed: {HTTP_ADDRESS}")
    return host, 80 if port is None else port


def authority(text: str) -> str:
    """Return "https://HOST" in lower case without a slash at the end; http on loopback only."""
    scheme, host, port = _address(text, AUTHORITY)
    if scheme != "https" and not (scheme == "http" and is_loopback(host)):
        raise ValueError(f"got {quote(text)}; allowed: {AUTHORITY}")
    return _origin(scheme, host, port)


def proxy(text: str) -> str:
    """Return "environment", "none", or the address of an HTTP proxy; its login stands apart."""
    if text in ("environment", "none"):
        return text
    scheme, host, port = _address(text, PROXY)
    if scheme not in ("http", "https"):
        raise ValueError(f"got {quote(text)}; allowed: {PROXY}")
    return _origin(scheme, host, port or (443 if scheme == "https" else 3128))


def page_address(text: str) -> str:
    """Return an address of a page as it stands: https, or http on this machine, no credentials."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"got {quote(text)}; allowed: {PAGE_ADDRESS}") from None
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not (secure and _is_host(host) and text.isascii() and text.isprintable()) or " " in text:
        raise ValueError(f"got {quote(text)}; allowed: {PAGE_ADDRESS}")
    if parts.username is not None or ";" in _origin(parts.scheme, host, port):
        raise ValueError(f"a user name or password has no place here; allowed: {PAGE_ADDRESS}")
    return text


def domain(text: str) -> str:
    """Return a mail domain in lower case."""
    name = text.strip().lower().removeprefix("@")
    if _HOST.fullmatch(name) is None or "." not in name:
        raise ValueError(f"got {quote(text)}; allowed: {DOMAIN}")
    return name


def _origin(scheme: str, host: str, port: int | None) -> str:
    shown_host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown_host}" + ("" if port is None else f":{port}")


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches a listener on `host`; other names are not trusted."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def trunk_digits(text: str, plan: DialPlan) -> str:
    """Return an own main number as E.164 digits; a "-0" at its end is the switchboard's, cut."""
    digits = _own_digits(_MAIN_NUMBER_ZERO.sub("", text), plan, text, TRUNK)
    _refuse_too_long(digits, plan.extension_length[1], text)
    return digits


def extension_range(text: str, plan: DialPlan) -> ExtensionRange:
    """Return "+49 89 12345-100..-199" as a declared range; both ends have as many digits."""
    found = _EXTENSION_RANGE.fullmatch(text)
    if found is None:
        raise ValueError(f"got {quote(text)}; allowed: {EXTENSION_RANGE}")
    low, high = found["low"], found["high"]
    if len(low) != len(high):
        raise ValueError(f"got {quote(text)}, whose ends differ in length: write one range each")
    if low > high:
        raise ValueError(f"got {quote(text)}, which ends before it begins: swap {low} and {high}")
    digits = _own_digits(found["trunk"], plan, text, EXTENSION_RANGE)
    _refuse_too_long(digits, len(low), text)
    return ExtensionRange(digits, low, high)


def _own_digits(number: str, plan: DialPlan, text: str, allowed: str) -> str:
    """Return an own number as E.164 digits; `text` is the whole setting, for faults."""
    try:
        reading = read_number(number, plan)
    except InvalidNumber as error:
        raise ValueError(f"got {quote(text)}: {error.reason}; allowed: {allowed}") from None
    first = reading.numbers[0]
    if len(reading.numbers) > 1 or first.extension:
        raise ValueError(f"got {quote(text)}, which may mean several; allowed: {allowed}")
    return first.digits


def _refuse_too_long(digits: str, extension_digits: int, text: str) -> None:
    if len(digits) + extension_digits > MAX_E164_DIGITS:
        raise ValueError(
            f"got {quote(text)}: with its longest extension it has more than "
            f"{MAX_E164_DIGITS} digits"
        )


def _address(text: str, allowed: str) -> tuple[str, str, int | None]:
    """Split a URL that may only hold scheme, host and port."""
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"got {quote(text)}; allowed: {allowed}") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"a user name or password has no place here; allowed: {allowed}")
    if not host or not _is_host(host) or not _is_bare(parts):
        raise ValueError(f"got {quote(text)}; allowed: {allowed}")
    return parts.scheme, host, port


def _is_bare(parts: SplitResult) -> bool:
    return parts.path in {"", "/"} and not parts.query and not parts.fragment


def _is_host(host: str) -> bool:
    """Tell whether `host` is an address or a host name, in lower case."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        if re.fullmatch(r"[\d.]+", host):  # an address with a fault, not a name
            return False
        return _HOST.fullmatch(host) is not None
    return True
