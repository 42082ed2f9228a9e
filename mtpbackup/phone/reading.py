"""Reading an item's content: in pieces where possible, exactly as many bytes as were listed, or an error.

How it is asked for, and why (figures: ANDROID.md, Reading, on one set-up):

- Whole objects come at 45 MB/s, pieces of 16 MiB at 39, of 4 MiB at 35, of 1 MiB at 20. A piece can be finished
  within half a second where a whole video would have to be cancelled, and cancelling is the most delicate thing
  that can be said to a phone (PHONES.md 1.4). So large items come in pieces of 16 MiB, and the reading stops
  between two of them. Each piece costs the time of a transaction, in which nothing comes: 1 ms against the 400
  that 16 MiB take on USB 2 is nothing, against the 40 on USB 3 it is 2 %. So there pieces have 64 MiB.
- Up to 8 MiB, which is most photos, GetObject is as short as a piece, quicker, and tells the true length before
  the first byte. It is also the one operation that every phone has.
- A phone without GetPartialObject64 is asked for pieces by GetPartialObject, as far as 32 bits reach, else for
  the whole; beginning in the middle then means to read and throw away what comes before.

What disagrees with the listed size is never handed on as if it were right. Android 12 and later may convert
videos on the way: GetObject then brings other bytes than partial reads do, which are the true ones, and the
size is said to be twice what it is (PHONES.md 1.10). So videos are read by parts, however small; a length that
disagrees means "read again by parts" first; and a video that ends, by the phone's own word, after exactly half
of its listed size has come whole.
No piece begins past the end: Android answers that with an error, and a length that means nothing. The last one
is asked to be a byte longer than it should be, so that an item which is longer than listed shows.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from typing import Final

from mtpbackup.errors import EndpointStalled, ItemUnreadable, OperationFailed, OperationUnsupported
from mtpbackup.phone.constancy import Constancy
from mtpbackup.phone.items import Item
from mtpbackup.phone.listing import true_size
from mtpbackup.phone.losses import loss_behind, raise_if_busy
from mtpbackup.session import Incoming, Session, operations
from mtpbackup.transport.base import Chunk, Speed
from mtpbackup.wire import HEADER_SIZE, ObjectFormat
from mtpbackup.wire import OperationCode as Op

_log = logging.getLogger(__name__)

#: Items up to this size are read whole.
WHOLE_LIMIT: Final = 8 * 1024 * 1024
#: Bytes asked for at once of larger ones, and on SuperSpeed.
PIECE: Final = 16 * 1024 * 1024
FAST_PIECE: Final = 64 * 1024 * 1024
#: The last place where a piece of GetPartialObject may begin, on a page of the phone's memory, and its longest
#: length: 32 bits each. So it reaches over 4 GiB from below (ANDROID.md, Reading; QEMU 7.2 in the lab).
_LAST_32: Final = 0xFFFFF000
_LONGEST_32: Final = 0xFFFFFFFF
#: A packet of USB 2 at high speed, and what is left to a further read where a range would end with a full one.
_PACKET: Final = 512
_SPARE: Final = 100


class _Disagrees(Exception):
    """The phone brings another number of bytes than it listed. Never leaves this module.

    Attributes:
        length: where the content seems to end.
        position: up to where the bytes handed out are good.
    """

    def __init__(self, length: int, position: int) -> None:
        super().__init__(f"ends at {length}")
        self.length = length
        self.position = position


def read_item(
    session: Session, item: Item, offset: int = 0, length: int | None = None
) -> Generator[Chunk, None, int | None]:
    """An item's bytes from `offset` to its listed size. Closing it early is safe at any moment.

    Args:
        session: the session; no other transaction can be run while a piece is under way.
        item: a file.
        offset: where to begin, at most the item's size.
        length: how many bytes are wanted; None for all that follow. A phone that gives no parts brings more.

    Yields:
        Chunks of the transport, each the taker's to release. Together they are exactly the bytes missing.

    Returns:
        The item's length where the phone tells a wrong one, else None.

    Raises:
        ValueError: the offset is outside the item.
        ItemUnreadable: the phone will not, or brings something else than it listed.
        ItemVanished, StorageVanished: it is gone.
        OperationFailed, WireError, TransportError: as `Session.run`; after `PhoneGone` handles are void.
    """
    if not 0 <= offset <= item.size:
        raise ValueError(f"offset {offset} of {item.size}")
    end = item.size if length is None else min(item.size, offset + length)
    return _Reading(session, item, offset, end).chunks()


def _is_video(object_format: int) -> bool:
    """Whether a format is one of those that Android may convert: MP4, 3GP and the like."""
    return object_format in (ObjectFormat.AVI, ObjectFormat.MPEG) or 0xB980 <= object_format <= 0xB9FF


def without_full_packet(length: int) -> int:
    """The most bytes that can be asked for without a full packet at the end, header in front or by itself."""
    return length - _SPARE if 0 in (length % _PACKET, (length + HEADER_SIZE) % _PACKET) else length


class _Reading:
    """One item on its way."""

    def __init__(self, session: Session, item: Item, offset: int, end: int) -> None:
        self._session = session
        self._item = item
        self._position = offset
        self._end = end

    def chunks(self) -> Generator[Chunk, None, int | None]:
        """See `read_item`."""
        item, began = self._item, self._position
        if began and began == item.size:
            return None
        try:
            # Of an item listed with no bytes GetObject is asked too: phones that don't know a size say 0, and a
            # file that is saved as an empty one is lost. There are few of them.
            if began == 0 and self._end == item.size <= WHOLE_LIMIT and not self._may_be_converted():
                yield from self._small()
            else:
                yield from self._large()
        except _Disagrees as error:
            if not self._has_come_whole(error):
                raise self._wrong_size(error) from error
            return error.length
        except OperationFailed as error:
            raise_if_busy(error)
            loss = loss_behind(self._session, item.storage, item.shown_path, error)
            raise (self._refused(error) if loss is None else loss) from error
        except EndpointStalled as error:
            raise self._unreadable(ItemUnreadable.Reason.STALLED) from error
        return None

    def _may_be_converted(self) -> bool:
        """Whether GetObject might bring other bytes than are there, and of the very length that is told."""
        video = self._item.size > 0 and _is_video(self._item.format)
        return video and self._supports(Op.GET_PARTIAL_OBJECT_64)

    def _supports(self, operation: Op) -> bool:
        """Whether it is worth asking for; for a video as the phone says, whatever is remembered of others."""
        return self._session.supports(operation, remembered=not _is_video(self._item.format))

    def _small(self) -> Iterator[Chunk]:
        """The whole, or where its length disagrees, the parts."""
        try:
            yield from self._whole()
        except _Disagrees as error:
            size = self._item.size
            if not size or not self._partial_operation() or self._true_size() != size:
                raise
            _log.info("%r: read again by parts: %s", self._item.shown_path, error)
            try:
                yield from self._large()
            except _Disagrees as again:
                raise _Disagrees(max(error.length, again.length), again.position) from again
            if error.length > size:
                self._check_end(error)

    def _large(self) -> Iterator[Chunk]:
        """The parts, or where there are none, the whole; and that it was one and the same all the time."""
        if self._end < self._item.size:
            yield from self._pieces()
            return
        constancy = Constancy(self._session, self._item)
        yield from self._pieces()
        constancy.check()

    def _pieces(self) -> Iterator[Chunk]:
        """The parts, or where there are none, the whole."""
        if self._partial_operation():
            yield from self._parts()
        else:
            yield from self._whole()

    # --- the whole ----------------------------------------------------------------------------------------

    def _whole(self) -> Iterator[Chunk]:
        """GetObject, without what lies before the position."""
        item = self._item
        with operations.get_object(self._session, item.handle, expected=item.size) as incoming:
            if incoming.announced not in (None, item.size):
                raise _Disagrees(incoming.announced or 0, self._position)
            came = 0
            for chunk in incoming:
                start, came = came, came + len(chunk.data)
                if came > item.size:
                    chunk.release()
                    raise _Disagrees(came, self._position)
                if came <= self._position:
                    chunk.release()
                    continue
                skip = max(self._position - start, 0)
                self._position = came
                yield chunk.part(skip, len(chunk.data)) if skip else chunk
        if came != item.size:
            raise _Disagrees(came, self._position)

    # --- parts --------------------------------------------------------------------------------------------

    def _partial_operation(self) -> Op | None:
        """The operation that brings parts of this item."""
        if self._supports(Op.GET_PARTIAL_OBJECT_64):
            return Op.GET_PARTIAL_OBJECT_64
        if self._supports(Op.GET_PARTIAL_OBJECT) and self._item.size <= _LAST_32 + _LONGEST_32:
            return Op.GET_PARTIAL_OBJECT
        return None

    def _parts(self) -> Iterator[Chunk]:
        """Pieces from the position to the end."""
        piece = FAST_PIECE if self._session.usb.speed >= Speed.SUPER else PIECE
        while self._position < self._end:
            try:
                yield from self._piece(min(piece, self._end - self._position))
            except OperationUnsupported as error:
                # Listed, and unknown when asked; the session will not ask again.
                _log.info("no parts by that operation: %s", error)
                yield from self._pieces()
                return

    def _piece(self, length: int) -> Iterator[Chunk]:
        """One piece. A phone may bring less than asked for, but not nothing, and not more."""
        if self._session.quirks.avoids_full_packets:
            length = without_full_packet(length)
        began = start = self._position
        if start > _LAST_32 and self._partial_operation() == Op.GET_PARTIAL_OBJECT:
            # Out of reach of 32 bits: from below to the end, in one piece.
            start, length = _LAST_32, self._end - _LAST_32
            if self._session.quirks.avoids_full_packets and without_full_packet(length) != length:
                start, length = start - _SPARE, length + _SPARE
        came, skip = 0, began - start
        with self._ask(start, length + self._one_more(start + length)) as incoming:
            if incoming.announced is not None and incoming.announced > length:
                raise _Disagrees(start + incoming.announced, began)
            for chunk in incoming:
                before, came = came, came + len(chunk.data)
                if came > length:
                    chunk.release()
                    raise _Disagrees(start + came, self._position)
                if came <= skip:
                    chunk.release()
                    continue
                self._position = start + came
                yield chunk.part(skip - before, len(chunk.data)) if before < skip else chunk
        if self._position == began or (skip and came != length):
            raise _Disagrees(start + came, self._position)

    def _one_more(self, end: int) -> int:
        """One byte more than there should be, in the last piece: an item that is longer than listed shows then.

        Phones cut what is asked for at the end of the file (ANDROID.md, Reading).
        """
        is_last = end == self._item.size == self._end
        return int(is_last and not self._session.quirks.avoids_full_packets and self._item.size < _LAST_32)

    def _check_end(self, error: _Disagrees) -> None:
        """Makes sure that an item which is longer by one account ends where it was listed to end.

        Asked at its very end Android brings nothing, and says OK (ANDROID.md, Reading).
        """
        if not self._ends_here():
            raise error

    def _ask(self, start: int, length: int) -> Incoming:
        if self._partial_operation() == Op.GET_PARTIAL_OBJECT_64:
            return operations.get_partial_object_64(self._session, self._item.handle, start, length)
        return operations.get_partial_object(self._session, self._item.handle, start, length)

    # --- what went wrong ----------------------------------------------------------------------------------

    def _has_come_whole(self, error: _Disagrees) -> bool:
        """Whether this is a video of half the size that was told, and not one that was cut off.

        Asked for what follows the phone brought nothing and said OK, which it does at the very end only; and by
        its own word the item has not changed.
        """
        half, rest = divmod(self._item.size, 2)
        is_end = error.length == error.position == self._position == half and rest == 0 < half
        if not is_end or self._partial_operation() is None or not _is_video(self._item.format):
            return False
        return self._true_size() == self._item.size and self._ends_here()

    def _ends_here(self) -> bool:
        """Whether nothing follows."""
        with self._ask(self._position, 1) as incoming:
            came = 0
            for chunk in incoming:
                came += len(chunk.data)
                chunk.release()
        return came == 0

    def _true_size(self) -> int | None:
        return true_size(self._session, self._item.handle)

    def _wrong_size(self, error: _Disagrees) -> ItemUnreadable:
        """Whether it has changed since it was listed, or its size was wrong from the start."""
        size = self._true_size()
        changed = size is not None and size != self._item.size
        reason = ItemUnreadable.Reason.CHANGED if changed else ItemUnreadable.Reason.WRONG_SIZE
        return self._unreadable(reason, error.length)

    def _refused(self, error: OperationFailed) -> ItemUnreadable:
        """A refusal that has nothing to do with a loss. A file that became shorter is refused so, too."""
        size = self._true_size()
        changed = size is not None and size != self._item.size
        _log.info("%r: %s", self._item.shown_path, error)
        return self._unreadable(
            ItemUnreadable.Reason.CHANGED if changed else ItemUnreadable.Reason.REFUSED, size
        )

    def _unreadable(self, reason: ItemUnreadable.Reason, received: int | None = None) -> ItemUnreadable:
        item = self._item
        return ItemUnreadable(
            item.shown_path, reason, item.size, self._position if received is None else received
        )
