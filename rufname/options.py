"""What several commands share: the option that names the configuration, files to be written.

Law: no output here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from typing_extensions import override

from rufname.config import Config, load_config

DEFAULT_CONFIG = "rufname.toml"
CONFIG_VARIABLE = "RUFNAME_CONFIG"

Function = TypeVar("Function", bound=Callable[..., Any])


def config_option(function: Function) -> Function:
    """Add `-c FILE`; the command gets a loaded `Config` as `config`, perhaps without hashes."""
    return _option(function, serves=False)


def serving_config_option(function: Function) -> Function:
    """Add `-c FILE` to a command that needs whatever the service is given."""
    return _option(function, serves=True)


def draft_config_option(function: Function) -> Function:
    """Add `-c FILE` to a command that comes before a source has a key and a map."""
    return _option(function, serves=False, draft=True)


def _option(function: Function, *, serves: bool, draft: bool = False) -> Function:
    def load(context: click.Context, _option: click.Parameter, path: Path) -> Config:
        if isinstance(context.obj, list):  # the front door's: for commands in its messages
            context.obj.append(path)
        source = context.get_parameter_source("config")
        if source is ParameterSource.DEFAULT and not path.exists():
            raise click.UsageError(
                f"there is no {path} here: name the configuration by -c FILE, or in"
                f" {CONFIG_VARIABLE}"
            )
        return load_config(path, draft=draft, serves=serves)

    return click.option(
        "-c",
        "--config",
        "config",
        type=click.Path(path_type=Path),
        default=DEFAULT_CONFIG,
        envvar=CONFIG_VARIABLE,
        show_default=True,
        show_envvar=True,
        metavar="FILE",
        help="The configuration; sources may be without key and map."
        if draft
        else "The configuration.",
        callback=load,
    )(function)


class OutputFile(click.Path):
    """A file that long work ends with: that it cannot be written is told before the work."""

    name = "file"

    def __init__(self) -> None:
        """Take a file that exists or not, never a folder."""
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    @override
    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.parent.is_dir():
            self.fail(f"{path.parent} is no folder", param, ctx)
        if not path.exists() and not os.access(path.parent, os.W_OK | os.X_OK):
            self.fail(f"{path.parent} may not be written", param, ctx)
        return path
