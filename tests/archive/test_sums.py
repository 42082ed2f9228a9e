"""SHA256SUMS: accepted by `sha256sum -c`, complete after every run, mended after a crash."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.archive.sums import sum_line


def check(backup, *, code=0):
    run = subprocess.run(
        ["sha256sum", "--strict", "-c", "SHA256SUMS"],
        cwd=backup.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == code, run.stdout + run.stderr
    return {line.rpartition(": ")[0] for line in run.stdout.splitlines() if line.endswith(": OK")}


def test_accepted_by_sha256sum(backup):
    names = [
        "IMG_0001.jpg",
        "Grüße 😀.jpg",
        "back\\slash",
        "new\nline",
        "-n",
        "#hash",
        " blank",
        "x" * 300 + ".jpg",
    ]
    for number, name in enumerate(names):
        backup.saved(("DCIM", name), bytes([number]))
    backup.writer.close()
    assert len(check(backup)) == len(names)
    assert check(backup) == backup.tree()


def test_damage_is_found_by_sha256sum(backup):
    backup.saved("DCIM/a.jpg")
    lost = backup.saved("DCIM/b.jpg")
    backup.writer.close()
    (backup.root / lost.path).write_bytes(b"CONTENT")
    assert check(backup, code=1) == {"Pixel 8/Internal/DCIM/a.jpg"}


@given(st.text(st.characters(exclude_characters="\0/", codec="utf-8"), min_size=1, max_size=40))
def test_line_of_any_name(tmp_path_factory, name):
    """Our own names have no such characters, but the format must hold for any."""
    if name in (".", "..") or len(name.encode()) > 255:
        return
    folder = tmp_path_factory.mktemp("sums")
    (folder / name).write_bytes(b"")
    made = subprocess.run(["sha256sum", "--", name], cwd=folder, capture_output=True, check=True).stdout
    assert sum_line("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", name) == made


@pytest.mark.parametrize("harm", ["lines lost", "line torn", "deleted", "link", "lengthened"])
def test_mended_by_the_next_writer(make_backup, tmp_path, harm):
    backup = make_backup()
    for number in range(5):
        backup.saved(f"DCIM/{number}.jpg", b"%d" % number)
    backup.close()
    sums = backup.root / "SHA256SUMS"
    lines = sums.read_bytes().splitlines(keepends=True)
    if harm == "lines lost":
        sums.write_bytes(b"".join(lines[:3]))
    elif harm == "line torn":
        sums.write_bytes(b"".join(lines)[:-10])
    elif harm == "lengthened":
        sums.write_bytes(b"".join(lines) + b"\0" * 100)
    else:
        sums.unlink()
        if harm == "link":
            (tmp_path / "outside").write_bytes(b"precious")
            sums.symlink_to(tmp_path / "outside")
    backup = make_backup()
    backup.saved("DCIM/5.jpg", b"5")
    backup.close()
    assert check(backup) == backup.tree()
    assert not sums.is_symlink()
    if harm == "link":
        assert (tmp_path / "outside").read_bytes() == b"precious"


def test_not_written_anew_without_need(make_backup):
    backup = make_backup()
    backup.saved("DCIM/a.jpg")
    backup.close()
    before = (backup.root / "SHA256SUMS").stat()
    backup = make_backup()
    backup.close()
    after = (backup.root / "SHA256SUMS").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    backup = make_backup()
    backup.saved("DCIM/b.jpg")
    backup.close()
    assert (backup.root / "SHA256SUMS").stat().st_ino == before.st_ino
    assert len(check(backup)) == 2


def test_missing_and_replaced_files_have_no_line(make_backup):
    backup = make_backup()
    kept, gone = backup.saved("DCIM/a.jpg"), backup.saved("DCIM/b.jpg")
    harmed = backup.saved("DCIM/c.jpg")
    (backup.root / gone.path).unlink()
    (backup.root / harmed.path).write_bytes(b"C" * 7)
    list(backup.archive.verify())
    backup.new_writer()
    again = backup.saved("DCIM/c.jpg")
    backup.close()
    assert check(backup) == {kept.path, again.path}


def test_failing_to_add_does_not_fail_the_files(make_backup, monkeypatch):
    from mtpbackup.archive import disk

    backup = make_backup()
    real = disk.write_all

    def full(descriptor, data):
        if b"Pixel 8" in bytes(data):
            raise OSError(28, "No space left on device")
        real(descriptor, data)

    monkeypatch.setattr(disk, "write_all", full)
    assert backup.saved("DCIM/a.jpg")
    monkeypatch.undo()
    backup.close()
    assert check(backup) == backup.tree()
