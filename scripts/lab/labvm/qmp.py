"""QEMU's machine protocol: one command, one answer."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any


class QemuError(Exception):
    """QEMU refused a command, or is gone."""


def connect(path: Path, timeout: float = 15.0) -> socket.socket:
    """Connects to a socket that QEMU is about to open.

    Raises:
        QemuError: it did not open it.
    """
    deadline = time.monotonic() + timeout
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(path))
        except OSError as error:
            connection.close()
            if time.monotonic() > deadline:
                raise QemuError(f"{path.name}: {error}") from error
            time.sleep(0.05)
        else:
            return connection


class Qmp:
    """A connection to a running machine's monitor."""

    def __init__(self, path: Path) -> None:
        """Connects to the socket at `path`."""
        self._stream = connect(path).makefile("rw")
        self._stream.readline()
        self("qmp_capabilities")

    def __call__(self, command: str, **arguments: Any) -> Any:
        """Executes a command and returns its answer; events in between are passed over.

        Raises:
            QemuError: with QEMU's description.
        """
        try:
            self._stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
            self._stream.flush()
            while line := self._stream.readline():
                answer = json.loads(line)
                if "error" in answer:
                    raise QemuError(answer["error"]["desc"])
                if "return" in answer:
                    return answer["return"]
        except OSError as error:
            raise QemuError(str(error)) from error
        raise QemuError("the machine is gone")
