"""`rufname demo`: a made-up company, everything read, every service running, one page to try it.

Law: what it shows is real: the same supervisor, workers and commands as everywhere, asked over real
connections. It stays on loopback, in a folder of its own that it removes at the end.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import click

from rufname.config import Config, load_config
from rufname.demo_checks import ask_everything
from rufname.demo_company import CONFIG_NAME, HEAD, make_company
from rufname.demo_page import Shown, port_of, print_answers, print_page
from rufname.errors import RufnameError
from rufname.exits import DONE, FAULT
from rufname.progress import PlainConsole, ProgressView
from rufname.rundir import ServeStatus, serving_pid
from rufname.supervisor import Supervisor
from rufname.syncing import read_now
from rufname.telemetry import configure_logging

FOLDER = Path("var/demo")
MAX_CONTACTS = 10_000_000
LOG_NAME = "serve.log"
READY_LIMIT_S = 60.0


class DemoFailed(RufnameError):
    """The demo cannot be shown; the text says why."""


@click.command()
@click.option(
    "--contacts",
    "count",
    type=click.IntRange(100, MAX_CONTACTS),
    default=50_000,
    show_default=True,
    help="How many the made-up company has.",
)
@click.option("--once", is_flag=True, help="Ask the services, print the answers, stop.")
def demo(count: int, *, once: bool) -> int:
    """Show everything at work on a made-up company's contacts, on this machine only."""
    console = PlainConsole()
    with _folder(once=once) as folder:
        console.print(f"making a company with {count:,} contacts in {folder}", soft_wrap=True)
        company = make_company(folder, count)
        config = load_config(company.config)
        began = time.monotonic()
        with ProgressView() as view:
            reports = read_now(config, config.sources, view.tell, view.note, everything=True)
        read_s = time.monotonic() - began
        for report in reports:
            if report.state != "done":
                raise DemoFailed(report.reason)

        def present(status: ServeStatus) -> int:
            ldap_port, http_port = port_of(status, "ldap"), port_of(status, "http")
            checks = ask_everything(company.config, count, ldap_port, http_port)
            shown = Shown(company, reports, read_s, status, checks, folder / LOG_NAME)
            (print_answers if once else print_page)(shown, console)
            return DONE if all(check.right for check in checks) else FAULT

        with (folder / LOG_NAME).open("a", encoding="utf-8") as log:
            configure_logging("supervisor", form="json", stream=log)
            code = asyncio.run(_serve(config, log, present, once=once))
    if not once:
        console.print("stopped; everything is removed again")
    return code


async def _serve(
    config: Config, log: IO[str], present: Callable[[ServeStatus], int], *, once: bool
) -> int:
    """Run every service; call `present` once they are ready; go on until a signal, or stop."""
    ready: asyncio.Future[ServeStatus] = asyncio.get_running_loop().create_future()
    supervisor = Supervisor(config, ready.set_result, log)
    serving = asyncio.create_task(supervisor.run())
    started: set[asyncio.Future[Any]] = {serving, ready}
    await asyncio.wait(started, timeout=READY_LIMIT_S, return_when="FIRST_COMPLETED")
    if serving.done():
        await serving
        return DONE  # Ctrl-C before anything was shown
    if not ready.done():
        supervisor.stop()
        await serving
        raise DemoFailed(f"not every service was ready within {READY_LIMIT_S:.0f} s")
    presenting = asyncio.create_task(asyncio.to_thread(present, ready.result()))
    shown: set[asyncio.Future[Any]] = {serving, presenting}
    await asyncio.wait(shown, return_when="FIRST_COMPLETED")
    if serving.done():
        presenting.cancel()
        return DONE
    if once or presenting.exception():
        supervisor.stop()
    await serving
    return presenting.result()


@contextmanager
def _folder(*, once: bool) -> Iterator[Path]:
    """Yield an empty folder and remove it at the end.

    Beside the place where the user stands, so that the commands to try are short; where that
    cannot be written, or for `--once`, a temporary one.
    """
    if once or not _is_writable_here():
        with TemporaryDirectory(prefix="rufname-demo-") as folder:
            yield Path(folder)
        return
    _clear(FOLDER)
    FOLDER.mkdir(parents=True, mode=0o700)
    try:
        yield FOLDER
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)


def _is_writable_here() -> bool:
    try:
        FOLDER.parent.mkdir(exist_ok=True)
        probe = FOLDER.parent / ".demo"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def _clear(folder: Path) -> None:
    """Remove what a killed demo left; nothing else is ever removed."""
    if not folder.exists():
        return
    config = folder / CONFIG_NAME
    if not (config.is_file() and config.read_text(encoding="utf-8").startswith(HEAD)):
        raise DemoFailed(f"{folder} exists and is no demo's: move it away")
    pid = serving_pid(folder / "data" / "run")
    if pid is not None:
        raise DemoFailed(f"another demo (process {pid}) runs in {folder}: stop it first")
    shutil.rmtree(folder)
