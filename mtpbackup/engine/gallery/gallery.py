"""The gallery as one object: the phone, the backup, and the one job at a time between them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mtpbackup.archive import Archive
from mtpbackup.engine.backup import run_backup
from mtpbackup.engine.gallery.holdings import Holdings
from mtpbackup.engine.gallery.jobs import Board, Job, JobKind, JobState, StopSwitch
from mtpbackup.engine.gallery.keeper import Glimpse, PhoneKeeper, PhoneNow, PhoneState
from mtpbackup.engine.gallery.listing import Entry, PhoneListing, judged, list_phone
from mtpbackup.engine.gallery.restoring import ChosenOriginals, RestorePreview, preview_to_folder
from mtpbackup.engine.gallery.shelf import Shelf
from mtpbackup.engine.gallery.table import packed
from mtpbackup.engine.gallery.trouble import (
    NothingToDo,
    PhoneNotReady,
    PictureUnknown,
    PlanOver,
    WorkGoingOn,
)
from mtpbackup.engine.gallery.watch import Watch
from mtpbackup.engine.link import PhoneLink
from mtpbackup.engine.options import RunOptions
from mtpbackup.engine.reports import Ending, Event, RestoreSummary, Summary
from mtpbackup.engine.restore import RestoreOptions, preview_restore, restore_to_folder, run_restore
from mtpbackup.engine.selection import Only, Selection
from mtpbackup.errors import (
    InterfaceBusy,
    MtpBackupError,
)
from mtpbackup.phone import Phone
from mtpbackup.transport.base import Finder, Transport

log = logging.getLogger(__name__)

_T = TypeVar("_T")


class Gallery:
    """Everything that the pages show and do. For any thread. Close it.

    Attributes:
        backup: what is in the backup.
        board: the job in hand.
    """

    def __init__(
        self,
        root: Path,
        open_archive: Callable[[bool], Archive],
        finder: Finder | None,
        *,
        trouble: MtpBackupError | None = None,
        wanted: str = "",
        layout: str = "as-on-phone",
        open_phone: Callable[[Transport], Phone] = Phone.open,
        ask_holder: Callable[[InterfaceBusy], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
        look_every: float = 2.0,
    ) -> None:
        """Prepares; `start` begins.

        Args:
            root: the folder of the backup.
            open_archive: opens it; see `Shelf`.
            finder: where phones turn up; None where none can be looked for, with `trouble` saying why.
            trouble: see `finder`.
            wanted: which phone, where several may be plugged in.
            layout: where files go; see `RunOptions`.
            open_phone: makes a phone of a transport.
            ask_holder: see `PhoneLink`.
            clock: seconds that never go back.
            look_every: seconds between two looks whether the backup's disk came or went.
        """
        self._layout = layout
        self._shelf = Shelf(root, open_archive)
        self.backup = Holdings(self._shelf, lambda: self.listing)
        self._listeners: list[Callable[[str], None]] = []
        self.board = Board(clock, self._notice)
        self._keeper = PhoneKeeper(
            finder,
            self.board,
            trouble=trouble,
            wanted=wanted,
            open_phone=open_phone,
            ask_holder=ask_holder,
            notice=self._notice,
            on_ready=self._list_at_once,
        )
        self._lock = threading.Lock()
        self._previews: dict[int, RestorePreview] = {}
        self._numbers = 0
        self._table: bytes | None = None
        self._folder_stop = StopSwitch()
        self._folder_thread: threading.Thread | None = None
        self._once_more: Callable[[], Job] | None = None
        self._listing_due = False
        self._judged_by: object = None
        self._watch = Watch(self._shelf.glance, self._shelf_changed, look_every)

    def start(self) -> None:
        """Begins to watch for the phone, and for the backup's disk."""
        self._keeper.start()
        self._watch.start()

    def close(self) -> None:
        """Stops the job in hand, lets go of the phone, closes the backup."""
        self._watch.close()
        self._folder_stop.pull()
        self._keeper.close()
        if self._folder_thread is not None:
            self._folder_thread.join()
        self._shelf.close()

    # --- who listens --------------------------------------------------------------------------------------

    def listen(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Has a listener told "state", "job" or "listing" when that has changed; gives what ends it.

        It is called from any thread, and must return at once.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _notice(self, topic: str) -> None:
        for listener in tuple(self._listeners):
            listener(topic)

    # --- what there is ------------------------------------------------------------------------------------

    @property
    def phone(self) -> PhoneNow:
        """The phone as it is now."""
        return self._keeper.now

    @property
    def listing(self) -> PhoneListing:
        """What is on the phone, as of the last listing."""
        return self._keeper.listing

    def phone_table(self) -> bytes:
        """The phone's pictures as JSON; see `table.packed`.

        Raises:
            PhoneNotReady: nothing was listed yet.
        """
        with self._lock:
            if self._table is None:
                raise PhoneNotReady
            return self._table

    def glimpse(self, entry: Entry) -> Future[Glimpse]:
        """A look at a picture on the phone, without reading it.

        Raises:
            WorkGoingOn: copying goes first.
            PhoneNotReady: there is no phone to look at.
        """
        job = self.board.running
        if job is not None:
            raise WorkGoingOn(job.kind.value)
        return self._keeper.glimpse(entry)

    # --- jobs ---------------------------------------------------------------------------------------------

    def start_listing(self) -> Job:
        """Reads what is on the phone.

        Raises:
            PhoneNotReady, WorkGoingOn: it cannot be done now.
        """
        return self._on_phone(JobKind.LISTING, self._list)

    def start_backup(self, ids: Sequence[str] | None = None) -> Job:
        """Backs up.

        Args:
            ids: which files of the listing; None for all that is new.

        Raises:
            PhoneNotReady, WorkGoingOn: it cannot be done now.
            PictureUnknown: one of the files is not in the listing.
            NothingToDo: none was chosen.
        """
        if ids is None:
            return self._start_backup(Selection())
        listing = self.listing
        lines = []
        for each in ids:
            entry = listing.entry(each)
            if entry is None:
                raise PictureUnknown(each)
            lines.append(entry.line)
        if not lines:
            raise NothingToDo
        return self._start_backup(Selection(Only.ALL, picks=tuple(lines)))

    def retry(self) -> Job:
        """Tries again what failed in the last job, or goes on with one that did not get to its end.

        What went through is there, and is not done again: of a backup that came to its end only what failed is
        asked for; a restore looks for itself what is on its target already.

        Raises:
            NothingToDo: nothing failed, and nothing was left.
            PhoneNotReady, WorkGoingOn: it cannot be done now.
        """
        job, again = self.board.result, self._once_more
        if self.board.running is not None:
            raise self._going_on()
        if job is None:
            raise NothingToDo
        if job.state is JobState.DONE:
            if not job.failures:
                raise NothingToDo
            if job.kind is JobKind.BACKUP:
                lines = tuple(f"{failed.item.storage}/{failed.item.shown_path}" for failed in job.failures)
                return self._start_backup(Selection(Only.ALL, picks=lines))
        if job.kind is JobKind.LISTING:
            return self.start_listing()
        if again is None:
            raise NothingToDo
        return again()

    def stop(self) -> None:
        """Stops the job in hand; nothing happens where there is none."""
        job = self.board.running
        if job is not None:
            self.board.stopping()
            if self._folder_thread is not None and self._folder_thread.is_alive():
                self._folder_stop.pull()
            else:
                self._keeper.stop_job()

    def preview_restore(self, ids: Sequence[int], *, target: Path | None, into: str = "") -> RestorePreview:
        """What putting files back would do. Takes as long as listing the folders that they go to.

        Args:
            ids: rows of items of the backup.
            target: a folder of this computer, absolute; None for the phone.
            into: a folder on the target; empty: where they were.

        Raises:
            NothingToDo, PictureUnknown: nothing was chosen, or something that is not there.
            PhoneNotReady, WorkGoingOn: it cannot be done now.
            MtpBackupError: as `engine.restore.preview_restore` and `restore_to_folder`.
        """
        if not ids:
            raise NothingToDo
        for item_id in ids:
            self.backup.item(item_id)
        with self._lock:
            self._numbers += 1
            number = self._numbers
        archive = self._shelf.get()
        assert archive is not None
        originals = ChosenOriginals(archive, ids)
        options = RestoreOptions(into=into)
        if target is not None:
            preview = preview_to_folder(number, originals, tuple(ids), target, options)
        else:
            who, plans = self._with_phone(
                lambda link: (link.identity, preview_restore(link, originals, options=options))
            )
            free = min((room.free for room in plans.room if room.free is not None), default=None)
            preview = RestorePreview(
                number, tuple(ids), None, into, plans.to_send, plans.clashes, plans.fits, free, who
            )
        with self._lock:
            self._previews[number] = preview
            for old in sorted(self._previews)[:-10]:
                del self._previews[old]
        return preview

    def start_restore(self, plan: int) -> Job:
        """Puts back what was previewed.

        Raises:
            PlanOver: there was no such preview, or it was made for another phone than the one that is there.
            PhoneNotReady, WorkGoingOn: it cannot be done now.
        """
        preview = self._previews.get(plan)
        if preview is None:
            raise PlanOver
        return self._start_restore(preview)

    # --- inside -------------------------------------------------------------------------------------------

    def _start_backup(self, selection: Selection) -> Job:
        return self._on_phone(
            JobKind.BACKUP,
            lambda link: self._back_up(link, selection),
            again=partial(self._start_backup, selection),
        )

    def _start_restore(self, preview: RestorePreview) -> Job:
        archive = self._shelf.get()
        if archive is None:
            raise PlanOver
        originals = ChosenOriginals(archive, preview.ids)
        again = partial(self._start_restore, preview)
        if preview.target is not None:
            return self._start_restore_to_folder(originals, preview.target, preview.options, again)
        if self.phone.state is PhoneState.READY and self.phone.who != preview.who:
            raise PlanOver  # what was seen beforehand was seen on another phone
        return self._on_phone(
            JobKind.RESTORE, lambda link: self._put_back(link, originals, preview.options), again=again
        )

    def _start_restore_to_folder(
        self, originals: ChosenOriginals, target: Path, options: RestoreOptions, again: Callable[[], Job]
    ) -> Job:
        job = self.board.begin(JobKind.RESTORE)
        if job is None:
            raise self._going_on()
        self._once_more = again
        self._folder_stop.release()
        self._folder_thread = threading.Thread(
            target=lambda: self._job(
                job, lambda: restore_to_folder(originals, target, options=options, report=self._folder_report)
            ),
            name="to a folder",
        )
        self._folder_thread.start()
        return job

    def _folder_report(self, event: Event) -> None:
        self.board.hear(event)
        self._folder_stop.check()

    def _going_on(self) -> WorkGoingOn:
        job = self.board.running
        return WorkGoingOn("" if job is None else job.kind.value)

    def _on_phone(
        self,
        kind: JobKind,
        work: Callable[[PhoneLink], Summary | RestoreSummary | None],
        again: Callable[[], Job] | None = None,
    ) -> Job:
        if self.phone.state is not PhoneState.READY:
            raise PhoneNotReady
        job = self.board.begin(kind, after_listing=kind is not JobKind.LISTING)
        if job is None:
            raise self._going_on()
        if again is not None:
            self._once_more = again  # before anything can end it
        self._keeper.drop_glimpses()
        try:
            self._keeper.submit(lambda link: self._job(job, lambda: work(link)), lambda: self._not_begun(job))
        except PhoneNotReady as error:
            self.board.end(job, JobState.FAILED, error=error)
            raise
        return job

    def _job(self, job: Job, work: Callable[[], Summary | RestoreSummary | None]) -> None:
        """Does a job to its end, whatever that is. Losses of the phone are the keeper's to notice."""
        try:
            if job.state is JobState.STOPPING:
                raise KeyboardInterrupt  # stopped before its turn came
            summary = work()
            ending: dict[str, Any] = {"summary": summary, "error": summary.error if summary else None}
            state = _state_after(summary)
        except KeyboardInterrupt:
            state, ending = JobState.STOPPED, {}
        except MtpBackupError as error:
            state, ending = JobState.FAILED, {"error": error}
        except BaseException:
            log.exception("a job died")
            mistake = MtpBackupError("the job died of a mistake in the program")
            state, ending = JobState.FAILED, {"error": mistake}
        try:
            self._judge_again()
        except Exception:
            log.exception("the listing cannot be judged")  # the job is over all the same
        if job.kind is JobKind.LISTING and state is JobState.STOPPED and self.board.running is not job:
            self._listing_due = True  # the stop was meant for the job that follows
        self.board.end(job, state, **ending)
        self._notice("state")
        if self._listing_due:
            self._list_at_once()

    def _not_begun(self, job: Job) -> None:
        """The phone left before a job had its turn."""
        self.board.end(job, JobState.FAILED, error=PhoneNotReady())
        self._notice("state")

    def _with_phone(self, work: Callable[[PhoneLink], _T]) -> _T:
        """Has something done with the phone, and waits for it; also for the end of a listing."""
        job = self.board.running
        if job is not None and job.kind is not JobKind.LISTING:
            raise self._going_on()
        future: Future[_T] = Future()

        def do(link: PhoneLink) -> None:
            try:
                future.set_result(work(link))
            except (MtpBackupError, KeyboardInterrupt) as error:
                known = error if isinstance(error, MtpBackupError) else PhoneNotReady()
                future.set_exception(known)
            except BaseException as error:
                future.set_exception(error)  # or whoever asked would wait for ever
                raise

        self._keeper.submit(do, lambda: future.set_exception(PhoneNotReady()))
        return future.result()

    def _list_at_once(self) -> None:
        """A phone has become usable: its listing is the first thing to do, or follows what is in hand."""
        self._listing_due = False
        try:
            self.start_listing()
        except WorkGoingOn:
            self._listing_due = True
            if self.board.running is None:  # it ended before it could see that
                self._list_at_once()
        except PhoneNotReady as error:
            log.debug("not listed: %s", error)  # it has left again

    def _shelf_changed(self) -> None:
        """The backup came or went: what is told of it holds no longer, nor what of the phone is safe."""
        self._notice("state")
        # What is in hand ends with a judgement of its own.
        if self.board.running is None and self._shelf.glance()[0] != self._judged_by:
            self._list_at_once()

    def _list(self, link: PhoneLink) -> None:
        phone = link.connect()
        at = datetime.now(UTC)
        found = list_phone(phone, self._keeper.report)
        version = self.listing.version + 1
        self._show(judged(found, phone, phone.identity, self._archive(), version=version, at=at))

    def _back_up(self, link: PhoneLink, selection: Selection) -> Summary:
        archive = self._shelf.make()
        options = RunOptions(selection=selection, layout=self._layout)
        summary = run_backup(link, archive, options=options, report=self._keeper.report)
        if not selection.picks:
            self._look_again(link, summary.ending)  # it may have found what the listing does not know yet
        return summary

    def _put_back(self, link: PhoneLink, originals: ChosenOriginals, options: RestoreOptions) -> RestoreSummary:
        summary = run_restore(
            link, originals, confirm=lambda _plan: True, options=options, report=self._keeper.report
        )
        self._look_again(link, summary.ending)
        return summary

    def _look_again(self, link: PhoneLink, ending: Ending) -> None:
        """Lists the phone once more, after work that went to its end; nothing depends on it."""
        if ending is not Ending.DONE:
            return
        try:
            self._list(link)
        except (MtpBackupError, KeyboardInterrupt) as error:
            log.info("not listed again: %s", error)

    def _judge_again(self) -> None:
        """Looks what of the listing is safe now."""
        old = self.listing
        if old.who is None or not old.found:
            return
        try:
            self._show(
                judged(old.found, old.phone, old.who, self._archive(), version=old.version + 1, at=old.at)
            )
        except MtpBackupError as error:
            log.warning("the listing cannot be judged: %s", error)

    def _show(self, listing: PhoneListing) -> None:
        table = packed(listing.version, listing.shown())  # now: who is told asks for it at once
        with self._lock:
            self._keeper.listing = listing
            self._table = table
        self._notice("listing")
        self._notice("state")

    def _archive(self) -> Archive | None:
        """The backup, to judge by; none where it cannot be read: then nothing is known to be safe."""
        self._judged_by = self._shelf.glance()[0]
        try:
            return self._shelf.get()
        except MtpBackupError as error:
            log.warning("the backup cannot be read: %s", error)
            return None


def _state_after(summary: Summary | RestoreSummary | None) -> JobState:
    if summary is None or summary.ending is Ending.DONE:
        return JobState.DONE
    return JobState.STOPPED if summary.ending is Ending.INTERRUPTED else JobState.FAILED
