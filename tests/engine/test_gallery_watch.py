"""What tells of no change by itself is looked at again and again."""

from __future__ import annotations

import threading

from mtpbackup.engine.gallery.watch import Watch

LATEST = 60


def test_changes_are_told_also_after_one_that_could_not_be(caplog):
    shown = iter("aabbb" + "c" * 1000)
    told = threading.Semaphore(0)
    calls = []

    def changed():
        calls.append(threading.current_thread().name)
        told.release()
        if len(calls) == 1:
            raise ValueError

    watch = Watch(lambda: next(shown), changed, 0.001)
    watch.start()
    assert told.acquire(timeout=LATEST) and told.acquire(timeout=LATEST)
    watch.close()
    assert calls == ["watch", "watch"]
    assert "could not be told" in caplog.text


def test_the_end_waits_for_no_disk_that_hangs():
    looking, over = threading.Event(), threading.Event()

    def hang():
        looking.set()
        over.wait(LATEST)

    watch = Watch(hang, lambda: None, 0.001)
    watch.start()
    assert looking.wait(LATEST)
    watch.close()
    assert watch._thread.is_alive()
    over.set()
    watch._thread.join(LATEST)
    assert not watch._thread.is_alive()


def test_one_that_was_never_started_can_be_closed():
    Watch(lambda: None, lambda: None, 1.0).close()
