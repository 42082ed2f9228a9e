"""A person at the browser: looks for things as people do, and waits for what should be there."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    JavascriptException,
    MoveTargetOutOfBoundsException,
    NoSuchElementException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver import ActionChains, Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

T = TypeVar("T")

#: Seconds after which something that should be there is missing. Only failing tests wait so long; a computer
#: that does ten other things at once needs some of them.
PATIENCE = 45.0

#: What a look stumbles over while the page is drawn anew: an element that is gone between being found and being
#: read, and a script that found none. It means "not yet", as a look that finds nothing does.
NOT_YET = (StaleElementReferenceException, NoSuchElementException, JavascriptException)

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
        self.leave()
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

    def leave(self) -> None:
        """Leaves the page: before its server ends, else the browser complains of answers that were cut off."""
        self.driver.get("about:blank")

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
        """Waits until something is so, and gives it.

        Args:
            look: looks at the page, or elsewhere. May stumble over a page that is being drawn anew (`NOT_YET`).
            what: what is waited for, for the failure.

        Raises:
            AssertionError: it did not come; names what the last look stumbled over.
        """
        end = time.monotonic() + PATIENCE
        while True:
            stumbled: WebDriverException | None = None
            try:
                found = look()
            except NOT_YET as error:
                found, stumbled = None, error  # type: ignore[assignment]
            if found:
                return found
            if time.monotonic() > end:
                last = "" if stumbled is None else f"; the last look: {type(stumbled).__name__}: {stumbled.msg}"
                raise AssertionError(
                    f"waited in vain for {what or look}{last}; the page says: {self.text('body')[:1500]}"
                ) from stumbled
            time.sleep(0.03)

    def read(self, look: Callable[[], T]) -> T:
        """What a look says, whatever that is; looks again where the page was drawn anew meanwhile."""
        return self.until(lambda: (look(),))[0]

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

    def click_with(self, key: str, css: str) -> None:
        """Clicks on something while a key is held down, as soon as that is possible."""

        def attempt() -> bool:
            element = self.run(FIND, css, "")
            if element is None:
                return False
            chain = ActionChains(self.driver)
            try:
                chain.key_down(key).click(element).key_up(key).perform()
            except (*NOT_YET, MoveTargetOutOfBoundsException):
                chain.reset_actions()  # else the key would be held from here on
                return False
            return True

        self.until(attempt, f"a click on {css} with a key")

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
