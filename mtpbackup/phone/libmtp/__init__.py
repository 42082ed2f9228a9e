"""Phones through libmtp, for those that only its table of quirks knows, and as a second opinion on ours.

libmtp prints, crashes and hangs where a phone surprises it, so it lives in a child process:

    native    libmtp, loaded, and its structures, by way of the package pymtp. In the child only
    structures  whether pymtp's structures are those of libmtp. In the child only
    device    a phone that libmtp has open. In the child only
    child     the child: takes requests, answers, ends when its parent does
    frames    what goes through the pipes between the two
    process   the parent's end: a crash, a hang and Ctrl-C end the child, and are errors here
    phone     `LibmtpPhone`, in the place of a `Phone`
    finder    `LibmtpFinder`, in the place of a `Finder`

libmtp resets a phone when it lets go of it: handles are void then, and the phone is away for a second.

May be imported by engine and cli.
"""

from mtpbackup.phone.libmtp.finder import LibmtpFinder
from mtpbackup.phone.libmtp.phone import LibmtpPhone

__all__ = ["LibmtpFinder", "LibmtpPhone"]
