"""20,000 pictures: only what is seen is in the page and asked for. Times: see scripts/gallery-scale."""

from __future__ import annotations

import time

import pytest

from tests.web.browser.stage import Stage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def full():
    """A phone with 20,000 files."""
    stage = Stage(20_000)
    yield stage
    stage.stop()


def thumbs(stage):
    return {path for path, _ in tuple(stage.asked) if path.startswith("/thumb/phone/")}


def seen(surfer):
    """How many pictures are in the window."""
    return surfer.run("""return [...document.querySelectorAll('.tile')].filter((tile) => {
        const box = tile.getBoundingClientRect();
        return box.bottom > 0 && box.top < innerHeight;
      }).length""")


def test_only_what_is_seen_is_in_the_page_and_asked_for(surfer, full):
    full.asked.clear()
    surfer.open(full.url, "On the phone")
    surfer.see(".chip", "20,000")
    surfer.until(lambda: surfer.count(".picture.there") >= 15, "thumbnails")
    assert surfer.count(".tile") < 150
    assert len(thumbs(full)) < 80
    # From end to end in leaps: what was passed by in a moment is never asked for. The program is slower than
    # the leaps are, whatever else the computer does.
    full.thumb_gate.clear()
    surfer.run_module("""
      const height = document.documentElement.scrollHeight;
      for (let y = 0; y < height; y += height / 60) {
        scrollTo(0, y);
        await new Promise(requestAnimationFrame);
      }
      scrollTo(0, height);
    """)
    full.thumb_gate.set()
    surfer.until(lambda: surfer.count(".picture.there img") >= seen(surfer) > 0, "the last thumbnails")
    assert len(thumbs(full)) < 400
    assert surfer.count(".tile") < 150


def test_a_leap_to_a_month_and_the_way_back(surfer, full):
    surfer.open(full.url, "On the phone")
    options = surfer.until(lambda: surfer.all('select[aria-label="Go to a month"] option')[1:], "months")
    wanted = options[len(options) // 2]
    name = wanted.text.rsplit(" (", 1)[0]
    wanted.click()

    def place():
        heading = surfer.see(".month h2", name)
        top = surfer.run("return arguments[0].getBoundingClientRect().top", heading)
        return top - surfer.run("return document.querySelector('.toolbar').getBoundingClientRect().bottom")

    surfer.until(lambda: -1 <= place() < 300, "the month's name below the bar")
    surfer.until(lambda: name in surfer.focused.get_attribute("aria-label"), "the focus in that month")


def test_a_turned_window_keeps_its_place(surfer, full):
    surfer.size(1280, 900)
    surfer.open(full.url, "On the phone")
    surfer.until(lambda: surfer.count(".tile") > 10, "tiles")
    surfer.run("scrollTo(0, 50000)")

    def first():
        """The first picture below the bar; -1 in the moment after scrolling in which none is drawn."""
        return surfer.run("""
          const below = [...document.querySelectorAll('.tile')].find((tile) =>
            tile.getBoundingClientRect().top > 120);
          return below ? Number(below.dataset.entry) : -1;
        """)

    def columns():
        return int(surfer.one(".grid").get_attribute("aria-colcount"))

    wide = columns()
    before = surfer.until(
        lambda: surfer.run("return scrollY") > 40000 and first() > 500 and first(), "the middle"
    )
    surfer.size(700, 1000)
    surfer.until(lambda: columns() < wide, "fewer columns")
    surfer.until(lambda: abs(first() - before) < 12, "the pictures from before")


def test_copying_goes_before_thumbnails(surfer):
    stage = Stage(60)
    try:
        stage.copying = True
        began = time.monotonic()
        surfer.open(stage.url, "On the phone")
        surfer.until(lambda: thumbs(stage), "a question for a thumbnail")
        assert surfer.count(".picture.there img") == 0
        # A few were asked at once; after the refusal there is a pause of a second each time, not a storm.
        asked = sum(path.startswith("/thumb/phone/") for path, _ in tuple(stage.asked))
        assert asked <= 8 + 4 * (time.monotonic() - began)
        stage.copying = False
        surfer.until(lambda: surfer.count(".picture.there img") > 5, "thumbnails after the copying")
    finally:
        stage.stop()


def test_questions_for_what_scrolled_away_are_taken_back(surfer):
    stage = Stage(2000)
    stage.thumb_gate.clear()
    try:
        surfer.open(stage.url, "On the phone")
        surfer.until(lambda: len(thumbs(stage)) == 4, "four questions at once")
        surfer.run("scrollTo(0, 30000)")
        # While those four still hang: only a page that let go of them asks for others.
        surfer.until(lambda: len(thumbs(stage)) == 8, "questions for what is seen now")
        stage.thumb_gate.set()
        surfer.until(lambda: surfer.count(".picture.there img") > 5, "thumbnails")
    finally:
        stage.thumb_gate.set()
        stage.stop()
