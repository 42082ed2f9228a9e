"""The lab's parts that need no machine: package sources, and the key of its image."""

from __future__ import annotations

import shutil
import sys

import pytest

from tests.project.test_tree import ROOT

sys.path.insert(0, str(ROOT / "scripts/lab"))

from labvm import mirror, places


@pytest.fixture
def apt(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_sources_of_another_release_become_the_guests(apt):
    (apt / "sources.list.d/debian.sources").write_text(
        "Types: deb deb-src\n# a remark\nURIs: http://mirror.example/debian\n"
        "Suites: trixie trixie-updates trixie-backports\nComponents: main contrib\nSigned-By: /keys/a.gpg\n\n"
        "Types: deb\nURIs: http://mirror.example/debian-security\nSuites: trixie-security\nComponents: main\n"
    )
    text = mirror.guest_sources(apt, "trixie")
    assert "Suites: bookworm bookworm-updates\n" in text
    assert "Suites: bookworm-security\n" in text
    assert "backports" not in text
    assert "contrib" not in text
    assert "Signed-By: /keys/a.gpg" in text
    assert text.count("Signed-By:") == 2


def test_one_line_sources_are_understood(apt):
    (apt / "sources.list").write_text(
        "# deb http://old.example/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/keys/b.gpg] http://mirror.example/debian bookworm main non-free  # here\n"
        "deb-src http://mirror.example/debian bookworm main\n"
    )
    text = mirror.guest_sources(apt, "bookworm")
    assert text.splitlines() == [
        "Types: deb",
        "URIs: http://mirror.example/debian",
        "Suites: bookworm",
        "Components: main",
        "Signed-By: /keys/b.gpg",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Types: deb\nURIs: http://other.example/\nSuites: nodistro\nComponents: main\n",
        "Types: deb\nURIs: http://other.example/\nSuites: bookworm\nComponents: main\nEnabled: no\n",
    ],
)
def test_without_sources_for_a_debian_it_says_so(apt, text):
    (apt / "sources.list.d/x.sources").write_text(text)
    with pytest.raises(places.LabError, match="bookworm"):
        mirror.guest_sources(apt, "bookworm")


def test_the_key_follows_the_recipe_and_the_requirements(tmp_path, monkeypatch):
    recipe = tmp_path / "image"
    shutil.copytree(places.RECIPE, recipe)
    monkeypatch.setattr(places, "RECIPE", recipe)
    keys = [places.image_key(), places.image_key()]
    assert keys[0] == keys[1]
    with (recipe / "packages.txt").open("a") as file:
        file.write("hello\n")
    keys.append(places.image_key())
    monkeypatch.setattr(places, "requirements", lambda: ["click>=9"])
    keys.append(places.image_key())
    assert len(set(keys)) == 3


def test_the_cache_is_outside_the_tree(monkeypatch, tmp_path):
    monkeypatch.setenv("MTPBACKUP_LAB", str(tmp_path / "lab"))
    assert places.cache() == (tmp_path / "lab").resolve()
    monkeypatch.delenv("MTPBACKUP_LAB")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert places.cache() == (tmp_path / "cache/mtpbackup-lab").resolve()


def test_the_guest_installs_what_the_program_needs():
    assert any(line.startswith("libusb1") for line in places.requirements())
    assert any(line.startswith("pytest") for line in places.requirements())
