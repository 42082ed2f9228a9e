"""The backup on disk: plain files and a catalog, kept true to each other. Knows nothing of phones.

May be imported by engine and cli.

What is where:

- `archive` opens a backup and leads to the rest; `records` are its nouns; `root`, `lock` and `disk` deal with
  the folder and the operating system.
- `names` and `folders` decide what things are called; `content`, `containers`, `exif` and `taken` find out when
  a picture was taken.
- `writer` and `incoming` are the engine's side of the pipeline, `storing` and `finishing` its two threads,
  `pipeline` what they share, `parts` its unfinished files, `saves` its rows, `reserve` its last room.
- `originals` are the way back: what was saved, under its names on the phone; `sent` remembers what was sent to
  phones; `returning` puts originals into another folder of the computer.
- `database` is SQLite, `schema/` its tables by version, `paths` and `rows` their spelling, `catalog` and
  `known` what may be asked of it.
- `sums`, `verify` and `presence` prove that all of it is true.
- `rebuilding` makes a lost catalog anew from the files and from what `salvage` can still read of it;
  `identities` keeps the one thing that the files don't tell: whose they are.

Decided, and why:

- **A row is written last.** Contents, name, folder, row: each is on the medium before the next is begun. What a
  crash leaves between two of them is a part that can be continued, or a complete file without a row, which the
  next run compares with the phone and takes over. Weighed and left out: a journal of intentions in the catalog,
  which would cost a second transaction for each batch, and could not help where the catalog itself is lost.
- **Batches.** A flush costs a disk the same for one file as for a hundred; so files are finished in groups, and
  results come a little later. Nobody is told "saved" before.
- **Two threads, not more.** One writes and hashes (faster than any phone), one waits for the disk. The phone
  is read on meanwhile; bounded queues keep memory and the time to stop small.
- **Nothing is ever replaced or deleted.** Another content under a known name gets a number, and so does a copy
  of a file that was found damaged. Only unfinished parts, and records of them, are removed.
- **A length proves nothing after a power cut**, so parts are continued from where a flush was recorded.
- **One lock per backup**, held by whoever writes; readers need none.
"""

from mtpbackup.archive.archive import Archive
from mtpbackup.archive.catalog import Catalog
from mtpbackup.archive.incoming import Incoming
from mtpbackup.archive.known import KnownItems
from mtpbackup.archive.names import folded, numbered, safe_name
from mtpbackup.archive.originals import BackedUp, Original, Originals, PlainFolder, content_of, hash_of
from mtpbackup.archive.pipeline import Chunk, WriterLimits
from mtpbackup.archive.rebuilding import FileFound, RebuildEvent, Rebuilt, rebuild
from mtpbackup.archive.records import (
    FailureRow,
    FileRow,
    FileState,
    ItemKey,
    ItemRow,
    KnownItem,
    Layout,
    NotSaved,
    PhoneFolder,
    PhoneRecord,
    PhoneTotals,
    RunCounts,
    RunRow,
    Saved,
    Taken,
    TakenSource,
    same_moment,
)
from mtpbackup.archive.returning import ReturnFolder, returned_name
from mtpbackup.archive.root import check_could_be_made, nearest_existing
from mtpbackup.archive.sent import CatalogRecord, JournalRecord, PhonePlace, SentFile, SentRecord, SentState
from mtpbackup.archive.verify import FileVerified, LeftoverPart, VerifyEvent, VerifyReading, VerifyStarted
from mtpbackup.archive.writer import Writer

__all__ = [
    "Archive",
    "BackedUp",
    "Catalog",
    "CatalogRecord",
    "Chunk",
    "FailureRow",
    "FileFound",
    "FileRow",
    "FileState",
    "FileVerified",
    "Incoming",
    "ItemKey",
    "ItemRow",
    "JournalRecord",
    "KnownItem",
    "KnownItems",
    "Layout",
    "LeftoverPart",
    "NotSaved",
    "Original",
    "Originals",
    "PhoneFolder",
    "PhonePlace",
    "PhoneRecord",
    "PhoneTotals",
    "PlainFolder",
    "RebuildEvent",
    "Rebuilt",
    "ReturnFolder",
    "RunCounts",
    "RunRow",
    "Saved",
    "SentFile",
    "SentRecord",
    "SentState",
    "Taken",
    "TakenSource",
    "VerifyEvent",
    "VerifyReading",
    "VerifyStarted",
    "Writer",
    "WriterLimits",
    "check_could_be_made",
    "content_of",
    "folded",
    "hash_of",
    "nearest_existing",
    "numbered",
    "rebuild",
    "returned_name",
    "safe_name",
    "same_moment",
]
