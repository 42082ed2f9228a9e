"""Every persona through the command line: what a person sees of a backup of such a phone."""

from __future__ import annotations

import pytest

from mtpbackup.messages import ExitCode
from mtpbackup.virtual import PERSONAS, VirtualPhone
from tests.personas.album import fill
from tests.personas.seen import SEEN, shows


@pytest.fixture
def persona():
    return "pixel"


@pytest.fixture
def phone(persona):
    with VirtualPhone(persona) as phone:
        fill(phone)
        phone.plug()
        yield phone


@pytest.mark.parametrize(
    ("persona", "words"),
    [pytest.param(persona, words, id=persona, marks=shows(persona)) for persona, _, _, words in SEEN],
)
def test_a_backup_and_a_second_one(mtpbackup, phone, persona, words, tmp_path):
    first = mtpbackup("backup", "--to", tmp_path)
    assert first.exit_code == ExitCode.OK, first.output
    assert f"connected.  {words}" in first.output
    assert "copied and checked.  Nothing on the phone was changed." in first.output
    phone.replug()
    again = mtpbackup("backup", "--to", tmp_path)
    assert again.exit_code == ExitCode.OK, again.output
    assert "nothing new" in again.output
    assert mtpbackup("verify", "--to", tmp_path).exit_code == ExitCode.OK


def test_no_persona_is_forgotten():
    assert {persona for persona, *_ in SEEN} == set(PERSONAS)


@pytest.mark.parametrize("persona", ["iphone"])
def test_an_iphone_that_is_not_trusted_yet_asks_for_trust(mtpbackup, phone, persona, tmp_path):
    phone.lock()
    result = mtpbackup("backup", "--to", tmp_path)
    assert result.exit_code == ExitCode.LOCKED
    assert "tap Trust" in result.output
    assert "File transfer" not in result.output


@pytest.mark.parametrize("persona", ["iphone"])
def test_an_iphone_takes_no_files(mtpbackup, phone, persona, tmp_path):
    mtpbackup("backup", "--to", tmp_path)
    for _, node in list(phone.storages[0].root.children.items()):
        node.children.clear()
    result = mtpbackup("restore", "--from", tmp_path, "--yes")
    assert result.exit_code == ExitCode.SOME_FAILED, result.output
    assert "This phone takes no files from a computer." in result.output


@pytest.mark.parametrize("persona", ["xiaomi"])
@pytest.mark.shows(
    "Xiaomi, a file that lay at the top of the storage",
    kind="phone",
    sees="“this phone takes files in folders only (say which: --into Pictures)”; the rest is put back.",
)
def test_xiaomi_says_where_it_takes_files(mtpbackup, phone, persona, tmp_path):
    mtpbackup("backup", "--to", tmp_path)
    phone.remove("top.jpg")
    result = mtpbackup("restore", "--from", tmp_path, "--yes")
    assert result.exit_code == ExitCode.SOME_FAILED, result.output
    assert "top.jpg" in result.output
    assert "this phone takes files in folders only (say which: --into Pictures)" in result.output, result.output


@pytest.mark.parametrize("persona", ["huawei"])
def test_what_was_learnt_is_remembered_and_told(mtpbackup, phone, persona, tmp_path, monkeypatch):
    import os
    from pathlib import Path

    for number in range(60):
        phone.add_file(f"DCIM/Many/IMG_{number:04}.jpg", bytes([number]))
    assert mtpbackup("backup", "--to", tmp_path).exit_code == ExitCode.OK
    notes = Path(os.environ["XDG_STATE_HOME"]) / "mtpbackup" / "phones.toml"
    assert 'model = "ELE-L29"' in notes.read_text()
    assert "property_lists = false" in notes.read_text()
    told = mtpbackup("devices").output
    assert "Remembered of this model: its folders are listed file by file" in told
    assert "phones.toml" in told
    notes.write_text("[[phone\nnonsense")
    assert "nothing new" in mtpbackup("backup", "--to", tmp_path).output
