"""The program, run on a hostile phone twice: `python -m tests.hostile.backing_up PHONE COMMAND...`

Once as it is, and once more with --json; `BETWEEN` stands between what the two say. A process of its own, so
that its memory can be measured: both exit codes, the most memory that it had, in kB and with the needs of the
phone, and the names of what was put on the phone (below `NEW`) are written to the descriptor that the
environment variable FACTS names. Waiting takes a moment only.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from mtpbackup.cli import backup, devices, doctor, linking, ls, restore
from mtpbackup.cli import main as entry
from mtpbackup.engine import listing
from mtpbackup.engine.link import PhoneLink
from mtpbackup.phone import Phone
from mtpbackup.transport.base import Finder
from mtpbackup.virtual import MemoryStore
from mtpbackup.virtual.hostile import HOSTILE
from tests.campaign.hurry import HurriedFinder, HurriedPhone, clock, sleep
from tests.campaign.world import whole

#: Seconds after which the program is ended: it hangs.
LONGEST = 100.0
BETWEEN = "=== the same with --json ==="
#: The folder of a phone in which it is looked at what was put back, and how.
NEW = "New"


def put_back(phone: HurriedPhone) -> dict[str, str]:
    """Names and SHA-256 of the files in the folder `NEW` of a phone."""
    found = {}
    for store in phone.storages:
        assert isinstance(store, MemoryStore)
        folder = store.root.children.get(NEW)
        for node in () if folder is None else folder.children.values():
            if node.content is not None:
                found[node.name] = hashlib.sha256(whole(node.content)).hexdigest()
    return found


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
    for module in (backup, devices, doctor, ls, restore):
        assert hasattr(module, "usb_phones")
        module.usb_phones = usb_phones
    for module in (linking, ls):
        assert hasattr(module, "opener")
        module.opener = lambda via: open_phone
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
    facts = {"codes": codes, "peak": peak, "new": put_back(hostile)}
    if os.environ.get("FACTS"):
        os.write(int(os.environ["FACTS"]), json.dumps(facts).encode())
    os._exit(codes[0])


if __name__ == "__main__":
    main()
