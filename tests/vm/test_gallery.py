"""The gallery's server in the guest, with a phone that we did not write on a real USB stack.

In this order: the tests build on one server and one phone.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mtpbackup.wire import ContainerType, OperationCode
from tests.thumbnails import hostile
from tests.vm import content

#: Longer than the 64 KiB in which a thumbnail is looked for.
LONG = 300_000
NAMES = [f"IMG_{number:04}.jpg" for number in range(1, 6)]


class Browser:
    """The few things that a browser does."""

    def __init__(self, address: str) -> None:
        match = re.fullmatch(r"http://(127\.0\.0\.1:\d+)(/\?token=\S+)", address)
        assert match, address
        self._host = match[1]
        self._headers: dict[str, str] = {}
        status, headers, _ = self.ask("GET", match[2])
        assert status == 200
        self._headers = {
            "cookie": headers["set-cookie"].partition(";")[0],
            "origin": f"http://{self._host}",
            "x-requested-with": "mtpbackup",
            "content-type": "application/json",
        }

    def ask(self, method: str, path: str, asked: Any = None) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self._host, timeout=120)
        try:
            body = None if asked is None else json.dumps(asked)
            connection.request(method, path, body, self._headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def json(self, path: str, asked: Any = None) -> Any:
        status, _, body = self.ask("GET" if asked is None else "POST", path, asked)
        assert status == 200, body
        return json.loads(body)

    def state_when(self, condition: Any, seconds: float = 120) -> Any:
        deadline = time.monotonic() + seconds
        while not condition(state := self.json("/api/state")):
            assert time.monotonic() < deadline, state
            time.sleep(0.3)
        return state


def operations(trace: Path) -> Counter[OperationCode]:
    """Commands that crossed the cable, by the recording."""
    found: Counter[OperationCode] = Counter()
    for line in trace.read_text().splitlines():
        data = bytes.fromhex(json.loads(line).get("data") or "") if '"data"' in line else b""
        if 12 <= len(data) <= 32 and int.from_bytes(data[4:6], "little") == ContainerType.COMMAND:
            found[OperationCode(int.from_bytes(data[6:8], "little"))] += 1
    return found


@pytest.fixture(scope="module")
def phone(shared):
    phone = shared.umtp()
    for number, name in enumerate(NAMES):
        small = hostile.picture("JPEG", (160, 120))
        head = hostile.picture("JPEG", (640, 480), exif=hostile.exif(6 if number == 0 else 1, small))
        path = phone.files / "DCIM/Camera" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(head + os.urandom(LONG - len(head)))
        os.utime(path, (content.A_DAY + number,) * 2)
    return phone


@pytest.fixture(scope="module")
def trace():
    path = Path("/home/user/gallery.trace")
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def browser(phone, module_destination, trace):
    from tests.vm.program import Running

    running = Running("--trace", trace, "show", "--no-browser", "--to", module_destination)
    try:
        running.wait_until(lambda: any("?token=" in line for line in running.text), "its address")
        yield Browser(re.search(r"http://\S+", "".join(running.text))[0])
        running.interrupt()
        outcome = running.end(60)
        assert outcome.code == 0, outcome
        assert "The gallery is closed." in outcome.text
    finally:
        running.kill()


def test_pictures_are_shown_by_partial_reads_and_the_chosen_backed_up(
    browser, phone, trace, module_destination
):
    phone.plug()
    state = browser.state_when(lambda state: state["counts"]["on_phone"] is not None)
    assert state["phone"]["state"] == "ready"
    assert state["counts"] == {"on_phone": 5, "safe": 0, "new": 5, "new_bytes": 5 * LONG}
    items = browser.json("/api/phone/items")["items"]
    assert [item[1] for item in items] == NAMES[::-1]

    before = operations(trace)
    for number, item in enumerate(items[::-1]):
        status, headers, body = browser.ask("GET", f"/thumb/phone/{item[0]}")
        assert (status, headers["content-type"]) == (200, "image/jpeg")
        image = Image.open(io.BytesIO(body))
        assert image.size == ((120, 160) if number == 0 else (160, 120))
    came = operations(trace) - before
    assert came[OperationCode.GET_PARTIAL_OBJECT_64] == 5
    assert not came[OperationCode.GET_OBJECT]  # no picture was read to make it small

    numbers = {item[1]: item[0] for item in items}
    chosen = [NAMES[0], NAMES[3]]
    browser.json("/api/backup", {"ids": [numbers[name] for name in chosen]})
    state = browser.state_when(
        lambda state: state["job"]["kind"] == "backup" and state["job"]["state"] not in ("running", "stopping")
    )
    assert state["job"]["state"] == "done" and state["job"]["summary"]["saved"] == 2
    assert state["counts"] == {"on_phone": 5, "safe": 2, "new": 3, "new_bytes": 3 * LONG}
    saved = {path.name: path.read_bytes() for path in module_destination.rglob("*.jpg")}
    assert saved == {name: (phone.files / "DCIM/Camera" / name).read_bytes() for name in chosen}
    status, _, body = browser.ask("GET", "/thumb/archive/1")
    assert status == 200 and max(Image.open(io.BytesIO(body)).size) == 320


def test_a_pulled_cable_is_noticed_and_the_phone_found_again(browser, phone):
    browser.state_when(lambda state: state["phone"]["state"] == "none")  # pulled after the test before
    content.write_file(phone.files / "DCIM/Camera/IMG_0006.jpg", 5_000)
    phone.plug()
    state = browser.state_when(lambda state: state["counts"]["on_phone"] == 6)
    assert state["phone"]["state"] == "ready"
    assert state["counts"]["safe"] == 2
