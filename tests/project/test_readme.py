"""The README is true: every command it shows exists, with its options, and it names those that are tested."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from tests.project.test_tree import ROOT

README = ROOT / "README.md"


def shown_commands() -> list[str]:
    """The command lines in the README's code blocks that start one of our programs."""
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`((?:scripts/)?mtpbackup [^`]*|scripts/[^`]*)`", README.read_text())
    found = [line.removeprefix("sudo ") for line in lines]
    return sorted({line for line in found if re.match(r"(mtpbackup|scripts/\S+|\.ci/run)(\s|$)", line)})


def resolve(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that words name, and the words after it."""
    from mtpbackup.cli.main import cli

    command: click.Command = cli
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(click.Context(command), words[0])
        assert found, f"no command {words[0]!r}"
        command, words = found, words[1:]
    return command, words


def test_the_contents_lead_to_headings_and_name_every_part():
    text = re.sub(r"^```.*?^```", "", README.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = {level + title for level, title in re.findall(r"^(##+) (.*)", text, re.MULTILINE)}
    anchors = {re.sub(r"[^\w -]", "", head.lstrip("#").lower()).replace(" ", "-"): head for head in headings}
    links = set(re.findall(r"\]\(#([^)]*)\)", text))
    assert links - set(anchors) == set()
    assert {anchor for anchor, head in anchors.items() if not head.startswith("###")} - links == set()


def test_the_two_commands_are_the_tested_ones():
    text = README.read_text()
    assert "scripts/mtpbackup demo" in text
    assert "scripts/test" in text


@pytest.mark.parametrize("line", shown_commands())
def test_a_command_that_the_readme_shows_exists_with_its_options(line):
    words = shlex.split(line, comments=True)
    program = words.pop(0)
    if program.startswith(("scripts/", ".ci/")):
        assert (ROOT / program).is_file(), f"{program} does not exist"
        assert (ROOT / program).stat().st_mode & 0o100
    if program.rpartition("/")[2] != "mtpbackup" or words[:1] == ["…"]:
        return
    command, rest = resolve(words)
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    options |= {"--help", "-h", "--version"}
    for word in rest:
        if word.startswith("-") and word != "-":
            assert word.partition("=")[0] in options, f"{word} is no option of this command"


def commands() -> list[str]:
    from mtpbackup.cli.main import cli

    return cli.list_commands(click.Context(cli))


@pytest.mark.parametrize("name", commands())
def test_every_command_has_help_with_an_example_and_stands_in_the_readme(name):
    command, _ = resolve([name])
    text = command.get_help(click.Context(command, info_name=name))
    assert "Example" in text
    assert f"mtpbackup {name}" in text
    assert re.search(rf"\b{name}\b", README.read_text()), f"the README does not tell of {name}"
