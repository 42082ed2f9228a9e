"""Runs mtpbackup as an ordinary user, and looks at what it says while it runs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Fact = dict[str, Any]


def as_user(user: str) -> list[str]:
    """The start of a command that runs with a user's rights and groups, as of now."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]


def environment(user: str, **extra: str) -> dict[str, str]:
    """What an ordinary user's programs find in their environment."""
    return {
        "HOME": f"/home/{user}",
        "USER": user,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.environ["PYTHONPATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        **extra,
    }


class Running:
    """A started mtpbackup.

    Attributes:
        facts: the JSON objects it has said so far.
        text: everything else it has said, on either channel.
    """

    def __init__(self, *arguments: str | Path, user: str = "user", **extra: str) -> None:
        command = [*as_user(user), sys.executable, "-m", "mtpbackup", *map(str, arguments)]
        self.facts: list[Fact] = []
        self.text: list[str] = []
        self._said = threading.Condition()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            env=environment(user, **extra),
            process_group=0,
        )
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with self._said:
                    if line.startswith("{"):
                        self.facts.append(json.loads(line))
                    else:
                        self.text.append(line)
                    self._said.notify_all()
        with self._said:
            self._said.notify_all()

    def wait_for(self, seconds: float = 60.0, **wanted: Any) -> Fact:
        """Waits until a JSON object has these values, and gives it; those said before count too."""

        def find() -> Fact | None:
            return next((fact for fact in self.facts if wanted.items() <= fact.items()), None)

        with self._said:
            self._said.wait_for(lambda: find() or not self._reader.is_alive(), seconds)
            found = find()
        assert found, f"never said {wanted}:\n{self}"
        return found

    def wait_until(self, condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Waits for something that the running program brings about."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert self._process.poll() is None, f"ended before {what}:\n{self}"
            assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}\n{self}"
            time.sleep(0.02)

    def interrupt(self) -> None:
        """What Ctrl-C does: the signal goes to the whole process group."""
        os.killpg(self._process.pid, signal.SIGINT)

    def end(self, seconds: float = 300.0) -> Outcome:
        """Waits for its end."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end within {seconds:g} s:\n{self}") from None
        self._reader.join(10)
        outcome = Outcome(code, self.facts, "".join(self.text))
        assert "Traceback" not in outcome.text, outcome.text
        return outcome

    def kill(self) -> None:
        """Ends it, if it has not ended."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(10)

    def __str__(self) -> str:
        return "\n".join([*map(json.dumps, self.facts[-20:]), *self.text[-40:]])


class Outcome:
    """How a run ended and what it said.

    Attributes:
        code: exit code.
        facts: the JSON objects, in order.
        text: the rest of the output.
    """

    def __init__(self, code: int, facts: list[Fact], text: str) -> None:
        self.code, self.facts, self.text = code, facts, text

    @property
    def summary(self) -> Fact:
        """The last word."""
        assert self.facts, f"exit code {self.code}, and nothing said in JSON:\n{self.text}"
        assert self.facts[-1]["message_type"] == "summary", self
        return self.facts[-1]

    def events(self, name: str) -> list[Fact]:
        """The status objects of one event."""
        return [fact for fact in self.facts if fact.get("event") == name]

    def __str__(self) -> str:
        return f"exit code {self.code}\n" + "\n".join([*map(json.dumps, self.facts[-10:]), self.text[-3000:]])


def arrived(destination: Path) -> int:
    """Bytes of unfinished files in a backup."""
    total = 0
    for folder, _, names in os.walk(destination / ".mtpbackup"):
        for name in names:
            if name.endswith(".part"):
                with contextlib.suppress(FileNotFoundError):
                    total += Path(folder, name).stat().st_size
    return total


def copies(destination: Path) -> Path:
    """The folder in a backup that stands for the only storage of its only phone."""
    (folder,) = (path for path in destination.glob("*/*/") if path.parent.name != ".mtpbackup")
    return folder
