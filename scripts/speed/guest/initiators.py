"""The initiators that are measured, and how each is asked to list a folder and to copy it.

Folders are paths on the phone's only storage. `into` is an empty folder on the disk; what arrives in it is
compared with what is on the phone before a time counts.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

from .runs import STOPPED, Took, run, run_mounted

#: libmtp resets the phone as it ends, and whoever comes within the next second may lose its first command.
REST: Final = 1.2
_HOME: Final = {"HOME": "/root", "XDG_STATE_HOME": "/tmp/state", "PYTHONFAULTHANDLER": "1"}


class Initiator:
    """A program that speaks MTP.

    Attributes:
        name: as the table calls it.
        limit: seconds after which a run is stopped.
        rest: seconds that the phone is left alone before the next one.
    """

    name = ""
    limit = 90.0
    rest = REST

    def list(self, folder: str) -> Took | None:
        """Lists a folder; None where it can't."""
        return None

    def copy(self, folder: str, into: Path) -> Took | None:
        """Copies what is in a folder; None where it can't."""
        return None

    def send(self, source: Path, folder: str) -> Took | None:
        """Copies files of this computer into a new folder of the phone; None where it can't."""
        return None


class MtpBackup(Initiator):
    """This project's program."""

    name = "mtpbackup"
    limit = 240.0
    rest = 0.2

    def _run(self, *words: str | Path, watch: tuple[str, ...] = ()) -> Took:
        command = [sys.executable, "-m", "mtpbackup", *words]
        return run(command, limit=self.limit, cwd=Path("/"), environment=_HOME, watch=watch)

    def help(self) -> Took:
        """Start and nothing else."""
        return self._run("--help")

    def list(self, folder: str) -> Took | None:
        """See `Initiator`."""
        return self._run("ls", folder)

    def copy(self, folder: str, into: Path) -> Took | None:
        """See `Initiator`."""
        return self._run(
            *("backup", "--to", into, "--new", "--only", "all", "--folder", folder, "--json"),
            watch=('"planned"',),
        )

    def again(self, folder: str, into: Path) -> Took:
        """Copies into a backup that has it all already."""
        return self._run("backup", "--to", into, "--only", "all", "--folder", folder, "--json")

    def send(self, source: Path, folder: str) -> Took | None:
        """See `Initiator`."""
        return self._run("restore", "--from", source, "--into", folder, "--yes", "--json", watch=('"planned"',))

    def transactions(self, folder: str, into: Path) -> dict[str, int]:
        """A copy that is recorded; gives the number of commands by operation. Not for timing."""
        with tempfile.TemporaryDirectory() as kept:
            trace = Path(kept, "trace")
            self._run(
                "--trace",
                trace,
                "--redact",
                "backup",
                "--to",
                into,
                "--new",
                "--only",
                "all",
                "--folder",
                folder,
            )
            return commands(trace)


def commands(trace: Path) -> dict[str, int]:
    """Commands in a recording, by operation code in hex."""
    found: Counter[str] = Counter()
    with trace.open() as lines:
        for entry in map(json.loads, lines):
            data = bytes.fromhex(entry.get("data", "")[:24])
            if entry.get("call") == "write" and len(data) == 12 and data[4:6] == b"\1\0":
                found[f"{int.from_bytes(data[6:8], 'little'):04X}"] += 1
    return dict(found)


class Loop(Initiator):
    """The bare loop in C."""

    name = "C loop"
    limit = 120.0
    rest = 0.2

    def __init__(self, program: Path, serial: str) -> None:
        self._program, self._serial = program, serial

    def list(self, folder: str) -> Took | None:
        """See `Initiator`."""
        return run([self._program, self._serial, "list", folder], limit=self.limit)

    def copy(self, folder: str, into: Path) -> Took | None:
        """See `Initiator`."""
        return run([self._program, self._serial, "get", folder], limit=self.limit)


class MtpTools(Initiator):
    """libmtp's own: lists the whole phone before each file, so only a folder of one file is copied."""

    name = "mtp-tools"

    def list(self, folder: str) -> Took | None:
        """See `Initiator`."""
        return run(["mtp-files"], limit=self.limit)

    def copy(self, folder: str, into: Path) -> Took | None:
        """See `Initiator`."""
        listed = run(["mtp-files"], limit=self.limit).output.decode(errors="replace")
        found = re.findall(r"File ID: (\d+)\s+Filename: (\S+)", listed)
        if len(found) != 1:
            return None
        time.sleep(REST)
        return run(["mtp-getfile", found[0][0], into / found[0][1]], limit=self.limit)


class Aft(Initiator):
    """android-file-transfer's command line."""

    name = "aft-mtp-cli"

    def list(self, folder: str) -> Took | None:
        """See `Initiator`."""
        return run(["aft-mtp-cli", f"ls {folder}"], limit=self.limit)

    def copy(self, folder: str, into: Path) -> Took | None:
        """See `Initiator`."""
        return run(["aft-mtp-cli", f"get {folder}"], limit=self.limit, cwd=into)

    def send(self, source: Path, folder: str) -> Took | None:
        """See `Initiator`."""
        with tempfile.TemporaryDirectory() as there:
            Path(there, folder).symlink_to(source)
            return run(["aft-mtp-cli", f"put {folder}"], limit=self.limit, cwd=Path(there))


class Gphoto(Initiator):
    """gphoto2. Debian's umtp-responder never answers its GetObjectHandles for all storages."""

    name = "gphoto2"

    def list(self, folder: str) -> Took | None:
        """See `Initiator`."""
        return run(["gphoto2", "--list-files"], limit=self.limit)

    def copy(self, folder: str, into: Path) -> Took | None:
        """See `Initiator`."""
        listed = run(["gphoto2", "--list-folders"], limit=self.limit)
        if listed.code == STOPPED:
            return listed
        found = re.search(r"'(/store_[0-9a-f]+)", listed.output.decode(errors="replace"))
        place = f"{found[1] if found else '/store_00010001'}/{folder}"
        return run(["gphoto2", "--folder", place, "--get-all-files"], limit=self.limit, cwd=into)


class Mounted(Initiator):
    """jmtpfs or go-mtpfs, with rsync."""

    def __init__(self, name: str, *foreground: str) -> None:
        self._program, self._foreground = name, foreground
        self.name = f"{name} + rsync"
        self._point = Path("/mnt/mtp")

    def _run(self, *command: str | Path) -> Took:
        self._point.mkdir(exist_ok=True)
        return run_mounted(
            [self._program, *self._foreground, self._point], self._point, command, limit=self.limit
        )

    def list(self, folder: str) -> Took | None:
        """See `Initiator`."""
        return self._run("sh", "-c", f"ls -l {self._point}/*/{folder}")

    def copy(self, folder: str, into: Path) -> Took | None:
        """See `Initiator`."""
        return self._run("sh", "-c", f"rsync -r {self._point}/*/{folder}/ {into}/")

    def send(self, source: Path, folder: str) -> Took | None:
        """See `Initiator`."""
        if self._program == "go-mtpfs":
            return None  # it ends QEMU's phone, and leaves this one's
        # What is not there yet is nothing that the shell finds: it has to be inside the storage first.
        return self._run("sh", "-c", f"cd {self._point}/*/ && mkdir {folder} && cp {source}/* {folder}/")


def compile_loop(source: Path) -> Path:
    """Compiles the loop; gives the program."""
    program = Path("/tmp/loop")
    compiler = shutil.which("gcc") or "tcc"
    subprocess.run([compiler, "-O2", "-o", program, source, "-lusb-1.0"], check=True)
    return program


def peers() -> list[Initiator]:
    """Those written by others."""
    return [MtpTools(), Aft(), Gphoto(), Mounted("jmtpfs", "-f"), Mounted("go-mtpfs")]
