"""The whole way with the real server and the phone made of code: from a locked phone to pictures put back."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from selenium.webdriver.common.keys import Keys

from mtpbackup.virtual.demo import demo_phone
from tests.web.browser.test_keyboard import enter_grid, tab_to
from tests.web.conftest import serving

pytestmark = pytest.mark.browser


@contextmanager
def open_gallery(surfer, phone, folder):
    """The gallery of a phone and a backup, opened with its token as the program opens it."""
    with serving(phone, folder) as served, served.server.running(served.app, served.listeners):
        surfer.size(1280, 2000)
        surfer.driver.get(served.gate.address())
        surfer.see("h1", "Home")
        yield
        surfer.leave()


def wipe(phone):
    """Deletes everything on the phone, and plugs it in again."""
    for storage, store in enumerate(phone.storages):
        for name in list(store.root.children):
            phone.remove(name, storage)
    phone.replug()


def camera_files(phone):
    """Names of what is in the folders of the phone."""
    names = set()
    for store in phone.storages:
        waiting = [store.root]
        while waiting:
            for child in waiting.pop().children.values():
                if child.is_folder:
                    waiting.append(child)
                else:
                    names.add(child.name)
    return names


def saved_files(folder):
    """Names of what was backed up."""
    return {path.name for path in (folder / "backup" / "Pixel 8").rglob("*") if path.is_file()}


def test_lock_look_choose_back_up_wipe_put_back(surfer, tmp_path):
    with demo_phone(locked=True) as phone, open_gallery(surfer, phone, tmp_path):
        phone.plug()
        surfer.see(".hero", "locked")
        phone.unlock()
        surfer.see(".hero", "46 new")
        surfer.go("On the phone")
        surfer.until(lambda: surfer.count(".picture.there img") >= 12, "thumbnails")

        surfer.click('.tile[data-entry="0"]')
        surfer.click_with(Keys.SHIFT, '.tile[data-entry="11"]')
        surfer.see(".tray", "12 files chosen")
        surfer.click(".tray button", "Back up 12")
        surfer.see(".ended", "12 files copied")
        surfer.go("On the phone")
        surfer.until(lambda: surfer.count(".badge.safe") == 12, "12 safe pictures")
        surfer.click(".chip", "New")
        surfer.until(lambda: surfer.count(".badge.safe") == 0, "only new pictures")
        surfer.go("In the backup")
        surfer.until(lambda: surfer.count(".picture.there img") == 12, "12 pictures in the backup")
        saved = saved_files(tmp_path)
        assert len(saved) == 12

        wipe(phone)
        surfer.go("Home")
        surfer.see(".hero", "No photos or videos on this phone")
        surfer.go("In the backup")
        surfer.until(lambda: surfer.count(".badge.gone") == 12, "12 that are only here")
        surfer.click(".tile")
        surfer.see("dialog.viewer", "no longer")
        surfer.until(
            lambda: surfer.run("return document.querySelector('.view-stage img')?.naturalWidth > 0"), "it"
        )
        surfer.press(Keys.ESCAPE)

        surfer.go("Put back")
        surfer.until(lambda: surfer.count(".tile") == 12, "12 pictures to choose from")
        surfer.click(".tile")
        surfer.press("a", holding=Keys.CONTROL)
        surfer.see(".tray", "12 files chosen")
        surfer.click(".tray button", "Next")
        surfer.click("dialog.sheet button", "Put back 12 files")
        surfer.see(".ended", "12")
        surfer.click(".ended a", "See the phone")
        surfer.until(lambda: surfer.count(".badge.safe") == 12, "12 pictures on the phone, safe")
        assert camera_files(phone) >= saved


def test_the_same_by_keyboard_alone(surfer, tmp_path):
    def follow(words):
        def is_it(element):
            return element.tag_name in {"a", "button"} and words in surfer.name_of(element)

        tab_to(surfer, is_it, words)
        surfer.press(Keys.ENTER)

    with demo_phone() as phone, open_gallery(surfer, phone, tmp_path):
        phone.plug()
        surfer.see(".hero", "46 new")
        follow("On the phone")
        enter_grid(surfer)
        surfer.press(Keys.SPACE)
        surfer.press(*[Keys.ARROW_RIGHT] * 11, holding=Keys.SHIFT)
        surfer.see(".tray", "12 files chosen")
        follow("Back up 12")
        surfer.see(".ended", "12 files copied")
        saved = saved_files(tmp_path)
        assert len(saved) == 12

        wipe(phone)
        surfer.until(lambda: not camera_files(phone), "an empty phone")
        follow("Home")
        surfer.see(".hero", "No photos or videos on this phone")
        follow("Put back")
        enter_grid(surfer)
        surfer.press("a", holding=Keys.CONTROL)
        surfer.see(".tray", "12 files chosen")
        follow("Next")
        surfer.see("dialog.sheet button", "Put back 12 files")
        follow("Put back 12 files")
        surfer.see(".ended", "12")
        assert camera_files(phone) >= saved
