"""A phone as a person sees it: storages, folders, items and their content.

- `items`: `PhoneIdentity`, `Storage`, `Item`. `naming`: names for what has none.
- `phone`: `Phone`, the one object users hold.
- `storages`, `listing`, `reading`: how each is asked for. `losses`: what refusals mean.
- `sending`: new files and folders. `editing`: the rest of a file. `acceptance`: what a phone takes. `content`,
  `interrupts`: a source that fails, and Ctrl-C, while a file is on its way.
- `notebook`: the file in which is kept what phones have shown in use. (`Memory` is of `session`.)

An item is what was listed: its bytes are exactly as many as its size says, or an error tells why not. Nothing
that was on the phone before is changed or deleted.

May be imported by engine and cli.
"""

from mtpbackup.phone.items import Item, PhoneIdentity, Storage
from mtpbackup.phone.notebook import Notebook
from mtpbackup.phone.phone import Phone
from mtpbackup.session import Memory, ShortMemory

__all__ = ["Item", "Memory", "Notebook", "Phone", "PhoneIdentity", "ShortMemory", "Storage"]
