"""`rufname password`: a password's hash for the configuration.

Law: the password is never echoed, never an argument (others see those), never kept.
"""

from __future__ import annotations

import click

from engine.credentials import hash_password
from rufname.errors import RufnameError
from rufname.hidden import typed


class NoPassword(RufnameError):
    """What was given cannot be a password."""


@click.command()
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the first line of standard input.")
def password(*, from_stdin: bool) -> None:
    """Ask for a password twice and print its hash (Argon2id).

    Keep the hash in a file that only the service may read and name the file in the configuration:
    password = { file = "keys/sbc.hash" }
    """
    text = typed("Password", from_stdin=from_stdin)
    if not text:
        raise NoPassword("an empty password is none: clients bind with a password of their own")
    try:
        click.echo(hash_password(text))
    except ValueError as error:
        raise NoPassword(str(error)) from None
