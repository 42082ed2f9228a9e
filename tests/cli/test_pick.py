"""`mtpbackup backup --pick`: only what a list names."""

import io
import json

from click.testing import CliRunner

from mtpbackup.cli import backup as module
from mtpbackup.cli.lists import names_in
from mtpbackup.cli.main import cli


def saved(folder):
    return sorted(
        path.name for path in folder.rglob("*.*") if path.is_file() and ".mtpbackup" not in path.parts
    )


def test_a_list_in_a_file(mtpbackup, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("DCIM/Camera/IMG_0002.jpg\r\n\r\nVID_0003.mp4\r\n")
    said = mtpbackup("backup", "--to", tmp_path / "to", "--pick", listed)
    assert said.exit_code == 0, said.output
    assert "2 files copied" in said.output
    assert saved(tmp_path / "to") == ["IMG_0002.jpg", "VID_0003.mp4"]
    assert "1 not on the list" in said.output


def test_what_the_phone_does_not_have_is_told(mtpbackup, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_bytes(b"IMG_0001.jpg\0nothing like it\0")
    said = mtpbackup("backup", "--to", tmp_path / "to", "--pick", listed, "-0")
    assert said.exit_code == 3
    assert "nothing like it is not on the phone." in said.output
    assert saved(tmp_path / "to") == ["IMG_0001.jpg"]
    facts = mtpbackup("backup", "--to", tmp_path / "to", "--pick", listed, "-0", "--json")
    assert json.loads(facts.stdout.splitlines()[-1])["not_on_phone"] == ["nothing like it"]


def test_an_empty_list_is_no_list(mtpbackup, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("\n")
    said = mtpbackup("backup", "--to", tmp_path / "to", "--pick", listed)
    assert said.exit_code == 2
    assert "no name on the list" in said.output


def test_standard_input(mtpbackup, tmp_path):
    # The fixture has put the virtual phone in place of USB; standard input is the runner's to give.
    assert module.usb_phones.__module__ != "mtpbackup.cli.running"
    said = CliRunner().invoke(
        cli, ["backup", "--to", str(tmp_path / "to"), "--pick", "-"], input="DCIM/Camera/IMG_0001.jpg\n"
    )
    assert said.exit_code == 0, said.output
    assert saved(tmp_path / "to") == ["IMG_0001.jpg"]


def test_a_list_of_a_windows_editor():
    written = "\ufeffä.jpg\r\nb.jpg\r\n".encode()
    assert names_in(io.BytesIO(written), null=False) == ("ä.jpg", "b.jpg")
