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


class PictureUnknown(MtpBackupError):
    """There is no picture of this number (any more)."""

    def __init__(self, what: str) -> None:
        super().__init__(f"no picture {what!r}")
        self.what = what
