"""Who may open a node and why, from trees that look like a system's."""

from __future__ import annotations

import os
import struct

import pytest

from mtpbackup.udev import Giver, Grant, Person, Places, Session, examine, sessions
from mtpbackup.udev.acl import Entry, Tag, decode

NODE = "/dev/bus/usb/003/002"
ME, GROUP = os.getuid(), os.getgid()
ANNA = Person(4242, "anna", frozenset({4242}), frozenset({4242}))

#: What Linux 6.1 kept of `setfacl -m u:user:rw` (user 1000) on a node of mode 0664, read with getfattr.
RECORDED = bytes.fromhex(
    "02000000 01000600ffffffff 02000600e8030000 04000600ffffffff 10000600ffffffff 20000400ffffffff"
)


def entries(*rows: tuple[Tag, int, int]) -> tuple[Entry, ...]:
    return tuple(Entry(*row) for row in rows)


def granted_to(user: int, permissions: int = 6, mask: int = 6) -> tuple[Entry, ...]:
    return entries(
        (Tag.USER_OWNER, 0, 6),
        (Tag.USER, user, permissions),
        (Tag.GROUP_OWNER, 0, 4),
        (Tag.MASK, 0, mask),
        (Tag.OTHER, 0, 4),
    )


@pytest.fixture
def places(tmp_path):
    places = Places.below(tmp_path)
    for folder in (places.node(NODE).parent, places.database, places.sessions):
        folder.mkdir(parents=True)
    places.node(NODE).touch()
    places.node(NODE).chmod(0o664)
    return places


def access(places, person=ANNA, listed=()):
    return examine(NODE, person, places, list_of=lambda _path: listed)


def test_an_access_control_list_as_the_kernel_gives_it():
    assert decode(RECORDED) == entries(
        (Tag.USER_OWNER, 0xFFFFFFFF, 6),
        (Tag.USER, 1000, 6),
        (Tag.GROUP_OWNER, 0xFFFFFFFF, 6),
        (Tag.MASK, 0xFFFFFFFF, 6),
        (Tag.OTHER, 0xFFFFFFFF, 4),
    )


@pytest.mark.parametrize("damaged", [b"", b"\1\0\0\0", RECORDED[:-3], struct.pack("<IHHI", 2, 0x40, 6, 0)])
def test_other_forms_of_lists_are_refused(damaged):
    with pytest.raises(ValueError):
        decode(damaged)


def test_a_stranger_may_look_and_not_touch(places):
    found = access(places)
    assert found.grant is None
    assert not found.allowed
    assert found.mode == 0o664


def test_the_person_at_the_screen_has_an_entry(places):
    found = access(places, listed=granted_to(4242))
    assert found.grant is Grant.SEAT
    assert found.users == ("4242",)
    assert access(places, listed=granted_to(4243)).grant is None
    assert access(places, listed=granted_to(4242, permissions=4)).grant is None
    assert access(places, listed=granted_to(4242, mask=4)).grant is None


def test_members_of_the_group(places):
    member = Person(4242, "anna", frozenset({GROUP}), frozenset({GROUP}))
    assert access(places, member).grant is Grant.GROUP
    places.node(NODE).chmod(0o644)
    assert access(places, member).grant is None


def test_a_new_member_has_to_log_in_again(places):
    found = access(places, Person(4242, "anna", frozenset({4242}), frozenset({4242, GROUP})))
    assert not found.allowed
    assert found.needs_login
    assert not access(places).needs_login
    places.node(NODE).chmod(0o644)
    assert not access(places, Person(4242, "anna", frozenset(), frozenset({GROUP}))).needs_login


def test_the_group_s_own_entry_is_cut_by_the_mask(places):
    member = Person(4242, "anna", frozenset({GROUP}), frozenset({GROUP}))
    rows = ((Tag.USER_OWNER, 0, 6), (Tag.USER, 7, 6), (Tag.GROUP_OWNER, 0, 6), (Tag.OTHER, 0, 4))
    assert access(places, member, entries(*rows, (Tag.MASK, 0, 6))).grant is Grant.GROUP
    assert access(places, member, entries(*rows, (Tag.MASK, 0, 4))).grant is None


def test_owner_root_and_everybody(places):
    assert access(places, Person(0, "root", frozenset({0}), frozenset({0}))).grant is Grant.ROOT
    if ME:
        assert access(places, Person(ME, "me", frozenset(), frozenset())).grant is Grant.OWNER
    places.node(NODE).chmod(0o666)
    assert access(places).grant is Grant.OTHERS


def test_a_node_that_is_gone(places):
    places.node(NODE).unlink()
    found = access(places)
    assert not found.exists
    assert not found.allowed


def test_the_rules_that_let_somebody_in(places):
    (places.database / "c189:257").write_text(
        "I:14374125\nE:ID_USB_INTERFACES=:060101:\nE:ID_GPHOTO2=1\nE:ID_MTPBACKUP=1\nG:seat\nG:uaccess\nQ:uaccess\nV:1\n"
    )
    found = access(places)
    assert found.tagged
    assert found.marked
    assert found.givers == (Giver.MTPBACKUP, Giver.SYSTEMD, Giver.LIBGPHOTO2)
    assert found.properties["ID_USB_INTERFACES"] == ":060101:"


def test_a_tag_of_the_past_does_not_count(places):
    (places.database / "c189:257").write_text("E:ID_MEDIA_PLAYER=1\nG:uaccess\nQ:seat\nV:1\n")
    assert not access(places).tagged
    (places.database / "c189:257").write_text("E:ID_MEDIA_PLAYER=1\nG:uaccess\n")  # before systemd 247
    assert access(places).givers == (Giver.LIBMTP,)
    (places.database / "c189:257").write_text("E:X=1\nQ:uaccess\nV:1\n")
    assert access(places).givers == (Giver.UNKNOWN,)


def test_where_the_person_sits(places):
    (places.sessions / "1").write_text("UID=4242\nACTIVE=1\nSEAT=seat0\nREMOTE=0\nTYPE=wayland\n")
    (places.sessions / "2").write_text("UID=4242\nACTIVE=1\nREMOTE=1\nTYPE=tty\n")
    (places.sessions / "3").write_text("UID=7\nACTIVE=0\nSEAT=seat0\nTYPE=x11\n")
    (places.sessions / "2.ref").write_text("")
    found = access(places)
    assert [session.id for session in found.sessions] == ["1", "2"]
    assert found.at_the_screen
    assert not access(places, Person(7, "ben", frozenset(), frozenset())).at_the_screen
    assert sessions(places)[1] == Session("2", 4242, "", active=True, remote=True, kind="tty")
    (places.sessions / "1").unlink()
    assert not access(places).at_the_screen


class TestWhoAsks:
    @pytest.fixture
    def proc(self, tmp_path, monkeypatch):
        def process(pid: int, parent: int, uid: int, groups: str) -> None:
            (tmp_path / str(pid)).mkdir(parents=True)
            (tmp_path / str(pid) / "status").write_text(
                f"Name:\tx\nPPid:\t{parent}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{uid}\t{uid}\t{uid}\t{uid}\n"
                f"Groups:\t{groups}\n"
            )

        monkeypatch.setattr(os, "getppid", lambda: 600)
        process(600, 500, 0, "0")
        process(500, 1, 4242, "24 4242")
        return tmp_path

    def test_who_runs_the_program(self):
        person = Person.current({})
        assert person.uid == os.geteuid()
        assert os.getegid() in person.groups

    def test_who_called_sudo(self, monkeypatch, proc):
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        for name in ("SUDO_UID", "PKEXEC_UID"):
            person = Person.current({name: "4242"}, proc)
            assert person.uid == 4242
            assert person.groups == {24, 4242}
            assert person.enrolled == frozenset()

    def test_who_logged_in_behind_su(self, monkeypatch, proc):
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        (proc / "self").mkdir()
        (proc / "self/loginuid").write_text("4242")
        assert Person.current({}, proc).groups == {24, 4242}

    @pytest.mark.parametrize("login", ["0", "4294967295", ""])
    def test_root_by_itself(self, monkeypatch, proc, login):
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        (proc / "self").mkdir()
        (proc / "self/loginuid").write_text(login)
        assert Person.current({}, proc).uid == 0
        assert Person.current({"SUDO_UID": "0"}, proc).uid == 0
        assert Person.current({"SUDO_UID": "x"}, proc).uid == 0
