"""Every command has help with an example, and wrong use ends with code 2."""

import re

import click
import pytest
from click.testing import CliRunner

from mtpbackup.cli.main import COMMANDS, SHORT_HELP, cli
from mtpbackup.messages import ExitCode


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name):
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0
    assert re.search(rf"Examples?.*:\n\s+mtpbackup {name}", result.output)


def test_the_list_of_commands_says_what_they_say_themselves():
    own = {name: cli.get_command(click.Context(cli), name).get_short_help_str(200) for name in COMMANDS}
    assert own == SHORT_HELP
    listed = CliRunner().invoke(cli, ["--help"], terminal_width=100).output
    assert all(text in listed for text in own.values())


def test_the_help_lists_every_exit_code():
    output = CliRunner().invoke(cli, ["--help"]).output
    listed = {int(code) for code in re.findall(r"(?<!\d)(\d{1,3}) [a-z]", output.split("Exit codes:")[1])}
    assert {int(code) for code in ExitCode} <= listed


@pytest.mark.parametrize(
    "arguments",
    [
        ["backup", "--since", "yesterday-ish"],
        ["backup", "--only", "music"],
        ["backup", "--layout", "by-colour"],
        ["backup", "--wait", "-1"],
        ["backup", "--wait", "nan"],
        ["nonsense"],
        ["--nonsense"],
    ],
)
def test_wrong_use_is_told(arguments):
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == ExitCode.USAGE
    assert "Error: " in result.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(shell):
    result = CliRunner().invoke(cli, ["completion", shell])
    assert result.exit_code == 0
    assert "_MTPBACKUP_COMPLETE" in result.output


def test_commands_and_options_are_completed():
    group = cli
    context = click.Context(group, info_name="mtpbackup")
    assert {item.value for item in group.shell_complete(context, "ver")} == {"verify"}
    command = group.get_command(context, "backup")
    assert command is not None
    words = {item.value for item in command.shell_complete(click.Context(command), "--la")}
    assert words == {"--layout"}


def test_a_backup_that_is_not_there_has_its_own_code(tmp_path):
    for command in ("verify", "status"):
        result = CliRunner().invoke(cli, [command, "--to", str(tmp_path / "none")])
        assert result.exit_code == ExitCode.NO_BACKUP
        assert "There is no backup in" in result.output
