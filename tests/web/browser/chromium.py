"""Starting Chromium without a window: for the tests, and for the scripts that measure and show the pages."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import WebDriverException

log = logging.getLogger(__name__)

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")

#: What is missing where one of them is.
PACKAGES = "Debian packages chromium and chromium-driver"

FLAGS = [
    "--headless=new",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # A window that nobody sees is a window all the same: its clocks and its frames do not slow down.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--lang=en",
    "--window-size=1280,900",
]


#: Times that a start is tried: on a busy computer the browser now and then does not answer its driver in time.
_TRIES = 3


def start(profile: Path, downloads: Path | None = None) -> webdriver.Chrome:
    """Starts it with a profile of its own.

    Args:
        profile: an empty folder; each try takes one below it.
        downloads: where downloads go.

    Raises:
        FileNotFoundError: there is none.
        WebDriverException: it does not start.
    """
    if BROWSER is None or DRIVER is None:
        raise FileNotFoundError(f"no browser: {PACKAGES}")
    for number in range(1, _TRIES):
        try:
            return _started(profile / str(number), downloads)
        except WebDriverException as error:
            log.warning("the browser did not start: %s", error.msg)
    return _started(profile / str(_TRIES), downloads)


def _started(profile: Path, downloads: Path | None) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER or ""
    for flag in [*FLAGS, f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    if os.geteuid() == 0:
        # Chromium's own sandbox does not work as root. All that it loads here comes from this computer.
        options.add_argument("--no-sandbox")
    if downloads is not None:
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(DRIVER, log_output=subprocess.DEVNULL)
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(240)
    return driver
