"""Getting hold of a phone, and getting hold of the same phone again.

A phone is never lost for good while somebody may plug it in again: `PhoneLink` waits, tells what it waits for,
and knows the phone by the serial number of its DeviceInfo, because bus addresses, handles and storage ids
change with every attachment.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Final

from mtpbackup.engine.reports import PhoneConnected, Report, WaitingForPhone, WaitReason, silent
from mtpbackup.engine.waiting import Wait
from mtpbackup.errors import (
    AccessDenied,
    InterfaceBusy,
    LibraryMissing,
    MtpBackupError,
    NoPhone,
    OperationFailed,
    PhoneGone,
    PhoneLocked,
    SeveralPhones,
    TransportError,
    WireError,
)
from mtpbackup.phone import Phone, PhoneIdentity, ShortMemory, Storage
from mtpbackup.transport.base import Finder, FoundPhone, Transport, UsbIdentity
from mtpbackup.transport.devices import UsbDevice, UsbMode, phones_on

log = logging.getLogger(__name__)

#: Seconds that a phone may be away without being called lost: it leaves the bus and comes back by itself when
#: the person taps "File transfer" (PHONES.md 1.8), and when its server died and is started again (ANDROID.md).
GRACE: Final = 12.0

#: Seconds without another storage after which a phone that was unlocked has shown them all: they turn up one
#: after the other, with an event each (ANDROID.md, Storages).
_SETTLED: Final = 0.5
_ROUNDS: Final = 10

#: What a phone that is there may raise while it is opened, beside being locked or held by others.
_NO_ANSWER: Final = (TransportError, WireError, OperationFailed)


class PhoneLink:
    """One phone, chosen by name or serial number, opened as often as needed.

    Attributes:
        identity: of the phone that was connected first, or None.
    """

    def __init__(
        self,
        finder: Finder,
        *,
        wanted: str = "",
        patience: float | None = 0.0,
        grace: float = GRACE,
        report: Report = silent,
        open_phone: Callable[[Transport], Phone] | None = None,
        ask_holder: Callable[[InterfaceBusy], bool] | None = None,
        absence: float | None = None,
        look_around: Callable[[], Sequence[UsbDevice]] = tuple,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepares; touches no phone.

        Args:
            finder: where phones turn up. Stays the caller's to close.
            wanted: a name or serial number, in any case; a part of the name will do where it fits one phone
                only. Empty: the only phone there is.
            patience: seconds to wait for the person, at each connection; 0 to raise at once what is in the way;
                None to wait for ever.
            grace: seconds to wait, at least, for a phone that was there before.
            report: is told what is waited for.
            open_phone: makes a phone of a transport, which becomes the phone's to close; None for `Phone.open`
                and a memory that lasts as long as this link.
            ask_holder: called for a busy interface, once for each in each wait; may ask the holder to let go,
                tells that by itself, and answers whether another try is worth while at once.
            absence: seconds that the phone may be off the bus, however much patience is left; None: as long as
                patience lasts.
            look_around: tells what is on the bus, to name a phone that is there and offers no files.
            clock: seconds that never go back.
        """
        self._finder = finder
        self._wanted = wanted
        self._patience = patience
        self._grace = grace
        self._report = report
        self._open_phone = open_phone or partial(Phone.open, memory=ShortMemory())
        self._ask_holder = ask_holder
        self._absence = absence
        self._look_around = look_around
        self._clock = clock
        self._phone: Phone | None = None
        self._usb: UsbIdentity | None = None
        self.identity: PhoneIdentity | None = None

    def connect(self) -> Phone:
        """Opens the phone and waits until it shows its storages.

        A phone that is open already and still shows a storage is returned as it is.

        Raises:
            NoPhone, PhoneLocked, AccessDenied, InterfaceBusy: patience ended, and this was in the way.
            SeveralPhones: more than one would fit; never waited for.
            TransportError, WireError, OperationFailed: patience ended; the phone is there and doesn't answer.
        """
        if self._phone is not None:
            try:
                if self._phone.storages():
                    return self._phone
            except _NO_ANSWER as error:
                log.debug("the open phone does not answer: %s", error)
        return self._get(self._patience, again=self.identity is not None)

    def reconnect(self) -> Phone:
        """Closes what is left of the phone, waits for the same one (by serial number) and opens it.

        Handles and storage ids of the old `Phone` are void then.

        Raises:
            NoPhone: it did not come back in time.
            PhoneLocked, AccessDenied, InterfaceBusy, TransportError, WireError, OperationFailed: it did, and
                this was in the way until the end.
        """
        patience = None if self._patience is None else max(self._patience, self._grace)
        return self._get(patience, again=True)

    def close(self) -> None:
        """Closes the phone. May be called again; `connect` may follow."""
        phone, self._phone = self._phone, None
        if phone is not None:
            _close(phone)

    # --- inside -------------------------------------------------------------------------------------------

    def _get(self, patience: float | None, *, again: bool) -> Phone:
        """Opens the right phone and waits for its storages, as long as patience lasts."""
        self.close()
        wait = Wait(patience, self._absence, self._clock, self._report)
        ask_holder = self._ask_holder
        asked: set[str] = set()
        while True:
            try:
                phone = self._open_wanted()
                storages = _wait_for_storages(phone, self._usb, wait)
                break
            except LibraryMissing:
                raise  # no waiting helps
            except (*_NO_ANSWER, NoPhone, PhoneLocked) as error:
                if isinstance(error, InterfaceBusy) and ask_holder is not None and error.node not in asked:
                    asked.add(error.node)
                    if ask_holder(error):
                        continue
                seconds = wait.allowed(error, self._reason(error))
                self._finder.wait_for_change(seconds)
        self._phone = phone
        who = phone.identity
        labels = tuple(storage.label for storage in storages)
        self._report(PhoneConnected(who.name, who.serial, who.manufacturer, who.model, labels, again))
        return phone

    def _open_wanted(self) -> Phone:
        """Opens the phones that may be the right one, keeps that one, and closes the others.

        Raises:
            NoPhone, SeveralPhones: none fits, or more than one.
            TransportError, WireError, OperationFailed: one that may be the right one could not be opened.
        """
        found = list(self._finder.find())
        if not found:
            raise NoPhone(self._wanted)
        if self.identity is not None and self._usb is not None:
            ports = (self._usb.bus, self._usb.ports)
            found.sort(key=lambda candidate: (candidate.identity.bus, candidate.identity.ports) != ports)
        with ExitStack() as opened:
            phones: list[tuple[UsbIdentity, Phone]] = []
            closed: list[UsbIdentity] = []
            trouble: MtpBackupError | None = None
            for candidate in found:
                try:
                    phone = self._open(candidate)
                except _NO_ANSWER as error:
                    log.debug("%s cannot be opened: %s", candidate.identity, error)
                    trouble = trouble or error
                    closed.append(candidate.identity)
                    continue
                opened.callback(_close, phone)
                phones.append((candidate.identity, phone))
                if self.identity is not None and _same(phone.identity, self.identity):
                    break
            usb, chosen = self._choose(phones, closed, trouble)
            opened.pop_all()
            for _, phone in phones:
                if phone is not chosen:
                    _close(phone)
        self._usb, self.identity = usb, chosen.identity
        return chosen

    def _open(self, candidate: FoundPhone) -> Phone:
        transport = candidate.open()
        try:
            return self._open_phone(transport)
        except BaseException:
            transport.close()
            raise

    def _choose(
        self,
        phones: Sequence[tuple[UsbIdentity, Phone]],
        closed: Sequence[UsbIdentity],
        trouble: MtpBackupError | None,
    ) -> tuple[UsbIdentity, Phone]:
        """The phone that is meant.

        Args:
            phones: those that could be opened.
            closed: those that could not.
            trouble: why; one of them may be the one.
        """
        names = _told_apart(phones)
        if self.identity is not None:
            fitting = [pair for pair in phones if _same(pair[1].identity, self.identity)][:1]
        elif self._wanted:
            fitting = _matching(self._wanted, phones)
        else:
            if len(phones) + len(closed) > 1:
                raise SeveralPhones([*names, *(usb.product or usb.manufacturer for usb in closed)])
            fitting = list(phones)
        if len(fitting) > 1:
            raise SeveralPhones(_told_apart(fitting))
        if fitting:
            return fitting[0]
        if trouble is not None:
            raise trouble
        raise NoPhone(self._wanted, names)

    def _reason(self, error: MtpBackupError) -> WaitingForPhone:
        """What to tell the person while this is in the way."""
        name = self.identity.name if self.identity is not None else ""
        vendor = self._usb.vendor_id if self._usb is not None else 0
        match error:
            case NoPhone(others=others) if others:
                return WaitingForPhone(WaitReason.OTHER_PHONE, name, self._wanted, others=others)
            case NoPhone() | PhoneGone():
                return self._silent_phone() or WaitingForPhone(WaitReason.NONE, name, self._wanted)
            case PhoneLocked():
                return WaitingForPhone(WaitReason.LOCKED, error.name or name, self._wanted, vendor_id=vendor)
            case InterfaceBusy():
                return WaitingForPhone(WaitReason.BUSY, name, self._wanted, error.node, error.holders)
            case AccessDenied():
                return WaitingForPhone(WaitReason.NO_PERMISSION, name, self._wanted, error.node)
            case _:
                return WaitingForPhone(WaitReason.NO_ANSWER, name, self._wanted)

    def _silent_phone(self) -> WaitingForPhone | None:
        """A phone that is on the bus, offers no files, and may be the one."""
        for device in phones_on(self._look_around()):
            if device.mode in (UsbMode.FILES, UsbMode.PHOTOS) or device.mode is None:
                continue  # it can be talked to, or will be in a moment
            if self._usb is not None and (device.vendor_id, device.serial) != (
                self._usb.vendor_id,
                self._usb.serial,
            ):
                continue
            return WaitingForPhone(
                WaitReason.NO_FILES,
                device.name,
                self._wanted,
                vendor_id=device.vendor_id,
                mode=device.mode.value,
            )
        return None


def _wait_for_storages(phone: Phone, usb: UsbIdentity | None, wait: Wait) -> Sequence[Storage]:
    """Waits until an open phone shows a storage; closes it when that does not happen."""
    name = phone.identity.name
    locked = WaitingForPhone(WaitReason.LOCKED, name, vendor_id=usb.vendor_id if usb is not None else 0)
    try:
        storages = phone.storages()
        if not storages:
            while not (storages := phone.storages()):
                phone.wait_for_change(wait.allowed(PhoneLocked(name, locked.vendor_id), locked))
            for _ in range(_ROUNDS):
                if not phone.wait_for_change(_SETTLED):
                    break
                storages = phone.storages() or storages
    except BaseException:
        _close(phone)
        raise
    return storages


def _same(one: PhoneIdentity, other: PhoneIdentity) -> bool:
    """Whether both are the same phone. Firmware and friendly name may change; some phones have no serial."""
    return (one.serial, one.manufacturer, one.model) == (other.serial, other.manufacturer, other.model)


def _told_apart(phones: Sequence[tuple[UsbIdentity, Phone]]) -> list[str]:
    """A name for each phone, with its serial number where two have the same name."""
    names = [phone.identity.name for _, phone in phones]
    return [
        f"{name} ({phone.identity.serial})" if names.count(name) > 1 else name
        for name, (_, phone) in zip(names, phones, strict=True)
    ]


def _matching(wanted: str, phones: Sequence[tuple[UsbIdentity, Phone]]) -> list[tuple[UsbIdentity, Phone]]:
    """The phones that a name or serial number means: those it fits exactly, else those it is a part of."""
    wanted = wanted.casefold()

    def exactly(usb: UsbIdentity, phone: Phone) -> bool:
        who = phone.identity
        names = (who.name, who.friendly_name, who.model, usb.product)
        serials = (who.serial, usb.serial, f"{who.name} ({who.serial})")
        return wanted in (name.casefold() for name in (*names, *serials))

    def in_part(phone: Phone) -> bool:
        who = phone.identity
        return wanted in f"{who.manufacturer} {who.model}\n{who.name}".casefold()

    return [pair for pair in phones if exactly(*pair)] or [pair for pair in phones if in_part(pair[1])]


def _close(phone: Phone) -> None:
    """Closes a phone that may be gone."""
    try:
        phone.close()
    except _NO_ANSWER as error:
        log.debug("closing the phone: %s", error)
