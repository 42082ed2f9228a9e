"""What the pages say of the phone, of a job, of a plan: the facts of the engine in sentences, as JSON."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from mtpbackup.engine.gallery import Job, JobKind, JobState, PhoneNow, PhoneState
from mtpbackup.engine.reports import (
    Clash,
    FailedItem,
    Obstacle,
    PutSkip,
    RestoreSummary,
    Summary,
    WaitingForPhone,
    WaitReason,
)
from mtpbackup.errors import AccessDenied, DestinationGone, InterfaceBusy
from mtpbackup.messages import (
    HOW_TO_CONNECT,
    HOW_TO_UNLOCK,
    Advice,
    explain,
    listing,
    number,
    plain,
    size,
)
from mtpbackup.messages import about_gallery as _about_gallery

__all__ = ["Said", "of_clash", "of_error", "of_job", "of_phone"]

assert _about_gallery  # read in for the words that it registers

#: JSON.
Said: TypeAlias = dict[str, Any]

#: Failures named one by one; the rest is counted.
_FAILURES_TOLD: Final = 200

_SKIPS: Final = {
    PutSkip.DAMAGED: "damaged in the backup; not sent",
    PutSkip.OLDER_VERSION: "a newer version of it is sent",
    PutSkip.DUPLICATE: "the same goes there already",
    PutSkip.TOO_LARGE: "too large for that storage",
    PutSkip.IN_THE_WAY: "a file has the name of a folder that it needs",
    PutSkip.NAME: "the phone takes no such name",
}


def said(headline: str, *what_to_do: str) -> Said:
    """A sentence with its next steps."""
    return {"headline": headline, "what_to_do": list(what_to_do)}


def of_advice(advice: Advice) -> Said:
    """An advice as the pages take it."""
    return said(advice.headline, *advice.what_to_do)


def of_error(error: BaseException) -> Said:
    """An error as the pages take it."""
    advice = explain(error)
    if isinstance(error, DestinationGone):
        # The commands end there and are given once more; the pages stay, and notice it.
        return said(advice.headline, "Plug it in again: this page shows it then.", *advice.what_to_do[1:])
    return of_advice(advice)


def of_phone(now: PhoneNow) -> Said:
    """The phone, connected or not and why not."""
    name = plain(now.name)
    facts: Said = {"state": now.state.value, "name": name, "serial_known": bool(now.who and now.who.serial)}
    if now.state is PhoneState.READY:
        return facts | said(f"{name} is connected.")
    if now.error is not None:
        return facts | of_error(now.error)
    if now.waiting is not None:
        return facts | _waiting(now.waiting)
    return facts | said("No phone is plugged in.", *HOW_TO_CONNECT)


def _waiting(event: WaitingForPhone) -> Said:
    name = plain(event.name) or "A phone"
    match event.reason:
        case WaitReason.LOCKED:
            return said(f"{name} is locked, so it hides your photos.", *HOW_TO_UNLOCK)
        case WaitReason.BUSY:
            return of_error(InterfaceBusy(event.node, event.holders))
        case WaitReason.NO_PERMISSION:
            return of_error(AccessDenied(event.node))
        case WaitReason.OTHER_PHONE:
            wanted = plain(event.wanted) or name
            return said(f"{listing(event.others)} is plugged in, but not {wanted}.", "Plug in the right one.")
        case WaitReason.NO_ANSWER:
            return said(
                f"{name} is plugged in, but doesn't answer.",
                "Unlock its screen. If that doesn't help, unplug it and plug it in again.",
            )
        case _:
            return said("No phone is plugged in.", *HOW_TO_CONNECT)


def of_job(job: Job, ids: dict[str, str]) -> Said:
    """A job with its progress.

    Args:
        job: the job.
        ids: ids of the phone's files by "storage/path", to choose those that failed.
    """
    return {
        "id": job.id,
        "kind": job.kind.value,
        "state": job.state.value,
        "done_files": job.done.items,
        "files": job.total.items,
        "done_bytes": job.done.bytes,
        "bytes": job.total.bytes,
        "rate": round(job.rate),
        "seconds_left": None if job.seconds_left is None else round(job.seconds_left, 1),
        "current": plain(job.current),
        "failures": [_failure(failed, ids) for failed in job.failures[:_FAILURES_TOLD]],
        "summary": _summary(job.summary),
        **_job_sentence(job),
    }


def _failure(failed: FailedItem, ids: dict[str, str]) -> Said:
    place = f"{failed.item.storage}/{failed.item.shown_path}"
    tried = f" (tried {failed.tries} times)" if failed.tries > 1 else ""
    return {
        "id": ids.get(place),
        "path": plain(failed.item.shown_path),
        "why": _WHY.get(failed.failure.kind, "It could not be read.") + tried,
    }


#: What a failure of one file means, by the error's class.
_WHY: Final = {
    "ItemUnreadable": "The phone does not give it out.",
    "ItemVanished": "It is no longer on the phone.",
    "FileTooLarge": "It is too large for the disk of the backup.",
    "PhoneGone": "The phone went away each time it was read.",
    "IntegrityError": "The backup's file is missing or damaged.",
    "NameTaken": "Something else has its name.",
    "NameRefused": "The phone takes no such name.",
}


def _job_sentence(job: Job) -> Said:
    if job.state is JobState.STOPPING:
        return said("Stopping…")
    if not job.over:
        if job.waiting is not None:
            waited = _waiting(job.waiting)
            return said(waited["headline"], *waited["what_to_do"], "It goes on by itself.")
        return said(_RUNNING[job.kind])
    if job.summary is not None:
        return _ended(job.summary, job)
    if job.state is JobState.STOPPED:
        return said("Stopped.")
    if job.error is not None:
        return of_error(job.error)
    return said(_DONE[job.kind])


_RUNNING: Final = {
    JobKind.LISTING: "Looking at what is on the phone…",
    JobKind.BACKUP: "Backing up…",
    JobKind.RESTORE: "Putting back…",
}
_DONE: Final = {JobKind.LISTING: "The phone was read.", JobKind.BACKUP: "Done.", JobKind.RESTORE: "Done."}


def _ended(summary: Summary | RestoreSummary, job: Job) -> Said:
    failed = summary.failed.items
    trouble = [f"{number(failed, 'file')} did not work."] if failed else []
    if job.state is JobState.STOPPED:
        return said("Stopped. What is there is safe; start again to go on.", *trouble)
    if job.error is not None:
        told = of_error(job.error)
        return said(told["headline"], *told["what_to_do"], *trouble)
    if isinstance(summary, RestoreSummary):
        count, amount = summary.sent.items, size(summary.sent.bytes)
        there = summary.there.items
        skips = [
            f"{number(skipped.items, 'file')}: {_SKIPS[skip]}."
            for skip, skipped in summary.skipped.items()
            if skip is not PutSkip.DUPLICATE
        ]
        done = f"{number(count, 'file')} put back ({amount})."
        if not count:
            done = "Nothing had to be put back." if not skips and not trouble else "Nothing was put back."
        were = [f"{there:,} {'was' if there == 1 else 'were'} there already."] if there else []
        return said(done, *were, *skips, *trouble)
    safe = summary.saved.items + summary.safe.items
    if summary.saved.items:
        amount = size(summary.saved.bytes)
        return said(f"{number(summary.saved.items, 'file')} copied and checked ({amount}).", *trouble)
    return said(f"Nothing new. All {safe:,} are safe.", *trouble)


def _summary(summary: Summary | RestoreSummary | None) -> Said | None:
    if summary is None:
        return None
    facts: Said = {
        "ending": summary.ending.value,
        "complete": summary.complete,
        "failed": summary.failed.items,
        "left": summary.left.items,
    }
    if isinstance(summary, RestoreSummary):
        place = "" if summary.target is None else str(summary.target)
        return facts | {
            "sent": summary.sent.items,
            "there": summary.there.items,
            "bytes": summary.sent.bytes,
            "target": plain(place),
        }
    return facts | {
        "saved": summary.saved.items,
        "safe": summary.safe.items,
        "bytes": summary.saved.bytes,
        "folder": plain(str(summary.folder)),
    }


def of_clash(clash: Clash) -> str:
    """What a file meets where it goes."""
    match clash.what:
        case Obstacle.THERE:
            return "is there already, the same"
        case Obstacle.UNSURE:
            return "something of this name is there; if it is not the same, a number is added"
        case Obstacle.RENAMED:
            return f"another file has this name; it becomes {plain(clash.name)}"
        case Obstacle.SKIPPED:
            return _SKIPS[clash.skip] if clash.skip is not None else "is not sent"
