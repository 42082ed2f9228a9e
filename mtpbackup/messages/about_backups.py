"""What to say of the backup on disk: its folder, its room, its files, its catalog."""

from __future__ import annotations

from mtpbackup import errors
from mtpbackup.messages.advice import Advice, ExitCode, says
from mtpbackup.messages.words import place, plain, size


@says(errors.ArchiveError)
def _archive(error: errors.ArchiveError) -> Advice:
    return Advice(
        f"The disk with the backup would not do it: {plain(str(error))}.",
        (
            "What was copied so far is safe. Run the same command again: it continues.",
            "If that doesn't help, look at the disk, or use another:  --to FOLDER",
        ),
        ExitCode.ERROR,
    )


@says(errors.NoArchive)
def _no_archive(error: errors.NoArchive) -> Advice:
    return Advice(
        f"There is no backup in {place(error.path)}.",
        ("Make one:  mtpbackup", "Or say where it is:  --to FOLDER   (to restore:  --from FOLDER)"),
        ExitCode.NO_BACKUP,
    )


@says(errors.ArchiveBusy)
def _archive_busy(error: errors.ArchiveBusy) -> Advice:
    which = f" (process {error.pid})" if error.pid else ""
    return Advice(
        f"Another mtpbackup is already working in {place(error.path)}{which}.",
        ("Wait until it is done, or stop it.",),
        ExitCode.ANOTHER_RUN,
    )


@says(errors.NoLocks)
def _no_locks(error: errors.NoLocks) -> Advice:
    return Advice(
        f"Files can't be locked in {place(error.path)}, so two runs at once could not be kept apart.",
        (
            "That is so on some network shares. Use a folder on another disk:  --to FOLDER",
            "Or have the share mounted so that its files can be locked.",
        ),
        ExitCode.ERROR,
    )


@says(errors.FolderInTheWay)
def _in_the_way(error: errors.FolderInTheWay) -> Advice:
    return Advice(
        f"{place(error.path)} can't be made: a file has the name of a folder.",
        ("Rename that file, or choose another folder:  --to FOLDER",),
        ExitCode.SOME_FAILED,
    )


@says(errors.OutOfSpace)
def _space(error: errors.OutOfSpace) -> Advice:
    elsewhere = (
        "Use another disk:  mtpbackup backup --to /media/…/USB",
        "Only recent:  mtpbackup backup --since 1y",
    )
    if error.needed is None:
        return Advice(
            f"The disk filled up: {size(error.free)} free in {place(error.path)}.",
            ("What was copied so far is safe. Make room and run the same command: it continues.", *elsewhere),
            ExitCode.NO_SPACE,
        )
    besides = ", and a little must stay free" if error.needed <= error.free else ""
    return Advice(
        f"Not enough room: {size(error.needed)} needed, {size(error.free)} free{besides}.  Nothing was copied.",
        elsewhere,
        ExitCode.NO_SPACE,
    )


@says(errors.DestinationUnwritable)
def _unwritable(error: errors.DestinationUnwritable) -> Advice:
    where, another = place(error.path), "Choose another:  --to FOLDER"
    match error.reason:
        case error.Reason.DENIED:
            what = f"You are not allowed to use {where}."
            how = f"It belongs to somebody else, or its permissions were changed. {another}"
        case error.Reason.READ_ONLY:
            what = f"Nothing can be written to {where}: its disk is write-protected."
            how = f"Some sticks and cards have a little switch for that. {another}"
        case error.Reason.NOT_A_FOLDER:
            what, how = (
                f"{where} can't be used: a file or a broken link stands where a folder should be.",
                another,
            )
        case error.Reason.NAME:
            what, how = f"{where} can't be made: its name is too long.", another
        case error.Reason.NO_PLACE:
            what, how = f"No folder can be made there: {where}.", another
        case error.Reason.UNKNOWN:
            what = f"Nothing can be written to {where}."
            how = f"It may be write-protected or belong to somebody else. {another}"
    return Advice(what, (how,), ExitCode.ERROR)


@says(errors.DestinationGone)
def _destination_gone(error: errors.DestinationGone) -> Advice:
    return Advice(
        f"The disk with the backup is gone: {place(error.path)}.",
        (
            "Plug it in again and run the same command: it continues where it stopped.",
            "If you deleted that backup on purpose, start a new one there:  mtpbackup backup --new",
        ),
        ExitCode.ERROR,
    )


@says(errors.FileTooLarge)
def _too_large(error: errors.FileTooLarge) -> Advice:
    return Advice(
        f"{plain(error.path.name)} ({size(error.size)}) is too large for this disk: "
        f"it takes files up to {size(error.limit)}.",
        ("Use a disk formatted as exFAT, NTFS or ext4:  --to FOLDER",),
        ExitCode.SOME_FAILED,
    )


@says(errors.IntegrityError)
def _integrity(error: errors.IntegrityError) -> Advice:
    what = "is missing or cut off" if error.found is None else "is not what was saved"
    return Advice(
        f"{place(error.path)} {what}.",
        ("If the picture is still on the phone, the next backup copies it again.",),
        ExitCode.DAMAGE_FOUND,
    )


@says(errors.CatalogUnusable)
def _catalog(error: errors.CatalogUnusable) -> Advice:
    if error.version is not None:
        return Advice(
            f"This backup was made by a newer mtpbackup (format {error.version}).",
            ("Install the newest version, then try again. Nothing was changed.",),
            ExitCode.ERROR,
        )
    reasons = errors.CatalogUnusable.Reason
    anew = (
        "Make a new list from them:  mtpbackup verify --rebuild   (with --to FOLDER if it isn't the usual one)"
    )
    if error.reason is reasons.DENIED:
        return Advice(
            f"You are not allowed to use the list of what is saved: {place(error.path)}.",
            (
                "It belongs to somebody else, or its permissions were changed. Your files are not affected.",
                "Give yourself the right to read and write it, or run mtpbackup as the person it belongs to.",
                anew,
            ),
            ExitCode.ERROR,
        )
    what = "is missing" if error.reason is reasons.MISSING else "is damaged"
    return Advice(
        f"The list of what is saved {what}: {place(error.path)}.",
        ("Your pictures are not affected: they are ordinary files in the folder beside it.", anew),
        ExitCode.ERROR,
    )
