"""`rufname teams-app`: the app package that an administrator uploads to Microsoft Teams."""

from __future__ import annotations

from pathlib import Path

import click

from relay.teams.package import AppSettings, app_package
from rufname.exits import DONE

OUTPUT = Path("rufname-teams.zip")


@click.command("teams-app")
@click.option("--host", required=True, help="Where the page is served over HTTPS: a host name.")
@click.option(
    "--client-id", required=True, help="Application (client) id of the app registration in Entra."
)
@click.option("--name", default="Rufname", show_default=True, help="What users see.")
@click.option("--developer", default="Rufname", show_default=True, help="Who offers the app.")
@click.option("--website", default="", help="About the app; default: the page itself.")
@click.option("--privacy", default="", help="The privacy statement; default: the website.")
@click.option("--terms", default="", help="The terms of use; default: the website.")
@click.option(
    "--version", default="1.0.0", show_default=True, help="A later upload needs a higher one."
)
@click.option("--id", "app_id", default="", help="GUID of the app; default: made of the rest.")
@click.option(
    "--fingerprint",
    "fingerprints",
    multiple=True,
    help="Of the directory, where a relay serves the page: the tab asks no other one. Twice while "
    "it changes its identity: the present one and the next.",
)
@click.option(
    "--message-extension",
    is_flag=True,
    help="With a search for chat messages; the relay and Microsoft read what it asks and finds.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=OUTPUT,
    show_default=True,
    help="The zip file to write.",
)
def teams_app(
    output: Path, *, message_extension: bool, fingerprints: tuple[str, ...], **given: str
) -> int:
    """Write the app package for Microsoft Teams: manifest, icons, texts in German and English."""
    for name in ("host", "client_id", "app_id"):
        given[name] = given[name].lower()
    pins = tuple(each.replace(" ", "").lower() for each in fingerprints)  # as they are shown
    settings = AppSettings(**given, fingerprints=pins, message_extension=message_extension)
    try:
        package = app_package(settings)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    output.write_bytes(package)
    click.echo(
        f"wrote {output}\n"
        f"  page               https://{settings.host}/\n"
        f"  Application ID URI api://{settings.host}/{settings.client_id}\n"
        "next: upload it in the Teams admin center (docs/teams.md, 3)"
    )
    return DONE
