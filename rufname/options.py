"""What several commands share: the option that names the configuration, and opening what it names.

Law: no output here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from engine.index import ContactIndex
from rufname.config import Config, load_config
from rufname.errors import RufnameError

DEFAULT_CONFIG = "rufname.toml"
CONFIG_VARIABLE = "RUFNAME_CONFIG"

Function = TypeVar("Function", bound=Callable[..., Any])


class NothingIndexed(RufnameError):
    """There is no index yet: sync first."""


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


def open_index(config: Config) -> ContactIndex:
    """Return the index of a configuration.

    Raises:
        NothingIndexed: no source has been read yet.
        CorruptIndex: it is damaged.
    """
    index = ContactIndex.open(config.index_dir, config.policies())
    if not index.status().generation:
        raise NothingIndexed(
            f"{config.data_dir} holds no index yet: run `rufname sync -c {config.path}`"
        )
    return index


def _load(_context: click.Context, _option: click.Parameter, path: Path) -> Config:
    return load_config(path)
