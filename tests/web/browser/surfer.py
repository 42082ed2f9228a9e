"""A person at the browser: looks for things as people do, and waits for what should be there."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

T = TypeVar("T")

#: Seconds after which something that should be there is missing. Only failing tests wait so long.
PATIENCE = 15.0

#: The first element of a kind that is to be seen and has some words in it; one question instead of many.
FIND = """
  const [css, words] = arguments;
  const found = [...document.querySelectorAll(css)];
  return found.find((each) => each.checkVisibility() && each.innerText.includes(words));
"""


class Surfer:
    """What a person does with the browser.

    Attributes:
        driver: the browser itself.
        downloads: the folder that downloads go to.
    """

    def __init__(self, driver: Chrome, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads

    # --- the window ---------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Makes it a light, wide window without anything in it."""
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.look(dark=False)
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def look(self, *, dark: bool, still: bool = True) -> None:
        """Sets what the system prefers: dark or light, and little motion."""
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"},
        ]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def size(self, width: int, height: int, *, scale: float = 1) -> None:
        """Gives the window a size in CSS pixels."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False},
        )

    def open(self, url: str, page: str = "Home") -> None:
        """Opens an address, and a page by its link."""
        self.driver.get(url)
        self.see("h1", "Home")
        if page != "Home":
            self.go(page)

    def go(self, page: str) -> None:
        """Goes to a page by its link."""
        self.click(f'nav a[aria-label="{page}"]')
        self.see("h1", page)

    # --- looking ------------------------------------------------------------------------------------------

    def until(self, look: Callable[[], T], what: str = "") -> T:
        """Waits until something is so.

        Elements that are drawn anew while they are looked at are looked at again.
        """
        end = time.monotonic() + PATIENCE
        while True:
            try:
                found = look()
            except StaleElementReferenceException:
                found = None  # type: ignore[assignment]
            if found:
                return found
            if time.monotonic() > end:
                raise AssertionError(
                    f"waited in vain for {what or look}; the page says: {self.text('body')[:1500]}"
                )
            time.sleep(0.03)

    def all(self, css: str) -> list[WebElement]:
        """All elements that are there now."""
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css: str) -> WebElement:
        """An element, as soon as it is there."""
        return self.until(lambda: self.all(css), css)[0]

    def text(self, css: str) -> str:
        """What is to be read in the first such element; nothing where there is none."""
        text: str = self.run("return document.querySelector(arguments[0])?.innerText ?? ''", css)
        return text

    def see(self, css: str, words: str) -> WebElement:
        """Waits for an element with some words in it that are to be seen."""
        return self.until(lambda: self.run(FIND, css, words), f"“{words}” in {css}")

    def count(self, css: str) -> int:
        """How many there are."""
        count: int = self.run("return document.querySelectorAll(arguments[0]).length", css)
        return count

    def run(self, script: str, *arguments: Any) -> Any:
        """Runs a script in the page."""
        return self.driver.execute_script(script, *arguments)

    def run_module(self, script: str, *arguments: Any) -> Any:
        """Runs a script that may use `await` and `import()`; what it returns comes back."""
        answer = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1]; const given = [...arguments].slice(0, -1);"
            f"(async (...args) => {{ {script} }})(...given)"
            ".then((value) => done({ value }), (error) => done({ error: `${error}\\n${error.stack}` }));",
            *arguments,
        )
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["value"]

    def name_of(self, element: WebElement) -> str:
        """What a screen reader calls it."""
        name: str = self.run("return arguments[0].ariaLabel ?? arguments[0].innerText", element)
        return name

    # --- doing --------------------------------------------------------------------------------------------

    def click(self, css: str, words: str = "") -> None:
        """Clicks on something, as soon as that is possible."""

        def attempt() -> bool:
            element = self.run(FIND, css, words)
            if element is None or not element.is_enabled():
                return False
            try:
                element.click()
            except (ElementClickInterceptedException, ElementNotInteractableException):
                # Something lies over it, such as the tray: scroll, as one would.
                self.run("arguments[0].scrollIntoView({ block: 'center' })", element)
                return False
            return True

        self.until(attempt, f"a click on “{words}” in {css}")

    def click_with(self, key: str, element: WebElement) -> None:
        """Clicks while a key is held down."""
        ActionChains(self.driver).key_down(key).click(element).key_up(key).perform()

    def press(self, *keys: str, holding: str = "") -> None:
        """Presses keys, one after the other, where the focus is."""
        chain = ActionChains(self.driver)
        if holding:
            chain.key_down(holding)
        for key in keys:
            chain.send_keys(key)
        if holding:
            chain.key_up(holding)
        chain.perform()

    @property
    def focused(self) -> WebElement:
        """What has the focus."""
        return self.driver.switch_to.active_element
