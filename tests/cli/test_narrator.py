"""The conversation of a backup, told from made-up events."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mtpbackup import errors
from mtpbackup.cli.narrator import BackupNarrator, exit_code_of
from mtpbackup.cli.voice import JsonVoice, Voice
from mtpbackup.engine import reports
from mtpbackup.engine.reports import Count, Ending, ItemRef, SkipReason, Summary, WaitReason
from mtpbackup.errors import Failure

FOLDER = Path("/backup/Pixel 8")
ITEM = ItemRef("Internal", ("DCIM", "Camera", "IMG_0042.jpg"), 3_000_000)


class Stage:
    """A narrator with a voice that writes into memory, and a clock turned by hand."""

    def __init__(self, *, as_json=False, quiet=False):
        self.out, self.err, self.now = io.StringIO(), io.StringIO(), 0.0
        self.voice = JsonVoice(self.out, self.err) if as_json else Voice(self.out, self.err, quiet=quiet)
        self.narrator = BackupNarrator(self.voice, clock=lambda: self.now)

    def tell(self, *events):
        for event in events:
            self.narrator(event)
        return self

    @property
    def said(self):
        return self.out.getvalue() + self.err.getvalue()

    @property
    def objects(self):
        return [json.loads(line) for line in self.out.getvalue().splitlines()]


def summary(**changed):
    facts = {"phone": "Pixel 8", "serial": "S1", "folder": FOLDER, "listed": Count()} | changed
    return Summary(**facts)


def planned(**changed):
    nothing = dict.fromkeys(
        ("new", "changed", "failing", "lost", "moved", "safe", "refused", "unlisted", "gone"), Count()
    )
    facts = {
        "phone": "Pixel 8",
        "folder": FOLDER,
        "listed": Count(3620, 41_800_000_000),
        "wanted": Count(3620, 41_800_000_000),
        "photos": 3412,
        "videos": 208,
        "skipped": {},
        "to_copy": 41_800_000_000,
        "free": 212_000_000_000,
    }
    return reports.Planned(**{**facts, **nothing, "new": Count(3620, 41_800_000_000), **changed})


def test_the_plan_reads_like_the_product():
    said = Stage().tell(planned()).said
    assert "✓ Pixel 8 connected.  3,412 photos and 208 videos, 41.8 GB" in said
    assert "Copying to /backup/Pixel 8   (212.0 GB free)" in said


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (reports.WaitingForPhone(WaitReason.NONE), "Plug it in with a cable that carries data"),
        (reports.WaitingForPhone(WaitReason.LOCKED, name="Pixel 8"), "Pixel 8 found, but its screen is locked"),
        (reports.WaitingForPhone(WaitReason.LOCKED, vendor_id=0x04E8), "Transferring files / Android Auto"),
        (reports.WaitingForPhone(WaitReason.LOCKED, vendor_id=0x05AC), "Trust This Computer?"),
        (
            reports.WaitingForPhone(WaitReason.NO_FILES, name="Redmi", vendor_id=0x2717, mode="charging"),
            "Redmi is plugged in, but it only charges.",
        ),
        (reports.WaitingForPhone(WaitReason.BUSY, holders=("gvfsd-mtp",)), "is using the phone: the Files app"),
        (reports.WaitingForPhone(WaitReason.NO_PERMISSION), "doesn't let you talk to the phone"),
        (reports.WaitingForPhone(WaitReason.NO_ANSWER), "doesn't answer"),
        (reports.WaitingForPhone(WaitReason.OTHER_PHONE, wanted="Pixel", others=("Moto",)), "but not Pixel"),
    ],
)
def test_whatever_it_waits_for_is_said_with_a_next_step(event, words):
    said = Stage().tell(event).said
    assert words in said
    assert said.count("\n") >= 2


def test_an_unplugged_phone_is_told_with_what_is_safe():
    stage = Stage().tell(
        planned(),
        reports.CopyStarted(Count(3620, 1)),
        *[reports.ItemSaved(ITEM, "x")] * 2,
        reports.PhoneLost("Pixel 8", Failure("PhoneGone", "")),
    )
    assert "! The phone was unplugged.  2 of 3,620 are safe.  Plug it in again" in stage.said


def test_what_to_do_is_said_once_when_the_phone_is_lost():
    lost = reports.PhoneLost("Pixel 8", Failure("PhoneGone", ""))
    said = Stage().tell(lost, reports.WaitingForPhone(WaitReason.NONE)).said
    assert "Waiting for it… (Ctrl+C to stop)" in said
    assert "Looking for your phone" not in said


def test_a_phone_that_leaves_for_a_moment_when_it_is_unlocked_is_not_looked_for_aloud():
    locked = reports.WaitingForPhone(WaitReason.LOCKED, name="Pixel 8")
    assert "Looking for" not in Stage().tell(locked, reports.WaitingForPhone(WaitReason.NONE)).said


def test_what_does_not_fit_is_not_said_to_be_copied():
    assert "Copying to" not in Stage().tell(planned(free=1_000)).said


def test_a_locked_phone_needs_no_cable():
    said = Stage().tell(reports.PhoneLost("Pixel 8", Failure("PhoneLocked", ""))).said
    assert "! The phone was locked.  Unlock it to continue." in said


def test_the_end_of_a_whole_run():
    stage = Stage().tell(planned(), reports.CopyStarted(Count(3619, 1)))
    stage.now = 23 * 60
    code = stage.narrator.conclude(summary(listed=Count(3619, 9), saved=Count(3619, 9)))
    assert code == 0
    assert "✓ Done in 23 min.  3,619 files copied and checked.  Nothing on the phone was changed." in stage.said


def test_nothing_new_says_so_and_when_it_was_checked():
    stage = Stage()
    code = stage.narrator.conclude(
        summary(listed=Count(9, 9), safe=Count(9, 9), last_verified=datetime(2026, 5, 6, 7, tzinfo=UTC))
    )
    assert code == 0
    assert "✓ Pixel 8: nothing new.  All 9 are safe (last checked on 6 May 2026)." in stage.said


def test_failures_have_their_own_code_and_are_named():
    failed = reports.FailedItem(ITEM, 3, Failure("ItemUnreadable", "x"))
    stage = Stage()
    code = stage.narrator.conclude(
        summary(listed=Count(2, 6), saved=Count(1, 3), failed=Count(1, 3), failures=(failed,))
    )
    assert code == 3
    assert "DCIM/Camera/IMG_0042.jpg: could not be read on the phone (tried 3 times)" in stage.said


def test_a_run_that_does_not_add_up_is_never_a_success():
    stage = Stage()
    assert stage.narrator.conclude(summary(listed=Count(2, 6), saved=Count(1, 3))) == 1
    assert "don't add up" in stage.said


@pytest.mark.parametrize(
    ("ending", "error", "code"),
    [
        (Ending.INTERRUPTED, None, 130),
        (Ending.PHONE_LOST, errors.PhoneGone("x"), 25),
        (Ending.PHONE_LOCKED, errors.PhoneLocked("Pixel 8"), 21),
        (Ending.OUT_OF_SPACE, errors.OutOfSpace(FOLDER, None, 0), 24),
        (Ending.DESTINATION_LOST, errors.DestinationGone(FOLDER, "x"), 1),
    ],
)
def test_early_ends_tell_what_is_safe_and_have_their_codes(ending, error, code):
    stage = Stage()
    told = summary(listed=Count(3, 9), saved=Count(1, 3), left=Count(2, 6), ending=ending, error=error)
    assert exit_code_of(told) == code
    assert stage.narrator.conclude(told) == code
    assert "1 of 3 are safe" in stage.said


def test_skipped_items_are_counted_by_reason():
    stage = Stage()
    stage.narrator.conclude(
        summary(listed=Count(5, 9), safe=Count(2, 4), skipped={SkipReason.TRASHED: Count(3, 5)})
    )
    assert "3 in the phone's bin" in stage.said


def test_json_is_one_object_a_line_with_a_summary_at_the_end():
    stage = Stage(as_json=True).tell(
        reports.WaitingForPhone(WaitReason.LOCKED, name="Pixel 8"),
        planned(),
        reports.CopyStarted(Count(1, 3)),
        reports.ItemStarted(ITEM),
        reports.ItemSaved(ITEM, "Pixel 8/Internal/DCIM/Camera/IMG_0042.jpg"),
    )
    stage.narrator.conclude(summary(listed=Count(1, 3), saved=Count(1, 3)))
    assert [o["message_type"] for o in stage.objects] == ["status"] * 4 + ["summary"]
    assert stage.objects[-1]["saved"] == {"files": 1, "bytes": 3}
    assert stage.err.getvalue() == ""


def test_quiet_says_only_what_went_wrong():
    stage = Stage(quiet=True).tell(planned())
    stage.narrator.conclude(summary(listed=Count(1, 3), saved=Count(1, 3)))
    assert stage.said == ""


def test_progress_lines_come_now_and_then_with_rate_and_time_left():
    stage = Stage().tell(planned(), reports.CopyStarted(Count(10, 1_000_000_000)))
    for second in range(30):
        stage.now = float(second)
        done = Count(second // 3, second * 20_000_000)
        stage.tell(reports.Progress(done, Count(10, 1_000_000_000), second * 20_000_000, ITEM))
    lines = [line for line in stage.said.splitlines() if line.startswith("Copying:")]
    assert lines == [
        "Copying: 20%, 200.0 MB of 1.0 GB, 20.0 MB/s, about 40 s left",
        "Copying: 40%, 400.0 MB of 1.0 GB, 20.0 MB/s, about 30 s left",
    ]


def test_names_cannot_write_to_the_terminal():
    nasty = ItemRef("Internal", ("DCIM", "\x1b[2Jx.jpg"), 1)
    failed = reports.FailedItem(nasty, 1, Failure("ItemUnreadable", "x"))
    stage = Stage()
    stage.narrator.conclude(summary(listed=Count(1, 1), failed=Count(1, 1), failures=(failed,)))
    assert "\x1b" not in stage.said


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("FileTooLarge", "DCIM/Camera/IMG_0042.jpg: too large for this disk"),
        ("ItemVanished", "DCIM/Camera/IMG_0042.jpg: no longer on the phone"),
        ("ItemUnreadable", "DCIM/Camera/IMG_0042.jpg: could not be read on the phone"),
        ("SomethingNew", "DCIM/Camera/IMG_0042.jpg: could not be read on the phone"),
    ],
)
def test_a_file_that_was_not_saved_is_told_with_the_reason(kind, words):
    stage = Stage()
    item = reports.ItemRef("Internal", ("DCIM", "Camera", "IMG_0042.jpg"), 1)
    failed = reports.FailedItem(item, 3, Failure(kind, "raw"))
    stage.narrator.conclude(summary(listed=Count(1, 1), failed=Count(1, 1), failures=(failed,)))
    assert f"! 1 could not be saved: {words} (tried 3 times)" in stage.said


def test_files_too_large_for_the_disk_are_told_before_the_start():
    said = Stage().tell(planned(refused=Count(2, 9), too_large=Count(2, 9), largest_file=(4 << 30) - 1)).said
    assert "! 2 files are too large for this disk, which takes files up to 4.3 GB" in said


def test_what_leaves_too_little_free_is_not_said_to_be_copied():
    tight = planned(to_copy=41_000_000, free=45_000_000, reserve=32_000_000)
    stage = Stage().tell(tight)
    assert "Copying to" not in stage.said
    assert stage.narrator.tell_plan(tight) == 24
    assert "41.0 MB needed, 45.0 MB free, and a little must stay free." in stage.said
    assert Stage().narrator.tell_plan(planned(to_copy=0, free=5, reserve=32_000_000)) == 0, "nothing to copy"


@pytest.mark.parametrize(
    "lacking",
    [{"missing_folders": ("X",)}, {"missing_names": ("X",)}, {"refused": Count(1)}, {"unlisted": Count(1)}],
)
def test_a_dry_run_ends_as_the_run_would(lacking):
    assert Stage().narrator.tell_plan(planned(**lacking)) == 3


def test_json_names_the_folders_that_are_not_there():
    stage = Stage(as_json=True).tell(planned(missing_folders=("DCIM/Kamera",)))
    assert stage.objects[0]["folders_not_on_phone"] == ["DCIM/Kamera"]
    stage.narrator.conclude(summary(missing_folders=("DCIM/Kamera",)))
    assert stage.objects[-1]["folders_not_on_phone"] == ["DCIM/Kamera"]
    assert stage.objects[-1]["complete"] is False
