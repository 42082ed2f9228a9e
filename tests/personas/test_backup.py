"""Each persona's album comes whole: every byte, every date, and nothing twice."""

from __future__ import annotations

import pytest

from mtpbackup.virtual import PERSONAS
from tests.personas.album import what_is_on


@pytest.mark.parametrize("persona", PERSONAS)
def test_everything_comes_and_a_second_run_finds_nothing_new(bench, persona):
    phone = bench.phone(persona)
    truth = what_is_on(phone)
    first = bench.back_up(phone)
    assert first.complete, (first, first.failures)
    assert first.saved.items == len(truth)
    saved = bench.saved()
    assert saved.keys() == truth.keys()
    for path, (content, date) in truth.items():
        assert saved[path] == (content, date), path
    phone.replug()
    phone.log.clear()
    second = bench.back_up(phone)
    assert second.complete, second
    assert (second.saved.items, second.safe.items) == (0, len(truth))
    assert second.read == 0
