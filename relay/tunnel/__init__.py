"""The tunnel: sealed questions from a browser, over a relay that cannot read them, to a directory.

`envelope` and `keys` are known to the two ends only. `frames` is what a directory and a relay node
say to each other, `exchange` and `bus` carry questions between them, `connector` is the directory's
end.
"""

from __future__ import annotations
