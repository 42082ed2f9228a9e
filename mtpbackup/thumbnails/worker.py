"""A process that makes small pictures of big ones. Started by `pool`; handed open files, one after the other.

Each question is one message with a file descriptor: JSON, `{"op": "thumbnail" | "head" | "details", ...}`. Each
answer is one message: a letter and what goes with it: `T` and a JPEG, `D` and JSON, or `N` and why not. On one
question a process may spend the question's "seconds" of the processor; then SIGPROF ends it.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import socket
import sys
import warnings
from typing import Any, BinaryIO, Final

#: Bytes of address space, libraries included (about 200 MB, 350 MB with PyAV).
MEMORY: Final = 1024 * 1024 * 1024
#: Seconds of processor time in all; the pool ends a worker long before. For one that outlives its pool.
_CPU: Final = 600
_LONGEST_QUESTION: Final = 4096
#: Bytes of the longest answer: below what a socket takes as one message.
_LONGEST_ANSWER: Final = 120_000


def limit() -> None:
    """Puts limits on this process: no files written, no core, bounded memory and time."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU, _CPU))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(10)


def answer(question: dict[str, Any], file: BinaryIO) -> bytes:
    """The answer to one question.

    Raises:
        MemoryError: there was none left; the process is best begun anew.
    """
    from mtpbackup.thumbnails import details, film, head, picture, raw  # noqa: PLC0415 - after the limits

    try:
        if question["op"] == "head":
            data = file.read()
            return b"T" + head.thumbnail(data[: question["head"]], data[question["head"] :])
        start = file.read(16)
        file.seek(0)
        kind = None if _is_picture(start) else film.format_of(start)
        if question["op"] == "details":
            if kind is None:
                return b"D" + json.dumps(details.details(file)).encode()
            width, height = film.size_of(file, kind)
            return b"D" + json.dumps({"width": width, "height": height}).encode()
        if raw.is_raw(start):
            with contextlib.suppress(picture.NotShown):
                return b"T" + raw.thumbnail(file)
            file.seek(0)
        made = picture.thumbnail(file) if kind is None else film.thumbnail(file, kind)
    except MemoryError:
        raise
    except Exception as error:  # the decoders raise anything, and all of it means: no picture
        return b"N" + f"{type(error).__name__}: {error}".encode(errors="replace")[:200]
    return b"T" + made


def _is_picture(start: bytes) -> bool:
    """Whether a file of boxes holds a picture: HEIF, AVIF or CR3, and no film."""
    return start[4:8] == b"ftyp" and start[8:12] in (
        *(b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"crx "),
    )


def main(descriptor: int) -> None:
    """Answers until nobody asks any more."""
    limit()
    warnings.simplefilter("ignore")
    with socket.socket(fileno=descriptor) as channel:
        while True:
            message, files, _, _ = socket.recv_fds(channel, _LONGEST_QUESTION, 1)
            if not message:
                return
            question = json.loads(message)
            with os.fdopen(files[0], "rb") as file:
                signal.setitimer(signal.ITIMER_PROF, question["seconds"])
                said = answer(question, file)
                signal.setitimer(signal.ITIMER_PROF, 0)
            channel.sendall(said if len(said) <= _LONGEST_ANSWER else b"Ntoo long")


if __name__ == "__main__":
    main(int(sys.argv[1]))
