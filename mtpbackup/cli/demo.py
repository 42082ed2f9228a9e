"""`mtpbackup demo`: the main job on a phone made of code, for people who have no phone at hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mtpbackup.cli.backup import back_up
from mtpbackup.cli.options import default_destination, speaking_options, to_option
from mtpbackup.cli.running import finish, speaking

if TYPE_CHECKING:
    from mtpbackup.transport.base import Finder


@click.command(
    epilog="""\b
Example:
  mtpbackup demo --to /tmp/demo-backup"""
)
@to_option
@speaking_options
def demo(to: Path | None, quiet: bool, as_json: bool) -> None:
    """Try everything with a built-in phone.

    It is made of code, and holds pictures and a film made up for it. They go to the folder "Demo backup"
    beside your phone backups, unless you say where. Run it again to see that nothing is copied twice.
    """
    from mtpbackup.engine import RunOptions  # noqa: PLC0415 - `--help` does without

    with speaking(as_json=as_json, quiet=quiet) as voice:
        voice.say("This is a demonstration with a phone made of code. No real phone is touched.")
        folder = to or default_destination().with_name("Demo backup")
        finish(back_up(voice, _demo_phone, folder, RunOptions(), known_place=False))


@contextmanager
def _demo_phone() -> Iterator[Finder]:
    from mtpbackup.virtual.demo import demo_phone  # noqa: PLC0415 - nothing else needs it

    with demo_phone() as phone:
        phone.plug()
        yield phone.finder
