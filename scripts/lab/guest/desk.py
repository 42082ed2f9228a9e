"""The guest's end of the line to the host: `ask` for something to be done there."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import Any

PORT = Path("/dev/virtio-ports/lab.desk")
LOCK = Path("/run/lab-desk.lock")


class Refused(Exception):
    """The host could not do it."""


def ask(deed: str, **details: Any) -> Any:
    """Asks the host for a deed of `labvm/desk.py` and waits until it is done.

    Raises:
        Refused: with the host's reason.
    """
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with PORT.open("r+b", buffering=0) as port:
            port.write(json.dumps({"do": deed, **details}).encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                answer += port.read(65536)
    reply = json.loads(answer)
    if "error" in reply:
        raise Refused(reply["error"])
    return reply["result"]
