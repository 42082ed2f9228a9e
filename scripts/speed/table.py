"""The measurements as tables for people: Markdown, as in the README."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any, Final

Row = dict[str, Any]

_OURS: Final = "mtpbackup"
_LOOP: Final = "C loop"
#: In this order.
_COLUMNS: Final = (
    _OURS,
    _LOOP,
    "mtp-tools",
    "aft-mtp-cli",
    "gphoto2",
    "jmtpfs + rsync",
    "go-mtpfs + rsync",
)
_WORDS: Final = {"list": "list", "copy": "copy", "again": "again, nothing new", "send": "put back"}


def table_of(results: Path) -> str:
    """All tables of kept results, a line of JSON each; a last line that was cut off does not count."""
    rows = []
    for line in results.read_text().splitlines(keepends=True):
        if line.endswith("\n"):
            rows.append(json.loads(line))
    return table(rows)


def table(rows: list[Row]) -> str:
    """All tables."""
    parts = [_conditions(rows)]
    kinds = dict.fromkeys(row["phone"] for row in rows if row["what"] in _WORDS)
    for kind in kinds:
        works = _by_work(kind, rows)
        parts += [f"**{kind}**", _whole_runs(works), _apart_from_start(works), _transactions(kind, rows)]
    parts += [_lists(rows), _left_out(rows)]
    return "\n\n".join(filter(None, parts))


def _conditions(rows: list[Row]) -> str:
    start = [row["wall"] for row in rows if row["what"] == "start"]
    host = next((row for row in rows if row["what"] == "host"), {})
    load = f"{host['load_before'][0]:.1f} before and {host['load_after'][0]:.1f} after" if host else "not known"
    return f"Load: {load}. `mtpbackup --help`: {_two(start)} s. Two figures are the least and the median."


class _Work:
    """What was measured of one work on one phone, by initiator."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.by: dict[str, list[Row]] = defaultdict(list)

    def median(self, who: str, figure: str) -> float | None:
        """Of the runs that were right; None without any."""
        values = [row[figure] for row in self.by.get(who, []) if not row["wrong"] and row[figure] is not None]
        return median(values) if values else None

    def fastest(self, figure: str) -> tuple[float, str] | None:
        """The least median of the others', and whose."""
        others = [(self.median(name, figure), name) for name in self.by if name not in (_OURS, _LOOP)]
        known = [(value, name) for value, name in others if value is not None]
        return min(known) if known else None

    def loop(self) -> float | None:
        """Median seconds of the loop itself."""
        told = [json.loads(row["told"])["seconds"] for row in self.by.get(_LOOP, []) if not row["wrong"]]
        return median(told) if told else None

    def copying(self) -> float | None:
        """Median seconds of our own run after the plan was made."""
        rows = [row for row in self.by.get(_OURS, []) if not row["wrong"] and row["marks"]]
        return median(row["wall"] - row["marks"]['"planned"'] for row in rows) if rows else None


def _by_work(kind: str, rows: Iterable[Row]) -> list[_Work]:
    works: dict[tuple[str, str], _Work] = {}
    for row in rows:
        if row["what"] in _WORDS and row["phone"] == kind:
            name = f"{_WORDS[row['what']]} {row['work']}"
            work = works.setdefault((row["work"], row["what"]), _Work(name))
            work.by[row["initiator"]].append(row)
    return list(works.values())


def _whole_runs(works: list[_Work]) -> str:
    """Seconds from start to end: works down, initiators across."""
    lines = [_line(["seconds, whole run", *_COLUMNS, "x the fastest other", "of the loop's rate"])]
    lines.append(_rule(len(_COLUMNS) + 3))
    for work in works:
        ours, fastest = work.median(_OURS, "wall"), work.fastest("wall")
        shown = [_cell(work.by.get(name, [])) for name in _COLUMNS]
        lines.append(_line([work.name, *shown, _times(fastest and fastest[0], ours), _part(work.loop(), ours)]))
    return "\n".join(lines)


def _apart_from_start(works: list[_Work]) -> str:
    """What is left without the start of the programs, and what it takes: ours beside the fastest other."""
    head = [
        "",
        "s with the phone",
        "fastest other",
        "x",
        "of the loop's rate",
        "copying alone, of the loop's rate",
    ]
    lines = [_line([*head, "CPU s", "its", "MB", "its"]), _rule(len(head) + 4)]
    for work in works:
        ours = work.median(_OURS, "held")
        if ours is None:
            continue
        fastest = work.fastest("held")
        cells = [work.name, f"{ours:.1f}", f"{fastest[1]} {fastest[0]:.1f}" if fastest else "-"]
        cells += [_times(fastest and fastest[0], ours), _part(work.loop(), ours)]
        cells.append(_part(work.loop(), work.copying()))
        for figure, divisor, digits in (("cpu", 1, 1), ("memory", 1e6, 0)):
            for who in (_OURS, fastest[1] if fastest else ""):
                value = work.median(who, figure)
                cells.append("-" if value is None else f"{value / divisor:.{digits}f}")
        lines.append(_line(cells))
    return "\n".join(lines) if len(lines) > 2 else ""


def _transactions(kind: str, rows: list[Row]) -> str:
    lines = []
    for row in rows:
        if row["what"] == "transactions" and row["phone"] == kind:
            each = ", ".join(f"{code} {count:,}" for code, count in sorted(row["counts"].items()))
            lines.append(f"- Transactions of mtpbackup for {row['work']}: {row['total']:,} ({each}).")
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(columns: int) -> str:
    return "|" + " --- |" * columns


def _cell(rows: list[Row]) -> str:
    good = [row["wall"] for row in rows if not row["wrong"]]
    if good:
        return _two(good)
    return rows[0]["wrong"].split(":")[0] if rows else "-"


def _two(values: list[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.1f}"
    return f"{min(values):.1f} / {median(values):.1f}" if values else "-"


def _times(other: float | None, ours: float | None) -> str:
    """How many times as fast as another."""
    return f"{other / ours:.2f}" if other and ours else "-"


def _part(loop: float | None, ours: float | None) -> str:
    """Part of the loop's rate."""
    return f"{loop / ours:.0%}" if loop and ours else "-"


def _lists(rows: list[Row]) -> str:
    """Listing where the responder's property lists work."""
    found = [row for row in rows if row["what"] == "property lists"]
    if not found:
        return ""
    lines = ["**The phone made of code, by FunctionFS** (answers property lists as Android does)", ""]
    for row in found:
        total = sum(row["counts"].values())
        stopped = " (stopped)" if row["code"] == 124 else ""
        held = f", {row['held']:.1f} s with the phone" if row["held"] else ""
        took = f"{row['found']:,} photos in {row['wall']:.1f} s{stopped}{held}, {total:,} transactions"
        lines.append(f"- {row['initiator']}: {took} ({json.dumps(row['counts'])})")
    return "\n".join(lines)


def _left_out(rows: list[Row]) -> str:
    """What there was no time for, and what went wrong around the measurements."""
    lines = [f"- Left out, no time: {row['part']} {row['of']}" for row in rows if row["what"] == "left out"]
    lines += [f"- Failed: {row['wrong'].splitlines()[-1]}" for row in rows if row["what"] == "failed"]
    return "\n".join(lines)
