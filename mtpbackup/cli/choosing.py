"""Asking which of several phones is meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from mtpbackup.cli.voice import Voice
from mtpbackup.errors import SeveralPhones
from mtpbackup.messages import explain, plain

if TYPE_CHECKING:
    from mtpbackup.engine.link import PhoneLink


def connected(
    link: PhoneLink, link_to: Callable[[str], PhoneLink], voice: Voice, *, may_ask: bool
) -> PhoneLink:
    """Connects a link, or one to the phone that the person picks where several would fit.

    Args:
        link: to whatever phone was named, if one was. Closed when another takes its place.
        link_to: makes a link to the phone of a name.
        voice: asks.
        may_ask: whether there is a person who may be asked.

    Raises:
        SeveralPhones: more than one would fit, and nobody can be asked.
        MtpBackupError: as `PhoneLink.connect`.
    """
    try:
        link.connect()
    except SeveralPhones as several:
        if not (may_ask and voice.interactive) or len(set(several.names)) == 1:
            raise  # or else two of one name would be asked for for ever
        link.close()
        return link_to(_ask_which(voice, several))
    return link


def _ask_which(voice: Voice, several: SeveralPhones) -> str:
    """The name that the person picks."""
    voice.data(explain(several).headline)  # part of the question, so said when quiet, too
    for index, name in enumerate(several.names, 1):
        voice.data(f"  {index}. {plain(name)}")
    choice: int = click.prompt("Which one?", type=click.IntRange(1, len(several.names)), default=1)
    return several.names[choice - 1]
