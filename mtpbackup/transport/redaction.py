"""Taking names and serial numbers out of a recording.

A redactor is a callable: it gets a `Crossing` and says what of its bytes is written down. One that understands
MTP can do better than `MaskText` and is handed in from above; a transport does not know what bytes mean.

Whatever the redactor, with one in use a recording does not contain
- the serial number that USB tells, in ASCII or UTF-16: it is masked wherever it turns up;
- digests of what was left out, from which a guess could be confirmed;
- what errors from outside say, such as the name of a file on this computer.

`MaskText` also leaves out
- all text in transfers of up to 1 KiB: strings as MTP writes them in any script, other UTF-16 in Latin letters,
  and text of four characters or more in ASCII or UTF-8, such as a small text file;
- everything but the first 12 bytes of longer transfers: pictures, videos, long lists with their names.

It keeps dates, sizes, numbers of objects and codes, and what is binary in files of less than 1 KiB; and what
USB says of maker and product, bus and port.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

#: Transfers up to this size are kept with their text masked.
SHORT = 1024
#: Length, type, code and transaction id of a container: what is kept of a longer one. MTP 1.1, table H-1.
HEADER = 12

_MASK_16 = b"x\0"
_DATE = re.compile(r"\d{8}T\d{6}")
_UTF8 = re.compile(
    rb"(?:[\x20-\x7e]|\xc2[\xa0-\xbf]|[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}){4,}"
)
_UTF16 = re.compile(rb"(?:[\x20-\x7e\xa0-\xff]\0){3,}")


@dataclass(frozen=True, slots=True)
class Crossing:
    """Bytes that crossed the seam in one call.

    Attributes:
        pipe: "in", "out", "event" or "control".
        data: the bytes, or the first of them.
        size: how many there were.
        starts: whether a transfer starts here; False for the later chunks of a long one.
        ended: whether it is seen to end here.
    """

    pipe: str
    data: bytes
    size: int
    starts: bool
    ended: bool


#: Says what of a crossing is written down: its bytes, or the first of them, none changed in length.
Redactor: TypeAlias = Callable[[Crossing], bytes]


class MaskText:
    """The redactor for whoever has no better one. What it covers: see the module."""

    def __call__(self, crossing: Crossing) -> bytes:
        """See `Redactor`."""
        if not crossing.starts:
            return b""
        if crossing.size > SHORT or len(crossing.data) < crossing.size:
            return crossing.data[:HEADER]
        return mask_text(crossing.data, complete=crossing.ended)


def mask_text(data: bytes, *, complete: bool = True) -> bytes:
    """Replaces every character of text by "x", keeping lengths and dates.

    Args:
        data: any bytes.
        complete: False when a string may go on behind them.
    """
    masked = bytearray(data)
    dates = bytearray(len(data))
    for start, stop in _mtp_strings(data, complete):
        if _DATE.match(data[start:stop].decode("utf-16-le", "replace")):
            dates[start:stop] = b"\1" * (stop - start)
        else:
            masked[start:stop] = _MASK_16 * ((stop - start) // 2)
    for found in _UTF16.finditer(data):
        _mask(masked, dates, found.start(), found.end(), step=2)
    for found in _UTF8.finditer(data):
        _mask(masked, dates, found.start(), found.end(), step=1)
    return bytes(masked)


def mask_secret(data: bytes, secret: str) -> bytes:
    """Replaces a known text, in 8 or 16 bits a character and in any case, by "x"."""
    for encoded, mask in ((secret.encode(), b"x"), (secret.encode("utf-16-le"), _MASK_16)):
        if encoded:
            length = len(encoded) // len(mask)
            data = re.sub(re.escape(encoded), mask * length, data, flags=re.IGNORECASE)
    return data


def _mask(masked: bytearray, kept: bytearray, start: int, stop: int, step: int) -> None:
    for place in range(start, stop, step):
        if not kept[place]:
            masked[place] = ord("x")


def _mtp_strings(data: bytes, complete: bool) -> Iterator[tuple[int, int]]:
    """Where there may be the characters of an MTP string. MTP 1.1, section 3.2.3.

    A count byte, so many 16-bit units, the last of them 0 and no other. If `data` is not complete, one that
    runs over its end counts too.
    """
    for place, count in enumerate(data):
        start = place + 1
        if count < 2:
            continue
        stop = start + 2 * (count - 1)
        over_the_end = not complete and stop + 2 > len(data)
        if data[stop : stop + 2] != b"\0\0" and not over_the_end:
            continue
        units = data[start : min(stop, start + (len(data) - start) // 2 * 2)]
        text = units.decode("utf-16-le", "replace")
        if all(character >= " " and character != "\x7f" for character in text):
            yield start, start + len(units)
