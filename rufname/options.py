"""What several commands share: the option that names the configuration.

Law: no output here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from rufname.config import Config, load_config

DEFAULT_CONFIG = "rufname.toml"
CONFIG_VARIABLE = "RUFNAME_CONFIG"

Function = TypeVar("Function", bound=Callable[..., Any])


def config_option(function: Function) -> Function:
    """Add `-c FILE`; the command gets a loaded `Config` as `config`."""
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
        help="The configuration.",
        callback=_load,
    )(function)


def _load(_context: click.Context, _option: click.Parameter, path: Path) -> Config:
    return load_config(path)
