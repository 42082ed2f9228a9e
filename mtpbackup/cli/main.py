"""The program `mtpbackup`: finds the command, and turns whatever goes wrong into words and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final, NoReturn

import click

from mtpbackup import __version__

#: Command name -> module and object. Loaded when asked for, so that `--help` stays quick.
COMMANDS = {
    "backup": "mtpbackup.cli.backup:backup",
    "restore": "mtpbackup.cli.restore:restore",
    "show": "mtpbackup.cli.show:show",
    "verify": "mtpbackup.cli.verify:verify",
    "status": "mtpbackup.cli.status:status",
    "devices": "mtpbackup.cli.devices:devices",
    "ls": "mtpbackup.cli.ls:ls",
    "setup": "mtpbackup.cli.setup:setup",
    "doctor": "mtpbackup.cli.doctor:doctor",
    "auto": "mtpbackup.cli.auto:auto",
    "config": "mtpbackup.cli.config:config",
    "demo": "mtpbackup.cli.demo:demo",
    "completion": "mtpbackup.cli.completion:completion",
}

#: What `--help` says of each, so that it need not load them. A test holds them against the commands' own.
SHORT_HELP = {
    "backup": "Copy what is new on the phone, and check every byte.",
    "restore": "Put pictures back on the phone, or on a new one, with their names and dates.",
    "show": "See your pictures, choose, back up and put back, in the browser.",
    "verify": "Prove that every saved file is still whole.",
    "status": "Show what is in the backup, for each phone.",
    "devices": "List the phones that are plugged in.",
    "ls": "List a folder of the phone.",
    "setup": "Let this computer's people use their phones.",
    "doctor": "Find out what is in the way.",
    "auto": "Back up a phone by itself whenever it is plugged in.",
    "config": "Show the settings and where they come from.",
    "demo": "Try everything with a built-in phone.",
    "completion": "Print completion for your shell.",
}

EPILOG = """\b
Exit codes:
  0 all safe, or nothing new     1 error              2 wrong use
  3 done, some files failed     10 no backup here    11 another run is active
 20 no phone    21 locked       22 no permission     23 phone in use
 24 no room     25 unplugged    26 damage found     130 stopped with Ctrl+C

\b
Examples:
  mtpbackup                              back up the phone that is plugged in
  mtpbackup backup --to /media/anna/USB  the same, to another disk
  mtpbackup restore                      put pictures back on a phone
  mtpbackup verify                       prove that every saved file is still whole
"""


#: Tells Python to speak UTF-8 to the file system. PEP 540.
_UTF8: Final = "PYTHONUTF8"
#: The home of those who have none, as Debian has it for `nobody`.
_NO_HOME: Final = "/nonexistent"


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order in which a person meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, SHORT_HELP[name]) for name in COMMANDS])


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="mtpbackup")
@click.option("-v", "--verbose", count=True, help="Developers' log on standard error; twice for all of it.")
@click.option("--trace", metavar="FILE", help="Record what crosses the USB cable in a file, for a bug report.")
@click.option(
    "--transport",
    type=click.Choice(["libusb1", "pyusb"]),
    help="How to reach USB.  [default: libusb1, or pyusb where that can't be loaded]",
)
@click.option("--redact", is_flag=True, help="With --trace: leave out names, serial numbers and pictures.")
@click.pass_context
def cli(context: click.Context, verbose: int, trace: str | None, transport: str | None, redact: bool) -> None:
    """Copy every photo and video of your phone to this computer, proven to be there.

    Plug in the phone and run mtpbackup. Nothing on the phone is changed. Run it again whenever you
    like: it copies only what is new.
    """
    if redact and not trace:
        raise click.UsageError("--redact goes with --trace FILE.")
    import logging  # noqa: PLC0415 - `--help` does without

    if verbose:
        level = logging.INFO if verbose == 1 else logging.DEBUG
        logging.basicConfig(level=level, format="%(relativeCreated)8.0f ms %(name)s: %(message)s")
    else:
        # Or else Python shows warnings that are meant for developers to whoever sits before the screen.
        logging.getLogger("mtpbackup").addHandler(logging.NullHandler())
    if context.invoked_subcommand is None:
        from mtpbackup.cli.backup import guided  # noqa: PLC0415 - `--help` does without

        guided()


def _use_utf8() -> None:
    """Starts anew where Python would not write names of files in UTF-8, as in locales of old.

    Names from phones have umlauts and emoji, and file systems take them all. What is shown goes on in the
    terminal's own encoding.
    """
    if sys.getfilesystemencoding() == "utf-8" or os.environ.get(_UTF8) == "1":
        return
    os.environ[_UTF8] = "1"
    os.environ.setdefault("PYTHONIOENCODING", f"{getattr(sys.stdout, 'encoding', None) or 'ascii'}:replace")
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def main() -> NoReturn:
    """Runs the program; the entry point of the installed script."""
    _use_utf8()
    if os.path.expanduser("~") == "~":  # noqa: PTH111 - Path.home() raises an error then
        # Somebody whom the system does not know, without HOME. Nothing may go to a folder called "~" then.
        os.environ["HOME"] = _NO_HOME
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("\nStopped.  Nothing was changed.", err=True)  # it was asked before anything was done
        sys.exit(130)
    except click.ClickException as error:
        from mtpbackup.cli.last_net import tell_mistyped  # noqa: PLC0415 - most runs do without

        sys.exit(tell_mistyped(error))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away, as `head` does. Nothing more can be said to it.
        sys.stdout = None
        sys.exit(141)
    except Exception as error:
        from mtpbackup.cli.last_net import tell_unexpected  # noqa: PLC0415 - most runs do without

        sys.exit(tell_unexpected(error))
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
