"""The thread that owns the phone. Nobody else says a word to it.

It waits for the phone, tells what it waits for, lists it when it is there, does jobs, and in between looks at
pictures for whoever scrolls. Copying goes first: while a job is in hand, no thumbnail is asked for.
"""

from __future__ import annotations

import enum
import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from mtpbackup.engine.gallery.jobs import Board, StopSwitch
from mtpbackup.engine.gallery.listing import Entry, PhoneListing
from mtpbackup.engine.gallery.trouble import PhoneNotReady
from mtpbackup.engine.link import PhoneLink
from mtpbackup.engine.reports import Event, PhoneConnected, PhoneLost, WaitingForPhone, WaitReason
from mtpbackup.errors import (
    InterfaceBusy,
    ItemVanished,
    LibraryMissing,
    MtpBackupError,
    StorageVanished,
)
from mtpbackup.phone import Item, Phone, PhoneIdentity
from mtpbackup.transport.base import Finder, FoundPhone, Transport

log = logging.getLogger(__name__)

#: Seconds that mean "for ever" to a link whose clock may still be asked to stop.
_FOR_EVER: Final = 1e9
#: Seconds between two looks at a phone that is not used, and at the bus where no phone can be used.
_LOOK: Final = 1.0
#: Seconds that a wait for a plug is cut into, so that a stop is seen.
_SLICE: Final = 0.5
#: Pictures waiting to be looked at; those asked for the longest ago are dropped: nobody sees them any more.
_MOST_WAITING: Final = 300
#: Bytes in which the EXIF block of a JPEG lies, with its thumbnail: a segment is 64 KiB at most.
HEAD: Final = 64 * 1024

_JPEG_ENDINGS: Final = (".jpg", ".jpeg", ".jpe")


class PhoneState(enum.Enum):
    """Whether the phone can be used, and why not."""

    NONE = "none"
    LOCKED = "locked"
    BUSY = "busy"
    PERMISSION = "permission"
    READY = "ready"
    ERROR = "error"


_STATES: Final = {
    WaitReason.NONE: PhoneState.NONE,
    WaitReason.OTHER_PHONE: PhoneState.NONE,
    WaitReason.LOCKED: PhoneState.LOCKED,
    WaitReason.BUSY: PhoneState.BUSY,
    WaitReason.NO_PERMISSION: PhoneState.PERMISSION,
    WaitReason.NO_ANSWER: PhoneState.ERROR,
}


@dataclass(frozen=True, slots=True)
class PhoneNow:
    """The phone as it is now.

    Attributes:
        state: whether it can be used.
        name: what a person calls it; of the last one that was seen, or empty.
        who: the phone, once it was open.
        waiting: what is waited for.
        error: what is in the way, where it is not a thing to be waited for.
    """

    state: PhoneState = PhoneState.NONE
    name: str = ""
    who: PhoneIdentity | None = None
    waiting: WaitingForPhone | None = None
    error: MtpBackupError | None = None


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What can be seen of a picture on the phone without reading it.

    Attributes:
        head: its first bytes, with the EXIF block of a JPEG; empty where they were not asked for.
        small: the phone's own thumbnail; empty where there is none, or was not needed.
    """

    head: bytes = b""
    small: bytes = b""


class _StoppableFinder:
    """A finder whose waits end when somebody asks for it."""

    def __init__(self, inner: Finder, stop: StopSwitch) -> None:
        self._inner = inner
        self._stop = stop

    def find(self) -> Sequence[FoundPhone]:
        """See `Finder`."""
        self._stop.check()
        return self._inner.find()

    def wait_for_change(self, timeout: float) -> bool:
        """See `Finder`."""
        end = time.monotonic() + timeout
        while True:
            self._stop.check()
            left = end - time.monotonic()
            if self._inner.wait_for_change(max(0.0, min(left, _SLICE))):
                return True
            if left <= _SLICE:
                return False

    def close(self) -> None:
        """Nothing: the finder is another's to close."""


class PhoneKeeper:
    """Keeps one phone. Start it once; close it."""

    def __init__(
        self,
        finder: Finder | None,
        board: Board,
        *,
        trouble: MtpBackupError | None = None,
        wanted: str = "",
        open_phone: Callable[[Transport], Phone] = Phone.open,
        ask_holder: Callable[[InterfaceBusy], bool] | None = None,
        notice: Callable[[str], None],
        on_ready: Callable[[], None],
    ) -> None:
        """Prepares.

        Args:
            finder: where phones turn up; None where none can be looked for. Stays the caller's to close.
            board: where jobs are told of.
            trouble: why there is no finder.
            wanted: name or serial number, where several may be plugged in.
            open_phone: makes a phone of a transport.
            ask_holder: see `PhoneLink`.
            notice: is told "state" when the phone has changed. From any thread.
            on_ready: called in the keeper's thread when a phone has just become usable.
        """
        self._stop = StopSwitch()
        self._finder = None if finder is None else _StoppableFinder(finder, self._stop)
        self._board = board
        self._wanted = wanted
        self._open_phone = open_phone
        self._ask_holder = ask_holder
        self._notice = notice
        self._on_ready = on_ready
        self._changed = threading.Condition()
        self._closing = False
        self._work: deque[tuple[Callable[[PhoneLink], None], Callable[[], None]]] = deque()
        self._glimpses: OrderedDict[str, tuple[Entry, Future[Glimpse]]] = OrderedDict()
        self._thread = threading.Thread(target=self._main, name="phone keeper")
        self._phone: Phone | None = None
        self.now = PhoneNow(PhoneState.ERROR if trouble else PhoneState.NONE, error=trouble)
        self.listing = PhoneListing()

    # --- for other threads --------------------------------------------------------------------------------

    def start(self) -> None:
        """Begins to watch."""
        self._thread.start()

    def close(self) -> None:
        """Stops what is going on, as Ctrl-C would, and lets go of the phone."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._stop.pull()
        if self._thread.is_alive():
            self._thread.join()

    def stop_job(self) -> None:
        """Stops the job in hand."""
        self._stop.pull()

    def submit(self, work: Callable[[PhoneLink], None], dropped: Callable[[], None]) -> None:
        """Has something done with the phone, as soon as what is in hand is through.

        Args:
            work: told the link. It must not raise anything but what concerns the phone as a whole.
            dropped: called instead when the phone has left before: the next one may be another.

        Raises:
            PhoneNotReady: no phone is there to do it with.
        """
        with self._changed:
            if self.now.state is not PhoneState.READY or self._closing:
                raise PhoneNotReady
            self._work.append((work, dropped))
            self._changed.notify_all()

    def glimpse(self, entry: Entry) -> Future[Glimpse]:
        """A look at a picture, the last one asked for first.

        The future may be cancelled, by the caller or because too many wait or a job begins.

        Raises:
            PhoneNotReady: there is no phone to look at.
        """
        with self._changed:
            if self.now.state is not PhoneState.READY or self._closing:
                raise PhoneNotReady
            waiting = self._glimpses.pop(entry.id, None)
            future: Future[Glimpse] = waiting[1] if waiting and not waiting[1].cancelled() else Future()
            self._glimpses[entry.id] = (entry, future)
            dropped = self._glimpses.popitem(last=False)[1] if len(self._glimpses) > _MOST_WAITING else None
            self._changed.notify_all()
        if dropped is not None:
            dropped[1].cancel()
        return future

    # --- for the engine, in the keeper's thread ------------------------------------------------------------

    def report(self, event: Event) -> None:
        """A `Report`: keeps the state of the phone and the board up to date.

        Raises:
            KeyboardInterrupt: somebody asked for a stop.
        """
        match event:
            case WaitingForPhone():
                self._set(PhoneNow(_STATES[event.reason], event.name or self.now.name, None, event))
            case PhoneConnected():
                self._set(PhoneNow(PhoneState.READY, event.name, self._link.identity))
            case PhoneLost():
                self._set(PhoneNow(PhoneState.NONE, event.name))
            case _:
                pass
        self._board.hear(event)
        self._stop.check()

    # --- inside -------------------------------------------------------------------------------------------

    def _main(self) -> None:
        try:
            while self._finder is not None and not self._closing:
                try:
                    self._one_phone(self._finder)
                except Exception as error:
                    # A mistake of ours must not leave pages that wait for ever.
                    log.exception("the phone's keeper failed")
                    self._set(
                        PhoneNow(PhoneState.ERROR, error=MtpBackupError(f"{type(error).__name__}: {error}"))
                    )
                    with self._changed:
                        self._changed.wait_for(lambda: self._closing, _LOOK)
        finally:
            self._drop_glimpses()
            self._drop_work()

    def _one_phone(self, finder: _StoppableFinder) -> None:
        """One phone from its plug to its leaving."""
        self._link = PhoneLink(
            finder,
            wanted=self._wanted,
            patience=_FOR_EVER,
            report=self.report,
            open_phone=self._open_phone,
            ask_holder=self._ask_holder,
            clock=self._clock,
        )
        try:
            try:
                self._phone = self._link.connect()
            except MtpBackupError as error:
                # Several phones, or no libusb: the rest is waited for inside.
                self._set(PhoneNow(PhoneState.ERROR, error=error))
                if isinstance(error, LibraryMissing):
                    self._closing = True
                    return
                finder.wait_for_change(_LOOK)
                return
            self._on_ready()
            self._attend()
        except KeyboardInterrupt:
            log.debug("the keeper was stopped while it waited")
        finally:
            self._phone = None
            self._drop_glimpses()
            self._link.close()
            if not self._closing and self.now.state is PhoneState.READY:
                self._set(PhoneNow(PhoneState.NONE, self.now.name))
            self._drop_work()

    def _attend(self) -> None:
        """Works with the phone for as long as it is there."""
        while not self._closing:
            try:
                work = self._next()
                if work is not None:
                    self._forget_stop()
                    before = self._phone
                    work(self._link)
                    self._forget_stop()
                    if self._closing or self.now.state is not PhoneState.READY:
                        return  # lost in mid-work: another phone may be the next to come
                    self._phone = self._link.connect()
                    if self._phone is not before:
                        self._on_ready()  # it left and came back meanwhile: handles are void, files may be new
                elif not self._look_at_one():
                    self._look_around()
            except MtpBackupError as error:
                log.info("the phone is lost: %s", error)
                return

    def _forget_stop(self) -> None:
        """A stop that was meant for an earlier job is none for the next; the end of all is."""
        with self._changed:
            if not self._closing:
                self._stop.release()

    def _next(self) -> Callable[[PhoneLink], None] | None:
        """What is to be done, waited for a while; None to look at pictures, or around."""
        with self._changed:
            if not self._work and not self._glimpses and not self._closing:
                self._changed.wait(_LOOK)
            return self._work.popleft()[0] if self._work else None

    def _look_around(self) -> None:
        """Notices a phone that was locked, unplugged, or got a card."""
        phone = self._phone
        if phone is not None and phone.wait_for_change(0.0):
            self._phone = self._link.connect()
            self._on_ready()

    def _look_at_one(self) -> bool:
        """Looks at the picture that was asked for last; says whether one was."""
        with self._changed:
            if not self._glimpses or self._closing:
                return False
            entry, future = self._glimpses.popitem()[1]
        phone = self._phone
        if phone is None or not future.set_running_or_notify_cancel():
            return True
        try:
            future.set_result(_look(phone, self._current(phone, entry)))
        except (ItemVanished, StorageVanished) as error:
            log.info("%s", error)
            future.set_result(Glimpse())
        except BaseException:
            future.set_exception(PhoneNotReady())
            raise
        return True

    def _current(self, phone: Phone, entry: Entry) -> Item:
        """The item with a handle that is valid now."""
        if phone is self.listing.phone:
            return entry.item
        return phone.find(entry.item.storage.label, entry.item.path)

    def drop_glimpses(self) -> None:
        """Forgets the pictures that wait, because a job begins."""
        self._drop_glimpses()

    def _drop_glimpses(self) -> None:
        with self._changed:
            waiting, self._glimpses = list(self._glimpses.values()), OrderedDict()
        for _, future in waiting:
            future.cancel()

    def _drop_work(self) -> None:
        """Gives up what had no turn with this phone."""
        with self._changed:
            waiting, self._work = tuple(self._work), deque()
        for _, dropped in waiting:
            dropped()

    def _set(self, now: PhoneNow) -> None:
        with self._changed:
            changed, self.now = now != self.now, now
        if changed:
            self._notice("state")

    def _clock(self) -> float:
        self._stop.check()
        return time.monotonic()


def _look(phone: Phone, item: Item) -> Glimpse:
    """Looks at a picture.

    A JPEG's first 64 KiB come first: they hold its thumbnail and which way up it is, which GetThumb does not
    tell, and phones without GetThumb give them too. GetThumb for other kinds, and where a phone gives no parts.
    """
    head = b""
    if item.name.lower().endswith(_JPEG_ENDINGS):
        head = phone.first_bytes(item, HEAD) or b""
        if _has_thumbnail(head):
            return Glimpse(head)
    return Glimpse(head, phone.small_picture(item) or b"")


def _has_thumbnail(head: bytes) -> bool:
    """Whether a JPEG in the beginning of a JPEG may be seen: a second start of image before the first scan."""
    return head.startswith(b"\xff\xd8\xff") and head.find(b"\xff\xd8\xff", 3) > 0
