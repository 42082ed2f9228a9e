"""Ctrl-C is noted while a file is on its way, and never lost."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

import pytest

from mtpbackup.phone.interrupts import interrupts_noted


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def default_is_back() -> bool:
    return signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_noted_and_raised_at_the_end() -> None:
    reached = False
    with pytest.raises(KeyboardInterrupt), interrupts_noted() as interrupts:
        press()
        assert interrupts.came
        with pytest.raises(KeyboardInterrupt):
            interrupts.raise_if_came()
        reached = True
    assert reached and default_is_back()


def test_without_ctrl_c_nothing_happens() -> None:
    with interrupts_noted() as interrupts:
        interrupts.raise_if_came()
    assert default_is_back()


def test_the_second_is_obeyed_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts_noted():
        press()
        press()
        pytest.fail("still here")
    assert default_is_back()


def test_an_error_does_not_hide_it() -> None:
    with pytest.raises(KeyboardInterrupt) as caught, interrupts_noted():
        press()
        raise ValueError("something else")
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(ValueError, match="alone"), interrupts_noted():
        raise ValueError("alone")
    assert default_is_back()


def test_a_program_with_ways_of_its_own_keeps_them() -> None:
    pressed = []

    def own(_number: int, _frame: FrameType | None) -> None:
        pressed.append(True)

    signal.signal(signal.SIGINT, own)
    try:
        with interrupts_noted() as interrupts:
            press()
            assert pressed and not interrupts.came
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def test_other_threads_touch_nothing() -> None:
    trouble: list[BaseException] = []

    def work() -> None:
        try:
            with interrupts_noted():
                assert default_is_back()
        except BaseException as error:
            trouble.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(5)
    assert not trouble
