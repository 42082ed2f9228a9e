"""Clocks that jump, two programs at once, locks left by the dead, and a disk that goes away in mid-run."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mtpbackup.archive import Archive, Writer
from mtpbackup.archive.sums import read_sums
from mtpbackup.engine.reports import Ending, ItemStarted
from mtpbackup.engine.status import archive_status
from mtpbackup.errors import ArchiveBusy, DestinationGone, InterfaceBusy
from mtpbackup.messages import ExitCode, explain
from mtpbackup.virtual import Generated, VirtualPhone
from tests.crash.bench import Bench

DATE = datetime(2024, 5, 6, 7, 8, 12)


@pytest.fixture
def bench(tmp_path):
    with VirtualPhone("pixel", serial="SERIAL-1") as phone:
        bench = Bench(tmp_path / "backup", phone)
        for number in range(8):
            bench.add(
                f"DCIM/Camera/IMG_{number:04}.jpg", Generated(5_000, number), DATE + timedelta(hours=number)
            )
        phone.plug()
        yield bench


def all_is_well(bench, items=8):
    assert bench.run().nothing_new
    assert bench.verify().sound
    assert bench.check_what_is_called_safe() == items


# --- clocks -------------------------------------------------------------------------------------------------

TIMES = {
    "forwards": [datetime(2025, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)],
    "backwards": [datetime(2025, 1, 1, tzinfo=UTC), datetime(2015, 1, 1, tzinfo=UTC)],
    "never set": [datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)],
    "set in between": [datetime(1970, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)],
    "far ahead": [datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)],
}


@pytest.mark.shows("a clock that jumps", sees="a backup like any other", kind="computer")
@pytest.mark.parametrize("how", TIMES)
@pytest.mark.parametrize("in_mid_run", [False, True])
def test_the_clock_jumps(bench, how, in_mid_run):
    first, then = TIMES[how]
    asked = [0]

    def clock():
        asked[0] += 1
        return first if asked[0] % 2 or not in_mid_run else then

    assert bench.run(clock=clock).saved.items == 8
    bench.add("DCIM/Camera/IMG_0100.jpg", Generated(6_000, 100), DATE)
    again = bench.run(clock=(lambda: then) if not in_mid_run else clock)
    assert again.complete
    assert again.saved.items == 1
    with Archive.open(bench.root) as archive:
        (status,) = archive_status(archive).phones
        assert status.last_run_complete
    all_is_well(bench, 9)


@pytest.mark.parametrize("year", [1970, 2099])
def test_what_a_person_reads_of_another_time(bench, year):
    """The whole program, with the clock of its process set wrong: it says a date, and not "in -3 days"."""
    bench.run(clock=lambda: datetime(year, 6, 1, tzinfo=UTC))
    done = subprocess.run(
        [sys.executable, "-m", "mtpbackup", "status", "--to", bench.root],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "8 files safe" in done.stdout
    assert "-" not in done.stdout.split("last checked")[-1].split(")")[0] or str(year) in done.stdout


# --- company ------------------------------------------------------------------------------------------------


@pytest.mark.shows(
    "two programs at once on one backup",
    sees="Another mtpbackup is already working in … (process N).",
    kind="computer",
)
def test_two_runs_on_one_backup(bench):
    """The second is refused, in the middle of the first, and harms nothing."""
    refused = []
    command = [sys.executable, "-m", "mtpbackup", "verify", "--to", bench.root]
    with VirtualPhone("pixel", serial="SERIAL-2") as other:
        other.plug()

        def report(event):
            if isinstance(event, ItemStarted) and not refused:
                with pytest.raises(ArchiveBusy) as caught:
                    Bench(bench.root, other).run()
                refused.append(caught.value)
                # And a program of its own, as a person starts it.
                done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
                refused.append((done.returncode, done.stdout + done.stderr))

        assert bench.run(report=report).complete
    assert refused[0].pid == os.getpid()
    assert explain(refused[0]).exit_code is ExitCode.ANOTHER_RUN
    code, said = refused[1]
    assert code == ExitCode.ANOTHER_RUN, said
    assert "Another mtpbackup is already working in" in said
    assert f"(process {os.getpid()})" in said
    all_is_well(bench)


def test_two_programs_and_one_phone(bench, tmp_path):
    """Each has its own folder: the phone is with the first, and the second is told so."""
    refused = []

    def report(event):
        if isinstance(event, ItemStarted) and not refused:
            with pytest.raises(InterfaceBusy) as caught:
                Bench(tmp_path / "another", bench.phone).run()
            refused.append(caught.value)

    assert bench.run(report=report).complete
    assert explain(refused[0]).exit_code is ExitCode.BUSY
    all_is_well(bench)
    assert Bench(tmp_path / "another", bench.phone).run().complete


def test_the_lock_of_a_killed_program_holds_nobody_up(bench):
    bench.run()
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from mtpbackup.archive import Archive\n"
        "with Archive.open(Path(sys.argv[1])) as archive, archive.lock():\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, bench.root], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert (bench.root / ".mtpbackup" / "lock").read_text() != ""  # its note is still there
    all_is_well(bench)


# --- the disk goes ------------------------------------------------------------------------------------------


@pytest.mark.shows(
    "the disk with the backup is pulled",
    sees="The disk with the backup is gone. Plug it in again …",
    kind="computer",
)
@pytest.mark.parametrize("after", [1, 3, 7])
def test_the_folder_goes_away_in_mid_run(bench, after):
    """As an unmounted disk does: the path leads to an empty folder, in which nothing may be begun."""
    elsewhere = bench.root.with_name("elsewhere")
    bench.run()
    for number in range(20):
        bench.add(f"DCIM/Camera/VID_{number:04}.mp4", Generated(300_000, 50 + number), DATE)
    seen = [0]

    def report(event):
        if isinstance(event, ItemStarted):
            seen[0] += 1
            if seen[0] == after:
                bench.root.rename(elsewhere)
                bench.root.mkdir()

    summary = bench.run(report=report)
    assert isinstance(summary.error, DestinationGone)
    assert summary.ending is Ending.DESTINATION_LOST
    assert list(bench.root.iterdir()) == []
    bench.root.rmdir()
    elsewhere.rename(bench.root)
    assert bench.check_what_is_called_safe() >= summary.saved.items
    assert bench.run().complete
    all_is_well(bench, 28)


@pytest.mark.parametrize("code", [errno.ENODEV, errno.ESTALE, errno.ENOTCONN, errno.ESHUTDOWN])
def test_the_device_goes_away(bench, monkeypatch, code):
    """What the kernel says of a stick that was pulled, a network disk, a FUSE program that died."""
    real = Writer.begin
    left = [3]

    def begin(self, *arguments, **named):
        left[0] -= 1
        if left[0] == 0:

            def gone(*_):
                raise OSError(code, os.strerror(code))

            monkeypatch.setattr("mtpbackup.archive.disk.write_all", gone)
        return real(self, *arguments, **named)

    monkeypatch.setattr(Writer, "begin", begin)
    summary = bench.run()
    assert isinstance(summary.error, DestinationGone)
    monkeypatch.undo()
    assert bench.run().complete
    all_is_well(bench)


def test_the_place_of_an_absent_disk_is_not_filled(bench):
    """What the program remembers, not the folder, tells that a disk is missing."""
    bench.run()
    with Archive.open(bench.root) as archive:
        known = archive.id
    bench.root.rename(bench.root.with_name("elsewhere"))
    bench.root.mkdir()
    with pytest.raises(DestinationGone):
        Archive.create_or_open(bench.root, expected_id=known)
    assert list(Path(bench.root).iterdir()) == []


def test_a_checksum_file_that_a_killed_run_left_short_is_completed(bench):
    """Also by a run that finds nothing new to copy."""
    bench.run()
    sums = bench.root / "SHA256SUMS"
    os.truncate(sums, sums.stat().st_size // 2)
    assert bench.run().nothing_new
    assert set(read_sums(sums)) == set(bench.files())
