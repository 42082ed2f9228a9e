"""A backup that began by itself, because a phone was plugged in: quiet, patient, and seen on the desktop."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TextIO, cast

from mtpbackup.cli import auto_log, remembered
from mtpbackup.cli.backup import run_options
from mtpbackup.cli.narrator import BackupNarrator
from mtpbackup.cli.options import default_destination
from mtpbackup.cli.running import holders_let_go, opener
from mtpbackup.cli.voice import Voice
from mtpbackup.engine import reports
from mtpbackup.engine.reports import Ending, Event, Summary, WaitingForPhone
from mtpbackup.errors import ArchiveBusy, InterfaceBusy, MtpBackupError, NoPhone, PhoneGone
from mtpbackup.messages import ExitCode, about_auto, explain

if TYPE_CHECKING:
    from pathlib import Path

    from mtpbackup.desktop.notifications import Notifier
    from mtpbackup.settings import KnownPhone
    from mtpbackup.transport.base import Finder, FoundPhone

_log = logging.getLogger(__name__)

#: Seconds that the phone may be off the bus before the run ends. The next plugging in begins another.
_ABSENCE: Final = 12.0
#: Seconds between two looks whether another run has ended.
_TURN: Final = 2.0


class OnlyThis:
    """A `Finder` that sees one phone, by what USB says of it. No other phone is ever opened."""

    def __init__(self, finder: Finder, phone: KnownPhone) -> None:
        self._finder = finder
        self._phone = phone

    def find(self) -> list[FoundPhone]:
        """That phone, if it is there."""
        wanted = (self._phone.vendor, self._phone.serial)
        return [
            found
            for found in self._finder.find()
            if (found.identity.vendor_id, found.identity.serial) == wanted
        ]

    def wait_for_change(self, timeout: float) -> bool:
        """See `Finder`."""
        return self._finder.wait_for_change(timeout)

    def close(self) -> None:
        """See `Finder`."""
        self._finder.close()


class Herald:
    """Tells the desktop what a person wants to know, and the log everything."""

    def __init__(self, narrator: BackupNarrator, notifier: Notifier, phone: str) -> None:
        self._narrator = narrator
        self._notifier = notifier
        self._copying = False
        self._asked = False
        self.phone = phone

    def __call__(self, event: Event) -> None:
        """Tells one event."""
        self._narrator(event)
        match event:
            case WaitingForPhone():
                bubble = about_auto.hand_needed(event, self.phone)
                if bubble is not None:
                    self._asked = True
                    self._notifier.show(*bubble, urgent=True)
            case reports.PhoneConnected():
                self.phone = event.name
                if self._asked and event.again:
                    self._notifier.show(*about_auto.going_on(self.phone))
                self._asked = False
            case reports.Planned():
                bubble = about_auto.begun(event)
                if bubble is not None:
                    self._copying = True
                    self._notifier.show(*bubble)
            case _:
                pass

    def queued(self) -> None:
        """Tells that another run is at work, as when two phones are plugged in at once."""
        self._notifier.show(*about_auto.queued(self.phone))

    def conclude(self, summary: Summary) -> ExitCode:
        """Tells how it ended. The desktop hears nothing where nothing was new, unless it was told before."""
        code = self._narrator.conclude(summary)
        if summary.ending is Ending.DONE:
            if not summary.nothing_new or summary.failures or self._notifier.shown:
                self._notifier.show(*about_auto.ended(summary), urgent=bool(summary.failures))
        elif summary.ending is not Ending.INTERRUPTED:
            self.failed(summary.error or PhoneGone("the phone went away"))
        return code

    def failed(self, error: MtpBackupError) -> None:
        """Tells why it did not work. Of a phone that was taken away before it began nothing need be said."""
        if not isinstance(error, NoPhone | PhoneGone):
            self._notifier.show(*about_auto.stopped(explain(error), self.phone), urgent=True)
        elif self._copying:
            self._notifier.show(*about_auto.slipped(self.phone), urgent=True)
        else:
            self._notifier.withdraw()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run by itself needs of the computer.

    Attributes:
        phones: where phones turn up.
        notifier: shows things on the desktop.
        stay_awake: keeps the computer awake while entered.
    """

    phones: Callable[[], AbstractContextManager[Finder]]
    notifier: Notifier
    stay_awake: Callable[[str], AbstractContextManager[object]]


def back_up_by_itself(phone: KnownPhone, surroundings: Surroundings) -> ExitCode:
    """Waits until the phone is unlocked, backs it up, and notes how that went.

    Raises nothing that is known; of a mistake of this program the person is told, and it is raised.
    """
    lines = cast("TextIO", auto_log.LogLines())
    voice = Voice(lines, lines)
    started = datetime.now(UTC)
    herald = Herald(BackupNarrator(voice), surroundings.notifier, phone.name)
    voice.say(f"{phone.name} was plugged in.")
    saved = 0
    try:
        with holders_let_go(voice) as ask_holder:
            summary = _run(phone, herald, surroundings, ask_holder)
        saved = summary.saved.items
        code = herald.conclude(summary)
        said = ".  ".join(about_auto.ended(summary)) if summary.ending is Ending.DONE else _why(summary.error)
    except (MtpBackupError, KeyboardInterrupt) as error:
        advice = explain(error)
        voice.bad(advice)
        if isinstance(error, MtpBackupError):
            herald.failed(error)
        code, said = advice.exit_code, advice.headline
    except Exception:
        # Nobody sits before a terminal: without this such a backup would quietly never be made.
        lines.write(traceback.format_exc())
        broken = about_auto.broken(herald.phone, auto_log.log_file())
        surroundings.notifier.show(*broken, urgent=True)
        auto_log.note_run(herald.phone, phone.serial, int(ExitCode.ERROR), started, ".  ".join(broken), saved)
        raise
    finally:
        surroundings.notifier.close()
    auto_log.note_run(herald.phone, phone.serial, int(code), started, said, saved)
    return code


def tell_on_desktop(error: MtpBackupError) -> None:
    """Says what keeps backups from beginning by themselves, where no run can say it."""
    from mtpbackup.desktop.notifications import Notifier  # noqa: PLC0415 - rare

    notifier = Notifier()
    notifier.show(*about_auto.cannot_begin(explain(error)), urgent=True)
    notifier.close()


def _why(error: MtpBackupError | None) -> str:
    return explain(error or KeyboardInterrupt()).headline


def _run(
    phone: KnownPhone, herald: Herald, surroundings: Surroundings, ask_holder: Callable[[InterfaceBusy], bool]
) -> Summary:
    from mtpbackup.archive import Archive  # noqa: PLC0415 - `--help` does without
    from mtpbackup.engine import run_backup  # noqa: PLC0415
    from mtpbackup.engine.awake import KeepAwake  # noqa: PLC0415
    from mtpbackup.engine.link import PhoneLink  # noqa: PLC0415

    options, to = run_options(), default_destination()
    expected = remembered.backup_in(to)
    if expected is not None:
        # That the backup's disk is missing need not wait until somebody has unlocked the phone.
        Archive.create_or_open(to, expected_id=expected).close()
    awake = KeepAwake(herald, surroundings.stay_awake)
    queued = False
    with surroundings.phones() as finder:
        only_this = OnlyThis(finder, phone)
        link = PhoneLink(
            only_this,
            patience=None,
            absence=_ABSENCE,
            report=awake,
            open_phone=opener(None),
            ask_holder=ask_holder,
        )
        try:
            while True:
                link.connect()
                with Archive.create_or_open(to, expected_id=expected) as archive:
                    expected = archive.id
                    remembered.remember(to, expected)
                    try:
                        return run_backup(link, archive, options=options, report=awake)
                    except ArchiveBusy:
                        link.close()
                if not queued:
                    queued = True
                    herald.queued()
                _wait_for_turn(to, expected, only_this)
        finally:
            awake.end()
            link.close()


def _wait_for_turn(to: Path, expected: str, phones: Finder) -> None:
    """Waits until no other run works in the backup, or the phone is off the bus.

    Nothing begins by itself a second time for a phone that stays plugged in: giving up would mean no backup.
    """
    from mtpbackup.archive import Archive  # noqa: PLC0415 - `--help` does without

    while phones.find():
        try:
            with Archive.create_or_open(to, expected_id=expected) as archive, archive.lock():
                return
        except ArchiveBusy:
            phones.wait_for_change(_TURN)
