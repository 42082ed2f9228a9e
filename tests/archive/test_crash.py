"""Killed at every step (SIGKILL): no row without its bytes, and the next run completes and doubles nothing."""

import hashlib
import json
import signal
import sqlite3
import subprocess
import sys

import pytest

from mtpbackup.archive import FileVerified
from tests.archive.conftest import Bytes, key

#: Saves 40 files of 1 kB and one of 3 MB in rounds, and dies before or after the n-th call of one function.
SCRIPT = """
import json, os, signal, sys
from pathlib import Path
from mtpbackup.archive import disk, finishing, parts, pipeline, sums
from tests.archive.conftest import Backup, Bytes, key
from tests.archive.test_crash import content

root, owner, name, when, countdown = sys.argv[1:]
owner = {"disk": disk, "os": os, "finishing": finishing, "sums": sums.Sums, "parts": parts.Parts}[owner]
real, left = getattr(owner, name), [int(countdown)]

def deadly(*arguments, **named):
    left[0] -= 1
    if left[0] == 0 and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = real(*arguments, **named)
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

backup = Backup(Path(root), batch_files=7, flush_every=500_000, linger=0.01)
setattr(owner, name, deadly)
for number in range(41):
    data = content(number)
    incoming = backup.writer.begin(backup.phone, key(f"DCIM/{number}.jpg", len(data)))
    for start in range(incoming.offset, len(data), 100_000):
        incoming.write(Bytes(data[start : start + 100_000]))
    incoming.commit()
    for result in backup.writer.results():
        print(json.dumps([result.path, result.sha256]), flush=True)
for result in backup.writer.close():
    print(json.dumps([result.path, result.sha256]), flush=True)
backup.close()
"""


def content(number):
    seed = hashlib.sha512(b"%d" % number).digest()
    return seed * (47_000 if number == 25 else 16)


STEPS = [
    ("disk", "write_all", "after", 45),
    ("parts", "note_flushed", "after", 4),
    ("disk", "rename_new", "before", 1),
    ("disk", "rename_new", "after", 12),
    ("disk", "sync_folder", "after", 9),
    ("finishing", "record_saved", "before", 2),
    ("finishing", "record_saved", "after", 3),
    ("sums", "add", "after", 2),
    ("sums", "finish", "before", 1),
    ("os", "rename", "after", 1),
]


@pytest.mark.parametrize(("owner", "name", "when", "countdown"), STEPS)
def test_killed(make_backup, tmp_path, owner, name, when, countdown):
    root = tmp_path / "backup"
    arguments = [sys.executable, "-c", SCRIPT, root, owner, name, when, str(countdown)]
    run = subprocess.run(arguments, capture_output=True, timeout=60, check=False)
    assert run.returncode in (-signal.SIGKILL, 0), run.stderr.decode()
    # All that the engine was told is true.
    reported = dict(json.loads(line) for line in run.stdout.splitlines() if line.endswith(b"]"))
    for path, sha256 in reported.items():
        assert hashlib.sha256((root / path).read_bytes()).hexdigest() == sha256
    if (root / ".mtpbackup" / "archive.json").exists():
        with sqlite3.connect(root / ".mtpbackup" / "catalog.sqlite") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()

    backup = make_backup(root)
    # No row without its bytes.
    rows = {file.path: file.sha256 for file in backup.archive.catalog.files()}
    assert reported.items() <= rows.items()
    for path, sha256 in rows.items():
        assert hashlib.sha256((root / path).read_bytes()).hexdigest() == sha256
    # Another run completes, and takes over what has no row.
    known = backup.archive.catalog.known(backup.phone)
    for number in range(41):
        data = content(number)
        if known.find(key(f"DCIM/{number}.jpg", len(data))) is None:
            incoming = backup.writer.begin(backup.phone, key(f"DCIM/{number}.jpg", len(data)))
            assert data[: incoming.offset].endswith(incoming.tail(4096))
            for start in range(incoming.offset, len(data), 100_000):
                incoming.write(Bytes(data[start : start + 100_000]))
            incoming.commit()
    backup.writer.close()
    assert backup.tree() == {f"Pixel 8/Internal/DCIM/{number}.jpg" for number in range(41)}
    events = [event for event in backup.archive.verify() if isinstance(event, FileVerified)]
    assert [event.state.value for event in events] == ["ok"] * 41
    assert backup.partial() == []
    subprocess.run(["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"], cwd=root, check=True)


def test_most_steps_do_kill(tmp_path):
    """The countdowns fit the script: else the test above shows nothing."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "b", "disk", "rename_new", "before", "12"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == -signal.SIGKILL


def test_killed_while_the_backup_is_made(make_backup, tmp_path):
    """Before the marker is written there is no backup, and it can be made again."""
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from mtpbackup.archive import Archive, root\n"
        "root.Root.write_marker = lambda self: os.kill(os.getpid(), signal.SIGKILL)\n"
        "Archive.create_or_open(Path(sys.argv[1]))\n"
    )
    run = subprocess.run([sys.executable, "-c", script, tmp_path / "backup"], timeout=60, check=False)
    assert run.returncode == -signal.SIGKILL
    backup = make_backup(tmp_path / "backup")
    assert backup.saved()
