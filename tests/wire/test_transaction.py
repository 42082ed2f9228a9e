"""The transaction table, from both ends of the cable."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtpbackup.errors import LocalProtocolError, RemoteProtocolError
from mtpbackup.wire import TRANSITIONS, ContainerType, Role, State, Step, Transaction

INITIATOR, RESPONDER = Role.INITIATOR, Role.RESPONDER

READING = [
    (INITIATOR, Step.COMMAND, State.COMMANDED),
    (RESPONDER, Step.DATA, State.DATA_TO_INITIATOR),
    (RESPONDER, Step.DATA_END, State.ANSWER_DUE),
    (RESPONDER, Step.RESPONSE, State.IDLE),
]
WRITING = [
    (INITIATOR, Step.COMMAND, State.COMMANDED),
    (INITIATOR, Step.DATA, State.DATA_TO_RESPONDER),
    (INITIATOR, Step.DATA_END, State.ANSWER_DUE),
    (RESPONDER, Step.RESPONSE, State.IDLE),
]
NO_DATA = [(INITIATOR, Step.COMMAND, State.COMMANDED), (RESPONDER, Step.RESPONSE, State.IDLE)]
REFUSED_WHILE_WRITING = [*WRITING[:2], (RESPONDER, Step.RESPONSE, State.IDLE)]
CANCELLED_READING = [*READING[:2], (INITIATOR, Step.CANCEL, State.IDLE)]
CANCELLED_WRITING = [*WRITING[:2], (INITIATOR, Step.CANCEL, State.IDLE)]
STALLED = [*READING[:2], (RESPONDER, Step.STALL, State.IDLE)]
STORIES = [
    READING,
    WRITING,
    NO_DATA,
    REFUSED_WHILE_WRITING,
    CANCELLED_READING,
    CANCELLED_WRITING,
    STALLED,
    # GetObjectPropList of Android answers errors with or without a data phase (ANDROID.md): both pass.
    READING + NO_DATA + READING,
]


def play(transaction, who, step):
    return transaction.send(step) if who is transaction.role else transaction.receive(step)


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("role", Role)
def test_transactions_as_they_happen(role, story):
    transaction = Transaction(role)
    for who, step, following in story:
        assert play(transaction, who, step) is transaction.state is following


@pytest.mark.parametrize(("state", "who", "step"), list(product(State, Role, Step)))
def test_both_ends_go_by_one_table(state, who, step):
    for role in Role:
        transaction = Transaction(role)
        transaction.state = state
        following = TRANSITIONS[state].get((who, step))
        if who is role:
            assert transaction.may_send(step) == (following is not None)
        if following is not None:
            assert play(transaction, who, step) is following
            continue
        error = LocalProtocolError if who is role else RemoteProtocolError
        with pytest.raises(error, match=f"^{step.value} of the {who.value} while {state.value}$"):
            play(transaction, who, step)
        assert transaction.state is state


def test_every_state_has_its_row_and_can_be_reached():
    assert set(TRANSITIONS) == set(State)
    reached = {State.IDLE} | {following for row in TRANSITIONS.values() for following in row.values()}
    assert reached == set(State)


def test_cancel_needs_a_data_phase():
    # ANDROID.md, AVOID 4: a Cancel while idle breaks the next transfer to the phone.
    allowed = {state for state in State if (INITIATOR, Step.CANCEL) in TRANSITIONS[state]}
    assert allowed == {State.DATA_TO_INITIATOR, State.DATA_TO_RESPONDER}


def test_a_reset_is_always_a_way_out():
    for state in State:
        assert TRANSITIONS[state][INITIATOR, Step.RESET] is State.IDLE


@given(st.lists(st.tuples(st.sampled_from(Role), st.sampled_from(Step))))
def test_both_ends_agree_whatever_happens(steps):
    ends = [Transaction(role) for role in Role]
    for who, step in steps:
        outcomes = []
        for end in ends:
            try:
                outcomes.append(play(end, who, step))
            except (LocalProtocolError, RemoteProtocolError):
                outcomes.append(None)
        assert outcomes[0] is outcomes[1]
        assert ends[0].state is ends[1].state


def test_steps_of_containers():
    assert Step.of(ContainerType.COMMAND) is Step.COMMAND
    assert Step.of(ContainerType.DATA) is Step.DATA
    assert Step.of(ContainerType.RESPONSE) is Step.RESPONSE
    for other in (ContainerType.EVENT, ContainerType(9)):
        with pytest.raises(RemoteProtocolError):
            Step.of(other)


def test_roles():
    assert INITIATOR.other is RESPONDER
    assert RESPONDER.other is INITIATOR
