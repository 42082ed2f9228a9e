"""`mtpbackup setup`: lets the person use her phones, once and for all."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from mtpbackup.cli.options import speaking_options
from mtpbackup.cli.running import finish, speaking
from mtpbackup.messages import ExitCode, explain, plain
from mtpbackup.messages.about_setup import why_not
from mtpbackup.messages.calling import called_as_root

if TYPE_CHECKING:
    from mtpbackup.cli.voice import Voice
    from mtpbackup.transport.devices import UsbDevice
    from mtpbackup.udev import Access, Installed, Person


@click.command(
    epilog="""\b
Examples:
  mtpbackup setup                let whoever sits at this computer use phones
  mtpbackup setup --remote       me too when I come in by ssh
  mtpbackup setup --print        only show the rule
  mtpbackup setup --uninstall    take it away again"""
)
@click.option("--print", "only_print", is_flag=True, help="Show the rule and change nothing.")
@click.option("--uninstall", is_flag=True, help="Take the rule away again.")
@click.option(
    "--remote", is_flag=True, help="For who doesn't sit at the screen (ssh): joins the group plugdev, too."
)
@click.option("-y", "--yes", is_flag=True, help="Don't ask, just do it.")
@speaking_options
def setup(only_print: bool, uninstall: bool, remote: bool, yes: bool, quiet: bool, as_json: bool) -> None:
    """Let this computer's people use their phones.

    Needed where mtpbackup says that this computer doesn't let you talk to the phone. Writes one file,
    /etc/udev/rules.d/70-mtpbackup.rules, and asks for your password for that. Does no harm when run
    again.
    """
    from mtpbackup import udev  # noqa: PLC0415 - `--help` does without

    if only_print:
        click.echo(udev.rules_for_here(), nl=False)
        return
    if uninstall and remote:
        raise click.UsageError("--uninstall and --remote don't go together.")
    with speaking(as_json=as_json, quiet=quiet) as voice:
        job = _Job(voice, udev.Person.current(), uninstall=uninstall, remote=remote)
        if not job.to_do():
            finish(job.tell())
        elif os.geteuid() == 0:
            finish(job.do())
        else:
            sys.exit(_as_root(voice, job, yes=yes, quiet=quiet, as_json=as_json))


@dataclass(frozen=True, slots=True)
class _Job:
    """What is asked for, and for whom."""

    voice: Voice
    person: Person
    uninstall: bool
    remote: bool

    def to_do(self) -> bool:
        """Whether something has to be changed."""
        from mtpbackup.udev import GROUP, Installed, group_id, installed  # noqa: PLC0415

        state = installed()
        if self.uninstall:
            return state in (Installed.CURRENT, Installed.OUTDATED)
        joins = self.remote and group_id(GROUP) not in self.person.enrolled
        stale = any(not access.marked and not access.allowed for _, access in self._phones())
        return state in (Installed.MISSING, Installed.OUTDATED) or joins or stale

    def do(self) -> ExitCode:
        """Does it, as root, and tells how it went."""
        from mtpbackup.udev import (  # noqa: PLC0415
            GROUP,
            NoUdev,
            Person,
            group_id,
            install,
            let_in,
            uninstall,
        )

        trouble: NoUdev | None = None
        now = self
        try:
            if self.uninstall:
                uninstall()
            else:
                if self.remote and group_id(GROUP) not in self.person.enrolled:
                    let_in(self.person.name)
                    now = replace(self, person=Person.current())
                install()
        except NoUdev as error:
            trouble = error
        code = now.tell(changed=True)
        if trouble is not None:
            self.voice.bad(explain(trouble))
            return ExitCode.ERROR
        return code

    def tell(self, *, changed: bool = False) -> ExitCode:
        """Tells how things are, by what a phone at hand shows."""
        from mtpbackup.udev import installed  # noqa: PLC0415

        state = installed()
        phones = self._phones()
        code = (
            self._tell_removed(state, phones, changed)
            if self.uninstall
            else self._tell_ready(state, phones, changed)
        )
        self.voice.emit(
            "summary",
            rules=state.value,
            changed=changed,
            phones=[{"name": device.name, **access.as_dict()} for device, access in phones],
            exit_code=int(code),
        )
        return code

    def _tell_removed(
        self, state: Installed, phones: list[tuple[UsbDevice, Access]], changed: bool
    ) -> ExitCode:
        from mtpbackup.udev import GROUP, RULES_NAME, Installed, group_id  # noqa: PLC0415

        if state is Installed.PACKAGED:
            self.voice.notice(f"The rule {RULES_NAME} is part of a package of this system. It stays as it is.")
        elif changed:
            self.voice.good("Taken away. Phones are given out again as the system has it.")
            if phones:
                self.voice.more(("Plug the phone in once more, to be sure.",))
        else:
            self.voice.good("There is no rule to take away.")
        if changed and group_id(GROUP) in self.person.enrolled:
            self.voice.more((f"You are still in the group {GROUP}: others' rules use it, too.",))
        return ExitCode.OK

    def _tell_ready(self, state: Installed, phones: list[tuple[UsbDevice, Access]], changed: bool) -> ExitCode:
        if changed:
            self.voice.good("Set up: who sits at this computer may use phones.")
        else:
            self.voice.good("This computer is set up already.")
        if not phones:
            self.voice.say("Plug in your phone, and run:  mtpbackup")
        code = ExitCode.OK
        for device, access in phones:
            name = plain(device.name) or "the phone"
            if access.allowed:
                self.voice.good(f"{name} is plugged in, and you may use it.")
            elif access.needs_login:
                self.voice.notice(f"{name} is plugged in.")
                self.voice.more(why_not(access, state, name).what_to_do)
            else:
                advice = why_not(access, state, name)
                self.voice.bad(advice)
                code = advice.exit_code
        return code

    def _phones(self) -> list[tuple[UsbDevice, Access]]:
        from mtpbackup.udev import examine, plugged_phones  # noqa: PLC0415

        return [(device, examine(device.node, self.person)) for device in plugged_phones()]


def _as_root(voice: Voice, job: _Job, *, yes: bool, quiet: bool, as_json: bool) -> int:
    """Does the job in another process that is root; its words and its exit code are ours."""
    from mtpbackup.cli.elevation import elevated  # noqa: PLC0415
    from mtpbackup.udev import HERE, RULES_NAME  # noqa: PLC0415

    flags = {"--uninstall": job.uninstall, "--remote": job.remote, "--quiet": quiet, "--json": as_json}
    arguments = ["setup", *(flag for flag, given in flags.items() if given)]
    deed = "taken away" if job.uninstall else "written"
    voice.notice(f"A file of the system is to be {deed}, by your password:  {HERE.rules / RULES_NAME}")
    if voice.interactive and not yes and not click.confirm("Go on?", default=True):
        return int(ExitCode.INTERRUPTED)
    code = elevated([*arguments, "--yes"], terminal=voice.interactive)
    if code is None:
        voice.warn(f"Nothing was changed. Run this:  {called_as_root(*arguments)}")
        voice.emit(
            "error",
            message="This needs the rights of root.",
            what_to_do=[called_as_root(*arguments)],
            exit_code=int(ExitCode.NO_PERMISSION),
        )
        return int(ExitCode.NO_PERMISSION)
    return code
