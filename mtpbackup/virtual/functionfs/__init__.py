"""The virtual phone as a USB gadget in a Linux kernel, over FunctionFS: on a board's USB port, or in the lab.

Everything below the responder is real here: a kernel's device stack, and on the other side of the cable
whatever host there is. With `dummy_hcd` both ends are the same machine. Needs root.

    with GadgetPhone("pixel", VirtualPhone("pixel")) as gadget:
        gadget.plug()

From a shell: `python -m mtpbackup.virtual.functionfs --name pixel --folder DIR`.

May be imported by cli and tests.
"""

from mtpbackup.virtual.functionfs.gadget import Gadget
from mtpbackup.virtual.functionfs.phone import GadgetPhone
from mtpbackup.virtual.functionfs.port import FunctionFsPort

__all__ = ["FunctionFsPort", "Gadget", "GadgetPhone"]
