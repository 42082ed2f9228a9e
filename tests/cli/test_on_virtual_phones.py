"""Commands from their words to their exit codes, on phones made of code."""

import json
import sys
from pathlib import Path

import pytest

from mtpbackup.cli import devices, linking, verify
from mtpbackup.cli.voice import Voice
from mtpbackup.engine import Count, reports
from mtpbackup.engine.link import PhoneLink
from mtpbackup.messages import ExitCode
from mtpbackup.transport.devices import UsbDevice
from mtpbackup.virtual import Broken, Literal, VirtualPhone


def objects(result):
    return [json.loads(line) for line in result.output.splitlines()]


def test_a_backup_and_its_second_run(mtpbackup, tmp_path):
    first = mtpbackup("backup", "--to", tmp_path)
    assert first.exit_code == ExitCode.OK
    assert "2 photos and 1 video" in first.output
    assert "3 files copied and checked.  Nothing on the phone was changed." in first.output
    again = mtpbackup("backup", "--to", tmp_path)
    assert again.exit_code == ExitCode.OK
    assert "nothing new.  All 3 are safe (last checked today)." in again.output


def test_the_guided_run_takes_the_default_folder(mtpbackup, tmp_path, monkeypatch):
    monkeypatch.setattr("mtpbackup.cli.backup.default_destination", lambda: tmp_path / "Phone backup")
    assert mtpbackup().exit_code == ExitCode.OK
    assert len(list((tmp_path / "Phone backup").rglob("*.jpg"))) == 2


def test_a_dry_run_tells_and_copies_nothing(mtpbackup, tmp_path):
    result = mtpbackup("backup", "--to", tmp_path / "new", "--dry-run")
    assert result.exit_code == ExitCode.OK
    assert "Would copy 3 files" in result.output
    assert "Copying" not in result.output
    assert not (tmp_path / "new").exists()


def test_the_selection_is_followed(mtpbackup, tmp_path):
    mtpbackup("backup", "--to", tmp_path, "--only", "videos", "--folder", "DCIM/Camera")
    assert [path.name for path in tmp_path.rglob("*.*") if ".mtpbackup" not in path.parts] == ["VID_0003.mp4"]


def test_a_folder_that_is_not_there_is_told(mtpbackup, tmp_path):
    result = mtpbackup("backup", "--to", tmp_path, "--folder", "DCIM/Kamera")
    assert "There is no folder DCIM/Kamera on the phone." in result.output
    assert "there are no photos" not in result.output
    assert result.exit_code == ExitCode.SOME_FAILED


def test_no_phone(mtpbackup, phone, tmp_path):
    phone.unplug()
    result = mtpbackup("backup", "--to", tmp_path)
    assert result.exit_code == ExitCode.NO_PHONE
    assert "Plug it in with a cable that carries data" in result.output


def test_a_locked_phone(mtpbackup, phone, tmp_path):
    phone.lock()
    result = mtpbackup("backup", "--to", tmp_path)
    assert result.exit_code == ExitCode.LOCKED
    assert "its screen is locked, so it hides your photos" in result.output


def test_a_phone_in_use(mtpbackup, phone, tmp_path):
    with phone.transport():
        result = mtpbackup("backup", "--to", tmp_path)
    assert result.exit_code == ExitCode.BUSY


def test_a_phone_that_leaves_and_does_not_come_back(mtpbackup, phone, tmp_path, monkeypatch):
    monkeypatch.setitem(PhoneLink.__init__.__kwdefaults__, "grace", 0.0)
    phone.add_file("DCIM/Camera/VID_0004.mp4", b"x" * 1_000_000)
    phone.unplug(after_bytes=500_000)
    result = mtpbackup("backup", "--to", tmp_path)
    assert result.exit_code == ExitCode.UNPLUGGED
    assert "are safe" in result.output


def test_an_unreadable_picture_is_named(mtpbackup, phone, tmp_path):
    phone.add_file("DCIM/Camera/IMG_0004.jpg", Broken(Literal(b"x" * 100_000), at=50_000))
    result = mtpbackup("backup", "--to", tmp_path)
    assert result.exit_code == ExitCode.SOME_FAILED
    assert "DCIM/Camera/IMG_0004.jpg" in result.output
    assert "tried 3 times" in result.output


def test_several_phones_need_a_name(mtpbackup, tmp_path):
    with VirtualPhone("basic", serial="SERIAL-2") as other:
        other.plug()
        result = mtpbackup("backup", "--to", tmp_path, also=(other,))
        assert result.exit_code == ExitCode.USAGE
        assert "Several phones are plugged in" in result.output
        assert mtpbackup("backup", "--to", tmp_path, "--device", "serial-1", also=(other,)).exit_code == 0
        assert mtpbackup("backup", "--to", tmp_path, "--device", "nokia", also=(other,)).exit_code == 20


def test_devices_tells_each_phone_and_its_state(mtpbackup):
    with VirtualPhone("basic", serial="SERIAL-2", locked=True) as other:
        other.plug()
        result = mtpbackup("devices", "--json", also=(other,))
    states = {o["serial"]: o["state"] for o in objects(result) if o.get("event") == "device"}
    assert states == {"SERIAL-1": "ready", "SERIAL-2": "locked"}
    assert result.exit_code == ExitCode.OK


def test_ls_lists_storages_folders_and_files(mtpbackup):
    assert "DCIM/" in mtpbackup("ls").output
    lines = mtpbackup("ls", "DCIM/Camera").output.splitlines()
    assert lines[0].endswith("/DCIM/Camera:")
    assert [line.split()[-1] for line in lines[1:]] == ["IMG_0001.jpg", "IMG_0002.jpg", "VID_0003.mp4"]
    listed = objects(mtpbackup("ls", "--json", "DCIM/Camera/IMG_0002.jpg"))
    assert [(o["path"], o["size"]) for o in listed if o.get("event") == "item"] == [
        ("DCIM/Camera/IMG_0002.jpg", 7)
    ]
    missing = mtpbackup("ls", "DCIM/Nothing")
    assert "DCIM/Nothing is not on the phone." in missing.output
    assert missing.exit_code == ExitCode.ERROR


def test_verify_finds_what_was_changed(mtpbackup, tmp_path):
    mtpbackup("backup", "--to", tmp_path)
    assert mtpbackup("verify", "--to", tmp_path).exit_code == ExitCode.OK
    victim = next(tmp_path.rglob("IMG_0001.jpg"))
    victim.write_bytes(victim.read_bytes()[::-1])
    result = mtpbackup("verify", "--to", tmp_path)
    assert result.exit_code == ExitCode.DAMAGE_FOUND
    assert "IMG_0001.jpg is not what was saved" in result.output
    assert mtpbackup("backup", "--to", tmp_path).exit_code == ExitCode.OK
    assert mtpbackup("verify", "--to", tmp_path).exit_code == ExitCode.OK


def test_an_empty_folder_where_a_backup_was_is_not_filled_anew(mtpbackup, tmp_path):
    root = tmp_path / "disk"
    mtpbackup("backup", "--to", root)
    root.rename(tmp_path / "elsewhere")  # as when the disk is not mounted
    root.mkdir()
    result = mtpbackup("backup", "--to", root)
    assert result.exit_code == ExitCode.ERROR
    assert "The disk with the backup is gone" in result.output
    assert list(root.iterdir()) == []
    assert mtpbackup("backup", "--to", root, "--new").exit_code == ExitCode.OK
    assert "nothing new" in mtpbackup("backup", "--to", root).output


def test_a_note_that_cannot_be_kept_stops_nothing(mtpbackup, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert mtpbackup("backup", "--to", tmp_path / "disk").exit_code == ExitCode.OK


def test_status_needs_no_phone(mtpbackup, phone, tmp_path):
    mtpbackup("backup", "--to", tmp_path)
    phone.unplug()
    result = mtpbackup("status", "--to", tmp_path, "--json")
    (summary,) = objects(result)
    assert summary["phones"][0]["safe"]["files"] == 3
    assert summary["phones"][0]["last_run_complete"] is True
    assert "3 files safe" in mtpbackup("status", "--to", tmp_path).output


@pytest.mark.parametrize("command", ["verify", "status"])
def test_json_errors_are_objects(mtpbackup, tmp_path, command):
    result = mtpbackup(command, "--to", tmp_path / "none", "--json")
    (error,) = objects(result)
    assert error["message_type"] == "error"
    assert error["exit_code"] == result.exit_code == ExitCode.NO_BACKUP


def test_demo_backs_up_the_built_in_phone(mtpbackup, tmp_path):
    result = mtpbackup("demo", "--to", tmp_path)
    assert result.exit_code == ExitCode.OK
    assert "Nothing on the phone was changed." in result.output
    assert "nothing new" in mtpbackup("demo", "--to", tmp_path).output


def test_a_damaged_list_is_told_and_made_anew(mtpbackup, tmp_path):
    mtpbackup("backup", "--to", tmp_path)
    (tmp_path / ".mtpbackup" / "catalog.sqlite").write_bytes(b"not a database" * 1000)
    for command in ("backup", "verify", "status"):
        told = mtpbackup(command, "--to", tmp_path)
        assert told.exit_code == ExitCode.ERROR
        assert "The list of what is saved is damaged" in told.output
        assert "mtpbackup verify --rebuild" in told.output
    made = mtpbackup("verify", "--rebuild", "--to", tmp_path)
    assert made.exit_code == ExitCode.OK, made.output
    assert "The list of what is saved was made anew: 3 files" in made.output
    assert "catalog-set-aside-1.sqlite" in made.output
    assert "nothing new" in mtpbackup("backup", "--to", tmp_path).output
    (summary,) = (one for one in objects(mtpbackup("verify", "--rebuild", "--to", tmp_path, "--json")))
    assert summary["rebuilt"]
    assert summary["good"]["files"] == 3


def test_nothing_is_rebuilt_where_there_is_no_backup(mtpbackup, tmp_path):
    assert mtpbackup("verify", "--rebuild", "--to", tmp_path).exit_code == ExitCode.NO_BACKUP
    assert list(tmp_path.iterdir()) == []


def test_a_rebuilt_backup_is_the_one_that_is_remembered(mtpbackup, tmp_path):
    """Even where its identity was lost, too."""
    mtpbackup("backup", "--to", tmp_path)
    (tmp_path / ".mtpbackup" / "archive.json").write_text("{")
    (tmp_path / ".mtpbackup" / "catalog.sqlite").unlink()
    assert mtpbackup("backup", "--to", tmp_path).exit_code == ExitCode.ERROR
    assert mtpbackup("verify", "--rebuild", "--to", tmp_path).exit_code == ExitCode.OK
    assert "nothing new" in mtpbackup("backup", "--to", tmp_path).output


@pytest.mark.parametrize("command", [["backup"], ["devices"], ["restore", "--yes"]])
def test_a_phone_that_only_charges_is_named(mtpbackup, phone, monkeypatch, tmp_path, command):
    if command[0] == "restore":
        assert mtpbackup("backup", "--to", tmp_path).exit_code == 0
        command = [*command, "--from", tmp_path]
    phone.unplug()
    charging = UsbDevice(Path("1-2"), 0x04E8, 0x6860, product="Galaxy S24")
    for module in (devices, linking):
        monkeypatch.setattr(module, "usb_bus", lambda: [charging])
    result = mtpbackup(*command)
    assert result.exit_code == ExitCode.LOCKED
    assert "Galaxy S24 is plugged in, but it only charges." in result.output
    assert "Transferring files" in result.output


def test_status_tells_what_is_damaged_or_missing(mtpbackup, tmp_path):
    mtpbackup("backup", "--to", tmp_path)
    first, second = sorted(tmp_path.rglob("*.jpg"))
    first.write_bytes(b"rotten")
    second.unlink()
    assert mtpbackup("verify", "--to", tmp_path).exit_code == ExitCode.DAMAGE_FOUND
    assert "2 files damaged or missing here." in mtpbackup("status", "--to", tmp_path).output
    told = objects(mtpbackup("status", "--to", tmp_path, "--json"))[-1]
    assert (told["exit_code"], told["phones"][0]["damaged"], told["phones"][0]["missing"]) == (0, 1, 1)


def test_a_backup_that_lacked_a_folder_is_not_called_complete(mtpbackup, tmp_path):
    mtpbackup("backup", "--to", tmp_path, "--folder", "DCIM/Kamera")
    assert "(not complete)" in mtpbackup("status", "--to", tmp_path).output


def test_what_could_not_be_saved_is_counted_where_there_is_much_of_it(mtpbackup, phone, tmp_path):
    for number in range(14):
        phone.add_file(f"DCIM/Camera/IMG_1{number:03}.jpg", Broken(Literal(b"x" * 100), at=50))
    mtpbackup("backup", "--to", tmp_path)
    told = mtpbackup("status", "--to", tmp_path).output
    assert told.count("Not saved yet") == 10
    assert "… and 4 more" in told


def test_the_progress_of_a_large_file_is_shown_while_it_is_verified(monkeypatch, tmp_path):
    shown = []
    monkeypatch.setattr(
        "mtpbackup.cli.verify.ProgressDisplay.show", lambda _self, *told: shown.append(told[0].bytes)
    )
    narrator = verify._VerifyNarrator(Voice(sys.stdout, sys.stderr))
    narrator(reports.VerifyProgress("a.mp4", Count(0, 5), Count(1, 9)))
    assert shown == [5]


def test_a_listing_for_programs_ends_with_a_summary(mtpbackup):
    assert objects(mtpbackup("ls", "DCIM/Camera", "--json"))[-1] == {
        "message_type": "summary",
        "command": "ls",
        "found": 1,
        "exit_code": 0,
    }


def test_a_folder_that_is_not_there_has_a_next_step(mtpbackup):
    result = mtpbackup("ls", "DCIM/Kamera")
    assert result.exit_code == ExitCode.ERROR
    assert "See what is there:  mtpbackup ls" in result.output
