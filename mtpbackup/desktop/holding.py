"""Asks the programs that hold a phone to let go, politely, and gives it back when we are done.

Nobody is killed and nothing is forced. gvfs takes off a mount also while a file is being copied from it (seen
with 1.50), so one that works at the moment is not asked, and that is taken for a no.
"""

from __future__ import annotations

import enum
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from mtpbackup.desktop import gvfs, kde
from mtpbackup.desktop.session import DesktopSession, Runs
from mtpbackup.errors import InterfaceBusy
from mtpbackup.transport.devices import usb_devices
from mtpbackup.transport.holders import Holder, holding_processes, processor_time
from mtpbackup.udev import HERE, Places
from mtpbackup.udev.database import known_to_udev

log = logging.getLogger(__name__)

#: Seconds in which a program that was asked should have let go. A file manager that has just been told of the
#: phone is still busy opening it.
PATIENCE: Final = 10.0
_PAUSE: Final = 0.25

#: Ticks of 10 ms that a daemon works in so many seconds when it copies, and not when it waits for somebody.
_WATCHED: Final = 0.5
_AT_WORK: Final = 2


class Stage(enum.Enum):
    """How far the asking has come."""

    ASKING = "asking"
    LET_GO = "let_go"
    REFUSED = "refused"
    GIVEN_BACK = "given_back"
    NOT_GIVEN_BACK = "not_given_back"


@dataclass(frozen=True, slots=True)
class HolderAsked:
    """Something to tell the person.

    Attributes:
        stage: what happened.
        program: name of the process that holds or held the phone.
    """

    stage: Stage
    program: str


class Holding:
    """Asks holders; remembers what they had."""

    def __init__(
        self,
        report: Callable[[HolderAsked], None] = lambda _asked: None,
        *,
        patience: float = PATIENCE,
        places: Places = HERE,
        processes: Callable[[str], list[Holder]] = holding_processes,
        work: Callable[[int], int] = processor_time,
        session_of: Callable[[int], Runs | None] = DesktopSession.of,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepares; asks nobody.

        Args:
            report: is told what happens.
            patience: seconds to wait for one to let go.
            places: the system.
            processes: tells who has a node open.
            work: how much a process has worked so far.
            session_of: the desktop session of a user id.
            clock: seconds that never go back.
            sleep: passes time.
        """
        self._report = report
        self._patience = patience
        self._places = places
        self._processes = processes
        self._work = work
        self._session_of = session_of
        self._clock = clock
        self._sleep = sleep
        self._taken: dict[str, Callable[[], bool]] = {}
        self._program_of: dict[str, str] = {}

    def ask(self, busy: InterfaceBusy) -> bool:
        """Asks whoever holds a phone to let go of it, and waits until that has happened. For `PhoneLink`.

        Returns:
            Whether opening the phone is worth another try: it was held by programs that know how to let go, and
            none of them holds it any more.
        """
        holders = self._askable(busy.node) if busy.node else []
        if not holders:
            return False
        program = holders[0].name
        self._report(HolderAsked(Stage.ASKING, program))
        end = self._clock() + self._patience
        while holders:
            for holder in holders:
                if not self._at_work(holder):
                    self._ask(holder, busy.node)
            holders = self._askable(busy.node)
            if holders and self._clock() >= end:
                self._report(HolderAsked(Stage.REFUSED, holders[0].name))
                return False
            if holders:
                self._sleep(_PAUSE)
        self._report(HolderAsked(Stage.LET_GO, program))
        return True

    def give_back(self) -> None:
        """Gives back what was let go, once our own hold has ended. What has left meanwhile stays away."""
        taken, self._taken = self._taken, {}
        for what, put_back in taken.items():
            stage = Stage.GIVEN_BACK if put_back() else Stage.NOT_GIVEN_BACK
            log.info("%s: %s", what, stage.value)
            self._report(HolderAsked(stage, self._program_of[what]))

    # --- inside -------------------------------------------------------------------------------------------

    def _askable(self, node: str) -> list[Holder]:
        """Those who hold a node and know how to let go."""
        return [each for each in self._processes(node) if each.name in gvfs.DAEMONS | kde.DAEMONS]

    def _at_work(self, holder: Holder) -> bool:
        """Whether a holder seems to copy just now."""
        before = self._work(holder.pid)
        self._sleep(_WATCHED)
        return self._work(holder.pid) - before >= _AT_WORK

    def _ask(self, holder: Holder, node: str) -> None:
        session = self._session_of(holder.uid)
        if session is None:
            log.info("%s of user %d cannot be spoken to", holder.name, holder.uid)
            return
        if holder.name in kde.DAEMONS:
            folder = next(
                (str(one.folder.resolve()) for one in usb_devices(self._places.usb) if one.node == node), ""
            )
            if kde.let_go(session, holder.name, folder):
                self._took("KDE", holder.name, partial(kde.give_back, session))
            return
        serial = known_to_udev(node, self._places)[1].get("ID_SERIAL", "")
        bus, address = (int(number) for number in node.rsplit("/", 2)[-2:])
        for mount in gvfs.mounts(session):
            if gvfs.is_of(mount, bus, address, serial):
                # Noted first: Ctrl+C may come when it is off already, and gio has not said so yet.
                self._took(mount, holder.name, partial(gvfs.put_back, session, mount))
                if not gvfs.take_off(session, mount):
                    self._taken.pop(mount)

    def _took(self, what: str, program: str, put_back: Callable[[], bool]) -> None:
        self._taken[what] = put_back
        self._program_of[what] = program
