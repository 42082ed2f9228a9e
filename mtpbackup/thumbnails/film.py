"""A picture of a film, by PyAV where that is installed (`pip install 'mtpbackup[video]'`).

Only kinds that hold everything in themselves are opened, by content: FFmpeg also reads lists that name other
files and addresses, and would follow them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Final

from mtpbackup.thumbnails.picture import NotShown, small

if TYPE_CHECKING:
    from PIL import Image

_MOST_PIXELS: Final = 64_000_000
#: Microseconds from the beginning: the first pictures of many films are black.
_INTO: Final = 1_000_000
#: Packets without a picture after which a film is given up.
_MOST_PACKETS: Final = 500

_BOXES: Final = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})


def format_of(start: bytes) -> str | None:
    """FFmpeg's name of a film's kind, by its first bytes; None for what is none."""
    if start[4:8] in _BOXES:
        return "mov"
    if start.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if start.startswith(b"RIFF") and start[8:12] == b"AVI ":
        return "avi"
    return None


def thumbnail(file: BinaryIO, kind: str) -> bytes:
    """A small picture from near the beginning.

    Raises:
        NotShown: there is none, or PyAV is not installed.
        Exception: anything, from a damaged film.
    """
    with _opened(file, kind) as container:
        stream = _stream(container)
        stream.thread_type = "NONE"
        if container.duration and container.duration > 2 * _INTO:
            container.seek(_INTO)
        return small(_picture(container, stream), 1)


def size_of(file: BinaryIO, kind: str) -> tuple[int, int]:
    """Width and height as it is shown, in pixels. Raises as `thumbnail`."""
    with _opened(file, kind) as container:
        stream = _stream(container)
        return stream.width, stream.height


def _opened(file: BinaryIO, kind: str) -> Any:
    try:
        import av  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise NotShown("PyAV is not installed") from error
    file.seek(0)
    return av.open(file, format=kind)


def _stream(container: Any) -> Any:
    if not container.streams.video:
        raise NotShown("no pictures in this film")
    stream = container.streams.video[0]
    if not 0 < stream.width * stream.height <= _MOST_PIXELS:
        raise NotShown(f"{stream.width} x {stream.height}")
    return stream


def _picture(container: Any, stream: Any) -> Image.Image:
    for number, packet in enumerate(container.demux(stream)):
        for frame in packet.decode():
            image: Image.Image = frame.to_image()
            turn = round(getattr(frame, "rotation", 0) or 0)
            return image.rotate(turn, expand=True) if turn % 360 else image
        if number > _MOST_PACKETS:
            break
    raise NotShown("no picture came")
