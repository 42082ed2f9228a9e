"""Putting the rules in place and taking them away, in trees that look like a system's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mtpbackup.udev import (
    GROUP,
    Installed,
    NotLetIn,
    NoUdev,
    Places,
    RulesNotWritten,
    install,
    installed,
    let_in,
    plugged_phones,
    render_rules,
    rules_for_here,
    uninstall,
    written_here,
)
from mtpbackup.udev import installing as module
from tests.transport.bus_tree import DEBUGGING, BusTree


@pytest.fixture
def places(tmp_path):
    places = Places.below(tmp_path)
    places.usb.parent.mkdir(parents=True)
    places.database.mkdir(parents=True)
    places.control.touch()
    return places


@pytest.fixture
def tree(places):
    return BusTree(places.usb)


@pytest.fixture
def ran():
    return []


@pytest.fixture
def run(ran):
    def run(command):
        ran.append(list(command))
        return 0, ""

    return run


@pytest.fixture
def resets(monkeypatch):
    """Nodes that were given back to root."""
    done = []
    monkeypatch.setattr(module, "reset", lambda devices, _places: done.extend(d.node for d in devices))
    return done


@pytest.fixture
def unlisted(monkeypatch):
    """Nodes whose access control list was taken away."""
    done = []
    monkeypatch.setattr(module.acl, "remove", done.append)
    return done


def test_a_person_whom_others_let_in_too_stays_in(places, tree, run, resets, unlisted):
    tree.plug("1-2")
    install(places, run=run)
    (places.database / "c189:1").write_text("E:ID_MTPBACKUP=1\nG:uaccess\nQ:uaccess\nV:1\n")
    assert uninstall(places, run=run)
    assert unlisted == []


def rules(places):
    return places.rules / "70-mtpbackup.rules"


def test_installs_and_applies_to_the_phones_at_hand(places, tree, run, ran):
    tree.plug("1-2")
    tree.plug("1-3", interfaces=((DEBUGGING, "ADB"),))
    assert installed(places) is Installed.MISSING
    assert [device.name for device in install(places, run=run)] == ["Pixel 8"]
    assert installed(places) is Installed.CURRENT
    assert rules(places).stat().st_mode & 0o777 == 0o644
    assert [path.name for path in places.rules.iterdir()] == ["70-mtpbackup.rules"]
    assert ran == [
        ["udevadm", "control", "--reload"],
        ["udevadm", "trigger", "--action=bind", str((places.usb / "1-2").resolve())],
        ["udevadm", "settle", "--timeout=20"],
    ]


def test_without_a_phone_nothing_is_triggered(places, tree, run, ran):
    install(places, run=run)
    assert ran == [["udevadm", "control", "--reload"]]


def test_twice_is_as_good_as_once(places, tree, run):
    install(places, run=run)
    text = rules(places).read_text()
    install(places, run=run)
    assert rules(places).read_text() == text


def test_an_older_rule_is_replaced(places, tree, run):
    places.rules.mkdir(parents=True)
    rules(places).write_text("# older\n")
    assert installed(places) is Installed.OUTDATED
    install(places, run=run)
    assert installed(places) is Installed.CURRENT


def test_a_package_s_rule_will_do(places, tree):
    places.packaged[1].mkdir(parents=True)
    (places.packaged[1] / "70-mtpbackup.rules").write_text(render_rules())
    assert installed(places) is Installed.PACKAGED
    (places.packaged[1] / "70-mtpbackup.rules").write_text("# older\n")
    assert installed(places) is Installed.OUTDATED


@pytest.mark.parametrize("text", [render_rules(), rules_for_here()])
def test_a_package_s_rule_is_applied_and_not_copied(places, tree, run, ran, text):
    tree.plug("1-2")
    places.packaged[1].mkdir(parents=True)
    (places.packaged[1] / "70-mtpbackup.rules").write_text(text)
    install(places, run=run)
    assert not written_here(places)
    assert ["udevadm", "trigger", "--action=bind", str((places.usb / "1-2").resolve())] in ran
    (places.packaged[1] / "70-mtpbackup.rules").write_text("# older\n")
    install(places, run=run)
    assert written_here(places)


def test_a_rule_that_cannot_be_read_is_written_anew(places, monkeypatch):
    places.rules.mkdir(parents=True)
    rules(places).write_text(rules_for_here())

    def refused(self, *_how, **_more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refused)
    assert installed(places) is Installed.OUTDATED


def test_a_disk_that_fills_up_leaves_no_beginning_of_a_rule(places, run, monkeypatch):
    monkeypatch.setattr(Path, "chmod", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(RulesNotWritten, match="No space"):
        install(places, run=run)
    assert list(places.rules.iterdir()) == []


def test_a_udev_that_is_busy_with_others_is_no_trouble(places, tree):
    tree.plug("1-2")
    install(places, run=lambda command: (1 if "settle" in command else 0, ""))


def test_takes_away_what_it_gave(places, tree, run, ran, resets, unlisted):
    node = tree.plug("1-2")
    tree.plug("1-3")
    install(places, run=run)
    (places.database / "c189:1").write_text("E:ID_MTPBACKUP=1\nG:uaccess\nQ:uaccess\nV:1\n")
    ran.clear()

    def and_udev_looks_again(command):
        if "trigger" in command:
            (places.database / "c189:1").write_text("G:uaccess\nV:1\n")
        return run(command)

    assert uninstall(places, run=and_udev_looks_again)
    assert unlisted == [places.node(node)]
    assert installed(places) is Installed.MISSING
    assert resets == [node]
    assert ["udevadm", "trigger", "--action=bind", str((places.usb / "1-2").resolve())] in ran
    ran.clear()
    assert not uninstall(places, run=run)
    assert ran == []


def test_a_node_that_is_reset_belongs_to_root_alone(places, tree, monkeypatch):
    tree.plug("1-2")
    (device,) = plugged_phones(places)
    node = places.node(device.node)
    node.parent.mkdir(parents=True)
    node.touch()
    node.chmod(0o660)
    owners = []
    monkeypatch.setattr(os, "chown", lambda path, *ids: owners.append((path, *ids)))
    module.reset([device], places)
    assert node.stat().st_mode & 0o777 == 0o664
    assert owners == [(node, 0, 0)]
    node.unlink()
    module.reset([device], places)


def test_where_there_is_no_udev_the_rule_is_written_all_the_same(places, tree, run):
    places.control.unlink()
    with pytest.raises(NoUdev):
        install(places, run=run)
    assert installed(places) is Installed.CURRENT


def test_udevadm_that_fails_is_told(places, tree):
    with pytest.raises(NoUdev) as caught:
        install(places, run=lambda _command: (1, "Failed to send reload request"))
    assert caught.value.said == "Failed to send reload request"


def test_a_folder_that_takes_no_files(places, tree, run):
    places.rules.parent.mkdir(parents=True)
    places.rules.write_text("a file in place of the folder")
    with pytest.raises(RulesNotWritten) as caught:
        install(places, run=run)
    assert caught.value.path == rules(places)


@pytest.mark.parametrize("exists", [True, False])
def test_the_group_is_named_only_where_it_exists(monkeypatch, run, ran, exists):
    monkeypatch.setattr(module, "group_id", lambda _name: 46 if exists else None)
    assert rules_for_here() == render_rules(GROUP if exists else None)
    let_in("anna", run=run)
    assert ran[-1] == ["usermod", "--append", "--groups", GROUP, "anna"]
    assert (["groupadd", "--system", GROUP] in ran) is not exists
    with pytest.raises(NotLetIn) as caught:
        let_in("anna", run=lambda _command: (1, "no"))
    assert (caught.value.account, caught.value.said) == ("anna", "no")


def test_a_program_that_is_not_there():
    assert module.run(["no-such-program-here"])[0] == 127
    assert module.run(["true"])[0] == 0
    assert module.run(["cat"]) == (0, "")
