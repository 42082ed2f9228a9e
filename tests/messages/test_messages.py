"""Each error has words, a next step where there is one, and an exit code."""

import inspect
import shlex
import sys
from pathlib import Path

import pytest

from mtpbackup import errors, messages
from mtpbackup.messages import ExitCode

CLASSES = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.MtpBackupError)
]

EXAMPLES: dict[type[errors.MtpBackupError], errors.MtpBackupError] = {
    errors.AccessDenied: errors.AccessDenied("/dev/bus/usb/001/004"),
    errors.InterfaceBusy: errors.InterfaceBusy("/dev/bus/usb/001/004", ["gvfsd-mtp"]),
    errors.TransportTimeout: errors.TransportTimeout("in", 20),
    errors.EndpointStalled: errors.EndpointStalled("in"),
    errors.ReplayDiverged: errors.ReplayDiverged(7, "read(wanted=12)", "reset()"),
    errors.LibraryMissing: errors.LibraryMissing("libusb-1.0"),
    errors.LibmtpMissing: errors.LibmtpMissing("pymtp"),
    errors.LibmtpUnsupported: errors.LibmtpUnsupported("1.1.19"),
    errors.LibmtpMismatch: errors.LibmtpMismatch("LIBMTP_file_t"),
    errors.LibmtpFailed: errors.LibmtpFailed("PTP Layer error 2009"),
    errors.LibmtpCrashed: errors.LibmtpCrashed("list", 11),
    errors.LibmtpHung: errors.LibmtpHung("list", 90),
    errors.OperationFailed: errors.OperationFailed(0x1008, 0x2009),
    errors.OperationUnsupported: errors.OperationUnsupported(0x9805),
    errors.PhoneLocked: errors.PhoneLocked("Pixel 8"),
    errors.NoPhone: errors.NoPhone(),
    errors.OffersNoFiles: errors.OffersNoFiles("Galaxy S24", 0x04E8, "charging"),
    errors.SeveralPhones: errors.SeveralPhones(["Pixel 8", "Galaxy"]),
    errors.ItemVanished: errors.ItemVanished("DCIM/a.jpg"),
    errors.StorageVanished: errors.StorageVanished("SD card"),
    errors.ItemUnreadable: errors.ItemUnreadable("DCIM/a.jpg", errors.ItemUnreadable.Reason.REFUSED),
    errors.PhoneFull: errors.PhoneFull("SD card", 4_100_000_000, 1_000_000_000),
    errors.NameTaken: errors.NameTaken("DCIM/a.jpg"),
    errors.NameRefused: errors.NameRefused("a:b.jpg", errors.NameRefused.Reason.CHARACTER),
    errors.SendFailed: errors.SendFailed("DCIM/a.jpg", errors.SendFailed.Reason.REFUSED),
    errors.ArchiveError: errors.ArchiveError(Path("/b"), "odd"),
    errors.NoArchive: errors.NoArchive(Path("/b")),
    errors.ArchiveBusy: errors.ArchiveBusy(Path("/b"), 7),
    errors.NoLocks: errors.NoLocks(Path("/b"), "no locks available"),
    errors.FolderInTheWay: errors.FolderInTheWay(Path("/b/DCIM"), "a file"),
    errors.OutOfSpace: errors.OutOfSpace(Path("/b"), 41_800_000_000, 12_000_000_000),
    errors.DestinationUnwritable: errors.DestinationUnwritable(Path("/b"), "read-only"),
    errors.DestinationGone: errors.DestinationGone(Path("/b"), "gone"),
    errors.FileTooLarge: errors.FileTooLarge(Path("/b/v.mp4"), 5 << 30, (4 << 30) - 1),
    errors.IntegrityError: errors.IntegrityError(Path("/b/v.mp4"), "aa", "bb"),
    errors.CatalogUnusable: errors.CatalogUnusable(Path("/b"), 9),
}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_has_its_own_words(kind):
    assert kind in messages.explained_classes()
    advice = messages.explain(EXAMPLES[kind] if kind in EXAMPLES else kind("odd"))
    assert advice.headline.endswith(".")
    assert advice.exit_code is not ExitCode.OK


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EXAMPLES[errors.NoPhone], 20),
        (EXAMPLES[errors.PhoneLocked], 21),
        (EXAMPLES[errors.AccessDenied], 22),
        (EXAMPLES[errors.InterfaceBusy], 23),
        (EXAMPLES[errors.OutOfSpace], 24),
        (EXAMPLES[errors.PhoneFull], 24),
        (errors.PhoneGone("x"), 25),
        (EXAMPLES[errors.IntegrityError], 26),
        (EXAMPLES[errors.NoArchive], 10),
        (EXAMPLES[errors.ArchiveBusy], 11),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("x"), 1),
    ],
)
def test_exit_codes_are_those_of_the_product(error, code):
    assert messages.explain(error).exit_code == code


def test_who_uses_the_phone_is_told_as_people_call_it():
    def told(*holders):
        return messages.explain(errors.InterfaceBusy("/dev/bus/usb/001/004", holders))

    assert told("gvfsd-mtp").headline == "Another program is using the phone: the Files app."
    assert told().headline == "Another program is using the phone."
    assert told("mtpbackup").headline == "Another mtpbackup is using the phone."
    assert "auto status" in told("mtpbackup").what_to_do[0]


def test_missing_room_is_told_in_numbers():
    assert "41.8 GB needed, 12.0 GB free" in messages.explain(EXAMPLES[errors.OutOfSpace]).headline
    assert "4.1 GB needed, 1.0 GB free" in messages.explain(EXAMPLES[errors.PhoneFull]).headline
    assert "4.1 GB needed." in messages.explain(errors.PhoneFull("SD card", 4_100_000_000, None)).headline


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (errors.LibmtpMissing("pymtp"), f"{shlex.quote(sys.executable)} -m pip install pymtp==0.0.6"),
        (errors.LibmtpMissing("libmtp"), "sudo apt install libmtp9"),
        (errors.LibmtpMismatch("LIBMTP_file_t"), f"{shlex.quote(sys.executable)} -m pip install pymtp==0.0.6"),
        (errors.LibmtpUnsupported("1.1.19"), "It knows 1.1.20 to 1.1.22."),
    ],
)
def test_what_libmtp_needs_is_told_as_a_line_to_type(error, line):
    assert line in "\n".join(messages.explain(error).what_to_do)


@pytest.mark.parametrize("reason", errors.NameRefused.Reason)
def test_every_reason_to_refuse_a_name_has_words(reason):
    assert "a:b.jpg" in messages.explain(errors.NameRefused("a:b.jpg", reason)).headline


@pytest.mark.parametrize("reason", errors.SendFailed.Reason)
def test_every_reason_why_nothing_was_sent_has_words(reason):
    assert "DCIM/a.jpg" in messages.explain(errors.SendFailed("DCIM/a.jpg", reason)).headline


def test_nothing_from_a_phone_reaches_the_terminal_raw():
    nasty = errors.ItemVanished("a\x1b]0;owned\x07\u202egpj.exe\r\n")
    assert not set("\x1b\x07\u202e\r\n") & set(messages.explain(nasty).headline)


def test_emoji_families_survive():
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}.jpg"
    assert messages.plain(family) == family


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 KB"),
        (999_499, "999 KB"),
        (999_600, "1.0 MB"),
        (41_800_000_000, "41.8 GB"),
    ],
)
def test_sizes_read_well(count, text):
    assert messages.size(count) == text


@pytest.mark.parametrize(("seconds", "text"), [(45, "45 s"), (23 * 60, "23 min"), (7500, "2 h 05 min")])
def test_durations_read_well(seconds, text):
    assert messages.duration(seconds) == text
