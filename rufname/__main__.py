"""`python -m rufname` and the console script `rufname`."""

from __future__ import annotations

import contextlib
import gc
import importlib
import locale
import os
import signal
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper

_LAST_STREAM = 2
"""The number of standard error."""

_RELOADING = frozenset({"serve", "relay"})
"""Commands that read files anew on SIGHUP. One that comes before they can must not end them (which
systemd would take for a clean end): it waits until they unblock it."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    _speak_utf8()
    _have_streams()
    run = _loaded()
    code = run(sys.argv[1:])
    gc.freeze()  # else Python looks through all that is loaded and remembered before it ends
    sys.exit(code)


def _speak_utf8() -> None:
    """Take names of files, and what drivers are told, for UTF-8, whatever the locale says.

    The index does so in any case; the driver manager of ODBC does as the C library says. Python
    decides at its start, so that another locale needs another one; terminals get what they want.
    """
    if sys.getfilesystemencoding() != "utf-8":
        os.environ["PYTHONUTF8"] = "1"
        if sys.stdout is not None:
            os.environ.setdefault("PYTHONIOENCODING", sys.stdout.encoding)
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 - itself
    if locale.nl_langinfo(locale.CODESET) != "UTF-8":
        with contextlib.suppress(locale.Error):  # an old C library
            locale.setlocale(locale.LC_CTYPE, "C.UTF-8")


def _loaded() -> Callable[[Sequence[str]], int]:
    """Load the command line and return its `run`; Ctrl-C meanwhile ends the process silently.

    Python would print where it was, and no `except` stands around the loading of a module.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heeded:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    run: Callable[[Sequence[str]], int] = importlib.import_module("rufname.cli").run
    if heeded:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not _RELOADING.intersection(sys.argv[1:2]):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
    return run


def _have_streams() -> None:
    """Make sure that all can be printed: where a stream was closed, and what has no letter in it.

    A file that is opened while a standard stream is closed takes its number, and what is printed.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _LAST_STREAM:
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - it takes no name
    os.close(descriptor)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
