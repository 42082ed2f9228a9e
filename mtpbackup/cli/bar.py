"""The progress bar of a terminal: one line of figures, one with the file in hand. Drawn by rich."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

#: Columns of the bar itself.
_WIDEST_BAR: Final = 24
_LEAST_BAR: Final = 4
#: Columns from which the hint stands beside the file in hand; else it has a line of its own.
_WIDE: Final = 110


class Bar:
    """A bar that stays below the lines of the conversation while it is entered."""

    def __init__(self, label: str, hint: str) -> None:
        self._label = label
        self._hint = hint
        self._bar = ProgressBar(total=1.0, completed=0.0, width=_WIDEST_BAR, complete_style="green")
        self._live = Live(console=Console(), refresh_per_second=5, transient=True, redirect_stdout=False)
        self._share = 0.0
        self._figures: Sequence[str] = ()
        self._detail = ""

    def update(self, share: float, figures: Sequence[str], detail: str) -> None:
        """Shows a share between 0 and 1, figures beside the bar (the last stays longest) and the line below."""
        self._bar.update(completed=share)
        self._share, self._figures = share, figures
        self._detail = detail
        self._live.update(self.picture())

    def line(self, text: str) -> None:
        """Writes a line above the bar."""
        self._live.console.print(Text.from_ansi(text))

    def picture(self) -> Group:
        """What is shown now, fitted to the width of the terminal."""
        columns = self._live.console.width
        figures = self._fitting(columns - len(self._label) - _LEAST_BAR - 2)
        self._bar.width = max(_LEAST_BAR, min(_WIDEST_BAR, columns - len(self._label) - len(figures) - 2))
        row = Table.grid(padding=(0, 1))
        row.add_row(Text(self._label), self._bar, Text(figures, no_wrap=True, overflow="ellipsis"))
        below = Text(f"{'':{len(self._label)}} {self._detail}", no_wrap=True, overflow="ellipsis")
        if not self._hint:
            return Group(row, below)
        if columns >= _WIDE:
            return Group(row, below.append("   " + self._hint, style="dim"))
        return Group(row, below, Text(self._hint, style="dim"))

    def _fitting(self, room: int) -> str:
        """The figures that there is room for: amounts go first, then the rate; per cent and time left stay."""
        for first in range(len(self._figures)):
            text = f"{self._share:4.0%}  {'   '.join(self._figures[first:])}"
            if len(text) <= room:
                return text
        return f"{self._share:4.0%}"

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, traceback)
