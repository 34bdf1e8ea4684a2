"""Whose a data folder is: what one user wrote there, another one cannot read (mode 0600).

Law: looks only, makes and changes nothing. A folder that does not exist yet is anybody's.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from rufname.errors import RufnameError

ROOT = 0
_STORE = "contacts.sqlite"
_LIVED_IN = (
    "",
    *(_STORE, f"{_STORE}-wal", f"{_STORE}-shm"),
    *("run", "run/serve.lock", "run/writer.lock"),
    "index",
)
"""What every service opens. Not what is in the index: that is built anew where it must be."""


class ForeignFolder(RufnameError):
    """The data folder is another user's: run the command as that user, or give it to this one."""


def require_own(data_dir: Path) -> None:
    """Make sure that this user may write a data folder, and that its owner can read it afterwards.

    Raises:
        ForeignFolder: the text names the file, its owner, and what to type.
    """
    if fault := barred(data_dir) or _roots_guest(data_dir):
        raise ForeignFolder(fault)


def require_entry(data_dir: Path, names: Sequence[str] = _LIVED_IN) -> None:
    """Make sure that nothing in a data folder keeps this user out because it is another's.

    Args:
        data_dir: the folder.
        names: of the files that are looked at.

    Raises:
        ForeignFolder: the text names the file, its owner, and what to type.
    """
    if fault := barred(data_dir, names):
        raise ForeignFolder(fault)


def barred(data_dir: Path, names: Sequence[str] = _LIVED_IN) -> str:
    """Return which file of a data folder keeps this user out because it is another's; "": none."""
    user = os.geteuid()
    for name in names:
        path = data_dir / name
        try:
            found = path.stat()
        except OSError:  # not there
            continue
        rights = os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)
        if found.st_uid != user and not os.access(path, rights):
            return (
                f"{path} belongs to {_name(found.st_uid)}, and {_name(user)} may not use it:"
                f" run the command as {_name(found.st_uid)}, or give the folder to"
                f" {_name(user)} (chown -R {_name(user)} {quote(str(data_dir))})"
            )
    return ""


def _roots_guest(data_dir: Path) -> str:
    """Return why root must not write here: the service's user could not read what it leaves."""
    if os.geteuid() != ROOT:
        return ""
    try:
        owner = (data_dir / _STORE).stat().st_uid
    except OSError:
        return ""
    if owner == ROOT:
        return ""
    name = _name(owner)
    return (
        f"{data_dir / _STORE} belongs to {name}, who could not read what root writes beside it:"
        f" run the command as that user (runuser -u {name} -- rufname …), or give the folder to"
        f" root (chown -R root {quote(str(data_dir))})"
    )


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
