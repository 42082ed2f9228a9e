"""A phone made of code: answers like a real one, and misbehaves on request.

It is the other side of the wire: it shares `wire` and the transports' device side with the program, never
`session` or `phone`, so that it does not inherit our misunderstandings. Where phones differ there is a
`Persona`; what can go wrong is a `Fault`; both are frozen data. From the outside in:

- `phone`, `cable`: the phone as its owner holds it, with `plug_in()`. `finder`: where the program finds it.
- `responder`, `conversation`, `operations`: its MTP server. `objects`: handles. `personas`, `faults`, `bus`.
- `temper`: what a server does whatever it is asked. `content`: bytes that need not exist.
- `store`, `memory_store`, `fat_store`, `folder_store`: its files.
- `pictures`, `jpeg`, `exif`, `video`: pictures and videos to fill it with. `demo`: the phone of `mtpbackup
demo`.

May be imported by cli (for `mtpbackup demo`) and tests.
"""

from mtpbackup.virtual.bus import Cost, ModelledBus
from mtpbackup.virtual.content import Broken, Content, Generated, Joined, Literal, Made
from mtpbackup.virtual.demo import demo_phone
from mtpbackup.virtual.fat_store import FatStore
from mtpbackup.virtual.faults import Effect, Fault, Faults
from mtpbackup.virtual.finder import FoundVirtualPhone, VirtualFinder
from mtpbackup.virtual.folder_store import FolderStore
from mtpbackup.virtual.memory_store import MemoryNode, MemoryStore
from mtpbackup.virtual.personas import PERSONAS, Persona
from mtpbackup.virtual.phone import VirtualPhone, plug_in
from mtpbackup.virtual.pictures import photo, screenshot
from mtpbackup.virtual.responder import Responder
from mtpbackup.virtual.store import Store
from mtpbackup.virtual.video import video

__all__ = [
    "PERSONAS",
    "Broken",
    "Content",
    "Cost",
    "Effect",
    "FatStore",
    "Fault",
    "Faults",
    "FolderStore",
    "FoundVirtualPhone",
    "Generated",
    "Joined",
    "Literal",
    "Made",
    "MemoryNode",
    "MemoryStore",
    "ModelledBus",
    "Persona",
    "Responder",
    "Store",
    "VirtualFinder",
    "VirtualPhone",
    "demo_phone",
    "photo",
    "plug_in",
    "screenshot",
    "video",
]
