"""What to say of the gallery's own refusals."""

from __future__ import annotations

from mtpbackup.engine.gallery import trouble
from mtpbackup.messages.advice import Advice, ExitCode, says
from mtpbackup.messages.words import plain

_JOBS = {
    "listing": "The phone is being read.",
    "backup": "A backup is running.",
    "restore": "Pictures are being put back.",
}


@says(trouble.WorkGoingOn)
def _going_on(error: trouble.WorkGoingOn) -> Advice:
    what = _JOBS.get(error.kind, "Something else is being done.")
    return Advice(what, ("Wait for its end, or stop it.",), ExitCode.ANOTHER_RUN)


@says(trouble.PhoneNotReady)
def _not_ready(_error: trouble.PhoneNotReady) -> Advice:
    return Advice("No phone is ready.", ("Plug it in and unlock it.",), ExitCode.NO_PHONE)


@says(trouble.NothingToDo)
def _nothing(_error: trouble.NothingToDo) -> Advice:
    return Advice("Nothing was chosen.", ("Choose some pictures first.",), ExitCode.USAGE)


@says(trouble.PictureUnknown)
def _unknown(error: trouble.PictureUnknown) -> Advice:
    return Advice(
        f"There is no such picture any more ({plain(error.what)}).", ("Reload the page.",), ExitCode.ERROR
    )
