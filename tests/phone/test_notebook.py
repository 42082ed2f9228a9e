"""The file in which is kept what phones have shown in use: readable, shareable, harmless when wrong."""

from __future__ import annotations

import logging
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.phone import Notebook
from mtpbackup.session import Learnt, Model
from mtpbackup.session.learnt import DISPENSABLE, LONGEST_PAUSE

P30 = Model("HUAWEI", "ELE-L29", "12.0")
LEARNT = Learnt(property_lists=False, pause=0.02, refused=frozenset({0x95C1}))
TODAY = date(2026, 11, 24)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state/mtpbackup/phones.toml"


def notebook(path, today=TODAY):
    return Notebook(path, lambda: today)


def test_what_is_kept_is_known_to_the_next_run(path):
    notebook(path).keep(P30, LEARNT)
    assert notebook(path).recall(P30) == LEARNT
    assert notebook(path).recall(Model("HUAWEI", "ELE-L29", "13.0")) == Learnt(), "another firmware"


def test_a_person_can_read_it(path):
    notebook(path).keep(P30, LEARNT)
    text = path.read_text()
    assert text.startswith("# What mtpbackup has learnt of phones")
    assert (
        'model = "ELE-L29"\nfirmware = "12.0"\nlearnt = 2026-11-24\nproperty_lists = false\npause_ms = 20\n'
        in text
    )
    assert "refused_operations = [0x95c1]" in text


def test_what_another_run_noted_meanwhile_stays(path):
    first, second = notebook(path), notebook(path)
    first.keep(P30, LEARNT)
    second.keep(Model("LGE", "LG-H870", "1.0"), Learnt(top_property_lists=False))
    assert len(notebook(path).notes()) == 2


def test_a_note_is_forgotten_after_some_months(path):
    notebook(path).keep(P30, LEARNT)
    assert notebook(path, TODAY + timedelta(days=179)).recall(P30) == LEARNT
    assert notebook(path, TODAY + timedelta(days=181)).recall(P30) == Learnt()
    assert notebook(path, TODAY - timedelta(days=1)).recall(P30) == Learnt(), "a clock that was wrong"


@pytest.mark.parametrize(
    "damaged",
    [b"[[phone", b"\xff\xfe\0", b"phone = 3", b"# " + b"x" * 1_000_001, b"a = " + b"[" * 2_000],
    ids=["cut off", "no text", "another shape", "huge", "deep"],
)
def test_a_damaged_file_is_ignored_and_logged(path, damaged, caplog):
    path.parent.mkdir(parents=True)
    path.write_bytes(damaged)
    with caplog.at_level(logging.WARNING):
        assert notebook(path).recall(P30) == Learnt()
    assert "is ignored" in caplog.text
    notebook(path).keep(P30, LEARNT)
    assert notebook(path).recall(P30) == LEARNT


@pytest.mark.parametrize(
    "wrong",
    [
        'pause_ms = "long"',
        "property_lists = 0",
        "refused_operations = 5",
        'refused_operations = ["x"]',
        "learnt = 3",
    ],
)
def test_a_note_that_makes_no_sense_hides_no_other(path, wrong, caplog):
    notebook(path).keep(P30, LEARNT)
    other = '\n[[phone]]\nmanufacturer = "A"\nmodel = "B"\nfirmware = "C"\n'
    date_line = "" if wrong.startswith("learnt") else "learnt = 2026-11-24\n"
    path.write_text(path.read_text() + other + date_line + wrong + "\n")
    assert notebook(path).recall(P30) == LEARNT
    assert notebook(path).recall(Model("A", "B", "C")) == Learnt()
    assert "is ignored" in caplog.text


def test_a_note_from_elsewhere_cannot_stop_a_backup(path):
    path.parent.mkdir(parents=True)
    path.write_text(
        '[[phone]]\nmanufacturer = "HUAWEI"\nmodel = "ELE-L29"\nfirmware = "12.0"\nlearnt = 2026-11-24\n'
        "pause_ms = 3600000\nrefused_operations = [0x1009, 0x1007, 0x95c1]\n"
    )
    learnt = notebook(path).recall(P30)
    assert learnt.pause == LONGEST_PAUSE
    assert learnt.refused == {0x95C1}, "nothing that cannot be done in another way"


def test_a_place_that_cannot_be_written_stops_nothing(tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    book = notebook(tmp_path / "file/phones.toml")
    book.keep(P30, LEARNT)
    assert "is not noted" in caplog.text
    assert book.recall(P30) == LEARNT, "for this run"


names = st.text(max_size=30)


@given(
    names,
    names,
    st.booleans(),
    st.booleans(),
    st.integers(0, int(LONGEST_PAUSE * 1000)),
    st.frozensets(st.sampled_from(sorted(DISPENSABLE))),
)
def test_whatever_a_phone_calls_itself_comes_back(maker, model, lists, tops, pause, refused):
    import tempfile
    from pathlib import Path

    learnt = Learnt(property_lists=lists, top_property_lists=tops, pause=pause / 1000, refused=refused)
    who = Model(maker, model, "1.0")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "phones.toml")
        notebook(path).keep(who, learnt)
        assert notebook(path).recall(who) == learnt
