"""A recording that goes into a bug report: no names, no serial number, and as much of the rest as there is."""

from __future__ import annotations

import json
import struct
from datetime import datetime
from pathlib import Path

import pytest

from mtpbackup.phone import Phone
from mtpbackup.session.redaction import MaskDatasets
from mtpbackup.transport.redaction import Crossing
from mtpbackup.transport.trace import Recording, TracedTransport
from mtpbackup.virtual import Generated, plug_in
from mtpbackup.wire import DeviceInfo, ObjectInfo, decode_property_list
from tests.session.peer import DATA, container, device_info, text
from tests.session.test_operations import OBJECT_INFO

SECRETS = ("Grandma", "Geburtstag", "müller", "secret")


def redacted(code: int, payload: bytes, kept: int | None = None) -> bytes:
    """What is kept of a data container's payload."""
    whole = container(DATA, code, 7, payload)
    masked = MaskDatasets()(Crossing("in", whole[:kept], len(whole), starts=True, ended=True))
    assert masked[:12] == whole[:12]
    return masked[12:]


def test_of_device_info_only_the_serial_number_goes() -> None:
    info = DeviceInfo.decode(redacted(0x1001, device_info(serial="R58M123456")))
    assert (info.manufacturer, info.model, info.serial_number) == ("Google", "Pixel 8", "xxxxxxxxxx")
    assert 0x95C1 in info.operations_supported


def test_of_names_only_length_and_ending_stay() -> None:
    info = ObjectInfo.decode(redacted(0x1008, OBJECT_INFO))
    assert info.filename == "xxxxxxxxxxx.jpg"
    assert (info.object_compressed_size, info.date_modified) == (4_000_000, "20240506T070810")


def elements(*names: str) -> bytes:
    packed = [struct.pack("<IHH", n, 0xDC07, 0xFFFF) + text(name) for n, name in enumerate(names, 1)]
    return struct.pack("<I", len(packed)) + b"".join(packed)


def test_property_lists_keep_handles_and_dates() -> None:
    names = ["Grandma 🙂.jpg", "20240506T070809", "", "no ending", "a.mp4", "to Dr.Smith"]
    kept = [(e.handle, e.value) for e in decode_property_list(redacted(0x9805, elements(*names)))]
    assert kept == [
        (1, "xxxxxxxxxx.jpg"),
        (2, "20240506T070809"),
        (3, ""),
        (4, "xxxxxxxxx"),
        (5, "x.mp4"),
        (6, "x" * 11),
    ]


def test_of_a_list_recorded_in_part_the_whole_elements_stay() -> None:
    whole = elements(*("Grandma.jpg" for _ in range(1000)))
    for kept in range(12, 200):
        masked = redacted(0x9805, whole, kept)
        assert len(masked) <= kept - 12
        assert b"G\0r\0a" not in masked


def test_text_behind_the_end_of_a_string_goes_too() -> None:
    units = "a\0Grandma\0".encode("utf-16-le")
    payload = struct.pack("<IIHH", 1, 1, 0xDC07, 0xFFFF) + bytes([len(units) // 2]) + units
    assert b"G" not in redacted(0x9805, payload)


@pytest.mark.parametrize("code", [0x1001, 0x1005, 0x1008, 0x9805, 0x1009, 0x9803, 0x1015])
@pytest.mark.parametrize(
    "payload", [b"", text("Grandma"), b"Grandma's secrets" * 3, OBJECT_INFO + text("Grandma")]
)
def test_what_makes_no_sense_is_masked_all_the_more(code: int, payload: bytes) -> None:
    masked = redacted(code, payload)
    assert b"rand" not in masked
    assert "rand".encode("utf-16-le") not in masked


def test_contents_are_left_out() -> None:
    assert redacted(0x1009, b"\xff\xd8" + bytes(range(256)) * 100) == b""


def test_commands_responses_and_events_stay() -> None:
    mask = MaskDatasets()
    for whole, pipe in (
        (container(1, 0x1007, 3, struct.pack("<III", 1, 0, 2)), "out"),
        (container(3, 0x2001, 3, struct.pack("<I", 2)), "in"),
        (container(4, 0x4002, 3, struct.pack("<I", 2)), "event"),
        (b"\1\x40\3\0\0\0", "control"),
    ):
        assert mask(Crossing(pipe, whole, len(whole), starts=True, ended=True)) == whole
    assert mask(Crossing("in", b"Grandma", 7, starts=False, ended=True)) == b""


def test_a_whole_conversation(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    with plug_in("pixel") as virtual, Recording(path, redactor=MaskDatasets()) as recording:
        for number in range(50):
            name = SECRETS[number % len(SECRETS)]
            virtual.add_file(f"{name}/{name}_{number}.jpg", Generated(2000, number), datetime(2024, 5, 6))
        with Phone.open(TracedTransport(virtual.transport(), recording)) as phone:
            for _, items in phone.walk(phone.storages()[0]):
                for item in items:
                    if not item.is_folder:
                        for chunk in phone.read(item):
                            chunk.release()
        serial = virtual.persona.serial
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    crossed = b"\n".join(bytes.fromhex(line.get("data", "")) for line in lines)
    for secret in (*SECRETS, serial):
        for encoding in ("utf-8", "utf-16-le"):
            assert secret.encode(encoding) not in crossed
            assert secret not in path.read_text()
    assert "Pixel 8".encode("utf-16-le") in crossed
    assert crossed.count(".jpg".encode("utf-16-le")) >= 50
