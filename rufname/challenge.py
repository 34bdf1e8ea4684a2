"""Does another identity want this directory's place at the relay? Asked every hour, and said.

A registration with other keys waits for three days (`relay.tunnel.registration`); this is how the
people here hear of it in time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from relay.errors import KeysUnusable
from relay.http.registration import StandingAnswer
from relay.tunnel.enrolment import Enrolment
from relay.tunnel.keys import grouped
from relay.tunnel.settings import TunnelSettings
from rufname.pasting import with_file
from rufname.registrar import Registrar, RelayRefuses, web_client

PERIOD_S = 3600.0

_log = logging.getLogger("rufname.tunnel")


class ChallengeWatch:
    """Asks the relay; attributes: `challenged`, 1 while another identity's registration waits."""

    def __init__(self, keys_dir: Path, settings: TunnelSettings, file: Path | None = None) -> None:
        """Ask nothing yet; `file` is the configuration, for the command that is logged."""
        self._file = file
        self._keys_dir = keys_dir
        self._settings = settings
        self.challenged = 0

    async def run(self, period_s: float = PERIOD_S) -> None:
        """Ask for ever; a relay that cannot be asked is asked again at the next time."""
        while True:
            try:
                standing = await asyncio.to_thread(self._ask)
            except (RelayRefuses, KeysUnusable, OSError) as error:
                _log.debug("the registration cannot be looked at: %s", error)
            else:
                self._say(standing)
            await asyncio.sleep(period_s)

    def _ask(self) -> StandingAnswer | None:
        enrolment = Enrolment.load(self._keys_dir)
        if enrolment is None:
            return None
        with web_client(self._settings) as web:
            return Registrar(web, enrolment.relay).standing(enrolment.tid)

    def _say(self, standing: StandingAnswer | None) -> None:
        self.challenged = int(standing is not None and standing.waiting_until > 0)
        if standing is not None and self.challenged:
            _log.warning(
                with_file(
                    "another identity wants this directory's place at the relay: refuse it with "
                    "`rufname register -c FILE --keep`",
                    self._file,
                ),
                extra={
                    "fields": {
                        "fingerprint": grouped(standing.waiting_fingerprint),
                        "after": time.strftime(
                            "%Y-%m-%dT%H:%MZ", time.gmtime(standing.waiting_until)
                        ),
                    }
                },
            )
