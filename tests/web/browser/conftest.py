"""A real browser for the pages: Debian's Chromium, without a window, driven by Selenium."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.web.browser import chromium
from tests.web.browser.stage import Stage
from tests.web.browser.surfer import Surfer

#: What the console says of answers that are meant to be refusals, and of servers that end before the page does.
EXPECTED = re.compile(
    r"Failed to load resource: (the server responded with a status of (404|409|503)|net::ERR_(CONN|EMPTY))"
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surfer]:
    """The browser, started once."""
    if chromium.BROWSER is None or chromium.DRIVER is None:
        pytest.skip(f"no browser: {chromium.PACKAGES}")
    downloads = tmp_path_factory.mktemp("downloads")
    driver = chromium.start(tmp_path_factory.mktemp("profile"), downloads)
    try:
        yield Surfer(driver, downloads)
    finally:
        driver.quit()


@pytest.fixture
def surfer(browser: Surfer) -> Iterator[Surfer]:
    """The browser as a test finds it: nothing open, light, wide. Afterwards its console must have no errors.

    Breaking the content security policy is such an error, so every test here watches over it.
    """
    browser.reset()
    yield browser
    said = [
        line["message"]
        for line in browser.driver.get_log("browser")
        if line["level"] == "SEVERE" and not EXPECTED.search(line["message"])
    ]
    browser.leave()
    assert not said, said


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A server that says what the test wants."""
    stage = Stage()
    yield stage
    stage.stop()
