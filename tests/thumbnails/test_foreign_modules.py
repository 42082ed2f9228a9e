"""Whatever lies in the folder a person is in is not taken for a part of Python or of this program."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from mtpbackup.thumbnails import Pool


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of downloads with a module that programs load."""
    (tmp_path / "json.py").write_text(f"open({str(tmp_path / 'loaded')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_processes_that_make_small_pictures_look_at_none_of_it(folder):
    with Pool(1) as pool, (folder / "picture.png").open("w+b") as file:
        Image.new("RGB", (64, 64)).save(file, "PNG")
        file.flush()
        thumbnail = pool.thumbnail(file.fileno())
    assert not (folder / "loaded").exists()
    assert thumbnail
    assert Image.open(io.BytesIO(thumbnail)).size == (64, 64)
