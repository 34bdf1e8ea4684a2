"""A password or another secret, typed or sent on standard input.

Law: never echoed, and no part of it in an error.
"""

from __future__ import annotations

import sys

import click

from rufname.errors import RufnameError


class NoText(RufnameError):
    """What was given is no text in UTF-8, which neither a file nor a bind could hold."""


def typed(prompt: str, *, from_stdin: bool) -> str:
    """Return what somebody types twice, or the first line of standard input; "" for nothing.

    Raises:
        NoText: it is no text.
    """
    try:
        if from_stdin or not sys.stdin.isatty():
            text = sys.stdin.readline().rstrip("\r\n")
        else:
            text = click.prompt(prompt, hide_input=True, confirmation_prompt=True, err=True)
        text.encode()
    except UnicodeError:
        raise NoText("that is no text in UTF-8") from None  # the error would hold a part of it
    return text
