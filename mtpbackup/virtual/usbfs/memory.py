"""How much memory programs may have in URBs at once."""

from __future__ import annotations

import errno
import threading

#: usbcore's parameter usbfs_memory_mb: 16 MiB for all programs together.
USBFS_MEMORY = 16 * 1024 * 1024

#: What a URB costs beside its bytes, roughly.
_OVERHEAD = 512


class UsbfsMemory:
    """The account of one bus.

    Attributes:
        limit: bytes; may be lowered to see how a program copes with ENOMEM.
        used: bytes now in use.
        peak: the most that was ever in use.
        refused: how often SUBMITURB failed with ENOMEM.
    """

    def __init__(self, limit: int = USBFS_MEMORY) -> None:
        self.limit = limit
        self.used = 0
        self.peak = 0
        self.refused = 0
        self._lock = threading.Lock()

    def take(self, size: int) -> int:
        """Charges a URB of `size` bytes; returns 0 or ENOMEM."""
        with self._lock:
            if self.used + size + _OVERHEAD > self.limit:
                self.refused += 1
                return errno.ENOMEM
            self.used += size + _OVERHEAD
            self.peak = max(self.peak, self.used)
            return 0

    def give_back(self, size: int) -> None:
        """The URB was reaped, or its program is gone."""
        with self._lock:
            self.used -= size + _OVERHEAD
