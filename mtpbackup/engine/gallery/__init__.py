"""What stands behind the gallery: the phone in one thread's hands, jobs that survive a closed window.

    keeper     the thread that owns the phone: waits for it, lists it, works for it, looks at pictures
    jobs       one piece of work at a time, its progress and its end, told to whoever listens
    listing    what is on the phone, and what of it is safe
    shelf      the backup, opened when it is there; `watch` notices its disk, `holdings` is what is in it
    table      a listing as rows for a grid; `groups` finds what belongs together
    restoring  choosing what goes back, and what stands in its way
    gallery    all of it as one object, which the pages' server holds

No sentences and no web: facts. Times and rates are for people only; nothing is decided by them.

May be imported by web and cli.
"""

from mtpbackup.engine.gallery.gallery import Gallery
from mtpbackup.engine.gallery.jobs import Board, Job, JobKind, JobState
from mtpbackup.engine.gallery.keeper import PhoneNow, PhoneState
from mtpbackup.engine.gallery.restoring import RestorePreview
from mtpbackup.engine.gallery.trouble import (
    FolderUnusable,
    NothingToDo,
    PhoneNotReady,
    PictureUnknown,
    PlanOver,
    WorkGoingOn,
)

__all__ = [
    "Board",
    "FolderUnusable",
    "Gallery",
    "Job",
    "JobKind",
    "JobState",
    "NothingToDo",
    "PhoneNotReady",
    "PhoneNow",
    "PhoneState",
    "PictureUnknown",
    "PlanOver",
    "RestorePreview",
    "WorkGoingOn",
]
