"""`mtpbackup setup`: lets the person use her phones, once and for all."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from mtpbackup.cli.options import speaking_options
from mtpbackup.cli.running import speaking
from mtpbackup.errors import MtpBackupError
from mtpbackup.messages import ExitCode, explain, plain
from mtpbackup.messages.about_setup import why_not
from mtpbackup.messages.calling import called_as_root, called_by_su

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
        if remote and job.person.uid == 0:
            raise click.UsageError("--remote is for a person. Run it as yourself: it asks for your password.")
        code: int
        if not job.to_do():
            code = job.tell()
        elif os.geteuid() == 0:
            code = job.do()
        else:
            code = _as_root(voice, job, yes=yes, quiet=quiet, as_json=as_json)
        if code:
            sys.exit(int(code))
        _in_the_menu(voice, uninstall=uninstall)


def _in_the_menu(voice: Voice, *, uninstall: bool) -> None:
    """Puts the program into the menu of the person's desktop, or takes it away again."""
    from mtpbackup.desktop import launcher, units  # noqa: PLC0415 - `--help` does without

    if os.geteuid() == 0 or not (os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY")):
        return
    if not uninstall:
        if launcher.install():
            voice.say("You find mtpbackup in the menu of your desktop, too.")
    elif not units.is_on():  # its notifications have their icon from there
        launcher.remove()


@dataclass(frozen=True, slots=True)
class _Job:
    """What is asked for, and for whom."""

    voice: Voice
    person: Person
    uninstall: bool
    remote: bool

    def to_do(self) -> bool:
        """Whether something has to be changed."""
        from mtpbackup.udev import Installed, installed, written_here  # noqa: PLC0415

        if self.uninstall:
            return written_here()
        stale = any(not access.marked and not access.allowed for _, access in self._phones())
        return installed() in (Installed.MISSING, Installed.OUTDATED) or self.joins or stale

    @property
    def joins(self) -> bool:
        """Whether the person is to become a member of the group, and is none yet."""
        from mtpbackup.udev import GROUP, group_id  # noqa: PLC0415

        return self.remote and group_id(GROUP) not in self.person.enrolled

    def do(self) -> ExitCode:
        """Does it, as root, and tells how it went."""
        from mtpbackup.udev import NotLetIn, NoUdev, Person, install, let_in, uninstall  # noqa: PLC0415

        trouble: list[NoUdev | NotLetIn] = []
        now = self
        if self.joins:
            try:
                let_in(self.person.name)
                now = replace(self, person=Person.current())
            except NotLetIn as error:
                trouble.append(error)
        try:
            if self.uninstall:
                uninstall()
            else:
                install()
        except NoUdev as error:
            trouble.append(error)
        return now.tell(changed=True, joined=now is not self, trouble=trouble)

    def tell(
        self, *, changed: bool = False, joined: bool = False, trouble: Sequence[MtpBackupError] = ()
    ) -> ExitCode:
        """Tells how things are, by what a phone at hand shows.

        Args:
            changed: whether something was done.
            joined: whether the person was made a member of the group.
            trouble: what did not work.
        """
        from mtpbackup.udev import NoUdev, installed  # noqa: PLC0415

        state = installed()
        phones = self._phones()
        code = ExitCode.OK
        if any(isinstance(error, NoUdev) for error in trouble):
            pass  # the file is as it should be, and nobody reads it
        elif self.uninstall:
            self._tell_removed(state, phones, changed)
        else:
            code = self._tell_ready(state, phones, changed, joined)
        for error in trouble:
            self.voice.bad(explain(error))
            code = ExitCode.ERROR
        self.voice.emit(
            "summary",
            rules=state.value,
            changed=changed,
            phones=[{"name": device.name, **access.as_dict()} for device, access in phones],
            exit_code=int(code),
        )
        return code

    def _tell_removed(self, state: Installed, phones: list[tuple[UsbDevice, Access]], changed: bool) -> None:
        from mtpbackup.udev import GROUP, RULES_NAME, Installed, group_id  # noqa: PLC0415

        if changed:
            self.voice.good("Taken away. Phones are given out again as the system has it.")
        elif state is Installed.MISSING:
            self.voice.good("There is no rule to take away.")
        if state is not Installed.MISSING:
            self.voice.notice(f"The rule {RULES_NAME} is part of a package of this system. It stays as it is.")
        elif changed and phones:
            self.voice.more(("Plug the phone in once more, to be sure.",))
        if changed and group_id(GROUP) in self.person.enrolled:
            self.voice.more((f"You are still in the group {GROUP}: others' rules use it, too.",))

    def _tell_ready(
        self, state: Installed, phones: list[tuple[UsbDevice, Access]], changed: bool, joined: bool
    ) -> ExitCode:
        from mtpbackup.udev import GROUP  # noqa: PLC0415

        if changed:
            self.voice.good("Set up: who sits at this computer may use phones.")
        else:
            self.voice.good("This computer is set up already.")
        if joined:
            self.voice.notice(f"{plain(self.person.name)} is in the group {GROUP} now.")
            self.voice.more(("It counts from the next login on: log out and in again.",))
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
    file = HERE.rules / RULES_NAME
    if job.uninstall:
        voice.notice(f"A file of the system is to be taken away, by your password:  {file}")
    elif job.joins:
        voice.notice(f"By your password you are added to a group, and a file of the system is written:  {file}")
    else:
        voice.notice(f"A file of the system is to be written, by your password:  {file}")
    if voice.interactive and not yes and not click.confirm("Go on?", default=True):
        return int(ExitCode.INTERRUPTED)
    code = elevated([*arguments, "--yes"], terminal=voice.interactive)
    if code is None:
        commands = [called_as_root(*arguments)]
        if commands[0].startswith("sudo "):
            commands.append(called_by_su(*arguments))
        voice.warn(f"Nothing was changed. Run this:  {commands[0]}")
        for command in commands[1:]:
            voice.warn(f"Or, if you may not use sudo and know root's password:  {command}")
        voice.emit(
            "error",
            message="This needs the rights of root.",
            what_to_do=commands,
            exit_code=int(ExitCode.NO_PERMISSION),
        )
        return int(ExitCode.NO_PERMISSION)
    return code
