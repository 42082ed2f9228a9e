"""A look at a picture without reading all of it: the small one that the phone keeps, and the first bytes.

Both are for showing pictures before they are copied; nothing of it is ever saved as if it were the picture.
"""

from __future__ import annotations

import logging
from typing import Final

from mtpbackup.errors import EndpointStalled, OperationFailed, OperationUnsupported
from mtpbackup.phone.items import Item
from mtpbackup.phone.reading import without_full_packet
from mtpbackup.session import Incoming, Session, operations
from mtpbackup.wire import OperationCode as Op

_log = logging.getLogger(__name__)

#: Longer "small pictures" are not waited for. Android's end at 200 KiB (ANDROID.md, Reading).
_LARGEST_THUMBNAIL: Final = 1024 * 1024


def small_picture(session: Session, item: Item) -> bytes | None:
    """What GetThumb brings, or None where there is none. A JPEG on Android; anything from elsewhere.

    Raises:
        PhoneGone, TransportError, WireError: the phone does not answer as it should.
    """
    if not session.supports(Op.GET_THUMB):
        return None
    try:
        return _taken(operations.get_thumb(session, item.handle), _LARGEST_THUMBNAIL)
    except (OperationFailed, OperationUnsupported, EndpointStalled) as error:
        _log.debug("%r has no small picture: %s", item.shown_path, error)
        return None


def first_bytes(session: Session, item: Item, length: int) -> bytes | None:
    """The beginning of a file, or None where the phone gives no parts of files.

    Of a phone that never answers where the last packet is a full one it may be some bytes shorter.

    Never by asking for the whole and stopping: that is the most delicate thing that can be said to a phone.

    Raises:
        PhoneGone, TransportError, WireError: the phone does not answer as it should.
    """
    length = min(length, item.size)
    if not length:
        return b""
    if session.quirks.avoids_full_packets:
        length = without_full_packet(length)
    if session.supports(Op.GET_PARTIAL_OBJECT_64):
        ask = operations.get_partial_object_64
    elif session.supports(Op.GET_PARTIAL_OBJECT):
        ask = operations.get_partial_object
    else:
        return None
    try:
        return _taken(ask(session, item.handle, 0, length), length)
    except (OperationFailed, OperationUnsupported, EndpointStalled) as error:
        _log.debug("%r does not show its beginning: %s", item.shown_path, error)
        return None


def _taken(incoming: Incoming, most: int) -> bytes | None:
    """All that comes, or None when it is more than was to be expected."""
    came = bytearray()
    with incoming:
        if incoming.announced is not None and incoming.announced > most:
            return None
        for chunk in incoming:
            came += chunk.data
            chunk.release()
            if len(came) > most:
                return None
    return bytes(came)
