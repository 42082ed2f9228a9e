"""How the program speaks: plain lines, colours on a terminal, or one JSON object a line.

A `Voice` is chosen once per command by `choose_voice`; commands and narrators say what happened and never ask
where it goes. Plain lines have no colour, no bar and no cursor movement, so that a screen reader, a log file or
a pipe can follow. NO_COLOR and TERM=dumb are respected.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TextIO

from mtpbackup.cli.fitting import spelled, wrapped
from mtpbackup.messages import Advice

_log = logging.getLogger(__name__)

_GREEN, _YELLOW, _RED, _DIM, _OFF = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[0m"


#: What a terminal, or the eyes of whoever looks at it, would obey: C1 controls, marks of direction and the
#: like. In JSON they can be escaped, and say the same.
_OBEYED = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


class LineAbove(Protocol):
    """Something that stays at the bottom of the screen and lets lines pass above it."""

    def line(self, text: str) -> None:
        """Writes a line above."""
        ...


class Voice:
    """Plain lines, and the interface of the other voices.

    Attributes:
        json: whether facts are wanted instead of sentences.
        interactive: whether a person can answer questions.
        unheard: why something that was said could not be written; None. That a reader had enough, as `head`
            has, does not count.
    """

    json = False

    def __init__(self, out: TextIO, err: TextIO, *, quiet: bool = False, colour: bool = False) -> None:
        self._out = out
        self._err = err
        self._quiet = quiet
        self._colour = colour
        self.unheard: OSError | None = None
        self.interactive = sys.stdin is not None and sys.stdin.isatty() and out.isatty()

    def say(self, text: str) -> None:
        """A line of the conversation."""
        if not self._quiet:
            self._sentence(self._out, text)

    def good(self, text: str) -> None:
        """Something that worked."""
        self.say(self._painted(self._out, _GREEN, "✓") + " " + text)

    def notice(self, text: str) -> None:
        """Something the person should do or know."""
        self.say(self._painted(self._out, _YELLOW, "●") + " " + text)

    def warn(self, text: str) -> None:
        """Something that did not go as hoped; also said when quiet."""
        self._sentence(self._err, self._painted(self._err, _YELLOW, "!") + " " + text)

    def more(self, lines: Iterable[str]) -> None:
        """Details below the line before."""
        for line in lines:
            self.say("  " + line)

    def bad(self, advice: Advice) -> None:
        """An error with its next steps; also said when quiet."""
        self._sentence(self._err, self._painted(self._err, _RED, "✗") + " " + advice.headline)
        for line in advice.what_to_do:
            self._sentence(self._err, "  " + line)

    def data(self, text: str) -> None:
        """What the person asked for, as the lines of a listing; also said when quiet."""
        self._line(self._out, text)

    def trouble(self, text: str, lines: Iterable[str]) -> None:
        """Something wrong that the person asked for, with details; also said when quiet."""
        self._sentence(self._out, self._painted(self._out, _RED, "✗") + " " + text)
        for line in lines:
            self._sentence(self._out, "  " + line)

    def emit(self, message_type: str, **facts: object) -> None:
        """One JSON object; nothing here."""

    def _painted(self, stream: TextIO, colour: str, text: str) -> str:
        """In colour on a terminal only: one of the two streams may go to a file."""
        return f"{colour}{text}{_OFF}" if self._colour and stream.isatty() else text

    def _sentence(self, stream: TextIO, text: str) -> None:
        text = spelled(text, stream.encoding)
        if stream.isatty():
            text = wrapped(text, shutil.get_terminal_size().columns)
        self._line(stream, text)

    def _line(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text + "\n")
            stream.flush()
        except OSError as error:
            # The reader went away, as `head` does, or the log's disk is full: no reason to stop a backup.
            _log.info("nobody listens any more: %s", error)
            if not isinstance(error, BrokenPipeError):
                self.unheard = self.unheard or error
            _send_nowhere(stream)


def _send_nowhere(stream: TextIO) -> None:
    """Lets whatever is still said to a broken stream vanish, also what Python flushes at its end."""
    with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


class JsonVoice(Voice):
    """One JSON object a line on standard output, for programs; sentences are left out."""

    json = True

    def __init__(self, out: TextIO, err: TextIO) -> None:
        super().__init__(out, err)
        self.interactive = False

    def say(self, text: str) -> None:
        """Nothing: programs read facts."""

    def warn(self, text: str) -> None:
        """Nothing: programs read facts."""

    def data(self, text: str) -> None:
        """Nothing: programs read facts."""

    def trouble(self, text: str, lines: Iterable[str]) -> None:
        """Nothing: programs read facts."""

    def bad(self, advice: Advice) -> None:
        """The error as an object."""
        self.emit(
            "error",
            message=advice.headline,
            what_to_do=list(advice.what_to_do),
            exit_code=int(advice.exit_code),
        )

    def emit(self, message_type: str, **facts: object) -> None:
        """One JSON object."""
        # Where names cannot be written as they are they are escaped: a program must get them whole.
        encoding = (self._out.encoding or "utf-8").lower().replace("_", "-")
        escaped = encoding not in {"utf-8", "utf8"}
        text = json.dumps({"message_type": message_type, **facts}, ensure_ascii=escaped)
        self._line(self._out, _OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


class TerminalVoice(Voice):
    """Coloured marks, and room for a progress bar."""

    def __init__(self, out: TextIO, err: TextIO) -> None:
        super().__init__(out, err, colour=True)
        self._bar: LineAbove | None = None

    @contextmanager
    def above(self, bar: LineAbove) -> Iterator[None]:
        """While entered, lines are written above a bar that stays on the screen."""
        self._bar = bar
        try:
            yield
        finally:
            self._bar = None

    def _line(self, stream: TextIO, text: str) -> None:
        if self._bar is not None and stream.isatty():
            self._bar.line(text)
        else:
            super()._line(stream, text)


def choose_voice(*, as_json: bool = False, quiet: bool = False) -> Voice:
    """The voice that fits where the output goes."""
    if sys.stdout is None:  # closed, as with `>&-`: what is said goes nowhere
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the program ends
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the program ends
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")  # a name that the terminal cannot show must not end the run
    if as_json:
        return JsonVoice(sys.stdout, sys.stderr)
    plain = not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if plain or quiet:
        return Voice(sys.stdout, sys.stderr, quiet=quiet)
    return TerminalVoice(sys.stdout, sys.stderr)
