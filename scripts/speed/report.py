"""The model's figures, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from mtpbackup.transport.base import Speed
from speed.computer import Computer
from speed.model import BUSES, LATENCY, OBJECT_INFO, Figures, run

PHOTO = 4_000_000
#: What is aimed at: share of the time in which the bus carries payload.
GOALS = {("photos", Speed.HIGH): 0.97, ("photos", Speed.SUPER): 0.90}
VIDEO_GOAL = 0.99
#: Computers that the runs are made with.
COMPUTERS: Mapping[str, Computer | None] = {"hidden": None, "modelled": Computer()}


def photos(count: int) -> dict[str, int]:
    """A camera folder."""
    return {f"DCIM/Camera/IMG_{number:05}.jpg": PHOTO for number in range(count)}


def model_report(count: int, video: int, *, as_json: bool) -> int:
    """Runs the model for both works, speeds and computers; exit code 1 where a goal is missed."""
    rows = []
    missed = 0
    for work, sizes in (("photos", photos(count)), ("video", {"DCIM/Camera/VID_1.mp4": video})):
        for speed in BUSES:
            for name, computer in COMPUTERS.items():
                figures = run(sizes, speed, computer)
                goal = GOALS.get((work, speed), VIDEO_GOAL) if computer is None else None
                missed += goal is not None and figures.share < goal
                row = {"work": work, "bus": speed.name, "computer": name, "goal": goal, **asdict(figures)}
                rows.append(row)
                if not as_json:
                    _tell(work, speed, name, figures, goal)
    if as_json:
        assumed = {
            "bytes_per_second": {speed.name: rate for speed, rate in BUSES.items()},
            "seconds_per_transaction": LATENCY,
            "seconds_per_object_info": OBJECT_INFO.call,
            "computer": asdict(Computer()),
        }
        print(json.dumps({"assumed": assumed, "runs": rows}, indent=1))
    return int(missed > 0)


def _tell(work: str, speed: Speed, computer: str, figures: Figures, goal: float | None) -> None:
    aim = f" (goal {goal:.0%})" if goal is not None else ""
    print(
        f"{work:7} {speed.name:6} computer {computer:9} payload {figures.share:7.2%} of the time{aim}, "
        f"{figures.seconds:,.1f} s, {figures.transactions:,} transactions, held up {figures.held_up:.2f} s",
        flush=True,
    )
