"""The program, run on a hostile phone in place of USB: `python -m tests.hostile.backing_up PHONE COMMAND...`

A process of its own, so that its memory and its time can be measured. Waiting takes a moment only. The last line
on the descriptor 3 is the most memory that it ever had, in kB: the phone's own needs are in it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from mtpbackup.cli import backup, devices, ls
from mtpbackup.cli import main as entry
from mtpbackup.engine.link import PhoneLink
from mtpbackup.engine import listing
from mtpbackup.phone import Phone
from mtpbackup.transport.base import Finder
from mtpbackup.virtual.hostile import HOSTILE
from tests.campaign.hurry import HurriedFinder, HurriedPhone, clock, sleep

#: Seconds after which the program is ended: it hangs.
LONGEST = 60.0


def main() -> None:
    """Runs one command."""
    name, *arguments = sys.argv[1:]
    threading.Timer(LONGEST, os._exit, (99,)).start()
    hostile = HOSTILE[name](HurriedPhone)
    assert isinstance(hostile, HurriedPhone)
    hostile.patient = True

    @contextmanager
    def usb_phones() -> Iterator[Finder]:
        yield HurriedFinder(hostile)

    open_phone = partial(Phone.open, sleep=sleep, clock=clock)
    for module in (backup, devices, ls):
        module.usb_phones = usb_phones  # type: ignore[attr-defined]
    backup.opener = lambda via: open_phone  # type: ignore[attr-defined,assignment]
    defaults = PhoneLink.__init__.__kwdefaults__
    assert defaults is not None
    defaults.update(clock=clock, grace=0.0)
    listing._MOST_FOLDERS = 500  # type: ignore[misc]
    hostile.plug()
    code = 0
    try:
        sys.argv[1:] = arguments
        entry.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        hostile.unplug()
    status = Path("/proc/self/status").read_text()
    peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    os.write(3, f"{peak}\n".encode())
    os._exit(code)


if __name__ == "__main__":
    main()
