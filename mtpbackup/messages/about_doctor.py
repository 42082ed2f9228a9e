"""What to say of what `mtpbackup doctor` finds: what it means, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mtpbackup.engine.doctor import Finding, Level, Verdict
from mtpbackup.errors import AccessDenied
from mtpbackup.messages.about_brands import INSTEAD_OF_FILES, how_to_unlock
from mtpbackup.messages.about_holders import programs
from mtpbackup.messages.about_setup import why_not
from mtpbackup.messages.advice import HOW_TO_CONNECT, Advice, ExitCode, explain
from mtpbackup.messages.words import listing, number, place, plain, size


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A finding in words.

    Attributes:
        headline: one sentence: what was found.
        meaning: what that means for the person; empty where the headline says it all.
        what_to_do: the next steps, a line each; empty where nothing is to be done.
        exit_code: how the doctor ends when this is the first problem.
    """

    headline: str
    meaning: str = ""
    what_to_do: tuple[str, ...] = ()
    exit_code: ExitCode = ExitCode.OK


_Teller = Callable[[Finding], Diagnosis]
_TELLERS: dict[Verdict, _Teller] = {}


def diagnose(finding: Finding) -> Diagnosis:
    """The words for a finding."""
    return _TELLERS[finding.verdict](finding)


def diagnosed_verdicts() -> frozenset[Verdict]:
    """The verdicts that have words; for the test that none is forgotten."""
    return frozenset(_TELLERS)


def _tells(verdict: Verdict) -> Callable[[_Teller], _Teller]:
    def register(teller: _Teller) -> _Teller:
        _TELLERS[verdict] = teller
        return teller

    return register


def _name(finding: Finding) -> str:
    return plain(finding.phone) or "The phone"


def _text(finding: Finding, name: str) -> str:
    value = finding.details.get(name)
    return plain(str(value)) if value else ""


def _number(finding: Finding, name: str) -> int:
    value = finding.details.get(name)
    return value if isinstance(value, int) else 0


def _list(finding: Finding, name: str) -> list[object]:
    value = finding.details.get(name)
    return list(value) if isinstance(value, list | tuple) else []


def _vendor(finding: Finding) -> int:
    return int(_text(finding, "usb_id").partition(":")[0] or "0", 16)


def _folder(finding: Finding) -> str:
    return place(Path(_text(finding, "folder")))


# --- the bus ----------------------------------------------------------------------------------------------


@_tells(Verdict.LIBRARY_THERE)
def _library_there(_finding: Finding) -> Diagnosis:
    return Diagnosis("This computer can use USB (libusb is there).")


@_tells(Verdict.LIBRARY_MISSING)
def _library_missing(_finding: Finding) -> Diagnosis:
    return Diagnosis(
        "libusb is missing on this computer.",
        "Without it no program can speak to a phone.",
        ("Install it. On Debian, Ubuntu or Mint:  sudo apt install libusb-1.0-0",),
        ExitCode.ERROR,
    )


@_tells(Verdict.PLUGGED_IN)
def _plugged_in(finding: Finding) -> Diagnosis:
    names = [str(name) for name in _list(finding, "phones")]
    return Diagnosis(f"Plugged in: {listing(names)}.")


@_tells(Verdict.NOTHING_PLUGGED_IN)
def _nothing(_finding: Finding) -> Diagnosis:
    return Diagnosis(
        "No phone is seen on this computer's USB, not even one that only charges.",
        "Either it is not plugged in, or the cable carries no data.",
        (
            *HOW_TO_CONNECT,
            "Still nothing? Try another cable first, then another port of the computer, without a hub.",
        ),
        ExitCode.NO_PHONE,
    )


@_tells(Verdict.OFFERS_FILES)
def _offers_files(finding: Finding) -> Diagnosis:
    return Diagnosis(f"{_name(finding)} offers its files.")


@_tells(Verdict.OFFERS_PHOTOS)
def _offers_photos(finding: Finding) -> Diagnosis:
    return Diagnosis(
        f'{_name(finding)} is set to "PTP" (camera).',
        "It shows the pictures of its camera only: WhatsApp, downloads and the memory card may be missing.",
        how_to_unlock(_vendor(finding)),
    )


def _not_files(mode: str) -> _Teller:
    def tell(finding: Finding) -> Diagnosis:
        return Diagnosis(
            f"{_name(finding)} is plugged in, {INSTEAD_OF_FILES[mode]}.",
            "The cable is good. The phone has to be told that it may show its files.",
            how_to_unlock(_vendor(finding)),
            ExitCode.LOCKED,
        )

    return tell


_tells(Verdict.ONLY_CHARGING)(_not_files("charging"))
_tells(Verdict.ONLY_DEBUGGING)(_not_files("debugging"))
_tells(Verdict.ONLY_TETHERING)(_not_files("tethering"))
_tells(Verdict.ONLY_MIDI)(_not_files("midi"))


@_tells(Verdict.FAST)
def _fast(finding: Finding) -> Diagnosis:
    return Diagnosis(f"The cable is as fast as phone and computer allow ({_rate(finding, 'usb_speed_mbit')}).")


@_tells(Verdict.COULD_BE_FASTER)
def _could_be_faster(finding: Finding) -> Diagnosis:
    return Diagnosis(
        f"{_name(finding)} is connected at {_rate(finding, 'usb_speed_mbit')}; "
        f"this computer can do {_rate(finding, 'computer_speed_mbit')}.",
        "That works well. A better cable may be faster, if the phone can do more.",
        ('For a try: a cable marked "USB 3" or "SS", in a blue port or a USB-C port of the computer.',),
    )


@_tells(Verdict.VERY_SLOW)
def _very_slow(finding: Finding) -> Diagnosis:
    return Diagnosis(
        f"{_name(finding)} is connected at {_rate(finding, 'usb_speed_mbit')} only, the speed of a mouse.",
        "A backup would take about forty times as long as it has to.",
        ("Try another cable, and a port of the computer itself rather than a hub, keyboard or screen.",),
    )


def _rate(finding: Finding, name: str) -> str:
    speed = _number(finding, name)
    return f"{speed / 1000:g} Gbit/s" if speed >= 1000 else f"{speed} Mbit/s"


# --- getting in -------------------------------------------------------------------------------------------


#: Whose rule let a person in, by the values of `mtpbackup.udev.Giver`.
_RULES: Final = {
    "mtpbackup": "mtpbackup's",
    "systemd": "the system's own",
    "libmtp": "libmtp's",
    "libgphoto2": "libgphoto2's",
}


@_tells(Verdict.ALLOWED)
def _allowed(finding: Finding) -> Diagnosis:
    match _text(finding, "by"):
        case "seat":
            why = ": you sit at this computer's screen"
        case "group":
            why = f": you are in the group {_text(finding, 'group')}"
        case "root":
            why = ", as root"
        case _:
            return Diagnosis("You may use it.")
    rules = [_RULES[str(one)] for one in _list(finding, "rules_of") if one in _RULES]
    by_which = f" (by {rules[0]} rule)" if rules and not why.endswith("root") else ""
    return Diagnosis(f"You may use it{why}{by_which}.")


@_tells(Verdict.NOT_ALLOWED)
def _not_allowed(finding: Finding) -> Diagnosis:
    name = _name(finding)
    if finding.evidence is None:
        advice = explain(AccessDenied(_text(finding, "node")))
        return Diagnosis(advice.headline, "", advice.what_to_do, advice.exit_code)
    access, rules = finding.evidence
    advice = why_not(access, rules, name)
    return Diagnosis(
        advice.headline,
        f"{access.node} belongs to {access.owner} and the group {access.group}.",
        advice.what_to_do,
        advice.exit_code,
    )


@_tells(Verdict.FREE)
def _free(_finding: Finding) -> Diagnosis:
    return Diagnosis("No other program is in the way.")


@_tells(Verdict.HELD)
def _held(finding: Finding) -> Diagnosis:
    names = programs(str(name) for name in _list(finding, "programs"))
    who = f": {listing(names)}" if names else ""
    return Diagnosis(
        f"Another program is using {_name(finding)}{who}.",
        "Only one program can speak to a phone at a time. A backup asks file managers to let go by itself.",
        ("Close it, or eject the phone in the Files app (the ⏏ beside its name), then try again.",),
        ExitCode.BUSY,
    )


@_tells(Verdict.ANSWERS)
def _answers(finding: Finding) -> Diagnosis:
    return Diagnosis(f"{_name(finding)} answers.")


@_tells(Verdict.NO_ANSWER)
def _no_answer(finding: Finding) -> Diagnosis:
    return Diagnosis(
        f"{_name(finding)} is plugged in, but doesn't answer as it should.",
        "Its file server may have stopped; unplugging starts it anew.",
        (
            "Unlock its screen, unplug it, and plug it in again. If that doesn't help, restart the phone.",
            f"(For a bug report: {_text(finding, 'error')}: {_text(finding, 'error_text')})",
        ),
        ExitCode.ERROR,
    )


@_tells(Verdict.LEFT)
def _left(finding: Finding) -> Diagnosis:
    return Diagnosis(
        f"{_name(finding)} left while it was being looked at.",
        "Either it was unplugged, or the plug or the cable is loose.",
        ("Plug it in again, and run this once more. Does it happen again? Try another cable.",),
        ExitCode.UNPLUGGED,
    )


@_tells(Verdict.SHOWS_STORAGES)
def _shows(finding: Finding) -> Diagnosis:
    storages = [entry for entry in _list(finding, "storages") if isinstance(entry, Mapping)]
    return Diagnosis(
        f"It is unlocked, and shows {listing(str(entry.get('storage', '')) for entry in storages)}."
    )


@_tells(Verdict.LOCKED)
def _locked(finding: Finding) -> Diagnosis:
    return Diagnosis(
        f"{_name(finding)} shows nothing: its screen is locked, or it only charges.",
        "A locked phone hides all its files.",
        how_to_unlock(_vendor(finding)),
        ExitCode.LOCKED,
    )


@_tells(Verdict.LISTS)
def _lists(finding: Finding) -> Diagnosis:
    return Diagnosis(
        f"It lists its folders ({number(_number(finding, 'items'), 'entry', 'entries')} looked at)."
    )


@_tells(Verdict.CANNOT_LIST)
def _cannot_list(finding: Finding) -> Diagnosis:
    return Diagnosis(
        f"{_name(finding)} doesn't list its folders.",
        "Nothing can be copied from it this way.",
        (
            "Unlock it, restart it, and try again. If it is an older one:  mtpbackup backup --via libmtp",
            f"(For a bug report: {_text(finding, 'error')}: {_text(finding, 'error_text')})",
        ),
        ExitCode.ERROR,
    )


@_tells(Verdict.READS)
def _reads(finding: Finding) -> Diagnosis:
    rate = _number(finding, "bytes_per_second")
    fast = f", {size(rate)} a second" if rate else ""
    return Diagnosis(f"It gives its files ({size(_number(finding, 'bytes'))} read{fast}).")


@_tells(Verdict.READS_SLOWLY)
def _reads_slowly(finding: Finding) -> Diagnosis:
    return Diagnosis(
        f"It gives its files, but slowly: {size(_number(finding, 'bytes_per_second'))} a second.",
        "Most phones bring 20 to 40 MB a second. The backup works; it takes longer.",
        ("Try another cable or port. Close what else is running on the phone, and let it cool down.",),
    )


@_tells(Verdict.NOTHING_TO_READ)
def _nothing_to_read(finding: Finding) -> Diagnosis:
    return Diagnosis(
        f"No file was found on {_name(finding)} in the first few folders, so reading was not tried.",
        "Either it is empty, or it does not show everything yet.",
        ("Unlock its screen and run this once more.",),
    )


@_tells(Verdict.CANNOT_READ)
def _cannot_read(finding: Finding) -> Diagnosis:
    return Diagnosis(
        f"A file on {_name(finding)} could not be read.",
        "It may be that file alone, or the cable.",
        (
            "Try another cable, then run this once more.",
            f"(For a bug report: {_text(finding, 'error')}: {_text(finding, 'error_text')})",
        ),
        ExitCode.ERROR,
    )


# --- the disk ---------------------------------------------------------------------------------------------


@_tells(Verdict.HAS_BACKUP)
def _has_backup(finding: Finding) -> Diagnosis:
    return Diagnosis(f"Your backup is in {_folder(finding)}, and can be written to.")


@_tells(Verdict.NEW_BACKUP)
def _new_backup(finding: Finding) -> Diagnosis:
    return Diagnosis(f"A backup can be made in {_folder(finding)}.")


@_tells(Verdict.DISK_GONE)
def _disk_gone(finding: Finding) -> Diagnosis:
    return Diagnosis(
        f"The disk with the backup is gone: {_folder(finding)}.",
        "Your backup was there the last time. Nothing is copied to another place unasked.",
        (
            "Plug that disk in again.",
            "If you deleted the backup on purpose, start a new one there:  mtpbackup backup --new",
        ),
        ExitCode.ERROR,
    )


@_tells(Verdict.NOT_WRITABLE)
def _not_writable(finding: Finding) -> Diagnosis:
    return Diagnosis(
        f"Nothing can be written to {_folder(finding)}.",
        "It may be write-protected, or belong to somebody else.",
        ("Choose another folder:  mtpbackup backup --to FOLDER",),
        ExitCode.ERROR,
    )


@_tells(Verdict.ENOUGH_ROOM)
def _enough_room(finding: Finding) -> Diagnosis:
    return Diagnosis(f"There is room: {size(_number(finding, 'bytes_free'))} free.")


@_tells(Verdict.LITTLE_ROOM)
def _little_room(finding: Finding) -> Diagnosis:
    return Diagnosis(
        f"There may be too little room: {size(_number(finding, 'bytes_free'))} free, "
        f"and the phone holds {size(_number(finding, 'bytes_on_phones'))}.",
        "Apps count there too, so it may fit all the same. What is needed is told before anything is copied.",
        ("See what a backup needs:  mtpbackup backup --dry-run",),
    )


@_tells(Verdict.NO_ROOM)
def _no_room(finding: Finding) -> Diagnosis:
    return Diagnosis(
        f"The disk is full: {size(_number(finding, 'bytes_free'))} free in {_folder(finding)}.",
        "A backup would not fit.",
        ("Make room, or use another disk:  mtpbackup backup --to /media/…/USB",),
        ExitCode.NO_SPACE,
    )


def report_not_written(path: Path, reason: str) -> Advice:
    """Where the report cannot be put."""
    return Advice(
        f"The report can't be written to {place(path)}: {plain(reason)}.",
        ("Choose another place:  mtpbackup doctor --report FILE",),
        ExitCode.ERROR,
    )


#: How each level is written in a report.
LEVELS: Final[Mapping[Level, str]] = {Level.GOOD: "ok", Level.HINT: "hint", Level.PROBLEM: "problem"}
