import pytest

from tests.archive.conftest import tmp_path  # noqa: F401 - a backup is made in each test: in memory
from tests.engine.restore.workbench import Bench


@pytest.fixture
def bench(tmp_path):  # noqa: F811
    bench = Bench(tmp_path / "Phone backup")
    yield bench
    bench.close()
