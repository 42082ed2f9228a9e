"""The wheel, installed alone in an empty environment, works from another folder."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.project.test_tree import ROOT, own_environment, tracked

pytestmark = pytest.mark.installs


def run(*command: str | Path, cwd: Path, **extra: str) -> str:
    """Runs a command on its own; gives its output."""
    environment = own_environment(**extra)
    answer = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, f"{command}\n{answer.stdout}\n{answer.stderr}"
    return answer.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def program(wheel, tmp_path_factory):
    """mtpbackup in an environment that holds nothing else."""
    environment = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", environment, cwd=environment)
    run(environment / "bin/python", "-m", "pip", "install", "-q", wheel, cwd=environment)
    return environment / "bin/mtpbackup"


def test_the_wheel_has_every_file_of_the_package_and_no_other(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    inside = {name for name in names if ".dist-info/" not in name}
    package = {str(path.relative_to(ROOT)) for path in tracked() if path.is_relative_to(ROOT / "mtpbackup")}
    assert package <= inside
    # What is for the system's folders: the entry in the desktop's menu.
    assert {name.partition(".data/data/")[2] for name in inside if not name.startswith("mtpbackup/")} == {
        "share/applications/mtpbackup.desktop",
        "share/icons/hicolor/scalable/apps/mtpbackup.svg",
    }
    assert "mtpbackup/py.typed" in inside
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_installed_alone_it_runs_the_demonstration_from_another_folder(program, tmp_path):
    said = run(
        program, "demo", "--to", tmp_path / "backup", cwd=tmp_path, HOME=str(tmp_path), PATH="/usr/bin:/bin"
    )
    assert "copied and checked" in said
    run("sha256sum", "--quiet", "-c", "SHA256SUMS", cwd=tmp_path / "backup")
    again = run(
        program, "demo", "--to", tmp_path / "backup", cwd=tmp_path, HOME=str(tmp_path), PATH="/usr/bin:/bin"
    )
    assert "nothing new" in again


def test_it_is_the_installed_one_that_ran(program, tmp_path):
    where = run(program.with_name("python"), "-c", "import mtpbackup; print(mtpbackup.__file__)", cwd=tmp_path)
    assert where.startswith(str(program.parent.parent))
