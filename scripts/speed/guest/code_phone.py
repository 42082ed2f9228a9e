"""`python -m speed.guest.code_phone N`: the phone made of code with N photos, plugged into this kernel.

Prints its serial number once it is plugged in. For each line of standard input it prints the transactions since
the last one, as JSON; ends with its end.
"""

from __future__ import annotations

import json
import sys

from mtpbackup.virtual import Generated, MemoryStore, VirtualPhone
from mtpbackup.virtual.functionfs import GadgetPhone
from mtpbackup.virtual.functionfs.gadget import prepare_kernel


def main() -> None:
    """Plugs it in and answers."""
    prepare_kernel()
    store = MemoryStore()
    for number in range(int(sys.argv[1])):
        store.add(
            f"DCIM/Camera/IMG_{number:05}.jpg",
            Generated(4_000 + number % 1_999, number),
            1_714_979_289 + number,
        )
    gadget = GadgetPhone("bench", VirtualPhone(storages=[store]))
    try:
        gadget.plug(wait=30)
        print(gadget.profile.serial, flush=True)
        for _ in sys.stdin:
            counts = {operation.name: count for operation, count in gadget.phone.log.counts.items()}
            gadget.phone.log.clear()
            print(json.dumps(counts), flush=True)
    finally:
        gadget.close()


if __name__ == "__main__":
    main()
