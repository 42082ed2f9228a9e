"""20,000 pictures: only what is seen is in the page and asked for. Times: see scripts/gallery-scale."""

from __future__ import annotations

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
    return {path for path, _ in stage.asked if path.startswith("/thumb/phone/")}


def seen(surfer):
    """Ids of pictures in the window."""
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
    # From end to end in leaps: what was passed by in a moment is never asked for.
    surfer.run_module("""
      const height = document.documentElement.scrollHeight;
      for (let y = 0; y < height; y += height / 60) {
        scrollTo(0, y);
        await new Promise(requestAnimationFrame);
      }
      scrollTo(0, height);
    """)
    surfer.until(
        lambda: surfer.run("return document.querySelectorAll('.picture.there img').length") >= seen(surfer) > 0,
        "the last thumbnails",
    )
    assert len(thumbs(full)) < 400
    assert surfer.count(".tile") < 150


def test_a_leap_to_a_month_and_the_way_back(surfer, full):
    surfer.open(full.url, "On the phone")
    options = surfer.until(lambda: surfer.all('select[aria-label="Go to a month"] option')[1:], "months")
    wanted = options[len(options) // 2]
    name = wanted.text.rsplit(" (", 1)[0]
    wanted.click()
    heading = surfer.see(".month h2", name)
    place = surfer.run("return arguments[0].getBoundingClientRect().top", heading)
    bar = surfer.run("return document.querySelector('.toolbar').getBoundingClientRect().bottom")
    assert bar - 1 <= place < 400
    assert name in surfer.focused.get_attribute("aria-label")


def test_a_turned_window_keeps_its_place(surfer, full):
    surfer.size(1280, 900)
    surfer.open(full.url, "On the phone")
    surfer.until(lambda: surfer.count(".tile") > 10, "tiles")
    surfer.run("scrollTo(0, 50000)")
    middle = (
        "return Number([...document.querySelectorAll('.tile')].find((t) => "
        "t.getBoundingClientRect().top > 120).dataset.entry)"
    )
    surfer.until(lambda: surfer.run("return scrollY") > 40000 and surfer.run(middle) > 500, "the middle")
    before = surfer.run(middle)
    surfer.size(700, 1000)
    surfer.until(lambda: surfer.one(".grid").get_attribute("aria-colcount") != "5", "fewer columns")
    assert abs(surfer.run(middle) - before) < 12


def test_copying_goes_before_thumbnails(surfer):
    stage = Stage(60)
    try:
        stage.copying = True
        surfer.open(stage.url, "On the phone")
        surfer.until(lambda: thumbs(stage), "a question for a thumbnail")
        assert surfer.count(".picture.there img") == 0
        # A few were asked at once; after the refusal there is a pause, not a storm.
        assert len([1 for path, _ in stage.asked if path.startswith("/thumb/phone/")]) <= 8
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
