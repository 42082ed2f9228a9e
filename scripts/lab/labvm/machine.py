"""Boots a throw-away machine, runs one command in it and gives back its exit code."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .desk import Desk
from .host import prepare_to_run
from .image import ensure_image, temporary_folder
from .places import GUEST
from .qmp import QemuError, Qmp, connect

#: Exit codes of the lab's own, as `timeout` has them and next to it.
TIMED_OUT = 124
MACHINE_DIED = 125
SWITCHED_OFF = 126

_KERNEL_LINE = (
    "console=ttyS0 quiet loglevel=4 nowatchdog mitigations=off random.trust_cpu=on panic=-1 cryptomgr.notests "
    "net.ifnames=0 systemd.show_status=false "
    # With two processors the kernel would take hpet for its clock, which is three times as slow to read.
    "clocksource=tsc tsc=reliable"
)


@dataclass(frozen=True)
class Settings:
    """How a machine is set up.

    Attributes:
        shares: host folders by the name under which the guest finds them in /mnt, read-write.
        seat: a user who sits at the machine from the start (a logind session on seat0); empty for nobody.
        speed: the speed that phones inside the guest have: full, high or super.
        bare_udev: without the rules and lists of libmtp and libgphoto2, so that only systemd's own know phones.
        memory: of the guest, in MiB.
        seconds: the machine is killed after so long.
        keep: keeps the run's folder with the console's log.
        image: the folder of an image, for several machines of one kind; the checkout's own if None.
        disk: a second disk, /dev/vdb in the guest, served over NBD on this socket; see `volatile_disk`.
        switch_off: asked again and again; when it says so, the machine is switched off without warning.
    """

    shares: Mapping[str, Path] = field(default_factory=dict)
    seat: str = ""
    speed: str = "high"
    bare_udev: bool = False
    memory: int = 2048
    seconds: float = 600
    keep: bool = False
    image: Path | None = None
    disk: Path | None = None
    switch_off: Callable[[], bool] | None = None


def run(command: str, settings: Settings) -> int:
    """Boots, runs a shell line as root, shows its output as it comes, and returns its exit code.

    Returns:
        The command's exit code, `TIMED_OUT`, `MACHINE_DIED`, or `SWITCHED_OFF`.

    Raises:
        LabError: no machine can be built or started here.
    """
    prepare_to_run()
    image = settings.image or ensure_image()
    folder = temporary_folder()
    try:
        _write_orders(folder, command, settings)
        code = _boot(image, folder, settings)
        if code in (TIMED_OUT, MACHINE_DIED):
            console = (folder / "console.log").read_text(errors="replace").splitlines()
            print("[lab] the end of the console:", *console[-30:], sep="\n", file=sys.stderr)
        return code
    finally:
        if settings.keep:
            print(f"[lab] kept {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _write_orders(folder: Path, command: str, settings: Settings) -> None:
    """Writes what `guest/boot` reads."""
    values = {
        "SEAT": settings.seat,
        "SPEED": settings.speed,
        "BARE_UDEV": "1" if settings.bare_udev else "",
        "SHARES": " ".join(settings.shares),
    }
    (folder / "settings").write_text("".join(f"{key}={shlex.quote(value)}\n" for key, value in values.items()))
    (folder / "command").write_text(f"{command}\n")


def _command_line(image: Path, folder: Path, settings: Settings) -> list[str]:
    words = [
        "qemu-system-x86_64 -machine q35,accel=tcg -cpu max -smp 2 -nodefaults -display none -no-reboot",
        f"-m {settings.memory}",
        "-device virtio-rng-pci -device virtio-serial-pci",
        # The command's output. Standard input stays open: at its end QEMU would close the port.
        "-chardev stdio,id=out,signal=off -device virtserialport,chardev=out,name=lab.out",
        f"-chardev socket,id=desk,path={folder}/desk,server=on,wait=off",
        "-device virtserialport,chardev=desk,name=lab.desk",
        f"-chardev file,id=console,path={folder}/console.log -serial chardev:console",
        f"-qmp unix:{folder}/qmp,server=on,wait=off",
        "-device qemu-xhci,id=xhci,p2=8,p3=8",
        f"-kernel {image}/vmlinuz -initrd {image}/initrd",
        f"-drive file={image}/root.img,format=raw,if=virtio,snapshot=on,cache=unsafe",
    ]
    line = " ".join(words).split(" ")
    line += ["-append", _KERNEL_LINE]
    if settings.disk is not None:
        # The guest sees a disk with a cache of its own, and flushes it; QEMU adds none to that. In a late slot:
        # the first in the order of slots is /dev/vda, the root.
        server = f"driver=nbd,node-name=second,server.type=unix,server.path={settings.disk}"
        line += ["-blockdev", f"{server},cache.direct=on,discard=ignore"]
        line += ["-device", "virtio-blk-pci,drive=second,write-cache=on,addr=1e"]
    shares = {"lab": GUEST, "run": folder, **settings.shares}
    for name, path in shares.items():
        mode = ",readonly=on" if name == "lab" else ""
        line += ["-fsdev", f"local,id={name},path={path},security_model=none{mode}"]
        line += ["-device", f"virtio-9p-pci,fsdev={name},mount_tag={name}"]
    return line


def _boot(image: Path, folder: Path, settings: Settings) -> int:
    # QEMU's own phone tells dates in the zone of its process; guest and phone are to agree.
    environment = {**os.environ, "TZ": "UTC"}
    process = subprocess.Popen(_command_line(image, folder, settings), stdin=subprocess.PIPE, env=environment)
    timed_out = threading.Event()

    def time_out() -> None:
        timed_out.set()
        process.kill()

    timer = threading.Timer(settings.seconds, time_out)
    timer.start()
    off, ended = threading.Event(), threading.Event()
    if settings.switch_off is not None:
        threading.Thread(
            target=_wait_to_switch_off, args=(process, settings.switch_off, off, ended), daemon=True
        ).start()
    try:
        code = _attend(folder)
        if off.is_set():
            return SWITCHED_OFF
        if code is None:
            code = MACHINE_DIED
            if timed_out.is_set():
                code = TIMED_OUT
                print(f"[lab] killed after {settings.seconds:g} s", file=sys.stderr)
        return code
    finally:
        timer.cancel()
        ended.set()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait()


def _wait_to_switch_off(
    process: subprocess.Popen[bytes], now: Callable[[], bool], off: threading.Event, ended: threading.Event
) -> None:
    while not ended.wait(0.005):
        if now():
            off.set()
            process.kill()
            return


def _attend(folder: Path) -> int | None:
    """Answers the guest until its command has ended; None when the machine ended before."""
    try:
        port = connect(folder / "desk").makefile("rw")
        qmp = Qmp(folder / "qmp")
        desk = Desk(qmp, folder)
        while desk.exit_code is None:
            line = port.readline()
            if not line:
                return None
            port.write(desk.answer(line))
            port.flush()
        # Ports do not wait for the host: what the command said last is still on its way when it has ended.
        time.sleep(0.3)
        with contextlib.suppress(QemuError):
            qmp("quit")
        return desk.exit_code
    except (OSError, QemuError):
        return None
