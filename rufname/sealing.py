"""`rufname secret`: passwords of sources, sealed in the data folder.

Law: a secret is never echoed, never an argument (others see those), never printed.
"""

from __future__ import annotations

import click
import msgspec

from connectors.sealing import SealedSecrets
from connectors.settings import SecretRef
from rufname.config import Config
from rufname.errors import RufnameError
from rufname.exits import DONE, NO
from rufname.hidden import typed
from rufname.options import draft_config_option


class NoSecret(RufnameError):
    """Nothing can be sealed here: no such field, or an empty secret."""


@click.group()
def secret() -> None:
    """Seal passwords of sources in the data folder (AES-256-GCM).

    In the configuration such a field is  password = { sealed = true }
    """


@secret.command("set")
@click.argument("source")
@click.argument("field")
@draft_config_option
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the first line of standard input.")
def set_(source: str, field: str, config: Config, *, from_stdin: bool) -> None:
    """Ask for the secret of FIELD (such as password) of SOURCE, its name or id, and seal it."""
    by_id = {each.id: each for each in config.sources}
    settings = by_id.get(source) or config.source(source)
    fields = [
        f.name
        for f in msgspec.structs.fields(settings.options)
        if isinstance(getattr(settings.options, f.name), SecretRef)
    ]
    if field not in fields:
        named = ", ".join(fields) or "none"
        raise NoSecret(f"{source} has no secret called {field}; its secrets: {named}")
    text = typed("Secret", from_stdin=from_stdin)
    if not text:
        raise NoSecret("an empty secret is none")
    SealedSecrets(config.keys_dir).seal(settings.id, field, text)
    click.echo(f"sealed: {source} {field}")


@secret.command("list")
@draft_config_option
def list_(config: Config) -> None:
    """Name what is sealed, source and field."""
    for source, field in SealedSecrets(config.keys_dir).names():
        click.echo(f"{source} {field}")


@secret.command()
@click.argument("source")
@click.argument("field")
@draft_config_option
def forget(source: str, field: str, config: Config) -> int:
    """Remove what is sealed for FIELD of SOURCE (the id of a source that is gone will do)."""
    return DONE if SealedSecrets(config.keys_dir).forget(source, field) else NO


@secret.command()
@draft_config_option
def rotate(config: Config) -> None:
    """Make a new key and seal everything anew with it."""
    click.echo(f"sealed anew: {SealedSecrets(config.keys_dir).rotate()}")
