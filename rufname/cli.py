"""The command line: which commands there are, and which exit code an error gives.

Law: a command is loaded only when it is run, so that `rufname lookup` pays for nothing else.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click
from typing_extensions import override

from connectors.errors import ConnectorError
from engine.errors import EngineError
from relay.errors import RelayError
from rufname.errors import ConfigError, RufnameError, UnknownName
from rufname.exits import DONE, FAULT, INTERRUPTED, WRONG_USE
from rufname.logstream import is_journal, logs
from rufname.pasting import with_file

_COMMANDS = {
    "demo": ("rufname.demo:demo", "A made-up company, every service running."),
    "serve": ("rufname.serving:serve", "Answer LDAP and HTTP, follow the sources."),
    "sync": ("rufname.syncing:sync", "Read sources into the directory now."),
    "check": ("rufname.checking:check", "Name every fault of configuration, sources, listeners."),
    "preview": ("rufname.discovering:preview", "Show raw records of a source beside its contacts."),
    "discover": ("rufname.discovering:discover", "Fields of a source, and a map to begin with."),
    "lookup": ("rufname.asking:lookup", "Who calls from this number?"),
    "search": ("rufname.asking:search", "Who matches this text?"),
    "trace": ("rufname.tracing:trace", "Follow the requests of clients as they come."),
    "quality": ("rufname.quality:quality", "What is wrong with the numbers of the sources?"),
    "load": ("rufname.loading:load", "How long do callers wait, at how many calls a second?"),
    "capacity": ("rufname.capacity:capacity", "Which machine does a company need?"),
    "status": ("rufname.standing:status", "Sources, last runs, index, workers."),
    "secret": ("rufname.sealing:secret", "Seal passwords of sources in the data folder."),
    "register": ("rufname.registering:register", "Register this directory at a relay."),
    "teams-app": ("rufname.teamsapp:teams_app", "Write the app package for Microsoft Teams."),
    "relay": ("rufname.relaying:relay", "A relay in the cloud for directories without a port."),
    "password": ("rufname.password:password", "Make a password's hash for the configuration."),
}
_INTERNAL = {
    "worker": "rufname.workers:worker",
    "index": "rufname.indexer:index",
    "draft": "rufname.drafting:draft",
}


_log = logging.getLogger("rufname.cli")


class LazyGroup(click.Group):
    """A group that imports the module of a command when the command is asked for."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = _INTERNAL.get(cmd_name) or _COMMANDS.get(cmd_name, ("",))[0]
        if not target:
            return None
        module, _, name = target.partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in _COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rufname", prog_name="rufname")
def rufname() -> None:
    """Put a name to every phone call and every search.

    First steps: `rufname demo` shows everything at work; `rufname check -c FILE` tests an own
    configuration, `rufname serve -c FILE` runs it.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code. What went wrong stands on standard error."""
    named: list[Path] = []  # the configuration, once a command has taken its option
    try:
        code = rufname.main(list(arguments), "rufname", standalone_mode=False, obj=named)
        sys.stdout.flush()
    except BrokenPipeError:
        return _without_reader()
    except SystemExit as ended:
        if ended.code == 1:  # so click and rich end a process with a broken pipe
            return _without_reader()
        raise
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - each gets its exit code
        return _report(error, named[0] if named else None)
    return code if isinstance(code, int) else DONE


def _without_reader() -> int:
    """Return the exit code of a command whose reader has seen enough, as `head` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE


def _report(error: BaseException, file: Path | None) -> int:
    """Print what went wrong and return the exit code it gives; a defect of ours is a fault too.

    Args:
        error: what ended the command.
        file: the configuration, for commands that the message names; None: the command took none.
    """
    match error:
        case click.ClickException():
            error.show()
            return WRONG_USE
        case click.Abort() | KeyboardInterrupt():
            return INTERRUPTED
        case ConfigError() | UnknownName():
            _complain(with_file(str(error), file))
            return WRONG_USE
        case OSError(strerror=str(reason), filename=str(name)):
            _complain(f"rufname: {name}: {reason}")
        case RufnameError() | EngineError() | ConnectorError() | RelayError() | OSError():
            _complain(f"rufname: {with_file(str(error), file)}")
        case _ if logs():  # a service: each event is one line, without values of others
            _log.error("the process cannot go on", exc_info=error)
        case _:
            traceback.print_exception(error)
    return FAULT


def _complain(text: str) -> None:
    """Print what went wrong; the journal of systemd takes each line for an error (sd-daemon(3))."""
    if is_journal(sys.stderr):
        text = "\n".join(f"<3>{line}" for line in text.splitlines())
    click.echo(text, err=True)
