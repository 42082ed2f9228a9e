"""The phone that a command works with: looked for, chosen among several, held, and let go of at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol

from mtpbackup.cli.choosing import connected
from mtpbackup.cli.running import awake_if, holders_let_go, opener, usb_bus
from mtpbackup.cli.voice import Voice

if TYPE_CHECKING:
    from mtpbackup.engine import Event, Report
    from mtpbackup.engine.link import PhoneLink
    from mtpbackup.transport.base import Finder

#: Opens the place where phones turn up.
Phones = Callable[[], AbstractContextManager["Finder"]]


class Narrator(Protocol):
    """Tells what the engine does."""

    def __call__(self, event: Event) -> None:
        """Tells one event."""
        ...

    def end(self) -> None:
        """Takes the progress bar away."""
        ...


@contextmanager
def linked(
    voice: Voice,
    phones: Phones,
    narrator: Narrator,
    *,
    device: str,
    patience: float | None,
    may_ask: bool,
    via: str | None,
) -> Iterator[tuple[PhoneLink, Report]]:
    """The phone for one run, and the report of that run, which keeps the computer awake while it copies.

    Args:
        voice: asks which of several phones is meant, and tells of programs that hold it.
        phones: where phones turn up.
        narrator: tells what is waited for, and the run.
        device: name or serial number of the phone; empty for the only one.
        patience: seconds to wait for the person; None: for ever.
        may_ask: whether there is a person who may be asked.
        via: "libmtp" where the phones are those of libmtp.

    Raises:
        MtpBackupError: as `PhoneLink.connect`.
    """
    from mtpbackup.engine.awake import KeepAwake  # noqa: PLC0415 - `--help` does without
    from mtpbackup.engine.link import PhoneLink  # noqa: PLC0415
    from mtpbackup.settings import load  # noqa: PLC0415

    report = KeepAwake(narrator, awake_if(wanted=load().keep_awake))
    with holders_let_go(voice) as ask_holder, phones() as finder:
        link_to = partial(
            PhoneLink,
            finder,
            patience=patience,
            report=report,
            open_phone=opener(via),
            look_around=usb_bus,
            ask_holder=ask_holder,
        )
        link = link_to(wanted=device)
        try:
            link = connected(link, lambda name: link_to(wanted=name), voice, may_ask=may_ask)
            yield link, report
        finally:
            report.end()
            narrator.end()
            link.close()
