"""System calls: renaming without replacing by all three ways, and the real file systems they are for."""

import errno
import os
import resource
import shutil
import subprocess

import pytest

from mtpbackup.archive import Archive, Saved, disk
from mtpbackup.errors import DestinationUnwritable, OutOfSpace
from tests.archive.conftest import Backup, Bytes, key


@pytest.fixture
def folders(tmp_path):
    opened = []
    for name in ("from", "to"):
        (tmp_path / name).mkdir()
        opened.append(os.open(tmp_path / name, os.O_RDONLY))
    yield opened
    for descriptor in opened:
        os.close(descriptor)


class OldLibrary:
    """The C library on a file system that does not know RENAME_NOREPLACE."""

    fstatfs = disk._libc.fstatfs
    syncfs = disk._libc.syncfs

    def renameat2(self, *_):
        disk.ctypes.set_errno(errno.EINVAL)
        return -1


def no_links(*_, **__):
    raise PermissionError(1, "Operation not permitted")


@pytest.fixture(params=["renameat2", "link", "placeholder"])
def way(request, monkeypatch):
    """Each of the three ways, the better ones being unsupported."""
    if request.param != "renameat2":
        monkeypatch.setattr(disk, "_libc", OldLibrary())
    if request.param == "placeholder":
        monkeypatch.setattr(os, "link", no_links)
    return request.param


@pytest.mark.usefixtures("way")
def test_rename_never_replaces(tmp_path, folders):
    (tmp_path / "from" / "a.part").write_bytes(b"new")
    (tmp_path / "to" / "taken").write_bytes(b"old")
    (tmp_path / "to" / "link").symlink_to("nowhere")
    (tmp_path / "to" / "folder").mkdir()
    for name in ("taken", "link", "folder"):
        with pytest.raises(FileExistsError):
            disk.rename_new("a.part", folders[0], name, folders[1])
    assert (tmp_path / "to" / "taken").read_bytes() == b"old"
    disk.rename_new("a.part", folders[0], "grün.jpg", folders[1])
    assert (tmp_path / "to" / "grün.jpg").read_bytes() == b"new"
    assert list((tmp_path / "from").iterdir()) == []
    assert (tmp_path / "to" / "grün.jpg").stat().st_nlink == 1


@pytest.mark.usefixtures("way")
def test_rename_of_nothing_leaves_nothing(tmp_path, folders):
    with pytest.raises(FileNotFoundError):
        disk.rename_new("absent", folders[0], "b.jpg", folders[1])
    assert list((tmp_path / "to").iterdir()) == []


def test_a_rename_by_links_that_stops_half_way_is_undone(tmp_path, folders, monkeypatch):
    """Else one file has two names, and whatever is written to the part is in the saved file too."""
    monkeypatch.setattr(disk, "_libc", OldLibrary())
    (tmp_path / "from" / "a.part").write_bytes(b"new")
    real = os.unlink

    def unlink(name, **where):
        if name == "a.part":
            raise OSError(errno.EIO, "I/O error")
        real(name, **where)

    monkeypatch.setattr(os, "unlink", unlink)
    with pytest.raises(OSError, match="I/O error"):
        disk.rename_new("a.part", folders[0], "b.jpg", folders[1])
    assert list((tmp_path / "to").iterdir()) == []
    assert (tmp_path / "from" / "a.part").read_bytes() == b"new"


def test_pipeline_without_renameat2_and_links(tmp_path, way):
    backup = Backup(tmp_path / "b")
    try:
        assert [backup.saved(data=data).path[-16:] for data in (b"one", b"other")] == [
            *("era/IMG_0001.jpg", "IMG_0001 (2).jpg")
        ]
    finally:
        backup.close()


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "device"])
def test_only_regular_files_are_opened(tmp_path, folders, kind):
    path = tmp_path / "to" / "x"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        (tmp_path / "to" / "y").write_bytes(b"")
        path.symlink_to(tmp_path / "to" / "y")
    with pytest.raises(FileNotFoundError):
        disk.open_file("x", folders[1])


@pytest.mark.parametrize(
    ("release", "good"),
    [("5.8.0-1-amd64", True), ("6.1.0", True), ("5.4-rc8", False), ("4.19.0", False), ("odd", False)],
)
def test_syncfs_only_where_it_tells_of_errors(folders, monkeypatch, release, good):
    monkeypatch.setattr(os, "uname", lambda: type("U", (), {"release": release}))
    monkeypatch.setattr(disk, "filesystem_type", lambda _: 0xEF53)
    assert disk.can_sync_whole(folders[0]) is good
    monkeypatch.setattr(disk, "filesystem_type", lambda _: 0x65735546)  # FUSE
    assert not disk.can_sync_whole(folders[0])


def test_files_are_flushed_before_they_are_renamed(tmp_path, monkeypatch):
    """The order that makes a power cut harmless: contents, names, folders, rows."""
    steps = []

    def noted(owner, name, label):
        real = getattr(owner, name)

        def call(*arguments):
            steps.append(label)
            return real(*arguments)

        monkeypatch.setattr(owner, name, call)

    backup = Backup(tmp_path / "b")
    try:
        noted(os, "fsync", "fsync")
        noted(disk, "rename_new", "rename")
        noted(disk, "sync_folder", "sync folder")
        monkeypatch.setattr("mtpbackup.archive.finishing.record_saved", lambda *_: steps.append("rows") or [])
        incoming = backup.writer.begin(backup.phone, key(size=0))
        incoming.commit()
        backup.writer.drain()
        content = steps.index("fsync")
        rename = steps.index("rename")
        rows = steps.index("rows")
        assert content < rename < rows
        assert "sync folder" in steps[rename:rows]
    finally:
        monkeypatch.undo()
        backup.close()


# --- real file systems ------------------------------------------------------------------------------------

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a file system needs the superuser")


def run(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


@pytest.fixture
def mount(tmp_path):
    """Mounts file systems and takes them down again, or skips with a sentence."""
    undo = []

    def make(kind, size="24M"):
        point = tmp_path / f"disk-{kind}"
        point.mkdir()
        if kind == "tmpfs":
            command = ("mount", "-t", "tmpfs", "-o", f"size={size}", "none", point)
        else:
            image = tmp_path / f"{kind}.img"
            maker = {
                "vfat": "mkfs.vfat",
                "exfat": "mkfs.exfat",
                "exfat-fuse": "mkfs.exfat",
                "fusefat": "mkfs.vfat",
            }
            program = maker.get(kind, f"mkfs.{kind}")
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed")
            subprocess.run(["truncate", "-s", "320M" if kind in ("xfs", "btrfs") else size, image], check=True)
            made = run(program, image)
            assert made.returncode == 0, made.stderr
            loop = run("losetup", "-f", "--show", image)
            if loop.returncode:
                pytest.skip(f"no loop device: {loop.stderr.strip()}")
            undo.append(("losetup", "-d", loop.stdout.strip()))
            if kind == "exfat-fuse":
                command = ("mount.exfat-fuse", loop.stdout.strip(), point)
            elif kind == "fusefat":
                command = ("fusefat", "-o", "rw+", loop.stdout.strip(), point)
            else:
                command = ("mount", "-t", kind, loop.stdout.strip(), point)
            if shutil.which(command[0]) is None:
                pytest.skip(f"{command[0]} is not installed")
        done = run(*command)
        if done.returncode:
            pytest.skip(f"{kind} cannot be mounted here: {done.stderr.strip().splitlines()[0]}")
        undo.append(("umount", point))
        return point

    yield make
    for command in reversed(undo):
        assert run(*command).returncode == 0, command


@needs_root
@pytest.mark.parametrize("kind", ["vfat", "exfat", "exfat-fuse", "xfs", "btrfs", "ext4", "tmpfs"])
def test_real_file_systems(mount, kind):
    """A backup on each: names, dates, collisions, resume, lock, checksum file, verify."""
    point = mount(kind)
    backup = Backup(point / "Phone backup")
    try:
        data = os.urandom(300_000)
        incoming = backup.writer.begin(backup.phone, key("DCIM/film.mp4", len(data)))
        incoming.write(Bytes(data[:100_000]))
        incoming.abandon(keep_part=True)
        backup.new_writer()
        incoming = backup.writer.begin(backup.phone, key("DCIM/film.mp4", len(data)))
        assert incoming.offset == 100_000
        assert backup.read(backup.fill(incoming, data).path) == data
        names = ["Grüße 😀.jpg", "a:b?.jpg", "IMG.JPG", "img.jpg", "nul .txt", "x" * 300 + ".jpg"]
        paths = [backup.saved(("DCIM", name), name.encode()).path for name in names]
        assert [backup.read(path) for path in paths] == [name.encode() for name in names]
        dates = {round((backup.root / path).stat().st_mtime - key().modified.timestamp()) for path in paths}
        assert dates <= {-1, 0}
        backup.writer.close()
        assert all(event.state.value == "ok" for event in backup.archive.verify() if hasattr(event, "state"))
        check = subprocess.run(
            ["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"], cwd=backup.root, check=False
        )
        assert check.returncode == 0
        assert backup.archive.largest_file() == (disk.FAT_LARGEST_FILE if kind == "vfat" else None)
        known = backup.archive.catalog.known(backup.phone)
        assert all(known.find(key(("DCIM", name), len(name.encode()))).safe for name in names)
    finally:
        backup.close()


@needs_root
@pytest.mark.parametrize("kind", ["tmpfs", "ext4", "vfat", "exfat"])
def test_real_full_disk(mount, kind):
    """Files until there is no more room: those called saved are right; with room made, it goes on."""
    point = mount(kind)
    backup = Backup(point / "Phone backup", linger=0.05)
    try:
        data = os.urandom(700_000)
        results = []
        with pytest.raises(OutOfSpace):
            for number in range(200):
                item = key(f"DCIM/{number}.jpg", len(data))
                incoming = backup.writer.begin(backup.phone, item)
                try:
                    for start in range(0, len(data), 100_000):
                        incoming.write(Bytes(data[start : start + 100_000]))
                    incoming.commit()
                except OutOfSpace:
                    incoming.abandon(keep_part=True)
                    raise
                results += backup.writer.results()
        results += backup.writer.close()
        saved = [result for result in results if isinstance(result, Saved)]
        assert len(saved) >= 10
        assert {result.path for result in saved} == backup.tree()
        assert all(isinstance(r.error, OutOfSpace) for r in results if not isinstance(r, Saved))
        assert all(backup.read(result.path) == data for result in saved)
        for result in saved[:5]:
            (backup.root / result.path).unlink()
        assert backup.archive.find_missing() == 5
        backup.writer = backup.archive.writer(backup.limits)
        assert backup.saved("DCIM/last.jpg", data)
        backup.writer.close()
        assert all(e.state.value in ("ok", "missing") for e in backup.archive.verify() if hasattr(e, "state"))
        check = subprocess.run(
            ["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"], cwd=backup.root, check=False
        )
        assert check.returncode == 0
    finally:
        backup.close()


@needs_root
def test_real_read_only_disk(mount):
    point = mount("tmpfs")
    backup = Backup(point / "b")
    backup.saved()
    backup.close()
    subprocess.run(["mount", "-o", "remount,ro", point], check=True)
    with Archive.open(point / "b") as archive:
        assert not archive.writable
        assert [event.state.value for event in archive.verify() if hasattr(event, "state")] == ["ok"]


@needs_root
def test_real_disk_that_turns_read_only_in_mid_run(mount):
    """What the kernel does with a disk on which it finds errors."""
    point = mount("ext4")
    backup = Backup(point / "b")
    try:
        backup.saved("DCIM/a.jpg")
        if run("mount", "-o", "remount,abort", point).returncode:
            pytest.skip("this kernel cannot stop a file system on request")
        with pytest.raises(DestinationUnwritable):
            for number in range(100):
                backup.saved(f"DCIM/{number}.jpg")
        assert [type(result) for result in backup.writer.close()] == []
    finally:
        backup.close()


def test_limits_of_this_test_run():
    """The tests above open few files; if this fails, their descriptors leak."""
    assert len(os.listdir("/proc/self/fd")) < resource.getrlimit(resource.RLIMIT_NOFILE)[0] / 2  # noqa: PTH208
