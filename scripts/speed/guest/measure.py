"""`python -m speed.guest.measure ORDER.json RESULTS.json`: all measurements of one boot, interleaved."""

from __future__ import annotations

import filecmp
import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from speed.guest.bench_phones import BenchPhone, CodePhone, HostPhone, PluggedIn, Umtp, fresh_folder
from speed.guest.initiators import REST, Gphoto, Initiator, Loop, MtpBackup, MtpTools, compile_loop, peers
from speed.guest.runs import Took
from tests.vm import content

#: On the machine's disk: ext4.
DISK = Path("/home/bench")
FOLDER = "DCIM/Camera"
#: Seconds for one who is known to hang, to see whether that is still so.
_HANGS = 20.0


@dataclass(frozen=True, slots=True)
class Work:
    """Files of one size.

    Attributes:
        name: of the work.
        count, size: how many, and bytes of each.
        repeats: how often it is measured.
        copied: whether they are copied too, or only listed.
    """

    name: str
    count: int
    size: int
    repeats: int
    copied: bool


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
        self._others = others
        self._disk = disk
        self._order = order
        self._results = results
        self._end = time.monotonic() + order["seconds"]
        self._works = [Work(**each) for each in order["works"]]
        self._loop = compile_loop(Path(__file__).with_name("loop.c"))
        self._given_up: dict[tuple[str, str, str], str] = {}
        self.rows: list[dict[str, Any]] = []

    def on_a_bus(self, phone: dict[str, str]) -> None:
        """Measures works on a phone that somebody else has plugged in."""
        self._start_up()
        for work in self._works:
            self.on(PluggedIn(phone["serial"], Path(phone["files"])), phone["kind"], work)

    def run(self) -> None:
        """Measures everything, and writes the results after each work."""
        self._start_up()
        for work in self._works:
            self._safely(self._on_umtp, work)
            if work.name in self._order["on_qemu"]:
                shared, on_host = Path("/mnt/files") / work.name, f"{self._order['files']}/{work.name}"
                self._safely(self.on, HostPhone(work.name, shared, on_host), HostPhone.kind, work)
        self._safely(self._property_lists, self._order["photos"])
        self._note("end", load=os.getloadavg())

    def _safely(self, action: Callable[..., None], *arguments: Any) -> None:
        """Does a part; what goes wrong in it is noted, and the others are measured all the same."""
        try:
            action(*arguments)
        except Exception:
            self._note("failed", wrong=traceback.format_exc())

    def _on_umtp(self, work: Work) -> None:
        phone = Umtp(f"b{work.name}")
        try:
            for number in range(work.count):
                content.write_file(phone.files / FOLDER / f"f{number:05}.jpg", work.size)
            self.on(phone, Umtp.kind, work)
            if work.name == self._order["restored"]:
                self._restore(phone, work)
        finally:
            phone.remove()

    # --- one work on one phone ----------------------------------------------------------------------------

    def on(self, phone: BenchPhone, kind: str, work: Work) -> None:
        """Measures one work on one phone, which holds its files and is not plugged in."""
        ours = MtpBackup()
        everyone = [ours, Loop(self._loop, phone.serial), *self._others()]
        for one in everyone:
            if kind == Umtp.kind and isinstance(one, Gphoto):
                one.limit = _HANGS
        phone.plug()
        try:
            for turn in range(work.repeats):
                if turn and time.monotonic() > self._end:
                    self._note("skipped", work=work.name, phone=kind, turn=turn)
                    break
                for initiator in everyone[turn % len(everyone) :] + everyone[: turn % len(everyone)]:
                    self._list(phone, kind, work, initiator, turn)
                    if work.copied:
                        self._copy(phone, kind, work, initiator, turn)
            if work.copied:
                self._second_runs(phone, kind, work, ours)
        finally:
            phone.unplug()

    def _list(self, phone: BenchPhone, kind: str, work: Work, initiator: Initiator, turn: int) -> None:
        if work.count == 1 or not self._works_on(kind, initiator, "list"):
            return
        took = self._timed(lambda: initiator.list(FOLDER))
        if took is None:
            return
        found = sum(f"f{number:05}.jpg".encode() in took.output for number in range(work.count))
        if isinstance(initiator, Loop):
            found = json.loads(took.output)["objects"] if took.code == 0 else 0
        wrong = "" if found == work.count else f"{found} of {work.count} listed"
        self._take("list", phone, kind, work, initiator, turn, took, wrong)

    def _copy(self, phone: BenchPhone, kind: str, work: Work, initiator: Initiator, turn: int) -> None:
        if not self._works_on(kind, initiator, "copy"):
            return
        into = fresh_folder(self._disk / "copy")
        os.sync()
        took = self._timed(lambda: initiator.copy(FOLDER, into))
        if took is None:
            return
        if isinstance(initiator, Loop):
            told = json.loads(took.output) if took.code == 0 else {}
            wrong = "" if told.get("bytes") == work.count * work.size else f"{told}"
        else:
            wrong = differences(phone.files / FOLDER, into)
        self._take("copy", phone, kind, work, initiator, turn, took, wrong)

    def _second_runs(self, phone: BenchPhone, kind: str, work: Work, ours: MtpBackup) -> None:
        """Nothing new, and how many transactions a copy takes."""
        into = fresh_folder(self._disk / "again")
        counted = ours.transactions(FOLDER, into)
        self._note("transactions", work=work.name, phone=kind, counts=counted, total=sum(counted.values()))
        if work.count > 1:
            for turn in range(work.repeats):
                took = self._timed(lambda: ours.again(FOLDER, into))
                assert took is not None
                wrong = (
                    "" if took.code == 0 and b'"event": "file_started"' not in took.output else "copied again"
                )
                self._take("again", phone, kind, work, ours, turn, took, wrong)

    def _restore(self, phone: Umtp, work: Work) -> None:
        """The same files back onto the phone."""
        plain = fresh_folder(self._disk / "plain")
        for number in range(work.count):
            content.write_file(plain / f"f{number:05}.jpg", work.size)
        os.sync()
        for turn in range(work.repeats):
            if turn and time.monotonic() > self._end:
                break
            for initiator in [MtpBackup(), *self._others()]:
                if not self._works_on(Umtp.kind, initiator, "send"):
                    continue
                folder = f"back{turn}{initiator.name[0]}"
                phone.plug()
                took = self._timed(lambda: initiator.send(plain, folder))  # noqa: B023 - called at once
                phone.unplug()
                if took is not None:
                    wrong = differences(plain, phone.files / folder)
                    self._take("send", phone, Umtp.kind, work, initiator, turn, took, wrong)
                fresh_folder(phone.files / folder).rmdir()

    def _property_lists(self, photos: int) -> None:
        """Where the responder's lists work."""
        with CodePhone(photos) as phone:
            for turn in range(self._order["list_repeats"]):
                phone.counts()
                took = self._timed(lambda: MtpBackup().list(FOLDER))
                assert took is not None
                found = took.output.count(b"IMG_")
                self._lists("mtpbackup", turn, found, phone, took)
            tools = MtpTools()
            tools.limit = self._order["patience"]
            took = self._timed(lambda: tools.list(FOLDER))
            assert took is not None
            found = took.output.count(b"Filename: IMG_")
            self._lists("mtp-files", 0, found, phone, took)

    def _lists(self, initiator: str, turn: int, found: int, phone: CodePhone, took: Took) -> None:
        counts = phone.counts()
        self._note("property lists", initiator=initiator, turn=turn, found=found, counts=counts, **_facts(took))

    def _start_up(self) -> None:
        for turn in range(3):
            took = MtpBackup().help()
            self._note("start", turn=turn, **_facts(took))

    # --- bookkeeping --------------------------------------------------------------------------------------

    @staticmethod
    def _timed(action: Callable[[], Took | None]) -> Took | None:
        time.sleep(REST)
        return action()

    def _works_on(self, kind: str, initiator: Initiator, what: str) -> bool:
        return (kind, initiator.name, what) not in self._given_up

    def _take(
        self,
        what: str,
        phone: BenchPhone,
        kind: str,
        work: Work,
        initiator: Initiator,
        turn: int,
        took: Took,
        wrong: str,
    ) -> None:
        """Notes a measurement. One who fails is not asked again, and the phone starts anew."""
        if took.code != 0 or wrong:
            wrong = "hangs" if took.code == 124 else wrong or f"exit code {took.code}"
            self._given_up[kind, initiator.name, what] = wrong
            if took.code == 124:
                for other in ("list", "copy", "send"):
                    self._given_up[kind, initiator.name, other] = wrong
            wrong += ": " + took.output[-300:].decode(errors="replace") if initiator.name == "mtpbackup" else ""
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
            told=took.output.decode(errors="replace") if isinstance(initiator, Loop) else "",
        )

    def _note(self, what: str, **facts: Any) -> None:
        row = {"what": what, **facts}
        self.rows.append(row)
        self._results.write_text(json.dumps(self.rows))
        short = {key: value for key, value in row.items() if value not in ("", {}, None)}
        print(json.dumps(short), flush=True)


def _facts(took: Took) -> dict[str, Any]:
    facts = asdict(took)
    del facts["output"]
    return {key: round(value, 3) if isinstance(value, float) else value for key, value in facts.items()}


def differences(source: Path, copies: Path) -> str:
    """What is missing or different in copies of all files of a folder, wherever below `copies` they lie."""
    found = {
        name: Path(folder, name)
        for folder, folders, names in os.walk(copies)
        if ".mtpbackup" not in Path(folder).parts
        for name in names
    }
    missing = different = 0
    for path in source.iterdir():
        copy = found.get(path.name)
        if copy is None:
            missing += 1
        elif not filecmp.cmp(path, copy, shallow=False):
            different += 1
    return f"{missing} missing, {different} different" if missing or different else ""


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
