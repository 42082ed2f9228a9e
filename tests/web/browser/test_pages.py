"""Each page says what the program told it, and orders what the person wants."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from tests.web.browser.stage import job, phone, pictures

pytestmark = pytest.mark.browser


# --- home ------------------------------------------------------------------------------------------------


def test_home_tells_the_phone_what_is_new_and_what_is_safe(surfer, stage):
    surfer.open(stage.url)
    hero = surfer.see(".hero", "40 new")
    assert "Pixel 8" in hero.text
    assert "Connected" in hero.text
    assert "Safe already: 20 of 60" in hero.text
    assert "212.0 GB free" in surfer.text(".pair")
    assert "212 files saved, 1.8 GB" in surfer.text(".runs")
    assert "57 files saved, 410.0 MB; 2 not saved" in surfer.text(".runs")


def test_home_says_that_all_are_safe(surfer, stage):
    stage.state["counts"] = {"on_phone": 3619, "safe": 3619, "new": 0, "new_bytes": 0}
    surfer.open(stage.url)
    surfer.see(".hero", "All 3,619 safe")
    assert not surfer.one(".hero button.main").is_enabled()


def test_home_says_why_the_phone_cannot_be_used_and_what_to_do(surfer, stage):
    surfer.open(stage.url)
    for state in ("none", "locked", "busy", "permission", "error"):
        said = phone(state)
        stage.become(phone=said)
        hero = surfer.see(".hero", said["headline"])
        for step in said["what_to_do"]:
            assert step in hero.text
        assert not surfer.one(".hero button.main").is_enabled()


def test_home_follows_the_phone_without_being_asked(surfer, stage):
    stage.state["phone"] = phone("locked")
    surfer.open(stage.url)
    surfer.see(".hero", "The phone is locked.")
    stage.become(phone=phone())
    surfer.see(".hero", "40 new")


def test_home_tells_of_room_before_there_is_a_backup(surfer, stage):
    stage.state["archive"] = {**stage.state["archive"], "there": False, "files": 0, "bytes": 0}
    surfer.open(stage.url)
    card = surfer.see(".pair", "No backup yet")
    assert "Room on the disk" in card.text and "212.0 GB free" in card.text


GONE = {
    "files": 0,
    "bytes": 0,
    "there": False,
    "free": None,
    "trouble": {"headline": "The disk with the backup is gone.", "what_to_do": ["Plug it in again."]},
}


def test_a_backup_whose_disk_is_pulled_is_told_on_every_page_that_needs_it(surfer, stage):
    archive, counts = stage.state["archive"], stage.state["counts"]
    nothing = {**counts, "safe": 0, "new": counts["on_phone"]}
    surfer.open(stage.url)
    surfer.see(".hero", "40 new")
    stage.become(archive={**archive, **GONE}, phones=[], counts=nothing)
    hero = surfer.see(".hero", "60 files on the phone")
    assert "is seen when the backup can be read" in hero.text
    assert not surfer.one(".hero button.main").is_enabled()
    assert "Plug it in again." in surfer.see(".pair", "The disk with the backup is gone.").text
    surfer.go("On the phone")
    tray = surfer.see(".tray", "The disk with the backup is gone. Plug it in again.")
    assert "new" not in tray.text
    assert not surfer.one(".tray button.main").is_enabled()
    stage.answers["/api/archive/items"] = (409, GONE["trouble"])
    surfer.go("In the backup")
    surfer.see(".lead", "The disk with the backup is gone. Plug it in again.")
    surfer.see(".empty", "The disk with the backup is gone.")
    del stage.answers["/api/archive/items"]
    stage.become(archive=archive, counts=counts)
    surfer.until(lambda: surfer.count(".tile") > 10, "the pictures of the disk that has come back")
    surfer.see(".lead", "~/Pictures/Phone backup")
    surfer.go("Home")
    surfer.see(".hero", "40 new")
    assert not surfer.all(".notice")


def test_the_big_button_backs_up_all_that_is_new(surfer, stage):
    surfer.open(stage.url)
    surfer.click(".hero button", "Back up now")
    surfer.see("h1", "Progress")
    assert stage.orders_of("/api/backup") == [{"ids": None}]


# --- on the phone ----------------------------------------------------------------------------------------


def tiles(surfer):
    return surfer.until(lambda: surfer.all(".tile"), "tiles")


def click_tile(surfer, number):
    surfer.click(f'.tile[data-entry="{number}"]')


def chosen(surfer):
    return surfer.count('.tile[aria-selected="true"]')


def test_pictures_are_grouped_by_month_and_day_with_their_state(surfer, stage):
    surfer.open(stage.url, "On the phone")
    surfer.see(".month h2", "February 2026")
    surfer.see(".day", "Sun, 8 Feb")
    name, text = surfer.read(lambda: (tiles(surfer)[0].get_attribute("aria-label"), tiles(surfer)[0].text))
    assert name == "Photo, 8 February 2026 18:02, not yet backed up"
    assert "New" in text


def test_thumbnails_arrive(surfer, stage):
    surfer.open(stage.url, "On the phone")
    surfer.until(lambda: surfer.count(".tile .picture.there img") > 5, "thumbnails")


def test_choosing_by_click_range_and_day_with_a_running_total(surfer, stage):
    surfer.open(stage.url, "On the phone")
    surfer.see(".tray", "40 new files")
    click_tile(surfer, 0)
    surfer.see(".tray", "1 file chosen, 3.2 MB")
    surfer.click_with(Keys.SHIFT, '.tile[data-entry="4"]')
    surfer.see(".tray", "5 files chosen, 16.0 MB")
    assert "It fits: 212.0 GB free." in surfer.text(".tray")
    assert chosen(surfer) == 5
    click_tile(surfer, 2)
    surfer.see(".tray", "4 files chosen")
    surfer.click(".day label", "Sun, 8 Feb")
    surfer.see(".tray", "40 files chosen")
    surfer.click(".tray button", "Clear")
    surfer.see(".tray", "40 new files")
    assert chosen(surfer) == 0


def test_what_is_chosen_is_backed_up_and_only_what_is_new_of_it(surfer, stage):
    stage.items[1][6] = 1
    surfer.open(stage.url, "On the phone")
    for number in range(3):
        click_tile(surfer, number)
    surfer.see(".tray", "1 is safe already")
    surfer.click(".tray button", "Back up 2")
    surfer.see("h1", "Progress")
    assert stage.orders_of("/api/backup") == [{"ids": [stage.items[0][0], stage.items[2][0]]}]


def test_what_does_not_fit_cannot_be_started(surfer, stage):
    stage.state["archive"]["free"] = 5_000_000
    surfer.open(stage.url, "On the phone")
    click_tile(surfer, 0)
    surfer.see(".tray", "It fits")
    click_tile(surfer, 1)
    surfer.see(".tray", "It does not fit: 1.4 MB more room is needed.")
    assert not surfer.one(".tray button.main").is_enabled()


def test_a_refusal_is_said_in_the_words_of_the_program(surfer, stage):
    stage.orders["/api/backup"] = (
        409,
        {"headline": "A backup is running already.", "what_to_do": ["Wait for it."]},
    )
    surfer.open(stage.url)
    surfer.click(".hero button", "Back up now")
    surfer.see(".notice", "A backup is running already.")
    assert "Wait for it." in surfer.text(".notice")
    surfer.click('.notice button[aria-label="Close this notice"]')
    surfer.until(lambda: not surfer.all(".notice"), "the notice to go")


def test_filters_show_what_their_count_says(surfer, stage):
    surfer.open(stage.url, "On the phone")
    labels = "return [...document.querySelectorAll('.tile')].map((tile) => tile.ariaLabel)"
    for chip, kinds in {
        "Videos": ("Video",),
        "Screenshots": ("Screenshot",),
        "Photos": ("Photo", "Burst of 7"),
    }.items():
        count = int(surfer.see(".chip", chip).text.split()[-1])
        assert count > 0
        surfer.click(".chip", chip)
        surfer.until(
            lambda k=kinds: (shown := surfer.run(labels)) and all(label.startswith(k) for label in shown), chip
        )
        # A RAW file and its picture are one; so more may be shown than were counted, never fewer.
        said = surfer.see(".for-readers", "picture").get_attribute("textContent")
        assert int(said.split()[0]) >= count


def test_only_what_is_new_and_only_a_folder(surfer, stage):
    surfer.open(stage.url, "On the phone")
    surfer.click(".chip", "New")
    surfer.see(".for-readers", "40 pictures shown")
    surfer.click(".chip", "New")
    options = surfer.one('select[aria-label="Folder"]').find_elements("tag name", "option")
    card = next(option for option in options if "DCIM/100ANDRO" in option.text)
    count = sum(row[2] == 3 for row in stage.items)
    assert card.text == f"SD card: DCIM/100ANDRO ({count})"
    card.click()
    surfer.until(lambda: surfer.count(".tile") == count, "the folder's pictures")


def test_files_that_belong_together_are_one_picture_and_are_chosen_together(surfer, stage):
    grouped = [row for row in stage.items if row[7]]
    stage.items = grouped + [row for row in stage.items if not row[7]]
    pair = [row[0] for row in grouped if row[7].startswith("raw-")]
    burst = [row[0] for row in grouped if row[7].startswith("burst-")]
    assert len(pair) == 2 and len(burst) == 7
    surfer.open(stage.url, "On the phone")
    assert surfer.read(lambda: surfer.one('.tile[aria-label^="Photo and RAW"]').text).startswith("2")
    surfer.click('.tile[aria-label^="Photo and RAW"]')
    surfer.see(".tray", "2 files chosen, 27.1 MB")
    surfer.click('.tile[aria-label^="Burst of 7"]')
    surfer.click(".tray button", "Back up")
    surfer.see("h1", "Progress")
    (order,) = stage.orders_of("/api/backup")
    assert set(order["ids"]) == {row[0] for row in grouped if not row[6]} >= set(pair)


def test_a_new_listing_keeps_what_was_chosen(surfer, stage):
    surfer.open(stage.url, "On the phone")
    click_tile(surfer, 3)
    surfer.see(".tray", "1 file chosen")
    wanted = stage.items[3]
    stage.items = [[f"new-{row[0]}", *row[1:]] for row in stage.items[1:]]
    stage.tell("listing", {"version": 2})
    surfer.until(
        lambda: tiles(surfer)[2].get_attribute("aria-selected") == "true", "the choice at its new place"
    )
    assert chosen(surfer) == 1
    surfer.click(".tray button", "Back up 1")
    surfer.see("h1", "Progress")
    assert stage.orders_of("/api/backup") == [{"ids": [f"new-{wanted[0]}"]}]


def test_a_new_listing_leaves_one_where_one_is(surfer, stage):
    stage.items = pictures(200)
    surfer.open(stage.url, "On the phone")
    surfer.until(lambda: surfer.count(".tile") > 10, "tiles")
    surfer.run("scrollTo(0, 2000)")
    at = """
      const tile = [...document.querySelectorAll('.tile')].find((each) =>
        each.getBoundingClientRect().top > 200);
      return [tile.ariaLabel, tile.dataset.entry, tile.getBoundingClientRect().top];
    """
    label, number, top = surfer.until(lambda: surfer.run(at), "a tile in the middle")
    surfer.click(f'.tile[data-entry="{number}"]')
    surfer.see(".tray", "1 file chosen")
    label, number, top = surfer.run(at)
    stage.items = [["fresh", "PXL_fresh.jpg", 0, 1000, "2026-02-09T10:00:00", "photo", 0, "", ""], *stage.items]
    stage.tell("listing", {"version": 2})
    surfer.until(lambda: surfer.run(at)[1] == str(int(number) + 1), "the new listing")
    assert surfer.run(at)[0] == label
    assert surfer.run(at)[2] == pytest.approx(top, abs=1)
    surfer.until(lambda: surfer.focused.get_attribute("data-entry") == str(int(number) + 1), "the focus")
    surfer.press(Keys.ARROW_RIGHT, holding=Keys.SHIFT)
    surfer.see(".tray", "2 files chosen")


def test_without_a_phone_the_page_says_what_to_do_and_fills_when_it_comes(surfer, stage):
    stage.state["phone"] = phone("locked")
    surfer.open(stage.url, "On the phone")
    surfer.see(".trouble-card", "Unlock the phone.")
    assert not surfer.one(".tray").is_displayed() if surfer.all(".tray") else True
    stage.become(phone=phone())
    surfer.until(lambda: surfer.count(".tile") > 10 and not surfer.all(".trouble-card"), "the pictures")


# --- in the backup ---------------------------------------------------------------------------------------


def test_the_backup_is_seen_without_a_phone(surfer, stage):
    stage.state["phone"] = phone("none")
    surfer.open(stage.url, "In the backup")
    first = tiles(surfer)[0]
    assert first.get_attribute("aria-label").endswith("no longer on the phone")
    assert "Only here" in first.text
    surfer.click(".chip", "Only here")
    gone = sum(not row[6] for row in stage.saved)
    surfer.see(".for-readers", "pictures shown")
    assert str(gone) in surfer.see(".chip", "Only here").text
    surfer.until(lambda: all("no longer" in t.get_attribute("aria-label") for t in tiles(surfer)), "the filter")


def test_a_picture_opens_large_with_its_details_and_can_be_downloaded(surfer, stage):
    surfer.open(stage.url, "In the backup")
    click_tile(surfer, 1)
    details = surfer.see("dialog.viewer", "Google Pixel 8")
    for words in ("8 February 2026", "3.2 MB", "4,080 \u00d7 3,072", "47.58° N", "2 of"):
        assert words in details.text
    image = surfer.one(".view-stage img")
    surfer.until(lambda: surfer.run("return arguments[0].naturalWidth > 0", image), "the picture")
    assert image.get_attribute("src").endswith(f"/file/archive/{stage.saved[1][0]}")
    link = surfer.see("dialog a", "Download").get_attribute("href")
    assert link.endswith(f"/file/archive/{stage.saved[1][0]}?download=1")
    surfer.press(Keys.ARROW_RIGHT)
    surfer.see("dialog.viewer", "3 of")
    surfer.press(Keys.ESCAPE)
    surfer.until(lambda: not surfer.one("dialog.viewer").is_displayed(), "the viewer to close")
    # A dialog tells of its end a moment later.
    surfer.until(lambda: surfer.focused.get_attribute("data-entry") == "2", "the focus where one was")


def test_a_film_has_controls_and_ends_with_the_viewer(surfer, stage):
    surfer.open(stage.url, "In the backup")
    surfer.click(".chip", "Videos")
    surfer.until(lambda: "Video" in tiles(surfer)[0].get_attribute("aria-label"), "videos")
    click_tile(surfer, 0)
    # What the stage has for a film is none: the browser cannot play it, and the page says so.
    surfer.see("dialog.viewer", "Browsers do not show this kind of file")
    surfer.press(Keys.ESCAPE)
    surfer.until(lambda: not surfer.all(".view-stage *"), "the stage to be empty")


def test_finding_by_date_and_name(surfer, stage):
    searches = {
        "feb 2026": lambda row: row[4].startswith("2026-02"),
        "7 February": lambda row: row[4][5:10] == "02-07",
        "screenshot": lambda row: "Screenshot" in row[1],
        "no such name": lambda row: False,
    }
    surfer.open(stage.url, "In the backup")
    tiles(surfer)
    field = surfer.one('input[type="search"]')
    for words, fits in searches.items():
        field.clear()
        field.send_keys(words)
        count = sum(map(fits, stage.saved))
        said = "No pictures shown" if count == 0 else f"{count} picture{'s' * (count != 1)} shown"
        surfer.see(".for-readers", said)


# --- put back --------------------------------------------------------------------------------------------


def test_clashes_are_seen_before_anything_is_sent(surfer, stage):
    surfer.open(stage.url, "Put back")
    for number in range(3):
        click_tile(surfer, number)
    surfer.click(".tray button", "Next")
    sheet = surfer.see("dialog.sheet", "3 files go back to Pixel 8.")
    assert "2 names are taken there" in sheet.text
    assert "another file has this name: a number is added" in sheet.text
    assert stage.orders_of("/api/restore") == []
    surfer.one("dialog.sheet input[list]").send_keys("Pictures/Old")
    surfer.until(
        lambda: stage.orders_of("/api/restore/preview")[-1]["into"] == "Pictures/Old", "another preview"
    )
    surfer.click("dialog.sheet button", "Put back 3 files")
    surfer.see("h1", "Progress")
    assert stage.orders_of("/api/restore") == [{"plan": "p1"}]
    asked = stage.orders_of("/api/restore/preview")[0]
    assert asked == {"ids": [row[0] for row in stage.saved[:3]], "into": "", "to": "phone"}


def test_without_a_phone_they_go_into_a_folder(surfer, stage):
    stage.state["phone"] = phone("none")
    surfer.open(stage.url, "Put back")
    click_tile(surfer, 0)
    surfer.click(".tray button", "Next")
    surfer.see("dialog.sheet", "Say which folder.")
    assert not surfer.one('dialog.sheet input[value="phone"]').is_enabled()
    surfer.click("dialog.sheet .field input")
    surfer.press("/tmp/pictures")
    surfer.click("dialog.sheet button", "Put back 3 files")
    surfer.see("h1", "Progress")
    assert stage.orders_of("/api/restore/preview")[-1]["to"] == "/tmp/pictures"


def test_what_does_not_fit_is_not_sent(surfer, stage):
    stage.orders["/api/restore/preview"] = {
        **stage.orders["/api/restore/preview"],
        "fits": False,
        "free": 1_000_000,
    }
    surfer.open(stage.url, "Put back")
    click_tile(surfer, 0)
    surfer.click(".tray button", "Next")
    surfer.see("dialog.sheet", "It does not fit: 9.0 MB to put back, 1.0 MB free there.")
    assert not surfer.one("dialog.sheet button.main").is_enabled()


# --- progress --------------------------------------------------------------------------------------------


def test_progress_shows_how_far_it_is_and_can_be_stopped(surfer, stage):
    surfer.open(stage.url, "Progress")
    surfer.see("main", "Nothing is running")
    stage.tell_job()
    running = surfer.see(".running", "25 %")
    for words in (
        "Backing up",
        "12 of 48 files, 40.0 MB of 160.0 MB",
        "38.2 MB a second, 3 s left",
        "PXL_20260208",
    ):
        assert words in running.text
    assert float(surfer.one("progress").get_attribute("value")) == pytest.approx(0.25)
    stage.tell_job(done_bytes=120_000_000)
    surfer.see(".running", "75 %")
    assert (
        surfer.text(".for-readers") == ""
        or surfer.run("return document.querySelector('.for-readers').textContent") == "70 % done"
    )
    surfer.click(".running button", "Stop")
    assert surfer.until(lambda: stage.orders_of("/api/stop"), "the order to stop") == [{}]


def test_failures_are_named_and_can_be_tried_again(surfer, stage):
    surfer.open(stage.url, "Progress")
    stage.tell_job(
        state="done",
        headline="46 files saved, 2 were not.",
        failures=[
            {"id": "a", "path": "DCIM/Camera/A.jpg", "why": "The phone did not answer."},
            {"id": "b", "path": "DCIM/Camera/B.jpg", "why": "It changed while it was read."},
        ],
    )
    end = surfer.see(".ended", "46 files saved, 2 were not.")
    for words in ("2 files did not make it", "DCIM/Camera/B.jpg", "It changed while it was read."):
        assert words in end.text
    surfer.click(".ended button", "Try the 2 again")
    surfer.see(".running", "Backing up")
    assert stage.orders_of("/api/retry") == [{}]


@pytest.mark.parametrize(
    ("state", "words", "again"),
    [
        ("failed", "Putting back did not get to its end", "Try again"),
        ("stopped", "Putting back was stopped", "Go on"),
    ],
)
def test_what_did_not_get_to_its_end_can_go_on(surfer, stage, state, words, again):
    stage.orders["/api/retry"] = job(id=2, kind="restore")
    surfer.open(stage.url, "Progress")
    stage.tell_job(kind="restore", state=state, headline="The phone was unplugged.")
    surfer.see(".ended", words)
    surfer.click(".ended button", again)
    surfer.see(".running", "Putting back")
    assert stage.orders_of("/api/retry") == [{}]


def test_what_was_put_back_in_part_only_is_not_shown_as_good(surfer, stage):
    surfer.open(stage.url, "Progress")
    summary = {"ending": "done", "complete": False, "failed": 0, "left": 0}
    words = ["1 file: damaged in the backup; not sent."]
    stage.tell_job(kind="restore", state="done", headline="1 file put back.", what_to_do=words, summary=summary)
    end = surfer.see(".ended", "not all went well")
    assert "damaged in the backup" in end.text
    assert not surfer.all(".ended .is-ready")
    stage.tell_job(kind="restore", state="done", summary={**summary, "complete": True})
    surfer.until(lambda: surfer.all(".ended .is-ready"), "the good end")


def test_an_order_answered_late_does_not_undo_the_end_that_was_told(surfer, stage):
    surfer.open(stage.url, "Progress")
    stage.tell_job(state="done", headline="All safe.")
    surfer.see(".ended", "All safe.")
    kept = surfer.run_module(
        """
      const { now, takeOrdered } = await import('/static/js/live.js');
      takeOrdered(args[0]);
      return now.job.state;
    """,
        job(),
    )
    assert kept == "done"
    assert surfer.count(".ended") == 1


def test_a_job_is_seen_on_every_page(surfer, stage):
    surfer.open(stage.url, "In the backup")
    stage.tell_job()
    surfer.see(".banner", "Backing up: 12 of 48 files, 25 %")
    stage.tell_job(state="done", headline="All safe.")
    surfer.until(lambda: not surfer.one(".banner").is_displayed(), "the banner to go")
    assert surfer.run("return document.querySelector('.for-readers').textContent") == "All safe."


# --- help, and the end -----------------------------------------------------------------------------------


def test_help_says_what_was_found_the_worst_first(surfer, stage):
    surfer.open(stage.url, "Help")
    surfer.see(".findings", "The cable is slow.")
    found = [element.text.splitlines()[0] for element in surfer.all(".finding")]
    assert found == ["Problem", "Hint", "Good", "Good"]


def test_a_program_that_has_ended_is_told(surfer, stage):
    surfer.open(stage.url)
    surfer.see(".hero", "40 new")
    stage.stop()
    surfer.see(".lost", "mtpbackup show")
    surfer.driver.get_log("browser")
