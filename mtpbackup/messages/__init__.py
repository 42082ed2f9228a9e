"""The only sentences for people, shared by every front door. Tone: PRODUCT.md section 2.

`explain` turns an error's facts into an `Advice`; `words` holds numbers, sizes and names as people read them.

The entries for errors are in `advice` and the modules `about_*`, which are read in here.

May be imported by the front doors (`cli`, later `web`) only.
"""

from mtpbackup.messages import (  # noqa: F401 - registers
    about_auto,
    about_backups,
    about_libmtp,
    about_phones,
    about_settings,
    about_setup,
    about_usb,
)
from mtpbackup.messages.advice import (
    HOW_TO_CONNECT,
    HOW_TO_UNLOCK,
    Advice,
    ExitCode,
    explain,
    explained_classes,
)
from mtpbackup.messages.words import duration, listing, number, place, plain, size

__all__ = [
    "HOW_TO_CONNECT",
    "HOW_TO_UNLOCK",
    "Advice",
    "ExitCode",
    "duration",
    "explain",
    "explained_classes",
    "listing",
    "number",
    "place",
    "plain",
    "size",
]
