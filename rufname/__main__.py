"""`python -m rufname` and the console script `rufname`."""

from __future__ import annotations

import gc
import sys

from rufname.cli import run


def main() -> None:
    """Run the command line and end the process with its exit code."""
    code = run(sys.argv[1:])
    gc.freeze()  # else Python looks through all that is loaded and remembered before it ends
    sys.exit(code)


if __name__ == "__main__":
    main()
