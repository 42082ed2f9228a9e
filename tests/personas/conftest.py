from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.personas.bench import Bench


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """A phone that hangs is given up within seconds, so that a handling that is missing shows at once."""
    monkeypatch.setattr("mtpbackup.session.session.pace_of", lambda operation: SimpleNamespace(value=5.0))


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path / "Phone backup")
    yield bench
    bench.close()
