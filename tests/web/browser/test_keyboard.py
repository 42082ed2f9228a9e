"""Everything by keyboard alone."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser


def at(surfer):
    """The picture that has the focus."""
    place = surfer.read(lambda: surfer.focused.get_attribute("data-entry"))
    return None if place is None else int(place)


def arrive(surfer, place):
    """Waits until a picture has the focus."""
    surfer.until(lambda: at(surfer) == place, f"the focus on picture {place}, not {at(surfer)}")


def tab_to(surfer, look, what):
    """Presses Tab until something has the focus."""
    # Once around the page and back to its start, at most.
    for _ in range(60):
        if surfer.read(lambda: look(surfer.focused)):
            return
        surfer.press(Keys.TAB)
    raise AssertionError(f"Tab does not lead to {what}")


def enter_grid(surfer):
    surfer.until(lambda: surfer.count(".tile") > 10, "tiles")
    tab_to(surfer, lambda e: e.get_attribute("data-entry") is not None, "the grid")


def test_from_the_start_to_a_backup(surfer, stage):
    surfer.open(stage.url)
    surfer.see(".hero", "40 new")
    tab_to(surfer, lambda e: e.get_attribute("aria-label") == "On the phone", "the page")
    surfer.press(Keys.ENTER)
    surfer.see("h1", "On the phone")
    enter_grid(surfer)
    surfer.press(Keys.SPACE)
    surfer.see(".tray", "1 file chosen")
    surfer.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, holding=Keys.SHIFT)
    surfer.see(".tray", "3 files chosen")
    tab_to(surfer, lambda e: "Back up 3" in e.text, "the button")
    surfer.press(Keys.ENTER)
    surfer.see("h1", "Progress")
    assert stage.orders_of("/api/backup") == [{"ids": [row[0] for row in stage.items[:3]]}]
    # A screen reader is at the new page's heading, and Tab goes on from there.
    surfer.until(lambda: surfer.focused.text == "Progress", "the focus on the heading")
    tab_to(surfer, lambda e: e.text == "Stop", "the stop button")
    surfer.press(Keys.SPACE)
    surfer.until(lambda: stage.orders_of("/api/stop"), "the order to stop")


def test_ways_in_the_grid(surfer, stage):
    surfer.size(1280, 900)
    surfer.open(stage.url, "On the phone")
    enter_grid(surfer)
    arrive(surfer, 0)
    columns = int(surfer.one(".grid").get_attribute("aria-colcount"))
    surfer.press(Keys.ARROW_RIGHT)
    arrive(surfer, 1)
    surfer.press(Keys.ARROW_DOWN)
    arrive(surfer, 1 + columns)
    surfer.press(Keys.END)
    arrive(surfer, 2 * columns - 1)
    surfer.press(Keys.HOME)
    arrive(surfer, columns)
    surfer.press(Keys.ARROW_UP, Keys.ARROW_UP)
    surfer.until(
        lambda: surfer.focused.get_attribute("aria-label").startswith("All of Sunday, 8 February 2026"),
        "the day",
    )
    surfer.press(Keys.SPACE)
    surfer.see(".tray", "40 files chosen")
    surfer.press(Keys.ARROW_DOWN)
    arrive(surfer, 0)
    surfer.press(Keys.ESCAPE)
    surfer.see(".tray", "40 new files")
    surfer.press(Keys.END, holding=Keys.CONTROL)
    last = "return Math.max(...[...document.querySelectorAll('.tile')].map((tile) => tile.dataset.entry))"
    surfer.until(lambda: (at(surfer) or 0) == surfer.run(last) > 2 * columns, "the last picture")
    surfer.press(Keys.HOME, holding=Keys.CONTROL)
    arrive(surfer, 0)
    surfer.press(Keys.PAGE_DOWN)
    surfer.until(lambda: (at(surfer) or 0) >= 2 * columns, "the next page")
    surfer.press("a", holding=Keys.CONTROL)
    surfer.see(".tray", "60 files chosen")


def test_ranges_grow_and_shrink_and_leave_the_rest(surfer, stage):
    surfer.open(stage.url, "On the phone")
    enter_grid(surfer)
    surfer.press(Keys.ARROW_RIGHT, Keys.SPACE, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    surfer.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, holding=Keys.SHIFT)
    surfer.see(".tray", "4 files chosen")
    surfer.press(Keys.ARROW_LEFT, holding=Keys.SHIFT)
    surfer.see(".tray", "3 files chosen")
    chosen = "return [...document.querySelectorAll('[aria-selected=true]')].map((tile) => tile.dataset.entry)"
    surfer.until(lambda: surfer.run(chosen) == ["1", "3", "4"], "what was chosen before and the shorter range")


def test_there_is_one_tab_stop_in_the_grid_and_it_is_seen(surfer, stage):
    surfer.open(stage.url, "On the phone")
    enter_grid(surfer)
    assert surfer.count('.grid [tabindex="0"]') == 1
    for _ in range(6):
        surfer.press(Keys.ARROW_DOWN)
        box = surfer.run(
            "const b = arguments[0].getBoundingClientRect(); return [b.top, b.bottom]", surfer.focused
        )
        tray = surfer.run("return document.querySelector('.tray').getBoundingClientRect().top")
        bar = surfer.run("return document.querySelector('.toolbar').getBoundingClientRect().bottom")
        assert bar <= box[0] and box[1] <= tray, (bar, box, tray)
    surfer.press(Keys.TAB)
    surfer.until(lambda: at(surfer) is None, "the focus behind the grid")


def test_the_viewer_holds_the_focus_and_gives_it_back(surfer, stage):
    surfer.open(stage.url, "In the backup")
    enter_grid(surfer)
    surfer.press(Keys.ARROW_RIGHT, Keys.ENTER)
    surfer.see("dialog.viewer", "2 of")
    for _ in range(8):
        surfer.press(Keys.TAB)
        assert surfer.run(
            "const a = document.activeElement; return a === document.body || a.closest('dialog') !== null"
        )
    surfer.press(Keys.ARROW_LEFT)
    surfer.see("dialog.viewer", "1 of")
    surfer.press(Keys.ESCAPE)
    surfer.until(lambda: at(surfer) == 0, "the focus in the grid")


def test_the_viewer_gives_the_focus_to_its_picture_also_in_a_new_listing(surfer, stage):
    surfer.open(stage.url, "In the backup")
    enter_grid(surfer)
    for number, wanted in ((5, 6), (7, 7)):
        surfer.click(f'.tile[data-entry="{number}"]')
        surfer.see("dialog.viewer", f"{number + 1} of")
        name = surfer.text("#view-title")
        if number == 5:
            # A newer picture came: this one has another number.
            stage.saved = [
                ["new", "PXL_new.jpg", 0, 1000, "2026-02-09T10:00:00", "photo", 1, "", ""],
                *stage.saved,
            ]
        else:
            # This very one is gone: the next older one has its number.
            stage.saved = [row for row in stage.saved if row[1] != name]
        stage.tell("listing", {"version": number})
        counted = f"{len(stage.saved)}"
        surfer.until(lambda c=counted: surfer.run(COUNTED) == c, "the new listing")
        surfer.press(Keys.ESCAPE)
        arrive(surfer, wanted)


COUNTED = "return document.querySelector('.chip .chip-count').textContent"


def test_the_first_tab_leads_past_the_navigation(surfer, stage):
    surfer.open(stage.url)
    surfer.press(Keys.TAB)
    surfer.until(lambda: surfer.focused.text == "Skip to the page", "the first stop")
    surfer.press(Keys.ENTER)
    surfer.until(lambda: surfer.focused.tag_name == "main", "the page")
