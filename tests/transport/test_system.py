"""What is learned from the operating system: holders of a node, strings in /sys, libusb itself."""

import os
import subprocess
import sys

import pytest

from mtpbackup.transport.holders import holders, processor_time
from mtpbackup.transport.sysfs import SysfsDevice

NODE = "/dev/bus/usb/001/004"


def process(proc, pid, command, links):
    folder = proc / str(pid)
    (folder / "fd").mkdir(parents=True)
    (folder / "cmdline").write_bytes(command)
    (folder / "comm").write_text("kernel-name\n")
    for number, link in enumerate(links):
        (folder / "fd" / str(number)).symlink_to(link)
    return folder


def test_holders_are_named_without_their_paths_and_once(tmp_path):
    process(tmp_path, 10, b"/usr/libexec/gvfsd-mtp\0--spawner\0", ["/dev/null", NODE])
    process(tmp_path, 11, b"/usr/libexec/gvfsd-mtp\0", [NODE, NODE])
    process(tmp_path, 12, b"", ["/host" + NODE])  # without a command line; the node mounted elsewhere
    process(tmp_path, 13, b"innocent\0", ["/dev/bus/usb/001/014", "/dev/bus/usb/011/004x"])
    process(tmp_path, os.getpid(), b"we\0", [NODE])
    (tmp_path / "14").mkdir()  # gone, or another user's
    (tmp_path / "uptime").write_text("1")
    assert holders(NODE, tmp_path) == ["gvfsd-mtp", "kernel-name"]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (b"/a/.venv/bin/python3\0/a/.venv/bin/mtpbackup\0backup\0", "mtpbackup"),
        (b"/usr/bin/python3.12\0-P\0-X\0utf8\0-m\0mtpbackup\0auto\0run\0", "mtpbackup"),
        (b"python\0-c\0import usb\0", "python"),
        (b"python3\0", "python3"),
        (b"/usr/bin/pythonista\0word\0", "pythonista"),
    ],
)
def test_a_program_in_python_is_named_by_its_own_name(tmp_path, command, name):
    process(tmp_path, 10, command, [NODE])
    assert holders(NODE, tmp_path) == [name]


def test_without_proc_nobody_is_found(tmp_path):
    assert holders(NODE, tmp_path / "none") == []


def test_another_process_is_found_for_real(tmp_path):
    node = tmp_path / "bus" / "usb" / "001" / "004"
    node.parent.mkdir(parents=True)
    node.touch()
    code = "import sys; f = open(sys.argv[1]); print('open', flush=True); sys.stdin.read(); f.close()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(node)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "open\n"
        assert holders(str(node)) == [os.path.basename(sys.executable)]  # noqa: PTH119
        other.communicate("", timeout=10)
    assert holders(str(node)) == []


def test_strings_of_a_device_in_sysfs(tmp_path):
    device = tmp_path / "1-2.3"
    device.mkdir()
    (device / "serial").write_bytes("0123é\n".encode())
    (device / "product").write_bytes(b"bad \xff name\n")
    (device / "bConfigurationValue").write_text("1\n")
    (tmp_path / "1-2.3:1.0").mkdir()
    (tmp_path / "1-2.3:1.0" / "interface").write_text("MTP\n")
    (tmp_path / "1-2.3:1.1").mkdir()
    found = SysfsDevice(1, (2, 3), tmp_path)
    assert found.known
    assert found.configuration == 1
    assert found.attribute("serial") == "0123é"
    assert found.attribute("product") == "bad \ufffd name"
    assert found.attribute("manufacturer") == ""
    assert found.interface_name(1, 0) == "MTP"
    assert found.interface_name(1, 1) == ""
    assert found.interface_name(1, 2) is None


def test_a_device_that_sysfs_does_not_know(tmp_path):
    missing = SysfsDevice(7, (), tmp_path)
    assert not missing.known
    assert missing.configuration is None
    assert missing.interface_name(1, 0) is None


#: Hides libusb from the loader, as on a machine that has none; then says where the one loaded came from.
HIDE = """
import ctypes, sys
from mtpbackup.errors import LibraryMissing
real = ctypes.CDLL
def hidden(name, *args, **kwargs):
    if name is not None and str(name).startswith("libusb-1.0"):
        raise OSError("no such library")
    return real(name, *args, **kwargs)
import usb1
from usb1 import _libusb1
_libusb1.CDLL = hidden
_libusb1.ctypes.util.find_library = lambda name: None
if "none" in sys.argv:
    sys.modules["libusb_package"] = None
from mtpbackup.transport.libusb import load_library
try:
    load_library()
    load_library()
except LibraryMissing as error:
    print("missing", error.library)
else:
    print("found", _libusb1.libusb._name, usb1.getVersion()[:2])
"""


def run_hidden(*arguments):
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", HIDE, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_without_a_libusb_of_the_system_the_shipped_one_is_loaded():
    output = run_hidden()
    assert output.startswith("found ")
    assert "libusb_package" in output
    assert "(1, 0)" in output


def test_without_any_libusb_it_is_named():
    assert run_hidden("none") == "missing libusb-1.0\n"


def test_importing_does_not_load_the_library():
    """`mtpbackup demo` works on a computer without libusb."""
    code = "import mtpbackup.transport.libusb; from usb1 import _libusb1; print('libusb' in vars(_libusb1))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "False\n"


def test_how_much_a_process_has_worked(tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text("7 (a) b (c) S 1 7 7 0 -1 4194560 1 2 3 4 250 31 0 0 20 0 1 0 99\n")
    assert processor_time(7, tmp_path) == 281
    assert processor_time(8, tmp_path) == 0
    before = processor_time(os.getpid())
    while processor_time(os.getpid()) == before:
        sum(range(10_000))
