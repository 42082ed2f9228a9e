"""The driver itself: what it waits for, what it forgives, and what it names when it waited in vain."""

from __future__ import annotations

import pytest
from selenium.common.exceptions import JavascriptException
from selenium.webdriver.common.keys import Keys

from tests.web.browser import surfer as module

pytestmark = pytest.mark.browser

READ = "return document.querySelector('#late').dataset.word"


@pytest.fixture
def late(surfer):
    """A page in which an element is drawn anew all the time; what it says can be read only now and then."""
    surfer.run("""
      let turn = 0;
      window.drawing = setInterval(() => {
        turn += 1;
        const button = document.createElement('button');
        button.id = 'late';
        button.dataset.word = 'here';
        button.textContent = `turn ${turn}`;
        if (turn % 4 === 0) document.body.replaceChildren(button);
        else if (turn % 4 === 3) document.body.replaceChildren();
      }, 15);
    """)
    yield surfer
    surfer.run("clearInterval(window.drawing)")


def test_a_script_that_found_nothing_means_not_yet(late):
    with pytest.raises(JavascriptException):
        late.run("document.body.replaceChildren();" + READ)
    for _ in range(20):
        assert late.until(lambda: late.run(READ), "the word") == "here"


def test_an_element_that_is_drawn_anew_is_looked_for_again(late):
    for _ in range(20):
        assert late.read(lambda: [element.text for element in late.all("#late")] or ["turn"])[0].startswith(
            "turn"
        )


def test_what_the_last_look_stumbled_over_is_named(surfer, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    with pytest.raises(
        AssertionError, match=r"in vain for a word; the last look: JavascriptException: .*dataset"
    ):
        surfer.until(lambda: surfer.run(READ), "a word")
    with pytest.raises(AssertionError, match=r"in vain for nothing; the page says"):
        surfer.until(lambda: False, "nothing")


def test_a_mistake_of_the_test_is_told_at_once(surfer):
    with pytest.raises(ZeroDivisionError):
        surfer.until(lambda: 1 / 0)


BUTTON = """
  const button = document.createElement('button');
  button.textContent = 'a button';
  button.addEventListener('click', (event) => { document.title = `clicked ${event.shiftKey}`; });
  document.body.replaceChildren(button);
"""


def test_a_click_with_a_key_that_missed_does_not_leave_the_key_held(surfer, monkeypatch):
    surfer.run(BUTTON)
    found = []

    def find(script, *arguments):
        element = surfer.driver.execute_script(script, *arguments)
        if script == module.FIND:
            found.append(element)
            if len(found) == 1:
                surfer.driver.execute_script(BUTTON)  # drawn anew between being found and being clicked
        return element

    with monkeypatch.context() as patched:
        patched.setattr(surfer, "run", find)
        surfer.click_with(Keys.SHIFT, "button")
    assert len(found) == 2
    surfer.until(lambda: surfer.driver.title == "clicked true", "the click with the key")
    surfer.click("button")
    surfer.until(lambda: surfer.driver.title == "clicked false", "the click without it")
