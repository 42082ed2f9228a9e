"""A real browser for the pages: Debian's Chromium, without a window, driven by Selenium."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.browser.stage import Stage
from tests.web.browser.surfer import Surfer

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")

#: What the console says of answers that are meant to be refusals, and of servers that end before the page does.
EXPECTED = re.compile(
    r"Failed to load resource: (the server responded with a status of (404|409|503)|net::ERR_(CONN|EMPTY))"
)

FLAGS = [
    "--headless=new",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--lang=en",
    "--window-size=1280,900",
]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surfer]:
    """The browser, started once."""
    selenium = pytest.importorskip("selenium.webdriver", reason="pip install selenium (the extra dev has it)")
    if BROWSER is None or DRIVER is None:
        pytest.skip("no browser: Debian packages chromium and chromium-driver")
    options = selenium.ChromeOptions()
    options.binary_location = BROWSER
    profile = tmp_path_factory.mktemp("profile")
    downloads = tmp_path_factory.mktemp("downloads")
    for flag in [*FLAGS, f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    if os.geteuid() == 0:
        # Chromium's own sandbox does not work as root. All that it loads here comes from this computer.
        options.add_argument("--no-sandbox")
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = selenium.ChromeService(DRIVER, log_output=subprocess.DEVNULL)
    driver = selenium.Chrome(options=options, service=service)
    driver.set_script_timeout(20)
    try:
        yield Surfer(driver, Path(downloads))
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
    browser.driver.get("about:blank")
    assert not said, said


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A server that says what the test wants."""
    stage = Stage()
    yield stage
    stage.stop()
