"""What each persona is called in the README's table, and what a person sees of a backup of such a phone."""

from __future__ import annotations

import pytest

_ALIKE = "A backup like any other."

#: Persona, what the table calls it, what a person sees in short, and words of the program's own.
SEEN = (
    ("pixel", "Pixel, Android 14", _ALIKE, "15 photos and 3 videos"),
    (
        "transcoding",
        "Android 12 and later, converting videos",
        "The original videos, whole.",
        "15 photos and 3 videos",
    ),
    (
        "sdcard",
        "FAT memory card in a phone",
        "Both storages; dates are those of the card.",
        "30 photos and 6 videos",
    ),
    ("older", "Android before 9", _ALIKE, "15 photos and 3 videos"),
    ("compat", "Older phone with “compat” I/O", _ALIKE, "15 photos and 3 videos"),
    ("samsung", "Samsung, own MTP stack", _ALIKE, "15 photos and 3 videos"),
    (
        "xiaomi",
        "Xiaomi, HyperOS",
        "A backup like any other; it waits where the phone is busy.",
        "15 photos and 3 videos",
    ),
    ("huawei", "Huawei, lists with gaps", "Nothing is missing.", "15 photos and 3 videos"),
    ("lg", "LG, lists of everything broken", _ALIKE, "15 photos and 3 videos"),
    ("sony", "Sony, lists of everything broken", _ALIKE, "15 photos and 3 videos"),
    ("camera", "Camera, PTP", "A backup like any other, with the dates of creation.", "4 photos and 1 video"),
    ("iphone", "iPhone, PTP", "Both halves of Live Photos, and edits.", "4 photos, 3 videos and 1 other file"),
    ("basic", "Phone with the least that MTP asks for", _ALIKE, "15 photos and 3 videos"),
    ("qemu", "QEMU's usb-mtp", _ALIKE, "15 photos and 3 videos"),
)


def shows(persona: str) -> pytest.MarkDecorator:
    """The mark of a test that shows something of a persona."""
    name, sees = next((name, sees) for one, name, sees, _ in SEEN if one == persona)
    return pytest.mark.shows(name, sees=sees, kind="phone")
