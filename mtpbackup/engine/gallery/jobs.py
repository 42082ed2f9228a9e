"""One piece of work at a time: its progress, its end, and who is told of it.

A job lives in the engine and not in a window: whoever looks sees the same one, and it goes on when nobody does.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from mtpbackup.engine import reports
from mtpbackup.engine.reports import Count, Event, FailedItem, RestoreSummary, Summary, WaitingForPhone
from mtpbackup.errors import MtpBackupError

#: Weight of the newest second in the rate that is told: quick enough to follow, slow enough to read.
_NEWEST: Final = 0.3
#: Seconds between two looks at the rate.
_LOOK: Final = 1.0


class JobKind(enum.Enum):
    """What a job does."""

    LISTING = "listing"
    BACKUP = "backup"
    RESTORE = "restore"


class JobState(enum.Enum):
    """How far it is."""

    RUNNING = "running"
    #: Somebody asked it to stop, and it is on its way.
    STOPPING = "stopping"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class StopSwitch:
    """Lets another thread stop the engine: as Ctrl-C does, once for each pull."""

    def __init__(self) -> None:
        self._pulled = threading.Event()

    def pull(self) -> None:
        """Asks for the stop."""
        self._pulled.set()

    def release(self) -> None:
        """Takes it back; for what is begun next."""
        self._pulled.clear()

    def check(self) -> None:
        """Called by the thread that is to be stopped.

        Raises:
            KeyboardInterrupt: the stop was asked for. The engine cleans up after that, undisturbed.
        """
        if self._pulled.is_set():
            self._pulled.clear()
            raise KeyboardInterrupt


@dataclass(slots=True)
class Job:
    """A piece of work. Changed by the thread that does it, read by any.

    Attributes:
        id: its number, counted from 1.
        kind, state: what it is, and how far.
        done, total: files and bytes.
        current: path of the file or folder in hand, as the phone has it (hostile).
        rate: bytes a second, of late.
        failures: files that were given up.
        waiting: what it waits for, while it does.
        summary: the account, at the end.
        error: what ended it.
    """

    id: int
    kind: JobKind
    state: JobState = JobState.RUNNING
    done: Count = field(default_factory=Count)
    total: Count = field(default_factory=Count)
    current: str = ""
    rate: float = 0.0
    failures: list[FailedItem] = field(default_factory=list)
    waiting: WaitingForPhone | None = None
    summary: Summary | RestoreSummary | None = None
    error: MtpBackupError | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.state not in (JobState.RUNNING, JobState.STOPPING)

    @property
    def seconds_left(self) -> float | None:
        """Until it is through, at this rate."""
        left = self.total.bytes - self.done.bytes
        return None if self.over or self.rate <= 0 or left < 0 else left / self.rate


class Board:
    """The job in hand or the last one, and its listeners."""

    def __init__(self, clock: Callable[[], float], notice: Callable[[str], None]) -> None:
        """Prepares.

        Args:
            clock: seconds that never go back.
            notice: is told "job" when the job has changed. From any thread; must return at once.
        """
        self._clock = clock
        self._notice = notice
        self._lock = threading.Lock()
        self._number = 0
        self._looked = 0.0
        self._moved = 0
        self._worked: Job | None = None
        self.job: Job | None = None

    def begin(self, kind: JobKind, *, after_listing: bool = False) -> Job | None:
        """A new job, or None while another one is running.

        Args:
            kind: of the new one.
            after_listing: whether it may take the place of a phone being read: who presses the button as soon
                as the phone is there is not to be sent away. That goes on, and is told of no more.
        """
        with self._lock:
            running = self.running
            if running is not None and not (after_listing and running.kind is JobKind.LISTING):
                return None
            self._number += 1
            if self.job is not None and self.job.kind is not JobKind.LISTING:
                self._worked = self.job
            self.job = Job(self._number, kind)
            self._looked, self._moved = self._clock(), 0
            job = self.job
        self._notice("job")
        return job

    @property
    def running(self) -> Job | None:
        """The job in hand."""
        job = self.job
        return None if job is None or job.over else job

    @property
    def result(self) -> Job | None:
        """What people want to know of: the job in hand, else how the last one went.

        A phone is looked at whenever it comes or changes. That it went well is no news, and must not take the
        place of what became of a backup.
        """
        job = self.job
        if job is not None and job.kind is JobKind.LISTING and job.state is JobState.DONE:
            return self._worked or job
        return job

    def stopping(self) -> None:
        """The job in hand was asked to stop."""
        with self._lock:  # it may end at this very moment, and must not be brought back to life
            job = self.running
            if job is None:
                return
            job.state = JobState.STOPPING
        self._notice("job")

    def hear(self, event: Event) -> None:
        """Takes an event of the engine's into the job in hand."""
        job = self.running
        if job is None:
            return
        match event:
            case reports.WaitingForPhone():
                job.waiting = event
            case reports.PhoneConnected():
                job.waiting = None
            case reports.Listing():
                if job.kind is JobKind.LISTING:
                    job.done = event.listed
                job.current = "/".join(event.path) or event.storage
            case reports.CopyStarted() | reports.RestoreStarted():
                job.total = event.total
                self._looked, self._moved = self._clock(), 0
            case reports.ItemStarted():
                job.current = event.item.shown_path
            case reports.Progress():
                job.done, job.total, job.current = event.done, event.total, event.item.shown_path
                self._measure(job, event.read)
            case reports.RestoreProgress():
                job.done, job.total, job.current = event.done, event.total, event.item.shown_path
                self._measure(job, event.moved)
            case reports.ItemFailed():
                job.failures.append(FailedItem(event.item, event.tries, event.failure))
            case _:
                return
        self._notice("job")

    def end(
        self,
        ended: Job,
        state: JobState,
        *,
        summary: Summary | RestoreSummary | None = None,
        error: MtpBackupError | None = None,
    ) -> None:
        """A job is over; nothing happens where another one is in hand by now."""
        with self._lock:
            job = self.running
            if job is not ended:
                return
            job.summary, job.error, job.waiting = summary, error, None
            if summary is not None:
                job.failures = list(summary.failures)
            job.state = state
        self._notice("job")

    def _measure(self, job: Job, moved: int) -> None:
        now = self._clock()
        passed = now - self._looked
        if passed < _LOOK:
            return
        latest = max(0, moved - self._moved) / passed
        job.rate = latest if not job.rate else job.rate + _NEWEST * (latest - job.rate)
        self._looked, self._moved = now, moved
