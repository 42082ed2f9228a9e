import pytest

from tests.engine.restore.bench import Bench


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path / "Phone backup")
    yield bench
    bench.close()
