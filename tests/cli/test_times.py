"""Ages and days as people type them."""

from datetime import datetime, timedelta

import click
import pytest

from mtpbackup.cli.times import moment


@pytest.mark.parametrize(("text", "days"), [("30d", 30), ("2w", 14), ("6m", 180), ("1Y", 365), (" 3d ", 3)])
def test_ages_count_back_from_now(text, days):
    before = datetime.now()
    assert timedelta(0) <= moment(text) - (before - timedelta(days=days)) < timedelta(minutes=1)


def test_a_day_begins_at_midnight():
    assert moment("2024-05-01") == datetime(2024, 5, 1)


def test_an_age_before_all_time_takes_everything():
    assert moment("9999y") == datetime.min


@pytest.mark.parametrize("text", ["", "d", "-3d", "3 days", "2024-13-01", "01.05.2024"])
def test_other_texts_are_refused_with_the_right_form(text):
    with pytest.raises(click.BadParameter, match="Write it like 30d"):
        moment(text)
