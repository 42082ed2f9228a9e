"""The transports over libusb and pyusb, and their finders, through the real libraries, on the emulated bus.

The library that shows a program the emulated bus must be there when the program starts: so the tests are in
files of their own, each for a pytest of its own.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mtpbackup.virtual.usbfs import preload

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.usbfs
@pytest.mark.parametrize(
    ("tests", "at_least"),  # fewer passed tests mean that the inner run did not find them
    [("libusb_inner", 95), ("pyusb_inner", 90)],
)
def test_everything_in(tests, at_least):
    preload.require_library()
    environment = preload.environment(Path("/nonexistent"))
    del environment["UMOCKDEV_DIR"]  # each inner test makes a bus of its own
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/transport/{tests}.py"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    output = run.stdout + run.stderr
    assert run.returncode == 0, output
    passed = re.search(r"(\d+) passed", output)
    assert passed is not None, output
    assert int(passed[1]) >= at_least, output
    assert "skipped" not in output, output
