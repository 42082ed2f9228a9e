"""For all people: axe-core finds nothing, targets are large, names are spoken, and no colour speaks alone."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from tests.web.browser.stage import phone

pytestmark = pytest.mark.browser

PAGES = ["Home", "On the phone", "In the backup", "Put back", "Progress", "Help"]


def violations(surfer):
    """What axe-core has to say against the page as it is now."""
    axe = pytest.importorskip("axe_core_python", reason="pip install axe-core-python (the extra dev has it)")
    surfer.run((resources.files(axe) / "axe.min.js").read_text())
    found = surfer.run_module("return (await axe.run({ resultTypes: ['violations'] })).violations;")
    return [
        f"{each['id']}: {each['help']}: {json.dumps([node['html'][:200] for node in each['nodes'][:3]])}"
        for each in found
    ]


def fill(surfer, page):
    """Opens a page and waits until it has its pictures and words."""
    surfer.go(page)
    if page in {"On the phone", "In the backup", "Put back"}:
        surfer.until(lambda: surfer.count(".picture.there") >= 3, "pictures")
        if page != "In the backup":
            surfer.click('.tile[data-entry="1"]')
            surfer.see(".tray", "1 file chosen")
    elif page == "Help":
        surfer.see(".findings", "slow")
    elif page == "Home":
        surfer.until(lambda: surfer.all(".strip img"), "newest pictures")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_on_any_page(surfer, stage, dark):
    surfer.look(dark=dark)
    surfer.open(stage.url)
    found = {}
    for page in PAGES:
        fill(surfer, page)
        found[page] = violations(surfer)
    surfer.go("In the backup")
    surfer.click(".tile")
    surfer.see("dialog.viewer", "Google Pixel 8")
    found["viewer"] = violations(surfer)
    surfer.click('dialog.viewer button[aria-label="Close"]')
    surfer.go("Put back")
    surfer.click(".tile")
    surfer.click(".tray button", "Next")
    surfer.see("dialog.sheet", "2 names are taken")
    found["sheet"] = violations(surfer)
    assert found == {name: [] for name in found}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_while_something_is_wrong(surfer, stage, dark):
    surfer.look(dark=dark)
    stage.state["phone"] = phone("locked")
    stage.orders["/api/stop"] = (
        409,
        {"headline": "It cannot be stopped now.", "what_to_do": ["Wait a moment."]},
    )
    surfer.open(stage.url)
    found = {"locked": violations(surfer)}
    surfer.go("On the phone")
    surfer.see(".trouble-card", "Unlock")
    found["no listing"] = violations(surfer)
    surfer.go("Progress")
    stage.tell_job()
    surfer.click(".running button", "Stop")
    surfer.see(".notice", "cannot be stopped")
    found["running"] = violations(surfer)
    stage.tell_job(
        state="failed",
        headline="The phone was unplugged.",
        what_to_do=["Plug it in again."],
        failures=[{"id": "a", "path": "DCIM/A.jpg", "why": "It was not read."}],
    )
    surfer.see(".ended", "unplugged")
    found["failed"] = violations(surfer)
    trouble = {"headline": "The disk with the backup is gone.", "what_to_do": ["Plug it in again."]}
    archive = {**stage.state["archive"], "there": False, "free": None, "trouble": trouble}
    stage.become(phone=phone(), archive=archive)
    surfer.go("On the phone")
    surfer.see(".tray", "The disk with the backup is gone.")
    found["no backup to choose for"] = violations(surfer)
    surfer.go("Home")
    surfer.see(".pair", "The disk with the backup is gone.")
    found["no backup"] = violations(surfer)
    assert found == {name: [] for name in found}


SMALL_TARGETS = """
  const small = [];
  for (const each of document.querySelectorAll('a, button, input, select, summary, .tile')) {
    const target = each.matches('input') ? each.closest('label') ?? each : each;
    const box = target.getBoundingClientRect();
    if (box.width === 0 || each.closest('.skip')) continue;
    if (Math.min(box.width, box.height) < 43.5) small.push(`${each.outerHTML.slice(0, 120)} ${box.width}`);
  }
  return small;
"""


@pytest.mark.parametrize("size", [(1280, 900), (640, 450), (320, 640)], ids=["wide", "at 200 %", "phone"])
def test_targets_are_large_and_nothing_is_cut_off_sideways(surfer, stage, size):
    # A window of 1280 x 900 at 200 % is one of 640 x 450.
    surfer.size(*size)
    surfer.open(stage.url)
    for page in PAGES:
        fill(surfer, page)
        if page == "Progress":
            stage.tell_job()
            surfer.see(".running", "25 %")
        assert surfer.run(SMALL_TARGETS) == [], page
        wide = surfer.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, page


def test_what_is_said_of_a_picture(surfer, stage):
    stage.items[0][4] = ""
    surfer.open(stage.url, "On the phone")
    surfer.until(lambda: surfer.count(".tile") > 10, "tiles")
    labels = surfer.run("return [...document.querySelectorAll('.tile')].map((tile) => tile.ariaLabel)")
    assert labels[0] == "Photo, no date, not yet backed up"
    assert labels[1] == "Photo, 8 February 2026 17:59, not yet backed up"
    assert any(label.startswith("Screenshot, ") for label in labels)
    boxes = [box.get_attribute("aria-label") for box in surfer.all(".day input")]
    assert "All of Sunday, 8 February 2026, 39 pictures" in boxes


def test_new_and_safe_differ_by_word_and_shape(surfer, stage):
    stage.items[1][6] = 1
    surfer.open(stage.url, "On the phone")
    new, safe = surfer.until(lambda: surfer.all(".badge")[:2], "badges")
    assert (new.text, safe.text) == ("New", "Safe")
    shapes = [badge.find_element("css selector", "path").get_attribute("d") for badge in (new, safe)]
    assert shapes[0] != shapes[1]


def test_motion_is_reduced_where_that_is_wished(surfer, stage):
    surfer.open(stage.url, "On the phone")
    surfer.until(lambda: surfer.count(".picture.there img") > 3, "pictures")
    moving = "return getComputedStyle(document.querySelector('.picture img')).transitionDuration"
    assert surfer.run(moving) == "0s"
    surfer.look(dark=False, still=False)
    surfer.until(lambda: surfer.run(moving) != "0s", "motion")
