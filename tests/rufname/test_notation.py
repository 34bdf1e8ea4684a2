"""How the configuration writes durations, days, shares, addresses and numbers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.settings import DropLimit
from engine.phone import DialPlan, ExtensionRange
from ldapd.settings import Listener
from rufname import notation

MUNICH = DialPlan(area_code="89", extension_length=(3, 3))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86_400), ("31 d", 2_678_400)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert notation.duration_s(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "15", "0m", "32d", "1w", "-1s", "1.5h", "15M", "m", "999999999999s", "\u0661\u0665m"],
)
def test_other_durations_are_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(notation.DURATION)):
        notation.duration_s(text)


def test_a_time_of_day_has_two_digits_each() -> None:
    assert notation.time_of_day("00:00") == "00:00"
    assert notation.time_of_day("23:59") == "23:59"
    for text in ("24:00", "2:00", "12:60", "12", "12:00:00", "12:00\n"):
        with pytest.raises(ValueError, match="HH:MM"):
            notation.time_of_day(text)


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        ([], ()),
        (["mon"], (0,)),
        (["mon-fri"], (0, 1, 2, 3, 4)),
        (["sat", "Mon-Wed"], (0, 1, 2, 5)),
        (["fri-mon"], (0, 4, 5, 6)),
        (["sun-sun"], (6,)),
        (["tue-mon"], (0, 1, 2, 3, 4, 5, 6)),
    ],
)
def test_weekdays_are_named_singly_or_as_ranges(texts: list[str], days: tuple[int, ...]) -> None:
    assert notation.weekdays(texts) == days


@pytest.mark.parametrize("text", ["", "mo", "mon-", "-fri", "mon-fri-sun", "monday"])
def test_other_weekdays_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="mon, tue"):
        notation.weekdays([text])


@pytest.mark.parametrize(
    ("value", "limit"),
    [
        ("20%", DropLimit(percent=20.0)),
        ("0%", DropLimit(percent=0.0)),
        ("2.5 %", DropLimit(percent=2.5)),
        ("100%", DropLimit(percent=100.0)),
        (0, DropLimit(percent=None, count=0)),
        (500, DropLimit(percent=None, count=500)),
    ],
)
def test_a_drop_limit_is_a_share_or_a_count(value: str | int, limit: DropLimit) -> None:
    assert notation.drop_limit(value) == limit


def test_a_drop_limit_of_nothing_allows_no_drop() -> None:
    assert not notation.drop_limit(0).allows(1, 100)
    assert not notation.drop_limit("0%").allows(1, 100)
    assert notation.drop_limit("100%").allows(100, 100)


@pytest.mark.parametrize("value", ["20", "101%", "-1%", "%", "100.5%", -1, 1_000_000_001])
def test_other_drop_limits_are_refused(value: str | int) -> None:
    with pytest.raises(ValueError, match="a share from"):
        notation.drop_limit(value)


def test_a_network_may_be_one_address() -> None:
    assert str(notation.network("10.0.0.0/8")) == "10.0.0.0/8"
    assert str(notation.network("192.0.2.7")) == "192.0.2.7/32"
    assert str(notation.network("2001:db8::/32")) == "2001:db8::/32"


def test_a_network_with_host_bits_is_refused_and_says_so() -> None:
    with pytest.raises(ValueError, match="bits set behind the prefix length"):
        notation.network("10.0.0.1/8")
    with pytest.raises(ValueError, match="a network such as"):
        notation.network("intranet")


@pytest.mark.parametrize(
    ("text", "listener"),
    [
        ("ldap://127.0.0.1:1389", Listener("127.0.0.1", 1389)),
        ("ldap://127.0.0.1", Listener("127.0.0.1", 389)),
        ("ldaps://[::1]/", Listener("::1", 636, tls=True)),
        ("LDAP://Localhost:0", Listener("localhost", 0)),
        ("ldap://ldap-1.firm.example:389", Listener("ldap-1.firm.example", 389)),
    ],
)
def test_an_ldap_address_is_scheme_host_and_port(text: str, listener: Listener) -> None:
    assert notation.ldap_listener(text) == listener


@pytest.mark.parametrize(
    "text",
    [
        "",
        "127.0.0.1:389",
        "ldap://",
        "ldap://:389",
        "ldap://127.0.0.1:99999",
        "ldap://127.0.0.1:x",
        "ldap://256.1.1.1",
        "ldap://127.0.0.1/dc=meta",
        "ldap://127.0.0.1?x",
        "ldap://[::1",
        "ldap://a b",
        "ldap://-x.example",
        "http://127.0.0.1",
    ],
)
def test_other_ldap_addresses_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ldap://HOST:PORT"):
        notation.ldap_listener(text)


def test_a_password_in_an_address_is_refused_and_not_quoted() -> None:
    with pytest.raises(ValueError, match="no place here") as caught:
        notation.ldap_listener("ldap://me:hunter2@127.0.0.1")
    assert "hunter2" not in str(caught.value)


def test_an_http_address_has_port_80_unless_it_names_one() -> None:
    assert notation.http_address("http://127.0.0.1:8080") == ("127.0.0.1", 8080)
    assert notation.http_address("http://[::1]") == ("::1", 80)
    with pytest.raises(ValueError, match="a proxy before it does TLS"):
        notation.http_address("https://127.0.0.1:8080")
    with pytest.raises(ValueError, match="http://HOST:PORT"):
        notation.http_address("127.0.0.1:8080")


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("localhost.firm.example", False),
        ("fe80::1%eth0", False),
    ],
)
def test_only_loopback_is_loopback(host: str, *, answer: bool) -> None:
    assert notation.is_loopback(host) is answer


@pytest.mark.parametrize(
    "text", ["+49 89 99998", "+49 (89) 99998-0", "089/99998 - 0", "0049 89 99998", "tel:+498999998"]
)
def test_a_trunk_is_read_in_any_spelling_without_the_zero_of_the_switchboard(text: str) -> None:
    assert notation.trunk_digits(text, MUNICH) == "498999998"


def test_a_trunk_ending_in_a_zero_of_its_own_keeps_it() -> None:
    assert notation.trunk_digits("+49 89 999980", MUNICH) == "4989999980"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no number"),
        ("main", "no digits"),
        ("+49 89 99998 ext. 5", "may mean several"),
        ("+49 89 9999 8000 1", "more than 15 digits"),
    ],
)
def test_other_trunks_are_refused(text: str, why: str) -> None:
    plan = DialPlan(area_code="89", extension_length=(2, 8))
    with pytest.raises(ValueError, match=why):
        notation.trunk_digits(text, plan)


@pytest.mark.parametrize(
    "text",
    [
        "+49 89 99998-100..-199",
        "+49 89 99998-100..199",
        "+49 (0)89 99998 - 100 .. -199",
        "089/99998–100...–199",
        "0049 89 99998-100…-199",
    ],
)
def test_a_range_of_extensions_has_a_main_number_and_two_ends(text: str) -> None:
    assert notation.extension_range(text, MUNICH) == ExtensionRange("498999998", "100", "199")


def test_a_range_may_be_one_extension_or_begin_with_zeros() -> None:
    assert notation.extension_range("+49 89 99998-0..-0", MUNICH).holds("0")
    assert notation.extension_range("+49 89 99998-00..-09", MUNICH).holds("07")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "allowed: first and last extension"),
        ("+49 89 99998", "allowed: first and last extension"),
        ("+49 89 99998-100", "allowed: first and last extension"),
        ("100..199", "allowed: first and last extension"),
        ("main-100..-199", "no digits; allowed: first and last"),
        ("+49 89 99998-10..-199", "differ in length"),
        ("+49 89 99998-199..-100", "swap 199 and 100"),
        ("+49 89 99998 ext. 5-100..-199", "may mean several"),
        ("+49 89 99998 12345-1000..-1999", "more than 15 digits"),
        ("110-0..-9", "service number"),
        ("+49 89 99998-１..-２", "allowed: first and last extension"),  # noqa: RUF001 - full-width
    ],
)
def test_other_ranges_are_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        notation.extension_range(text, MUNICH)


@given(st.text(max_size=40))
def test_no_text_makes_any_of_them_fail_in_another_way(text: str) -> None:
    for parse in (
        notation.duration_s,
        notation.time_of_day,
        notation.drop_limit,
        notation.network,
        notation.ldap_listener,
        notation.http_address,
        lambda raw: notation.weekdays([raw]),
        lambda raw: notation.trunk_digits(raw, MUNICH),
        lambda raw: notation.extension_range(raw, MUNICH),
        lambda raw: notation.extension_range(f"{raw}-10..-19", MUNICH),
    ):
        said = ""
        try:
            parse(text)
        except ValueError as error:
            said = str(error)
        assert "\n" not in said


@given(
    st.sampled_from(["ldap://", "ldaps://"]),
    st.sampled_from(["127.0.0.1", "[::1]", "host.example"]),
    st.integers(1, 65_535),
)
def test_an_address_reads_back_what_a_listener_prints(scheme: str, host: str, port: int) -> None:
    listener = notation.ldap_listener(f"{scheme}{host}:{port}")
    assert notation.ldap_listener(str(listener)) == listener


def test_a_window_is_two_times_of_day() -> None:
    assert notation.window("20:00-06:00") == ("20:00", "06:00")
    assert notation.window("") == ()


@pytest.mark.parametrize("text", ["20:00", "20:00-", "8-18", "06:00-06:00", "24:00-06:00"])
def test_other_windows_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="two different times of day"):
        notation.window(text)
