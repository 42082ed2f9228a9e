"""Runs a command and says what it took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

#: Small, so that the memory told is the command's own.
_TAKER: Final = (sys.executable, "-S", Path(__file__).parent.parent / "taker.py")
#: Kept of what a command says.
_KEPT: Final = 4 << 20
#: The exit code of a command that was stopped.
STOPPED: Final = 124


@dataclass(slots=True)
class Took:
    """What a command took.

    Attributes:
        code: exit code; `STOPPED` when it was stopped for taking too long.
        start: when it began, by the monotonic clock.
        wall, cpu: seconds, its children included.
        memory: bytes, the most that it or one of its children had in memory.
        marks: seconds after the start at which it said one of the words watched for.
        output: what it said, the beginning.
    """

    code: int
    start: float
    wall: float
    cpu: float
    memory: int
    marks: dict[str, float] = field(default_factory=dict)
    output: bytes = b""


def run(
    command: Sequence[str | Path],
    *,
    limit: float,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    watch: Sequence[str] = (),
) -> Took:
    """Runs a command to its end, or stops it after `limit` seconds."""
    with tempfile.NamedTemporaryFile() as file:
        process = subprocess.Popen(
            [*_TAKER, file.name, str(limit), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=None if environment is None else {**os.environ, **environment},
        )
        said: dict[str, float] = {}
        output = bytearray()
        assert process.stdout is not None
        while piece := os.read(process.stdout.fileno(), 1 << 16):
            for word in watch:
                if word not in said and word.encode() in piece:
                    said[word] = time.monotonic()
            if len(output) < _KEPT:
                output += piece
        process.stdout.close()
        code = process.wait()
        told = _told(Path(file.name))
    if told["stopped"]:
        code = STOPPED
    start = told["start"]
    marks = {word: when - start for word, when in said.items()}
    return Took(code, start, told["wall"], told["cpu"], told["memory"], marks, bytes(output))


def run_mounted(
    mount: Sequence[str | Path], point: Path, command: Sequence[str | Path], *, limit: float
) -> Took:
    """The same for a file system in user space: mounts it, runs the command, unmounts it again.

    Counted from the start of the mount to the end of the command; processor and memory of both.
    """
    with tempfile.NamedTemporaryFile() as file:
        start = time.monotonic()
        server = subprocess.Popen(
            [*_TAKER, file.name, "0", *mount],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        while not os.path.ismount(point) and server.poll() is None and time.monotonic() < start + limit:
            time.sleep(0.02)
        took = run(command, limit=max(1.0, limit - (time.monotonic() - start)))
        wall = took.start + took.wall - start
        subprocess.run(["fusermount", "-u", point], stderr=subprocess.DEVNULL, check=False)
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.terminate()
            server.wait()
            subprocess.run(["fusermount", "-uz", point], stderr=subprocess.DEVNULL, check=False)
        served = _told(Path(file.name))
    began = served["start"]
    cpu, memory = took.cpu + served["cpu"], max(took.memory, served["memory"])
    return Took(took.code, began, wall - (began - start), cpu, memory, {}, took.output)


def _told(file: Path) -> dict[str, Any]:
    """What the taker has written."""
    told: dict[str, Any] = json.loads(file.read_text())
    return told
