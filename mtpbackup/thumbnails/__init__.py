"""Small pictures of big ones, made where it does no harm.

    pool     the processes that make them, started anew when one dies
    worker   such a process: limited in memory and time, handed open files, unable to write any
    picture  JPEG, PNG, WebP, HEIF and the like, by Pillow; `raw` finds previews in RAW; `film` by PyAV
    head     the thumbnail in the first bytes of a JPEG
    details  size, camera and place of a picture
    cache    keeps them between runs, up to a size

Pictures from phones are hostile input: a decoder that is made to crash, to hang, or to take all memory ends its
process and costs one thumbnail. Knows nothing of phones, backups or pages.

Decided, and why: thumbnails are kept in the person's cache folder and not in the backup. The backup's disk may
be slow, full or read-only; a phone's pictures have thumbnails before there is a backup; what can be made anew
does not belong beside what must not be lost.

May be imported by web and cli.
"""

from mtpbackup.thumbnails.cache import Cache
from mtpbackup.thumbnails.pool import Pool

__all__ = ["Cache", "Pool"]
