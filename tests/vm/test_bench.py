"""What `scripts/bench` measures is right: whole copies, by everyone; the transactions that are due; a table."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "scripts"))

from speed.guest.bench_phones import HostPhone, Umtp
from speed.guest.initiators import Aft, Gphoto, MtpTools
from speed.guest.measure import FOLDER, Measuring
from speed.guest.works import Work
from speed.table import table_of
from tests.vm import content

PHOTOS = Work("photos", count=12, size=4_000, repeats=1, copied=True)
FILM = Work("film", count=1, size=20_000_000, repeats=1, copied=True)


@pytest.mark.parametrize("kind", [Umtp.kind, HostPhone.kind])
def test_each_copy_that_is_timed_is_whole_and_takes_the_transactions_due(
    kind, umtp_phone, qemu_phone, tmp_path
):
    # aft-mtp-cli cannot list QEMU's phone, nor gphoto2 umtp-responder's.
    others = [MtpTools(), Aft() if kind == Umtp.kind else Gphoto()]
    order = {"seconds": 600, "patience": 60, "works": []}
    measuring = Measuring(order, tmp_path / "results", tmp_path, lambda: others)
    measuring.start_up()
    for work in (PHOTOS, FILM):
        phone = umtp_phone() if kind == Umtp.kind else qemu_phone()
        for number in range(work.count):
            content.write_file(phone.files / FOLDER / f"f{number:05}.jpg", work.size)
        measuring.on(phone, kind, work, 0)
        phone.plug()
        measuring.transactions(phone, kind, work)
        phone.unplug()
    rows = measuring.rows
    assert not [row for row in rows if row.get("wrong")]

    timed = {(row["what"], row["work"], row["initiator"]): row for row in rows if "initiator" in row}
    everyone = {"mtpbackup", "C loop", *(one.name for one in others)}
    expected = {("list", "photos", name) for name in everyone} | {("copy", "film", name) for name in everyone}
    expected |= {("copy", "photos", name) for name in everyone - {"mtp-tools"}}
    assert set(timed) == expected | {("again", "photos", "mtpbackup")}
    # The kernel tells when each had the phone: not while it was only being loaded.
    assert all(0 <= row["held"] < row["wall"] for row in timed.values())

    counts = {row["work"]: row["counts"] for row in rows if row["what"] == "transactions"}
    # A photo is one GetObject, and is asked for once before: neither responder lists by properties.
    assert counts["photos"]["1009"] == PHOTOS.count
    assert counts["photos"].get("1008", 0) + counts["photos"].get("9805", 0) <= PHOTOS.count + 8
    # Pieces of 16 MiB.
    assert counts["film"].get("95C1", 0) + counts["film"].get("101B", 0) == 2
    assert "1009" not in counts["film"]

    told = table_of(tmp_path / "results")
    assert f"**{kind}**" in told
    assert f"Transactions of mtpbackup for film: {sum(counts['film'].values())}" in told
