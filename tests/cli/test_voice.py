"""Lines on terminals of all widths and encodings, and JSON for programs."""

import io
import json
import subprocess
import sys

import pytest
from rich.console import Console

from mtpbackup.cli.bar import Bar
from mtpbackup.cli.fitting import cells, spelled, wrapped
from mtpbackup.cli.voice import JsonVoice, Voice, choose_voice

ADVICE = '  Unlock it → pull down → tap "Charging this device via USB" → choose "File transfer".'


class Screen(io.StringIO):
    def isatty(self):
        return True


def encoded(encoding):
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="replace", write_through=True)


def text_of(stream):
    return stream.buffer.getvalue().decode(stream.encoding)


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_lines_are_broken_between_words(columns):
    lines = wrapped(ADVICE, columns).split("\n")
    assert " ".join(" ".join(lines).split()) == " ".join(ADVICE.split())
    assert all(cells(line) <= columns for line in lines)
    assert all(line.startswith("    ") for line in lines[1:])


def test_what_fits_stays_as_it_is():
    assert wrapped("\x1b[32m✓\x1b[0m Füße 😀", 10) == "\x1b[32m✓\x1b[0m Füße 😀"
    assert "\n" in wrapped("\x1b[32m✓\x1b[0m Füße 😀", 8)


def test_only_terminals_get_broken_lines_and_listings_never(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    screen, pipe = Screen(), io.StringIO()
    Voice(screen, screen).more((ADVICE.strip(),))
    Voice(pipe, pipe).more((ADVICE.strip(),))
    assert pipe.getvalue() == ADVICE + "\n"
    assert screen.getvalue().count("\n") > 1
    screen = Screen()
    Voice(screen, screen).data("x " * 60)
    assert screen.getvalue() == "x " * 60 + "\n"


def test_signs_that_a_terminal_lacks_are_spelled_out():
    out = encoded("ascii")
    Voice(out, out).good("Pixel 8 → Füße…")
    assert text_of(out) == "OK Pixel 8 -> F??e...\n"
    assert spelled("✓ a → b", "utf-8") == "✓ a → b"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_programs_get_names_whole_in_every_encoding(encoding):
    out = encoded(encoding)
    JsonVoice(out, out).emit("status", path="Füße 😀.jpg")
    assert json.loads(text_of(out))["path"] == "Füße 😀.jpg"


def test_closed_output_is_no_error(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    choose_voice().good("said to nobody")
    sys.stdout.close()
    sys.stderr.close()


@pytest.mark.parametrize(("columns", "rate"), [(40, False), (60, True), (80, True)])
def test_per_cent_and_time_left_are_shown_whole_on_narrow_terminals(monkeypatch, columns, rate):
    monkeypatch.setenv("COLUMNS", str(columns))
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    bar = Bar("Copying", "You can unplug at any time.")
    bar.update(0.61, ("25.5 of 41.8 GB", "31.0 MB/s", "about 9 min left"), "VID.mp4")
    Console(file=screen, width=columns).print(bar.picture())
    first, *others = screen.getvalue().splitlines()
    assert "61%" in first
    assert "about 9 min left" in first
    assert ("31.0 MB/s" in first) is rate
    assert "You can unplug at any time." in "".join(others)


@pytest.mark.parametrize("output", ["> /dev/full", "| head -n 1"])
@pytest.mark.parametrize("json", ["", "--json"])
def test_a_reader_that_goes_away_does_not_stop_a_backup(tmp_path, output, json):
    command = f"'{sys.executable}' -m mtpbackup demo --to '{tmp_path}' {json} {output}; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert len(list(tmp_path.rglob("*.jp*g"))) > 30
