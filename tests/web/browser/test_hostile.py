"""Names from a phone are hostile: whatever they hold, they are text, and text that does not deceive."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from tests.web.browser.stage import phone

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=\"document.title='broken into'\"><script>document.title='broken into'</script>"
#: Reads as "photo_gpj.exe" turned around: "photo_exe.jpg".
TURNED = "photo_\u202egpj.exe"
LONG = "very long name " * 40 + ".jpg"
COMBINING = "z" + "\u0351" * 300 + ".jpg"


@pytest.fixture
def evil(stage):
    """A phone and a backup of nothing but bad names."""
    names = [f"{EVIL}.jpg", TURNED, LONG, COMBINING, "null\x00byte\x1b[31m.jpg", "__proto__", "constructor"]
    stage.folders = [[EVIL, f"DCIM/{EVIL}"], ["\u202eedis", f"../../{TURNED}"]]
    date = "2026-02-08T18:05:30"
    group = "__proto__"
    rows = [[name, name, index % 2, 1000, date, "photo", 0, "", ""] for index, name in enumerate(names)]
    rows += [[f"g{n}", f"{EVIL}{n}", 0, 1, date, "photo", 0, group, EVIL] for n in range(2)]
    rows += [["d", "bad date.jpg", 0, 1, '9999-99-99T99:99"><b>', "photo", 0, "", ""]]
    stage.items = stage.saved = rows
    stage.state["phone"] = phone(name=EVIL, headline=EVIL)
    stage.state["phones"] = [
        {"id": 1, "name": EVIL, "files": 1, "bytes": 1},
        {"id": 2, "name": TURNED, "files": 1, "bytes": 1},
    ]
    stage.state["archive"] |= {"name": EVIL, "root": EVIL}
    stage.state["runs"][0]["phone"] = EVIL
    stage.answers["/api/help"] = {"findings": [{"state": EVIL, "headline": EVIL, "what_to_do": [EVIL]}]}
    stage.orders["/api/restore/preview"] |= {
        "headline": EVIL,
        "clashes": [{"id": "1", "name": EVIL, "what": TURNED}],
    }
    return stage


def harmless(surfer):
    """Nothing of it became an element or ran, and no character turns the text around."""
    assert not surfer.run("return document.querySelectorAll('img[onerror], main script, main b').length")
    assert "broken into" not in surfer.driver.title
    everything = (
        "return document.body.textContent + [...document.querySelectorAll('*')].map((each) => "
        "(each.ariaLabel ?? '') + (each.title ?? '') + (each.alt ?? '')).join()"
    )
    text = surfer.run(everything)
    assert not set(text) & {"\u202e", "\u202d", "\u2066", "\x00", "\x1b"}
    width = surfer.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0


def test_bad_names_do_no_harm_on_any_page(surfer, evil):
    surfer.open(evil.url)
    surfer.see(".hero", "<script>")
    harmless(surfer)
    for page in ("On the phone", "In the backup", "Put back"):
        surfer.go(page)
        surfer.until(lambda: surfer.count(".tile") == len(evil.items) - 1, page)
        harmless(surfer)
    surfer.go("Help")
    surfer.see(".findings", "<script>")
    harmless(surfer)
    surfer.go("Progress")
    evil.tell_job(current=f"DCIM/{EVIL}")
    surfer.see(".running", "<script>")
    harmless(surfer)
    evil.tell_job(
        state="failed",
        headline=EVIL,
        what_to_do=[EVIL, EVIL],
        failures=[{"id": None, "path": TURNED, "why": EVIL}],
    )
    surfer.see(".ended", "photo_\ufffdgpj.exe")
    harmless(surfer)


def test_bad_names_do_no_harm_at_large_and_on_the_way_back(surfer, evil):
    surfer.open(evil.url, "In the backup")
    surfer.click(".tile")
    surfer.see("dialog.viewer", "<img src=x")
    harmless(surfer)
    surfer.press(Keys.ARROW_RIGHT)
    surfer.see("dialog.viewer h2", "photo_\ufffdgpj.exe")
    harmless(surfer)
    surfer.press(Keys.ESCAPE)
    surfer.go("Put back")
    surfer.click(".tile")
    surfer.click(".tray button", "Next")
    surfer.see("dialog.sheet", "photo_\ufffdgpj.exe")
    harmless(surfer)


def test_ids_stay_one_part_of_an_address(surfer, stage):
    stage.saved = [["../../api/stop?x=1#y", "a.jpg", 0, 1, "2026-02-08T18:05:30", "photo", 1, "", ""]]
    surfer.open(stage.url, "In the backup")
    surfer.until(lambda: any(path.startswith("/thumb/archive/") for path, _ in stage.asked), "a thumbnail")
    surfer.click(".tile")
    surfer.see("dialog.viewer", "a.jpg")
    assert ("/thumb/archive/../../api/stop?x=1#y", None) in stage.asked
    surfer.until(lambda: ("/file/archive/../../api/stop?x=1#y", None) in stage.asked, "the file")
    link = surfer.see("dialog a", "Download").get_attribute("href")
    assert link.endswith("/file/archive/..%2F..%2Fapi%2Fstop%3Fx%3D1%23y?download=1")
