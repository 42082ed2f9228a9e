"""Holds one conversation with a phone, one transaction at a time.

From the inside out:

- `pace`: how long to wait for which operation. `recovery`: class requests, halts, leftovers.
- `exchange`: one transaction. `incoming`, `outgoing`: its data. `abandon`: how it is given up without harm.
- `opening`: the first words. `session`: `Session`, which all else goes through.
- `operations`: one function for each operation, from arguments to datasets.
- `quirks`: what some phones need that they don't say. `learnt`: what one has shown in use.
- `redaction`: what of a recording others may see.

Whatever happens in a transaction - an error, a stall, Ctrl-C, a caller who stops reading - the session sees to
it that the next one works, or says that the phone is gone. What was decided for that, and why:

- Cancel is sent only while data flows and clearly more is to come; else the rest is read, or the answer is left
  owed and dropped when it comes. Weighed: always Cancel (spoils the next transfer to an idle Android phone),
  never Cancel (a camera's video of 4 GB would have to be read to its end after Ctrl-C), USB reset (kills all
  handles).
- What comes is known by the type of its container and by its transaction id, never by what should come.

May be imported by phone.
"""

from mtpbackup.session.incoming import Incoming
from mtpbackup.session.learnt import Learnt, Memory, Model, ShortMemory
from mtpbackup.session.outgoing import Outgoing
from mtpbackup.session.quirks import KNOWN_QUIRKS, KnownQuirk, Quirks, quirks_for
from mtpbackup.session.session import Answer, Session

__all__ = [
    "KNOWN_QUIRKS",
    "Answer",
    "Incoming",
    "KnownQuirk",
    "Learnt",
    "Memory",
    "Model",
    "Outgoing",
    "Quirks",
    "Session",
    "ShortMemory",
    "quirks_for",
]
