"""A phone as a person sees it: storages, folders, items and their content.

- `items`: `PhoneIdentity`, `Storage`, `Item`. `naming`: names for what has none.
- `phone`: `Phone`, the one object users hold.
- `storages`, `listing`, `reading`: how each is asked for. `losses`: what refusals mean.

An item is what was listed: its bytes are exactly as many as its size says, or an error tells why not. Nothing
on the phone is changed here.

May be imported by engine and cli.
"""

from mtpbackup.phone.items import Item, PhoneIdentity, Storage
from mtpbackup.phone.phone import Phone

__all__ = ["Item", "Phone", "PhoneIdentity", "Storage"]
