"""PyusbTransport and PyusbFinder through pyusb and the real libusb, on the emulated bus.

The library that shows a program the emulated bus must be there when the program starts: so the tests are in
`pyusb_inner.py`, for a pytest of its own.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mtpbackup.virtual.usbfs import preload

REPOSITORY = Path(__file__).parents[2]

#: Fewer passed tests mean that the inner run did not find them.
AT_LEAST = 75


@pytest.mark.usbfs
def test_everything_in_pyusb_inner():
    preload.require_library()
    environment = preload.environment(Path("/nonexistent"))
    del environment["UMOCKDEV_DIR"]  # each inner test makes a bus of its own
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/transport/pyusb_inner.py"],
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
    assert int(passed[1]) >= AT_LEAST, output
    assert "skipped" not in output, output
