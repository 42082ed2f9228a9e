"""The phone's MTP server: takes commands from a port and answers them, until the cable is pulled.

One `Responder` is one life of the server: handles, session and open edits live in it, and are void with the
next one. It serves whatever is a `DevicePort`: memory, an emulated usbfs device, FunctionFS.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mtpbackup.errors import PhoneGone, RemoteProtocolError, TransferCancelled, TransportTimeout
from mtpbackup.transport.base import DevicePort
from mtpbackup.virtual.bus import ModelledBus
from mtpbackup.virtual.clock import PhoneClock
from mtpbackup.virtual.conversation import Conversation
from mtpbackup.virtual.device_state import DeviceState
from mtpbackup.virtual.events import EventSender
from mtpbackup.virtual.faults import Faults
from mtpbackup.virtual.log import Record, TransactionLog
from mtpbackup.virtual.objects import AnyStore, Difference, Entry, Mounted, ObjectTable
from mtpbackup.virtual.operations import OPERATIONS, Operation
from mtpbackup.virtual.personas import Persona, Trouble
from mtpbackup.virtual.replies import Announced, Died, Payload, Refused, Reply, Request, Silent, Stalled
from mtpbackup.virtual.store import Node
from mtpbackup.virtual.temper import Temper
from mtpbackup.wire import (
    ClassRequest,
    Command,
    DeviceStatus,
    Event,
    EventCode,
    OperationCode,
    Response,
    ResponseCode,
)

_log = logging.getLogger(__name__)


def _cannot_unplug() -> None:
    raise Stalled


class Responder:
    """One life of a phone's MTP server.

    Args:
        stores: the file system, or systems, of the phone. They are shown unless `locked`.
        persona: which phone it is.
        locked: True to show no storage yet.
        clock: the phone's.
        state: its device properties.
        bus: charges virtual time, or None.
        log: where transactions are counted.
        faults: what goes wrong.
        operations: how operations are answered, for phones that answer otherwise than by their persona.

    Attributes:
        lock: held while the phone's state is looked at or changed, never while bytes move. Reentrant.
        objects: handles and storages.
        session: id of the open session, or None.
        announced: what the next operation must send, or None.
        edits: handles open for editing.
        command: what is being answered, or was last; None before the first.
        dead: True once the server left its loop by itself.
    """

    def __init__(
        self,
        stores: AnyStore | Sequence[AnyStore],
        persona: Persona,
        *,
        locked: bool = False,
        clock: PhoneClock | None = None,
        state: DeviceState | None = None,
        bus: ModelledBus | None = None,
        log: TransactionLog | None = None,
        faults: Faults | None = None,
        operations: Mapping[int, Operation] = OPERATIONS,
    ) -> None:
        self.stores = tuple(stores) if isinstance(stores, Sequence) else (stores,)
        self.persona = persona
        self.clock = clock or PhoneClock()
        self.state = state or DeviceState(persona)
        self.bus = bus
        self.log = log or TransactionLog()
        self.faults = faults or Faults(_cannot_unplug)
        self._operations = operations
        self.lock = threading.RLock()
        self.objects = ObjectTable(persona)
        self.session: int | None = None
        self.announced: Announced | None = None
        self.edits: set[int] = set()
        self.command: Command | None = None
        self.dead = False
        self._after_stall = False
        self._temper = Temper(persona, operations, self.clock.now, self._close_session)
        self._events: EventSender | None = None
        if not locked:
            for store in self.stores:
                self.objects.mount(store)

    # --- serving a port -----------------------------------------------------------------------------------

    def serve(self, port: DevicePort) -> None:
        """Answers until the cable is pulled, or until something kills the server (`dead`)."""
        conversation = Conversation(port, self.persona)
        events = EventSender(port)
        self._events = events
        port.on_control(self._answer_control)
        try:
            while not self.dead:
                try:
                    command = conversation.next_command()
                except TransferCancelled:
                    conversation.cancelled_while_idle()
                    continue
                if not self.dead:
                    self._transact(conversation, command)
        except PhoneGone:
            _log.debug("the cable was pulled")
        except Died as death:
            _log.debug("the server ends: %s", death)
            self.dead = True
        finally:
            self._events = None
            events.close()
            # A server that died may leave an event with a host that never reads; it ends with the cable.
            events.join(timeout=0.0 if self.dead else 5.0)

    def _transact(self, conversation: Conversation, command: Command) -> None:
        self.command = command
        self.log.begin(command.code)
        faults = self.faults.take(command.code)
        conversation.watch(faults)
        reply = Reply()
        try:
            refusal = faults.at_command()
            with self.lock:
                refusal = self._temper.refuse(command.code) if refusal is None else refusal
            reply = self._answer(conversation, command, refusal)
            self._send_payload(conversation, command, reply.payload)
            self._send_response(conversation, command, reply)
        except TransferCancelled:
            self._account(command, reply, None)
            _log.debug("transaction %s was cancelled", command)
        except Stalled:
            self._account(command, reply, None)
            self._after_stall = True
            conversation.stall()
        except Silent:
            self._account(command, reply, None)
            self._hang(conversation)
        except (PhoneGone, Died):
            self._account(command, reply, None)
            raise

    def _account(self, command: Command, reply: Reply, response: int | None) -> Record:
        """Counts and charges a transaction, before the host can see that it is over."""
        size = reply.payload.size if reply.payload is not None else reply.received
        record = Record(OperationCode(command.code), command.parameters, response, size)
        self.log.end(record)
        if self.bus is not None:
            self.bus.transacted(command.code, size, reply.elements)
        return record

    @staticmethod
    def _send_payload(conversation: Conversation, command: Command, payload: Payload | None) -> None:
        if payload is None:
            return
        try:
            conversation.send_payload(command.code, command.transaction_id, payload)
        except OSError as error:
            # ANDROID.md, Reading: the disk fails, or the file shrinks, while it is being sent.
            raise Stalled from error
        finally:
            payload.close()

    def _send_response(self, conversation: Conversation, command: Command, reply: Reply) -> None:
        record = self._account(command, reply, reply.response)
        try:
            conversation.send_response(Response(reply.response, command.transaction_id, reply.parameters))
        except TransferCancelled:
            self.log.unanswered(record)
            _log.debug("the host cancelled in place of taking the response to %s", command)
        except PhoneGone:
            self.log.unanswered(record)
            _log.debug("unplugged before the response to %s", command)

    def _answer(self, conversation: Conversation, command: Command, refusal: int | None) -> Reply:
        """Does what a command asks for."""
        code = command.code
        operation = self._operations.get(code) if self.persona.handles(code) else None
        if code != OperationCode.SEND_OBJECT and self.announced is not None:
            if not self.persona.leaves_phantoms:
                self.objects.drop(self.announced.entry)
            self.announced = None
        try:
            dataset = b""
            if operation is not None and operation.takes_dataset:
                dataset = conversation.dataset()
            if refusal is not None:
                return Reply(refusal)
            if operation is None:
                raise Refused(Trouble.NOT_SUPPORTED)
            request = Request(code, command.parameters, command.transaction_id, dataset, conversation)
            return self._carry_out(operation, request)
        except Refused as refused:
            conversation.skip_content()
            return Reply(self.persona.response(code, refused.trouble), payload=refused.payload)
        except RemoteProtocolError as error:
            _log.debug("no data phase where one is due: %s", error)
            return Reply(ResponseCode.GENERAL_ERROR)

    def _carry_out(self, operation: Operation, request: Request) -> Reply:
        with self.lock:
            if self.persona.needs_session(request.operation) and self.session is None:
                raise Refused(Trouble.SESSION_NOT_OPEN)
            if operation.needs_storage and not self.objects.mounted:
                raise Refused(Trouble.NO_STORAGE)
            if len(request.parameters) < operation.parameters:
                raise Refused(Trouble.TOO_FEW_PARAMETERS)
            if not operation.moves_content:
                return operation.handler(self, request)
        return operation.handler(self, request)

    def _close_session(self) -> None:
        self.session = None

    def _hang(self, conversation: Conversation) -> None:
        try:
            conversation.hang()
        except TransferCancelled:
            _log.debug("the host gave up waiting")

    def _answer_control(self, request: int, value: int, data: bytes, length: int) -> bytes | None:
        """Class requests, in the host's thread. While the disk is busy they wait (ANDROID.md, Device).

        Raises:
            TransportTimeout: this phone never answers any.
        """
        if not self.persona.answers_class_requests:
            raise TransportTimeout("control", 0.0)
        with self.lock:
            if self.dead:
                return None
            if request == ClassRequest.GET_DEVICE_STATUS:
                if length < self.persona.status_needs:
                    self.dead = True
                    return None
                return self._status()
            if request in (ClassRequest.CANCEL, ClassRequest.DEVICE_RESET):
                return b""
            return None

    def _status(self) -> bytes:
        padding = bytes(self.persona.status_size - 4)
        if not self._after_stall:
            return DeviceStatus(ResponseCode.OK, padding).encode()
        self._after_stall = False
        # Two endpoint numbers that cannot be trusted (ANDROID.md, Reading).
        return DeviceStatus(ResponseCode.TRANSACTION_CANCELLED, b"\xff\x00\xff\x00" + padding).encode()

    # --- what operations use ------------------------------------------------------------------------------

    def entry(self, handle: int) -> Entry:
        """The object of a handle.

        Raises:
            Refused: there is none.
        """
        entry = self.objects.get(handle)
        if entry is None:
            raise Refused(Trouble.UNKNOWN_HANDLE)
        return entry

    def file(self, handle: int) -> Entry:
        """The file of a handle.

        Raises:
            Refused: there is none, or it is a folder.
        """
        entry = self.entry(handle)
        if entry.is_folder:
            raise Refused(Trouble.IS_FOLDER)
        return entry

    def folder(self, handle: int) -> Entry:
        """The folder of a handle, for something to be put into it.

        Raises:
            Refused: there is none, or it is a file.
        """
        entry = self.objects.get(handle)
        if entry is None:
            raise Refused(Trouble.UNKNOWN_PARENT)
        if not entry.is_folder:
            raise Refused(Trouble.PARENT_IS_FILE)
        return entry

    def storage(self, storage_id: int) -> Mounted:
        """The storage of an id.

        Raises:
            Refused: there is none.
        """
        mounted = self.objects.mounted.get(storage_id)
        if mounted is None:
            raise Refused(Trouble.UNKNOWN_STORAGE)
        return mounted

    def children(self, folder: Entry) -> list[Entry]:
        """What lies in a folder now; the folder counts as listed from here on.

        Raises:
            Refused: it cannot be read.
        """
        try:
            difference = self.objects.refresh(folder)
        except OSError as error:
            _log.debug("cannot list %r: %s", folder.name, error)
            raise Refused(Trouble.UNKNOWN_HANDLE) from error
        self._tell_difference(difference)
        return self.objects.listed(folder)

    def descendants(self, tops: Iterable[Entry]) -> Iterator[Entry]:
        """Everything below some folders; fails as a whole where one folder cannot be read."""
        waiting = list(tops)
        seen = set(map(id, waiting))
        while waiting:
            for child in self.children(waiting.pop()):
                if id(child) in seen:
                    continue
                seen.add(id(child))
                yield child
                if child.is_folder:
                    waiting.append(child)

    # --- what happens on the phone itself -----------------------------------------------------------------

    def tell(self, code: EventCode, *parameters: int) -> None:
        """Sends an event; none goes out while no session is open (ANDROID.md, Events)."""
        events = self._events
        if events is not None and self.session is not None and code in self.persona.events:
            events.put(Event(code, 0, parameters))

    def show_storages(self) -> None:
        """The screen is unlocked, or a card put in: storages that were hidden appear."""
        with self.lock:
            shown = {id(mounted.store) for mounted in self.objects.mounted.values()}
            for store in self.stores:
                if id(store) not in shown:
                    self.tell(EventCode.STORE_ADDED, self.objects.mount(store).id)

    def hide_storages(self, *stores: AnyStore) -> None:
        """The phone locks, or a card is taken out: storages disappear; without arguments all."""
        with self.lock:
            for mounted in list(self.objects.mounted.values()):
                if not stores or any(mounted.store is store for store in stores):
                    self.objects.unmount(mounted)
                    self.tell(EventCode.STORE_REMOVED, mounted.id)

    def renew_handles(self) -> None:
        """All handles are void; none of them is given again."""
        with self.lock:
            self.objects.renew()

    def look_again(self) -> None:
        """Notices what changed on the phone in folders that were listed, and sends the events."""
        with self.lock:
            for folder in list(self.objects.listed_folders()):
                if self.objects.get(folder.handle) is folder or folder.parent is None:
                    self._tell_difference(self.objects.refresh(folder))

    def _tell_difference(self, difference: Difference) -> None:
        for entry in difference.removed:
            self.tell(EventCode.OBJECT_REMOVED, entry.handle)
        for entry in difference.added:
            self.tell(EventCode.OBJECT_ADDED, entry.handle)
            if entry.size:
                self.tell(EventCode.OBJECT_INFO_CHANGED, entry.handle)

    def tell_changed(self, node: Node) -> None:
        """A file was written to by somebody on the phone."""
        entry = self.objects.known(node)
        if entry is not None:
            self.tell(EventCode.OBJECT_INFO_CHANGED, entry.handle)

    def tell_replaced(self, node: Node) -> None:
        """A file was renamed or moved by somebody on the phone: to the server one object went, another came."""
        entry = self.objects.known(node)
        if entry is not None:
            self.objects.detach(entry)
            self.objects.forget(entry)
            self.tell(EventCode.OBJECT_REMOVED, entry.handle)
