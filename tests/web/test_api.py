"""What the pages ask for, on a virtual phone: state, listing, backup of the chosen, putting back."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import pytest

from mtpbackup.archive import Archive
from mtpbackup.errors import DestinationGone, MtpBackupError, NoArchive, PhoneGone
from mtpbackup.virtual import Broken, photo
from tests.web.conftest import LATEST, serving


def items(client, path="/api/phone/items"):
    table = client.get(path).json()
    return {item[1]: item for item in table["items"]}, table["folders"]


def ids(client, *names, path="/api/phone/items"):
    found, _ = items(client, path)
    return [found[name][0] for name in names]


def saved(served):
    return sorted(path.name for path in served.root.rglob("*.jpg"))


def test_the_state_of_a_phone_that_was_never_backed_up(served, client):
    state = client.get("/api/state").json()
    assert state["phone"]["state"] == "ready"
    assert state["phone"]["name"] == "Pixel 8"
    assert state["counts"] == {"on_phone": 6, "safe": 0, "new": 6, "new_bytes": state["counts"]["new_bytes"]}
    assert state["counts"]["new_bytes"] >= 6 * 30_000
    assert state["archive"]["there"] is False
    assert not served.root.exists()  # looking makes nothing
    assert state["phones"] == [] and state["runs"] == []
    assert state["job"]["kind"] == "listing" and state["job"]["state"] == "done"


def test_pictures_come_newest_first_with_their_folders(client):
    table = client.get("/api/phone/items").json()
    dates = [item[4] for item in table["items"]]
    assert dates == sorted(dates, reverse=True)
    assert table["folders"] == [["Internal shared storage", "DCIM/Camera"]]
    number, name, folder, size, date, kind, safe, group, label = table["items"][0]
    assert (name, folder, date, kind, safe, group, label) == (
        *("IMG_0005.jpg", 0, "2024-05-07T07:08:05", "photo", 0, "", ""),
    )
    assert len(number) == 12 and size >= 30_000


def test_the_chosen_are_backed_up_and_shown_as_safe(served, client):
    before, _ = items(client)
    job = client.post("/api/backup", json={"ids": ids(client, "IMG_0001.jpg", "IMG_0004.jpg")}).json()
    assert job["kind"] == "backup" and job["state"] == "running"
    done = served.when_done("backup")
    assert done.summary.saved.items == 2
    assert saved(served) == ["IMG_0001.jpg", "IMG_0004.jpg"]
    after, _ = items(client)
    assert {name for name, item in after.items() if item[6]} == {"IMG_0001.jpg", "IMG_0004.jpg"}
    assert {item[0] for item in before.values()} == {item[0] for item in after.values()}
    state = client.get("/api/state").json()
    assert state["counts"]["safe"] == 2 and state["counts"]["new"] == 4
    assert state["runs"][0]["saved"] == 2 and state["runs"][0]["complete"]
    assert state["phones"] == [{"id": 1, "name": "Pixel 8", "files": 2, "bytes": state["archive"]["bytes"]}]
    assert "2 files copied and checked" in state["job"]["headline"]


def test_everything_new_is_backed_up_and_then_nothing_is(served, client):
    client.post("/api/backup", json={"ids": None})
    assert served.when_done("backup").summary.saved.items == 6
    client.post("/api/backup", json={})
    assert served.when_done("backup").summary.nothing_new
    assert "All 6 are safe" in client.get("/api/state").json()["job"]["headline"]


def test_a_second_job_waits_for_nobody(served, client, phone):
    """One job at a time: the second is refused, in words, while the first goes on."""
    gate = threading.Event()

    def hold(_topic):
        if threading.current_thread().name == "phone keeper":
            assert gate.wait(LATEST)

    listener = served.gallery.listen(hold)
    try:
        first = client.post("/api/backup", json={"ids": None})
        second = client.post("/api/backup", json={"ids": None})
        assert (first.status_code, second.status_code) == (200, 409)
        assert second.json()["headline"] == "A backup is running."
        assert client.get(f"/thumb/phone/{ids(client, 'IMG_0001.jpg')[0]}").status_code == 503
    finally:
        gate.set()
        listener()
    assert served.when_done("backup").summary.saved.items == 6


@pytest.fixture
def reading(tmp_path, phone):
    """A gallery whose phone has just come and is being read, until its gate is opened."""
    gate = threading.Event()
    phone.unplug()
    with serving(phone, tmp_path) as served:

        def hold(topic):
            job = served.gallery.board.job
            if topic == "job" and threading.current_thread().name == "phone keeper" and job.current:
                assert gate.wait(LATEST)

        end = served.gallery.listen(hold)
        phone.plug()
        served.when(lambda: served.gallery.board.running and served.gallery.board.running.current)
        served.gate_of_listing = gate
        try:
            yield served
        finally:
            gate.set()
            end()


def test_who_presses_the_button_while_the_phone_is_read_is_not_sent_away(reading):
    with reading.client() as client:
        said = client.post("/api/backup", json={"ids": None})
        assert said.status_code == 200 and said.json()["kind"] == "backup"
        assert client.post("/api/backup", json={"ids": None}).status_code == 409  # but one is enough
        reading.gate_of_listing.set()
        assert reading.when_done("backup").summary.saved.items == 6
        assert reading.gallery.listing.safe.items == 6


def test_a_stop_meant_for_what_follows_the_reading_leaves_no_phone_unread(reading):
    with reading.client() as client:
        client.post("/api/backup", json={"ids": None})
        assert client.post("/api/stop", json={}).json()["state"] == "stopping"
        reading.gate_of_listing.set()
        reading.when(lambda: client.get("/api/state").json()["job"]["state"] == "stopped")
        reading.when(lambda: reading.gallery.listing.all.items == 6)
        assert not saved(reading)
        told = client.get("/api/state").json()["job"]
        assert (told["kind"], told["state"]) == ("backup", "stopped")
        client.post("/api/retry", json={})
        assert reading.when_done("backup").summary.saved.items == 6


def test_clashes_are_looked_for_as_soon_as_the_phone_has_been_read(reading, monkeypatch):
    """Who chose in the backup while a phone came is not sent away either."""
    with reading.client() as client:
        client.post("/api/backup", json={"ids": None})
        reading.gate_of_listing.set()
        reading.when_done("backup")
        waiting = threading.Event()
        work = reading.gallery._keeper.submit

        def submit(*arguments):
            waiting.set()
            work(*arguments)

        hold, go_on = threading.Event(), threading.Event()
        listing = reading.gallery._list

        def slowly(link):
            hold.set()
            assert go_on.wait(LATEST)
            listing(link)

        monkeypatch.setattr(reading.gallery, "_list", slowly)
        assert client.post("/api/listing", json={}).status_code == 200
        assert hold.wait(LATEST)
        monkeypatch.setattr(reading.gallery._keeper, "submit", submit)
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(client.post, "/api/restore/preview", json={"ids": ["1"]})
            assert waiting.wait(LATEST)
            go_on.set()
            said = asked.result(LATEST)
        assert said.status_code == 200 and said.json()["headline"] == "All of them are there already."


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("/api/backup", {"ids": ["nothing"]}, 404),
        ("/api/backup", {"ids": []}, 400),
        ("/api/backup", {"ids": "all"}, 400),
        ("/api/backup", {"ids": [1]}, 400),
        ("/api/backup", [], 400),
        ("/api/retry", {}, 400),
        ("/api/restore", {"plan": 7}, 404),
        ("/api/restore", {"plan": "x"}, 400),
        ("/api/restore/preview", {"ids": []}, 400),
        ("/api/restore/preview", {"ids": ["7"]}, 404),
        ("/api/restore/preview", {"ids": ["../7"]}, 400),
        ("/api/restore/preview", {"ids": [None]}, 400),
    ],
)
def test_nonsense_is_refused_in_words(served, client, path, asked, status):
    said = client.post(path, json=asked)
    assert said.status_code == status
    assert said.json()["headline"].endswith(".")
    assert served.gallery.board.job.kind.value == "listing"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"ids":' + b" " * 5_000_000 + b"null}"])
def test_a_broken_question_is_refused(served, client, body):
    said = client.post("/api/restore", content=body, headers={"content-type": "application/json"})
    assert said.status_code == 400


def test_a_job_goes_on_and_ends_when_nobody_looks(served, phone):
    with served.client() as client:
        client.post("/api/backup", json={"ids": None})
    assert served.when_done("backup").summary.complete
    assert len(saved(served)) == 6


def test_stopping_keeps_what_is_safe_and_the_next_run_goes_on(tmp_path):
    from mtpbackup.virtual import VirtualPhone

    with VirtualPhone(serial="S") as phone:
        for number in range(30):
            phone.add_file(f"DCIM/IMG_{number:03}.jpg", b"\xff\xd8" + bytes([number]) * 3_000_000)
        phone.plug()
        with serving(phone, tmp_path) as served, served.client() as client:
            served.when_listed()
            begun, stopped = threading.Event(), threading.Event()

            def hold(_topic):
                job = served.gallery.board.job
                if threading.current_thread().name == "phone keeper" and job.done.items and not begun.is_set():
                    begun.set()
                    assert stopped.wait(LATEST)

            end = served.gallery.listen(hold)
            client.post("/api/backup", json={"ids": None})
            assert begun.wait(LATEST)
            said = client.post("/api/stop", json={}).json()
            stopped.set()
            end()
            assert said["state"] == "stopping"
            job = served.when_done("backup")
            assert job.state.value == "stopped"
            assert 0 < job.summary.saved.items < 30
            assert client.get("/api/state").json()["counts"]["safe"] == job.summary.saved.items
            client.post("/api/retry", json={})
            again = served.when_done("backup")
            assert again.summary.complete and again.summary.saved.items == 30 - job.summary.saved.items
            assert client.post("/api/retry", json={}).status_code == 400  # all went well


def test_what_failed_can_be_tried_again(served, client, phone):
    whole = photo(datetime(2024, 5, 6, 7, 8, 2), seed=2, size=30_000)
    phone.add_file("DCIM/Camera/IMG_0002.jpg", Broken(whole, 20_000), datetime(2024, 5, 6, 7, 8, 2))
    client.post("/api/listing", json={})
    served.when_done("listing")
    client.post("/api/backup", json={"ids": None})
    job = served.when_done("backup")
    assert [failed.item.path[-1] for failed in job.failures] == ["IMG_0002.jpg"]
    told = client.get("/api/state").json()["job"]
    assert told["failures"][0]["id"] == ids(client, "IMG_0002.jpg")[0]
    assert told["failures"][0]["path"] == "DCIM/Camera/IMG_0002.jpg"
    assert told["failures"][0]["why"].startswith("The phone does not give it out.")
    phone.add_file("DCIM/Camera/IMG_0002.jpg", whole, datetime(2024, 5, 6, 7, 8, 2))
    client.post("/api/retry", json={})
    assert served.when_done("backup").summary.saved.items == 1
    assert client.get("/api/state").json()["counts"]["new"] == 0


# --- putting back -----------------------------------------------------------------------------------------


def test_what_was_deleted_comes_back_to_the_phone(served, client, phone):
    client.post("/api/backup", json={"ids": None})
    served.when_done("backup")
    phone.remove("DCIM/Camera/IMG_0001.jpg")
    phone.add_file("DCIM/Camera/IMG_0002.jpg", b"something else")
    chosen = ids(client, "IMG_0001.jpg", "IMG_0002.jpg", "IMG_0003.jpg", path="/api/archive/items")
    preview = client.post("/api/restore/preview", json={"ids": chosen, "into": "", "to": "phone"}).json()
    assert preview["files"] == 2 and preview["fits"]
    words = {clash["name"]: clash["what"] for clash in preview["clashes"]}
    assert words["IMG_0003.jpg"] == "is there already, the same"
    assert words["IMG_0002.jpg"].startswith("another file has this name; it becomes IMG_0002")
    assert "IMG_0001.jpg" not in words
    client.post("/api/restore", json={"plan": preview["plan"]})
    done = served.when_done("restore")
    assert done.summary.sent.items == 2 and done.summary.complete
    client.post("/api/listing", json={})
    served.when_done("listing")
    found, _ = items(client)
    assert len(found) == 7 and "IMG_0001.jpg" in found


def test_into_a_folder_of_the_computer_without_a_phone(served, client, phone, tmp_path):
    client.post("/api/backup", json={"ids": None})
    served.when_done("backup")
    phone.unplug()
    served.when(lambda: served.gallery.phone.state.value == "none")
    target = tmp_path / "out"
    (target / "DCIM/Camera").mkdir(parents=True)
    (target / "DCIM/Camera/IMG_0001.jpg").write_bytes(b"mine")
    chosen = ids(client, "IMG_0001.jpg", "IMG_0002.jpg", path="/api/archive/items")
    preview = client.post("/api/restore/preview", json={"ids": chosen, "into": "", "to": str(target)}).json()
    assert preview["files"] == 2
    assert [clash["name"] for clash in preview["clashes"]] == ["IMG_0001.jpg"]
    client.post("/api/restore", json={"plan": preview["plan"]})
    assert served.when_done("restore").summary.sent.items == 2
    assert (target / "DCIM/Camera/IMG_0001.jpg").read_bytes() == b"mine"
    assert (target / "DCIM/Camera/IMG_0002.jpg").stat().st_size == 30_000
    refused = client.post("/api/restore/preview", json={"ids": chosen, "to": "phone"})
    assert refused.status_code == 409 and refused.json()["what_to_do"]


@pytest.mark.parametrize("to", ["out", "../out", "", "/x\0y", "~nobody-of-this-name/x"])
def test_a_target_has_to_be_a_whole_path(served, client, to):
    client.post("/api/backup", json={"ids": None})
    served.when_done("backup")
    said = client.post("/api/restore/preview", json={"ids": ["1"], "to": to})
    assert said.status_code == 400
    if "\0" not in to:  # which nobody can type
        assert said.json()["headline"] == f"“{to}” is not the whole way to a folder."
        assert "~/Pictures" in said.json()["what_to_do"][0]


def test_into_cannot_lead_out_of_the_target(served, client, tmp_path):
    client.post("/api/backup", json={"ids": None})
    served.when_done("backup")
    asked = {"ids": ["1"], "to": str(tmp_path / "out"), "into": "../../etc"}
    assert client.post("/api/restore/preview", json=asked).status_code == 400


def test_a_restore_that_did_not_get_to_its_end_goes_on(served, client, phone, tmp_path):
    client.post("/api/backup", json={"ids": None})
    served.when_done("backup")
    target = tmp_path / "out"
    chosen = ids(client, *(f"IMG_{number:04}.jpg" for number in range(1, 7)), path="/api/archive/items")
    preview = client.post("/api/restore/preview", json={"ids": chosen, "to": str(target)}).json()
    begun, stopped = threading.Event(), threading.Event()

    def hold(_topic):
        if threading.current_thread().name == "to a folder" and served.gallery.board.job.done.items:
            begun.set()
            assert stopped.wait(LATEST)

    end = served.gallery.listen(hold)
    client.post("/api/restore", json={"plan": preview["plan"]})
    assert begun.wait(LATEST)
    assert client.post("/api/retry", json={}).status_code == 409  # it is still at it
    client.post("/api/stop", json={})
    stopped.set()
    end()
    job = served.when_done("restore")
    sent = job.summary.sent.items
    assert job.state.value == "stopped" and 0 < sent < 6
    assert client.post("/api/retry", json={}).json()["kind"] == "restore"
    job = served.when_done("restore")
    assert (job.summary.sent.items, job.summary.there.items) == (6 - sent, sent)
    assert len(list(target.rglob("*.jpg"))) == 6
    assert client.post("/api/retry", json={}).status_code == 400


def test_what_is_damaged_in_the_backup_is_not_put_back_and_that_is_said(served, client, phone, tmp_path):
    client.post("/api/backup", json={"ids": None})
    served.when_done("backup")
    chosen = ids(client, "IMG_0003.jpg", "IMG_0004.jpg", path="/api/archive/items")
    preview = client.post("/api/restore/preview", json={"ids": chosen, "to": str(tmp_path / "out")}).json()
    file = next(served.root.rglob("IMG_0004.jpg"))
    file.write_bytes(b"damaged" + file.read_bytes()[7:])
    client.post("/api/restore", json={"plan": preview["plan"]})
    served.when_done("restore")
    job = client.get("/api/state").json()["job"]
    assert job["headline"].startswith("1 file put back")
    assert job["what_to_do"] == ["1 file: damaged in the backup; not sent."]
    assert job["summary"]["complete"] is False


def test_a_plan_that_was_made_for_another_phone_is_over(served, client, phone):
    client.post("/api/backup", json={"ids": None})
    served.when_done("backup")
    phone.remove("DCIM/Camera/IMG_0001.jpg")
    chosen = ids(client, "IMG_0001.jpg", path="/api/archive/items")
    preview = client.post("/api/restore/preview", json={"ids": chosen, "to": "phone"}).json()
    keeper = served.gallery._keeper
    mine = keeper.now
    keeper.now = replace(mine, who=replace(mine.who, serial="SERIAL-2"))
    said = client.post("/api/restore", json={"plan": preview["plan"]})
    assert said.status_code == 404 and "another phone" in said.json()["headline"]
    keeper.now = mine
    assert client.post("/api/restore", json={"plan": preview["plan"]}).status_code == 200
    assert served.when_done("restore").summary.sent.items == 1


@pytest.mark.parametrize("to", ["/etc/passwd", "/etc/passwd/x", "/" + "x" * 300])
def test_a_folder_that_is_none_is_told_beforehand(served, client, to):
    client.post("/api/backup", json={"ids": None})
    served.when_done("backup")
    said = client.post("/api/restore/preview", json={"ids": ["1"], "to": to})
    assert said.status_code == 400 and said.json()["headline"].startswith("Nothing can be put into ")


# --- the phone comes and goes -----------------------------------------------------------------------------


def test_a_locked_phone_is_waited_for(tmp_path):
    from mtpbackup.virtual import demo_phone

    with demo_phone(locked=True) as phone:
        phone.plug()
        with serving(phone, tmp_path) as served, served.client() as client:
            served.when(lambda: served.gallery.phone.state.value == "locked")
            said = client.get("/api/state").json()["phone"]
            assert said["state"] == "locked" and "locked" in said["headline"]
            assert any("Unlock" in line for line in said["what_to_do"])
            assert client.get("/api/phone/items").status_code == 409
            assert client.post("/api/backup", json={"ids": None}).status_code == 409
            phone.unlock()
            served.when_listed()
            assert client.get("/api/state").json()["counts"]["on_phone"] == 46


def test_a_phone_that_leaves_and_comes_back(served, client, phone):
    phone.unplug()
    served.when(lambda: served.gallery.phone.state.value == "none")
    assert client.get("/api/state").json()["phone"]["headline"] == "No phone is plugged in."
    assert len(client.get("/api/phone/items").json()["items"]) == 6  # as it was
    phone.add_file("DCIM/Camera/IMG_0007.jpg", b"\xff\xd8 new")
    phone.plug()
    served.when(lambda: served.gallery.listing.all.items == 7)
    assert client.get("/api/state").json()["phone"]["state"] == "ready"


def test_what_had_no_turn_when_the_phone_left_is_not_done_with_the_next(served, client, phone):
    """The next phone may be another; and a job that never begins would keep all others from beginning."""
    looking, gone = threading.Event(), threading.Event()

    def hold(_phone, _item):
        looking.set()
        assert gone.wait(LATEST)
        raise PhoneGone

    entry = next(iter(served.gallery.listing.entries.values()))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("mtpbackup.engine.gallery.keeper._look", hold)
        glimpse = served.gallery.glimpse(entry)
        assert looking.wait(LATEST)
        assert client.post("/api/backup", json={"ids": None}).status_code == 200
        phone.unplug()
        gone.set()
        job = served.when_done("backup")
        assert job.state.value == "failed" and job.summary is None
    assert isinstance(glimpse.exception(LATEST), MtpBackupError)
    version = served.gallery.listing.version
    phone.plug()
    served.when(lambda: served.gallery.listing.version > version)
    served.when_listed()
    assert saved(served) == []
    told = client.get("/api/state").json()["job"]  # the look at the phone has not taken its place
    assert (told["kind"], told["state"], told["headline"]) == ("backup", "failed", "No phone is ready.")
    client.post("/api/retry", json={})
    assert served.when_done("backup").summary.saved.items == 6


def test_a_phone_that_comes_while_something_else_is_done_is_listed_then(served, client, phone, monkeypatch):
    from mtpbackup.engine.gallery import gallery as module

    client.post("/api/backup", json={"ids": None})
    served.when_done("backup")
    phone.unplug()
    served.when(lambda: served.gallery.phone.state.value == "none")
    copying, go_on = threading.Event(), threading.Event()
    to_folder = module.restore_to_folder

    def slowly(*arguments, **options):
        copying.set()
        assert go_on.wait(LATEST)
        return to_folder(*arguments, **options)

    monkeypatch.setattr(module, "restore_to_folder", slowly)
    target = str(served.root.parent / "out")
    plan = client.post("/api/restore/preview", json={"ids": ["1"], "to": target}).json()["plan"]
    client.post("/api/restore", json={"plan": plan})
    assert copying.wait(LATEST)
    phone.add_file("DCIM/Camera/IMG_0007.jpg", b"\xff\xd8 new")
    phone.plug()
    served.when(lambda: served.gallery._listing_due)
    go_on.set()
    served.when(lambda: served.gallery.listing.all.items == 7)


def test_a_job_ends_whatever_becomes_of_the_listing(served, client, monkeypatch):
    def broken():
        raise ValueError("a mistake")

    monkeypatch.setattr(served.gallery, "_judge_again", broken)
    client.post("/api/backup", json={"ids": None})
    assert served.when_done("backup").summary.saved.items == 6


def test_a_job_that_has_just_ended_is_not_brought_back_by_a_stop(served):
    board = served.gallery.board
    assert board.job.over
    board.stopping()
    assert board.job.over and board.running is None


def test_a_busy_phone_is_told(served, client, phone):
    phone.unplug()
    served.when(lambda: served.gallery.phone.state.value == "none")
    phone.plug()
    served.when_listed()
    served.gallery.close()
    with phone.finder.find()[0].open(), serving(phone, served.root.parent / "second") as second:
        second.when(lambda: second.gallery.phone.state.value == "busy")
        with second.client() as other:
            said = other.get("/api/state").json()["phone"]
            assert said["state"] == "busy" and said["what_to_do"]


def test_without_a_phone_and_without_libusb_the_backup_is_shown(served, client, tmp_path):
    client.post("/api/backup", json={"ids": None})
    served.when_done("backup")
    with serving(None, tmp_path) as without, without.client() as other:
        assert other.get("/api/state").json()["phones"][0]["files"] == 6
        assert len(other.get("/api/archive/items").json()["items"]) == 6
        assert other.get("/thumb/archive/1").status_code == 200
        assert other.post("/api/listing", json={}).status_code == 409


# --- what is in the backup --------------------------------------------------------------------------------


def test_a_mistake_while_the_phone_is_asked_leaves_nobody_waiting(served, client, monkeypatch):
    client.post("/api/backup", json={"ids": None})
    served.when_done("backup")
    chosen = [str(next(iter(items(client, "/api/archive/items")[0].values()))[0])]
    monkeypatch.setattr("mtpbackup.engine.gallery.gallery.preview_restore", lambda *_, **__: 1 / 0)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(
            client.post, "/api/restore/preview", json={"ids": chosen, "into": "", "to": "phone"}
        )
        with pytest.raises(ZeroDivisionError):
            asked.result(timeout=30)


def test_the_backup_shows_dates_taken_and_what_left_the_phone(served, client, phone):
    client.post("/api/backup", json={"ids": None})
    served.when_done("backup")
    phone.remove("DCIM/Camera/IMG_0001.jpg")
    client.post("/api/backup", json={"ids": None})
    served.when_done("backup")
    found, _ = items(client, "/api/archive/items")
    assert found["IMG_0001.jpg"][6] == 0 and found["IMG_0002.jpg"][6] == 1
    assert found["IMG_0001.jpg"][4] == "2024-05-07T07:08:01"
    newest = client.get("/api/archive/items?limit=2").json()["items"]
    assert [item[1] for item in newest] == ["IMG_0005.jpg", "IMG_0003.jpg"]
    details = client.get(f"/api/archive/items/{found['IMG_0003.jpg'][0]}").json()
    assert details["camera"] == "Google Pixel 8"
    assert details["taken_source"].startswith("exif")
    assert (details["width"], details["height"]) == (360, 480)  # the right way up
    assert details["phone"] == "Pixel 8" and details["on_phone"] == 1
    assert len(details["sha256"]) == 64


@pytest.mark.parametrize("query", ["phone=x", "phone=-1", "limit=1.5", "phone=9" + "9" * 40, "limit=%00"])
def test_a_number_has_to_be_one(client, query):
    assert client.get(f"/api/archive/items?{query}").status_code == 400


def test_an_unknown_phone_has_nothing(served, client):
    client.post("/api/backup", json={"ids": None})
    served.when_done("backup")
    assert client.get("/api/archive/items?phone=9").status_code == 404
    assert len(client.get("/api/archive/items?phone=1").json()["items"]) == 6


@pytest.mark.parametrize("known", [True, False], ids=["known to have been there", "not known"])
def test_a_backup_whose_disk_is_pulled_and_plugged_in_again_is_noticed(served, client, known, monkeypatch):
    """By itself: nothing is asked while it goes and comes."""
    client.post("/api/backup", json={"ids": None})
    served.when_done("backup")
    served.when(lambda: served.gallery.listing.safe.items == 6)

    def opened(create):
        try:
            return Archive.open(served.root)
        except NoArchive:
            if known:
                raise DestinationGone(served.root, "pulled") from None
            raise

    monkeypatch.setattr(served.gallery._shelf, "_open", opened)
    told = []
    end = served.gallery.listen(told.append)
    served.root.rename(served.root.with_name("away"))
    served.when(lambda: "state" in told and served.gallery.listing.safe.items == 0)
    state = client.get("/api/state").json()
    assert (state["archive"]["files"], state["archive"]["there"], state["counts"]["safe"]) == (0, False, 0)
    if known:
        said = state["archive"]["trouble"]
        assert "gone" in said["headline"] and said["what_to_do"][0].startswith("Plug it in again: this page")
        assert client.get("/api/archive/items").status_code == 409
        assert state["archive"]["free"] is None  # that of another disk is of no use
    else:
        assert state["archive"]["trouble"] is None and state["archive"]["free"] > 0
    served.when_done()
    told.clear()
    served.root.with_name("away").rename(served.root)
    served.when(lambda: "state" in told and served.gallery.listing.safe.items == 6)
    end()
    state = client.get("/api/state").json()
    assert state["archive"]["files"] == 6 and state["archive"]["trouble"] is None


def test_the_first_backup_is_no_reason_to_read_the_phone_again(served, client):
    """A backup's folder that is made by the gallery itself is not taken for a disk that was plugged in."""
    glance, seen, looks = served.gallery._shelf.glance, threading.Event(), []

    def look():
        looks.append(glance())
        if len(looks) > 3:  # the change was told after the first
            seen.set()
        return looks[-1]

    before = glance()
    served.gallery._watch._look = lambda: before  # it blinks while the backup is made
    client.post("/api/backup", json={"ids": ids(client, "IMG_0001.jpg")})
    job = served.when_done("backup")
    served.gallery._watch._look = look
    assert seen.wait(LATEST)
    assert looks[-1][0] is not None and served.gallery.board.job is job


# --- events -----------------------------------------------------------------------------------------------


def test_changes_are_told_to_who_listens(served, phone):
    import httpx2

    with served.server.running(served.app, served.listeners), httpx2.Client(timeout=20) as browser:
        base = f"http://127.0.0.1:{served.server.port}"
        browser.get(served.gate.address())
        headers = {"origin": base, "x-requested-with": "mtpbackup"}
        with browser.stream("GET", f"{base}/api/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.iter_lines()
            told = {}
            while set(told) != {"state", "job", "listing"}:
                line = next(lines)
                if line.startswith("event: "):
                    told[line[7:]] = json.loads(next(lines)[6:])
            version = told["listing"]["version"]
            with httpx2.Client(cookies=browser.cookies, headers=headers) as other:
                assert other.post(f"{base}/api/backup", json={"ids": None}).status_code == 200
            states = []
            while not (
                told["job"]["kind"] == "backup"
                and told["job"]["state"] == "done"
                and told["listing"]["version"] > version
            ):
                line = next(lines)
                if line.startswith("event: "):
                    told[line[7:]] = json.loads(next(lines)[6:])
                    states.append(line[7:])
            assert told["job"]["summary"]["saved"] == 6
        # Leaving the block ends the server although a stream may still be open.
