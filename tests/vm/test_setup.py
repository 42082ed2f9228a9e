"""`mtpbackup setup`: from no permission to permission and back, with real udevd and logind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gadget import Strings
from tests.vm import content
from tests.vm.bare import bare_udev
from tests.vm.phones import node_of
from tests.vm.program import as_user

RULES = Path("/etc/udev/rules.d/70-mtpbackup.rules")
VENDOR_SPECIFIC = (0xFF, 0xFF, 0)


@pytest.fixture(scope="module")
def phones(shared):
    """The three kinds: a still image interface, a vendor's own of an unknown maker, and QEMU's phone."""
    image = shared.umtp("image")
    vendors = shared.umtp("vendors", strings=Strings(0x1234, 0x5678, "Nobody", "Thing"), kind=VENDOR_SPECIFIC)
    qemu = shared.qemu()
    for phone in (image, vendors, qemu):
        content.write_photos(phone.files / "DCIM", 2)
    return image, vendors, qemu


@pytest.fixture(scope="module")
def bare():
    with bare_udev():
        yield
        RULES.unlink(missing_ok=True)


@pytest.fixture
def sudo():
    """The user may become root without a password."""
    file = Path("/etc/sudoers.d/lab")
    file.write_text("user ALL=(ALL) NOPASSWD: ALL\n")
    file.chmod(0o440)
    yield
    file.unlink()


def as_root(*arguments: str, on_behalf_of: str = "") -> subprocess.CompletedProcess[str]:
    """Runs mtpbackup as root, as sudo would."""
    environment = os.environ | ({"SUDO_UID": on_behalf_of} if on_behalf_of else {})
    command = [sys.executable, "-m", "mtpbackup", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def may_use(user: str, node: Path) -> bool:
    """Whether a user may open a node for reading and writing."""
    script = f"test -r {node} && test -w {node}"
    return subprocess.run([*as_user(user), "sh", "-c", script], check=False).returncode == 0


def permissions(phone) -> str:
    node = node_of(phone.serial)
    listed = subprocess.run(["getfacl", "-p", "-n", node], capture_output=True, text=True, check=True).stdout
    return listed.partition("\n")[2]  # without the node's name


def properties(phone) -> str:
    query = ["udevadm", "info", "--query=property", f"--name={node_of(phone.serial)}"]
    return subprocess.run(query, capture_output=True, text=True, check=True).stdout


def test_beside_the_rules_of_others(phones, destination, mtpbackup):
    """Marks of libmtp and libgphoto2 stay, after setup and after a replug; udev finds no mistake."""
    image, _, _ = phones
    image.plug()
    before = properties(image)
    assert "ID_MTP_DEVICE=1" in before
    assert "DEVLINKS=/dev/libmtp-" in before
    try:
        done = as_root("setup", "--yes", on_behalf_of="1000")
        assert done.returncode == 0, done
        for _ in range(2):
            after = properties(image)
            assert "ID_MTPBACKUP=1" in after
            theirs = [line for line in before.splitlines() if re.match("ID_MTP|ID_GPHOTO|ID_MEDIA|DEVL", line)]
            assert set(theirs) <= set(after.splitlines())
            image.unplug()
            image.plug()
        folder = subprocess.run(
            ["udevadm", "info", "--query=path", f"--name={node_of(image.serial)}"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        test = ["udevadm", "test", f"/sys{folder}"]
        said = subprocess.run(test, capture_output=True, text=True, check=False)
        assert "70-mtpbackup.rules" in said.stderr
        assert not re.search(r"70-mtpbackup\.rules:\d+ .*(nvalid|nknown|ignoring)", said.stderr), said.stderr
        assert mtpbackup("backup", "--to", destination).code == 0
    finally:
        assert as_root("setup", "--uninstall").returncode == 0
    assert "ID_MTPBACKUP" not in properties(image)
    assert "ID_MTP_DEVICE=1" in properties(image)
    assert may_use("user", node_of(image.serial))


def test_from_no_permission_to_permission_and_back(phones, bare, sudo, destination, mtpbackup):
    # Without the rule: nobody may, and it is said what to do.
    for phone in phones:
        phone.plug()
        outcome = mtpbackup("backup", "--to", destination, "--wait", "0")
        assert outcome.code == 22, outcome
        assert "This computer doesn't let you talk to the phone yet." in outcome.text
        assert re.search(r"One-time fix:   .*mtpbackup setup", outcome.text)
        phone.unplug()
    for phone in phones:
        phone.plug()
    before = [permissions(phone) for phone in phones]

    # Once: for phones that are plugged in already. The program becomes root by itself.
    outcome = mtpbackup("setup", "--yes", "--json")
    assert outcome.code == 0, outcome
    assert outcome.summary["rules"] == "current"
    assert outcome.summary["changed"]
    assert len(outcome.summary["phones"]) == 3
    for about in outcome.summary["phones"]:
        assert about["allowed"], about
        assert about["by"] == "seat"
        assert about["rules_of"][0] == "mtpbackup"
    assert RULES.stat().st_mode & 0o777 == 0o644
    for phone in phones:
        assert may_use("user", node_of(phone.serial)), permissions(phone)
        assert not may_use("other", node_of(phone.serial)), permissions(phone)

    # And for phones that are plugged in later.
    for phone in phones:
        phone.unplug()
    for phone in phones:
        phone.plug()
    for phone in phones:
        assert may_use("user", node_of(phone.serial)), permissions(phone)
        assert not may_use("other", node_of(phone.serial)), permissions(phone)
        listed = mtpbackup("ls", "DCIM", "--device", phone.serial, "--json")
        assert listed.code == 0, listed
        assert listed.events("item"), listed

    # Once more: nothing to do, no rights needed, nothing written.
    written = RULES.stat().st_mtime_ns
    Path("/etc/sudoers.d/lab").write_text("")
    again = mtpbackup("setup")
    assert again.code == 0, again
    assert "set up already" in again.text
    assert RULES.stat().st_mtime_ns == written

    # Somebody else who is not at the screen: no access, and her own way in.
    outcome = mtpbackup("setup", user="other")
    assert outcome.code == 22, outcome
    assert "setup --remote" in outcome.text
    try:
        outcome = as_root("setup", "--remote", on_behalf_of="1001")
        assert outcome.returncode == 0, outcome
        assert all(may_use("other", node_of(phone.serial)) for phone in phones)
    finally:
        subprocess.run(["gpasswd", "-d", "other", "plugdev"], check=True, stdout=subprocess.DEVNULL)
    assert not any(may_use("other", node_of(phone.serial)) for phone in phones)

    # Away again: all as before.
    assert as_root("setup", "--uninstall").returncode == 0
    assert not RULES.exists()
    assert not any(may_use("user", node_of(phone.serial)) for phone in phones)
    for phone, was in zip(phones, before, strict=True):
        assert permissions(phone) == was
        assert "ID_MTPBACKUP" not in properties(phone)
        phone.unplug()
        phone.plug()
        assert permissions(phone) == was
