"""Finds out why a phone can't be backed up: looks from the cable up, and says what was found as facts.

    look      gathers the facts: the bus, the phones, the disk
    checks    turns facts into findings; pure
    findings  what a finding is

    facts = look(usb_phones, destination=Path("~/Pictures/Phone backup"))
    findings = examine(facts)

The words for a finding are `mtpbackup.messages.diagnose`. May be imported by the front doors.
"""

from mtpbackup.engine.doctor.checks import examine
from mtpbackup.engine.doctor.facts import DestinationFacts, Facts, PhoneFacts, Sample
from mtpbackup.engine.doctor.findings import Check, Finding, Level, Verdict
from mtpbackup.engine.doctor.look import look

__all__ = [
    "Check",
    "DestinationFacts",
    "Facts",
    "Finding",
    "Level",
    "PhoneFacts",
    "Sample",
    "Verdict",
    "examine",
    "look",
]
