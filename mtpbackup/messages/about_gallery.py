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


@says(trouble.PlanOver)
def _plan_over(_error: trouble.PlanOver) -> Advice:
    return Advice(
        "What is to be put back has to be looked at anew: another phone is there, or much time has passed.",
        ("Close this, and press “Next” again.",),
        ExitCode.ERROR,
    )


@says(trouble.FolderUnusable)
def _folder(error: trouble.FolderUnusable) -> Advice:
    if error.whole:
        what = f"Nothing can be put into {plain(error.path)}."
        return Advice(what, ("Choose a folder of your own.",), ExitCode.ERROR)
    what = f"“{plain(error.path)}” is not the whole way to a folder."
    return Advice(what, ("Begin with / or ~, as in ~/Pictures/From the phone.",), ExitCode.USAGE)


@says(trouble.PictureUnknown)
def _unknown(error: trouble.PictureUnknown) -> Advice:
    return Advice(
        f"There is no such picture any more ({plain(error.what)}).", ("Reload the page.",), ExitCode.ERROR
    )
