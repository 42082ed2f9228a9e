"""Starting Chromium without a window: for the tests, and for the scripts that measure and show the pages."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from selenium import webdriver

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
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--lang=en",
    "--window-size=1280,900",
]


def start(profile: Path, downloads: Path | None = None) -> webdriver.Chrome:
    """Starts it with a profile of its own.

    Args:
        profile: an empty folder.
        downloads: where downloads go.
    """
    if BROWSER is None or DRIVER is None:
        raise FileNotFoundError(f"no browser: {PACKAGES}")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
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
