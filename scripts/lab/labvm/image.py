"""Builds the image: kernel, initrd and root file system, whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import host, rootfs
from .kernel import Kernel, words
from .places import RECIPE, LabError, cache, image_folder

#: Images of other recipes that are left in the cache, the newest; two branches at work need not take turns.
_KEPT = 2
_ROOT_SIZE = 4 << 30


def ensure_image() -> Path:
    """The folder of the image for this checkout; built first when it is not there.

    Raises:
        LabError: it is missing and cannot be built here.
    """
    folder = image_folder()
    if folder.is_dir():
        return folder
    host.prepare_to_build()
    with (cache() / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _build(folder)
    return folder


def _build(folder: Path) -> None:
    start = time.monotonic()
    print(f"Building the lab's virtual machine in {folder} (once; 1 to 5 minutes)", file=sys.stderr, flush=True)
    folder.parent.mkdir(exist_ok=True)
    # One name for every unfinished build: whatever an interrupted one left there goes first.
    work = cache() / "unfinished"
    _remove(work)
    work.mkdir()
    root, result = work / "root", work / "image"
    result.mkdir()

    kernel = Kernel(rootfs.install_debian(root, work), work / "kernel")
    kernel.install(root)
    rootfs.install_python(root, work)
    rootfs.settle(root)
    shutil.copy(kernel.image, result / "vmlinuz")
    _write_initrd(kernel, work / "initrd", result / "initrd")
    _write_root(root, result / "root.img")
    (result / "about.txt").write_text(f"kernel {kernel.version}\n")

    os.sync()
    result.rename(folder)
    _remove(work)
    _drop_old(folder)
    print(f"Built in {time.monotonic() - start:.0f} s (kernel {kernel.version})", file=sys.stderr, flush=True)


def _remove(folder: Path) -> None:
    """Removes a folder of the build, unless something is mounted in it: that could be the host's own /dev.

    Raises:
        LabError: something is.
    """
    mounts = [line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    inside = [mount for mount in mounts if Path(mount).is_relative_to(folder)]
    if inside:
        raise LabError(f"unmount these first: {' '.join(inside)}")
    if folder.exists():
        shutil.rmtree(folder)


def _write_root(root: Path, image: Path) -> None:
    """A sparse ext4 file system without a journal: nothing in it outlives a run."""
    with image.open("wb") as file:
        file.truncate(_ROOT_SIZE)
    features = "^has_journal,^metadata_csum"
    host.run(["mkfs.ext4", "-q", "-O", features, "-E", "lazy_itable_init=1", "-m", "0", "-d", root, image])


def _write_initrd(kernel: Kernel, folder: Path, initrd: Path) -> None:
    for name in ("bin", "proc", "dev", "root", "modules"):
        (folder / name).mkdir(parents=True)
    busybox = shutil.which("busybox", path=host.environment()["PATH"])
    if busybox is None:
        raise LabError("busybox is missing (Debian package busybox-static)")
    shutil.copy(busybox, folder / "bin/busybox")
    shutil.copy(RECIPE / "init", folder / "init")
    for number, path in enumerate(kernel.files(*words("initrd-modules.txt"))):
        _copy_module(path, folder / f"modules/{number:02}.ko")
    names = "\n".join(str(path.relative_to(folder)) for path in [folder, *sorted(folder.rglob("*"))])
    cpio = subprocess.run(
        ["cpio", "-o", "-H", "newc", "--quiet"],
        cwd=folder,
        input=names.encode(),
        capture_output=True,
        check=True,
    )
    with initrd.open("wb") as file:
        subprocess.run(["zstd", "-q", "-5"], input=cpio.stdout, stdout=file, check=True)


def _copy_module(path: Path, target: Path) -> None:
    """Copies a module; unpacked, because busybox cannot load a packed one."""
    if path.suffix == ".xz":
        with target.open("wb") as file:
            subprocess.run(["xz", "-dc", path], stdout=file, check=True)
    else:
        shutil.copy(path, target)


def _drop_old(current: Path) -> None:
    others = sorted(
        (path for path in current.parent.iterdir() if path != current), key=lambda path: path.stat().st_mtime
    )
    for path in others[:-_KEPT]:
        shutil.rmtree(path)


def temporary_folder() -> Path:
    """A folder for one run's sockets, console and shared files, on the cache's disk."""
    runs = cache() / "runs"
    runs.mkdir(exist_ok=True)
    return Path(tempfile.mkdtemp(dir=runs))
