"""Bytes that mean nothing."""

from __future__ import annotations

from mtpbackup.errors.base import MtpBackupError


class WireError(MtpBackupError):
    """The phone's bytes cannot be what the specification says they are (the peer's fault).

    Decoders raise this and nothing else for damaged or cut-off input.
    """


class LocalProtocolError(MtpBackupError):
    """Our own code asked for what the protocol does not have (our fault).

    A step that the transaction table does not allow, or a value that the wire cannot carry: a name of more than
    254 UTF-16 units, a number that its field is too small for.
    """


class RemoteProtocolError(WireError):
    """Well-formed bytes at the wrong moment: a wrong container type, code or transaction id."""
