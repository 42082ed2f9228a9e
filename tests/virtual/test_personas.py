"""A new phone is data: no code has to know its name."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

import mtpbackup.virtual
from mtpbackup.virtual import PERSONAS, Persona, plug_in
from mtpbackup.virtual.operations import OPERATIONS
from mtpbackup.virtual.personas import STANDARD_RESPONSES, Trouble
from mtpbackup.wire import DeviceInfo
from tests.virtual.initiator import OK, Initiator


def test_a_persona_made_on_the_spot():
    old = dataclasses.replace(
        PERSONAS["pixel"],
        name="old",
        model="Old Phone",
        operations=tuple(code for code in PERSONAS["pixel"].operations if code < 0x95C0),
        send_top=frozenset({0, 0xFFFFFFFF}),  # older Android, before 9, took 0 (ANDROID.md, Writing)
        responses={**PERSONAS["pixel"].responses, Trouble.NAME_TAKEN: 0x200F},
    )
    from tests.virtual.test_writing import announce

    with plug_in(old) as phone, phone.transport() as transport:
        phone.add_file("a.jpg", b"x")
        initiator = Initiator(transport).open_session()
        assert DeviceInfo.decode(initiator.ask(0x1001).data).model == "Old Phone"
        assert initiator.ask(0x95C1, 1, 0, 0, 1).code == 0x2005
        assert announce(initiator, "b.jpg", 3, parent=0).code == OK
        assert announce(initiator, "a.jpg", 3).code == 0x200F


@pytest.mark.parametrize("persona", PERSONAS.values(), ids=lambda persona: persona.name)
def test_personas_are_sound(persona):
    assert PERSONAS[persona.name] is persona
    assert persona.source, "where the facts are from"
    assert set(persona.operations) | persona.unlisted_operations <= set(OPERATIONS), "nothing it cannot do"
    for key in persona.responses:
        operation = key[0] if isinstance(key, tuple) else None
        assert operation is None or persona.handles(operation), "a response that is never given"


def test_each_field_of_a_persona_is_explained():
    explained = set(re.findall(r"\w+", Persona.__doc__))
    assert {field.name for field in dataclasses.fields(Persona)} <= explained


def test_every_trouble_has_a_response():
    assert set(STANDARD_RESPONSES) == set(Trouble)


def test_the_core_knows_no_names():
    package = Path(mtpbackup.virtual.__file__).parent
    for path in package.rglob("*.py"):
        text = path.read_text()
        assert "persona.name ==" not in text, path
        assert "persona ==" not in text, path
