"""Why the gallery does not do what it was asked for."""

from __future__ import annotations

from mtpbackup.errors import MtpBackupError


class WorkGoingOn(MtpBackupError):
    """One job at a time: another one is running."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"a {kind} is running")
        self.kind = kind


class PhoneNotReady(MtpBackupError):
    """No phone can be worked with now; the gallery's state tells why."""

    def __init__(self) -> None:
        super().__init__("no phone is ready")


class NothingToDo(MtpBackupError):
    """What was asked for comes to nothing: no picture was chosen, or none has failed."""

    def __init__(self) -> None:
        super().__init__("nothing was chosen")


class PlanOver(MtpBackupError):
    """What was seen before putting back holds no longer: it is too old, or another phone is there now."""

    def __init__(self) -> None:
        super().__init__("the plan holds no longer")


class FolderUnusable(MtpBackupError):
    """A folder of this computer into which nothing can be put.

    Attributes:
        path: what was given.
        whole: whether that is a whole path; where it is not, nobody knows where it begins.
    """

    def __init__(self, path: str, *, whole: bool) -> None:
        super().__init__(f"{path!r} cannot be a target")
        self.path = path
        self.whole = whole


class PictureUnknown(MtpBackupError):
    """There is no picture of this number (any more)."""

    def __init__(self, what: str) -> None:
        super().__init__(f"no picture {what!r}")
        self.what = what
