"""The measurements as tables for people: Markdown, as in the README."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from statistics import median
from typing import Any, Final

Row = dict[str, Any]

#: In this order.
_COLUMNS: Final = (
    "mtpbackup",
    "C loop",
    "mtp-tools",
    "aft-mtp-cli",
    "gphoto2",
    "jmtpfs + rsync",
    "go-mtpfs + rsync",
)
_WORDS: Final = {"list": "list", "copy": "copy", "again": "again, nothing new", "send": "put back"}


def table(rows: list[Row]) -> str:
    """All tables."""
    parts = [_conditions(rows)]
    kinds = dict.fromkeys(row["phone"] for row in rows if row["what"] in _WORDS)
    parts += [_of_phone(kind, rows) for kind in kinds]
    parts.append(_lists(rows))
    return "\n\n".join(filter(None, parts))


def _conditions(rows: list[Row]) -> str:
    start = [row["wall"] for row in rows if row["what"] == "start"]
    host = next((row for row in rows if row["what"] == "host"), {})
    load = f"{host['load_before'][0]:.1f} before and {host['load_after'][0]:.1f} after" if host else "not known"
    return (
        f"Load of the host: {load}. `mtpbackup --help` in the machine: {_two(start)} s. Seconds, the least and"
        " the median; MB of memory in brackets."
    )


def _of_phone(kind: str, rows: list[Row]) -> str:
    """A table for one responder: works down, initiators across."""
    cells: dict[tuple[str, str], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["what"] in _WORDS and row["phone"] == kind:
            cells[row["what"], row["work"]][row["initiator"]].append(row)
    lines = [f"**{kind}**", "", "| work | " + " | ".join(_COLUMNS) + " | to the fastest other | to the loop |"]
    lines.append("| --- |" + " --- |" * (len(_COLUMNS) + 2))
    for (what, work), by in cells.items():
        shown = [_cell(by.get(name, [])) for name in _COLUMNS]
        lines.append(
            f"| {_WORDS[what]} {work} | " + " | ".join(shown) + f" | {_to_peer(by)} | {_to_loop(by, rows)} |"
        )
    for row in rows:
        if row["what"] == "transactions" and row["phone"] == kind:
            each = ", ".join(f"{code} {count:,}" for code, count in sorted(row["counts"].items()))
            lines += ["", f"Transactions of mtpbackup for {row['work']}: {row['total']:,} ({each})."]
    return "\n".join(lines)


def _cell(rows: list[Row]) -> str:
    good = _walls(rows)
    if good:
        return f"{_two(good)} [{max(row['memory'] for row in rows) / 1e6:.0f}]"
    return rows[0]["wrong"].split(":")[0] if rows else "-"


def _walls(rows: Iterable[Row]) -> list[float]:
    return [row["wall"] for row in rows if not row["wrong"]]


def _two(values: list[float]) -> str:
    return f"{min(values):.1f} / {median(values):.1f}" if values else "-"


def _to_peer(by: dict[str, list[Row]]) -> str:
    """How many times as fast as the fastest other, by the medians."""
    ours = _walls(by.get("mtpbackup", []))
    others = [
        median(_walls(rows))
        for name, rows in by.items()
        if name not in ("mtpbackup", "C loop") and _walls(rows)
    ]
    return f"{min(others) / median(ours):.2f} x" if ours and others else "-"


def _to_loop(by: dict[str, list[Row]], rows: list[Row]) -> str:
    """Part of the loop's rate: the whole run, and from the plan to the last row in the catalog."""
    good = [row for row in by.get("C loop", []) if not row["wrong"]]
    ours = [row for row in by.get("mtpbackup", []) if not row["wrong"]]
    if not good or not ours:
        return "-"
    loop = median(json.loads(row["told"])["seconds"] for row in good)
    copying = [row["wall"] - row["marks"]['"planned"'] for row in ours if row["marks"]]
    whole = f"{loop / median(_walls(ours)):.0%}"
    return f"{whole}; copying alone {loop / median(copying):.0%}" if copying else whole


def _lists(rows: list[Row]) -> str:
    """Listing where the responder's property lists work."""
    found = [row for row in rows if row["what"] == "property lists"]
    if not found:
        return ""
    lines = ["**The phone made of code, by FunctionFS** (answers property lists as Android does)", ""]
    for row in found:
        total = sum(row["counts"].values())
        stopped = " (stopped)" if row["code"] == 124 else ""
        took = f"{row['found']:,} photos in {row['wall']:.1f} s{stopped}, {total:,} transactions"
        lines.append(f"- {row['initiator']}: {took} ({json.dumps(row['counts'])})")
    return "\n".join(lines)
