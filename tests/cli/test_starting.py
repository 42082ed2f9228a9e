"""How the program starts, and is stopped while it does."""

import subprocess
import sys

STOPPED_WHILE_LOADING = """
import os, signal, sys

class Presser:
    def find_spec(self, name, path, target=None):
        if name == "mtpbackup.cli.main":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Presser())
from mtpbackup.__main__ import main
main()
"""


def test_ctrl_c_while_it_is_loaded_ends_it_quietly():
    run = subprocess.run(
        [sys.executable, "-c", STOPPED_WHILE_LOADING, "--version"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "")


def test_it_starts_as_a_module():
    run = subprocess.run(
        [sys.executable, "-m", "mtpbackup", "--version"], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.startswith("mtpbackup")
