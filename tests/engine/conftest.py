import pytest

from tests.engine.bench import Bench


@pytest.fixture
def bench():
    bench = Bench()
    yield bench
    bench.link.close()
    assert [phone.open_now for phone in bench.bus.phones] == [0] * len(bench.bus.phones)
