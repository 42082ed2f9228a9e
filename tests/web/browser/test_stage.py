"""The stand-in answers like the real server: same fields, same kinds of values, same rules for the page."""

from __future__ import annotations

import json
import urllib.request

import pytest

from tests.web.browser.stage import Stage


@pytest.fixture
def stage():
    stage = Stage()
    yield stage
    stage.stop()


@pytest.fixture
def real(served):
    """The real server's answers, after a backup."""
    with served.client() as client:
        assert client.post("/api/backup", json={"ids": None}).status_code == 200
        served.when_done("backup")
        yield client


def shape(value):
    """Fields and kinds of values. What may be missing (null) fits everything."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else type(value).__name__


def differences(real, stage, where=""):
    """Where two shapes do not fit each other."""
    if "NoneType" in (real, stage) or [] in (real, stage):
        return []
    if isinstance(real, dict) and isinstance(stage, dict):
        odd = [f"{where}/{name}: only in one" for name in real.keys() ^ stage.keys()]
        return odd + [
            d for name in real.keys() & stage for d in differences(real[name], stage[name], f"{where}/{name}")
        ]
    if isinstance(real, list) and isinstance(stage, list):
        return differences(real[0], stage[0], f"{where}[]")
    return [] if real == stage else [f"{where}: {real} and {stage}"]


def asked(stage, path):
    with urllib.request.urlopen(stage.url.rstrip("/") + path) as answer:
        return json.load(answer)


@pytest.mark.parametrize("path", ["/api/state", "/api/phone/items", "/api/archive/items", "/api/help"])
def test_answers_have_the_fields_of_the_real_ones(real, stage, path):
    answer = real.get(path)
    assert answer.status_code == 200
    assert differences(shape(answer.json()), shape(asked(stage, path))) == []


def test_rows_of_listings_have_the_same_columns(real, stage):
    for path in ("/api/phone/items", "/api/archive/items"):
        ours, theirs = asked(stage, path)["items"][0], real.get(path).json()["items"][0]
        assert [shape(each) for each in ours] == [shape(each) for each in theirs]


def test_details_orders_and_refusals_have_the_same_fields(real, stage):
    item = real.get("/api/archive/items").json()["items"][0][0]
    details = real.get(f"/api/archive/items/{item}").json()
    saved = stage.saved[0][0]
    assert differences(shape(details), shape(asked(stage, f"/api/archive/items/{saved}"))) == []
    preview = real.post("/api/restore/preview", json={"ids": [item], "into": "", "to": "phone"})
    assert preview.status_code == 200
    ours, theirs = stage.orders["/api/restore/preview"], preview.json()
    assert differences(shape({**theirs, "plan": ""}), shape(ours)) == []
    job = real.get("/api/state").json()["job"]
    assert differences(shape({**job, "summary": None}), shape(stage.orders["/api/backup"])) == []
    refusal = real.get("/api/archive/items/999999")
    assert refusal.status_code == 404
    assert set(refusal.json()) == {"headline", "what_to_do"}


def test_the_page_is_held_to_rules_as_strict_as_the_real_ones(real, stage):
    with urllib.request.urlopen(stage.url) as answer:
        ours = answer.headers["Content-Security-Policy"]
    theirs = real.get("/").headers["Content-Security-Policy"]
    assert ours == theirs
