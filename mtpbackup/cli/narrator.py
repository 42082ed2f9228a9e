"""Tells the story of a backup: the engine's events as the conversation of PRODUCT.md section 2."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from mtpbackup import errors
from mtpbackup.cli import facts
from mtpbackup.cli.progress import ProgressDisplay
from mtpbackup.cli.voice import Voice
from mtpbackup.engine import reports
from mtpbackup.engine.reports import Count, Ending, Event, SkipReason, Summary, WaitReason
from mtpbackup.messages import (
    HOW_TO_CONNECT,
    ExitCode,
    duration,
    explain,
    listing,
    number,
    place,
    plain,
    size,
)
from mtpbackup.messages.about_brands import INSTEAD_OF_FILES, how_to_unlock
from mtpbackup.messages.about_items import why_not_saved

#: Failures told one by one before the rest is only counted.
_FAILURES_SHOWN: Final = 10

_UNPLUG_HINT: Final = "You can unplug at any time: I'll continue next time."

_SKIPPED_BECAUSE: Final = {
    SkipReason.APP_DATA: "apps' own data",
    SkipReason.THUMBNAILS: "thumbnail caches",
    SkipReason.TRASHED: "in the phone's bin",
    SkipReason.PENDING: "still being written",
    SkipReason.OTHER_KIND: "neither photo nor video",
    SkipReason.NOT_ASKED_FOR: "not of the kind asked for",
    SkipReason.OTHER_FOLDER: "in other folders",
    SkipReason.NOT_PICKED: "not on the list",
    SkipReason.TOO_OLD: "too old",
}

_ENDINGS: Final = {
    Ending.DONE: ExitCode.OK,
    Ending.INTERRUPTED: ExitCode.INTERRUPTED,
    Ending.PHONE_LOST: ExitCode.UNPLUGGED,
    Ending.PHONE_LOCKED: ExitCode.LOCKED,
    Ending.OUT_OF_SPACE: ExitCode.NO_SPACE,
    Ending.DESTINATION_LOST: ExitCode.ERROR,
}


def exit_code_of(summary: Summary) -> ExitCode:
    """The exit code of a backup that ended with this summary."""
    code = _ENDINGS[summary.ending]
    if code is not ExitCode.OK:
        return code
    if not summary.adds_up or summary.left.items:
        return ExitCode.ERROR
    missing = summary.missing_folders or summary.missing_names
    return ExitCode.SOME_FAILED if summary.failed.items or missing else ExitCode.OK


class BackupNarrator:
    """A `Report` that speaks with a voice. Leave it with `end`, which takes the progress bar away."""

    def __init__(
        self, voice: Voice, clock: Callable[[], float] = time.monotonic, *, only_telling: bool = False
    ) -> None:
        self._voice = voice
        self._only_telling = only_telling
        self._clock = clock
        self._display: ProgressDisplay | None = None
        self._total = Count()
        self._saved = 0
        self._knows_what_to_do = False
        self._missing: tuple[str, ...] = ()
        self._started = clock()

    def __call__(self, event: Event) -> None:
        """Tells one event."""
        said = facts.of_event(event)
        if said is not None:
            self._voice.emit("status", **said)
        match event:
            case reports.WaitingForPhone():
                self._pause()
                self._waiting(event)
            case reports.PhoneConnected() if event.again:
                self._voice.good(f"{plain(event.name)} is back. Going on…")
            case reports.PhoneLost():
                self._pause()
                self._lost(event)
            case reports.Planned():
                self._planned(event)
            case reports.CopyStarted():
                self._total = event.total
                self._started = self._clock()
            case reports.Progress():
                self._total = event.total
                if self._display is None:
                    self._display = ProgressDisplay(self._voice, "Copying", self._clock, hint=_UNPLUG_HINT)
                self._display.show(event.done, event.total, event.read, event.item.shown_path)
            case reports.ItemSaved():
                self._saved += 1
            case _:
                pass

    def _pause(self) -> None:
        if self._display is not None:
            self._display.end()
            self._display = None

    def end(self) -> None:
        """Takes the progress bar away."""
        self._pause()

    # --- the phone ----------------------------------------------------------------------------------------

    def _waiting(self, event: reports.WaitingForPhone) -> None:
        name = plain(event.name) or "A phone"
        match event.reason:
            case WaitReason.NONE if self._knows_what_to_do:
                self._voice.say("Waiting for it… (Ctrl+C to stop)")  # what to do was said when it left
            case WaitReason.NONE:
                self._voice.say("Looking for your phone…  none found yet.")
                self._voice.more(HOW_TO_CONNECT)
                self._voice.say("Waiting… (Ctrl+C to stop)")
            case WaitReason.LOCKED:
                self._voice.notice(f"{name} found, but its screen is locked, so it hides your photos.")
                self._voice.more((*how_to_unlock(event.vendor_id), "I'll carry on by myself."))
                self._knows_what_to_do = True  # most phones leave the bus for a moment when it is done
            case WaitReason.NO_FILES:
                self._voice.notice(f"{name} is plugged in, {INSTEAD_OF_FILES[event.mode]}.")
                self._voice.more((*how_to_unlock(event.vendor_id), "I'll carry on by myself."))
                self._knows_what_to_do = True
            case WaitReason.BUSY:
                advice = explain(errors.InterfaceBusy(event.node, event.holders))
                self._voice.notice(advice.headline)
                self._voice.more((*advice.what_to_do, "I'll carry on by myself as soon as it lets go."))
            case WaitReason.NO_PERMISSION:
                advice = explain(errors.AccessDenied(event.node))
                self._voice.notice(advice.headline)
                self._voice.more(advice.what_to_do)
            case WaitReason.OTHER_PHONE:
                wanted = plain(event.wanted) or name
                self._voice.notice(f"{listing(event.others)} is plugged in, but not {wanted}.")
                self._voice.more(("Plug in the right one. I'll carry on by myself.",))
            case WaitReason.NO_ANSWER:
                self._voice.notice(f"{name} is plugged in, but doesn't answer.")
                self._voice.more(("Unlock its screen. If that doesn't help, unplug it and plug it in again.",))

    def _lost(self, event: reports.PhoneLost) -> None:
        what = {
            "PhoneGone": "The phone was unplugged.",
            "SessionDropped": "The phone closed the connection: it was asked too fast.",
            "PhoneLocked": "The phone was locked.",
            "StorageVanished": "The phone was locked, or its card was taken out.",
        }.get(event.failure.kind, "The phone stopped answering.")
        safe = f"  {self._saved:,} of {self._total.items:,} are safe." if self._total.items else ""
        then = {
            "PhoneLocked": "Unlock it to continue.",
            "SessionDropped": "Going on more slowly.",
            "StorageVanished": "Unlock it, or put the card back in, to continue.",
        }.get(event.failure.kind, "Plug it in again and unlock it to continue.")
        self._voice.warn(f"{what}{safe}  {then}")
        self._knows_what_to_do = True

    # --- the plan and the end -----------------------------------------------------------------------------

    def _planned(self, event: reports.Planned) -> None:
        self._missing = event.missing_folders + event.missing_names
        kinds = [number(event.photos, "photo")] if event.photos else []
        if event.videos:
            kinds.append(number(event.videos, "video"))
        others = event.wanted.items - event.photos - event.videos
        if others:
            kinds.append(number(others, "other file"))
        what = listing(kinds) if kinds else "No photos or videos"
        amount = f", {size(event.wanted.bytes)}" if event.wanted.bytes else ""
        self._voice.good(f"{plain(event.phone)} connected.  {what}{amount}")
        for folder in event.missing_folders:
            self._voice.warn(f"There is no folder {plain(folder)} on the phone.")
        for name in event.missing_names[:_FAILURES_SHOWN]:
            self._voice.warn(f"{plain(name)} is not on the phone.")
        if len(event.missing_names) > _FAILURES_SHOWN:
            self._voice.warn(f"… and {len(event.missing_names) - _FAILURES_SHOWN:,} more of the list are not.")
        if event.too_large.items:
            limit = f", which takes files up to {size(event.largest_file)}" if event.largest_file else ""
            files = number(event.too_large.items, "file is", "files are")
            self._voice.warn(
                f"{files} too large for this disk{limit}: use one formatted as exFAT, NTFS or ext4."
            )
        copies = event.new + event.changed + event.failing + event.lost
        if copies.items and event.fits and not self._only_telling:
            self._voice.say(f"Copying to {place(event.folder)}   ({size(event.free)} free)")

    def tell_plan(self, plan: reports.Planned) -> ExitCode:
        """What a dry run has to say after the plan itself.

        Returns:
            The exit code: a plan that does not fit, or lacks something, ends as the run would.
        """
        lacks = plan.refused.items or plan.unlisted.items or plan.missing_folders or plan.missing_names
        code = ExitCode.OK if plan.fits else ExitCode.NO_SPACE
        if plan.fits and lacks:
            code = ExitCode.SOME_FAILED
        self._voice.emit("summary", command="backup", dry_run=True, exit_code=int(code), **facts.of_plan(plan))
        copies = plan.new + plan.changed + plan.failing + plan.lost
        if copies.items:
            self._voice.say(
                f"Would copy {number(copies.items, 'file')}, {size(plan.to_copy)}, to {place(plan.folder)}   "
                f"({size(plan.free)} free)."
            )
        else:
            self._voice.say("Would copy nothing: there is nothing new.")
        self._voice.say("This was only a look. Nothing was copied.")
        if plan.safe.items:
            self._voice.more((f"{plan.safe.items:,} are safe already.",))
        if plan.skipped:
            self._voice.more((f"Left out: {_skipped(plan.skipped)}.",))
        if code is ExitCode.NO_SPACE:
            self._voice.bad(explain(errors.OutOfSpace(plan.folder, plan.to_copy, plan.free)))
        return code

    def conclude(self, summary: Summary) -> ExitCode:
        """Says how it ended.

        Returns:
            The exit code.
        """
        self._pause()
        code = exit_code_of(summary)
        if self._voice.json:
            self._voice.emit("summary", **facts.of_backup(summary, code))
            return code
        safe = summary.saved + summary.safe
        if summary.ending is Ending.DONE:
            self._done(summary, safe)
        else:
            self._stopped(summary, safe)
        self._failures(summary)
        if summary.skipped_in_all.items:
            self._voice.say(f"Left out: {_skipped(summary.skipped)}.")
        if not summary.adds_up:
            self._voice.warn(
                "The numbers of this run don't add up, so don't count it as complete. Please report this: "
                f"{summary.unaccounted.items} files, {summary.unaccounted.bytes} bytes unaccounted for."
            )
        return code

    def _done(self, summary: Summary, safe: Count) -> None:
        if summary.saved.items:
            took = duration(self._clock() - self._started)
            self._voice.good(
                f"Done in {took}.  {number(summary.saved.items, 'file')} copied and checked.  "
                "Nothing on the phone was changed."
            )
            if summary.safe.items:
                self._voice.more((f"All {safe.items:,} are safe in {place(summary.folder)}",))
        elif safe.items:
            sentence = f"{plain(summary.phone)}: nothing new.  All {safe.items:,} are safe"
            sentence += f" (last checked {_day(summary.last_verified)})." if summary.last_verified else "."
            if summary.moved.items:
                sentence += f"  {number(summary.moved.items, 'was', 'were')} renamed or moved on the phone."
            if summary.failed.items:
                sentence += f"  {summary.failed.items:,} still unreadable."
            self._voice.good(sentence)
        elif self._missing:
            self._voice.say("Nothing was copied.")
        elif not summary.failed.items and not summary.skipped_in_all.items:
            self._voice.good(f"{plain(summary.phone)}: there are no photos or videos on it yet.")
        elif not summary.failed.items:
            self._voice.good(f"{plain(summary.phone)}: nothing to copy.")

    def _stopped(self, summary: Summary, safe: Count) -> None:
        wanted = safe + summary.failed + summary.left
        so_far = f"{safe.items:,} of {wanted.items:,} are safe." if wanted.items else ""
        if summary.ending is Ending.INTERRUPTED:
            self._voice.warn(f"Stopped.  {so_far}  Run the same command again to continue.")
            return
        error = summary.error or errors.PhoneGone("the phone went away")
        if so_far:
            self._voice.warn(so_far)
        self._voice.bad(explain(error))

    def _failures(self, summary: Summary) -> None:
        if not summary.failures:
            return
        one = len(summary.failures) == 1
        if one:
            self._voice.warn(f"1 could not be saved: {_failed(summary.failures[0])}")
            return
        self._voice.warn(f"{len(summary.failures):,} could not be saved; the next run tries them again:")
        for failed in summary.failures[:_FAILURES_SHOWN]:
            self._voice.warn(f"  {_failed(failed)}")
        if len(summary.failures) > _FAILURES_SHOWN:
            self._voice.warn(f"  … and {len(summary.failures) - _FAILURES_SHOWN:,} more (all of them: --json)")


def _failed(failed: reports.FailedItem) -> str:
    tried = f" (tried {failed.tries} times)" if failed.tries > 1 else ""
    return f"{plain(failed.item.shown_path)}: {why_not_saved(failed.failure)}{tried}"


def _skipped(skipped: Mapping[SkipReason, Count]) -> str:
    """What was left out, the most first: "2 thumbnail caches, 1 in the phone's bin"."""
    reasons = sorted(skipped.items(), key=lambda entry: -entry[1].items)
    return ", ".join(f"{count.items:,} {_SKIPPED_BECAUSE[reason]}" for reason, count in reasons if count.items)


def _day(when: datetime) -> str:
    """A moment as the day that it was here: "today", "yesterday", "on 6 May 2026"."""
    here = when.astimezone()
    ago = (datetime.now(here.tzinfo).date() - here.date()).days
    return {0: "today", 1: "yesterday"}.get(ago, f"on {here:%-d %B %Y}")
