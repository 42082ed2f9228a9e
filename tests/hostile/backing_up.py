"""The program, run on a hostile phone twice: `python -m tests.hostile.backing_up PHONE COMMAND...`

Once as it is, and once more with --json; `BETWEEN` stands between what the two say. A process of its own, so
that its memory can be measured: both exit codes and the most memory that it had, in kB and with the needs of
the phone, are written to the descriptor that the environment variable FACTS names. Waiting takes a moment only.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from mtpbackup.cli import backup, devices, ls
from mtpbackup.cli import main as entry
from mtpbackup.engine import listing
from mtpbackup.engine.link import PhoneLink
from mtpbackup.phone import Phone
from mtpbackup.transport.base import Finder
from mtpbackup.virtual.hostile import HOSTILE
from tests.campaign.hurry import HurriedFinder, HurriedPhone, clock, sleep

#: Seconds after which the program is ended: it hangs.
LONGEST = 100.0
BETWEEN = "=== the same with --json ==="


def main() -> None:
    """Runs one command, both ways."""
    name, *arguments = sys.argv[1:]
    watchdog = threading.Timer(LONGEST, os._exit, (99,))
    watchdog.daemon = True
    watchdog.start()
    hostile = HOSTILE[name](HurriedPhone)
    assert isinstance(hostile, HurriedPhone)
    hostile.patient = True

    @contextmanager
    def usb_phones() -> Iterator[Finder]:
        yield HurriedFinder(hostile)

    open_phone = partial(Phone.open, sleep=sleep, clock=clock)
    for module in (backup, devices, ls):
        module.usb_phones = usb_phones  # type: ignore[attr-defined]
    for module in (backup, ls):
        module.opener = lambda via: open_phone  # type: ignore[attr-defined]
    defaults = PhoneLink.__init__.__kwdefaults__
    assert defaults is not None
    defaults.update(clock=clock, grace=500.0)
    listing._MOST_FOLDERS = 300  # type: ignore[misc]
    codes = []
    for more in ((), ("--json",)):
        hostile.replug()
        sys.argv[1:] = [*arguments, *more]
        try:
            entry.main()
        except SystemExit as end:
            codes.append(end.code if isinstance(end.code, int) else 1)
        for stream in (sys.stdout, sys.stderr):
            print("" if more else BETWEEN, file=stream, flush=True)
    hostile.unplug()
    status = Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    if os.environ.get("FACTS"):
        os.write(int(os.environ["FACTS"]), json.dumps({"codes": codes, "peak": peak}).encode())
    os._exit(codes[0])


if __name__ == "__main__":
    main()
