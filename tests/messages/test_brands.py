"""The steps of each maker's phones."""

import pytest

from mtpbackup.messages import HOW_TO_UNLOCK
from mtpbackup.messages.about_brands import INSTEAD_OF_FILES, how_to_unlock, named_brands
from mtpbackup.transport.devices import UsbMode
from mtpbackup.transport.match import VENDORS

MAIN = ("Samsung", "Xiaomi", "Huawei", "Honor", "OnePlus", "OPPO", "Google", "Motorola", "Sony", "Apple")


@pytest.mark.parametrize("maker", MAIN)
def test_the_main_makers_have_steps_of_their_own(maker):
    (vendor,) = (number for number, name in VENDORS.items() if name == maker)
    assert vendor in named_brands()
    assert how_to_unlock(vendor) != HOW_TO_UNLOCK


def test_all_named_makers_are_in_the_table_of_phones():
    assert named_brands() <= set(VENDORS)


def test_an_unknown_maker_has_the_steps_of_any_phone():
    assert how_to_unlock(0) == how_to_unlock(0x1234) == HOW_TO_UNLOCK


def test_an_iphone_is_asked_to_trust_and_never_to_swipe():
    assert "Trust" in " ".join(how_to_unlock(0x05AC))
    assert "swipe" not in " ".join(how_to_unlock(0x05AC)).lower()


def test_every_mode_without_files_has_words():
    assert set(INSTEAD_OF_FILES) == {mode.value for mode in UsbMode} - {"files", "photos"}
