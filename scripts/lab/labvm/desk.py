"""The hands at the desk: does outside the machine what the guest asks for, as plugging a phone in.

The guest sends one JSON object a line through a port of its own (`guest/desk.py`) and gets one back.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .qmp import QemuError, Qmp


class Desk:
    """Answers the guest's requests.

    Attributes:
        exit_code: what the guest's command ended with; None while it runs.
    """

    def __init__(self, qmp: Qmp, run: Path) -> None:
        """Uses `qmp` for the machine, and `run`, which the guest sees as /mnt/run, for files."""
        self.exit_code: int | None = None
        self._qmp, self._run = qmp, run
        self._start = time.monotonic()
        self._deeds: dict[str, Callable[..., Any]] = {
            "ready": self._ready,
            "done": self._done,
            "plug-phone": self._plug_phone,
            "plug-stick": self._plug_stick,
            "unplug": self._unplug,
            "monitor": self._monitor,
        }

    def answer(self, line: str) -> str:
        """Does what a line asks for; the answer is a line too."""
        try:
            request = json.loads(line)
            deed = self._deeds[request.pop("do")]
            return json.dumps({"result": deed(**request)}) + "\n"
        except (QemuError, OSError, KeyError, TypeError, ValueError) as error:
            return json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n"

    def _ready(self) -> None:
        print(f"[lab] booted in {time.monotonic() - self._start:.1f} s", file=sys.stderr, flush=True)

    def _done(self, code: int) -> None:
        self.exit_code = code

    def _plug_phone(self, name: str, folder: str, read_only: bool = False) -> None:
        """A phone of QEMU's own (usb-mtp) that serves `folder`, a path below /mnt/run."""
        self._qmp(
            "device_add",
            driver="usb-mtp",
            id=name,
            bus="xhci.0",
            rootdir=str(self._run / folder),
            readonly=read_only,
            desc=name,
            serial=f"{name}-0001",
        )

    def _plug_stick(self, name: str, size: int) -> None:
        """A USB stick of `size` bytes; its content outlives being pulled."""
        path = self._run / f"{name}.stick"
        if not path.exists():
            with path.open("wb") as file:
                file.truncate(size)
        node = f"{name}-node"
        if not any(entry.get("node-name") == node for entry in self._qmp("query-named-block-nodes")):
            self._qmp(
                "blockdev-add",
                driver="raw",
                **{"node-name": node},
                file={"driver": "file", "filename": str(path)},
            )
        self._qmp("device_add", driver="usb-storage", id=name, bus="xhci.0", drive=node, serial=name)

    def _unplug(self, name: str) -> None:
        """Pulls a device's cable; the guest sees it gone at once."""
        self._qmp("device_del", id=name)

    def _monitor(self, line: str) -> Any:
        """Any line of QEMU's monitor for people, as `info usb`."""
        return self._qmp("human-monitor-command", **{"command-line": line})
