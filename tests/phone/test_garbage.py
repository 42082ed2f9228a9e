"""A phone that garbles what it says: documented errors and right sizes, never another error, never a hang."""

from __future__ import annotations

import random
import struct
import threading
from collections.abc import Iterable

import pytest

from mtpbackup.errors import MtpBackupError, PhoneGone, TransferCancelled
from mtpbackup.phone import Phone
from mtpbackup.transport.memory_link import MemoryLink
from tests.phone.tiny import FOLDER, Thing, TinyPhone
from tests.session.peer import Hasty, Peer


def garbled(rng: random.Random, whole: bytes) -> bytes:
    data = bytearray(whole)
    match rng.randrange(4):
        case 0:
            for _ in range(rng.randrange(1, 6)):
                data[rng.randrange(len(data))] = rng.randrange(256)
        case 1:
            del data[rng.randrange(len(data)) :]
        case 2:
            data += rng.randbytes(rng.randrange(2000))
        case 3:
            data[:] = rng.randbytes(rng.randrange(1, 3000))
    return bytes(data)


class Mumbler:
    """A tiny phone at the end of a bad line."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        rate = rng.choice((0.02, 0.1, 0.4))
        things = {
            1: Thing("DCIM", format=FOLDER),
            **{n: Thing(f"{n}.jpg", 1, bytes(n * 100)) for n in range(10, 30)},
        }
        self.tiny = TinyPhone(things)
        self.link = MemoryLink()
        self.peer = Peer(self.link.port)
        self.peer.deaf = rng.choice((False, True, "stall"))
        send = self.link.port.send

        def mumble(parts: Iterable[bytes], *, zero_length_end: bool = True) -> None:
            whole = b"".join(parts)
            if rng.random() < rate / 10:
                return
            send(
                [garbled(rng, whole) if rng.random() < rate else whole],
                zero_length_end=zero_length_end if rng.random() > rate / 3 else not zero_length_end,
            )
            if rng.random() < rate / 5:
                send([garbled(rng, whole)])

        self.link.port.send = mumble  # type: ignore[method-assign]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        while True:
            try:
                return self.tiny.serve(self.peer)
            except PhoneGone:
                return None
            except (TransferCancelled, AssertionError, struct.error, TypeError):
                continue  # a command that was lost on the way, or came twice


@pytest.mark.parametrize("seed", range(12))
def test_only_documented_errors(seed: int) -> None:
    mumbler = Mumbler(seed)
    transport = Hasty(mumbler.link, 0.03)
    try:
        with Phone.open(transport) as phone:
            for storage in phone.storages():
                for _, items in phone.walk(storage):
                    for item in items:
                        if item.is_folder:
                            continue
                        try:
                            got = 0
                            for chunk in phone.read(item):
                                got += len(chunk.data)
                                chunk.release()
                            assert got == item.size
                        except MtpBackupError:
                            continue
    except MtpBackupError:
        pass
    finally:
        transport.close()
        mumbler.link.unplug()
        mumbler.thread.join(5)
    assert not mumbler.thread.is_alive()
