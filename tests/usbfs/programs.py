"""The unmodified program as a process on the emulated bus, and a person who does what it asks for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.usbfs.plugin import LIMIT

Fact = dict[str, Any]

#: The program as it is, but that it loses patience with a silent phone after seconds instead of minutes, reads
#: files of 40 kB in pieces, as it does large ones, and takes 300 folders for too many.
IN_A_HURRY = """
from mtpbackup.session.pace import Pace
for pace in Pace:
    pace._value_ = min(pace.value, 3.0)
from mtpbackup.phone import reading
reading.WHOLE_LIMIT, reading.PIECE = 40_000, 16_384
from mtpbackup.engine import listing
listing._MOST_FOLDERS = 300
from mtpbackup.cli.main import main
main()
"""


@dataclass
class Ended:
    """How a run ended and what it said."""

    code: int
    facts: list[Fact] = field(default_factory=list)

    @property
    def last(self) -> Fact:
        """Its last word."""
        return self.facts[-1]


def run_attended(
    environment: dict[str, str], *words: object, attend: Callable[[Fact], object], limit: float = 3 * LIMIT
) -> Ended:
    """Runs `mtpbackup WORDS --json` to its end; `attend` hears each thing it says.

    Raises:
        AssertionError: it said something that is no JSON, or did not end in time.
    """
    with subprocess.Popen(
        [sys.executable, "-c", IN_A_HURRY, *map(str, words), "--json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        timer = threading.Timer(limit, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        facts: list[Fact] = []
        assert process.stdout is not None
        try:
            for line in process.stdout:
                assert line.startswith("{"), f"{line}{process.stdout.read()}"
                facts.append(json.loads(line))
                attend(facts[-1])
        finally:
            if process.poll() is None and sys.exc_info()[0] is not None:
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
            timer.cancel()
    assert code >= 0, f"it did not end within {limit:g} s: {facts[-5:]}"
    return Ended(code, facts)
