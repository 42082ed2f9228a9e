"""The progress bar of a terminal: one line of figures, one with the file in hand. Drawn by rich."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text


class Bar:
    """A bar that stays below the lines of the conversation while it is entered."""

    def __init__(self, label: str, hint: str) -> None:
        self._label = label
        self._hint = hint
        self._bar = ProgressBar(total=1.0, completed=0.0, width=24, complete_style="green")
        self._live = Live(console=Console(), refresh_per_second=5, transient=True, redirect_stdout=False)
        self._figures = ""
        self._detail = ""

    def update(self, share: float, figures: str, detail: str) -> None:
        """Shows a share between 0 and 1, the figures beside the bar and the line below it."""
        self._bar.update(completed=share)
        self._figures = f"{share:4.0%}  {figures}"
        self._detail = detail
        self._live.update(self._picture())

    def line(self, text: str) -> None:
        """Writes a line above the bar."""
        self._live.console.print(Text.from_ansi(text))

    def _picture(self) -> Group:
        row = Table.grid(padding=(0, 1))
        row.add_row(Text(self._label), self._bar, Text(self._figures, no_wrap=True, overflow="ellipsis"))
        below = Text(f"{'':{len(self._label)}} {self._detail}   ", no_wrap=True, overflow="ellipsis")
        if self._hint:
            below.append(self._hint, style="dim")
        return Group(row, below)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, traceback)
