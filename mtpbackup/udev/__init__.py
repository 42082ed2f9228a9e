"""Permission to use phones: udev's rules, who is let in by them, and putting them in place.

On Linux a phone's device node belongs to root. udev gives it to the person at the screen, to a group, or to
nobody, by rules that are read in the order of their files' names. This package renders our rules from the one
table of what is a phone (`transport.match`), tells for a node who may open it and why, and puts the rules into
the system.

May be imported by `engine` and the front doors. Knows facts only: sentences are in `messages`.

What was found out in a machine with systemd 252, beside the notes in the lab's README:

- A device node belongs to the usb_device, but the name "MTP" to its interface, which is not there yet when the
  kernel tells of the device ("add"). It is at "bind", which the kernel sends for a usb_device when it has made
  its interfaces; there `ATTR{%k:1.0/interface}` reaches the interface's name. systemd's own 71-seat.rules look
  at a child in the same way. No program has to be run, and none is.
- Every event makes a device's tags anew, so rules must hold at each of them, not at "add" alone.
- Events are asked for again as "bind": the rules of libmtp and libgphoto2 pass over "change", and would
  lose their marks; and gvfs would list the phone twice after a second "add".
- udev does not take back what a rule that is gone has given: group and list of a node stay as they are, and in
  this version rules that ask for a tag find that of an earlier event, too. Taking the rules away resets the
  nodes before the event, for others' rules to be applied to, and takes the list away after it.
"""

from mtpbackup.udev.access import Access, Giver, Grant, examine
from mtpbackup.udev.installing import (
    Installed,
    NotLetIn,
    NoUdev,
    RulesNotWritten,
    install,
    installed,
    let_in,
    plugged_phones,
    rules_for_here,
    uninstall,
    written_here,
)
from mtpbackup.udev.people import Person, Session, group_id, sessions
from mtpbackup.udev.places import HERE, Places
from mtpbackup.udev.rules import GROUP, MARK, RULES_NAME, USER_UNIT, render_rules

__all__ = [
    "GROUP",
    "HERE",
    "MARK",
    "RULES_NAME",
    "USER_UNIT",
    "Access",
    "Giver",
    "Grant",
    "Installed",
    "NoUdev",
    "NotLetIn",
    "Person",
    "Places",
    "RulesNotWritten",
    "Session",
    "examine",
    "group_id",
    "install",
    "installed",
    "let_in",
    "plugged_phones",
    "render_rules",
    "rules_for_here",
    "sessions",
    "uninstall",
    "written_here",
]
