"""A small picture of a big one, by Pillow. Runs in a worker process: whatever goes wrong may end it."""

from __future__ import annotations

import contextlib
import io
from typing import BinaryIO, Final

from PIL import Image, UnidentifiedImageError

#: Pixels of the longest side.
EDGE: Final = 320
_QUALITY: Final = 80
#: Behind what is transparent.
_BACKGROUND: Final = (128, 128, 128)

#: What is looked at; by content, never by name. Not among them: SVG, PostScript and PDF, which are programs.
FORMATS: Final = ("JPEG", "MPO", "PNG", "GIF", "WEBP", "BMP", "TIFF", "HEIF", "AVIF")

#: Pixels of the largest picture that is decoded. A baseline JPEG is decoded at an eighth of its size, so 200
#: megapixels take little; a progressive one has to be held whole, as has every other kind.
_MOST_SCALED: Final = 400_000_000
_MOST_WHOLE: Final = 64_000_000

_ORIENTATION: Final = 0x0112
_TURNS: Final = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}

# The limits are ours: Pillow's are the same for what can be scaled while it is decoded and for what cannot.
Image.MAX_IMAGE_PIXELS = None


class NotShown(Exception):
    """There is no picture to be made of this."""


def opened(file: BinaryIO) -> Image.Image:
    """Opens a picture, without decoding it.

    Raises:
        NotShown: it is none that is known, or too large.
        Exception: anything, from a damaged one.
    """
    with contextlib.suppress(ImportError):  # then pictures of that one kind are icons
        import pi_heif  # noqa: PLC0415 - the first picture loads it, not the start

        pi_heif.register_heif_opener()
    Image.init()  # all plugins; does nothing the second time
    try:
        image = Image.open(file, formats=[name for name in FORMATS if name in Image.OPEN])
    except UnidentifiedImageError as error:
        raise NotShown(str(error)) from error
    pixels = image.size[0] * image.size[1]
    scaled = image.format in ("JPEG", "MPO") and not image.info.get("progressive")
    if pixels > (_MOST_SCALED if scaled else _MOST_WHOLE):
        raise NotShown(f"{pixels} pixels")
    return image


def thumbnail(file: BinaryIO) -> bytes:
    """A JPEG of at most 320 pixels, the right way up.

    Raises:
        NotShown: there is none.
        Exception: anything, from a damaged picture.
    """
    return small(opened(file))


def small(image: Image.Image, orientation: int | None = None) -> bytes:
    """Makes an opened picture small.

    Args:
        image: the picture.
        orientation: which way up it is, as EXIF has it; None to ask the picture.
    """
    turn = orientation_of(image) if orientation is None else orientation
    image.thumbnail((EDGE, EDGE))
    for way in _TURNS.get(turn, ()):
        image = image.transpose(way)
    return saved(image)


def saved(image: Image.Image) -> bytes:
    """A picture as JPEG, without anything but its pixels."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        below = Image.new("RGB", image.size, _BACKGROUND)
        below.paste(image, mask=image.getchannel("A"))
        image = below
    elif image.mode.startswith("I;16"):
        image = image.point(lambda value: value / 256, "L").convert("RGB")
    elif image.mode != "RGB":
        image = image.convert("RGB")
    out = io.BytesIO()
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    bare.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def orientation_of(image: Image.Image) -> int:
    """Which way up a picture is, as EXIF has it; 1 where it tells nothing, or nonsense.

    HEIF pictures are turned by their decoder, and what EXIF says of it is to be left alone.
    """
    if image.format in ("HEIF", "AVIF"):
        return 1
    try:
        value = image.getexif().get(_ORIENTATION)
    except Exception:  # EXIF is hostile, and the picture may be good all the same
        return 1
    return value if value in _TURNS else 1
