"""Exit codes of the command line."""

from __future__ import annotations

DONE = 0
NO = 1
"""The answer is no: nobody found, a check failed."""

WRONG_USE = 2
FAULT = 3
INTERRUPTED = 130
