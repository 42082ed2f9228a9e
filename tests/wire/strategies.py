"""What Hypothesis may put into wire structures: every value that a field can carry."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from mtpbackup.wire import (
    MAX_STRING_UNITS,
    Array,
    DataType,
    FieldType,
    FormFlag,
    Int,
    ObjectProperty,
    PropertyElement,
    value_type,
)
from mtpbackup.wire.codec import Nothing, String, WideInt, _layout

#: For tests that do their work on every length of what they are given, or on many fields at once.
few_examples = settings(max_examples=15)
some_examples = settings(max_examples=40)


def _fits(text: str) -> bool:
    return len(text.encode("utf-16-le")) <= 2 * MAX_STRING_UNITS


#: Real text: no lone surrogates, none of the characters that stand for them, no NUL. Emoji come up often.
texts = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0", max_codepoint=0x10F7FF),
        st.sampled_from("😀📷👩‍👧🇩🇪äß日"),
    ),
    max_size=MAX_STRING_UNITS,
).filter(_fits)


def values_of(kind: FieldType[Any]) -> st.SearchStrategy[Any]:
    """Values that a field type can carry."""
    match kind:
        case Int():
            bits = 8 * kind.size
            signed = kind.layout.format[1].islower()
            low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
            return st.integers(low, high).map(kind.kind)
        case WideInt():
            return st.integers(-(1 << 127), (1 << 127) - 1) if kind.signed else st.integers(0, (1 << 128) - 1)
        case Array():
            return st.lists(values_of(kind.item), max_size=20).map(tuple)
        case String():
            return texts
        case Nothing():
            return st.none()
    raise AssertionError(kind)


def instances_of(dataset: type[Any]) -> st.SearchStrategy[Any]:
    """Instances of a dataset with every field drawn."""
    return st.builds(dataset, **{name: values_of(kind) for name, kind in _layout(dataset)})


data_types = st.sampled_from(DataType)
u16 = st.integers(0, 0xFFFF)
u32 = st.integers(0, 0xFFFFFFFF)

elements = data_types.flatmap(
    lambda data_type: st.builds(
        PropertyElement, u32, u16.map(ObjectProperty), st.just(data_type), values_of(value_type(data_type))
    )
)


def forms_of(data_type: DataType) -> st.SearchStrategy[tuple[FormFlag, tuple[Any, ...]]]:
    """A form flag and the values it goes with."""
    value = values_of(value_type(data_type))
    return st.one_of(
        st.tuples(st.sampled_from([FormFlag.NONE, FormFlag.DATE_TIME, FormFlag(0x77)]), st.just(())),
        st.tuples(st.just(FormFlag.RANGE), st.tuples(value, value, value)),
        st.tuples(st.just(FormFlag.ENUMERATION), st.lists(value, max_size=10).map(tuple)),
        st.tuples(st.just(FormFlag.FIXED_LENGTH_ARRAY), st.tuples(u16)),
        st.tuples(st.sampled_from([FormFlag.BYTE_ARRAY, FormFlag.LONG_STRING]), st.tuples(u32)),
        st.tuples(st.just(FormFlag.REGULAR_EXPRESSION), st.tuples(texts)),
    )
