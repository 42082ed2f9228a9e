"""Dates in the phone's own words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.wire import PhoneDate, format_date, parse_date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20240506T070809", PhoneDate(datetime(2024, 5, 6, 7, 8, 9))),
        ("20240506T070809.5", PhoneDate(datetime(2024, 5, 6, 7, 8, 9, 500_000))),
        ("20240506T070809.123456789", PhoneDate(datetime(2024, 5, 6, 7, 8, 9, 123_456))),
        ("20240506T070809Z", PhoneDate(datetime(2024, 5, 6, 7, 8, 9), timedelta())),
        ("20240506T070809.0Z", PhoneDate(datetime(2024, 5, 6, 7, 8, 9), timedelta())),
        ("20240506T070809+0200", PhoneDate(datetime(2024, 5, 6, 7, 8, 9), timedelta(hours=2))),
        ("20240506T070809-0330", PhoneDate(datetime(2024, 5, 6, 7, 8, 9), -timedelta(hours=3, minutes=30))),
        ("00010101T000000", PhoneDate(datetime(1, 1, 1))),
        ("99991231T235959", PhoneDate(datetime(9999, 12, 31, 23, 59, 59))),
        ("20240229T120000", PhoneDate(datetime(2024, 2, 29, 12))),
    ],
)
def test_dates(text, expected):
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    "junk",
    [
        "",
        " ",
        "00000000T000000",
        "20230229T120000",
        "20240506T240000",
        "20240506T070860",
        "20240506",
        "20240506070809",
        "2024-05-06T07:08:09",
        "20240506T070809 ",
        "20240506T070809\n",
        "20240506T070809.",
        "20240506T070809+2",
        "20240506T070809+0260",
        "20240506T070809+2400",
        "20240506T070809CEST",
        "2024050\u0666T070809",  # an Arabic six: a digit to Python's \\d, not to a phone
        "99999999T999999",
    ],
)
def test_junk_is_no_date(junk):
    assert parse_date(junk) is None


@given(st.text())
def test_no_text_is_an_error(text):
    parse_date(text)


@given(st.datetimes())
def test_local_time_there_and_back(moment):
    assert parse_date(format_date(moment)) == PhoneDate(moment.replace(microsecond=0))


@given(st.datetimes(), st.integers(-23 * 60, 23 * 60))
def test_a_zone_there_and_back(moment, minutes):
    offset = timedelta(minutes=minutes)
    text = format_date(moment.replace(tzinfo=timezone(offset)))
    assert parse_date(text) == PhoneDate(moment.replace(microsecond=0), offset)


def test_how_dates_are_written():
    assert format_date(datetime(987, 5, 6, 7, 8, 9, 999_999)) == "09870506T070809"
    assert format_date(datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)) == "20240506T070809Z"
    minus = timezone(-timedelta(hours=3, minutes=30))
    assert format_date(datetime(2024, 5, 6, 7, 8, 9, tzinfo=minus)) == "20240506T070809-0330"


def test_the_instant_is_known_only_with_a_zone():
    assert parse_date("20240506T070809").instant is None
    assert parse_date("20240506T070809+0200").instant == datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC)
    assert parse_date("00010101T000000+0200").instant is None
