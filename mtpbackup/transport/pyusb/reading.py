"""How a bulk read of pyusb's may end."""

from __future__ import annotations

import os

import usb.core


class ReadBroke(usb.core.USBError):  # type: ignore[misc]  # pyusb has no types
    """A bulk read that ended otherwise than well.

    Attributes:
        came: bytes that had come by then.
        in_time: whether it ended before its time.
    """

    def __init__(self, number: int | None, came: int, *, in_time: bool) -> None:
        """Notes how it ended.

        Args:
            number: errno; None for one that has none.
            came: bytes that had come by then.
            in_time: whether it ended before its time.
        """
        super().__init__(f"bulk read ended: {os.strerror(number) if number else 'no reason'}", None, number)
        self.came = came
        self.in_time = in_time
