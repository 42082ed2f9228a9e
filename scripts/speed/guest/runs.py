"""Runs a command and says what it took."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Took:
    """What a command took.

    Attributes:
        code: exit code; 124 when it was stopped for taking too long.
        wall, cpu: seconds, its children included.
        memory: bytes, the most that it or one of its children had in memory.
        marks: seconds after the start at which it said one of the words watched for.
        output: what it said, the beginning.
    """

    code: int
    wall: float
    cpu: float
    memory: int
    marks: dict[str, float] = field(default_factory=dict)
    output: bytes = b""


#: Kept of what a command says.
_KEPT = 4 << 20


def run(
    command: Sequence[str | Path],
    *,
    limit: float,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    watch: Sequence[str] = (),
) -> Took:
    """Runs a command to its end, or stops it after `limit` seconds."""
    start = time.monotonic()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=None if environment is None else {**os.environ, **environment},
        process_group=0,
    )
    timer = threading.Timer(limit, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    marks: dict[str, float] = {}
    output = bytearray()
    assert process.stdout is not None
    while piece := os.read(process.stdout.fileno(), 1 << 16):
        for word in watch:
            if word not in marks and word.encode() in piece:
                marks[word] = time.monotonic() - start
        if len(output) < _KEPT:
            output += piece
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    timer.cancel()
    process.stdout.close()
    code = os.waitstatus_to_exitcode(status)
    process.returncode = code
    if code == -signal.SIGKILL and wall >= limit:
        code = 124
    return Took(code, wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, marks, bytes(output))


def run_mounted(
    mount: Sequence[str | Path], point: Path, command: Sequence[str | Path], *, limit: float
) -> Took:
    """The same for a file system in user space: mounts it, runs the command, unmounts it again.

    Counted from the start of the mount to the end of the command; processor and memory of both.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    server = subprocess.Popen(
        mount, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    while not os.path.ismount(point) and server.poll() is None and time.monotonic() < start + limit:
        time.sleep(0.02)
    took = run(command, limit=max(1.0, limit - (time.monotonic() - start)))
    wall = time.monotonic() - start
    subprocess.run(["fusermount", "-u", point], stderr=subprocess.DEVNULL, check=False)
    try:
        server.wait(5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
        subprocess.run(["fusermount", "-uz", point], stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(took.code, wall, cpu, took.memory, {}, took.output)
