"""Backups on the file systems of sticks, cards and disks, which not every computer's kernel can mount."""

from __future__ import annotations

import pytest

from tests.archive import test_disk
from tests.archive.test_disk import mount

__all__ = ["mount"]


@pytest.mark.parametrize("kind", ["vfat", "exfat", "btrfs"])
def test_a_backup_on_it(mount, kind):
    test_disk.test_real_file_systems(mount, kind)


@pytest.mark.parametrize("kind", ["vfat", "exfat"])
def test_a_full_one(mount, kind):
    test_disk.test_real_full_disk(mount, kind)
