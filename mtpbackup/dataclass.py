"""`dataclass` as in the standard library, its methods made when first needed: this program starts often.

Up to Python 3.12 the standard one compiles six functions for each class as its module is loaded. For the
classes of a backup that took nearly half of the time to start (69 of 158 ms), most of it for classes of which a
run makes no object. So the fields are found by the standard library as ever, and its `fields`, `replace` and
`asdict` work; comparing and showing are shared functions; `__init__` is compiled by the first object.

Not supported: `order`, `unsafe_hash`, `InitVar`, and frozen classes of the standard kind made of such as these.
Type checkers see the standard decorator.

May be imported by all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool = False, slots: bool = False, eq: bool = True, kw_only: bool = False) -> Any:
        """See `dataclasses.dataclass`."""

        def decorate(cls: type) -> type:
            made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)
            own = vars(made)
            methods = {"__init__": _first_init(made, frozen), "__repr__": _repr}
            if eq:
                methods |= {"__eq__": _eq, "__hash__": _hash if frozen else None}
            if frozen:
                methods |= {"__setattr__": _refuse, "__delattr__": _refuse}
                methods |= {"__getstate__": _state, "__setstate__": _set_state} if slots else {}
            for name, method in methods.items():
                if name not in own:
                    setattr(made, name, method)
            return made

        return decorate


__all__ = ["dataclass"]


def _first_init(cls: type, frozen: bool) -> Callable[..., None]:
    """An `__init__` that puts the true one in its place."""

    def __init__(self: Any, *arguments: Any, **named: Any) -> None:  # noqa: N807 - it is one
        true = _init(cls, frozen)
        # Somebody may have replaced it meanwhile.
        if vars(cls).get("__init__") is __init__:
            cls.__init__ = true  # type: ignore[misc]
        true(self, *arguments, **named)

    return __init__


def _init(cls: Any, frozen: bool) -> Callable[..., None]:
    """Compiles the `__init__` of a class."""
    scope: dict[str, Any] = {"_missing": MISSING, "_set": object.__setattr__}
    plain, named, body = ["self"], ["*"], []
    for field in dataclasses.fields(cls):
        name, value = field.name, field.name
        if field.default_factory is not MISSING:
            scope[f"_make_{name}"] = field.default_factory
            default, fresh = "_missing", f"_make_{name}()"
            value = f"({fresh} if {name} is _missing else {name})" if field.init else fresh
        elif field.default is not MISSING:
            scope[f"_default_{name}"] = field.default
            default = f"_default_{name}"
            value = name if field.init else default
        elif field.init:
            default = ""
        else:
            continue
        if field.init:
            (named if field.kw_only else plain).append(f"{name}={default}" if default else name)
        body.append(f"_set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join(plain + (named if len(named) > 1 else []))
    exec(f"def __init__({parameters}):\n " + "\n ".join(body or ["pass"]), scope)
    made: Any = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__module__ = cls.__module__
    return made  # type: ignore[no-any-return]


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


#: For each class what tells the values that count when two are compared.
_values: dict[type, Callable[[Any], Any]] = {}


def _compared(cls: Any) -> Callable[[Any], Any]:
    names = [each.name for each in dataclasses.fields(cls) if each.compare]
    found: Callable[[Any], Any] = attrgetter(*names) if names else lambda _self: ()
    _values[cls] = found
    return found


def _eq(self: Any, other: object) -> Any:
    cls = self.__class__
    if other.__class__ is not cls:
        return NotImplemented
    values = _values.get(cls) or _compared(cls)
    # As tuples, in which what is the same object is equal, if there is but one value, too.
    return (values(self),) == (values(other),)


def _hash(self: Any) -> int:
    cls = self.__class__
    return hash((_values.get(cls) or _compared(cls))(self))


def _refuse(self: Any, name: str, value: object = None) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
