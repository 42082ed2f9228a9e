"""The contract in memory, and what only this transport does."""

import pytest

from .contract import TransportContract
from .rigs import MemoryRig


class TestContract(TransportContract):
    @pytest.fixture
    def rig(self):
        rig = MemoryRig()
        yield rig
        rig.close()
