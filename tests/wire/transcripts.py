"""Reads the recordings in `tests/golden`: see the README there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mtpbackup.wire import (
    Command,
    ContainerEnd,
    ContainerParser,
    ContainerStart,
    ContainerType,
    Event,
    Header,
    Payload,
    Response,
    Role,
    State,
    Step,
    Transaction,
)

GOLDEN = Path(__file__).parents[1] / "golden"
RECORDINGS = sorted(GOLDEN.glob("*.txt"))


@dataclass(frozen=True)
class Transfer:
    """Some bytes of one USB transfer: who sent them, and whether it ended with them."""

    sender: Role
    data: bytes
    ended: bool
    is_event: bool = False


@dataclass
class Exchange:
    """One transaction of a recording, taken apart by our parser."""

    command: Command | None = None
    data_sender: Role | None = None
    data_header: Header | None = None
    data: bytes = b""
    response: Response | None = None
    events: list[Event] = field(default_factory=list)
    #: Every container as it lay on the wire.
    containers: list[bytes] = field(default_factory=list)


def transfers(path: Path) -> list[Transfer]:
    found = []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        word, digits = line.split()
        data = b"" if digits == "-" else bytes.fromhex(digits)
        sender = Role.INITIATOR if word.startswith("out") else Role.RESPONDER
        found.append(Transfer(sender, data, not word.endswith("+"), word == "event"))
    return found


def exchanges(path: Path) -> Iterator[Exchange]:
    """The transactions of a recording; each step of them passes through the transaction table."""
    parsers = {role: ContainerParser() for role in Role}
    table = Transaction(Role.INITIATOR)
    exchange = Exchange()
    for transfer in transfers(path):
        if transfer.is_event:
            exchange.events.append(Event.decode(transfer.data))
            exchange.containers.append(transfer.data)
            continue
        step = table.send if transfer.sender is Role.INITIATOR else table.receive
        for part in parsers[transfer.sender].feed(transfer.data, transfer.ended):
            match part:
                case ContainerStart(header):
                    if header.type != ContainerType.COMMAND and table.state is State.IDLE:
                        # The recording begins in mid-transaction.
                        table.send(Step.COMMAND)
                    step(Step.of(header.type))
                    payload = b""
                    start = header
                case Payload(view):
                    payload += bytes(view)
                case ContainerEnd(total_payload, missing):
                    assert (total_payload, missing) == (len(payload), 0)
                    exchange.containers.append(start.encode() + payload)
                    if start.type == ContainerType.COMMAND:
                        exchange.command = Command.of(start, payload)
                    elif start.type == ContainerType.DATA:
                        step(Step.DATA_END)
                        exchange.data_sender, exchange.data_header, exchange.data = (
                            transfer.sender,
                            start,
                            payload,
                        )
                    else:
                        exchange.response = Response.of(start, payload)
                        yield exchange
                        exchange = Exchange()
    assert not any(parser.in_container for parser in parsers.values())
    if exchange.events:
        yield exchange


def find(path: Path, operation: int, *parameters: int) -> Exchange:
    """The last transaction of an operation that has these first parameters."""
    found = [
        each
        for each in exchanges(path)
        if each.command
        and each.command.code == operation
        and each.command.parameters[: len(parameters)] == parameters
    ]
    assert found, f"{path.name} has no {operation:#06x} {parameters}"
    return found[-1]
