"""Drives a target through many inputs: by atheris, guided by coverage, or where that is missing by chance.

    python -m tests.fuzz.fuzzing TARGET INPUTS SEED LIMIT [CORPUS]

It is a program of its own because libFuzzer ends its process. Prints `inputs N peak M` at the end; exit code 0
when every input was taken without an error that must not be, and memory stayed under LIMIT megabytes.
"""

from __future__ import annotations

import logging
import random
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).with_name("corpus")
#: Longest input in bytes.
LONGEST = 4096


def peak_megabytes() -> float:
    """The most memory that this process ever had."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024 / 1e6
    raise LookupError("VmHWM")


def seeds(target: str) -> list[bytes]:
    """The corpus of a target."""
    return [path.read_bytes() for path in sorted((CORPUS / target).glob("*"))]


def mutated(draw: random.Random, originals: list[bytes]) -> Iterator[bytes]:
    """Inputs without end: the originals, damaged here and there, and joined."""
    while True:
        data = bytearray(draw.choice(originals or [b""]))
        for _ in range(draw.randint(1, 5)):
            at = draw.randint(0, len(data))
            match draw.randrange(6):
                case 0:
                    data[at : at + draw.randint(0, 4)] = draw.randbytes(draw.randint(0, 4))
                case 1:
                    data[at : at + 4] = draw.choice(
                        (b"\xff" * 4, b"\0" * 4, b"\x01\0\0\0", b"\xff\xff\xff\x7f")
                    )
                case 2:
                    del data[at:]
                case 3:
                    data[at:at] = draw.choice(originals or [b""])[: draw.randint(0, 200)]
                case 4:
                    if at < len(data):
                        data[at] ^= 1 << draw.randrange(8)
                case 5:
                    data[at:at] = data[at : at + draw.randint(0, 40)]
        yield bytes(data[:LONGEST])


def by_chance(target: Callable[[bytes], None], inputs: int, seed: int, originals: list[bytes]) -> int:
    """Feeds mutations; the number of inputs. Raises what the target raises, with the input in a note."""
    draw = random.Random(seed)
    for number, data in enumerate(mutated(draw, originals)):
        if number == inputs:
            return number
        try:
            target(data)
        except BaseException as error:
            error.add_note(f"input {data!r}")
            raise
    return inputs


def _by_coverage(name: str, inputs: int, seed: int, limit: int, corpus: Path) -> None:
    """Feeds what libFuzzer makes. Does not return: libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["mtpbackup"]):
        from tests.fuzz.targets import TARGETS

    target = TARGETS[name]
    count = [0]

    def feed(data: bytes) -> None:
        count[0] += 1
        try:
            target(data)
        except BaseException:
            traceback.print_exc()
            print(f"input {data!r}", flush=True)
            raise
        if count[0] == inputs:
            print(f"inputs {count[0]} peak {peak_megabytes():.0f}", flush=True)

    arguments = [
        f"-runs={inputs}",
        f"-seed={seed}",
        f"-rss_limit_mb={limit}",
        f"-max_len={LONGEST}",
        "-timeout=20",
    ]
    folders = [str(corpus), *([str(CORPUS / name)] if (CORPUS / name).is_dir() else [])]
    atheris.Setup(
        [sys.argv[0], *arguments, f"-artifact_prefix={corpus}/", "-print_final_stats=0", *folders], feed
    )
    atheris.Fuzz()


def main() -> int:
    """See the top of this module."""
    name, inputs, seed, limit = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    logging.disable()
    try:
        import atheris  # noqa: F401
    except ImportError:
        from tests.fuzz.targets import TARGETS

        print("atheris is not there: inputs are mutated by chance", flush=True)
        count = by_chance(TARGETS[name], inputs, seed, seeds(name))
        print(f"inputs {count} peak {peak_megabytes():.0f}", flush=True)
        return int(peak_megabytes() > limit)
    if len(sys.argv) > 5:
        _by_coverage(name, inputs, seed, limit, Path(sys.argv[5]))
    with tempfile.TemporaryDirectory() as corpus:
        _by_coverage(name, inputs, seed, limit, Path(corpus))
    return 0


if __name__ == "__main__":
    sys.exit(main())
