"""`python -m speed.guest.measure ORDER.json RESULTS`: all measurements of one boot, interleaved.

In turns: in the first one everybody does every work on every phone, what tells most first; in the next ones
only mtpbackup, the loop, and the fastest of the others, whose figures the ratios are made of. What there is no
time for is noted as left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from speed.guest.bench_phones import BenchPhone, CodePhone, HostPhone, PluggedIn, Umtp, fresh_folder
from speed.guest.held import Held
from speed.guest.initiators import Aft, Gphoto, Initiator, Loop, MtpBackup, MtpTools, compile_loop, peers
from speed.guest.runs import STOPPED, Took
from speed.guest.works import Work, differences
from tests.vm import content
from tests.vm.phones import node_of

#: On the machine's disk: ext4.
DISK = Path("/home/bench")
FOLDER = "DCIM/Camera"
#: Seconds for one who is known to hang, to see whether that is still so.
_HANGS = 20.0


class Measuring:
    """All of it."""

    def __init__(
        self,
        order: dict[str, Any],
        results: Path,
        disk: Path,
        others: Callable[[], list[Initiator]] = peers,
    ) -> None:
        """Reads what is wanted. Copies go to `disk`; `others` are measured beside mtpbackup and the loop."""
        self._ours = MtpBackup()
        wanted = order.get("others")
        self._others = [one for one in others() if wanted is None or one.name.split()[0] in wanted]
        for one in self._others:
            one.limit = order["patience"]
        self._disk = disk
        self._order = order
        self._results = results
        self._end = time.monotonic() + order["seconds"]
        self._works = [Work(**each) for each in order["works"]]
        self._loop = compile_loop(Path(__file__).with_name("loop.c"))
        self._given_up: set[tuple[str, ...]] = set()
        self._rest = self._ours.rest
        #: Whether the kernel tells of openings of a device node; not on an emulated bus.
        self._watched = True
        self.rows: list[dict[str, Any]] = []

    def on_a_bus(self, phone: dict[str, str]) -> None:
        """Measures works on a phone that somebody else has plugged in."""
        self._watched = False
        self.start_up()
        for work in self._works:
            for turn in range(work.repeats):
                plugged = PluggedIn(phone["serial"], Path(phone["files"]))
                self._in_time(self.on, plugged, phone["kind"], work, turn)
        self._note("end", load=os.getloadavg())

    def run(self) -> None:
        """Measures everything, and writes each result at once."""
        self.start_up()
        for number, (turn, works) in enumerate(self._rounds()):
            for work in works:
                self._in_time(self._on_umtp, work, turn)
            if self._order["photos"] and number < 2:
                self._in_time(self._property_lists, number)
            for work in works:
                if work.name in self._order["on_qemu"]:
                    shared, on_host = Path("/mnt/files") / work.name, f"{self._order['files']}/{work.name}"
                    phone = HostPhone(work.name, shared, on_host)
                    self._in_time(self.on, phone, phone.kind, work, turn)
        for work in self._works:
            if work.copied:
                self._in_time(self._transactions_on_umtp, work)
        self._note("end", load=os.getloadavg())

    def _rounds(self) -> list[tuple[int, list[Work]]]:
        """Turns and their works: those that are only listed after everything else was done twice."""
        copied = [work for work in self._works if work.copied]
        turns = range(max((work.repeats for work in self._works), default=1))
        rounds = [(turn, [work for work in copied if work.repeats > turn]) for turn in turns]
        rounds.insert(2, (0, [work for work in self._works if not work.copied]))
        return rounds

    def _in_time(self, action: Callable[..., None], *arguments: Any) -> None:
        """Does a part, if there is time. What goes wrong is noted; the others are done all the same."""
        if self._is_late():
            told = [str(getattr(each, "name", each)) for each in arguments if not hasattr(each, "plug")]
            self._note("left out", part=action.__name__.strip("_"), of=told)
            return
        try:
            action(*arguments)
        except Exception:
            self._note("failed", wrong=traceback.format_exc())

    def _is_late(self) -> bool:
        return bool(time.monotonic() > self._end)

    def _on_umtp(self, work: Work, turn: int) -> None:
        phone = self._filled(work)
        try:
            self.on(phone, Umtp.kind, work, turn)
            if work.name == self._order["restored"]:
                self._restore(phone, work, turn)
        finally:
            phone.put_away()

    @staticmethod
    def _filled(work: Work) -> Umtp:
        """A phone with the work's files, which stay in memory between two turns."""
        phone = Umtp(f"b{work.name}")
        for number in range(work.count):
            path = phone.files / FOLDER / f"f{number:05}.jpg"
            if not path.exists():
                content.write_file(path, work.size)
        return phone

    # --- one work on one phone ----------------------------------------------------------------------------

    def on(self, phone: BenchPhone, kind: str, work: Work, turn: int) -> None:
        """Does one work on one phone, which holds its files and is not plugged in."""
        taking_part = self._taking_part(kind, work, turn, Loop(self._loop, phone.serial))
        phone.plug()
        try:
            for initiator in taking_part:
                if self._is_late():
                    self._note("left out", part="on", of=[kind, work.name, turn, initiator.name])
                    continue
                if kind == Umtp.kind and isinstance(initiator, Gphoto):
                    initiator.limit = _HANGS
                if work.count > 1:
                    self._list(phone, kind, work, initiator, turn)
                if work.copied:
                    self._copy(phone, kind, work, initiator, turn)
                if isinstance(initiator, Gphoto):
                    initiator.limit = self._order["patience"]
        finally:
            phone.unplug()

    def _taking_part(self, kind: str, work: Work, turn: int, loop: Loop) -> list[Initiator]:
        """Everyone at first, then those who count. In another order each time."""
        fastest: set[str] = set()
        for what in ("list", "copy", "send"):
            walls = {
                row["wall"]: row["initiator"]
                for row in self.rows
                if (row["what"], row.get("phone"), row.get("work")) == (what, kind, work.name)
                and row["initiator"] not in (self._ours.name, loop.name)
                and not row["wrong"]
            }
            if walls:
                fastest.add(walls[min(walls)])
        others = [one for one in self._others if turn == 0 or one.name in fastest]
        everyone = [self._ours, loop, *others]
        return everyone[turn % len(everyone) :] + everyone[: turn % len(everyone)]

    def _list(self, phone: BenchPhone, kind: str, work: Work, initiator: Initiator, turn: int) -> None:
        measured = self._measured("list", phone, kind, work, initiator, lambda: initiator.list(FOLDER))
        if measured is None:
            return
        took, held = measured
        found = sum(f"f{number:05}.jpg".encode() in took.output for number in range(work.count))
        if isinstance(initiator, Loop):
            found = json.loads(took.output)["objects"] if took.code == 0 else 0
        wrong = "" if found == work.count else f"{found} of {work.count} listed"
        self._take("list", phone, kind, work, initiator, turn, took, held, wrong)

    def _copy(self, phone: BenchPhone, kind: str, work: Work, initiator: Initiator, turn: int) -> None:
        into = fresh_folder(self._disk / "copy")
        measured = self._measured("copy", phone, kind, work, initiator, lambda: initiator.copy(FOLDER, into))
        if measured is None:
            return
        took, held = measured
        if isinstance(initiator, Loop):
            told = json.loads(took.output) if took.code == 0 else {}
            wrong = "" if told.get("bytes") == work.count * work.size else f"{told}"
        else:
            wrong = differences(phone.files / FOLDER, into)
        self._take("copy", phone, kind, work, initiator, turn, took, held, wrong)
        if initiator is self._ours and work.count > 1 and not wrong:
            self._again(phone, kind, work, turn, into)

    def _again(self, phone: BenchPhone, kind: str, work: Work, turn: int, into: Path) -> None:
        """Nothing new in a backup that was just made."""
        ours = self._ours
        measured = self._measured("again", phone, kind, work, ours, lambda: ours.again(FOLDER, into))
        assert measured is not None
        took, held = measured
        copied = b'"event": "file_started"' in took.output
        self._take("again", phone, kind, work, ours, turn, took, held, "copied again" if copied else "")

    def _restore(self, phone: Umtp, work: Work, turn: int) -> None:
        """The same files back onto the phone, into another folder."""
        plain = self._disk / "plain"
        if not plain.exists():
            for number in range(work.count):
                content.write_file(plain / f"f{number:05}.jpg", work.size)
        for initiator in self._taking_part(Umtp.kind, work, turn, Loop(self._loop, phone.serial)):
            if isinstance(initiator, Loop) or self._is_late():
                continue
            folder = f"back{turn}{initiator.name[0]}"
            usual, initiator.limit = initiator.limit, self._order["restore_patience"]
            phone.plug()
            measured = self._measured(
                *("send", phone, Umtp.kind, work, initiator),
                lambda: initiator.send(plain, folder),  # noqa: B023 - called at once
            )
            phone.unplug()
            initiator.limit = usual
            if measured is not None:
                took, held = measured
                wrong = differences(plain, phone.files / folder)
                self._take("send", phone, Umtp.kind, work, initiator, turn, took, held, wrong)
            fresh_folder(phone.files / folder).rmdir()

    def transactions(self, phone: BenchPhone, kind: str, work: Work) -> None:
        """Counts the transactions of a copy. The phone is plugged in."""
        counted = self._ours.transactions(FOLDER, fresh_folder(self._disk / "copy"))
        self._note("transactions", work=work.name, phone=kind, counts=counted, total=sum(counted.values()))

    def _transactions_on_umtp(self, work: Work) -> None:
        phone = self._filled(work)
        phone.plug()
        try:
            self.transactions(phone, Umtp.kind, work)
        finally:
            phone.put_away()

    def _property_lists(self, turn: int) -> None:
        """Listing where the responder's lists work."""
        with CodePhone(self._order["photos"]) as phone:
            for initiator in (MtpBackup(), Aft(), MtpTools()):
                if turn and isinstance(initiator, MtpTools):
                    continue
                initiator.limit = self._order["list_patience"]
                phone.counts()
                time.sleep(self._rest)
                with Held(node_of(phone.serial)) as held:
                    took = initiator.list(FOLDER)
                assert took is not None
                self._rest = initiator.rest
                numbers = range(self._order["photos"])
                self._note(
                    "property lists",
                    initiator=initiator.name,
                    turn=turn,
                    found=sum(f"IMG_{number:05}.jpg".encode() in took.output for number in numbers),
                    counts=phone.counts(),
                    held=held.seconds(took),
                    **_facts(took),
                )

    def start_up(self) -> None:
        """What starting takes, and nothing else."""
        for turn in range(3):
            self._note("start", turn=turn, **_facts(self._ours.help()))

    # --- bookkeeping --------------------------------------------------------------------------------------

    def _measured(
        self,
        what: str,
        phone: BenchPhone,
        kind: str,
        work: Work,
        initiator: Initiator,
        action: Callable[[], Took | None],
    ) -> tuple[Took, float | None] | None:
        """Does it when the phone has rested; None for one who cannot, or who has failed before."""
        if {(kind, initiator.name, what), (kind, initiator.name, what, work.name)} & self._given_up:
            return None
        os.sync()
        time.sleep(self._rest)
        with Held(node_of(phone.serial) if self._watched else None) as held:
            took = action()
        self._rest = initiator.rest
        return None if took is None else (took, held.seconds(took))

    def _take(
        self,
        what: str,
        phone: BenchPhone,
        kind: str,
        work: Work,
        initiator: Initiator,
        turn: int,
        took: Took,
        held: float | None,
        wrong: str,
    ) -> None:
        """Notes a measurement. One who fails is not asked again, and the phone starts anew."""
        if took.code != 0 or wrong:
            if took.code == STOPPED:
                wrong = f"over {took.wall:.0f} s"
                self._given_up.add((kind, initiator.name, what, work.name))
                if initiator.limit == _HANGS:
                    self._given_up |= {(kind, initiator.name, each) for each in ("list", "copy", "send")}
            else:
                wrong = wrong or f"exit code {took.code}"
                self._given_up.add((kind, initiator.name, what))
            if initiator is self._ours:
                wrong += ": " + took.output[-3000:].decode(errors="replace")
            if what != "send":
                phone.unplug()
                phone.plug()
        self._note(
            what,
            phone=kind,
            work=work.name,
            initiator=initiator.name,
            turn=turn,
            wrong=wrong,
            **_facts(took),
            held=held,
            told=took.output.decode(errors="replace") if isinstance(initiator, Loop) else "",
        )

    def _note(self, what: str, **facts: Any) -> None:
        row = {"what": what, **facts}
        self.rows.append(row)
        with self._results.open("a") as file:
            file.write(json.dumps(row) + "\n")
        short = {key: value for key, value in row.items() if value not in ("", {}, None)}
        print(json.dumps(short), flush=True)


def _facts(took: Took) -> dict[str, Any]:
    facts = asdict(took)
    del facts["output"], facts["start"]
    return {key: round(value, 3) if isinstance(value, float) else value for key, value in facts.items()}


def main() -> int:
    """Measures."""
    order = json.loads(Path(sys.argv[1]).read_text())
    if "bus" in order:
        measuring = Measuring(order, Path(sys.argv[2]), Path(order["disk"]))
        measuring.on_a_bus(order["bus"])
        return 0
    Path("/phones").mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=90%", "phones", "/phones"], check=True)
    DISK.mkdir(parents=True, exist_ok=True)
    measuring = Measuring(order, Path(sys.argv[2]), DISK)
    measuring.run()
    bad = [
        row for row in measuring.rows if row.get("initiator") in ("mtpbackup", "C loop") and row.get("wrong")
    ]
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
