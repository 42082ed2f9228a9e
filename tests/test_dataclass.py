"""The classes made by `mtpbackup.dataclass` behave as those of the standard library do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from mtpbackup.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A frozen one."""

    x: int
    y: int = 2
    tags: list[str] = dataclasses.field(default_factory=list, compare=False, repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class StandardPoint:
    """The same by the standard library."""

    x: int
    y: int = 2
    tags: list[str] = dataclasses.field(default_factory=list, compare=False, repr=False)


@dataclass(slots=True)
class Counter:
    """One that changes, and is made of another."""

    count: int = dataclasses.field(default=3, init=False)
    total: int = dataclasses.field(default=0, kw_only=True)
    seen: set[int] = dataclasses.field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self.total += 1


@dataclass(frozen=True, slots=True)
class Named(Point):
    """One with more fields than its parent."""

    name: str = ""


@dataclass(slots=True, eq=False)
class Work:
    """Compared by what it is."""

    size: int


@pytest.mark.parametrize("kind", [Point, StandardPoint])
def test_objects_are_made_compared_and_shown_as_by_the_standard_library(kind: Any) -> None:
    one, same, other = kind(1), kind(x=1, y=2, tags=["a"]), kind(1, 3)
    assert (one.x, one.y, one.tags) == (1, 2, [])
    assert one == same
    assert one != other
    assert one != (1, 2)
    assert hash(one) == hash(same)
    assert {one: "there"}[same] == "there"
    assert repr(one) == f"{kind.__qualname__}(x=1, y=2)"
    assert dataclasses.replace(one, y=5) == kind(1, 5)
    assert dataclasses.asdict(other) == {"x": 1, "y": 3, "tags": []}
    assert kind.__match_args__ == ("x", "y", "tags")
    assert kind(1).tags is not kind(1).tags


@pytest.mark.parametrize("kind", [Point, StandardPoint])
def test_what_is_frozen_is_not_changed(kind: Any) -> None:
    point = kind(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        del point.x
    assert not hasattr(point, "__dict__")


@pytest.mark.parametrize("kind", [Point, StandardPoint])
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_frozen_objects_are_copied(kind: Any, again: Callable[[Any], Any]) -> None:
    point = kind(1, 4, ["a"])
    assert again(point) == point
    assert again(point).tags == ["a"]


@pytest.mark.parametrize("kind", [Point, StandardPoint])
def test_too_few_or_unknown_arguments_are_an_error_at_the_first_object_and_later(kind: Any) -> None:
    for _ in range(2):
        with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
            kind()
        with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
            kind(1, z=1)


def test_fields_that_are_not_given_but_made() -> None:
    counter = Counter(total=4)
    assert (counter.count, counter.total, counter.seen) == (3, 5, set())
    with pytest.raises(TypeError):
        Counter(4)  # type: ignore[misc]
    counter.count += 1
    assert counter != Counter(total=4)
    with pytest.raises(TypeError, match="unhashable"):
        hash(counter)


def test_descendants_have_the_fields_of_both() -> None:
    assert repr(Named(1, name="a")) == "Named(x=1, y=2, name='a')"
    assert Named(1) != Point(1)
    assert Point(1) != Named(1)


def test_what_is_compared_by_identity() -> None:
    one = Work(1)
    assert one != Work(1)
    assert len({one, Work(1)}) == 2


def test_a_backup_starts_without_compiling_methods_of_classes() -> None:
    """The standard decorator compiles six functions for each class, and a backup needs over a hundred."""
    program = """
import dataclasses
made = []
standard = dataclasses._process_class
def counted(cls, init, *rest, **named):
    if init and cls.__module__.startswith("mtpbackup"):
        made.append(cls.__module__)
    return standard(cls, init, *rest, **named)
dataclasses._process_class = counted
import mtpbackup.cli.backup, mtpbackup.engine.run, mtpbackup.engine.link, mtpbackup.transport.libusb
print(*made)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
