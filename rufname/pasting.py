"""Commands in messages, as they can be pasted into any shell, in any folder.

Law: whoever words a message writes `-c FILE` for the configuration, also where it is not known
(`connectors`); whoever prints or logs it puts the file's own name there.
"""

from __future__ import annotations

from pathlib import Path
from shlex import quote

_PLACE = " -c FILE"


def with_file(text: str, path: Path | None) -> str:
    """Return a message whose commands name the configuration; as it is where there is none."""
    if path is None:
        return text
    return text.replace(_PLACE, f" -c {quote(str(path.absolute()))}")
