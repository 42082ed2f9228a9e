"""Tells the story of a restore."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from mtpbackup import errors
from mtpbackup.cli import restore_facts
from mtpbackup.cli.narrator import BackupNarrator
from mtpbackup.cli.progress import ProgressDisplay
from mtpbackup.cli.voice import Voice
from mtpbackup.engine import reports
from mtpbackup.engine.reports import Count, Ending, Event, PutSkip, PutStep, RestorePlanned, RestoreSummary
from mtpbackup.messages import ExitCode, explain, listing, number, place, plain, size

#: Files and folders told one by one before the rest is only counted.
_SHOWN: Final = 10
_PLACES_SHOWN: Final = 3

_LABELS: Final = {PutStep.COMPARING: "Comparing", PutStep.SENDING: "Sending", PutStep.CHECKING: "Checking"}
_UNPLUG_HINT: Final = "You can unplug at any time: I'll continue next time."

_SKIPPED_BECAUSE: Final = {
    PutSkip.DAMAGED: "not as it was saved (put it back all the same: --even-if-damaged)",
    PutSkip.TOO_LARGE: "too large for the phone's memory card",
    PutSkip.IN_THE_WAY: "a file on the phone has the name of its folder",
    PutSkip.NAME: "the phone would not take its name",
}

_FAILED_BECAUSE: Final = {
    "ArchiveError": ": this computer's disk would not do it",
    "FolderInTheWay": ": a file has the name of one of its folders",
    "IntegrityError": " is not in the backup any more",
    "TopRefused": ": this phone takes files in folders only (say which: --into Pictures)",
}

_ENDINGS: Final = {
    Ending.DONE: ExitCode.OK,
    Ending.DECLINED: ExitCode.OK,
    Ending.INTERRUPTED: ExitCode.INTERRUPTED,
    Ending.PHONE_LOST: ExitCode.UNPLUGGED,
    Ending.PHONE_LOCKED: ExitCode.LOCKED,
    Ending.OUT_OF_SPACE: ExitCode.NO_SPACE,
    Ending.DESTINATION_LOST: ExitCode.ERROR,
}


def exit_code_of(summary: RestoreSummary) -> ExitCode:
    """The exit code of a restore that ended with this summary."""
    code = _ENDINGS[summary.ending]
    if code is not ExitCode.OK or summary.ending is Ending.DECLINED:
        return code
    if not summary.adds_up or summary.left.items:
        return ExitCode.ERROR
    return ExitCode.OK if summary.complete else ExitCode.SOME_FAILED


class RestoreNarrator:
    """A `Report` that speaks with a voice. Leave it with `end`, which takes the progress bar away."""

    def __init__(self, voice: Voice, clock: Callable[[], float] = time.monotonic) -> None:
        self.voice = self._voice = voice
        self._clock = clock
        self._phone = BackupNarrator(voice, clock)
        self._display: ProgressDisplay | None = None
        self._step: PutStep | None = None
        self._total = Count()
        self._sent = 0

    def __call__(self, event: Event) -> None:
        """Tells one event."""
        said = restore_facts.of_event(event)
        if said is not None:
            self._voice.emit("status", **said)
        match event:
            case reports.WaitingForPhone() | reports.PhoneConnected():
                self.end()
                self._phone(event)
            case reports.PhoneLost():
                self.end()
                self._lost(event)
            case reports.RestorePlanned():
                self.end()
                self._planned(event)
            case reports.RestoreStarted():
                self.end()
                self._total = event.total
            case reports.RestoreProgress():
                self._progress(event)
            case reports.FileSent():
                self._sent += 1
            case _:
                pass

    def end(self) -> None:
        """Takes the progress bar away."""
        if self._display is not None:
            self._display.end()
            self._display = None

    def _progress(self, event: reports.RestoreProgress) -> None:
        if event.step is not self._step:
            self.end()
            self._step = event.step
        if self._display is None:
            self._display = ProgressDisplay(self._voice, _LABELS[event.step], self._clock, hint=_UNPLUG_HINT)
        self._display.show(event.done, event.total, event.moved, event.item.shown_path)

    def _lost(self, event: reports.PhoneLost) -> None:
        what = {
            "PhoneGone": "The phone was unplugged.",
            "SessionDropped": "The phone closed the connection: it was asked too fast.",
            "PhoneLocked": "The phone was locked.",
            "StorageVanished": "The phone was locked, or its card was taken out.",
        }.get(event.failure.kind, "The phone stopped answering.")
        done = f"  {self._sent:,} of {self._total.items:,} are on it." if self._total.items else ""
        dropped = event.failure.kind == "SessionDropped"
        then = "Going on more slowly." if dropped else "Plug it in and unlock it to continue."
        self._voice.warn(f"{what}{done}  {then}")

    # --- the plan -----------------------------------------------------------------------------------------

    @staticmethod
    def name(phone: str) -> str:
        """A phone's name, fit for a terminal."""
        return plain(phone)

    @staticmethod
    def amount(count: Count) -> str:
        """So many files, and their bytes."""
        return f"{number(count.items, 'file')} ({size(count.bytes)})"

    def _planned(self, plan: RestorePlanned) -> None:
        voice = self._voice
        if not plan.selected.items:
            voice.notice("There is nothing like that in the backup.")
        elif plan.to_send.items:
            what = _kinds(plan.photos, plan.videos, plan.to_send.items)
            voice.good(f"{plain(plan.phone)} connected.  {what} to put back, {size(plan.to_send.bytes)}")
            voice.say(f"From {place(plan.source)} to {_places(plan.places)}")
        for old, new in plan.mapped:
            voice.notice(f"The phone has no storage called {plain(old)}: its files go to {plain(new)}.")
        if plan.unplaced:
            homeless = number(plan.unplaced, "file")
            voice.notice(f"It is not known where {homeless} lay on a phone: they go below Pictures.")
        if plan.there.items and plan.to_send.items:
            voice.more((f"{plan.there.items:,} are on the phone already.",))
        if plan.renamed:
            renamed = number(plan.renamed, "file gets", "files get")
            voice.more((f"{renamed} another name: theirs is taken, or the phone would not take it.",))
        self._not_found(plan.missing)

    def _not_found(self, missing: Sequence[str]) -> None:
        for name in missing[:_SHOWN]:
            self._voice.warn(f"There is no {plain(name)} in the backup.")
        if len(missing) > _SHOWN:
            self._voice.warn(f"… and {len(missing) - _SHOWN:,} more that are not in the backup")

    def tell_plan(self, plan: RestorePlanned) -> ExitCode:
        """What a dry run has to say after the plan itself.

        Returns:
            The exit code: a plan that does not fit ends as the run would.
        """
        code = ExitCode.OK if plan.fits else ExitCode.NO_SPACE
        if plan.fits and plan.missing:
            code = ExitCode.SOME_FAILED
        self._voice.emit(
            "summary", command="restore", dry_run=True, exit_code=int(code), **restore_facts.of_plan(plan)
        )
        self._voice.say(f"Would put back {self.amount(plan.to_send)}. Nothing on the phone was changed.")
        if plan.unsure.items:
            self._voice.more(
                (f"{plan.unsure.items:,} of them may be there already: that is found out by reading them.",)
            )
        for reason, count in plan.skipped.items():
            if reason in _SKIPPED_BECAUSE:
                files = number(count.items, "file")
                self._voice.warn(f"{files} would be left out: {_SKIPPED_BECAUSE[reason]}.")
        for room in plan.room:
            if not room.fits:
                self._voice.bad(explain(errors.PhoneFull(room.storage, room.needed, room.free)))
        return code

    # --- the end ------------------------------------------------------------------------------------------

    def conclude(self, summary: RestoreSummary, *, dry_run: bool = False) -> ExitCode:
        """Says how it ended.

        Args:
            summary: what became of every file.
            dry_run: of a restore to a folder: what is "left" would be put back.

        Returns:
            The exit code.
        """
        self.end()
        code = exit_code_of(summary)
        if dry_run:
            code = ExitCode.SOME_FAILED if summary.missing else ExitCode.OK
        if self._voice.json:
            self._voice.emit("summary", **restore_facts.of_restore(summary, code, dry_run=dry_run))
            return code
        if dry_run:
            self._voice.say(f"Would put back {self.amount(summary.left)}. Nothing was written.")
        elif summary.ending is Ending.DECLINED:
            self._voice.say("Nothing on the phone was changed.")
        else:
            self._account(summary)
        if summary.target is not None:
            self._not_found(summary.missing)
        return code

    def _account(self, summary: RestoreSummary) -> None:
        voice = self._voice
        where = place(summary.target) if summary.target is not None else plain(summary.phone)
        if summary.sent.items:
            what = _kinds(summary.photos, summary.videos, summary.sent.items)
            inside = "" if summary.target is not None else f"{_places(summary.places)} on "
            voice.good(f"{what} put back in {inside}{where}.  Nothing replaced.")
            self._proof(summary)
        elif summary.there.items and summary.ending is Ending.DONE:
            voice.good(f"{where}: all {summary.there.items:,} are there already.  Nothing was changed.")
        elif not summary.selected.items and summary.target is not None:
            voice.notice("There is nothing like that in the backup.")
        if summary.sent.items and summary.there.items:
            voice.more((f"{summary.there.items:,} were there already.",))
        for wanted, name in summary.renamed[:_SHOWN]:
            voice.more((f"{plain(wanted.shown_path)} is called {plain(name)} now.",))
        if len(summary.renamed) > _SHOWN:
            voice.more((f"… and {len(summary.renamed) - _SHOWN:,} more (all of them: --json)",))
        if summary.ending is not Ending.DONE:
            self._stopped(summary)
        self._troubles(summary)

    def _proof(self, summary: RestoreSummary) -> None:
        if summary.target is not None:
            return
        lines = [
            f"{summary.proven:,} of {summary.sent.items:,} read back and compared; "
            "of all, name, size and date were asked back."
        ]
        if summary.dates_lost:
            whom = "new files" if not summary.dates_kept else f"{summary.dates_lost:,} of them"
            lines.append(
                f"The phone gives {whom} the date of today. The date inside a picture, by which most galleries "
                "sort, is as it was."
            )
        lines.append("If the phone's gallery does not show them yet: give it a moment, or restart the phone.")
        self._voice.more(lines)

    def _stopped(self, summary: RestoreSummary) -> None:
        left = f"{summary.left.items:,} are left." if summary.left.items else ""
        if summary.ending is Ending.INTERRUPTED:
            self._voice.warn(f"Stopped.  {left}  Run the same command again to continue.")
            return
        if left:
            self._voice.warn(left)
        self._voice.bad(explain(summary.error or errors.PhoneGone("the phone went away")))

    def _troubles(self, summary: RestoreSummary) -> None:
        lines = [
            f"{plain(skip.item.shown_path)}: {_SKIPPED_BECAUSE[skip.reason]}"
            for skip in summary.skips
            if skip.reason in _SKIPPED_BECAUSE
        ]
        for failed in summary.failures:
            tried = f" (tried {failed.tries} times)" if failed.tries > 1 else ""
            because = _FAILED_BECAUSE.get(failed.failure.kind, "")
            lines.append(f"{plain(failed.item.shown_path)}{because}{tried}")
        if lines:
            self._voice.warn(f"{number(len(lines), 'file')} not put back:")
            for line in lines[:_SHOWN]:
                self._voice.warn(f"  {line}")
            if len(lines) > _SHOWN:
                self._voice.warn(f"  … and {len(lines) - _SHOWN:,} more (all of them: --json)")
        if not summary.adds_up:
            self._voice.warn(
                "The numbers of this run don't add up, so don't count it as complete. Please report this: "
                f"{summary.unaccounted.items} files, {summary.unaccounted.bytes} bytes unaccounted for."
            )


def _kinds(photos: int, videos: int, items: int) -> str:
    kinds = [number(photos, "photo")] if photos else []
    if videos:
        kinds.append(number(videos, "video"))
    if others := items - photos - videos:
        kinds.append(number(others, "other file" if kinds else "file"))
    return listing(kinds)


def _places(places: Sequence[str]) -> str:
    """As "DCIM/Camera", "DCIM/Camera and Pictures", "DCIM/Camera and 7 other folders"."""
    named = [one or "the top folder" for one in places]
    if len(named) <= _PLACES_SHOWN:
        return listing(named)
    return f"{plain(named[0])} and {len(named) - 1} other folders"
