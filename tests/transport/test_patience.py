"""How long access to a device node is waited for."""

import os
import time

import pytest

from mtpbackup.errors import AccessDenied
from mtpbackup.transport import patience


def denied():
    raise AccessDenied("/dev/bus/usb/001/004")


def waits(node, attempt=denied):
    """The pauses until `attempt` was given up."""
    pauses = []
    with pytest.raises(AccessDenied):
        patience.patiently(str(node), attempt, pauses.append)
    return pauses


def test_an_old_node_is_not_waited_for(tmp_path, monkeypatch):
    (tmp_path / "004").touch()
    now = time.time()
    monkeypatch.setattr(patience.time, "time", lambda: now + 60)
    assert waits(tmp_path / "004") == []


def test_a_node_from_the_future_is_not_waited_for(tmp_path, monkeypatch):
    """As after a computer's clock was put back since the phone came."""
    (tmp_path / "004").touch()
    now = time.time()
    monkeypatch.setattr(patience.time, "time", lambda: now - 7200)
    assert waits(tmp_path / "004") == []


def test_a_node_that_never_grows_old_is_waited_for_three_seconds(tmp_path):
    node = tmp_path / "004"
    node.touch()

    def attempt():
        os.utime(node)  # changes its ctime
        denied()

    assert sum(waits(node, attempt)) == pytest.approx(3.0, abs=0.2)


def test_a_node_that_is_gone_is_not_waited_for(tmp_path):
    assert waits(tmp_path / "nothing") == []
