"""A phone by way of libmtp, for whoever takes a `Phone`."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, cast

from mtpbackup.errors import (
    ItemUnreadable,
    ItemVanished,
    LibmtpFailed,
    NameRefused,
    NameTaken,
    OperationFailed,
    OperationUnsupported,
    PhoneFull,
    PhoneGone,
    SendFailed,
    StorageVanished,
)
from mtpbackup.phone import acceptance
from mtpbackup.phone.content import Content
from mtpbackup.phone.interrupts import interrupts_noted
from mtpbackup.phone.items import Item, PhoneIdentity, Storage
from mtpbackup.phone.libmtp.finder import OpenChild
from mtpbackup.phone.libmtp.process import LISTING
from mtpbackup.phone.naming import format_for, name_for
from mtpbackup.phone.phone import Phone
from mtpbackup.phone.storages import storages_of
from mtpbackup.session import Memory, Quirks
from mtpbackup.transport.base import Buffer, Chunk, Transport
from mtpbackup.wire import (
    AccessCapability,
    ObjectFormat,
    OperationCode,
    ResponseCode,
    StorageInfo,
    StorageType,
)

_log = logging.getLogger(__name__)

#: libmtp's "top of a storage".
_TOP: Final = 0xFFFFFFFF
#: Bytes of a file asked for at once: the reading can stop between two pieces.
_PIECE: Final = 1024 * 1024
#: The longest file that is read in pieces: GetPartialObject has 32 bits.
_LAST_32: Final = 0xFFFFFFFF
#: Seconds between two looks at the storages.
_LOOK_AGAIN: Final = 2.0

#: How libmtp words an answer of the phone other than OK.
_ANSWER: Final = re.compile(r"PTP Layer error ([0-9a-fA-F]{4})")
_GONE: Final = ("no device", "no such device", "usb error")


class LibmtpPhone(Phone):
    """A phone in the hands of libmtp, in a child process. Made by `open`, as a `Phone` is."""

    def __init__(self, opened: OpenChild) -> None:
        """For `open`. What a `Phone` has a session for, the child does here."""
        self._opened = opened
        self._child = opened.child
        facts = opened.facts
        self._gives_parts: bool = facts["gives_parts"]
        self._asked = 0
        self._shown: frozenset[int] | None = None
        self._found_storages: dict[str, Storage] = {}
        self._found_folders: dict[tuple[int, int], dict[str, Item]] = {}
        self.identity = PhoneIdentity(
            *(_line(facts[key]) for key in ("serial", "manufacturer", "model", "firmware", "friendly_name"))
        )

    @classmethod
    def open(
        cls,
        transport: Transport,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        memory: Memory | None = None,
    ) -> LibmtpPhone:
        """Takes on what `FoundLibmtpPhone.open` gave. libmtp needs no memory of ours."""
        return cls(cast(OpenChild, transport))

    # --- storages and folders -----------------------------------------------------------------------------

    def storages(self) -> list[Storage]:
        """See `Phone.storages`."""
        described = [
            (
                each["id"],
                StorageInfo(
                    storage_type=StorageType(each["type"]),
                    access_capability=AccessCapability(each["access"]),
                    max_capacity=each["capacity"],
                    free_space_in_bytes=each["free"],
                    storage_description=each["description"],
                    volume_identifier=each["volume"],
                ),
            )
            for each in self._ask("storages")
            if each["id"] & 0xFFFF  # the others are slots without a card
        ]
        storages = storages_of(described)
        self._shown = frozenset(storage.id for storage in storages)
        self._found_storages = {storage.label: storage for storage in storages}
        return storages

    def wait_for_change(self, timeout: float) -> bool:
        """See `Phone.wait_for_change`. libmtp is asked for storages now and then, not for events."""
        deadline = time.monotonic() + timeout
        before = self._shown
        while True:
            ids = frozenset(each["id"] for each in self._ask("storages") if each["id"] & 0xFFFF)
            if before is not None and ids != before:
                return True
            before = ids
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(left, _LOOK_AGAIN))

    def list_folder(self, storage: Storage, folder: Item | None = None) -> list[Item]:
        """See `Phone.list_folder`."""
        path = () if folder is None else folder.path
        parent = 0 if folder is None else folder.handle
        try:
            found = self._ask("list", LISTING, storage=storage.id, parent=parent or _TOP)
        except OperationFailed as error:
            raise self._loss(storage, "/".join(path), error) from error
        items = [_item(storage, parent, path, *facts) for facts in found if facts[0] != parent]
        return sorted(items, key=lambda item: (item.name, item.handle))

    # --- content ------------------------------------------------------------------------------------------

    def read(self, item: Item, offset: int = 0, length: int | None = None) -> Generator[Chunk, None, None]:
        """See `Phone.read`. Stopping early ends the child where the phone gives no parts."""
        if not 0 <= offset <= item.size:
            raise ValueError(f"offset {offset} of {item.size}")
        end = item.size if length is None else min(offset + length, item.size)
        try:
            if self._gives_parts and item.size <= _LAST_32:
                yield from self._read_parts(item, offset, end)
            else:
                yield from self._read_whole(item, offset)
        except OperationFailed as error:
            raise self._loss(item.storage, item.shown_path, error) from error

    def _read_parts(self, item: Item, offset: int, end: int) -> Generator[Chunk, None, None]:
        position = offset
        while position < end:
            length = min(_PIECE, end - position)
            came = 0
            for data in self._content("part", handle=item.handle, offset=position, length=length):
                came += len(data)
                yield Chunk(memoryview(data), ended=False)
            if came != length:
                raise ItemUnreadable(
                    item.shown_path, ItemUnreadable.Reason.WRONG_SIZE, item.size, position + came
                )
            position += came

    def _read_whole(self, item: Item, offset: int) -> Generator[Chunk, None, None]:
        position = 0
        for data in self._content("stream", handle=item.handle):
            start = min(max(offset - position, 0), len(data))
            position += len(data)
            if position > item.size:
                break
            if start < len(data):
                yield Chunk(memoryview(data)[start:], ended=False)
        if position != item.size:
            raise ItemUnreadable(item.shown_path, ItemUnreadable.Reason.WRONG_SIZE, item.size, position)

    # --- sending ------------------------------------------------------------------------------------------

    def name_trouble(self, storage: Storage, name: str) -> NameRefused | None:
        """See `Phone.name_trouble`."""
        return acceptance.name_trouble(storage, name, Quirks())

    def largest_file(self, storage: Storage) -> int | None:
        """See `Phone.largest_file`."""
        return acceptance.largest_file(storage)

    def make_folder(self, storage: Storage, parent: Item | None, name: str) -> Item:
        """See `Phone.make_folder`."""
        self._check_name(storage, name)
        item = _sent_item(storage, parent, name, 0, None, ObjectFormat.ASSOCIATION)
        try:
            handle = self._ask("folder", storage=storage.id, parent=item.parent or _TOP, name=name)
        except (OperationFailed, LibmtpFailed) as error:
            raise self._refusal(item, 0, 0, error) from error
        return self._note(replace(item, handle=handle), parent)

    def send_file(
        self,
        storage: Storage,
        folder: Item | None,
        name: str,
        size: int,
        modified: datetime | None,
        parts: Iterable[Buffer],
        *,
        object_format: int | None = None,
    ) -> Item:
        """See `Phone.send_file`. libmtp tells a format code of its own choice."""
        self._check_name(storage, name)
        item = _sent_item(storage, folder, name, size, modified, format_for(name))
        with interrupts_noted() as interrupts:
            content = Content(size, parts, interrupts=interrupts)
            pieces = _Pieces(content.counted())
            result = self._ask(
                "send",
                give=pieces.give,
                storage=storage.id,
                parent=item.parent or _TOP,
                name=name,
                size=size,
                seconds=0 if modified is None else int(modified.replace(tzinfo=UTC).timestamp()),
            )
            item = replace(item, handle=result["handle"])
            failed: str = result["failed"]
            if not failed:
                pieces.finish()
            if failed or content.failure is not None:
                raise self._not_sent(item, content, failed)
            return self._note(item, folder)

    @property
    def can_continue(self) -> bool:
        """See `Phone.can_continue`. libmtp's way to Android's edit operations is not used."""
        return False

    def continue_file(self, item: Item, offset: int, parts: Iterable[Buffer], size: int) -> None:
        """See `Phone.continue_file`."""
        raise OperationUnsupported(OperationCode.BEGIN_EDIT_OBJECT)

    def delete(self, item: Item) -> None:
        """See `Phone.delete`."""
        try:
            self._ask("delete", handle=item.handle)
        except OperationFailed as error:
            raise self._loss(item.storage, item.shown_path, error) from error
        self._found_folders.get((item.storage.id, item.parent), {}).pop(item.name, None)

    def _check_name(self, storage: Storage, name: str) -> None:
        trouble = self.name_trouble(storage, name)
        if trouble is not None:
            raise trouble

    def _not_sent(self, item: Item, content: Content, failed: str) -> BaseException:
        """Deletes what is left of a file that did not come whole, and tells why it did not."""
        error = _meaning(LibmtpFailed(failed))
        if isinstance(error, PhoneGone):
            return error
        if item.handle and any(there.handle == item.handle for there in self._namesakes(item)):
            try:
                self._ask("delete", handle=item.handle)
            except (OperationFailed, LibmtpFailed) as trouble:
                _log.warning("a part of %r may be left: %s", item.shown_path, trouble)
        if content.failure is not None:
            return content.failure
        return self._refusal(item, content.size, content.taken, error)

    def _refusal(self, item: Item, size: int, sent: int, error: Exception) -> Exception:
        """What it means that the phone did not take a file or folder."""
        shown = {storage.id: storage for storage in self.storages()}
        if item.storage.id not in shown:
            return StorageVanished(item.storage.label)
        if self._namesakes(item):
            return NameTaken(item.shown_path)
        free = shown[item.storage.id].free
        if free < size:
            return PhoneFull(item.storage.label, size, free)
        failure = SendFailed(item.shown_path, SendFailed.Reason.REFUSED, sent)
        failure.__cause__ = error
        return failure

    def _namesakes(self, item: Item) -> list[Item]:
        """What lies in its folder under its name, or under one that differs in case only."""
        facts = self._ask("list", LISTING, storage=item.storage.id, parent=item.parent or _TOP)
        there = [_item(item.storage, item.parent, item.path[:-1], *each) for each in facts]
        return [each for each in there if each.name.casefold() == item.name.casefold()]

    # --- the child ----------------------------------------------------------------------------------------

    @property
    def transactions(self) -> int:
        """Requests to the child so far."""
        return self._asked

    def close(self) -> None:
        """See `Phone.close`. libmtp resets the phone."""
        self._opened.close()

    def _ask(self, do: str, patience: float | None = None, **facts: Any) -> Any:
        self._asked += 1
        try:
            return self._child.ask(do, patience=patience, **facts)
        except LibmtpFailed as error:
            raise _meaning(error) from error

    def _content(self, do: str, **facts: Any) -> Generator[bytes, None, Any]:
        self._asked += 1
        try:
            return (yield from self._child.ask_content(do, **facts))
        except LibmtpFailed as error:
            raise _meaning(error) from error

    def _loss(self, storage: Storage, path: str, error: OperationFailed) -> Exception:
        """What it means that the phone said no."""
        if storage.id not in (each["id"] for each in self._ask("storages")):
            return StorageVanished(storage.label)
        if error.response == ResponseCode.INVALID_OBJECT_HANDLE:
            return ItemVanished(path)
        return ItemUnreadable(path, ItemUnreadable.Reason.REFUSED)


def _item(
    storage: Storage,
    parent: int,
    path: tuple[str, ...],
    handle: int,
    name: str,
    size: int,
    seconds: int,
    is_folder: bool,
) -> Item:
    modified = _date(seconds)
    # libmtp tells a type of its own in place of the format code; but for folders Android goes by names as well.
    kind = ObjectFormat.ASSOCIATION if is_folder else format_for(name)
    size = 0 if is_folder else size
    return Item(storage, handle, parent, (*path, name_for(name, kind, size, modified)), size, modified, kind)


def _date(seconds: int) -> datetime | None:
    """A date as on the phone's clock; None for none, and for one beyond the calendar: libmtp checks nothing."""
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None) if seconds else None
    except (ValueError, OverflowError, OSError):
        return None


class _Pieces:
    """Content in pieces of the size that the child asks for."""

    def __init__(self, parts: Iterator[Buffer]) -> None:
        self._parts = parts
        self._rest = memoryview(b"")

    def give(self, wanted: int) -> Buffer:
        """At most so many bytes; none when there are no more."""
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._rest = memoryview(part).cast("B")
        piece, self._rest = self._rest[:wanted], self._rest[wanted:]
        return piece

    def finish(self) -> None:
        """Sees to it that the source is at its end, as it should be."""
        for _ in self._parts:
            pass


def _sent_item(
    storage: Storage, folder: Item | None, name: str, size: int, modified: datetime | None, kind: ObjectFormat
) -> Item:
    """What is about to come into being, without its handle."""
    parent, path = (0, ()) if folder is None else (folder.handle, folder.path)
    return Item(storage, 0, parent, (*path, name), size, modified, kind)


def _meaning(error: LibmtpFailed) -> Exception:
    """Our error for what libmtp tells in words."""
    if any(words in error.text.lower() for words in _GONE):
        return PhoneGone(error.text)
    answers = [int(code, 16) for code in _ANSWER.findall(error.text)]
    if answers and answers[0] >= ResponseCode.UNDEFINED:
        return OperationFailed(0, answers[0])
    return error


def _line(text: str) -> str:
    return " ".join(text.split())
