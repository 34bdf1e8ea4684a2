"""The login Digest, by the examples of RFC 7616 and what servers send."""

from __future__ import annotations

import re

import pytest

from connectors.digest import Digest

NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def challenge(algorithm: str) -> str:
    return (
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm},'
        f' nonce="{NONCE}", opaque="{OPAQUE}"'
    )


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_the_standard_is_answered_as_it_says(
    algorithm: str, response: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _count: CNONCE)
    digest = Digest.of(challenge(algorithm), "Mufasa", "Circle of Life")
    assert digest is not None
    header = digest.header("GET", "/dir/index.html")
    assert f'response="{response}"' in header
    for part in (f'opaque="{OPAQUE}"', "nc=00000001", "qop=auth,", f"algorithm={algorithm}"):
        assert part in header
    assert "nc=00000002" in digest.header("GET", "/dir/index.html")


def test_of_several_challenges_the_first_that_can_be_met_is() -> None:
    offered = f"Negotiate, {challenge('SHA-512-256')}, {challenge('SHA-256')}, {challenge('MD5')}"
    digest = Digest.of(offered, "a", "b")
    assert digest is not None
    assert "algorithm=SHA-256" in digest.header("GET", "/")


def test_a_challenge_of_the_old_standard_has_no_quality() -> None:
    """RFC 2069; its example, as corrected by its errata."""
    offered = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    digest = Digest.of(offered, "Mufasa", "CircleOfLife")
    assert digest is not None
    header = digest.header("GET", "/dir/index.html")
    assert re.search(r'response="1949323746fe6a43ef61f9606e7febea"', header)
    assert "qop" not in header


@pytest.mark.parametrize(
    "offered",
    [
        "",
        "Negotiate",
        'Basic realm="Digest me"',
        'Digest realm="x"',
        'Digest realm="x", nonce="y", qop="auth-int"',
        'Digest realm="x", nonce="y", algorithm=MD5-sess, qop="auth"',
    ],
)
def test_what_cannot_be_answered_is_no_challenge(offered: str) -> None:
    assert Digest.of(offered, "a", "b") is None
